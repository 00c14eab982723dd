"""Who discloses what, for which year: from titles, covers, labels, headings, signatures and their contradictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extract.document import Link
from normalize.disclosing import signals_of
from normalize.identity import identify
from normalize.records import Identity
from normalize.sections import find_sections
from tests.paper import written

if TYPE_CHECKING:
    from pathlib import Path

    from extract.document import Document
    from normalize.records import Finding

ACCOUNT = """#第一部分 单位概况
一、收入支出决算总体情况说明
全年收入总计12.50万元，支出总计12.50万元，其中基本支出10.00万元，项目支出2.50万元。
二、财政拨款收入支出决算总体情况说明
财政拨款收入12.50万元，支出12.50万元。
三、“三公”经费支出决算情况说明
三公经费支出0.50万元，公务接待费0.20万元，运行费0.30万元。"""
BUDGET = ACCOUNT.replace("支出决算", "支出预算").replace("决算", "预算")


def identity_of(document: Document) -> Identity:
    return identify(document, find_sections(document), signals_of(document))[0]


def findings_of(document: Document) -> tuple[Finding, ...]:
    return identify(document, find_sections(document), signals_of(document))[1]


def test_a_whole_page_gives_the_whole_row() -> None:
    document = written(
        f"索引号：x/2022-1\n发布机构：城口县财政局\n重庆市城口县水务局2021年度部门决算情况说明\n{ACCOUNT}\n七、决算公开联系方式及信息反馈渠道\n联系电话：023-55550123",
        title="重庆市城口县水务局2021年度部门决算情况说明_城口县人民政府",
        ArticleTitle="重庆市城口县水务局2021年度部门决算情况说明", PubDate="2022-08-29 10:12", SiteName="城口县人民政府网",
        links=(Link("附件：决算公开表.xls", "files/a.xls"),),
    )  # fmt: skip
    assert identity_of(document) == Identity(
        title="重庆市城口县水务局2021年度部门决算情况说明", department="重庆市城口县水务局", region_code="500229", province="重庆市", city=None, county="城口县",
        entity_level="department", stage="final", doc_kind="department_final", fiscal_year=2021, published_on="2022-08-29", contact_phone="023-55550123",
        attachments=(Link("附件：决算公开表.xls", "files/a.xls"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cover", "department"),
    [
        ("2022年度\n中国人民政治协商会议\n青岚省白榆县委员会\n部门决算", "中国人民政治协商会议青岚省白榆县委员会"),
        ("青岚省白榆高新技术产业开发区\n人民检察院2022年度部门决算", "青岚省白榆高新技术产业开发区人民检察院"),
        ("白榆县规划和自然\n资源局\n2022 年度部门决算", "白榆县规划和自然资源局"),
        ("2022年白榆县人力资源和社会保\n障局部门决算", "白榆县人力资源和社会保障局"),
        ("— 1 —\n白榆县水务局 2022 年度部门决算\n信息公开", "白榆县水务局"),
    ],
)
def test_a_title_over_several_lines_is_joined_even_where_the_name_is_broken(cover: str, department: str) -> None:
    found = identity_of(written(f"{cover}\n目 录\n{ACCOUNT}", pages=9))
    assert (found.department, found.fiscal_year, found.doc_kind) == (department, 2022, "department_final")


def test_page_furniture_before_the_title_is_no_part_of_the_name() -> None:
    head = "中国政府网 登录 注册 无障碍\n监督索引号53092600000000111\n发布机构\n县财政局\n文号\n发布日期\n2023-09-14\n全国某某投诉举报平台\n"
    found = identity_of(written(f"{head}白榆县水务局2022年度部门决算\n{ACCOUNT}"))
    assert (found.department, found.published_on) == ("白榆县水务局", "2023-09-14")


@pytest.mark.parametrize(
    ("text", "department"),
    [
        (f"青岚市2022年市级单位决算\n预算单位：青岚市域外农场管理办公室\n{ACCOUNT}", "青岚市域外农场管理办公室"),
        (ACCOUNT.replace("第一部分 单位概况", "第一部分 白榆县水务局概况"), "白榆县水务局"),
        (f"{ACCOUNT}\n白榆县档案馆\n2021年8月30日", "白榆县档案馆"),
        (f"{ACCOUNT}\n附件：白榆县档案馆2022年决算公开表", "白榆县档案馆"),
        (f"经批准的《青岚市白榆区机构改革方案》,区大数据管理办公室为新成立的行政单位。\n{ACCOUNT}", "青岚市白榆区大数据管理办公室"),
    ],
)
def test_without_a_title_the_name_comes_from_labels_headings_signature_attachment_or_reform_plan(text: str, department: str) -> None:
    assert identity_of(written(text)).department == department


@pytest.mark.parametrize(
    ("text", "department"),
    [
        (f"目 录\n#第一部分 2022年部门决算说明\n#第二部分 2022年部门决算报表\n白榆县石门镇小学校\n2022年部门决算编制说明\n{ACCOUNT}", "白榆县石门镇小学校"),
        (f"发布机构 | 白榆区教委 | 有效性 | |\n标题 | 青岚市白榆区石门小学2022年单位决算情况说明 | ||\n{ACCOUNT}", "青岚市白榆区石门小学"),
        (f"{ACCOUNT}\n白榆县石门镇人民政府是基层国家行政机关，行使本行政区域的行政职能。", "白榆县石门镇人民政府"),
        (f"{ACCOUNT}\n说明：石门镇人民政府没有使用国有资本经营预算安排的支出，故本表无数据。", "石门镇人民政府"),
        (f"青岚州白榆县石门镇2022年度部门决算\n监督索引号53262303000101000\n{ACCOUNT}", "青岚州白榆县石门镇"),
        (f"白榆区水利管理处2022年度决算公开说明\n青岚市白榆区水利管理处负责全区河道。\n{ACCOUNT}", "青岚市白榆区水利管理处"),
        (f"2022年度\n白榆县人民检察院部门决算\n目录\n{ACCOUNT}", "白榆县人民检察院"),
    ],
)
def test_names_stand_behind_contents_in_cells_in_first_sentences_and_in_notes(text: str, department: str) -> None:
    assert identity_of(written(text)).department == department


def test_a_county_governments_own_account_keeps_its_name() -> None:
    text = "2022年城口县人民政府决算公开\n1、一般公共预算收入表\n2、一般公共预算支出表\n3、税收返还和转移支付决算表\n4、政府性基金收入决算表\n5、社会保险基金决算表\n6、收入决算表\n7、支出决算表\n8、基本支出决算表\n合计 1.50 2.50 3.50 4.50 5.50 6.50"
    found = identity_of(written(text))
    assert (found.doc_kind, found.entity_level, found.department, found.region_code) == ("government_final", "government", "城口县人民政府", "500229")


def test_the_publisher_is_the_department_only_where_nothing_else_is_named_and_then_a_finding_says_so() -> None:
    document = written(f"发布机构：白榆县财政局\n{ACCOUNT}")
    assert identity_of(document).department == "白榆县财政局"
    assert [finding.check_id for finding in findings_of(document)] == ["department_from_publisher"]


def test_a_page_that_names_nobody_has_no_department_and_says_so() -> None:
    document = written(ACCOUNT)
    assert identity_of(document).department is None
    assert [finding.check_id for finding in findings_of(document)] == ["department_unknown"]


def test_the_part_of_a_department_stays_in_its_name_but_whole_is_no_part() -> None:
    assert identity_of(written(f"白榆县水务局（本级）2022年度单位决算\n{ACCOUNT}", ContentSource="白榆县水务局")).department == "白榆县水务局（本级）"
    assert identity_of(written(f"白榆县水务局（汇总）2022年度部门决算\n{ACCOUNT}", ContentSource="白榆县水务局")).department == "白榆县水务局"
    assert identity_of(written(f"白榆县水务局（汇总）2022年度部门决算\n{ACCOUNT}")).department == "白榆县水务局（汇总）"


def test_a_short_name_gives_way_to_the_full_one_printed_elsewhere() -> None:
    assert identity_of(written(f"武隆区国资委2022年度部门决算\n编制部门：重庆市武隆区国有资产监督管理委员会\n{ACCOUNT}")).department == "重庆市武隆区国有资产监督管理委员会"
    assert identity_of(written(f"白榆县水务局2022年度部门决算\n编制部门：青岚省白榆县水务局\n{ACCOUNT}")).department == "青岚省白榆县水务局"


def test_a_name_that_opens_with_a_bare_level_gets_the_sites_place() -> None:
    found = identity_of(written(f"区水务局2022年度部门决算\n{ACCOUNT}", SiteName="重庆市武隆区人民政府"))
    assert (found.department, found.region_code) == ("重庆市武隆区水务局", "500156")


def test_title_and_cover_that_name_different_bodies_are_both_kept() -> None:
    document = written(f"白榆县林业局2022年度部门决算\n{ACCOUNT}", ArticleTitle="白榆县水务局2022年度部门决算")
    assert identity_of(document).department == "白榆县水务局"
    assert [(finding.check_id, finding.raw) for finding in findings_of(document)] == [("department_named_differently", "白榆县林业局")]


def test_most_headings_beat_the_title_on_the_year_and_both_are_kept() -> None:
    document = written(f"白榆县水务局2021年度部门决算\n{ACCOUNT}\n2022年度收入决算表\n2022年度支出决算表\n2022年度财政拨款支出决算表")
    assert identity_of(document).fiscal_year == 2022
    assert [(finding.check_id, finding.raw) for finding in findings_of(document)] == [("title_and_body_disagree_on_year", "2021")]


def test_a_budget_title_over_a_final_account_is_a_finding_and_the_body_counts() -> None:
    document = written(f"白榆县水务局2022年度部门预算\n{ACCOUNT}\n一、收入决算表\n二、支出决算表")
    assert identity_of(document).stage == "final"
    assert [finding.check_id for finding in findings_of(document)] == ["title_and_body_disagree_on_stage"]


def test_a_budget_is_a_budget() -> None:
    found = identity_of(written(f"白榆县水务局2024年部门预算\n{BUDGET}"))
    assert (found.stage, found.doc_kind, found.entity_level) == ("budget", "department_budget", "department")


def test_a_title_without_edition_is_settled_by_the_text() -> None:
    assert identity_of(written(f"白榆县水务局2022年决算公开\n本单位2022年单位决算情况如下\n2022年单位决算收支表\n单位决算说明\n{ACCOUNT}")).doc_kind == "unit_final"


def test_a_governments_account_is_the_governments() -> None:
    text = "城口县2022年财政决算\n一般公共预算收入决算表\n一般公共预算支出决算表\n政府性基金收入决算表\n社会保险基金决算表\n政府专项债务限额和余额情况表\n收入决算表\n支出决算表\n基本支出决算表\n合计 1.50 2.50 3.50 4.50 5.50 6.50 7.50"
    found = identity_of(written(text))
    assert (found.doc_kind, found.entity_level, found.department, found.region_code) == ("government_final", "government", None, "500229")


def test_a_page_of_forms_alone_is_a_self_evaluation() -> None:
    text = "白榆市图书馆2022年度项目支出绩效自评表\n（2022年度）\n年初预算数 全年预算数 全年执行数 分值 执行率 得分\n45.00 52.60 49.97 10 95.00% 9.50\n绩效指标 一级指标 二级指标"
    found = identity_of(written(text))
    assert (found.doc_kind, found.department, found.stage, found.fiscal_year) == ("self_evaluation", "白榆市图书馆", "final", 2022)


def test_a_blank_template_has_year_and_stage_and_no_body() -> None:
    found = identity_of(written("青岚市XX局\n2024年度部门决算\n" + "收入支出决算总体情况说明\n收入XX万元，支出XX万元，增长XX%。\n" * 8))
    assert (found.department, found.doc_kind, found.fiscal_year, found.stage, found.region_code) == (None, "other", 2024, "final", None)


def test_a_landing_page_keeps_body_year_and_links() -> None:
    links = (Link("2026年青岚市商务局部门预算公开.pdf", "down?id=7"),)
    found = identity_of(written("繁體 登录\n预算,部门财政预算\n2026年青岚市商务局部门预算公开\n附件", title="2026年青岚市商务局部门预算公开-政务公开", links=links))
    assert (found.department, found.fiscal_year, found.doc_kind, found.attachments) == ("青岚市商务局", 2026, "department_budget", links)


def test_a_list_of_other_pages_is_nobodys_disclosure() -> None:
    titles = [f"青岚市交通运输局{year}年部门预算公开" for year in range(2019, 2027)]
    document = written("\n".join(titles), title="市交通运输局", links=tuple(Link(text, f"art/{index}.html") for index, text in enumerate(titles)))
    found = identity_of(document)
    assert (found.department, found.fiscal_year, found.doc_kind, found.stage) == (None, None, "other", None)


def test_a_news_page_has_no_year_and_no_kind() -> None:
    found = identity_of(written("青岚市召开2024年预算工作会议\n会议指出，全市安排资金12.5亿元，增长3.2%。", title="青岚市召开2024年预算工作会议"))
    assert (found.fiscal_year, found.doc_kind, found.stage, found.department) == (None, "other", None, None)


def test_an_attachment_named_without_a_link_is_kept_with_its_place() -> None:
    text = f"白榆县水务局2022年度部门决算\n{ACCOUNT}\n附件：白榆县水务局2022年决算公开表"
    document = written(text)
    (link,) = identity_of(document).attachments
    assert (link.text, link.target) == ("白榆县水务局2022年决算公开表", "")
    assert link.span is not None
    assert document.text(link.span) == link.text


def test_a_telephone_is_the_contact_lines_not_the_hotlines() -> None:
    text = f"政务热线12345 办公电话：0571-55550000\n白榆县水务局2022年度部门决算\n{ACCOUNT}\n{'说明。' * 900}\n本单位决算公开信息反馈和联系方式：（0571）55551234"
    assert identity_of(written(text)).contact_phone == "（0571）55551234"


def test_a_place_that_no_register_knows_has_no_code_even_on_a_known_site() -> None:
    assert identity_of(written(f"青岚省白榆县水务局2022年度部门决算\n{ACCOUNT}", SiteName="重庆市人民政府")).region_code is None


@pytest.mark.corpus
def test_every_annotated_document_of_the_corpus_is_identified(shared: Path) -> None:
    import json  # noqa: PLC0415

    reading = pytest.importorskip("extract.reading")
    wrong = []
    for gold in sorted((shared / "gold" / "dev").glob("*.json")):
        truth = json.loads(gold.read_text(encoding="utf-8"))["document"]
        document = reading.read((shared / "corpus" / "dev" / truth["file"]).read_bytes(), truth["file"])
        found = identity_of(document)
        wrong += [
            (truth["file"], name, truth[name], getattr(found, name))
            for name in ("department", "doc_kind", "fiscal_year", "region_code", "stage", "published_on", "contact_phone")
            if name in truth and getattr(found, name) != truth[name]
        ]
    assert wrong == []
