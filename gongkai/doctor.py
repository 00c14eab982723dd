"""`gongkai doctor`: is this installation whole? One line per thing looked at."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from typing import NamedTuple

from extract.old_word import program
from gongkai.errors import DependencyError, GongkaiError

EXTRA = re.compile(r"extra == ['\"](\w+)['\"]")


class Look(NamedTuple):
    """One thing looked at: `trouble` is None where it is well."""

    name: str
    found: str
    trouble: GongkaiError | None = None


def report() -> int:
    """Print every look; 0, or the exit code of the first trouble."""
    looks = [_python(), *_dependencies(), *_extras(), _office(), *_parts(), _encoding()]
    for look in looks:
        print(f"{'✓' if look.trouble is None else '✗'} {look.name:<18} {look.found}" + (f"  {look.trouble}" if look.trouble else ""))
    return next((look.trouble.exit_code for look in looks if look.trouble), 0)


def _python() -> Look:
    return Look("python", f"{sys.version.split()[0]}, {os.cpu_count()} 处理器 processors")


def _dependencies() -> list[Look]:
    """The libraries pyproject.toml names, without the extras."""
    names = [requirement.split(";")[0] for requirement in requires("gongkai") or () if "extra ==" not in requirement]
    return [_library(min((name.split(sign)[0] for sign in "<>=!~ "), key=len)) for name in names]


def _extras() -> list[Look]:
    """The libraries of the optional extras but `dev`; one that is not installed is no trouble."""
    looks = []
    for requirement in requires("gongkai") or ():
        name, _, condition = requirement.partition(";")
        extra = EXTRA.search(condition)
        if extra and extra[1] != "dev":
            library = _library(min((name.split(sign)[0] for sign in "<>=!~ "), key=len))
            looks.append(library if library.trouble is None else Look(library.name, f"未安装 not installed: pip install gongkai[{extra[1]}]"))
    return looks


def _library(name: str) -> Look:
    try:
        return Look(name, version(name))
    except PackageNotFoundError:
        return Look(name, "—", DependencyError(zh=f"未安装：pip install {name}", en=f"not installed: pip install {name}"))


def _office() -> Look:
    """LibreOffice, which reads .doc and .wps; that it is not there is no trouble."""
    found = program()
    return Look("LibreOffice", found or "未安装 not installed; .doc, .wps, .rtf: apt install libreoffice-writer, https://www.libreoffice.org")


def _parts() -> list[Look]:
    """Import what reads pages and PDFs, and load every word list: that is where a broken installation shows."""
    looks = []
    for name in ("pypdfium2", "lxml.etree", "gongkai.extraction"):
        try:
            import_module(name)
            looks.append(Look(name, "可用 loads"))
        except ImportError as error:
            looks.append(Look(name, "—", DependencyError(zh="无法载入", en=f"does not load: {error}")))
    looks.append(Look("gongkai", f"{version('gongkai')}  {distribution('gongkai').locate_file('')}"))
    return looks


def _encoding() -> Look:
    encoding = (sys.stdout.encoding or "").lower()
    well = encoding.replace("-", "") in {"utf8", "gb18030"}
    return Look("terminal", encoding, None if well else GongkaiError(zh="终端编码不能显示中文；设 PYTHONUTF8=1", en="cannot show Chinese; set PYTHONUTF8=1"))
