"""The checks on the annotated disclosures: outcomes known row by row, no false alarm, and the share of misprints they catch."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from extract.document import Span
from normalize.checks import run_checks
from normalize.records import BudgetLine, Disclosure, Finding, Identity, Indicator, Project, ProjectFund, Quantity, row_id

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.corpus

MONEY = {"元", "万元", "亿元", "%", None}


def printed(value: Any) -> Decimal | None:
    """A gold number as a `Decimal` that shows the digits it was printed with."""
    return None if value is None else Decimal(f"{value:g}" if isinstance(value, float) else str(value))


def facts_of(gold: dict[str, Any]) -> tuple[list[BudgetLine], list[Quantity]]:
    lines: list[BudgetLine] = []
    counts: list[Quantity] = []
    for ordinal, fact in enumerate(gold["facts"], 1):
        start = fact.get("char_start") or ordinal * 50
        span = Span(start, start + len(fact["raw"]))
        value, unit = Decimal(fact["value"]), fact["unit"]
        if unit in MONEY:
            lines.append(
                BudgetLine(
                    "narrative", fact["basis"], value, unit, fact["raw"], span, "gold", measure=fact["measure"],
                    function_code=fact["function_code"], economic_code=fact["economic_code"], category=fact["category"],
                    share_of=fact.get("share_of"), project=fact.get("project"), role=fact["role"],
                )
            )
        else:
            counts.append(Quantity(fact["measure"], fact["basis"], value, unit, fact["raw"], span, "gold", fact["category"], fact.get("project"), fact["role"]))
    return lines, counts


def cells_of(gold: dict[str, Any]) -> list[BudgetLine]:
    lines = []
    for ordinal, table in enumerate(gold["tables"], 1):
        for place, cell in enumerate(table["cells"]):
            span = Span(1_000_000 * ordinal + place * 20, 1_000_000 * ordinal + place * 20 + len(cell["value"]))
            lines.append(
                BudgetLine(
                    "table", cell["basis"], Decimal(cell["value"]), table["unit"], cell["value"], span, "gold", table_kind=table["table_kind"],
                    table_ordinal=ordinal, side=cell.get("side"), item_code=cell.get("item_code"), item_label=cell.get("item_label"), column=cell["column"],
                )
            )
    return lines


def form_of(ordinal: int, form: dict[str, Any]) -> tuple[Project, list[ProjectFund], list[Indicator]]:
    project_id = f"form-{ordinal}"
    span = Span(ordinal * 1000, ordinal * 1000 + 1)

    def rate(row: dict[str, Any]) -> Decimal | None:
        text = row.get("execution_rate_text")
        return Decimal(text.rstrip("%")) if text else None

    funds = [
        ProjectFund(
            project_id, row["row"], row["label"], span, row["label"], printed(row["initial_budget"]), printed(row["annual_budget_A"]), printed(row["executed_B"]),
            rate(row), printed(row["weight"]), printed(row["score"]), row_id=row_id(project_id, "project_funds", place),
        )
        for place, row in enumerate(form["funds"], 1)
    ]
    whole = funds[0]
    goals = form.get("goals") or {}
    project = Project(
        project_id, ordinal, "self_evaluation", span, form["project_name"], None, form.get("competent_department"), form.get("implementing_unit"),
        printed(form["total_score"]), form["grade"], form["fund_unit"], whole.initial_budget, whole.annual_budget, whole.executed,
        whole.execution_rate_pct, whole.weight, whole.score, goals.get("expected"), goals.get("actual"), form["note"], row_id=row_id("gold", "projects", ordinal),
    )
    rows = []
    for place, row in enumerate(form["indicators"], 1):
        target, actual = row["target"] or {}, row["actual"] or {}
        rows.append(
            Indicator(
                project_id, place, "self_evaluation", span, "", row["level1"], row["level2"], row["level3"],
                target.get("text"), target.get("op"), printed(target.get("norm_value")), target.get("norm_unit"),
                actual.get("text"), actual.get("op"), printed(actual.get("norm_value")), actual.get("norm_unit"),
                printed(row["weight"]), printed(row["score_coefficient_pct"]), printed(row["score"]), row["deviation_note"], row["placeholder"],
                row_id=row_id(project_id, "indicators", place),
            )
        )
    return project, funds, rows


def disclosure_of(shared: Path, name: str) -> Disclosure:
    """The records a perfect reading of one annotated document would give."""
    gold = json.loads((shared / "gold" / "dev" / f"{name}.json").read_text(encoding="utf-8"))
    facts, counts = facts_of(gold)
    lines = [replace(line, row_id=row_id(name, "budget_lines", place)) for place, line in enumerate([*facts, *cells_of(gold)], 1)]
    counts = [replace(count, row_id=row_id(name, "quantities", place)) for place, count in enumerate(counts, 1)]
    forms = [form_of(place, form) for place, form in enumerate(gold.get("projects", ()), 1)]
    head = gold["document"]
    identity = Identity(department=head["department"], stage=head["stage"], doc_kind=head["doc_kind"], fiscal_year=head["fiscal_year"], region_code=head["region_code"])
    return Disclosure(
        name, "ok", identity, budget_lines=tuple(lines), quantities=tuple(counts), projects=tuple(form[0] for form in forms),
        project_funds=tuple(fund for form in forms for fund in form[1]), indicators=tuple(row for form in forms for row in form[2]),
    )


def listing(findings: tuple[Finding, ...], *statuses: str) -> list[str]:
    return [f"{finding.status} {finding.severity} {finding.check_id}: {finding.message_zh}" for finding in findings if finding.status in statuses]
