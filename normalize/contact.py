"""Whom to ask and what to download: the contact telephone and the attachments of a disclosure (联系方式、附件)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from extract.document import Heading, Link, Paragraph, Span
from normalize.cover import ATTACHED, FILE
from normalize.disclosing import PICTURE
from normalize.titles import squeeze

if TYPE_CHECKING:
    from extract.document import Document
    from normalize.records import Section

_PHONE = re.compile(r"(?:[（(]0\d{2,3}[）)]\s{0,9}|0\d{2,3}\s{0,9}[-—–－ ]\s{0,9})?[2-9]\d{6,7}(?!\d)|1[3-9]\d{9}(?!\d)")
_PHONE_LABEL = re.compile(r"联系电话|联系方式|咨询电话|反馈电话|监督电话|公开电话|联系人[^\n]{0,16}?电话|信息反馈")
_DOWNLOAD = re.compile(r"^附件|附件\d*[:：]|(?:决算|预算)(?:公开)?表|下载")


def contact_phone(document: Document, sections: tuple[Section, ...]) -> str | None:
    """The number under which the body answers questions about its disclosure (联系电话), as printed without blanks.

    Taken from the contact section, else from a line that names a contact, the last third of the text before the rest; never from a form,
    whose telephone is a project's.
    """
    for section in sections:
        if section.section_kind == "contact":
            for span in (section.span, *section.passages):
                if (phone := _phone_in(document.text(span))) is not None:
                    return phone
    prose = "\n".join(document.text(block.span) for block in document.blocks if isinstance(block, (Heading, Paragraph)))
    tail = 2 * len(prose) // 3
    for match in (*_PHONE_LABEL.finditer(prose, tail), *_PHONE_LABEL.finditer(prose, 0, tail)):
        if (phone := _phone_in(prose[match.end() : match.end() + 60])) is not None:
            return phone
    return None


def _phone_in(text: str) -> str | None:
    match = _PHONE.search(text.replace("\n", ""))
    return squeeze(match.group()) if match is not None else None


def attachments_of(document: Document) -> tuple[Link, ...]:
    """The files a page links to or names (附件): links to documents and pictures, links called 附件 or 决算公开表, and attachments named without a link.

    An attachment that is only named has an empty target.
    """
    linked = [link for link in document.links if FILE.search(link.target) or PICTURE.search(link.target) or FILE.search(link.text.strip()) or _DOWNLOAD.search(link.text.strip())]
    texts = {text for link in linked if (text := squeeze(link.text))}
    named = [
        Link(match["name"].strip(), "", Span(match.start("name"), match.start("name") + len(match["name"].rstrip())))
        for match in ATTACHED.finditer(document.content)
        if not any(text in squeeze(match["name"]) or squeeze(match["name"]) in text for text in texts)
    ]
    return (*(replace(link, text=link.text.strip()) for link in linked), *named)
