"""Datasets of earlier schema versions: their tables are lifted step by step as they are read, and `gongkai migrate` writes them so.

From 1 to 2: documents.department_id; every Parquet file names its table and version.
From 2 to 3: figures.corrected_yuan; the table corrections, which the next run makes.
From 3 to 4: confidence, at the end of every data table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from gongkai import schema
from gongkai.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable


def version_of(found: pa.Schema) -> int:
    """The schema version a file was written with; the first wrote none.

    >>> version_of(pa.schema([])), version_of(schema.arrow("glossary")) == schema.VERSION
    (1, True)
    """
    return int((found.metadata or {}).get(schema.VERSION_KEY, 1))


def lifted(table: str, rows: pa.Table) -> pa.Table:
    """The rows of a table as this version has them. Raises `OutputError` for what a newer version wrote."""
    version = version_of(rows.schema)
    if version > schema.VERSION:
        raise OutputError(
            zh=f"数据由更新的版本写出（架构 {version}，本程序 {schema.VERSION}）；请升级 gongkai",
            en=f"written by a newer gongkai (schema {version}, ours is {schema.VERSION}); upgrade gongkai",
        )
    for step in range(version, schema.VERSION):
        rows = STEPS[step](table, rows)
    target = schema.arrow(table)
    return rows if version == schema.VERSION or rows.schema.names != target.names else rows.cast(target)


def _with_department_ids(table: str, rows: pa.Table) -> pa.Table:
    if table != "documents":
        return rows
    ids = [schema.department_id(region, name) for region, name in zip(*(rows.column(name).to_pylist() for name in ("region_code", "department")), strict=True)]
    return rows.add_column(rows.schema.get_field_index("department") + 1, pa.field("department_id", pa.string()), pa.array(ids, pa.string()))


def _with_corrected_yuan(table: str, rows: pa.Table) -> pa.Table:
    if table != "figures":
        return rows
    field = schema.arrow("figures").field("corrected_yuan")
    return rows.add_column(rows.schema.get_field_index("repaired_yuan") + 1, field, pa.nulls(rows.num_rows, field.type))


def _with_confidence(table: str, rows: pa.Table) -> pa.Table:
    return rows if table in schema.WHOLE else rows.append_column(schema.arrow(table).field("confidence"), pa.nulls(rows.num_rows, pa.float64()))


STEPS: dict[int, Callable[[str, pa.Table], pa.Table]] = {1: _with_department_ids, 2: _with_corrected_yuan, 3: _with_confidence}
