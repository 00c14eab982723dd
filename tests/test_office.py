"""Spreadsheets and Word files say what their page says; what cannot be seen, kept or read is named."""

from __future__ import annotations

import datetime as dt
import io
import sys
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from extract import old_word
from extract.document import Document, DocumentError, Table
from extract.reading import lacking, office_type, read
from gongkai.cli import main
from normalize.disclosure import normalize
from tests.office_files import listed, paragraph, word, workbook

FIXTURES = Path(__file__).parents[1] / "fixtures"
TWINS = sorted((FIXTURES / "twins").iterdir())
NO_OFFICE = old_word.program() is None
PLACES = {"row_id", "document_id", "evidence", "span", "spans", "cells", "texts", "raw", "page", "passages", "finding_ids", "evidence_ids", "project_id", "repair_id"}


def plain(value: Any) -> Any:
    """A record without its places in the file; amounts without the zeros they are printed with."""
    if isinstance(value, dict):
        return tuple((name, plain(part)) for name, part in sorted(value.items()) if name not in PLACES)
    return tuple(map(plain, value)) if isinstance(value, (list, tuple)) else value


def facts(data: bytes, name: str) -> dict[str, Counter[Any]]:
    said = normalize(read(data, name))
    return {table: Counter(plain(asdict(row)) for row in getattr(said, table)) for table in ("budget_lines", "quantities", "projects", "project_funds", "indicators", "scores")}


@pytest.mark.parametrize("twin", TWINS, ids=[twin.name for twin in TWINS])
def test_a_twin_gives_the_same_rows_as_its_page(twin: Path) -> None:
    if twin.suffix == ".doc" and NO_OFFICE:
        pytest.skip("LibreOffice is not on this machine: .doc files are read through it")
    page = FIXTURES / twin.stem / "input.html"
    want, got = facts(page.read_bytes(), page.name), facts(twin.read_bytes(), twin.name)
    assert sum(want["budget_lines"].values()) > 100
    for table, rows in want.items():
        assert (table, got[table] - rows, rows - got[table]) == (table, Counter(), Counter())


def test_every_value_of_a_twin_reads_back() -> None:
    for twin in TWINS:
        if twin.suffix != ".doc" or not NO_OFFICE:
            document = read(twin.read_bytes(), twin.name)
            lines = normalize(document).budget_lines
            assert all(document.text(line.span) == line.raw for line in lines)


# spreadsheets

Cells = list[list[Any]]
SUMMARY: Cells = [["收入", None, "支出", None], ["项目", "决算数", "项目", "决算数"], ["一、财政拨款收入", 1206.4, "一、教育支出", 1206.4], ["本年收入合计", 1206.4, "本年支出合计", 1206.4], ["总计", 1206.4, "总计", 1206.4]]


def texts(document: Document) -> list[list[str]]:
    (table,) = document.tables()
    return [[document.text(cell.span) for cell in row] for row in table.by_row()]


def kinds(document: Document) -> set[str]:
    return {note.kind for note in document.notes}


def test_numbers_are_read_as_they_are_shown() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        for row in (["项目", "金额", "执行率", "科目编码", "日期"], ["甲", 1234567.891, 0.8535, 201, dt.datetime(2023, 8, 15)], ["乙", 0, 1, 20101, None], ["丙", "1,200.50", 0.1 + 0.2, None, None]):  # noqa: DTZ001
            sheet.append(row)
        for cell, code in {"B2": "#,##0.00", "C2": "0.00%", "D2": "0000000", "B3": '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', "C3": "0%"}.items():
            sheet[cell].number_format = code

    document = read(workbook(fill), "a.xlsx")
    assert texts(document)[1:] == [["甲", "1,234,567.89", "85.35%", "0000201", "2023-08-15"], ["乙", "-", "100%", "20101", ""], ["丙", "1,200.50", "0.3", "", ""]]


def test_one_table_on_each_sheet_and_several_on_one_are_the_same_tables() -> None:
    titles = ("收入支出决算总表", "财政拨款收入支出决算总表")

    def sheets(book: Any) -> None:
        book.active.title = "封面"
        book.active["B4"] = "云岭县档案馆2023年度部门决算公开表"
        for number, title in enumerate(titles, 1):
            sheet = book.create_sheet(f"公开0{number}")
            for row in ([title], [f"公开0{number}表"], ["部门：云岭县档案馆", None, None, "单位：万元"], *SUMMARY, ["注：本表反映部门本年度的总收支。"]):
                sheet.append(row)
            sheet.merge_cells("A1:D1")

    def one(book: Any) -> None:
        book.active.append(["云岭县档案馆2023年度部门决算公开表"])
        for number, title in enumerate(titles, 1):
            for row in ([title], [f"公开0{number}表"], ["部门：云岭县档案馆", None, None, "单位：万元"], *SUMMARY, ["注：本表反映部门本年度的总收支。"], []):
                book.active.append(row)

    for data in (workbook(sheets), workbook(one)):
        document = read(data, "a.xlsx")
        said = normalize(document)
        assert {line.table_kind for line in said.budget_lines} == {"rev_exp_summary", "fiscal_summary"}
        assert {line.unit for line in said.budget_lines} == {"万元"}
        assert sum(isinstance(block, Table) for block in document.blocks) == 2


def test_what_is_hidden_or_was_never_calculated_is_named() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        for row in SUMMARY:
            sheet.append(row)
        sheet["B5"] = "=SUM(B3:B4)"
        sheet.row_dimensions[3].hidden = True
        secret = book.create_sheet("底稿")
        secret.append(["项目", "金额"])
        secret.append(["不公开", 99.99])
        secret.sheet_state = "hidden"

    document = read(workbook(fill), "a.xlsx")
    assert kinds(document) == {"hidden_sheet", "hidden_cells", "formula_without_value"}
    assert "99.99" not in document.content
    assert texts(document)[4] == ["总计", "", "总计", "1206.4"]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in note.zh) for note in document.notes)


def test_merged_cells_keep_their_reach() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("表")
    sheet.merge_range("A1:A2", "项目")
    sheet.merge_range("B1:C1", "支出")
    sheet.write_row("B2", ["基本支出", "项目支出"])
    sheet.write_row("A3", ["合计", 1, 2])
    book.close()
    (table,) = read(out.getvalue(), "a.xlsx").tables()
    assert [(cell.row, cell.column, cell.rowspan, cell.colspan) for cell in table.cells] == [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1)]


def test_an_unknown_number_format_is_told_and_the_plain_number_read() -> None:
    def fill(book: Any) -> None:
        book.active.append(["项目", "金额"])
        book.active.append(["甲", 12345.678])
        book.active["B2"].number_format = "0!.0,"

    document = read(workbook(fill), "a.xlsx")
    assert texts(document)[1] == ["甲", "12345.678"]
    assert kinds(document) == {"number_format_unknown"}


# Word


LISTS = """<w:root><w:abstractNum w:abstractNumId="0">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="%1、"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/><w:lvlText w:val="（%2）"/></w:lvl>
<w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%3."/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num></w:root>"""
STYLES = '<w:root><w:style w:styleId="Head"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:root>'


def lines(data: bytes) -> list[str]:
    return read(data, "a.docx").content.split("\n")


def test_numbers_that_word_generates_stand_before_their_paragraphs() -> None:
    body = (
        paragraph("部门概况", '<w:pStyle w:val="Head"/>') + paragraph("职能职责", listed(1)) + paragraph("机构设置", listed(1)) + paragraph("收支情况", listed(0)) + paragraph("收入", listed(1))
        + paragraph("财政拨款", listed(2)) + paragraph("其他", listed(2)) + paragraph("名词解释", listed(0, 2)) + paragraph("正文不编号")
    )  # fmt: skip
    assert lines(word(body, numbering=LISTS, styles=STYLES)) == ["一、部门概况", "（一）职能职责", "（二）机构设置", "二、收支情况", "（一）收入", "1.财政拨款", "2.其他", "一、名词解释", "正文不编号"]


def test_only_what_is_printed_is_read() -> None:
    runs = (
        "<w:p><w:r><w:t>收入合计</w:t></w:r><w:del><w:r><w:delText>9</w:delText></w:r></w:del><w:ins><w:r><w:t>12.5</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>暗</w:t></w:r>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:t>万元</w:t><w:br/><w:t>第二行</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>框外</w:t><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p></w:txbxContent></mc:Choice>"
        "<mc:Fallback><w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p></w:txbxContent></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert lines(word(runs)) == ["收入合计12.5万元", "第二行", "框外", "框内"]


def cell(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{text if text.startswith('<') else paragraph(text)}</w:tc>"


def test_merged_and_nested_cells_of_word_keep_their_place() -> None:
    inner = f"<w:tbl><w:tr>{cell('内一')}{cell('内二')}</w:tr></w:tbl>"
    tall, wide = '<w:vMerge w:val="restart"/>', '<w:gridSpan w:val="2"/>'
    rows = (
        f"<w:tr>{cell('项目', tall)}{cell('支出', wide)}</w:tr>"
        f"<w:tr>{cell('', '<w:vMerge/>')}{cell('基本')}{cell('项目支出')}</w:tr>"
        f"<w:sdt><w:sdtContent><w:tr>{cell('合计')}{cell(inner)}{cell('2')}</w:tr></w:sdtContent></w:sdt>"
    )
    document = read(word(f"<w:tbl>{rows}</w:tbl>"), "a.docx")
    (table,) = document.tables()
    assert [(document.text(one.span), one.row, one.column, one.rowspan, one.colspan) for one in table.cells] == [
        ("项目", 0, 0, 2, 1), ("支出", 0, 1, 1, 2), ("基本", 1, 1, 1, 1), ("项目支出", 1, 2, 1, 1), ("合计", 2, 0, 1, 1), ("内一 内二", 2, 1, 1, 1), ("2", 2, 2, 1, 1),
    ]  # fmt: skip


# what cannot be read

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (word("")[:200], "unreadable"),
        (workbook(lambda book: book.active.append([1]))[:900], "unreadable"),
        (OLE + b"\0" * 600 + "Workbook".encode("utf-16-le"), "unreadable"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (OLE + b"\0" * 600, "unreadable"),
        (word('<!DOCTYPE x [<!ENTITY a "aaaa">]>&a;'), "unreadable"),
    ],
)
def test_damaged_and_locked_files_are_refused_with_a_reason(data: bytes, status: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(data, "x")
    assert refused.value.status == status
    assert any("\u4e00" <= letter <= "\u9fff" for letter in refused.value.zh)


def test_every_cut_of_an_office_file_is_refused_or_read() -> None:
    for twin in TWINS:
        data = twin.read_bytes()
        if twin.suffix == ".doc":
            continue
        for part in range(1, 12):
            broken = bytearray(data[: len(data) * part // 12])
            for other in (bytes(broken), bytes(broken[: len(broken) // 2]) + b"\0" * 64 + bytes(broken[len(broken) // 2 :]) + data[len(broken) :]):
                with suppress(DocumentError):
                    read(other, twin.name)


def test_a_word_file_that_unpacks_without_end_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (65 << 20))
    with pytest.raises(DocumentError, match="too large when unpacked"):
        read(out.getvalue(), "a.docx")


def test_without_its_library_or_program_a_file_is_a_row_and_a_named_one_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(old_word, "PROGRAMS", ())
    file = tmp_path / "in" / "a.doc"
    file.parent.mkdir()
    file.write_bytes((FIXTURES / "twins" / "chengkou-climate-2021-final-html.doc").read_bytes())
    assert office_type(file.read_bytes(), "application/x-ole-storage") == "application/msword"
    lack = lacking("application/msword")
    assert lack is not None
    assert "LibreOffice" in lack.en
    assert main(["run", str(file), "--output", str(tmp_path / "out"), "--progress", "none"]) == 5
    assert "LibreOffice" in capsys.readouterr().err
    with pytest.raises(DocumentError, match="LibreOffice"):
        read(file.read_bytes(), "a.doc")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for LibreOffice is a script of sh")
def test_a_converter_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sleeper = tmp_path / "soffice"
    sleeper.write_text("#!/bin/sh\nexec sleep 600\n", encoding="utf-8")
    sleeper.chmod(0o755)
    monkeypatch.setattr(old_word, "PROGRAMS", (str(sleeper),))
    monkeypatch.setattr(old_word, "SECONDS", 0.05)
    with pytest.raises(DocumentError, match="took more than"):
        read((FIXTURES / "twins" / "chengkou-climate-2021-final-html.doc").read_bytes(), "a.doc")


def test_a_sheet_in_whole_yuan_is_a_disclosure() -> None:
    def fill(book: Any) -> None:
        for row in (["云岭县档案馆2023年度单位决算"], ["收入支出决算总表"], ["单位：元"], ["收入", None, "支出", None], ["项目", "决算数", "项目", "决算数"], ["一、财政拨款收入", 5123400, "一、教育支出", 5123400], ["总计", 5123400, "总计", 5123400]):
            book.active.append(row)

    said = normalize(read(workbook(fill), "a.xlsx"))
    assert said.status == "ok"
    assert {str(line.value) for line in said.budget_lines} == {"5123400"}


def test_a_workbook_whose_parts_are_not_declared_is_damaged() -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(FIXTURES / "twins" / "nanchuan-bamboo-2022-final-tables.xlsx") as whole, zipfile.ZipFile(sink, "w") as part:
        for name in whole.namelist():
            part.writestr(name, whole.read(name).replace(b"spreadsheetml.sheet.main+xml", b"x+xml"))
    with pytest.raises(DocumentError, match="damaged"):
        read(sink.getvalue(), "x.xlsx")


@pytest.mark.parametrize(("old", "new"), [(b'<w:gridSpan w:val="', b'<w:gridSpan w:val="[&gt;1]'), (b"<w:trPr>", b'<w:trPr><w:gridBefore w:val="4294967296"/>'), (b'<w:ilvl w:val="', b'<w:ilvl w:val="x'), (b'<w:start w:val="', b'<w:start w:val="9e9')])
def test_numbers_of_word_that_are_none_or_without_measure_leave_the_text_readable(old: bytes, new: bytes) -> None:
    sink = io.BytesIO()
    changed = 0
    with zipfile.ZipFile(FIXTURES / "twins" / "chengkou-climate-2021-final-html.docx") as whole, zipfile.ZipFile(sink, "w") as part:
        for name in whole.namelist():
            data = whole.read(name)
            changed += data.count(old)
            part.writestr(name, data.replace(old, new))
    assert changed
    assert len(read(sink.getvalue(), "x.docx").content) > 1000
