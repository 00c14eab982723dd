"""Forms flattened by real versions of trafilatura come back row by row (tests/data/flattened, written by flatten_with_trafilatura.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from extract.document import Document, Paragraph, Source, Table
from extract.html import read_html
from extract.text import read_text

PLACE = Path(__file__).resolve().parent / "data" / "flattened"
SOURCE = Source("page.txt", "ab" * 32, "text/plain", "utf-8")


class Case(NamedTuple):
    """One page, and what one version made of it."""

    page: dict[str, Any]
    text: str


def records(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (PLACE / name).read_text(encoding="utf-8").splitlines()]


def cases(version: str) -> list[Case]:
    pages = {page["id"]: page for page in records("pages.jsonl")}
    return [Case(pages[record["id"]], record["text"]) for record in records(f"trafilatura-{version}.jsonl")]


def rows_of(document: Document, table: Table) -> list[list[str]]:
    """The texts of every row; a line break inside a cell is how the page was typed, not what it says."""
    return [["".join(document.text(cell.span).split()) for cell in row] for row in table.by_row()]


def printed_rows(page: dict[str, Any]) -> list[list[list[str]]]:
    """Per table the rows of which anything is left once blank cells vanish."""
    return [[kept for row in rows if (kept := ["".join(text.split()) for text in row if text])] for rows in page["rows"]]


def rows_with_blank_end(page: dict[str, Any]) -> list[set[int]]:
    """Per table the indices, among the rows that are left, of those whose last own cell is blank."""
    return [{index for index, row in enumerate([row for row in rows if any(row)]) if not row[-1]} for rows in page["rows"]]


@pytest.mark.parametrize("version", ["1.12.2", "2.0.0"])
def test_padded_tables_come_back_row_by_row(version: str) -> None:
    for case in cases(version):
        document = read_text(case.text, SOURCE)
        tables = list(document.tables())
        assert [rows_of(document, table) for table in tables] == printed_rows(case.page), case.page["id"]
        assert all(table.sparse for table in tables)


@pytest.mark.parametrize("version", ["1.12.2", "2.0.0"])
def test_a_row_is_called_open_only_where_its_last_cell_is_blank(version: str) -> None:
    named = 0
    for case in cases(version):
        for table, blank_end in zip(read_text(case.text, SOURCE).tables(), rows_with_blank_end(case.page), strict=True):
            assert table.open_rows <= blank_end, case.page["id"]
            named += len(table.open_rows)
    assert named > 100


@pytest.mark.parametrize("version", ["1.12.2", "2.0.0"])
def test_every_row_with_a_blank_end_is_open_where_cells_end_their_lines(version: str) -> None:
    told = [case for case in cases(version) if case.page["writing"]["cell"] in ("p", "pspan") and not case.page["writing"]["close"]]
    assert len(told) > 8
    for case in told:
        for table, blank_end in zip(read_text(case.text, SOURCE).tables(), rows_with_blank_end(case.page), strict=True):
            assert table.open_rows >= blank_end - {table.rows - 1}, case.page["id"]


@pytest.mark.parametrize("version", ["1.12.2", "2.0.0"])
def test_nothing_is_open_where_every_cell_of_the_page_ends_its_line(version: str) -> None:
    told = [case for case in cases(version) if case.page["writing"]["close"] == "\n" or case.page["writing"]["cell"] in ("plain", "br")]
    assert len(told) > 8
    for case in told:
        assert [table.open_rows for table in read_text(case.text, SOURCE).tables()] == [frozenset()] * len(case.page["rows"])


def test_a_full_grid_keeps_its_blank_cells_in_place() -> None:
    for case in cases("2.3.1"):
        document = read_text(case.text, SOURCE)
        tables = list(document.tables())
        assert [[[text for text in row if text] for row in rows_of(document, table)] for table in tables] == printed_rows(case.page)
        for table in tables:
            assert not table.sparse
            assert {len(row) for row in table.by_row()} == {table.columns}


def test_bare_bars_claim_no_table_and_lose_no_text() -> None:
    for case in cases("1.8.1"):
        document = read_text(case.text, SOURCE)
        assert not list(document.tables())
        said = "".join("".join(document.text(block.span).split()) for block in document.blocks)
        for rows in printed_rows(case.page):
            for row in rows:
                assert all(text in said for text in row), row
        assert all(document.text(block.span).strip("| ") == document.text(block.span) for block in document.blocks if isinstance(block, Paragraph))


def test_the_same_pages_read_as_html_give_every_own_cell() -> None:
    for page in records("pages.jsonl"):
        document = read_html(page["html"], SOURCE)
        read = [[[document.text(cell.span).replace("\n", "") for cell in row] for row in table.by_row()] for table in document.tables()]
        assert read == page["rows"], page["id"]


@pytest.mark.corpus
def test_the_seed_document_is_one_table_of_six_forms(shared: Path) -> None:
    text = (shared / "corpus" / "dev" / "wulong-government-services-2020-final.txt").read_text(encoding="utf-8")
    document = read_text(text, SOURCE)
    (table,) = document.tables()
    rows = [[document.text(cell.span) for cell in row] for row in table.by_row()]
    assert (table.columns, table.rows, document.line_of(table.span.start), document.line_of(table.span.end)) == (9, 132, 80, 793)
    assert [row[0] for row in rows if row and row[0] == "项目名称"] == ["项目名称"] * 6
    assert [len(row) for row in rows].count(0) == 1
    assert len(table.open_rows) == 60
    assert rows[-1][0] == "说明"
    assert len(rows[-1]) == 2
