"""Where a line end is only typographic (软换行) and where it means something: between lines of prose and of a cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extract.headings import heading_of, whole_heading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CLOSING = "。；;：:！!？?"
OPENING = "（《“‘〔【「『([{"
CLINGING = "，。、；：！？）》”’％〕】」』,.;:!?)]}%"
WORD = re.compile(r"[0-9A-Za-z.,%+\-]+")
NUMBER_END = re.compile(r"\d[,.]?$|[,.]\d*$")
THOUSANDS_FIRST = re.compile(r"\d{1,3}[,，]\d")
THOUSANDS = re.compile(r"\d{3}(?!\d)")
CELL_PADDING = 1.0  # em: what both sides of a cell may keep free of text
COLUMN_GAP = 2.5  # em
SENTENCE = 6  # characters: a shorter line in a cell is a word of a heading that its writer broke
_LEADER = r"[.．·・•…‥⋯┈¨_\-]"
LEADERS = re.compile(  # each run of leaders is looked at once, from its first
    rf"(?<!{_LEADER})(?<!{_LEADER}\s)(?:{_LEADER}\s?){{4,}}+\s*+[(（]?\d{{0,4}}[)）]?\s*$|(?<![…⋯‥])[…⋯‥]{{2,}}+\s*+[(（]?\d{{1,4}}[)）]?\s*$|[…⋯‥]{{4}}"
)


class TextLine(NamedTuple):
    """One printed line: its text, the box of each character (zero for a blank put in), and its measures in points."""

    page: int
    text: str
    boxes: NDArray[np.float32]
    x0: float
    top: float
    x1: float
    bottom: float
    size: float


def first_word(text: str, boxes: NDArray[np.float32]) -> float:
    """Width of what a line end could not have parted: the first word or number, or the first character with the marks that cling to it."""
    found = WORD.match(text)
    end = found.end() if found else 1
    if not found and text[0] in OPENING and len(text) > 1:
        end = 2
    if text[end : end + 1] and text[end] in CLINGING:
        end += 1
    return float(boxes[end - 1, 2] - boxes[0, 0])


def is_contents_line(text: str) -> bool:
    """Whether a line belongs to a table of contents: dot leaders, mostly with a page number behind them.

    >>> is_contents_line("一、部门职责……………………3"), is_contents_line("一、部门职责 . . . . . . 3"), is_contents_line("三、其他")
    (True, True, False)
    """
    return LEADERS.search(text) is not None


def is_spread(line: TextLine) -> bool:
    """Whether a line has gaps of columns in it: it is a row of a table without rules, or two things set side by side."""
    boxes, text = line.boxes, line.text
    return any(text[index] == " " and boxes[index + 1, 0] - boxes[index - 1, 2] > COLUMN_GAP * line.size for index in range(1, len(text) - 1)) if " " in text else False


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
    if after.text[0] not in CLINGING and heading_of(after.text) is not None and (ended or room > first_word(after.text, after.boxes) + CELL_PADDING * before.size):
        return "\n"
    aligned = abs(after.x0 - before.x0) < 0.5 * before.size and len(before.text) >= SENTENCE
    if (ended or aligned) and room > first_word(after.text, after.boxes) + (CELL_PADDING + 1.5) * before.size:
        return "\n"
    return soft_joint(before.text, after.text)


class Margins(NamedTuple):
    """Between which x the full lines of a page run, in points."""

    left: float
    right: float


def goes_on(first: TextLine, before: TextLine, after: TextLine, margins: Margins) -> bool:
    """Whether `after` continues the paragraph that `first` began and `before` is the last line of; `margins` are of the page of `before`."""
    em = before.size
    if abs(after.size - before.size) > 0.15 * em or is_contents_line(before.text) or is_contents_line(after.text):
        return False
    if after.page == before.page and not 0 < after.top - before.top < 2.8 * em:
        return False
    if is_spread(before) or is_spread(after):
        return False
    room = margins.right - before.x1 - first_word(after.text, after.boxes)  # what the first word of the next line would have left
    ended = before.text[-1] in CLOSING
    numbered = heading_of(after.text) is not None and not THOUSANDS_FIRST.match(after.text)
    if numbered and (ended or _opens(after.text)):
        return False
    step = after.x0 - before.x0
    if abs((before.x0 + before.x1) - (after.x0 + after.x1)) < em and step > 2 * em:  # the lines of a title share their middle
        return not ended and not numbered and room < 2 * em
    if before is not first:
        return abs(step) < 0.7 * em and room < (0.5 if ended else 1.5) * em
    if step < -0.7 * em:  # set in, then out: the first line of an indented paragraph
        return room < (0.5 if ended else 4.0) * em
    if step > 0.7 * em:  # a hanging list
        return room < 0.5 * em and not ended and not numbered and heading_of(before.text) is not None and step < 4 * em
    if before.x0 > margins.left + em:  # set in like its neighbour: both begin
        return False
    return room < 0.5 * em


def _opens(text: str) -> bool:
    """Whether a line is a heading by a number with its mark: （一） or 1. and no bare digit."""
    found = whole_heading(text)
    return found is not None and not (found[1] or "0")[-1].isdigit()
