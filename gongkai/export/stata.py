"""Files for Stata and R: a .dta of every table, and read.R, which opens the exact ones.

Stata knows no decimals and no lists: numbers are doubles there, lists are JSON, blanks of numbers are missing and of texts empty. A table must fit in
memory. In R the CSV or Parquet of data/ are exact; read.R says the type of every column, keeps codes as text and takes the guard of CSV cells off.
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyarrow.parquet as pq

from gongkai import schema
from gongkai.csvtext import UNGUARD, cell_text
from gongkai.dataset import DATA
from gongkai.export import tables

VERSION: Literal[118] = 118  # UTF-8; Stata 14 and newer
SHORT = 2045  # bytes a plain string variable holds; longer ones are strL
LABEL = 80  # characters of a variable's label
R_TYPES = {"bool": "l", "int32": "i", "int64": "d", "double": "d"}  # readr's letters; everything else is read as text
INEXACT = "numbers are doubles, exact in data/"
SCRIPT = "read.R"


def write(dataset: Path, place: Path) -> list[Path]:
    """Write a folder: a .dta of each table and read.R."""
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for table in tables(dataset):
        files.append(place / f"{table}.dta")
        _dta(table, dataset / DATA / f"{table}.parquet", files[-1])
    files.append(place / SCRIPT)
    files[-1].write_text(_script(tables(dataset), _way(place, dataset / DATA)), encoding="utf-8")
    return files


def _way(start: Path, end: Path) -> str:
    try:
        return Path(os.path.relpath(end, start)).as_posix()
    except ValueError:  # another drive of Windows
        return end.resolve().as_posix()


def _dta(table: str, source: Path, place: Path) -> None:
    rows = pq.read_table(source)
    data: dict[str, pd.Series[Any]] = {}
    long: list[str] = []
    for column in schema.columns(table):
        values = rows.column(column.name).to_pylist()
        if column.type == "string" or column.type.startswith("list"):
            seen: dict[str, str] = {}  # most texts of a column are a few names, again and again
            texts = [seen.setdefault(text, text) for text in ("" if value is None else value if isinstance(value, str) else cell_text(value) for value in values)]
            data[column.name] = pd.Series(texts, dtype=object)
            if max((len(text.encode()) for text in texts), default=0) > SHORT:
                long.append(column.name)
        else:
            data[column.name] = pd.Series([_double(value) for value in values], dtype="float64")
    labels = {column.name: f"{column.title_zh} {column.title_en}{f' ({column.unit})' if column.unit else ''}"[:LABEL] for column in schema.columns(table)}
    pd.DataFrame(data).to_stata(place, write_index=False, version=VERSION, variable_labels=labels, convert_strl=long, data_label=f"gongkai {table}, schema {schema.VERSION}; {INEXACT}")


def _double(value: Any) -> float | None:
    return float(value) if isinstance(value, (bool, int, float, Decimal)) else None


def _script(held: list[str], data: str) -> str:
    """read.R. The guard is spelt in escapes: R reads other letters of a script in the language of its machine."""
    guard = "".join(f"\\u{ord(letter):04x}" if ord(letter) > 126 else letter for letter in UNGUARD.replace("\\", "\\\\"))
    lines = [
        "# 用 R 打开数据集：编码保持为文本，还原 CSV 中的撇号。金额先读作文本，再按需转成数字。",
        "# Opens the dataset in R: codes stay text, the apostrophe that guards CSV cells is taken off. Amounts come as text; make numbers of them when you need to.",
        "# 用法 use: source('read.R', chdir = TRUE); lines <- read_gongkai('budget_lines'); sum(as.numeric(lines$amount_yuan), na.rm = TRUE)",
        "library(readr)",
        f"data_folder <- normalizePath({json.dumps(data)}, mustWork = FALSE)",
        f'guard <- "{guard}"',
        "column_types <- list(",
        ",\n".join(f"  {table} = '{''.join(R_TYPES.get(column.type, 'c') for column in schema.columns(table))}'" for table in held),
        ")",
        "read_gongkai <- function(table, folder = data_folder) {",
        "  rows <- read_csv(file.path(folder, paste0(table, '.csv')), col_types = column_types[[table]], na = '', trim_ws = FALSE, lazy = FALSE)",
        "  texts <- vapply(rows, is.character, logical(1))",
        r"  rows[texts] <- lapply(rows[texts], function(text) sub(guard, '\\1', text, perl = TRUE))",
        "  rows",
        "}",
        "# 或 or: arrow::read_parquet(file.path(data_folder, 'budget_lines.parquet'))   haven::read_dta('budget_lines.dta')",
    ]
    return "\n".join(lines) + "\n"
