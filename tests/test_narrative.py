"""Sentences and what they say: one row a figure, measure, basis, value and unit."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from normalize.codes import document_codes
from normalize.narrative import read_narrative
from normalize.records import BudgetLine, Identity, Quantity, Recognised
from normalize.sections import find_sections
from tests.paper import written

if TYPE_CHECKING:
    from extract.document import Document


class NoCodes:
    """No table taught any code."""

    def function_code(self, path: object) -> str | None:
        assert path
        return None


def read(sentence: str, heading: str = "收入支出决算总体情况说明", stage: str = "final") -> tuple[Document, Recognised]:
    page = written(f"#一、{heading}\n{sentence}")
    return page, read_narrative(page, find_sections(page), Identity(stage=stage, fiscal_year=2020), NoCodes())


def said(row: BudgetLine | Quantity) -> tuple[str, str, str, str | None]:
    named = row.measure or ""
    code = getattr(row, "function_code", None)
    named += f"[{code}]" if code else f"[{row.category}]" if row.category else ""
    mark = "" if row.role == "stated" else f" {row.role}"
    return f"{named}{mark}", row.basis, str(row.value), row.unit


CASES: tuple[tuple[str, str, tuple[tuple[str, str, str, str | None], ...]], ...] = (
    ("收入支出决算总体情况说明", "2020年度收入总计81.50万元,支出总计81.50万元。收支较上年决算数减少2.3万元、 下降2.7%。", (
        ("total_revenue", "final", "81.50", "万元"), ("total_expenditure", "final", "81.50", "万元"),
        ("total_revenue expanded", "change_vs_prior_final", "-2.3", "万元"), ("total_expenditure expanded", "change_vs_prior_final", "-2.3", "万元"),
        ("total_revenue expanded", "change_pct_vs_prior_final", "-2.7", "%"), ("total_expenditure expanded", "change_pct_vs_prior_final", "-2.7", "%"),
    )),
    ("收入支出决算总体情况说明", "支出合计81.50万元，其中：基本支出 61.50万 元，占75.46%；项目支出20.00万元,占24.54%。", (
        ("current_year_expenditure", "final", "81.50", "万元"), ("basic_expenditure", "final", "61.50", "万元"), ("basic_expenditure", "share_pct", "75.46", "%"),
        ("project_expenditure", "final", "20.00", "万元"), ("project_expenditure", "share_pct", "24.54", "%"),
    )),
    ("一般公共预算财政拨款支出决算情况说明", "一般公共预算财政拨款支出年初预算为90万元，支出决算为81.50万元，完成年初预算的90.56%。", (
        ("gpb_expenditure", "initial_budget", "90", "万元"), ("gpb_expenditure", "final", "81.50", "万元"), ("gpb_expenditure", "completion_pct", "90.56", "%"),
    )),
    ("一般公共预算财政拨款支出决算情况说明", "（1）社会保障与就业支出9.26万元，占11.4%，较年初预算数增加1.5万元，增长19.3%。", (
        ("gpb_expenditure[208]", "final", "9.26", "万元"), ("gpb_expenditure[208]", "share_pct", "11.4", "%"),
        ("gpb_expenditure[208]", "change_vs_initial_budget", "1.5", "万元"), ("gpb_expenditure[208]", "change_pct_vs_initial_budget", "19.3", "%"),
    )),
    ("政府性基金预算收支决算情况说明", "本部门2020年度无政府性基金预算财政拨款收支。", (
        ("gov_fund_revenue zero_statement", "final", "0", "万元"), ("gov_fund_expenditure zero_statement", "final", "0", "万元"),
    )),
    ("政府性基金预算收支决算情况说明", "本部门没有政府性基金预算财政拨款收入和支出，故本表无数据。", ()),
    ("“三公”经费情况说明", "“三公”经费支出共计3.2万元，较年初预算数减少0.8万元，下降20%，与上年持平。", (
        ("three_public_total", "final", "3.2", "万元"), ("three_public_total", "change_vs_initial_budget", "-0.8", "万元"),
        ("three_public_total", "change_pct_vs_initial_budget", "-20", "%"), ("three_public_total", "change_vs_prior_final", "0", None),
    )),
    ("“三公”经费情况说明", "国内公务接待7批次41人，其中：国内外事接待0批次，0人；国（境）外公务接待1批次，2人。人均接待费98.11元，车均维护费4.40万元。", (
        ("reception_cost_per_person", "final", "98.11", "元"), ("operation_cost_per_vehicle", "final", "4.40", "万元"),
        ("reception_batches[domestic]", "final", "7", "批次"), ("reception_persons[domestic]", "final", "41", "人"),
        ("reception_batches[domestic_foreign_affairs]", "final", "0", "批次"), ("reception_persons[domestic_foreign_affairs]", "final", "0", "人"),
        ("reception_batches[overseas]", "final", "1", "批次"), ("reception_persons[overseas]", "final", "2", "人"),
    )),
    ("国有资产占用情况说明", "共有车辆3辆，其中，应急保障用车1辆、其他用车2辆。单价100万元（含）以上设备（不含车辆）4台（套）。", (
        ("asset_vehicles", "final", "3", "辆"), ("asset_vehicles[应急保障用车]", "final", "1", "辆"), ("asset_vehicles[其他用车]", "final", "2", "辆"),
        ("asset_equipment_100", "final", "4", "台(套)"),
    )),
    ("政府采购支出情况说明", "政府采购支出总额12.5万元，其中：政府采购货物支出2.5万元、政府采购工程支出0万元、政府采购服务支出10万元。", (
        ("procurement_total", "final", "12.5", "万元"), ("procurement_goods", "final", "2.5", "万元"),
        ("procurement_works", "final", "0", "万元"), ("procurement_services", "final", "10", "万元"),
    )),
    ("机关运行经费情况说明", "机关运行经费18.2万元，主要原因是增加了3名工作人员，项目支出减少4.5万元。", (
        ("agency_operating_expenditure", "final", "18.2", "万元"), ("project_expenditure reason", "change_vs_prior_final", "-4.5", "万元"),
        ("staff_added reason", "final", "3", "名"),
    )),
)  # fmt: skip


@pytest.mark.parametrize(("heading", "sentence", "rows"), CASES, ids=[case[1][:24] for case in CASES])
def test_a_sentence_says_these_figures_and_no_others(heading: str, sentence: str, rows: tuple[tuple[str, str, str, str | None], ...]) -> None:
    page, found = read(sentence, heading)
    figures: tuple[BudgetLine | Quantity, ...] = (*found.budget_lines, *found.quantities)
    assert tuple(map(said, figures)) == rows
    assert all(page.text(row.span) == row.raw for row in figures)


def test_a_budget_compares_with_the_budget_of_the_year_before() -> None:
    _, found = read("收入预算500.00万元，比2019年预算减少20.00万元，比上年预算执行数增加5万元。", "部门预算编制说明", "budget")
    assert [said(row) for row in found.budget_lines] == [
        ("total_revenue", "initial_budget", "500.00", "万元"),
        ("total_revenue", "change_vs_prior_budget", "-20.00", "万元"),
        ("total_revenue", "change_vs_prior_final", "5", "万元"),
    ]


def figures(sentence: str, heading: str) -> list[tuple[str, str, str]]:
    return [(row.measure or "", row.basis, str(row.value)) for row in read(sentence, heading)[1].budget_lines]


def test_both_sides_of_an_account_of_its_own_are_its_sides() -> None:
    heading = "政府性基金预算收入支出决算情况"
    assert figures("政府性基金预算财政拨款收入50万元；年初结转和结余3万元；支出52万元，其中基本支出2万元，项目支出50万元；年末结转和结余1万元。", heading) == [
        ("gov_fund_revenue", "final", "50"),
        ("gov_fund_opening_carryover", "final", "3"),
        ("gov_fund_expenditure", "final", "52"),
        ("gov_fund_basic_expenditure", "final", "2"),
        ("gov_fund_project_expenditure", "final", "50"),
        ("gov_fund_closing_carryover", "final", "1"),
    ]


def test_a_side_right_behind_the_year_is_that_of_the_account() -> None:
    assert figures("2020年度支出510万元，比上年决算数减少3万元。（一）基本支出410万元。（二）项目支出100万元。", "支出决算情况说明") == [
        ("current_year_expenditure", "final", "510"),
        ("current_year_expenditure", "change_vs_prior_final", "-3"),
        ("basic_expenditure", "final", "410"),
        ("project_expenditure", "final", "100"),
    ]
    _, planned = read("2020年收入510万元。", "收支预算总体情况", "budget")
    assert [row.measure for row in planned.budget_lines] == ["total_revenue"]


def test_appropriations_that_pay_for_the_three_public_items_are_not_the_general_public_budget() -> None:
    assert figures("“三公”经费一般公共预算财政拨款支出3.20万元，完成年初预算的80%。", "“三公”经费支出决算情况说明") == [("three_public_total", "final", "3.20"), ("three_public_total", "completion_pct", "80")]


def test_equipment_to_be_bought_is_not_equipment_held_and_another_price_is_another_count() -> None:
    _, found = read("单位价值100万元以上的设备671台（套）。2020年预算安排中，购置单位价值100万元以上的设备21台（套）。", "国有资产占用情况说明", "budget")
    assert [(row.measure, row.category, str(row.value), row.basis) for row in found.quantities] == [("asset_equipment_100", None, "671", "final"), ("asset_equipment_100_purchased", None, "21", "initial_budget")]
    _, older = read("单价20万元以上的设备31台。安排购置单价20万元以上的设备3台。", "国有资产占用情况说明", "budget")
    assert [(row.measure, row.category) for row in older.quantities] == [("asset_equipment", "单价20万元以上"), ("asset_equipment_purchased", "单价20万元以上")]


def test_classes_in_a_section_on_appropriations_are_of_the_appropriations() -> None:
    _, found = read("财政拨款支出1200万元，其中：教育支出950万元。", "财政拨款支出决算情况说明")
    assert [(row.measure, row.function_code) for row in found.budget_lines] == [("fiscal_total_expenditure", None), ("fiscal_total_expenditure", "205")]


def test_what_is_counted_behind_a_reason_is_no_part_of_it() -> None:
    page, found = read("车辆12辆，其中：其他用车1辆，其他用车主要是后勤用车；单价50万元（含）以上的通用设备3台（套）。", "国有资产占用情况说明")
    assert [(page.text(row.span), row.measure, row.role) for row in found.quantities][-1] == ("3台（套）", "asset_general_equipment", "stated")


@pytest.mark.parametrize(
    ("sentence", "last"),
    [
        ("机关运行经费36.84万元。其中：会议费0.60万元，专用材料及一般设备购置费5.00万元。", ("meeting_expenditure", "final", "0.60")),
        ("会议费1.20万元；培训费0.80万元；举办节庆、晚会、论坛、赛事活动，开支7万元。", ("training_expenditure", "final", "0.80")),
        ("固定资产金额120万元。本年度拟购置固定资产5万元。", ("asset_value_fixed", "final", "120")),
    ],
)
def test_an_amount_of_something_else_is_not_said_of_the_measure_before(sentence: str, last: tuple[str, str, str]) -> None:
    assert figures(sentence, "机关运行经费情况说明")[-1] == last


def test_a_share_of_the_expenditure_of_the_year_is_of_the_whole_account_in_every_section() -> None:
    for heading in ("一般公共预算财政拨款支出决算情况说明", "财政拨款收入支出决算总体情况说明", "政府性基金预算支出决算情况说明"):
        _, found = read("财政拨款支出268.95万元，占本年支出合计的99.12%。", heading)
        assert [row.share_of for row in found.budget_lines] == [None, "current_year_expenditure"]
    _, found = read("基本支出198.95万元，其中：人员经费180.40万元，占基本支出的90.68%。", "一般公共预算财政拨款基本支出决算情况说明")
    assert [(row.measure, row.share_of) for row in found.budget_lines] == [("gpb_basic_expenditure", None), ("personnel_expenditure", None), ("personnel_expenditure", "gpb_basic_expenditure")]


def test_appropriations_spent_under_the_general_public_budget_are_its_expenditure() -> None:
    assert figures("财政拨款支出268.95万元。", "一般公共预算财政拨款支出决算情况说明") == [("gpb_expenditure", "final", "268.95")]


def test_a_comparison_ends_the_reason_before_it_and_a_reason_holds_what_it_holds() -> None:
    heading = "“三公”经费支出决算情况说明"
    told = figures("公务接待费支出预算为1.50万元，支出决算为0.62万元，决算数小于预算数的主要原因是厉行节约，与上年相比减少0.21万元，减少25.30%，减少的主要原因是接待减少。", heading)
    assert told[2:] == [("three_public_reception", "change_vs_prior_final", "-0.21"), ("three_public_reception", "change_pct_vs_prior_final", "-25.30")]
    behind = figures("“三公”经费支出预算2万元，支出决算1万元，决算数小于预算数的主要原因是用车减少；较上年增加0.3万元，增长2.7%，主要原因是维修费增加。", heading)
    assert behind[2:] == [("three_public_total", "change_vs_prior_final", "0.3"), ("three_public_total", "change_pct_vs_prior_final", "2.7")]
    once = figures("公务接待费0.62万元，比上年减少0.21万元，主要原因是批次减少，较上年减少3万元。", heading)
    assert once[-1][0] == "kpi"  # the change was told: this one is a part of the reason


def test_a_heading_that_is_a_path_of_the_classification_names_the_item_of_what_follows() -> None:
    _, found = read("年初预算为132万元，支出决算为128万元，完成年初预算的97%。", "1.公共安全支出（类）司法（款）公共法律服务（项）")
    assert [(row.measure, row.item_label, row.basis) for row in found.budget_lines] == [("gpb_expenditure", "公共法律服务", basis) for basis in ("initial_budget", "final", "completion_pct")]


def test_a_clause_of_the_department_s_own_ends_a_reason() -> None:
    sentence = "财政拨款收入216万元，较上年增加9万元，增长的主要原因是：人员经费收入增加；本部门当年财政拨款支出215万元，较上年增加8万元。"
    assert [row for row in figures(sentence, "财政拨款收支情况说明") if "expenditure" in row[0]] == [("fiscal_current_year_expenditure", "final", "215"), ("fiscal_current_year_expenditure", "change_vs_prior_final", "8")]


def test_a_rate_of_difference_carries_its_own_sign_and_is_over_the_budget_it_is_compared_with() -> None:
    _, found = read("财政拨款支出总计与年初预算相比，年初预算数500.00万元，决算数540.00万元，预决算差异率8.00%，主要原因是追加项目。", "财政拨款收入支出决算总体情况说明")
    assert [said(row)[:3] for row in found.budget_lines] == [
        ("fiscal_total_expenditure", "initial_budget", "500.00"),
        ("fiscal_total_expenditure", "final", "540.00"),
        ("fiscal_total_expenditure", "change_pct_vs_initial_budget", "8.00"),
    ]
    _, less = read("与年初预算相比，“三公”经费支出年初预算数3.50万元，决算数3.00万元，预决算差异率为-14.29%。", "“三公”经费支出决算情况说明")
    assert [said(row)[1:3] for row in less.budget_lines][-1] == ("change_pct_vs_initial_budget", "-14.29")
    _, over_the_budget_of_the_year = read("与全年预算相比，“三公”经费支出全年预算数3.50万元，决算数3.00万元，预决算差异率为-14.29%。", "“三公”经费支出决算情况说明")
    assert [row.basis for row in over_the_budget_of_the_year.budget_lines] == ["adjusted_budget", "final"]  # no measure of ours has this base
    _, over_the_year_before = read("“三公”经费支出3.00万元，比上年减少0.50万元，预决算差异率-14.29%。", "“三公”经费支出决算情况说明")
    assert [row.basis for row in over_the_year_before.budget_lines] == ["final", "change_vs_prior_final"]


def test_the_sum_of_the_year_is_not_the_total_where_a_budget_says_both() -> None:
    _, found = read("收入预算总计486.35万元。包括：本年收入合计470.35万元，上年结转结余16万元。支出预算总计486.35万元，其中：本年支出480万元，结转下年6.35万元。", "部门预算收支总体情况", "budget")
    assert [(row.measure, str(row.value)) for row in found.budget_lines] == [
        ("total_revenue", "486.35"),
        ("current_year_revenue", "470.35"),
        ("opening_carryover", "16"),
        ("total_expenditure", "486.35"),
        ("current_year_expenditure", "480"),
        ("closing_carryover", "6.35"),
    ]
    _, alone = read("2026年收入合计486.35万元，支出合计486.35万元。", "部门预算收支总体情况", "budget")
    assert [row.measure for row in alone.budget_lines] == ["total_revenue", "total_expenditure"]


def test_last_years_figure_told_by_itself_is_not_this_years() -> None:
    _, found = read("2020年度收、支总计1,206.40万元，上年决算数为1,200.00万元，增加6.40万元。")
    assert [said(row)[1:3] for row in found.budget_lines if row.measure == "total_revenue"] == [("final", "1206.40"), ("prior_final", "1200.00"), ("change_vs_prior_final", "6.40")]
    _, found = read("“三公”经费上年预算数为5万元，决算数为4万元。", "“三公”经费情况")
    assert [said(row)[:3] for row in found.budget_lines] == [("three_public_total", "prior_budget", "5"), ("three_public_total", "final", "4")]


def test_a_year_behind_an_amount_is_no_second_value_of_it() -> None:
    _, found = read("2020年度收、支总计1,206.40万元，2019年度决算数为1,200.00万元。")
    assert [said(row)[:3] for row in found.budget_lines] == [
        ("total_revenue expanded", "final", "1206.40"), ("total_expenditure expanded", "final", "1206.40"),
        ("total_revenue expanded", "prior_final", "1200.00"), ("total_expenditure expanded", "prior_final", "1200.00"),
    ]  # fmt: skip


def test_paired_values_are_dealt_to_both_sides() -> None:
    _, found = read("收、支总计各是1,234.50,1,200.10万元。")
    assert [said(row) for row in found.budget_lines] == [("total_revenue", "final", "1234.50", "万元"), ("total_expenditure", "final", "1200.10", "万元")]


def test_a_change_of_each_is_said_of_both_sides_and_of_no_others() -> None:
    _, found = read("收入总计120.00万元，支出总计120.00万元，与上年相比各增加5.00万元，增长4.35%。")
    changes = [(row.measure, said(row)[2]) for row in found.budget_lines if row.basis.startswith("change")]
    assert changes == [("total_revenue", "5.00"), ("total_expenditure", "5.00"), ("total_revenue", "4.35"), ("total_expenditure", "4.35")]
    for other in ("收入总计120.00万元，支出总计110.00万元，与上年相比增加5.00万元。", "收入合计120.00万元，基本支出80.00万元，与上年相比各增加5.00万元。"):
        _, found = read(other)
        assert len([row for row in found.budget_lines if row.basis.startswith("change")]) == 1


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("一般公共服务支出（类）财政事务（款）支出决算为3.20万元。", [("20106", "3.20")]),
        ("社会保障和就业支出（类）支出决算为9.00万元，其中：行政事业单位养老支出（款）8.00万元，抚恤（款）1.00万元。", [("208", "9.00"), ("20805", "8.00"), ("20808", "1.00")]),
        ("一般公共服务支出（类）财政事务（款）支出决算为3.00万元，其中行政运行（项）2.00万元，一般行政管理事务（项）1.00万元。", [("20106", "3.00"), ("2010601", "2.00"), ("2010602", "1.00")]),
        ("卫生健康支出（类）支出决算为3.00万元，其中财政事务（款）2.00万元。", [("210", "3.00"), (None, "2.00")]),
    ],
)
def test_a_figure_is_said_of_the_last_subject_of_its_path_and_never_of_the_class_above(sentence: str, expected: list[tuple[str | None, str]]) -> None:
    page = written(f"#一、一般公共预算财政拨款支出决算具体情况\n{sentence}")
    found = read_narrative(page, find_sections(page), Identity(stage="final", fiscal_year=2024), document_codes((), 2024))
    assert [(row.function_code, said(row)[2]) for row in found.budget_lines] == expected


def test_a_path_of_revenue_names_no_expenditure() -> None:
    _, found = read("非税收入（类）罚没收入（款）一般罚没收入（项）为3.00万元。", "收入决算情况说明")
    assert not [row for row in found.budget_lines if row.measure == "gpb_expenditure"]


def test_a_reason_belongs_to_the_changes_before_it() -> None:
    _, found = read("支出合计81.50万元，较上年决算数增加7.47万元，主要原因是新增职责。")
    assert [(row.basis, row.reason_text) for row in found.budget_lines] == [("final", None), ("change_vs_prior_final", "主要原因是新增职责")]


def test_a_year_no_column_stands_for_gives_no_change() -> None:
    _, found = read("支出合计81.50万元，比2016年增加7.47万元。")
    assert [said(row) for row in found.budget_lines] == [("current_year_expenditure", "final", "81.50", "万元")]


def test_a_missing_unit_is_a_finding_beside_the_value() -> None:
    _, found = read("其中：国内公务接待支出0.39万（含外宾接待支出0.10万元）。", "“三公”经费情况说明")
    assert [said(row) for row in found.budget_lines] == [
        ("three_public_reception[domestic]", "final", "0.39", "万元"),
        ("three_public_reception[domestic_foreign_affairs]", "final", "0.10", "万元"),
    ]
    assert [(finding.check_id, finding.raw) for finding in found.findings] == [("unit_missing", "0.39万")]


def test_glossary_and_duties_hold_no_figures() -> None:
    page = written("#一、职能职责\n负责3个街道,支出合计5万元。\n#二、名词解释\n基本支出：指支出合计7万元。")
    found = read_narrative(page, find_sections(page), Identity(stage="final", fiscal_year=2020), NoCodes())
    assert found.budget_lines == ()
    assert found.quantities == ()


def test_values_are_exact() -> None:
    _, found = read("支出合计606.04万元。")
    assert found.budget_lines[0].value == Decimal("606.04")
    assert found.budget_lines[0].amount_yuan == Decimal("6060400.00")


def test_a_code_in_brackets_behind_its_name_is_the_code_of_the_item() -> None:
    _, found = read("行政运行（2010601）465.21万元，较上年减少167.43万元；对事业单位资本性补助（506）341.35万元。", "一般公共预算财政拨款支出情况说明", "budget")
    assert [(row.function_code, row.economic_code, row.basis, str(row.value)) for row in found.budget_lines] == [
        ("2010601", None, "initial_budget", "465.21"),
        ("2010601", None, "change_vs_prior_budget", "-167.43"),
        (None, "506", "initial_budget", "341.35"),
    ]


def test_appropriations_that_pay_for_a_thing_are_not_the_appropriations() -> None:
    _, found = read("2020年本部门委托业务费财政拨款预算为97.92万元。", "其他事项", "budget")
    assert [said(row) for row in found.budget_lines] == [("commissioned_services", "initial_budget", "97.92", "万元")]


def test_a_bare_number_is_an_amount_only_right_behind_its_level() -> None:
    _, found = read("年初预算为0，支出决算为150万元，比上年减少27.77万元（19.94）。")
    assert [said(row) for row in found.budget_lines] == []
    _, found = read("支出合计年初预算为0，支出决算为150万元，比上年减少27.77万元（19.94）。")
    assert [said(row) for row in found.budget_lines] == [
        ("current_year_expenditure", "initial_budget", "0", None),
        ("current_year_expenditure", "final", "150", "万元"),
        ("current_year_expenditure", "change_vs_prior_final", "-27.77", "万元"),
    ]


def test_a_percent_in_brackets_behind_a_change_is_its_rate() -> None:
    _, found = read("会议费16.55万元，较上年减少51.42万元（75.65%），减少的主要原因是改为线上。")
    assert [said(row) for row in found.budget_lines] == [
        ("meeting_expenditure", "final", "16.55", "万元"),
        ("meeting_expenditure", "change_vs_prior_final", "-51.42", "万元"),
        ("meeting_expenditure", "change_pct_vs_prior_final", "-75.65", "%"),
    ]


def test_no_carry_over_is_not_no_spending() -> None:
    _, found = read("本部门无2019年结转的政府性基金预算财政拨款支出。", "政府性基金预算支出情况说明", "budget")
    assert found.budget_lines == ()


def test_a_numbered_name_keeps_its_code() -> None:
    _, found = read("机关资本性支出（一）（503）989.71万元。", "一般公共预算支出情况说明", "budget")
    assert [(row.economic_code, row.item_label, str(row.value)) for row in found.budget_lines] == [("503", "机关资本性支出(一)", "989.71")]
