"""`gongkai check`: the ledger of a dataset for people (核对台账): outcomes per department-year, what fails, what was disclosed at all."""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from gongkai import ledger
from gongkai.dataset import DATA
from gongkai.errors import OutputError, UsageError
from gongkai.export import datapackage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    Row = dict[str, Any]
    Place = tuple[str, int | None, str | None]

FAILED = 7  # exit code of `--fail-on`
SEVERITIES = ("certain", "likely", "look")  # gravest first
SEVERITY_ZH = {"certain": "确有错误 certain", "likely": "很可能 likely", "look": "待查 look"}
MOST = 40  # failures shown of one department-year
HEAD = ("部门\ndepartment", "年度\nyear", "阶段\nstage")
PLAIN_WIDTH = 160  # of a file or a pipe
TABLES = {  # table kind -> its name, the measure that a “无” of the text denies
    "rev_exp_summary": ("收支总表", None),
    "revenue_detail": ("收入表", None),
    "expenditure_detail": ("支出表", None),
    "fiscal_summary": ("财政拨款收支总表", None),
    "gpb_expenditure": ("一般公共预算支出表", None),
    "gpb_basic_economic": ("一般公共预算基本支出表", None),
    "gov_fund": ("政府性基金表", "gov_fund_expenditure"),
    "state_capital": ("国有资本经营表", "state_capital_expenditure"),
    "three_public": ("“三公”经费表", "three_public_total"),
}
SECTIONS = {"overview.duties": "职责", "overview.structure": "机构", "total": "收支总体", "fiscal_total": "财政拨款", "gpb": "一般公共预算", "three_public": "“三公”经费", "other.operating": "机关运行", "other.procurement": "政府采购", "other.assets": "国有资产", "performance": "绩效", "glossary": "名词解释"}
STATEMENTS = {"total_revenue": "收入总计", "total_expenditure": "支出总计", "gpb_expenditure": "一般公共预算支出", "three_public_total": "“三公”经费合计", "agency_operating_expenditure": "机关运行经费", "procurement_total": "政府采购"}
STATES = {"found": "有 found", "declared_empty": "声明为空 declared empty", "missing": "未见 missing", "unreadable": "未读出 unreadable"}


def check(output: Path, fail_on: str | None, *, width: int | None = None) -> int:
    """Print the ledger and the coverage of every department-year and write data/ledger; 7 where something as grave as `fail_on` fails."""
    if not (output / DATA / "documents.parquet").is_file():
        raise UsageError(zh=f"{output} 里没有数据集；先运行 gongkai run", en=f"there is no dataset at {output}; run `gongkai run` first")
    crossed = ledger.write(output)
    datapackage.write(output, output / datapackage.DESCRIPTOR)
    documents = {row["document_id"]: row for row in _read(output, "documents", ("document_id", "department", "fiscal_year", "stage", "doc_kind", "status", "source")) if row["department"]}
    tallies: dict[Place, Counter[str]] = defaultdict(Counter)
    failures: dict[Place, list[Row]] = defaultdict(list)
    unread: set[tuple[str, str]] = set()  # tables of a document in which something could not be read
    told = _read(output, "findings", ("row_id", "document_id", "check_id", "status", "severity", "table_kind", "message_zh", "message_en"))
    for row in chain(crossed, told):
        document = documents.get(row.get("document_id", ""))
        if document is None and "document_ids" not in row:
            continue
        place = _place(document or row)
        tallies[place][f"fail {row['severity']}" if row["status"] == "fail" else row["status"]] += 1
        if row["status"] == "fail" and row["severity"] in SEVERITIES:
            failures[place].append(row)
        elif row["status"] == "unreadable" and row.get("table_kind"):
            unread.add((row["document_id"], row["table_kind"]))
    places: dict[Place, list[Row]] = defaultdict(list)
    for document in documents.values():
        if tallies[_place(document)]:
            places[_place(document)].append(document)
    console = Console(width=width or (None if sys.stdout.isatty() else PLAIN_WIDTH), highlight=False, markup=False)
    console.print(_summary(sorted(places, key=_order), tallies))
    for place in sorted(failures, key=_order):
        _print_failures(console, place, failures[place])
    console.print(_coverage(coverage(output, unread), places))
    graves = SEVERITIES[: SEVERITIES.index(fail_on) + 1] if fail_on else ()
    return FAILED if any(row["severity"] in graves for rows in failures.values() for row in rows) else 0


def _read(output: Path, table: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The rows of a compacted table, a bounded number at a time."""
    file = output / DATA / f"{table}.parquet"
    try:
        with pq.ParquetFile(file) as rows:
            for batch in rows.iter_batches(columns=list(columns)):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(zh=f"{file} 无法读取", en=f"cannot read {file}") from error


def _place(row: Row) -> Place:
    return row["department"], row["fiscal_year"], row["stage"]


def _order(place: Place) -> tuple[str, ...]:
    return tuple(str(part or "") for part in place)


def _titled(place: Place) -> tuple[str, str, str]:
    return place[0], str(place[1] or "—"), {"final": "决算", "budget": "预算"}.get(place[2] or "", "—")


def _summary(places: list[Place], tallies: dict[Place, Counter[str]]) -> Table:
    table = Table(title="核对台账 the ledger")
    for title in HEAD:
        table.add_column(title, overflow="fold")
    for title in ("相符\npass", "四舍五入\nrounding", *(title.replace(" ", "\n") for title in SEVERITY_ZH.values()), "提示\nnote", "无法判断\nundecided"):
        table.add_column(title, justify="right", no_wrap=True)
    for place in places:
        tally = tallies[place]
        counts = [tally["pass"], tally["pass_rounding"], *(tally[f"fail {severity}"] for severity in (*SEVERITIES, "note")), tally["undefined"] + tally["unreadable"]]
        table.add_row(*_titled(place), *(str(count) if count else "·" for count in counts))
    return table


def _print_failures(console: Console, place: Place, rows: list[Row]) -> None:
    failed = sorted(rows, key=lambda row: SEVERITIES.index(row["severity"]))
    table = Table(title=" ".join(_titled(place)), show_lines=True, title_justify="left")
    for title in ("程度 severity", "核对项 check", "说明 message", "行 row"):
        table.add_column(title, overflow="fold")
    for row in failed[:MOST]:
        table.add_row(SEVERITY_ZH[row["severity"]], row["check_id"], f"{row['message_zh']}\n{row['message_en']}", row.get("row_id") or "ledger")
    if len(failed) > MOST:
        table.add_row("", "", f"另有 {len(failed) - MOST} 处 more", "")
    console.print(table)


def coverage(output: Path, unread: AbstractSet[tuple[str, str]]) -> dict[str, dict[str, dict[str, str]]]:
    """For each document the state of every expected table, section and statement: found | declared_empty | missing | unreadable."""
    tables: dict[str, set[str]] = defaultdict(set)
    measures: dict[str, set[str]] = defaultdict(set)
    denied: dict[str, set[str]] = defaultdict(set)
    for line in _read(output, "budget_lines", ("document_id", "table_kind", "measure", "role")):
        known = denied if line["role"] == "zero_statement" else measures
        known[line["document_id"]].add(line["measure"] or "")
        if line["table_kind"]:
            tables[line["document_id"]].add(line["table_kind"])
    sections: dict[str, set[str]] = defaultdict(set)
    for row in _read(output, "sections", ("document_id", "section_kind")):
        sections[row["document_id"]].add(row["section_kind"] or "")
    found: dict[str, dict[str, dict[str, str]]] = {}
    for identifier in sorted({*tables, *measures, *denied, *sections}):
        found[identifier] = {
            "table": {kind: _state(kind in tables[identifier], (denies or "") in denied[identifier], (identifier, kind) in unread) for kind, (_, denies) in TABLES.items()},
            "section": {kind: _state(kind in sections[identifier], False, False) for kind in SECTIONS},
            "statement": {measure: _state(measure in measures[identifier], measure in denied[identifier], False) for measure in STATEMENTS},
        }
    return found


def _state(present: bool, empty: bool, broken: bool) -> str:
    return "found" if present else "declared_empty" if empty else "unreadable" if broken else "missing"


def _coverage(found: dict[str, dict[str, dict[str, str]]], places: dict[Place, list[Row]]) -> Table:
    table = Table(title="公开情况 what is disclosed", show_lines=True)
    for title in (*HEAD, "类\nkind", *(title.replace(" ", "\n", 1) for title in STATES.values())):
        table.add_column(title, overflow="fold")
    names = {"table": ("表 tables", {kind: name for kind, (name, _) in TABLES.items()}), "section": ("章节 sections", SECTIONS), "statement": ("数据 statements", STATEMENTS)}
    for place in sorted(places, key=_order):
        documents = [found[document["document_id"]] for document in places[place] if document["document_id"] in found]
        for kind, (title, labels) in names.items() if documents else ():
            best = {key: min((document[kind][key] for document in documents), key=tuple(STATES).index) for key in labels}
            by_state = ["、".join(labels[key] for key, state in best.items() if state == wanted) for wanted in STATES]
            table.add_row(*_titled(place), title, *by_state)
    return table
