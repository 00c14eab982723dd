"""The batch run, the only loop: sources in, dataset out, every input a row in `documents`.

One document at a time:

    find -> digest -> (known? same bytes?) -> worker -> department-years, a few documents at a time -> journal -> compacted tables
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from gongkai import agreement, dataset, dictionary, journal, pages, pool, sources
from gongkai.errors import OutputError
from gongkai.extraction import Extracted, Task, extract, without_rows
from gongkai.journal import FAILED, Entry
from gongkai.rows import document_id
from gongkai.version import extractor_version

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from gongkai.sources import Item

RUN, LOG, LOCK = "run.json", "log.jsonl", ".lock"
DOCUMENTS_PER_WRITE = 64  # what a kill of the run itself can cost; more of those that yielded nothing: they are small, and share folders
EMPTY_DOCUMENTS_PER_WRITE = 2048
PRELOAD = ("gongkai.extraction", "extract.html", "extract.text", "extract.pdf", "pandas")  # Arrow imports pandas with its first array
SECONDS, SECONDS_PER_MEGABYTE = 60.0, 6.0  # the allowance of one document; a 300-page PDF of 10 MB needs a tenth of it



class Plan(NamedTuple):
    """What a run would do with its sources."""

    todo: list[Item]
    known: list[Entry]  # read before by this version
    doubles: list[tuple[str, str]]  # (source, the source with the same bytes)
    unreadable: list[Item]  # nobody could read its bytes, and its `trouble` says why
    attached: list[Item]  # known files that may belong to a page that is new
    addresses: dict[str, tuple[str, ...]]  # every address of a document, by its id


class Outcome(NamedTuple):
    """What a run did, and what the dataset now holds."""

    entries: list[Entry]  # the whole dataset, sorted
    asked: list[Entry]  # the documents of this run's sources
    new: int
    known: int
    doubles: int
    seconds: float
    interrupted: bool

    @property
    def failed(self) -> list[Entry]:
        return [entry for entry in self.asked if entry.status in FAILED]


class Writing(NamedTuple):
    """Documents that were read and wait to be written, by department-year, at most `size` of them."""

    output: Path
    entries: dict[str, Entry]  # the whole dataset as written
    size: int
    waiting: dict[str, dict[str, dataset.Parts]]
    lines: list[Entry]

    def add(self, entry: Entry, parts: dataset.Parts) -> None:
        self.waiting.setdefault(entry.folder, {})[entry.document_id] = parts
        self.lines.append(entry)
        if len(self.lines) >= self.size:
            self.flush()

    def flush(self) -> None:
        """Write every waiting department-year, take moved documents out of where they stood, then say so in the journal."""
        if not self.lines:
            return
        gone: dict[str, set[str]] = {}
        for entry in self.lines:
            before = self.entries.get(entry.document_id)
            if before is not None and before.folder != entry.folder:
                gone.setdefault(before.folder, set()).add(entry.document_id)
        dataset.write_folders(self.output, self.waiting, gone)
        journal.append(self.output, self.lines)
        self.entries.update((entry.document_id, entry) for entry in self.lines)
        self.waiting.clear()
        self.lines.clear()


def plan(items: Iterable[Item], output: Path, *, force: bool) -> Plan:
    """Look at the sources without reading them as documents: what is new, what is known, what is the same bytes twice."""
    entries = journal.read(output)
    version = extractor_version()
    chosen: dict[str, Item] = {}
    addresses: dict[str, list[str]] = {}  # of documents with more than one
    doubles: list[tuple[str, str]] = []
    for item in items:
        identifier = document_id(sources.printable(item.address), item.sha256)
        first = chosen.setdefault(identifier, item)
        if first is not item:
            doubles.append((item.address, first.address))
            addresses.setdefault(identifier, [first.address]).append(item.address)
            chosen[identifier] = first.joined(item)
    work = Plan([], [], doubles, [], [], {})
    for identifier, item in chosen.items():
        entry = entries.get(identifier)
        all_of = list(dict.fromkeys([*(entry.sources if entry else ()), *map(sources.printable, addresses.get(identifier, [item.address]))]))
        work.addresses[identifier] = tuple(all_of)
        kept = entry is not None and not force and len(all_of) == len(entry.sources)
        if entry is not None and kept and journal.is_done(entry, item.sha256, version, output) and (item.trouble is None or item.trouble.reason == entry.reason):
            work.known.append(entry)
            if not item.page:
                work.attached.append(item)
        else:
            (work.unreadable if item.trouble or item.sha256 is None else work.todo).append(item)
    return work


def run(
    places: Iterable[str | Path], output: Path, *, workers: int, force: bool = False, tell: Callable[[Entry, float], None], begin: Callable[[int], None]
) -> Outcome:
    """Read the sources into the dataset at `output`. `begin(total)` and `tell(entry, seconds)` report progress."""
    items = sources.items(places, without=output)  # a mistyped source leaves no folder behind
    claim(output)
    with alone(output):
        return _run(items, output, workers=workers, force=force, tell=tell, begin=begin)


def _run(
    items: Iterable[Item], output: Path, *, workers: int, force: bool, tell: Callable[[Entry, float], None], begin: Callable[[int], None]
) -> Outcome:
    began, started = monotonic(), datetime.now(UTC)
    dataset.recover(output)
    work = plan(items, output, force=force)
    begin(len(work.todo) + len(work.unreadable))
    entries = journal.read(output)
    writing, empty = Writing(output, entries, DOCUMENTS_PER_WRITE, {}, []), Writing(output, entries, EMPTY_DOCUMENTS_PER_WRITE, {}, [])
    asked = {entry.document_id: entry for entry in work.known}
    times: list[tuple[float, str]] = []
    interrupted = False
    with pages.kept(output) as store, (output / LOG).open("a", encoding="utf-8", newline="") as log:
        for double, same in work.doubles:
            _log(log.write, event="same_bytes", source=sources.printable(double), same_as=sources.printable(same))
        try:
            for extracted, seconds, detail in _read_all(work, workers, store, entries):
                pages.add(store, extracted.document)
                entry = journal.entry_of(extracted.document, extracted.parts)
                (writing if entry.placed else empty).add(entry, extracted.parts)
                asked[entry.document_id] = entry
                times.append((round(seconds, 3), entry.source))
                _log(log.write, event="document", **_spoken(entry), seconds=round(seconds, 3), detail=detail)
                tell(entry, seconds)
        except KeyboardInterrupt:
            interrupted = True
        writing.flush()
        empty.flush()
    if times or not (output / dataset.DATA).is_dir():
        dataset.compact(output)
        agreement.write(output)
        journal.rewrite(output, entries.values())
    outcome = Outcome(
        entries=sorted(entries.values()),
        asked=list(asked.values()),
        new=len(times),
        known=len(asked) - len(times),
        doubles=len(work.doubles),
        seconds=monotonic() - began,
        interrupted=interrupted,
    )
    _record(output, outcome, started, workers, times)
    return outcome


def claim(output: Path) -> None:
    """Make the dataset's folder and put its README there; refuse a folder that holds something else."""
    if output.exists() and not output.is_dir():
        raise OutputError(zh=f"输出位置不是文件夹：{output}", en=f"the output is not a folder: {output}")
    names = {entry.name for entry in output.iterdir() if not entry.name.startswith(".")} if output.exists() else set()
    if names and not names & {journal.JOURNAL, RUN} and not dictionary.is_ours(output):
        raise OutputError(
            zh=f"{output} 里有别的文件，不是本程序的数据集；请用 --output 另选一处",
            en=f"{output} holds other files and is no dataset of ours; choose another place with --output",
        )
    output.mkdir(parents=True, exist_ok=True)
    dictionary.write(output)


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Hold the dataset while it is written; a second run into the same folder is refused. The lock ends with its process."""
    with (output / LOCK).open("a") as lock:
        if sys.platform != "win32":
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(zh=f"另一个运行正在写入 {output}", en=f"another run is writing {output}") from None
        yield


def _read_all(work: Plan, workers: int, store: Connection, entries: dict[str, Entry]) -> Iterator[tuple[Extracted, float, str]]:
    """Pages first, then what is attached to them, which may take department and year from its page (also where the page is new since)."""
    version = extractor_version()

    def task(item: Item, parent: pages.Parent | None = None) -> Task:
        return Task(item, version, work.addresses[document_id(sources.printable(item.address), item.sha256)], parent)

    for item in work.unreadable:
        yield without_rows(task(item), *(item.trouble or ("unreadable", ""))), 0.0, ""
    yield from _read([task(item) for item in work.todo if item.page], workers)
    files = [task(item, pages.parent_of(store, item)) for item in work.todo if not item.page]
    for item in work.attached:
        parent, entry = pages.parent_of(store, item), entries.get((item.sha256 or "")[:16])
        if item.trouble is None and entry is not None and entry.parent != (parent.document_id if parent else None):
            files.append(task(item, parent))
    yield from _read(files, workers)


def _read(tasks: list[Task], workers: int) -> Iterator[tuple[Extracted, float, str]]:
    if not tasks:
        return
    for task, result, seconds in pool.run(extract, tasks, workers=max(1, min(workers, len(tasks))), limit=_allowance, preload=PRELOAD):
        if isinstance(result, pool.Lost):
            yield without_rows(task, result.status, result.reason), seconds, result.detail
        else:
            yield result, seconds, ""


def _allowance(task: Task) -> float:
    return SECONDS + SECONDS_PER_MEGABYTE * task.item.size / 1_000_000


def _spoken(entry: Entry) -> dict[str, str | None]:
    return {"document_id": entry.document_id, "source": entry.source, "status": entry.status, "reason": entry.reason}


def _log(write: Callable[[str], object], **event: object) -> None:
    said = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **{key: value for key, value in event.items() if value not in ("", None)}}
    write(json.dumps(said, ensure_ascii=False) + "\n")


def _record(output: Path, outcome: Outcome, started: datetime, workers: int, times: list[tuple[float, str]]) -> None:
    record = {
        "version": extractor_version(),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        "workers": workers,
        "interrupted": outcome.interrupted,
        "documents_read": outcome.new,
        "documents_known": outcome.known,
        "sources_with_known_bytes": outcome.doubles,
        "statuses": dict(sorted(Counter(entry.status for entry in outcome.asked).items())),
        "dataset_documents": len(outcome.entries),
        "slowest": [{"source": source, "seconds": seconds} for seconds, source in sorted(times, reverse=True)[:10]],
    }
    text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
    dataset.replace_text(output / RUN, text)
