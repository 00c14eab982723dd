"""PDF to `Document`: files made here, with invented places and figures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption

from extract.document import DocumentError, Heading, Paragraph, Source
from extract.pdf import read_pdf
from tests.drawing import (
    HEIGHT,
    LEFT,
    SONG,
    WIDTH,
    all_of,
    every_span_replays,
    grid,
    only_table,
    pdf,
    prose,
    read,
    rows_of,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reportlab.pdfgen.canvas import Canvas

def refusal(data: bytes) -> str:
    with pytest.raises(DocumentError) as refused:
        read_pdf(data, Source("a.pdf", "00" * 32))
    return refused.value.status


HEAD = ["科目编码", "科目名称", "决算数"]
BODY = [["2010301", "行政运行", "1,234.56"], ["2080505", "养老保险缴费", "78.90"]]


@pytest.mark.parametrize("style", [{"lines"}, {"fills"}, {"dashes"}, {"no side borders"}], ids=str)
def test_a_ruled_table_is_a_grid_however_its_rules_are_drawn(style: set[str]) -> None:
    table = grid([HEAD, *BODY], fills="fills" in style, dashed="dashes" in style, borders="no side borders" not in style)
    document = read(all_of(write("支出决算表", 260, 80, 16), table))
    assert rows_of(document) == [HEAD, *BODY]
    assert document.content == "支出决算表\n科目编码 | 科目名称 | 决算数\n2010301 | 行政运行 | 1,234.56\n2080505 | 养老保险缴费 | 78.90\n"
    assert isinstance(document.blocks[0], Heading)
    assert document.blocks[0].level == 0


def test_a_table_goes_on_over_an_empty_grid_page_and_its_repeated_head_is_left_out() -> None:
    blank = [["", "", ""]] * 3
    last = ["2210201", "住房公积金", "5.00"]
    document = read(all_of(write("单位：万元", 450, 100), grid([HEAD, *BODY])), grid(blank), grid([HEAD, last]))
    table = only_table(document)
    assert table.pages == (1, 2, 3)
    assert rows_of(document) == [HEAD, *BODY, *blank, last]
    place = document.place(table.cells[-1].span)
    assert place is not None
    assert place.page == 3


def test_a_title_between_two_tables_keeps_them_apart() -> None:
    document = read(grid([HEAD, *BODY]), all_of(write("项目支出决算表", 260, 80), grid([HEAD, *BODY])))
    assert [table.pages for table in document.tables()] == [(1,), (2,)]


def test_a_title_that_is_printed_again_over_the_next_part_does_not_part_a_table() -> None:
    lead = all_of(write("支出决算表", 260, 70), write("单位：万元", 450, 100))
    document = read(all_of(lead, grid([HEAD, BODY[0]])), all_of(lead, grid([HEAD, BODY[1]])))
    assert rows_of(document) == [HEAD, *BODY]
    assert document.content.count("单位：万元") == 1


def test_a_form_that_is_filled_in_again_on_the_next_page_is_a_table_of_its_own() -> None:
    def filled(unit: str, budget: str, goal: str) -> list[list[str]]:
        return [["项目名称", "公车租赁", ""], ["实施单位", unit, ""], ["资金总额", budget, ""], ["一级指标", "三级指标", "指标值"], ["产出指标", goal, "≥12次"], ["效益指标", "保障出行", "达标"]]

    first, second = filled("渔港管理站", "18.00", "租车次数"), filled("海堤管理站", "3.00", "用车次数")
    document = read(grid(first), grid(second))
    assert [rows_of(document, table) for table in document.tables()] == [first, second]
    assert [table.pages for table in read(grid(first), grid(first)).tables()] == [(1,), (2,)]  # the same form twice


def test_a_table_that_goes_on_with_a_few_labels_it_had_before_is_one_table() -> None:
    first = [HEAD, ["一", "公共预算", "6.00"], ["二", "基金预算", "2.00"], ["三", "国有资本", "1.00"], ["四", "专户资金", "3.00"]]
    after = [HEAD, ["一", "公共预算", "0.50"], ["二", "基金预算", ""], ["三", "国有资本", ""], ["总计", "", "12.50"]]
    assert rows_of(read(grid(first), grid(after))) == [*first, *after[1:]]


def test_a_total_that_is_printed_again_with_the_head_counts_once() -> None:
    total = ["", "合计", "1,313.46"]
    document = read(grid([HEAD, total, BODY[0]]), grid([HEAD, total, BODY[1]]))
    assert rows_of(document) == [HEAD, total, *BODY]


def test_a_row_that_the_page_break_cuts_is_one_row() -> None:
    head = ["序号", "目标", "金额"]
    xs = (72.0, 120.0, 450.0, 522.0)
    goal = "全年开展巡查不少于十二次，覆盖全部社区和学校，并按季度向社会"
    document = read(grid([head, ["1", goal, "30.00"]], xs), grid([["", "公布检查结果", ""], ["2", "培训", "5.00"]], xs))
    assert rows_of(document) == [head, ["1", goal + "公布检查结果", "30.00"], ["2", "培训", "5.00"]]


def test_short_rows_after_a_page_break_are_rows_of_their_own() -> None:
    xs = (72.0, 172.0, 272.0, 522.0)
    document = read(grid([["收入", "数", "支出"], ["总计", "9.00", "二十二、其他支出"]], xs), grid([["", "", "二十三、债务还本支出"]], xs))
    assert rows_of(document)[2] == ["", "", "二十三、债务还本支出"]


def test_a_number_wrapped_in_a_narrow_cell_is_whole_and_two_numbers_stay_two() -> None:
    xs = (72.0, 200.0, 240.0, 522.0)
    document = read(grid([["项目", "数", "备注"], ["甲", "1,234.\n56", "12.00\n7.50"]], xs, row_height=40.0))
    assert rows_of(document)[1] == ["甲", "1,234.56", "12.00\n7.50"]


def test_a_wrapped_label_is_one_word_and_a_numbered_list_keeps_its_lines() -> None:
    xs = (72.0, 118.0, 300.0, 522.0)
    document = read(grid([["本年收\n入合计", "1.完成改造；\n2.完成验收。", "x"], ["a", "b", "c"]], xs, row_height=40.0))
    assert rows_of(document)[0] == ["本年收入合计", "1.完成改造；\n2.完成验收。", "x"]


def three_lines(head: Sequence[Sequence[tuple[float, str]]], body: Sequence[Sequence[tuple[float, str]]]) -> Callable[[Canvas], None]:
    """A rule above the head, below it and below the table, and none down; each text with its place across."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont(SONG, 10.5)
        lines = [*head, *body]
        for y in (740, 740 - 28 * len(head), 740 - 28 * len(lines)):
            canvas.line(72, y, 522, y)
        for index, line in enumerate(lines):
            for x, text in line:
                canvas.drawString(x, 722 - 28 * index, text)

    return draw


def test_a_table_with_three_rules_and_none_down_has_its_columns_from_the_text() -> None:
    rows = [["项目", "预算数", "决算数"], ["出国费", "0.00", "0.00"], ["接待费", "12.50", "3.10"], ["合计", "12.50", "3.10"]]
    head, *body = [list(zip((80, 300, 450), row, strict=True)) for row in rows]
    assert rows_of(read(three_lines([head], body))) == rows


def test_a_blank_column_between_three_rules_has_its_head_to_tell_of_it() -> None:
    head = [[(80, "项目"), (330, "本年支出")], [(230, "合计"), (330, "基本支出"), (450, "项目支出")]]
    body = [[(80, "教育支出"), (230, "12.50"), (330, "12.50")], [(80, "住房保障支出"), (230, "3.10"), (330, "3.10")]]
    assert rows_of(read(three_lines(head, body)))[1:] == [["", "合计", "基本支出", "项目支出"], ["教育支出", "12.50", "12.50", ""], ["住房保障支出", "3.10", "3.10", ""]]


def test_two_heads_over_one_column_between_three_rules_are_no_table() -> None:
    head = [[(80, "项目"), (250, "年初预算"), (310, "决算")]]
    body = [[(80, "教育支出"), (260, "1,234,512.50")], [(80, "住房保障支出"), (260, "1,234,503.10")], [(80, "合计"), (260, "2,469,015.60")]]
    document = read(three_lines(head, body))
    assert not list(document.tables())
    assert "2,469,015.60" in document.content


def test_rules_under_headings_are_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        for index, text in enumerate(["本单位职责包括下列各项工作", "机构设置情况如下所述", "名词解释列在最后"]):
            canvas.line(72, 700 - 60 * index, 522, 700 - 60 * index)
            canvas.drawString(72, 680 - 60 * index, text)

    assert not list(read(draw).tables())


def test_white_boxes_are_no_rules_and_shaded_heads_do_not_matter() -> None:
    def erasers(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 1, 1)
        for top in (60, 300, 400):
            canvas.rect(40, HEIGHT - top, 500, 30, stroke=0, fill=1)
        canvas.setFillColorRGB(0.8, 0.8, 0.9)
        canvas.rect(72, HEIGHT - 144, 450, 24, stroke=0, fill=1)
        canvas.setFillColorRGB(0, 0, 0)

    assert rows_of(read(all_of(erasers, grid([HEAD, *BODY])))) == [HEAD, *BODY]


def test_digits_raised_over_the_chinese_baseline_stay_in_their_sentence() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(96, 700, "全年收入总计")
        canvas.setFont("Times-Roman", 12)
        canvas.drawString(168, 703.5, "2995.39")
        canvas.setFont(SONG, 12)
        canvas.drawString(207, 700, "万元，比上年减少。")

    assert read(draw).content == "全年收入总计2995.39万元，比上年减少。\n"


FULL = "青岚县水务局本年度收入支出总计为三百四十五点六七万元，比上年度减少"  # 37 characters of 12 points: from 72 to 516


def test_soft_line_ends_are_joined_and_paragraphs_kept() -> None:
    first = "　本年度收入支出总计三百四十五点六七万元，与上一年度相比收入支出总"
    document = read(prose(first, FULL[:36] + "3", "45.67万元。", "　另外一段从这里开始。", "一、收入决算情况", "　正文。"))
    assert [document.text(block.span) for block in document.blocks] == [
        first.lstrip("　") + FULL[:36] + "345.67万元。",
        "另外一段从这里开始。",
        "一、收入决算情况",
        "正文。",
    ]
    assert [type(block) for block in document.blocks] == [Paragraph, Paragraph, Heading, Paragraph]


def test_a_page_number_does_not_cut_the_sentence_that_runs_over_the_page() -> None:
    line = "单位履行职责所需经费由财政拨款全额保障并且严格执行中央八项规定的精神"
    body = [line] * 30

    def page(number: int) -> Callable[[Canvas], None]:
        return all_of(write("青岚县水务局决算", 240, 40, 9), prose(*body, top=90, pitch=22), write(f"— {number} —", 280, 800, 9))

    document = read(page(1), page(2), page(3))
    assert document.content == line * 90 + "\n"
    assert "page_furniture" in {note.kind for note in document.notes}


def test_a_sideways_page_begins_anew() -> None:
    def landscape(canvas: Canvas) -> None:
        canvas.setPageSize((HEIGHT, WIDTH))
        canvas.drawString(LEFT, 500, "表一")

    def portrait(canvas: Canvas) -> None:
        canvas.setPageSize((WIDTH, HEIGHT))
        canvas.drawString(96, 700, FULL[:33] + "12345678")

    assert read(portrait, landscape).content == FULL[:33] + "12345678\n表一\n"


def test_a_lone_figure_that_is_no_page_number_stays() -> None:
    document = read(all_of(write("共有车辆"), write("7", 300, 800)), all_of(write("共有设备"), write("250", 300, 800)))
    assert "7\n" in document.content
    assert "250\n" in document.content


def test_a_list_of_contents_has_no_headings_and_the_chapters_do() -> None:
    entries = ["第一部分 概况", "一、主要职责", "第二部分 决算表"]
    document = read(all_of(write("目  录", 270, 80, 16), prose(*entries, top=120)), all_of(write(entries[0], 230, 80, 16), prose("一、主要职责", "　贯彻执行水利工作方针。", top=120)))
    kinds = [(document.text(block.span), type(block)) for block in document.blocks]
    assert kinds[1:4] == [(entry, Paragraph) for entry in entries]
    assert kinds[4:6] == [(entries[0], Heading), (entries[1], Heading)]


def test_dot_leaders_are_never_joined_or_headings() -> None:
    lines = [f"{number}、部门预算情况说明{'…' * 20}{page}" for number, page in zip("一二三", (3, 5, 9), strict=True)]
    document = read(prose(*lines))
    assert [type(block) for block in document.blocks] == [Paragraph] * 3


def test_a_page_turned_by_its_file_reads_upright() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(90)
        canvas.translate(WIDTH, 0)
        canvas.rotate(90)
        canvas.drawString(100, 500, "收入决算表")
        for y in (300, 330, 360):
            canvas.line(100, y, 500, y)
        for x in (100, 300, 500):
            canvas.line(x, 300, x, 360)
        for x, y, text in ((110, 340, "项目"), (310, 340, "决算数"), (110, 310, "合计"), (310, 310, "12.34")):
            canvas.drawString(x, y, text)

    document = read(draw)
    assert document.content == "收入决算表\n项目 | 决算数\n合计 | 12.34\n"
    place = document.place(only_table(document).cells[3].span)
    assert place is not None
    assert (place.x0, place.y1) == pytest.approx((310, WIDTH - 310 + 12 * 0.14), abs=0.5)


def test_a_table_printed_sideways_reads_upright_and_is_placed_as_printed() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(WIDTH, 0)
        canvas.rotate(90)
        grid([HEAD, *BODY], top=300)(canvas)

    document = read(draw)
    assert rows_of(document) == [HEAD, *BODY]
    place = document.place(only_table(document).cells[0].span)
    assert place is not None
    assert place.x0 == pytest.approx(WIDTH - (HEIGHT - 300 - 15) - 10.5 * 0.86, abs=0.5)
    assert place.y1 == pytest.approx(HEIGHT - 75, abs=0.5)


def test_text_that_stands_upright_in_a_narrow_cell_is_one_word() -> None:
    def draw(canvas: Canvas) -> None:
        grid([["", "指标", "值"], ["", "数量", "16个"]], (72.0, 90.0, 300.0, 522.0), row_height=40.0)(canvas)
        canvas.setFont(SONG, 9)
        for index, character in enumerate("绩效"):
            canvas.drawString(76, HEIGHT - 136 - 12 * index, character)

    assert rows_of(read(draw))[0] == ["绩效", "指标", "值"]


def clipped(text: str, x: float, top: float, window: tuple[float, float, float, float]) -> Callable[[Canvas], None]:
    """Text under a clip path; the window is left, top, width, height."""

    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        path = canvas.beginPath()
        left, upper, width, height = window
        path.rect(left, HEIGHT - upper - height, width, height)
        canvas.clipPath(path, stroke=0, fill=0)
        canvas.setFont(SONG, 10.5)
        canvas.drawString(x, HEIGHT - top, text)
        canvas.restoreState()

    return draw


def test_a_character_whose_font_is_not_in_the_file_is_not_lost() -> None:
    document = read(all_of(write("全年无"), write("一", LEFT + 36), write("起事故", LEFT + 48)))
    assert document.content == "全年无一起事故\n"
    assert [(note.kind, "1 characters" in note.en) for note in document.notes] == [("font_not_embedded", True)]


def test_text_hidden_by_a_clip_path_or_off_the_page_is_left_out_with_a_note() -> None:
    document = read(all_of(write("看得见的一行"), clipped("看不见的一行", 72, 300, (72, 100, 400, 50)), write("页面以外的一行", 72, 900)))
    assert document.content == "看得见的一行\n"
    assert [(note.kind, "13" in note.en) for note in document.notes] == [("hidden_text", True)]


def test_what_a_low_or_narrow_cell_cuts_off_stays_in_that_cell() -> None:
    low = clipped("的补助", 203, 174, (200, 144, 100, 24))  # a second line that the cell has no room for
    narrow = clipped("1,234,567,890.12", 303, 159, (300, 144, 40, 24))  # a figure wider than its column
    xs = (72.0, 200.0, 300.0, 340.0, 522.0)
    document = read(all_of(grid([["编码", "名称", "金额", "备注"], ["30399", "其他对个人和家庭", "", "无"], ["302", "商品和服务", "", ""]], xs), low, narrow))
    assert rows_of(document)[1] == ["30399", "其他对个人和家庭的补助", "1,234,567,890.12", "无"]


def test_text_in_form_objects_and_scaled_frames_is_placed_on_the_page() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.beginForm("table")
        canvas.setFont(SONG, 21)
        for y in (0, 48, 96):
            canvas.line(0, y, 600, y)
        for x in (0, 300, 600):
            canvas.line(x, 0, x, 96)
        for x, y, text in ((10, 66, "项目"), (310, 66, "金额"), (10, 18, "合计"), (310, 18, "8.88")):
            canvas.drawString(x, y, text)
        canvas.endForm()
        canvas.translate(100, 400)
        canvas.scale(0.5, 0.5)
        canvas.doForm("table")

    document = read(draw)
    assert rows_of(document) == [["项目", "金额"], ["合计", "8.88"]]
    place = document.place(only_table(document).cells[0].span)
    assert place is not None
    assert (place.x0, place.y1) == pytest.approx((105, HEIGHT - 433 + 10.5 * 0.14), abs=0.3)


@pytest.mark.parametrize(("title", "kept"), [("青岚县水务局2024年度部门决算", "青岚县水务局2024年度部门决算"), ("Microsoft Word - 青岚县水务局部门决算.docx", "青岚县水务局部门决算"), ("untitled", None), ("处领导：", None)])
def test_the_title_is_the_files_own_where_it_says_something(title: str, kept: str | None) -> None:
    assert read(write("正文"), title=title).title == kept


def test_an_encrypted_file_is_refused() -> None:
    assert refusal(pdf(write("秘密"), encrypt=StandardEncryption("user", "owner", strength=128))) == "encrypted"


def test_a_file_open_to_all_but_locked_for_changes_is_read() -> None:
    document = read_pdf(pdf(write("公开"), encrypt=StandardEncryption("", "owner", strength=128)), Source("a.pdf", ""))
    assert document.content == "公开\n"


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"%PDF-1.4\n" + b"\0" * 5000, b"<html></html>"], ids=["empty", "head only", "zeros", "a web page"])
def test_what_is_no_pdf_is_unreadable(data: bytes) -> None:
    assert refusal(data) == "unreadable"


def test_a_truncated_file_is_read_or_refused_but_never_crashes() -> None:
    whole = pdf(*(all_of(write("第几页"), grid([HEAD, *BODY])) for _ in range(4)))
    for share in range(1, 20):
        try:
            every_span_replays(read_pdf(whole[: len(whole) * share // 20], Source("a.pdf", "")))
        except DocumentError as refused:
            assert refused.status in {"unreadable", "needs_ocr"}  # noqa: PT017  # the other outcome is a document


def test_a_page_tree_that_bites_its_tail_ends() -> None:
    loop = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>endobj\n"
        b"3 0 obj<</Type/Pages/Kids[2 0 R]/Count 999999/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    started = time.monotonic()
    assert refusal(loop) == "unreadable"
    assert time.monotonic() - started < 10


def test_a_file_without_pages_is_unreadable() -> None:
    assert refusal(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF") == "unreadable"


def test_an_absurdly_large_page_is_read() -> None:
    document = read(write("仍可读", top=100), size=(200_000.0, HEIGHT))
    assert document.content == "仍可读\n"


def picture(canvas: Canvas) -> None:
    canvas.drawInlineImage(Image.new("L", (60, 80), 128), 0, 0, WIDTH, HEIGHT)


def test_a_scan_needs_ocr_and_a_single_picture_page_is_noted() -> None:
    assert refusal(pdf(picture, picture)) == "needs_ocr"
    document = read(write("这一页有文字层，可以直接读取"), picture)
    assert [note.kind for note in document.notes] == ["page_without_text"]


def test_blank_pages_alone_are_unreadable() -> None:
    assert refusal(pdf(all_of())) == "unreadable"


def test_hundreds_of_pages_are_one_table_and_read_in_time() -> None:
    data = pdf(*[grid([HEAD, *BODY])] * 400)
    started = time.process_time()
    document = read_pdf(data, Source("a.pdf", ""))
    assert document.page_count == 400
    assert time.process_time() - started < 20
    assert only_table(document).rows == 801


def test_the_same_bytes_give_the_same_document() -> None:
    data = pdf(all_of(write("支出决算表", 260, 80, 16), grid([HEAD, *BODY])))
    assert read_pdf(data, Source("a", "")) == read_pdf(data, Source("a", ""))


@pytest.mark.corpus
def test_every_crawled_file_ends_as_a_document_or_a_reason_and_none_is_slow(shared: Path) -> None:
    read_files = 0
    for path in sorted((shared / "corpus" / "crawl").iterdir()):
        data = path.read_bytes()
        if data[:5] != b"%PDF-":
            continue
        started = time.process_time()
        try:
            every_span_replays(read_pdf(data, Source(path.name, "")))
            read_files += 1
        except DocumentError as refused:
            assert refused.status in {"needs_ocr", "encrypted", "unreadable"}  # noqa: PT017  # the other outcome is a document
        assert time.process_time() - started < 20, path.name
    assert read_files > 30
