"""Dates as pages print them, and the day a disclosure was published (发布日期).

A date counts as the day of publication only where the page says so: its own metadata, a line or cell labelled 发布日期, a source line under
the title, or the dated signature. Crawl-day headers, 归档时间, terms of validity and addresses are other dates.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Span
from normalize.records import Finding
from normalize.titles import clean_name, is_body
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.document import Document

EARLIEST = 2000  # disclosure began in 2008; what is older is a default of the site's software (1970) or a founding year
LATEST = 2099

_DIGITS = {digit: str(value) for value, row in enumerate(("〇○Oo零０", "一１", "二２", "三３", "四４", "五５", "六６", "七７", "八８", "九９")) for digit in row}
_CHINESE = re.compile(
    r"(?P<year>[二一][〇○Oo零０一二三四五六七八九]{3})\s*年\s*(?P<month>十[一二]?|[一二三四五六七八九元])\s*月\s*(?P<day>三十一?|二?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])\s*日"
)
_ARABIC = re.compile(
    r"(?<![\d.])(?P<year>(?:19|20)\d\d)\s*(?P<mark>[-/.年])\s*(?P<month>0?[1-9]|1[0-2])\s*(?:(?P=mark)|月)\s*(?P<day>[12]\d|3[01]|0?[1-9])(?:\s*日|(?![\d.]))"
)
_SOLID = re.compile(r"(?<![\d./-])(?P<year>20\d\d)(?P<year_mark>年?)(?P<rest>\d{3,4})日?(?![\d./-])")


def _number(numeral: str) -> int:
    """Chinese numerals below 100: 十二, 二十六, 廿三, 元."""
    if numeral == "元":
        return 1
    tens, mark, ones = numeral.replace("廿", "二十").partition("十")
    unit = int(_DIGITS[ones]) if ones else 0
    if not mark:
        return int(_DIGITS[tens])
    return 10 * (int(_DIGITS[tens]) if tens else 1) + unit


def _valid(year: int, month: int, day: int) -> date | None:
    if not EARLIEST <= year <= LATEST:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


class Dated(NamedTuple):
    """A date and where it is printed in the text it was read from."""

    day: date
    start: int
    end: int


def dates_in(text: str) -> Iterator[Dated]:
    """Every date a text prints with a day, in any usual form, left to right.

    >>> [found.day.isoformat() for found in dates_in("来源:某局2023-09-01 19:39,二〇二六年二月二十六日")]
    ['2023-09-01', '2026-02-26']
    """
    found = []
    for match in _ARABIC.finditer(text):
        day = _valid(int(match["year"]), int(match["month"]), int(match["day"]))
        if day is not None:
            found.append(Dated(day, match.start(), match.end()))
    for match in _CHINESE.finditer(text):
        year = int("".join(_DIGITS.get(digit, digit) for digit in match["year"]))
        day = _valid(year, _number(match["month"]), _number(match["day"]))
        if day is not None:
            found.append(Dated(day, match.start(), match.end()))
    yield from sorted(found, key=lambda dated: dated.start)


def solid_date(text: str) -> date | None:
    """A date whose separators were lost; None where two days can be meant.

    >>> solid_date("2024926"), solid_date("20211015"), solid_date("2020年1030"), solid_date("2024115")
    (datetime.date(2024, 9, 26), datetime.date(2021, 10, 15), datetime.date(2020, 10, 30), None)
    """
    match = _SOLID.search(text)
    if match is None:
        return None
    year, rest = int(match["year"]), match["rest"]
    cuts = ((2, 4),) if len(rest) == 4 else ((1, 3), (2, 3))
    readings = {day for cut, end in cuts if rest[cut] != "0" or len(rest) == 4 for day in [_valid(year, int(rest[:cut]), int(rest[cut:end]))] if day}
    return readings.pop() if len(readings) == 1 else None


def one_date(text: str) -> date | None:
    """The first date of a short text, separators lost or not."""
    first = next(dates_in(text), None)
    return first.day if first is not None else solid_date(text)


class Published(NamedTuple):
    """The day of publication with what it was taken from, and a finding where the page states another day as well."""

    day: date | None
    findings: tuple[Finding, ...]


_WORDS = load_toml("dates.toml")
_METADATA = {name.lower(): rank for rank, name in enumerate(_WORDS["metadata"])}
_LABELS = tuple(re.compile(r"(?<![一-鿿])" + r"\s*".join(word) + r"\s*[】\]]?\s*[:：|\s]\s*[【\[]?") for word in _WORDS["labels"])
_REFUSED = re.compile("|".join(r"\s*".join(word) for word in _WORDS["refused"]))
_SOURCE_LINE = re.compile("|".join(_WORDS["source"]))
_ONLY_DATE = re.compile(r"[\s\d年月日:：./【】\[\]()（）〇○Oo零一二三四五六七八九十廿元-]+")
HEAD = 2500  # characters in which a page's index block and source line stand
TAIL = 2500  # characters in which a signature stands, site footer included


def published_on(document: Document) -> Published:
    """When the page was published (发布日期): metadata, labelled line, source line, signature, in this order of trust."""
    stated = [*_from_metadata(document), *_from_labels(document), *_from_source_line(document)]
    signed = _from_signature(document)
    if not stated:
        return Published(signed.day if signed else None, ())
    day, where = stated[0]
    others = sorted({other.isoformat() for other, _ in stated if other != day})
    if not others:
        return Published(day, ())
    said = "、".join(others)
    finding = Finding(
        "publication_dates_disagree", "fail",
        f"发布日期取{where}的{day.isoformat()}，页面另有{said}", f"published on {day.isoformat()} ({where}); the page also states {', '.join(others)}",
    )  # fmt: skip
    return Published(day, (finding,))


def _from_metadata(document: Document) -> Iterator[tuple[date, str]]:
    named = sorted((_METADATA[name.lower()], name, value) for name, value in document.metadata if name.lower() in _METADATA)
    for _, name, value in named:
        day = one_date(value)
        if day is not None:
            yield day, name


def _from_labels(document: Document) -> Iterator[tuple[date, str]]:
    head = document.content[:HEAD]
    for pattern, label in zip(_LABELS, _WORDS["labels"], strict=True):
        for match in pattern.finditer(head):
            before = head[max(0, match.start() - 2) : match.start()]
            first = next(dates_in(value := head[match.end() : match.end() + 24]), None)
            if first is not None and not value[: first.start].strip(" \t\n|【[:："):
                yield first.day, label
            elif first is None and not before.isdigit() and (day := solid_date(value.split("\n")[0][:12])) is not None:
                yield day, label


def _from_source_line(document: Document) -> Iterator[tuple[date, str]]:
    bare: set[date] = set()
    above = ""
    for line in document.content[:HEAD].split("\n"):
        refused = _REFUSED.search(line) or (_REFUSED.search(above) and _ONLY_DATE.fullmatch(line))
        above = line if line.strip() else above
        if len(line) > 120 or refused:
            continue
        first = next(dates_in(line), None)
        if first is None:
            continue
        if _SOURCE_LINE.search(line):
            yield first.day, "来源行"
            return
        if _ONLY_DATE.fullmatch(line):
            bare.add(first.day)
    if len(bare) == 1:  # several lines with nothing but a date are a list of articles
        yield bare.pop(), "日期行"


def _from_signature(document: Document) -> Dated | None:
    """The line near the end that holds nothing but a date (落款日期): under a body's name, else the only one of its kind."""
    offset = max(0, len(document.content) - TAIL)
    above = ""
    signed: Dated | None = None
    bare: list[Dated] = []
    for line in document.content[offset:].split("\n"):
        if len(line) <= 40 and _ONLY_DATE.fullmatch(line) and not _REFUSED.search(above) and (first := next(dates_in(line), None)) is not None:
            found = Dated(first.day, offset + first.start, offset + first.end)
            bare.append(found)
            signed = found if is_body(clean_name(above)) else signed
        above = line if line.strip() else above
        offset += len(line) + 1
    return signed or (bare[0] if len(bare) == 1 else None)


def signature_span(document: Document) -> Span | None:
    """Where the dated signature stands; the body's name is the line above it."""
    found = _from_signature(document)
    return None if found is None else Span(found.start, found.end)
