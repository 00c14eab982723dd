"""The command line as a person meets it: help, exit codes, messages in two languages, data on stdout."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from gongkai import schema
from gongkai.cli import main
from gongkai.version import extractor_version

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """\
云岭县档案馆2023年度部门决算情况说明
二、部门决算情况说明
（一）收入支出决算总体情况说明
1.总体情况。2023年度收入总计1,206.40万元，支出总计1,206.40万元。收支较上年决算数减少3.60万元、下降0.3%，主要原因是项目经费减少。
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small final account, read."""
    place = tmp_path_factory.mktemp("cli")
    (place / "page.txt").write_text(PAGE, encoding="utf-8")
    assert main(["run", str(place / "page.txt"), "--output", str(place / "out"), "--progress", "none"]) == 0
    return place


def a_row(dataset: Path) -> dict[str, object]:
    rows = pq.read_table(dataset / "out" / "data" / "budget_lines.parquet").to_pylist()
    return next(row for row in rows if row["raw"] == "1,206.40" or "1,206.40" in row["raw"])


def test_help_answers_at_once_and_lists_commands_and_exit_codes() -> None:
    best = 9.0
    for _ in range(3):
        begun = time.monotonic()
        shown = subprocess.run([sys.executable, "-m", "gongkai", "--help"], capture_output=True, text=True, check=True, encoding="utf-8")
        best = min(best, time.monotonic() - begun)
    for word in ("run", "inspect", "explain", "accept", "schema", "doctor", "130  interrupted", "数据集无效"):
        assert word in shown.stdout
    assert best < 0.3


def test_help_imports_nothing_heavy() -> None:
    listed = subprocess.run([sys.executable, "-X", "importtime", "-m", "gongkai", "--help"], capture_output=True, text=True, check=True, encoding="utf-8")
    for heavy in ("pyarrow", "numpy", "pandas", "lxml", "pypdfium2", "rich", "extract", "normalize"):
        assert not re.search(rf"\| +{heavy}\b", listed.stderr), heavy


def test_version_names_the_release_and_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"gongkai {extractor_version()}\n"
    assert re.fullmatch(r"[0-9.]+(?:rc\d+)?\+[0-9a-f]{8}", extractor_version())


def test_no_command_prints_the_help_and_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: gongkai" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu", "x"], "did you mean run?"),
        (["run", "x", "--worker", "2"], "did you mean --workers?"),
        (["run", "x", "--workers", "0"], "须为正整数"),
        (["run", "x", "--progress", "pain"], "did you mean plain?"),
    ],
)
def test_a_slip_of_the_hand_is_answered_with_what_was_likely_meant(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert said in capsys.readouterr().err


def test_a_missing_source_is_wrong_usage_in_two_languages(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(dataset / "pag.txt"), "--output", str(dataset / "none")]) == 2
    said = capsys.readouterr().err
    assert "找不到" in said
    assert f"did you mean {dataset / 'page.txt'}?" in said


def test_an_empty_folder_is_no_input_and_leaves_no_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    assert main(["run", str(tmp_path / "in"), "--output", str(tmp_path / "out")]) == 6
    assert "没有任何文件" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_no_dataset_is_left_alone(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.docx").touch()
    assert main(["run", str(dataset / "page.txt"), "--output", str(tmp_path)]) == 4
    assert "--output" in capsys.readouterr().err


def test_a_run_prints_its_table_on_stdout_and_its_progress_on_stderr(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(dataset / "page.txt"), "--output", str(tmp_path / "out"), "--progress", "plain"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].split() == ["部门", "department", "年度", "文件", "收支数据", "绩效指标", "项目", "核对不符", "已解释数字"]
    assert "云岭县档案馆" in shown.out
    assert "1/1" in shown.err
    assert "1 新读 read" in shown.err


def test_a_run_with_a_failed_document_ends_with_3_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.pdf").touch()
    assert main(["run", str(tmp_path / "empty.pdf"), "--output", str(tmp_path / "out"), "--progress", "none"]) == 3
    shown = capsys.readouterr()
    assert f"失败 failed: {tmp_path / 'empty.pdf'}: unreadable: 文件为空 / the file is empty" in shown.out


def test_a_dry_run_lists_what_it_would_read_and_writes_nothing(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(dataset / "page.txt"), "--output", str(tmp_path / "out"), "--dry-run"]) == 0
    assert capsys.readouterr().out == f"{dataset / 'page.txt'}\n"
    assert not (tmp_path / "out").exists()


def test_explain_shows_a_value_its_marked_evidence_and_its_rule(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = a_row(dataset)
    assert main(["explain", str(row["row_id"]), "--dataset", str(dataset / "out")]) == 0
    shown = capsys.readouterr().out
    assert "12,064,000.00" in shown
    assert f"【{row['raw']}】" in shown
    assert str(row["rule"]) in shown
    assert "已核对 verified" in shown


def test_explain_says_when_the_source_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    main(["run", str(tmp_path / "page.txt"), "--output", str(tmp_path / "out"), "--progress", "none"])
    row_id = str(pq.read_table(tmp_path / "out" / "data" / "budget_lines.parquet").column("row_id")[0])
    (tmp_path / "page.txt").write_text(PAGE.replace("1,206.40", "9,206.40"), encoding="utf-8")
    assert main(["explain", row_id, "--dataset", str(tmp_path / "out")]) == 4
    said = capsys.readouterr()
    assert "内容已变" in said.err
    assert "已核对" not in said.out


@pytest.mark.parametrize("row_id", ["nonsense", "0000000000000000-budget_lines-00001", "0000000000000000-no_table-00001"])
def test_explain_knows_what_is_no_row(dataset: Path, row_id: str) -> None:
    assert main(["explain", row_id, "--dataset", str(dataset / "out")]) == 2


def test_inspect_text_is_what_character_positions_count_in(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(dataset / "page.txt"), "--text"]) == 0
    text = capsys.readouterr().out
    row = a_row(dataset)
    assert text[int(str(row["char_start"])) : int(str(row["char_end"]))] == row["raw"]


def test_inspect_shows_blocks_with_spans_and_grids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.html").write_text(
        "<html><body><h1>预算</h1><table border=1><tr><th colspan=2>收入</th><th>支出</th></tr><tr><td>甲</td><td>1.5</td><td>2.5</td></tr></table></body></html>",
        encoding="utf-8",
    )
    assert main(["inspect", str(tmp_path / "page.html")]) == 0
    shown = capsys.readouterr().out
    assert "text/html" in shown
    assert re.search(r"\[\d+:\d+\] 表 table 2×3", shown)
    assert re.search(r"0 │ 收入⟨1×2⟩ @0:\d+ │ 支出 @2:\d+", shown)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_inspect_says_why_a_file_cannot_be_read(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x").write_bytes(content)
    assert main(["inspect", str(tmp_path / "x")]) == 2
    assert " / " in capsys.readouterr().err


def test_schema_lists_every_column_in_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--csv"]) == 0
    listed = [(row["table"], row["name"]) for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert listed == [(table, column.name) for table in (*schema.TABLE_TITLES, *schema.DERIVED_TITLES) for column in schema.columns(table)]
    assert main(["schema"]) == 0
    shown = capsys.readouterr().out
    assert all(f"## {table} · " in shown for table in (*schema.TABLE_TITLES, *schema.DERIVED_TITLES))


def test_doctor_looks_at_every_library_and_is_content(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "✗" not in shown
    for library in ("pypdfium2", "lxml", "pyarrow", "numpy", "rich"):
        assert f"✓ {library} " in shown


def test_accept_writes_goldens_once_and_shows_what_changed(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixture = tmp_path / "yunling-archive-2023"
    fixture.mkdir()
    (fixture / "input.txt").write_text(PAGE, encoding="utf-8")
    (fixture / "source.toml").write_text('url = "http://example/"\n', encoding="utf-8")
    assert main(["accept", str(fixture)]) == 0
    first = capsys.readouterr().out
    assert "+++ yunling-archive-2023/budget_lines.csv" in first
    golden = (fixture / "expected" / "budget_lines.csv").read_text(encoding="utf-8")
    assert golden.startswith("origin,table_kind,")
    assert "1206.4," in golden
    assert main(["accept", str(fixture)]) == 0
    assert capsys.readouterr().out == ""
    (fixture / "expected" / "budget_lines.csv").write_text(golden.replace("1206.4,", "1206.5,"), encoding="utf-8")
    (fixture / "expected" / "scores.csv").write_text("row_id\n", encoding="utf-8")
    assert main(["accept", str(fixture)]) == 0
    changed = [line for line in capsys.readouterr().out.splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    assert [line[0] for line in changed] == ["-", "-", "+", "+", "-"]
    assert (fixture / "expected" / "budget_lines.csv").read_text(encoding="utf-8") == golden
    assert not (fixture / "expected" / "scores.csv").exists()


def test_accept_wants_a_fixture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accept", str(tmp_path)]) == 2
    assert "source.toml" in capsys.readouterr().err


def test_a_dataset_that_cannot_be_written_is_said_without_a_traceback(dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "out/data")

    monkeypatch.setattr("gongkai.export.datapackage.write", full)
    assert main(["run", str(dataset / "page.txt"), "--output", str(dataset / "full"), "--progress", "none"]) == 1
    assert "out/data No space left on device" in capsys.readouterr().err


def test_a_terminal_without_chinese_gets_escapes() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gongkai", "schema", "--csv"], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, check=True
    )
    assert b"\\u884c\\u7f16\\u53f7" in ended.stdout


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    with subprocess.Popen([sys.executable, "-m", "gongkai", "schema", "--csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().startswith("table,name,")
        running.stdout.close()
        assert running.stderr.read() == ""
