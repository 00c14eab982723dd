"""Checks across the documents of a dataset (跨文件核对): table `ledger`, written by `gongkai check`.

    last_year_is_told_alike        上年数 of this year's final account = the final account of last year
    budget_is_carried_into_final   年初预算数 of the final account = the budget of that year
    units_are_within_department    所属单位合计 against the department, where all of its units are there
    published_twice_alike          two documents of one department-year state one total differently (from `disagreements`)

Only figures that both documents name by one measure and subject are compared, each to its printed digits. A budget may be adjusted and a
department reorganised between two documents: a difference is something to look at, not proof of a misprint.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai import schema
from gongkai.agreement import STATED, TOTALS, agree, is_total, precedence
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import DATA, LARGE, read_table, replace_file, replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

TABLE = "ledger"
WHAT = ("measure", "function_code", "economic_code", "category")  # what a figure is of
CURRENT = {"final": "final", "budget": "initial_budget"}
Line = dict[str, Any]


class Side(NamedTuple):
    """One document and the lines of one basis in it, by what they are of."""

    document: Line
    figures: dict[tuple[Any, ...], list[Line]]


class Outcome(NamedTuple):
    """One comparison: the check, whether it holds, and the lines on both sides."""

    check_id: str
    zh: str
    en: str
    status: str
    home: Line  # the document it is said of
    left: tuple[Line, ...]
    right: tuple[Line, ...]


def outcomes(output: Path) -> Iterator[Outcome]:
    """Every comparison of two documents, department by department, year by year."""
    documents = [row for row in read_table(output / DATA / "documents.parquet", "documents").to_pylist() if row["department"] and row["fiscal_year"] and row["stage"]]
    chosen = _one_of_each(documents)
    lines: dict[str, list[Line]] = defaultdict(list)
    wanted = {row["document_id"] for row in chosen.values()}
    for line in _budget_lines(output):
        if line["document_id"] in wanted and line["role"] in STATED and line["amount_yuan"] is not None and line["measure"] and _is_named(line):
            lines[line["document_id"]].append(line)
    for (region, department, year, stage), document in sorted(chosen.items(), key=lambda item: tuple(map(str, item[0]))):
        before = chosen.get((region, department, year - 1, "final"))
        if stage == "final" and before is not None:
            names = ("last_year_is_told_alike", f"{year}年决算的上年数 = {year - 1}年决算", f"last year's figures in the final account of {year} = the final account of {year - 1}")
            yield from _compared(names, Side(document, _of(lines, document, "prior_final")), Side(before, _of(lines, before, "final")))
        budget = chosen.get((region, department, year, "budget"))
        if stage == "final" and budget is not None:
            names = ("budget_is_carried_into_final", f"{year}年决算的年初预算数 = {year}年预算", f"the budget in the final account of {year} = the budget of {year}")
            yield from _compared(names, Side(document, _of(lines, document, "initial_budget")), Side(budget, _of(lines, budget, "initial_budget")))
    yield from _units(output, chosen, lines)


def _budget_lines(output: Path) -> Iterator[Line]:
    names = ["row_id", "document_id", "origin", "item_label", "project", "role", "basis", "value", "unit", "amount_yuan", "raw", "item_code", "share_of", *WHAT]
    with pq.ParquetFile(output / DATA / "budget_lines.parquet") as file:
        for batch in file.iter_batches(columns=names):
            yield from batch.to_pylist()


def _is_named(line: Line) -> bool:
    """Whether the line is of a measure as a whole or of a subject by its code; an item known by its label alone has no counterpart."""
    return not line["project"] and bool(line["function_code"] or line["economic_code"] or line["origin"] == "table" or not line["item_label"])


def _one_of_each(documents: Iterable[Line]) -> dict[tuple[Any, ...], Line]:
    """The document to believe for each department, year and stage."""
    best: dict[tuple[Any, ...], Line] = {}
    for row in sorted(documents, key=precedence):
        best[row["region_code"], row["department"], row["fiscal_year"], row["stage"]] = row
    return best


def _of(lines: dict[str, list[Line]], document: Line, basis: str) -> dict[tuple[Any, ...], list[Line]]:
    found: dict[tuple[Any, ...], list[Line]] = defaultdict(list)
    for line in lines[document["document_id"]]:
        if line["basis"] == basis:
            found[tuple(line[name] for name in WHAT)].append(line)
    return found


def _compared(names: tuple[str, str, str], left: Side, right: Side) -> Iterator[Outcome]:
    """What agrees once, what differs one by one; a figure with several values in one document is itself in doubt and left out."""
    agreeing: list[tuple[Line, Line]] = []
    for key in left.figures.keys() & right.figures.keys():
        one, other = left.figures[key], right.figures[key]
        pair = next(((a, b) for a in one for b in other if agree(a, b)), None)
        if pair is not None:
            agreeing.append(pair)
        elif len({line["amount_yuan"] for line in one}) == len({line["amount_yuan"] for line in other}) == 1:
            yield Outcome(*names, "fail", left.document, (one[0],), (other[0],))
    if agreeing:
        agreeing.sort(key=lambda pair: str(pair[0]["row_id"]))
        yield Outcome(*names, "pass", left.document, tuple(pair[0] for pair in agreeing), tuple(pair[1] for pair in agreeing))


def _units(output: Path, chosen: dict[tuple[Any, ...], Line], lines: dict[str, list[Line]]) -> Iterator[Outcome]:
    """The sum of the units against their department: equal where every unit it names is there, else within it."""
    named: dict[str, set[str]] = defaultdict(set)
    for row in read_table(output / DATA / "organisation.parquet", "organisation").to_pylist():
        if row["kind"] == "subordinate_unit" and row["name"]:
            named[row["document_id"]].add(row["name"])
    for (region, _, year, stage), document in sorted(chosen.items(), key=lambda item: tuple(map(str, item[0]))):
        units = [unit for name in sorted(named[document["document_id"]]) if (unit := chosen.get((region, name, year, stage))) is not None and unit is not document]
        if not units:
            continue
        basis = CURRENT[stage]
        whole = _of(lines, document, basis)
        for measure in sorted(TOTALS):
            key = (measure, None, None, None)
            stated = [line for line in whole.get(key, ()) if is_total(line)]
            parts = [[line for line in _of(lines, unit, basis).get(key, ()) if is_total(line)] for unit in units]
            if not stated or not all(parts) or any(len({line["amount_yuan"] for line in part}) > 1 for part in parts):
                continue
            summed = {**parts[0][0], "amount_yuan": sum((part[0]["amount_yuan"] for part in parts), Decimal(0))}
            complete = len(units) == len(named[document["document_id"]])
            holds = any(agree(summed, line) or (not complete and summed["amount_yuan"] < line["amount_yuan"]) for line in stated)
            sign = "=" if complete else "≤"
            zh, en = f"所属{len(units)}个单位合计 {sign} 部门", f"{len(units)} units together {sign} their department"
            yield Outcome("units_are_within_department", zh, en, "pass" if holds else "fail", document, tuple(part[0] for part in parts), (stated[0],))


def rows(output: Path) -> list[tuple[Any, ...]]:
    """The rows of table `ledger`."""
    return [*(_row(outcome) for outcome in outcomes(output)), *_published_twice(output)]


def _row(outcome: Outcome) -> tuple[Any, ...]:
    failed = outcome.status == "fail"
    left, right = sum((line["amount_yuan"] for line in outcome.left), Decimal(0)), sum((line["amount_yuan"] for line in outcome.right), Decimal(0))
    shown = "+".join(str(line["raw"]) for line in outcome.left), "+".join(str(line["raw"]) for line in outcome.right)
    zh, en = (f"{shown[0]}，另一文件为{shown[1]}", f"{shown[0]}, the other document has {shown[1]}") if failed else (f"{len(outcome.left)}项相符", f"{len(outcome.left)} figures agree")
    first = outcome.left[0]
    values = {
        **{name: outcome.home[name] for name in ("region_code", "department", "fiscal_year", "stage")},
        "check_id": outcome.check_id, "status": outcome.status, "severity": "look" if failed else "note",
        **{name: first[name] if failed else None for name in WHAT},
        "lhs_yuan": left if failed else None, "rhs_yuan": right if failed else None, "difference_yuan": left - right if failed else None,
        "message_zh": f"{outcome.zh}：{zh}", "message_en": f"{outcome.en}: {en}",
        "document_ids": list(dict.fromkeys(line["document_id"] for line in (*outcome.left, *outcome.right))),
        "evidence_ids": [line["row_id"] for line in (*outcome.left, *outcome.right)],
    }  # fmt: skip
    return tuple(values[column.name] for column in schema.columns(TABLE))


def _published_twice(output: Path) -> Iterator[tuple[Any, ...]]:
    file = output / DATA / "disagreements.parquet"
    for row in read_table(file, "disagreements").to_pylist() if file.exists() else ():
        values = {
            **{name: row[name] for name in ("region_code", "department", "fiscal_year", "stage", "measure", "difference_yuan")},
            "check_id": "published_twice_alike", "status": "fail", "severity": "likely", "function_code": None, "economic_code": None, "category": None,
            "lhs_yuan": row["amount_yuan"], "rhs_yuan": row["other_amount_yuan"],
            "message_zh": f"同一部门年度的两个文件一致：{row['raw']}，另一文件为{row['other_raw']}",
            "message_en": f"two documents of one department-year agree: {row['raw']}, the other document has {row['other_raw']}",
            "document_ids": [row["document_id"], row["other_document_id"]],
            "evidence_ids": [row["row_id"], row["other_row_id"]],
        }  # fmt: skip
        yield tuple(values[column.name] for column in schema.columns(TABLE))


def write(output: Path) -> list[dict[str, Any]]:
    """Write data/ledger.parquet and .csv anew; what was written, by column."""
    found = rows(output)
    typed = schema.arrow(TABLE)
    columns = zip(*found, strict=True) if found else [()] * len(typed)
    table = pa.Table.from_arrays([pa.array(column, field.type) for column, field in zip(columns, typed, strict=True)], schema=typed)
    replace_file(output / DATA / f"{TABLE}.parquet", lambda file: pq.write_table(table, file, **LARGE))
    replace_text(output / DATA / f"{TABLE}.csv", csv_header(TABLE) + csv_body(TABLE, found))
    return [dict(zip(typed.names, row, strict=True)) for row in found]
