"""Shares of the documents read apart and made one dataset; what status says of them; what differs between two datasets."""

from __future__ import annotations

import csv
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from gongkai import run, shards
from gongkai.cli import main
from gongkai.difference import compared
from gongkai.errors import OutputError, UsageError
from gongkai.rows import document_id

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
云岭县{name}馆{year}年度部门决算情况说明
二、部门决算情况说明
（一）收入支出决算总体情况说明
1.总体情况。{year}年度收入总计{amount}万元，支出总计{amount}万元。收支较上年决算数减少3.60万元、下降0.3%，主要原因是项目经费减少。
"""


def pages(place: Path, amounts: dict[str, str]) -> Path:
    place.mkdir()
    for number, (name, amount) in enumerate(amounts.items()):
        (place / f"{number}.txt").write_text(PAGE.format(name=name, amount=amount, year=2023 + number % 2), encoding="utf-8")
    (place / "news.txt").write_text("今天天气很好。", encoding="utf-8")
    return place


def data_of(output: Path) -> dict[str, bytes]:
    return {str(file.relative_to(output)): file.read_bytes() for top in ("departments", "data") for file in sorted((output / top).rglob("*")) if file.is_file()}


def ran(place: Path, output: Path, shard: shards.Shard | None = None) -> run.Outcome:
    return run.run([place], output, workers=1, shard=shard, tell=lambda _entry, _seconds: None, begin=lambda _: None)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven inputs, read at once into `whole` and in two shares under `shares`."""
    place = tmp_path_factory.mktemp("shards")
    inputs = pages(place / "in", {"档案": "120.00", "图书": "121.00", "文化": "122.00", "美术": "123.00", "博物": "124.00", "科技": "125.00"})
    ran(inputs, place / "whole")
    for number in (1, 2):
        ran(inputs, place / "shares", shards.Shard(number, 2))
    return place


def test_shares_are_disjoint_and_together_everything() -> None:
    identifiers = [f"{number:016x}" for number in range(100)]
    assert sorted(name for number in (1, 2, 3) for name in identifiers if shards.Shard(number, 3).holds(name)) == identifiers


@pytest.mark.parametrize("text", ["0/4", "5/4", "3", "a/b", "-1/4", "1/0"])
def test_a_share_that_cannot_be_meant_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="3/64"):
        shards.shard(text)


def test_merged_shares_are_byte_for_byte_what_one_run_writes(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(place / "shares"), "--output", str(tmp_path / "one")]) == 0
    assert data_of(tmp_path / "one") == data_of(place / "whole")
    assert "合计 total" in capsys.readouterr().out
    again = ran(place / "in", tmp_path / "one")
    assert (again.new, again.known) == (0, 7)
    assert main(["merge", str(place / "shares"), "--output", str(tmp_path / "one")]) == 0
    assert data_of(tmp_path / "one") == data_of(place / "whole")


def test_shares_that_are_missing_or_not_complete_are_named_and_nothing_is_merged(place: Path, tmp_path: Path) -> None:
    one, two = shards.shards_in(place / "shares")
    with pytest.raises(OutputError, match="shards are missing: 2"):
        run.merge([one], tmp_path / "out")
    marker = two / shards.COMPLETE
    text = marker.read_text(encoding="utf-8")
    try:
        marker.unlink()
        with pytest.raises(OutputError, match=r"not complete .*shard-002-of-002"):
            run.merge([place / "shares"], tmp_path / "out")
        marker.write_text(text.replace('"version": "', '"version": "0'), encoding="utf-8")
        with pytest.raises(OutputError, match="one version"):
            run.merge([place / "shares"], tmp_path / "out")
    finally:
        marker.write_text(text, encoding="utf-8")
    assert not (tmp_path / "out").exists()


def test_status_tells_of_each_share_and_of_a_dataset(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(place / "shares")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[3:]] == [["shard-001-of-002", "完成", "complete"], ["shard-002-of-002", "完成", "complete"]]
    with run.alone(place / "whole"):
        assert main(["status", str(place / "whole")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("运行中 running: 本次 7/7 已读 read\n")
    assert "1 不是公开文件 not_a_disclosure" in shown
    beside = tmp_path / "beside"  # as --ray has it: the dataset beside its shares
    shutil.copytree(place / "shares", beside)
    run.claim(beside)
    run.merge([beside], beside)
    assert main(["status", str(beside)]) == 0
    shown = capsys.readouterr().out
    assert "shard-002-of-002" in shown
    assert "1 不是公开文件 not_a_disclosure" in shown
    assert main(["status", str(tmp_path)]) == 4
    (tmp_path / "journal.sqlite").write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert main(["status", str(tmp_path)]) == 4
    assert "the next run mends it" in capsys.readouterr().err


def test_a_dataset_does_not_differ_from_itself(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", str(place / "whole"), str(place / "whole")]) == 0
    assert capsys.readouterr().out == "没有不同 no differences\n"


def test_documents_that_only_one_dataset_has_are_added_or_gone(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, _ = shards.shards_in(place / "shares")
    assert main(["diff", str(place / "whole"), str(first), "--csv", str(tmp_path / "all.csv")]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["表", "table", "新增", "消失", "改变"]
    with (tmp_path / "all.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["kind"] for row in rows} == {"gone"}
    gone = {row["document_id"] for row in rows if row["table"] == "documents"}
    assert len(gone) == 7 - _documents(first)


def with_attachment(place: Path, number: int) -> tuple[Path, Path]:
    """A page and the file it links, which says neither whose figures it shows nor of which year."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    page, file = place / f"{number}.html", place / "files" / f"{number}.pdf"
    title = f"青禾市第{'一二三四五六七八'[number]}示例局{2031 + number}年度部门决算"
    body = f"<h1>{title}</h1><p>部门决算公开。本部门{2031 + number}年度收入总计12{number}.00万元，支出总计12{number}.00万元。</p>"
    file.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f'<html><head><title>{title}</title></head><body>{body}<a href="files/{number}.pdf">附件：决算公开表.pdf</a></body></html>', encoding="utf-8")
    canvas = Canvas(str(file), invariant=True)
    canvas.drawString(72, 700, f"12{number}.00 12{number}.00 30201 30202")
    canvas.save()
    return page, file


def test_files_whose_page_stood_in_another_share_are_joined_to_it_by_the_run_after_the_merge(tmp_path: Path) -> None:
    total, inputs, output = 3, tmp_path / "in", tmp_path / "one"
    for numbers in (range(5), range(5, 8)):  # the second time the dataset is there, and learns of new pages
        pairs = [with_attachment(inputs, number) for number in numbers]
        shares = [[shards.number_of(document_id(str(file), sha256(file.read_bytes()).hexdigest()), total) for file in pair] for pair in pairs]
        assert any(page != file for page, file in shares)  # or nothing is proven
        for number in range(1, total + 1):
            ran(inputs, tmp_path / "shares", shards.Shard(number, total))
        assert main(["merge", str(tmp_path / "shares"), "--output", str(output)]) == 0
        whole = tmp_path / f"whole-{len(numbers)}"
        ran(inputs, whole)
        assert data_of(output) != data_of(whole)
        last = ran(inputs, output)
        assert data_of(output) == data_of(whole)
        assert last.new >= sum(page != file for page, file in shares)
        assert ran(inputs, output).new == 0


def _documents(output: Path) -> int:
    said = shards.marker(output)
    assert said is not None
    return int(said["documents"])


def line(row_id: str, start: int | None, **values: Any) -> dict[str, Any]:
    from gongkai import schema  # noqa: PLC0415

    blank = dict.fromkeys(column.name for column in schema.columns("budget_lines"))
    return {**blank, "row_id": row_id, "document_id": "d", "source": "a.html", "char_start": start, "char_end": start, "measure": "total_revenue", **values}


def test_rows_are_compared_by_what_they_say_and_where_it_is_printed_never_by_their_number() -> None:
    before = [line("1", 5, raw="1"), line("2", 9, raw="2", basis="final"), line("3", 12, raw="3")]
    after = [line("1", 3, raw="0"), line("2", 5, raw="1"), line("3", 9, raw="2", basis="initial_budget")]
    found = [(one.kind, one.row_id, one.column, one.before, one.after) for one in compared("budget_lines", before, after)]
    assert [one for one in found if one[0] == "changed"] == [("changed", "3", "basis", "final", "initial_budget")]
    assert [one[:2] for one in found if one[0] != "changed"] == [("gone", "3"), ("added", "1")]
