"""Pictures of pages to marks (扫描件): what a machine recognises on them as characters with places, and their rules, as a PDF's own.

The picture is turned upright, its table rules are traced, its text is recognised by RapidOCR (gongkai[ocr]; the weights come with the package, nothing is
fetched). From there on a scan is a page like any other. How sure the recognition is stays with every character; a figure that reads otherwise at another
size is doubtful, however sure each reading is of itself. What was recognised is the evidence: nothing is mended here.
"""

from __future__ import annotations

import os
import re
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from extract.marks import ABOVE, NO_GLYPHS, Glyphs, PageMarks, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]  # grey, rows of pixels

DPI = 200  # pages are drawn so; finer pictures are brought down to it, coarser ones up
POINT = 72 / DPI
HINT = ('可安装 gongkai[ocr] 识别：pip install "gongkai[ocr]"', 'to read it: pip install "gongkai[ocr]"')
SWITCH = "GONGKAI_OCR"  # "off": scans stay unread though the library is here
STEEPEST, STEP = 4.0, 0.1  # degrees that a page is turned back, and how finely
LEVEL = 0.15  # degrees: less is not worth turning
LONG_ACROSS, LONG_DOWN, GAP = 62, 40, 9  # pixels: the shortest rules, and what is missing in a faint one
THICKEST = 12  # pixels of a rule
SOLID, SOLID_PART, OVERHANG = 0.93, 0.85, 60  # of the length of a rule is ink; between two it meets; pixels beyond the last it meets that are no rule but a letter
TABLE_WIDE, TABLE_TALL, NEAR = 160, 130, 8  # pixels: rules so long are those of a table; how near two rules meet
NARROW, CLEAR, SMALLEST = 8, 4, 6  # pixels: less is no piece of a line; kept away from a rule; the smallest picture worth reading
AGAIN = 1.6  # how much larger a figure is read the second time
LEGIBLE, FEW_LINES = 0.8, 12  # mean confidence of a page that lies as it is read; lines that show which way it should lie
DOUBTFUL = 0.80  # below this a reading is doubtful whatever else is known
AT_ODDS = 0.5  # of a figure that reads otherwise the second time
FIGURE = re.compile(r"[\d０-９]")
PRINTED = re.compile(r"\s+")


Box = tuple[float, float, float, float]  # left, top, right, bottom in pixels
Rule = tuple[float, float, float]  # its place across, and where it begins and ends
EM, FEW_WIDTHS, MARKS = 0.74, 4.0, "(),:;!?"  # of the box of a recognised line, which has some air; em of text that show how wide one is; full width in Chinese
INK, BORDER, AIR = 45, 7, 6  # how much darker than its paper ink is; pixels at the edge of a cell where its rule may show; kept round what is read


class Recognised(NamedTuple):
    """A page as a machine read it: its marks, how sure it is of each character, the degrees and the right angles it was turned back."""

    marks: PageMarks
    confidence: NDArray[np.float32]
    turned: float
    angle: int  # 0, 90, 180, 270: of the marks against the picture


def is_available() -> bool:
    """Whether scans can be read here and are wanted."""
    return os.environ.get(SWITCH) != "off" and find_spec("rapidocr") is not None and find_spec("onnxruntime") is not None


@cache
def _engine() -> Any:
    """One recogniser a process, on one thread."""
    from rapidocr import RapidOCR  # noqa: PLC0415  # gongkai[ocr]

    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", "Global.max_side_len": 4000, **threads})


def recognised(picture: Picture, number: int) -> Recognised:
    """A page, drawn at `DPI`, as marks in points. What can hardly be read as it lies is read the way round it reads best."""
    found = _recognised(picture, number, 0)
    if not len(found.confidence) or found.confidence.mean() >= LEGIBLE:
        return found
    best = max(range(4), key=lambda quarters: _legible(_quarters(picture, quarters)))
    return _recognised(_quarters(picture, best), number, 90 * best) if best else found


def _quarters(picture: Picture, quarters: int) -> Picture:
    return np.ascontiguousarray(np.rot90(picture, quarters))


def _legible(picture: Picture) -> float:
    """How much can be read of a few long lines of a page as it lies: characters, each as sure as it is."""
    import cv2  # noqa: PLC0415

    small = cv2.cvtColor(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), cv2.COLOR_GRAY2BGR)
    lines = sorted(_lines(small), key=lambda box: box[0] - box[2])[:FEW_LINES]
    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    return sum(sum(_read(colour, (2 * left, 2 * top, 2 * right, 2 * bottom)).sure) for left, top, right, bottom in lines)


def _lines(colour: NDArray[Any]) -> list[Box]:
    """Where lines of text are."""
    found = _engine()(colour, use_det=True, use_cls=False, use_rec=False)
    return [(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()) for corners in (found.boxes if found.boxes is not None else ())]


def _recognised(picture: Picture, number: int, angle: int) -> Recognised:
    slope = skew(picture)
    slope = slope if abs(slope) >= LEVEL else 0.0
    upright = _turned(picture, slope) if slope else picture
    height, width = upright.shape
    rules = traced(upright)
    boxes, codes, sure = _characters(upright, rules)
    glyphs = _glyphs(boxes, codes) if len(codes) else NO_GLYPHS
    points = Rules(rules.across * POINT, rules.down * POINT)
    marks = PageMarks(number, width * POINT, height * POINT, glyphs, points, images=1.0)
    return Recognised(marks, np.array(sure, np.float32), slope, angle)


def skew(picture: Picture) -> float:
    """Degrees, clockwise, that the lines of a page slope: the angle at which rows of ink and of paper are told apart best.

    >>> page = np.full((400, 600), 255, np.uint8)
    >>> page[40::40, 50:550] = 0
    >>> skew(page)  # doctest: +SKIP
    0.0
    """
    import cv2  # noqa: PLC0415  # comes with rapidocr

    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ink = (small < _threshold(small)).astype(np.float32)

    def contrast(angle: float) -> float:
        rows = _turned(ink, angle, paper=0.0).sum(axis=1)
        return float(np.square(np.diff(rows)).sum())

    coarse = max(np.arange(-STEEPEST, STEEPEST + 0.5, 0.5), key=lambda angle: (contrast(angle), -abs(angle)))
    best = max(np.arange(coarse - 0.5, coarse + 0.5 + STEP, STEP), key=lambda angle: (contrast(angle), -abs(angle)))
    return round(float(best), 2) + 0.0


def _turned(picture: NDArray[Any], angle: float, paper: float = 255.0) -> NDArray[Any]:
    import cv2  # noqa: PLC0415

    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    turned: NDArray[Any] = cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper)
    return turned


def _threshold(picture: Picture) -> float:
    import cv2  # noqa: PLC0415

    return float(cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0])


def traced(picture: Picture) -> Rules:
    """The straight rules of an upright page, in pixels; faint and broken ones are closed first."""
    import cv2  # noqa: PLC0415

    ink = (picture < min(_threshold(picture) + 25, 225)).astype(np.uint8)
    across = _runs(ink, (LONG_ACROSS, 1), (GAP, 1))
    down = _runs(ink, (1, LONG_DOWN), (1, GAP))
    wide: list[Rule] = [(y + h / 2, x, x + w) for x, y, w, h in _parts(cv2, across) if h <= THICKEST and w >= LONG_ACROSS and _solid(ink[max(0, y - 1) : y + h + 1, x : x + w], 0)]
    tall: list[Rule] = [(x + w / 2, y, y + h) for x, y, w, h in _parts(cv2, down) if w <= THICKEST and h >= LONG_DOWN and _solid(ink[y : y + h, max(0, x - 1) : x + w + 1], 1)]
    tall = [part for rule in tall for part in _parts_of(rule, wide, ink)]
    wide = [part for rule in wide for part in _parts_of(rule, tall, ink.T)]
    sure = [rule for rule in wide if rule[2] - rule[1] >= TABLE_WIDE]
    ends = [[any(left - NEAR <= x <= right + NEAR and abs(y - end) <= NEAR for y, left, right in sure) for end in (top, bottom)] for x, top, bottom in tall]
    crossed = [any(left - NEAR <= x <= right + NEAR and top - NEAR <= y <= bottom + NEAR for y, left, right in sure) for x, top, bottom in tall]
    meeting = [rule for rule, (above, below), met in zip(tall, ends, crossed, strict=True) if (above and below) or (met and rule[2] - rule[1] >= TABLE_TALL)]  # others are strokes of large letters
    kept = [rule for rule in wide if rule in sure or any(top - NEAR <= rule[0] <= bottom + NEAR and rule[1] - NEAR <= x <= rule[2] + NEAR for x, top, bottom in meeting)]
    return Rules(np.array(kept, float).reshape(-1, 3), np.array(meeting, float).reshape(-1, 3))


def _parts_of(rule: Rule, crossing: Sequence[Rule], ink: Picture) -> list[Rule]:
    """What of a rule down the page is one, between the rules across that it meets: the stroke of a letter above or below its end is none of it, nor are letters it runs through."""
    place, start, end = rule
    met = sorted(at for at, left, right in crossing if left - NEAR <= place <= right + NEAR and start - NEAR <= at <= end + NEAR)
    if len(met) < 2:
        return [rule]
    first, last = (met[0] if met[0] - start < OVERHANG else start), (met[-1] if end - met[-1] < OVERHANG else end)
    runs: list[Rule] = []
    for above, below in pairwise(sorted({first, *met, last})):
        strip = ink[max(0, int(above)) : int(below), max(0, int(place) - 3) : int(place) + 4]
        if below - above > 2 * NEAR and strip.size and float(strip.max(axis=1).mean()) < SOLID_PART:
            continue
        if runs and runs[-1][2] == above:
            runs[-1] = (place, runs[-1][1], below)
        else:
            runs.append((place, above, below))
    return runs


def _solid(part: Picture, axis: int) -> bool:
    """Whether a run is ink nearly all along; the strokes of neighbouring characters leave gaps."""
    return len(part) > 0 and float(part.max(axis=axis).mean()) >= SOLID


def _runs(ink: Picture, longest: tuple[int, int], gap: tuple[int, int]) -> Picture:
    """What lies in long straight runs: a little thickened, so that a rule one pixel off stays one rule."""
    import cv2  # noqa: PLC0415

    across = longest[1] == 1
    thick = cv2.dilate(ink, np.ones((3, 1) if across else (1, 3), np.uint8))
    closed = cv2.morphologyEx(thick, cv2.MORPH_CLOSE, np.ones((gap[1], gap[0]), np.uint8))
    found: Picture = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((longest[1], longest[0]), np.uint8))
    return found


def _parts(cv2: Any, ink: Picture) -> list[tuple[int, int, int, int]]:
    _, _, found, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    return [tuple(part[:4].tolist()) for part in found[1:]]


class Piece(NamedTuple):
    """A stretch of text between two rules: where it is, in pixels, what it says, how sure the recogniser is of each character."""

    box: Box
    text: str
    sure: tuple[float, ...]


def _characters(picture: Picture, rules: Rules) -> tuple[list[tuple[float, float, float, float, float]], list[int], list[float]]:
    """Every character with its box and its line's height in pixels, its code, and how sure the recogniser is."""
    import cv2  # noqa: PLC0415

    colour = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    boxes: list[tuple[float, float, float, float, float]] = []
    codes: list[int] = []
    sure: list[float] = []
    for box in _pieces(_lines(colour), rules):
        piece = _read(colour, box)
        left, top, right, bottom = piece.box
        high = _height(piece)
        for place, (start, end) in enumerate(_advances(piece.text)):
            if not piece.text[place].isspace():
                boxes.append((left + start * (right - left), top, left + end * (right - left), bottom, high))
                codes.append(ord(piece.text[place]))
                sure.append(piece.sure[place])
    return boxes, codes, sure


def _pieces(lines: Sequence[Box], rules: Rules) -> list[Box]:
    """Lines of text parted at the rules that cross them; between two rules a line takes all the width, since a thin 一 is easily overlooked."""
    free: list[Box] = []
    celled: dict[tuple[float, float], list[Box]] = {}
    for x0, y0, x1, y1 in lines:
        middle = (y0 + y1) / 2
        crossing = [x for x, top, bottom in sorted(rules.down.tolist()) if top - NEAR <= middle <= bottom + NEAR]
        for left, right in pairwise([float("-inf"), *crossing, float("inf")]):
            start, end = max(x0, left), min(x1, right)
            if end - start <= NARROW:
                continue
            if left == float("-inf") or right == float("inf"):
                free.append((start, y0, end, y1))
            else:
                celled.setdefault((left, right), []).append((left + CLEAR, y0, right - CLEAR, y1))
    return free + [box for boxes in celled.values() for box in _joined(boxes)]


def _joined(boxes: Sequence[Box]) -> Iterator[Box]:
    """Boxes of one column, those of one line made one."""
    held: Box | None = None
    for box in sorted(boxes, key=lambda one: one[1]):
        if held is not None and min(held[3], box[3]) - max(held[1], box[1]) > 0.5 * min(held[3] - held[1], box[3] - box[1]):
            held = (held[0], min(held[1], box[1]), held[2], max(held[3], box[3]))
            continue
        if held is not None:
            yield held
        held = box
    if held is not None:
        yield held


def _read(colour: NDArray[Any], box: Box) -> Piece:
    """What stands in a box; a figure is read twice."""
    found = _cut(colour, box)
    if found is None:
        return Piece(box, "", ())
    cut, ink = found
    text, sure = _said(cut)
    if FIGURE.search(text):
        import cv2  # noqa: PLC0415

        again, _ = _said(cv2.resize(cut, None, fx=AGAIN, fy=AGAIN, interpolation=cv2.INTER_CUBIC))
        if PRINTED.sub("", again) != PRINTED.sub("", text):
            sure = tuple(min(value, AT_ODDS) for value in sure)
    return Piece(ink, text, sure)


def _said(cut: NDArray[Any]) -> tuple[str, tuple[float, ...]]:
    read = _engine()(cut, use_det=False, use_cls=False, use_rec=True, return_word_box=True)
    text, score = (read.txts or ("",))[0], float((read.scores or (0.0,))[0])
    known = getattr((read.word_results or (None,))[0], "confs", None) or ()
    certain = [float(value) for value in known]
    if len(certain) != len(text):
        certain = [score] * len(text)
    return text, tuple(certain)


def _cut(colour: NDArray[Any], box: Box) -> tuple[NDArray[Any], Box] | None:
    """A picture of what stands in a box, drawn in to its ink; rules that reach into it are wiped out."""
    x0, y0, x1, y1 = (max(0, round(value)) for value in box)
    cut = colour[y0:y1, x0:x1].copy()
    if min(cut.shape[:2]) < SMALLEST:
        return None
    grey = cut[:, :, 0]
    dark = grey < int(np.median(grey)) - INK
    edge = np.zeros(dark.shape[1], bool)
    edge[:BORDER], edge[-BORDER:] = True, True
    cut[:, edge & (dark.mean(axis=0) > 0.6)] = int(np.median(grey))
    dark[:, edge & (dark.mean(axis=0) > 0.6)] = False
    columns = np.flatnonzero(dark.sum(axis=0) >= 2)
    if not len(columns):
        return None
    first, last = max(0, int(columns[0]) - AIR), min(dark.shape[1], int(columns[-1]) + 1 + AIR)
    return cut[:, first:last], (x0 + float(columns[0]), box[1], x0 + float(columns[-1]) + 1, box[3])


def _widths(text: str) -> list[float]:
    """The width of each character in em: a Latin letter half of a Chinese one; marks beside Chinese are as wide, whichever code they were recognised as.

    >>> _widths("（项).1,2")
    [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]
    """
    beside = [any(not other.isascii() for other in text[max(0, place - 1) : place + 2]) for place in range(len(text))]
    return [0.5 if letter.isascii() and not (letter in MARKS and chinese) else 1.0 for letter, chinese in zip(text, beside, strict=True)]


def _advances(text: str) -> list[tuple[float, float]]:
    """Where each character begins and ends, as shares of its line's width."""
    ends = np.cumsum([0.0, *_widths(text)])
    return list(pairwise((ends / max(ends[-1], 0.5)).tolist()))


def _height(piece: Piece) -> float:
    """How high a line is: as its box is, but no more than its characters are wide, which is surer where there are some."""
    left, top, right, bottom = piece.box
    total = sum(_widths(piece.text))
    return min(bottom - top, (right - left) / total / EM) if total >= FEW_WIDTHS else bottom - top


def _glyphs(boxes: Sequence[tuple[float, float, float, float, float]], codes: Sequence[int]) -> Glyphs:
    """Characters as the reader of pages wants them: boxes one em high round their baseline, in points."""
    places = np.array(boxes, float) * POINT
    signs = np.array(codes, np.uint32)
    x0, y0, x1, y1, high = places.T
    em = EM * high
    middle = (y0 + y1) / 2
    low = middle + em / 2
    origin = np.stack((x0, low - em * (1 - ABOVE)), axis=1)
    box = np.stack((x0, middle - em / 2, np.maximum(x1, x0 + 0.2 * em), low), axis=1)
    count = len(signs)
    return Glyphs(signs, box, origin, np.zeros(count, np.int16), np.zeros(count, bool), np.zeros((count, 4)), np.zeros(count, bool))
