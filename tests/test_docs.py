"""The documents tell the truth: README's commands print what it shows, its rows are in the dataset, every command is described."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

import gongkai
from gongkai import schema
from gongkai.cli import main, parser
from tests import refresh_docs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


def test_examples_of_readme_and_docs_print_what_is_shown(readme: str, root: Path) -> None:
    checked = subprocess.run([sys.executable, str(root / "tests" / "refresh_docs.py"), "--check"], capture_output=True, text=True, check=False, encoding="utf-8", cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)
    assert len(refresh_docs.pages()) >= 8
    assert re.findall(r"^\$ \.venv/bin/gongkai (\w+)", readme, re.MULTILINE) == ["explain", "run"]


def test_readme_rows_are_rows_of_the_example(readme: str, root: Path, tmp_path: Path) -> None:
    assert main(["run", str(example(readme, root)), "--output", str(tmp_path / "out"), "--progress", "none"]) == 0
    rows = pq.read_table(tmp_path / "out" / "data" / "budget_lines.parquet").to_pylist()
    printed = {(row["measure"], row["basis"], row["value"], row["unit"], row["raw"]) for row in rows}
    table = readme.partition("Out come rows:")[2].partition("and every one")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    assert lines[0] == ["measure", "basis", "value", "unit", "raw"]
    claimed = {(measure, basis, Decimal(value), unit, raw) for measure, basis, value, unit, raw in lines[2:]}
    assert len(claimed) >= 4
    assert claimed <= printed


def example(readme: str, root: Path) -> Path:
    """The fixture that README shows."""
    place = re.search(r"\]\((fixtures/[^)]+)\)", readme)
    assert place
    return root / place[1]


def test_readme_excerpt_stands_in_the_example(readme: str, root: Path) -> None:
    excerpt = next(line for line in readme.splitlines() if line.startswith("> ")).removeprefix("> ")
    (page,) = example(readme, root).glob("input.*")
    assert excerpt in page.read_text(encoding="utf-8")


def test_readme_links_lead_somewhere(readme: str, root: Path) -> None:
    links = re.findall(r"\]\(([^)#h][^)]*)\)", readme)
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_shell_commands_of_the_docs_are_ones_that_gongkai_knows(root: Path) -> None:
    found = {page.name: list(refresh_docs.unknown_commands(page.read_text(encoding="utf-8"))) for page in (root / "docs").rglob("*.md")}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) > 10
    assert list(refresh_docs.unknown_commands("```sh\ngongkai run x --outptu y\n```")) == ["gongkai run x --outptu y"]


def test_links_of_the_docs_lead_somewhere(root: Path) -> None:
    made = {"reference/columns.md", "reference/commands.md", "reference/checks.md", "decisions/index.md"}
    for page in (root / "docs").rglob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            place = (page.parent / link).resolve()
            assert place.exists() or place.relative_to(root / "docs").as_posix() in made, (page.name, link)


def test_both_start_pages_show_rows_of_the_example(root: Path) -> None:
    (page,) = (root / "fixtures" / "yunshan-bamboo-2023-final").glob("input.*")
    rows = gongkai.extract(page).tables
    printed = {(row["measure"], row["basis"], row["value"], row["unit"], row["raw"]) for row in rows["budget_lines"].arrow().to_pylist()}
    messages = {row[name] for row in rows["findings"].arrow().to_pylist() for name in ("message_zh", "message_en")}
    for start in ("index.md", "zh/index.md"):
        text = (root / "docs" / start).read_text(encoding="utf-8")
        claimed = {(cells[0], cells[1], Decimal(cells[2]), cells[3], cells[4]) for line in re.findall(r"^\| (\w+ \| \w+ \| [\d.]+ .*) \|$", text, re.MULTILINE) if (cells := line.split(" | "))}
        assert len(claimed) == 5
        assert claimed <= printed
        excerpt, message = re.findall(r"^> (.*)$", text, re.MULTILINE)
        assert excerpt in page.read_text(encoding="utf-8")
        assert message.partition(" · ")[2] in messages


def test_readme_describes_every_command_and_table(readme: str) -> None:
    actions = [action for action in parser()._actions if isinstance(action.choices, dict)]
    for command in actions[0].choices or ():
        assert f"`gongkai {command}" in readme, command
    for table in schema.TABLE_TITLES:
        assert f"`{table}`" in readme, table


def test_ci_runs_exactly_the_commands_of_readme(readme: str, root: Path) -> None:
    install, test = re.search(r"```sh\n(.*)\n(.*)\n```", readme).groups()  # type: ignore[union-attr]
    ci = (root / ".ci" / "run").read_text(encoding="utf-8")
    _, pip, run = install.split(" && ")
    assert pip.replace("pip install", "pip install -q") in ci
    assert run in ci
    assert test in ci


def test_the_changelog_tells_of_the_version_that_is_built(root: Path) -> None:
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert re.search(rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n\n(?!## )", changes, re.MULTILINE)
    assert changes.index("## [Unreleased]") < changes.index(f"## [{version}]")


def test_every_decision_fits_on_a_page(root: Path) -> None:
    for page in (root / "docs" / "decisions").glob("*.md"):
        assert "**Decided.**" in page.read_text(encoding="utf-8"), page
        assert len(page.read_text(encoding="utf-8").splitlines()) <= 40, page


@pytest.mark.parametrize("word", ["/" + "work/", "/" + "root/", "/" + "farm/"])
def test_no_document_names_a_path_of_somebodys_machine(word: str, root: Path) -> None:
    pages = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), root / ".ci" / "run", root / "justfile"]
    assert [str(page) for page in pages if word in page.read_text(encoding="utf-8")] == []


def undocumented(tree: ast.Module) -> list[str]:
    """What is public and says nothing of itself: a module, function or class, and methods, unless one statement says all."""
    listed: list[tuple[str, ast.AST]] = [("module", tree)]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            listed.append((node.name, node))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            listed += [(f"{node.name}.{method.name}", method) for method in node.body if isinstance(method, ast.FunctionDef) and not method.name.startswith("_") and len(method.body) > 1]
    return [name for name, node in listed if not name.startswith("_") and isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and not ast.get_docstring(node)]


def test_whatever_is_public_says_what_it_is_and_no_room_is_too_long(root: Path) -> None:
    silent, long = {}, {}
    for floor in ("extract", "normalize", "gongkai"):
        for file in sorted((root / floor).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            silent[str(file.relative_to(root))] = undocumented(ast.parse(text))
            long[str(file.relative_to(root))] = len(text.splitlines())
    assert {name: found for name, found in silent.items() if found} == {}
    assert {name: lines for name, lines in long.items() if lines > 500} == {}
    assert len(long) > 100
    assert undocumented(ast.parse("def f(): ...\nclass A:\n    def g(self):\n        x = 1\n        return x\n    def h(self): return 1")) == ["module", "f", "A", "A.g"]
