"""Pieces of pages to one `Document.content` with spans and places (成文): the last step of every paged reader."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from extract.document import Block, Cell, Heading, Layout, Paragraph, Span, Table
from extract.headings import whole_heading
from extract.joining import TextLine, is_contents_line, soft_joint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

ROW_AND_COLUMN = itemgetter(0, 1)  # of a PlacedCell
NOWHERE = np.zeros((8, 4), np.float32)
BETWEEN_CELLS = " | "
CONTENTS_TITLE = re.compile(r"[《【]?目[录次錄][】》]?")
LISTED = re.compile(r"[。；;].|[。；;]$")  # a sentence: the table of contents is over


class Run(NamedTuple):
    """Some text and the box of each of its characters on one page; zero boxes are characters that are not printed."""

    page: int
    text: str
    boxes: NDArray[np.float32]


class PlacedCell(NamedTuple):
    """A cell of a table that may run over pages."""

    row: int
    column: int
    rowspan: int
    colspan: int
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """All its text."""
        return "".join(run.text for run in self.runs)


class PlacedTable(NamedTuple):
    """A table with the pages it stands on; `xs` are its column edges on the first."""

    pages: tuple[int, ...]
    xs: tuple[float, ...]
    rows: int
    cells: tuple[PlacedCell, ...]
    open_top: frozenset[int] = frozenset()  # columns that no rule closes above: the page break cut their cells
    open_bottom: frozenset[int] = frozenset()

    @property
    def columns(self) -> int:
        """How many columns it has."""
        return len(self.xs) - 1


class PlacedParagraph(NamedTuple):
    """Lines that are one paragraph or heading; `centred` when it stands alone in the middle of the page."""

    lines: tuple[TextLine, ...]
    centred: bool = False


class Composition(NamedTuple):
    """What a paged document becomes."""

    content: str
    blocks: tuple[Block, ...]
    layout: Layout


def compose(pieces: Iterable[PlacedParagraph | PlacedTable]) -> Composition:
    """One line per paragraph, one line per table row with its cells parted by bars; every block knows its span."""
    page = _Page()
    blocks: list[Block] = []
    contents: set[str] | None = None  # headings listed so far, while inside a table of contents
    for piece in pieces:
        if isinstance(piece, PlacedTable):
            blocks.append(page.write_table(piece))
            contents = None
        else:
            span = page.write_lines(piece.lines)
            text = page.since(span.start)
            block = _text_block(text, span, piece.centred)
            name = "".join(text.split())
            if CONTENTS_TITLE.fullmatch(name):
                contents = set()
            elif contents is not None:
                if name in contents or (isinstance(block, Paragraph) and LISTED.search(text)):
                    contents = None
                else:
                    contents.add(name)
                    block = Paragraph(span)
            blocks.append(block)
        page.put("\n")
    return Composition(page.content(), tuple(blocks), page.layout())


def _text_block(text: str, span: Span, centred: bool) -> Block:
    if is_contents_line(text):
        return Paragraph(span)
    found = whole_heading(text)
    if found is not None:
        return Heading(span, found[0], found[1])
    return Heading(span, 0) if centred else Paragraph(span)


class _Page:
    """The text written so far and where each of its characters stands."""

    def __init__(self) -> None:
        self._parts: list[tuple[str, int, NDArray[np.float32]]] = []
        self.length = 0

    def put(self, text: str) -> None:
        """Write what is not printed."""
        self._parts.append((text, 0, NOWHERE[: len(text)]))
        self.length += len(text)

    def write(self, page: int, text: str, boxes: NDArray[np.float32]) -> None:
        """Write text with its places."""
        if text:
            self._parts.append((text, page, boxes))
            self.length += len(text)

    def since(self, start: int) -> str:
        """The text from `start` on, which must be where a piece was begun."""
        texts: list[str] = []
        length = self.length
        for text, _, _ in reversed(self._parts):
            if length <= start:
                break
            texts.append(text)
            length -= len(text)
        return "".join(reversed(texts))

    def write_lines(self, lines: Sequence[TextLine]) -> Span:
        start = self.length
        before = ""
        for line in lines:
            if before and (joint := soft_joint(before, line.text)):
                self.put(joint)
            self.write(line.page, line.text, line.boxes)
            before = line.text
        return Span(start, self.length)

    def write_table(self, table: PlacedTable) -> Table:
        start = self.length
        parts = self._parts
        bar, end = (BETWEEN_CELLS, 0, NOWHERE[: len(BETWEEN_CELLS)]), ("\n", 0, NOWHERE[:1])
        cells: list[Cell] = []
        length, row = self.length, 0
        for cell in sorted(table.cells, key=ROW_AND_COLUMN):
            if cell.row > row:
                parts.extend([end] * (cell.row - row))
                length += cell.row - row
                row = cell.row
            elif cells:
                parts.append(bar)
                length += len(BETWEEN_CELLS)
            begin = length
            for run in cell.runs:
                parts.append((run.text, run.page, run.boxes))
                length += len(run.text)
            cells.append(Cell(row, cell.column, Span(begin, length), cell.rowspan, cell.colspan))
        self.length = length
        return Table(Span(start, length), table.rows, table.columns, tuple(cells), pages=table.pages)

    def content(self) -> str:
        return "".join([text for text, _, _ in self._parts])

    def layout(self) -> Layout:
        if not self._parts:
            return Layout(np.zeros(0, np.int32), np.zeros((0, 4), np.float32))
        _, numbers, places = zip(*self._parts, strict=True)
        boxes = np.concatenate(places)
        pages = np.repeat(np.array(numbers, np.int32), [len(place) for place in places])
        pages[~boxes.any(axis=1)] = 0
        return Layout(pages, boxes)
