"""One disclosure's rows, indexed the way identities ask for them (核对台账)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from normalize.checks.forms import Form, forms_of
from normalize.checks.tolerance import Term, printed, printed_decimals
from normalize.records import BudgetLine, Quantity
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extract.document import Document
    from normalize.records import Disclosure

Fact = BudgetLine | Quantity
AnyFact = TypeVar("AnyFact", BudgetLine, Quantity)

WORDS = load_toml("checks.toml")
MEASURE_ZH: dict[str, str] = WORDS["measures"]
BASIS_ZH: dict[str, str] = WORDS["bases"]
TABLE_ZH: dict[str, str] = {**{kind: declared["zh"] for kind, declared in load_toml("tables.toml")["kinds"].items()}, **WORDS["tables"]}  # shorter here, where one is
COLUMN_ZH: dict[str, str] = WORDS["columns"]
APPROXIMATE: tuple[str, ...] = tuple(WORDS["wording"]["approximate"])
CLASS_NAMES: dict[str, tuple[str, ...]] = {code: tuple(names) for code, names in WORDS["function_classes"].items()}
LABEL_KIND: dict[str, str] = {label: kind for kind, labels in WORDS["rows"].items() for label in labels}
CLASS_CODE: dict[str, str] = {name: code for code, names in CLASS_NAMES.items() for name in names}
ORDINAL = re.compile(r"^(?:[一二三四五六七八九十]{1,4}|[0-9]{1,2})[、.]|^[(][一二三四五六七八九十0-9]{1,3}[)]")
STATED = ("stated", "expanded")


class Subject(NamedTuple):
    """What a figure is about, whatever its basis: 卫生健康支出, 公务接待费（国内）, the budget of one project."""

    measure: str
    code: str | None = None  # function or economic code
    category: str | None = None
    project: str | None = None
    item: str | None = None  # an item of the 类款项 list whose code is not known: 行政运行, not the total it belongs to

    @property
    def zh(self) -> str:
        """Its name in Chinese messages: measure, subject, part."""
        name = MEASURE_ZH.get(self.measure, self.measure)
        if self.code is not None:
            name = f"{name}[{CLASS_NAMES.get(self.code, (self.code,))[0]}]"
        detail = self.category or self.project or self.item
        return f"{name}（{detail}）" if detail else name

    @property
    def en(self) -> str:
        return " ".join(part for part in (self.measure.replace("_", " "), self.code, self.category or self.project or self.item) if part)


def subject_of(row: Fact) -> Subject:
    """What a row is about; its label tells only where it has no code."""
    if not isinstance(row, BudgetLine):
        return Subject(row.measure, None, row.category, row.project)
    code = row.function_code or row.economic_code
    return Subject(row.measure or "", code, row.category, row.project, plain(row.item_label) or None if code is None else None)


@lru_cache(maxsize=4096)
def plain(label: str | None) -> str:
    """A row label without blanks, leading ordinal and 其中.

    >>> plain("二、 政府性基金预算 财政拨款")
    '政府性基金预算财政拨款'
    """
    text = "".join(unicodedata.normalize("NFKC", label or "").split())
    return ORDINAL.sub("", text).removeprefix("其中:").replace("(", "（").replace(")", "）")


def class_code(label: str | None) -> str | None:
    """The 类 code behind a class name as summary tables print it.

    >>> class_code("四、社会保障与就业支出")
    '208'
    """
    return CLASS_CODE.get(plain(label).removesuffix("支出"))


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row of a standard table: its cells by column and basis."""

    side: str | None
    code: str | None
    label: str
    cells: dict[tuple[str, str], BudgetLine]
    start: int

    @property
    def kind(self) -> str | None:
        return LABEL_KIND.get(plain(self.label))

    @property
    def zh(self) -> str:
        return f"“{self.code or ''}{self.label}”" if self.code or self.label else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One standard table of the disclosure, as rows in printed order."""

    kind: str
    ordinal: int | None
    rows: tuple[Row, ...]
    columns: frozenset[str]
    bases: tuple[str, ...]
    codes: dict[str, Row]  # rows by code; empty where a code stands twice (tables grouped by unit): their sums are not of one level

    @property
    def zh(self) -> str:
        return TABLE_ZH.get(self.kind, self.kind)

    def total(self) -> Row | None:
        """The 合计 row: so labelled, or the only row without a code."""
        bare = [row for row in self.rows if not row.code]
        named = [row for row in bare if row.kind in {"grand_total", "current_total"}]
        candidates = named or (bare if any(row.code for row in self.rows) else [])
        return candidates[0] if len(candidates) == 1 else None

    def row(self, kind: str, side: str | None = None) -> Row | None:
        """The one row of a summary table that is of this kind, on that side."""
        found = [row for row in self.rows if row.kind == kind and (side is None or row.side in {None, side})]
        return found[0] if found else None


def sheets_of(lines: Iterable[BudgetLine]) -> tuple[Sheet, ...]:
    """The rows of each table together, as the grid they were printed in."""
    groups: dict[tuple[str, int | None], list[BudgetLine]] = defaultdict(list)
    for line in lines:
        if line.origin == "table" and line.table_kind is not None and line.column is not None:
            groups[line.table_kind, line.table_ordinal].append(line)
    return tuple(_sheet(kind, ordinal, rows) for (kind, ordinal), rows in groups.items())


def _sheet(kind: str, ordinal: int | None, lines: list[BudgetLine]) -> Sheet:
    rows: list[Row] = []
    latest: dict[tuple[str | None, str | None, str], Row] = {}
    for line in sorted(lines, key=lambda line: line.span.start):
        key = (line.side, line.item_code, line.item_label or "")
        cell = (line.column or "", line.basis)
        row = latest.get(key)
        if row is None or cell in row.cells:
            row = Row(line.side, line.item_code, line.item_label or "", {}, line.span.start)
            latest[key] = row
            rows.append(row)
        row.cells[cell] = line
    columns = frozenset(line.column for line in lines if line.column)
    codes = {row.code: row for row in rows if row.code}
    if len(codes) < sum(1 for row in rows if row.code):
        codes = {}
    return Sheet(kind, ordinal, tuple(rows), columns, tuple(dict.fromkeys(line.basis for line in lines)), codes)


class Ledger:
    """Rows of one disclosure by subject and basis, with the number of decimals it usually prints."""

    def __init__(self, disclosure: Disclosure, document: Document | None = None) -> None:
        self.disclosure = disclosure
        self.document = document
        self.said: dict[Subject, dict[str, list[BudgetLine]]] = {}
        self.counted: dict[Subject, dict[str, list[Quantity]]] = {}
        self.denied: dict[Subject, dict[str, list[BudgetLine]]] = {}
        self.reasons: list[BudgetLine] = []
        self.kpis: list[Fact] = []
        self._terms: dict[int, Term] = {}  # by identity of the row, which the disclosure keeps alive
        decimals: dict[str | None, Counter[int]] = defaultdict(Counter)
        for line in disclosure.budget_lines:
            if line.unit != "%" and line.value and (places := printed_decimals(line.raw, line.value)) is not None:
                decimals[line.unit][places] += 1
            if line.origin != "narrative" or line.measure is None:
                continue
            if line.role in STATED:
                self.said.setdefault(subject_of(line), {}).setdefault(line.basis, []).append(line)
            elif line.role == "zero_statement":
                self.denied.setdefault(subject_of(line), {}).setdefault(line.basis, []).append(line)
            elif line.role == "reason":
                self.reasons.append(line)
            elif line.role == "kpi":
                self.kpis.append(line)
        for quantity in disclosure.quantities:
            if quantity.role == "kpi":
                self.kpis.append(quantity)
            elif quantity.role in STATED:
                self.counted.setdefault(subject_of(quantity), {}).setdefault(quantity.basis, []).append(quantity)
        self.kpis.sort(key=lambda row: row.span.start)
        self.usual = {unit: max(counts.items(), key=lambda item: (item[1], item[0]))[0] for unit, counts in decimals.items()}

    @cached_property
    def basis(self) -> str:
        """The basis this document is about: final for 决算, initial_budget for 预算."""
        stage = self.disclosure.identity.stage
        if stage is not None:
            return "final" if stage == "final" else "initial_budget"
        bases = Counter(line.basis for line in self.disclosure.budget_lines)
        return "final" if bases["final"] >= bases["initial_budget"] else "initial_budget"

    @cached_property
    def sectioned(self) -> bool:
        """Whether the sections of the text are known, so that a figure outside them is of something else."""
        return any(section.section_kind for section in self.disclosure.sections)

    @property
    def budgeting(self) -> bool:
        return self.basis == "initial_budget"

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        return sheets_of(self.disclosure.budget_lines)

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """The self-evaluation forms."""
        return forms_of(self.disclosure)

    def sheet(self, kind: str) -> Sheet | None:
        """The table of this kind; None where there is none or several (one per unit): those are not compared."""
        found = [sheet for sheet in self.sheets if sheet.kind == kind]
        return found[0] if len(found) == 1 else None

    def lines(self, subject: Subject | str, basis: str) -> list[BudgetLine]:
        """What the narrative states, in printed order."""
        return self.said.get(Subject(subject) if isinstance(subject, str) else subject, {}).get(basis, [])

    def line(self, subject: Subject | str, basis: str | None = None, near: Fact | None = None) -> BudgetLine | None:
        """The statement of a figure; of several the one printed nearest to `near`, else the first; a zero statement (无…) if there is none."""
        key = Subject(subject) if isinstance(subject, str) else subject
        basis = basis or self.basis
        found = self.said.get(key, {}).get(basis) or self.denied.get(key, {}).get(basis)
        return nearest(found, near) if found else None

    def count(self, subject: Subject | str, basis: str | None = None, near: Fact | None = None) -> Quantity | None:
        """The statement of a count, the one nearest to `near`."""
        key = Subject(subject) if isinstance(subject, str) else subject
        found = self.counted.get(key, {}).get(basis or self.basis)
        return nearest(found, near) if found else None

    def between(self, first: Fact, second: Fact) -> str:
        """The words that stand between two printed figures; empty without the document."""
        before, after = sorted((first.span, second.span))
        return "" if self.document is None else self.document.content[before.end : after.start]

    def term(self, row: Fact | None) -> Term | None:
        """A row as one side of an identity."""
        if row is None:
            return None
        known = self._terms.get(id(row))
        if known is None:
            known = self._terms[id(row)] = self._read(row)
        return known

    def _read(self, row: Fact) -> Term:
        ids = (row.row_id,) if row.row_id else ()
        if isinstance(row, Quantity):
            term = printed(row.raw, row.value, row.unit, ids)
            return term if row.value != row.value.to_integral_value() else term._replace(slack=term.slack * 0, loose=term.loose * 0)
        usual = printed_decimals(row.raw, row.value) or 0 if row.unit == "%" else self.usual.get(row.unit, 2)
        return printed(row.raw, row.value, row.unit, ids, usual)

    def amount(self, subject: Subject | str, basis: str | None = None, near: Fact | None = None) -> Term | None:
        return self.term(self.line(subject, basis, near))


def nearest(rows: list[AnyFact], near: Fact | None) -> AnyFact:
    """The row that stands nearest to `near`; the first without it."""
    if near is None:
        return rows[0]
    return min(rows, key=lambda row: abs(row.span.start - near.span.start))


def approximate(row: Fact) -> bool:
    """基本持平 and 约 claim no exact figure."""
    return any(word in row.raw for word in APPROXIMATE)
