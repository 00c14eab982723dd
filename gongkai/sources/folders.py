"""The files of folders and globs, whatever they are called, in an order that depends on their names alone.

A folder with a `source.toml` and an `input.*` is a kept example: the input is the document, the rest describes it; a folder of kept
examples is read through them alone. So is a series of kept pages, a folder with a `series.toml`: its pages lie one folder below. Hidden files and the dataset being written are left out.
"""

from __future__ import annotations

import os
import re
from difflib import get_close_matches
from fnmatch import translate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE, SERIES = "source.toml", "series.toml"
MAGIC = re.compile(r"[*?\[]")


def files_in(folder: Path, without: Path) -> Iterator[Path]:
    """Every file below a folder, one folder's names in memory at a time."""
    for place, below, names in os.walk(folder):
        here = Path(place)
        below[:] = sorted(name for name in below if not name.startswith(".") and (here / name).resolve() != without)
        if inputs := example_inputs(here):
            below.clear()
            yield from inputs
        elif examples := [name for name in below if example_inputs(here / name)]:
            below[:] = examples
        else:
            yield from (here / name for name in sorted(names) if not name.startswith(".") and name != EXAMPLE and (here / name).is_file())


def matching(pattern: str) -> Iterator[Path]:
    """Files and folders a glob means: `*`, `?` and `[…]` within a name, `**` for any depth; hidden ones are left out.

    >>> sorted(path.name for path in matching("no/such/*/thing"))
    []
    """
    anchor = Path(pattern).anchor
    yield from _matching(Path(anchor or "."), Path(pattern).parts[1 if anchor else 0 :])


def _matching(here: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    if not parts:
        yield here
        return
    part, rest = parts[0], parts[1:]
    if not MAGIC.search(part):
        if (here / part).exists():
            yield from _matching(here / part, rest)
        return
    try:
        names = sorted(entry.name for entry in os.scandir(here) if not entry.name.startswith("."))
    except OSError:
        return
    if part == "**":
        yield from _matching(here, rest) if rest else ()
        for name in names:
            if (here / name).is_dir() and not (here / name).is_symlink():
                yield from _matching(here / name, parts)
            elif not rest:
                yield here / name
        return
    fits = re.compile(translate(part)).match
    for name in names:
        if fits(name):
            yield from _matching(here / name, rest)


def nearest(place: Path) -> tuple[str, str]:
    """The likeliest neighbour of a path that does not exist, said in both languages; nothing where none is near."""
    try:
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return "", ""
    close = get_close_matches(place.name, names, n=1)
    return (f"；是否指 {place.parent / close[0]}？", f"; did you mean {place.parent / close[0]}?") if close else ("", "")


def example_inputs(folder: Path) -> list[Path]:
    """The `input.*` of a kept example, the pages of a kept series; nothing where the folder is neither."""
    if (folder / SERIES).is_file():
        return sorted(folder.glob("*/*.html"))
    return sorted(folder.glob("input.*")) if (folder / EXAMPLE).is_file() else []
