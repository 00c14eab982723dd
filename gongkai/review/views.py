"""A document as a person checks it, with the places of values marked (复核视图).

>>> from extract.reading import read
>>> from extract.document import Span
>>> page = "<p onclick='x()'>本年支出<b>12.5</b>万元</p><script>x()</script>".encode()
>>> shown = view(page, document := read(page, "a.html"), [Span(4, 8)])
>>> shown.found, shown.how, shown.html.split("<body>")[1].split("</body>")[0].strip()
(True, 'page', '<p>本年支出<b><mark id="value">12.5</mark></b>万元</p>')

Every page is complete, of our own making, and runs nothing: for a frame with ``sandbox`` and a policy without scripts. The first stretch of the first
span has the id `value`; spans that come with row ids (`Mark`) have them in `data-rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from extract.document import Span
from gongkai.review.marking import Brush, note, pieces, whole_page
from gongkai.review.pictures import box_of, page_png, page_sizes, places
from gongkai.review.rerendered import blocks, lines
from gongkai.review.webpage import written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extract.document import Document
    from gongkai.review.marking import OfRows, Piece

__all__ = [
    "Mark",
    "Marked",
    "blocks_html",
    "box_of",
    "page_html",
    "page_png",
    "page_sizes",
    "places",
    "spans_of",
    "text_html",
    "view",
]


class Mark(NamedTuple):
    """A span, and the rows of the dataset that stand on it."""

    span: Span
    row_ids: tuple[str, ...] = ()


class Marked(NamedTuple):
    """A document as HTML; whether the first span stands marked in it; and how it is shown.

    `page`: its own structure (a span that is nowhere in it is `found` in the blocks shown behind it, how is then `page+blocks`);
    `blocks`: as it was read; `text`: line by line.
    """

    html: str
    found: bool
    how: Literal["page", "page+blocks", "blocks", "text"]


def view(data: bytes, document: Document, spans: Sequence[Span | OfRows]) -> Marked:
    """A document with spans marked, in the form that fits what it is."""
    kind = document.source.media_type
    if kind == "text/html":
        return page_html(data, document, spans)
    return text_html(document, spans) if kind == "text/plain" else blocks_html(document, spans)


def spans_of(row: Mapping[str, Any]) -> list[Span]:
    """The spans of a row of the dataset: its own, then those of its cells or passages.

    >>> spans_of({"char_start": 3, "char_end": 8, "cells": [{"field": "target", "raw": "≥9", "char_start": 6, "char_end": 8}]})
    [Span(start=3, end=8), Span(start=6, end=8)]
    """
    parts = [row, *(row.get("cells") or ()), *(row.get("passages") or ())]
    return [Span(part["char_start"], part["char_end"]) for part in parts if part.get("char_start") is not None]


def page_html(data: bytes, document: Document, spans: Sequence[Span | OfRows]) -> Marked:
    """A web page in its own structure, made anew. Where most of the spans are nowhere in it, the document is shown from its blocks."""
    found, brush = pieces(spans), Brush()
    page = written(data.decode(document.source.encoding or "utf-8", "replace"), document, found, brush)
    if page is None or len(page.missing) * 2 > len(found):
        return blocks_html(document, spans)
    if not page.missing:
        return Marked(whole_page(_title(document), page.body), brush.marked, "page")
    return Marked(whole_page(_title(document), page.body + _behind(document, page.missing, brush)), brush.marked, "page+blocks")


def _behind(document: Document, missing: Sequence[Piece], brush: Brush) -> str:
    numbers = sorted({document.block_at(piece.start) for piece in missing}) if document.blocks else []
    zh, en = (
        f"以下{len(numbers)}段在原网页中找不到对应位置，按所读文字显示",
        f"{len(numbers)} blocks are nowhere on the page; they are shown as they were read",
    )
    return "\n<hr>\n" + note(zh, en) + blocks(document, missing, brush, numbers)


def blocks_html(document: Document, spans: Sequence[Span | OfRows]) -> Marked:
    """A document from what was read of it: headings, paragraphs, tables."""
    brush = Brush()
    body = blocks(document, pieces(spans), brush)
    return Marked(whole_page(_title(document), body), brush.marked, "blocks")


def text_html(document: Document, spans: Sequence[Span | OfRows]) -> Marked:
    """The text of a document as it was read, line by line."""
    brush = Brush()
    body = lines(document, pieces(spans), brush)
    return Marked(whole_page(_title(document), body), brush.marked, "text")


def _title(document: Document) -> str:
    return (document.title or document.source.address)[:200]
