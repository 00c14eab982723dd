"""Documents that were read and wait to be written: a file each, in a folder of the run inside its dataset.

What a document says never goes through the pipe of the worker that read it, and never through the run itself: the worker that writes
its department-year takes it from here. The folder has a name of its own in every run, so that a worker that outlives a killed run
disturbs nobody. It is a way and no store: nothing here is flushed to disk, and what a killed run left is thrown away.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from gongkai import journal
from gongkai.dataset import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gongkai.dataset import Parts
    from gongkai.extraction import Extracted
    from gongkai.journal import Entry
    from gongkai.rows import Row

PREFIX = ".spool-"
HELD = pa.schema([pa.field("table", pa.string()), pa.field("rows", pa.binary()), pa.field("csv", pa.large_string())])  # of a document: each table in both its forms


class Spooled(NamedTuple):
    """What the run is told of a document that lies in the spool: its row in `documents`, its entry in the journal, its bytes."""

    document: Row
    entry: Entry
    size: int


@contextmanager
def opened(output: Path) -> Iterator[Path]:
    """A folder for the documents of one run; those of runs before it are removed (nobody else may be writing this dataset)."""
    for stale in output.glob(f"{PREFIX}*"):
        shutil.rmtree(stale, ignore_errors=True)
    place = Path(mkdtemp(prefix=PREFIX, dir=output))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def spooled(extracted: Extracted, place: Path, *, passing: bool = False) -> Spooled:
    """Leave a document in the spool."""
    entry = journal.entry_of(extracted.document, extracted.parts, passing=passing)
    return Spooled(extracted.document, entry, put(place / entry.document_id, extracted.parts))


def put(file: Path, parts: Parts) -> int:
    """Write the parts of a document; how many bytes they are."""
    rows = [(table, _streamed(part.arrow), part.csv) for table, part in parts.items()]
    return file.write_bytes(_streamed(pa.Table.from_arrays([pa.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), HELD, strict=True)], schema=HELD)))


def taken(file: Path) -> Parts:
    """The parts of a document that was left here."""
    return {row["table"]: Part(pa.ipc.open_stream(row["rows"]).read_all(), row["csv"]) for row in pa.ipc.open_stream(file.read_bytes()).read_all().to_pylist()}


def _streamed(table: pa.Table) -> bytes:
    """A table in Arrow's own form: nothing in it can run, and it takes a tenth of the time of a pickled one."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
