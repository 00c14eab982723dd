"""From a place to its bytes: files and URLs are opened, members and records are read in memory."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from gongkai.sources.item import Place, Step


def opened(step: Step) -> IO[bytes]:
    """The outermost container, or the document itself, as a stream that can seek. Raises `OSError`."""
    return Path(step.key).open("rb")


def bytes_of(place: Place) -> bytes:
    """The bytes of a document, read where it lies. Raises `OSError`."""
    with opened(place[0]) as stream:
        return stream.read()
