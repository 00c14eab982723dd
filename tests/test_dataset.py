"""The dataset writers: schema, rows, department-years, compaction and the CSV form, on records built by hand."""

from __future__ import annotations

import csv
import dataclasses
import io
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
import hypothesis.strategies as st
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given

from extract.document import Document, Link, Paragraph, Source, Span
from gongkai import dataset, dictionary, schema
from gongkai.csvtext import UNGUARD, csv_body, csv_header, guarded, unguarded
from gongkai.errors import OutputError
from gongkai.jobs import compact
from gongkai.rows import data_rows, document_row
from normalize.records import TABLES, BudgetLine, Disclosure, Finding, Identity, Indicator, Project, Section, row_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gongkai.rows import Row

CONTENT = "云岭县档案馆2023年度部门决算\n一、收入支出\n收入总计1,206.40万元,比上年减少3.60万元。\n修复档案 | =201宗 | 198宗\n"
PAGE = Source("pages/a.html", "ab" * 32, "text/html", "utf-8")
COMPUTED = {"amount_yuan", "cells", "passages"}  # columns made from a record's spans or properties
SPAN_FIELDS = {"span", "texts", "row_id", "raw"}  # fields that become evidence or the first column


def at(text: str) -> Span:
    start = CONTENT.index(text)
    return Span(start, start + len(text))


def disclosed(**changes: object) -> tuple[Document, Disclosure]:
    source = dataclasses.replace(PAGE, sha256=str(changes.pop("sha256", PAGE.sha256)))
    document = Document(source, CONTENT, (Paragraph(Span(0, len(CONTENT))),), title="云岭县档案馆2023年度部门决算")
    key = document.id
    lines = (
        BudgetLine("narrative", "final", Decimal("1206.40"), "万元", "1,206.40", at("1,206.40"), "level", measure="total_revenue",
                   row_id=row_id(key, "budget_lines", 1)),
        BudgetLine("narrative", "change_vs_prior_final", Decimal("-3.60"), "万元", "减少3.60", at("减少3.60"), "change", measure="total_revenue",
                   row_id=row_id(key, "budget_lines", 2)),
    )
    disclosure = Disclosure(
        document_id=key,
        status="ok",
        identity=Identity(department="云岭县档案馆", region_code="530199", stage="final", fiscal_year=2023, doc_kind="department_final",
                          entity_level="department", attachments=(Link("附表.xls", "t.xls"),)),
        number_count=5,
        numbers_explained=5,
        sections=(Section("s1", None, 2, "一、", "收入支出", "total", at("一、收入支出"), (at("收入总计1,206.40万元,比上年减少3.60万元。"),),
                          row_id=row_id(key, "sections", 1)),),
        budget_lines=lines,
        projects=(Project("p1", 1, "self_evaluation", at("修复档案"), project_name="修复档案", raw="修复档案", row_id=row_id(key, "projects", 1)),),
        indicators=(
            Indicator("p1", 1, "self_evaluation", at("修复档案 | =201宗 | 198宗"), level3="修复档案", target_raw="=201宗", target_operator="=",
                      target_value=Decimal(201), target_unit="宗", actual_raw="198宗", weight=Decimal(10), texts=(("target", at("=201宗")),),
                      row_id=row_id(key, "indicators", 1)),
        ),
        findings=(Finding("revenue_equals_expenditure", "not_applicable", "无支出总计", "no total expenditure", evidence_ids=(lines[0].row_id,),
                          row_id=row_id(key, "findings", 1)),),
    )
    return document, dataclasses.replace(disclosure, **changes)  # type: ignore[arg-type]


def parts(document: Document, disclosure: Disclosure) -> tuple[Row, dataset.Parts]:
    row = document_row((document.source.address, document.source.sha256), disclosure.status, "", version="1+0", read=(document, disclosure))
    return row, dataset.encoded(row, data_rows(document, disclosure))


def write(output: Path, *documents: tuple[Document, Disclosure]) -> None:
    for document, disclosure in documents:
        row, encoded = parts(document, disclosure)
        dataset.write_folder(output, dataset.folder_of(row), {disclosure.document_id: encoded})
    compact(output)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("table", TABLES)
def test_columns_and_records_name_the_same_things(table: str) -> None:
    fields = {field.name for field in dataclasses.fields(TABLES[table])} - SPAN_FIELDS
    assert {column.name for column in schema.own_columns(table)} - COMPUTED - ({"text"} if table == "sections" else set()) == fields - {"passages"}


def test_every_data_table_can_be_used_alone_and_ends_with_its_evidence() -> None:
    for table in TABLES:
        names = [column.name for column in schema.columns(table)]
        assert names[:7] == ["row_id", "document_id", "region_code", "department", "entity_level", "stage", "fiscal_year"]
        assert names[-9:] == ["raw", "page", "x0", "y0", "x1", "y1", "char_start", "char_end", "confidence"]
        assert len(set(names)) == len(names)


def test_no_table_holds_a_float_but_for_geometry_and_seconds() -> None:
    floats = {column.name for table in schema.TABLE_TITLES for column in schema.columns(table) if column.type == "double"}
    assert floats == {"x0", "y0", "x1", "y1", "seconds", "confidence"}


def test_rows_carry_value_unit_yuan_and_evidence_that_reads_back() -> None:
    document, disclosure = disclosed()
    names = [column.name for column in schema.columns("budget_lines")]
    line = dict(zip(names, data_rows(document, disclosure)["budget_lines"][1], strict=True))
    assert {name: value for name, value in line.items() if value is not None} == {
        "row_id": "abababababababab-budget_lines-00002", "document_id": "abababababababab", "region_code": "530199", "department": "云岭县档案馆",
        "entity_level": "department", "stage": "final", "fiscal_year": 2023, "origin": "narrative", "measure": "total_revenue",
        "basis": "change_vs_prior_final", "role": "stated", "value": Decimal("-3.60"), "unit": "万元", "amount_yuan": Decimal("-36000.00"),
        "rule": "change", "raw": "减少3.60", "char_start": CONTENT.index("减少3.60"), "char_end": CONTENT.index("减少3.60") + 6,
    }
    assert document.text(Span(line["char_start"], line["char_end"])) == line["raw"]


def test_section_text_is_its_passages_and_says_where_they_stand() -> None:
    names = [column.name for column in schema.columns("sections")]
    section = dict(zip(names, data_rows(*disclosed())["sections"][0], strict=True))
    passage = at("收入总计1,206.40万元,比上年减少3.60万元。")
    assert section["text"] == "收入总计1,206.40万元,比上年减少3.60万元。"
    assert section["passages"] == [{"char_start": passage.start, "char_end": passage.end}]
    assert section["raw"] == "一、收入支出"


@pytest.mark.parametrize("value", [Decimal("1e30"), Decimal("-1e28"), Decimal("0.12345678901"), Decimal("NaN")])
def test_a_value_the_column_cannot_hold_is_a_finding_and_the_row_keeps_its_evidence(value: Decimal) -> None:
    document, disclosure = disclosed()
    line = dataclasses.replace(disclosure.budget_lines[0], value=value)
    rows = data_rows(document, dataclasses.replace(disclosure, budget_lines=(line,)))
    names = [column.name for column in schema.columns("budget_lines")]
    assert dict(zip(names, rows["budget_lines"][0], strict=True))["value"] is None
    assert dict(zip(names, rows["budget_lines"][0], strict=True))["raw"] == "1,206.40"
    finding = dict(zip((column.name for column in schema.columns("findings")), rows["findings"][1], strict=True))
    assert (finding["row_id"], finding["check_id"], finding["status"]) == ("abababababababab-findings-00002", "value_out_of_range", "unreadable")
    assert finding["evidence_ids"] == [line.row_id]


def test_evidence_that_does_not_read_back_is_a_finding() -> None:
    document, disclosure = disclosed()
    line = dataclasses.replace(disclosure.budget_lines[0], raw="1,206.41")
    rows = data_rows(document, dataclasses.replace(disclosure, budget_lines=(line,), findings=()))
    assert [(row[7], row[8]) for row in rows["findings"]] == [("evidence_replays", "fail")]


def test_a_department_year_holds_every_table_twice_under_region_and_department(tmp_path: Path) -> None:
    write(tmp_path, disclosed())
    (folder,) = dataset.folders(tmp_path)
    assert folder.parent.name == "year=2023"
    assert folder.name == "530199-44640828"
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{table}{end}" for table in dataset.TABLES for end in (".parquet", ".csv"))


@pytest.mark.parametrize(
    ("identity", "folder"),
    [
        (Identity(), "departments/year=unknown/unplaced-ab"),
        (Identity(fiscal_year=2023), "departments/year=unknown/unplaced-ab"),
        (Identity(department="云岭县档案馆"), "departments/year=unknown/unplaced-ab"),
        (Identity(department="云岭县档案馆", fiscal_year=2023), "departments/year=2023/000000-44640828"),
    ],
)
def test_a_document_without_department_or_year_still_has_a_place(identity: Identity, folder: str) -> None:
    row, _ = parts(*disclosed(identity=identity))
    assert dataset.folder_of(row) == folder


def test_a_page_that_discloses_nothing_is_in_no_department_year() -> None:
    row, _ = parts(*disclosed(status="not_a_disclosure"))
    assert dataset.folder_of(row) == "departments/year=unknown/unplaced-ab"


def test_files_are_byte_same_whatever_the_order_and_the_number_of_runs(tmp_path: Path) -> None:
    one, two, other = disclosed(), disclosed(sha256="cd" * 32), disclosed(sha256="ef" * 32, identity=Identity())
    write(tmp_path / "a", one, two, other)
    write(tmp_path / "b", other, two)
    write(tmp_path / "b", one)
    write(tmp_path / "b", two)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert pq.read_table(tmp_path / "a" / "data" / "documents.parquet").column("document_id").to_pylist() == ["ab" * 8, "cd" * 8, "ef" * 8]


def test_a_document_that_moves_leaves_its_old_department_year(tmp_path: Path) -> None:
    document, disclosure = disclosed()
    write(tmp_path, (document, disclosure))
    (former,) = dataset.folders(tmp_path)
    dataset.write_folder(tmp_path, str(former.relative_to(tmp_path)), {}, gone=[document.id])
    assert dataset.folders(tmp_path) == []


@pytest.mark.parametrize("moment", ["new written", "old moved away", "new in place"])
def test_a_replacement_killed_half_way_is_finished_or_undone(tmp_path: Path, moment: str) -> None:
    write(tmp_path, disclosed())
    (folder,) = dataset.folders(tmp_path)
    before = bytes_of(folder)
    former, fresh = folder.with_name(f".{folder.name}.old"), folder.with_name(f".{folder.name}.new")
    if moment == "new written":
        fresh.mkdir()
        (fresh / "documents.parquet").write_bytes(b"half")
    elif moment == "old moved away":
        folder.rename(former)
    else:
        former.mkdir()
    dataset.recover(tmp_path)
    assert [folder] == list(folder.parent.iterdir())
    assert bytes_of(folder) == before


def test_a_damaged_file_is_named_and_not_compacted_over(tmp_path: Path) -> None:
    write(tmp_path, disclosed())
    (folder,) = dataset.folders(tmp_path)
    before = bytes_of(tmp_path / "data")
    (folder / "budget_lines.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(OutputError, match=r"budget_lines\.parquet"):
        compact(tmp_path)
    assert bytes_of(tmp_path / "data")["budget_lines.parquet"] == before["budget_lines.parquet"]


def test_compaction_makes_groups_of_a_fixed_size_whatever_the_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dataset, "ROWS_PER_GROUP", 3)
    write(tmp_path, *(disclosed(sha256=f"{n:02x}" * 32, identity=Identity(department="甲", fiscal_year=2000 + n)) for n in range(1, 5)))
    file = pq.ParquetFile(tmp_path / "data" / "budget_lines.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [3, 3, 2]
    assert (tmp_path / "data" / "budget_lines.csv").read_text(encoding="utf-8").count("\n") == 9


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    write(tmp_path, disclosed())
    with (tmp_path / "data" / "indicators.csv").open(encoding="utf-8", newline="") as lines:
        (row,) = csv.DictReader(lines)
    assert row["target_raw"] == "'=201宗"
    assert (row["target_value"], row["weight"], row["is_placeholder"], row["level1"]) == ("201", "10", "false", "")
    start = CONTENT.index("=201宗")
    assert row["cells"] == f'[{{"field":"target","raw":"=201宗","char_start":{start},"char_end":{start + 5}}}]'
    with (tmp_path / "data" / "budget_lines.csv").open(encoding="utf-8", newline="") as lines:
        assert [(row["value"], row["amount_yuan"]) for row in csv.DictReader(lines)] == [("1206.4", "12064000.00"), ("-3.6", "-36000.00")]


AWKWARD = ["=201宗", "=", "@SUM(A1)", "+1+1", "-1-1", "-56.95", "-", "'=x", "''-y", "'十三五'", '"quoted"', "a,b", "two\nlines", "＝1", "\t=1", "-56.95%", " x "]


def awkward_csv(folder: Path) -> Path:
    """A glossary whose terms are all awkward."""
    columns = [column.name for column in schema.columns("glossary")]
    rows = [tuple(text if name == "term" else "x" if name == "row_id" else None for name in columns) for text in AWKWARD]
    (folder / "glossary.csv").write_text(csv_header("glossary") + csv_body("glossary", rows), encoding="utf-8", newline="")
    return folder / "glossary.csv"


def test_pandas_polars_and_duckdb_read_awkward_text_back_with_the_documented_expression(tmp_path: Path) -> None:
    file = str(awkward_csv(tmp_path))
    pandas = pd.read_csv(file, dtype=str, keep_default_na=False).replace(UNGUARD, r"\1", regex=True)
    assert pandas["term"].tolist() == AWKWARD
    polars = pl.read_csv(file, infer_schema=False).with_columns(pl.all().str.replace(UNGUARD, "${1}"))
    assert polars["term"].to_list() == AWKWARD
    found = duckdb.execute(
        "select regexp_replace(columns(*), ?, '\\1') from read_csv(?, all_varchar=true, header=true)", [UNGUARD, file]
    ).fetchall()
    assert [row[7] for row in found] == AWKWARD
    assert UNGUARD in dictionary.readme()


def test_no_csv_cell_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    with awkward_csv(tmp_path).open(encoding="utf-8", newline="") as lines:
        cells = [row["term"] for row in csv.DictReader(lines)]
    running = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝", "\t"))]
    assert running == ["=", "-56.95", "-", "-56.95%"]


@given(st.text())
@example("'''=")
def test_guarding_a_cell_is_undone_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert len(text) == 1 or not guarded(text).startswith(("=", "@", "＝", "＋", "－", "＠"))


def test_csv_keeps_line_breaks_and_quotes_inside_cells() -> None:
    columns = [column.name for column in schema.columns("glossary")]
    body = csv_body("glossary", [tuple('一行\n"二"行, 三' if name == "definition" else None for name in columns)])
    assert next(csv.DictReader(io.StringIO(csv_header("glossary") + body)))["definition"] == '一行\n"二"行, 三'


def test_output_readme_in_the_repository_is_the_one_a_run_writes(root: Path) -> None:
    assert (root / "output" / "README.md").read_text(encoding="utf-8") == dictionary.readme()


def test_a_record_without_a_required_value_is_noticed_where_it_was_read_and_empty_text_is_a_value() -> None:
    document, disclosure = disclosed()
    untitled = dataclasses.replace(disclosure.sections[0], heading="", number="")
    _, encoded = parts(document, dataclasses.replace(disclosure, sections=(untitled,)))
    (section,) = encoded["sections"].arrow.to_pylist()
    assert (section["heading"], section["number"]) == ("", None)
    nameless = dataclasses.replace(disclosure.sections[0], heading=None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="sections: no value for heading"):
        parts(document, dataclasses.replace(disclosure, sections=(nameless,)))


def test_a_group_gathered_from_many_small_tables_takes_little_more_room_than_its_rows() -> None:
    typed = pa.schema([field.with_nullable(True) for field in schema.arrow("glossary")])
    row = {field.name: None for field in typed} | {"row_id": "0" * 16 + "-glossary-00001", "document_id": "0" * 16, "term": "三公经费", "definition": "纳入预算管理的经费" * 9}
    room: list[int] = []

    def tables() -> Iterator[pa.Table]:
        for _ in range(4_000):
            room.append(pa.total_allocated_bytes())
            yield pa.Table.from_pylist([row], schema=typed)

    before = pa.total_allocated_bytes()
    (group,) = dataset._groups(tables())
    assert group.num_rows == 4_000
    assert max(room) - before < 4 * group.nbytes
