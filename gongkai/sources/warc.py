"""The pages of a web archive (WARC, WACZ), one record at a time, under the addresses they were fetched from (网页存档).

Answers other than 200, and revisits without bytes, are rows that say so. A record cut short is read as far as it goes, with a finding.
"""

from __future__ import annotations

import io
import zlib
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from extract.document import Note
from extract.reading import media_type
from extract.zipped import DAMAGED, open_zip
from gongkai.errors import DependencyError
from gongkai.sources.item import Item, Origin, Place, Step, Trouble, unreadable
from gongkai.sources.pictures import pictures_in

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_RECORD = 512 << 20
FINE = 200
GZIP = b"\x1f\x8b\x08"
CHUNK = 1 << 16
CUT = unreadable("网页存档中这一条在开头处中断", "the record of the web archive is cut off before its content")
PACKED_WHOLE = unreadable(
    "网页存档中这一条不能单独读取（整体压缩或已损坏），请先解压（gunzip）", "this record cannot be read by itself: the web archive was packed as a whole or is damaged; unpack it first (gunzip)"
)
LOCAL_HEADER, LOCAL_NAMES = 30, slice(26, 30)  # of a zip member: fixed part, and where it gives the length of what follows


class _Record(NamedTuple):
    start: int
    headers: dict[str, str]
    payload: bytes
    status: int | None  # None where it is no answer of a web server
    media_type: str | None
    encoding: str | None
    missing: bool  # its end
    wanted: bool = True  # a page or a file, and no request or note of the crawler


class Part(NamedTuple):
    """A WARC within a file: its name, its first byte, how many bytes it has."""

    name: str
    start: int
    size: int


class _Window(io.RawIOBase):
    """The bytes of a part, as a stream of their own."""

    def __init__(self, stream: IO[bytes], part: Part) -> None:
        self._stream, self._part = stream, part
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._part.size)[whence])
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._stream.seek(self._part.start + self._at)
        data = self._stream.read(max(0, min(len(buffer), self._part.size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def records(name: str, place: Place, stream: IO[bytes], part: Part | None = None) -> Iterator[Item]:
    """Every page and file of a WARC, or of the one that is a part of the stream. Raises `DependencyError` without fastwarc."""
    part = part or Part(name, 0, stream.seek(0, io.SEEK_END))
    at, found = part.start, 0
    try:
        for record in _records(io.BufferedReader(_Window(stream, part)), part.start):
            at = record.start
            if record.wanted:
                found += 1
                item = _item(name, place, record)
                item = item if item.trouble or _begins(stream, at) else item._replace(trouble=PACKED_WHOLE)
                yield item
                if item.trouble is None and item.media_type == "text/html":
                    yield from pictures_in(record.payload, item.origin, item.place)
    except _damages() as error:
        trouble = unreadable(f"网页存档自第{at}字节起已损坏，其后未读", f"the web archive is damaged behind byte {at} and was read no further: {error}")
        yield Item(Origin(f"{name}#{at}"), place, trouble=trouble)
        return
    if (end := _end_of_packed(stream, at)) is not None and end < part.start + part.size:
        yield Item(Origin(f"{name}#{end}"), place, trouble=CUT)
    elif not found:
        yield Item(Origin(name), place, trouble=unreadable("网页存档里没有页面", "the web archive holds no page"))


def _begins(stream: IO[bytes], at: int) -> bool:
    """Whether a record begins at a byte, so that it can be read again from there."""
    stream.seek(at)
    return stream.read(CHUNK).lstrip(b"\r\n").startswith((GZIP, b"WARC/"))


def _damages() -> tuple[type[BaseException], ...]:
    """What a damaged archive makes fastwarc raise; where its Rust gives up that is no `Exception`, and a type made when it is first raised."""
    kinds: list[type[BaseException]] = BaseException.__subclasses__()
    return (OSError, *(kind for kind in kinds if kind.__name__ == "PanicException"))


def record_bytes(step: Step, stream: IO[bytes]) -> bytes:
    """The payload of the record that starts at a byte. Raises `OSError` where there is none any more."""
    stream.seek(int(step.key))
    record = next(_records(stream, int(step.key)), None)
    if record is None:
        raise OSError("the web archive has changed")
    return record.payload


def wacz_parts(stream: IO[bytes]) -> list[Part] | None:
    """The WARCs in a WACZ; None where the zip file is none, or where its WARCs are packed once more."""
    try:
        with open_zip(stream) as archive:
            parts = [info for info in archive.infolist() if info.filename.startswith("archive/") and not info.is_dir()]
            if "datapackage.json" not in archive.namelist() or not parts or any(info.compress_type for info in parts):
                return None
            return [Part(info.filename, _first_byte(stream, info.header_offset), info.file_size) for info in parts]
    except DAMAGED:
        return None


def _first_byte(stream: IO[bytes], header: int) -> int:
    stream.seek(header)
    lengths = stream.read(LOCAL_HEADER)[LOCAL_NAMES]
    return header + LOCAL_HEADER + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")


def _end_of_packed(stream: IO[bytes], start: int) -> int | None:
    """Where the gzip member that starts at a byte ends; None where none does, or where it has no end."""
    stream.seek(start)
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    read = 0
    try:
        while not member.eof:
            chunk = stream.read(CHUNK)
            if not chunk:
                return None
            read += len(chunk)
            while chunk and not member.eof:
                member.decompress(chunk, CHUNK)
                chunk = member.unconsumed_tail
    except zlib.error:
        return None
    return start + read - len(member.unused_data)


def _records(stream: IO[bytes] | io.BufferedReader, start: int) -> Iterator[_Record]:
    """All records from where the stream stands, which is the byte `start` of its file."""
    warc = _fastwarc()
    wanted = warc.WarcRecordType.response | warc.WarcRecordType.resource | warc.WarcRecordType.revisit
    for record in warc.ArchiveIterator(stream, parse_http=False):
        if not record.record_type & wanted:
            broken = record.headers.get("WARC-Type") is None
            yield _Record(start + record.stream_pos, record.headers.to_dict(), b"", None, None, None, missing=True, wanted=broken)
            continue
        headers, promised = record.headers.to_dict(), record.content_length
        block = record.reader.read(min(promised, MOST_RECORD))
        missing = record.headers.get("Content-Length") is None or len(block) < promised
        record.set_bytes_content(block)
        status = None
        if record.is_http:
            record.parse_http(auto_decode="all")
            status = record.http_headers.status_code or 0 if record.http_headers is not None else 0
        payload = record.reader.read(MOST_RECORD)
        declared = record.http_content_type if status is not None else headers.get("Content-Type")
        yield _Record(start + record.stream_pos, headers, payload, status, declared, record.http_charset, missing=missing)


def _item(name: str, place: Place, record: _Record) -> Item:
    known = {key.lower(): value for key, value in record.headers.items()}
    address = known.get("warc-target-uri", "").strip("<>") or f"{name}#{record.start}"
    origin = Origin(address, None, known.get("warc-date"), record.media_type, record.encoding)
    place = (*place, Step("warc", str(record.start)))
    cut = record.missing or "warc-truncated" in known
    trouble = _trouble(record, known, cut=cut)
    if not record.payload:
        return Item(origin, place, trouble=trouble or unreadable("文件为空", "the file is empty"))
    note = Note("record_cut_short", "网页存档中这一条不完整，只读到已有部分", "the record of the web archive is incomplete and was read as far as it goes")
    kind = media_type(record.payload)
    return Item(origin, place, sha256(record.payload).hexdigest(), len(record.payload), kind, trouble, (note,) if cut else ())


def _trouble(record: _Record, known: dict[str, str], *, cut: bool) -> Trouble | None:
    if known.get("warc-type") == "revisit":
        return unreadable("与先前抓取的内容相同，存档中没有字节", "fetched again unchanged; this record holds no bytes", "not_a_disclosure")
    if cut and not record.payload:
        return CUT
    if record.status is not None and record.status != FINE:
        return unreadable(f"网站回应{record.status}，不是页面", f"the server answered {record.status}", "not_a_disclosure")
    return None


def _fastwarc() -> Any:
    try:
        from fastwarc import warc  # noqa: PLC0415
    except ImportError:
        raise DependencyError(zh="读取 WARC 需要：pip install gongkai[warc]", en="a WARC needs pip install gongkai[warc]") from None
    return warc
