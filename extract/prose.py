"""Lines outside tables: page numbers and running heads taken out (页码、页眉), the rest joined into paragraphs (段落)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from extract.composition import PlacedParagraph
from extract.joining import Margins, TextLine, goes_on, is_contents_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN = 0.13  # of the page height, above and below: where page numbers and running heads stand
PAGE_NUMBER = re.compile(r"([-—–－―~·•\s]*)(第?)\s*(\d{1,4}|[ivxlcIVXLC]{1,7})\s*(页?)(?:\s*[/／,，]?\s*共?\s*\d{1,4}\s*页?)?[-—–－―~·•\s]*")
RUNNING_SHARE = 0.6  # of the pages with text must bear a line for it to be a running head
RUNNING_LEAST = 3
SAME_HEIGHT = 4.0  # points
DIGITS = re.compile(r"[\d\s]+")
ENOUGH_LINES = 6  # wide lines of a page that say alone where its text ends
SHORT_TITLE = 45
SENTENCE_MARKS = re.compile(r"[。；;！!？?：:]|，.*，")


class PageLines(NamedTuple):
    """Lines of one page outside its tables, and how large the page is."""

    number: int
    width: float
    height: float
    lines: tuple[TextLine, ...]


def find_furniture(pages: Sequence[PageLines]) -> frozenset[tuple[int, int]]:
    """Page numbers and running heads, as (page number, index of the line)."""
    return _page_numbers(pages) | _running_heads(pages)


def _in_margin(page: PageLines, line: TextLine) -> bool:
    return line.bottom < MARGIN * page.height or line.top > (1 - MARGIN) * page.height


def _page_numbers(pages: Sequence[PageLines]) -> frozenset[tuple[int, int]]:
    plain: dict[tuple[int, int], int] = {}
    found: set[tuple[int, int]] = set()
    for page in pages:
        ends = {*range(min(2, len(page.lines))), *range(max(len(page.lines) - 2, 0), len(page.lines))}
        for index in sorted(ends):
            line = page.lines[index]
            match = PAGE_NUMBER.fullmatch(line.text) if len(line.text) < 24 else None
            if match is None or not (_in_margin(page, line) or (match.group(1).strip() and index in (0, len(page.lines) - 1))):
                continue
            if match.group(1).strip() or (match.group(2) and match.group(4)) or not match.group(3).isdigit():
                found.add((page.number, index))
            else:
                plain[page.number, index] = int(match.group(3)) - page.number
    offsets = Counter(plain.values())
    for place, offset in plain.items():
        if offsets[offset] >= 2 or (len(pages) == 1 and offset == 0):
            found.add(place)
    return frozenset(found)


def _running_heads(pages: Sequence[PageLines]) -> frozenset[tuple[int, int]]:
    seen: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    written = 0
    for page in pages:
        if not page.lines:
            continue
        written += 1
        last = len(page.lines) - 1
        for index in {0, last - 1, last} - {-1}:  # a running foot may stand over the page number
            line = page.lines[index]
            if _in_margin(page, line) and (index in (0, last) or line.top > page.height / 2):
                seen[DIGITS.sub("", line.text), round(line.top / SAME_HEIGHT)].append((page.number, index))
    needed = max(RUNNING_LEAST, RUNNING_SHARE * written)
    return frozenset(place for places in seen.values() if len(places) >= needed for place in places)


def text_margins(pages: Sequence[PageLines]) -> dict[int, Margins]:
    """Where the lines of each page begin and full ones end: what pages of the same width have in common, or the page's own lines reach beyond."""
    by_width: defaultdict[int, list[TextLine]] = defaultdict(list)
    own: dict[int, list[TextLine]] = {}
    for page in pages:
        own[page.number] = [line for line in page.lines if line.x1 - line.x0 > 0.4 * page.width and not is_contents_line(line.text)]
        by_width[round(page.width)].extend(own[page.number])
    common = {width: _margins(lines, width) for width, lines in by_width.items()}
    margins: dict[int, Margins] = {}
    for page in pages:
        shared = common[round(page.width)]
        lines = own[page.number]
        here = _margins(lines, round(page.width)) if lines else shared
        margins[page.number] = here if len(lines) >= ENOUGH_LINES else Margins(min(here.left, shared.left), max(here.right, shared.right))
    return margins


def _margins(lines: Sequence[TextLine], width: int) -> Margins:
    if not lines:
        return Margins(0.1 * width, 0.9 * width)
    starts = sorted(line.x0 for line in lines)
    ends = sorted(line.x1 for line in lines)
    return Margins(starts[len(starts) // 10], ends[len(ends) * 3 // 4])


def paragraphs(lines: Sequence[TextLine], margins: dict[int, Margins], widths: dict[int, float]) -> tuple[PlacedParagraph, ...]:
    """Lines that follow each other, possibly over a page break, joined where only the page was too narrow."""
    found: list[list[TextLine]] = []
    for line in lines:
        before = found[-1][-1] if found else None
        same_format = before is not None and abs(widths[before.page] - widths[line.page]) < SAME_HEIGHT
        if before is not None and same_format and goes_on(found[-1][0], before, line, margins[before.page]):
            found[-1].append(line)
        else:
            found.append([line])
    return tuple(PlacedParagraph(tuple(group), _is_title(group, margins, widths)) for group in found)


def _is_title(group: Sequence[TextLine], margins: dict[int, Margins], widths: dict[int, float]) -> bool:
    """Whether lines stand alone in the middle of the page and say no sentence."""
    text = "".join(line.text for line in group)
    if len(text) > SHORT_TITLE or SENTENCE_MARKS.search(text) or not any("\u4e00" <= character <= "\u9fff" for character in text):
        return False
    for line in group:
        width, (left, right) = widths[line.page], margins[line.page]
        middle = (line.x0 + line.x1) / 2
        if min(abs(middle - width / 2), abs(middle - (left + right) / 2)) > 1.5 * line.size or line.x0 < left + 2.5 * line.size:
            return False
    return True
