"""Outline numbering in all the ways officials type it."""

from __future__ import annotations

import time

import pytest

from extract.headings import heading_of, whole_heading


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("第一部分 青岚县白榆局概况", (1, "第一部分", "青岚县白榆局概况")),
        ("第二部分:决算表", (1, "第二部分:", "决算表")),
        ("第三部分决算情况说明", (1, "第三部分", "决算情况说明")),
        ("部分 名词解释", (1, "部分", "名词解释")),
        ("一、主要职能", (2, "一、", "主要职能")),
        ("十二、名词解释", (2, "十二、", "名词解释")),
        ("一:主要职能", (2, "一:", "主要职能")),
        ("五.绩效管理", (2, "五.", "绩效管理")),
        ("一一、收入情况", (2, "一一、", "收入情况")),
        ("、政府性基金情况", (2, "、", "政府性基金情况")),
        ("（一）机构设置", (3, "（一）", "机构设置")),
        ("(一 )机构设置", (3, "(一 )", "机构设置")),
        ("(一).机构设置", (3, "(一).", "机构设置")),
        ("（ 三 ） 机构设置", (3, "（ 三 ）", "机构设置")),
        ("1.总体情况", (4, "1.", "总体情况")),
        ("1、总体情况", (4, "1、", "总体情况")),
        ("1．总体情况", (4, "1．", "总体情况")),
        ("⒈总体情况", (4, "⒈", "总体情况")),
        ("1总体情况", (4, "1", "总体情况")),
        ("(1)人员经费", (5, "(1)", "人员经费")),
        ("1)人员经费", (5, "1)", "人员经费")),
        ("⑴人员经费", (5, "⑴", "人员经费")),
        ("①办公费", (6, "①", "办公费")),
        ("2020年度收入合计", None),
        ("1.2020年到位资金", None),
        ("3.5万元", None),
        ("3个内设机构", None),
        ("一般公共预算收入", None),
        ("一是加强管理", None),
        ("", None),
    ],
)
def test_numbering_gives_level_number_and_rest(line: str, found: tuple[int, str, str] | None) -> None:
    assert heading_of(line) == found


@pytest.mark.parametrize("line", ["一、部门基本情况", "（二）资金投入情况分析。", "1.绩效自评表", "第四部分 名词解释", "（1）办公费"])
def test_a_short_numbered_line_is_a_heading(line: str) -> None:
    assert whole_heading(line) == heading_of(line)
    assert whole_heading(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "1.总体情况。2031年度收入总计606.04万元，支出总计606.04万元。",
        "1.负责白榆河的监督管理；",
        "1.完成交办的其他任务。",
        "（一）财政拨款收入：指本年度从本级财政部门取得的财政拨款，包括一般公共预算，和政府性基金，等等。",
        "（三）贯彻执行国家法律、法规，拟订政策，组织实施",
        "收入决算情况说明",
        "一、",
    ],
)
def test_prose_list_items_and_bare_numbers_are_no_headings(line: str) -> None:
    assert whole_heading(line) is None


def test_a_hostile_line_is_judged_at_once() -> None:
    started = time.monotonic()
    for line in ("（" * 100_000, "一" * 100_000, "第" + " " * 100_000, "1" * 100_000):
        assert whole_heading(line) is None
        heading_of(line)
    assert time.monotonic() - started < 1
