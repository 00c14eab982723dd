"""Many machines: each reads its share of the documents into a dataset of its own, and `gongkai merge` makes them one.

    output/shard-003-of-064/    what `gongkai run --shard 3/64 --output output` writes; complete.json stands there once all of it is read

A share is taken by the hash of the bytes, so that the same bytes at two addresses are one document of one shard.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import dataset, journal, spool
from gongkai.errors import OutputError, UsageError
from gongkai.writing import Writing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from gongkai.journal import Entry

COMPLETE = "complete.json"
SPELLED = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")
FOLDERS = 64  # copied together
FOLDER = re.compile(r"shard-0*([0-9]+)-of-0*([0-9]+)")


class Shard(NamedTuple):
    """The share `number` of `total`, counted from 1.

    >>> Shard(3, 64).name
    'shard-003-of-064'
    """

    number: int
    total: int

    @property
    def name(self) -> str:
        return f"shard-{self.number:03d}-of-{self.total:03d}"

    def holds(self, document_id: str) -> bool:
        """Whether a document is of this share."""
        return self.number == number_of(document_id, self.total)


def number_of(document_id: str, total: int) -> int:
    """Which share of so many a document is of."""
    return int(document_id, 16) % total + 1


def shard(text: str) -> Shard:
    """A share as it is written on the command line.

    >>> shard("3/64")
    Shard(number=3, total=64)
    """
    spelled = SPELLED.fullmatch(text)
    if not spelled or not 1 <= int(spelled[1]) <= int(spelled[2]):
        raise UsageError(zh=f"--shard 应写作 3/64（第几份/共几份），而非 {text}", en=f"--shard is written 3/64 (which/of how many), not {text}")
    return Shard(int(spelled[1]), int(spelled[2]))


def place(output: Path, of: Shard | None) -> Path:
    """Where a run writes: the dataset itself, or the folder of its share."""
    return output / of.name if of else output


def complete(output: Path, of: Shard, version: str, documents: int) -> None:
    """Put the marker there, last of all."""
    text = json.dumps({"shard": of.number, "of": of.total, "version": version, "documents": documents}) + "\n"
    dataset.replace_text(output / COMPLETE, text)


def marker(output: Path) -> dict[str, Any] | None:
    """What the marker of a shard says; None where it is not complete."""
    try:
        said = json.loads((output / COMPLETE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None


def shards_in(place: Path) -> list[Path]:
    """The shards that stand in a folder, by number."""
    found = [(int(name[2]), int(name[1]), folder) for folder in place.glob("shard-*") if (name := FOLDER.fullmatch(folder.name))]
    return [folder for *_, folder in sorted(found)]


def checked(places: Sequence[Path]) -> list[Path]:
    """The datasets to merge: a folder of shards stands for all of them. Raises `OutputError` where one is missing, incomplete or of another version."""
    chosen: list[Path] = []
    for place in places:
        if not place.is_dir():
            raise UsageError(zh=f"找不到 {place}", en=f"there is no {place}")
        inside = shards_in(place)
        chosen += inside or [place]
    markers = {place: marker(place) for place in chosen}
    open_ones = [str(place) for place, said in markers.items() if said is None]
    if open_ones:
        raise OutputError(zh=f"尚未完成（无 {COMPLETE}）：{'、'.join(open_ones)}", en=f"not complete (no {COMPLETE}): {', '.join(open_ones)}")
    said = [marked for marked in markers.values() if marked]
    if len({(marked["of"], marked["version"]) for marked in said}) > 1:
        raise OutputError(zh="各份的总数或版本不同，请用同一版本重读", en="the shards are of different counts or versions; read them with one version")
    missing = sorted({*range(1, said[0]["of"] + 1)} - {marked["shard"] for marked in said})
    if missing:
        raise OutputError(zh=f"缺少第 {'、'.join(map(str, missing))} 份", en=f"shards are missing: {', '.join(map(str, missing))}")
    return chosen


def merge(places: Sequence[Path], store: sqlite3.Connection, output: Path) -> int:
    """Put the documents of all shards into the dataset at `output`, whose journal is `store`; how many they are."""
    count = 0
    whole: dict[str, Path] = {}
    entries: list[Entry] = []

    def copy() -> None:
        dataset.copy_folders(output, whole)
        journal.add(store, entries, [(folder, journal.seal(output / folder)) for folder in whole])
        whole.clear()
        entries.clear()

    with ExitStack() as stack:
        writing = Writing(output, store, stack.enter_context(spool.opened(output)))
        journals = {place: stack.enter_context(journal.looked_into(place)) for place in places}
        for folder in sorted({folder.relative_to(place).as_posix() for place in places for folder in dataset.folders(place)}):
            holding = {place: list(journal.select(held, "where folder = ?", folder)) for place, held in journals.items() if (place / folder).is_dir()}
            count += sum(map(len, holding.values()))
            new = not (output / folder).exists() and not any(journal.find(store, entry.document_id) for held in holding.values() for entry in held)
            if new and len(holding) == 1 and all(dataset.is_current(place / folder) for place in holding):
                whole.update((folder, place / folder) for place in holding)
                entries += (entry for held in holding.values() for entry in held)
                if len(whole) >= FOLDERS:
                    copy()
                continue
            for place, held in holding.items():
                parts = dataset.parts_in(place / folder)
                for entry in held:
                    writing.add(entry, spool.put(writing.spool / entry.document_id, parts[entry.document_id]))
                    writing.flush(rest=False)
        copy()
        writing.flush()
    return count
