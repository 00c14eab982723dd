"""Exports hold what the dataset holds, exactly, and nothing in them runs."""

from __future__ import annotations

import ast
import json
import re
import sqlite3
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import schema
from gongkai.cli import main
from gongkai.csvtext import UNGUARD
from gongkai.dataset import DATA
from gongkai.export import FORMS, tables, xlsx

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("chengkou-climate-2021-final-txt", "gengma-cane-2024-budget", "baiyu-library-2022-self-evaluation", "negative-tender-notice")
HOSTILE = ["=201宗", "𠀀" * 20_000, "a\r\nb\rc", '=HYPERLINK("http://a.example","看")', "@SUM(A1)", "+86", "-1+1", "\t=1", "\x01\x0b坏\ufffe", "长" * 40_000, "https://a.example", "0012"]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("export") / "out"
    assert main(["run", *(str(FIXTURES / name) for name in NAMES), "--output", str(output), "--progress", "none"]) == 0
    for form in FORMS:
        assert main(["export", str(output), "--to", form]) == 0
    return output


def rows_of(dataset: Path, table: str) -> list[dict[str, Any]]:
    return list(pq.read_table(dataset / DATA / f"{table}.parquet").to_pylist())


def sheet_of(file: Path, name: str) -> Iterator[tuple[Any, ...]]:
    book = openpyxl.load_workbook(file, read_only=True)
    yield from book[name].iter_rows(values_only=True)
    book.close()


def test_workbooks_hold_every_row_with_codes_as_text_and_money_as_numbers(dataset: Path) -> None:
    for table in tables(dataset):
        head, *rows = sheet_of(dataset / "export" / "xlsx" / f"{table}.xlsx", table)
        assert [str(title).split("\n")[-1] for title in head] == [column.name for column in schema.columns(table)]
        assert len(rows) == len(rows_of(dataset, table))
    names = [column.name for column in schema.columns("budget_lines")]
    _, *rows = sheet_of(dataset / "export" / "xlsx" / "budget_lines.xlsx", "budget_lines")
    for printed, row in zip(rows, rows_of(dataset, "budget_lines"), strict=True):
        shown = dict(zip(names, printed, strict=True))
        assert (shown["region_code"], shown["item_code"]) == (row["region_code"], row["item_code"])
        assert row["amount_yuan"] is None or Decimal(str(shown["amount_yuan"])) == row["amount_yuan"]


def test_what_is_filtered_is_the_table_and_the_head_stays_in_sight(dataset: Path) -> None:
    book = openpyxl.load_workbook(dataset / "export" / "xlsx" / "figures.xlsx")
    sheet = book["figures"]
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(sheet.max_column)}{sheet.max_row}"
    assert any("row_id" in str(row[0].value) for row in book[xlsx.NOTES].iter_rows())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_runs_as_a_formula_or_a_link_or_breaks_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / DATA).mkdir()
    values = {column.name: None if column.nullable else "x" for column in schema.columns("glossary")}
    row = {**values, "term": text, "ordinal": 1}
    pq.write_table(pa.Table.from_pylist([row], schema=schema.arrow("glossary")), tmp_path / DATA / "glossary.parquet")
    pq.write_table(schema.arrow("documents").empty_table(), tmp_path / DATA / "documents.parquet")
    assert main(["export", str(tmp_path), "--to", "xlsx", "--out", str(tmp_path / "books")]) == 0
    book = openpyxl.load_workbook(tmp_path / "books" / "glossary.xlsx")
    cell = book["glossary"].cell(2, [column.name for column in schema.columns("glossary")].index("term") + 1)
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert cell.number_format == "@", "a text must stay one when a user opens its cell and leaves it again"
    held = str(cell.value)
    assert len(held.encode("utf-16-le")) // 2 <= xlsx.LONGEST
    if held.endswith(xlsx.CUT):
        assert text.startswith(held.removesuffix(xlsx.CUT))
        assert len(held.encode("utf-16-le")) // 2 >= xlsx.LONGEST - 1
    else:
        assert held == xlsx.FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def test_a_workbook_that_cannot_be_written_is_told_of(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "documents.xlsx").mkdir()
    assert main(["export", str(dataset), "--to", "xlsx", "--out", str(tmp_path)]) == 1
    assert "documents.xlsx" in capsys.readouterr().err


def test_notes_tell_the_version_and_every_column_and_long_texts_do_not_make_tall_rows(dataset: Path) -> None:
    book = openpyxl.load_workbook(dataset / "export" / "xlsx" / "sections.xlsx")
    texts = {str(cell) for row in book[xlsx.NOTES].iter_rows(values_only=True) for cell in row}
    assert {column.name for column in schema.columns("sections")} <= texts
    assert any(rows_of(dataset, "documents")[0]["extractor_version"] in text for text in texts)
    heights = {row.height for row in book["sections"].row_dimensions.values() if row.height}
    assert {xlsx.LINE * 2, xlsx.LINE * xlsx.TALLEST} <= heights
    assert max(heights) <= xlsx.LINE * xlsx.TALLEST
    forms = openpyxl.load_workbook(dataset / "export" / "xlsx" / "indicators.xlsx")["indicators"]
    assert any("\n" in row["raw"] for row in rows_of(dataset, "indicators"))
    assert {row.height for row in forms.row_dimensions.values()} <= {None, 3 * xlsx.LINE + 3, 2 * xlsx.LINE, 3 * xlsx.LINE}


def test_a_table_longer_than_a_sheet_goes_on_on_the_next(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "ROWS", 50)
    assert main(["export", str(dataset), "--to", "xlsx", "--out", str(tmp_path)]) == 0
    book = openpyxl.load_workbook(tmp_path / "budget_lines.xlsx", read_only=True)
    sheets = [book[name] for name in book.sheetnames if name != xlsx.NOTES]
    assert sum(sum(1 for _ in sheet.iter_rows()) - 1 for sheet in sheets) == len(rows_of(dataset, "budget_lines"))
    assert [sheet.title for sheet in sheets[:2]] == ["budget_lines", "budget_lines 2"]
    book.close()


def test_the_database_is_typed_keyed_and_exact(dataset: Path) -> None:
    with sqlite3.connect(dataset / "export" / "gongkai.db") as store:
        assert store.execute("pragma foreign_key_check").fetchall() == []
        assert store.execute("pragma user_version").fetchone() == (schema.VERSION,)
        for table in tables(dataset):
            assert store.execute(f"select count(*) from {table}").fetchone() == (len(rows_of(dataset, table)),)
        lines = rows_of(dataset, "budget_lines")
        (fen,) = store.execute("select sum(amount_fen) from budget_lines").fetchone()
        assert Decimal(fen) / 100 == sum(row["amount_yuan"] for row in lines if row["amount_yuan"] is not None)
        values = dict(store.execute("select row_id, value_exact from budget_lines").fetchall())
        assert all(Decimal(values[row["row_id"]]) == row["value"] for row in lines)
        assert store.execute("select count(*) from budget_lines where value > 100").fetchone() == (sum(row["value"] > 100 for row in lines),)
        assert store.execute("select max(value), max(amount_yuan) from budget_lines").fetchone() == (
            float(max(row["value"] for row in lines)), float(max(row["amount_yuan"] for row in lines if row["amount_yuan"] is not None)),
        )  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError):
            store.execute("update budget_lines set amount_fen = 'many'")
        store.rollback()
        store.execute("pragma foreign_keys = on")
        store.execute("update budget_lines set document_id = 'nobody'")  # references are looked at when a change is complete
        with pytest.raises(sqlite3.IntegrityError):
            store.commit()
        store.rollback()
        indexes = {tuple(name for _, _, name in store.execute(f"pragma index_info({index})")) for _, index, *_ in store.execute("pragma index_list(budget_lines)").fetchall()}
        assert {("document_id",), ("department", "fiscal_year"), ("measure",)} <= indexes
        held = {name for _, name, *_ in store.execute("pragma table_xinfo(budget_lines)")}
    metadata = json.loads((dataset / "export" / "metadata.json").read_text(encoding="utf-8"))
    assert metadata["databases"]["gongkai"]["tables"]["budget_lines"]["columns"].keys() == held
    assert {column.name for column in schema.columns("budget_lines")} <= held


def test_the_database_leaves_the_metadata_of_somebody_else_alone(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "metadata.json").write_text('{"title": "mine"}')
    assert main(["export", str(dataset), "--to", "sqlite", "--out", str(tmp_path / "gongkai.db")]) == 2
    assert "metadata.json" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["metadata.json"]
    assert main(["export", str(dataset), "--to", "sqlite"]) == 0  # what we wrote ourselves is written anew


def test_an_amount_that_no_integer_of_the_database_holds_stops_the_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / DATA).mkdir()
    plain = {"string": "x", "int32": 1, "int64": 1, "bool": False}
    row = {column.name: None if column.nullable else plain.get(column.type, []) for column in schema.columns("budget_lines")}
    amounts = [Decimal("92233720368547758.07"), Decimal("92233720368547758.08")]
    pq.write_table(schema.arrow("documents").empty_table(), tmp_path / DATA / "documents.parquet")
    for amount, code in zip(amounts, (0, 4), strict=True):
        pq.write_table(pa.Table.from_pylist([{**row, "amount_yuan": amount}], schema=schema.arrow("budget_lines")), tmp_path / DATA / "budget_lines.parquet")
        assert main(["export", str(tmp_path), "--to", "sqlite"]) == code
    assert str(amounts[1]) in capsys.readouterr().err


def test_an_old_sqlite_is_told_of(dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    assert main(["export", str(dataset), "--to", "sqlite"]) == 5
    assert "3.37" in capsys.readouterr().err


def test_stata_files_hold_every_row_with_codes_as_text(dataset: Path) -> None:
    for table in tables(dataset):
        frame = pd.read_stata(dataset / "export" / "stata" / f"{table}.dta")
        assert list(frame.columns) == [column.name for column in schema.columns(table)]
        assert len(frame) == len(rows_of(dataset, table))
    frame = pd.read_stata(dataset / "export" / "stata" / "indicators.dta")
    with pd.read_stata(dataset / "export" / "stata" / "unexplained_numbers.dta", iterator=True) as file:
        assert "numbers are doubles" in file.data_label
        assert file.variable_labels()["context"] == "上下文 context"
    assert list(frame["target_raw"]) == [row["target_raw"] or "" for row in rows_of(dataset, "indicators")]
    script = (dataset / "export" / "stata" / "read.R").read_text(encoding="utf-8")
    assert all(f"  {table} = '" in script for table in tables(dataset))
    assert 'normalizePath("../../data"' in script
    code = "\n".join(line for line in script.splitlines() if not line.startswith("#"))
    assert code.isascii(), "R reads other letters of a script in the language of its machine"
    guard = re.search(r'guard <- "(.*)"', code)
    assert guard
    assert ast.literal_eval(f'"{guard[1]}"') == UNGUARD  # Python's escapes are R's here


def test_croissant_describes_every_file_and_column(dataset: Path) -> None:
    card = json.loads((dataset / "croissant.json").read_text(encoding="utf-8"))
    assert [file["contentUrl"] for file in card["distribution"]] == [f"data/{table}.parquet" for table in tables(dataset)]
    assert {record["name"]: len(record["field"]) for record in card["recordSet"]} == {table: len(schema.columns(table)) for table in tables(dataset)}


def test_without_its_library_a_form_says_how_to_get_it(dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    assert main(["export", str(dataset), "--to", "xlsx"]) == 5
    assert "pip install gongkai[xlsx]" in capsys.readouterr().err


@pytest.mark.parametrize("form", sorted(FORMS))
def test_where_there_is_no_dataset_nothing_is_written(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path), "--to", form]) == 2
    assert "gongkai run" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
