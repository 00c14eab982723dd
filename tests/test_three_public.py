"""The forms of the three public expenditures and of agency operation, however a province lays them out. Places, units and figures are invented."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.grids import Rows, read

ALTERNATING = [
    ["财政拨款“三公”经费[1,12]"],
    ["合计[2,2]", "因公出国（境）费[2,2]", "公务用车购置及运行维护费[1,6]", "公务接待费[2,2]"],
    ["小计[1,2]", "公务用车购置费[1,2]", "公务用车运行维护费[1,2]"],
    ["预算数", "决算数"] * 6,
    ["12.00", "9.00", "1.00", "0", "8.00", "7.00", "", "", "8.00", "7.00", "3.00", "2.00"],
]


IN_BLOCKS = [
    ["预算数[1,6]", "决算数[1,6]"],
    ["合计[2,1]", "因公出国（境）费[2,1]", "公务用车购置及运行费[1,3]", "公务接待费[2,1]"] * 2,
    ["小计", "公务用车购置费", "公务用车运行费"] * 2,
    [str(number) for number in range(1, 13)],
    ["12.00", "1.00", "8.00", "", "8.00", "3.00", "9.00", "0", "7.00", "", "7.00", "2.00"],
]


@pytest.mark.parametrize("rows", [ALTERNATING, IN_BLOCKS], ids=["alternating", "blocks"])
def test_budget_and_final_of_the_three_public_items_are_told_by_the_header_tree(rows: Rows) -> None:
    found = read("财政拨款“三公”经费支出决算表", "单位：万元", rows)
    assert {(line.column, line.basis): line.raw for line in found.budget_lines} == {
        ("total", "initial_budget"): "12.00",
        ("total", "final"): "9.00",
        ("overseas", "initial_budget"): "1.00",
        ("overseas", "final"): "0",
        ("vehicle_total", "initial_budget"): "8.00",
        ("vehicle_total", "final"): "7.00",
        ("vehicle_operation", "initial_budget"): "8.00",
        ("vehicle_operation", "final"): "7.00",
        ("reception", "initial_budget"): "3.00",
        ("reception", "final"): "2.00",
    }
    assert {line.item_label for line in found.budget_lines} == {None}


def test_a_footnote_makes_the_budget_column_the_budget_of_the_whole_year() -> None:
    note = "注：本表反映部门本年度“三公”经费支出预决算情况。其中：预算数为“三公”经费全年预算数，反映按规定程序调整后的预算数。"
    found = read("财政拨款“三公”经费支出决算表", "单位：万元", IN_BLOCKS, note)
    assert {line.basis for line in found.budget_lines} == {"adjusted_budget", "final"}


def test_three_public_items_may_be_rows_with_funds_beside_them() -> None:
    found = read(
        "财政拨款安排的行政经费及“三公”经费预算表",
        "单位名称：青岚市统计局　单位：万元",
        [
            ["项目", "合计", "一般公共预算", "政府性基金预算"],
            ["行政经费", "80.00", "80.00", "0.00"],
            ["“三公”经费", "9.00", "9.00", "0.00"],
            ["其中：（一）因公出国（境）支出", "5.00", "5.00", "0.00"],
            ["（二）公务用车购置及运行维护支出", "4.00", "4.00", "0.00"],
            ["1.公务用车购置费", "0.00", "0.00", "0.00"],
            ["2.公务用车运行维护费", "4.00", "4.00", "0.00"],
        ],
        stage="budget",
        year=2026,
    )
    assert [line.column for line in found.budget_lines[::3]] == ["agency_operating", "total", "overseas", "vehicle_total", "vehicle_purchase", "vehicle_operation"]
    assert {line.column for line in found.budget_lines if (line.column or "").startswith("total")} == {"total", "total_general_public_budget", "total_government_fund"}


def test_three_public_rows_may_be_units_and_years_with_funds_as_columns() -> None:
    funds = ["一般公共预算", "政府性基金预算", "国有资本经营预算"]
    found = read(
        "财政拨款“三公”经费支出表",
        "单位：万元",
        [
            ["预算单位[2,1]", "年度[2,1]", "总计[1,3]", "公务接待费[1,3]"],
            [*funds, *funds],
            ["白榆市住房局（本级）", "2025年", "9.00", "0.00", "0.00", "9.00", "0.00", "0.00"],
            ["白榆市住房局（本级）", "2026年", "8.00", "0.00", "0.00", "8.00", "0.00", "0.00"],
        ],
        stage="budget",
        year=2026,
    )
    assert [(line.column, line.basis) for line in found.budget_lines][:3] == [
        ("total", "prior_budget"),
        ("total_government_fund", "prior_budget"),
        ("total_state_capital", "prior_budget"),
    ]
    assert found.budget_lines[-3].basis == "initial_budget"
    assert {line.item_label for line in found.budget_lines} == {"白榆市住房局（本级）"}


def test_prior_year_this_year_and_change_stand_in_blocks_with_meetings_and_training() -> None:
    block = ["合计[3,1]", "一般公共预算拨款安排的“三公”经费预算[1,3]", "会议费[3,1]", "培训费[3,1]"]
    inner = ["小计[2,1]", "公务接待费[2,1]", "公务用车购置及运行维护费"]
    found = read(
        "部门综合预算一般公共预算拨款“三公”经费及会议费、培训费支出预算表",
        "单位：元",
        [
            ["单位编码[4,1]", "单位名称[4,1]", "上年[1,6]", "当年[1,6]", "增减变化情况[1,6]"],
            block * 3,
            inner * 3,
            ["公务用车运行维护费"] * 3,
            ["合计[1,2]", "9", "5", "5", "", "3", "1", "8", "4", "4", "", "3", "1", "-1", "-1", "-1", "", "0", "0"],
        ],
        stage="budget",
        year=2026,
    )
    assert [(line.column, line.basis, line.raw) for line in found.budget_lines if line.column in {"total", "total_with_meeting_training"}] == [
        ("total_with_meeting_training", "prior_budget", "9"),
        ("total", "prior_budget", "5"),
        ("total_with_meeting_training", "initial_budget", "8"),
        ("total", "initial_budget", "4"),
        ("total_with_meeting_training", "change_vs_prior_budget", "-1"),
        ("total", "change_vs_prior_budget", "-1"),
    ]


def test_a_three_public_list_with_counts_is_the_form_of_counts_and_money() -> None:
    found = read(
        "“三公”经费、行政参公单位机关运行经费情况表",
        "公开10表",
        "金额单位：元",
        [
            ["项目", "行次", "年初预算数", "决算统计数"],
            ["栏次", "", "1", "2"],
            ["一、“三公”经费支出", "1", "—", "—"],
            ["（一）支出合计", "2", "30,000.00", "20,000.00"],
            ["3．公务接待费", "7", "30,000.00", "20,000.00"],
            ["（二）相关统计数", "11", "—", "—"],
            ["5．国内公务接待批次（个）", "16", "—", "12"],
            ["二、机关运行经费", "20", "—", "55,000.00"],
        ],
    )
    assert [(line.item_label, line.basis, line.unit, line.measure) for line in found.budget_lines] == [
        ("支出合计", "initial_budget", "元", "three_public_total"),
        ("支出合计", "final", "元", "three_public_total"),
        ("公务接待费", "initial_budget", "元", "three_public_reception"),
        ("公务接待费", "final", "元", "three_public_reception"),
        ("机关运行经费", "final", "元", "agency_operating_expenditure"),
    ]
    assert [(one.measure, one.category, one.value, one.unit) for one in found.quantities] == [("reception_batches", "domestic", Decimal(12), "个")]


def test_the_form_of_counts_and_money_gives_lines_and_quantities() -> None:
    found = read(
        "机构运行信息决算表",
        "公开09表",
        "公开部门：青岚县政务办　单位：万元",
        [
            ["项目", "行次", "预算数", "决算数", "项目", "行次", "统计数"],
            ["栏次", "", "1", "2", "栏次", "", "3"],
            ["一、“三公”经费支出", "1", "—", "—", "三、国有资产占用情况", "22", "—"],
            ["（一）支出合计", "2", "19.50", "11.79", "（一）车辆数合计（辆）", "23", "1"],
            ["3．公务接待费", "7", "15.00", "7.39", "4.应急保障用车", "27", "1"],
            ["（1）国内接待费", "8", "—", "7.39", "（二）单价50万元（含）以上通用设备（台，套）", "32", "0"],
            ["（二）相关统计数", "11", "—", "—", "四、政府采购支出信息", "34", "—"],
            ["5．国内公务接待批次（个）", "16", "—", "89", "（一）政府采购支出合计", "35", "20.10"],
            ["其中：外事接待批次（个）", "17", "—", "0", "1.政府采购货物支出", "36", "20.10"],
        ],
    )
    assert [(line.item_label, line.column, line.basis, line.raw, line.measure, line.category) for line in found.budget_lines] == [
        ("支出合计", "amount", "initial_budget", "19.50", "three_public_total", None),
        ("支出合计", "amount", "final", "11.79", "three_public_total", None),
        ("公务接待费", "amount", "initial_budget", "15.00", "three_public_reception", None),
        ("公务接待费", "amount", "final", "7.39", "three_public_reception", None),
        ("国内接待费", "amount", "final", "7.39", "three_public_reception", "domestic"),
        ("政府采购支出合计", "amount", "final", "20.10", "procurement_total", None),
        ("政府采购货物支出", "amount", "final", "20.10", "procurement_goods", None),
    ]
    assert [(one.measure, one.category, one.basis, one.value, one.unit, one.role) for one in found.quantities] == [
        ("reception_batches", "domestic", "final", Decimal(89), "个", "stated"),
        ("reception_batches", "domestic_foreign_affairs", "final", Decimal(0), "个", "stated"),
        ("asset_vehicles", None, "final", Decimal(1), "辆", "stated"),
        ("asset_vehicles", "应急保障用车", "final", Decimal(1), "辆", "stated"),
        ("asset_general_equipment", None, "final", Decimal(0), "台(套)", "stated"),
    ]


def test_execution_of_last_year_and_growth_stand_beside_this_year() -> None:
    found = read(
        "一般公共预算支出表",
        "单位：万元",
        [
            ["科目编码[2,1]", "科目名称[2,1]", "2025年执行数[2,1]", "2026年预算数[1,3]", "2026年预算数比2025年执行数[1,2]"],
            ["小计", "基本支出", "项目支出", "增减额", "增减%"],
            ["201", "一般公共服务支出", "8.00", "9.00", "9.00", "", "1.00", "12.50"],
        ],
        stage="budget",
        year=2026,
    )
    assert [(line.column, line.basis, line.raw, line.unit) for line in found.budget_lines] == [
        ("total", "prior_final", "8.00", "万元"),
        ("total", "initial_budget", "9.00", "万元"),
        ("basic", "initial_budget", "9.00", "万元"),
        ("total", "change_vs_prior_final", "1.00", "万元"),
        ("total", "change_pct_vs_prior_final", "12.50", "%"),
    ]
