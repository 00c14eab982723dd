"""What leaves the house: the wheel holds the three floors and nothing else, the sdist no caches and no real document."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FLOORS = {"extract", "normalize", "gongkai"}
CACHES = ("__pycache__", ".pyc", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".venv", ".egg-info", ".git/")


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    isolation = ["--no-isolation"] if find_spec("hatchling") else []
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--sdist", *isolation, "--outdir", str(folder), str(root)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> set[str]:
    (file,) = built.glob("*.whl")
    return set(zipfile.ZipFile(file).namelist())


def test_the_wheel_holds_exactly_the_three_floors(wheel: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel}
    assert {top for top in tops if not top.endswith(".dist-info")} == FLOORS
    assert len(tops) == len(FLOORS) + 1


def test_the_wheel_holds_every_module_word_list_and_type_marker_of_the_floors(wheel: set[str], root: Path) -> None:
    kept = {
        str(file.relative_to(root))
        for floor in FLOORS
        for file in (root / floor).rglob("*")
        if file.is_file() and not any(cache in str(file) for cache in CACHES)
    }
    assert {name for name in wheel if name.split("/")[0] in FLOORS} == kept
    assert {f"{floor}/py.typed" for floor in FLOORS} | {"gongkai/columns.csv", "gongkai/dataset_readme.md", "gongkai/views.sql"} <= kept


def test_the_wheel_starts_the_command_and_refuses_to_be_published(built: Path) -> None:
    (file,) = built.glob("*.whl")
    with zipfile.ZipFile(file) as wheel:
        (info,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
        assert "gongkai = gongkai.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
        assert "Classifier: Private :: Do Not Upload" in wheel.read(f"{info}/METADATA").decode()
        assert "MIT License" in wheel.read(f"{info}/licenses/LICENSE").decode()


@pytest.fixture(scope="module")
def sdist(built: Path) -> dict[str, bytes]:
    (file,) = built.glob("*.tar.gz")
    with tarfile.open(file) as archive:
        return {
            member.name.split("/", 1)[1]: content.read()
            for member in archive.getmembers()
            if member.isfile() and (content := archive.extractfile(member)) is not None
        }


def test_the_sdist_holds_no_caches_and_no_generated_data(sdist: dict[str, bytes]) -> None:
    assert [name for name in sdist if any(cache in name for cache in CACHES)] == []
    assert {name for name in sdist if name.startswith("output/")} == {"output/README.md"}
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml"} <= sdist.keys()


def test_every_kept_example_in_the_sdist_is_invented_and_says_so(sdist: dict[str, bytes]) -> None:
    inputs = {name for name in sdist if name.startswith("fixtures/") and "/input." in name}
    for name in inputs:
        source = tomllib.loads(sdist[f"{name.rsplit('/', 1)[0]}/source.toml"].decode())
        assert source["licence"].startswith("invented"), name
    assert inputs


@pytest.mark.corpus
def test_no_document_of_the_shared_corpus_is_in_the_sdist(sdist: dict[str, bytes], shared: Path) -> None:
    ours = {hashlib.sha256(content).hexdigest(): name for name, content in sdist.items()}
    theirs = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (shared / "corpus").rglob("*") if file.is_file()}
    assert {name for digest, name in ours.items() if digest in theirs} == set()
