"""One Excel workbook per table, for people: a frozen head in two languages, filters, codes as text, money as numbers, and a sheet of notes.

Texts are written as texts in cells formatted as text, so nothing a page says can run as a formula, not even after F2 and Enter. A number that Excel's
15 digits cannot hold is written as text. A table of more rows than a sheet holds goes on on the next sheet. The head is one row, or filters would take
its second line for data; its last line is the column's name in every other form.
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
LONGEST = 32_767  # UTF-16 units of a cell
CUT = "…（后略 cut）"
DIGITS = 15  # that a number in Excel keeps
BATCH = 5_000
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML
LINE_END = re.compile("\r\n?")  # Excel's cells break lines with \n; a \r comes back as _x000D_
NOTES = "说明 notes"
TALLEST, LINE = 5, 15  # lines a row shows of a long text, and the points of one
OPTIONS = {"constant_memory": True, "use_zip64": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
SHOWN = {"money": "#,##0.00", "number": "General", "text": "@", "long": "@"}
WIDE = frozenset({"text", "definition", "message_zh", "message_en", "reason_text", "goal_target", "goal_actual", "context", "raw", "source", "title", "target_raw", "actual_raw", "deviation_note"})
LONG, LABEL, KEY, AMOUNT, NAME, CODE, LEAST = 46, 34, 38, 18, 26, 17, 9  # widths of columns, in digits
BUTTON = 4  # that a filter takes of a head
NUMBERS = {"bool": LEAST, "int32": LEAST, "int64": LEAST, "double": LEAST, "decimal(24,6)": AMOUNT, "decimal(20,2)": AMOUNT}
ABOUT = (
    ("从政府部门公开的预算、决算网页与文件中读出；每行的“原文”与位置说明数值的出处。", "Read from the budgets and final accounts that government bodies disclose; `as printed` and the place tell where a value comes from."),
    ("金额列以元为单位；“数值”列的单位见“单位”列。减少、下降为负数。空白表示原文为空，不是 0。", "Amounts are in yuan; the unit of `value` is in its own column. Decreases are negative. Blank means blank in the source, not 0."),
    ("编码为文本。以 = 开头的是原文（如 =201宗），不是公式。", "Codes are text. What begins with = is printed so (=201宗) and is no formula."),
    ("超过 15 位有效数字的数写作文本（Excel 只能保留 15 位）；超过 32,767 字的文字截断并注明；换行统一为 LF，XML 不允许的控制字符写作 �。全文见 Parquet 与 CSV。",
     "A number of more than 15 digits is text, as Excel keeps no more; a text over 32,767 characters is cut, and says so; line ends are LF, control characters that XML forbids are �. Parquet and CSV hold all."),
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
    with pq.ParquetFile(dataset / DATA / "documents.parquet") as documents:
        versions = sorted(set(documents.read(["extractor_version"]).column(0).to_pylist()))
    made = f"gongkai {', '.join(versions)}; schema {schema.VERSION}"
    for table in tables(dataset):
        files.append(place / f"{table}.xlsx")
        with files[-1].open("wb") as file, xlsxwriter.Workbook(file, OPTIONS) as book:
            book.set_properties({"title": table, "comments": made})
            _rows(book, table, dataset / DATA / f"{table}.parquet")
            _notes(book, table, made)
    return files


def _rows(book: Any, table: str, file: Path) -> None:
    columns = schema.columns(table)
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#DDE7F0", "bottom": 1})
    formats = {kind: book.add_format({"valign": "top", "num_format": shown, "text_wrap": kind == "long"}) for kind, shown in SHOWN.items()}
    wide = [place for place, column in enumerate(columns) if column.name in WIDE - {"raw"}]  # evidence, at the end, makes no row tall
    sheet, at, number = None, 0, 0
    for row in _printed(file, columns):
        if sheet is None or at > ROWS:
            if sheet is not None:
                sheet.autofilter(0, 0, at - 1, len(columns) - 1)
            number += 1
            sheet, at = _sheet(book, f"{table[:24]} {number}" if number > 1 else table, columns, head), 1
        sheet.set_row(at, LINE * min(TALLEST, max((_lines(row[place], LONG) for place in wide), default=1)))
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
        sheet.set_column(place, place, _width(column))
    sheet.set_row(0, 3 * LINE + 3)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, f"{column.title_zh}\n{column.title_en}\n{column.name}", head)
    return sheet


def _width(column: Column) -> int:
    """Wide enough for the head beside its button, and for what such a column holds."""
    of_head = max(_digits(line) for line in (column.title_zh, column.title_en, column.name)) + BUTTON
    if column.name in WIDE:
        return LONG
    if column.name == "row_id" or column.references.endswith(".row_id"):
        return KEY
    if column.type in NUMBERS:
        return max(of_head, NUMBERS[column.type])
    if column.values:
        return max(of_head, CODE if column.values.startswith("/") else max(map(_digits, column.values.split("|"))))
    return max(of_head, LABEL if column.name == "department" else LEAST if column.name.endswith("unit") else NAME)


def _digits(text: str) -> int:
    """How many digits wide a text is: a Chinese character is two.

    >>> _digits("金额 yuan")
    9
    """
    return len(text.encode("gb18030"))


def _lines(value: Any, width: int) -> int:
    """The lines a cell of so many digits needs."""
    return sum(1 + max(0, _digits(line) - 1) // width for line in value.split("\n")) if isinstance(value, str) else 1


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
    text = FORBIDDEN.sub("\ufffd", LINE_END.sub("\n", value if isinstance(value, str) else cell_text(value)))
    units = text.encode("utf-16-le")
    return text if len(units) <= 2 * LONGEST else units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _notes(book: Any, table: str, made: str) -> None:
    sheet = book.add_worksheet(NOTES)
    bold, wrap = book.add_format({"bold": True, "valign": "top"}), book.add_format({"text_wrap": True, "valign": "top"})
    zh, en = {**schema.TABLE_TITLES, **schema.DERIVED_TITLES}[table]
    widths = (24, 40, 60, 60, 14, 40)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    about = [(table, zh, made, en), *(("", "", *lines) for lines in ABOUT), ("",)]
    heads = ("列 column", "名称 title", "说明", "description", "单位 unit", "可取的值 values")
    described = [(column.name, f"{column.title_zh} {column.title_en}", column.description_zh, column.description_en, column.unit, column.values.replace("|", " | ")) for column in schema.columns(table)]
    for at, line in enumerate((*about, heads, *described)):
        sheet.set_row(at, LINE * max(_lines(text, width - 2) for text, width in zip(line, widths, strict=False)))
        for place, text in enumerate(line):
            sheet.write_string(at, place, text, bold if line == heads or (at == 0 and place < 2) else wrap)
