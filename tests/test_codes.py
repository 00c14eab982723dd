"""Budget classifications: names to codes over the years, and codes checked against names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from extract.document import Span
from normalize.codes import bare_name, check_code, check_codes, document_codes, entries, function_code
from normalize.records import BudgetLine


def line(code: str, name: str) -> BudgetLine:
    return BudgetLine("table", "final", Decimal(1), "万元", "1", Span(0, 1), "test", table_kind="gpb_expenditure", item_code=code, item_label=name, function_code=code)


PRINTED = (
    line("201", "一般公共服务支出"),
    line("20106", "财政事务"),
    line("2010601", "行政运行"),
    line("2010699", "其他财政事务支出"),
    line("2019901", "行政运行"),
    line("2200199", "其他自然资源事务支出"),
)


@pytest.mark.parametrize(
    ("name", "year", "code"),
    [
        ("社会保障与就业支出", 2020, "208"),
        ("社会保障和就业（类）", 2024, "208"),
        ("医疗卫生与计划生育支出", 2017, "210"),
        ("卫生健康", 2017, "210"),
        ("文化体育与传媒支出", 2024, "207"),
        ("资源勘探信息等支出", 2019, "215"),
        ("国土海洋气象等支出", 2018, "220"),
        ("城市规划支出", 2024, None),
    ],
)
def test_names_of_other_years_and_spellings_lead_to_the_class(name: str, year: int, code: str | None) -> None:
    assert function_code(name, year) == code


def test_an_item_name_needs_its_parent() -> None:
    assert function_code("行政运行", 2024) is None
    assert function_code("行政运行", 2024, parent="20106") == "2010601"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (("一般公共服务支出（类）", "财政事务（款）", "行政运行（项）"), "2010601"),
        (("一般公共服务", "财政事务", "其他财政支出"), "2010699"),
        (("一般公共服务支出", "某某事务", "行政运行"), None),
        (("自然资源海洋气象等支出", "国土资源事务", "其他国土资源事务支出"), "2200199"),
        (("住房保障支出", "住房改革支出", "住房公积金"), "2210201"),
        (("教育支出",), "205"),
        (("一般公共服务与管理", "财政事务", "行政运行"), "2010601"),
        (("不存在的支出", "不存在的事务", "不存在的项"), None),
    ],
)
def test_a_path_of_names_is_looked_up_in_the_document_first_and_the_list_second(path: tuple[str, ...], code: str | None) -> None:
    assert document_codes(PRINTED, 2024).function_code(path) == code


def test_a_code_is_checked_against_its_name() -> None:
    assert check_code("2010601", "行政运行", 2024) is None
    assert check_code("20805", "行政事业单位离退休", 2018) is None
    outcomes = [check_code("201", "教育支出", 2024), check_code("2999999", "某项支出", 2024), check_code("20", "一般公共服务", 2024)]
    assert [found.check_id if found else None for found in outcomes] == ["code_name_mismatch", "unknown_code", "malformed_code"]


def test_a_doubt_is_raised_once_for_all_rows_that_share_it() -> None:
    rows = (line("2999999", "某项支出"), line("2999999", "某项支出"), line("201", "一般公共服务支出"))
    assert [(found.check_id, found.raw) for found in check_codes(rows, 2024)] == [("unknown_code", "2999999")]


def test_bare_names_forget_spelling_not_meaning() -> None:
    assert bare_name("政府办公厅（室）及相关机构事务") == bare_name("政府办公厅(室)和相关机构事务")
    assert bare_name("其他支出") != bare_name("其他")


@pytest.mark.parametrize("classification", ["functional", "economic_department", "economic_government"])
def test_every_listed_code_has_a_listed_parent_and_the_shape_of_its_level(classification: str) -> None:
    codes = {entry.code for entry in entries(classification)}
    assert codes
    assert all(code[:-2] in codes for code in codes if len(code) > 3)
    assert {len(code) for code in codes} <= {3, 5, 7}
    assert {entry.known for entry in entries(classification)} <= {"official", "seen", "recalled"}
