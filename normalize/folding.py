"""Folded text: the form in which wording is compared, with the way back to what is printed.

Half-width brackets and digits, no blanks, no quotation marks, radicals, compatibility and Traditional forms as ordinary characters, no
pinyin glosses. Matching happens on the folded text only; what is published is cut from the printed text through `Folded.span`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from extract.document import Span
from normalize.vocabulary import load_csv

# Every Traditional or regional form (預, 説, 衆) that OpenCC's table t2s gives for a character of the vocabularies, left out where the form
# itself stands in the name of a place, code or body (乾县). Made once; a character that enters the vocabularies later adds its forms here.
TRADITIONAL = {ord(row["traditional"]): row["simplified"] for row in load_csv("traditional.csv")}


def _one_to_one() -> dict[int, str]:
    table = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}  # full-width ASCII
    for first, last in ((0x2E80, 0x2FD5), (0xF900, 0xFAFF)):  # radicals, compatibility ideographs
        for code in range(first, last + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain != chr(code):
                table[code] = plain
    table |= {ord(a): b for a, b in zip("〔〕【】﹙﹚〈〉﹤﹥、﹑﹐﹔﹕﹪−–—―－~～", "[][]()<><>、、,;:%-----~~", strict=True)}
    table |= TRADITIONAL
    table |= {ord(blank): " " for blank in "\u3000\u00a0\u2002\u2003\u2009\u200a\t\r\n"}
    return table


_TABLE = _one_to_one()
INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"  # what turns a line round among them
_DROPPED = "“”\"'‘’「」『』＂" + INVISIBLE
# A blank stays only between two numbers, where dropping it would make one number of two.
_KEPT = re.compile(rf"[^\s{_DROPPED}]+|(?<=[0-9%])[ ]+(?=[0-9])")
_NOT_IN_KEYS = _DROPPED + "".join(filter(str.isspace, map(chr, range(0x3001))))
_KEY_TABLE: dict[int, str | None] = {code: None if plain in _NOT_IN_KEYS else plain for code, plain in _TABLE.items()} | dict.fromkeys(map(ord, _NOT_IN_KEYS))


# 預(yù)算, 財(cái)政: mirrors print the pinyin of a character behind it. A syllable without tone counts only beside one that has one, so that
# (境), (本级), (ha) stay.
_LETTER = "a-zɑɡü"
_TONE = "āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u030c"
_TONED = re.compile(rf"[(（][{_LETTER}]{{0,4}}[{_TONE}]")
_PINYIN = re.compile(rf"(?<=[㐀-鿿])[(（](?:[{_LETTER}]{{0,4}}[{_TONE}][{_LETTER}{_TONE}]{{0,4}}|[bpmfdtnlgkhjqxzcsryw]{{1,2}}[aeiouüv]{{1,3}}(?:ng?|r)?)[)）]")


def pinyin_glosses(text: str) -> list[Span]:
    """Where brackets hold the pinyin of the character before them.

    >>> pinyin_glosses("預(yù)算數(shù)，因公出國(境)費，單位(本级)")
    [Span(start=1, end=5), Span(start=7, end=12)]
    """
    return [Span(*gloss.span()) for gloss in _PINYIN.finditer(text)] if _TONED.search(text) else []


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each run of it, where the run stands in the printed text."""

    text: str
    _starts: tuple[int, ...]
    _origins: tuple[int, ...]

    def origin(self, position: int) -> int:
        """Printed position of one folded character."""
        run = bisect_right(self._starts, position) - 1
        return self._origins[run] + position - self._starts[run]

    def span(self, start: int, end: int) -> Span:
        """Printed range of a folded range that is not empty."""
        return Span(self.origin(start), self.origin(end - 1) + 1)


@lru_cache(maxsize=1024)  # every reader of a document folds the same paragraphs
def fold(text: str, offset: int = 0) -> Folded:
    """The folded form of `text`, which starts at `offset` of its document.

    >>> folded = fold("较上年增加７.47万 元（“三公”）")
    >>> folded.text
    '较上年增加7.47万元(三公)'
    >>> folded.span(5, 11)
    Span(start=5, end=12)
    >>> fold("預(yù)算5萬元").text
    '预算5万元'
    """
    plain = text.translate(_TABLE)
    if "(" in plain and _TONED.search(plain):
        plain = _PINYIN.sub(lambda gloss: "\u200b" * len(gloss.group()), plain)
    pieces: list[str] = []
    starts: list[int] = []
    origins: list[int] = []
    length = 0
    for run in _KEPT.finditer(plain):
        pieces.append(run.group())
        starts.append(length)
        origins.append(offset + run.start())
        length += run.end() - run.start()
    return Folded("".join(pieces), tuple(starts) or (0,), tuple(origins) or (offset,))


@lru_cache(maxsize=8192)
def key(text: str) -> str:
    r"""Folded text without any blank: the form in which labels and headers are compared.

    >>> key("本年收入合\n计")
    '本年收入合计'
    """
    plain = text.translate(_KEY_TABLE)
    return fold(text).text.replace(" ", "") if "(" in plain and _TONED.search(plain) else plain
