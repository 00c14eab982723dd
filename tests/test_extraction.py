"""One document the whole way: every row of every example and of the shared corpus reads back from the text it names."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extract.reading import read
from gongkai import schema
from gongkai.dataset import encoded
from gongkai.extraction import Task, read_rows
from gongkai.sources import Item, Origin, example_inputs
from normalize.records import TABLES

if TYPE_CHECKING:
    from extract.document import Document

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
EXAMPLES = sorted(folder.name for folder in FIXTURES.iterdir() if len(list(example_inputs(folder))) == 1)


def rows_of(file: Path) -> tuple[Document, dict[str, list[dict[str, Any]]]]:
    """The document of a file, and its rows by table, each by column name."""
    data = file.read_bytes()
    _, rows = read_rows(data, Task(Item(Origin(file.name), (), hashlib.sha256(data).hexdigest()), ""))
    named = {table: [dict(zip((column.name for column in schema.columns(table)), row, strict=True)) for row in found] for table, found in rows.items()}
    return read(data, file.name), named


def what_does_not_read_back(document: Document, rows: dict[str, list[dict[str, Any]]]) -> list[tuple[str, object]]:
    content = document.content
    wrong: list[tuple[str, object]] = []
    for row in (row for found in rows.values() for row in found):
        if row["char_start"] is not None and content[row["char_start"] : row["char_end"]] != (row["raw"] or ""):  # an untitled section has an empty place
            wrong.append((row["row_id"], row["raw"]))
        wrong += [(row["row_id"], cell) for cell in row.get("cells", ()) if content[cell["char_start"] : cell["char_end"]] != cell["raw"]]
        if "passages" in row and "\n".join(content[span["char_start"] : span["char_end"]] for span in row["passages"]) != (row["text"] or ""):
            wrong.append((row["row_id"], row["text"]))
    return wrong


def values_without_evidence(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    return [row["row_id"] for table in ("budget_lines", "quantities") for row in rows.get(table, ()) if row["char_start"] is None or not row["raw"]]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_row_of_an_example_reads_back_and_no_value_is_without_evidence(name: str) -> None:
    (file,) = example_inputs(FIXTURES / name)
    document, rows = rows_of(file)
    assert what_does_not_read_back(document, rows) == []
    assert values_without_evidence(rows) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_row_ids_are_unique_and_what_findings_name_exists(name: str) -> None:
    (file,) = example_inputs(FIXTURES / name)
    _, rows = rows_of(file)
    ids = [row["row_id"] for found in rows.values() for row in found]
    assert len(set(ids)) == len(ids)
    assert {identifier for finding in rows.get("findings", ()) for identifier in finding["evidence_ids"]} <= set(ids)
    assert {row["project_id"] for table in ("project_funds", "indicators", "scores") for row in rows.get(table, ())} <= {
        row["project_id"] for row in rows.get("projects", ())
    }


@pytest.mark.corpus
def test_every_row_of_the_shared_corpus_reads_back_and_can_be_written(shared: Path) -> None:
    wrong = []
    for file in sorted((shared / "corpus" / "dev").iterdir()):
        document, rows = rows_of(file)
        wrong += [(file.name, row) for row in what_does_not_read_back(document, rows)] + [(file.name, row) for row in values_without_evidence(rows)]
    assert wrong == []


def test_a_document_that_cannot_be_read_is_a_row_and_nothing_else() -> None:
    row, rows = read_rows(b"", Task(Item(Origin("empty.html"), (), hashlib.sha256(b"").hexdigest()), "1+0"))
    values = dict(zip((column.name for column in schema.columns("documents")), row, strict=True))
    assert {name: value for name, value in values.items() if value not in (None, [])} == {
        "document_id": "e3b0c44298fc1c14", "source": "empty.html", "source_sha256": hashlib.sha256(b"").hexdigest(), "media_type": "application/x-empty", "sources": ["empty.html"],
        "doc_kind": "other", "number_count": 0, "numbers_explained": 0, "status": "unreadable", "reason": "文件为空 / the file is empty", "extractor_version": "1+0",
    }
    assert rows == {}
    assert list(encoded(row, rows)) == ["documents"]


def test_all_tables_of_the_contract_are_written() -> None:
    assert list(TABLES) == [table for table in schema.TABLE_TITLES if table != "documents"]
