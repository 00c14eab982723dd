"""One document among the sources of a run, and the way back to its bytes."""

from __future__ import annotations

from hashlib import file_digest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from extract.document import Note


class Step(NamedTuple):
    """One step towards the bytes: kind is file | url | zip | rar | gzip | warc.

    `key` is a path, a URL, the number of a member (zip, rar), nothing (gzip), or the first byte of a record (warc).
    """

    kind: str
    key: str


Place = tuple[Step, ...]  # the outermost container first: (file a.zip, zip 3) or (file a.warc.gz, warc 51200)


class Trouble(NamedTuple):
    """Why a source is a row without having been read: a status of `documents`, and the reason in both languages."""

    status: str
    reason: str


class Item(NamedTuple):
    """A document to read. Without `sha256` nobody could read its bytes, and `trouble` says why."""

    address: str  # what `documents.source` shows: the URL where one is known, else the path; members as archive!/name
    place: Place
    sha256: str | None = None
    size: int = 0
    media_type: str | None = None  # by content
    trouble: Trouble | None = None
    page: str | None = None  # address of the page the file is attached to, where the source says so
    declared_type: str | None = None  # as the web server said
    declared_encoding: str | None = None
    notes: tuple[Note, ...] = ()  # what was odd before anybody read it: a record cut short

    @property
    def attached(self) -> bool:
        """Whether it is a file that a page brought along (附件), and no page itself."""
        return self.page is not None and self.media_type != "text/html"


def printable(address: str) -> str:
    """An address as text that every file can hold: bytes of a name that are no UTF-8 (GBK names out of archives) as backslash escapes."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def digest(file: Path) -> str:
    """Sha256 of the bytes, in hex."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
