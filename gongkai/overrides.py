"""What people decided about values (人工核对): `DATASET/overrides/<reviewer>.csv`, text that lives in git and merges.

One line is one decision, about one field of one row: `confirm`, it says what is printed, or `correct`, it should say `new_value`. A row is named by
what it is about (`keys`), never by its number, so that a decision outlives a new extraction. It holds as long as the same text stands there:

    applied    it holds
    conflict   another text, or another value than the one confirmed, stands at that key now: look again
    orphan     the document or the key is not in the dataset any more
    disputed   two people decided differently: none of them holds
    invalid    the line cannot be read, or names what there is not

Nothing here changes a table: data tables stay as extracted, and `corrections`, `figures` and `panel` have what was decided beside it.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import defaultdict
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai import journal, schema
from gongkai.csvtext import cell_text, guarded, unguarded
from gongkai.dataset import TABLES, folders, read_table, replace_text
from gongkai.errors import OutputError, UsageError
from normalize.records import to_yuan

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    Row = dict[str, Any]

OVERRIDES, LOCK = "overrides", ".overrides.lock"
CONFIRM, CORRECT = "confirm", "correct"
APPLIED, CONFLICT, ORPHAN, DISPUTED, INVALID = STATUSES = ("applied", "conflict", "orphan", "disputed", "invalid")
MONEY = ("value", "unit")  # fields of budget_lines that make its yuan
FORWARDED = ("amount_yuan",)  # columns that follow from others
IDENTIFIER = re.compile(r"(?:.*_)?ids?")
CLIPPED = 40  # characters of a label in a key
LONGEST = 100_000  # characters of a cell
DIGEST, TIME = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|\+00:00)")
NUMBER, WHOLE = re.compile(r"-?[0-9]+(?:\.[0-9]+)?"), re.compile(r"-?[0-9]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
UNSAFE = re.compile(r"[^\w .\-]|^[ .\-]|[ .]$")  # in a file name; \w is letters and digits of every language
DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)  # that Windows takes for no file
LONGEST_NAME = 40
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}  # a cell is one line of the file
ESCAPED = re.compile(r"\\([\\nr])")


class Decision(NamedTuple):
    """One decision of one person: a line of a file. `raw_seen` and `value_seen` are the printed text and the extracted value they looked at."""

    document_sha256: str
    table: str
    row_key: str
    field: str
    action: str
    raw_seen: str
    value_seen: str
    new_value: str
    reason: str
    reviewer: str
    time: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What is decided about."""
        return self[:4]


class Resolved(NamedTuple):
    """A decision and what has become of it. `corrected` and `amount_yuan` (of a line of budget_lines) only where it is applied; `zh`, `en` say why not."""

    decision: Decision
    status: str
    where: str  # file and line
    row_id: str | None = None
    document_id: str | None = None
    department: str | None = None
    fiscal_year: int | None = None
    raw_now: str | None = None
    extracted: str | None = None
    corrected: str | None = None
    amount_yuan: Decimal | None = None
    zh: str = ""
    en: str = ""


class Line(NamedTuple):
    """A line of a file: the decision, or why it is none."""

    where: str
    decision: Decision
    trouble: UsageError | None = None


# rows and fields


@cache
def key_columns(table: str) -> tuple[str, ...]:
    """The columns that say what a row is about, as row_keys.csv lists them."""
    lines = csv.DictReader(files("gongkai").joinpath("row_keys.csv").read_text(encoding="utf-8").splitlines())
    return {line["table"]: tuple(line["columns"].split()) for line in lines}[table]


@cache
def fields(table: str) -> dict[str, schema.Column]:
    """The columns of a table that can be decided about: its own, without ids, lists and what follows from others.

    >>> list(fields("glossary")), "amount_yuan" in fields("budget_lines"), fields("documents")
    (['term', 'definition', 'ordinal'], False, {})
    """
    own = schema.own_columns(table) if table in TABLES[1:] else ()
    return {column.name: column for column in own if not (column.type.startswith("list") or column.name in FORWARDED or IDENTIFIER.fullmatch(column.name))}


def keys(rows: Iterable[Row]) -> dict[str, str]:
    """The keys of the rows of one document and table, by row id: what a row is about, and its number among those about the same.

    >>> row = {"row_id": "50960a0539b8e564-glossary-00002", "term": "“三公”经费", "char_start": 7}
    >>> keys([row, {**row, "row_id": "50960a0539b8e564-glossary-00001", "char_start": 3}])
    {'50960a0539b8e564-glossary-00001': '“三公”经费#1', '50960a0539b8e564-glossary-00002': '“三公”经费#2'}
    """
    found: dict[str, str] = {}
    count: dict[str, int] = defaultdict(int)
    for row in sorted(rows, key=lambda row: (row["char_start"] is None, row["char_start"], row["row_id"])):
        about = "|".join(_part(name, row[name]) for name in key_columns(table_of(row["row_id"]))).rstrip("|")
        count[about] += 1
        found[row["row_id"]] = f"{about}#{count[about]}"
    return found


def table_of(row_id: str) -> str:
    """The table that stands in the id of a row.

    >>> table_of("50960a0539b8e564-budget_lines-00077")
    'budget_lines'
    """
    return row_id[17:].rpartition("-")[0]


def _part(name: str, value: Any) -> str:
    """One column of a key: forms by their number in the document, long labels cut, with a digest for the rest."""
    text = " ".join(re.sub(r"[|#\\\x00-\x20\x7f]+", " ", cell_text(value) if not isinstance(value, str) else value).split())
    if name == "project_id":
        return text.rpartition("-")[2].lstrip("0")
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]}~{sha256(text.encode()).hexdigest()[:6]}"


def as_text(value: Any) -> str:
    """A value as a decision tells it; null is the empty text.

    >>> as_text(Decimal("606.040000")), as_text(None), as_text(True), as_text("=201宗")
    ('606.04', '', 'true', '=201宗')
    """
    return value if isinstance(value, str) else cell_text(value)


def raw_of(row: Row, field: str) -> str:
    """The printed text a field stands on: of its cell where the row knows its cells, else of the row."""
    printed = {cell["field"]: cell["raw"] for cell in reversed(row.get("cells") or ())}
    stem = re.sub(r"_(?:raw|value|unit|operator)$", "", field)
    return str(printed.get(field, printed.get(stem, row["raw"] or "")))


def value_of(table: str, field: str, text: str) -> Any:
    """The value a text says for a field; the empty text is null. Raises `UsageError` for what the column cannot hold.

    >>> value_of("budget_lines", "value", "-606.04"), value_of("budget_lines", "basis", "final"), value_of("budget_lines", "value", "")
    (Decimal('-606.04'), 'final', None)
    """
    column = fields(table)[field]
    if not text and column.nullable:
        return None
    value: Any = text
    if column.type.startswith("decimal"):
        value = Decimal(text) if NUMBER.fullmatch(text) else None
        if value is None or value.adjusted() >= 18 or value != round(value, 6):
            raise UsageError(zh=f"{field} 须为数字，如 1206.40，至多 18 位整数、6 位小数，不带分隔符：“{text[:CLIPPED]}”", en=f"{field} must be a number such as 1206.40, of at most 18 and 6 digits, without separators: {text[:CLIPPED]!r}")
    elif column.type.startswith("int"):
        value = int(text) if WHOLE.fullmatch(text) and len(text) <= 9 else None
        if value is None:
            raise UsageError(zh=f"{field} 须为整数：“{text[:CLIPPED]}”", en=f"{field} must be a whole number: {text[:CLIPPED]!r}")
    elif column.type == "bool":
        value = {"true": True, "false": False}.get(text)
    allowed = schema.allows(column)
    if value is None or (column.values and not allowed(value)) or (not text and not column.values):
        values = column.values or ("true|false" if column.type == "bool" else "不可为空 not empty")
        raise UsageError(zh=f"{field} 不能是“{text[:CLIPPED]}”，可取 {values}", en=f"{field} cannot be {text[:CLIPPED]!r}; it may be {values}")
    return value


# files


def now() -> str:
    """The time as a decision tells it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def file_name(reviewer: str) -> str:
    """The file of a reviewer, one name on every system; what a name of a file cannot hold is replaced, and a digest keeps two such names apart.

    >>> file_name("王敏"), file_name("Ann Lee"), file_name("../../etc")
    ('王敏.csv', 'Ann Lee.csv', '_._.._etc~74ccf3.csv')
    """
    safe = UNSAFE.sub("_", reviewer)[:LONGEST_NAME]
    if safe != reviewer or DEVICES.fullmatch(safe):
        safe = f"{safe}~{sha256(reviewer.encode()).hexdigest()[:6]}"
    return f"{safe}.csv"


def trouble_of(decision: Decision) -> UsageError | None:
    """Why a decision cannot be meant."""
    table, field, action = decision.table, decision.field, decision.action
    if table not in TABLES[1:]:
        return UsageError(zh=f"没有可核对的表 {table[:CLIPPED]}", en=f"there is no table {table[:CLIPPED]!r} to decide about")
    if field not in fields(table):
        return UsageError(zh=f"表 {table} 没有可核对的列 {field[:CLIPPED]}", en=f"the table {table} has no column {field[:CLIPPED]!r} to decide about")
    if action not in {CONFIRM, CORRECT}:
        return UsageError(zh=f"action 须为 confirm 或 correct：“{action[:CLIPPED]}”", en=f"action must be confirm or correct: {action[:CLIPPED]!r}")
    if not DIGEST.fullmatch(decision.document_sha256) or not decision.row_key:
        return UsageError(zh="须有文件的 sha256 与行键", en="the sha256 of the document and the key of the row are needed")
    if not decision.reviewer.strip() or CONTROL.search(decision.reviewer):
        return UsageError(zh="须写明核对人", en="the reviewer must have a name")
    if not _is_time(decision.time):
        return UsageError(zh=f"time 须为 UTC 时间，如 2024-05-01T08:00:00Z：“{decision.time[:CLIPPED]}”", en=f"time must be UTC such as 2024-05-01T08:00:00Z: {decision.time[:CLIPPED]!r}")
    if max(map(len, decision)) > LONGEST:
        return UsageError(zh="内容过长", en="a cell is too long")
    if action == CONFIRM:
        return UsageError(zh="confirm 不带新值", en="confirm has no new value") if decision.new_value else None
    try:
        value_of(table, field, decision.new_value)
    except UsageError as error:
        return error
    return None


def _is_time(text: str) -> bool:
    try:
        return bool(TIME.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:  # the thirteenth month
        return False


def load(output: Path) -> list[Decision]:
    """All decisions that can be meant, by key; lines that cannot are named by `resolve` (status `invalid`), as are people who contradict each other (`disputed`)."""
    return sorted(line.decision for line in lines(output) if line.trouble is None)


def lines(output: Path) -> Iterator[Line]:
    """Every line of every file, those too that are no decision."""
    for file in sorted((output / OVERRIDES).glob("*.csv")):
        yield from _lines(file)


def _lines(file: Path) -> Iterator[Line]:
    name = f"{OVERRIDES}/{file.name}"
    blank = Decision(*[""] * len(Decision._fields))._replace(reviewer=file.stem)
    try:
        reader = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""))
        for number, cells in enumerate(reader):
            where = f"{name}:{reader.line_num}"
            if number == 0:
                if tuple(cells) != Decision._fields:
                    yield Line(where, blank, UsageError(zh="表头不是核对文件的表头", en="the header is not that of a file of decisions"))
                    return
            elif len(cells) != len(blank):
                yield Line(where, blank._replace(reason=",".join(cells)[:CLIPPED]), UsageError(zh="列数不对，可能是 git 合并未完成", en="not the columns of a decision; an unfinished merge of git?"))
            else:
                decision = Decision(*map(text_of, cells))
                yield Line(where, decision, trouble_of(decision))
    except (UnicodeDecodeError, csv.Error) as error:
        yield Line(name, blank, UsageError(zh="不是 UTF-8 CSV，无法读取", en=f"is not CSV in UTF-8: {error}"))


def text_of(cell: str) -> str:
    """What `cell_of` was given."""
    return ESCAPED.sub(lambda match: {"\\": "\\", "n": "\n", "r": "\r"}[match[1]], unguarded(cell))


def cell_of(text: str) -> str:
    r"""A text as one cell of one line, that no spreadsheet runs.

    >>> cell_of("=A1\n二"), text_of(cell_of("=A1\n二")) == "=A1\n二"
    ("'=A1\\n二", True)
    """
    return guarded("".join(ESCAPES.get(letter, letter) for letter in text))


def decide(output: Path, decision: Decision) -> Decision | None:
    """Add a decision, in place of the one its reviewer made of the same field before, which is returned. Raises `UsageError` for one that cannot be meant."""
    if (trouble := trouble_of(decision)) is not None:
        raise trouble
    return _changed(output, decision, keep=True)


def withdraw(output: Path, decision: Decision) -> Decision | None:
    """Take out what the reviewer of a decision decided about its field; it is returned, None where there is nothing."""
    return _changed(output, decision, keep=False)


def _changed(output: Path, decision: Decision, *, keep: bool) -> Decision | None:
    file = output / OVERRIDES / file_name(decision.reviewer)
    with _alone(output):
        held = list(_lines(file)) if file.is_file() else []
        former = next((line.decision for line in held if line.decision.key == decision.key), None)
        rest = [line for line in held if line.decision.key != decision.key]
        _rewrite(file, [*rest, *([Line("", decision)] if keep else [])])
    return former


def _rewrite(file: Path, held: list[Line]) -> None:
    """Write a file anew, sorted. Raises `OutputError` where that would lose a line that cannot be read."""
    for line in held:
        if line.trouble is not None and not line.decision.table:
            raise OutputError(zh=f"{line.where} 无法读取，请先改正：{line.trouble}", en=f"mend {line.where} first")
    if not held:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Decision._fields)
    writer.writerows(map(cell_of, line.decision) for line in sorted(held, key=attrgetter("decision")))
    replace_text(file, text.getvalue())


@contextmanager
def _alone(output: Path) -> Iterator[None]:
    with (output / LOCK).open("a") as lock:
        if sys.platform != "win32":
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def gather(places: Sequence[Path], output: Path) -> int:
    """Bring the decisions of other datasets into this one; of two of one person on one field the later. How many files there were.

    Raises `OutputError` for a file with a line that cannot be read.
    """
    count = 0
    for name in sorted({file.name for place in places for file in (place / OVERRIDES).glob("*.csv")}):
        held: dict[tuple[str, ...], Line] = {}
        for place in (output, *places):
            file = place / OVERRIDES / name
            for line in _lines(file) if file.is_file() else ():
                key = (*line.decision.key, "" if line.decision.table else line.where)
                if key not in held or held[key].decision.time < line.decision.time:
                    held[key] = line
        _rewrite(output / OVERRIDES / name, list(held.values()))
        count += 1
    return count


def fingerprint(output: Path) -> int:
    """A number that changes with any decision; 0 where there are none."""
    digest = sha256()
    held = sorted((output / OVERRIDES).glob("*.csv"))
    for file in held:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return int(digest.hexdigest()[:15], 16) if held else 0


# what has become of them


def resolve(output: Path) -> Iterator[Resolved]:
    """Every decision with its status and, where there is one, its row, by key."""
    found = list(lines(output))
    told = [_refused(line) for line in found if line.trouble is not None]
    sound = [line for line in found if line.trouble is None]
    places = _places(output, {line.decision.document_sha256 for line in sound})
    for place, here in groupby(sorted(sound, key=lambda line: (str(places.get(line.decision.document_sha256, "")), line.decision)), key=lambda line: places.get(line.decision.document_sha256)):
        told += _settled(_in_folder(place, list(here)))
    yield from sorted(told, key=lambda one: (one.decision, one.where))


def _refused(line: Line) -> Resolved:
    said = str(line.trouble)
    zh, _, en = said.partition(" / ")
    return Resolved(line.decision, INVALID, line.where, zh=zh, en=en)


def _places(output: Path, wanted: set[str]) -> dict[str, Path]:
    """The folders of documents, by the journal; where there is none, by looking into every folder."""
    if not wanted:
        return {}
    if (output / journal.JOURNAL).exists():
        with journal.looked_into(output) as store:
            entries = ((digest, journal.find(store, digest[:16])) for digest in sorted(wanted))
            return {digest: output / entry.folder for digest, entry in entries if entry is not None and (output / entry.folder).is_dir()}
    held = ((digest, place) for place in folders(output) for digest in read_table(place / "documents.parquet", "documents").column("source_sha256").to_pylist())
    return {digest: place for digest, place in held if digest in wanted}


def _in_folder(place: Path | None, here: list[Line]) -> Iterator[Resolved]:
    """The decisions about one folder's documents, each by itself."""
    documents = {row["source_sha256"]: row for row in read_table(place / "documents.parquet", "documents").to_pylist()} if place else {}
    for (digest, table), asked in groupby(here, key=lambda line: line.decision.key[:2]):
        document = documents.get(digest)
        if document is None or place is None:
            yield from (Resolved(line.decision, ORPHAN, line.where, zh="文件不在数据集中；再次读入，或删去此行", en="the document is not in the dataset; read it again, or take the line out") for line in asked)
            continue
        rows = [row for row in read_table(place / f"{table}.parquet", table).to_pylist() if row["document_id"] == document["document_id"]]
        ids = {key: row_id for row_id, key in keys(rows).items()}
        by_id = {row["row_id"]: row for row in rows}
        yield from (_compared(line, document, by_id.get(ids.get(line.decision.row_key, ""))) for line in asked)


def _compared(line: Line, document: Row, row: Row | None) -> Resolved:
    decision = line.decision
    known = Resolved(decision, ORPHAN, line.where, document_id=document["document_id"], department=document["department"], fiscal_year=document["fiscal_year"])
    if row is None:
        return known._replace(zh="该文件中已无此行；请重新核对并删去此行", en="the document has no such row any more; decide anew and take the line out")
    raw, extracted = raw_of(row, decision.field), as_text(row[decision.field])
    known = known._replace(row_id=row["row_id"], raw_now=raw, extracted=extracted)
    if raw != decision.raw_seen:
        return known._replace(status=CONFLICT, zh=f"此处原文现为“{raw[:CLIPPED]}”，核对时为“{decision.raw_seen[:CLIPPED]}”；请重新核对", en=f"the text here is now {raw[:CLIPPED]!r}; {decision.raw_seen[:CLIPPED]!r} was decided about: decide anew")
    if decision.action == CONFIRM and not _same(decision, extracted, decision.value_seen):
        return known._replace(status=CONFLICT, zh=f"所确认的值为“{decision.value_seen[:CLIPPED]}”，现读作“{extracted[:CLIPPED]}”；请重新核对", en=f"{decision.value_seen[:CLIPPED]!r} was confirmed, {extracted[:CLIPPED]!r} is read now: decide anew")
    return known._replace(status=APPLIED, corrected=decision.new_value if decision.action == CORRECT else None, amount_yuan=_amount(decision, row))


def asserted(decision: Decision) -> Any:
    """What a decision says the value is."""
    text = decision.new_value if decision.action == CORRECT else decision.value_seen
    try:
        return value_of(decision.table, decision.field, text)
    except UsageError:  # of a confirmed value only: as it is told
        return text


def _same(decision: Decision, one: str, other: str) -> bool:
    return one == other or asserted(decision._replace(action=CONFIRM, value_seen=one)) == asserted(decision._replace(action=CONFIRM, value_seen=other))


def _amount(decision: Decision, row: Row) -> Decimal | None:
    """The yuan of a line with this decision on it."""
    if decision.table != "budget_lines" or decision.field not in MONEY:
        return None
    changed = {name: row[name] for name in MONEY} | {decision.field: asserted(decision)}
    return yuan(changed["value"], changed["unit"])


def yuan(value: Decimal | None, unit: str | None) -> Decimal | None:
    """The amount in yuan; None for what is no money, or more than a column of yuan holds.

    >>> yuan(Decimal("1.5"), "万元"), yuan(Decimal("1.5"), "%"), yuan(Decimal("9" * 18), "亿元")
    (Decimal('15000.00'), None, None)
    """
    try:
        amount = to_yuan(value, unit)
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.adjusted() < 18 else None


def _settled(found: Iterable[Resolved]) -> list[Resolved]:
    """Decisions of several people on one field: applied where they say the same, disputed where they do not. Value and unit of one line make its yuan together."""
    told: list[Resolved] = []
    said: dict[tuple[str | None, str], Any] = {}  # of lines of budget_lines, by row and field
    for (_, table, _, field), group in groupby(sorted(found, key=attrgetter("decision")), key=lambda one: one.decision.key):
        together = list(group)
        live = [one for one in together if one.status == APPLIED]
        values = [asserted(one.decision) for one in live]
        if any(value != values[0] for value in values):
            names = "、".join(sorted({one.decision.reviewer for one in live}))
            zh, en = f"{names} 的核对结果不同，均未采用；请商定后改正其一", f"{names} decided differently, none is applied: agree and change one"
            together = [one._replace(status=DISPUTED, corrected=None, amount_yuan=None, zh=zh, en=en) if one.status == APPLIED else one for one in together]
        elif live and table == "budget_lines":
            said[live[0].row_id, field] = values[0]
        told += together
    both = {row_id: yuan(said[row_id, "value"], said[row_id, "unit"]) for row_id, field in said if field == "value" and (row_id, "unit") in said}
    return [one._replace(amount_yuan=both[one.row_id]) if one.status == APPLIED and one.row_id in both and one.decision.field in MONEY else one for one in told]
