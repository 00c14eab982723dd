"""Spreadsheets to documents (电子表格): every visible sheet as the lines and the table it shows, numbers as their format shows them.

    .xlsx .et .xlsm    openpyxl            merged cells, number formats, hidden sheets, formulas
    .xls .et           xlrd                the same; a formula's kept value cannot be told from a typed one
    .ods               its XML             the texts that its cells show

A hidden sheet is not read and a note says so. Hidden rows and columns are: sums need them; a note says that, too.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from lxml import etree

from extract.document import Document, DocumentError, Note, Source
from extract.number_formats import plain, shown
from extract.printed import Line, Sheet, Written, assemble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MOST_CELLS = 2_000_000  # of one sheet; what Excel can hold is far more
MOST_BYTES = 1 << 30  # of an .xlsx when unpacked
MOST_XML = 256 << 20  # of the one part of an .ods
MOST_REPEATED, MOST_BLANK = 1000, 400  # times that a cell or row may say it is repeated
TABLE, TEXT, STYLE = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "text", "style"))
DAMAGED = (OSError, ArithmeticError, BadZipFile, KeyError, ValueError, TypeError, IndexError, AttributeError, EOFError, ParseError, struct.error, zlib.error, AssertionError, RecursionError, NotImplementedError, etree.XMLSyntaxError)
BREAK = re.compile(r"[^\S\n]{0,40}\n\s{0,40}")
WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef，。：；、（）]")
CAPTION = re.compile(r"公开\d+|(?:附?表|附件)\s*[一二三四五六七八九十\d]|(?:编制|公开|预算|主管|填报)?(?:单位|部门)(?:名称)?\s*[:：]|金额单位|单位[:：]")
TITLE = re.compile(r"表|公开\d|附件")  # after a blank row
FULL_TITLE = re.compile(r"(?:[\w“”\"（）()、及和\s]{1,60}表|(?:公开|附表?|表)\s{0,4}\d{1,3}\s{0,4}表?)\s{0,4}(?:[（(].{0,40}[)）])?")  # anywhere
PROSE = re.compile(r"。|.{60}")
FOOTNOTE = re.compile(r"\s*(?:注|备注|说明|本表)")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Merge(NamedTuple):
    """Cells joined to one: first row and column, and how far they reach."""

    row: int
    column: int
    rows: int
    columns: int


class Shape(NamedTuple):
    """A sheet as read: the texts that its cells show, row by row, which of them are joined, and what is odd about it."""

    name: str
    hidden: bool
    rows: list[list[str]]
    merges: list[Merge]
    odd: list[tuple[str, str, str]]  # kind, in Chinese, in English


def read_xlsx(data: bytes, source: Source) -> Document:
    """An .xlsx workbook. Raises `DocumentError` where it is damaged or encrypted."""
    return _document(_xlsx, data, source)


def read_xls(data: bytes, source: Source) -> Document:
    """An .xls workbook (BIFF). Raises `DocumentError` where it is damaged or encrypted."""
    if ENCRYPTED in data:
        raise DocumentError("encrypted", zh="文件已加密", en="the file is encrypted")
    return _document(_xls, data, source)


def read_ods(data: bytes, source: Source) -> Document:
    """An .ods workbook. Raises `DocumentError` where it is damaged or encrypted."""
    return _document(_ods, data, source)


def _document(shapes: Callable[[bytes], Iterator[Shape]], data: bytes, source: Source) -> Document:
    notes: list[Note] = []
    items: list[Line | Sheet] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that these libraries leave out
            for shape in shapes(data):
                notes += [Note(kind, f"工作表“{shape.name}”：{zh}", f"sheet {shape.name!r}: {en}") for kind, zh, en in shape.odd]
                if shape.hidden:
                    filled = sum(1 for row in shape.rows for text in row if text)
                    notes.append(Note("hidden_sheet", f"工作表“{shape.name}”是隐藏的，未读（{filled}个单元格）", f"sheet {shape.name!r} is hidden and was not read ({filled} cells)"))
                else:
                    items += _items(shape)
    except DAMAGED as error:
        raise DocumentError("unreadable", zh="电子表格已损坏", en=f"the spreadsheet is damaged ({type(error).__name__})") from error
    content, blocks, links = assemble(items, [], notes)
    return Document(source, content, blocks, links=links, notes=tuple(notes))


def _xlsx(data: bytes) -> Iterator[Shape]:
    import openpyxl  # noqa: PLC0415  # gongkai[office], asked for by extract.reading

    with ZipFile(io.BytesIO(data)) as archive:
        if sum(part.file_size for part in archive.infolist()) > MOST_BYTES:
            raise DocumentError("unreadable", zh="解压后过大", en="too large when unpacked")
        has_formulas = any(b"<f" in archive.read(part) for part in archive.namelist() if part.startswith("xl/worksheets/") and part.endswith(".xml"))
    book = openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    formulas = openpyxl.load_workbook(io.BytesIO(data)) if has_formulas else None
    for sheet in book.worksheets:
        if sheet.max_row * sheet.max_column > MOST_CELLS:
            raise DocumentError("unreadable", zh=f"工作表过大（{sheet.max_row}行{sheet.max_column}列）", en=f"a sheet is too large ({sheet.max_row} rows, {sheet.max_column} columns)")
        unknown: set[str] = set()
        lost = 0
        rows: list[list[str]] = []
        for row in sheet.iter_rows():
            texts = []
            for cell in row:
                if cell.value is None and formulas is not None and formulas[sheet.title].cell(cell.row, cell.column).data_type == "f":
                    lost += 1
                texts.append(_text(cell.value, cell.number_format, unknown))
            rows.append(texts)
        hidden = sum(1 for place in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()) if place.hidden)
        merges = [Merge(area.min_row - 1, area.min_col - 1, area.max_row - area.min_row + 1, area.max_col - area.min_col + 1) for area in sheet.merged_cells.ranges]
        yield Shape(sheet.title, sheet.sheet_state != "visible", rows, merges, [*_odd(lost, hidden), *_unknown(unknown)])


def _xls(data: bytes) -> Iterator[Shape]:
    import xlrd  # noqa: PLC0415  # gongkai[office]

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO())
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        encrypted = "encrypted" in str(error).lower()
        raise DocumentError("encrypted" if encrypted else "unreadable", zh="文件已加密" if encrypted else "电子表格已损坏", en="the file is encrypted" if encrypted else f"the spreadsheet is damaged ({error})") from error
    for sheet in book.sheets():
        unknown: set[str] = set()
        rows = []
        for number in range(sheet.nrows):
            texts = []
            for cell in sheet.row(number):
                code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str if cell.xf_index is not None else None
                texts.append(_text(_old_value(xlrd, book, cell), code, unknown))
            rows.append(texts)
        hidden = sum(1 for place in (*sheet.rowinfo_map.values(), *sheet.colinfo_map.values()) if place.hidden)
        merges = [Merge(top, left, bottom - top, right - left) for top, bottom, left, right in sheet.merged_cells]
        yield Shape(sheet.name, sheet.visibility != 0, rows, merges, [*_odd(0, hidden), *_unknown(unknown)])


def _old_value(xlrd: Any, book: Any, cell: Any) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR")
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def _ods(data: bytes) -> Iterator[Shape]:
    """Sheets of an OpenDocument file: its cells keep the text that they show."""
    with ZipFile(io.BytesIO(data)) as archive:
        if archive.getinfo("content.xml").file_size > MOST_XML:
            raise DocumentError("unreadable", zh="解压后过大", en="too large when unpacked")
        if b"encryption-data" in archive.read("META-INF/manifest.xml"):
            raise DocumentError("encrypted", zh="文件已加密", en="the file is encrypted")
        tree = etree.fromstring(archive.read("content.xml"), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
    invisible = {style.get(f"{STYLE}name") for style in tree.iter(f"{STYLE}style") if any(own.get(f"{TABLE}display") == "false" for own in style.iter(f"{STYLE}table-properties"))}
    for sheet in tree.iter(f"{TABLE}table"):
        rows: list[list[str]] = []
        merges: list[Merge] = []
        for row in sheet.iter(f"{TABLE}table-row"):
            texts: list[str] = []
            for cell in row:
                if cell.tag not in {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}:
                    continue
                text = _tidy("\n".join("".join(map(str, part.itertext())) for part in cell.iter(f"{TEXT}p")))
                across, down = (int(cell.get(f"{TABLE}number-{way}-spanned") or 1) for way in ("columns", "rows"))
                if across > 1 or down > 1:
                    merges.append(Merge(len(rows), len(texts), down, across))
                texts += [text] * min(int(cell.get(f"{TABLE}number-columns-repeated") or 1), MOST_REPEATED if text else MOST_BLANK)
            rows += [texts] * min(int(row.get(f"{TABLE}number-rows-repeated") or 1), MOST_REPEATED if any(texts) else 1)
            if sum(map(len, rows[-1:])) * len(rows) > MOST_CELLS:
                raise DocumentError("unreadable", zh="工作表过大", en="a sheet is too large")
        yield Shape(sheet.get(f"{TABLE}name") or "", sheet.get(f"{TABLE}style-name") in invisible, rows, merges, [])


def _text(value: object, code: str | None, unknown: set[str]) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        number = shown(float(value), code) if abs(value) < 1e15 else None
        if number is None:
            return str(value) if isinstance(value, int) else plain(value)
        if not number.known:
            unknown.add(code or "")
        return number.text
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return _tidy(str(value))


def _tidy(text: str) -> str:
    joined = BREAK.sub(lambda found: "" if WIDE.match(text[found.start() - 1 : found.start()] or " ") or WIDE.match(text[found.end() : found.end() + 1] or " ") else " ", text.replace("\r", "\n").strip())
    return re.sub(r"[ \t\u00a0]+", " ", joined)


def _odd(lost: int, hidden: int) -> Iterator[tuple[str, str, str]]:
    if lost:
        yield "formula_without_value", f"{lost}个公式没有保存的结果，读作空白", f"{lost} formulas have no kept value and read as blank"
    if hidden:
        yield "hidden_cells", f"{hidden}行（列）是隐藏的，已照读", f"{hidden} rows or columns are hidden; they were read"


def _unknown(codes: set[str]) -> Iterator[tuple[str, str, str]]:
    if codes:
        yield "number_format_unknown", f"不认识的数字格式：{'、'.join(sorted(codes)[:3])}；按原数读出", f"unknown number formats: {', '.join(sorted(codes)[:3])}; the plain numbers were read"


def _items(shape: Shape) -> Iterator[Line | Sheet]:
    """Titles and captions as lines, each table as a sheet, notes below it as lines."""
    rows = [(number, row) for number, row in enumerate(shape.rows)]
    for part in _parts(rows):
        first, last = 0, len(part)
        while first < last and _is_caption(part[first][1]):
            yield Line(" ".join(text for text in part[first][1] if text))
            first += 1
        while last > first and _filled(part[last - 1][1]) <= 1 and (last == first + 1 or not _texts(part[last - 1][1]) or FOOTNOTE.match(_texts(part[last - 1][1])[0])):
            last -= 1
        if table := _table(part[first:last], shape.merges):
            yield Sheet([], table)
        for _, row in part[last:]:
            if texts := _texts(row):
                yield Line(texts[0])


def _parts(rows: Sequence[tuple[int, list[str]]]) -> Iterator[list[tuple[int, list[str]]]]:
    """The tables of a sheet: a new one begins where a title stands alone in its row, below a table; after a blank row less will do for one."""
    part: list[tuple[int, list[str]]] = []
    blank = False
    for number, row in rows:
        texts = _texts(row)
        if len(texts) == 1 and (FULL_TITLE.fullmatch(texts[0]) or (blank and TITLE.search(texts[0])) or PROSE.search(texts[0])) and any(_filled(other) > 1 and not _is_caption(other) for _, other in part):
            yield part
            part = []
        if texts or part:
            part.append((number, row))
        blank = not texts
    if part:
        yield part


def _is_caption(row: list[str]) -> bool:
    texts = _texts(row)
    return len(texts) <= 1 or all(CAPTION.search(text) for text in texts)


def _texts(row: list[str]) -> list[str]:
    return [text for text in row if text]


def _filled(row: list[str]) -> int:
    return len(_texts(row))


def _table(part: Sequence[tuple[int, list[str]]], merges: Sequence[Merge]) -> list[list[Written]]:
    """The own cells of the rows, as far to the right as any of them holds something."""
    width = max((column + 1 for _, row in part for column, text in enumerate(row) if text), default=0)
    if not part or not width:
        return []
    top, bottom = part[0][0], part[-1][0] + 1
    anchors: dict[tuple[int, int], Merge] = {}
    covered: set[tuple[int, int]] = set()
    for merge in merges:
        if merge.row >= bottom or merge.row + merge.rows <= top or merge.column >= width:
            continue
        anchors[merge.row, merge.column] = merge
        covered |= {(row, column) for row in range(max(merge.row, top), min(merge.row + merge.rows, bottom)) for column in range(merge.column, min(merge.column + merge.columns, width))} - {(merge.row, merge.column)}
    table = []
    for number, row in part:
        written = []
        for column in range(width):
            if (number, column) in covered:
                continue
            anchor = anchors.get((number, column))
            down, across = (min(anchor.rows, bottom - number), min(anchor.columns, width - column)) if anchor else (1, 1)
            written.append(Written(row[column] if column < len(row) else "", down, across, header=False, links=[]))
        table.append(written)
    return table
