"""Percents and changes of the narrative: growth rates, shares, completion, and figures printed more than once (增减幅度、占比、完成率)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from normalize.checks.ledger import BASIS_ZH, Subject, approximate, nearest, subject_of
from normalize.checks.outcome import Identity, place_of, reconcile, remark
from normalize.checks.tolerance import HUNDRED, ZERO, compare, exact, minus, quotient, total
from normalize.records import BudgetLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Fact, Ledger
    from normalize.checks.tolerance import Term
    from normalize.records import Finding

CHANGES = {  # basis of the percent -> basis of the amount of change, basis of what it is compared with
    "change_pct_vs_prior_final": ("change_vs_prior_final", "prior_final"),
    "change_pct_vs_prior_budget": ("change_vs_prior_budget", "prior_budget"),
    "change_pct_vs_initial_budget": ("change_vs_initial_budget", "initial_budget"),
}
WHOLES = {  # what a share is a share of, where the sentence does not say: the nearest total above (占…总额的)
    "revenue_": "current_year_revenue",
    "basic_expenditure": "current_year_expenditure",
    "project_expenditure": "current_year_expenditure",
    "operating_expenditure": "current_year_expenditure",
    "three_public_": "three_public_total",
    "gpb_basic_expenditure": "gpb_expenditure",
    "gpb_project_expenditure": "gpb_expenditure",
    "gov_fund_basic_expenditure": "gov_fund_expenditure",
    "gov_fund_project_expenditure": "gov_fund_expenditure",
    "state_capital_basic_expenditure": "state_capital_expenditure",
    "state_capital_project_expenditure": "state_capital_expenditure",
}
CLASS_DIGITS = 3
BASIC_AND_PROJECT = ("basic_expenditure", "project_expenditure")
OF_WHICH = "其中"
NEARBY = 600  # characters: about a paragraph
OF_PARTS = ("project_", "self_evaluated", "evaluation_", "staff_", "unit_", "kpi")
THREE_PUBLIC_COLUMNS = {
    "three_public_total": "total",
    "three_public_overseas": "overseas",
    "three_public_vehicle_total": "vehicle_total",
    "three_public_vehicle_purchase": "vehicle_purchase",
    "three_public_vehicle_operation": "vehicle_operation",
    "three_public_reception": "reception",
}


def kpi_figures(ledger: Ledger) -> dict[Subject, dict[str, list[BudgetLine]]]:
    """Performance figures by indicator; counts among them are read like amounts."""
    figures: dict[Subject, dict[str, list[BudgetLine]]] = {}
    for row in ledger.kpis:
        if isinstance(row, BudgetLine) and row.category is not None:
            figures.setdefault(subject_of(row), {}).setdefault(row.basis, []).append(row)
    return figures


def _current(ledger: Ledger, stated: dict[str, list[BudgetLine]], near: BudgetLine) -> BudgetLine | None:
    """The current figure beside a change: of the document's own basis, or the other one where only that is stated."""
    other = "initial_budget" if ledger.basis == "final" else "final"
    for basis in (ledger.basis, other):
        if stated.get(basis):
            return nearest(stated[basis], near)
    return None


def _alternatives(rows: list[BudgetLine], near: BudgetLine) -> list[BudgetLine]:
    """The different values a figure is given, the nearest statement first."""
    ordered = sorted(rows, key=lambda row: abs(row.span.start - near.span.start))
    return list({row.value: row for row in reversed(ordered)}.values())[::-1]


def best(identity: Identity, computed: list[Term | None], stated: Term | None, row: BudgetLine) -> Iterator[Finding]:
    """A percent against what the amounts give; where an amount is printed with two values, the one that fits, else the nearest.

    That the amount has two values is another finding (`figure_printed_twice_agrees`).
    """
    terms = [term for term in computed if term is not None]
    if stated is not None and terms:
        fitting = (term for term in terms if len(terms) == 1 or compare(term, stated, percent=True).status != "fail")
        yield from reconcile(identity, next(fitting, terms[0]), stated, percent=True, place=place_of(row))


def _base_and_change(ledger: Ledger, stated: dict[str, list[BudgetLine]], row: BudgetLine, current: BudgetLine | None) -> tuple[Term, Term] | None:
    change_basis, base_basis = CHANGES[row.basis]
    changes, bases = stated.get(change_basis), stated.get(base_basis)
    change = ledger.term(nearest(changes, row)) if changes else None
    base = ledger.term(nearest(bases, row)) if bases and (current is None or current.basis != base_basis) else None
    value = ledger.term(current)
    if base is None and value is not None and change is not None:
        base = minus(value, change)
    elif change is None and value is not None and base is not None:
        change = minus(value, base)
    return None if base is None or change is None else (base, change)


def _undefined(identity: Identity, row: BudgetLine, ids: tuple[str, ...], zh: str) -> Iterator[Finding]:
    """A percent of nothing: 0% and 100% are customary, any other figure has no meaning (T8)."""
    status = "undefined" if abs(row.value) in {ZERO, HUNDRED} else "fail"
    said_zh, said_en = f"基数为0，{zh}{row.value}%无意义", f"the base is 0, {row.value}% is undefined"
    yield remark(identity, status, said_zh, said_en, severity=None if status == "undefined" else "look", ids=(*ids, row.row_id), place=place_of(row))


def growth_rate_matches_amounts(ledger: Ledger) -> Iterator[Finding]:
    """增长率 = 增减额 ÷ 上年数（或预算数）; a rate from nothing is undefined (A10-A13, A18, A21, A22, A31, A32, A36, A37, A41-A47, A55, A56, A68; T4, T8)."""
    for subject, stated in (*ledger.said.items(), *kpi_figures(ledger).items()):
        for basis in (basis for basis in CHANGES if basis in stated):
            identity = Identity("growth_rate_matches_amounts", f"{subject.zh}{BASIS_ZH[basis]}", f"{subject.en}, {basis.replace('_', ' ')}")
            for row in stated[basis]:
                current = _current(ledger, stated, row)
                if (pair := _base_and_change(ledger, stated, row, current)) is None or approximate(row):
                    continue
                base, change = pair
                if base.value == 0:
                    yield from _undefined(identity, row, (*change.ids, *base.ids), "增长率")
                    continue
                currents = _alternatives(stated[current.basis], row) if current is not None else [None]
                pairs = [pair] if len(currents) == 1 else [_base_and_change(ledger, stated, row, one) for one in currents]
                yield from best(identity, [quotient(change, base) for base, change in filter(None, pairs)], ledger.term(row), row)


def change_is_difference_of_stated_figures(ledger: Ledger) -> Iterator[Finding]:
    """增减额 = 本年数 − 对比数, where the page prints all three; 持平 is a change of 0 (A61, T5)."""
    for subject, stated in ledger.said.items():
        for change_basis, base_basis in CHANGES.values():
            identity = Identity("change_is_difference_of_stated_figures", f"{subject.zh}{BASIS_ZH[change_basis]}", f"{subject.en}, {change_basis.replace('_', ' ')}")
            for row in stated.get(change_basis, ()):
                current = _current(ledger, stated, row)
                bases = stated.get(base_basis)
                if not bases or current is None or current.basis == base_basis or approximate(row):
                    continue
                value, base = ledger.term(current), ledger.term(nearest(bases, row))
                if value is not None and base is not None:
                    yield from reconcile(identity, minus(value, base), ledger.term(row), place=place_of(row))


def change_and_rate_have_one_sign(ledger: Ledger) -> Iterator[Finding]:
    """增加额配增长率, 减少额配下降率 (A61): judged here only where the page lacks the amount that the rate could be recomputed from."""
    for subject, stated in ledger.said.items():
        for rate_basis, (change_basis, base_basis) in CHANGES.items():
            identity = Identity("change_and_rate_have_one_sign", f"{subject.zh}增减方向", f"{subject.en}, direction of change", "likely")
            for row in stated.get(rate_basis, ()):
                changes = stated.get(change_basis)
                change = nearest(changes, row) if changes else None
                if change is None or not change.value or not row.value or stated.get(base_basis) or _current(ledger, stated, row) is not None:
                    continue
                alike = (change.value > 0) == (row.value > 0)
                zh, en = f"增减额{change.value}，增减率{row.value}%", f"change {change.value}, rate {row.value}%"
                yield remark(identity, "pass" if alike else "fail", zh, en, ids=(change.row_id, row.row_id), place=place_of(row))


def whole_of(row: BudgetLine) -> str | None:
    """The measure a share is measured against."""
    if row.share_of:
        return row.share_of.removeprefix("of:")
    if row.measure == "gpb_expenditure":
        return "gpb_expenditure" if row.function_code or row.item_label else "current_year_expenditure"
    return next((whole for prefix, whole in WHOLES.items() if row.measure and row.measure.startswith(prefix) and row.measure != whole), None)


def share_is_part_of_whole(ledger: Ledger) -> Iterator[Finding]:
    """占比 = 部分 ÷ 总额, recomputed from the amounts (A06, A07, A09, A25-A28; T4)."""
    for subject, stated in ledger.said.items():
        for row in stated.get("share_pct", ()):
            whole_measure = whole_of(row)
            part_row = _current(ledger, stated, row)
            if whole_measure is None or part_row is None:
                continue
            part, whole = ledger.term(part_row), ledger.amount(whole_measure, part_row.basis, row)
            if part is None or whole is None or (whole_measure, None, None) == (subject.measure, subject.code, subject.item):
                continue
            identity = Identity("share_is_part_of_whole", f"{subject.zh}占{Subject(whole_measure).zh}", f"share of {subject.en} in {Subject(whole_measure).en}")
            if whole.value == 0:
                yield from _undefined(identity, row, (*part.ids, *whole.ids), "占比")
            else:
                wholes = [ledger.term(one) for one in _alternatives(ledger.lines(whole_measure, part_row.basis), row)] or [whole]
                if subject.measure in BASIC_AND_PROJECT:  # some forms leave 经营支出 and 结转 out of the whole
                    halves = [term for half in BASIC_AND_PROJECT if (term := ledger.amount(half, part_row.basis, row)) is not None]
                    wholes.append(total(halves) if len(halves) == 2 else None)
                parts = [ledger.term(one) for one in _alternatives(stated[part_row.basis], row)]
                ratios = [quotient(part, whole) for part in parts for whole in wholes if part is not None and whole is not None]
                yield from best(identity, ratios, ledger.term(row), row)


def shares_sum_to_hundred(ledger: Ledger) -> Iterator[Finding]:
    """各项占比之和 = 100, where the parts that are given a share make up the whole (A08, A29)."""
    groups: dict[tuple[str, str | None], dict[Subject, BudgetLine]] = defaultdict(dict)  # of one section: 基本支出 and 项目支出 divide what 一般公共预算 is a part of in the next
    for subject, stated in ledger.said.items():
        for row in stated.get("share_pct", ()):
            whole = whole_of(row)
            if whole is not None and (whole != subject.measure or len(subject.code or "") == CLASS_DIGITS):
                groups[whole, row.section_kind].setdefault(subject, row)
    for (whole_measure, _), shares in groups.items():
        rows = list(shares.values())
        parts = [ledger.amount(subject, None, row) for subject, row in shares.items()]
        amount = ledger.amount(whole_measure, None, rows[0])
        covered = total([part for part in parts if part is not None])
        if len(rows) < 2 or amount is None or amount.value == 0 or covered is None or None in parts or compare(covered, amount).status == "fail":
            continue
        summed = total([term for row in rows if (term := ledger.term(row)) is not None])
        identity = Identity("shares_sum_to_hundred", f"各项占{Subject(whole_measure).zh}之和 = 100%", f"the shares in {Subject(whole_measure).en} sum to 100%", "look")
        yield from reconcile(identity, summed, exact(HUNDRED, unit="%"), place=place_of(rows[0]))


def completion_is_final_over_budget(ledger: Ledger) -> Iterator[Finding]:
    """完成预算的百分比 = 决算数 ÷ 预算数; the budget may stand in the “三公” table only (B15)."""
    sheet = ledger.sheet("three_public")
    for subject, stated in ledger.said.items():
        for row in stated.get("completion_pct", ()):
            if not stated.get("final"):
                continue
            final = ledger.term(nearest(stated["final"], row))
            basis = next((basis for basis in ("initial_budget", "adjusted_budget") if stated.get(basis)), None)
            budget = ledger.term(nearest(stated[basis], row)) if basis else None
            column = THREE_PUBLIC_COLUMNS.get(subject.measure)
            if budget is None and sheet is not None and len(sheet.rows) == 1 and column and subject.category is None:
                budget = ledger.term(sheet.rows[0].cells.get((column, "initial_budget")))
            if final is None or budget is None or approximate(row):
                continue
            identity = Identity("completion_is_final_over_budget", f"{subject.zh}完成预算%", f"{subject.en}, completion of the budget")
            if budget.value == 0:
                yield from _undefined(identity, row, (*final.ids, *budget.ids), "完成率")
            else:
                finals = [ledger.term(one) for one in _alternatives(stated["final"], row)]
                budgets = [ledger.term(one) for one in _alternatives(stated[basis], row)] if basis else [budget]
                ratios = [quotient(final, budget) for final in finals for budget in budgets if final is not None and budget is not None]
                yield from best(identity, ratios, ledger.term(row), row)


def _is_part(ledger: Ledger, row: Fact, first: Fact) -> bool:
    """Whether the later figure is a part of the first: 其中 stands between them, or one in a list of types was told without its type."""
    smaller = abs(row.value) < abs(first.value)
    typed = any(subject.measure == row.measure and subject.category for subject in ledger.counted)
    return smaller and (typed or OF_WHICH in ledger.between(first, row))


def _one_figure(subject: Subject, left: Fact, right: Fact) -> bool:
    if abs(left.span.start - right.span.start) > NEARBY or left.section_kind != right.section_kind:
        return False
    if subject.measure.startswith("three_public"):
        return True
    small, large = sorted((abs(left.value), abs(right.value)))
    return left.unit == right.unit and small * 2 > large


def figure_printed_twice_agrees(ledger: Ledger) -> Iterator[Finding]:
    """同一口径的数字前后一致: what the narrative says twice it says alike (A15).

    Only statements near each other are held together: far apart one may be of the department and the other of one unit. Figures of
    projects and staff are told of parts and wholes alike and are not compared; nor are two figures of which one is less than half of
    the other, unless they are of “三公”经费, where every sentence names its item; nor two that differ by the stated change, which are
    this year's and last year's, nor three different ones: those are several figures, not one misprinted.
    """
    agreeing: list[str] = []
    everything: list[tuple[Subject, str, list[Fact]]] = [(subject, basis, list(rows)) for subject, stated in ledger.said.items() for basis, rows in stated.items()]
    everything += [(subject, basis, list(counts)) for subject, counted in ledger.counted.items() for basis, counts in counted.items()]
    for subject, basis, found in everything:
        rows = [row for row in found if not approximate(row)]
        if len(rows) < 2 or subject.item or basis in {"share_pct", "completion_pct"} or subject.measure.startswith(OF_PARTS):
            continue
        first = ledger.term(rows[0])
        verdicts = [(row, compare(term, first).status) for row in rows[1:] if first is not None and (term := ledger.term(row)) is not None]
        changes = {abs(line.value) for change, _ in CHANGES.values() for line in ledger.lines(subject, change)}
        conflicts = [
            row
            for row, status in verdicts
            if status == "fail" and _one_figure(subject, row, rows[0]) and abs(row.value - rows[0].value) not in changes and not _is_part(ledger, row, rows[0])
        ]
        if not conflicts:
            same = [row.row_id for row, status in verdicts if status.startswith("pass")]
            agreeing += [rows[0].row_id, *same] if same else []
            continue
        identity = Identity("figure_printed_twice_agrees", f"{subject.zh}{BASIS_ZH.get(basis, basis)}前后一致", f"{subject.en}, {basis.replace('_', ' ')}: printed alike everywhere", "look")
        if len({row.value for row in conflicts}) == 1:
            yield from reconcile(identity, ledger.term(conflicts[0]), first, place=place_of(conflicts[0]))
    if agreeing:
        identity = Identity("figure_printed_twice_agrees", "重复出现的数字前后一致", "figures printed more than once agree")
        yield remark(identity, "pass", f"{len(agreeing)}处相符", f"{len(agreeing)} places agree", ids=agreeing)


CHECKS = (
    growth_rate_matches_amounts,
    change_is_difference_of_stated_figures,
    change_and_rate_have_one_sign,
    share_is_part_of_whole,
    shares_sum_to_hundred,
    completion_is_final_over_budget,
    figure_printed_twice_agrees,
)
