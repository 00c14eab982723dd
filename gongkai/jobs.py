"""What a run hands to its workers: a document to read, department-years to prepare, a table of data/ to make.

Whatever they make lies in the spool; only the run itself puts it in its place and enters it in the journal. So a job can be done twice,
and a worker that outlives a killed run changes nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import agreement, corrections, dataset, figures, spool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gongkai.extraction import Extracted, Task
    from gongkai.spool import Spooled

REVIEWED: dict[str, Callable[[Path, Path], None]] = {corrections.TABLE: corrections.write, figures.TABLE: figures.write}  # made of people's decisions too
DERIVED: dict[str, Callable[[Path, Path], None]] = {agreement.TABLE: agreement.write, **REVIEWED}  # made from several tables of the department-years
PATIENCE = 86_400.0  # seconds; a slow disk is no reason to begin anew


class Reading(NamedTuple):
    """Read a document and leave it in the spool; where the spool takes nothing more, the run is given the document and sees for itself."""

    extract: Callable[[Task], Extracted]
    task: Task
    spool: Path
    limit: float

    def __call__(self) -> Spooled | Extracted:
        extracted = self.extract(self.task)
        try:
            return spool.spooled(extracted, self.spool)
        except OSError:  # a full disk is no fault of the document
            return extracted


class Folder(NamedTuple):
    """A department-year to be replaced: where the new one is made, from which documents of the spool, without which of those it holds."""

    place: Path
    fresh: Path
    files: tuple[Path, ...]
    gone: frozenset[str]


class Preparing(NamedTuple):
    """Write department-years anew, each as a folder that can be put in its place."""

    folders: tuple[Folder, ...]
    limit: float = PATIENCE

    def __call__(self) -> None:
        for place, fresh, files, gone in self.folders:
            dataset.prepare(place, fresh, {file.name: spool.taken(file) for file in files}, gone)
        dataset.flush([folder.fresh for folder in self.folders])


class Compacting(NamedTuple):
    """Make one table of data/ from the department-years."""

    output: Path
    made: Path
    table: str
    limit: float = PATIENCE

    def __call__(self) -> None:
        DERIVED.get(self.table, partial(dataset.compact_table, table=self.table))(self.output, self.made)


Job = Reading | Preparing | Compacting


def done(job: Job) -> Any:
    """What comes of a job; a worker imports this."""
    return job()


def limit(job: Job) -> float:
    """Seconds it may take."""
    return job.limit


EVERY = (*dataset.TABLES, *DERIVED)


def compacting(output: Path, made: Path, tables: Iterable[str] = EVERY) -> list[Compacting]:
    """All that make these tables of data/ anew, in the folder `made`."""
    return [Compacting(output, made, table) for table in tables]


def compact(output: Path, tables: Iterable[str] = EVERY) -> None:
    """Make tables of data/ anew, here and now."""
    with spool.opened(output) as made:
        for job in compacting(output, made, tables):
            job()
            dataset.put_table(output, made, job.table)
