"""The checks on invented records: what passes, what only rounds, what fails, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from extract.document import Document, Source, Span
from normalize.checks import CHECKS, run_checks
from normalize.checks.tolerance import Term, compare, half_up, printed, printed_decimals, quotient, total
from normalize.records import BudgetLine, Disclosure, Finding, Identity, Indicator, Project, Quantity, Section


def said(measure: str, value: str, unit: str = "万元", basis: str = "final", *, code: str | None = None, at: int = 0, role: str = "stated", category: str | None = None) -> BudgetLine:
    raw = value.lstrip("-") + unit
    return BudgetLine("narrative", basis, Decimal(value), unit, raw, Span(at, at + len(raw)), "t", measure=measure, function_code=code, role=role, category=category)


def cell(kind: str, label: str, column: str, value: str, *, code: str | None = None, side: str | None = None, at: int = 0, ordinal: int = 1) -> BudgetLine:
    return BudgetLine("table", "final", Decimal(value), "万元", value, Span(at, at + len(value)), "t", table_kind=kind, table_ordinal=ordinal, side=side, item_code=code, item_label=label, column=column)


def count(measure: str, value: str, category: str | None = None) -> Quantity:
    return Quantity(measure, "final", Decimal(value), "人", value, Span(0, len(value)), "t", category)


def findings(*rows: BudgetLine | Quantity, check: str, **more: object) -> list[Finding]:
    lines = [replace(row, row_id=f"line-{place}") for place, row in enumerate(rows, 1) if isinstance(row, BudgetLine)]
    counts = [replace(row, row_id=f"count-{place}") for place, row in enumerate(rows, 1) if isinstance(row, Quantity)]
    disclosure = Disclosure("d", "ok", Identity(stage="final"), budget_lines=tuple(lines), quantities=tuple(counts))
    return [finding for finding in run_checks(replace(disclosure, **more)) if finding.check_id == check]  # type: ignore[arg-type]


def outcomes(*rows: BudgetLine | Quantity, check: str) -> list[tuple[str, str]]:
    return [(finding.status, finding.severity) for finding in findings(*rows, check=check)]


def test_nothing_is_found_in_an_empty_disclosure() -> None:
    assert run_checks(Disclosure("d", "ok", Identity())) == ()


def test_every_check_has_a_docstring_and_a_name_of_its_own() -> None:
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names)
    assert all(check.__doc__ for check in CHECKS)


@pytest.mark.parametrize(
    ("raw", "value", "decimals"),
    [("减少56.950万元", "-56.95", 3), ("31", "31", 0), ("1,066.51", "1066.51", 2), ("２.５万元", "2.5", 1), ("与2024年持平", "0", None), ("无", "0", None)],
)
def test_decimals_are_counted_on_the_printed_numeral(raw: str, value: str, decimals: int | None) -> None:
    assert printed_decimals(raw, Decimal(value)) == decimals


def test_percents_round_half_up_not_half_even() -> None:
    assert half_up(Decimal("41.05"), Decimal("0.1")) == Decimal("41.1")
    assert half_up(Decimal("-41.05"), Decimal("0.1")) == Decimal("-41.1")


def test_a_long_sum_is_forgiven_five_hundredths_at_most() -> None:
    part = printed("1.00", Decimal("1.00"), "万元", (), 2)
    whole = printed("30.06", Decimal("30.06"), "万元", (), 2)
    summed = total([part] * 30)
    assert summed is not None
    assert compare(summed, whole).status == "fail"
    assert compare(summed, replace(whole, value=Decimal("30.05"))).status == "pass_rounding"


def test_yuan_and_wan_yuan_are_compared_in_one_unit() -> None:
    table = printed("3715146.55", Decimal("3715146.55"), "元", (), 2)
    text = printed("371.51", Decimal("371.51"), "万元", (), 2)
    assert compare(table, text).status == "pass_rounding"
    assert compare(replace(table, value=Decimal("3716146.55")), text).status == "fail"


def test_money_and_another_unit_cannot_be_compared() -> None:
    assert compare(Term(Decimal(5), unit="辆"), Term(Decimal(6), unit="万元")).status == "unreadable"
    assert quotient(Term(Decimal(5), unit="万元"), Term(Decimal(0), unit="万元")) is None


def test_a_finding_tells_the_arithmetic_in_two_languages_and_names_its_rows() -> None:
    (found,) = findings(
        said("total_revenue", "300.00"), said("current_year_revenue", "200.12"), said("opening_carryover", "90.00"), said("use_of_nonfiscal_surplus", "0.00"),
        check="total_revenue_is_income_and_carryover",
    )  # fmt: skip
    assert found == Finding(
        "total_revenue_is_income_and_carryover",
        "fail",
        "收入总计 = 本年收入 + 使用结余 + 年初结转：200.12+90.00 = 290.12万元，印为300.00万元，差-9.88，超出容差0.02",
        "total revenue = income + surplus used + opening carry-over: 200.12+90.00 = 290.12万元, printed 300.00万元: -9.88 apart, more than 0.02 allowed",
        severity="certain",
        lhs=Decimal("290.12"),
        rhs=Decimal("300.00"),
        difference=Decimal("-9.88"),
        tolerance=Decimal("0.020"),
        evidence_ids=("line-2", "line-3", "line-4", "line-1"),
    )


def test_a_shortfall_is_certain_only_where_no_other_kind_can_fill_it() -> None:
    rows = (said("current_year_expenditure", "300.00"), said("basic_expenditure", "200.00"), said("project_expenditure", "90.00"))
    shares = (said("basic_expenditure", "70.0", "%", "share_pct"), said("project_expenditure", "30.0", "%", "share_pct"))
    table = [cell("expenditure_detail", "合计", column, value, at=900 + place * 9) for place, (column, value) in enumerate({"total": "300.00", "basic": "200.00", "project": "90.00"}.items())]
    reserve = cell("expenditure_detail", "合计", "operating", "10.00", at=950)
    for more, severity in (((), "look"), (shares, "certain"), (tuple(table), "certain"), ((*table, reserve), "look")):
        assert outcomes(*rows, *more, check="expenditure_kinds_sum_to_total") == [("fail", severity)]
    assert outcomes(*rows, said("reserve_expenditure", "10.00"), check="expenditure_kinds_sum_to_total") == [("pass", "note")]


def test_an_item_whose_code_is_not_known_is_not_taken_for_the_total() -> None:
    item = replace(said("gpb_expenditure", "320.00", at=80), item_label="行政运行")
    table = cell("gpb_expenditure", "合计", "total", "500.00", at=900)
    rows = (said("gpb_expenditure", "500.00", at=40), item, replace(item, value=Decimal("180.00"), raw="180.00万元"), table)
    assert outcomes(*rows, check="gpb_agrees_with_its_table") == [("pass", "note")]
    assert outcomes(*rows, check="figure_printed_twice_agrees") == []


def test_people_are_counted_in_one_unit_under_two_words() -> None:
    part = replace(count("reception_persons", "12", "domestic_foreign_affairs"), unit="人")
    whole = replace(count("reception_persons", "64", "domestic"), unit="人次")
    assert outcomes(part, whole, check="foreign_reception_within_domestic") == [("pass", "note")]
    assert outcomes(replace(part, value=Decimal(90), raw="90"), whole, check="foreign_reception_within_domestic") == [("fail", "likely")]


@pytest.mark.parametrize(("spent", "expected"), [("500.00", ("pass", "note")), ("500.01", ("pass_rounding", "note")), ("500.10", ("fail", "certain"))])
def test_total_revenue_and_total_expenditure_are_one_figure(spent: str, expected: tuple[str, str]) -> None:
    assert outcomes(said("total_revenue", "500.00"), said("total_expenditure", spent), check="revenue_equals_expenditure") == [expected]


def test_an_operand_the_page_does_not_print_is_no_finding() -> None:
    assert outcomes(said("total_revenue", "500.00"), check="revenue_equals_expenditure") == []


@pytest.mark.parametrize(
    ("percent", "expected"),
    [("2.7", ("pass", "note")), ("2.6", ("fail", "look")), ("3.7", ("fail", "certain"))],
)
def test_growth_is_recomputed_from_the_amounts(percent: str, expected: tuple[str, str]) -> None:
    rows = (
        said("public_expenditure", "606.04"), said("public_expenditure", "15.66", basis="change_vs_prior_final"),
        said("public_expenditure", percent, "%", "change_pct_vs_prior_final"),
    )  # fmt: skip
    assert outcomes(*rows, check="growth_rate_matches_amounts") == [expected]


@pytest.mark.parametrize(("percent", "status"), [("0.00", "undefined"), ("100", "undefined"), ("37.5", "fail")])
def test_growth_from_nothing_has_no_rate(percent: str, status: str) -> None:
    rows = (
        said("meeting_expenditure", "2.00"), said("meeting_expenditure", "2.00", basis="change_vs_prior_final"),
        said("meeting_expenditure", percent, "%", "change_pct_vs_prior_final"),
    )  # fmt: skip
    assert [status for status, _ in outcomes(*rows, check="growth_rate_matches_amounts")] == [status]


def test_a_decrease_with_an_increasing_rate_fails() -> None:
    rows = (
        said("training_expenditure", "8.00"), said("training_expenditure", "-2.00", basis="change_vs_prior_final"),
        said("training_expenditure", "20.00", "%", "change_pct_vs_prior_final"),
    )  # fmt: skip
    assert outcomes(*rows, check="growth_rate_matches_amounts") == [("fail", "certain")]


def test_an_amount_printed_with_two_values_is_told_once() -> None:
    rows = (
        said("gpb_expenditure", "93.57", code="2080506"), said("gpb_expenditure", "100.00", basis="initial_budget", code="2080506", at=40),
        said("gpb_expenditure", "95.53", code="2080506", at=80), said("gpb_expenditure", "93.57", "%", "completion_pct", code="2080506", at=120),
    )  # fmt: skip
    assert outcomes(*rows, check="completion_is_final_over_budget") == [("pass", "note")]
    assert outcomes(*rows, check="figure_printed_twice_agrees") == [("fail", "look")]


def test_the_same_name_far_away_may_be_another_unit() -> None:
    assert outcomes(said("public_expenditure", "80.00"), said("public_expenditure", "85.00", at=9000), check="figure_printed_twice_agrees") == []


def test_two_figures_that_differ_by_the_stated_change_are_two_years() -> None:
    rows = (said("public_expenditure", "90.00"), said("public_expenditure", "85.00", at=30), said("public_expenditure", "5.00", basis="change_vs_prior_budget", at=60))
    assert outcomes(*rows, check="figure_printed_twice_agrees") == []


def test_shares_are_summed_only_where_the_parts_make_up_the_whole() -> None:
    whole = said("current_year_expenditure", "100.00")
    parts = [said("basic_expenditure", "60.00"), said("basic_expenditure", "60.2", "%", "share_pct"), said("project_expenditure", "40.00")]
    share = said("project_expenditure", "40.0", "%", "share_pct")
    assert outcomes(whole, *parts, share, check="shares_sum_to_hundred") == [("fail", "look")]
    assert outcomes(whole, *parts[:2], said("project_expenditure", "30.00"), share, check="shares_sum_to_hundred") == []


def test_a_few_classes_named_as_examples_are_not_held_to_the_total() -> None:
    assert outcomes(said("gpb_expenditure", "900.00"), said("gpb_expenditure", "12.00", code="208"), check="class_expenditures_sum_to_gpb") == []


def test_a_fund_said_to_be_none_has_no_cell() -> None:
    none = said("gov_fund_expenditure", "0", role="zero_statement")
    assert outcomes(none, check="empty_fund_has_no_amount") == [("pass", "note")]
    assert outcomes(none, cell("gov_fund", "合计", "total", "3.20"), check="empty_fund_has_no_amount") == [("fail", "look")]


def test_an_average_of_no_vehicles_is_undefined() -> None:
    rows = (said("three_public_vehicle_purchase", "0.00"), count("vehicles_purchased", "0"), said("purchase_cost_per_vehicle", "0.00"))
    assert outcomes(*rows, check="unit_cost_is_cost_per_head") == [("undefined", "note")]


def test_more_batches_than_persons_is_likely_wrong() -> None:
    assert outcomes(count("reception_batches", "89", "domestic"), count("reception_persons", "75", "domestic"), check="persons_at_least_batches") == [("fail", "likely")]


def expenditure_table(basic: str = "70.00") -> list[BudgetLine]:
    rows = [("合计", None, "100.00", basic), ("教育支出", "205", "100.00", "70.00"), ("普通教育", "20502", "100.00", "70.00")]
    return [
        cell("expenditure_detail", label, column, value, code=code, at=100 * place + offset)
        for place, (label, code, whole, part) in enumerate(rows)
        for offset, (column, value) in enumerate((("total", whole), ("basic", part), ("project", "30.00")))
    ]


def test_a_table_that_adds_up_is_one_pass_each_way() -> None:
    assert outcomes(*expenditure_table(), check="columns_add_up") == [("pass", "note")]
    assert outcomes(*expenditure_table(), check="rows_add_up") == [("pass", "note")]


def test_a_column_already_inside_the_others_is_not_added_again() -> None:
    of_which = cell("expenditure_detail", "合计", "operating", "12.00", at=3)
    assert outcomes(*expenditure_table(), of_which, check="columns_add_up") == [("pass", "note")]


def test_a_lost_digit_is_named_with_its_row() -> None:
    found = findings(*expenditure_table("7.00"), check="columns_add_up")
    assert [finding.status for finding in found] == ["fail", "pass"]
    assert "“合计”：7.00+30.00 = 37万元，印为100.00万元" in found[0].message_zh
    assert found[0].table_kind == "expenditure_detail"


def test_withheld_rows_are_told_from_misprints() -> None:
    withheld = [replace(line, value=line.value / 2, raw=f"{line.value / 2:.2f}") if line.item_code == "20502" else line for line in expenditure_table()]
    assert outcomes(*withheld, check="rows_add_up") == [("pass", "note"), ("unreadable", "look")]


def test_a_total_may_stand_above_its_parts() -> None:
    rows = [("本年收入", "90.00"), ("一般公共预算拨款收入", "80.00"), ("政府性基金预算拨款收入", "10.00"), ("上年结转", "5.00"), ("收入总计", "95.00")]
    lines = [cell("fiscal_summary", label, "amount", value, side="revenue", at=place * 20) for place, (label, value) in enumerate(rows)]
    assert outcomes(*lines, check="summary_sides_add_up") == [("pass", "note")]
    assert outcomes(*lines[:2], *lines[3:], check="summary_sides_add_up")[0] == ("fail", "look")


def test_text_and_table_must_agree() -> None:
    lines = [said("fiscal_total_revenue", "0.3"), cell("fiscal_summary", "总计", "amount", "2961.68", side="revenue", at=900)]
    assert outcomes(*lines, check="totals_agree_with_summary_tables") == [("fail", "certain")]


def test_kinds_told_under_their_own_heading_are_not_counted_twice() -> None:
    rows = [("财政拨款", "155.00"), ("单位资金", "22.00"), ("事业单位经营收入", "10.00"), ("其他收入", "12.00"), ("本年收入合计", "177.00")]
    lines = [cell("rev_exp_summary", label, "amount", value, side="revenue", at=place * 20) for place, (label, value) in enumerate(rows)]
    assert outcomes(*lines, check="summary_sides_add_up") == [("pass", "note")]


def test_appropriation_told_with_its_carryover_is_no_contradiction() -> None:
    rows = (said("revenue_fiscal_appropriation", "121.88"), said("gpb_revenue", "120.69", at=40), said("opening_carryover", "1.19", at=20))
    assert outcomes(*rows, check="fiscal_appropriation_is_sum_of_funds") == [("pass", "note")]
    assert outcomes(*rows[:2], said("gov_fund_revenue", "0.00"), said("state_capital_revenue", "0.00"), check="fiscal_appropriation_is_sum_of_funds") == [("fail", "likely")]


def test_economic_classes_are_no_function_classes() -> None:
    whole, education = said("gpb_expenditure", "100.00"), said("gpb_expenditure", "100.00", code="205")
    wages = replace(said("gpb_expenditure", "90.00"), economic_code="301")
    assert outcomes(whole, education, wages, check="class_expenditures_sum_to_gpb") == [("pass", "note")]


def test_a_part_told_after_its_whole_is_not_the_whole_printed_twice() -> None:
    text = "政府采购预算总额65.46万元，其中一般公共预算拨款政府采购54.99万元"
    first, second = (replace(said("procurement_total", value), span=Span(text.index(value), text.index(value) + 7)) for value in ("65.46", "54.99"))
    disclosure = Disclosure("d", "ok", Identity(stage="final"), budget_lines=(first, second))
    page = Document(Source("a.txt", "ab" * 32), text, ())
    assert [finding.status for finding in run_checks(disclosure) if finding.check_id == "figure_printed_twice_agrees"] == ["fail"]
    assert [finding for finding in run_checks(disclosure, page) if finding.check_id == "figure_printed_twice_agrees"] == []


def indicator(weight: str | None, score: str, **more: object) -> Indicator:
    value = None if weight is None else Decimal(weight)
    return replace(Indicator("p", 1, "self_evaluation", Span(0, 1), level1="产出指标", weight=value, score=Decimal(score), row_id="i"), **more)  # type: ignore[arg-type]


def form_outcomes(check: str, *rows: Indicator, **head: object) -> list[tuple[str, str]]:
    project = Project("p", 1, "self_evaluation", Span(0, 1), "灌溉渠道维修", execution_weight=Decimal(10), execution_score=Decimal(9), total_score=Decimal(99), row_id="p")
    found = findings(check=check, projects=(replace(project, **head),), indicators=rows)  # type: ignore[arg-type]
    return [(finding.status, finding.severity) for finding in found]


def test_weights_sum_to_a_hundred_with_the_execution_rate() -> None:
    assert form_outcomes("weights_sum_to_hundred", indicator("50", "50"), indicator("40", "40")) == [("pass", "note")]
    assert form_outcomes("weights_sum_to_hundred", indicator("50", "50"), indicator("20", "20")) == [("fail", "certain")]


def test_a_weight_that_could_not_be_read_is_never_a_pass() -> None:
    assert form_outcomes("weights_sum_to_hundred", indicator("50", "50"), indicator(None, "40")) == [("unreadable", "look")]


def test_an_unprinted_execution_weight_is_not_guessed() -> None:
    assert form_outcomes("weights_sum_to_hundred", indicator("90", "90"), execution_weight=None, execution_score=None) == [("not_applicable", "note")]


def test_a_score_above_its_weight_fails() -> None:
    assert form_outcomes("score_within_weight", indicator("10", "20"), indicator("80", "80")) == [("fail", "certain")]


def test_a_rate_rounded_to_whole_percents_and_printed_with_two_decimals_needs_a_look() -> None:
    amounts = {"annual_budget": Decimal("7.2"), "executed": Decimal("6.6")}
    assert form_outcomes("execution_rate_is_executed_over_budget", execution_rate_pct=Decimal("92.00"), **amounts) == [("fail", "look")]
    assert form_outcomes("execution_rate_is_executed_over_budget", execution_rate_pct=Decimal(92), **amounts) == [("pass", "note")]


def test_repeated_section_numbers_are_noted() -> None:
    headings = [("（一）", "工作开展"), ("（二）", "目标"), ("（二）", "结果"), ("（三）", "评价")]
    sections = tuple(Section(f"s{place}", "p", 3, number, heading, None, Span(place, place + 1), row_id=f"s{place}") for place, (number, heading) in enumerate(headings))
    found = findings(check="section_numbers_increase", sections=sections)
    assert [(finding.status, finding.evidence_ids) for finding in found[:1]] == [("fail", ("s1", "s2"))]
