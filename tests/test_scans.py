"""Scans are read as their own PDFs are; what a machine recognised says so and how sure it is; without the extra they stay unread, with the reason."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from base64 import b64encode
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from pyarrow.parquet import read_table
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from extract import pdf, scanned
from extract.document import Document, DocumentError, Span
from extract.pdfium import drawn_page
from extract.reading import read
from fixtures.generators.scans import measured, only, scan
from gongkai.sources import again
from normalize.disclosure import normalize

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
PDF = (FIXTURES / "fengxian-shelterbelt-2023-final-pdf" / "input.pdf").read_bytes()
PAGE = 6  # 收入支出决算总表
HERE = find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None
needs_ocr = pytest.mark.skipif(not HERE, reason='recognition is an extra: pip install "gongkai[ocr]"')


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(scanned.SWITCH, raising=False)


@pytest.fixture(scope="module")
def one() -> Iterator[Document]:
    """One page, scanned askew, as it was recognised."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(scanned.SWITCH, raising=False)
        yield read(scan(PDF, [PAGE], 200, 2.0), "scan.pdf")


def test_without_the_extra_a_scan_and_a_picture_stay_unread_and_say_what_helps() -> None:
    picture = io.BytesIO()
    Image.new("L", (200, 100), 255).save(picture, "PNG")
    for data in (scan(PDF, [PAGE], 60, 0.0), picture.getvalue()):
        with pytest.raises(DocumentError) as refused:
            read(data, "x")
        assert refused.value.status == "needs_ocr"
        assert 'pip install "gongkai[ocr]"' in refused.value.zh
        assert 'pip install "gongkai[ocr]"' in refused.value.en


@needs_ocr
def test_a_scan_gives_the_cells_of_its_pdf_and_no_wrong_figure_goes_unnoticed(wanted: None) -> None:
    pages, score = measured(PDF, 200, 2.0, 2)
    assert pages == 2
    assert score.wanted > 100
    assert score.f1 >= 0.97
    assert score.unnoticed == 0


@needs_ocr
def test_what_was_recognised_says_so_on_every_value(one: Document) -> None:
    said = normalize(one)
    assert [finding.check_id for finding in said.findings if finding.check_id == "read_by_ocr"] == ["read_by_ocr"]
    assert len(said.budget_lines) > 8
    for line in said.budget_lines:
        sure = one.confidence(line.span)
        assert sure is not None
        assert 0 <= sure <= 1


@needs_ocr
def test_boxes_of_a_page_that_was_askew_lie_where_the_picture_shows_them(one: Document) -> None:
    own = read(only(PDF, [PAGE]), "own.pdf")
    centre = np.array((drawn_page(PDF, PAGE, 1.0)[0], drawn_page(PDF, PAGE, 1.0)[1])) / 2
    angle = np.deg2rad(2.0)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    for text in ("1,151.48", "918.05"):
        there, here = (document.place(Span(at := document.content.index(text), at + len(text))) for document in (own, one))
        assert there is not None
        assert here is not None
        askew = turn @ (np.array(((there.x0 + there.x1) / 2, (there.y0 + there.y1) / 2)) - centre) + centre
        assert np.abs(askew - np.array(((here.x0 + here.x1) / 2, (here.y0 + here.y1) / 2))).max() < 6


@needs_ocr
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_on_its_side_or_upside_down_is_read_as_if_it_stood(one: Document, wanted: None, quarters: int) -> None:
    width, height, pixels = drawn_page(PDF, PAGE, 200 / 72)
    lying = Image.frombytes("RGB", (width, height), pixels).convert("L").rotate(90 * quarters, expand=True)
    out = io.BytesIO()
    lying.save(out, "PNG", dpi=(200, 200))
    document = read(out.getvalue(), "lying.png")
    figures = [sorted(re.findall(r"\d[\d,]*\.\d\d", whole.content)) for whole in (one, document)]
    assert figures[0] == figures[1]
    place = document.place(Span(at := document.content.index("1,151.48"), at + 8))
    assert place is not None
    scale = 200 / 72
    shown = np.asarray(lying)[int(place.y0 * scale) - 2 : int(place.y1 * scale) + 2, int(place.x0 * scale) - 2 : int(place.x1 * scale) + 2]
    assert (place.y1 - place.y0 > place.x1 - place.x0) == (quarters != 2)
    assert (shown < 128).mean() > 0.05, "there is ink where the figure is said to stand"


@needs_ocr
def test_a_scanned_page_among_pages_of_text_is_read_and_told_apart(wanted: None) -> None:
    import pypdfium2  # noqa: PLC0415

    out = io.BytesIO()
    with pypdfium2.PdfDocument(only(PDF, [PAGE + 1])) as whole, pypdfium2.PdfDocument(scan(PDF, [PAGE], 200, 0.0)) as picture:
        whole.import_pages(picture)
        whole.save(out)
    document = read(out.getvalue(), "mixed.pdf")
    sure = {box.page: document.confidence(table.span) is not None for table in document.tables() if (box := document.place(Span(table.span.start, table.span.start + 40)))}
    assert sure == {1: False, 2: True}
    assert [note.en for note in document.notes if note.kind == "read_by_ocr"] == ["pages 2 have no usable text layer; they were recognised by machine"]


def overlaid(figures: list[tuple[str, tuple[float, float]]]) -> bytes:
    """The page as a picture, and these figures as invisible text over it, as a scanner's program leaves them."""
    width, height, pixels = drawn_page(PDF, PAGE, 200 / 72)
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, pagesize=(width * 0.36, height * 0.36))
    canvas.drawImage(ImageReader(Image.frombytes("RGB", (width, height), pixels).convert("L")), 0, 0, width * 0.36, height * 0.36)
    for figure, (left, low) in figures:
        text = canvas.beginText(left, height * 0.36 - low)
        text.setFont("Helvetica", 9)
        text.setTextRenderMode(3)
        text.textOut(figure)
        canvas.drawText(text)
    canvas.save()
    return out.getvalue()


@needs_ocr
@pytest.mark.parametrize("true", [True, False])
def test_an_invisible_layer_of_text_is_believed_as_far_as_the_picture_bears_it_out(wanted: None, *, true: bool) -> None:
    own = read(only(PDF, [PAGE]), "own.pdf")
    printed = [(match[0], own.place(Span(*match.span()))) for match in re.finditer(r"\d[\d,.]*", own.content)]
    figures = [(figure if true else figure.replace("1", "7").replace("5", "3"), (place.x0, place.y1)) for figure, place in printed if place]
    document = read(overlaid(figures), "layer.pdf")
    kinds = {note.kind for note in document.notes}
    assert ("text_over_scan" in kinds, "text_layer_disagrees" in kinds, "read_by_ocr" in kinds) == (true, not true, not true)
    assert "1,151.48" in document.content
    assert ("本年支出合计" in document.content) != true, "the layer holds figures only"


def test_a_layer_over_more_pages_than_can_be_recognised_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "is_available", lambda: True)
    monkeypatch.setattr(pdf, "MOST_PAGES", 0)
    document = read(overlaid([("1,151.48", (100.0, 200.0)), ("918.05", (100.0, 300.0))]), "long.pdf")
    assert "1,151.48" in document.content
    assert "text_over_scan" in {note.kind for note in document.notes}


@needs_ocr
def test_a_figure_that_is_hardly_legible_is_doubtful(wanted: None) -> None:
    document = read(scan(PDF, [PAGE], 72, 0.0, quality=12), "faint.pdf")
    doubts = [note for note in document.notes if note.kind == "ocr_doubtful"]
    assert doubts
    assert all(note.span and (document.confidence(note.span) or 0) < scanned.DOUBTFUL for note in doubts)
    assert {finding.severity for finding in normalize(document).findings if finding.check_id == "ocr_doubtful"} <= {"look"}


@needs_ocr
def test_a_run_reads_what_it_had_to_leave_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    width, height, pixels = drawn_page(PDF, PAGE, 200 / 72)
    Image.frombytes("RGB", (width, height), pixels).convert("L").save(tmp_path / "in" / "page.png")
    monkeypatch.delenv(scanned.SWITCH, raising=False)
    words = [sys.executable, "-m", "gongkai", "run", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--progress", "none", "--workers", "1"]
    ended = [subprocess.run([*words, *more], capture_output=True, text=True, encoding="utf-8", check=False) for more in (["--no-ocr"], [], [])]
    assert [one.returncode for one in ended] == [3, 0, 0]
    assert "needs_ocr" in ended[0].stdout
    assert ["1 新读 read" in one.stderr for one in ended] == [True, True, False]


@needs_ocr
@pytest.mark.parametrize("embedded", [False, True])
def test_a_page_whose_tables_are_pictures_is_read_through_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, embedded: bool) -> None:
    width, height, pixels = drawn_page(PDF, PAGE, 200 / 72)
    drawn = io.BytesIO()
    Image.frombytes("RGB", (width, height), pixels).convert("L").save(drawn, "PNG")
    (tmp_path / "in" / "files").mkdir(parents=True)
    if not embedded:
        (tmp_path / "in" / "files" / "1.png").write_bytes(drawn.getvalue())
    address = "data:image/png;base64," + b64encode(drawn.getvalue()).decode() if embedded else "./files/1.png"
    (tmp_path / "in" / "page.html").write_text(f'<title>云岭县防护林站2031年度部门决算</title><h1>云岭县防护林站2031年度部门决算</h1><p><img src="{address}" width="900"></p>', encoding="utf-8")
    monkeypatch.delenv(scanned.SWITCH, raising=False)
    words = [sys.executable, "-m", "gongkai", "run", "in", "--output", "out", "--progress", "none", "--workers", "1"]
    for more, statuses in ((["--no-ocr"], ("needs_ocr", "needs_ocr")), ([], ("attachments_only", "ok"))):
        subprocess.run([*words, *more], cwd=tmp_path, capture_output=True, check=False)
        page, picture = sorted(read_table(tmp_path / "out" / "data" / "documents.parquet").to_pylist(), key=lambda row: str(row["media_type"]), reverse=True)
        assert (page["status"], picture["status"]) == statuses
    assert picture["source"] == ("in/page.html!/picture-1" if embedded else "in/files/1.png")
    assert (picture["parent_document_id"], picture["source_page"]) == (page["document_id"], "in/page.html")
    assert (picture["department"], picture["fiscal_year"], picture["stage"]) == (page["department"], 2031, "final")
    monkeypatch.chdir(tmp_path)
    assert again(picture["source"]) == drawn.getvalue()


@needs_ocr
def test_damaged_pictures_are_refused(wanted: None) -> None:
    for data in (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, b"\xff\xd8\xff\xe0" + bytes(range(256)), b"II*\x00" + b"\xff" * 100):
        with pytest.raises(DocumentError) as refused:
            read(data, "x")
        assert refused.value.status in {"unreadable", "needs_ocr"}
