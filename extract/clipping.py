"""What clip paths leave open of the text objects of a PDF page (裁剪窗口).

Spreadsheet exports draw the whole text of a tall cell on every page it touches and hide what does not belong there.
"""

from __future__ import annotations

import ctypes
import math
from itertools import repeat
from typing import TYPE_CHECKING

from extract import pdfium

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from extract.marks import View

    Floats = NDArray[np.float64]
    Window = tuple[float, float, float, float]  # left, bottom, right, top in page space

EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)
CLIP_POINTS_READ = 5_000
CLIPS_READ = 64  # clip paths of one object
POINT = (ctypes.c_float * 2)()  # pdfium writes here, under its lock
X_PLACE, Y_PLACE = ctypes.addressof(POINT), ctypes.addressof(POINT) + ctypes.sizeof(ctypes.c_float)


def clip_windows(objects: pdfium.PageObjects, view: View) -> dict[int, Window]:
    """Text object -> the window its clip paths leave open, in page space; text that is clipped by nothing or by the page is not listed.

    Spreadsheet exports draw the whole text of a tall cell on every page it touches and hide what does not belong there.
    """
    clips = list(map(pdfium.clip_path, objects.texts))
    counts = [pdfium.clip_paths(clip) if clip else 0 for clip in clips]
    if max(counts, default=0) <= 0:
        return {}
    counts = [count if 0 < count <= CLIPS_READ else 0 for count in counts]
    innermost = list(map(pdfium.clip_segment, clips, [max(count - 1, 0) for count in counts], repeat(0)))
    known: dict[tuple[int, int, int], Window | None] = {}
    bounds: dict[tuple[int, int], Window] = {}
    windows: dict[int, Window] = {}
    page = (view.left, view.bottom, view.right, view.top)
    for handle, clip, key in zip(objects.texts, clips, zip(innermost, counts, objects.text_frames, strict=True), strict=True):
        if key not in known:  # clip paths are shared and only ever added to: where the last begins in memory names them all
            known[key] = _window(clip, key[1], key[2], objects.frames, page, bounds)
        if (window := known[key]) is not None:
            windows[handle] = window
    return windows


def _window(
    clip: int, count: int, frame: int, frames: list[Floats], page: Window, known: dict[tuple[int, int], Window]
) -> Window | None:
    """What all clip paths together leave open; None where that is at least the page. `known` keeps the bounds of paths by their place."""
    left, bottom, right, top = EVERYWHERE
    for path in range(count):
        key = (pdfium.clip_segment(clip, path, 0), frame)
        if key not in known:
            known[key] = _clip_bounds(clip, path, frames[frame])
        x0, y0, x1, y1 = known[key]
        left, bottom, right, top = max(left, x0), max(bottom, y0), min(right, x1), min(top, y1)
    if left <= page[0] and bottom <= page[1] and right >= page[2] and top >= page[3]:
        return None
    return left - 0.5, bottom - 0.5, right + 0.5, top + 0.5


def _clip_bounds(clip: int, path: int, frame: Floats) -> Window:
    count = min(pdfium.clip_count(clip, path), CLIP_POINTS_READ)
    points = _points(clip, path, range(min(count, 3)))
    if count > 5 or not _is_corner(points):
        points += _points(clip, path, range(3, count))
    if not points:
        return EVERYWHERE
    (a, b, _), (c, d, _), (e, f, _) = frame.tolist()
    xs = [a * x + c * y + e for x, y in points]
    ys = [b * x + d * y + f for x, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _points(clip: int, path: int, which: range) -> list[tuple[float, float]]:
    return [(POINT[0], POINT[1]) for segment in map(pdfium.clip_segment, repeat(clip), repeat(path), which) if pdfium.segment_point(segment, X_PLACE, Y_PLACE)]


def _is_corner(points: list[tuple[float, float]]) -> bool:
    """Whether three points are a right angle along the axes: the rest of a rectangle of four sides needs no reading."""
    if len(points) < 3:
        return False
    (x0, y0), (x1, y1), (x2, y2) = points
    return (x0 == x1 and y1 == y2) or (y0 == y1 and x1 == x2)
