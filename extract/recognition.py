"""Documents whose text a machine recognised: scanned pages of a PDF, pictures (文字识别).

What was recognised is never mixed with a file's own text without a word: a note names the pages, every character has its confidence, and a figure that is
doubtful has a note of its own.
"""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

from extract import scanned
from extract.document import OWN, Document, DocumentError, Layout, Note, Source, Span
from extract.marks import turned_back
from extract.paged import Leaf, bind, read_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

LONG_SIDE = 2339  # pixels of an A4 page at the resolution that is read, for pictures that do not say theirs
MOST_PIXELS = 60_000_000
MOST_PAGES = 300  # of one document
MOST_DOUBTS = 300
SEPARATOR = re.compile(r"[,，]")
FIGURE = re.compile(r"[-－]?[\d０-９][\d０-９,，.．]*[%％]?")


class ScannedPage(NamedTuple):
    """A page that was recognised: its leaf, how sure every character is by where it stands, the degrees and the right angles it was turned back to be read."""

    leaf: Leaf
    sure: dict[tuple[float, float], float]
    turned: float
    angle: int


def read_pictures(numbers: Sequence[int], drawn: Callable[[int], NDArray[np.uint8]]) -> dict[int, ScannedPage]:
    """The pages of these numbers, each drawn and recognised. Raises `DocumentError` where they are too many."""
    if len(numbers) > MOST_PAGES:
        raise DocumentError("needs_ocr", zh=f"需识别的页数超过{MOST_PAGES}", en=f"more than {MOST_PAGES} pages would have to be recognised")
    return {number: _page(drawn(number), number) for number in numbers}


def _page(picture: NDArray[np.uint8], number: int) -> ScannedPage:
    found = scanned.recognised(picture, number)
    glyphs = found.marks.glyphs
    leaf = read_leaf(glyphs, found.marks.rules, number, (found.marks.width, found.marks.height))
    corners = glyphs.boxes[:, :2].astype(np.float32).tolist()
    return ScannedPage(leaf, {(x, y): sure for (x, y), sure in zip(corners, found.confidence.tolist(), strict=True)}, found.turned, found.angle)


def figures_alike(one: Leaf, other: Leaf) -> float:
    """The share of figures that two readings of a page have in common, 0 to 1; 1 where neither has any."""
    first, second = (Counter(SEPARATOR.sub("", figure) for figure in FIGURE.findall(bind([leaf]).composition.content)) for leaf in (one, other))
    most = max(first.total(), second.total())
    return (first & second).total() / most if most else 1.0


def with_confidence(layout: Layout, pages: Mapping[int, ScannedPage]) -> Layout:
    """The layout with how sure each character is, and the boxes of pages that were turned back where the picture shows them."""
    if not pages:
        return layout
    sure = np.full(len(layout.pages), OWN, np.float32)
    boxes = layout.boxes.copy()
    for number, page in pages.items():
        here = np.flatnonzero(layout.pages == number)
        sure[here] = [page.sure.get((x, y), 0.0) for x, y in layout.boxes[here, :2].tolist()]
        if page.turned:
            boxes[here] = _turned_back(layout.boxes[here], page)
        boxes[here] = turned_back(boxes[here], (page.leaf.width, page.leaf.height), page.angle)
    return Layout(layout.pages, boxes, sure)


def _turned_back(boxes: NDArray[np.float32], page: ScannedPage) -> NDArray[np.float32]:
    middle, centre = (boxes[:, :2] + boxes[:, 2:]) / 2, np.array((page.leaf.width, page.leaf.height)) / 2
    angle = np.deg2rad(page.turned)
    turn = np.array(((np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))))
    moved = (middle - centre) @ turn.T + centre - middle
    return (boxes + np.concatenate((moved, moved), axis=1)).astype(np.float32)


def recognition_notes(content: str, layout: Layout, pages: Mapping[int, ScannedPage]) -> Iterator[Note]:
    """Which pages were recognised, and every figure on them that is doubtful."""
    if not pages or layout.confidence is None:
        return
    yield Note("read_by_ocr", f"第 {listed(pages)} 页没有可用的文字层，由文字识别读出", f"pages {listed(pages)} have no usable text layer; they were recognised by machine")
    doubts = (match for match in FIGURE.finditer(content) if layout.confidence[match.start() : match.end()].min() < scanned.DOUBTFUL)
    for match in islice(doubts, MOST_DOUBTS):
        least = float(layout.confidence[match.start() : match.end()].min())
        yield Note("ocr_doubtful", f"识别不确定：“{match[0]}”（置信度{least:.2f}）", f"recognised with doubt: {match[0]!r} (confidence {least:.2f})", Span(match.start(), match.end()))


def read_picture(data: bytes, source: Source) -> Document:
    """A picture of one or more pages. Raises `DocumentError` where it cannot be decoded or recognition is not installed."""
    if not scanned.is_available():
        kind = source.media_type
        raise DocumentError("needs_ocr", zh=f"这是图片（{kind}），没有文字层；{scanned.HINT[0]}", en=f"this is an image ({kind}) without text; {scanned.HINT[1]}")
    frames = list(_frames(data))
    pages = read_pictures(range(1, len(frames) + 1), lambda number: frames[number - 1])
    (content, blocks, layout), _ = bind([page.leaf for page in pages.values()])
    layout = with_confidence(layout, pages)
    if not content.strip():
        raise DocumentError("needs_ocr", zh="图片上没有识别出文字", en="no text was recognised on the picture")
    return Document(replace(source, encoding=None), content, blocks, notes=tuple(recognition_notes(content, layout, pages)), page_count=len(frames), layout=layout)


def _frames(data: bytes) -> Iterator[NDArray[np.uint8]]:
    """The pages of a picture, grey, at the resolution that is read."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as picture:
            for frame in islice(ImageSequence.Iterator(picture), MOST_PAGES):
                if frame.width * frame.height > MOST_PIXELS:
                    raise DocumentError("unreadable", zh="图片过大", en="the picture is too large")
                grey = frame.convert("L")
                scale = min(1.6, LONG_SIDE / max(grey.size)) if max(grey.size) > LONG_SIDE or max(grey.size) < LONG_SIDE * 0.8 else 1.0
                yield np.asarray(grey.resize((round(grey.width * scale), round(grey.height * scale)), Image.Resampling.LANCZOS) if scale != 1.0 else grey)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DocumentError("unreadable", zh="图片已损坏", en=f"the picture is damaged ({type(error).__name__})") from error


def listed(numbers: Iterable[int]) -> str:
    """Page numbers as people write them.

    >>> listed([3, 4, 5, 9])
    '3-5、9'
    """
    ordered = sorted(numbers)
    groups: list[list[int]] = [[ordered[0]]]
    for before, number in pairwise(ordered):
        if number == before + 1:
            groups[-1].append(number)
        else:
            groups.append([number])
    texts = [str(group[0]) if len(group) == 1 else f"{group[0]}-{group[-1]}" for group in groups]
    return "、".join(texts[:20]) + ("…" if len(texts) > 20 else "")
