"""What each column of a form is: a code, a label, a column to skip, or amounts of a basis (列的含义). Header words decide, never position."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from normalize.numbers import parse_number
from normalize.tables import matrix
from normalize.tables.grid import TOTAL, YEAR, Box, Grid
from normalize.tables.kinds import KINDS, ColumnRule, Kind, alternatives
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DECLARED = load_toml("tables.toml")
_ROLES: dict[str, re.Pattern[str]] = {name: alternatives(patterns) for name, patterns in _DECLARED["roles"].items()}
_SYSTEMS = ("function", "government_economic", "economic", "project", "unit")
_SIDES: dict[str, re.Pattern[str]] = {name: alternatives(patterns) for name, patterns in _DECLARED["sides"].items()}
_BASES = tuple((basis["is"], alternatives(basis["says"])) for basis in _DECLARED["basis"])
_FUNDS = frozenset({"general_public_budget", "government_fund", "state_capital"})
_LEADING = re.compile(r"^(?:其中[:：]?|[一二三四五六七八九十]{1,2}、|\([一二三四五六七八九十\d]{1,2}\)|\d{1,2}[.、](?!\d))+")
_BRACKETED_UNIT = re.compile(r"\((?:金额)?(?:单位[::]?)?(?:人民币)?(?:百|千|万|亿)?元\)|\(%\)$|[,，]?单位[::](?:百|千|万|亿)?元")
_YEAR_WORD = re.compile(r"(?:19|20)\d\d年?度?")


@dataclass(frozen=True, slots=True)
class Named:
    """A column that names its rows: `role` code | label | year, `system` which classification."""

    index: int
    role: str
    system: str  # function | economic | government_economic | unit | project | plain


@dataclass(frozen=True, slots=True)
class Amount:
    """A column of amounts."""

    index: int
    column: str
    basis: str
    unit: str | None  # only where the column head states one; % for percents
    economic: str | None = None  # code of the economic subject that the column head names


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that belong together: what names the rows, and their amounts. A two-sided table has two blocks."""

    named: tuple[Named, ...]
    row_numbers: tuple[int, ...]
    amounts: tuple[Amount, ...]
    side: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The columns of one table as one kind reads them."""

    blocks: tuple[Block, ...]
    unknown: tuple[int, ...]  # columns with numbers that no rule of the kind knows


@dataclass(frozen=True, slots=True)
class Setting:
    """What a table must know of its document to say of when a number is."""

    stage: str | None
    fiscal_year: int | None
    adjusted: bool = False  # a footnote says that 预算数 is 全年预算数


@lru_cache(maxsize=4096)
def word(text: str) -> str:
    """A header word without its year, leading 其中 or ordinal, and unit.

    >>> word("其中:2026年预算数(万元)"), word("(一)一般公共预算资金")
    ('预算数', '一般公共预算资金')
    """
    return _LEADING.sub("", _YEAR_WORD.sub("", _BRACKETED_UNIT.sub("", _LEADING.sub("", text))))


def role_of(path: Sequence[Box]) -> tuple[str, str] | None:
    """(role, code system) of a column that holds no amounts; None for one that may."""
    words = [word(box.text) or box.text for box in path]
    leaf = len(words) - 1
    while leaf > 0 and TOTAL.fullmatch(words[leaf]):  # a 合计 row that stands in the header grid
        leaf -= 1
    if leaf < 0:
        return None
    for role in ("row_number", "year", "code", "label", "ignore"):
        if _ROLES[role].fullmatch(words[leaf]):
            return role, _system(words[: leaf + 1])
    return None


def _system(words: Sequence[str]) -> str:
    for text in reversed(words):
        for system in _SYSTEMS:
            if _ROLES[system].fullmatch(text):
                return system
    return "plain"


@lru_cache(maxsize=4096)
def is_header_word(text: str) -> bool:
    """Whether a folded text can stand in the header of a standard table.

    >>> is_header_word("科目编码"), is_header_word("基本支出"), is_header_word("其他资本性支出")
    (True, True, False)
    """
    plain = word(text)
    return (
        not plain
        or bool(TOTAL.fullmatch(plain))
        or plain in {"小计", "部门预算"}
        or any(pattern.fullmatch(plain) for pattern in (*_ROLES.values(), *_SIDES.values()))
        or any(pattern.fullmatch(plain) for _, pattern in _BASES)
        or any(len(rule.patterns) == 1 and rule.fits((plain,)) for kind in KINDS.values() for rule in kind.columns)
    )


def read_columns(grid: Grid, kind: Kind, setting: Setting) -> Reading:
    """The blocks of a table under the rules of one kind."""
    years = tuple(int(found) for path in grid.paths for box in path for found in YEAR.findall(box.text))
    setting = _with_year(setting, years)
    roles = [role_of(path) for path in grid.paths]
    blocks: list[Block] = []
    unknown: list[int] = []
    start = 0
    for stop in _cuts(roles, frozenset(index for index, role in enumerate(roles) if role is None and _means_nothing(grid, index))):
        block, odd = _block(grid, kind, setting, roles, start, stop)
        blocks.append(block)
        unknown += odd
        start = stop
    return Reading(tuple(block for block in blocks if block.amounts), tuple(unknown))


def _with_year(setting: Setting, years: Iterable[int]) -> Setting:
    found = max(years, default=None)
    year = setting.fiscal_year if setting.fiscal_year is not None else found
    return Setting(setting.stage, year, setting.adjusted)


def _cuts(roles: Sequence[tuple[str, str] | None], nothing: frozenset[int]) -> list[int]:
    """Where blocks end: a naming column after amounts opens the next one; what has no number and a head that no rule knows (`nothing`) is no amount."""
    cuts = []
    amounts = False
    for index, role in enumerate(roles):
        if role is None:
            amounts = amounts or index not in nothing
        elif role[0] in {"code", "label"} and amounts:
            cuts.append(index)
            amounts = False
    return [*cuts, len(roles)]


def _block(grid: Grid, kind: Kind, setting: Setting, roles: Sequence[tuple[str, str] | None], start: int, stop: int) -> tuple[Block, list[int]]:
    named = _one_system([Named(i, role[0], role[1]) for i in range(start, stop) if (role := roles[i]) and role[0] in {"code", "label", "year"}])
    if not any(one.role == "label" for one in named):
        named += _texts_before_amounts(grid, roles, start, stop)
    numbers = tuple(i for i in range(start, stop) if (role := roles[i]) and role[0] == "row_number")
    heading = {id(box) for one in named for box in grid.paths[one.index]}
    side = _side(grid, range(start, stop), by_labels=kind.sided)
    amounts: list[Amount] = []
    unknown: list[int] = []
    listed = matrix.classification(word(box.text) for path in grid.paths[start:stop] for box in path) if kind.primary == "function" else None
    for index in range(start, stop):
        if roles[index] is not None or not grid.paths[index] or any(one.index == index for one in named):
            continue
        own = [box for box in grid.paths[index] if id(box) not in heading]
        column, economic = _column_or_subject(own, kind, side, listed)
        if column is None:
            if _prints_numbers(grid, index):
                unknown.append(index)
            continue
        basis = _basis(own, setting)
        stated = "%" if basis.endswith("pct") or "_pct_" in basis else _stated_unit(own)
        amounts.append(Amount(index, column, basis, stated, economic))
    amounts = [_department_budget(grid, one, amounts) for one in amounts]
    if kind.fiscal_parts:
        amounts = [_fiscal_part(grid, one, amounts) for one in amounts]
    told = Counter((one.column, one.basis, one.unit) for one in amounts)
    alike = [one.index for one in amounts if told[one.column, one.basis, one.unit] > 1]  # which of them is meant cannot be proven
    return Block(named, numbers, tuple(one for one in amounts if one.index not in alike), side), [*unknown, *alike]


def _department_budget(grid: Grid, one: Amount, amounts: Sequence[Amount]) -> Amount:
    """合计 under 部门预算 beside a 总计 over everything is a total of its own."""
    below = any(word(box.text) == "部门预算" for box in grid.paths[one.index])
    doubled = any(other.index != one.index and (other.column, other.basis) == (one.column, one.basis) for other in amounts)
    return replace(one, column="department_budget") if one.column == "total" and below and doubled else one


def _fiscal_part(grid: Grid, one: Amount, amounts: Sequence[Amount]) -> Amount:
    """A fund under 财政拨款收入 that also prints its own 小计 is a part of that appropriation (其中), not a column beside it."""
    if one.column not in _FUNDS:
        return one
    above = {id(box) for box in grid.paths[one.index][:-1]}
    wholes = [grid.paths[other.index] for other in amounts if other.column == "fiscal_appropriation"]
    inside = any(len(path) > 1 and id(path[-2]) in above for path in wholes)
    return replace(one, column=f"fiscal_{one.column}") if inside else one


def _one_system(named: list[Named]) -> tuple[Named, ...]:
    """Codes and the label right of them share a classification, whichever of the two heads names it."""
    for at in range(len(named) - 2, -1, -1):
        one, right = named[at], named[at + 1]
        if one.role == "code" and right.index == one.index + 1:
            if one.system == "plain" and right.system != "unit":
                named[at] = replace(one, system=right.system)
            elif right.role == "label" and right.system == "plain":
                named[at + 1] = replace(right, system=one.system)
    return tuple(named)


def _texts_before_amounts(grid: Grid, roles: Sequence[tuple[str, str] | None], start: int, stop: int) -> tuple[Named, ...]:
    """A column of texts under a head that no rule knows names the rows when nothing else does."""
    for index in range(start, stop):
        texts = [box.text for row in grid.body if (box := grid.boxes[row][index]) is not None and box.text]
        if roles[index] is not None or not texts:
            continue
        if any(parse_number(text) is not None for text in texts):
            return ()
        return (Named(index, "label", "plain"),)
    return ()


def _prints_numbers(grid: Grid, index: int) -> bool:
    return any((box := grid.boxes[row][index]) is not None and parse_number(box.text) is not None for row in grid.body)


def _means_nothing(grid: Grid, index: int) -> bool:
    path = grid.paths[index]
    return not _prints_numbers(grid, index) and not (path and is_header_word(path[-1].text))


_STATED = re.compile(r"[(:：](?P<unit>(?:百|千|万|亿)?元)\)?$")


def _stated_unit(path: Sequence[Box]) -> str | None:
    return next((match["unit"] for box in reversed(path) if (match := _STATED.search(box.text))), None)


def _side(grid: Grid, columns: range, *, by_labels: bool) -> str | None:
    """Revenue or expenditure, by the heading over the labels of a block; in two-sided kinds by the labels themselves where no heading says it."""
    named = [index for index in columns if role_of(grid.paths[index])]
    for index in named:
        for box in grid.paths[index]:
            for side, pattern in _SIDES.items():
                if pattern.fullmatch(word(box.text)):
                    return side
    if not by_labels:
        return None
    labels = [cell.text for row in grid.body for index in columns if (cell := grid.boxes[row][index]) is not None]
    revenue = sum("收入" in text or text.endswith("拨款") for text in labels)
    expenditure = sum("支出" in text for text in labels)
    return None if revenue == expenditure else "revenue" if revenue > expenditure else "expenditure"


def _column_or_subject(path: Sequence[Box], kind: Kind, side: str | None, listed: str | None) -> tuple[str | None, str | None]:
    """The column and, in a matrix of functional by economic subjects, the economic code: economic_30101, basic_economic_301."""
    found = matrix.economic_column(tuple(word(box.text) for box in path), listed) if listed else None
    if found is None:
        return _column(path, kind, side), None
    above, code = found
    over = _first_fit(kind.columns, above) if above else None
    return f"{over}_economic_{code}" if over not in {None, "total"} else f"economic_{code}", code


def _column(path: Sequence[Box], kind: Kind, side: str | None) -> str | None:
    words = tuple(text for box in path if (text := word(box.text)) and not is_basis(text))
    if side:
        words = tuple(text for text in words if not any(pattern.fullmatch(text) for pattern in _SIDES.values()))
    if not words:
        if side == "revenue" and kind.default_revenue != kind.default:
            return kind.default_revenue
        if side == "expenditure" and kind.sided:
            return kind.default_expenditure
        return kind.default
    found = _first_fit(kind.columns, words)
    if found == "total" and len(words) > 1 and words[-1] in matrix.WHOLE:  # 小计 under 经营支出 is that, not the total
        found = _first_fit(kind.columns, words[:-1]) or found
    return found or (kind.default if TOTAL.fullmatch(words[-1]) and len(words) == 1 else None)


def _first_fit(rules: Sequence[ColumnRule], words: tuple[str, ...]) -> str | None:
    """The column of the first rule that fits a header path; else of the path with its lowest words joined, for a word that a rule line cuts."""
    for cut in range(min(len(words), 3)):
        path = (*words[: len(words) - cut - 1], "".join(words[len(words) - cut - 1 :]))
        found = next((rule.column for rule in rules if rule.fits(path)), None)
        if found:
            return found
    return None


@lru_cache(maxsize=4096)
def is_basis(text: str) -> bool:
    """Whether a header word says nothing but of when and of what nature the number is (预算数, 上年决算数)."""
    return "经费" not in text and any(pattern.fullmatch(text) for _, pattern in _BASES)


def said_bases(path: Iterable[Box], fiscal_year: int | None) -> list[str]:
    """The ids of [[basis]] that the header words name, with `prior` for a year before the fiscal year."""
    said: list[str] = []
    for box in path:
        years = [int(found) for found in YEAR.findall(box.text)]
        if years and fiscal_year is not None and max(years) < fiscal_year:
            said.append("prior")
        plain = word(box.text)
        named = [name for name, pattern in _BASES if plain and pattern.fullmatch(plain)][:1]
        said += ["change_pct" if name == "change" and box.text.endswith("(%)") else name for name in named]
    return said


def _basis(path: Sequence[Box], setting: Setting) -> str:
    return combine_bases(said_bases(path, setting.fiscal_year), setting, "".join(box.text for box in path))


def combine_bases(said: Sequence[str], setting: Setting, text: str = "") -> str:
    """One basis id out of all that a column says of itself.

    >>> combine_bases(["prior", "initial_budget"], Setting("budget", 2026)), combine_bases(["current"], Setting("final", 2024))
    ('prior_budget', 'final')
    """
    final = setting.stage == "final"
    if "change" in said or "change_pct" in said:
        against = "prior_final" if final or re.search(r"决算|执行", text) else "prior_budget"
        if final and re.search(r"预算", text) and not re.search(r"上年|去年", text):
            against = "initial_budget"
        return f"change_pct_vs_{against}" if "change_pct" in said else f"change_vs_{against}"
    for name in ("completion_pct", "share_pct", "adjusted_budget", "prior_final", "prior_budget"):
        if name in said:
            return name
    if "prior" in said:
        return "prior_final" if "final" in said or (final and "initial_budget" not in said) else "prior_budget"
    if "final" in said:
        return "final"
    if "initial_budget" in said:
        return "adjusted_budget" if setting.adjusted else "initial_budget"
    return "final" if final else "initial_budget"
