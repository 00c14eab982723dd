"""Pages of lines and grids, read as standard tables, for tests of what reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from extract.document import Cell, Document, Paragraph, Source, Span, Table
from normalize.tables import read_tables

if TYPE_CHECKING:
    from normalize.records import BudgetLine, Recognised

Rows = list[list[str]]
SPANS = re.compile(r"\[(\d+),(\d+)\]$")


def page(*blocks: str | Rows) -> Document:
    """Lines and grids as a document; `合计[1,2]` is a cell over one row and two columns."""
    content = ""
    parts: list[Paragraph | Table] = []

    def put(text: str) -> Span:
        nonlocal content
        start = len(content)
        content += text + "\n"
        return Span(start, start + len(text))

    for block in blocks:
        if isinstance(block, str):
            parts.append(Paragraph(put(block)))
            continue
        start = len(content)
        taken: set[tuple[int, int]] = set()
        cells = []
        for row, texts in enumerate(block):
            column = 0
            for text in texts:
                while (row, column) in taken:
                    column += 1
                found = SPANS.search(text)
                down, across = (int(found[1]), int(found[2])) if found else (1, 1)
                taken |= {(row + i, column + j) for i in range(down) for j in range(across)}
                cells.append(Cell(row, column, put(SPANS.sub("", text)), down, across))
                column += across
        width = max(column for _, column in taken) + 1
        parts.append(Table(Span(start, len(content)), len(block), width, tuple(cells)))
    return Document(Source("page.html", "0" * 64, "text/html"), content, tuple(parts))


def read(*blocks: str | Rows, stage: str | None = "final", year: int | None = 2024) -> Recognised:
    document = page(*blocks)
    recognised = read_tables(document, stage=stage, fiscal_year=year)
    for line in recognised.budget_lines:
        assert document.text(line.span) == line.raw
    return recognised


def told(lines: tuple[BudgetLine, ...]) -> list[tuple[str | None, str | None, str, str]]:
    """Code or label, column, basis, printed number."""
    return [(line.item_code or line.item_label, line.column, line.basis, line.raw) for line in lines]


def kinds(recognised: Recognised) -> set[str | None]:
    return {line.table_kind for line in recognised.budget_lines}
