"""A browser for the review page: Debian's Chromium driven by Playwright; skipped, with the reason, where one of them is absent."""

from __future__ import annotations

import os
import re
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gongkai.cli import main
from gongkai.review.answers import begun
from gongkai.review.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = (
    "pengxi-stone-2021-final", "yunshan-bamboo-2023-final", "baiyu-library-2022-self-evaluation", "chengkou-climate-2021-final-html", "fengxian-shelterbelt-2023-final-pdf",
    "tongliang-dragon-2022-final-txt", "repair-misprinted-rows",
)  # fmt: skip
EXPECTED = re.compile(r"status of 400|ERR_CONNECTION_REFUSED")  # a refused decision; a picture still under way when the server ends
PATIENCE = 15  # seconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is an extra of the tests: pip install playwright")
    program = os.environ.get("GONGKAI_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine (set GONGKAI_CHROMIUM)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of some fixtures; not to be written to."""
    return made(tmp_path_factory.mktemp("review"), *(FIXTURES / name for name in NAMES))


def made(place: Path, *sources: Path) -> Path:
    """A dataset of these files and folders, copied to `place` first."""
    for source in sources:
        shutil.copytree(source, place / "in" / source.name) if source.is_dir() else shutil.copy(source, place / "in")
    assert main(["run", str(place / "in"), "--output", str(place / "out"), "--progress", "none"]) == 0
    return place / "out"


def until(page: Any, expression: str) -> None:
    """Wait for an expression of the page to be true: asked from outside, because the page lets nothing be evaluated in it."""
    for _ in range(PATIENCE * 20):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


@contextmanager
def served(dataset: Path) -> Iterator[Server]:
    """The review server of a dataset, in a thread."""
    desk = Server(begun(dataset, "林一"))
    with desk.listening() as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield desk
        finally:
            listening.shutdown()
            thread.join()


@pytest.fixture
def dataset(kept: Path, tmp_path: Path) -> Path:
    """A dataset to decide on."""
    shutil.copytree(kept, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open the review page of a server; at the end nothing may have gone wrong in it, and nothing been fetched from elsewhere."""
    wrong: list[str] = []
    contexts = []

    def refused(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def opened(desk: Server, anchor: str = "", *, width: int = 1400, height: int = 900, **context: Any) -> Any:
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, **{"locale": "zh-CN", **context}))
        page = contexts[-1].new_page()
        own = f"http://127.0.0.1:{desk.port}/"
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda message: wrong.extend([f"console: {message.text}"] if message.type in ("error", "warning") else []))
        page.on("request", lambda request: wrong.extend([] if request.url.startswith((own, "about:", "blob:")) else [f"request: {request.url}"]))
        page.on("dialog", refused)
        page.goto(desk.address)
        if anchor:
            page.goto(f"{own}#{anchor}")
            page.reload()
        until(page, "document.querySelector('#detail h2') !== null")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [fault for fault in wrong if not EXPECTED.search(fault)] == []
