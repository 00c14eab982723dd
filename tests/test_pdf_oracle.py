"""Every page of the shared PDFs against pdfplumber's lattice: the same tables and cells, or a reason why not."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pdfplumber
import pytest

from extract.pages import page_marks
from extract.pdf import read_page
from extract.pdfium import open_pdf

if TYPE_CHECKING:
    from pathlib import Path

Cells = list[list[str | None]]


def bare(text: str | None) -> str:
    return "".join((text or "").split())


def ours(path: Path) -> dict[int, list[Cells]]:
    """Tables of each page; None where a merged cell covers a place."""
    found: dict[int, list[Cells]] = {}
    with open_pdf(path.read_bytes()) as pdf:
        for marks in page_marks(pdf):
            grids: list[Cells] = []
            for _, table in read_page(marks).leaf.tables:
                grid: Cells = [[None] * table.columns for _ in range(table.rows)]
                for cell in table.cells:
                    grid[cell.row][cell.column] = bare(cell.text)
                grids.append(grid)
            found[marks.number] = grids
    return found


def theirs(path: Path) -> dict[int, list[Cells]]:
    """The same from pdfplumber, without its lone boxes."""
    found: dict[int, list[Cells]] = {}
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            tables = [table for table in page.find_tables() if len(table.cells) > 1]
            found[page.page_number] = [[[None if cell is None else bare(cell) for cell in row] for row in table.extract()] for table in tables]
            page.close()
    return found


def in_order(tables: list[Cells]) -> list[Cells]:
    return sorted(tables, key=lambda table: (len(table), [text or "" for row in table for text in row]))


@pytest.mark.corpus
def test_tables_and_cells_are_those_of_pdfplumber_but_where_a_reason_is_given(shared: Path, root: Path) -> None:
    with (root / "tests" / "data" / "pdf_differences.csv").open(encoding="utf-8", newline="") as rows:
        explained = {(row["file"], int(row["page"])): row["reason"] for row in csv.DictReader(rows)}
    different: set[tuple[str, int]] = set()
    cells = 0
    for path in sorted([*(shared / "corpus" / "dev").glob("*.pdf"), *(shared / "corpus" / "more").glob("*.pdf")]):
        expected = theirs(path)
        found = ours(path)
        assert found.keys() == expected.keys()
        cells += sum(text is not None for tables in expected.values() for table in tables for row in table for text in row)
        different.update((path.name, page) for page in found if in_order(found[page]) != in_order(expected[page]))
    assert different == explained.keys()
    assert cells > 20_000
    assert all(explained.values())
