"""Pages of a PDF as pictures, and where a value stands on them (页面图).

The columns page, x0, y0, x1, y1 count in PDF points from the top left corner of the page as it is shown: what the crop box leaves of it, turned as
the page says. `page_sizes` and `page_png` show the same, so that a box as fractions of the page fits a picture of any size.
"""

from __future__ import annotations

import math
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image
from pypdfium2 import raw

from extract.document import Box, DocumentError
from extract.pdfium import drawn_page, open_pdf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extract.document import Document, Span
    from extract.pdfium import PdfFile

SCALE = 2.0  # pixels a point
MOST_PIXELS, LONGEST_SIDE = 16_000_000, 9_000
MOST_PAGES = 20_000
WIDEST_GAP = 2.0  # em between characters that one box holds


class Size(NamedTuple):
    """Width and height of a page in points, as it is shown; 0 where the page cannot be read."""

    width: float
    height: float


class Place(NamedTuple):
    """A rectangle on a page (1-based), as fractions of its width and height from the top left corner."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


def page_sizes(data: bytes) -> list[Size]:
    """The size of every page. Raises `DocumentError` where the file is locked, damaged or has no page."""
    with open_pdf(data) as pdf:
        return [_size(pdf, index) for index in range(min(pdf.page_count, MOST_PAGES))]


def _size(pdf: PdfFile, index: int) -> Size:
    size = raw.FS_SIZEF()
    known = raw.FPDF_GetPageSizeByIndexF(pdf.handle, index, size) and all(
        math.isfinite(side) and side > 0 for side in (size.width, size.height)
    )
    return Size(round(size.width, 3), round(size.height, 3)) if known else Size(0.0, 0.0)


def page_image(data: bytes, page: int, scale: float = SCALE) -> tuple[Image.Image, float]:
    """A page (1-based) as a picture, and its pixels a point: fewer than asked for where it would be huge. Raises `DocumentError` where there is no such page."""
    with open_pdf(data) as pdf:
        size = _size(pdf, page - 1) if 1 <= page <= pdf.page_count else Size(0.0, 0.0)
    if not size.width:
        raise DocumentError("unreadable", zh=f"没有第 {page} 页", en=f"there is no page {page}")
    scale = fitting(size, scale)
    width, height, pixels = drawn_page(data, page, scale)
    return Image.frombytes("RGB", (width, height), pixels), scale


def page_png(data: bytes, page: int, scale: float = SCALE) -> bytes:
    """A page (1-based) as PNG; bounds and errors are those of `page_image`."""
    out = BytesIO()
    page_image(data, page, scale)[0].save(out, "PNG")
    return out.getvalue()


def fitting(size: Size, scale: float) -> float:
    """The scale, or as much of it as keeps the picture within bounds.

    >>> fitting(Size(595, 842), 2.0), fitting(Size(14400, 14400), 2.0) < 0.3
    (2.0, True)
    """
    return max(min(scale, math.sqrt(MOST_PIXELS / (size.width * size.height)), LONGEST_SIDE / max(size)), 0.0)


def box_of(row: Mapping[str, Any], size: Size) -> Place | None:
    """Where a row of the dataset stands on its page, as fractions of a page of that size; None for rows without a place.

    >>> box_of({"page": 3, "x0": 59.5, "y0": 84.2, "x1": 119.0, "y1": 92.62}, Size(595, 842))
    Place(page=3, left=0.1, top=0.1, right=0.2, bottom=0.11)
    """
    if row.get("page") is None or row.get("x0") is None or not size.width or not size.height:
        return None
    return _fractions(Box(row["page"], row["x0"], row["y0"], row["x1"], row["y1"]), size)


def _fractions(box: Box, size: Size) -> Place:
    left, top, right, bottom = (
        round(min(max(side / whole, 0.0), 1.0), 6) for side, whole in zip(box[1:], (*size, *size), strict=True)
    )
    return Place(box.page, left, top, right, bottom)


def places(document: Document, span: Span, sizes: Sequence[Size]) -> list[Place]:
    """Where a span stands on the pages of its document, line by line: a value that runs over a line end takes two, where `box_of` takes all between."""
    return [
        _fractions(box, sizes[box.page - 1])
        for box in line_boxes(document, span)
        if box.page <= len(sizes) and sizes[box.page - 1].width
    ]


def line_boxes(document: Document, span: Span) -> list[Box]:
    """The boxes of a span in points, one for each stretch without a gap; none where the document has no pages."""
    if document.layout is None:
        return []
    found: list[Box] = []
    pages, sides = document.layout.pages[span.start : span.end].tolist(), document.layout.boxes[span.start : span.end].tolist()
    for page, (x0, y0, x1, y1) in zip(pages, sides, strict=True):
        if page <= 0:
            continue
        last = found[-1] if found else None
        if last is None or last.page != page or not _follows(last, x0, y0, y1):
            found.append(Box(page, x0, y0, x1, y1))
        else:
            found[-1] = Box(page, min(last.x0, x0), min(last.y0, y0), max(last.x1, x1), max(last.y1, y1))
    return found


def _follows(last: Box, x0: float, y0: float, y1: float) -> bool:
    height = y1 - y0
    shared = min(last.y1, y1) - max(last.y0, y0)
    return shared > height / 2 and last.x0 < x0 < last.x1 + WIDEST_GAP * height
