"""Web pages that are converted PDFs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extract.document import Source, Table
from extract.html import read_html
from extract.reading import read

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source("a.html", "00" * 32, "text/html", "utf-8")


def run(text: str, left: float, top: float, size: float = 10.0) -> str:
    return f'<div class="p" style="position:absolute;top:{top}pt;left:{left}pt;font-size:{size}pt;line-height:{size}pt">{text}</div>'


def across(x: float, y: float, width: float, border: str = "border-bottom:0.5pt solid #000000") -> str:
    return f'<div class="r" style="position:absolute;left:{x}pt;top:{y}pt;width:{width}pt;height:0.0pt;{border}"> </div>'


def down(x: float, y: float, height: float) -> str:
    return f'<div class="r" style="position:absolute;left:{x}pt;top:{y}pt;width:0.0pt;height:{height}pt;border-right:0.5pt solid #000"> </div>'


def sheet(*parts: str) -> str:
    return f'<div class="page" style="width:595.0pt;height:842.0pt;position:relative">{"".join(parts)}</div>'


def ruled(rows: list[list[str]], top: float) -> str:
    """A grid of 100-point columns and 20-point rows."""
    parts = [across(50, top + 20 * row, 100.0 * len(rows[0])) for row in range(len(rows) + 1)]
    parts += [down(50 + 100.0 * column, top, 20.0 * len(rows)) for column in range(len(rows[0]) + 1)]
    parts += [run(text, 55 + 100 * column, top + 5 + 20 * row) for row, texts in enumerate(rows) for column, text in enumerate(texts) if text]
    return "".join(parts)


def page(*sheets: str) -> str:
    spare = sheet(*(run("甲", 50 + 10 * (index % 40), 100 + 20 * (index // 40)) for index in range(300)))
    return f"<html><body><table><tr><td>首页</td></tr></table><h1>青岚县水务局预算</h1>{''.join(sheets)}{spare}<p>主办单位</p></body></html>"


HEAD = ["科目编码", "合计", "基本支出"]


def test_placed_runs_become_text_and_thin_boxes_a_table_over_two_pages() -> None:
    title = run("支出", 200, 40) + run("总表", 220, 40) + run("单位：万元", 400, 60, 8)
    document = read_html(page(sheet(title, ruled([HEAD, ["201", "12.50", "2.50"]], 100)), sheet(title, ruled([HEAD, ["208", "7.00", ""]], 100))), SOURCE)
    tables = [block for block in document.blocks if isinstance(block, Table)]
    assert [[document.text(cell.span) for cell in row] for row in tables[0].by_row()] == [HEAD, ["201", "12.50", "2.50"], ["208", "7.00", ""]]
    assert tables[0].pages == ()
    assert document.layout is None
    lines = document.content.split("\n")
    assert lines[lines.index("科目编码 | 合计 | 基本支出") - 2 :][:2] == ["支出总表", "单位：万元"]
    assert "positioned_page" in {note.kind for note in document.notes}


def test_what_stands_round_the_placed_pages_is_kept() -> None:
    document = read_html(page(sheet(run("正文", 50, 50), run("一", 50, 80), run("二", 50, 110))), SOURCE)
    lines = document.content.split("\n")
    assert [line for line in lines if "甲" not in line] == ["首页", "青岚县水务局预算", "主办单位", "正文", "一", "二", ""]


def test_white_and_missing_borders_are_no_rules() -> None:
    rows = [HEAD, ["201", "12.50", "2.50"]]
    bare = ruled(rows, 100).replace("0.5pt solid #000000", "0.5pt solid #FFFFFF").replace("0.5pt solid #000", "0pt none")
    document = read_html(page(sheet(bare)), SOURCE)
    assert not list(document.tables())


def test_blocks_stand_in_order_and_inside_the_text() -> None:
    document = read_html(page(sheet(ruled([HEAD, ["201", "1.00", "1.00"]], 100)), sheet(run("注：一", 50, 50), run("注：二", 50, 80), run("注：三", 50, 110))), SOURCE)
    end = 0
    for block in document.blocks:
        assert end <= block.span.start <= block.span.end <= len(document.content)
        end = block.span.end


@pytest.mark.corpus
def test_a_real_converted_page_has_its_tables(shared: Path) -> None:
    document = read((shared / "corpus" / "dev" / "yantai-veterans-2026-budget.html").read_bytes(), "yantai.html")
    shapes = [(table.rows, table.columns) for table in document.tables()]
    assert len(shapes) > 12
    assert shapes[0] == (34, 4)
    assert max(columns for _, columns in shapes) >= 17
