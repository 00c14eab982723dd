"""One document, the whole way: bytes to rows, and to the parts of the dataset. This is what a worker process runs."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from extract.document import DocumentError
from extract.reading import media_type, read
from gongkai.dataset import Parts, encoded
from gongkai.rows import Row, Rows, data_rows, document_row
from gongkai.sources import bytes_of, cannot_read, printable, unreadable
from normalize.disclosure import normalize

if TYPE_CHECKING:
    from gongkai.sources import Item


class Task(NamedTuple):
    """What a worker is handed: a document, and the version of the rules that its rows shall name."""

    item: Item
    version: str


class Extracted(NamedTuple):
    """A document's row in `documents` and all its rows, ready to be written."""

    document: Row
    parts: Parts


def read_rows(data: bytes, item: Item, *, version: str) -> tuple[Row, Rows]:
    """The row of a document and the rows of all it says; bytes that cannot be read are a row with a status and a reason."""
    address = printable(item.address)
    try:
        document = read(data, address, declared_type=item.origin.declared_type, declared_encoding=item.origin.declared_encoding)
    except DocumentError as error:
        return document_row((address, item.sha256), error.status, str(error), version=version, media_type=media_type(data)), {}
    disclosure = normalize(replace(document, notes=(*item.notes, *document.notes)) if item.notes else document)
    reason = " / ".join(filter(None, (disclosure.reason_zh, disclosure.reason_en)))
    row = document_row((address, item.sha256), disclosure.status, reason, version=version, read=(document, disclosure))
    return row, data_rows(document, disclosure)


def extract(task: Task) -> Extracted:
    """Read and normalise one document with the version given."""
    item, version = task
    try:
        data = bytes_of(item.place)
    except OSError as error:
        return without_rows(item, *cannot_read(error), version)
    if sha256(data).hexdigest() != item.sha256:
        return without_rows(item, *unreadable("文件在运行中被改动", "the file was changed while the run went on"), version)
    row, rows = read_rows(data, item, version=version)
    return Extracted(row, encoded(row, rows))


def without_rows(item: Item, status: str, reason: str, version: str) -> Extracted:
    """The row of an input that yielded nothing."""
    row = document_row((printable(item.address), item.sha256), status, reason, version=version, media_type=item.media_type)
    return Extracted(row, encoded(row, {}))
