"""Which kind claims a table (表种认定): its title, borne out or overruled by header and codes; else header and labels alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from normalize.records import Finding
from normalize.tables.columns import Setting, read_columns, word
from normalize.tables.kinds import KINDS

if TYPE_CHECKING:
    from normalize.tables.context import Context
    from normalize.tables.grid import Grid
    from normalize.tables.kinds import Kind

_SWAPPED = {  # a title that leaves the classification open; the codes of the rows settle it
    ("gpb_expenditure", "economic"): "gpb_economic",
    ("project_expenditure", "economic"): "gpb_project_economic",
    ("gpb_economic", "function"): "gpb_expenditure",
    ("gpb_basic_economic", "function"): "gpb_basic_functional",
    ("gpb_basic_functional", "economic"): "gpb_basic_economic",
    ("fiscal_expenditure", "economic"): "fiscal_economic",
    ("fiscal_economic", "function"): "fiscal_expenditure",
}
_COUNTS = re.compile(r"团组数|保有量|接待批次")
_FUNCTION_CODE = re.compile(r"[\[(]?2\d\d(?:\d\d){0,2}(?:[\])\-]|$|(?=[一-鿿]))")
_ECONOMIC_CODE = re.compile(r"[\[(]?30[1-9]\d{0,4}(?:[\])\-]|$|(?=[一-鿿]))")


def claim(grid: Grid, context: Context) -> tuple[Kind | None, tuple[Finding, ...]]:
    """The one kind that claims a table; two that both do are a finding, and none of them reads it."""
    named = [kind for name in context.kinds if bears_out(kind := _by_codes(KINDS[name], grid), grid)]
    if not named:
        fitting = {kind.id: len(kind.header) for kind in _signed(grid)}
        noted = {kind.id for kind in KINDS.values() if any(kind.notes.search(line.text) for line in context.notes) and bears_out(kind, grid)}
        claims = noted or {name for name, size in fitting.items() if size == max(fitting.values())}
        named = [_by_codes(KINDS[name], grid) for name in sorted(claims)]
    if len(named) > 1:
        ids = ", ".join(kind.id for kind in named)
        doubt = Finding(
            "ambiguous_table",
            "undefined",
            f"一张表有几种读法，未读：{ids}",
            f"more than one kind claims a table, none was read: {ids}",
            severity="look",
            span=grid.table.span,
        )
        return None, (doubt,)
    return (named[0] if named else None), ()


def _by_codes(kind: Kind, grid: Grid) -> Kind:
    """The sister of a kind, where the rows print codes of the other classification, or a “三公” list goes on with counts."""
    if kind.id == "three_public" and any(_COUNTS.search(box.text) for row in grid.body for box in grid.own(row)):
        return KINDS["agency_operation"]
    if kind.codes is None and (kind.primary != "project" or any("项目" in box.text for path in grid.paths for box in path)):
        return kind  # rows that name projects may print codes of either classification
    texts = [box.text for row in grid.body for box in grid.own(row)]
    function = sum(bool(_FUNCTION_CODE.match(text)) for text in texts)
    economic = sum(bool(_ECONOMIC_CODE.match(text)) for text in texts)
    codes = "function" if function > economic * 3 else "economic" if economic > function else ""
    swapped = _SWAPPED.get((kind.id, codes))
    return KINDS[swapped] if swapped else kind


def bears_out(kind: Kind, grid: Grid) -> bool:
    """The grid has amount columns that the kind knows."""
    return bool(grid.header) and (kind.irregular or bool(read_columns(grid, kind, Setting(None, None)).blocks))


def _signed(grid: Grid) -> list[Kind]:
    """The kinds all of whose header patterns are found among the header words and first texts of rows."""
    heads = {word(box.text) for path in grid.paths for box in path}
    texts = heads | {word(box.text) for row in grid.body for box in grid.own(row)[:1]}
    targets = any("指标" in head for head in heads)  # a form of targets, not a list of projects
    return [
        kind
        for kind in KINDS.values()
        if kind.header
        and not (targets and kind.id == "project_performance")
        and all(any(pattern.fullmatch(text) for text in texts) for pattern in kind.header)
        and bears_out(kind, grid)
    ]
