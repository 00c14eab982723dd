"""Inside one standard table: columns add up along a row, rows add up along the code tree (表内勾稽)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from normalize.checks.ledger import BASIS_ZH, COLUMN_ZH, WORDS, class_code
from normalize.checks.outcome import Identity, finding, place_of_sheet, reconcile, remark
from normalize.checks.tolerance import ZERO, Term, Verdict, compare, number, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from normalize.checks.ledger import Ledger, Row, Sheet
    from normalize.records import Finding

ECONOMIC: dict[str, list[str]] = WORDS["economic_classes"]
CLASS_DIGITS = 3
BY_FUNCTION = frozenset({"revenue_detail", "expenditure_detail", "gpb_expenditure", "gov_fund", "state_capital"})
BY_ECONOMY = frozenset({"gpb_basic_economic", "gpb_economic", "basic_expenditure_detail"})
FUNDS = ("general_public_budget", "government_fund", "state_capital")
KINDS = ("superior_subsidy", "institution", "operating", "affiliate", "other")
FISCAL_ROWS = frozenset(FUNDS)


class Sums(NamedTuple):
    """A column and the columns that make it up."""

    whole: str
    parts: tuple[str, ...]
    of_which: tuple[str, ...] = ()  # parts that some forms print as 其中, already inside the others


def _revenue_sums(columns: frozenset[str]) -> list[Sums]:
    fiscal = ("fiscal_appropriation",) if "fiscal_appropriation" in columns else FUNDS
    kinds = ("unit_funds",) if "unit_funds" in columns else KINDS
    current = ("current_year_total",) if "current_year_total" in columns else (*fiscal, "fiscal_special_account", *kinds)
    carried = tuple(sorted(column for column in columns if column.startswith("prior_carryover_")))
    sums = [Sums("total", (*current, *(("prior_carryover",) if "prior_carryover" in columns else carried)))]
    if "current_year_total" in columns:
        sums.append(Sums("current_year_total", (*fiscal, "fiscal_special_account", *kinds)))
    if "fiscal_appropriation" in columns and columns & set(FUNDS):
        sums.append(Sums("fiscal_appropriation", FUNDS))
    if "prior_carryover" in columns and carried:
        sums.append(Sums("prior_carryover", carried))
    return sums


def _expenditure_sums(columns: frozenset[str]) -> list[Sums]:
    basic = ("basic",) if "basic" in columns else ("personnel", "public")
    rarer = ("to_superior", "operating", "to_affiliate")
    sums = [Sums("total", (*basic, "project", *rarer), rarer)]
    return [*sums, Sums("basic", ("personnel", "public"))] if "basic" in columns else sums


def _three_public_sums(columns: frozenset[str]) -> list[Sums]:
    vehicles = ("vehicle_total",) if "vehicle_total" in columns else ("vehicle_purchase", "vehicle_operation")
    return [Sums("total", ("overseas", *vehicles, "reception")), Sums("vehicle_total", ("vehicle_purchase", "vehicle_operation"))]


def _always(*parts: str) -> Callable[[frozenset[str]], list[Sums]]:
    return lambda _columns: [Sums("total", parts)]


ROW_SUMS: dict[str, Callable[[frozenset[str]], list[Sums]]] = {
    "revenue_detail": _revenue_sums,
    "expenditure_detail": _expenditure_sums,
    "gpb_expenditure": _expenditure_sums,
    "gov_fund": _expenditure_sums,
    "state_capital": _expenditure_sums,
    "fiscal_summary": _always(*FUNDS),
    "three_public": _three_public_sums,
    "gpb_basic_economic": _always("personnel", "public"),
    "basic_expenditure_detail": _always("personnel", "public"),
    "gpb_economic": _always("basic", "project"),
}
BESIDE = {  # columns that stand beside the sums of their table without being part of them
    "three_public": frozenset({"agency_operating"}),
    "gov_fund": frozenset({"opening", "revenue", "closing"}),
    "state_capital": frozenset({"opening", "revenue", "closing"}),
    "fiscal_summary": frozenset({"amount"}),
    "gpb_expenditure": frozenset({"opening", "revenue", "closing"}),
    "expenditure_detail": frozenset({"procurement", "procurement_sme", "procurement_micro"}),
}


class Comparison(NamedTuple):
    """One sum of a table, with what it is called."""

    zh: str
    verdict: Verdict
    lhs: Term
    rhs: Term


def report(identity: Identity, sheet: Sheet, compared: Iterable[Comparison], if_short: str | None = None) -> Iterator[Finding]:
    """One finding for all sums of a table that agree, one for each that needs rounding or fails.

    `if_short` is the severity where parts fall short of their whole, which a row lost in reading explains as well as a misprint.
    """
    agreeing: list[Comparison] = []
    for one in compared:
        if one.verdict.status == "pass":
            agreeing.append(one)
        else:
            short = one.verdict.difference is not None and one.verdict.difference < 0
            named = replace(identity, zh=f"{identity.zh}，{one.zh}", severity=if_short if short and if_short else identity.severity)
            yield finding(named, one.verdict, one.lhs, one.rhs, place_of_sheet(sheet))
    if agreeing:
        ids = [row for one in agreeing for row in one.rhs.ids]
        yield remark(identity, "pass", f"{len(agreeing)}处相符", f"{len(agreeing)} sums agree", ids=ids, place=place_of_sheet(sheet))


def cell(ledger: Ledger, row: Row | None, column: str, basis: str) -> Term | None:
    """The amount of a row in a column, None where nothing is printed."""
    return None if row is None else ledger.term(row.cells.get((column, basis)))


def columns_add_up(ledger: Ledger) -> Iterator[Finding]:
    """每行合计 = 各栏之和: 收入表, 支出表 (合计 = 基本 + 项目 + …), 财政拨款总表, “三公”经费表 (C07, C12, C16, C22, C29, C30).

    A table with a column that no rule places is left alone, and so is a row whose parts are all blank.
    """
    for sheet in ledger.sheets:
        sums = ROW_SUMS[sheet.kind](sheet.columns) if sheet.kind in ROW_SUMS else []
        known = {column for one in sums for column in (one.whole, *one.parts)} | BESIDE.get(sheet.kind, frozenset())
        fund_columns = {column for column in sheet.columns if column.endswith(("_government_fund", "_state_capital"))} if sheet.kind == "three_public" else set()
        if not sheet.columns - fund_columns <= known:
            continue
        for one in sums:
            if one.whole not in sheet.columns or not sheet.columns & set(one.parts):
                continue
            identity = Identity("columns_add_up", f"{sheet.zh}：{COLUMN_ZH.get(one.whole, one.whole)} = 各栏之和", f"{sheet.kind}: {one.whole} = sum of its columns")
            yield from report(identity, sheet, _row_sums(ledger, sheet, one))


def _row_sums(ledger: Ledger, sheet: Sheet, sums: Sums) -> Iterator[Comparison]:
    for row in sheet.rows:
        for basis in sheet.bases:
            if "pct" in basis:
                continue
            whole = cell(ledger, row, sums.whole, basis)
            told = {part: term for part in sums.parts if (term := cell(ledger, row, part, basis)) is not None}
            summed, without = total(told.values()), total(term for part, term in told.items() if part not in sums.of_which)
            if whole is None or not told or summed is None:
                continue
            verdict = compare(summed, whole)
            if verdict.status == "fail" and sums.of_which and without is not None and compare(without, whole).status != "fail":
                verdict, summed = compare(without, whole), without
            yield Comparison(row.zh, verdict, summed, whole)


def opening_and_income_cover_spending_and_closing(ledger: Ledger) -> Iterator[Finding]:
    """政府性基金, 国有资本经营: 年初结转 + 本年收入 = 本年支出 + 年末结转 (C30)."""
    for sheet in ledger.sheets:
        if sheet.kind in {"gov_fund", "state_capital", "gpb_expenditure"} and {"revenue", "total"} <= sheet.columns:
            identity = Identity("opening_and_income_cover_spending_and_closing", f"{sheet.zh}：年初 + 收入 = 支出 + 年末", f"{sheet.kind}: opening + revenue = expenditure + closing")
            yield from report(identity, sheet, _balances(ledger, sheet))


def _balances(ledger: Ledger, sheet: Sheet) -> Iterator[Comparison]:
    for row in sheet.rows:
        for basis in sheet.bases:
            sides = [[term for column in columns if (term := cell(ledger, row, column, basis)) is not None] for columns in (("opening", "revenue"), ("total", "closing"))]
            lhs, rhs = total(sides[0]), total(sides[1])
            if sides[0] and sides[1] and lhs is not None and rhs is not None:
                yield Comparison(row.zh, compare(lhs, rhs), lhs, rhs)


def _families(sheet: Sheet) -> Iterator[tuple[Row, list[Row]]]:
    """Every parent row with its children of the next level; 合计 with the 类 rows."""
    rows = sheet.codes
    below: dict[str, list[Row]] = defaultdict(list)
    for code, row in rows.items():
        below[code[:-2]].append(row)
    for code, row in rows.items():
        if code in below:
            yield row, below[code]
    whole = sheet.total()
    classes = [row for code, row in rows.items() if len(code) == CLASS_DIGITS]
    if whole is not None and classes:
        yield whole, classes


def rows_add_up(ledger: Ledger) -> Iterator[Finding]:
    """上级科目 = 下级科目之和, 合计 = 各类之和, one level at a time and column by column (C05, C08, C13, C23, C26).

    Where all columns of a parent fall short together, and the shortfalls themselves add up, rows are missing (涉密 or not printed), not
    wrong: unreadable, worth a look, and said once for all tables of a kind.
    """
    incomplete: dict[str, list[tuple[Sheet, Row, Comparison]]] = defaultdict(list)
    for sheet in ledger.sheets:
        if sheet.kind not in BY_FUNCTION | BY_ECONOMY:
            continue
        identity = Identity("rows_add_up", f"{sheet.zh}：上级科目 = 下级科目之和", f"{sheet.kind}: parent rows = sum of their children")
        compared: list[Comparison] = []
        for parent, children in _families(sheet):
            sums = list(_family_sums(ledger, parent, children))
            if any(one.verdict.status == "fail" for one in sums) and _rows_are_missing(ledger, sheet, parent, children):
                incomplete[sheet.kind].append((sheet, parent, sums[0]))
            else:
                compared += sums
        yield from report(identity, sheet, compared, "likely")
    for families in incomplete.values():
        sheet, parent, first = families[0]
        identity = Identity("rows_add_up", f"{sheet.zh}：上级科目 = 下级科目之和", f"{sheet.kind}: parent rows = sum of their children")
        zh = f"{parent.zh}的下级科目合计{number(first.lhs.value)}，少于{number(first.rhs.value)}，各栏一致，此类共{len(families)}处：可能有未公开或未读出的科目"
        en = f"the children of {parent.code or 'the total'} sum to {number(first.lhs.value)} of {number(first.rhs.value)}, alike in every column; {len(families)} such: rows withheld or not read"
        ids = [row for _, _, one in families for row in one.rhs.ids]
        yield remark(identity, "unreadable", zh, en, severity="look", ids=ids, place=place_of_sheet(sheet))


def _family_sums(ledger: Ledger, parent: Row, children: list[Row]) -> Iterator[Comparison]:
    for column, basis in parent.cells:
        if "pct" in basis:
            continue
        whole = cell(ledger, parent, column, basis)
        parts = [term for row in children if (term := cell(ledger, row, column, basis)) is not None]
        summed = total(parts) if parts else None
        if whole is not None and summed is not None:
            yield Comparison(f"{parent.zh}{COLUMN_ZH.get(column, column)}", compare(summed, whole), summed, whole)


def _rows_are_missing(ledger: Ledger, sheet: Sheet, parent: Row, children: list[Row]) -> bool:
    makers = ROW_SUMS.get(sheet.kind)
    if makers is None:
        return False
    for basis in sheet.bases:
        gaps: dict[str, Term] = {}
        for column in sheet.columns:
            whole = cell(ledger, parent, column, basis)
            parts = [term for row in children if (term := cell(ledger, row, column, basis)) is not None]
            summed = total(parts) if parts else Term(ZERO)
            if whole is None or summed is None:
                continue
            verdict = compare(summed, whole)
            if verdict.difference is None or (verdict.status == "fail" and verdict.difference > 0):
                return False
            gaps[column] = Term(-verdict.difference, verdict.tolerance or ZERO, unit=whole.unit)
        for sums in makers(sheet.columns):
            parts = [gaps[part] for part in sums.parts if part in gaps]
            summed = total(parts)
            if sums.whole in gaps and parts and summed is not None and gaps[sums.whole].value > gaps[sums.whole].slack:
                return compare(summed, gaps[sums.whole]).status != "fail"
    return False


def personnel_and_public_are_their_classes(ledger: Ledger) -> Iterator[Finding]:
    """基本支出表: 人员经费合计 = 301 + 303, 公用经费合计 = 302 + 310 + 其余 (C27)."""
    for sheet in ledger.sheets:
        if sheet.kind != "gpb_basic_economic" or "amount" not in sheet.columns:
            continue
        rows = sheet.codes
        for kind, classes in ECONOMIC.items():
            identity = Identity("personnel_and_public_are_their_classes", f"{sheet.zh}：{COLUMN_ZH[kind]}合计 = {'+'.join(classes)}", f"{sheet.kind}: {kind} = {'+'.join(classes)}")
            whole = sheet.row(f"{kind}_total")
            for basis in sheet.bases:
                parts = [term for code in classes if code in rows and (term := cell(ledger, rows[code], "amount", basis)) is not None]
                if parts:
                    yield from reconcile(identity, total(parts), cell(ledger, whole, "amount", basis), place=place_of_sheet(sheet))


def _side_rows(sheet: Sheet, side: str) -> list[Row]:
    return [row for row in sheet.rows if row.side == side and row.cells]


def _amount_column(sheet: Sheet, side: str) -> str | None:
    columns = {column for row in _side_rows(sheet, side) for column, _ in row.cells}
    return "amount" if "amount" in columns else "total" if "total" in columns else None


def summary_sides_add_up(ledger: Ledger) -> Iterator[Finding]:
    """收支总表每一侧: 合计 = 其上各行之和, 总计 = 本年合计 + 其后结转结余各行 (C01-C03, C05, C17, C18).

    Rows of the funds under 财政拨款收入, and under 年初财政拨款结转, repeat their parent; a side with a row of unknown kind is left alone.
    """
    for sheet in ledger.sheets:
        if sheet.kind not in {"rev_exp_summary", "fiscal_summary"}:
            continue
        for side, zh in (("revenue", "收入侧"), ("expenditure", "支出侧")):
            column = _amount_column(sheet, side)
            if column is None or _repeats_classes(sheet):
                continue
            columns = [column, *FUNDS] if column == "total" else [column]
            for basis in sheet.bases:
                for one in columns:
                    identity = Identity("summary_sides_add_up", f"{sheet.zh}{zh}{BASIS_ZH.get(basis, '')}{'' if one == 'amount' else COLUMN_ZH.get(one, one)}", f"{sheet.kind}, {side} side, {one}")
                    yield from report(identity, sheet, _side_sums(ledger, sheet, side, one, basis), "look")


def _repeats_classes(sheet: Sheet) -> bool:
    """Whether a class of spending stands in several rows: then spending is split by more than function, side by side."""
    classes = [code for row in sheet.rows if row.side == "expenditure" and (code := class_code(row.label)) is not None]
    return len(classes) > len(set(classes))


def _counts(row: Row, side: str, seen: set[str]) -> bool | None:
    """Whether a row is a part of the sum below it; None where its kind is not known."""
    kind = row.kind
    if side == "expenditure":
        return True if class_code(row.label) or kind in {"surplus_distribution", "closing_carryover"} else None
    if kind in FISCAL_ROWS:
        return not seen & {"fiscal_appropriation", "opening_carryover"}
    if kind in KINDS:
        return "unit_funds" not in seen
    return None if kind is None or kind.endswith("_total") else True


def _side_sums(ledger: Ledger, sheet: Sheet, side: str, column: str, basis: str) -> Iterator[Comparison]:
    """合计 stands below its parts (final accounts) or above them (一、本年收入 （一）一般公共预算拨款 …)."""
    parts: list[Term] = []
    seen: set[str] = set()
    heading: tuple[Row, Term] | None = None
    current: Term | None = None
    unknown = False
    for row in _side_rows(sheet, side):
        value, kind = cell(ledger, row, column, basis), row.kind
        if heading is not None and kind in {"opening_carryover", "closing_carryover", "grand_total"}:
            yield from _side_sum(heading[0], parts, heading[1], unknown=unknown)
            parts, seen, unknown, current, heading = [heading[1]], set(), False, heading[1], None
        if kind == "current_total" and current is None and heading is None and value is not None and not parts and not seen:
            heading = (row, value)
        elif kind == "grand_total" or (kind == "current_total" and current is None and heading is None):
            if value is not None:
                if len(parts) > 1 or current is None:
                    yield from _side_sum(row, parts, value, unknown=unknown)
                parts, current = [value], value
            seen = set()
        else:
            counts = _counts(row, side, seen)
            seen.add(kind or "")
            if value is not None and value.value:
                unknown = unknown or counts is None
                parts += [value] if counts else []


def _side_sum(row: Row, parts: list[Term], whole: Term, *, unknown: bool) -> Iterator[Comparison]:
    summed = total(parts) if parts else None
    if summed is not None and not unknown:
        yield Comparison(row.label, compare(summed, whole), summed, whole)


def summary_sides_balance(ledger: Ledger) -> Iterator[Finding]:
    """收支总表: 收入总计 = 支出总计 (C04, C18)."""
    for sheet in ledger.sheets:
        if sheet.kind in {"rev_exp_summary", "fiscal_summary"}:
            identity = Identity("summary_sides_balance", f"{sheet.zh}：收入总计 = 支出总计", f"{sheet.kind}: total revenue = total expenditure")
            for basis in sheet.bases:
                sides = [grand_total(ledger, sheet, side, basis) for side in ("revenue", "expenditure")]
                yield from reconcile(identity, sides[0], sides[1], place=place_of_sheet(sheet))


def grand_total(ledger: Ledger, sheet: Sheet, side: str, basis: str) -> Term | None:
    """总计 of one side of a summary table."""
    column = _amount_column(sheet, side)
    rows = [row for row in _side_rows(sheet, side) if row.kind == "grand_total"]
    return cell(ledger, rows[-1], column, basis) if rows and column else None


def current_total(ledger: Ledger, sheet: Sheet, side: str, basis: str) -> Term | None:
    """本年收入（支出）合计 of one side of a summary table."""
    column = _amount_column(sheet, side)
    rows = [row for row in _side_rows(sheet, side) if row.kind == "current_total"]
    return cell(ledger, rows[0], column, basis) if rows and column else None


def opening_carryover_is_sum_of_funds(ledger: Ledger) -> Iterator[Finding]:
    """财政拨款总表: 年初财政拨款结转和结余 = 其下三项之和 (C19)."""
    for sheet in ledger.sheets:
        if sheet.kind != "fiscal_summary":
            continue
        rows = _side_rows(sheet, "revenue")
        start = next((place for place, row in enumerate(rows) if row.kind == "opening_carryover"), None)
        if start is None:
            continue
        identity = Identity("opening_carryover_is_sum_of_funds", f"{sheet.zh}：年初结转 = 各项之和", f"{sheet.kind}: opening carry-over = sum over the funds")
        for basis in sheet.bases:
            parts = [term for row in rows[start + 1 :] if row.kind in FISCAL_ROWS and (term := cell(ledger, row, "amount", basis)) is not None]
            if parts:
                yield from reconcile(identity, total(parts), cell(ledger, rows[start], "amount", basis), place=place_of_sheet(sheet))


def codes_have_their_parents(ledger: Ledger) -> Iterator[Finding]:
    """科目编码结构: a 款 or 项 stands under its 类 and 款 (C34)."""
    for sheet in ledger.sheets:
        rows = sheet.codes if sheet.kind in BY_FUNCTION and ledger.sheet(sheet.kind) is not None else {}
        levels = {len(code) - 2 for code in rows if code[:-2] in rows}  # the lengths of codes that have a child
        orphans = [row for code, row in rows.items() if len(code) - 2 in levels and code[:-2] not in rows]
        if not levels:
            continue
        identity = Identity("codes_have_their_parents", f"{sheet.zh}：科目编码上下级", f"{sheet.kind}: every code stands under its parent", "note")
        ids = [next(iter(row.cells.values())).row_id for row in (orphans or rows.values()) if row.cells]
        codes = "、".join(row.code or "" for row in orphans)
        yield remark(identity, "fail" if orphans else "pass", f"{codes}无上级" if orphans else f"{len(rows)}个编码", f"{codes or len(rows)} codes", ids=ids, place=place_of_sheet(sheet))


CHECKS = (
    columns_add_up,
    opening_and_income_cover_spending_and_closing,
    rows_add_up,
    personnel_and_public_are_their_classes,
    summary_sides_add_up,
    summary_sides_balance,
    opening_carryover_is_sum_of_funds,
    codes_have_their_parents,
)
