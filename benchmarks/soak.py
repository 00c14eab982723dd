"""A long run, watched: python benchmarks/soak.py [--documents 50000] [--workers 2] [--every 20] [--plot docs/assets/soak.svg]

Documents made from the examples (varied.py) are read by `gongkai run` in a process of its own; every so many seconds its memory and that of its workers,
its open files, the size of its journal and the documents done are noted (Linux). The rate depends on what else the machine does; what matters is that
nothing but the journal and the output grows.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from varied import make


class Sample(NamedTuple):
    """One look: seconds since the start, documents done, MB of the run and of its largest worker, open files of the run, MB of the journal."""

    seconds: int
    documents: int
    run_mb: float
    worker_mb: float
    open_files: int
    journal_mb: float


def family(process: int) -> list[int]:
    """A process and all below it."""
    children = Path(f"/proc/{process}/task/{process}/children")
    try:
        below = [int(child) for child in children.read_text(encoding="ascii").split()]
    except OSError:
        return []
    return [process, *(one for child in below for one in family(child))]


def resident(process: int) -> float:
    """MB in memory."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]) * 4096 / 1e6
    except OSError:
        return 0.0


def look(process: int, output: Path, started: float) -> Sample:
    """How the run is now."""
    log = output / "log.jsonl"
    journal = sum(file.stat().st_size for file in output.glob("journal.sqlite*") if file.exists())
    first, *others = [*family(process), 0]
    done = log.read_bytes().count(b"\n") if log.exists() else 0
    try:
        files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    except OSError:
        files = 0
    return Sample(round(monotonic() - started), done, round(resident(first), 1), round(max(map(resident, others), default=0.0), 1), files, round(journal / 1e6, 2))


def drawn(samples: list[Sample], plot: Path) -> None:
    """Four small charts over time."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure = plt.figure(figsize=(9, 5), layout="constrained")
    minutes = [sample.seconds / 60 for sample in samples]
    charts: tuple[tuple[str, list[list[float]]], ...] = (("documents", [[sample.documents for sample in samples]]), ("memory, MB: the run, its largest worker", [[sample.run_mb for sample in samples], [sample.worker_mb for sample in samples]]), ("open files of the run", [[sample.open_files for sample in samples]]), ("journal, MB", [[sample.journal_mb for sample in samples]]))
    for number, (title, lines) in enumerate(charts, 1):
        place = figure.add_subplot(2, 2, number)
        for line in lines:
            place.plot(minutes, line, linewidth=1.4)
        place.set_title(title, loc="left", fontsize=10)
        place.set_ylim(bottom=0)
        place.spines[["top", "right"]].set_visible(False)
        place.set_xlabel("minutes")
    figure.savefig(plot)


def main() -> None:
    """Make the documents, watch the run, print what was seen."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    asked.add_argument("--documents", type=int, default=50_000)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument("--every", type=float, default=20.0)
    asked.add_argument("--plot", type=Path, default=None)
    asked.add_argument("--place", type=Path, default=None, help="a folder for the documents and the dataset (default: a temporary one)")
    options = asked.parse_args()
    with TemporaryDirectory(dir=options.place) as folder:
        place, output = Path(folder) / "in", Path(folder) / "out"
        make(place, options.documents)
        started = monotonic()
        samples: list[Sample] = []
        writer = csv.writer(sys.stdout)
        writer.writerow(Sample._fields)
        command = [sys.executable, "-m", "gongkai", "run", str(place), "--output", str(output), "--workers", str(options.workers), "--progress", "none"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
            while running.poll() is None:
                sleep(options.every)
                samples.append(look(running.pid, output, started))
                writer.writerow(samples[-1])
                sys.stdout.flush()
        print(f"exit code {running.returncode}, {monotonic() - started:.0f} s, {options.documents / (monotonic() - started):.1f} documents a second", file=sys.stderr)
        if options.plot is not None:
            drawn([sample for sample in samples if sample.run_mb], options.plot)


if __name__ == "__main__":
    main()
