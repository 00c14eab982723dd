"""Files attached to pages: found by what the crawler says or by the page's link, and joined to the page's department-year."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from gongkai import pages, run
from gongkai.dataset import DOCUMENT_COLUMNS
from gongkai.rows import document_row
from gongkai.sources import Item, Origin
from normalize.records import Disclosure, Identity

if TYPE_CHECKING:
    from pathlib import Path

BODY = "部门决算公开。本部门2031年度收入总计120.00万元，支出总计120.00万元。"
PAGE = f'<html><head><title>青禾市示例局2031年度部门决算</title></head><body><h1>青禾市示例局2031年度部门决算</h1><p>{BODY}</p><a href="files/1.rtf">附件：决算公开表.pdf</a></body></html>'


def documents(output: Path) -> dict[str, dict[str, Any]]:
    return {row["source"].rsplit("/in/", 1)[-1]: row for row in pq.read_table(output / "data" / "documents.parquet").to_pylist()}


def ran(*places: Path, output: Path) -> run.Outcome:
    return run.run(places, output, workers=1, tell=lambda _entry, _seconds: None, begin=lambda _: None)


def stored(output: Path, **values: Any) -> Any:
    row = list(document_row((str(values.pop("source")), "ab" * 32), "ok", "", version="1", media_type="text/html"))
    values = {"sources": [row[DOCUMENT_COLUMNS["source"]]], "attachments": [], **values}
    for name, value in values.items():
        row[DOCUMENT_COLUMNS[name]] = value
    with pages.kept(output) as store:
        pages.add(store, tuple(row))


def parent(output: Path, address: str, page: str | None = None) -> pages.Parent | None:
    with pages.kept(output) as store:
        return pages.parent_of(store, Item(Origin(address, page), (), "cd" * 32, 1, "application/pdf"))


@pytest.mark.parametrize(
    ("source", "link", "file"),
    [
        ("http://a.example/x/p.html", "./t/f.pdf", "https://a.example/x/t/f.pdf"),
        ("http://a.example/x/p.html", "//b.example/%E5%86%B3.pdf#page=2", "http://b.example/决.pdf"),
        ("crawl/a.example/x/p.html", "../%E5%86%B3.zip", "./crawl/a.example/决.zip!/1.pdf"),
    ],
)
def test_the_link_of_a_page_leads_to_its_file(tmp_path: Path, source: str, link: str, file: str) -> None:
    stored(tmp_path, source=source, department="青禾市示例局", fiscal_year=2031, attachments=[{"text": "附件", "link": link}])
    found = parent(tmp_path, file)
    assert found is not None
    assert (found.address, found.identity["department"], found.identity["fiscal_year"]) == (source, "青禾市示例局", 2031)
    assert parent(tmp_path, file.replace(".example", ".other")) is None


def test_the_page_that_a_crawler_names_comes_before_a_link_and_a_page_has_no_page(tmp_path: Path) -> None:
    stored(tmp_path, source="http://a.example/p", department="甲局", attachments=[{"text": "附件", "link": "/f.pdf"}])
    stored(tmp_path, source="http://a.example/q", department="乙局")
    found = parent(tmp_path, "http://a.example/f.pdf", "http://a.example/q")
    assert found is not None
    assert found.identity["department"] == "乙局"
    with pages.kept(tmp_path) as store:
        assert pages.parent_of(store, Item(Origin("http://a.example/f.pdf"), (), "cd" * 32, 1, "text/html")) is None


def test_what_the_file_says_itself_is_never_overridden() -> None:
    of_page = {"department": "甲局", "entity_level": "department", "region_code": "530199", "province": None, "city": None, "county": None, "fiscal_year": 2031, "stage": "final"}
    page = pages.Parent("ab", "http://a.example/p", of_page)
    silent = pages.with_parent(Disclosure("cd", "ok", Identity(fiscal_year=2030)), page)
    assert silent.identity == Identity(department="甲局", entity_level="department", region_code="530199", fiscal_year=2030, stage="final")
    assert [(finding.check_id, finding.status) for finding in silent.findings] == [("identity_from_page", "not_applicable")]
    other = pages.with_parent(Disclosure("cd", "ok", Identity(department="乙局")), page)
    assert other.identity == Identity(department="乙局", fiscal_year=2031, stage="final")
    whole = Disclosure("cd", "ok", Identity(department="乙局", fiscal_year=2030, stage="budget"))
    assert pages.with_parent(whole, page) is whole


def site(tmp_path: Path) -> Path:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    place = tmp_path / "in"
    (place / "files").mkdir(parents=True)
    (place / "p.html").write_text(PAGE, encoding="utf-8")
    canvas = Canvas(str(place / "f.pdf"), invariant=True)
    canvas.drawString(72, 700, "120.00 120.00 30201 30202")
    canvas.save()
    with zipfile.ZipFile(place / "files" / "1.rtf", "w") as archive:
        archive.write(place / "f.pdf", "1.pdf")
    (place / "f.pdf").unlink()
    return place


def test_a_file_joins_the_department_year_of_its_page_also_when_the_page_comes_later(tmp_path: Path) -> None:
    place = site(tmp_path)
    ran(place, output=tmp_path / "whole")
    page, file = documents(tmp_path / "whole")["p.html"], documents(tmp_path / "whole")["files/1.rtf!/1.pdf"]
    assert (page["department"], page["fiscal_year"], page["parent_document_id"]) == ("青禾市示例局", 2031, None)
    assert (file["parent_document_id"], file["source_page"]) == (page["document_id"], str(place / "p.html"))
    assert (file["department"], file["fiscal_year"], file["stage"]) == ("青禾市示例局", 2031, "final")
    ran(place / "files", output=tmp_path / "late")
    assert documents(tmp_path / "late")["files/1.rtf!/1.pdf"]["department"] is None
    outcome = ran(place, output=tmp_path / "late")
    assert (outcome.new, outcome.known) == (2, 0)
    assert documents(tmp_path / "late") == documents(tmp_path / "whole")
    (tmp_path / "late" / pages.STORE).unlink()
    assert ran(place, output=tmp_path / "late").new == 0


def test_the_same_bytes_at_two_addresses_are_one_document_with_both(tmp_path: Path) -> None:
    place = tmp_path / "in"
    for name in ("a", "b/c"):
        (place / name).mkdir(parents=True)
        (place / name / "p.html").write_text(PAGE, encoding="utf-8")
    ran(place / "b", output=tmp_path / "out")
    outcome = ran(place, output=tmp_path / "out")
    assert (outcome.new, outcome.doubles) == (1, 1)
    assert [row["sources"] for row in documents(tmp_path / "out").values()] == [[str(place / "b/c/p.html"), str(place / "a/p.html")]]
    again = ran(place, output=tmp_path / "out")
    assert (again.new, again.known) == (0, 1)
