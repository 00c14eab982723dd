"""Variations of real pages: each is read exactly as its truth says, and its look-alike is not read so."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extract.reading import read
from fixtures.generators.variations.build import VARIATIONS
from normalize.disclosure import normalize
from tests.truth import IDENTITY, compare

if TYPE_CHECKING:
    from extract.document import Document
    from fixtures.generators.variations.page import Variation
    from normalize.records import Disclosure

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "variations"
NAMES = sorted(folder.name for folder in FOLDER.iterdir())
PAGES = [(name, role) for name in NAMES for role in ("input", "negative")]
TRUTH = {"input": "truth.json", "negative": "negative-truth.json"}
LEAST = 25  # variations of the catalogue that must be kept


def truth(name: str, role: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name / TRUTH[role]).read_text(encoding="utf-8"))
    return content


@cache
def what_came_out(name: str, role: str) -> tuple[Document, Disclosure]:
    (file,) = (FOLDER / name).glob(f"{role}.*")
    document = read(file.read_bytes(), file.name)
    return document, normalize(document)


def test_many_variations_are_kept_each_with_a_reason_and_a_look_alike() -> None:
    assert len(NAMES) >= LEAST
    for name in NAMES:
        said = tomllib.loads((FOLDER / name / "source.toml").read_text(encoding="utf-8"))
        assert said["layouts"]
        assert said["why"]
        assert said["against"]
        assert (FOLDER / name / said["input"]).is_file()
        assert (FOLDER / name / said["negative"]).is_file()
        assert said["licence"].startswith("invented")


@pytest.mark.parametrize("variation", VARIATIONS, ids=lambda variation: variation.name)
def test_a_variation_is_what_its_generator_writes(variation: Variation) -> None:
    folder = FOLDER / variation.name
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == variation.files()


@pytest.mark.parametrize(("name", "role"), PAGES)
def test_the_body_and_the_status_are_those_of_the_truth(name: str, role: str) -> None:
    wanted, (_, result) = truth(name, role), what_came_out(name, role)
    found = {field: getattr(result.identity, field) for field in (*IDENTITY, "published_on", "contact_phone")}
    assert found == {field: wanted["document"][field] for field in found}
    assert result.status == wanted["status"]
    assert bool(result.reason_zh and result.reason_en) is (result.status != "ok")
    assert [link.target for link in result.identity.attachments] == wanted["attachments"]


@pytest.mark.parametrize(("name", "role"), PAGES)
def test_the_figures_are_those_of_the_truth_and_no_other(name: str, role: str) -> None:
    wanted, (document, result) = truth(name, role), what_came_out(name, role)
    found = compare(wanted, result)
    assert {measure: (found[measure].missing, found[measure].extra) for measure in ("facts", "other")} == {"facts": ([], []), "other": ([], [])}
    assert [line.raw for line in result.budget_lines] == [document.text(line.span) for line in result.budget_lines]
    assert [number.raw for number in result.unexplained_numbers] == wanted["unexplained"]


@pytest.mark.parametrize(("name", "role"), PAGES)
def test_what_a_page_contradicts_is_a_finding(name: str, role: str) -> None:
    wanted, (_, result) = truth(name, role), what_came_out(name, role)
    checks = {finding.check_id for finding in result.findings}
    assert set(wanted["findings"]) <= checks
    assert not set(wanted["silent"]) & checks
