"""What must hold of every input whatsoever (不变式): each target reads bytes and asserts, or lets an exception out.

The only exception a reader may raise is `DocumentError`; every row reads back from its document; nothing takes for ever.
"""

from __future__ import annotations

import math
import sys
import tempfile
from dataclasses import is_dataclass
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time
from typing import TYPE_CHECKING, Any

from extract.document import Document, DocumentError, Source, Span, Table
from extract.encoding import decode
from extract.reading import READERS, SPREADSHEET, WORD, media_type, office_type, read
from extract.zipped import DAMAGED, open_zip
from fuzz.mutations import changed_charset, changed_html, changed_pdf, changed_text
from fuzz.office import changed_office
from fuzz.packed import changed_archive
from gongkai.dataset import encoded
from gongkai.extraction import Task, read_rows
from gongkai.schema import columns
from gongkai.sources import archives, bytes_of
from gongkai.sources.finding import documents
from gongkai.sources.item import Item, Origin, Step
from normalize.disclosure import normalize
from normalize.records import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzz.mutations import Mutation
    from normalize.records import Disclosure

OFFICE = frozenset({SPREADSHEET, WORD, "application/vnd.ms-excel", "application/vnd.oasis.opendocument.spreadsheet"})  # .doc goes through LibreOffice
SECONDS, SECONDS_PER_MEGABYTE = 20.0, 60.0  # of one input, under instrumentation and on a busy machine
MEGABYTES = 1200  # that one input may add to what the process holds: a worker may hold 1500


def html(data: bytes) -> None:
    """Any bytes read as a web page."""
    _reader("text/html", data)


def text(data: bytes) -> None:
    """Any bytes read as flattened text."""
    _reader("text/plain", data)


def pdf(data: bytes) -> None:
    """Any bytes read as a PDF."""
    _reader("application/pdf", data)


def office(data: bytes) -> None:
    """Any bytes read as the spreadsheet or Word file that they say they are, else as a workbook and as a Word document."""
    kind = office_type(data, media_type(data))
    for each in (kind,) if kind in OFFICE else (SPREADSHEET, WORD):
        _reader(each, data)


def encoding(data: bytes) -> None:
    """What is decoded can be decoded again outside this project, and bytes of any kind have a kind."""
    decoded = decode(data)
    assert data.decode(decoded.encoding, "replace") == decoded.text
    media_type(data)
    for declared in ("gb2312", "utf-16", "x-unknown", "utf-8", "\0", "undefined", "idna"):
        again = decode(data, declared)
        assert data.decode(again.encoding, "replace") == again.text


def packed(data: bytes) -> None:
    """Every member of an archive is a document with its bytes, or says why not."""
    before = archives.MOST_MEMBERS, archives.MOST_BYTES, archives.MOST_MEMBER
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "input"
        place.write_bytes(data)
        for number, item in enumerate(documents(Origin("input"), (Step("file", str(place)),))):
            if item.trouble is None:
                assert item.sha256
                assert item.media_type
                try:
                    again = bytes_of(item.place)
                except OSError:  # a damaged web archive may yield by itself what it does not yield from its middle; a run makes that a row with the reason
                    assert any(step.kind == "warc" for step in item.place)
                else:
                    assert sha256(again).hexdigest() == item.sha256
            else:
                assert " / " in item.trouble.reason
            assert number <= archives.MOST_MEMBERS
        assert [file.name for file in Path(folder).iterdir()] == ["input"], "nothing is ever unpacked to disk"
    assert before == (archives.MOST_MEMBERS, archives.MOST_BYTES, archives.MOST_MEMBER)


def pipeline(data: bytes) -> None:
    """Bytes to rows of the dataset, as a worker does it."""
    digest = sha256(data).hexdigest()
    task = Task(Item(Origin("fuzz"), (), digest, len(data), media_type(data)), "fuzz")
    document_row, rows = read_rows(data, task)
    parts = encoded(document_row, rows)
    assert {table: part.arrow.num_rows for table, part in parts.items()} == {"documents": 1} | {table: len(held) for table, held in rows.items() if held}
    for table, held in rows.items():
        assert len(held) == len(set(map(repr, held))), f"two rows of {table} are one"
        names = [column.name for column in columns(table)]
        ids = [row[0] for row in held]
        assert len(ids) == len(set(ids)), names[0]
        for row in held:
            assert all(value.is_finite() for value in row if isinstance(value, Decimal))
            assert not any(isinstance(value, float) and not math.isfinite(value) for value in row)
    try:
        document = read(data, "fuzz")
    except DocumentError as error:
        _has_reasons(error)
        return
    replays(document, normalize(document))


def replays(document: Document, disclosure: Disclosure) -> None:
    """Every record reads back what it says it read."""
    for table in TABLES:
        for record in getattr(disclosure, table):
            assert is_dataclass(record)
            raw, span = getattr(record, "raw", None), getattr(record, "span", None)
            if span is not None:
                assert 0 <= span.start <= span.end <= len(document.content)
                assert raw is None or document.text(span) == raw, (table, raw, document.text(span))
            for _, place in getattr(record, "texts", ()):
                assert 0 <= place.start <= place.end <= len(document.content)


def _reader(kind: str, data: bytes) -> None:
    source = Source("fuzz", sha256(data).hexdigest(), kind)
    try:
        document = READERS[kind](data, source, None)
    except DocumentError as error:
        _has_reasons(error)
        return
    holds(document)
    if kind != "application/pdf":
        assert READERS[kind](data, source, None) == document, "read twice, two documents"


def _has_reasons(error: DocumentError) -> None:
    assert error.status in {"unreadable", "encrypted", "needs_ocr"}
    assert error.zh
    assert error.en


def holds(document: Document) -> None:
    """A document's blocks lie in its text, in order, its cells in their table, its characters on their pages."""
    end = 0
    for block in document.blocks:
        assert end <= block.span.start <= block.span.end <= len(document.content)
        end = block.span.end
        if isinstance(block, Table):
            _holds_table(block)
    assert all(_inside(link.span, document) for link in document.links)
    assert all(_inside(note.span, document) for note in document.notes)
    if document.layout is not None:
        assert len(document.layout.pages) == len(document.layout.boxes) == len(document.content)
        assert not len(document.layout.pages) or document.layout.pages.max() <= (document.page_count or 0)
    document.content.encode("utf-8")


def _holds_table(table: Table) -> None:
    taken: set[tuple[int, int]] = set()
    for cell in table.cells:
        assert table.span.start <= cell.span.start <= cell.span.end <= table.span.end
        assert 0 <= cell.row < table.rows
        assert 0 <= cell.column < table.columns
        assert cell.rowspan >= 1
        assert cell.colspan >= 1
        assert (cell.row, cell.column) not in taken
        taken.add((cell.row, cell.column))
    assert list(table.cells) == sorted(table.cells, key=lambda cell: (cell.row, cell.column))


def _inside(span: Span | None, document: Document) -> bool:
    return span is None or 0 <= span.start <= span.end <= len(document.content)


def _any_format(data: bytes, random: Any, others: Any) -> bytes:
    kind = media_type(data)
    chosen: Mutation = changed_html if kind == "text/html" else changed_pdf if kind == "application/pdf" else changed_text
    return chosen(data, random, others)


TARGETS: dict[str, tuple[Callable[[bytes], None], Mutation]] = {
    "html": (html, changed_html),
    "text": (text, changed_text),
    "pdf": (pdf, changed_pdf),
    "office": (office, changed_office),
    "encoding": (encoding, changed_charset),
    "archives": (packed, changed_archive),
    "pipeline": (pipeline, _any_format),
}


def check(target: str, data: bytes) -> None:
    """One input through one target, within a time that grows with its size and within the memory of a worker. Raises what is wrong."""
    begun, held = process_time(), _held()
    TARGETS[target][0](data)
    taken, allowed = process_time() - begun, SECONDS + SECONDS_PER_MEGABYTE * _unpacked(data) / 1e6
    assert taken < allowed, f"{target}: {taken:.1f} s for {len(data)} bytes"
    assert (added := _held() - held) < MEGABYTES, f"{target}: {added} MB for {len(data)} bytes"


def _held() -> int:
    """The most megabytes this process ever held."""
    return getrusage(RUSAGE_SELF).ru_maxrss // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _unpacked(data: bytes) -> int:
    """How many bytes an input is; of a zip file all its members."""
    try:
        with open_zip(BytesIO(data)) as archive:
            return sum(member.file_size for member in archive.infolist())
    except DAMAGED:
        return len(data)
