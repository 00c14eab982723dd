"""The text of a page as it is printed for people, with the blocks and links that point into it (排印).

A paragraph per line, a table row per line with " | " between its cells; every span is where its text stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from extract.chrome import furniture_line
from extract.document import Block, Cell, Heading, Link, Note, Paragraph, Span, Table
from extract.grid import place
from extract.headings import whole_heading

if TYPE_CHECKING:
    from collections.abc import Iterable

BETWEEN_CELLS = " | "
LONGEST_TITLE = 120  # characters of a line that a heading element may hold and still be a title


@dataclass(slots=True)
class Line:
    """A printed line: its text, whether a heading element holds it, and its links as (text, target)."""

    text: str
    head: bool = False
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Written:
    """A cell as the page writes it."""

    text: str
    rowspan: int
    colspan: int
    header: bool
    links: list[tuple[str, str]]


@dataclass(slots=True)
class Sheet:
    """A data table before it is printed; `strays` stand in the table but in no cell."""

    strays: list[str]
    rows: list[list[Written]]


class Content:
    """The text of the page as it grows, with the blocks and links that point into it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.blocks: list[Block] = []
        self.links: list[Link] = []

    def put(self, text: str) -> Span:
        """Add text; where it stands."""
        self.parts.append(text)
        self.length += len(text)
        return Span(self.length - len(text), self.length)

    def new_line(self) -> None:
        """Begin a line, unless nothing stands before it."""
        if self.length:
            self.put("\n")

    def line(self, line: Line) -> None:
        """Add a line as a heading or a paragraph, and note its links."""
        span = None
        if line.text:
            self.new_line()
            span = self.put(line.text)
            found = whole_heading(line.text)
            if found or (line.head and len(line.text) <= LONGEST_TITLE):
                self.blocks.append(Heading(span, found[0], found[1]) if found else Heading(span, 0))
            else:
                self.blocks.append(Paragraph(span))
        self.link(line.text, span, line.links)

    def link(self, text: str, span: Span | None, links: Iterable[tuple[str, str]]) -> None:
        """Note links: at their words where the text has them."""
        seen = 0
        for label, target in links:
            at = text.find(label, seen) if label and span is not None else -1
            if at < 0 or span is None:
                self.links.append(Link(label, target))
            else:
                seen = at + len(label)
                self.links.append(Link(label, target, Span(span.start + at, span.start + seen)))

    def sheet(self, sheet: Sheet) -> bool:
        """Print a table; True where spans had to be cut."""
        for stray in sheet.strays:
            self.line(Line(stray))
        grid = place([[(cell.rowspan, cell.colspan) for cell in row] for row in sheet.rows])
        cells: list[Cell] = []
        start = self.length + (1 if self.length else 0)
        for places, row in zip(grid.places, sheet.rows, strict=True):
            if not row:
                continue
            self.new_line()
            at = self.length
            for (row_index, column, down, across), cell in zip(places, row, strict=True):
                span = Span(at, at + len(cell.text))
                at = span.end + len(BETWEEN_CELLS)
                cells.append(Cell(row_index, column, span, down, across, cell.header))
                if cell.links:
                    self.link(cell.text, span, cell.links)
            self.put(BETWEEN_CELLS.join([cell.text for cell in row]))
        self.blocks.append(Table(Span(start, self.length), grid.rows, grid.columns, tuple(cells)))
        return grid.mended


def assemble(items: list[Line | Sheet], furnishings: list[tuple[str, str]], odd: list[Note]) -> tuple[str, tuple[Block, ...], tuple[Link, ...]]:
    """Print lines and tables in order; lines that are furniture go, and what was seen of them is added to `furnishings` and `odd`."""
    page = Content()
    for item in items:
        if isinstance(item, Sheet):
            if page.sheet(item):
                span = page.blocks[-1].span
                odd.append(Note("grid_mended", "表格的合并列数过大，已按单列处理", "absurd colspans of a table were ignored", span))
        elif (rule := furniture_line(item.text)) is None:
            page.line(item)
        elif rule == "breadcrumb":
            furnishings.append((rule, item.text))
    return "".join(page.parts), tuple(page.blocks), tuple(page.links)
