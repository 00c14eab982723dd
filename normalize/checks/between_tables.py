"""Between the standard tables of one disclosure: the same figure stands in several (表间勾稽).

Only tables that occur once are compared; a document with one set of tables per unit is left to its own sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalize.checks.ledger import COLUMN_ZH, TABLE_ZH, Subject, class_code
from normalize.checks.outcome import Identity, adds_up, at_most, place_of_sheet, reconcile
from normalize.checks.percentages import THREE_PUBLIC_COLUMNS
from normalize.checks.tables import FUNDS, KINDS, Comparison, cell, current_total, grand_total, report
from normalize.checks.tolerance import compare, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from normalize.checks.ledger import Ledger, Row, Sheet
    from normalize.checks.tolerance import Term
    from normalize.records import Finding

THREE_PUBLIC_CODES = {"30212": "overseas", "30217": "reception", "30231": "vehicle_operation"}

OPERATION_SUMS = {
    "three_public_total": ("three_public_overseas", "three_public_vehicle_total", "three_public_reception"),
    "three_public_vehicle_total": ("three_public_vehicle_purchase", "three_public_vehicle_operation"),
    "procurement_total": ("procurement_goods", "procurement_works", "procurement_services"),
}


def shared_bases(*sheets: Sheet) -> list[str]:
    """The bases that all of these tables print."""
    return [basis for basis in sheets[0].bases if all(basis in sheet.bases for sheet in sheets)]


def detail_total(ledger: Ledger, sheet: Sheet | None, column: str, basis: str) -> Term | None:
    """The 合计 row of a detail table; where none is printed, the sum of its 类 rows."""
    if sheet is None:
        return None
    stated = cell(ledger, sheet.total(), column, basis)
    if stated is not None or sheet.total() is not None:
        return stated
    parts = [term for code, row in sheet.codes.items() if len(code) == 3 and (term := cell(ledger, row, column, basis)) is not None]
    return total(parts) if parts else None


def either(identity: Identity, stated: Term | None, candidates: Sequence[Term | None], sheet: Sheet) -> Iterator[Finding]:
    """A figure that must equal one of several: forms differ in whether 上年结转 is part of a total."""
    known = [term for term in candidates if term is not None]
    if stated is None or not known:
        return
    best = min(known, key=lambda term: abs(compare(stated, term).difference or term.value * 0))
    yield from reconcile(identity, stated, best, place=place_of_sheet(sheet))


def detail_totals_equal_summary(ledger: Ledger) -> Iterator[Finding]:
    """收入表合计 = 总表本年收入合计, 支出表合计 = 总表本年支出合计; with 上年结转 in the table, the 总计 (C06, C11, C35)."""
    summary = ledger.sheet("rev_exp_summary")
    for kind, side in (("revenue_detail", "revenue"), ("expenditure_detail", "expenditure")):
        detail = ledger.sheet(kind)
        if summary is None or detail is None:
            continue
        identity = Identity("detail_totals_equal_summary", f"{detail.zh}合计 = {summary.zh}合计", f"total of {kind} = that of rev_exp_summary")
        for basis in shared_bases(detail, summary):
            candidates = [current_total(ledger, summary, side, basis), grand_total(ledger, summary, side, basis)]
            yield from either(identity, detail_total(ledger, detail, "total", basis), candidates, detail)


def fiscal_totals_equal_fund_tables(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款总表各资金栏 = 一般公共预算、政府性基金、国有资本经营各表合计 (C21, C31, C32, C35)."""
    fiscal = ledger.sheet("fiscal_summary")
    for kind, column in (("gpb_expenditure", "general_public_budget"), ("gov_fund", "government_fund"), ("state_capital", "state_capital")):
        detail = ledger.sheet(kind)
        if fiscal is None or detail is None:
            continue
        identity = Identity("fiscal_totals_equal_fund_tables", f"{detail.zh}合计 = {fiscal.zh}{COLUMN_ZH[column]}栏", f"total of {kind} = {column} in fiscal_summary")
        for basis in shared_bases(detail, fiscal):
            rows = [row for row in fiscal.rows if row.side == "expenditure" and row.kind in {"current_total", "grand_total"}]
            yield from either(identity, detail_total(ledger, detail, "total", basis), [cell(ledger, row, column, basis) for row in rows], detail)


def _classes(rows: Sequence[Row], side: str) -> dict[str, Row]:
    return {code: row for row in rows if row.side == side and (code := class_code(row.label)) is not None}


def class_rows_agree(ledger: Ledger) -> Iterator[Finding]:
    """总表支出侧各类 = 支出表各类; 财政拨款总表一般公共预算栏各类 = 一般公共预算支出表各类 (C14, C21)."""
    for summary_kind, column, detail_kind in (("rev_exp_summary", "amount", "expenditure_detail"), ("fiscal_summary", "general_public_budget", "gpb_expenditure")):
        summary, detail = ledger.sheet(summary_kind), ledger.sheet(detail_kind)
        if summary is None or detail is None:
            continue
        identity = Identity("class_rows_agree", f"{summary.zh}与{detail.zh}各类支出一致", f"function classes alike in {summary_kind} and {detail_kind}")
        yield from report(identity, detail, _class_pairs(ledger, summary, column, detail))


def _class_pairs(ledger: Ledger, summary: Sheet, column: str, detail: Sheet) -> Iterator[Comparison]:
    rows = detail.codes
    for code, row in _classes(summary.rows, "expenditure").items():
        for basis in shared_bases(summary, detail):
            lhs, rhs = cell(ledger, rows.get(code), "total", basis), cell(ledger, row, column, basis)
            if lhs is not None and rhs is not None:
                yield Comparison(row.label, compare(lhs, rhs), lhs, rhs)


def revenue_columns_equal_summary_rows(ledger: Ledger) -> Iterator[Finding]:
    """收入表各栏合计 = 总表收入侧各行: 财政拨款, 上级补助, 事业, 经营, 附属单位上缴, 其他 (C09, C10)."""
    summary, detail = ledger.sheet("rev_exp_summary"), ledger.sheet("revenue_detail")
    if summary is None or detail is None:
        return
    for basis in shared_bases(summary, detail):
        fiscal = cell(ledger, summary.row("fiscal_appropriation", "revenue"), "amount", basis)
        funds = [term for fund in FUNDS if (term := cell(ledger, summary.row(fund, "revenue"), "amount", basis)) is not None]
        rows = {"fiscal_appropriation": fiscal or (total(funds) if funds else None)}
        rows |= {kind: cell(ledger, summary.row(kind, "revenue"), "amount", basis) for kind in (*KINDS, *FUNDS)}
        for column, stated in rows.items():
            name = COLUMN_ZH.get(column, column)
            identity = Identity("revenue_columns_equal_summary_rows", f"{detail.zh}{name}栏 = {summary.zh}{name}", f"{column} in revenue_detail = its row in rev_exp_summary")
            yield from reconcile(identity, detail_total(ledger, detail, column, basis), stated, place=place_of_sheet(detail))


def fiscal_income_equals_summary_rows(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款总表收入侧三项 = 收支总表收入侧三项 (C15); some forms count 上年结转 of a fund with its income."""
    summary, fiscal = ledger.sheet("rev_exp_summary"), ledger.sheet("fiscal_summary")
    if summary is None or fiscal is None:
        return
    for basis in shared_bases(summary, fiscal):
        for fund in FUNDS:
            identity = Identity("fiscal_income_equals_summary_rows", f"{fiscal.zh}{COLUMN_ZH[fund]} = {summary.zh}{COLUMN_ZH[fund]}", f"{fund} alike in fiscal_summary and rev_exp_summary")
            stated = cell(ledger, summary.row(fund, "revenue"), "amount", basis)
            rows = [term for row in fiscal.rows if row.kind == fund and row.side != "expenditure" and (term := cell(ledger, row, "amount", basis)) is not None]
            yield from either(identity, stated, [*rows[:1], total(rows) if len(rows) > 1 else None], fiscal)


def gpb_within_all_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出表逐科目 ≤ 支出表 (C24)."""
    gpb, detail = ledger.sheet("gpb_expenditure"), ledger.sheet("expenditure_detail")
    if gpb is None or detail is None:
        return
    identity = Identity("gpb_within_all_expenditure", f"{gpb.zh} ≤ {detail.zh}", "gpb_expenditure is within expenditure_detail, row by row", "likely")
    rows = detail.codes
    compared = [one for code, row in gpb.codes.items() if code in rows for one in _within(ledger, row, rows[code], shared_bases(gpb, detail))]
    yield from report(identity, gpb, compared)


def _within(ledger: Ledger, part: Row, whole: Row, bases: list[str]) -> Iterator[Comparison]:
    for basis in bases:
        for column in ("total", "basic", "project"):
            lhs, rhs = cell(ledger, part, column, basis), cell(ledger, whole, column, basis)
            if lhs is None or rhs is None:
                continue
            verdict = compare(lhs, rhs)
            if verdict.difference is not None and verdict.difference <= 0:
                verdict = verdict._replace(status="pass")
            yield Comparison(f"{part.zh}{COLUMN_ZH[column]}", verdict, lhs, rhs)


def basic_total(ledger: Ledger, sheet: Sheet, basis: str) -> Term | None:
    """Everything in 一般公共预算基本支出表: its 合计, or 人员经费合计 + 公用经费合计."""
    for column in ("total", "amount"):
        stated = cell(ledger, sheet.total(), column, basis)
        if stated is not None:
            return stated
    halves = [cell(ledger, sheet.row(kind), "amount", basis) for kind in ("personnel_total", "public_total")]
    known = [half for half in halves if half is not None]
    return total(known) if len(known) == 2 else None


def basic_expenditure_tables_agree(ledger: Ledger) -> Iterator[Finding]:
    """基本支出表 人员 + 公用 = 一般公共预算支出表基本支出合计 (C25)."""
    economic, gpb = ledger.sheet("gpb_basic_economic"), ledger.sheet("gpb_expenditure")
    if economic is None or gpb is None:
        return
    identity = Identity("basic_expenditure_tables_agree", f"{economic.zh}合计 = {gpb.zh}基本支出", "gpb_basic_economic total = basic in gpb_expenditure")
    for basis in shared_bases(economic, gpb):
        yield from reconcile(identity, basic_total(ledger, economic, basis), detail_total(ledger, gpb, "basic", basis), place=place_of_sheet(economic))


def basic_three_public_within_three_public(ledger: Ledger) -> Iterator[Finding]:
    """基本支出表 30212, 30217, 30231 ≤ “三公”经费表决算数: the rest is paid from 项目支出 (C28)."""
    economic, sheet = ledger.sheet("gpb_basic_economic"), ledger.sheet("three_public")
    if economic is None or sheet is None or len(sheet.rows) != 1:
        return
    rows = economic.codes
    for code, column in THREE_PUBLIC_CODES.items():
        identity = Identity("basic_three_public_within_three_public", f"{economic.zh}{code} ≤ {TABLE_ZH['three_public']}{COLUMN_ZH[column]}", f"{code} is within {column} of three_public", "look")
        for basis in shared_bases(economic, sheet):
            column_of = "amount" if "amount" in economic.columns else "total"
            yield from at_most(identity, cell(ledger, rows.get(code), column_of, basis), cell(ledger, sheet.rows[0], column, basis), place_of_sheet(economic))


def funds_balance(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款总表各项资金: 年初结转 + 收入 = 支出 + 年末结转 (C20)."""
    sheet = ledger.sheet("fiscal_summary")
    if sheet is None or not sheet.columns & set(FUNDS):
        return
    carried = next((place for place, row in enumerate(sheet.rows) if row.kind == "opening_carryover"), None)
    for basis in sheet.bases:
        opening = cell(ledger, sheet.row("opening_carryover"), "amount", basis)
        for fund in FUNDS:
            incomes = [(place, term) for place, row in enumerate(sheet.rows) if row.kind == fund and row.side != "expenditure" and (term := cell(ledger, row, "amount", basis)) is not None]
            before = [term for place, term in incomes if carried is None or place < carried]
            after = [term for place, term in incomes if carried is not None and place > carried]
            split = after or opening is None or not opening.value  # else the opening carry-over is not told fund by fund
            spent = [term for kind in ("current_total", "closing_carryover") if (term := cell(ledger, _on_expenditure_side(sheet, kind), fund, basis)) is not None]
            if split and len(before) == 1 and len(after) < 2 and spent and cell(ledger, _on_expenditure_side(sheet, "current_total"), fund, basis) is not None:
                identity = Identity("funds_balance", f"{sheet.zh}{COLUMN_ZH[fund]}：年初结转 + 收入 = 支出 + 年末结转", f"fiscal_summary, {fund}: opening + income = spending + closing", "likely")
                yield from reconcile(identity, total([*before, *after]), total(spent), place=place_of_sheet(sheet))


def _on_expenditure_side(sheet: Sheet, kind: str) -> Row | None:
    return next((row for row in sheet.rows if row.kind == kind and row.side == "expenditure"), None)


def operation_table_agrees(ledger: Ledger) -> Iterator[Finding]:
    """机构运行信息表: “三公”经费 = “三公”经费表, 机关运行经费 ≤ 基本支出表公用经费 (C33)."""
    operation, sheet, economic = (ledger.sheet(kind) for kind in ("agency_operation", "three_public", "gpb_basic_economic"))
    if operation is None:
        return
    stated = {(line.measure, line.basis): line for row in operation.rows for line in row.cells.values() if line.measure and line.category is None}
    for (measure, basis), line in stated.items():
        column = THREE_PUBLIC_COLUMNS.get(measure or "")
        if sheet is not None and len(sheet.rows) == 1 and column is not None:
            identity = Identity("operation_table_agrees", f"{operation.zh}{COLUMN_ZH.get(column, column)} = {sheet.zh}", f"{column} alike in agency_operation and three_public")
            yield from reconcile(identity, ledger.term(line), cell(ledger, sheet.rows[0], column, basis), place=place_of_sheet(operation))
        elif measure == "agency_operating_expenditure" and economic is not None:
            identity = Identity("operation_table_agrees", f"{operation.zh}机关运行经费 ≤ {economic.zh}公用经费", "agency operating cost is within public in gpb_basic_economic", "look")
            yield from at_most(identity, ledger.term(line), cell(ledger, economic.row("public_total"), "amount", basis), place_of_sheet(operation))


def operation_table_adds_up(ledger: Ledger) -> Iterator[Finding]:
    """机构运行信息表: “三公”经费 = 出国 + 用车 + 接待, 用车 = 购置 + 运行, 政府采购 = 货物 + 工程 + 服务 (C33)."""
    sheet = ledger.sheet("agency_operation")
    if sheet is None:
        return
    stated = {(line.measure, line.basis): line for row in sheet.rows for line in row.cells.values() if line.category is None}
    for whole, parts in OPERATION_SUMS.items():
        identity = Identity("operation_table_adds_up", f"{sheet.zh}：{Subject(whole).zh} = 各项之和", f"agency_operation: {Subject(whole).en} = sum of its parts")
        for basis in sheet.bases:
            terms = [ledger.term(stated.get((part, basis))) for part in parts]
            yield from adds_up(identity, ledger.term(stated.get((whole, basis))), terms, place=place_of_sheet(sheet))


CHECKS = (
    detail_totals_equal_summary,
    fiscal_totals_equal_fund_tables,
    class_rows_agree,
    revenue_columns_equal_summary_rows,
    fiscal_income_equals_summary_rows,
    gpb_within_all_expenditure,
    basic_expenditure_tables_agree,
    basic_three_public_within_three_public,
    funds_balance,
    operation_table_agrees,
    operation_table_adds_up,
)
