"""`gongkai review --export`: the review page of one department-year as one file, to mail.

The same page, with its answers inside: no server, no network. What the reader decides stays in the page until it is downloaded as a CSV for overrides/.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gongkai.overrides import Decision
from gongkai.report import subject_of
from gongkai.review import answers
from gongkai.review import desk as desks

if TYPE_CHECKING:
    from pathlib import Path

    from gongkai.review.answers import Session

ICON = '<link rel="icon" href="/icon.svg">\n'
SCRIPT, STYLES = '<script src="/review.js" defer></script>', '<link rel="stylesheet" href="/review.css">'


def exported(dataset: Path, asked: str, reviewer: str) -> str:
    """The page of `asked` (`部门 年度`). Raises `UsageError` where that is none or several."""
    subject = subject_of(dataset, asked)
    session = answers.begun(dataset, reviewer)
    ids = [one["document_id"] for one in session.desk.documents.values() if (one["department"], one["fiscal_year"], one["stage"]) == (subject.department, subject.year, subject.stage)]
    return _page(f"{subject.department} {subject.year}", answers_for(session, ids))


def answers_for(session: Session, ids: list[str]) -> dict[str, Any]:
    """Everything the page may ask about these documents."""
    documents = {document_id: answers.document(session, document_id) for document_id in ids}
    doubts = [doubt for doubt in session.desk.doubts if doubt["document_id"] in documents]
    named = {value["row_id"] for document in documents.values() for value in document["values"]} | {doubt["row_id"] for doubt in doubts}
    rows: dict[str, Any] = {}
    while named:  # the checks of a row, and the rows of a check
        rows |= {row_id: answers.row(session, row_id) for row_id in sorted(named)}
        named = {one["row_id"] for row in rows.values() for one in (*row["checks"], *row["sides"])} - rows.keys()
    readable = {document_id: document for document_id, document in documents.items() if document["trouble"] is None}
    return {
        "overview": {**answers.overview(session), "undoable": 0},
        "departments": [row for row in answers.departments(session) if any((one["department"], one["fiscal_year"]) == (row["department"], row["fiscal_year"]) for one in documents.values())],
        "doubts": doubts, "documents": documents, "rows": rows, "columns": list(Decision._fields),
        "views": {document_id: answers.view(session, document_id) for document_id, document in readable.items() if document["kind"] == "html"},
        "pages": {document_id: _pictures(session, document) for document_id, document in readable.items() if document["kind"] == "pdf"},
    }  # fmt: skip


def _pictures(session: Session, document: dict[str, Any]) -> dict[int, str]:
    """The pages of a PDF that hold a value."""
    wanted = sorted({value["page"] for value in document["values"] if value["page"]})
    return {number: "data:image/png;base64," + b64encode(answers.picture(session, document["document_id"], number)).decode() for number in wanted}


def _page(title: str, data: dict[str, Any]) -> str:
    page = files(desks.__name__.rpartition(".")[0]).joinpath("page")
    script, styles = (page.joinpath(name).read_text(encoding="utf-8") for name in ("review.js", "review.css"))
    allowed = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; script-src 'sha256-{allowed}'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'"
    text = json.dumps(data, ensure_ascii=False, default=str).replace("<", "\\u003c")  # no text of a document can end the element that holds it
    whole = page.joinpath("review.html").read_text(encoding="utf-8")
    whole = whole.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">', 1)
    whole = whole.replace("<title>gongkai 复核 review</title>", f"<title>{escape(title)} · gongkai</title>", 1)
    whole = whole.replace(STYLES, f"<style>\n{styles}</style>", 1).replace(f"{SCRIPT}\n", "", 1).replace(ICON, "", 1)
    return whole.replace("</body>", f'<script type="application/json" id="embedded">{text}</script>\n<script>{script}</script>\n</body>', 1)
