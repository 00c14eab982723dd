"""`gongkai diff A B`: which values two datasets do not share, e.g. made by two versions: added, gone, changed.

Rows are compared by what they say and where it is printed, never by their number in the document, which shifts with every row before
them. A row that is gone and one that is added with the same printed place are one row that changed. In memory stands one
department-year of each dataset.
"""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import dataset, journal, schema
from gongkai.csvtext import cell_text, guarded
from gongkai.errors import OutputError
from gongkai.summary import aligned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNCOMPARED = frozenset({"row_id", "project_id", "evidence_ids", "extractor_version", "seconds"})  # numbers of rows, and what differs by itself
PLACE = ("char_start", "char_end")
SHOWN = 40
TITLES = ("表 table", "新增\nadded", "消失\ngone", "改变\nchanged")
COLUMNS = ("kind", "table", "document_id", "source", "department", "fiscal_year", "row_id", "raw", "column", "before", "after")


class Difference(NamedTuple):
    """One row that only one dataset has, or one column of a row that differs. kind: added | gone | changed."""

    kind: str
    table: str
    document_id: str
    source: str
    department: str | None
    fiscal_year: int | None
    row_id: str  # in the second dataset, or in the first where it is gone
    raw: str | None
    column: str
    before: str
    after: str


def differences(first: Path, second: Path) -> Iterator[Difference]:
    """Every difference, department-year by department-year."""
    for place in (first, second):
        if not (place / journal.JOURNAL).exists():
            raise OutputError(zh=f"{place} 不是本程序的数据集", en=f"{place} is no dataset of ours")
    with closing(_both(first, second)) as store:
        query = "select document_id, max(a), max(b) from pairs group by document_id order by 2, 3, 1"
        for (one, other), documents in groupby(store.execute(query), key=lambda row: (row[1], row[2])):
            identifiers = {row[0] for row in documents}
            before, after = _rows(first, one, identifiers), _rows(second, other, identifiers)
            for table in dataset.TABLES:
                for identifier in sorted(identifiers):
                    yield from compared(table, before.get((table, identifier), []), after.get((table, identifier), []))


def _both(first: Path, second: Path) -> sqlite3.Connection:
    """Each document with the folder it has in either dataset, on disk."""
    store = sqlite3.connect("", isolation_level=None)
    store.execute("create table pairs (document_id, a, b)")
    for column, place in (("a", first), ("b", second)):
        with journal.looked_into(place) as held:
            store.execute("begin")
            rows = held.execute("select document_id, folder from documents")
            store.executemany(f"insert into pairs (document_id, {column}) values (?, ?)", rows)  # noqa: S608
            store.execute("commit")
    return store


def _rows(output: Path, folder: str | None, identifiers: set[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of the documents, by table and document."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    if folder is not None and (output / folder).is_dir():
        sources = {row["document_id"]: row["source"] for row in dataset.read_table(output / folder / "documents.parquet", "documents").to_pylist()}
        for table in dataset.TABLES:
            for row in dataset.read_table(output / folder / f"{table}.parquet", table).to_pylist():
                if row["document_id"] in identifiers:
                    found[table, row["document_id"]].append({**row, "source": row.get("source", sources.get(row["document_id"]))})
    return found


def compared(table: str, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Iterator[Difference]:
    """What differs between the rows that a document has in a table."""
    columns = [column.name for column in schema.columns(table) if column.name not in UNCOMPARED]
    words = partial(_words, columns)
    gone, added = _without(before, Counter(map(words, after)), words), _without(after, Counter(map(words, before)), words)
    for names in (("measure", "basis", *PLACE), PLACE, ()) if table == "documents" else (("measure", "basis", *PLACE), PLACE):
        for row, other in _paired(gone, added, names):
            for column in columns:
                if row[column] != other[column]:
                    yield _difference("changed", table, other, column, cell_text(row[column]), cell_text(other[column]))
    for row in gone:
        yield _difference("gone", table, row, "", _said(row, columns), "")
    for row in added:
        yield _difference("added", table, row, "", "", _said(row, columns))


def _paired(gone: list[dict[str, Any]], added: list[dict[str, Any]], names: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows that share what they are named by and are printed somewhere; what is paired is taken out of both lists."""
    waiting: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in added:
        waiting[tuple(row.get(name) for name in names)].append(row)
    pairs = []
    for row in gone:
        key = tuple(row.get(name) for name in names)
        if (row.get(PLACE[0]) is not None or not names) and waiting[key]:
            pairs.append((row, waiting[key].pop(0)))
    for row, other in pairs:
        gone.remove(row)
        added.remove(other)
        yield row, other


def _words(columns: list[str], row: dict[str, Any]) -> str:
    return "\x1f".join(cell_text(row[column]) for column in columns)


def _without(rows: list[dict[str, Any]], others: Counter[str], words: Any) -> list[dict[str, Any]]:
    left = []
    for row in rows:
        said = words(row)
        if others[said]:
            others[said] -= 1
        else:
            left.append(row)
    return left


def _said(row: dict[str, Any], columns: Iterable[str]) -> str:
    return json.dumps({column: cell_text(row[column]) for column in columns if row[column] is not None}, ensure_ascii=False)


def _difference(kind: str, table: str, row: dict[str, Any], column: str, before: str, after: str) -> Difference:
    return Difference(kind, table, row["document_id"], row["source"], row["department"], row["fiscal_year"], row.get("row_id", row["document_id"]), row.get("raw"), column, before, after)


def shown(found: Iterable[Difference], file: Path | None = None) -> str:
    """The differences counted by table, the first of them in full; all of them as CSV where a file is named."""
    counts: Counter[tuple[str, str]] = Counter()
    first: list[Difference] = []
    changed = ""
    with (file or Path(os.devnull)).open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(COLUMNS)
        for difference in found:
            if difference.kind != "changed" or difference.row_id != changed:  # a row that changed in two columns is one row
                counts[difference.table, difference.kind] += 1
            changed = difference.row_id
            if len(first) < SHOWN:
                first.append(difference)
            writer.writerow([guarded(cell_text(value)) for value in difference])
    tables = [table for table in dataset.TABLES if any(counts[table, kind] for kind in ("added", "gone", "changed"))]
    if not tables:
        return "没有不同 no differences"
    rows = [[table, *(str(counts[table, kind]) for kind in ("added", "gone", "changed"))] for table in tables]
    return "\n".join([aligned(TITLES, rows), *map(_line, first)])


def _line(difference: Difference) -> str:
    what = f"{difference.column}: {difference.before or '空 blank'} → {difference.after or '空 blank'}" if difference.column else difference.before or difference.after
    return f"{difference.kind}  {difference.table}  {difference.department or difference.source} {difference.fiscal_year or ''}  {difference.raw or ''}  {what}"[:300]
