"""Which page a file is attached to (附件), and what the file may learn from it: department, place, year, stage.

A page is found by the address that a manifest or a feed names, else by the link of the page that leads to the file. The store is a
cache beside the dataset: it can be deleted, and is then made anew from the department-years.
"""

from __future__ import annotations

import json
import posixpath
import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin

from gongkai.dataset import DISCLOSING, DOCUMENT_COLUMNS, folders, read_table
from gongkai.sources import printable
from gongkai.sources.remote import is_remote
from normalize.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gongkai.rows import Row
    from gongkai.sources import Item
    from normalize.records import Disclosure

STORE = ".pages.sqlite"
WHEN, WHO = ("fiscal_year", "stage"), ("department", "entity_level", "region_code", "province", "city", "county")
TABLES = """
pragma synchronous = off;
create table if not exists pages (key text primary key, rank text, document_id text, address text, identity text) without rowid;
create table if not exists links (key text primary key, page text) without rowid;
"""


class Parent(NamedTuple):
    """The page of a file: its document, its address, and the identity it states."""

    document_id: str
    address: str
    identity: dict[str, Any]


@contextmanager
def kept(output: Path) -> Iterator[sqlite3.Connection]:
    """The store of a dataset, made from its department-years where it is missing."""
    missing = not (output / STORE).exists()
    store = sqlite3.connect(output / STORE, isolation_level=None)
    try:
        store.executescript(TABLES)
        for folder in folders(output) if missing else ():
            for row in read_table(folder / "documents.parquet", "documents").to_pylist():
                add(store, tuple(row.values()))
        yield store
    finally:
        store.close()


def add(store: sqlite3.Connection, document: Row) -> None:
    """Remember a page that says whose figures it shows; of two pages at one address the one fetched last counts."""
    values = {name: document[at] for name, at in DOCUMENT_COLUMNS.items()}
    if values["status"] not in DISCLOSING or values["media_type"] not in {"text/html", "text/plain"} or not (values["department"] or values["fiscal_year"]):
        return
    identity = json.dumps({name: values[name] for name in (*WHEN, *WHO)}, ensure_ascii=False)
    rank = f"{values['fetched_at'] or ''} {values['document_id']}"
    for address in values["sources"]:
        store.execute(
            "insert into pages values (?, ?, ?, ?, ?) on conflict do update set rank = excluded.rank, document_id = excluded.document_id, "
            "address = excluded.address, identity = excluded.identity where excluded.rank >= pages.rank",
            (_key(address), rank, values["document_id"], address, identity),
        )
        for link in values["attachments"]:
            if link["link"] and (target := _target(address, link["link"])):
                store.execute("insert into links values (?, ?) on conflict do update set page = min(page, excluded.page)", (target, _key(address)))


def parent_of(store: sqlite3.Connection, item: Item) -> Parent | None:
    """The page a file is attached to; None for a page, and for a file of which no page is known."""
    if item.page:
        return None
    keys = [_key(item.origin.page)] if item.origin.page else []
    keys += (page for (page,) in store.execute("select page from links where key = ?", (_key(item.address.split("!/")[0]),)))
    for key in keys:
        for document_id, address, identity in store.execute("select document_id, address, identity from pages where key = ?", (key,)):
            return Parent(document_id, address, json.loads(identity))
    return None


def with_parent(disclosure: Disclosure, parent: Parent) -> Disclosure:
    """The disclosure of a file with what it does not say itself taken from its page, and a finding that says so.

    Year and stage are taken each on its own; body and place only where the file names no body, or the same.
    """
    own = disclosure.identity
    same = own.department in {None, parent.identity["department"]}
    taken = {name: value for name in (*WHEN, *(WHO if same else ())) if not getattr(own, name) and (value := parent.identity[name])}
    if not taken:
        return disclosure
    finding = Finding(
        "identity_from_page",
        "not_applicable",
        f"附件未写明，取自所附页面 {parent.address}：{'、'.join(map(str, taken.values()))}",
        f"not stated by the file, taken from the page it is attached to: {', '.join(taken)}",
    )
    return replace(disclosure, identity=replace(own, **taken), findings=(*disclosure.findings, finding))


def _target(address: str, link: str) -> str | None:
    if not is_remote(address) and (is_remote(link) or link.startswith("//")):
        return None
    return _key(urljoin(address, link) if is_remote(address) else posixpath.join(posixpath.dirname(address), unquote(link)))


def _key(address: str) -> str:
    """An address for comparison: http and https are one, fragments are none, `./a/../b` is `b`."""
    address = printable(address)
    if is_remote(address):
        return unquote(urldefrag(address).url.split("://", 1)[1])
    return posixpath.normpath(address)
