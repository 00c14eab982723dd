"""From the places a user names to one `Item` after another; what a file is, is seen in its content."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from extract.reading import HEAD, media_type
from gongkai.errors import InputError, UsageError
from gongkai.sources.folders import files_in, nearest
from gongkai.sources.item import Item, Place, Step, Trouble
from gongkai.sources.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 1 << 20


def items(places: Iterable[str | Path], *, without: Path) -> Iterator[Item]:
    """Every document of the places, in the order given; files that two of the places hold come once.

    Raises `UsageError` for a place that does not exist, before anything is read, and `InputError` where no place holds a file.
    """
    roots = [Path(place) for place in places]
    for place in roots:
        if not place.exists():
            raise UsageError(zh=f"找不到 {place}{nearest(place)[0]}", en=f"there is no {place}{nearest(place)[1]}")
    found = _items(roots, without.resolve())
    first = next(found, None)
    if first is None:
        raise InputError(zh="所给位置没有任何文件", en="there is no file in the places given")
    return _after(first, found)


def _after(first: Item, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest


def _items(places: list[Path], without: Path) -> Iterator[Item]:
    for at, place in enumerate(places):
        for file in files_in(place, without) if place.is_dir() else (place,):
            if not any(file == earlier or earlier in file.parents for earlier in places[:at]):
                yield whole(str(file), (Step("file", str(file)),))


def whole(address: str, place: Place) -> Item:
    """A file as one document: its digest, size and media type."""
    digest, size, head = sha256(), 0, b""
    try:
        with opened(place[0]) as stream:
            while chunk := stream.read(CHUNK):
                head = head or chunk[:HEAD]
                size += len(chunk)
                digest.update(chunk)
    except OSError as error:
        return Item(address, place, trouble=Trouble("unreadable", f"无法读取文件 / cannot read the file: {error.strerror or type(error).__name__}"))
    return Item(address, place, digest.hexdigest(), size, media_type(head))
