"""README's examples are real: run its commands on the shipped fixtures and write what they print between the fences.

`python tests/refresh_readme.py` rewrites README.md; with `--check` it only says what differs (exit 1), which a test does.
"""

from __future__ import annotations

import difflib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
COMMAND = ".venv/bin/gongkai"
CONSOLE = re.compile(r"```console\n\$ ([^\n]*)\n.*?```", re.DOTALL)
EXPLAINED = {"measure": "three_public_total", "basis": "change_vs_initial_budget"}  # the row that README asks about


def refreshed(text: str, place: Path) -> str:
    """README with fresh output under every command; the commands are run in `place`, first the run that makes the dataset."""
    commands = sorted(CONSOLE.findall(text), key=lambda command: " run " not in command)
    blocks = dict(block_of(command, place) for command in commands)
    return CONSOLE.sub(lambda match: blocks[match[1]], text)


def block_of(command: str, place: Path) -> tuple[str, str]:
    """A command of README, and its block: the command and what it prints."""
    now = command
    if " explain " in command:
        rows = pq.read_table(place / "output" / "data" / "budget_lines.parquet").to_pylist()
        row = next(row for row in rows if {key: row[key] for key in EXPLAINED} == EXPLAINED)
        now = f"{COMMAND} explain {row['row_id']}"
    assert now.startswith(f"{COMMAND} "), now
    words = [sys.executable, "-m", "gongkai", *shlex.split(now)[1:]]
    ended = subprocess.run(words, cwd=place, capture_output=True, text=True, check=True, encoding="utf-8")
    return command, f"```console\n$ {now}\n{ended.stdout}```"


def main(*, check: bool) -> int:
    before = README.read_text(encoding="utf-8")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(ROOT / "fixtures", place / "fixtures", ignore=shutil.ignore_patterns("generators", "__pycache__"))
        after = refreshed(before, place)
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), "README.md", "README.md now", n=1))
    if not check:
        README.write_text(after, encoding="utf-8", newline="")
    return int(check and before != after)


if __name__ == "__main__":
    raise SystemExit(main(check="--check" in sys.argv))
