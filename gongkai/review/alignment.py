"""Where the text that was read stands in the text of a page (对齐).

The reader prints what a page says in the order of the page, drops furniture, and changes nothing but blanks and invisible marks. So each
paragraph and each cell is looked for, without blanks, behind the one before it; the words that follow it tell two alike places apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from extract.document import Table
from extract.html import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class Leaf(NamedTuple):
    """A stretch of a document that stands in one place of a page: a heading, a paragraph, a cell."""

    span: Span
    inner: bool  # nothing that was dropped can stand between it and the one before: both are cells of a table


def leaves(document: Document) -> Iterator[Leaf]:
    """What a page is made of, in order, without blank cells."""
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (
                Leaf(cell.span, number > 0)
                for number, cell in enumerate(cell for cell in block.cells if cell.span.start < cell.span.end)
            )
        else:
            yield Leaf(block.span, inner=False)


def align(texts: Sequence[tuple[str, bool]], stream: str) -> list[int]:
    """Where each text begins in the stream, -1 where it is not found; all without blanks, each with whether it must follow the one before.

    >>> align([("部门决算", False), ("支出", False), ("12", True), ("支出", True), ("3", True)], "首页>部门决算部门决算打印支出12支出3备案")
    [7, 13, 15, 17, 19]
    """
    return _Alignment(texts, stream).run()


class _Alignment:
    """A cursor in the stream that moves with the texts; searches are counted, so that no page takes more than linear time."""

    def __init__(self, texts: Sequence[tuple[str, bool]], stream: str) -> None:
        self.texts = texts
        self.stream = stream
        self.joined = "".join(text for text, _ in texts)
        self.left = SCANS * len(stream) + FREE

    def run(self) -> list[int]:
        cursor = 0
        found = []
        start = 0
        for text, inner in self.texts:
            at = self._place(text, start, cursor, inner=inner) if text else -1
            if at >= 0:
                cursor = at + len(text)
            start += len(text)
            found.append(at)
        return found

    def _place(self, text: str, start: int, cursor: int, *, inner: bool) -> int:
        end = start + len(text)
        key = self.joined[start : max(start + KEY, end + BEHIND)]
        if self.stream.startswith(text if inner else key, cursor):
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
            at = self._find(key[: len(text) + SHORTEST_ALONE], 0, cursor)
        return at

    def _find(self, text: str, start: int, end: int | None = None) -> int:
        if self.left <= 0:
            return -1
        end = len(self.stream) if end is None else min(end, len(self.stream))
        at = self.stream.find(text, start, end)
        self.left -= (end if at < 0 else at) - start
        return at
