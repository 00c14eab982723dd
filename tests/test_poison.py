"""Documents made to break their reader: each ends as a row with its reason, and its neighbours are read."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from gongkai import run
from gongkai.sources import archives

if TYPE_CHECKING:
    from pathlib import Path

NEIGHBOUR = """\
云岭县第{number}档案馆2023年度部门决算情况说明
二、部门决算情况说明
（一）收入支出决算总体情况说明
1.总体情况。2023年度收入总计1,2{number:02d}.40万元，支出总计1,2{number:02d}.40万元。收支较上年决算数减少3.60万元、下降0.3%，主要原因是项目经费减少。
"""
HOOK = """
import ctypes
from gongkai import extraction

DEATHS = {b"poison: segfault": lambda: ctypes.string_at(0), b"poison: loop": lambda: loop(), b"poison: memory": lambda: bytearray(3_000_000_000)}

def loop():
    while True:
        pass

def extract(task):
    data = extraction.bytes_of(task.item.place)
    for words, death in DEATHS.items():
        if data.startswith(words):
            death()
    return extraction.extract(task)
"""
PAGE_TREE_LOOP = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>endobj\n3 0 obj<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 99999>>endobj\n"
    b"trailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
)


def bomb(page: bytes) -> bytes:
    """A zip file with a page, something that expands to much more than anybody sends, and a zip file in a zip file in a zip file."""
    packed = page
    for _ in range(20):
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("deeper.zip", packed)
        packed = inner.getvalue()
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("page.txt", page)
        archive.writestr("boom.html", bytes(archives.RATIO_FROM + (2 << 20)))
        archive.writestr("nested.zip", packed)
    return whole.getvalue()


def web_archive(*pages: bytes) -> bytes:
    """A packed WARC of as many answers, the last of them cut in its middle."""
    members = []
    for number, page in enumerate(pages):
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + page
        head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{number}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
        head += f"WARC-Record-ID: <urn:x:{number}>\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
        members.append(gzip.compress(head.encode() + answer + b"\r\n\r\n"))
    return b"".join(members)[: -len(members[-1]) // 2]


def folders(output: Path) -> dict[str, bytes]:
    return {str(file.relative_to(output)): file.read_bytes() for file in sorted((output / "departments" / "year=2023").rglob("*.*"))}


@pytest.fixture
def hooked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader in which three documents find what kills it."""
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "poisoned_reading.py").write_text(HOOK, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    import poisoned_reading  # type: ignore[import-not-found]  # noqa: PLC0415

    monkeypatch.setattr(run, "extract", poisoned_reading.extract)
    monkeypatch.setattr(run, "_allowance", lambda task: 1.0 if "loop" in task.item.address else 60.0)


@pytest.mark.usefixtures("hooked")
def test_each_poison_is_named_and_its_neighbours_are_unharmed(tmp_path: Path) -> None:
    place = tmp_path / "in"
    place.mkdir()
    poison = {
        "segfault.txt": b"poison: segfault",
        "loop.txt": b"poison: loop",
        "memory.txt": b"poison: memory",
        "nested.html": b"<html><body>" + b"<div>" * 10_000 + b"2023" + b"</div>" * 10_000,
        "rows.html": b"<html><body><table>" + b"<tr><td>205</td><td>1.00</td></tr>" * 100_000 + b"</table>",
        "pages.pdf": PAGE_TREE_LOOP,
        "bomb.zip": bomb(NEIGHBOUR.format(number=20).encode()),
        "cut.warc.gz": web_archive(NEIGHBOUR.format(number=21).encode(), NEIGHBOUR.format(number=22).encode() * 40),
    }
    for name, data in poison.items():
        (place / name).write_bytes(data)
    neighbours = [place / f"neighbour{number}.txt" for number in range(20)]
    for number, file in enumerate(neighbours):
        file.write_text(NEIGHBOUR.format(number=number), encoding="utf-8")
    outcome = run.run([place], tmp_path / "out", workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: None)
    rows = {row["source"].rsplit("/", 1)[-1]: row for row in pq.read_table(tmp_path / "out" / "data" / "documents.parquet").to_pylist()}
    inside = {"bomb.zip": {"page.txt", "boom.html", "deeper.zip"}, "cut.warc.gz": {"0", "1"}}
    assert rows.keys() == {*poison, *(file.name for file in neighbours)}.difference(inside).union(*inside.values())
    run.run(neighbours, tmp_path / "alone", workers=1, tell=lambda _entry, _seconds: None, begin=lambda _: None)
    assert [row["status"] for name, row in rows.items() if name.startswith("neighbour")] == ["ok"] * 20
    assert folders(tmp_path / "alone").items() < folders(tmp_path / "out").items()  # which has the pages of the archives too
    ends = {name: (row["status"], (row["reason"] or "").rpartition(" / ")[2]) for name, row in rows.items() if not name.startswith("neighbour")}
    assert ends == {
        "segfault.txt": ("crashed", "crashed: SIGSEGV"),
        "loop.txt": ("timeout", "timeout: took longer than the 1 seconds allowed"),
        "memory.txt": ("crashed", "out of memory: the limit is 1500 MB"),
        "nested.html": ("not_a_disclosure", "hardly any text: a shell, or content loaded by script"),
        "rows.html": ("not_a_disclosure", "no title, section or table of a budget or final account"),
        "pages.pdf": ("unreadable", "none of the pages of the PDF can be read"),
        "page.txt": ("ok", ""),
        "boom.html": ("unreadable", "a zip bomb: it expands to more than 200 times its size; not read"),
        "deeper.zip": ("unreadable", "archives nested more than 3 deep; not read"),
        "0": ("ok", ""),
        "1": ("unreadable", "the record of the web archive is cut off before its content"),
    }
    again = run.run([place], tmp_path / "out", workers=2, tell=lambda _entry, _seconds: None, begin=lambda _: None)
    assert (again.new, again.known, again.failures) == (0, 31, outcome.failures)
