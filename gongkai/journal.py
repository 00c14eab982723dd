"""What the dataset already holds: one line per document in journal.jsonl, keyed by its bytes and the version that read them.

A line is written only after the department-year that holds the document is safely on disk, so a killed run repeats at most what it
had not written. The journal also carries the few counts the closing table shows, so that a run with nothing to do can still show them.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from gongkai.dataset import DOCUMENT_COLUMNS, UNPLACED, Parts, folder_of, replace_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gongkai.rows import Row

JOURNAL = "journal.jsonl"
FAILED = frozenset({"unreadable", "encrypted", "needs_ocr", "crashed", "timeout"})  # a run that meets one of these ends with exit code 3
PASSING = frozenset({"crashed", "timeout"})  # may end otherwise on a quieter machine: tried again by the next run


class Entry(NamedTuple):
    """One document as the journal and the closing table know it."""

    document_id: str
    sha256: str | None
    version: str
    source: str
    folder: str
    status: str
    reason: str | None
    department: str | None
    fiscal_year: int | None
    budget_lines: int = 0
    indicators: int = 0
    projects: int = 0
    findings: int = 0
    findings_failed: int = 0
    number_count: int = 0
    numbers_explained: int = 0
    sources: tuple[str, ...] = ()  # every address of these bytes
    parent: str | None = None  # document of the page it is attached to

    @property
    def placed(self) -> bool:
        """Whether it stands in a department-year."""
        return not self.folder.startswith(UNPLACED)


def entry_of(document: Row, parts: Parts) -> Entry:
    """The journal line of a document that is about to be written."""
    values = {name: document[at] for name, at in DOCUMENT_COLUMNS.items()}
    rows = Counter({table: part.arrow.num_rows for table, part in parts.items()})
    outcomes = parts["findings"].arrow.column("status").to_pylist() if "findings" in parts else []
    return Entry(
        document_id=values["document_id"],
        sha256=values["source_sha256"],
        version=values["extractor_version"],
        source=values["source"],
        folder=folder_of(document),
        status=values["status"],
        reason=values["reason"],
        department=values["department"],
        fiscal_year=values["fiscal_year"],
        budget_lines=rows["budget_lines"],
        indicators=rows["indicators"],
        projects=rows["projects"],
        findings=rows["findings"],
        findings_failed=outcomes.count("fail"),
        number_count=values["number_count"],
        numbers_explained=values["numbers_explained"],
        sources=tuple(values["sources"]),
        parent=values["parent_document_id"],
    )


def read(output: Path) -> dict[str, Entry]:
    """The newest line of each document, by its id; a line cut short by a kill is as if never written."""
    entries: dict[str, Entry] = {}
    file = output / JOURNAL
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else ():
        try:
            entry = Entry(**json.loads(line))
            entry = entry._replace(sources=tuple(entry.sources))
        except (ValueError, TypeError):
            continue
        entries[entry.document_id] = entry
    return entries


def append(output: Path, entries: Iterable[Entry]) -> None:
    """Add lines; the leading line break ends a line that a kill cut short."""
    with (output / JOURNAL).open("a", encoding="utf-8", newline="") as lines:
        lines.writelines("\n" + _line(entry) for entry in entries)


def rewrite(output: Path, entries: Iterable[Entry]) -> None:
    """One line per document, sorted: the journal of a finished run depends on its input alone."""
    text = "".join(_line(entry) + "\n" for entry in sorted(entries))
    replace_text(output / JOURNAL, text)


def is_done(entry: Entry | None, sha256: str | None, version: str, output: Path) -> bool:
    """Whether these bytes were read by this version and their rows are still there."""
    return (
        entry is not None
        and entry.sha256 == sha256
        and entry.version == version
        and entry.status not in PASSING
        and (output / entry.folder).is_dir()
    )


def _line(entry: Entry) -> str:
    return json.dumps(entry._asdict(), ensure_ascii=False)
