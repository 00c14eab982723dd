"""The main figures of every department-year, one to a row (主要数据): table `figures`, the ground of views, panels and reports.

A document states its total revenue in a table, in its narrative, rounded and in yuan. Here it has one row: what agrees is told once, by its most
precise print, and the row it was taken from. What does not agree is not chosen between: the state is `ambiguous` and the amount blank.

`amount_yuan` and `state` are the document's and never changed by people. `corrected_yuan` is what people decided (`overrides/`): the amount of the row
that was taken, where they corrected it; where lines stand against each other, that of the line they confirmed or corrected, which `row_id` then names.

Of the documents of one department, year and stage the one that docs/decisions/precedence.md ranks first speaks. A figure is the body's as a
whole: lines of a unit, an item, a project or a subject are parts, and only the classes (类) of functional classification have figures of their own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai import schema
from gongkai.agreement import STATED, agree, precedence
from gongkai.corrections import decided_in
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import LARGE, folders, read_table, replace_file
from normalize.concepts import name_in, subject_name
from normalize.records import to_yuan
from normalize.titles import is_body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal
    from pathlib import Path

    from gongkai.corrections import Decided
    from gongkai.rows import Row

TABLE = "figures"
LEVELS = frozenset({"final", "initial_budget", "adjusted_budget", "prior_final", "prior_budget"})  # bases that are amounts of a year
TOTALS = (
    "total_revenue", "total_expenditure", "current_year_revenue", "current_year_expenditure", "fiscal_total_revenue", "fiscal_total_expenditure",
    "gpb_revenue", "gpb_expenditure", "gov_fund_revenue", "gov_fund_expenditure", "state_capital_revenue", "state_capital_expenditure",
    "basic_expenditure", "project_expenditure", "three_public_total", "procurement_total",
)  # fmt: skip
PARTS = (
    "revenue_fiscal_appropriation", "revenue_superior_subsidy", "revenue_institution", "revenue_operating", "revenue_affiliate", "revenue_other",
    "three_public_overseas", "three_public_vehicle_total", "three_public_vehicle_purchase", "three_public_vehicle_operation", "three_public_reception",
    "agency_operating_expenditure", "procurement_goods", "procurement_works", "procurement_services",
)  # fmt: skip
MEASURES = frozenset({*TOTALS, *PARTS})
CLASSES = "gpb_expenditure"  # the measure whose functional classes have figures
GROUP = 500  # department-years written together
CLASS = re.compile(r"[0-9]{3}")
WHOLE = re.compile("合计|总计|总额")
OF_A_PART = ("economic_code", "category", "project", "share_of")
Line = dict[str, Any]


def figures(places: list[Path], decided: Decided | None = None) -> Iterator[list[Row]]:
    """The rows of one department-year after another, with what people `decided`."""
    names = [column.name for column in schema.columns(TABLE)]
    for place in places:
        documents = [row for row in read_table(place / "documents.parquet", "documents").to_pylist() if row["department"] and row["fiscal_year"] and row["stage"]]
        chosen = {row["stage"]: row for row in sorted(documents, key=precedence)}
        if not chosen:
            continue
        lines: dict[str, list[Line]] = defaultdict(list)
        for line in read_table(place / "budget_lines.parquet", "budget_lines").to_pylist():
            lines[line["document_id"]].append(line)
        found = [row for _, document in sorted(chosen.items()) for row in _of_document(document, lines[document["document_id"]], decided or {})]
        yield [tuple(row[name] for name in names) for row in found]


def _of_document(document: Line, lines: list[Line], decided: Decided) -> Iterator[Line]:
    candidates: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in lines:
        concept = _concept(line, document["department"])
        if concept is not None:
            candidates[concept, line["measure"], line["basis"]].append(line)
    for (concept, measure, basis), said in sorted(candidates.items()):
        stated = [line for line in said if line["role"] in STATED and line["amount_yuan"] is not None]
        taken = chosen(stated) if stated else None
        evidence, corrected = reviewed(taken or (None if stated else said[0]), stated, decided)
        yield {
            **{name: document[name] for name in ("department_id", "region_code", "department", "entity_level", "fiscal_year", "stage", "document_id")},
            "concept": concept,
            "measure": measure,
            "function_code": (code := concept.rpartition(":")[2] if concept != measure else None),
            "class_name": name_in(code, document["fiscal_year"]) if code else None,
            "class_name_now": subject_name(code) if code else None,
            "basis": basis,
            "state": "stated" if taken else "ambiguous" if stated else "declared_empty",
            "amount_yuan": taken["amount_yuan"] if taken else None,
            "repaired_yuan": to_yuan(taken["repaired_value"], taken["unit"]) if taken else None,
            "corrected_yuan": corrected,
            "row_id": evidence["row_id"] if evidence else None,
            "statements": len(stated) or len(said),
            "disagreeing": sum(1 for other in stated if not agree(taken, other)) if taken else len(stated),
        }


def _concept(line: Line, department: str) -> str | None:
    """What a line is a figure of: a measure of the body as a whole, or a functional class of it; None for every other line."""
    measure, label = line["measure"], line["item_label"] or ""
    if measure not in MEASURES or line["basis"] not in LEVELS or any(line[name] for name in OF_A_PART):
        return None
    if line["role"] not in STATED and line["role"] != "zero_statement":
        return None
    code = line["function_code"] or ""
    if code or line["item_code"]:
        return f"{CLASSES}:{code}" if measure == CLASSES and CLASS.fullmatch(code) and line["origin"] == "table" else None
    if not label or label == department or WHOLE.search(label):
        return str(measure)
    return str(measure) if measure in PARTS and line["origin"] == "table" and not is_body(label) else None


def reviewed(evidence: Line | None, stated: list[Line], decided: Decided) -> tuple[Line | None, Decimal | None]:
    """The line of a figure and the amount people decided on: of its evidence, or where it has none of the lines that stand against each other.

    Lines they decided about that do not agree either decide nothing.
    """
    if evidence is not None:
        return evidence, decided.get(evidence["row_id"])
    sure = [{**line, "amount_yuan": line["amount_yuan"] if (amount := decided[line["row_id"]]) is None else amount} for line in stated if line["row_id"] in decided]
    if not sure or any(not agree(sure[0], line) for line in sure):
        return None, None
    best = chosen(sure)
    return best, best["amount_yuan"] if best else None


def chosen(lines: list[Line]) -> Line | None:
    """The most precise print of an amount on which lines agree; where they do not, of what most of them say, if tables and narrative both say it."""
    groups = sorted((_agreeing(line, lines) for line in lines), key=lambda group: -len(group))
    best = groups[0]
    if len(best) < len(lines) and (len({line["origin"] for line in best}) < 2 or 2 * len(best) <= len(lines)):
        return None
    return min(best, key=lambda line: (line["unit"] != "元", line["origin"] != "table", line["role"] != "stated", line["row_id"]))


def _agreeing(line: Line, lines: list[Line]) -> list[Line]:
    return [other for other in lines if agree(line, other)]


def write(output: Path, made: Path) -> None:
    """Write figures.parquet and .csv anew, some department-years at a time, into the folder `made`."""
    typed = schema.arrow(TABLE)
    printed = made / f"{TABLE}.csv"

    def both(file: Path) -> None:
        with pq.ParquetWriter(file, typed, **LARGE) as writer, printed.with_suffix(".part").open("w", encoding="utf-8", newline="") as text:
            text.write(csv_header(TABLE))
            for _, group in groupby(enumerate(figures(folders(output), decided_in(output))), key=lambda item: item[0] // GROUP):
                rows = [row for _, found in group for row in found]
                if rows:
                    columns = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), typed, strict=True)]
                    writer.write_table(pa.Table.from_arrays(columns, schema=typed))
                    text.write(csv_body(TABLE, rows))

    replace_file(made / f"{TABLE}.parquet", both)
    replace_file(printed, lambda file: printed.with_suffix(".part").replace(file))

