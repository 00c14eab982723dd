"""The marks of a PDF page (PDF 页面): characters with boxes and baselines, rules, and what the page keeps from view.

Everything handed on is in the coordinates of the page as shown: points, origin top left, rotation applied.
"""

from __future__ import annotations

from collections import deque
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np
from pypdfium2 import raw

from extract import pdfium
from extract.clipping import clip_windows
from extract.marks import ABOVE, BELOW, NO_GLYPHS, NO_RULES, UNMAPPED, Glyphs, PageMarks, View
from extract.strokes import read_rules
from extract.unembedded import SecondReading, may_have_lost, with_lost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PAGES_READ = 20_000  # a page tree may claim any number
UNREADABLE_RUN = 200  # pages in a row that do not load: the rest will not either
INVISIBLE = 3  # text rendering mode of the layer that OCR lays over a scan
INK = 0.004  # em: a box that begins further from its origin than this is ink and no advance
HYPHEN_MARK, HYPHEN_CODE = 2, 0xFFFE  # what pdfium makes of a hyphen at a line end


def page_marks(pdf: pdfium.PdfFile) -> Iterator[PageMarks]:
    """The marks of each page in turn; a page's memory is given back before the next is loaded."""
    failed = 0
    second = SecondReading.of(pdf.data)
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
            yield _marks(page, index + 1, second)
        finally:
            raw.FPDF_ClosePage(page)


def _blank_page(number: int) -> PageMarks:
    return PageMarks(number, 0.0, 0.0, NO_GLYPHS, NO_RULES, loaded=False)


def _marks(page: object, number: int, second: SecondReading) -> PageMarks:
    box = raw.FS_RECTF()
    if not raw.FPDF_GetPageBoundingBox(page, box) or box.right <= box.left or box.top <= box.bottom:
        return _blank_page(number)
    view = View(box.left, box.bottom, box.right, box.top, raw.FPDFPage_GetRotation(page) % 4)
    width, height = view.size()
    objects = pdfium.page_objects(pdfium.address(page), raw.FPDFPage_CountObjects(page))
    rules, drawn, crowded = read_rules(objects, view)
    text = raw.FPDFText_LoadPage(page)
    if not text:
        return PageMarks(number, width, height, NO_GLYPHS, rules, 0, _coverage(objects, view), drawn, crowded)
    try:
        glyphs, hidden, read = _glyphs(pdfium.address(text), raw.FPDFText_CountChars(text), objects, view)
    finally:
        raw.FPDFText_ClosePage(text)
    recovered = 0
    if (unread := set(objects.texts) - read) and may_have_lost(list(unread)):
        lost = second.lost(number, view.back(glyphs.origins))
        glyphs = with_lost(glyphs, lost, view) if lost else glyphs
        recovered = len(lost) if second.skipped == 0 else -1
    images = _coverage(objects, view)
    overlay = images > 0.5 and bool(objects.texts) and all(mode == INVISIBLE for mode in map(pdfium.render_mode, objects.texts))
    return PageMarks(number, width, height, glyphs, rules, hidden, images, drawn, crowded or objects.cut, recovered, overlay)


def _glyphs(text: int, count: int, objects: pdfium.PageObjects, view: View) -> tuple[Glyphs, int, set[int]]:
    """Characters of a page, how many were left out because they lie off it, and the text objects they came from."""
    if count <= 0:
        return NO_GLYPHS, 0, set()
    codes = _codes(text, count)
    printed = np.flatnonzero(codes > 32)
    spaced = (codes[printed - 1] == 32) & (printed > 0)
    codes, indices, count = codes[printed], printed.tolist(), len(printed)
    if not count:
        return NO_GLYPHS, 0, set()
    inverted = np.zeros((count, 4), np.float32)  # pdfium's FS_RECTF: left, top, right, bottom
    start = inverted.ctypes.data
    deque(map(pdfium.loose_box, repeat(text), indices, range(start, start + 16 * count, 16)), maxlen=0)
    loose = inverted.astype(np.float64)[:, (0, 3, 2, 1)]
    owners = np.fromiter(map(pdfium.text_object, repeat(text), indices), np.uint64, count)
    handles, first, owner = np.unique(owners, return_index=True, return_inverse=True)
    size, turns = _settings(handles, objects)
    sizes, angles = size[owner], ((turns * 90) % 360).astype(np.int16)[owner]
    wide = (codes >= 0x2E80) & ((codes < 0xE000) | (codes >= 0xF900))
    origins = _origins(text, indices, loose, sizes, first, owner, turns)
    solid = (owners > 0) & (sizes > 0) & np.isfinite(loose).all(axis=1) & np.isfinite(origins).all(axis=1)
    boxes = _em_boxes(wide, loose, origins, sizes, angles)
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    on_page = (middle >= (view.left, view.bottom)).all(axis=1) & (middle <= (view.right, view.top)).all(axis=1)
    shown = solid & on_page
    window, hidden = np.zeros((count, 4)), np.zeros(count, bool)
    spaces = clip_windows(handles.tolist(), objects, view)
    if spaces is not None:
        allowed = spaces[owner]
        clipped = shown & ~((middle >= allowed[:, :2]).all(axis=1) & (middle <= allowed[:, 2:]).all(axis=1))
        cut = clipped | (shown & ((boxes[:, :2] < allowed[:, :2]) | (boxes[:, 2:] > allowed[:, 2:])).any(axis=1))
        begun = np.zeros(len(handles), bool)
        begun[owner[shown & ~clipped]] = True
        hidden = clipped & ~begun[owner]  # a string that is cut off sideways counts as a whole: half a number is another number
        page = (view.left, view.bottom), (view.right, view.top)
        window[cut] = np.concatenate((np.clip(allowed[cut, :2], *page), np.clip(allowed[cut, 2:], *page)), axis=1)
        empty = (window[:, 2:] <= window[:, :2]).any(axis=1)
        shown &= ~(hidden & empty)
        window[empty] = 0.0
    kept = np.flatnonzero(shown)
    turned = (angles[kept] + 90 * view.turns) % 360
    windows = window[kept]
    covered = windows.any(axis=1)
    windows[covered] = view.boxes(windows[covered])
    glyphs = Glyphs(codes[kept], view.boxes(boxes[kept]), view.points(origins[kept]), turned.astype(np.int16), spaced[kept], windows, hidden[kept])
    return glyphs, int((solid & ~shown).sum()), set(handles.tolist())


def _origins(
    text: int,
    indices: list[int],
    loose: Floats,
    sizes: Floats,
    first: NDArray[np.intp],
    owner: NDArray[np.intp],
    turns: NDArray[np.intp],
) -> Floats:
    """The point of the baseline each character stands on, in page space.

    Upright characters of one text object share the baseline of its `first`, and begin where their box begins. Asked for one by one
    are those of turned objects, of fonts whose boxes are ink only, and of fonts written downwards.
    """
    asked = _ask_origins(text, [indices[index] for index in first.tolist()])
    origins = np.stack((loose[:, 0], asked[owner, 1]), axis=1)
    low, high = np.full(len(first), np.inf), np.full(len(first), -np.inf)
    np.minimum.at(low, owner, loose[:, 1])
    np.maximum.at(high, owner, loose[:, 1])
    inked = np.abs(asked[:, 0] - loose[first, 0]) > INK * sizes[first]
    singly = np.flatnonzero(((turns != 0) | inked | (high - low > 0.95 * sizes[first]))[owner])
    if len(singly):
        origins[singly] = _ask_origins(text, [indices[index] for index in singly.tolist()])
    return origins


def _ask_origins(text: int, indices: list[int]) -> Floats:
    count = len(indices)
    origins = np.zeros((count, 2))
    start = origins.ctypes.data
    deque(map(pdfium.char_origin, repeat(text), indices, range(start, start + 16 * count, 16), range(start + 8, start + 8 + 16 * count, 16)), maxlen=0)
    return origins


def _codes(text: int, count: int) -> NDArray[np.uint32]:
    buffer = np.zeros(count + 1, np.uint16)
    written = pdfium.text_codes(text, 0, count, buffer.ctypes.data)
    codes = buffer[:count].astype(np.uint32)
    if written != count + 1 or ((codes >= 0xD800) & (codes < 0xE000)).any():
        codes = np.fromiter(map(pdfium.char_code, repeat(text), range(count)), np.uint32, count)
    codes[(codes == HYPHEN_MARK) | (codes == HYPHEN_CODE)] = ord("-")
    codes[(codes == 0) | (codes >= 0x110000) | (codes == 0xFFFF) | ((codes >= 0xD800) & (codes < 0xE000))] = UNMAPPED
    codes[(codes == 0xA0) | (codes == 0x3000) | (codes == 0xAD) | ((codes >= 0x2000) & (codes <= 0x200B)) | (codes == 0xFEFF)] = 32
    return codes


def _settings(handles: NDArray[np.uint64], objects: pdfium.PageObjects) -> tuple[Floats, NDArray[np.intp]]:
    """Height of an em in points and reading direction in quarter turns clockwise of each text object: its font size, its matrix, its forms."""
    texts = handles.tolist()
    sizes, turns = np.zeros(len(texts)), np.zeros(len(texts), np.intp)
    drawn = [index for index, handle in enumerate(texts) if handle]
    owners = [texts[index] for index in drawn]
    plain = pdfium.fill_buffer(pdfium.font_size, owners, 1, np.float32)[:, 0].astype(np.float64)
    six = np.zeros((len(owners), 6), np.float32)
    deque(map(pdfium.object_matrix, owners, range(six.ctypes.data, six.ctypes.data + 24 * len(owners), 24)), maxlen=0)
    along, up = six[:, 0:2].astype(np.float64), six[:, 2:4].astype(np.float64)
    if len(objects.frames) > 1:
        frames = dict(zip(objects.texts, objects.text_frames, strict=True))
        turned = np.array([objects.frames[frames.get(handle, 0)][:2, :2] for handle in owners])
        along, up = np.einsum("ni,nij->nj", along, turned), np.einsum("ni,nij->nj", up, turned)
    sizes[drawn] = np.nan_to_num(np.abs(plain) * np.hypot(up[:, 0], up[:, 1]), posinf=0.0)
    turns[drawn] = np.rint(-np.arctan2(np.nan_to_num(along[:, 1]), np.nan_to_num(along[:, 0])) / (np.pi / 2)).astype(np.intp) % 4
    return sizes, turns


def _em_boxes(wide: NDArray[np.bool_], loose: Floats, origins: Floats, sizes: Floats, angles: NDArray[np.int16]) -> Floats:
    """Boxes one em high round each baseline, as wide as the character advances.

    pdfium's loose boxes trust the ascent and descent a font claims: twice the em for some Times, the bare ink for some Songti.
    """
    boxes = loose.copy()
    x, y = origins[:, 0], origins[:, 1]
    flat = (angles == 0) | (angles == 180)
    inked = wide & flat & (np.abs(loose[:, 0] - x) > INK * sizes)  # the box is ink only: the font gives no metrics
    boxes[inked, 0] = np.minimum(x, loose[:, 0])[inked]
    boxes[inked, 2] = np.maximum(x + sizes, loose[:, 2])[inked]
    for angle, axis, ahead, behind in ((0, 1, BELOW, ABOVE), (90, 0, BELOW, ABOVE), (180, 1, ABOVE, BELOW), (270, 0, ABOVE, BELOW)):
        turned = angles == angle
        if turned.any():
            place = (y if axis else x)[turned]
            boxes[turned, axis] = place - ahead * sizes[turned]
            boxes[turned, axis + 2] = place + behind * sizes[turned]
    return boxes


def _coverage(objects: pdfium.PageObjects, view: View) -> float:
    if not objects.images:
        return 0.0
    bounds = pdfium.bounds_of(objects.images, objects.image_frames, objects.frames)
    area = np.clip(bounds[:, 2] - bounds[:, 0], 0, None) * np.clip(bounds[:, 3] - bounds[:, 1], 0, None)
    return float(area.sum() / ((view.right - view.left) * (view.top - view.bottom)))
