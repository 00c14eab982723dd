"""One document, the whole way: bytes to the parts of the dataset. This is what a worker process runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from normalize.disclosure import normalize

from extract.document import DocumentError
from extract.reading import read
from gongkai.dataset import Parts, encoded
from gongkai.rows import Row, data_rows, document_row


class Input(NamedTuple):
    """A file to read: where it is, the digest of its bytes, its size."""

    address: str
    sha256: str
    size: int


class Extracted(NamedTuple):
    """A document's row in `documents` and all its rows, ready to be written."""

    document: Row
    parts: Parts


def extract(task: tuple[Input, str]) -> Extracted:
    """Read and normalise one file for the version given; a file that cannot be read is a row with a status and a reason."""
    (address, sha256, _), version = task
    try:
        document = read(Path(address).read_bytes(), address)
    except DocumentError as error:
        return without_rows(address, sha256, error.status, str(error), version)
    except OSError as error:
        return without_rows(address, sha256, "unreadable", f"无法读取文件 / cannot read the file: {error.strerror}", version)
    disclosure = normalize(document)
    reason = " / ".join(filter(None, (disclosure.reason_zh, disclosure.reason_en)))
    row = document_row((address, sha256), disclosure.status, reason, version=version, read=(document, disclosure))
    return Extracted(row, encoded(row, data_rows(document, disclosure)))


def without_rows(address: str, sha256: str | None, status: str, reason: str, version: str) -> Extracted:
    """The row of an input that yielded nothing."""
    row = document_row((address, sha256), status, reason, version=version)
    return Extracted(row, encoded(row, {}))
