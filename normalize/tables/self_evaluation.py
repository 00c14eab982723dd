"""Self-evaluation forms (项目支出绩效自评表) and target forms (绩效目标表): projects, funds, indicators, scores.

Base form: 财预〔2020〕10号. The provinces move, add and rename columns, so every value is found by the words of its column head. Where the page
kept the values of a row but lost its blank cells, the values are fitted to the columns by type; if two readings survive, the row says so.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from extract.document import Document, Paragraph, Span
from normalize.folding import key
from normalize.numbers import OPERATORS, is_dash, parse_number, parse_percent, parse_target
from normalize.records import Finding, Indicator, Project, ProjectFund, Recognised, Score, row_id
from normalize.tables.form_reading import IndicatorRow, Reading, Value, read_form, source_label
from normalize.tables.forms import Form, field_of, find_forms
from normalize.tables.levels import level_and_weight

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBERED = re.compile(r"^指标\s*(?:[\d一二三四五六七八九十]+\s*[:：.、]?|[:：])\s*")
_CODED_NAME = re.compile(r"(?P<code>[0-9A-Z]{8,})[-—](?P<name>.+)", re.DOTALL)
_UNIT_CODE = re.compile(r"^\d{3,12}\s*[-—]\s*")  # 219001-… : the budget code of a unit, glued to its name
LONGEST_LEVEL = 30  # characters; names of levels have 4 to 12
_UNIT = re.compile(r"[(:](万元|元|亿元|千元)")


def read_forms(document: Document) -> Recognised:
    """Every self-evaluation and target form of a document, in reading order."""
    found = [_records(document, form, ordinal) for ordinal, form in enumerate(find_forms(document), 1)]
    return Recognised(
        projects=tuple(project for part in found for project in part.projects),
        project_funds=tuple(fund for part in found for fund in part.project_funds),
        indicators=tuple(row for part in found for row in part.indicators),
        scores=tuple(score for part in found for score in part.scores),
        findings=tuple(finding for part in found for finding in part.findings),
        explained=tuple(span for part in found for span in part.explained),
    )


def _records(document: Document, form: Form, ordinal: int) -> Recognised:
    reading = read_form(document, form)
    project_id = row_id(document.id, "projects", ordinal)
    kind = "self_evaluation" if {"actual", "score"} & reading.heads else "target"
    findings: list[Finding] = []
    funds = tuple(_fund(project_id, document.text(values["label"].span), label, values, findings) for label, values in reading.funds)
    indicators = tuple(_indicator(project_id, place, kind, row, document.text(row.span), findings) for place, row in enumerate((r for r in reading.rows if r.readings), 1))
    findings += [
        Finding("indicator_row_unreadable", "unreadable", "指标行与表头对不上，未读入", "an indicator row fits no reading of its column heads and was not read",
                "look", project_id=project_id, span=row.span, raw=document.text(row.span))
        for row in reading.rows if not row.readings
    ]  # fmt: skip
    project = _project(document, form, project_id, ordinal, kind, reading, funds)
    return Recognised(projects=(project,), project_funds=funds, indicators=indicators,
                      scores=_scores(document, project, reading, indicators), findings=tuple(findings),
                      explained=_printed_numbers(reading))  # fmt: skip


def _printed_numbers(reading: Reading) -> tuple[Span, ...]:
    """Spans of the form that stand in its records though no single column prints them: goals, notes, names."""
    values = (*reading.head.values(), *reading.goals.values(), *reading.notes, *reading.total.values(),
              *(value for _, fund in reading.funds for value in fund.values()), *(value for row in reading.rows for value in row.values.values()))  # fmt: skip
    return (*reading.labels, *(value.span for value in values))


def _number(value: Value | None) -> Decimal | None:
    return None if value is None else parse_number(key(value.text).removesuffix("分"))


def _amount(values: Mapping[str, Value], name: str, project_id: str, findings: list[Finding]) -> Decimal | None:
    """The number of a cell; a cell that is neither number, dash nor blank is a finding."""
    value = values.get(name)
    if value is None:
        return None
    number = parse_percent(value.text) if name in {"execution_rate_pct", "coefficient_pct", "weight"} else _number(value)
    if number is None and not is_dash(value.text):
        findings.append(Finding("form_cell_unreadable", "unreadable", f"表格单元“{value.text[:40]}”不是数字，未读入", f"the cell “{value.text[:40]}” is not a number and was not read",
                                "look", project_id=project_id, span=value.span))  # fmt: skip
    return number


def _fund(project_id: str, raw: str, label: str, values: Mapping[str, Value], findings: list[Finding]) -> ProjectFund:
    plain = source_label(label)
    source = field_of("fund_rows", plain) or plain

    def amount(name: str) -> Decimal | None:
        return _amount(values, name, project_id, findings)

    return ProjectFund(
        project_id, source, values["label"].text, values["label"].span, raw,
        amount("initial_budget"), amount("annual_budget"), amount("executed"), amount("execution_rate_pct"), amount("weight"), amount("score"),
        tuple((name, value.span) for name, value in values.items()),
    )  # fmt: skip


def _indicator(project_id: str, ordinal: int, kind: str, row: IndicatorRow, raw: str, findings: list[Finding]) -> Indicator:
    values = row.values
    target, actual = values.get("target"), values.get("actual")
    wanted, reached = parse_target(target.text) if target else parse_target(""), parse_target(actual.text) if actual else parse_target("")
    nature, unit = values.get("nature"), values.get("unit")
    operator = OPERATORS.get(key(nature.text)) if nature else None
    if row.readings > 1:
        findings.append(Finding("ambiguous", "undefined", "该行缺失空白单元格，存在两种以上读法，已取其一", "blank cells of this row are lost and more than one reading survives; one was taken",
                                "look", project_id=project_id, span=row.span))  # fmt: skip
    named = values.get("level3")
    level1, level2 = (_level(level, row, project_id, findings) for level in (row.level1, row.level2))
    return Indicator(
        project_id, ordinal, kind, row.span, raw,
        level1, level2, None if named is None else _NUMBERED.sub("", named.text) or None,
        target.text if target else None, wanted.operator or operator, wanted.value, wanted.unit or (unit.text if unit and wanted.value is not None else None),
        actual.text if actual else None, reached.operator, reached.value, reached.unit or (unit.text if unit and reached.value is not None else None),
        _amount(values, "weight", project_id, findings), _amount(values, "coefficient_pct", project_id, findings), _amount(values, "score", project_id, findings),
        values["deviation_note"].text if "deviation_note" in values else None,
        row.placeholder, row.readings > 1, tuple((name, value.span) for name, value in values.items()),
    )  # fmt: skip


def _level(text: str | None, row: IndicatorRow, project_id: str, findings: list[Finding]) -> str | None:
    """A level's name without the weight printed behind it; a cell whose rules are lost, so that it holds what stood in several, is a finding."""
    name = level_and_weight(text or "")[0] or None
    if name is None or len(name) <= LONGEST_LEVEL:
        return name
    findings.append(Finding("form_cell_unreadable", "unreadable", f"“{name[:40]}…”不是指标级名，未读入", f"“{name[:40]}…” is no name of a level and was not read",
                            "look", project_id=project_id, span=row.span))  # fmt: skip
    return None


def _project(document: Document, form: Form, project_id: str, ordinal: int, kind: str, reading: Reading, funds: tuple[ProjectFund, ...]) -> Project:
    head = reading.head
    total = next((fund for fund in funds if fund.fund_source == "total"), None) or (funds[0] if len(funds) == 1 and "budget" not in head else None)
    named = head.get("project_name")
    coded = _CODED_NAME.fullmatch(named.text) if named else None
    printed_code = head.get("project_code")

    def text(name: str) -> str | None:
        return _UNIT_CODE.sub("", head[name].text) if name in head else None

    span = named.span if named else next((value.span for value in head.values()), form.table.span)
    return Project(
        project_id, ordinal, kind, span,
        project_name=coded["name"] if coded else named.text if named else None,
        project_code=coded["code"] if coded else printed_code.text if printed_code else None,
        supervising_department=text("supervising_department"),
        implementing_unit=text("implementing_unit"),
        total_score=_number(head.get("total_score")) if "total_score" in head else _number(reading.total.get("score")),
        grade=text("grade"),
        fund_unit=reading.unit or _unit_above(document, form),
        initial_budget=total.initial_budget if total else _number(head.get("budget")),
        annual_budget=total.annual_budget if total else None,
        executed=total.executed if total else None,
        execution_rate_pct=total.execution_rate_pct if total else None,
        execution_weight=total.weight if total else None,
        execution_score=total.score if total else None,
        goal_target=reading.goals["target"].text if "target" in reading.goals else None,
        goal_actual=reading.goals["actual"].text if "actual" in reading.goals else None,
        note="".join(note.text for note in reading.notes) or None,
        raw=document.text(span),
    )  # fmt: skip


def _unit_above(document: Document, form: Form) -> str | None:
    """The unit line over the grid (单位：万元), at most three paragraphs up."""
    place = next(index for index, block in enumerate(document.blocks) if block is form.table)
    for block in reversed(document.blocks[max(0, place - 3) : place]):
        if isinstance(block, Paragraph) and (match := _UNIT.search(key(document.text(block.span)))):
            return match[1]
    return None


def _scores(document: Document, project: Project, reading: Reading, indicators: tuple[Indicator, ...]) -> tuple[Score, ...]:
    """The score card: the printed total and execution score, and the sums of each first-level group."""
    printed = reading.head.get("total_score") or reading.total.get("score")
    rows: list[Score] = []
    if project.total_score is not None and printed is not None:
        rows.append(Score(project.project_id, "total", "printed", _number(reading.total.get("weight")), project.total_score, project.grade, printed.span, document.text(printed.span)))
    if project.execution_score is not None or project.execution_weight is not None:
        span = next((dict(fund).get("score") for fund in (values for _, values in reading.funds) if "score" in fund), None)
        rows.append(Score(project.project_id, "budget_execution", "printed", project.execution_weight, project.execution_score, None, span.span if span else None, document.text(span.span) if span else None))
    for value in {key(row.values["level1"].text): row.values["level1"] for row in reading.rows if "level1" in row.values}.values():
        name, weight = level_and_weight(key(value.text))
        if weight is not None:
            rows.append(Score(project.project_id, name, "printed", parse_number(weight), None, None, value.span, document.text(value.span)))
    for name in dict.fromkeys(row.level1 for row in indicators if row.level1):
        group = [row for row in indicators if row.level1 == name and not row.is_placeholder]
        weights = [row.weight for row in group if row.weight is not None]
        scores = [row.score for row in group if row.score is not None]
        if weights or scores:
            rows.append(Score(project.project_id, name, "computed", sum(weights, Decimal(0)) if weights else None, sum(scores, Decimal(0)) if scores else None))
    return tuple(rows)
