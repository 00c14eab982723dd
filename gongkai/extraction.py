"""One document, the whole way: bytes to rows, and to the parts of the dataset. This is what a worker process runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from extract.document import DocumentError
from extract.reading import media_type, read
from gongkai.dataset import Parts, encoded
from gongkai.rows import Row, Rows, data_rows, document_row
from gongkai.sources import printable
from normalize.disclosure import normalize


class Input(NamedTuple):
    """A file to read: where it is, the digest of its bytes, its size."""

    address: str
    sha256: str
    size: int


class Extracted(NamedTuple):
    """A document's row in `documents` and all its rows, ready to be written."""

    document: Row
    parts: Parts


def read_rows(data: bytes, address: str, *, sha256: str, version: str) -> tuple[Row, Rows]:
    """The row of a document and the rows of all it says; bytes that cannot be read are a row with a status and a reason."""
    address = printable(address)
    try:
        document = read(data, address)
    except DocumentError as error:
        return document_row((address, sha256), error.status, str(error), version=version, media_type=media_type(data)), {}
    disclosure = normalize(document)
    reason = " / ".join(filter(None, (disclosure.reason_zh, disclosure.reason_en)))
    row = document_row((address, sha256), disclosure.status, reason, version=version, read=(document, disclosure))
    return row, data_rows(document, disclosure)


def extract(task: tuple[Input, str]) -> Extracted:
    """Read and normalise one file with the version given."""
    (address, sha256, _), version = task
    try:
        data = Path(address).read_bytes()
    except OSError as error:
        return without_rows(address, sha256, "unreadable", f"无法读取文件 / cannot read the file: {error.strerror}", version)
    row, rows = read_rows(data, address, sha256=sha256, version=version)
    return Extracted(row, encoded(row, rows))


def without_rows(address: str, sha256: str | None, status: str, reason: str, version: str) -> Extracted:
    """The row of an input that yielded nothing."""
    row = document_row((printable(address), sha256), status, reason, version=version)
    return Extracted(row, encoded(row, {}))
