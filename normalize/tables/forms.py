"""Where the forms of a document begin, and the rows they consist of: the shared ground of self-evaluation and target forms.

Several forms may share one table (all six of a page in one grid), and one form may lack a title. A form begins at the row that names the
project and ends where the next begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Cell, Document, Table
from normalize.folding import key
from normalize.tables.levels import LEVELS_IN_FRONT, is_level1, is_level2
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Callable

_OF_THE_YEAR = re.compile("^(?:本年度?|当年|预算年度|年度|绩效|20[0-9]{2}年度?)+")  # 本年绩效指标值 is 指标值
_COUNTED_WITH = re.compile(r"\((?:[A-Z](?:[/÷*×+=-][A-Z0-9]+)*(?:[,*×]?(?:100)?%)?|[①-⑳]|%)\)$")  # (万元) is not taken off: it stands behind captions of whole blocks


class Entry(NamedTuple):
    """One cell as a row sees it."""

    column: int
    cell: Cell
    text: str  # folded, without blanks
    above: bool  # covered from a row above: its text stands higher up


Row = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The rows of one form and what kind of grid they come from."""

    table: Table
    rows: tuple[tuple[int, Row], ...]  # (row of the table, entries)


@cache
def _labels(block: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    exact: dict[str, str] = {}
    prefixes: list[tuple[str, str]] = []
    for field, words in load_toml("self_evaluation.toml")[block].items():
        for word in words:
            if word.endswith("*"):
                prefixes.append((word[:-1], field))
            else:
                exact.setdefault(word, field)
    return exact, tuple(sorted(prefixes, key=lambda item: -len(item[0])))


@lru_cache(maxsize=8192)
def field_of(block: str, text: str) -> str | None:
    """The field a label or column head names in a block of the form (self_evaluation.toml).

    >>> field_of("indicators", "全年完成值"), field_of("funds", "执行率(B/A,%)"), field_of("funds", "全年预算(A)"), field_of("head", "区政务办")
    ('actual', 'execution_rate_pct', 'annual_budget', None)
    """
    exact, prefixes = _labels(block)
    plain = text.rstrip(":")
    found = exact.get(plain) or exact.get(_COUNTED_WITH.sub("", plain)) or (exact.get(_OF_THE_YEAR.sub("", plain)) if block == "indicators" else None)
    if found is None and len(plain) <= 24:
        found = next((field for prefix, field in prefixes if plain.startswith(prefix)), None)
    return found


def rows_of(document: Document, table: Table) -> tuple[Row, ...]:
    """All rows of a table; a merged cell is seen by every row it covers, a sparse grid has only what survived."""
    if table.sparse:
        return tuple(tuple(Entry(cell.column, cell, key(document.text(cell.span)), False) for cell in row) for row in table.by_row())
    rows: list[Row] = []
    texts: dict[int, str] = {}
    for number, line in enumerate(table.grid()):
        entries: list[Entry] = []
        for column, cell in enumerate(line):
            if cell is None or (entries and entries[-1].cell is cell):
                continue
            text = texts.get(id(cell))
            if text is None:
                text = texts[id(cell)] = key(document.text(cell.span))
            entries.append(Entry(column, cell, text, cell.row < number))
        rows.append(tuple(entries))
    return tuple(rows)


def head_fields(row: Row, block: str) -> dict[str, Entry]:
    """Which fields of a block the texts of a row name, each with its entry; the first of a name counts."""
    found: dict[str, Entry] = {}
    for entry in row:
        field = field_of(block, entry.text) if entry.text else None
        if field is not None:
            found.setdefault(field, entry)
    return found


_OPENING = frozenset({"project_name", "unit_name"})
_HEADING = _OPENING | {"supervising_department", "implementing_unit", "budget"}  # below indicators they open a form whose first row is lost
_INDICATOR_HEADS = frozenset({"level1", "level2", "level3"})
_WHOLE, _WHOLE_HEADS = frozenset(load_toml("self_evaluation.toml")["levels"]["whole"]), frozenset({"nature", "target", "unit"})
_VALUE_HEADS = frozenset({"target", "actual", "weight", "score", "unit", "nature"})


def indicator_heads(row: Row) -> dict[str, Entry]:
    """The fields of a row of heads over indicators. Where no head names a level, the one over whole indicators (绩效指标) heads the third, with the others printed in front of it."""
    heads = head_fields(row, "indicators")
    if heads.keys() >= _WHOLE_HEADS and not _INDICATOR_HEADS & heads.keys():
        whole = next((entry for entry in row if entry.text in _WHOLE), None)
        return heads if whole is None else {**heads, "level3": whole}
    return heads


def is_indicator_head(row: Row) -> bool:
    """The row of column heads over the indicators: a level and at least one value column."""
    heads = indicator_heads(row)
    return bool(_INDICATOR_HEADS & heads.keys()) and bool(_VALUE_HEADS & heads.keys())


def is_funds_head(row: Row) -> bool:
    """The row of column heads over the funds: at least two of budget, execution, rate, weight and score."""
    heads = head_fields(row, "funds")
    return len(heads) >= 3 and bool({"annual_budget", "executed", "initial_budget"} & heads.keys())


def _opens(row: Row, fields: frozenset[str] = _OPENING) -> bool:
    first = next((entry for entry in row if entry.text and not entry.above), None)
    return first is not None and field_of("head", first.text) in fields


def _starts(rows: tuple[Row, ...]) -> list[int]:
    """The rows with which a form may begin."""
    starts: list[int] = []
    below = False  # the last form has come to its indicators
    for number, row in enumerate(rows):
        if _opens(row, _HEADING if below else _OPENING):
            starts.append(number)
        below = is_indicator_head(row) or (below and starts[-1:] != [number])
    return starts


def find_forms(document: Document) -> tuple[Form, ...]:
    """Every form of a document, in reading order: rows that end in a block of indicators under their column heads.

    A grid that opens a form but breaks off before its indicators is the upper part of the next grid, where nothing is printed between them.
    """
    forms: list[Form] = []
    upper: tuple[Row, ...] = ()
    last: Table | None = None  # what the last form stands in, while nothing new is printed below it
    printed: set[str] = set()  # lines so far: a form's title is repeated over its rest on the next page
    for block in document.blocks:
        if not isinstance(block, Table):
            text = key(document.text(block.span))
            if text and field_of("goals", text) != "label":  # which a page break may tear off its cell
                upper, last = (), last if text in printed else None
                printed.add(text)
            continue
        rows = rows_of(document, block)
        if not any(is_indicator_head(row) for row in rows):
            if forms and last is not None and (rest := _rest_of(forms[-1], rows, block)):
                forms[-1] = replace(forms[-1], rows=(*forms[-1].rows, *rest))
                continue
            last = None
            upper = rows if any(_opens(row) for row in rows) and any(is_funds_head(row) for row in rows) else ()
            continue
        if upper and _opens_late(rows):
            rows = (*upper, *rows)
        upper, last = (), block
        listing = _listing(rows)
        if listing is not None:
            forms += [Form(block, group) for group in listing]
            continue
        starts = _starts(rows)
        complete = [start for start, end in zip(starts, [*starts[1:], len(rows)], strict=False) if any(is_indicator_head(row) for row in rows[start:end])]
        bounds = [0, *complete[1:], len(rows)]
        forms += [Form(block, tuple(enumerate(rows[start:end], start))) for start, end in pairwise(bounds)]
    return tuple(forms)


def _rest_of(form: Form, rows: tuple[Row, ...], table: Table) -> tuple[tuple[int, Row], ...]:
    """The rows of a grid that goes on with the indicators of a form on the next page: as many columns as they have heads, and names of levels where levels stand."""
    head = next(row for _, row in form.rows if is_indicator_head(row))
    heads = indicator_heads(head)
    places = next((found for found in ([entry.column for entry in head], [entry.column for entry in head if entry.text]) if len(found) == table.columns), None)
    if places is None or table.sparse or form.table.sparse or "project_name" in head_fields(head, "head") or any(_opens(row, _HEADING) for row in rows):
        return ()
    moved = tuple(tuple(entry._replace(column=places[entry.column]) for entry in row) for row in rows)
    levels: dict[int, Callable[[str], object]] = {heads[name].column: names for name, names in (("level1", is_level1), ("level2", is_level2)) if name in heads} or {heads["level3"].column: LEVELS_IN_FRONT.match}
    told = [(levels[entry.column], entry.text) for row in moved if not _is_tail(row) for entry in row if entry.text and entry.column in levels]
    return tuple(enumerate(moved)) if told and all(names(text) for names, text in told) else ()


def _is_tail(row: Row) -> bool:
    first = next((entry.text for entry in row if entry.text), "")
    return field_of("tail", first) is not None


def _opens_late(rows: tuple[Row, ...]) -> bool:
    """Whether the indicators come before any row that names a project: the head of this form stands elsewhere."""
    return next((is_indicator_head(row) for row in rows if is_indicator_head(row) or _opens(row)), False)


def _listing(rows: tuple[Row, ...]) -> tuple[tuple[tuple[int, Row], ...], ...] | None:
    """A table that lists projects and their indicators in rows (项目名称 is a column head): one group of rows per project, each with the heads."""
    head = next((number for number, row in enumerate(rows) if is_indicator_head(row)), 0)
    named = head_fields(rows[head], "head").get("project_name")
    if named is None or any(_opens(row) and not is_indicator_head(row) for row in rows):
        return None
    groups: list[list[tuple[int, Row]]] = []
    heads = [(head, rows[head])]
    current: list[Cell] = []  # name and budget: one name over several budgets are as many projects
    columns = [entry.column for name in ("project_name", "budget") if (entry := head_fields(rows[head], "head").get(name)) is not None]
    for number, row in enumerate(rows[head + 1 :], head + 1):
        if any(entry.cell is named.cell for entry in row):
            heads.append((number, row))  # a second row of heads: 财政资金 | 其他资金 below 其中
            continue
        naming = [entry.cell for entry in row if entry.text and entry.column in columns]
        if any(entry.column == named.column and entry.text for entry in row) and any(cell not in current for cell in naming):
            current = naming
            groups.append(list(heads))
        if groups:
            groups[-1].append((number, row))
    return tuple(tuple(group) for group in groups)
