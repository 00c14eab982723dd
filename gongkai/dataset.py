"""The dataset on disk: one folder per department-year, replaced as a whole, and one compacted file per table over all of them.

    output/departments/year=2020/500156-2dad58d0/<table>.parquet .csv     region code - first 8 hex of sha256(department)
    output/departments/year=unknown/unplaced-3f/<table>…                  no department-year: first two hex of the document id
    output/data/<table>.parquet .csv                                      compacted, streamed folder by folder

Rows stand by document id, then by their place in the document; no file holds a time or a path of ours. The same input read by the
same version therefore gives byte-same files, whatever the order or the number of runs it took.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from gongkai import migration, schema
from gongkai.csvtext import csv_body, csv_header
from gongkai.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from gongkai.rows import Row, Rows

DEPARTMENTS, DATA = "departments", "data"
TABLES = tuple(schema.TABLE_TITLES)
UNPLACED = f"{DEPARTMENTS}/year=unknown/unplaced-"
DISCLOSING = frozenset({"ok", "partial", "attachments_only"})  # what has a place in a department-year
ROWS_PER_GROUP = 65_536
SMALL_TABLES = 256  # are made one while a group is gathered
WAITING = 8  # files on their way to disk at once
NEW, OLD = ".new", ".old"  # a folder being written, and the one it replaces
PARQUET = {"version": "2.6", "write_statistics": True, "store_schema": True}
SMALL = {**PARQUET, "compression": "snappy"}  # zstd takes twice the time for a file of some kilobytes, and saves nothing
LARGE = {**PARQUET, "compression": "zstd", "compression_level": 3}
DOCUMENT_COLUMNS = {column.name: at for at, column in enumerate(schema.columns("documents"))}


class Part(NamedTuple):
    """What one document adds to one table: the rows, typed for Parquet and printed for CSV."""

    arrow: pa.Table
    csv: str


Parts = dict[str, Part]  # the tables in which one document has rows


def encoded(document: Row, rows: Rows) -> Parts:
    """All rows of one document in both forms; made where the document was read, so that the writer only joins."""
    return {table: _part(table, held) for table, held in {"documents": [document], **rows}.items() if held}


def _part(table: str, rows: list[Row]) -> Part:
    typed = schema.arrow(table)
    arrays = [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), typed, strict=True)]
    if empty := [field.name for array, field in zip(arrays, typed, strict=True) if array.null_count and not field.nullable]:
        raise ValueError(f"{table}: no value for {', '.join(empty)}")  # noticed here, it costs this document and not the run
    return Part(pa.Table.from_arrays(arrays, schema=typed), csv_body(table, rows))


def folder_of(document: Row) -> str:
    """The department-year folder of a row of `documents`, relative to the dataset."""
    values = {name: document[at] for name, at in DOCUMENT_COLUMNS.items()}
    if values["department_id"] and values["fiscal_year"] and values["status"] in DISCLOSING:
        return f"{DEPARTMENTS}/year={values['fiscal_year']}/{values['department_id']}"
    return f"{UNPLACED}{values['document_id'][:2]}"


def write_folder(output: Path, folder: str, parts: dict[str, Parts], gone: Iterable[str] = ()) -> None:
    """Replace one department-year as a whole: what it held, without the documents `gone`, with those of `parts` (by document id)."""
    write_folders(output, {folder: parts}, {folder: gone})


def write_folders(output: Path, parts: Mapping[str, dict[str, Parts]], gone: Mapping[str, Iterable[str]]) -> None:
    """Replace department-years, each as a whole; every new file is on disk before the first folder changes."""
    fresh = {output / folder: _beside(output / folder, NEW) for folder in sorted({*parts, *gone})}
    for folder in sorted({*parts, *gone}):
        (output / folder).parent.mkdir(parents=True, exist_ok=True)
        prepare(output / folder, fresh[output / folder], parts.get(folder, {}), gone.get(folder, ()))
    flush(fresh.values())
    swap(fresh)


def copy_folders(output: Path, whole: Mapping[str, Path]) -> None:
    """Put department-years of another dataset in their places as they are."""
    fresh = {output / folder: _beside(output / folder, NEW) for folder in whole}
    for folder, source in whole.items():
        shutil.rmtree(fresh[output / folder], ignore_errors=True)
        shutil.copytree(source, fresh[output / folder])
    flush(fresh.values())
    swap(fresh)


def prepare(place: Path, fresh: Path, new: Mapping[str, Parts], gone: Iterable[str] = ()) -> None:
    """Make at `fresh` what shall stand at `place`: what it holds, without the documents `gone`, with the `new`. Nothing where none is left."""
    shutil.rmtree(fresh, ignore_errors=True)
    parts = {**parts_in(place, without={*new, *gone}), **new}
    if not parts:
        return
    fresh.mkdir()
    for table in TABLES:
        held = [parts[document][table] for document in sorted(parts) if table in parts[document]]
        (fresh / f"{table}.parquet").write_bytes(_parquet(pa.concat_tables([part.arrow for part in held])) if held else _without_rows(table))
        text = csv_header(table) + "".join(part.csv for part in held)
        (fresh / f"{table}.csv").write_text(text, encoding="utf-8", newline="")


def flush(made: Iterable[Path]) -> None:
    """Wait until folders are on disk, those of them that there are. Files go side by side: one after the other takes as long as writing them."""
    _all_to_disk([file for folder in made if folder.exists() for file in (*folder.iterdir(), folder)])


def swap(fresh: Mapping[Path, Path]) -> None:
    """Put new folders, by their places, where the old ones stand; where none was made the old one goes."""
    for place, made in fresh.items():
        former = _beside(place, OLD)
        shutil.rmtree(former, ignore_errors=True)
        if place.exists():
            place.rename(former)
        if made.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            made.rename(place)
    _all_to_disk(sorted({place.parent for place in fresh if place.parent.exists()}))
    for place in fresh:
        shutil.rmtree(_beside(place, OLD), ignore_errors=True)


def _beside(place: Path, suffix: str) -> Path:
    return place.with_name(f".{place.name}{suffix}")


def _parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table.combine_chunks(), sink, **SMALL)
    return bytes(sink.getvalue())


@cache
def _without_rows(table: str) -> bytes:
    return _parquet(schema.arrow(table).empty_table())


def parts_in(place: Path, *, without: Collection[str] = ()) -> dict[str, Parts]:
    """What a folder holds, by document id; nothing where there is none."""
    if not place.is_dir():
        return {}
    staying = set(read_table(place / "documents.parquet", "documents").column("document_id").to_pylist()).difference(without)
    kept: dict[str, Parts] = {identifier: {} for identifier in staying}
    for table in TABLES if staying else ():
        rows = read_table(place / f"{table}.parquet", table).to_pylist()
        for identifier, own in groupby(rows, key=itemgetter("document_id")):
            if identifier in staying:
                kept[identifier][table] = _part(table, [tuple(row.values()) for row in own])
    return kept


def read_table(file: Path, table: str) -> pa.Table:
    """A table we wrote, in the columns of this version; OutputError where the file is damaged or was written with other columns."""
    empty = _without_rows(table)  # a third of all files: not worth parsing
    try:
        if file.stat().st_size == len(empty) and file.read_bytes() == empty:
            return schema.arrow(table).empty_table()
        found = migration.lifted(table, pq.ParquetFile(file).read(use_threads=False))  # threads for files of some kilobytes cost more than they bring
    except (OSError, pa.ArrowInvalid) as error:
        raise OutputError(
            zh=f"数据文件无法读取：{file}；删去其所在文件夹后重新运行即可",
            en=f"cannot read {file}; remove its folder and run again",
        ) from error
    if found.schema != schema.arrow(table):
        raise OutputError(
            zh=f"数据文件的列与本版本不符：{file}；请用 --force 重新运行其来源",
            en=f"{file} was written with other columns than this version's; run its sources again with --force",
        )
    return found


def is_current(place: Path) -> bool:
    """Whether a folder was written with this schema version."""
    return migration.version_of(pq.read_schema(place / "documents.parquet")) == schema.VERSION


def recover(output: Path) -> None:
    """Finish or undo a replacement that a killed run left half done: no folder is ever lost or doubled."""
    for former in output.glob(f"{DEPARTMENTS}/year=*/.*{OLD}"):
        place = former.with_name(former.name[1 : -len(OLD)])
        if place.exists():
            shutil.rmtree(former)
        else:
            former.rename(place)
    for fresh in output.glob(f"{DEPARTMENTS}/year=*/.*{NEW}"):
        shutil.rmtree(fresh)


def folders(output: Path) -> list[Path]:
    """All department-year folders, in the order of the compacted files."""
    return sorted(place for place in output.glob(f"{DEPARTMENTS}/year=*/*") if place.is_dir() and not place.name.startswith("."))


def compact_table(output: Path, made: Path, table: str) -> None:
    """Write one table of data/ anew, into the folder `made` and to disk, a bounded number of rows at a time."""
    places = folders(output)
    replace_file(made / f"{table}.parquet", partial(_compact_parquet, table=table, places=places))
    replace_file(made / f"{table}.csv", partial(_compact_csv, table=table, places=places))


def put_table(output: Path, made: Path, table: str) -> None:
    """Put a table that was made elsewhere into data/: a reader sees the old files or the new ones."""
    (output / DATA).mkdir(parents=True, exist_ok=True)
    for end in (".parquet", ".csv"):
        (made / f"{table}{end}").replace(output / DATA / f"{table}{end}")


def _compact_parquet(file: Path, table: str, places: list[Path]) -> None:
    with pq.ParquetWriter(file, schema.arrow(table), **LARGE) as writer:
        for group in _groups(read_table(place / f"{table}.parquet", table) for place in places):
            writer.write_table(group, row_group_size=ROWS_PER_GROUP)


def _groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows in tables of ROWS_PER_GROUP, so that the groups of a file depend on its rows alone."""
    waiting: list[pa.Table] = []
    small: list[pa.Table] = []  # a table of one row takes as much room as one of a hundred
    count = 0
    for table in tables:
        small.append(table)
        count += table.num_rows
        if len(small) >= SMALL_TABLES or count >= ROWS_PER_GROUP:
            waiting.append(pa.concat_tables(small).combine_chunks())
            small = []
        while count >= ROWS_PER_GROUP:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, ROWS_PER_GROUP).combine_chunks()
            waiting = [joined.slice(ROWS_PER_GROUP)]
            count -= ROWS_PER_GROUP
    if count:
        yield pa.concat_tables([*waiting, *small]).combine_chunks()


def _compact_csv(file: Path, table: str, places: list[Path]) -> None:
    with file.open("wb") as whole:
        whole.write(csv_header(table).encode())
        for place in places:
            with (place / f"{table}.csv").open("rb") as lines:
                lines.readline()
                shutil.copyfileobj(lines, whole)


def replace_file(file: Path, write: Callable[[Path], object]) -> None:
    """Write beside, flush to disk, then rename: a reader sees the old file or the new one."""
    fresh = file.with_name(f".{file.name}{NEW}")
    write(fresh)
    _to_disk(fresh)
    fresh.replace(file)


def replace_text(file: Path, text: str) -> None:
    """`replace_file` for a whole text."""
    replace_file(file, lambda fresh: fresh.write_text(text, encoding="utf-8", newline=""))


def _all_to_disk(paths: Sequence[Path]) -> None:
    with ThreadPoolExecutor(WAITING) as pool:
        list(pool.map(_to_disk, paths))


def _to_disk(path: Path) -> None:
    if os.name == "nt" and path.is_dir():  # Windows opens no folder
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
