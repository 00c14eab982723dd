"""What the review page asks of a dataset: queues of doubts, departments, the values of a document, a row with its checks.

Everything is answered as plain values for JSON: numbers as their printed text, never as floats. Nothing here knows HTTP, and no path ever comes
from the page: a document is asked for by its id, and read from the source that the dataset names, if its bytes are still the same.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.compute as pc
import pyarrow.dataset as pads

from extract.document import DocumentError
from extract.reading import read
from gongkai import schema
from gongkai.csvtext import cell_text
from gongkai.dataset import DATA
from gongkai.errors import UsageError
from gongkai.export import tables
from gongkai.overrides import as_text, fields, raw_of
from gongkai.review.views import Mark, spans_of
from gongkai.sources import again
from normalize.checks.ledger import BASIS_ZH, MEASURE_ZH, TABLE_ZH, WORDS
from normalize.concepts import concepts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from extract.document import Document, Span

Line = dict[str, Any]
SEVERITIES = ("certain", "likely", "look")  # the gravest first
MAIN_FIELD = {"budget_lines": "value", "quantities": "value", "indicators": "actual_value", "scores": "score", "project_funds": "executed", "projects": "total_score", "unexplained_numbers": "context"}
VALUES = ("budget_lines", "quantities", "project_funds", "indicators", "scores", "projects", "unexplained_numbers")  # tables whose rows a page shows
SHOWN_FIRST = ("item_label", "label", "level3", "project_name", "fund_source", "component")  # what a row calls itself
HOME = ("document_id", "department", "region_code", "fiscal_year", "stage", "title", "source", "source_page", "source_sha256", "media_type", "encoding", "status")
BRIEF = 80  # characters of a printed text in a list
MOST_FOUND = 300  # rows of a search
OPEN_DOCUMENTS = 4  # kept in memory


class Source(NamedTuple):
    """A document read again: its bytes and what was read, or why that is not possible."""

    data: bytes
    document: Document | None
    trouble: tuple[str, str] | None = None  # in Chinese and English


@dataclass
class Desk:
    """A dataset laid out for review, and what people decided about it."""

    dataset: Path
    doubts: list[Line] = field(default_factory=list)
    documents: dict[str, Line] = field(default_factory=dict)


def opened(dataset: Path) -> Desk:
    """Lay a dataset out: its documents, and its doubts with the gravest first. Raises `UsageError` where there is none."""
    tables(dataset)
    documents = {row["document_id"]: row for row in rows(dataset, "documents", columns=HOME)}
    return Desk(dataset, list(_doubts(dataset)), documents)


def rows(dataset: Path, table: str, condition: pc.Expression | None = None, columns: Sequence[str] | None = None) -> list[Line]:
    """Rows of a table in data/."""
    found: list[Line] = pads.dataset(dataset / DATA / f"{table}.parquet").to_table(filter=condition, columns=list(columns) if columns else None).to_pylist()
    return found


def _doubts(dataset: Path) -> Iterable[Line]:
    names = ["row_id", "document_id", "department", "fiscal_year", "stage", "check_id", "status", "severity", "message_zh", "message_en", "evidence_ids"]
    wanted = (pc.field("severity").isin(list(SEVERITIES)) & (pc.field("status") != "pass")) | pc.field("status").isin(["unreadable"])
    found = rows(dataset, "findings", wanted, names)
    rank = {severity: number for number, severity in enumerate(SEVERITIES)}
    return sorted(found, key=lambda row: (rank.get(row["severity"], len(rank)), row["department"] or "", row["fiscal_year"] or 0, row["row_id"]))


def departments(desk: Desk) -> list[Line]:
    """Every department-year with its documents and its doubts by severity; those with the gravest first."""
    doubts: dict[tuple[Any, ...], Counter[str]] = {}
    key = ("department", "fiscal_year", "stage")
    for doubt in desk.doubts:
        doubts.setdefault(tuple(doubt[name] for name in key), Counter())[doubt["severity"] if doubt["severity"] in SEVERITIES else SEVERITIES[-1]] += 1
    held = Counter(tuple(row[name] for name in key) for row in desk.documents.values() if row["department"])
    found = [{**dict(zip(key, subject, strict=True)), "documents": count, **{severity: doubts.get(subject, Counter())[severity] for severity in SEVERITIES}} for subject, count in held.items()]
    return sorted(found, key=lambda row: ([-row[severity] for severity in SEVERITIES], row["department"], row["fiscal_year"] or 0))


def chosen_doubts(desk: Desk, *, department: str | None = None, year: int | None = None, words: str = "") -> list[Line]:
    """The doubts of a department and year, or all; with words, those whose department, check or message has them all."""
    found = [doubt for doubt in desk.doubts if department in (None, doubt["department"]) and year in (None, doubt["fiscal_year"])]
    asked = words.lower().split()
    return [doubt for doubt in found if all(word in f"{doubt['department']} {doubt['fiscal_year']} {doubt['check_id']} {doubt['message_zh']} {doubt['message_en']}".lower() for word in asked)] if asked else found


def search(desk: Desk, words: str) -> list[Line]:
    """Rows whose department, year or item has all the words: figures first, then lines, projects and indicators."""
    asked = words.split()
    if not asked:
        return []
    found: list[Line] = []
    for table, texts in (("budget_lines", ("item_label", "measure")), ("projects", ("project_name",)), ("indicators", ("level3",)), ("quantities", ("measure",))):
        condition = pc.field("row_id").is_valid()
        for word in asked:
            condition &= _has_word(word, table, texts)
        names = [column.name for column in schema.columns(table)]
        head = pads.dataset(desk.dataset / DATA / f"{table}.parquet").head(MOST_FOUND - len(found), filter=condition, columns=names) if len(found) < MOST_FOUND else None
        found += [brief(table, row) for row in (head.to_pylist() if head is not None else ())]
    return found


def _has_word(word: str, table: str, texts: tuple[str, ...]) -> pc.Expression:
    either = pc.match_substring(pc.field("department"), word)
    if word.isdecimal() and len(word) == len("2024"):
        either |= pc.field("fiscal_year") == int(word)
    for name in texts:
        either |= pc.match_substring(pc.field(name), word)
    named = [one.id for one in concepts().values() if word in one.zh or word.lower() in one.en]
    return either | pc.field("measure").isin(named) if named and table in ("budget_lines", "quantities") else either


def brief(table: str, row: Line) -> Line:
    """A row as a line of a list."""
    zh, en = label(table, row)
    return {
        "row_id": row["row_id"], "table": table, "document_id": row["document_id"], "department": row["department"], "fiscal_year": row["fiscal_year"],
        "label_zh": zh, "label_en": en, "value": cell_text(row.get(MAIN_FIELD.get(table, ""))), "unit": row.get("unit") or row.get("actual_unit") or "",
        "raw": (row["raw"] or "")[:BRIEF], "page": row["page"], "where": _where(row),
    }  # fmt: skip


def _where(row: Line) -> str:
    """The table and column that print a row, in the words of the forms."""
    kind, column = str(row.get("table_kind") or ""), str(row.get("column") or "")
    return " · ".join(filter(None, (TABLE_ZH.get(kind, ""), WORDS["columns"].get(column, ""))))


def label(table: str, row: Line) -> tuple[str, str]:
    """What a row is, in Chinese and English: its own words where it has some, else its measure; then its basis.

    >>> label("budget_lines", {"measure": "three_public_total", "basis": "final"})
    ('“三公”经费合计 · 决算', 'three public expenses, total · final')
    """
    concept = concepts().get(str(row.get("measure")))
    own = next((row[name] for name in SHOWN_FIRST if row.get(name)), "")
    zh = own or (concept.zh if concept else MEASURE_ZH.get(str(row.get("measure")), row.get("measure") or schema.TABLE_TITLES[table][0]))
    en = own or (concept.en if concept else str(row.get("measure") or table).replace("_", " "))
    basis = row.get("basis")
    return (f"{zh} · {BASIS_ZH.get(basis, basis)}", f"{en} · {basis.replace('_', ' ')}") if basis else (str(zh), str(en))


@lru_cache(maxsize=OPEN_DOCUMENTS * len(schema.TABLE_TITLES))
def rows_of(dataset: Path, table: str, document_id: str) -> dict[str, Line]:
    """The rows of a document in a table, by their id."""
    return {row["row_id"]: row for row in rows(dataset, table, pc.field("document_id") == document_id)}


def row_of(desk: Desk, row_id: str) -> tuple[str, Line]:
    """A row and its table. Raises `UsageError` where there is none."""
    table = row_id[17:].rpartition("-")[0]
    found = rows_of(desk.dataset, table, row_id[:16]).get(row_id) if table in schema.TABLE_TITLES and table != "documents" else None
    if found is None:
        raise UsageError(zh=f"数据集里没有 {row_id}", en=f"the dataset has no row {row_id}")
    return table, found


def has_row(desk: Desk, row_id: str) -> bool:
    """Whether the dataset has a row of this id."""
    return row_id in rows_of(desk.dataset, row_id[17:].rpartition("-")[0], row_id[:16])


def detail(desk: Desk, row_id: str) -> Line:
    """A row with every field, its decisions' key, and the checks it takes part in; a finding with the rows on both its sides."""
    table, row = row_of(desk, row_id)
    home = desk.documents[row["document_id"]]
    checks = [found for found in rows_of(desk.dataset, "findings", row["document_id"]).values() if row_id in (found["evidence_ids"] or ())]
    own = [column for column in schema.own_columns(table) if not column.type.startswith("list<")]
    return {
        **brief(table, row),
        "stage": row["stage"], "title": home["title"], "source": home["source"], "source_page": home["source_page"], "sha256": home["source_sha256"],
        "table_zh": schema.TABLE_TITLES[table][0], "raw": row["raw"] or "", "rule": row.get("rule") or "", "main": MAIN_FIELD.get(table, ""),
        "fields": [
            {"name": column.name, "zh": column.title_zh, "en": column.title_en, "value": as_text(row[column.name]), "raw": raw_of(row, column.name), "editable": _editable(table, column.name)}
            for column in own if row[column.name] is not None or _editable(table, column.name)
        ],
        "checks": [_check(found) for found in sorted(checks, key=lambda one: (one["status"] != "fail", one["row_id"]))],
        "sides": [brief(*row_of(desk, other)) for other in row.get("evidence_ids") or ()],
        "message_zh": row.get("message_zh"), "message_en": row.get("message_en"), "status": row.get("status"), "severity": row.get("severity"), "check_id": row.get("check_id"),
    }  # fmt: skip


def _editable(table: str, name: str) -> bool:
    return table in MAIN_FIELD and name in fields(table)


def _check(found: Line) -> Line:
    names = ("row_id", "check_id", "status", "severity", "message_zh", "message_en")
    return {**{name: found[name] for name in names}, **{name: cell_text(found[name]) for name in ("lhs", "rhs", "difference", "tolerance")}}


def values(desk: Desk, document_id: str) -> list[tuple[str, Line]]:
    """The rows of a document that are printed on it, table by table."""
    return [(table, row) for table in VALUES for row in rows_of(desk.dataset, table, document_id).values() if row["char_start"] is not None]


def marks(found: Iterable[tuple[str, Line]]) -> list[Mark]:
    """Where values stand, each place once with all its rows."""
    places: dict[Span, list[str]] = {}
    for _, row in found:
        for span in spans_of(row):
            if span.start < span.end:
                places.setdefault(span, []).append(row["row_id"])
    return [Mark(span, tuple(dict.fromkeys(ids))) for span, ids in sorted(places.items())]


@lru_cache(maxsize=OPEN_DOCUMENTS)
def source_of(address: str, digest: str, encoding: str | None) -> Source:
    """A document's bytes and what is read from them, if they are still those the dataset was made of."""
    try:
        data = again(address)
    except OSError as error:
        return Source(b"", None, (f"找不到来源 {address}", f"the source {address} cannot be read ({error.strerror})"))
    if sha256(data).hexdigest() != digest:
        return Source(b"", None, (f"{address} 的内容已变，与数据集不是同一文件", f"{address} has changed since; it is no longer the file of the dataset"))
    try:
        return Source(data, read(data, address, declared_encoding=encoding))
    except DocumentError as error:
        return Source(data, None, (error.zh, error.en))


def opened_source(desk: Desk, document_id: str) -> Source:
    """The source of a document of the dataset. Raises `UsageError` where the dataset has no such document."""
    home = desk.documents.get(document_id)
    if home is None:
        raise UsageError(zh=f"数据集里没有文件 {document_id}", en=f"the dataset has no document {document_id}")
    return source_of(home["source"], home["source_sha256"], home["encoding"])
