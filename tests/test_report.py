"""The page of a department-year: its figures, its failed checks, and nothing in it that runs or calls."""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import schema
from gongkai.cli import main
from gongkai.report import report

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("pengxi-stone-2021-final", "fengxian-shelterbelt-2023-final-pdf", "tongliang-dragon-2022-final-txt", "tongliang-dragon-2022-final-md", "gengma-cane-2024-budget")
HOSTILE = '"><script>alert(1)</script><img src=http://a.example onerror=alert(2)>'


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("report") / "out"
    assert main(["run", *(str(FIXTURES / name) for name in NAMES), "--output", str(output), "--progress", "none"]) == 0
    return output


class Tags(HTMLParser):
    """What a browser would find."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", page))


def test_figures_scores_and_failed_checks_are_told_with_the_rows_they_come_from(dataset: Path) -> None:
    page, name = report(dataset, "蓬溪县青石艺术保护所 2021")
    assert name == "510921-c4675dec-2021-final.html"
    said = words(page)
    assert "268.40" in said
    assert "收入总计 = 支出总计：268.40万元，印为254.16万元，差14.24" in said
    lines = {row["row_id"]: row for row in pq.read_table(dataset / "data" / "budget_lines.parquet").to_pylist()}
    shown = re.findall(r'<b>([\d,.]+)</b><span class="id">([0-9a-f]{16}-budget_lines-\d+)</span>', page)
    assert len(shown) >= 4
    for amount, row_id in shown:
        assert Decimal(amount.replace(",", "")) * 10_000 == lines[row_id]["amount_yuan"]


def test_the_form_of_two_documents_is_told_once_with_the_lowest_score_first(dataset: Path) -> None:
    page, _ = report(dataset, "铜梁区龙灯文化保护中心 2022年决算")
    scores = [Decimal(score) for score in re.findall(r'-projects-\d+</span>.*?<div class="n">([\d.]+)</div>', page)]
    assert scores == [Decimal("87.25"), Decimal("96.5"), Decimal("99.7")]


def test_a_bar_is_as_long_as_its_share(dataset: Path) -> None:
    page, _ = report(dataset, "滨海林带管理办公室 2023")
    basic = re.search(r'基本支出 basic.*?width:([\d.]+)%.*?<div class="n">([\d,.]+)</div>', page)
    assert basic
    assert Decimal(basic[1]) == (Decimal(basic[2].replace(",", "")) / Decimal("1168.58") * 100).quantize(Decimal("0.01"))
    assert "浅色为年初预算" in page


def test_a_budget_has_its_own_page(dataset: Path) -> None:
    page, name = report(dataset, "耿马傣族佤族自治县蔗糖产业服务中心 2024")
    assert name.endswith("-2024-budget.html")
    assert "2024年预算" in page


@pytest.mark.parametrize("asked", ["蓬溪县青石艺术保护所 2021", "滨海林带管理办公室 2023"])
def test_the_page_is_whole_and_calls_for_nothing(dataset: Path, asked: str) -> None:
    found = Tags(report(dataset, asked)[0])
    assert found.open == []
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & {*found.tags}
    assert not {name for name in found.attributes if name.startswith("on") or name in {"src", "href"}}


def test_what_a_page_says_does_not_run(dataset: Path, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(dataset, copy)
    for table in ("documents", "findings", "projects"):
        rows = pq.read_table(copy / "data" / f"{table}.parquet").to_pylist()
        for row in rows:
            row.update({name: HOSTILE for name in ("source", "message_zh", "message_en", "project_name", "check_id", "title") if name in row})
            row["department"] = f"{row['department']}{HOSTILE}"
        pq.write_table(pa.Table.from_pylist(rows, schema=schema.arrow(table)), copy / "data" / f"{table}.parquet")
    for asked in ("蓬溪县青石艺术保护所 2021", "铜梁区龙灯文化保护中心 2022"):
        found = Tags(report(copy, asked)[0])
        assert not {"script", "img"} & {*found.tags}
        assert not {name for name in found.attributes if name.startswith("on")}


@pytest.mark.parametrize(("asked", "said"), [("某局", "should be a department and a year"), ("云岭县档案馆 2023", "has no '云岭县档案馆' for 2023"), ("蓬溪县青石艺术保护所 1999", "for 1999")])
def test_what_is_not_there_is_said(dataset: Path, asked: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", asked, "--dataset", str(dataset)]) == 2
    assert said in capsys.readouterr().err


def test_the_command_writes_the_file_and_says_where(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "蓬溪县青石艺术保护所 2021", "--dataset", str(dataset), "--out", str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
