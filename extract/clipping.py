"""What clip paths leave open of the text objects of a PDF page (裁剪窗口).

Spreadsheet exports draw the whole text of a tall cell on every page it touches and hide what does not belong there.
"""

from __future__ import annotations

import ctypes
import math
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from extract import pdfium

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from extract.marks import View

    Floats = NDArray[np.float64]
    Window = tuple[float, float, float, float]  # left, bottom, right, top in page space

EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)
CLIP_POINTS_READ = 5_000
CLIPS_READ = 64  # clip paths of one object
POINT = (ctypes.c_float * 2)()  # pdfium writes here, under its lock
X_PLACE, Y_PLACE = ctypes.addressof(POINT), ctypes.addressof(POINT) + ctypes.sizeof(ctypes.c_float)


def clip_windows(handles: list[int], objects: pdfium.PageObjects, view: View) -> Floats | None:
    """For each text object the window its clip paths leave open (left, bottom, right, top in page space); None where nothing is clipped."""
    clips = list(map(pdfium.clip_path, handles))
    counts = np.fromiter(map(pdfium.clip_paths, clips), np.int64, len(clips))
    counts[(counts < 0) | (counts > CLIPS_READ)] = 0
    if not counts.any():
        return None
    frames = np.zeros(len(handles), np.int64)
    if len(objects.frames) > 1:
        frame_of = dict(zip(objects.texts, objects.text_frames, strict=True))
        frames = np.array([frame_of.get(handle, 0) for handle in handles])
    innermost = np.fromiter(map(pdfium.clip_segment, clips, np.maximum(counts - 1, 0).tolist(), repeat(0)), np.uint64, len(clips))
    # clip paths are shared and only ever added to: where the last begins in memory, with their number, names them all
    order = np.lexsort((frames, counts, innermost))
    fresh = np.concatenate(((True,), (np.diff(innermost[order]) != 0) | (np.diff(counts[order]) != 0) | (np.diff(frames[order]) != 0)))
    bounds: dict[tuple[int, int], Window] = {}
    page = (view.left, view.bottom, view.right, view.top)
    each = [_window(clips[index], int(counts[index]), int(frames[index]), objects.frames, page, bounds) for index in order[fresh].tolist()]
    windows = np.empty((len(handles), 4))
    windows[order] = np.array(each)[np.cumsum(fresh) - 1]
    return windows if np.isfinite(windows).any() else None


def _window(
    clip: int, count: int, frame: int, frames: list[Floats], page: Window, known: dict[tuple[int, int], Window]
) -> Window:
    """What all clip paths together leave open; everywhere where that is at least the page. `known` keeps the bounds of paths by their place."""
    left, bottom, right, top = EVERYWHERE
    for path in range(count):
        key = (pdfium.clip_segment(clip, path, 0), frame)
        if key not in known:
            known[key] = _clip_bounds(clip, path, frames[frame])
        x0, y0, x1, y1 = known[key]
        left, bottom, right, top = max(left, x0), max(bottom, y0), min(right, x1), min(top, y1)
    if left <= page[0] and bottom <= page[1] and right >= page[2] and top >= page[3]:
        return EVERYWHERE
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
