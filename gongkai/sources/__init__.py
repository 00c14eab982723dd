"""Which documents a run reads: files, folders, globs, manifests, web archives, zip and rar, and what lies on S3 (来源).

`items(places, without=output)` yields every document, one `Item` at a time, each with the digest of its bytes;
`bytes_of(item.place)` reads them again where they lie. Nothing is ever unpacked to disk.
"""

from gongkai.sources.finding import again, items
from gongkai.sources.folders import EXAMPLE, example_inputs, nearest
from gongkai.sources.item import Item, Origin, Place, Step, Trouble, cannot_read, digest, printable, unreadable
from gongkai.sources.opening import bytes_of

__all__ = ["EXAMPLE", "Item", "Origin", "Place", "Step", "Trouble", "again", "bytes_of", "cannot_read", "digest", "example_inputs", "items", "nearest", "printable", "unreadable"]
