"""Characters that pdfium loses because their font is not in the file (未嵌入字体的字符): read again by pdfminer.

Without the font pdfium knows no ink, and drops every text object whose ink has no width: single characters, and all sideways text.
A sentence then lacks a character without a trace. Pages where that can have happened are read a second time, for these characters only.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pdfminer.converter import PDFLayoutAnalyzer
from pdfminer.layout import LTChar, LTContainer
from pdfminer.pdfexceptions import PDFException
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.psexceptions import PSException

from extract import pdfium
from extract.marks import ABOVE, BELOW, Glyphs, View, on_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

BUILT_IN = re.compile(rb"(?:.{6}\+)?(?:Times|Arial|Helvetica|Courier|Symbol|ZapfDingbats)", re.IGNORECASE)  # pdfium brings these along
NAME_LENGTH = 100
STUMBLES = (  # what pdfminer raises over broken objects: its own errors, and those of what it takes for granted
    PDFException, PSException, ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, RecursionError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip
PAGES_READ_AGAIN = 500  # of one file: pdfminer takes fifty times as long
SAME_PLACE = 0.2  # points


class Lost(NamedTuple):
    """A character in page space: code point, origin, em and advance in points, quarter turns clockwise."""

    code: int
    x: float
    y: float
    size: float
    advance: float
    turns: int


def may_have_lost(objects: Sequence[int]) -> bool:
    """Whether one of these text objects, for which pdfium gives no text, is set in a font that pdfium does not have."""
    fonts: set[int] = set(map(pdfium.text_font, objects))
    return any(font and not pdfium.font_is_embedded(font) and not BUILT_IN.match(_name(font)) for font in fonts)


def _name(font: int) -> bytes:
    buffer = np.zeros(NAME_LENGTH, np.uint8)
    pdfium.font_name(font, buffer.ctypes.data, NAME_LENGTH)
    return buffer.tobytes()


@dataclass(slots=True)
class SecondReading:
    """pdfminer's pages of one file, walked through once from front to back; `left` is how many it may still read."""

    pages: Iterator[tuple[int, PDFPage]]
    left: int = PAGES_READ_AGAIN
    skipped: int = 0

    @classmethod
    def of(cls, data: bytes) -> SecondReading:
        """Ready to read `data`; nothing is parsed before the first page is asked for."""
        return cls(enumerate(PDFPage.get_pages(BytesIO(data)), 1))

    def lost(self, page_number: int, origins: NDArray[np.float64]) -> tuple[Lost, ...]:
        """Printed characters of a page (1-based, asked for in order) that stand where none of `origins` (page space) is."""
        if self.left <= 0:
            self.skipped += 1
            return ()
        self.left -= 1
        try:
            page = next((page for number, page in self.pages if number >= page_number), None)
            return tuple(_lost(_characters(page), origins)) if page is not None else ()
        except STUMBLES:  # a second reader may stumble where the first did not
            return ()


def _lost(characters: Iterable[LTChar], origins: NDArray[np.float64]) -> Iterator[Lost]:
    known = {(round(x / SAME_PLACE), round(y / SAME_PLACE)) for x, y in origins.tolist()}
    for character in characters:
        a, b, _, _, x, y = character.matrix
        column, row = round(x / SAME_PLACE), round(y / SAME_PLACE)
        near = ((column + right, row + up) for right in (-1, 0, 1) for up in (-1, 0, 1))
        text = character.get_text()
        if len(text) != 1 or text.isspace() or any(place in known for place in near):
            continue
        turns = round(-math.atan2(b, a) / (math.pi / 2)) % 4
        size = character.height if turns % 2 == 0 else character.width
        yield Lost(ord(text), x, y, size, character.adv * math.hypot(a, b), turns)


def with_lost(glyphs: Glyphs, lost: Sequence[Lost], view: View) -> Glyphs:
    """The characters of a page with those that were lost."""
    boxes = np.array([_box(character) for character in lost])
    count = len(lost)
    origins = np.array([(character.x, character.y) for character in lost])
    angles = np.array([(character.turns + view.turns) % 4 * 90 for character in lost], np.int16)
    codes = np.array([character.code for character in lost], np.uint32)
    more = Glyphs(codes, view.boxes(boxes), view.points(origins), angles, np.zeros(count, bool), np.zeros((count, 4)), np.zeros(count, bool))
    both = Glyphs(
        np.concatenate((glyphs.codes, more.codes)),
        np.concatenate((glyphs.boxes, more.boxes)),
        np.concatenate((glyphs.origins, more.origins)),
        np.concatenate((glyphs.angles, more.angles)),
        np.concatenate((glyphs.spaced, more.spaced)),
        np.concatenate((glyphs.windows, more.windows)),
        np.concatenate((glyphs.hidden, more.hidden)),
    )
    return both.take(on_page(both.boxes, view))


def _box(lost: Lost) -> tuple[float, float, float, float]:
    """One em high round the baseline, in page space."""
    _, x, y, size, advance, turns = lost
    return (
        (x, y - BELOW * size, x + advance, y + ABOVE * size),
        (x - BELOW * size, y - advance, x + ABOVE * size, y),
        (x - advance, y - ABOVE * size, x, y + BELOW * size),
        (x - ABOVE * size, y, x + BELOW * size, y + advance),
    )[turns]


def _characters(page: PDFPage) -> Iterator[LTChar]:
    resources = PDFResourceManager()
    device = PDFLayoutAnalyzer(resources)
    device.begin_page(page, (1, 0, 0, 1, 0, 0))
    PDFPageInterpreter(resources, device).render_contents(page.resources, page.contents, ctm=(1, 0, 0, 1, 0, 0))
    yield from _inside(device.cur_item)


def _inside(container: LTContainer[Any]) -> Iterator[LTChar]:
    for item in container:
        if isinstance(item, LTChar):
            yield item
        elif isinstance(item, LTContainer):
            yield from _inside(item)

