"""Bytes to text: byte-order mark, what the server said, strict UTF-8, what the page says, detection (字符编码).

Whatever is chosen, ``data.decode(encoding, "replace")`` gives the text back, so character offsets replay outside this project.
GB2312 and GBK are read as GB18030, Big5 as Big5-HKSCS: the supersets hold every page that names the smaller set.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from chardetng_py import detect

from extract.document import Note

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SUPERSETS = {
    "gb2312": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "csgb2312": "gb18030",
    "chinese": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "utf8": "utf-8",
    "utf-8": "utf-8",
    "unicode": "utf-8",
    "utf-16": "utf-8",  # said inside the page in single bytes, so it cannot be true
    "utf-16le": "utf-8",
}
NO_CHARSETS = frozenset({"charmap", "idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})  # Python's own notions; no page is in them
UNINFORMATIVE = frozenset({"iso8859-1", "ascii", "cp1252", "latin-1"})  # declared by default, never a reason to read Chinese as Latin
MAYBE_NULS = 1024  # bytes looked at to tell unmarked UTF-16 from anything else
DETECTED_FROM = 200_000  # bytes shown to the detector
SAID_BY_PAGE = re.compile(rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s{0,9}=\s{0,9}["']?\s{0,9}([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
PAGE_HEAD = 8192  # a declaration later than this is not one


class Decoded(NamedTuple):
    """The text, the Python codec that gives it back, and what was odd."""

    text: str
    encoding: str
    notes: tuple[Note, ...] = ()


def codec_name(declared: str | None) -> str | None:
    """The codec to read a declared charset with; None where nothing usable is declared.

    >>> codec_name("GB2312"), codec_name(" gb_2312-80"), codec_name("x-unknown"), codec_name("punycode"), codec_name(None)
    ('gb18030', 'gb18030', None, None, None)
    """
    if not declared:
        return None
    name = declared.strip().strip("\"'").lower()
    if name in SUPERSETS:
        return SUPERSETS[name]
    try:
        known = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if known.name.replace("_", "-") in NO_CHARSETS:
        return None
    return known.name if known._is_text_encoding else None  # noqa: SLF001  # rot13, hex: the only place Python says which codecs give text


def declared_by_page(data: bytes) -> str | None:
    """The charset a page names for itself in <meta> or <?xml?>.

    >>> declared_by_page(b'<meta http-equiv="Content-Type" content="text/html; charset=gb2312">')
    'gb2312'
    """
    found = SAID_BY_PAGE.search(data[:PAGE_HEAD])
    return found.group(1).decode("ascii") if found else None


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of a page or text file; `declared` is the charset of the HTTP header. Never fails: undecodable bytes become U+FFFD with a note.

    >>> decode("部门决算".encode("gbk")).encoding
    'gb18030'
    >>> page = decode(b'<meta charset="gb2312">' + "部门决算".encode())
    >>> page.encoding, page.notes[0].kind
    ('utf-8', 'wrong_charset')
    """
    for mark, encoding in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _with_notes(data, encoding, None)
    if (unmarked := _unmarked_utf16(data)) is not None:
        return _with_notes(data, unmarked, None)
    promises = [name for name in (declared, declared_by_page(data)) if codec_name(name) is not None]
    return _with_notes(data, _choose(data, [codec_name(name) or "" for name in promises]), promises[0] if promises else None)


def _choose(data: bytes, promised: list[str]) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        if _is_east_asian(text) or all(name in UNINFORMATIVE or name == "utf-8" for name in promised):
            return "utf-8"
    candidates = [name for name in promised if name not in UNINFORMATIVE]
    for name in candidates:
        if name != "utf-8" and _reads(data, name):
            return name
    if _mostly_utf8(data):
        return "utf-8"
    detected = codec_name(detect(data[:DETECTED_FROM], allow_utf8=False)) or "gb18030"
    return min((detected, *candidates), key=lambda name: data.decode(name, "replace").count("\ufffd"))


def _is_east_asian(text: str) -> bool:
    return any("\u2e80" <= char <= "\uffee" for char in text)


def _reads(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """A cut or damaged UTF-8 page: a few broken characters among many that only UTF-8 explains."""
    text = data.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") * 10 < beyond_ascii


def _unmarked_utf16(data: bytes) -> str | None:
    head = data[: MAYBE_NULS & ~1]
    if b"\0" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 20 > max(even, odd) or max(even, odd) * 8 < len(head) or not _reads(data[: len(data) & ~1], encoding):
        return None
    return encoding


def _with_notes(data: bytes, encoding: str, promised: str | None) -> Decoded:
    text = data.decode(encoding, "replace")
    notes = []
    if promised is not None and codec_name(promised) not in (encoding, *UNINFORMATIVE):
        zh, en = f"网页声明编码为{promised}，实际按{encoding}读取", f"the page declares {promised}; it was read as {encoding}"
        notes.append(Note("wrong_charset", zh, en))
    printed = data.count(b"\xef\xbf\xbd") if encoding.startswith("utf-8") else 0
    lost = text.count("\ufffd") - printed
    if lost > 0:
        zh, en = f"有{lost}处字节无法解码，以U+FFFD代替", f"{lost} undecodable places were replaced by U+FFFD"
        notes.append(Note("undecodable_bytes", zh, en))
    return Decoded(text, encoding, tuple(notes))
