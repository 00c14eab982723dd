"""Documents per CPU-second of each stage on web pages and texts: python benchmarks/text.py [DIR_OR_FILES...] [--rounds 5] [--memory 500]

Medians over rounds; other work on the machine moves absolute figures, so trust the shares. What is remembered of texts (folded paragraphs,
labels) is forgotten before each document, so a document read twice is no faster; a run over many pages of one form is a little faster.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
from collections import defaultdict
from functools import wraps
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING, Any

from extract.document import DocumentError
from extract.reading import media_type, read
from gongkai.dataset import encoded, folder_of, write_folders
from gongkai.rows import data_rows, document_row
from normalize import disclosure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from extract.document import Document
    from gongkai.dataset import Parts

FIXTURES = Path(__file__).parents[1] / "fixtures"
STAGES = {  # what `normalize` calls, in its order
    "sections": ("find_sections", "organisation", "glossary"),
    "identity": ("signals_of", "identify", "status_of"),
    "forms": ("read_forms",),
    "tables": ("read_tables", "document_codes"),
    "narrative": ("read_narrative",),
    "accounting": ("account",),
    "checks": ("run_checks",),
}
ORDER = ("read", *STAGES, "ids", "rows", "encode", "write")
WARM = 50


class Watch:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def timed(self, stage: str, task: Callable[..., Any]) -> Callable[..., Any]:
        """The same task, its seconds counted."""

        @wraps(task)
        def counted(*arguments: Any, **named: Any) -> Any:
            start = process_time()
            try:
                return task(*arguments, **named)
            finally:
                self.seconds[stage] += process_time() - start

        return counted


def inputs(paths: Sequence[Path], shortest: int) -> Iterator[Path]:
    """The web pages and texts under the paths; what cannot be read, or has less text, is left out."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix not in {".py", ".toml", ".json", ".csv"} and file.is_file() and media_type(data := file.read_bytes()) in {"text/html", "text/plain"}:
                try:
                    length = len(read(data, str(file)).content)
                except DocumentError:
                    continue
                if length >= shortest:
                    yield file


def forget() -> None:
    """Empty every bounded memory of texts; what is read once from the vocabulary stays."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in {"extract", "normalize", "gongkai"}:
            for held in vars(module).values():
                if hasattr(held, "cache_parameters") and held.cache_parameters()["maxsize"] is not None:
                    held.cache_clear()


def read_parts(file: Path, watch: Watch) -> tuple[Document, str, Parts]:
    """One document from bytes to what is written of it: the document, its folder, its parts."""
    data = file.read_bytes()
    document = watch.timed("read", read)(data, str(file))
    disclosed = watch.timed("ids", disclosure.normalize)(document)
    rows = watch.timed("rows", data_rows)(document, disclosed)
    row = document_row((str(file), sha256(data).hexdigest()), disclosed.status, "", version="benchmark", read=(document, disclosed))
    parts = watch.timed("encode", encoded)(row, rows)
    return document, folder_of(row), parts


def measured(files: Sequence[Path], rounds: int) -> tuple[dict[str, float], int]:
    """Median CPU seconds of each stage over all files, and their characters; one round more runs before and does not count."""
    told: dict[str, list[float]] = {stage: [] for stage in ORDER}
    characters = 0
    whole = disclosure.normalize
    tasks = {name: (stage, getattr(disclosure, name)) for stage, names in STAGES.items() for name in names}
    for number in range(rounds + 1):
        watch = Watch()
        for name, (stage, task) in tasks.items():
            setattr(disclosure, name, watch.timed(stage, task))
        with TemporaryDirectory() as output:
            characters, folders = 0, {}
            for place, file in enumerate(files):
                forget()
                document, folder, parts = read_parts(file, watch)
                characters += len(document.content)
                folders[f"{folder}-{place}"] = {document.id: parts}
            watch.timed("write", write_folders)(Path(output), folders, {})  # many at once, as a run does
        watch.seconds["ids"] -= sum(watch.seconds[stage] for stage in STAGES)
        for stage in ORDER if number else ():
            told[stage].append(watch.seconds[stage])
    for name, (_, task) in tasks.items():
        setattr(disclosure, name, task)
    assert disclosure.normalize is whole
    return {stage: statistics.median(seconds) for stage, seconds in told.items()}, characters


def resident() -> float:
    """The largest resident size so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one table: stages, documents per CPU-second, milliseconds a document, share of the whole."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[FIXTURES])
    parser.add_argument("--shortest", type=int, default=2000, metavar="CHARACTERS", help="leave out what has less text")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int, default=0, metavar="DOCUMENTS", help=f"read so many, and show the memory after {WARM} and after all")
    options = parser.parse_args(arguments)
    files = list(inputs(options.paths, options.shortest))
    if options.memory:
        with TemporaryDirectory() as output:
            for number in range(options.memory):
                document, folder, parts = read_parts(files[number % len(files)], Watch())
                write_folders(Path(output), {f"{folder}-{number}": {document.id: parts}}, {})
                if number + 1 in {WARM, options.memory}:
                    print(f"{number + 1:6} documents: largest resident size {resident():.0f} MB")
        return
    seconds, characters = measured(files, options.rounds)
    whole = sum(seconds.values())
    print(f"{len(files)} documents, {characters / len(files):.0f} characters each, {options.rounds} rounds")
    print(f"{'stage':16}{'documents/CPU-s':>16}{'ms':>8}{'share':>8}")
    core = sum(seconds[stage] for stage in ("read", *STAGES, "ids"))
    for stage, spent in (*seconds.items(), ("read to checks", core), ("all", whole)):
        print(f"{stage:16}{len(files) / spent:16.0f}{spent / len(files) * 1000:8.2f}{spent / whole:8.1%}")


if __name__ == "__main__":
    main()
