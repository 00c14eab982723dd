"""Narrative against tables: what the text says is what the table prints (文表一致)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalize.checks.between_tables import basic_total, detail_total
from normalize.checks.ledger import Subject
from normalize.checks.outcome import Identity, place_of, reconcile
from normalize.checks.percentages import THREE_PUBLIC_COLUMNS
from normalize.checks.tables import Comparison, cell, current_total, grand_total, report
from normalize.checks.tolerance import compare, in_unit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Ledger
    from normalize.checks.tolerance import Term
    from normalize.records import Finding

REVENUE_COLUMNS = {
    "revenue_fiscal_appropriation": "fiscal_appropriation",
    "revenue_superior_subsidy": "superior_subsidy",
    "revenue_institution": "institution",
    "revenue_operating": "operating",
    "revenue_affiliate": "affiliate",
    "revenue_other": "other",
}
EXPENDITURE_COLUMNS = {
    "basic_expenditure": "basic",
    "project_expenditure": "project",
    "payment_to_superior": "to_superior",
    "operating_expenditure": "operating",
    "subsidy_to_affiliate": "to_affiliate",
}
GPB_COLUMNS = {"gpb_expenditure": "total", "gpb_basic_expenditure": "basic", "gpb_project_expenditure": "project"}


def said_as_printed(ledger: Ledger, check_id: str, subject: Subject | str, basis: str, table: str, printed: Term | None) -> Iterator[Finding]:
    """Every different value the text gives a figure, against the one its table prints."""
    key = Subject(subject) if isinstance(subject, str) else subject
    if printed is None:
        return
    identity = Identity(check_id, f"{key.zh}：正文 = {table}", f"{key.en}: narrative = table")
    rows = {row.value: row for row in reversed(ledger.lines(key, basis))}
    if key == Subject("gpb_expenditure") and len(rows) > 1:
        rows = {value: row for value, row in rows.items() if value * 2 > max(rows)}  # smaller ones are items named by no code
    terms = [(row, term) for row in reversed(rows.values()) if (term := ledger.term(row)) is not None]
    told = any(compare(term, printed).status.startswith("pass") for _, term in terms)
    if not told and (len(terms) > 2 or (ledger.sectioned and all(row.section_kind is None for row, _ in terms))):
        return  # several figures of parts, or one told where no section of the form is
    for row, term in terms:
        if not (told and far_apart(term, printed)) or key.measure.startswith("three_public"):
            yield from reconcile(identity, term, printed, place=place_of(row))


def far_apart(left: Term, right: Term) -> bool:
    """Whether one amount is less than half of the other: beside a figure that agrees, such a one is of a part or of another subject; “三公” items are always named."""
    other = in_unit(left, right.unit)
    return other is None or min(abs(other.value), abs(right.value)) * 2 < max(abs(other.value), abs(right.value))


def totals_agree_with_summary_tables(ledger: Ledger) -> Iterator[Finding]:
    """收入总计、支出总计、本年合计 = 收支总表; 财政拨款收支总计 = 财政拨款总表 (B01, B02, B03, B06)."""
    figures = (
        ("total_revenue", "rev_exp_summary", "revenue", grand_total),
        ("total_expenditure", "rev_exp_summary", "expenditure", grand_total),
        ("current_year_revenue", "rev_exp_summary", "revenue", current_total),
        ("current_year_expenditure", "rev_exp_summary", "expenditure", current_total),
        ("fiscal_total_revenue", "fiscal_summary", "revenue", grand_total),
        ("fiscal_total_expenditure", "fiscal_summary", "expenditure", grand_total),
    )
    for measure, kind, side, figure in figures:
        sheet = ledger.sheet(kind)
        for basis in sheet.bases if sheet else ():
            if sheet is not None:
                yield from said_as_printed(ledger, "totals_agree_with_summary_tables", measure, basis, sheet.zh, figure(ledger, sheet, side, basis))


def kinds_agree_with_detail_tables(ledger: Ledger) -> Iterator[Finding]:
    """各类收入 = 收入表合计行, 基本支出、项目支出等 = 支出表合计行 (B02-B05)."""
    for kind, columns, whole in (("revenue_detail", REVENUE_COLUMNS, "current_year_revenue"), ("expenditure_detail", EXPENDITURE_COLUMNS, "current_year_expenditure")):
        sheet = ledger.sheet(kind)
        for basis in sheet.bases if sheet else ():
            for measure, column in {**columns, whole: "total"}.items():
                if sheet is not None:
                    yield from said_as_printed(ledger, "kinds_agree_with_detail_tables", measure, basis, sheet.zh, detail_total(ledger, sheet, column, basis))


def gpb_agrees_with_its_table(ledger: Ledger) -> Iterator[Finding]:
    """一般公共预算支出、基本支出、项目支出 = 一般公共预算支出表合计行 (B07)."""
    sheet = ledger.sheet("gpb_expenditure")
    for basis in sheet.bases if sheet else ():
        for measure, column in GPB_COLUMNS.items():
            if sheet is not None:
                yield from said_as_printed(ledger, "gpb_agrees_with_its_table", measure, basis, sheet.zh, detail_total(ledger, sheet, column, basis))


def items_agree_with_gpb_table(ledger: Ledger) -> Iterator[Finding]:
    """正文逐类、逐项支出 = 一般公共预算支出表各行 (B08, B15)."""
    sheet = ledger.sheet("gpb_expenditure")
    if sheet is None:
        return
    identity = Identity("items_agree_with_gpb_table", f"正文各科目 = {sheet.zh}", "items of the narrative = gpb_expenditure")
    yield from report(identity, sheet, _items(ledger))


def _items(ledger: Ledger) -> Iterator[Comparison]:
    sheet = ledger.sheet("gpb_expenditure")
    rows = sheet.codes if sheet else {}
    for subject, bases in ledger.said.items():
        row = rows.get(subject.code or "")
        if subject.measure != "gpb_expenditure" or row is None or subject.category:
            continue
        for basis, said in bases.items():
            printed = cell(ledger, row, "total", basis)
            lines = {line.value: line for line in reversed(said)}
            if len(lines) > 2:
                continue  # several sentences of one class: projects, not the class
            for line in lines.values():
                term = ledger.term(line)
                if printed is not None and term is not None:
                    yield Comparison(row.zh, compare(term, printed), term, printed)


def staff_and_running_costs_agree_with_table(ledger: Ledger) -> Iterator[Finding]:
    """人员经费、公用经费、基本支出 = 基本支出表合计 (B07, B09)."""
    sheet = ledger.sheet("gpb_basic_economic")
    if sheet is None:
        return
    for basis in sheet.bases:
        figures: dict[str, Term | None] = {"gpb_basic_expenditure": basic_total(ledger, sheet, basis)}
        for kind in ("personnel", "public"):
            stated = cell(ledger, sheet.row(f"{kind}_total"), "amount", basis)
            figures[f"{kind}_expenditure"] = stated or cell(ledger, sheet.total(), kind, basis)
        for measure, printed in figures.items():
            yield from said_as_printed(ledger, "staff_and_running_costs_agree_with_table", measure, basis, sheet.zh, printed)


def three_public_agrees_with_table(ledger: Ledger) -> Iterator[Finding]:
    """“三公”经费各项预算、决算 = “三公”经费表; 机关运行经费 where the table has it (B10, B11, B14)."""
    sheet = ledger.sheet("three_public")
    if sheet is None or len(sheet.rows) != 1:
        return
    for basis in sheet.bases:
        for measure, column in {**THREE_PUBLIC_COLUMNS, "agency_operating_expenditure": "agency_operating"}.items():
            yield from said_as_printed(ledger, "three_public_agrees_with_table", measure, basis, sheet.zh, cell(ledger, sheet.rows[0], column, basis))


CHECKS = (
    totals_agree_with_summary_tables,
    kinds_agree_with_detail_tables,
    gpb_agrees_with_its_table,
    items_agree_with_gpb_table,
    staff_and_running_costs_agree_with_table,
    three_public_agrees_with_table,
)
