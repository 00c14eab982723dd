"""Pictures that a page holds inside itself (内嵌图片): `data:` addresses, which are documents of their own, attached to their page."""

from __future__ import annotations

import re
from binascii import a2b_base64
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = b"data:image/"
LEAST = 20_000  # characters of base64; a picture that is shorter shows an ornament, not a table
MOST = 200  # of one page
EMBEDDED = re.compile(rb"data:image/(?:png|jpe?g|gif|bmp|webp|tiff)\s{0,3};\s{0,3}base64\s{0,3},([A-Za-z0-9+/\s]{20000,}+)", re.IGNORECASE)
BLANKS = bytes(range(33))


def embedded_pictures(page: bytes) -> Iterator[bytes]:
    """The bytes of the large pictures in a page, in its order; nothing is said about what they are.

    >>> list(embedded_pictures(b'<img src="data:image/png;base64,' + b"AAAA" * 5000 + b'">')) == [bytes(15_000)]
    True
    """
    for found in islice(EMBEDDED.finditer(page), MOST):
        text = found[1].translate(None, BLANKS)
        whole = text[: len(text) - (len(text) % 4 == 1)]  # one letter alone holds no byte
        yield a2b_base64(whole + b"=" * (-len(whole) % 4))
