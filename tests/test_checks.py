"""The checks on invented records: what passes, what only rounds, what fails, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from extract.document import Document, Paragraph, Source, Span
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
    assert compare(summed, whole._replace(value=Decimal("30.05"))).status == "pass_rounding"


def test_yuan_and_wan_yuan_are_compared_in_one_unit() -> None:
    table = printed("3715146.55", Decimal("3715146.55"), "元", (), 2)
    text = printed("371.51", Decimal("371.51"), "万元", (), 2)
    assert compare(table, text).status == "pass_rounding"
    assert compare(table._replace(value=Decimal("3716146.55")), text).status == "fail"


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


def test_a_figure_outside_the_known_sections_is_not_held_against_the_table() -> None:
    told = said("personnel_expenditure", "19.03")
    table = cell("gpb_basic_economic", "人员经费合计", "amount", "79.42", at=900)
    section = Section("s", None, 1, "一、", "收支情况", "total", Span(0, 1), row_id="s")
    assert outcomes(told, table, check="staff_and_running_costs_agree_with_table") == [("fail", "certain")]
    assert findings(told, table, check="staff_and_running_costs_agree_with_table", sections=(section,)) == []
    inside = replace(told, section_kind="gpb_basic")
    assert [finding.status for finding in findings(inside, table, check="staff_and_running_costs_agree_with_table", sections=(section,))] == ["fail"]


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


def on_page(text: str, *figures: tuple[str, BudgetLine | Quantity], check: str, **more: object) -> list[tuple[str, str]]:
    """Outcomes on a page of one paragraph; each figure stands where its raw text is printed after the figure before it."""
    rows: list[BudgetLine | Quantity] = []
    at = 0
    for raw, row in figures:
        at = text.index(raw, at)
        rows.append(replace(row, raw=raw, span=Span(at, at + len(raw)), row_id=f"r{at}"))
        at += len(raw)
    page = Document(Source("a.txt", "ab" * 32), text, (Paragraph(Span(0, len(text))),))
    lines, counts = tuple(row for row in rows if isinstance(row, BudgetLine)), tuple(row for row in rows if isinstance(row, Quantity))
    disclosure = replace(Disclosure("d", "ok", Identity(stage="final"), budget_lines=lines, quantities=counts), **more)  # type: ignore[arg-type]
    return [(finding.status, finding.severity) for finding in run_checks(disclosure, page) if finding.check_id == check]


def test_a_change_without_a_reason_is_noted_where_others_have_one() -> None:
    first, second = said("total_revenue", "5.00", basis="change_vs_prior_final"), said("three_public_total", "2.00", basis="change_vs_prior_final")
    told = "收入增加5.00万元，主要原因是新增人员。“三公”经费增加2.00万元"
    assert on_page(f"{told}。", ("5.00万元", first), ("2.00万元", second), check="changes_are_explained") == [("fail", "note")]
    assert on_page(f"{told}，由于购车。", ("5.00万元", first), ("2.00万元", second), check="changes_are_explained") == [("pass", "note")]


def test_a_part_told_after_its_whole_is_within_it() -> None:
    whole, part = (Quantity("kpi", "final", Decimal(value), "个", value, Span(0, 1), "t", role="kpi") for value in ("8", "3"))
    assert on_page("完成8个，其中全流程3个", ("8", whole), ("3", part), check="performance_parts_are_within_their_whole") == [("pass", "note")]
    assert on_page("完成3个，其中全流程8个", ("3", part), ("8", whole), check="performance_parts_are_within_their_whole") == [("fail", "look")]


@pytest.mark.parametrize(("verb", "expected"), [("小于", ("pass", "note")), ("大于", ("fail", "likely")), ("等于", ("fail", "likely"))])
def test_words_of_comparison_agree_with_the_figures(verb: str, expected: tuple[str, str]) -> None:
    budget, final = said("gpb_expenditure", "90.00", basis="initial_budget", code="2130104"), said("gpb_expenditure", "88.00", code="2130104")
    text = f"年初预算为90.00万元，支出决算为88.00万元。决算数{verb}预算数的主要原因是人员变动。"
    assert on_page(text, ("90.00万元", budget), ("88.00万元", final), check="comparison_words_agree_with_figures") == [expected]


def test_items_of_the_text_are_those_of_the_table() -> None:
    table = [cell("gpb_expenditure", code, "total", "10.00", code=code, at=900 + place * 9) for place, code in enumerate(("2130101", "2130104", "2210201"))]
    told = [said("gpb_expenditure", "10.00", code=code) for code in ("2130101", "2130104", "2210201")]
    assert outcomes(*table, *told, check="listed_items_are_those_of_the_table") == [("pass", "note")]
    assert outcomes(*table, *told[:2], check="listed_items_are_those_of_the_table") == [("fail", "note")]
    assert outcomes(*table, told[0], check="listed_items_are_those_of_the_table") == []


def test_subjects_listed_in_the_text_have_an_amount_in_the_table() -> None:
    names = ("基本工资", "津贴补贴", "奖金", "住房公积金", "办公费", "差旅费", "水费", "电费")
    table = tuple(cell("gpb_basic_economic", name, "amount", "1.00", code=f"301{place:02d}", at=900 + place * 9) for place, name in enumerate(names, 1))
    text = f"人员经费主要包括：{'、'.join(names[:4])}；公用经费主要包括：{'、'.join(names[4:])}"
    for ending, expected in (("。", [("pass", "note")]), ("、印刷费。", [("fail", "note")]), ("、印刷费、咨询费、手续费、邮电费。", [])):
        assert on_page(text + ending, check="listed_subjects_are_those_of_the_table", budget_lines=table) == expected


def test_counts_of_the_text_are_those_of_the_table() -> None:
    told, printed = count("reception_batches", "9", "domestic"), replace(count("reception_batches", "9", "domestic"), table_kind="agency_operation")
    assert outcomes(told, printed, check="counts_agree_with_tables") == [("pass", "note")]
    assert outcomes(told, replace(printed, value=Decimal(6), raw="6"), check="counts_agree_with_tables") == [("fail", "likely")]


def fiscal_table(spent: str) -> list[BudgetLine]:
    left = [("一般公共预算财政拨款", "90.00"), ("年初财政拨款结转和结余", "5.00"), ("一般公共预算财政拨款", "5.00"), ("总计", "95.00")]
    right = [("本年支出合计", spent), ("年末财政拨款结转和结余", "2.00"), ("总计", "95.00")]
    lines = [cell("fiscal_summary", label, "amount", value, side="revenue", at=place * 20) for place, (label, value) in enumerate(left)]
    return lines + [cell("fiscal_summary", label, "general_public_budget", value, side="expenditure", at=place * 20 + 10) for place, (label, value) in enumerate(right)]


def test_each_fund_is_spent_or_carried_over() -> None:
    assert outcomes(*fiscal_table("93.00"), check="funds_balance") == [("pass", "note")]
    assert outcomes(*fiscal_table("39.00"), check="funds_balance") == [("fail", "likely")]


def test_the_operation_table_repeats_three_public() -> None:
    operation = replace(cell("agency_operation", "3．公务接待费", "amount", "0.70"), measure="three_public_reception")
    assert outcomes(operation, cell("three_public", "", "reception", "0.70", at=900), check="operation_table_agrees") == [("pass", "note")]
    assert outcomes(operation, cell("three_public", "", "reception", "0.07", at=900), check="operation_table_agrees") == [("fail", "certain")]


def test_the_operation_table_adds_up() -> None:
    def table(total: str) -> list[BudgetLine]:
        rows = {"three_public_total": total, "three_public_overseas": "0.00", "three_public_vehicle_total": "3.20", "three_public_reception": "0.70"}
        return [replace(cell("agency_operation", measure, "amount", value, at=place * 9), measure=measure) for place, (measure, value) in enumerate(rows.items())]

    assert outcomes(*table("3.90"), check="operation_table_adds_up") == [("pass", "note")]
    assert outcomes(*table("3.20"), check="operation_table_adds_up") == [("fail", "certain")]


def test_target_and_actual_are_compared_in_one_unit() -> None:
    row = indicator("10", "10", target_raw="5万件", target_value=Decimal(5), target_unit="万件", actual_raw="52000件", actual_value=Decimal(52000), actual_unit="件")
    assert form_outcomes("target_and_actual_have_one_unit", row) == [("pass", "note")]
    assert form_outcomes("target_and_actual_have_one_unit", replace(row, actual_raw="8天", actual_unit="天")) == [("fail", "note")]


def test_a_level2_row_that_most_forms_print_is_missed() -> None:
    projects = tuple(Project(name, place, "self_evaluation", Span(0, 1), name, row_id=name) for place, name in enumerate(("p", "q", "r"), 1))
    rows = tuple(indicator("10", "10", project_id=project.project_id, level2=level) for project in projects for level in ("数量指标", "质量指标", "时效指标") if (project.project_id, level) != ("r", "质量指标"))
    blank = replace(rows[2], is_placeholder=True)
    assert [finding.status for finding in findings(check="forms_have_the_same_level2", projects=projects, indicators=(*rows, blank))] == ["pass", "pass", "fail"]
    assert findings(check="forms_have_the_same_level2", projects=projects, indicators=rows) == []


GOAL = "完成灌溉渠道维修三十二公里，受益农户一千二百户，灌区用水保证率明显提高"


@pytest.mark.parametrize(("ending", "expected"), [("，群众满意。", [("pass", "note")]), ("", [("pass", "note")])])
def test_the_goal_reached_is_told_as_in_the_text(ending: str, expected: list[tuple[str, str]]) -> None:
    form = Project("p", 1, "self_evaluation", Span(0, 1), "灌溉渠道维修", goal_actual=GOAL, row_id="p")
    assert on_page(GOAL + ending, check="goal_reached_is_told_alike", projects=(form,)) == expected
    assert on_page(GOAL[:24] + "二千二百户", check="goal_reached_is_told_alike", projects=(form,)) == [("fail", "note")]
    assert on_page("另一件事", check="goal_reached_is_told_alike", projects=(form,)) == []


@pytest.mark.parametrize(("name", "status"), [("县林业局", "pass"), ("146-某县林业和草原局", "pass"), ("县水务局", "fail")])
def test_the_supervising_department_is_the_discloser_or_its_short_name(name: str, status: str) -> None:
    form = Project("p", 1, "self_evaluation", Span(0, 1), "灌溉渠道维修", supervising_department=name, row_id="p")
    found = findings(check="supervising_department_is_the_discloser", projects=(form,), identity=Identity(stage="final", department="某县林业和草原局", entity_level="department"))
    assert [finding.status for finding in found] == [status]


@pytest.mark.parametrize(("year", "expected"), [(2022, ("pass", "note")), (2021, ("fail", "look"))])
def test_a_form_is_of_the_year_of_its_disclosure(year: int, expected: tuple[str, str]) -> None:
    text = f"项目支出绩效自评表（{year}年度）项目名称灌溉渠道维修"
    form = Project("p", 1, "self_evaluation", Span(text.index("灌溉"), len(text)), "灌溉渠道维修", row_id="p")
    assert on_page(text, check="form_is_of_the_year", projects=(form,), identity=Identity(stage="final", fiscal_year=2022)) == [expected]


def test_a_budget_of_the_form_is_either_of_its_two_and_in_the_unit_of_the_text() -> None:
    form = Project("p", 1, "self_evaluation", Span(0, 1), "灌溉渠道维修", fund_unit="万元", initial_budget=Decimal(12), annual_budget=Decimal(15), row_id="p")
    listed = replace(said("project_budget", "12", basis="initial_budget"), project="灌溉渠道维修")
    for row, same, unit in ((listed, "pass", "pass"), (replace(listed, value=Decimal(15), raw="15万元"), "pass", "pass"), (replace(listed, unit="元", raw="12元"), "fail", "fail")):
        assert [finding.status for finding in findings(row, check="form_budget_equals_listed_budget", projects=(form,))] == [same]
        assert [finding.status for finding in findings(row, check="form_is_in_the_unit_of_the_text", projects=(form,))] == [unit]


def test_repeated_section_numbers_are_noted() -> None:
    headings = [("（一）", "工作开展"), ("（二）", "目标"), ("（二）", "结果"), ("（三）", "评价")]
    sections = tuple(Section(f"s{place}", "p", 3, number, heading, None, Span(place, place + 1), row_id=f"s{place}") for place, (number, heading) in enumerate(headings))
    found = findings(check="section_numbers_increase", sections=sections)
    assert [(finding.status, finding.evidence_ids) for finding in found[:1]] == [("fail", ("s1", "s2"))]
