"""Which files a run reads: the files given, and everything in the folders given, whatever it is called.

A folder with a `source.toml` and an `input.*` is a kept example: the input is the document, the rest describes it; a folder of kept
examples is read through them alone.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

from gongkai.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXAMPLE = "source.toml"


def find(places: Iterable[Path], *, without: Path) -> list[Path]:
    """All input files, sorted, each once; hidden files and the dataset being written (`without`) are left out."""
    found: set[Path] = set()
    for place in places:
        if place.is_dir():
            found.update(_inside(place, without.resolve()))
        elif place.is_file():
            found.add(place)
        else:
            raise UsageError(zh=f"找不到 {place}{nearest(place)[0]}", en=f"there is no {place}{nearest(place)[1]}")
    if not found:
        raise InputError(zh="所给位置没有任何文件", en="there is no file in the places given")
    return sorted(found, key=str)


def nearest(place: Path) -> tuple[str, str]:
    """The likeliest neighbour of a path that does not exist, said in both languages; nothing where none is near."""
    try:
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return "", ""
    close = get_close_matches(place.name, names, n=1)
    return (f"；是否指 {place.parent / close[0]}？", f"; did you mean {place.parent / close[0]}?") if close else ("", "")


def _inside(folder: Path, without: Path) -> Iterator[Path]:
    for place, below, names in os.walk(folder):
        here = Path(place)
        below[:] = [name for name in below if not name.startswith(".") and (here / name).resolve() != without]
        if inputs := example_inputs(here):
            below.clear()
            yield from inputs
        elif examples := [name for name in below if example_inputs(here / name)]:
            below[:] = examples
        else:
            yield from (here / name for name in names if not name.startswith(".") and name != EXAMPLE and (here / name).is_file())


def example_inputs(folder: Path) -> list[Path]:
    """The `input.*` of a kept example; nothing where the folder is none."""
    return sorted(folder.glob("input.*")) if (folder / EXAMPLE).is_file() else []


def printable(address: str) -> str:
    """An address as text that every file can hold: bytes of a name that are no UTF-8 (GBK names out of archives) as backslash escapes."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def digest(file: Path) -> str:
    """Sha256 of the bytes, in hex."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
