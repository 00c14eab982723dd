"""The closing table of a run, for people: what each department-year holds, and what did not work."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gongkai.journal import Entry
    from gongkai.run import Outcome

TITLES = ("部门 department", "年度\nyear", "文件\ndocuments", "收支数据\nbudget lines", "绩效指标\nindicators", "项目\nprojects", "核对不符\nfindings failed",
          "已解释数字\nnumbers explained")
MOST = 40  # department-years shown; the dataset holds the rest
STATUS_ZH = {
    "not_a_disclosure": "不是公开文件", "attachments_only": "仅有附件", "unreadable": "无法读取", "encrypted": "已加密", "needs_ocr": "需要文字识别",
    "crashed": "程序终止", "timeout": "超时", "partial": "部分读出", "ok": "已读出",
}


def summary(outcome: Outcome) -> str:
    """The table, and under it the inputs in no department-year by status, the failures by name, and a line of totals."""
    known = [entry for entry in outcome.entries if entry.placed]
    grouped = [list(group) for _, group in groupby(sorted(known, key=_place), key=_place)]
    rows = [_row(group[0].department or "", str(group[0].fiscal_year or "—"), group) for group in grouped[:MOST]]
    if len(grouped) > MOST:
        rest = [entry for group in grouped[MOST:] for entry in group]
        rows.append(_row(f"另有 {len(grouped) - MOST} 个 more", "", rest))
    if len(grouped) > 1:
        rows.append(_row("合计 total", "", known))
    parts = [aligned(TITLES, rows)] if rows else []
    parts += _statuses("其中 of these", (entry for entry in known if entry.status != "ok"))
    parts += _statuses("未归入部门年度 in no department-year", (entry for entry in outcome.entries if not entry.placed))
    parts += [f"失败 failed: {entry.source}: {entry.status}: {entry.reason or ''}" for entry in outcome.failed[:MOST]]
    if len(outcome.failed) > MOST:
        parts.append(f"失败 failed: … {len(outcome.failed) - MOST} more, see documents where status says so")
    return "\n".join(parts)


def _statuses(title: str, entries: Iterable[Entry]) -> list[str]:
    counts = Counter(entry.status for entry in entries)
    said = ", ".join(f"{count} {STATUS_ZH[status]} {status}" for status, count in sorted(counts.items()))
    return [f"{title}: {said}"] if said else []


def closing(outcome: Outcome) -> str:
    """One line: what this run did, and how long it took."""
    doubles = f", {outcome.doubles} 内容重复 same bytes twice" if outcome.doubles else ""
    stopped = "已中断 interrupted · " if outcome.interrupted else ""
    return f"{stopped}{outcome.new} 新读 read, {outcome.known} 已有 known before{doubles}; {outcome.seconds:.1f} s"


def _place(entry: Entry) -> tuple[str, int, str]:
    return entry.department or "", entry.fiscal_year or 0, entry.folder


def _row(name: str, year: str, entries: Sequence[Entry]) -> list[str]:
    def total(field: str) -> int:
        return sum(getattr(entry, field) for entry in entries)

    numbers, explained = total("number_count"), total("numbers_explained")
    share = f"{explained}/{numbers}"
    return [name, year, *(str(value) for value in (len(entries), total("budget_lines"), total("indicators"), total("projects"), total("findings_failed"))), share]


def aligned(titles: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns lined up for a fixed-width font in which Chinese characters are two wide; the first column is text, the others figures."""
    heads = [title.split("\n") for title in titles]
    height = max(map(len, heads))
    lines = [[head[at] if at < len(head) else "" for head in heads] for at in range(height)]
    widths = [max(width(line[at]) for line in [*lines, *rows]) for at in range(len(heads))]
    rule = ["─" * size for size in widths]
    return "\n".join("  ".join(_padded(cell, widths[at], left=at == 0) for at, cell in enumerate(line)).rstrip() for line in [*lines, rule, *rows])


def width(text: str) -> int:
    """Columns a text takes on a terminal.

    >>> width("收入 A")
    6
    """
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, size: int, *, left: bool) -> str:
    blank = " " * (size - width(text))
    return text + blank if left else blank + text
