"""Standard disclosure tables to rows (部门预算、决算公开表): which kind a table is, what its columns and rows mean, what its cells say.

A kind is declared in `vocabulary/tables.toml`; its title names it, its header and row labels confirm or overrule the title. Two kinds
that both claim a table are a finding and give no rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from extract.document import Paragraph, Table
from normalize.folding import key
from normalize.numbers import parse_number
from normalize.records import Finding, Recognised
from normalize.tables import cells
from normalize.tables.columns import Reading, Setting, read_columns, role_of, word
from normalize.tables.context import Context, declares_empty, notes_after, read_context
from normalize.tables.grid import Grid, read_grid
from normalize.tables.kinds import KINDS, bare_title, kinds_of_title

if TYPE_CHECKING:
    from extract.document import Document, Span
    from normalize.records import BudgetLine
    from normalize.tables.cells import Taken
    from normalize.tables.kinds import Kind

_SWAPPED = {  # a title that leaves the classification open; the codes of the rows settle it
    ("gpb_expenditure", "economic"): "gpb_economic",
    ("gpb_economic", "function"): "gpb_expenditure",
    ("gpb_basic_economic", "function"): "gpb_basic_functional",
    ("gpb_basic_functional", "economic"): "gpb_basic_economic",
}
_MONEY = re.compile(r"-?\d[\d,]*\.\d+|-?\d{1,3}(?:,\d{3})+")


@dataclass(frozen=True, slots=True)
class _Last:
    """The table before, for one that goes on without a header of its own."""

    index: int
    kind: Kind
    reading: Reading | None
    columns: int
    unit: str | None


def read_tables(document: Document, *, stage: str | None, fiscal_year: int | None) -> Recognised:
    """The amounts of all standard tables of a document (预决算公开表), with the kinds its notes declare empty.

    `stage` is budget | final, `fiscal_year` the year the document is about; either may be None, the tables' own titles then decide.
    Values are the printed numbers in the unit of their table; a unit that no line states is None and a finding.
    """
    lines: list[BudgetLine] = []
    findings: list[Finding] = []
    explained: list[Span] = []
    declared: dict[str, Span] = {}
    last: _Last | None = None
    ordinal = 0
    for index, block in enumerate(document.blocks):
        if isinstance(block, Paragraph) and (kind := _declared_without_grid(document, index)):
            declared.setdefault(kind, block.span)
        if not isinstance(block, Table):
            continue
        ordinal += 1
        if block.sparse:
            continue
        grid = read_grid(document, block)
        context = read_context(document, index, grid)
        _read_directory(document, grid, declared)
        kind, doubt = _kind(grid, context)
        findings += doubt
        if kind is None:
            continued = _continues(document, last, index, grid)
            if continued is None:
                findings += _unrecognised(document, grid, context)
                continue
            kind, grid = continued.kind, _headless(grid)
        setting = Setting(stage or context.stage, fiscal_year, context.adjusted)
        unit = context.unit or _head_unit(grid)
        if unit is None and last is not None and last.kind is kind and _same_form(last, grid):
            unit = last.unit
        table = cells.Table(document, grid, kind, ordinal, unit)
        reading = last.reading if not grid.header and last is not None else None
        taken, reading = _read(table, setting, reading)
        last = _Last(index, kind, reading, block.columns, unit)
        lines += taken.lines
        explained += taken.explained + _surroundings(grid, context)
        findings += taken.findings + _unit_missing(table, taken)
        findings += _empty(context, kind, taken, declared)
    filled = {line.table_kind for line in lines if line.value}
    return Recognised(
        budget_lines=tuple(lines),
        findings=tuple(findings),
        declared_empty=frozenset(set(declared) - filled),
        explained=tuple(explained),
    )


def _read(table: cells.Table, setting: Setting, reading: Reading | None) -> tuple[Taken, Reading | None]:
    if table.kind.id == "three_public":
        return cells.read_three_public(table, setting), None
    if reading is None:
        reading = read_columns(table.grid, table.kind, setting)
    taken = cells.read_cells(table, reading, setting)
    for column in reading.unknown:
        path = " > ".join(box.text for box in table.grid.paths[column])
        taken.findings.append(
            Finding(
                "unknown_column",
                "undefined",
                f"{table.kind.zh}有一列不认识，列中的数字未读：{path}",
                f"a column of {table.kind.id} is not known, its numbers were not read: {path}",
                severity="look",
                table_kind=table.kind.id,
                span=table.grid.paths[column][-1].span,
                raw=table.document.text(table.grid.paths[column][-1].span),
            )
        )
    return taken, reading


def _kind(grid: Grid, context: Context) -> tuple[Kind | None, list[Finding]]:
    """The one kind that claims the table: by title where the header bears it out, else by its header and labels alone."""
    named = [_by_codes(KINDS[name], grid) for name in context.kinds]
    named = [kind for kind in named if _bears_out(kind, grid)]
    if not named:
        fitting = {kind.id: len(kind.header) for kind in KINDS.values() if kind.header and _has_signature(kind, grid)}
        noted = {kind.id for kind in KINDS.values() if any(kind.notes.search(line.text) for line in context.notes) and _bears_out(kind, grid)}
        claims = noted or {name for name, size in fitting.items() if size == max(fitting.values())}
        named = [_by_codes(KINDS[name], grid) for name in sorted(claims)]
    if len(named) > 1:
        ids = ", ".join(kind.id for kind in named)
        span = grid.table.span
        return None, [Finding("ambiguous_table", "undefined", f"一张表有几种读法，未读：{ids}", f"more than one kind claims a table, none was read: {ids}", severity="look", span=span)]
    return (named[0] if named else None), []


def _by_codes(kind: Kind, grid: Grid) -> Kind:
    if kind.codes is None:
        return kind
    printed = [box.text for row in grid.body for box in grid.own(row)]
    function = sum(bool(re.match(r"[\[(]?2\d\d(?:\d\d){0,2}(?:\D|$)", text)) and parse_number(text.split(".")[0]) is not None or bool(re.match(r"[\[(]?2\d\d(?:\d\d){0,2}[\])-]", text)) for text in printed)
    economic = sum(bool(re.match(r"[\[(]?30[1-9]\d{0,4}(?:[\])-]|$)", text)) for text in printed)
    codes = "function" if function > economic * 3 else "economic" if economic > function else None
    swapped = _SWAPPED.get((kind.id, codes)) if codes else None
    return KINDS[swapped] if swapped else kind


def _bears_out(kind: Kind, grid: Grid) -> bool:
    """The grid has amount columns that the kind knows."""
    if not grid.header:
        return False
    setting = Setting(None, None)
    if kind.id in {"three_public", "agency_operation"}:
        return True
    return bool(read_columns(grid, kind, setting).blocks)


def _has_signature(kind: Kind, grid: Grid) -> bool:
    texts = {word(box.text) for path in grid.paths for box in path}
    texts |= {word(box.text) for row in grid.body for box in grid.own(row)[:1]}
    if kind.id == "project_performance" and any("指标" in text for text in texts):
        return False
    return all(any(pattern.fullmatch(text) for text in texts) for pattern in kind.header) and _bears_out(kind, grid)


def _continues(document: Document, last: _Last | None, index: int, grid: Grid) -> _Last | None:
    """The table before, where this one has as many columns, no header, and no title between."""
    if last is None or last.columns != grid.table.columns or last.reading is None:
        return None
    between = document.blocks[last.index + 1 : index]
    if any(isinstance(block, Table) or len(key(document.text(block.span))) > 20 or bare_title(document.text(block.span)) for block in between):  # noqa: PLR2004
        return None
    named = [one for one in grid.header if any(role_of((box,)) for box in grid.own(one))]
    return None if named else last


def _headless(grid: Grid) -> Grid:
    return replace(grid, header=(), numbering=(), body=tuple(sorted({*grid.header, *grid.body})))


def _same_form(last: _Last, grid: Grid) -> bool:
    return last.columns == grid.table.columns


def _head_unit(grid: Grid) -> str | None:
    stated = [match[1] for path in grid.paths for box in path if (match := re.search(r"[(:：]((?:百|千|万|亿)?元)[)]?$", box.text))]
    return stated[0] if stated and len(set(stated)) == 1 else None


def _unit_missing(table: cells.Table, taken: Taken) -> list[Finding]:
    missing = next((line for line in taken.lines if line.unit is None), None)
    if missing is None:
        return []
    return [
        Finding(
            "unit_line_missing",
            "undefined",
            f"{table.kind.zh}没有标明计量单位",
            f"no line states the unit of {table.kind.id}",
            severity="look",
            table_kind=table.kind.id,
            span=missing.span,
            raw=missing.raw,
        )
    ]


def _empty(context: Context, kind: Kind, taken: Taken, declared: dict[str, Span]) -> list[Finding]:
    """Notes that say 本表无数据: a declaration over an empty table, a finding over one that prints numbers."""
    findings = []
    for line in (*context.notes, *context.own_lines):
        if not declares_empty(line):
            continue
        if any(one.value for one in taken.lines):
            findings.append(
                Finding(
                    "empty_note_contradicted",
                    "fail",
                    f"附注称{kind.zh}为空表，但表中有数字",
                    f"a note says that {kind.id} is empty, but the table prints numbers",
                    severity="likely",
                    table_kind=kind.id,
                    span=line.span,
                    raw=line.printed,
                )
            )
        else:
            declared.setdefault(kind.id, line.span)
    return findings


def _declared_without_grid(document: Document, index: int) -> str | None:
    """A title with a note under it that its table is empty, and no grid at all."""
    kinds = kinds_of_title(document.text(document.blocks[index].span))
    if len(kinds) != 1:
        return None
    for following in document.blocks[index + 1 : index + 4]:
        if isinstance(following, Table):
            return None
    return kinds[0] if any(declares_empty(line) for line in notes_after(document, index)) else None


def _read_directory(document: Document, grid: Grid, declared: dict[str, Span]) -> None:
    """报表目录 with a column 是否空表: the kinds marked 是 are declared empty."""
    column = next((i for i, path in enumerate(grid.paths) if path and path[-1].text == "是否空表"), None)
    if column is None:
        return
    for row in grid.body:
        box = grid.boxes[row][column]
        if box is None or box.text != "是":
            continue
        for other in grid.own(row):
            for kind in kinds_of_title(document.text(other.span)):
                declared.setdefault(kind, other.span)


def _surroundings(grid: Grid, context: Context) -> list[Span]:
    """Printed text that is no figure: header words, column numbers, titles, unit lines, notes."""
    spans = [box.span for row in (*grid.captions, *grid.header, *grid.numbering) for box in grid.own(row)]
    spans += [line.span for line in context.lines if bare_title(line.printed) is not None or "单位" in line.text]
    return spans + [line.span for line in context.notes]


def _unrecognised(document: Document, grid: Grid, context: Context) -> list[Finding]:
    """A form with a unit line and amounts that no kind claims: said, never silently left out."""
    amounts = [box for row in grid.body for box in grid.own(row) if _MONEY.fullmatch(box.text)]
    if context.unit is None or len(amounts) < 2:  # noqa: PLR2004
        return []
    title = context.titled.printed if context.titled else document.text(grid.table.span)[:40]
    return [
        Finding(
            "unrecognised_table",
            "undefined",
            f"有一张表不属于已知的公开表，{len(amounts)}个金额未读：{title[:60]}",
            f"a table of no known kind, {len(amounts)} amounts were not read: {title[:60]}",
            severity="look",
            span=grid.table.span,
        )
    ]
