"""What every test may ask for: the fixtures folder, and the shared corpus of real documents where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("GONGKAI_OCR", "off")  # scans are read only by the tests that say so, whatever is installed here


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared corpus and gold; the test is skipped, with the reason, where they are absent."""
    place = Path(os.environ.get("GONGKAI_SHARED", ROOT.parent / "shared"))
    if not (place / "corpus" / "dev").is_dir():
        pytest.skip(f"the shared corpus is not at {place} (set GONGKAI_SHARED); these documents are not ours to ship")
    return place
