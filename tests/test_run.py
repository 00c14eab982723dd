"""The batch run: what it reads, what it loses, what it keeps, and what a second run does."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from typing import IO, TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from gongkai import journal, run, sources
from gongkai.errors import InputError, OutputError, UsageError
from gongkai.sources import finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gongkai.journal import Entry

READING = """
import os, time
from pathlib import Path
from extract.document import Document, Source
from gongkai.dataset import encoded
from gongkai.extraction import Extracted
from gongkai.rows import document_row
from normalize.records import Disclosure, Identity

def extract(task):
    ((address, *_), _, sha256, *_), version, *_ = task
    words = Path(address).read_text(encoding="utf-8").split()
    if "die" in words:
        os._exit(7)
    if "raise" in words:
        raise ValueError("no such table")
    if "sleep" in words:
        time.sleep(60)
    if "crash-once" in words and not Path(address + ".seen").exists():
        Path(address + ".seen").touch()
        os.abort()
    document = Document(Source(address, sha256, "text/plain", "utf-8"), " ".join(words), ())
    disclosure = Disclosure(document.id, "ok", Identity(department=words[0], region_code="530199", fiscal_year=int(words[1])))
    row = document_row((address, sha256), "ok", "", version=version, read=(document, disclosure))
    return Extracted(row, encoded(row, {}))
"""


@pytest.fixture
def reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader whose documents say how they want to end: `department year [die|raise|sleep|crash-once]`."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "staged_reading.py").write_text(READING, encoding="utf-8")
    monkeypatch.syspath_prepend(str(modules))
    monkeypatch.delitem(sys.modules, "staged_reading", raising=False)
    import staged_reading  # type: ignore[import-not-found]  # noqa: PLC0415

    monkeypatch.setattr(run, "extract", staged_reading.extract)


def pages(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def ran(
    place: Path, output: Path, *, force: bool = False, workers: int = 2, tell: Callable[[Entry, float], None] = lambda _entry, _seconds: None
) -> run.Outcome:
    return run.run([place], output, workers=workers, force=force, tell=tell, begin=lambda _: None)


def data_of(output: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()
    }


def documents(output: Path) -> dict[str, tuple[str, str | None]]:
    rows = pq.read_table(output / "data" / "documents.parquet").to_pylist()
    return {row["source"].rsplit("/", 1)[-1]: (row["status"], row["reason"]) for row in rows}


def entries(output: Path) -> list[Entry]:
    with journal.looked_into(output) as store:
        return list(journal.select(store, "order by document_id"))


@pytest.mark.usefixtures("reading")
def test_a_document_that_kills_raises_or_hangs_costs_only_itself_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SECONDS", 1.0)
    place = pages(tmp_path / "in", a="甲局 2021", b="乙局 2021 die", c="丙局 2021 raise", d="丁局 2021 sleep", e="戊局 2022", f="己局 2023")
    outcome = ran(place, tmp_path / "out")
    ended = "读取程序意外终止 / crashed: "
    assert documents(tmp_path / "out") == {
        "a.txt": ("ok", None),
        "b.txt": ("crashed", f"{ended}exit code 7"),
        "c.txt": ("crashed", f"{ended}ValueError: no such table"),
        "d.txt": ("timeout", "超过 1 秒的时限 / timeout: took longer than the 1 seconds allowed"),
        "e.txt": ("ok", None),
        "f.txt": ("ok", None),
    }
    assert [entry.source.rsplit("/", 1)[-1] for entry in outcome.failed] != []
    assert {entry.status for entry in outcome.failed} == {"crashed", "timeout"}
    details = [json.loads(line).get("detail", "") for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert any("staged_reading.py" in detail for detail in details)


@pytest.mark.usefixtures("reading")
def test_a_second_run_reads_nothing_and_changes_no_byte(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="乙局 2021")
    ran(place, tmp_path / "out")
    before = data_of(tmp_path / "out")
    again = ran(place, tmp_path / "out")
    assert (again.new, again.known, again.held.documents) == (0, 2, 2)
    assert data_of(tmp_path / "out") == before


@pytest.mark.usefixtures("reading")
def test_force_reads_again_to_the_same_bytes(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="乙局 2021")
    ran(place, tmp_path / "out")
    before = data_of(tmp_path / "out")
    assert ran(place, tmp_path / "out", force=True).new == 2
    assert data_of(tmp_path / "out") == before


@pytest.mark.usefixtures("reading")
def test_another_version_of_the_rules_reads_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = pages(tmp_path / "in", a="甲局 2021")
    ran(place, tmp_path / "out")
    monkeypatch.setattr(run, "extractor_version", lambda: "9.9.9+00000000")
    assert ran(place, tmp_path / "out").new == 1


@pytest.mark.usefixtures("reading")
def test_a_crashed_document_is_tried_once_more_and_leaves_no_trace_where_that_works(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="乙局 2021 crash-once")
    outcome = run.run([place / "a.txt", place / "b.txt"], tmp_path / "out", workers=1, tell=lambda _e, _s: None, begin=lambda _: None)
    assert (outcome.new, outcome.failed) == (2, [])
    assert [path.name for path in sorted((tmp_path / "out" / "departments").iterdir())] == ["year=2021"]


@pytest.mark.usefixtures("reading")
def test_rows_deleted_from_disk_are_read_again(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="乙局 2022")
    ran(place, tmp_path / "out")
    before = data_of(tmp_path / "out")
    (folder,) = (tmp_path / "out" / "departments" / "year=2022").iterdir()
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert ran(place, tmp_path / "out").new == 1
    assert data_of(tmp_path / "out") == before


@pytest.mark.usefixtures("reading")
def test_an_interrupted_run_keeps_what_is_done_and_the_next_completes_it_to_the_same_bytes(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", **{f"p{n}": f"第{n}局 202{n % 3}" for n in range(8)})
    seen: list[str] = []

    def interrupt(entry: Entry, _: float) -> None:
        seen.append(entry.source)
        if len(seen) == 3:
            raise KeyboardInterrupt

    stopped = ran(place, tmp_path / "a", tell=interrupt)
    assert (stopped.interrupted, len(documents(tmp_path / "a"))) == (True, 3)
    assert ran(place, tmp_path / "a").new == 5
    ran(place, tmp_path / "b", workers=1)
    assert data_of(tmp_path / "a") == data_of(tmp_path / "b")
    assert entries(tmp_path / "a") == entries(tmp_path / "b")


@pytest.mark.usefixtures("reading")
def test_the_same_bytes_in_two_places_are_one_document(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="甲局 2021")
    outcome = ran(place, tmp_path / "out")
    assert (outcome.new, outcome.doubles, list(documents(tmp_path / "out"))) == (1, 1, ["a.txt"])
    assert [json.loads(line)["same_as"] for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines() if "same_as" in line] == [
        str(place / "a.txt")
    ]


@pytest.mark.usefixtures("reading")
def test_no_data_file_holds_a_time(tmp_path: Path) -> None:
    ran(pages(tmp_path / "in", a="甲局 2021"), tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "data" / "documents.parquet").column("seconds").to_pylist() == [None]
    logged = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [event["seconds"] >= 0 for event in logged] == [True]


def test_input_that_is_no_page_ends_as_a_row_with_a_status_and_a_reason_in_two_languages(root: Path, tmp_path: Path) -> None:
    allowed = tomllib.loads((root / "fixtures" / "bad" / "source.toml").read_text(encoding="utf-8"))["status"]
    outcome = ran(root / "fixtures" / "bad", tmp_path / "out")
    found = documents(tmp_path / "out")
    assert found.keys() == allowed.keys()
    assert {name: status for name, (status, _) in found.items() if status not in allowed[name]} == {}
    assert {name: reason for name, (_, reason) in found.items() if " / " not in (reason or "")} == {}
    assert len(outcome.failed) == len([status for status, _ in found.values() if status != "not_a_disclosure"])


def test_a_file_nobody_may_read_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(_: object) -> IO[bytes]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(finding, "opened", denied)
    ran(pages(tmp_path / "in", a="甲局 2021"), tmp_path / "out")
    assert documents(tmp_path / "out") == {"a.txt": ("unreadable", "无法读取文件 / cannot read the file: Permission denied")}


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="their file names are always Unicode")
def test_a_file_name_that_is_no_unicode_is_shown_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / os.fsdecode(b"\xbe\xf6\xcb\xe3.pdf")).touch()
    ran(tmp_path / "in", tmp_path / "out")
    assert list(documents(tmp_path / "out")) == ["\\xbe\\xf6\\xcb\\xe3.pdf"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks are left for a later release")
def test_a_second_run_into_the_same_dataset_is_refused_while_the_first_writes(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021")
    ran(place, tmp_path / "out")
    with run.alone(tmp_path / "out"), pytest.raises(OutputError, match="another run"):
        ran(place, tmp_path / "out")
    assert ran(place, tmp_path / "out").known == 1


def test_a_plan_reads_nothing_and_writes_nothing(tmp_path: Path) -> None:
    place = pages(tmp_path / "in", a="甲局 2021", b="甲局 2021", c="乙局 2021")
    with run.planned(sources.items([place], without=tmp_path / "out"), tmp_path / "out", run.Orders(1)) as plan:
        assert sorted(document.item.address for document in plan.documents("new")) == [str(place / "a.txt"), str(place / "c.txt")]
        assert list(plan.doubles()) == [(str(place / "b.txt"), str(place / "a.txt"))]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kept", ["README.md", "thesis.docx"])
def test_a_folder_with_other_files_is_never_written_into(tmp_path: Path, kept: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / kept).write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="--output"):
        ran(pages(tmp_path / "in", a="甲局 2021"), tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == [kept]


def test_sources_are_found_whatever_they_are_called_and_hidden_files_are_not(tmp_path: Path) -> None:
    pages(tmp_path, a="x", b="y")
    pages(tmp_path / "deep", c="z")
    for hidden in (".hidden", "deep/.DS_Store", "noname"):
        (tmp_path / hidden).write_text("x", encoding="utf-8")
    pages(tmp_path / "out", d="never an input")
    found = sources.items([tmp_path, tmp_path / "a.txt"], without=tmp_path / "out")
    assert [item.address.removeprefix(f"{tmp_path}/") for item in found] == ["a.txt", "b.txt", "noname", "deep/c.txt"]


def test_a_kept_example_is_read_through_its_input_alone(tmp_path: Path) -> None:
    (tmp_path / "fixtures").mkdir()
    example = pages(tmp_path / "fixtures" / "one", input="x", notes="y")
    (example / "source.toml").write_text("", encoding="utf-8")
    (example / "expected").mkdir()
    (example / "expected" / "facts.csv").write_text("a\n", encoding="utf-8")
    pages(tmp_path / "fixtures" / "generators", build="print()")
    assert [item.address.removeprefix(f"{tmp_path}/") for item in sources.items([tmp_path], without=tmp_path / "out")] == ["fixtures/one/input.txt"]


def test_a_kept_series_is_read_through_its_pages(tmp_path: Path) -> None:
    series = tmp_path / "fixtures" / "series"
    (series / "2019").mkdir(parents=True)
    (series / "series.toml").write_text("", encoding="utf-8")
    (series / "2019" / "archives.html").write_text("x", encoding="utf-8")
    pages(tmp_path / "fixtures" / "generators", build="print()")
    for place in (series, tmp_path / "fixtures"):
        assert [item.address.removeprefix(f"{tmp_path}/") for item in sources.items([place], without=tmp_path / "out")] == ["fixtures/series/2019/archives.html"]


def test_a_mistyped_source_is_answered_with_its_nearest_neighbour(tmp_path: Path) -> None:
    pages(tmp_path / "corpus", a="x")
    with pytest.raises(UsageError, match=r"did you mean .*corpus"):
        sources.items([tmp_path / "corpsu"], without=tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        sources.items([tmp_path / "empty"], without=tmp_path)
