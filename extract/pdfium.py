"""pdfium without ceremony: bare ctypes prototypes called through `map`, and the objects of a page by kind.

One call per character or object and property, no Python frame in between; results land in numpy buffers.
"""

from __future__ import annotations

import ctypes
import threading
from collections import deque
from contextlib import contextmanager
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2  # noqa: F401  # loads the library
from pypdfium2 import raw

from extract.document import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LOCK = threading.RLock()  # pdfium may be entered by one thread at a time
OBJECTS_READ = 120_000  # of one page: maps and charts draw with hundreds of thousands
FORM_DEPTH = 6
PASSWORD_ERRORS = (4, 5)  # FPDF_ERR_PASSWORD, FPDF_ERR_SECURITY

NO_FOLDERS = (ctypes.POINTER(ctypes.c_char) * 1)()  # a list that ends at once


def _start(folders: object) -> None:
    raw.FPDF_DestroyLibrary()
    raw.FPDF_InitLibraryWithConfig(raw.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=folders))


# The fonts a machine happens to have decide what pdfium takes for the ink of a character whose font is not in the file: without any, every machine reads the same.
_start(NO_FOLDERS)

_pointer, _int, _uint = ctypes.c_size_t, ctypes.c_int, ctypes.c_uint  # pointers travel as numbers, 0 for none


def address(handle: Any) -> int:
    """The bare address behind a pdfium handle or function."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def _bare(function: object, *arguments: type, result: type = _int) -> Callable[..., Any]:
    return ctypes.PYFUNCTYPE(result, *arguments)(address(function))  # keeps the interpreter's lock: these calls take nanoseconds


loose_box = _bare(raw.FPDFText_GetLooseCharBox, _pointer, _int, _pointer)
char_origin = _bare(raw.FPDFText_GetCharOrigin, _pointer, _int, _pointer, _pointer)
char_code = _bare(raw.FPDFText_GetUnicode, _pointer, _int, result=_uint)
text_codes = _bare(raw.FPDFText_GetText, _pointer, _int, _int, _pointer)
font_size = _bare(raw.FPDFTextObj_GetFontSize, _pointer, _pointer)
text_object = _bare(raw.FPDFText_GetTextObject, _pointer, _int, result=_pointer)
page_object = _bare(raw.FPDFPage_GetObject, _pointer, _int, result=_pointer)
form_object = _bare(raw.FPDFFormObj_GetObject, _pointer, ctypes.c_ulong, result=_pointer)
form_count = _bare(raw.FPDFFormObj_CountObjects, _pointer)
object_type = _bare(raw.FPDFPageObj_GetType, _pointer)
object_box = _bare(raw.FPDFPageObj_GetBounds, _pointer, _pointer, _pointer, _pointer, _pointer)
object_matrix = _bare(raw.FPDFPageObj_GetMatrix, _pointer, _pointer)
draw_mode = _bare(raw.FPDFPath_GetDrawMode, _pointer, _pointer, _pointer)
fill_colour = _bare(raw.FPDFPageObj_GetFillColor, _pointer, _pointer, _pointer, _pointer, _pointer)
count_segments = _bare(raw.FPDFPath_CountSegments, _pointer)
path_segment = _bare(raw.FPDFPath_GetPathSegment, _pointer, _int, result=_pointer)
segment_point = _bare(raw.FPDFPathSegment_GetPoint, _pointer, _pointer, _pointer)
segment_type = _bare(raw.FPDFPathSegment_GetType, _pointer)
closes_path = _bare(raw.FPDFPathSegment_GetClose, _pointer)
clip_path = _bare(raw.FPDFPageObj_GetClipPath, _pointer, result=_pointer)
clip_paths = _bare(raw.FPDFClipPath_CountPaths, _pointer)
clip_count = _bare(raw.FPDFClipPath_CountPathSegments, _pointer, _int)
clip_segment = _bare(raw.FPDFClipPath_GetPathSegment, _pointer, _int, _int, result=_pointer)
text_font = _bare(raw.FPDFTextObj_GetFont, _pointer, result=_pointer)
font_is_embedded = _bare(raw.FPDFFont_GetIsEmbedded, _pointer)
font_name = _bare(raw.FPDFFont_GetBaseFontName, _pointer, _pointer, ctypes.c_size_t, result=ctypes.c_size_t)
render_mode = _bare(raw.FPDFTextObj_GetTextRenderMode, _pointer)

TEXT, PATH, IMAGE, FORM = 1, 2, 3, 5


class PdfFile(NamedTuple):
    """An open PDF: the pdfium handle, how many pages it claims and its own title."""

    handle: object
    page_count: int
    title: str
    data: bytes


@contextmanager
def open_pdf(data: bytes) -> Iterator[PdfFile]:
    """An open PDF file; a `DocumentError` where it is locked, damaged or has no page."""
    with LOCK:
        handle = raw.FPDF_LoadMemDocument64(data, len(data), None)
        if not handle:
            if raw.FPDF_GetLastError() in PASSWORD_ERRORS:
                raise DocumentError("encrypted", zh="PDF 已加密，需要密码", en="the PDF is encrypted and asks for a password")
            raise DocumentError("unreadable", zh="PDF 已损坏，无法打开", en="the PDF is damaged and cannot be opened")
        try:
            count = raw.FPDF_GetPageCount(handle)
            if count <= 0:
                raise DocumentError("unreadable", zh="PDF 中没有任何页面", en="the PDF has no pages")
            yield PdfFile(handle, count, meta(handle, b"Title"), data)
        finally:
            raw.FPDF_CloseDocument(handle)


@contextmanager
def fonts_of_this_machine() -> Iterator[None]:
    """For drawing pages: characters whose font is not in the file are seen. No document may be open before or after."""
    with LOCK:
        _start(None)
        try:
            yield
        finally:
            _start(NO_FOLDERS)


def meta(handle: object, name: bytes) -> str:
    """An entry of the document's information (Title, Producer …), empty where it has none."""
    size = raw.FPDF_GetMetaText(handle, name, None, 0)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_GetMetaText(handle, name, buffer, size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace").strip("\0 \t\r\n")


class PageObjects(NamedTuple):
    """Object handles of a page by kind; each path and text comes with the index of the matrix of the forms it lies in."""

    texts: list[int]
    text_frames: list[int]
    paths: list[int]
    path_frames: list[int]
    images: list[int]
    image_frames: list[int]
    frames: list[Floats]  # 3x3, object space of a form to page space; the first is the identity
    cut: bool


def page_objects(page: int, count: int) -> PageObjects:
    """The objects of a page, those within forms too, up to `OBJECTS_READ` of them and `FORM_DEPTH` deep."""
    found = PageObjects([], [], [], [], [], [], [np.eye(3)], cut=count > OBJECTS_READ)
    kinds = ((TEXT, found.texts, found.text_frames), (PATH, found.paths, found.path_frames), (IMAGE, found.images, found.image_frames))
    handles = list(map(page_object, repeat(page), range(min(count, OBJECTS_READ))))
    waiting: deque[tuple[list[int], int, int]] = deque([(handles, 0, 0)])
    read = len(handles)
    while waiting:
        handles, frame, depth = waiting.popleft()
        types = list(map(object_type, handles))
        for kind, objects, frames in kinds:
            chosen = list(compress(handles, map(kind.__eq__, types)))
            objects.extend(chosen)
            frames.extend([frame] * len(chosen))
        for handle in compress(handles, map(FORM.__eq__, types)) if depth < FORM_DEPTH else ():
            inside = min(form_count(handle), OBJECTS_READ - read)
            if inside > 0:
                read += inside
                found.frames.append(matrix_of(handle) @ found.frames[frame])
                waiting.append((list(map(form_object, repeat(handle), range(inside))), len(found.frames) - 1, depth + 1))
    return found._replace(cut=found.cut or read >= OBJECTS_READ)


def matrix_of(handle: int) -> Floats:
    """Row-vector form: [x y 1] @ matrix."""
    six = (ctypes.c_float * 6)()
    object_matrix(handle, ctypes.addressof(six))
    a, b, c, d, e, f = six
    return np.array(((a, b, 0.0), (c, d, 0.0), (e, f, 1.0)))


def mapped(points: Floats, matrix: Floats) -> Floats:
    """Points moved by a matrix, in row-vector form."""
    return points @ matrix[:2, :2] + matrix[2, :2]


def fill_buffer(function: Callable[..., Any], handles: list[int], columns: int, kind: type[np.generic], unset: int = 0) -> NDArray[Any]:
    """Results of a call that writes `columns` values through as many pointers, one row per handle; `unset` where it writes nothing."""
    rows = np.full((len(handles), columns), unset, kind)
    start, size = rows.ctypes.data, rows.itemsize
    step = size * columns
    places = [range(start + size * column, start + size * column + step * len(handles), step) for column in range(columns)]
    deque(map(function, handles, *places), maxlen=0)
    return rows


def bounds_of(handles: list[int], frames: list[int], matrices: list[Floats]) -> Floats:
    """Bounds of objects in page space, (left, bottom, right, top) each."""
    bounds = fill_buffer(object_box, handles, 4, np.float32).astype(np.float64)
    if len(matrices) > 1:
        frame = np.asarray(frames, np.intp)
        for index in np.unique(frame[frame > 0]):
            inside = frame == index
            bounds[inside] = mapped_boxes(bounds[inside], matrices[index])
    return bounds


def mapped_boxes(boxes: Floats, matrix: Floats) -> Floats:
    """The upright boxes round boxes that a matrix moves."""
    corners = boxes[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 4, 2)
    moved = mapped(corners, matrix)
    return np.concatenate((moved.min(axis=1), moved.max(axis=1)), axis=1)


def drawn_page(data: bytes, number: int, scale: float) -> tuple[int, int, bytes]:
    """A page (1-based) as width, height and RGB bytes, `scale` pixels a point."""
    with fonts_of_this_machine(), open_pdf(data) as pdf:
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
