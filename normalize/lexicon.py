"""The words of a narrative as one pattern: measures, comparisons, verbs, levels and numbers, compiled once from the vocabulary."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby, product
from typing import Any

from normalize.numbers import NUMBER, SPELT_NUMBER
from normalize.vocabulary import VocabularyError, load_csv, load_toml


@dataclass(frozen=True, slots=True)
class Measure:
    """What a phrase measures, and what it means elsewhere (measures.toml)."""

    name: str  # entry of the vocabulary
    means: tuple[str, ...]  # measure ids; two where one number is said of both sides
    category: str | None = None
    count: bool = False
    units: frozenset[str] = frozenset()
    inside: tuple[tuple[str, str], ...] = ()  # (section kind prefix, entry)
    under: tuple[tuple[str, str], ...] = ()  # (parent measure, entry)
    budget: str | None = None
    counts: tuple[tuple[str, frozenset[str]], ...] = ()  # (measure counted while this is the subject, units)
    sections: tuple[str, ...] = ()  # kinds it may stand in; empty means everywhere
    roles: tuple[str, ...] = ()
    generic: bool = False  # a noun right before the phrase makes it something else


def _measure(name: str, entry: dict[str, Any]) -> Measure:
    means = tuple(entry.get("pair", (entry.get("means", name),)))
    return Measure(
        name, means, entry.get("category"), entry.get("count", False), frozenset(entry.get("units", ())),
        tuple(entry.get("in", {}).items()), tuple(entry.get("under", {}).items()), entry.get("budget"),
        tuple((measure, frozenset(units)) for measure, units in entry.get("counts", {}).items()),
        tuple(entry.get("sections", ())), tuple(entry.get("roles", ())), entry.get("generic", False),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All measures by name, phrases to measures, and the pattern that finds every token of a folded passage."""

    measures: dict[str, Measure]
    phrases: dict[str, tuple[str, str | None]]  # phrase -> (entry, level it also says)
    classes: dict[str, str]  # name of a functional class (类) -> code
    followed_by: tuple[tuple[re.Pattern[str], str], ...]  # what stands right behind a counted number -> entry
    kinds: tuple[tuple[str, str], ...]  # token kind -> pattern, in order of precedence
    nonfigures: frozenset[str]

    def pattern_for(self, text: str) -> re.Pattern[str]:
        """The token pattern for one passage: costly kinds take part only where the passage holds a word they need.

        >>> len(lexicon().pattern_for("支出合计5万元").groupindex) < len(lexicon().pattern_for("其他用车2辆").groupindex)
        True
        """
        return _compiled(tuple(kind for kind, words in _NEEDED.items() if not any(word in text for word in words)))


def trie_pattern(phrases: list[str]) -> str:
    """A pattern that matches the longest of many phrases, sharing their beginnings (alternation alone would try each in turn).

    >>> trie_pattern(["收入", "收支", "收入合计"])
    '收(?:入(?:合计)?|支)'
    """
    tree: dict[str, Any] = {}
    for phrase in phrases:
        node = tree
        for character in phrase:
            node = node.setdefault(character, {})
        node[""] = {}

    def render(node: dict[str, Any]) -> str:
        branches = [re.escape(character) + render(node[character]) for character in sorted(node) if character]
        if not branches:
            return ""
        body = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
        if "" not in node:
            return body
        return f"(?:{body})?" if len(branches) == 1 else f"{body}?"

    return render(tree)


_FUNDS_ENDING_IN_BUDGET = ("一般公共预算", "公共财政预算", "政府性基金预算", "国有资本经营预算")


def _level_said(phrase: str) -> str | None:
    if phrase.endswith("预算"):
        return None if phrase.endswith(_FUNDS_ENDING_IN_BUDGET) else "budget"
    return "final" if phrase.endswith("决算") else None


def _any(words: list[str], *, plain: bool = True) -> str:
    ordered = sorted(words, key=len, reverse=True)
    return "|".join(map(re.escape, ordered)) if plain else "|".join(ordered)


def _class_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for row in load_csv("codes_functional.csv"):
        if row["level"] != "类":
            continue
        plain = row["name"].replace("（", "(").replace("）", ")")
        stem = plain.removesuffix("支出")
        for name in (plain, stem + "支出", stem + "支出(类)", stem + "(类)支出", stem + "(类)", plain.replace("和", "与"), stem.replace("和", "与") + "支出(类)"):
            names.setdefault(name, row["code"])
        if len(stem) > 5:  # 教育, 卫生健康 alone are words, not items
            names.setdefault(stem, row["code"])
    return names


_BASE_TEMPLATE = (
    "(?:(?:{before})(?:于)?(?:本部门|本单位|我单位|我部门)?(?:"
    "(?:(?P<base_year>(?:19|20)\\d\\d)年?度?|(?P<base_prior>{prior})度?)(?:部门|单位)?(?:(?P<base_final_of>{final_words})|(?P<base_budget_of>{budget_words}))?"
    "|(?P<base_adjusted>{this_adjusted})|(?P<base_budget>{this_budget}))(?:{after})?|同比)"
)
_ITEM_PATH = r"(?:(?P<item_class>[一-鿿、/()]{2,24}?)\(类\)[,、-]?)?(?P<item_group>[一-鿿、/()]{2,40}?)(?<!收入)\(款(?:\)?\)?[,、-]?(?P<item>[一-鿿、/()]{2,50}?)\(项\)|\))|(?:(?<![一-鿿])|(?<=其中)|(?<=包括))(?P<lone_item>(?!其中|包括|主要|用于)[一-鿿、/]{2,50}?)(?<!收入)\(项\)"
_DASH_PATH = r"(?P<dash_class>[一-鿿、]{3,20}支出)-(?P<dash_group>[一-鿿、()]{2,30})-(?P<dash_item>[一-鿿、()]{2,40}?)(?=\d|支出\d)"
_CODED_ITEM = r"(?<![\d,])(?P<item_code>2[0-3]\d(?:\d\d){1,2}-?|2[0-3]\d-)(?![元万亿人件个户次辆台宗项%])(?P<coded_name>[一-鿿][一-鿿、()]{1,39}?)(?=安排|年初|预算|支出|决算|\d|[,;:。为]|$)(?:支出)?"
_NAME_AND_CODE = r"(?P<named>[一-鿿][一-鿿、]{1,39}(?:\([一二三四]\))?)\((?P<named_code>[235]\d{2}(?:\d{2}){0,2})\)"
_VEHICLE_TYPE = r"(?P<vehicle>一般公务用车|其他[一-鿿()]{0,20}?(?:用车|车辆)|(?:(?!公务用车|购置|共有|共计|实有|保有)[一-鿿()]){2,24}?用车)(?=(?:为|共|合计|数)?\d+(?:辆|台))"
_EQUIPMENT = r"单(?:位|台)?价(?:值|格)?(?:在)?(?P<price>\d+)万元(?:\(含\)|\(含\d+万元\)|含)?(?:及)?以上的?(?P<equipment>通用|专用|大型)?设备(?:\(不含车辆\))?"
_PROCURED_ELSEWHERE = r"(?:在)?其他政府采购项目中,由(?P<sme>中小|小微)企业供应商中标或者?成交的,采购金额"
_MIDDLE_DOT = r"\d+·\d{1,4}(?=(?:万|亿)?元|%)"  # 2477·1万元
_FROM_YEAR = r"(?:由|从)(?:(?P<year_from>(?:19|20)\d\d)年度?|上年度?|去年|上一年度?)(?:预算|决算|支出|收入|执行)?数?(?:的|为)?(?=\d)"  # 由上年的2万元减少到1.5万元
_TARGETED = r"(?P<tracked>编报绩效目标|绩效跟踪(?:评价)?|绩效自评|绩效评价)的(?:19|20)\d\d年度?项目"
_GRADED = r"(?:绩效)?(?:评级|等级|评价等级|评定等级)?为?(?P<grade>优秀|优|良好|良|不合格|合格|中|差)的?(?:等次|等级)?的?项目(?:有|共)?(?=\d)"


@cache
def lexicon() -> Lexicon:
    """The compiled vocabulary; raises `VocabularyError` where two entries own one phrase."""
    words = load_toml("wording.toml")
    measures: dict[str, Measure] = {}
    phrases: dict[str, tuple[str, str | None]] = {}
    followed_by: list[tuple[re.Pattern[str], str]] = []
    for name, entry in load_toml("measures.toml").items():
        measures[name] = _measure(name, entry)
        followed_by += [(re.compile(pattern), name) for pattern in entry.get("after", ())]
        combined = ("".join(parts) for parts in product(*entry["combine"])) if "combine" in entry else ()
        for phrase in dict.fromkeys((*entry["says"], *combined)):
            if phrases.get(phrase, (name,))[0] != name:
                message = f"measures.toml: {phrase} means both {phrases[phrase][0]} and {name}"
                raise VocabularyError(message)
            phrases[phrase] = (name, _level_said(phrase))
    classes = _class_names()
    base = words["base"]
    nonfigures = load_toml("nonfigures.toml")["rules"]
    base_pattern = _BASE_TEMPLATE.format(**{part: _any(base[part]) for part in base})
    kinds = [
        ("equipment_group", _EQUIPMENT),
        *((f"not_{name}", pattern) for name, pattern in nonfigures.items()),
        ("name_and_code", _NAME_AND_CODE),
        ("coded_item", _CODED_ITEM),
        ("number", f"(?P<digits>-?(?:{_MIDDLE_DOT}|{NUMBER})|{SPELT_NUMBER}(?=[万亿]元(?!以[上下内])))(?:(?P<percent>%|个百分点)|(?P<money>{_any(words['units']['money'], plain=False)})|(?P<scale>{words['units']['scale']})?(?P<unit>{_any(words['units']['count'], plain=False)})?)"),
        ("item_path", _ITEM_PATH),
        ("dash_path", _DASH_PATH),
        ("elsewhere", _PROCURED_ELSEWHERE),
        ("from_year", _FROM_YEAR),
        ("targeted", _TARGETED),
        ("graded", _GRADED),
        ("completion", _any(words["completion"]["words"], plain=False)),
        ("difference", _any(words["difference"]["words"], plain=False)),
        ("base", base_pattern),
        ("share", r"占(?:[^,;。:\d]{0,36}?)(?:比例?为|比重为|的比例为|的比重为|比)?(?=\d)"),
        ("reason", _any(words["reason"]["words"])),
        ("purpose", _any(words["purpose"]["words"])),
        ("subject", trie_pattern([*phrases, *classes])),
        ("list", _any(words["lists"]["words"])),
        ("paired", _any(words["paired"]["words"])),
        ("level_prior_final", _any(words["level"]["prior_final"])),
        ("level_prior_budget", _any(words["level"]["prior_budget"])),
        ("level_adjusted", _any(words["level"]["adjusted"])),
        ("level_executed", _any(words["level"]["executed"])),
        ("level_final", _any(words["level"]["final"])),
        ("level_budget", _any(words["level"]["budget"])),
        ("flat", _any(words["flat"]["words"])),
        ("up", rf"(?:{_any(words['verbs']['up'])}|(?:变化|变动)(?=0(?:\.0+)?[^\d.]))(?:\([一-鿿]{{1,2}}\))?"),
        ("down", rf"(?:{_any(words['verbs']['down'])})(?:\([一-鿿]{{1,2}}\))?"),
        ("zero", _any(words["zero"]["words"])),
        ("vehicle_type", _VEHICLE_TYPE),
        ("open", "[(]"),
        ("close", "[)]"),
        ("stop", "[。!]"),
        ("semicolon", ";"),
        ("comma", "[,:]"),
    ]
    return Lexicon(measures, phrases, classes, tuple(followed_by), tuple(kinds), frozenset(kind for kind, _ in kinds if kind.startswith("not_")))


# What a passage must contain for a kind of token to be possible at all.
_NEEDED = {
    "item_path": ("(项)", "项)", "(款)"), "dash_path": ("支出-",), "vehicle_type": ("用车", "其他车辆"), "equipment_group": ("单价", "单位价", "单台价"),
    "elsewhere": ("供应商",), "targeted": ("年度项目",), "graded": ("项目",), "share": ("占",), "coded_item": ("20", "21", "22", "23"), "name_and_code": ("(2", "(3", "(5"), "nonfigure": tuple("0123456789"),
}  # fmt: skip


@cache
def _compiled(left_out: tuple[str, ...]) -> re.Pattern[str]:
    """The token pattern without the kinds that cannot occur. Rules for non-figures and words stand behind one look at the first character."""
    nonfigures = load_toml("nonfigures.toml")["starts"] if "nonfigure" not in left_out else None
    groups: list[str] = []
    for kind_group, kinds in groupby(lexicon().kinds, lambda kind: "not_" if kind[0].startswith("not_") else kind[0] in _WORD_KINDS):
        starts = nonfigures if kind_group == "not_" else _word_starts() if kind_group else ""
        body = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds if kind not in left_out)
        if body and starts is not None:
            groups.append(f"(?=[{re.escape(starts)}])(?:{body})" if starts else body)
    return re.compile("|".join(groups))


_WORD_KINDS = frozenset({"completion", "difference", "base", "share", "reason", "purpose", "subject", "list", "paired", "level_prior_final", "level_prior_budget", "level_adjusted", "level_executed", "level_final", "level_budget", "flat", "up", "down", "zero"})


def _word_starts() -> str:
    """Every character that a token of `_WORD_KINDS` can begin with."""
    words = load_toml("wording.toml")
    lists = (
        lexicon().phrases, lexicon().classes, words["base"]["before"], words["completion"]["starts"], words["difference"]["starts"], *(words[kind]["words"] for kind in ("reason", "purpose", "lists", "paired", "flat", "zero")),
        *words["level"].values(), words["verbs"]["up"], words["verbs"]["down"], ("占", "同比", "变化"),
    )  # fmt: skip
    return "".join(sorted({word[0] for listed in lists for word in listed}))


@cache
def nonfigure_pattern() -> re.Pattern[str]:
    """One pattern for every numeral that is not a figure (nonfigures.toml), for folded text."""
    rules = load_toml("nonfigures.toml")
    return re.compile(f"(?=[{re.escape(rules['starts'])}])(?:{'|'.join(f'(?:{pattern})' for pattern in rules['rules'].values())})")
