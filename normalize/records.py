"""What we publish: one frozen record per row, one class per canonical table.

Records carry the `Span` of their printed text; the writer turns it into page, box and character columns. The columns every table
repeats (document_id, region_code, department, entity_level, stage, fiscal_year) come from the `Identity` and are added when written.
Row ids are stamped once, by `normalize.disclosure`, before the checks run.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from extract.document import Link, Span

YUAN_PER_UNIT = {"元": Decimal(1), "千元": Decimal(1000), "万元": Decimal(10_000), "百万元": Decimal(1_000_000), "亿元": Decimal(100_000_000)}
CENT = Decimal("0.01")


def row_id(document_id: str, table: str, ordinal: int) -> str:
    """The id of a row: document, table, 1-based place in it.

    >>> row_id("47d74d8e5a3cd381", "budget_lines", 12)
    '47d74d8e5a3cd381-budget_lines-00012'
    """
    return f"{document_id}-{table}-{ordinal:05d}"


def to_yuan(value: Decimal | None, unit: str | None) -> Decimal | None:
    """The amount in yuan, exact to the cent; None where `unit` is not one of money.

    >>> to_yuan(Decimal("606.04"), "万元")
    Decimal('6060400.00')
    """
    factor = YUAN_PER_UNIT.get(unit or "")
    return None if factor is None or value is None else (value * factor).quantize(CENT)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who disclosed what, for which year (table `documents`)."""

    title: str | None = None
    department: str | None = None  # full official name
    region_code: str | None = None  # GB/T 2260, as of the fiscal year
    province: str | None = None
    city: str | None = None
    county: str | None = None
    entity_level: str | None = None  # department | unit | government
    stage: str | None = None  # budget | final
    doc_kind: str = "other"
    fiscal_year: int | None = None
    published_on: str | None = None  # ISO date
    contact_phone: str | None = None
    attachments: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the prose directly under it (table `sections`)."""

    section_id: str
    parent_id: str | None
    level: int
    number: str | None
    heading: str
    section_kind: str | None  # ids of the narrative vocabulary; inherited from the parent where the heading has no kind of its own
    span: Span  # the heading
    passages: tuple[Span, ...] = ()  # paragraphs directly under it
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class OrganisationItem:
    """A duty, an internal office or a subordinate unit (table `organisation`)."""

    kind: str  # duty | internal_office | subordinate_unit
    ordinal: int
    name: str | None
    text: str
    span: Span
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of 专业名词解释 (table `glossary`)."""

    term: str
    definition: str
    ordinal: int
    span: Span
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A money amount, percent or ratio, from a table or the narrative (table `budget_lines`)."""

    origin: str  # table | narrative
    basis: str
    value: Decimal
    unit: str | None  # 元 | 万元 | 亿元 | %; null where the page states none
    raw: str  # as printed
    span: Span  # of raw
    rule: str  # which rule read it
    table_kind: str | None = None
    table_ordinal: int | None = None  # 1-based: which table of the document
    section_kind: str | None = None
    side: str | None = None  # revenue | expenditure
    item_code: str | None = None
    item_label: str | None = None
    column: str | None = None
    measure: str | None = None
    function_code: str | None = None
    economic_code: str | None = None
    category: str | None = None
    share_of: str | None = None
    project: str | None = None
    role: str = "stated"  # stated | expanded | zero_statement | reason | kpi | derived
    reason_text: str | None = None
    repaired_value: Decimal | None = None  # what the figure should be, where `normalize.repair` proved a cause; null with a repair_id: blank
    repair_id: str | None = None  # the finding that tells the cause
    row_id: str = ""

    @property
    def amount_yuan(self) -> Decimal | None:
        return to_yuan(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A count: people, vehicles, batches, projects (table `quantities`)."""

    measure: str
    basis: str
    value: Decimal
    unit: str | None
    raw: str
    span: Span
    rule: str
    category: str | None = None
    project: str | None = None
    role: str = "stated"
    section_kind: str | None = None
    table_kind: str | None = None
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    """One self-evaluation or target form (table `projects`)."""

    project_id: str
    ordinal: int
    kind: str  # self_evaluation | target
    span: Span
    project_name: str | None = None
    project_code: str | None = None
    supervising_department: str | None = None
    implementing_unit: str | None = None
    total_score: Decimal | None = None
    grade: str | None = None
    fund_unit: str | None = None
    initial_budget: Decimal | None = None
    annual_budget: Decimal | None = None
    executed: Decimal | None = None
    execution_rate_pct: Decimal | None = None  # as printed
    execution_weight: Decimal | None = None
    execution_score: Decimal | None = None
    goal_target: str | None = None
    goal_actual: str | None = None
    note: str | None = None
    raw: str = ""  # the project name as printed
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class ProjectFund:
    """One row of the funds block of a form (table `project_funds`)."""

    project_id: str
    fund_source: str  # total | current_year_appropriation | prior_year_carryover | other | as printed
    label: str
    span: Span
    raw: str = ""  # the label as printed
    initial_budget: Decimal | None = None
    annual_budget: Decimal | None = None
    executed: Decimal | None = None
    execution_rate_pct: Decimal | None = None
    weight: Decimal | None = None
    score: Decimal | None = None
    texts: tuple[tuple[str, Span], ...] = ()  # (field, printed cell) for every cell that was read, dashes included
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator row of a form (table `indicators`)."""

    project_id: str
    ordinal: int
    kind: str  # self_evaluation | target
    span: Span  # from the first to the last own cell of the row
    raw: str = ""
    level1: str | None = None
    level2: str | None = None
    level3: str | None = None
    target_raw: str | None = None
    target_operator: str | None = None
    target_value: Decimal | None = None
    target_unit: str | None = None
    actual_raw: str | None = None
    actual_operator: str | None = None
    actual_value: Decimal | None = None
    actual_unit: str | None = None
    weight: Decimal | None = None
    coefficient_pct: Decimal | None = None
    score: Decimal | None = None
    deviation_note: str | None = None
    is_placeholder: bool = False
    ambiguous: bool = False
    texts: tuple[tuple[str, Span], ...] = ()  # (field, printed cell)
    repaired_field: str | None = None  # weight | score
    repaired_value: Decimal | None = None
    repair_id: str | None = None
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The score card of a form (table `scores`)."""

    project_id: str
    component: str  # total | budget_execution | the level-1 name
    source: str  # printed | computed
    weight: Decimal | None = None
    score: Decimal | None = None
    grade: str | None = None
    span: Span | None = None
    raw: str | None = None
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One outcome of a check, or something odd that was seen (table `findings`)."""

    check_id: str  # stable, speaking: revenue_equals_expenditure
    status: str  # pass | pass_rounding | fail | undefined | not_applicable | unreadable
    message_zh: str
    message_en: str
    severity: str = "note"  # certain | likely | look | note
    lhs: Decimal | None = None
    rhs: Decimal | None = None
    difference: Decimal | None = None
    tolerance: Decimal | None = None
    section_kind: str | None = None
    table_kind: str | None = None
    project_id: str | None = None
    evidence_ids: tuple[str, ...] = ()
    span: Span | None = None
    raw: str | None = None
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class UnexplainedNumber:
    """A numeral that no row uses and no rule names as a non-figure (table `unexplained_numbers`)."""

    raw: str
    context: str
    span: Span
    row_id: str = ""


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Everything one document says, in canonical terms."""

    document_id: str
    status: str
    identity: Identity
    reason_zh: str = ""
    reason_en: str = ""
    number_count: int = 0
    numbers_explained: int = 0
    sections: tuple[Section, ...] = ()
    organisation: tuple[OrganisationItem, ...] = ()
    glossary: tuple[Term, ...] = ()
    budget_lines: tuple[BudgetLine, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    projects: tuple[Project, ...] = ()
    project_funds: tuple[ProjectFund, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    unexplained_numbers: tuple[UnexplainedNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Recognised:
    """What one recogniser read out of a document: rows of any table, findings beside them."""

    budget_lines: tuple[BudgetLine, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    projects: tuple[Project, ...] = ()
    project_funds: tuple[ProjectFund, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    declared_empty: frozenset[str] = field(default_factory=frozenset)  # table kinds the page says are empty
    explained: tuple[Span, ...] = ()  # printed text it accounts for without a row: ordinals, codes, header numbers


TABLES: dict[str, type] = {
    "sections": Section,
    "organisation": OrganisationItem,
    "glossary": Term,
    "budget_lines": BudgetLine,
    "quantities": Quantity,
    "projects": Project,
    "project_funds": ProjectFund,
    "indicators": Indicator,
    "scores": Score,
    "findings": Finding,
    "unexplained_numbers": UnexplainedNumber,
}
