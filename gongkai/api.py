"""For notebooks: a dataset as tables to ask for, and one file read at once.

>>> import gongkai
>>> dataset = gongkai.open("output")  # doctest: +SKIP
>>> dataset.figures(year=2021, concept="three_public_total").pandas()  # doctest: +SKIP
>>> gongkai.extract("page.html").tables["budget_lines"].polars()  # doctest: +SKIP

Nothing is read before it is asked for, and then only the columns and rows that were. Amounts are decimals; floats are there for those who ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partialmethod
from hashlib import sha256
from html import escape
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from extract.reading import media_type
from gongkai import schema
from gongkai.dataset import DATA, TABLES, Parts, encoded
from gongkai.errors import DependencyError, UsageError
from gongkai.explanation import explain
from gongkai.export import tables
from gongkai.extraction import Task, read_rows
from gongkai.panel import panel
from gongkai.sources.item import Item, Origin
from gongkai.version import extractor_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb
    import pandas as pd
    import polars as pl

SHOWN = 12  # department-years in the picture of a dataset
NAMES = {"year": "fiscal_year"}  # what people say for a column
MAIN = ("total_revenue", "total_expenditure", "gpb_expenditure", "three_public_total")
SEVERITIES = ("certain", "likely", "look")
STYLE = (
    "<style>.gongkai{font-family:system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:60em;line-height:1.5}.gongkai table{border-collapse:collapse;margin:.5em 0}"
    ".gongkai td,.gongkai th{padding:.15em .8em .15em 0;text-align:left;vertical-align:top;border-bottom:1px solid #8883}.gongkai .n{text-align:right;font-variant-numeric:tabular-nums}"
    ".gongkai .s{opacity:.7;font-size:.9em}.gongkai .f{color:#b3261e}</style>"
)


@dataclass(frozen=True)
class Rows:
    """Rows of one table, not read yet: ask for them in the form you want."""

    table: str
    source: pads.Dataset
    wanted: pc.Expression | None = None
    columns: tuple[str, ...] | None = None

    def arrow(self) -> pa.Table:
        """An Arrow table; decimals, lists and nulls as they are."""
        return self.source.to_table(columns=list(self.columns) if self.columns else None, filter=self.wanted)

    def pandas(self, *, floats: bool = False) -> pd.DataFrame:
        """A DataFrame of Arrow-backed columns: decimals stay exact, codes stay text. With `floats` numbers are doubles, for plots."""
        frame: pd.DataFrame = (_with_floats(self.arrow()) if floats else self.arrow()).to_pandas(types_mapper=_arrow_backed())
        return frame

    def polars(self) -> pl.DataFrame:
        """A polars DataFrame. Raises `DependencyError` without polars."""
        return _library("polars").from_arrow(self.arrow())  # type: ignore[no-any-return]

    def duckdb(self) -> duckdb.DuckDBPyRelation:
        """A DuckDB relation. Raises `DependencyError` without duckdb."""
        return _library("duckdb").from_arrow(self.arrow())  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return int(self.source.count_rows(filter=self.wanted))

    def __repr__(self) -> str:
        return f"{self.table}: {len(self):,} rows; .pandas() .polars() .arrow() .duckdb()"


class Dataset:
    """A dataset that `gongkai run` wrote. Every table is a method: keywords are columns and the value, or values, they shall have."""

    def __init__(self, place: str | Path) -> None:
        self.place = Path(place)
        self.tables = tuple(tables(self.place))

    def rows(self, table: str, *, columns: Sequence[str] | None = None, **wanted: object) -> Rows:
        """Rows of a table whose columns have the values given. Raises `UsageError` for a table or column that is not there."""
        if table not in self.tables:
            raise UsageError(zh=f"数据集里没有表 {table}", en=f"the dataset has no table {table}")
        known = {column.name for column in schema.columns(table)}
        asked = {NAMES.get(name, name): value for name, value in wanted.items()}
        for name in (*asked, *(columns or ())):
            if name not in known:
                raise UsageError(zh=f"表 {table} 没有列 {name}", en=f"the table {table} has no column {name}")
        condition: pc.Expression | None = None
        for name, value in asked.items():
            one = pc.field(name).isin(list(value)) if isinstance(value, (list, tuple, set, frozenset, range)) else pc.field(name).is_null() if value is None else pc.field(name) == value
            condition = one if condition is None else condition & one
        return Rows(table, pads.dataset(self.place / DATA / f"{table}.parquet"), condition, tuple(columns) if columns else None)

    documents = partialmethod(rows, "documents")
    sections = partialmethod(rows, "sections")
    organisation = partialmethod(rows, "organisation")
    glossary = partialmethod(rows, "glossary")
    budget_lines = partialmethod(rows, "budget_lines")
    quantities = partialmethod(rows, "quantities")
    projects = partialmethod(rows, "projects")
    project_funds = partialmethod(rows, "project_funds")
    indicators = partialmethod(rows, "indicators")
    scores = partialmethod(rows, "scores")
    findings = partialmethod(rows, "findings")
    unexplained_numbers = partialmethod(rows, "unexplained_numbers")
    figures = partialmethod(rows, "figures")
    corrections = partialmethod(rows, "corrections")

    def departments(self) -> pd.DataFrame:
        """Every department-year with its number of documents, by name and year."""
        held = self.documents(columns=["department_id", "department", "region_code", "fiscal_year", "stage", "document_id"]).pandas()
        keys = ["department_id", "department", "region_code", "fiscal_year", "stage"]
        return held[held["department"].notna()].groupby(keys, dropna=False).size().reset_index(name="documents").sort_values(["department", "fiscal_year", "stage"], ignore_index=True)

    def panel(self, *, floats: bool = False, **wanted: Any) -> pd.DataFrame:
        """Body x year x stage x measure in yuan, gaps named: the keywords are those of `gongkai.panel.panel` (years, departments, measures, stages, bases)."""
        rows = panel(self.place, **wanted)
        frame: pd.DataFrame = (_with_floats(rows) if floats else rows).to_pandas(types_mapper=_arrow_backed())
        return frame

    def explain(self, row_id: str) -> str:
        """A row, its evidence in context and the rule that read it, as `gongkai explain` prints it; at its end why nothing was verified, where nothing was."""
        text, doubt = explain(row_id, self.place)
        return text if doubt is None else f"{text}\n\n{doubt}"

    def __repr__(self) -> str:
        return f"gongkai.Dataset({str(self.place)!r}): {len(self.documents()):,} documents, {len(self.budget_lines()):,} budget lines, {len(self.indicators()):,} indicators"

    def _repr_html_(self) -> str:
        found = self.figures(basis=["final", "initial_budget"], concept=list(MAIN)).arrow().to_pylist() if "figures" in self.tables else []
        failed = pc.value_counts(self.findings(status="fail", severity=list(SEVERITIES)).arrow().column("department")).to_pylist()
        failures = {row["values"]: row["counts"] for row in failed}
        years = self.departments().to_dict("records")
        amounts = {(row["department_id"], row["fiscal_year"], row["stage"], row["concept"]): row["amount_yuan"] for row in found if row["basis"] == ("final" if row["stage"] == "final" else "initial_budget")}
        head = "".join(f"<th class=n>{zh}</th>" for zh in ("收入总计", "支出总计", "一般公共预算支出", "“三公”经费"))
        lines = [
            f"<tr><td>{escape(str(row['department']))}</td><td>{_plain(row['fiscal_year'])}</td><td>{escape(_plain(row['stage']))}</td>"
            + "".join(f"<td class=n>{_yuan(amounts.get((row['department_id'], row['fiscal_year'], row['stage'], concept)))}</td>" for concept in MAIN)
            + f"<td class='n f'>{failures.get(row['department'], '')}</td></tr>"
            for row in years[:SHOWN]
        ]
        more = f"<p class=s>另有 {len(years) - SHOWN} 个部门年度 more department-years</p>" if len(years) > SHOWN else ""
        return (
            f"{STYLE}<div class=gongkai><b>预决算公开数据集</b> <span class=s>{escape(str(self.place))}: {len(self.documents()):,} 文件 documents, {len(self.budget_lines()):,} 收支数据 budget lines</span>"
            f"<table><tr><th>部门 department</th><th>年度</th><th>阶段</th>{head}<th class=n>核对不符 failed</th></tr>{''.join(lines)}</table>{more}<span class=s>万元 10,000 yuan</span></div>"
        )


class Extraction(NamedTuple):
    """One file as it was read: its row in `documents` and the rows of every table. A file that cannot be read has a status and a reason."""

    document: dict[str, Any]
    tables: dict[str, Rows]

    @property
    def status(self) -> str:
        """ok, partial, not_a_disclosure, unreadable, …"""
        return str(self.document["status"])

    @property
    def reason(self) -> str | None:
        """Why the status is not ok, in Chinese and English."""
        return self.document["reason"]  # type: ignore[no-any-return]

    def _repr_html_(self) -> str:
        known = self.document
        failed = [row for row in self.tables["findings"].arrow().to_pylist() if row["status"] == "fail" and row["severity"] in SEVERITIES]
        totals = [row for row in self.tables["scores"].arrow().to_pylist() if row["component"] == "total"]
        counts = ", ".join(f"{schema.TABLE_TITLES[name][0]} {len(rows):,}" for name, rows in self.tables.items() if name != "documents" and len(rows))
        scores = f"<p>自评 {len(totals)} 项，平均 {sum(row['score'] for row in totals) / len(totals):.2f} 分</p>" if totals else ""
        checks = "".join(f"<li class=f>{escape(row['message_zh'])}<br><span class=s>{escape(row['message_en'])}</span></li>" for row in failed[:SHOWN])
        who = " · ".join(escape(_plain(known[name])) for name in ("department", "fiscal_year", "stage", "status") if known[name] is not None)
        return f"{STYLE}<div class=gongkai><b>{escape(_plain(known['title']) or _plain(known['source']))}</b><p>{who}</p><p class=s>{escape(_plain(known['reason']))}</p>{scores}<p class=s>{escape(counts)}</p>{f'<p>核对不符 failed checks: {len(failed)}</p><ul>{checks}</ul>' if failed else ''}</div>"

    def __repr__(self) -> str:
        return f"gongkai.Extraction({self.document['source']!r}: {self.status}, {', '.join(f'{name} {len(rows)}' for name, rows in self.tables.items() if len(rows))})"


def extract(source: str | Path | bytes) -> Extraction:
    r"""Read one file, or its bytes. Never raises for what is in it: see `status` and `reason`. Raises `OSError` where there is no such file.

    >>> said = "2023年度收入总计1,206.40万元，支出总计1,206.40万元，与上年决算数相比，收、支总计各减少3.60万元，下降0.3%。"
    >>> result = extract(f"云岭县档案馆2023年度部门决算情况说明\n一、收入支出决算总体情况说明\n{said}\n".encode())
    >>> result.document["department"], [str(row["value"]) for row in result.tables["budget_lines"].arrow().to_pylist()]
    ('云岭县档案馆', ['1206.400000', '1206.400000', '-3.600000', '-3.600000', '-0.300000', '-0.300000'])
    >>> extract(b"").status
    'unreadable'
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    address = "bytes" if isinstance(source, bytes) else str(source)
    item = Item(Origin(address), (), sha256(data).hexdigest(), len(data), media_type(data))
    row, rows = read_rows(data, Task(item, extractor_version()))
    parts: Parts = encoded(row, rows)
    held = {table: parts[table].arrow if table in parts else schema.arrow(table).empty_table() for table in TABLES}
    return Extraction(held["documents"].to_pylist()[0], {table: Rows(table, pads.dataset(rows)) for table, rows in held.items()})


def _arrow_backed() -> Callable[[pa.DataType], Any]:
    import pandas as pd  # noqa: PLC0415

    return pd.ArrowDtype


def _with_floats(rows: pa.Table) -> pa.Table:
    return pa.table({field.name: rows.column(field.name).cast(pa.float64()) if pa.types.is_decimal(field.type) else rows.column(field.name) for field in rows.schema})


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise DependencyError(zh=f"需要 {name}：pip install {name}", en=f"this needs {name}: pip install {name}") from None


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _yuan(amount: Any) -> str:
    return "" if amount is None else f"{amount / 10_000:,.2f}"
