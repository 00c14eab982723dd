"""A night of fuzzing (模糊测试): ``python -m fuzz.run --minutes 20 html text pdf``; needs ``pip install -e ".[fuzz]"``.

Each target runs in processes of its own under libFuzzer, which keeps what reaches new code. What breaks a promise is saved once per
place it broke at, as `build/fuzz/<target>/crashes/<sha256>`; then the run goes on. ``--again FILE`` shows one of them.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
LIMITS = ("-timeout=120", "-rss_limit_mb=8000", "-malloc_limit_mb=2000", "-max_len=400000", "-len_control=0")  # seconds, megabytes (libFuzzer keeps what a mutator gave it: half a megabyte an input), bytes
FLOORS = ("extract", "normalize", "gongkai")
TELL = 200  # inputs between two counts on disk: what is lost where the process dies


class Tally:
    """What one process tried and found, on disk so that it outlives the process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.tried, self.broken = folder, 0, Counter[str]()
        self.file = folder / f"tally-{time.time_ns()}.json"

    def save(self) -> None:
        self.file.write_text(json.dumps({"tried": self.tried, "broken": self.broken}, ensure_ascii=False), encoding="utf-8")

    @contextmanager
    def kept(self, data: bytes) -> Iterator[None]:
        """Whatever is raised inside is a find: its input is saved, once for each place that raises."""
        self.tried += 1
        if self.tried % TELL == 0:
            self.save()
        try:
            yield
        except Exception as error:  # noqa: BLE001  # the only place that must see every kind: finding them is what this is for
            frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(ROOT)]
            last = frames[-1]
            where = f"{type(error).__name__} at {Path(last.filename).relative_to(ROOT)}:{last.lineno} ({last.name}): {str(error)[:160]}"
            key = where.split(" (", 1)[0]
            if key not in self.broken:
                (self.folder / "crashes").mkdir(exist_ok=True)
                (self.folder / "crashes" / sha256(data).hexdigest()).write_bytes(data)
                print(f"FOUND {where}\n      {self.folder / 'crashes' / sha256(data).hexdigest()}", file=sys.stderr, flush=True)
            self.broken[key] += 1
            self.save()


def fuzz(target: str, folder: Path, seconds: int, seed: int) -> None:
    """One process's whole life: libFuzzer calls, inputs are changed by our mutations, never ends before its time but by a crash."""
    import atheris  # noqa: PLC0415  # an extra

    with atheris.instrument_imports(include=list(FLOORS)):
        import extract.html  # noqa: PLC0415  # loaded by the first page of a kind, which would be too late
        import extract.pdf  # noqa: PLC0415
        import extract.positioned  # noqa: PLC0415
        import extract.spreadsheet  # noqa: PLC0415
        import extract.text  # noqa: PLC0415
        import extract.word  # noqa: F401, PLC0415
        from fuzz.seeds import seeds  # noqa: PLC0415
        from fuzz.targets import TARGETS, check  # noqa: PLC0415

    tally, others, change = Tally(folder), seeds(target), TARGETS[target][1]

    def one(data: bytes) -> None:
        with tally.kept(data):
            check(target, data)

    def changed(data: bytes, largest: int, seed: int) -> bytes:
        return change(data or others[0], Random(seed), others)[:largest]

    begun = folder / "corpus"
    begun.mkdir(parents=True, exist_ok=True)
    for data in others:
        (begun / sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={folder}/died-", *LIMITS, str(begun)]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=changed)
    atheris.Fuzz()


def night(target: str, minutes: float, folder: Path) -> dict[str, Any]:
    """A target for so many minutes of processor time; a process that dies is followed by another."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("tally-*.json"):
        old.unlink()
    begun, died = _used(), 0
    while (left := minutes * 60 - (_used() - begun)) > 1:
        command = [sys.executable, "-m", "fuzz.run", "--inside", target, "--minutes", str(left / 60), "--seed", str(died + 1), "--folder", str(folder)]
        with (folder / "log.txt").open("ab") as log:
            ended = subprocess.run(command, cwd=ROOT, stderr=log, stdout=log, check=False)
        died += ended.returncode != 0
        if died > 50:
            break
    broken, tried = Counter[str](), 0
    for file in folder.glob("tally-*.json"):
        said = json.loads(file.read_text(encoding="utf-8"))
        tried += said["tried"]
        broken.update(said["broken"])
    return {"target": target, "cpu_minutes": round((_used() - begun) / 60, 1), "executions": tried, "died": died, "broken": dict(broken)}


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Fuzz the targets named, all without a name; exit code 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--minutes", type=float, default=20.0, help="of processor time, for each target")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    parser.add_argument("--again", type=Path, help="a saved input, read once more through the one target named")
    said = parser.parse_args()
    if said.inside:
        fuzz(said.inside, said.folder, round(said.minutes * 60), said.seed)
        return 0
    from fuzz.targets import TARGETS, check  # noqa: PLC0415

    if said.again:
        check(said.targets[0], said.again.read_bytes())
        return 0
    found = 0
    for target in said.targets or TARGETS:
        outcome = night(target, said.minutes, said.folder / target)
        found += outcome["died"] + len(outcome["broken"])
        print(json.dumps(outcome, ensure_ascii=False), flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
