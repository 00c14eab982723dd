"""Sections are told by the words of their headings, whatever their numbers say."""

from __future__ import annotations

import pytest

from normalize.sections import find_sections, numbered, section_kind
from tests.paper import written


@pytest.mark.parametrize(("heading", "kind"), [
    ("（一）职能职责", "overview.duties"), ("主要职能", "overview.duties"), ("机构设置", "overview.structure"), ("部门决算单位构成", "overview.units"),
    ("收入支出决算总体情况说明", "total"), ("财政拨款收入支出决算总体情况说明", "fiscal_total"), ("一般公共预算财政拨款支出决算情况说明", "gpb"),
    ("一般公共预算财政拨款基本支出决算情况说明", "gpb_basic"), ("政府性基金预算收支决算情况说明", "gov_fund"), ("国有资本经营预算财政拨款支出决算情况说明", "state_capital"),
    ("“三公”经费情况说明", "three_public"), ("一般公共预算财政拨款“三公”经费支出决算情况说明", "three_public"), ("机关运行经费支出情况", "other.operating"),
    ("国有资产占有使用情况说明", "other.assets"), ("政府采购支出情况说明", "other.procurement"), ("预算绩效管理情况说明", "performance"), ("专业名词解释", "glossary"),
    ("决算公开联系方式及信息反馈渠道", "contact"), ("部门财务收支预算总表", "tables"), ("前言", None),
])  # fmt: skip
def test_a_heading_names_its_section(heading: str, kind: str | None) -> None:
    assert section_kind(heading) == kind


@pytest.mark.parametrize(("line", "level"), [("第一部分 概况", 1), ("一、部门基本情况", 2), ("(一 )财政拨款收入", 3), ("1.总体情况", 4), ("1、总体情况", 4), ("（1）教育支出", 5), ("①其他", 6), ("2020年度", 0), ("1.5万元", 0), ("、政府性基金情况", 2)])
def test_numbers_of_an_outline_have_levels(line: str, level: int) -> None:
    from normalize.folding import fold  # noqa: PLC0415

    assert numbered(fold(line).text).level == level


def test_sections_nest_and_inherit_the_kind_above_them() -> None:
    page = written("##三、“三公”经费情况说明\n###(一)总体情况\n共计3万元。\n###(二)实物量情况\n0批次。")
    assert [(s.level, s.heading, s.section_kind, s.parent_id) for s in find_sections(page)] == [
        (2, "三、“三公”经费情况说明", "three_public", None),
        (3, "(一)总体情况", "three_public", "0000000000000000-sections-00001"),
        (3, "(二)实物量情况", "three_public", "0000000000000000-sections-00001"),
    ]


def test_a_heading_that_runs_on_into_prose_is_cut_from_it() -> None:
    page = written("##二、收入支出决算总体情况说明\n1.收入情况。2020年度收入合计5万元。")
    section = find_sections(page)[1]
    assert (section.heading, section.section_kind) == ("收入情况", "total")
    assert [page.text(span) for span in section.passages] == ["2020年度收入合计5万元。"]


def test_a_numbered_sentence_is_not_a_heading() -> None:
    page = written("##五、预算绩效管理情况说明\n1.2020年到位项目资金115.2万元")
    assert [section.heading for section in find_sections(page)] == ["五、预算绩效管理情况说明"]


def test_a_contents_list_gives_no_sections() -> None:
    page = written("##一、部门基本情况\n##二、名词解释\n##一、部门基本情况\n承担本县事务。\n##二、名词解释\n基本支出:指支出。")
    assert [(s.heading, len(s.passages)) for s in find_sections(page)] == [("一、部门基本情况", 1), ("二、名词解释", 1)]
