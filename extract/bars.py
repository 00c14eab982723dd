"""Tables that a scraper flattened to bars, rebuilt as far as the text allows (竖线分隔的表格).

Three writers are told apart by what they leave behind:

- **grid**: one row per line, blank cells in their places (Markdown, trafilatura 2.1 and later): a full `Table`;
- **padded**: blank cells vanish and bars pad the end of the row up to the widest row of the table (trafilatura 1.9 to 2.0): a sparse
  `Table` whose rows are found by counting bars. The count comes from the table itself: the bars between two paddings are a multiple of it.
  The last row of such a table lost its padding;
- **bare**: a bar after each text and nothing for blanks (trafilatura up to 1.8, and cells printed one per line between bars): where a row
  ends is not in the text, so every cell stays a line of its own and no table is claimed.

In the padded form a line break may stand between the last text of a row and its padding. It is the blank between two cells of the page's
source, so it says that one more cell, a blank one, followed - but only where the same table shows rows without it (`open_rows`).
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Cell, Span, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BAR = re.compile(r"(?<![^\s|])\|(?![^\s|])")  # a bar inside a word is a letter
RULE = re.compile(r"^\|?\s?:?-{3,}:?\s?(?:\|\s?:?-{3,}:?\s?){0,999}\|?$")
BLANK_KEPT = re.compile(r"\|[ \t\u00a0\u3000]{2,}\|")
WIDEST = 1000  # where trafilatura stops padding
MOST_GAPS = 40  # cells with line breaks of their own in one table


class Line(NamedTuple):
    """One printed line without its blanks."""

    span: Span
    text: str
    bars: tuple[int, ...] = ()  # positions in the document
    rule: int = 0  # columns of a Markdown rule |---|---|


class Bar(NamedTuple):
    """A bar and the text it closes."""

    text: Span | None
    end: int
    last: bool  # on its line
    apart: bool  # a line break stands between the text, or the bar before, and this bar
    alone: bool = False  # the only sign on its line
    rule: int = 0  # columns of the rule printed under this bar's line


class Row(NamedTuple):
    """A logical row as its bars tell it."""

    bars: tuple[Bar, ...]

    @property
    def texts(self) -> tuple[Span, ...]:
        return tuple(bar.text for bar in self.bars if bar.text is not None)

    def pad_apart(self, padding: int) -> bool | None:
        """Whether a line break parts the last text from the padding; None where fewer than `padding` bars pad the row."""
        pads = [bar for bar in self.bars if bar.text is None]
        return pads[0].apart if len(pads) >= padding and len(pads) < len(self.bars) else None


def lex(start: int, line: str) -> Line:
    """A line with the bars that can part cells."""
    stripped = line.strip()
    first = start + (line.index(stripped[0]) if stripped else 0)
    span = Span(first, first + len(stripped))
    if "|" not in stripped or stripped.count("|") > WIDEST:
        return Line(span, stripped, ())
    if RULE.match(stripped):
        return Line(span, stripped, (), stripped.count("---|") + (not stripped.endswith("|")))
    return Line(span, stripped, tuple(first + found.start() for found in BAR.finditer(stripped)))


def strip_span(text: str, start: int, end: int) -> Span | None:
    """The part of `text[start:end]` without blanks at its ends; None where nothing is left."""
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    first = start + piece.index(stripped[0])
    return Span(first, first + len(stripped))


def rebuild(text: str, lines: Sequence[Line]) -> list[Table]:
    """The tables in a run of lines that starts and ends with a barred line; lines that no table covers are prose."""
    tables: list[Table] = []
    waiting: list[list[Line]] = []
    for run in _runs(lines):
        grids = _grids(text, run)
        if grids is None:
            waiting.append(run)
            continue
        tables.extend(_padded_tables(text, waiting))
        waiting = []
        tables.extend(grids)
    tables.extend(_padded_tables(text, waiting))
    return tables


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    runs: list[list[Line]] = [[]]
    for line in lines:
        if line.bars or line.rule:
            runs[-1].append(line)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if any(line.bars for line in run)]


def _grids(text: str, run: list[Line]) -> list[Table] | None:
    """The tables of consecutive lines that hold one whole row each, blanks in their places; None where they do not."""
    rows = [line for line in run if line.bars]
    closed = all(line.text.startswith("|") and line.text.endswith("|") and len(line.bars) > 1 for line in rows)
    if any("||" in line.text for line in rows) or (not closed and not _open_ended(run, rows)):
        return None
    split = [_cells_of_line(text, line, closed) for line in rows]
    filled = ["".join("x" if cell.end > cell.start else " " for cell in row) for row in split]
    widths = [len(row) for row in split]
    if closed and not any(BLANK_KEPT.search(line.text) for line in rows):
        inner_blank = any(" " in row.rstrip() for row in filled)
        last_is_short = len(set(widths[:-1])) == 1 and widths[-1] < widths[0]
        if not inner_blank and (any(" " in row for row in filled) or last_is_short):
            return None
    headers = {run[index - 1].span.start for index, line in enumerate(run) if line.rule and index}
    tables, group = [], 0
    for index in range(1, len(rows) + 1):
        if index == len(rows) or widths[index] != widths[group]:
            tables.append(_table(split[group:index], widths[group], [line.span.start in headers for line in rows[group:index]]))
            group = index
    return tables


def _open_ended(run: list[Line], rows: list[Line]) -> bool:
    """Markdown without outer bars: `a | b`, line after line with as many bars, or with a rule under the first."""
    return not any(line.text.startswith("|") or line.text.endswith("|") for line in rows) and (
        len(rows) < len(run) or (len(rows) > 1 and len({len(line.bars) for line in rows}) == 1)
    )


def _cells_of_line(text: str, line: Line, closed: bool) -> list[Span]:
    edges = list(line.bars) if closed else [line.span.start - 1, *line.bars, line.span.end]
    return [strip_span(text, left + 1, right) or Span(left + 1, left + 1) for left, right in pairwise(edges)]


def _table(rows: Sequence[Sequence[Span]], columns: int, headers: Sequence[bool], open_rows: frozenset[int] = frozenset(), *, sparse: bool = False) -> Table:
    cells = [Cell(row, column, span, header=headers[row]) for row, spans in enumerate(rows) for column, span in enumerate(spans)]
    span = Span(min(cell.span.start for cell in cells), max(cell.span.end for cell in cells))
    return Table(span, len(rows), columns, tuple(cells), sparse, open_rows)


def _padded_tables(text: str, runs: list[list[Line]]) -> list[Table]:
    """Tables of runs whose rows are padded with bars; a run joins the one before where the lines between are a cell's own line breaks."""
    tables: list[Table] = []
    current: list[Bar] = []
    joined = 0
    for run in runs:
        bars = _bars(text, run, run[0].span.start)
        if not bars:  # one that only opens its line
            continue
        if current and joined < MOST_GAPS and bars[0].text is not None:
            whole = [*current, bars[0]._replace(text=strip_span(text, current[-1].end, bars[0].text.end)), *bars[1:]]
            if _fits(whole, len(current)):
                current, joined = whole, joined + 1
                continue
        tables.extend(_sparse_tables(current))
        current, joined = bars, 0
    tables.extend(_sparse_tables(current))
    return tables


def _bars(text: str, run: list[Line], start: int) -> list[Bar]:
    bars: list[Bar] = []
    position = start
    for line in run:
        if line.rule and bars:
            bars[-1] = bars[-1]._replace(rule=line.rule)
        if line.rule:
            position = line.span.end
            continue
        for at in line.bars:
            if at == line.span.start and line.text[1:2].isspace() and line.text[1:].lstrip()[0] != "|":
                position = at + 1  # a bar that opens its line closes nothing
                continue
            span = strip_span(text, position, at)
            apart = "\n" in text[span.end if span else position : at]
            bars.append(Bar(span, at + 1, at + 1 == line.span.end, apart and bool(bars or span), len(line.text) == 1))
            position = at + 1
    return bars


def _segments(bars: Sequence[Bar]) -> list[list[Bar]]:
    """Bars cut where a row surely ends: behind padding that ends its line, and at a rule."""
    segments: list[list[Bar]] = [[]]
    for bar, following in zip(bars, (*bars[1:], None), strict=True):
        segments[-1].append(bar)
        if following is not None and (bar.rule or (bar.text is None and bar.last and following.text is not None)):
            segments.append([])
    return segments


def _misfits(segments: Sequence[Sequence[Bar]], width: int) -> int:
    """How many segments are no whole number of rows of this width; the last one may be cut short."""
    wrong = 0
    for index, segment in enumerate(segments):
        cut = len(segment) % width
        padded = segment[-1].text is None or segment[-1].rule > 0
        ends = all(segment[at].last for at in range(width - 1, len(segment) - 1, width))
        wrong += (cut > 0 and (index + 1 < len(segments) or padded)) or not ends
    return wrong


def _blank_rows(segments: Sequence[Sequence[Bar]], width: int) -> int:
    """How many rows would hold no text at all; pages have few of these."""
    return sum(
        all(bar.text is None for bar in segment[at : at + width]) for segment in segments for at in range(len(segment) % width, len(segment), width)
    )


def _width(segments: Sequence[Sequence[Bar]]) -> int:
    """The number of bars of a row, 0 where the text does not tell."""
    ruled = [bar.rule for segment in segments for bar in segment if bar.rule]
    whole = [len(segment) for segment in segments if segment[-1].text is None or segment[-1].rule]
    if not whole and len(segments) == 1:
        per_line = Counter(_bars_per_line(segments[0]))
        whole = [most for most, _ in per_line.most_common(1) if most > 1]
    if not whole:
        return 0
    candidates = dict.fromkeys([*ruled, gcd(*whole), Counter(whole).most_common(1)[0][0], min(whole)])
    usable = [width for width in candidates if 1 < width <= WIDEST]
    return min(usable, key=lambda width: _misfits(segments, width) + _blank_rows(segments, width), default=0)


def _bars_per_line(bars: Iterable[Bar]) -> Iterator[int]:
    count = 0
    for bar in bars:
        count += 1
        if bar.last:
            yield count
            count = 0


def _fits(bars: list[Bar], gap: int) -> bool:
    """Whether all bars are rows of one table and none of them ends at the gap."""
    segments = _segments(bars)
    width = _width(segments)
    if not width or _misfits(segments, width):
        return False
    seen = 0
    for segment in segments:
        if gap <= seen + len(segment):
            return (gap - seen) % width != 0 and gap < seen + len(segment)
        seen += len(segment)
    return False


def _sparse_tables(bars: list[Bar]) -> list[Table]:
    opening = next((index for index, bar in enumerate(bars) if bar.text is not None), len(bars))
    led = opening == 1 and bars[0].alone
    bars = bars[opening:]
    told = [bar for bar in bars if bar.text is not None]
    if len(told) < 2 or sum(bar.apart for bar in told) * 2 > len(told):
        return []
    segments = _segments(bars)
    led = led and len(segments) > 1 and all(segment[-1].alone for segment in segments[:-1])
    width = _width(segments)
    if not width:
        return []
    tables: list[list[Row]] = [[]]
    for segment in segments:
        cut = len(segment) % width
        padded = segment[-1].text is None
        whole = len(segment) - cut - (width if cut and padded and len(segment) > width else 0)
        tables[-1].extend(Row(tuple(segment[at : at + width])) for at in range(0, whole, width))
        if cut:
            tables[-1].append(Row(tuple(segment[whole : whole + cut])))
        if whole + cut < len(segment):  # a last row without padding, and the next table follows without a word between
            tables.append([Row(tuple(segment[whole + cut :]))])
    return [_sparse(rows, width - led, 2 if led else 1) for rows in tables if any(len(row.texts) > 1 for row in rows)]


def _sparse(rows: list[Row], width: int, padding: int) -> Table:
    apart = [row.pad_apart(padding) for row in rows]
    inner = [bar.last for row in rows for bar, following in pairwise(row.bars) if bar.text and following.text]
    closed_rows = sum(1 for row, loose in zip(rows, apart, strict=True) if loose is False and len(row.texts) > 1)
    open_rows = frozenset(index for index, loose in enumerate(apart) if loose) if all(inner) and closed_rows > 1 else frozenset()
    headers = [any(bar.rule for bar in row.bars) for row in rows]
    return _table([row.texts for row in rows], width, headers, open_rows, sparse=True)
