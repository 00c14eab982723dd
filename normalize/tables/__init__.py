"""Standard disclosure tables to rows (部门预算、决算公开表): which kind a table is, what its columns and rows mean, what its cells say.

A kind is declared in `vocabulary/tables.toml`; its title names it, its header and row labels confirm or overrule the title. Two kinds
that both claim a table are a finding and give no rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from extract.document import Table
from normalize.codes import check_codes
from normalize.folding import key
from normalize.records import Finding, Recognised
from normalize.tables import agency_operation, cells
from normalize.tables.claims import claim
from normalize.tables.columns import Reading, Setting, is_header_word, read_columns, role_of
from normalize.tables.context import Context, declares_empty, notes_after, read_context
from normalize.tables.grid import Grid, read_grids
from normalize.tables.kinds import bare_title, kinds_of_title
from normalize.tables.rows import Carried

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.document import Document, Span
    from normalize.records import BudgetLine, Quantity
    from normalize.tables.cells import Taken
    from normalize.tables.kinds import Kind

IRREGULAR: dict[str, Callable[[cells.Table, Setting], Taken]] = {  # kinds declared `irregular`, and what reads their rows
    "three_public": cells.read_three_public,
    "agency_operation": agency_operation.read,
}
_MONEY = re.compile(r"-?\d[\d,]*\.\d+|-?\d{1,3}(?:,\d{3})+")
_LONGEST_BETWEEN = 20  # characters of a page number or running head between two halves of a table


@dataclass(frozen=True, slots=True)
class _Last:
    """The table before, for one that goes on without a header of its own."""

    index: int
    ordinal: int
    kind: Kind
    reading: Reading | None
    header: tuple[tuple[str, ...], ...]
    columns: int
    unit: str | None
    carried: tuple[Carried, ...]  # codes of its last row, for a 类 that is not printed again on the next page


@dataclass(slots=True)
class _Whole:
    """All that has been read so far."""

    lines: list[BudgetLine] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    explained: list[Span] = field(default_factory=list)
    declared: dict[str, Span] = field(default_factory=dict)
    last: _Last | None = None


def read_tables(document: Document, *, stage: str | None, fiscal_year: int | None) -> Recognised:
    """The amounts of all standard tables of a document (预决算公开表), with the kinds its notes declare empty.

    `stage` is budget | final, `fiscal_year` the year the document is about; either may be None, the tables' own titles then decide.
    Values are the printed numbers in the unit of their table; a unit that no line states is None and a finding.
    """
    whole = _Whole()
    ordinal = 0
    flattened: list[Span] = []
    for index, block in enumerate(document.blocks):
        if isinstance(block, Table):
            ordinal += 1
            if block.sparse:
                flattened += _flattened_amounts(document, block)
            else:
                for position, grid in enumerate(read_grids(document, block, is_header_word)):
                    context = read_context(document, index, grid, first=position == 0)
                    _read_grid(document, whole, index, ordinal, grid, context, Setting(stage or context.stage, fiscal_year, context.adjusted))
        elif declared := _declared_without_grid(document, index):
            whole.declared.setdefault(declared, block.span)
    filled = {line.table_kind for line in whole.lines if line.value}
    return Recognised(
        budget_lines=tuple(whole.lines),
        quantities=tuple(whole.quantities),
        findings=(*whole.findings, *_flattened(flattened), *check_codes(whole.lines, fiscal_year)),
        declared_empty=frozenset(whole.declared.keys() - filled),
        explained=tuple(whole.explained),
    )


def _flattened_amounts(document: Document, table: Table) -> list[Span]:
    """Amounts of a table whose blank cells were lost: which column they stood in cannot be proven, so none is read. Forms of targets are read elsewhere."""
    texts = [(key(document.text(cell.span)), cell.span) for cell in table.cells]
    if any("指标" in text or "绩效" in text for text, _ in texts):
        return []
    return [span for text, span in texts if _MONEY.fullmatch(text)]


def _flattened(amounts: list[Span]) -> list[Finding]:
    if not amounts:
        return []
    return [
        Finding(
            "flattened_tables_unread",
            "undefined",
            f"正文中的表格丢失了空白单元格，{len(amounts)}个金额无法确定所在列，未读",
            f"tables in the text have lost their blank cells; the columns of {len(amounts)} amounts cannot be proven, they were not read",
            severity="look",
            span=amounts[0],
        )
    ]


def _read_grid(document: Document, whole: _Whole, index: int, ordinal: int, grid: Grid, context: Context, setting: Setting) -> None:
    _read_directory(document, grid, whole.declared)
    last = whole.last
    reading = None
    doubts: tuple[Finding, ...] = ()
    if last is not None and context.titled is None and grid.header and last.header == _heads(grid):
        kind: Kind | None = last.kind  # the same header again on the next page
        ordinal = last.ordinal
    else:
        kind, doubts = claim(grid, context)
    whole.findings += doubts
    if kind is None:
        if last is None or not _continues(document, last, index, grid):
            whole.findings += _unrecognised(document, grid, context)
            return
        kind, reading, grid, ordinal = last.kind, last.reading, _headless(grid), last.ordinal
    unit = context.unit or _head_unit(grid)
    if unit is None and last is not None and last.kind is kind and last.columns == grid.table.columns:
        unit = last.unit
    table = cells.Table(document, grid, kind, ordinal, unit)
    heads = _heads(grid) or (last.header if last else ())
    carried = last.carried if last is not None and last.kind is kind and last.header == heads else ()
    taken, reading, carried = _read(table, setting, reading, carried)
    whole.last = _Last(index, ordinal, kind, reading, heads, grid.table.columns, unit, carried)
    whole.lines += taken.lines
    whole.quantities += taken.quantities
    whole.explained += taken.explained + _surroundings(grid, context)
    whole.findings += [*taken.findings, *_unit_missing(table, taken), *_empty(context, kind, taken, whole.declared)]


def _read(table: cells.Table, setting: Setting, reading: Reading | None, carried: tuple[Carried, ...]) -> tuple[Taken, Reading | None, tuple[Carried, ...]]:
    if table.kind.irregular:
        return IRREGULAR[table.kind.id](table, setting), None, ()
    if reading is None:
        reading = read_columns(table.grid, table.kind, setting)
    if len(carried) != len(reading.blocks):
        carried = tuple(Carried() for _ in reading.blocks)
    taken = cells.read_cells(table, reading, setting, carried)
    taken.findings += _unknown_columns(table, reading.unknown)
    return taken, reading, carried


def _unknown_columns(table: cells.Table, columns: tuple[int, ...]) -> list[Finding]:
    if not columns:
        return []
    paths = [table.grid.paths[column] for column in columns]
    words = "; ".join(" > ".join(box.text for box in path) for path in paths)[:200]
    return [
        Finding(
            "unknown_column",
            "undefined",
            f"{table.kind.zh}有{len(columns)}列不认识，列中的数字未读：{words}",
            f"{len(columns)} columns of {table.kind.id} are not known, their numbers were not read: {words}",
            severity="look",
            table_kind=table.kind.id,
            span=paths[0][-1].span,
            raw=table.document.text(paths[0][-1].span),
        )
    ]


def _continues(document: Document, last: _Last, index: int, grid: Grid) -> bool:
    """The table before goes on here: as many columns, no header, no title between."""
    if last.columns != grid.table.columns or last.reading is None:
        return False
    for block in document.blocks[last.index + 1 : index]:
        text = document.text(block.span)
        if isinstance(block, Table) or len(key(text)) > _LONGEST_BETWEEN or bare_title(text):
            return False
    return not any(role_of((box,)) for row in grid.header for box in grid.own(row))


def _heads(grid: Grid) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(box.text for box in path) for path in grid.paths) if grid.header else ()


def _headless(grid: Grid) -> Grid:
    return replace(grid, header=(), numbering=(), body=tuple(sorted({*grid.header, *grid.body})))


def _head_unit(grid: Grid) -> str | None:
    stated = {match[1] for path in grid.paths for box in path if (match := re.search(r"[(:]((?:百|千|万|亿)?元)\)?$", box.text))}
    return stated.pop() if len(stated) == 1 else None


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
        if not any(one.value for one in taken.lines):
            declared.setdefault(kind.id, line.span)
            continue
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
    return findings


def _declared_without_grid(document: Document, index: int) -> str | None:
    """A title with a note under it that its table is empty, and no grid at all."""
    kinds = kinds_of_title(document.text(document.blocks[index].span))
    if len(kinds) != 1 or any(isinstance(block, Table) for block in document.blocks[index + 1 : index + 4]):
        return None
    return kinds[0] if any(declares_empty(line) for line in notes_after(document, index)) else None


def _read_directory(document: Document, grid: Grid, declared: dict[str, Span]) -> None:
    """报表目录 with a column 是否空表: the kinds marked 是 are declared empty."""
    head = next((box for row in range(len(grid.boxes)) for box in grid.own(row) if box.text == "是否空表"), None)
    if head is None:
        return
    for row in range(head.cell.row + 1, len(grid.boxes)):
        box = grid.boxes[row][head.cell.column]
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
    """A form with a unit line and amounts that no kind claims: said, never silently left out. Forms of targets are read elsewhere."""
    amounts = [box for row in grid.body for box in grid.own(row) if _MONEY.fullmatch(box.text)]
    title = context.titled.printed if context.titled else document.text(grid.table.span)[:40]
    targets = "绩效" in title or any("绩效" in box.text or "指标" in box.text for path in grid.paths for box in path)
    if context.unit is None or len(amounts) < 2 or targets:
        return []
    return [
        Finding(
            "unrecognised_table",
            "undefined",
            f"有一张表不属于已知的公开表，{len(amounts)}个金额未读：{key(title)[:60]}",
            f"a table of no known kind, {len(amounts)} amounts were not read: {key(title)[:60]}",
            severity="look",
            span=grid.table.span,
        )
    ]
