"""No regular expression of the readers can be made slow: each is asked about texts made from what it repeats."""

from __future__ import annotations

import re

import pytest

from tests.patterns import Known, asked, attacks, patterns, seconds

SIZE, NOTICED, GROWTH = 1200, 0.002, 3.3  # characters, seconds, per doubling: what is linear grows by 2
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


def growth(one: Known, way: str, size: int, times: int = 2) -> tuple[float, str]:
    """The worst ratio of times between a text and one so many times as long, of those that take any time, and that text's beginning."""
    worst = 0.0, ""
    for text, longer in zip(attacks(one.pattern, size), attacks(one.pattern, times * size), strict=True):
        if seconds(one.pattern, way, longer) < NOTICED:
            continue
        short, long = (min(seconds(one.pattern, way, each) for _ in range(3)) for each in (text, longer))
        if long > NOTICED:
            worst = max(worst, (long / short, text[:60]))
    return worst


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
            if ratio > GROWTH and (again := growth(one, way, SIZE, 4)[0]) > GROWTH**2:  # a busy machine is slow once, not twice
                slow[one.where, way] = (round(ratio, 1), round(again, 1), text, str(one.pattern.pattern)[:80])
    assert slow == {}


def test_patterns_that_are_slow_on_long_texts_are_still_there_and_still_bounded(known: list[Known]) -> None:
    found = {start for start in BOUNDED for one in known if isinstance(one.pattern.pattern, str) and one.pattern.pattern.startswith(start)}
    assert found == set(BOUNDED)


@pytest.mark.parametrize("pattern", [r"(?:a+)+$", r"\s*,\s*$", r".*用车.*购置.*运行.*x", r"\d+号"])
def test_the_measure_tells_a_slow_pattern(pattern: str) -> None:
    ways = {"fullmatch"} if pattern.startswith(".*") else {"search"}
    size = 11 if "+)+" in pattern else 250 if "用车" in pattern else SIZE
    assert any(growth(Known("x", re.compile(pattern)), way, size)[0] > GROWTH for way in ways)


def test_the_longest_head_of_a_column_is_matched_at_once(known: list[Known]) -> None:
    for one in known:
        if one.where.startswith(HEADS):
            assert all(seconds(one.pattern, "fullmatch", text) < 0.1 for text in attacks(one.pattern, 200))
