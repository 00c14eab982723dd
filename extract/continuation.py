"""Tables that go on over the next page (跨页续表): same column edges and nothing printed in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.composition import PlacedCell, PlacedTable

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME_EDGE = 2.0  # points; real continuations agree to 0.1


def joined(tables: Sequence[PlacedTable]) -> PlacedTable:
    """One table from the parts it has on following pages; a repeated header is left out of the later ones."""
    if len(tables) == 1:
        return tables[0]
    xs = _all_edges(tables)
    cells: list[PlacedCell] = []
    row = 0
    head = _rows(tables[0])
    for index, table in enumerate(tables):
        places = [_place(xs, x) for x in table.xs]
        skip = _repeated(head, _rows(table)) if index else 0
        for cell in table.cells:
            if cell.row < skip:
                continue
            column, end = places[cell.column], places[cell.column + cell.colspan]
            cells.append(PlacedCell(cell.row - skip + row, column, cell.rowspan, end - column, cell.runs))
        row += table.rows - skip
    return PlacedTable(tuple(sorted({page for table in tables for page in table.pages})), xs, row, tuple(cells))


def continues(before: PlacedTable, after: PlacedTable) -> bool:
    """Whether `after`, first on the next page, has the column edges of `before`, last on its page, and brings no title row of its own."""
    if after.pages[0] != before.pages[-1] + 1:
        return False
    few, many = sorted((before.xs, after.xs), key=len)
    if abs(few[0] - many[0]) > SAME_EDGE or abs(few[-1] - many[-1]) > SAME_EDGE or len(few) < 3:
        return False
    if not all(min(abs(x - other) for other in many) <= SAME_EDGE for x in few):
        return False
    return not _has_own_title(before, after)


def _has_own_title(before: PlacedTable, after: PlacedTable) -> bool:
    """Whether the first row is one cell over the whole width with a text that the earlier part does not open with."""
    first = after.cells[0]
    if first.colspan < after.columns or not first.text.strip():
        return False
    return before.cells[0].text.strip() != first.text.strip() and before.cells[0].colspan == before.columns


def _all_edges(tables: Sequence[PlacedTable]) -> tuple[float, ...]:
    return max((table.xs for table in tables), key=len)


def _place(xs: Sequence[float], x: float) -> int:
    return min(range(len(xs)), key=lambda index: abs(xs[index] - x))


def _rows(table: PlacedTable) -> list[tuple[str, ...]]:
    rows: list[list[str]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append("".join(cell.text.split()))
    return [tuple(row) for row in rows]


def _repeated(head: Sequence[tuple[str, ...]], rows: Sequence[tuple[str, ...]]) -> int:
    """How many of the first rows are the head printed again; a head that says nothing is none."""
    count = 0
    for expected, row in zip(head, rows, strict=False):
        if expected != row:
            break
        count += 1
    return count if any(text for row in rows[:count] for text in row) else 0
