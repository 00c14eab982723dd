"""Entries of 专业名词解释: term, definition, and where the entry stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Span
from normalize.organisation import Entry, entries
from normalize.records import Term

if TYPE_CHECKING:
    from extract.document import Document
    from normalize.records import Section

# （一）财政拨款收入：指…   基本支出指…   社会保障和就业支出（类）…：是指…   机关运行经费，是指…
_ENTRY = re.compile(
    r"(?P<term>[^：:。；;\n]{2,90}?)\s{0,40}(?:[：:]\s{0,40}|[，,]?\s{0,40}(?=(?:是|系|主要)?指(?!标|导|数|挥|定|南|令))|(?=(?:主要)?(?:反映|是指)))(?P<definition>\S.*)", re.DOTALL
)
_SIGNATURE = re.compile(r"\s*(?:附件|(?:19|20)\d\d年|[^：:。]{0,12}联系(?:人|电话|方式)|第[一二三四五六七八九十]+部分|[一二三四五六七八九十]+、)")
_STOPPED = ("。", ".", "；", ";", "！", "!")


class _Open(NamedTuple):
    term: str
    definition: str
    span: Span


def glossary(document: Document, sections: tuple[Section, ...]) -> tuple[Term, ...]:
    """The terms a page explains, in reading order; a paragraph without a term of its own runs on from the one above if that has no full stop."""
    found: list[_Open] = []
    for section in sections:
        if section.section_kind != "glossary":
            continue
        for entry in entries(document, section):
            _add(found, entry)
    return tuple(Term(term, definition, ordinal, span) for ordinal, (term, definition, span) in enumerate(found, 1))


def _add(found: list[_Open], entry: Entry) -> None:
    unfinished = bool(found) and not found[-1].definition.rstrip().endswith(_STOPPED)
    if _SIGNATURE.match(entry.text):
        return
    match = _ENTRY.fullmatch(entry.text.strip()) if entry.number is not None or not unfinished else None
    if match is not None:
        found.append(_Open(_term(match["term"]), match["definition"].strip(), entry.span))
    elif unfinished:
        last = found.pop()
        found.append(_Open(last.term, last.definition + entry.text.strip(), Span(last.span.start, entry.span.end)))


def _term(printed: str) -> str:
    return re.sub(r"\s", "", printed).strip("，,、")
