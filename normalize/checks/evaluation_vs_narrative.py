"""Self-evaluation forms against the narrative: sums, budgets by project, names, performance figures (自评表与正文)."""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal
from difflib import SequenceMatcher
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from extract.document import Paragraph
from normalize.checks.ledger import plain
from normalize.checks.other import EVALUATED, listed_projects
from normalize.checks.outcome import Identity, at_most, place_of, reconcile, remark
from normalize.checks.tolerance import NUMERAL, Term, compare, exact, last_place, quotient, scored, total

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.forms import Form
    from normalize.checks.ledger import Fact, Ledger, Subject
    from normalize.records import BudgetLine, Finding, Indicator

ALIKE = Fraction(4, 5)  # names this similar are one project under two spellings
TENTH = 10  # a performance figure this near to its counterpart is the same one, misprinted
A_SENTENCE, BEGINNING = 30, 20  # characters: of a goal worth comparing, and by which its paragraph is found
CAPTION = 90  # characters before the project's name in which the caption of its form stands
CAPTION_YEAR = re.compile(r"(20[0-9]{2})\s*年度")
BUDGET_CODE = re.compile(r"^[0-9]+-")
QUOTES = str.maketrans("", "", "“”\"'‘’《》()（）、，,")
MAGNITUDE = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}


def unprinted(text: str) -> str:
    """A text without blanks, line breaks and punctuation that copies lose."""
    return "".join(text.split()).translate(QUOTES)


@lru_cache(maxsize=1024)
def _name(text: str | None) -> str:
    return plain(text).translate(QUOTES)


@lru_cache(maxsize=1024)
def _likeness(left: str, right: str) -> Fraction:
    """The share of characters that two names have in common, in order; 1 where one holds the other."""
    if left in right or right in left:
        return Fraction(1)
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return Fraction(0)
    return Fraction(2 * sum(block.size for block in matcher.get_matching_blocks()), len(left) + len(right))


def paired(ledger: Ledger) -> list[tuple[Form, Subject, BudgetLine]]:
    """Each form with the project of the narrative's list it is about: by name, or by place where the list is as long and the amounts agree."""
    forms, listed = ledger.forms, list(listed_projects(ledger).items())
    pairs = []
    for place, form in enumerate(forms):
        name = _name(form.head.project_name)
        scores = [(_likeness(name, _name(subject.project or subject.category)), -abs(place - index), index) for index, (subject, _) in enumerate(listed)]
        if not name or not scores:
            continue
        likeness, _, index = max(scores)
        same_place = len(forms) == len(listed) and listed[place][1].value in form.budgets
        if likeness >= ALIKE or same_place:
            subject, row = listed[index if likeness >= ALIKE else place]
            pairs.append((form, subject, row))
    return pairs


def _all_forms(ledger: Ledger) -> tuple[Form, ...]:
    """The forms, if every evaluated project has one; else none: a sample cannot be summed."""
    forms = ledger.forms
    stated = ledger.count("self_evaluated_projects", "final") or ledger.count("self_evaluated_projects")
    return forms if stated is not None and stated.value == len(forms) else ()


def _summed(forms: tuple[Form, ...], field: str) -> Term | None:
    unit = forms[0].head.fund_unit if forms else None
    terms = [form.money(getattr(form.head, field)) for form in forms]
    known = [term._replace(unit=unit) for term in terms if term is not None]
    return total(known) if known and len(known) == len(forms) else None


def form_budgets_sum_to_narrative(ledger: Ledger) -> Iterator[Finding]:
    """自评表全年预算数之和 = 正文项目预算合计、到位资金 (E01)."""
    summed = _summed(_all_forms(ledger), "annual_budget")
    identity = Identity("form_budgets_sum_to_narrative", "自评表预算数之和 = 正文合计", "budgets of the forms sum to the narrative's", "likely")
    received = [ledger.line(subject) for subject in ledger.said if subject.measure == "project_funds_received"]
    for row in (ledger.line(EVALUATED, "initial_budget"), *received):
        yield from reconcile(identity, summed, ledger.term(row), place=place_of(row))


def form_spending_sums_to_narrative(ledger: Ledger) -> Iterator[Finding]:
    """自评表全年执行数之和 = 正文资金执行数 (E02)."""
    summed = _summed(_all_forms(ledger), "executed")
    identity = Identity("form_spending_sums_to_narrative", "自评表执行数之和 = 正文资金执行", "spending of the forms sums to the narrative's", "likely")
    for subject in [subject for subject in ledger.said if subject.measure == "project_funds_executed"]:
        row = ledger.line(subject)
        yield from reconcile(identity, summed, ledger.term(row), place=place_of(row))


def form_spending_within_project_expenditure(ledger: Ledger) -> Iterator[Finding]:
    """自评表全年执行数之和 ≤ 项目支出 (E03)."""
    identity = Identity("form_spending_within_project_expenditure", "自评表执行数之和 ≤ 项目支出", "spending of the forms is within project expenditure", "look")
    row = ledger.line("project_expenditure")
    yield from at_most(identity, _summed(_all_forms(ledger), "executed"), ledger.term(row), place_of(row))


def form_budget_equals_listed_budget(ledger: Ledger) -> Iterator[Finding]:
    """正文逐个项目预算 = 自评表年初预算数或全年预算数 (E04): the text does not say which of the two it means."""
    for form, _, row in paired(ledger):
        identity = form.identity("form_budget_equals_listed_budget", "预算数 = 正文", "its budget = the narrative's", "likely")
        stated = ledger.term(row)
        budgets = [budget._replace(unit=form.head.fund_unit) for value in form.budgets if (budget := form.money(value)) is not None]
        if stated is not None and budgets:
            agreeing = (budget for budget in budgets if compare(budget, stated).status.startswith("pass"))
            yield from reconcile(identity, next(agreeing, budgets[0]), stated, place=form.place)


def form_is_named_as_listed(ledger: Ledger) -> Iterator[Finding]:
    """自评表项目名称与正文一致, quotation marks aside (E05)."""
    for form, subject, row in paired(ledger):
        listed = subject.project or subject.category or ""
        identity = form.identity("form_is_named_as_listed", "名称与正文一致", "named as in the narrative", "note")
        status = "pass" if _name(form.head.project_name) == _name(listed) else "fail"
        yield remark(identity, status, f"正文为《{listed}》", f"the narrative says {listed}", ids=(*form.ids, row.row_id), place=form.place)


def _actual(row: Indicator) -> tuple[Term, str] | None:
    """An indicator's actual value in whole units, with what it counts: 12.6万件 is 126000 ± 500 件."""
    numerals = NUMERAL.findall(row.actual_raw or "")
    if row.actual_value is None or len(numerals) != 1 or row.actual_unit is None or row.actual_unit == "%":
        return None
    digits = numerals[0].replace(",", "")
    if Decimal(digits) == 0:
        return None
    place = last_place(len(digits.partition(".")[2])) * row.actual_value / Decimal(digits)
    magnitude = MAGNITUDE.get(row.actual_unit[:1], Decimal(1)) if row.actual_unit not in {"万元", "亿元"} else Decimal(1)
    value, place = row.actual_value * magnitude, place * magnitude
    unit = row.actual_unit if magnitude == 1 else row.actual_unit[1:]
    return Term(value, place / 2, place / 2, unit if unit.endswith("元") else None, row.actual_raw or "", (row.row_id,), place), unit


def _said(ledger: Ledger, row: Fact) -> tuple[Term, str] | None:
    term = ledger.term(row)
    if term is None or row.unit is None or row.unit == "%":
        return None
    magnitude = MAGNITUDE.get(row.unit[:1], Decimal(1)) if row.unit not in {"万元", "亿元"} else Decimal(1)
    unit = row.unit if magnitude == 1 else row.unit[1:]
    slack, place = term.slack * magnitude, None if term.place is None else term.place * magnitude
    return term._replace(value=term.value * magnitude, slack=slack, loose=slack, unit=unit if unit.endswith("元") else None, place=place), unit


def performance_figures_agree(ledger: Ledger) -> Iterator[Finding]:
    """自评表完成值 = 正文同一项目的绩效数字 (E07): compared where a figure in the same unit is equal or nearly so."""
    for form, subject, _ in paired(ledger):
        said = [one for row in ledger.kpis if row.basis == "final" and (row.project or "") == (subject.project or subject.category) and (one := _said(ledger, row)) is not None]
        for row in form.indicators:
            actual = _actual(row)
            if actual is None:
                continue
            value, unit = actual
            same = [term for term, said_unit in said if said_unit == unit or (unit.endswith("元") and said_unit.endswith("元"))]
            judged = [(abs(verdict.difference), term) for term in same if (verdict := compare(value, term)).difference is not None]
            near = [(gap, term) for gap, term in judged if gap * TENTH < abs(term.value)]
            if near:
                identity = form.identity("performance_figures_agree", f"{row.level3 or ''}完成值 = 正文", "an actual value = the narrative's", "look")
                yield from reconcile(identity, value, min(near, key=lambda pair: pair[0])[1], place=form.place)


def grades_agree_with_forms(ledger: Ledger) -> Iterator[Finding]:
    """正文各等级项目数与平均分 = 自评表 (E13)."""
    forms = _all_forms(ledger)
    grades = Counter(form.head.grade for form in forms if form.head.grade)
    if not forms or sum(grades.values()) != len(forms):
        return
    for subject in [subject for subject in ledger.counted if subject.measure == "evaluation_grade_count"]:
        stated = ledger.count(subject)
        identity = Identity("grades_agree_with_forms", f"等级“{subject.category}”项目数 = 自评表", f"projects graded {subject.category} = forms", "look")
        if stated is not None:
            ids = tuple(form.head.row_id for form in forms if form.head.grade == subject.category)
            yield from reconcile(identity, exact(Decimal(grades[subject.category or ""]), ids, stated.unit), ledger.term(stated), place=place_of(stated))


def average_score_agrees_with_forms(ledger: Ledger) -> Iterator[Finding]:
    """平均分 = 自评表总分的平均数 (E13)."""
    forms = _all_forms(ledger)
    scores = [scored(form.head.total_score, form.ids) for form in forms if form.head.total_score is not None]
    row = ledger.count("evaluation_avg_score") or ledger.line("evaluation_avg_score")
    stated, summed = ledger.term(row), total(scores) if scores else None
    if stated is None or summed is None or len(scores) != len(forms):
        return
    identity = Identity("average_score_agrees_with_forms", "平均分 = 自评表总分的平均数", "average score = mean over the forms", "look")
    mean = quotient(summed, exact(Decimal(len(scores))), Decimal(1), None)
    yield from reconcile(identity, mean, stated._replace(unit=None), percent=True, place=place_of(row))


def goal_reached_is_told_alike(ledger: Ledger) -> Iterator[Finding]:
    """自评表的目标完成情况取自正文 (E06): a text that begins alike and goes on differently was changed in one place only."""
    if ledger.document is None or not ledger.forms:
        return
    told = [(form, form.head.goal_actual) for form in ledger.forms if form.head.goal_actual and len(form.head.goal_actual) > A_SENTENCE]
    content = ledger.document.content
    forms = Counter(words for _, words in told)
    twice = {words for words, count in forms.items() if content.count(words) > count}  # in the text too
    prose = "" if len(twice) == len(forms) else unprinted("".join(ledger.document.text(block.span) for block in ledger.document.blocks if isinstance(block, Paragraph)))
    for form, words in told:
        goal = unprinted(words)
        identity = form.identity("goal_reached_is_told_alike", "目标完成情况与正文一致", "the goal reached is told as in the narrative", "note")
        if words in twice or goal in prose:
            yield remark(identity, "pass", "逐字相同", "word for word", ids=form.ids, place=form.place)
        elif goal[:BEGINNING] in prose:
            following = prose[prose.index(goal[:BEGINNING]) :]
            same = next((place for place, (left, right) in enumerate(zip(goal, following, strict=False)) if left != right), len(following))
            zh, en = f"自“{goal[same : same + 12]}”起不同", f"they part after {same} characters"
            yield remark(identity, "fail", zh, en, ids=form.ids, place=form.place)


def performance_figures_without_narrative(ledger: Ledger) -> Iterator[Finding]:
    """自评表完成值在正文中没有对应数字的列出备查 (E08): no error, told for those who look for sources."""
    for form, subject, _ in paired(ledger):
        said = [one for row in ledger.kpis if (row.project or "") == (subject.project or subject.category) and (one := _said(ledger, row)) is not None]
        actual = [(row, *one) for row in form.indicators if (one := _actual(row)) is not None]
        alone = [row for row, value, unit in actual if not any(unit == other and compare(value, term).status.startswith("pass") for term, other in said)]
        if said and alone:
            identity = form.identity("performance_figures_without_narrative", "完成值正文未提及", "actual values the narrative does not tell", "note")
            zh = "、".join(f"{row.level3 or ''}{row.actual_raw}" for row in alone)
            yield remark(identity, "not_applicable", zh, f"{len(alone)} values", ids=[row.row_id for row in alone], place=form.place)


def supervising_department_is_the_discloser(ledger: Ledger) -> Iterator[Finding]:
    """主管部门 = 公开部门或其简称 (E09): 区政务办 is 某区政务服务管理办公室; a unit is supervised by another body."""
    name = ledger.disclosure.identity.department
    if name is None or ledger.disclosure.identity.entity_level != "department":
        return
    for form in ledger.forms:
        given = BUDGET_CODE.sub("", plain(form.head.supervising_department))
        if given:
            identity = form.identity("supervising_department_is_the_discloser", "主管部门 = 公开部门", "the supervising department is the disclosing one", "note")
            zh, en = f"主管部门{given}，公开部门{name}", f"supervised by {given}, disclosed by {name}"
            yield remark(identity, "pass" if is_abbreviation(given, name) else "fail", zh, en, ids=form.ids, place=form.place)


def is_abbreviation(short: str, name: str) -> bool:
    """Whether the characters of `short` stand in `name` in this order.

    >>> is_abbreviation("区林业局", "某市城北区林业和草原局"), is_abbreviation("区水务局", "某市城北区林业和草原局")
    (True, False)
    """
    characters = iter(name)
    return all(character in characters for character in short)


def form_is_of_the_year(ledger: Ledger) -> Iterator[Finding]:
    """自评表表头年度 = 公开年度 (E10)."""
    year = ledger.disclosure.identity.fiscal_year
    if ledger.document is None or year is None:
        return
    for form in ledger.forms:
        start = form.head.span.start
        captions = CAPTION_YEAR.findall(ledger.document.content[max(0, start - CAPTION) : start])
        if captions:
            identity = form.identity("form_is_of_the_year", "表头年度 = 公开年度", "the form is of the year disclosed", "look")
            zh, en = f"表头{captions[-1]}年度，公开{year}年度", f"form {captions[-1]}, disclosure {year}"
            yield remark(identity, "pass" if int(captions[-1]) == year else "fail", zh, en, ids=form.ids, place=form.place, lhs=Decimal(captions[-1]), rhs=Decimal(year))


def form_is_in_the_unit_of_the_text(ledger: Ledger) -> Iterator[Finding]:
    """自评表资金单位与正文相符 (E12): one amount under two units is wrong in one of them."""
    for form, _, row in paired(ledger):
        if form.head.fund_unit and row.unit and form.head.annual_budget is not None:
            identity = form.identity("form_is_in_the_unit_of_the_text", "资金单位与正文相符", "the funds are in the unit of the text", "likely")
            same_digits = row.value in form.budgets
            zh, en = f"表{form.head.fund_unit}，正文{row.raw}", f"form {form.head.fund_unit}, text {row.raw}"
            yield remark(identity, "fail" if same_digits and row.unit != form.head.fund_unit else "pass", zh, en, ids=(*form.ids, row.row_id), place=form.place)


CHECKS = (
    form_budgets_sum_to_narrative,
    form_spending_sums_to_narrative,
    form_spending_within_project_expenditure,
    form_budget_equals_listed_budget,
    form_is_named_as_listed,
    performance_figures_agree,
    grades_agree_with_forms,
    average_score_agrees_with_forms,
    goal_reached_is_told_alike,
    performance_figures_without_narrative,
    supervising_department_is_the_discloser,
    form_is_of_the_year,
    form_is_in_the_unit_of_the_text,
)
