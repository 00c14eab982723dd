"""The checks on the annotated disclosures: outcomes known row by row, no false alarm, and the share of misprints they catch."""

from __future__ import annotations

import csv
import json
import random
import re
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


GROWTH, SHARE, SAVINGS = "growth_rate_matches_amounts", "share_is_part_of_whole", "note_savings_equal_unspent"
SEED: dict[str, tuple[str, str]] = {  # id of the expected outcome -> check, words its message holds
    "N01": ("revenue_equals_expenditure", ""),
    "N02": ("total_revenue_is_income_and_carryover", ""),
    "N03": ("total_expenditure_is_spending_and_carryover", ""),
    "N04": ("expenditure_kinds_sum_to_total", ""),
    "N05": (SHARE, "基本支出占本年支出合计"),
    "N06": (SHARE, "项目支出占本年支出合计"),
    "N07": ("shares_sum_to_hundred", "占本年支出合计之和"),
    "N08": (SHARE, "财政拨款收入占本年收入合计"),
    "N09": (GROWTH, "收入总计较上年决算"),
    "N10": ("expenditure_change_is_sum_of_parts", ""),
    "N11": ("fiscal_total_is_sum_of_funds", "财政拨款收入总计"),
    "N12": (GROWTH, "一般公共预算财政拨款支出较年初预算"),
    "N13": ("class_expenditures_sum_to_gpb", ""),
    "N14a": (SHARE, "[一般公共服务]"),
    "N14b": (SHARE, "[社会保障和就业]"),
    "N14c": (SHARE, "[卫生健康]"),
    "N14d": (SHARE, "[住房保障]"),
    "N15": ("shares_sum_to_hundred", "占一般公共预算财政拨款支出之和"),
    "N16": ("class_changes_sum_to_gpb_change", ""),
    "N17": (GROWTH, "[一般公共服务]较年初预算"),
    "N18": (GROWTH, "[社会保障和就业]较年初预算"),
    "N19": ("gpb_basic_within_basic", ""),
    "N20": ("basic_expenditure_is_personnel_and_public", ""),
    "N21": (GROWTH, "人员经费较上年"),
    "N22": (GROWTH, "公用经费较上年"),
    "N23": ("three_public_is_sum_of_parts", ""),
    "N24": (GROWTH, "“三公”经费较年初预算"),
    "N25": (GROWTH, "“三公”经费较上年"),
    "N26": ("three_public_changes_sum", "较上年"),
    "N27": ("three_public_changes_sum", "较年初预算"),
    "N28": (GROWTH, "公务用车运行维护费较年初预算"),
    "N29": (GROWTH, "公务用车运行维护费较上年"),
    "N30": (GROWTH, "公务接待费较"),
    "N31": (GROWTH, "因公出国（境）费较上年"),
    "N32": ("unit_cost_is_cost_per_head", "人均接待费"),
    "N33": ("unit_cost_is_cost_per_head", "车均维护费"),
    "N34": ("official_vehicles_within_assets", ""),
    "N35": ("vehicle_types_sum_to_vehicles", ""),
    "N36": ("agency_cost_within_public_expenditure", ""),
    "N37": ("agency_cost_moves_with_public_expenditure", ""),
    "N38": (GROWTH, "会议费较上年"),
    "N39": (GROWTH, "培训费较上年"),
    "N40": ("procurement_is_goods_works_services", ""),
    "N41": ("project_budgets_sum_to_total", ""),
    "N42": ("project_count_matches_list", ""),
    "N43": ("executed_funds_are_project_expenditure", ""),
    "N44": ("performance_parts_sum_to_total", "201宗"),
    "N45": ("performance_parts_sum_to_total", "32.53亿元"),
    "N46": (GROWTH, "交易总额"),
    "N47": ("performance_parts_sum_to_total", "126272件"),
    "X01": ("form_spending_sums_to_narrative", ""),
    "X02": ("form_spending_within_project_expenditure", ""),
    "X03": ("form_spending_within_project_expenditure", ""),
    "X04": ("form_budgets_sum_to_narrative", ""),
    "X05": ("goals_of_projects_differ", ""),
}
FORM_CHECKS = {
    "1": "weights_sum_to_hundred",
    "2": "scores_sum_to_total",
    "3": "score_within_weight",
    "4": "score_is_weight_times_coefficient",
    "5": "execution_rate_is_executed_over_budget",
    "6": "execution_score_is_weight_times_ratio",
    "6b": "execution_score_is_weight_times_printed_rate",
    "7": SAVINGS,
    "8": "grade_matches_total",
    "9": "funds_total_is_sum_of_sources",
    "10": "level_weights_follow_form",
}
STATUS = {"PASS": "pass", "PASS_ROUNDING": "pass_rounding", "FAIL": "fail", "WARN": "fail"}


def answering(findings: tuple[Finding, ...], identity: str) -> list[Finding]:
    """The findings that answer one row of the expected outcomes."""
    if identity.startswith("E"):
        form, _, number = identity[1:].partition(".")
        return [finding for finding in findings if finding.check_id == FORM_CHECKS[number] and finding.project_id == f"form-{form}"]
    check_id, words = SEED[identity]
    return [finding for finding in findings if finding.check_id == check_id and words in finding.message_zh]


def test_every_expected_outcome_of_the_2020_final_account_is_met(shared: Path) -> None:
    findings = run_checks(disclosure_of(shared, "wulong-government-services-2020-final"))
    with (shared / "domain" / "seed_check_results.csv").open(encoding="utf-8", newline="") as handle:
        expected = {row["id"]: row["status"] for row in csv.DictReader(handle)}
    assert len(expected) == 121
    differing = {}
    for identity, status in expected.items():
        answers = answering(findings, identity)
        if {finding.status for finding in answers} != {STATUS[status]}:
            differing[identity] = (status, [(finding.status, finding.message_zh) for finding in answers])
        if status == "WARN":
            assert {finding.severity for finding in answers} == {"note"}
    assert differing == {}


FAILURES = {  # what the annotators found wrong in each document, as the checks that must find it; nothing else may fail
    "putuo-finance-2024-final": {
        "fiscal_total_is_sum_of_funds": 1,
        "share_is_part_of_whole": 1,
        "shares_sum_to_hundred": 1,
        "totals_agree_with_summary_tables": 2,
    },
    "putuo-planning-2024-final": {
        "share_is_part_of_whole": 1,
        "completion_is_final_over_budget": 1,
        "gpb_agrees_with_its_table": 1,
        "listed_items_are_those_of_the_table": 1,
        "staff_and_running_costs_agree_with_table": 2,
    },
    "putuo-shiquan-2025-final": {
        "share_is_part_of_whole": 1,
        "figure_printed_twice_agrees": 2,
        "three_public_is_sum_of_parts": 1,
        "columns_add_up": 4,
        "rows_add_up": 4,
        "items_agree_with_gpb_table": 1,
        "three_public_agrees_with_table": 1,
    },
    "putuo-sthj-2025-final": {"growth_rate_matches_amounts": 1},
    "putuo-wanli-2024-budget": {"figure_printed_twice_agrees": 1, "items_agree_with_gpb_table": 1},
    "putuo-commerce-2025-budget": {},
    "yantai-veterans-2026-budget": {},
    "kunming-audit-2026-budget": {},
}


@pytest.mark.parametrize("name", FAILURES)
def test_only_annotated_defects_fail(shared: Path, name: str) -> None:
    findings = run_checks(disclosure_of(shared, name))
    failed = Counter(finding.check_id for finding in findings if finding.status == "fail")
    assert dict(failed) == FAILURES[name], listing(findings, "fail")


def test_withheld_rows_are_unreadable_not_wrong(shared: Path) -> None:
    findings = run_checks(disclosure_of(shared, "yantai-veterans-2026-budget"))
    unread = [finding.message_zh for finding in findings if finding.status == "unreadable"]
    assert len(unread) == 3  # one for each kind of table that has them
    assert all("20828退役军人管理事务" in message for message in unread)


@pytest.mark.parametrize("name", FAILURES)
def test_every_finding_names_rows_that_exist(shared: Path, name: str) -> None:
    disclosure = disclosure_of(shared, name)
    rows = {line.row_id for line in disclosure.budget_lines} | {count.row_id for count in disclosure.quantities}
    for finding in run_checks(disclosure):
        assert finding.evidence_ids, finding
        assert set(finding.evidence_ids) <= rows
        assert finding.message_zh
        assert finding.message_en


NUMERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")


def misprinted(raw: str, rng: random.Random) -> str | None:
    """`raw` with one digit of its first numeral set wrongly, by more than rounding could do."""
    match = NUMERAL.search(raw)
    if match is None:
        return None
    digits = match.group().replace(",", "")
    decimals = len(digits.partition(".")[2])
    whole = [place for place, char in enumerate(digits) if char != "."]
    place = rng.choice(whole)
    other = rng.choice([digit for digit in "0123456789" if digit != digits[place]])
    changed = digits[:place] + other + digits[place + 1 :]
    if abs(Decimal(changed) - Decimal(digits)) <= Decimal(10).scaleb(-decimals) * (decimals > 0):
        return None
    return raw[: match.start()] + changed + raw[match.end() :]


def misprint(disclosure: Disclosure, rng: random.Random) -> tuple[str, Disclosure] | None:
    """The disclosure with one printed number wrong, and which group the number belongs to."""
    lines = list(disclosure.budget_lines)
    place = rng.randrange(len(lines) + len(disclosure.quantities) + 4 * len(disclosure.indicators))
    if place >= len(lines) + len(disclosure.quantities):
        rows = list(disclosure.indicators)
        index = (place - len(lines) - len(disclosure.quantities)) // 4
        value = (rows[index].weight, rows[index].score)[place % 2]
        if value is None or (changed := misprinted(str(value), rng)) is None:
            return None
        rows[index] = replace(rows[index], score=Decimal(changed)) if place % 2 else replace(rows[index], weight=Decimal(changed))
        return "form", replace(disclosure, indicators=tuple(rows))
    if place >= len(lines):
        counts = list(disclosure.quantities)
        index = place - len(lines)
        count = counts[index]
        changed = misprinted(count.raw, rng)
        if changed is None or (match := NUMERAL.search(changed)) is None:
            return None
        counts[index] = replace(count, raw=changed, value=Decimal(match.group().replace(",", "")))
        return "kpi" if count.role == "kpi" else "count", replace(disclosure, quantities=tuple(counts))
    line = lines[place]
    changed = misprinted(line.raw, rng)
    if changed is None or line.role in {"zero_statement", "reason"} or (match := NUMERAL.search(changed)) is None:
        return None
    value = Decimal(match.group().replace(",", "")).copy_sign(line.value)
    for index, other in enumerate(lines):
        same_print = line.role == "expanded" and (other.raw, other.basis, other.role) == (line.raw, line.basis, line.role)
        if index == place or same_print:
            lines[index] = replace(other, raw=changed, value=value)
    group = "table" if line.origin == "table" else "kpi" if line.role == "kpi" else "percent" if line.unit == "%" else "narrative"
    return group, replace(disclosure, budget_lines=tuple(lines))


def failures(disclosure: Disclosure) -> set[tuple[str, tuple[str, ...], Decimal | None]]:
    return {(finding.check_id, finding.evidence_ids, finding.difference) for finding in run_checks(disclosure) if finding.status == "fail"}


CAUGHT = {"narrative": 0.8, "percent": 0.95, "count": 0.6, "table": 0.97, "form": 1.0}  # what no identity binds (a lone count, 车均 of nothing) cannot be caught


def test_one_misprinted_number_is_caught(shared: Path) -> None:
    """500 documents with one digit set wrongly, by more than rounding: the share that some check notices, by what the number is."""
    rng = random.Random(20260821)
    originals = [disclosure_of(shared, name) for name in ("wulong-government-services-2020-final", *FAILURES)]
    before = [failures(original) for original in originals]
    made: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    while sum(made.values()) < 500:
        index = rng.randrange(len(originals))
        changed = misprint(originals[index], rng)
        if changed is not None:
            group, disclosure = changed
            made[group] += 1
            caught[group] += bool(failures(disclosure) - before[index])
    shares = {group: (caught[group], made[group]) for group in CAUGHT}
    assert all(caught[group] >= floor * made[group] for group, floor in CAUGHT.items()), shares
