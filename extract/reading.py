"""The way in: bytes and an address to a `Document`, by content and never by name (读取)."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from extract.document import Document, DocumentError, Source
from extract.encoding import BYTE_ORDER_MARKS, decode
from extract.zipped import DAMAGED, open_zip

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[bytes, Source, str | None], Document]

MEBIBYTE = 1 << 20
TEXT_LIMIT, OFFICE_LIMIT = 16 * MEBIBYTE, 64 * MEBIBYTE  # longest real page seen: 4 MB
HEAD = 65_536
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"RIFF", "image/webp"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b\x08", "application/gzip"),
)
LIBRARIES = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "openpyxl", "application/vnd.ms-excel": "xlrd"}  # gongkai[office]
SPREADSHEET, WORD = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PACKED = (  # what a part of a zip file says it is
    ("xl/workbook.xml", SPREADSHEET),
    ("word/document.xml", WORD),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("ppt/presentation.xml", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("OFD.xml", "application/ofd"),
)
ENCRYPTED_OFFICE = "application/x-encrypted-office"
STREAMS = (("Workbook", "application/vnd.ms-excel"), ("Book", "application/vnd.ms-excel"), ("WordDocument", "application/msword"), ("EncryptedPackage", ENCRYPTED_OFFICE), ("PowerPoint Document", "application/vnd.ms-powerpoint"))
PICTURES = ("image/png", "image/jpeg", "image/tiff", "image/bmp", "image/gif", "image/webp")
NAMED = {
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint", "application/vnd.ms-powerpoint": "PowerPoint", "application/ofd": "OFD", "application/vnd.oasis.opendocument.text": "OpenDocument",
    "application/x-ole-storage": "OLE", "application/zip": "zip",
}  # fmt: skip
OPENING = re.compile(rb"(?:\s|<!--.{0,4000}?-->)*<(?:!doctype\s+html|html|head|meta|title|body|script|style|table|div|frameset|center|base|link)\b", re.IGNORECASE | re.DOTALL)
MARKUP = re.compile(rb"</?(?:html|head|body|title|meta|script|style|link|div|span|p|table|tbody|tr|td|th|ul|ol|li|a|font|h[1-6]|iframe|form)\b[^<>]{0,2000}>", re.IGNORECASE)
CONTROLS = bytes({*range(9), 11, *range(14, 27), *range(28, 32), 127})


def _html(data: bytes, source: Source, declared_encoding: str | None) -> Document:
    from extract.html import read_html  # noqa: PLC0415  # each format loads its own library

    decoded = decode(data, declared_encoding)
    return read_html(decoded.text, replace(source, encoding=decoded.encoding), decoded.notes)


def _text(data: bytes, source: Source, declared_encoding: str | None) -> Document:
    from extract.text import read_text  # noqa: PLC0415

    decoded = decode(data, declared_encoding)
    return read_text(decoded.text, replace(source, encoding=decoded.encoding), decoded.notes)


def _pdf(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001  # a PDF names its own encodings
    from extract.pdf import read_pdf  # noqa: PLC0415

    return read_pdf(data, source)


def _xlsx(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001  # an office file names its own encoding
    from extract.spreadsheet import read_xlsx  # noqa: PLC0415

    return read_xlsx(data, source)


def _xls(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001
    from extract.spreadsheet import read_xls  # noqa: PLC0415

    return read_xls(data, source)


def _ods(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001
    from extract.spreadsheet import read_ods  # noqa: PLC0415

    return read_ods(data, source)


def _docx(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001
    from extract.word import read_docx  # noqa: PLC0415

    return read_docx(data, source)


def _doc(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001
    from extract.old_word import read_doc  # noqa: PLC0415

    return read_doc(data, source)


def _picture(data: bytes, source: Source, declared_encoding: str | None) -> Document:  # noqa: ARG001  # a picture has none
    from extract.recognition import read_picture  # noqa: PLC0415

    return read_picture(data, source)


READERS: dict[str, Reader] = {
    "text/html": _html,
    "text/plain": _text,
    "application/pdf": _pdf,
    SPREADSHEET: _xlsx,
    "application/vnd.ms-excel": _xls,
    "application/vnd.oasis.opendocument.spreadsheet": _ods,
    WORD: _docx,
    "application/msword": _doc,
    "application/rtf": _doc,
    **dict.fromkeys(PICTURES, _picture),
}
LIMITS = {**dict.fromkeys(READERS, OFFICE_LIMIT), "text/html": TEXT_LIMIT, "text/plain": TEXT_LIMIT, "application/pdf": 512 * MEBIBYTE}


def lacking(kind: str) -> DocumentError | None:
    """What must be installed before a file of this type can be read; None where nothing is missing.

    >>> lacking("text/html") is None
    True
    """
    if kind in LIBRARIES and find_spec(LIBRARIES[kind]) is None:
        return DocumentError("unreadable", zh='读取此格式需要：pip install "gongkai[office]"', en='this format needs: pip install "gongkai[office]"')
    if READERS.get(kind) is _doc:
        from extract.old_word import lacks_program  # noqa: PLC0415

        return lacks_program()
    return None


def media_type(data: bytes) -> str:
    """What the bytes are, by their content: half the files a crawler calls .pdf may be error pages.

    >>> media_type(b"%PDF-1.7"), media_type(b"<html><body>404"), media_type("收入 | 支出".encode())
    ('application/pdf', 'text/html', 'text/plain')
    >>> media_type(b""), media_type(bytes(range(32)) * 9)
    ('application/x-empty', 'application/octet-stream')
    """
    if not data.strip(b" \t\r\n\0"):
        return "application/x-empty"
    for signature, kind in SIGNATURES:
        if data.startswith(signature) and (kind != "image/bmp" or b"\0" in data[:64]):
            return kind
    head = data[:HEAD]
    if any(data.startswith(mark) for mark, _ in BYTE_ORDER_MARKS) or b"\0" in head[:1024]:
        head = decode(head).text.encode("utf-8", "replace").replace(b"\xef\xbb\xbf", b"")
    if len(head) - len(head.translate(None, CONTROLS)) > len(head) // 50:
        return "application/pdf" if b"%PDF-" in head[:1024] else "application/octet-stream"
    if OPENING.match(head) or len(MARKUP.findall(head)) >= 3:
        return "text/html"
    return "application/pdf" if b"%PDF-" in head[:1024] else "text/plain"


def read(data: bytes, address: str, *, declared_type: str | None = None, declared_encoding: str | None = None) -> Document:
    """One input as a `Document` (文档); `declared_type` and `declared_encoding` are what the HTTP header said.

    The content decides what it is; a declared type that says otherwise is no more than a hint that is ignored. Raises
    `DocumentError` for what no reader can read: empty input, images, office files, noise, or more bytes than `LIMITS` allow.
    """
    kind = office_type(data, media_type(data))
    if kind not in READERS:
        raise _unreadable(kind, declared_type)
    limit = LIMITS[kind]
    if len(data) > limit:
        size, most = len(data) // MEBIBYTE, limit // MEBIBYTE
        raise DocumentError("unreadable", zh=f"文件{size}MB，超过{kind}的上限{most}MB", en=f"{size} MB exceed the limit of {most} MB for {kind}")
    if (lack := lacking(kind)) is not None:
        raise lack
    source = Source(address, sha256(data).hexdigest(), kind)
    return READERS[kind](data, source, declared_encoding)


def office_type(data: bytes, kind: str) -> str:
    """Which office program's file a zip or OLE file is; the kind as it was for everything else.

    >>> office_type(b"PK", "application/zip"), office_type("WordDocument".encode("utf-16-le"), "application/x-ole-storage")
    ('application/zip', 'application/msword')
    """
    if kind == "application/zip":
        try:
            with open_zip(BytesIO(data)) as archive:
                names = set(archive.namelist())
                if "mimetype" in names and archive.getinfo("mimetype").file_size < len(OPEN_DOCUMENT) * 2:
                    if archive.getinfo("mimetype").flag_bits & 1:
                        return ENCRYPTED_OFFICE
                    said = archive.read("mimetype").decode("ascii", "replace").strip()
                    return said if said.startswith(OPEN_DOCUMENT) else kind
        except DAMAGED:
            names = {name for name, _ in PACKED if name.encode() in data}
        return next((found for name, found in PACKED if name in names), kind)
    if kind == "application/x-ole-storage":
        return next((found for name, found in STREAMS if name.encode("utf-16-le") in data), kind)
    return kind


def _unreadable(kind: str, declared_type: str | None) -> DocumentError:
    if kind == "application/x-empty":
        return DocumentError("unreadable", zh="文件为空", en="the file is empty")
    if kind == ENCRYPTED_OFFICE:
        return DocumentError("encrypted", zh="文件已加密", en="the file is encrypted")
    if kind == "application/octet-stream":
        said = f" ({declared_type})" if declared_type else ""
        return DocumentError("unreadable", zh=f"不是文字、网页或PDF{said}", en=f"neither text nor a web page nor a PDF{said}")
    name = NAMED.get(kind, kind)
    return DocumentError("unreadable", zh=f"暂不支持{name}文件", en=f"{name} files are not supported yet")
