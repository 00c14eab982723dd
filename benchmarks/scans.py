"""Scans beside the PDFs they were made of: python benchmarks/scans.py FILE.pdf... [--dpi 150 200 300] [--pages 4] [--skew 2]

The first pages with tables of each PDF are drawn at each resolution, turned, made noisy and pressed as JPEG into a PDF of pictures; that is read (gongkai[ocr])
and its table cells are compared with those of the PDF's own text. Told are the F1 of cells, how many wrong figures neither are doubtful by their confidence nor
have a failed check, and the CPU seconds a page takes.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections import Counter
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from extract.document import Document, Span, Table
from extract.pdfium import drawn_page
from extract.reading import read
from extract.scanned import DOUBTFUL
from normalize.disclosure import normalize

FIGURE = re.compile(r"-?[\d,]+(?:\.\d+)?%?")


class Score(NamedTuple):
    """What a scan gave: cells wanted, found and right; wrong figures, and those of them that nothing casts doubt on; CPU seconds for a page."""

    wanted: int
    found: int
    right: int
    wrong: int
    unnoticed: int
    seconds: float

    @property
    def f1(self) -> float:
        """Twice the right cells of those wanted and found."""
        return 2 * self.right / max(self.wanted + self.found, 1)


def scan(data: bytes, pages: list[int], dpi: int, skew: float, seed: int = 7, quality: int = 60) -> bytes:
    """A PDF of pictures of these pages."""
    chance = np.random.default_rng(seed)
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for number in pages:
        width, height, pixels = drawn_page(data, number, dpi / 72)
        grey = Image.frombytes("RGB", (width, height), pixels).convert("L").rotate(-skew, Image.Resampling.BICUBIC, fillcolor=255)
        noisy = np.clip(np.asarray(grey, np.float32) * 0.94 + 6 + chance.normal(0, 9, (height, width)), 0, 255).astype(np.uint8)
        pressed = io.BytesIO()
        Image.fromarray(noisy).save(pressed, "JPEG", quality=quality)
        canvas.setPageSize((width * 72 / dpi, height * 72 / dpi))
        canvas.drawImage(ImageReader(pressed), 0, 0, width * 72 / dpi, height * 72 / dpi)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def only(data: bytes, pages: list[int]) -> bytes:
    """A PDF of these pages alone."""
    import pypdfium2  # noqa: PLC0415

    out = io.BytesIO()
    with pypdfium2.PdfDocument(data) as whole, pypdfium2.PdfDocument.new() as part:
        part.import_pages(whole, [number - 1 for number in pages])
        part.save(out)
    return out.getvalue()


def cells(document: Document) -> Counter[tuple[str, str]]:
    """The texts of a document's cells with the first text of their row: a figure in the wrong row is wrong."""
    found: Counter[tuple[str, str]] = Counter()
    for table in document.tables():
        for row in table.by_row():
            texts = [plain(document.text(cell.span)) for cell in row]
            head = next((text for text in texts if text), "")
            found.update((head, text) for text in texts if text)
    return found


def plain(text: str) -> str:
    """Text as it compares: no blanks, one form of each mark."""
    return re.sub(r"\s", "", text).translate(str.maketrans("，．（）：；％—－", ",.():;%--"))


def scored(own: Document, scanned: Document, seconds: float) -> Score:
    """The scan's cells beside the PDF's."""
    want, got = cells(own), cells(scanned)
    said = normalize(scanned)
    failed = {row_id for finding in said.findings if finding.status == "fail" for row_id in finding.evidence_ids}
    doubted = {line.span for line in said.budget_lines if line.row_id in failed}
    wrong = unnoticed = 0
    for table in scanned.tables():
        for row in table.by_row():
            texts = [plain(scanned.text(cell.span)) for cell in row]
            head = next((text for text in texts if text), "")
            for cell, text in zip(row, texts, strict=True):
                if text and FIGURE.fullmatch(text) and (head, text) not in want and ("", text) not in want:
                    sure = scanned.confidence(cell.span)
                    wrong += 1
                    unnoticed += (sure is None or sure >= DOUBTFUL) and not any(span.start >= cell.span.start and span.end <= cell.span.end for span in doubted) and not _is_elsewhere(text, want)
    return Score(want.total(), got.total(), (want & got).total(), wrong, unnoticed, seconds)


def _is_elsewhere(text: str, want: Counter[tuple[str, str]]) -> bool:
    """Whether the figure stands in the PDF, only beside a head that was recognised otherwise: the figure itself is right."""
    return any(text == own for _, own in want)


def with_tables(document: Document, most: int) -> list[int]:
    """The first pages on which a table begins."""
    starts = (document.place(Span(block.span.start, block.span.start + 200)) for block in document.blocks if isinstance(block, Table))
    return sorted({box.page for box in starts if box is not None})[:most]


def measured(data: bytes, dpi: int, skew: float, most: int) -> tuple[int, Score]:
    """Pages compared, and how they came out."""
    pages = with_tables(read(data, "own.pdf"), most)
    own = read(only(data, pages), "own.pdf")
    picture = scan(data, pages, dpi, skew)
    began = process_time()
    scanned = read(picture, "scan.pdf")
    return len(pages), scored(own, scanned, (process_time() - began) / max(len(pages), 1))


def main() -> None:
    """Print a line for each file and resolution."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("files", nargs="+", type=Path)
    asked.add_argument("--dpi", nargs="+", type=int, default=[150, 200, 300])
    asked.add_argument("--pages", type=int, default=4)
    asked.add_argument("--skew", type=float, default=2.0)
    options = asked.parse_args()
    print("| file | dpi | pages | cells | F1 | wrong figures | of them unnoticed | CPU s a page |\n|---|---|---|---|---|---|---|---|")
    for file in options.files:
        for dpi in options.dpi:
            pages, score = measured(file.read_bytes(), dpi, options.skew, options.pages)
            print(f"| {file.parent.name if file.stem == 'input' else file.stem} | {dpi} | {pages} | {score.wanted} | {score.f1:.3f} | {score.wrong} | {score.unnoticed} | {score.seconds:.1f} |", flush=True)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
