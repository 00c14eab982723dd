"""What people decided: files that merge, keys that outlive an extraction, and what figures, panel and views make of them."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import gongkai
from gongkai import overrides, schema
from gongkai.cli import main
from gongkai.dataset import TABLES
from gongkai.errors import OutputError, UsageError
from gongkai.figures import reviewed
from gongkai.overrides import Decision, decide, file_name, keys, load, raw_of, resolve, withdraw
from gongkai.panel import panel

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("chengkou-climate-2021-final-txt", "pengxi-stone-2021-final")
TIME = "2024-05-01T08:00:00Z"


def ran(output: Path, *names: str) -> int:
    return main(["run", *(str(FIXTURES / name) for name in names), "--output", str(output), "--progress", "none"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("overrides") / "out"
    assert ran(output, *NAMES) == 0
    return output


@pytest.fixture
def dataset(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "out"))


def rows(output: Path, table: str) -> list[dict[str, Any]]:
    return list(pq.read_table(output / "data" / f"{table}.parquet").to_pylist())


def about(output: Path, table: str = "budget_lines", field: str = "value", reviewer: str = "王敏", new: str | None = None, *, row: dict[str, Any] | None = None, **wanted: Any) -> Decision:
    """A decision about a row as it stands there."""
    held = rows(output, table)
    row = row or next(row for row in held if all(row[name] == value for name, value in wanted.items()))
    document = next(one for one in rows(output, "documents") if one["document_id"] == row["document_id"])
    key = keys([one for one in held if one["document_id"] == row["document_id"]])[row["row_id"]]
    action, text = ("confirm", "") if new is None else ("correct", new)
    return Decision(document["source_sha256"], table, key, field, action, raw_of(row, field), overrides.as_text(row[field]), text, "看过原件", reviewer, TIME)


TOTAL: dict[str, Any] = {"measure": "three_public_total", "basis": "final", "origin": "narrative"}


def statuses(output: Path) -> list[str]:
    return [one.status for one in resolve(output)]


# keys and values


def test_every_row_of_every_table_has_a_key_of_its_own_that_does_not_hang_on_its_number(whole: Path) -> None:
    for table in TABLES[1:]:
        held = rows(whole, table)
        for document_id in {row["document_id"] for row in held}:
            own = [row for row in held if row["document_id"] == document_id]
            found = keys(own)
            assert len(set(found.values())) == len(own)
            renumbered = [{**row, "row_id": f"{document_id}-{table}-{number:05}"} for number, row in enumerate(own, 90_000)]
            assert list(keys(renumbered).values()) == list(found.values())
            assert all("\n" not in key and len(key) < 400 for key in found.values())
    one = about(whole, **TOTAL)
    assert one.row_key.startswith("narrative|three_public_total|final|stated")
    assert one.row_key.endswith("#1")


def test_every_table_with_rows_has_key_columns_that_it_has() -> None:
    for table in TABLES[1:]:
        assert set(overrides.key_columns(table)) <= {column.name for column in schema.own_columns(table)}
        assert overrides.fields(table)


@pytest.mark.parametrize(("table", "field", "text"), [
    ("budget_lines", "value", "九点二"), ("budget_lines", "value", "1,200.40"), ("budget_lines", "value", "1e3"), ("budget_lines", "value", "NaN"), ("budget_lines", "value", "１２"),
    ("budget_lines", "value", "1234567890123456789"), ("budget_lines", "value", "0.0000001"), ("budget_lines", "basis", "finall"), ("budget_lines", "basis", ""), ("budget_lines", "item_code", "abc"),
    ("budget_lines", "table_ordinal", "0"), ("budget_lines", "table_ordinal", "1.5"), ("indicators", "is_placeholder", "maybe"), ("glossary", "term", ""),
])  # fmt: skip
def test_a_value_that_a_column_cannot_hold_is_refused_in_two_languages(dataset: Path, table: str, field: str, text: str) -> None:
    decision = about(dataset, **TOTAL)._replace(table=table, field=field, action="correct", new_value=text)
    with pytest.raises(UsageError, match=r"(?s)[一-鿿].* / "):
        decide(dataset, decision)
    assert not (dataset / "overrides").exists()


@pytest.mark.parametrize("change", [
    {"table": "documents"}, {"table": "figures"}, {"table": "../x"}, {"field": "row_id"}, {"field": "raw"}, {"field": "repair_id"}, {"field": "department"}, {"field": "amount_yuan"}, {"action": "delete"},
    {"document_sha256": "a"}, {"row_key": ""}, {"reviewer": " "}, {"reviewer": "a\nb"}, {"time": "yesterday"}, {"time": "2024-13-01T00:00:00Z"}, {"new_value": "1"},
])  # fmt: skip
def test_a_decision_that_cannot_be_meant_is_refused(dataset: Path, change: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        decide(dataset, about(dataset, **TOTAL)._replace(**change))


# files


def test_a_decision_is_one_line_read_back_exactly_and_nothing_in_it_runs(dataset: Path) -> None:
    odd = about(dataset, **TOTAL)._replace(raw_seen="=1+1\n二\r\\n", reason="@SUM(A1), \"引号\"\t'")
    assert decide(dataset, odd) is None
    file = dataset / "overrides" / "王敏.csv"
    text = file.read_bytes()
    assert (text.count(b"\n"), text.count(b"\r")) == (2, 0)
    assert load(dataset) == [odd]
    cells = next(iter(csv.reader([file.read_text(encoding="utf-8").splitlines()[1]])))
    assert [cell[0] for cell in cells if cell[:1] in {"=", "@", "'"}] == ["'", "'"]


def test_lines_stand_by_key_whatever_the_order_they_were_decided_in(dataset: Path) -> None:
    decisions = [about(dataset, row=row) for row in rows(dataset, "budget_lines")[:6]]
    for decision in reversed(decisions):
        decide(dataset, decision)
    once = (dataset / "overrides" / "王敏.csv").read_bytes()
    assert load(dataset) == sorted(decisions)
    shutil.rmtree(dataset / "overrides")
    for decision in decisions:
        decide(dataset, decision)
    assert (dataset / "overrides" / "王敏.csv").read_bytes() == once


def test_a_second_decision_takes_the_place_of_the_first_and_can_be_withdrawn(dataset: Path) -> None:
    first, second = about(dataset, **TOTAL), about(dataset, new="9.31", **TOTAL)
    assert decide(dataset, first) is None
    assert decide(dataset, second) == first
    assert load(dataset) == [second]
    assert withdraw(dataset, first) == second
    assert withdraw(dataset, first) is None
    assert load(dataset) == []
    assert list((dataset / "overrides").iterdir()) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "CON", "nul.txt", "x" * 300, ".hidden", "a\\b", "a:b", "é/", "王敏" * 80])
def test_a_reviewer_is_a_file_in_its_folder_whatever_the_name(dataset: Path, name: str) -> None:
    decide(dataset, about(dataset, reviewer=name, **TOTAL))
    (file,) = (dataset / "overrides").iterdir()
    assert file.name == file_name(name)
    assert not file.name.startswith(".")
    assert len(file.name.encode()) < 200
    assert load(dataset)[0].reviewer == name


def test_names_that_look_alike_as_files_are_two_files() -> None:
    assert len({file_name(name) for name in ("a/b", "a:b", "a_b")}) == 3


@pytest.mark.parametrize("text", [b"\xff\xfe", b"", b"nonsense\n", b"<<<<<<< HEAD\n"])
def test_a_file_that_is_none_of_ours_is_named_and_not_overwritten(dataset: Path, text: bytes) -> None:
    one = about(dataset, **TOTAL)
    decide(dataset, one)
    file = dataset / "overrides" / "王敏.csv"
    file.write_bytes(text)
    assert statuses(dataset) in (["invalid"], [])
    if text:
        with pytest.raises(OutputError, match=r"overrides/王敏\.csv"):
            decide(dataset, one)
        assert file.read_bytes() == text


def test_lines_that_cannot_be_read_are_named_and_the_others_hold(dataset: Path) -> None:
    one = about(dataset, **TOTAL)
    decide(dataset, one)
    file = dataset / "overrides" / "王敏.csv"
    line = file.read_text(encoding="utf-8").splitlines()[1]
    more = [line.replace("budget_lines", "budget_linen"), "<<<<<<< HEAD", line.replace(",confirm,", ",agree,")]
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n") + "\r\n".join([*more, ""]).encode())  # as a Windows editor leaves it
    assert load(dataset) == [one]
    found = list(resolve(dataset))
    assert sorted(one.status for one in found) == ["applied", "invalid", "invalid", "invalid"]
    assert {one.where for one in found} == {f"overrides/王敏.csv:{number}" for number in (2, 3, 4, 5)}
    assert all(one.zh and one.en for one in found if one.status == "invalid")


# what becomes of them


def test_other_text_a_row_that_is_gone_and_a_document_that_is_gone_are_told_apart(dataset: Path) -> None:
    one = about(dataset, **TOTAL)
    decide(dataset, one._replace(raw_seen="9.22万元"))
    decide(dataset, one._replace(row_key="narrative|nothing|final|stated#1"))
    decide(dataset, one._replace(document_sha256="0" * 64))
    decide(dataset, one._replace(field="unit", value_seen="元"))  # confirmed as another value than is read now
    assert sorted(statuses(dataset)) == ["conflict", "conflict", "orphan", "orphan"]
    assert all(one.zh and one.en for one in resolve(dataset))
    assert ran(dataset, *NAMES) == 0
    told = rows(dataset, "corrections")
    assert len(told) == 4
    assert {row["corrected"] for row in told} == {row["amount_yuan_corrected"] for row in told} == {None}
    assert main(["validate", str(dataset)]) == 0


def test_people_who_contradict_each_other_are_named_and_people_who_agree_both_hold(dataset: Path) -> None:
    decide(dataset, about(dataset, new="9.31", **TOTAL))
    decide(dataset, about(dataset, new="9.310", reviewer="李强", **TOTAL))
    assert statuses(dataset) == ["applied", "applied"]
    decide(dataset, about(dataset, reviewer="李强", **TOTAL))
    found = list(resolve(dataset))
    assert [one.status for one in found] == ["disputed", "disputed"]
    assert all("李强" in one.en and "王敏" in one.zh for one in found)
    decide(dataset, about(dataset, reviewer="李强", **TOTAL)._replace(raw_seen="old text"))  # of another text: no contradiction
    assert sorted(statuses(dataset)) == ["applied", "conflict"]


def test_a_run_that_reads_nothing_applies_new_decisions_and_only_them(dataset: Path) -> None:
    before = {file.name: file.read_bytes() for file in (dataset / "data").iterdir()}
    departments = {file: file.read_bytes() for file in (dataset / "departments").rglob("*.*") if file.is_file()}
    corrected = about(dataset, new="9.31", **TOTAL)
    decide(dataset, corrected)
    assert ran(dataset, *NAMES) == 0
    after = {file.name: file.read_bytes() for file in (dataset / "data").iterdir()}
    assert {name for name in after if after[name] != before[name]} <= {"corrections.csv", "corrections.parquet", "figures.csv", "figures.parquet"}
    assert {file: file.read_bytes() for file in (dataset / "departments").rglob("*.*") if file.is_file()} == departments
    (row,) = rows(dataset, "corrections")
    assert (row["status"], row["extracted"], row["corrected"], row["amount_yuan_corrected"]) == ("applied", "9.21", "9.31", Decimal("93100.00"))
    assert main(["validate", str(dataset)]) == 0
    assert ran(dataset, *NAMES) == 0
    assert {file.name: file.read_bytes() for file in (dataset / "data").iterdir()} == after
    withdraw(dataset, corrected)
    assert main(["overrides", "apply", str(dataset)]) == 0
    assert {file.name: file.read_bytes() for file in (dataset / "data").iterdir()} == before


def test_decisions_outlive_a_dataset_that_is_made_anew(dataset: Path, tmp_path: Path) -> None:
    decide(dataset, about(dataset, new="9.31", **TOTAL))
    shutil.copytree(dataset / "overrides", tmp_path / "fresh" / "overrides")  # as a checkout of git leaves it
    assert ran(tmp_path / "fresh", *NAMES) == 0
    assert ran(dataset, *NAMES) == 0
    for name in ("corrections", "figures"):
        assert (tmp_path / "fresh" / "data" / f"{name}.csv").read_bytes() == (dataset / "data" / f"{name}.csv").read_bytes()


def test_value_and_unit_of_one_line_make_its_yuan_together(dataset: Path) -> None:
    decide(dataset, about(dataset, new="92.1", **TOTAL))
    decide(dataset, about(dataset, field="unit", new="元", **TOTAL))
    assert {one.amount_yuan for one in resolve(dataset)} == {Decimal("92.10")}


def test_a_correction_to_nothing_is_told_as_one(dataset: Path) -> None:
    decide(dataset, about(dataset, new="", **TOTAL))
    assert ran(dataset, *NAMES) == 0
    (row,) = rows(dataset, "corrections")
    assert (row["status"], row["action"], row["corrected"], row["amount_yuan_corrected"]) == ("applied", "correct", None, None)


def test_fields_of_forms_are_compared_by_their_own_cell(dataset: Path) -> None:
    one = about(dataset, "indicators", "target_value", target_unit="个")
    row = next(row for row in rows(dataset, "indicators") if row["target_unit"] == "个")
    assert one.raw_seen == next(cell["raw"] for cell in row["cells"] if cell["field"] == "target")
    decide(dataset, one)
    assert statuses(dataset) == ["applied"]


def test_figures_panel_and_views_have_the_corrected_amount_beside_the_printed_one(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = next(row for row in rows(dataset, "figures") if row["concept"] == "three_public_total" and row["basis"] == "final" and row["fiscal_year"] == 2021 and row["row_id"])
    line = next(row for row in rows(dataset, "budget_lines") if row["row_id"] == figure["row_id"])
    decide(dataset, about(dataset, row=line, new="9.31"))
    assert ran(dataset, *NAMES) == 0
    after = next(row for row in rows(dataset, "figures") if row["row_id"] == figure["row_id"])
    amount = overrides.yuan(Decimal("9.31"), line["unit"])
    assert after == {**figure, "corrected_yuan": amount}
    assert [row["corrected_yuan"] for row in panel(dataset).to_pylist() if row["row_id"] == figure["row_id"]] == [amount]
    assert len(gongkai.open(dataset).corrections(status="applied")) == 1
    monkeypatch.chdir(dataset)
    with duckdb.connect() as database:
        database.execute(Path("views.sql").read_text(encoding="utf-8"))
        assert database.execute("select three_public_total from department_years where department_id = ? and stage = ?", [figure["department_id"], figure["stage"]]).fetchall() == [(amount,)]
        assert database.execute("select value, corrected_value, reviewed from budget_lines_reviewed where reviewed is not null").fetchall() == [(line["value"], Decimal("9.31"), "correct")]
        assert database.execute("select count(*) from budget_lines_reviewed").fetchall() == database.execute("select count(*) from budget_lines").fetchall()


def test_between_lines_that_contradict_each_other_people_decide() -> None:
    lines = [{"row_id": name, "amount_yuan": Decimal(amount), "raw": amount, "unit": "元", "origin": "table", "role": "stated"} for name, amount in (("a", "100"), ("b", "200"))]
    assert reviewed(None, lines, {}) == (None, None)
    line, amount = reviewed(None, lines, {"b": None})
    assert (line and line["row_id"], amount) == ("b", Decimal(200))
    line, amount = reviewed(None, lines, {"a": Decimal(200)})
    assert (line and line["row_id"], amount) == ("a", Decimal(200))
    assert reviewed(None, lines, {"a": None, "b": None}) == (None, None)
    assert reviewed(lines[0], lines, {"b": None}) == (lines[0], None)


def test_merged_shards_bring_their_decisions_and_the_later_of_one_person_holds(dataset: Path, tmp_path: Path) -> None:
    one, later = about(dataset, **TOTAL), about(dataset, new="9.31", **TOTAL)._replace(time="2024-06-01T08:00:00Z")
    for number in (1, 2):
        assert main(["run", *(str(FIXTURES / name) for name in NAMES), "--output", str(tmp_path / "shares"), "--shard", f"{number}/2", "--progress", "none"]) == 0
    first, second = sorted((tmp_path / "shares").iterdir())
    decide(first, later)
    decide(second, one)
    decide(second, one._replace(reviewer="李强", row_key="gone#1"))
    assert main(["merge", str(tmp_path / "shares"), "--output", str(tmp_path / "one")]) == 0
    assert load(tmp_path / "one") == sorted([later, one._replace(reviewer="李强", row_key="gone#1")])
    assert sorted(row["status"] for row in rows(tmp_path / "one", "corrections")) == ["applied", "orphan"]
    assert load(second) == sorted([one, one._replace(reviewer="李强", row_key="gone#1")])


def test_what_needs_people_is_told_with_what_to_do(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["overrides", "status", str(dataset)]) == 0
    assert "尚无" in capsys.readouterr().out
    one = about(dataset, **TOTAL)
    decide(dataset, one)
    decide(dataset, one._replace(row_key="gone#1"))
    assert main(["overrides", "status", str(dataset)]) == 0
    said = capsys.readouterr().out
    assert "overrides/王敏.csv:3" in said or "overrides/王敏.csv:2" in said
    assert "gone#1" in said
    assert "decide anew" in said
    assert main(["overrides", "status", str(dataset), "--fail-on", "orphan"]) == 7
    assert main(["overrides", "status", str(dataset), "--fail-on", "conflict"]) == 0
    capsys.readouterr()
    assert main(["overrides", "list", str(dataset)]) == 0
    listed = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert sorted(row["status"] for row in listed) == ["applied", "orphan"]
    assert main(["overrides", "status", str(dataset / "nowhere")]) == 4
