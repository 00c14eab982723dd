"""Flattened text as scrapers keep it (已展平的文本): prose lines, and tables told by bars.

The content is the decoded source, untouched, so every offset replays. Bars that could not be rebuilt into a table part their texts
into lines: a bare `|` is no text of anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.bars import Line, lex, rebuild
from extract.document import Block, Document, Heading, Paragraph, Span
from extract.headings import whole_heading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.document import Note, Source, Table

WIDEST_GAP = 4  # lines without bars inside a table: a cell's own line breaks


def read_text(text: str, source: Source, notes: tuple[Note, ...] = ()) -> Document:
    """The document of a decoded text: headings, paragraphs, and tables rebuilt from bars; spans are offsets in that text."""
    lines = list(_lines(text))
    tables: list[Table] = []
    if "|" in text:
        for region in _barred(lines):
            tables.extend(rebuild(text, region))
    return Document(source, text, tuple(_in_order(lines, tables)), notes=notes)


def _lines(text: str) -> Iterator[Line]:
    position = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            yield lex(position, line)
        position += len(line)


def _barred(lines: list[Line]) -> Iterator[list[Line]]:
    """Runs that start and end with a barred line and hold no more than `WIDEST_GAP` lines without bars in a row."""
    start = end = -1
    for index, line in enumerate(lines):
        if not line.bars and not line.rule:
            continue
        if start >= 0 and index - end > WIDEST_GAP + 1:
            yield lines[start : end + 1]
            start = index
        start = index if start < 0 else start
        end = index
    if start >= 0:
        yield lines[start : end + 1]


def _in_order(lines: Iterable[Line], tables: list[Table]) -> Iterator[Block]:
    waiting = iter(sorted(tables, key=lambda table: table.span))
    table = next(waiting, None)
    covered = 0
    for line in lines:
        while table is not None and table.span.start < line.span.end and covered <= table.span.start:
            covered = table.span.end
            yield table
            table = next(waiting, None)
        if line.span.start >= covered:
            yield from _prose(line)


def _prose(line: Line) -> Iterator[Block]:
    if line.rule:
        return
    text = line.text.strip("| \t\u3000") if "|" in line.text else line.text
    if text:
        start = line.span.start + line.text.index(text)
        span = Span(start, start + len(text))
        found = whole_heading(text)
        yield Heading(span, found[0], found[1]) if found else Paragraph(span)
