"""Headings to sections: which part of a disclosure a sentence stands in, told by the words of its heading, never by its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from extract.document import Document, Heading, Paragraph, Span, Table
from normalize.folding import Folded, fold
from normalize.records import Section, row_id
from normalize.vocabulary import VocabularyError, load_toml

_NUMERAL = "一二三四五六七八九十百零〇"
# Level and form of a number before a heading; a lost numeral (`、政府性基金…`) still opens a heading of its level.
_NUMBERS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (1, re.compile(rf"第[{_NUMERAL}\d]+(?:部分|章|篇)[:、.]?")),
    (2, re.compile(rf"[{_NUMERAL}]{{1,4}}[、.:，,](?!\d)|、(?=[^\d、]{{4}})")),
    (3, re.compile(rf"\([{_NUMERAL}]{{1,4}}\)[、.]?")),
    (4, re.compile(r"\d{1,2}[、.](?=\D)|\d{1,2}[.、](?=(?:19|20)\d\d年)|\d{1,2}[.、](?=2[0-3]\d(?:\d\d){0,2}-?[一-鿿])")),
    (5, re.compile(r"\(\d{1,2}\)[、.]?")),
    (6, re.compile(r"[①②③④⑤⑥⑦⑧⑨⑩]|\d{1,2}\)")),
)


def _kinds(table: str) -> tuple[tuple[str, str], ...]:
    owner: dict[str, str] = {}
    for kind, words in load_toml("sections.toml")[table].items():
        for word in words:
            if word in owner:
                message = f"sections.toml: {word} means both {owner[word]} and {kind}"
                raise VocabularyError(message)
            owner[word] = kind
    return tuple(owner.items())


_KINDS = _kinds("kinds")
_WEAK_KINDS = _kinds("weak")
_RUN_IN = load_toml("sections.toml")["run_in"]
_RUN_IN_HEADING = re.compile(
    rf"(?P<heading>[^。:;,\d]{{1,{_RUN_IN['longest']}}}(?:{'|'.join(sorted(_RUN_IN['endings'], key=len, reverse=True))}))(?P<stop>[。:])"
)
_LINE_HEADING = re.compile(r"[^。;,:\d]{2,50}(?:情况|说明|表|解释|情况如下|渠道|职责|职能|概况|设置|构成|经费|支出|收入)[。:]?")
# A numbered line that states a figure is prose, however short: （一）农林水支出171.50万元。
_SAYS_FIGURE = re.compile(r"\d(?:万元|亿元|元|%|个|人次?|批次|辆|台)(?!以[上下内])(?!.*(?:情况|说明|表|方案)[。:]?$)")
_STAGE_YEAR = re.compile(r"(?:19|20)\d\d年度?")


class Numbered(NamedTuple):
    """A line cut behind its number: level, number as printed, where the rest begins (folded position)."""

    level: int
    number: str | None
    rest: int


def numbered(folded: str) -> Numbered:
    """The outline number a folded line opens with; level 0 when it has none.

    >>> numbered("(二)收入支出决算总体情况说明"), numbered("1.2020年到位项目资金115.2万元")
    (Numbered(level=3, number='(二)', rest=3), Numbered(level=4, number='1.', rest=2))
    >>> numbered("1.5万元")
    Numbered(level=0, number=None, rest=0)
    """
    for level, pattern in _NUMBERS:
        match = pattern.match(folded)
        if match:
            return Numbered(level, match.group(), match.end())
    return Numbered(0, None, 0)


@lru_cache(maxsize=2048)  # pages of one form share their headings
def section_kind(heading: str, above: str | None = None) -> str | None:
    """The canonical section a heading names, else the kind of the section above it; None when neither is known.

    >>> section_kind("一般公共预算财政拨款基本支出决算情况说明"), section_kind("总体情况")
    ('gpb_basic', None)
    """
    plain = _STAGE_YEAR.sub("", fold(heading).text)
    kind = next((kind for word, kind in _KINDS if word in plain), above)
    return kind or next((kind for word, kind in _WEAK_KINDS if word in plain), None)


@dataclass(slots=True)
class _Open:
    heading: Span
    level: int
    number: str | None
    text: str
    kind: str | None
    parent: int | None
    passages: list[Span]


def find_sections(document: Document) -> tuple[Section, ...]:
    """The sections of a document in reading order, contents lists left out.

    Headings nest by their level. A heading that runs on into prose (`1.总体情况。2020年度…`) is cut: heading and first passage.
    Prose before the first heading belongs to a section without heading (level 0, empty heading).
    """
    opened: list[_Open] = []
    stack: list[int] = []

    def open_section(heading: Span, level: int, number: str | None, text: str) -> None:
        while stack and opened[stack[-1]].level >= level:
            stack.pop()
        parent = stack[-1] if stack else None
        kind = section_kind(text, opened[parent].kind if parent is not None else None)
        opened.append(_Open(heading, level, number, text, kind, parent, []))
        stack.append(len(opened) - 1)

    for block in document.blocks:
        if isinstance(block, Table):
            continue
        printed = document.text(block.span)
        folded = fold(printed, block.span.start)
        if not folded.text:
            continue
        line = numbered(folded.text)
        rest = folded.text[line.rest :]
        level = line.level or (block.level if isinstance(block, Heading) else 0)
        if (isinstance(block, Heading) and not _SAYS_FIGURE.search(rest)) or _is_heading_line(line, rest):
            open_section(block.span, level or 1, line.number, rest.rstrip("。:"))
            continue
        inside = opened[stack[-1]].kind if stack else None
        run_in = _RUN_IN_HEADING.match(rest) if line.level >= 3 and inside != "glossary" else None
        if run_in is not None:
            start = line.rest + run_in.start("heading")
            open_section(folded.span(start, line.rest + run_in.end("heading")), line.level, line.number, run_in["heading"])
            if line.rest + run_in.end() < len(folded.text):
                opened[-1].passages.append(Span(folded.origin(line.rest + run_in.end()), block.span.end))
            continue
        if not opened:
            open_section(Span(block.span.start, block.span.start), 0, None, "")
        opened[stack[-1]].passages.append(block.span)
    return _published(document, opened)


def _is_heading_line(line: Numbered, rest: str) -> bool:
    return 0 < line.level <= 5 and len(rest) <= 50 and _LINE_HEADING.fullmatch(rest) is not None


def _published(document: Document, opened: list[_Open]) -> tuple[Section, ...]:
    parents = {entry.parent for entry in opened}
    later: dict[str, int] = {entry.text: index for index, entry in enumerate(opened)}
    kept = [  # an entry of a contents list: nothing under it, and the same words head a section further on
        index for index, entry in enumerate(opened)
        if entry.passages or (index in parents and not entry.text) or later[entry.text] == index
    ]  # fmt: skip
    ids = {index: row_id(document.id, "sections", ordinal) for ordinal, index in enumerate(kept, 1)}

    def nearest(parent: int | None) -> str | None:
        while parent is not None and parent not in ids:
            parent = opened[parent].parent
        return None if parent is None else ids[parent]

    return tuple(
        Section(ids[index], nearest(entry.parent), entry.level, entry.number, document.text(entry.heading), entry.kind,
                entry.heading, tuple(entry.passages), ids[index])
        for index, entry in enumerate(opened) if index in ids
    )  # fmt: skip


def folded_passages(document: Document, section: Section) -> tuple[Folded, ...]:
    """The prose of a section, folded, one entry per paragraph."""
    return tuple(fold(document.text(span), span.start) for span in section.passages)


__all__ = ["Numbered", "Paragraph", "find_sections", "folded_passages", "numbered", "section_kind"]
