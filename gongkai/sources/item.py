"""One document among the sources of a run, and the way back to its bytes."""

from __future__ import annotations

from hashlib import file_digest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from extract.document import Note


class Step(NamedTuple):
    """One step towards the bytes: kind is file | url | zip | rar | gzip | warc | picture.

    `key` is a path, a URL, the number of a member (zip, rar), nothing (gzip), or the first byte of a record (warc) or of a picture's address in its page.
    """

    kind: str
    key: str


Place = tuple[Step, ...]  # the outermost container first: (file a.zip, zip 3) or (file a.warc.gz, warc 51200)


class Trouble(NamedTuple):
    """Why a source is a row without having been read: a status of `documents`, and the reason in both languages."""

    status: str
    reason: str


class Origin(NamedTuple):
    """What whoever fetched a file knows about it: its address, the page that links to it, when it was fetched, what the server said."""

    address: str  # what `documents.source` shows: the URL where one is known, else the path; members as archive!/name
    page: str | None = None
    fetched_at: str | None = None
    declared_type: str | None = None
    declared_encoding: str | None = None


class Item(NamedTuple):
    """A document to read. Where `trouble` says why not, it is a row that nobody reads; without `sha256` nobody saw its bytes."""

    origin: Origin
    place: Place
    sha256: str | None = None
    size: int = 0
    media_type: str | None = None  # by content
    trouble: Trouble | None = None
    notes: tuple[Note, ...] = ()  # what was odd before anybody read it: a record cut short

    @property
    def address(self) -> str:
        return self.origin.address

    def joined(self, other: Item) -> Item:
        """The item with what is known of the same bytes elsewhere; the one that can be read, where only one can."""
        first, second = (other, self) if self.trouble and not other.trouble else (self, other)
        page, fetched = first.origin.page or second.origin.page, first.origin.fetched_at or second.origin.fetched_at
        return first._replace(origin=first.origin._replace(page=page, fetched_at=fetched))

    @property
    def page(self) -> bool:
        """Whether it is a page of its own, that files can be attached to (附件)."""
        return self.media_type in {"text/html", "text/plain"}


def unreadable(zh: str, en: str, status: str = "unreadable") -> Trouble:
    """A trouble in two languages."""
    return Trouble(status, f"{zh} / {en}")


def cannot_read(error: OSError) -> Trouble:
    """What the system said."""
    return unreadable("无法读取文件", f"cannot read the file: {error.strerror or error or type(error).__name__}")


def printable(address: str) -> str:
    """An address as text that every file can hold: bytes of a name that are no UTF-8 (GBK names out of archives) as backslash escapes."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def digest(file: Path) -> str:
    """Sha256 of the bytes, in hex."""
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
