"""Lines outside tables: page numbers and running heads taken out (页码、页眉), the rest joined into paragraphs (段落)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from extract.composition import PlacedParagraph
from extract.joining import TextLine, goes_on, is_contents_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MARGIN = 0.13  # of the page height, above and below: where page numbers and running heads stand
PAGE_NUMBER = re.compile(r"([-—–－―~·•\s]*)(第?)\s*(\d{1,4}|[ivxlcIVXLC]{1,7})\s*(页?)(?:\s*[/／,，]?\s*共?\s*\d{1,4}\s*页?)?[-—–－―~·•\s]*")
RUNNING_SHARE = 0.6  # of the pages with text must bear a line for it to be a running head
RUNNING_LEAST = 3
SAME_HEIGHT = 4.0  # points
DIGITS = re.compile(r"[\d\s]+")
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
            match = PAGE_NUMBER.fullmatch(line.text) if _in_margin(page, line) and len(line.text) < 24 else None
            if match is None:
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
        for index in {0, len(page.lines) - 1}:
            line = page.lines[index]
            if _in_margin(page, line):
                seen[DIGITS.sub("", line.text), round(line.top / SAME_HEIGHT)].append((page.number, index))
    needed = max(RUNNING_LEAST, RUNNING_SHARE * written)
    return frozenset(place for places in seen.values() if len(places) >= needed for place in places)


def right_edges(pages: Sequence[PageLines]) -> dict[int, float]:
    """Where full lines end on each page: what most pages of the same width agree on, or the page's own lines reach beyond."""
    reach: dict[int, float] = {}
    by_width: defaultdict[int, list[float]] = defaultdict(list)
    for page in pages:
        ends = sorted(line.x1 for line in page.lines if line.x1 - line.x0 > 0.4 * page.width and not is_contents_line(line.text))
        if ends:
            reach[page.number] = ends[len(ends) * 3 // 4]
            by_width[round(page.width)].extend(ends)
    common: dict[int, float] = {}
    for width, ends in by_width.items():
        ends.sort()
        common[width] = ends[len(ends) // 2]
    return {page.number: max(reach.get(page.number, 0.0), common.get(round(page.width), 0.9 * page.width)) for page in pages}


def paragraphs(lines: Sequence[TextLine], edges: dict[int, float], widths: dict[int, float]) -> tuple[PlacedParagraph, ...]:
    """Lines that follow each other, possibly over a page break, joined where only the page was too narrow."""
    found: list[list[TextLine]] = []
    for line in lines:
        if found and goes_on(found[-1][0], found[-1][-1], line, edges[found[-1][-1].page]):
            found[-1].append(line)
        else:
            found.append([line])
    return tuple(PlacedParagraph(tuple(group), _is_title(group, edges, widths)) for group in found)


def _is_title(group: Sequence[TextLine], edges: dict[int, float], widths: dict[int, float]) -> bool:
    """Whether lines stand alone in the middle of the page and say no sentence."""
    text = "".join(line.text for line in group)
    if len(text) > SHORT_TITLE or SENTENCE_MARKS.search(text) or not any("\u4e00" <= character <= "\u9fff" for character in text):
        return False
    for line in group:
        width = widths[line.page]
        right = edges[line.page]
        left = width - right
        if abs((line.x0 + line.x1) / 2 - width / 2) > 1.2 * line.size or line.x0 < left + 2.5 * line.size:
            return False
    return True
