"""Printed numbers as intervals: what two sides of an identity may differ by is read off their digits (容差 T1-T8)."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from normalize.records import YUAN_PER_UNIT
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable

ZERO = Decimal(0)
HUNDRED = Decimal(100)
HALF = Decimal("0.5")
ONE = Decimal(1)
ORDINARY = 27  # digits that the arithmetic of decimals has room for
PEOPLE = 4  # decimals of a computed value that a message shows
LENIENCE = 9  # a long sum is forgiven at most nine half places: 0.05 万元 in all where amounts have two decimals (T3)
UNIT_FAMILY: dict[str, str] = {unit: family for family, units in load_toml("checks.toml")["count_units"].items() for unit in units}
NUMERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")


class Term(NamedTuple):
    """One side of an identity, or a part of it: a value, how far the true one may lie from it, and the rows it was read from."""

    value: Decimal
    slack: Decimal = ZERO  # half a unit of the last place, at the decimals the document usually prints
    loose: Decimal = ZERO  # the same by this number's own digits: 31 is 31 ± 0.5
    unit: str | None = None
    text: str = ""  # the arithmetic as a person would write it: 499.26+106.79
    ids: tuple[str, ...] = ()
    place: Decimal | None = None  # last printed place of a single number; None once computed


class Verdict(NamedTuple):
    """Whether two sides agree, by how much they differ and what was allowed."""

    status: str  # pass | pass_rounding | fail | unreadable
    difference: Decimal | None
    tolerance: Decimal | None
    only_if_rounded: bool = False  # a failure that the printed digits, taken as rounded, would still allow


def printed_decimals(raw: str, value: Decimal) -> int | None:
    """Decimals of the numeral in `raw` that stands for `value`; None where it prints none (持平, 无).

    >>> printed_decimals("减少56.950万元", Decimal("-56.95")), printed_decimals("与2024年持平", Decimal(0))
    (3, None)
    """
    if raw == f"{value:f}":
        return len(raw.partition(".")[2])
    for numeral in NUMERAL.findall(unicodedata.normalize("NFKC", raw)):
        digits = numeral.replace(",", "")
        if Decimal(digits) == abs(value):
            return len(digits.partition(".")[2])
    return None


@cache
def last_place(decimals: int) -> Decimal:
    """One unit of the last printed digit."""
    return Decimal(1).scaleb(-decimals)


def half_up(value: Decimal, place: Decimal) -> Decimal:
    """`value` to the given place, 四舍五入.

    >>> half_up(Decimal("41.05"), Decimal("0.1"))
    Decimal('41.1')
    >>> half_up(Decimal("9" * 40), Decimal("0.01")) == Decimal("9" * 40)
    True
    """
    if (digits := value.adjusted() - place.adjusted()) < ORDINARY:
        return (value / place).quantize(ONE, ROUND_HALF_UP) * place
    room = Context(prec=digits + ORDINARY)  # a page may print a number of any length
    return room.multiply(room.divide(value, place).quantize(ONE, ROUND_HALF_UP, room), place)


def number(value: Decimal) -> str:
    """A computed value for people: at most four decimals, no exponent.

    >>> number(Decimal("91.6666666")), number(Decimal("606.040"))
    ('91.6667', '606.04')
    """
    text = f"{value:f}"
    if len(text.partition(".")[2]) > PEOPLE:
        text = f"{half_up(value, last_place(PEOPLE)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def printed(raw: str, value: Decimal, unit: str | None, ids: tuple[str, ...], usual: int = 0) -> Term:
    """A printed amount; `usual` is the number of decimals its document mostly prints in that unit, so 31 beside 7.25 is 31.00."""
    decimals = printed_decimals(raw, value)
    place = last_place(usual if decimals is None else decimals)
    slack = min(place, last_place(usual)) * HALF
    return Term(value, slack, max(slack, place * HALF), unit, f"{value:f}", ids, place)


def exact(value: Decimal, ids: tuple[str, ...] = (), unit: str | None = None) -> Term:
    """A count, a weight or a rule's own number: no interval."""
    return Term(value, unit=unit, text=f"{value:f}", ids=ids)


def scored(value: Decimal, ids: tuple[str, ...], usual: int = 0) -> Term:
    """A score or percent of a form, whose printed decimals its `Decimal` still shows."""
    exponent = value.as_tuple().exponent
    place = last_place(max(-exponent, 0) if isinstance(exponent, int) else 0)
    slack = min(place, last_place(usual)) * HALF
    return Term(value, slack, place * HALF, None, f"{value:f}", ids, place)


def factor(unit: str | None, to: str | None) -> Decimal | None:
    """How many `to` make one `unit`; None where the two cannot be compared."""
    if unit == to:
        return Decimal(1)
    if unit in YUAN_PER_UNIT and to in YUAN_PER_UNIT:
        return YUAN_PER_UNIT[unit] / YUAN_PER_UNIT[to]
    family = UNIT_FAMILY.get(unit or "")
    return Decimal(1) if family is not None and family == UNIT_FAMILY.get(to or "") else None


def in_unit(term: Term, unit: str | None) -> Term | None:
    """`term` told in another unit of money; zero is zero in any unit."""
    if term.unit == unit:
        return term
    if term.value == 0 and term.unit is None:
        return term._replace(unit=unit)
    scale = factor(term.unit, unit)
    if scale is None:
        return None
    if scale == 1:
        return term
    place = None if term.place is None else term.place * scale
    value = term.value * scale
    text = term.text if term.place is None else number(value)
    return term._replace(value=value, slack=term.slack * scale, loose=term.loose * scale, unit=unit, text=text, place=place)


def _unit_of(terms: Iterable[Term]) -> str | None:
    return next((term.unit for term in terms if term.unit is not None), None)


def total(terms: Iterable[Term]) -> Term | None:
    """The sum, in the unit of the first part that has one; None where a part has another kind of unit."""
    parts = tuple(terms)
    unit = _unit_of(parts)
    alike = [in_unit(part, unit) for part in parts]
    if any(part is None for part in alike):
        return None
    known = [part for part in alike if part is not None]
    if len(known) == 1:
        return known[0]
    widest = max((part.slack for part in known), default=ZERO)
    return Term(
        sum((part.value for part in known), ZERO),
        min(sum((part.slack for part in known), ZERO), widest * LENIENCE),
        sum((part.loose for part in known), ZERO),
        unit,
        "+".join(part.text for part in ([part for part in known if part.value] or known[:1])).replace("+-", "-"),
        tuple(row for part in known for row in part.ids),
    )


def minus(left: Term, right: Term) -> Term | None:
    """The difference left − right."""
    other = in_unit(right, left.unit)
    if other is None:
        return None
    subtrahend = f"({other.text})" if other.value < 0 else other.text
    return Term(
        left.value - other.value,
        left.slack + other.slack,
        left.loose + other.loose,
        left.unit,
        f"{left.text}-{subtrahend}",
        left.ids + other.ids,
    )


def quotient(part: Term, whole: Term, scale: Decimal = HUNDRED, unit: str | None = "%") -> Term | None:
    """The quotient part ÷ whole × scale with the interval both roundings allow; None where whole is 0 or the units differ."""
    other = part if part.value == 0 and part.unit is None else in_unit(part, whole.unit) if unit == "%" else part
    if other is None or whole.value == 0:
        return None
    value = other.value / whole.value * scale
    ids = part.ids + whole.ids
    times = "×100" if scale == HUNDRED else ""
    text = f"{_bracketed(other.text)}÷{_bracketed(whole.text)}{times}"
    return Term(value, _reach(other, whole, "slack", scale), _reach(other, whole, "loose", scale), unit, text, ids)


def _bracketed(text: str) -> str:
    return f"({text})" if "+" in text or "-" in text[1:] else text


def _reach(part: Term, whole: Term, kind: str, scale: Decimal) -> Decimal:
    above, below = (part.slack, whole.slack) if kind == "slack" else (part.loose, whole.loose)
    size = abs(whole.value)
    if below >= size:
        below = size * HALF
    value = part.value / whole.value
    return ((abs(part.value) + above) / (size - below) - abs(value)) * scale


def times(left: Term, right: Term, scale: Decimal = Decimal(1)) -> Term:
    """The product left × right × scale."""
    return Term(
        left.value * right.value * scale,
        (left.slack * abs(right.value) + right.slack * abs(left.value)) * scale,
        (left.loose * abs(right.value) + right.loose * abs(left.value)) * scale,
        left.unit,
        f"{_bracketed(left.text)}×{_bracketed(right.text)}",
        left.ids + right.ids,
    )


def compare(computed: Term, stated: Term, *, percent: bool = False) -> Verdict:
    """Do the two sides agree? (T2) A percent passes when the recomputed one rounds half up to the printed digits (T4).

    >>> seven, eight = Term(Decimal("606.05"), Decimal("0.01")), Term(Decimal("606.04"), Decimal("0.005"))
    >>> compare(seven, seven).status, compare(seven, eight).status
    ('pass', 'pass_rounding')
    """
    lhs = in_unit(computed, stated.unit)
    rhs = stated
    if lhs is None:
        rhs_alike = in_unit(stated, computed.unit)
        if rhs_alike is None:
            return Verdict("unreadable", None, None)
        lhs, rhs = computed, rhs_alike
    difference = lhs.value - rhs.value
    tolerance = lhs.slack + rhs.slack
    if difference == 0 or (percent and rhs.place is not None and half_up(lhs.value, rhs.place) == rhs.value):
        return Verdict("pass", difference, tolerance)
    rounded = (rhs.place is not None and half_up(lhs.value, rhs.place) == rhs.value) or (
        lhs.place is not None and half_up(rhs.value, lhs.place) == lhs.value
    )
    if rounded or abs(difference) <= tolerance:
        return Verdict("pass_rounding", difference, max(tolerance, abs(difference)) if rounded else tolerance)
    return Verdict("fail", difference, tolerance, abs(difference) <= lhs.loose + rhs.loose)
