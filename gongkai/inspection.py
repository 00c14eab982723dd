"""`gongkai inspect`: how a file was read, before anybody says what it means: blocks, spans, grids, notes; a page with its boxes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from extract.document import Document, DocumentError, Heading, Table
from extract.reading import read
from gongkai.errors import DependencyError, UsageError
from gongkai.sources import nearest
from gongkai.summary import width

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extract.document import Block, Cell

CELL_WIDTH = 36  # columns of a terminal; the whole text stands at its span
POINTS_PER_INCH, PICTURE_DPI = 72, 144
TABLE_COLOUR, CELL_COLOUR = (0, 90, 200), (210, 40, 40)


def opened(file: Path) -> Document:
    """The document of a file; UsageError where there is none or it cannot be read."""
    try:
        return read(file.read_bytes(), str(file))
    except (FileNotFoundError, IsADirectoryError):
        raise UsageError(zh=f"没有文件 {file}{nearest(file)[0]}", en=f"there is no file {file}{nearest(file)[1]}") from None
    except OSError as error:
        raise UsageError(zh=f"无法读取 {file}", en=f"cannot read {file}: {error.strerror}") from error
    except DocumentError as error:
        raise UsageError(zh=f"{file}：{error.zh}", en=f"{error.status}: {error.en}") from error


def inspect(file: Path, *, text: bool, page: int | None, picture: Path | None) -> int:
    """Print the document; `text` prints nothing but the text that spans count in, with no line break added."""
    document = opened(file)
    if page is not None and (document.page_count is None or page > document.page_count):
        raise UsageError(zh=f"{file} 没有第 {page} 页", en=f"{file} has no page {page}")
    if picture is not None:
        draw(document, file, page or 1, picture)
        print(f"已画第 {page or 1} 页 drew page {page or 1} → {picture}", file=sys.stderr)
    elif text:
        sys.stdout.write(document.content)
    else:
        for line in described(document, page):
            print(line)
    return 0


def described(document: Document, page: int | None = None) -> Iterator[str]:
    """The document as lines: what it is, what the reader noticed, then every block with its span."""
    source = document.source
    pages = f", {document.page_count} 页 pages" if document.page_count else ""
    yield f"{source.address}  {source.media_type}  {source.encoding or ''}".rstrip()
    yield f"sha256 {source.sha256}"
    yield f"{len(document.content)} 字符 code points{pages}, {sum(1 for _ in document.tables())} 表 tables, {len(document.links)} 链接 links"
    if document.title:
        yield f"标题 title: {document.title}"
    yield from (f"元数据 metadata: {name} = {value}" for name, value in document.metadata)
    yield from (f"提示 note: {note.kind}: {note.zh} / {note.en}" for note in document.notes)
    yield ""
    for block in document.blocks:
        if page is None or _on_page(document, block, page):
            yield from _block(document, block)


def _on_page(document: Document, block: Block, page: int) -> bool:
    if isinstance(block, Table) and block.pages:
        return page in block.pages
    box = document.place(block.span)
    return box is not None and box.page == page


def _block(document: Document, block: Block) -> Iterator[str]:
    where = f"[{block.span.start}:{block.span.end}]"
    if isinstance(block, Table):
        kind = " 稀疏 sparse" if block.sparse else ""
        pages = f" 页 pages {', '.join(map(str, block.pages))}" if block.pages else ""
        yield f"{where} 表 table {block.rows}×{block.columns}{kind}{pages}"
        for number, row in enumerate(block.by_row()):
            yield f"    {number:>3} │ " + " │ ".join(_cell(document, cell) for cell in row)
    elif isinstance(block, Heading):
        yield f"{where} 标题 heading {block.level}: {_flat(document.text(block.span))}"
    else:
        yield f"{where} {_flat(document.text(block.span))}"


def _cell(document: Document, cell: Cell) -> str:
    spans = f"⟨{cell.rowspan}×{cell.colspan}⟩" if (cell.rowspan, cell.colspan) != (1, 1) else ""
    return f"{clipped(_flat(document.text(cell.span)), CELL_WIDTH)}{spans} @{cell.column}:{cell.span.start}"


def _flat(text: str) -> str:
    return text.replace("\n", "⏎")


def clipped(text: str, size: int) -> str:
    """The text, or as much of its beginning as fits `size` columns of a terminal."""
    if width(text) <= size:
        return text
    while width(text) > size - 1:
        text = text[:-1]
    return text + "…"


def draw(document: Document, file: Path, page: int, picture: Path) -> None:
    """A picture of a PDF page: tables in blue, the printed text of every cell in red."""
    if document.source.media_type != "application/pdf":
        raise UsageError(zh="只有 PDF 能画出页面", en="only a PDF has pages to draw")
    try:
        from PIL import ImageDraw  # noqa: PLC0415

        from gongkai.review.pictures import page_image  # noqa: PLC0415
    except ImportError as error:
        raise DependencyError(zh="画页面需要 Pillow：pip install pillow", en="drawing needs Pillow: pip install pillow") from error
    image, scale = page_image(file.read_bytes(), page, PICTURE_DPI / POINTS_PER_INCH)
    pencil = ImageDraw.Draw(image)
    for table in document.tables():
        for colour, spans in ((TABLE_COLOUR, [table.span]), (CELL_COLOUR, [cell.span for cell in table.cells])):
            for span in spans:
                box = document.place(span)
                if box is not None and box.page == page:
                    pencil.rectangle([side * scale for side in box[1:]], outline=colour, width=2 if colour == TABLE_COLOUR else 1)
    image.save(picture, format="PNG")
