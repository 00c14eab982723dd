"""What stands round a table: its title, its unit line, the notes under it (表题、计量单位、附注)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from extract.document import Table
from normalize.folding import key
from normalize.tables.grid import NOTE, UNIT_LINE
from normalize.tables.kinds import alternatives, bare_title, kinds_of_title
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from extract.document import Document, Span
    from normalize.tables.grid import Grid

FARTHEST_TITLE = 8  # lines above a table
FARTHEST_NOTE = 6  # lines under it
LONGEST_LINE = 120  # characters; longer ones are prose
_EMPTY = alternatives(load_toml("tables.toml")["empty"]["says"])
_PLACEHOLDER = re.compile("|".join(load_toml("tables.toml")["empty"]["placeholder"]))
_ADJUSTED = re.compile(r"预算数(?:为|是|指)?.{0,20}(?:全年预算|调整后)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text near a table."""

    text: str  # folded
    printed: str
    span: Span


@dataclass(frozen=True, slots=True)
class Context:
    """Title, unit and notes of one table. `titled` is the line that names the table, of a known kind or not."""

    titled: Line | None
    kinds: tuple[str, ...]
    unit: str | None
    lines: tuple[Line, ...]  # above the table, nearest first; captions inside the grid come first
    notes: tuple[Line, ...]

    @property
    def own_lines(self) -> tuple[Line, ...]:
        """The lines between the title and the table."""
        return self.lines[: self.lines.index(self.titled)] if self.titled in self.lines else ()

    @property
    def adjusted(self) -> bool:
        """A note says that 预算数 is the budget of the whole year, after adjustments (全年预算数)."""
        return any(_ADJUSTED.search(line.text) for line in self.notes)

    @property
    def stage(self) -> str | None:
        """Stage (budget | final) as the title says it; None where it says neither."""
        text = self.titled.text if self.titled else ""
        if "决算" in text:
            return "final"
        return "budget" if re.search(r"预算(?:总|明细|情况)?表|预算\d{2}表|部门预算|单位预算", text) else None


def _line(document: Document, span: Span) -> Line:
    printed = document.text(span)
    return Line(key(printed), printed, span)


def read_context(document: Document, index: int, grid: Grid, *, first: bool) -> Context:
    """The lines that belong to the table at `index` of the document's blocks; only the first form of a grid owns the lines above it."""
    lines = [_line(document, box.span) for row in reversed(grid.captions) for box in grid.own(row)]
    for block in reversed(document.blocks[max(0, index - FARTHEST_TITLE) : index] if first else ()):
        if isinstance(block, Table):
            break
        line = _line(document, block.span)
        if len(line.text) > LONGEST_LINE:
            break
        if line.text:
            lines.append(line)
    titled, kinds = _title(lines)
    texts = [line.text for line in lines]
    texts += [above + below for below, above in pairwise(texts)]  # a unit line broken over two
    unit = next((match["unit"].replace("萬", "万") for text in texts if (match := UNIT_LINE.search(text))), None)
    if unit is None:
        unit = next((match[1] for line in lines[:3] if (match := re.search(r"[(](?:单位[::])?((?:百|千|万|亿)?元)[)]$", line.text))), None)
    inside = tuple(_line(document, box.span) for row in grid.notes for box in grid.own(row))
    return Context(titled, kinds, unit, tuple(lines), (*inside, *notes_after(document, index)))


def _title(lines: list[Line]) -> tuple[Line | None, tuple[str, ...]]:
    for position, line in enumerate(lines):
        if bare_title(line.printed) is None:
            continue
        kinds = kinds_of_title(line.printed)
        if not kinds and position + 1 < len(lines):  # a title broken over two lines
            kinds = kinds_of_title(lines[position + 1].printed + line.printed)
        return line, kinds
    return None, ()


def notes_after(document: Document, index: int) -> tuple[Line, ...]:
    """Notes under the block at `index`, up to the next title or table."""
    notes = []
    for block in document.blocks[index + 1 : index + 1 + FARTHEST_NOTE]:
        if isinstance(block, Table):
            break
        line = _line(document, block.span)
        if kinds_of_title(line.printed):
            break
        if NOTE.match(line.text) or _EMPTY.fullmatch(line.text):
            notes.append(line)
    return tuple(notes)


def declares_empty(line: Line) -> bool:
    """A note that says that its table holds no figures; instructions of a blank form (XX局) are no statement.

    >>> from extract.document import Span
    >>> note = "注：青岚县财政局本年度没有政府性基金预算财政拨款收入和支出，故本表无数据。"
    >>> declares_empty(Line(key(note), note, Span(0, 0)))
    True
    """
    return bool(_EMPTY.fullmatch(line.text)) and not _PLACEHOLDER.search(line.text)
