"""What mutations start from: the shipped examples, and what once broke a reader."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
ENDS = {"html": (".html",), "text": (".txt", ".md"), "pdf": (".pdf",), "office": (".xlsx", ".xls", ".ods", ".docx"), "encoding": (".html", ".txt"), "archives": (".html", ".txt"), "pipeline": (".html", ".txt", ".md", ".pdf")}
LARGEST = {"pipeline": 10_000, "archives": 5_000, "encoding": 10_000}  # bytes: a seed that takes a second is tried too seldom


@cache
def seeds(target: str, most: int | None = None) -> tuple[bytes, ...]:
    """The documents a target starts from, the small ones first."""
    largest = most or LARGEST.get(target, 200_000)
    files = [file for file in sorted(FIXTURES.rglob("*")) if file.suffix in ENDS[target] and "expected" not in file.parts and file.stat().st_size <= largest]
    return tuple(sorted((file.read_bytes() for file in files), key=lambda data: (len(data), data)))
