"""A whole dataset is called whole; every kind of damage that is planted is named with its place."""

from __future__ import annotations

import json
import re
import shutil
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import schema
from gongkai.cli import main
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import folders
from gongkai.validation import faults

if TYPE_CHECKING:
    from collections.abc import Callable

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("baiyu-library-2022-self-evaluation", "pengxi-stone-2021-final", "negative-tender-notice")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("validation")
    for name in NAMES:
        shutil.copytree(FIXTURES / name, place / "in" / name)
    assert main(["run", str(place / "in"), "--output", str(place / "out"), "--progress", "none"]) == 0
    assert main(["check", str(place / "out")]) == 0
    return place


@pytest.fixture
def dataset(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole / "out", tmp_path / "out")
    return tmp_path / "out"


def rewritten(output: Path, table: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the rows of a table in data/, in both its forms."""
    rows = pq.read_table(output / "data" / f"{table}.parquet").to_pylist()
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema.arrow(table)), output / "data" / f"{table}.parquet")
    text = csv_header(table) + csv_body(table, [tuple(row.values()) for row in rows])
    (output / "data" / f"{table}.csv").write_text(text, encoding="utf-8", newline="")


def said(output: Path, *, evidence: bool = False) -> set[tuple[str, str, str]]:
    return {(fault.file, fault.column, fault.en.split(":")[0]) for fault in faults(output, evidence=evidence)} - {("datapackage.json", "", "does not describe the data (hashes, sizes or columns)")}


def test_a_dataset_that_was_written_is_whole_and_reads_back(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(whole / "out")]) == 0
    assert "完好 the dataset is whole" in capsys.readouterr().out


def test_a_value_that_is_none_of_the_allowed_is_named(dataset: Path) -> None:
    rewritten(dataset, "budget_lines", lambda rows: rows[0].update(basis="finall"))
    assert ("data/budget_lines.parquet", "basis", "'finall' is not an allowed value") in said(dataset)


def test_yuan_that_are_not_value_times_unit_are_named(dataset: Path) -> None:
    rewritten(dataset, "budget_lines", lambda rows: rows[0].update(amount_yuan=rows[0]["amount_yuan"] + Decimal("0.01")))
    assert ("data/budget_lines.parquet", "amount_yuan", "is not value times unit") in said(dataset)


def test_a_key_that_is_there_twice_is_named(dataset: Path) -> None:
    rewritten(dataset, "indicators", lambda rows: rows.append(rows[0]))
    assert ("data/indicators.parquet", "row_id", "the key is there twice") in said(dataset)


@pytest.mark.parametrize(("table", "column", "target"), [
    ("indicators", "project_id", "0" * 16 + "-projects-00001"), ("budget_lines", "document_id", "0" * 16), ("findings", "evidence_ids", ["0" * 16 + "-budget_lines-00001"]),
    ("figures", "row_id", "0" * 16 + "-budget_lines-00001"),
])  # fmt: skip
def test_a_reference_to_nothing_is_named(dataset: Path, table: str, column: str, target: object) -> None:
    rewritten(dataset, table, lambda rows: rows[0].update({column: target}))
    assert (f"data/{table}.parquet", column) in {(file, name) for file, name, words in said(dataset) if words.startswith("refers to")}


def test_other_columns_and_types_are_named(dataset: Path) -> None:
    file = dataset / "data" / "glossary.parquet"
    rows = pq.read_table(file)
    pq.write_table(rows.set_column(rows.schema.get_field_index("ordinal"), "ordinal", rows.column("ordinal").cast(pa.string())).replace_schema_metadata(rows.schema.metadata), file)
    assert ("data/glossary.parquet", "ordinal", "columns or types are not those of the schema") in said(dataset)


def test_an_edited_csv_is_named(dataset: Path) -> None:
    file = dataset / "data" / "documents.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("2022", "2023", 1), encoding="utf-8")
    assert ("data/documents.csv", "", "does not say what the Parquet says") in said(dataset)


def test_files_that_are_cut_short_or_missing_are_named(dataset: Path) -> None:
    place = folders(dataset)[0]
    name = place.relative_to(dataset).as_posix()
    (place / "scores.parquet").write_bytes((place / "scores.parquet").read_bytes()[:-20])
    (folders(dataset)[1] / "projects.csv").unlink()
    (dataset / "data" / "sections.parquet").write_bytes(b"PAR1")
    (dataset / "data" / "quantities.parquet").unlink()
    found = said(dataset)
    assert {(name, "a file is damaged, or a CSV does not say what its Parquet says"), (f"{folders(dataset)[1].relative_to(dataset).as_posix()}/projects.csv", "the file is missing"), ("data/sections.parquet", "cannot be read"), ("data/quantities.parquet", "the file is missing")} <= {(file, words) for file, _, words in found}


def test_data_that_is_behind_its_department_years_is_named(dataset: Path) -> None:
    rewritten(dataset, "glossary", lambda rows: rows.clear())
    rewritten(dataset, "organisation", lambda rows: rows.clear())
    rewritten(dataset, "scores", lambda rows: rows.pop())
    assert any(file == "data/scores.csv" and words.startswith("does not hold the rows of") for file, _, words in said(dataset))


def test_the_descriptor_and_the_journal_are_compared(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = json.loads((dataset / "datapackage.json").read_text(encoding="utf-8"))
    described["resources"][0]["hash"] = "sha256:" + "0" * 64
    (dataset / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    (dataset / "journal.sqlite").write_bytes(b"no database")
    assert main(["validate", str(dataset), "--no-evidence"]) == 4
    out = capsys.readouterr().out
    assert "datapackage.json: " in out
    assert "journal.sqlite: " in out
    assert "2 处有误 faults" in out


def test_a_row_that_does_not_read_back_is_named_and_a_changed_source_proves_nothing(whole: Path, dataset: Path) -> None:
    place = next(place for place in folders(dataset) if pq.read_table(place / "indicators.parquet").num_rows)
    rows = pq.read_table(place / "indicators.parquet").to_pylist()
    rows[0]["raw"] = "另一段话"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema.arrow("indicators")), place / "indicators.parquet")
    (place / "indicators.csv").write_text(csv_header("indicators") + csv_body("indicators", [tuple(row.values()) for row in rows]), encoding="utf-8", newline="")
    name = f"{place.relative_to(dataset).as_posix()}/indicators.parquet"
    assert (name, "raw", "is not what the source says at that place") in said(dataset, evidence=True)
    (source,) = (whole / "in" / "baiyu-library-2022-self-evaluation").glob("input.*")
    kept = source.read_bytes()
    try:
        source.write_bytes(kept + b" ")
        assert (name, "raw", "is not what the source says at that place") not in said(dataset, evidence=True)
    finally:
        source.write_bytes(kept)


def test_frictionless_is_asked_where_it_is_wanted(dataset: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "frictionless", None)
    assert main(["validate", str(dataset), "--frictionless"]) == 5
    assert 'pip install "gongkai[validate]"' in capsys.readouterr().err


def test_frictionless_finds_what_was_planted(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("frictionless", reason="frictionless is an extra: gongkai[validate]")
    assert main(["validate", str(dataset), "--frictionless"]) == 0
    capsys.readouterr()
    file = dataset / "data" / "projects.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",2022,", ",soon,"), encoding="utf-8", newline="")
    assert main(["validate", str(dataset), "--frictionless"]) == 4
    assert re.search(r"projects\.csv \d+ fiscal_year: frictionless", capsys.readouterr().out)
