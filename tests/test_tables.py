"""Standard tables: how the forms of several provinces and years become budget lines. Places, units and figures are invented."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.document import Document, Table
from extract.reading import read as read_bytes
from normalize.tables import read_tables
from tests.grids import kinds, page, read, told

if TYPE_CHECKING:
    from pathlib import Path


def test_a_two_sided_summary_keeps_its_sides_and_drops_the_ordinals() -> None:
    found = read(
        "收入支出决算总表",
        "单位：万元",
        [
            ["收入[1,2]", "支出[1,2]"],
            ["项目", "决算数", "项目", "决算数"],
            ["一、一般公共预算财政拨款收入", "1,204.50", "一、一般公共服务支出", "988.00"],
            ["二、政府性基金预算财政拨款收入", "", "二、外交支出", "0.00"],
            ["本年收入合计", "1,204.50", "本年支出合计", "—"],
            ["总计", "1,204.50", "总计", "1,204.50"],
        ],
    )
    assert [(line.side, line.item_label, line.column, line.raw, line.unit, line.measure) for line in found.budget_lines] == [
        ("revenue", "一般公共预算财政拨款收入", "amount", "1,204.50", "万元", None),
        ("expenditure", "一般公共服务支出", "amount", "988.00", "万元", None),
        ("expenditure", "外交支出", "amount", "0.00", "万元", None),
        ("revenue", "本年收入合计", "amount", "1,204.50", "万元", "current_year_revenue"),
        ("revenue", "总计", "amount", "1,204.50", "万元", "total_revenue"),
        ("expenditure", "总计", "amount", "1,204.50", "万元", "total_expenditure"),
    ]
    assert {line.table_kind for line in found.budget_lines} == {"rev_exp_summary"}
    assert not found.findings


def test_the_base_form_with_row_numbers_and_column_numbers_gives_neither_as_figures() -> None:
    found = read(
        "收入支出决算表",
        "公开01表",
        "部门：青岚县财政局　　金额单位：元",
        [
            ["收入[1,3]", "支出[1,3]"],
            ["项目", "行次", "金额", "项目", "行次", "金额"],
            ["栏次", "", "1", "栏次", "", "2"],
            ["一、一般公共预算财政拨款收入", "1", "500.00", "一、一般公共服务支出", "32", "499.00"],
            ["年初结转和结余", "28", "1.00", "年末结转和结余", "59", "2.00"],
            ["总计", "31", "501.00", "总计", "62", "501.00"],
        ],
    )
    assert [line.raw for line in found.budget_lines] == ["500.00", "499.00", "1.00", "2.00", "501.00", "501.00"]
    assert {line.unit for line in found.budget_lines} == {"元"}
    assert len(found.explained) > 20


def test_labels_that_occur_twice_in_the_fiscal_summary_are_kept_twice() -> None:
    found = read(
        "财政拨款收入支出决算总表",
        "公开04表",
        "金额单位：万元",
        [
            ["收入[1,3]", "支出[1,6]"],
            ["项目", "行次", "金额", "项目", "行次", "合计", "一般公共预算财政拨款", "政府性基金预算财政拨款", "国有资本经营预算财政拨款"],
            ["栏次", "", "1", "栏次", "", "2", "3", "4", "5"],
            ["一、一般公共预算财政拨款", "1", "10.00", "一、一般公共服务支出", "33", "9.00", "9.00", "", ""],
            ["年初财政拨款结转和结余", "28", "2.00", "年末财政拨款结转和结余", "60", "3.00", "3.00", "", ""],
            ["　一般公共预算财政拨款", "29", "2.00", "", "61", "", "", "", ""],
            ["总计", "32", "12.00", "总计", "64", "12.00", "12.00", "", ""],
        ],
    )
    assert [line.raw for line in found.budget_lines if line.item_label == "一般公共预算财政拨款"] == ["10.00", "2.00"]
    assert [(line.column, line.raw) for line in found.budget_lines if line.side == "expenditure"][:2] == [("total", "9.00"), ("general_public_budget", "9.00")]
    assert found.budget_lines[-1].measure is None
    assert found.budget_lines[-2].measure == "fiscal_total_expenditure"


def test_a_fund_table_with_balances_income_and_spending_keeps_them_apart() -> None:
    found = read(
        "政府性基金预算财政拨款收入支出决算表",
        "公开07表",
        "单位：万元",
        [
            ["项目[1,2]", "年初结转和结余[2,1]", "本年收入[2,1]", "本年支出[1,3]", "年末结转和结余[2,1]"],
            ["功能分类科目编码", "科目名称", "小计", "基本支出", "项目支出"],
            ["栏次[1,2]", "1", "2", "3", "4", "5", "6"],
            ["合计[1,2]", "1.00", "5.00", "4.00", "", "4.00", "2.00"],
            ["2120899", "其他国有土地使用权出让收入安排的支出", "1.00", "5.00", "4.00", "", "4.00", "2.00"],
        ],
    )
    assert [line.column for line in found.budget_lines[:5]] == ["opening", "revenue", "total", "project", "closing"]
    assert [line.measure for line in found.budget_lines[:5]] == [None, "gov_fund_revenue", "gov_fund_expenditure", None, None]


def test_a_note_declares_an_empty_table_and_gives_no_rows() -> None:
    grid = [
        ["项目[1,2]", "合计[2,1]", "基本支出[2,1]", "项目支出[2,1]"],
        ["功能分类科目编码", "科目名称"],
        ["合计[1,2]", "", "", ""],
        ["", "", "", "", ""],
    ]
    note = "注：青岚县财政局无国有资本经营预算财政拨款支出，故本表无数据。"
    found = read("国有资本经营预算财政拨款支出决算表", "单位：万元", grid, note)
    assert (found.budget_lines, found.declared_empty, found.findings) == ((), frozenset({"state_capital"}), ())
    blank = read("国有资本经营预算财政拨款支出决算表", "单位：万元", grid, "注：XX局无国有资本经营预算财政拨款支出，故本表无数据。")
    assert blank.declared_empty == frozenset()


def test_a_table_may_be_declared_empty_without_a_grid() -> None:
    found = read("八、政府性基金预算支出决算表", "单位：万元", "说明：本部门2024年度没有政府性基金预算收入和支出，故本表为空表。", "下一段")
    assert found.declared_empty == frozenset({"gov_fund"})


def test_a_directory_of_tables_marks_the_empty_ones() -> None:
    found = read(
        "报表目录",
        [
            ["报表", "报表名称", "是否空表", "表格为空的理由"],
            ["表1", "部门综合预算收支总表", "否", ""],
            ["表9", "部门综合预算政府性基金收支表", "是", "本部门不涉及"],
        ],
        stage="budget",
    )
    assert found.declared_empty == frozenset({"gov_fund"})


def test_an_empty_note_under_printed_numbers_is_a_finding_and_no_instruction() -> None:
    found = read(
        "部门“三公”经费和机关运行经费预算表",
        "单位:万元",
        [
            ["“三公”经费预算数[1,3]", "机关运行经费预算数[2,1]"],
            ["合计", "因公出国(境)费", "公务接待费"],
            ["6.00", "0", "6.00", "44.00"],
        ],
        "注:本部门2024年无“三公”经费和机关运行经费预算，故本表为空表",
        stage="budget",
    )
    assert told(found.budget_lines) == [
        (None, "total", "initial_budget", "6.00"),
        (None, "overseas", "initial_budget", "0"),
        (None, "reception", "initial_budget", "6.00"),
        (None, "agency_operating", "initial_budget", "44.00"),
    ]
    assert found.declared_empty == frozenset()
    assert [finding.check_id for finding in found.findings] == ["empty_note_contradicted"]


def test_blank_zero_dash_and_unreadable_stay_four_things() -> None:
    found = read(
        "收入决算表",
        "单位：万元",
        [
            ["项目[1,2]", "本年收入合计[2,1]", "财政拨款收入[2,1]", "上级补助收入[2,1]", "事业收入[2,1]", "其他收入[2,1]"],
            ["功能分类科目编码", "科目名称"],
            ["201", "一般公共服务支出", "5.00", "", "0.00", "—", "1O.5"],
        ],
    )
    assert told(found.budget_lines) == [("201", "total", "final", "5.00"), ("201", "superior_subsidy", "final", "0.00")]
    assert [(finding.check_id, finding.status, finding.raw) for finding in found.findings] == [("unreadable_amount", "unreadable", "1O.5")]


def test_the_unit_is_the_one_of_each_table_and_missing_units_are_said() -> None:
    grid = [["收入[1,2]", "支出[1,2]"], ["项目", "预算数", "项目", "预算数"], ["收入总计", "100", "支出总计", "100"]]
    head = [["收入[1,2]", "支出[1,2]"], ["项目", "预算数(万元)", "项目", "预算数(万元)"], ["收入总计", "100", "支出总计", "100"]]
    inside = [["部门收支总表[1,4]"], ["编制单位：白榆局[1,2]", "单位：千元[1,2]"], *grid]
    assert {line.unit for line in read("部门收支总表（单位：亿元）", grid).budget_lines} == {"亿元"}
    assert {line.unit for line in read("部门收支总表", head).budget_lines} == {"万元"}
    assert {line.unit for line in read(inside).budget_lines} == {"千元"}
    assert {line.unit for line in read("部门收支总表", "单位：万", "元", grid).budget_lines} == {"万元"}
    without = read("部门收支总表", "编制单位：白榆局", grid)
    assert {line.unit for line in without.budget_lines} == {None}
    assert [finding.check_id for finding in without.findings] == ["unit_line_missing"]


def test_a_table_that_goes_on_without_its_header_is_read_with_the_header_before() -> None:
    header = [["科目编码", "科目名称", "合计", "基本支出", "项目支出"]]
    found = read(
        "一般公共预算支出表",
        "单位：元",
        [*header, ["201", "一般公共服务支出", "3", "2", "1"]],
        "— 7 —",
        [["205", "教育支出", "4", "4", ""]],
        "— 8 —",
        [*header, ["208", "社会保障和就业支出", "5", "5", ""]],
        stage="budget",
    )
    assert [line.item_code for line in found.budget_lines] == ["201"] * 3 + ["205"] * 2 + ["208"] * 2
    assert (kinds(found), {line.unit for line in found.budget_lines}) == ({"gpb_expenditure"}, {"元"})


def test_header_rows_repeated_inside_a_table_are_not_rows() -> None:
    header = ["科目编码", "科目名称", "合计", "基本支出", "项目支出"]
    numbers = ["**", "**", "1", "2", "3"]
    found = read("一般公共预算支出表", "单位：元", [header, numbers, ["201", "一般公共服务支出", "9", "9", ""], header, numbers, ["205", "教育支出", "8", "", "8"]], stage="budget")
    assert [line.raw for line in found.budget_lines] == ["9", "9", "8", "8"]
    assert not [finding for finding in found.findings if finding.check_id == "unreadable_amount"]


def test_a_carryover_block_beside_the_year_keeps_its_funds_apart() -> None:
    found = read(
        "预算02表 收入总表",
        "金额单位：万元",
        [
            ["单位编码[2,1]", "合计[2,1]", "本年收入[1,4]", "上年结转结余[1,3]"],
            ["小计", "一般公共预算资金", "财政专户管理资金", "其他收入", "小计", "一般公共预算资金", "单位资金"],
            ["015001", "9", "6", "4", "1", "1", "3", "2", "1"],
        ],
        stage="budget",
        year=2026,
    )
    assert told(found.budget_lines) == [
        ("015001", column, "initial_budget", raw)
        for column, raw in zip(
            ["total", "current_year_total", "general_public_budget", "fiscal_special_account", "other", "prior_carryover", "prior_carryover_general_public_budget", "prior_carryover_unit_funds"],
            "96411321",
            strict=True,
        )
    ]


def test_class_group_item_and_column_numbers_may_share_one_row() -> None:
    found = read(
        "收入决算表",
        [
            ["收入决算表[1,7]"],
            ["[1,6]", "公开02表"],
            ["部门：青岚县档案馆[1,4]", "2024年度", "", "金额单位：万元"],
            ["项目[1,4]", "本年收入合计[4,1]", "财政拨款收入[4,1]", "其他收入[4,1]"],
            ["支出功能分类科目编码[3,3]", "科目名称[3,1]"],
            [],
            [],
            ["类", "款", "项", "栏次", "1", "2", "3"],
            ["合计[1,4]", "6.00", "5.00", "1.00"],
            ["2012604[1,3]", "档案馆", "6.00", "5.00", "1.00"],
            ["注：本表反映部门本年度取得的各项收入情况。[1,7]"],
        ],
    )
    assert told(found.budget_lines) == [
        ("合计", "total", "final", "6.00"),
        ("合计", "fiscal_appropriation", "final", "5.00"),
        ("合计", "other", "final", "1.00"),
        ("2012604", "total", "final", "6.00"),
        ("2012604", "fiscal_appropriation", "final", "5.00"),
        ("2012604", "other", "final", "1.00"),
    ]
    assert {line.unit for line in found.budget_lines} == {"万元"}


def test_a_note_inside_the_grid_declares_its_table_empty() -> None:
    found = read(
        "政府性基金预算支出情况表",
        "单位：万元",
        [["科目编码", "科目名称", "合计"], ["", "合计", ""], ["注：本部门没有政府性基金预算拨款安排的支出，故本表无数据。[1,3]"]],
        stage="budget",
    )
    assert (found.budget_lines, found.declared_empty) == ((), frozenset({"gov_fund"}))


def test_a_cell_that_prints_its_own_unit_keeps_it() -> None:
    found = read("支出决算表", "单位：元", [["科目编码", "科目名称", "本年支出合计", "基本支出"], ["201", "一般公共服务支出", "3.5万元", "35,000"]])
    assert [(line.raw, line.value, line.unit) for line in found.budget_lines] == [("3.5万元", Decimal("3.5"), "万元"), ("35,000", Decimal(35000), "元")]


def test_an_unknown_form_with_amounts_is_said_and_not_read() -> None:
    found = read("培训费明细表", "单位：万元", [["序号", "培训名称", "人数", "金额"], ["1", "业务培训", "30", "4.20"], ["2", "值班培训", "65", "9.00"]])
    assert (found.budget_lines, [finding.check_id for finding in found.findings]) == ((), ["unrecognised_table"])


def test_amounts_of_a_flattened_table_are_said_and_not_guessed() -> None:
    document = page("收入决算表", "单位：万元", [["项目", "本年收入合计", "财政拨款收入"], ["一般公共服务支出", "3.00"]])
    table = next(document.tables())
    sparse = Table(table.span, table.rows, table.columns, table.cells, sparse=True)
    found = read_tables(Document(document.source, document.content, (*document.blocks[:-1], sparse)), stage="final", fiscal_year=2024)
    assert (found.budget_lines, [finding.check_id for finding in found.findings]) == ((), ["flattened_tables_unread"])


def test_an_unknown_column_is_said_and_the_others_are_read() -> None:
    found = read("支出决算表", "单位：万元", [["科目编码", "科目名称", "本年支出合计", "基本支出", "神秘支出"], ["201", "一般公共服务支出", "3.00", "2.00", "1.00"]])
    assert [line.column for line in found.budget_lines] == ["total", "basic"]
    assert [finding.check_id for finding in found.findings] == ["unknown_column"]


def test_tables_of_prose_and_forms_of_targets_are_left_alone() -> None:
    found = read(
        "2024年度项目支出绩效自评表",
        [["项目名称", "公交补贴", "主管部门", "青岚县交通局"], ["一级指标", "二级指标", "三级指标", "指标值"], ["产出指标", "数量指标", "线路数", "≥10条"]],
        "纳入部门决算编制范围的单位包括：",
        [["序号", "单位名称"], ["1", "青岚县交通局（本级）"]],
    )
    assert (found.budget_lines, found.findings) == ((), ())


LABELS = ["一、一般公共服务支出", "二、外交支出", "三、国防支出", "本年支出合计", "总计"]


PRINTED = st.sampled_from(["", "0", "0.00", "—", "-", "12.30", "1,204.56", "-7.10", "（3.5）", "１２.5"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), PRINTED, st.sampled_from(LABELS), PRINTED), min_size=1, max_size=12), st.booleans())
def test_every_number_of_any_summary_is_read_once_and_nothing_else(rows: list[tuple[str, str, str, str]], numbered: bool) -> None:
    head = [["项目", "行次", "决算数", "项目", "行次", "决算数"], ["栏次", "", "1", "栏次", "", "2"]] if numbered else [["项目", "决算数", "项目", "决算数"]]
    body = [[a, str(at), b, c, str(at + 40), d] if numbered else [a, b, c, d] for at, (a, b, c, d) in enumerate(rows, 1)]
    found = read("收入支出决算总表", "单位：万元", [["收入[1,3]" if numbered else "收入[1,2]", "支出[1,3]" if numbered else "支出[1,2]"], *head, *body])
    wanted = [text for row in rows for text in (row[1], row[3]) if any(character.isdigit() for character in text)]
    assert sorted(line.raw for line in found.budget_lines) == sorted(wanted)
    assert all(line.value.is_finite() for line in found.budget_lines)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "stage", "year", "amounts"),
    [("putuo-shiquan-2025-final.html", "final", 2025, 580), ("putuo-sthj-2025-final.html", "final", 2025, 747)],
)
def test_real_final_accounts_give_every_printed_amount(shared: Path, name: str, stage: str, year: int, amounts: int) -> None:
    document = read_bytes((shared / "corpus" / "dev" / name).read_bytes(), name)
    found = read_tables(document, stage=stage, fiscal_year=year)
    assert len(found.budget_lines) == amounts
    assert all(document.text(line.span) == line.raw for line in found.budget_lines)
    assert found.declared_empty == frozenset({"gov_fund", "state_capital"})


@pytest.mark.corpus
def test_a_blank_official_form_gives_nothing(shared: Path) -> None:
    name = "template-2024-final.pdf"
    found = read_tables(read_bytes((shared / "corpus" / "dev" / name).read_bytes(), name), stage="final", fiscal_year=2024)
    assert (found.budget_lines, found.quantities, found.declared_empty) == ((), (), frozenset())


def test_balances_cut_into_basic_and_project_are_not_the_expenditure_of_the_year() -> None:
    found = read(
        "一般公共预算财政拨款收入支出决算表",
        "金额单位：元",
        [
            ["科目编码[3,1]", "科目名称[3,1]", "年初结转和结余[1,2]", "本年收入[1,2]", "本年支出[1,4]", "年末结转和结余[1,2]"],
            ["合计[2,1]", "项目支出结转和结余[2,1]", "合计[2,1]", "基本支出[2,1]", "合计[2,1]", "基本支出[1,2]", "项目支出[2,1]", "合计[2,1]", "项目支出结转和结余[2,1]"],
            ["小计", "人员经费"],
            ["2130201", "行政运行", "1.00", "2.00", "3.00", "4.00", "5.00", "6.00", "7.00", "8.00", "9.00", "10.00"],
        ],
    )
    assert [line.column for line in found.budget_lines] == [
        "opening",
        "opening_project",
        "revenue",
        "revenue_basic",
        "total",
        "basic",
        "personnel",
        "project",
        "closing",
        "closing_project",
    ]


def test_a_change_in_percent_is_told_from_the_change_by_its_bracket() -> None:
    found = read(
        "一般公共预算支出表",
        "单位：万元",
        [
            ["科目编码[2,1]", "科目名称[2,1]", "2024年执行数[2,1]", "2025年预算数[2,1]", "2025年预算数比2024年执行数[1,2]"],
            ["增减额", "增减（%）"],
            ["206", "科学技术支出", "25.00", "30.00", "5.00", "20.00"],
        ],
        stage="budget",
        year=2025,
    )
    assert [(line.basis, line.raw, line.unit) for line in found.budget_lines] == [
        ("prior_final", "25.00", "万元"),
        ("initial_budget", "30.00", "万元"),
        ("change_vs_prior_final", "5.00", "万元"),
        ("change_pct_vs_prior_final", "20.00", "%"),
    ]


def test_an_amount_in_a_cell_that_begins_under_a_label_is_read_where_it_is_the_only_one_covered() -> None:
    found = read(
        "部门支出总表",
        "单位：万元",
        [
            ["科目编码", "科目名称", "合计", "基本支出"],
            ["213", "农林水支出", "5.00", "5.00"],
            ["合计", "1,005.00[1,2]", "5.00"],
        ],
        stage="budget",
    )
    assert told(found.budget_lines)[2:] == [("合计", "total", "initial_budget", "1,005.00"), ("合计", "basic", "initial_budget", "5.00")]


def test_a_table_that_goes_on_under_the_same_header_keeps_its_number() -> None:
    head = ["科目编码", "科目名称", "合计", "基本支出"]
    found = read("部门支出总表", "单位：万元", [head, ["213", "农林水支出", "5.00", "5.00"]], [head, ["221", "住房保障支出", "2.00", "2.00"]], stage="budget")
    assert [(line.item_code, line.table_ordinal) for line in found.budget_lines if line.column == "total"] == [("213", 1), ("221", 1)]


def test_a_column_without_numbers_under_an_unknown_head_parts_no_row_from_its_name() -> None:
    found = read(
        "政府采购预算表",
        "单位：万元",
        [
            ["科目编码[1,3]", "单位编码[2,1]", "采购项目[2,1]", "采购目录[2,1]", "购买服务的内[2,1]", "部门经济科目[1,2]", "预算金额[2,1]"],
            ["类", "款", "项", "类", "款"],
            ["", "", "", "", "", "合计", "", "", "", "30.00"],
            ["208", "01", "09", "242001", "青岚县社保局", "", "", "", "", "28.00"],
            ["208", "01", "09", "242001", "参保登记经费", "专业咨询", "", "302", "99", "28.00"],
            ["208", "01", "02", "242001", "档案整理经费", "其他货物", "", "302", "99", "2.00"],
        ],
        stage="budget",
    )
    assert [(line.item_code, line.item_label, line.raw) for line in found.budget_lines] == [
        (None, "合计", "30.00"), ("2080109", "青岚县社保局", "28.00"), ("2080109", "专业咨询", "28.00"), ("2080102", "其他货物", "2.00"),
    ]  # fmt: skip
