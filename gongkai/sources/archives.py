"""The members of zip, rar and gzip files, read in memory and within limits; names are only names, nothing is written to disk (压缩包).

A member that expands without measure (压缩炸弹), is encrypted or damaged is named; its neighbours are read.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple

from extract.zipped import DAMAGED, open_zip
from gongkai.errors import DependencyError
from gongkai.sources.item import Step, Trouble, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from zipfile import ZipInfo

MEBIBYTE = 1 << 20
MOST_DEPTH = 3  # an archive in an archive in an archive
MOST_MEMBERS = 10_000  # of an outermost archive, nested ones counted
MOST_BYTES = 2048 * MEBIBYTE  # likewise, expanded
MOST_MEMBER = 512 * MEBIBYTE
MOST_RATIO, RATIO_FROM = 200, 16 * MEBIBYTE  # an HTML table of blank cells reaches 150; nothing honest does so for long
CHUNK = MEBIBYTE
HIDDEN = ("__MACOSX/", ".", "Thumbs.db")
OFFICE_PARTS = frozenset({"[Content_Types].xml", "OFD.xml", "mimetype"})  # zip files that are one document: Word, Excel, OFD, OpenDocument
KINDS = {"application/zip": "zip", "application/vnd.rar": "rar", "application/gzip": "gzip"}


class Member(NamedTuple):
    """One file of an archive: its bytes, or why there are none."""

    name: str
    step: Step
    data: bytes = b""
    trouble: Trouble | None = None


@dataclass
class Budget:
    """What one outermost archive may still yield."""

    members: int = MOST_MEMBERS
    expanded: int = MOST_BYTES


class _TooMuchError(Exception):
    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.trouble = unreadable(zh, en)


def is_document(stream: IO[bytes]) -> bool:
    """Whether a zip file is one office document rather than a bundle of files."""
    try:
        with open_zip(stream) as archive:
            return not OFFICE_PARTS.isdisjoint(archive.namelist())
    except DAMAGED:
        return False


def members(kind: str, name: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    """The files of an archive (`kind`: zip | rar | gzip) called `name`, in its own order.

    A member called "" stands for the archive itself and says why no more is read. Raises `DependencyError` for a rar without its library.
    """
    found = 0
    try:
        for member in _LISTS[kind](name, stream, budget):
            found += 1
            budget.members -= 1
            if budget.members < 0:
                yield Member("", member.step, trouble=unreadable(f"压缩包超过{MOST_MEMBERS}个文件，其余未读", f"more than {MOST_MEMBERS} files; the rest was not read"))
                return
            yield member
    except _TooMuchError as end:
        yield Member("", Step(kind, ""), trouble=end.trouble)
    except DAMAGED as error:
        yield Member("", Step(kind, ""), trouble=unreadable("压缩包已损坏", f"the archive is damaged: {_said(error)}"))
    else:
        if not found:
            yield Member("", Step(kind, ""), trouble=unreadable("压缩包里没有文件", "the archive holds no file"))


def member_bytes(step: Step, stream: IO[bytes]) -> bytes:
    """One member once more. Raises `OSError` where the archive has changed since."""
    try:
        match step.kind:
            case "zip":
                with open_zip(stream) as archive, archive.open(archive.infolist()[int(step.key)]) as opened:
                    return opened.read(MOST_MEMBER)
            case "rar":
                with _rarfile().RarFile(stream) as archive, archive.open(archive.infolist()[int(step.key)]) as opened:
                    return bytes(opened.read(MOST_MEMBER))
        with gzip.GzipFile(fileobj=stream) as opened:
            return opened.read(MOST_MEMBER)
    except (*DAMAGED, IndexError) as error:
        raise OSError(f"the archive has changed: {_said(error)}") from error


def _zip(_: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    with open_zip(stream) as archive:
        listed = archive.infolist()
        for number, info in enumerate(listed):
            name = _zip_name(info)
            if name.endswith("/") or _hidden(name):  # `is_dir` of a name that begins with NUL is an IndexError
                continue
            step = Step("zip", str(number))
            if info.flag_bits & 1:
                yield Member(name, step, trouble=unreadable("压缩包内文件已加密", "the member is encrypted", "encrypted"))
                continue
            try:
                with archive.open(info) as opened:
                    yield Member(name, step, *_expanded(opened, info.compress_size, budget))
            except DAMAGED as error:
                yield Member(name, step, trouble=unreadable("压缩包内文件已损坏", f"the member is damaged: {_said(error)}"))


def _zip_name(info: ZipInfo) -> str:
    """The name as whoever packed it wrote it: marked UTF-8, unmarked UTF-8, else GBK.

    >>> from zipfile import ZipInfo
    >>> _zip_name(ZipInfo("决算.xls".encode("gb18030").decode("cp437")))
    '决算.xls'
    """
    if info.flag_bits & 0x800:
        return info.orig_filename
    try:
        printed = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return printed.decode(encoding)
        except UnicodeDecodeError:
            continue
    return printed.decode("ascii", "backslashreplace")


def _rar(_: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    rarfile = _rarfile()
    try:
        with rarfile.RarFile(stream) as archive:
            for number, info in enumerate(archive.infolist()):
                if info.is_dir() or _hidden(info.filename):
                    continue
                step = Step("rar", str(number))
                if info.needs_password():
                    yield Member(info.filename, step, trouble=unreadable("压缩包内文件已加密", "the member is encrypted", "encrypted"))
                    continue
                try:
                    with archive.open(info) as opened:
                        yield Member(info.filename, step, *_expanded(opened, info.compress_size, budget))
                except rarfile.RarCannotExec:
                    wanted = unreadable("解开 rar 需要 unrar、unar 或 bsdtar", "a rar needs unrar, unar or bsdtar on this machine")
                    yield Member(info.filename, step, trouble=wanted)
                except (rarfile.Error, *DAMAGED) as error:
                    yield Member(info.filename, step, trouble=unreadable("压缩包内文件已损坏", f"the member is damaged: {_said(error)}"))
    except rarfile.PasswordRequired as error:
        raise _TooMuchError(zh="压缩包已加密", en=f"the archive is encrypted: {_said(error)}") from error
    except rarfile.Error as error:
        raise EOFError(_said(error)) from error


def _rarfile() -> ModuleType:
    try:
        import rarfile  # noqa: PLC0415
    except ImportError:
        raise DependencyError(zh="读取 rar 需要：pip install gongkai[rar]", en="a rar file needs pip install gongkai[rar]") from None
    return rarfile  # type: ignore[no-any-return]


def _gzip(name: str, stream: IO[bytes], budget: Budget) -> Iterator[Member]:
    packed = stream.seek(0, 2)
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream) as opened:
        yield Member(name.rsplit("/", 1)[-1].removesuffix(".gz"), Step("gzip", ""), *_expanded(opened, packed, budget))


_LISTS = {"zip": _zip, "rar": _rar, "gzip": _gzip}


def _expanded(opened: IO[bytes] | gzip.GzipFile, packed: int, budget: Budget) -> tuple[bytes, Trouble | None]:
    """The whole member, or why it was left: never more in memory than the limits allow."""
    chunks, size = [], 0
    while chunk := opened.read(CHUNK):
        size += len(chunk)
        budget.expanded -= len(chunk)
        if size > RATIO_FROM and size > MOST_RATIO * max(packed, 1):
            return b"", unreadable("疑似压缩炸弹：展开超过200倍，未读", f"a zip bomb: it expands to more than {MOST_RATIO} times its size; not read")
        if size > MOST_MEMBER:
            return b"", unreadable(f"展开超过{MOST_MEMBER // MEBIBYTE}MB，未读", f"it expands to more than {MOST_MEMBER // MEBIBYTE} MB; not read")
        if budget.expanded < 0:
            most = MOST_BYTES // MEBIBYTE
            raise _TooMuchError(zh=f"压缩包展开超过{most}MB，其余未读", en=f"the archive expands to more than {most} MB; the rest was not read")
        chunks.append(chunk)
    return b"".join(chunks), None


def _hidden(name: str) -> bool:
    return name.startswith(HIDDEN[0]) or name.replace("\\", "/").rsplit("/", 1)[-1].startswith(HIDDEN[1:])


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
