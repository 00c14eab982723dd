"""Changes that mean nothing: the same page written in another way says the same, column for column but for positions.

That our lattice of PDF tables is that of pdfplumber is test_pdf_oracle.py; that flattening keeps a form, test_flattening.py.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from functools import cache
from html import escape
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from extract.document import Span, Table
from extract.reading import read
from normalize.disclosure import normalize
from normalize.records import TABLES
from tests.truth import STATED, count_key, line_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.document import Block, Document
    from normalize.records import Disclosure

    Said = dict[str, list[tuple[str, ...]]]

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
PAGES = sorted(str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("input.html"))
BLOCKS = "table|thead|tbody|tr|td|th|p|div|h1|h2|h3|h4|ul|li"
TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*)((?:\s+[^\s=<>/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+))?)*)\s*(/?)>")
ATTRIBUTE = re.compile(r"[^\s=<>/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+))?")
SCRIPTS = re.compile(r"(<(?:script|style)\b.*?</(?:script|style)>)", re.IGNORECASE | re.DOTALL)


def source(page: str) -> str:
    data = (FIXTURES / page).read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def plain(value: Any, document: Document) -> str:
    """A field without what only says where it stands."""
    if isinstance(value, tuple):
        return "(" + ", ".join(document.text(part) if isinstance(part, Span) else plain(part, document) for part in value) + ")"
    return str(value).replace(document.id, "")


def said(document: Document) -> Said:
    """Everything read from a document but positions: the identity, then table by table, row by row."""
    disclosure = normalize(document)
    rows = {table: [_row(record, document) for record in getattr(disclosure, table)] for table in TABLES}
    return {"identity": [(disclosure.status, str(disclosure.reason_en), *_row(disclosure.identity, document))], **rows}


def _row(record: Any, document: Document) -> tuple[str, ...]:
    return tuple(f"{field.name}={plain(getattr(record, field.name), document)}" for field in fields(record) if field.name not in ("span", "attachments"))


@cache
def as_it_is(page: str) -> Said:
    return said(read(source(page).encode(), "page.html"))


def outside_scripts(text: str, change: Callable[[str], str]) -> str:
    return "".join(part if SCRIPTS.fullmatch(part) else change(part) for part in SCRIPTS.split(text))


def attributes_shuffled(text: str) -> str:
    chance = Random(1)

    def shuffled(tag: re.Match[str]) -> str:
        own = ATTRIBUTE.findall(tag[2])
        if not any(each.lower().startswith("style") for each in own):
            own.append('style="color:#123456;font-size:13px"')
        chance.shuffle(own)
        return f"<{tag[1]} {' '.join([*own, 'data-v-1f2e3d'])}{tag[3]}>"

    return outside_scripts(text, lambda part: TAG.sub(shuffled, part))


def blanks_changed(text: str) -> str:
    return outside_scripts(text, lambda part: re.sub(rf"(</?(?:{BLOCKS})\b[^>]*>)", "\n\t  \\1\r\n   ", part))


def commented(text: str) -> str:
    return outside_scripts(text, lambda part: re.sub(rf"(</(?:{BLOCKS})>)", r"<!-- 收入合计99.99万元 <td>1</td> -->\1<!--[if IE]>2031年<![endif]-->", part))


def wrapped(text: str) -> str:
    inner = re.sub(r"(<table\b.*?</table>)", r"<div><div>\1</div></div>", text, flags=re.DOTALL | re.IGNORECASE) if text.lower().count("<table") == text.lower().count("</table") and "<table" not in "".join(re.findall(r"<td\b.*?</td>", text, re.DOTALL)) else text
    return re.sub(r"(<body[^>]*>)(.*)(</body>)", r"\1<div><div><section>\2</section></div></div>\3", inner, flags=re.DOTALL | re.IGNORECASE)


def in_capitals(text: str) -> str:
    return outside_scripts(text, lambda part: re.sub(r"</?[a-z][a-z0-9]*", lambda tag: tag[0].upper(), part))


REWRITTEN: dict[str, Callable[[str], str]] = {
    "attributes shuffled, styles added": attributes_shuffled,
    "white space between blocks": blanks_changed,
    "comments": commented,
    "wrappers": wrapped,
    "capitals": in_capitals,
}


@pytest.mark.parametrize("how", REWRITTEN)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_written_in_another_way_says_the_same(page: str, how: str) -> None:
    changed = REWRITTEN[how](source(page))
    assert changed != source(page)
    assert said(read(changed.encode(), "page.html")) == as_it_is(page)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_another_charset_says_the_same(page: str, charset: str) -> None:
    named = re.sub(r"(charset\s*=\s*[\"']?)[\w-]+", rf"\g<1>{charset.removesuffix('-sig')}", source(page), count=1)
    assert said(read(named.encode(charset), "page.html")) == as_it_is(page)


def facts(disclosure: Disclosure) -> Counter[Any]:
    """The stated figures of the prose: what they measure, of what, how much."""
    keys = [(line_key(line), line.role) for line in disclosure.budget_lines if line.origin == "narrative"]
    keys += [(count_key(count), count.role) for count in disclosure.quantities if count.table_kind is None]
    return Counter(key for key, role in keys if role in STATED)


def facts_of(fixture: str) -> Counter[Any]:
    (file,) = (FIXTURES / fixture).glob("input.*")
    return facts(normalize(read(file.read_bytes(), file.name)))


@pytest.mark.parametrize(
    "twins",
    [
        ["chengkou-climate-2021-final-html", "chengkou-climate-2021-final-txt", "chengkou-climate-2021-final-txt-bars", "chengkou-climate-2021-final-txt-close"],
        ["tongliang-dragon-2022-final-txt", "tongliang-dragon-2022-final-md"],
    ],
)
def test_twins_in_other_formats_state_the_same_figures(twins: list[str]) -> None:
    first, *others = (facts_of(fixture) for fixture in twins)
    assert first
    assert [(other - first, first - other) for other in others] == [(Counter(), Counter())] * len(others)


@pytest.mark.parametrize("fixture", sorted(folder.parent.name for folder in FIXTURES.glob("*/input.pdf")))
def test_a_pdf_written_out_as_a_web_page_states_the_same_figures(fixture: str) -> None:
    document = read((FIXTURES / fixture / "input.pdf").read_bytes(), "input.pdf")
    page = f"<html><title>{escape(document.title or '')}</title><body>" + "".join(_markup(document, block) for block in document.blocks) + "</body></html>"
    assert facts(normalize(read(page.encode(), "page.html"))) == facts(normalize(document))


def _markup(document: Document, block: Block) -> str:
    if not isinstance(block, Table):
        return f"<p>{escape(document.text(block.span))}</p>"
    rows = ("".join(f"<td rowspan={cell.rowspan} colspan={cell.colspan}>{escape(document.text(cell.span))}</td>" for cell in row) for row in block.by_row())
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


@pytest.mark.parametrize("fixture", ["chengkou-climate-2021-final-txt", "tongliang-dragon-2022-final-txt"])
def test_the_order_of_sections_that_do_not_speak_of_each_other_makes_no_figure(fixture: str) -> None:
    text = (FIXTURES / fixture / "input.txt").read_text(encoding="utf-8")
    lead, *sections = re.split(r"(?m)^(?=[一二三四五六七]、)", text)
    of = {section[0]: section for section in sections}
    assert len(of) == len(sections) == 7
    changed = lead + "".join(of[number] for number in "一六四三二五七")
    assert changed != text
    assert facts(normalize(read(changed.encode(), "page.txt"))) == facts_of(fixture)
