"""gongkai beside tools that read tables from PDFs and web pages: the same documents, one run, one table.

    pip install -r benchmarks/compare.txt
    python benchmarks/compare.py GOLD_DIR DOCUMENTS_DIR

A cell of the gold is right where the tool puts its value into one row with its code or label, as often as the gold has it there: the least that one needs to
use a table. Whether the tool knows which table, column, basis or unit it is, is not asked: only gongkai says. A line of text counts as a row, so tools
without tables get what they can. Each document is read by a process of its own: CPU seconds are those after the tool is imported; memory is the most that one held. Tools that fetch models or need another program are left out; see docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from decimal import Decimal, InvalidOperation
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Rows = list[list[str]]
ROOT = Path(__file__).resolve().parents[1]
LIMIT = 600  # seconds a tool may take for one document
SHORT = 3  # letters of a label that must be a cell of its own
NUMBER = re.compile(r"-?[\d,]+(?:\.\d+)?")


def by_gongkai(file: Path) -> Rows:
    """Tables and lines of gongkai's reader alone."""
    from extract.document import Table  # noqa: PLC0415
    from extract.reading import read  # noqa: PLC0415

    document = read(file.read_bytes(), file.name)
    return [row for block in document.blocks for row in ([[document.text(cell.span) for cell in own] for own in block.by_row()] if isinstance(block, Table) else [[document.text(block.span)]])]


def by_gongkai_whole(file: Path) -> Rows:
    """All that `gongkai run` does for a document: read, understood, checked; the rows are those of the reader."""
    import gongkai  # noqa: PLC0415

    gongkai.extract(file)
    return by_gongkai(file)


def by_pdfplumber(file: Path) -> Rows:
    """Pdfplumber's tables."""
    import pdfplumber  # noqa: PLC0415

    with pdfplumber.open(file) as pdf:
        return [[cell or "" for cell in row] for page in pdf.pages for table in page.extract_tables() for row in table]


def by_camelot(file: Path) -> Rows:
    """Camelot's lattice."""
    import camelot  # noqa: PLC0415

    return [list(map(str, row)) for table in camelot.read_pdf(str(file), pages="all", flavor="lattice") for row in table.df.itertuples(index=False)]


def by_pymupdf(file: Path) -> Rows:
    """PyMuPDF's find_tables."""
    import pymupdf  # noqa: PLC0415

    with pymupdf.open(file) as pdf:
        return [[cell or "" for cell in row] for page in pdf for table in page.find_tables().tables for row in table.extract()]


def by_markitdown(file: Path) -> Rows:
    """The lines of markitdown's Markdown, parted at bars."""
    from markitdown import MarkItDown  # noqa: PLC0415

    return [line.strip("|").split("|") for line in MarkItDown().convert(str(file)).text_content.splitlines()]


def by_trafilatura(file: Path) -> Rows:
    """The lines of trafilatura's text with tables, parted at bars."""
    import trafilatura  # noqa: PLC0415

    text = trafilatura.extract(file.read_bytes(), include_tables=True, favor_recall=True) or ""
    return [line.strip("|").split("|") for line in text.splitlines()]


def by_pandas(file: Path) -> Rows:
    """pandas.read_html."""
    import io  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415

    frames = pd.read_html(io.StringIO(file.read_text(encoding="utf-8", errors="replace")), flavor="lxml")
    return [list(map(str, row)) for frame in frames for row in (tuple(frame.columns), *frame.itertuples(index=False))]


class Tool(NamedTuple):
    """A tool: the package, what it reads, and how."""

    package: str
    modules: tuple[str, ...]  # imported before anything is measured
    reads: tuple[str, ...]
    rows: Callable[[Path], Rows]


TOOLS = {
    "gongkai, reader alone": Tool("gongkai", ("gongkai.extraction", "extract.pdf", "extract.html"), (".pdf", ".html"), by_gongkai),
    "gongkai, all it does": Tool("gongkai", ("gongkai.extraction", "extract.pdf", "extract.html"), (".pdf", ".html"), by_gongkai_whole),
    "pdfplumber": Tool("pdfplumber", ("pdfplumber",), (".pdf",), by_pdfplumber),
    "camelot (lattice)": Tool("camelot-py", ("camelot",), (".pdf",), by_camelot),
    "PyMuPDF": Tool("pymupdf", ("pymupdf",), (".pdf",), by_pymupdf),
    "markitdown": Tool("markitdown", ("markitdown",), (".pdf", ".html"), by_markitdown),
    "trafilatura": Tool("trafilatura", ("trafilatura",), (".html",), by_trafilatura),
    "pandas.read_html": Tool("pandas", ("pandas", "lxml.html"), (".html",), by_pandas),
}


def squeezed(text: str) -> str:
    """A label without white space and the number of its line."""
    return re.sub(r"^(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+\.)", "", re.sub(r"\s", "", text))


def numbers(row: list[str]) -> Counter[Decimal]:
    """The values in a row, however many stand in one cell."""
    found: Counter[Decimal] = Counter()
    for cell in row:
        for printed in NUMBER.findall(cell):
            try:
                found[Decimal(printed.replace(",", ""))] += 1
            except InvalidOperation:
                continue
    return found


def right(rows: Rows, tables: list[dict[str, Any]]) -> int:
    """How many cells of the gold stand in one row with their code or label."""
    held = [({squeezed(cell) for cell in row} | {part for cell in row for part in re.split(r"\s+", cell)}, squeezed("".join(row)), numbers(row)) for row in rows]
    total = 0
    for table in tables:
        wanted: dict[tuple[str, ...], Counter[Decimal]] = defaultdict(Counter)
        for cell in table["cells"]:
            if cell["value"] is not None:
                wanted[tuple(filter(None, (str(cell["item_code"] or ""), squeezed(cell["item_label"] or ""))))][Decimal(cell["value"])] += 1
        for names, values in wanted.items():
            total += max(((values & found).total() for cells, line, found in held if any(name in cells or (len(name) > SHORT and name in line) for name in names)), default=0)
    return total


class Measured(NamedTuple):
    """What one document cost: cells right, CPU seconds, most memory in MB; `fault` where it was not read."""

    right: int
    cpu: float
    memory: float
    fault: str = ""


def measured(tool: str, file: Path, tables: list[dict[str, Any]]) -> Measured:
    """Read one document in a process of its own."""
    try:
        ended = subprocess.run([sys.executable, __file__, "--one", tool, str(file)], capture_output=True, text=True, check=False, timeout=LIMIT, encoding="utf-8", env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"})
    except subprocess.TimeoutExpired:
        return Measured(0, LIMIT, 0, f"more than {LIMIT} s")
    if ended.returncode:
        return Measured(0, 0, 0, (ended.stderr.strip().splitlines() or ["?"])[-1][:120])
    said = json.loads(ended.stdout)
    return Measured(right(said["rows"], tables), said["cpu"], said["memory"])


def one(tool: str, file: Path) -> None:
    """In the child: import, then read and tell what it took."""
    import resource  # noqa: PLC0415

    for name in TOOLS[tool].modules:
        import_module(name)
    warm = resource.getrusage(resource.RUSAGE_SELF)
    rows = TOOLS[tool].rows(file)
    used = resource.getrusage(resource.RUSAGE_SELF)
    below = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime + below.ru_utime + below.ru_stime - warm.ru_utime - warm.ru_stime
    json.dump({"rows": rows, "cpu": cpu, "memory": used.ru_maxrss / 1024}, sys.stdout)


def pages_of(file: Path) -> int:
    """Pages of a PDF; a web page is one."""
    if file.suffix != ".pdf":
        return 1
    import pypdfium2  # noqa: PLC0415

    with pypdfium2.PdfDocument(file) as pdf:
        return len(pdf)


def compared(gold: Path, documents: Path) -> Iterator[str]:
    """The table, kind of document by kind."""
    held = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(gold.glob("*.json"))}
    for suffix, name in ((".pdf", "PDF"), (".html", "HTML")):
        files = [file for file in sorted(documents.glob(f"*{suffix}")) if any(table["cells"] for table in held.get(file.stem, {}).get("tables", []))]
        cells = sum(len(table["cells"]) for file in files for table in held[file.stem]["tables"])
        pages = sum(map(pages_of, files))
        yield f"\n## {name}: {len(files)} documents, {pages} pages, {cells:,} cells in the gold\n"
        yield "| tool | version | cells right | pages per CPU-second | peak memory | not read |"
        yield "|---|---|---|---|---|---|"
        for tool, about in TOOLS.items():
            if suffix in about.reads:
                yield _line(tool, about, [(file, measured(tool, file, held[file.stem]["tables"])) for file in files], cells)


def _line(tool: str, about: Tool, found: list[tuple[Path, Measured]], cells: int) -> str:
    try:
        known = version(about.package)
    except PackageNotFoundError:
        return f"| {tool} | not installed | | | | |"
    good = sum(one.right for _, one in found)
    read = [(file, one) for file, one in found if not one.fault]
    cpu = sum(one.cpu for _, one in read)
    speed = f"{sum(pages_of(file) for file, _ in read) / cpu:.1f}" if cpu else "–"
    faults = "; ".join(sorted({one.fault for _, one in found if one.fault})) or "–"
    return f"| {tool} | {known} | {good:,} ({100 * good / cells:.1f} %) | {speed} | {max((one.memory for _, one in read), default=0):.0f} MB | {faults} |"


def main() -> None:
    """Compare, or read one document for the comparison."""
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
        return
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("gold", type=Path)
    asked.add_argument("documents", type=Path)
    options = asked.parse_args()
    started = monotonic()
    for line in compared(options.gold, options.documents):
        print(line, flush=True)
    print(f"\n{monotonic() - started:.0f} s in all; Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
