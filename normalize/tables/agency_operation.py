"""机构运行信息表: “三公” money and counts, agency operation, state assets and procurement in one list, often two lists side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from normalize.folding import key
from normalize.records import BudgetLine, Quantity
from normalize.tables.cells import Taken, read_value
from normalize.tables.columns import Block, read_columns
from normalize.tables.kinds import alternatives
from normalize.tables.rows import bare_label
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normalize.tables.cells import Read, Table
    from normalize.tables.columns import Setting

_COUNTED = re.compile(r"\((?P<unit>个|人|人次|辆|批次|台,?套|台\(套\)|台、套|件|宗)\)$|(?:数|量|批次|人次)$")
_UNITS = {"台,套": "台(套)", "台套": "台(套)", "台、套": "台(套)"}


@dataclass(frozen=True, slots=True)
class _Rule:
    says: re.Pattern[str]
    under: re.Pattern[str] | None
    measure: str
    category: str | None
    unit: str | None

    def fits(self, label: str, above: Sequence[str]) -> bool:
        return bool(self.says.fullmatch(label)) and (self.under is None or any(self.under.fullmatch(one) for one in above))


def _rules(name: str) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(alternatives(rule["says"]), alternatives(rule["under"]) if "under" in rule else None, rule["measure"], rule.get("category"), rule.get("unit"))
        for rule in load_toml("tables.toml")[name]
    )


_COUNTS = _rules("agency_rows")
_MONEY = _rules("agency_money")


def read(table: Table, setting: Setting) -> Taken:
    """Money rows as budget lines (column amount), counts as quantities with the measures of the narrative."""
    taken = Taken()
    reading = read_columns(table.grid, table.kind, setting)
    for block in reading.blocks:
        above: list[str] = []
        for row in table.grid.body:
            label = _label(table, block, row, taken)
            if label is None:
                continue
            folded = key(label)
            for amount in block.amounts:
                box = table.grid.boxes[row][amount.index]
                if box is None or box.cell.row != row or box.cell.column != amount.index:
                    continue
                read = read_value(table, box, None, taken)
                if read is not None:
                    _take(table, taken, label, above, amount.basis, read)
            above.insert(0, folded)
        taken.explained += [box.span for i in block.row_numbers for row in table.grid.body if (box := table.grid.boxes[row][i]) is not None and box.text]
    return taken


def _label(table: Table, block: Block, row: int, taken: Taken) -> str | None:
    for named in block.named:
        box = table.grid.boxes[row][named.index]
        if named.role == "label" and box is not None and box.text:
            taken.explained.append(box.span)
            return bare_label(table.document.text(box.span))
    return None


def _take(table: Table, taken: Taken, label: str, above: Sequence[str], basis: str, read: Read) -> None:
    folded = key(label)
    count = next((rule for rule in _COUNTS if rule.fits(folded, above)), None)
    counted = _COUNTED.search(folded)
    if count is not None or (counted and counted["unit"]):
        stated = counted["unit"] if counted else None
        unit = _UNITS.get(stated or "", stated) or (count.unit if count else None)
        category = re.sub(r"^([^(]*)\(.*\)$", r"\1", folded) if count and count.category == "label" else count.category if count else None
        measure = count.measure if count else "other_count"
        taken.quantities.append(
            Quantity(measure, basis, read.value, unit, read.raw, read.span, "tables.agency_operation", category=category, table_kind="agency_operation")
        )
        return
    money = next((rule for rule in _MONEY if rule.fits(folded, above)), None)
    taken.lines.append(
        BudgetLine(
            origin="table",
            basis=basis,
            value=read.value,
            unit=read.unit or table.unit,
            raw=read.raw,
            span=read.span,
            rule="tables.agency_operation",
            table_kind="agency_operation",
            table_ordinal=table.ordinal,
            item_label=label,
            column="amount",
            measure=money.measure if money else None,
            category=money.category if money else None,
        )
    )
