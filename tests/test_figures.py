"""The main figures of a department-year, and the views over them, against what the examples say."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from gongkai import figures, schema
from gongkai.cli import main

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("chengkou-climate-2021-final-txt", "gengma-cane-2024-budget", "tongliang-dragon-2022-final-txt", "pengxi-stone-2021-final")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("figures") / "out"
    assert main(["run", *(str(FIXTURES / name) for name in NAMES), "--output", str(output), "--progress", "none"]) == 0
    return output


@pytest.fixture
def views(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    monkeypatch.chdir(dataset)
    connection = duckdb.connect()
    connection.execute((dataset / "views.sql").read_text(encoding="utf-8"))
    return connection


def line(amount: str, **values: Any) -> dict[str, Any]:
    blank = dict.fromkeys(column.name for column in schema.columns("budget_lines"))
    return {**blank, "row_id": "r1", "origin": "narrative", "role": "stated", "basis": "final", "measure": "total_revenue", "amount_yuan": Decimal(amount).quantize(Decimal("0.01")), "unit": "万元", "raw": "1,200.40", **values}


def of_document(*lines: dict[str, Any]) -> list[dict[str, Any]]:
    document = {"document_id": "a" * 16, "department_id": "530199-00000000", "region_code": "530199", "department": "云岭县档案馆", "entity_level": "department", "fiscal_year": 2018, "stage": "final"}
    return list(figures._of_document(document, list(lines), {}))


def test_what_agrees_is_told_once_by_its_most_precise_print() -> None:
    found = of_document(line("12004000"), line("12004012.34", row_id="r2", origin="table", unit="元", raw="12,004,012.34", item_label="收入总计"))
    assert [(row["concept"], row["amount_yuan"], row["row_id"], row["statements"], row["disagreeing"]) for row in found] == [("total_revenue", Decimal("12004012.34"), "r2", 2, 0)]


def test_what_does_not_agree_is_not_chosen_between() -> None:
    found = of_document(line("12004000"), line("11000000", row_id="r2", raw="1,100.00", origin="table", item_label="合计"))
    assert [(row["state"], row["amount_yuan"], row["row_id"], row["disagreeing"]) for row in found] == [("ambiguous", None, None, 2)]


def test_table_and_narrative_together_outweigh_one_line_that_differs() -> None:
    found = of_document(line("12004000"), line("12004000", row_id="r2", origin="table", item_label="合计"), line("1200400", row_id="r3", raw="120.04"))
    assert [(row["state"], row["amount_yuan"], row["disagreeing"]) for row in found] == [("stated", Decimal("12004000.00"), 1)]


@pytest.mark.parametrize("part", [{"item_label": "云岭县水文站", "origin": "table"}, {"project": "库房改造"}, {"economic_code": "301"}, {"category": "domestic"}, {"role": "reason"}, {"basis": "change_vs_prior_final"}])
def test_lines_of_a_part_are_no_figures_of_the_whole(part: dict[str, str]) -> None:
    assert of_document(line("12004000", **part)) == []


def test_a_class_of_subjects_is_one_concept_under_the_name_of_its_year() -> None:
    (found,) = of_document(line("12004000", origin="table", measure="gpb_expenditure", function_code="207", item_code="207", item_label="文化体育与传媒支出"))
    assert (found["concept"], found["class_name"], found["class_name_now"]) == ("gpb_expenditure:207", "文化体育与传媒支出", "文化旅游体育与传媒支出")
    assert of_document(line("12004000", origin="table", measure="gpb_expenditure", function_code="20701", item_code="20701", item_label="文化和旅游")) == []


def test_a_declared_empty_fund_has_a_row_and_no_amount() -> None:
    (found,) = of_document(line("0", measure="gov_fund_expenditure", role="zero_statement", amount_yuan=None))
    assert (found["state"], found["amount_yuan"], found["row_id"]) == ("declared_empty", None, "r1")


def test_a_misprint_that_is_proven_stands_beside_what_is_printed() -> None:
    (found,) = of_document(line("12004000", repaired_value=Decimal("1204.40")))
    assert (found["amount_yuan"], found["repaired_yuan"]) == (Decimal("12004000.00"), Decimal("12044000.00"))


def test_every_figure_is_the_amount_of_the_row_it_names(dataset: Path) -> None:
    lines = {row["row_id"]: row for row in pq.read_table(dataset / "data" / "budget_lines.parquet").to_pylist()}
    rows = pq.read_table(dataset / "data" / "figures.parquet").to_pylist()
    assert len(rows) > 60
    for row in rows:
        if row["state"] == "stated":
            assert (lines[row["row_id"]]["amount_yuan"], lines[row["row_id"]]["measure"], lines[row["row_id"]]["basis"]) == (row["amount_yuan"], row["measure"], row["basis"])
        else:
            assert row["amount_yuan"] is None


def test_the_wide_view_has_one_row_for_each_department_year_and_exact_amounts(dataset: Path, views: duckdb.DuckDBPyConnection) -> None:
    assert views.execute("select count(*), count(distinct (department_id, fiscal_year, stage)) from department_years").fetchall() == [(4, 4)]
    assert {row[1] for row in views.execute("describe department_years").fetchall() if row[0].endswith(("revenue", "expenditure", "total"))} == {"DECIMAL(20,2)"}
    assert "“三公”经费支出共计9.21万元" in (FIXTURES / "chengkou-climate-2021-final-txt" / "input.txt").read_text(encoding="utf-8")
    assert views.execute("select total from three_public_by_year where fiscal_year = 2021 and basis = 'final' and department like '%山地气候%'").fetchall() == [(Decimal("92100.00"),)]


def test_the_other_views_hold_what_the_tables_hold(views: duckdb.DuckDBPyConnection) -> None:
    counts = dict(views.execute("select 'failed', count(*) from failed_checks union all select 'fail', count(*) from findings where status = 'fail'").fetchall())
    assert counts["failed"] == counts["fail"] > 0
    assert views.execute("select count(*) from indicator_completion").fetchall() == views.execute("select count(*) from projects where kind = 'self_evaluation'").fetchall()
    swings = [row[0] for row in views.execute("select abs(percent) from biggest_swings").fetchall()]
    assert swings == sorted(swings, reverse=True)
    assert views.execute("select distinct class_name from functional_classes where function_code = '208'").fetchall() == [("社会保障和就业支出",)]


def test_the_descriptor_names_every_file_with_its_hash_and_every_key(dataset: Path) -> None:
    described = json.loads((dataset / "datapackage.json").read_text(encoding="utf-8"))
    resources = {resource["name"]: resource for resource in described["resources"]}
    present = sorted(file.name for file in (dataset / "data").iterdir())
    assert sorted(resource["path"].removeprefix("data/") for resource in resources.values()) == present
    for resource in resources.values():
        assert resource["bytes"] == (dataset / resource["path"]).stat().st_size
    lines = resources["budget_lines"]["schema"]
    assert lines["primaryKey"] == ["row_id"]
    assert {"fields": ["document_id"], "reference": {"resource": "documents", "fields": ["document_id"]}} in lines["foreignKeys"]
    basis = next(field for field in lines["fields"] if field["name"] == "basis")
    assert basis["constraints"]["required"]
    assert "final" in basis["constraints"]["enum"]
    for home, name in ((reference["reference"]["resource"], reference["reference"]["fields"][0]) for resource in resources.values() for reference in resource.get("schema", {}).get("foreignKeys", ()) if reference["reference"]["resource"]):
        assert name in {field["name"] for field in resources[home]["schema"]["fields"]}
