"""Duties, internal offices and subordinate units with their place in the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from extract.document import Cell, Span, Table
from normalize.organisation import organisation
from normalize.sections import find_sections
from tests.paper import written

if TYPE_CHECKING:
    from extract.document import Document
    from normalize.records import OrganisationItem


def page(text: str, *tables: Table) -> Document:
    return written(re.sub(r"(?m)^(?=（[^。]*$)", "###", text), *tables)


def items(document: Document) -> tuple[OrganisationItem, ...]:
    return organisation(document, find_sections(document))


def named(document: Document) -> list[tuple[str, str | None]]:
    return [(item.kind, item.name) for item in items(document)]


def test_duties_have_no_name_and_offices_have_one() -> None:
    document = page("（一）职能职责\n我局主要职责是：\n1.拟订灌溉规划。\n2.管理水库；\n（二）机构设置\n1.综合科。负责文电、会务。\n2.灌溉管理股：负责渠道。")
    assert [(item.kind, item.ordinal, item.name, item.text) for item in items(document)] == [
        ("duty", 1, None, "拟订灌溉规划。"),
        ("duty", 2, None, "管理水库；"),
        ("internal_office", 1, "综合科", "综合科。负责文电、会务。"),
        ("internal_office", 2, "灌溉管理股", "灌溉管理股：负责渠道。"),
    ]


def test_every_item_is_read_back_from_its_span() -> None:
    document = page("（一）职能职责\n1. “放管服”改革。\n（二）机构设置\n内设办公室、财务科（审计科）和人事科3个科室。")
    found = items(document)
    assert [document.text(item.span) for item in found] == [item.text for item in found] == ["“放管服”改革。", "办公室", "财务科（审计科）", "人事科"]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("内设机构包括：办公室、法规科、规划和自然资源科。", [("internal_office", "办公室"), ("internal_office", "法规科"), ("internal_office", "规划和自然资源科")]),
        ("下属单位有青岚市水文站、青岚市灌溉中心等2个单位。", [("subordinate_unit", "青岚市水文站"), ("subordinate_unit", "青岚市灌溉中心")]),
        ("内设办公室、人事处；所属事业单位为市水文站、市灌溉中心。", [("internal_office", "办公室"), ("internal_office", "人事处"), ("subordinate_unit", "市水文站"), ("subordinate_unit", "市灌溉中心")]),
        ("将区服务中心、区交易中心纳入本办公室管理，现有职工27人。", [("subordinate_unit", "区服务中心"), ("subordinate_unit", "区交易中心")]),
    ],
)
def test_bodies_listed_in_a_sentence_are_parted_and_told_by_the_words_before_them(sentence: str, expected: list[tuple[str, str]]) -> None:
    heading = "（三）单位构成" if "纳入" in sentence else "（二）机构设置"
    assert named(page(f"{heading}\n{sentence}")) == expected


def test_a_numbered_list_of_units_under_an_announcing_sentence_is_units() -> None:
    text = "（二）机构设置\n纳入部门预算编制范围的二级预算单位包括：\n1.青岚市水务局（本级）\n2.青岚市水文站（园区）观测中心。"
    assert named(page(text)) == [("subordinate_unit", "青岚市水务局（本级）"), ("subordinate_unit", "青岚市水文站（园区）观测中心")]


def test_prose_that_lists_no_bodies_gives_nothing() -> None:
    assert named(page("（二）机构设置\n本单位在职人员27人，退休人员3人，无内设机构。")) == []


def grid(text: str, rows: list[list[str]], start: int) -> Table:
    cells = []
    position = start
    for row, line in enumerate(rows):
        for column, value in enumerate(line):
            position = text.index(value, position)
            cells.append(Cell(row, column, Span(position, position + len(value))))
            position += len(value)
    return Table(Span(start, position), len(rows), len(rows[0]), tuple(cells))


def test_a_table_of_unit_names_lists_units_and_a_table_of_amounts_does_not() -> None:
    text = "（三）单位构成\n序号 单位名称 备注\n1 青岚市水务局本级 无\n2 青岚市水文站 无"
    table = grid(text, [["序号", "单位名称", "备注"], ["1", "青岚市水务局本级", "无"], ["2", "青岚市水文站", "无"]], text.index("序号"))
    assert named(page(text, table)) == [("subordinate_unit", "青岚市水务局本级"), ("subordinate_unit", "青岚市水文站")]
    amounts = "（三）单位构成\n单位名称 合计 备注\n青岚市水务局本级 12.50 无"
    table = grid(amounts, [["单位名称", "合计", "备注"], ["青岚市水务局本级", "12.50", "无"]], amounts.index("单位名称"))
    assert named(page(amounts, table)) == []


def test_duties_outside_the_overview_are_none() -> None:
    assert items(page("（一）会议费\n1.负责会议。")) == ()
