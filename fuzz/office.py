"""Spreadsheets and Word files changed inside (办公文件变异): parts of their zip, the XML in them, fields of old binary records; then damaged, sometimes."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from extract.zipped import DAMAGED
from fuzz.mutations import LONGEST, NUMERALS, ODDITIES, WORDS, changed_bytes, moved, one_replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

ELEMENTS = re.compile(r"<((?:\w+:)?(?:row|c|table-row|table-cell|table|tr|tc|p|r|mergeCell|numFmt|xf|sheet|si|num|abstractNum|lvl))\b[^<>]*(?:/>|>.*?</\1>)", re.DOTALL)
VALUES = re.compile(r"(?<==\")[^\"<>]*(?=\")")
TEXTS = re.compile(r"(?<=>)[^<>]+(?=<)")
TAGS = re.compile(r"</?[\w:]+[^<>]*>")
NUMBERS = ("0", "-1", "1", "99999", "1048576", "1048577", "16385", "XFD1048576", "A:XFD", "4294967296", "1e308", "-1e-308", "", "A0", "XFE1", "A1:XFD1048576", "B2:A1", "a", "2958466", "45292.5", "nan", "continue", "restart", "true")
FORMATS = ("0.00%", "#,##0.00", "General", "[Red]-0;;;@", "yyyy年m月", "0.0,,", "# ?/?", "@", "\\%0", "[>1]0;0%", '"万元"0', "0" * 300, "0" * 30_000, "0." + "0" * 31, ";;;", "[DBNum1]0", "_(* #,##0_)")
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
NESTED = ("<w:tbl><w:tr><w:tc>", "<w:p><w:r><w:txbxContent>", "<table:table><table:table-row><table:table-cell>", "<text:p><text:span>")
EDITED = (".xml", ".rels")
WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
MULTIPLIED = 5_000_000  # characters of one element many times
FLAGS = re.compile(rb"(?s)(?<=PK\x01\x02....).|(?<=PK\x03\x04..).")  # of a member: in the list of members, before itself


def changed_office(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """An office file with one to three of its parts changed; what is no zip file is changed as bytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()[:60] if info.file_size <= LONGEST * 4]
    except DAMAGED:
        return changed_bytes(data, random, others)
    for _ in range(random.randint(1, 3)):
        named = [place for place, (name, _) in enumerate(parts) if name.endswith(EDITED)]
        if named:
            place = random.choice(named)
            parts[place] = parts[place][0], _changed_part(parts[place][1], random)
    if random.random() < 0.1 and parts:
        one, other = random.choice(parts), random.choice(parts)
        parts = random.choice(([*parts, one], [part for part in parts if part is not one], [*parts, (one[0], other[1])]))
    whole = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(whole, "w", random.choice(WAYS) if random.random() < 0.05 else zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts:
            archive.writestr(name, part)
    changed = whole.getvalue()
    if random.random() < 0.03:
        changed = FLAGS.sub(lambda found: bytes([found[0][0] | random.choice((0, 1))]), changed)
    return (changed_bytes(changed, random, others) if random.random() < 0.1 else changed)[:LONGEST]


def _changed_part(part: bytes, random: Random) -> bytes:
    text = part.decode("utf-8", "replace")
    changes: tuple[Callable[[], str], ...] = (
        lambda: moved(text, ELEMENTS, random),
        lambda: one_replaced(text, VALUES, lambda _: escape(random.choice((*NUMBERS, *FORMATS)), {'"': "&quot;"}), random),
        lambda: one_replaced(text, TEXTS, lambda _: escape(random.choice((*NUMERALS, *ODDITIES, *WORDS, *NUMBERS))), random),
        lambda: one_replaced(text, TAGS, lambda _: random.choice(("", "<x>", "</x>")), random),
        lambda: text.replace("?>", f"?>{BOMB}", 1),
        lambda: one_replaced(text, TAGS, lambda tag: tag + random.choice(NESTED) * random.choice((2, 50, 500)), random),
        lambda: one_replaced(text, ELEMENTS, lambda one: one * min(random.choice((2, 100, 10_000, 1_000_000)), MULTIPLIED // len(one) + 1), random),
    )
    return random.choices(changes, (4, 6, 4, 1, 0.5, 0.5, 0.5))[0]().encode("utf-8", "replace")
