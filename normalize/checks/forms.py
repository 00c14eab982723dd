"""A self-evaluation form as the checks see it: head, funds rows and filled indicators together (项目支出绩效自评表)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from normalize.checks.outcome import Identity, Place
from normalize.checks.tolerance import HUNDRED, Term, exact, scored, total

if TYPE_CHECKING:
    from decimal import Decimal

    from normalize.records import Disclosure, Indicator, Project, ProjectFund

EXECUTION = 10  # 预算执行率 has 10 of the 100 points
CENTS = 2  # amounts of a form are entered whole or with two decimals: 5 is 5.00 (T3)


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its head, funds rows and filled indicator rows."""

    head: Project
    funds: tuple[ProjectFund, ...]
    indicators: tuple[Indicator, ...]
    weights: Term | None  # Σ 分值 of the indicators; None where one could not be read

    @property
    def place(self) -> Place:
        return Place(project_id=self.head.project_id)

    @property
    def zh(self) -> str:
        return f"《{self.head.project_name or self.head.project_id}》"

    def identity(self, check_id: str, zh: str, en: str, severity: str = "certain") -> Identity:
        return Identity(check_id, f"{self.zh}{zh}", f"form {self.head.ordinal}, {en}", severity)

    @property
    def ids(self) -> tuple[str, ...]:
        return (self.head.row_id,) if self.head.row_id else ()

    @property
    def budgets(self) -> tuple[Decimal | None, Decimal | None]:
        """全年预算数 and 年初预算数."""
        return self.head.annual_budget, self.head.initial_budget

    def score(self, value: Decimal | None, row: str = "") -> Term | None:
        return None if value is None else scored(value, (row,) if row else self.ids)

    def money(self, value: Decimal | None, row: str = "") -> Term | None:
        return None if value is None else scored(value, (row,) if row else self.ids, CENTS)

    @property
    def executes(self) -> bool:
        """Whether 预算执行率 is scored beside the indicators (usually 10 of 100)."""
        weights = self.weights
        return self.head.execution_weight is not None and not (weights is not None and weights.value == HUNDRED)

    @property
    def lacks_execution(self) -> bool:
        """Whether the weight of 预算执行率 is not printed though the indicators leave room for it."""
        weights = self.weights
        return self.head.execution_weight is None and weights is not None and weights.value == HUNDRED - EXECUTION


def _weights(rows: list[Indicator]) -> Term | None:
    known = [exact(row.weight, (row.row_id,)) for row in rows if row.weight is not None]
    return total(known) if rows and len(known) == len(rows) else None


def forms_of(disclosure: Disclosure) -> tuple[Form, ...]:
    """The self-evaluation forms of the disclosure; target forms (绩效目标表) have no scores to check."""
    funds: dict[str, list[ProjectFund]] = defaultdict(list)
    rows: dict[str, list[Indicator]] = defaultdict(list)
    for fund in disclosure.project_funds:
        funds[fund.project_id].append(fund)
    for row in disclosure.indicators:
        if not row.is_placeholder:
            rows[row.project_id].append(row)
    return tuple(
        Form(head, tuple(funds[head.project_id]), tuple(rows[head.project_id]), _weights(rows[head.project_id]))
        for head in disclosure.projects
        if head.kind == "self_evaluation"
    )
