"""From the marks of pages to one text (分页文件): cells filled, lines and tables in order, joined over page breaks.

Shared by every format that prints on pages: PDF, and web pages converted from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from extract.composition import NOWHERE, Composition, PlacedCell, PlacedParagraph, PlacedTable, Run, compose
from extract.continuation import continues, joined, same_frame, same_head
from extract.joining import Margins, TextLine, cell_joint
from extract.lattice import Grid, grids_of, is_crowded, joined_rules
from extract.lines import arrange
from extract.open_tables import find_open_tables
from extract.prose import PageLines, find_furniture, paragraphs, text_margins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from extract.marks import Glyphs, Rules

EDGE = 2.0  # points inside a clip window
OVERHANG = 8.0  # points: less than a line
WINDOW_SLACK = 4.0  # points that the clip window of a cell may reach over its rules


class Leaf(NamedTuple):
    """One page read: its lines outside tables from top to bottom, and its tables with their upper edges."""

    number: int
    width: float
    height: float
    lines: tuple[TextLine, ...]
    tables: tuple[tuple[float, PlacedTable], ...]
    covered: int = 0  # clipped characters that were left out
    crowded: bool = False  # more rules than any table has: none was looked for


class Bound(NamedTuple):
    """Pages as one text, and how many lines of page numbers and running heads are not in it."""

    composition: Composition
    furniture: int


def bind(leaves: Sequence[Leaf]) -> Bound:
    """All pages as one text: page numbers and running heads out, paragraphs and tables joined over page breaks."""
    written = [PageLines(leaf.number, leaf.width, leaf.height, leaf.lines) for leaf in leaves]
    furniture = find_furniture(written)
    return Bound(compose(_flow(leaves, furniture, text_margins(written))), len(furniture))


def read_leaf(glyphs: Glyphs, rules: Rules, number: int, size: tuple[float, float]) -> Leaf:
    """One page from its characters and rules in reading position; `size` is its width and height in points."""
    joined = joined_rules(rules)
    ruled = grids_of(joined)
    grids = (*ruled, *find_open_tables(joined, glyphs, ruled, size[0]))
    kept, regions = _in_cells(glyphs, grids)
    arranged = arrange(kept, regions)
    by_region: list[list[TextLine]] = [[] for _ in range(1 + sum(len(grid.cells) for grid in grids))]
    for line in arranged.lines:
        by_region[line.region].append(
            TextLine(number, arranged.read(line), arranged.boxes[line.start : line.end], line.x0, line.top, line.x1, line.bottom, line.size)
        )
    tables: list[tuple[float, PlacedTable]] = []
    first = 0
    for grid in grids:
        tables.append((float(grid.ys[0]), _placed(grid, by_region[first : first + len(grid.cells)], number)))
        first += len(grid.cells)
    return Leaf(number, *size, tuple(by_region[-1]), tuple(tables), len(glyphs.codes) - len(kept.codes), is_crowded(joined))


def _in_cells(glyphs: Glyphs, grids: Sequence[Grid]) -> tuple[Glyphs, NDArray[np.intp]]:
    """Characters with the running number of their cell, -1 outside tables.

    Clipped text stays where its window is a cell: spreadsheets cut off what a low row has no room for. The rest is left out: what a
    window as large as the page hides is printed on another page.
    """
    cut: NDArray[np.bool_] = np.logical_or.reduce(glyphs.windows != 0, axis=1)
    points = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    if cut.any():
        points[cut] = np.clip(points[cut], glyphs.windows[cut, :2] + EDGE, glyphs.windows[cut, 2:] - EDGE)
    regions = np.full(len(points), -1, np.intp)
    first = 0
    for grid in grids:
        found = grid.locate(_held_back(points, grid) if grid.open_bottom or grid.open_top else points)
        here = np.flatnonzero((regions < 0) & (found >= 0))
        hidden = glyphs.hidden[here]
        if hidden.any():
            fits = np.ones(len(here), bool)
            fits[hidden] = grid.holds(found[here[hidden]], glyphs.windows[here[hidden]], WINDOW_SLACK)
            here = here[fits]
        regions[here] = found[here] + first
        first += len(grid.cells)
    kept: NDArray[np.bool_] = ~glyphs.hidden | (regions >= 0)
    return (glyphs, regions) if kept.all() else (glyphs.take(kept), regions[kept])


def _held_back(points: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Points with those a little over an edge that a page break made drawn back into the table: the break cuts through the last line."""
    _, y0, _, y1 = grid.box
    column = np.searchsorted(grid.xs, points[:, 0], "right") - 1
    y = points[:, 1]
    held = points.copy()
    held[np.isin(column, list(grid.open_top)) & (y > y0 - OVERHANG) & (y <= y0), 1] = y0 + 0.1
    held[np.isin(column, list(grid.open_bottom)) & (y >= y1) & (y < y1 + OVERHANG), 1] = y1 - 0.1
    return held


def _placed(grid: Grid, contents: Sequence[Sequence[TextLine]], number: int) -> PlacedTable:
    xs = tuple(grid.xs.tolist())
    cells: list[PlacedCell] = []
    for (row, column, rowspan, colspan), lines in zip(grid.cells, contents, strict=True):
        runs: list[Run] = []
        for index, line in enumerate(lines):
            if index and (joint := cell_joint(lines[index - 1], line, xs[column + colspan] - xs[column])):
                runs.append(Run(0, joint, NOWHERE[:1]))
            runs.append(Run(number, line.text, line.boxes))
        cells.append(PlacedCell(row, column, rowspan, colspan, tuple(runs)))
    return PlacedTable((number,), xs, len(grid.ys) - 1, tuple(cells), grid.open_top, grid.open_bottom)


def _flow(leaves: Sequence[Leaf], furniture: frozenset[tuple[int, int]], margins: dict[int, Margins]) -> Iterator[PlacedParagraph | PlacedTable]:
    """Paragraphs and tables of all pages in reading order, joined over page breaks."""
    widths = {leaf.number: leaf.width for leaf in leaves}
    parts: list[PlacedTable] = []  # of the table being read
    lead: list[str] = []  # lines over its first part, on the same page
    lines: list[TextLine] = []  # read since
    for leaf in leaves:
        here: list[tuple[float, TextLine | PlacedTable]] = [*leaf.tables]
        here.extend((line.top, line) for index, line in enumerate(leaf.lines) if (leaf.number, index) not in furniture)
        here.sort(key=lambda piece: piece[0])
        for _, piece in here:
            if isinstance(piece, TextLine):
                lines.append(piece)
                continue
            over = ["".join(line.text.split()) for line in lines if line.page == leaf.number]
            titled = not lines or (bool(parts) and len(over) == len(lines) and lead[-len(over) :] == over and same_head(parts[0], piece))
            if parts and titled and continues(parts[-1], piece) and not same_frame(parts[0], piece):
                parts.append(piece)  # what stands over it again is the title that the first part has
            else:
                if parts:
                    yield joined(parts)
                yield from paragraphs(lines, margins, widths)
                parts, lead = [piece], over
            lines = []
    if parts:
        yield joined(parts)
    yield from paragraphs(lines, margins, widths)
