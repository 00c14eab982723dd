"""Documents on their way into department-years: a few at a time, in memory never more than a bound; the journal hears of them last."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from gongkai import dataset, journal

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from gongkai.dataset import Parts
    from gongkai.journal import Entry

DOCUMENTS, BYTES, SECONDS = 64, 64_000_000, 60.0  # what a kill of the run can cost, and what waits in memory


class Writing:
    """Documents that were read and wait to be written, by department-year: at most `documents`, `BYTES` and `SECONDS` of them."""

    def __init__(self, output: Path, store: sqlite3.Connection, documents: int = DOCUMENTS) -> None:
        self.output, self.store, self.documents = output, store, documents
        self._clear()

    def _clear(self) -> None:
        self.waiting: dict[str, dict[str, Parts]] = {}
        self.entries: list[Entry] = []
        self.bytes, self.since = 0, monotonic()

    def add(self, entry: Entry, parts: Parts) -> None:
        """One more; written with all that wait once they are many, large or old."""
        self.waiting.setdefault(entry.folder, {})[entry.document_id] = parts
        self.entries.append(entry)
        self.bytes += sum(part.arrow.nbytes + len(part.csv) for part in parts.values())
        if len(self.entries) >= self.documents or self.bytes >= BYTES or monotonic() - self.since >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write every waiting department-year, take moved documents out of where they stood, then say so in the journal."""
        if not self.entries:
            return
        gone: dict[str, set[str]] = {}
        for entry in self.entries:
            before = journal.find(self.store, entry.document_id)
            if before is not None and before.folder != entry.folder:
                gone.setdefault(before.folder, set()).add(entry.document_id)
        dataset.write_folders(self.output, self.waiting, gone)
        journal.add(self.store, self.entries, [(folder, journal.seal(self.output / folder)) for folder in {*self.waiting, *gone}])
        self._clear()
