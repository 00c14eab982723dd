"""How right a dataset is, worked out of a stratified sample that people looked at: shares and their 95 % intervals. Intervals are floats; nothing here is money.

One stratum, and a table's single strata: the score interval of Wilson (1927), JASA 22, 209-212.

Several strata: p = sum of W_h p_h, W_h the stratum's share of the rows (Cochran 1977, Sampling Techniques, 3rd ed., 5.3). Its interval is that of Korn & Graubard
(1998, Survey Methodology 24, 193-201): Clopper & Pearson's (1934) with an effective number of rows, for Wilson's falls short near 100 %, where we hope to be. It is the smaller of

    1 / sum of W_h^2 / n_h     Kish (1965), Survey Sampling, 11.7: as if all strata were equally right
    p (1 - p) / v              v = sum of W_h^2 p_h (1 - p_h) / (n_h - 1), Cochran (5.7) without the finite population correction; p for p_h where n_h = 1

Where everything is right (or wrong) v is 0 and says nothing. Then the bound is exact: the least p for which seeing no error still has a probability of 2.5 %,
with errors where they are hardest to see. For one stratum that is Clopper & Pearson's. Some errors are never better than none, so this bounds every lower end.
"""

from __future__ import annotations

from fractions import Fraction
from math import exp, lgamma, log, log1p, sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Z = 1.959963984540054  # of 95 %
TAIL = 0.025
HALVINGS = 50
TERMS = 200  # of a continued fraction


class Stratum(NamedTuple):
    """Rows there are, rows looked at, and how many of them were right."""

    size: int
    audited: int
    right: int


class Estimate(NamedTuple):
    """A share, exact, and its 95 % interval."""

    share: Fraction
    low: float
    high: float


def wilson(right: float, audited: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share.

    >>> [round(end, 4) for end in wilson(95, 100)], [round(end, 4) for end in wilson(10, 10)]
    ([0.8882, 0.9785], [0.7225, 1.0])
    """
    share, factor = right / audited, 1 + Z**2 / audited
    centre = (share + Z**2 / (2 * audited)) / factor
    half = Z * sqrt(share * (1 - share) / audited + Z**2 / (4 * audited**2)) / factor
    return (0.0 if right == 0 else max(0.0, centre - half)), (1.0 if right == audited else min(1.0, centre + half))


def clopper_pearson(right: float, audited: float) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval of a share that is neither 0 nor 1; the numbers need not be whole.

    >>> [round(end, 4) for end in clopper_pearson(95, 100)]
    [0.8872, 0.9836]
    """
    return _quantile(TAIL, right, audited - right + 1), _quantile(1 - TAIL, right + 1, audited - right)


def _quantile(probability: float, a: float, b: float) -> float:
    """Below which a beta distribution lies with that probability."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _beta(middle, a, b) < probability else (low, middle)
    return low


def _beta(at: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22) from the end where it converges fast.

    >>> round(_beta(0.5, 2, 3), 6)  # 11/16
    0.6875
    """
    if not 0 < at < 1:
        return float(at >= 1)
    if at > (a + 1) / (a + b + 2):
        return 1 - _beta(1 - at, b, a)
    value = 1.0
    for term in range(TERMS, 0, -1):
        half, odd = divmod(term, 2)
        above = -(a + half) * (a + b + half) / ((a + 2 * half) * (a + 2 * half + 1)) if odd else half * (b - half) / ((a + 2 * half - 1) * (a + 2 * half))
        value = 1 + above * at / value
    return exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(at) + b * log1p(-at)) / (a * value)


def estimate(strata: Sequence[Stratum]) -> Estimate | None:
    """The share that is right of the rows of all strata in which something was looked at; None where nothing was.

    >>> found = estimate([Stratum(900, 90, 81), Stratum(100, 10, 10)])
    >>> found.share, round(found.low, 3), round(found.high, 3)
    (Fraction(91, 100), 0.836, 0.958)
    """
    seen = [stratum for stratum in strata if stratum.audited]
    if not seen:
        return None
    total = sum(stratum.size for stratum in seen)
    weights = [Fraction(stratum.size, total) for stratum in seen]
    shares = [Fraction(stratum.right, stratum.audited) for stratum in seen]
    share = sum((weight * part for weight, part in zip(weights, shares, strict=True)), Fraction(0))
    least = _least(weights, [stratum.audited for stratum in seen])
    if share in {0, 1}:
        return Estimate(share, least if share else 0.0, 1.0 if share else 1 - least)
    kish = 1 / sum(float(weight) ** 2 / stratum.audited for weight, stratum in zip(weights, seen, strict=True))
    variance = sum(
        float(weight) ** 2 * float(part * (1 - part) / (stratum.audited - 1) if stratum.audited > 1 else share * (1 - share))
        for weight, part, stratum in zip(weights, shares, seen, strict=True)
    )
    effective = min(kish, float(share * (1 - share)) / variance) if variance else kish
    low, high = clopper_pearson(float(share) * effective, effective)
    return Estimate(share, min(low, least), max(high, 1 - least))


def _least(weights: Sequence[Fraction], audited: Sequence[int]) -> float:
    """The least share right for which seeing no error at all has a probability of `TAIL`: the sum of W_h (1 - q_h) with 1 - q_h = min(1, m n_h / W_h).

    >>> round(_least([Fraction(1)], [100]), 5) == round(0.025 ** (1 / 100), 5)
    True
    """
    ratios = [number / float(weight) for weight, number in zip(weights, audited, strict=True)]
    low, high = 0.0, 1 / min(ratios)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if middle > 0 and sum(number * log(min(1.0, middle * ratio)) for number, ratio in zip(audited, ratios, strict=True)) > log(TAIL):
            high = middle
        else:
            low = middle
    return sum(float(weight) * min(1.0, low * ratio) for weight, ratio in zip(weights, ratios, strict=True))
