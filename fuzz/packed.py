"""Archives made to be opened (压缩包): zip, gzip and web archives of changed pages, put into one another, then damaged."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
from typing import TYPE_CHECKING

from fuzz.mutations import LONGEST, changed_bytes, changed_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

NAMES = ("a.html", "决算.xls", "../../etc/passwd", "/absolute", "C:\\windows\\x.txt", "", "a/", "__MACOSX/x", ".hidden", "a\0b", "\u202etxt.exe", "x" * 300, "mimetype", "[Content_Types].xml", "archive/data.warc", "datapackage.json", "a" * 10 + "/.." * 9)  # fmt: skip
SMALL = 20_000


def changed_archive(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """The bytes as a member of a new archive, or as they are; then damaged, most of the time."""
    whole = data
    for _ in range(random.randint(0, 2)):
        whole = packed(whole[:SMALL], random, others)
    return (changed_bytes(whole, random, others) if random.random() < 0.7 else whole)[:LONGEST]


def packed(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A new archive of some kind round the bytes and others."""
    members = [data, *(random.choice(others)[:SMALL] for _ in range(random.randint(0, 3)) if others)]
    match random.randrange(4):
        case 0:
            return b"".join(gzip.compress(member, mtime=0) for member in members[: random.randint(1, 2)])
        case 1:
            return warc([changed_text(member, random, others) if random.random() < 0.2 else member for member in members], random)
    whole = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(whole, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))) as archive:
        for number, member in enumerate(members):
            info = zipfile.ZipInfo(f"{number}-{random.choice(NAMES)}" if random.random() < 0.5 else f"{random.choice(NAMES)}{number}")
            info.compress_type = archive.compression
            archive.writestr(info, member)
    return whole.getvalue()


def warc(members: Sequence[bytes], random: Random) -> bytes:
    """A web archive whose records say more or less than they hold."""
    written = []
    for number, member in enumerate(members):
        status = random.choice((b"HTTP/1.1 200 OK", b"HTTP/1.1 404 x", b"HTTP/1.1 999999999999 x", b"HTTP/9", b"\0"))
        coded = random.choice((b"", b"Content-Encoding: gzip\r\n", b"Content-Encoding: br\r\n", b"Transfer-Encoding: chunked\r\n"))
        answer = status + b"\r\nContent-Type: text/html; charset=" + random.choice((b"utf-8", b"gbk", b"\xff", b"x" * 999)) + b"\r\n" + coded + b"\r\n" + member
        length = random.choice((len(answer),) * 6 + (0, len(answer) + 100, -1, 1 << 40))
        kind = random.choice(("response", "response", "response", "resource", "revisit", "request", "nonsense"))
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://a.example/{number}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {length}\r\n\r\n"
        record = head.encode() + answer + b"\r\n\r\n"
        written.append(gzip.compress(record, mtime=0) if random.random() < 0.5 else record)
    return b"".join(written)
