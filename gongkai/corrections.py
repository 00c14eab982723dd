"""What people decided, beside what was extracted (人工核对): table `corrections`, made of `overrides/` by every run.

A decision has one row; two people who decided the same have two. Only rows with status `applied` count: `Decided` is what `figures` and `panel`
take from them, by row. The data tables themselves stay as extracted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai import schema
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import DATA, LARGE, read_table, replace_file, replace_text
from gongkai.overrides import APPLIED, CORRECT, MONEY, OVERRIDES, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal
    from pathlib import Path

    from gongkai.overrides import Resolved

TABLE = "corrections"
Row = dict[str, Any]
Decided = dict[str, "Decimal | None"]  # lines of budget_lines that people decided about: the yuan they corrected it to, None for what they confirmed


def rows(output: Path) -> list[Row]:
    """The rows of the table, by what they are about."""
    return [_row(one) for one in resolve(output)]


def _row(one: Resolved) -> Row:
    decision = one.decision
    told = {name: getattr(decision, name) or None for name in ("document_sha256", "table", "row_key", "field", "action", "raw_seen", "reason", "reviewer", "time")}
    found = {name: getattr(one, name) for name in ("row_id", "document_id", "department", "fiscal_year", "status", "extracted", "corrected")}
    # an empty text is null here, as in the tables: a corrected value that should be blank too
    blank = {name: value or None for name, value in found.items() if isinstance(value, str)}
    yuan = one.amount_yuan if one.status == APPLIED and decision.action == CORRECT else None
    return {**told, **found, **blank, "raw_now": one.raw_now or None, "amount_yuan_corrected": yuan}


def decided(found: Iterable[Row]) -> Decided:
    """The lines whose amount people decided about. One that should be blank has no amount to give and is left out."""
    lines: Decided = {}
    for row in found:
        if row["status"] != APPLIED or row["table"] != "budget_lines" or row["field"] not in MONEY:
            continue
        if row["action"] == CORRECT and row["amount_yuan_corrected"] is not None:
            lines[row["row_id"]] = row["amount_yuan_corrected"]
        elif row["action"] != CORRECT and row["field"] == "value":
            lines.setdefault(row["row_id"], None)
    return lines


def decided_in(output: Path) -> Decided:
    """The same of what the files in `overrides/` say now."""
    return decided(rows(output)) if (output / OVERRIDES).is_dir() else {}


def decided_of(dataset: Path) -> Decided:
    """The same of the table in data/; nothing where an earlier version wrote none."""
    file = dataset / DATA / f"{TABLE}.parquet"
    return decided(read_table(file, TABLE).to_pylist()) if file.is_file() else {}


def write(output: Path, made: Path) -> None:
    """Write corrections.parquet and .csv anew, into the folder `made`."""
    typed = schema.arrow(TABLE)
    found = rows(output)
    table = pa.Table.from_pylist(found, schema=typed)
    replace_file(made / f"{TABLE}.parquet", lambda file: pq.write_table(table, file, **LARGE))
    replace_text(made / f"{TABLE}.csv", csv_header(TABLE) + csv_body(TABLE, [tuple(row[name] for name in typed.names) for row in found]))
