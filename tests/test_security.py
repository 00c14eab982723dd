"""Attacks, each tried: docs/security.md names the threat, what guards it, and the test here or elsewhere that proves it."""

from __future__ import annotations

import ast
import gzip
import io
import json
import os
import re
import socket
import stat
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree

import extract.html
from extract.document import Note, Source, Span
from extract.html import LONGEST_LINK, MOST_ATTRIBUTES, crowded, read_html, tree_of
from extract.reading import read
from gongkai import schema
from gongkai.csvtext import guarded
from gongkai.plan import packed, unpacked
from gongkai.review.views import page_html
from gongkai.sources import archives, bytes_of
from gongkai.sources.finding import documents
from gongkai.sources.item import Item, Origin, Step, Trouble
from normalize.disclosure import normalize
from normalize.folding import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("extract", "normalize", "gongkai")
PAGE = "云岭县档案馆2023年度部门决算情况说明\n二、部门决算情况说明\n（一）收入支出决算总体情况说明\n2023年度收入总计1,220.40万元，支出总计{amount}万元。\n"
HOSTILE = """<!DOCTYPE html SYSTEM "http://x.example/x.dtd" [<!ENTITY e SYSTEM "{secret}"><!ENTITY % p SYSTEM "http://x.example/p"> %p;]>
<html xmlns:xi="http://www.w3.org/2001/XInclude"><head><base href="http://x.example/"><link rel=stylesheet href="//x.example/x.css"><meta http-equiv=refresh content="0;url=http://x.example/">
<script src="http://x.example/x.js"></script><style>@import url(http://x.example/y.css)</style><?xml-stylesheet href="http://x.example/z.xsl"?></head>
<body background="http://x.example/b.png"><img src="http://x.example/i.png" srcset="//x.example/2x"><iframe src="file:///etc/passwd"></iframe><object data="http://x.example/o"></object>
<xi:include href="{secret}" parse="text"/><p>&e;</p><a href="http://169.254.169.254/latest/meta-data/">附件.pdf</a><table><tr><td>收入</td><td>1.00</td></tr><tr><td>支出</td><td>2.00</td></tr></table></body></html>"""


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which asking for a connection or a name is an error."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("somebody asked for a connection")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname", "socketpair"):
        monkeypatch.setattr(socket, name, refused)


@pytest.mark.usefixtures("offline")
def test_no_connection_is_opened_while_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        socket.create_connection(("x.example", 80))
    (tmp_path / "secret.txt").write_text("the secret", encoding="utf-8")
    hostile = HOSTILE.replace("{secret}", (tmp_path / "secret.txt").as_uri()).encode()
    document = read(hostile, "http://x.example/page.html")
    normalize(document)
    page_html(hostile, document, [Span(0, 1)])
    assert "http://169.254.169.254/latest/meta-data/" in {link.target for link in document.links}, "a link is noted, and not followed"
    for file in sorted((ROOT / "fixtures").rglob("input.*")):
        if file.stat().st_size < 30_000 or file.name == "input.pdf":
            read(file.read_bytes(), file.name)


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret", encoding="utf-8")
    page = f'<!DOCTYPE html [<!ENTITY e SYSTEM "{secret.as_uri()}">]><html><body><p>&e;</p></body></html>'
    careless = etree.XMLParser(resolve_entities=True, load_dtd=True)
    assert "the secret" in "".join(map(str, etree.fromstring(page, careless).itertext())), "a parser that resolves entities gives the file away"
    for data in (page.encode(), HOSTILE.replace("{secret}", secret.as_uri()).encode(), b'<?xml version="1.0"?>' + page.encode()):
        document = read(data, "page.html")
        assert "the secret" not in document.content
        assert "root:" not in document.content


def test_entities_in_entities_stay_as_small_as_they_are_written() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    page = f'<!DOCTYPE html [<!ENTITY l0 "lol">{laughs}]><html><body><p>&l9;</p>'
    three = page.replace("&l9;</p>", "&l3;</p></body></html>")
    careless = "".join(map(str, etree.fromstring(three, etree.XMLParser(resolve_entities=True, huge_tree=True)).itertext()))
    assert careless.count("lol") == 1000
    begun = time.perf_counter()
    assert len(read(page.encode(), "page.html").content) < 2 * len(page)
    assert time.perf_counter() - begun < 2


def test_a_bomb_in_gzip_is_named_and_without_the_limit_would_be_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(archives.RATIO_FROM + (1 << 20)))
    (member,) = archives.members("gzip", "a.html.gz", io.BytesIO(bomb), archives.Budget())
    assert member.data == b""
    assert member.trouble is not None
    monkeypatch.setattr(archives, "MOST_RATIO", 1 << 30)
    (member,) = archives.members("gzip", "a.html.gz", io.BytesIO(bomb), archives.Budget())
    assert len(member.data) == archives.RATIO_FROM + (1 << 20)


@pytest.mark.parametrize("name", ["../../../outside.html", "/outside.html", "C:\\outside.html", "a/../../outside.html", "..\\outside.html"])
def test_members_named_outside_stay_inside(tmp_path: Path, name: str) -> None:
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    with zipfile.ZipFile(place / "in.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), PAGE)
        link = zipfile.ZipInfo("link.html")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    items = list(documents(Origin("in.zip"), (Step("file", str(place / "in.zip")),)))
    assert [bytes_of(item.place) for item in items] == [PAGE.encode(), b"/etc/passwd"], "a link is the few bytes it is, and leads nowhere"
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("department", ["../../../etc", "/etc/passwd", "a\0b", "CON", "甲\u202e乙", "x" * 5000, "..", "a/b\\c"])
def test_a_department_is_a_folder_of_digits_whatever_it_is_called(department: str) -> None:
    assert re.fullmatch(r"[0-9]{6}-[0-9a-f]{8}", str(schema.department_id("500156", department)))


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd|' /C calc'!A0", "-1+1", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "'=1", '=HYPERLINK("http://x.example","x")'])
def test_no_cell_of_a_csv_begins_as_a_formula(text: str) -> None:
    assert guarded(text) == "'" + text


def test_a_hundred_thousand_attributes_take_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<html><body><p " + " ".join(f"a{number}='>'" for number in range(100_000)) + ">支出12.5万元</p><p>完</p>"
    begun = time.perf_counter()
    root, notes = tree_of(page)
    assert time.perf_counter() - begun < 5
    assert [note.kind for note in notes] == ["attributes_dropped"]
    assert root is not None
    assert [len(each.attrib) for each in root.iter("p")] == [MOST_ATTRIBUTES, 0]
    document = read(page.encode(), "page.html")
    assert document.content.split() == ["支出12.5万元", "完"]
    assert page_html(page.encode(), document, [Span(0, 2)]).found
    monkeypatch.setattr(extract.html, "CROWDED", crowded(1 << 20))
    few = page.replace("'>'", "1")[: len("<html><body><p ") + 12_000] + ">x"
    assert max(len(each.attrib) for each in tree_of(few)[0].iter("p")) > MOST_ATTRIBUTES  # type: ignore[union-attr]


TOKENS = ("<p ", "<td ", "</p ", "<!--", "-->", "--!>", "<!-->", "<script>", "</script>", "<style>", "</style>", "<title>", "</title>", "<textarea>", "</textarea>", "<![CDATA[", "]]>", "<?x ", "<!x ", ">", " ", "\n", "/", "=", "'", '"', "a", "c='", 'd="', "e=>", "f g h i j ", "<svg>", "<math>", "<select>", "<xmp>", "</xmp>", "<iframe>", "<noscript>", "<plaintext>", "</", "<1", '<!doctype html "', "\x0b", "\u00a0", "<p a1 a2 a3 a4 a5 a6>")  # fmt: skip


def test_no_markup_gets_more_attributes_past_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our idea of where a tag begins and ends is the parser's: with a limit of three no tag comes out with four."""
    from random import Random  # noqa: PLC0415

    chance = Random(7)
    monkeypatch.setattr(extract.html, "CROWDED", crowded(3))
    for _ in range(4000):
        root, _ = tree_of("".join(chance.choices(TOKENS, k=20)))
        own = [] if root is None else [len(each.attrib) for each in root.iter() if each.tag not in ("html", "body")]
        assert max(own, default=0) <= 3


@pytest.mark.parametrize("mark", sorted(INVISIBLE))
@pytest.mark.parametrize("form", ["text", "html"])
def test_what_turns_a_line_round_is_in_no_name_and_does_not_hide_one(mark: str, form: str) -> None:
    text = PAGE.replace("{amount}", "1,220.40").replace("档案馆", f"档{mark}案馆")
    page = text if form == "text" else f"<html><title>{text.splitlines()[0]}</title><body><p>{'</p><p>'.join(text.splitlines())}</p>"
    document = read(page.encode(), "page")
    identity = normalize(document).identity
    assert identity.department == "云岭县档案馆"
    assert mark not in (identity.title or "")
    if form == "text":
        assert mark in document.content, "the evidence stays as it is printed"


def test_numerals_without_end_are_a_finding_and_no_number() -> None:
    for amount in ("9" * 5000, "0." + "0" * 5000 + "1", "9" * 40 + ".5", "1" + ",000" * 2000):
        result = normalize(read(PAGE.replace("{amount}", amount).encode(), "page.txt"))
        assert all(line.value is None or line.value.is_finite() for line in result.budget_lines)


@pytest.mark.parametrize("data", [b"\0" * 5000, b"<html>\0<body>\0<p>12\0.5" + b"\0" * 50, PAGE.replace("云", "\0云").encode(), b"%PDF-1.7\n" + b"\0" * 5000])
def test_nul_bytes_end_as_a_document_or_a_reason(data: bytes) -> None:
    from fuzz.targets import check  # noqa: PLC0415

    check("pipeline", data)


FORBIDDEN = frozenset({"eval", "exec", "compile", "__import__"})
LOADERS = frozenset({"pickle", "_pickle", "cloudpickle", "joblib", "copyreg", "marshal", "shelve", "dill", "yaml", "subprocess", "ctypes.util", "runpy", "code", "imp"})
# Where one of them is needed, and why it is safe there.
NEEDED = {("extract/old_word.py", "subprocess"): "LibreOffice, with a list of words and no shell"}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def loads_code(tree: ast.AST) -> set[str]:
    """Everything by which data could become code."""
    found = {name for name, _ in calls(tree) if name in FORBIDDEN or name.startswith(("os.system", "os.popen", "os.exec", "os.spawn"))}
    found |= {f"{name} with a shell" for name, call in calls(tree) if any(word.arg == "shell" for word in call.keywords)}
    for node in ast.walk(tree):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "", *(alias.name for alias in node.names)] if isinstance(node, ast.ImportFrom) else []
        found |= {name for name in named if name in LOADERS}
        if isinstance(node, ast.Attribute) and node.attr in {"read_pickle", "to_pickle"}:
            found.add(node.attr)
    found |= {f"{name} allows pickles" for name, call in calls(tree) if any(word.arg == "allow_pickle" for word in call.keywords)}
    return found


def test_nothing_read_can_become_code() -> None:
    found = {}
    for floor in FLOORS:
        for file in sorted((ROOT / floor).rglob("*.py")):
            name = str(file.relative_to(ROOT))
            for way in loads_code(ast.parse(file.read_text(encoding="utf-8"))):
                found[name, way] = True
    assert set(found) == set(NEEDED)
    assert loads_code(ast.parse("import pickle\nfrom yaml import load\neval('1')\nrun(x, shell=True)\nos.system('x')")) == {"pickle", "yaml", "eval", "run with a shell", "os.system"}
    assert loads_code(ast.parse("from six.moves import pickle\nimport _pickle as store\npd.read_pickle('x')")) == {"pickle", "_pickle", "read_pickle"}


def test_a_planned_item_is_plain_data() -> None:
    """What the plan keeps of a source is JSON, and is the same source again: names of any bytes, what was odd, why it cannot be read."""
    named = os.fsdecode("预算公开/附件".encode("gbk"))
    whole = Item(
        Origin(f"/in/{named}.zip!/😀", "https://x.example/", "2024-01-02T03:04:05Z", "text/html", "gb2312"),
        (Step("file", f"/in/{named}.zip"), Step("zip", "3")),
        "0" * 64,
        12,
        "text/html",
        Trouble("unreadable", "坏 / bad"),
        (Note("cut", "截断", "cut short"), Note("cut", "截断", "cut short", Span(3, 5))),
    )
    for item in (whole, Item(Origin("x"), ())):
        assert unpacked(packed(item)) == item
        assert [type(part) for part in unpacked(packed(item))] == [type(part) for part in item]
        assert packed(item).isascii()
    with pytest.raises(json.JSONDecodeError):
        unpacked("cbuiltins\neval\n(S'1'\ntR.")


def test_modules_are_imported_by_names_of_ours_only() -> None:
    """`import_module` is asked for constants, or for a name that an argument parser chose from a list."""
    asked: set[Any] = set()
    for file in sorted((ROOT / "gongkai").rglob("*.py")):
        asked |= {(str(file.relative_to(ROOT)), ast.unparse(call.args[0])) for name, call in calls(ast.parse(file.read_text(encoding="utf-8"))) if name == "import_module"}
    assert {expression for _, expression in asked} <= {"f'gongkai.export.{form}'", "name", "'frictionless'"}


def test_every_threat_of_the_page_names_a_test_that_there_is() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) > 20
    missing = [(file, test) for file, test in named if f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8")]
    assert missing == []


@pytest.mark.parametrize(
    ("asked", "markup", "times"),
    [
        ("is_hidden", "<table>" * 1900 + "<p>支出12.5万元</p>", 10_000),
        ("furniture", "<div class='nav'>" * 1900 + "<a href='x'>收入</a>" * 500 + "<p>支出12.5万元，比上年增加3万元。</p>" * 100, 200),
        ("_all_text", "<div style='display:none'>" * 1900 + "<p>支出12.5万元，比上年增加3万元。</p>" * 500, 100),
    ],
)
def test_what_is_nested_without_end_is_looked_at_a_bounded_number_of_times(asked: str, markup: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question looks at everything inside an element: asked at every depth, a page of 16 MB would take an hour."""
    calls = 0
    answer = getattr(extract.html, asked)

    def counted(*parts: object) -> object:
        nonlocal calls
        calls += 1
        return answer(*parts)

    monkeypatch.setattr(extract.html, asked, counted)
    read_html(f"<html><body>{markup}", Source("x", "0" * 64, "text/html"))
    assert 0 < calls < times


def test_a_link_that_is_never_closed_holds_no_more_than_a_link_may() -> None:
    page = read_html("<html><body><p><a href='x.pdf'>" + "支出" * 50_000, Source("x", "0" * 64, "text/html"))
    assert [len(link.text) for link in page.links] == [LONGEST_LINK]


def test_a_page_of_hostile_shapes_is_read() -> None:
    for markup in ("<table>" * 3000, "<td colspan=65535 rowspan=65535>x" * 500, "<a href='" + "x" * 100_000 + "'>", "&#" + "9" * 10_000 + ";", "<p>" + "&" * 50_000):
        begun = time.perf_counter()
        read_html(f"<html><body>{markup}支出12.5万元", Source("x", "0" * 64, "text/html"))
        assert time.perf_counter() - begun < 10
