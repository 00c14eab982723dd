"""Web pages to documents (网页): the whole tree is read, furniture is dropped by name, tables keep their spans.

A table that only lays out the page is unwrapped into what it holds; a table of figures becomes a grid. How they are printed: printed.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from lxml import etree

from extract.chrome import NEVER_TEXT, STRIPPED, amounts, furniture, is_hidden
from extract.document import Document, Link, Note, Source
from extract.embedded import EMBEDDED
from extract.printed import LONGEST_TITLE, Line, Sheet, Written, assemble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

# fmt: off
BREAKING = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "ul",
})
# fmt: on
HEADS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
CELLS = frozenset({"td", "th"})
INVISIBLE = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")  # what turns a line round among them
WIDE = r"[\u2e80-\u9fff\uf900-\ufaff\uff01-\uffee“”‘’…—]"
WRAPPED = re.compile(rf"(?<={WIDE})[ \t\r]{{0,40}}\n\s{{0,80}}(?={WIDE})")  # a source line that ended inside a Chinese sentence
DEEP = re.compile(r"</?(?:span|font|b|i|u|em|strong|o:p|small|big|a|label|section|article|main)\b[^<>]{0,4000}>", re.IGNORECASE)
DEEP_BLOCKS = re.compile(r"</?(?:div|center|blockquote|ul|ol|li|dl|dd|dt|form|p|td|tr|table|tbody)\b[^<>]{0,4000}>", re.IGNORECASE)
ANY_TAG = re.compile(r"</?[A-Za-z][^<>]{0,4000}>")
MOST_ATTRIBUTES = 500  # of one tag; the parser compares each with all before it, and 100 000 of them take minutes
_BLANK = r" \t\n\r\f"  # what HTML takes for one
_ATTRIBUTE = rf"""(?>[{_BLANK}/]*+[^{_BLANK}/>][^{_BLANK}/>=]*+(?:[{_BLANK}]*+=[{_BLANK}]*+(?:"[^"]*+"|'[^']*+'|[^{_BLANK}>"'][^{_BLANK}>]*+)?+)?+)"""
_NO_TAGS = r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(script|style|title|textarea|xmp|iframe|noembed|noframes)\b.*?(?:</\1|\Z)|<plaintext\b.*|<(?:[!?]|/(?![A-Za-z]))[^>]*+"  # comments, texts
POSITIONED = re.compile(r"position\s{0,3}:\s{0,3}absolute", re.IGNORECASE)
LEADING_DIGITS = re.compile(r"\s{0,9}(\d{1,6})")
MANY_POSITIONED = 300
PIXELS = re.compile(r"(?:^|width\s{0,3}:)\s{0,3}(\d{2,5})")
ORNAMENT = re.compile(r"logo|icon|banner|button|qr|ewm|erweima|weixin|wechat|beian|police|dzjg|jiucuo|share|arrow|spacer|\.gif$|\.svg$|^$", re.IGNORECASE)
WIDE_PICTURE = 400  # pixels
SHORT_PAGE = 1200  # characters
NO_PAGE = re.compile(r"^(?:#|javascript:|mailto:|tel:|data:|about:)", re.IGNORECASE)
SCRIPTED_FILE = re.compile(r"""["']([^"'\s]{1,500}\.(?:pdf|docx?|xlsx?|et|wps|zip|rar|7z|ofd|csv)(?:\?[^"'\s]{0,500})?)["']""", re.IGNORECASE)
MOST_SHOWN = 20  # hidden elements that hold the page, one within the other
DEEPEST_FURNITURE = 80  # elements around what may be furniture
LONGEST_LINK = 2000  # characters of its text that are kept
MOST_PROSE = 600  # characters: a cell that holds more, and most of its table, is a page column rather than a figure
FEW_CELLS = 8
PLAIN_CELLS = 12  # a table with so many cells of its own stays a table even if one of them holds another
SCRIPTED_PROSE = 300
WRAPPERS = frozenset({"p", "div", "span", "font", "b", "strong", "em", "i", "u", "center"})  # of a cell's text
TABLE_PARTS = frozenset({"thead", "tbody", "tfoot", "colgroup", "col", "form"})


@dataclass(slots=True)
class _Flow:
    """Lines in the making: text is collected until something breaks the line."""

    items: list[Line | Sheet] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    head: bool = False

    def add(self, text: str | None, *, kept: bool = False) -> None:
        if not text:
            return
        if "\n" in text:
            if kept:
                first, *others = text.split("\n")
                self.parts.append(first)
                for other in others:
                    self.end_line()
                    self.parts.append(other)
                return
            if not text.isspace():
                text = WRAPPED.sub("", text)
        self.parts.append(text)

    def end_line(self) -> None:
        if self.parts:
            line = tidy("".join(self.parts))
            if line or self.links:
                self.items.append(Line(line, self.head, self.links))
                self.links = []
            self.parts = []

    def end_link(self, anchor: _Element) -> None:
        target = _target(anchor)
        if not target:
            return
        link = (tidy(_opening_text(anchor, LONGEST_LINK)) or tidy(anchor.get("title") or ""), target)
        last = self.items[-1] if self.items and not self.parts else None
        (last.links if isinstance(last, Line) else self.links).append(link)


def tidy(text: str) -> str:
    """A printed line: runs of blanks of any width become one, invisible marks go.

    >>> tidy("  项　目   支出 ")
    '项 目 支出'
    """
    if not text.isascii() and INVISIBLE.search(text):
        text = INVISIBLE.sub("", text)
    return " ".join(text.split())


def _opening_text(element: _Element, most: int) -> str:
    """The text of an element as far as `most` characters; a link that is never closed holds the rest of the page."""
    parts: list[str] = []
    length = 0
    for part in element.itertext():
        parts.append(str(part))
        length += len(part)
        if length > most:
            break
    return "".join(parts)[:most]


def _all_text(element: _Element) -> str:
    return "".join(str(part) for part in element.itertext())


def read_html(text: str, source: Source, notes: tuple[Note, ...] = ()) -> Document:
    """The document of a decoded page: headings, paragraphs, data tables; title, statements and links of the page beside them."""
    root, mended = tree_of(text)
    if root is None:
        return Document(source, "", (), notes=notes)
    odd = [*notes, *mended]
    metadata = tuple(_statements(root))
    base = _base(root, source.address)
    etree.strip_elements(root, *STRIPPED, with_tail=False)
    furnishings: list[tuple[str, str]] = []
    placed = []
    if is_positioned(root):
        from extract.positioned import lift_pages, with_pages  # noqa: PLC0415  # loads numpy

        placed = lift_pages(root)
        odd.append(Note("positioned_page", "网页由PDF逐字定位而成，没有表格标记", "the page is a converted PDF: placed boxes, no table of its own"))
    flow = _flow(root, furnishings, odd)
    content, blocks, links = assemble(flow, furnishings, odd)
    if placed:
        content, blocks = with_pages(content, blocks, placed)
    pictures = _pictures(root) if len(content) < SHORT_PAGE else []
    if pictures:
        odd.append(_about_pictures(len(pictures)))
    titled = dict(reversed(metadata))
    title = next((titled[name] for name in ("ArticleTitle", "title") if titled.get(name)), None)
    refresh = [target for name, value in metadata if name == "refresh" and (target := _refresh_target(value))]
    all_links = (*links, *(Link("", target) for target in (*_embedded(root), *refresh, *filter(None, pictures))))
    resolved = tuple(Link(link.text, _absolute(base, link.target), link.span) for link in all_links)
    return Document(source, content, blocks, title, (*metadata, *furnishings), resolved, tuple(odd))


def _pictures(root: _Element) -> list[str]:
    """Where the pictures are that are large enough to hold a table, by what the page says of them, and none of its ornaments; "" for one inside the page."""
    found = []
    for image in root.iter("img"):
        address = (image.get("src") or "").strip()
        if NO_PAGE.match(address):
            found += [""] * (EMBEDDED.match(address.encode("ascii", "ignore")) is not None)
        elif not ORNAMENT.search(address) and furniture(image) is None:
            sizes = [int(size[1]) for text in (image.get("width"), image.get("style")) if text and (size := PIXELS.search(text))]
            found += [address] * (max(sizes, default=0) >= WIDE_PICTURE)
    return found


def _about_pictures(count: int) -> Note:
    from extract.scanned import HINT, is_available  # noqa: PLC0415  # loads numpy

    if is_available():
        return Note("pictures_apart", f"页面文字很少，另有{count}张图片，来源中有的作为附件另行识别", f"little text and {count} pictures; those that the sources hold are recognised as attachments")
    return Note("pictures_for_text", f"页面文字很少，另有{count}张图片，图中文字未读；{HINT[0]}", f"little text and {count} pictures, whose text was not read; {HINT[1]}")


def is_positioned(root: _Element) -> bool:
    """Whether the page is a converted PDF: hundreds of absolutely placed boxes, and next to no table cells."""
    placed = sum(POSITIONED.search(element.get("style") or "") is not None for element in root.iter("div", "span", "p"))
    return placed >= MANY_POSITIONED and placed > 5 * sum(1 for _ in root.iter("td"))


def tree_of(text: str) -> tuple[_Element | None, list[Note]]:
    """The tree of a decoded page, None for no page; what is nested too deeply is read without its wrappers, and a note says so."""
    text, crowded = _thinned(text)
    root, complete = _parse(text)
    if complete:
        return root, crowded
    note = Note("tree_mended", "网页结构过深或损坏，已去掉多余的标签后读取", "the page is nested too deeply or broken; it was read without its wrappers")
    for wrappers, instead in ((DEEP, ""), (DEEP_BLOCKS, "<br>"), (ANY_TAG, "<br>")):
        text = wrappers.sub(instead, text)
        root, complete = _parse(text)
        if complete:
            break
    return root, [*crowded, note]


def crowded(most: int) -> re.Pattern[str]:
    """Every tag, as the parser sees them one after the other, with what it has beyond so many attributes.

    >>> [tag["more"] for tag in crowded(2).finditer("<p a b='>' c=1>x</p><!-- <p a b c> --><p d>")]
    [' c=1', None, None, None]
    """
    attributes = rf"(?:(?P<most>{_ATTRIBUTE}{{{most}}})(?P<more>{_ATTRIBUTE}++)|{_ATTRIBUTE}*+)"
    return re.compile(rf"{_NO_TAGS}|(?P<kept></?[A-Za-z][^{_BLANK}/>]*+){attributes}", re.IGNORECASE | re.DOTALL)


CROWDED = crowded(MOST_ATTRIBUTES)


def _thinned(text: str) -> tuple[str, list[Note]]:
    """The page without the attributes that no tag of a page made by anybody has."""
    if not any(tag["more"] for tag in CROWDED.finditer(text)):
        return text, []
    thinner = CROWDED.sub(lambda tag: tag["kept"] + tag["most"] if tag["more"] else tag.group(), text)
    zh, en = f"有标签的属性超过{MOST_ATTRIBUTES}个，其余已略去", f"a tag has more than {MOST_ATTRIBUTES} attributes; the rest were left out"
    return thinner, [Note("attributes_dropped", zh, en)]


def _parse(text: str) -> tuple[_Element | None, bool]:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True, no_network=True)
    try:
        root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        return None, False
    cut = any(error.level_name == "FATAL" and "RESOURCE_LIMIT" in error.type_name for error in parser.error_log)
    return root, root is not None and not cut


def _statements(root: _Element) -> Iterator[tuple[str, str]]:
    for element in root.iter("title", "meta"):
        if element.tag == "title":
            value = tidy(_all_text(element))
            if value:
                yield "title", value
        elif (value := tidy(element.get("content") or "")) and (
            name := element.get("name") or element.get("property") or element.get("itemprop") or element.get("http-equiv")
        ):
            yield ("refresh" if name.lower() == "refresh" else tidy(name)), value


def _refresh_target(value: str) -> str | None:
    found = re.search(r"url\s{0,9}=\s{0,9}[\"']?([^\"'\s]{1,2000})", value, re.IGNORECASE)
    return found.group(1) if found else None


def _base(root: _Element, address: str) -> str:
    for element in root.iter("base"):
        href = (element.get("href") or "").strip()
        if href.lower().startswith(("http://", "https://")):
            return href
    return address if address.lower().startswith(("http://", "https://")) else ""


def _absolute(base: str, target: str) -> str:
    """The absolute address of a link, or the target as written where the page has no address or the target is broken."""
    if not base:
        return target
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def _embedded(root: _Element) -> Iterator[str]:
    for element in root.iter("iframe", "embed", "object", "frame"):
        target = (element.get("src") or element.get("data") or "").strip()
        if target and not NO_PAGE.match(target):
            yield target


def _flow(root: _Element, furnishings: list[tuple[str, str]] | None, odd: list[Note]) -> list[Line | Sheet]:
    """The lines and data tables of a subtree; `furnishings` is None inside a cell, where nothing but hidden text is dropped."""
    flow = _Flow()
    hidden = kept = depth = 0
    skipped: _Element | None = None
    holders = {outer for table in root.iter("table") if (outer := next(table.iterancestors("table"), None)) is not None} if furnishings is not None else set()
    scripted = Scripted(root)
    walk = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        tag = element.tag
        if event == "start":
            if tag in BREAKING:
                flow.end_line()
            if tag in NEVER_TEXT:
                skipped = element
            elif element is not root and is_hidden(element) and not scripted.shows(element):
                skipped = element
                said = tidy(_all_text(element))
                hidden += len(said)
                if furnishings is not None and not len(element) and (name := element.get("id")) and 0 < len(said) <= LONGEST_TITLE:
                    furnishings.append((name, said))
            elif furnishings is not None and depth < DEEPEST_FURNITURE and (rule := furniture(element)) is not None:
                skipped = element
                if rule == "breadcrumb":
                    furnishings.append((rule, tidy(_all_text(element))))
            elif tag == "table" and furnishings is not None and (sheet := _sheet(element, holders, odd)) is not None:
                skipped = element
                flow.items.append(sheet)
            if skipped is not None:
                walk.skip_subtree()
                continue
            depth += 1
            if tag in HEADS:
                flow.head = True
            elif tag == "pre":
                kept += 1
            flow.add(element.text, kept=kept > 0)
            continue
        if tag in BREAKING:
            flow.end_line()
        depth -= skipped is None
        if skipped is not None:
            skipped = None
        elif tag in HEADS:
            flow.head = False
        elif tag == "pre":
            kept -= 1
        elif tag == "a":
            flow.end_link(element)
        if element is not root:
            flow.add(element.tail, kept=kept > 0)
    flow.end_line()
    if hidden:
        odd.append(Note("hidden_text_dropped", f"略去网页自身隐藏的{hidden}个字", f"{hidden} characters that the page itself hides were dropped"))
    return flow.items


def _target(anchor: _Element) -> str:
    """Where a link leads: its address, or the file that its script names."""
    target = (anchor.get("href") or "").strip()
    if target and not NO_PAGE.match(target):
        return target
    named = SCRIPTED_FILE.findall(f"{target} {anchor.get('onclick') or ''}"[:2000])
    return next((name for name in reversed(named) if "/" in name), "")


class Scripted:
    """Which hidden elements hold so much of a page's prose that only a script can be meant to show them."""

    def __init__(self, root: _Element) -> None:
        self.root, self.whole, self.found = root, -1, 0

    def shows(self, element: _Element) -> bool:
        """Whether a hidden element is read; `MOST_SHOWN` of a page at most, one within the other."""
        text, linked = amounts(element, SCRIPTED_PROSE)
        if text - linked < SCRIPTED_PROSE or self.found >= MOST_SHOWN:
            return False
        if self.whole < 0:
            self.whole = len(tidy(_all_text(self.root)))
        shown = len(tidy(_all_text(element))) * 2 >= self.whole
        self.found += shown
        return shown


def _sheet(table: _Element, holders: set[_Element], odd: list[Note]) -> Sheet | None:
    """The cells of a data table; None for a table that only lays out the page."""
    strays, rows = _own_rows(table)
    if table.get("role") == "presentation" or max(map(len, rows), default=0) < 2:
        return None
    if table in holders:
        cells = [cell for row in rows for cell in row]
        holding = sum(next(cell.iter("table"), None) is not None for cell in cells)
        if holding * 4 > len(cells) or len(cells) - holding < PLAIN_CELLS:
            return None
    written = [[_written(cell, odd) for cell in row] for row in rows]
    lengths = [len(cell.text) for row in written for cell in row if cell.text]
    if not lengths or (len(lengths) <= FEW_CELLS and max(lengths) > MOST_PROSE and max(lengths) * 5 > sum(lengths) * 3):
        return None
    return Sheet([line for stray in strays for text in _said_by(stray) if (line := tidy(text))], written)


def _said_by(stray: str | _Element) -> list[str]:
    return [stray] if isinstance(stray, str) else [item.text for item in _flow(stray, None, []) if isinstance(item, Line)]


def _own_rows(table: _Element) -> tuple[list[str | _Element], list[list[_Element]]]:
    """What stands outside every cell, still to be read, and the cells row by row: <thead> first, <tfoot> last, wherever they are written."""
    strays: list[str | _Element] = []
    sections: dict[str, list[list[_Element]]] = {"thead": [], "tbody": [], "tfoot": []}
    owner: _Element | None = None
    row: list[_Element] = []
    walk = etree.iterwalk(table, events=("start",))
    for _, element in walk:
        tag = element.tag
        if element is table:
            strays.append(element.text or "")
            continue
        if tag in NEVER_TEXT or is_hidden(element):
            walk.skip_subtree()
        elif tag == "tr" or tag in CELLS:
            above = element if tag == "tr" else next(element.iterancestors("tr", "table"), table)
            above = element.getparent() if above.tag == "table" else above  # a cell without a row
            if above is not owner:
                owner, row = above, []
                outer = above.getparent()
                sections.get(outer.tag if outer is not None else "tbody", sections["tbody"]).append(row)
            if tag == "tr":
                strays.append(element.text or "")
            else:
                row.append(element)
                walk.skip_subtree()
        elif tag in TABLE_PARTS:
            strays.append(element.text or "")
        else:
            strays.append(element)
            walk.skip_subtree()
        strays.append(element.tail or "")
    return strays, [*sections["thead"], *sections["tbody"], *sections["tfoot"]]


def _written(cell: _Element, odd: list[Note]) -> Written:
    written = _lone_text(cell)
    if written is None:
        lines = [item for item in _flow(cell, None, odd) if isinstance(item, Line)]
        text = "\n".join(line.text for line in lines if line.text)
        links = [link for line in lines for link in line.links]
    else:
        text, links = tidy(WRAPPED.sub("", written) if "\n" in written else written), []
    return Written(text, span_of(cell, "rowspan"), span_of(cell, "colspan"), cell.tag == "th", links)


def _lone_text(cell: _Element) -> str | None:
    """The text of a cell that holds nothing else, as in <td><p><span>…; None for anything richer."""
    inner = cell
    while len(inner) == 1:
        outer, inner = inner, inner[0]
        if inner.tag not in WRAPPERS or is_hidden(inner) or (outer.text or "").strip() or (inner.tail or "").strip():
            return None
    return None if len(inner) else inner.text or ""


def span_of(cell: _Element, name: str) -> int:
    """The span a cell asks for; 1 where it asks for nothing or nonsense, 0 where it asks for all that is left."""
    asked = cell.get(name)
    if asked is None:
        return 1
    digits = LEADING_DIGITS.match(asked)
    return int(digits.group(1)) if digits else 1
