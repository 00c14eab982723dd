"""Which rules made a dataset: the release, and a fingerprint of the code and word lists that turn bytes into rows."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

READING_FLOORS = ("extract", "normalize")
WRITING_ROOMS = ("rows.py", "columns.csv", "csvtext.py")


@cache
def extractor_version() -> str:
    """`1.0.0+` and 8 hex digits that change with any rule, so that an edited word list is never mistaken for work already done."""
    digest = sha256()
    for floor in READING_FLOORS:
        for file in _knowledge(files(floor)):
            digest.update(file.name.encode() + b"\0" + file.read_bytes().replace(b"\r\n", b"\n"))
    for room in WRITING_ROOMS:
        digest.update(files("gongkai").joinpath(room).read_bytes().replace(b"\r\n", b"\n"))
    return f"{version('gongkai')}+{digest.hexdigest()[:8]}"


def _knowledge(folder: Traversable) -> Iterator[Traversable]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _knowledge(entry)
        elif entry.name.endswith((".py", ".toml", ".csv")):
            yield entry
