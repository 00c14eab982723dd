"""Which names of a dataset are one body under another name (机构沿革): proven by the documents and the register of places, or only a candidate.

    same        the name and the place are the same
    name        the place is the same and both names say it, one of them in full (重庆市某区档案馆, 某区档案馆)
    place       the place was renamed as a whole (郫县 -> 郫都区) and the rest of the name is the same
    document    a document of the body says so (更名为, 原…), and nothing of joining or dividing in the same sentence

What else looks alike is a candidate with its reason, never joined. `body_id` is the department_id of the first name, so that a later year
leaves it as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from gongkai.dataset import DATA, read_table
from normalize.renaming import Named, named, reforms, renamed_as_a_whole, says_renamed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALIKE = 0.75  # of two names' rests, as difflib counts
COLUMNS = {
    "department_id": "string", "department": "string", "region_code": "string", "first_year": "int32", "last_year": "int32", "documents": "int32",
    "body_id": "string", "proof": "string", "evidence": "string", "row_id": "string",
}  # fmt: skip
REASONS = {
    "merged": ("文件说到更名，也说到合并、组建或撤销", "a document tells of the new name, and of joining or dividing too"),
    "places_joined": ("所在地由几个地方合并而成", "its place was made of several places"),
    "reform": ("机构改革中通常如此更名", "reforms usually made the one of the other"),
    "unplaced": ("同一地方，但名称没有写明地方", "one region, but a name that does not say its place"),
    "several": ("不止一个机构更名为它，或它更名为不止一个机构", "more than one body is said to have become it, or it to have become more than one"),
    "region_unknown": ("名称相同，其一没有行政区划", "the same name, one of them without a region"),
    "alike": ("同一地方，名称相近，年度不重叠", "one place, names alike, years that do not overlap"),
}


@dataclass(frozen=True, slots=True)
class Body:
    """One name of a body in a dataset: the years of its documents, and the `body_id` it shares with its other names."""

    department_id: str
    department: str
    region_code: str | None
    first_year: int | None
    last_year: int | None
    documents: int
    name: Named
    body_id: str
    proof: str = "same"
    evidence: str | None = None
    row_id: str | None = None


class Candidate(NamedTuple):
    """Two names that may be one body; `reason` is a key of REASONS."""

    before: Body
    after: Body
    reason: str
    row_id: str | None = None


class _Link(NamedTuple):
    before: str
    after: str
    proof: str
    evidence: str
    row_id: str | None


def bodies(dataset: Path) -> dict[str, Body]:
    """Every department_id of a dataset with the body it belongs to."""
    return _linked(_named(dataset), dataset)[0]


def candidates(dataset: Path) -> list[Candidate]:
    """Pairs of names that may be one body, which nothing proves."""
    found, doubts = _linked(_named(dataset), dataset)
    listed = {(doubt.before.department_id, doubt.after.department_id): doubt for doubt in _hints(found)} | {(one.before.department_id, one.after.department_id): one for one in doubts}
    return [listed[pair] for pair in sorted(listed)]


def _named(dataset: Path) -> dict[str, Body]:
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read_table(dataset / DATA / "documents.parquet", "documents").to_pylist():
        if row["department_id"]:
            held[row["department_id"]].append(row)
    found = {}
    for identifier, rows in sorted(held.items()):
        years = [row["fiscal_year"] for row in rows if row["fiscal_year"]]
        first = rows[0]
        name = named(first["department"], first["region_code"], max(years, default=None))
        found[identifier] = Body(identifier, first["department"], first["region_code"], min(years, default=None), max(years, default=None), len(rows), name, identifier)
    return found


def _linked(found: dict[str, Body], dataset: Path) -> tuple[dict[str, Body], list[Candidate]]:
    links: dict[tuple[str, str], _Link] = {}
    for link in (*_by_place(found), *_by_documents(found, dataset)):
        if (link.before, link.after) not in links or link.proof in REASONS:  # one doubt outweighs a proof
            links[link.before, link.after] = link
    proven = [link for link in links.values() if link.proof not in REASONS]
    befores, afters = Counter(link.after for link in proven), Counter(link.before for link in proven)
    earlier = {link.after: link for link in proven if befores[link.after] == 1 and afters[link.before] == 1}
    joined = dict(found)
    for identifier, link in earlier.items():
        at, seen = identifier, {identifier}
        while at in earlier and earlier[at].before not in seen:
            at = earlier[at].before
            seen.add(at)
        joined[identifier] = replace(found[identifier], body_id=at, proof=link.proof, evidence=link.evidence, row_id=link.row_id)
    left = [link for link in links.values() if earlier.get(link.after) is not link]
    return joined, [Candidate(joined[link.before], joined[link.after], link.proof if link.proof in REASONS else "several", link.row_id) for link in left]


def _by_place(found: dict[str, Body]) -> Iterator[_Link]:
    groups: dict[tuple[str, str], list[Body]] = defaultdict(list)
    for body in found.values():
        if body.name.region and body.first_year:
            groups[body.name.region, body.name.rest].append(body)
    for (region, _), same in groups.items():
        ordered = sorted(same, key=lambda body: (body.first_year or 0, body.department_id))
        for before, after in pairwise(ordered):
            moved = before.region_code != after.region_code
            proof = "unplaced" if not (before.name.placed and after.name.placed) else "name" if not moved else "place" if renamed_as_a_whole(region) else "places_joined"
            yield _Link(before.department_id, after.department_id, proof, f"{before.region_code} → {after.region_code}", None)


def _by_documents(found: dict[str, Body], dataset: Path) -> Iterator[_Link]:
    by_region: dict[str | None, list[Body]] = defaultdict(list)
    for body in found.values():
        by_region[body.name.region].append(body)
    documents = {row["document_id"]: row for row in read_table(dataset / DATA / "documents.parquet", "documents").to_pylist() if row["department_id"]}
    told = [(row, None, row["title"]) for row in documents.values() if row["title"]]
    for table in ("sections", "organisation"):
        rows = read_table(dataset / DATA / f"{table}.parquet", table).select(["document_id", "row_id", "text"]).to_pylist()
        told += [(documents[row["document_id"]], row["row_id"], row["text"]) for row in rows if row["text"] and row["document_id"] in documents]
    for document, row_id, text in told:
        here = found[document["department_id"]]
        for other in by_region[here.name.region] if here.name.region else ():
            for before, after in ((other, here), (here, other)) if other is not here else ():
                said = says_renamed(text, before.name, after.name)
                if said is not None:
                    yield _Link(before.department_id, after.department_id, "document" if said[1] else "merged", said[0], row_id)


def _hints(found: dict[str, Body]) -> Iterator[Candidate]:
    """Pairs that look alike: same name without a region, a usual reform, or similar names in years that do not overlap."""
    by_region: dict[str, list[Body]] = defaultdict(list)
    by_name: dict[str, list[Body]] = defaultdict(list)
    for body in found.values():
        by_name[body.department].append(body)
        if body.name.region and body.first_year and body.last_year:
            by_region[body.name.region].append(body)
    for same in by_name.values():
        for before in same:
            yield from (Candidate(before, after, "region_unknown") for after in same if before.region_code is None and after.region_code is not None)
    for near in by_region.values():
        for before in near:
            for after in near:
                if before.body_id != after.body_id and (before.last_year or 0) < (after.first_year or 0):
                    reason = _reason(before, after)
                    if reason:
                        yield Candidate(before, after, reason)


def _reason(before: Body, after: Body) -> str | None:
    one, other = before.name.rest, after.name.rest
    if any(reform.before in one and one.replace(reform.before, reform.after) == other for reform in reforms()):
        return "reform"
    return "alike" if SequenceMatcher(None, one, other).ratio() >= ALIKE else None


def rows(dataset: Path) -> Iterator[dict[str, Any]]:
    """The names of a dataset as rows; see `COLUMNS`."""
    for body in bodies(dataset).values():
        yield {name: getattr(body, name) for name in COLUMNS}


def candidate_rows(dataset: Path) -> Iterator[dict[str, Any]]:
    """The candidates of a dataset as rows."""
    for before, after, reason, row_id in candidates(dataset):
        zh, en = REASONS[reason]
        yield {
            "department_id": before.department_id, "department": before.department, "last_year": before.last_year,
            "other_department_id": after.department_id, "other_department": after.department, "other_first_year": after.first_year,
            "reason": reason, "reason_zh": zh, "reason_en": en, "row_id": row_id,
        }  # fmt: skip
