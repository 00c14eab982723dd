"""PDF pages drawn for tests, and what is read of them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from extract.document import Document, Source, Table
from extract.pdf import read_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reportlab.lib.pdfencrypt import StandardEncryption

SONG = "STSong-Light"
WIDTH, HEIGHT = 595.0, 842.0
LEFT, RIGHT = 72.0, 522.0
pdfmetrics.registerFont(UnicodeCIDFont(SONG))


def pdf(*pages: Callable[[Canvas], None], title: str = "", size: tuple[float, float] = (WIDTH, HEIGHT), encrypt: StandardEncryption | None = None) -> bytes:
    out = BytesIO()
    canvas = Canvas(out, pagesize=size, encrypt=encrypt, invariant=True)
    canvas.setTitle(title)
    for draw in pages:
        canvas.setFont(SONG, 12)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def read(*pages: Callable[[Canvas], None], title: str = "", size: tuple[float, float] = (WIDTH, HEIGHT)) -> Document:
    document = read_pdf(pdf(*pages, title=title, size=size), Source("a.pdf", "00" * 32))
    every_span_replays(document)
    return document


def every_span_replays(document: Document) -> None:
    """Blocks stand in order and apart, cells inside their table; every printed character has a box on its page."""
    end = 0
    for block in document.blocks:
        assert end <= block.span.start <= block.span.end <= len(document.content)
        end = block.span.end
        if isinstance(block, Table):
            assert [(cell.row, cell.column) for cell in block.cells] == sorted((cell.row, cell.column) for cell in block.cells)
            assert all(block.span.start <= cell.span.start <= cell.span.end <= block.span.end for cell in block.cells)
    assert document.layout is not None
    assert len(document.layout.pages) == len(document.layout.boxes) == len(document.content)
    assert all(page > 0 for page, character in zip(document.layout.pages.tolist(), document.content, strict=True) if not character.isspace() and character != "|")


def write(text: str, x: float = LEFT, top: float = 100.0, size: float = 12.0) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(SONG, size)
        canvas.drawString(x, HEIGHT - top, text)

    return draw


def all_of(*parts: Callable[[Canvas], None]) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for part in parts:
            part(canvas)

    return draw


def prose(*lines: str, top: float = 100.0, pitch: float = 20.0) -> Callable[[Canvas], None]:
    """Lines under each other; one that begins with a full-width blank is set in by two em."""
    return all_of(*(write(line.lstrip("　"), LEFT + (24.0 if line.startswith("　") else 0.0), top + index * pitch) for index, line in enumerate(lines)))


def grid(
    rows: Sequence[Sequence[str]], xs: Sequence[float] = (72.0, 200.0, 300.0, 522.0), top: float = 120.0, row_height: float = 24.0, *, fills: bool = False, dashed: bool = False, borders: bool = True,
) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont(SONG, 10.5)
        ys = [HEIGHT - top - row_height * index for index in range(len(rows) + 1)]
        if dashed:
            canvas.setDash(3, 2)
        edges = xs if borders else xs[1:-1]
        for y in ys:
            canvas.rect(xs[0], y - 0.25, xs[-1] - xs[0], 0.5, stroke=0, fill=1) if fills else canvas.line(xs[0], y, xs[-1], y)
        for x in edges:
            canvas.rect(x - 0.25, ys[-1], 0.5, ys[0] - ys[-1], stroke=0, fill=1) if fills else canvas.line(x, ys[0], x, ys[-1])
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                for index, line in enumerate(text.split("\n")):
                    canvas.drawString(xs[column] + 3, ys[row] - 15 - 12 * index, line)

    return draw


def only_table(document: Document) -> Table:
    tables = list(document.tables())
    assert len(tables) == 1
    return tables[0]


def rows_of(document: Document, table: Table | None = None) -> list[list[str]]:
    return [[document.text(cell.span) for cell in row] for row in (table or only_table(document)).by_row()]
