"""Self-evaluation forms (项目支出绩效自评表) and target forms (绩效目标表): projects, funds, indicators, scores.

Base form: 财预〔2020〕10号. The provinces move, add and rename columns, so every value is found by the words of its column head. Where the page
kept the values of a row but lost its blank cells, the values are fitted to the columns by type; if two readings survive, the row says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Document, Paragraph, Span
from normalize.folding import key
from normalize.numbers import OPERATORS, is_dash, parse_number, parse_percent, parse_target
from normalize.records import Finding, Indicator, Project, ProjectFund, Recognised, Score, row_id
from normalize.tables.alignment import Alignment, align
from normalize.tables.forms import Entry, Form, Row, field_of, find_forms, head_fields, is_funds_head, is_indicator_head
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WORDS = load_toml("self_evaluation.toml")
_LEVEL1 = frozenset(_WORDS["levels"]["level1"])
_LEVEL2 = frozenset(_WORDS["levels"]["level2"])
_PLACEHOLDERS = frozenset(key(word) for word in _WORDS["placeholders"]["words"])
_PRINTED_WEIGHT = re.compile(r"\((\d+(?:\.\d+)?)分?\)$|(\d+(?:\.\d+)?)分$")
_WEIGHT_BEHIND = re.compile(r"[(（]?\s*[\d.]+\s*分\s*[)）]?$|[(（]\s*[\d.]+\s*[)）]$")
_NUMBERED = re.compile(r"^指标\s*[\d一二三四五六七八九十]+\s*[:：.、]?\s*")
_CODED_NAME = re.compile(r"(?P<code>[0-9A-Z]{8,})[-—](?P<name>.+)", re.DOTALL)
_UNIT_CODE = re.compile(r"^\d{3,12}\s*[-—]\s*")  # 219001-… : the budget code of a unit, glued to its name
_UNIT = re.compile(r"[(:](万元|元|亿元|千元)")
_BLOCKS = ("head", "funds", "fund_rows", "goals", "indicators", "tail")
_LEVELS = frozenset({"level1", "level2"})
_FUND_FIELDS = ("initial_budget", "annual_budget", "executed", "execution_rate_pct", "weight", "score", "note")


class _Value(NamedTuple):
    text: str
    span: Span


@dataclass(slots=True)
class _Reading:
    """What has been read of one form so far."""

    head: dict[str, _Value] = field(default_factory=dict)
    funds: list[tuple[str, dict[str, _Value]]] = field(default_factory=list)
    goals: dict[str, _Value] = field(default_factory=dict)
    rows: list[_Row] = field(default_factory=list)
    total: dict[str, _Value] = field(default_factory=dict)
    notes: list[_Value] = field(default_factory=list)
    unit: str | None = None
    heads: frozenset[str] = frozenset()
    labels: list[Span] = field(default_factory=list)  # cells that are words of the form itself


@dataclass(frozen=True, slots=True)
class _Row:
    span: Span
    level1: str | None
    level2: str | None
    values: Mapping[str, _Value]
    readings: int = 1
    placeholder: bool = False


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


# -- reading the grid ---------------------------------------------------------------------------------------------------------------


def _read(document: Document, form: Form) -> _Reading:
    reading = _Reading()
    sparse = form.table.sparse
    columns: dict[str, Entry] = {}
    listed: dict[str, Entry] = {}  # columns of a list of projects that say of which project a row is
    part = "head"
    for number, row in form.rows:
        filled = tuple(entry for entry in row if entry.text)
        own = tuple(entry for entry in filled if not entry.above)
        reading.labels += [entry.cell.span for entry in own if any(field_of(block, entry.text) for block in _BLOCKS)]
        if not own or (len(own) == 1 and own[0].text.endswith("表")):  # blank, or the caption of the next form
            continue
        if is_indicator_head(row):
            columns = head_fields(row, "indicators")
            reading.heads = frozenset(columns)
            listed = head_fields(row, "head") | {"goal": entry for name, entry in head_fields(row, "goals").items() if name in {"label", "target"}}
            part = "indicators"
        elif part == "indicators":
            if listed:
                _read_listed(document, row, listed, reading)
            tail = field_of("tail", own[0].text)
            if tail is not None:
                _read_tail(document, row, own, tail, columns, reading, sparse=sparse)
            elif sparse:
                _read_sparse_row(document, own, columns, reading, last_blank=number in form.table.open_rows)
            else:
                _read_dense_row(document, row, columns, reading)
        elif is_funds_head(row):
            columns = head_fields(row, "funds")
            reading.unit = reading.unit or _unit_in(filled)
            part = "funds"
        elif _is_goal_head(own):
            columns = _goal_columns(own)
            part = "goals"
            if not sparse:
                _read_goal_beside(document, own, columns, reading)
        elif part == "goals":
            _read_goals(document, row, own, columns, reading, sparse=sparse)
        elif part == "funds" and field_of("goals", own[0].text) != "label":
            _read_fund(document, row, own, columns, reading, sparse=sparse)
        elif field_of("goals", own[0].text) == "label" and len(own) <= 2:
            if len(own) == 2:
                reading.goals.setdefault("target", _value(document, own[1]))
            else:
                columns, part = {"target": own[0]}, "goals"
        else:
            _read_pairs(document, row, reading)
            reading.unit = reading.unit or _unit_in(filled)
    return reading


def _read_listed(document: Document, row: Row, listed: Mapping[str, Entry], reading: _Reading) -> None:
    """What a row of a list of projects says of the project itself: name, budget, goal."""
    for name, head in listed.items():
        entry = _at(row, head.column)
        if entry is None or not entry.text or entry.column != head.column:
            continue
        if name == "goal":
            reading.goals.setdefault("target", _value(document, entry))
        else:
            reading.head.setdefault(name, _value(document, entry))


def _value(document: Document, entry: Entry) -> _Value:
    return _Value(_joined(document.text(entry.cell.span)), entry.cell.span)


def _joined(text: str) -> str:
    """A cell's text without its line breaks."""
    return re.sub(r"\s*\n\s*", "", text).strip()


def _unit_in(entries: Iterable[Entry]) -> str | None:
    return next((match[1] for entry in entries if (match := _UNIT.search(entry.text))), None)


def _at(row: Row, column: int) -> Entry | None:
    """The entry that stands at a column of a full grid."""
    return next((entry for entry in reversed(row) if entry.column <= column), None)


def _read_pairs(document: Document, row: Row, reading: _Reading) -> None:
    """Label, value, label, value; a label right behind a label means the first has no value."""
    label: str | None = None
    for entry in row:
        if entry.above:
            continue
        named = field_of("head", entry.text) if entry.text else None
        if named is not None and not (label is not None and named == "total_score" and parse_number(entry.text) is not None):
            label = named
        elif label is not None:
            if entry.text:
                reading.head.setdefault(label, _value(document, entry))
            label = None


def _read_fund(document: Document, row: Row, own: Row, columns: Mapping[str, Entry], reading: _Reading, *, sparse: bool) -> None:
    """One source of funds: its label, then amounts, rate, weight and score under their heads."""
    if sparse:
        label, rest = own[0], own[1:]
        if is_dash(label.text):
            return
        fields = tuple(sorted((name for name in columns if name in _FUND_FIELDS), key=lambda name: columns[name].column))
        dashes = all(is_dash(entry.text) for entry in rest)
        fitted = align(tuple(entry.text for entry in rest), fields, frozenset({"weight", "score"} & {*fields}) if dashes and len(rest) == 2 else frozenset())
        values = {name: _value(document, entry) for name, entry in zip(fitted.fields, rest, strict=False)}
    else:
        first = min(entry.column for entry in columns.values())
        labels = [entry for entry in own if entry.column < first]
        if not labels:
            return
        label = next((entry for entry in labels if field_of("fund_rows", _source_label(entry.text))), labels[0])
        values = {}
        for name, head in columns.items():
            below = _at(row, head.column)
            if below is not None and below.text and not below.above and below.column >= first and name in _FUND_FIELDS:
                values[name] = _value(document, below)
    if field_of("funds", label.text) is None or values:
        reading.funds.append((label.text, {"label": _value(document, label), **values}))


def _is_goal_head(own: Row) -> bool:
    named = [field_of("goals", entry.text) for entry in own]
    return ("actual" in named and len(named) >= 2) or (len(named) >= 2 and named[0] == "label" and "target" in named[1:] and len(named) == 2)


def _goal_columns(own: Row) -> dict[str, Entry]:
    columns: dict[str, Entry] = {}
    printed = {field_of("goals", entry.text) for entry in own}
    for place, entry in enumerate(own):
        named = field_of("goals", entry.text)
        if named == "label" and place > 0 and "target" not in printed:
            named = "target"
        if named in {"target", "actual", "adjusted"}:
            columns.setdefault(named, entry)
    if "target" not in columns and len(own) == 2 and field_of("goals", own[0].text) == "label":
        columns["target"] = own[0]
    return columns


def _read_goal_beside(document: Document, own: Row, columns: Mapping[str, Entry], reading: _Reading) -> None:
    """`项目年度目标 | … | 年度目标完成情况 | …`: label and text side by side in one row."""
    for name, head in columns.items():
        beside = next((entry for entry in own if entry.column > head.column), None)
        if beside is not None and field_of("goals", beside.text) is None and len(beside.text) > 8:
            reading.goals.setdefault(name, _value(document, beside))


def _read_goals(document: Document, row: Row, own: Row, columns: Mapping[str, Entry], reading: _Reading, *, sparse: bool) -> None:
    if sparse:
        texts = [entry for entry in own if field_of("goals", entry.text) is None]
        names = sorted(columns, key=lambda name: columns[name].column)
        for name, entry in zip(names, texts, strict=False):
            reading.goals.setdefault(name, _value(document, entry))
        return
    for name, head in columns.items():
        below = _at(row, head.column)
        if below is not None and below.text and not below.above and field_of("goals", below.text) is None:
            reading.goals.setdefault(name, _value(document, below))


def _read_tail(document: Document, row: Row, own: Row, tail: str, columns: Mapping[str, Entry], reading: _Reading, *, sparse: bool) -> None:
    """总分 and 说明: what stands under the indicators."""
    if tail == "note" and len(own) > 1:
        reading.notes.append(_value(document, own[1]))
    elif tail == "total":
        if sparse:
            numbers = [entry for entry in own[1:] if parse_number(entry.text) is not None]
            names = ("weight", "score")[-len(numbers) :] if len(numbers) <= 2 else ()
            reading.total = {name: _value(document, entry) for name, entry in zip(names, numbers, strict=False)}
            return
        for name in ("weight", "score"):
            below = _at(row, columns[name].column) if name in columns else None
            if below is not None and parse_number(below.text) is not None:
                reading.total[name] = _value(document, below)


def _read_dense_row(document: Document, row: Row, columns: Mapping[str, Entry], reading: _Reading) -> None:
    values: dict[str, _Value] = {}
    levels: dict[str, str | None] = {}
    for name, head in columns.items():
        entry = _at(row, head.column)
        if entry is None or name == "skip":
            continue
        if name in {"level1", "level2"}:
            levels[name] = _joined(document.text(entry.cell.span)) or None
            if entry.text and not entry.above:
                values[name] = _value(document, entry)
        elif entry.text and not entry.above and entry.column >= _nearest_left(columns, head.column):
            values[name] = _value(document, entry)
    last = reading.rows[-1] if reading.rows else None
    level1 = levels.get("level1") or (last.level1 if last else None)
    level2 = levels.get("level2") or (last.level2 if last and last.level1 == level1 else None)
    _take_row(level1, level2, values, 1, reading)


def _nearest_left(columns: Mapping[str, Entry], column: int) -> int:
    """The first column right of the head before this one: a cell that begins further left belongs to another head."""
    before = [entry.column for entry in columns.values() if entry.column < column]
    return max(before) + 1 if before else 0


def _take_row(level1: str | None, level2: str | None, values: Mapping[str, _Value], readings: int, reading: _Reading) -> None:
    content = {name: value for name, value in values.items() if name not in _LEVELS}
    named = content.get("level3")
    empty = not content or (len(content) == 1 and named is not None and key(named.text) in _PLACEHOLDERS)
    if empty and "level2" not in values and named is None:
        return
    if not content and not values:
        return
    spans = [value.span for value in values.values()]
    span = Span(min(s.start for s in spans), max(s.end for s in spans))
    printed = {name: value for name, value in values.items() if name in _LEVELS or not empty}
    reading.rows.append(_Row(span, level1, level2, printed, readings, placeholder=empty))


def _stem(text: str) -> str:
    return _WEIGHT_BEHIND.sub("", text).removesuffix("指标")


def _is_level1(text: str) -> bool:
    return _stem(text) in _LEVEL1 or _WEIGHT_BEHIND.sub("", text) in _LEVEL1


def _is_level2(text: str) -> bool:
    stem = _stem(text)
    return stem in _LEVEL2 or (text.endswith("指标") and 4 <= len(text) <= 14)


def _read_sparse_row(document: Document, own: Row, columns: Mapping[str, Entry], reading: _Reading, *, last_blank: bool) -> None:
    """A row whose blank cells are lost: take off the levels it opens, fit the rest to the columns."""
    heads = tuple(name for name in sorted(columns, key=lambda name: columns[name].column) if name not in {"level1", "level2", "skip"})
    fields = heads[:-1] if last_blank else heads
    last = reading.rows[-1] if reading.rows else None
    choices: list[tuple[int, Alignment]] = []
    for taken in _levels_opened(own, columns):
        rest = tuple(entry.text for entry in own[taken:])
        fitted = align(rest, fields) if rest else Alignment((), 1)
        if fitted.readings or not rest:
            choices.append((taken, fitted))
    if not choices:
        reading.rows.append(_Row(_cover(own), None, None, {}, 0))
        return
    taken, fitted = choices[0]
    if taken == 1 and last is not None and last.level2 is not None and _stem(key(last.level2)) == _stem(own[0].text):
        # The second level again, or an indicator named like it (服务对象满意度): what leaves fewer columns empty.
        taken, fitted = min(choices, key=lambda choice: (len(fields) - len(own) + choice[0], -choice[0]))
    values: dict[str, _Value] = {}
    level1, level2 = (last.level1, last.level2) if last else (None, None)
    opened = own[:taken]
    if taken == 2 or (taken == 1 and "level2" not in columns):
        level1, level2 = _joined(document.text(opened[0].cell.span)), None
        values["level1"] = _value(document, opened[0])
    if taken and "level2" in columns:
        level2 = _joined(document.text(opened[-1].cell.span))
        values["level2"] = _value(document, opened[-1])
    values |= {name: _value(document, entry) for name, entry in zip(fitted.fields, own[taken:], strict=False)}
    _take_row(level1, level2, values, fitted.readings, reading)


def _levels_opened(own: Row, columns: Mapping[str, Entry]) -> tuple[int, ...]:
    """How many of the first texts may be level names: both, only the second level, none."""
    options: list[int] = []
    if "level1" in columns and "level2" in columns and len(own) >= 2 and _is_level1(own[0].text) and _is_level2(own[1].text):
        options.append(2)
    if "level2" in columns and _is_level2(own[0].text):
        options.append(1)
    if "level2" not in columns and "level1" in columns and _is_level1(own[0].text):
        options.append(1)
    return (*options, 0)


def _cover(entries: Row) -> Span:
    return Span(entries[0].cell.span.start, entries[-1].cell.span.end)


# -- records ------------------------------------------------------------------------------------------------------------------------


def _records(document: Document, form: Form, ordinal: int) -> Recognised:
    reading = _read(document, form)
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
                      scores=_scores(project, reading, indicators), findings=tuple(findings),
                      explained=_printed_numbers(reading))  # fmt: skip


def _printed_numbers(reading: _Reading) -> tuple[Span, ...]:
    """Spans of the form that stand in its records though no single column prints them: goals, notes, names."""
    values = (*reading.head.values(), *reading.goals.values(), *reading.notes, *reading.total.values(),
              *(value for _, fund in reading.funds for value in fund.values()), *(value for row in reading.rows for value in row.values.values()))  # fmt: skip
    return (*reading.labels, *(value.span for value in values))


def _number(value: _Value | None) -> Decimal | None:
    return None if value is None else parse_number(key(value.text).removesuffix("分"))


def _amount(values: Mapping[str, _Value], name: str, project_id: str, findings: list[Finding]) -> Decimal | None:
    """The number of a cell; a cell that is neither number, dash nor blank is a finding."""
    value = values.get(name)
    if value is None:
        return None
    number = parse_percent(value.text) if name in {"execution_rate_pct", "coefficient_pct", "weight"} else _number(value)
    if number is None and not is_dash(value.text):
        findings.append(Finding("form_cell_unreadable", "unreadable", f"表格单元“{value.text[:40]}”不是数字，未读入", f"the cell “{value.text[:40]}” is not a number and was not read",
                                "look", project_id=project_id, span=value.span))  # fmt: skip
    return number


def _source_label(label: str) -> str:
    """The name of a source of funds without 其中: and its number."""
    return re.sub(r"^(?:其中)?[:]?(?:\d[.、])?", "", label).rstrip(":")


def _fund(project_id: str, raw: str, label: str, values: Mapping[str, _Value], findings: list[Finding]) -> ProjectFund:
    plain = _source_label(label)
    source = field_of("fund_rows", plain) or plain

    def amount(name: str) -> Decimal | None:
        return _amount(values, name, project_id, findings)

    return ProjectFund(
        project_id, source, values["label"].text, values["label"].span, raw,
        amount("initial_budget"), amount("annual_budget"), amount("executed"), amount("execution_rate_pct"), amount("weight"), amount("score"),
        tuple((name, value.span) for name, value in values.items()),
    )  # fmt: skip


def _indicator(project_id: str, ordinal: int, kind: str, row: _Row, raw: str, findings: list[Finding]) -> Indicator:
    values = row.values
    target, actual = values.get("target"), values.get("actual")
    wanted, reached = parse_target(target.text) if target else parse_target(""), parse_target(actual.text) if actual else parse_target("")
    nature, unit = values.get("nature"), values.get("unit")
    operator = OPERATORS.get(key(nature.text)) if nature else None
    if row.readings > 1:
        findings.append(Finding("ambiguous", "undefined", "该行缺失空白单元格，存在两种以上读法，已取其一", "blank cells of this row are lost and more than one reading survives; one was taken",
                                "look", project_id=project_id, span=row.span))  # fmt: skip
    named = values.get("level3")
    return Indicator(
        project_id, ordinal, kind, row.span, raw,
        _name(row.level1), _name(row.level2), None if named is None else _NUMBERED.sub("", named.text) or None,
        target.text if target else None, wanted.operator or operator, wanted.value, wanted.unit or (unit.text if unit and wanted.value is not None else None),
        actual.text if actual else None, reached.operator, reached.value, reached.unit or (unit.text if unit and reached.value is not None else None),
        _amount(values, "weight", project_id, findings), _amount(values, "coefficient_pct", project_id, findings), _amount(values, "score", project_id, findings),
        values["deviation_note"].text if "deviation_note" in values else None,
        row.placeholder, row.readings > 1, tuple((name, value.span) for name, value in values.items()),
    )  # fmt: skip


def _name(text: str | None) -> str | None:
    """A level's name without the weight printed behind it."""
    return None if text is None else _WEIGHT_BEHIND.sub("", "".join(text.split())) or None


def _project(document: Document, form: Form, project_id: str, ordinal: int, kind: str, reading: _Reading, funds: tuple[ProjectFund, ...]) -> Project:
    head = reading.head
    total = next((fund for fund in funds if fund.fund_source == "total"), None) or (funds[0] if len(funds) == 1 else None)
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


def _scores(project: Project, reading: _Reading, indicators: tuple[Indicator, ...]) -> tuple[Score, ...]:
    """The score card: the printed total and execution score, and the sums of each first-level group."""
    printed = reading.head.get("total_score") or reading.total.get("score")
    rows: list[Score] = []
    if project.total_score is not None and printed is not None:
        rows.append(Score(project.project_id, "total", "printed", _number(reading.total.get("weight")), project.total_score, project.grade, printed.span, printed.text))
    if project.execution_score is not None or project.execution_weight is not None:
        span = next((dict(fund).get("score") for fund in (values for _, values in reading.funds) if "score" in fund), None)
        rows.append(Score(project.project_id, "budget_execution", "printed", project.execution_weight, project.execution_score, None, span.span if span else None, span.text if span else None))
    for value in {key(row.values["level1"].text): row.values["level1"] for row in reading.rows if "level1" in row.values}.values():
        weight = _PRINTED_WEIGHT.search(key(value.text))
        if weight is not None:
            rows.append(Score(project.project_id, _name(value.text) or "", "printed", Decimal(weight[1] or weight[2]), None, None, value.span, value.text))
    for name in dict.fromkeys(row.level1 for row in indicators if row.level1):
        group = [row for row in indicators if row.level1 == name and not row.is_placeholder]
        weights = [row.weight for row in group if row.weight is not None]
        scores = [row.score for row in group if row.score is not None]
        if weights or scores:
            rows.append(Score(project.project_id, name, "computed", sum(weights, Decimal(0)) if weights else None, sum(scores, Decimal(0)) if scores else None))
    return tuple(rows)
