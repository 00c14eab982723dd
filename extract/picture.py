"""A page as a picture with what was found on it (页面图): rules blue, cells red, lines of text green in reading order."""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from extract.document import DocumentError
from extract.lattice import find_grids, merged
from extract.marks import common_angle, turned
from extract.paged import read_leaf
from extract.pages import page_marks
from extract.pdfium import drawn_page, open_pdf

if TYPE_CHECKING:
    from extract.marks import PageMarks

SCALE = 2.0  # pixels a point
ROTATED = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
RULE, CELL, LINE = (30, 90, 220), (220, 40, 40), (20, 140, 60)


def draw_page(data: bytes, page_number: int) -> bytes:
    """PNG of one page (1-based) of a PDF, turned so that its text is upright, with rules, cells and numbered lines drawn over it."""
    width, height, pixels = drawn_page(data, page_number, SCALE)
    marks = _marks(data, page_number)
    angle = common_angle(marks.glyphs)
    picture = Image.frombytes("RGB", (width, height), pixels)
    if angle:
        picture = picture.transpose(ROTATED[angle])
    _annotate(ImageDraw.Draw(picture), marks, angle)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _marks(data: bytes, number: int) -> PageMarks:
    with open_pdf(data) as pdf:
        marks = next(islice(page_marks(pdf), number - 1, None), None)
    if marks is None or not marks.loaded:
        raise DocumentError("unreadable", zh=f"第 {number} 页无法读取", en=f"page {number} cannot be read")
    return marks


def _annotate(draw: ImageDraw.ImageDraw, marks: PageMarks, angle: int) -> None:
    glyphs, rules, size = turned(marks.glyphs, marks.rules, (marks.width, marks.height), angle)
    for y, x0, x1 in merged(rules.across).tolist():
        draw.line((x0 * SCALE, y * SCALE, x1 * SCALE, y * SCALE), RULE, 1)
    for x, y0, y1 in merged(rules.down).tolist():
        draw.line((x * SCALE, y0 * SCALE, x * SCALE, y1 * SCALE), RULE, 1)
    for grid in find_grids(rules):
        for row, column, rowspan, colspan in grid.cells:
            x0, x1 = float(grid.xs[column]), float(grid.xs[column + colspan])
            y0, y1 = float(grid.ys[row]), float(grid.ys[row + rowspan])
            draw.rectangle((x0 * SCALE + 2, y0 * SCALE + 2, x1 * SCALE - 2, y1 * SCALE - 2), outline=CELL, width=2)
    for order, line in enumerate(read_leaf(glyphs, rules, marks.number, size).lines, 1):
        draw.rectangle((line.x0 * SCALE, line.top * SCALE, line.x1 * SCALE, line.bottom * SCALE), outline=LINE)
        draw.text((max(line.x0 * SCALE - 22, 0), line.top * SCALE), str(order), fill=LINE)
