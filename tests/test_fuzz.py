"""A short piece of the night's fuzzing (fuzz/), the same inputs on every machine; and what once broke a reader."""

from __future__ import annotations

import tomllib
import zlib
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pdfminer.pdfpage import PDFPage

from extract.document import Document, Paragraph, Source, Span
from extract.encoding import NO_CHARSETS, codec_name
from extract.reading import media_type
from extract.unembedded import SecondReading
from fuzz.seeds import seeds
from fuzz.targets import TARGETS, check, holds
from normalize.checks.tolerance import half_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import DataObject

CRASHES = Path(__file__).resolve().parent.parent / "fixtures" / "crashes"
KEPT = tomllib.loads((CRASHES / "crashes.toml").read_text(encoding="utf-8"))["found"]
TRIED = {"html": 150, "text": 150, "pdf": 8, "office": 30, "encoding": 150, "archives": 80, "pipeline": 40}
LARGEST = {"html": 6_000, "text": 6_000, "pipeline": 4_000, "pdf": 65_000}


@pytest.mark.parametrize("target", TARGETS)
def test_changed_examples_break_no_promise(target: str) -> None:
    start = seeds(target, LARGEST.get(target))

    @settings(max_examples=TRIED[target], derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def tried(data: DataObject) -> None:
        random = Random(data.draw(st.integers(0, 2**32)))
        check(target, TARGETS[target][1](random.choice(start), random, start))

    tried()


@pytest.mark.parametrize("name", KEPT)
def test_what_once_broke_a_reader_is_read(name: str) -> None:
    data = (CRASHES / name).read_bytes()
    target = {"text/html": "html", "text/plain": "text", "application/pdf": "pdf"}.get(media_type(data), "archives")
    for each in {target, "pipeline", "encoding"}:
        check(each, data)


@pytest.mark.parametrize("stumble", [AssertionError("Invalid octal"), AttributeError("x"), ZeroDivisionError(), RecursionError(), zlib.error("x")])
def test_where_the_second_reader_of_a_pdf_stumbles_the_first_is_enough(monkeypatch: pytest.MonkeyPatch, stumble: Exception) -> None:
    """Over broken objects pdfminer raises errors of any kind (found: an octal escape over 255 in a string)."""

    def stumbling(*_: object, **__: object) -> Iterator[None]:
        yield from ()
        raise stumble

    monkeypatch.setattr(PDFPage, "get_pages", stumbling)
    second = SecondReading.of(b"%PDF-1.4")
    assert second.lost(1, np.zeros((0, 2))) == ()


def test_every_crash_is_small_and_says_what_it_broke() -> None:
    files = {file.name: file for file in CRASHES.iterdir() if file.name != "crashes.toml"}
    assert set(files) == set(KEPT)
    assert all(KEPT.values())
    assert max(file.stat().st_size for file in files.values()) < 8192


@pytest.mark.parametrize("name", sorted(NO_CHARSETS))
def test_codecs_that_are_no_charsets_are_never_chosen(name: str) -> None:
    assert codec_name(name) is None
    assert codec_name(name.replace("-", "_").upper()) is None


def test_numbers_of_any_length_are_rounded_exactly() -> None:
    assert half_up(Decimal("9" * 400 + ".995"), Decimal("0.01")) == Decimal("1" + "0" * 400)
    assert half_up(Decimal("1E+300"), Decimal("0.0001")) == Decimal("1E+300")


def test_the_promises_are_checked_at_all() -> None:
    """Each of the invariants refuses what breaks it."""
    source = Source("a.txt", "0" * 64, "text/plain", "utf-8")
    with pytest.raises(AssertionError):
        holds(Document(source, "12", (Paragraph(Span(0, 3)),)))
    with pytest.raises(AssertionError):
        holds(Document(source, "12", (Paragraph(Span(1, 2)), Paragraph(Span(0, 1)))))
    with pytest.raises(UnicodeEncodeError):
        holds(Document(source, "\ud800", (Paragraph(Span(0, 1)),)))


@pytest.mark.parametrize("target", TARGETS)
def test_a_seed_makes_the_same_document_again(target: str) -> None:
    start = seeds(target, LARGEST.get(target))
    for seed in range(3):
        one, other = (TARGETS[target][1](start[-1], Random(seed), start) for _ in range(2))
        assert one == other
