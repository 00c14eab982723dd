"""Pages per CPU-second of the PDF reader, of pdfplumber and of bare pdfium on the same pages: python benchmarks/pdf.py DIR_OR_FILES...

Rounds are interleaved and medians shown, because other work on the machine moves absolute figures; trust the ratios.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pdfplumber
from pypdfium2 import raw

from extract.document import DocumentError, Source
from extract.pdf import read_pdf
from extract.pdfium import open_pdf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def gongkai(path: Path) -> int:
    """Document with tables, paragraphs and places; returns pages read."""
    try:
        return read_pdf(path.read_bytes(), Source(str(path), "")).page_count or 0
    except DocumentError:
        return 0


def plumber(path: Path) -> int:
    """extract_tables and extract_words of every page."""
    with pdfplumber.open(path) as pdf:
        for page in pdf.pages:
            page.extract_tables()
            page.extract_words()
            page.close()
        return len(pdf.pages)


def pdfium(path: Path) -> int:
    """Load each page, its text and its objects, and read nothing: what no reader on pdfium can go below."""
    with open_pdf(path.read_bytes()) as pdf:
        for number in range(pdf.page_count):
            page = raw.FPDF_LoadPage(pdf.handle, number)
            text = raw.FPDFText_LoadPage(page)
            raw.FPDFText_CountChars(text)
            raw.FPDFPage_CountObjects(page)
            raw.FPDFText_ClosePage(text)
            raw.FPDF_ClosePage(page)
        return pdf.page_count


READERS: tuple[tuple[str, Callable[[Path], int]], ...] = (("gongkai", gongkai), ("pdfplumber", plumber), ("bare pdfium", pdfium))


def main(arguments: Sequence[str] | None = None) -> None:
    """Time every reader on the same files in the same run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    named = [path for given in options.paths for path in (sorted(given.iterdir()) if given.is_dir() else [given])]
    files = [path for path in named if path.is_file() and path.read_bytes()[:5] == b"%PDF-" and gongkai(path)]
    pages = sum(map(pdfium, files))
    seconds: dict[str, list[float]] = {name: [] for name, _ in READERS}
    for _ in range(options.rounds):
        for name, read in READERS:
            start = time.process_time()
            for path in files:
                read(path)
            seconds[name].append(time.process_time() - start)
    slowest = statistics.median(seconds["pdfplumber"])
    print(f"{len(files)} files, {pages} pages, {options.rounds} interleaved rounds")
    for name, spent in seconds.items():
        middle = statistics.median(spent)
        print(f"{name:12} {pages / middle:8.0f} pages/CPU-s   {slowest / middle:5.1f} x pdfplumber   ({min(spent):.2f}-{max(spent):.2f} s)")
    print(f"largest resident size {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
