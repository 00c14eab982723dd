"""Root causes (错因): one misprinted, shifted or swapped figure behind several failed identities, said once.

A failed identity says what each of its figures would have to be. Where that value is a slip away from the printed one (a lost digit, a
decimal point, 元 for 万元 …), where two figures would have to change places, or where a column stands one row off, that is a candidate.
It is accepted only if with it every identity of the figures holds, none fails that held before, and no other candidate does as much;
otherwise the candidates are told. The printed value never changes: `repaired_value` and `repair_id` stand beside it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from normalize.checks import CHECKS, evaluation_vs_narrative, self_evaluation, structure, wording
from normalize.checks.ledger import Ledger
from normalize.checks.tables import ROW_SUMS
from normalize.checks.tolerance import ZERO, half_up, last_place, number, printed_decimals
from normalize.records import BudgetLine, Disclosure, Finding, row_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from extract.document import Document
    from normalize.checks.ledger import Row, Sheet
    from normalize.records import Indicator

CAUSES = {
    "sign": ("正负号相反", "the sign is reversed"),
    "decimal_point": ("小数点错位", "the decimal point is misplaced"),
    "factor": ("元与万元混淆", "元 and 万元 are confused"),
    "transposed": ("相邻数字颠倒", "two neighbouring digits are transposed"),
    "lost_digit": ("漏印一位数字", "a digit is lost"),
    "doubled_digit": ("多印一位数字", "a digit is printed twice or added"),
    "digit": ("一位数字有误", "one digit is wrong"),
    "swapped": ("两处数字互换", "two figures have changed places"),
    "shifted": ("整列错行一格", "a block of the column stands one row off"),
    "weight": ("分值有误", "the weight is wrong"),
    "score": ("得分有误", "the score is wrong"),
}
MOST_TRIED = 24  # candidates tried out in one document; each costs a run of the arithmetic checks
PROOF = 2  # failures that one cause must explain to be certain; a wrong digit or an exchange explains any single one
MOST_ROWS = 60  # rows of one group of failures that are looked at
NEAR = Decimal("0.015")  # rounding between the columns of a row
NOT_ARITHMETIC = {*structure.CHECKS, *wording.CHECKS, *self_evaluation.CHECKS, *evaluation_vs_narrative.CHECKS}
ARITHMETIC = tuple(check for check in CHECKS if check not in NOT_ARITHMETIC)
FORM_SUMS = (
    self_evaluation.weights_sum_to_hundred,
    self_evaluation.scores_sum_to_total,
    self_evaluation.score_within_weight,
    self_evaluation.score_is_weight_times_coefficient,
    self_evaluation.level_weights_follow_form,
)
Failure = tuple[str, tuple[str, ...]]


class Candidate(NamedTuple):
    """What may have happened: the cause, and what each row should then say; None for a cell that should be blank."""

    cause: str
    values: tuple[tuple[str, Decimal | None], ...]
    added: tuple[BudgetLine, ...] = ()  # cells that are printed blank and should have a figure


class Tried(NamedTuple):
    """A candidate and the failures it would explain."""

    candidate: Candidate
    explains: frozenset[Failure]


def slip(printed: Decimal, needed: Decimal, decimals: int) -> str | None:
    """The slip of the pen that turns `needed` into `printed`, if there is one.

    >>> slip(Decimal("1066.51"), Decimal("10661.51"), 2), slip(Decimal("54.10"), Decimal("45.10"), 2), slip(Decimal("8"), Decimal("93"), 0)
    ('lost_digit', 'transposed', None)
    """
    if printed == needed or ZERO in (printed, needed):
        return None
    if needed == -printed:
        return "sign"
    if (printed > 0) != (needed > 0) or needed != half_up(needed, last_place(decimals)):
        return None
    ratio = abs(needed / printed)
    if ratio in {Decimal(10_000), Decimal("0.0001")}:
        return "factor"
    if ratio in {Decimal(10), Decimal(100), Decimal(1000), Decimal("0.1"), Decimal("0.01"), Decimal("0.001")}:
        return "decimal_point"
    left, right = (f"{abs(value).scaleb(decimals):.0f}" for value in (printed, needed))
    if len(left) == len(right):
        apart = [place for place, (one, other) in enumerate(zip(left, right, strict=True)) if one != other]
        if len(apart) == 2 and apart[1] == apart[0] + 1 and left[apart[0]] == right[apart[1]] and left[apart[1]] == right[apart[0]]:
            return "transposed"
        return "digit" if len(apart) == 1 else None
    if abs(len(left) - len(right)) == 1:
        short, long = sorted((left, right), key=len)
        if any(long[:place] + long[place + 1 :] == short for place in range(len(long))):
            return "lost_digit" if len(left) < len(right) else "doubled_digit"
    return None


def failures_of(findings: Iterable[Finding]) -> dict[Failure, Finding]:
    """The failed comparisons of two numbers; percents out by their last digit and notes have no cause to look for."""
    return {
        (finding.check_id, tuple(sorted(finding.evidence_ids))): finding
        for finding in findings
        if finding.status == "fail" and finding.severity in {"certain", "likely", "look"} and finding.difference is not None and finding.evidence_ids
    }


def doubts_of(findings: Iterable[Finding]) -> set[str]:
    """Rows of sums that could not be judged because rows seem to be missing: a candidate may not turn a failure into one of these."""
    return {row for finding in findings if finding.status == "unreadable" for row in finding.evidence_ids}


def repair(disclosure: Disclosure, findings: Sequence[Finding], document: Document | None = None) -> tuple[Disclosure, tuple[Finding, ...]]:
    """The disclosure with `repaired_value` and `repair_id` where one cause is proven, and a `root_cause` finding for each cause.

    `findings` are those of `run_checks`; they and the causes are numbered after the findings the disclosure already has.
    """
    failed = failures_of(findings)
    causes = [*_amount_causes(disclosure, failed, doubts_of(findings), document), *_form_causes(disclosure, failed)] if failed else []
    rows = {line.row_id: line for line in disclosure.budget_lines}
    indicators = {row.row_id: row for row in disclosure.indicators}
    told: list[Finding] = []
    first = len(disclosure.findings) + len(findings) + 1
    for tried in causes:
        repair_id = row_id(disclosure.document_id, "findings", first + len(told))
        told.append(_finding(tried, rows, indicators))
        if len(tried) > 1:
            continue
        candidate = tried[0].candidate
        for changed, value in candidate.values:
            if changed in rows:
                rows[changed] = replace(rows[changed], repaired_value=value, repair_id=repair_id)
            else:
                indicators[changed] = replace(indicators[changed], repaired_field=candidate.cause, repaired_value=value, repair_id=repair_id)
    if not told:
        return disclosure, ()
    return replace(disclosure, budget_lines=tuple(rows.values()), indicators=tuple(indicators.values())), tuple(told)


def _amount_causes(disclosure: Disclosure, failed: dict[Failure, Finding], doubts: set[str], document: Document | None) -> Iterator[list[Tried]]:
    """For each group of failures the candidates that explain most of it: one is the cause, several are a doubt."""
    rows = {line.row_id: line for line in disclosure.budget_lines}
    amounts = {key: finding for key, finding in failed.items() if all(row in rows for row in key[1])}
    if not amounts:
        return
    names = {check.__name__ for check in ARITHMETIC}
    before = frozenset(key for key in failed if key[0] in names)
    doubtful = {row: _needed(rows, row, list(amounts.values())) for row in list(dict.fromkeys(row for _, ids in amounts for row in ids))[:MOST_ROWS]}
    explained: set[Failure] = set()
    left = MOST_TRIED
    for group in _connected(amounts):
        if explained >= {key for key in amounts if amounts[key] in group}:
            continue
        tried: dict[tuple[tuple[str, Decimal | None], ...], Tried] = {}
        for candidate in _candidates(disclosure, rows, doubtful, group):
            if left == 0:
                return
            if candidate.values in tried:
                continue
            left -= 1
            explains = _explains(disclosure, candidate, before, doubts, document)
            if explains and (candidate.cause not in {"digit", "swapped"} or len(explains) >= PROOF):
                tried[candidate.values] = Tried(candidate, explains)
        most = max((len(one.explains) for one in tried.values()), default=0)
        best = [one for one in tried.values() if len(one.explains) == most]
        fewest = min((len(one.candidate.values) for one in best), default=0)
        best = [one for one in best if len(one.candidate.values) == fewest]
        if best:
            explained |= best[0].explains
            yield best


def _connected(failed: dict[Failure, Finding]) -> list[list[Finding]]:
    """Failures that share a row, directly or through others."""
    groups: list[tuple[set[str], list[Finding]]] = []
    for (_, ids), finding in failed.items():
        joined, members = set(ids), [finding]
        apart = []
        for known, others in groups:
            if known & joined:
                joined |= known
                members = others + members
            else:
                apart.append((known, others))
        groups = [*apart, (joined, members)]
    return [members for _, members in groups]


def _explains(disclosure: Disclosure, candidate: Candidate, before: frozenset[Failure], doubts: set[str], document: Document | None) -> frozenset[Failure]:
    """The failures gone with the candidate; none where a figure it changes still fails, or an identity fails that held before."""
    values = dict(candidate.values)
    lines = [_with(line, values[line.row_id]) if line.row_id in values else line for line in disclosure.budget_lines]
    ledger = Ledger(replace(disclosure, budget_lines=(*(line for line in lines if line is not None), *candidate.added)), document)
    outcomes = [finding for check in ARITHMETIC for finding in check(ledger)]
    after = frozenset(failures_of(outcomes))
    if after - before or doubts_of(outcomes) - doubts or any(row in values for _, ids in after for row in ids):
        return frozenset()
    return before - after


def _with(line: BudgetLine, value: Decimal | None) -> BudgetLine | None:
    if value is None:
        return None
    decimals = printed_decimals(line.raw, line.value) or 0
    return replace(line, value=value, raw=f"{abs(value):.{decimals}f}")


def _candidates(disclosure: Disclosure, rows: dict[str, BudgetLine], doubtful: dict[str, set[Decimal]], group: list[Finding]) -> Iterator[Candidate]:
    """Slips of one figure, alone and with its copies; figures and rows that changed places; shifted blocks.

    `doubtful` holds for each row of any failure what it would have to be.
    """
    concerned = [row for row in dict.fromkeys(row for finding in group for row in finding.evidence_ids) if row in doubtful]
    for row in concerned:
        line = rows[row]
        for value in sorted(doubtful[row]):
            cause = slip(line.value, value, printed_decimals(line.raw, line.value) or 0)
            if cause is None or (cause == "digit" and sum(row in finding.evidence_ids for finding in group) < PROOF):
                continue
            same_print = {other.row_id for other in rows.values() if other.span == line.span and other.value == line.value}
            copies = {other for other in doubtful if rows[other].value == line.value and rows[other].unit == line.unit}
            for changed in dict.fromkeys((tuple(sorted(same_print)), tuple(sorted(same_print | copies)))):
                yield Candidate(cause, tuple((other, value) for other in changed))
    for left, right in product(concerned, doubtful):
        if rows[left].value != rows[right].value and rows[right].value in doubtful[left] and rows[left].value in doubtful[right]:
            yield Candidate("swapped", tuple(sorted(((left, rows[right].value), (right, rows[left].value)))))
            yield from _whole_rows_swapped(rows, rows[left], rows[right])
    ordinals = {rows[row].table_ordinal for row in concerned if rows[row].origin == "table"}
    for sheet in Ledger(disclosure).sheets:
        if sheet.ordinal in ordinals and sheet.kind in ROW_SUMS:
            yield from _shifted(sheet)


def _needed(rows: dict[str, BudgetLine], row: str, group: list[Finding]) -> set[Decimal]:
    """What a figure would have to be for all its failed identities to hold."""
    line = rows[row]
    options: list[set[Decimal]] = []
    for finding in group:
        if row not in finding.evidence_ids or finding.difference is None or finding.lhs is None:
            continue
        units = {rows[other].unit for other in finding.evidence_ids}
        if "%" not in units:
            factors = (Decimal(1),) if len(units) == 1 else (Decimal(1), Decimal(10_000), Decimal("0.0001"))
            options.append({line.value + sign * finding.difference * factor for factor in factors for sign in (1, -1)})
        elif line.unit == "%":
            options.append({half_up(finding.lhs, last_place(printed_decimals(line.raw, line.value) or 0))})
    return set.intersection(*options) if options else set()


def _whole_rows_swapped(rows: dict[str, BudgetLine], left: BudgetLine, right: BudgetLine) -> Iterator[Candidate]:
    """All columns of two rows of one table."""
    if left.origin != "table" or left.table_ordinal != right.table_ordinal or left.column != right.column:
        return
    cells = {
        (side, line.column, line.basis): line
        for line in rows.values()
        if line.table_ordinal == left.table_ordinal
        for side, row in (("left", left), ("right", right))
        if (line.side, line.item_code, line.item_label) == (row.side, row.item_code, row.item_label)
    }
    pairs = [(line, cells["right", column, basis]) for (side, column, basis), line in cells.items() if side == "left" and ("right", column, basis) in cells]
    if len(pairs) > 1 and len(pairs) * 2 == len(cells):
        yield Candidate("swapped", tuple(pair for one, other in pairs for pair in ((one.row_id, other.value), (other.row_id, one.value))))


def _shifted(sheet: Sheet) -> Iterator[Candidate]:
    """A block of one column that stands a row too low or too high, judged by the sums along the rows."""
    for sums in ROW_SUMS[sheet.kind](sheet.columns):
        parts = [part for part in sums.parts if part in sheet.columns]
        if sums.whole not in sheet.columns or not parts:
            continue
        for basis in sheet.bases:
            for column in (sums.whole, *parts):
                printed = [_amount(row, column, basis) for row in sheet.rows]
                needed = [_by_row_sum(row, sums.whole, parts, column, basis) for row in sheet.rows]
                off = [place for place, (one, other) in enumerate(zip(printed, needed, strict=True)) if abs(one - other) > NEAR]
                if len(off) < 2:
                    continue
                block = range(off[0], off[-1] + 1)
                for step in (1, -1):
                    moved = [printed[place + step] if place + step in block else ZERO for place in block]
                    if all(abs(value - needed[place]) <= NEAR for place, value in zip(block, moved, strict=True)):
                        yield _moved(sheet, column, basis, list(block), moved)


def _amount(row: Row, column: str, basis: str) -> Decimal:
    line = row.cells.get((column, basis))
    return ZERO if line is None else line.value


def _by_row_sum(row: Row, whole: str, parts: list[str], column: str, basis: str) -> Decimal:
    summed = sum((_amount(row, part, basis) for part in parts), ZERO)
    return summed if column == whole else _amount(row, whole, basis) - summed + _amount(row, column, basis)


def _moved(sheet: Sheet, column: str, basis: str, block: list[int], values: list[Decimal]) -> Candidate:
    changed: list[tuple[str, Decimal | None]] = []
    added: list[BudgetLine] = []
    for place, value in zip(block, values, strict=True):
        cells = sheet.rows[place].cells
        line = cells.get((column, basis))
        if line is not None:
            if line.value != value:
                changed.append((line.row_id, value or None))
        elif value and cells:
            beside = next(iter(cells.values()))
            added.append(replace(beside, column=column, basis=basis, value=value, raw=f"{value:f}", measure=None, row_id=""))
    return Candidate("shifted", tuple(changed), tuple(added))


def _form_causes(disclosure: Disclosure, failed: dict[Failure, Finding]) -> Iterator[list[Tried]]:
    """自评表: rows whose 分值 or whose 得分 is wrong, where one of the two makes the whole form hold."""
    for project_id in dict.fromkeys(finding.project_id for finding in failed.values() if finding.project_id):
        before = _form_failures(disclosure, project_id)
        odd = [
            row
            for row in disclosure.indicators
            if row.project_id == project_id and row.weight and row.score is not None and row.coefficient_pct and row.score * 100 != row.weight * row.coefficient_pct
        ]
        if not odd:
            continue
        weights = Candidate("weight", tuple((row.row_id, row.score * 100 / row.coefficient_pct) for row in odd if row.score is not None and row.coefficient_pct))
        scores = Candidate("score", tuple((row.row_id, row.weight * row.coefficient_pct / 100) for row in odd if row.weight and row.coefficient_pct))
        holding = []
        for candidate in (weights, scores):
            values = dict(candidate.values)
            rows = tuple(_with_field(row, candidate.cause, values[row.row_id]) if row.row_id in values else row for row in disclosure.indicators)
            if not _form_failures(replace(disclosure, indicators=rows), project_id):
                holding.append(Tried(candidate, before))
        if holding and before:
            yield holding


def _with_field(row: Indicator, field: str, value: Decimal | None) -> Indicator:
    return replace(row, weight=value) if field == "weight" else replace(row, score=value)


def _form_failures(disclosure: Disclosure, project_id: str) -> frozenset[Failure]:
    project = tuple(head for head in disclosure.projects if head.project_id == project_id)
    own = replace(disclosure, projects=project)
    ledger = Ledger(own)
    return frozenset((finding.check_id, finding.evidence_ids) for check in FORM_SUMS for finding in check(ledger) if finding.status == "fail")


def _finding(tried: list[Tried], rows: dict[str, BudgetLine], indicators: dict[str, Indicator]) -> Finding:
    told = [_told(one.candidate, rows, indicators) for one in tried]
    explained = len(tried[0].explains)
    first = tried[0].candidate.values[0][0]
    line, form = rows.get(first), indicators.get(first)
    if len(tried) == 1:
        status, severity = "fail", "certain" if explained >= PROOF else "likely"
        zh, en = f"{told[0][0]}，可解释{explained}处不符", f"{told[0][1]}; this explains {explained} failures"
    else:
        status, severity = "undefined", "look"
        zh = f"{explained}处不符有{len(tried)}种可能：" + "；".join(zh for zh, _ in told)
        en = f"{explained} failures, {len(tried)} possible causes: " + "; ".join(en for _, en in told)
    return Finding(
        "root_cause", status, zh, en, severity,
        section_kind=line.section_kind if line else None, table_kind=line.table_kind if line else None, project_id=form.project_id if form else None,
        evidence_ids=tuple(dict.fromkeys(row for one in tried for row, _ in one.candidate.values)),
    )  # fmt: skip


def _told(candidate: Candidate, rows: dict[str, BudgetLine], indicators: dict[str, Indicator]) -> tuple[str, str]:
    """The cause in words: which figures, as printed, and what they should be."""
    changes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row, value in candidate.values:
        line = rows.get(row)
        form = indicators.get(row)
        name = (line.item_label or line.measure or line.column or "") if line else (form.level3 or "") if form else ""
        printed = line.raw if line else str(getattr(form, candidate.cause))
        changes[printed, "空白" if value is None else number(value)].append(name)
    for blank in candidate.added:
        changes["空白", number(blank.value)].append(blank.item_label or blank.column or "")
    told = [(f"{'、'.join(dict.fromkeys(names))}印为{printed}，应为{value}", f"{printed} should be {value}".replace("空白", "blank")) for (printed, value), names in changes.items()]
    zh, en = CAUSES[candidate.cause]
    places = f"，共{len(candidate.values)}处" if len(candidate.values) > 1 else ""
    return f"{zh}：{'；'.join(zh for zh, _ in told)}{places}", f"{en}: {'; '.join(en for _, en in told)}" + (f" ({len(candidate.values)} places)" if places else "")
