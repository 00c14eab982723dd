"""`gongkai overrides`: how people's decisions stand (人工核对的现状): counted by status, and each that does not hold, with what to do."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from typing import TYPE_CHECKING

from gongkai import journal
from gongkai.csvtext import guarded
from gongkai.errors import OutputError
from gongkai.overrides import APPLIED, OVERRIDES, STATUSES, Decision, fingerprint, resolve
from gongkai.summary import aligned

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TextIO

    from gongkai.overrides import Resolved

FAILED = 7  # exit code of `--fail-on`
TITLES = ("状态 status", "条数\ndecisions", "核对人\nreviewers")
STATUS_ZH = {"applied": "已采用", "conflict": "原文或读取值已变", "orphan": "文件或行已不在", "disputed": "意见不一", "invalid": "无法读取"}
LISTED = ("status", "where", *Decision._fields, "row_id", "raw_now", "extracted", "message_zh", "message_en")


def status(output: Path, fail_on: list[str]) -> int:
    """Print how the decisions stand; 7 where one has a status of `fail_on`. Raises `OutputError` where there is no dataset."""
    found = list(_resolved(output))
    if not found:
        print(f"{output / OVERRIDES} 中尚无核对结果 no decisions yet")
        return 0
    counts = Counter(one.status for one in found)
    print(aligned(TITLES, [[f"{STATUS_ZH[name]} {name}", str(counts[name]), str(len({one.decision.reviewer for one in found if one.status == name}))] for name in STATUSES]))
    for one in found:
        if one.status != APPLIED:
            print(_line(one))
    with journal.looked_into(output) as store:
        if journal.state(store, "overrides") != fingerprint(output):
            print("data/ 尚未采用最近的核对结果：gongkai overrides apply 或再次运行 data/ does not have the latest decisions: gongkai overrides apply, or run again")
    return FAILED if any(one.status in fail_on for one in found) else 0


def _line(one: Resolved) -> str:
    decision = one.decision
    what = " ".join(filter(None, (one.department, str(one.fiscal_year or ""), decision.table, decision.row_key, decision.field)))
    return f"{one.status}  {one.where}  {what}\n    {one.zh}\n    {one.en}"


def write_csv(output: Path, file: TextIO) -> None:
    """Every decision and how it stands, as CSV."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(LISTED)
    for one in _resolved(output):
        lines.writerow(guarded(text or "") for text in (one.status, one.where, *one.decision, one.row_id, one.raw_now, one.extracted, one.zh, one.en))


def show(output: Path) -> int:
    """Print them so."""
    write_csv(output, sys.stdout)
    return 0


def _resolved(output: Path) -> list[Resolved]:
    if not (output / journal.JOURNAL).exists():
        raise OutputError(zh=f"{output} 不是本程序的数据集", en=f"{output} is no dataset of ours")
    return list(resolve(output))
