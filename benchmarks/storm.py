"""Kills at random while a run goes on: python benchmarks/storm.py [--documents 2000] [--storms 10] [--rates 1 10] [--parents 20]

Storms: so many runs during which a worker is killed (SIGKILL) at so many random moments a second. Each must end with a row for every document;
a quiet run after it reads what was given up, and the dataset must then be byte for byte that of an undisturbed run. Parents: the run itself is killed
at so many random moments, and every other time the last file it wrote is cut in half as by a loss of power; the next run must end with the same bytes.

What is tested is the run, not the reading: a document takes 20 milliseconds and says who disclosed it.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic, sleep
from typing import TYPE_CHECKING

from extract.document import Document, Source
from gongkai import journal, run
from gongkai.dataset import encoded
from gongkai.extraction import Extracted
from gongkai.rows import document_row
from normalize.records import Disclosure, Identity

sys.path.insert(0, str(Path(__file__).parent))
from batch import workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gongkai.extraction import Task

PAUSE = 0.02  # seconds
OFFICES, YEARS = 20, 2


def documents(place: Path, count: int) -> None:
    """As many small pages, of forty department-years."""
    place.mkdir(parents=True)
    for number in range(count):
        (place / f"{number:05}.txt").write_text(f"云岭县第{number % OFFICES}档案馆 {2020 + number // OFFICES % YEARS} {number}", encoding="utf-8")


def extract(task: Task) -> Extracted:
    """In the stead of reading: the department and the year that a document consists of."""
    sleep(PAUSE)
    department, year, _ = Path(task.item.address).read_text(encoding="utf-8").split()
    document = Document(Source(task.item.address, task.item.sha256 or "", "text/plain", "utf-8"), department, ())
    disclosure = Disclosure(document.id, "ok", Identity(department=department, region_code="530199", fiscal_year=int(year)))
    row = document_row((task.item.address, task.item.sha256), "ok", "", version=task.version, read=(document, disclosure))
    return Extracted(row, encoded(row, {}))


def tables(output: Path) -> dict[str, bytes]:
    """Every file of a dataset that is the same for the same input."""
    return {str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()}


def quiet(place: Path, output: Path) -> run.Outcome:
    return run.run([place], output, workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: None)


def storm(place: Path, output: Path, rate: float, chance: random.Random) -> tuple[int, run.Outcome]:
    """A run during which workers die; how many kills met one."""
    over, killed = Event(), 0

    def kill() -> None:
        nonlocal killed
        while not over.wait(chance.expovariate(rate)):
            living = workers()
            if living:
                try:
                    os.kill(chance.choice(living), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed += 1

    killer = Thread(target=kill)
    killer.start()
    try:
        outcome = quiet(place, output)
    finally:
        over.set()
        killer.join()
    return killed, outcome


def count(output: Path, condition: str = "") -> int:
    with journal.looked_into(output) as store:
        return int(store.execute(f"select count(*) from documents {condition}").fetchone()[0])


def storms(folder: Path, options: argparse.Namespace, expected: dict[str, bytes], chance: random.Random) -> int:
    """Print a line for each storm; how many went wrong."""
    wrong = 0
    for rate in options.rates:
        for number in range(options.storms):
            output, began = folder / f"storm-{rate}-{number}", monotonic()
            killed, outcome = storm(folder / "in", output, rate, chance)
            seconds, rows = monotonic() - began, count(output)
            given_up = count(output, "where status != 'ok'")
            quiet(folder / "in", output)
            same = tables(output) == expected
            wrong += rows != options.documents or not same
            print(f"{rate:g}/s storm {number + 1}: {killed} kills in {seconds:.1f} s, {outcome.new} read, {rows} rows, {given_up} given up; after a quiet run {'the same bytes' if same else 'OTHER BYTES'}", flush=True)
    return wrong


def parents(folder: Path, options: argparse.Namespace, expected: dict[str, bytes], longest: float, chance: random.Random) -> int:
    """Print a line for each run that was killed; how many did not end with the same bytes."""
    wrong = 0
    for number in range(options.parents):
        output = folder / f"parent-{number}"
        process = subprocess.Popen([sys.executable, __file__, "--one", str(folder / "in"), str(output)])
        moment = chance.uniform(0, longest)
        sleep(moment)
        process.kill()
        process.wait()
        files = [file for file in output.rglob("*") if file.is_file() and file.stat().st_size] if output.exists() else []
        cut = max(files, key=lambda file: file.stat().st_mtime_ns) if files and number % 2 else None
        if cut is not None:
            with cut.open("r+b") as last:
                last.truncate(cut.stat().st_size // 2)
        before = count(output) if cut is None or cut.name not in journal.BESIDE else 0
        quiet(folder / "in", output)
        same = tables(output) == expected
        wrong += not same
        print(f"parent {number + 1}: killed after {moment:.1f} s with {before} documents{f', {cut.name} cut' if cut else ''}; resumed to {'the same bytes' if same else 'OTHER BYTES'}", flush=True)
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what happened; 1 where a document was lost or a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--storms", type=int, default=10)
    parser.add_argument("--rates", type=float, nargs="*", default=[1.0, 10.0])
    parser.add_argument("--parents", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--one", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    import storm  # noqa: PLC0415  workers look for what they do in a module, not in a script

    run.extract = storm.extract  # type: ignore[attr-defined]
    if options.one:
        quiet(*options.one)
        return 0
    chance = random.Random(options.seed)
    with TemporaryDirectory() as name:
        folder = Path(name)
        documents(folder / "in", options.documents)
        began = monotonic()
        quiet(folder / "in", folder / "undisturbed")
        longest = monotonic() - began
        print(f"undisturbed: {count(folder / 'undisturbed')} documents in {longest:.1f} s", flush=True)
        expected = tables(folder / "undisturbed")
        wrong = storms(folder, options, expected, chance) + parents(folder, options, expected, longest, chance)
    print(f"{wrong} went wrong" if wrong else "nothing was lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
