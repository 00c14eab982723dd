"""Inside one self-evaluation form (项目支出绩效自评表): weights, scores, funds, grade, targets."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from normalize.checks.forms import CENTS
from normalize.checks.ledger import WORDS, plain
from normalize.checks.outcome import Identity, adds_up, at_most, reconcile, remark
from normalize.checks.tolerance import (
    HUNDRED,
    UNIT_FAMILY,
    ZERO,
    Term,
    compare,
    exact,
    minus,
    number,
    quotient,
    scored,
    times,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from normalize.checks.forms import Form
    from normalize.checks.ledger import Ledger
    from normalize.records import Finding, Indicator, Project, ProjectFund

WORDING = WORDS["wording"]
NOTHING = frozenset(WORDING["nothing"])
SAVED: tuple[str, ...] = tuple(WORDING["saved"])
FLOORS: tuple[tuple[str, Decimal], ...] = tuple((grade, Decimal(floor)) for grade, floor in WORDING["grade_floors"])
SYNONYMS: dict[str, str] = WORDING["grade_synonyms"]
FORM_WEIGHTS: dict[str, Decimal] = {level: Decimal(weight) for level, weight in WORDING["level1"].items()}
MONEY_IN_NOTE = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s?(万元|亿元|元)")
A_GOAL = 12  # characters; shorter ones (按时完成) are no description that could be copied
LEVEL2 = frozenset(WORDING["level2"])
OVERSHOOT = Decimal("1.3")  # 偏离 30% and more asks for a word of explanation


def weights_sum_to_hundred(ledger: Ledger) -> Iterator[Finding]:
    """指标分值之和 + 预算执行率分值 = 100; sub-rows (其中) are not counted (D01, D17)."""
    for form in ledger.forms:
        weights, execution = form.weights, form.head.execution_weight if form.executes else ZERO
        identity = form.identity("weights_sum_to_hundred", "分值之和 = 100", "the weights sum to 100")
        if weights is None and form.indicators:
            yield remark(identity, "unreadable", "有指标分值未读出", "a weight could not be read", severity="look", ids=form.ids, place=form.place)
        elif weights is not None and form.lacks_execution:
            zh, en = f"指标分值{number(weights.value)}，预算执行率分值未印出", f"weights {number(weights.value)}, that of budget execution is not printed"
            yield remark(identity, "not_applicable", zh, en, ids=weights.ids, place=form.place)
        elif weights is not None:
            summed = total((weights, exact(execution or ZERO, form.ids)))
            yield from reconcile(identity, summed, exact(HUNDRED), place=form.place)


def scores_sum_to_total(ledger: Ledger) -> Iterator[Finding]:
    """指标得分之和 + 预算执行率得分 = 总分; 年度资金总额 counted once (D02)."""
    for form in ledger.forms:
        stated = form.score(form.head.total_score)
        if stated is None or not form.indicators:
            continue
        identity = form.identity("scores_sum_to_total", "得分之和 = 总分", "the scores sum to the total")
        scores = [form.score(row.score, row.row_id) for row in form.indicators]
        execution = [form.score(form.head.execution_score)] if form.executes else []
        known = [score for score in (*scores, *execution) if score is not None]
        if len(known) < len(scores) + len(execution):
            yield remark(identity, "unreadable", "有得分未读出", "a score could not be read", severity="look", ids=form.ids, place=form.place)
        elif form.lacks_execution:
            zh, en = "预算执行率得分未印出", "the score of budget execution is not printed"
            yield remark(identity, "not_applicable", zh, en, ids=form.ids, place=form.place)
        else:
            indicators = _at_finest([score for score in scores if score is not None])
            outside = indicators is not None and compare(indicators, stated).status == "pass"  # 总分 printed for the indicators alone
            yield from reconcile(identity, indicators if outside else _at_finest(known), stated, place=form.place)


def _at_finest(terms: list[Term]) -> Term | None:
    """Scores are exact as printed; only the finest of them can hide a rounding."""
    finest = min((term.slack for term in terms), default=ZERO)
    summed = total(terms)
    return None if summed is None else Term(summed.value, finest, summed.loose, None, summed.text, summed.ids)


def _row_by_row(form: Form, identity: Identity, failures: Iterable[tuple[Indicator, str, str]], checked: int) -> Iterator[Finding]:
    failed = list(failures)
    for row, zh, en in failed:
        yield remark(identity, "fail", f"{row.level3 or row.level2 or ''} {zh}", en, ids=(row.row_id,), place=form.place, lhs=row.score, rhs=row.weight)
    if checked and not failed:
        ids = [row.row_id for row in form.indicators]
        yield remark(identity, "pass", f"{checked}行相符", f"{checked} rows agree", ids=ids, place=form.place)


def score_within_weight(ledger: Ledger) -> Iterator[Finding]:
    """得分 ≤ 分值, row by row (D03)."""
    for form in ledger.forms:
        identity = form.identity("score_within_weight", "得分 ≤ 分值", "no score exceeds its weight")
        rows = [row for row in form.indicators if row.score is not None and row.weight is not None]
        over = [(row, f"得分{row.score}，分值{row.weight}", f"score {row.score}, weight {row.weight}") for row in rows if row.score is not None and row.weight is not None and row.score > row.weight]
        yield from _row_by_row(form, identity, over, len(rows))


def score_is_weight_times_coefficient(ledger: Ledger) -> Iterator[Finding]:
    """得分 = 分值 × 得分系数 (D04)."""
    for form in ledger.forms:
        identity = form.identity("score_is_weight_times_coefficient", "得分 = 分值 × 得分系数", "score = weight × coefficient")
        wrong, checked = [], 0
        for row in form.indicators:
            if row.weight is None or row.coefficient_pct is None or row.score is None:
                continue
            checked += 1
            if row.weight * row.coefficient_pct == row.score * HUNDRED:
                continue
            computed = times(exact(row.weight), scored(row.coefficient_pct, ()), Decimal("0.01"))
            if compare(computed, scored(row.score, ())).status == "fail":
                zh = f"分值{row.weight} × {row.coefficient_pct}% = {number(computed.value)}，印为{row.score}"
                wrong.append((row, zh, f"{row.weight} × {row.coefficient_pct}% = {number(computed.value)}, printed {row.score}"))
        yield from _row_by_row(form, identity, wrong, checked)


def execution_rate_is_executed_over_budget(ledger: Ledger) -> Iterator[Finding]:
    """执行率 = 全年执行数 ÷ 全年预算数 (D05): A is the adjusted budget, not 年初预算."""
    for form in ledger.forms:
        rows: list[tuple[str, Project | ProjectFund, str]] = [("", form.head, form.head.row_id)]
        rows += [(f"{fund.label} ", fund, fund.row_id) for fund in form.funds if fund.fund_source != "total"]
        for label, row, row_id in rows:
            if label and (row.annual_budget, row.executed) == (form.head.annual_budget, form.head.executed):
                continue  # 其中:当年财政拨款 repeats the total
            identity = form.identity("execution_rate_is_executed_over_budget", f"{label}执行率 = 执行数 ÷ 预算数", "execution rate = executed ÷ budget", "likely")
            budget, executed = form.money(row.annual_budget, row_id), form.money(row.executed, row_id)
            if budget is None or executed is None or row.execution_rate_pct is None:
                continue
            if budget.value == 0:
                yield remark(identity, "undefined", "预算数为0", "the budget is 0", ids=(row_id,), place=form.place)
            else:
                rate = scored(row.execution_rate_pct, (row_id,))._replace(unit="%")
                yield from reconcile(identity, quotient(executed, budget), rate, percent=True, place=form.place)


def execution_score_is_weight_times_ratio(ledger: Ledger) -> Iterator[Finding]:
    """预算执行得分 = 分值 × 执行数 ÷ 预算数, at most the weight (D06)."""
    for form in ledger.forms:
        head = form.head
        budget, executed = form.money(head.annual_budget), form.money(head.executed)
        if not budget or not executed or not budget.value or head.execution_weight is None or head.execution_score is None:
            continue
        ratio = quotient(executed, budget, Decimal(1), "%")
        if ratio is None:
            continue
        if ratio.value > 1:
            ratio = exact(Decimal(1), ratio.ids)
        computed = times(exact(head.execution_weight), ratio)
        identity = form.identity("execution_score_is_weight_times_ratio", "执行得分 = 分值 × 执行数 ÷ 预算数", "execution score = weight × executed ÷ budget", "look")
        yield from reconcile(identity, Term(computed.value, computed.slack, computed.loose, None, computed.text, computed.ids), form.score(head.execution_score), place=form.place)


def execution_score_is_weight_times_printed_rate(ledger: Ledger) -> Iterator[Finding]:
    """预算执行得分 = 分值 × 印出的执行率 (D07)."""
    for form in ledger.forms:
        head = form.head
        if head.execution_weight is None or head.execution_rate_pct is None or head.execution_score is None:
            continue
        identity = form.identity("execution_score_is_weight_times_printed_rate", "执行得分 = 分值 × 执行率", "execution score = weight × printed rate", "look")
        rate = scored(min(head.execution_rate_pct, HUNDRED), form.ids)
        yield from reconcile(identity, times(exact(head.execution_weight), rate, Decimal("0.01")), form.score(head.execution_score), place=form.place)


def funds_total_is_sum_of_sources(ledger: Ledger) -> Iterator[Finding]:
    """年度资金总额 = 当年财政拨款 + 上年结转 + 其他资金, each column (D08)."""
    for form in ledger.forms:
        whole = next((fund for fund in form.funds if fund.fund_source == "total"), None)
        sources = [fund for fund in form.funds if fund.fund_source in {"current_year_appropriation", "prior_year_carryover", "other"}]
        if whole is None or not sources:
            continue
        for field, zh in (("initial_budget", "年初预算数"), ("annual_budget", "全年预算数"), ("executed", "全年执行数")):
            identity = form.identity("funds_total_is_sum_of_sources", f"{zh}：年度资金总额 = 各来源之和", f"{field.replace('_', ' ')}: the total of funds = sum of its sources", "likely")
            parts = [form.money(getattr(fund, field), fund.row_id) for fund in sources]
            known = [part for part in parts if part is not None]
            yield from adds_up(identity, form.money(getattr(whole, field), whole.row_id), known or [None], place=form.place)


def executed_within_budget(ledger: Ledger) -> Iterator[Finding]:
    """全年执行数 ≤ 全年预算数 (D09)."""
    for form in ledger.forms:
        budget, executed = form.money(form.head.annual_budget), form.money(form.head.executed)
        identity = form.identity("executed_within_budget", "执行数 ≤ 预算数", "executed within budget", "look")
        yield from at_most(identity, executed, budget, form.place)


def grade_matches_total(ledger: Ledger) -> Iterator[Finding]:
    """等级与总分一致: ≥90 优, ≥80 良, ≥60 中, 其余差; scales with 合格 are not judged (D10)."""
    for form in ledger.forms:
        score, grade = form.head.total_score, SYNONYMS.get(form.head.grade or "", form.head.grade)
        if score is None or grade not in {name for name, _ in FLOORS}:
            continue
        expected = next((name for name, floor in FLOORS if score >= floor), grade)
        identity = form.identity("grade_matches_total", "等级与总分一致", "the grade matches the total", "likely")
        yield remark(identity, "pass" if expected == grade else "fail", f"总分{score}，等级{form.head.grade}", f"total {score}, grade {form.head.grade}", ids=form.ids, place=form.place, lhs=score)


def level_weights_follow_form(ledger: Ledger) -> Iterator[Finding]:
    """产出50、效益30（无满意度指标时40）、满意度10; other weights that sum to 100 are a local form (D11)."""
    for form in ledger.forms:
        weights: dict[str, Decimal] = defaultdict(Decimal)
        for row in form.indicators:
            if row.level1 is None or row.weight is None:
                break
            weights[row.level1] += row.weight
        else:
            if not weights or not weights.keys() <= FORM_WEIGHTS.keys():
                continue
            expected = dict(FORM_WEIGHTS) if "满意度指标" in weights else {"产出指标": Decimal(50), "效益指标": Decimal(40)}
            identity = form.identity("level_weights_follow_form", "一级指标分值合于表样", "level-1 weights follow the form", "likely")
            zh, en = "、".join(f"{level}{number(weight)}" for level, weight in weights.items()), ", ".join(number(weight) for weight in weights.values())
            ids = [row.row_id for row in form.indicators]
            if weights == expected:
                yield remark(identity, "pass", zh, en, ids=ids, place=form.place)
            elif form.lacks_execution or sum(weights.values()) + (form.head.execution_weight or 0 if form.executes else 0) == HUNDRED:
                yield remark(identity, "not_applicable", f"{zh}，另有分值结构", f"{en}: other weights, complete", ids=ids, place=form.place)
            else:
                yield remark(identity, "fail", f"{zh}，应为{'、'.join(number(weight) for weight in expected.values())}", f"{en}, expected {', '.join(number(weight) for weight in expected.values())}", ids=ids, place=form.place)


def note_savings_equal_unspent(ledger: Ledger) -> Iterator[Finding]:
    """说明中的节约（结余）资金 = 预算数 − 执行数; 说明为“无”则没有结余 (D12)."""
    for form in ledger.forms:
        budget, executed, note = form.money(form.head.annual_budget), form.money(form.head.executed), form.head.note
        if budget is None or executed is None or note is None or (unspent := minus(budget, executed)) is None:
            continue
        identity = form.identity("note_savings_equal_unspent", "说明中的结余 = 预算数 − 执行数", "savings in the note = budget − executed", "look")
        if note.strip() in NOTHING:
            status = "pass" if unspent.value == 0 else "fail"
            zh, en = f"说明为“{note.strip()}”，结余{number(unspent.value)}", f"the note says none, {number(unspent.value)} is unspent"
            yield remark(identity, status, zh, en, severity="note", ids=form.ids, place=form.place, lhs=budget.value, rhs=executed.value)
        elif any(word in note for word in SAVED):
            unit = form.head.fund_unit or "万元"
            named = [scored(Decimal(amount), form.ids, CENTS) for amount, money in MONEY_IN_NOTE.findall(note) if money == unit]
            closest = min(named, key=lambda term: abs(term.value - unspent.value), default=None)
            yield from reconcile(identity, unspent, closest, place=form.place)


def _met(row: Indicator) -> bool | None:
    """Whether the actual value reaches the target; None where the two are not numbers in one unit or the target carries no direction."""
    target, actual = row.target_value, row.actual_value
    if target is None or actual is None or row.target_unit != row.actual_unit or row.target_operator is None:
        return None
    if row.actual_operator not in {None, "="} or (row.actual_raw or "") == (row.target_raw or ""):
        return None
    reached = {"≥": actual >= target, ">": actual > target, "≤": actual <= target, "<": actual < target}
    return reached.get(row.target_operator)  # = is passed by a larger count and missed by a larger cost: not judged


def full_score_only_when_target_met(ledger: Ledger) -> Iterator[Finding]:
    """未达指标值不得满分, 达到则不扣分 (D13): judged where target and actual are numbers in one unit and the target has a direction."""
    for form in ledger.forms:
        identity = form.identity("full_score_only_when_target_met", "达标与得分一致", "full score exactly where the target is met", "look")
        odd, checked = [], 0
        for row in form.indicators:
            met = _met(row)
            full = row.score is not None and row.weight is not None and row.score >= row.weight
            if met is None or row.score is None or row.weight is None:
                continue
            checked += 1
            if full and not met:
                odd.append((row, f"指标值{row.target_raw}，完成值{row.actual_raw}，仍得满分", f"target {row.target_raw}, actual {row.actual_raw}, yet full score"))
        yield from _row_by_row(form, identity, odd, checked)


def _far_above(row: Indicator) -> bool:
    target, actual = row.target_value, row.actual_value
    if target is None or actual is None or target <= 0 or row.target_unit != row.actual_unit:
        return False
    return row.actual_operator in {None, "="} and row.target_operator in {"≥", ">", "="} and actual > target * OVERSHOOT


def overfulfilment_is_explained(ledger: Ledger) -> Iterator[Finding]:
    """完成值偏离指标值30%以上应说明原因 (D14)."""
    for form in ledger.forms:
        far = [row for row in form.indicators if _far_above(row) and (row.deviation_note or "").strip() in NOTHING]
        if far:
            identity = form.identity("overfulfilment_is_explained", "大幅超额完成应说明", "far above target without a word", "note")
            zh = "；".join(f"{row.level3 or ''}指标值{row.target_raw}，完成值{row.actual_raw}" for row in far)
            en = "; ".join(f"target {row.target_raw}, actual {row.actual_raw}" for row in far)
            yield remark(identity, "fail", zh, en, ids=[row.row_id for row in far], place=form.place)


def coefficient_is_a_percent(ledger: Ledger) -> Iterator[Finding]:
    """0 ≤ 得分系数 ≤ 100% (D16)."""
    for form in ledger.forms:
        rows = [row for row in form.indicators if row.coefficient_pct is not None]
        identity = form.identity("coefficient_is_a_percent", "得分系数在0与100%之间", "coefficients lie between 0 and 100%", "likely")
        wrong = [(row, f"得分系数{row.coefficient_pct}%", f"coefficient {row.coefficient_pct}%") for row in rows if row.coefficient_pct is not None and not 0 <= row.coefficient_pct <= HUNDRED]
        yield from _row_by_row(form, identity, wrong, len(rows))


def _counted_in(unit: str) -> str:
    """What a unit counts, without 万 and 亿: 万件 and 件 are one."""
    if unit.endswith("元"):
        return "元"
    bare = unit.removeprefix("万").removeprefix("亿").replace(".", "")
    return UNIT_FAMILY.get(bare, bare)


def _comparable(left: str, right: str) -> bool:
    short, long = sorted((_counted_in(left), _counted_in(right)), key=len)
    return long.startswith(short)  # 人 and 人左右


def target_and_actual_have_one_unit(ledger: Ledger) -> Iterator[Finding]:
    """指标值与完成值的单位可比 (D15)."""
    for form in ledger.forms:
        rows = [row for row in form.indicators if row.target_unit and row.actual_unit and row.target_value is not None and row.actual_value is not None]
        identity = form.identity("target_and_actual_have_one_unit", "指标值与完成值单位可比", "target and actual are in one unit", "note")
        wrong = [(row, f"指标值{row.target_raw}，完成值{row.actual_raw}", f"target {row.target_raw}, actual {row.actual_raw}") for row in rows if not _comparable(row.target_unit or "", row.actual_unit or "")]
        yield from _row_by_row(form, identity, wrong, len(rows))


def forms_have_the_same_level2(ledger: Ledger) -> Iterator[Finding]:
    """表样的二级指标各表齐全 (D18), in documents that print the rows they leave blank: what most forms print is the layout."""
    names: dict[str, set[str]] = defaultdict(set)
    for row in ledger.disclosure.indicators:
        if row.kind == "self_evaluation" and row.level2:
            names[row.project_id].add(plain(row.level2).removesuffix("指标"))
    if len(names) < 2 or not any(row.is_placeholder for row in ledger.disclosure.indicators):
        return
    layout = {name for name, forms in Counter(name for own in names.values() for name in own).items() if forms * 2 > len(names)} & LEVEL2
    for form in ledger.forms:
        missing = sorted(layout - names.get(form.head.project_id, layout))
        identity = form.identity("forms_have_the_same_level2", "二级指标齐全", "all level-2 indicators of the form", "note")
        zh, en = (f"缺{'、'.join(missing)}", f"{len(missing)} missing") if missing else ("齐全", "all present")
        yield remark(identity, "fail" if missing else "pass", zh, en, ids=form.ids, place=form.place)


def goals_of_projects_differ(ledger: Ledger) -> Iterator[Finding]:
    """不同项目的年度总体目标不得雷同 (D19)."""
    forms = [form for form in ledger.forms if form.head.goal_target and len(plain(form.head.goal_target)) >= A_GOAL]
    goals = Counter(plain(form.head.goal_target) for form in forms)
    identity = Identity("goals_of_projects_differ", "各项目年度目标不雷同", "projects have goals of their own", "likely")
    for goal, count in goals.items():
        if count > 1:
            alike = [form for form in forms if plain(form.head.goal_target) == goal]
            names = "、".join(form.zh for form in alike)
            numbers = ", ".join(str(form.head.ordinal) for form in alike)
            yield remark(identity, "fail", f"{names}的年度目标相同", f"forms {numbers} share one goal", ids=[form.head.row_id for form in alike], place=alike[-1].place)
    if len(forms) > 1 and len(goals) == len(forms):
        yield remark(identity, "pass", f"{len(forms)}个项目", f"{len(forms)} projects", ids=[form.head.row_id for form in forms])


def total_score_within_hundred(ledger: Ledger) -> Iterator[Finding]:
    """总分 ≤ 100 (D20)."""
    for form in ledger.forms:
        if (score := form.head.total_score) is not None:
            identity = form.identity("total_score_within_hundred", "总分 ≤ 100", "the total is at most 100")
            yield remark(identity, "pass" if score <= HUNDRED else "fail", f"总分{score}", f"total {score}", ids=form.ids, place=form.place, lhs=score, rhs=HUNDRED)


CHECKS = (
    weights_sum_to_hundred,
    scores_sum_to_total,
    score_within_weight,
    score_is_weight_times_coefficient,
    execution_rate_is_executed_over_budget,
    execution_score_is_weight_times_ratio,
    execution_score_is_weight_times_printed_rate,
    funds_total_is_sum_of_sources,
    executed_within_budget,
    grade_matches_total,
    level_weights_follow_form,
    note_savings_equal_unspent,
    full_score_only_when_target_met,
    overfulfilment_is_explained,
    coefficient_is_a_percent,
    target_and_actual_have_one_unit,
    forms_have_the_same_level2,
    goals_of_projects_differ,
    total_score_within_hundred,
)
