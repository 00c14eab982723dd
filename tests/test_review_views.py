"""Every value of every example, marked where it stands: on the web page made anew, in the text, on the page of the PDF."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pypdfium2
import pytest
from lxml import html
from PIL import Image

from extract.document import Document, DocumentError, Heading, Paragraph, Source, Span, Table
from extract.reading import read
from gongkai.review.alignment import compact, leaves
from gongkai.review.pictures import LONGEST_SIDE, MOST_PIXELS, Size
from gongkai.review.views import Mark, blocks_html, box_of, page_html, page_png, page_sizes, places, spans_of, text_html, view
from gongkai.sources import example_inputs
from tests import drawing
from tests.test_extraction import EXAMPLES, FIXTURES, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from lxml.html import HtmlElement
    from reportlab.pdfgen.canvas import Canvas

    from extract.document import Cell

PDFS = [name for name in EXAMPLES if example_inputs(FIXTURES / name)[0].suffix == ".pdf"]
WEB = [file for name in EXAMPLES for file in example_inputs(FIXTURES / name) if file.suffix != ".pdf"] + [
    file for group in ("variations", "held-out") for folder in sorted((FIXTURES / group).iterdir()) if folder.is_dir() for file in example_inputs(folder)
]


def spans_read(file: Path) -> tuple[Document, list[Span]]:
    """The document of a file, and every place its rows name."""
    document, rows = rows_of(file)
    return document, sorted({span for found in rows.values() for row in found for span in spans_of(row) if span.start < span.end})


def marked(page: HtmlElement) -> dict[int, list[HtmlElement]]:
    """The marks by the number that was given as their row id."""
    found: dict[int, list[HtmlElement]] = {}
    for mark in page.iter("mark"):
        for number in mark.attrib["data-rows"].split():
            found.setdefault(int(number), []).append(mark)
    return found


def each(element: HtmlElement, path: str) -> list[HtmlElement]:
    """The elements on a path."""
    found: Any = element.xpath(path)
    return list(found)


def solid(text: str) -> str:
    """What is compared: without blanks, and without what the reader prints between cells."""
    return compact(text).replace("|", "")


def without_cause(document: Document, data: bytes, spans: list[Span]) -> tuple[str, list[str]]:
    """How a document is shown, and what is wrong with its marks: they read otherwise, stand in another order, another row, another sentence."""
    shown = view(data, document, [Mark(span, (str(number),)) for number, span in enumerate(spans)])
    page = html.fromstring(shown.html)
    for named in each(page, "//span[@class='lost']"):
        named.drop_tree()
    found = marked(page)
    order = {mark: number for number, mark in enumerate(page.iter("mark"))}
    wrong = [document.text(span) for number, span in enumerate(spans) if solid(document.text(span)) != solid("".join(text_of(mark) for mark in found.get(number, [])))]
    firsts = [order[found[number][0]] for number in range(len(spans)) if number in found]
    if firsts != sorted(firsts) and not any(element.tag in ("thead", "tfoot") for element in page.iter()):
        wrong.append("marks stand in another order than what was read")
    if shown.how == "page":
        cells = {cell.span: (table, cell) for table in document.tables() for cell in table.cells}
        wrong += [document.text(span) for number, span in enumerate(spans) if number in found and not stands_right(document, span, found[number], cells)]
    return shown.how, wrong


def text_of(element: HtmlElement) -> str:
    return "".join(str(part) for part in element.itertext())


def stands_right(document: Document, span: Span, marks: list[HtmlElement], cells: dict[Span, tuple[Table, Cell]]) -> bool:
    """Whether a mark in a cell stands in the same row and column, one in a sentence in the same sentence."""
    block = document.blocks[document.block_at(span.start)]
    if not isinstance(block, Table):
        around = each(marks[0], "ancestor::*[self::p or self::div or self::td or self::h1 or self::h2 or self::h3 or self::li or self::body][1]")[0]
        return span.end > block.span.end or solid(document.text(block.span)) in solid(text_of(around))
    own = next((place for inner, place in cells.items() if inner.start <= span.start and span.end <= inner.end), None)
    if own is None:
        return True
    table, cell = own
    line = each(marks[0], "ancestor::tr[1]")[0]
    beside = [solid(text_of(other)) for other in each(line, "./td|./th")]
    return beside == [solid(document.text(other.span)) for other in table.row(cell.row)] and each(line, "./td|./th").index(each(marks[0], "ancestor::*[self::td or self::th][1]")[0]) == table.row(cell.row).index(cell)


@pytest.mark.parametrize("file", WEB, ids=lambda file: str(file.parent.relative_to(FIXTURES)))
def test_every_row_of_an_example_is_marked_where_it_stands(file: Path) -> None:
    document, spans = spans_read(file)
    how, wrong = without_cause(document, file.read_bytes(), spans)
    assert wrong == []
    assert how == ("text" if document.source.media_type == "text/plain" else "page")


def test_one_value_is_the_value_and_only_one() -> None:
    file = FIXTURES / "chengkou-climate-2021-final-html" / "input.html"
    document, spans = spans_read(file)
    for span in spans[::40]:
        shown = page_html(file.read_bytes(), document, [span])
        assert (shown.found, shown.how) == (True, "page")
        (value,) = each(html.fromstring(shown.html), "//mark[@id='value']")
        assert solid(document.text(span)).startswith(solid(text_of(value)))


def webpage(body: str) -> tuple[bytes, Document]:
    data = f"<html><head><title>某局决算</title></head><body>{body}</body></html>".encode()
    return data, read(data, "a.html")


def of(document: Document, words: str, occurrence: int = 0) -> Span:
    at = -1
    for _ in range(occurrence + 1):
        at = document.content.index(words, at + 1)
    return Span(at, at + len(words))


def shown_around(body: str, words: str, occurrence: int = 0) -> str:
    """The body of a page with words of it marked."""
    data, document = webpage(body)
    shown = page_html(data, document, [of(document, words, occurrence)])
    assert shown.how == "page"
    return shown.html.split("<body>\n")[1].split("\n</body>")[0]


def test_words_that_stand_twice_are_told_apart_by_what_follows() -> None:
    nav = '<div class="nav"><a href="/">部门决算</a></div>'
    assert shown_around(f"{nav}<h1>部门决算</h1><p>打印</p><p>收入12万元，支出12万元。</p>", "部门决算").endswith(
        '<h1><mark id="value">部门决算</mark></h1><p>打印</p><p>收入12万元，支出12万元。</p>'
    )
    assert '支出<mark id="value">12</mark>万元' in shown_around(f"{nav}<p>收入12万元，支出12万元。</p>", "12", 1)
    assert shown_around("<table><tr><td>收入</td><td>7</td></tr><tr><td>支出</td><td>7</td></tr></table>", "7", 1) == (
        '<table><tr><td>收入</td><td>7</td></tr><tr><td>支出</td><td><mark id="value">7</mark></td></tr></table>'
    )


def test_a_head_written_behind_its_body_is_found_there() -> None:
    body = "<table><tbody><tr><td>基本支出</td><td>31</td></tr><tr><td>项目支出</td><td>32</td></tr></tbody><thead><tr><th>项目名称</th><th>本年决算数</th></tr></thead></table><p>以上数据均为决算数，单位为万元。</p>"
    assert '<th><mark id="value">本年决算数</mark></th>' in shown_around(body, "本年决算数")
    assert '<td><mark id="value">32</mark></td>' in shown_around(body, "32")


def test_a_value_cut_into_tags_is_marked_in_pieces() -> None:
    assert shown_around("<p>支出1<b>2\n.</b><font color=red>5</font>万元</p>", "12 .5") == '<p>支出<mark id="value">1</mark><b><mark>2\n.</mark></b><mark>5</mark>万元</p>'


def test_what_the_page_hides_stays_hidden_and_pictures_become_their_names() -> None:
    assert shown_around('<p>支出<span style="display:none">99</span>12万元<img src="x" alt="印章"></p>', "12") == (
        '<p>支出<mark id="value">12</mark>万元<span class="lost">[图片 image：印章]</span></p>'
    )


def test_what_stands_nowhere_on_the_page_is_shown_behind_it() -> None:
    data, document = webpage("<p>收入12万元</p><p>支出13万元</p><p>结余14万元</p>")
    other = Document(document.source, document.content + "\n资产15万元", (*document.blocks, Paragraph(Span(len(document.content) + 1, len(document.content) + 8))))
    shown = page_html(data, other, [of(other, "15"), of(other, "12")])
    assert (shown.found, shown.how) == (True, "page+blocks")
    assert shown.html.index("结余14万元") < shown.html.index('资产<mark id="value">15</mark>万元')
    assert page_html(data, other, [of(other, "15")]).how == "blocks"
    assert not page_html(data, other, []).found


def test_a_page_placed_by_styles_is_shown_from_its_blocks() -> None:
    runs = "".join(f'<div style="position:absolute;left:{30 + 90 * (n % 5)}pt;top:{40 + 14 * (n // 5)}pt;font-size:10pt">第{n}项</div>' for n in range(320))
    data, document = webpage(f"<div>{runs}</div>")
    shown = page_html(data, document, [of(document, "第77项")])
    assert (shown.found, shown.how) == (True, "blocks")


def test_overlapping_spans_share_their_marks() -> None:
    _, document = webpage("<p>收入合计12.5万元</p>")
    shown = blocks_html(document, [Mark(Span(4, 8), ("b",)), Mark(Span(4, 10), ("a", "c"))]).html
    assert '<p class="kept">收入合计<mark id="value" data-rows="b a c">12.5</mark><mark data-rows="a c">万元</mark></p>' in shown


def cell_tags(table: HtmlElement) -> list[list[tuple[str, str, str]]]:
    return [[(text_of(cell), cell.get("rowspan", "1"), cell.get("colspan", "1")) for cell in each(row, "./td|./th")] for row in table.iter("tr")]


def test_blocks_keep_headings_and_merged_cells() -> None:
    body = "<h1>决算</h1><p>一、收入情况</p><table><tr><td rowspan=2>科目</td><td colspan=2>金额</td></tr><tr><td>上年</td><td>本年</td></tr><tr><td>合计</td><td>7</td></tr></table>"
    _, document = webpage(body)
    page = html.fromstring(blocks_html(document, [of(document, "本年")]).html)
    assert [(element.tag, text_of(element)) for element in page.iter("h1", "h3", "p")] == [("h1", "决算"), ("h3", "一、收入情况")]
    (table,) = page.iter("table")
    assert cell_tags(table) == [[("科目", "2", "1"), ("金额", "1", "2")], [("上年", "1", "1"), ("本年", "1", "1")], [("合计", "1", "1"), ("7", "1", "1")]]


def test_a_long_document_is_shown_near_its_marks_and_says_what_is_missing() -> None:
    rows = "".join(f"<tr><td>项目{n}</td><td>{n}.5</td></tr>" for n in range(9000))
    _, document = webpage(f"<table>{rows}</table><p>完</p>")
    shown = blocks_html(document, [of(document, "7000.5")])
    assert shown.found
    assert "… 略去6847行" in shown.html
    assert "项目0<" in shown.html
    assert len(each(html.fromstring(shown.html), "//tr")) < 320
    text = "\n".join(f"第{n}行" for n in range(20_000)).encode()
    document = read(text, "a.txt")
    shown = text_html(document, [of(document, "第15000行")])
    assert '<span>15001</span><div><mark id="value">第15000行</mark></div>' in shown.html
    assert "… 略去14850行" in shown.html
    assert shown.html.count('class="line"') == 301


def test_a_line_without_end_is_cut_on_both_sides_of_the_mark() -> None:
    document = read(("支出" * 400_000 + "12.5万元" + "收入" * 400_000).encode(), "a.txt")
    shown = text_html(document, [of(document, "12.5")])
    assert '支出<mark id="value">12.5</mark>万元' in shown.html
    assert len(shown.html) < 12_000
    assert "略去 797000 字" in shown.html


def test_headings_and_paragraphs_are_leaves_of_a_document() -> None:
    document = Document(Source("a", "0" * 64, "text/plain"), "一、甲\n乙", (Heading(Span(0, 3), 2), Paragraph(Span(4, 5))))
    assert [leaf.span for leaf in leaves(document)] == [(0, 3), (4, 5)]


# PDF


@cache
def letters(data: bytes, number: int) -> list[tuple[str, float, float]]:
    """The characters of a page and their middles, from the top left corner of the page as it is shown."""
    with pypdfium2.PdfDocument(data) as pdf:
        page = pdf[number - 1]
        west, south, east, north = page.get_bbox()
        turns: dict[int, Callable[[float, float], tuple[float, float]]] = {
            0: lambda x, y: (x - west, north - y), 90: lambda x, y: (y - south, x - west), 180: lambda x, y: (east - x, y - south), 270: lambda x, y: (north - y, east - x),
        }  # fmt: skip
        shown = turns[page.get_rotation()]
        text = page.get_textpage()
        found = []
        for index in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(index, loose=True)
            found.append((chr(pypdfium2.raw.FPDFText_GetUnicode(text, index)), *shown((left + right) / 2, (bottom + top) / 2)))
        return found


def in_boxes(data: bytes, document: Document, span: Span, sizes: list[Size]) -> str:
    """What pdfium reads inside the boxes of a span."""
    said = []
    for place in places(document, span, sizes):
        width, height = sizes[place.page - 1]
        inside = place.left * width, place.top * height, place.right * width, place.bottom * height
        said.append("".join(letter for letter, x, y in letters(data, place.page) if inside[0] <= x <= inside[2] and inside[1] <= y <= inside[3]))
    return "".join(said).replace("\x02", "-").replace("\ufffe", "-")


def outside_their_boxes(data: bytes, document: Document, rows: dict[str, list[dict[str, Any]]]) -> tuple[int, list[str]]:
    """How many rows have a place, and those whose boxes hold anything but what they were read from."""
    sizes = page_sizes(data)
    placed = [row for found in rows.values() for row in found if row.get("page")]
    return len(placed), [row["raw"] for row in placed if sorted(solid(in_boxes(data, document, Span(row["char_start"], row["char_end"]), sizes))) != sorted(solid(row["raw"]))]


@pytest.mark.parametrize("name", PDFS)
def test_the_boxes_of_every_row_hold_what_it_was_read_from(name: str) -> None:
    (file,) = example_inputs(FIXTURES / name)
    data = file.read_bytes()
    document, rows = rows_of(file)
    sizes = page_sizes(data)
    placed = [row for found in rows.values() for row in found if row.get("page")]
    assert placed
    assert outside_their_boxes(data, document, rows) == (len(placed), [])
    for row in placed:
        whole, lines = box_of(row, sizes[row["page"] - 1]), [place for place in places(document, Span(row["char_start"], row["char_end"]), sizes) if place.page == row["page"]]
        assert whole is not None
        assert whole[1:] == pytest.approx((min(one.left for one in lines), min(one.top for one in lines), max(one.right for one in lines), max(one.bottom for one in lines)), abs=1e-4)
    shown = view(data, document, [Span(placed[0]["char_start"], placed[0]["char_end"])])
    assert (shown.found, shown.how) == (True, "blocks")
    assert "第 1 页 page 1" in shown.html


def turned_pdf(turn: int, crop: tuple[float, float, float, float] | None) -> bytes:
    """A page with one number low on its right side, turned and cropped."""
    with pypdfium2.PdfDocument(drawing.pdf(drawing.write("支出12345.67", 400, 700, 14))) as pdf:
        page = pdf[0]
        page.set_rotation(turn)
        if crop:
            page.set_cropbox(*crop)
        out = BytesIO()
        pdf.save(out)
        return out.getvalue()


@pytest.mark.parametrize("crop", [None, (200.0, 50.0, 560.0, 500.0)])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_fit_pages_that_are_turned_or_cropped(turn: int, crop: tuple[float, float, float, float] | None) -> None:
    data = turned_pdf(turn, crop)
    document = read(data, "a.pdf")
    (size,) = page_sizes(data)
    upright = (360.0, 450.0) if crop else (595.0, 842.0)
    assert size == pytest.approx(upright if turn % 180 == 0 else upright[::-1], abs=0.5)
    boxes = places(document, of(document, document.text(document.blocks[0].span)), [size])
    picture = Image.open(BytesIO(page_png(data, 1)))
    assert picture.size == pytest.approx((size.width * 2, size.height * 2), abs=1)
    ink = picture.convert("L").point(lambda grey: 255 * (grey < 200)).getbbox()
    assert ink is not None
    left, top, right, bottom = (side / whole for side, whole in zip(ink, (*picture.size, *picture.size), strict=True))
    outer = min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes), max(box.bottom for box in boxes)
    assert (left, top, right, bottom) == pytest.approx(outer, abs=0.02)
    assert outer[0] <= left + 0.003
    assert right <= outer[2] + 0.003


@pytest.mark.parametrize("turn", [0, 90])
@pytest.mark.parametrize("angle", [90, 180, 270])
def test_boxes_fit_text_that_is_printed_sideways(angle: int, turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 300)
        canvas.rotate(angle)
        for line in range(6):
            canvas.setFont(drawing.SONG, 14)
            canvas.drawString(0, -30 * line, f"支出{line}2345.67万元")

    with pypdfium2.PdfDocument(drawing.pdf(draw)) as pdf:
        pdf[0].set_rotation(turn)
        out = BytesIO()
        pdf.save(out)
    document = read(out.getvalue(), "a.pdf")
    (size,) = page_sizes(out.getvalue())
    boxes = places(document, Span(0, len(document.content)), [size])
    picture = Image.open(BytesIO(page_png(out.getvalue(), 1)))
    ink = picture.convert("L").point(lambda grey: 255 * (grey < 200)).getbbox()
    assert ink is not None
    shown = [side / whole for side, whole in zip(ink, (*picture.size, *picture.size), strict=True)]
    assert shown == pytest.approx([min(box.left for box in boxes), min(box.top for box in boxes), max(box.right for box in boxes), max(box.bottom for box in boxes)], abs=0.025)  # pdfium moves one letter of text that stands on its head by an em


def test_pages_that_cannot_be_shown_say_so() -> None:
    encrypted, scan = ((FIXTURES / "bad" / name).read_bytes() for name in ("encrypted.pdf", "scan.pdf"))
    for data in (encrypted, b"%PDF-1.7 nothing", b""):
        with pytest.raises(DocumentError):
            page_sizes(data)
        with pytest.raises(DocumentError):
            page_png(data, 1)
    for number in (0, -1, 99):
        with pytest.raises(DocumentError, match=f"there is no page {number}"):
            page_png(scan, number)
    assert page_png(scan, 1).startswith(b"\x89PNG")


def test_absurd_pages_stay_within_bounds() -> None:
    for size in ((14_400.0, 14_400.0), (14_400.0, 3.0), (595.0, 842.0)):
        data = drawing.pdf(drawing.write("12", 1, 1), size=size)
        for scale in (2.0, 1e6):
            picture = Image.open(BytesIO(page_png(data, 1, scale)))
            assert picture.width * picture.height <= MOST_PIXELS * 1.01
            assert max(picture.size) <= LONGEST_SIDE + 1


# the corpus


def every_word(document: Document, most: int) -> list[Span]:
    """Stretches of what was read, where a document has no rows: so many of its paragraphs and cells."""
    spans = [leaf.span for leaf in leaves(document) if compact(document.text(leaf.span))]
    return sorted(random.Random(7).sample(spans, min(most, len(spans))))  # the same sample every time


def readable(files: Iterable[Path]) -> Iterator[tuple[Path, bytes, Document]]:
    for file in files:
        data = file.read_bytes()
        if data.startswith(b"%PDF"):
            continue
        try:
            yield file, data, read(data, file.name)
        except DocumentError:
            continue


@pytest.mark.corpus
def test_what_is_read_of_real_pages_is_marked_where_it_stands(shared: Path) -> None:
    hows: Counter[str] = Counter()
    wrong: list[Any] = []
    for file, data, document in readable([*sorted((shared / "corpus" / "dev").iterdir()), *sorted((shared / "corpus" / "crawl").iterdir())[::3]]):
        how, bad = without_cause(document, data, every_word(document, 300))
        hows[how] += 1
        wrong += [(file.name, text) for text in bad]
    assert len(wrong) <= 2, wrong
    assert hows["page"] >= 0.95 * (hows.total() - hows["text"])


@pytest.mark.corpus
def test_the_boxes_on_real_pdfs_hold_what_was_read(shared: Path) -> None:
    files = [shared / "corpus" / "dev" / "putuo-finance-2024-final.pdf", *sorted(path for path in (shared / "corpus" / "crawl").glob("*.pdf") if 150_000 < path.stat().st_size < 400_000)[::5]]
    counts = 0
    wrong: list[str] = []
    for file in files:
        data = file.read_bytes()
        try:
            document, rows = rows_of(file)
        except DocumentError:
            continue
        count, others = outside_their_boxes(data, document, rows)
        counts += count
        wrong += others
    assert counts > 500
    assert len(wrong) * 500 < counts, wrong
