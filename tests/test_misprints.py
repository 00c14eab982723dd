"""Misprints in the fixtures: one digit set wrongly at random is noticed, and nothing is alleged of the pages as they are."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extract.reading import read
from normalize.checks import run_checks
from normalize.disclosure import normalize
from tests.test_checks_on_gold import misprint
from tests.truth import truth_of

if TYPE_CHECKING:
    from decimal import Decimal

    from extract.document import Document
    from normalize.records import Disclosure

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PAGES = sorted(file.parent.name for file in FIXTURES.glob("*/source.toml") if file.parent.name != "bad" and not file.parent.name.startswith("negative-"))
MISPRINTS = 500
BOUND = 0.9  # of the numbers that take part in an identity that holds
FLOORS = {"narrative": 0.85, "percent": 0.8, "table": 0.9, "form": 0.95}  # of all numbers; a lone figure takes part in none


@cache
def page(name: str) -> tuple[Document, Disclosure]:
    (file,) = (FIXTURES / name).glob("input.*")
    document = read(file.read_bytes(), file.name)
    return document, normalize(document)


def failures(disclosure: Disclosure, document: Document) -> set[tuple[str, tuple[str, ...], Decimal | None]]:
    return {(finding.check_id, finding.evidence_ids, finding.difference) for finding in run_checks(disclosure, document) if finding.status == "fail"}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fails_only_where_its_truth_lists_a_defect(name: str) -> None:
    truth = truth_of(FIXTURES / name)
    document, disclosure = page(name)
    alleged = [finding.message_zh for finding in run_checks(disclosure, document) if finding.status == "fail" and finding.severity != "note"]
    assert bool(alleged) == bool(truth["defects"]), alleged


def test_a_misprint_in_a_number_that_an_identity_binds_is_caught() -> None:
    rng = random.Random(20261123)
    originals = [page(name) for name in PAGES]
    before = [failures(disclosure, document) for document, disclosure in originals]
    bound: dict[int, set[str]] = defaultdict(set)
    for index, (document, disclosure) in enumerate(originals):
        for finding in run_checks(disclosure, document):
            if finding.status in {"pass", "pass_rounding"} and finding.lhs is not None:
                bound[index].update(finding.evidence_ids)
    made: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    while sum(count for group, count in made.items() if group != "bound") < MISPRINTS:
        index = rng.randrange(len(originals))
        document, disclosure = originals[index]
        rows = len(disclosure.budget_lines) + len(disclosure.quantities) + len(disclosure.indicators)
        changed = misprint(disclosure, rng) if rows else None
        if changed is None:
            continue
        group, wrong = changed
        groups = [group, "bound"] if touched(disclosure, wrong) & bound[index] else [group]
        noticed = bool(failures(wrong, document) - before[index])
        made.update(groups)
        caught.update(groups if noticed else ())
    shares = {group: f"{caught[group]} of {made[group]}" for group in made}
    assert caught["bound"] >= BOUND * made["bound"], shares
    assert all(caught[group] >= floor * made[group] for group, floor in FLOORS.items()), shares


def touched(before: Disclosure, after: Disclosure) -> set[str]:
    lines = {one.row_id for one, other in zip(before.budget_lines, after.budget_lines, strict=True) if one != other}
    counts = {one.row_id for one, other in zip(before.quantities, after.quantities, strict=True) if one != other}
    return lines | counts | {one.row_id for one, other in zip(before.indicators, after.indicators, strict=True) if one != other}
