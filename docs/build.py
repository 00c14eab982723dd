"""The documentation site: `python docs/build.py` writes build/site. It needs `pip install -e ".[docs]"`; no network, no fonts from elsewhere.

The pages of docs/ are taken as they are; the reference is made of the schema, the command line and the checks of the shipped examples;
the notebooks are run on the examples and shown with their pictures.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import nbformat
import pyarrow.parquet as pq
from bs4 import BeautifulSoup
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

from gongkai.cli import parser
from gongkai.dictionary import as_markdown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
DOCS, SOURCE, SITE = ROOT / "docs", ROOT / "build" / "docs", ROOT / "build" / "site"
EXAMPLES = ROOT / "build" / "examples"  # where the examples are read: a folder with fixtures/ and output/, as a reader has it
REPORTED = "云杉县竹编工艺站 2023"  # the department-year whose report the site shows


def dataset() -> Path:
    """The shipped examples as a dataset, made anew."""
    shutil.rmtree(EXAMPLES, ignore_errors=True)
    shutil.copytree(ROOT / "fixtures", EXAMPLES / "fixtures", ignore=shutil.ignore_patterns("generators", "__pycache__"))
    gongkai("run", "fixtures", "--progress", "none")
    gongkai("check")
    return EXAMPLES / "output"


def gongkai(*words: str) -> None:
    """Run a command of gongkai; exit code 3 says that some examples are broken on purpose."""
    ended = subprocess.run([sys.executable, "-m", "gongkai", *words], cwd=EXAMPLES, capture_output=True, text=True, encoding="utf-8", check=False)
    if ended.returncode not in (0, 3):
        raise SystemExit(f"gongkai {' '.join(words)}: {ended.stderr}")


def columns() -> str:
    """Every column of every table."""
    return f"# Columns · 列\n\nA `?` after a type means the column may be null. 类型后的 `?` 表示可为空。\n\n{as_markdown()}"


def commands() -> str:
    """Every command with its options, as `--help` prints them."""
    top = parser()
    actions = next(action for action in top._actions if isinstance(action.choices, dict))  # noqa: SLF001  argparse keeps its commands nowhere else
    assert isinstance(actions.choices, dict)
    own = [_help("gongkai", top), *(_help(f"gongkai {name}", command) for name, command in actions.choices.items())]
    return "# Commands · 命令\n\n" + "\n".join(own)


def _help(title: str, command: argparse.ArgumentParser) -> str:
    out = StringIO()
    command.print_help(out)
    return f"## {title}\n\n```text\n{out.getvalue()}```\n"


def checks(place: Path) -> str:
    """Every check that the shipped examples make possible, how grave its failure is, and what it said once."""
    rows = sorted(pq.read_table(place / "data" / "findings.parquet").to_pylist(), key=lambda row: (row["check_id"], row["status"] != "fail", row["row_id"]))
    first = {row["check_id"]: row for row in reversed(rows)}
    lines = [f"- `{name}` · {row['status']}  \n    {_plain(row['message_zh'])}  \n    {_plain(row['message_en'])}" for name, row in sorted(first.items())]
    head = "# Checks · 核对项\n\nEvery check of the shipped examples, with one message it gave: a failure where there is one. [How they work](../checks.md).\n样例中出现的全部核对项，各附一条实际结果。\n"
    return "\n".join([head, *lines, ""])


def _plain(text: str) -> str:
    return re.sub(r"([|<*_\[])", r"\\\1", text)


def notebook(file: Path, target: Path) -> None:
    """Run a notebook and write it as a page with its pictures beside it."""
    book = nbformat.read(file, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    text, extras = MarkdownExporter().from_notebook_node(book, {"output_files_dir": f"{file.stem}_files"})
    target.mkdir(parents=True, exist_ok=True)
    (target / f"{file.stem}.md").write_text(text, encoding="utf-8")
    for name, data in extras["outputs"].items():
        (target / name).parent.mkdir(exist_ok=True)
        (target / name).write_bytes(data)


def decisions() -> str:
    """The list of decisions, by their titles."""
    pages = sorted((DOCS / "decisions").glob("*.md"))
    titles = [(page.name, page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")) for page in pages]
    return "# Decisions · 设计决定\n\nWhy things are as they are, one page each, with the measurements.\n\n" + "".join(f"- [{title}]({name})\n" for name, title in titles)


def dead_links(site: Path) -> Iterator[str]:
    """Links and pictures within the site that are not there, and anything that is fetched from elsewhere."""
    for page in site.rglob("*.html"):
        tags = BeautifulSoup(page.read_bytes(), "lxml").find_all(lambda tag: tag.has_attr("src") or tag.has_attr("href"))
        for name, link in ((name, str(tag[name])) for tag in tags for name in ("src", "href") if tag.has_attr(name)):
            address = urlsplit(link)
            if address.scheme in ("http", "https") and name == "src":
                yield f"{page.relative_to(site)}: fetches {link}"
            elif not address.scheme and address.path and page.name != "404.html":
                place = (page.parent / unquote(address.path)).resolve()
                if not (place.is_file() or (place / "index.html").is_file()):
                    yield f"{page.relative_to(site)}: {link}"


def main() -> None:
    """Make the pages, then the site. Any warning of the site's builder is an error."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(DOCS, SOURCE, ignore=shutil.ignore_patterns("*.py", "*.toml", "*.ipynb", "__pycache__"))
    place = dataset()
    made = {"reference/columns.md": columns(), "reference/commands.md": commands(), "reference/checks.md": checks(place), "decisions/index.md": decisions()}
    for name, text in made.items():
        (SOURCE / name).parent.mkdir(exist_ok=True)
        (SOURCE / name).write_text(text, encoding="utf-8")
    for page in SOURCE.rglob("*.md"):
        page.write_text(page.read_text(encoding="utf-8").replace(".ipynb)", ".md)"), encoding="utf-8")
    for file in sorted((DOCS / "notebooks").glob("*.ipynb")):
        notebook(file, SOURCE / "notebooks")
    gongkai("report", REPORTED, "--out", str(SOURCE / "report.html"))
    config = shutil.copy(DOCS / "zensical.toml", ROOT / "build")
    subprocess.run([Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean", "--config-file", config], check=True)
    if dead := sorted(dead_links(SITE)):
        raise SystemExit("links that lead nowhere:\n" + "\n".join(dead))


if __name__ == "__main__":
    main()
