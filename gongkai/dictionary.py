"""What a dataset says about itself: dictionary.csv and README.md, made from the schema, and views.sql."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from gongkai import schema
from gongkai.dataset import replace_text

if TYPE_CHECKING:
    from pathlib import Path

README, DICTIONARY, VIEWS = "README.md", "dictionary.csv", "views.sql"
TITLE = "# A gongkai dataset · 公开数据集\n"


def as_csv() -> str:
    """Every column of every table: type, unit, titles and descriptions in both languages."""
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(schema.Column._fields)
    for table in (*schema.TABLE_TITLES, *schema.DERIVED_TITLES):
        for column in schema.columns(table):
            writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in column])
    return lines.getvalue()


def as_markdown() -> str:
    """The columns as tables for reading: the repeated ones once, then each table's own."""
    shared = (
        ("## Columns every data table repeats · 各表共有列", schema.own_columns(schema.HEAD)),
        ("## Evidence columns, at the end of every data table · 证据列", schema.own_columns(schema.EVIDENCE)),
    )
    own = tuple((f"## {table} · {zh}: {en}", schema.own_columns(table)) for table, (zh, en) in {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}.items())
    return "\n".join(_section(title, columns) for title, columns in (*shared, *own))


def _section(title: str, columns: tuple[schema.Column, ...]) -> str:
    rows = [
        f"| {column.name} | {column.type}{' ?' if column.nullable else ''} | {column.unit} | {column.title_zh} {column.title_en} "
        f"| {column.description_zh}；{column.description_en} |"
        for column in columns
    ]
    return "\n".join([title, "", "| column | type | unit | 名称 title | 说明 description |", "|---|---|---|---|---|", *rows, ""])


def card() -> str:
    """The head of README.md that dataset catalogues read: languages, tags, and each table with its file."""
    tables = "".join(f"- config_name: {table}\n  data_files: data/{table}.parquet\n" for table in schema.TABLE_TITLES)
    return f"---\npretty_name: 预决算公开数据集 Budgets and final accounts as disclosed\nlanguage:\n- zh\ntags:\n- public-finance\n- government\n- china\n- tabular\nconfigs:\n{tables}---\n\n"


def readme() -> str:
    """README.md of a dataset: a card for catalogues, the layout, how to open it, every column."""
    from importlib.resources import files  # noqa: PLC0415

    return card() + TITLE + files("gongkai").joinpath("dataset_readme.md").read_text(encoding="utf-8") + as_markdown()


def views() -> str:
    """views.sql of a dataset: ready views for DuckDB."""
    from importlib.resources import files  # noqa: PLC0415

    return files("gongkai").joinpath("views.sql").read_text(encoding="utf-8")


def is_ours(output: Path) -> bool:
    """Whether the README.md there is one of ours."""
    file = output / README
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    return text.startswith(TITLE) or (text.startswith("---\n") and f"\n---\n\n{TITLE}" in text)


def write(output: Path) -> None:
    """Put what describes it beside the data."""
    for name, text in ((DICTIONARY, as_csv()), (README, readme()), (VIEWS, views())):
        replace_text(output / name, text)
