"""The declared kinds of table (表种) and how a title line names one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from normalize.folding import key
from normalize.vocabulary import VocabularyError, load_toml

_DECLARED = load_toml("tables.toml")
LONGEST_TITLE = 70  # characters; longer lines are prose
LONGEST_HEAD = 200  # characters; what is longer heads no column


def alternatives(patterns: list[str]) -> re.Pattern[str]:
    """One pattern out of many; each must match the whole text."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or r"(?!)")


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """`column` is meant where the lowest header word matches the last pattern and the others match above it, in order."""

    column: str
    patterns: tuple[re.Pattern[str], ...]

    def fits(self, path: tuple[str, ...]) -> bool:
        """Whether a column under these header words, from the top down, is meant."""
        if not path or len(path[-1]) > LONGEST_HEAD or not self.patterns[-1].fullmatch(path[-1]):
            return False
        above = iter(path[:-1])
        return all(any(len(word) <= LONGEST_HEAD and pattern.fullmatch(word) for word in above) for pattern in self.patterns[:-1])


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of standard table, as declared in `vocabulary/tables.toml`."""

    id: str
    zh: str
    titles: re.Pattern[str]
    columns: tuple[ColumnRule, ...]
    default: str
    default_revenue: str
    default_expenditure: str
    primary: str
    sided: bool
    codes: str | None  # the code system its rows must have
    header: tuple[re.Pattern[str], ...]
    notes: re.Pattern[str]
    fiscal_parts: bool
    irregular: bool  # its rows or columns are read by a module of its own, see `IRREGULAR`


def _groups() -> dict[str, tuple[ColumnRule, ...]]:
    return {
        name: tuple(ColumnRule(column, tuple(re.compile(part.strip()) for part in rule.split(" > "))) for column, rules in group.items() for rule in rules)
        for name, group in _DECLARED["columns"].items()
    }


def _kind(name: str, declared: dict[str, Any], groups: dict[str, tuple[ColumnRule, ...]]) -> Kind:
    unknown = set(declared.get("columns", [])) - groups.keys()
    if unknown:
        message = f"tables.toml: {name} uses undeclared column groups {sorted(unknown)}"
        raise VocabularyError(message)
    default = declared["default"]
    return Kind(
        id=name,
        zh=declared["zh"],
        titles=alternatives(declared["titles"]),
        columns=tuple(rule for group in declared.get("columns", []) for rule in groups[group]),
        default=default,
        default_revenue=declared.get("default_revenue", default),
        default_expenditure=declared.get("default_expenditure", default),
        primary=declared.get("primary", "plain"),
        sided=declared.get("sided", False),
        codes=declared.get("codes"),
        header=tuple(re.compile(pattern) for pattern in declared.get("header", [])),
        notes=alternatives(declared.get("notes", [])),
        fiscal_parts=declared.get("fiscal_parts", False),
        irregular=declared.get("irregular", False),
    )


def _kinds() -> dict[str, Kind]:
    groups = _groups()
    return {name: _kind(name, declared, groups) for name, declared in _DECLARED["kinds"].items()}


KINDS: dict[str, Kind] = _kinds()

_DROP = alternatives(_DECLARED["title"]["drop"])
_SAME = tuple((re.compile(pattern), plain) for pattern, plain in _DECLARED["title"]["same"])
_OWNER = re.compile(_DECLARED["title"]["owner"])
_MARK = re.compile(_DECLARED["title"]["mark"])
_TRAILER = re.compile(r"\(?(?:金额)?(?:计量)?单位[::]?\(?(?:人民币)?(?:百|千|万|亿|萬|億)?元.*$|(?:编制|填报|公开|预算|主管)?(?:部门|单位)(?:名称)?[::].*$")
_ORDINAL = re.compile(r"^(?:附件?\d*[::.、]?|第[一二三四五六七八九十]+部分|\([一二三四五六七八九十\d]{1,3}\)[、.]?|[一二三四五六七八九十]{1,3}[、.:]|\d{1,2}[、.](?!\d))+")
_CLASSIFIES = re.compile(r"分类|科目|功能|经济|分单位")
_PROSE = re.compile(r"[。;?!]|本表|故|因此|^(?:注|备注|说明)[:：]")
_ENDS = re.compile(r"表(?P<tail>(?:\([^()]{1,40}\)?)?)$")


@lru_cache(maxsize=1024)
def bare_title(line: str) -> str | None:
    """What a title line says once numbers, marks, years, units and common words are cut; None for a line that is no table title.

    >>> bare_title("2025年度青岚县财政局部门收入支出决算总表  公开01表  单位：万元")
    '青岚县财政局收支'
    >>> bare_title("表5 一般公共预算财政拨款支出决算表（按支出功能分类科目）"), bare_title("本年收入合计12.5万元。")
    ('一般公共预算支出(按支出功能分类科目)', None)
    """
    text = key(line)
    if not text or len(text) > LONGEST_TITLE or _PROSE.search(text):
        return None
    text = _MARK.sub("", _TRAILER.sub("", text))
    text = _ORDINAL.sub("", text.strip("《》:-. "))
    ends = _ENDS.search(text)
    if ends is None:
        return None
    text = text[: ends.start()] + ends["tail"]
    tail = ""
    if text.endswith(")") or "(" in text[-42:]:
        cut = text.rfind("(")
        text, tail = text[:cut], text[cut:].rstrip(")") + ")"
    if not _CLASSIFIES.search(tail):
        tail = ""
    for pattern, plain in _SAME:
        text = pattern.sub(plain, text)
    text = _DROP.sub("", text)
    for pattern, plain in _SAME:
        text = pattern.sub(plain, text)
    return text + tail or None


@lru_cache(maxsize=1024)
def kinds_of_title(line: str) -> tuple[str, ...]:
    """The kinds a title line may name; the reading that explains most of the line wins.

    >>> kinds_of_title("财政拨款收入支出决算总表"), kinds_of_title("部门综合预算收入总表"), kinds_of_title("2026年部门财政拨款“三公”经费支出情况表")
    (('fiscal_summary',), ('revenue_detail',), ('three_public',))
    >>> kinds_of_title("社会保险基金支出表")
    ()
    """
    bare = bare_title(line)
    if bare is None:
        return ()
    for start in range(len(bare)):
        if _OWNER.fullmatch(bare[:start]) is None:
            continue
        named = tuple(kind.id for kind in KINDS.values() if kind.titles.fullmatch(bare[start:]))
        if named:
            return named
    return ()
