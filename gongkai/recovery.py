"""After a run that was killed, or lost its power: what stands on disk is looked over before anything is added to it.

A department-year whose files have the sizes the journal knows is whole. Any other is read: where its Parquet can be read and its CSV
says the same it stays, else it is taken out and its documents are read again. A journal that is lost is made anew from the folders.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gongkai import dataset, journal
from gongkai.csvtext import csv_body, csv_header
from gongkai.errors import OutputError
from gongkai.pages import STORE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def journal_of(output: Path, say: Callable[[str, str], None]) -> Iterator[sqlite3.Connection]:
    """The journal of a dataset that is in order, open for a run; `say(folder, source)` names each document whose rows were damaged."""
    try:
        with journal.opened(output) as store:
            lost = not journal.state(store, "run")
            killed = bool(journal.state(store, "open"))
    except sqlite3.DatabaseError:
        journal.remove(output)
        lost = killed = True
    if killed:
        (output / STORE).unlink(missing_ok=True)  # made anew from the department-years
    with journal.opened(output) as store:
        if lost or killed:
            dataset.recover(output)
            _look_over(output, store, say)
        journal.note(store, run=journal.state(store, "run") + 1, open=1)
        yield store
        journal.note(store, open=0)


def _look_over(output: Path, store: sqlite3.Connection, say: Callable[[str, str], None]) -> None:
    for place in dataset.folders(output):
        folder = place.relative_to(output).as_posix()
        kept = store.execute("select seal from folders where folder = ?", (folder,)).fetchone()
        if kept and kept[0] == journal.seal(place):
            continue
        if not is_whole(place):
            shutil.rmtree(place)
            for source in journal.forget(store, folder) or ["?"]:
                say(folder, source)
            continue
        entries = journal.entries_in(output, folder)
        moving = {entry.document_id for entry in entries if _stands_elsewhere(output, journal.find(store, entry.document_id), folder)}
        if moving:  # on its way here when the run was killed, and not yet taken out there
            dataset.write_folder(output, folder, {}, moving)
        journal.forget(store, folder)
        journal.add(store, (entry for entry in entries if entry.document_id not in moving), [(folder, journal.seal(place))])


def _stands_elsewhere(output: Path, entry: journal.Entry | None, folder: str) -> bool:
    if entry is None or entry.folder == folder or not (output / entry.folder).is_dir():
        return False
    there = dataset.read_table(output / entry.folder / "documents.parquet", "documents").column("document_id").to_pylist()
    return entry.document_id in there


def is_whole(place: Path) -> bool:
    """Whether every table of a folder can be read and its CSV is what the Parquet says. Raises `OutputError` for another version's columns.

    Of an earlier schema version the Parquet alone is read: the CSV is about to be written anew from it.
    """
    for table in dataset.TABLES:
        try:
            rows = [tuple(row.values()) for row in dataset.read_table(place / f"{table}.parquet", table).to_pylist()]
        except OutputError as error:
            if error.__cause__ is None:
                raise
            return False
        file = place / f"{table}.csv"
        if not file.is_file() or (dataset.is_current(place) and file.read_bytes() != (csv_header(table) + csv_body(table, rows)).encode()):
            return False
    return True
