"""Tables that go on over the next page (跨页续表): same column edges and nothing printed in between."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extract.composition import PlacedCell, PlacedTable
from extract.headings import heading_of
from extract.joining import CELL_PADDING, CLOSING, first_word

if TYPE_CHECKING:
    from collections.abc import Sequence

NUMBER = re.compile(r"[-—–－+]?[\d,，.%％]+")
AMOUNT = re.compile(r"[-—–－+]?\d[\d,]*[.,]\d+[%％]?")
MOST_HEAD_ROWS = 12
FRAME_LABELS = 3  # of the rows below what is repeated, all different
SAME_EDGE = 2.0  # points; real continuations agree to 0.1


def joined(tables: Sequence[PlacedTable]) -> PlacedTable:
    """One table from the parts it has on following pages.

    A repeated header is left out of the later parts; a cell or row that the page break cut becomes one again.
    """
    if len(tables) == 1:
        return tables[0]
    xs = max((table.xs for table in tables), key=len)
    cells: list[PlacedCell] = []
    rows = 0
    head = _texts(tables[0])
    last: list[int] = []  # places of the cells that the part above ends with
    for index, table in enumerate(tables):
        places = [_nearest(xs, x) for x in table.xs]
        skip = _repeated(head, _texts(table)) if index else 0
        cut: frozenset[int] = frozenset()  # columns of this part whose first cell is the rest of the last one above
        if index and skip < table.rows:
            if _is_split_row(tables[index - 1], table, skip):
                cut = frozenset(range(table.columns))
                rows -= 1
            elif skip == 0:
                cut = table.open_top & tables[index - 1].open_bottom if _same_columns(tables[index - 1], table) else frozenset()
        above = {cells[place].column: place for place in last if cells[place].row + cells[place].rowspan >= rows} if cut else {}
        last = []
        for cell in table.cells:
            if cell.row < skip:
                continue
            column, end = places[cell.column], places[cell.column + cell.colspan]
            row = cell.row - skip + rows
            if cell.row == skip and cell.column in cut and column in above and cells[above[column]].colspan == end - column:
                upper = cells[above[column]]
                runs = upper.runs[:-1] if upper.runs and cell.runs and cell.runs[0].text.startswith(upper.runs[-1].text) else upper.runs
                cells[above[column]] = upper._replace(rowspan=row + cell.rowspan - upper.row, runs=(*runs, *cell.runs))
                last.append(above[column])
            else:
                last.append(len(cells))
                cells.append(PlacedCell(row, column, cell.rowspan, end - column, cell.runs))
        rows += table.rows - skip
    return PlacedTable(tuple(sorted({page for table in tables for page in table.pages})), xs, rows, tuple(cells))


def _nearest(xs: Sequence[float], x: float) -> int:
    return min(range(len(xs)), key=lambda column: abs(xs[column] - x))


def _is_split_row(before: PlacedTable, after: PlacedTable, first: int) -> bool:
    """Whether row `first` of `after` is the rest of the last row of `before`, parted by the page break.

    Its texts stand only where the row above has text too, it lacks others that the row above has (code, name, amount), and each
    text goes on where the one above was cut: at a full line, or in the middle of a sentence.
    """
    if not _same_columns(before, after):
        return False
    above = {cell.column: cell for cell in before.cells if cell.row + cell.rowspan == before.rows and cell.text.strip()}
    here = {cell.column: cell for cell in after.cells if cell.row == first and cell.text.strip()}
    if not here or not here.keys() < above.keys() or min(here) == 0:
        return False
    return all(_flows(above[column], cell, before.xs[column + above[column].colspan] - before.xs[column]) for column, cell in here.items())


def _same_columns(before: PlacedTable, after: PlacedTable) -> bool:
    return len(before.xs) == len(after.xs) and all(abs(x - y) <= SAME_EDGE for x, y in zip(before.xs, after.xs, strict=True))


def _flows(above: PlacedCell, here: PlacedCell, width: float) -> bool:
    last, text = above.runs[-1], here.text
    if NUMBER.fullmatch(text.strip()) or above.text[-1] in CLOSING or heading_of(text) is not None:
        return False
    line = here.runs[0]
    em = float(line.boxes[0, 3] - line.boxes[0, 1])
    room = width - float(last.boxes[:, 2].max() - last.boxes[last.boxes.any(axis=1), 0].min())
    return room < first_word(line.text, line.boxes) + CELL_PADDING * em


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


def _texts(table: PlacedTable) -> list[tuple[str, ...]]:
    """What the first rows say, without blanks: more rows than any head has."""
    rows: list[list[str]] = [[] for _ in range(min(table.rows, MOST_HEAD_ROWS))]
    for cell in table.cells:
        if cell.row >= MOST_HEAD_ROWS:
            break
        rows[cell.row].append("".join(cell.text.split()))
    return [tuple(row) for row in rows]


def same_head(first: PlacedTable, after: PlacedTable) -> bool:
    """Whether `after` opens with the row that the table opens with."""
    return _repeated(_texts(first), _texts(after)) > 0


def same_frame(first: PlacedTable, after: PlacedTable) -> bool:
    """Whether `after` is printed on the form of `first`: below what both open with, all rows of both begin alike, with several labels.

    A table that goes on repeats its head and then says something new; a form filled in again repeats the labels of its rows.
    """
    head, rows = _texts(first), _texts(after)
    begun = _repeated(head, rows)
    below = [(expected[:1], row[:1]) for expected, row in zip(head[begun:], rows[begun:], strict=False)] if begun else []
    return all(expected == row for expected, row in below) and len({row for _, row in below if any(row)}) >= FRAME_LABELS


def _repeated(head: Sequence[tuple[str, ...]], rows: Sequence[tuple[str, ...]]) -> int:
    """How many of the first rows are the head printed again, with the total where it is part of it; a head that says nothing is none.

    A part that repeats the table from its first row to its own last is not all head: it counts up to the first amount.
    """
    count = 0
    for expected, row in zip(head, rows, strict=False):
        if expected != row:
            break
        count += 1
    if count == len(rows):  # all of the part, or of the rows looked at
        amounts = [index for index, row in enumerate(rows) if any(AMOUNT.fullmatch(text) for text in row)]
        count = amounts[0] if amounts else count
    return count if any(text for row in rows[:count] for text in row) else 0
