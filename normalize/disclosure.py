"""The whole stage on one screen: a document in, everything it says in canonical terms out."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from normalize.accounting import account
from normalize.checks import run_checks
from normalize.codes import document_codes
from normalize.disclosing import signals_of, status_of
from normalize.glossary import glossary
from normalize.identity import identify
from normalize.narrative import read_narrative
from normalize.organisation import organisation
from normalize.records import TABLES, Disclosure, Finding, row_id
from normalize.repair import repair
from normalize.sections import find_sections
from normalize.tables import read_tables
from normalize.tables.self_evaluation import read_forms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from extract.document import Document, Note

DOUBTS = dict.fromkeys(("ocr_doubtful", "hidden_sheet", "formula_without_value"), ("undefined", "look"))  # what a reader saw that people should look at


def normalize(document: Document) -> Disclosure:
    """Everything one published budget or final account says, with every check it must satisfy.

    A document that discloses nothing comes back with its status and reason and no rows.
    """
    sections = find_sections(document)
    signals = signals_of(document)
    identity, doubts = identify(document, sections, signals)
    forms = read_forms(document)
    tables = read_tables(document, stage=identity.stage, fiscal_year=identity.fiscal_year)
    prose = read_narrative(document, sections, identity, document_codes(tables.budget_lines, identity.fiscal_year))
    disclosure = Disclosure(
        document.id, "ok", identity,
        sections=sections,
        organisation=organisation(document, sections),
        glossary=glossary(document, sections),
        budget_lines=(*tables.budget_lines, *prose.budget_lines),
        quantities=(*tables.quantities, *prose.quantities),
        projects=forms.projects, project_funds=forms.project_funds, indicators=forms.indicators, scores=forms.scores,
        findings=(*doubts, *_noted(document), *tables.findings, *forms.findings, *prose.findings),
    )  # fmt: skip
    status, zh, en = status_of(document, signals, identity, disclosure)
    if status not in {"ok", "partial"}:
        return stamped(Disclosure(document.id, status, identity, zh, en))
    numbered = account(document, replace(disclosure, status=status, reason_zh=zh, reason_en=en), (*tables.explained, *forms.explained, *prose.explained))
    numbered = stamped(numbered)
    outcomes = run_checks(numbered, document)
    repaired, causes = repair(numbered, outcomes, document)
    return stamped(replace(repaired, findings=(*numbered.findings, *outcomes, *causes)), ("findings",))


def _noted(document: Document) -> tuple[Finding, ...]:
    """What the reader saw and survived, as findings."""
    return tuple(_finding(note, document) for note in document.notes)


def _finding(note: Note, document: Document) -> Finding:
    status, severity = DOUBTS.get(note.kind, ("not_applicable", "note"))
    return Finding(note.kind, status, note.zh, note.en, severity, span=note.span, raw=document.text(note.span) if note.span else None)


def stamped(disclosure: Disclosure, tables: Iterable[str] = TABLES) -> Disclosure:
    """The same disclosure with the id of every row of these tables: document, table, place in it."""
    numbered: dict[str, Any] = {table: _with_ids(disclosure.document_id, table, getattr(disclosure, table)) for table in tables}
    return replace(disclosure, **numbered)


def _with_ids(document_id: str, table: str, rows: tuple[Any, ...]) -> tuple[Any, ...]:
    """New rows through their constructor: `dataclasses.replace` takes twice the time, and a document has a thousand rows."""
    record, values = TABLES[table], _values(TABLES[table])
    return tuple(record(*values(row), row_id=row_id(document_id, table, place)) for place, row in enumerate(rows, 1))


@cache
def _values(record: type) -> attrgetter[tuple[Any, ...]]:
    """All fields of a record but its id, which is the last."""
    return attrgetter(*(field.name for field in fields(record) if field.name != "row_id"))
