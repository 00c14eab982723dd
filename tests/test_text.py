"""Flattened text: the source untouched, prose as blocks, bars as tables where they tell one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.document import Document, Heading, Paragraph, Source, Table
from extract.text import read_text

SOURCE = Source("page.txt", "ab" * 32, "text/plain", "utf-8")


def read(text: str) -> Document:
    return read_text(text, SOURCE)


def rows(document: Document, table: Table) -> list[list[str]]:
    return [[document.text(cell.span) for cell in row] for row in table.by_row()]


def lines(document: Document) -> list[str]:
    return [document.text(block.span) for block in document.blocks]


def test_prose_lines_are_blocks_and_the_content_is_the_source() -> None:
    text = "\ufeff一、概况\r\n\r\n  本部门收入合计12.5万元。  \n（一）机构设置\x0c尾"
    document = read(text)
    assert document.content == text
    assert lines(document)[1:] == ["本部门收入合计12.5万元。", "（一）机构设置", "尾"]
    assert [type(block) for block in document.blocks[1:]] == [Paragraph, Heading, Paragraph]


PADDED = """表题
项目名称 |
白榆运行经费 |
总分 |
98 | |
资金 |
年初 |
执行 |
分值 |
得分 |
总额 |
5 |
4 |
||
说明 |
无 |
正文继续"""


def test_a_padded_table_is_rebuilt_with_the_width_it_shows_itself() -> None:
    document = read(PADDED)
    (table,) = document.tables()
    assert rows(document, table) == [["项目名称", "白榆运行经费", "总分", "98"], ["资金", "年初", "执行", "分值", "得分"], ["总额", "5", "4"], ["说明", "无"]]
    assert (table.sparse, table.columns) == (True, 5)
    assert [block for block in lines(document) if "|" not in block] == ["表题", "正文继续"]


def test_two_padded_tables_with_a_caption_between_stay_two() -> None:
    one = "甲 |\n乙 | |\n丙 |\n丁 |\n戊 |\n末 |\n一 |\n"
    document = read(f"{one}第二张表\n{one}结束")
    assert [rows(document, table) for table in document.tables()] == [[["甲", "乙"], ["丙", "丁", "戊"], ["末", "一"]]] * 2
    assert [line for line in lines(document) if "|" not in line] == ["第二张表", "结束"]


def test_an_unpadded_last_row_ends_its_table_even_where_the_next_follows_at_once() -> None:
    one = "甲 |\n乙 | ||\n丙 |\n丁 |\n戊 |\n己 |\n末 |\n一 |\n"
    document = read(one + one)
    assert [rows(document, table) for table in document.tables()] == [[["甲", "乙"], ["丙", "丁", "戊", "己"], ["末", "一"]]] * 2


def test_a_line_break_inside_a_cell_stays_in_its_text() -> None:
    document = read("甲 |\n乙 | ||\n丙 |\n长文第一行\n长文第二行 |\n丁 |\n|\n戊 |\n己 | ||\n末 |\n一 |\n")
    (table,) = document.tables()
    assert rows(document, table)[1] == ["丙", "长文第一行\n长文第二行", "丁"]


def test_open_rows_need_rows_that_show_the_contrary() -> None:
    told = "甲 |\n乙 | ||\n丙 |\n丁 | ||\n戊 |\n己 |\n||\n末 |\n"
    (table,) = read(told).tables()
    assert table.open_rows == frozenset({2})
    silent = "甲 |\n乙 |\n||\n丙 |\n丁 |\n||\n戊 |\n己 |\n||\n末 |\n"
    (table,) = read(silent).tables()
    assert table.open_rows == frozenset()


def test_a_rule_marks_the_header_and_tells_the_width() -> None:
    document = read("名称 | 金额 | 备注 |\n---|---|---|\n收入 | 5 | |\n支出 | 4 |\n")
    (table,) = document.tables()
    assert rows(document, table) == [["名称", "金额", "备注"], ["收入", "5"], ["支出", "4"]]
    assert [cell.header for cell in table.cells] == [True, True, True, False, False, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("| 名称 | 金额 |\n|---|---|\n| 收入 | 5 |\n|  | 4 |", [["名称", "金额"], ["收入", "5"], ["", "4"]]),
        ("名称 | 金额\n--- | ---\n收入 | 5", [["名称", "金额"], ["收入", "5"]]),
        ("| [ 索引号 ] | 000/2031-1 | [ 发文字号 ] | 无 |", [["[ 索引号 ]", "000/2031-1", "[ 发文字号 ]", "无"]]),
        ("| 甲 |  | 乙 |\n| 丙 | 丁 |  |", [["甲", "", "乙"], ["丙", "丁", ""]]),
    ],
)
def test_markdown_rows_are_a_full_grid(text: str, expected: list[list[str]]) -> None:
    document = read(text)
    (table,) = document.tables()
    assert rows(document, table) == expected
    assert not table.sparse


def test_grids_of_different_width_are_different_tables() -> None:
    document = read("| 甲 |  | 乙 |\n| 丙 | 丁 | 戊 |\n| 名 |  |\n| 己 | 5 |")
    assert [table.columns for table in document.tables()] == [3, 2]


@pytest.mark.parametrize(
    "text",
    [
        "来源：白榆局 | 浏览次数：77次\n正文",
        "首页 | 新闻 | 联系我们\n正文",
        "|\n三公经费\n|\n19.00\n|\n18.00\n|",
        "甲|\n乙|\n丙|",
        "标题 | |||||||||||||||||||\n正文",
        "|" * 400 + "\n正文",
        "≥5宗|=8宗",
        "---\n正文\n---",
    ],
)
def test_bars_that_tell_no_rows_claim_no_table(text: str) -> None:
    document = read(text)
    assert not list(document.tables())
    said = "".join("".join(line.split()) for line in lines(document))
    assert all(char in said for char in text if char not in "| \n-")


@pytest.mark.parametrize("text", ["|" * 1_000_000, "| " * 500_000, "甲 |\n" * 60_000, "甲 |\n|||\n" * 40_000, "甲 |\n乙\n丙 | |\n" * 20_000, "---|" * 300_000])
def test_hostile_bars_end_quickly(text: str) -> None:
    started = time.monotonic()
    read(text)
    assert time.monotonic() - started < 10


@given(st.text(alphabet="甲1.,| -\n一、（）\t", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_every_character_but_blanks_and_bars_is_in_a_block(text: str) -> None:
    document = read(text)
    covered: set[int] = set()
    end = 0
    for block in document.blocks:
        assert block.span.start >= end
        end = block.span.end
        covered.update(range(*block.span))
        if isinstance(block, Table):
            assert all(block.span.start <= cell.span.start <= cell.span.end <= block.span.end for cell in block.cells)
    left = {text[position] for position in range(len(text)) if position not in covered}
    assert left <= set("| \n\t-")
