"""A run that is killed, or loses its power, at any moment: the next one ends with the bytes of an undisturbed one."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from gongkai import dataset, journal, recovery

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 5  # benchmarks/storm.py has more
DOCUMENTS = 80
DRIVER = """
import sys
import time
from pathlib import Path

from extract.document import Document, Source
from gongkai import run, writing
from gongkai.dataset import encoded
from gongkai.extraction import Extracted
from gongkai.rows import document_row
from normalize.records import Disclosure, Identity

def extract(task):
    time.sleep(0.02)
    words = Path(task.item.address).read_text(encoding="utf-8").split()
    document = Document(Source(task.item.address, task.item.sha256, "text/plain", "utf-8"), " ".join(words), ())
    identity = Identity(department=words[0], region_code="530199", fiscal_year=int(words[1]))
    disclosure = Disclosure(document.id, "ok" if len(words) > 2 else "not_a_disclosure", identity)
    row = document_row((task.item.address, task.item.sha256), disclosure.status, "", version=task.version, read=(document, disclosure))
    return Extracted(row, encoded(row, {}))

if __name__ == "__main__":
    import killed_run
    run.extract, run.PRELOAD, writing.SECONDS = killed_run.extract, ("killed_run",), 0.2
    run.run([sys.argv[1]], Path(sys.argv[2]), workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: print("begun", flush=True))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of forty department-years, a tenth of them without one, and what an undisturbed run makes of them."""
    tmp_path = tmp_path_factory.mktemp("resume")
    (tmp_path / "killed_run.py").write_text(DRIVER, encoding="utf-8")
    (tmp_path / "in").mkdir()
    for number in range(DOCUMENTS):
        text = f"第{number % 20}局 {2020 + number % 2} {'disclosed ' if number % 10 else ''}{number}" if number % 10 else f"第{number}局 2020"
        (tmp_path / "in" / f"{number}.txt").write_text(text, encoding="utf-8")
    ended(tmp_path, tmp_path / "undisturbed")
    return tmp_path


def begun(place: Path, output: Path) -> subprocess.Popen[str]:
    """A run in a process of its own that has made its plan."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place), *sys.path])}
    process = subprocess.Popen([sys.executable, place / "killed_run.py", place / "in", output], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def ended(place: Path, output: Path) -> None:
    with begun(place, output) as process:
        assert process.wait() == 0


def data_of(output: Path) -> dict[str, bytes]:
    return {str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()}


def entries(output: Path) -> list[journal.Entry]:
    with journal.looked_into(output) as store:
        return list(journal.select(store, "order by document_id"))


def newest(output: Path) -> Path:
    return max((file for file in output.rglob("*") if file.is_file() and file.stat().st_size), key=lambda file: file.stat().st_mtime_ns)


def cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def is_as_undisturbed(place: Path, output: Path) -> None:
    ended(place, output)
    assert data_of(output) == data_of(place / "undisturbed")
    assert entries(output) == entries(place / "undisturbed")
    assert len(entries(output)) == DOCUMENTS
    assert list(output.glob(".spool*")) == []


def test_after_kills_at_any_moment_and_lost_power_the_next_run_ends_with_the_same_bytes(place: Path, tmp_path: Path) -> None:
    output, chance = tmp_path / "out", random.Random(KILLS)
    for number in range(KILLS):
        with begun(place, output) as process:
            time.sleep(chance.uniform(0, 2.0))
            process.kill()
        assert [folder for folder in dataset.folders(output) if not recovery.is_whole(folder)] == []
        if number % 2:
            cut(newest(output))
    is_as_undisturbed(place, output)


def killed_midway(place: Path, output: Path) -> list[Path]:
    with begun(place, output) as process:
        while len(dataset.folders(output)) < 10:
            time.sleep(0.02)
        process.kill()
    return dataset.folders(output)


def test_files_of_a_killed_run_that_lost_their_ends_are_written_anew(place: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    folders = killed_midway(place, output)
    for file in (folders[0] / "documents.parquet", folders[1] / "documents.csv", output / ".pages.sqlite", output / "log.jsonl"):
        cut(file)
    (folders[2] / "scores.csv").unlink()
    (output / "data").mkdir()
    (output / "data" / "documents.csv").write_text("half", encoding="utf-8")
    is_as_undisturbed(place, output)
    said = [json.loads(line) for line in (output / "log.jsonl").read_text(encoding="utf-8").splitlines()[1:] if line.startswith("{") and line.endswith("}")]
    assert {event["folder"] for event in said if event["event"] == "damaged"} == {folder.relative_to(output).as_posix() for folder in folders[:3]}


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_journal_that_is_damaged_is_made_anew_from_the_department_years(place: Path, tmp_path: Path, damage: str) -> None:
    output = tmp_path / "out"
    killed_midway(place, output)
    if damage == "gone":
        journal.remove(output)
    else:
        (output / journal.JOURNAL).write_bytes(b"SQLite format 3\0" + bytes(5000))
        for name in journal.BESIDE[1:]:
            (output / name).unlink(missing_ok=True)
    is_as_undisturbed(place, output)
