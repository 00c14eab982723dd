"""The grid of one form, read block by block: head, funds, goals, indicators, tail. What comes out is printed text with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Span
from normalize.folding import key
from normalize.numbers import is_dash, parse_number
from normalize.tables.alignment import Alignment, align
from normalize.tables.forms import (
    Entry,
    Form,
    Row,
    field_of,
    head_fields,
    indicator_heads,
    is_funds_head,
    is_indicator_head,
)
from normalize.tables.levels import LEVELS_IN_FRONT, is_level1, is_level2, stem
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extract.document import Document

_WORDS = load_toml("self_evaluation.toml")
_PLACEHOLDERS = frozenset(key(word) for word in _WORDS["placeholders"]["words"])
_UNIT = re.compile(r"[(:](万元|元|亿元|千元)")
_BLOCKS = ("head", "funds", "fund_rows", "goals", "indicators", "tail")
_LEVELS = frozenset({"level1", "level2"})
_FUND_FIELDS = ("initial_budget", "annual_budget", "executed", "execution_rate_pct", "weight", "score", "note")


class Value(NamedTuple):
    """A cell of a form."""

    text: str
    span: Span


@dataclass(slots=True)
class Reading:
    """What has been read of one form so far."""

    head: dict[str, Value] = field(default_factory=dict)
    funds: list[tuple[str, dict[str, Value]]] = field(default_factory=list)
    goals: dict[str, Value] = field(default_factory=dict)
    rows: list[IndicatorRow] = field(default_factory=list)
    total: dict[str, Value] = field(default_factory=dict)
    notes: list[Value] = field(default_factory=list)
    unit: str | None = None
    total_column: int | None = None  # where the head names the budget of the year
    heads: frozenset[str] = frozenset()
    labels: list[Span] = field(default_factory=list)  # cells that are words of the form itself


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """A row of the indicators: its levels, and its cells by field."""

    span: Span
    level1: str | None
    level2: str | None
    values: Mapping[str, Value]
    readings: int = 1
    placeholder: bool = False


def source_label(label: str) -> str:
    """The name of a source of funds without 其中: and its number."""
    return re.sub(r"^(?:其中)?[:]?(?:\d[.、])?", "", label).rstrip(":")


def read_form(document: Document, form: Form) -> Reading:
    """Head, funds, goals and indicators of a form, as its labels and heads name them."""
    reading = Reading()
    sparse = form.table.sparse
    columns: dict[str, Entry] = {}
    listed: dict[str, Entry] = {}  # columns of a list of projects that say of which project a row is
    sources: Row = ()  # and of its sources of funds
    part = "head"
    for number, row in form.rows:
        filled = tuple(entry for entry in row if entry.text)
        own = tuple(entry for entry in filled if not entry.above)
        if len(own) > 2 and own[0].text == own[1].text and field_of("goals", own[0].text) == "label":
            own = own[1:]  # 整体绩效目标 | 整体绩效目标 | …
        reading.labels += [entry.cell.span for entry in own if any(field_of(block, entry.text) for block in _BLOCKS)]
        if not own or (len(own) == 1 and own[0].text.endswith("表")):  # blank, or the caption of the next form
            continue
        if is_indicator_head(row):
            columns = indicator_heads(row)
            reading.heads = frozenset(columns)
            listed = head_fields(row, "head") | _goal_column(row)
            sources = tuple(entry for entry in own if listed and entry not in listed.values() and field_of("fund_rows", source_label(entry.text)))
            part = "indicators"
        elif part == "indicators":
            if listed:
                _read_listed(document, row, listed, reading)
                _read_listed_funds(document, row, sources, reading)
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
            if len(own) == 2 and field_of("goals", own[1].text) is None:
                reading.goals.setdefault("target", _value(document, own[1]))
            else:
                columns, part = {"target": own[-1]}, "goals"
        else:
            _read_pairs(document, row, reading, sparse=sparse)
            reading.unit = reading.unit or _unit_in(filled)
    return reading


def _read_listed(document: Document, row: Row, listed: Mapping[str, Entry], reading: Reading) -> None:
    """What a row of a list of projects says of the project itself: name, budget, goal."""
    for name, head in listed.items():
        entry = _at(row, head.column)
        if entry is None or not entry.text or entry.column != head.column:
            continue
        if name == "goal":
            reading.goals.setdefault("target", _value(document, entry))
        else:
            reading.head.setdefault(name, _value(document, entry))


def _read_listed_funds(document: Document, row: Row, sources: Row, reading: Reading) -> None:
    """The amounts below the sources of funds that a list of projects has columns for."""
    for source in sources:
        entry = _at(row, source.column)
        if entry is not None and not entry.above and entry.column == source.column and parse_number(entry.text) is not None:
            reading.funds.append((source.text, {"label": _value(document, source), "initial_budget": _value(document, entry)}))


def _value(document: Document, entry: Entry) -> Value:
    return Value(_joined(document.text(entry.cell.span)), entry.cell.span)


def _joined(text: str) -> str:
    """A cell's text without its line breaks."""
    return (re.sub(r"\s*\n\s*", "", text) if "\n" in text else text).strip()


def _unit_in(entries: Iterable[Entry]) -> str | None:
    return next((match[1] for entry in entries if (match := _UNIT.search(entry.text))), None)


def _at(row: Row, column: int) -> Entry | None:
    """The entry that stands at a column of a full grid."""
    return next((entry for entry in reversed(row) if entry.column <= column), None)


def _read_pairs(document: Document, row: Row, reading: Reading, *, sparse: bool) -> None:
    """Label, value, label, value; a label right behind a label means the first has no value."""
    _read_fund_pairs(document, row, reading, sparse=sparse)
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


def _read_fund_pairs(document: Document, row: Row, reading: Reading, *, sparse: bool) -> None:
    """The budget of the year in a head: its total, and the sources below it. What stands beside (实施期资金总额) is of all years and not taken."""
    pairs = []
    for source, amount in pairwise(entry for entry in row if entry.text and not entry.above):
        named = field_of("fund_rows", source_label(source.text))
        if named is not None and parse_number(amount.text) is not None:
            pairs.append((named, source, amount))
    if len(pairs) != 1:
        return
    named, source, amount = pairs[0]
    if named == "total":
        reading.total_column = source.column
    elif reading.total_column is None or (source.column != reading.total_column and not sparse):
        return
    reading.funds.append((source.text, {"label": _value(document, source), "initial_budget": _value(document, amount)}))


def _read_fund(document: Document, row: Row, own: Row, columns: Mapping[str, Entry], reading: Reading, *, sparse: bool) -> None:
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
        label = next((entry for entry in labels if field_of("fund_rows", source_label(entry.text))), labels[0])
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


def _goal_column(row: Row) -> dict[str, Entry]:
    """The column of goals in a list of projects."""
    heads = head_fields(row, "goals")
    goal = heads.get("target") or heads.get("label")
    return {} if goal is None else {"goal": goal}


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


def _read_goal_beside(document: Document, own: Row, columns: Mapping[str, Entry], reading: Reading) -> None:
    """`项目年度目标 | … | 年度目标完成情况 | …`: label and text side by side in one row."""
    for name, head in columns.items():
        beside = next((entry for entry in own if entry.column > head.column), None)
        if beside is not None and field_of("goals", beside.text) is None and len(beside.text) > 8:
            reading.goals.setdefault(name, _value(document, beside))


def _read_goals(document: Document, row: Row, own: Row, columns: Mapping[str, Entry], reading: Reading, *, sparse: bool) -> None:
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


def _read_tail(document: Document, row: Row, own: Row, tail: str, columns: Mapping[str, Entry], reading: Reading, *, sparse: bool) -> None:
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


def _read_dense_row(document: Document, row: Row, columns: Mapping[str, Entry], reading: Reading) -> None:
    values: dict[str, Value] = {}
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
    if not _LEVELS & columns.keys() and "level3" in values:
        values |= _levels_in_front(document, values["level3"].span)
        levels = {name: values[name].text for name in _LEVELS & values.keys()}
    last = reading.rows[-1] if reading.rows else None
    level1 = levels.get("level1") or (last.level1 if last else None)
    level2 = levels.get("level2") or (last.level2 if last and last.level1 == level1 else None)
    _take_row(level1, level2, values, 1, reading)


def _levels_in_front(document: Document, span: Span) -> dict[str, Value]:
    """The levels that a cell prints in front of its indicator, and the indicator itself; nothing where it does not."""
    text = document.text(span)
    found = LEVELS_IN_FRONT.match("".join(text.split()))
    if found is None:
        return {}
    printed = [place for place, letter in enumerate(text) if not letter.isspace()]
    ends = {"level1": (0, found.end("level1")), "level2": (found.start("level2"), found.end("level2")), "level3": (found.end("level2"), len(printed))}
    places = {name: Span(span.start + printed[first], span.start + printed[end - 1] + 1) for name, (first, end) in ends.items()}
    return {name: Value(_joined(document.text(place)), place) for name, place in places.items()}


def _nearest_left(columns: Mapping[str, Entry], column: int) -> int:
    """The first column right of the head before this one: a cell that begins further left belongs to another head."""
    before = [entry.column for entry in columns.values() if entry.column < column]
    return max(before) + 1 if before else 0


def _take_row(level1: str | None, level2: str | None, values: Mapping[str, Value], readings: int, reading: Reading) -> None:
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
    reading.rows.append(IndicatorRow(span, level1, level2, printed, readings, placeholder=empty))


def _opens_level2(text: str) -> bool:
    return is_level2(text) or (text.endswith("指标") and 4 <= len(text) <= 14)


def _read_sparse_row(document: Document, own: Row, columns: Mapping[str, Entry], reading: Reading, *, last_blank: bool) -> None:
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
        reading.rows.append(IndicatorRow(_cover(own), None, None, {}, 0))
        return
    taken, fitted = choices[0]
    if taken == 1 and last is not None and last.level2 is not None and stem(key(last.level2)) == stem(own[0].text):
        # The second level again, or an indicator named like it (服务对象满意度): what leaves fewer columns empty.
        taken, fitted = min(choices, key=lambda choice: (len(fields) - len(own) + choice[0], -choice[0]))
    values: dict[str, Value] = {}
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
    if "level1" in columns and "level2" in columns and len(own) >= 2 and is_level1(own[0].text) and _opens_level2(own[1].text):
        options.append(2)
    if "level2" in columns and _opens_level2(own[0].text):
        options.append(1)
    if "level2" not in columns and "level1" in columns and is_level1(own[0].text):
        options.append(1)
    return (*options, 0)


def _cover(entries: Row) -> Span:
    return Span(entries[0].cell.span.start, entries[-1].cell.span.end)
