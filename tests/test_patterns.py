"""No regular expression of the readers can be made slow: each is asked about texts made from what it repeats."""

from __future__ import annotations

import re
from math import inf

import pytest

from tests.patterns import Known, asked, attacks, patterns, seconds

SHORT, SIZE, NOTICED, GROWTH = 22, 1200, 0.002, 3.3  # characters, seconds, per doubling: what is linear grows by 2
# Patterns that are slow on long texts and are never given one: where they are asked, and what bounds the text.
BOUNDED = {
    r"([-—–－―~·•\s]*)(第?)": "extract/prose.py: lines of fewer than 24 characters",
    r"(?:\d[\d.]*(?:%|万元|亿元|元)?[、,和])+$": "normalize/figures.py: LONGEST_GAP",
    r"[,;:。()]|\d+(?:[.]\d+)?[一-鿿%]{0,3}?(?=[一-鿿])": "normalize/clause.py: the 40 characters before a number",
    r"(?:共计?|为|达到?|约|超过?|了|完成|累计)+$": "normalize/clause.py: the 40 characters before a number",
    r"(?:蒙古族|蒙古|回族": "normalize/places.py: names of divisions.csv, none of a document",
}
HEADS = "normalize/tables/kinds.py"  # LONGEST_HEAD, LONGEST_TITLE
TOKENS = "normalize/lexicon.py"


@pytest.fixture(scope="module")
def known() -> list[Known]:
    return patterns()


def growth(one: Known, way: str, size: int) -> tuple[float, str]:
    """The worst growth per doubling, of texts that take any time, and the beginning of that text.

    Where a doubling takes longer than it should, it counts if a second doubling of the same text does so too.
    """
    worst = 0.0, ""
    for line in attacks(one.pattern, SHORT):
        if seconds(one.pattern, way, line) > 25 * NOTICED:
            return inf, line  # at SIZE it would never end
    for text, double, fourfold in zip(*(attacks(one.pattern, times * size) for times in (1, 2, 4)), strict=True):
        if seconds(one.pattern, way, double) < NOTICED or (once := _ratio(one, way, text, double)) <= GROWTH:
            continue
        worst = max(worst, (min(once, _ratio(one, way, double, fourfold)), text[:60]))
    return worst


def _ratio(one: Known, way: str, short: str, long: str) -> float:
    before, after = (min(seconds(one.pattern, way, each) for _ in range(3)) for each in (short, long))
    return after / before


def bounded(one: Known) -> bool:
    text = one.pattern.pattern
    return isinstance(text, str) and (one.where.startswith(HEADS) or any(text.startswith(start) for start in BOUNDED))


def test_every_pattern_takes_time_that_grows_with_its_text(known: list[Known]) -> None:
    assert len(known) > 400
    token = max((one for one in known if one.where.startswith(TOKENS)), key=lambda one: len(str(one.pattern.pattern)))
    slow = {}
    for one in known:
        if bounded(one) or (one.where == token.where and one is not token):
            continue  # the token patterns of the lexicon are one pattern, with more or fewer of its kinds
        for way in sorted(asked(one)):
            ratio, text = growth(one, way, SIZE)
            if ratio > GROWTH:
                slow[one.where, way] = (round(ratio, 1), text, str(one.pattern.pattern)[:80])
    assert slow == {}


def test_patterns_that_are_slow_on_long_texts_are_still_there_and_still_bounded(known: list[Known]) -> None:
    found = {start for start in BOUNDED for one in known if isinstance(one.pattern.pattern, str) and one.pattern.pattern.startswith(start)}
    assert found == set(BOUNDED)


@pytest.mark.parametrize("pattern", [r"(?:a+)+$", r"\s*,\s*$", r".*用车.*购置.*运行.*x", r"\d+号"])
def test_the_measure_tells_a_slow_pattern(pattern: str) -> None:
    ways = {"fullmatch"} if pattern.startswith(".*") else {"search"}
    size = 250 if "用车" in pattern else SIZE
    assert any(growth(Known("x", re.compile(pattern)), way, size)[0] > GROWTH for way in ways)


def test_the_longest_head_of_a_column_is_matched_at_once(known: list[Known]) -> None:
    for one in known:
        if one.where.startswith(HEADS):
            assert all(seconds(one.pattern, "fullmatch", text) < 0.1 for text in attacks(one.pattern, 200))
