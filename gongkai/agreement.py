"""Where several documents of one department-year state the same total differently (同一部门年度的文件不一致): table `disagreements`.

Only documents of one stage and kind are compared: what a department states with its units (汇总) and what it states for itself (本级)
are two bodies, not two versions. Nothing is chosen: the row that docs/decisions/precedence.md ranks first stands on the left.
"""

from __future__ import annotations

import re
from collections import defaultdict
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai import schema
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import LARGE, folders, read_table, replace_file, replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from gongkai.rows import Row

TABLE = "disagreements"
STATED = frozenset({"stated", "expanded"})
TOTALS = frozenset({
    "total_revenue", "total_expenditure", "current_year_revenue", "current_year_expenditure", "fiscal_total_revenue", "fiscal_total_expenditure",
    "gpb_revenue", "gpb_expenditure", "gov_fund_revenue", "gov_fund_expenditure", "three_public_total", "agency_operating_expenditure", "procurement_total",
})  # fmt: skip
QUALIFIERS = ("item_code", "item_label", "function_code", "economic_code", "category", "share_of", "project")  # a line with one is a part, no total
SCALE = {"元": Decimal(1), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
DECIMALS = re.compile(r"\d[.．](\d+)")
CORRECTION = re.compile("更正|修正|更新|勘误|修订")


def disagreements(places: Iterable[Path]) -> Iterator[list[Row]]:
    """The rows of one department-year after another; those with a single document are not even opened."""
    for place in places:
        documents = [row for row in read_table(place / "documents.parquet", "documents").to_pylist() if row["department"] and row["fiscal_year"]]
        if len(documents) > 1 and (rows := list(_of_folder(place, documents))):
            yield rows


def _of_folder(place: Path, documents: list[dict[str, Any]]) -> Iterator[Row]:
    ranked = {row["document_id"]: row for row in sorted(documents, key=precedence, reverse=True)}
    order = {identifier: at for at, identifier in enumerate(ranked)}
    stated: dict[tuple[Any, ...], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for line in read_table(place / "budget_lines.parquet", "budget_lines").to_pylist():
        if line["document_id"] in ranked and is_total(line):
            document = ranked[line["document_id"]]
            stated[document["stage"] or "", document["doc_kind"], line["measure"], line["basis"] or ""][line["document_id"]].append(line)
    for (_, kind, measure, basis), by_document in sorted(stated.items()):
        for first, second in combinations(sorted(by_document, key=order.__getitem__), 2):
            pairs = [(one, other) for one in by_document[first] for other in by_document[second]]
            if any(agree(one, other) for one, other in pairs):
                continue
            one, other = pairs[0]
            values = {
                **{name: one[name] for name in ("region_code", "department", "entity_level", "stage", "fiscal_year", "document_id", "row_id", "amount_yuan", "raw", "unit")},
                **{f"other_{name}": other[name] for name in ("document_id", "row_id", "amount_yuan", "raw", "unit")},
                "doc_kind": kind,
                "measure": measure,
                "basis": basis or None,
                "source": ranked[first]["source"],
                "other_source": ranked[second]["source"],
                "difference_yuan": one["amount_yuan"] - other["amount_yuan"],
            }
            yield tuple(values[column.name] for column in schema.columns(TABLE))


def precedence(document: dict[str, Any]) -> tuple[bool, str, int, str]:
    """Which of two versions a reader should believe first: a correction, the later one, the fuller one; the id where nothing decides."""
    return bool(CORRECTION.search(document["title"] or "")), document["published_on"] or "", document["number_count"], document["document_id"]


def is_total(line: dict[str, Any]) -> bool:
    """Whether a line states one of the totals that a body has only one of."""
    return line["measure"] in TOTALS and line["role"] in STATED and line["amount_yuan"] is not None and not any(line[name] for name in QUALIFIERS)


def agree(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two printed amounts can be one amount, each rounded as it is printed.

    >>> line = {"amount_yuan": Decimal("6060400"), "raw": "606.04", "unit": "万元"}
    >>> agree(line, {"amount_yuan": Decimal("6060439.21"), "raw": "6060439.21", "unit": "元"})
    True
    >>> agree(line, {"amount_yuan": Decimal("6060600"), "raw": "606.06", "unit": "万元"})
    False
    """
    return bool(abs(one["amount_yuan"] - other["amount_yuan"]) <= _rounding(one) + _rounding(other))


def _rounding(line: dict[str, Any]) -> Decimal:
    decimals = DECIMALS.search(line["raw"] or "")
    return SCALE.get(line["unit"] or "", Decimal(1)).scaleb(-len(decimals[1]) if decimals else 0) / 2


def write(output: Path, made: Path) -> None:
    """Write disagreements.parquet and .csv anew, into the folder `made`."""
    rows = [row for group in disagreements(folders(output)) for row in group]
    typed = schema.arrow(TABLE)
    columns = zip(*rows, strict=True) if rows else [()] * len(typed)
    table = pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, typed, strict=True)], schema=typed)
    replace_file(made / f"{TABLE}.parquet", lambda file: pq.write_table(table, file, **LARGE))
    replace_text(made / f"{TABLE}.csv", csv_header(TABLE) + csv_body(TABLE, rows))
