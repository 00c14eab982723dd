"""Root causes: one slip behind several failures is said once, two possible ones are a doubt, and the printed value stays."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from extract.document import Span
from extract.reading import read
from normalize.checks import run_checks
from normalize.disclosure import normalize
from normalize.records import BudgetLine, Disclosure, Finding, Identity, Indicator, Project
from normalize.repair import repair, slip

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


@cache
def read_fixture(name: str) -> Disclosure:
    return normalize(read((FIXTURES / name / "input.html").read_bytes(), "input.html"))


def causes(disclosure: Disclosure) -> list[Finding]:
    return [finding for finding in disclosure.findings if finding.check_id == "root_cause"]


def repaired(disclosure: Disclosure) -> dict[tuple[str | None, str | None], tuple[str, Decimal | None]]:
    return {(line.item_code, line.column): (line.raw, line.repaired_value) for line in disclosure.budget_lines if line.repair_id}


@pytest.mark.parametrize(
    ("printed", "needed", "cause"),
    [
        ("1066.51", "10661.51", "lost_digit"), ("44.10", "4.10", "doubled_digit"), ("54.10", "45.10", "transposed"), ("12.00", "120.00", "decimal_point"),
        ("6060400.00", "606.04", "factor"), ("-7.20", "7.20", "sign"), ("31.60", "81.60", "digit"), ("31.60", "18.60", None), ("0.00", "5.00", None), ("31.6", "31.62", None),
    ],
)  # fmt: skip
def test_a_slip_is_one_movement_of_the_hand(printed: str, needed: str, cause: str | None) -> None:
    decimals = len(printed.partition(".")[2])
    assert slip(Decimal(printed), Decimal(needed), decimals) == cause


def test_a_shifted_block_is_told_once_for_all_the_sums_it_breaks() -> None:
    found = read_fixture("repair-shifted-block")
    (cause,) = causes(found)
    assert (cause.status, cause.severity) == ("fail", "certain")
    assert cause.message_zh.startswith("整列错行一格：")
    assert "印为空白，应为448.53" in cause.message_zh
    assert cause.message_zh.endswith("可解释6处不符")
    assert repaired(found) == {
        ("2130301", "basic"): ("448.53", Decimal("412.35")),
        ("2130304", "basic"): ("412.35", Decimal("36.18")),
        ("2130310", "basic"): ("36.18", None),
    }
    assert {line.repair_id for line in found.budget_lines if line.repair_id} == {cause.row_id}
    assert set(cause.evidence_ids) == {line.row_id for line in found.budget_lines if line.repair_id}


def test_a_digit_lost_in_two_cells_is_one_cause() -> None:
    found = read_fixture("repair-misprinted-rows")
    assert sorted(finding.message_zh.partition("：")[0] for finding in causes(found)) == ["漏印一位数字", "相邻数字颠倒"]
    assert repaired(found) == {
        ("213", "basic"): ("48.53", Decimal("448.53")),
        ("21303", "basic"): ("48.53", Decimal("448.53")),
        ("2130310", "project"): ("538.92", Decimal("583.92")),
    }


def test_two_possible_causes_are_told_and_nothing_is_repaired() -> None:
    found = read_fixture("repair-two-candidates")
    (cause,) = causes(found)
    assert (cause.status, cause.severity) == ("undefined", "look")
    assert "有2种可能" in cause.message_zh
    assert "2.54 should be 2.45" in cause.message_en
    assert "7.45 should be 7.54" in cause.message_en
    assert repaired(found) == {}


def test_the_printed_value_never_changes() -> None:
    for name in ("repair-shifted-block", "repair-misprinted-rows", "repair-two-candidates"):
        for line in read_fixture(name).budget_lines:
            assert Decimal(line.raw.replace(",", "")) == line.value


def line(code: str, label: str, column: str, value: str, at: int) -> BudgetLine:
    return BudgetLine("table", "final", Decimal(value), "万元", value, Span(at, at + len(value)), "t", table_kind="expenditure_detail", table_ordinal=1, item_code=code or None,
                      item_label=label, column=column, row_id=f"line-{at}")  # fmt: skip


def spending(**changed: str) -> Disclosure:
    """合计 100 = 205 (60) + 213 (40), each of 基本 and 项目; `changed` prints another figure in a cell."""
    rows = {"": ("合计", "100.00", "71.40", "28.60"), "205": ("教育支出", "60.00", "52.30", "7.70"), "213": ("农林水支出", "40.00", "19.10", "20.90")}
    lines = []
    for place, (code, (label, *values)) in enumerate(rows.items()):
        for offset, (column, value) in enumerate(zip(("total", "basic", "project"), values, strict=True)):
            lines.append(line(code, label, column, changed.get(f"{column}{code}", value), place * 100 + offset * 20))
    return Disclosure("d", "ok", Identity(stage="final"), budget_lines=tuple(lines))


def cause_of(disclosure: Disclosure) -> list[tuple[str, str]]:
    findings = run_checks(disclosure)
    return [(finding.status, finding.message_zh) for finding in repair(disclosure, findings)[1]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"basic205": "25.30"}, "相邻数字颠倒：教育支出印为25.30，应为52.3，可解释2处不符"),
        ({"basic205": "5.23"}, "小数点错位：教育支出印为5.23，应为52.3，可解释2处不符"),
        ({"project213": "-20.90"}, "正负号相反：农林水支出印为-20.90，应为20.9，可解释2处不符"),
        ({"basic205": "58.41"}, None),
        ({"basic205": "19.10", "basic213": "52.30"}, "两处数字互换：教育支出印为19.10，应为52.3；农林水支出印为52.30，应为19.1，共2处，可解释2处不符"),
    ],
)
def test_the_slip_that_makes_every_sum_hold_is_the_cause(changed: dict[str, str], message: str | None) -> None:
    assert cause_of(spending(**changed)) == ([("fail", message)] if message else [])


def test_nothing_is_sought_where_nothing_fails() -> None:
    disclosure = spending()
    findings = run_checks(disclosure)
    assert repair(disclosure, findings) == (disclosure, ())


def test_a_wrong_weight_of_a_form_is_told_with_what_it_should_be() -> None:
    head = Project("p", 1, "self_evaluation", Span(0, 1), "灌溉渠道维修", execution_weight=Decimal(10), execution_score=Decimal(8), total_score=Decimal(98), row_id="p")
    groups = {"产出指标": ("10", "20", "10"), "效益指标": ("30",), "满意度指标": ("10",)}
    rows = tuple(
        Indicator("p", place, "self_evaluation", Span(0, 1), level1=level, level3=f"指标{place}", weight=Decimal(weight), coefficient_pct=Decimal(100), score=Decimal(weight), row_id=f"i{place}")
        for place, (level, weight) in enumerate(((level, weight) for level, weights in groups.items() for weight in weights), 1)
    )
    rows = (replace(rows[0], score=Decimal(20)), *rows[1:])
    disclosure = Disclosure("d", "ok", Identity(stage="final"), projects=(head,), indicators=rows)
    changed, found = repair(disclosure, run_checks(disclosure))
    assert [finding.message_zh for finding in found] == ["分值有误：指标1印为10，应为20，可解释4处不符"]
    assert [(row.weight, row.repaired_field, row.repaired_value) for row in changed.indicators if row.repair_id] == [(Decimal(10), "weight", Decimal(20))]
