"""The neutral model every reader returns: one text, and blocks that point into it.

    bytes + address --read--> Document(content, blocks: Heading | Paragraph | Table)

Nothing here knows what a budget is. Every block and cell carries the `Span` of its text in `Document.content`, so whatever is
later said about a document can be read back from it: ``document.text(span) == raw``.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


OWN = 2.0  # confidence of a character that was not recognised but read


class DocumentError(Exception):
    """The bytes cannot become a `Document`; `status` is one of unreadable | encrypted | needs_ocr, the reasons are for people.

    >>> str(DocumentError("encrypted", zh="文件已加密", en="the file is encrypted"))
    '文件已加密 / the file is encrypted'
    """

    def __init__(self, status: str, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.status = status
        self.zh = zh
        self.en = en


class Span(NamedTuple):
    """Half-open range of code points in `Document.content`."""

    start: int
    end: int


class Box(NamedTuple):
    """A rectangle on a page: 1-based page number, PDF points, origin top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Source:
    """Where the bytes came from and what they turned out to be."""

    address: str  # path or url, as given
    sha256: str  # of the input bytes
    media_type: str = ""  # text/html, text/plain, application/pdf: found by content
    encoding: str | None = None  # null for PDF


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that names what follows. `level`: 1 第一部分, 2 一、, 3 （一）, 4 1., 5 （1）, 6 ①; 0 for an unnumbered title or <h1>-<h6>."""

    span: Span
    level: int
    number: str | None = None  # as printed: 一、 (一) 1.


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A run of prose: one line of the source, or lines joined where the break was only typographic."""

    span: Span


@dataclass(frozen=True, slots=True)
class Cell:
    """One own cell of a grid. Covered positions of a merged cell have no `Cell` of their own; a blank cell has an empty text."""

    row: int
    column: int
    span: Span
    rowspan: int = 1
    colspan: int = 1
    header: bool = False  # printed as <th>; a hint only


@dataclass(frozen=True, slots=True)
class Table:
    """A grid of cells.

    `sparse` grids come from flattened text whose writer dropped blank cells: `column` is then only the order of the texts that
    survived in their row, and `open_rows` names the rows whose last own cell is known to be blank.
    """

    span: Span
    rows: int
    columns: int
    cells: tuple[Cell, ...]  # by row, then column
    sparse: bool = False
    open_rows: frozenset[int] = frozenset()
    pages: tuple[int, ...] = ()

    def row(self, index: int) -> tuple[Cell, ...]:
        """The own cells of one row, left to right."""
        return tuple(cell for cell in self.cells if cell.row == index)

    def by_row(self) -> tuple[tuple[Cell, ...], ...]:
        """All rows, each with its own cells from left to right; a row without cells is an empty tuple."""
        rows: list[list[Cell]] = [[] for _ in range(self.rows)]
        for cell in self.cells:
            rows[cell.row].append(cell)
        return tuple(tuple(row) for row in rows)

    def grid(self) -> list[list[Cell | None]]:
        """The full rectangle: a merged cell stands at every position it covers, None where the page has no cell."""
        grid: list[list[Cell | None]] = [[None] * self.columns for _ in range(self.rows)]
        for cell in self.cells:
            for row in range(cell.row, min(cell.row + cell.rowspan, self.rows)):
                for column in range(cell.column, min(cell.column + cell.colspan, self.columns)):
                    grid[row][column] = cell
        return grid


Block = Heading | Paragraph | Table


@dataclass(frozen=True, slots=True)
class Link:
    """A link to a file or page, in document order: an attachment is one whose target is a file."""

    text: str
    target: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd that a reader saw and survived: hidden text dropped, a wrong charset, a grid mended."""

    kind: str
    zh: str
    en: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each character of a paged document stands; positions are indexed like `Document.content`."""

    pages: NDArray[np.int32]  # 1-based page per character, 0 where the character is not printed (a joining line break)
    boxes: NDArray[np.float32]  # shape (n, 4): x0, y0, x1, y1 in points, top-left origin
    confidence: NDArray[np.float32] | None = None  # how sure a machine was of each character it recognised; `OWN` where the text is the file's own

    def place(self, span: Span) -> Box | None:
        """The smallest box round the printed characters of `span` on the page where it starts."""
        pages = self.pages[span.start : span.end]
        printed = pages[pages > 0]
        if not len(printed):
            return None
        page = int(printed[0])
        boxes = self.boxes[span.start : span.end][pages == page]
        low, high = boxes.min(axis=0), boxes.max(axis=0)
        return Box(page, round(float(low[0]), 2), round(float(low[1]), 2), round(float(high[2]), 2), round(float(high[3]), 2))


@dataclass(frozen=True, slots=True)
class Document:
    """One input as text and blocks in reading order.

    >>> source = Source("a.txt", "ab" * 32, "text/plain", "utf-8")
    >>> page = Document(source, "收入合计12.5万元", (Paragraph(Span(0, 10)),))
    >>> page.text(Span(4, 8))
    '12.5'
    """

    source: Source
    content: str  # decoded source for text inputs; the text that `gongkai inspect` prints for HTML and PDF
    blocks: tuple[Block, ...]
    title: str | None = None  # from metadata: <title>, <meta name=ArticleTitle>, the PDF's own title
    metadata: tuple[tuple[str, str], ...] = ()  # the page's own statements (PubDate, ContentSource …), name as printed
    links: tuple[Link, ...] = ()
    notes: tuple[Note, ...] = ()
    page_count: int | None = None
    layout: Layout | None = field(default=None, repr=False, compare=False)

    @property
    def id(self) -> str:
        """First 16 hex digits of the sha256 of the input bytes."""
        return self.source.sha256[:16]

    def text(self, span: Span) -> str:
        """What stands at `span`."""
        return self.content[span.start : span.end]

    def place(self, span: Span) -> Box | None:
        """Where `span` stands on its page; None for HTML and text."""
        return self.layout.place(span) if self.layout is not None else None

    def confidence(self, span: Span) -> float | None:
        """How sure a machine was of the character of `span` it was least sure of; None where the text is the file's own."""
        if self.layout is None or self.layout.confidence is None or span.start >= span.end:
            return None
        least = float(self.layout.confidence[span.start : span.end].min())
        return round(least, 4) if least < OWN else None

    def tables(self) -> Iterator[Table]:
        """The tables, in reading order."""
        return (block for block in self.blocks if isinstance(block, Table))

    def line_of(self, position: int) -> int:
        """1-based line number of a character position, for people."""
        return self.content.count("\n", 0, position) + 1

    def block_at(self, position: int) -> int:
        """Index of the block that holds or follows `position`."""
        starts = [block.span.start for block in self.blocks]
        return max(bisect_right(starts, position) - 1, 0)
