"""Old Word files (.doc, .wps, .rtf): LibreOffice makes a .docx of them, in a folder of its own and within a limit of time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from extract.document import Document, DocumentError, Source
from extract.word import read_docx

SECONDS = 90
PROGRAMS = ("soffice", "libreoffice")
OPTIONS = ("--headless", "--invisible", "--nocrashreport", "--nodefault", "--nologo", "--nofirststartwizard", "--norestore", "--convert-to", "docx:MS Word 2007 XML")

def program() -> str | None:
    """LibreOffice, where it is installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


def lacks_program() -> DocumentError | None:
    """What to say where LibreOffice is not installed."""
    if program() is not None:
        return None
    return DocumentError("unreadable", zh="读取 .doc、.wps、.rtf 需要 LibreOffice（soffice 须在 PATH 中）", en=".doc, .wps and .rtf files need LibreOffice (soffice on the PATH)")


def read_doc(data: bytes, source: Source) -> Document:
    """An old Word file. Raises `DocumentError` where LibreOffice fails or takes too long."""
    office = program()
    assert office is not None, "lacks_program was asked first"
    with TemporaryDirectory(prefix="gongkai-") as folder:
        place = Path(folder)
        (place / "input.doc").write_bytes(data)
        profile = (place / "profile").as_uri()
        ended = [timer, "-k", "5", str(SECONDS + 10)] if (timer := shutil.which("timeout")) else []  # should this process be killed itself
        command = [*ended, office, f"-env:UserInstallation={profile}", *OPTIONS, "--outdir", str(place / "out"), str(place / "input.doc")]
        environment = {"HOME": folder, "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TMPDIR": folder, "SAL_USE_VCLPLUGIN": "svp"}
        with subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as running:  # noqa: S603
            try:
                running.wait(SECONDS)
            except subprocess.TimeoutExpired as error:
                raise DocumentError("unreadable", zh=f"LibreOffice 转换超过{SECONDS}秒", en=f"LibreOffice took more than {SECONDS} s") from error
            finally:
                _end(running)
        made = place / "out" / "input.docx"
        if not made.is_file():
            raise DocumentError("unreadable", zh="LibreOffice 无法转换此文件", en="LibreOffice could not convert the file")
        return read_docx(made.read_bytes(), source)


def _end(running: subprocess.Popen[bytes]) -> None:
    """Nothing that was started stays behind."""
    if sys.platform != "win32":
        try:
            os.killpg(running.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        running.kill()
