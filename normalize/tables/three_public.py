"""“三公”经费 tables: items as columns in blocks or alternating with 预算 and 决算, or items as rows, and funds beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from normalize.numbers import is_dash
from normalize.tables.columns import Amount, combine_bases, is_basis, role_of, said_bases, word
from normalize.tables.kinds import alternatives
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from normalize.tables.columns import Setting
    from normalize.tables.grid import Box, Grid

_ITEMS: dict[str, re.Pattern[str]] = {name: alternatives(patterns) for name, patterns in load_toml("tables.toml")["three_public"].items()}
_PARTS: dict[str, re.Pattern[str]] = {name: alternatives(patterns) for name, patterns in load_toml("tables.toml")["three_public_parts"].items()}
_FUNDS: dict[str, re.Pattern[str]] = {name: alternatives(patterns) for name, patterns in load_toml("tables.toml")["three_public_funds"].items()}
_WHOLE = alternatives(["合计", "总计", "小计"])


@dataclass(frozen=True, slots=True)
class Shape:
    """How one table is laid out: amount columns (with a fund suffix), and for a list the column that names the rows."""

    amounts: tuple[Amount, ...]
    labels: tuple[int, ...]
    year_column: int | None
    listed: dict[int, str]  # body row -> item, for lists


def item_of(words: Sequence[str]) -> str | None:
    """The item a header path or a label names; 小计 takes its meaning from the word above it.

    >>> item_of(["公务用车购置及运行维护费", "小计"]), item_of(["公务用车购置及运行费", "购置费"]), item_of(["合计"])
    ('vehicle_total', 'vehicle_purchase', 'total')
    """
    for text in reversed(words):
        if _WHOLE.fullmatch(text) and text is not words[0]:
            continue
        found = next((name for name, pattern in _ITEMS.items() if pattern.fullmatch(text)), None)
        if found:
            return found
    return None


def _fund_of(words: Sequence[str]) -> str | None:
    return next((name for name, pattern in _FUNDS.items() if words and pattern.fullmatch(words[-1])), None)


def read_shape(grid: Grid, setting: Setting) -> Shape:
    """Where the amounts stand and what they mean."""
    roles = [role_of(path) for path in grid.paths]
    labels = tuple(i for i, role in enumerate(roles) if role and role[0] in {"label", "code"})
    year_column = next((i for i, role in enumerate(roles) if role and role[0] == "year"), None)
    listed = _listed(grid, labels)
    columns = [(i, path) for i, path in enumerate(grid.paths) if roles[i] is None and path]
    found = []
    for index, path in columns:
        own = [box for box in path if not any(box in grid.paths[label] for label in labels)]
        words = [word(box.text) for box in own]
        words = [text for text in words if text and not is_basis(text)]
        fund = _fund_of(words)
        basis = combine_bases(said_bases(own, setting.fiscal_year), setting, "".join(box.text for box in own))
        item = None if listed else item_of([text for text in words if not (fund and text == words[-1])])
        if listed and not fund and words and not said_bases(own, None) and not _WHOLE.fullmatch(words[-1]):
            continue
        if item or listed:
            found.append((index, item or "", fund, basis))
    whole = {(item, basis) for _, item, fund, basis in found if fund is None}
    amounts = []
    for index, item, fund, basis in found:
        suffix = f"_{fund}" if fund and (fund != "general_public_budget" or (item, basis) in whole) else ""
        amounts.append(Amount(index, item + suffix, basis, "%" if "pct" in basis else None))
    return Shape(_combined(grid, amounts), labels, year_column, listed)


def _combined(grid: Grid, amounts: list[Amount]) -> tuple[Amount, ...]:
    """Where 会议费 and 培训费 stand beside the items, a 合计 over all of them is not the 三公 total below it."""
    totals = [amount for amount in amounts if amount.column == "total"]
    doubled = {basis for basis in {one.basis for one in totals} if sum(one.basis == basis for one in totals) > 1}
    return tuple(
        Amount(one.index, "total_with_meeting_training", one.basis, one.unit)
        if one.column == "total" and one.basis in doubled and not any("三公" in box.text for box in grid.paths[one.index])
        else one
        for one in amounts
    )


def _listed(grid: Grid, labels: tuple[int, ...]) -> dict[int, str]:
    rows = {}
    for row in grid.body:
        box = next((grid.boxes[row][i] for i in labels if grid.boxes[row][i] is not None and grid.boxes[row][i].text), None)  # type: ignore[union-attr]
        item = _part_or_item(word(box.text)) if box is not None and not is_dash(box.text) else None
        if item:
            rows[row] = item
    return rows if len(set(rows.values()) - {"total"}) > 1 else {}


def _part_or_item(label: str) -> str | None:
    return next((name for name, pattern in _PARTS.items() if pattern.fullmatch(label)), None) or item_of([label])


def boxes_of(grid: Grid, row: int, shape: Shape) -> list[tuple[Box, Amount]]:
    """The amount cells of one row."""
    found = []
    for amount in shape.amounts:
        box = grid.boxes[row][amount.index]
        if box is not None and box.cell.row == row and box.cell.column == amount.index:
            found.append((box, amount))
    return found
