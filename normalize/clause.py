"""What the next number of a sentence is about: the state a clause leaves behind, and what the words round a number tell.

Ellipsis is nothing but state that outlives a comma: the subject of `增加7.47万元,增长1.2%` is the one named before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from normalize.lexicon import Measure


class Subject(NamedTuple):
    """What a number is about."""

    measures: tuple[str, ...]
    category: str | None = None
    function_code: str | None = None
    entry: Measure | None = None
    label: str | None = None
    economic_code: str | None = None

    @property
    def first(self) -> str:
        """The measure, or the first of a pair; empty for a noun that is no measure."""
        return self.measures[0] if self.measures else ""


@dataclass(slots=True)
class State:
    """What a reader knows at one place of a passage."""

    subjects: tuple[Subject, ...] = ()
    named: tuple[Subject, ...] = ()  # subjects of this sentence
    money: tuple[Subject, ...] = ()  # the last subjects that are not counts
    put_off: tuple[Subject, ...] = ()  # the subject before a noun that is no measure
    parent: tuple[Subject, ...] = ()
    categories: dict[str, str] = field(default_factory=dict)  # the category a measure was last said with in this paragraph
    listed: int = 0  # items of the list under the parent so far
    subject_end: int = -1  # where the last subject phrase ended, for A、B、C
    base: str | None = None
    base_seen: int = -99  # where it was named
    level: str | None = None
    level_end: int = -99
    year: int | None = None
    sign: int = 0
    sign_end: int = -1
    changed: tuple[int, int] = (-99, 0)  # where the last stated change ended, and its sign
    mode: str | None = None  # share | completion | difference
    share_of: str | None = None
    paired: int = -1  # next value of 分别为 a、b; -1 when values are not dealt out
    reason: int = -1  # where the reason began
    purpose: bool = False
    zero: tuple[int, int] | None = None
    projects: bool = False  # inside a list of projects with their amounts
    project: str | None = None
    item_class: str | None = None  # the 类 that a heading or an earlier figure named
    item_group: str | None = None  # the 款 below it
    brackets: list[tuple[tuple[Subject, ...], tuple[Subject, ...], dict[str, str]]] = field(default_factory=list)  # subjects and categories before each open bracket
    token_end: int = 0  # where the last token ended
    opened: int = 0  # how many lines there were when the paragraph began
    pattern: re.Pattern[str] = field(default_factory=lambda: re.compile(""))  # the tokens of the passage being read
    spent: bool = False  # a number has been read since the last subject

    def both_sides(self) -> tuple[Subject, ...]:
        """The subjects; both where the sentence named revenue and expenditure of one kind one after the other and only the second is left."""
        both = tuple(subject for subject in self.named[-2:] if subject.first.endswith(("_revenue", "_expenditure")))
        alike = len(both) == 2 and both[0].first.removesuffix("revenue") == both[1].first.removesuffix("expenditure")
        return both if alike and len(self.subjects) == 1 else self.subjects

    def end_sentence(self) -> None:
        """What held for one sentence only is forgotten."""
        if self.listed > 1 and self.reason < 0 and not self.purpose:  # the list is done: the next sentence speaks of its head again
            self.subjects = self.money = self.parent
        self.listed = 0
        self.named = self.put_off = ()
        self.level = self.mode = self.zero = None
        self.sign = 0
        self.paired = self.reason = -1
        self.purpose = self.projects = False
        self.spent = True


_ORDINAL_AFTER = re.compile(r"[.、)](?!\d)")
_SPELT_YEAR = "二[〇○零][〇○零一二三四五六七八九]{2}年"
_FILLER = re.compile("|".join((_SPELT_YEAR, *sorted(map(re.escape, load_toml("wording.toml")["filler"]["words"]), key=len, reverse=True))))
_BODY = re.compile(load_toml("wording.toml")["filler"]["bodies"])


def is_noun(gap: str) -> bool:
    """Whether words between two tokens name something of their own, which the next figure is then said of.

    >>> is_noun("固定资产"), is_noun("费用支出"), is_noun("白榆县水务局"), is_noun("二〇二二年度")
    (True, False, False, False)
    """
    clause = re.split(r"[。;,:、()!]", gap)[-1]
    return len(clause) > 1 and not _BODY.fullmatch(clause) and len(re.sub(r"[^一-鿿]", "", _FILLER.sub("", clause))) > 1


def dealt(subjects: tuple[Subject, ...]) -> tuple[tuple[Subject, str], ...]:
    """The subjects that paired values are dealt out to, one measure each."""
    return tuple((subject, measure) for subject in subjects for measure in subject.measures)


def is_ordinal(text: str, start: int, end: int) -> bool:
    """A list number: `；2.培训费…`, `（3）`."""
    opens = start == 0 or text[start - 1] in "。;:,(!"
    return opens and _ORDINAL_AFTER.match(text, end) is not None and "." not in text[start:end]


VALUES_BEFORE = re.compile(r"(?:\d[\d.]*(?:%|万元|亿元|元)?[、,和])+$")
_NEXT_VALUE = re.compile(r"[、,和](?!(?:19|20)\d\d年)(?=\d)")


def unit_of_pair(pattern: re.Pattern[str], text: str, token: re.Match[str]) -> str | None:
    """`A,B万元`: a value without unit takes the unit of the value it is paired with."""
    value: re.Match[str] | None = token
    while value is not None and value.lastgroup == "number":
        if value["money"] or token["percent"]:
            return value["money"] or "%"
        joint = _NEXT_VALUE.match(text, value.end())
        value = pattern.match(text, joint.end()) if joint else None
    return None


def pair_position(text: str, token: re.Match[str]) -> int | None:
    """Place of a value among values joined by 、 or a comma (`a,b万元`); None for a value that stands alone."""
    behind = _NEXT_VALUE.match(text, token.end()) is not None
    before = re.search(r"\d(?:%|万元|元|亿元)?[、,和]$", text[max(0, token.start() - 6) : token.start()]) is not None
    return 0 if behind and not before else 1 if before else None


def label_before(text: str, start: int) -> str:
    """The words before a number, back to the last break or number: what a performance figure counts."""
    words = re.split(r"[,;:。()]|\d+(?:[.]\d+)?[一-鿿%]{0,3}?(?=[一-鿿])", text[max(0, start - 40) : start])[-1]
    return re.sub(r"(?:共计?|为|达到?|约|超过?|了|完成|累计)+$", "", words)[-24:]
