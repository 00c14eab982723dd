"""Documents of other provinces that the vocabulary was not tuned to: no wrong figure, and how many of the right ones are found."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from extract.reading import read
from fixtures.generators.held_out.build import PAGES, files
from normalize.disclosure import normalize
from tests.truth import IDENTITY, compare

if TYPE_CHECKING:
    from normalize.records import Disclosure

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "held-out"
# Share of the stated figures that are found, per document. Raise a floor when reading improves; never lower one.
RECALL = {
    "anhui-theatre-2022-final": 1.0,
    "gansu-river-2022-final": 0.84,
    "guangdong-ginkgo-2024-budget": 1.0,
    "guizhou-tea-2023-final": 0.92,
    "guangxi-taro-2019-final": 1.0,
    "hainan-orange-2022-budget": 1.0,
    "heilongjiang-potato-2023-final": 1.0,
    "henan-forest-2022-final": 1.0,
    "hunan-bayberry-2020-final": 1.0,
    "jiangxi-lotus-2023-budget": 1.0,
    "liaoning-wine-2021-final": 0.93,
    "neimenggu-millet-2025-budget": 1.0,
    "shaanxi-cave-2023-final": 0.95,
    "shandong-hills-2025-budget": 1.0,
    "xinjiang-music-2021-final": 0.89,
    "yunnan-walnut-2024-budget": 0.96,
    "zhejiang-toys-2026-budget": 1.0,
}


@cache
def truth(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name / "truth.json").read_text(encoding="utf-8"))
    return content


@cache
def what_came_out(name: str) -> Disclosure:
    (file,) = (FOLDER / name).glob("input.*")
    return normalize(read(file.read_bytes(), file.name))


def test_every_document_is_what_its_generator_writes_and_has_a_floor() -> None:
    assert {folder.name for folder in FOLDER.iterdir()} == set(PAGES) == set(RECALL)
    for name in PAGES:
        assert {file.name: file.read_bytes() for file in (FOLDER / name).iterdir()} == files(name)


@pytest.mark.parametrize("name", RECALL)
def test_the_body_its_place_and_its_year_are_right(name: str) -> None:
    wanted, identity = truth(name)["document"], what_came_out(name).identity
    assert {field: getattr(identity, field) for field in (*IDENTITY, "published_on")} == {field: wanted[field] for field in (*IDENTITY, "published_on")}
    assert what_came_out(name).status == "ok"


@pytest.mark.parametrize("name", RECALL)
def test_no_figure_is_wrong_and_the_floor_of_those_found_holds(name: str) -> None:
    facts = compare(truth(name), what_came_out(name))["facts"]
    assert facts.extra == []
    assert facts.recall >= RECALL[name], facts.missing
