"""`gongkai review`: a web server for one reader, on this machine.

    GET  /?token=T              sets the cookie and leads to /; nothing else answers without it
    GET  /  /review.js  /review.css  /icon.svg
    GET  /api/overview  /api/departments  /api/doubts  /api/search  /api/document/ID  /api/row/ROW_ID  /api/decisions  /api/sample
    GET  /view/ID               a document as HTML, for a frame that runs nothing
    GET  /page/ID/N.png         a page of a PDF
    POST /api/decide  /api/undo

It listens on the loopback address unless told otherwise, answers only to its own Host, and only with the token of this run. No script but its own runs
(Content-Security-Policy); scraped text reaches the page as text, scraped pages as HTML that is made anew. No path of a request is ever a path of a file.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from gongkai.errors import GongkaiError, UsageError
from gongkai.review import answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from gongkai.review.answers import Session

LOOPBACK = "127.0.0.1"
LONGEST_BODY = 64 * 1024
SECONDS = 30  # for a request to arrive
COOKIE = "gongkai-review"
STATIC = {"/": ("review.html", "text/html"), "/review.js": ("review.js", "text/javascript"), "/review.css": ("review.css", "text/css"), "/icon.svg": ("icon.svg", "image/svg+xml")}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
FRAMED = {**HEADERS, "Content-Security-Policy": "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"}
DOCUMENT = r"(?P<document_id>[0-9a-f]{16})"
ROW = r"(?P<row_id>[0-9a-f]{16}-[a-z_]{1,40}-[0-9]{5,12})"


class Reply(NamedTuple):
    """An answer: its type, its bytes, its headers."""

    media_type: str
    body: bytes
    headers: dict[str, str] = HEADERS
    status: HTTPStatus = HTTPStatus.OK


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A value as JSON."""
    return Reply("application/json", json.dumps(value, ensure_ascii=False, default=str).encode(), status=status)


def refused(status: HTTPStatus, zh: str, en: str) -> Reply:
    """A refusal, said in both languages."""
    return as_json({"zh": zh, "en": en}, status)


GET: tuple[tuple[re.Pattern[str], Callable[..., Reply]], ...] = tuple(
    (re.compile(path), answer)
    for path, answer in (
        ("/api/overview", lambda session, _: as_json(answers.overview(session))),
        ("/api/departments", lambda session, _: as_json(answers.departments(session))),
        ("/api/doubts", lambda session, asked: as_json(answers.doubts(session, asked))),
        ("/api/search", lambda session, asked: as_json(answers.search(session, asked.get("q", "")))),
        ("/api/decisions", lambda session, _: as_json(answers.decisions(session))),
        ("/api/sample", lambda session, _: as_json(answers.sample(session))),
        (f"/api/document/{DOCUMENT}", lambda session, _, document_id: as_json(answers.document(session, document_id))),
        (f"/api/row/{ROW}", lambda session, _, row_id: as_json(answers.row(session, row_id))),
        (f"/view/{DOCUMENT}", lambda session, _, document_id: Reply("text/html", answers.view(session, document_id).encode(), FRAMED)),
        (rf"/page/{DOCUMENT}/(?P<number>[1-9][0-9]{{0,4}})\.png", lambda session, _, document_id, number: Reply("image/png", answers.picture(session, document_id, int(number)))),
    )
)
POST: dict[str, Callable[[Session, dict[str, Any]], object]] = {"/api/decide": answers.decide, "/api/undo": lambda session, _: answers.undo(session)}


@dataclass
class Server:
    """Who may ask, and what they ask about."""

    session: Session
    host: str = LOOPBACK
    port: int = 0
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    lock: Lock = field(default_factory=Lock)  # one answer at a time: one reader, and files that are written

    def listening(self) -> ThreadingHTTPServer:
        """The server, bound to its port, not serving yet."""
        http = ThreadingHTTPServer((self.host, self.port), partial(Handler, self))
        http.daemon_threads = True
        self.port = http.server_address[1]
        return http

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/?token={self.token}"

    def hosts(self) -> set[str]:
        """What a Host header may say."""
        return {f"{name}:{self.port}" for name in (self.host, "localhost", LOOPBACK)}


class Handler(BaseHTTPRequestHandler):
    """One request: is it ours, what does it ask, the answer."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "gongkai", ""
    timeout = SECONDS

    def __init__(self, desk: Server, *rest: Any) -> None:
        self.desk = desk
        super().__init__(*rest)

    def do_GET(self) -> None:
        """Answer a question."""
        asked = urlsplit(self.path)
        query = {name: value[-1] for name, value in parse_qs(asked.query, max_num_fields=20).items()} if len(asked.query) < LONGEST_BODY else {}
        if refusal := self._stranger():
            self._send(refusal)
        elif asked.path == "/" and "token" in query:
            self._welcome(query["token"])
        elif not self._known():
            self._send(refused(HTTPStatus.FORBIDDEN, "需要本次运行的地址；见终端", "this needs the address that the terminal shows"))
        elif asked.path in STATIC:
            name, media_type = STATIC[asked.path]
            self._send(Reply(media_type, files("gongkai.review").joinpath("page", name).read_bytes()))
        else:
            found = next(((answer, match) for path, answer in GET if (match := path.fullmatch(asked.path))), None)
            self._send(self._answered(partial(found[0], self.desk.session, query, **found[1].groupdict())) if found else refused(HTTPStatus.NOT_FOUND, "没有此页", "there is no such page"))

    def do_POST(self) -> None:
        """Take a decision."""
        size = self.headers.get("Content-Length", "")
        body = self.rfile.read(int(size)) if size.isdecimal() and int(size) <= LONGEST_BODY else None
        if body is None:
            self.close_connection = True
        origin = self.headers.get("Origin")
        if refusal := self._stranger():
            self._send(refusal)
        elif not self._known() or (origin is not None and urlsplit(origin).netloc not in self.desk.hosts()):
            self._send(refused(HTTPStatus.FORBIDDEN, "需要本次运行的地址；见终端", "this needs the address that the terminal shows"))
        elif self.path not in POST:
            self._send(refused(HTTPStatus.NOT_FOUND, "没有此页", "there is no such page"))
        elif body is None or self.headers.get_content_type() != "application/json":
            self._send(refused(HTTPStatus.BAD_REQUEST, "请求过大或不是 JSON", "the request is too large or not JSON"))
        else:
            try:
                said = json.loads(body)
            except ValueError:
                said = None
            wrong = refused(HTTPStatus.BAD_REQUEST, "不是 JSON 对象", "not a JSON object")
            self._send(self._answered(lambda: as_json(POST[self.path](self.desk.session, said))) if isinstance(said, dict) else wrong)

    def _answered(self, answer: Callable[[], Reply]) -> Reply:
        try:
            with self.desk.lock:
                return answer()
        except UsageError as error:
            return refused(HTTPStatus.NOT_FOUND if self.command == "GET" else HTTPStatus.BAD_REQUEST, *str(error).split(" / ", 1))
        except GongkaiError as error:
            return refused(HTTPStatus.INTERNAL_SERVER_ERROR, *str(error).split(" / ", 1))

    def _stranger(self) -> Reply | None:
        """Pages of other names that were made to lead here (DNS rebinding) are refused."""
        named = self.headers.get_all("Host") or []
        return None if len(named) == 1 and named[0] in self.desk.hosts() else refused(HTTPStatus.MISDIRECTED_REQUEST, "主机名不符", "not the Host this server answers to")

    def _known(self) -> bool:
        try:
            cookie = SimpleCookie(self.headers.get("Cookie", "")).get(f"{COOKIE}-{self.desk.port}")
        except CookieError:
            return False
        return cookie is not None and hmac.compare_digest(cookie.value.encode(), self.desk.token.encode())

    def _welcome(self, token: str) -> None:
        if not hmac.compare_digest(token.encode(), self.desk.token.encode()):
            self._send(refused(HTTPStatus.FORBIDDEN, "地址已失效；见终端", "this address is of another run; see the terminal"))
            return
        cookie = f"{COOKIE}-{self.desk.port}={self.desk.token}; Path=/; HttpOnly; SameSite=Strict"
        self._send(Reply("text/plain", b"", {**HEADERS, "Set-Cookie": cookie, "Location": "/"}, HTTPStatus.SEE_OTHER))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        text = reply.media_type.startswith("text/") or reply.media_type == "application/json"
        self.send_header("Content-Type", f"{reply.media_type}; charset=utf-8" if text else reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(reply.body)
        except ConnectionError:  # the reader has gone on to another page
            self.close_connection = True

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002  the name http.server calls
        """Say nothing: the terminal is for people."""


def serve(session: Session, host: str = LOOPBACK, port: int = 0) -> int:
    """Serve until Ctrl-C. Raises `UsageError` where the address cannot be had."""
    desk = Server(session, host, port)
    try:
        http = desk.listening()
    except OSError as error:
        raise UsageError(zh=f"无法监听 {host}:{port}", en=f"cannot listen on {host}:{port} ({error.strerror})") from error
    with http:
        print(f"复核页面 the review page: {desk.address}\n按 Ctrl-C 结束 ends it", flush=True)
        try:
            http.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0
