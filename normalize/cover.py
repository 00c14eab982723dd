"""The titles a page states for itself (标题、封面): in its metadata, its index block, on its cover, behind its contents, on its attachments."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from extract.document import Heading, Paragraph
from normalize.disclosing import links_to_disclosures
from normalize.titles import Title, is_body, read_title, squeeze
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.document import Document

_WORDS = load_toml("identity.toml")
_FURNITURE = re.compile("|".join(map(re.escape, _WORDS["cover"]["furniture"])))
_OPENING = frozenset(_WORDS["cover"]["opening"])
_CELL = re.compile(rf"(?<![一-鿿])(?:{'|'.join(_WORDS['cover']['cells'])})[\]】]?[ \t]*[:：|\t ][ \t|]*(?P<title>[^\n|]{{6,80}})")
_SCOPE_LINE = re.compile(r"[（(][^（）()]{2,6}[）)]")
_OUTLINE = re.compile(r"[一二三四五六七八九十]{1,3}[、.]|[（(][一二三四五六七八九十]|\d{1,2}[.、．](?!\d)|第[一二三四五六七八]部分|表\d")
_PAGE_NUMBER = re.compile(r"[\s\d—–\-－第页共/·.]+")
_CONTENTS = re.compile(r"^目\s*录")
ATTACHED = re.compile(r"^[ \t\u3000]*附[ \t\u3000]{0,40}件[ \t\u3000]{0,40}\d{0,4}[ \t\u3000]{0,40}[:：][ \t\u3000]*(?P<name>[^\n]{4,80})", re.MULTILINE)
FILE = re.compile(r"\.(?:pdf|xlsx?|docx?|wps|et|ofd|zip|rar|7z|csv)(?:[?#].*)?$", re.IGNORECASE)
COVER_LINES = 14
COVER_JOIN = 5
INNER_LINES = 120  # a title behind two contents lists stands about here
LONGEST_TITLE = 70
HEAD = 2500


class Stated(NamedTuple):
    """A title and where the page states it: title, cover, inner, page title or attachment."""

    where: str
    title: Title


def metadata(document: Document, names: list[str]) -> Iterator[str]:
    """The page's own statements under any of these names, empty ones left out."""
    wanted = {name.lower() for name in names}
    return (value.strip() for name, value in document.metadata if name.lower() in wanted and value.strip())


def stated_titles(document: Document) -> tuple[Stated, ...]:
    """Every title of a budget, final account or evaluation that a page states for itself, in their order of trust."""
    stated = [Stated("title", read_title(text)) for text in metadata(document, _WORDS["metadata"]["title"])]
    stated += [Stated("title", read_title(match["title"])) for match in _CELL.finditer(document.content[:HEAD])]
    stated += [Stated("cover", title) for title in _cover_titles(document)]
    stated += [Stated("inner", title) for title in _inner_titles(document)]
    if document.title:
        stated.append(Stated("page title", read_title(document.title)))
    files = [link.text for link in document.links if FILE.search(link.target) or FILE.search(link.text.strip())]
    named = [match["name"] for match in ATTACHED.finditer(document.content)]
    stated += [Stated("attachment", read_title(FILE.sub("", text.strip()))) for text in (*files, *named)]
    return tuple(entry for entry in stated if _says_kind(entry.title))


def _says_kind(title: Title) -> bool:
    return title.evaluation or (title.stage is not None and (title.name is not None or title.year is not None or title.edition is not None))


def _whole(title: Title) -> bool:
    return _says_kind(title) and title.name is not None and title.year is not None


def cover_lines(document: Document) -> list[str]:
    """The short lines a document opens with, furniture, links, contents list and page numbers left out: where a title stands."""
    lines: list[str] = []
    linked = links_to_disclosures(document)
    for plain in _short_lines(document, 4 * COVER_LINES):
        if any(text in plain for text in linked) or _FURNITURE.search(plain):
            continue
        if (_CONTENTS.match(plain) and lines) or len(lines) >= COVER_LINES:
            break
        lines.append(plain)
    return lines


def _short_lines(document: Document, blocks: int) -> Iterator[str]:
    for block in islice(document.blocks, blocks):
        if isinstance(block, (Heading, Paragraph)):
            plain = squeeze(document.text(block.span))
            if plain and not _PAGE_NUMBER.fullmatch(plain) and not plain.endswith(("。", "；", ";")):
                yield plain.lstrip("#")


def _cover_titles(document: Document) -> Iterator[Title]:
    """Titles of the cover: whole lines first on a web page, where furniture stands around them; lines joined, up to five, on paper."""
    lines = cover_lines(document)
    alone = [_opened(lines, index, title) for index, line in enumerate(lines) if not _OUTLINE.match(line) and _whole(title := read_title(line))]
    joined = [across for start in range(len(lines)) if (across := _joined(lines, start)) is not None]
    yield from (*joined, *alone) if document.page_count else (*alone, *joined)
    yield from (read_title(line) for line in lines if len(line) <= LONGEST_TITLE and not _OUTLINE.match(line))


def _opened(lines: list[str], index: int, title: Title) -> Title:
    """A title whose name began on the line before: 中国人民政治协商会议 / 某县委员会2022年度部门决算."""
    return read_title(lines[index - 1] + title.text) if index and lines[index - 1] in _OPENING else title


def _joined(lines: list[str], start: int) -> Title | None:
    """The whole title that begins on a line and ends on it or one of the next four."""
    if _OUTLINE.match(lines[start]):
        return None
    for count in range(1, COVER_JOIN + 1):
        part = lines[start : start + count]
        if len(part) < count or any(len(line) > LONGEST_TITLE for line in part) or any(_OUTLINE.match(line) for line in part[1:]):
            return None
        title = read_title("".join(part))
        if _whole(title):
            following = lines[start + count] if start + count < len(lines) else ""
            return read_title(title.text + following) if _SCOPE_LINE.fullmatch(following) else title
    return None


def _inner_titles(document: Document) -> Iterator[Title]:
    """Titles behind the contents lists: a body's name on one line, year and kind on the next."""
    above = ""
    for plain in _short_lines(document, INNER_LINES):
        if is_body(above) and len(plain) <= LONGEST_TITLE:
            title = read_title(above + plain)
            if _whole(title) and title.name == above:
                yield title
        above = plain
