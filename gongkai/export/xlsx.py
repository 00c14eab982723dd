"""One Excel workbook per table, for people: a frozen head in two languages, filters, codes as text, money as numbers, and a sheet of notes.

Texts are written as texts, so nothing a page says can run as a formula. A number that Excel's 15 digits cannot hold is written as text. A table of
more rows than a sheet holds goes on on the next sheet.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from gongkai import schema
from gongkai.csvtext import cell_text
from gongkai.dataset import DATA
from gongkai.errors import DependencyError
from gongkai.export import tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gongkai.schema import Column

ROWS = 1_048_575  # of a sheet, below its head
LONGEST = 32_767  # characters of a cell
CUT = "…（后略 cut）"
DIGITS = 15  # that a number in Excel keeps
BATCH = 5_000
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML
NOTES = "说明 notes"
SHOWN = {"money": "#,##0.00", "number": "General", "text": "@", "long": "@"}
WIDE = frozenset({"text", "definition", "message_zh", "message_en", "reason_text", "goal_target", "goal_actual", "context", "raw", "source", "title", "target_raw", "actual_raw", "deviation_note"})
NARROW = frozenset({"page", "x0", "y0", "x1", "y1", "char_start", "char_end", "unit", "stage", "fiscal_year", "ordinal", "level", "table_ordinal"})
ABOUT = (
    ("从政府部门公开的预算、决算网页与文件中读出；每行的“原文”与位置说明数值的出处。", "Read from the budgets and final accounts that government bodies disclose; `as printed` and the place tell where a value comes from."),
    ("金额列以元为单位；“数值”列的单位见“单位”列。减少、下降为负数。空白表示原文为空，不是 0。", "Amounts are in yuan; the unit of `value` is in its own column. Decreases are negative. Blank means blank in the source, not 0."),
    ("编码为文本。以 = 开头的是原文（如 =201宗），不是公式。", "Codes are text. What begins with = is printed so (=201宗) and is no formula."),
    ("findings 表列出每一项核对及其结果；引用前请先查看。", "The table findings lists every check and its outcome; look there before you print a number."),
)


def write(dataset: Path, place: Path) -> list[Path]:
    """Write a folder of workbooks, one per table. Raises `DependencyError` without XlsxWriter."""
    try:
        import xlsxwriter  # noqa: PLC0415
    except ImportError:
        raise DependencyError(zh="导出 Excel 需要：pip install gongkai[xlsx]", en="Excel workbooks need pip install gongkai[xlsx]") from None
    place.mkdir(parents=True, exist_ok=True)
    files = []
    for table in tables(dataset):
        files.append(place / f"{table}.xlsx")
        with xlsxwriter.Workbook(files[-1], {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
            book.set_properties({"title": table, "comments": f"gongkai, schema {schema.VERSION}"})
            _rows(book, table, dataset / DATA / f"{table}.parquet")
            _notes(book, table)
    return files


def _rows(book: Any, table: str, file: Path) -> None:
    columns = schema.columns(table)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE7F0", "bottom": 1})
    formats = {kind: book.add_format({"valign": "top", "num_format": shown, "text_wrap": kind == "long"}) for kind, shown in SHOWN.items()}
    sheet, at, number = None, 0, 0
    for row in _printed(file, columns):
        if sheet is None or at > ROWS:
            if sheet is not None:
                sheet.autofilter(0, 0, at - 1, len(columns) - 1)
            number += 1
            sheet, at = _sheet(book, f"{table[:24]} {number}" if number > 1 else table, columns, head), 1
        for place, (column, value) in enumerate(zip(columns, row, strict=True)):
            if value is None:
                continue
            if isinstance(value, str):
                sheet.write_string(at, place, value, formats["long" if column.name in WIDE else "text"])
            elif isinstance(value, bool):
                sheet.write_boolean(at, place, value, formats["number"])
            else:
                sheet.write_number(at, place, value, formats["money" if column.type == "decimal(20,2)" else "number"])
        at += 1
    if sheet is None:
        sheet, at = _sheet(book, table, columns, head), 1
    sheet.autofilter(0, 0, max(at - 1, 1), len(columns) - 1)


def _sheet(book: Any, name: str, columns: tuple[Column, ...], head: Any) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.repeat_rows(0)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, 46 if column.name in WIDE else 34 if column.name == "department" else 8 if column.name in NARROW else 18 if column.type.startswith("decimal") else 20)
    sheet.set_row(0, 48)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, f"{column.title_zh}\n{column.title_en}\n{column.name}", head)
    return sheet


def _printed(file: Path, columns: tuple[Column, ...]) -> Iterator[tuple[Any, ...]]:
    with pq.ParquetFile(file) as rows:
        for batch in rows.iter_batches(BATCH, columns=[column.name for column in columns]):
            yield from zip(*([cell(value) for value in column.to_pylist()] for column in batch.columns), strict=True)


def cell(value: Any) -> str | float | bool | None:
    """A value as Excel can hold it: text that XML allows, or a number of no more digits than it keeps.

    >>> cell("=1+1"), cell(Decimal("606.04")), cell(Decimal("12345678901234567.89")), cell(["a"]), cell(None)
    ('=1+1', 606.04, '12345678901234567.89', '["a"]', None)
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Decimal):
        printed = cell_text(value)
        return float(value) if len(re.sub("[^0-9]", "", printed).lstrip("0")) <= DIGITS else printed
    text = FORBIDDEN.sub("\ufffd", value if isinstance(value, str) else cell_text(value))
    return text if len(text.encode("utf-16-le")) // 2 <= LONGEST else text[: LONGEST // 2] + CUT


def _notes(book: Any, table: str) -> None:
    sheet = book.add_worksheet(NOTES)
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True, "valign": "top"})
    zh, en = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}[table]
    for place, width in enumerate((24, 30, 60, 60, 14)):
        sheet.set_column(place, place, width)
    lines: list[tuple[str, ...]] = [(table, zh, en), ("", "", ""), *(("", "", *about) for about in ABOUT), ("", "", ""), ("列 column", "名称 title", "说明", "description", "单位 unit")]
    at = 0
    for at, line in enumerate(lines):
        for place, text in enumerate(line):
            sheet.write_string(at, place, text, bold if place < 2 or at == len(lines) - 1 else wrap)
    for below, column in enumerate(schema.columns(table), at + 1):
        for place, text in enumerate((column.name, f"{column.title_zh} {column.title_en}", column.description_zh, column.description_en, column.unit)):
            sheet.write_string(below, place, text, wrap)
