"""Flattened text as scrapers keep it (已展平的文本): prose lines, and tables told by bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.document import Block, Document, Heading, Note, Paragraph, Source, Span
from extract.headings import whole_heading

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_text(text: str, source: Source, notes: tuple[Note, ...] = ()) -> Document:
    """The document of a text whose offsets are those of its decoded source."""
    return Document(source, text, tuple(line_blocks(text, 0, len(text))), notes=notes)


def line_blocks(text: str, start: int, end: int) -> Iterator[Block]:
    """One heading or paragraph per printed line of `text[start:end]`."""
    position = start
    for line in text[start:end].splitlines(keepends=True):
        stripped = line.strip()
        if stripped:
            first = position + line.index(stripped[0])
            span = Span(first, first + len(stripped))
            found = whole_heading(stripped)
            yield Heading(span, found[0], found[1]) if found else Paragraph(span)
        position += len(line)
