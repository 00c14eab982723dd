"""What a run says of itself while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gongkai.journal import FAILED, Entry
from gongkai.progress import LATELY, Pace, watching

if TYPE_CHECKING:
    import pytest


def entry(number: int, status: str = "ok") -> Entry:
    return Entry(f"{number:016x}", None, "1", f"in/{number}.html", "departments/year=2023/a", status, None, None, None)


def test_rate_and_time_left_are_those_of_the_last_documents() -> None:
    clock = iter([0.0, *(10.0 * number for number in range(1, 11)), *(100 + 0.5 * number for number in range(1, LATELY + 1))])
    pace = Pace(FAILED, now=lambda: next(clock))
    pace.begin(10 + LATELY + 120)
    for number in range(10):
        pace.count(entry(number), 9.0 if number == 4 else 1.0)
    assert f"{pace}".startswith("0.1/s · 还需 left 1:43:20 · ")
    for number in range(LATELY):
        pace.count(entry(number, "crashed" if number < 3 else "ok"), 0.5)
    assert f"{pace}" == "失败 failed 3 · 2.0/s · 还需 left 1:00 · 最慢 slowest 9.0 s in/4.html"


def test_a_long_plain_run_prints_every_hundredth_part_and_every_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with watching("plain", FAILED) as watch:
        watch.begin(1000)
        for number in range(1, 1001):
            watch.tell(entry(number, "timeout" if number == 15 else "ok"), 0.1)
    lines = [line for line in capsys.readouterr().err.splitlines() if "/1000" in line]
    assert len(lines) == 101
    assert lines[1].split()[:2] == ["15/1000", "timeout"]
