"""Kept pages: what is read from them is the truth written beside them, the goldens hold, and every value can be read back."""

from __future__ import annotations

import tomllib
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pytest

from extract.document import Document, DocumentError
from extract.reading import read
from fixtures.generators.build import pages
from fixtures.generators.folder import truth_json
from gongkai.goldens import changes
from normalize.disclosure import normalize
from normalize.records import TABLES, Disclosure
from tests.truth import Agreement, compare, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.generators.folder import Fixture

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
NAMES = sorted(file.parent.name for file in FIXTURES.glob("*/source.toml") if file.parent.name not in {"bad", "crashes"})
NEGATIVES = [name for name in NAMES if name.startswith("negative-")]
PAGES = [name for name in NAMES if not name.startswith("negative-")]
WITH_GOLDENS = sorted(folder.parent.name for folder in FIXTURES.glob("*/expected"))
BAD = tomllib.loads((FIXTURES / "bad" / "source.toml").read_text(encoding="utf-8"))["status"]
COMPLETE = ("chengkou-climate-2021-final-html", "chengkou-climate-2021-final-txt", "tongliang-dragon-2022-final-txt", "fengxian-shelterbelt-2023-final-pdf")


def input_of(name: str) -> Path:
    (file,) = (FIXTURES / name).glob("input.*")
    return file


@cache
def source(name: str) -> dict[str, Any]:
    return tomllib.loads((FIXTURES / name / "source.toml").read_text(encoding="utf-8"))


@cache
def truth(name: str) -> dict[str, Any]:
    return truth_of(FIXTURES / name)


@cache
def what_came_out(name: str) -> tuple[Document, Disclosure]:
    document = read(input_of(name).read_bytes(), input_of(name).name)
    return document, normalize(document)


@cache
def agreement(name: str) -> dict[str, Agreement]:
    return compare(truth(name), what_came_out(name)[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_says_where_it_is_from_and_why_it_is_kept(name: str) -> None:
    said = source(name)
    assert said["url"].startswith("http://")
    assert ".example/" in said["url"]
    assert said["input"] == input_of(name).name
    assert said["why"]
    assert said["special"]
    assert said["licence"].startswith("invented")
    assert said.get("sha256", truth(name)["document"]["sha256"]) == sha256(input_of(name).read_bytes()).hexdigest()


@pytest.mark.parametrize("fixture", list(pages()), ids=lambda fixture: fixture.name)
def test_a_page_and_its_truth_are_what_their_generator_writes(fixture: Fixture) -> None:
    folder = FIXTURES / fixture.name
    assert (folder / fixture.file).read_bytes() == fixture.data
    assert (folder / "truth.json").read_text(encoding="utf-8") == truth_json(fixture.file, fixture.data, fixture.truth)
    assert (folder / "source.toml").read_text(encoding="utf-8") == fixture.source_toml()


@pytest.mark.parametrize("name", PAGES)
def test_what_is_read_is_the_truth_down_to_the_floors_of_the_fixture(name: str) -> None:
    found = agreement(name)
    floors = source(name)["floors"]
    measured = {measure for measure, result in found.items() if result.wanted}
    assert measured == set(floors), "every measure with a truth has a floor, and no other"
    low = {
        measure: (round(result.recall if measure == "other" else result.f1, 4), floor, result.missing[:20], result.extra[:20])
        for measure, floor in floors.items()
        if (result := found[measure]) and (result.recall if measure == "other" else result.f1) < floor
    }
    assert not low
    assert not found["empty"].extra, "a table that the page declares empty holds no amount"


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_truth_has_no_lax_floor(name: str) -> None:
    floors = source(name)["floors"]
    assert floors["identity"] == 1.0
    assert floors["facts"] >= 0.97
    assert floors["numbers"] >= 0.98
    assert {floors[measure] for measure in ("projects", "indicators", "cells") if measure in floors} == {1.0}


@pytest.mark.parametrize("name", NEGATIVES)
def test_a_page_that_discloses_nothing_yields_a_reason_and_no_row(name: str) -> None:
    _, read_as = what_came_out(name)
    assert (read_as.status, read_as.identity.doc_kind) == ("not_a_disclosure", "other")
    assert read_as.reason_zh
    assert read_as.reason_en
    assert not [row for table in TABLES for row in getattr(read_as, table)]


@pytest.mark.parametrize("name", BAD)
def test_input_that_is_no_page_comes_to_a_status_with_reasons_in_both_languages(name: str) -> None:
    try:
        result = normalize(read((FIXTURES / "bad" / name).read_bytes(), name))
        status, zh, en = result.status, result.reason_zh, result.reason_en
    except DocumentError as error:
        status, zh, en = error.status, error.zh, error.en
    assert status in BAD[name]
    assert any("一" <= character <= "鿿" for character in zh)
    assert en.isascii()


def test_every_bad_file_is_expected_to_come_to_something() -> None:
    assert {file.name for file in (FIXTURES / "bad").iterdir()} == {*BAD, "source.toml"}
    assert max(file.stat().st_size for file in (FIXTURES / "bad").iterdir()) < 4096


def test_a_page_of_fifty_megabytes_is_refused_at_once_with_a_reason() -> None:
    row = "<tr><td>2130201</td><td>行政运行</td><td>541.37</td></tr>\n".encode()
    page = b"<html><body><table>" + row * (50 * 1024 * 1024 // len(row)) + b"</table></body></html>"
    began = perf_counter()
    with pytest.raises(DocumentError) as refused:
        read(page, "huge.html")
    assert refused.value.status == "unreadable"
    assert perf_counter() - began < 5


@pytest.mark.parametrize("name", WITH_GOLDENS)
def test_the_goldens_of_a_fixture_hold_in_every_row(name: str) -> None:
    assert changes(FIXTURES / name) == ""


def test_no_golden_lies_where_no_test_reads_it() -> None:
    read_here = {file for name in WITH_GOLDENS for file in (FIXTURES / name / "expected").glob("*.csv")}
    assert {file for file in FIXTURES.rglob("*") if "expected" in file.parts and file.is_file()} == read_here
    assert {file.stem for file in read_here} <= {"documents", *TABLES}
    assert set(WITH_GOLDENS) <= set(NAMES)


def spans(record: object) -> Iterator[tuple[str, Any]]:
    """The printed texts of a record with their places: raw and span, and every cell of a form's row."""
    raw, span = getattr(record, "raw", None), getattr(record, "span", None)
    if raw is not None and span is not None:
        yield raw, span
    for _, place in getattr(record, "texts", ()):
        yield "", place


def not_replayed(document: Document, read_as: Disclosure) -> list[tuple[str, object]]:
    """Rows whose raw text does not stand where they say, and places outside the text or without any."""
    wrong: list[tuple[str, object]] = []
    for table in TABLES:
        for record in getattr(read_as, table):
            assert is_dataclass(record)
            assert {"row_id"} <= {each.name for each in fields(record)}
            for raw, span in spans(record):
                printed = document.text(span)
                if (raw and printed != raw) or not 0 <= span.start < span.end <= len(document.content):
                    wrong.append((table, record))
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_fixture_replays(name: str) -> None:
    assert not_replayed(*what_came_out(name)) == []


@pytest.mark.corpus
def test_every_row_of_the_shared_corpus_replays(shared: Path) -> None:
    files = [file for folder in ("dev", "more") for file in sorted((shared / "corpus" / folder).iterdir())]
    wrong = {}
    for file in files:
        try:
            document = read(file.read_bytes(), file.name)
        except DocumentError:
            continue
        if bad := not_replayed(document, normalize(document)):
            wrong[file.name] = list(islice(bad, 5))
    assert wrong == {}
