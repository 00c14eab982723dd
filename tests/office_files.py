"""Workbooks and Word files that tests write."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl

from extract.word import W

if TYPE_CHECKING:
    from collections.abc import Callable


def workbook(change: Callable[[Any], object]) -> bytes:
    book = openpyxl.Workbook()
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def word(body: str, **parts: str) -> bytes:
    out = io.BytesIO()
    name = W.strip("{}")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{name}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>')
        for part, text in parts.items():
            archive.writestr(f"word/{part}.xml", text.replace("<w:root", f'<w:root xmlns:w="{name}"'))
    return out.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def listed(level: int, number_id: int = 1) -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number_id}"/></w:numPr>'
