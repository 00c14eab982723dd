"""datapackage.json: the dataset described for programs, as Data Package v2 (https://datapackage.org/standard/data-package/).

Every table of data/ is a resource twice: `budget_lines`, the CSV, with types, allowed values, keys and titles as columns.csv declares them; and
`budget_lines-parquet`, a file that brings its types along (validators turn Parquet into floats and arrays before they look at it). It holds no
time, so the same dataset is described by the same bytes.
"""

from __future__ import annotations

import json
import re
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from gongkai import schema
from gongkai.csvtext import UNGUARD
from gongkai.dataset import DATA, replace_text
from gongkai.export import tables

if TYPE_CHECKING:
    from pathlib import Path

    from gongkai.schema import Column

DESCRIPTOR = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA_PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"
TYPES = {"string": "string", "bool": "boolean", "int32": "integer", "int64": "integer", "double": "number", "decimal(24,6)": "number", "decimal(20,2)": "number"}
NOTE = (
    "从政府部门公开的预算、决算网页与文件中读出的数据，每个数值附原文与出处。CSV 中会被电子表格当作公式执行的单元格以一个撇号开头，"
    f"还原：将 {UNGUARD} 替换为 \\1；Parquet 无此改动。 "
    "Read from the budgets and final accounts that Chinese government bodies disclose; every value with the words it was read from. A CSV cell that a "
    f"spreadsheet would run as a formula begins with one apostrophe: replace {UNGUARD} by \\1; Parquet is bare."
)


def described(dataset: Path) -> dict[str, Any]:
    """The descriptor of what data/ holds now."""
    present = tables(dataset)
    return {
        "$schema": PROFILE,
        "name": "gongkai",
        "title": "预决算公开数据集 Budgets and final accounts as disclosed",
        "description": NOTE,
        "version": str(schema.VERSION),
        "resources": [*(_table(dataset, table, present) for table in present), *(_parquet(dataset, table) for table in present)],
    }


def _table(dataset: Path, table: str, present: list[str]) -> dict[str, Any]:
    zh, en = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}[table]
    return {
        "name": table,
        "type": "table",
        "title": zh,
        "description": en,
        **_file(dataset / DATA / f"{table}.csv"),
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": _schema(table, present),
    }


def _parquet(dataset: Path, table: str) -> dict[str, Any]:
    zh, _ = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}[table]
    return {"name": f"{table}-parquet", "type": "file", "title": zh, "description": f"the rows of {table}, exact: decimals, lists, blanks", **_file(dataset / DATA / f"{table}.parquet"), "mediatype": "application/vnd.apache.parquet"}


def _file(file: Path) -> dict[str, Any]:
    with file.open("rb") as data:
        digest = file_digest(data, "sha256").hexdigest()
    return {"path": f"{DATA}/{file.name}", "format": file.suffix[1:], "bytes": file.stat().st_size, "hash": f"sha256:{digest}"}


def _schema(table: str, present: list[str]) -> dict[str, Any]:
    columns = schema.columns(table)
    key = schema.primary_key(table)
    foreign = [
        {"fields": [column.name], "reference": {"resource": "" if home == table else home, "fields": [field]}}
        for column in columns
        if column.references and not column.type.startswith("list")
        for home, field in [column.references.split(".")]
        if home in present
    ]
    return {
        "$schema": SCHEMA_PROFILE,
        "fields": [_field(column) for column in columns],
        "missingValues": [""],
        **({"primaryKey": [key]} if key else {}),
        **({"foreignKeys": foreign} if foreign else {}),
    }


def _field(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": TYPES.get(column.type, "array"),
        "title": f"{column.title_zh} {column.title_en}",
        "description": f"{column.description_zh}；{column.description_en}",
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": found} if (found := _constraints(column)) else {}),
    }


def _constraints(column: Column) -> dict[str, Any]:
    values = column.values
    allowed: dict[str, Any] = {}
    if values.startswith("/"):
        allowed = {"pattern": values[1:-1]}
    elif values.endswith(".."):
        allowed = {"minimum": int(values[:-2])}
    elif values:
        allowed = {"enum": values.split("|")}
    blank = values.startswith("/") and re.fullmatch(values[1:-1], "") is not None  # an empty text, which CSV cannot tell from none
    return {**({} if column.nullable or blank else {"required": True}), **allowed}


def write(dataset: Path, place: Path) -> list[Path]:
    """Describe the dataset in a file."""
    replace_text(place, json.dumps(described(dataset), ensure_ascii=False, indent=1) + "\n")
    return [place]
