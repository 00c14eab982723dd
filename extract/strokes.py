"""Paths of a PDF page to rules (框线): thin fills and strokes, the straight sides of shapes; white fills are erasers."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from extract import pdfium
from extract.marks import NO_RULES, Rules, View, straight_rules

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

THIN = 3.0  # points: a filled rectangle no thicker than this is a rule
WHITE = 250  # each of red, green, blue from here up: an eraser, not a rule
SEGMENTS_READ = 400_000
LINE_TO, CURVE_TO, MOVE_TO = 0, 1, 2  # kinds of path segments


def read_rules(objects: pdfium.PageObjects, view: View) -> tuple[Rules, int, bool]:
    """Axis-parallel rules of a page from strokes and fills, the number of curved paths, and whether reading was cut short."""
    handles = objects.paths
    if not handles:
        return NO_RULES, 0, False
    bounds = pdfium.bounds_of(handles, objects.path_frames, objects.frames)
    counts = np.fromiter(map(pdfium.count_segments, handles), np.int64, len(handles))
    thin = ((bounds[:, 2:] - bounds[:, :2]) <= THIN).any(axis=1) & (counts <= 5)
    colours = pdfium.fill_buffer(pdfium.fill_colour, handles, 4, np.uint32, unset=1)  # a colour never set is black
    seen = (colours[:, :3] < WHITE).any(axis=1) & (colours[:, 3] > 0)
    doubtful = np.flatnonzero(~seen | ~thin)  # without a fill that shows, or not plainly a rule: is it stroked?
    modes = pdfium.fill_buffer(pdfium.draw_mode, [handles[index] for index in doubtful.tolist()], 2, np.int32)
    seen[doubtful] = (modes[:, 1] > 0) | (seen[doubtful] & (modes[:, 0] > 0))
    pieces = [_centre_lines(bounds[seen & thin])]
    drawn, read, crowded = 0, 0, False
    for index in np.flatnonzero(seen & ~thin):
        count = int(counts[index])
        read += count
        if read > SEGMENTS_READ:
            crowded = True
            break
        matrix = pdfium.matrix_of(handles[index]) @ objects.frames[objects.path_frames[index]]
        sides, curved = _sides(handles[index], count, matrix)
        drawn += curved
        if len(sides):
            pieces.append(sides)
    return straight_rules(np.concatenate(pieces), view), drawn, crowded


def _centre_lines(bounds: Floats) -> Floats:
    """Thin boxes as the line through their middle: rows of x0, y0, x1, y1."""
    wide = (bounds[:, 2] - bounds[:, 0]) >= (bounds[:, 3] - bounds[:, 1])
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    lines = bounds.copy()
    lines[wide, 1] = lines[wide, 3] = middle[wide, 1]
    lines[~wide, 0] = lines[~wide, 2] = middle[~wide, 0]
    return lines


def _sides(path: int, count: int, matrix: Floats) -> tuple[Floats, bool]:
    """Straight sides of one path in page space, and whether it has curves."""
    segments = list(map(pdfium.path_segment, repeat(path), range(count)))
    kinds = np.fromiter(map(pdfium.segment_type, segments), np.int64, count)
    points = pdfium.mapped(pdfium.fill_buffer(pdfium.segment_point, segments, 2, np.float32).astype(np.float64), matrix)
    straight = np.flatnonzero(kinds == LINE_TO)
    straight = straight[straight > 0]
    sides = [np.concatenate((points[straight - 1], points[straight]), axis=1)]
    starts = np.flatnonzero(kinds == MOVE_TO)
    ends = np.append(starts[1:], count) - 1
    closed = np.array([bool(pdfium.closes_path(segments[end])) for end in ends.tolist()], bool) if len(ends) else np.zeros(0, bool)
    if closed.any():
        sides.append(np.concatenate((points[ends[closed]], points[starts[closed]]), axis=1))
    return np.concatenate(sides), bool((kinds == CURVE_TO).any())
