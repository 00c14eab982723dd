"""What a run finds where it is told to look: files, lists, archives, records of web archives, and what lies elsewhere."""

from __future__ import annotations

import gzip
import io
import json
import struct
import sys
import zipfile
import zlib
from base64 import b64encode
from hashlib import md5, sha256
from typing import TYPE_CHECKING

import pytest

from extract.reading import HEAD, LIMITS
from gongkai import sources
from gongkai.errors import DependencyError, UsageError
from gongkai.sources import Item, Origin, Step, archives, bytes_of, finding

if TYPE_CHECKING:
    from pathlib import Path

PAGE = "<html><body><table><tr><td>青禾市示例局2031年部门决算</td></tr></table></body></html>".encode()
OTHER = PAGE.replace(b"2031", b"2032")


def found(*places: str | Path) -> list[Item]:
    """Every item; and the proof that each can be read again where it lies."""
    items = list(sources.items(places, without=places[0] / "out" if not isinstance(places[0], str) else __import__("pathlib").Path("out")))
    for item in items:
        if item.trouble is None:
            assert sha256(bytes_of(item.place)).hexdigest() == item.sha256
    return items


def said(items: list[Item]) -> dict[str, str]:
    """Each address with its media type, or with the status and the English reason."""
    return {item.address.rsplit("/in/", 1)[-1]: f"{item.trouble.status}: {item.trouble.reason.split(' / ')[1]}" if item.trouble else str(item.media_type) for item in items}


def folder(tmp_path: Path, **files: bytes) -> Path:
    place = tmp_path / "in"
    place.mkdir(exist_ok=True)
    for name, data in files.items():
        (place / name.replace("__", "/").replace("_", ".")).parent.mkdir(parents=True, exist_ok=True)
        (place / name.replace("__", "/").replace("_", ".")).write_bytes(data)
    return place


def packed(*members: tuple[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return sink.getvalue()


def test_a_glob_means_what_a_shell_would_make_of_it(tmp_path: Path) -> None:
    place = folder(tmp_path, a_html=PAGE, b_pdf=b"%PDF-1.7", deep__c_html=OTHER, deep__er__d_html=PAGE)
    assert list(said(found(f"{place}/*.html"))) == ["a.html"]
    assert list(said(found(f"{place}/**/*.html"))) == ["a.html", "deep/c.html", "deep/er/d.html"]
    assert list(said(found(f"{place}/d*"))) == ["deep/c.html", "deep/er/d.html"]
    assert list(said(found(f"{place}/[ab].???", place))) == ["b.pdf", "a.html", "deep/c.html", "deep/er/d.html"]
    with pytest.raises(UsageError):
        found(f"{place}/*.docx")


def test_a_name_with_brackets_is_a_name(tmp_path: Path) -> None:
    file = folder(tmp_path) / "决算[1].html"
    file.write_bytes(PAGE)
    assert list(said(found(str(file)))) == ["决算[1].html"]


def test_a_manifest_gives_files_their_address_their_page_and_their_date(tmp_path: Path) -> None:
    place = folder(tmp_path, files__1_bin=PAGE, files__2_bin=b"%PDF-1.7")
    manifest = place / "list"
    manifest.write_text(
        "url,path,fetched_at,referer\nhttp://a.example/p.html,files/1.bin,2031-08-01,\nhttp://a.example/f.pdf,files/2.bin,2031-08-02,http://a.example/p.html\n"
        "http://a.example/gone,files/3.bin,,\nhttp://a.example/none,,,\n",
        encoding="utf-8-sig",
    )
    page, file, gone, none = found(manifest)
    assert (page.address, page.origin.page, page.origin.fetched_at, page.page) == ("http://a.example/p.html", None, "2031-08-01", True)
    assert (file.address, file.origin.page, file.media_type, file.page) == ("http://a.example/f.pdf", "http://a.example/p.html", "application/pdf", False)
    assert said([gone, none]) == {
        "http://a.example/gone": "unreadable: cannot read the file: No such file or directory",
        "http://a.example/none": "unreadable: line 5 of the manifest names no path",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_manifest_may_be_written_in_gbk_and_parted_by_tabs(tmp_path: Path, encoding: str) -> None:
    place = folder(tmp_path)
    (place / "决算.html").write_bytes(PAGE)
    (place / "list.txt").write_text("link\tfilename\nhttp://a.example/1\t决算.html\n", encoding=encoding)
    assert said(found(place / "list.txt")) == {"http://a.example/1": "text/html"}


def test_a_manifest_of_json_lines_survives_a_broken_line(tmp_path: Path) -> None:
    place = folder(tmp_path, a=PAGE)
    (place / "list").write_text('{"url": "http://a.example/1", "path": "a"}\n{"url": "http://a.ex\n\n{"path": "a"}\n', encoding="utf-8")
    assert said(found(place / "list")) == {
        "http://a.example/1": "text/html",
        "list:2": "unreadable: line 2 of the manifest: no JSON object",
        "a": "text/html",
    }


def test_a_list_in_a_folder_is_a_file_like_any_other(tmp_path: Path) -> None:
    place = folder(tmp_path, a=PAGE)
    (place / "list.csv").write_text("url,path\nhttp://a.example/1,a\n", encoding="utf-8")
    assert said(found(place)) == {"a": "text/html", "list.csv": "text/plain"}


@pytest.mark.parametrize("form", ["lines", "array"])
def test_a_scrapy_feed_leads_to_its_store_and_names_the_page_of_each_file(tmp_path: Path, form: str) -> None:
    place = folder(tmp_path, store__full__ab_pdf=b"%PDF-1.7")
    files = [{"url": "http://a.example/f.pdf", "path": "full/ab.pdf", "checksum": md5(b"%PDF-1.7").hexdigest()}]
    lines = [json.dumps({"url": "http://a.example/p.html", "title": "决算", "files": files}), json.dumps({"url": "http://a.example/q.html", "files": []})]
    (place / "feed").write_text("\n".join(lines) if form == "lines" else "[\n" + ",\n".join(lines) + "\n]", encoding="utf-8")
    (item,) = found(place / "feed")
    assert (item.address, item.origin.page, item.media_type) == ("http://a.example/f.pdf", "http://a.example/p.html", "application/pdf")


def test_members_of_a_zip_keep_their_chinese_names_and_are_never_written_anywhere(tmp_path: Path) -> None:
    inner = packed(("../../etc/决算.html", OTHER))
    data = packed(("XXXXXX.html", PAGE), ("内/b.zip", inner), ("__MACOSX/x", b"x"), ("空/", b""), (".DS_Store", b"x"))
    place = folder(tmp_path, a_bin=data.replace(b"XXXXXX", "决算表".encode("gb18030")))
    before = sorted(tmp_path.rglob("*"))
    assert list(said(found(place))) == ["a.bin!/决算表.html", "a.bin!/内/b.zip!/../../etc/决算.html"]
    assert sorted(tmp_path.rglob("*")) == before


def test_unmarked_names_in_a_zip_are_read_as_utf8_or_gbk() -> None:
    for encoding in ("gb18030", "utf-8"):
        info = zipfile.ZipInfo("决算公开表.xls".encode(encoding).decode("cp437"))
        assert archives._zip_name(info) == "决算公开表.xls"


def test_an_office_file_is_one_document_and_no_archive(tmp_path: Path) -> None:
    assert said(found(folder(tmp_path, a=packed(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>"))))) == {"a": "application/zip"}


def test_a_bomb_is_named_and_its_neighbours_are_read(tmp_path: Path) -> None:
    bomb = bytes(archives.RATIO_FROM + (2 << 20))
    assert said(found(folder(tmp_path, a=packed(("1.html", PAGE), ("boom", bomb), ("2.html", OTHER)), b=PAGE))) == {
        "a!/1.html": "text/html",
        "a!/boom": "unreadable: a zip bomb: it expands to more than 200 times its size; not read",
        "a!/2.html": "text/html",
        "b": "text/html",
    }


def test_an_archive_yields_no_more_than_its_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives.Budget, "__init__", lambda self: self.__dict__.update(members=2, expanded=10_000))
    many = packed(*((f"{n}.html", PAGE + bytes([n])) for n in range(4)))
    assert list(said(found(folder(tmp_path, a=many))).items())[2] == ("a", "unreadable: more than 10000 files; the rest was not read")
    monkeypatch.setattr(archives.Budget, "__init__", lambda self: self.__dict__.update(members=9, expanded=150))
    assert said(found(folder(tmp_path, a=many))) == {
        "a!/0.html": "text/html",
        "a": "unreadable: the archive expands to more than 2048 MB; the rest was not read",
    }


def test_archives_within_archives_end_at_a_depth(tmp_path: Path) -> None:
    data = PAGE
    for depth in range(4):
        data = packed((f"{depth}", data))
    assert said(found(folder(tmp_path, a=data))) == {"a!/3!/2!/1": "unreadable: archives nested more than 3 deep; not read"}


def test_damaged_encrypted_and_empty_archives_are_rows_with_their_reason(tmp_path: Path) -> None:
    data = packed(("1.html", PAGE), ("2.html", OTHER), compression=zipfile.ZIP_STORED)
    locked = bytearray(packed(("1.html", PAGE)))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    place = folder(tmp_path, a=data.replace(b"2032", b"2099"), b=data[: len(data) // 2], c=bytes(locked), d=packed(("x/", b"")), e=PAGE)
    assert said(found(place)) == {
        "a!/1.html": "text/html",
        "a!/2.html": "unreadable: the member is damaged: Bad CRC-32 for file '2.html'",
        "b": "unreadable: the archive is damaged: File is not a zip file",
        "c!/1.html": "encrypted: the member is encrypted",
        "d": "unreadable: the archive holds no file",
        "e": "text/html",
    }


def test_a_page_kept_in_gzip_is_the_page(tmp_path: Path) -> None:
    place = folder(tmp_path, a_html_gz=gzip.compress(PAGE), b_gz=gzip.compress(PAGE)[:-12])
    assert said(found(place)) == {
        "a.html.gz!/a.html": "text/html",
        "b.gz": "unreadable: the archive is damaged: Compressed file ended before the end-of-stream marker was reached",
    }


def rar(name: bytes, data: bytes) -> bytes:
    """A rar of version 3 with one stored member, as unrar itself writes it."""

    def block(kind: int, flags: int, body: bytes, after: bytes = b"") -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
        return struct.pack("<H", zlib.crc32(head) & 0xFFFF) + head + after

    member = struct.pack("<LLBLLBBHL", len(data), len(data), 2, zlib.crc32(data), 0x5A21_0000, 20, 0x30, len(name), 0x20) + name
    return b"Rar!\x1a\x07\x00" + block(0x73, 0, bytes(6)) + block(0x74, 0x8000, member, data) + block(0x7B, 0x4000, b"")


def test_a_rar_is_read_in_memory(tmp_path: Path) -> None:
    pytest.importorskip("rarfile")
    place = folder(tmp_path, a=rar(b"1.html", PAGE), b=rar(b"1.html", OTHER)[:60])
    assert said(found(place))["a!/1.html"] == "text/html"
    assert [item.trouble is not None for item in found(place)] == [False, True]


def test_a_missing_library_stops_a_run_that_names_the_file_and_is_a_row_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rarfile", None)
    monkeypatch.setitem(sys.modules, "fastwarc", None)
    place = folder(tmp_path, a=rar(b"1.html", PAGE), b=warc(("http://a.example/", b"200 OK", PAGE)), c=PAGE)
    assert said(found(place)) == {
        "a": "unreadable: a rar file needs pip install gongkai[rar]",
        "b": "unreadable: a WARC needs pip install gongkai[warc]",
        "c": "text/html",
    }
    for name, extra in (("a", r"gongkai\[rar\]"), ("b", r"gongkai\[warc\]")):
        with pytest.raises(DependencyError, match=extra):
            found(place / name)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(DependencyError, match=r"gongkai\[s3\]"):
        found("s3://bucket/crawl")


def test_a_member_whose_name_begins_with_nul_is_read(tmp_path: Path) -> None:
    items = found(folder(tmp_path, a_zip=packed(("xy.html", PAGE), ("b/", b""), ("c.html", OTHER)).replace(b"xy.html", b"\0y.html")))
    assert sorted(said(items).values()) == ["text/html", "text/html"]


def test_an_archive_among_the_records_of_a_web_archive_is_opened(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    whole = warc(("http://a.example/p.html", b"200 OK", PAGE), ("http://a.example/表.zip", b"200 OK", packed(("1.html", OTHER), ("2/3.pdf", b"%PDF-1.7"))), ("http://a.example/bad.zip", b"200 OK", packed(("1.html", PAGE))[:60]))
    items = found(folder(tmp_path, a=whole))
    assert {item.address: item.media_type for item in items if item.trouble is None} == {
        "http://a.example/p.html": "text/html", "http://a.example/表.zip!/1.html": "text/html", "http://a.example/表.zip!/2/3.pdf": "application/pdf",
    }  # fmt: skip
    assert [(item.address, item.trouble.reason.split(" / ")[0]) for item in items if item.trouble] == [("http://a.example/bad.zip", "压缩包已损坏")]


def test_every_archive_among_the_records_has_limits_of_its_own_and_an_office_file_is_no_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastwarc")
    monkeypatch.setattr(archives.Budget, "__init__", lambda budget: budget.__dict__.update(members=2, expanded=1 << 20))
    zips = [(f"http://a.example/{number}.zip", b"200 OK", packed(("1.html", PAGE), ("2.html", OTHER))) for number in range(3)]
    assert [item.trouble for item in found(folder(tmp_path, a=warc(*zips)))] == [None] * 6
    (document,) = found(folder(tmp_path, a=warc(("http://a.example/a.docx", b"200 OK", packed(("[Content_Types].xml", b"<x/>"), ("word/document.xml", b"<x/>"))))))
    assert (document.address, document.media_type) == ("http://a.example/a.docx", "application/zip")


def test_a_page_is_read_once_and_no_further_than_as_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    class Watched(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            reads.append(len(data))
            return data

    page = PAGE + b'<img src="data:image/png;base64,' + b64encode(bytes(20_000)) + b'">'
    for limit, count in ((1 << 24, 2), (1000, 1)):
        monkeypatch.setitem(LIMITS, "text/html", limit)
        monkeypatch.setattr(finding, "opened", lambda _: Watched(page))
        reads.clear()
        assert len(list(finding.documents(Origin("a.html"), (Step("file", "a.html"),)))) == count
        assert sum(reads) <= len(page) + (HEAD if count == 2 else HEAD + 1001)


def test_the_large_pictures_inside_a_page_are_documents_attached_to_it(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    table, ornament = (b"\x89PNG\r\n\x1a\n" + bytes(size) for size in (20_000, 200))
    images = [b'<img src="data:image/%s;base64,%s">' % (kind, b64encode(data)) for kind, data in ((b"png", table), (b"png", ornament), (b"svg+xml", table), (b"PNG", table + b"2"))]
    page = PAGE + b"".join(images)
    items = found(folder(tmp_path, a_html=page, b_zip=packed(("c.html", page)), d=warc(("http://a.example/", b"200 OK", page)), e_txt=b"data:image/png;base64," + b64encode(table)))
    pages = ("a.html", "b.zip!/c.html", "http://a.example/")
    expected = {name: "image/png" for page in pages for name in (f"{page}!/picture-1", f"{page}!/picture-2")} | dict.fromkeys(pages, "text/html") | {"e.txt": "text/plain"}
    assert said(items) == expected
    assert {item.origin.page for item in items if "!/picture-" in item.address} == {item.address for item in items if item.media_type == "text/html"}
    (tmp_path / "in" / "a.html").write_bytes(PAGE)
    with pytest.raises(OSError, match="the page has changed"):
        bytes_of(next(item.place for item in items if item.address.endswith("a.html!/picture-1")))


def warc(*answers: tuple[str, bytes, bytes], header: bytes = b"", pack: bool = False) -> bytes:
    whole = b""
    for url, status, body in answers:
        block = b"HTTP/1.1 " + status + b"\r\nContent-Type: text/html; charset=gb2312\r\n" + header + b"\r\n" + body
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2031-08-01T00:00:00Z\r\n"
        head += f"WARC-Record-ID: <urn:uuid:{md5(url.encode()).hexdigest()}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        record = head.encode() + block + b"\r\n\r\n"
        whole += gzip.compress(record) if pack else record
    return whole


ANSWERS = (("http://a.example/1", b"200 OK", PAGE), ("http://a.example/2", b"404 Not Found", b"<html>gone"), ("http://a.example/3", b"200 OK", OTHER))


@pytest.mark.parametrize("pack", [False, True])
def test_the_records_of_a_warc_are_pages_under_their_own_addresses(tmp_path: Path, pack: bool) -> None:
    pytest.importorskip("fastwarc")
    items = found(folder(tmp_path, a=warc(*ANSWERS, pack=pack)))
    assert said(items) == {
        "http://a.example/1": "text/html",
        "http://a.example/2": "not_a_disclosure: the server answered 404",
        "http://a.example/3": "text/html",
    }
    assert items[0].origin == ("http://a.example/1", None, "2031-08-01T00:00:00Z", "text/html", "gb2312")


def test_what_a_server_packed_or_sent_in_chunks_is_unpacked(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    chunked = warc(("http://a.example/1", b"200 OK", b"%x\r\n%s\r\n0\r\n\r\n" % (len(PAGE), PAGE)), header=b"Transfer-Encoding: chunked\r\n")
    zipped = warc(("http://a.example/2", b"200 OK", gzip.compress(PAGE)), header=b"Content-Encoding: gzip\r\n")
    assert [bytes_of(item.place) for item in found(folder(tmp_path, a=chunked, b=zipped))] == [PAGE, PAGE]


@pytest.mark.parametrize("pack", [False, True])
def test_a_warc_cut_anywhere_keeps_its_whole_records_and_names_the_broken_one(tmp_path: Path, pack: bool) -> None:
    pytest.importorskip("fastwarc")
    one, two = ANSWERS[0], ANSWERS[2]
    first, whole = len(warc(one, pack=pack)), warc(one, two, pack=pack)
    for cut in range(first + 12, len(whole) - 4, 23):
        items = found(folder(tmp_path, a=whole[:cut]))
        assert (items[0].address, items[0].trouble, items[0].notes) == (one[0], None, ())
        assert len(items) == 2
        assert items[1].trouble or [note.kind for note in items[1].notes] == ["record_cut_short"] or bytes_of(items[1].place) == OTHER


def test_a_wacz_is_the_web_archives_in_it(tmp_path: Path) -> None:
    pytest.importorskip("fastwarc")
    members = (("datapackage.json", b"{}"), ("archive/data.warc.gz", warc(*ANSWERS, pack=True)), ("pages/pages.jsonl", b"{}"))
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        kinds = said(found(folder(tmp_path, a=packed(*members, compression=compression))))
        assert {address: kind for address, kind in kinds.items() if address.startswith("http")} == said(found(folder(tmp_path, a=warc(*ANSWERS))))
        assert len(kinds) == (len(ANSWERS) if compression == zipfile.ZIP_STORED else len(ANSWERS) + 2)


def test_addresses_elsewhere_are_listed_and_opened(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem  # noqa: PLC0415

    store = MemoryFileSystem()
    for name, data in (("a.html", PAGE), ("deep/b.zip", packed(("c.html", OTHER))), (".hidden", b"x")):
        store.pipe(f"/crawl/{name}", data)
    assert said(found("memory://crawl")) == {"memory:///crawl/a.html": "text/html", "memory:///crawl/deep/b.zip!/c.html": "text/html"}
    assert list(said(found("memory://crawl/*.html"))) == ["memory:///crawl/a.html"]
    place = folder(tmp_path, a=PAGE)
    assert said(found(f"file://{place}/a")) == {"a": "text/html"}
    with pytest.raises(UsageError, match="nothing at"):
        found("memory://crawled")
    with pytest.raises(UsageError, match="not a URL"):
        found("nosuch://crawl")


def test_a_store_that_cannot_be_opened_is_a_row_of_its_manifest(tmp_path: Path) -> None:
    place = folder(tmp_path, a=PAGE)
    (place / "list").write_text("path,url\nnosuch://b/1,http://a.example/1\na,http://a.example/2\n", encoding="utf-8")
    first, second = said(found(place / "list")).items()
    assert first[0] == "http://a.example/1"
    assert first[1].startswith("unreadable: ")
    assert second == ("http://a.example/2", "text/html")


def test_an_address_of_the_dataset_leads_back_to_its_bytes(tmp_path: Path) -> None:
    place = folder(tmp_path, a=packed(("决算.html", PAGE), ("b.zip", packed(("c.html", OTHER)))), d=PAGE)
    assert [sources.again(item.address) for item in found(place)] == [PAGE, OTHER, PAGE]
    for gone in (f"{place}/a!/x.html", f"{place}/x", "http://a.example/page.html"):
        with pytest.raises(FileNotFoundError):
            sources.again(gone)


def test_nothing_is_fetched_from_the_web() -> None:
    with pytest.raises(UsageError, match="nothing is fetched from the web"):
        found("https://a.example/page.html")


def test_a_web_archive_packed_as_a_whole_says_what_to_do_about_it(tmp_path: Path) -> None:
    records = b""
    for number, page in enumerate((PAGE, OTHER)):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{number}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:x:{number}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
        records += head.encode() + answer + b"\r\n\r\n"
    (tmp_path / "whole.warc.gz").write_bytes(gzip.compress(records))
    (tmp_path / "plain.warc").write_bytes(records)
    troubles = {item.address: item.trouble.reason.split(" / ")[1] if item.trouble else None for item in found(tmp_path / "whole.warc.gz")}
    assert troubles["http://a.example/0"] is None
    assert "unpack it first (gunzip)" in str(troubles["http://a.example/1"])
    assert [item.trouble for item in found(tmp_path / "plain.warc")] == [None, None]
