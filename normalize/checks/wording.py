"""What the text says in words, against its own figures: reasons, 大于 and 小于, 其中, lists of subjects (文字与数字相符).

These checks read the page's text; without it they rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from normalize.checks.ledger import plain
from normalize.checks.outcome import Identity, at_most, place_of, place_of_sheet, remark
from normalize.checks.percentages import CHANGES, OF_WHICH
from normalize.checks.tolerance import ZERO, compare
from normalize.vocabulary import load_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalize.checks.ledger import Fact, Ledger, Sheet, Subject
    from normalize.records import BudgetLine, Finding

EXPLAINED = re.compile(r"原因|主要是|主要用于|由于|[系因]|属于?|持平|其中|如下|(?:增加|减少)了")
REASON = 500  # characters in which the reason of a change, or of a list of changes, begins
REACH = 160  # characters in which a comparison follows its figures
EXPLANATORY = ("total_", "current_year_", "fiscal_total_", "gpb_", "three_public_", "personnel_", "public_", "agency_", "basic_", "project_exp")
COMPARED = re.compile(r"决算数?(?P<verb>大于|高于|小于|低于|等于|持平)(?:年初)?预算数?的?(?P<why>主要原因|原因)?")
SIGN = {"大于": 1, "高于": 1, "小于": -1, "低于": -1, "等于": 0, "持平": 0}
WHOLE_TO_PART = 60  # characters between a performance figure and the part told after 其中
LISTED = re.compile(r"主要包括[:：]?(?P<names>[^。；;\n]{4,600})")
NAMES = re.compile(r"[、，,]")
A_LIST = 3  # economic subjects named in a row
FEW = 4  # one in four
LEAF = 5  # digits of a 款 of the economic classification


def changes_are_explained(ledger: Ledger) -> Iterator[Finding]:
    """增减变动说明原因: a change that is not 0 is followed by 主要原因 (A62); judged in final accounts that do give reasons."""
    if ledger.document is None or ledger.budgeting:
        return
    bare: list[BudgetLine] = []
    explained: list[str] = []
    for subject, stated in ledger.said.items():
        if not subject.measure.startswith(EXPLANATORY) or subject.category:
            continue
        for change_basis, _ in CHANGES.values():
            for row in stated.get(change_basis, ()):
                if row.value == ZERO:
                    continue
                if row.reason_text or EXPLAINED.search(ledger.document.content, row.span.end, row.span.end + REASON):
                    explained.append(row.row_id)
                elif change_basis != "change_vs_initial_budget" or not _completion_follows(stated, row):
                    bare.append(row)
    identity = Identity("changes_are_explained", "增减变动有原因", "changes come with a reason", "note")
    if explained and bare:
        zh, en = f"{len(bare)}处未说明，如{bare[0].raw}", f"{len(bare)} without one, such as {bare[0].raw}"
        yield remark(identity, "fail", zh, en, ids=[row.row_id for row in bare], place=place_of(bare[0]))
    elif explained:
        yield remark(identity, "pass", f"{len(explained)}处有说明", f"{len(explained)} explained", ids=explained)


def _completion_follows(stated: dict[str, list[BudgetLine]], row: BudgetLine) -> bool:
    """完成预算的…% sums a change up; its reason stands with the items."""
    return any(0 <= other.span.start - row.span.end <= REACH for other in stated.get("completion_pct", ()))


def performance_parts_are_within_their_whole(ledger: Ledger) -> Iterator[Finding]:
    """绩效数字“其中”的部分不大于总数 (A69)."""
    if ledger.document is None:
        return
    for whole, part in pairwise(ledger.kpis):
        if whole.unit != part.unit or whole.unit in {None, "%"} or whole.project != part.project or part.basis != whole.basis:
            continue
        words = ledger.between(whole, part)
        if len(words) <= WHOLE_TO_PART and OF_WHICH in words and "。" not in words and whole.value > 0:
            identity = Identity("performance_parts_are_within_their_whole", "绩效数字：其中 ≤ 总数", "performance figures: a part is within its whole", "look")
            yield from at_most(identity, ledger.term(part), ledger.term(whole), place_of(part))


class Compared(NamedTuple):
    """A final figure and the budget it is told with."""

    end: int
    subject: Subject
    budget: BudgetLine
    final: BudgetLine


def _told_together(ledger: Ledger) -> list[Compared]:
    pairs = []
    for subject, stated in ledger.said.items():
        finals = stated.get("final", ())
        budgets = [row for basis in ("initial_budget", "adjusted_budget") for row in stated.get(basis, ())]
        for final in finals:
            near = [row for row in budgets if 0 <= final.span.start - row.span.end <= REACH // 2]
            if near:
                pairs.append(Compared(final.span.end, subject, near[-1], final))
    return sorted(pairs, key=lambda pair: pair.end)


def comparison_words_agree_with_figures(ledger: Ledger) -> Iterator[Finding]:
    """决算数大于（小于、等于）预算数 agrees with the two figures told before it (B16)."""
    if ledger.document is None or ledger.budgeting:
        return
    pairs = _told_together(ledger)
    agreeing: list[str] = []
    for match in COMPARED.finditer(ledger.document.content) if pairs else ():
        before = [pair for pair in pairs if 0 <= match.start() - pair.end <= REACH]
        if not before or "（小于" in ledger.document.content[match.start() : match.end() + 6]:
            continue
        pair = before[-1]
        final, budget = ledger.term(pair.final), ledger.term(pair.budget)
        if final is None or budget is None:
            continue
        difference = compare(final, budget).difference
        if difference is None:
            continue
        sign = (difference > 0) - (difference < 0)
        ids = (pair.budget.row_id, pair.final.row_id)
        if sign == SIGN[match["verb"]]:
            agreeing += ids
        else:
            identity = Identity("comparison_words_agree_with_figures", f"{pair.subject.zh}决算与预算的大小", f"{pair.subject.en}: final against budget in words", "likely")
            zh, en = f"预算{pair.budget.raw}，决算{pair.final.raw}，却称“{match['verb']}”", f"budget {pair.budget.raw}, final {pair.final.raw}, yet “{match['verb']}”"
            yield remark(identity, "fail", zh, en, ids=ids, place=place_of(pair.final), lhs=pair.final.value, rhs=pair.budget.value)
    if agreeing:
        identity = Identity("comparison_words_agree_with_figures", "大于、小于与数字相符", "words of comparison agree with the figures")
        yield remark(identity, "pass", f"{len(agreeing) // 2}处相符", f"{len(agreeing) // 2} agree", ids=agreeing)


def listed_items_are_those_of_the_table(ledger: Ledger) -> Iterator[Finding]:
    """正文逐项列出的科目 = 一般公共预算支出表有数的末级科目 (B17)."""
    sheet = ledger.sheet("gpb_expenditure")
    if sheet is None or not sheet.codes:
        return
    printed = {code: row for code, row in sheet.codes.items() if len(code) == 7 and (cell := row.cells.get(("total", ledger.basis))) is not None and cell.value}
    told = {
        subject.code: stated[ledger.basis][0]
        for subject, stated in ledger.said.items()
        if subject.measure == "gpb_expenditure" and subject.code and len(subject.code) == 7 and stated.get(ledger.basis)
    }
    shared = printed.keys() & told.keys()
    if len(shared) * 3 < len(printed) * 2 or not shared:
        return  # a text that names a few items as examples
    identity = Identity("listed_items_are_those_of_the_table", f"正文所列科目 = {sheet.zh}末级科目", "the items of the text are those of gpb_expenditure", "note")
    left_out = sorted(printed.keys() - told.keys())
    added = sorted(code for code in told.keys() - sheet.codes.keys() if told[code].value)
    if left_out or added:
        zh = "；".join(part for part in (f"正文缺{'、'.join(left_out)}" if left_out else "", f"表中无{'、'.join(added)}" if added else "") if part)
        en = "; ".join(part for part in (f"not in the text: {', '.join(left_out)}" if left_out else "", f"not in the table: {', '.join(added)}" if added else "") if part)
        ids = [printed[code].cells["total", ledger.basis].row_id for code in left_out] + [told[code].row_id for code in added]
        yield remark(identity, "fail", zh, en, ids=ids, place=place_of_sheet(sheet))
    else:
        yield remark(identity, "pass", f"{len(shared)}项", f"{len(shared)} items", ids=[told[code].row_id for code in sorted(shared)], place=place_of_sheet(sheet))


@cache
def _economic_names() -> frozenset[str]:
    return frozenset(_subject(row["name"]) for row in load_csv("codes_economic.csv") if len(row["code"]) == LEAF)


def _subject(name: str) -> str:
    return plain(name).removesuffix("支出").removesuffix("费用")


def _named_subjects(text: str) -> tuple[dict[str, str], bool]:
    """Economic subjects listed after 主要包括, and whether the lists claim to be complete (no 等 at their end)."""
    named: dict[str, str] = {}
    complete = True
    for match in LISTED.finditer(text):
        names = {_subject(name): plain(name) for name in NAMES.split(match["names"].removesuffix("等"))}
        known = {subject: name for subject, name in names.items() if subject in _economic_names()}
        if len(known) >= A_LIST:
            named |= known
            complete = complete and not re.search(r"等(?:支出|费用)?$|…", match["names"])
    return named, complete


def listed_subjects_are_those_of_the_table(ledger: Ledger) -> Iterator[Finding]:
    """人员经费、公用经费“主要包括”的经济科目 = 基本支出表有数的款 (B18); a list that ends with 等 may be shorter."""
    sheet = ledger.sheet("gpb_basic_economic")
    if ledger.document is None or sheet is None or not sheet.codes:
        return
    printed = _amounts_by_name(ledger, sheet)
    named, complete = _named_subjects(ledger.document.content)
    empty = [name for subject, name in named.items() if subject not in printed]
    left_out = [plain(row.item_label) for subject, row in printed.items() if subject in _economic_names() - named.keys()] if complete else []
    if not named or not printed or len(empty) * FEW > len(named) or len(left_out) * FEW > len(printed):
        return  # words of the template, not of this table
    identity = Identity("listed_subjects_are_those_of_the_table", f"正文所列经济科目 = {sheet.zh}", "the economic subjects of the text are those of gpb_basic_economic", "note")
    ids = [row.row_id for row in printed.values() if not left_out or plain(row.item_label) in left_out]
    if empty or left_out:
        zh = "；".join(part for part in (f"表中无数：{'、'.join(empty)}" if empty else "", f"正文未列：{'、'.join(left_out)}" if left_out else "") if part)
        en = "; ".join(part for part in (f"no amount in the table: {', '.join(empty)}" if empty else "", f"not in the text: {', '.join(left_out)}" if left_out else "") if part)
        yield remark(identity, "fail", zh, en, ids=ids, place=place_of_sheet(sheet))
    else:
        yield remark(identity, "pass", f"{len(named)}项", f"{len(named)} subjects", ids=ids, place=place_of_sheet(sheet))


def _amounts_by_name(ledger: Ledger, sheet: Sheet) -> dict[str, BudgetLine]:
    found: dict[str, BudgetLine] = {}
    for code, row in sheet.codes.items():
        line = row.cells.get(("amount", ledger.basis)) or row.cells.get(("total", ledger.basis))
        if len(code) == LEAF and line is not None and line.value:
            found[_subject(row.label)] = line
    return found


def counts_agree_with_tables(ledger: Ledger) -> Iterator[Finding]:
    """正文的批次、人次、车辆数 = 表中统计数 (B13, B14)."""
    for subject, stated in ledger.counted.items():
        for counts in stated.values():
            sides: dict[bool, list[Fact]] = defaultdict(list)
            for count in counts:
                sides[count.table_kind is not None].append(count)
            if not sides[True] or len({count.value for count in sides[True]}) != 1:
                continue
            identity = Identity("counts_agree_with_tables", f"{subject.zh}：正文 = 表", f"{subject.en}: narrative = table", "likely")
            told = [(row, term) for row in sides[False] if (term := ledger.term(row)) is not None]
            printed = ledger.term(sides[True][0])
            if printed is None or not told or any(compare(term, printed).status == "unreadable" for _, term in told):
                continue
            agreeing = [row for row, term in told if compare(term, printed).status == "pass"]
            row, _ = next((pair for pair in told if pair[0] in agreeing), told[0])
            zh, en = f"正文{row.raw}，表{sides[True][0].raw}", f"text {row.raw}, table {sides[True][0].raw}"
            yield remark(identity, "pass" if agreeing else "fail", zh, en, ids=(row.row_id, sides[True][0].row_id), place=place_of(row), lhs=row.value, rhs=printed.value)


CHECKS = (
    changes_are_explained,
    performance_parts_are_within_their_whole,
    comparison_words_agree_with_figures,
    listed_items_are_those_of_the_table,
    listed_subjects_are_those_of_the_table,
    counts_agree_with_tables,
)
