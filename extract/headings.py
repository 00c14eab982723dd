"""Outline numbering of Chinese official documents (标题层次): 第一部分 > 一、 > （一） > 1. > （1） > ①.

A line is a heading when it bears a number and says no sentence: short, no full stop inside, no list mark at its end.
"""

from __future__ import annotations

import re

NUMERAL = "一二三四五六七八九十百零〇○"
BLANK = r"[ \t\u00a0\u3000]{0,4}"
OPEN, CLOSE = r"[(（〔﹙]", r"[)）〕﹚]"
NUMBERINGS: tuple[tuple[int, re.Pattern[str]], ...] = tuple(
    (level, re.compile(pattern))
    for level, pattern in (
        (1, rf"第{BLANK}[{NUMERAL}\d]{{1,4}}{BLANK}(?:部分|章|篇|编)[:：、.．]?"),
        (1, r"部分(?=[ \t\u3000])"),  # the 第一 was lost
        (3, rf"{OPEN}?{BLANK}[{NUMERAL}]{{1,4}}{BLANK}{CLOSE}{BLANK}[.．、:：]?"),
        (2, rf"[{NUMERAL}]{{1,4}}{BLANK}[、,，.．:：]"),
        (2, r"、(?=[\u4e00-\u9fff])"),  # the numeral was lost
        (3, rf"{OPEN}{BLANK}{CLOSE}(?=[\u4e00-\u9fff])"),
        (5, rf"{OPEN}?{BLANK}\d{{1,3}}{BLANK}{CLOSE}{BLANK}[.．、]?|[⑴-⒇]"),
        (6, r"[①-⑳]"),
        (4, rf"\d{{1,3}}{BLANK}(?:[、:：]|[,，.．](?!\d))|[⒈-⒛]|\d(?=[\u4e00-\u9fff])(?![年月日个项人元万亿次件家岁时分种条号名户位天第台辆套批所名张座])"),
    )
)
LONGEST = 60  # characters of a heading line after its number
SENTENCE_INSIDE = re.compile(r"[。！？；;!?](?=.)|[，,].{0,60}[，,]")
RUNS_ON = re.compile(r"[；;，,]$")


def heading_of(line: str) -> tuple[int, str, str] | None:
    """Level, number as printed and the rest of a line that begins with outline numbering; None where it bears no number.

    Levels: 1 第一部分, 2 一、, 3 （一）, 4 1., 5 （1）, 6 ①. A lost numeral (`、收入情况`) keeps its level with the mark alone as number.

    >>> heading_of("(一 )财政拨款收入")
    (3, '(一 )', '财政拨款收入')
    >>> heading_of("第二部分 决算表"), heading_of("1.总体情况。全年收入"), heading_of("2020年度收入")
    ((1, '第二部分', '决算表'), (4, '1.', '总体情况。全年收入'), None)
    """
    text = line.strip()
    for level, pattern in NUMBERINGS:
        if found := pattern.match(text):
            return level, found.group().strip(), text[found.end() :].strip()
    return None


def whole_heading(line: str) -> tuple[int, str, str] | None:
    """`heading_of` a line that is a heading as a whole; None for prose, list sentences and run-in headings.

    >>> whole_heading("三、支出决算情况说明。"), whole_heading("1.负责全区招标投标的监督管理；")
    ((2, '三、', '支出决算情况说明。'), None)
    """
    if len(line) > LONGEST + 12:
        return None
    found = heading_of(line)
    if found is None:
        return None
    rest = found[2]
    if not rest or len(rest) > LONGEST or SENTENCE_INSIDE.search(rest) or RUNS_ON.search(rest):
        return None
    if rest[-1] in "。.!！" and (found[0] >= 4 or len(rest) > 30):
        return None
    return found
