"""`gongkai report`: one self-contained page of a department-year, to print, to mail, to read on a phone.

Where the money comes from and goes, the three public expenditures, the self-evaluations, and every failed check with its arithmetic. Amounts are
those of the table `figures`; each names the row it was taken from. No script, nothing from the network, every text of a document escaped.
"""

from __future__ import annotations

import re
from decimal import Decimal
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.dataset as pads

from gongkai.dataset import DATA
from gongkai.errors import UsageError
from gongkai.export import tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

NAMED = re.compile(r"(?P<department>.+?)[\s:：/]*(?P<year>(?:19|20)\d{2})年?(?P<stage>预算|决算)?")
STAGES = {"budget": ("预算", "budget", "initial_budget"), "final": ("决算", "final account", "final")}  # names, and the basis that is its own
WAN = Decimal(10_000)
MOST = 60  # projects and checks shown
SEVERITIES = {"certain": "确有错误 certain", "likely": "很可能 likely", "look": "待查 look"}
TOTALS = {"total_revenue": "收入总计 total revenue", "total_expenditure": "支出总计 total expenditure", "gpb_expenditure": "一般公共预算支出 general public budget", "three_public_total": "“三公”经费 three public", "procurement_total": "政府采购 procurement"}
SOURCES = {
    "revenue_fiscal_appropriation": "财政拨款 fiscal appropriation", "revenue_superior_subsidy": "上级补助 from above", "revenue_institution": "事业收入 institution", "revenue_operating": "经营收入 operating",
    "revenue_affiliate": "附属单位上缴 affiliates", "revenue_other": "其他收入 other",
}  # fmt: skip
KINDS = {"basic_expenditure": "基本支出 basic", "project_expenditure": "项目支出 projects"}
PUBLIC = {
    "three_public_overseas": "因公出国（境） overseas", "three_public_vehicle_purchase": "公务用车购置 vehicles bought", "three_public_vehicle_operation": "公务用车运行 vehicles run",
    "three_public_reception": "公务接待 reception",
}  # fmt: skip
STYLE = """
:root{--ink:#1d2733;--soft:#5b6875;--line:#d9dfe5;--bar:#2f6f9f;--bar2:#b9cfdf;--bad:#a3231b}
*{box-sizing:border-box}body{margin:0;font:16px/1.55 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;color:var(--ink);background:#fff}
main{max-width:54rem;margin:auto;padding:1.2rem}h1{font-size:1.5rem;line-height:1.3;margin:.2em 0}h2{font-size:1.1rem;margin:2em 0 .6em;border-bottom:2px solid var(--ink);padding-bottom:.2em}
.en,.soft{color:var(--soft);font-size:.86em}.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.7rem;margin:1rem 0}
.card{border:1px solid var(--line);border-radius:.4rem;padding:.6rem .8rem}.card b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums}
.row{display:grid;grid-template-columns:minmax(8rem,15rem) 1fr 8.5rem;gap:.6rem;align-items:center;margin:.3rem 0}.row .n{text-align:right;font-variant-numeric:tabular-nums}
.track{background:#f0f3f6;height:1.05rem;border-radius:.15rem;overflow:hidden}.fill{background:var(--bar);height:100%;-webkit-print-color-adjust:exact;print-color-adjust:exact}.fill.second{background:var(--bar2);height:35%}
.check{border-left:4px solid var(--bad);padding:.3rem .8rem;margin:.7rem 0;break-inside:avoid}.check code,.id{font:.66em/1.3 ui-monospace,monospace;color:var(--soft);overflow-wrap:anywhere}
footer{margin:2.5em 0 1em;border-top:1px solid var(--line);padding-top:.8em;font-size:.85em;color:var(--soft);overflow-wrap:anywhere}
@media(max-width:34rem){.row{grid-template-columns:1fr 7.5rem}.row .track{grid-column:1/3;order:3}}@media print{main{max-width:none;padding:0}h2{break-after:avoid}.row{break-inside:avoid}}
"""


class Subject(NamedTuple):
    """Whose report it is."""

    department_id: str
    department: str
    year: int
    stage: str


def report(dataset: Path, asked: str) -> tuple[str, str]:
    """The page of `asked` (`部门 年度`, by name, part of a name or id; 预算 or 决算 behind the year), and a name for its file. Raises `UsageError` where that is none or several."""
    tables(dataset)
    subject = subject_of(dataset, asked)
    page = "".join(_page(dataset, subject))
    return page, f"{subject.department_id}-{subject.year}-{subject.stage}.html"


def _rows(dataset: Path, table: str, **wanted: object) -> list[dict[str, Any]]:
    condition = None
    for name, value in wanted.items():
        one = pads.field(name) == value
        condition = one if condition is None else condition & one
    found: list[dict[str, Any]] = pads.dataset(dataset / DATA / f"{table}.parquet").to_table(filter=condition).to_pylist()
    return found


def subject_of(dataset: Path, asked: str) -> Subject:
    """Whose department-year is asked for. Raises `UsageError` where that is nobody's or several."""
    match = NAMED.fullmatch(asked.strip())
    if match is None:
        raise UsageError(zh=f"“{asked}”应为“部门 年度”，如“云岭县档案馆 2023”", en=f"{asked!r} should be a department and a year, such as '云岭县档案馆 2023'")
    stages = [stage for stage, (zh, *_) in STAGES.items() if match["stage"] in {None, zh}]
    known = {Subject(row["department_id"], row["department"], row["fiscal_year"], row["stage"]) for row in _rows(dataset, "documents", fiscal_year=int(match["year"])) if row["department_id"] and row["stage"] in stages}
    name = match["department"]
    found = sorted([one for one in known if name in {one.department_id, one.department}] or [one for one in known if name in one.department])
    if len({(one.department_id, one.year) for one in found}) > 1:
        raise UsageError(zh=f"“{name}”不止一个：{'、'.join(one.department for one in found[:5])}", en=f"{name!r} is more than one department: {', '.join(one.department_id for one in found[:5])}")
    if not found:
        raise UsageError(zh=f"数据集里没有 {match['year']} 年的“{name}”", en=f"the dataset has no {name!r} for {match['year']}")
    return found[-1]  # the final account where there is one


def _page(dataset: Path, subject: Subject) -> Iterator[str]:
    zh, en, own = STAGES[subject.stage]
    figures = _rows(dataset, "figures", department_id=subject.department_id, fiscal_year=subject.year, stage=subject.stage)
    now = {row["concept"]: row for row in figures if row["basis"] == own}
    before = {row["concept"]: row for row in figures if row["basis"] == ("prior_budget" if subject.stage == "budget" else "initial_budget")}
    before_name = "上年预算 budget of last year" if subject.stage == "budget" else "年初预算 initial budget"
    documents = [row for row in _rows(dataset, "documents", department_id=subject.department_id, fiscal_year=subject.year) if row["stage"] == subject.stage]
    title = f"{subject.department} {subject.year}年{zh}"
    yield f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>{escape(title)}</title><style>{STYLE}</style></head><body><main>'
    yield f'<h1>{escape(title)}</h1><div class="en">{en} of {subject.year} · 单位：万元 10,000 yuan</div><div class="cards">'
    yield from (f'<div class="card"><span class="soft">{name}</span><b>{_wan(now[concept])}</b>{_note(now[concept])}</div>' for concept, name in TOTALS.items() if concept in now)
    yield "</div>"
    yield from _bars("钱从哪里来 where the money comes from", [(name, now.get(concept), None) for concept, name in SOURCES.items()], whole=now.get("total_revenue"))
    yield from _bars("怎么花 how it is spent", [(name, now.get(concept), before.get(concept)) for concept, name in KINDS.items()], before_name, whole=now.get("total_expenditure"))
    classes = sorted((row for concept, row in now.items() if row["function_code"] and row["amount_yuan"] is not None), key=lambda row: -row["amount_yuan"])
    yield from _bars("花在哪里（一般公共预算，按功能分类） what it is spent on", [(f"{row['function_code']} {row['class_name'] or ''}", row, before.get(row["concept"])) for row in classes], before_name)
    yield from _bars("“三公”经费 three public expenditures", [(name, now.get(concept), before.get(concept)) for concept, name in PUBLIC.items()], before_name)
    identifiers = {row["document_id"] for row in documents}
    yield from _projects([row for identifier in sorted(identifiers) for row in _rows(dataset, "projects", document_id=identifier)])
    yield from _checks([row for identifier in sorted(identifiers) for row in _rows(dataset, "findings", document_id=identifier, status="fail") if row["severity"] in SEVERITIES])
    yield "<footer>"
    for row in documents:
        yield f"<p>来源 source: {escape(row['source'])}<br><span class=id>sha256 {escape(row['source_sha256'] or '')} · {escape(row['extractor_version'])}</span></p>"
    yield "<p>每个数值都可用 gongkai explain 行编号 查看原文。 Every value can be seen in its source with gongkai explain ROW_ID.</p></footer></main></body></html>\n"


def _wan(row: dict[str, Any]) -> str:
    return f"{row['amount_yuan'] / WAN:,.2f}" if row["amount_yuan"] is not None else {"declared_empty": "无 none", "ambiguous": "说法不一"}[row["state"]]


def _note(row: dict[str, Any]) -> str:
    """What must be said beside a figure: a proven misprint, or that the document contradicts itself; and where it was taken from."""
    said = []
    if row["repaired_yuan"] is not None:
        said.append(f"核对应为 should be {row['repaired_yuan'] / WAN:,.2f}")
    if (decided := row.get("corrected_yuan")) is not None:  # an earlier version had none
        said.append(f"人工核定 decided by people {decided / WAN:,.2f}")
    if row["state"] == "ambiguous":
        said.append("同一文件内不一致，未取 the document contradicts itself")
    elif row["disagreeing"]:
        said.append(f"另有 {row['disagreeing']} 处不同 {row['disagreeing']} other statements differ")
    lines = "".join(f'<span class="soft" style="color:var(--bad)">{text}</span><br>' for text in said)
    return f'{lines}<span class="id">{escape(row["row_id"] or "")}</span>'


def _bars(title: str, rows: Iterable[tuple[str, dict[str, Any] | None, dict[str, Any] | None]], before_name: str = "", whole: dict[str, Any] | None = None) -> Iterator[str]:
    """A bar for each figure, and a thin one for what it is compared with; as long as the `whole` where there is one."""
    told = [(name, row, before) for name, row, before in rows if row is not None]
    amounts = [row["amount_yuan"] for row in (whole, *(row for _, *pair in told for row in pair)) if row is not None and row["amount_yuan"] is not None]
    most = max(map(abs, amounts), default=Decimal(0))
    if not told:
        return
    yield f"<h2>{escape(title)}</h2>"
    if before_name and any(before is not None for *_, before in told):
        yield f'<div class="soft">深色为本年，浅色为{escape(before_name)}</div>'
    for name, row, before in told:
        thin = f'<div class="fill second" style="width:{_share(before, most)}%"></div>' if before is not None and before["amount_yuan"] is not None else ""
        yield f'<div class="row"><div>{escape(name)}<br>{_note(row)}</div><div class="track"><div class="fill" style="width:{_share(row, most)}%;{"height:65%" if thin else ""}"></div>{thin}</div><div class="n">{_wan(row)}</div></div>'


def _share(row: dict[str, Any], most: Decimal) -> str:
    return f"{abs(row['amount_yuan']) / most * 100:.2f}" if most and row["amount_yuan"] is not None else "0"


def _projects(rows: list[dict[str, Any]]) -> Iterator[str]:
    several = {(row["project_name"], row["total_score"]): row for row in reversed(rows) if row["total_score"] is not None}  # a page and its attachment tell of the same forms
    scored = sorted(several.values(), key=lambda row: (row["total_score"], row["row_id"]))
    if not scored:
        return
    yield f'<h2>绩效自评得分 self-evaluation scores</h2><div class="soft">{len(scored)} 项，低分在前 lowest first</div>'
    for row in scored[:MOST]:
        yield f'<div class="row"><div>{escape(row["project_name"] or "—")}<br><span class="id">{escape(row["row_id"])}</span></div><div class="track"><div class="fill" style="width:{min(max(row["total_score"], Decimal(0)), Decimal(100)):.2f}%"></div></div><div class="n">{row["total_score"].normalize():f}</div></div>'
    if len(scored) > MOST:
        yield f'<p class="soft">另有 {len(scored) - MOST} 项 more</p>'


def _checks(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield "<h2>核对不符 failed checks</h2>"
    if not rows:
        yield '<p class="soft">没有 none</p>'
    order = list(SEVERITIES)
    for row in sorted(rows, key=lambda row: (order.index(row["severity"]), row["row_id"]))[:MOST]:
        yield f'<div class="check"><b>{SEVERITIES[row["severity"]]}</b> {escape(row["message_zh"])}<br><span class="en">{escape(row["message_en"])}</span><br><code>{escape(row["check_id"])} · {escape(row["row_id"])}</code></div>'
    if len(rows) > MOST:
        yield f'<p class="soft">另有 {len(rows) - MOST} 处 more</p>'
