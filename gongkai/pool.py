"""Worker processes that lose one item at a time: each has a private pipe, a deadline and a file for its last words.

A worker that raises, segfaults, is killed or hangs costs the item it held, which is named; a fresh worker takes the next one.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import re
import signal
import sys
from multiprocessing.connection import wait
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext

Item = TypeVar("Item")
Result = TypeVar("Result")
FATAL = re.compile(r"^Fatal Python error: (.+)$", re.MULTILINE)
MODULE_LIST = re.compile(r"^Extension modules: .*\n", re.MULTILINE)  # of no use to a reader of the log


class Lost(NamedTuple):
    """An item whose worker died or was stopped: status crashed | timeout, a reason in one line, the worker's whole last words."""

    status: str
    reason: str
    detail: str


class Ran(NamedTuple, Generic[Item, Result]):
    """One item and what came of it."""

    item: Item
    result: Result | Lost
    seconds: float


class _Worker(NamedTuple):
    process: Any  # a Process of either context
    pipe: Connection
    words: Path


class _Held(NamedTuple):
    worker: _Worker
    item: Any
    begun: float
    deadline: float


def run(
    task: Callable[[Item], Result], items: Iterable[Item], *, workers: int, limit: Callable[[Item], float], preload: Sequence[str] = ()
) -> Iterator[Ran[Item, Result]]:
    """`task(item)` for every item, in the order they finish; `limit(item)` is its wall-clock allowance in seconds.

    `preload` names modules that every worker shall find imported.
    """
    context = _context(preload)
    waiting = iter(items)
    idle: list[_Worker] = []
    busy: dict[Connection, _Held] = {}
    more = True
    with TemporaryDirectory(prefix="gongkai-") as folder:
        try:
            while more or busy:
                while more and len(busy) < workers:
                    try:
                        item = next(waiting)
                    except StopIteration:
                        more = False
                        break
                    worker = _given(item, idle, context, task, Path(folder))
                    now = monotonic()
                    busy[worker.pipe] = _Held(worker, item, now, now + limit(item))
                if not busy:
                    break
                ready = wait(list(busy), timeout=max(0.0, min(held.deadline for held in busy.values()) - monotonic()))
                now = monotonic()
                for pipe in [pipe for pipe, held in busy.items() if pipe in ready or held.deadline <= now]:
                    held = busy.pop(pipe)
                    result, alive = _answer(held, answered=pipe in ready)
                    if alive:
                        idle.append(held.worker)
                    yield Ran(held.item, result, monotonic() - held.begun)
        finally:
            for worker in [*idle, *(held.worker for held in busy.values())]:
                _end(worker)


def _context(preload: Sequence[str]) -> ForkServerContext | SpawnContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload))
    return context


def _given(item: Any, idle: list[_Worker], context: Any, task: Callable[[Any], Any], folder: Path) -> _Worker:
    while True:
        worker = idle.pop() if idle else _started(context, task, folder)
        try:
            worker.pipe.send(item)
        except (BrokenPipeError, ConnectionResetError):  # died between two items
            _end(worker)
        else:
            return worker


def _started(context: Any, task: Callable[[Any], Any], folder: Path) -> _Worker:
    ours, theirs = context.Pipe()
    words = folder / f"{len(list(folder.iterdir()))}.txt"
    words.touch()
    process = context.Process(target=_work, args=(theirs, task, str(words)), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, words)


def _work(pipe: Connection, task: Callable[[Any], Any], words: str) -> None:
    """A worker's whole life. Nothing is caught: an exception ends the worker, its text goes where the supervisor reads it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
    os.dup2(os.open(words, os.O_WRONLY | os.O_APPEND), 2)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    faulthandler.enable()
    while True:
        try:
            item = pipe.recv()
        except EOFError:
            return
        pipe.send(task(item))


def _answer(held: _Held, *, answered: bool) -> tuple[Any, bool]:
    worker = held.worker
    if not answered:
        _end(worker)
        allowed = held.deadline - held.begun
        return Lost("timeout", f"超过 {allowed:.0f} 秒的时限 / took longer than the {allowed:.0f} seconds allowed", _words(worker)), False
    try:
        return worker.pipe.recv(), True
    except (EOFError, ConnectionResetError):
        _end(worker)
        return Lost("crashed", _reason(worker), _words(worker)), False


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.join()


def _words(worker: _Worker) -> str:
    return MODULE_LIST.sub("", worker.words.read_text(encoding="utf-8", errors="replace"))


def _reason(worker: _Worker) -> str:
    words = _words(worker)
    fatal = FATAL.search(words)
    lines = [line for line in words.splitlines() if line and not line[0].isspace()]
    code = worker.process.exitcode or 0
    said = fatal[1] if fatal else lines[-1] if lines else f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"读取程序意外终止 / the reading process ended unexpectedly: {said[:300]}"
