"""Dates in all their forms, and which of them is the day of publication."""

from __future__ import annotations

from datetime import date

import pytest

from normalize.dates import dates_in, one_date, published_on, solid_date
from tests.paper import written


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2023-09-14", date(2023, 9, 14)),
        ("2022年10月26日", date(2022, 10, 26)),
        ("2022/3/17 18:34:41", date(2022, 3, 17)),
        ("【2023-10-12】", date(2023, 10, 12)),
        ("来源:市某委2023-09-01 19:39", date(2023, 9, 1)),
        ("2024年02月29日", date(2024, 2, 29)),
        ("2022 年 8 月 5 日", date(2022, 8, 5)),
        ("二〇二六年二月二十六日", date(2026, 2, 26)),
        ("二○一一年四月八日", date(2011, 4, 8)),
        ("二〇二三年十二月三十一日", date(2023, 12, 31)),
        ("20211015", date(2021, 10, 15)),
        ("2024926", date(2024, 9, 26)),
        ("2020年1030", date(2020, 10, 30)),
    ],
)
def test_a_printed_day_is_read_in_every_usual_form(text: str, day: date) -> None:
    assert one_date(text) == day


@pytest.mark.parametrize("text", ["2023年8月", "2023-02-30", "20241 26", "2024115", "11500000MB1670604W/2026-00030", "1970-01-01", "3-12 10:00", "1.2023"])
def test_what_is_no_day_or_can_mean_two_is_not_read(text: str) -> None:
    assert one_date(text) is None


def test_dates_come_from_left_to_right() -> None:
    assert [found.day for found in dates_in("二〇二一年一月二日发，2020-12-31拟")] == [date(2021, 1, 2), date(2020, 12, 31)]


def test_lost_separators_are_read_only_where_one_day_can_be_meant() -> None:
    assert solid_date("2024619") == date(2024, 6, 19)
    assert solid_date("2024111") is None


def test_the_pages_own_metadata_comes_first_and_another_stated_day_is_a_finding() -> None:
    found = published_on(written("标题\n发布日期：2024-09-20\n正文", PubDate="2024-09-25 17:00"))
    assert found.day == date(2024, 9, 25)
    assert [(finding.check_id, finding.status) for finding in found.findings] == [("publication_dates_disagree", "fail")]


def test_metadata_with_the_default_of_the_software_is_ignored() -> None:
    assert published_on(written("发布日期：2024-09-20", PubDate="1970-01-01 08:00")).day == date(2024, 9, 20)


@pytest.mark.parametrize(
    "text",
    [
        "索 引 号:x-1/2 发文机构:某局 发 布 日 期:2023年09月14日",
        "发布机构\n某县财政局\n文号\n发布日期\n2023-09-14",
        "| [ 发布日期 ] | 2023-09-14 |",
        "来源:某县水务局2023-09-14 19:39 字体：大 中 小",
        "某局2022年度部门决算\n【2023-09-14】\n正文",
    ],
)
def test_labels_cells_and_source_lines_state_the_day(text: str) -> None:
    assert published_on(written(text)).day == date(2023, 9, 14)


def test_an_empty_label_does_not_take_the_next_labels_value() -> None:
    found = published_on(written("成文日期\n\n公开日期\n2023-09-14"))
    assert (found.day, found.findings) == (date(2023, 9, 14), ())


@pytest.mark.parametrize("text", ["今天是：2025年12月04日 星期四", "归档时间：2023-06-15", "封面 2023年8月", "有效期至 2025-01-01\n正文", "2026-02-11\n某局预算\n2025-02-09\n某局决算"])
def test_days_that_are_not_the_day_of_publication_are_left_alone(text: str) -> None:
    assert published_on(written(text)).day is None


def test_the_dated_signature_speaks_where_nothing_else_does() -> None:
    assert published_on(written("一、概况\n" + "正文。" * 40 + "\n青岚县档案馆\n2021年8月30日\n网站地图")).day == date(2021, 8, 30)


def test_hostile_runs_of_digits_end_quickly() -> None:
    assert list(dates_in("2023-" * 20_000)) == []
