"""What a department does and what it consists of (部门职责、内设机构、所属单位): the overview's entries, each with its place in the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Span
from normalize.folding import fold, key
from normalize.records import OrganisationItem
from normalize.sections import numbered, section_kind
from normalize.titles import clean_name
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.document import Document, Table
    from normalize.records import Section

_WORDS = load_toml("organisation.toml")
_OFFICE = "|".join(map(re.escape, sorted(_WORDS["offices"], key=len, reverse=True)))
_UNITS = re.compile("|".join(_WORDS["units"]))
_INTERNAL = re.compile("|".join(_WORDS["internal"]))
_LEAD = re.compile("|".join(map(re.escape, sorted(_WORDS["lead"], key=len, reverse=True))))
_TOKEN = re.compile(r"[^、，,。；;：:\n]+")
_BODY = re.compile(rf"[一-鿿A-Za-z0-9·“”]{{1,40}}(?:{_OFFICE})(?:[（(][^（）()\n]{{1,30}}[）)])?")
_RUNS_ON = re.compile(r"(?<!\d)\d+[ ]*个|(?<![一二三四五六七八九十两])[一二三四五六七八九十两]+个|等|(?<!公)共|纳入|组成")
_NAMED_ENTRY = re.compile(rf"(?P<name>[一-鿿A-Za-z0-9·、（）()]{{1,36}}?(?:{_OFFICE})(?:[（(][^（）()\n]{{1,30}}[）)])?)[。:：;；]?(?:(?<=[。:：])\s*(?P<rest>\S.*))?", re.DOTALL)
_JOINT = re.compile(r"以及|和|及|与")
_PAGE_NUMBER = re.compile(r"[\s\d—–\-－第页共/]+")
_CLOSED = ("。", "；", ";", "：", ":")
_DEFAULT = {"overview.duties": "duty", "overview.structure": "internal_office", "overview.units": "subordinate_unit"}
LONGEST_HEADER = 30


class Entry(NamedTuple):
    """A piece of a section behind its outline number, if it bears one."""

    number: str | None
    text: str
    span: Span


class _Item(NamedTuple):
    kind: str
    name: str | None
    text: str
    span: Span


def entries(document: Document, section: Section) -> Iterator[Entry]:
    """The pieces of a section: its heading where the heading itself is an entry, then its paragraphs; page numbers left out."""
    spans = (section.span, *section.passages) if not _is_header(section) else section.passages
    for span in spans:
        printed = document.text(span)
        if span.end > span.start and not _PAGE_NUMBER.fullmatch(printed):
            yield cut_number(printed, span)


def _is_header(section: Section) -> bool:
    """Whether a heading names its section; an entry of a list inherits the kind of what stands above it."""
    return section_kind(section.heading) is not None and len(key(section.heading)) <= LONGEST_HEADER


def cut_number(printed: str, span: Span) -> Entry:
    """A paragraph parted from the outline number it opens with."""
    folded = fold(printed, span.start)
    line = numbered(folded.text)
    if line.number is None or line.rest >= len(folded.text):
        return Entry(None, printed, span)
    behind = printed[folded.origin(line.rest - 1) + 1 - span.start :]  # a quotation mark, which folding drops, may open the text
    text = behind.lstrip()
    return Entry(line.number, text, Span(span.end - len(text), span.end))


def organisation(document: Document, sections: tuple[Section, ...]) -> tuple[OrganisationItem, ...]:
    """Duties, internal offices and subordinate units, numbered within their kind in reading order.

    A duty has no name; `1.综合科。负责…` has the name 综合科; a sentence or a table that lists bodies gives one item per body.
    """
    found: list[_Item] = []
    told: str | None = None  # what the sentence above a list says the list holds
    for section in sections:
        if section.section_kind not in _DEFAULT:
            continue
        default = _DEFAULT[section.section_kind]
        told = _told(section.heading, default) if _is_header(section) else told
        for entry in entries(document, section):
            if default == "duty":
                found += _duty(entry, found)
                continue
            kind = told or default
            if entry.number is not None and (named := _named(entry, kind)) is not None:
                found.append(named)
                continue
            told = _told(entry.text, kind)
            found += _listed(entry, told)
    for table in document.tables():
        found += _units_of(document, table)
    return _numbered_by_kind(found)


def _numbered_by_kind(found: list[_Item]) -> tuple[OrganisationItem, ...]:
    ordinals: dict[str, int] = {}
    seen: set[tuple[str, str]] = set()
    items = []
    for item in found:
        same = (item.kind, key(item.name or item.text))
        if same not in seen:
            seen.add(same)
            ordinals[item.kind] = ordinals.get(item.kind, 0) + 1
            items.append(OrganisationItem(item.kind, ordinals[item.kind], item.name, item.text, item.span))
    return tuple(items)


def _told(text: str, default: str) -> str:
    """Which bodies a sentence announces: units, internal offices, or what its section holds anyway."""
    if default == "duty":
        return default
    if _UNITS.search(text):
        return "subordinate_unit"
    return "internal_office" if _INTERNAL.search(text) else default


def _duty(entry: Entry, found: list[_Item]) -> Iterator[_Item]:
    """A duty; the line that announces duties is none, and a line that runs on belongs to the duty above it."""
    if entry.number is None and (entry.text.rstrip().endswith(("：", ":")) or len(key(entry.text)) < 6):
        return
    if entry.number is None and found and found[-1].kind == "duty" and not found[-1].text.rstrip().endswith(_CLOSED) and found[-1].span.end < entry.span.start:
        last = found.pop()
        yield _Item("duty", None, f"{last.text}{entry.text}", Span(last.span.start, entry.span.end))
        return
    yield _Item("duty", None, entry.text, entry.span)


def _named(entry: Entry, kind: str) -> _Item | None:
    """A numbered entry that opens with a name and a stop, or is nothing but a name."""
    match = _NAMED_ENTRY.fullmatch(entry.text.strip())
    if match is None:
        return None
    return _Item(kind, clean_name(match["name"]) or match["name"], entry.text, entry.span)


def _listed(entry: Entry, kind: str) -> Iterator[_Item]:
    """The bodies a sentence lists between 、: at least two side by side."""
    tokens = list(_TOKEN.finditer(entry.text))
    run: list[tuple[str, int]] = []
    for index, token in enumerate(tokens):
        separator = entry.text[token.end() : token.end() + 1]
        name, start = _body_in(token.group(), token.start(), first=not run, last=separator != "、")
        if name is not None:
            run.append((name, start))
        if name is None or separator != "、" or index == len(tokens) - 1:
            if len(run) >= 2:
                told = _last_told(entry.text[: run[0][1]], kind)
                for text, place in (*run[:-1], *_parted(*run[-1])):
                    begin = entry.span.start + place
                    yield _Item(told, re.sub(r"\s", "", text), text, Span(begin, begin + len(text)))
            run = []


def _last_told(before: str, kind: str) -> str:
    """What the words nearest before a list say it holds, where one sentence lists offices and another units."""
    units = max((match.end() for match in _UNITS.finditer(before)), default=-1)
    internal = max((match.end() for match in _INTERNAL.finditer(before)), default=-1)
    return kind if units == internal else "subordinate_unit" if units > internal else "internal_office"


def _parted(text: str, place: int) -> tuple[tuple[str, int], ...]:
    """The last piece of a list as two bodies where 和 joins them: 科普处和机关党委, but 规划和自然资源局 stays one."""
    for joint in _JOINT.finditer(text):
        if _BODY.fullmatch(text[: joint.start()]) and _BODY.fullmatch(text[joint.end() :]):
            return (text[: joint.start()], place), (text[joint.end() :], place + joint.end())
    return ((text, place),)


def _body_in(token: str, start: int, *, first: bool, last: bool) -> tuple[str | None, int]:
    """A body's name in one piece of a list, and where it starts: the first piece drops its lead-in, the last what runs on behind it."""
    stripped = token.strip()
    offset = start + token.index(stripped) if stripped else start
    if first:
        leads = [match.end() for match in _LEAD.finditer(stripped) if _BODY.fullmatch(stripped[match.end() :])]
        if leads and not _BODY.fullmatch(stripped[:leads[-1]]):
            cut = leads[-1] if len(stripped) - leads[-1] >= 3 else 0
            stripped, offset = stripped[cut:], offset + cut
    if _BODY.fullmatch(stripped):
        return stripped, offset
    head = _RUNS_ON.split(stripped, maxsplit=1)[0]
    if last and (_BODY.fullmatch(head) or len(_parted(head, offset)) > 1):
        return head, offset
    return None, offset


def _units_of(document: Document, table: Table) -> Iterator[_Item]:
    """The units of a table 序号 | 单位名称 | 备注: no amounts, a column of names."""
    rows = [row for row in table.by_row() if row]
    if len(rows) < 2 or table.columns > 5:
        return
    for place, row in enumerate(rows[:3]):
        header = {key(document.text(cell.span)): cell.column for cell in row}
        if any(word in text for text in header for word in _WORDS["amounts"]):
            return
        column = next((header[word] for word in _WORDS["unit_column"] if word in header), None)
        if column is not None and len(header) >= 2:
            for below in rows[place + 1 :]:
                for cell in below:
                    name = key(document.text(cell.span))
                    if cell.column == column and len(name) >= 3 and not name.isdigit():
                        yield _Item("subordinate_unit", re.sub(r"\s", "", document.text(cell.span)), document.text(cell.span), cell.span)
            return
