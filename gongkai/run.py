"""The batch run, the only loop: sources in, dataset out, every input a row in `documents`.

One document at a time:

    find -> digest -> (known? same bytes?) -> read -> spool -> department-years, a few documents at a time -> journal -> compacted tables

Workers read, prepare department-years and compact; here is only what must be done once and in order.
"""

from __future__ import annotations

import heapq
import json
import sys
from collections import Counter
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import pyarrow.parquet as pq

from extract.scanned import is_available
from gongkai import dataset, dictionary, journal, overrides, pages, plan, pool, recovery, schema, shards, sources, spool, tally
from gongkai.errors import BusyError, OutputError
from gongkai.export import datapackage
from gongkai.extraction import Extracted, Task, extract, untried, without_rows
from gongkai.jobs import EVERY, REVIEWED, Compacting, Job, Preparing, Reading, compact, compacting, done, limit
from gongkai.journal import FAILED, Entry
from gongkai.version import extractor_version
from gongkai.writing import DOCUMENTS, Writing

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path
    from sqlite3 import Connection

    from gongkai.plan import Plan, Planned
    from gongkai.shards import Shard
    from gongkai.sources import Item
    from gongkai.spool import Spooled
    from gongkai.tally import Tally

RUN, LOG, LOCK = "run.json", "log.jsonl", ".lock"
PEOPLES = frozenset({overrides.OVERRIDES, "samples"})  # folders that may be there before the data
PRELOAD = ("gongkai.extraction", "gongkai.jobs", "extract.html", "extract.text", "extract.pdf", "pandas")  # Arrow imports pandas with its first array
TEXTS = frozenset({"text/html", "text/plain"})
SECONDS_OF_A_SCAN, SECONDS_PER_SCANNED_MEGABYTE = 240.0, 400.0  # a page that must be recognised takes some ten seconds, and a tenth of a megabyte
SECONDS, SECONDS_PER_MEGABYTE = 60.0, 6.0  # the allowance of one document; a 300-page PDF of 10 MB needs a tenth of it
NAMED = 40  # failures and
SLOWEST = 10  # slow documents that are kept by name


class Log(Protocol):
    """Takes one event of a run."""

    def __call__(self, **event: object) -> None: ...


class Outcome(NamedTuple):
    """What a run did, and what the dataset now holds."""

    held: Tally  # the whole dataset
    statuses: dict[str, int]  # the documents of this run's sources
    failed: list[Entry]  # of them the first that failed
    failures: int
    new: int
    known: int
    doubles: int
    seconds: float
    interrupted: bool


class Asked:
    """The documents of a run's sources as they come in: counted by status, the first failures and the slowest kept by name."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.failed: list[Entry] = []
        self.slowest: list[tuple[float, str]] = []
        self.new = self.known = 0

    def read(self, entry: Entry, seconds: float) -> None:
        """A document that was read now."""
        self.new += 1
        self._count(entry)
        heapq.heappush(self.slowest, (round(seconds, 3), entry.source))
        if len(self.slowest) > SLOWEST:
            heapq.heappop(self.slowest)

    def knew(self, entry: Entry) -> None:
        """A document that was read before."""
        self.known += 1
        self._count(entry)

    def _count(self, entry: Entry) -> None:
        self.statuses[entry.status] += 1
        if entry.status in FAILED and len(self.failed) < NAMED:
            self.failed.append(entry)

    @property
    def failures(self) -> int:
        return sum(count for status, count in self.statuses.items() if status in FAILED)


class Orders(NamedTuple):
    """How a run is meant: processes, whether to read again what is known or only what was lost, which share of the documents."""

    workers: int
    force: bool = False
    retry: bool = False
    shard: Shard | None = None


@contextmanager
def planned(items: Iterable[Item], output: Path, orders: Orders, store: Connection | None = None) -> Iterator[Plan]:
    """The plan of a run into a dataset; without its journal given, of a dry run that touches nothing."""
    if store is None:
        with journal.looked_into(output) as held, planned(items, output, orders, held) as work:
            yield work
        return
    with plan.planned(items, store, output, extractor_version(), force=orders.force, retry=orders.retry, shard=orders.shard) as work:
        yield work


def run(
    places: Iterable[str | Path],
    output: Path,
    *,
    workers: int,
    force: bool = False,
    retry: bool = False,
    shard: Shard | None = None,
    tell: Callable[[Entry, float], None],
    begin: Callable[[int], None],
) -> Outcome:
    """Read the sources into the dataset at `output`, or its shard there. `begin(total)` and `tell(entry, seconds)` report progress."""
    items = sources.items(places, without=output)  # a mistyped source leaves no folder behind
    output = shards.place(output, shard)
    with writable(output) as (store, log):
        outcome = _run(items, output, Orders(workers, force, retry, shard), store, log, tell=tell, begin=begin)
    if shard and not outcome.interrupted:
        shards.complete(output, shard, extractor_version(), outcome.held.documents)
    return outcome


@contextmanager
def writable(output: Path) -> Iterator[tuple[Connection, Log]]:
    """A dataset that is ours alone and in order: its journal and its log. At the end data/ holds what the department-years hold."""
    claim(output)
    with alone(output), _log(output) as log:
        (output / shards.COMPLETE).unlink(missing_ok=True)
        with recovery.journal_of(output, lambda folder, source: log(event="damaged", folder=folder, source=source)) as store:
            _migrate(output, store)
            yield store, log
            decisions = overrides.fingerprint(output)
            if behind := _behind(output, store, decisions):
                compact(output, behind)
                _compacted(output, store, decisions)


def _behind(output: Path, store: Connection, decisions: int) -> tuple[str, ...]:
    """The tables of data/ that must be made anew: all after a change of the department-years, the reviewed ones after other `decisions` of people."""
    missing = any(not (output / dataset.DATA / f"{table}.parquet").is_file() for table in EVERY)
    if journal.state(store, "stale") or missing:
        return EVERY
    return tuple(REVIEWED) if journal.state(store, "overrides") != decisions else ()


def _compacted(output: Path, store: Connection, decisions: int) -> None:
    """The tables of data/ are made anew with these decisions, or newer ones: describe them, and say so in the journal."""
    datapackage.write(output, output / datapackage.DESCRIPTOR)
    journal.note(store, stale=0, overrides=decisions)


def _migrate(output: Path, store: Connection) -> None:
    """Write the department-years of an earlier schema version anew, each as a whole; a kill loses none, the next call goes on."""
    if journal.state(store, "schema") == schema.VERSION:
        return
    for place in dataset.folders(output):
        if not dataset.is_current(place):
            folder = place.relative_to(output).as_posix()
            dataset.write_folder(output, folder, dataset.parts_in(place))
            journal.add(store, (), [(folder, journal.seal(place))])
    ledger = output / dataset.DATA / "ledger.parquet"  # written by `gongkai check` alone
    if ledger.is_file():
        held = dataset.read_table(ledger, "ledger")
        dataset.replace_file(ledger, lambda file: pq.write_table(held, file, **dataset.LARGE))
        journal.note(store, stale=1)
    journal.note(store, schema=schema.VERSION)


def migrate(output: Path) -> Tally:
    """Bring a dataset to this version's columns and apply what people decided since, as every run into it does; what it holds."""
    if not (output / journal.JOURNAL).exists():
        raise OutputError(zh=f"{output} 不是本程序的数据集", en=f"{output} is no dataset of ours")
    with writable(output) as (store, log):
        log(event="migrate", schema=schema.VERSION)
        return tally.tally(store)


def _run(
    items: Iterable[Item], output: Path, orders: Orders, store: Connection, log: Log, *, tell: Callable[[Entry, float], None], begin: Callable[[int], None]
) -> Outcome:
    began, started = monotonic(), datetime.now(UTC)
    asked, interrupted = Asked(), False
    with spool.opened(output) as place, pages.kept(output) as linked, planned(items, output, orders, store) as work:
        writing = Writing(output, store, place)
        for double, same in work.doubles():
            log(event="same_bytes", source=double, same_as=same)
        total = work.count(plan.NEW) + work.count(plan.UNREADABLE)
        begin(total)
        journal.note(store, total=total, done=0)
        jobs: Generator[pool.Ran[Job, Any]] = pool.run(done, _jobs(work, writing, linked, store), workers=orders.workers, limit=limit, preload=PRELOAD)
        try:
            with closing(jobs) as results:
                for job, result, seconds in results:
                    if not isinstance(job, Reading):
                        _end(job, result, writing)
                        continue
                    document, entry, size = _spooled(job, result)
                    pages.add(linked, document)
                    writing.add(entry, size)
                    asked.read(entry, seconds)
                    log(event="document", **_spoken(entry), seconds=round(seconds, 3), detail=result.detail if isinstance(result, pool.Lost) else "")
                    if asked.new % DOCUMENTS == 0:
                        journal.note(store, done=asked.new)
                    tell(entry, seconds)
        except KeyboardInterrupt:
            interrupted = True
        writing.flush()
        journal.note(store, done=asked.new)
        for known in work.documents(plan.KNOWN):
            if (entry_known := journal.find(store, known.document_id)) is not None and not work.is_again(known):
                asked.knew(entry_known)
        outcome = Outcome(
            held=tally.tally(store),
            statuses=dict(sorted(asked.statuses.items())),
            failed=asked.failed,
            failures=asked.failures,
            new=asked.new,
            known=asked.known,
            doubles=work.doubled(),
            seconds=monotonic() - began,
            interrupted=interrupted,
        )
    _record(output, outcome, orders, started, asked)
    return outcome


def merge(places: Sequence[Path], output: Path) -> Tally:
    """Make one dataset at `output` of shards that are complete; what it then holds."""
    chosen = shards.checked(places)
    with writable(output) as (store, log):
        overrides.gather(chosen, output)
        (output / pages.STORE).unlink(missing_ok=True)  # it knows nothing of the pages that come now; made anew by the next run
        log(event="merge", shards=len(chosen), documents=shards.merge(chosen, store, output))
        return tally.tally(store)


def claim(output: Path) -> None:
    """Make the dataset's folder and put its README there; refuse a folder that holds something else."""
    if output.exists() and not output.is_dir():
        raise OutputError(zh=f"输出位置不是文件夹：{output}", en=f"the output is not a folder: {output}")
    names = {entry.name for entry in output.iterdir() if not entry.name.startswith(".") and entry.name not in PEOPLES and not shards.FOLDER.fullmatch(entry.name)} if output.exists() else set()
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
                raise BusyError(zh=f"另一个运行正在写入 {output}", en=f"another run is writing {output}") from None
        yield


def _jobs(work: Plan, writing: Writing, linked: Connection, store: Connection) -> Iterator[Job | None]:
    """All that workers do, in its order; None where they wait for one another.

    Pages first, then what is attached to them, which may take department and year from its page (also where the page is new since).
    """
    version = extractor_version()

    def files() -> Iterator[Task]:
        for planned in work.documents(plan.NEW, page=False):
            yield _task(planned, version, pages.parent_of(linked, planned.item))
        for planned in work.documents(plan.KNOWN, page=False):
            parent, entry = pages.parent_of(linked, planned.item), journal.find(store, planned.document_id)
            if planned.item.trouble is None and entry is not None and entry.parent != (parent.document_id if parent else None):
                work.again(planned)
                yield _task(planned, version, parent)

    unreadable = (_task(planned, version) for planned in work.documents(plan.UNREADABLE))
    with_rows = (_task(planned, version) for planned in work.documents(plan.NEW, page=True))
    for reading, tasks in ((untried, unreadable), (extract, with_rows), (extract, files())):
        for task in tasks:
            yield from writing.due()
            yield Reading(reading, task, writing.spool, _allowance(task))
        yield None
    while rest := writing.due(rest=True):
        yield from rest
        yield None
    decisions = overrides.fingerprint(writing.output)
    if behind := _behind(writing.output, store, decisions):
        yield from compacting(writing.output, writing.spool, behind)
        yield None
        _compacted(writing.output, store, decisions)


def _spooled(job: Reading, result: Spooled | Extracted | pool.Lost) -> Spooled:
    """A document in the spool, whatever came of reading it."""
    if isinstance(result, pool.Lost):
        return spool.spooled(without_rows(job.task, result.status, result.reason), job.spool, passing=result.passing)
    return spool.spooled(result, job.spool) if isinstance(result, Extracted) else result


def _end(job: Preparing | Compacting, result: pool.Lost | None, writing: Writing) -> None:
    if result is not None:  # no worker could do it: done here it says why, or needed more than a worker may have
        job()
    if isinstance(job, Preparing):
        writing.prepared()
    else:
        dataset.put_table(job.output, job.made, job.table)


def _task(planned: Planned, version: str, parent: pages.Parent | None = None) -> Task:
    return Task(planned.item, version, planned.addresses, parent)


def _allowance(task: Task) -> float:
    pictures = is_available() and task.item.media_type not in TEXTS
    return SECONDS + (SECONDS_PER_SCANNED_MEGABYTE if pictures else SECONDS_PER_MEGABYTE) * task.item.size / 1_000_000 + (SECONDS_OF_A_SCAN if pictures else 0.0)


def _spoken(entry: Entry) -> dict[str, str | None]:
    return {"document_id": entry.document_id, "source": entry.source, "status": entry.status, "reason": entry.reason}


@contextmanager
def _log(output: Path) -> Iterator[Log]:
    """log.jsonl: one event a line, with its time."""
    with (output / LOG).open("ab+") as lines:
        if lines.tell() and (lines.seek(-1, 2), lines.read(1))[1] != b"\n":
            lines.write(b"\n")  # the line before was cut short by a kill

        def log(**event: object) -> None:
            said = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **{key: value for key, value in event.items() if value not in ("", None)}}
            lines.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
            lines.flush()

        yield log


def _record(output: Path, outcome: Outcome, orders: Orders, started: datetime, asked: Asked) -> None:
    record = {
        "version": extractor_version(),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        "workers": orders.workers,
        **({"shard": orders.shard.number, "of": orders.shard.total} if orders.shard else {}),
        "interrupted": outcome.interrupted,
        "documents_read": outcome.new,
        "documents_known": outcome.known,
        "sources_with_known_bytes": outcome.doubles,
        "statuses": outcome.statuses,
        "dataset_documents": outcome.held.documents,
        "slowest": [{"source": source, "seconds": seconds} for seconds, source in sorted(asked.slowest, reverse=True)],
    }
    dataset.replace_text(output / RUN, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
