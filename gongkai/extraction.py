"""One document, the whole way: bytes to rows, and to the parts of the dataset. This is what a worker process runs."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import pypdfium2

from extract.document import DocumentError
from extract.reading import media_type, read
from gongkai import pool
from gongkai.dataset import Parts, encoded
from gongkai.pages import with_parent
from gongkai.rows import Row, Rows, data_rows, document_row
from gongkai.sources import bytes_of, cannot_read, printable, unreadable
from normalize.disclosure import normalize

if TYPE_CHECKING:
    from gongkai.pages import Parent
    from gongkai.sources import Item

SECONDS_PER_PAGE, MOST_PAGES = 0.5, 2400  # a page takes a fiftieth of it; beyond 20 minutes nobody waits


class Task(NamedTuple):
    """What a worker is handed: a document, and the version of the rules that its rows shall name."""

    item: Item
    version: str
    sources: tuple[str, ...] = ()  # every address of the same bytes; by default the item's
    parent: Parent | None = None  # the page it is attached to


class Extracted(NamedTuple):
    """A document's row in `documents` and all its rows, ready to be written."""

    document: Row
    parts: Parts


def read_rows(data: bytes, task: Task) -> tuple[Row, Rows]:
    """The row of a document and the rows of all it says; bytes that cannot be read are a row with a status and a reason."""
    item, version, _, parent = task
    address = printable(item.address)
    try:
        document = read(data, address, declared_type=item.origin.declared_type, declared_encoding=item.origin.declared_encoding)
    except DocumentError as error:
        return document_row((address, item.sha256), error.status, str(error), version=version, media_type=media_type(data), origin=_origin(task)), {}
    disclosure = normalize(replace(document, notes=(*item.notes, *document.notes)) if item.notes else document)
    if parent is not None:
        disclosure = with_parent(disclosure, parent)
    reason = " / ".join(filter(None, (disclosure.reason_zh, disclosure.reason_en)))
    row = document_row((address, item.sha256), disclosure.status, reason, version=version, read=(document, disclosure), origin=_origin(task))
    return row, data_rows(document, disclosure)


def extract(task: Task) -> Extracted:
    """Read and normalise one document with the version given."""
    try:
        data = bytes_of(task.item.place)
    except OSError as error:
        return without_rows(task, *cannot_read(error))
    if sha256(data).hexdigest() != task.item.sha256:
        return without_rows(task, *unreadable("文件在运行中被改动", "the file was changed while the run went on"))
    if task.item.media_type == "application/pdf":
        pool.allow(SECONDS_PER_PAGE * min(_pages(data), MOST_PAGES))
    row, rows = read_rows(data, task)
    return Extracted(row, encoded(row, rows))


def _pages(data: bytes) -> int:
    try:
        with pypdfium2.PdfDocument(data) as opened:
            return len(opened)
    except pypdfium2.PdfiumError:  # whoever reads it says what is wrong with it
        return 0


def untried(task: Task) -> Extracted:
    """The row of an input that nobody could open when it was found."""
    return without_rows(task, *(task.item.trouble or ("unreadable", "")))


def without_rows(task: Task, status: str, reason: str) -> Extracted:
    """The row of an input that yielded nothing."""
    source = printable(task.item.address), task.item.sha256
    row = document_row(source, status, reason, version=task.version, media_type=task.item.media_type, origin=_origin(task))
    return Extracted(row, encoded(row, {}))


def _origin(task: Task) -> dict[str, object]:
    page = task.parent.address if task.parent else task.item.origin.page
    return {
        "sources": [printable(address) for address in task.sources or (task.item.address,)],
        "source_page": printable(page) if page else None,
        "parent_document_id": task.parent.document_id if task.parent else None,
        "fetched_at": task.item.origin.fetched_at,
    }
