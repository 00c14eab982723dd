"""Text as HTML with marks in it, and the page of ours that holds it (标记).

Everything scraped comes through `plain`: text goes out escaped, or not at all.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, NamedTuple, Protocol

from extract.document import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST_TEXT = 100_000  # characters of one line, paragraph or cell; of a longer one only what stands near its marks is shown
NEAR = 3_000  # characters
DROPPED = (
    0x00AD,
    0x061C,
    0xFEFF,
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xE0000, 0xE0080),
)  # invisible; they can turn a line round
LOST = (*range(9), 11, *range(14, 32), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF, *range(0xD800, 0xE000))  # nothing that HTML can hold
SHOWN: dict[int, str] = {**dict.fromkeys(DROPPED, ""), **dict.fromkeys(LOST, "\ufffd"), 12: " "}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6773;--line:#c9d1d9;--back:#fff;--second:#f4f6f8;--mark:#ffd54a;--edge:#b36b00;--some:#dcebf8}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#a2adb8;--line:#45505c;--back:#14181d;--second:#1d232a;--mark:#8a6500;--edge:#ffc440;--some:#1f3d57}}
*{box-sizing:border-box}html{scroll-padding:40vh 2.5rem}
body{margin:0;padding:1rem clamp(.75rem,3vw,2.5rem) 50vh;font:16px/1.75 system-ui,"PingFang SC","Hiragino Sans GB","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","WenQuanYi Zen Hei",sans-serif;color:var(--ink);background:var(--back);overflow-wrap:break-word}
h1,h2,h3,h4,h5,h6{line-height:1.4;margin:1.2em 0 .5em;font-size:1.1rem}h1{font-size:1.3rem}h2{font-size:1.2rem}p{margin:.5em 0;max-width:52rem}pre{white-space:pre-wrap;font:inherit}
table{border-collapse:collapse;margin:.8em 0;font-size:.9rem;line-height:1.5}td,th{border:1px solid var(--line);padding:.2em .5em;vertical-align:top;text-align:start;min-width:3.6em}th{background:var(--second)}
.kept{white-space:pre-wrap}.gap{background:var(--second)}.lost,.note{color:var(--soft);font-size:.85rem}.note{border-left:3px solid var(--line);padding-left:.6em}.sheet{color:var(--soft);font-size:.85rem;border-top:1px dashed var(--line);margin-top:1.6em}
mark{background:var(--some);color:inherit;border-radius:.15em;padding:.05em .1em}mark:not([data-rows]),mark.now,mark#value:target{background:var(--mark);outline:2px solid var(--edge);outline-offset:1px}
.line{display:grid;grid-template-columns:4.2em minmax(0,1fr);gap:.8em}.line>span{color:var(--soft);text-align:right;font-size:.8rem;font-variant-numeric:tabular-nums;user-select:none}.line>div{white-space:pre-wrap;overflow-wrap:anywhere;min-height:1.75em}
@media(max-width:34rem){body{font-size:15px}.line{grid-template-columns:2.6em minmax(0,1fr);gap:.5em}table{font-size:.8rem}td,th{padding:.15em .3em}}
"""


class OfRows(Protocol):
    """A span, and the rows of the dataset that stand on it."""

    @property
    def span(self) -> Span: ...
    @property
    def row_ids(self) -> tuple[str, ...]: ...


class Piece(NamedTuple):
    """A stretch of `Document.content` to be marked; no two overlap."""

    start: int
    end: int
    row_ids: tuple[str, ...] = ()
    first: bool = False  # it belongs to the first span that was asked for


class Cut(NamedTuple):
    """Where a piece, or a part of it, lies in a text that is about to be written."""

    start: int
    end: int
    piece: Piece


def pieces(spans: Sequence[Span | OfRows]) -> list[Piece]:
    """Spans that may overlap as pieces that do not, in order; where two share a stretch it has the rows of both.

    >>> pieces([Span(5, 9), Span(2, 6)])
    [Piece(start=2, end=5, row_ids=(), first=False), Piece(start=5, end=6, row_ids=(), first=True), Piece(start=6, end=9, row_ids=(), first=True)]
    """
    asked = [(one, ()) if isinstance(one, Span) else (one.span, one.row_ids) for one in spans]
    edges = sorted({edge for span, _ in asked if span.start < span.end for edge in span})
    owners: list[list[int]] = [[] for _ in edges]
    for number, (span, _) in enumerate(asked):
        for index in range(bisect_right(edges, span.start) - 1, bisect_right(edges, span.end) - 1):
            owners[index].append(number)
    return [
        Piece(start, end, tuple(dict.fromkeys(row for number in owned for row in asked[number][1])), 0 in owned)
        for start, end, owned in zip(edges, edges[1:], owners, strict=False)
        if owned
    ]


def within(found: Sequence[Piece], span: Span) -> list[Cut]:
    """The pieces that lie in a span, counted from its start.

    >>> within([Piece(2, 5), Piece(8, 20)], Span(4, 10))
    [Cut(start=0, end=1, piece=Piece(start=2, end=5, row_ids=(), first=False)), Cut(start=4, end=6, piece=Piece(start=8, end=20, row_ids=(), first=False))]
    """
    cuts = []
    for index in range(bisect_right(found, span.start, key=lambda piece: piece.end), len(found)):
        piece = found[index]
        if piece.start >= span.end:
            break
        cuts.append(Cut(max(piece.start, span.start) - span.start, min(piece.end, span.end) - span.start, piece))
    return cuts


def plain(text: str) -> str:
    r"""A text as HTML: escaped, without what is invisible.

    >>> plain("<script>alert(1)</script>\u202e & 12.5"), plain("a\0b")
    ('&lt;script&gt;alert(1)&lt;/script&gt; &amp; 12.5', 'a�b')
    """
    return escape(text if text.isascii() and text.isprintable() else text.translate(SHOWN))


@dataclass(slots=True)
class Brush:
    """Writes texts with their marks; the first stretch of the first span is the one with the id."""

    marked: bool = False

    def paint(self, text: str, cuts: Iterable[Cut] = ()) -> str:
        """A text as HTML, its cuts wrapped in <mark>.

        >>> Brush().paint("支出12.5万元", [Cut(2, 6, Piece(2, 6, (), True))])
        '支出<mark id="value">12.5</mark>万元'
        """
        written: list[str] = []
        at, long = 0, len(text) > LONGEST_TEXT
        for cut in cuts:
            written.append(_between(text, at, cut.start, NEAR * (at > 0), NEAR) if long else plain(text[at : cut.start]))
            rows = f' data-rows="{plain(" ".join(cut.piece.row_ids))}"' if cut.piece.row_ids else ""
            name = ' id="value"' if cut.piece.first and not self.marked else ""
            self.marked |= cut.piece.first
            written.append(f"<mark{name}{rows}>{plain(text[cut.start : cut.end])}</mark>")
            at = cut.end
        written.append(_between(text, at, len(text), NEAR if at else LONGEST_TEXT, 0) if long else plain(text[at:]))
        return "".join(written)


def _between(text: str, start: int, end: int, head: int, tail: int) -> str:
    """A stretch of a very long text: its first and last characters, and how many are left out."""
    lost = end - start - head - tail
    if lost <= 0:
        return plain(text[start:end])
    return f'{plain(text[start : start + head])}<span class="lost"> … 略去 {lost} 字 characters left out … </span>{plain(text[end - tail : end])}'


def near(units: Sequence[Span], found: Sequence[Piece], around: int) -> list[bool]:
    """Which units, lines or rows in order, hold a mark or stand no further than `around` units from one; without marks the first ones."""
    kept = [False] * len(units)
    starts = [unit.start for unit in units]
    done = 0
    for low, high in [(piece.start, piece.end) for piece in found] or [(0, 1)]:
        first, last = bisect_right(starts, low) - 1 - around, bisect_right(starts, high - 1) + around
        for index in range(max(first, done, 0), min(last, len(units))):
            kept[index] = True
        done = max(done, last)
    return kept


def note(zh: str, en: str) -> str:
    """A remark of ours between the texts of a document."""
    return f'<p class="note">{plain(zh)} {plain(en)}</p>\n'


def whole_page(title: str, body: str) -> str:
    """A complete page of ours: no script, nothing from anywhere."""
    return (
        f'<!DOCTYPE html>\n<html lang="zh">\n<head>\n<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{plain(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n'
    )
