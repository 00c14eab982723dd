"""Zip archives within limits (压缩的文件): their lists, and the parts of office files, which are archives of XML.

What a program reads of an archive is not bounded by the archive's own size: a kilobyte may list a million members, expand to gigabytes, or hold markup that
takes a hundred times its length as a tree. Each is asked for its size first.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from io import BytesIO
from typing import IO, TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from lxml import etree

from extract.document import DocumentError

if TYPE_CHECKING:
    from lxml.etree import _Element

MEBIBYTE = 1 << 20
MOST_DIRECTORY = 16 * MEBIBYTE  # the list of members; Python takes ten times as much for it
MOST_PART = 64 * MEBIBYTE  # one part when unpacked
MOST_MARKS = 4_000_000  # tags and attributes of a part: each takes some 200 bytes in a tree
TAIL = 65_535 + 22 + 20 + 56  # as far from its end as an archive may say where its list is
ENDS = ((b"PK\x05\x06", "<L", 12), (b"PK\x06\x06", "<Q", 40))  # the record that ends a list, then the one for large archives: where its size stands
DAMAGED = (BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)  # what opening and reading an archive raises
PACKED_BY_OFFICE = frozenset({ZIP_STORED, ZIP_DEFLATED})
BEFORE_MARKUP = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def open_zip(stream: IO[bytes]) -> ZipFile:
    """An archive whose list of members is of a size that can be read. Raises what `DAMAGED` names."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - TAIL))
    tail = stream.read()
    for signature, form, at in ENDS:
        found = tail.find(signature)
        while found >= 0:
            if found + at + struct.calcsize(form) <= len(tail) and struct.unpack_from(form, tail, found + at)[0] > MOST_DIRECTORY and size > MOST_DIRECTORY:
                raise BadZipFile(f"the list of its members is longer than {MOST_DIRECTORY // MEBIBYTE} MB")
            found = tail.find(signature, found + 1)
    stream.seek(0)
    return ZipFile(stream)


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
