"""A dataset of schema version 1, kept as it was written (tests/data/dataset-v1.tar.xz), is brought to this version and loses nothing."""

from __future__ import annotations

import csv
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import dataset, journal, migration, schema
from gongkai.cli import main
from gongkai.errors import OutputError

KEPT = Path(__file__).parent / "data" / "dataset-v1.tar.xz"
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with tarfile.open(KEPT) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "v1"


def rows(output: Path, table: str) -> list[dict[str, object]]:
    return list(pq.read_table(output / "data" / f"{table}.parquet").to_pylist())


def tables(output: Path) -> dict[str, bytes]:
    return {file.relative_to(output).as_posix(): file.read_bytes() for folder in ("departments", "data") for file in sorted((output / folder).rglob("*.*")) if file.is_file()}


def test_every_file_is_brought_to_the_columns_of_this_version_and_no_value_is_lost(old: Path) -> None:
    before = {table: rows(old, table) for table in dataset.TABLES}
    assert not any(migration.version_of(pq.read_schema(file)) != 1 for file in old.rglob("*.parquet"))
    assert main(["migrate", str(old)]) == 0
    for file in old.rglob("*.parquet"):
        assert migration.version_of(pq.read_schema(file)) == schema.VERSION, file
        assert pq.read_schema(file) == schema.arrow(file.stem), file
        with file.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
            assert next(csv.reader(lines)) == [column.name for column in schema.columns(file.stem)]
    for table, kept in before.items():
        after = rows(old, table)
        assert [{name: value for name, value in row.items() if name in kept[0]} for row in after] == kept if kept else not after
    for row in rows(old, "documents"):
        assert row["department_id"] == schema.department_id(row["region_code"], row["department"])  # type: ignore[arg-type]
        assert bool(row["department_id"]) == bool(row["department"])


def test_a_second_call_changes_nothing(old: Path) -> None:
    main(["migrate", str(old)])
    once = tables(old)
    assert main(["migrate", str(old)]) == 0
    assert tables(old) == once


def test_a_kill_half_way_is_completed_to_the_same_bytes(old: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    with tarfile.open(KEPT) as archive:
        archive.extractall(twin, filter="data")
    main(["migrate", str(twin / "v1")])
    first = dataset.folders(old)[0]
    dataset.write_folder(old, first.relative_to(old).as_posix(), dataset.parts_in(first))  # swapped in, and the journal not told
    with journal.opened(old) as store:
        journal.note(store, open=1)
    main(["migrate", str(old)])
    assert tables(old) == tables(twin / "v1")


def test_a_lost_journal_is_made_anew_from_an_old_dataset_too(old: Path) -> None:
    before = {row["document_id"] for row in rows(old, "documents")}
    (old / journal.JOURNAL).write_bytes(b"no database")
    assert main(["migrate", str(old)]) == 0
    assert {row["document_id"] for row in rows(old, "documents")} == before


def test_a_run_into_an_old_dataset_brings_it_along(old: Path) -> None:
    before = {row["document_id"] for row in rows(old, "documents")}
    assert main(["run", str(FIXTURES / "negative-blank-template"), "--output", str(old), "--progress", "none"]) == 0
    held = rows(old, "documents")
    assert len(held) == len(before) + 1
    assert before < {row["document_id"] for row in held}
    assert all(dataset.is_current(place) for place in dataset.folders(old))


def test_a_dataset_of_version_2_gets_corrections_and_keeps_its_ledger(tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert main(["run", str(FIXTURES / "pengxi-stone-2021-final"), "--output", str(output), "--progress", "none"]) == 0
    assert main(["check", str(output)]) == 0
    fresh = tables(output)
    for file in output.rglob("*.parquet"):  # as version 2 wrote them
        held = pq.read_table(file)
        held = held.drop_columns([name for name in ("corrected_yuan", "confidence") if name in held.column_names])
        pq.write_table(held.replace_schema_metadata({**held.schema.metadata, schema.VERSION_KEY: "2"}), file)
    for end in ("parquet", "csv"):
        (output / "data" / f"corrections.{end}").unlink()
    with journal.opened(output) as store:
        journal.note(store, schema=2)
    assert dataset.read_table(output / "data" / "figures.parquet", "figures").column("corrected_yuan").null_count > 0
    assert main(["migrate", str(output)]) == 0
    assert tables(output).keys() == fresh.keys()
    assert {name for name, data in tables(output).items() if data != fresh[name]} == set()
    assert main(["validate", str(output)]) == 0


def test_what_a_newer_version_wrote_is_refused(tmp_path: Path) -> None:
    typed = schema.arrow("glossary").with_metadata({schema.VERSION_KEY: str(schema.VERSION + 1)})
    pq.write_table(pa.Table.from_pylist([], schema=typed), tmp_path / "glossary.parquet")
    with pytest.raises(OutputError, match="newer gongkai"):
        dataset.read_table(tmp_path / "glossary.parquet", "glossary")
