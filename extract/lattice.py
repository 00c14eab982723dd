"""Rules to grids: snap, merge and close the cells of ruled tables (框线表格), keeping row and column spans.

The steps are pdfplumber's (snap, join, intersect, close, group) so that the two can be compared cell by cell; here they run on whole
arrays. A cell is the smallest rectangle whose four sides are ruled all along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from extract.marks import Rules

    Floats = NDArray[np.float64]
    Ints = NDArray[np.intp]

SNAP = 3.0  # points: rules nearer to each other than this are one rule (double lines, the two edges of a thin box)
JOIN = 3.0  # points: a gap that a dash or a corner leaves
SHORTEST = 3.0  # points: what is left shorter than this after joining is no rule
SPECK = 1.0  # points: shorter pieces are not even joined
LINE = 8.0  # points: what is lower holds no text
MOST_RULES = 1500  # of one direction after joining; more is a drawing
MOST_BOXES = 400_000
MOST_ODD = 2_000  # corners whose nearest rules do not close a cell and that are searched further
MOST_TRIED = 4_000  # ends tried for each
FAR = 1e6  # further apart than any two places of a page


class Grid(NamedTuple):
    """One ruled table: column edges, row edges, and for each cell (row, column, rowspan, colspan)."""

    xs: Floats
    ys: Floats
    cells: tuple[tuple[int, int, int, int], ...]  # by row, then column
    owner: NDArray[np.intp]  # (rows, columns): index of the cell that covers a place, -1 where there is none
    open_top: frozenset[int] = frozenset()  # columns that the page break cut above: no rule closes them
    open_bottom: frozenset[int] = frozenset()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Outer edges: x0, y0, x1, y1."""
        return float(self.xs[0]), float(self.ys[0]), float(self.xs[-1]), float(self.ys[-1])

    def locate(self, points: Floats) -> Ints:
        """Index of the cell in which each point (x, y) lies, -1 for none."""
        column = np.searchsorted(self.xs, points[:, 0], "right") - 1
        row = np.searchsorted(self.ys, points[:, 1], "right") - 1
        inside = (column >= 0) & (row >= 0) & (column < len(self.xs) - 1) & (row < len(self.ys) - 1)
        found = np.full(len(points), -1, np.intp)
        found[inside] = self.owner[row[inside], column[inside]]
        return found

    def holds(self, cell: Ints, boxes: Floats, slack: float) -> NDArray[np.bool_]:
        """Whether each box lies in its cell, but for `slack` points."""
        row, column, rowspan, colspan = np.array(self.cells)[cell].T
        low = np.stack((self.xs[column], self.ys[row]), axis=1) - slack
        high = np.stack((self.xs[column + colspan], self.ys[row + rowspan]), axis=1) + slack
        fits: NDArray[np.bool_] = np.logical_and.reduce((boxes[:, :2] >= low) & (boxes[:, 2:] <= high), axis=1)
        return fits


def find_grids(rules: Rules) -> tuple[Grid, ...]:
    """The ruled tables of a page from top to bottom; a lone box is not a table.

    >>> rows = np.array([[10.0, 0.0, 60.0], [30.0, 0.0, 60.0], [50.0, 0.0, 60.0]])
    >>> columns = np.array([[0.0, 10.0, 50.0], [20.0, 30.0, 50.0], [60.0, 10.0, 50.0]])
    >>> from extract.marks import Rules
    >>> find_grids(Rules(rows, columns))[0].cells
    ((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1))
    """
    return grids_of(joined_rules(rules))


def joined_rules(rules: Rules) -> Rules:
    """Rules of both directions, snapped and joined."""
    return rules._replace(across=merged(rules.across), down=merged(rules.down))


def is_crowded(joined: Rules) -> bool:
    """Whether a page has more rules than any table: a drawing, which is not searched."""
    return max(len(joined.across), len(joined.down)) > MOST_RULES


def grids_of(joined: Rules) -> tuple[Grid, ...]:
    """`find_grids` of rules that are joined already."""
    across, down = joined
    if len(across) < 2 or is_crowded(joined):
        return ()
    across, down = _with_open_sides(across, down)
    if len(down) < 2:
        return ()
    cuts = _cuts(down, across)
    if len(cuts):
        across = merged(np.concatenate((across, cuts)))
    ys, xs = np.unique(across[:, 0]), np.unique(down[:, 0])
    if len(xs) < 2 or len(ys) < 2 or len(xs) * len(ys) > MOST_BOXES:
        return ()
    top = _walls(across, ys, xs)  # (ny, nx - 1): a rule along ys[i] between xs[j] and xs[j + 1]
    left = _walls(down, xs, ys).T  # (ny - 1, nx): a rule along xs[j] between ys[i] and ys[i + 1]
    found = _rectangles(top, left)
    grids = sorted(_grids(found, xs, ys), key=lambda grid: (grid.ys[0], grid.xs[0]))
    return tuple(_opened(grid, cuts) for grid in grids) if len(cuts) else tuple(grids)


def merged(rules: Floats) -> Floats:
    """Rules of one direction (place, start, end), snapped to common places and joined over small gaps, by place and start."""
    rules = rules[rules[:, 2] - rules[:, 1] >= SPECK]
    if not len(rules):
        return rules
    order = np.argsort(rules[:, 0], kind="stable")
    places = rules[order, 0]
    label = np.concatenate(((0,), np.cumsum(np.diff(places) > SNAP)))
    snapped = np.bincount(label, places) / np.bincount(label)
    starts, ends = rules[order, 1], rules[order, 2]
    by_start = np.lexsort((starts, label))
    label, starts, ends = label[by_start], starts[by_start], ends[by_start]
    reach = np.maximum.accumulate(ends + label * FAR)
    fresh = np.concatenate(((True,), starts[1:] + label[1:] * FAR > reach[:-1] + JOIN))
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(starts)) - 1
    whole: Floats = np.stack((snapped[label[first]], starts[first], reach[last] - label[last] * FAR), axis=1)
    return whole[whole[:, 2] - whole[:, 1] >= SHORTEST]


def _walls(rules: Floats, places: Floats, marks: Floats) -> NDArray[np.bool_]:
    """Which steps between neighbouring `marks` each place's rules cover."""
    covered: NDArray[np.bool_] = np.zeros((len(places), max(len(marks) - 1, 0)), bool)
    row = np.searchsorted(places, rules[:, 0])
    first = np.searchsorted(marks, rules[:, 1] - SNAP, "left")
    last = np.searchsorted(marks, rules[:, 2] + SNAP, "right") - 1
    for index in np.flatnonzero(last > first):
        covered[row[index], first[index] : last[index]] = True
    return covered


def _next_wall(walls: NDArray[np.bool_]) -> Ints:
    """For each place of the last axis the index of the next wall after it, or the length where none comes."""
    length = walls.shape[1]
    index = np.where(walls, np.arange(length), length)
    following = np.minimum.accumulate(index[:, ::-1], axis=1)[:, ::-1]
    return np.concatenate((following[:, 1:], np.full((len(walls), 1), length)), axis=1)


def _rectangles(top: NDArray[np.bool_], left: NDArray[np.bool_]) -> Ints:
    """Closed cells as rows of (row, column, row end, column end) in steps of the whole page."""
    rows, columns = top.shape[0] - 1, left.shape[1] - 1
    along = np.concatenate((np.zeros((rows + 1, 1), np.intp), np.cumsum(top, axis=1)), axis=1)
    upright = np.concatenate((np.zeros((1, columns + 1), np.intp), np.cumsum(left, axis=0)), axis=0)
    corners = np.argwhere(top[:rows] & left[:, :columns])
    if not len(corners):
        return np.zeros((0, 4), np.intp)
    below = _next_wall(top.T).T[:rows]  # next rule under the top of each step
    right = _next_wall(left)[:, :columns]
    row, column = corners[:, 0], corners[:, 1]
    row_end, column_end = below[row, column], right[row, column]
    ended = (row_end <= rows) & (column_end <= columns)
    row_end_, column_end_ = np.where(ended, row_end, row), np.where(ended, column_end, column)

    def closed(row: Ints, column: Ints, row_end: Ints, column_end: Ints) -> NDArray[np.bool_]:
        wide, tall = column_end - column, row_end - row
        good: NDArray[np.bool_] = (
            (along[row, column_end] - along[row, column] == wide)
            & (along[row_end, column_end] - along[row_end, column] == wide)
            & (upright[row_end, column] - upright[row, column] == tall)
            & (upright[row_end, column_end] - upright[row, column_end] == tall)
        )
        return good

    good = ended & closed(row, column, row_end_, column_end_)
    found = [np.stack((row, column, row_end, column_end), axis=1)[good]]
    for index in np.flatnonzero(ended & ~good)[:MOST_ODD]:
        i, j = int(row[index]), int(column[index])
        tall = _run(left[i:, j])
        wide = _run(top[i, j:])
        row_ends, column_ends = (part.ravel() for part in np.meshgrid(np.arange(i + 1, i + tall + 1), np.arange(j + 1, j + wide + 1), indexing="ij"))
        if len(row_ends) > MOST_TRIED:
            continue
        fits = np.flatnonzero(closed(np.full_like(row_ends, i), np.full_like(row_ends, j), row_ends, column_ends))
        if len(fits):
            found.append(np.array([[i, j, row_ends[fits[0]], column_ends[fits[0]]]]))
    return np.concatenate(found)


def _run(walls: NDArray[np.bool_]) -> int:
    """How many of the first steps are walls."""
    gaps = np.flatnonzero(~walls)
    return int(gaps[0]) if len(gaps) else len(walls)


def _grids(found: Ints, xs: Floats, ys: Floats) -> list[Grid]:
    """Cells that share a corner make one table; a lone cell makes none."""
    if not len(found):
        return []
    width = len(xs)
    corners = found[:, (0, 0, 2, 2)] * width + found[:, (1, 3, 1, 3)]
    places = np.unique(corners, return_inverse=True)[1].ravel()
    order = np.argsort(places, kind="stable")
    first = np.flatnonzero(np.concatenate(((True,), np.diff(places[order]) != 0)))
    table = np.arange(len(found))
    while True:
        lowest = np.minimum.reduceat(np.repeat(table, 4)[order], first)  # of the cells round each corner
        joined = lowest[places].reshape(-1, 4).min(axis=1)
        joined = joined[joined]
        if (joined == table).all():
            break
        table = joined
    grids = [_grid(found[table == one], xs, ys) for one in np.flatnonzero(np.bincount(table) > 1)]
    return [grid for grid in grids if grid.ys[-1] - grid.ys[0] >= LINE]


def _grid(steps: Ints, xs: Floats, ys: Floats) -> Grid:
    """One table from its cells: only the edges its own cells use count as rows and columns."""
    row_marks = np.unique(steps[:, (0, 2)])
    column_marks = np.unique(steps[:, (1, 3)])
    rows, row_ends = np.searchsorted(row_marks, steps[:, 0]), np.searchsorted(row_marks, steps[:, 2])
    columns, column_ends = np.searchsorted(column_marks, steps[:, 1]), np.searchsorted(column_marks, steps[:, 3])
    order = np.lexsort((columns, rows))
    owner = np.full((len(row_marks) - 1, len(column_marks) - 1), -1, np.intp)
    for index in order[::-1].tolist():  # a cell that lies inside another is written last and keeps its place
        owner[rows[index] : row_ends[index], columns[index] : column_ends[index]] = index
    place = {int(index): position for position, index in enumerate(order.tolist())}
    owner = np.array([place.get(int(index), -1) for index in owner.ravel().tolist()], np.intp).reshape(owner.shape)
    rowspans, colspans = row_ends - rows, column_ends - columns
    cells = [(int(rows[index]), int(columns[index]), int(rowspans[index]), int(colspans[index])) for index in order.tolist()]
    return Grid(xs[column_marks], ys[row_marks], tuple(cells), owner)


def _with_open_sides(across: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Rules with the outer borders that a table leaves out: where rules of equal reach are crossed inside but end without a border."""
    sides = _open_sides(across, down)
    caps = _open_sides(down, across)
    if len(sides):
        down = merged(np.concatenate((down, sides)))
    if len(caps):
        across = merged(np.concatenate((across, caps)))
    return across, down


def _open_sides(rules: Floats, crossing: Floats) -> Floats:
    """Borders missing at the common ends of `rules` (place, start, end): two neighbours of equal reach with a rule across between them."""
    if len(rules) < 2 or not len(crossing):
        return np.zeros((0, 3))
    ends = np.sort(crossing[:, 0])
    nearest = np.clip(np.searchsorted(ends, rules[:, 1:]), 1, len(ends) - 1)
    away = np.minimum(np.abs(ends[nearest] - rules[:, 1:]), np.abs(ends[nearest - 1] - rules[:, 1:]))
    if (away <= 2 * SNAP).all():
        return np.zeros((0, 3))
    added: list[tuple[float, float, float]] = []
    order = np.lexsort((rules[:, 0], np.rint(rules[:, 2] / (2 * SNAP)), np.rint(rules[:, 1] / (2 * SNAP))))
    for upper, lower in zip(rules[order[:-1]], rules[order[1:]], strict=True):
        if abs(upper[1] - lower[1]) > SNAP or abs(upper[2] - lower[2]) > SNAP or lower[0] <= upper[0]:
            continue
        start, end = max(upper[1], lower[1]), min(upper[2], lower[2])
        spans = (crossing[:, 1] <= upper[0] + SNAP) & (crossing[:, 2] >= lower[0] - SNAP)
        inside = spans & (crossing[:, 0] > start + 2 * SNAP) & (crossing[:, 0] < end - 2 * SNAP)
        if not inside.any():
            continue
        bare = [side for side in (start, end) if not (np.abs(crossing[:, 0] - side) <= 2 * SNAP).any()]
        added.extend((side, float(upper[0]), float(lower[0])) for side in bare)
    return np.array(added).reshape(-1, 3)


def _cuts(down: Floats, across: Floats) -> Floats:
    """Rules to close columns that a page break cuts open: several columns begin (or end) at one height, but only some have a rule there."""
    ys, xs = np.unique(across[:, 0]), np.unique(down[:, 0])
    if len(ys) * len(xs) > MOST_BOXES:
        return np.zeros((0, 3))
    along: Ints = np.concatenate((np.zeros((len(ys), 1), np.intp), np.cumsum(_walls(across, ys, xs), axis=1)), axis=1)
    down = down[down[:, 2] - down[:, 1] >= LINE]
    columns = np.searchsorted(xs, down[:, 0])
    added: list[tuple[float, float, float]] = []
    for end in (1, 2):
        after = np.clip(np.searchsorted(ys, down[:, end]), 1, max(len(ys) - 1, 1))
        level = np.where(np.abs(ys[after - 1] - down[:, end]) <= np.abs(ys[np.minimum(after, len(ys) - 1)] - down[:, end]), after - 1, np.minimum(after, len(ys) - 1))
        near = np.flatnonzero(np.abs(ys[level] - down[:, end]) <= 2 * SNAP)
        order = near[np.lexsort((columns[near], level[near]))]
        left, right, height = columns[order[:-1]], columns[order[1:]], level[order[:-1]]
        pair = (level[order[1:]] == height) & (right > left)
        ruled: NDArray[np.bool_] = (along[height, right] - along[height, left]) == (right - left)
        some = np.zeros(len(ys), bool)
        some[height[pair & ruled]] = True
        for index in np.flatnonzero(pair & ~ruled & some[height]):
            y, x0, x1 = float(ys[height[index]]), float(xs[left[index]]), float(xs[right[index]])
            between = (down[:, 0] >= x0 - SNAP) & (down[:, 0] <= x1 + SNAP)
            if not (between & (down[:, 1] < y - 2 * SNAP) & (down[:, 2] > y + 2 * SNAP)).any():  # nothing runs on past the edge
                added.append((y, x0, x1))
    return np.array(added).reshape(-1, 3)


def _opened(grid: Grid, cuts: Floats) -> Grid:
    """The grid with the columns that were closed only by us."""

    def columns(height: float) -> frozenset[int]:
        level = cuts[np.abs(cuts[:, 0] - height) <= SNAP]
        middles = (grid.xs[:-1] + grid.xs[1:]) / 2
        return frozenset(np.flatnonzero([((level[:, 1] < x) & (x < level[:, 2])).any() for x in middles]).tolist())

    return grid._replace(open_top=columns(float(grid.ys[0])), open_bottom=columns(float(grid.ys[-1])))
