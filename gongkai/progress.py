"""How far a run is, on stderr: a bar on a terminal, lines otherwise, or nothing. Done, failed, rate, time left, the slowest document."""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gongkai.journal import Entry

LINES = 200  # above so many documents a plain run prints every hundredth part, and every failure
LATELY = 500  # the rate is that of so many documents: the largest come first, so the mean of all would tell too late an end


class Watch(NamedTuple):
    """What a run calls: `begin(total)` once, `tell(entry, seconds)` per document, `say(line)` for what else there is to say."""

    begin: Callable[[int], None]
    tell: Callable[[Entry, float], None]
    say: Callable[[str], None]


class Pace:
    """What there is to say of a run that goes on."""

    def __init__(self, failed: frozenset[str], now: Callable[[], float] = monotonic) -> None:
        self.statuses, self.now = failed, now
        self.total = self.done = self.failed = 0
        self.slowest = (0.0, "")
        self.moments: deque[float] = deque(maxlen=LATELY)

    def begin(self, total: int) -> None:
        """So many documents are to be read."""
        self.total = total
        self.moments.append(self.now())

    def count(self, entry: Entry, seconds: float) -> None:
        """One more is read."""
        self.done += 1
        self.failed += entry.status in self.statuses
        self.slowest = max(self.slowest, (seconds, entry.source))
        self.moments.append(self.now())

    @property
    def rate(self) -> float:
        """Documents a second, lately."""
        passed = self.moments[-1] - self.moments[0] if self.moments else 0.0
        return (len(self.moments) - 1) / passed if passed else 0.0

    def __str__(self) -> str:
        left = _clock((self.total - self.done) / self.rate) if self.rate else "?"
        failed = f" 失败 failed {self.failed} ·" if self.failed else ""
        return f"{failed} {self.rate:.1f}/s · 还需 left {left} · 最慢 slowest {self.slowest[0]:.1f} s {self.slowest[1][-48:]}".strip()


def _clock(seconds: float) -> str:
    """A length of time.

    >>> _clock(59.7), _clock(3725), _clock(90_000)
    ('1:00', '1:02:05', '25:00:00')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@contextmanager
def watching(kind: str, failed: frozenset[str]) -> Iterator[Watch]:
    """A `Watch` of the kind asked for: auto | plain | none."""
    if kind == "none":
        yield Watch(lambda _: None, lambda _entry, _seconds: None, lambda _: None)
    elif kind == "auto" and sys.stderr.isatty():
        with _bar(Pace(failed)) as watch:
            yield watch
    else:
        yield _plain(Pace(failed))


def _plain(pace: Pace) -> Watch:
    def tell(entry: Entry, seconds: float) -> None:
        pace.count(entry, seconds)
        every = pace.total <= LINES
        hundredth = pace.done % (pace.total // 100 or 1) == 0 or pace.done == pace.total
        if every or hundredth or entry.status in pace.statuses:
            reason = f"  {entry.reason}" if entry.reason else ""
            far = f"\n{'':>{len(str(pace.total))}}  {pace}" if hundredth and not every else ""
            line = f"{pace.done:>{len(str(pace.total))}}/{pace.total}  {entry.status:<16} {seconds:6.2f} s  {entry.source}{reason}{far}"
            print(line, file=sys.stderr, flush=True)

    return Watch(pace.begin, tell, lambda line: print(line, file=sys.stderr, flush=True))


@contextmanager
def _bar(pace: Pace) -> Iterator[Watch]:
    from rich.console import Console  # noqa: PLC0415  only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[said]}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("读取 reading", total=None, said="")

        def begin(total: int) -> None:
            pace.begin(total)
            progress.update(task, total=total)

        def tell(entry: Entry, seconds: float) -> None:
            pace.count(entry, seconds)
            progress.update(task, advance=1, said=str(pace))

        yield Watch(begin, tell, lambda line: progress.console.print(line, markup=False, highlight=False))
