"""The notebooks run from the first cell to the last, draw, and name what is planted in fixtures/series."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.generators.series import FAULTS, FOLDER, MISSING
from fixtures.generators.series_accounts import drawn
from gongkai.cli import main

NOTEBOOKS = Path(__file__).resolve().parent.parent / "docs" / "notebooks"
NAMES = ("comparing-departments", "one-department", "suspicious-numbers")
NEEDED = ("nbclient", "nbformat", "ipykernel", "matplotlib")
LACKING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
RUN = """
import asyncio, sys, nbformat
from nbclient import NotebookClient
if sys.platform == "win32":
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
book = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": sys.argv[3]}}).execute()
nbformat.write(book, sys.argv[2])
"""
needs_docs = pytest.mark.skipif(bool(LACKING), reason=f'the notebooks need {", ".join(LACKING)}: pip install -e ".[docs]"')


def cells(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return found


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every notebook as it ran: in a process of its own, whose warnings are not this one's."""
    place = tmp_path_factory.mktemp("notebooks")
    assert main(["run", str(FOLDER), "--output", str(place / "output"), "--progress", "none"]) == 0
    (place / "docs" / "notebooks").mkdir(parents=True)
    for name in NAMES:
        ran = subprocess.run(
            [sys.executable, "-c", RUN, str(NOTEBOOKS / f"{name}.ipynb"), str(place / f"{name}.ipynb"), str(place / "docs" / "notebooks")], capture_output=True, text=True, check=False, encoding="utf-8"
        )
        assert ran.returncode == 0, ran.stderr[-3000:]
    return place


def test_the_notebooks_are_kept_small_and_without_outputs() -> None:
    assert tuple(sorted(file.stem for file in NOTEBOOKS.glob("*.ipynb"))) == NAMES
    for file in NOTEBOOKS.glob("*.ipynb"):
        book = json.loads(file.read_text(encoding="utf-8"))
        assert (book["nbformat"], book["nbformat_minor"]) >= (4, 5)
        assert [cell["id"] for cell in book["cells"]] == [f"{file.stem.partition('-')[0]}-{place:02d}" for place in range(len(book["cells"]))]
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in book["cells"] if cell["cell_type"] == "code")
        assert file.stat().st_size < 20_000
    setup = {"".join(cells(NOTEBOOKS / f"{name}.ipynb")[2]["source"]) for name in NAMES}
    assert len(setup) == 1, "the cell that finds a font is one and the same"


@needs_docs
@pytest.mark.parametrize("name", NAMES)
def test_every_cell_runs_without_a_warning_and_the_pictures_are_there(name: str, executed: Path) -> None:
    code = [cell for cell in cells(executed / f"{name}.ipynb") if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in code)
    outputs = [output for cell in code for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert "已核对 verified" in printed(executed / f"{name}.ipynb") or name == "comparing-departments"


@needs_docs
def test_what_is_planted_is_named_by_department_and_year(executed: Path) -> None:
    figures = drawn()
    said = printed(executed / "suspicious-numbers.ipynb")
    for fault in FAULTS:
        name = f"{fault.year} {figures[fault.department, fault.year].name}"
        assert name in said, name
        block = said.partition(name)[2].partition("\n20")[0]
        for check in fault.checks:
            assert check in block or check == "three_public_within_budget" or (check.startswith("L:") and "上年数" in block), (name, check)  # severity note is not shown
    assert f"{MISSING[1]} {figures[MISSING].name} not_in_dataset" in said
    assert f"2021 {figures['culture', 2021].name} 公务接待费" in said or "Reception per guest" in said


def printed(file: Path) -> str:
    """Everything that the cells of a notebook printed."""
    return "\n".join("".join(output["text"]) for cell in cells(file) if cell["cell_type"] == "code" for output in cell["outputs"] if output["output_type"] == "stream")
