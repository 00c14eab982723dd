"""Every numeral is a figure in a row, named as something else, or listed; no rule waves a figure through."""

from __future__ import annotations

import random
import re

import pytest

from normalize.accounting import account
from normalize.folding import fold
from normalize.lexicon import nonfigure_pattern
from normalize.narrative import read_narrative
from normalize.records import Disclosure, Identity
from normalize.sections import find_sections
from normalize.vocabulary import load_toml
from tests.paper import written

NOT_FIGURES = {
    "year_range": "2021-2023年", "date_dotted": "2021.08.30", "month_dotted": "2021-08", "date": "2021年8月30日", "year": "2020年度", "bare_year": "2020部门", "month_day": "12月31日",
    "clock": "14:30", "document_number": "〔2020〕10号", "document_ordinal": "第32号令", "ordinal": "第19次", "phone": "023-77820000", "hotline": "12345热线", "threshold": "单价50万元（含）以上",
    "threshold_bare": "100万元(含)以上", "congress": "十九届3", "form_number": "公开01表", "record_number": "网站标识码：5002310015", "postcode": "邮编:408400", "contents_page": "名词解释......12",
    "date_solid": "发布日期：2023926", "named_day": "“5·12”", "protocol": "IPv6",
    "view_count": "浏览次数：312次", "web_address": "www.chengkou.example/t20220829_10001.html", "program_name": "1+3+N",
}  # fmt: skip


def test_every_rule_has_its_example_and_covers_all_its_numerals() -> None:
    assert set(NOT_FIGURES) == set(load_toml("nonfigures.toml")["rules"])
    for name, example in NOT_FIGURES.items():
        text = fold(example).text
        left = nonfigure_pattern().sub("", text)
        assert not re.search(r"\d", left), (name, left)


@pytest.mark.parametrize("figure", ["5万元", "12.5%", "3人", "1,234.56元", "7批次", "2辆", "201宗", "50万元", "2020万元", "1999人", "2023个", "19.9亿元", "12.31万元", "10.5", "8个", "114件"])
def test_no_rule_names_a_figure_a_non_figure(figure: str) -> None:
    for sentence in (f"支出{figure}。", f"共{figure},", f"其中{figure};", f"比上年{figure}", f"({figure})", f"完成{figure}以上"):
        text = fold(sentence).text
        numeral = re.search(r"[\d,.]+\d|\d", text)
        assert numeral is not None
        assert not any(match.start() < numeral.end() and match.end() > numeral.start() for match in nonfigure_pattern().finditer(text)), sentence


NOUNS = ("支出合计", "公务接待费", "惠民菜场", "林下养蜂", "门票", "项目支出", "古树名木", "政府采购货物支出", "培训", "车辆", "广播站", "财政拨款收入", "桥梁", "因公出国（境）费", "文艺下乡")
FRAMES = ("{noun}{n}{u}。", "{noun}共{n}{u}，", "全年{noun}达到{n}{u}；", "其中：{noun}{n}{u}、", "{noun}较上年增加{n}{u}。", "完成{noun}{n}{u}的整改，", "主要原因是{noun}{n}{u}。", "{noun}，占{n}{u}。", "（{noun}{n}{u}）")
UNITS = ("万元", "元", "%", "人", "辆", "批次", "个", "亩", "公里", "万株", "")
HEADINGS = ("收入支出决算总体情况说明", "“三公”经费情况说明", "预算绩效管理情况说明", "其他重要事项的情况说明", "国有资产占用情况说明")


def test_two_hundred_planted_figures_are_facts_or_unexplained_and_never_waved_through() -> None:
    chance = random.Random(20200830)
    lines: list[str] = []
    planted: list[str] = []
    for place in range(200):
        number = f"{chance.randint(21, 9999) * 10 + 3}.{chance.randint(11, 98)}" if chance.random() < 0.6 else str(chance.randint(3000, 99999))
        planted.append(number)
        if place % 40 == 0:
            lines.append("#" + HEADINGS[place // 40])
        lines.append(chance.choice(FRAMES).format(noun=chance.choice(NOUNS), n=number, u=chance.choice(UNITS)))
    page = written("\n".join(lines))
    identity = Identity(stage="final", fiscal_year=2020)

    class NoCodes:
        def function_code(self, path: object) -> str | None:
            assert path
            return None

    found = read_narrative(page, find_sections(page), identity, NoCodes())
    disclosure = account(page, Disclosure(page.id, "ok", identity, budget_lines=found.budget_lines, quantities=found.quantities), found.explained)
    in_rows = " ".join([row.raw for row in found.budget_lines] + [row.raw for row in found.quantities])
    unexplained = [row.raw for row in disclosure.unexplained_numbers]
    assert [number for number in planted if number not in in_rows and number not in unexplained] == []
    assert disclosure.number_count == 200
    assert disclosure.numbers_explained + len(unexplained) == 200
