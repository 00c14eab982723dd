"""A `Table` as a form: captions on top, header tree, column numbers, body (表头与表体).

Only shape and the plainest words are used here; what a header means is the business of `columns`, what a row means of `rows`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from normalize.folding import key
from normalize.numbers import is_dash, parse_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.document import Cell, Document, Span, Table

DEEPEST_HEADER = 9  # rows, captions and blank rows included; official forms need four
CODE = re.compile(r"\d{3}(?:\d{2}){0,3}")
CODED_LABEL = re.compile(r"[\[(]?(?P<code>\d{3}(?:\d{2}){0,3})[\])]?[-_:、.]?(?P<name>(?!年)(?![\d,.])\D.*)")
ORDINAL = re.compile(r"(?:[一二三四五六七八九十]{1,3}[、.:]|\([一二三四五六七八九十0-9]{1,3}\)|\d{1,2}[.、](?!\d)|[①-⑳])")
_LIST_ORDINAL = re.compile(r"[一二三四五六七八九十]{1,3}、")
TOTAL = re.compile(r"(?:本年)?(?:收入|支出)?(?:合|总|共)计")
COLUMN_NUMBER = re.compile(r"栏?(?P<number>\d{1,2})栏?(?:=[\d+\-*/()]+)?|\*+|栏次|[A-Z](?:=[A-Z+\-]+)?|[—-]+|[类款项甲乙丙]")
_PLAIN_NUMBER = re.compile(r"[0-9][0-9,.]*")
YEAR = re.compile(r"(?:19|20)\d\d")
NOTE = re.compile(r"(?:注|说明|备注|附注|表注)\d?[.、]?[::]")
UNIT_LINE = re.compile(r"单位[::]?(?:人民币)?(?P<unit>(?:百|千|万|亿|萬|億)?(?:万|萬)?元)(?![一-鿿])")


@dataclass(frozen=True, slots=True)
class Box:
    """A cell with its text folded once."""

    cell: Cell
    text: str  # folded, no blanks

    @property
    def span(self) -> Span:
        return self.cell.span


Boxes = tuple[tuple["Box | None", ...], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One table, cut into its parts. `paths[c]` are the header words over column c, top down, without repeats."""

    table: Table
    boxes: Boxes  # the full rectangle; a merged cell stands wherever it covers
    captions: tuple[int, ...]
    header: tuple[int, ...]
    numbering: tuple[int, ...]  # rows of column numbers (栏次)
    notes: tuple[int, ...]  # 注 and 说明 inside the grid
    body: tuple[int, ...]
    paths: tuple[tuple[Box, ...], ...]

    def own(self, row: int) -> tuple[Box, ...]:
        """The own cells of a row that print something."""
        return _own(self.boxes, row)


def _own(boxes: Boxes, row: int) -> tuple[Box, ...]:
    seen: list[Box] = []
    for box in boxes[row]:
        if box is not None and box.text and box.cell.row == row and (not seen or seen[-1] is not box):
            seen.append(box)
    return tuple(seen)


def _folded(text: str) -> str:
    return text if not text or _PLAIN_NUMBER.fullmatch(text) else key(text)  # most cells of a form are blank or a plain number


def read_grids(document: Document, table: Table, is_header_word: Callable[[str], bool]) -> tuple[Grid, ...]:
    """The forms of one table: mostly one; more where a page break joined several that each bring their title or header along.

    `is_header_word` says whether a folded text can stand in a header.
    """
    known = {id(cell): Box(cell, _folded(document.text(cell.span))) for cell in table.cells}
    boxes = tuple(tuple(None if cell is None else known[id(cell)] for cell in row) for row in table.grid())
    starts = [0]
    while starts[-1] < len(boxes):
        starts.append(_next_form(boxes, starts[-1], is_header_word))
    return tuple(_form(table, boxes, first, last) for first, last in pairwise(starts))


def _next_form(boxes: Boxes, start: int, is_header_word: Callable[[str], bool]) -> int:
    """The row after `start` with which another form begins: another title, or another header than the one at `start`."""
    captions, header, _, first = _opening(boxes, start)
    printed = {tuple(box.text for box in _own(boxes, row)) for row in (*captions, *header)}
    for row in range(first, len(boxes)):
        own = _own(boxes, row)
        texts = tuple(box.text for box in own)
        if not own or texts in printed or any(parse_number(text) is not None for text in texts):
            continue
        titled = len(own) == 1 and _TITLE.search(texts[0]) and own[0].cell.colspan * 2 >= len(boxes[0])
        headed = header and len(set(texts)) > 2 and all(is_header_word(text) for text in texts) and not _part_of(texts, printed)
        if titled or headed:
            return row
    return len(boxes)


def _part_of(texts: tuple[str, ...], printed: set[tuple[str, ...]]) -> bool:
    words = {text for row in printed for text in row}
    return all(text in words for text in texts)


def _form(table: Table, boxes: Boxes, start: int, stop: int) -> Grid:
    captions, header, numbering, first = _opening(boxes[:stop], start)
    printed = {tuple(box.text for box in _own(boxes, row)) for row in header}
    body: list[int] = []
    notes: list[int] = []
    for row in range(first, stop):
        own = tuple(box.text for box in _own(boxes, row))
        if not own:
            continue
        if own in printed:
            header.append(row)
        elif header and row - 1 in header and _numbers_columns(boxes, row):
            numbering.append(row)
        elif header and _repeats_caption(boxes, row):
            captions.append(row)
        elif len(own) == 1 and NOTE.match(own[0]):
            notes.append(row)
        else:
            body.append(row)
    top = [row for row in header if row < first]
    paths = tuple(_path(boxes, top, column) for column in range(table.columns))
    return Grid(table, boxes, tuple(captions), tuple(header), tuple(numbering), tuple(notes), tuple(body), paths)


def _opening(boxes: Boxes, start: int) -> tuple[list[int], list[int], list[int], int]:
    captions: list[int] = []
    header: list[int] = []
    numbering: list[int] = []
    width = len(boxes[0]) if boxes else 0
    reach = 0  # rows down to here are covered by a header cell
    for row in range(start, min(len(boxes), start + DEEPEST_HEADER)):
        own = _own(boxes, row)
        if not own:
            if row >= reach and header and not _header_below(boxes, row):
                return captions, header, numbering, row
            continue
        if not header and _is_caption(own, width):
            captions.append(row)
        elif _numbers_columns(boxes, row) and header:
            numbering.append(row)
        elif _is_plain_data(own) or (row >= reach and _is_data(own)):
            return captions, header, numbering, row
        else:
            header.append(row)
            reach = max([reach, *(box.cell.row + box.cell.rowspan for box in own)])
    first = max([*captions, *header, *numbering, start - 1]) + 1
    return captions, header, numbering, first


def _header_below(boxes: Boxes, row: int) -> bool:
    for below in range(row + 1, min(len(boxes), row + 3)):
        own = _own(boxes, below)
        if own:
            return not _is_data(own) and len(own) > 1
    return False


def _is_caption(own: tuple[Box, ...], width: int) -> bool:
    """A title, 编制单位 or 单位 line that the page put into the grid."""
    text = "".join(box.text for box in own)
    if any(_STATES_UNIT.fullmatch(box.text) for box in own):
        return not any(parse_number(box.text) is not None for box in own)
    if len(own) == 1:
        box = own[0]
        wide = box.cell.colspan * 2 >= width
        return bool(_NAMES_BODY.match(text)) or (bool(_TITLE.search(text)) and (wide or box.cell.rowspan == 1)) or (wide and YEAR.match(text) is not None and len(text) < 14)
    return all(_NAMES_BODY.match(box.text) or _FORM_MARK.fullmatch(box.text) for box in own)


_STATES_UNIT = re.compile(r".*单位[::]?(?:人民币)?(?:百|千|万|亿|萬|億)?(?:万|萬)?元(?:[、,/].{1,6})?")
_NAMES_BODY = re.compile(r"(?:编制|填报|公开|预算|主管|报送|公布)?(?:部门|单位)(?:名称)?(?:\(盖章\))?[::]")
_TITLE = re.compile(r"表(?:\(.{1,30}\))?$|表[0-9一二三四五六七八九十]{1,3}(?:-\d+)?$|(?<!\d)\d+表$")
_FORM_MARK = re.compile(r"\(?(?:公开|预算|决算|附)?(?:表\d{1,2}(?:-\d+)?|\d{1,2}表)\)?")


def _repeats_caption(boxes: Boxes, row: int) -> bool:
    """A title or unit line printed again where a table goes on on its next page."""
    own = _own(boxes, row)
    return _is_caption(own, len(boxes[row])) and not any(parse_number(box.text) is not None for box in own)


def _numbers_columns(boxes: Boxes, row: int) -> bool:
    """栏次: 1 2 3 … from 1 (or from where the left half stopped), also with formulas (3=1+2), stars and dashes."""
    own = _own(boxes, row)
    texts = [box.text for box in own]
    if not texts or not all(COLUMN_NUMBER.fullmatch(text) for text in texts):
        return False
    numbers = [int(match["number"]) for text in texts if (match := COLUMN_NUMBER.fullmatch(text)) and match["number"]]
    labelled = any(text == "栏次" or text.startswith("**") for text in texts)
    rising = all(b == a + 1 for a, b in pairwise(numbers))
    return labelled or (len(numbers) > 1 and rising and numbers[0] == 1)


def _is_data(own: tuple[Box, ...]) -> bool:
    """The row prints a number, a code or an ordinal, or is a total row without amounts."""
    for box in own:
        text = box.text
        number = parse_number(text)
        if number is not None and not YEAR.fullmatch(text):
            return True
        if CODED_LABEL.fullmatch(text):
            return True
    if ORDINAL.match(own[0].text) or any(_LIST_ORDINAL.match(box.text) or is_dash(box.text) for box in own):
        return True
    return bool(TOTAL.fullmatch(own[0].text)) and all(TOTAL.fullmatch(box.text) or is_dash(box.text) for box in own)


def _is_plain_data(own: tuple[Box, ...]) -> bool:
    """Amounts with separators or decimals are data even beside a tall merged cell (a unit name over many rows)."""
    return any("." in box.text or "," in box.text for box in own if parse_number(box.text) is not None)


def _path(boxes: Boxes, header: list[int], column: int) -> tuple[Box, ...]:
    path: list[Box] = []
    for row in header:
        box = boxes[row][column]
        if box is not None and box.text and all(box is not before for before in path):
            path.append(box)
    return tuple(path)
