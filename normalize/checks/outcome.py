"""How an identity's two sides become a finding: the arithmetic in Chinese and English, the rows on both sides, a severity (核对结果)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from normalize.checks.tolerance import Term, Verdict, compare, in_unit, number, total
from normalize.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from decimal import Decimal

    from normalize.checks.ledger import Fact, Sheet


@dataclass(frozen=True, slots=True)
class Identity:
    """What a check asserts, in words: 收入总计 = 支出总计."""

    check_id: str
    zh: str
    en: str
    severity: str = "certain"  # of a failure, at most


class Place(NamedTuple):
    """Where a finding belongs, for filtering."""

    section_kind: str | None = None
    table_kind: str | None = None
    project_id: str | None = None


NOWHERE = Place()


def place_of(row: Fact | None) -> Place:
    """The section and table of a row."""
    return NOWHERE if row is None else Place(row.section_kind, row.table_kind)


def place_of_sheet(sheet: Sheet) -> Place:
    """The table itself."""
    return Place(table_kind=sheet.kind)


def reconcile(identity: Identity, computed: Term | None, stated: Term | None, *, percent: bool = False, place: Place | None = None) -> Iterator[Finding]:
    """The finding of one comparison; nothing where a side is missing."""
    if computed is None or stated is None:
        return
    verdict = compare(computed, stated, percent=percent)
    yield finding(identity, verdict, computed, stated, place or NOWHERE)


def _side(term: Term) -> str:
    unit = term.unit or ""
    return f"{term.text}{unit}" if term.text in {f"{term.value:f}", number(term.value)} else f"{term.text} = {number(term.value)}{unit}"


def percent_near_miss(verdict: Verdict, stated: Term) -> bool:
    """A percent out by its last digit was truncated, or bent so that the shares close."""
    return stated.unit == "%" and stated.place is not None and verdict.difference is not None and abs(verdict.difference) < 2 * stated.place


def finding(identity: Identity, verdict: Verdict, lhs: Term, rhs: Term, place: Place) -> Finding:
    """A finding with its arithmetic in both languages; grave at most as the identity says, less where a difference is small."""
    lhs = in_unit(lhs, rhs.unit) or lhs
    left, right = _side(lhs), _side(rhs)
    against_zh, against_en = ("印为", "printed") if rhs.ids else ("应为", "should be")
    severity = "note"
    if verdict.status == "pass":
        zh, en = f"{left}，与{right}相符", f"{left} agrees with {right}"
    elif verdict.status == "unreadable":
        zh, en = f"{left} 与 {right} 的单位无法比较", f"{left} and {right}: their units cannot be compared"
        severity = "look"
    else:
        gap, allowed = number(verdict.difference or lhs.value * 0), number(verdict.tolerance or lhs.value * 0)
        if verdict.status == "pass_rounding":
            zh, en = f"{left}，{against_zh}{right}，差{gap}，属四舍五入", f"{left}, {against_en} {right}: {gap} apart, within rounding"
        else:
            zh, en = f"{left}，{against_zh}{right}，差{gap}，超出容差{allowed}", f"{left}, {against_en} {right}: {gap} apart, more than {allowed} allowed"
            near_miss = percent_near_miss(verdict, rhs)
            severity = "look" if verdict.only_if_rounded or near_miss else identity.severity
    return Finding(
        check_id=identity.check_id,
        status=verdict.status,
        message_zh=f"{identity.zh}：{zh}",
        message_en=f"{identity.en}: {en}",
        severity=severity,
        lhs=lhs.value,
        rhs=rhs.value,
        difference=verdict.difference,
        tolerance=verdict.tolerance,
        section_kind=place.section_kind,
        table_kind=place.table_kind,
        project_id=place.project_id,
        evidence_ids=tuple(dict.fromkeys(lhs.ids + rhs.ids)),
    )


def remark(identity: Identity, status: str, zh: str, en: str, *, severity: str | None = None, ids: Iterable[str] = (), place: Place = NOWHERE, lhs: Decimal | None = None, rhs: Decimal | None = None) -> Finding:
    """A finding that is not one comparison of two numbers."""
    return Finding(
        check_id=identity.check_id,
        status=status,
        message_zh=f"{identity.zh}：{zh}",
        message_en=f"{identity.en}: {en}",
        severity=severity or (identity.severity if status == "fail" else "note"),
        lhs=lhs,
        rhs=rhs,
        difference=None if lhs is None or rhs is None else lhs - rhs,
        section_kind=place.section_kind,
        table_kind=place.table_kind,
        project_id=place.project_id,
        evidence_ids=tuple(dict.fromkeys(row for row in ids if row)),
    )


def adds_up(identity: Identity, whole: Term | None, required: Sequence[Term | None], optional: Sequence[Term | None] = (), place: Place = NOWHERE) -> Iterator[Finding]:
    """Parts against their whole. Parts that the page leaves out can explain a shortfall, never an excess.

    With a `required` part missing only an excess or a match is decided; with an `optional` one missing a shortfall needs a look.
    """
    parts = [part for part in (*required, *optional) if part is not None]
    if whole is None or not parts:
        return
    amount = total(parts)
    if amount is None:
        return
    verdict = compare(amount, whole)
    short = verdict.status == "fail" and verdict.difference is not None and verdict.difference < 0
    if short and any(part is None for part in required):
        return
    if short and any(part is None for part in optional):
        identity = replace(identity, severity="look")
    yield finding(identity, verdict, amount, whole, place)


def at_most(identity: Identity, small: Term | None, large: Term | None, place: Place = NOWHERE) -> Iterator[Finding]:
    """A small term ≤ a large one, within rounding."""
    if small is None or large is None:
        return
    verdict = compare(small, large)
    if verdict.difference is None or verdict.difference > 0:
        yield finding(identity, verdict, small, large, place)
        return
    left, right = _side(small), _side(large)
    holds = finding(identity, Verdict("pass", verdict.difference, verdict.tolerance), small, large, place)
    yield replace(holds, message_zh=f"{identity.zh}：{left} ≤ {right}", message_en=f"{identity.en}: {left} ≤ {right}")
