"""What a notebook asks a dataset or a file for, and what it is shown."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import gongkai
from gongkai import api, schema
from gongkai.cli import main
from gongkai.errors import DependencyError, UsageError

ROOT = Path(__file__).parents[1]
NAMES = ("chengkou-climate-2021-final-txt", "pengxi-stone-2021-final", "gengma-cane-2024-budget", "negative-tender-notice")
HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    for name in NAMES:
        shutil.copytree(ROOT / "fixtures" / name, folder / "fixtures" / name)
    assert main(["run", str(folder / "fixtures"), "--output", str(folder / "output"), "--progress", "none"]) == 0
    return folder


@pytest.fixture
def dataset(place: Path) -> api.Dataset:
    return gongkai.open(place / "output")


def test_every_table_is_a_method_with_all_its_rows_and_columns(dataset: api.Dataset, place: Path) -> None:
    for table in (*schema.TABLE_TITLES, "figures"):
        asked = getattr(dataset, table)()
        assert asked.arrow().equals(pq.read_table(place / "output" / "data" / f"{table}.parquet"))
        assert len(asked) == asked.arrow().num_rows


def test_rows_and_columns_are_those_that_were_asked_for(dataset: api.Dataset) -> None:
    rows = dataset.budget_lines(year=2021, measure="three_public_total", basis=["final", "initial_budget"], columns=["raw", "amount_yuan", "fiscal_year"]).arrow()
    assert rows.column_names == ["raw", "amount_yuan", "fiscal_year"]
    assert set(rows.column("fiscal_year").to_pylist()) == {2021}
    assert Decimal("92100.00") in rows.column("amount_yuan").to_pylist()
    assert {row["department"] for row in dataset.documents(department=None).arrow().to_pylist()} == {None}


def test_amounts_are_exact_and_floats_only_for_those_who_ask(dataset: api.Dataset) -> None:
    lines = dataset.budget_lines()
    exact, floats = lines.pandas(), lines.pandas(floats=True)
    total = sum(value for value in lines.arrow().column("amount_yuan").to_pylist() if value is not None)
    assert exact["amount_yuan"].sum() == total
    assert isinstance(exact["amount_yuan"].dropna().iloc[0], Decimal)
    assert str(floats["amount_yuan"].dtype) == "double[pyarrow]"
    assert exact["region_code"].iloc[0].isdigit()
    assert lines.polars()["amount_yuan"].sum() == total
    assert lines.duckdb().aggregate("sum(amount_yuan)").fetchall() == [(total,)]


def test_what_is_not_there_is_said_in_two_languages(dataset: api.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="没有列 colour / the table glossary has no column colour"):
        dataset.glossary(colour="red")
    with pytest.raises(UsageError, match="no table nothing"):
        dataset.rows("nothing")
    with pytest.raises(UsageError, match="gongkai run"):
        gongkai.open(tmp_path)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(DependencyError, match="pip install polars"):
        dataset.glossary().polars()


def test_an_explanation_says_when_its_source_is_gone(dataset: api.Dataset, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = dataset.figures(concept="three_public_total").pandas()["row_id"].iloc[0]
    shutil.copytree(place / "output", tmp_path / "output")
    for file in (tmp_path / "output" / "data").glob("documents.parquet"):
        rows = pq.read_table(file).to_pylist()
        pq.write_table(pa.Table.from_pylist([{**row, "source": f"gone/{row['source']}"} for row in rows], schema=schema.arrow("documents")), file)
    monkeypatch.chdir(tmp_path)
    assert "无法核对" not in dataset.explain(row_id)
    assert "找不到来源 gone/" in gongkai.open("output").explain(row_id)


def test_departments_are_told_with_their_years(dataset: api.Dataset) -> None:
    found = dataset.departments()
    assert list(found["documents"]) == [1, 1, 1]
    assert set(found["fiscal_year"]) == {2021, 2024}


def test_a_file_is_read_at_once_and_one_that_cannot_be_is_told(place: Path) -> None:
    file = next((place / "fixtures" / "pengxi-stone-2021-final").glob("input.*"))
    result = gongkai.extract(file)
    assert result.status == "ok"
    assert len(result.tables["budget_lines"]) == 39
    assert (result.tables["findings"].pandas()["status"] == "fail").sum() == 3
    broken = gongkai.extract(b"%PDF-1.7\nnothing more")
    assert (broken.status, len(broken.tables["budget_lines"])) == ("unreadable", 0)
    assert broken.reason
    with pytest.raises(FileNotFoundError):
        gongkai.extract(place / "nowhere.html")


def test_pictures_show_the_figures_and_run_nothing_that_a_page_says(dataset: api.Dataset, place: Path, tmp_path: Path) -> None:
    shown = dataset._repr_html_()
    assert "9.21" in shown
    assert "重庆市城口县山地气候服务办公室" in shown
    result = gongkai.extract(next((place / "fixtures" / "pengxi-stone-2021-final").glob("input.*")))
    assert "核对不符" in result._repr_html_()
    hostile = result._replace(document={**result.document, "title": HOSTILE, "department": HOSTILE, "reason": HOSTILE, "source": HOSTILE})
    assert "<script" not in hostile._repr_html_()
    assert "<img" not in hostile._repr_html_()
    copy = tmp_path / HOSTILE.replace("/", "")
    shutil.copytree(place / "output", copy)
    for table in ("documents", "figures"):
        rows = pq.read_table(copy / "data" / f"{table}.parquet").to_pylist()
        pq.write_table(pa.Table.from_pylist([{**row, "department": row["department"] and HOSTILE} for row in rows], schema=schema.arrow(table)), copy / "data" / f"{table}.parquet")
    assert not re.search("<script|<img", gongkai.open(copy)._repr_html_())


def test_the_front_door_opens_at_once() -> None:
    loaded = "import sys, gongkai; print([name for name in ('pandas', 'pyarrow', 'numpy') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT).stdout == "[]\n"
    with pytest.raises(AttributeError, match="has no attribute 'shut'"):
        gongkai.shut  # noqa: B018


def test_the_guide_says_what_runs(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(place)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.+?)```", (ROOT / "docs" / "guides" / "notebook.md").read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    out = capsys.readouterr().out
    assert "【" in out
    assert "蓬溪县青石艺术保护所" in out
    assert isinstance(names["failed"], pd.DataFrame)
    assert len(names["failed"]) == 3
