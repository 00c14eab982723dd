"""The way in: content decides, limits are named, nothing that cannot be read ends in a traceback."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from extract.document import DocumentError, Paragraph, Span
from extract.reading import LIMITS, MEBIBYTE, READERS, media_type, read

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "<html><head><title>青岚县白榆局部门决算</title></head><body><p>收入合计12.5万元。</p></body></html>"
NOISE = random.Random(7).randbytes(50_000)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.4\n%\xe2\xe3", "application/pdf"),
        (b"\n\n  %PDF-1.4\n%\xe2\xe3\xcf\xd3" + bytes(range(32)) * 40, "application/pdf"),
        (PAGE.encode(), "text/html"),
        (PAGE.encode("utf-16"), "text/html"),
        (b"<!-- saved by a robot -->\n<!DOCTYPE html><p>x", "text/html"),
        (b"<meta http-equiv='Refresh' content='0; url=./a/'>", "text/html"),
        ("公告<br>如下".encode(), "text/plain"),
        ("<7天 | >95% | <法定时限30%".encode(), "text/plain"),
        ("正文\n<p>一</p>\n<p>二</p>".encode(), "text/html"),
        ("收入合计12.5万元".encode("gbk"), "text/plain"),
        ("收入合计12.5万元".encode("utf-16"), "text/plain"),
        (b"PK\x03\x04rest", "application/zip"),
        (b"\x89PNG\r\n\x1a\nrest", "image/png"),
        (NOISE, "application/octet-stream"),
        (b" \n", "application/x-empty"),
    ],
)
def test_the_media_type_is_told_by_content(data: bytes, kind: str) -> None:
    assert media_type(data) == kind


def test_a_page_named_pdf_is_read_as_a_page() -> None:
    document = read(PAGE.encode(), "2031年部门预算.pdf", declared_type="application/pdf")
    assert (document.source.media_type, document.title, document.content) == ("text/html", "青岚县白榆局部门决算", "收入合计12.5万元。")
    assert document.source.address == "2031年部门预算.pdf"
    assert document.blocks == (Paragraph(Span(0, 11)),)


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", "unreadable", "the file is empty"),
        (b"\0" * 50, "unreadable", "the file is empty"),
        (NOISE, "unreadable", "neither text nor a web page nor a PDF"),
        (b"\xff\xd8\xff\xe0" + NOISE, "needs_ocr", 'this is an image (image/jpeg) without text; to read it: pip install "gongkai[ocr]"'),
        (b"PK\x03\x04" + b"ppt/presentation.xml", "unreadable", "PowerPoint files are not supported yet"),
        (b"\x1f\x8b\x08" + NOISE, "unreadable", "application/gzip files are not supported yet"),
    ],
)
def test_what_no_reader_reads_is_refused_with_a_reason_in_two_languages(data: bytes, status: str, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(data, "x")
    assert (refused.value.status, refused.value.en) == (status, words)
    assert any("\u4e00" <= char <= "\u9fff" for char in refused.value.zh)


def test_a_page_past_the_limit_is_refused_at_once_and_the_limit_is_named() -> None:
    started = time.monotonic()
    with pytest.raises(DocumentError, match=f"exceed the limit of {LIMITS['text/html'] // MEBIBYTE} MB"):
        read(PAGE.encode() + b" " * (50 * MEBIBYTE), "big.html")
    assert time.monotonic() - started < 5


def test_every_reader_has_a_limit() -> None:
    assert set(READERS) == set(LIMITS)


def test_the_declared_encoding_is_heard() -> None:
    assert read("收入".encode("gbk"), "x.txt", declared_encoding="gb2312").content == "收入"


def test_text_inputs_do_not_load_the_pdf_library(root: Path) -> None:
    code = "import sys; from extract.reading import read; read(b'<p>x</p><p>y</p>', 'a'); read(b'x', 'b'); print('pypdfium2' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.corpus
def test_every_page_of_the_corpus_is_read_or_refused_with_a_reason(shared: Path) -> None:
    files = [*(shared / "corpus" / "dev").iterdir(), *(shared / "corpus" / "crawl").iterdir()]
    pages = [data for path in sorted(files) if media_type(data := path.read_bytes()) in ("text/html", "text/plain")]
    assert len(pages) > 150
    for data in pages:
        document = read(data, "page")
        for block in document.blocks:
            assert 0 <= block.span.start <= block.span.end <= len(document.content)
        assert all(link.span is None or document.text(link.span) == link.text for link in document.links)
        for table in document.tables():
            assert all(document.text(cell.span) == document.text(cell.span).strip() for cell in table.cells)
            assert all(cell.row + cell.rowspan <= table.rows and cell.column + cell.colspan <= table.columns for cell in table.cells)
