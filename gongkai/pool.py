"""Worker processes that lose one item at a time: each has a private pipe, a deadline, a memory limit and a file for its last words.

A worker that raises, segfaults, is killed or hangs costs the item it held. That item is tried once more, alone in a fresh worker; if
it fails again it is named with its reason. A worker killed from outside (SIGKILL, SIGTERM) was not its item's fault: such an item is
tried up to five times. Nothing here grows with the number of items: at most one is taken ahead of each worker.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import signal
import sys
from collections import deque
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext

Item = TypeVar("Item")
Result = TypeVar("Result")
MB = 1_000_000
MEMORY = 1500 * MB  # resident size of a worker; the parent looks every LOOK seconds and kills above it
ADDRESSES = 2  # times MEMORY: what a worker may allocate at all, seen or not; Arrow alone reserves 1000 MB that it never touches
LOOK = 0.2
GRACE = 2.0  # a worker ends itself at its limit, saying where it hung; one that cannot is killed so much later
ITEMS_PER_WORKER, RETIRING = 1000, 400 * MB  # a worker is replaced after so many items, or when it holds so much between two of them
TRIES, TRIES_KILLED = 2, 5
OUTSIDE = frozenset({signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)})
FATAL = re.compile(r"^Fatal Python error: (.+)$", re.MULTILINE)
TIMEOUT = re.compile(r"^Timeout \(\d", re.MULTILINE)
NO_MEMORY = re.compile(r"^(?:[\w.]*MemoryError\b|.*std::bad_alloc)", re.MULTILINE)
MODULE_LIST = re.compile(r"^Extension modules: .*\n", re.MULTILINE)  # of no use to a reader of the log


class Lost(NamedTuple):
    """An item that no worker survived: status crashed | timeout, a reason in one line, the worker's whole last words.

    `passing`: the worker was killed from outside every time, which says nothing of the item.
    """

    status: str
    reason: str
    detail: str
    passing: bool = False


class Ran(NamedTuple, Generic[Item, Result]):
    """One item and what came of it."""

    item: Item
    result: Result | Lost
    seconds: float


class _More(NamedTuple):
    """What a worker says of an item that needs a longer limit."""

    seconds: float


@dataclass(slots=True)
class _Worker:
    process: Any  # a Process of either context
    pipe: Connection
    words: Path
    done: int = 0


class _Given(NamedTuple):
    item: Any
    failed: int = 0  # how often it took a worker with it
    killed: int = 0  # how often its worker was killed from outside


@dataclass(slots=True)
class _Held:
    worker: _Worker
    given: _Given
    begun: float
    allowed: float

    @property
    def deadline(self) -> float:
        return self.begun + self.allowed + GRACE


@dataclass(slots=True)
class _Here:
    """What a worker knows of itself."""

    pipe: Connection | None = None
    begun: float = 0.0
    allowed: float = 0.0


_HERE = _Here()


def run(
    task: Callable[[Item], Result],
    items: Iterable[Item | None],
    *,
    workers: int,
    limit: Callable[[Item], float],
    preload: Sequence[str] = (),
    memory: int = MEMORY,
) -> Generator[Ran[Item, Result]]:
    """`task(item)` for every item, in the order they finish; `limit(item)` is its wall-clock allowance in seconds, `memory` in bytes.

    `preload` names modules that every worker shall find imported. None among the items: what follows it is taken only when all before it
    are answered.
    """
    waiting, again = iter(items), deque[_Given]()
    idle: list[_Worker] = []
    busy: dict[Connection, _Held] = {}
    more, held_back, looked = True, False, 0.0
    with TemporaryDirectory(prefix="gongkai-") as folder:
        start = _starter(_context(preload), task, Path(folder), memory)
        try:
            while more or again or busy:
                while (more or again) and len(busy) < workers:
                    if again:
                        given, fresh = again.popleft(), True
                    elif held_back and busy:
                        break
                    else:
                        try:
                            given, fresh = _Given(next(waiting)), False
                        except StopIteration:
                            more = False
                            continue
                        if held_back := given.item is None:
                            continue
                    seconds = limit(given.item)
                    worker = _sent(given.item, seconds, [] if fresh else idle, start)
                    busy[worker.pipe] = _Held(worker, given, monotonic(), seconds)
                if not busy:
                    break
                ready = wait(list(busy), timeout=max(0.0, min(LOOK, min(held.deadline for held in busy.values()) - monotonic())))
                now = monotonic()
                large = {pipe for pipe, held in busy.items() if resident(held.worker.process.pid) > memory} if now >= looked + LOOK else set()
                looked = now if now >= looked + LOOK else looked
                for pipe in [pipe for pipe, held in busy.items() if pipe in ready or pipe in large or held.deadline <= now]:
                    held = busy[pipe]
                    result = _answer(held, memory, large=pipe in large, answered=pipe in ready)
                    if isinstance(result, _More):
                        held.allowed = max(held.allowed, result.seconds)
                        continue
                    del busy[pipe]
                    if isinstance(result, Lost):
                        given = held.given
                        given = given._replace(killed=given.killed + 1) if result.passing else given._replace(failed=given.failed + 1)
                        if given.failed < TRIES and given.killed < TRIES_KILLED:
                            again.append(given)
                            continue
                    elif held.given.failed or held.given.killed or _is_due(held.worker):
                        _end(held.worker)
                    else:
                        idle.append(held.worker)
                    yield Ran(held.given.item, result, monotonic() - held.begun)
        finally:
            for worker in [*idle, *(held.worker for held in busy.values())]:
                _end(worker)


def allow(seconds: float) -> None:
    """Called by a task that has seen how long its item is: the item may take so many seconds since its begin, if that is more."""
    if _HERE.pipe is not None and seconds > _HERE.allowed:
        _HERE.allowed = seconds
        _HERE.pipe.send(_More(seconds))
        faulthandler.dump_traceback_later(max(0.1, _HERE.begun + seconds - monotonic()), exit=True)


def resident(process: int) -> int:
    """Bytes of memory a process holds; 0 where the system does not say (only Linux does here)."""
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _context(preload: Sequence[str]) -> ForkServerContext | SpawnContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _starter(context: Any, task: Callable[[Any], Any], folder: Path, memory: int) -> Callable[[], _Worker]:
    numbers = count()

    def start() -> _Worker:
        words = folder / f"{next(numbers)}.txt"
        words.touch()
        for attempt in range(4):  # the server that forks workers may itself have been killed; the next start makes a new one
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, task, str(words), memory), daemon=True)
            try:
                process.start()
            except (OSError, EOFError):
                ours.close()
                if attempt == 3:
                    raise
            else:
                return _Worker(process, ours, words)
            finally:
                theirs.close()
        raise AssertionError

    return start


def _sent(item: Any, seconds: float, idle: list[_Worker], start: Callable[[], _Worker]) -> _Worker:
    while True:
        worker = idle.pop() if idle else start()
        try:
            worker.pipe.send((item, seconds))
        except (BrokenPipeError, ConnectionResetError):  # died between two items
            _end(worker)
        else:
            return worker


def _work(pipe: Connection, task: Callable[[Any], Any], words: str, memory: int) -> None:
    """A worker's whole life. Nothing is caught: an exception ends the worker, its text goes where the supervisor reads it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
    os.dup2(os.open(words, os.O_WRONLY | os.O_APPEND), 2)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (ADDRESSES * memory, ADDRESSES * memory))
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable()
    _HERE.pipe = pipe
    while True:
        try:
            item, _HERE.allowed = pipe.recv()
        except (EOFError, ConnectionResetError):
            return
        _HERE.begun = monotonic()
        os.truncate(words, 0)  # what libraries said of the item before
        faulthandler.dump_traceback_later(_HERE.allowed, exit=True)
        result = task(item)
        faulthandler.cancel_dump_traceback_later()
        pipe.send(result)


def _is_due(worker: _Worker) -> bool:
    worker.done += 1
    return worker.done >= ITEMS_PER_WORKER or resident(worker.process.pid) > RETIRING


def _answer(held: _Held, memory: int, *, large: bool, answered: bool) -> Any:
    """What a worker said, or why it will say nothing any more."""
    worker = held.worker
    if answered:
        try:
            return worker.pipe.recv()
        except (EOFError, OSError):  # gone, perhaps in the middle of its answer
            pass
    _end(worker)
    words = MODULE_LIST.sub("", worker.words.read_text(encoding="utf-8", errors="replace"))
    worker.words.unlink()
    code = worker.process.exitcode or 0
    if large or NO_MEMORY.search(words):
        return Lost("crashed", f"内存不足，上限 {memory // MB} MB / out of memory: the limit is {memory // MB} MB", words)
    if not answered or TIMEOUT.search(words):
        allowed = f"{round(held.allowed, 1):g}"
        return Lost("timeout", f"超过 {allowed} 秒的时限 / timeout: took longer than the {allowed} seconds allowed", words)
    fatal = FATAL.search(words)
    lines = [line for line in words.splitlines() if line and not line[0].isspace()]
    said = _signal(-code) if code < 0 else fatal[1] if fatal else lines[-1] if lines else f"exit code {code}"
    return Lost("crashed", f"读取程序意外终止 / crashed: {said[:300]}", words, passing=-code in OUTSIDE)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()
