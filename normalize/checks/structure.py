"""Structure of the text: section numbers count on (章节编号)."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from normalize.checks.outcome import Identity, Place, remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Ledger
    from normalize.records import Finding, Section

DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
INNER = 3  # （一） and below
NUMBER = re.compile(r"([一二三四五六七八九十]{1,4})|([0-9]{1,3})")


def ordinal(number: str | None) -> int | None:
    """The value of a printed section number.

    >>> ordinal("（十二）"), ordinal("3."), ordinal("第二部分"), ordinal("附")
    (12, 3, 2, None)
    """
    match = NUMBER.search(number or "")
    if match is None:
        return None
    chinese, arabic = match.groups()
    if arabic:
        return int(arabic)
    tens, ten, ones = chinese.partition("十")
    if not ten:
        return DIGITS[chinese] if len(chinese) == 1 else None
    return (DIGITS.get(tens, 1) if tens else 1) * 10 + (DIGITS.get(ones, 0) if ones else 0)


def section_numbers_increase(ledger: Ledger) -> Iterator[Finding]:
    """同一层的编号逐个递增: a repeated or falling number means a lost or misnumbered heading (A70).

    A list may begin anew; and lines like 二、外交支出 of a table are no headings, so the upper levels are judged between known sections only.
    """
    siblings: dict[tuple[str | None, int], list[Section]] = defaultdict(list)
    for section in ledger.disclosure.sections:
        if section.level and section.number:
            siblings[section.parent_id, section.level].append(section)
    identity = Identity("section_numbers_increase", "章节编号递增", "section numbers increase", "note")
    checked = 0
    for group in siblings.values():
        for before, after in pairwise(group):
            first, second = ordinal(before.number), ordinal(after.number)
            if first is None or second is None:
                continue
            checked += 1
            known = before.section_kind and after.section_kind and before.section_kind != after.section_kind
            if 1 < second <= first and (after.level >= INNER or known):
                zh, en = f"{before.number}{before.heading} 之后是 {after.number}{after.heading}", f"{after.number} follows {before.number}"
                yield remark(identity, "fail", zh, en, ids=(before.row_id, after.row_id), place=Place(after.section_kind))
    if checked:
        yield remark(identity, "pass", f"比较{checked}处", f"{checked} pairs compared")


CHECKS = (section_numbers_increase,)
