"""From a place to its bytes: files and URLs are opened, members and records are read in memory."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO, TYPE_CHECKING

from gongkai.sources.archives import member_bytes
from gongkai.sources.pictures import picture_bytes
from gongkai.sources.remote import opened_at
from gongkai.sources.warc import record_bytes

if TYPE_CHECKING:
    from gongkai.sources.item import Place, Step


def opened(step: Step) -> IO[bytes]:
    """The outermost container, or the document itself, as a stream that can seek. Raises `OSError`."""
    return opened_at(step.key) if step.kind == "url" else Path(step.key).open("rb")


def bytes_of(place: Place) -> bytes:
    """The bytes of a document, read where it lies. Raises `OSError`."""
    with opened(place[0]) as stream:
        inner: IO[bytes] = stream
        for step in place[1:]:
            inner = io.BytesIO(_inside(step, inner))
        return inner.read()


def _inside(step: Step, stream: IO[bytes]) -> bytes:
    if step.kind == "warc":
        return record_bytes(step, stream)
    return picture_bytes(step, stream.read()) if step.kind == "picture" else member_bytes(step, stream)
