"""How far a run is, on stderr: a bar on a terminal, a line per document otherwise, or nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gongkai.journal import Entry

LINES = 200  # above so many documents a plain run prints every hundredth part, and every failure


class Watch(NamedTuple):
    """What a run calls: `begin(total)` once, `tell(entry, seconds)` per document."""

    begin: Callable[[int], None]
    tell: Callable[[Entry, float], None]


@contextmanager
def watching(kind: str, failed: frozenset[str]) -> Iterator[Watch]:
    """A `Watch` of the kind asked for: auto | plain | none."""
    if kind == "none":
        yield Watch(lambda _: None, lambda _entry, _seconds: None)
    elif kind == "auto" and sys.stderr.isatty():
        with _bar() as watch:
            yield watch
    else:
        yield _plain(failed)


def _plain(failed: frozenset[str]) -> Watch:
    total = done = 0

    def begin(count: int) -> None:
        nonlocal total
        total = count

    def tell(entry: Entry, seconds: float) -> None:
        nonlocal done
        done += 1
        if total <= LINES or done % (total // 100) == 0 or done == total or entry.status in failed:
            reason = f"  {entry.reason}" if entry.reason else ""
            print(f"{done:>{len(str(total))}}/{total}  {entry.status:<16} {seconds:6.2f} s  {entry.source}{reason}", file=sys.stderr, flush=True)

    return Watch(begin, tell)


@contextmanager
def _bar() -> Iterator[Watch]:
    from rich.console import Console  # noqa: PLC0415  only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[last]}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("读取 reading", total=None, last="")

        def tell(entry: Entry, _seconds: float) -> None:
            progress.update(task, advance=1, last=entry.source[-48:])

        yield Watch(lambda total: progress.update(task, total=total), tell)
