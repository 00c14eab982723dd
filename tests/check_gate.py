"""Compare a scorer's figures with the floors of gate.toml: `python tests/check_gate.py scores.json`; exit 1 where one fell.

`--pin` raises the floors to the figures; lowering one needs `--allow-lower` and a line in CHANGELOG.md. A floor is the F1 of a measure, for `other` its recall, for `empty` the number of rows that must not be there.
"""

from __future__ import annotations

import argparse
import json
import math
import tomllib
from decimal import Decimal
from pathlib import Path

FLOORS = Path(__file__).with_name("gate.toml")
FIGURE = {"other": "recall", "empty": "found"}

HEAD = "# Floors of the score on the shared gold, by document and measure; see check_gate.py. Raised by --pin, lowered only with a reason."

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


def pinned(scores: Scores, floors: Floors, *, lower: bool) -> Floors:
    """The figures as floors, cut at the second decimal; a floor already higher stays, unless `lower`."""
    new: Floors = {}
    for document, measures in scores.items():
        for measure, figures in measures.items():
            figure = figures[FIGURE.get(measure, "f1")]
            floor = figure if measure == "empty" else math.floor(figure * 100) / 100
            old = floors.get(document, {}).get(measure, floor)
            better = min if measure == "empty" else max
            new.setdefault(document, {})[measure] = floor if lower else better(old, floor)
    return new


def as_toml(floors: Floors) -> str:
    lines = [HEAD]
    for document, measures in floors.items():
        lines += ["", f"[{document}]", *(f"{measure} = {floor}" for measure, floor in measures.items())]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path, help="what the scorer wrote with --json")
    parser.add_argument("--pin", action="store_true", help="raise the floors to the figures")
    parser.add_argument("--allow-lower", action="store_true", help="with --pin: lower them too; say why in CHANGELOG.md")
    asked = parser.parse_args()
    scores = json.loads(asked.scores.read_text(encoding="utf-8"))
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    print(shown(scores))
    fallen = falls(scores, floors)
    if asked.pin:
        FLOORS.write_text(as_toml(pinned(scores, floors, lower=asked.allow_lower)), encoding="utf-8")
    print("\n".join(fallen) if fallen else f"no figure fell under its floor ({FLOORS.name})")
    return 1 if fallen and not asked.pin else 0


if __name__ == "__main__":
    raise SystemExit(main())
