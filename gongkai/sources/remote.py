"""Files that lie elsewhere: S3 and whatever else fsspec opens by its URL (对象存储). Pages on the web are for crawlers to fetch."""

from __future__ import annotations

import re
from errno import ENOENT
from typing import IO, TYPE_CHECKING, Any

from gongkai.errors import DependencyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
WEB = ("http://", "https://", "ftp://")
MAGIC = re.compile(r"[*?\[]")


def is_remote(place: str) -> bool:
    """Whether a place is a URL rather than a path.

    >>> is_remote("s3://crawl/2026"), is_remote("crawl/2026"), is_remote("C:/crawl")
    (True, False, False)
    """
    return ADDRESS.match(place) is not None


def look(url: str) -> None:
    """Make sure there is something at a URL, before a run begins. Raises `UsageError` and `DependencyError`."""
    if url.lower().startswith(WEB):
        raise UsageError(zh=f"本程序不上网抓取：{url}；请给出已保存的文件", en=f"nothing is fetched from the web: {url}; name what a crawler saved")
    system, path = _system(url)
    try:
        there = bool(system.glob(path)) if MAGIC.search(path) else system.exists(path)
    except _failures() as error:
        raise UsageError(zh=f"无法访问 {url}：{error}", en=f"cannot reach {url}: {error}") from error
    if not there:
        raise UsageError(zh=f"找不到 {url}", en=f"there is nothing at {url}")


def files_at(url: str) -> Iterator[str]:
    """The URL of every file below, one folder's names in memory at a time; hidden ones are left out."""
    system, path = _system(url)
    for top in sorted(system.glob(path)) if MAGIC.search(path) else [path]:
        if system.isfile(top):
            yield system.unstrip_protocol(top)
            continue
        for folder, below, names in system.walk(top):
            below_here = sorted(name for name in below if not name.startswith("."))
            if isinstance(below, list):
                below[:] = below_here
            yield from (system.unstrip_protocol(f"{folder}/{name}") for name in sorted(names) if name and not name.startswith("."))


def opened_at(url: str) -> IO[bytes]:
    """A stream that can seek. Raises `OSError`."""
    if url.lower().startswith(WEB):
        raise FileNotFoundError(ENOENT, "nothing is fetched from the web", url)
    system, path = _system(url)
    try:
        return system.open(path, "rb")  # type: ignore[no-any-return]
    except _failures() as error:
        raise OSError(str(error)) from error


def _system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415
    except ImportError:
        raise DependencyError(zh="读取网址需要：pip install gongkai[s3]", en=f"{url} needs pip install gongkai[s3]") from None
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise DependencyError(zh="读取此类网址缺少依赖：pip install gongkai[s3]", en=f"{url} needs pip install gongkai[s3] ({error})") from None
    except ValueError as error:
        raise UsageError(zh=f"不认识的网址：{url}", en=f"not a URL that can be read: {url} ({error})") from None
    return system, path


def _failures() -> tuple[type[Exception], ...]:
    try:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError:
        return (OSError,)
    return (OSError, BotoCoreError, ClientError)
