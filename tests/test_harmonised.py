"""One concept over years and places, bodies that survive renaming, the panel with its gaps: on documents built by hand."""

from __future__ import annotations

import csv
import io
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from extract.document import Document, Source, Span
from gongkai import dataset, harmonised, lineage, schema
from gongkai.cli import main
from gongkai.jobs import compact
from gongkai.panel import panel
from gongkai.rows import data_rows, document_row
from normalize.codes import entries
from normalize.concepts import changes, concepts, described, subject_name, subject_of
from normalize.disclosure import stamped
from normalize.records import BudgetLine, Disclosure, Finding, Identity, Section
from normalize.renaming import Named, named, renamed_as_a_whole, says_renamed
from normalize.vocabulary import load_csv

if TYPE_CHECKING:
    from pathlib import Path

BUREAU = "重庆市武隆区档案馆"
CODE = "500156"


class Page:
    """An invented document: lines, sections and findings, each on words of its own."""

    def __init__(self, letter: str, year: int, department: str = BUREAU, region: str | None = CODE, stage: str = "final", level: str = "department", title: str = "") -> None:
        self.letter, self.text = letter, ""
        self.identity = Identity(title or None, department, region, entity_level=level, stage=stage, doc_kind=f"{level}_{stage}", fiscal_year=year)
        self.lines: list[BudgetLine] = []
        self.sections: list[Section] = []
        self.findings: list[Finding] = []
        self.status = "ok"

    def put(self, words: str) -> Span:
        start = len(self.text)
        self.text += words + "\n"
        return Span(start, start + len(words))

    def line(self, measure: str | None, raw: str, unit: str = "万元", basis: str = "final", value: str | None = None, **more: Any) -> Page:
        """A figure of the prose; `table_kind` makes it one of a table."""
        origin = "table" if "table_kind" in more else "narrative"
        if origin == "table":
            more = {"table_ordinal": 1, **more}
        self.lines.append(BudgetLine(origin, basis, Decimal(value or raw), unit, raw, self.put(raw), "t", measure=measure, **more))
        return self

    def says(self, words: str) -> Page:
        heading = self.put("一、概况")
        self.sections.append(Section(f"s{len(self.sections)}", None, 1, "一、", "概况", "overview", heading, (self.put(words),)))
        return self

    def unread(self, table_kind: str) -> Page:
        self.findings.append(Finding("cell", "unreadable", "读不出", "not read", table_kind=table_kind))
        return self

    def into(self, output: Path, parent: str | None = None) -> str:
        """Write it; the id of the document."""
        source = Source(f"{self.letter}.html", self.letter * 64, "text/html", "utf-8")
        document = Document(source, self.text, ())
        disclosure = stamped(Disclosure(document.id, self.status, self.identity, budget_lines=tuple(self.lines), sections=tuple(self.sections), findings=tuple(self.findings)))
        row = document_row((source.address, source.sha256), self.status, "", version="1", read=(document, disclosure), origin={"parent_document_id": parent})
        folder = dataset.folder_of(row)
        dataset.write_folder(output, folder, {document.id: dataset.encoded(row, data_rows(document, disclosure))})
        compact(output)
        return document.id


def found(output: Path, concept: str, basis: str = "final") -> list[dict[str, Any]]:
    return sorted((row for row in harmonised.rows(output) if row["concept_id"] == concept and row["basis"] == basis), key=lambda row: row["fiscal_year"])


# concepts


def test_a_renamed_class_is_one_concept_and_each_year_keeps_its_printed_name(tmp_path: Path) -> None:
    gpb: dict[str, Any] = {"table_kind": "gpb_expenditure", "column": "total", "function_code": "207", "item_code": "207"}
    Page("a", 2018).line("gpb_expenditure", "30.10", item_label="文化体育与传媒支出", **gpb).into(tmp_path)
    Page("b", 2019).line("gpb_expenditure", "32.20", item_label="文化旅游体育与传媒支出", **gpb).into(tmp_path)
    rows = found(tmp_path, "gpb_expenditure:207")
    assert [(row["fiscal_year"], row["printed_label"], row["amount_yuan"]) for row in rows] == [
        (2018, "文化体育与传媒支出", Decimal("301000.00")), (2019, "文化旅游体育与传媒支出", Decimal("322000.00")),
    ]  # fmt: skip
    assert {row["concept_zh"] for row in rows} == {"一般公共预算财政拨款支出：文化旅游体育与传媒支出"}


def test_a_moved_item_is_followed_and_a_merged_one_is_not(tmp_path: Path) -> None:
    for letter, year, code in (("a", 2020, "2089901"), ("b", 2021, "2089999"), ("c", 2018, "20115"), ("d", 2019, "20138")):
        Page(letter, year).line(None, "1.00", table_kind="expenditure_detail", column="total", function_code=code, item_code=code, item_label="x").into(tmp_path)
    assert {row["fiscal_year"]: row["concept_id"].partition(":")[2] for row in harmonised.rows(tmp_path)} == {2020: "2089999", 2021: "2089999", 2018: "20115", 2019: "20138"}


def test_every_change_names_known_subjects_and_years_run_forward() -> None:
    codes = {entry.code for entry in entries("functional")}
    for change in changes():
        assert change.known in {"official", "seen", "recalled"}
        assert (change.change == "new") == (not change.code_before)
        assert change.code_after in codes or subject_name(change.code_after) == change.name_after, change
        assert subject_of(change.code_after, change.year) == change.code_after, change
    assert described("gpb_expenditure:208") == ("一般公共预算财政拨款支出：社会保障和就业支出", "general public budget expenditure: 208")


def test_every_measure_of_money_in_the_fixtures_has_a_concept_with_both_names(root: Path) -> None:
    files = sorted((root / "fixtures").rglob("expected/budget_lines.csv"))
    rows = [row for file in files for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))) if row["measure"] and row["unit"] != "%" and row["role"] in harmonised.ROLES]
    measures = {f"{row['measure']}.{row['category']}" if row["category"] else row["measure"] for row in rows}
    assert len(measures) > 40
    assert measures - concepts().keys() == set()
    assert all(concept.zh and concept.en for concept in concepts().values())


# which line gives the figure


def test_the_concepts_own_table_comes_before_others_and_the_prose(tmp_path: Path) -> None:
    page = Page("a", 2021).line("current_year_revenue", "510.90")
    page.line("current_year_revenue", "510.90", table_kind="rev_exp_summary", column="amount", item_label="本年收入合计")
    page.line("current_year_revenue", "5109012.34", "元", table_kind="revenue_detail", column="total", item_label="合计", table_ordinal=2).into(tmp_path)
    (row,) = found(tmp_path, "current_year_revenue")
    assert (row["amount_yuan"], row["table_kind"], row["agreement"], row["state"]) == (Decimal("5109012.34"), "revenue_detail", "agrees", "stated")
    assert row["row_id"].endswith("-budget_lines-00003")
    assert [other[-5:] for other in row["other_row_ids"]] == ["00002", "00001"]


def test_prose_that_differs_from_the_table_makes_no_figure_and_both_are_named(tmp_path: Path) -> None:
    page = Page("a", 2021).line("current_year_revenue", "511.90")
    page.line("current_year_revenue", "510.90", table_kind="revenue_detail", column="total", item_label="合计").into(tmp_path)
    (row,) = found(tmp_path, "current_year_revenue")
    assert (row["amount_yuan"], row["state"], row["agreement"], row["origin"], len(row["other_row_ids"])) == (None, "ambiguous", "differs", "table", 1)


def test_what_table_and_prose_say_together_outweighs_one_line_of_a_better_place(tmp_path: Path) -> None:
    page = Page("a", 2021).line("current_year_revenue", "511.90").line("current_year_revenue", "511.90", table_kind="fiscal_summary", column="amount", item_label="本年收入合计")
    page.line("current_year_revenue", "510.90", table_kind="revenue_detail", column="total", item_label="合计").into(tmp_path)
    (row,) = found(tmp_path, "current_year_revenue")
    assert (row["amount_yuan"], row["state"], row["agreement"], row["table_kind"]) == (Decimal("5119000.00"), "stated", "differs", "fiscal_summary")


def test_lines_of_one_rank_that_differ_make_no_figure(tmp_path: Path) -> None:
    Page("a", 2021).line("total_revenue", "1.00").line("total_revenue", "2.00").into(tmp_path)
    (row,) = found(tmp_path, "total_revenue")
    assert (row["amount_yuan"], row["state"], row["agreement"]) == (None, "ambiguous", "differs")


def test_one_subject_listed_unit_by_unit_is_no_figure_even_where_the_amounts_are_equal(tmp_path: Path) -> None:
    page = Page("a", 2021)
    for _ in range(2):
        page.line(None, "0.60", table_kind="expenditure_detail", column="total", function_code="208", item_code="208", item_label="社会保障和就业支出")
    page.into(tmp_path)
    (row,) = found(tmp_path, "current_year_expenditure:208")
    assert (row["amount_yuan"], row["state"]) == (None, "ambiguous")


@pytest.mark.parametrize(
    "more",
    [{"role": "reason"}, {"role": "kpi"}, {"project": "巡检"}, {"share_of": "total_revenue"}, {"item_label": "某站", "table_kind": "three_public", "column": "total"}, {"item_label": "气象服务"}],
    ids=["reason", "kpi", "project", "share", "a unit's row", "a subject without its code"],
)
def test_what_is_only_a_part_is_no_figure_of_the_whole(more: dict[str, Any], tmp_path: Path) -> None:
    Page("a", 2021).line("three_public_total", "9.21", **more).into(tmp_path)
    assert found(tmp_path, "three_public_total") == []


def test_a_repaired_value_stands_beside_the_printed_one(tmp_path: Path) -> None:
    Page("a", 2021).line("total_revenue", "48.53", repaired_value=Decimal("448.53"), repair_id="r").into(tmp_path)
    (row,) = found(tmp_path, "total_revenue")
    assert (row["amount_yuan"], row["repaired_yuan"], row["repair_id"]) == (Decimal("485300.00"), Decimal("4485300.00"), "r")


def test_a_statement_of_nothing_is_no_zero(tmp_path: Path) -> None:
    Page("a", 2021).line("gov_fund_expenditure", "无", value="0", role="zero_statement").into(tmp_path)
    Page("b", 2022).line("gov_fund_expenditure", "0.00").into(tmp_path)
    assert [(row["amount_yuan"], row["state"]) for row in found(tmp_path, "gov_fund_expenditure")] == [(None, "declared_empty"), (Decimal("0.00"), "stated")]


# bodies under other names


def bodies(output: Path) -> dict[str, tuple[str, str]]:
    listed = lineage.bodies(output)
    names = {body.department_id: body.department for body in listed.values()}
    return {body.department: (names[body.body_id], body.proof) for body in listed.values()}


def two(output: Path, first: Page, second: Page) -> None:
    first.line("total_revenue", "1.00").into(output)
    second.line("total_revenue", "2.00").into(output)


def test_a_county_that_became_a_district_keeps_its_bodies(tmp_path: Path) -> None:
    two(tmp_path, Page("a", 2015, "重庆市武隆县档案馆", "500232"), Page("b", 2020))
    assert bodies(tmp_path) == {"重庆市武隆县档案馆": ("重庆市武隆县档案馆", "same"), BUREAU: ("重庆市武隆县档案馆", "place")}
    rows = found(tmp_path, "total_revenue")
    assert len({row["body_id"] for row in rows}) == 1
    assert len({row["department_id"] for row in rows}) == 2


OLD, NEW = "重庆市武隆区环境保护局", "重庆市武隆区生态环境局"


@pytest.mark.parametrize(
    "words",
    ["2019年机构改革，区环境保护局更名为区生态环境局。", "武隆区生态环境局（原武隆区环境保护局）是区政府工作部门。", "区生态环境局由原区环境保护局更名而来。", "原重庆市武隆区环境保护局更名为重庆市武隆区生态环境局。"],
)
def test_a_document_that_says_so_joins_two_names(words: str, tmp_path: Path) -> None:
    two(tmp_path, Page("a", 2018, OLD), Page("b", 2019, NEW).says(words))
    assert bodies(tmp_path)[NEW] == (OLD, "document")
    (body,) = [body for body in lineage.bodies(tmp_path).values() if body.department == NEW]
    assert body.row_id is not None
    assert body.row_id.endswith("-sections-00001")
    assert body.evidence is not None
    assert body.evidence in words
    assert lineage.candidates(tmp_path) == []


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (Page("a", 2018, OLD), Page("b", 2019, NEW), "reform"),
        (Page("a", 2018, OLD), Page("b", 2019, NEW).says("将区环境保护局更名为区生态环境局，区地质队划入该局。"), "merged"),
        (Page("a", 2018, OLD), Page("b", 2019, NEW).says("巫山区环境保护局更名为巫山区生态环境局。"), "reform"),
        (Page("a", 2018, OLD), Page("b", 2019, NEW).says("区环境保护局办公室更名为区生态环境局办公室。"), "reform"),
        (Page("a", 2018, "重庆市武隆区旅游产业发展中心"), Page("b", 2020, "重庆市武隆区旅游产业发展服务中心"), "alike"),
        (Page("a", 2018, BUREAU, None), Page("b", 2018), "region_unknown"),
        (Page("a", 2018, "档案馆"), Page("b", 2019), "unplaced"),
    ],
    ids=["a reform", "joined with another", "another county", "an office of it", "names alike", "no region", "no place in the name"],
)
def test_what_is_not_proven_is_a_candidate_with_its_reason(first: Page, second: Page, reason: str, tmp_path: Path) -> None:
    two(tmp_path, first, second)
    assert all(name == of for name, (of, _) in bodies(tmp_path).items())
    assert [(one.before.department, one.after.department, one.reason) for one in lineage.candidates(tmp_path)] == [(first.identity.department, second.identity.department, reason)]
    (row,) = lineage.candidate_rows(tmp_path)
    assert row["reason_zh"]
    assert row["reason_en"]


def test_two_bodies_that_are_said_to_have_become_one_are_not_joined(tmp_path: Path) -> None:
    Page("a", 2018, OLD).into(tmp_path)
    Page("b", 2018, "重庆市武隆区环境监测站").into(tmp_path)
    Page("c", 2019, NEW).says("区环境保护局更名为区生态环境局。").says("区环境监测站更名为区生态环境局。").into(tmp_path)
    assert bodies(tmp_path)[NEW] == (NEW, "same")
    assert {(one.before.department, one.reason) for one in lineage.candidates(tmp_path)} == {(OLD, "several"), ("重庆市武隆区环境监测站", "several")}


def test_bodies_of_two_places_and_two_bodies_of_one_place_are_apart(tmp_path: Path) -> None:
    two(tmp_path, Page("a", 2018, "重庆市南川区档案馆", "500119"), Page("b", 2019))
    Page("c", 2019, "重庆市武隆区财政局").into(tmp_path)
    assert all(name == of for name, (of, _) in bodies(tmp_path).items())
    assert lineage.candidates(tmp_path) == []


def test_places_made_of_several_prove_nothing() -> None:
    assert renamed_as_a_whole(CODE)
    successors = Counter(row["successor"] for row in load_csv("divisions.csv") if row["successor"] and row["successor"] != row["code"])
    joined = [code for code, count in successors.items() if count > 1]
    assert joined
    assert not any(map(renamed_as_a_whole, joined))
    assert named(BUREAU, CODE, 2020).rest == "档案馆"
    assert says_renamed("县志馆原址", Named(None, "志馆"), Named(None, "原址")) is None


# the panel


def cells(output: Path, **chosen: Any) -> dict[tuple[int, str], tuple[Decimal | None, str | None]]:
    return {(row["fiscal_year"], row["concept_id"]): (row["amount_yuan"], row["gap"]) for row in panel(output, **chosen).to_pylist()}


def test_the_panel_names_every_gap(tmp_path: Path) -> None:
    measures = ["total_revenue", "gov_fund_expenditure", "three_public_total"]
    page = Page("a", 2020).line("total_revenue", "606.04").line("gov_fund_expenditure", "无", value="0", role="zero_statement").unread("three_public")
    identifier = page.into(tmp_path)
    Page("b", 2022).line("total_revenue", "1.00").line("total_revenue", "2.00").line("three_public_total", "9.21").into(tmp_path)
    assert cells(tmp_path, measures=measures) == {
        (2020, "total_revenue"): (Decimal("6060400.00"), None),
        (2020, "gov_fund_expenditure"): (None, "declared_empty"),
        (2020, "three_public_total"): (None, "unreadable"),
        (2021, "total_revenue"): (None, "not_in_dataset"),
        (2021, "gov_fund_expenditure"): (None, "not_in_dataset"),
        (2021, "three_public_total"): (None, "not_in_dataset"),
        (2022, "total_revenue"): (None, "ambiguous"),
        (2022, "gov_fund_expenditure"): (None, "not_disclosed"),
        (2022, "three_public_total"): (Decimal("92100.00"), None),
    }
    first = panel(tmp_path, measures=["total_revenue"], years=[2020]).to_pylist()[0]
    assert (first["row_id"], first["document_id"], first["agreement"], first["concept_zh"], first["basis"]) == (f"{identifier}-budget_lines-00001", identifier, "alone", "收入总计", "final")


def test_a_page_with_its_figures_in_an_attachment_is_told_from_one_that_is_silent(tmp_path: Path) -> None:
    page = Page("a", 2020)
    page.status = "attachments_only"
    page.into(tmp_path)
    other = Page("b", 2021)
    other.status = "attachments_only"
    parent = other.into(tmp_path)
    assert cells(tmp_path, measures=["total_revenue"]) == {(2020, "total_revenue"): (None, "not_in_dataset"), (2021, "total_revenue"): (None, "not_in_dataset")}
    scan = Page("c", 2021)
    scan.status = "needs_ocr"
    scan.into(tmp_path, parent)
    assert cells(tmp_path, measures=["total_revenue"])[2021, "total_revenue"] == (None, "unreadable")


def test_the_panel_follows_a_body_through_its_names(tmp_path: Path) -> None:
    two(tmp_path, Page("a", 2018, OLD), Page("b", 2019, NEW).says("区环境保护局更名为区生态环境局。"))
    rows = panel(tmp_path, measures=["total_revenue"], departments=[NEW]).to_pylist()
    assert [(row["fiscal_year"], row["department"], row["amount_yuan"]) for row in rows] == [(2018, OLD, Decimal("10000.00")), (2019, NEW, Decimal("20000.00"))]
    assert {row["body_id"] for row in rows} == {schema.department_id(CODE, OLD)}


def test_a_correction_comes_first_and_the_other_version_is_named(tmp_path: Path) -> None:
    first = Page("a", 2020).line("total_revenue", "606.04").into(tmp_path)
    second = Page("b", 2020, title="2020年度部门决算（更正）").line("total_revenue", "616.04").into(tmp_path)
    (row,) = panel(tmp_path, measures=["total_revenue"]).to_pylist()
    assert (row["amount_yuan"], row["document_id"], row["agreement"]) == (Decimal("6160400.00"), second, "differs")
    assert row["other_row_ids"] == [f"{first}-budget_lines-00001"]


def test_department_and_unit_are_two_rows_and_stages_have_their_own_basis(tmp_path: Path) -> None:
    Page("a", 2020).line("total_revenue", "9.00").into(tmp_path)
    Page("b", 2020, level="unit").line("total_revenue", "4.00").into(tmp_path)
    Page("c", 2020, stage="budget").line("total_revenue", "8.00", basis="initial_budget").into(tmp_path)
    rows = panel(tmp_path, measures=["total_revenue"]).to_pylist()
    assert [(row["entity_level"], row["stage"], row["basis"], row["amount_yuan"]) for row in rows] == [
        ("department", "budget", "initial_budget", Decimal("80000.00")), ("department", "final", "final", Decimal("90000.00")), ("unit", "final", "final", Decimal("40000.00")),
    ]  # fmt: skip


def test_the_command_writes_both_forms_and_prints_csv_without_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "output"
    Page("a", 2020).line("total_revenue", "606.04").into(output)
    asked = ["panel", str(output), "--measure", "total_revenue", "--measure", "gpb_expenditure:208", "--year", "2020"]
    assert main(asked) == 0
    printed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["concept_id"], row["amount_yuan"], row["gap"], row["region_code"]) for row in printed] == [("total_revenue", "6060400.00", "", CODE), ("gpb_expenditure:208", "", "not_disclosed", CODE)]
    assert main([*asked, "--csv", str(tmp_path / "p.csv"), "--parquet", str(tmp_path / "p.parquet")]) == 0
    assert list(csv.DictReader(io.StringIO((tmp_path / "p.csv").read_text(encoding="utf-8")))) == printed
    assert pq.read_table(tmp_path / "p.parquet").equals(panel(output, measures=["total_revenue", "gpb_expenditure:208"], years=[2020]))
    assert main(["panel", str(output), "--measure", "no_such"]) == 2
    assert main(["panel", str(tmp_path)]) == 2


def test_a_dataset_without_accounts_has_an_empty_panel(tmp_path: Path) -> None:
    page = Page("a", 2020)
    page.status = "not_a_disclosure"
    page.identity = Identity(department=BUREAU, region_code=CODE)
    page.into(tmp_path)
    assert panel(tmp_path).num_rows == 0
