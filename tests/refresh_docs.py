"""The documents' examples are real: run what README and docs/ show on the shipped fixtures, and write what comes out beside it.

    ```console    commands of a shell; what they print follows them. A comment `<!-- row: TABLE column=value … -->` above names the row an `explain` asks about
    ```sql        a query of the dataset's DuckDB views; its rows follow as a table
    ```python     is run, in one session for a page
    ```sh         is not run here (it names folders of the reader's); every gongkai command in it must be one that the parser knows

A page whose commands make a dataset has that; for any other there is one of all fixtures.
`python tests/refresh_docs.py` rewrites the pages; with `--check` it only says what differs (exit 1), which a test does.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stdout
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq

from gongkai.cli import parser

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = re.compile(r"(?:<!-- row: (?P<row>[^\n]*) -->\n)?```console\n\$ (?P<command>[^\n]*)\n(?P<printed>.*?)```", re.DOTALL)
SQL = re.compile(r"```sql\n(?P<query>.*?)```\n(?P<table>(?:\n(?:\|[^\n]*\n)+)?)", re.DOTALL)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)
SHELL = re.compile(r"```sh\n(.*?)```", re.DOTALL)
GONGKAI = re.compile(r"(?:^|[\s'\"])gongkai( [^\n|;&#']*(?:'[^'\n]*'[^\n|;&#']*)*)")
SHOWN = 12  # rows of a query


def pages() -> list[Path]:
    """README and the pages of docs/ that show something run."""
    return [page for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))) if CONSOLE.search(text := page.read_text(encoding="utf-8")) or SQL.search(text) or PYTHON.search(text)]


def refreshed(text: str, place: Path) -> str:
    """The page with fresh output below everything it shows; it is run in `place`, runs that make a dataset first."""
    blocks = sorted(CONSOLE.finditer(text), key=lambda block: " run " not in block["command"])
    fresh = {block[0]: _console(block, place) for block in blocks}
    after = CONSOLE.sub(lambda block: fresh[block[0]], text)
    with chdir(place), redirect_stdout(StringIO()):
        names: dict[str, object] = {}
        for code in PYTHON.findall(after):
            exec(code, names)  # the page's own example
    if SQL.search(after):
        with chdir(place / "output"), duckdb.connect() as database:
            database.execute(Path("views.sql").read_text(encoding="utf-8"))
            after = SQL.sub(lambda block: f"```sql\n{block['query']}```\n\n{_table(database, block['query'])}", after)
    return after


def _console(block: re.Match[str], place: Path) -> str:
    command = block["command"]
    if block["row"]:
        table, *wanted = block["row"].split()
        rows = pq.read_table(place / "output" / "data" / f"{table}.parquet").to_pylist()
        row = next(row for row in rows if all(row[name] == value for name, value in (pair.split("=") for pair in wanted)))
        command = re.sub(r"[0-9a-f]{16}-[a-z_]+-\d{5,}", row["row_id"], command)
    here = shlex.join([sys.executable, "-m", "gongkai"])
    ended = subprocess.run(["bash", "-c", command.replace(".venv/bin/gongkai", here)], cwd=place, capture_output=True, text=True, check=True, encoding="utf-8", env=ENVIRONMENT)
    comment = f"<!-- row: {block['row']} -->\n" if block["row"] else ""
    return f"{comment}```console\n$ {command}\n{_bare(ended.stdout)}```"


ENVIRONMENT = {**os.environ, "COLUMNS": "100", "PYTHONPATH": str(ROOT)}


def _bare(printed: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


def _table(database: duckdb.DuckDBPyConnection, query: str) -> str:
    found = database.execute(query)
    heads = [column[0] for column in found.description or ()]
    rows = [heads, ["---"] * len(heads), *found.fetchmany(SHOWN)]
    return "".join(f"| {' | '.join(_cell(value) for value in row)} |\n" for row in rows)


def _cell(value: object) -> str:
    return "" if value is None else f"{value.normalize():f}" if isinstance(value, Decimal) else str(value).replace("|", "&#124;")


def unknown_commands(text: str) -> Iterator[str]:
    """Commands in a page's shell blocks that gongkai does not know, with what is wrong."""
    for block in SHELL.findall(text):
        for words in GONGKAI.findall(re.sub(r"\\\n", " ", block)):
            try:
                with redirect_stdout(StringIO()):
                    plain = re.sub(r"\$[A-Z_]+|\$\([^)]*\)|\{\}", "1", words)
                    parser().parse_args(shlex.split(plain.rstrip('"') if plain.count('"') % 2 else plain))
            except SystemExit:
                yield f"gongkai{words}"


def main(*, check: bool) -> int:
    """Write the pages anew, or say what differs."""
    stale = False
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole"
        shutil.copytree(ROOT / "fixtures", whole / "fixtures", ignore=shutil.ignore_patterns("generators", "__pycache__"))
        subprocess.run([sys.executable, "-m", "gongkai", "run", "fixtures", "--progress", "none"], cwd=whole, check=False, capture_output=True, env=ENVIRONMENT)
        for number, page in enumerate(pages()):
            place = Path(folder) / str(number)
            before = page.read_text(encoding="utf-8")
            makes = any(" run " in block["command"] for block in CONSOLE.finditer(before))
            shutil.copytree(whole / "fixtures" if makes else whole, place / "fixtures" if makes else place)
            after = refreshed(before, place)
            name = page.relative_to(ROOT).as_posix()
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} now", n=1))
            stale |= before != after
            if not check:
                page.write_text(after, encoding="utf-8", newline="")
    return int(check and stale)


if __name__ == "__main__":
    raise SystemExit(main(check="--check" in sys.argv))
