"""Printed numbers are read exactly or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalize.numbers import Target, chinese_number, decimals, is_dash, parse_number, parse_percent, parse_target

NUMBERS = (
    ("0", "0"), ("0.00", "0.00"), ("１２．５", "12.5"), ("1,234,567.89", "1234567.89"), ("-7.71", "-7.71"), ("－7.71", "-7.71"), ("−7.71", "-7.71"),
    ("(30.5)", "-30.5"), ("（30.5）", "-30.5"), (" 12 ", "12"), ("+3", "3"), ("1,234\n", "1234"), ("1,066.\n51", "1066.51"), ("275.7248", "275.7248"),
)  # fmt: skip
NOT_NUMBERS = ("", " ", "-", "—", "--", "/", "12,34", "1.2.3", "12万元", "约5", "1 2a", "10%", "2477·1", "(3", "一", "N/A", "1,2345", "..", ",")


@pytest.mark.parametrize(("text", "value"), NUMBERS)
def test_a_cell_that_is_one_number_is_read_exactly(text: str, value: str) -> None:
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_anything_else_is_not_a_number(text: str) -> None:
    assert parse_number(text) is None


@given(st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=2))
def test_printing_with_separators_and_reading_gives_the_same_value(value: Decimal) -> None:
    assert parse_number(f"{value:,.2f}") == value


@given(st.text(max_size=40))
def test_no_text_breaks_the_readers(text: str) -> None:
    for read in (parse_number, parse_percent, chinese_number):
        result = read(text)
        assert result is None or isinstance(result, Decimal)
    assert isinstance(parse_target(text), Target)


def test_a_dash_is_not_a_blank_and_not_a_nought() -> None:
    assert [is_dash(text) for text in ("-", "—", "——", "－", "", "0", "无")] == [True, True, True, True, False, False, False]


def test_printed_digits_are_counted_not_those_of_the_value() -> None:
    assert [decimals(text) for text in ("606.04万元", "31", "0.00", "1,234.5678", "92.00%")] == [2, 0, 2, 4, 2]


@pytest.mark.parametrize(("text", "value"), [("二〇二〇", "2020"), ("二○一一", "2011"), ("十", "10"), ("二十三", "23"), ("一百零五", "105"), ("三千二百万", "32000000"), ("叁仟贰佰万", "32000000"), ("一点五亿", "150000000"), ("两", "2")])
def test_chinese_numerals_by_digit_and_by_place(text: str, value: str) -> None:
    assert chinese_number(text) == Decimal(value)


@pytest.mark.parametrize(("text", "operator", "value", "unit"), [
    ("≥100宗", "≥", "100", "宗"), ("=2.38亿元", "=", "2.38", "亿元"), (">4万件", ">", "40000", "件"), (">5万", ">", "50000", None), ("100%", None, "100", "%"),
    ("不低于95%", "≥", "95", "%"), ("≤ 3天", "≤", "3", "天"), ("〉9000人", ">", "9000", "人"), ("≥100百分比", "≥", "100", "%"), (">2万人.次", ">", "20000", "人次"), ("50", None, "50", None),
])  # fmt: skip
def test_a_quantitative_target_has_operator_value_and_unit(text: str, operator: str | None, value: str, unit: str | None) -> None:
    assert parse_target(text) == Target(operator, Decimal(value), unit)


@pytest.mark.parametrize("text", ["达标", "公开、公平、公正", "<法定事项办理时限30%", "效果明显", "", "2020年12月前", "11月底前", "2022年底前", "≥", "3个,5个"])
def test_a_qualitative_or_relative_target_has_no_number(text: str) -> None:
    assert parse_target(text) == Target(None, None, None)
