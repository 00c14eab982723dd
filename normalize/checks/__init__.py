"""The ledger: every identity a disclosure must satisfy, checked to the printed digit (核对台账).

A check is a plain function over a `Ledger`, the rows of one disclosure by subject and basis. It yields findings and changes nothing.
Outcomes: pass, pass_rounding (the printed digits allow it), fail, undefined (a rate from nothing), not_applicable (the identity is
named but another scope holds), unreadable (a side could not be read). An identity whose operands the page does not print yields
nothing: what is not disclosed is the business of the coverage view, not of the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalize.checks import (
    between_tables,
    evaluation_vs_narrative,
    gpb,
    other,
    percentages,
    self_evaluation,
    structure,
    tables,
    tables_vs_narrative,
    three_public,
    totals,
    wording,
)
from normalize.checks.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.document import Document
    from normalize.records import Disclosure, Finding

    Check = Callable[[Ledger], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    *totals.CHECKS,
    *percentages.CHECKS,
    *gpb.CHECKS,
    *three_public.CHECKS,
    *other.CHECKS,
    *structure.CHECKS,
    *wording.CHECKS,
    *tables.CHECKS,
    *between_tables.CHECKS,
    *tables_vs_narrative.CHECKS,
    *self_evaluation.CHECKS,
    *evaluation_vs_narrative.CHECKS,
)


def run_checks(disclosure: Disclosure, document: Document | None = None) -> tuple[Finding, ...]:
    """All findings of one disclosure, in the order of `CHECKS`; checks that need the wording rest without the `document`."""
    ledger = Ledger(disclosure, document)
    return tuple(finding for check in CHECKS for finding in check(ledger))
