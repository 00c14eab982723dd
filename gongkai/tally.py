"""What a dataset holds, counted: by department-year, and by status where something is not in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gongkai.dataset import UNPLACED

if TYPE_CHECKING:
    import sqlite3

MOST = 40  # department-years shown by name; the dataset holds the rest
FIGURES = "count(*), total(budget_lines), total(indicators), total(projects), total(findings_failed), total(number_count), total(numbers_explained)"
PLACED = f"from documents where folder not glob '{UNPLACED}*'"
NOT_PLACED = f"from documents where folder glob '{UNPLACED}*'"


class Figures(NamedTuple):
    """The counts of one department-year, or of many."""

    documents: int
    budget_lines: int
    indicators: int
    projects: int
    findings_failed: int
    numbers: int
    explained: int

    def less(self, others: list[Figures]) -> Figures:
        """What remains without the others."""
        return Figures(*(own - sum(parts) for own, *parts in zip(self, *others, strict=True)))


class Tally(NamedTuple):
    """The first department-years by name, the sum of all, and the documents by status: in a department-year but not ok, and in none."""

    years: list[tuple[str, int | None, Figures]]
    folders: int
    total: Figures
    placed: dict[str, int]
    unplaced: dict[str, int]

    @property
    def documents(self) -> int:
        """Every input that has a row."""
        return self.total.documents + sum(self.unplaced.values())


def tally(store: sqlite3.Connection) -> Tally:
    """Count what a journal knows."""
    grouped = f"select min(department), min(fiscal_year), {FIGURES} {PLACED} group by folder order by 1, 2, folder limit {MOST}"
    return Tally(
        years=[(department or "", year, _figures(rest)) for department, year, *rest in store.execute(grouped)],
        folders=store.execute(f"select count(distinct folder) {PLACED}").fetchone()[0],
        total=_figures(store.execute(f"select {FIGURES} {PLACED}").fetchone()),
        placed=dict(store.execute(f"select status, count(*) {PLACED} and status != 'ok' group by status order by status")),
        unplaced=dict(store.execute(f"select status, count(*) {NOT_PLACED} group by status order by status")),
    )


def _figures(row: list[float]) -> Figures:
    return Figures(*map(int, row))
