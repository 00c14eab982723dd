"""General public budget in the narrative: by function class, by item, basic and project (一般公共预算财政拨款支出)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalize.checks.ledger import BASIS_ZH
from normalize.checks.outcome import Identity, adds_up, at_most, place_of, reconcile
from normalize.checks.tolerance import compare, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Ledger, Sheet
    from normalize.checks.tolerance import Term
    from normalize.records import BudgetLine, Finding

CHANGE_BASES = ("change_vs_initial_budget", "change_vs_prior_final", "change_vs_prior_budget")
TENTH = 10
CLASS, ITEM = 3, 7  # digits of a 类 and of a 项


def by_code(ledger: Ledger, basis: str, digits: int) -> dict[str, BudgetLine]:
    """What the narrative says about each 类 or 项, by code."""
    return {
        subject.code: bases[basis][0]
        for subject, bases in ledger.said.items()
        if subject.measure == "gpb_expenditure" and subject.code and len(subject.code) == digits and bases.get(basis) and bases[basis][0].function_code
    }


def stated_total(ledger: Ledger, basis: str) -> BudgetLine | None:
    """一般公共预算支出 as a whole: the largest figure so named, for an item named by no code may stand under the same words."""
    return max(ledger.lines("gpb_expenditure", basis), key=lambda row: row.value, default=None)


def _whole(ledger: Ledger, basis: str) -> Term | None:
    stated = ledger.term(stated_total(ledger, basis))
    parts = [ledger.amount(part, basis) for part in ("gpb_basic_expenditure", "gpb_project_expenditure")]
    known = [part for part in parts if part is not None]
    return stated or (total(known) if len(known) == 2 else None)


def _nearly_all(ledger: Ledger, rows: dict[str, BudgetLine]) -> bool:
    whole, summed = _whole(ledger, ledger.basis), total([term for row in rows.values() if (term := ledger.term(row)) is not None])
    difference = None if whole is None or summed is None else compare(summed, whole).difference
    return whole is not None and difference is not None and abs(difference) * TENTH < whole.value


def class_expenditures_sum_to_gpb(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出 = 各功能分类（类）支出之和 (A24); a few classes named as examples are no list of all."""
    identity = Identity("class_expenditures_sum_to_gpb", "一般公共预算支出 = 各类支出之和", "general-budget spending = sum of its function classes")
    rows = by_code(ledger, ledger.basis, CLASS)
    if rows:
        first = next(iter(rows.values()))
        examples: list[Term | None] = [] if _nearly_all(ledger, rows) else [None]
        yield from adds_up(identity, _whole(ledger, ledger.basis), [*examples, *(ledger.term(row) for row in rows.values())], place=place_of(first))


def _items_of(ledger: Ledger, sheet: Sheet) -> frozenset[str]:
    """The 项 codes of a table that prints them all: they sum to its 合计. A table with withheld (涉密) items proves nothing."""
    rows = {row.code: row for row in sheet.rows if row.code and len(row.code) == ITEM}
    whole = sheet.total()
    stated = ledger.term(whole.cells.get(("total", ledger.basis))) if whole else None
    summed = total([term for row in rows.values() if (term := ledger.term(row.cells.get(("total", ledger.basis)))) is not None])
    return frozenset(rows) if stated is not None and summed is not None and compare(summed, stated).status != "fail" else frozenset()


def item_expenditures_sum_to_gpb(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出 = 逐项（类款项）支出之和; a list shorter than the table's is not held to it, nor are the
    budgets of a final account, whose unspent subjects are not listed: there only an excess is wrong (A24, B15).
    """
    identity = Identity("item_expenditures_sum_to_gpb", "一般公共预算支出 = 各项支出之和", "general-budget spending = sum of its items")
    sheet = ledger.sheet("gpb_expenditure")
    printed = _items_of(ledger, sheet) if sheet else frozenset()
    for basis in dict.fromkeys((ledger.basis, "initial_budget")):
        rows = by_code(ledger, basis, ITEM)
        if len(rows) < 2:
            continue
        first = next(iter(rows.values()))
        complete = basis == ledger.basis and printed and printed <= rows.keys()
        missing: list[Term | None] = [] if complete else [None]
        yield from adds_up(identity, _whole(ledger, basis), [*missing, *(ledger.term(row) for row in rows.values())], place=place_of(first))


def class_changes_sum_to_gpb_change(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出的增减 = 各类增减之和, where every class states one (A30)."""
    classes = by_code(ledger, ledger.basis, CLASS)
    for basis in CHANGE_BASES:
        changes = by_code(ledger, basis, CLASS)
        if not changes or changes.keys() != classes.keys() or not _nearly_all(ledger, classes):
            continue
        identity = Identity("class_changes_sum_to_gpb_change", f"一般公共预算支出{BASIS_ZH[basis]} = 各类之和", f"general-budget {basis.replace('_', ' ')} = sum over its classes")
        first = next(iter(changes.values()))
        yield from adds_up(identity, ledger.amount("gpb_expenditure", basis), [ledger.term(row) for row in changes.values()], place=place_of(first))


def gpb_revenue_and_carryover_balance(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算: 年初结转 + 收入 = 支出 + 年末结转 (A20)."""
    identity = Identity("gpb_revenue_and_carryover_balance", "一般公共预算年初结转 + 收入 = 支出 + 年末结转", "general budget: opening + revenue = expenditure + closing")
    revenue, spent = ledger.amount("gpb_revenue"), ledger.term(stated_total(ledger, ledger.basis))
    opening = ledger.amount("gpb_opening_carryover") or ledger.amount("fiscal_opening_carryover")
    closing = ledger.amount("gpb_closing_carryover") or ledger.amount("fiscal_closing_carryover")
    if revenue is None or spent is None:
        return
    if opening is None or closing is None:
        if compare(revenue, spent).status != "fail":
            yield from reconcile(identity, revenue, spent, place=place_of(ledger.line("gpb_revenue")))
        return
    yield from reconcile(identity, total((opening, revenue)), total((spent, closing)), place=place_of(ledger.line("gpb_revenue")))


def gpb_revenue_and_expenditure_change_alike(ledger: Ledger) -> Iterator[Finding]:
    """收支相等的一般公共预算, 较年初预算的增减也相等 (A23)."""
    identity = Identity("gpb_revenue_and_expenditure_change_alike", "一般公共预算收入与支出较年初预算增减相等", "general-budget revenue and expenditure moved alike against the budget", "likely")
    revenue, spent = ledger.amount("gpb_revenue"), ledger.term(stated_total(ledger, ledger.basis))
    if revenue is not None and spent is not None and compare(revenue, spent).status == "pass":
        basis = "change_vs_initial_budget"
        yield from reconcile(identity, ledger.amount("gpb_revenue", basis), ledger.amount("gpb_expenditure", basis), place=place_of(ledger.line("gpb_revenue", basis)))


def basic_expenditure_is_personnel_and_public(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算基本支出 = 人员经费 + 公用经费 (A33)."""
    identity = Identity("basic_expenditure_is_personnel_and_public", "基本支出 = 人员经费 + 公用经费", "basic expenditure = personnel + public")
    row = ledger.line("gpb_basic_expenditure") or ledger.line("basic_expenditure")
    parts = [ledger.amount(part, near=row) for part in ("personnel_expenditure", "public_expenditure")]
    yield from adds_up(identity, ledger.term(row), parts, place=place_of(row))


def _all_spending_is_gpb(ledger: Ledger) -> bool:
    spent, gpb = ledger.amount("current_year_expenditure"), ledger.term(stated_total(ledger, ledger.basis))
    return spent is not None and gpb is not None and compare(spent, gpb).status == "pass"


def gpb_basic_within_basic(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算基本支出 ≤ 基本支出; 只有一般公共预算时相等 (A34)."""
    identity = Identity("gpb_basic_within_basic", "一般公共预算基本支出 ≤ 基本支出", "general-budget basic expenditure is within basic expenditure", "likely")
    row = ledger.line("gpb_basic_expenditure")
    compare_with = reconcile if _all_spending_is_gpb(ledger) else at_most
    yield from compare_with(identity, ledger.term(row), ledger.amount("basic_expenditure"), place=place_of(row))


def gpb_is_basic_and_project(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出 = 基本支出 + 项目支出 (A35)."""
    identity = Identity("gpb_is_basic_and_project", "一般公共预算支出 = 基本支出 + 项目支出", "general-budget spending = basic + project")
    row = stated_total(ledger, ledger.basis)
    project = ledger.amount("gpb_project_expenditure") or (ledger.amount("project_expenditure") if _all_spending_is_gpb(ledger) else None)
    basic = ledger.amount("gpb_basic_expenditure")
    if project is not None and basic is not None:
        yield from adds_up(identity, ledger.term(row), (basic, project), place=place_of(row))


CHECKS = (
    class_expenditures_sum_to_gpb,
    item_expenditures_sum_to_gpb,
    class_changes_sum_to_gpb_change,
    gpb_revenue_and_carryover_balance,
    gpb_revenue_and_expenditure_change_alike,
    basic_expenditure_is_personnel_and_public,
    gpb_basic_within_basic,
    gpb_is_basic_and_project,
)
