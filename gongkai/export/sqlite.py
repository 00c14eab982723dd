"""One SQLite database, gongkai.db, and metadata.json beside it for Datasette.

SQLite has no decimals. Values are kept as printed text beside a number: `value` is text, exact; `value_real` is generated from it for sorting, sums and
plots. Yuan are exact numbers: `amount_yuan` is kept as `amount_fen`, whole cents, so that `sum(amount_fen) / 100` is exact; `amount_yuan` is generated.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from gongkai import schema
from gongkai.csvtext import cell_text
from gongkai.dataset import DATA, replace_file
from gongkai.export import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gongkai.schema import Column

METADATA = "metadata.json"
BATCH = 10_000
INDEXED = ("document_id", "department", "fiscal_year", "measure", "concept", "project_id", "check_id", "status")
FACETS = ("department", "fiscal_year", "stage", "status", "measure", "basis", "severity", "check_id", "doc_kind")
KINDS = {"bool": "INTEGER", "int32": "INTEGER", "int64": "INTEGER", "double": "REAL"}  # everything else is text
FEN = Decimal(100)


def write(dataset: Path, place: Path) -> list[Path]:
    """Write the database and its metadata anew."""
    replace_file(place, lambda fresh: _fill(dataset, fresh))
    metadata = place.with_name(METADATA)
    metadata.write_text(json.dumps(_metadata(dataset, place.stem), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return [place, metadata]


def _fill(dataset: Path, place: Path) -> None:
    place.unlink(missing_ok=True)
    present = tables(dataset)
    with closing(sqlite3.connect(place, isolation_level=None)) as store:
        store.executescript(f"pragma journal_mode = off; pragma synchronous = off; pragma user_version = {schema.VERSION};")
        for table in present:
            columns = schema.columns(table)
            store.execute(_creation(table, present))
            store.execute("begin")
            marks = ", ".join("?" * len(columns))
            for rows in _rows(dataset / DATA / f"{table}.parquet", columns):
                store.executemany(f"insert into {table} ({', '.join(map(_stored, columns))}) values ({marks})", rows)  # noqa: S608  names are the schema's
            store.execute("commit")
            for name in INDEXED:
                if any(column.name == name for column in columns):
                    store.execute(f'create index "{table}_{name}" on {table} ("{name}")')
        store.execute("analyze")


def _is_money(column: Column) -> bool:
    return column.type == "decimal(20,2)"


def _stored(column: Column) -> str:
    return f'"{column.name.removesuffix("_yuan")}_fen"' if _is_money(column) else f'"{column.name}"'


def _creation(table: str, present: list[str]) -> str:
    """The statement that makes a table: strict types, generated numbers beside exact ones, keys as columns.csv says."""
    key = schema.primary_key(table)
    lines, keys = [], []
    for column in schema.columns(table):
        needed = "" if column.nullable else " not null"
        if _is_money(column):
            lines.append(f"{_stored(column)} INTEGER{needed}")
            lines.append(f'"{column.name}" REAL generated always as ({_stored(column)} / 100.0) virtual')
        elif column.type.startswith("decimal"):
            lines.append(f'"{column.name}" TEXT{needed}')
            lines.append(f'"{column.name}_real" REAL generated always as (cast("{column.name}" as real)) virtual')
        else:
            lines.append(f'"{column.name}" {KINDS.get(column.type, "TEXT")}{needed}{" primary key" if column.name == key else " unique" if _is_referred(table, column.name) else ""}')
        home, _, name = column.references.partition(".")
        if home in present and not column.type.startswith("list"):
            keys.append(f'foreign key ("{column.name}") references {home} ("{name}")')
    return f"create table {table} ({', '.join([*lines, *keys])}) strict"


def _is_referred(table: str, name: str) -> bool:
    return any(column.references == f"{table}.{name}" for column in schema.declared())


def _rows(file: Path, columns: tuple[Column, ...]) -> Iterator[list[tuple[Any, ...]]]:
    prints = [_print(column) for column in columns]
    with pq.ParquetFile(file) as rows:
        for batch in rows.iter_batches(BATCH, columns=[column.name for column in columns]):
            values = [[None if value is None else put(value) for value in column.to_pylist()] for put, column in zip(prints, batch.columns, strict=True)]
            yield list(zip(*values, strict=True))


def _print(column: Column) -> Callable[[Any], Any]:
    if _is_money(column):
        return lambda amount: int(amount * FEN)
    return (lambda value: value) if column.type in {*KINDS, "string"} else cell_text


def _metadata(dataset: Path, name: str) -> dict[str, Any]:
    titles = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}
    return {
        "title": "预决算公开数据集 Budgets and final accounts as disclosed",
        "description": "金额：amount_fen 为精确的分，amount_yuan 与 *_real 为近似数 / amount_fen holds exact cents; amount_yuan and *_real are approximate numbers",
        "databases": {
            name: {
                "tables": {
                    table: {
                        "title": f"{titles[table][0]} {table}",
                        "description": titles[table][1],
                        "columns": {column.name: f"{column.title_zh} {column.title_en}: {column.description_zh}；{column.description_en}" for column in schema.columns(table)},
                        "facets": [column.name for column in schema.columns(table) if column.name in FACETS],
                    }
                    for table in tables(dataset)
                }
            }
        },
    }
