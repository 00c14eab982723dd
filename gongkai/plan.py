"""What a run would do with its sources, before it reads one of them as a document: what is new, what is known, what is the same bytes twice.

The plan stands in a temporary store of SQLite, which goes to disk when it grows; in memory is one item at a time.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import astuple
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Note, Span
from extract.scanned import HINT, is_available
from gongkai import journal, sources
from gongkai.rows import document_id
from gongkai.sources import Item, Origin, Step, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gongkai.journal import Entry
    from gongkai.shards import Shard

NEW, KNOWN, UNREADABLE = "new", "known", "unreadable"
TABLES = """
create table chosen (document_id text primary key, item text, size int, page int, addresses text, doing text);
create table doubles (address text, same_as text);
create table again (document_id text primary key);
"""


class Planned(NamedTuple):
    """A document of the sources: every address of its bytes, and what is known of it."""

    item: Item
    addresses: tuple[str, ...]

    @property
    def document_id(self) -> str:
        return identifier(self.item)


class Plan(NamedTuple):
    """The documents of the sources, each once."""

    store: sqlite3.Connection

    def count(self, doing: str) -> int:
        """How many documents are new | known | unreadable."""
        return int(self.store.execute("select count(*) from chosen where doing = ?", (doing,)).fetchone()[0])

    def documents(self, doing: str, *, page: bool | None = None) -> Iterator[Planned]:
        """The documents that are new | known | unreadable, the largest first; only the pages, or only what is none."""
        kinds = (0, 1) if page is None else (int(page), int(page))
        query = "select item, addresses from chosen where doing = ? and page in (?, ?) order by size desc, document_id"
        for item, addresses in self.store.execute(query, (doing, *kinds)):
            yield Planned(unpacked(item), tuple(json.loads(addresses)))

    def doubles(self) -> Iterator[tuple[str, str]]:
        """Each source whose bytes another has too, and that other."""
        yield from self.store.execute("select address, same_as from doubles order by rowid")

    def doubled(self) -> int:
        """How many they are."""
        return int(self.store.execute("select count(*) from doubles").fetchone()[0])

    def again(self, planned: Planned) -> None:
        """A known document is read all the same."""
        self.store.execute("insert or ignore into again values (?)", (planned.document_id,))

    def is_again(self, planned: Planned) -> bool:
        """Whether it was."""
        return self.store.execute("select 1 from again where document_id = ?", (planned.document_id,)).fetchone() is not None


@contextmanager
def planned(
    items: Iterable[Item], held: sqlite3.Connection, output: Path, version: str, *, force: bool = False, retry: bool = False, shard: Shard | None = None
) -> Iterator[Plan]:
    """The plan for a dataset whose journal is `held`; it is gone at the end of the block.

    `force` takes everything for new, `retry` only what crashed or took too long.
    """
    store = sqlite3.connect("", isolation_level=None)
    try:
        store.executescript(TABLES)
        store.execute("begin")
        for item in items:
            if shard is None or shard.holds(identifier(item)):
                _choose(store, item)
        _compare(store, held, output, version, force=force, retry=retry)
        store.execute("create index largest_first on chosen (doing, size desc, document_id)")
        store.execute("commit")
        yield Plan(store)
    finally:
        store.close()


def identifier(item: Item) -> str:
    """The document id that an item will have."""
    return document_id(sources.printable(item.address), item.sha256)


def packed(item: Item) -> str:
    """An item as plain data: JSON, with every record as the list of its fields."""
    return json.dumps(item, default=astuple)


def unpacked(text: str) -> Item:
    """The item again; nothing in the text can run."""
    origin, place, sha256, size, media_type, trouble, notes = json.loads(text)
    odd = tuple(Note(kind, zh, en, Span(*span) if span else None) for kind, zh, en, span in notes)
    return Item(Origin(*origin), tuple(Step(*step) for step in place), sha256, size, media_type, Trouble(*trouble) if trouble else None, odd)


def _choose(store: sqlite3.Connection, item: Item) -> None:
    chosen, address = identifier(item), sources.printable(item.address)
    same = store.execute("select item, addresses from chosen where document_id = ?", (chosen,)).fetchone()
    if same is None:
        store.execute("insert into chosen values (?, ?, ?, ?, ?, '')", (chosen, packed(item), item.size, int(item.page), json.dumps([address])))
        return
    first, addresses = unpacked(same[0]), json.loads(same[1])
    store.execute("insert into doubles values (?, ?)", (address, addresses[0]))
    joined = first.joined(item)
    both = list(dict.fromkeys([*addresses, address]))
    store.execute(
        "update chosen set item = ?, size = ?, page = ?, addresses = ? where document_id = ?",
        (packed(joined), joined.size, int(joined.page), json.dumps(both), chosen),
    )


def _compare(store: sqlite3.Connection, held: sqlite3.Connection, output: Path, version: str, *, force: bool, retry: bool) -> None:
    for chosen, kept, listed in store.execute("select document_id, item, addresses from chosen"):
        item, entry = unpacked(kept), journal.find(held, chosen)
        addresses = list(dict.fromkeys([*(entry.sources if entry else ()), *json.loads(listed)]))
        afresh = force or (retry and entry is not None and entry.status in journal.LOST)
        if entry is not None and not afresh and _is_known(entry, item, len(addresses), version, output):
            doing = KNOWN
        else:
            doing = UNREADABLE if item.trouble or item.sha256 is None else NEW
        store.execute("update chosen set doing = ?, addresses = ? where document_id = ?", (doing, json.dumps(addresses), chosen))


def _is_known(entry: Entry, item: Item, addresses: int, version: str, output: Path) -> bool:
    if entry.status == "needs_ocr" and HINT[1] in (entry.reason or "") and is_available():
        return False  # it can be read now
    same_trouble = item.trouble is None or item.trouble.reason == entry.reason
    return same_trouble and addresses == len(entry.sources) and journal.is_done(entry, item.sha256, version, output)
