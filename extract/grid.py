"""Rows of spanning cells to a rectangle (合并单元格): where each own cell stands once rowspan and colspan are honoured."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST = 1000  # what browsers allow a colspan to be
MOST_POSITIONS = 1_000_000  # a hostile page may ask for more; its colspans are then ignored


class Place(NamedTuple):
    """Where one own cell stands, and what it covers."""

    row: int
    column: int
    rowspan: int
    colspan: int


class Grid(NamedTuple):
    """The rectangle, and the places of the own cells in the order they were written."""

    rows: int
    columns: int
    places: tuple[tuple[Place, ...], ...]  # one tuple per written row; an empty row keeps its empty tuple
    mended: bool = False  # spans that no page can mean were cut


def place(rows: Sequence[Sequence[tuple[int, int]]]) -> Grid:
    """Places for rows of (rowspan, colspan) pairs; rows and columns where no cell begins are closed up, rowspan 0 runs to the end.

    >>> place([[(2, 1), (1, 2)], [(1, 1), (1, 1)]]).places[1]
    (Place(row=1, column=1, rowspan=1, colspan=1), Place(row=1, column=2, rowspan=1, colspan=1))
    >>> place([[(1, 900)], [(1, 1), (1, 1)]])[:2]
    (2, 2)
    """
    mended = sum(min(across, WIDEST) for row in rows for _, across in row if across > 1) > MOST_POSITIONS
    widest = 1 if mended else WIDEST
    busy: list[int] = []  # per column: the first row in which it is free again
    rough: list[list[Place]] = []
    for index, row in enumerate(rows):
        column, placed = 0, []
        for down, across in row:
            while column < len(busy) and busy[column] > index:
                column += 1
            bottom = len(rows) if down <= 0 or index + down > len(rows) else index + down
            end = column + 1 if across <= 1 else _free_until(busy, index, column, column + min(across, widest))
            if end > len(busy):
                busy.extend([0] * (end - len(busy)))
            for covered in range(column, end):
                busy[covered] = bottom
            placed.append(Place(index, column, bottom - index, end - column))
            column = end
        rough.append(placed)
    return _closed_up(rough, mended)


def _free_until(busy: Sequence[int], row: int, column: int, end: int) -> int:
    return next((at for at in range(column, min(end, len(busy))) if busy[at] > row), end)


def _closed_up(rough: list[list[Place]], mended: bool) -> Grid:
    row_starts = [index for index, placed in enumerate(rough) if placed]
    column_starts = sorted({one.column for placed in rough for one in placed})
    if len(row_starts) == len(rough) and not mended and all(one.column + one.colspan <= len(column_starts) for placed in rough for one in placed):
        return Grid(len(rough), len(column_starts), tuple(tuple(placed) for placed in rough))
    places = []
    for placed in rough:
        line = []
        for one in placed:
            row, column = bisect_left(row_starts, one.row), bisect_left(column_starts, one.column)
            bottom, right = bisect_left(row_starts, one.row + one.rowspan), bisect_left(column_starts, one.column + one.colspan)
            line.append(Place(row, column, bottom - row, right - column))
        places.append(tuple(line))
    return Grid(len(row_starts), len(column_starts), tuple(places), mended)
