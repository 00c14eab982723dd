"""Is this page a disclosure? The status and the reason of every kind of page a crawl brings home."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from extract.document import Document, DocumentError, Link, Span
from normalize.disclosing import Verdict, signals_of, status_of
from normalize.identity import identify
from normalize.records import BudgetLine, Disclosure, Identity
from normalize.sections import find_sections
from tests.paper import written

if TYPE_CHECKING:
    from pathlib import Path

LINE = BudgetLine("narrative", "final", Decimal("12.50"), "万元", "12.50", Span(0, 5), "level")
ACCOUNT = """一、收入支出决算总体情况说明
全年收入总计12.50万元，支出总计12.50万元，其中基本支出10.00万元，项目支出2.50万元。
二、财政拨款收入支出决算总体情况说明
财政拨款收入12.50万元，支出12.50万元。
三、机关运行经费支出说明
机关运行经费0.50万元。"""


def verdict(document: Document, *lines: BudgetLine) -> Verdict:
    identity, _ = identify(document, find_sections(document), signals_of(document))
    return status_of(document, signals_of(document), identity, Disclosure(document.id, "ok", identity, budget_lines=lines))


def test_sections_and_amounts_make_a_disclosure_even_without_a_title() -> None:
    assert verdict(written(ACCOUNT), LINE) == Verdict("ok", "", "")


def test_a_disclosure_that_gave_no_row_is_partial_and_says_so() -> None:
    assert verdict(written(ACCOUNT)) == Verdict("partial", "有预决算标题和金额，但没有一行能够读出", "titles and amounts of a disclosure, but no row could be read")


def test_under_a_disclosing_title_one_caption_is_enough() -> None:
    text = "白榆县水务局2022年度部门决算\n收入支出决算总表\n收入 12.50\n支出 10.00\n结转 2.50"
    assert verdict(written(text), LINE).status == "ok"
    assert verdict(written(text.replace("白榆县水务局2022年度部门决算", "白榆县水务志")), LINE).status == "not_a_disclosure"


def test_forms_alone_are_a_disclosure() -> None:
    text = "项目支出绩效自评表\n年初预算数 全年预算数 全年执行数 分值 执行率 得分\n年度资金总额 45.00 52.60 49.97 10 9.50\n一级指标 二级指标 三级指标"
    assert verdict(written(text), LINE).status == "ok"


def test_title_and_files_alone_are_attachments_only_and_count_the_files() -> None:
    document = written("2026年青岚市商务局部门预算公开\n附件", title="2026年青岚市商务局部门预算公开-政务公开", links=(Link("部门预算.pdf", "down?id=7"),))
    assert verdict(document) == Verdict("attachments_only", "页面只有标题和1个附件，数字在附件里", "title and 1 attachment(s) only; the figures are in the files")


def test_a_title_whose_file_is_drawn_by_script_is_attachments_only_too() -> None:
    document = written("索引号\n主题分类\n财政\n发布机构\n市某局", ArticleTitle="青岚市市政中心2026年单位预算情况说明")
    assert verdict(document).status == "attachments_only"


def test_a_body_named_file_under_a_budget_column_is_attachments_only() -> None:
    links = (Link("青岚市教育委员会", "P0201.zip"),)
    document = written("青岚市教育委员会\n附件：", ArticleTitle="青岚市教育委员会", breadcrumb="首页 > 预算公开 > 2018年部门预算公开目录", links=links)
    identity, _ = identify(document, find_sections(document), signals_of(document))
    assert verdict(document).status == "attachments_only"
    assert (identity.fiscal_year, identity.stage, identity.doc_kind) == (2018, "budget", "department_budget")


def test_a_blank_template_is_no_disclosure() -> None:
    document = written("青岚市XX局\n2024年度部门决算\n" + "收入支出决算总体情况说明\n收入XX万元，支出XX万元，增长XX%。\n" * 8)
    assert verdict(document, LINE) == Verdict("not_a_disclosure", "未填写的模板（XX占位）", "an unfilled template (XX placeholders)")


def test_a_filled_account_with_a_few_masked_cells_is_no_template() -> None:
    assert not signals_of(written(ACCOUNT + "\n供应商XX公司、XX公司")).unfilled


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (written("", refresh="0; url=./a/"), "a redirect page without content"),
        (written(""), "the page has no text (it may be drawn by script)"),
        (written("搜索位置 标题 全文", title="青岚市财政局政府信息公开平台"), "hardly any text: a shell, or content loaded by script"),
        (written("您访问的页面不存在或已删除", title="提示"), "an error page"),
        (written("找不到", title="404"), "an error page"),
        (written("请输入用户名\n请输入密码\n验证码\n" + "信访须知。" * 60, title="青岚市网上信访受理平台"), "a login page"),
        (written("预算金额：120.50万元。采购需求如下。" * 9, title="白榆县水务局食堂采购项目竞争性磋商公告"), "a tender or procurement notice"),
        (written("为做好2020年度部门决算公开工作，现通知如下：" * 9, title="关于做好2020年度市级部门决算信息公开工作的通知"), "a notice or policy text"),
        (written("会议指出，全市预算安排12.5亿元，增长3.2%。" * 9, title="青岚市召开2024年预算工作会议"), "news"),
        (written("拟聘用人员名单如下" * 20, title="白榆县第一中学2024年公开招聘教师面试"), "a recruitment notice"),
        (
            written("\n".join(f"要闻{n}号" for n in range(60)), title="青岚市水务局", links=tuple(Link(f"要闻{n}号", f"{n}.html") for n in range(60))),
            "a home or list page",
        ),
    ],
)
def test_every_other_page_says_what_it_is(document: Document, reason: str) -> None:
    found = verdict(document)
    assert (found.status, found.reason_en) == ("not_a_disclosure", reason)
    assert found.reason_zh


def test_news_that_quotes_a_whole_budget_in_prose_is_no_disclosure() -> None:
    text = "记者获悉，该市2024年部门预算收支总表显示，收入总计12.50亿元，其中一般公共预算拨款10.00亿元，机关运行经费2.50亿元，“三公”经费支出0.30亿元，政府采购情况良好，预算绩效管理情况良好。" * 4
    assert verdict(written(text, title="青岚市晒出2024年账本"), LINE).status == "not_a_disclosure"


def test_a_list_of_disclosures_is_a_list_and_not_the_first_of_them() -> None:
    titles = [f"青岚市交通运输局{year}年部门预算公开 {year}-02-11" for year in range(2015, 2027)]
    links = tuple(Link(text.split(" ")[0], f"{index}.html") for index, text in enumerate(titles))
    assert verdict(written("\n".join(titles), title="市交通运输局", links=links)).status == "not_a_disclosure"


def test_a_long_report_under_an_evaluation_title_is_no_landing_page() -> None:
    text = "白榆县水务局2021年度整体支出绩效评价报告\n" + "为检验预算编制的科学性，我局对全年工作作出评价。" * 90
    assert verdict(written(text, title="白榆县水务局2021年度整体支出绩效评价报告")).status == "not_a_disclosure"


def test_a_long_line_without_end_is_read_in_no_time() -> None:
    assert not signals_of(written("收入" * 200_000)).discloses


@pytest.mark.corpus
def test_a_real_crawl_is_sorted_with_precision_and_recall_of_97_percent(shared: Path) -> None:
    """Labels were set by script, about 3 % of them wrongly; a landing page of many files may be labelled a list."""
    from extract.reading import read  # noqa: PLC0415

    wanted = {"disclosure_pdf": "ok", "disclosure_page": "ok", "attachment_landing": "attachments_only"}
    with (shared / "corpus" / "crawl" / "labels.csv").open(encoding="utf-8-sig") as handle:
        labels = list(csv.DictReader(handle))
    counts: Counter[tuple[str, str]] = Counter()
    right: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    for label in labels:
        try:
            document = read((shared / "corpus" / "crawl" / label["file"]).read_bytes(), label["file"])
        except DocumentError:
            continue
        identity, _ = identify(document, find_sections(document), signals_of(document))
        status = status_of(document, signals_of(document), identity, Disclosure(document.id, "ok", Identity(), budget_lines=(LINE,))).status
        counts[wanted.get(label["class"], "not_a_disclosure"), status] += 1
        if label["class"] in wanted:
            for field in ("department", "fiscal_year", "region_code"):
                if label[field]:
                    labelled[field] += 1
                    right[field] += str(getattr(identity, field)) == label[field]
    found = sum(number for (_, status), number in counts.items() if status == "ok")
    disclosures = sum(number for (want, _), number in counts.items() if want == "ok")
    landings = sum(number for (want, _), number in counts.items() if want == "attachments_only")
    assert counts["ok", "ok"] >= 0.97 * max(found, disclosures)
    assert counts["attachments_only", "attachments_only"] >= 0.9 * landings
    assert counts["not_a_disclosure", "attachments_only"] <= 0.1 * landings
    assert {field: right[field] >= 0.95 * labelled[field] for field in labelled} == {"department": True, "fiscal_year": True, "region_code": True}
