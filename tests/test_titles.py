"""Titles: body, year, stage and edition in whatever order they are printed."""

from __future__ import annotations

import pytest

from normalize.titles import bare_name, clean_name, is_body, read_title


@pytest.mark.parametrize(
    ("text", "name", "year", "stage", "edition"),
    [
        ("白榆县水务局2023年度部门决算", "白榆县水务局", 2023, "final", "department"),
        ("2026年青岚市信访局部门预算", "青岚市信访局", 2026, "budget", "department"),
        ("青岚市卫生健康委员会（汇总）2022年度部门决算", "青岚市卫生健康委员会（汇总）", 2022, "final", "department"),
        ("附件1：青岚市信访办公室部门2026年度部门预算信息公开", "青岚市信访办公室", 2026, "budget", "department"),
        ("2026 年 青岚市住房局（本级） 部门预算", "青岚市住房局（本级）", 2026, "budget", "department"),
        ("青岚市财政预算绩效中心2026年单位预算公开", "青岚市财政预算绩效中心", 2026, "budget", "unit"),
        ("2026年青岚市商务局所属单位预算公开", "青岚市商务局", 2026, "budget", "unit"),
        ("青岚市救助站（青岚市儿童救助中心）2026年单位预算情况说明", "青岚市救助站（青岚市儿童救助中心）", 2026, "budget", "unit"),
        ("白榆县水务局关于2023年度部门决算公开的说明", "白榆县水务局", 2023, "final", "department"),
        ("100.白榆县第三中学2021年单位决算.pdf", "白榆县第三中学", 2021, "final", "unit"),
        ("白榆县档案馆2023年预算公开", "白榆县档案馆", 2023, "budget", None),
        ("青岚市2026年市级单位预算", None, 2026, "budget", "unit"),
        ("2024年度部门决算", None, 2024, "final", "department"),
        ("白榆县2022年财政决算", None, 2022, "final", "government"),
        ("二〇二三年度白榆县文联部门决算", "白榆县文联", 2023, "final", "department"),
        ("2022年度中国人民政治协商会议青岚省白榆县委员会部门决算", "中国人民政治协商会议青岚省白榆县委员会", 2022, "final", "department"),
        ("【决算公开】白榆县总工会2023年度部门决算", "白榆县总工会", 2023, "final", "department"),
    ],
)
def test_body_year_stage_and_edition_are_read_in_any_order(text: str, name: str | None, year: int, stage: str, edition: str | None) -> None:
    title = read_title(text)
    assert (title.name, title.year, title.stage, title.edition) == (name, year, stage, edition)


@pytest.mark.parametrize(
    "text",
    [
        "关于做好2020年度市级部门决算信息公开工作的通知",
        "青岚市召开2024年部门预算编制工作会议",
        "白榆县预算单位政府采购目录（2025年版）的通知",
        "青岚市财政局政府信息公开平台",
        "青岚市财政局部门预算管理办法",
        "白榆县某项目预算评审服务成交公告",
    ],
)
def test_texts_about_budgets_are_no_titles_of_disclosures(text: str) -> None:
    title = read_title(text)
    assert (title.stage, title.evaluation) == (None, False)


def test_a_title_of_forms_says_so() -> None:
    title = read_title("白榆市图书馆2022年度项目支出绩效自评表")
    assert (title.name, title.year, title.stage, title.evaluation) == ("白榆市图书馆", 2022, None, True)


@pytest.mark.parametrize("text", ["青岚市", "白榆县财政", "国有资本经营预算情况", "青岚市XX局", "全部", "我单位", "社会", "2023年", "本部门"])
def test_what_is_no_body_is_not_taken_for_one(text: str) -> None:
    assert not is_body(text)


@pytest.mark.parametrize("text", ["中共白榆县委组织部", "白榆镇人民政府", "白榆街道办事处", "白榆县残联", "青岚市第二人民医院", "中国国际贸易促进委员会青岚市支会", "青岚市中心血站（本级）"])
def test_organs_and_units_are_bodies(text: str) -> None:
    assert is_body(text)


def test_scope_brackets_stay_in_the_name_and_edition_brackets_go() -> None:
    assert clean_name("白榆县水务局（本级）") == "白榆县水务局（本级）"
    assert clean_name("白榆街道办事处（部门）") == "白榆街道办事处"
    assert bare_name("白榆县水务局（本级）") == "白榆县水务局"


def test_a_hostile_line_is_no_title() -> None:
    assert read_title("预算" * 100_000).name is None
