"""Web pages that are converted PDFs (逐字定位的网页): placed runs become characters with boxes, thin boxes become rules.

<div class="page"><div style="position:absolute;left:44.9pt;top:126pt;font-size:9.4pt">一、财政拨款收入</div> … </div>
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from extract.document import Block, Span, Table
from extract.marks import ABOVE, Glyphs, Rules
from extract.paged import Leaf, bind, read_leaf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml.etree import _Element

DECLARATION = re.compile(r"([a-z-]{1,40})\s{0,20}:\s{0,20}([^;]{0,200})", re.IGNORECASE)
LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{1,9})?)\s*(pt|px|in|cm|mm|)", re.IGNORECASE)
POINTS = {"pt": 1.0, "px": 0.75, "": 0.75, "in": 72.0, "cm": 28.3465, "mm": 2.83465}
SIDES = ("top", "right", "bottom", "left")
NO_BORDER = re.compile(r"\b(?:none|hidden)\b|^0(?:\s|p[tx]|$)|transparent", re.IGNORECASE)
WHITE = re.compile(r"#f{3}(?:f{3})?\b|\bwhite\b|transparent|rgba?\(\s*255\s*,\s*255\s*,\s*255", re.IGNORECASE)
THIN = 3.0  # points
FEWEST_PLACED = 3  # placed boxes that make their parent a page
PAGE_HEIGHT = 842.0  # points, where a page does not say


class _Marks(NamedTuple):
    """Characters and rules of a page in the making."""

    codes: list[int]
    boxes: list[tuple[float, float, float, float]]
    baselines: list[float]
    across: list[tuple[float, float, float]]
    down: list[tuple[float, float, float]]


def lift_pages(root: _Element) -> list[_Element]:
    """Elements whose children are placed by left and top, taken out of the tree: the pages of a converted PDF, in order."""
    counts: dict[_Element, int] = {}
    for element in root.iter("div", "span", "p"):
        style = element.get("style") or ""
        parent = element.getparent()
        if parent is not None and "absolute" in style and "left" in style and "top" in style:
            counts[parent] = counts.get(parent, 0) + 1
    pages = [element for element in root.iter("div", "section", "article") if counts.get(element, 0) >= FEWEST_PLACED]
    for page in pages:
        page.tail, tail = None, page.tail
        parent = page.getparent()
        if parent is not None:
            before = page.getprevious()
            if before is not None:
                before.tail = (before.tail or "") + (tail or "")
            else:
                parent.text = (parent.text or "") + (tail or "")
            parent.remove(page)
    return pages


def with_pages(content: str, blocks: tuple[Block, ...], pages: Sequence[_Element]) -> tuple[str, tuple[Block, ...]]:
    """The text of a web page with that of its placed pages behind it."""
    if not pages:
        return content, blocks
    composed = bind([_leaf(page, number) for number, page in enumerate(pages, 1)]).composition
    start = len(content) + (1 if content and not content.endswith("\n") else 0)
    return content.ljust(start, "\n") + composed.content, (*blocks, *(_moved(block, start) for block in composed.blocks))


def _moved(block: Block, by: int) -> Block:
    span = Span(block.span.start + by, block.span.end + by)
    if isinstance(block, Table):  # a web page has no page numbers
        cells = tuple(replace(cell, span=Span(cell.span.start + by, cell.span.end + by)) for cell in block.cells)
        return replace(block, span=span, cells=cells, pages=())
    return replace(block, span=span)


def _leaf(page: _Element, number: int) -> Leaf:
    marks = _Marks([], [], [], [], [])
    for element in page:
        style = _style(element)
        if "left" not in style or "top" not in style:
            continue
        left, top = _points(style["left"]), _points(style["top"])
        text = "".join(str(part) for part in element.itertext())
        if text.strip():
            _add_run(marks, text, left, top, style)
        else:
            _add_box(marks, left, top, style)
    style = _style(page)
    boxes = np.array(marks.boxes).reshape(-1, 4)
    width = _points(style.get("width", "")) or float(boxes[:, 2].max(initial=0.0))
    height = _points(style.get("height", "")) or max(PAGE_HEIGHT, float(boxes[:, 3].max(initial=0.0)))
    count = len(boxes)
    origins = np.stack((boxes[:, 0], np.array(marks.baselines)), axis=1) if count else np.zeros((0, 2))
    glyphs = Glyphs(np.array(marks.codes, np.uint32), boxes, origins, np.zeros(count, np.int16), np.zeros(count, bool), np.zeros((count, 4)), np.zeros(count, bool))
    return read_leaf(glyphs, Rules(np.array(marks.across).reshape(-1, 3), np.array(marks.down).reshape(-1, 3)), number, (width, height))


def _style(element: _Element) -> dict[str, str]:
    return {name.lower(): value.strip() for name, value in DECLARATION.findall(element.get("style") or "")}


def _points(value: str) -> float:
    found = LENGTH.match(value.strip())
    return float(found.group(1)) * POINTS[found.group(2).lower()] if found else 0.0


def _add_run(marks: _Marks, text: str, left: float, top: float, style: dict[str, str]) -> None:
    """Each character one em or half an em wide, standing on a baseline in the middle of its line."""
    size = _points(style.get("font-size", "")) or 12.0
    spacing = _points(style.get("letter-spacing", ""))
    height = _points(style.get("line-height", "")) or size
    upper = top + (height - size) / 2
    for character, width in _advances(text.replace("\n", " ")):
        advance = width * size
        if not character.isspace():
            marks.codes.append(ord(character))
            marks.boxes.append((left, upper, left + advance, upper + size))
            marks.baselines.append(upper + ABOVE * size)
        left += advance + spacing


def _advances(text: str) -> Iterator[tuple[str, float]]:
    """Characters with their width in em."""
    for character in text:
        yield character, 1.0 if ord(character) >= 0x2E80 or character in "“”‘’…—　" else 0.5


def _add_box(marks: _Marks, left: float, top: float, style: dict[str, str]) -> None:
    """A box without text: its borders, or the whole of it where it is thin and filled."""
    width, height = _points(style.get("width", "")), _points(style.get("height", ""))
    fill = style.get("background-color") or style.get("background") or ""
    if fill and not WHITE.search(fill) and min(width, height) <= THIN:
        if width >= height:
            marks.across.append((top + height / 2, left, left + width))
        else:
            marks.down.append((left + width / 2, top, top + height))
        return
    for side in SIDES:
        border = style.get(f"border-{side}") or style.get("border") or ""
        if not border or NO_BORDER.search(border) or WHITE.search(border):
            continue
        if side in ("top", "bottom") and width > 0:
            marks.across.append((top + (height if side == "bottom" else 0.0), left, left + width))
        elif side in ("left", "right") and height > 0:
            marks.down.append((left + (width if side == "right" else 0.0), top, top + height))
