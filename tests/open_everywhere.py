"""Open a dataset and its exports with everything people use, and compare the sums: python tests/open_everywhere.py DATASET

It needs the libraries of open_everywhere.txt and nothing of gongkai: what is proven is that strangers can read the files. The exports must have
been made: gongkai export DATASET --to xlsx, and --to sqlite. Prints one line per reader; ends with 1 where one of them counts otherwise, or where what it
reads is not there, unless --allow-missing says that it need not be.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sqlite3
import sys
from collections import defaultdict
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LONGEST = 2**31 - 1  # characters of a CSV field: Python's csv stops at 131,072 unless told
Row = dict[Any, Any]


class Sums(NamedTuple):
    """What every reader must find: rows per table, yuan of all budget lines, their values by unit, and the points of all score cards."""

    rows: tuple[int, ...]
    yuan: Decimal
    by_unit: tuple[tuple[str, Decimal], ...]
    points: Decimal


def number(value: Any) -> Decimal | None:
    """Whatever a reader makes of a number, exact; None for whatever it makes of a blank."""
    text = "" if value is None else str(value)
    return None if text in {"", "nan", "NaN", "<NA>", "None"} else Decimal(text)


def summed(counts: Iterable[int], lines: Iterable[tuple[Any, Any, Any]], points: Iterable[Any]) -> Sums:
    """`lines` are yuan, value and unit of each budget line."""
    yuan = Decimal(0)
    values: defaultdict[str, Decimal] = defaultdict(Decimal)
    for amount, value, unit in lines:
        yuan += number(amount) or 0
        values["" if unit is None or unit != unit else str(unit)] += number(value) or 0  # noqa: PLR0124  NaN is not itself
    plain = tuple(sorted((unit, value.normalize()) for unit, value in values.items()))
    return Sums(tuple(counts), yuan.normalize(), plain, sum((number(point) or Decimal(0) for point in points), Decimal(0)).normalize())


def tables_of(dataset: Path) -> list[str]:
    """Every table that stands in data/."""
    return sorted(file.stem for file in (dataset / "data").glob("*.parquet"))


def of_rows(dataset: Path, read: Callable[[str], list[Row]]) -> Sums:
    """The sums by a reader that gives the rows of a table."""
    tables = {table: read(table) for table in tables_of(dataset)}
    lines = [(row["amount_yuan"], row["value"], row["unit"]) for row in tables["budget_lines"]]
    return summed(map(len, tables.values()), lines, [row["score"] for row in tables["scores"]])


def with_csv(dataset: Path) -> Sums:
    def read(table: str) -> list[Row]:
        with (dataset / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))

    return of_rows(dataset, read)


def with_pyarrow(dataset: Path) -> Sums:
    import pyarrow.parquet as pq  # noqa: PLC0415

    return of_rows(dataset, lambda table: list(pq.read_table(dataset / "data" / f"{table}.parquet").to_pylist()))


def with_pandas(dataset: Path) -> Sums:
    import pandas as pd  # noqa: PLC0415

    return of_rows(dataset, lambda table: pd.read_parquet(dataset / "data" / f"{table}.parquet").to_dict("records"))


def with_pandas_csv(dataset: Path) -> Sums:
    import pandas as pd  # noqa: PLC0415

    return of_rows(dataset, lambda table: pd.read_csv(dataset / "data" / f"{table}.csv", dtype=str, keep_default_na=False).to_dict("records"))


def with_polars(dataset: Path) -> Sums:
    import polars as pl  # noqa: PLC0415

    return of_rows(dataset, lambda table: pl.read_parquet(dataset / "data" / f"{table}.parquet").to_dicts())


def with_duckdb(dataset: Path) -> Sums:
    import duckdb  # noqa: PLC0415

    def read(table: str) -> list[Row]:
        found = duckdb.execute(f"select * from '{dataset / 'data' / table}.parquet'")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    return of_rows(dataset, read)


def _of_database(found: list[Any], counts: list[int], points: list[Any]) -> Sums:
    return summed(counts, [(None if fen is None else Decimal(fen) / 100, value, unit) for fen, value, unit in found], points)


def with_sqlite(dataset: Path) -> Sums:
    with closing(sqlite3.connect(dataset / "export" / "gongkai.db")) as store:
        counts = [store.execute(f"select count(*) from {table}").fetchone()[0] for table in tables_of(dataset)]
        lines = store.execute("select amount_fen, value_exact, unit from budget_lines").fetchall()
        return _of_database(lines, counts, [score for (score,) in store.execute("select score_exact from scores")])


def with_datasette(dataset: Path) -> Sums:
    from datasette.app import Datasette  # noqa: PLC0415

    async def ask() -> Sums:
        export = dataset / "export"
        server = Datasette([str(export / "gongkai.db")], metadata=json.loads((export / "metadata.json").read_text(encoding="utf-8")), settings={"max_returned_rows": 1_000_000})
        await server.invoke_startup()
        page = await server.client.get("/gongkai/budget_lines")
        if "收支数据" not in page.text:
            raise ValueError("the page of a table lacks its title")

        async def rows(query: str) -> list[Any]:
            answer = await server.client.get("/gongkai.json", params={"sql": query, "_shape": "arrays"})
            return list(answer.json()["rows"])

        counts = [(await rows(f"select count(*) from {table}"))[0][0] for table in tables_of(dataset)]
        return _of_database(await rows("select amount_fen, value_exact, unit from budget_lines"), counts, [row[0] for row in await rows("select score_exact from scores")])

    return asyncio.run(ask())


def with_openpyxl(dataset: Path) -> Sums:
    import openpyxl  # noqa: PLC0415

    def read(table: str) -> list[Row]:
        book = openpyxl.load_workbook(dataset / "export" / "xlsx" / f"{table}.xlsx", read_only=True)
        head, *rows = book[table].iter_rows(values_only=True)
        book.close()
        names = [str(title).rsplit("\n", 1)[-1] for title in head]
        return [dict(zip(names, row, strict=True)) for row in rows]

    return of_rows(dataset, read)


def with_frictionless(dataset: Path) -> Sums:
    from frictionless import Package, system  # noqa: PLC0415

    with system.use_context(trusted=True):
        package = Package(str(dataset / "datapackage.json"))
        faults = [error.message for task in package.validate().tasks for error in task.errors]
        if faults:
            raise ValueError("; ".join(faults[:5]))
        return of_rows(dataset, lambda table: [row.to_dict() for row in package.get_table_resource(table).read_rows()])


READERS = {
    "csv (Python)": with_csv, "pyarrow": with_pyarrow, "pandas": with_pandas, "pandas, CSV": with_pandas_csv, "polars": with_polars, "DuckDB": with_duckdb,
    "SQLite": with_sqlite, "Datasette": with_datasette, "openpyxl": with_openpyxl, "frictionless": with_frictionless,
}  # fmt: skip


NEEDS = {"SQLite": "export/gongkai.db", "Datasette": "export/metadata.json", "openpyxl": "export/xlsx", "frictionless": "datapackage.json"}  # beside data/


def main(dataset: Path, *, allow_missing: bool = False) -> int:
    """One line per reader; 1 where they differ, or where what one reads is not there."""
    csv.field_size_limit(LONGEST)
    absent = {name: need for name, need in NEEDS.items() if not (dataset / need).exists()}
    found = {name: read(dataset) for name, read in READERS.items() if name not in absent}
    expected = found["pyarrow"]
    for name, sums in found.items():
        values = "  ".join(f"{unit or '-'} {value:f}" for unit, value in sums.by_unit)
        print(f"{name:14} {'ok  ' if sums == expected else 'DIFFERS'} {sum(sums.rows):7} rows  {sums.yuan:f} yuan  {sums.points:f} points  {values}")
    for name, need in absent.items():
        print(f"{name:14} MISSING {need}")
    print("rows:", "  ".join(f"{table} {count}" for table, count in zip(tables_of(dataset), expected.rows, strict=True)))
    return 0 if set(found.values()) == {expected} and expected.yuan and (allow_missing or not absent) else 1


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("dataset", type=Path)
    asked.add_argument("--allow-missing", action="store_true")
    given = asked.parse_args()
    sys.exit(main(given.dataset, allow_missing=given.allow_missing))
