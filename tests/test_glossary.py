"""Entries of 专业名词解释."""

from __future__ import annotations

import pytest

from normalize.glossary import glossary
from normalize.sections import find_sections
from tests.paper import written


def terms(*lines: str) -> list[tuple[str, str]]:
    document = written("\n".join(("#第四部分 名词解释", *lines)))
    return [(entry.term, entry.definition) for entry in glossary(document, find_sections(document))]


@pytest.mark.parametrize(
    ("line", "term", "definition"),
    [
        ("（一）财政拨款收入：指本级财政取得的拨款。", "财政拨款收入", "指本级财政取得的拨款。"),
        ("一、基本支出指为保障机构运转发生的支出。", "基本支出", "指为保障机构运转发生的支出。"),
        ("3.“三公”经费：指因公出国（境）费等。", "“三公”经费", "指因公出国（境）费等。"),
        ("4、机关运行经费，是指行政单位的公用经费。", "机关运行经费", "是指行政单位的公用经费。"),
        ("(一 )事业收入:指事业单位的收入。", "事业收入", "指事业单位的收入。"),
        ("社会保障和就业支出（类）养老支出（款）：反映养老支出。", "社会保障和就业支出（类）养老支出（款）", "反映养老支出。"),
        ("工资福利支出(支出经济分类科目类级):反映劳动报酬。", "工资福利支出(支出经济分类科目类级)", "反映劳动报酬。"),
    ],
)
def test_term_and_definition_are_parted_whatever_stands_between(line: str, term: str, definition: str) -> None:
    assert terms(line) == [(term, definition)]


def test_a_paragraph_runs_on_only_where_the_one_above_has_no_stop() -> None:
    assert terms("一、年初结转：指以前年度尚未完成、", "结转到本年的资金。", "以上为本年口径。") == [("年初结转", "指以前年度尚未完成、结转到本年的资金。")]


def test_signature_attachment_and_contact_are_no_terms() -> None:
    assert terms("一、其他收入：指其他收入。", "附件：青岚市水务局决算公开表", "部门决算公开联系人：张三 联系方式：0571-55550000", "2023年8月30日") == [("其他收入", "指其他收入。")]


def test_entries_are_numbered_in_order_and_read_back_from_their_span() -> None:
    document = written("#第四部分 名词解释\n（一）基本支出：指甲。\n（三）项目支出：指乙。")
    found = glossary(document, find_sections(document))
    assert [(entry.ordinal, entry.term) for entry in found] == [(1, "基本支出"), (2, "项目支出")]
    assert [document.text(entry.span) for entry in found] == ["基本支出：指甲。", "项目支出：指乙。"]
