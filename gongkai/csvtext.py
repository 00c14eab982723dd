"""The CSV form of a table: UTF-8 without BOM, RFC 4180 quoting, exact decimals, nothing a spreadsheet would run.

A spreadsheet runs a cell that begins with ``= + - @``, quoted or not, and targets like ``=201宗`` do begin so. No prefix is dropped by
pandas, polars and DuckDB alike (docs/decisions/csv.md: every character was tried), so the cell gets an apostrophe, which is undone by one
documented expression. Plain signed numbers (-56.95), dashes and lone operators stay as they are: there is nothing in them to run.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gongkai import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gongkai.rows import Row

GUARDED = re.compile(r"'*[=+\-@＝＋－＠\t\r]")
HARMLESS = re.compile(r"[+\-]?[0-9][0-9,]*(?:\.[0-9]+)?%?|[=+@＝＋－＠]|-+")  # what a spreadsheet can only show: numbers, a sign alone
QUOTED = re.compile('[",\n\r]')
GUARD = "'"
FIRST = frozenset("'=+-@＝＋－＠\t\r")  # what GUARDED can begin with
UNGUARD = r"^'('*[=+\-@＝＋－＠\t\r])"  # replaced by \1, this reads a cell back; the same pattern works in pandas, polars and DuckDB


def guarded(text: str) -> str:
    """The text as a spreadsheet may see it.

    >>> guarded("=201宗"), guarded("-56.95"), guarded("≥95%"), guarded("=")
    ("'=201宗", '-56.95', '≥95%', '=')
    """
    return GUARD + text if GUARDED.match(text) and not HARMLESS.fullmatch(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded("'=201宗"), unguarded("'十三五'时期")
    ('=201宗', "'十三五'时期")
    """
    return re.sub(UNGUARD, r"\1", cell)


def cell_text(value: Any) -> str:
    """One value as a cell; null is the empty cell.

    >>> cell_text(Decimal("606.0400")), cell_text(Decimal("0.00")), cell_text(True), cell_text(["a"])
    ('606.04', '0', 'true', '["a"]')
    """
    return "" if value is None else str(PRINTED.get(type(value), str)(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text


def _text(value: str) -> str:
    return _quoted(guarded(value) if value[:1] in FIRST else value)


def _shortest(value: Decimal) -> str:
    digits = format(value, "f")
    return (digits.rstrip("0").rstrip(".") if "." in digits else digits) if value else "0"


def _cents(value: Decimal) -> str:
    return format(value, ".2f")


def _list(value: list[Any]) -> str:
    return _quoted(_json(value))


def _truth(value: bool) -> str:
    return "true" if value else "false"


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
PRINTED: dict[type, Callable[[Any], str]] = {str: guarded, bool: _truth, Decimal: _shortest, list: _json}
COLUMN_TYPES: dict[str, Callable[[Any], str]] = {
    "string": _text, "bool": _truth, "int32": str, "int64": str, "double": repr, "decimal(24,6)": _shortest, "decimal(20,2)": _cents,
}  # fmt: skip


def csv_header(table: str) -> str:
    """The first line of a table's CSV."""
    return ",".join(column.name for column in schema.columns(table)) + "\n"


def csv_body(table: str, rows: Sequence[Row]) -> str:
    """The rows of a table as CSV lines; yuan keep their two decimals, every other decimal drops trailing zeros."""
    columns: list[Iterable[str]] = []
    for column, values in zip(schema.columns(table), zip(*rows, strict=True), strict=False):
        printed: Callable[[Any], str] = COLUMN_TYPES.get(column.type, _list)
        if printed is _text:  # most texts of a column are a few names, again and again
            cells = {value: _text(value) for value in {*values} if value is not None} | {None: ""}
            columns.append(map(cells.__getitem__, values))
        else:
            columns.append(["" if value is None else printed(value) for value in values])
    return "".join([",".join(cells) + "\n" for cells in zip(*columns, strict=True)])
