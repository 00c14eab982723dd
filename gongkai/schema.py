"""The columns of every table, read from columns.csv: one explicit Arrow schema per table, used for every file we write.

`columns.csv` lists the columns a table has of its own; the columns every data table repeats (`*head`) come before them and the
evidence columns (`*evidence`) after them. `documents` has only its own. Beside the type it says which `values` a column can have and
which column it `references`: what a validator, a data package and a database are told is told there, once.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

VERSION = 4  # of the files' columns and metadata; what changed from one to the next is in migration.py
VERSION_KEY, TABLE_KEY = b"gongkai.schema_version", b"gongkai.table"  # in the metadata of every Parquet file
HEAD, EVIDENCE = "*head", "*evidence"
TABLE_TITLES = {
    "documents": ("文件", "one row per input, whatever happened to it"),
    "sections": ("章节", "headings and the prose under them"),
    "organisation": ("机构职责", "duties, internal offices, subordinate units"),
    "glossary": ("名词解释", "terms and the document's own definitions"),
    "budget_lines": ("收支数据", "money, percents and ratios, from tables and narrative"),
    "quantities": ("数量", "counts: people, vehicles, batches, projects"),
    "projects": ("项目自评表", "one row per self-evaluation or target form"),
    "project_funds": ("项目资金", "the funds block of a form"),
    "indicators": ("绩效指标", "one row per indicator of a form"),
    "scores": ("得分", "the score card of a form"),
    "findings": ("核对结果", "outcomes of the checks, and everything odd"),
    "unexplained_numbers": ("未解释数字", "numerals no row uses and no rule names as a non-figure"),
}

DERIVED_TITLES = {
    "figures": ("主要数据", "the main figures of every department-year, one to a row, with the row each was taken from; only in data/"),
    "disagreements": ("文件间不一致", "totals that two documents of one department-year state differently; only in data/"),
    "corrections": ("人工核对", "what people decided about values, beside what was extracted; only in data/"),
    "ledger": ("跨文件核对", "checks across documents, written by `gongkai check`; only in data/"),
}
WHOLE = frozenset({"documents", *DERIVED_TITLES})  # tables without the repeated columns


class Column(NamedTuple):
    """One column as columns.csv declares it.

    `unit` names a unit or the column that holds it. `values` is what a cell may be, where that is known: `a|b` these words, `/x/` whatever
    the expression matches as a whole, `1..` a number from there up. `references` is the `table.column` whose values it repeats (`*`: any table's).
    """

    table: str
    name: str
    type: str
    nullable: bool
    unit: str
    values: str
    references: str
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str


@cache
def declared() -> tuple[Column, ...]:
    """The lines of columns.csv."""
    lines = csv.reader(files("gongkai").joinpath("columns.csv").read_text(encoding="utf-8").splitlines())
    next(lines)
    return tuple(Column(table, name, kind, nullable == "true", *rest) for table, name, kind, nullable, *rest in lines)


@cache
def columns(table: str) -> tuple[Column, ...]:
    """All columns of a table, in the order of its files.

    >>> [column.name for column in columns("glossary")][:9]
    ['row_id', 'document_id', 'region_code', 'department', 'entity_level', 'stage', 'fiscal_year', 'term', 'definition']
    """
    groups = (table,) if table in WHOLE else (HEAD, table, EVIDENCE)
    return tuple(column._replace(table=table) for group in groups for column in declared() if column.table == group)


def primary_key(table: str) -> str | None:
    """The column that names a row; None for the tables that are made of others' rows.

    >>> primary_key("budget_lines"), primary_key("projects"), primary_key("documents"), primary_key("ledger")
    ('row_id', 'row_id', 'document_id', None)
    """
    return "document_id" if table == "documents" else None if table in WHOLE else "row_id"


def department_id(region_code: str | None, department: str | None) -> str | None:
    """The id of a department, as its folders are named: region code (000000 where unknown) - first 8 hex of sha256(department).

    >>> department_id("500229", "重庆市城口县山地气候服务办公室")
    '500229-2ac5e717'
    """
    return f"{region_code or '000000'}-{sha256(department.encode()).hexdigest()[:8]}" if department else None


def own_columns(table: str) -> tuple[Column, ...]:
    """The columns a table has beside the repeated ones and its evidence."""
    return tuple(column for column in declared() if column.table == table)


def allows(column: Column) -> Callable[[Any], bool]:
    """Whether a value is one of those that a column's `values` allow.

    >>> [allows(column)("2023-05") for column in own_columns("documents") if column.name == "published_on"]
    [False]
    """
    values = column.values
    if values.startswith("/"):
        pattern = re.compile(values[1:-1], re.DOTALL)
        return lambda value: pattern.fullmatch(value) is not None
    if values.endswith(".."):
        least = int(values[:-2])
        return lambda value: bool(value >= least)
    allowed = frozenset(values.split("|"))
    return lambda value: value in allowed


@cache
def arrow(table: str) -> pa.Schema:
    """The Arrow schema of a table.

    >>> arrow("budget_lines").field("amount_yuan").type
    Decimal128Type(decimal128(20, 2))
    """
    import pyarrow as pa  # noqa: PLC0415  `gongkai --help` must not wait for Arrow

    span = [pa.field("char_start", pa.int64()), pa.field("char_end", pa.int64())]
    types = {
        "string": pa.string(),
        "bool": pa.bool_(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "double": pa.float64(),
        "decimal(24,6)": pa.decimal128(24, 6),
        "decimal(20,2)": pa.decimal128(20, 2),
        "list<string>": pa.list_(pa.string()),
        "list<text,link>": pa.list_(pa.struct([pa.field("text", pa.string()), pa.field("link", pa.string())])),
        "list<char_start,char_end>": pa.list_(pa.struct(span)),
        "list<field,raw,char_start,char_end>": pa.list_(
            pa.struct([pa.field("field", pa.string()), pa.field("raw", pa.string()), *span])
        ),
    }
    fields = [pa.field(column.name, types[column.type], column.nullable) for column in columns(table)]
    return pa.schema(fields, metadata={TABLE_KEY: table, VERSION_KEY: str(VERSION)})
