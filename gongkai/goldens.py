"""Fixtures and what they must yield: fixtures/<name>/{input.*, source.toml, expected/<table>.csv}.

A golden holds every row, and of its columns what a person can judge from the page. Left out: the columns every table repeats (they are in
documents.csv), which version read it from where, and positions: one more row or word would move them all and hide the change. That
positions are right is proven for every row otherwise: each must read back its `raw`.
"""

from __future__ import annotations

import csv
import io
import tomllib
from difflib import unified_diff
from typing import TYPE_CHECKING

from gongkai import schema
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import TABLES
from gongkai.errors import UsageError
from gongkai.extraction import Task, read_rows
from gongkai.sources import EXAMPLE, Item, Origin, digest, example_inputs, nearest

if TYPE_CHECKING:
    from pathlib import Path

EXPECTED = "expected"
NOT_THE_DOCUMENTS = {"document_id", "source", "source_sha256", "extractor_version", "seconds", "sources", "source_page", "parent_document_id", "fetched_at"}
REPEATED = {column.name for column in schema.own_columns(schema.HEAD)}
POSITIONS = {"confidence", "x0", "y0", "x1", "y1", "char_start", "char_end", "passages", "cells", "evidence_ids"}


def yielded(fixture: Path) -> dict[str, str]:
    """File name to CSV text for every table the fixture's input fills; a table without rows has no golden."""
    file = _input(fixture)
    document, rows = read_rows(file.read_bytes(), Task(Item(Origin(_address(fixture)), (), digest(file)), ""))
    found = {"documents": [document], **rows}
    return {f"{table}.csv": _golden(table, csv_header(table) + csv_body(table, found[table]), str(document[0])) for table in TABLES if found.get(table)}


def expected(fixture: Path) -> dict[str, str]:
    """File name to CSV text of the goldens as accepted."""
    return {file.name: file.read_text(encoding="utf-8") for file in sorted((fixture / EXPECTED).glob("*.csv"))}


def changes(fixture: Path) -> str:
    """The difference between what was accepted and what comes out now; empty where there is none."""
    before, now = expected(fixture), yielded(fixture)
    lines: list[str] = []
    for name in sorted({*before, *now}):
        lines += unified_diff(
            before.get(name, "").splitlines(keepends=True), now.get(name, "").splitlines(keepends=True), f"{fixture.name}/{name} 原", f"{fixture.name}/{name} 新", n=0
        )
    return "".join(lines)


def accept(fixture: Path) -> str:
    """Write the goldens of a fixture; what changed, for the person who must answer for it."""
    if not (fixture / EXAMPLE).is_file():
        raise UsageError(zh=f"{fixture} 里没有 {EXAMPLE}{nearest(fixture)[0]}", en=f"{fixture} holds no {EXAMPLE}{nearest(fixture)[1]}")
    difference = changes(fixture)
    folder = fixture / EXPECTED
    folder.mkdir(exist_ok=True)
    now = yielded(fixture)
    for name in expected(fixture).keys() - now.keys():
        (folder / name).unlink()
    for name, text in now.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return difference


def _input(fixture: Path) -> Path:
    inputs = example_inputs(fixture)
    if len(inputs) != 1:
        raise UsageError(zh=f"{fixture} 应有且只有一个 input.*", en=f"{fixture} must hold exactly one input.*")
    return inputs[0]


def _address(fixture: Path) -> str:
    """The address the fixture claims; by default the name of its input."""
    return str(tomllib.loads((fixture / EXAMPLE).read_text(encoding="utf-8")).get("address", _input(fixture).name))


def _golden(table: str, text: str, document_id: str) -> str:
    dropped = NOT_THE_DOCUMENTS if table == "documents" else REPEATED | POSITIONS
    rows = csv.DictReader(io.StringIO(text.replace(f"{document_id}-", "")))
    kept = [name for name in rows.fieldnames or () if name not in dropped]
    lines = io.StringIO()
    writer = csv.DictWriter(lines, kept, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return lines.getvalue()
