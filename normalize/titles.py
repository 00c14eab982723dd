"""Titles of disclosures: which body, which year, budget or final account, department or unit (标题).

Of the forms X局2022年度部门决算, 2026年X局部门预算, X局关于2023年单位预算公开的说明, with the lines of a cover joined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from normalize.folding import INVISIBLE
from normalize.vocabulary import load_toml

_WORDS = load_toml("identity.toml")
_NAME = _WORDS["name"]
_TITLE = _WORDS["title"]
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九０１２３４５６７８９", "00012345678901234567" + "89")

_BLANK = re.compile(rf"[\s{INVISIBLE}]+")
_LEADERS = re.compile(r"[.．…·¨]{3,}.*$")
# 一般公共预算 and its like are funds, not a stage
_STAGE = re.compile(r"预决算|决算|(?<!一般公共)(?<!公共财政)(?<!政府性基金)(?<!国有资本经营)(?<!保险基金)预算")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d|[二２][〇○零０][〇○零一二三四五六七八九]{2})(?=年)年度?|(?<![\d./-])(20\d\d)(?![\d./-])(?:年度?)?")
_LEAD = re.compile(rf"^(?:附[件表]?\d*[:：.、]?|\d{{1,3}}[.、．]|【[^】]*】|[《“\"]|第[一二三四五六七八九十]+部分[:：]?|{'|'.join(map(re.escape, _NAME['lead']))})+")
_TRAIL = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(_NAME['trail'], key=len, reverse=True)))}|[》”\"\[【])$")
_ENDING = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(_NAME['endings'], key=len, reverse=True)))})$")
_NEVER = re.compile(rf"(?:{'|'.join(map(re.escape, _NAME['never']))})$")
_WITHOUT = re.compile("|".join(map(re.escape, _NAME["without"])))
_NAME_CHARACTERS = re.compile(r"[一-鿿㐀-䶿A-Za-z0-9（）()·、“”〇○]+")
_BRACKET = re.compile(r"[（(]([^（）()]*)[）)]$")
_OTHER = re.compile("|".join(map(re.escape, _TITLE["other"])))
_FOLLOWS = re.compile("|".join(map(re.escape, sorted(_TITLE["follows"], key=len, reverse=True))))
_GOVERNMENT = re.compile("|".join(map(re.escape, _TITLE["government"])))
_EVALUATION = re.compile("|".join(map(re.escape, _TITLE["evaluation"])))
_PLACE_ONLY = re.compile(r"[一-鿿]{2,20}[省市区县州盟旗镇乡]")


@dataclass(frozen=True, slots=True)
class Title:
    """What a title says; None where it does not say it."""

    text: str
    name: str | None = None  # the body, as printed, without blanks
    year: int | None = None
    stage: str | None = None  # budget | final
    edition: str | None = None  # department | unit | government
    evaluation: bool = False  # 绩效自评 …: forms, not accounts


def squeeze(text: str) -> str:
    """A printed line without its blanks, and without marks that nobody sees.

    >>> squeeze("上海市 XX 局 2024 年度")
    '上海市XX局2024年度'
    """
    return _BLANK.sub("", text)


def year_of(match: re.Match[str]) -> int:
    """The year of a `_YEAR` match, Chinese numerals included."""
    return int((match[1] or match[2]).translate(_CHINESE_DIGITS).replace("二", "2"))


def bare_name(name: str) -> str:
    """A body's name without the brackets that say which part of it is meant: 某局（本级） -> 某局."""
    while (bracket := _BRACKET.search(name)) and bracket[1] in {*_NAME["scope"], *_NAME["edition"]}:
        name = name[: bracket.start()]
    return name


def clean_name(text: str) -> str:
    """What is left of a title as a name: leading numbers and 关于, trailing 部门, 所属单位 and edition brackets taken off.

    >>> clean_name("附件1：北京市某某局部门"), clean_name("某市某局（部门）")
    ('北京市某某局', '某市某局')
    """
    name = _LEAD.sub("", squeeze(text))
    while True:
        shorter = _TRAIL.sub("", name)
        bracket = _BRACKET.search(shorter)
        if bracket is not None and bracket[1] in _NAME["edition"]:
            shorter = shorter[: bracket.start()]
        if shorter == name or (is_body(name) and not is_body(shorter) and not _TRAIL_WORDS.search(name)):
            return name
        name = shorter


_TRAIL_WORDS = re.compile(r"(?:部门|单位|所属|下属|直属)$")


def is_body(name: str) -> bool:
    """Whether a text can be the name of an organ or unit (机关、事业单位), by its ending and by what it does not contain.

    >>> [is_body(text) for text in ("上海市长宁区财政局", "上海市长宁区", "某市某局（本级）", "国有资本经营预算情况", "太原市XX局")]
    [True, False, True, False, False]
    """
    bare = bare_name(name)
    if bracket := _BRACKET.search(bare):  # a second name: 某救助管理站（某救助中心）
        bare = bare[: bracket.start()]
    return (
        3 <= len(bare) <= 48
        and _NAME_CHARACTERS.fullmatch(name) is not None
        and name.count("（") + name.count("(") == name.count("）") + name.count(")")
        and _ENDING.search(bare) is not None
        and _NEVER.search(bare) is None
        and _WITHOUT.search(name) is None
    )


@lru_cache(maxsize=1024)
def read_title(text: str) -> Title:
    """Body, year, stage and edition of a title, in whatever order it prints them (X年X局部门预算, X局X年度部门决算, X局关于X年…的说明).

    >>> read_title("重庆市财政预算绩效管理中心2026年单位预算公开")
    Title(text='重庆市财政预算绩效管理中心2026年单位预算公开', name='重庆市财政预算绩效管理中心', year=2026, stage='budget', edition='unit', evaluation=False)
    >>> read_title("2022年度 中国人民政治协商会议青岚省白榆县委员会 部门决算").name
    '中国人民政治协商会议青岚省白榆县委员会'
    >>> read_title("关于做好2020年度市级部门决算信息公开工作的通知").stage is None
    True
    """
    plain = _LEADERS.sub("", squeeze(text))
    if not 4 <= len(plain) <= 120:
        return Title(plain)
    readings = [reading for match in _STAGE.finditer(plain) if (reading := _reading(plain, match)) is not None]
    named = [reading for reading in readings if reading.name]
    best = next((reading for reading in named if reading.year), named[0] if named else readings[0] if readings else None)
    if best is not None:
        return best
    if match := _EVALUATION.search(plain):
        return _evaluation(plain, match)
    return Title(plain)


def _reading(plain: str, stage: re.Match[str]) -> Title | None:
    head, tail = plain[: stage.start()], plain[stage.end() :]
    if _OTHER.search(tail) or (tail and not _FOLLOWS.match(tail)):
        return None
    years = list(_YEAR.finditer(head))
    year = years[-1] if years else None
    before, after = (head[: year.start()], head[year.end() :]) if year else ("", head)
    name = next((name for part in (before, after) if (name := clean_name(part)) and is_body(name)), None)
    if _OTHER.search(head.replace(name or "\n", "")[-12:]):  # 政府采购中心, 招聘服务中心 are names
        return None
    between = after[len(name) :] if name and after.startswith(name) else after
    edition = None
    if "部门" in between[-8:] or "部门" in tail[:6]:
        edition = "department"
    elif "单位" in between[-8:] and "部门" not in between[-8:]:
        edition = "unit"
    place = clean_name(before or after)
    if edition is None and name is None and _GOVERNMENT.search(plain) and _PLACE_ONLY.match(place):
        edition = "government"
    printed = year or (_YEAR.search(tail) if name is None else None)
    return Title(
        plain, name, year_of(printed) if printed else None, _TITLE["stages"].get(stage.group()), edition,
        evaluation=_EVALUATION.search(plain) is not None,
    )  # fmt: skip


def _evaluation(plain: str, match: re.Match[str]) -> Title:
    if _OTHER.search(plain[match.end() :]):
        return Title(plain)
    head = plain[: match.start()]
    years = list(_YEAR.finditer(head))
    year = years[-1] if years else None
    parts = (head[: year.start()], head[year.end() :]) if year else (head,)
    name = next((name for part in parts if (name := clean_name(part)) and is_body(name)), None)
    return Title(plain, name, year_of(year) if year else None, None, None, evaluation=True)
