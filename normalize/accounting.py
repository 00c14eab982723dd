"""Every numeral of a document accounted for: used by a row, named as something that is not a figure, or listed as unexplained."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from extract.document import Span
from normalize.folding import fold, key
from normalize.lexicon import nonfigure_pattern
from normalize.records import Disclosure, UnexplainedNumber
from normalize.sections import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.document import Document

_NUMERAL = re.compile(r"[0-9０-９]+(?:[,，][0-9０-９]{3}(?![0-9０-９]))*(?:[.．][0-9０-９]+)*")
_CONTENTS = re.compile(r"^[ \t\u3000]*目[ \t\u3000]*录[ \t\u3000]*$", re.MULTILINE)
_CONTENTS_LINE = re.compile(r"^(?P<name>[^\n]{0,200}?[^\s\d\n.])[ \t\u3000]{0,40}(?P<page>\d{1,3})?[ \t\u3000]{0,40}$", re.MULTILINE)
_LONGEST_ENTRY = 50
_CONTEXT = 24
_ROW_NUMBER_HEADS = frozenset({"序号", "行次", "编号"})


def account(document: Document, disclosure: Disclosure, explained: Iterable[Span]) -> Disclosure:
    """The disclosure with `number_count`, `numbers_explained` and its unexplained numbers.

    A numeral counts as explained where a row prints it (its span covers the numeral) or a named rule of nonfigures.toml says what it is.
    """
    rows = (*explained, *_used(disclosure), *_row_numbers(document), *_contents_pages(document))
    numerals = [Span(*match.span()) for match in _NUMERAL.finditer(document.content)]
    printed = _Covered(rows)
    unprinted = [span for span in numerals if not printed.holds(span)]
    covered = _Covered((*rows, *_nonfigures(document, unprinted)))
    left = [span for span in unprinted if not covered.holds(span)]
    return replace(
        disclosure,
        number_count=len(numerals),
        numbers_explained=len(numerals) - len(left),
        unexplained_numbers=tuple(UnexplainedNumber(document.text(span), _context(document, span), span) for span in left),
    )


def _used(disclosure: Disclosure) -> Iterator[Span]:
    yield from (line.span for line in disclosure.budget_lines)
    yield from (count.span for count in disclosure.quantities)
    yield from (span for fund in disclosure.project_funds for _, span in fund.texts)
    yield from (span for row in disclosure.indicators for _, span in row.texts)


def _nonfigures(document: Document, numerals: Iterable[Span]) -> Iterator[Span]:
    """Years, dates, document numbers, list numbers … on the lines of these numerals; line by line, so that no rule reaches over a line."""
    pattern = nonfigure_pattern()
    for start, end in _lines(document.content, numerals):
        folded = fold(document.content[start:end], start)
        opening = numbered(folded.text).rest
        if opening:
            yield folded.span(0, opening)
        for match in pattern.finditer(folded.text):
            yield folded.span(match.start(), match.end())


def _row_numbers(document: Document) -> Iterator[Span]:
    """The cells under a head 序号."""
    for table in document.tables():
        columns = {cell.column for cell in table.cells if not table.sparse and key(document.text(cell.span)) in _ROW_NUMBER_HEADS}
        if columns:
            yield from (cell.span for cell in table.cells if cell.column in columns and key(document.text(cell.span)).isdigit())


def _contents_pages(document: Document) -> Iterator[Span]:
    """Page numbers of a contents list without leaders (目录 / 一、部门职责4): up to the first sentence or the first entry that comes again."""
    for contents in _CONTENTS.finditer(document.content):
        seen: set[str] = set()
        for line in _CONTENTS_LINE.finditer(document.content, contents.end()):
            name = key(line["name"])
            if name in seen or len(name) > _LONGEST_ENTRY or "。" in name:
                break
            seen.add(name)
            if line["page"] and numbered(fold(line["name"]).text).number is not None:
                yield Span(*line.span("page"))


def _lines(content: str, numerals: Iterable[Span]) -> Iterator[tuple[int, int]]:
    """The lines that hold numerals, each once."""
    end = 0
    for numeral in numerals:
        if numeral.start >= end:
            start, end = content.rfind("\n", 0, numeral.start) + 1, content.find("\n", numeral.end)
            end = len(content) if end < 0 else end
            yield start, end


class _Covered:
    """Spans as disjoint ranges, to ask whether a numeral lies inside one."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for span in sorted(spans):
            if self._ends and span.start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def holds(self, span: Span) -> bool:
        place = bisect_left(self._starts, span.start + 1) - 1
        return place >= 0 and self._ends[place] >= span.end


def _context(document: Document, span: Span) -> str:
    """The words round a numeral, on its own line."""
    before = document.content[max(0, span.start - _CONTEXT) : span.start].rpartition("\n")[2]
    after = document.content[span.end : span.end + _CONTEXT].partition("\n")[0]
    return f"{before}{document.text(span)}{after}"
