"""The parts of office files, which are zip archives of XML, within limits (办公文件的部件).

What a program reads of a part is not bounded by the file's own size: a kilobyte may expand to gigabytes, or hold markup that takes a hundred times its length as
a tree. Each is asked for its size first.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile

from lxml import etree

from extract.document import DocumentError
from extract.zipped import open_zip

if TYPE_CHECKING:
    from zipfile import ZipFile

    from lxml.etree import _Element

MOST_PART = 64 << 20  # one part when unpacked
MOST_MARKS = 4_000_000  # tags and attributes of a part: each takes some 200 bytes in a tree
PACKED_BY_OFFICE = frozenset({ZIP_STORED, ZIP_DEFLATED})
BEFORE_MARKUP = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def open_office(data: bytes) -> ZipFile:
    """An office file's archive. Raises `DocumentError` where it is encrypted or packed as no office program does, and what `DAMAGED` names."""
    archive = open_zip(BytesIO(data))
    for part in archive.infolist():
        if part.flag_bits & 1:
            raise DocumentError("encrypted", zh="文件已加密", en="the file is encrypted")
        if part.compress_type not in PACKED_BY_OFFICE:
            raise BadZipFile(f"a part is packed in way {part.compress_type}")
    return archive


def unpacked(archive: ZipFile, name: str) -> bytes:
    """A part of an office file, if it is of a size and a wealth of markup that can be read. Raises `DocumentError`, `KeyError`, and what `DAMAGED` names."""
    info = archive.getinfo(name)
    if info.file_size <= MOST_PART:
        with archive.open(info) as part:
            data = part.read(MOST_PART + 1)
        if len(data) <= MOST_PART and marks(data) <= MOST_MARKS:
            return data
    raise too_large()


def too_large() -> DocumentError:
    """The reason for which a file of this kind is not read."""
    return DocumentError("unreadable", zh="解压后过大", en="too large when unpacked")


def marks(data: bytes) -> int:
    """How many tags and attributes a part has, at most.

    >>> marks(b'<row r="1"><c/></row>')
    4
    """
    return data.count(b"<") + data.count(b"=")


def is_markup(head: bytes) -> bool:
    r"""Whether a part begins as XML does, in the encodings that office programs write.

    >>> is_markup(b"\xef\xbb\xbf<?xml"), is_markup("<a/>".encode("utf-16")), is_markup(b"\x89PNG")
    (True, True, False)
    """
    rest = head.lstrip(BEFORE_MARKUP)
    return not rest or rest.startswith(b"<")


def tree(data: bytes) -> _Element:
    """The tree of a part: no entities, nothing fetched, no comments. Raises `lxml.etree.XMLSyntaxError`."""
    if not is_markup(data[:100]):
        raise ValueError("a part is no XML")
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True))
