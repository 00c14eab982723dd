"""What the review server answers, as plain values: the desk's rows with the decisions people made about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from extract.document import DocumentError, Span
from gongkai import overrides
from gongkai import sample as samples
from gongkai.errors import UsageError
from gongkai.overrides import Decision
from gongkai.review import desk as desks
from gongkai.review import views
from gongkai.review.pictures import page_png, page_sizes, places

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gongkai.review.desk import Desk, Line

MOST_ASKED = 500  # doubts of one answer
LONGEST_REASON = 2_000
SAMPLE = "audit"
Key = tuple[str, str, str, str]  # document_sha256, table, row_key, field


@dataclass
class Session:
    """A desk, who sits at it, the decisions so far and those of this sitting that can be undone."""

    desk: Desk
    reviewer: str
    sample: str = SAMPLE
    decided: dict[Key, Decision] = field(default_factory=dict)
    undoable: list[tuple[Decision, Decision | None]] = field(default_factory=list)
    keys: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)  # of the documents and tables looked at


def begun(dataset: Path, reviewer: str, sample: str = SAMPLE) -> Session:
    """Sit down at a dataset."""
    return Session(desks.opened(dataset), reviewer, sample, {key_of(decision): decision for decision in overrides.load(dataset)})


def key_of(decision: Decision) -> Key:
    """What a decision is about."""
    return decision.document_sha256, decision.table, decision.row_key, decision.field


def overview(session: Session) -> Line:
    """What is on the desk."""
    desk = session.desk
    return {
        "dataset": desk.dataset.name, "reviewer": session.reviewer, "documents": len(desk.documents), "doubts": len(desk.doubts),
        "decisions": len(session.decided), "undoable": len(session.undoable), "severities": list(desks.SEVERITIES),
    }  # fmt: skip


def departments(session: Session) -> list[Line]:
    """Department-years, the ones with the gravest doubts first."""
    return desks.departments(session.desk)


def doubts(session: Session, asked: dict[str, str]) -> Line:
    """A window of the doubts: how many there are, and those from `offset` on."""
    year, offset = asked.get("year", ""), asked.get("offset", "0")
    if not (year == "" or year.isdecimal()) or not offset.isdecimal():
        raise UsageError(zh="年度与位置须是数字", en="year and offset must be numbers")
    found = desks.chosen_doubts(session.desk, department=asked.get("department") or None, year=int(year) if year else None, words=asked.get("q", ""))
    start = int(offset)
    return {"total": len(found), "offset": start, "rows": found[start : start + MOST_ASKED]}


def search(session: Session, words: str) -> list[Line]:
    """Rows that have all the words."""
    return desks.search(session.desk, words)


def document(session: Session, document_id: str) -> Line:
    """A document with its values, where they stand, and which of them were decided on."""
    source = desks.opened_source(session.desk, document_id)
    home = session.desk.documents[document_id]
    found = desks.values(session.desk, document_id)
    pages = page_sizes(source.data) if source.document is not None and home["media_type"] == "application/pdf" else []
    values = _with_decisions(session, found)
    if source.document is not None and pages:
        for value, (_, line) in zip(values, found, strict=True):
            value["boxes"] = places(source.document, Span(line["char_start"], line["char_end"]), pages)
    return {
        "document_id": document_id, "title": home["title"] or home["source"], "source": home["source"], "url": home["source_page"], "department": home["department"], "fiscal_year": home["fiscal_year"],
        "kind": "pdf" if pages else "html", "pages": [size._asdict() for size in pages],
        "trouble": source.trouble, "values": values,
    }  # fmt: skip


def _with_decisions(session: Session, found: list[tuple[str, Line]]) -> list[Line]:
    decided = _decided_rows(session, found)
    return [{**desks.brief(table, row), "boxes": [], "decided": decided.get(row["row_id"])} for table, row in found]


def _decided_rows(session: Session, found: Iterable[tuple[str, Line]]) -> dict[str, str]:
    """row_id -> what was done with it: confirm or correct (the latter, where both)."""
    done: dict[tuple[str, str, str], str] = {}
    for decision in sorted(session.decided.values(), key=lambda one: one.action):  # confirm, then correct
        done[decision.document_sha256, decision.table, decision.row_key] = decision.action
    if not done:
        return {}
    result: dict[str, str] = {}
    for table, line in found:
        sha = session.desk.documents[line["document_id"]]["source_sha256"]
        if action := done.get((sha, table, row_key(session, table, line))):
            result[line["row_id"]] = action
    return result


def row_key(session: Session, table: str, line: Line) -> str:
    """The key of a row that outlives its id; empty where rows of its table are not decided on."""
    if table not in desks.MAIN_FIELD:
        return ""
    home = line["document_id"], table
    if home not in session.keys:
        session.keys[home] = overrides.keys(list(desks.rows_of(session.desk.dataset, table, line["document_id"]).values()))
    return session.keys[home][line["row_id"]]


def row(session: Session, row_id: str) -> Line:
    """A row with its fields, its checks, both sides, and the decisions about it."""
    found = desks.detail(session.desk, row_id)
    key = row_key(session, *desks.row_of(session.desk, row_id))
    found["row_key"] = key
    found["decisions"] = [
        {**decision._asdict(), "conflict": decision.raw_seen != next((one["raw"] for one in found["fields"] if one["name"] == decision.field), None)}
        for decision in session.decided.values()
        if key and (decision.document_sha256, decision.table, decision.row_key) == (found["sha256"], found["table"], key)
    ]
    decided = _decided_rows(session, (desks.row_of(session.desk, side["row_id"]) for side in found["sides"])) if found["sides"] else {}
    for side in found["sides"]:
        side["decided"] = decided.get(side["row_id"])
    return found


def decide(session: Session, said: dict[str, Any]) -> Line:
    """Write a decision down: confirm a field as extracted, or correct it. Raises `UsageError` for a value the column cannot have."""
    row_id, name, action = (str(said.get(part) or "") for part in ("row_id", "field", "action"))
    found = row(session, row_id)
    wanted = next((one for one in found["fields"] if one["name"] == name and one["editable"]), None)
    if wanted is None or action not in {"confirm", "correct"}:
        raise UsageError(zh=f"不能对 {name} 作此操作", en=f"this cannot be done to {name}")
    decision = Decision(
        found["sha256"], found["table"], found["row_key"], name, action, wanted["raw"], wanted["value"],
        str(said.get("new_value") or "") if action == "correct" else "", str(said.get("reason") or "")[:LONGEST_REASON], session.reviewer, overrides.now(),
    )  # fmt: skip
    session.undoable.append((decision, overrides.decide(session.desk.dataset, decision)))
    session.decided[key_of(decision)] = decision
    return row(session, row_id)


def undo(session: Session) -> Line:
    """Take the last decision of this sitting back."""
    if not session.undoable:
        raise UsageError(zh="没有可撤销的", en="there is nothing to undo")
    decision, before = session.undoable.pop()
    if before is None:
        overrides.withdraw(session.desk.dataset, decision)
        del session.decided[key_of(decision)]
    else:
        overrides.decide(session.desk.dataset, before)
        session.decided[key_of(before)] = before
    return {"undone": decision._asdict(), "undoable": len(session.undoable)}


def decisions(session: Session) -> list[Line]:
    """Every decision with what has become of it: applied, or in conflict, or without its row."""
    return [
        {"status": one.status, "row_id": one.row_id, **one.decision._asdict(), **({"label_zh": names[0], "label_en": names[1]} if (names := _named(session, one.row_id)) else {})}
        for one in overrides.resolve(session.desk.dataset)
    ]


def _named(session: Session, row_id: str | None) -> tuple[str, str] | None:
    return desks.label(*desks.row_of(session.desk, row_id)) if row_id else None


def sample(session: Session) -> list[Line]:
    """The values drawn for a hand audit, in the order they were drawn; none where no sample was."""
    try:
        drawn = samples.read(session.desk.dataset, session.sample)
    except UsageError:
        return []
    lines = [(one, *desks.row_of(session.desk, one.row_id)) for one in drawn if desks.has_row(session.desk, one.row_id)]
    decided = _decided_rows(session, [(table, line) for _, table, line in lines])
    return [{**desks.brief(table, line), "field": one.field, "value": one.value, "decided": decided.get(one.row_id)} for one, table, line in lines]


def view(session: Session, document_id: str) -> str:
    """A document as HTML of our own making, its values marked."""
    source = desks.opened_source(session.desk, document_id)
    if source.document is None:
        zh, en = source.trouble or ("", "")
        raise UsageError(zh=zh, en=en)
    marks = desks.marks(desks.values(session.desk, document_id))
    return views.view(source.data, source.document, marks).html


def picture(session: Session, document_id: str, number: int) -> bytes:
    """A page of a PDF as PNG."""
    try:
        return page_png(desks.opened_source(session.desk, document_id).data, number)
    except DocumentError as error:
        raise UsageError(zh=error.zh, en=error.en) from error
