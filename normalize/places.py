"""Places of China and their codes (行政区划代码, GB/T 2260), as they stood in a fiscal year.

A name is read with what stands before it (省 > 市 > 县); one that several places bear and nothing settles is no place.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from normalize.vocabulary import VocabularyError, load_csv, load_toml

LATEST = 9999  # "until" of what holds today


class Place(NamedTuple):
    """A province, prefecture or county: its GB/T 2260 code and the names of what it lies in."""

    code: str
    province: str
    city: str | None
    county: str | None


class Mention(NamedTuple):
    """A place named in a text: where its name begins and ends, and which place it is."""

    start: int
    end: int
    place: Place


class _Division(NamedTuple):
    code: str
    name: str
    until: int
    successor: str


class _Register(NamedTuple):
    rows: dict[str, tuple[_Division, ...]]  # by code, oldest name first
    predecessors: dict[str, tuple[str, ...]]  # code -> earlier codes, latest first
    full: dict[str, frozenset[str]]  # official and short official names -> codes
    bare: dict[str, frozenset[str]]  # 重庆, 贵阳: names only before a place inside
    lengths: dict[str, tuple[int, ...]]  # first two characters -> lengths of the names that begin so, longest first


def _short_names(name: str, nationalities: list[str], autonomous: list[list[str]]) -> set[str]:
    shorter: set[str] = set()
    for long, short in autonomous:
        if name.endswith(long):
            stem = re.sub(rf"(?:{'|'.join(nationalities)})+$", "", name.removesuffix(long))
            if len(stem) >= 2 and stem != name.removesuffix(long):
                shorter.add(stem + short)
    return shorter


@cache
def _register() -> _Register:
    knowledge = load_toml("places.toml")
    listed: dict[str, list[_Division]] = defaultdict(list)
    for row in load_csv("divisions.csv"):
        listed[row["code"]].append(_Division(row["code"], row["name"], int(row["until"] or LATEST), row["successor"]))
    rows = {code: tuple(sorted(divisions, key=lambda division: division.until)) for code, divisions in listed.items()}
    predecessors: dict[str, list[_Division]] = defaultdict(list)
    full: dict[str, set[str]] = defaultdict(set)
    bare: dict[str, set[str]] = defaultdict(set)
    for code, divisions in rows.items():
        for division in divisions:
            if division.successor and division.successor not in rows:
                message = f"divisions.csv: {code} {division.name} names an unknown successor {division.successor}"
                raise VocabularyError(message)
            if division.successor and division.successor != code:
                predecessors[division.successor].append(division)
            full[division.name].add(code)
            for short in _short_names(division.name, knowledge["nationalities"], knowledge["autonomous"]):
                full[short].add(code)
            for short in knowledge["short"].get(division.name, ()):
                (bare if code.endswith("0000") and not short.endswith("区") else full)[short].add(code)
            ending = next((ending for ending in knowledge["endings"] if division.name.endswith(ending)), "")
            if code.endswith("00") and len(division.name) - len(ending) >= 2:
                bare[division.name.removesuffix(ending)].add(code)
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in (*full, *bare):
        lengths[name[:2]].add(len(name))
    return _Register(
        rows,
        {code: tuple(d.code for d in sorted(before, key=lambda d: -d.until)) for code, before in predecessors.items()},
        {name: frozenset(codes) for name, codes in full.items()},
        {name: frozenset(codes) for name, codes in bare.items()},
        {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()},
    )  # fmt: skip


def _lineage(code: str) -> tuple[str, ...]:
    """The code in force today and all before it, latest first."""
    register = _register()
    while (last := register.rows[code][-1]).until != LATEST and last.successor and last.successor != code:
        code = last.successor
    return code, *register.predecessors.get(code, ())


def place_of_code(code: str, year: int | None = None) -> Place | None:
    """The place of a GB/T 2260 code, told by the code and names of the fiscal year; None for an unknown code.

    >>> place_of_code("510124", 2020)
    Place(code='510117', province='四川省', city='成都市', county='郫都区')
    >>> place_of_code("510117", 2015)
    Place(code='510124', province='四川省', city='成都市', county='郫县')
    """
    register = _register()
    if code not in register.rows:
        return None
    year = year or LATEST
    valid = code
    for candidate in _lineage(code):
        if register.rows[candidate][-1].until >= year:
            valid = candidate

    def name(of: str) -> str | None:
        divisions = register.rows.get(of)
        return next((division.name for division in divisions if division.until >= year), divisions[-1].name) if divisions else None

    province = name(valid[:2] + "0000") or ""
    if valid.endswith("0000"):
        return Place(valid, province, None, None)
    city = name(valid[:4] + "00")
    return Place(valid, province, city, None) if valid.endswith("00") else Place(valid, province, city, name(valid))


def _inside(code: str, outer: str) -> bool:
    """Whether `code` lies in `outer`, itself included, by any code the place ever had."""
    prefix = outer.rstrip("0") if outer.endswith("0000") else outer[:4] if outer.endswith("00") else outer
    prefix = prefix.ljust(2, "0")
    return any(candidate.startswith(prefix) for candidate in _lineage(code))


def _names_at(text: str, position: int) -> list[tuple[int, frozenset[str], bool]]:
    register = _register()
    found = []
    for length in register.lengths.get(text[position : position + 2], ()):
        name = text[position : position + length]
        if name in register.full:
            found.append((position + length, register.full[name], False))
        elif name in register.bare:
            found.append((position + length, register.bare[name], True))
    return found


def _chain(text: str, position: int) -> tuple[int, frozenset[str], bool] | None:
    """The longest nesting run of names at `position`: its end, the codes it can mean, and whether it is only a bare short name."""
    best: tuple[int, frozenset[str], bool] | None = None
    for end, codes, is_bare in _names_at(text, position):
        inner = _chain(text, end)
        if inner is not None and not inner[2]:
            nested = frozenset(code for code in inner[1] if any(code != outer and _inside(code, outer) for outer in codes))
            if nested and (best is None or inner[0] > best[0]):
                best = inner[0], nested, False
        if best is None:
            best = end, codes, is_bare
        elif best[2] and not is_bare:
            best = end, codes, False
    return best


def _settle(codes: frozenset[str], year: int | None, within: Place | None) -> Place | None:
    """One place out of the codes a name can mean, or None where it stays ambiguous."""
    places = {place for code in codes if (place := place_of_code(code, year)) is not None}
    if len(places) > 1:  # a name that ended before the year yields to one that holds in it
        held = {place for place in places if place.code in codes and _holds(place.code, year)}
        places = held or places
    if len(places) > 1 and within is not None:
        places = {place for place in places if _inside(place.code, within.code)}
    return places.pop() if len(places) == 1 else None


def _holds(code: str, year: int | None) -> bool:
    return _register().rows[code][-1].until >= (year or LATEST)


_UNKNOWN_OUTER = frozenset("省市州盟县区旗")


def mentions(text: str, year: int | None = None, within: Place | None = None) -> list[Mention]:
    """Every place a text names, left to right; `within` settles names that several provinces share.

    A name directly behind an unknown 省, 市 or 县 belongs to a place that is not in the register and is left out.
    """
    found: list[Mention] = []
    position = 0
    while position < len(text) - 1:
        chain = _chain(text, position)
        if chain is None or chain[2]:
            position += 1
            continue
        known_outer = position == 0 or text[position - 1] not in _UNKNOWN_OUTER or bool(found and found[-1].end == position)
        place = _settle(chain[1], year, within) if known_outer else None
        if place is not None:
            found.append(Mention(position, chain[0], place))
        position = chain[0]
    return found


def find_place(text: str, year: int | None = None, within: Place | None = None) -> Place | None:
    """The first place a department's name or a line names (所属行政区划), with its code of the fiscal year; None where it stays ambiguous.

    >>> find_place("成都市郫都区川菜博物馆", 2020)
    Place(code='510117', province='四川省', city='成都市', county='郫都区')
    >>> find_place("贵州省黔南州罗甸县人民法院", 2022)
    Place(code='522728', province='贵州省', city='黔南布依族苗族自治州', county='罗甸县')
    >>> find_place("鼓楼区档案馆", 2022) is None, find_place("鼓楼区档案馆", 2022, within=find_place("福建省福州市"))
    (True, Place(code='350102', province='福建省', city='福州市', county='鼓楼区'))
    """
    found = mentions(text, year, within)
    if found:
        return found[0].place
    return _bare_place(text, year)


def _bare_place(text: str, year: int | None) -> Place | None:
    """A name without its ending (长沙, 天津): only where the text opens with it or a province stands alone, and nothing else bears it."""
    for position in range(len(text) - 1):
        chain = _chain(text, position)
        if chain is not None and chain[2]:
            place = _settle(chain[1], year, None)
            if place is not None and (position == 0 or place.code.endswith("0000")):
                return place
    return None
