"""`gongkai sample`: values for people to look at, drawn so that what they find can be said of the whole dataset (抽样核对).

    gongkai sample DATASET -n 200            writes samples/audit.csv
    (people decide about these rows: overrides/)
    gongkai sample DATASET --report          says how right the dataset is, and how sure that is: samples/audit-report.md

A row with numbers counts once, by one of its numbers (of a form's row any, drawn too). Strata are the tables, each by groups of measures
(measure_groups.csv), by kind of table where a line has no measure, or by field for the forms. Each stratum gives a row, the rest go by size. The same dataset
and seed give the same sample: the rows whose digests with the seed are least.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from heapq import heappush, heappushpop
from importlib.resources import files
from itertools import chain, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq

from gongkai import schema
from gongkai.dataset import DATA, read_table, replace_text
from gongkai.errors import OutputError, UsageError
from gongkai.export import tables
from gongkai.overrides import CONFIRM, Decision, as_text, asserted, cell_of, key_columns, keys, load, raw_of, text_of
from gongkai.precision import Stratum, estimate, wilson

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Row = dict[str, Any]

SAMPLES, NAME = "samples", "audit"
SAMPLED = ("budget_lines", "quantities", "indicators", "scores", "project_funds")
SAFE = re.compile(r"\w[\w-]{0,60}")
RIGHT, WRONG, DISPUTED, OPEN = "right", "wrong", "disputed", "open"


class Drawn(NamedTuple):
    """A value to look at: a line of the sample."""

    row_id: str
    document_sha256: str
    table: str
    row_key: str
    field: str
    stratum: str
    stratum_size: str
    value: str
    raw: str
    source: str


class Counted(NamedTuple):
    """What came of a stratum: rows in the dataset, drawn, looked at, right, and those on which people disagree."""

    size: int
    drawn: int
    audited: int
    right: int
    disputed: int


# drawing


@cache
def _groups() -> dict[str, str]:
    lines = csv.DictReader(files("gongkai").joinpath("measure_groups.csv").read_text(encoding="utf-8").splitlines())
    return {line["prefix"]: line["group"] for line in lines}


def group_of(measure: str) -> str:
    """The group a measure belongs to, by the longest prefix that measure_groups.csv knows.

    >>> group_of("three_public_total"), group_of("project_expenditure"), group_of("project_budget"), group_of("x")
    ('three_public', 'expenditure', 'projects', 'other')
    """
    known = [prefix for prefix in _groups() if measure.startswith(prefix)]
    return _groups()[max(known, key=len)] if known else "other"


@cache
def numeric(table: str) -> tuple[str, ...]:
    """The fields of a table that hold printed numbers.

    >>> numeric("scores")
    ('weight', 'score')
    """
    return tuple(column.name for column in schema.own_columns(table) if column.type == "decimal(24,6)" and column.name != "repaired_value")


def _values(dataset: Path, table: str, digests: dict[str, str | None], seed: int) -> Iterator[tuple[str, Drawn]]:
    """Every row of a table that has a printed number, with the digest that draws it; documents whose bytes nobody could read have none."""
    held = {"row_id", "document_id", "raw", "char_start", "table_kind", "measure", "cells", *key_columns(table), *numeric(table)}
    with pq.ParquetFile(dataset / DATA / f"{table}.parquet") as file:
        names = [name for name in file.schema_arrow.names if name in held]
        rows = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(columns=names))
        for document_id, group in groupby(rows, key=itemgetter("document_id")):
            own = list(group)
            found, digest = keys(own), digests.get(document_id)
            for row in own if digest else ():
                fields = [field for field in numeric(table) if row[field] is not None and raw_of(row, field)]
                drawn = sorted((sha256(f"{seed}\0{digest}\0{table}\0{found[row['row_id']]}\0{field}".encode()).hexdigest(), field) for field in fields)
                if drawn:
                    yield drawn[0][0], Drawn(row["row_id"], str(digest), table, found[row["row_id"]], drawn[0][1], _stratum(table, row, drawn[0][1]), "", as_text(row[drawn[0][1]]), raw_of(row, drawn[0][1]), document_id)


def _stratum(table: str, row: Row, field: str) -> str:
    if "measure" not in row:
        return f"{table}/{field}"
    return f"{table}/{group_of(row['measure']) if row['measure'] else row['table_kind'] or 'unnamed'}"


def draw(dataset: Path, number: int, seed: int) -> list[Drawn]:
    """The sample: about `number` rows, more where there are more strata; none twice."""
    tables(dataset)
    documents = {row["document_id"]: row for row in read_table(dataset / DATA / "documents.parquet", "documents").select(["document_id", "source", "source_sha256"]).to_pylist()}
    digests = {name: row["source_sha256"] for name, row in documents.items()}
    sizes: dict[str, int] = defaultdict(int)
    least: dict[str, list[tuple[int, str, Drawn]]] = defaultdict(list)  # of each stratum the rows with the least digests, the greatest first
    for table in SAMPLED:
        for digest, one in _values(dataset, table, digests, seed):
            sizes[one.stratum] += 1
            entry = (-int(digest, 16), digest, one)
            if len(least[one.stratum]) < number:
                heappush(least[one.stratum], entry)
            else:
                heappushpop(least[one.stratum], entry)
    shares = allotted(sizes, number)
    chosen = [one for stratum in sorted(sizes) for _, _, one in sorted(least[stratum], reverse=True)[: shares[stratum]]]
    return sorted(one._replace(stratum_size=str(sizes[one.stratum]), source=documents[one.source]["source"]) for one in chosen)


def allotted(sizes: dict[str, int], number: int) -> dict[str, int]:
    """How many rows each stratum gives: one, and the rest by size, never more than it has.

    >>> allotted({"a": 1, "b": 30, "c": 70}, 11), allotted({"a": 2, "b": 3}, 100), allotted({"a": 5, "b": 9}, 1)
    ({'a': 1, 'b': 3, 'c': 7}, {'a': 2, 'b': 3}, {'a': 1, 'b': 1})
    """
    total = sum(sizes.values())
    shares = dict.fromkeys(sizes, 1)
    for _ in range(min(number, total) - len(sizes)):
        wanting = (stratum for stratum in sizes if shares[stratum] < sizes[stratum])
        most = max(wanting, key=lambda stratum: (Fraction(number * sizes[stratum], total) - shares[stratum], stratum))
        shares[most] += 1
    return shares


def write(dataset: Path, number: int, seed: int, name: str) -> Path:
    """Draw a sample and write it. Raises `UsageError` where another one stands there: people may have begun to look at it."""
    file = _file(dataset, name)
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(Drawn._fields)
    lines.writerows(map(cell_of, one) for one in draw(dataset, number, seed))
    if file.exists() and file.read_bytes() != text.getvalue().encode():
        raise UsageError(zh=f"{file} 已有另一份样本；请用 --name 另取名", en=f"another sample stands at {file}; name this one with --name")
    file.parent.mkdir(exist_ok=True)
    replace_text(file, text.getvalue())
    return file


def _file(dataset: Path, name: str) -> Path:
    if not SAFE.fullmatch(name):
        raise UsageError(zh=f"样本名只用文字、数字和 -：“{name[:60]}”", en=f"the name of a sample has letters, digits and - only: {name[:60]!r}")
    return dataset / SAMPLES / f"{name}.csv"


def read(dataset: Path, name: str) -> list[Drawn]:
    """A sample that was drawn. Raises `UsageError` where there is none, `OutputError` where the file is none of ours."""
    file = _file(dataset, name)
    if not file.is_file():
        raise UsageError(zh=f"没有样本 {file}；先运行 gongkai sample", en=f"there is no sample {file}; run `gongkai sample` first")
    heads, *lines = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))) or [[]]
    if tuple(heads) != Drawn._fields or any(len(line) != len(heads) for line in lines):
        raise OutputError(zh=f"{file} 不是 gongkai sample 写出的样本", en=f"{file} is no sample that `gongkai sample` wrote")
    return [Drawn(*map(text_of, line)) for line in lines]


# what people found


def verdict(one: Drawn, decisions: list[Decision]) -> str:
    """right, wrong, disputed or open (nobody looked): what the decisions about a row say of the value that was drawn.

    It is right where it was confirmed, or corrected to itself, and wrong where it, its unit or what the row is about was corrected. A decision about
    another printed text is of another value.
    """
    own = [decision for decision in decisions if decision.field == one.field and decision.raw_seen == one.raw]
    read_as = asserted(Decision(one.document_sha256, one.table, one.row_key, one.field, CONFIRM, one.raw, one.value, "", "", "", ""))
    said = {asserted(decision) == read_as for decision in own}
    unit = next(column.unit for column in schema.own_columns(one.table) if column.name == one.field)
    if any(decision.action != CONFIRM and decision.field in {unit, *key_columns(one.table)} and decision.new_value != decision.value_seen for decision in decisions):
        return WRONG
    return DISPUTED if len(said) > 1 else OPEN if not said else RIGHT if True in said else WRONG


def counted(dataset: Path, name: str) -> dict[str, Counted]:
    """What people found, by stratum."""
    decisions: dict[tuple[str, ...], list[Decision]] = defaultdict(list)
    for decision in load(dataset):
        decisions[decision.key[:3]].append(decision)
    found: dict[str, Counted] = {}
    for one in read(dataset, name):
        said = verdict(one, decisions[one.document_sha256, one.table, one.row_key])
        before = found.get(one.stratum, Counted(int(one.stratum_size), 0, 0, 0, 0))
        found[one.stratum] = Counted(before.size, before.drawn + 1, before.audited + (said in {RIGHT, WRONG}), before.right + (said == RIGHT), before.disputed + (said == DISPUTED))
    return dict(sorted(found.items()))


def report(dataset: Path, name: str) -> str:
    """What may be said of the dataset, as Markdown; it is written beside the sample too."""
    text = "\n".join(_report(counted(dataset, name), name)) + "\n"
    replace_text(_file(dataset, name).with_name(f"{name}-report.md"), text)
    return text


def _report(found: dict[str, Counted], name: str) -> Iterator[str]:
    drawn, audited = sum(one.drawn for one in found.values()), sum(one.audited for one in found.values())
    disputed, size = sum(one.disputed for one in found.values()), sum(one.size for one in found.values())
    yield f"# 抽样核对 · how right the dataset is: {name}\n"
    yield f"抽取 drawn {drawn:,} / {size:,}；已核对 audited {audited:,} ({_percent(Fraction(audited, drawn)) if drawn else '0 %'})；意见不一 disputed {disputed:,}\n"
    by_table: dict[str, list[Counted]] = defaultdict(list)
    for stratum, one in found.items():
        by_table[stratum.partition("/")[0]].append(one)
    yield from _lines("表 table", {table: _shown(held) for table, held in by_table.items()}, by_table)
    yield from _lines("口径 measure", {stratum: _shown([one]) for stratum, one in found.items()}, {stratum: [one] for stratum, one in found.items()})
    yield "## 可以这样写 · what you may state in print\n"
    yield from statement(found)


def _lines(title: str, shown: dict[str, str], held: dict[str, list[Counted]]) -> Iterator[str]:
    yield f"| {title} | 行 rows | 抽取 drawn | 已核对 audited | 无误 right | 准确率 precision | 95 % |\n|---|---:|---:|---:|---:|---:|---|"
    for name, text in shown.items():
        sums = (sum(one[at] for one in held[name]) for at in range(4))
        yield f"| {name} | {' | '.join(f'{number:,}' for number in sums)} | {text} |"
    yield ""


def _shown(held: list[Counted]) -> str:
    """A share and its interval: Wilson's for one stratum, the stratified one for several."""
    seen = [one for one in held if one.audited]
    if not seen:
        return "— | —"
    if len(held) == 1:
        low, high = wilson(held[0].right, held[0].audited)
        return f"{_percent(Fraction(held[0].right, held[0].audited))} | {_interval(low, high)}"
    known = estimate([Stratum(one.size, one.audited, one.right) for one in seen])
    assert known is not None
    return f"{_percent(known.share)} | {_interval(known.low, known.high)}"


def statement(found: dict[str, Counted]) -> Iterator[str]:
    """One sentence in Chinese and one in English, no stronger than what was looked at."""
    known = estimate([Stratum(one.size, one.audited, one.right) for one in found.values()])
    if known is None:
        yield "尚未核对任何抽取的数值，对准确率不能作任何表述。\n\nNone of the drawn values has been audited: nothing can be said about precision."
        return
    drawn, audited, right = (sum(one[at] for one in found.values()) for at in (1, 2, 3))
    size, covered = sum(one.size for one in found.values()), sum(one.size for one in found.values() if one.audited)
    zh_rest = f"；其余 {drawn - audited:,} 个抽取的数值尚未核对，所述只及已核对各层（占全部数值行的 {_percent(Fraction(covered, size), ROUND_FLOOR)}）" if audited < drawn else ""
    en_rest = f"; the other {drawn - audited:,} of the sample were not compared, and this speaks for the strata that were (%s of all rows with values)" % _percent(Fraction(covered, size), ROUND_FLOOR) if audited < drawn else ""
    yield (
        f"从 {size:,} 行数值中分层随机抽取 {drawn:,} 行，人工与原文核对 {audited:,} 行，{right:,} 行无误；按各层行数加权，读取准确率为 {_percent(known.share)}"
        f"（95 % 置信区间 {_interval(known.low, known.high)}）{zh_rest}。\n"
    )
    yield (
        f"Of {drawn:,} rows drawn at random by strata from {size:,} rows with values, {audited:,} were compared with their sources by people and {right:,} were right; weighted by the sizes of the strata, "
        f"{_percent(known.share)} of the values are read as printed (95 % confidence interval {_interval(known.low, known.high)}){en_rest}."
    )


def _percent(share: Fraction | float, rounding: str | None = None) -> str:
    """A share in percent, one decimal; 100 % and 0 % only where it is.

    >>> _percent(Fraction(1999, 2000)), _percent(Fraction(1)), _percent(0.888, ROUND_FLOOR)
    ('99.9 %', '100.0 %', '88.8 %')
    """
    exact = Fraction(share) * 100
    text = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.1"), rounding)
    text = Decimal("99.9") if text == 100 and exact < 100 and rounding != ROUND_CEILING else Decimal("0.1") if text == 0 and exact > 0 and rounding != ROUND_FLOOR else text
    return f"{text} %"


def _interval(low: float, high: float) -> str:
    """Rounded outwards."""
    return f"{_percent(low, ROUND_FLOOR)} – {_percent(high, ROUND_CEILING)}"
