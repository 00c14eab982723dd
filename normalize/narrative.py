"""The narrative: every figure of the prose as a record, read clause by clause.

A passage is a stream of tokens (measure, comparison, verb, level, number …; `normalize.lexicon`). A small reader walks it with a state that
says what the next number is about (`normalize.clause`): whose subject, compared with what, rising or falling, a level, a share or a rate of
completion. What a word means here is `normalize.meaning`; what becomes of a number is `normalize.figures`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from normalize.clause import State, Subject, dealt, is_noun
from normalize.figures import TOTALS, Figures
from normalize.folding import Folded, fold, key
from normalize.lexicon import Measure
from normalize.meaning import KPI_SECTIONS, Meaning
from normalize.records import Identity, Recognised, Section
from normalize.sections import numbered
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from extract.document import Document


class ItemCodes(Protocol):
    """Names of budget items to codes, as the document's own tables and the classification give them."""

    def function_code(self, path: Sequence[str]) -> str | None:
        """Code of 类, 款, 项 names; None when unknown or ambiguous."""
        ...


_JOINERS = frozenset({"、", "和", "及", "与", "以及", ",", "、以及"})
_PROJECT_HEADING = re.compile(r"(?:第.+部分|[^、]{1,3}、|\(.+\))?(?P<name>.{4,40}?)(?:项目)?(?:经费|资金|支出)?(?:预算)?情况说明")
_PROJECT_LEAD = re.compile(r"(?P<name>[^。;:,]{2,40}?)(?:项目)?:")
_SILENT = ("overview.duties", "overview.tasks", "glossary", "contact", "tables")
_TRACKED = {"编报绩效目标": "target_set", "绩效跟踪": "tracking", "绩效跟踪评价": "tracking"}
_GRADES = {"优秀": "优", "良好": "良"}
_SAID_OF = frozenset({"number", "base", "up", "down", "flat", "share", "completion", "difference", "level_adjusted", "level_budget", "level_executed", "level_final"})
_WHOLE_SIDE = re.compile("(?:今年|当年|全年|全部|总体)(?:收入|支出)")  # never the item named last
_DISTRIBUTED = tuple(load_toml("wording.toml")["subjects"]["distributed"])
_PAID_FROM = frozenset({"revenue_fiscal_appropriation", "gpb_expenditure", "fiscal_total_expenditure", "gpb_appropriation", "gov_fund_expenditure"})  # right behind what is paid, unless that is a sum of the account
_SUMS = ("total_", "current_year_", "fiscal_", "gpb_", "gov_fund_")
_EQUIPMENT = {"通用": "asset_general_equipment", "专用": "asset_special_equipment"}
_EQUIPMENT_OF = {"50": "asset_general_equipment", "100": "asset_equipment_100"}  # by the price it is counted from, in 万元
_PATHS = frozenset({"item_path", "dash_path"})
_OPENERS = frozenset({"subject", "list", "coded_item", "name_and_code", "equipment_group", *_PATHS})  # of a clause that tells of something else
_YEARS, _CLAUSES = frozenset({"not_year", "not_bare_year"}), frozenset({"comma", "semicolon", "stop"})
_OPENINGS = {"gov_fund": _YEARS | _CLAUSES, "state_capital": _YEARS | _CLAUSES, "total": _YEARS}  # sections on one account, and what stands before 收入 and 支出 where they are its two sides
_SIDES = {"收入": "_revenue", "支出": "_expenditure"}
_UNIT_SAID = re.compile(r"[\[(]?(?:金额|计量)?单位:(?:人民币)?(亿元|万元|千元|元)[\])]?$")
_PLANNED = re.compile(r"[,;](?:20\d\d年)?(?:预算)?安排(?:预算)?为?$")  # ends a purpose: 主要用于…,2026年安排5万元
_LEAD_IN = re.compile("(?:[本我]部门|[本我]单位)(?:当年|本年度?|全年|20[0-9]{2}年度?)?")
_FIGURE_AHEAD = re.compile(r"数?(?:为|是|共|:)?\d")


@dataclass(slots=True)
class _Reader:
    """Walks the passages of one document; the figures it finds are kept by `figures`."""

    document: Document
    codes: ItemCodes
    meaning: Meaning
    figures: Figures

    def read_section(self, section: Section) -> None:
        self.meaning.kind = section.section_kind or ""
        described = _PROJECT_HEADING.fullmatch(key(section.heading))
        if described is not None or not self.meaning.kind.startswith("projects"):
            self.meaning.project = described["name"] if described else None
        if self.meaning.kind.startswith(_SILENT):
            return
        state = State()
        state.subjects = state.money = heading = self.heading_subjects(section.heading, state)
        state.item_class = state.item_class or next((s.label for s in heading if s.function_code), None)
        self.figures.stated_unit = _unit_said(key(section.heading))
        for span in section.passages:
            text = fold(self.document.text(span), span.start)
            self.figures.stated_unit = _unit_said(text.text) or self.figures.stated_unit
            self.read_passage(text, state)

    def heading_subjects(self, heading: str, state: State) -> tuple[Subject, ...]:
        """The subject a heading gives to sentences that name none (（一）因公出国（境）费, 1.公共安全支出（类）司法（款）公共法律服务（项）)."""
        text = fold(heading).text
        for token in self.meaning.words.pattern_for(text).finditer(text):
            if token.lastgroup in _PATHS:
                return (self.item_of(token, state),)
            if token.lastgroup == "subject":
                subject = self.meaning.subject_of(token.group())
                return (subject,) if subject is not None and len(subject.measures) == 1 else ()
        return ()

    def read_passage(self, text: Folded, state: State) -> None:
        """Read one paragraph; `state` carries the subject on from the paragraph before."""
        state.end_sentence()
        state.base = state.year = state.project = None
        state.subject_end = state.sign_end = state.base_seen = state.level_end = -99
        state.brackets.clear()
        state.changed = (-99, 0)
        state.categories.clear()
        state.parent = ()
        if self.figures.counts_now(state):
            state.subjects = ()  # what one paragraph counted, the next one does not
        start = numbered(text.text).rest
        if start:
            self.figures.explained.append(text.span(0, start))
        if self.meaning.kind in KPI_SECTIONS:
            lead = _PROJECT_LEAD.match(text.text, start)
            state.project = lead["name"] if lead else None
        state.opened = len(self.figures.lines)
        state.pattern = self.meaning.words.pattern_for(text.text)
        end = state.token_end = start
        before = ""
        for token in state.pattern.finditer(text.text, start):
            if token.lastgroup in _SAID_OF and state.reason < 0 and not state.purpose:
                self.heed(text.text[end : token.start()], state, before)
            self.read_token(token, text, state)
            end = state.token_end = token.end()
            before = token.lastgroup or ""
        self.figures.close_reason(text, state, len(text.text))

    def heed(self, gap: str, state: State, before: str) -> None:
        """Words between two tokens: a noun of its own takes the next figure away from the subject, 合计 gives it back, 支出 at the opening is that of the section's account."""
        clause = re.split("[,;。:]", gap)[-1]
        side = _SIDES.get(clause)
        if clause.endswith(_DISTRIBUTED) and len(both := state.both_sides()) > 1:
            state.subjects, state.paired = both, 0  # 收入总计…,支出总计…,各增加
        elif side is not None and gap == clause and before in _OPENINGS.get(self.meaning.kind, ()) and (own := self.meaning.subject_of(f"{clause}合计")) is not None:
            state.subjects = state.money = (own,)
        elif gap in TOTALS and not state.subjects:
            state.subjects = state.money = state.put_off
        elif side is not None and state.parent and state.parent[0].first.endswith(side):
            state.subjects = state.money = state.parent  # 收入比上年增加: the head of the list before
        elif is_noun(gap) or _WHOLE_SIDE.fullmatch(clause):
            state.put_off = state.subjects or state.put_off
            state.subjects = state.money = ()

    def read_token(self, token: re.Match[str], text: Folded, state: State) -> None:
        name = token.lastgroup or ""
        quiet = state.reason >= 0 or state.purpose
        if name in self.meaning.words.nonfigures:
            self.figures.explained.append(text.span(token.start(), token.end()))
            if name in {"not_year", "not_bare_year"} and not quiet:
                state.year = int(token.group()[:4])
        elif name == "number":
            state.purpose = state.purpose and not _PLANNED.search(text.text[max(0, token.start() - 14) : token.start()])
            self.figures.read_number(token, text, state)
        elif name == "stop":
            self.figures.close_reason(text, state, token.start())
            state.end_sentence()
        elif name == "semicolon":
            if state.reason >= 0 and not self.next_clause_opens(text.text, token.end(), state):
                return
            self.figures.close_reason(text, state, token.start())
            state.reason = -1
            state.purpose = False
            state.level = state.mode = state.zero = None
            state.sign = 0
            state.spent = True
        elif name == "reason":
            state.reason = token.start()
        elif name == "purpose":
            state.purpose = not text.text.startswith((":以下", "以下", "如下", "下列", "于以下", "以下几", ":财政", ":一般"), token.end())
        elif name == "base" and state.reason >= 0 and self.comparison_follows(token, text.text, state):
            self.figures.close_reason(text, state, token.start())
            state.reason = -1
            self.read_word(name, token, text, state)
        elif quiet and not (state.purpose and self.purpose_ends(name, token, text)):
            if name in {"up", "down"}:
                state.sign, state.sign_end = (1 if name == "up" else -1), token.end()
            elif name == "comma" and state.reason >= 0:
                state.sign = 0
        else:
            state.purpose = False
            self.read_word(name, token, text, state)

    def comparison_follows(self, token: re.Match[str], text: str, state: State) -> bool:
        """`…的主要原因是厉行节约，与上年相比减少5万元`: a comparison ends a reason where it opens a clause and the sentence has told no change yet."""
        opened = max(text.rfind("。", 0, token.start()), text.rfind(";", 0, state.reason))
        if text[token.start() - 1] not in ",;" or state.changed[0] > opened or ";" in text[state.reason : token.start() - 1]:
            return False
        verb = state.pattern.match(text, token.end())
        return verb is not None and verb.lastgroup in {"up", "down"} and _FIGURE_AHEAD.match(text, verb.end()) is not None

    def purpose_ends(self, name: str, token: re.Match[str], text: Folded) -> bool:
        """`主要用于…，年初预算为5万元`, `主要用于…，公务接待2批次`: a purpose has no full stop of its own where a figure of the subject follows."""
        if not _FIGURE_AHEAD.match(text.text, token.end()):
            return False
        if name.startswith("level_"):
            return True
        entry = self.meaning.words.measures.get(self.meaning.words.phrases.get(token.group(), ("", None))[0]) if name == "subject" else None
        return entry is not None and (entry.count or bool(entry.counts))

    def next_clause_opens(self, text: str, position: int, state: State) -> bool:
        """After a semicolon inside a reason: does a new item begin (其中, a measure, 本部门当年预算支出5万元), or does the reason go on (二是…)?"""
        if (lead := _LEAD_IN.match(text, position)) is not None:
            token = state.pattern.match(text, lead.end())
            return token is not None and token.lastgroup == "subject" and _FIGURE_AHEAD.match(text, token.end()) is not None
        token = state.pattern.match(text, position)
        while token is not None and (token.lastgroup or "") in self.meaning.words.nonfigures:
            token = state.pattern.match(text, token.end())
        return token is not None and token.lastgroup in _OPENERS

    def read_word(self, name: str, token: re.Match[str], text: Folded, state: State) -> None:
        phrase = token.group()
        if name == "subject":
            owner, level = self.meaning.words.phrases.get(phrase, ("", None))
            if owner in _PAID_FROM and token.start() == state.subject_end and state.subjects and not state.spent and not state.subjects[-1].first.startswith(_SUMS):
                state.subject_end = token.end()  # 委托业务费财政拨款预算: paid from appropriations, not the appropriations
                return
            subject = self.meaning.subject_of(phrase, state.parent)
            if owner and self.meaning.words.measures[owner].generic and is_noun(text.text[state.token_end : token.start()]):
                subject = Subject(())
            if subject is not None:
                self.take_subject(subject, token, text, state)
                state.level = level or state.level
                if subject.first == "self_evaluated_projects":
                    state.parent = (subject,)
        elif name == "name_and_code":
            self.figures.explained.append(text.span(token.start("named_code"), token.end("named_code")))
            code = token["named_code"]
            functional = code.startswith("2")
            self.take_subject(Subject((self.meaning.item_measure,), None, code if functional else None, None, token["named"], None if functional else code), token, text, state)
        elif name == "coded_item":
            self.figures.explained.append(text.span(token.start("item_code"), token.end("item_code")))
            self.take_subject(Subject((self.meaning.item_measure,), None, token["item_code"].rstrip("-"), None, token["coded_name"]), token, text, state)
        elif name in _PATHS:
            self.take_subject(self.item_of(token, state), token, text, state)
        elif name == "equipment_group":
            self.figures.explained.append(text.span(token.start("price"), token.end("price")))
            measure = _EQUIPMENT.get(token["equipment"] or "") or _EQUIPMENT_OF.get(token["price"], "asset_equipment")
            bought = "_purchased" if text.text[: token.start()].endswith("购置") else ""  # 2024年安排购置: not yet held
            entry = self.meaning.words.measures[measure]
            self.take_subject(Subject((measure + bought,), f"单价{token['price']}万元以上" if measure == "asset_equipment" else None, None, entry, phrase), token, text, state)
        elif name == "elsewhere":
            measure = "procurement_sme" if token["sme"] == "中小" else "procurement_micro"
            self.take_subject(Subject((measure,), "award_other", None, None, phrase), token, text, state)
        elif name == "targeted":
            entry = self.meaning.words.measures["self_evaluated_projects"]
            subject = Subject(entry.means, _TRACKED.get(token["tracked"]), None, entry, phrase)
            self.take_subject(subject, token, text, state)
            state.parent = (subject,)
        elif name == "graded":
            entry = Measure("evaluation_grade_count", ("evaluation_grade_count",), count=True, units=frozenset({"个", "项"}))
            self.take_subject(Subject(entry.means, _GRADES.get(token["grade"], token["grade"]), None, entry, phrase), token, text, state)
        elif name == "from_year":
            fiscal_year = self.meaning.identity.fiscal_year
            prior = token["year_from"] is None or fiscal_year is None or int(token["year_from"]) == fiscal_year - 1
            state.level = "from_prior" if prior else "other_year"
        elif name == "vehicle_type" and self.meaning.kind not in KPI_SECTIONS:
            holder = next((s.first for s in (*state.subjects, *state.parent) if s.first in {"vehicles_purchased", "asset_vehicles"}), "asset_vehicles")
            entry = self.meaning.words.measures[holder]
            self.take_subject(Subject((holder,), re.sub("^(?:其中|包括|有)", "", phrase), None, entry, phrase), token, text, state)
        elif name == "base":
            state.base, state.base_seen = self.meaning.base_of(token), token.end()
        elif name == "share":
            state.mode = "share"
            inner = next((t for t in state.pattern.finditer(phrase[1:]) if t.lastgroup == "subject"), None)
            state.share_of = self.meaning.whole_of(inner.group()) if inner else None
        elif name in {"completion", "difference"}:
            state.mode = name
        elif name == "list":
            state.parent = state.money or state.parent
            state.listed = 0
            state.mode = state.level = None
            state.sign = 0
        elif name == "paired":
            state.subjects = state.both_sides()
            state.paired = 0 if len(dealt(state.subjects)) > 1 else -1
            state.projects = self.meaning.kind in KPI_SECTIONS and "项目" in text.text[max(0, token.start() - 12) : token.start()]
        elif name.startswith("level_"):
            state.level, state.level_end = name.removeprefix("level_"), token.end()
            state.sign = 0
        elif name in {"up", "down"}:
            state.sign, state.sign_end = (1 if name == "up" else -1), token.end()
        elif name == "flat":
            self.figures.read_flat(token, text, state)
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

    def item_of(self, token: re.Match[str], state: State) -> Subject:
        """The item of the functional classification that a path of 类, 款, 项 names."""
        path = self.path_of(token, state) if token.lastgroup == "item_path" else (token["dash_class"], token["dash_group"], token["dash_item"])
        return Subject((self.meaning.item_measure,), None, self.codes.function_code(path), None, path[-1])

    def path_of(self, token: re.Match[str], state: State) -> tuple[str, ...]:
        """The names 类, 款, 项 of an item; what a sentence leaves out was named before it."""
        if (lone := token["lone_item"]) is not None:
            return (state.item_class or "", state.item_group or "", lone)
        state.item_class = token["item_class"] or state.item_class
        state.item_group = token["item_group"]
        return tuple(name for name in (state.item_class or "", state.item_group, token["item"]) if name is not None)

    def take_subject(self, subject: Subject, token: re.Match[str], text: Folded, state: State) -> None:
        gap = text.text[state.subject_end : token.start()] if state.subject_end > 0 else None
        joined = gap in _JOINERS and not state.spent
        state.subjects = (*state.subjects, subject) if joined else (subject,)
        if subject.entry is None or not subject.entry.count:
            state.money = state.subjects
            state.named = (*state.named, subject)
            state.listed += bool(state.parent) and subject != state.parent[0]
        if subject.function_code is not None and len(subject.function_code) == len("201"):
            state.item_class, state.item_group = subject.label, None
        state.subject_end = token.end()
        state.spent = False
        if subject.category is not None:
            state.categories[subject.first] = subject.category
        if not joined:
            state.level = state.mode = None
            state.sign = 0
            state.paired = -1
        if state.zero is not None and token.start() - state.zero[1] <= 12:
            self.figures.read_zero(subject, text, state)


def read_narrative(document: Document, sections: Iterable[Section], identity: Identity, codes: ItemCodes) -> Recognised:
    """All figures of the prose: amounts, percents and rates as budget lines, counts as quantities, oddities as findings.

    Glossary, duties, contents and contact lines hold no facts and are not read.
    """
    meaning = Meaning(identity)
    figures = Figures(document, meaning, _usual_unit(document))
    reader = _Reader(document, codes, meaning, figures)
    for section in sections:
        reader.read_section(section)
    return Recognised(tuple(figures.lines), tuple(figures.counts), findings=tuple(figures.findings), explained=tuple(figures.explained))


def _unit_said(text: str) -> str | None:
    """The unit a heading or a line of its own ends with (单位:万元)."""
    said = _UNIT_SAID.search(text) if "单位:" in text else None
    return said[1] if said else None


def _usual_unit(document: Document) -> str:
    """The money unit most amounts of a document are printed in; 万元 where there are none."""
    units = Counter(map(key, re.findall(r"\d\s*([亿億]元|[万萬]\s*元|元)", document.content)))
    return max(units, key=lambda unit: units[unit]) if units else "万元"
