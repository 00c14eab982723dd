"""Other important matters in the narrative: running costs, vehicles, procurement, projects, performance figures (其他重要事项、预算绩效)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from normalize.checks.ledger import Subject
from normalize.checks.outcome import Identity, adds_up, at_most, place_of, reconcile, remark
from normalize.checks.tolerance import compare, exact, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Fact, Ledger
    from normalize.records import BudgetLine, Finding

RESERVED = (None, "target_set", "tracking", "all_self_evaluated")
EVALUATED = Subject("project_budget", category="all_self_evaluated")
NEAR_MISS = 100  # a sum that misses its stated total by less than one in this is a misprint worth a look, not another list


def agency_cost_within_public_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """机关运行经费 ≤ 公用经费; equal where the department is 行政单位 throughout (A55)."""
    identity = Identity("agency_cost_within_public_expenditure", "机关运行经费 ≤ 公用经费", "agency operating cost is within public expenditure", "look")
    row, public = ledger.line("agency_operating_expenditure"), ledger.line("public_expenditure")
    if row is not None and public is not None and (public.section_kind or row.section_kind is None):  # outside a known section it may be of one unit
        yield from at_most(identity, ledger.term(row), ledger.term(public), place_of(row))


def agency_cost_moves_with_public_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """与公用经费相等的机关运行经费, 较上年的增减也相等 (A55)."""
    identity = Identity("agency_cost_moves_with_public_expenditure", "机关运行经费增减 = 公用经费增减", "agency operating cost moved as public expenditure did", "look")
    agency, public = ledger.amount("agency_operating_expenditure"), ledger.amount("public_expenditure")
    if agency is not None and public is not None and compare(agency, public).status == "pass":
        for basis in ("change_vs_prior_final", "change_vs_prior_budget"):
            row = ledger.line("agency_operating_expenditure", basis)
            yield from reconcile(identity, ledger.term(row), ledger.amount("public_expenditure", basis), place=place_of(row))


def vehicle_types_sum_to_vehicles(ledger: Ledger) -> Iterator[Finding]:
    """车辆总数 = 各类用车之和 (A57)."""
    for measure in ("asset_vehicles", "vehicles_purchased"):
        identity = Identity("vehicle_types_sum_to_vehicles", f"{Subject(measure).zh} = 各类用车之和", f"{Subject(measure).en} = sum of their types", "likely")
        for basis in ("final", "initial_budget"):
            whole = ledger.count(measure, basis)
            types = [ledger.count(subject, basis) for subject in ledger.counted if subject.measure == measure and subject.category]
            if len({row.value for row in ledger.counted.get(Subject(measure), {}).get(basis, ())}) > 1:
                types.append(None)  # a second figure without a type may be of a type we do not know
            yield from adds_up(identity, ledger.term(whole), [ledger.term(kind) for kind in types], place=place_of(whole))


def official_vehicles_within_assets(ledger: Ledger) -> Iterator[Finding]:
    """公务用车保有量 ≤ 国有资产车辆数: the former counts vehicles run on fiscal money only (A58)."""
    identity = Identity("official_vehicles_within_assets", "公务用车保有量 ≤ 车辆数", "official vehicles are within the vehicles owned", "look")
    if ledger.budgeting:
        return
    held = ledger.count("official_vehicles_held")
    yield from at_most(identity, ledger.term(held), ledger.term(ledger.count("asset_vehicles")), place_of(held))


def procurement_is_goods_works_services(ledger: Ledger) -> Iterator[Finding]:
    """政府采购 = 货物 + 工程 + 服务 (A59)."""
    identity = Identity("procurement_is_goods_works_services", "政府采购 = 货物 + 工程 + 服务", "procurement = goods + works + services")
    row = ledger.line("procurement_total")
    parts = [ledger.amount(kind, near=row) for kind in ("procurement_goods", "procurement_works", "procurement_services")]
    yield from adds_up(identity, ledger.term(row), parts, place=place_of(row))


def small_firms_within_procurement(ledger: Ledger) -> Iterator[Finding]:
    """授予小微企业 ≤ 授予中小企业 ≤ 政府采购总额 (A60)."""
    for category in ("award", "reserved", None):
        sme, micro = (ledger.line(Subject(measure, category=category)) for measure in ("procurement_sme", "procurement_micro"))
        within = Identity("small_firms_within_procurement", "授予中小企业合同 ≤ 政府采购", "awards to small firms are within procurement", "look")
        nested = Identity("small_firms_within_procurement", "授予小微企业合同 ≤ 授予中小企业合同", "awards to micro firms are within those to small firms", "look")
        yield from at_most(within, ledger.term(sme), ledger.amount("procurement_total"), place_of(sme))
        yield from at_most(nested, ledger.term(micro), ledger.term(sme), place_of(micro))


def listed_projects(ledger: Ledger) -> dict[Subject, BudgetLine]:
    """The budgets the narrative states project by project."""
    return {
        subject: bases["initial_budget"][0]
        for subject, bases in ledger.said.items()
        if subject.measure == "project_budget" and bases.get("initial_budget") and (subject.project or subject.category not in RESERVED)
    }


def project_budgets_sum_to_total(ledger: Ledger) -> Iterator[Finding]:
    """自评项目预算合计 = 逐个项目预算之和 (A63)."""
    identity = Identity("project_budgets_sum_to_total", "项目预算合计 = 各项目预算之和", "project budgets sum to the stated total", "likely")
    whole = ledger.line(EVALUATED, "initial_budget")
    listed = [ledger.term(row) for row in listed_projects(ledger).values()]
    yield from adds_up(identity, ledger.term(whole), listed, place=place_of(whole))


def project_count_matches_list(ledger: Ledger) -> Iterator[Finding]:
    """自评项目数 = 列出的项目个数 = 自评表个数 (A64, E11)."""
    stated = ledger.count("self_evaluated_projects", "final") or ledger.count("self_evaluated_projects")
    if stated is None:
        return
    listed = listed_projects(ledger)
    forms = [project for project in ledger.disclosure.projects if project.kind == "self_evaluation"]
    for zh, en, found in (
        ("列出的项目", "projects listed", [row.row_id for row in listed.values()]),
        ("自评表", "forms", [project.row_id for project in forms]),
    ):
        if not found or (len(found) < stated.value and len(found) != len(listed)) or (found and not forms and len(found) < stated.value):
            continue  # a sample of the forms is allowed
        identity = Identity("project_count_matches_list", f"自评项目数 = {zh}个数", f"projects evaluated = {en}", "look")
        yield from reconcile(identity, exact(stated.value * 0 + len(found), tuple(found)), exact(stated.value, (stated.row_id,)), place=place_of(stated))


def executed_funds_are_project_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """项目资金执行 = 项目支出, where every project is evaluated; another scope is no error (A65)."""
    identity = Identity("executed_funds_are_project_expenditure", "项目资金执行 = 项目支出", "project funds executed = project expenditure")
    row = next((ledger.line(subject) for subject in ledger.said if subject.measure == "project_funds_executed"), None)
    executed, spent = ledger.term(row), ledger.amount("project_expenditure")
    if executed is None or spent is None:
        return
    if compare(executed, spent).status == "fail":
        yield remark(identity, "not_applicable", "范围不同", "another scope", ids=(*executed.ids, *spent.ids), place=place_of(row))
    else:
        yield from reconcile(identity, executed, spent, place=place_of(row))


def executed_funds_within_received(ledger: Ledger) -> Iterator[Finding]:
    """资金执行 ≤ 资金到位 (A66)."""
    identity = Identity("executed_funds_within_received", "资金执行 ≤ 资金到位", "funds executed are within funds received", "look")
    for subject in [subject for subject in ledger.said if subject.measure == "project_funds_executed"]:
        row = ledger.line(subject)
        received = ledger.amount(subject._replace(measure="project_funds_received"))
        yield from at_most(identity, ledger.term(row), received, place_of(row))


def grade_counts_sum_to_projects(ledger: Ledger) -> Iterator[Finding]:
    """评价等级为优、良、合格、不合格的项目数之和 = 自评项目数 (E13)."""
    identity = Identity("grade_counts_sum_to_projects", "各等级项目数之和 = 自评项目数", "projects by grade sum to the projects evaluated", "likely")
    whole = ledger.count("self_evaluated_projects")
    grades = [ledger.count(subject) for subject in ledger.counted if subject.measure == "evaluation_grade_count"]
    if len(grades) > 1:
        yield from adds_up(identity, ledger.term(whole), [ledger.term(grade) for grade in grades if grade is not None], place=place_of(whole))


def _windows(rows: list[Fact]) -> Iterator[tuple[Fact, list[Fact]]]:
    """A figure and each later run of two or more figures in the same unit that could be its parts."""
    for index, head in enumerate(rows):
        for start in range(index + 1, len(rows) - 1):
            yield head, rows[start:]


def performance_parts_sum_to_total(ledger: Ledger) -> Iterator[Finding]:
    """绩效数字的总数 = 其中各项之和 (A67): a total, later followed by all its parts; judged where the sum holds or is nearly met."""
    finals = [row for row in ledger.kpis if row.basis == "final" and row.unit != "%"]
    finals.sort(key=lambda row: (row.project or "", row.unit or ""))
    for (project, _), group in groupby(finals, key=lambda row: (row.project or "", row.unit or "")):
        identity = Identity("performance_parts_sum_to_total", f"{project}绩效数字合计", f"performance figures of {project}", "look")
        rows = list(group)[:40]
        judged = []
        for head, parts in _windows(rows):
            whole, summed = ledger.term(head), total([term for part in parts if (term := ledger.term(part)) is not None])
            if whole is None or summed is None or whole.value <= 0 or any(part.value <= 0 for part in parts):
                continue
            gap = abs(summed.value - whole.value)
            if gap * NEAR_MISS < whole.value:
                judged.append((gap, summed, whole, head))
        if judged:
            _, summed, whole, head = min(judged, key=lambda item: item[0])
            yield from reconcile(identity, summed, whole, place=place_of(head))


CHECKS = (
    agency_cost_within_public_expenditure,
    agency_cost_moves_with_public_expenditure,
    vehicle_types_sum_to_vehicles,
    official_vehicles_within_assets,
    procurement_is_goods_works_services,
    small_firms_within_procurement,
    project_budgets_sum_to_total,
    project_count_matches_list,
    executed_funds_are_project_expenditure,
    executed_funds_within_received,
    grade_counts_sum_to_projects,
    performance_parts_sum_to_total,
)
