"""PDF to `Document`: pages, ruled tables over page breaks, paragraphs, each character with its page and box (读取 PDF)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from extract.document import Document, DocumentError, Layout, Note, Source
from extract.marks import NO_GLYPHS, NO_RULES, UNMAPPED, PageMarks, common_angle, turned, turned_back
from extract.paged import Leaf, bind, read_leaf
from extract.pages import page_marks
from extract.pdfium import drawn_page, open_pdf
from extract.recognition import MOST_PAGES, figures_alike, listed, read_pictures, recognition_notes, with_confidence
from extract.scanned import DPI, HINT, is_available

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from extract.recognition import ScannedPage

PAGES_AT_A_TIME = 8
LEAST_TEXT = 12  # characters: a page with fewer bears at most a page number or a stamp
SCANNED_SHARE = 0.9  # of the pages without text but with pictures make the file a scan
OUTLINES = 40  # curved paths on a page without text: its characters are drawn as outlines
PICTURE = re.compile(rb"/Subtype\s*/Image\b")
BORNE_OUT = 0.9  # of the figures of an invisible text must stand in the picture too
UNMAPPED_SHARE = 0.3  # of characters without a code make a text layer worthless
OFFICE_TITLE = re.compile(r"^(?:Microsoft (?:Word|Excel|PowerPoint) - )|\.(?:docx?|xlsx?|pptx?|pdf|wps|et|rtf|txt)$", re.IGNORECASE)
CHARACTERS = re.compile(r"[\u3400-\u9fff]")
LEAST_TITLE = 6  # characters of a title that says something


class PdfPage(NamedTuple):
    """One page read, and what was odd about it."""

    leaf: Leaf
    angle: int  # its text was read at
    characters: int
    unmapped: int
    marks: PageMarks  # without its characters and rules


def read_pdf(data: bytes, source: Source) -> Document:
    """A PDF as text, paragraphs and tables with their places; `DocumentError` for encrypted, unreadable and needs_ocr."""
    source = replace(source, media_type="application/pdf", encoding=None)
    with open_pdf(data) as pdf:
        pages = list(_read(page_marks(pdf)))
        claimed, title = pdf.page_count, pdf.title
    scanned = read_pictures(_pictures(pages, data), lambda number: drawn_grey(data, number))
    denied = _denied(pages, scanned, data)
    scanned |= denied
    pages = [PdfPage(scanned[page.leaf.number].leaf, 0, page.characters, 0, page.marks) if page.leaf.number in scanned else page for page in pages]
    (content, blocks, layout), furniture = bind([page.leaf for page in pages])
    layout = with_confidence(_as_printed(layout, pages), scanned)
    notes = (*_notes(pages, claimed, furniture, scanned), *_layers(pages, denied), *recognition_notes(content, layout, scanned))
    return Document(source, content, blocks, _title(title), notes=notes, page_count=claimed, layout=layout)


def _read(marked: Iterator[PageMarks]) -> Iterator[PdfPage]:
    """Pages read a few at a time: pdfium and the rest in turn keep more of the processor's cache than page by page."""
    while some := list(islice(marked, PAGES_AT_A_TIME)):
        yield from map(read_page, some)


def drawn_grey(data: bytes, number: int) -> NDArray[np.uint8]:
    """A page as grey pixels at the resolution that is recognised best."""
    width, height, pixels = drawn_page(data, number, DPI / 72)
    colour = np.frombuffer(pixels, np.uint8).reshape(height, width, 3).astype(np.uint16)
    return ((colour[:, :, 0] * 77 + colour[:, :, 1] * 150 + colour[:, :, 2] * 29) >> 8).astype(np.uint8)


def read_page(marks: PageMarks) -> PdfPage:
    """One page, read in the direction most of its characters stand."""
    angle = common_angle(marks.glyphs)
    glyphs, rules, size = turned(marks.glyphs, marks.rules, (marks.width, marks.height), angle)
    leaf = read_leaf(glyphs, rules, marks.number, size)
    unmapped = int(((glyphs.codes == UNMAPPED) | ((glyphs.codes >= 0xE000) & (glyphs.codes < 0xF900))).sum())
    bare = replace(marks, hidden=marks.hidden + leaf.covered, crowded=marks.crowded or leaf.crowded, glyphs=NO_GLYPHS, rules=NO_RULES)
    return PdfPage(leaf, angle, len(glyphs.codes), unmapped, bare)


def _pictures(pages: Sequence[PdfPage], data: bytes) -> list[int]:
    """The pages whose text must be recognised, where that can be done here. Raises `DocumentError` for a scan where it cannot, and where there is nothing to read."""
    loaded = [page for page in pages if page.marks.loaded]
    if not loaded:
        raise DocumentError("unreadable", zh="PDF 的页面都无法读取", en="none of the pages of the PDF can be read")
    if not any(page.characters or page.marks.images or page.marks.drawn for page in loaded):
        if PICTURE.search(data):
            raise DocumentError("needs_ocr", zh="扫描件：图片已损坏，没有文字层", en="a scan whose pictures are damaged, without a text layer")
        raise DocumentError("unreadable", zh="PDF 的页面全是空白", en="every page of the PDF is blank")
    pictures = [page.leaf.number for page in loaded if page.characters < LEAST_TEXT and (page.marks.images > 0.1 or page.marks.drawn >= OUTLINES)]
    characters = sum(page.characters for page in loaded)
    garbled = [page.leaf.number for page in loaded if page.unmapped > UNMAPPED_SHARE * max(page.characters, 1)]
    if is_available():
        return sorted({*pictures, *garbled})
    if len(pictures) >= SCANNED_SHARE * len(loaded):
        raise DocumentError("needs_ocr", zh=f"扫描件：页面是图片，没有文字层；{HINT[0]}", en=f"a scan: the pages are pictures without a text layer; {HINT[1]}")
    if sum(page.unmapped for page in loaded) > UNMAPPED_SHARE * max(characters, 1):
        raise DocumentError("needs_ocr", zh=f"文字层没有可用的字符编码；{HINT[0]}", en=f"the text layer has no usable character codes; {HINT[1]}")
    return []


def _denied(pages: Sequence[PdfPage], scanned: Collection[int], data: bytes) -> dict[int, ScannedPage]:
    """The pages whose invisible text another reading of the scan under it does not bear out, as that reading has them."""
    own = {page.leaf.number: page.leaf for page in pages if page.marks.overlay and page.leaf.number not in scanned}
    if not is_available() or len(own) > MOST_PAGES:
        return {}
    seen = read_pictures(list(own), lambda number: drawn_grey(data, number))
    return {number: page for number, page in seen.items() if figures_alike(own[number], page.leaf) < BORNE_OUT}


def _layers(pages: Sequence[PdfPage], denied: Collection[int]) -> Iterator[Note]:
    """What the text that lies invisibly over a scan is worth."""
    if overlays := [page.leaf.number for page in pages if page.marks.overlay and page.leaf.number not in denied]:
        yield Note("text_over_scan", f"第 {listed(overlays)} 页的文字是扫描件上的识别结果", f"the text of pages {listed(overlays)} is a machine's reading of a scan")
    if denied:
        yield Note(
            "text_layer_disagrees",
            f"第 {listed(denied)} 页扫描件上的隐藏文字与图片不符，已改用图片识别结果",
            f"the hidden text over the scan disagrees with the picture on pages {listed(denied)}; the picture was recognised instead",
        )


def _as_printed(layout: Layout, pages: Sequence[PdfPage]) -> Layout:
    """Boxes of pages that were turned to be read, back where the page shows them."""
    for page in pages:
        if not page.angle:
            continue
        here = layout.pages == page.leaf.number
        layout.boxes[here] = turned_back(layout.boxes[here], (page.leaf.width, page.leaf.height), page.angle)
    return layout


def _title(title: str) -> str | None:
    """The file's own title where it is one and not the name of a file."""
    bare = OFFICE_TITLE.sub("", OFFICE_TITLE.sub("", title.strip())).strip()
    return bare if len(CHARACTERS.findall(bare)) >= LEAST_TITLE and "\ufffd" not in bare else None


def _notes(pages: Sequence[PdfPage], claimed: int, furniture: int, scanned: Collection[int]) -> Iterator[Note]:
    if hidden := {page.leaf.number: page.marks.hidden for page in pages if page.marks.hidden}:
        count = sum(hidden.values())
        yield Note("hidden_text", f"{listed(hidden)} 页有 {count} 个字符在页面之外或被裁剪遮住，已略去", f"{count} characters off the page or under a clip path were left out on pages {listed(hidden)}")
    if furniture:
        yield Note("page_furniture", f"{furniture} 行页码、页眉页脚未入正文", f"{furniture} lines of page numbers and running heads are not in the text")
    if blank := [page.leaf.number for page in pages if page.leaf.number not in scanned and page.characters < LEAST_TEXT and (page.marks.images > 0.3 or page.marks.drawn >= OUTLINES)]:
        yield Note("page_without_text", f"第 {listed(blank)} 页是图片，没有文字层", f"pages {listed(blank)} are pictures without a text layer")
    if unasked := [page.leaf.number for page in pages if page.marks.recovered < 0]:
        yield Note("font_not_embedded", f"第 {listed(unasked)} 页有字体未嵌入文件，可能缺字", f"pages {listed(unasked)} use fonts that are not in the file; characters may be missing")
    if recovered := {page.leaf.number: page.marks.recovered for page in pages if page.marks.recovered > 0}:
        count = sum(recovered.values())
        yield Note("font_not_embedded", f"第 {listed(recovered)} 页有 {count} 个字符的字体未嵌入文件，已另行补读", f"{count} characters on pages {listed(recovered)} are set in fonts that are not in the file; they were read a second way")
    if unmapped := sum(page.unmapped for page in pages):
        yield Note("unmapped_characters", f"{unmapped} 个字符没有可用的编码", f"{unmapped} characters have no usable code")
    if crowded := [page.leaf.number for page in pages if page.marks.crowded]:
        yield Note("page_too_complex", f"第 {listed(crowded)} 页图形过多，未全部读取", f"pages {listed(crowded)} hold more drawing than is read")
    failed = [page.leaf.number for page in pages if not page.marks.loaded]
    if failed or len(pages) < claimed:
        failed.extend(range(len(pages) + 1, min(claimed, len(pages) + 50) + 1))
        yield Note("page_unreadable", f"第 {listed(failed)} 页无法读取（共 {claimed} 页）", f"pages {listed(failed)} of {claimed} cannot be read")
