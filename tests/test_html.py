"""Pages: all of their text, none of their furniture, every cell in its place."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from extract.chrome import furniture_line
from extract.document import Document, Heading, Link, Paragraph, Source, Table
from extract.grid import place
from extract.html import is_positioned, read_html
from normalize.disclosure import normalize

SOURCE = Source("page.html", "ab" * 32, "text/html", "utf-8")


def page(body: str, head: str = "") -> Document:
    return read_html(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>", SOURCE)


def only_table(document: Document) -> Table:
    (table,) = document.tables()
    return table


def texts(document: Document, table: Table) -> list[list[str]]:
    return [[document.text(cell.span) for cell in row] for row in table.by_row()]


def places(table: Table) -> list[tuple[int, int, int, int]]:
    return [(cell.row, cell.column, cell.rowspan, cell.colspan) for cell in table.cells]


def test_blocks_and_breaks_part_lines_and_inline_elements_never_part_words() -> None:
    document = page(
        "<div>收入<b>合</b>计<span>12</span>.5万元<br>支出合计<br><br>结余<p>本年<i>未</i>安排</p>尾行</div><ul><li>甲</li><li>乙</li></ul>"
    )
    assert document.content.split("\n") == ["收入合计12.5万元", "支出合计", "结余", "本年未安排", "尾行", "甲", "乙"]
    assert all(isinstance(block, Paragraph) for block in document.blocks)


def test_a_source_line_that_ends_inside_a_chinese_sentence_leaves_no_blank() -> None:
    assert page("<p>一般公共预算\n   财政拨款增加\n 7.47万元，Budget\n report</p>").content == "一般公共预算财政拨款增加 7.47万元，Budget report"


def test_separate_inline_elements_on_separate_source_lines_stay_apart() -> None:
    assert page("<div><span>来源：白榆局</span>\n<span>浏览次数：7</span></div>").content == "来源：白榆局 浏览次数：7"


def test_blanks_of_every_width_become_one_and_go_from_the_ends() -> None:
    assert page("<p>&nbsp;&emsp;\u3000文\u3000\u3000号： &nbsp;白\u200b榆\u3000</p>").content == "文 号： 白榆"


def test_preformatted_text_keeps_its_lines() -> None:
    assert page("<pre>一、概况\n  职能\n二、收支</pre>").content.split("\n") == ["一、概况", "职能", "二、收支"]


def test_headings_come_from_numbers_and_from_heading_elements() -> None:
    document = page("<h1>2031年度部门决算</h1><h2>一、概况</h2><p>（一）机构设置</p><p>1.总体情况。收入合计5万元，支出合计5万元。</p>")
    kinds = [(block.level, block.number) if isinstance(block, Heading) else None for block in document.blocks]
    assert kinds == [(0, None), (2, "一、"), (3, "（一）"), None]


def test_scripts_styles_forms_and_hidden_text_are_not_read_and_hidden_text_is_noted() -> None:
    document = page("<p>正文</p><script>var a='收入'</script><style>p{}</style><noscript>请</noscript><p style='display: none'>草稿</p><p hidden>旧</p>尾")
    assert document.content == "正文\n尾"
    assert [(note.kind, note.en) for note in document.notes] == [("hidden_text_dropped", "3 characters that the page itself hides were dropped")]


def test_a_page_that_hides_itself_until_its_script_runs_is_read() -> None:
    prose = "本部门2031年度收入合计12.5万元。" * 30
    assert prose in page(f"<div style='display:none'><p>{prose}</p></div>").content
    assert read_html(f"<html><body style='display:none'><p>{prose}</p></body></html>", SOURCE).content == prose


def test_a_hidden_statement_of_the_page_is_kept_beside_the_text() -> None:
    document = page("<p>正文</p><div id='PubDay' style='display:none'>2031-08-21</div>")
    assert ("PubDay", "2031-08-21") in document.metadata


def test_furniture_goes_by_name_and_the_breadcrumb_is_kept_beside_the_text() -> None:
    document = page(
        "<div class='top-nav'><a href='/'>首页</a><a href='/z'>政务公开</a></div>"
        "<div class='crumb'>您的位置：<a href='/'>首页</a> &gt; <a href='/y'>区委组织部</a></div>"
        "<p>信息来源：白榆局 发布日期：2031-08-21 字号：大 中 小</p><p>【字号：大 中 小】</p><p>正文</p><p>打印 关闭</p>"
        "<div class='footer'>主办单位：白榆局 网站标识码：0000000000</div>"
    )
    assert document.content.split("\n") == ["信息来源：白榆局 发布日期：2031-08-21 字号：大 中 小", "正文"]
    assert ("breadcrumb", "您的位置：首页 > 区委组织部") in document.metadata


@pytest.mark.parametrize("name", ["nav-content", "footer", "header", "top", "bottom", "related", "location", "menu"])
def test_an_element_with_prose_of_its_own_stays_whatever_it_is_called(name: str) -> None:
    prose = "本部门2031年度一般公共预算财政拨款收入合计606.04万元，较上年增加7.47万元，增长1.2%，主要原因是人员经费增加。" * 12
    assert page(f"<div class='{name}' id='{name}'><p>{prose}</p></div>").content == prose


def test_a_title_in_a_box_called_article_top_stays() -> None:
    assert page("<div class='article-top'><div>白榆站2031年单位预算</div></div><p>正文</p>").content == "白榆站2031年单位预算\n正文"


def test_attachments_in_a_box_of_links_stay() -> None:
    document = page("<div class='related'><a href='a.xlsx'>附件1：决算表.xlsx</a></div>")
    assert document.links == (Link("附件1：决算表.xlsx", "a.xlsx", document.blocks[0].span),)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("【打印本页】 【关闭窗口】", "widget"),
        ("大 中 小", "widget"),
        ("分享到：微信 微博", "widget"),
        ("当前位置：首页 > 财政信息", "breadcrumb"),
        ("上一篇：2030年决算", "neighbours"),
        ("中小企业", None),
        ("打印费12.5万元", None),
        ("位置：白榆路5号", None),
        ("您现在所在的位置 : 首页", "breadcrumb"),
        ("您当前的位置：首页>政务公开", "breadcrumb"),
        ("【字号：大 中 小 2031年部门决算", None),
    ],
)
def test_whole_lines_of_widgets_go_and_anything_more_stays(line: str, rule: str | None) -> None:
    assert furniture_line(line) == rule


def test_a_data_table_keeps_its_spans_and_prints_a_row_per_line() -> None:
    document = page(
        "<table><tr><td rowspan=2>项目</td><td colspan=2>决算数</td></tr><tr><td>基本</td><td>项目</td></tr><tr><td>合计</td><td>1.00</td><td></td></tr></table>"
    )
    table = only_table(document)
    assert document.content == "项目 | 决算数\n基本 | 项目\n合计 | 1.00 | "
    assert texts(document, table) == [["项目", "决算数"], ["基本", "项目"], ["合计", "1.00", ""]]
    assert places(table) == [(0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 1, 1), (1, 2, 1, 1), (2, 0, 1, 1), (2, 1, 1, 1), (2, 2, 1, 1)]
    assert (table.rows, table.columns, table.sparse) == (3, 3, False)


def test_breaks_and_blocks_inside_a_cell_are_line_breaks_of_its_text() -> None:
    document = page("<table><tr><td>附属单位上缴<br>收入</td><td><p> 预</p><p>算数 </p></td></tr><tr><td>1</td><td><b>2</b>.5</td></tr></table>")
    assert texts(document, only_table(document)) == [["附属单位上缴\n收入", "预\n算数"], ["1", "2.5"]]


def test_header_cells_sections_and_missing_end_tags() -> None:
    document = page(
        "<table><tfoot><tr><td>合计<td>3</tfoot><tbody><tr><td>甲<td>1<tr><td>乙<td>2</tbody><thead><tr><th>单位<th>金额</thead></table>"
    )
    table = only_table(document)
    assert texts(document, table) == [["单位", "金额"], ["甲", "1"], ["乙", "2"], ["合计", "3"]]
    assert [cell.header for cell in table.cells] == [True, True, False, False, False, False, False, False]


def test_text_in_a_table_but_in_no_cell_is_not_lost() -> None:
    document = page("<table><caption>收入决算表</caption>单位：万元<tr><td>甲</td><td>1</td></tr><tr><td>乙</td><td>2</td></tr></table>")
    assert document.content.split("\n") == ["收入决算表", "单位：万元", "甲 | 1", "乙 | 2"]


def test_cells_without_a_row_make_one() -> None:
    document = page("<table><td>甲</td><td>1</td></table>")
    assert texts(document, only_table(document)) == [["甲", "1"]]


def test_layout_tables_are_unwrapped_and_the_data_table_inside_is_kept() -> None:
    inner = "<table><tr><td>项目</td><td>金额</td></tr><tr><td>收入</td><td>5</td></tr></table>"
    document = page(f"<table><tr><td><table><tr><td><p>一、收入情况</p>{inner}</td></tr></table></td><td>栏目</td></tr></table>")
    assert texts(document, only_table(document)) == [["项目", "金额"], ["收入", "5"]]
    assert document.content.split("\n") == ["一、收入情况", "项目 | 金额", "收入 | 5", "栏目"]


def test_a_page_column_made_of_cells_is_prose() -> None:
    prose = "<p>本部门收入合计12.5万元。</p>" * 60
    document = page(f"<table><tr><td>导航</td><td>{prose}</td></tr></table>")
    assert not list(document.tables())
    assert document.content.count("12.5万元") == 60


def test_a_table_that_holds_a_small_table_in_one_cell_stays_a_table() -> None:
    rows = "".join(f"<tr><td>项{index}</td><td>{index}</td></tr>" for index in range(10))
    document = page(f"<table>{rows}<tr><td>注</td><td><table><tr><td>甲</td><td>乙</td></tr></table></td></tr></table>")
    assert texts(document, only_table(document))[-1] == ["注", "甲\n乙"]


def test_absurd_spans_are_closed_up_to_the_columns_that_exist() -> None:
    table = only_table(page("<table><tr><td colspan=999>表题</td></tr><tr><td rowspan=60000>甲</td><td rowspan=0>1</td><td colspan=x>2</td></tr><tr><td>3</td></tr></table>"))
    assert (table.rows, table.columns) == (3, 3)
    assert places(table) == [(0, 0, 1, 3), (1, 0, 2, 1), (1, 1, 2, 1), (1, 2, 1, 1), (2, 2, 1, 1)]


def test_metadata_title_and_links() -> None:
    document = read_html(
        "<title>白榆局_政务网</title><meta name='ArticleTitle' content='白榆局2031年度部门决算'><meta name=PubDate content=2031-08-21>"
        "<meta http-equiv=refresh content='0; URL=/b.html'><p>见<a href='../a.pdf'>决算表</a>和<a href='#top'>顶</a></p>"
        "<p><a onclick=\"down('x.pdf','./W1.pdf')\">附件</a></p><iframe src='v.html?f=b.pdf'></iframe>",
        Source("https://www.example.gov.cn/z/c/1.html", "ab" * 32),
    )
    assert document.title == "白榆局2031年度部门决算"
    assert ("PubDate", "2031-08-21") in document.metadata
    base = "https://www.example.gov.cn"
    assert [(link.text, link.target) for link in document.links] == [
        ("决算表", f"{base}/z/a.pdf"), ("附件", f"{base}/z/c/W1.pdf"), ("", f"{base}/z/c/v.html?f=b.pdf"), ("", f"{base}/b.html"),
    ]
    assert [document.text(link.span) for link in document.links if link.span] == ["决算表", "附件"]


def test_links_of_a_saved_page_keep_their_target_as_written() -> None:
    assert page("<a href='./a b.xls'>表</a><a href='http://[bad'>坏</a>").links[0].target == "./a b.xls"


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 10_000 + "深处" + "</div>" * 10_000 + "后文",
        "<span>" * 10_000 + "深处" + "</span>" * 10_000 + "后文",
        "<x-y>" * 10_000 + "深处" + "</x-y>" * 10_000 + "后文",
        "<table><tr><td>" * 5_000 + "深处" + "</td></tr></table>" * 5_000 + "后文",
        "<font>" * 5_000 + "深处<p>后文",
        f"<p title='{'x' * 3_000_000}'>深处</p>后文",
        "<a href=x>" * 5_000 + "深处</a>后文",
    ],
)
def test_hostile_pages_end_quickly_with_their_text(body: str) -> None:
    started = time.monotonic()
    document = page(body)
    assert document.content.replace("\n", "") == "深处后文"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("text", ["", "<", "<html>", "<script>location='/a'</script>", "\0\0", "<!--", "<table>", "<td>", "<![CDATA[", "&#0;&#x110000;&bogus;"])
def test_shells_and_fragments_are_documents_without_tables(text: str) -> None:
    assert not list(read_html(text, SOURCE).tables())


def test_a_table_with_too_many_columns_asked_for_is_cut_with_a_note() -> None:
    document = page("<table>" + "<tr><td colspan=1000>甲</td><td>乙</td></tr>" * 1200 + "</table>")
    assert [note.kind for note in document.notes] == ["grid_mended"]
    assert only_table(document).columns == 2


def test_a_converted_pdf_is_told_from_a_page() -> None:
    boxes = "<div style='position:absolute;left:1px'>x</div>" * 400
    assert is_positioned(etree.fromstring(f"<html><body>{boxes}</body></html>", etree.HTMLParser()))
    crumbs = "<table><tr><td>首页</td><td>财政预算</td></tr></table>"
    assert is_positioned(etree.fromstring(f"<html><body>{crumbs}{boxes}</body></html>", etree.HTMLParser()))
    assert not is_positioned(etree.fromstring(f"<html><body>{boxes}<table>{'<tr><td>1</td></tr>' * 100}</table></body></html>", etree.HTMLParser()))


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=5), max_size=6))
@settings(max_examples=150, deadline=None)
def test_places_never_overlap_and_stay_inside_the_rectangle(rows: list[list[tuple[int, int]]]) -> None:
    grid = place(rows)
    covered = [
        (row, column)
        for placed in grid.places
        for one in placed
        for row in range(one.row, one.row + one.rowspan)
        for column in range(one.column, one.column + one.colspan)
    ]
    assert len(covered) == len(set(covered))
    assert all(row < grid.rows and column < grid.columns for row, column in covered)
    assert [len(placed) for placed in grid.places] == [len(row) for row in rows]
    assert {one.row for placed in grid.places for one in placed} == set(range(grid.rows))
    assert {one.column for placed in grid.places for one in placed} == set(range(grid.columns))


def test_random_markup_loses_no_visible_word() -> None:
    rng = random.Random(5)
    tags = ["div", "p", "span", "b", "table", "tr", "td", "th", "tbody", "ul", "li", "a", "center", "font", "h2", "br", "pre"]
    for _ in range(200):
        words = [f"字{number}。" for number in range(20)]
        body = "".join(rng.choice([f"<{rng.choice(tags)}>", f"</{rng.choice(tags)}>", ""]) + word for word in words)
        content = page(body).content
        assert sorted(word for word in words if word in content) == sorted(words), body


def test_a_disclosure_whose_tables_are_pictures_needs_ocr_and_ornaments_are_no_pictures() -> None:
    page = "<title>云岭县档案馆2023年度部门决算</title><h1>云岭县档案馆2023年度部门决算</h1><p>发布时间：2024-08-19</p>{}"
    pictured = read_html(page.format('<p><img src="/upload/1.jpg" width="900"></p><p><img src="/upload/2.png" style="width: 860px"></p>'), Source("a.html", "ab" * 32))
    assert [note.en for note in pictured.notes] == ['little text and 2 pictures, whose text was not read; to read it: pip install "gongkai[ocr]"']
    assert normalize(pictured).status == "needs_ocr"
    plain = read_html(page.format('<img src="/images/logo.png"><img src="/a.jpg" width="80"><div class="footer"><img src="/beian.png"></div>'), Source("a.html", "ab" * 32))
    assert plain.notes == ()
    assert normalize(plain).status != "needs_ocr"
