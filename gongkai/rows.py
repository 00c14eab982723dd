"""Records become rows: one tuple per row, in the order of the table's columns; spans become evidence columns.

Nothing is computed here. What a column cannot hold (a number of forty digits), and printed text that does not stand where its
record says, is said in `findings`; the row keeps its evidence.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from gongkai import schema
from normalize.records import TABLES, BudgetLine, Finding, Identity, row_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from extract.document import Document, Span
    from normalize.records import Disclosure

Row = tuple[Any, ...]  # strings, integers, decimals, coordinates and lists, as schema.arrow(table) types them
Rows = dict[str, list[Row]]

WRITTEN_HERE = frozenset({"amount_yuan", "cells", "evidence_ids", "passages", "text"})  # made from spans, or made a list
SIXTH_DECIMAL = Decimal("0.000001")


def document_row(
    source: tuple[str, str | None],
    status: str,
    reason: str,
    *,
    version: str,
    read: tuple[Document, Disclosure] | None = None,
    media_type: str | None = None,
    origin: Mapping[str, Any] | None = None,
) -> Row:
    """The row every input has in `documents`: `source` is (address, sha256), `read` what came out, if anything did.

    `origin` is what was known of it before: all its `sources`, its `source_page` and `parent_document_id`, when it was `fetched_at`.
    """
    address, digest = source
    document, disclosure = read or (None, None)
    identity = disclosure.identity if disclosure else Identity()
    values = {
        "document_id": document_id(address, digest),
        "source": address,
        "source_sha256": digest,
        "media_type": document.source.media_type if document else media_type,
        "encoding": document.source.encoding if document else None,
        "department_id": schema.department_id(identity.region_code, identity.department),
        "attachments": [{"text": link.text, "link": link.target} for link in identity.attachments],
        "page_count": document.page_count if document else None,
        "char_count": len(document.content) if document else None,
        "number_count": disclosure.number_count if disclosure else 0,
        "numbers_explained": disclosure.numbers_explained if disclosure else 0,
        "status": status,
        "reason": reason,
        "extractor_version": version,
        "seconds": None,
        "sources": [address],
        "source_page": None,
        "parent_document_id": None,
        "fetched_at": None,
        **(origin or {}),
    }
    names = (column.name for column in schema.columns("documents"))
    return tuple(_blank(values[name] if name in values else getattr(identity, name)) for name in names)


def document_id(address: str, digest: str | None) -> str:
    """First 16 hex digits of the sha256 of the input bytes; where nobody could read them, of the address."""
    return (digest or sha256(address.encode("utf-8", "surrogateescape")).hexdigest())[:16]


def data_rows(document: Document, disclosure: Disclosure) -> Rows:
    """The rows of all tables but `documents`."""
    findings: list[Finding] = list(disclosure.findings)
    rows = {table: _table_rows(table, getattr(disclosure, table), document, disclosure, findings) for table in TABLES if table != "findings"}
    numbered = [
        finding if finding.row_id else replace(finding, row_id=row_id(disclosure.document_id, "findings", place))
        for place, finding in enumerate(findings, 1)
    ]
    rows["findings"] = _table_rows("findings", numbered, document, disclosure, [])
    return {table: rows[table] for table in TABLES}


def _table_rows(table: str, records: Iterable[Any], document: Document, disclosure: Disclosure, findings: list[Finding]) -> list[Row]:
    identity = disclosure.identity
    head = (disclosure.document_id, identity.region_code, identity.department, identity.entity_level, identity.stage, identity.fiscal_year)
    own, optional, numeric = _own(table)
    rows = []
    for record in records:
        values = [getattr(record, name) if name not in WRITTEN_HERE else _written(record, name, document) for name in own]
        for at in optional:
            values[at] = _blank(values[at])
        for at in numeric:
            values[at] = _held(record, own[at], values[at], findings)
        rows.append((record.row_id, *head, *values, *_evidence(record, document, findings)))
    return rows


@cache
def _own(table: str) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    """Names of a table's own columns; which of them are optional text, which are decimals."""
    columns = schema.own_columns(table)
    optional = tuple(at for at, column in enumerate(columns) if column.type == "string" and column.nullable)
    return tuple(column.name for column in columns), optional, tuple(at for at, column in enumerate(columns) if column.type.startswith("decimal"))


def _blank(value: Any) -> Any:
    return None if isinstance(value, str) and not value else value


def _written(record: Any, name: str, document: Document) -> Any:
    match name:
        case "passages":
            return [{"char_start": span.start, "char_end": span.end} for span in record.passages]
        case "cells":
            return [{"field": field, "raw": document.text(span), "char_start": span.start, "char_end": span.end} for field, span in record.texts]
        case "evidence_ids":
            return list(record.evidence_ids)
        case "text" if hasattr(record, "passages"):
            return "\n".join(map(document.text, record.passages))
        case "amount_yuan":
            return _amount(record)
    return getattr(record, name)


def _amount(line: BudgetLine) -> Decimal | None:
    try:
        return line.amount_yuan
    except InvalidOperation:  # more digits than money has; `value`, to the left, says so in a finding
        return None


def _held(record: Any, name: str, value: Decimal | None, findings: list[Finding]) -> Decimal | None:
    """The value if its column holds it exactly; a computed side of a finding is rounded half up at the sixth decimal."""
    if value is None:
        return None
    whole, decimals = (18, 2) if name == "amount_yuan" else (18, 6)
    if value.is_finite() and value.adjusted() < whole:
        if int(value.as_tuple().exponent) >= -decimals:
            return value
        shorter = value.quantize(SIXTH_DECIMAL, ROUND_HALF_UP)
        if isinstance(record, Finding) or shorter == value:
            return shorter
    findings.append(
        Finding(
            check_id="value_out_of_range",
            status="unreadable",
            message_zh=f"{name} 的数值 {str(value)[:60]} 超出可存范围，留空",
            message_en=f"{name} {str(value)[:60]} does not fit the column and is left blank",
            severity="look",
            evidence_ids=(record.row_id,),
            span=record.span,
        )
    )
    return None


def _evidence(record: Any, document: Document, findings: list[Finding]) -> Row:
    span: Span | None = record.span
    if span is None:
        return (_blank(getattr(record, "raw", None)), *(None for _ in schema.own_columns(schema.EVIDENCE)[1:]))
    printed = document.text(span)
    raw = getattr(record, "raw", None) or printed
    if raw != printed:
        findings.append(
            Finding(
                check_id="evidence_replays",
                status="fail",
                message_zh=f"所记原文“{raw[:40]}”与该处文字“{printed[:40]}”不符",
                message_en="the recorded text is not what stands at its place",
                severity="certain",
                evidence_ids=(record.row_id,),
                span=span,
                raw=printed,
            )
        )
    box = document.place(span)
    place = (None, None, None, None, None) if box is None else (box.page, box.x0, box.y0, box.x1, box.y1)
    return (_blank(raw), *place, span.start, span.end, document.confidence(span))
