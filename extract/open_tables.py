"""Tables ruled across only (三线表): rows from the lines of text, columns from the gaps that all of them leave."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from extract.lattice import Grid
from extract.lines import arrange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from extract.lines import Arrangement, Line
    from extract.marks import Glyphs, Rules

    Floats = NDArray[np.float64]

FEWEST_RULES = 3  # head, foot and the one under the column heads
SAME_REACH = 4.0  # points
NARROWEST = 0.25  # of the page width
GUTTER = 0.6  # em: what parts the texts of neighbouring columns
FILLED = 0.5  # of the rows must have text in two columns or more
WRAPPED = 0.75  # of the usual pitch: a line that follows closer belongs to the row above


def find_open_tables(joined: Rules, glyphs: Glyphs, taken: Sequence[Grid], width: float) -> list[Grid]:
    """Grids of tables with rules across but none down, outside the tables already `taken`; `width` is that of the page."""
    across = joined.across[joined.across[:, 2] - joined.across[:, 1] >= NARROWEST * width]
    for grid in taken:
        across = across[(across[:, 0] < grid.ys[0] - SAME_REACH) | (across[:, 0] > grid.ys[-1] + SAME_REACH)]
    if len(across) < FEWEST_RULES:
        return []
    tables = (_grid(group, glyphs) for group in _stacks(across, joined.down, taken))
    return [table for table in tables if table is not None]


def _stacks(across: Floats, down: Floats, taken: Sequence[Grid]) -> Iterator[Floats]:
    """Three or more rules of the same reach under each other, with no rule down and no table among them."""
    order = np.lexsort((across[:, 0], np.rint(across[:, 2] / SAME_REACH / 2), np.rint(across[:, 1] / SAME_REACH / 2)))
    across = across[order]
    same = (np.abs(np.diff(across[:, 1:], axis=0)) <= SAME_REACH).all(axis=1) & (np.diff(across[:, 0]) > 0)
    for group in np.split(across, np.flatnonzero(~same) + 1):
        if len(group) < FEWEST_RULES:
            continue
        x0, x1, y0, y1 = group[0, 1], group[0, 2], group[0, 0], group[-1, 0]
        crossed = (down[:, 0] > x0 - SAME_REACH) & (down[:, 0] < x1 + SAME_REACH) & (down[:, 1] < y1) & (down[:, 2] > y0)
        if not crossed.any() and not any(grid.box[1] < y1 and grid.box[3] > y0 for grid in taken):
            yield group


def _grid(rules: Floats, glyphs: Glyphs) -> Grid | None:
    x0, x1, y0, y1 = float(rules[0, 1]), float(rules[0, 2]), float(rules[0, 0]), float(rules[-1, 0])
    middle = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    inside = (middle[:, 0] > x0 - SAME_REACH) & (middle[:, 0] < x1 + SAME_REACH) & (middle[:, 1] > y0) & (middle[:, 1] < y1) & (glyphs.angles == 0)
    if not inside.any():
        return None
    arranged = arrange(glyphs.take(inside), np.zeros(int(inside.sum()), np.intp))
    rows = [(line, _texts(arranged, line)) for line in arranged.lines]
    body = [texts for line, texts in rows if line.top > rules[1, 0] - 0.5 * line.size]
    head = [texts for line, texts in rows if line.top <= rules[1, 0] - 0.5 * line.size]
    size = float(np.median([line.size for line, _ in rows]))
    printed = [text for texts in body for text in texts]
    bare = _columns(printed, x0, x1, size)
    crowded = [text for texts in head if _crowded(texts, bare) for text in texts]
    leaves = [text for text in crowded if sum(text[0] < right and text[1] > left for left, right in pairwise(bare)) == 1 or not _meets(text, printed)]
    xs = _columns([*printed, *leaves], x0, x1, size)  # a column whose cells are all blank has only its head to tell of it
    if any(_crowded(texts, xs) for texts in head):
        return None  # two heads over one column: whose the amounts are cannot be told
    several = sum(len(texts) > 1 for texts in body)
    if len(xs) < 3 or len(body) < 2 or several < FILLED * len(body):
        return None
    groups = _rows([line for line, _ in rows], rules)
    ys = [y0, *(_between(rows[before[-1]][0], rows[after[0]][0], rules) for before, after in pairwise(groups)), y1]
    owner = np.full((len(groups), len(xs) - 1), -1, np.intp)
    cells: list[tuple[int, int, int, int]] = []
    for row, group in enumerate(groups):
        column = 0
        spans = _spans([text for index in group for text in rows[index][1]], xs)
        while column < len(xs) - 1:
            end = spans.get(column, column + 1)
            owner[row, column:end] = len(cells)
            cells.append((row, column, 1, end - column))
            column = end
    return Grid(np.array(xs), np.array(ys), tuple(cells), owner)


def _texts(arranged: Arrangement, line: Line) -> list[tuple[float, float]]:
    """Stretches of a line that stand apart: start and end of each."""
    boxes = arranged.boxes[line.start : line.end]
    boxes = boxes[boxes.any(axis=1)]
    parted = np.flatnonzero(boxes[1:, 0] - boxes[:-1, 2] > GUTTER * line.size)
    starts = np.concatenate(((0,), parted + 1))
    ends = np.append(parted, len(boxes) - 1)
    return list(zip(boxes[starts, 0].tolist(), boxes[ends, 2].tolist(), strict=True))


def _columns(texts: Sequence[tuple[float, float]], x0: float, x1: float, size: float) -> list[float]:
    """Edges of columns: the middles of the gaps that no text crosses."""
    edges = [x0]
    reach = x0
    for start, end in sorted(texts):
        if reach > x0 and start - reach > GUTTER * size:
            edges.append((reach + start) / 2)
        reach = max(reach, end)
    return [*edges, x1]


def _meets(text: tuple[float, float], printed: Sequence[tuple[float, float]]) -> bool:
    return any(text[0] < end and text[1] > start for start, end in printed)


def _crowded(texts: Sequence[tuple[float, float]], xs: Sequence[float]) -> bool:
    """Whether two texts of one line begin in the same column."""
    columns = [max(index for index in range(len(xs) - 1) if xs[index] <= start or index == 0) for start, _ in texts]
    return len(set(columns)) < len(columns)


def _rows(lines: Sequence[Line], rules: Floats) -> list[list[int]]:
    """Lines of each row; one that follows much closer than usual goes on with the row above."""
    pitches = sorted(after.bottom - before.bottom for before, after in pairwise(lines))
    usual = pitches[len(pitches) // 2] if pitches else 0.0
    groups: list[list[int]] = []
    for index, line in enumerate(lines):
        before = lines[index - 1]
        ruled = index > 0 and ((rules[:, 0] > before.bottom - 0.3 * line.size) & (rules[:, 0] < line.bottom - 0.5 * line.size)).any()
        if index and not ruled and line.bottom - before.bottom < WRAPPED * usual:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _between(before: Line, after: Line, rules: Floats) -> float:
    """Where one row ends and the next begins: at the rule between them, or half way."""
    half = (before.bottom + after.top) / 2
    near = rules[(rules[:, 0] > before.bottom - 0.3 * before.size) & (rules[:, 0] < after.top + 0.3 * after.size), 0]
    return float(near[0]) if len(near) else half


def _spans(texts: Sequence[tuple[float, float]], xs: Sequence[float]) -> dict[int, int]:
    """First column -> end of the columns that one text covers; what stands left of them all is in the first.

    >>> _spans([(12.0, 27.0), (-9.0, -4.0)], [0.0, 10.0, 20.0, 30.0])
    {1: 3, 0: 1}
    """
    spans: dict[int, int] = {}
    for start, end in texts:
        first = max(index for index in range(len(xs) - 1) if xs[index] <= start or index == 0)
        last = max((index for index in range(len(xs) - 1) if xs[index] < end), default=first)
        spans[first] = max(spans.get(first, first + 1), last + 1)
    return spans
