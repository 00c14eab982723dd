"""A document from its blocks, and flattened text with line numbers (按所读内容重排).

For PDFs when no picture is wanted, for pages whose own tree cannot be shown, and for text. Very long documents are shown near their marks,
and say how much is left out.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from extract.document import Heading, Span, Table
from gongkai.review.marking import Brush, near, note, plain, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extract.document import Cell, Document
    from gongkai.review.marking import Piece

MOST_UNITS, MOST_CHARACTERS = 6_000, 2_000_000  # lines, paragraphs and rows of a document that is shown whole
AROUND = 150  # units on either side of a mark, of one that is not
HEAD_ROWS = 3  # of a table of which rows are left out
HEADINGS = {0: "h1", 1: "h2", 2: "h3", 3: "h4", 4: "h5", 5: "h6", 6: "h6"}


def lines(document: Document, found: Sequence[Piece], brush: Brush) -> str:
    """The text of a document line by line, each with its number."""
    ends = [place for place, character in enumerate(document.content) if character == "\n"]
    units = [Span(before + 1, end) for before, end in pairwise((-1, *ends, len(document.content)))]
    return "".join(_numbered(document, units, _kept(document, units, found), found, brush))


def _numbered(document: Document, units: list[Span], kept: list[bool], found: Sequence[Piece], brush: Brush) -> Iterator[str]:
    lost = 0
    for number, (unit, wanted) in enumerate(zip(units, kept, strict=True), 1):
        if not wanted:
            lost += 1
            continue
        if lost:
            yield _left_out(lost)
            lost = 0
        yield f'<div class="line"><span>{number}</span><div>{brush.paint(document.text(unit), within(found, unit))}</div></div>\n'
    if lost:
        yield _left_out(lost)


def _left_out(count: int) -> str:
    return note(f"… 略去{count}行", f"{count} lines left out …")


def _kept(document: Document, units: list[Span], found: Sequence[Piece]) -> list[bool]:
    if len(units) <= MOST_UNITS and len(document.content) <= MOST_CHARACTERS:
        return [True] * len(units)
    return near(units, found, AROUND)


def blocks(document: Document, found: Sequence[Piece], brush: Brush, numbers: Sequence[int] | None = None) -> str:
    """The blocks of a document, or those of the `numbers` given, with page numbers between them where it has pages."""
    chosen = document.blocks if numbers is None else [document.blocks[number] for number in numbers]
    units = [unit for block in chosen for unit in (_rows(block) if isinstance(block, Table) else [block.span])]
    kept = _kept(document, units, found)
    written: list[str] = []
    at = lost = sheet = 0
    for block in chosen:
        count = block.rows if isinstance(block, Table) else 1
        wanted, at = kept[at : at + count], at + count
        if not any(wanted):
            lost += count
            continue
        if lost:
            written.append(_left_out(lost))
            lost = 0
        box = document.place(block.span)
        if box is not None and box.page != sheet:
            sheet = box.page
            written.append(f'<p class="sheet">第 {sheet} 页 page {sheet}</p>\n')
        if isinstance(block, Table):
            written.extend(_table(document, block, wanted, found, brush))
        else:
            tag = HEADINGS.get(block.level, "h6") if isinstance(block, Heading) else "p"
            written.append(f'<{tag} class="kept">{brush.paint(document.text(block.span), within(found, block.span))}</{tag}>\n')
    if lost:
        written.append(_left_out(lost))
    return "".join(written)


def _rows(table: Table) -> list[Span]:
    """The span of each row; that of a row without cells is empty."""
    spans = []
    at = table.span.start
    for row in table.by_row():
        end = max((cell.span.end for cell in row), default=at)
        spans.append(Span(at, max(end, at)))
        at = max(end, at)
    return spans


def _table(document: Document, table: Table, wanted: list[bool], found: Sequence[Piece], brush: Brush) -> Iterator[str]:
    """A table; where rows are left out, cells that reach into them end before."""
    shown = [index < HEAD_ROWS or kept for index, kept in enumerate(wanted)]
    gaps = [index for index, kept in enumerate(shown) if not kept]
    busy = [0] * table.columns  # per column: the first row in which it is free again
    yield "<table>\n"
    lost = 0
    for index, row in enumerate(table.by_row()):
        if not shown[index]:
            lost += 1
            continue
        if lost:
            yield f'<tr><td class="lost" colspan="{max(min(table.columns, 1000), 1)}">{plain(f"… 略去{lost}行 {lost} rows left out …")}</td></tr>\n'
            lost = 0
        gap = bisect_right(gaps, index)
        end = gaps[gap] if gap < len(gaps) else table.rows
        yield f"<tr>{''.join(_cells(document, row, min(end, table.rows), busy, found, brush))}</tr>\n"
    if lost:
        yield f'<tr><td class="lost" colspan="{max(min(table.columns, 1000), 1)}">{plain(f"… 略去{lost}行 {lost} rows left out …")}</td></tr>\n'
    yield "</table>\n"


def _cells(
    document: Document, row: tuple[Cell, ...], end: int, busy: list[int], found: Sequence[Piece], brush: Brush
) -> Iterator[str]:
    column = 0
    for cell in row:
        free = sum(until <= cell.row for until in busy[column : cell.column])
        if free:
            yield '<td class="gap"></td>' if free == 1 else f'<td class="gap" colspan="{min(free, 1000)}"></td>'
        down, across = max(min(cell.row + cell.rowspan, end) - cell.row, 1), max(cell.colspan, 1)
        column = cell.column + across
        busy[cell.column : column] = [cell.row + down] * len(busy[cell.column : column])
        tag = "th" if cell.header else "td"
        spans = (f' rowspan="{down}"' if down > 1 else "") + (f' colspan="{min(across, 1000)}"' if across > 1 else "")
        yield f'<{tag} class="kept"{spans}>{brush.paint(document.text(cell.span), within(found, cell.span))}</{tag}>'
