"""Is this page a disclosure (是不是预决算公开)? Told by captions, money amounts, forms and title; otherwise the reason says what it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from normalize.folding import key
from normalize.lexicon import trie_pattern
from normalize.mirrors import original
from normalize.titles import is_body, read_title, squeeze
from normalize.vocabulary import load_toml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.document import Document
    from normalize.records import Disclosure, Identity

_WORDS = load_toml("disclosing.toml")
_ACCOUNTS = _WORDS["accounts"]
_CAPTION = re.compile(trie_pattern([key(caption) for caption in _ACCOUNTS["captions"]]))
_GOVERNMENT = re.compile(trie_pattern([key(caption) for caption in _WORDS["government"]["captions"]]))
_MARK = re.compile("[算支收表况费目标绩效采购债]")
_AMOUNT = re.compile(r"(?<![\d.])\d[\d,]{0,30}\.\d{1,6}(?![\d.])|(?<![\d.])\d[\d,]{0,30}\s{0,9}(?:万|亿)?元|(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d.])")
_WHOLE_NUMBER = re.compile(r"-?[1-9]\d{3,14}")
_FORM_WORD = re.compile(trie_pattern([key(word) for word in _WORDS["forms"]["words"]]))
_UNFILLED = re.compile(r"[XxＸ×]{2,}(?![A-Za-z])")
_STAGE = re.compile("决算|预算|绩效")
_FILE = re.compile(r"\.(?:pdf|xlsx?|docx?|wps|et|ofd|zip|rar|7z)(?:[?#]|$)", re.IGNORECASE)
PICTURE = re.compile(r"\.(?:jpe?g|png|bmp|tiff?|webp)(?:[?#]|$)", re.IGNORECASE)
_TOPIC = re.compile(r"部门预算|部门决算|单位预算|单位决算|预决算|预算公开|决算公开|预算/决算")
_PICTURED = {"pictures_for_text": "needs_ocr", "pictures_apart": "attachments_only"}  # what the reader notes of a page whose tables are pictures
LONGEST_CAPTION = 60
ENOUGH = 60


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for and against a disclosure, counted once."""

    captions: frozenset[str]  # distinct captions of tables and sections
    amounts: int  # counted no further than the question needs
    forms: int  # distinct header words of self-evaluation or target forms
    unfilled: bool  # a blank template
    titled: bool  # a title of a budget or final account
    announces: bool  # only a title (and links): the figures are in files
    government: bool
    discloses: bool

    @property
    def accounts(self) -> bool:
        """Whether tables or sections of a budget or final account stand on the page."""
        return len(self.captions) >= int(_ACCOUNTS["enough_captions"])


def _lines(document: Document) -> list[str]:
    return [key(line) for line in document.content.split("\n") if len(line) <= 2 * LONGEST_CAPTION and _MARK.search(line)]


def _bare_amounts(document: Document) -> Iterator[str]:
    """Whole numbers in cells beside a label: amounts of a table in yuan, which bear neither a point nor a unit. Codes stand first in their row."""
    for table in document.tables():
        for row in table.by_row():
            yield from (text for cell in row[1:] if _WHOLE_NUMBER.fullmatch(text := document.text(cell.span)))


def signals_of(document: Document) -> Signals:
    """The signals of one document."""
    content = document.content
    captions: set[str] = set()
    official: set[str] = set()
    for line in _lines(document):
        if len(line) <= LONGEST_CAPTION and "。" not in line[:-1]:
            captions.update(_CAPTION.findall(line))
            official.update(_GOVERNMENT.findall(line))
    forms = len(set(_FORM_WORD.findall(key(content)))) if "绩效" in content or "得分" in content else 0
    forms = forms if forms >= _WORDS["forms"]["enough"] else 0
    unfilled = sum(1 for _ in _UNFILLED.finditer(content))
    amounts = sum(1 for _ in islice(chain(_AMOUNT.finditer(content), _bare_amounts(document)), unfilled + ENOUGH))
    titled = _is_titled(document)
    blank = unfilled >= _WORDS["unfilled"]["enough"] and unfilled > amounts
    needed = _ACCOUNTS["enough_captions"]
    discloses = (
        (len(captions) >= needed and amounts >= _ACCOUNTS["enough_amounts"])
        or (titled and bool(captions) and amounts >= _ACCOUNTS["amounts_under_title"])
        or (bool(forms) and amounts >= _ACCOUNTS["amounts_under_title"])
        or blank
    )
    return Signals(
        frozenset(captions), amounts, forms, blank, titled, not discloses and _is_short(document) and (titled or _is_filed(document)),
        len(official) >= _WORDS["government"]["enough"], discloses,
    )  # fmt: skip


def _titles(document: Document) -> list[str]:
    stated = [value for name, value in document.metadata if name.lower() == "articletitle" and value.strip()]
    return stated or [document.title or ""]


def links_to_disclosures(document: Document) -> frozenset[str]:
    """Texts of links that speak of budgets: titles of other pages, not of this one."""
    return frozenset(text for link in document.links if len(text := squeeze(link.text)) >= 6 and _STAGE.search(text))


def _is_titled(document: Document) -> bool:
    """Whether the title, or one of the first lines where the page has none, is a title of a budget or final account of one body and year."""
    stated = [squeeze(text) for text in _titles(document) if text]
    opening: list[str] = []
    if not any(name.lower() == "articletitle" for name, _ in document.metadata):
        linked = links_to_disclosures(document)
        lines = [squeeze(line) for line in document.content[:1500].split("\n")]
        opening = [line for line in lines if 4 <= len(line) <= 80 and not any(text in line for text in linked)][:12]
    for text in (*stated, *opening):
        title = read_title(text)
        if title.stage is not None and title.year is not None and (title.name is not None or title.edition is not None):
            return True
        if title.evaluation and title.name is not None and title.year is not None:
            return True
    return False


def _is_short(document: Document) -> bool:
    """Whether a page holds little beside its links: a title, an index block, site furniture."""
    linked = sum(len(squeeze(link.text)) for link in document.links)
    return len(squeeze(document.content)) - linked <= int(_WORDS["landing"]["longest"])


def _is_filed(document: Document) -> bool:
    """Whether a page titled with nothing but a body's name hands out a file under a budget column (预算公开目录)."""
    crumbs = "".join(value for name, value in document.metadata if name.lower() in {"breadcrumb", "columnname"})
    if not _TOPIC.search(crumbs):
        return False
    files = [link for link in document.links if _FILE.search(link.target) or _FILE.search(link.text.strip())]
    return bool(files) and any(is_body(squeeze(text)) for text in _titles(document))


class Verdict(NamedTuple):
    """The status of a document with its reason for people, in both languages."""

    status: str  # ok | partial | attachments_only | not_a_disclosure
    reason_zh: str
    reason_en: str


def status_of(document: Document, signals: Signals, identity: Identity, disclosure: Disclosure) -> Verdict:
    """What became of a document: ok, partial, attachments_only, needs_ocr or not_a_disclosure, with the reason.

    `disclosure` holds what was read out of it so far: a disclosure that gave no figure at all is partial, never silently ok.
    """
    document = original(document)
    if signals.unfilled:
        return Verdict("not_a_disclosure", "未填写的模板（XX占位）", "an unfilled template (XX placeholders)")
    if signals.discloses:
        if disclosure.budget_lines or disclosure.projects or disclosure.quantities:
            return Verdict("ok", "", "")
        return Verdict("partial", "有预决算标题和金额，但没有一行能够读出", "titles and amounts of a disclosure, but no row could be read")
    pictured = next((note for note in document.notes if note.kind in _PICTURED), None)
    if pictured is not None and signals.titled and all(PICTURE.search(link.target) for link in identity.attachments):
        return Verdict(_PICTURED[pictured.kind], f"有预决算标题；{pictured.zh}", f"a title of a disclosure; {pictured.en}")
    if signals.announces:
        files = len(identity.attachments)
        if files:
            return Verdict("attachments_only", f"页面只有标题和{files}个附件，数字在附件里", f"title and {files} attachment(s) only; the figures are in the files")
        return Verdict("attachments_only", "页面只有标题，数字在内嵌的文件里", "a title only; the figures are in an embedded file")
    zh, en = _otherwise(document)
    return Verdict("not_a_disclosure", zh, en)


def _otherwise(document: Document) -> tuple[str, str]:
    """The reason of the first entry of `otherwise` that holds for the page."""
    title = " ".join(_titles(document)) or document.content[:60]
    length = len(squeeze(document.content))
    linked = sum(len(squeeze(link.text)) for link in document.links)
    redirects = any(name.lower() == "refresh" for name, _ in document.metadata)
    entry: dict[str, Any]
    for entry in _WORDS["otherwise"]:
        said = [*(word in title for word in entry.get("title", ())), *(word in document.content for word in entry.get("text", ()))]
        if (
            (not said or any(said))
            and length <= entry.get("most", length)
            and len(document.links) >= entry.get("links", 0)
            and linked >= entry.get("share", 0) * length
            and redirects >= entry.get("refresh", False)
        ):
            return entry["zh"], entry["en"]
    message = "disclosing.toml: the last entry of otherwise must hold for every page"
    raise AssertionError(message)
