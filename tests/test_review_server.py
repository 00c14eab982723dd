"""The review server answers its own reader and nobody else, and only about its dataset."""

from __future__ import annotations

import http.client
import json
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gongkai.cli import main
from gongkai.review.answers import begun
from gongkai.review.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAMES = ("pengxi-stone-2021-final", "yunshan-bamboo-2023-final", "baiyu-library-2022-self-evaluation")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("review")
    for name in NAMES:
        shutil.copytree(FIXTURES / name, place / "in" / name)
    assert main(["run", str(place / "in"), "--output", str(place / "out"), "--progress", "none"]) == 0
    return place / "out"


@pytest.fixture
def dataset(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def server(dataset: Path) -> Iterator[Server]:
    desk = Server(begun(dataset, "林一"))
    with desk.listening() as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        yield desk
        listening.shutdown()
        thread.join()


class Answer:
    """What came back."""

    def __init__(self, came: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = came.status, came.headers, came.read()

    def json(self) -> Any:
        return json.loads(self.body)


def ask(desk: Server, path: str, body: object = None, *, known: bool = True, host: str | None = None, method: str | None = None, **headers: str) -> Answer:
    link = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=20)
    link.putrequest(method or ("GET" if body is None else "POST"), path, skip_host=True)
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    cookie = {"Cookie": f"gongkai-review-{desk.port}={desk.token}"} if known else {}
    sent = {"Host": host if host is not None else f"127.0.0.1:{desk.port}", **cookie, **({"Content-Type": "application/json", "Content-Length": str(len(data))} if body is not None else {}), **{name.replace("_", "-"): value for name, value in headers.items()}}
    for name, value in sent.items():
        link.putheader(name, value)
    link.endheaders(data)
    answer = Answer(link.getresponse())
    link.close()
    return answer


def test_the_token_of_the_terminal_opens_the_page_and_nothing_else_does(server: Server) -> None:
    assert ask(server, "/", known=False).status == 403
    assert ask(server, "/api/overview", known=False).status == 403
    assert ask(server, "/?token=guess", known=False).status == 403
    assert ask(server, "/api/overview", known=False, Cookie=f"gongkai-review-{server.port}=guess").status == 403
    assert ask(server, "/api/overview", known=False, Cookie="; =;;").status == 403
    welcome = ask(server, f"/?token={server.token}", known=False)
    assert (welcome.status, welcome.headers["Location"]) == (303, "/")
    assert "HttpOnly; SameSite=Strict" in welcome.headers["Set-Cookie"]
    assert b"gongkai" in ask(server, "/").body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "", "localhost.evil.example:80"])
def test_another_host_is_refused_even_with_the_token(server: Server, host: str) -> None:
    assert ask(server, "/api/overview", host=host).status == 421
    assert ask(server, f"/?token={server.token}", host=host).status == 421


def test_a_page_of_elsewhere_cannot_decide(server: Server) -> None:
    assert ask(server, "/api/undo", {}, Origin="http://evil.example").status == 403
    assert ask(server, "/api/undo", {}, known=False).status == 403
    assert ask(server, "/api/undo", b"a=1", Content_Type="application/x-www-form-urlencoded").status == 400


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/page/../../x", "/review.py", "/view/" + "0" * 16, "/api/row/..%2f..%2f", "/api/document/" + "f" * 16, "//etc/passwd", "/page/" + "0" * 16 + "/0.png"])
def test_only_what_the_dataset_names_is_read(server: Server, path: str) -> None:
    assert ask(server, path).status == 404


def test_every_answer_forbids_foreign_scripts(server: Server) -> None:
    for path in ("/", "/review.js", "/review.css", "/icon.svg", "/api/overview", "/nothing"):
        policy = ask(server, path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    document_id = ask(server, "/api/doubts").json()["rows"][0]["document_id"]
    framed = ask(server, f"/view/{document_id}")
    assert framed.status == 200
    assert framed.headers["Content-Security-Policy"].startswith("sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'")
    assert b"<script" not in framed.body


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"a"', b"{}", b'{"row_id": 5}', b'{"row_id": "0000000000000000-budget_lines-00001", "field": "value", "action": "confirm"}'])
def test_a_request_that_says_nothing_is_told_so(server: Server, body: bytes) -> None:
    refused = ask(server, "/api/decide", body)
    assert refused.status == 400
    assert set(refused.json()) == {"zh", "en"}


def test_a_request_too_large_is_not_read(server: Server) -> None:
    assert ask(server, "/api/decide", b"", Content_Length=str(10**12)).status == 400


def test_doubts_come_gravest_first_and_are_found_by_words(server: Server) -> None:
    rows = ask(server, "/api/doubts").json()["rows"]
    order = ["certain", "likely", "look"]
    assert [order.index(row["severity"]) for row in rows] == sorted(order.index(row["severity"]) for row in rows)
    assert len({row["department"] for row in rows}) == 2
    assert {row["department"] for row in ask(server, "/api/doubts?q=bamboo").json()["rows"]} == set()
    assert {row["check_id"] for row in ask(server, "/api/doubts?q=growth_rate").json()["rows"]} == {"growth_rate_matches_amounts"}
    assert ask(server, "/api/doubts?offset=-1").status == 404
    assert [row["department"] for row in ask(server, "/api/departments").json()][-1] == "白榆市图书馆"


def test_a_row_tells_its_checks_and_a_check_both_its_sides(server: Server) -> None:
    doubt = next(row for row in ask(server, "/api/doubts").json()["rows"] if row["check_id"] == "share_is_part_of_whole")
    finding = ask(server, f"/api/row/{doubt['row_id']}").json()
    assert {side["value"] for side in finding["sides"]} == {"32", "25.92", "86.4"}
    share = next(side for side in finding["sides"] if side["value"] == "32")
    row = ask(server, f"/api/row/{share['row_id']}").json()
    assert (row["raw"], row["rule"]) == ("32.0%", "narrative.share")
    assert {check["check_id"] for check in row["checks"]} >= {"share_is_part_of_whole", "shares_sum_to_hundred"}


def test_a_decision_is_written_and_taken_back(server: Server, dataset: Path) -> None:
    (row,) = [row for row in ask(server, "/api/search?q=%E7%AB%B9%E7%BC%96%E5%B7%A5%E8%89%BA%E7%AB%99").json() if row["value"] == "32"]
    corrected = ask(server, "/api/decide", {"row_id": row["row_id"], "field": "value", "action": "correct", "new_value": "30.0", "reason": "25.92÷86.40"}).json()
    assert [(one["action"], one["value_seen"], one["new_value"], one["reviewer"]) for one in corrected["decisions"]] == [("correct", "32", "30.0", "林一")]
    (file,) = (dataset / "overrides").glob("*.csv")
    assert "25.92÷86.40" in file.read_text(encoding="utf-8")
    assert ask(server, "/api/undo", {}).json()["undoable"] == 0
    assert ask(server, f"/api/row/{row['row_id']}").json()["decisions"] == []
    assert ask(server, "/api/undo", {}).status == 400
    wrong = ask(server, "/api/decide", {"row_id": row["row_id"], "field": "value", "action": "correct", "new_value": "thirty"})
    assert wrong.status == 400
    assert ask(server, "/api/decide", {"row_id": row["row_id"], "field": "raw", "action": "confirm"}).status == 400
