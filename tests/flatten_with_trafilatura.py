"""Write tests/data/flattened/*.jsonl: random self-evaluation forms, and what a real trafilatura makes of them.

Run once per version, in an environment of its own, never by the tests:

    python3 -m venv .venv-old && .venv-old/bin/pip install "trafilatura==1.12.2" lxml_html_clean
    .venv-old/bin/python tests/flatten_with_trafilatura.py

pages.jsonl has one line per page: ``html``; ``rows``, per table and row the texts of the own cells ("" for a blank one); ``last_blank``, per
table the rows whose last own cell is blank; ``truth``, what each form says; ``variant``, the wording of the form; ``writing``, how the cells
are written. trafilatura-<version>.jsonl has the flattened ``text`` of the same pages by ``id``. All names and figures are invented.
"""

from __future__ import annotations

import html
import json
import random
from pathlib import Path
from typing import Any, NamedTuple

PLACE = Path(__file__).resolve().parent / "data" / "flattened"
CASES = 40
PROSE = [f"青岚县白榆局第{index}项工作按计划推进，全年完成任务{index * 7 + 3}件，群众反映良好，资金使用规范有序，监督检查未发现问题。" for index in range(5)]


class Columns(NamedTuple):
    """The wording of one variant of the form; `indicators` names what stands in each column."""

    title: str
    score_in_head: bool  # 总分 and 等级 beside the project name
    funds: tuple[tuple[str, str], ...]
    goals: tuple[str, str]
    indicators: tuple[tuple[str, str], ...]
    first_row: str  # label of the first row under the total
    remark: bool  # a last row 说明
    total_row: bool  # a last row 总分


VARIANTS = {
    "base": Columns(
        "项目支出绩效自评表",
        False,
        (("initial_budget", "年初预算数"), ("annual_budget", "全年预算数"), ("executed", "全年执行数"), ("weight", "分值"), ("rate", "执行率"), ("score", "得分")),
        ("预期目标", "实际完成情况"),
        (("level1", "一级指标"), ("level2", "二级指标"), ("level3", "三级指标"), ("target", "年度指标值"), ("actual", "实际完成值"), ("weight", "分值"), ("score", "得分"), ("note", "偏差原因分析及改进措施")),
        "其中：当年财政拨款",
        False,
        True,
    ),
    "coefficient": Columns(
        "项目资金绩效自评表",
        True,
        (("initial_budget", "年初预算数"), ("annual_budget", "全年预算数(A)"), ("executed", "全年执行数(B)"), ("rate", "执行率(B/A,%)"), ("weight", "分值"), ("score", "得分")),
        ("年初设定目标", "全年目标实际完成情况"),
        (("level1", "一级指标"), ("level2", "二级指标"), ("level3", "三级指标"), ("target", "年度指标值"), ("actual", "全年完成值"), ("weight", "分值"), ("coefficient", "得分系数"), ("score", "得分"), ("note", "偏离绩效目标原因及下一步改进措施")),
        "其中:当年财政拨款",
        True,
        False,
    ),
    "weight_first": Columns(
        "项目绩效目标自评表",
        False,
        (("annual_budget", "全年预算数（A）"), ("executed", "全年执行数（B）"), ("weight", "分值"), ("rate", "执行率（B/A）"), ("score", "得分")),
        ("年初设定目标", "年度总体目标完成情况综述"),
        (("level1", "一级指标"), ("level2", "二级指标"), ("level3", "三级指标"), ("weight", "分值"), ("target", "年度指标值"), ("actual", "全年实际值"), ("score", "得分"), ("note", "未完成原因及拟采取的改进措施")),
        "其中：本年财政拨款",
        False,
        True,
    ),
    "nature": Columns(
        "项目支出绩效自评表",
        False,
        (("initial_budget", "年初预算"), ("annual_budget", "调整后预算数"), ("executed", "预算执行数"), ("rate", "预算执行率"), ("weight", "权重"), ("score", "得分")),
        ("项目年度目标", "年度目标完成情况"),
        (("level1", "一级指标"), ("level2", "二级指标"), ("level3", "三级指标"), ("nature", "指标性质"), ("target", "指标值"), ("unit", "度量单位"), ("actual", "完成值"), ("weight", "权重"), ("score", "得分"), ("note", "未完成原因分析")),
        "其中：财政资金",
        False,
        False,
    ),
}
LEVELS = {
    "产出指标": ("数量指标", "质量指标", "时效指标", "成本指标"),
    "效益指标": ("经济效益", "社会效益", "生态效益", "可持续影响指标"),
    "满意度指标": ("服务对象满意度",),
}
LEVEL_WEIGHTS = {"产出指标": 50, "效益指标": 30, "满意度指标": 10}
THIRD = ("完成检查次数", "培训人数", "验收合格率", "完成时限", "节约成本", "带动就业人数", "群众知晓率", "设备完好率", "政策覆盖面", "办件数量", "服务满意率", "投诉处理率")
VALUES = ((("≥{n}次", "={m}次")), ("≥{n}%", "={m}%"), ("达标", "达标"), ("≤{m}天", "{n}天"), ("<{m}万元", "={n}万元"), ("{n}人", "{m}人"), ("效果明显", "效果明显"))


class Cell(NamedTuple):
    """One own cell of the page."""

    text: str
    rowspan: int = 1
    colspan: int = 1
    head: bool = False


def form(rng: random.Random, columns: Columns, number: int) -> tuple[list[list[Cell]], dict[str, Any]]:
    """The rows of one form and what they say."""
    width = len(columns.indicators)
    name = f"白榆{rng.choice(('大厅', '河道', '档案', '培训', '绿化'))}{rng.choice(('运行', '整治', '服务'))}经费{number}"
    annual = rng.choice((5, 12.5, 31, 42, 7.2, 120))
    executed = rng.choice((annual, round(annual * 0.84, 2), round(annual * 0.5, 2)))
    grade = rng.choice(("优", "良"))
    truth: dict[str, Any] = {"project_name": name, "annual_budget": f"{annual:g}", "executed": f"{executed:g}", "grade": grade if columns.score_in_head else None}
    rows = [[Cell(f"2031年度{columns.title}", colspan=width)]]
    head = [Cell("项目名称"), Cell(name, colspan=2)]
    if columns.score_in_head:
        truth["total_score"] = f"{rng.choice((100, 98.4, 96, 88.5)):g}"
        head += [Cell("总分"), Cell(truth["total_score"]), Cell("等级"), Cell(grade, colspan=width - 6)]
    else:
        head[1] = Cell(name, colspan=width - 1)
    rows.append(head)
    unit = rng.choice(("青岚县白榆局", ""))
    rows.append([Cell("主管部门"), Cell("青岚县白榆局", colspan=2), Cell("实施单位"), Cell(unit, colspan=width - 4)])
    truth["implementing_unit"] = unit or None
    rows += _funds(rng, columns, width, annual, executed, truth)
    goal, reached = f"完成{rng.randint(3, 90)}项任务，提升服务水平。", rng.choice((f"完成{rng.randint(3, 90)}项任务。", ""))
    left = width // 2
    rows.append([Cell("年度总体目标", rowspan=2), Cell(columns.goals[0], colspan=left - 1), Cell(columns.goals[1], colspan=width - left)])
    rows.append([Cell(goal, colspan=left - 1), Cell(reached, colspan=width - left)])
    truth["goal_target"], truth["goal_actual"] = goal, reached or None
    rows.append([Cell(label) for _, label in columns.indicators])
    body, truth["indicators"] = _indicators(rng, columns)
    rows += body
    if columns.remark:
        truth["note"] = rng.choice(("此项目节约资金由财政收回。", "无", ""))
        rows.append([Cell("说明"), Cell(truth["note"], colspan=width - 1)])
        truth["note"] = truth["note"] or None
    if columns.total_row:
        truth["total_score"] = f"{rng.choice((100, 98.4, 96, 88.5)):g}"
        at = [field for field, _ in columns.indicators]
        rest = [Cell({"weight": "100", "score": truth["total_score"]}.get(field, "")) for field in at[3:]]
        rows.append([Cell("总分", colspan=3), *rest])
    return rows, truth


def _funds(rng: random.Random, columns: Columns, width: int, annual: float, executed: float, truth: dict[str, Any]) -> list[list[Cell]]:
    spare = width - 1 - len(columns.funds)
    labels = [Cell(label, colspan=1 + (spare if index == len(columns.funds) - 1 else 0)) for index, (_, label) in enumerate(columns.funds)]
    rows = [[Cell("项目资金（万元）"), *labels]]
    rate = f"{executed / annual * 100:.2f}%"
    score = f"{round(executed / annual * 10, 2):g}"
    truth["execution_rate"], truth["execution_score"] = rate, score
    printed = {"initial_budget": f"{annual:g}", "annual_budget": f"{annual:g}", "executed": f"{executed:g}", "rate": rate, "weight": "10", "score": score}
    dash = rng.choice(("-", "—", ""))
    truth["funds"] = []
    for label in ("年度资金总额", columns.first_row, "上年结转资金", "其他资金"):
        filled = label == "年度资金总额" or (label == columns.first_row and rng.random() < 0.7)
        marks = {"weight": dash, "score": dash}
        texts = [printed[field] if filled else marks.get(field, "") for field, _ in columns.funds]
        truth["funds"].append({"label": label, **{field: text or None for (field, _), text in zip(columns.funds, texts, strict=True)}})
        rows.append([Cell(label), *(Cell(text, colspan=labels[index].colspan) for index, text in enumerate(texts))])
    return rows


def _indicators(rng: random.Random, columns: Columns) -> tuple[list[list[Cell]], list[dict[str, Any]]]:
    rows: list[list[Cell]] = []
    said: list[dict[str, Any]] = []
    blank_notes = rng.random() < 0.6
    weighed = rng.random() < 0.25  # 产出指标（50分）
    for level1, seconds in LEVELS.items():
        plan = [(level2, third) for level2 in seconds for third in range(rng.choice((1, 1, 1, 2)))]
        for index, (level2, third) in enumerate(plan):
            values = _values(rng, blank_notes=blank_notes, plain=all(field != "nature" for field, _ in columns.indicators))
            if rng.random() < 0.15:
                values = dict.fromkeys(values, "")
            if index == 0:
                levels = {"level1": Cell(f"{level1}（{LEVEL_WEIGHTS[level1]}分）" if weighed else level1, rowspan=len(plan))}
            else:
                levels = {}
            if third == 0:
                levels["level2"] = Cell(level2, rowspan=sum(1 for other, _ in plan if other == level2))
            row = []
            for field, _ in columns.indicators:
                if field in ("level1", "level2"):
                    if field in levels:
                        row.append(levels[field])
                else:
                    row.append(Cell(values[field]))
            rows.append(row)
            wanted = [field for field, _ in columns.indicators if field not in ("level1", "level2")]
            said.append({"level1": level1, "level2": level2, **{field: values[field] or None for field in wanted}})
    return rows, said


def _values(rng: random.Random, *, blank_notes: bool, plain: bool) -> dict[str, str]:
    target, actual = rng.choice(VALUES)
    nature = rng.choice(("≥", "＝", "≤", "定性"))
    small = rng.randint(2, 60)
    numbers = {"n": small, "m": small + rng.randint(0, 39)}
    weight = rng.choice((5, 10, 15, 20))
    short = rng.random() < 0.2
    return {
        "level3": rng.choice(THIRD),
        "target": target.format(**numbers) if plain else "优良" if nature == "定性" else str(small),
        "actual": "" if rng.random() < 0.08 else actual.format(**numbers) if plain else str(numbers["m"]),
        "nature": nature,
        "unit": "" if nature == "定性" else rng.choice(("次", "%", "人", "万元")),
        "weight": str(weight),
        "coefficient": "80%" if short else "100%",
        "score": f"{weight * 0.8:g}" if short else str(weight),
        "note": "" if blank_notes or not short else "受天气影响，下一年加快进度",
    }


def write_html(rng: random.Random, tables: list[list[list[Cell]]], writing: dict[str, Any]) -> str:
    """A page with prose round one or several tables, cells written the way `writing` says."""
    parts = ["<html><body><article><h1>青岚县白榆局2031年度决算公开</h1>", *(f"<p>{line}</p>" for line in PROSE)]
    for rows in tables:
        parts.append("<p>绩效自评表如下。</p><table>")
        for row in rows:
            cells = [_cell(rng, cell, writing) for cell in row]
            parts.append(f"<tr>{writing['row']}{writing['between'].join(cells)}{writing['close']}</tr>{writing['row']}")
        parts.append("</table>")
    parts.extend(f"<p>{line}</p>" for line in PROSE[:2])
    return "\n".join([*parts, "</article></body></html>"])


def _cell(rng: random.Random, cell: Cell, writing: dict[str, Any]) -> str:
    spans = "".join(f' {name}="{value}"' for name, value in (("rowspan", cell.rowspan), ("colspan", cell.colspan)) if value > 1)
    text = html.escape(cell.text, quote=False)
    wrap = writing["cell"] if writing["cell"] != "mixed" else rng.choice(("p", "plain", "span"))
    inner = {"p": f"<p>{text}</p>", "plain": text, "span": f"<span>{text}</span>", "pspan": f"<p><span>{text}</span></p>"}.get(wrap, text)
    if wrap == "br" and len(cell.text) > 6:
        inner = f"{html.escape(cell.text[:4], quote=False)}<br>{html.escape(cell.text[4:], quote=False)}"
    if not cell.text:
        inner = rng.choice(("", "<p></p>" if wrap in ("p", "pspan") else ""))
    return f"<td{spans}>{inner}</td>"


def cases(seed: int) -> list[dict[str, Any]]:
    """The pages of one seed: the same for every version of trafilatura."""
    rng = random.Random(seed)
    made = []
    for number in range(CASES):
        variant = rng.choice(sorted(VARIANTS))
        writing = rng.choice(
            (
                {"cell": "p", "between": "\n", "row": "\n", "close": ""},
                {"cell": "p", "between": "\n", "row": "\n", "close": ""},
                {"cell": "pspan", "between": "\n", "row": "", "close": ""},
                {"cell": "p", "between": "\n", "row": "\n", "close": "\n"},
                {"cell": "plain", "between": "\n", "row": "\n", "close": ""},
                {"cell": "plain", "between": "", "row": "", "close": ""},
                {"cell": "br", "between": "", "row": "\n", "close": ""},
                {"cell": "mixed", "between": "\n", "row": "\n", "close": ""},
            )
        )
        forms = [form(rng, VARIANTS[variant], number * 10 + index) for index in range(rng.choice((1, 1, 1, 2)))]
        together = rng.random() < 0.5
        tables = [[row for rows, _ in forms for row in rows]] if together else [rows for rows, _ in forms]
        made.append(
            {
                "id": f"{variant}-{number:03d}",
                "variant": variant,
                "writing": writing,
                "html": write_html(rng, tables, writing),
                "rows": [[[cell.text for cell in row] for row in rows] for rows in tables],
                "last_blank": [[index for index, row in enumerate(rows) if not row[-1].text] for rows in tables],
                "truth": [truth for _, truth in forms],
            }
        )
    return made


def main() -> None:
    """Write the pages, and the texts of the installed version."""
    import trafilatura  # noqa: PLC0415  # only here: nothing else needs it installed

    PLACE.mkdir(parents=True, exist_ok=True)
    pages = cases(2031)
    texts = [
        {"id": page["id"], "text": trafilatura.extract(page["html"], include_tables=True, include_comments=False) or ""} for page in pages
    ]
    write(PLACE / "pages.jsonl", pages)
    if trafilatura.__version__.startswith("1.8"):
        texts = texts[:12]  # no table can be told from these: enough to show that their texts survive
    write(PLACE / f"trafilatura-{trafilatura.__version__}.jsonl", texts)


def write(path: Path, records: list[dict[str, Any]]) -> None:
    """One record per line."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records), encoding="utf-8")


if __name__ == "__main__":
    main()
