"""Documents on their way into department-years: a few at a time; the journal hears of them last.

    spool -> (a worker) a new folder for every department-year of a batch -> renamed into place -> journal

One batch is under way at a time, for a department-year is made from what it held. A batch is entered as a whole, so that a document
that moves is never in two department-years that the journal takes for whole.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from gongkai import dataset, journal
from gongkai.jobs import Folder, Preparing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from gongkai.journal import Entry

DOCUMENTS, BYTES, SECONDS = 64, 64_000_000, 60.0  # what a kill of the run can cost, and what waits in the spool
EMPTY_DOCUMENTS = 2048  # of those that yielded nothing more wait to be written: they are small, and share folders
FOLDERS = 8  # of one job: their files go to disk side by side


class Waiting:
    """Documents that wait in the spool: at most about `documents`, `BYTES` and `SECONDS` of them."""

    def __init__(self, documents: int) -> None:
        self.documents = documents
        self.entries: list[Entry] = []
        self.bytes, self.since = 0, monotonic()

    @property
    def due(self) -> bool:
        return bool(self.entries) and (len(self.entries) >= self.documents or self.bytes >= BYTES or monotonic() - self.since >= SECONDS)

    def taken(self) -> list[Entry]:
        """All of them; none waits any more."""
        entries, self.entries, self.bytes, self.since = self.entries, [], 0, monotonic()
        return entries


class Writing:
    """What stands between the spool and the journal of a dataset."""

    def __init__(self, output: Path, store: sqlite3.Connection, spool: Path) -> None:
        self.output, self.store, self.spool = output, store, spool
        self.placed, self.empty = Waiting(DOCUMENTS), Waiting(EMPTY_DOCUMENTS)
        self.entries: list[Entry] = []  # the batch under way,
        self.jobs: list[Preparing] = []  # the jobs that prepare it,
        self.left = 0  # and how many of them are not done

    def add(self, entry: Entry, size: int) -> None:
        """A document that was left in the spool."""
        waiting = self.placed if entry.placed else self.empty
        waiting.entries.append(entry)
        waiting.bytes += size

    def due(self, *, rest: bool = False) -> Sequence[Preparing]:
        """The jobs of the next batch, with `rest` also one that could wait; none while one is under way. Each is answered by `prepared`."""
        ready = next((waiting for waiting in (self.placed, self.empty) if waiting.due or (rest and waiting.entries)), None)
        if self.jobs or ready is None:
            return ()
        self.entries = ready.taken()
        files: dict[str, list[Path]] = {}
        gone: dict[str, set[str]] = {}
        for entry in self.entries:
            files.setdefault(entry.folder, []).append(self.spool / entry.document_id)
            before = journal.find(self.store, entry.document_id)
            if before is not None and before.folder != entry.folder:
                gone.setdefault(before.folder, set()).add(entry.document_id)
        folders = [
            Folder(self.output / folder, self.spool / f"new-{number}", tuple(files.get(folder, ())), frozenset(gone.get(folder, ())))
            for number, folder in enumerate(sorted({*files, *gone}))
        ]
        self.jobs = [Preparing(tuple(folders[at : at + FOLDERS])) for at in range(0, len(folders), FOLDERS)]
        self.left = len(self.jobs)
        return self.jobs

    def prepared(self) -> None:
        """A job is done; after the last one all its folders are put in their places and the journal hears of their documents."""
        self.left -= 1
        if self.left:
            return
        folders = [folder for job in self.jobs for folder in job.folders]
        dataset.swap({folder.place: folder.fresh for folder in folders})
        journal.add(self.store, self.entries, [(folder.place.relative_to(self.output).as_posix(), journal.seal(folder.place)) for folder in folders])
        for entry in self.entries:
            (self.spool / entry.document_id).unlink()
        self.entries, self.jobs = [], []

    def flush(self, *, rest: bool = True) -> None:
        """Write here and now: the batch under way, whatever became of its jobs, and all that is due."""
        while jobs := self.jobs or self.due(rest=rest):
            self.left = len(jobs)
            for job in jobs:
                job()
                self.prepared()
