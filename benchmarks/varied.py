"""Documents without number for tests of the batch run: the kept examples with other names and other figures, made anew from a seed."""

from __future__ import annotations

import csv
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
SUFFIXES = {".html", ".htm", ".txt", ".md"}
AMOUNT = re.compile(r"(?<![\d.])\d{1,6}\.\d\d(?!\d)")
CHARSET = re.compile(r"charset=[\"']?(gb2312|gbk|gb18030)", re.IGNORECASE)
WORDS = "松柏桐槐榆柳杉枫樟楠桂竹梅兰菊荷莲葵蕉藤"


class Example(NamedTuple):
    """A kept example as text: what varies in it is its department's name and its amounts."""

    text: str
    suffix: str
    department: str


def examples(fixtures: Path = FIXTURES) -> Iterator[Example]:
    """The examples that are web pages or texts and name one department."""
    for folder in sorted(fixtures.iterdir()):
        goldens = folder / "expected" / "documents.csv"
        for file in sorted(folder.glob("input.*")):
            if file.suffix in SUFFIXES and goldens.exists():
                with goldens.open(encoding="utf-8", newline="") as lines:
                    rows = list(csv.DictReader(lines))
                if len(rows) == 1 and rows[0]["department"] and rows[0]["fiscal_year"]:
                    yield Example(file.read_bytes().decode(rows[0]["encoding"]), file.suffix, rows[0]["department"])


def varied(example: Example, number: int) -> str:
    """The example of another department, with other amounts of the same length; written in UTF-8, whatever it says of itself."""
    chance = random.Random(number)
    name = "".join(WORDS[number // len(WORDS) ** place % len(WORDS)] for place in range(4))
    tail = example.department[-4:]
    text = CHARSET.sub("charset=utf-8", example.text.replace(tail, name + tail))
    return AMOUNT.sub(lambda found: re.sub(r"[1-9]", lambda _: str(chance.randint(1, 9)), found[0]), text)


def make(place: Path, count: int, fixtures: Path = FIXTURES) -> None:
    """Write so many documents into a folder, a thousand in each folder of it."""
    kept = list(examples(fixtures))
    for number in range(count):
        example = kept[number % len(kept)]
        folder = place / f"{number // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:06d}{example.suffix}").write_text(varied(example, number), encoding="utf-8")
