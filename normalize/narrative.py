"""The narrative: every figure of the prose as a record, read clause by clause.

A passage is a stream of tokens (measure, comparison, verb, level, number …; `normalize.lexicon`). A small reader walks it with a state that
says what the next number is about: whose subject, compared with what, rising or falling, a level, a share or a rate of completion. Ellipsis is
nothing but state that outlives a comma: the subject of `增加7.47万元,增长1.2%` is the one named before.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, Protocol

from normalize.folding import Folded, fold, key
from normalize.lexicon import Lexicon, Measure, lexicon
from normalize.records import BudgetLine, Finding, Identity, Quantity, Recognised, Section
from normalize.sections import numbered
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extract.document import Document, Span


class ItemCodes(Protocol):
    """Names of budget items to codes, as the document's own tables and the classification give them."""

    def function_code(self, path: Sequence[str]) -> str | None:
        """Code of 类, 款, 项 names; None when unknown or ambiguous."""
        ...


class Subject(NamedTuple):
    """What a number is about."""

    measures: tuple[str, ...]
    category: str | None = None
    function_code: str | None = None
    entry: Measure | None = None
    label: str | None = None
    economic_code: str | None = None

    @property
    def first(self) -> str:
        """The measure, or the first of a pair; empty for a noun that is no measure."""
        return self.measures[0] if self.measures else ""


_LINK = re.compile(load_toml("wording.toml")["verbs"]["link"])
_LEVEL_LINK = re.compile("(?:了|约)*(?:为|至|到|成)")
_JOINERS = frozenset({"、", "和", "及", "与", "以及", ",", "、以及"})
_PROJECT_HEADING = re.compile(r"(?:第.+部分|[^、]{1,3}、|\(.+\))?(?P<name>.{4,40}?)(?:项目)?(?:经费|资金|支出)?(?:预算)?情况说明")
_PROJECT_LEAD = re.compile(r"(?P<name>[^。;:,]{2,40}?)(?:项目)?:")
_ORDINAL_AFTER = re.compile(r"[.、)](?!\d)")
_SILENT = ("overview.duties", "overview.tasks", "glossary", "contact", "tables")
_KPI_SECTIONS = ("performance",)
_STOCK = ("asset_", "staff_", "unit_count")  # held at a date, not planned
_ITEM_MEASURES = {"gov_fund": "gov_fund_expenditure", "state_capital": "state_capital_expenditure", "fiscal_total": "fiscal_total_expenditure"}
_CLASS_MEASURES = {**_ITEM_MEASURES, "total": "current_year_expenditure"}
_TRACKED = {"编报绩效目标": "target_set", "绩效跟踪": "tracking", "绩效跟踪评价": "tracking"}
_GRADES = {"优秀": "优", "良好": "良"}
_NOTE = re.compile(r"\(?(?:注|说明|备注)\d?[:.、]")
_EMPTY_TABLE = re.compile("(?:本|此|该)表|空表")  # a note under a table, not a statement of the narrative
_SAID_OF = frozenset({"number", "base", "up", "down", "flat", "share", "completion", "level_adjusted", "level_budget", "level_executed", "level_final"})
_SIDES = {"收入": "_revenue", "支出": "_expenditure"}
_TOTALS = frozenset({"合计", "共计", "总计", "总共"})
_FIGURE_AHEAD = re.compile(r"数?(?:为|是|共|:)?\d")
_LOOSE_FLAT = frozenset({"一致", "相一致", "相同", "不变", "基本一致"})


@dataclass(slots=True)
class _State:
    subjects: tuple[Subject, ...] = ()
    named: tuple[Subject, ...] = ()  # subjects of this sentence
    money: tuple[Subject, ...] = ()  # the last subjects that are not counts
    put_off: tuple[Subject, ...] = ()  # the subject before a noun that is no measure
    parent: tuple[Subject, ...] = ()
    categories: dict[str, str] = field(default_factory=dict)  # the category a measure was last said with in this paragraph
    listed: int = 0  # items of the list under the parent so far
    subject_end: int = -1  # where the last subject phrase ended, for A、B、C
    base: str | None = None
    base_seen: int = -99  # where it was named
    level: str | None = None
    level_end: int = -99
    year: int | None = None
    sign: int = 0
    sign_end: int = -1
    mode: str | None = None  # share | completion
    share_of: str | None = None
    paired: int = -1  # next value of 分别为 a、b; -1 when values are not dealt out
    reason: int = -1  # where the reason began
    purpose: bool = False
    zero: tuple[int, int] | None = None
    projects: bool = False  # inside a list of projects with their amounts
    project: str | None = None
    item_class: str | None = None  # the 类 that a heading or an earlier path named
    brackets: list[tuple[tuple[Subject, ...], tuple[Subject, ...], dict[str, str]]] = field(default_factory=list)  # subjects and categories before each open bracket
    token_end: int = 0  # where the last token ended
    opened: int = 0  # how many lines there were when the paragraph began
    spent: bool = False  # a number has been read since the last subject

    def end_sentence(self) -> None:
        if self.listed > 1 and self.reason < 0 and not self.purpose:  # the list is done: the next sentence speaks of its head again
            self.subjects = self.money = self.parent
        self.listed = 0
        self.named = self.put_off = ()
        self.level = self.mode = self.zero = None
        self.sign = 0
        self.paired = self.reason = -1
        self.purpose = self.projects = False
        self.spent = True


@dataclass(slots=True)
class _Reader:
    """Reads the passages of one document; what it found is in `lines`, `counts`, `explained` and `findings`."""

    document: Document
    identity: Identity
    codes: ItemCodes
    money_unit: str
    kind: str = ""  # of the section being read
    project: str | None = None  # the project a section describes (…专项经费情况说明)
    words: Lexicon = field(default_factory=lexicon)
    pattern: re.Pattern[str] = field(default_factory=lambda: lexicon().pattern_for(""))  # of the passage being read
    lines: list[BudgetLine] = field(default_factory=list)
    counts: list[Quantity] = field(default_factory=list)
    explained: list[Span] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    # -- what words mean here -------------------------------------------------------------------------------------------------

    @property
    def budget(self) -> bool:
        return self.identity.stage == "budget"

    @property
    def item_measure(self) -> str:
        """What a subject of the functional classification (款, 项) measures in the section being read."""
        return _ITEM_MEASURES.get(self.kind, "gpb_expenditure")

    def subject_of(self, phrase: str, parent: tuple[Subject, ...] = ()) -> Subject | None:
        """The measure a phrase names in a section; None where it may not stand there."""
        section = self.kind
        code = self.words.classes.get(phrase)
        if code is not None and phrase not in self.words.phrases:
            kind = section.split(".")[0]
            return Subject((_CLASS_MEASURES.get(kind, "gpb_expenditure"),), None, code, None, phrase)
        entry = self.words.measures[self.words.phrases[phrase][0]]
        if entry.sections and not section.startswith(entry.sections):
            return None
        if section in _KPI_SECTIONS and not entry.sections and not entry.count:
            return None  # 涉及一般公共预算支出5万元 speaks of the projects, not of the account
        name = next((other for kind, other in entry.inside if section == kind or section.startswith(f"{kind}.")), entry.name)
        above = parent[0].first if parent else None
        name = next((other for measure, other in entry.under if measure == above), name)
        if name == entry.name and self.budget and entry.budget:
            name = entry.budget
        resolved = self.words.measures[name] if name != entry.name else entry
        category = resolved.category
        if name == "project_budget_of_project":
            category = self.project
        if name == "project_budget" and parent and parent[0].measures == ("self_evaluated_projects",):
            category = parent[0].category or "all_self_evaluated"
        return Subject(resolved.means, category, None, resolved, phrase)

    def base_of(self, token: re.Match[str]) -> str | None:
        """Which version of the figure a comparison is with; None for a base the tables have no name for."""
        group = token.groupdict()
        year = group["base_year"]
        if group["base_prior"] or year or token.group() == "同比":
            if year and self.identity.fiscal_year and int(year) != self.identity.fiscal_year - 1:
                return ("initial_budget" if group["base_budget_of"] else None) if int(year) == self.identity.fiscal_year else None
            if group["base_budget_of"]:
                return "prior_budget"
            if group["base_final_of"]:
                plain = group["base_final_of"] == "数"
                return "prior_budget" if plain and self.budget else "prior_final"
            return self.default_base
        return "adjusted_budget" if group["base_adjusted"] else "initial_budget"

    @property
    def default_base(self) -> str:
        return "prior_budget" if self.budget else "prior_final"

    def level_basis(self, level: str | None, year: int | None) -> str:
        """The basis of a plain amount: which version, of which year."""
        fiscal_year = self.identity.fiscal_year
        prior = year is not None and fiscal_year is not None and year == fiscal_year - 1
        if prior and level is not None:
            return "prior_budget" if level in {"budget", "adjusted"} else "prior_final"
        if level == "executed" and self.budget and year is None:
            return "prior_final"
        if level == "adjusted":
            return "adjusted_budget"
        if level == "budget" or self.budget:
            return "initial_budget"
        return "final"

    # -- reading --------------------------------------------------------------------------------------------------------------

    def read_section(self, section: Section) -> None:
        self.kind = section.section_kind or ""
        described = _PROJECT_HEADING.fullmatch(key(section.heading))
        if described is not None or not self.kind.startswith("projects"):
            self.project = described["name"] if described else None
        if self.kind.startswith(_SILENT):
            return
        heading = self.heading_subjects(section.heading)
        state = _State(subjects=heading, money=heading, item_class=next((s.label for s in heading if s.function_code), None))
        for span in section.passages:
            self.read_passage(fold(self.document.text(span), span.start), state)

    def heading_subjects(self, heading: str) -> tuple[Subject, ...]:
        """The subject a heading gives to sentences that name none (（一）因公出国（境）费)."""
        text = fold(heading).text
        for token in self.words.pattern_for(text).finditer(text):
            if token.lastgroup == "subject":
                subject = self.subject_of(token.group())
                return (subject,) if subject is not None and len(subject.measures) == 1 else ()
        return ()

    def read_passage(self, text: Folded, state: _State) -> None:
        """Read one paragraph; `state` carries the subject on from the paragraph before."""
        state.end_sentence()
        state.base = state.year = state.project = None
        state.subject_end = state.sign_end = state.base_seen = state.level_end = -99
        state.brackets.clear()
        state.categories.clear()
        state.parent = ()
        start = numbered(text.text).rest
        if start:
            self.explained.append(text.span(0, start))
        if self.kind in _KPI_SECTIONS:
            lead = _PROJECT_LEAD.match(text.text, start)
            state.project = lead["name"] if lead else None
        state.opened = len(self.lines)
        self.pattern = self.words.pattern_for(text.text)
        end = state.token_end = start
        for token in self.pattern.finditer(text.text, start):
            if token.lastgroup in _SAID_OF and state.reason < 0 and not state.purpose:
                self.heed(text.text[end : token.start()], state)
            self.read_token(token, text, state)
            end = state.token_end = token.end()
        self.close_reason(text, state, len(text.text))

    def heed(self, gap: str, state: _State) -> None:
        """Words between two tokens: a noun of its own takes the next figure away from the subject, 合计 gives it back."""
        clause = re.split("[,;。:]", gap)[-1]
        side = _SIDES.get(clause)
        if gap in _TOTALS and not state.subjects:
            state.subjects = state.money = state.put_off
        elif side is not None and state.parent and state.parent[0].first.endswith(side):
            state.subjects = state.money = state.parent  # 收入比上年增加: the head of the list before
        elif _is_noun(gap):
            state.put_off = state.subjects or state.put_off
            state.subjects = state.money = ()

    def read_token(self, token: re.Match[str], text: Folded, state: _State) -> None:
        name = token.lastgroup or ""
        quiet = state.reason >= 0 or state.purpose
        if name in self.words.nonfigures:
            self.explained.append(text.span(token.start(), token.end()))
            if name in {"not_year", "not_bare_year"} and not quiet:
                state.year = int(token.group()[:4])
        elif name == "number":
            self.read_number(token, text, state)
        elif name == "stop":
            self.close_reason(text, state, token.start())
            state.end_sentence()
        elif name == "semicolon":
            if state.reason >= 0 and not self.next_clause_opens(text.text, token.end()):
                return
            self.close_reason(text, state, token.start())
            state.reason = -1
            state.purpose = False
            state.level = state.mode = state.zero = None
            state.sign = 0
            state.spent = True
        elif name == "reason":
            state.reason = token.start()
        elif name == "purpose":
            state.purpose = not text.text.startswith((":以下", "以下", "如下", "下列", "于以下", "以下几", ":财政", ":一般"), token.end())
        elif quiet and not (state.purpose and self.purpose_ends(name, token, text)):
            if name in {"up", "down"}:
                state.sign, state.sign_end = (1 if name == "up" else -1), token.end()
            elif name == "comma" and state.reason >= 0:
                state.sign = 0
        else:
            state.purpose = False
            self.read_word(name, token, text, state)

    def purpose_ends(self, name: str, token: re.Match[str], text: Folded) -> bool:
        """`主要用于…，年初预算为5万元`, `主要用于…，公务接待2批次`: a purpose has no full stop of its own where a figure of the subject follows."""
        if not _FIGURE_AHEAD.match(text.text, token.end()):
            return False
        if name.startswith("level_"):
            return True
        entry = self.words.measures.get(self.words.phrases.get(token.group(), ("", None))[0]) if name == "subject" else None
        return entry is not None and (entry.count or bool(entry.counts))

    def next_clause_opens(self, text: str, position: int) -> bool:
        """After a semicolon inside a reason: does a new item begin (其中, a measure), or does the reason go on (二是…)?"""
        token = self.pattern.match(text, position)
        while token is not None and (token.lastgroup or "") in self.words.nonfigures:
            token = self.pattern.match(text, token.end())
        return token is not None and token.lastgroup in {"subject", "list", "item_path"}

    def read_word(self, name: str, token: re.Match[str], text: Folded, state: _State) -> None:
        phrase = token.group()
        if name == "subject":
            owner, level = self.words.phrases.get(phrase, ("", None))
            if owner == "revenue_fiscal_appropriation" and token.start() == state.subject_end and state.subjects and not state.spent:
                state.subject_end = token.end()  # 委托业务费财政拨款预算: paid from appropriations, not the appropriations
                return
            subject = self.subject_of(phrase, state.parent)
            if owner and self.words.measures[owner].generic and _is_noun(text.text[state.token_end : token.start()]):
                subject = Subject(())
            if subject is not None:
                self.take_subject(subject, token, text, state)
                state.level = level or state.level
                if subject.first == "self_evaluated_projects":
                    state.parent = (subject,)
        elif name == "name_and_code":
            self.explained.append(text.span(token.start("named_code"), token.end("named_code")))
            code = token["named_code"]
            functional = code.startswith("2")
            self.take_subject(Subject((self.item_measure,), None, code if functional else None, None, token["named"], None if functional else code), token, text, state)
        elif name == "coded_item":
            self.explained.append(text.span(token.start("item_code"), token.end("item_code")))
            self.take_subject(Subject((self.item_measure,), None, token["item_code"].rstrip("-"), None, token["coded_name"]), token, text, state)
        elif name in {"item_path", "dash_path"}:
            kinds = ("item_class", "item_group", "item") if name == "item_path" else ("dash_class", "dash_group", "dash_item")
            path = tuple(token[part] or state.item_class or "" for part in kinds)
            code = self.codes.function_code(path)
            self.take_subject(Subject((self.item_measure,), None, code, None, path[-1]), token, text, state)
        elif name == "equipment_group":
            self.explained.append(text.span(token.start("price"), token.end("price")))
            measure = {"通用": "asset_general_equipment", "专用": "asset_special_equipment"}.get(token["equipment"] or "", "asset_equipment_100" if token["price"] == "100" else "asset_general_equipment")
            entry = self.words.measures[measure]
            self.take_subject(Subject((measure,), None, None, entry, phrase), token, text, state)
        elif name == "elsewhere":
            measure = "procurement_sme" if token["sme"] == "中小" else "procurement_micro"
            self.take_subject(Subject((measure,), "award_other", None, None, phrase), token, text, state)
        elif name == "targeted":
            entry = self.words.measures["self_evaluated_projects"]
            subject = Subject(entry.means, _TRACKED.get(token["tracked"]), None, entry, phrase)
            self.take_subject(subject, token, text, state)
            state.parent = (subject,)
        elif name == "graded":
            entry = Measure("evaluation_grade_count", ("evaluation_grade_count",), count=True, units=frozenset({"个", "项"}))
            self.take_subject(Subject(entry.means, _GRADES.get(token["grade"], token["grade"]), None, entry, phrase), token, text, state)
        elif name == "vehicle_type":
            holder = next((s.first for s in (*state.subjects, *state.parent) if s.first in {"vehicles_purchased", "asset_vehicles"}), "asset_vehicles")
            entry = self.words.measures[holder]
            self.take_subject(Subject((holder,), re.sub("^(?:其中|包括|有)", "", phrase), None, entry, phrase), token, text, state)
        elif name == "base":
            state.base, state.base_seen = self.base_of(token), token.end()
        elif name == "share":
            state.mode = "share"
            inner = next((t for t in self.pattern.finditer(phrase[1:]) if t.lastgroup == "subject"), None)
            whole = self.subject_of(inner.group()) if inner else None
            state.share_of = whole.first if whole else None
        elif name == "completion":
            state.mode = "completion"
        elif name == "list":
            state.parent = state.money or state.parent
            state.listed = 0
            state.mode = state.level = None
            state.sign = 0
        elif name == "paired":
            both = tuple(subject for subject in state.named[-2:] if subject.first.endswith(("_revenue", "_expenditure")))
            if len(state.subjects) == 1 and len(both) == 2 and both[0].first.removesuffix("revenue") == both[1].first.removesuffix("expenditure"):
                state.subjects = both
            state.paired = 0 if len(_dealt(state.subjects)) > 1 else -1
            state.projects = self.kind in _KPI_SECTIONS and "项目" in text.text[max(0, token.start() - 12) : token.start()]
        elif name.startswith("level_"):
            state.level, state.level_end = name.removeprefix("level_"), token.end()
            state.sign = 0
        elif name in {"up", "down"}:
            state.sign, state.sign_end = (1 if name == "up" else -1), token.end()
        elif name == "flat":
            self.read_flat(token, text, state)
        elif name == "zero":
            state.zero = (token.start(), token.end())
        elif name == "open":
            state.brackets.append((state.subjects, state.money, dict(state.categories)))
        elif name == "close":
            if state.brackets:
                state.subjects, state.money, state.categories = state.brackets.pop()
        elif name == "comma":
            state.zero = None
            if state.spent and not text.text[token.end() : token.end() + 1].isdigit():
                state.sign = 0

    def take_subject(self, subject: Subject, token: re.Match[str], text: Folded, state: _State) -> None:
        gap = text.text[state.subject_end : token.start()] if state.subject_end > 0 else None
        joined = gap in _JOINERS and not state.spent
        state.subjects = (*state.subjects, subject) if joined else (subject,)
        if subject.entry is None or not subject.entry.count:
            state.money = state.subjects
            state.named = (*state.named, subject)
            state.listed += bool(state.parent) and subject != state.parent[0]
        state.subject_end = token.end()
        state.spent = False
        if subject.category is not None:
            state.categories[subject.first] = subject.category
        if not joined:
            state.level = state.mode = None
            state.sign = 0
            state.paired = -1
        if state.zero is not None and token.start() - state.zero[1] <= 12:
            self.read_zero(subject, text, state)

    # -- emitting -------------------------------------------------------------------------------------------------------------

    def read_zero(self, subject: Subject, text: Folded, state: _State) -> None:
        """`无政府性基金预算财政拨款收支`: nothing of this was received or spent."""
        if state.zero is None or (subject.entry is not None and subject.entry.count) or not subject.first.startswith(("gov_fund", "state_capital", "three_public", "agency_operating", "procurement")):
            return
        if _NOTE.match(text.text):
            return  # a note under a table
        rest = text.text[state.subject_end :].partition("。")[0]
        if re.match(r"[^。,;]{0,6}\d", rest) or _EMPTY_TABLE.search(rest):
            return
        span = text.span(*state.zero)
        said = {line.measure for line in self.lines[state.opened :]}
        for measure in subject.measures:
            if measure in said:
                continue
            self.add_line(measure, subject, self.level_basis(None, None), Decimal(0), self.money_unit, span, text, "zero_statement", "narrative.zero")

    def read_flat(self, token: re.Match[str], text: Folded, state: _State) -> None:
        """`与上年持平`: a change of nought."""
        if token.group() in _LOOSE_FLAT and token.start() - state.base_seen > 12:
            return
        base = state.base or self.default_base
        if self.kind in _KPI_SECTIONS or not state.money or state.mode == "share":
            return
        span = text.span(token.start(), token.end())
        for subject, measure in _dealt(state.money):
            self.add_line(measure, subject, f"change_vs_{base}", Decimal(0), None, span, text, "expanded" if len(subject.measures) > 1 else "stated", "narrative.flat")

    def read_number(self, token: re.Match[str], text: Folded, state: _State) -> None:
        whole = text.text
        digits = token["digits"]
        if not token["money"] and not token["percent"] and not token["unit"] and _is_ordinal(whole, token.start(), token.end("digits")):
            self.explained.append(text.span(token.start(), token.end()))
            return
        value = Decimal(digits.replace(",", ""))
        unit = "%" if token["percent"] else token["money"]
        count_unit = None if unit else (token["scale"] or "").replace("余", "") + (token["unit"] or "") or None
        if unit is None and count_unit is None:
            unit = _unit_of_pair(self.pattern, whole, token)
        end = token.end("money") if token["money"] else token.end("percent") if token["percent"] else token.end()
        span = text.span(token.start(), end)
        gap = whole[state.sign_end : token.start()] if state.sign else None
        gap = gap and _VALUES_BEFORE.sub("", gap)
        direct = gap is not None and _LINK.fullmatch(gap) is not None and not (unit != "%" and _LEVEL_LINK.fullmatch(gap))
        if state.reason >= 0:
            self.read_loose(value, unit, count_unit, span, token, text, state, "reason")
        elif state.purpose:
            self.read_loose(value, unit, count_unit, span, token, text, state, "kpi")
        elif count_unit is not None or (unit is None and self.counts_now(state)):
            self.read_count(value, count_unit, span, token, text, state)
        elif unit == "%":
            self.read_percent(value, direct, span, token, text, state)
        elif state.projects and unit is not None:
            self.read_project_amount(value, unit, span, token, text, state)
        else:
            self.read_amount(value, unit, direct, span, token, text, state)
        state.spent = True

    def counts_now(self, state: _State) -> bool:
        return bool(state.subjects) and state.subjects[-1].entry is not None and state.subjects[-1].entry.count

    def read_amount(self, value: Decimal, unit: str | None, direct: bool, span: Span, token: re.Match[str], text: Folded, state: _State) -> None:
        if self.kind in _KPI_SECTIONS and not self.money_subject(state, token.start(), text.text):
            self.read_loose(value, unit, None, span, token, text, state, "kpi")
            return
        if not state.subjects or self.counts_now(state):
            return
        if unit is None and token.start() - state.level_end > 3:
            return  # a bare number is an amount only right behind 预算为, 决算数
        if unit in {None, "万"}:
            self.findings.append(_missing_unit(span, self.document.text(span), self.kind))
            unit = unit and "万元"
        if direct:
            if state.base is None and state.base_seen >= 0:
                return  # compared with a year no table has a name for
            basis = f"change_vs_{state.base or self.default_base}"
            value *= state.sign
        elif state.mode == "completion":
            basis = "initial_budget"
        elif state.subjects[-1].first == "project_budget":
            basis = "initial_budget"
        elif state.subjects[-1].first.startswith(_STOCK):
            basis = "final"
        else:
            basis = self.level_basis(state.level, state.year)
        chosen = self.dealt_now(token, text, state)
        for subject, measure in chosen:
            self.add_line(measure, subject, basis, value, unit, span, text, "expanded" if len(chosen) > 1 else "stated", "narrative.change" if direct else "narrative.level")

    def dealt_now(self, token: re.Match[str], text: Folded, state: _State) -> tuple[tuple[Subject, str], ...]:
        """Whom a value is said of: the next in turn of values in a row, every subject of 分别增加a万元, else the last subject (both sides of a pair)."""
        dealt = _dealt(state.subjects)
        place = _pair_position(text.text, token) if len(dealt) > 1 else None
        if place is not None:
            turn = place if state.paired < 0 or place == 0 else state.paired
            state.paired = turn + 1
            return dealt[turn : turn + 1]
        return dealt if state.paired >= 0 else _dealt(state.subjects[-1:])

    def money_subject(self, state: _State, start: int, text: str) -> bool:
        """In a section on performance, most amounts belong to the projects, not to the budget: the subject must stand right before."""
        if not state.subjects or self.counts_now(state):
            return False
        return start - state.subject_end <= 6 and not re.search(r"[,。;]", text[state.subject_end : start])

    def read_percent(self, value: Decimal, direct: bool, span: Span, token: re.Match[str], text: Folded, state: _State) -> None:
        if state.mode == "share":
            basis = "share_pct"
        elif state.mode == "completion":
            basis = "completion_pct"
        elif direct and not (state.base is None and state.base_seen >= 0):
            basis = f"change_pct_vs_{state.base or self.default_base}"
            value *= state.sign
        else:
            basis = ""
        if not basis or not state.subjects or self.counts_now(state) or self.kind in _KPI_SECTIONS:
            self.read_loose(value, "%", None, span, token, text, state, "kpi")
            return
        chosen = self.dealt_now(token, text, state)
        for subject, measure in chosen:
            self.add_line(measure, subject, basis, value, "%", span, text, "expanded" if len(chosen) > 1 else "stated", f"narrative.{basis.split('_')[0]}", share_of=state.share_of if basis == "share_pct" else None)
        state.mode = None

    def read_count(self, value: Decimal, unit: str | None, span: Span, token: re.Match[str], text: Folded, state: _State) -> None:
        found = self.counted(unit, token, text, state)
        if unit is None and (value != value.to_integral_value() or token.start() - state.subject_end > 3):
            return  # a bare number is a count only right behind what it counts
        if found is None:
            self.read_loose(value, unit, None, span, token, text, state, "kpi")
            return
        measure, category = found
        if measure.startswith("asset_") and measure != "asset_vehicles":
            unit = "台(套)" if unit in {None, "台", "套", "(套)", "台套"} else unit
        basis = "initial_budget" if self.budget and not measure.startswith(_STOCK) else "final"
        if state.sign and state.sign_end == token.start():
            basis, value = f"change_vs_{state.base or self.default_base}", value * state.sign
        self.counts.append(Quantity(measure, basis, value, unit or "个", self.document.text(span), span, "narrative.count", category, None, "stated", self.kind or None))

    def counted(self, unit: str | None, token: re.Match[str], text: Folded, state: _State) -> tuple[str, str | None] | None:
        """The measure a count belongs to: by the noun behind it, by the subject, or by what is counted under the subject."""
        for pattern, name in self.words.followed_by:
            entry = self.words.measures[name]
            if pattern.match(text.text, token.end()) and unit in entry.units and not entry.roles and (not entry.sections or self.kind.startswith(entry.sections)):
                return entry.means[0], entry.category
        if self.kind.startswith("overview") and token.start() - state.subject_end > 4:
            return None
        for subject in reversed((*state.parent, *state.subjects)):
            holder = subject.entry
            if holder is None or not subject.measures or (self.kind.startswith("overview") and not holder.sections):
                return None
            if holder.count and (unit is None or unit in holder.units):
                return subject.first, subject.category
            for measure, units in holder.counts:
                if unit in units:
                    return measure, subject.category or state.categories.get(subject.first)
        return None

    def read_loose(self, value: Decimal, unit: str | None, count_unit: str | None, span: Span, token: re.Match[str], text: Folded, state: _State, role: str) -> None:
        """A number inside a reason, or a performance figure: kept with the words before it, outside the budget's own measures."""
        if role == "kpi" and self.kind not in _KPI_SECTIONS and not state.purpose:
            return
        basis = "final" if not self.budget else "initial_budget"
        gap = text.text[state.sign_end : token.start()] if state.sign else None
        if gap is not None and (_LINK.fullmatch(gap) or (role == "reason" and len(gap) <= 12)):
            basis, value = f"change{'_pct' if unit == '%' else ''}_vs_{self.default_base}", value * state.sign
        label = _label_before(text.text, token.start())
        subject, category = self.loose_subject(label, count_unit, token, text, role)
        if unit == "万":
            unit, count_unit = None, "万"
        if unit is not None:
            self.lines.append(BudgetLine("narrative", basis, value, unit, self.document.text(span), span, f"narrative.{role}", section_kind=self.kind or None,
                                         measure=subject, category=category, project=state.project if role == "kpi" else None, role=role))  # fmt: skip
        else:
            if basis.startswith("change") and subject == "staff_added":
                basis = "final"
            self.counts.append(Quantity(subject, basis, value, count_unit, self.document.text(span), span, f"narrative.{role}", category, state.project if role == "kpi" else None, role, self.kind or None))

    def loose_subject(self, label: str, unit: str | None, token: re.Match[str], text: Folded, role: str) -> tuple[str, str | None]:
        if role == "reason":
            for pattern, name in self.words.followed_by:
                entry = self.words.measures[name]
                if unit in entry.units and role in entry.roles and pattern.match(text.text, token.end()):
                    return entry.means[0], None
            named = [t.group() for t in self.pattern.finditer(label) if t.lastgroup == "subject"]
            subject = self.subject_of(named[-1]) if named else None
            if subject is not None and len(subject.measures) == 1:
                return subject.first, subject.category
        return "kpi", label or None

    def read_project_amount(self, value: Decimal, unit: str, span: Span, token: re.Match[str], text: Folded, state: _State) -> None:
        """`…6个项目分别为:甲42万元,乙7.2万元,合计49.2万元`: the budget of each project and their sum."""
        before = text.text[: token.start()]
        label = re.split(r"[,;:]|(?<=\d)(?:万元|元|亿元)、?", before)[-1]
        total = re.sub(r"[^一-鿿]", "", label) in _TOTALS
        self.lines.append(BudgetLine("narrative", "initial_budget", value, unit, self.document.text(span), span, "narrative.project_list", section_kind="performance",
                                     measure="project_budget", category="all_self_evaluated" if total else None, project=None if total else self.document.text(text.span(token.start() - len(label), token.start())).strip() or None))  # fmt: skip

    def add_line(self, measure: str, subject: Subject, basis: str, value: Decimal, unit: str | None, span: Span, text: Folded, role: str, rule: str, share_of: str | None = None) -> None:
        self.lines.append(BudgetLine("narrative", basis, value, unit, self.document.text(span), span, rule, section_kind=self.kind or None, measure=measure,
                                     item_label=subject.label if subject.function_code or subject.entry is None else None, function_code=subject.function_code, economic_code=subject.economic_code,
                                     category=subject.category, share_of=share_of, role=role))  # fmt: skip

    def close_reason(self, text: Folded, state: _State, end: int) -> None:
        """The words of a reason belong to the changes stated before it in the same paragraph."""
        if state.reason < 0 or end <= state.reason:
            return
        words = self.document.text(text.span(state.reason, end))
        for index in range(len(self.lines) - 1, state.opened - 1, -1):
            line = self.lines[index]
            if line.reason_text is not None:
                break
            if line.role not in {"reason", "kpi"} and line.basis.startswith(("change", "completion")):
                self.lines[index] = replace(line, reason_text=words)


_FILLER = re.compile("|".join(sorted(map(re.escape, load_toml("wording.toml")["filler"]["words"]), key=len, reverse=True)))
_BODY = re.compile(load_toml("wording.toml")["filler"]["bodies"])


def _is_noun(gap: str) -> bool:
    """Whether words between two tokens name something of their own, which the next figure is then said of.

    >>> _is_noun("固定资产"), _is_noun("费用支出"), _is_noun("白榆县水务局")
    (True, False, False)
    """
    clause = re.split(r"[。;,:、()!]", gap)[-1]
    return len(clause) > 1 and not _BODY.fullmatch(clause) and len(re.sub(r"[^一-鿿]", "", _FILLER.sub("", clause))) > 1


def _dealt(subjects: tuple[Subject, ...]) -> tuple[tuple[Subject, str], ...]:
    """The subjects that paired values are dealt out to, one measure each."""
    return tuple((subject, measure) for subject in subjects for measure in subject.measures)


def _is_ordinal(text: str, start: int, end: int) -> bool:
    """A list number: `；2.培训费…`, `（3）`."""
    opens = start == 0 or text[start - 1] in "。;:,(!"
    return opens and _ORDINAL_AFTER.match(text, end) is not None and "." not in text[start:end]


_VALUES_BEFORE = re.compile(r"(?:\d[\d.]*(?:%|万元|亿元|元)?[、,和])+$")
_NEXT_VALUE = re.compile(r"[、,和](?=\d)")


def _unit_of_pair(pattern: re.Pattern[str], text: str, token: re.Match[str]) -> str | None:
    """`A,B万元`: a value without unit takes the unit of the value it is paired with."""
    value: re.Match[str] | None = token
    while value is not None and value.lastgroup == "number":
        if value["money"] or token["percent"]:
            return value["money"] or "%"
        joint = _NEXT_VALUE.match(text, value.end())
        value = pattern.match(text, joint.end()) if joint else None
    return None


def _pair_position(text: str, token: re.Match[str]) -> int | None:
    """Place of a value among values joined by 、 or a comma (`a,b万元`); None for a value that stands alone."""
    behind = _NEXT_VALUE.match(text, token.end()) is not None
    before = re.search(r"\d(?:%|万元|元|亿元)?[、,和]$", text[max(0, token.start() - 6) : token.start()]) is not None
    return 0 if behind and not before else 1 if before else None


def _label_before(text: str, start: int) -> str:
    """The words before a number, back to the last break or number: what a performance figure counts."""
    words = re.split(r"[,;:。()]|\d+(?:[.]\d+)?[一-鿿%]{0,3}?(?=[一-鿿])", text[max(0, start - 40) : start])[-1]
    return re.sub(r"(?:共计?|为|达到?|约|超过?|了|完成|累计)+$", "", words)[-24:]


def _missing_unit(span: Span, raw: str, kind: str) -> Finding:
    return Finding("unit_missing", "unreadable", f"数字“{raw}”后未印出完整单位，按上下文单位理解", f"no complete unit is printed after “{raw}”; read in the unit of its surroundings",
                   "look", section_kind=kind or None, span=span, raw=raw)  # fmt: skip


def read_narrative(document: Document, sections: Iterable[Section], identity: Identity, codes: ItemCodes) -> Recognised:
    """All figures of the prose: amounts, percents and rates as budget lines, counts as quantities, oddities as findings.

    Glossary, duties, contents and contact lines hold no facts and are not read.
    """
    reader = _Reader(document, identity, codes, _usual_unit(document))
    for section in sections:
        reader.read_section(section)
    return Recognised(tuple(reader.lines), tuple(reader.counts), findings=tuple(reader.findings), explained=tuple(reader.explained))


def _usual_unit(document: Document) -> str:
    """The money unit most amounts of a document are printed in; 万元 where there are none."""
    units = Counter(map(key, re.findall(r"\d\s*([亿億]元|[万萬]\s*元|元)", document.content)))
    return max(units, key=lambda unit: units[unit]) if units else "万元"
