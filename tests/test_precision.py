"""Shares and intervals against values known from elsewhere, and their coverage where the truth is known."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest

from gongkai.precision import Stratum, clopper_pearson, estimate, wilson


@pytest.mark.parametrize(("right", "audited", "low", "high"), [
    (95, 100, 0.8882, 0.9785),
    (0, 10, 0.0, 0.2775),
    (10, 10, 0.7225, 1.0),
    (81, 263, 0.2553, 0.3662),  # this and the next: Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0, 0.1611),
    (1, 29, 0.0061, 0.1718),
])  # fmt: skip
def test_wilson_is_what_others_say(right: int, audited: int, low: float, high: float) -> None:
    assert wilson(right, audited) == pytest.approx((low, high), abs=5.1e-5)


@pytest.mark.parametrize(("right", "audited", "low", "high"), [
    (81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (1, 29, 0.0009, 0.1776),  # the same table, method 5
])  # fmt: skip
def test_clopper_and_pearson_is_what_others_say(right: int, audited: int, low: float, high: float) -> None:
    assert clopper_pearson(right, audited) == pytest.approx((low, high), abs=5.1e-5)


def test_its_ends_are_where_the_tails_of_the_binomial_are_what_they_shall_be() -> None:
    for right, audited in ((3, 7), (40, 41), (190, 200), (1, 500)):
        low, high = clopper_pearson(right, audited)
        assert sum(comb(audited, seen) * low**seen * (1 - low) ** (audited - seen) for seen in range(right, audited + 1)) == pytest.approx(0.025, abs=1e-9)
        assert sum(comb(audited, seen) * high**seen * (1 - high) ** (audited - seen) for seen in range(right + 1)) == pytest.approx(0.025, abs=1e-9)


def test_one_stratum_is_clopper_and_pearson_also_where_all_is_right() -> None:
    found = estimate([Stratum(10_000, 100, 95)])
    assert found is not None
    assert found.share == Fraction(95, 100)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(0.95 * 99, 99), abs=0.002)  # one row less: v has n - 1
    whole = estimate([Stratum(10_000, 100, 100)])
    assert whole is not None
    assert (whole.low, whole.high) == pytest.approx((0.96378, 1.0), abs=1e-5)  # 0.025 ** 0.01
    none = estimate([Stratum(10_000, 100, 0)])
    assert none is not None
    assert (none.low, none.high) == pytest.approx((0.0, 0.03622), abs=1e-5)


def test_nothing_seen_is_no_estimate_and_a_stratum_of_one_is_no_certainty() -> None:
    assert estimate([]) is None
    assert estimate([Stratum(10, 0, 0)]) is None
    one = estimate([Stratum(1, 1, 1)])
    assert one is not None
    assert (float(one.share), one.low, one.high) == pytest.approx((1.0, 0.025, 1.0))
    mixed = estimate([Stratum(1, 1, 0), Stratum(999, 99, 99)])
    assert mixed is not None
    assert mixed.share == Fraction(999, 1000)
    assert mixed.low < 0.97
    assert mixed.high > 0.999


def test_a_large_stratum_hardly_looked_at_keeps_the_bound_low() -> None:
    proportional = estimate([Stratum(900, 90, 90), Stratum(100, 10, 10)])
    lopsided = estimate([Stratum(900, 10, 10), Stratum(100, 90, 90)])
    assert proportional is not None
    assert lopsided is not None
    assert lopsided.low < 0.75
    assert proportional.low > 0.96


def test_an_error_never_narrows_the_lower_end() -> None:
    for audited in (5, 20, 100):
        ends = [found.low for wrong in range(audited + 1) if (found := estimate([Stratum(500, audited, audited - wrong), Stratum(50, 3, 3)])) is not None]
        assert ends == sorted(ends, reverse=True)


STRATA = {
    "all alike": [(5000, 120, 0.95), (2000, 48, 0.95), (800, 20, 0.95), (50, 12, 0.95)],
    "one bad": [(5000, 110, 0.99), (2000, 44, 0.97), (800, 20, 0.70), (50, 2, 0.50)],
    "nearly perfect": [(5000, 110, 0.998), (2000, 44, 0.995), (800, 20, 1.0), (10, 1, 0.9)],
    "many small": [(30, 1, 0.9)] * 20 + [(4000, 150, 0.96)],
    "hardly looked at": [(5000, 30, 0.9), (500, 100, 0.99)],
}


@pytest.mark.parametrize("name", STRATA)
def test_of_many_samples_the_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    dice = random.Random(20240501)
    total = sum(size for size, _, _ in STRATA[name])
    truth = sum(size * share for size, _, share in STRATA[name]) / total
    trials = 400
    held = 0
    for _ in range(trials):
        found = estimate([Stratum(size, audited, sum(dice.random() < share for _ in range(audited))) for size, audited, share in STRATA[name]])
        held += found is not None and found.low <= truth <= found.high
    assert held / trials >= 0.945, held / trials
