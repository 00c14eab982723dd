"""From the places a user names to one `Item` after another; what a file is, is seen in its content (来源).

Nothing here grows with the number of inputs: at most the names of one folder, one member of an archive and one record are in memory.
"""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from extract.reading import HEAD, LIMITS, lacking, media_type, office_type
from gongkai.errors import DependencyError, GongkaiError, InputError, UsageError
from gongkai.sources import remote
from gongkai.sources.archives import KINDS, MOST_DEPTH, Budget, is_document, members
from gongkai.sources.folders import MAGIC, files_in, matching, nearest
from gongkai.sources.item import Item, Origin, Place, Step, Trouble, cannot_read, unreadable
from gongkai.sources.manifests import Listed, is_manifest, listed
from gongkai.sources.opening import bytes_of, opened
from gongkai.sources.pictures import pictures_in
from gongkai.sources.warc import GZIP, records, wacz_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK = 1 << 20
WARC, PAGE = b"WARC/", "text/html"


def items(places: Iterable[str | Path], *, without: Path) -> Iterator[Item]:
    """Every document of the places, in the order given; files that two of the places hold come once.

    Raises `UsageError` for a place that does not exist and `DependencyError` for one that needs an optional library, before anything is
    read, and `InputError` where no place holds a file.
    """
    roots = [str(place) for place in places]
    for root in roots:
        if remote.is_remote(root):
            remote.look(root)
        elif not Path(root).exists() and not (MAGIC.search(root) and next(matching(root), None)):
            raise UsageError(zh=f"找不到 {root}{nearest(Path(root))[0]}", en=f"there is no {root}{nearest(Path(root))[1]}")
    found = _items(roots, without.resolve())
    first = next(found, None)
    if first is None:
        raise InputError(zh="所给位置没有任何文件", en="there is no file in the places given")
    return _after(first, found)


def _after(first: Item, rest: Iterator[Item]) -> Iterator[Item]:
    yield first
    yield from rest


def _items(roots: list[str], without: Path) -> Iterator[Item]:
    seen: list[Path] = []
    stores = [Path(root) for root in roots if Path(root).is_dir()]
    for root in roots:
        if remote.is_remote(root):
            for url in remote.files_at(root):
                yield from documents(Origin(url), (Step("url", url),), named=url == root)
            continue
        whole = Path(root).exists()  # a name with brackets in it is a name
        for place in (Path(root),) if whole else matching(root):
            if place.is_file() and is_manifest(place):
                yield from _listed(place, stores)
                continue
            for file in files_in(place, without) if place.is_dir() else (place,):
                if not any(file == earlier or earlier in file.parents for earlier in seen):
                    yield from documents(Origin(str(file)), (Step("file", str(file)),), named=file == place and whole)
            seen.append(place)


def _listed(manifest: Path, stores: list[Path]) -> Iterator[Item]:
    for entry in listed(manifest, stores):
        if isinstance(entry, Listed):
            kind = "url" if remote.is_remote(entry.path) else "file"
            yield from documents(entry.origin, (Step(kind, entry.path),))
        else:
            yield entry


def again(address: str) -> bytes:
    """The bytes that `documents.source` names: a file, a member as archive!/name, a URL of a store. Raises `OSError`.

    What a web archive or a manifest gave an address of its own does not say where it lies.
    """
    outermost = address.split("!/", maxsplit=1)[0]
    step = Step("url" if remote.is_remote(outermost) else "file", outermost)
    if outermost == address:
        return bytes_of((step,))
    for item in documents(Origin(outermost), (step,)):
        if item.address == address and item.trouble is None:
            return bytes_of(item.place)
    raise FileNotFoundError(2, "No such file or directory", address)


def documents(origin: Origin, place: Place, *, named: bool = False) -> Iterator[Item]:
    """What a file holds: itself, or the documents of the archive it is. `named`: a missing library stops the run rather than being a row."""
    try:
        with opened(place[0]) as stream:
            yield from _inside(origin, place, stream, Budget(), named=named)
    except OSError as error:
        yield Item(origin, place, trouble=cannot_read(error))
    except GongkaiError as error:  # a store whose library is missing, a URL that is none
        if named:
            raise
        yield Item(origin, place, trouble=Trouble("unreadable", str(error)))


def _inside(origin: Origin, place: Place, stream: IO[bytes], budget: Budget, *, named: bool = False) -> Iterator[Item]:
    head = stream.read(HEAD)
    stream.seek(0)
    kind = _kind(head, stream)
    within = budget if len(place) > 1 else None
    try:
        if kind == "warc":
            yield from _records(records(origin.address, place, stream), within)
        elif kind == "wacz":
            for part in wacz_parts(stream) or ():
                yield from _records(records(f"{origin.address}!/{part.name}", place, stream, part), within)
        elif kind in KINDS.values():
            yield from _members(kind, origin, place, stream, budget)
        else:
            if named:
                _can_be_read(stream, kind)
            yield from _page(origin, place, stream) if kind == PAGE else (_whole(origin, place, stream, kind),)
    except DependencyError as error:
        if named:
            raise
        stream.seek(0)
        yield _whole(origin, place, stream, kind)._replace(trouble=Trouble("unreadable", str(error)))


def _records(items: Iterator[Item], budget: Budget | None) -> Iterator[Item]:
    """The records of a web archive; of one that is an archive itself, as attachments often are, what it holds. Without a budget each is an outermost archive of its own."""
    for item in items:
        if item.trouble is not None or item.media_type not in KINDS:
            yield item
            continue
        try:
            stream = io.BytesIO(bytes_of(item.place))
        except OSError as error:
            yield item._replace(trouble=cannot_read(error))
            continue
        if is_document(stream):
            yield item
        else:
            stream.seek(0)
            yield from _inside(item.origin, item.place, stream, budget or Budget())


def _page(origin: Origin, place: Place, stream: IO[bytes]) -> Iterator[Item]:
    """A web page and the pictures inside it, read once; one that is too large to be read as a page has only its digest taken."""
    page = stream.read(LIMITS[PAGE] + 1)
    if len(page) > LIMITS[PAGE]:
        stream.seek(0)
        yield _whole(origin, place, stream, PAGE)
        return
    yield Item(origin, place, sha256(page).hexdigest(), len(page), PAGE)
    yield from pictures_in(page, origin, place)


def _can_be_read(stream: IO[bytes], kind: str) -> None:
    """Raise `DependencyError` for an office file whose reader is not installed."""
    if kind in {"application/zip", "application/x-ole-storage", "application/rtf"}:
        lack = lacking(office_type(stream.read(), kind))
        stream.seek(0)
        if lack is not None:
            raise DependencyError(zh=lack.zh, en=lack.en)


def _kind(head: bytes, stream: IO[bytes]) -> str:
    """Warc, wacz, zip, rar, gzip, or the media type of what is one document."""
    kind = media_type(head)
    if head.startswith(WARC) or (head.startswith(GZIP) and _is_packed_warc(stream)):
        return "warc"
    if kind == "application/zip":
        found = "wacz" if wacz_parts(stream) else kind if is_document(stream) else "zip"
        stream.seek(0)
        return found
    return KINDS.get(kind, kind)


def _is_packed_warc(stream: IO[bytes]) -> bool:
    import gzip  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    try:
        return gzip.GzipFile(fileobj=stream).read(len(WARC)) == WARC
    except (OSError, EOFError, zlib.error):
        return False
    finally:
        stream.seek(0)


def _members(kind: str, origin: Origin, place: Place, stream: IO[bytes], budget: Budget) -> Iterator[Item]:
    if len(place) > MOST_DEPTH:
        deep = unreadable(f"压缩包嵌套超过{MOST_DEPTH}层，未读", f"archives nested more than {MOST_DEPTH} deep; not read")
        yield _whole(origin, place, stream, kind)._replace(trouble=deep)
        return
    for member in members(kind, origin.address, stream, budget):
        inner = origin._replace(address=f"{origin.address}!/{member.name}" if member.name else origin.address, declared_type=None, declared_encoding=None)
        inside = (*place, member.step) if member.name else place
        if member.trouble:
            yield Item(inner, inside, trouble=member.trouble)
        else:
            yield from _inside(inner, inside, io.BytesIO(member.data), budget)


def _whole(origin: Origin, place: Place, stream: IO[bytes], kind: str) -> Item:
    digest, size = sha256(), 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return Item(origin, place, digest.hexdigest(), size, kind)
