"""`gongkai status OUTPUT`: how far a run is, or how the last one ended, and what the dataset holds; also while it is being written."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from gongkai import journal, shards
from gongkai.errors import OutputError
from gongkai.journal import FAILED
from gongkai.run import LOCK, RUN
from gongkai.summary import aligned, summary
from gongkai.tally import tally

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

NAMED = 40  # failures shown by name
SHARD_TITLES = ("份 shard", "状态 state", "文件\ndocuments", "失败\nfailed", "本次进度\nthis run")


def status(output: Path) -> str:
    """Each shard of a folder of shards, then the dataset that stands there."""
    inside = shards.shards_in(output)
    if not inside and not (output / journal.JOURNAL).exists():
        raise OutputError(zh=f"{output} 不是本程序的数据集", en=f"{output} is no dataset of ours")
    told = [_shards(inside)] if inside else []
    return "\n\n".join([*told, *([_dataset(output)] if (output / journal.JOURNAL).exists() else [])])


def _dataset(output: Path) -> str:
    with journal.looked_into(output) as store:
        failures = _failures(store)
        failed = list(journal.select(store, f"where status in ({', '.join('?' * len(FAILED))}) order by source limit {NAMED}", *sorted(FAILED)))
        lines = [_state(output, store), _last(output), summary(tally(store), failed, failures)]
    return "\n".join(filter(None, lines))


def _state(output: Path, store: Connection) -> str:
    done, total = journal.state(store, "done"), journal.state(store, "total")
    if is_written(output):
        return f"运行中 running: 本次 {done}/{total} 已读 read"
    if journal.state(store, "open"):
        return f"上次运行被中止于 {done}/{total}；再次运行即可续完 the last run was killed at {done}/{total}; run again to complete it"
    return "data/ 落后于 departments/；再次运行即可更新 data/ is behind; run again" if journal.state(store, "stale") else ""


def _last(output: Path) -> str:
    try:
        last = json.loads((output / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    stopped = " 已中断 interrupted," if last["interrupted"] else ""
    read, seconds = last["documents_read"], last["seconds"]
    slowest = "".join(f"; 最慢 slowest {slow['source']} {slow['seconds']:.1f} s" for slow in last["slowest"][:1])
    return f"上次完成的运行 last run: {last['started']}, {last['version']},{stopped} {read} 新读 read, {last['documents_known']} 已有 known, {seconds:.1f} s{slowest}"


def _shards(places: list[Path]) -> str:
    rows = []
    for place in places:
        with journal.looked_into(place) as store:
            state = "运行中 running" if is_written(place) else "完成 complete" if shards.marker(place) else "未完 not complete"
            done, total = journal.state(store, "done"), journal.state(store, "total")
            rows.append([place.name, state, str(tally(store).documents), str(_failures(store)), f"{done}/{total}"])
    name = shards.FOLDER.fullmatch(places[0].name)
    missing = sorted({*range(1, int(name[2]) + 1)} - {int(found[1]) for place in places if (found := shards.FOLDER.fullmatch(place.name))}) if name else []
    absent = [f"尚未开始 not begun: {', '.join(map(str, missing))}"] if missing else []
    return "\n".join([aligned(SHARD_TITLES, rows), *absent])


def _failures(store: Connection) -> int:
    return int(store.execute(f"select count(*) from documents where status in ({', '.join('?' * len(FAILED))})", sorted(FAILED)).fetchone()[0])  # noqa: S608


def is_written(output: Path) -> bool:
    """Whether a run holds the dataset just now."""
    if sys.platform == "win32" or not (output / LOCK).exists():
        return False
    with (output / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
