"""A document as a person checks it, with its values marked (原文视图).

    a web page      its own tree, made anew: allowed tags, two allowed attributes, all text escaped; nothing else of the page survives
    a text          its lines, numbered
    a PDF           pages as pictures; the marks are laid over them by the page that shows them
    anything else   the blocks that were read

The result is an HTML document that needs no script, no picture and no network; every mark says in `data-rows` which rows it is of.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from extract.chrome import is_hidden
from extract.document import Heading, Span, Table
from extract.encoding import decode
from extract.html import INVISIBLE, is_positioned, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.etree import _Element

    from extract.document import Document
    from gongkai.review.desk import Mark

# fmt: off
KEPT = frozenset({
    "h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "section", "article", "main", "blockquote", "pre", "center", "ul", "ol", "li", "dl", "dt", "dd", "b", "strong", "i", "em",
    "u", "s", "sub", "sup", "small", "font", "table", "caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th", "br", "hr",
})
# fmt: on
AS = {"font": "span", "center": "div", "main": "div", "article": "div", "section": "div"}  # what they are shown as
EMPTY = frozenset({"br", "hr"})
DROPPED = frozenset({
    "script", "style", "head", "title", "noscript", "template", "iframe", "frame", "frameset", "object", "embed", "applet", "svg", "math", "form", "input", "button", "select", "textarea",
    "option", "audio", "video", "canvas", "map", "noframes", "xmp", "plaintext", "marquee",
})  # fmt: skip
OPEN_ANYWAY = frozenset({"form", "noscript", "marquee"})  # the reader reads what stands in them
SPANNING = {"colspan": 1000, "rowspan": 2000}
DEEPEST = 120  # elements within one another; what lies deeper is shown without its tags
ENOUGH = (9, 10)  # of the marks must be found on the page's own tree, or the blocks are shown instead
SPACE = re.compile(r"\s+")
STYLE = """
:root{color-scheme:light dark}body{margin:0;padding:1rem;font:16px/1.7 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;overflow-wrap:anywhere;background:#fff;color:#1c2430}
table{border-collapse:collapse;margin:.6rem 0;font-size:.9rem}td,th{border:1px solid #9aa5b1;padding:.15rem .5rem;vertical-align:top;text-align:start;font-weight:400;overflow-wrap:normal;min-width:3.2rem}
h1,h2,h3,h4,h5,h6{line-height:1.4;margin:.9rem 0 .4rem}h1{font-size:1.4rem}h2{font-size:1.2rem}h3,h4,h5,h6{font-size:1.05rem}p{margin:.4rem 0}.line{padding-left:3.6rem;text-indent:-3.6rem;white-space:pre-wrap}
.line i{display:inline-block;width:3rem;margin-right:.6rem;text-align:end;text-indent:0;color:#5f6b78;font:12px ui-monospace,monospace;user-select:none}.left-out{color:#56616e;font-size:.86rem}
mark{background:#e3eef7;color:inherit;border-bottom:2px solid #14588c66;cursor:pointer}mark:hover{background:#cfe3f3}mark.now{background:#ffd54a;color:#1c2430;outline:2px solid #c47f00}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#e7ebf0}mark{background:#1d3447;border-color:#8cc4f2}mark:hover{background:#28465f}.line i,.left-out{color:#a7b2be}}
"""


class Marked(NamedTuple):
    """A document as HTML: how it is shown (page, lines or blocks), and how many of the marks lie on it."""

    html: str
    how: str
    found: int


class Piece(NamedTuple):
    """Text of the tree in the making: where it begins in the text without white space, and itself."""

    start: int
    text: str


def view(data: bytes, document: Document, marks: Sequence[Mark]) -> Marked:
    """The document with its marks, in the way that suits its type."""
    kind = document.source.media_type
    if kind == "text/html":
        shown = page_html(data, document, marks)
        return shown if shown is not None and shown.found * ENOUGH[1] >= len(marks) * ENOUGH[0] else blocks_html(document, marks)
    return lines_html(document, marks) if kind == "text/plain" else blocks_html(document, marks)


def lines_html(document: Document, marks: Sequence[Mark]) -> Marked:
    """A text line by line, with line numbers."""
    lines, at = [], 0
    for number, line in enumerate(document.content.split("\n"), 1):
        lines.append(f'<div class="line"><i>{number}</i>{_marked(document, Span(at, at + len(line)), marks)}</div>')
        at += len(line) + 1
    return Marked(_whole(lines), "lines", len(marks))


def blocks_html(document: Document, marks: Sequence[Mark]) -> Marked:
    """A document made anew of the blocks that were read: headings, paragraphs and grids."""
    parts: list[str] = ['<p class="left-out">按读出的段落与表格显示 shown as the paragraphs and tables that were read</p>']
    for block in document.blocks:
        if isinstance(block, Table):
            rows = ("".join(f"<td{_reach(cell.rowspan, cell.colspan)}>{_marked(document, cell.span, marks)}</td>" for cell in row) for row in block.by_row())
            parts.append("<table>" + "".join(f"<tr>{row}</tr>" for row in rows) + "</table>")
        else:
            tag = f"h{min(block.level + 1, 6)}" if isinstance(block, Heading) else "p"
            parts.append(f"<{tag}>{_marked(document, block.span, marks)}</{tag}>")
    return Marked(_whole(parts), "blocks", len(marks))


def _reach(rows: int, columns: int) -> str:
    return (f' rowspan="{rows}"' if rows > 1 else "") + (f' colspan="{columns}"' if columns > 1 else "")


def _whole(parts: Iterable[str]) -> str:
    return f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>原文 page</title><style>{STYLE}</style></head><body>{"".join(parts)}</body></html>'


def _marked(document: Document, span: Span, marks: Sequence[Mark]) -> str:
    """The text of a span, escaped, with the marks that lie in it."""
    first = bisect_right(marks, span.start, key=lambda mark: mark.span.end)
    out, at = [], span.start
    for mark in marks[first:]:
        if mark.span.start >= span.end:
            break
        start, end = max(mark.span.start, span.start), min(mark.span.end, span.end)
        out += [escape(document.content[at:start]), _mark(document.content[start:end], mark)]
        at = end
    return "".join([*out, escape(document.content[at : span.end])])


def _mark(text: str, mark: Mark) -> str:
    return f'<mark data-rows="{" ".join(mark.row_ids)}">{escape(text)}</mark>'


def compact(text: str) -> str:
    """Text without white space and invisible characters: what stays the same however a page is laid out."""
    return SPACE.sub("", INVISIBLE.sub("", text))


def page_html(data: bytes, document: Document, marks: Sequence[Mark]) -> Marked | None:
    """A web page, its own tree made anew, the marks found in it by the text around them; None where the page has no tree or places its text by coordinates."""
    root, _ = tree_of(decode(data, document.source.encoding).text)
    if root is None or is_positioned(root):
        return None
    parts = list(_walked(root))
    pieces, start = [], 0
    for part in parts:
        if isinstance(part, _Text):
            pieces.append(Piece(start, str(part)))
            start += len(compact(part))
    places = _places(document, marks, "".join(compact(piece.text) for piece in pieces))
    shown = _with_places(pieces, places)
    html = "".join(next(shown) if isinstance(part, _Text) else part for part in parts)
    return Marked(_whole([html]), "page", len({id(mark) for _, _, mark in places}))


class _Text(str):
    """A text of the page, as opposed to a tag of ours."""

    __slots__ = ()


def _walked(root: _Element) -> Iterator[str]:
    """The tags that are kept, made anew, and the texts between them."""
    open_tags: list[tuple[_Element, str]] = []
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = str(element.tag)
        if event == "start":
            if (tag in DROPPED and tag not in OPEN_ANYWAY) or is_hidden(element):
                walk.skip_subtree()
                continue
            if tag == "img":
                yield escape(f"[图 {(element.get('alt') or '')[:40]}]") if element.get("alt") else "[图]"
            elif tag in EMPTY:
                yield f"<{tag}>"
            elif tag in KEPT and len(open_tags) < DEEPEST:
                name = AS.get(tag, tag)
                open_tags.append((element, name))
                yield f"<{name}{_spans(element)}>"
            if element.text:
                yield _Text(element.text)
        else:
            if open_tags and open_tags[-1][0] is element:
                yield f"</{open_tags.pop()[1]}>"
            if element.tail and element is not root:
                yield _Text(element.tail)


def _spans(element: _Element) -> str:
    found = ((name, str(element.get(name) or "").strip(), most) for name, most in SPANNING.items())
    return "".join(f' {name}="{min(int(value), most)}"' for name, value, most in found if value.isascii() and value.isdecimal() and len(value) < len("100000"))


def _places(document: Document, marks: Sequence[Mark], stream: str) -> list[tuple[int, int, Mark]]:
    """Where the marks lie in the text of the tree: blocks are looked for in their order, each from where the last one ended."""
    found: list[tuple[int, int, Mark]] = []
    cursor = number = 0
    for block in document.blocks:
        cells = [cell.span for cell in block.cells] if isinstance(block, Table) else [block.span]
        whole = "".join(compact(document.text(span)) for span in cells)
        at = stream.find(whole, cursor) if whole else cursor
        inside = []
        while number < len(marks) and marks[number].span.start < block.span.end:
            if marks[number].span.start >= block.span.start:
                inside.append(marks[number])
            number += 1
        if at < 0:
            at = stream.find(whole)  # printed in another order than written: a foot of a table, a column
            if at < 0:
                continue
        else:
            cursor = at + len(whole)
        for span in cells if inside else ():
            for mark in inside:
                if mark.span.start < span.end and mark.span.end > span.start:
                    low, high = max(mark.span.start, span.start), min(mark.span.end, span.end)
                    first = at + len(compact(document.content[span.start : low]))
                    found.append((first, first + len(compact(document.content[low:high])), mark))
            at += len(compact(document.text(span)))
    return sorted((place for place in found if place[0] < place[1]), key=lambda place: place[:2])


def _with_places(pieces: Sequence[Piece], places: Sequence[tuple[int, int, Mark]]) -> Iterator[str]:
    """Each text of the tree, escaped, with the parts of marks that fall into it."""
    number = 0
    for piece in pieces:
        end = piece.start + len(compact(piece.text))
        while number and places[number - 1][1] > piece.start:
            number -= 1
        while number < len(places) and places[number][1] <= piece.start:
            number += 1
        out, at, offset = [], 0, piece.start
        for first, last, mark in places[number:]:
            if first >= end:
                break
            low, offset = _raw_offset(piece.text, at, offset, max(first, piece.start))
            high, offset = _raw_offset(piece.text, low, offset, min(last, end), behind=True)
            out += [escape(piece.text[at:low]), _mark(piece.text[low:high], mark)]
            at = high
        yield "".join([*out, escape(piece.text[at:])])


def _raw_offset(text: str, at: int, offset: int, wanted: int, *, behind: bool = False) -> tuple[int, int]:
    """How far into a text so many characters that are no white space lie; before the next such character, or right behind the last."""
    last = at
    while at < len(text):
        if not (text[at].isspace() or INVISIBLE.match(text[at])):
            if offset == wanted:
                break
            offset += 1
            last = at + 1
        at += 1
    return (last if behind else at), offset

