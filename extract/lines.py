"""Characters to lines (字符成行): by how far they overlap upright, relative to their own height, never by a fixed distance.

Digits set in another face often sit a few points above the Chinese baseline; they still overlap their line by far more than half.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from extract.marks import Glyphs

    Floats = NDArray[np.float64]

SAME_LINE = 0.5  # of the lower of two characters must overlap
SAME_BASELINE = 0.22  # of the taller: closer baselines are one line whatever the boxes say (thin boxes of 一 and ，)
TIED = 0.7  # of the lowest character: baselines further apart may be two lines that a tall or raised character ties together
WIDE_GAP = 0.6  # em: parts of a line that stand apart
PRINTED_GAP = 0.12  # em: a gap where the file itself draws a blank
LATIN_GAP = 0.17  # em between letters or digits: a word space
LETTERSPACED = 0.45  # em: up to here, what most characters of a line keep between them is spacing and no blank
DOUBLED = 0.3  # of a character's width: the same character drawn again to look bold


class Line(NamedTuple):
    """A run of characters of one line: where it lies in the `Arrangement`, which region it belongs to, and its measures in reading direction."""

    start: int
    end: int
    region: int
    x0: float
    top: float
    x1: float
    bottom: float
    size: float  # of most of its characters, points


class Arrangement(NamedTuple):
    """Characters in reading order, with blanks put in where the page shows one; region by region, line by line."""

    text: str  # one code point for each row of `boxes`
    boxes: NDArray[np.float32]  # (n, 4) as on the page; all zero for a blank put in
    lines: tuple[Line, ...]

    def read(self, line: Line) -> str:
        """What one line says."""
        return self.text[line.start : line.end]


def arrange(glyphs: Glyphs, regions: NDArray[np.intp]) -> Arrangement:
    """Lines of each region (a cell, or -1 for text outside tables): characters ordered by baseline, then from left to right.

    Text turned by a quarter reads along its own direction, after the upright text of its region.
    """
    if not len(glyphs.codes):
        return Arrangement("", np.zeros((0, 4), np.float32), ())
    start, top, end, bottom, baseline = _reading_frame(glyphs)
    turn = glyphs.angles
    order = np.lexsort((start, baseline, turn, regions))
    height = np.maximum(bottom - top, 0.01)
    fresh = _line_starts(top[order], bottom[order], baseline[order], height[order])
    fresh |= np.concatenate(((True,), (np.diff(regions[order]) != 0) | (np.diff(turn[order]) != 0)))
    label = _untie(np.cumsum(fresh) - 1, top[order], bottom[order], baseline[order], height[order])
    again = np.lexsort((start[order], label))
    order, label = order[again], label[again]
    order, label = _undoubled(glyphs, order, label, start, end, baseline)
    return _laid_out(glyphs, order, label, regions, start, top, end, bottom)


def _reading_frame(glyphs: Glyphs) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Start, top, end, bottom and baseline of each character as seen by a reader who turns the page to its angle."""
    boxes, angles = glyphs.boxes, glyphs.angles
    start, top, end, bottom = boxes[:, 0].copy(), boxes[:, 1].copy(), boxes[:, 2].copy(), boxes[:, 3].copy()
    baseline = glyphs.origins[:, 1].copy()
    if angles.any():
        down, over, up = angles == 90, angles == 180, angles == 270
        start[down], end[down], top[down], bottom[down] = boxes[down, 1], boxes[down, 3], -boxes[down, 2], -boxes[down, 0]
        start[over], end[over], top[over], bottom[over] = -boxes[over, 2], -boxes[over, 0], -boxes[over, 3], -boxes[over, 1]
        start[up], end[up], top[up], bottom[up] = -boxes[up, 3], -boxes[up, 1], boxes[up, 0], boxes[up, 2]
        baseline[down], baseline[over], baseline[up] = -glyphs.origins[down, 0], -glyphs.origins[over, 1], glyphs.origins[up, 0]
    return start, top, end, bottom, baseline


def _line_starts(top: Floats, bottom: Floats, baseline: Floats, height: Floats) -> NDArray[np.bool_]:
    """Where a character neither overlaps its predecessor enough nor shares its baseline."""
    shared = np.minimum(bottom[1:], bottom[:-1]) - np.maximum(top[1:], top[:-1])
    lower, taller = np.minimum(height[1:], height[:-1]), np.maximum(height[1:], height[:-1])
    same = (shared >= SAME_LINE * lower) | (np.diff(baseline) <= SAME_BASELINE * taller)
    return np.concatenate(((True,), ~same))


def _untie(label: NDArray[np.intp], top: Floats, bottom: Floats, baseline: Floats, height: Floats) -> NDArray[np.intp]:
    """Lines with those looked at again whose baselines lie far apart: each character must overlap the line's first."""
    starts = np.flatnonzero(np.concatenate(((True,), np.diff(label) != 0)))
    span = np.maximum.reduceat(baseline, starts) - np.minimum.reduceat(baseline, starts)
    lowest = np.minimum.reduceat(height, starts)
    tied = np.flatnonzero(span > TIED * lowest)
    if not len(tied):
        return label
    breaks = np.concatenate(((True,), np.diff(label) != 0))
    ends = np.append(starts[1:], len(label))
    for line in tied.tolist():
        first = int(starts[line])
        low, high, tall = top[first], bottom[first], height[first]
        for index in range(first + 1, int(ends[line])):
            shared = min(high, bottom[index]) - max(low, top[index])
            if shared >= SAME_LINE * min(tall, height[index]):
                continue
            breaks[index] = True
            low, high, tall = top[index], bottom[index], height[index]
    return np.cumsum(breaks) - 1


def _undoubled(
    glyphs: Glyphs, order: NDArray[np.intp], label: NDArray[np.intp], start: Floats, end: Floats, baseline: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Without characters that are drawn twice a hair apart."""
    before, after = order[:-1], order[1:]
    twice = (glyphs.codes[before] == glyphs.codes[after]) & (label[1:] == label[:-1])
    twice &= (start[after] - start[before]) < DOUBLED * (end[after] - start[after])
    twice &= np.abs(baseline[after] - baseline[before]) < 1.5
    if not twice.any():
        return order, label
    kept = np.concatenate(((True,), ~twice))
    return order[kept], label[kept]


def _laid_out(
    glyphs: Glyphs, order: NDArray[np.intp], label: NDArray[np.intp], regions: NDArray[np.intp], start: Floats, top: Floats, end: Floats, bottom: Floats
) -> Arrangement:
    codes = glyphs.codes[order]
    size = (bottom - top)[order]
    gap = start[order][1:] - end[order][:-1]
    em = np.maximum(size[1:], size[:-1])
    gap -= _letterspacing(gap, label, em)
    latin = _latin(codes)
    wide = gap > WIDE_GAP * em
    wide |= glyphs.spaced[order][1:] & (np.diff(order) == 1) & (gap > PRINTED_GAP * em)
    wide |= latin[1:] & latin[:-1] & (gap > LATIN_GAP * em)
    blank = wide & (np.diff(label) == 0)
    put_in = np.concatenate(((0,), np.cumsum(blank)))
    places = np.arange(len(order)) + put_in
    total = len(order) + int(put_in[-1])
    shown = np.full(total, 32, np.uint32)
    shown[places] = codes
    boxes = np.zeros((total, 4), np.float32)
    boxes[places] = glyphs.boxes[order]
    first = np.flatnonzero(np.concatenate(((True,), np.diff(label) != 0)))
    last = np.append(first[1:], len(order)) - 1
    columns = (
        places[first].tolist(),
        (places[last] + 1).tolist(),
        regions[order[first]].tolist(),
        start[order[first]].tolist(),
        np.minimum.reduceat(top[order], first).tolist(),
        np.maximum.reduceat(end[order], first).tolist(),
        np.maximum.reduceat(bottom[order], first).tolist(),
        size[(first + last) // 2].tolist(),
    )
    return Arrangement(shown.astype("<u4").tobytes().decode("utf-32-le"), boxes, tuple(map(Line._make, zip(*columns, strict=True))))


def _letterspacing(gap: Floats, label: NDArray[np.intp], em: Floats) -> Floats:
    """What most characters of a line keep between them, for each gap; zero in lines of fewer than five gaps."""
    inside = np.flatnonzero(np.diff(label) == 0)
    spacing = np.zeros(len(gap))
    if not len(inside):
        return spacing
    order = inside[np.lexsort((gap[inside], label[inside]))]
    first = np.flatnonzero(np.concatenate(((True,), np.diff(label[order]) != 0)))
    counts = np.diff(np.append(first, len(order)))
    middle = gap[order[first + counts // 2]]
    usual = np.zeros(int(label[-1]) + 1)
    usual[label[order[first]]] = np.where((counts >= 5) & (middle > 0) & (middle <= LETTERSPACED * em[order[first]]), middle, 0.0)
    spacing[inside] = usual[label[inside]]
    return spacing


def _latin(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """ASCII letters and digits."""
    return ((codes >= 48) & (codes <= 57)) | ((codes >= 65) & (codes <= 90)) | ((codes >= 97) & (codes <= 122))
