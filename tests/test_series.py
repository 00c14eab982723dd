"""fixtures/series: the pages are what the generator writes, what is read from them is what was drawn, and the planted faults are all that fails."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from fixtures.generators.series import FAULTS, FOLDER, MISSING, pages, series_toml
from fixtures.generators.series_accounts import DEPARTMENTS, YEARS, drawn
from gongkai import lineage
from gongkai.cli import main
from gongkai.panel import panel
from gongkai.validation import validate

if TYPE_CHECKING:
    from pathlib import Path

DRAWN = {place: figures for place, figures in drawn().items() if place[1] in YEARS and place != MISSING}
FAULTY = {(DRAWN[fault.department, fault.year].name, fault.year): fault for fault in FAULTS}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("series") / "output"
    assert main(["run", str(FOLDER), "--output", str(output), "--progress", "none"]) == 0
    assert main(["check", str(output)]) == 0
    return output


def rows(dataset: Path, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(dataset / "data" / f"{table}.parquet").to_pylist()
    return found


def test_the_pages_are_what_the_generator_writes_and_small() -> None:
    written = dict(pages())
    kept = {str(file.relative_to(FOLDER).as_posix()): file.read_bytes() for file in FOLDER.glob("*/*")}
    assert kept == written
    assert (FOLDER / "series.toml").read_text(encoding="utf-8") == series_toml()
    assert len(written) == len(DEPARTMENTS) * len(YEARS) - 1
    assert sum(map(len, written.values())) < 420_000


def test_every_sum_that_was_drawn_is_true_from_year_to_year() -> None:
    figures = drawn()
    for (key, year), now in figures.items():
        account = now.account
        assert account.received() + account.balance("opening") == account.spent() + account.balance("closing") == now.total
        assert now.personnel + now.public == account.spent(part="basic", sources=("gpb",))
        assert account.spent(part="basic") + account.spent(part="project") == account.spent()
        if (key, year - 1) in figures:
            assert account.balance("opening") == figures[key, year - 1].account.balance("closing")


def test_every_page_is_read_whole_and_nothing_else_is(dataset: Path) -> None:
    documents = rows(dataset, "documents")
    assert [row["status"] for row in documents] == ["ok"] * len(DRAWN)
    assert {(row["department"], row["fiscal_year"], row["doc_kind"]) for row in documents} == {(now.name, now.year, "department_final") for now in DRAWN.values()}
    assert rows(dataset, "unexplained_numbers") == []
    assert validate(dataset) == 0


def test_the_figures_are_those_that_were_drawn(dataset: Path) -> None:
    read = {(row["department"], row["fiscal_year"], row["concept"], row["basis"]): row for row in rows(dataset, "figures")}
    doubtful = {(name, year, concept) for (name, year), fault in FAULTY.items() for concept in fault.doubtful}
    for now in DRAWN.values():
        for (concept, basis), amount in now.figures().items():
            row = read[now.name, now.year, concept, basis]
            if (now.name, now.year, concept) in doubtful:
                assert row["state"] == "ambiguous" or row["amount_yuan"] == amount * 10_000, row
            else:
                assert (row["state"], row["amount_yuan"]) == ("stated", amount * 10_000), row


def test_the_planted_faults_are_told_and_nothing_else_fails(dataset: Path) -> None:
    told: dict[tuple[str, int], set[str]] = defaultdict(set)
    for row in rows(dataset, "findings"):
        if row["status"] == "fail":
            told[row["department"], row["fiscal_year"]].add(row["check_id"])
    for row in rows(dataset, "ledger"):
        if row["status"] == "fail":
            told[row["department"], row["fiscal_year"]].add(f"L:{row['check_id']}")
    assert told == {place: set(fault.checks) for place, fault in FAULTY.items()}


def test_the_page_that_is_missing_is_a_gap_with_its_reason(dataset: Path) -> None:
    found = panel(dataset, measures=["total_expenditure", "three_public_total"]).to_pylist()
    gaps = {(row["department"], row["fiscal_year"], row["concept_id"], row["gap"]) for row in found if row["gap"]}
    name = DRAWN[MISSING[0], MISSING[1] - 1].name
    unclear = DRAWN["science", 2021].name
    assert gaps == {(name, MISSING[1], "total_expenditure", "not_in_dataset"), (name, MISSING[1], "three_public_total", "not_in_dataset"), (unclear, 2021, "three_public_total", "ambiguous")}


def test_the_department_that_was_renamed_is_one_body_and_so_is_its_subject(dataset: Path) -> None:
    names = {row["department"]: row for row in lineage.rows(dataset)}
    before, after = DRAWN["culture", 2018].name, DRAWN["culture", 2019].name
    assert names[after]["body_id"] == names[before]["department_id"] == names[before]["body_id"]
    assert names[after]["proof"] == "document"
    classes = {row["class_name"]: row["class_name_now"] for row in rows(dataset, "figures") if row["function_code"] == "207"}
    assert classes == {"文化体育与传媒支出": "文化旅游体育与传媒支出", "文化旅游体育与传媒支出": "文化旅游体育与传媒支出"}
    body = [row for row in panel(dataset, measures=["gpb_expenditure:207"], departments=[after]).to_pylist() if not row["gap"]]
    assert [row["fiscal_year"] for row in body] == list(YEARS)
