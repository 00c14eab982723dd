"""Where the text that was read stands in the text of a page (对齐).

The reader prints what a page says in the order of the page, drops furniture, and changes nothing but blanks and invisible marks. So each
paragraph and each cell is looked for, without blanks, behind the one before it; the words that follow it tell two alike places apart.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from extract.document import Table
from extract.html import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extract.document import Document, Span

KEY = 32  # characters that tell a place from any other
BEHIND = 12  # characters behind a long text that must follow it
SHORTEST_ALONE = 6  # a text that is looked for far away without its neighbours
NEARBY = 400  # how far behind the last one a shorter text may stand
SCANS, FREE = 64, 20_000_000  # how often a page may be searched from end to end; characters


def compact(text: str) -> str:
    r"""A text without blanks and invisible marks, as both sides are compared.

    >>> compact(" 支 出\u3000合计\n12\u200b.5 ")
    '支出合计12.5'
    """
    solid = "".join(text.split())
    return solid if solid.isascii() else INVISIBLE.sub("", solid)


def leaves(document: Document) -> Iterable[Span]:
    """The spans that stand in one place of a page each: headings, paragraphs, cells."""
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (cell.span for cell in block.cells if cell.span.start < cell.span.end)
        else:
            yield block.span


def align(texts: list[str], stream: str) -> list[int]:
    """Where each text begins in the stream, -1 where it is not found; all of them without blanks.

    >>> align(["部门决算", "支出", "12", "支出", "3"], "首页>部门决算部门决算打印支出12支出3备案")
    [7, 13, 15, 17, 19]
    """
    return _Alignment(texts, stream).run()


class _Alignment:
    """A cursor in the stream that moves with the texts; searches are counted, so that no page takes more than linear time."""

    def __init__(self, texts: list[str], stream: str) -> None:
        self.texts = texts
        self.stream = stream
        self.joined = "".join(texts)
        self.left = SCANS * len(stream) + FREE

    def run(self) -> list[int]:
        cursor = 0
        found = []
        for text, start in zip(self.texts, accumulate(map(len, self.texts), initial=0), strict=False):
            at = self._place(text, start, cursor) if text else -1
            if at >= 0:
                cursor = at + len(text)
            found.append(at)
        return found

    def _place(self, text: str, start: int, cursor: int) -> int:
        end = start + len(text)
        key = self.joined[start : max(start + KEY, end + BEHIND)]
        if self.stream.startswith(key, cursor):
            return cursor
        at = self._find(key, cursor)
        if at < 0:  # something that was dropped follows it: it is the last such text before what was read next
            following = self.joined[end : end + KEY]
            behind = self._find(following, cursor) if len(following) >= SHORTEST_ALONE else -1
            if behind >= 0:
                at = self.stream.rfind(text, cursor, behind)
            elif self.stream.startswith(text, cursor):
                at = cursor
            else:
                at = self._find(text, cursor, None if len(text) >= SHORTEST_ALONE else cursor + NEARBY)
        if at < 0 and len(key) >= SHORTEST_ALONE:  # the head of a table may be written behind its body
            at = self._find(key, 0, cursor)
        return at

    def _find(self, text: str, start: int, end: int | None = None) -> int:
        if self.left <= 0:
            return -1
        end = len(self.stream) if end is None else min(end, len(self.stream))
        at = self.stream.find(text, start, end)
        self.left -= (end if at < 0 else at) - start
        return at
