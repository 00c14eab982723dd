"""Lists that say where a crawler put what it fetched: manifests in CSV or JSON lines, and the feed of Scrapy's files pipeline (清单).

A manifest names a `path` (from its own folder) or a `url` of a store, and may name `url`, `referer`, `fetched_at`; the words other
crawlers use for them are listed in `NAMES`. Nothing is fetched: a line whose file is not there is a row that says so.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai.sources.item import Item, Origin, Step, unreadable
from gongkai.sources.remote import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAMES = {
    "path": ("path", "file", "filename", "file_path", "filepath", "local_path", "saved_as"),
    "url": ("url", "source_url", "target_url", "link"),
    "referer": ("referer", "referrer", "page_url", "source_page", "parent_url", "from_url"),
    "fetched_at": ("fetched_at", "fetch_time", "crawled_at", "downloaded_at", "timestamp", "date"),
}
HEAD = 65_536
LONGEST_LINE = 16 << 20


class Listed(NamedTuple):
    """A file that a manifest names, and what it says about it."""

    path: str
    origin: Origin


def is_manifest(file: Path) -> bool:
    """Whether a file is a list of files, by its first line: a heading or a JSON object that names a path."""
    try:
        with file.open("rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return False
    lines = [line for line in head.split(b"\n") if line.strip(b" \t\r[\xef\xbb\xbf")]
    if not lines:
        return False
    first = _object(lines[0])
    if first is not None:
        return _is_feed(first) or _value(first, "path") is not None
    return b"\0" not in head and not lines[0].lstrip().startswith(b"<") and "path" in _columns(_heading(lines[0].decode(_encoding(lines[0]), "replace")))


def listed(file: Path, stores: list[Path]) -> Iterator[Listed | Item]:
    """Every file that a manifest names, in its order; an `Item` with its trouble where a line cannot be meant.

    `stores` are folders in which a Scrapy feed's paths may lie, beside the feed's own.
    """
    with file.open("rb") as stream:
        first = next((line for line in stream if line.strip(b" \t\r\n[\xef\xbb\xbf")), b"")
        stream.seek(0)
        if _object(first) is None:
            yield from _from_csv(file, _encoding(first + stream.read(HEAD)))
            return
        for number, line in enumerate(iter(lambda: stream.readline(LONGEST_LINE), b""), 1):
            if not line.strip(b" \t\r\n[],\xef\xbb\xbf"):
                continue
            found = _object(line)
            if found is None:
                yield _trouble(file, number, "不是 JSON 对象", "no JSON object")
            elif _is_feed(found):
                yield from _from_feed(file, number, found, stores)
            else:
                yield _entry(file, number, found)


def _from_csv(file: Path, encoding: str) -> Iterator[Listed | Item]:
    with file.open(encoding=encoding, errors="replace", newline="") as text:
        heading = text.readline()
        names = _columns(_heading(heading))
        rows = csv.reader(text, delimiter=_delimiter(heading))
        number = 1
        while True:
            number += 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield _trouble(file, number, "无法读取这一行", f"the line cannot be read: {error}")
                continue
            if any(row):
                yield _entry(file, number, {name: row[at] for name, at in names.items() if at < len(row)})


def _entry(file: Path, number: int, values: Mapping[str, Any]) -> Listed | Item:
    path, url = _value(values, "path"), _value(values, "url")
    origin = Origin(url or path or f"{file}:{number}", _value(values, "referer"), _value(values, "fetched_at"))
    if path is None:
        return Item(origin, (Step("file", str(file)),), trouble=unreadable("清单这一行没有文件路径", f"line {number} of the manifest names no path"))
    return Listed(path if is_remote(path) else str(file.parent / path), origin)


def _from_feed(file: Path, number: int, item: Mapping[str, Any], stores: list[Path]) -> Iterator[Listed | Item]:
    """The files of one scraped item; its own `url` is the page they are attached to."""
    page, fetched = _value(item, "url"), _value(item, "fetched_at")
    for entry in item["files"]:
        path = _value(entry, "path") if isinstance(entry, dict) else None
        if path is None:
            yield _trouble(file, number, "没有文件路径", "an entry of files names no path")
            continue
        yield Listed(_stored(path, file, stores), Origin(_value(entry, "url") or path, page, fetched))


def _stored(path: str, feed: Path, stores: list[Path]) -> str:
    places = [feed.parent, *stores, *sorted(below for below in feed.parent.iterdir() if below.is_dir())]
    return str(next((place / path for place in places if (place / path).is_file()), feed.parent / path))


def _trouble(file: Path, number: int, zh: str, en: str) -> Item:
    return Item(Origin(f"{file}:{number}"), (Step("file", str(file)),), trouble=unreadable(f"清单第{number}行{zh}", f"line {number} of the manifest: {en}"))


def _is_feed(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("files"), list)


def _object(line: bytes) -> dict[str, Any] | None:
    text = line.strip(b" \t\r\n[],\xef\xbb\xbf") if not line.lstrip(b" \xef\xbb\xbf").startswith(b"{") else line.strip(b" \t\r\n,\xef\xbb\xbf")
    if not text.startswith(b"{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _value(values: Mapping[str, Any], field: str) -> str | None:
    return next((value.strip() for name in NAMES[field] if isinstance(value := values.get(name), str) and value.strip()), None)


def _heading(text: str) -> list[str]:
    try:
        return next(csv.reader([text.rstrip("\r\n")], delimiter=_delimiter(text)), [])
    except csv.Error:
        return []


def _columns(heading: list[str]) -> dict[str, int]:
    """Field and place of each column that `NAMES` knows."""
    places = {name.strip().lstrip("\ufeff").lower(): at for at, name in enumerate(heading)}
    return {field: next(places[name] for name in names if name in places) for field, names in NAMES.items() if any(name in places for name in names)}


def _delimiter(heading: str) -> str:
    return "\t" if "\t" in heading else ","


def _encoding(head: bytes) -> str:
    try:
        head.rsplit(b"\n", 1)[0].decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"
