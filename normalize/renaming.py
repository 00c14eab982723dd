"""Bodies under other names (机构更名): what a document says of it, which places were renamed, what reforms made of which body.

Only a document's own words, or a place that was renamed as a whole, prove that two names are of one body. What a reform usually did is a
hint, listed in reformed_bodies.csv.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from normalize.places import mentions, place_of_code
from normalize.titles import squeeze
from normalize.vocabulary import load_csv, load_toml

if TYPE_CHECKING:
    from collections.abc import Mapping

_WORDS = load_toml("renaming.toml")
_MORE = re.compile("|".join(map(re.escape, _WORDS["more"])))
_SIGNS = re.compile("|".join(_WORDS["signs"]))
_START = rf"(?:(?<![一-鿿])|(?<=[{_WORDS['before']}]))"  # where a name can begin that is written without its place
_END = rf"(?:(?![一-鿿])|(?=[{_WORDS['after']}]))"  # 某局 and not 某局办公室


class Named(NamedTuple):
    """A body's name without its place: 县档案馆 of a county whose code today is `region`."""

    region: str | None
    rest: str
    prefixes: tuple[str, ...] = ()  # ways to write the place before the rest: all of it, its last part, 县
    placed: bool = False  # the name itself says its place


class Reform(NamedTuple):
    """What a reform usually made of a body; a line of reformed_bodies.csv."""

    before: str
    after: str
    year: int


def named(department: str, region_code: str | None, year: int | None) -> Named:
    """A department's name taken apart; the place is told by the code it has today.

    >>> named("成都市郫县档案馆", "510124", 2015)[:2], named("成都市郫都区档案馆", "510117", 2020)[:2]
    (('510117', '档案馆'), ('510117', '档案馆'))
    """
    place = place_of_code(region_code, year) if region_code else None
    today = place_of_code(region_code) if region_code else None
    if place is None or today is None:
        return Named(region_code, department)
    found = next((mention for mention in mentions(department, year, place) if mention.place.code == place.code), None)
    rest = department if found is None else department[: found.start] + department[found.end :]
    parts = [part for part in (place.province, place.city, place.county) if part]
    last = parts[-1]
    return Named(today.code, rest, tuple(dict.fromkeys(("".join(parts), parts[0] + last, last, last[-1], f"本{last[-1]}", "我" + last[-1]))), found is not None)


@cache
def _predecessors() -> Mapping[str, int]:
    return Counter(row["successor"] for row in load_csv("divisions.csv") if row["successor"] and row["successor"] != row["code"])


def renamed_as_a_whole(region: str) -> bool:
    """Whether the place came of one place alone, so that its bodies did too (撤县设区), and not of several that were joined."""
    return _predecessors().get(region, 0) <= 1


def says_renamed(text: str, old: Named, new: Named) -> tuple[str, bool] | None:
    """The words of a text that say that `old` is called `new` now, and whether the sentence says nothing more (合并, 组建 …); None where it does not.

    >>> place = ("白榆县", "县")
    >>> says_renamed("2019年机构改革，县环境保护局更名为县生态环境局。", Named(None, "环境保护局", place), Named(None, "生态环境局", place))
    ('县环境保护局更名为县生态环境局', True)
    >>> says_renamed("乙县环境保护局更名为乙县生态环境局。", Named(None, "环境保护局", ("白榆县",)), Named(None, "生态环境局", ("白榆县",))) is None
    True
    """
    if not _SIGNS.search(text):
        return None
    flat = squeeze(text)
    if old.rest not in flat or new.rest not in flat:
        return None
    for pattern in _WORDS["says"]:
        match = re.search(pattern.replace("{old}", _written(old)).replace("{new}", _written(new)), flat)
        if match is not None:
            start, end = flat.rfind("。", 0, match.start()) + 1, flat.find("。", match.end())
            return match[0], _MORE.search(flat[start : end if end >= 0 else None]) is None
    return None


def _written(name: Named) -> str:
    """The ways to write a body in its own county: with its place, with 县 alone where no name stands before it, or bare."""
    places = "|".join(map(re.escape, sorted((place for place in name.prefixes if len(place) > 1), key=len, reverse=True)))
    levels = "".join(place for place in name.prefixes if len(place) == 1)
    alone = f"{_START}[{levels}]?" if levels else _START
    return f"(?:{f'(?:{places})|' if places else ''}{alone}){re.escape(name.rest)}{_END}"


@cache
def reforms() -> tuple[Reform, ...]:
    """The lines of reformed_bodies.csv."""
    return tuple(Reform(row["before"], row["after"], int(row["year"])) for row in load_csv("reformed_bodies.csv"))
