"""One row for each figure that means the same in every year and place (可比口径): its concept, its yuan, and the row it was read from.

Of the lines of one document that state one concept and basis, the first of this order gives the figure; the others are named beside it:

    1  a table before the prose, the table that is the concept's own (`home` of concepts.csv) before others
    2  stated before expanded (one number said of two measures) before “无此项收支”
    3  the earlier table, the earlier row

Lines that differ make no figure, as in the table `figures`, nor do several lines of one table for one subject (units listed one under the
other): the amount is null and the state `ambiguous`. “无” is no printed 0: the amount is null and the state `declared_empty`. A value that the
checks repaired stands beside the printed one, and what people decided (`corrected_yuan`, as in `figures`) beside both. Nothing is added up.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai.agreement import STATED, agree
from gongkai.corrections import decided_of
from gongkai.dataset import DATA, read_table
from gongkai.figures import chosen, reviewed
from gongkai.lineage import bodies
from normalize.concepts import Cell, concept_of, concepts, described
from normalize.records import to_yuan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gongkai.corrections import Decided

    Line = dict[str, Any]

ACCOUNTS = frozenset(f"{body}_{stage}" for body in ("department", "unit", "government") for stage in ("budget", "final"))
ROLES = ("stated", "expanded", "zero_statement")  # best first; reasons, kpis and derived figures are of something else
READ = [
    "row_id", "document_id", "fiscal_year", "origin", "table_kind", "table_ordinal", "side", "item_code", "item_label", "column", "measure", "function_code", "economic_code", "category",
    "share_of", "project", "basis", "role", "value", "unit", "amount_yuan", "repaired_value", "repair_id", "raw",
]  # fmt: skip
COLUMNS = {
    "body_id": "string", "department_id": "string", "region_code": "string", "department": "string", "entity_level": "string", "fiscal_year": "int32", "stage": "string", "basis": "string",
    "concept_id": "string", "concept_zh": "string", "concept_en": "string", "printed_code": "string", "printed_label": "string", "amount_yuan": "decimal(20,2)", "repaired_yuan": "decimal(20,2)", "corrected_yuan": "decimal(20,2)",
    "repair_id": "string", "state": "string", "agreement": "string", "origin": "string", "table_kind": "string", "row_id": "string", "other_row_ids": "list<string>", "document_id": "string",
}  # fmt: skip
TYPES = {"string": pa.string(), "int32": pa.int32(), "decimal(20,2)": pa.decimal128(20, 2), "list<string>": pa.list_(pa.string())}


class Figure(NamedTuple):
    """What one document says of one concept and basis: the line chosen, and all others.

    `state` is stated, declared_empty or ambiguous; `agreement` alone, agrees or differs, each amount rounded as it is printed.
    """

    concept_id: str
    basis: str
    state: str
    agreement: str
    line: Line
    others: tuple[Line, ...]


def figures(lines: Iterable[Line]) -> Iterator[Figure]:
    """The figures of one document, out of its `budget_lines`."""
    stated: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        if line["role"] in ROLES and line["amount_yuan"] is not None and not line["project"] and not line["share_of"]:
            concept = concept_of(Cell(*(line[name] for name in Cell._fields)), line["fiscal_year"])
            if concept is not None:
                stated[concept, line["basis"]].append(line)
    for (concept, basis), found in stated.items():
        yield _figure(concept, basis, found)


def _figure(concept: str, basis: str, lines: list[Line]) -> Figure:
    known = concepts().get(concept.partition(":")[0])
    home = known.home if known else ()

    def rank(line: Line) -> tuple[int, int]:
        place = len(home) + 1 if line["origin"] != "table" else home.index(line["table_kind"]) if line["table_kind"] in home else len(home)
        return place, ROLES.index(line["role"])

    stated = [line for line in lines if line["role"] in STATED]
    taken = chosen(stated) if stated else None
    believed = [line for line in stated if agree(taken, line)] if taken else lines  # what most lines say, against one of a better place
    ordered = sorted(lines, key=lambda line: (line not in believed, rank(line), line["table_ordinal"] or 0, line["row_id"]))
    first, others = ordered[0], tuple(ordered[1:])
    listed = ":" in concept and first["origin"] == "table" and any(rank(line) == rank(first) and line["table_ordinal"] == first["table_ordinal"] for line in others)
    ambiguous = listed or (bool(stated) and taken is None)
    agreement = "alone" if not others else "agrees" if all(agree(first, line) for line in others) else "differs"
    state = "ambiguous" if ambiguous else "declared_empty" if first["role"] == "zero_statement" else "stated"
    return Figure(concept, basis, state, agreement, first, others)


def rows(dataset: Path) -> Iterator[dict[str, Any]]:
    """The harmonised rows of a dataset, document by document; see `COLUMNS`."""
    known, decided = accounts(dataset), decided_of(dataset)
    for document_id, lines in groupby(_lines(dataset), key=itemgetter("document_id")):
        if document_id in known:
            yield from (_row(known[document_id], figure, decided) for figure in figures(lines))


def accounts(dataset: Path) -> dict[str, Line]:
    """The documents that are budgets or final accounts of a body and a year, by id, each with the `body_id` that survives renaming."""
    documents = read_table(dataset / DATA / "documents.parquet", "documents").to_pylist()
    same = bodies(dataset)
    return {
        row["document_id"]: {**row, "body_id": same[row["department_id"]].body_id}
        for row in documents
        if row["department_id"] and row["fiscal_year"] and row["stage"] and row["doc_kind"] in ACCOUNTS
    }


def _lines(dataset: Path) -> Iterator[Line]:
    with pq.ParquetFile(dataset / DATA / "budget_lines.parquet") as file:
        for batch in file.iter_batches(columns=READ):
            yield from batch.to_pylist()


def _row(document: Line, figure: Figure, decided: Decided) -> dict[str, Any]:
    stated = [line for line in (figure.line, *figure.others) if line["role"] in STATED]
    best, corrected = reviewed(None if figure.state == "ambiguous" else figure.line, stated, decided)
    line = next((known for known in (figure.line, *figure.others) if best is not None and known["row_id"] == best["row_id"]), figure.line)
    zh, en = described(figure.concept_id)
    return {
        **{name: document[name] for name in ("body_id", "department_id", "region_code", "department", "entity_level", "fiscal_year", "stage", "document_id")},
        "basis": figure.basis, "concept_id": figure.concept_id, "concept_zh": zh, "concept_en": en,
        "printed_code": line["item_code"], "printed_label": line["item_label"],
        "amount_yuan": line["amount_yuan"] if figure.state == "stated" else None,
        "repaired_yuan": to_yuan(line["repaired_value"], line["unit"]) if figure.state == "stated" else None,
        "corrected_yuan": corrected,
        "repair_id": line["repair_id"], "state": figure.state, "agreement": figure.agreement, "origin": line["origin"], "table_kind": line["table_kind"],
        "row_id": line["row_id"], "other_row_ids": [other["row_id"] for other in (figure.line, *figure.others) if other is not line],
    }  # fmt: skip


def table(rows: Iterable[dict[str, Any]], columns: dict[str, str] = COLUMNS) -> pa.Table:
    """Rows as an Arrow table of these columns."""
    typed = pa.schema([pa.field(name, TYPES[kind]) for name, kind in columns.items()])
    return pa.Table.from_pylist(list(rows), schema=typed)
