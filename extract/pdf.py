"""PDF to `Document`: pages, ruled tables over page breaks, paragraphs, each character with its page and box (读取 PDF)."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from extract.composition import PlacedCell, PlacedParagraph, PlacedTable, Run, compose
from extract.continuation import continues, joined
from extract.document import Document, DocumentError, Layout, Note, Source
from extract.joining import Margins, TextLine, cell_joint
from extract.lattice import Grid, find_grids
from extract.lines import arrange
from extract.pages import Glyphs, PageMarks, Rules, common_angle, open_pdf, page_marks, turned
from extract.prose import PageLines, find_furniture, paragraphs, text_margins

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LEAST_TEXT = 12  # characters: a page with fewer bears at most a page number or a stamp
SCANNED_SHARE = 0.9  # of the pages without text but with pictures make the file a scan
OUTLINES = 40  # curved paths on a page without text: its characters are drawn as outlines
PICTURE = b"/Image"
EDGE = 2.0  # points inside a clip window
OVERHANG = 8.0  # points: less than a line
WINDOW_SLACK = 4.0  # points that the clip window of a cell may reach over its rules
UNMAPPED_SHARE = 0.3  # of characters without a code make a text layer worthless
OFFICE_TITLE = re.compile(r"^(?:Microsoft (?:Word|Excel|PowerPoint) - )|\.(?:docx?|xlsx?|pptx?|pdf|wps|et|rtf|txt)$", re.IGNORECASE)
TITLE = re.compile(r"(?:.*[\u3400-\u9fff]){6}")  # characters of a title that says something


class PdfPage(NamedTuple):
    """One page read: its lines and tables from top to bottom, and what was odd about it."""

    number: int
    width: float
    height: float
    angle: int  # its text was read at
    lines: tuple[TextLine, ...]
    tables: tuple[tuple[float, PlacedTable], ...]  # with their upper edges
    characters: int
    unmapped: int
    marks: PageMarks  # without its characters and rules


def read_pdf(data: bytes, source: Source) -> Document:
    """A PDF as text, paragraphs and tables with their places; `DocumentError` for encrypted, unreadable and needs_ocr."""
    source = replace(source, media_type="application/pdf", encoding=None)
    with open_pdf(data) as pdf:
        pages = [read_page(marks) for marks in page_marks(pdf)]
        claimed, title = pdf.page_count, pdf.title
    _refuse_pictures(pages, data)
    written = [PageLines(page.number, page.width, page.height, page.lines) for page in pages]
    furniture = find_furniture(written)
    composed = compose(_flow(pages, furniture, text_margins(written)))
    layout = _as_printed(composed.layout, pages)
    return Document(source, composed.content, composed.blocks, _title(title), notes=tuple(_notes(pages, claimed, len(furniture))), page_count=claimed, layout=layout)


def read_page(marks: PageMarks) -> PdfPage:
    """One page, read in the direction most of its characters stand."""
    angle = common_angle(marks.glyphs)
    glyphs, rules, (width, height) = turned(marks.glyphs, marks.rules, (marks.width, marks.height), angle)
    lines, tables, covered = read_marks(glyphs, rules, marks.number)
    unmapped = int(((glyphs.codes == 0xFFFD) | ((glyphs.codes >= 0xE000) & (glyphs.codes < 0xF900))).sum())
    bare = replace(marks, hidden=marks.hidden + covered, glyphs=glyphs.take(np.zeros(0, np.intp)), rules=Rules(rules.across[:0], rules.down[:0]))
    return PdfPage(marks.number, width, height, angle, lines, tables, len(glyphs.codes), unmapped, bare)


def read_marks(glyphs: Glyphs, rules: Rules, number: int) -> tuple[tuple[TextLine, ...], tuple[tuple[float, PlacedTable], ...], int]:
    """Lines outside tables, tables with their upper edges, and how many clipped characters were left out; all in reading position."""
    grids = find_grids(rules)
    kept, regions = _in_cells(glyphs, grids)
    arranged = arrange(kept, regions)
    by_region: list[list[TextLine]] = [[] for _ in range(1 + sum(len(grid.cells) for grid in grids))]
    for line in arranged.lines:
        by_region[line.region].append(
            TextLine(number, arranged.read(line), arranged.boxes[line.start : line.end], line.x0, line.top, line.x1, line.bottom, line.size, line.spilled)
        )
    tables: list[tuple[float, PlacedTable]] = []
    first = 0
    for grid in grids:
        tables.append((float(grid.ys[0]), _placed(grid, by_region[first : first + len(grid.cells)], number)))
        first += len(grid.cells)
    return tuple(by_region[-1]), tuple(tables), len(glyphs.codes) - len(kept.codes)


def _in_cells(glyphs: Glyphs, grids: Sequence[Grid]) -> tuple[Glyphs, NDArray[np.intp]]:
    """Characters with the running number of their cell, -1 outside tables.

    Clipped text stays where its window is a cell: spreadsheets cut off what a low row has no room for. The rest is left out: what a
    window as large as the page hides is printed on another page.
    """
    clipped: NDArray[np.bool_] = np.logical_or.reduce(glyphs.windows != 0, axis=1)
    points = (glyphs.boxes[:, :2] + glyphs.boxes[:, 2:]) / 2
    if clipped.any():
        points[clipped] = np.clip(points[clipped], glyphs.windows[clipped, :2] + EDGE, glyphs.windows[clipped, 2:] - EDGE)
    regions = np.full(len(points), -1, np.intp)
    first = 0
    for grid in grids:
        found = grid.locate(_held_back(points, grid) if grid.open_bottom or grid.open_top else points)
        here = np.flatnonzero((regions < 0) & (found >= 0))
        cut = clipped[here]
        if cut.any():
            fits = np.ones(len(here), bool)
            fits[cut] = grid.holds(found[here[cut]], glyphs.windows[here[cut]], WINDOW_SLACK)
            here = here[fits]
        regions[here] = found[here] + first
        first += len(grid.cells)
    kept: NDArray[np.bool_] = ~clipped | (regions >= 0)
    return (glyphs, regions) if kept.all() else (glyphs.take(kept), regions[kept])


def _held_back(points: NDArray[np.float64], grid: Grid) -> NDArray[np.float64]:
    """Points with those a little over an edge that a page break made drawn back into the table: the break cuts through the last line."""
    _, y0, _, y1 = grid.box
    column = np.searchsorted(grid.xs, points[:, 0], "right") - 1
    y = points[:, 1]
    held = points.copy()
    held[np.isin(column, list(grid.open_top)) & (y > y0 - OVERHANG) & (y <= y0), 1] = y0 + 0.1
    held[np.isin(column, list(grid.open_bottom)) & (y >= y1) & (y < y1 + OVERHANG), 1] = y1 - 0.1
    return held


def _placed(grid: Grid, contents: Sequence[Sequence[TextLine]], number: int) -> PlacedTable:
    xs = tuple(grid.xs.tolist())
    cells: list[PlacedCell] = []
    for (row, column, rowspan, colspan), lines in zip(grid.cells, contents, strict=True):
        runs: list[Run] = []
        for index, line in enumerate(lines):
            if index and (joint := cell_joint(lines[index - 1], line, xs[column + colspan] - xs[column])):
                runs.append(Run(0, joint, np.zeros((1, 4))))
            runs.append(Run(number, line.text, line.boxes, line.spilled))
        cells.append(PlacedCell(row, column, rowspan, colspan, tuple(runs)))
    return PlacedTable((number,), xs, len(grid.ys) - 1, tuple(cells), grid.open_top, grid.open_bottom)


def _flow(pages: Sequence[PdfPage], furniture: frozenset[tuple[int, int]], margins: dict[int, Margins]) -> Iterator[PlacedParagraph | PlacedTable]:
    """Paragraphs and tables of all pages in reading order, joined over page breaks."""
    widths = {page.number: page.width for page in pages}
    lines: list[TextLine] = []
    parts: list[PlacedTable] = []
    for page in pages:
        here: list[tuple[float, TextLine | PlacedTable]] = [*page.tables]
        here.extend((line.top, line) for index, line in enumerate(page.lines) if (page.number, index) not in furniture)
        here.sort(key=lambda piece: piece[0])
        for _, piece in here:
            if isinstance(piece, PlacedTable):
                yield from paragraphs(lines, margins, widths)
                lines = []
                if parts and not continues(parts[-1], piece):
                    yield joined(parts)
                    parts = []
                parts.append(piece)
            else:
                if parts:
                    yield joined(parts)
                    parts = []
                lines.append(piece)
    if parts:
        yield joined(parts)
    yield from paragraphs(lines, margins, widths)


def _refuse_pictures(pages: Sequence[PdfPage], data: bytes) -> None:
    """Scans, and files whose characters are drawn or have no codes, need OCR."""
    loaded = [page for page in pages if page.marks.loaded]
    if not loaded:
        raise DocumentError("unreadable", zh="PDF 的页面都无法读取", en="none of the pages of the PDF can be read")
    if not any(page.characters or page.marks.images or page.marks.drawn for page in loaded):
        if PICTURE in data:
            raise DocumentError("needs_ocr", zh="扫描件：图片已损坏，没有文字层", en="a scan whose pictures are damaged, without a text layer")
        raise DocumentError("unreadable", zh="PDF 的页面全是空白", en="every page of the PDF is blank")
    pictures = sum(page.characters < LEAST_TEXT and (page.marks.images > 0.1 or page.marks.drawn >= OUTLINES) for page in loaded)
    if pictures >= SCANNED_SHARE * len(loaded):
        raise DocumentError("needs_ocr", zh="扫描件：页面是图片，没有文字层", en="a scan: the pages are pictures without a text layer")
    characters = sum(page.characters for page in loaded)
    if sum(page.unmapped for page in loaded) > UNMAPPED_SHARE * max(characters, 1):
        raise DocumentError("needs_ocr", zh="文字层没有可用的字符编码", en="the text layer has no usable character codes")


def _as_printed(layout: Layout, pages: Sequence[PdfPage]) -> Layout:
    """Boxes of pages that were turned to be read, back where the page shows them."""
    for page in pages:
        if not page.angle:
            continue
        here = layout.pages == page.number
        x0, y0, x1, y1 = layout.boxes[here].T
        width, height = page.width, page.height
        if page.angle == 90:
            back = (height - y1, x0, height - y0, x1)
        elif page.angle == 180:
            back = (width - x1, height - y1, width - x0, height - y0)
        else:
            back = (y0, width - x1, y1, width - x0)
        layout.boxes[here] = np.stack(back, axis=1)
    return layout


def _title(title: str) -> str | None:
    """The file's own title where it is one and not the name of a file."""
    bare = OFFICE_TITLE.sub("", OFFICE_TITLE.sub("", title.strip())).strip()
    return bare if TITLE.match(bare) and "\ufffd" not in bare else None


def _notes(pages: Sequence[PdfPage], claimed: int, furniture: int) -> Iterator[Note]:
    if hidden := {page.number: page.marks.hidden for page in pages if page.marks.hidden}:
        count = sum(hidden.values())
        yield Note("hidden_text", f"{_listed(hidden)} 页有 {count} 个字符在页面之外或被裁剪遮住，已略去", f"{count} characters off the page or under a clip path were left out on pages {_listed(hidden)}")
    if furniture:
        yield Note("page_furniture", f"{furniture} 行页码、页眉页脚未入正文", f"{furniture} lines of page numbers and running heads are not in the text")
    if blank := [page.number for page in pages if page.characters < LEAST_TEXT and (page.marks.images > 0.3 or page.marks.drawn >= OUTLINES)]:
        yield Note("page_without_text", f"第 {_listed(blank)} 页是图片，没有文字层", f"pages {_listed(blank)} are pictures without a text layer")
    if overlays := [page.number for page in pages if page.marks.overlay]:
        yield Note("text_over_scan", f"第 {_listed(overlays)} 页的文字是扫描件上的识别结果", f"the text of pages {_listed(overlays)} is a machine's reading of a scan")
    if unmapped := sum(page.unmapped for page in pages):
        yield Note("unmapped_characters", f"{unmapped} 个字符没有可用的编码", f"{unmapped} characters have no usable code")
    if crowded := [page.number for page in pages if page.marks.crowded]:
        yield Note("page_too_complex", f"第 {_listed(crowded)} 页图形过多，未全部读取", f"pages {_listed(crowded)} hold more drawing than is read")
    failed = [page.number for page in pages if not page.marks.loaded]
    if failed or len(pages) < claimed:
        failed.extend(range(len(pages) + 1, min(claimed, len(pages) + 50) + 1))
        yield Note("page_unreadable", f"第 {_listed(failed)} 页无法读取（共 {claimed} 页）", f"pages {_listed(failed)} of {claimed} cannot be read")


def _listed(numbers: Sequence[int] | dict[int, int]) -> str:
    """Page numbers as people write them: 3-5、9."""
    ordered = sorted(numbers)
    groups: list[list[int]] = [[ordered[0]]]
    for before, number in pairwise(ordered):
        if number == before + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    texts = [str(group[0]) if len(group) == 1 else f"{group[0]}-{group[-1]}" for group in groups]
    return "、".join(texts[:20]) + ("…" if len(texts) > 20 else "")
