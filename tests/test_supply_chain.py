"""What comes along with gongkai: every library is locked with its hashes, listed in the bill of materials, and has a licence that goes with MIT."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCKED_EXTRAS = ("office", "warc", "rar", "xlsx", "validate")  # those of a run; ray, s3, ocr and docs bring trees of their own
ALLOWED = re.compile(r"\b(?:MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|HPND|Unlicense|Zlib|0BSD|CC0|Public Domain|WTFPL)\b", re.IGNORECASE)
UNSAID = {"chardetng-py": "MIT"}  # not in its metadata, but in its repository
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def plain(name: str) -> str:
    """A name as packages compare them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(root: Path) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9._-]+)==(\S+) \\\n +--hash=sha256:[0-9a-f]{64}", (root / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE)
    return {plain(name): version for name, version in found}


def wanted(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in LOCKED_EXTRAS for line in project["optional-dependencies"][extra])]
    return {plain(match[0]) for line in lines if (match := NAME.match(line))}


def test_every_library_of_a_run_is_locked_with_its_hashes(root: Path) -> None:
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    assert wanted(root) <= locked(root).keys()
    assert len(re.findall(r"^[A-Za-z0-9._-]+==", text, re.MULTILINE)) == len(locked(root))


def test_the_bill_of_materials_is_that_of_the_lock(root: Path) -> None:
    bill = json.loads((root / "docs" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert {plain(part["name"]): part["version"] for part in bill["components"]} == locked(root)


def installed(names: set[str]) -> Iterator[Distribution]:
    """The libraries of these names that are here, and what they need themselves."""
    seen: set[str] = set()
    waiting = sorted(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        yield found
        waiting += [plain(match[0]) for line in found.requires or () if "extra ==" not in line and (match := NAME.match(line))]


def test_every_library_has_a_licence_that_goes_with_mit(root: Path) -> None:
    odd = {}
    held = list(installed(wanted(root)))
    for one in held:
        said = [*(one.metadata.get_all("License-Expression") or ()), *(text[:400] for text in one.metadata.get_all("License") or ()), *(line for line in one.metadata.get_all("Classifier") or () if line.startswith("License"))]
        if plain(one.metadata["Name"]) not in UNSAID and not any(ALLOWED.search(text) for text in said):
            odd[one.metadata["Name"]] = said
    assert odd == {}
    assert len(held) >= 15
