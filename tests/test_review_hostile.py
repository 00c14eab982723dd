"""Pages that mean harm: whatever they hold, what is shown has only our own tags, no attribute of theirs, nothing to run, load or click."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from extract.document import Document, Paragraph, Source, Span
from extract.encoding import decode
from extract.html import read_html
from gongkai.review.alignment import leaves
from gongkai.review.marking import plain
from gongkai.review.views import Mark, Marked, blocks_html, page_html, text_html

ALLOWED: dict[str, set[str]] = {
    **{key: {"class"} for key in ("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "td", "th")},
    **{key: set() for key in ("b", "i", "u", "s", "sup", "sub", "small", "br", "hr", "pre", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr")},
    "mark": {"id", "data-rows"},
}
OURS = {"kept", "lost", "gap", "line", "note", "sheet"}
FRAME = ["html", "head", "meta", "meta", "meta", "title", "style", "body"]  # how every page of ours begins
NUMBER = re.compile(r"[0-9]{1,4}")
VALUE = "支出12.5万元"


class Tokens(HTMLParser):
    """Every tag and attribute, comment and instruction that a tokeniser sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs))
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def is_ours(shown: Marked) -> None:
    """Nothing but allow-listed tags and attributes, as a tokeniser and as a tree builder see it."""
    tokens = Tokens()
    tokens.feed(shown.html)
    tokens.close()
    assert tokens.others == []
    assert [tag for tag, _ in tokens.tags[: len(FRAME)]] == FRAME
    body: Any = html.fromstring(shown.html).find("body")
    built: list[tuple[str, dict[str, str | None]]] = [(str(element.tag), dict(element.attrib)) for element in body.iterdescendants()]
    for tag, attributes in (*tokens.tags[len(FRAME) :], *built):
        assert tag in ALLOWED, tag
        for name, value in attributes.items():
            assert value is not None
            if tag in ("td", "th") and name in ("rowspan", "colspan"):
                assert NUMBER.fullmatch(value)
            elif tag in ("td", "th") and name == "scope":
                assert value in ("row", "col", "rowgroup", "colgroup")
            else:
                assert name in ALLOWED[tag], (tag, name)
                assert name != "class" or value in OURS
                assert name != "id" or value == "value"
    assert shown.html.count('id="value"') == shown.found
    written = shown.html.split("<body>", 1)[1]
    assert not any(character in written for character in "\0\u200b\u202e\u2066\u2069\ufeff")
    shown.html.encode("utf-8")


def webpage(data: bytes, address: str) -> Document:
    """What is read of a page, even of one that would be taken for noise."""
    decoded = decode(data)
    return read_html(decoded.text, Source(address, "0" * 64, "text/html", decoded.encoding), decoded.notes)


def shown_of(markup: str, words: str = VALUE) -> Marked:
    """A page with words of it marked, checked."""
    data = ("<html><body>" + markup).encode("utf-8", "replace")
    document = webpage(data, "http://x.example/'\"><script>alert(1)</script>")
    at = document.content.index(words)
    shown = page_html(data, document, [Span(at, at + len(words))])
    is_ours(shown)
    is_ours(blocks_html(document, [Span(at, at + len(words))]))
    is_ours(text_html(document, [Span(at, at + len(words))]))
    assert shown.found
    said: Any = html.fromstring(shown.html).xpath("//mark//text()")
    assert "".join(said) == words
    return shown


TRICKS = {
    "script": "<script>alert(1)</script><SCRIPT SRC=//x.example/x.js></SCRIPT><scr<script>ipt>alert(1)</scr</script>ipt><script/x>alert(1)</script ><ｓcript>alert(1)</ｓcript>",
    "open script": "<div><script>/*</div>*/alert(1)</script><<script>alert(1);//<</script>",
    "events": "<p onclick=alert(1) ONMOUSEOVER='alert(1)' onerror\t=\nalert(1)>a</p><body onload=alert(1)><details open ontoggle=alert(1)>x</details><marquee onstart=alert(1)>x</marquee>",
    "slashes": "<img/src=x/onerror=alert(1)><p/onclick=alert(1)/>x<b/\0onclick=alert(1)>y</b>",
    "meta and base": "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><base href=//x.example/><link rel=stylesheet href=//x.example/x.css><title>x</title>",
    "svg": "<svg onload=alert(1)><script>alert(1)</script><a xlink:href=javascript:alert(1)><text>x</text></a><animate onbegin=alert(1)><foreignObject><p>z</p></foreignObject></svg>",
    "math": "<math href=javascript:alert(1)><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "frames": "<iframe srcdoc='<script>alert(1)</script>' src=javascript:alert(1)></iframe><object data=data:text/html,x><embed src=x></object><applet code=x></applet><frameset><frame src=x></frameset>",
    "css": "<style>@import url(//x.example);body{display:none}</style><p style='background:url(javascript:alert(1));width:expression(alert(1));behavior:url(x)'>a</p><div style='position:fixed;inset:0;z-index:9'>over</div>",
    "links": "<a href=javascript:alert(1)>a</a><a href=' java\nscript:alert(1)'>b</a><a href=data:text/html;base64,PHNjcmlwdD4=>c</a><a href=http://x.example target=_top ping=//x.example>d</a><area href=javascript:alert(1)>",
    "forms": "<form action=//x.example><input autofocus onfocus=alert(1)><button formaction=javascript:alert(1)>x</button><textarea></p><script>alert(1)</script></textarea><select><option>x</select><isindex action=x><keygen>",
    "template": "<template><script>alert(1)</script></template><template shadowrootmode=open><img src=x onerror=alert(1)></template><slot></slot>",
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><noembed><img onerror=alert(1)></noembed><noframes><p></noframes><xmp><img src=x onerror=alert(1)></xmp><listing>&lt;img src=x onerror=alert(1)&gt;</listing>',
    "tables": "<table><p onclick=x><tr><td><table><table><tr><svg><td><style></table><img src=x onerror=alert(1)></style><form><tr></form><td colspan=99999999999 rowspan=-1 scope='row\" onclick=x' headers=x background=javascript:x>q</td></table>",
    "text in style": '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>"></svg><math><annotation-xml encoding=text/html><style><b></style></annotation-xml></math>',
    "comments": "<!--><img src=x onerror=alert(1)>--><!-- --!><img src=x onerror=alert(1)><!-- --><![CDATA[<img src=x onerror=alert(1)>]]><?xml-stylesheet href=javascript:alert(1)?><?php echo 1 ?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "conditional": "<!--[if IE]><script>alert(1)</script><![endif]--><comment><img src=x></comment>",
    "control characters": "a\0b\x01\x08\x0b\x0c\x1b\x7f\x85\u2028\ufffe\ufeff<p>\u202e\u2066txt.exe\u2069\u202c</p>&#0;&#x80;&#xD800;&#x110000;&#xFFFE;",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt;&#60;img src=x onerror=alert(1)&#62;&#x3c;b onclick=x&#x3e;&amp;lt;script&amp;gt;&lt&ltcir;&NotEqualTilde;&quot; onclick=x &#39;&apos;",
    "image names": "<img alt='\"><script>alert(1)</script>' src=x onerror=alert(1) title=\"' onload=alert(1)\" srcset=//x.example><picture><source srcset=//x.example><img></picture><image src=x alt='<b>'>",
    "names": "<p id=value name=value class='kept now' is=x contenteditable accesskey=x draggable=true tabindex=1 lang=x dir=rtl title=x data-rows=a>a</p><mark id=value data-rows=b>b</mark><x-y onclick=x>c</x-y>",
    "namespaces": "<html:script xmlns:html='http://www.w3.org/1999/xhtml'>alert(1)</html:script><o:p>x</o:p><v:shape onload=alert(1)><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "media": "<video src=x onerror=alert(1) autoplay><source onerror=alert(1)></video><audio controls></audio><track><canvas></canvas><map name=x></map><bgsound src=x><plaintext-x>",
    "dialogs": "<dialog open>x</dialog><portal src=x></portal><fencedframe></fencedframe><menu><menuitem onclick=x></menu><nextid n=1><blink>x</blink><layer src=x></layer>",
}  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_leave_nothing(trick: str) -> None:
    shown = shown_of(f"<p>{VALUE}</p>{TRICKS[trick]}")
    assert shown.how == "page"
    behind = shown_of(f"{TRICKS[trick]}</table></table></select></svg></math></style></script></noscript></textarea></xmp><p>收入合计无</p><p>{VALUE}</p>")
    assert behind.found


def test_all_tricks_at_once_leave_nothing() -> None:
    shown_of(f"<p>{VALUE}</p>" + "".join(TRICKS.values()))


def test_names_from_outside_are_escaped() -> None:
    document = Document(Source('"><script>', "0" * 64, "text/html", "utf-8"), "12", (Paragraph(Span(0, 2)),), title="</title><script>alert(1)</script>")
    shown = blocks_html(document, [Mark(Span(0, 2), ('" onclick="x', "</mark>"))])
    is_ours(shown)
    assert 'data-rows="&quot; onclick=&quot;x &lt;/mark&gt;"' in shown.html


def test_what_is_deep_wide_or_long_is_shown_and_fast() -> None:
    begun = time.perf_counter()
    for markup in (
        "<div>" * 10_000, "<table><tr><td>" * 4_000, "<b><p>" * 10_000, "<ul><li>" * 6_000, "<font><a>" * 20_000, "<blockquote><table>" * 2_000,
        "<p " + " ".join(f"a{n}=1" for n in range(5_000)) + ">", "<p " + "onclick=x " * 50_000 + ">", "<img>" * 50_000, "</p>" * 100_000, "<td colspan=1000 rowspan=5000>x" * 3_000,
    ):  # fmt: skip
        shown = shown_of(f"{markup}{VALUE}")
        assert deepest(shown.html) < 400
    assert time.perf_counter() - begun < 20


def deepest(markup: str) -> int:
    """How many tags lie within each other, by counting, as the tree of a browser that closes nothing by itself."""
    depth = most = 0
    for tag in re.findall(r"<(/?[a-z0-9]+)", markup):
        if tag not in ("br", "hr", "meta"):
            depth += -1 if tag.startswith("/") else 1
            most = max(most, depth)
    return most


def test_wide_cells_cannot_fill_a_page_with_columns() -> None:
    shown = shown_of("<table>" + "<tr><td colspan=1000 rowspan=5000>甲</td><td>乙</td></tr>" * 250 + f"</table><p>{VALUE}</p>")
    assert sum(int(width) for width in re.findall(r'colspan="(\d+)"', shown.html)) <= 1000


def test_controls_and_lone_surrogates_never_reach_a_page() -> None:
    assert plain("a\ud800\x00\x1f\u202eb\t\n") == "a\ufffd\ufffd\ufffdb\t\n"


MARKUP = st.lists(
    st.one_of(
        st.sampled_from(["<", ">", "</", "/>", '"', "'", "=", "&", ";", "<!--", "-->", "<![CDATA[", "]]>", "<?", "\0", "\u202e", " ", "12.5", "支出", "\n"]),
        st.sampled_from(["table", "tr", "td", "tbody", "thead", "p", "div", "svg", "math", "style", "script", "template", "select", "noscript", "textarea", "title", "form", "a", "b", "img", "pre", "li", "iframe", "plaintext"]).flatmap(
            lambda tag: st.sampled_from([f"<{tag}>", f"</{tag}>", f"<{tag} onclick=x style=display:none href=javascript:x>", f"<{tag} ", f"<{tag}/>"])
        ),
        st.text(max_size=8),
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(MARKUP)
def test_no_markup_leaves_anything_of_its_own(markup: str) -> None:
    data = ("<html><body><p>年度决算公开</p>" + markup).encode("utf-8", "replace")
    document = webpage(data, markup)
    spans = [leaf.span for leaf in leaves(document)]
    for shown in (page_html(data, document, spans), blocks_html(document, spans), text_html(document, spans)):
        is_ours(shown)
        assert shown.found == any(span.start < span.end for span in spans[:1])
    assert page_html(data, document, spans[:1]).how == "page"


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 40)), max_size=5))
def test_any_text_with_any_spans_is_shown_line_by_line(text: str, spans: list[tuple[int, int]]) -> None:
    document = Document(Source("a.txt", "0" * 64, "text/plain", "utf-8"), text, (Paragraph(Span(0, len(text))),))
    for shown in (text_html(document, [Span(start, start + length) for start, length in spans]), blocks_html(document, [Span(start, start + length) for start, length in spans])):
        is_ours(shown)
