"""A document written line by line, for tests of what reads documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.document import Document, Heading, Paragraph, Source, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from extract.document import Link, Table


def written(text: str, *tables: Table, title: str | None = None, pages: int | None = None, links: Sequence[Link] = (), **stated: str) -> Document:
    """Each line a paragraph, or a heading of as many levels as it has # before it; lines inside a table are the table's; `stated` is its metadata."""
    lines = [(len(line) - len(line.lstrip("#")), line.lstrip("#")) for line in text.split("\n")]
    blocks: list[Heading | Paragraph | Table] = list(tables)
    position = 0
    for level, line in lines:
        span = Span(position, position + len(line))
        if line.strip() and not any(table.span.start <= span.start < table.span.end for table in tables):
            blocks.append(Heading(span, level) if level else Paragraph(span))
        position = span.end + 1
    return Document(
        Source("page", "0" * 64, "text/html", "utf-8"), "\n".join(line for _, line in lines), tuple(sorted(blocks, key=lambda block: block.span)),
        title=title, metadata=tuple(stated.items()), links=tuple(links), page_count=pages,
    )  # fmt: skip
