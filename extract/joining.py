"""Where a line end is only typographic (软换行) and where it means something: between lines of prose and of a cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extract.headings import heading_of, whole_heading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSING = "。；;：:！!？?"
WORD = re.compile(r"[0-9A-Za-z.,%+\-]+")
NUMBER_END = re.compile(r"\d[,.]?$|[,.]\d*$")
THOUSANDS = re.compile(r"\d{3}(?!\d)")
CELL_PADDING = 1.0  # em: what both sides of a cell may keep free of text
LEADERS = re.compile(r"(?:[.．·・•…‥⋯┈¨_\-]\s?){4,}\s*[(（]?\d{0,4}[)）]?\s*$|[…⋯‥]{2,}")


class TextLine(NamedTuple):
    """One printed line: its text, the box of each character (zero for a blank put in), and its measures in points."""

    page: int
    text: str
    boxes: NDArray[np.float64]
    x0: float
    top: float
    x1: float
    bottom: float
    size: float

    def first_word(self) -> float:
        """Width of what could not have been parted: the first word or number, or the first character with the mark that closes it."""
        found = WORD.match(self.text)
        end = found.end() if found else (2 if len(self.text) > 1 and self.text[1] in "，。、；：！？）》”％" else 1)
        return float(self.boxes[end - 1, 2] - self.boxes[0, 0])


def is_contents_line(text: str) -> bool:
    """Whether a line belongs to a table of contents: dot leaders, mostly with a page number behind them.

    >>> is_contents_line("一、部门职责……………………3"), is_contents_line("一、部门职责 . . . . . . 3"), is_contents_line("三、其他")
    (True, True, False)
    """
    return LEADERS.search(text) is not None


def soft_joint(before: str, after: str) -> str:
    """What stands between two lines that are one: a blank between Latin words, nothing in Chinese or inside a number.

    >>> soft_joint("财政拨款收", "入合计"), soft_joint("1,234.", "56万元"), soft_joint("Annual", "Report")
    ('', '', ' ')
    """
    left, right = before[-1:], after[:1]
    both_latin = left.isascii() and right.isascii() and left.isalnum() and right.isalnum()
    return " " if both_latin and not (left.isdigit() and right.isdigit()) else ""


def cell_joint(before: TextLine, after: TextLine, width: float) -> str:
    r"""What stands between two lines of a cell `width` points wide: a line break only where a new paragraph or another number plainly begins."""
    room = width - (before.x1 - before.x0)
    ended = before.text[-1] in CLOSING
    if after.text[0].isdigit() and NUMBER_END.search(before.text):
        broken = before.text[-1] == "." or (before.text[-1] == "," and THOUSANDS.match(after.text) is not None)
        digit = float(after.boxes[0, 2] - after.boxes[0, 0])
        return "" if broken or room < digit + CELL_PADDING * before.size else "\n"
    if heading_of(after.text) is not None and (ended or room > after.first_word() + CELL_PADDING * before.size):
        return "\n"
    if ended and room > after.first_word() + (CELL_PADDING + 1.0) * before.size:
        return "\n"
    return soft_joint(before.text, after.text)


def goes_on(first: TextLine, before: TextLine, after: TextLine, right: float) -> bool:
    """Whether `after` continues the paragraph that `first` began and `before` is the last line of; `right` is the text's right edge."""
    em = before.size
    if abs(after.size - before.size) > 0.15 * em or is_contents_line(before.text) or is_contents_line(after.text):
        return False
    if after.page == before.page and not 0 < after.top - before.top < 2.8 * em:
        return False
    free = right - before.x1
    if free > after.first_word() + 0.4 * em:
        return False
    ended = before.text[-1] in CLOSING
    if ended and heading_of(after.text) is not None:
        return False
    if before.x0 <= after.x0 - 0.7 * em:  # set further in: a new paragraph, unless the sentence hangs or a title is centred
        return not ended and whole_heading(after.text) is None and before is first and after.x0 - before.x0 > 0.7 * em and _centred_below(before, after)
    return whole_heading(after.text) is None or not (ended or after.x0 >= first.x0 - 0.7 * em)


def _centred_below(before: TextLine, after: TextLine) -> bool:
    """Whether two lines share their middle, as the lines of a title do."""
    return abs((before.x0 + before.x1) - (after.x0 + after.x1)) < 2 * before.size
