"""What names a standard table, its columns and its rows: titles, heads, codes. Places, units and figures are invented."""

from __future__ import annotations

import pytest

from normalize.tables.kinds import bare_title, kinds_of_title
from tests.grids import kinds, read, told


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


@pytest.mark.parametrize(
    ("heads", "rows"),
    [
        (["类", "款项"], [["213", ""], ["213", "0104"], ["", "0106"]]),
        (["类款", "项"], [["213", ""], ["21301", "04"], ["", "06"]]),
        (["类", "款", "项"], [["213", "", ""], ["213", "01", "04"], ["", "", "06"]]),
    ],
)
def test_codes_are_split_over_columns_in_any_way(heads: list[str], rows: list[list[str]]) -> None:
    header = [[f"科目编码[1,{len(heads)}]", "科目名称[2,1]", "合计[2,1]"], heads]
    found = read("支出总体情况表", "单位：万元", [*header, *([*row, name, "5"] for row, name in zip(rows, ("农林水支出", "事业运行", "科技转化与推广服务"), strict=True))], stage="budget")
    assert [line.item_code for line in found.budget_lines] == ["213", "2130104", "2130106"]
    assert not found.findings


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


def test_a_code_beside_another_name_is_a_finding() -> None:
    found = read("支出决算表", "单位：万元", [["科目编码", "科目名称", "本年支出合计", "基本支出"], ["201", "教育支出", "3.00", "3.00"]])
    assert [finding.check_id for finding in found.findings] == ["code_name_mismatch"]


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
