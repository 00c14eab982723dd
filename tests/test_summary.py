"""The closing table: lined up for Chinese characters, nothing left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gongkai import journal
from gongkai.dataset import UNPLACED
from gongkai.journal import Entry
from gongkai.run import Outcome
from gongkai.summary import STATUS_ZH, closing, summary, width
from gongkai.tally import MOST, Figures, Tally, tally

if TYPE_CHECKING:
    from pathlib import Path


def entry(number: int, department: str | None = None, year: int | None = 2023, status: str = "ok") -> Entry:
    return Entry(f"{number:016x}", None, "1", f"in/{number}.html", f"departments/year={year}/{department}" if department else f"{UNPLACED}00", status, "无 / none" if status != "ok" else None, department, year,
                 budget_lines=10, findings_failed=1, number_count=4, numbers_explained=3)  # fmt: skip


def shown(place: Path, *entries: Entry, failed: tuple[Entry, ...] = (), failures: int = 0) -> list[str]:
    with journal.opened(place) as store:
        journal.add(store, entries)
        return summary(tally(store), failed, failures).splitlines()


DONE = Outcome(Tally([], 0, Figures(0, 0, 0, 0, 0, 0, 0), {}, {}), {}, [], 0, new=1, known=0, doubles=0, seconds=1.25, interrupted=False)


def test_each_department_year_is_a_row_and_columns_line_up_under_chinese_names(tmp_path: Path) -> None:
    lines = shown(tmp_path, entry(1, "甲局"), entry(2, "甲局"), entry(3, "乙县很长名字的局", 2024))
    assert [line.split() for line in lines[3:]] == [
        ["乙县很长名字的局", "2024", "1", "10", "0", "0", "1", "3/4"],
        ["甲局", "2023", "2", "20", "0", "0", "2", "6/8"],
        ["合计", "total", "3", "30", "0", "0", "3", "9/12"],
    ]
    assert len({width(line) for line in lines[1:]}) == 1


def test_what_is_not_ok_is_counted_and_what_failed_is_named(tmp_path: Path) -> None:
    crashed = entry(4, status="crashed")
    lines = shown(tmp_path, entry(1, "甲局"), entry(2, "甲局", status="attachments_only"), entry(3, status="not_a_disclosure"), crashed, failed=(crashed,), failures=3)
    assert lines[-4:] == [
        "其中 of these: 1 仅有附件 attachments_only",
        "未归入部门年度 in no department-year: 1 程序终止 crashed, 1 不是公开文件 not_a_disclosure",
        "失败 failed: in/4.html: crashed: 无 / none",
        "失败 failed: … 2 more, see documents where status says so",
    ]


def test_a_large_dataset_shows_its_first_department_years_and_the_sum_of_the_rest(tmp_path: Path) -> None:
    lines = shown(tmp_path, *(entry(n, f"第{n:03d}局") for n in range(MOST + 5)))
    assert lines[-2].split() == ["另有", "5", "个", "more", "5", "50", "0", "0", "5", "15/20"]
    assert lines[-1].split()[:3] == ["合计", "total", "45"]


def test_the_closing_line_says_what_was_done() -> None:
    assert closing(DONE._replace(known=3, doubles=2)) == "1 新读 read, 3 已有 known before, 2 内容重复 same bytes twice; 1.2 s"
    assert closing(DONE._replace(interrupted=True)) == "已中断 interrupted · 1 新读 read, 0 已有 known before; 1.2 s"


def test_every_status_of_the_contract_has_a_chinese_name() -> None:
    assert set(STATUS_ZH) == {"ok", "partial", "attachments_only", "not_a_disclosure", "unreadable", "encrypted", "needs_ocr", "crashed", "timeout"}
