"""Places and their codes of the fiscal year."""

from __future__ import annotations

import pytest

from normalize.places import LATEST, Place, find_place, mentions, place_of_code
from normalize.vocabulary import load_csv


def test_a_county_that_became_a_district_has_the_code_of_the_fiscal_year() -> None:
    assert find_place("重庆市武隆县水务局", 2016) == Place("500232", "重庆市", None, "武隆县")
    assert find_place("重庆市武隆区水务局", 2017) == Place("500156", "重庆市", None, "武隆区")


def test_todays_name_on_an_old_account_gets_the_code_of_that_year_and_the_other_way_round() -> None:
    assert find_place("重庆市武隆区水务局", 2015) == Place("500232", "重庆市", None, "武隆县")
    assert find_place("重庆市武隆县水务局", 2021) == Place("500156", "重庆市", None, "武隆区")


@pytest.mark.parametrize(
    ("text", "year", "code"),
    [
        ("成都市郫都区某局", 2015, "510124"),
        ("西安市鄠邑区某局", 2024, "610118"),
        ("无为县某局", 2010, "341422"),
        ("无为县某局", 2015, "340225"),
        ("无为市某局", 2023, "340281"),
        ("绍兴市柯桥区某局", 2012, "330621"),
    ],
)
def test_renamed_and_moved_counties_are_followed_through_all_their_codes(text: str, year: int, code: str) -> None:
    place = find_place(text, year)
    assert place is not None
    assert place.code == code


def test_bodies_of_a_province_or_a_city_have_its_code() -> None:
    assert find_place("西安市卫生健康委员会", 2022) == Place("610100", "陕西省", "西安市", None)
    assert find_place("重庆市商务委员会", 2026) == Place("500000", "重庆市", None, None)


def test_short_forms_of_autonomous_places_are_understood() -> None:
    assert find_place("贵州省黔南州罗甸县人民法院", 2022) == Place("522728", "贵州省", "黔南布依族苗族自治州", "罗甸县")
    assert find_place("楚雄州财政局", 2022) == Place("532300", "云南省", "楚雄彝族自治州", None)
    assert find_place("威宁县财政局", 2022) == Place("520526", "贵州省", "毕节市", "威宁彝族回族苗族自治县")


def test_a_name_several_provinces_share_is_settled_by_what_stands_before_it_or_by_the_site_and_never_guessed() -> None:
    assert find_place("普陀区商务委员会", 2024) is None
    assert find_place("上海市普陀区商务委员会", 2024) == Place("310107", "上海市", None, "普陀区")
    assert find_place("普陀区商务委员会", 2024, within=find_place("浙江省舟山市人民政府")) == Place("330903", "浙江省", "舟山市", "普陀区")
    assert find_place("市中区教育局", 2024) is None


def test_province_and_city_may_be_written_without_their_ending_before_a_place_inside_them() -> None:
    assert find_place("石家庄桥西区教育局", 2024) == Place("130104", "河北省", "石家庄市", "桥西区")
    assert find_place("上海普陀区教育局", 2024) == Place("310107", "上海市", None, "普陀区")


def test_a_bare_short_name_places_a_body_only_at_its_beginning_or_as_a_province() -> None:
    assert find_place("长沙某基地办公室", 2026) == Place("430100", "湖南省", "长沙市", None)
    assert find_place("国家统计局天津调查总队", 2020) == Place("120000", "天津市", None, None)
    assert find_place("支持吉林发展办公室", 2020) is None


def test_a_known_name_inside_an_unknown_place_is_not_taken() -> None:
    assert find_place("青岚省白榆县财政局", 2023) is None
    assert find_place("青岚省江川县财政局", 2015) is None


def test_party_and_consultative_bodies_are_placed_behind_their_prefix() -> None:
    assert find_place("中国人民政治协商会议重庆市武隆区委员会办公室", 2020) == Place("500156", "重庆市", None, "武隆区")
    assert find_place("中共北京市委宣传部", 2024) == Place("110000", "北京市", None, None)


def test_counties_directly_under_a_province_have_no_city() -> None:
    assert find_place("济源市财政局", 2024) == Place("419001", "河南省", None, "济源市")


def test_every_mention_says_where_it_stands() -> None:
    assert [(found.start, found.end, found.place.code) for found in mentions("经重庆市武隆区批准，江苏省苏州市支援", 2022)] == [(1, 7, "500156"), (10, 16, "320500")]


def test_statistical_codes_of_development_zones_are_no_divisions() -> None:
    assert place_of_code("130171") is None


def test_no_code_that_was_given_to_another_county_keeps_its_former_owner() -> None:
    """Codes are used again: a renamed county keeps its code, two different counties never share one in this register."""
    stems: dict[str, set[str]] = {}
    for row in load_csv("divisions.csv"):
        if row["until"] and row["successor"] != row["code"]:
            stems.setdefault(row["code"], set()).add(row["name"])
    current = {row["code"] for row in load_csv("divisions.csv") if not row["until"]}
    assert not stems.keys() & current


def test_every_successor_is_in_force_and_every_division_lies_in_a_province() -> None:
    rows = load_csv("divisions.csv")
    current = {row["code"] for row in rows if not row["until"]}
    assert {row["successor"] for row in rows if row["successor"]} <= current
    assert all(row["code"][:2] + "0000" in current for row in rows)
    for row in rows:
        place = place_of_code(row["code"], int(row["until"] or LATEST))
        assert place is not None
        assert row["name"] in {place.province, place.city, place.county}
