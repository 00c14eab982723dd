"""`gongkai validate`: is a dataset whole, and does it say what its sources say? (数据集检验)

Every file has the columns of this version; Parquet and CSV say the same; data/ holds what departments/ hold; keys are unique and references lead
somewhere; values are those that columns.csv allows; yuan are value times unit; the descriptor has the right hashes; the journal knows the
documents; and where a source is still there, every row reads back its printed text. In memory stands one folder or one batch of rows.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from extract.document import DocumentError, Span
from extract.reading import read
from gongkai import dataset, journal, migration, schema
from gongkai.csvtext import csv_body, csv_header
from gongkai.dataset import DATA, TABLES
from gongkai.errors import DependencyError, OutputError
from gongkai.export import datapackage, tables
from gongkai.recovery import is_whole
from gongkai.sources import again
from normalize.records import to_yuan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATCH = 20_000
SHOWN = 60  # characters of a value in a message


class Fault(NamedTuple):
    """Something that is not as it must be: the file, the row and column where they are known, and what it is."""

    file: str
    row: str
    column: str
    zh: str
    en: str

    def __str__(self) -> str:
        where = " ".join(filter(None, (self.file, self.row, self.column)))
        return f"{where}: {self.zh} / {self.en}"


def faults(output: Path, *, evidence: bool = True) -> Iterator[Fault]:
    """All faults of a dataset. Raises `UsageError` where there is none."""
    present = tables(output)
    shapes = {table: list(_shape(output / DATA / f"{table}.parquet", table)) for table in present}
    yield from chain.from_iterable(shapes.values())
    sound = [table for table in present if not shapes[table]]
    for table in TABLES:
        if table not in present:
            yield Fault(f"{DATA}/{table}.parquet", "", "", "缺少此文件", "the file is missing")
    with closing(sqlite3.connect("")) as keys:
        for table in sound:
            yield from _rows(output, table, keys)
        yield from _references(output, sound, keys)
        yield from _journal(output, keys)
    for place in dataset.folders(output):
        yield from _folder(output, place)
    for table in TABLES:
        if table in sound:
            yield from _compacted(output, table)
    yield from _descriptor(output)
    if evidence:
        for place in dataset.folders(output):
            yield from _evidence(output, place)


def second_opinion(output: Path) -> Iterator[Fault]:
    """What frictionless says of the dataset's Data Package. Raises `DependencyError` where it is not installed."""
    try:
        frictionless = import_module("frictionless")
    except ImportError:
        raise DependencyError(zh='需要 frictionless：pip install "gongkai[validate]"', en='this needs frictionless: pip install "gongkai[validate]"') from None
    descriptor = output / datapackage.DESCRIPTOR
    if not descriptor.is_file():
        return  # said already
    with frictionless.system.use_context(trusted=True):  # it knows absolute paths by that name alone
        report = frictionless.Package(str(descriptor)).validate()
    for file, error in ((task.place or task.name, error) for task in report.tasks for error in task.errors):
        yield Fault(file, str(getattr(error, "row_number", "")), str(getattr(error, "field_name", "")), "frictionless 检验不符", f"frictionless: {error.message}")


def validate(output: Path, *, evidence: bool = True, frictionless: bool = False) -> int:
    """Print every fault and a summary; 4 where there is one. With `frictionless` that library is asked too."""
    found = 0
    for fault in chain(faults(output, evidence=evidence), second_opinion(output) if frictionless else ()):
        print(fault)
        found += 1
    replayed = "" if evidence else "（未核对出处 evidence not checked）"
    print(f"{found} 处有误 faults{replayed}" if found else f"完好 the dataset is whole{replayed}")
    return OutputError.exit_code if found else 0


def _shape(file: Path, table: str) -> Iterator[Fault]:
    name = f"{DATA}/{file.name}"
    try:
        found = pq.read_schema(file)
    except (OSError, pa.ArrowInvalid) as error:
        yield Fault(name, "", "", "无法读取", f"cannot be read: {str(error)[:SHOWN]}")
        return
    if migration.version_of(found) != schema.VERSION:
        yield Fault(name, "", "", f"架构版本为 {migration.version_of(found)}，应为 {schema.VERSION}；运行 gongkai migrate", f"schema version {migration.version_of(found)}, not {schema.VERSION}; run gongkai migrate")
    elif found != schema.arrow(table):
        wrong = next((field.name for field in schema.arrow(table) if field.name not in found.names or found.field(field.name) != field), "")
        yield Fault(name, "", wrong, "列或类型与架构不符", "columns or types are not those of the schema")


def _rows(output: Path, table: str, keys: sqlite3.Connection) -> Iterator[Fault]:
    """One table of data/, a batch at a time: keys, allowed values, sums, and whether its CSV says the same."""
    columns = schema.columns(table)
    key = schema.primary_key(table)
    checks = [(at, column, schema.allows(column)) for at, column in enumerate(columns) if column.values]
    names = {column.name: at for at, column in enumerate(columns)}
    keys.execute(f"create table {table} (id primary key) without rowid")
    file, printed = f"{DATA}/{table}.parquet", output / DATA / f"{table}.csv"
    if not printed.is_file():
        yield Fault(f"{DATA}/{table}.csv", "", "", "缺少此文件", "the file is missing")
    with pq.ParquetFile(output / DATA / f"{table}.parquet") as rows, (printed if printed.is_file() else output / DATA / f"{table}.parquet").open("rb") as text:
        same = printed.is_file() and text.readline() == csv_header(table).encode()
        at_row = 0
        for batch in rows.iter_batches(BATCH):
            lines = [tuple(row.values()) for row in batch.to_pylist()]
            for row in lines:
                at_row += 1
                name = str(row[names[key]]) if key else f"#{at_row}"
                for at, column, allows in checks:
                    if row[at] is not None and not allows(row[at]):
                        yield Fault(file, name, column.name, f"“{str(row[at])[:SHOWN]}”不在允许的取值内", f"{str(row[at])[:SHOWN]!r} is not an allowed value")
                yield from _sums(file, name, table, row, names)
                if key and not keys.execute(f"insert or ignore into {table} values (?)", (row[names[key]],)).rowcount:  # noqa: S608
                    yield Fault(file, name, key, "主键重复", "the key is there twice")
            body = csv_body(table, lines).encode()
            same = same and text.read(len(body)) == body
        if printed.is_file() and not (same and not text.read(1)):
            yield Fault(f"{DATA}/{table}.csv", "", "", "与 Parquet 不一致", "does not say what the Parquet says")


def _sums(file: str, name: str, table: str, row: tuple[Any, ...], names: dict[str, int]) -> Iterator[Fault]:
    if table == "budget_lines":
        amount = row[names["amount_yuan"]]
        if amount is not None and amount != to_yuan(row[names["value"]], row[names["unit"]]):
            yield Fault(file, name, "amount_yuan", "金额不等于数值乘单位", "is not value times unit")
    elif table == "documents" and row[names["numbers_explained"]] > row[names["number_count"]]:
        yield Fault(file, name, "numbers_explained", "已解释数字多于数字个数", "more numbers are explained than there are")


def _references(output: Path, sound: list[str], keys: sqlite3.Connection) -> Iterator[Fault]:
    """Every reference leads to a row; lists of row ids too, whose table stands in the id."""
    for table in sound:
        references = [column for column in schema.columns(table) if column.references]
        key = schema.primary_key(table)
        names = [*([key] if key else []), *(column.name for column in references)]
        with pq.ParquetFile(output / DATA / f"{table}.parquet") as rows:
            for number, row in enumerate(chain.from_iterable(batch.to_pylist() for batch in rows.iter_batches(BATCH, columns=names)), 1):
                for column in references:
                    value = row[column.name]
                    for target in value if isinstance(value, list) else [value] if value is not None else ():
                        home = column.references.partition(".")[0]
                        home = target[17:].rpartition("-")[0] if home == "*" else home  # the table stands in the id of a row
                        if home not in sound or not keys.execute(f"select 1 from {home} where id = ?", (target,)).fetchone():  # noqa: S608
                            yield Fault(f"{DATA}/{table}.parquet", str(row[key]) if key else f"#{number}", column.name, f"所指的 {target[:SHOWN]} 不存在", f"refers to {target[:SHOWN]}, which is not there")


def _journal(output: Path, keys: sqlite3.Connection) -> Iterator[Fault]:
    if not (output / journal.JOURNAL).is_file():
        yield Fault(journal.JOURNAL, "", "", "缺少此文件；下次运行会重建", "the file is missing; the next run makes it anew")
        return
    try:
        with journal.looked_into(output) as store:
            known = {identifier for (identifier,) in store.execute("select document_id from documents")}
    except OutputError as error:
        yield Fault(journal.JOURNAL, "", "", "无法读取", str(error))
        return
    held = {identifier for (identifier,) in keys.execute("select id from documents")}
    for identifier in sorted(known ^ held):
        yield Fault(journal.JOURNAL, identifier, "", "日志与数据中的文件不一致", "is in the journal or in the data, not in both")


def _folder(output: Path, place: Path) -> Iterator[Fault]:
    name = place.relative_to(output).as_posix()
    missing = [f"{table}.{form}" for table in TABLES for form in ("parquet", "csv") if not (place / f"{table}.{form}").is_file()]
    for file in missing:
        yield Fault(f"{name}/{file}", "", "", "缺少此文件", "the file is missing")
    if missing:
        return
    try:
        if not is_whole(place):
            yield Fault(name, "", "", "文件损坏，或 CSV 与 Parquet 不一致", "a file is damaged, or a CSV does not say what its Parquet says")
        elif not dataset.is_current(place):
            yield Fault(name, "", "", "由旧版本写出；运行 gongkai migrate", "written by an earlier version; run gongkai migrate")
    except OutputError as error:
        yield Fault(name, "", "", "列与架构不符", str(error))


def _compacted(output: Path, table: str) -> Iterator[Fault]:
    """Whether data/ holds the rows of all folders, in their order; byte by byte, by their CSV."""
    whole = output / DATA / f"{table}.csv"
    parts = [file for place in dataset.folders(output) if (file := place / f"{table}.csv").is_file()]
    if not whole.is_file():
        return
    with whole.open("rb") as lines:
        lines.readline()
        for file in parts:
            with file.open("rb") as part:
                part.readline()
                while chunk := part.read(1 << 20):
                    if lines.read(len(chunk)) != chunk:
                        yield Fault(f"{DATA}/{table}.csv", "", "", f"与 {file.parent.name} 中的行不一致；再次运行即可更新", f"does not hold the rows of {file.parent.name}; run again to renew it")
                        return
        if lines.read(1):
            yield Fault(f"{DATA}/{table}.csv", "", "", "有部门年度中没有的行", "holds rows that no department-year has")


def _descriptor(output: Path) -> Iterator[Fault]:
    file = output / datapackage.DESCRIPTOR
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        yield Fault(file.name, "", "", "缺少或无法读取", "is missing or cannot be read")
        return
    if said != datapackage.described(output):
        yield Fault(file.name, "", "", "与数据不一致（散列、大小或列）", "does not describe the data (hashes, sizes or columns)")


def _evidence(output: Path, place: Path) -> Iterator[Fault]:
    """Rows that do not read back their printed text, of the documents whose source is still there with the same bytes."""
    try:
        documents = dataset.read_table(place / "documents.parquet", "documents").to_pylist()
        held = {table: dataset.read_table(place / f"{table}.parquet", table).select(["row_id", "document_id", "raw", "char_start", "char_end"]).to_pylist() for table in TABLES[1:]}
    except OutputError:
        return  # said already
    for row in documents:
        try:
            data = again(row["source"])
            if row["source_sha256"] is None or sha256(data).hexdigest() != row["source_sha256"]:
                continue
            document = read(data, row["source"], declared_encoding=row["encoding"])
        except (OSError, DocumentError):
            continue
        for table, rows in held.items():
            for line in rows:
                if line["document_id"] == row["document_id"] and line["char_start"] is not None and document.text(Span(line["char_start"], line["char_end"])) != (line["raw"] or ""):
                    yield Fault(f"{place.relative_to(output).as_posix()}/{table}.parquet", line["row_id"], "raw", f"原文不是来源该处的文字：“{(line['raw'] or '')[:SHOWN]}”", "is not what the source says at that place")
