"""Budget classifications (政府收支分类科目): names to codes and codes to names, as an open vocabulary.

The lists are a prior, not a law: they are incomplete, and `known` says whether an entry was read in an official form (official), seen in
published accounts (seen) or written from memory (recalled). What a document's own tables print beside each other comes first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from normalize.folding import key
from normalize.records import Finding
from normalize.vocabulary import load_csv, load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from normalize.records import BudgetLine

_LEVEL_MARK = re.compile(r"\((?:类|款|项|目)\)")
_OTHER = "99"
_FUNCTION = re.compile(r"2\d{2}(?:\d{2}){0,2}")
_SHAPE = re.compile(r"[235]\d{2}(?:\d{2}){0,2}")


# Subjects that every 款 has under the same two digits.
_EVERY_GROUP = {"行政运行": "01", "一般行政管理事务": "02", "机关服务": "03", "事业运行": "50"}


class Entry(NamedTuple):
    """One line of a classification list."""

    code: str
    name: str
    year_from: int | None
    year_to: int | None
    known: str  # official | seen | recalled


@lru_cache(maxsize=4096)
def bare_name(name: str) -> str:
    """A subject name as it is compared: 和 for 与 and 及, without （类）（款）（项）, brackets, a final 支出 or (经费).

    >>> bare_name("社会保障与就业支出（类）"), bare_name("住房保障"), bare_name("其他支出")
    ('社会保障和就业', '住房保障', '其他支出')
    """
    text = _LEVEL_MARK.sub("", key(name))
    text = re.sub(r"[()、,.·]", "", text).replace("与", "和").replace("及", "和")
    short = text.removesuffix("支出").removesuffix("经费")
    return short if len(short) > 2 else text  # 其他支出 and 其他 are not the same


@cache
def entries(classification: str) -> tuple[Entry, ...]:
    """A list: functional, economic_department (301-399) or economic_government (501-599)."""
    source = "codes_functional.csv" if classification == "functional" else "codes_economic.csv"
    return tuple(
        Entry(row["code"], row["name"], int(row["year_from"]) if row["year_from"] else None, int(row["year_to"]) if row["year_to"] else None, row["known"])
        for row in load_csv(source)
        if row["classification"] == classification
    )


@cache
def _aliases() -> Mapping[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for names in load_toml("codes_aliases.toml")["functional"]:
        bare = tuple(bare_name(name) for name in names)
        for one in bare:
            groups[one] = bare
    return groups


def _same(name: str) -> tuple[str, ...]:
    bare = bare_name(name)
    return _aliases().get(bare, (bare,))


@cache
def _codes_by_name() -> Mapping[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries("functional"):
        found[bare_name(entry.name)].append(entry)
    return {name: tuple(listed) for name, listed in found.items()}


def function_code(name: str, year: int | None = None, parent: str | None = None) -> str | None:
    """Code of a functional subject (支出功能分类) by its name; without `parent` a class (类), with it a subject right below.

    Names of other years count where only one code bears them; None where the list does not know the name.

    >>> function_code("社会保障与就业支出", 2020), function_code("文化体育与传媒支出（类）", 2024), function_code("财政事务", 2024, parent="201")
    ('208', '207', '20106')
    """
    length = 3 if parent is None else len(parent) + 2
    listed = [entry for one in _same(name) for entry in _codes_by_name().get(one, ()) if len(entry.code) == length and entry.code.startswith(parent or "")]
    current = {entry.code for entry in listed if year is None or ((entry.year_from or year) <= year <= (entry.year_to or year))}
    codes = current or {entry.code for entry in listed}
    if not codes and parent is not None and len(parent) == len("20106"):
        suffix = _EVERY_GROUP.get(bare_name(name))
        return parent + suffix if suffix else None
    return codes.pop() if len(codes) == 1 else None


@cache
def _economic_by_name(classification: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entries(classification):
        found[bare_name(entry.name).replace("的", "")].append(entry.code)
    return {name: tuple(codes) for name, codes in found.items()}


def economic_code(name: str, parent: str | None = None, *, government: bool = False) -> str | None:
    """Code of an economic subject (支出经济分类) by its name: without `parent` a class (类), with it a subject of that class.

    >>> economic_code("对个人和家庭补助"), economic_code("基本工资", "301"), economic_code("机关工资福利支出", government=True)
    ('303', '30101', '501')
    """
    listed = _economic_by_name("economic_government" if government else "economic_department").get(bare_name(name).replace("的", ""), ())
    length = len(parent) + 2 if parent else 3
    codes = [code for code in listed if len(code) == length and code.startswith(parent or "")]
    return codes[0] if len(codes) == 1 else None


@dataclass(frozen=True, slots=True)
class DocumentCodes:
    """Names and codes as one document prints them side by side, with the lists behind them."""

    printed: Mapping[str, frozenset[str]]  # code -> bare names
    year: int | None

    def function_code(self, path: Sequence[str]) -> str | None:
        """Code of a path of names 类, 款, 项; None when unknown or ambiguous.

        A 类 or 款 that is named otherwise than anywhere known may be skipped when the names below it lead to one printed code; a 其他… that
        is named otherwise than the table prints it is the 99 of its parent.
        """
        prefixes = {""}
        for depth, name in enumerate(path):
            found = {code for prefix in prefixes for code in self._below(prefix, depth, name)}
            if not found:
                found = self._without_list(prefixes, depth, name, last=depth == len(path) - 1)
            prefixes = found or prefixes
            if not found and depth == len(path) - 1:
                return None
        printed = {code for code in prefixes if code in self.printed}
        chosen = printed or prefixes
        return chosen.pop() if len(chosen) == 1 else None

    def _below(self, prefix: str, depth: int, name: str) -> set[str]:
        wanted = set(_same(name))
        length = 3 + 2 * depth
        found = {code for code, names in self.printed.items() if len(code) == length and code.startswith(prefix) and names & wanted}
        if not found and (len(prefix) == length - 2 or depth == 0):
            listed = function_code(name, self.year, prefix or None)
            found = {listed} if listed else set()
        return found

    def _without_list(self, prefixes: set[str], depth: int, name: str, *, last: bool) -> set[str]:
        length = 3 + 2 * depth
        if bare_name(name).startswith("其他"):
            others = {prefix + _OTHER for prefix in prefixes if len(prefix) == length - 2}
            return {code for code in others if code in self.printed}
        if not last:
            return set()
        wanted = set(_same(name))
        return {code for code, names in self.printed.items() for prefix in prefixes if len(code) == length and code.startswith(prefix) and names & wanted}


def document_codes(lines: Iterable[BudgetLine], year: int | None) -> DocumentCodes:
    """The functional codes a document's own tables print, for looking up names in its prose."""
    printed: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.function_code and line.item_label and line.item_code == line.function_code:
            printed[line.function_code].add(bare_name(line.item_label))
    return DocumentCodes({code: frozenset(names) for code, names in printed.items()}, year)


@cache
def _names_by_code() -> Mapping[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = defaultdict(list)
    for classification in ("functional", "economic_department", "economic_government"):
        for entry in entries(classification):
            found[entry.code].append(entry)
    return {code: tuple(listed) for code, listed in found.items()}


def check_code(code: str, name: str, year: int | None) -> Finding | None:
    """A finding where a code is malformed, unknown to the lists, or printed beside another name than theirs; None when all is well.

    >>> check_code("2010601", "行政运行", 2024) is None
    True
    >>> found = check_code("201", "教育支出", 2024)
    >>> found.check_id if found else None
    'code_name_mismatch'
    """
    if not _SHAPE.fullmatch(code):
        return Finding("malformed_code", "fail", f"科目编码不合规则：{code} {name}", f"a subject code has no valid form: {code} {name}", severity="look", raw=code)
    known = _names_by_code().get(code)
    if known is None:
        return Finding("unknown_code", "undefined", f"科目编码不在对照表内：{code} {name}", f"a subject code is not in the lists: {code} {name}", raw=code)
    wanted = {one for entry in known for one in _same(entry.name)}
    if bare_name(name) in wanted:
        return None
    listed = "、".join(dict.fromkeys(entry.name for entry in known))
    sure = year is not None and all(entry.known != "recalled" and (entry.year_to is None or year <= entry.year_to) for entry in known)
    return Finding(
        "code_name_mismatch",
        "fail",
        f"科目编码{code}的名称印为“{name}”，对照表为“{listed}”",
        f"code {code} is printed beside {name}, the list says {listed}",
        severity="look" if sure else "note",
        raw=code,
    )


def check_codes(lines: Iterable[BudgetLine], year: int | None) -> tuple[Finding, ...]:
    """One finding per code and name that `check_code` doubts, over all rows of a document."""
    findings: dict[tuple[str, str], Finding] = {}
    for line in lines:
        named = line.project is None and line.item_code in {line.function_code, line.economic_code}
        if not named or line.item_code is None or line.item_label is None or (line.item_code, line.item_label) in findings:
            continue
        found = check_code(line.item_code, line.item_label, year)
        if found is not None:
            findings[line.item_code, line.item_label] = Finding(
                found.check_id, found.status, found.message_zh, found.message_en, severity=found.severity, table_kind=line.table_kind, raw=found.raw
            )
    return tuple(findings.values())
