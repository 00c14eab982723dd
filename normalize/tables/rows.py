"""What each row of a form is about: its codes, joined over 类|款|项, and its label (行的含义)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from normalize.numbers import parse_number
from normalize.tables.grid import CODED_LABEL, YEAR, Box, Grid

if TYPE_CHECKING:
    from extract.document import Document, Span
    from normalize.tables.columns import Block

_BLANK = re.compile(r"\s+")
_ORDINAL = re.compile(
    r"(?:(?:其中[:：]?)?[一二三四五六七八九十]{1,3}\s*[、.．：:]|(?:其中[:：]?)?[（(][一二三四五六七八九十0-9０-９]{1,3}[)）]、?|[0-9０-９]{1,2}[.、．](?![0-9０-９])|[①-⑳])"
)
_CODE_BEFORE = re.compile(r"^[\[【〔（(]?[0-9０-９]+[\]】〕）)]?[-－—_:：、.]*")
_PREFERENCE = {
    "function": ("function", "plain", "unit", "project", "economic", "government_economic"),
    "economic": ("economic", "plain", "government_economic", "function", "unit", "project"),
    "project": ("project", "plain", "unit", "function", "economic", "government_economic"),
    "plain": ("plain", "function", "economic", "project", "unit", "government_economic"),
}


class Item(NamedTuple):
    """One thing a row is about, in one classification."""

    system: str
    code: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of one block."""

    item: Item  # the primary one
    items: tuple[Item, ...]
    year: int | None
    spans: tuple[Span, ...]  # the cells that name the row


@dataclass(slots=True)
class Carried:
    """Codes of the rows above, for forms that print 类 once and 款, 项 below it."""

    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)


def bare_label(printed: str) -> str:
    r"""A label as printed, joined over its line breaks, without leading ordinals; 其中： stays, as printed.

    >>> bare_label("一、一般公共预算\n财政拨款收入"), bare_label("其中：外事接待费"), bare_label("人员经费合计")
    ('一般公共预算财政拨款收入', '其中：外事接待费', '人员经费合计')
    """
    text = _BLANK.sub("", printed)
    while match := _ORDINAL.match(text):
        if match.end() == len(text):
            break
        text = text[match.end() :].lstrip("、.．")
    return text


def join_codes(parts: tuple[str, ...], above: tuple[str, ...]) -> tuple[str, ...]:
    """The parts 类, 款, 项 of one row, padded and completed from the row above.

    >>> join_codes(("301", "2"), ()), join_codes(("", "05", "07"), ("201", "05"))
    (('301', '02'), ('201', '05', '07'))
    >>> join_codes(("201", "20106", "2010601"), ())
    ('201', '06', '01')
    """
    joined: list[str] = []
    last = max((i for i, part in enumerate(parts) if part), default=-1)
    for index, part in enumerate(parts[: last + 1]):
        text = part or (above[index] if index < len(above) else "")
        prefix = "".join(joined)
        if index and len(text) > 2 and text.startswith(prefix):
            text = text[len(prefix) :]
        joined.append(text.zfill(2) if index and text else text)
    return tuple(joined)


def read_row(document: Document, grid: Grid, block: Block, row: int, carried: Carried, primary: str) -> Row:
    """The items of one row of one block; the primary one is in the classification the kind of table asks for."""
    codes: dict[str, list[str]] = {}
    labels: dict[str, Box] = {}
    spans: list[Span] = []
    strays: list[Box] = []
    year = None
    seen: set[int] = set()
    for named in block.named:
        box = grid.boxes[row][named.index]
        if box is None or _is_amount(box, block):
            continue
        if box.text and id(box) not in seen:
            spans.append(box.span)
        repeated = id(box) in seen
        seen.add(id(box))
        if named.role == "year":
            found = YEAR.search(box.text)
            year = int(found[0]) if found else None
        elif named.role == "code":
            digits = box.text.replace("-", "")
            is_code = digits.isdigit() and not repeated
            codes.setdefault(named.system, []).append(digits if is_code else "")
            if not is_code and box.text and not repeated and box.text not in {"类", "款", "项", "**", "*"}:
                strays.append(box)
        elif box.text and box.text not in {"**", "*"}:
            labels[named.system] = box  # the lowest level (一级 | 二级 | 三级) names the row
    items = _items(document, codes, labels, strays, carried)
    chosen = next((item for system in _PREFERENCE[primary] for item in items if item.system == system and (item.code or item.label)), Item("plain", None, None))
    if primary == "project" and chosen.label is None:  # in a list of projects or purchases the subtotal of a unit has the unit's name
        chosen = chosen._replace(label=next((item.label for item in items if item.label), None))
    return Row(chosen, items, year, tuple(spans))


def _is_amount(box: Box, block: Block) -> bool:
    """A number in a cell that reaches into the amounts, as where a rule is missing, names no row."""
    last = box.cell.column + box.cell.colspan
    return box.cell.colspan > 1 and parse_number(box.text) is not None and any(box.cell.column < amount.index < last for amount in block.amounts)


def _items(document: Document, codes: dict[str, list[str]], labels: dict[str, Box], strays: list[Box], carried: Carried) -> tuple[Item, ...]:
    items = []
    for system in dict.fromkeys([*codes, *labels]):
        code = _code(system, codes.get(system, []), carried)
        box = labels.get(system)
        if box is None and not code and strays:
            box = strays[0]
        label = None
        if box is not None:
            coded = CODED_LABEL.fullmatch(box.text)
            if code is None and coded and system not in codes:
                code = coded["code"]
                label = _after_code(document.text(box.span))
            else:
                label = bare_label(document.text(box.span))
        items.append(Item(system, code, label))
    return tuple(items)


def _code(system: str, parts: list[str], carried: Carried) -> str | None:
    if not any(parts):
        return None
    above = carried.parts.get(system, ())
    if len(parts) > 1:
        joined = join_codes(tuple(parts), above)
    elif len(parts[0]) <= 2 and above:  # a 款 that is printed without its 类
        joined = (above[0], parts[0].zfill(2))
    else:
        text = parts[0]
        joined = (text[:3], *(text[i : i + 2] for i in range(3, len(text), 2)))
    carried.parts[system] = joined
    return "".join(joined)


def _after_code(printed: str) -> str:
    return bare_label(_CODE_BEFORE.sub("", _BLANK.sub("", printed)))
