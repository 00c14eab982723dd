"""Which value belongs to which column, when the page kept the values of a row but not its blank cells."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

from normalize.numbers import is_dash, parse_number, parse_percent

_NUMERIC = frozenset({"weight", "score", "initial_budget", "annual_budget", "executed"})
_RATES = frozenset({"coefficient_pct", "execution_rate_pct"})
_WORDS = frozenset({"level3", "deviation_note", "note", "nature", "unit"})


class Alignment(NamedTuple):
    """The reading chosen and how many readings survive; more than one means ambiguous."""

    fields: tuple[str, ...]  # field of each value, in order
    readings: int


def _fits(field: str, text: str) -> bool:
    if field in _NUMERIC:
        return parse_number(text) is not None or is_dash(text)
    if field in _RATES:
        return parse_percent(text) is not None or is_dash(text)
    if field == "level3":
        return parse_number(text) is None
    if field in _WORDS:
        return parse_percent(text) is None
    return True


def _contradictions(fields: tuple[str, ...], values: tuple[str, ...]) -> int:
    """How many rules of a form a reading breaks: score over weight, score not weight x coefficient, a percent sign outside rates."""
    row = dict(zip(fields, values, strict=True))
    weight, score, coefficient = parse_number(row.get("weight", "")), parse_number(row.get("score", "")), parse_percent(row.get("coefficient_pct", ""))
    broken = 0
    if weight is not None and score is not None:
        broken += score > weight
        broken += coefficient is not None and score != weight * coefficient / 100
    broken += sum("%" in value for field, value in row.items() if field in _NUMERIC)
    broken += sum("%" not in value for field, value in row.items() if field in _RATES and not is_dash(value))
    return broken


def align(values: tuple[str, ...], fields: tuple[str, ...], required: frozenset[str] = frozenset()) -> Alignment:
    """Fit the surviving texts of a row to its columns in order, by type and by the rules of the form.

    >>> align(("交易时限", "达标", "达标", "20", "100%", "20"), ("level3", "target", "actual", "weight", "coefficient_pct", "score")).readings
    1
    >>> align(("-", "-"), ("initial_budget", "annual_budget", "weight", "score"), frozenset({"weight", "score"}))
    Alignment(fields=('weight', 'score'), readings=1)
    """
    if len(values) > len(fields):
        return Alignment((), 0)
    readings = [
        chosen for chosen in combinations(fields, len(values))
        if required <= {*chosen} and all(_fits(field, value) for field, value in zip(chosen, values, strict=True))
    ]  # fmt: skip
    if not readings:
        return Alignment((), 0)
    marks = [_contradictions(chosen, values) for chosen in readings]
    best = [chosen for chosen, mark in zip(readings, marks, strict=True) if mark == min(marks)]
    return Alignment(best[0], len(best))
