"""Spreadsheets to documents (电子表格): every visible sheet as the lines and the table it shows, numbers as their format shows them.

    .xlsx .et .xlsm    openpyxl            merged cells, number formats, hidden sheets, formulas
    .xls .et           xlrd                the same; a formula's kept value cannot be told from a typed one
    .ods               its XML             the texts that its cells show

A hidden sheet is not read and a note says so. Hidden rows and columns are: sums need them; a note says that, too.
What a workbook claims is believed within limits only: a cell in row 1,048,576, cells joined over a whole sheet and one long text shown a million times take a few bytes of the file each.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from itertools import repeat
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from xml.etree.ElementTree import ParseError

from lxml import etree
from PIL.Image import DecompressionBombError

from extract.document import Document, DocumentError, Note, Source
from extract.number_formats import plain, shown
from extract.office_parts import MOST_MARKS, is_markup, marks, open_office, too_large, tree, unpacked
from extract.printed import Line, Sheet, assemble
from extract.sheet_tables import Merge, Shape, joined_cells, lines_and_tables
from extract.zipped import DAMAGED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from zipfile import ZipFile

MOST_CELLS = 1_000_000  # of all sheets, blank ones counted; what Excel can hold is far more
MOST_CHARACTERS = 16_000_000  # shown by all of them
MOST_DOWN, MOST_ACROSS = 1_048_576, 16_384  # rows and columns of a sheet
MOST_SETTINGS = 1_500_000  # tags and attributes of what is neither a sheet nor the list of texts: openpyxl makes objects of them
TABLE, TEXT, STYLE = (f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("table", "text", "style"))
UNREADABLE = (*DAMAGED, ArithmeticError, LookupError, TypeError, AttributeError, AssertionError, ParseError, etree.XMLSyntaxError, DecompressionBombError)
PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
TRUE = frozenset({"1", "true"})
BREAK = re.compile(r"[^\S\n]{0,40}\n\s{0,40}")
WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef，。：；、（）]")
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Room:
    """How much more of a workbook is read, counted over all its sheets."""

    def __init__(self) -> None:
        self.cells, self.characters = MOST_CELLS, MOST_CHARACTERS

    def rows(self, rows: Iterable[Iterable[str]]) -> list[list[str]]:
        """The rows as far to the right and down as they show something. Raises `DocumentError` where there is no room for them."""
        kept: list[list[str]] = []
        blank = widest = 0
        before = self.cells
        for row in rows:
            texts = list(row)
            while texts and not texts[-1]:
                texts.pop()
            if texts:
                self._take(blank + 1 + len(texts), sum(map(len, texts)))
                kept += [[] for _ in range(blank)]
                kept.append(texts)
                blank, widest = 0, max(widest, len(texts))
            else:
                blank += 1
        self._take(max(0, len(kept) * widest - (before - self.cells)), 0)  # in a table short rows are as wide as the widest
        return kept

    def _take(self, cells: int, characters: int) -> None:
        self.cells -= cells
        self.characters -= characters
        if self.cells < 0 or self.characters < 0:
            raise DocumentError("unreadable", zh=f"表格过大（上限{MOST_CELLS}个单元格、{MOST_CHARACTERS}字）", en=f"the sheets are too large (at most {MOST_CELLS} cells and {MOST_CHARACTERS} characters)")


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


def _document(shapes: Callable[[bytes, Room], Iterator[Shape]], data: bytes, source: Source) -> Document:
    notes: list[Note] = []
    items: list[Line | Sheet] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that these libraries leave out
            for shape in shapes(data, Room()):
                notes += [Note(kind, f"工作表“{shape.name}”：{zh}", f"sheet {shape.name!r}: {en}") for kind, zh, en in shape.odd]
                if shape.hidden:
                    filled = sum(1 for row in shape.rows for text in row if text)
                    notes.append(Note("hidden_sheet", f"工作表“{shape.name}”是隐藏的，未读（{filled}个单元格）", f"sheet {shape.name!r} is hidden and was not read ({filled} cells)"))
                    continue
                joined = joined_cells(shape)
                if joined.apart:
                    notes.append(Note("overlapping_cells", f"工作表“{shape.name}”：合并单元格互相重叠，{joined.apart}处未合并", f"sheet {shape.name!r}: joined cells lie over each other; {joined.apart} of them were left apart"))
                items += lines_and_tables(shape, joined)
    except UNREADABLE as error:
        raise DocumentError("unreadable", zh="电子表格已损坏", en=f"the spreadsheet is damaged ({type(error).__name__})") from error
    content, blocks, links = assemble(items, [], notes)
    return Document(source, content, blocks, links=links, notes=tuple(notes))


def _xlsx(data: bytes, room: Room) -> Iterator[Shape]:
    import openpyxl  # noqa: PLC0415  # gongkai[office], asked for by extract.reading

    with open_office(data) as archive:
        _measure(archive)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        seen: set[str] = set()
        for sheet in book.worksheets:
            part = sheet._worksheet_path  # noqa: SLF001  # which no public name tells
            if part in seen:
                raise ValueError("two sheets are one part")
            seen.add(part)
            with archive.open(part) as opened:
                laid_out = _layout(opened)
            sheet.reset_dimensions()  # they may be wrong
            unknown: set[str] = set()
            rows = room.rows((_text(cell.value, cell.number_format if cell.value is not None else None, unknown) for cell in row) for row in _counted(sheet.iter_rows(), laid_out.rows))
            yield Shape(sheet.title, sheet.sheet_state != "visible", rows, laid_out.merges, [*_odd(laid_out.lost, laid_out.hidden), *_unknown(unknown)])


def _measure(archive: ZipFile) -> None:
    """Whether the parts of an .xlsx are of a size that openpyxl can take in; pictures are not opened. Raises `DocumentError`."""
    total = 0
    for info in archive.infolist():
        with archive.open(info) as part:
            if not is_markup(part.read(100)):
                continue
        text = unpacked(archive, info.filename)
        total += (found := marks(text))
        if total > MOST_MARKS or (found > MOST_SETTINGS and _root(text) not in {"worksheet", "sst"}):
            raise too_large()


def _root(text: bytes) -> str:
    return etree.QName(next(etree.iterparse(io.BytesIO(text), events=("start",), resolve_entities=False, no_network=True))[1]).localname


def _counted(rows: Iterator[Any], number: int) -> Iterator[Any]:
    """So many rows and no further: what follows them is not asked for. Raises `DocumentError` where there are fewer."""
    for _ in range(number):
        if (row := next(rows, None)) is None:
            raise DocumentError("unreadable", zh="工作表的行不是通常的格式（Strict Open XML），请另存为普通 xlsx", en="the rows of a sheet are of an unusual format (Strict Open XML); save it as a plain .xlsx")
        yield row


class Layout(NamedTuple):
    """How many rows a sheet has, and what openpyxl leaves out when it reads row by row: joined cells, hidden rows and columns, formulas whose value was not kept."""

    rows: int
    merges: list[Merge]
    hidden: int
    lost: int


def _layout(part: IO[bytes]) -> Layout:
    """Of one sheet. Raises `ValueError` where its rows or cells are out of order: openpyxl would drop them without a word."""
    from openpyxl.utils import range_boundaries  # noqa: PLC0415

    merges: list[Merge] = []
    hidden = lost = last = 0
    for _, element in etree.iterparse(part, events=("end",), tag=("{*}row", "{*}col", "{*}mergeCell"), resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True):
        match etree.QName(element).localname:
            case "mergeCell":
                left, top, right, bottom = range_boundaries(element.get("ref"))
                merges.append(Merge(top - 1, left - 1, bottom - top + 1, right - left + 1))
            case "col":
                hidden += element.get("hidden") in TRUE
            case _:
                number = int(float(element.get("r") or last + 1))
                if not last < number <= MOST_DOWN:
                    raise ValueError("rows are out of order")
                last = number
                hidden += element.get("hidden") in TRUE
                lost += _in_order(element, number)
        element.clear()
    return Layout(last, merges, hidden, lost)


def _in_order(row: etree._Element, number: int) -> int:
    """How many formulas of a row have no value. Raises `ValueError` where its cells do not go from left to right in it."""
    from openpyxl.utils import column_index_from_string  # noqa: PLC0415

    lost = last = 0
    for cell in row:
        before = last
        if (place := cell.get("r")) is None:
            last += 1
        elif (found := PLACE.fullmatch(place)) is not None and int(found[2]) == number:
            last = column_index_from_string(found[1])
        if not before < last <= MOST_ACROSS:
            raise ValueError("cells are out of order")
        lost += cell.find("{*}f") is not None and not cell.findtext("{*}v")
    return lost


def _xls(data: bytes, room: Room) -> Iterator[Shape]:
    import xlrd  # noqa: PLC0415  # gongkai[office]

    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO())
        for place in range(book.nsheets):
            yield _old_sheet(xlrd, book, book.sheet_by_index(place), room)
            book.unload_sheet(place)
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError, xlrd.formula.FormulaError) as error:
        encrypted = "encrypted" in str(error).lower()
        raise DocumentError("encrypted" if encrypted else "unreadable", zh="文件已加密" if encrypted else "电子表格已损坏", en="the file is encrypted" if encrypted else f"the spreadsheet is damaged ({error})") from error


def _old_sheet(xlrd: Any, book: Any, sheet: Any, room: Room) -> Shape:
    unknown: set[str] = set()

    def text(cell: Any) -> str:
        code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str if cell.xf_index is not None else None
        return _text(_old_value(xlrd, book, cell), code, unknown)

    rows = room.rows(map(text, sheet.row(number)) for number in range(sheet.nrows))
    hidden = sum(1 for place in (*sheet.rowinfo_map.values(), *sheet.colinfo_map.values()) if place.hidden)
    merges = [Merge(top, left, bottom - top, right - left) for top, bottom, left, right in sheet.merged_cells]
    return Shape(sheet.name, sheet.visibility != 0, rows, merges, [*_odd(0, hidden), *_unknown(unknown)])


def _old_value(xlrd: Any, book: Any, cell: Any) -> object:
    if cell.ctype == xlrd.XL_CELL_DATE:
        return xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return xlrd.error_text_from_code.get(cell.value, "#ERROR")
    return bool(cell.value) if cell.ctype == xlrd.XL_CELL_BOOLEAN else cell.value


def _ods(data: bytes, room: Room) -> Iterator[Shape]:
    """Sheets of an OpenDocument file: its cells keep the text that they show."""
    with open_office(data) as archive:
        if b"encryption-data" in unpacked(archive, "META-INF/manifest.xml"):
            raise DocumentError("encrypted", zh="文件已加密", en="the file is encrypted")
        content = tree(unpacked(archive, "content.xml"))
    invisible = {style.get(f"{STYLE}name") for style in content.iter(f"{STYLE}style") if any(own.get(f"{TABLE}display") == "false" for own in style.iter(f"{STYLE}table-properties"))}
    for sheet in content.iter(f"{TABLE}table"):
        merges: list[Merge] = []
        rows = room.rows(_open_rows(sheet, merges))
        yield Shape(sheet.get(f"{TABLE}name") or "", sheet.get(f"{TABLE}style-name") in invisible, rows, merges, [])


def _open_rows(sheet: etree._Element, merges: list[Merge]) -> Iterator[Iterable[str]]:
    """The rows of an OpenDocument sheet, without the blank ones at its end; which of its cells are joined is added to `merges`."""
    number = blank_rows = 0
    for row in sheet.iter(f"{TABLE}table-row"):
        repeated = int(row.get(f"{TABLE}number-rows-repeated") or 1)
        texts = _open_row(row, number + blank_rows, merges)
        if not texts:
            blank_rows += repeated
            continue
        yield from repeat((), blank_rows)
        yield from repeat(texts, repeated)
        number += blank_rows + repeated
        blank_rows = 0


def _open_row(row: etree._Element, number: int, merges: list[Merge]) -> list[str]:
    texts: list[str] = []
    blank = 0
    for cell in row:
        if cell.tag not in {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}:
            continue
        text = _tidy("\n".join("".join(map(str, part.itertext())) for part in cell.iter(f"{TEXT}p")))
        across, down = (int(cell.get(f"{TABLE}number-{way}-spanned") or 1) for way in ("columns", "rows"))
        if across > 1 or down > 1:
            merges.append(Merge(number, len(texts) + blank, down, across))
        repeated = int(cell.get(f"{TABLE}number-columns-repeated") or 1)
        if not text:
            blank += repeated
            continue
        if len(texts) + blank + repeated > MOST_ACROSS:
            raise ValueError("a row has too many columns")
        texts += [""] * blank + [text] * repeated
        blank = 0
    return texts


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
        named = [code[:40] for code in sorted(codes)[:3]]
        yield "number_format_unknown", f"不认识的数字格式：{'、'.join(named)}；按原数读出", f"unknown number formats: {', '.join(named)}; the plain numbers were read"
