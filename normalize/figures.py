"""Numbers of the narrative become records: amounts, changes, percents, shares, counts, performance figures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from normalize.clause import VALUES_BEFORE, State, Subject, dealt, is_ordinal, label_before, pair_position, unit_of_pair
from normalize.meaning import KPI_SECTIONS, Meaning, is_held
from normalize.numbers import printed_number
from normalize.records import BudgetLine, Finding, Quantity
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from extract.document import Document, Span
    from normalize.folding import Folded

_LINK = re.compile(load_toml("wording.toml")["verbs"]["link"])
LONGEST_GAP = 200  # characters between a verb and its figure: what is longer is no list of values
_LEVEL_LINK = re.compile("(?:了|约)*(?:为|至|到|成)")
_NOTE = re.compile(r"\(?(?:注|说明|备注)\d?[:.、]")
_CARRIED = re.compile(r"\d|结转|上年")
_EMPTY_TABLE = re.compile("(?:本|此|该)表|空表")  # a note under a table, not a statement of the narrative
_BARE_UNITS = {"staff": "人", "retired": "人", "vehicles": "辆", "official": "辆"}  # of a count whose noun says what is counted (编制数25)
_LOOSE_FLAT = frozenset({"一致", "相一致", "相同", "不变", "基本一致"})
TOTALS = frozenset({"合计", "共计", "总计", "总共"})


@dataclass(slots=True)
class Figures:
    """The figures read so far of one document."""

    document: Document
    meaning: Meaning
    money_unit: str
    stated_unit: str | None = None  # of the section being read, where a heading or a line says 单位:万元
    lines: list[BudgetLine] = field(default_factory=list)
    counts: list[Quantity] = field(default_factory=list)
    explained: list[Span] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def read_zero(self, subject: Subject, text: Folded, state: State) -> None:
        """`无政府性基金预算财政拨款收支`: nothing of this was received or spent."""
        if state.zero is None or (subject.entry is not None and subject.entry.count) or not subject.first.startswith(("gov_fund", "state_capital", "three_public", "agency_operating", "procurement")):
            return
        if _NOTE.match(text.text):
            return  # a note under a table
        if _CARRIED.search(text.text, state.zero[1], state.subject_end):
            return  # 无2021年结转的政府性基金支出 speaks of carry-over only
        rest = text.text[state.subject_end :].partition("。")[0]
        if re.match(r"[^。,;]{0,6}\d", rest) or _EMPTY_TABLE.search(rest):
            return
        span = text.span(*state.zero)
        said = {line.measure for line in self.lines[state.opened :]}
        for measure in subject.measures:
            if measure in said:
                continue
            self.add_line(measure, subject, self.meaning.level_basis(None, None), Decimal(0), self.money_unit, span, "zero_statement", "narrative.zero")

    def read_flat(self, token: re.Match[str], text: Folded, state: State) -> None:
        """`与上年持平`: a change of nought."""
        if token.group() in _LOOSE_FLAT and token.start() - state.base_seen > 12:
            return
        base = state.base or self.meaning.default_base
        if self.meaning.kind in KPI_SECTIONS or not state.money or state.mode == "share":
            return
        span = text.span(token.start(), token.end())
        for subject, measure in dealt(state.money):
            self.add_line(measure, subject, f"change_vs_{base}", Decimal(0), None, span, "expanded" if len(subject.measures) > 1 else "stated", "narrative.flat")

    def read_number(self, token: re.Match[str], text: Folded, state: State) -> None:
        """A number by its unit: money, percent or count; ordinals are explained and no figures."""
        whole = text.text
        digits = token["digits"]
        if not token["money"] and not token["percent"] and not token["unit"] and is_ordinal(whole, token.start(), token.end("digits")):
            self.explained.append(text.span(token.start(), token.end()))
            return
        value = printed_number(digits)
        unit = "%" if token["percent"] else token["money"]
        count_unit = None if unit else (token["scale"] or "").replace("余", "") + (token["unit"] or "") or None
        if unit is None and count_unit is None:
            unit = unit_of_pair(state.pattern, whole, token)
        end = token.end("money") if token["money"] else token.end("percent") if token["percent"] else token.end()
        span = text.span(token.start(), end)
        gap = whole[state.sign_end : token.start()] if state.sign else None
        gap = VALUES_BEFORE.sub("", gap) if gap and len(gap) <= LONGEST_GAP else gap
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
            self.read_project_amount(value, unit, span, token, text)
        else:
            self.read_amount(value, unit, direct, span, token, text, state)
        state.spent = True

    def counts_now(self, state: State) -> bool:
        return bool(state.subjects) and state.subjects[-1].entry is not None and state.subjects[-1].entry.count

    def read_amount(self, value: Decimal, unit: str | None, direct: bool, span: Span, token: re.Match[str], text: Folded, state: State) -> None:
        """Money: said of the subjects before it, in the basis that the words between them name."""
        if self.meaning.kind in KPI_SECTIONS and not self.money_subject(state, token.start(), text.text):
            self.read_loose(value, unit, None, span, token, text, state, "kpi")
            return
        if not state.subjects or self.counts_now(state):
            return
        if state.level == "other_year":
            state.level = None
            return
        if unit is None and self.stated_unit is not None and token.start() - max(state.subject_end, state.level_end, state.sign_end) <= 3:
            unit = self.stated_unit
        if unit is None and token.start() - state.level_end > 3:
            return  # a bare number is an amount only right behind 预算为, 决算数
        if unit in {None, "万"}:
            self.findings.append(_missing_unit(span, self.document.text(span), self.meaning.kind))
            unit = unit and "万元"
        if not direct and state.base_seen == token.start():  # 比2022年决算0.70万元减少…: the figure compared with
            if state.base is None:
                return
            basis = state.base
        elif direct:
            if state.base is None and state.base_seen >= 0:
                return  # compared with a year no table has a name for
            basis = f"change_vs_{state.base or self.meaning.default_base}"
            value *= state.sign
            state.changed = (token.end(), state.sign)
        elif state.mode == "completion" or state.subjects[-1].first == "project_budget":
            basis = "initial_budget"
        elif is_held(state.subjects[-1].first):
            basis = "final"
        else:
            basis = self.meaning.level_basis(state.level, state.year)
        if state.level in {"from_prior", "prior_final", "prior_budget"} and not direct and state.paired < 0:
            state.level = None
        chosen = self.dealt_now(token, text, state)
        for subject, measure in chosen:
            self.add_line(measure, subject, basis, value, unit, span, "expanded" if len(chosen) > 1 else "stated", "narrative.change" if direct else "narrative.level")

    def dealt_now(self, token: re.Match[str], text: Folded, state: State) -> tuple[tuple[Subject, str], ...]:
        """Whom a value is said of: the next in turn of values in a row, every subject of 分别增加a万元, else the last subject (both sides of a pair)."""
        everyone = dealt(state.subjects)
        place = pair_position(text.text, token) if len(everyone) > 1 else None
        if place is not None:
            turn = place if state.paired < 0 or place == 0 else state.paired
            state.paired = turn + 1
            return everyone[turn : turn + 1]
        return everyone if state.paired >= 0 else dealt(state.subjects[-1:])

    def money_subject(self, state: State, start: int, text: str) -> bool:
        """In a section on performance, most amounts belong to the projects, not to the budget: the subject must stand right before."""
        if not state.subjects or self.counts_now(state):
            return False
        return start - state.subject_end <= 6 and not re.search(r"[,。;]", text[state.subject_end : start])

    def read_percent(self, value: Decimal, direct: bool, span: Span, token: re.Match[str], text: Folded, state: State) -> None:
        """A percent: a share, a rate of completion, a difference or a change; any other is a performance figure."""
        if state.mode == "share":
            basis = "share_pct"
        elif state.mode == "completion":
            basis = "completion_pct"
        elif state.mode == "difference":
            basis = "change_pct_vs_initial_budget" if state.base == "initial_budget" else ""
        elif state.changed[0] == token.start() - 1 and text.text[state.changed[0]] == "(":  # 减少5万元(7.5%)
            basis = f"change_pct_vs_{state.base or self.meaning.default_base}"
            value *= state.changed[1]
        elif direct and not (state.base is None and state.base_seen >= 0):
            basis = f"change_pct_vs_{state.base or self.meaning.default_base}"
            value *= state.sign
        else:
            basis = ""
        if not basis or not state.subjects or self.counts_now(state) or self.meaning.kind in KPI_SECTIONS:
            self.read_loose(value, "%", None, span, token, text, state, "kpi")
            return
        chosen = self.dealt_now(token, text, state)
        for subject, measure in chosen:
            self.add_line(measure, subject, basis, value, "%", span, "expanded" if len(chosen) > 1 else "stated", f"narrative.{basis.split('_')[0]}", share_of=state.share_of if basis == "share_pct" else None)
        state.mode = None

    def read_count(self, value: Decimal, unit: str | None, span: Span, token: re.Match[str], text: Folded, state: State) -> None:
        """People, vehicles, batches … and bare numbers right behind what they count."""
        found = self.counted(unit, token, text, state)
        if unit is None and (value != value.to_integral_value() or token.start() - state.subject_end > 3):
            return  # a bare number is a count only right behind what it counts
        if found is None:
            self.read_loose(value, unit, None, span, token, text, state, "kpi")
            return
        measure, category = found
        if measure.startswith("asset_") and measure != "asset_vehicles":
            unit = "台(套)" if unit in {None, "台", "套", "(套)", "台套"} else unit
        basis = "initial_budget" if self.meaning.budget and not is_held(measure) else "final"
        if state.sign and state.sign_end == token.start():
            basis, value = f"change_vs_{state.base or self.meaning.default_base}", value * state.sign
        self.counts.append(Quantity(measure, basis, value, unit or _BARE_UNITS.get(measure.split("_")[0], "个"), self.document.text(span), span, "narrative.count", category, None, "stated", self.meaning.kind or None))

    def counted(self, unit: str | None, token: re.Match[str], text: Folded, state: State) -> tuple[str, str | None] | None:
        """The measure a count belongs to: by the noun behind it, by the subject, or by what is counted under the subject."""
        for pattern, name in self.meaning.words.followed_by:
            entry = self.meaning.words.measures[name]
            if pattern.match(text.text, token.end()) and unit in entry.units and not entry.roles and (not entry.sections or self.meaning.kind.startswith(entry.sections)):
                return entry.means[0], entry.category
        if self.meaning.kind.startswith("overview") and token.start() - state.subject_end > 4:
            return None
        for subject in reversed((*state.parent, *state.subjects)):
            holder = subject.entry
            if holder is None or not subject.measures or (self.meaning.kind.startswith("overview") and not holder.sections):
                return None
            if holder.count and (unit is None or unit in holder.units):
                return subject.first, subject.category
            for measure, units in holder.counts:
                if unit in units:
                    return measure, subject.category or state.categories.get(subject.first)
        return None

    def read_loose(self, value: Decimal, unit: str | None, count_unit: str | None, span: Span, token: re.Match[str], text: Folded, state: State, role: str) -> None:
        """A number inside a reason, or a performance figure: kept with the words before it, outside the budget's own measures."""
        if role == "kpi" and self.meaning.kind not in KPI_SECTIONS and not state.purpose:
            return
        basis = "final" if not self.meaning.budget else "initial_budget"
        gap = text.text[state.sign_end : token.start()] if state.sign else None
        if gap is not None and (_LINK.fullmatch(gap) or (role == "reason" and len(gap) <= 12)):
            basis, value = f"change{'_pct' if unit == '%' else ''}_vs_{self.meaning.default_base}", value * state.sign
        label = label_before(text.text, token.start())
        subject, category = self.loose_subject(label, count_unit, token, text, role)
        if unit == "万":
            unit, count_unit = None, "万"
        if unit is not None:
            self.lines.append(BudgetLine("narrative", basis, value, unit, self.document.text(span), span, f"narrative.{role}", section_kind=self.meaning.kind or None,
                                         measure=subject, category=category, project=state.project if role == "kpi" else None, role=role))  # fmt: skip
        else:
            if basis.startswith("change") and subject == "staff_added":
                basis = "final"
            self.counts.append(Quantity(subject, basis, value, count_unit, self.document.text(span), span, f"narrative.{role}", category, state.project if role == "kpi" else None, role, self.meaning.kind or None))

    def loose_subject(self, label: str, unit: str | None, token: re.Match[str], text: Folded, role: str) -> tuple[str, str | None]:
        """Measure and category of a figure that stands outside the budget: in a reason what its nouns name, else kpi and its label."""
        if role == "reason":
            for pattern, name in self.meaning.words.followed_by:
                entry = self.meaning.words.measures[name]
                if unit in entry.units and role in entry.roles and pattern.match(text.text, token.end()):
                    return entry.means[0], None
            named = [t.group() for t in self.meaning.words.pattern_for(label).finditer(label) if t.lastgroup == "subject"]
            subject = self.meaning.subject_of(named[-1]) if named else None
            if subject is not None and len(subject.measures) == 1:
                return subject.first, subject.category
        return "kpi", label or None

    def read_project_amount(self, value: Decimal, unit: str, span: Span, token: re.Match[str], text: Folded) -> None:
        """`…6个项目分别为:甲42万元,乙7.2万元,合计49.2万元`: the budget of each project and their sum."""
        before = text.text[: token.start()]
        label = re.split(r"[,;:]|(?<=\d)(?:万元|元|亿元)、?", before)[-1]
        total = re.sub(r"[^一-鿿]", "", label) in TOTALS
        self.lines.append(BudgetLine("narrative", "initial_budget", value, unit, self.document.text(span), span, "narrative.project_list", section_kind="performance",
                                     measure="project_budget", category="all_self_evaluated" if total else None, project=None if total else self.document.text(text.span(token.start() - len(label), token.start())).strip() or None))  # fmt: skip

    def add_line(self, measure: str, subject: Subject, basis: str, value: Decimal, unit: str | None, span: Span, role: str, rule: str, share_of: str | None = None) -> None:
        """One more budget line, with what its subject says of it."""
        self.lines.append(BudgetLine("narrative", basis, value, unit, self.document.text(span), span, rule, section_kind=self.meaning.kind or None, measure=measure,
                                     item_label=subject.label if subject.function_code or subject.entry is None else None, function_code=subject.function_code, economic_code=subject.economic_code,
                                     category=subject.category, share_of=share_of, role=role))  # fmt: skip

    def close_reason(self, text: Folded, state: State, end: int) -> None:
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


def _missing_unit(span: Span, raw: str, kind: str) -> Finding:
    return Finding("unit_missing", "unreadable", f"数字“{raw}”后未印出完整单位，按上下文单位理解", f"no complete unit is printed after “{raw}”; read in the unit of its surroundings",
                   "look", section_kind=kind or None, span=span, raw=raw)  # fmt: skip
