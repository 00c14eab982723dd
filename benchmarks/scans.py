"""Scans beside the PDFs they were made of: python benchmarks/scans.py FILE.pdf... [--dpi 150 200 300] [--pages 4] [--skew 2]

The first pages with tables of each PDF are drawn at each resolution, turned, made noisy and pressed as JPEG into a PDF of pictures; that is read (gongkai[ocr])
and its table cells are compared with those of the PDF's own text. Told are the F1 of cells, how many wrong figures neither are doubtful by their confidence nor
have a failed check, and the CPU seconds a page takes.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fixtures.generators.scans import measured


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


if __name__ == "__main__":
    main()
