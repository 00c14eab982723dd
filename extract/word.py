"""Word documents (.docx) to documents: paragraphs with the numbers Word generates for them, tables with merged cells, text boxes.

What is printed is read: deleted text, field codes, comments, notes and hidden text are not; inserted text is. An outline number (一、 （一） 1.) often
stands nowhere in the text but in the numbering of its style: it is worked out as Word does and put before its paragraph.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from extract.document import Document, DocumentError, Note, Source
from extract.html import tidy
from extract.office_parts import open_office, tree, unpacked
from extract.printed import Line, Sheet, Written, assemble
from extract.zipped import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zipfile import ZipFile

    from lxml.etree import _Element

LARGEST = 1000  # columns that a cell covers, numbers that a list begins with
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same text box once more, for old programs
LONGEST_NUMBER = 60  # characters that Word prints before a paragraph
MOST_LETTERS = 10  # aaaaaaaaaa
DEEPEST = 20  # tables within tables
UNREAD = frozenset({f"{W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "footnoteReference", "endnoteReference", "commentReference", "pPr", "rPr", "sectPr", "tblPr", "trPr", "tcPr")} | {CHOICE})
DIGITS, TENS = "零一二三四五六七八九", ("", "十", "百", "千")
CHINESE = frozenset({"chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCounting", "taiwaneseCountingThousand", "chineseLegalSimplified"})
CIRCLED = frozenset({"decimalEnclosedCircle", "decimalEnclosedCircleChinese"})
LEVEL = re.compile(r"%([1-9])")


def chinese(number: int) -> str:
    """A counting number in Chinese, as lists are numbered.

    >>> [chinese(number) for number in (1, 10, 11, 20, 35, 101, 110)]
    ['一', '十', '十一', '二十', '三十五', '一百零一', '一百一十']
    """
    if not 0 < number < 10_000:
        return str(number)
    text, digits = "", str(number)
    for place, digit in enumerate(digits):
        zeros = len(digits) - place - 1
        if digit != "0":
            text += DIGITS[int(digit)] + TENS[zeros]
        elif text and not text.endswith("零") and digits[place:].strip("0"):
            text += "零"
    return text.removeprefix("一") if 10 <= number < 20 else text


def counted(number: int, form: str) -> str:
    """A number in one of Word's number formats; none for bullets."""
    if form in CHINESE:
        return chinese(number)
    if form in CIRCLED and number <= 20:
        return chr(ord("①") + number - 1)
    if form in {"lowerLetter", "upperLetter"} and number <= MOST_LETTERS * 26:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter.upper() if form == "upperLetter" else letter
    return "" if form in {"bullet", "none"} else f"{number:02d}" if form == "decimalZero" else str(number)


class Level(NamedTuple):
    """One level of a list: where it starts, its number format, and its text with %1 for the number of the first level."""

    start: int
    form: str
    text: str


@dataclass
class Numbering:
    """The lists of a document and how far they are."""

    lists: Mapping[str, tuple[str, dict[int, Level]]]  # numId -> the abstract list, its levels
    styles: Mapping[str, tuple[str, int]]  # paragraph style -> numId, level
    counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def number(self, paragraph: _Element) -> str:
        """The number that Word prints before this paragraph; empty where there is none."""
        number_id, depth = self._list_of(paragraph)
        if number_id not in self.lists:
            return ""
        abstract, levels = self.lists[number_id]
        if depth not in levels:
            return ""
        counts = self.counts[abstract]
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]

        def one(found: re.Match[str]) -> str:
            level = int(found[1]) - 1
            known = levels.get(level)
            return counted(counts.get(level, known.start), known.form) if known else ""

        return LEVEL.sub(one, levels[depth].text)[:LONGEST_NUMBER] if levels[depth].form not in {"bullet", "none"} else ""

    def _list_of(self, paragraph: _Element) -> tuple[str, int]:
        own = paragraph.find(f"{W}pPr/{W}numPr")
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        number_id, depth = self.styles.get(style.get(f"{W}val") or "", ("", 0)) if style is not None else ("", 0)
        if own is not None:
            number_id, depth = _value(own, "numId") or number_id, _whole(_value(own, "ilvl"), depth)
        return number_id, depth


def read_docx(data: bytes, source: Source) -> Document:
    """A Word document. Raises `DocumentError` where it is damaged or too large when unpacked."""
    try:
        with open_office(data) as archive:
            numbering = _numbering(_part(archive, "word/numbering.xml"), _part(archive, "word/styles.xml"))
            body = _part(archive, "word/document.xml")
    except (*DAMAGED, etree.XMLSyntaxError) as error:
        raise DocumentError("unreadable", zh="Word 文件已损坏", en=f"the Word file is damaged ({type(error).__name__})") from error
    if body is None:
        raise DocumentError("unreadable", zh="Word 文件没有正文", en="the Word file has no text")
    pictures = sum(1 for _ in body.iter("{http://schemas.openxmlformats.org/drawingml/2006/picture}pic"))
    notes = [Note("pictures_unread", f"文中有{pictures}张图片，未读", f"{pictures} pictures in the text were not read")] if pictures else []
    content, blocks, links = assemble(list(_items(body, numbering, 0)), [], notes)
    return Document(source, content, blocks, links=links, notes=tuple(notes))


def _part(archive: ZipFile, name: str) -> _Element | None:
    return tree(unpacked(archive, name)) if name in archive.namelist() else None


def _value(element: _Element, name: str) -> str | None:
    found = element.find(f"{W}{name}")
    return found.get(f"{W}val") if found is not None else None


def _numbering(lists: _Element | None, styles: _Element | None) -> Numbering:
    abstract: dict[str, dict[int, Level]] = {}
    for one in lists.iter(f"{W}abstractNum") if lists is not None else ():
        abstract[one.get(f"{W}abstractNumId") or ""] = {_whole(level.get(f"{W}ilvl"), 0): _level(level) for level in one.iter(f"{W}lvl")}
    known: dict[str, tuple[str, dict[int, Level]]] = {}
    for one in lists.iter(f"{W}num") if lists is not None else ():
        name = _value(one, "abstractNumId") or ""
        levels = dict(abstract.get(name, {}))
        overridden = False
        for override in one.iter(f"{W}lvlOverride"):
            depth = _whole(override.get(f"{W}ilvl"), 0)
            start = _value(override, "startOverride")
            own = override.find(f"{W}lvl")
            if own is not None:
                levels[depth] = _level(own)
            if start is not None and depth in levels:
                levels[depth] = levels[depth]._replace(start=_whole(start, 1))
                overridden = True
        number_id = one.get(f"{W}numId") or ""
        known[number_id] = (f"{name}/{number_id}" if overridden else name, levels)  # a list that starts anew counts by itself
    by_style: dict[str, tuple[str, int]] = {}
    for style in styles.iter(f"{W}style") if styles is not None else ():
        own = style.find(f"{W}pPr/{W}numPr")
        if own is not None and (named := _value(own, "numId")):
            by_style[style.get(f"{W}styleId") or ""] = (named, _whole(_value(own, "ilvl"), 0))
    return Numbering(known, by_style)


def _level(level: _Element) -> Level:
    return Level(_whole(_value(level, "start"), 1), _value(level, "numFmt") or "decimal", (_value(level, "lvlText") or "")[:LONGEST_NUMBER])


def _items(parent: _Element, numbering: Numbering, depth: int) -> Iterator[Line | Sheet]:
    """The paragraphs and tables below an element, in order; text boxes after the paragraph that holds them."""
    for element in parent:
        if element.tag == f"{W}p":
            yield from _paragraph(element, numbering, depth)
        elif element.tag == f"{W}tbl" and depth < DEEPEST:
            rows = [row for row in _rows(element, numbering, depth) if row]
            if rows and max(map(len, rows)) > 1:
                yield Sheet([], rows)
            else:
                yield from (Line(cell.text) for row in rows for cell in row if cell.text)
        elif element.tag not in UNREAD and depth < DEEPEST:
            yield from _items(element, numbering, depth)  # content controls, insertions, smart tags


def _paragraph(paragraph: _Element, numbering: Numbering, depth: int) -> Iterator[Line | Sheet]:
    lines = "".join(_text(paragraph)).split("\n")
    if any(line.strip() for line in lines) and (number := numbering.number(paragraph)):
        lines[0] = f"{number}{lines[0].lstrip()}"
    yield from (Line(text) for line in lines if (text := tidy(line)))
    for box in _boxes(paragraph):
        if depth < DEEPEST:
            yield from _items(box, numbering, depth + 1)


def _boxes(paragraph: _Element) -> Iterator[_Element]:
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag == f"{W}txbxContent":
            yield element
            walk.skip_subtree()
        elif element.tag in UNREAD:
            walk.skip_subtree()


def _text(paragraph: _Element) -> Iterator[str]:
    """What is printed of a paragraph, without its text boxes; line breaks as they are set."""
    walk = etree.iterwalk(paragraph, events=("start",))
    for _, element in walk:
        if element.tag in UNREAD or element.tag == f"{W}txbxContent" or (element.tag == f"{W}r" and _is_hidden(element)):
            walk.skip_subtree()
        elif element.tag == f"{W}t":
            yield element.text or ""
        elif element.tag in {f"{W}tab", f"{W}ptab"}:
            yield " "
        elif element.tag in {f"{W}br", f"{W}cr"}:
            yield "\n"
        elif element.tag == f"{W}noBreakHyphen":
            yield "-"


def _is_hidden(run: _Element) -> bool:
    hidden = run.find(f"{W}rPr/{W}vanish")
    return hidden is not None and hidden.get(f"{W}val") not in {"0", "false"}


def _whole(text: str | None, instead: int) -> int:
    """A number of Word's own, no larger than any form needs; `instead` where it is none.

    >>> _whole("3", 0), _whole("99999999999", 0), _whole("-1", 0), _whole("continue", 1)
    (3, 1000, 0, 1)
    """
    return min(int(text), LARGEST) if text is not None and text.isascii() and text.isdigit() else instead


def _rows(table: _Element, numbering: Numbering, depth: int) -> list[list[Written]]:
    """The own cells of a table row by row; a cell that goes on from the row above only makes that one taller."""
    rows: list[list[Written]] = []
    above: dict[int, tuple[int, int]] = {}  # column -> where the cell that may go on stands
    for row in _within(table, f"{W}tr"):
        written: list[Written] = []
        column = _whole(_value(before, "gridBefore"), 0) if (before := row.find(f"{W}trPr")) is not None else 0
        if column:
            written.append(Written("", 1, column, header=False, links=[]))
        here: dict[int, tuple[int, int]] = {}
        for cell in _within(row, f"{W}tc"):
            properties = cell.find(f"{W}tcPr")
            across = _whole(_value(properties, "gridSpan"), 1) if properties is not None else 1
            merge = properties.find(f"{W}vMerge") if properties is not None else None
            if merge is not None and merge.get(f"{W}val") != "restart" and column in above:
                at = above[column]
                own = rows[at[0]][at[1]]
                rows[at[0]][at[1]] = Written(own.text, own.rowspan + 1, own.colspan, header=False, links=[])
                here[column] = at
            else:
                here[column] = (len(rows), len(written))
                written.append(Written(_cell_text(cell, numbering, depth), 1, max(1, across), header=False, links=[]))
            column += max(1, across)
        rows.append(written)
        above = here
    return rows


def _within(parent: _Element, tag: str) -> Iterator[_Element]:
    """The children of a tag, also those in content controls."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag in {f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml", f"{W}smartTag"}:
            yield from _within(element, tag)


def _cell_text(cell: _Element, numbering: Numbering, depth: int) -> str:
    """The text of a cell in one line; of a table within it the cells, one after another."""
    parts: list[str] = []
    for item in _items(cell, numbering, depth + 1):
        parts += [item.text] if isinstance(item, Line) else [written.text for row in item.rows for written in row]
    return tidy(" ".join(part for part in parts if part))
