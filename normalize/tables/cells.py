"""Amount cells to `BudgetLine` rows: blank, dash, number and unreadable stay four things (单元格)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Span
from normalize.codes import function_code
from normalize.folding import key
from normalize.numbers import is_dash, parse_number, parse_percent
from normalize.records import BudgetLine, Finding
from normalize.tables.kinds import alternatives
from normalize.tables.rows import Carried, Item, read_row
from normalize.tables.three_public import boxes_of, read_shape
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from decimal import Decimal

    from extract.document import Document
    from normalize.records import Quantity
    from normalize.tables.columns import Amount, Block, Reading, Setting
    from normalize.tables.grid import Box, Grid
    from normalize.tables.kinds import Kind

_MEASURES: dict[str, dict[str, str]] = load_toml("tables.toml")["measures"]
_ROW_MEASURES = {
    kind: {side: {name: alternatives(patterns) for name, patterns in rows.items()} for side, rows in sides.items()}
    for kind, sides in load_toml("tables.toml")["row_measures"].items()
}
_TOTAL_ROW = re.compile(r"(?:总|合|共)计|(?:本年)?(?:收入|支出)(?:总|合)计")
_FUNCTION = re.compile(r"2\d{2}(?:\d{2}){0,2}")
_ECONOMIC = re.compile(r"[35]\d{2}(?:\d{2}){0,2}")


@dataclass(slots=True)
class Taken:
    """What has been read out of one table so far."""

    lines: list[BudgetLine] = field(default_factory=list)
    quantities: list[Quantity] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    explained: list[Span] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """The table that is being read: which one it is, and the unit of its amounts."""

    document: Document
    grid: Grid
    kind: Kind
    ordinal: int
    unit: str | None


def own_text(document: Document, span: Span) -> Span:
    """The span without blanks at its ends."""
    text = document.text(span)
    return Span(span.start + len(text) - len(text.lstrip()), span.end - (len(text) - len(text.rstrip())))


def _unknown_row(table: Table, named: list[Box], amounts: list[tuple[Box, Amount]]) -> list[Finding]:
    if not any(parse_number(box.text) is not None for box, _ in amounts):
        return []
    label = "".join(box.text for box in named)[:60]
    return [
        Finding(
            "unknown_row",
            "undefined",
            f"{table.kind.zh}有一行不认识，数字未读：{label}",
            f"a row of {table.kind.id} is not known, its numbers were not read: {label}",
            severity="look",
            table_kind=table.kind.id,
            span=amounts[0][0].span,
        )
    ]


class Read(NamedTuple):
    """One amount cell: its value, the cell as printed, and the unit where the cell itself prints one."""

    value: Decimal
    raw: str
    span: Span
    unit: str | None


_WITH_UNIT = re.compile(r"(?P<number>[-+(]?[\d,.]+\)?)(?P<unit>(?:百|千|万|亿)?元|%)")


def read_value(table: Table, box: Box, unit: str | None, taken: Taken) -> Read | None:
    """Value and printed text of an amount cell; a dash is explained, an unreadable cell becomes a finding, a blank is nothing."""
    if not box.text:
        return None
    span = own_text(table.document, box.span)
    raw = table.document.text(span)
    value = parse_percent(raw) if unit == "%" else parse_number(raw)
    if value is not None:
        return Read(value, raw, span, None)
    stated = _WITH_UNIT.fullmatch(box.text)
    value = parse_number(stated["number"]) if stated else None
    if stated and value is not None:
        return Read(value, raw, span, stated["unit"])
    if is_dash(box.text):
        taken.explained.append(span)
        return None
    taken.findings.append(
        Finding(
            "unreadable_amount",
            "unreadable",
            f"{table.kind.zh}的金额单元格读不出数字：{raw[:40]}",
            f"an amount cell of {table.kind.id} is no number: {raw[:40]}",
            severity="look" if any(c.isdigit() for c in raw) else "note",
            table_kind=table.kind.id,
            span=span,
            raw=raw,
        )
    )
    return None


def read_cells(table: Table, reading: Reading, setting: Setting, carried: tuple[Carried, ...]) -> Taken:
    """All amounts of a table whose columns have been read; `carried` has the codes above, one per block, and is kept up to date."""
    taken = Taken()
    for block, above in zip(reading.blocks, carried, strict=True):
        path: list[str] = []
        for number in table.grid.body:
            row = read_row(table.document, table.grid, block, number, above, table.kind.primary)
            taken.explained += row.spans
            named = _named_function(table.kind, block.side, row.item, path, setting.fiscal_year)
            subject = table.kind.primary == "project" and _lists_subjects(table.grid, block, row.item)
            taken.explained += [box.span for i in block.row_numbers if (box := table.grid.boxes[number][i]) is not None and box.text]
            for amount in block.amounts:
                box = table.grid.boxes[number][amount.index]
                if box is None or box.cell.row != number or not _belongs(box, amount, block.amounts):
                    continue
                read = read_value(table, box, amount.unit or table.unit, taken)
                if read is not None:
                    taken.lines.append(_line(table, row.item, row.items, amount, block.side, read, _basis(amount.basis, row.year, setting), named, subject=subject))
    taken.lines.sort(key=lambda line: line.span)  # as the page is read: row by row, not half by half
    return taken


def _belongs(box: Box, amount: Amount, amounts: tuple[Amount, ...]) -> bool:
    """The cell is the column's own, or begins in a column that names the row and prints the only amount it covers (a rule is missing)."""
    if box.cell.column == amount.index:
        return True
    covered = [one for one in amounts if box.cell.column <= one.index < box.cell.column + box.cell.colspan]
    return covered == [amount] and parse_number(box.text) is not None


def _named_function(kind: Kind, side: str | None, item: Item, path: list[str], year: int | None) -> str | None:
    """The functional code of a row that prints a name only: a class (类), or what stands in the list below the rows above; `path` is kept."""
    expected = side == "expenditure" if kind.sided else kind.primary == "function" and item.system in {"function", "plain"}
    if not expected or item.code or not item.label or item.system in {"economic", "government_economic"}:
        return None
    for depth in range(len(path) + 1 if kind.primary == "function" else 1):
        parent = path[depth - 1] if depth else None
        code = function_code(item.label, year, parent)
        if code:
            path[depth:] = [code]
            return code
    return None


def _basis(basis: str, year: int | None, setting: Setting) -> str:
    if year is None or setting.fiscal_year is None or year >= setting.fiscal_year:
        return basis
    return {"initial_budget": "prior_budget", "final": "prior_final"}.get(basis, basis)


def _line(table: Table, item: Item, items: tuple[Item, ...], amount: Amount, side: str | None, read: Read, basis: str, named: str | None = None, *, subject: bool = False) -> BudgetLine:
    return BudgetLine(
        origin="table",
        basis=basis,
        value=read.value,
        unit=read.unit or amount.unit or table.unit,
        raw=read.raw,
        span=read.span,
        rule=f"tables.{table.kind.id}",
        table_kind=table.kind.id,
        table_ordinal=table.ordinal,
        side=side,
        item_code=item.code,
        item_label=item.label,
        column=amount.column,
        measure=_measure(table.kind.id, item, amount.column, side),
        function_code=_coded(items, _FUNCTION, "function", table.kind.codes != "economic") or named,
        economic_code=amount.economic or _coded(items, _ECONOMIC, "economic", table.kind.codes != "function"),
        project=item.label if table.kind.primary == "project" and item.label and not subject and not _TOTAL_ROW.fullmatch(item.label) else None,
    )


def _lists_subjects(grid: Grid, block: Block, item: Item) -> bool:
    """The label of the row stands under 科目名称: a subject that projects belong to, not a project or a thing to be bought."""
    heads = [grid.paths[one.index] for one in block.named if one.role == "label" and one.system == item.system]
    return bool(heads) and any("科目" in box.text for box in heads[-1])


def _coded(items: tuple[Item, ...], pattern: re.Pattern[str], system: str, plain: bool) -> str | None:
    for wanted in (system, "plain", f"government_{system}"):
        for item in items:
            if item.system == wanted and item.code and pattern.fullmatch(item.code) and (plain or wanted == system):
                return item.code
    return None


def _measure(kind: str, item: Item, column: str, side: str | None) -> str | None:
    label = key(item.label or "")
    sides = _ROW_MEASURES.get(kind, {})
    if sides:
        rows = sides.get(side or "any", {}) | sides.get("any", {})
        found = next((name for name, pattern in rows.items() if pattern.fullmatch(label)), None)
        return found if column in {"amount", "total"} else None
    measure = _MEASURES.get(kind, {}).get(column)
    if kind == "gpb_expenditure":  # every row of it is a gpb_expenditure of some function
        return measure
    return measure if kind == "three_public" or _TOTAL_ROW.fullmatch(label) else None


def read_three_public(table: Table, setting: Setting) -> Taken:
    """The amounts of a “三公”经费 table; a table of one row has no item label, lists of units and years keep theirs."""
    taken = Taken()
    grid = table.grid
    shape = read_shape(grid, setting)
    for row in grid.body:
        named = [box for i in shape.labels if (box := grid.boxes[row][i]) is not None and box.text]
        taken.explained += [box.span for box in named]
        year = None
        if shape.year_column is not None and (box := grid.boxes[row][shape.year_column]) is not None:
            taken.explained.append(box.span)
            found = re.search(r"(?:19|20)\d\d", box.text)
            year = int(found[0]) if found else None
        listed = shape.listed.get(row)
        if shape.listed and listed is None:
            taken.findings += _unknown_row(table, named, boxes_of(grid, row, shape))
            continue
        label = None if listed or not named else re.sub(r"\s+", "", table.document.text(named[-1].span))
        code = next((box.text for box in named if box.text.isdigit()), None)
        for box, amount in boxes_of(grid, row, shape):
            read = read_value(table, box, amount.unit or table.unit, taken)
            if read is None:
                continue
            column = f"{listed}{amount.column}" if listed else amount.column
            item = Item("plain", None if listed else code, label)
            whole = type(amount)(amount.index, column, amount.basis, amount.unit)
            taken.lines.append(_line(table, item, (), whole, None, read, _basis(amount.basis, year, setting)))
    return taken
