"""Standard tables: how the forms of several provinces and years become budget lines. Places, units and figures are invented."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.document import Cell, Document, Paragraph, Source, Span, Table
from extract.reading import read as read_bytes
from normalize.tables import read_tables
from normalize.tables.kinds import bare_title, kinds_of_title

if TYPE_CHECKING:
    from pathlib import Path

    from normalize.records import BudgetLine, Recognised

Rows = list[list[str]]
SPANS = re.compile(r"\[(\d+),(\d+)\]$")


def page(*blocks: str | Rows) -> Document:
    """Lines and grids as a document; `合计[1,2]` is a cell over one row and two columns."""
    content = ""
    parts: list[Paragraph | Table] = []

    def put(text: str) -> Span:
        nonlocal content
        start = len(content)
        content += text + "\n"
        return Span(start, start + len(text))

    for block in blocks:
        if isinstance(block, str):
            parts.append(Paragraph(put(block)))
            continue
        start = len(content)
        taken: set[tuple[int, int]] = set()
        cells = []
        for row, texts in enumerate(block):
            column = 0
            for text in texts:
                while (row, column) in taken:
                    column += 1
                found = SPANS.search(text)
                down, across = (int(found[1]), int(found[2])) if found else (1, 1)
                taken |= {(row + i, column + j) for i in range(down) for j in range(across)}
                cells.append(Cell(row, column, put(SPANS.sub("", text)), down, across))
                column += across
        width = max(column for _, column in taken) + 1
        parts.append(Table(Span(start, len(content)), len(block), width, tuple(cells)))
    return Document(Source("page.html", "0" * 64, "text/html"), content, tuple(parts))


def read(*blocks: str | Rows, stage: str | None = "final", year: int | None = 2024) -> Recognised:
    document = page(*blocks)
    recognised = read_tables(document, stage=stage, fiscal_year=year)
    for line in recognised.budget_lines:
        assert document.text(line.span) == line.raw
    return recognised


def told(lines: tuple[BudgetLine, ...]) -> list[tuple[str | None, str | None, str, str]]:
    """Code or label, column, basis, printed number."""
    return [(line.item_code or line.item_label, line.column, line.basis, line.raw) for line in lines]


def kinds(recognised: Recognised) -> set[str | None]:
    return {line.table_kind for line in recognised.budget_lines}


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


def test_headers_broken_inside_words_and_codes_split_in_three_columns_are_joined() -> None:
    found = read(
        "支出决算表",
        "单位：万元",
        [
            ["项目[1,4]", "本年支出合\n计[2,1]", "基本支\n出[2,1]", "项目支出[2,1]", "上缴上级支出[2,1]", "经营支出[2,1]", "对附属单位\n补\n助支出[2,1]"],
            ["支出功能分类科目编码[1,3]", "科目名称"],
            ["类", "款", "项", "合计", "30.00", "20.00", "10.00", "", "", ""],
            ["201", "", "", "一般公共服务支出", "30.00", "20.00", "10.00", "", "", ""],
            ["201", "06", "", "财政事务", "30.00", "20.00", "10.00", "", "", ""],
            ["201", "06", "1", "行政运\n行", "20.00", "20.00", "", "", "", ""],
        ],
    )
    assert told(found.budget_lines)[:5] == [
        ("合计", "total", "final", "30.00"),
        ("合计", "basic", "final", "20.00"),
        ("合计", "project", "final", "10.00"),
        ("201", "total", "final", "30.00"),
        ("201", "basic", "final", "20.00"),
    ]
    last = found.budget_lines[-1]
    assert (last.item_code, last.item_label, last.function_code, last.economic_code) == ("2010601", "行政运行", "2010601", None)


def test_the_economic_table_printed_twice_side_by_side_has_two_halves() -> None:
    rows = [
        ["人员经费[1,3]", "公用经费[1,3]"],
        ["经济分类科目编码", "科目名称", "金额", "经济分类科目编码", "科目名称", "金额"],
        ["301", "工资福利支出", "7.00", "302", "商品和服务支出", "2.50"],
        ["30101", "基本工资", "7.00", "30201", "办公费", "2.50"],
        ["", "人员经费合计", "7.00", "", "公用经费合计", "2.50"],
    ]
    found = read("一般公共预算财政拨款基本支出决算表", "单位：万元", rows)
    assert told(found.budget_lines) == [
        ("301", "amount", "final", "7.00"),
        ("302", "amount", "final", "2.50"),
        ("30101", "amount", "final", "7.00"),
        ("30201", "amount", "final", "2.50"),
        ("人员经费合计", "amount", "final", "7.00"),
        ("公用经费合计", "amount", "final", "2.50"),
    ]
    assert [line.economic_code for line in found.budget_lines][:2] == ["301", "302"]
    assert [line.measure for line in found.budget_lines][4:] == ["personnel_expenditure", "public_expenditure"]
    merged = [*rows[:-1], ["人员经费合计[1,2]", "7.00", "公用经费合计[1,2]", "2.50"]]
    assert told(read("一般公共预算财政拨款基本支出决算表", "单位：万元", merged).budget_lines) == told(found.budget_lines)


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


def test_codes_printed_once_over_many_rows_are_carried_over_the_page_break() -> None:
    header = [["科目编码[1,3]", "科目名称[2,1]", "合计[2,1]"], ["类", "款", "项"]]
    found = read(
        "支出总体情况表",
        "单位：万元",
        [*header, ["208", "", "", "社会保障和就业支出", "9"], ["208[2,1]", "28", "", "退役军人管理事务", "9"], ["28", "01", "行政运行", "4"]],
        "— 9 —",
        "支出总体情况表",
        "单位：万元",
        [*header, ["[2,1]", "[2,1]", "02", "一般行政管理事务", "5"], ["99", "其他退役军人事务管理支出", "1"], ["221", "", "", "住房保障支出", "7"]],
        stage="budget",
        year=2026,
    )
    assert [line.item_code for line in found.budget_lines] == ["208", "20828", "2082801", "2082802", "2082899", "221"]


def test_header_rows_repeated_inside_a_table_are_not_rows() -> None:
    header = ["科目编码", "科目名称", "合计", "基本支出", "项目支出"]
    numbers = ["**", "**", "1", "2", "3"]
    found = read("一般公共预算支出表", "单位：元", [header, numbers, ["201", "一般公共服务支出", "9", "9", ""], header, numbers, ["205", "教育支出", "8", "", "8"]], stage="budget")
    assert [line.raw for line in found.budget_lines] == ["9", "9", "8", "8"]
    assert not [finding for finding in found.findings if finding.check_id == "unreadable_amount"]


def test_two_forms_joined_in_one_grid_are_read_as_two() -> None:
    found = read(
        [
            ["预算08表 政府性基金预算支出表[1,4]"],
            ["金额单位：万元[1,4]"],
            ["科目名称", "合计", "基本支出", "项目支出"],
            ["合计", "1.00", "", "1.00"],
            ["预算09表 国有资本经营预算支出表[1,4]"],
            ["金额单位：元[1,4]"],
            ["科目名称", "合计", "基本支出", "项目支出"],
            ["合计", "7.00", "", "7.00"],
        ],
        stage="budget",
    )
    assert [(line.table_kind, line.unit, line.raw) for line in found.budget_lines] == [
        ("gov_fund", "万元", "1.00"),
        ("gov_fund", "万元", "1.00"),
        ("state_capital", "元", "7.00"),
        ("state_capital", "元", "7.00"),
    ]


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


def test_one_row_may_carry_functional_and_two_economic_codes() -> None:
    found = read(
        "预算03表 支出总表",
        "金额单位：万元",
        [
            ["支出功能分类科目[2,1]", "政府支出经济分类科目[2,1]", "部门支出经济分类科目[2,1]", "合计[2,1]", "基本支出[2,1]", "其中[1,2]"],
            ["上缴上级支出", "对附属单位补助支出"],
            ["2013601-行政运行", "50101-工资奖金津补贴", "30101-基本工资", "1.50", "1.50", "", ""],
        ],
        stage="budget",
        year=2026,
    )
    line = found.budget_lines[0]
    assert (line.table_kind, line.item_code, line.item_label, line.function_code, line.economic_code) == ("expenditure_detail", "2013601", "行政运行", "2013601", "30101")


def test_bracketed_codes_before_names_are_codes() -> None:
    found = read(
        "一般公共预算支出情况表（按功能分类科目）",
        "单位：万元",
        [["功能科目名称[2,1]", "一般公共预算支出[1,3]"], ["小计", "其中：基本支出", "项目支出"], ["合计", "3", "2", "1"], ["[2019999]其他一般公共服务支出", "3", "2", "1"]],
        stage="budget",
    )
    assert found.budget_lines[-1].item_label == "其他一般公共服务支出"
    assert told(found.budget_lines)[3:] == [("2019999", "total", "initial_budget", "3"), ("2019999", "basic", "initial_budget", "2"), ("2019999", "project", "initial_budget", "1")]


@pytest.mark.parametrize(
    ("title", "header", "kind", "columns"),
    [
        ("部门预算收支总表", ["项目", "2026年预算数", "项目", "2026年预算数"], None, []),
        ("表四 财政拨款收支总表", ["项目", "预算数", "项目", "预算数"], None, []),
        ("表6 一般公共预算支出明细表（按支出经济分类科目）", ["科目编码", "科目名称", "合计", "人员经费支出", "公用经费支出", "专项业务经费支出"], "gpb_economic", ["total", "personnel", "public", "project"]),
        ("一般公共预算支出经济分类情况表", ["科目编码", "科目名称", "预算数"], "gpb_economic", ["amount"]),
        ("一般公共预算基本支出情况表", ["科目编码", "科目名称", "基本支出", "人员支出", "日常公用支出"], "gpb_basic_economic", ["total", "personnel", "public"]),
        ("一般公共预算基本支出明细表（按支出功能分类科目）", ["功能科目编码", "功能科目名称", "合计", "人员经费支出", "公用经费支出"], "gpb_basic_functional", ["total", "personnel", "public"]),
        ("基本支出预算情况表", ["科目编码", "科目名称", "总计", "财政拨款", "财政专户管理资金", "上年结转"], "basic_expenditure_detail", ["total", "fiscal_appropriation", "fiscal_special_account", "prior_carryover"]),
        ("项目支出总表", ["支出项目类别", "总计", "一般公共预算拨款", "政府性基金预算拨款"], "project_expenditure", ["total", "general_public_budget", "government_fund"]),
        ("政府采购预算明细表", ["采购类别", "金额"], "procurement", ["amount"]),
        ("政府采购预算明细表", ["采购类别", "总计", "一般公共预算拨款收入"], "procurement", ["total", "general_public_budget"]),
        ("一般公共预算基本支出经济分类情况表", ["科目编码", "科目名称", "预算数"], "gpb_basic_economic", ["amount"]),
        ("财政拨款支出预算表（功能科目）", ["功能科目编码", "科目名称", "合计", "基本支出", "项目支出"], "fiscal_expenditure", ["total", "basic", "project"]),
    ],
)
def test_titles_and_headers_of_other_provinces_name_the_kind_and_its_columns(title: str, header: list[str], kind: str | None, columns: list[str]) -> None:
    code = "301" if "经济" in title or "基本支出情况" in title else "201"
    names = sum("编码" in head or "名称" in head or head in {"项目", "采购类别", "支出项目类别"} for head in header)
    row = [code if "编码" in head else "某项" if "名称" in head or head in {"项目", "采购类别", "支出项目类别"} else "1.00" for head in header]
    found = read(title, "单位：万元", [header, row], stage="budget", year=2026)
    if kind is None:
        assert kinds(found) == {kinds_of_title(title)[0]}
        assert len(found.budget_lines) == len(header) - names
    else:
        assert kinds(found) == {kind}
        assert [line.column for line in found.budget_lines] == columns


def test_rows_that_print_names_only_get_their_functional_code_from_the_rows_above() -> None:
    found = read(
        "一般公共预算支出预算表",
        "单位：万元",
        [
            ["功能分类科目名称[2,1]", "合计[2,1]", "基本支出[1,3]", "项目支出[2,1]"],
            ["小计", "人员经费", "日常公用支出"],
            ["**", "1", "2", "3", "4", "5"],
            ["合计", "9", "", "", "", "9"],
            ["住房保障支出", "9", "", "", "", "9"],
            ["　住房改革支出", "9", "", "", "", "9"],
            ["　　住房公积金", "9", "", "", "", "9"],
        ],
        stage="budget",
        year=2026,
    )
    assert [(line.item_code, line.item_label, line.function_code) for line in found.budget_lines if line.column == "total"] == [
        (None, "合计", None),
        (None, "住房保障支出", "221"),
        (None, "住房改革支出", "22102"),
        (None, "住房公积金", "2210201"),
    ]


def test_codes_of_the_rows_overrule_a_title_that_leaves_the_classification_open() -> None:
    found = read("一般公共预算支出表", "单位：元", [["科目编码", "科目名称", "合计"], ["301", "工资福利支出", "5"], ["30101", "基本工资", "5"], ["302", "商品和服务支出", "1"]], stage="budget")
    assert kinds(found) == {"gpb_economic"}


def test_a_header_alone_names_a_table_whose_title_is_lost() -> None:
    found = read("单位：万元", [["科目编码", "科目名称", "本年支出合计", "基本支出", "项目支出", "上缴上级支出", "经营支出", "对附属单位补助支出"], ["201", "一般公共服务支出", "3", "2", "1", "", "", ""]])
    assert kinds(found) == {"expenditure_detail"}


def test_a_footnote_alone_names_a_table_whose_title_is_lost() -> None:
    found = read("单位：万元", [["科目编码", "科目名称", "合计", "基本支出", "项目支出"], ["201", "一般公共服务支出", "3", "2", "1"]], "注：本表反映部门本年度一般公共预算财政拨款支出情况。")
    assert kinds(found) == {"gpb_expenditure"}


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


def test_the_thirteen_tables_of_one_province_are_told_apart_by_title_and_codes() -> None:
    """一 to 十三 of the Sichuan set: economic and functional sisters share words."""
    titles = {
        "一、收入支出决算总表": "rev_exp_summary",
        "二、收入决算表": "revenue_detail",
        "三、支出决算表": "expenditure_detail",
        "四、财政拨款收入支出决算总表": "fiscal_summary",
        "五、财政拨款支出决算明细表": "fiscal_expenditure",
        "六、一般公共预算财政拨款支出决算表": "gpb_expenditure",
        "七、一般公共预算财政拨款支出决算明细表": "gpb_expenditure",
        "八、一般公共预算财政拨款基本支出决算明细表": "gpb_basic_economic",
        "九、一般公共预算财政拨款项目支出决算表": "project_expenditure",
        "十、政府性基金预算财政拨款收入支出决算表": "gov_fund",
        "十一、国有资本经营预算财政拨款收入支出决算表": "state_capital",
        "十二、国有资本经营预算财政拨款支出决算表": "state_capital",
        "十三、财政拨款“三公”经费支出决算表": "three_public",
    }
    assert {title: kinds_of_title(title) for title in titles} == {title: (kind,) for title, kind in titles.items()}
    found = read(
        "五、财政拨款支出决算明细表",
        "公开05表",
        "金额单位：万元",
        [
            ["项目[1,2]", "合计[2,1]", "一般公共预算财政拨款[1,3]", "政府性基金预算财政拨款[1,3]"],
            ["科目编码", "科目名称", "小计", "基本支出", "项目支出", "小计", "基本支出", "项目支出"],
            ["301", "工资福利支出", "9", "8", "7", "1", "1", "", "1"],
        ],
    )
    assert kinds(found) == {"fiscal_economic"}
    assert [line.column for line in found.budget_lines] == [
        "total",
        "general_public_budget",
        "general_public_budget_basic",
        "general_public_budget_project",
        "government_fund",
        "government_fund_project",
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


def test_a_cell_that_prints_its_own_unit_keeps_it() -> None:
    found = read("支出决算表", "单位：元", [["科目编码", "科目名称", "本年支出合计", "基本支出"], ["201", "一般公共服务支出", "3.5万元", "35,000"]])
    assert [(line.raw, line.value, line.unit) for line in found.budget_lines] == [("3.5万元", Decimal("3.5"), "万元"), ("35,000", Decimal(35000), "元")]


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


def test_a_code_beside_another_name_is_a_finding() -> None:
    found = read("支出决算表", "单位：万元", [["科目编码", "科目名称", "本年支出合计", "基本支出"], ["201", "教育支出", "3.00", "3.00"]])
    assert [finding.check_id for finding in found.findings] == ["code_name_mismatch"]


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


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("2025年度青岚省白榆县人民检察院部门收入支出决算总表", ("rev_exp_summary",)),
        ("表二　2026年部门收入总体情况表", ("revenue_detail",)),
        ("公开03表 支出决算表", ("expenditure_detail",)),
        ("（四）财政拨款收支预算总表", ("fiscal_summary",)),
        ("一般公共财政预算拨款支出预算表", ("gpb_expenditure",)),
        ("一般公共预算“三公”经费支出情况表", ("three_public",)),
        ("2026年市级部门国有资本经营预算支出预算表", ("state_capital",)),
        ("收入支出决算总体情况说明", ()),
        ("本年收入合计12.5万元。", ()),
        ("附件2：部门决算公开模板", ()),
        ("项目支出绩效目标表", ()),
    ],
)
def test_titles_name_their_kind(title: str, expected: tuple[str, ...]) -> None:
    assert kinds_of_title(title) == expected


def test_a_title_without_words_of_its_own_is_no_title() -> None:
    assert bare_title("2026年部门预算表") is None


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


def test_a_table_of_functional_by_economic_subjects_has_one_column_for_each_and_one_total_a_row() -> None:
    found = read(
        "财政拨款支出决算明细表",
        "金额单位：万元",
        [
            ["科目编码[2,1]", "科目名称[2,1]", "合计[2,1]", "工资福利支出[1,2]", "商品和服务支出[1,2]"],
            ["小计", "基本工资", "小计", "办公费"],
            ["2130104", "事业运行", "9.00", "6.00", "6.00", "3.00", "3.00"],
        ],
    )
    assert [(line.item_code, line.column, line.function_code, line.economic_code, line.raw) for line in found.budget_lines] == [
        ("2130104", "total", "2130104", None, "9.00"),
        ("2130104", "economic_301", "2130104", "301", "6.00"),
        ("2130104", "economic_30101", "2130104", "30101", "6.00"),
        ("2130104", "economic_302", "2130104", "302", "3.00"),
        ("2130104", "economic_30201", "2130104", "30201", "3.00"),
    ]


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
