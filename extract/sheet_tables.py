"""Sheets as read to the lines and tables that they show (版面): titles, captions and notes are lines, the rows between them a table."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from extract.printed import Line, Sheet, Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CAPTION = re.compile(r"公开\d+|(?:附?表|附件)\s*[一二三四五六七八九十\d]|(?:编制|公开|预算|主管|填报)?(?:单位|部门)(?:名称)?\s*[:：]|金额单位|单位[:：]")
TITLE = re.compile(r"表|公开\d|附件")  # after a blank row
FULL_TITLE = re.compile(r"(?:[\w“”\"（）()、及和\s]{1,60}表|(?:公开|附表?|表)\s{0,4}\d{1,3}\s{0,4}表?)\s{0,4}(?:[（(].{0,40}[)）])?")  # anywhere
PROSE = re.compile(r"。|.{60}")
FOOTNOTE = re.compile(r"\s*(?:注|备注|说明|本表)")


class Merge(NamedTuple):
    """Cells joined to one: first row and column, and how far they reach."""

    row: int
    column: int
    rows: int
    columns: int


class Shape(NamedTuple):
    """A sheet as read: the texts that its cells show, row by row, which of them are joined, and what is odd about it."""

    name: str
    hidden: bool
    rows: list[list[str]]
    merges: list[Merge]
    odd: list[tuple[str, str, str]]  # kind, in Chinese, in English


class Joined(NamedTuple):
    """The cells that are joined to others, by row and column: the first of each, and those it covers."""

    anchors: dict[tuple[int, int], Merge]
    covered: set[tuple[int, int]]
    apart: int  # joined cells that were left apart


def joined_cells(shape: Shape) -> Joined:
    """Joined cells within what a sheet shows. Together they cannot be larger than the sheet, unless they lie over each other."""
    height, width = len(shape.rows), max(map(len, shape.rows), default=0)
    anchors: dict[tuple[int, int], Merge] = {}
    covered: set[tuple[int, int]] = set()
    left = height * width
    for number, merge in enumerate(shape.merges):
        rows, columns = range(max(0, merge.row), min(merge.row + merge.rows, height)), range(max(0, merge.column), min(merge.column + merge.columns, width))
        left -= len(rows) * len(columns)
        if left < 0:
            return Joined(anchors, covered, len(shape.merges) - number)
        anchors[merge.row, merge.column] = merge
        covered.update(place for place in product(rows, columns) if place != (merge.row, merge.column))
    return Joined(anchors, covered, 0)


def lines_and_tables(shape: Shape, joined: Joined) -> Iterator[Line | Sheet]:
    """Titles and captions as lines, each table as a sheet, notes below it as lines; what joined cells cover shows nothing."""
    rows = [list(row) for row in shape.rows]
    for number, column in joined.covered:
        if column < len(rows[number]):
            rows[number][column] = ""
    for part in _parts(list(enumerate(rows))):
        first, last = 0, len(part)
        while first < last and _is_caption(part[first][1]):
            yield Line(" ".join(text for text in part[first][1] if text))
            first += 1
        while last > first and _filled(part[last - 1][1]) <= 1 and (last == first + 1 or not _texts(part[last - 1][1]) or FOOTNOTE.match(_texts(part[last - 1][1])[0])):
            last -= 1
        if table := _table(part[first:last], joined):
            yield Sheet([], table)
        for _, row in part[last:]:
            if texts := _texts(row):
                yield Line(texts[0])


def _parts(rows: Sequence[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    """The tables of a sheet: a new one begins where a title stands alone in its row, below a table; after a blank row less will do for one."""
    part: list[tuple[int, list[str]]] = []
    blank = False
    for number, row in rows:
        texts = _texts(row)
        if len(texts) == 1 and (FULL_TITLE.fullmatch(texts[0]) or (blank and TITLE.search(texts[0])) or PROSE.search(texts[0])) and any(_filled(other) > 1 and not _is_caption(other) for _, other in part):
            yield part
            part = []
        if texts or part:
            part.append((number, row))
        blank = not texts
    if part:
        yield part


def _is_caption(row: list[str]) -> bool:
    texts = _texts(row)
    return len(texts) <= 1 or all(CAPTION.search(text) for text in texts)


def _texts(row: list[str]) -> list[str]:
    return [text for text in row if text]


def _filled(row: list[str]) -> int:
    return len(_texts(row))


def _table(part: Sequence[tuple[int, list[str]]], joined: Joined) -> list[list[Written]]:
    """The own cells of the rows, as far to the right as any of them holds something."""
    width = max((column + 1 for _, row in part for column, text in enumerate(row) if text), default=0)
    if not part or not width:
        return []
    bottom = part[-1][0] + 1
    table = []
    for number, row in part:
        written = []
        for column in range(width):
            if (number, column) in joined.covered:
                continue
            anchor = joined.anchors.get((number, column))
            down, across = (min(anchor.rows, bottom - number), min(anchor.columns, width - column)) if anchor else (1, 1)
            written.append(Written(row[column] if column < len(row) else "", down, across, header=False, links=[]))
        table.append(written)
    return table
