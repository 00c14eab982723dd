"""One concept, one id, over years and places: what a line of any table or sentence is of (口径对照).

A concept is a measure (gpb_expenditure), a category of one (three_public_reception.domestic), or either for one subject
(gpb_expenditure:207). Subjects that were only renamed or moved keep one code, the latest; those merged or split do not: they are
listed with what became of them, and nothing is added up.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from normalize.codes import Entry, entries
from normalize.folding import key
from normalize.vocabulary import VocabularyError, load_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

LINKED = frozenset({"renamed", "moved"})  # what leaves the subject one and the same
CHANGES = LINKED | {"merged", "split", "new"}
LABELLED = frozenset({"rev_exp_summary", "fiscal_summary", "agency_operation"})  # a row's label says its measure; elsewhere the column does
_TOTAL = re.compile(r"(?:总|合|共)计|(?:本年|财政拨款|人员经费|公用经费)?(?:收入|支出)?(?:总|合)计")


class Concept(NamedTuple):
    """A line of concepts.csv: `home` are the kinds of table that state it, the best first."""

    id: str
    zh: str
    en: str
    main: bool
    home: tuple[str, ...]


class Subject(NamedTuple):
    """A change of a functional subject (支出功能分类), a line of renamed_subjects.csv: `year` is the first of the new name or code."""

    code_before: str
    name_before: str
    code_after: str
    name_after: str
    year: int
    change: str  # renamed | moved | merged | split | new
    known: str  # official | seen | recalled
    note: str


class Cell(NamedTuple):
    """What a line says of itself, as far as it tells the concept."""

    origin: str
    table_kind: str | None
    column: str | None
    side: str | None
    item_label: str | None
    measure: str | None
    category: str | None
    function_code: str | None
    economic_code: str | None


@cache
def concepts() -> Mapping[str, Concept]:
    """Every concept by id, in the order of the file."""
    return {row["concept"]: Concept(row["concept"], row["zh"], row["en"], bool(row["main"]), tuple(row["home"].split())) for row in load_csv("concepts.csv")}


@cache
def _cells() -> Mapping[tuple[str, ...], str]:
    """(table, column) or (table, column, side) -> the concept of the rows that have a subject's code."""
    found: dict[tuple[str, ...], str] = {}
    for row in load_csv("concepts.csv"):
        for place in row["subjects"].split():
            where = tuple(place.split("."))
            if where in found:
                raise VocabularyError(f"concepts.csv: {place} is of {found[where]} and of {row['concept']}")
            found[where] = row["concept"]
    return found


@cache
def changes() -> tuple[Subject, ...]:
    """Every known change of a subject, as the file lists them."""
    found = tuple(Subject(**{**row, "year": int(row["year"])}) for row in load_csv("renamed_subjects.csv"))  # type: ignore[arg-type]
    if odd := [change.change for change in found if change.change not in CHANGES]:
        raise VocabularyError(f"renamed_subjects.csv: unknown change {odd[0]}")
    return found


def subject_of(code: str, year: int | None) -> str:
    """The code under which a subject is followed over the years: the latest of those it had, where it was only renamed or moved.

    >>> subject_of("2089901", 2020), subject_of("2089999", 2022), subject_of("20115", 2018)
    ('2089999', '2089999', '20115')
    """
    for change in sorted(changes(), key=lambda change: change.year):
        if change.change in LINKED and change.code_before == code != change.code_after and year is not None and year < change.year:
            code, year = change.code_after, change.year
    return code


@lru_cache(maxsize=1024)
def name_in(code: str, year: int) -> str | None:
    """What a subject was called in a year; None where the lists do not say.

    >>> name_in("207", 2018), name_in("207", 2019), name_in("224", 2018)
    ('文化体育与传媒支出', '文化旅游体育与传媒支出', None)
    """
    held = [entry for entry in _listed(code) if (entry.year_from or year) <= year <= (entry.year_to or year)]
    return max(held, key=lambda entry: entry.year_from or 0).name if held else None


def _listed(code: str) -> list[Entry]:
    kind = "functional" if code.startswith("2") else "economic_government" if code.startswith("5") else "economic_department"
    return [entry for entry in entries(kind) if entry.code == code]


def subject_name(code: str, year: int | None = None) -> str | None:
    """The name of a subject in a year, by default the latest; None where the lists do not know the code.

    >>> subject_name("207"), subject_name("207", 2016), subject_name("30201")
    ('文化旅游体育与传媒支出', '文化体育与传媒支出', '办公费')
    """
    if year is not None and (name := name_in(code, year)) is not None:
        return name
    latest = max(_listed(code), key=lambda entry: entry.year_from or 0, default=None)
    return latest.name if latest else next((change.name_after for change in reversed(changes()) if change.code_after == code), None)


def concept_of(cell: Cell, year: int | None) -> str | None:
    """The id of the concept a line is of; None where the line is a part that has no concept of its own.

    >>> table = Cell("table", "gpb_expenditure", "total", None, "文化体育与传媒支出", "gpb_expenditure", None, "207", None)
    >>> concept_of(table, 2018), concept_of(table._replace(function_code=None), 2018)
    ('gpb_expenditure:207', None)
    >>> concept_of(table._replace(function_code=None, item_label="合计"), 2018)
    'gpb_expenditure'
    """
    code = cell.function_code or cell.economic_code
    if cell.function_code and cell.economic_code:
        return None  # a function's share in an economic class: a cell of a matrix
    if code is not None:
        where = cell.table_kind or "", cell.column or ""
        measure = cell.measure or _cells().get((*where, cell.side or "")) or _cells().get(where)
        return f"{_whole(measure, cell.category)}:{subject_of(code, year)}" if measure else None
    if cell.measure is None or not _is_whole(cell):
        return None
    return _whole(cell.measure, cell.category)


def _whole(measure: str, category: str | None) -> str:
    return f"{measure}.{category}" if category else measure


def _is_whole(cell: Cell) -> bool:
    """Whether a line without a subject's code is of its body as a whole: not a unit's row of a list, not a subject known by its label alone."""
    if cell.item_label is None or cell.table_kind in LABELLED:
        return True
    return cell.origin == "table" and _TOTAL.fullmatch(key(cell.item_label)) is not None


def described(concept_id: str) -> tuple[str, str]:
    """The names of a concept, in Chinese and English; ids for what has none.

    >>> described("gpb_expenditure:208")
    ('一般公共预算财政拨款支出：社会保障和就业支出', 'general public budget expenditure: 208')
    """
    measure, _, code = concept_id.partition(":")
    known = concepts().get(measure)
    zh, en = (known.zh, known.en) if known else (measure, measure)
    return (f"{zh}：{subject_name(code) or code}", f"{en}: {code}") if code else (zh, en)
