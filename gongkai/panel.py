"""`gongkai panel`: body x year x stage x basis x concept in yuan (面板数据), and for every amount that is not there the reason.

Gaps, of which the likelier is told first:
    ambiguous       several figures are printed for it, and nothing says which is meant
    declared_empty  the document says there is none (无此项收支)
    unreadable      the table that holds it, or the file attached to the page, could not be read
    not_disclosed   the documents of that year do not state it
    not_in_dataset  no budget or final account of that year is in the dataset (an attachment may hold it)

Of several documents of one body, year, stage and level the first of docs/decisions/precedence.md is taken; the others' rows are named.
A gap is the document's: where people decided between ambiguous figures, `corrected_yuan` is filled beside it. Use coalesce(corrected_yuan, amount_yuan).
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from itertools import product
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from gongkai import harmonised
from gongkai.agreement import precedence
from gongkai.check import coverage
from gongkai.csvtext import COLUMN_TYPES, cell_text
from gongkai.dataset import DATA, read_table, replace_file
from gongkai.errors import UsageError
from gongkai.export import tables
from gongkai.ledger import CURRENT
from normalize.concepts import concepts, described

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    import pyarrow as pa

    Row = dict[str, Any]
    Place = tuple[str, str | None, int, str]  # body, level, year, stage

COLUMNS = {
    "body_id": "string", "department_id": "string", "region_code": "string", "department": "string", "entity_level": "string", "fiscal_year": "int32", "stage": "string", "basis": "string",
    "concept_id": "string", "concept_zh": "string", "concept_en": "string", "amount_yuan": "decimal(20,2)", "repaired_yuan": "decimal(20,2)", "corrected_yuan": "decimal(20,2)", "gap": "string",
    "agreement": "string", "origin": "string", "row_id": "string", "other_row_ids": "list<string>", "document_id": "string",
}  # fmt: skip
UNREAD = frozenset({"unreadable", "encrypted", "needs_ocr", "crashed", "timeout"})
READ_WHOLE = frozenset({"ok", "partial"})


def panel(
    dataset: Path,
    *,
    years: Collection[int] = (),
    departments: Collection[str] = (),
    measures: Collection[str] = (),
    stages: Collection[str] = (),
    bases: Collection[str] = (),
) -> pa.Table:
    """A row for every body, year, stage, basis and concept; see `COLUMNS`. Amounts are exact decimals in yuan.

    Without a choice: all bodies, the years from the first to the last in the dataset, the stages that a body has, the current basis of
    the stage (final; initial_budget), and the main concepts. `departments` are names or ids; `measures` are ids of concepts, with a
    subject's code where wanted (gpb_expenditure:208). Raises `UsageError` for a department or measure nobody knows.
    """
    tables(dataset)
    unknown = [measure for measure in measures if measure.partition(":")[0] not in concepts()]
    if unknown:
        raise UsageError(zh=f"没有指标 {'、'.join(unknown)}", en=f"no such measure: {', '.join(unknown)}; known are {', '.join(list(concepts())[:12])}, …")
    documents = {row["document_id"]: row for row in _wanted(harmonised.accounts(dataset).values(), departments)}
    wanted = tuple(measures) or tuple(concept.id for concept in concepts().values() if concept.main)
    return harmonised.table(_rows(dataset, documents, wanted, years, stages, bases), COLUMNS)


def _wanted(documents: Iterable[Row], departments: Collection[str]) -> list[Row]:
    listed = list(documents)
    bodies = {row["body_id"] for row in listed if row["department"] in departments or row["department_id"] in departments or row["body_id"] in departments}
    known = {row[name] for row in listed for name in ("department", "department_id", "body_id")}
    if unknown := [name for name in departments if name not in known]:
        raise UsageError(zh=f"数据集里没有部门 {'、'.join(unknown)} 的预决算", en=f"the dataset has no budget or final account of {', '.join(unknown)}")
    return [row for row in listed if not departments or row["body_id"] in bodies]


def _rows(dataset: Path, documents: dict[str, Row], wanted: tuple[str, ...], years: Collection[int], stages: Collection[str], bases: Collection[str]) -> Iterator[Row]:
    placed: dict[Place, list[Row]] = defaultdict(list)
    for row in sorted(documents.values(), key=precedence, reverse=True):
        placed[row["body_id"], row["entity_level"], row["fiscal_year"], row["stage"]].append(row)
    figures: dict[tuple[str, str, str], Row] = {}
    for row in harmonised.rows(dataset):
        if row["document_id"] in documents and row["concept_id"] in wanted:
            figures[row["document_id"], row["concept_id"], row["basis"]] = row
    states, unread = coverage(dataset, _unread_tables(dataset)), _unread_attachments(dataset)
    present = [year for _, _, year, _ in placed]
    span = sorted(years) or range(min(present, default=0), max(present, default=-1) + 1)
    for body, level, stage in sorted({(body, level, stage) for body, level, _, stage in placed if not stages or stage in stages}, key=lambda key: tuple(map(str, key))):
        near = sorted((row for place, held in placed.items() for row in held if (place[0], place[1], place[3]) == (body, level, stage)), key=lambda row: row["fiscal_year"])
        for year, basis, concept in product(span, sorted(bases) or (CURRENT[stage],), wanted):
            held = placed.get((body, level, year, stage), [])
            head = held[0] if held else max((row for row in near if row["fiscal_year"] <= year), key=lambda row: row["fiscal_year"], default=near[0])
            zh, en = described(concept)
            row = {
                **{name: head[name] for name in ("body_id", "department_id", "region_code", "department", "entity_level")},
                "fiscal_year": year, "stage": stage, "basis": basis, "concept_id": concept, "concept_zh": zh, "concept_en": en, "other_row_ids": [],
            }  # fmt: skip
            yield row | _cell([figure for document in held if (figure := figures.get((document["document_id"], concept, basis)))], held, concept, states, unread)


def _cell(stated: list[Row], held: list[Row], concept: str, states: dict[str, dict[str, dict[str, str]]], unread: set[str]) -> Row:
    """The amount of the first document that states one, else why there is none."""
    order = ("stated", "ambiguous", "declared_empty")
    if not stated:
        return {"gap": _gap(held, concept, states, unread), "document_id": held[0]["document_id"] if held else None}
    first = min(stated, key=lambda figure: order.index(figure["state"]))
    others = [row_id for figure in stated for row_id in ((figure["row_id"],) if figure is not first else ()) + tuple(figure["other_row_ids"])]
    differs = any(figure["state"] == "stated" and figure["amount_yuan"] != first["amount_yuan"] for figure in stated if first["state"] == "stated")
    agreement = "differs" if differs or first["agreement"] == "differs" else "agrees" if others else "alone"
    return {
        **{name: first[name] for name in ("amount_yuan", "repaired_yuan", "corrected_yuan", "origin", "row_id", "document_id")},
        "agreement": agreement, "other_row_ids": others, "gap": None if first["state"] == "stated" else first["state"],
    }  # fmt: skip


def _gap(held: list[Row], concept: str, states: dict[str, dict[str, dict[str, str]]], unread: set[str]) -> str:
    measure = concept.partition(":")[0]
    home = concepts()[measure].home
    known = [states[row["document_id"]] for row in held if row["document_id"] in states]
    said = {state["statement"].get(measure, "") for state in known} | {state["table"][kind] for state in known for kind in home if kind in state["table"]}
    if "declared_empty" in said:
        return "declared_empty"
    if "unreadable" in said or any(row["document_id"] in unread for row in held):
        return "unreadable"
    return "not_disclosed" if any(row["status"] in READ_WHOLE for row in held) else "not_in_dataset"


def _unread_tables(dataset: Path) -> set[tuple[str, str]]:
    rows = read_table(dataset / DATA / "findings.parquet", "findings").select(["document_id", "status", "table_kind"]).to_pylist()
    return {(row["document_id"], row["table_kind"]) for row in rows if row["status"] == "unreadable" and row["table_kind"]}


def _unread_attachments(dataset: Path) -> set[str]:
    """Pages with an attached file that could not be read."""
    rows = read_table(dataset / DATA / "documents.parquet", "documents").to_pylist()
    return {row["parent_document_id"] for row in rows if row["status"] in UNREAD and row["parent_document_id"]}


def write_csv(rows: pa.Table, file: TextIO) -> None:
    """The panel as CSV, in the form of the dataset's own (docs/decisions/csv.md): yuan with two decimals, null empty, no formula a spreadsheet runs."""
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(COLUMNS)
    cents = COLUMN_TYPES["decimal(20,2)"]
    for row in rows.to_pylist():
        lines.writerow("" if row[name] is None else cents(row[name]) if kind == "decimal(20,2)" else cell_text(row[name]) for name, kind in COLUMNS.items())


def write(rows: pa.Table, to_csv: Path | None, to_parquet: Path | None) -> None:
    """Write the panel to the files given, to stdout where none is."""
    if to_parquet is not None:
        replace_file(to_parquet, lambda fresh: pq.write_table(rows, fresh, compression="zstd"))
    if to_csv is not None:
        replace_file(to_csv, lambda fresh: _csv_file(rows, fresh))
    if to_csv is None and to_parquet is None:
        write_csv(rows, sys.stdout)


def _csv_file(rows: pa.Table, fresh: Path) -> None:
    with fresh.open("w", encoding="utf-8", newline="") as file:
        write_csv(rows, file)
