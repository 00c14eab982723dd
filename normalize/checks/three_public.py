"""“三公”经费 in the narrative: parts, changes, unit costs and the counts beside them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from normalize.checks.ledger import BASIS_ZH, Subject
from normalize.checks.outcome import Identity, Place, adds_up, at_most, place_of, reconcile, remark
from normalize.checks.percentages import THREE_PUBLIC_COLUMNS
from normalize.checks.tolerance import compare, minus, quotient, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Ledger
    from normalize.checks.tolerance import Term
    from normalize.records import Finding

AMOUNT_BASES = ("final", "initial_budget", "prior_final", "prior_budget")
CHANGE_BASES = ("change_vs_prior_final", "change_vs_initial_budget", "change_vs_prior_budget")


def _parts(ledger: Ledger, basis: str) -> list[Term | None]:
    near = ledger.line("three_public_total", basis)
    vehicles = ledger.amount("three_public_vehicle_total", basis, near)
    kinds = ["three_public_overseas", "three_public_reception"]
    if vehicles is None:
        kinds += ["three_public_vehicle_purchase", "three_public_vehicle_operation"]
    parts = [ledger.amount(kind, basis, near) for kind in kinds]
    return parts if vehicles is None else [*parts, vehicles]


def three_public_is_sum_of_parts(ledger: Ledger) -> Iterator[Finding]:
    """“三公”经费 = 因公出国（境）费 + 公务用车购置及运行维护费 + 公务接待费 (A39)."""
    for basis in AMOUNT_BASES:
        identity = Identity("three_public_is_sum_of_parts", f"“三公”经费{BASIS_ZH[basis]} = 出国 + 用车 + 接待", f"“三公” {basis.replace('_', ' ')} = overseas + vehicles + reception")
        row = ledger.line("three_public_total", basis)
        yield from adds_up(identity, ledger.term(row), _parts(ledger, basis), place=place_of(row))


def vehicle_cost_is_purchase_and_operation(ledger: Ledger) -> Iterator[Finding]:
    """公务用车购置及运行维护费 = 购置费 + 运行维护费 (A40)."""
    for basis in AMOUNT_BASES:
        identity = Identity("vehicle_cost_is_purchase_and_operation", "公务用车费 = 购置费 + 运行维护费", "vehicle cost = purchase + operation")
        row = ledger.line("three_public_vehicle_total", basis)
        parts = [ledger.amount(part, basis, row) for part in ("three_public_vehicle_purchase", "three_public_vehicle_operation")]
        yield from adds_up(identity, ledger.term(row), parts, place=place_of(row))


def three_public_changes_sum(ledger: Ledger) -> Iterator[Finding]:
    """“三公”经费的增减 = 各分项增减之和; an item without a stated change counts as unchanged (A43, A44)."""
    for basis in CHANGE_BASES:
        identity = Identity("three_public_changes_sum", f"“三公”经费{BASIS_ZH[basis]} = 各分项之和", f"“三公” {basis.replace('_', ' ')} = sum over its items")
        row = ledger.line("three_public_total", basis)
        stated = ledger.term(row)
        parts = _parts(ledger, basis)
        known = [part for part in parts if part is not None]
        amount = total(known) if known else None
        if amount is None or stated is None:
            continue
        if len(known) == len(parts) or compare(amount, stated).status != "fail":
            yield from reconcile(identity, amount, stated, place=place_of(row))


def _budget(ledger: Ledger, measure: str) -> Term | None:
    value, change = ledger.amount(measure, "final"), ledger.amount(measure, "change_vs_initial_budget")
    sheet = ledger.sheet("three_public")
    cell = sheet.rows[0].cells.get((THREE_PUBLIC_COLUMNS[measure], "initial_budget")) if sheet and len(sheet.rows) == 1 else None
    stated = ledger.amount(measure, "initial_budget") or ledger.term(cell)
    return stated or (minus(value, change) if value is not None and change is not None else None)


def three_public_within_budget(ledger: Ledger) -> Iterator[Finding]:
    """“三公”经费决算不超过年初预算, as the frugality rules ask (A48)."""
    if ledger.budgeting:
        return
    for measure in THREE_PUBLIC_COLUMNS:
        identity = Identity("three_public_within_budget", f"{Subject(measure).zh}决算 ≤ 预算", f"{Subject(measure).en}: final within budget", "note")
        yield from at_most(identity, ledger.amount(measure, "final"), _budget(ledger, measure), place_of(ledger.line(measure, "final")))


def _persons(ledger: Ledger) -> Term | None:
    counts = [ledger.term(ledger.count(Subject("reception_persons", category=category))) for category in (None, "domestic", "overseas")]
    if counts[0] is not None:
        return counts[0]
    known = [count for count in counts if count is not None]
    return total(known) if known else None


def unit_cost_is_cost_per_head(ledger: Ledger) -> Iterator[Finding]:
    """人均接待费 = 接待费 ÷ 人次, 车均购置费 = 购置费 ÷ 购置数, 车均维护费 = 运行维护费 ÷ 保有量 (A49-A51)."""
    rules = (
        ("reception_cost_per_person", "three_public_reception", _persons(ledger)),
        ("purchase_cost_per_vehicle", "three_public_vehicle_purchase", ledger.term(ledger.count("vehicles_purchased"))),
        ("operation_cost_per_vehicle", "three_public_vehicle_operation", ledger.term(ledger.count("official_vehicles_held"))),
    )
    for measure, cost, heads in rules:
        row = ledger.line(measure)
        stated, amount = ledger.term(row), ledger.amount(cost)
        if row is None or stated is None or amount is None or heads is None:
            continue
        identity = Identity("unit_cost_is_cost_per_head", f"{Subject(measure).zh} = {Subject(cost).zh} ÷ 数量", f"{Subject(measure).en} = {Subject(cost).en} ÷ count", "likely")
        if heads.value == 0:
            zh, en = f"数量为0，印为{row.raw}", f"the count is 0, {row.raw} is printed"
            yield remark(identity, "undefined", zh, en, ids=(*amount.ids, *heads.ids, row.row_id), place=place_of(row))
        else:
            yield from reconcile(identity, quotient(amount, heads, Decimal(1), amount.unit), stated, place=place_of(row))


def cost_and_count_are_zero_together(ledger: Ledger) -> Iterator[Finding]:
    """费用为0则批次、人次、辆数为0, 有费用则有数量 (A52)."""
    if ledger.budgeting:
        return
    pairs = (
        ("three_public_overseas", None, ("overseas_groups", "overseas_persons")),
        ("three_public_vehicle_purchase", None, ("vehicles_purchased",)),
        ("three_public_reception", "domestic", ("reception_batches", "reception_persons")),
    )
    for cost, category, measures in pairs:
        row = ledger.line(cost)
        for measure in measures:
            count = ledger.count(Subject(measure, category=category)) or ledger.count(measure)
            if row is None or count is None:
                continue
            identity = Identity("cost_and_count_are_zero_together", f"{Subject(cost).zh}与{Subject(measure).zh}", f"{Subject(cost).en} and {Subject(measure).en}", "look")
            together = (row.value == 0) == (count.value == 0)
            zh, en = f"{row.raw}，{count.raw}", f"{row.raw}, {count.raw}"
            yield remark(identity, "pass" if together else "fail", zh, en, ids=(row.row_id, count.row_id), place=place_of(count), lhs=row.value, rhs=count.value)


def persons_at_least_batches(ledger: Ledger) -> Iterator[Finding]:
    """接待人次 ≥ 接待批次, 出国人次 ≥ 团组 (A53)."""
    identity = Identity("persons_at_least_batches", "人次 ≥ 批次", "persons are at least as many as batches", "likely")
    pairs = [(Subject("reception_batches", category=category), Subject("reception_persons", category=category)) for category in (None, "domestic", "domestic_foreign_affairs", "overseas")]
    for batches, persons in (*pairs, (Subject("overseas_groups"), Subject("overseas_persons"))):
        few, many = ledger.count(batches), ledger.count(persons)
        if few is not None and many is not None:
            zh, en = f"{few.value:f}批，{many.value:f}人次", f"{few.value:f} batches, {many.value:f} persons"
            yield remark(identity, "pass" if few.value <= many.value else "fail", zh, en, ids=(few.row_id, many.row_id), place=place_of(few), lhs=few.value, rhs=many.value)


def foreign_reception_within_domestic(ledger: Ledger) -> Iterator[Finding]:
    """国内外事接待 ≤ 国内公务接待 (A54)."""
    for measure in ("three_public_reception", "reception_batches", "reception_persons"):
        identity = Identity("foreign_reception_within_domestic", f"{Subject(measure).zh}：外事 ≤ 国内", f"{Subject(measure).en}: foreign affairs within domestic", "likely")
        part, whole = (Subject(measure, category=category) for category in ("domestic_foreign_affairs", "domestic"))
        rows = (ledger.line(part), ledger.line(whole)) if measure.startswith("three") else (ledger.count(part), ledger.count(whole))
        yield from at_most(identity, ledger.term(rows[0]), ledger.term(rows[1]), place_of(rows[0]))


def reception_is_domestic_and_overseas(ledger: Ledger) -> Iterator[Finding]:
    """公务接待费 = 国内接待费 + 国（境）外接待费 (A54); with one of them told, it is within the whole."""
    identity = Identity("reception_is_domestic_and_overseas", "公务接待费 = 国内 + 国（境）外", "reception = domestic + overseas", "likely")
    row = ledger.line(Subject("three_public_reception", category="domestic"))
    whole = ledger.amount("three_public_reception", near=row)
    parts = [ledger.amount(Subject("three_public_reception", category=category)) for category in ("domestic", "overseas")]
    if None in parts:
        yield from at_most(identity, parts[0], whole, place_of(row))
    else:
        yield from adds_up(identity, whole, parts, place=place_of(row))


def three_public_comparisons_are_present(ledger: Ledger) -> Iterator[Finding]:
    """“三公”各项都应与预算、与上年比较; a comparison given for the 用车 total serves both its parts (A71)."""
    if ledger.budgeting or ledger.line("three_public_total") is None:
        return
    answers = {
        "预算": ("change_vs_initial_budget", "change_pct_vs_initial_budget", "completion_pct", "initial_budget"),
        "上年": ("change_vs_prior_final", "change_pct_vs_prior_final", "prior_final"),
    }
    covered = {measure: {against for against, bases in answers.items() if any(ledger.lines(measure, basis) for basis in bases)} for measure in THREE_PUBLIC_COLUMNS}
    for measure in THREE_PUBLIC_COLUMNS:
        row = next(iter(ledger.lines(measure, "final")), None)
        if row is None or measure in {"three_public_total", "three_public_vehicle_total"}:
            continue
        umbrella = covered["three_public_vehicle_total"] if "vehicle" in measure else set()
        for against in answers:
            if against in covered["three_public_total"] and against not in covered[measure] | umbrella:
                identity = Identity("three_public_comparisons_are_present", f"{Subject(measure).zh}与{against}比较", f"{Subject(measure).en}: comparison with {'the budget' if against == '预算' else 'last year'}", "note")
                yield remark(identity, "fail", "未见说明", "is missing", ids=(row.row_id,), place=Place(row.section_kind))


CHECKS = (
    three_public_is_sum_of_parts,
    vehicle_cost_is_purchase_and_operation,
    three_public_changes_sum,
    three_public_within_budget,
    unit_cost_is_cost_per_head,
    cost_and_count_are_zero_together,
    persons_at_least_batches,
    foreign_reception_within_domestic,
    reception_is_domestic_and_overseas,
    three_public_comparisons_are_present,
)
