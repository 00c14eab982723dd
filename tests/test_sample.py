"""Values drawn for people to look at, and what their decisions say of the dataset."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gongkai import sample, schema
from gongkai.cli import main
from gongkai.errors import OutputError, UsageError
from gongkai.overrides import Decision, decide
from gongkai.precision import Stratum, estimate
from gongkai.sample import SAMPLED, Drawn, allotted, draw, group_of, verdict

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("chengkou-climate-2021-final-txt", "pengxi-stone-2021-final")
TIME = "2024-05-01T08:00:00Z"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("sample") / "out"
    assert main(["run", *(str(FIXTURES / name) for name in NAMES), "--output", str(output), "--progress", "none"]) == 0
    return output


@pytest.fixture
def dataset(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "out"))


def said(one: Drawn, new: str | None = None, reviewer: str = "王敏", field: str | None = None, value: str | None = None) -> Decision:
    return Decision(one.document_sha256, one.table, one.row_key, field or one.field, "confirm" if new is None else "correct", one.raw, one.value if value is None else value, new or "", "", reviewer, TIME)


def test_a_sample_is_of_every_stratum_of_each_table_no_row_twice_and_the_same_again(whole: Path) -> None:
    first = draw(whole, 100, 1)
    assert first == draw(whole, 100, 1)
    assert first != draw(whole, 100, 2)
    assert len({one.row_id for one in first}) == len(first) == 100
    assert {one.table for one in first} == set(SAMPLED)
    held = {table: {row["row_id"]: row for row in pq.read_table(whole / "data" / f"{table}.parquet").to_pylist()} for table in SAMPLED}
    for one in first:
        row = held[one.table][one.row_id]
        assert f"{row[one.field]:f}".rstrip("0").rstrip(".") == one.value or row[one.field] == 0
        assert one.raw
        assert one.field in sample.numeric(one.table)


def test_all_rows_with_printed_numbers_are_drawn_where_more_are_asked_for(whole: Path) -> None:
    drawn = draw(whole, 100_000, 1)
    lines = pq.read_table(whole / "data" / "budget_lines.parquet").to_pylist()
    assert {one.row_id for one in drawn if one.table == "budget_lines"} == {row["row_id"] for row in lines if row["value"] is not None and row["raw"]}
    counts = Counter(one.stratum for one in drawn)
    assert {one.stratum: int(one.stratum_size) for one in drawn} == counts
    few = draw(whole, 1, 1)
    assert Counter(one.stratum for one in few) == dict.fromkeys(counts, 1)


def test_shares_add_up_and_never_exceed_what_a_stratum_has() -> None:
    sizes = {f"s{number}": number * number + 1 for number in range(20)}
    for number in (1, 20, 21, 57, 300, 5000):
        shares = allotted(sizes, number)
        assert sum(shares.values()) == max(20, min(number, sum(sizes.values())))
        assert all(1 <= shares[name] <= sizes[name] for name in sizes)
    assert allotted({}, 10) == {}


def test_every_measure_of_the_fixtures_has_a_group(root: Path) -> None:
    files = sorted((root / "fixtures").rglob("expected/budget_lines.csv")) + sorted((root / "fixtures").rglob("expected/quantities.csv"))
    measures = {row["measure"] for file in files for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()) if row["measure"]}
    assert len(measures) > 60
    assert {measure for measure in measures if group_of(measure) == "other"} == set()


def test_a_value_is_right_or_wrong_by_what_people_say_of_it_and_of_what_it_is() -> None:
    one = Drawn("r", "a" * 64, "budget_lines", "k#1", "value", "budget_lines/totals", "5", "9.21", "9.21万元", "x")
    assert verdict(one, []) == "open"
    assert verdict(one, [said(one)]) == "right"
    assert verdict(one, [said(one, "9.31")]) == "wrong"
    assert verdict(one, [said(one, "9.210", value="921")]) == "right"  # what an earlier version read was corrected to what is read now
    assert verdict(one, [said(one, value="921")]) == "wrong"
    assert verdict(one, [said(one), said(one, "9.31", "李强")]) == "disputed"
    assert verdict(one, [said(one), said(one, "元", field="unit", value="万元")]) == "wrong"
    assert verdict(one, [said(one), said(one, "initial_budget", field="basis", value="final")]) == "wrong"
    assert verdict(one, [said(one), said(one, "x", field="reason_text", value="")]) == "right"
    assert verdict(one, [said(one)._replace(raw_seen="8.00万元")]) == "open"


def test_the_report_says_what_was_found_and_no_more(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(dataset), "-n", "60"]) == 0
    drawn = sample.read(dataset, "audit")
    assert main(["sample", str(dataset), "--report"]) == 0
    assert "nothing can be said" in capsys.readouterr().out
    for one in drawn[:50]:
        decide(dataset, said(one))
    decide(dataset, said(drawn[0], "1"))
    decide(dataset, said(drawn[1], "1", "李强"))
    found = sample.counted(dataset, "audit")
    assert [sum(counts) for counts in zip(*((one.drawn, one.audited, one.right, one.disputed) for one in found.values()), strict=True)] == [60, 49, 48, 1]
    assert main(["sample", str(dataset), "--report"]) == 0
    text = capsys.readouterr().out
    assert (dataset / "samples" / "audit-report.md").read_text(encoding="utf-8").strip() == text.strip()
    assert "抽取 60 行，人工与原文核对 49 行，48 行无误" in text
    assert "the other 11 of the sample were not compared" in text
    known = estimate([Stratum(one.size, one.audited, one.right) for one in found.values()])
    assert known is not None
    assert f"{float(known.share):.1%}"[:-1] in text
    assert main(["validate", str(dataset)]) == 0


def test_where_all_is_right_the_report_still_leaves_room(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample.write(dataset, 60, 1, "all")
    for one in sample.read(dataset, "all"):
        decide(dataset, said(one))
    text = sample.report(dataset, "all")
    assert "100.0 %" in text
    assert "– 100.0 %" in text
    assert "100.0 % – 100.0 %" not in text
    assert "尚未核对" not in text


def test_a_sample_that_people_work_on_is_not_overwritten_by_another(dataset: Path) -> None:
    assert main(["sample", str(dataset), "-n", "50"]) == 0
    assert main(["sample", str(dataset), "-n", "50"]) == 0
    assert main(["sample", str(dataset), "-n", "50", "--seed", "2"]) == 2
    assert main(["sample", str(dataset), "-n", "50", "--seed", "2", "--name", "second"]) == 0
    for name in ("../x", "", "a/b", ".x"):
        with pytest.raises(UsageError):
            sample.write(dataset, 5, 1, name)
    with pytest.raises(UsageError, match="there is no sample"):
        sample.read(dataset, "third")
    (dataset / "samples" / "third.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(OutputError):
        sample.read(dataset, "third")


def test_a_sample_reads_back_exactly_and_nothing_in_it_runs(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Drawn("r", "a" * 64, "budget_lines", "=k#1", "value", "s", "5", "-9", "=1+1\n二", "@x")
    monkeypatch.setattr(sample, "draw", lambda *_: [one])
    file = sample.write(dataset, 1, 1, "odd")
    assert file.read_bytes().count(b"\n") == 2
    assert "'=k#1" in file.read_text(encoding="utf-8")
    assert sample.read(dataset, "odd") == [one]


def test_a_dataset_without_rows_gives_a_sample_without_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty: dict[str, list[Any]] = {table: [] for table in ("documents", *SAMPLED)}
    (tmp_path / "data").mkdir()
    for table, rows in empty.items():
        pq.write_table(pa.Table.from_pylist(rows, schema=schema.arrow(table)), tmp_path / "data" / f"{table}.parquet")
    assert main(["sample", str(tmp_path)]) == 0
    assert main(["sample", str(tmp_path), "--report"]) == 0
    assert "nothing can be said" in capsys.readouterr().out
    assert main(["sample", str(tmp_path / "nowhere")]) == 2
