"""Compare a scorer's figures with the floors of gate.toml: `python tests/check_gate.py scores.json`; exit 1 where one fell.

`--pin` raises the floors to the figures; lowering one needs `--allow-lower` and a line about it in CHANGELOG.md, without which it is refused. A floor is the F1 of a measure, for `other` its recall, for `empty` the number of
rows that must not be there. Over all documents precision and recall of each measure have floors of their own, and so has coverage, the share of printed numerals that a row or a rule explains (`--dataset`). They hold for one gold:
its digest is pinned with them (`--gold`), and another gold is told rather than compared.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tomllib
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

FLOORS = Path(__file__).with_name("gate.toml")
CHANGES = Path(__file__).parents[1] / "CHANGELOG.md"
FIGURE = {"other": "recall", "empty": "found"}

HEAD = "# Floors of the score on the shared gold, by document and measure; see check_gate.py. Raised by --pin, lowered only with a reason."

OVER_ALL, GOLD = "over all", "gold"
PARTS = ("precision", "recall")

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


def over_all(scores: Scores, dataset: Path | None) -> dict[str, float]:
    """Precision and recall of each measure over all documents, and the coverage of numerals."""
    found: dict[str, float] = {}
    scores = {name: figures for name, figures in scores.items() if name != "TOTAL"}  # the scorer's own sum
    for measure in sorted({measure for document in scores.values() for measure in document} - {"empty"}):
        counts = {name: sum(document[measure][name] for document in scores.values() if measure in document) for name in ("gold", "found", "right")}
        for part, whole in zip(PARTS, (counts["found"], counts["gold"]), strict=True):
            found[f"{measure}_{part}"] = counts["right"] / whole if whole else 1.0
    if dataset is not None:
        rows = pq.read_table(dataset / "data" / "documents.parquet", columns=["number_count", "numbers_explained"]).to_pylist()
        found["coverage"] = sum(row["numbers_explained"] for row in rows) / max(sum(row["number_count"] for row in rows), 1)
    return found


def digest(gold: Path) -> str:
    """One digest of all files of the gold, by name and content."""
    whole = sha256()
    for file in sorted(gold.glob("*.json")):
        whole.update(f"{file.name} {sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()[:16]


def may_lower(changelog: str) -> bool:
    r"""Whether the changelog says, in what is not released yet, that a floor was lowered.

    >>> may_lower("## [Unreleased]\n- Floor of facts lowered: the gold was wrong\n## [1.0]"), may_lower("## [Unreleased]\n## [1.0]\n- floor lowered")
    (True, False)
    """
    return re.search(r"floor", changelog.partition("## [Unreleased]")[2].partition("\n## [")[0], re.IGNORECASE) is not None


def shown(scores: Scores) -> str:
    """The figures as a table, documents down, measures across."""
    measures = sorted({measure for document in scores.values() for measure in document})
    lines = [f"{'':<42}" + "".join(f"{measure:>12}" for measure in measures)]
    for document, figures in scores.items():
        cells = (figures.get(measure, {}).get(FIGURE.get(measure, "f1")) for measure in measures)
        lines.append(f"{document:<42}" + "".join(f"{'' if cell is None else round(Decimal(str(cell)), 4):>12}" for cell in cells))
    return "\n".join(lines)


def pinned(scores: Scores, floors: Floors, totals: dict[str, float], *, lower: bool) -> Floors:
    """The figures as floors, cut at the second decimal (those over all at the third); a floor already higher stays, unless `lower`."""
    new: Floors = {OVER_ALL: {}}
    for name, figure in totals.items():
        floor = math.floor(figure * 1000) / 1000
        new[OVER_ALL][name] = floor if lower else max(floors.get(OVER_ALL, {}).get(name, floor), floor)
    for document, measures in scores.items():
        for measure, figures in measures.items():
            figure = figures[FIGURE.get(measure, "f1")]
            floor = figure if measure == "empty" else math.floor(figure * 100) / 100
            old = floors.get(document, {}).get(measure, floor)
            better = min if measure == "empty" else max
            new.setdefault(document, {})[measure] = floor if lower else better(old, floor)
    return new


def as_toml(floors: Floors, gold: str) -> str:
    lines = [HEAD, "", f'{GOLD} = "{gold}"']
    for document, measures in floors.items():
        lines += ["", f'["{document}"]' if " " in document else f"[{document}]", *(f"{measure} = {floor}" for measure, floor in measures.items())]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", type=Path, help="what the scorer wrote with --json")
    parser.add_argument("--pin", action="store_true", help="raise the floors to the figures")
    parser.add_argument("--allow-lower", action="store_true", help="with --pin: lower them too; say why in CHANGELOG.md")
    parser.add_argument("--gold", type=Path, default=None, help="the folder of the gold, whose digest is pinned")
    parser.add_argument("--dataset", type=Path, default=None, help="the dataset that was scored, for coverage")
    asked = parser.parse_args()
    scores = json.loads(asked.scores.read_text(encoding="utf-8"))
    floors: dict[str, Any] = tomllib.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    known, now = str(floors.pop(GOLD, "")), digest(asked.gold) if asked.gold else ""
    totals = over_all(scores, asked.dataset)
    print(shown(scores))
    print("\n".join(f"{name:<42}{round(Decimal(str(figure)), 4):>12}" for name, figure in totals.items()))
    if asked.pin:
        if asked.allow_lower and not may_lower(CHANGES.read_text(encoding="utf-8")):
            print("refused: a lowered floor needs its line in CHANGELOG.md, under Unreleased")
            return 1
        FLOORS.write_text(as_toml(pinned(scores, floors, totals, lower=asked.allow_lower), now or known), encoding="utf-8")
        return 0
    fallen = falls(scores, {document: measures for document, measures in floors.items() if document != OVER_ALL})
    fallen += [f"over all: {name} {totals.get(name)} where the floor is {floor}" for name, floor in floors.get(OVER_ALL, {}).items() if totals.get(name, -1.0) < floor and (name != "coverage" or asked.dataset)]
    if now and known and now != known:
        fallen.append(f"the gold is another one than the floors were pinned for ({now}, not {known}): look at the figures, then --pin")
    print("\n".join(fallen) if fallen else f"no figure fell under its floor ({FLOORS.name})")
    return 1 if fallen else 0


if __name__ == "__main__":
    raise SystemExit(main())
