"""The marks of a PDF page as pdfium sees them: characters with their boxes and baselines, and straight rules (字符与框线).

pdfium is called through bare ctypes prototypes and `map`, one call per character and property and no Python frame in between;
everything handed on is numpy in the coordinates of the page as shown: points, origin top left, rotation applied.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2  # noqa: F401  # initialises the library
from pypdfium2 import raw

from extract.document import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PDFIUM = threading.RLock()  # pdfium may be entered by one thread at a time
PAGES_READ = 20_000  # a page tree may claim any number
UNREADABLE_RUN = 200  # pages in a row that do not load: the rest will not either
OBJECTS_READ = 120_000  # of one page: maps and charts draw with hundreds of thousands
SEGMENTS_READ = 400_000
FORM_DEPTH = 6
CLIP_POINTS_READ = 5_000
CLIPS_READ = 64  # clip paths of one object
THIN = 3.0  # points: a filled rectangle no thicker than this is a rule
WHITE = 250  # each of red, green, blue from here up: an eraser, not a rule
PASSWORD_ERRORS = (4, 5)  # FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

_pointer, _int, _uint = ctypes.c_size_t, ctypes.c_int, ctypes.c_uint  # pointers travel as numbers, 0 for none


def _address(handle: Any) -> int:
    """The bare address behind a pdfium handle or function."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _bare(function: object, *arguments: type, result: type = _int) -> Callable[..., Any]:
    return ctypes.PYFUNCTYPE(result, *arguments)(_address(function))  # keeps the interpreter's lock: these calls take nanoseconds


_loose_box = _bare(raw.FPDFText_GetLooseCharBox, _pointer, _int, _pointer)
_origin = _bare(raw.FPDFText_GetCharOrigin, _pointer, _int, _pointer, _pointer)
_unicode = _bare(raw.FPDFText_GetUnicode, _pointer, _int, result=_uint)
_angle = _bare(raw.FPDFText_GetCharAngle, _pointer, _int, result=ctypes.c_float)
_text = _bare(raw.FPDFText_GetText, _pointer, _int, _int, _pointer)
_font_size = _bare(raw.FPDFTextObj_GetFontSize, _pointer, _pointer)
_text_object = _bare(raw.FPDFText_GetTextObject, _pointer, _int, result=_pointer)
_page_object = _bare(raw.FPDFPage_GetObject, _pointer, _int, result=_pointer)
_form_object = _bare(raw.FPDFFormObj_GetObject, _pointer, ctypes.c_ulong, result=_pointer)
_form_count = _bare(raw.FPDFFormObj_CountObjects, _pointer)
_type = _bare(raw.FPDFPageObj_GetType, _pointer)
_bounds = _bare(raw.FPDFPageObj_GetBounds, _pointer, _pointer, _pointer, _pointer, _pointer)
_matrix = _bare(raw.FPDFPageObj_GetMatrix, _pointer, _pointer)
_draw_mode = _bare(raw.FPDFPath_GetDrawMode, _pointer, _pointer, _pointer)
_fill = _bare(raw.FPDFPageObj_GetFillColor, _pointer, _pointer, _pointer, _pointer, _pointer)
_count_segments = _bare(raw.FPDFPath_CountSegments, _pointer)
_segment = _bare(raw.FPDFPath_GetPathSegment, _pointer, _int, result=_pointer)
_point = _bare(raw.FPDFPathSegment_GetPoint, _pointer, _pointer, _pointer)
_segment_type = _bare(raw.FPDFPathSegment_GetType, _pointer)
_closes = _bare(raw.FPDFPathSegment_GetClose, _pointer)
_clip = _bare(raw.FPDFPageObj_GetClipPath, _pointer, result=_pointer)
_clip_paths = _bare(raw.FPDFClipPath_CountPaths, _pointer)
_clip_count = _bare(raw.FPDFClipPath_CountPathSegments, _pointer, _int)
_clip_segment = _bare(raw.FPDFClipPath_GetPathSegment, _pointer, _int, _int, result=_pointer)
_render_mode = _bare(raw.FPDFTextObj_GetTextRenderMode, _pointer)

TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5
LINE_TO, CURVE_TO, MOVE_TO = 0, 1, 2
INVISIBLE = 3  # text rendering mode of the layer that OCR lays over a scan


class Glyphs(NamedTuple):
    """Printed characters of one page: code points, boxes one em high (x0, y0, x1, y1), the point of the baseline each stands on, reading angle."""

    codes: NDArray[np.uint32]  # blanks are left out
    boxes: Floats  # (n, 4)
    origins: Floats  # (n, 2)
    angles: NDArray[np.int16]  # 0, 90, 180 or 270 degrees clockwise
    spaced: NDArray[np.bool_]  # a blank stands before it in the order of drawing
    windows: Floats  # (n, 4): what the clip path of a character leaves open, where it hides the character; zero for all that show

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Glyphs:
        """Some of the characters, in the order asked for."""
        codes, boxes, origins, angles, spaced, windows = self
        return Glyphs(codes[which], boxes[which], origins[which], angles[which], spaced[which], windows[which])


class Rules(NamedTuple):
    """Straight lines of one page: rows of (y, x0, x1) and of (x, y0, y1)."""

    across: Floats
    down: Floats


@dataclass(frozen=True, slots=True)
class PageMarks:
    """What is printed on one page (1-based `number`), in points."""

    number: int
    width: float
    height: float
    glyphs: Glyphs
    rules: Rules
    hidden: int = 0  # characters off the page, left out of `glyphs`
    images: float = 0.0  # share of the page that its largest image covers
    drawn: int = 0  # curved paths: text drawn as outlines, stamps, charts
    crowded: bool = False  # more drawing than is read; the rules are incomplete
    overlay: bool = False  # the text is an invisible layer over an image: a machine's reading of a scan
    loaded: bool = True


class PdfFile(NamedTuple):
    """An open PDF: the pdfium handle, how many pages it claims and its own title."""

    handle: object
    page_count: int
    title: str


@contextmanager
def open_pdf(data: bytes) -> Iterator[PdfFile]:
    """An open PDF file; a `DocumentError` where it is locked, damaged or has no page."""
    with PDFIUM:
        handle = raw.FPDF_LoadMemDocument64(data, len(data), None)
        if not handle:
            if raw.FPDF_GetLastError() in PASSWORD_ERRORS:
                raise DocumentError("encrypted", zh="PDF 已加密，需要密码", en="the PDF is encrypted and asks for a password")
            raise DocumentError("unreadable", zh="PDF 已损坏，无法打开", en="the PDF is damaged and cannot be opened")
        try:
            count = raw.FPDF_GetPageCount(handle)
            if count <= 0:
                raise DocumentError("unreadable", zh="PDF 中没有任何页面", en="the PDF has no pages")
            yield PdfFile(handle, count, _meta(handle, b"Title"))
        finally:
            raw.FPDF_CloseDocument(handle)


def _meta(handle: object, name: bytes) -> str:
    size = raw.FPDF_GetMetaText(handle, name, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_GetMetaText(handle, name, buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").strip("\0 \t\r\n")


def page_marks(pdf: PdfFile) -> Iterator[PageMarks]:
    """The marks of each page in turn; a page's memory is given back before the next is loaded."""
    failed = 0
    for index in range(min(pdf.page_count, PAGES_READ)):
        page = raw.FPDF_LoadPage(pdf.handle, index)
        if not page:
            failed += 1
            if failed > UNREADABLE_RUN:
                return
            yield _blank_page(index + 1)
            continue
        failed = 0
        try:
            yield _marks(page, index + 1)
        finally:
            raw.FPDF_ClosePage(page)


def _blank_page(number: int) -> PageMarks:
    return PageMarks(number, 0.0, 0.0, NO_GLYPHS, NO_RULES, loaded=False)


NO_GLYPHS = Glyphs(np.zeros(0, np.uint32), np.zeros((0, 4)), np.zeros((0, 2)), np.zeros(0, np.int16), np.zeros(0, bool), np.zeros((0, 4)))
NO_RULES = Rules(np.zeros((0, 3)), np.zeros((0, 3)))


class _View(NamedTuple):
    """How page space becomes the page as shown: its box, and quarter turns clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int

    def size(self) -> tuple[float, float]:
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turns % 2 else (width, height)

    def points(self, points: Floats) -> Floats:
        x, y = points[..., 0], points[..., 1]
        if self.turns == 0:
            shown = (x - self.left, self.top - y)
        elif self.turns == 1:
            shown = (y - self.bottom, x - self.left)
        elif self.turns == 2:
            shown = (self.right - x, y - self.bottom)
        else:
            shown = (self.top - y, self.right - x)
        return np.stack(shown, axis=-1)

    def boxes(self, boxes: Floats) -> Floats:
        corners = self.points(boxes.reshape(-1, 2, 2))
        return np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)


def _marks(page: object, number: int) -> PageMarks:
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, box) or box.right <= box.left or box.top <= box.bottom:
        return _blank_page(number)
    view = _View(box.left, box.bottom, box.right, box.top, raw.FPDFPage_GetRotation(page) % 4)
    width, height = view.size()
    objects = _objects(_address(page), raw.FPDFPage_CountObjects(page))
    rules, drawn, crowded = _rules(objects, view)
    text = raw.FPDFText_LoadPage(page)
    if not text:
        return PageMarks(number, width, height, NO_GLYPHS, rules, 0, _coverage(objects, view), drawn, crowded)
    try:
        glyphs, hidden = _glyphs(_address(text), raw.FPDFText_CountChars(text), objects, view)
    finally:
        raw.FPDFText_ClosePage(text)
    images = _coverage(objects, view)
    overlay = images > 0.5 and bool(objects.texts) and all(mode == INVISIBLE for mode in map(_render_mode, objects.texts))
    return PageMarks(number, width, height, glyphs, rules, hidden, images, drawn, crowded or objects.cut, overlay)


class _Objects(NamedTuple):
    """Object handles of a page by kind; each path and text comes with the index of the matrix of the forms it lies in."""

    texts: list[int]
    text_frames: list[int]
    paths: list[int]
    path_frames: list[int]
    images: list[int]
    image_frames: list[int]
    frames: list[Floats]  # 3x3, object space of a form to page space; the first is the identity
    cut: bool


def _objects(page: int, count: int) -> _Objects:
    found = _Objects([], [], [], [], [], [], [np.eye(3)], cut=count > OBJECTS_READ)
    kinds = ((TEXT, found.texts, found.text_frames), (PATH, found.paths, found.path_frames), (IMAGE, found.images, found.image_frames))
    handles = list(map(_page_object, repeat(page), range(min(count, OBJECTS_READ))))
    waiting: deque[tuple[list[int], int, int]] = deque([(handles, 0, 0)])
    read = len(handles)
    while waiting:
        handles, frame, depth = waiting.popleft()
        types = list(map(_type, handles))
        for kind, objects, frames in kinds:
            chosen = list(compress(handles, map(kind.__eq__, types)))
            objects.extend(chosen)
            frames.extend([frame] * len(chosen))
        for handle in compress(handles, map(FORM.__eq__, types)) if depth < FORM_DEPTH else ():
            inside = min(_form_count(handle), OBJECTS_READ - read)
            if inside > 0:
                read += inside
                found.frames.append(_matrix_of(handle) @ found.frames[frame])
                waiting.append((list(map(_form_object, repeat(handle), range(inside))), len(found.frames) - 1, depth + 1))
    return found._replace(cut=found.cut or read >= OBJECTS_READ)


def _matrix_of(handle: int) -> Floats:
    """Row-vector form: [x y 1] @ matrix."""
    six = (ctypes.c_float * 6)()
    _matrix(handle, ctypes.addressof(six))
    a, b, c, d, e, f = six
    return np.array(((a, b, 0.0), (c, d, 0.0), (e, f, 1.0)))


def _map(points: Floats, matrix: Floats) -> Floats:
    return points @ matrix[:2, :2] + matrix[2, :2]


def _fill_buffer(function: Callable[..., Any], handles: list[int], columns: int, kind: type[np.generic], unset: int = 0) -> NDArray[Any]:
    """Results of a call that writes `columns` values through as many pointers, one row per handle; `unset` where it writes nothing."""
    rows = np.full((len(handles), columns), unset, kind)
    start, size = rows.ctypes.data, rows.itemsize
    step = size * columns
    places = [range(start + size * column, start + size * column + step * len(handles), step) for column in range(columns)]
    deque(map(function, handles, *places), maxlen=0)
    return rows


def _object_bounds(handles: list[int], frames: list[int], matrices: list[Floats]) -> Floats:
    """Bounds of objects in page space, (left, bottom, right, top) each."""
    bounds = _fill_buffer(_bounds, handles, 4, np.float32).astype(np.float64)
    if len(matrices) > 1:
        frame = np.asarray(frames, np.intp)
        for index in np.unique(frame[frame > 0]):
            inside = frame == index
            bounds[inside] = _map_boxes(bounds[inside], matrices[index])
    return bounds


def _map_boxes(boxes: Floats, matrix: Floats) -> Floats:
    corners = boxes[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 4, 2)
    mapped = _map(corners, matrix)
    return np.concatenate((mapped.min(axis=1), mapped.max(axis=1)), axis=1)


def _coverage(objects: _Objects, view: _View) -> float:
    if not objects.images:
        return 0.0
    bounds = _object_bounds(objects.images, objects.image_frames, objects.frames)
    area = np.clip(bounds[:, 2] - bounds[:, 0], 0, None) * np.clip(bounds[:, 3] - bounds[:, 1], 0, None)
    return float(area.sum() / ((view.right - view.left) * (view.top - view.bottom)))


def _glyphs(text: int, count: int, objects: _Objects, view: _View) -> tuple[Glyphs, int]:
    if count <= 0:
        return NO_GLYPHS, 0
    codes = _codes(text, count)
    printed = np.flatnonzero(codes > 32)
    spaced = (codes[printed - 1] == 32) & (printed > 0)
    codes, indices, count = codes[printed], printed.tolist(), len(printed)
    inverted = np.zeros((count, 4), np.float32)  # pdfium's FS_RECTF: left, top, right, bottom
    start = inverted.ctypes.data
    deque(map(_loose_box, repeat(text), indices, range(start, start + 16 * count, 16)), maxlen=0)
    origins = np.zeros((count, 2))
    start = origins.ctypes.data
    deque(map(_origin, repeat(text), indices, range(start, start + 16 * count, 16), range(start + 8, start + 8 + 16 * count, 16)), maxlen=0)
    loose = inverted.astype(np.float64)[:, (0, 3, 2, 1)]
    owners = np.fromiter(map(_text_object, repeat(text), indices), np.uint64, count)
    handles, owner = np.unique(owners, return_inverse=True)
    sizes = _sizes(handles, objects)[owner]
    solid = (owners > 0) & (sizes > 0) & np.isfinite(loose).all(axis=1) & np.isfinite(origins).all(axis=1)
    angles = _angles(text, indices, origins, sizes, solid)
    boxes = _em_boxes(codes, loose, origins, sizes, angles)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    on_page = (middle >= (view.left, view.bottom)).all(axis=1) & (middle <= (view.right, view.top)).all(axis=1)
    shown = solid & on_page
    window = np.zeros((count, 4))
    spaces = _clip_windows(objects, view)
    if spaces:
        allowed = np.array([spaces.get(handle, EVERYWHERE) for handle in handles.tolist()])[owner]
        clipped = shown & ~((middle >= allowed[:, :2]).all(axis=1) & (middle <= allowed[:, 2:]).all(axis=1))
        begun = np.zeros(len(handles), bool)
        begun[owner[shown & ~clipped]] = True
        clipped &= ~begun[owner]  # a string that is cut off sideways counts as a whole: half a number is another number
        page = (view.left, view.bottom), (view.right, view.top)
        window[clipped] = np.concatenate((np.clip(allowed[clipped, :2], *page), np.clip(allowed[clipped, 2:], *page)), axis=1)
        empty = (window[:, 2:] <= window[:, :2]).any(axis=1)
        shown &= ~(clipped & empty)
    kept = np.flatnonzero(shown)
    turned = (angles[kept] + 90 * view.turns) % 360
    windows = window[kept]
    covered = windows.any(axis=1)
    windows[covered] = view.boxes(windows[covered])
    glyphs = Glyphs(codes[kept], view.boxes(boxes[kept]), view.points(origins[kept]), turned.astype(np.int16), spaced[kept], windows)
    return glyphs, int((solid & ~shown).sum())


EVERYWHERE = (-np.inf, -np.inf, np.inf, np.inf)
HYPHEN_MARK = 2  # pdfium's code for a hyphen at a line end
UNMAPPED = 0xFFFD


def _codes(text: int, count: int) -> NDArray[np.uint32]:
    buffer = np.zeros(count + 1, np.uint16)
    written = _text(text, 0, count, buffer.ctypes.data)
    codes = buffer[:count].astype(np.uint32)
    if written != count + 1 or ((codes >= 0xD800) & (codes < 0xE000)).any():
        codes = np.fromiter(map(_unicode, repeat(text), range(count)), np.uint32, count)
    codes[codes == HYPHEN_MARK] = ord("-")
    codes[(codes == 0) | (codes >= 0x110000) | ((codes >= 0xFFFE) & (codes <= 0xFFFF)) | ((codes >= 0xD800) & (codes < 0xE000))] = UNMAPPED
    codes[(codes == 0xA0) | (codes == 0x3000) | (codes == 0xAD) | ((codes >= 0x2000) & (codes <= 0x200B)) | (codes == 0xFEFF)] = 32
    return codes


ABOVE, BELOW = 0.86, 0.14  # em: what a Chinese character takes above and below its baseline


def _sizes(handles: NDArray[np.uint64], objects: _Objects) -> Floats:
    """Height of an em in points for each text object: font size, text matrix and the forms it lies in."""
    texts = handles.tolist()
    sizes = np.zeros(len(texts))
    drawn = [index for index, handle in enumerate(texts) if handle]
    owners = [texts[index] for index in drawn]
    plain = _fill_buffer(_font_size, owners, 1, np.float32)[:, 0].astype(np.float64)
    six = np.zeros((len(owners), 6), np.float32)
    deque(map(_matrix, owners, range(six.ctypes.data, six.ctypes.data + 24 * len(owners), 24)), maxlen=0)
    up = six[:, 2:4].astype(np.float64)
    if len(objects.frames) > 1:
        frames = dict(zip(objects.texts, objects.text_frames, strict=True))
        up = np.array([vector @ objects.frames[frames.get(handle, 0)][:2, :2] for vector, handle in zip(up, owners, strict=True)]).reshape(-1, 2)
    sizes[drawn] = np.abs(plain) * np.hypot(up[:, 0], up[:, 1])
    return np.where(np.isfinite(sizes), sizes, 0.0)


def _em_boxes(codes: NDArray[np.uint32], loose: Floats, origins: Floats, sizes: Floats, angles: NDArray[np.int16]) -> Floats:
    """Boxes one em high round each baseline, as wide as the character advances.

    pdfium's loose boxes trust the ascent and descent a font claims: twice the em for some Times, the bare ink for some Songti.
    """
    boxes = loose.copy()
    x, y = origins[:, 0], origins[:, 1]
    wide = (codes >= 0x2E80) & ((codes < 0xE000) | (codes >= 0xF900))
    flat = (angles == 0) | (angles == 180)
    inked = wide & flat & (np.abs(loose[:, 0] - x) > 0.004 * sizes)  # the box is ink only: the font gives no metrics
    boxes[inked, 0] = np.minimum(x, loose[:, 0])[inked]
    boxes[inked, 2] = np.maximum(x + sizes, loose[:, 2])[inked]
    for angle, axis, ahead, behind in ((0, 1, BELOW, ABOVE), (90, 0, BELOW, ABOVE), (180, 1, ABOVE, BELOW), (270, 0, ABOVE, BELOW)):
        turned = angles == angle
        if turned.any():
            place = (y if axis else x)[turned]
            boxes[turned, axis] = place - ahead * sizes[turned]
            boxes[turned, axis + 2] = place + behind * sizes[turned]
    return boxes


def _angles(text: int, indices: list[int], origins: Floats, sizes: Floats, shown: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Reading angle of each character, in quarter turns; asked of pdfium only on pages where some run does not walk to the right."""
    angles = np.zeros(len(indices), np.int16)
    pairs = np.flatnonzero(shown[1:] & shown[:-1])
    if not len(pairs):
        return angles
    step = origins[pairs + 1] - origins[pairs]
    size = sizes[pairs]
    other_way = (np.abs(step[:, 1]) > np.abs(step[:, 0])) | ((step[:, 0] < 0) & (np.abs(step[:, 1]) < 0.1 * size))
    if (other_way & (np.abs(step).sum(axis=1) < 2 * size)).sum() < 2:
        return angles
    radians = np.fromiter(map(_angle, repeat(text), indices), np.float64, len(indices))
    quarters = np.rint(np.nan_to_num(radians) / (np.pi / 2)).astype(np.int64) % 4
    return (quarters * 90).astype(np.int16)


def _clip_windows(objects: _Objects, view: _View) -> dict[int, tuple[float, float, float, float]]:
    """Text object -> the window its clip paths leave open, in page space; text that is clipped by nothing or by the page is not listed.

    Spreadsheet exports draw the whole text of a tall cell on every page it touches and hide what does not belong there.
    """
    clips = list(map(_clip, objects.texts))
    counts = [_clip_paths(clip) if clip else 0 for clip in clips]
    if max(counts, default=0) <= 0:
        return {}
    counts = [count if 0 < count <= CLIPS_READ else 0 for count in counts]
    innermost = list(map(_clip_segment, clips, [max(count - 1, 0) for count in counts], repeat(0)))
    known: dict[tuple[int, int, int], tuple[float, float, float, float] | None] = {}
    bounds: dict[tuple[int, int], tuple[float, float, float, float]] = {}
    windows: dict[int, tuple[float, float, float, float]] = {}
    page = (view.left, view.bottom, view.right, view.top)
    for handle, clip, key in zip(objects.texts, clips, zip(innermost, counts, objects.text_frames, strict=True), strict=True):
        if key not in known:  # clip paths are shared and only ever added to: where the last begins in memory names them all
            known[key] = _window(clip, key[1], key[2], objects.frames, page, bounds)
        if (window := known[key]) is not None:
            windows[handle] = window
    return windows


def _window(
    clip: int, count: int, frame: int, frames: list[Floats], page: tuple[float, float, float, float], known: dict[tuple[int, int], tuple[float, float, float, float]]
) -> tuple[float, float, float, float] | None:
    """What all clip paths together leave open; None where that is at least the page. `known` keeps the bounds of paths by their place."""
    left, bottom, right, top = EVERYWHERE
    for path in range(count):
        key = (_clip_segment(clip, path, 0), frame)
        if key not in known:
            known[key] = _clip_bounds(clip, path, frames[frame])
        x0, y0, x1, y1 = known[key]
        left, bottom, right, top = max(left, x0), max(bottom, y0), min(right, x1), min(top, y1)
    if left <= page[0] and bottom <= page[1] and right >= page[2] and top >= page[3]:
        return None
    return left - 0.5, bottom - 0.5, right + 0.5, top + 0.5


def _clip_bounds(clip: int, path: int, frame: Floats) -> tuple[float, float, float, float]:
    count = min(_clip_count(clip, path), CLIP_POINTS_READ)
    if count <= 0:
        return EVERYWHERE
    x, y = ctypes.c_float(), ctypes.c_float()
    x_place, y_place = ctypes.addressof(x), ctypes.addressof(y)
    points = [(x.value, y.value) for segment in map(_clip_segment, repeat(clip), repeat(path), range(count)) if _point(segment, x_place, y_place)]
    if not points:
        return EVERYWHERE
    (a, b, _), (c, d, _), (e, f, _) = frame.tolist()
    xs = [a * x + c * y + e for x, y in points]
    ys = [b * x + d * y + f for x, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _rules(objects: _Objects, view: _View) -> tuple[Rules, int, bool]:
    """Axis-parallel rules of a page from strokes and fills, the number of curved paths, and whether reading was cut short."""
    handles = objects.paths
    if not handles:
        return NO_RULES, 0, False
    bounds = _object_bounds(handles, objects.path_frames, objects.frames)
    counts = np.fromiter(map(_count_segments, handles), np.int64, len(handles))
    thin = ((bounds[:, 2:] - bounds[:, :2]) <= THIN).any(axis=1) & (counts <= 5)
    colours = _fill_buffer(_fill, handles, 4, np.uint32, unset=1)  # a colour never set is black
    seen = (colours[:, :3] < WHITE).any(axis=1) & (colours[:, 3] > 0)
    doubtful = np.flatnonzero(~seen | ~thin)  # without a fill that shows, or not plainly a rule: is it stroked?
    modes = _fill_buffer(_draw_mode, [handles[index] for index in doubtful.tolist()], 2, np.int32)
    seen[doubtful] = (modes[:, 1] > 0) | (seen[doubtful] & (modes[:, 0] > 0))
    pieces = [_centre_lines(bounds[seen & thin])]
    drawn, read, crowded = 0, 0, False
    for index in np.flatnonzero(seen & ~thin):
        count = int(counts[index])
        read += count
        if read > SEGMENTS_READ:
            crowded = True
            break
        matrix = _matrix_of(handles[index]) @ objects.frames[objects.path_frames[index]]
        sides, curved = _sides(handles[index], count, matrix)
        drawn += curved
        if len(sides):
            pieces.append(sides)
    return _sorted_rules(np.concatenate(pieces), view), drawn, crowded


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
    segments = list(map(_segment, repeat(path), range(count)))
    kinds = np.fromiter(map(_segment_type, segments), np.int64, count)
    points = _map(_fill_buffer(_point, segments, 2, np.float32).astype(np.float64), matrix)
    straight = np.flatnonzero(kinds == LINE_TO)
    straight = straight[straight > 0]
    sides = [np.concatenate((points[straight - 1], points[straight]), axis=1)]
    starts = np.flatnonzero(kinds == MOVE_TO)
    ends = np.append(starts[1:], count) - 1
    closed = np.array([bool(_closes(segments[end])) for end in ends.tolist()], bool) if len(ends) else np.zeros(0, bool)
    if closed.any():
        sides.append(np.concatenate((points[ends[closed]], points[starts[closed]]), axis=1))
    return np.concatenate(sides), bool((kinds == CURVE_TO).any())


def _sorted_rules(lines: Floats, view: _View) -> Rules:
    """Lines of page space as rules of the page as shown; slanted ones are left out."""
    lines = lines[np.isfinite(lines).all(axis=1)]
    width, height = view.size()
    shown = view.points(lines.reshape(-1, 2, 2)).reshape(-1, 4)
    x0, x1 = np.minimum(shown[:, 0], shown[:, 2]), np.maximum(shown[:, 0], shown[:, 2])
    y0, y1 = np.minimum(shown[:, 1], shown[:, 3]), np.maximum(shown[:, 1], shown[:, 3])
    on_page = (x1 >= 0) & (y1 >= 0) & (x0 <= width) & (y0 <= height)
    across = on_page & (y1 - y0 < 0.5) & (x1 - x0 >= y1 - y0)
    down = on_page & (x1 - x0 < 0.5) & (y1 - y0 > x1 - x0)
    return Rules(
        np.stack(((y0[across] + y1[across]) / 2, x0[across], x1[across]), axis=1),
        np.stack(((x0[down] + x1[down]) / 2, y0[down], y1[down]), axis=1),
    )


def drawn_page(data: bytes, number: int, scale: float) -> tuple[int, int, bytes]:
    """A page (1-based) as width, height and RGB bytes, `scale` pixels a point."""
    with open_pdf(data) as pdf:
        page = raw.FPDF_LoadPage(pdf.handle, number - 1) if 1 <= number <= pdf.page_count else None
        if not page:
            raise DocumentError("unreadable", zh=f"没有第 {number} 页", en=f"there is no page {number}")
        try:
            width = max(1, min(10_000, round(raw.FPDF_GetPageWidthF(page) * scale)))
            height = max(1, min(10_000, round(raw.FPDF_GetPageHeightF(page) * scale)))
            pixels = np.full((height, width, 4), 255, np.uint8)
            bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGRx, pixels.ctypes.data, width * 4)
            raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, raw.FPDF_ANNOT)
            raw.FPDFBitmap_Destroy(bitmap)
            return width, height, pixels[:, :, (2, 1, 0)].tobytes()
        finally:
            raw.FPDF_ClosePage(page)


def turned(glyphs: Glyphs, rules: Rules, size: tuple[float, float], angle: int) -> tuple[Glyphs, Rules, tuple[float, float]]:
    """A page seen so that text at `angle` stands upright: for landscape tables printed sideways without a page rotation."""
    if angle == 0:
        return glyphs, rules, size
    width, height = size
    turn = _View(0.0, 0.0, width, height, (4 - angle // 90) % 4)
    up = np.array((1.0, -1.0)), np.array((0.0, height))

    def boxes(shown: Floats) -> Floats:
        return turn.boxes((shown[:, (0, 3, 2, 1)].reshape(-1, 2, 2) * up[0] + up[1]).reshape(-1, 4))

    windows = glyphs.windows.copy()
    covered = windows.any(axis=1)
    windows[covered] = boxes(windows[covered])
    angles = ((glyphs.angles - angle) % 360).astype(np.int16)
    upright = glyphs._replace(boxes=boxes(glyphs.boxes), origins=turn.points(glyphs.origins * up[0] + up[1]), angles=angles, windows=windows)
    lines: list[Floats] = [rules.across[:, (1, 0, 2, 0)], rules.down[:, (0, 1, 0, 2)]]
    points = np.concatenate(lines).reshape(-1, 2, 2) * up[0] + up[1]
    return upright, _sorted_rules(points.reshape(-1, 4), turn), turn.size()


def common_angle(glyphs: Glyphs) -> int:
    """The angle most characters of a page are read at."""
    return int(np.bincount(glyphs.angles // 90, minlength=4).argmax()) * 90 if len(glyphs.codes) else 0
