"""Totals of the narrative: income and spending of the year, and of fiscal appropriation (收入支出总体、财政拨款收支总体)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from normalize.checks.ledger import Subject
from normalize.checks.outcome import Identity, adds_up, at_most, place_of, reconcile, remark
from normalize.checks.tolerance import HUNDRED, ZERO, compare, exact, minus, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Ledger
    from normalize.checks.tolerance import Term
    from normalize.records import BudgetLine, Finding

FISCAL_FUNDS_REVENUE = ("gpb_revenue", "gov_fund_revenue", "state_capital_revenue")
FISCAL_FUNDS_EXPENDITURE = ("gpb_expenditure", "gov_fund_expenditure", "state_capital_expenditure")
RARER_EXPENDITURE = ("payment_to_superior", "operating_expenditure", "subsidy_to_affiliate", "reserve_expenditure")
CARRIED_ON = re.compile("结转下年|年[终末]结转|年[终末]结余")
MAIN_COLUMNS = frozenset({"total", "basic", "project", "personnel", "public"})
OTHER_REVENUE = ("revenue_superior_subsidy", "revenue_institution", "revenue_operating", "revenue_affiliate", "revenue_other")


def balanced(ledger: Ledger, identity: Identity, left: str, right: str) -> Iterator[Finding]:
    """Two totals that must be one figure."""
    row = ledger.line(left)
    yield from reconcile(identity, ledger.amount(left), ledger.amount(right, near=row), place=place_of(row))


def revenue_equals_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """收入总计 = 支出总计 (A01)."""
    identity = Identity("revenue_equals_expenditure", "收入总计 = 支出总计", "total revenue = total expenditure")
    yield from balanced(ledger, identity, "total_revenue", "total_expenditure")


def fiscal_revenue_equals_fiscal_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款收入总计 = 财政拨款支出总计 (A16)."""
    identity = Identity("fiscal_revenue_equals_fiscal_expenditure", "财政拨款收入总计 = 财政拨款支出总计", "fiscal total revenue = fiscal total expenditure")
    yield from balanced(ledger, identity, "fiscal_total_revenue", "fiscal_total_expenditure")


def total_revenue_is_income_and_carryover(ledger: Ledger) -> Iterator[Finding]:
    """收入总计 = 本年收入合计 + 使用非财政拨款结余 + 年初结转和结余 (A02)."""
    identity = Identity("total_revenue_is_income_and_carryover", "收入总计 = 本年收入 + 使用结余 + 年初结转", "total revenue = income + surplus used + opening carry-over")
    opening = ledger.amount("opening_carryover") or ledger.amount("fiscal_opening_carryover")
    parts = (ledger.amount("current_year_revenue"), opening)
    yield from adds_up(identity, ledger.amount("total_revenue"), parts, (ledger.amount("use_of_nonfiscal_surplus"),), place_of(ledger.line("total_revenue")))


def total_expenditure_is_spending_and_carryover(ledger: Ledger) -> Iterator[Finding]:
    """支出总计 = 本年支出合计 + 结余分配 + 年末结转和结余 (A03)."""
    identity = Identity("total_expenditure_is_spending_and_carryover", "支出总计 = 本年支出 + 结余分配 + 年末结转", "total expenditure = spending + surplus distributed + closing carry-over")
    closing = ledger.amount("closing_carryover") or ledger.amount("fiscal_closing_carryover")
    parts = (ledger.amount("current_year_expenditure"), closing)
    yield from adds_up(identity, ledger.amount("total_expenditure"), parts, (ledger.amount("surplus_distribution"),), place_of(ledger.line("total_expenditure")))


def expenditure_kinds_sum_to_total(ledger: Ledger) -> Iterator[Finding]:
    """本年支出 = 基本支出 + 项目支出 + 上缴上级 + 经营 + 对附属单位补助 (A04).

    A shortfall is certain only where nothing else can be in the whole: the shares sum to 100, or the 支出表 has no further column.
    """
    identity = Identity("expenditure_kinds_sum_to_total", "本年支出 = 基本支出 + 项目支出 + 其他各类", "spending = basic + project + other kinds")
    whole = "current_year_expenditure" if ledger.line("current_year_expenditure") else "total_expenditure"
    row = ledger.line(whole)
    kinds = [ledger.amount(kind, near=row) for kind in ("basic_expenditure", "project_expenditure")]
    others = [ledger.amount(kind, near=row) for kind in RARER_EXPENDITURE]
    if whole == "total_expenditure" and not ledger.budgeting:
        kinds.append(None)  # a final account's 总计 also holds the closing carry-over
    proven = _kinds_are_all(ledger, whole)
    rarer: list[Term | None] = [other for other in others if other is not None or not proven]
    carried: list[Term | None] = []
    if whole == "total_expenditure":
        closing = ledger.amount("closing_carryover")
        told = ledger.document is not None and CARRIED_ON.search(ledger.document.content)  # 结转下年 may be in the 总计 under words we do not read
        (kinds if closing is None and told and not proven else carried).append(closing)
    stated, without = ledger.term(row), total([kind for kind in (*kinds, *carried) if kind is not None])
    if stated is not None and without is not None and compare(without, stated).status != "fail":
        rarer = []  # they are told as 其中, inside the others
    yield from adds_up(identity, stated, kinds, [*rarer, *carried], place_of(row))


def _kinds_are_all(ledger: Ledger, whole: str) -> bool:
    """Whether 基本支出 and 项目支出 are known to be everything: their shares close, or the table that splits spending has no other column with an amount."""
    shares = [share for kind in ("basic_expenditure", "project_expenditure") if (share := ledger.amount(kind, "share_pct")) is not None]
    summed = total(shares) if whole == "current_year_expenditure" else None  # 占本年支出 says nothing about 总计
    if len(shares) == 2 and summed is not None and compare(summed, exact(HUNDRED, unit="%")).status != "fail":
        return True
    sheet = ledger.sheet("expenditure_detail")
    return sheet is not None and all(column in MAIN_COLUMNS or not line.value for row in sheet.rows for (column, _), line in row.cells.items())


def revenue_kinds_sum_to_total(ledger: Ledger) -> Iterator[Finding]:
    """本年收入 = 财政拨款 + 上级补助 + 事业 + 经营 + 附属单位上缴 + 其他 (A05)."""
    identity = Identity("revenue_kinds_sum_to_total", "本年收入 = 各类收入之和", "income = sum of its kinds")
    row = ledger.line("current_year_revenue") or ledger.line("total_revenue")
    if row is None:
        return
    fiscal = ledger.amount("revenue_fiscal_appropriation", near=row)
    funds = [ledger.amount(fund, near=row) for fund in FISCAL_FUNDS_REVENUE]
    kinds: list[Term | None] = [fiscal] if fiscal is not None else [funds[0], *(fund for fund in funds[1:] if fund is not None)]
    own = [ledger.amount(kind, near=row) for kind in OTHER_REVENUE]
    umbrella = ledger.amount("revenue_unit_funds", near=row) or ledger.amount("revenue_other_funds", near=row)
    if umbrella is not None and not any(one is not None and one.value for one in own):
        own = [umbrella]  # 单位资金 and 其他资金 hold 事业, 经营 and the others, whether they are told beside them or not
    others = [*own, ledger.amount("revenue_special_account", near=row)]
    carried = [ledger.amount(kind) for kind in ("opening_carryover", "use_of_nonfiscal_surplus")] if row.measure == "total_revenue" else []
    if fiscal is None and all(other is None for other in others):
        return  # only the fiscal funds are named: that is the identity of 财政拨款 below
    if umbrella is not None and umbrella not in own:
        others.append(None)  # which of the kinds it holds is not said
    yield from adds_up(identity, ledger.term(row), kinds, [*others, *carried], place_of(row))


def _funds(ledger: Ledger, funds: tuple[str, ...]) -> tuple[Term | None, list[Term]]:
    terms = [ledger.amount(fund) for fund in funds]
    if terms[0] is None and funds is FISCAL_FUNDS_EXPENDITURE:
        halves = [ledger.amount(half) for half in ("gpb_basic_expenditure", "gpb_project_expenditure")]
        terms[0] = total([half for half in halves if half is not None]) if None not in halves else None
    return terms[0], [term for term in terms[1:] if term is not None]


def fiscal_total_is_sum_of_funds(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款收（支）总计 = 一般公共预算 + 政府性基金 + 国有资本经营 + 年初（年末）结转 (A17)."""
    sides = (
        ("fiscal_total_revenue", FISCAL_FUNDS_REVENUE, "fiscal_opening_carryover", "gpb_opening_carryover"),
        ("fiscal_total_expenditure", FISCAL_FUNDS_EXPENDITURE, "fiscal_closing_carryover", "gpb_closing_carryover"),
    )
    for whole, funds, carried, gpb_carried in sides:
        identity = Identity("fiscal_total_is_sum_of_funds", f"{Subject(whole).zh} = 各项财政拨款 + 结转", f"{Subject(whole).en} = the three funds + carry-over")
        first, others = _funds(ledger, funds)
        if first is not None:
            carry = ledger.amount(carried) or ledger.amount(gpb_carried)
            yield from adds_up(identity, ledger.amount(whole), (first, *others, carry), place=place_of(ledger.line(whole)))


def fiscal_appropriation_is_sum_of_funds(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款收入 = 一般公共预算 + 政府性基金 + 国有资本经营 (A05, A17): a shortfall counts only where all three funds are told."""
    identity = Identity("fiscal_appropriation_is_sum_of_funds", "财政拨款收入 = 三项财政拨款之和", "fiscal appropriation = sum of the three funds", "likely")
    row = ledger.line("revenue_fiscal_appropriation")
    funds = [ledger.amount(fund, near=row) for fund in FISCAL_FUNDS_REVENUE]
    stated = ledger.term(row)
    known = total([fund for fund in funds if fund is not None]) if funds[0] is not None else None
    if stated is None or known is None:
        return
    for carried in (ledger.amount(kind, near=row) for kind in ("fiscal_opening_carryover", "opening_carryover")):
        with_carry, more = (total((side, carried)) if carried is not None else None for side in (stated, known))
        if with_carry is not None and compare(known, with_carry).status == "pass":
            stated = with_carry
        elif more is not None and compare(more, stated).status == "pass":
            funds = [*funds, carried]
            break
    yield from adds_up(identity, stated, funds, place=place_of(row))


def fiscal_total_within_total(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款收入总计 ≤ 收入总计 (A19)."""
    identity = Identity("fiscal_total_within_total", "财政拨款收入总计 ≤ 收入总计", "fiscal total revenue is within total revenue")
    yield from at_most(identity, ledger.amount("fiscal_total_revenue"), ledger.amount("total_revenue"), place_of(ledger.line("fiscal_total_revenue")))


def prior_year_totals_agree(ledger: Ledger) -> Iterator[Finding]:
    """由总计与增减额推出的上年收入与上年支出一致 (A15)."""
    for left, right in (("total_revenue", "total_expenditure"), ("fiscal_total_revenue", "fiscal_total_expenditure")):
        identity = Identity("prior_year_totals_agree", f"推算的上年{Subject(left).zh} = 上年{Subject(right).zh}", f"prior-year {Subject(left).en} and {Subject(right).en}, as implied", "likely")
        for basis in ("change_vs_prior_final", "change_vs_prior_budget"):
            terms = [(ledger.amount(measure), ledger.amount(measure, basis)) for measure in (left, right)]
            implied = [minus(value, change) for value, change in terms if value is not None and change is not None]
            if len(implied) == 2:
                yield from reconcile(identity, implied[0], implied[1], place=place_of(ledger.line(left)))


def expenditure_change_is_sum_of_parts(ledger: Ledger) -> Iterator[Finding]:
    """本年支出增减 = 基本（人员 + 公用）增减 + 项目支出增减; amounts named as reasons may support it, not refute it (A14)."""
    identity = Identity("expenditure_change_is_sum_of_parts", "支出增减 = 人员 + 公用 + 项目支出增减", "change of spending = changes of staff, running and project costs")
    for basis in ("change_vs_prior_final", "change_vs_prior_budget"):
        whole = ledger.line("current_year_expenditure", basis) or ledger.line("total_expenditure", basis)
        basic = ledger.amount("basic_expenditure", basis)
        staff = [basic] if basic is not None else [ledger.amount(measure, basis) for measure in ("personnel_expenditure", "public_expenditure")]
        project = ledger.amount("project_expenditure", basis)
        reason = next((row for row in ledger.reasons if row.measure == "project_expenditure" and row.basis == basis), None)
        parts = [*staff, project or ledger.term(reason)]
        present = [part for part in parts if part is not None]
        amount = total(present) if len(present) == len(parts) else None
        stated = ledger.term(whole)
        if amount is None or stated is None:
            continue
        if compare(amount, stated).status == "fail" and (project is None or basic is None or not _two_kinds_only(ledger, whole)):
            zh, en = "所列数额只说明部分增减", "the amounts named explain part of the change only"
            yield remark(identity, "not_applicable", zh, en, ids=(*amount.ids, *stated.ids), place=place_of(whole))
        else:
            yield from reconcile(identity, amount, stated, place=place_of(whole))


def _two_kinds_only(ledger: Ledger, whole: BudgetLine | None) -> bool:
    """Whether 基本支出 + 项目支出 make up the spending whose change is told."""
    halves = [half for kind in ("basic_expenditure", "project_expenditure") if (half := ledger.amount(kind)) is not None]
    stated, summed = ledger.amount(whole.measure or "") if whole is not None else None, total(halves)
    return len(halves) == 2 and stated is not None and summed is not None and compare(summed, stated).status != "fail"


def empty_fund_has_no_amount(ledger: Ledger) -> Iterator[Finding]:
    """声明“无”的政府性基金、国有资本经营预算, 正文和表中都没有非零金额 (A38, B12)."""
    tables = {"gov_fund_revenue": "gov_fund", "gov_fund_expenditure": "gov_fund", "state_capital_revenue": "state_capital", "state_capital_expenditure": "state_capital"}
    columns = {"gov_fund": "government_fund", "state_capital": "state_capital"}
    for subject, bases in ledger.denied.items():
        for basis, rows in bases.items():
            identity = Identity("empty_fund_has_no_amount", f"{subject.zh}声明为无", f"{subject.en} is said to be none", "look")
            kind = tables.get(subject.measure)
            if kind is None:
                continue  # 无“三公”经费 may be said of one unit, or of one item
            cells = [
                line
                for line in ledger.disclosure.budget_lines
                if line.origin == "table" and line.basis == basis and (line.table_kind == kind or (line.table_kind == "fiscal_summary" and line.column == columns[kind]))
            ]
            against = [line for line in (*ledger.lines(subject, basis), *cells) if line.value != ZERO]
            if against:
                zh, en = f"却印有{against[0].raw}", f"yet {against[0].raw} is printed"
                yield remark(identity, "fail", zh, en, ids=[rows[0].row_id, *(line.row_id for line in against)], place=place_of(rows[0]))
            else:
                yield remark(identity, "pass", "未见非零金额", "no amount contradicts it", ids=[row.row_id for row in rows], place=place_of(rows[0]))


CHECKS = (
    revenue_equals_expenditure,
    fiscal_revenue_equals_fiscal_expenditure,
    total_revenue_is_income_and_carryover,
    total_expenditure_is_spending_and_carryover,
    expenditure_kinds_sum_to_total,
    revenue_kinds_sum_to_total,
    fiscal_total_is_sum_of_funds,
    fiscal_appropriation_is_sum_of_funds,
    fiscal_total_within_total,
    prior_year_totals_agree,
    expenditure_change_is_sum_of_parts,
    empty_fund_has_no_amount,
)
