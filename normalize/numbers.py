"""Printed numbers as exact decimals: separators, full-width digits, Chinese numerals, signs, targets.

A text that is not plainly one number gives None; nothing is guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from normalize.folding import key

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d])|\d+(?:\.\d+)?"  # in folded text
_WHOLE = re.compile(r"(?P<sign>[-+]?)(?P<digits>\d{1,3}(?:,\d{3})+|\d+)(?P<fraction>\.\d+)?")
_BRACKETED = re.compile(r"\((?P<inner>[\d,.]+)\)")
DASHES = frozenset({"-", "--", "---", "/", "*", "——"})
MULTIPLIERS = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2} | {c: i for i, c in enumerate("零壹贰叁肆伍陆柒捌玖")}
_TENS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}
SPELT_NUMBER = r"(?<![数几上多余近第、一二三四五六七八九十百千])[一二两三四五六七八九十][一二三四五六七八九十两百千零〇]*(?:点[一二三四五六七八九零〇]+)?"  # 一点五(亿元)


@lru_cache(maxsize=4096)
def parse_number(text: str) -> Decimal | None:
    """A cell that holds one number and nothing else; None for a blank, a dash or anything else.

    Thousands separators must part groups of three; brackets round a number mean a negative one, as in accounts.

    >>> parse_number("1,503.52"), parse_number("－7.71"), parse_number("12,34"), parse_number("—")
    (Decimal('1503.52'), Decimal('-7.71'), None, None)
    """
    plain = key(text)
    bracketed = _BRACKETED.fullmatch(plain) if plain[:1] == "(" else None
    match = _WHOLE.fullmatch(bracketed["inner"] if bracketed else plain)
    if match is None:
        return None
    value = Decimal(match["digits"].replace(",", "") + (match["fraction"] or ""))
    return -value if bracketed or match["sign"] == "-" else value


def printed_number(digits: str) -> Decimal:
    """A number of the prose as its token holds it: with separators, a middle dot for the point, or in Chinese numerals.

    >>> printed_number("3,345.01"), printed_number("2477·1"), printed_number("三千二百")
    (Decimal('3345.01'), Decimal('2477.1'), Decimal('3200'))
    """
    spelt = None if digits[-1].isascii() else chinese_number(digits)
    return spelt if spelt is not None else Decimal(digits.replace(",", "").replace("·", "."))


def parse_percent(text: str) -> Decimal | None:
    """A number that may carry a percent sign: `84%`, `100`.

    >>> parse_percent("99.60%")
    Decimal('99.60')
    """
    return parse_number(key(text).removesuffix("%"))


def is_dash(text: str) -> bool:
    """A printed dash: the form says that nothing belongs here.

    >>> is_dash("—"), is_dash(""), is_dash("0")
    (True, False, False)
    """
    return key(text) in DASHES


def decimals(text: str) -> int:
    """How many decimals are printed.

    >>> decimals("606.04万元"), decimals("31")
    (2, 0)
    """
    match = re.search(r"\d\.(\d+)", key(text))
    return len(match[1]) if match else 0


def chinese_number(text: str) -> Decimal | None:
    """A number in Chinese numerals, read as digits (二〇二〇) or by place (三千二百万, 一点五亿).

    >>> chinese_number("二〇二〇"), chinese_number("一点五亿"), chinese_number("三十"), chinese_number("年")
    (Decimal('2020'), Decimal('150000000.0'), Decimal('30'), None)
    """
    whole, dot, fraction = text.partition("点")
    if dot:
        scale = Decimal(_MYRIADS.get(fraction[-1:], 1))
        fraction = fraction.rstrip("万亿")
        head = chinese_number(whole)
        if head is None or not fraction or any(c not in _DIGITS for c in fraction):
            return None
        return (head + Decimal("0." + "".join(str(_DIGITS[c]) for c in fraction))) * scale
    if not text or any(c not in _DIGITS and c not in _TENS and c not in _MYRIADS for c in text):
        return None
    if all(c in _DIGITS for c in text):
        return Decimal("".join(str(_DIGITS[c]) for c in text))
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c in _TENS:
            section += (digit or (1 if not section else 0)) * _TENS[c]
            digit = 0
        else:
            total = (total + section + digit) * _MYRIADS[c] if c == "亿" else total + (section + digit) * _MYRIADS[c]
            section = digit = 0
    return Decimal(total + section + digit)


class Target(NamedTuple):
    """A target or actual of an indicator: `≥100宗` is (≥, 100, 宗); a qualitative one is (None, None, None)."""

    operator: str | None
    value: Decimal | None
    unit: str | None


OPERATORS = {
    "≥": "≥", ">=": "≥", "大于等于": "≥", "不少于": "≥", "不低于": "≥", "不小于": "≥", "达到": "≥", "至少": "≥", "≧": "≥",
    "≤": "≤", "<=": "≤", "小于等于": "≤", "不超过": "≤", "不高于": "≤", "不大于": "≤", "不多于": "≤", "控制在": "≤", "≦": "≤",
    ">": ">", "大于": ">", "高于": ">", "多于": ">", "超过": ">",
    "<": "<", "小于": "<", "低于": "<", "少于": "<",
    "=": "=", "等于": "=",
}  # fmt: skip
_OPERATOR = "|".join(sorted(map(re.escape, OPERATORS), key=len, reverse=True))
_TARGET = re.compile(rf"(?P<operator>{_OPERATOR})?(?P<number>[-+]?(?:{NUMBER}))(?P<scale>[万亿](?!元))?(?P<unit>[^\d,，。;；]{{0,12}})")
_DATE_UNIT = re.compile("[年月日号]")
_UNIT_NAMES = {"百分比": "%", "人.次": "人次", "": None}


def parse_target(text: str) -> Target:
    """Operator, value and unit of `≥100宗`, `=2.38亿元`, `>4万件`, `100%`; multipliers before a unit are applied.

    Money keeps its printed unit (2.38 亿元); a multiplier that is not part of a money unit is worked into the value (4万件 -> 40000 件),
    and a bare 万 leaves the unit unknown. A text with anything else in it is qualitative, or relative to a basis it names.

    >>> parse_target(">4万件")
    Target(operator='>', value=Decimal('40000'), unit='件')
    >>> parse_target("=2.38亿元")
    Target(operator='=', value=Decimal('2.38'), unit='亿元')
    >>> parse_target("<法定事项办理时限30%"), parse_target("达标")
    (Target(operator=None, value=None, unit=None), Target(operator=None, value=None, unit=None))
    """
    match = _TARGET.fullmatch(key(text))
    if match is None:
        return Target(None, None, None)
    value = Decimal(match["number"].replace(",", ""))
    if _DATE_UNIT.match(match["unit"]) and not match["operator"] and (value >= 1900 or not match["unit"].startswith("年")):
        return Target(None, None, None)
    if match["scale"]:
        value *= MULTIPLIERS[match["scale"]]
    unit = match["unit"]
    return Target(OPERATORS[match["operator"]] if match["operator"] else None, value, _UNIT_NAMES.get(unit, unit))
