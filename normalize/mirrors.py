"""Mirror pages (镜像站): a page copied to a foreign host in Traditional characters, or with the pinyin of characters in brackets.

Bodies, titles and places are looked up in the page as its office wrote it; figures are still cut from the page as it is printed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from extract.document import Span, Table
from normalize.folding import TRADITIONAL, pinyin_glosses
from normalize.records import Finding

if TYPE_CHECKING:
    from extract.document import Block, Document

_TRADITIONAL = re.compile(f"[{''.join(map(chr, TRADITIONAL))}]")
FEW = 20  # Traditional characters that a page of the mainland may hold: a link to 繁體版, an old name


def as_written(text: str) -> str:
    """A text in simplified characters and without pinyin.

    >>> as_written("重慶市城口縣財(cái)政局")
    '重庆市城口县财政局'
    """
    for gloss in reversed(pinyin_glosses(text)):
        text = text[: gloss.start] + text[gloss.end :]
    return text.translate(TRADITIONAL)


def original(document: Document) -> Document:
    """The document as its office wrote it; the same object where nothing was changed by a mirror.

    Its spans point into its own content. Links keep their targets and lose their places.
    """
    content = document.content
    glosses = pinyin_glosses(content)
    if not glosses and _TRADITIONAL.search(content) is None and _TRADITIONAL.search(document.title or "") is None:
        return document
    ends = [gloss.end for gloss in glosses]
    lost = [0]
    for gloss in glosses:
        lost.append(lost[-1] + gloss.end - gloss.start)

    def moved(span: Span) -> Span:
        start, end = (max(position - lost[bisect_right(ends, position)], 0) for position in span)
        return Span(start, end)

    def moved_block(block: Block) -> Block:
        if isinstance(block, Table):
            return replace(block, span=moved(block.span), cells=tuple(replace(cell, span=moved(cell.span)) for cell in block.cells))
        return replace(block, span=moved(block.span))

    return replace(
        document,
        content=as_written(content),
        blocks=tuple(map(moved_block, document.blocks)) if glosses else document.blocks,
        title=None if document.title is None else as_written(document.title),
        metadata=tuple((as_written(name), as_written(value)) for name, value in document.metadata),
        links=tuple(replace(link, text=as_written(link.text), span=None) for link in document.links),
        layout=None if glosses else document.layout,
    )


def mirrored(document: Document) -> tuple[Finding, ...]:
    """A finding where a page is plainly a mirror: pinyin in brackets, or Traditional characters throughout."""
    glosses = len(pinyin_glosses(document.content))
    if glosses < FEW and sum(1 for _ in islice(_TRADITIONAL.finditer(document.content), FEW)) < FEW:
        return ()
    what = ("括号拼音", "pinyin in brackets") if glosses else ("繁体字", "Traditional characters")
    return (
        Finding(
            "page_is_a_mirror", "not_applicable", f"页面用{what[0]}，可能是镜像站；名称按简体识别，数字照印",
            f"the page prints {what[1]}: probably a mirror; names are read in simplified form, figures as printed", "look",
        ),
    )  # fmt: skip
