"""Pictures inside pages, as documents attached to them (网页内嵌图片)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from extract.embedded import embedded_picture, embedded_pictures
from extract.reading import media_type
from gongkai.sources.item import Item, Origin, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gongkai.sources.item import Place


def pictures_in(page: bytes, origin: Origin, place: Place) -> Iterator[Item]:
    """The large pictures of a page that lies at a place, in its order, as `address!/picture-1` and so on."""
    for number, (start, picture) in enumerate(embedded_pictures(page), 1):
        inner = Origin(f"{origin.address}!/picture-{number}", origin.address, origin.fetched_at)
        yield Item(inner, (*place, Step("picture", str(start))), sha256(picture).hexdigest(), len(picture), media_type(picture))


def picture_bytes(step: Step, page: bytes) -> bytes:
    """One of them once more. Raises `OSError` where the page has changed since."""
    picture = embedded_picture(page, int(step.key))
    if picture is None:
        raise OSError("the page has changed")
    return picture
