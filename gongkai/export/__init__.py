"""`gongkai export`: a dataset in the forms other programs want. Each form is a module with `write(dataset, place)`, which returns what it wrote.

Exports are made from data/ alone, on demand, and can be thrown away: the department-years stay the truth.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from gongkai import schema
from gongkai.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class Form(NamedTuple):
    """A form a dataset can be exported to: what it is, and the file or folder it makes in the dataset unless another place is given."""

    title_zh: str
    title_en: str
    name: str


FORMS = {
    "xlsx": Form("每表一个 Excel 工作簿", "one Excel workbook per table", "export/xlsx"),
    "sqlite": Form("SQLite 数据库，附 Datasette 元数据", "one SQLite database, with metadata for Datasette", "export/gongkai.db"),
    "stata": Form("Stata 与 R 可读的数据文件", "files for Stata and R", "export/stata"),
    "datapackage": Form("Data Package 描述文件", "the descriptor of a Data Package", "datapackage.json"),
    "croissant": Form("Croissant 描述文件", "the Croissant descriptor of a dataset", "croissant.json"),
}


def tables(dataset: Path) -> list[str]:
    """The tables that stand in data/, in the order of the schema. Raises `UsageError` where there is no dataset."""
    from gongkai.dataset import DATA  # noqa: PLC0415  `gongkai --help` must not wait for Arrow

    found = [table for table in (*schema.TABLE_TITLES, *schema.DERIVED_TITLES) if (dataset / DATA / f"{table}.parquet").is_file()]
    if "documents" not in found:
        raise UsageError(zh=f"{dataset} 里没有数据集；先运行 gongkai run", en=f"there is no dataset at {dataset}; run `gongkai run` first")
    return found


def export(dataset: Path, form: str, place: Path | None = None) -> list[Path]:
    """Write a dataset in one of `FORMS`; the files it made."""
    tables(dataset)
    target = place or dataset / FORMS[form].name
    target.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = import_module(f"gongkai.export.{form}").write(dataset, target)
    return written
