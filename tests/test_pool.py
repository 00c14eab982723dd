"""Worker processes: one that dies, hangs or swells costs its item at most, and the item is named."""

from __future__ import annotations

import ctypes
import operator
import os
import random
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, cast

import pytest

from gongkai import pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CALL = cast("Callable[[partial[Any]], Any]", operator.call)  # a task that every worker can import
ENDED = "读取程序意外终止 / crashed: "
STAGED = """
import os
from pathlib import Path
from gongkai import pool

def once(file, death):
    if not Path(file).exists():
        Path(file).touch()
        death()
    return os.getpid()

def longer(seconds, asked):
    import time
    pool.allow(asked)
    time.sleep(seconds)
    return "done"
"""


@pytest.fixture
def staged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tasks that die once, and tasks that ask for more time."""
    (tmp_path / "staged_tasks.py").write_text(STAGED, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    import staged_tasks  # type: ignore[import-not-found]  # noqa: PLC0415

    return staged_tasks


def ran(calls: Iterable[partial[Any]], *, workers: int = 2, limit: float = 10.0, memory: int = pool.MEMORY) -> list[pool.Ran[partial[Any], Any]]:
    return list(pool.run(CALL, calls, workers=workers, limit=lambda _: limit, memory=memory))


def test_every_item_is_answered_and_each_way_to_die_has_its_name() -> None:
    calls: list[tuple[partial[Any], Any]] = [
        (partial(int, "3"), 3),
        (partial(int, "three"), ("crashed", f"{ENDED}ValueError: invalid literal for int() with base 10: 'three'")),
        (partial(signal.raise_signal, signal.SIGSEGV), ("crashed", f"{ENDED}SIGSEGV")),
        (partial(ctypes.string_at, 0), ("crashed", f"{ENDED}SIGSEGV")),
        (partial(time.sleep, 30), ("timeout", "超过 1.5 秒的时限 / timeout: took longer than the 1.5 seconds allowed")),
        (partial(os._exit, 0), ("crashed", f"{ENDED}exit code 0")),
        (partial(bytearray, 3_000_000_000), ("crashed", "内存不足，上限 1500 MB / out of memory: the limit is 1500 MB")),
        (partial(int, "5"), 5),
    ]
    results = {str(done.item): done.result for done in ran([call for call, _ in calls], limit=1.5)}
    assert {name: result[:2] if isinstance(result, pool.Lost) else result for name, result in results.items()} == {str(call): said for call, said in calls}


def test_a_hang_that_nothing_in_the_worker_ends_is_killed_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "GRACE", 0.1)
    stopped = ran([partial(signal.raise_signal, signal.SIGSTOP), partial(int, "1")], limit=0.3)
    assert sorted(done.result.status if isinstance(done.result, pool.Lost) else done.result for done in stopped if done.result != 1) == ["timeout"]
    assert len(stopped) == 2


def test_memory_that_is_really_used_ends_the_worker_and_is_named() -> None:
    (swollen,) = ran([partial(operator.mul, b"x", 500 * pool.MB)], memory=400 * pool.MB, workers=1)
    assert swollen.result.reason == "内存不足，上限 400 MB / out of memory: the limit is 400 MB"


def test_last_words_say_where_an_item_hung() -> None:
    (hung,) = ran([partial(time.sleep, 30)], limit=0.2)
    assert "Timeout (" in hung.result.detail
    assert "pool.py" in hung.result.detail


@pytest.mark.parametrize("death", [partial(signal.raise_signal, signal.SIGABRT), partial(signal.raise_signal, signal.SIGKILL), partial(os._exit, 1)])
def test_an_item_that_died_once_is_tried_again_in_a_worker_of_its_own(death: partial[Any], staged: Any, tmp_path: Path) -> None:
    calls: list[partial[Any]] = [partial(staged.once, str(tmp_path / "died"), death), *(partial(os.getpid) for _ in range(20))]
    results = [done.result for done in ran(calls, workers=1)]
    assert not [result for result in results if isinstance(result, pool.Lost)]
    assert min(results.count(result) for result in set(results)) == 1


def test_an_item_that_asks_for_more_time_gets_it(staged: Any) -> None:
    longer = ran([partial(staged.longer, 0.6, 20.0), partial(staged.longer, 0.6, 0.0)], limit=0.3)
    assert sorted(str(getattr(done.result, "status", done.result)) for done in longer) == ["done", "timeout"]


def test_items_are_taken_only_as_workers_become_free() -> None:
    taken: list[int] = []

    def items() -> Iterator[partial[Any]]:
        for number in range(50):
            taken.append(number)
            yield partial(int, str(number))

    for done, ran_one in enumerate(pool.run(CALL, items(), workers=2, limit=lambda _: 10.0), 1):
        assert isinstance(ran_one.result, int)
        assert len(taken) <= done + 2


def test_what_follows_a_none_is_taken_only_when_all_before_it_are_answered() -> None:
    answered: list[str] = []
    seen: list[list[str]] = []

    def items() -> Iterator[partial[Any] | None]:
        yield partial(str, "a")
        yield partial(time.sleep, 0.3)
        yield None
        seen.append(list(answered))
        yield None
        yield partial(str, "b")
        yield None
        seen.append(list(answered))

    answered.extend(str(done.result) for done in pool.run(CALL, items(), workers=2, limit=lambda _: 10.0))
    assert seen == [["a", "None"], ["a", "None", "b"]]


def test_a_worker_is_replaced_after_its_share_of_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ITEMS_PER_WORKER", 5)
    served = [done.result for done in ran([partial(os.getpid) for _ in range(15)], workers=1)]
    assert [served.count(process) for process in dict.fromkeys(served)] == [5, 5, 5]


def test_a_worker_killed_between_two_items_is_replaced() -> None:
    def items() -> Iterator[partial[Any]]:
        yield partial(os.getpid)
        os.kill(first[0], signal.SIGKILL)
        time.sleep(0.2)
        yield partial(int, "1")

    first: list[int] = []
    results: list[Any] = []
    for done in pool.run(CALL, items(), workers=1, limit=lambda _: 10.0):
        results.append(done.result)
        first[:] = results[:1]
    assert results[1:] == [1]


def forked() -> list[int]:
    """What the server that forks workers has forked."""
    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    return [int(child) for child in Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()] if server else []


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers through /proc")
def test_in_a_storm_of_kills_every_item_is_answered() -> None:
    over = Event()
    killed: list[int] = []

    def storm() -> None:
        chance = random.Random(8)
        while not over.wait(0.1):
            with suppress(ProcessLookupError, FileNotFoundError):
                if workers := forked():
                    killed.append(chance.choice(workers))
                    os.kill(killed[-1], signal.SIGKILL)

    thread = Thread(target=storm)
    thread.start()
    try:
        calls = [partial(time.sleep, 0.01 + number / 1e9) for number in range(200)]
        results = ran(calls)
    finally:
        over.set()
        thread.join()
    assert len(killed) > 3
    assert sorted(str(done.item) for done in results) == sorted(map(str, calls))
    assert [done.result for done in results if done.result is not None] == []
