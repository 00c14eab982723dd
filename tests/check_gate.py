"""Compare a scorer's figures with the floors of gate.toml: `python tests/check_gate.py scores.json`; exit 1 where one fell.

A floor is the F1 of a measure, for `other` its recall, for `empty` the number of rows that must not be there.
"""

from __future__ import annotations

import json
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

FLOORS = Path(__file__).with_name("gate.toml")
FIGURE = {"other": "recall", "empty": "found"}

Scores = dict[str, dict[str, dict[str, float]]]
Floors = dict[str, dict[str, float]]


def falls(scores: Scores, floors: Floors) -> list[str]:
    """Every figure under its floor, as a sentence; a document or measure that is not there has fallen too."""
    found = []
    for document, measures in floors.items():
        for measure, floor in measures.items():
            figure = scores.get(document, {}).get(measure, {}).get(FIGURE.get(measure, "f1"))
            if figure is None:
                found.append(f"{document}: {measure} is not in the scores (floor {floor})")
            elif (figure > floor) if measure == "empty" else (figure < floor):
                found.append(f"{document}: {measure} {figure} where the floor is {floor}")
    return found


def shown(scores: Scores) -> str:
    """The figures as a table, documents down, measures across."""
    measures = sorted({measure for document in scores.values() for measure in document})
    lines = [f"{'':<42}" + "".join(f"{measure:>12}" for measure in measures)]
    for document, figures in scores.items():
        cells = (figures.get(measure, {}).get(FIGURE.get(measure, "f1")) for measure in measures)
        lines.append(f"{document:<42}" + "".join(f"{'' if cell is None else round(Decimal(str(cell)), 4):>12}" for cell in cells))
    return "\n".join(lines)


def main(scores_file: str) -> int:
    scores = json.loads(Path(scores_file).read_text(encoding="utf-8"))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    print(shown(scores))
    fallen = falls(scores, floors)
    print("\n".join(fallen) if fallen else f"no figure fell under its floor ({FLOORS.name})")
    return 1 if fallen else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
