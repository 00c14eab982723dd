"""Compares what was read with the truth written beside a fixture: multisets of keys, so an extra row costs as much as a missing one."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from normalize.records import BudgetLine, Disclosure, Indicator, Project, Quantity

Key = tuple[object, ...]
Truth = dict[str, Any]
STATED = {"stated", "expanded", "zero_statement"}
TWO_SIDED = {"rev_exp_summary", "fiscal_summary"}
ORDINALS = re.compile(r"(?:其中:?)?(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十0-9]+\)|[0-9]+[.、])+")
IDENTITY = ("department", "doc_kind", "fiscal_year", "region_code", "stage")
IMPRINT = ("published_on", "contact_phone")
HEAD = (  # our field, theirs
    ("project_name", "project_name"),
    ("project_code", "project_code"),
    ("total_score", "total_score"),
    ("grade", "grade"),
    ("supervising_department", "competent_department"),
    ("implementing_unit", "implementing_unit"),
    ("fund_unit", "fund_unit"),
)
TOTALS = (("initial_budget", "initial_budget"), ("annual_budget", "annual_budget_A"), ("executed", "executed_B"), ("execution_rate_pct", "execution_rate_pct"), ("execution_score", "score"))


@dataclass
class Agreement:
    """How far two multisets agree, and where they do not."""

    both: int = 0
    wanted: int = 0
    found: int = 0
    missing: list[Key] = field(default_factory=list)
    extra: list[Key] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.both / (self.wanted + self.found) if self.wanted + self.found else 1.0

    @property
    def recall(self) -> float:
        return self.both / self.wanted if self.wanted else 1.0


def truth_of(folder: Path) -> Truth:
    """The truth of a fixture, which forms of one page share."""
    said = tomllib.loads((folder / "source.toml").read_text(encoding="utf-8"))
    truth: Truth = json.loads((folder / said.get("truth", "truth.json")).read_text(encoding="utf-8"))
    return truth


def agreement(wanted: Iterable[Key], found: Iterable[Key]) -> Agreement:
    want, have = Counter(wanted), Counter(found)
    common = want & have
    return Agreement(common.total(), want.total(), have.total(), sorted((want - common).elements(), key=repr), sorted((have - common).elements(), key=repr))


def folded(text: object) -> str:
    """The text in one width, without blanks."""
    return "" if text is None else re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(text)))


def amount(value: object) -> str | None:
    """A number as digits that can be compared: 5.10 and 5.1 are the same."""
    if value is None or value == "":
        return None
    try:
        return format(Decimal(folded(value).replace(",", "").removesuffix("%")).normalize(), "f")
    except InvalidOperation:
        return folded(value)


def label(text: object) -> str:
    plain = folded(text)
    while (opening := ORDINALS.match(plain)) and opening.end() < len(plain):
        plain = plain[opening.end() :]
    return plain.strip(":;。,*")


def fact_key(measure: str, code: object, category: object, basis: str, value: object, unit: object) -> Key:
    number = amount(value)
    return measure, code or "", folded(category), basis, number, "" if number == "0" and basis.startswith("change") else folded(unit)


def wanted_fact(fact: Truth, measure: str, basis: str) -> Key:
    return fact_key(measure, fact["function_code"] or fact["economic_code"], fact["category"], basis, fact["value"], fact["unit"])


def line_key(line: BudgetLine) -> Key:
    return fact_key(line.measure or "", line.function_code or line.economic_code, line.category, line.basis, line.value, line.unit)


def count_key(count: Quantity) -> Key:
    return fact_key(count.measure, "", count.category, count.basis, count.value, count.unit)


def choose(facts: list[Truth], found: Counter[Key]) -> list[Key]:
    """The key of every fact; where a second measure or basis is also right and only that one was read, it counts."""
    left, keys = found.copy(), []
    for fact in facts:
        measures, bases = [fact["measure"], *fact.get("accept_measures", [])], [fact["basis"], *fact.get("basis_alt", [])]
        options = [wanted_fact(fact, measure, basis) for measure in measures for basis in bases]
        keys.append(next((key for key in options if left[key] > 0), options[0]))
        left[keys[-1]] -= 1
    return keys


def cell_key(kind: str, side: object, code: object, text: object, column: object, basis: str, value: object) -> Key:
    name = "" if kind == "three_public" else code or label(text)
    return kind, side if kind in TWO_SIDED else "", name, column, basis, amount(value)


def level_name(row: Truth, level: str) -> str:
    return folded(row.get(f"{level}_name") or row.get(level))


def measured(operator: object, value: object, unit: object) -> Key:
    """A target or result; 15万条 and 150000条 are the same quantity, 人.次 and 人次, 百分比 and % the same unit."""
    number, of = amount(value), folded(unit).replace("人.次", "人次").replace("百分比", "%")
    if number and not of.endswith("元"):
        for factor, power in (("万", 10_000), ("亿", 100_000_000)):
            if of.startswith(factor):
                number, of = amount(Decimal(str(number)) * power), of.removeprefix(factor)
    return operator, number, of


def indicator_truth(place: int, row: Truth) -> tuple[Key, Key]:
    """The row as it is printed, and what its cells were understood to say."""
    levels = tuple(level_name(row, level) for level in ("level1", "level2", "level3"))
    target, reached = row["target"] or {}, row["actual"] or {}
    numbers = tuple(amount(row[name]) for name in ("weight", "score_coefficient_pct", "score"))
    whole = place, *levels, folded(target.get("text")), folded(reached.get("text")), *numbers
    quantities = [measured(side.get("op"), side.get("value"), side.get("unit")) for side in (target, reached)]
    return whole, (*whole[:4], *quantities, folded(row["deviation_note"]), row["placeholder"])


def indicator_read(place: int, row: Indicator) -> tuple[Key, Key]:
    levels = tuple(folded(text) for text in (row.level1, row.level2, row.level3))
    numbers = tuple(amount(value) for value in (row.weight, row.coefficient_pct, row.score))
    whole = place, *levels, folded(row.target_raw), folded(row.actual_raw), *numbers
    target = measured(row.target_operator, row.target_value, row.target_unit)
    reached = measured(row.actual_operator, row.actual_value, row.actual_unit)
    return whole, (*whole[:4], target, reached, folded(row.deviation_note), row.is_placeholder)


def project_truth(place: int, form: Truth) -> list[Key]:
    total: Truth = next((fund for fund in form["funds"] if fund["row"] == "total"), {})
    fields = [*((ours, form.get(theirs)) for ours, theirs in HEAD), *((ours, total.get(theirs)) for ours, theirs in TOTALS)]
    fields += [("goal_target", form["goals"]["expected"]), ("goal_actual", form["goals"]["actual"])]
    return [(place, name, uncoded(value)) for name, value in fields]


def project_read(place: int, form: Project) -> list[Key]:
    names = [*(ours for ours, _ in HEAD), *(ours for ours, _ in TOTALS), "goal_target", "goal_actual"]
    return [(place, name, uncoded(getattr(form, name))) for name in names]


def uncoded(value: object) -> str | None:
    """A head field; a budget code glued in front of a body's name (146-…) may be kept or left."""
    plain = amount(value)
    return plain and re.sub(r"^[0-9]+-(?=\D)", "", plain)


FUND = (  # theirs, ours
    ("initial_budget", "initial_budget"),
    ("annual_budget_A", "annual_budget"),
    ("executed_B", "executed"),
    ("execution_rate_pct", "execution_rate_pct"),
    ("weight", "weight"),
    ("score", "score"),
)


def compare(truth: Truth, read: Disclosure) -> dict[str, Agreement]:
    """Every measure of agreement between the truth of a fixture and what was read from it."""
    document = truth["document"]
    result = {
        "identity": agreement(((name, document[name]) for name in IDENTITY), ((name, getattr(read.identity, name)) for name in IDENTITY)),
        "imprint": agreement(((name, document[name]) for name in IMPRINT if document[name]), ((name, getattr(read.identity, name)) for name in IMPRINT if document[name])),
    }
    prose = [(line_key(line), line.role) for line in read.budget_lines if line.origin == "narrative"]
    prose += [(count_key(count), count.role) for count in read.quantities if count.table_kind is None]
    stated = [key for key, role in prose if role in STATED]
    facts = [fact for fact in truth["facts"] if fact["role"] in STATED]
    wanted = choose(facts, Counter(stated))
    result["facts"] = agreement(wanted, stated)
    result["numbers"] = agreement((key[3:] for key in wanted), (key[3:] for key in stated))
    loose = [(str(amount(fact["value"])).lstrip("-"), folded(fact["unit"])) for fact in truth["facts"] if fact["role"] not in STATED]
    read_loosely = [(str(key[4]).lstrip("-"), key[5]) for key, role in prose if role not in STATED and role != "derived"]
    result["other"] = agreement(loose, read_loosely)

    cells = [line for line in read.budget_lines if line.origin == "table"]
    result["cells"] = agreement(
        (
            cell_key(table["table_kind"], cell["side"], cell["item_code"], cell["item_label"], cell["column"], cell["basis"], cell["value"])
            for table in truth["tables"]
            for cell in table["cells"]
        ),
        (cell_key(str(line.table_kind), line.side, line.item_code, line.item_label, line.column, line.basis, line.value) for line in cells),
    )
    counted = [count for count in read.quantities if count.table_kind is not None]
    result["counts"] = agreement(
        (fact_key(count["measure"], "", count["category"], count["basis"], count["value"], count["unit"]) for count in truth.get("counts", [])),
        (count_key(count) for count in counted),
    )
    empty = set(truth["declared_empty"])
    result["empty"] = agreement((), ((line.table_kind, line.raw) for line in cells if line.table_kind in empty and line.value))

    forms = truth["projects"]
    places = {project.project_id: place for place, project in enumerate(sorted(read.projects, key=lambda project: project.ordinal))}
    result["projects"] = agreement(
        (key for place, form in enumerate(forms) for key in project_truth(place, form)),
        (key for project in read.projects for key in project_read(places[project.project_id], project)),
    )
    rows = [indicator_truth(place, row) for place, form in enumerate(forms) for row in form["indicators"]]
    rows_read = [indicator_read(places[row.project_id], row) for row in read.indicators]
    result["indicators"] = agreement((whole for whole, _ in rows), (whole for whole, _ in rows_read))
    result["meanings"] = agreement((meaning for _, meaning in rows), (meaning for _, meaning in rows_read))
    result["funds"] = agreement(
        ((place, folded(fund["label"]), *(amount(fund[theirs]) for theirs, _ in FUND)) for place, form in enumerate(forms) for fund in form["funds"]),
        ((places[fund.project_id], folded(fund.label), *(amount(getattr(fund, ours)) for _, ours in FUND)) for fund in read.project_funds),
    )
    return result
