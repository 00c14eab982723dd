"""From the spool into department-years: batches, what a killed worker or a full disk costs, and what is left behind."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from extract.document import Document, Source
from gongkai import dataset, journal, run, spool, writing
from gongkai.dataset import encoded
from gongkai.extraction import Extracted
from gongkai.jobs import Folder, Job, Preparing, compacting, done
from gongkai.rows import document_row
from gongkai.writing import Writing
from normalize.records import Disclosure, Identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from gongkai.journal import Entry

HOOK = """
import os
import signal
from pathlib import Path

from gongkai import dataset, jobs, spool

HERE = Path(__file__).parent

def done(job):
    return jobs.done(job)

def killed(place, fresh, *rest):
    prepare(place, fresh, *rest)
    with (HERE / "killed").open("a") as log:
        log.write("x")
    if (HERE / "killed").stat().st_size < 4:
        os.kill(os.getpid(), signal.SIGKILL)

def full(*_):
    raise OSError(28, "No space left on device")

prepare = dataset.prepare
if str(os.getpid()) != (HERE / "run").read_text():
    match (HERE / "trouble").read_text():
        case "killed":
            dataset.prepare = killed
        case "full":
            dataset.prepare = full
        case "full spool":
            spool.put = full
"""


def extracted(number: int, department: str = "", content: str = "") -> Extracted:
    """A document of so many; without a department it has no department-year."""
    source = Source(f"{number}.txt", f"{number:064x}"[::-1], "text/plain", "utf-8")
    document = Document(source, content or f"第{number}份", ())
    disclosure = Disclosure(document.id, "ok", Identity(department=department or None, region_code="530199", fiscal_year=2023))
    row = document_row((source.address, source.sha256), "ok", "", version="1+0", read=(document, disclosure))
    return Extracted(row, encoded(row, {}))


def add(to: Writing, one: Extracted) -> Entry:
    left = spool.spooled(one, to.spool)
    to.add(left.entry, left.size)
    return left.entry


def names(output: Path) -> dict[str, list[str]]:
    """The documents of every folder."""
    return {
        folder.relative_to(output).as_posix(): [row["source"] for row in dataset.read_table(folder / "documents.parquet", "documents").to_pylist()]
        for folder in dataset.folders(output)
    }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Connection]:
    with journal.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
def way(tmp_path: Path, store: Connection) -> Iterator[Writing]:
    with spool.opened(tmp_path) as place:
        yield Writing(tmp_path, store, place)


def test_what_is_left_in_the_spool_is_taken_as_it_was(tmp_path: Path) -> None:
    parts = extracted(1, "甲局").parts
    assert spool.put(tmp_path / "one", parts) == (tmp_path / "one").stat().st_size
    assert spool.taken(tmp_path / "one") == parts


def test_a_spool_that_a_killed_run_left_is_removed_by_the_next_and_none_stays(tmp_path: Path) -> None:
    stale = tmp_path / f"{spool.PREFIX}killed"
    (stale / "new-0").mkdir(parents=True)
    (stale / "new-0" / "documents.csv").write_text("half", encoding="utf-8")
    with spool.opened(tmp_path) as place:
        assert list(tmp_path.iterdir()) == [place]
    assert list(tmp_path.iterdir()) == []


def test_the_journal_hears_of_a_batch_only_when_all_of_it_stands(way: Writing, store: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FOLDERS", 1)
    entries = [add(way, extracted(number, department)) for number, department in enumerate(["甲局", "乙局"])]
    first, second = way.due(rest=True)
    first()
    way.prepared()
    assert [journal.find(store, entry.document_id) for entry in entries] == [None, None]
    assert names(way.output) == {}
    second()
    way.prepared()
    assert [journal.find(store, entry.document_id) for entry in entries] == entries
    assert names(way.output) == {entry.folder: [entry.source] for entry in sorted(entries, key=lambda entry: entry.folder)}
    assert list(way.spool.iterdir()) == []


def test_a_batch_waits_for_the_one_before_it_which_may_change_the_same_folder(way: Writing) -> None:
    add(way, extracted(1, "甲局"))
    (job,) = way.due(rest=True)
    add(way, extracted(2, "甲局"))
    assert not way.due(rest=True)
    job()
    way.prepared()
    (job,) = way.due(rest=True)
    job()
    way.prepared()
    assert sorted(*names(way.output).values()) == ["1.txt", "2.txt"]


def test_a_batch_that_was_broken_off_is_written_here(way: Writing, store: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FOLDERS", 1)
    for number, department in enumerate(["甲局", "乙局", ""]):
        add(way, extracted(number, department))
    first, _ = way.due(rest=True)
    first()
    way.prepared()
    way.flush()
    assert sorted(source for held in names(way.output).values() for source in held) == ["0.txt", "1.txt", "2.txt"]
    assert len(list(journal.select(store, ""))) == 3


def test_a_document_that_moves_leaves_where_it_stood_in_the_same_batch(way: Writing) -> None:
    add(way, extracted(1, "甲局"))
    way.flush()
    moved = add(way, extracted(1, "乙局"))
    way.flush()
    assert names(way.output) == {moved.folder: ["1.txt"]}


def test_documents_are_written_when_they_are_many_or_large_and_those_without_rows_wait_longer(way: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(writing.DOCUMENTS - 1):
        add(way, extracted(number, "甲局"))
        add(way, extracted(1000 + number))
    assert not way.due()
    add(way, extracted(2000))
    assert not way.due()
    add(way, extracted(2001, "甲局"))
    assert [len(folder.files) for job in way.due() for folder in job.folders] == [writing.DOCUMENTS]
    way.flush(rest=False)
    assert not way.due()
    monkeypatch.setattr(writing, "BYTES", 1)
    assert way.due()


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tells workers what shall happen when they write."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "troubled_writing.py").write_text(HOOK, encoding="utf-8")
    monkeypatch.syspath_prepend(str(modules))
    (modules / "trouble").write_text("none", encoding="utf-8")
    (modules / "run").write_text(str(os.getpid()), encoding="utf-8")
    import troubled_writing  # type: ignore[import-not-found]  # noqa: PLC0415

    monkeypatch.setattr(run, "done", troubled_writing.done)  # every worker imports what it is started with
    yield (modules / "trouble").write_text
    del sys.modules["troubled_writing"]


def ran(place: Path, output: Path) -> run.Outcome:
    return run.run([place], output, workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: None)


def data_of(output: Path) -> dict[str, bytes]:
    return {str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    for number in range(6):
        text = f"云岭县第{number}档案馆2023年度部门决算情况说明\n二、部门决算情况说明\n1.总体情况。2023年度收入总计1,2{number:02d}.40万元，支出总计1,2{number:02d}.40万元，较上年决算数减少3.60万元、下降0.3%。\n"
        (place / f"{number}.txt").write_text(text, encoding="utf-8")
    return place


def test_a_worker_killed_while_it_writes_costs_nothing(pages: Path, tmp_path: Path, trouble: Any) -> None:
    ran(pages, tmp_path / "undisturbed")
    trouble("killed", encoding="utf-8")
    outcome = ran(pages, tmp_path / "out")
    assert (tmp_path / "modules" / "killed").stat().st_size > 3
    assert outcome.statuses == {"ok": 6}
    assert data_of(tmp_path / "out") == data_of(tmp_path / "undisturbed")


@pytest.mark.parametrize(("where", "function"), [("full", (dataset, "prepare")), ("full spool", (spool, "put"))])
def test_a_full_disk_stops_the_run_and_no_document_is_blamed(
    where: str, function: tuple[Any, str], pages: Path, tmp_path: Path, trouble: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(pages, tmp_path / "undisturbed")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    trouble(where, encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(*function, full)
        with pytest.raises(OSError, match="No space left on device"):
            ran(pages, tmp_path / "out")
    assert list((tmp_path / "out").glob(f"{spool.PREFIX}*")) == []
    with journal.looked_into(tmp_path / "out") as store:
        assert list(journal.select(store, "")) == []
    trouble("none", encoding="utf-8")
    assert ran(pages, tmp_path / "out").statuses == {"ok": 6}
    assert data_of(tmp_path / "out") == data_of(tmp_path / "undisturbed")


@pytest.mark.parametrize("where", ["full", "full spool"])
def test_what_only_workers_cannot_write_is_written_by_the_run_itself(where: str, pages: Path, tmp_path: Path, trouble: Any) -> None:
    ran(pages, tmp_path / "undisturbed")
    trouble(where, encoding="utf-8")
    assert ran(pages, tmp_path / "out").statuses == {"ok": 6}
    assert data_of(tmp_path / "out") == data_of(tmp_path / "undisturbed")


def test_a_worker_that_outlives_a_killed_run_changes_nothing(pages: Path, tmp_path: Path) -> None:
    """Its jobs are done once more, late: nothing of theirs lies where a later run reads or writes."""
    output = tmp_path / "out"
    ran(pages, output)
    before = data_of(output)
    place = output / f"{spool.PREFIX}killed"
    place.mkdir()
    late: list[Job] = [*compacting(output, place), Preparing((Folder(dataset.folders(output)[0], place / "new-0", (), frozenset()),))]
    for job in late:
        done(job)
    assert data_of(output) == before
    shutil.rmtree(place)
    for job in late:
        with pytest.raises(FileNotFoundError):
            done(job)
    assert data_of(output) == before
    assert not place.exists()
