"""One SQLite database, gongkai.db, and metadata.json beside it for Datasette.

SQLite has no decimals. What is stored is exact, and a number under the column's own name is generated from it, so that whoever sorts, filters or
plots it never compares text: `value` is a REAL made of `value_exact`, the decimal as text. Yuan can be summed exactly: `amount_yuan` is a REAL made of
`amount_fen`, whole cents, and `sum(amount_fen)` is exact. In the sqlite3 shell `decimal_sum(value_exact)` is.
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
from gongkai.errors import DependencyError, OutputError, UsageError
from gongkai.export import tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gongkai.schema import Column

METADATA = "metadata.json"
BATCH = 10_000
INDEXED = (("document_id",), ("department", "fiscal_year"), ("fiscal_year",), ("measure",), ("concept",), ("project_id",), ("check_id",), ("status",))
NEEDED = (3, 37)  # of SQLite, for strict tables
MOST_FEN = 2**63 - 1
TITLE = "预决算公开数据集 Budgets and final accounts as disclosed"
FACETS = ("department", "fiscal_year", "stage", "status", "measure", "basis", "severity", "check_id", "doc_kind")
KINDS = {"bool": "INTEGER", "int32": "INTEGER", "int64": "INTEGER", "double": "REAL"}  # everything else is text
FEN = Decimal(100)


def write(dataset: Path, place: Path) -> list[Path]:
    """Write the database and its metadata anew.

    Raises `DependencyError` where Python has an old SQLite, `UsageError` where somebody else's metadata.json stands beside the place.
    """
    if sqlite3.sqlite_version_info < NEEDED:
        raise DependencyError(zh=f"需要 SQLite 3.37 以上，此 Python 自带 {sqlite3.sqlite_version}", en=f"needs SQLite 3.37 or newer; this Python has {sqlite3.sqlite_version}")
    metadata = place.with_name(METADATA)
    if metadata.exists() and TITLE not in metadata.read_text(encoding="utf-8", errors="replace"):
        raise UsageError(zh=f"{metadata} 不是本程序所写，不予覆盖；请用 --out 另指位置", en=f"{metadata} is not ours and stays; name another place with --out")
    replace_file(place, lambda fresh: _fill(dataset, fresh))
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
            held = {column.name for column in columns}
            for names in INDEXED:
                if held.issuperset(names):
                    store.execute(f"create index {'_by_'.join((table, '_'.join(names)))} on {table} ({', '.join(names)})")
        store.execute("analyze")


def _is_money(column: Column) -> bool:
    return column.type == "decimal(20,2)"


def _stored(column: Column) -> str:
    return f'"{_exact(column)}"'


def _exact(column: Column) -> str:
    """The stored column, which is exact: `amount_fen` for `amount_yuan`, `value_exact` for `value`, others under their own name."""
    return f"{column.name.removesuffix('_yuan')}_fen" if _is_money(column) else f"{column.name}_exact" if column.type.startswith("decimal") else column.name


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
            lines.append(f"{_stored(column)} TEXT{needed}")
            lines.append(f'"{column.name}" REAL generated always as (cast({_stored(column)} as real)) virtual')
        else:
            lines.append(f'"{column.name}" {KINDS.get(column.type, "TEXT")}{needed}{" primary key" if column.name == key else " unique" if _is_referred(table, column.name) else ""}')
        home, _, name = column.references.partition(".")
        if home in present and not column.type.startswith("list"):
            keys.append(f'foreign key ("{column.name}") references {home} ("{name}") deferrable initially deferred')
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
        return _fen
    return (lambda value: value) if column.type in {*KINDS, "string"} else cell_text


def _fen(amount: Decimal) -> int:
    """Whole cents. Raises `OutputError` for an amount of more than 64 bits: some ninety quadrillion yuan, which nobody's budget holds.

    >>> _fen(Decimal("-606.04"))
    -60604
    """
    if abs(fen := int(amount * FEN)) > MOST_FEN:
        raise OutputError(zh=f"金额 {amount} 元超出 SQLite 整数的范围；该数据请用 Parquet", en=f"{amount} yuan is more than an integer of SQLite holds; use Parquet for this dataset")
    return fen


def _described(column: Column) -> dict[str, str]:
    """What Datasette says of a column, of the exact one too."""
    text = f"{column.title_zh} {column.title_en}: {column.description_zh}；{column.description_en}" + (f" [{column.unit}]" if column.unit else "")
    if _exact(column) == column.name:
        return {column.name: text}
    exact = "精确的分（整数），可求和 whole cents, exact, can be summed" if _is_money(column) else "精确的十进制文本 the exact decimal, as text"
    return {_exact(column): f"{column.title_zh} {column.title_en}: {exact}", column.name: f"{text}；近似数 approximate, from {_exact(column)}"}


def _metadata(dataset: Path, name: str) -> dict[str, Any]:
    titles = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}
    return {
        "title": TITLE,
        "description": "*_fen 为精确的分，*_exact 为精确的十进制文本；由其生成的 amount_yuan、value 等为近似数，供排序与作图 / *_fen are exact cents, *_exact exact decimals as text; amount_yuan, value and the like are approximate numbers made of them, to sort and plot",
        "databases": {
            name: {
                "tables": {
                    table: {
                        "title": f"{titles[table][0]} {table}",
                        "description": titles[table][1],
                        "columns": {name: text for column in schema.columns(table) for name, text in _described(column).items()},
                        "facets": [column.name for column in schema.columns(table) if column.name in FACETS],
                    }
                    for table in tables(dataset)
                }
            }
        },
    }
