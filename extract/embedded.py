"""Pictures that a page holds inside itself (内嵌图片): `data:` addresses, which are documents of their own, attached to their page."""

from __future__ import annotations

import re
from binascii import a2b_base64
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST = 20_000  # characters of base64; a picture that is shorter shows an ornament, not a table
MOST = 200  # of one page
EMBEDDED = re.compile(rb"data:image/(?i:png|jpe?g|gif|bmp|webp|tiff)\s{0,3};\s{0,3}(?i:base64)\s{0,3},([A-Za-z0-9+/\s]{%d,}+)" % LEAST)  # it begins with plain letters: pages are searched fast
BLANKS = bytes(range(33))


def embedded_pictures(page: bytes) -> Iterator[tuple[int, bytes]]:
    """The large pictures in a page, in its order: where the address of each begins, and its bytes; nothing is said about what they are.

    >>> [(start, data == bytes(15_000)) for start, data in embedded_pictures(b'<img src="data:image/png;base64,' + b"AAAA" * 5000 + b'">')]
    [(10, True)]
    """
    yield from ((found.start(), _decoded(found[1])) for found in islice(EMBEDDED.finditer(page), MOST))


def embedded_picture(page: bytes, start: int) -> bytes | None:
    """The picture whose address begins there; None where none does."""
    found = EMBEDDED.match(page, start)
    return None if found is None else _decoded(found[1])


def _decoded(text: bytes) -> bytes:
    letters = text.translate(None, BLANKS)
    whole = letters[: len(letters) - (len(letters) % 4 == 1)]  # one letter alone holds no byte
    return a2b_base64(whole + b"=" * (-len(whole) % 4))
