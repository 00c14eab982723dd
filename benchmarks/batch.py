"""The batch run at size: python benchmarks/batch.py [--documents 5000] [--workers 2 1]

Documents made from the examples (varied.py) are read by each number of workers: rate, resident size of the run itself and of its largest
worker after a tenth and after all, CPU of both for a document. From the CPU follows how much faster two workers on two cores can be than
one, whatever else the machine does: 2 w / (w + p), w of the workers and p of the run itself. Before it the overhead of the pool on tasks
that do nothing. Other work on the machine moves absolute figures: trust the ratios, and of these the one of the CPU.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from functools import partial
from multiprocessing import forkserver
from operator import call
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any

from gongkai import pool, run

sys.path.insert(0, str(Path(__file__).parent))
from varied import make

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gongkai.journal import Entry

TASKS = 20_000


def workers() -> list[int]:
    """The processes that the pool has forked (Linux)."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001
    children = Path(f"/proc/{server}/task/{server}/children")
    return [int(child) for child in children.read_text(encoding="ascii").split()] if server and children.exists() else []


def used() -> float:
    """Seconds of CPU that workers had used when they ended (Linux)."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]  # noqa: SLF001
    stat = Path(f"/proc/{server}/stat")
    return sum(map(int, stat.read_text(encoding="ascii").rpartition(")")[2].split()[13:15])) / os.sysconf("SC_CLK_TCK") if server and stat.exists() else 0.0


def overhead(count: int) -> tuple[float, float]:
    """Milliseconds on the clock and on the supervisor's CPU that the pool adds to a document."""
    task: Any = call
    list(pool.run(task, [partial(int, "1")], workers=1, limit=lambda _: 9.0))
    clock, processor = monotonic(), process_time()
    for _ in pool.run(task, (partial(int, "1") for _ in range(count)), workers=1, limit=lambda _: 9.0):
        pass
    return (monotonic() - clock) / count * 1000, (process_time() - processor) / count * 1000


def read(place: Path, output: Path, number: int) -> dict[str, Any]:
    """One run: seconds, and the sizes after a tenth and after all documents."""
    sizes: list[tuple[int, int, int]] = []
    total = done = 0

    def begin(count: int) -> None:
        nonlocal total
        total = count

    def tell(_entry: Entry, _seconds: float) -> None:
        nonlocal done
        done += 1
        if done in {total // 10, total}:
            sizes.append((done, pool.resident(os.getpid()) // 1_000_000, max(map(pool.resident, workers()), default=0) // 1_000_000))

    clock, processor = monotonic(), process_time()
    outcome = run.run([place], output, workers=number, tell=tell, begin=begin)
    seconds, own, theirs = monotonic() - clock, process_time() - processor, used()
    clock = monotonic()
    run.run([place], output, workers=number, tell=tell, begin=lambda _: None)
    return {"workers": number, "statuses": outcome.statuses, "seconds": seconds, "own CPU": own, "workers CPU": theirs, "read": outcome.new, "sizes": sizes, "again": monotonic() - clock}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=5000)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 1])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--place", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:  # a process of its own for each number of workers, so that one run's memory is not the next one's
        print(json.dumps(read(options.place / "in", options.place / f"out{options.one}", options.one)))
        return
    clock, processor = overhead(TASKS)
    print(f"pool: {clock:.3f} ms a document on the clock, {processor:.3f} ms of the supervisor's CPU ({TASKS} empty tasks)", flush=True)
    with TemporaryDirectory() as folder:
        place = Path(folder)
        make(place / "in", options.documents)
        for number in options.workers:
            command = [sys.executable, __file__, "--one", str(number), "--place", folder]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rate, own, theirs = found["read"] / found["seconds"], found["own CPU"] / found["read"] * 1000, found["workers CPU"] / found["read"] * 1000
            print(f"{number} workers: {found['read']} documents {found['statuses']}, {found['seconds']:.1f} s, {rate:.1f}/s")
            print(f"  CPU for each: the run itself {own:.1f} ms, workers {theirs:.1f} ms; two workers on two cores at most {2 * theirs / (theirs + own):.2f} times one")
            for done, itself, largest in found["sizes"]:
                print(f"  after {done:6}: the run {itself} MB, its largest worker {largest} MB")
            print(f"  the second run, which reads nothing: {found['again']:.1f} s", flush=True)


if __name__ == "__main__":
    main()
