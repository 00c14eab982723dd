"""What a word means in a section of a document: its measure, the version of a figure, the year a comparison is with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from normalize.clause import Subject
from normalize.lexicon import Lexicon, lexicon

if TYPE_CHECKING:
    import re

    from normalize.records import Identity

KPI_SECTIONS = ("performance",)
_OF_THE_ACCOUNT = ("asset_", "reception_", "overseas_", "vehicles_", "official_")  # counts that performance sections speak of in other things
_OF_THE_WHOLE_ACCOUNT = frozenset({"current_year_revenue", "current_year_expenditure"})
_STOCK = ("asset_", "staff_", "unit_count")
_ITEM_MEASURES = {"gov_fund": "gov_fund_expenditure", "state_capital": "state_capital_expenditure", "fiscal_total": "fiscal_total_expenditure"}
_CLASS_MEASURES = {**_ITEM_MEASURES, "total": "current_year_expenditure"}


def is_held(measure: str) -> bool:
    """Whether something is held at a date, not planned or spent.

    >>> is_held("asset_equipment_100"), is_held("asset_equipment_100_purchased"), is_held("vehicles_purchased")
    (True, False, False)
    """
    return measure.startswith(_STOCK) and not measure.endswith("_purchased")


@dataclass(slots=True)
class Meaning:
    """The words of one document, and where in it the reader stands."""

    identity: Identity
    kind: str = ""  # of the section being read
    project: str | None = None  # the project a section describes (…专项经费情况说明)
    words: Lexicon = field(default_factory=lexicon)

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
        if section in KPI_SECTIONS and not entry.sections and (not entry.count or entry.name.startswith(_OF_THE_ACCOUNT)):
            return None  # 涉及一般公共预算支出5万元, 停放车辆120辆 speak of the projects, not of the account
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

    def whole_of(self, phrase: str) -> str | None:
        """The measure a share is of: 占本年支出合计的 speaks of the whole account in every section, any other phrase of what it names there."""
        owner = self.words.phrases.get(phrase, ("", None))[0]
        if owner in _OF_THE_WHOLE_ACCOUNT:
            return owner
        subject = self.subject_of(phrase)
        return subject.first if subject else None

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
        if level in {"prior_final", "prior_budget"}:
            return level
        if level == "from_prior":
            return self.default_base
        if level == "executed" and self.budget and year is None:
            return "prior_final"
        if level == "adjusted":
            return "adjusted_budget"
        if level == "budget" or self.budget:
            return "initial_budget"
        return "final"
