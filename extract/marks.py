"""What is printed on a page, whatever it was read from: characters with boxes and baselines, straight rules (页面上的字符与框线)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ABOVE, BELOW = 0.86, 0.14  # em: what a Chinese character takes above and below its baseline
UNMAPPED = 0xFFFD


class Glyphs(NamedTuple):
    """Printed characters of one page: code points, boxes one em high (x0, y0, x1, y1), the point of the baseline each stands on, reading angle."""

    codes: NDArray[np.uint32]  # blanks are left out
    boxes: Floats  # (n, 4)
    origins: Floats  # (n, 2)
    angles: NDArray[np.int16]  # 0, 90, 180 or 270 degrees clockwise
    spaced: NDArray[np.bool_]  # a blank stands before it in the order of drawing
    windows: Floats  # (n, 4): what the clip path of a character leaves open, where it cuts into the character; zero for all others
    hidden: NDArray[np.bool_]  # under a clip path, like all of the string it was drawn with

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Glyphs:
        """Some of the characters, in the order asked for."""
        codes, boxes, origins, angles, spaced, windows, hidden = self
        return Glyphs(codes[which], boxes[which], origins[which], angles[which], spaced[which], windows[which], hidden[which])


class Rules(NamedTuple):
    """Straight lines of one page: rows of (y, x0, x1) and of (x, y0, y1)."""

    across: Floats
    down: Floats


@dataclass(frozen=True, slots=True)
class PageMarks:
    """What is printed on one page (1-based `number`), in points."""

    number: int
    width: float
    height: float
    glyphs: Glyphs
    rules: Rules
    hidden: int = 0  # characters off the page, left out of `glyphs`
    images: float = 0.0  # share of the page that its largest image covers
    drawn: int = 0  # curved paths: text drawn as outlines, stamps, charts
    crowded: bool = False  # more drawing than is read; the rules are incomplete
    recovered: int = 0  # characters that a second reader had to add; -1 where it was not asked though some may be lost
    overlay: bool = False  # the text is an invisible layer over an image: a machine's reading of a scan
    loaded: bool = True


NO_GLYPHS = Glyphs(np.zeros(0, np.uint32), np.zeros((0, 4)), np.zeros((0, 2)), np.zeros(0, np.int16), np.zeros(0, bool), np.zeros((0, 4)), np.zeros(0, bool))
NO_RULES = Rules(np.zeros((0, 3)), np.zeros((0, 3)))


class View(NamedTuple):
    """How page space becomes the page as shown: its box, and quarter turns clockwise."""

    left: float
    bottom: float
    right: float
    top: float
    turns: int

    def size(self) -> tuple[float, float]:
        """Width and height as the page is shown, turned."""
        width, height = self.right - self.left, self.top - self.bottom
        return (height, width) if self.turns % 2 else (width, height)

    def points(self, points: Floats) -> Floats:
        """Points of the file's own system as they are shown: origin top left, turned."""
        x, y = points[..., 0], points[..., 1]
        if self.turns == 0:
            shown = (x - self.left, self.top - y)
        elif self.turns == 1:
            shown = (y - self.bottom, x - self.left)
        elif self.turns == 2:
            shown = (self.right - x, y - self.bottom)
        else:
            shown = (self.top - y, self.right - x)
        return np.stack(shown, axis=-1)

    def back(self, points: Floats) -> Floats:
        """Points of the page as shown, in page space."""
        x, y = points[..., 0], points[..., 1]
        if self.turns == 0:
            page = (x + self.left, self.top - y)
        elif self.turns == 1:
            page = (y + self.left, x + self.bottom)
        elif self.turns == 2:
            page = (self.right - x, y + self.bottom)
        else:
            page = (self.right - y, self.top - x)
        return np.stack(page, axis=-1)

    def boxes(self, boxes: Floats) -> Floats:
        """Boxes likewise, each as left, top, right, bottom."""
        corners = self.points(boxes.reshape(-1, 2, 2))
        return np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)


def on_page(boxes: Floats, view: View) -> NDArray[np.bool_]:
    """Whether the middle of each box lies on the page as shown."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside: NDArray[np.bool_] = np.logical_and.reduce((middle >= 0) & (middle <= view.size()), axis=1)
    return inside


def straight_rules(lines: Floats, view: View) -> Rules:
    """Lines of page space as rules of the page as shown; slanted ones are left out."""
    lines = lines[np.isfinite(lines).all(axis=1)]
    width, height = view.size()
    shown = view.points(lines.reshape(-1, 2, 2)).reshape(-1, 4)
    x0, x1 = np.minimum(shown[:, 0], shown[:, 2]), np.maximum(shown[:, 0], shown[:, 2])
    y0, y1 = np.minimum(shown[:, 1], shown[:, 3]), np.maximum(shown[:, 1], shown[:, 3])
    on_page = (x1 >= 0) & (y1 >= 0) & (x0 <= width) & (y0 <= height)
    across = on_page & (y1 - y0 < 0.5) & (x1 - x0 >= y1 - y0)
    down = on_page & (x1 - x0 < 0.5) & (y1 - y0 > x1 - x0)
    return Rules(
        np.stack(((y0[across] + y1[across]) / 2, x0[across], x1[across]), axis=1),
        np.stack(((x0[down] + x1[down]) / 2, y0[down], y1[down]), axis=1),
    )


def turned(glyphs: Glyphs, rules: Rules, size: tuple[float, float], angle: int) -> tuple[Glyphs, Rules, tuple[float, float]]:
    """A page seen so that text at `angle` stands upright: for landscape tables printed sideways without a page rotation."""
    if angle == 0:
        return glyphs, rules, size
    width, height = size
    turn = View(0.0, 0.0, width, height, (4 - angle // 90) % 4)
    up = np.array((1.0, -1.0)), np.array((0.0, height))

    def boxes(shown: Floats) -> Floats:
        return turn.boxes((shown[:, (0, 3, 2, 1)].reshape(-1, 2, 2) * up[0] + up[1]).reshape(-1, 4))

    windows = glyphs.windows.copy()
    covered = windows.any(axis=1)
    windows[covered] = boxes(windows[covered])
    angles = ((glyphs.angles - angle) % 360).astype(np.int16)
    upright = glyphs._replace(boxes=boxes(glyphs.boxes), origins=turn.points(glyphs.origins * up[0] + up[1]), angles=angles, windows=windows)
    lines: list[Floats] = [rules.across[:, (1, 0, 2, 0)], rules.down[:, (0, 1, 0, 2)]]
    points = np.concatenate(lines).reshape(-1, 2, 2) * up[0] + up[1]
    return upright, straight_rules(points.reshape(-1, 4), turn), turn.size()


def turned_back(boxes: NDArray[np.float32], size: tuple[float, float], angle: int) -> NDArray[np.float32]:
    """Boxes on a page that was turned by `angle` to be read, of the `size` that it then has, where the page itself shows them.

    >>> turned_back(np.array([[10, 20, 30, 25]], np.float32), (800, 600), 90).tolist()
    [[575.0, 10.0, 580.0, 30.0]]
    """
    if angle == 0:
        return boxes
    x0, y0, x1, y1 = boxes.T
    width, height = size
    sides = {90: (height - y1, x0, height - y0, x1), 180: (width - x1, height - y1, width - x0, height - y0), 270: (y0, width - x1, y1, width - x0)}
    return np.stack(sides[angle], axis=1).astype(np.float32)


def common_angle(glyphs: Glyphs) -> int:
    """The angle most characters of a page are read at."""
    return int(np.bincount(glyphs.angles // 90, minlength=4).argmax()) * 90 if len(glyphs.codes) else 0
