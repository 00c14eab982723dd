"""`gongkai explain`: one row of the dataset, its evidence in context with the span marked, and the rule that read it.

The source is read again: the answer says whether its bytes are still those of the dataset and whether the text there still reads back.
"""

from __future__ import annotations

import re
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from extract.document import Document, DocumentError, Span
from extract.reading import read
from gongkai import schema
from gongkai.csvtext import cell_text
from gongkai.dataset import DATA
from gongkai.errors import OutputError, UsageError
from gongkai.inspection import clipped
from gongkai.sources import again

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extract.document import Cell, Table

ROW_ID = re.compile(r"([0-9a-f]{16})-([a-z_]+)-[0-9]{5,}")
AROUND = 120  # characters of context on either side, within the paragraph
LONGEST = 400  # of a marked text
MOST_SIDES, MOST_HEADS, SIDE_WIDTH = 12, 4, 40
SAID = ("table_kind", "item_code", "item_label", "column", "measure", "level3", "project_name", "basis")
NUMBER = re.compile(r"[-—(（]?[0-9][0-9,.]*%?[)）]?|[-—]*")


class Explanation(NamedTuple):
    """The answer for people, and what is wrong with it (None where the evidence was verified)."""

    text: str
    doubt: OutputError | None


def explain(row_id: str, dataset: Path) -> Explanation:
    """Everything the dataset and the source say about one row."""
    match = ROW_ID.fullmatch(row_id)
    if match is None or match[2] not in schema.TABLE_TITLES:
        raise UsageError(zh=f"{row_id} 不是行编号", en=f"{row_id} is not a row id (such as 47d74d8e5a3cd381-budget_lines-00012)")
    document_id, table = match.groups()
    row = _row(dataset, table, "row_id", row_id)
    home = _row(dataset, "documents", "document_id", document_id)
    lines = [f"{row_id}  {schema.TABLE_TITLES[table][0]}", " · ".join(_known(home, ("department", "fiscal_year", "stage", "title"))), ""]
    lines += _values(table, row)
    lines += _decided(dataset, row_id)
    document, doubt = _again(home)
    if document is not None and row["char_start"] is not None:
        span = Span(row["char_start"], row["char_end"])
        page = f"第 {row['page']} 页 page {row['page']}, " if row["page"] else ""
        lines += ["", f"证据 evidence: {home['source']}, {page}行 line {document.line_of(span.start)}, [{span.start}:{span.end}]"]
        lines += [f"    {line}" for line in in_context(document, span)]
        if document.text(span) != row["raw"]:
            doubt = OutputError(zh="该处文字与数据集所记不符", en="the text there is not what the dataset records")
        else:
            lines += ["已核对 verified: sha256 一致，原文逐字相符 the bytes are the same and the text reads back"]
    elif row["raw"]:
        lines += ["", f"原文 as printed: {row['raw'][:LONGEST]}"]
    lines += _sides(dataset, row.get("evidence_ids") or [])
    return Explanation("\n".join(lines), doubt)


def _row(dataset: Path, table: str, key: str, value: str) -> dict[str, Any]:
    file = dataset / DATA / f"{table}.parquet"
    if not file.is_file():
        raise UsageError(zh=f"{dataset} 里没有数据集；先运行 gongkai run", en=f"there is no dataset at {dataset}; run `gongkai run` first")
    try:
        rows = pq.read_table(file, filters=[(key, "=", value)]).to_pylist()
    except OSError as error:
        raise OutputError(zh=f"{file} 无法读取", en=f"cannot read {file}") from error
    if not rows:
        raise UsageError(zh=f"数据集里没有 {value}", en=f"the dataset has no row {value}")
    return dict(rows[0])


def _decided(dataset: Path, row_id: str) -> Iterator[str]:
    """What people decided about the row; the value above stays what was extracted."""
    file = dataset / DATA / "corrections.parquet"
    for row in pq.read_table(file, filters=[("row_id", "=", row_id)]).to_pylist() if file.is_file() else ():
        what = "读取无误 confirmed" if row["action"] == "confirm" else f"更正 corrected: {row['corrected'] or '空 blank'}" if row["status"] == "applied" else "更正 correction"
        yield f"    人工核对 reviewed {row['field']}: {what} ({row['status']}; {row['reviewer']} {row['time']}; {clipped(_flat(row['reason'] or ''), LONGEST)})"


def _sides(dataset: Path, row_ids: list[str]) -> Iterator[str]:
    """The rows a finding stands on, one line each: what it is, as printed, where."""
    if row_ids:
        yield ""
        yield "依据 rows on both sides:"
    for row_id in row_ids[:MOST_SIDES]:
        match = ROW_ID.fullmatch(row_id)
        if match is not None:
            row = _row(dataset, match[2], "row_id", row_id)
            page = f"第 {row['page']} 页 page {row['page']}" if row["page"] else ""
            said = (row.get("raw"), *_known(row, tuple(name for name in SAID if name in row)), page)
            yield f"    {row_id}  " + "  ".join(clipped(_flat(part), SIDE_WIDTH) for part in said if part)
    if len(row_ids) > MOST_SIDES:
        yield f"    … 另有 {len(row_ids) - MOST_SIDES} 行 more"


def _known(row: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    return (str(row[name]) for name in names if row[name] is not None)


def _values(table: str, row: dict[str, Any]) -> Iterator[str]:
    columns = [column for column in schema.own_columns(table) if row[column.name] not in (None, []) and not column.type.startswith("list<field")]
    size = max(len(column.name) for column in columns)
    for column in columns:
        value = row[column.name]
        shown = f"{value:,}" if column.name == "amount_yuan" else cell_text(value) if isinstance(value, (Decimal, list)) else str(value)
        yield f"    {column.name:<{size}}  {shown[:LONGEST]}   ({column.title_zh})"


def _again(home: dict[str, Any]) -> tuple[Document | None, OutputError | None]:
    file = home["source"]
    try:
        data = again(file)
        if sha256(data).hexdigest() != home["source_sha256"]:
            return None, OutputError(zh=f"{file} 的内容已变，与数据集不是同一文件", en=f"{file} has changed since; it is no longer the file of the dataset")
        return read(data, file), None
    except OSError as error:
        return None, OutputError(zh=f"找不到来源 {file}，无法核对", en=f"the source {file} cannot be read ({error.strerror}); nothing was verified")
    except DocumentError as error:
        return None, OutputError(zh=f"来源无法再次读取：{error.zh}", en=f"the source cannot be read again: {error.en}")


def in_context(document: Document, span: Span) -> Iterator[str]:
    """The marked text with what stands round it: for a table cell its row, with the head of its column."""
    for table in document.tables():
        if not table.span.start <= span.start < table.span.end:
            continue
        cell = next((cell for cell in table.cells if cell.span.start <= span.start and span.end <= cell.span.end), None)
        if cell is None:
            break
        if head := _head(document, table, cell):
            yield f"栏 column: {head}"
        yield " │ ".join(_marked(document, own.span, span) if own is cell else _flat(document.text(own.span)) for own in table.row(cell.row))
        return
    block = document.blocks[document.block_at(span.start)].span if document.blocks else span
    start, end = max(min(block.start, span.start), span.start - AROUND), min(max(block.end, span.end), span.end + AROUND)
    marked = _marked(document, Span(start, end), span, keep_lines=True)
    yield from f"{'…' if start > block.start else ''}{marked}{'…' if end < block.end else ''}".split("\n")


def _head(document: Document, table: Table, cell: Cell) -> str:
    """The words over a cell, top down, as far as the first figure of its column; a sparse grid has no columns to look up."""
    words: list[str] = []
    for row in table.grid()[: 0 if table.sparse else cell.row]:
        over = row[cell.column]
        text = _flat(document.text(over.span)) if over is not None else ""
        if words and NUMBER.fullmatch(text):
            break
        if text and text not in words:
            words.append(clipped(text, SIDE_WIDTH))
    return " › ".join(words[:MOST_HEADS])


def _marked(document: Document, whole: Span, span: Span, *, keep_lines: bool = False) -> str:
    inner = document.text(span)
    inner = inner if len(inner) <= LONGEST else f"{inner[: LONGEST // 2]} … {inner[-LONGEST // 2 :]}"
    text = f"{document.text(Span(whole.start, span.start))}【{inner}】{document.text(Span(span.end, whole.end))}"
    return text if keep_lines else _flat(text)


def _flat(text: str) -> str:
    return text.replace("\n", "⏎")
