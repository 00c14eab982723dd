"""Mirror pages: Traditional characters and pinyin in brackets change how a page is matched, never what is quoted from it."""

from __future__ import annotations

import pytest

from extract.reading import read
from normalize.disclosure import normalize
from normalize.folding import TRADITIONAL, fold, key
from normalize.mirrors import FEW, as_written, original
from normalize.places import find_place
from normalize.vocabulary import load_csv

PLAIN = """<html><head><meta charset="utf-8"><title>重庆市城口县财政局2021年度部门决算说明</title></head><body><h1>重庆市城口县财政局2021年度部门决算说明</h1>
<p>一、收入支出决算总体情况说明</p><p>2021年度收入总计1.25亿元，支出总计12500.00万元，与2020年度相比，收、支总计各增加35.20万元，增长0.28%，主要原因是人员经费增加20.00万元。</p>
<p>二、“三公”经费支出决算情况说明</p><p>“三公”经费支出3.80万元，较年初预算数减少1.20万元，下降24%。其中：因公出国（境）费用0.00万元；公务接待费3.80万元，国内公务接待40批次，310人。</p>
<p>三、国有资产占用情况说明</p><p>截至2021年12月31日，本部门共有车辆2辆。</p></body></html>"""
MIRRORED = {"庆": "慶", "县": "縣", "财": "財(cái)", "务": "務(wù)", "门": "門（mén）", "决": "決(jué)", "说": "説", "总": "總", "计": "計", "亿": "億", "万": "萬", "预": "預(yù)", "数": "數(shù)",
            "费": "費(fèi)", "经": "經(jīng)", "车": "車", "辆": "輛", "较": "較", "减": "減", "长": "長", "与": "與", "支": "支(zhī)", "国": "國", "产": "産", "占": "佔", "员": "員", "单": "單", "资": "資"}  # fmt: skip


def rows(page: str) -> list[tuple[object, ...]]:
    result = normalize(read(page.encode(), "page.html"))
    lines = [(line.measure, line.basis, line.value, line.unit, line.role) for line in result.budget_lines]
    return [*lines, *((count.measure, count.category, count.value, count.unit) for count in result.quantities)]


@pytest.mark.parametrize("mirrored", [False, True], ids=["as written", "mirrored"])
def test_a_mirror_says_what_its_original_says_and_quotes_what_it_prints(mirrored: bool) -> None:
    page = "".join(MIRRORED.get(character, character) for character in PLAIN) if mirrored else PLAIN
    document = read(page.encode(), "page.html")
    result = normalize(document)
    identity = result.identity
    assert rows(page) == rows(PLAIN)
    assert (identity.department, identity.region_code, identity.fiscal_year, identity.doc_kind) == ("重庆市城口县财政局", "500229", 2021, "department_final")
    assert {line.unit for line in result.budget_lines} <= {"亿元", "万元", "%", None}
    assert [line.raw for line in result.budget_lines] == [document.text(line.span) for line in result.budget_lines]
    assert ("12500.00萬元" if mirrored else "12500.00万元") in [line.raw for line in result.budget_lines]
    assert ("page_is_a_mirror" in {finding.check_id for finding in result.findings}) is mirrored


def test_pinyin_is_dropped_and_other_brackets_stay() -> None:
    assert fold("預(yù)算5萬元").text == "预算5万元"
    assert fold("財（cái）政撥款，我們(men)").text == "财政拨款,我们"
    for kept in ("因公出国(境)费", "某局(本级)", "行政运行(项)", "面积(ha)", "客户端(app)", "我们(men)", "(a)资产", "（是）", "A(ā)"):
        assert fold(kept).text == kept.replace("（", "(").replace("）", ")")


def test_figures_behind_a_gloss_point_at_the_print() -> None:
    printed = "決(jué)算數(shù)12.5萬元"
    folded = fold(printed, 100)
    span = folded.span(folded.text.index("1"), len(folded.text))
    assert folded.text == "决算数12.5万元"
    assert printed[span.start - 100 : span.end - 100] == "12.5萬元"


def test_no_name_of_a_place_or_code_is_folded_into_another() -> None:
    names = [row["name"] for table in ("divisions.csv", "codes_functional.csv", "codes_economic.csv") for row in load_csv(table)]
    assert [name for name in names if name.translate(TRADITIONAL) != name] == []
    assert (place := find_place("陕西省乾县文化馆")) is not None
    assert place.code == "610424"


def test_no_form_leads_to_another_form() -> None:
    assert not {ord(simplified) for simplified in TRADITIONAL.values()} & set(TRADITIONAL)
    assert key("單位:萬元") == "单位:万元"


def test_an_ordinary_page_is_left_as_it_is() -> None:
    document = read(PLAIN.encode(), "page.html")
    assert original(document) is document
    assert as_written("乾县水利局(本级)") == "乾县水利局(本级)"


def test_a_link_to_the_traditional_version_makes_no_mirror() -> None:
    result = normalize(read(PLAIN.replace("<h1>", "<p>繁體版　無障礙</p><h1>").encode(), "page.html"))
    assert len("繁體版無障礙") < FEW
    assert "page_is_a_mirror" not in {finding.check_id for finding in result.findings}
    assert result.identity.department == "重庆市城口县财政局"
