"""A web page made anew from its own tree (原网页): text is escaped, tags are written from a list, everything else is left behind.

Nothing of the page is copied as markup, so nothing has to be filtered: no attribute but whole numbers in colspan and rowspan and a word in scope,
no script, style, form, frame, link, picture or foreign content. Tags are written where HTML allows them, so browsers build the tree that is meant.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from extract.chrome import NEVER_TEXT, STRIPPED, is_hidden
from extract.html import BREAKING, Scripted, is_positioned, span_of, tidy, tree_of
from gongkai.review.alignment import align, compact, leaves
from gongkai.review.marking import Brush, Cut, Piece, plain, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.etree import _Element

    from extract.document import Document

FLOW = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "blockquote", "pre", "ul", "ol", "li", "dl", "dt", "dd"})
WORDS = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "u": "u",
    "ins": "u",
    "s": "s",
    "del": "s",
    "strike": "s",
    "sup": "sup",
    "sub": "sub",
    "small": "small",
}
VOID = frozenset({"br", "hr"})
SECTIONS = frozenset({"thead", "tbody", "tfoot"})
CELLS = frozenset({"td", "th"})
SCOPES = frozenset({"row", "col", "rowgroup", "colgroup"})
DEEPEST, DEEPEST_TABLE = 100, 250  # tags within tags that are written; browsers give up at 512
WIDEST, TALLEST, MOST_POSITIONS = 1000, 5000, 1_000_000  # spans of cells: each, and of all cells together
MOST_MARKUP = 24_000_000  # characters; what is longer is shown from its blocks
LONGEST_NAME = 80  # of a picture
BETWEEN, IN_TABLE, IN_ROW = "between", "table", "row"  # where a tag is about to be written


class Written(NamedTuple):
    """A page made anew: what goes into its body, and the pieces that stand in no place of it."""

    body: str
    missing: list[Piece]
    placed: int


def written(text: str, document: Document, found: Sequence[Piece], brush: Brush) -> Written | None:
    """The body of a decoded page with its pieces marked; None where it can only be shown from its blocks: pages placed by styles, or far too long."""
    root, _ = tree_of(text)
    if root is None:
        return None
    etree.strip_elements(root, *STRIPPED, with_tail=False)
    if is_positioned(root):
        return None
    page = _Page()
    page.write(root)
    if page.length > MOST_MARKUP:
        return None
    cuts, missing = _places(page, document, found)
    for number in sorted(cuts):
        index, words = page.texts[number]
        page.out[index] = brush.paint(words, cuts[number])
    return Written("".join(page.out), missing, sum(map(len, cuts.values())))


@dataclass(slots=True)
class _Page:
    """Markup in the making: what is written, and which parts of it are texts of the page."""

    out: list[str] = field(default_factory=list)
    texts: list[tuple[int, str]] = field(default_factory=list)  # place in `out`, and the text as the page has it
    length: int = 0
    positions: int = 0
    solid: dict[int, list[int]] = field(default_factory=dict)
    ends: list[tuple[str, str, bool]] = field(
        default_factory=list
    )  # how each open element is closed, where its children stand, whether it is a level

    def put(self, markup: str) -> None:
        self.out.append(markup)
        self.length += len(markup)

    def say(self, text: str | None) -> None:
        if text:
            self.texts.append((len(self.out), text))
            self.put(plain(text))

    def solid_places(self, number: int) -> list[int]:
        """Where in a text the characters stand that are compared."""
        if number not in self.solid:
            self.solid[number] = [place for place, character in enumerate(self.texts[number][1]) if compact(character)]
        return self.solid[number]

    def write(self, root: _Element) -> None:
        skipped: _Element | None = None
        scripted = Scripted(root)
        levels = 0
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if self.length > MOST_MARKUP:
                return
            if event == "start":
                if element.tag in NEVER_TEXT or (element is not root and is_hidden(element) and not scripted.shows(element)):
                    skipped = element
                    walk.skip_subtree()
                    continue
                opening, *end = self._tag(element, levels)
                self.ends.append((end[0], end[1], bool(end[0])))
                levels += bool(end[0])
                if opening:
                    self.put(opening)
                self.say(element.text)
                continue
            if skipped is not None:
                skipped = None
            else:
                closing, _, level = self.ends.pop()
                levels -= level
                if closing:
                    self.put(closing)
            if element is not root:
                self.say(element.tail)

    def _tag(self, element: _Element, levels: int) -> tuple[str, str, str]:
        """How an element opens and closes, both empty where it leaves no trace, and where its children stand."""
        tag = str(element.tag)
        place = self.ends[-1][1] if self.ends else BETWEEN
        if tag in CELLS and place != BETWEEN:
            return f"<{tag}{self._spans(element)}>", f"</{tag}>", BETWEEN
        if tag == "tr" and place == IN_TABLE:
            return "<tr>", "</tr>", IN_ROW
        if tag == "img":
            name = tidy(element.get("alt") or element.get("title") or "")[:LONGEST_NAME]
            return f'<span class="lost">[图片 image{plain(f"：{name}" if name else "")}]</span>', "", place
        if place != BETWEEN:  # between rows and cells only text is kept, which browsers put before the table
            return ("", "", place) if tag not in SECTIONS or self.ends[-1][0] != "</table>" else (f"<{tag}>", f"</{tag}>", IN_TABLE)
        if tag == "table" and levels < DEEPEST_TABLE:
            return "<table>", "</table>", IN_TABLE
        if tag in VOID:
            return f"<{tag}>", "", BETWEEN
        if levels >= DEEPEST:
            return "<br>" if tag in BREAKING else "", "", BETWEEN
        if tag in FLOW:
            return f"<{tag}>", f"</{tag}>", BETWEEN
        if tag in WORDS:
            return f"<{WORDS[tag]}>", f"</{WORDS[tag]}>", BETWEEN
        return ("<div>", "</div>", BETWEEN) if tag in BREAKING and tag not in ("html", "body") else ("", "", BETWEEN)

    def _spans(self, cell: _Element) -> str:
        down, across = (min(span_of(cell, name), most) for name, most in (("rowspan", TALLEST), ("colspan", WIDEST)))
        across = max(across, 1)
        self.positions += max(down, 1) * across
        if self.positions > MOST_POSITIONS:
            down = across = 1
        scope = (cell.get("scope") or "").lower()
        return (
            (f' rowspan="{down}"' if down != 1 else "")
            + (f' colspan="{across}"' if across > 1 else "")
            + (f' scope="{scope}"' if scope in SCOPES else "")
        )


def _places(page: _Page, document: Document, found: Sequence[Piece]) -> tuple[dict[int, list[Cut]], list[Piece]]:
    """Where the pieces lie in the texts of the page, by number of the text; and those that lie in none."""
    solid = [compact(text) for _, text in page.texts]
    starts = list(accumulate(map(len, solid), initial=0))
    parts = list(leaves(document))
    inner = [(compact(document.text(leaf.span)), leaf.inner) for leaf in parts]
    places = align(inner, "".join(solid)) if found else []
    cuts: dict[int, list[Cut]] = {}
    lost: dict[Piece, None] = {}
    touched: set[Piece] = set()
    for (span, _), (words, _), at in zip(parts, inner, places, strict=False):
        text, seen, counted = document.text(span), 0, 0
        for cut in within(found, span):
            touched.add(cut.piece)
            counted, seen = counted + len(compact(text[seen : cut.start])), cut.start
            low = at + counted
            counted, seen = counted + len(compact(text[seen : cut.end])), cut.end
            if at < 0 and words:
                lost[cut.piece] = None
            elif at + counted > low:
                _cut(page, starts, (low, at + counted), cut.piece, cuts)
    lost.update(dict.fromkeys(piece for piece in found if piece not in touched and not _is_bar(document, piece)))
    return {number: sorted(own, key=lambda cut: cut.start) for number, own in cuts.items()}, list(lost)


def _is_bar(document: Document, piece: Piece) -> bool:
    """Whether there is nothing but what the reader prints between the cells of a row."""
    return not document.content[piece.start : piece.end].strip(" |\n")


def _cut(page: _Page, starts: list[int], part: tuple[int, int], piece: Piece, cuts: dict[int, list[Cut]]) -> None:
    """Add a part of the stream to the cuts of the texts it runs through."""
    low, high = part
    number = bisect_right(starts, low) - 1
    while number < len(page.texts) and starts[number] < high:
        if starts[number + 1] > starts[number]:
            first, last = max(low, starts[number]) - starts[number], min(high, starts[number + 1]) - starts[number] - 1
            places = page.solid_places(number)
            cuts.setdefault(number, []).append(Cut(places[first], places[last] + 1, piece))
        number += 1
