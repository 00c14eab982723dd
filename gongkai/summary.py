"""The closing table of a run, for people: what each department-year holds, and what did not work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gongkai.journal import Entry
    from gongkai.run import Outcome
    from gongkai.tally import Figures, Tally

TITLES = ("部门 department", "年度\nyear", "文件\ndocuments", "收支数据\nbudget lines", "绩效指标\nindicators", "项目\nprojects", "核对不符\nfindings failed",
          "已解释数字\nnumbers explained")
STATUS_ZH = {
    "not_a_disclosure": "不是公开文件", "attachments_only": "仅有附件", "unreadable": "无法读取", "encrypted": "已加密", "needs_ocr": "需要文字识别",
    "crashed": "程序终止", "timeout": "超时", "partial": "部分读出", "ok": "已读出",
}


def summary(held: Tally, failed: Sequence[Entry] = (), failures: int = 0) -> str:
    """The table, and under it the inputs in no department-year by status, the first failures by name, and how many more there are."""
    rows = [_row(department, str(year or "—"), figures) for department, year, figures in held.years]
    if held.folders > len(held.years):
        rows.append(_row(f"另有 {held.folders - len(held.years)} 个 more", "", held.total.less([figures for *_, figures in held.years])))
    if held.folders > 1:
        rows.append(_row("合计 total", "", held.total))
    parts = [aligned(TITLES, rows)] if rows else []
    parts += _statuses("其中 of these", held.placed)
    parts += _statuses("未归入部门年度 in no department-year", held.unplaced)
    parts += [f"失败 failed: {entry.source}: {entry.status}: {entry.reason or ''}" for entry in failed]
    if failures > len(failed):
        parts.append(f"失败 failed: … {failures - len(failed)} more, see documents where status says so")
    return "\n".join(parts)


def _statuses(title: str, counts: Mapping[str, int]) -> list[str]:
    said = ", ".join(f"{count} {STATUS_ZH[status]} {status}" for status, count in sorted(counts.items()))
    return [f"{title}: {said}"] if said else []


def closing(outcome: Outcome) -> str:
    """One line: what this run did, and how long it took."""
    doubles = f", {outcome.doubles} 内容重复 same bytes twice" if outcome.doubles else ""
    stopped = "已中断 interrupted · " if outcome.interrupted else ""
    return f"{stopped}{outcome.new} 新读 read, {outcome.known} 已有 known before{doubles}; {outcome.seconds:.1f} s"


def _row(name: str, year: str, figures: Figures) -> list[str]:
    shown = (figures.documents, figures.budget_lines, figures.indicators, figures.projects, figures.findings_failed)
    return [name, year, *map(str, shown), f"{figures.explained}/{figures.numbers}"]


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
