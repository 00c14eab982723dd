"""What the dataset already holds: one row per document in journal.sqlite, keyed by its bytes and the version that read them.

A document is entered only after the department-year that holds it is safely on disk, so a killed run repeats at most what it had not
written. The journal is a memory of the department-years, not a second truth: lost or damaged, it is made anew from them. It also
carries the few counts the closing table shows, so that a run with nothing to do can still show them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import dataset
from gongkai.dataset import DOCUMENT_COLUMNS, UNPLACED, Parts, folder_of
from gongkai.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gongkai.rows import Row

JOURNAL = "journal.sqlite"
BESIDE = (JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm")
LAYOUT = 1
FAILED = frozenset({"unreadable", "encrypted", "needs_ocr", "crashed", "timeout"})  # a run that meets one of these ends with exit code 3
LOST = frozenset({"crashed", "timeout"})
COUNTED = ("budget_lines", "indicators", "projects", "findings")


class Entry(NamedTuple):
    """One document as the journal and the closing table know it."""

    document_id: str
    sha256: str | None
    version: str
    source: str
    folder: str
    status: str
    reason: str | None
    department: str | None
    fiscal_year: int | None
    budget_lines: int = 0
    indicators: int = 0
    projects: int = 0
    findings: int = 0
    findings_failed: int = 0
    number_count: int = 0
    numbers_explained: int = 0
    sources: tuple[str, ...] = ()  # every address of these bytes
    parent: str | None = None  # document of the page it is attached to
    passing: bool = False  # lost to a kill from outside, which says nothing of the document: the next run tries again

    @property
    def placed(self) -> bool:
        """Whether it stands in a department-year."""
        return not self.folder.startswith(UNPLACED)


TABLES = f"""
create table if not exists documents ({", ".join(f"{name}{' primary key' if name == 'document_id' else ''}" for name in Entry._fields)}) without rowid;
create index if not exists by_folder on documents (folder);
create table if not exists folders (folder primary key, seal, run) without rowid;
create table if not exists state (name primary key, value) without rowid;
"""


@contextmanager
def opened(output: Path) -> Iterator[sqlite3.Connection]:
    """The journal of a dataset, to read and to write. Raises `sqlite3.DatabaseError` where the file is damaged."""
    store = sqlite3.connect(output / JOURNAL, isolation_level=None)
    try:
        store.execute("pragma journal_mode = wal")
        store.execute("pragma synchronous = normal")  # a loss of power may cost the last entries, never the journal
        if store.execute("pragma user_version").fetchone()[0] not in {0, LAYOUT} or store.execute("pragma quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError
        store.executescript(TABLES + f"pragma user_version = {LAYOUT}")
        yield store
    finally:
        store.close()


@contextmanager
def looked_into(output: Path) -> Iterator[sqlite3.Connection]:
    """The journal of a dataset, only to read, also while a run writes it; an empty one where there is none. Raises `OutputError` where it is damaged."""
    if (output / JOURNAL).exists():
        store = sqlite3.connect(f"{(output / JOURNAL).absolute().as_uri()}?mode=ro", uri=True)
        try:
            store.execute("select 1 from documents, folders, state limit 1")
        except sqlite3.DatabaseError as error:
            store.close()
            raise OutputError(zh=f"{output / JOURNAL} 已损坏；再次运行即可修复", en=f"{output / JOURNAL} is damaged; the next run mends it") from error
    else:
        store = sqlite3.connect(":memory:")
        store.executescript(TABLES)
    try:
        yield store
    finally:
        store.close()


def remove(output: Path) -> None:
    """Forget everything."""
    for name in BESIDE:
        (output / name).unlink(missing_ok=True)


def find(store: sqlite3.Connection, document_id: str) -> Entry | None:
    """The entry of a document."""
    return next(select(store, "where document_id = ?", document_id), None)


def select(store: sqlite3.Connection, condition: str, *values: object) -> Iterator[Entry]:
    """The entries that meet a condition, one at a time."""
    for row in store.execute(f"select * from documents {condition}", values):  # noqa: S608  conditions are written here, not given
        entry = Entry(*row)
        yield entry._replace(sources=tuple(json.loads(row[Entry._fields.index("sources")])), passing=bool(entry.passing))


def add(store: sqlite3.Connection, entries: Iterable[Entry], seals: Iterable[tuple[str, str | None]] = ()) -> None:
    """Enter documents and the folders that hold them (`seal` None: the folder is gone), all or none."""
    run = state(store, "run")
    store.execute("begin immediate")
    marks = ", ".join("?" * len(Entry._fields))
    store.executemany(f"insert or replace into documents values ({marks})", (entry._replace(sources=json.dumps(entry.sources, ensure_ascii=False)) for entry in entries))  # type: ignore[arg-type]  # noqa: S608
    for folder, seal in seals:
        if seal is None:
            store.execute("delete from folders where folder = ?", (folder,))
        else:
            store.execute("insert or replace into folders values (?, ?, ?)", (folder, seal, run))
    store.execute("insert or replace into state values ('stale', 1)")
    store.execute("commit")


def forget(store: sqlite3.Connection, folder: str) -> list[str]:
    """Take out a folder that is gone and its documents; their sources."""
    store.execute("begin immediate")
    sources = [source for (source,) in store.execute("select source from documents where folder = ?", (folder,))]
    store.execute("delete from documents where folder = ?", (folder,))
    store.execute("delete from folders where folder = ?", (folder,))
    store.execute("insert or replace into state values ('stale', 1)")
    store.execute("commit")
    return sources


def state(store: sqlite3.Connection, name: str) -> int:
    """A number the journal keeps of the run: `run`, its number; `open`, whether one was begun and not ended; `stale`, whether data/ is behind."""
    found = store.execute("select value from state where name = ?", (name,)).fetchone()
    return int(found[0]) if found else 0


def note(store: sqlite3.Connection, **values: int) -> None:
    """Keep such numbers."""
    store.executemany("insert or replace into state values (?, ?)", values.items())


def seal(place: Path) -> str | None:
    """How many files a folder holds and how many bytes: what is cut short shows. None where there is no folder."""
    if not place.is_dir():
        return None
    sizes = [file.stat().st_size for file in place.iterdir()]
    return f"{len(sizes)} {sum(sizes)}"


def entry_of(document: Row, parts: Parts, *, passing: bool = False) -> Entry:
    """The journal's entry of a document that is about to be written."""
    rows = Counter({table: part.arrow.num_rows for table, part in parts.items()})
    outcomes = parts["findings"].arrow.column("status").to_pylist() if "findings" in parts else []
    return _entry(document, rows, outcomes.count("fail"), passing=passing)


def entries_in(output: Path, folder: str) -> list[Entry]:
    """The entries of a folder's documents as its files tell them. What crashed or timed out is taken for passing: nothing says it was not."""
    place = output / folder
    rows: dict[str, Counter[str]] = {}
    for table in COUNTED:
        rows[table] = Counter(dataset.read_table(place / f"{table}.parquet", table).column("document_id").to_pylist())
    findings = dataset.read_table(place / "findings.parquet", "findings").select(["document_id", "status"]).to_pylist()
    failed = Counter(row["document_id"] for row in findings if row["status"] == "fail")
    entries = []
    for values in dataset.read_table(place / "documents.parquet", "documents").to_pylist():
        identifier = values["document_id"]
        counts = Counter({table: rows[table][identifier] for table in COUNTED})
        entry = _entry(tuple(values.values()), counts, failed[identifier], passing=values["status"] in LOST)
        entries.append(entry._replace(folder=folder))
    return entries


def _entry(document: Row, rows: Counter[str], failed: int, *, passing: bool) -> Entry:
    values: dict[str, Any] = {name: document[at] for name, at in DOCUMENT_COLUMNS.items()}
    return Entry(
        document_id=values["document_id"],
        sha256=values["source_sha256"],
        version=values["extractor_version"],
        source=values["source"],
        folder=folder_of(document),
        status=values["status"],
        reason=values["reason"],
        department=values["department"],
        fiscal_year=values["fiscal_year"],
        **{table: rows[table] for table in COUNTED},
        findings_failed=failed,
        number_count=values["number_count"],
        numbers_explained=values["numbers_explained"],
        sources=tuple(values["sources"]),
        parent=values["parent_document_id"],
        passing=passing,
    )


def is_done(entry: Entry | None, sha256: str | None, version: str, output: Path) -> bool:
    """Whether these bytes were read by this version and their rows are still there."""
    return entry is not None and entry.sha256 == sha256 and entry.version == version and not entry.passing and (output / entry.folder).is_dir()
