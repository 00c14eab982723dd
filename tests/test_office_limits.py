"""What an office file claims is believed within limits: a few kilobytes never take gigabytes, minutes or the neighbours along."""

from __future__ import annotations

import io
import re
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from openpyxl.chart import BarChart, Reference

from extract.document import DocumentError
from extract.number_formats import plain, shown
from extract.reading import read
from extract.zipped import MOST_DIRECTORY, open_zip
from gongkai import run
from gongkai.sources.archives import Budget, members
from tests.office_files import listed, paragraph, word, workbook

if TYPE_CHECKING:
    from collections.abc import Callable

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ODS = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
DECLARED = f'<Override PartName="/{STRINGS}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
ROW = '<row r="1"><c r="A1" t="str"><v>项目</v></c><c r="B1"><v>12.5</v></c></row>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "' + "a" * 1000 + '"><!ENTITY b "' + "&a;" * 1000 + '"><!ENTITY c "' + "&b;" * 1000 + '">]>'
READER = """
import resource, sys
from extract.document import DocumentError
from extract.reading import read
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
try:
    print("read", read(open(sys.argv[1], "rb").read(), "x").content[:40])
except DocumentError as refused:
    print(refused.status, refused.en)
"""
MEMORY = 1_500_000_000  # what a worker may hold


def packed(parts: dict[str, str | bytes], way: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", way) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return out.getvalue()


def archive_part(parts: dict[str, str | bytes], name: str) -> bytes:
    part = parts[name]
    assert isinstance(part, bytes)
    return part


def within(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"


def parts_of(data: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def empty(sheets: int = 1) -> dict[str, str | bytes]:
    return parts_of(workbook(lambda book: [book.create_sheet() for _ in range(sheets - 1)]))


def xlsx(rows: str = ROW, tail: str = "", before: str = "", texts: str = "") -> bytes:
    """A workbook of one sheet: its rows, what follows them, what stands before it all, and its list of texts."""
    parts = empty() | {SHEET: f"{before}<worksheet {MAIN}><sheetData>{rows}</sheetData>{tail}</worksheet>"}
    if texts:
        types = archive_part(parts, "[Content_Types].xml")
        parts |= {STRINGS: f"<sst {MAIN}>{texts}</sst>", "[Content_Types].xml": types.replace(b"</Types>", DECLARED.encode())}
    return packed(parts)


def changed(part: str, old: bytes, new: bytes) -> bytes:
    parts = empty()
    text = archive_part(parts, part)
    assert old in text
    return packed(parts | {part: text.replace(old, new, 1), SHEET: f"<worksheet {MAIN}><sheetData>{ROW}</sheetData></worksheet>"})


def many_far_cells() -> bytes:
    parts = empty(12)
    return packed(parts | {name: f'<worksheet {MAIN}><sheetData>{ROW}<row r="900000"><c r="A900000"><v>1</v></c></row></sheetData></worksheet>' for name in parts if name.startswith("xl/worksheets/sheet")})


def ods(rows: str) -> bytes:
    content = f'<office:document-content {ODS}><table:table table:name="a">{rows}</table:table></office:document-content>'
    return packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": "<manifest/>", "content.xml": content})


def open_row(cells: str, times: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'


def open_cell(text: str = "1", said: str = "") -> str:
    return f"<table:table-cell {said}><text:p>{text}</text:p></table:table-cell>"


def docx(body: str, level: str = "%1", form: str = "decimal") -> bytes:
    lists = f'<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="{form}"/><w:lvlText w:val="{level}"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    return word(body, numbering=f"<w:root>{lists}</w:root>")


def numbered(text: str) -> str:
    return paragraph(text, listed(0))


def locked(data: bytes) -> bytes:
    """The same archive, its members marked as encrypted."""
    marked = bytearray(data)
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        for found in re.finditer(re.escape(signature), data):
            marked[found.start() + at] |= 1
    return bytes(marked)


def chart_over_a_huge_picture() -> bytes:
    """A sheet that is a chart, with a picture of 3.6 billion pixels in its drawing."""
    def fill(book: Any) -> None:
        book.active.append([1, 2])
        chart = BarChart()
        chart.add_data(Reference(book.active, min_col=1, max_col=2, min_row=1))
        book.create_chartsheet().add_chart(chart)

    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    picture = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + struct.pack(">I", 0) + b"IEND\xaeB`\x82"
    spaces = 'xmlns="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    drawn = f'<pic {spaces}><nvPicPr><cNvPr id="2" name="a"/><cNvPicPr/></nvPicPr><blipFill><a:blip r:embed="rId9"/></blipFill><spPr/></pic>'
    related = b'<Relationship Id="rId9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="/xl/media/a.png"/></Relationships>'
    parts = parts_of(workbook(fill))
    drawing, relations = archive_part(parts, "xl/drawings/drawing1.xml"), archive_part(parts, "xl/drawings/_rels/drawing1.xml.rels")
    return packed(parts | {"xl/drawings/drawing1.xml": re.sub(rb"<graphicFrame.*</graphicFrame>", drawn.encode(), drawing, flags=re.DOTALL), "xl/drawings/_rels/drawing1.xml.rels": relations.replace(b"</Relationships>", related), "xl/media/a.png": picture})


def damaged_lzma() -> bytes:
    data = bytearray(packed(empty(), zipfile.ZIP_LZMA))
    start = data.find(SHEET.encode()) + len(SHEET)
    data[start + 4 : start + 12] = b"\xff" * 8
    return bytes(data)


def many_formatted(code: str) -> bytes:
    def fill(book: Any) -> None:
        for row in range(1, 2001):
            for column in range(1, 11):
                book.active.cell(row, column, 1).number_format = code

    return workbook(fill)


LARGE = "unreadable the sheets are too large"
DAMAGED = "unreadable the spreadsheet is damaged"
UNPACKED = "unreadable too large when unpacked"
CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "cells joined over a whole sheet": (lambda: xlsx(tail='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), "read 项目"),
    "a link over a whole sheet": (lambda: xlsx(tail='<hyperlinks><hyperlink ref="A1:XFD1048576" location="x"/></hyperlinks>'), "read 项目 | 12.5"),
    "a blank cell in the last row": (lambda: xlsx(f'{ROW}<row r="1048576"><c r="XFD1048576" s="0"/></row>'), "read 项目 | 12.5"),
    "a figure in the last row of many sheets": (many_far_cells, LARGE),
    "a row beyond the last": (lambda: xlsx(f'{ROW}<row r="99999999999"><c><v>1</v></c></row>'), DAMAGED),
    "rows out of order": (lambda: xlsx(f'<row r="2"><c r="A2"><v>1</v></c></row>{ROW}'), DAMAGED),
    "cells out of order": (lambda: xlsx('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>2</v></c></row>'), DAMAGED),
    "four million blank cells in a row": (lambda: xlsx(f"<row>{'<c/>' * 3_900_000}</row>"), DAMAGED),
    "one long text shown in 20,000 cells": (lambda: xlsx('<row><c t="s"><v>0</v></c></row>' * 20_000, texts=f"<si><t>{'字' * 30_000}</t></si>"), LARGE),
    "a million links": (lambda: xlsx(tail=within("hyperlinks", '<hyperlink ref="A1"/>' * 1_500_000)), "read 项目 | 12.5"),
    "a million joined cells over each other": (lambda: xlsx(tail=within("mergeCells", '<mergeCell ref="A1:B2"/>' * 1_500_000)), "read 项目"),
    "a million fonts": (lambda: changed("xl/styles.xml", b"</fonts>", b"<font/>" * 1_600_000 + b"</fonts>"), UNPACKED),
    "entities in entities": (lambda: xlsx('<row><c t="str"><v>&c;</v></c></row>', before=ENTITIES), DAMAGED),
    "entities in entities in the list of texts": (lambda: xlsx('<row><c t="s"><v>0</v></c></row>', texts=f"<si>{ENTITIES}</si>"), DAMAGED),
    "a number format of 30,000 zeros in 20,000 cells": (lambda: many_formatted("0" * 30_000), "read 1 | 1"),
    "a number format of 40 decimals": (lambda: many_formatted("0." + "0" * 40), "read 1 | 1"),
    "a chart over a huge picture": (chart_over_a_huge_picture, DAMAGED),
    "an encrypted part": (lambda: locked(xlsx()), "encrypted the file is encrypted"),
    "a damaged part packed as no office program does": (damaged_lzma, DAMAGED),
    "Strict Open XML": (lambda: packed(empty() | {SHEET: f'<worksheet xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheetData>{ROW}</sheetData></worksheet>'}), "unreadable the rows of a sheet are of an unusual format"),
    "ods: a million columns over 3,000 short rows": (lambda: ods(open_row(open_cell(said='table:number-columns-repeated="1000"') * 1000) + open_row(open_cell()) * 3000), DAMAGED),
    "ods: a row repeated for ever": (lambda: ods(open_row(open_cell() * 9, 99_999_999)), LARGE),
    "ods: a blank row repeated for ever": (lambda: ods(open_row(open_cell()) + open_row(open_cell(""), 99_999_999)), "read 1"),
    "ods: joined cells over each other": (lambda: ods(open_row(open_cell(said='table:number-columns-spanned="900" table:number-rows-spanned="9000"') * 60) * 300), "read 1"),
    "ods: an encrypted part": (lambda: locked(ods(open_row(open_cell()))), "encrypted the file is encrypted"),
    "ods: sixteen million tags": (lambda: ods("<a/>" * 16_000_000), UNPACKED),
    "docx: a list whose numbers are a megabyte long": (lambda: docx(numbered("收入") * 5000, "x" * 1_000_000), "read xxxx"),
    "docx: a list of letters without end": (lambda: docx(numbered("收入") * 200_000, "%1" * 20, "lowerLetter"), "read aaaaaaaaaaaaaaaaaaaa收入"),
    "docx: rows that begin in the thousandth column": (lambda: docx(within("w:tbl", '<w:tr><w:trPr><w:gridBefore w:val="1000"/></w:trPr><w:tc/></w:tr>' * 300_000)), "read"),
    "docx: sixteen million tags": (lambda: docx("<a/>" * 16_000_000), UNPACKED),
    "docx: an encrypted part": (lambda: locked(docx(numbered("收入"))), "encrypted the file is encrypted"),
}  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are set as Linux does")
@pytest.mark.parametrize("case", CASES)
def test_a_few_kilobytes_never_take_more_than_a_worker_may_hold(case: str, tmp_path: Path) -> None:
    build, said = CASES[case]
    file = tmp_path / "hostile"
    file.write_bytes(build())
    done = subprocess.run([sys.executable, "-c", READER, str(file), str(MEMORY)], check=False, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[1])
    assert done.stdout.startswith(said), (case, done.stdout, done.stderr[-300:])


def test_joined_cells_over_each_other_are_told() -> None:
    document = read(xlsx(tail=within("mergeCells", '<mergeCell ref="A1:B1"/>' * 3)), "a.xlsx")
    (note,) = [note for note in document.notes if note.kind == "overlapping_cells"]
    assert "2 of them were left apart" in note.en


def test_parts_that_are_no_xml_and_folders_in_the_archive_do_no_harm() -> None:
    extra: dict[str, str | bytes] = {"xl/": b"", "xl/printerSettings/printerSettings1.bin": bytes(300), "xl/empty.xml": b"", "xl/media/image1.emf": b"\x01\x00" * 300}
    assert read(packed(parts_of(xlsx()) | extra), "a.xlsx").content == read(xlsx(), "a.xlsx").content == "项目 | 12.5"


def test_two_sheets_that_are_one_part_are_refused() -> None:
    parts = empty(2)
    relations = archive_part(parts, "xl/_rels/workbook.xml.rels")
    with pytest.raises(DocumentError, match="damaged"):
        read(packed(parts | {"xl/_rels/workbook.xml.rels": relations.replace(b"sheet2.xml", b"sheet1.xml")}), "a.xlsx")


def test_formats_longer_than_any_program_allows_show_the_plain_number() -> None:
    assert shown(1.5, "0" * 256) == (plain(1.5), False)
    assert shown(123456789.5, "0." + "0" * 31) == ("123456789.5", False)
    assert shown(1.5, "0." + "0" * 30).known


def test_a_list_of_a_million_members_is_not_taken_in() -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    number = MOST_DIRECTORY // len(entry) + 1
    start = b"PK\x03\x04" + bytes(26)
    data = start + entry * number + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, number & 0xFFFF, number & 0xFFFF, len(entry) * number, len(start), 0)
    with pytest.raises(zipfile.BadZipFile, match="longer than 16 MB"):
        open_zip(io.BytesIO(data))
    (only,) = members("zip", "a.zip", io.BytesIO(data), Budget())
    assert only.trouble is not None
    assert "longer than 16 MB" in only.trouble.reason
    with pytest.raises(DocumentError):
        read(data, "a.xlsx")


def test_gaps_of_blank_cells_and_rows_keep_what_follows_in_its_place() -> None:
    gap = '<table:table-cell table:number-columns-repeated="600"/>'
    document = read(ods(open_row(open_cell("项目") + gap + open_cell("远")) + open_row(open_cell("甲") + gap + open_cell("1"))), "a.ods")
    (table,) = document.tables()
    assert [[document.text(cell.span) for cell in row if cell.span.start < cell.span.end] for row in table.by_row()] == [["项目", "远"], ["甲", "1"]]


def test_hostile_office_files_cost_their_neighbours_nothing(tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    hostile = {f"{number}.bin": CASES[case] for number, case in enumerate(("a figure in the last row of many sheets", "an encrypted part", "a damaged part packed as no office program does", "docx: sixteen million tags"))}
    for name, (build, _) in hostile.items():
        (place / name).write_bytes(build())
    page = "云岭县档案馆2023年度部门决算情况说明\n二、部门决算情况说明\n（一）收入支出决算总体情况说明\n1.总体情况。2023年度收入总计1,206.40万元，支出总计1,206.40万元。收支较上年决算数减少3.60万元、下降0.3%，主要原因是项目经费减少。\n"
    (place / "good.txt").write_text(page, encoding="utf-8")
    run.run([place], tmp_path / "out", workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: None)
    rows = {row["source"].rsplit("/", 1)[-1]: row for row in pq.read_table(tmp_path / "out" / "data" / "documents.parquet").to_pylist()}
    assert rows.pop("good.txt")["status"] == "ok"
    assert {name: row["status"] for name, row in rows.items()} == {name: said.split()[0] for name, (_, said) in hostile.items()}
