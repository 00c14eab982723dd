"""Zip archives whose list of members is of a size that can be read (压缩的文件): a few megabytes may list a million of them."""

from __future__ import annotations

import lzma
import re
import struct
import zlib
from typing import IO
from zipfile import BadZipFile, ZipFile

MEBIBYTE = 1 << 20
MOST_DIRECTORY = 16 * MEBIBYTE  # the list of members; Python takes ten times as much for it
TAIL = 65_535 + 22 + 20 + 56  # as far from its end as an archive may say where its list is
ENDS = ((b"PK\x05\x06", "<L", 12), (b"PK\x06\x06", "<Q", 40))  # the record that ends a list, then the one for large archives: where its size stands
DAMAGED = (BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError, ValueError)  # what opening and reading an archive raises


def open_zip(stream: IO[bytes]) -> ZipFile:
    """An archive whose list of members is of a size that can be read. Raises what `DAMAGED` names."""
    size = stream.seek(0, 2)
    if size > MOST_DIRECTORY:  # a smaller one has no longer list
        stream.seek(size - TAIL)
        tail = stream.read()
        for signature, form, at in ENDS:
            for found in re.finditer(re.escape(signature), tail):
                said = tail[found.start() + at :][: struct.calcsize(form)]
                if len(said) == struct.calcsize(form) and struct.unpack(form, said)[0] > MOST_DIRECTORY:
                    raise BadZipFile(f"the list of its members is longer than {MOST_DIRECTORY // MEBIBYTE} MB")
    stream.seek(0)
    return ZipFile(stream)
