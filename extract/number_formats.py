"""Numbers as a spreadsheet shows them (数字格式): 0.853 in a cell formatted 0.0% is printed 85.3%, and that is what its reader sees.

Only what forms of public finance use is known: decimals, thousands, percent, leading zeros, words for zero. Any other format shows the plain number.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

LONGEST, MOST_DECIMALS = 255, 30  # of a format, as spreadsheet programs allow
ROUNDED = Context(prec=17 + MOST_DECIMALS, rounding=ROUND_HALF_UP)
DIGITS = 15  # a spreadsheet keeps no more; what lies beyond is binary noise
QUOTED = re.compile(r'"[^"]*"|\\.|!.|_.|\*.|\[[^\]]*\]')
PLACES = re.compile(r"[#0?][#0?,]*(?:\.[#0?]*)?%?|\.[#0?]+%?")
UNKNOWN = re.compile(r"[ymdhsYMDHSeE@/]|General|G/通用格式", re.ASCII)
LITERAL = re.compile(r'"([^"]*)"|[\\!](.)|([-—])')


class Shown(NamedTuple):
    """A number as shown; `known` is False where the format is one that is not understood and the plain number stands for it."""

    text: str
    known: bool = True


def plain(value: float) -> str:
    """The shortest decimal that the cell holds.

    >>> plain(0.1 + 0.2), plain(1206.0), plain(-3.6e-7), plain(12345678901234.5)
    ('0.3', '1206', '-0.00000036', '12345678901234.5')
    """
    text = f"{Decimal(format(value, f'.{DIGITS}g')):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(value: float, code: str | None) -> Shown:
    """A number in a number format.

    >>> [shown(1206.404, code).text for code in ("0.00", "#,##0.00", "General", "#,##0.00_ ;[Red]-#,##0.00 ", '0.0"万元"')]
    ['1206.40', '1,206.40', '1206.404', '1,206.40', '1206.4']
    >>> shown(0.8535, "0.0%").text, shown(201, "0000000").text, shown(0, '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ').text, shown(0, "0.00;-0.00;").text
    ('85.4%', '0000201', '-', '')
    >>> shown(-12.5, "#,##0.00_);(#,##0.00)").text, shown(45000, "yyyy-mm-dd").known
    ('-12.50', False)
    """
    if code in (None, "", "General", "@", "GENERAL"):
        return Shown(plain(value))
    assert code is not None
    if len(code) > LONGEST:
        return Shown(plain(value), known=False)
    sections = code.split(";")
    chosen = sections[2] if value == 0 and len(sections) > 2 else sections[1] if value < 0 and len(sections) > 1 else sections[0]
    bare = QUOTED.sub("", chosen)
    found = [places for places in PLACES.findall(bare) if places.strip("?")]
    if not found and value == 0:
        return Shown("".join(part for match in LITERAL.finditer(re.sub(r"_.|\*.", "", chosen)) for part in match.groups() if part).strip())
    if len(found) != 1 or UNKNOWN.search(bare) or re.search(r",(?:\.|%|$)", found[0]) or re.search(r"[#0?]!\.", chosen) or len(found[0].partition(".")[2]) > MOST_DECIMALS:
        return Shown(plain(value), known=False)
    return Shown(_placed(abs(Decimal(format(value, f".{DIGITS}g"))), found[0], negative=value < 0))


def _placed(value: Decimal, places: str, *, negative: bool) -> str:
    percent = places.endswith("%")
    whole, _, fraction = places.rstrip("%").partition(".")
    scaled = (value * 100 if percent else value).quantize(Decimal(1).scaleb(-len(fraction)), context=ROUNDED)
    digits, _, decimals = f"{scaled:f}".partition(".")
    digits = digits.lstrip("0").zfill(whole.count("0"))
    kept = len(fraction.rstrip("#?"))  # 0 keeps a place, # and ? do not
    decimals = decimals[:kept] + decimals[kept:].rstrip("0")
    if "," in whole:
        digits = f"{int(digits):,}" if digits else ""
    text = f"{digits}.{decimals}" if decimals else digits
    return f"{'-' if negative and scaled else ''}{text}{'%' if percent and text else ''}"
