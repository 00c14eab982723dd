"""Documents changed where it hurts (变异): rows and cells moved, figures and units changed, charsets swapped, PDFs broken inside.

Every function takes a `random.Random` and nothing else that varies, so a seed makes the same document on every machine.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]

LONGEST = 400_000  # bytes of a changed document: what is longer only takes time
CHARSETS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "big5", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1")
UNITS = ("万元", "亿元", "元", "%", "个百分点", "人", "人次", "辆", "台", "宗", "万人", "批次", "百分比", "")
NUMERALS = (
    "0", "-0", "00012", "1e9", "1E99999", "9" * 40, "0." + "0" * 40 + "1", "1,2,3", "12,34", "１２３．４", "三千二百万", "一点五亿", "亿亿亿亿", "²³", "٣٤", "1.2.3", "-", "—", "NaN", "Infinity", "(1.5)",
    "2021", "2021年", "100%", "≥100宗", "=2.38亿元", "1·5", "〇", "点五", "十百千万亿", "3000.", ".5", "+5", "①", "㈠", "½", "1\u200b2", "1 2", "１，２３４．５６",
)  # fmt: skip
ODDITIES = ("\0", "\u202e", "\u2066", "\ufeff", "\u200b", "\ud83d", "\U0001f600", "\u2028", "\x0b", "\x0c", "\x85", "\r", "\t", "\u3000", "\u00a0", "\ufffd", "|", "||", "---", "&#0;", "&#xD800;", "&amp;", "<", ">", '"', "[", "(", "（", "）", "【", "、", "：", "；", "。")
WORDS = ("收入合计", "支出总计", "三公经费", "一、", "（一）", "1.", "第一部分", "其中：", "减少", "增加", "下降", "较上年", "年初预算数", "决算数", "2022年度", "部门决算公开", "项目支出绩效自评表", "类", "款", "项", "20701", "占比", "无此项支出", "单位：万元", "单位：元", "同比")  # fmt: skip
NUMBER = re.compile(r"\d[\d,.]*")
UNIT = re.compile(r"万元|亿元|元|%|个百分点|人次|辆|人")
ROWS = re.compile(r"<tr\b.*?</tr\s*>", re.IGNORECASE | re.DOTALL)
CELLS = re.compile(r"<t[dh]\b.*?</t[dh]\s*>", re.IGNORECASE | re.DOTALL)
BLOCKS = re.compile(r"<(p|div|table|h[1-6]|li|ul)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
TAGS = re.compile(r"</?[A-Za-z][^<>]*>")
LINES = re.compile(r"[^\n]*\n?")
BARS = re.compile(r"[^|\n]*\|")
SENTENCES = re.compile(r"[^。；\n]*[。；]?")
OPENED = ("<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<td colspan=1000>", "<td rowspan=0>", "<td rowspan=65535 colspan=65535>", "<th>", "<tbody>", "<div style='display:none'>", "<span>", "<pre>", "<!--", "-->", "<script>", "<textarea>", "<svg>", "<select>", "<br>", "<a href=x.pdf>", "<h1>", "<p style='position:absolute;left:1px;top:2px'>", "<base href='http://[::1'>", "<meta charset=utf-7>", "<ruby>", "<template>", "<![CDATA[", "<plaintext>", "<frameset>")  # fmt: skip


def changed_html(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A web page with some of its rows, cells, blocks, tags, figures or its charset changed."""
    return _changed_text(data, random, others, (ROWS, CELLS, BLOCKS, TAGS, SENTENCES), (*OPENED, *WORDS, *ODDITIES, *NUMERALS))


def changed_text(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Flattened text with some of its lines, cells between bars, sentences, figures or its charset changed."""
    return _changed_text(data, random, others, (LINES, BARS, SENTENCES, LINES), (*WORDS, *ODDITIES, *NUMERALS, "\n", " | ", "---|---\n", "|\n|\n"))


def changed_bytes(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Bytes without any idea of what they are: flipped, cut, doubled, spliced."""
    for _ in range(random.randint(1, 6)):
        here, there = sorted((_place(random, data), _place(random, data)))
        there = min(there, here + random.choice((1, 4, 64, 4096)))
        match random.randrange(6):
            case 0:
                data = data[:here] + random.randbytes(there - here) + data[there:]
            case 1:
                data = data[:here] + data[there:]
            case 2:
                data = data[:there] + data[here:there] * random.choice((1, 2, 50)) + data[there:]
            case 3:
                other = random.choice(others) if others else data
                data = data[:here] + other[_place(random, other) :][: random.choice((8, 200, 5000))] + data[there:]
            case 4 if random.random() < 0.3:
                data = data[:here]
            case _:
                data = data[:here] + random.choice((b"\0", b"\xff\xff\xff\xff", b"\x80", b"\x7f\xff\xff\xff", b"\xef\xbb\xbf", b"\xff\xfe")) + data[here:]
    return data[:LONGEST]


def changed_charset(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A page whose bytes are in another charset than it says, or in none."""
    text = _read(data)
    if random.random() < 0.5:
        named = random.choice((*CHARSETS, "x-unknown", "utf-7", "hex", "rot13", "idna", "punycode", "unicode_escape", "undefined", "iso-2022-jp", "hz", "mbcs", "\u0130"))
        text = f'<meta charset="{named}">{text}' if random.random() < 0.5 else re.sub(r"charset=[\"']?[\w-]+", f'charset="{named}"', text)
    half = _place(random, data) if random.random() < 0.3 else len(text)
    whole = text[:half].encode(random.choice(CHARSETS), "replace") + text[half:].encode(random.choice(CHARSETS), "replace")
    return changed_bytes(whole, random, others) if random.random() < 0.3 else whole[:LONGEST]


OBJECTS = re.compile(rb"\d+ \d+ obj\b.*?endobj", re.DOTALL)
STREAMS = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
DIGITS = re.compile(rb"\b\d+\b")
NAMES = re.compile(rb"/[A-Za-z]+")
OPERATORS = re.compile(rb"\b(?:Tm|Td|TD|Tf|Tj|TJ|re|cm|l|m|W n|BT|ET|q|Q|Do|gs|Tr)\b")
NUMBERS = (b"0", b"-1", b"1", b"65536", b"2147483647", b"-2147483648", b"99999999999", b"1e38", b"nan", b"0.0000001", b"null", b"[]", b"<<>>", b"true")


def changed_pdf(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A PDF with objects swapped, dropped or doubled, numbers and names changed, streams broken inside, its cross-references off."""
    for _ in range(random.randint(1, 4)):
        match random.randrange(8):
            case 0:
                data = moved(data, OBJECTS, random)
            case 1 | 2:
                data = _in_stream(data, random)
            case 3:
                data = one_replaced(data, DIGITS, lambda _: random.choice(NUMBERS), random)
            case 4:
                data = one_replaced(data, NAMES, _another(NAMES, data, random), random)
            case 5:
                data = data.replace(b"startxref", random.choice((b"startxref\n99", b"start", b"startxref 0 %")), 1)
            case 6:
                data = changed_bytes(data, random, others)
            case _:
                data = data[: _place(random, data)] + random.choice((b"", b"\n%%EOF\n", b"endstream endobj")) if random.random() < 0.2 else data
    return data[:LONGEST]


def _in_stream(data: bytes, random: Random) -> bytes:
    """What a page draws, changed, and packed again under its old length or a right one."""
    found = list(STREAMS.finditer(data))
    if not found:
        return data
    stream = random.choice(found)
    try:
        drawn = zlib.decompress(stream[1])
    except zlib.error:
        return changed_bytes(data, random, ())
    for _ in range(random.randint(1, 5)):
        match random.randrange(4):
            case 0:
                drawn = one_replaced(drawn, DIGITS, lambda _: random.choice((*NUMBERS, b"%d" % random.randrange(900))), random)
            case 1:
                drawn = one_replaced(drawn, OPERATORS, _another(OPERATORS, drawn, random), random)
            case 2:
                drawn = moved(drawn, re.compile(rb"[^\n]*\n"), random)
            case _:
                drawn = changed_bytes(drawn, random, ())
    packed = zlib.compress(drawn, 1)
    head = data[: stream.start()]
    if random.random() < 0.8:
        at = head.rfind(b"/Length")
        head = head[:at] + re.sub(rb"/Length \d+", b"/Length %d" % len(packed), head[at:], count=1)
    return head + b"stream\n" + packed + b"\nendstream" + data[stream.end() :]


def _changed_text(data: bytes, random: Random, others: Sequence[bytes], parts: Sequence[re.Pattern[str]], inserted: Sequence[str]) -> bytes:
    text = _read(data)
    for _ in range(random.randint(1, 6)):
        match random.randrange(9):
            case 0 | 1:
                text = moved(text, random.choice(parts), random)
            case 2 | 3:
                text = one_replaced(text, NUMBER, lambda found: random.choice((*NUMERALS, found[::-1], found * 9, found + "0")), random)
            case 4:
                text = one_replaced(text, UNIT, lambda _: random.choice(UNITS), random)
            case 5 | 6:
                at = _place(random, text)
                text = text[:at] + random.choice(inserted) * random.choice((1, 1, 1, 2, 40)) + text[at:]
            case 7 if others:
                other = list(random.choice(parts).finditer(_read(random.choice(others))))
                at = _place(random, text)
                text = text[:at] + (random.choice(other).group() if other else "") + text[at:]
            case _ if random.random() < 0.2:
                text = text[: _place(random, text)]
    if random.random() < 0.1:
        return changed_charset(text.encode("utf-8", "replace"), random, others)
    return text[:LONGEST].encode("utf-8", "replace")


def _read(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _place(random: Random, data: str | bytes) -> int:
    return random.randrange(len(data) + 1)


def moved(data: AnyStr, part: re.Pattern[AnyStr], random: Random) -> AnyStr:
    """Two parts of a kind swapped, one dropped, one doubled or one put elsewhere."""
    found = list(part.finditer(data))
    if not found:
        return data
    (a, b), (c, d) = sorted((random.choice(found).span(), random.choice(found).span()))
    match random.randrange(4):
        case 0 if b <= c:
            return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]
        case 1:
            return data[:a] + data[b:]
        case 2:
            return data[:b] + data[a:b] * random.choice((1, 1, 2, 30)) + data[b:]
    return data[:c] + data[a:b] + data[c:]


def _another(part: re.Pattern[bytes], data: bytes, random: Random) -> Callable[[bytes], bytes]:
    """What puts another part of a kind, from anywhere, in the place of one."""
    return lambda found: random.choice(part.findall(data) or [found])


def one_replaced(data: AnyStr, part: re.Pattern[AnyStr], instead: Callable[[AnyStr], AnyStr], random: Random) -> AnyStr:
    """One part of a kind with something else in its place."""
    found = list(part.finditer(data))
    if not found:
        return data
    one = random.choice(found)
    return data[: one.start()] + instead(one.group()) + data[one.end() :]
