"""Two documents of one department-year that state the same total differently are named; rounding, parts and other bodies are no disagreement."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from extract.document import Document, Source, Span
from gongkai import dataset
from gongkai.jobs import compact
from gongkai.rows import data_rows, document_row
from normalize.records import BudgetLine, Disclosure, Identity, row_id

if TYPE_CHECKING:
    from pathlib import Path

PLACE = "departments/year=2031/530199-f4be4b2d"


def document(letter: str, value: str, *, unit: str = "万元", kind: str = "department_final", title: str = "决算", published: str | None = None, **line: Any) -> tuple[str, dataset.Parts]:
    text = f"收入总计{value}{unit}"
    source = Source(f"{letter}.html", letter * 64, "text/html", "utf-8")
    read = Document(source, text, ())
    row = BudgetLine(
        **{"row_id": row_id(read.id, "budget_lines", 1), "origin": "narrative", "measure": "total_revenue", "basis": "final", "role": "stated", "rule": "", "value": Decimal(value), "unit": unit,
           "raw": value, "span": Span(4, 4 + len(value)), **line}
    )  # fmt: skip
    identity = Identity(title=title, department="青禾市示例局", region_code="530199", entity_level="department", stage="final", doc_kind=kind, fiscal_year=2031, published_on=published)
    disclosure = Disclosure(read.id, "ok", identity, budget_lines=(row,))
    return read.id, dataset.encoded(document_row((source.address, source.sha256), "ok", "", version="1", read=(read, disclosure)), data_rows(read, disclosure))


def found(output: Path, *documents: tuple[str, dataset.Parts]) -> list[dict[str, Any]]:
    dataset.write_folder(output, PLACE, dict(documents))
    compact(output)
    rows: list[dict[str, Any]] = pq.read_table(output / "data" / "disagreements.parquet").to_pylist()
    assert len((output / "data" / "disagreements.csv").read_text(encoding="utf-8").splitlines()) == len(rows) + 1
    return rows


def test_a_correction_and_what_it_corrects_are_named_with_both_rows(tmp_path: Path) -> None:
    rows = found(tmp_path, document("a", "606.04", published="2032-09-01"), document("b", "616.04", title="决算（更正）"))
    assert [(row["source"], row["raw"], row["other_source"], row["other_raw"], row["difference_yuan"]) for row in rows] == [
        ("b.html", "616.04", "a.html", "606.04", Decimal("100000.00"))
    ]
    assert rows[0]["row_id"].startswith("b" * 16)


@pytest.mark.parametrize(
    "other",
    [
        document("b", "6060439.21", unit="元"),
        document("b", "616.04", kind="unit_final"),
        document("b", "616.04", basis="initial_budget"),
        document("b", "616.04", item_label="行政运行"),
        document("b", "616.04", role="reason"),
    ],
    ids=["rounded", "another body", "another basis", "a part", "a reason"],
)
def test_what_can_both_be_true_is_no_disagreement(tmp_path: Path, other: tuple[str, dataset.Parts]) -> None:
    assert found(tmp_path, document("a", "606.04"), other) == []


def test_the_later_of_two_stands_first(tmp_path: Path) -> None:
    (row,) = found(tmp_path, document("a", "1.00", published="2032-09-01"), document("b", "2.00", published="2032-08-01"))
    assert row["source"] == "a.html"
