"""`gongkai check`: the ledger for people, what is disclosed at all, the exit code for pipelines, and the checks across documents."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from extract.document import Document, Source, Span
from gongkai import dataset, ledger
from gongkai.check import coverage
from gongkai.cli import main
from gongkai.jobs import compact
from gongkai.rows import data_rows, document_row
from normalize.disclosure import stamped
from normalize.records import BudgetLine, Disclosure, Finding, Identity, OrganisationItem, Section

if TYPE_CHECKING:
    from pathlib import Path

BUREAU = "青禾市示例局"
Figure = tuple[str, str, str]  # measure, basis, printed


class Page:
    """Collects the text of an invented document while figures are put on it."""

    def __init__(self) -> None:
        self.text = ""

    def put(self, words: str) -> Span:
        start = len(self.text)
        self.text += words + "\n"
        return Span(start, start + len(words))


def add(
    output: Path, letter: str, figures: list[Figure], *, department: str = BUREAU, year: int = 2031, stage: str = "final", level: str = "department", units: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (), **more: Any,
) -> str:  # fmt: skip
    """Write one document with these figures (万元) into the dataset; its id."""
    page = Page()
    lines = tuple(BudgetLine("narrative", basis, Decimal(raw), "万元", raw, page.put(raw), "t", measure=measure, **more) for measure, basis, raw in figures)
    organisation = tuple(OrganisationItem("subordinate_unit", place, name, name, page.put(name)) for place, name in enumerate(units, 1))
    source = Source(f"{letter}.html", letter * 64, "text/html", "utf-8")
    document = Document(source, page.text, ())
    identity = Identity(department=department, region_code="530199", entity_level=level, stage=stage, doc_kind=f"{level}_{stage}", fiscal_year=year)
    disclosure = stamped(Disclosure(document.id, "ok", identity, budget_lines=lines, organisation=organisation, findings=findings))
    row = document_row((source.address, source.sha256), "ok", "", version="1", read=(document, disclosure))
    dataset.write_folder(output, dataset.folder_of(row), {document.id: dataset.encoded(row, data_rows(document, disclosure))})
    compact(output)
    return document.id


def crossed(output: Path) -> list[tuple[str, str, str]]:
    return [(row["check_id"], row["status"], row["message_zh"].partition("：")[2]) for row in ledger.write(output)]


def test_last_year_is_told_as_it_was_then(tmp_path: Path) -> None:
    add(tmp_path, "a", [("total_expenditure", "final", "606.04"), ("meeting_expenditure", "final", "3.10")], year=2030)
    add(tmp_path, "b", [("total_expenditure", "prior_final", "606.04"), ("meeting_expenditure", "prior_final", "1.30")])
    assert crossed(tmp_path) == [
        ("last_year_is_told_alike", "fail", "1.30，另一文件为3.10"),
        ("last_year_is_told_alike", "pass", "1项相符"),
    ]


def test_a_budget_is_carried_into_the_final_account_in_either_unit(tmp_path: Path) -> None:
    add(tmp_path, "a", [("total_expenditure", "initial_budget", "590.38")], stage="budget")
    add(tmp_path, "b", [("total_expenditure", "initial_budget", "590.38"), ("total_expenditure", "final", "606.04")])
    assert crossed(tmp_path) == [("budget_is_carried_into_final", "pass", "1项相符")]


def test_units_sum_to_their_department_only_where_all_are_there(tmp_path: Path) -> None:
    add(tmp_path, "a", [("total_expenditure", "final", "100.00")], units=("青禾市示例中心", "青禾市示例站"))
    add(tmp_path, "b", [("total_expenditure", "final", "70.00")], department="青禾市示例中心", level="unit")
    assert crossed(tmp_path) == [("units_are_within_department", "pass", "1项相符")]
    add(tmp_path, "c", [("total_expenditure", "final", "20.00")], department="青禾市示例站", level="unit")
    assert crossed(tmp_path) == [("units_are_within_department", "fail", "70.00+20.00，另一文件为100.00")]
    assert ledger.write(tmp_path)[0]["difference_yuan"] == Decimal("-100000.00")


def test_one_document_published_twice_with_other_numbers_is_in_the_ledger(tmp_path: Path) -> None:
    first = add(tmp_path, "a", [("total_expenditure", "final", "606.04")])
    second = add(tmp_path, "b", [("total_expenditure", "final", "616.04")])
    (row,) = ledger.write(tmp_path)
    assert (row["check_id"], row["severity"], set(row["document_ids"])) == ("published_twice_alike", "likely", {first, second})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([("total_expenditure", "final", "1.00")], [("total_expenditure", "final", "2.00")]),
        ([("total_expenditure", "final", "1.00"), ("total_expenditure", "final", "3.00")], [("total_expenditure", "prior_final", "2.00")]),
    ],
    ids=["another basis", "a figure in doubt itself"],
)
def test_figures_without_a_counterpart_are_left_alone(tmp_path: Path, first: list[Figure], second: list[Figure]) -> None:
    add(tmp_path, "a", first, year=2030)
    add(tmp_path, "b", second)
    assert crossed(tmp_path) == []


def test_an_item_known_by_its_label_alone_has_no_counterpart(tmp_path: Path) -> None:
    add(tmp_path, "a", [("gpb_expenditure", "final", "1.00")], year=2030, item_label="行政运行")
    add(tmp_path, "b", [("gpb_expenditure", "prior_final", "2.00")], item_label="行政运行")
    assert crossed(tmp_path) == []


def test_the_ledger_lies_beside_the_data_in_both_forms(tmp_path: Path) -> None:
    add(tmp_path, "a", [("total_expenditure", "final", "606.04")], year=2030)
    add(tmp_path, "b", [("total_expenditure", "prior_final", "606.04")])
    written = ledger.write(tmp_path)
    assert pq.read_table(tmp_path / "data" / "ledger.parquet").to_pylist() == written
    assert len((tmp_path / "data" / "ledger.csv").read_text(encoding="utf-8").splitlines()) == 2


def wrong(severity: str) -> tuple[Finding, ...]:
    return (
        Finding("revenue_equals_expenditure", "fail", "收入总计 = 支出总计：600万元，印为606万元", "600万元, printed 606万元", severity),
        Finding("share_is_part_of_whole", "pass", "相符", "agree"),
    )


@pytest.mark.parametrize(("severity", "fail_on", "code"), [("certain", "certain", 7), ("likely", "certain", 0), ("likely", "look", 7), ("look", "likely", 0), ("note", "look", 0), ("certain", None, 0)])
def test_the_exit_code_tells_a_pipeline_what_it_asked_for(tmp_path: Path, severity: str, fail_on: str | None, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    add(tmp_path, "a", [("total_expenditure", "final", "606.04")], findings=wrong(severity))
    assert main(["check", str(tmp_path), *(["--fail-on", fail_on] if fail_on else [])]) == code
    shown = capsys.readouterr().out
    assert BUREAU in shown
    assert ("revenue_equals_expenditure" in shown) == (severity != "note")
    assert all(words in shown for words in ("核对台账 the ledger", "公开情况 what is disclosed", "2031", "决算"))


def test_a_folder_without_a_dataset_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert "gongkai run" in capsys.readouterr().err


def test_what_is_disclosed_is_told_from_what_is_denied_missing_or_unread(tmp_path: Path) -> None:
    page = Page()
    cell = BudgetLine("table", "final", Decimal(1), "万元", "1.00", page.put("1.00"), "t", table_kind="three_public", table_ordinal=1, column="total", measure="three_public_total")
    none = BudgetLine("narrative", "final", Decimal(0), "万元", "无", page.put("无"), "t", measure="gov_fund_expenditure", role="zero_statement")
    section = Section("s", None, 1, "一、", "部门职责", "overview.duties", page.put("部门职责"))
    source = Source("a.html", "a" * 64, "text/html", "utf-8")
    document = Document(source, page.text, ())
    disclosure = stamped(Disclosure(document.id, "ok", Identity(department=BUREAU, fiscal_year=2031, stage="final"), budget_lines=(cell, none), sections=(section,)))
    row = document_row((source.address, source.sha256), "ok", "", version="1", read=(document, disclosure))
    dataset.write_folder(tmp_path, dataset.folder_of(row), {document.id: dataset.encoded(row, data_rows(document, disclosure))})
    compact(tmp_path)
    found = coverage(tmp_path, {(document.id, "revenue_detail")})[document.id]
    assert {kind: state for kind, state in found["table"].items() if state != "missing"} == {"three_public": "found", "gov_fund": "declared_empty", "revenue_detail": "unreadable"}
    assert {kind for kind, state in found["section"].items() if state == "found"} == {"overview.duties"}
    assert {measure for measure, state in found["statement"].items() if state == "found"} == {"three_public_total"}
