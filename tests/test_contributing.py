"""CONTRIBUTING's table is true: what it names is there, and who does what its lines say, on a copy of the project, gets what they promise."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("extract", "normalize", "gongkai")
TOKEN = re.compile(r"`([^`]+)`")
NAME = re.compile(r"[A-Z][A-Z_]+")


class Line(NamedTuple):
    """A line of the table: what is added, what is touched for it, what is not."""

    adds: str
    touch: str
    never: str


def lines() -> list[Line]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| to add | touch | never touch |\n|---|---|---|\n")[2].partition("\n\n")[0]
    return [Line(*(cell.strip() for cell in line.strip("|").split(" | "))) for line in table.splitlines()]


def line_of(adds: str) -> Line:
    (found,) = (line for line in lines() if line.adds.startswith(adds))
    return found


def patterns(cell: str) -> list[str]:
    """The paths that a cell names: a name alone is in the folder of the one before it, `<format>` is any."""
    found: list[str] = []
    for token in TOKEN.findall(cell):
        if "/" in token or re.search(r"\.(?:py|toml|csv|js|md)$", token):
            inside = "" if "/" in token or not found or (ROOT / token).exists() else found[-1].rpartition("/")[0] + "/"
            found.append(re.sub(r"<\w+>", "*", inside + token))
    return found


def files(cell: str) -> list[Path]:
    """The files that a cell names, those of its folders too."""
    found = [path for pattern in patterns(cell) for path in ROOT.glob(pattern.rstrip("/"))]
    return [file for path in found for file in (path.glob("*.*") if path.is_dir() else [path]) if file.is_file()]


def untrue(cell: str) -> list[str]:
    """The names of a cell that nothing bears: files, constants, recipes of `just`, words of the files beside them."""
    wrong = [pattern for pattern in patterns(cell) if not any(ROOT.glob(pattern.rstrip("/")))]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files(cell)]
    for token in TOKEN.findall(cell):
        if "/" in token or re.search(r"\.(?:py|toml|csv|js|md)$", token):
            continue
        if token.startswith("just "):
            held = re.search(rf"^{token.removeprefix('just ')}\b.*:$", (ROOT / "justfile").read_text(encoding="utf-8"), re.MULTILINE) is not None
        elif NAME.fullmatch(token):
            held = any(re.search(rf"^(?:const )?{token}\b[^=\n]*= ", text, re.MULTILINE) for text in texts)
        else:
            held = any(re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text) for text in texts)
        if not held:
            wrong.append(token)
    return wrong


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.adds[:30].encode("ascii", "ignore").decode().strip())
def test_what_a_line_names_is_there(line: Line) -> None:
    assert untrue(line.touch) == []
    assert [pattern for pattern in patterns(line.never) if pattern != "build/" and not any(ROOT.glob(pattern.rstrip("/")))] == []
    assert TOKEN.search(line.touch), "a line that names nothing helps nobody"


def test_names_that_nothing_bears_are_seen() -> None:
    assert untrue("`normalize/vocabulary/wordings.toml`, `READERS` of `extract/html.py`, `just dictionaries`, `know` in `normalize/vocabulary/concepts.csv`") == [
        "normalize/vocabulary/wordings.toml", "READERS", "just dictionaries", "know",
    ]  # fmt: skip
    assert len(lines()) > 15


class Edit(NamedTuple):
    """Text put into a file: right after an anchor that stands there once, at its end without one; a file that is not there is made."""

    file: str
    text: str
    after: str = ""


class Addition(NamedTuple):
    """A line of the table as a newcomer follows it, and what the project says before and after."""

    line: str
    edits: tuple[Edit, ...]
    probe: str
    before: object
    after: object
    then: str = ""  # a recipe of the justfile


# What every probe may use; it answers with `said`. `folder` is empty, `dataset` is one that the project wrote before the addition.
SETTING = r"""
import contextlib, io, json, sys
from pathlib import Path
import pyarrow.parquet as pq
from extract.reading import read
from gongkai.cli import main
from normalize.disclosure import normalize

text = next((root / "fixtures/yunshan-bamboo-2023-final").glob("input.*")).read_text(encoding="utf-8")

def page(*lines):
    return normalize(read(text.replace("“三公”", "\n".join((*lines, "“三公”"))).encode(), "page.txt"))

def table(title, *rows):
    cells = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    prose = "".join(f"<p>{line}</p>" for line in text.splitlines())
    found = normalize(read(f"<html><body>{prose}<h2>{title}</h2><p>单位：万元</p><table>{cells}</table></body></html>".encode(), "page.html"))
    return [line for line in found.budget_lines if line.origin == "table"]

def quietly(*arguments):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return main([str(word) for word in arguments])
        except SystemExit as end:
            return end.code
"""
INVENTED_READER = '''"""An invented format: a page behind a line that says so."""

from dataclasses import replace

from extract.document import Document, Source
from extract.text import read_text


def read_invented(data: bytes, source: Source) -> Document:
    """The page."""
    return read_text(data.decode().partition("\\n")[2], replace(source, encoding="utf-8"))
'''
INVENTED_TABLE = '''"""守望登记表: a list whose figures stand in one cell with their names."""

import re
from decimal import Decimal

from extract.document import Span
from normalize.records import BudgetLine
from normalize.tables.cells import Taken


def read(table, setting):
    """Every 名称=金额 of its cells."""
    taken = Taken()
    for cell in table.grid.table.cells:
        for found in re.finditer(r"(\\w+)=([\\d.]+)", table.document.text(cell.span)):
            span = Span(cell.span.start + found.start(2), cell.span.start + found.end(2))
            taken.lines.append(
                BudgetLine("table", "final", Decimal(found[2]), table.unit, found[2], span, "tables.watch", table_kind="watch", table_ordinal=table.ordinal, item_label=found[1], column="amount")
            )
    return taken
'''
INVENTED_CHECK = '''def an_invented_check(ledger: Ledger) -> Iterator[Finding]:
    """编造的核对: every disclosure has its sections counted."""
    identity = Identity("an_invented_check", "编造的核对", "an invented check", "note")
    yield remark(identity, "pass", f"{len(ledger.disclosure.sections)}节", f"{len(ledger.disclosure.sections)} sections")


'''
INVENTED_FORM = '''"""The names of the tables, one to a line."""

from pathlib import Path

from gongkai.export import tables


def write(dataset: Path, place: Path) -> list[Path]:
    """Write them."""
    place.write_text("\\n".join(tables(dataset)), encoding="utf-8")
    return [place]
'''
INVENTED_COMMAND = '''"""`gongkai invented`: how many tables a dataset has."""

from pathlib import Path

from gongkai.export import tables


def invented(dataset: Path) -> int:
    """Count them."""
    return len(tables(dataset))
'''
INVENTED_PROPERTY = """
    @property
    def length(self) -> int:
        return len(self.definition)
"""
INVENTED_STEP = """def _with_length(table: str, rows: pa.Table) -> pa.Table:
    if table != "glossary":
        return rows
    lengths = pa.array([len(text) for text in rows.column("definition").to_pylist()], pa.int32())
    return rows.add_column(rows.schema.get_field_index("ordinal") + 1, schema.arrow("glossary").field("length"), lengths)


"""
VOCABULARY = "normalize/vocabulary"

ADDITIONS = (
    Addition(
        "a phrase for a measure",
        (Edit(f"{VOCABULARY}/measures.toml", '"维持性开销", ', "[basic_expenditure]\nsays = ["),),
        "said = [line.raw for line in page('维持性开销12.50万元。').budget_lines if line.measure == 'basic_expenditure' and line.raw == '12.50万元']",
        [], ["12.50万元"],
    ),
    Addition(
        "a verb, comparison",
        (Edit(f"{VOCABULARY}/wording.toml", '"攀升", ', "\nup = ["),),
        "said = [(line.basis, str(line.value)) for line in page('基本支出12.50万元，较上年决算数攀升2.50万元。').budget_lines if line.raw == '2.50万元']",
        [], [["change_vs_prior_final", "2.50"]],
    ),
    Addition(
        "a heading",
        (Edit(f"{VOCABULARY}/sections.toml", '"术语汇编", ', '\n"glossary" = ['),),
        "said = [term.term for term in page('三、术语汇编', '基本支出：指为保障机构正常运转而发生的支出。').glossary]",
        [], ["基本支出"],
    ),
    Addition(
        "a numeral that is no figure",
        (Edit(f"{VOCABULARY}/nonfigures.toml", 'well = "井\\\\d+眼"\n', "[rules]\n"), Edit(f"{VOCABULARY}/nonfigures.toml", "井", 'starts = "')),
        "said = [number.raw for number in page('详见井377眼。').unexplained_numbers]",
        ["377"], [],
    ),
    Addition(
        "a head or label of an evaluation form",
        (Edit(f"{VOCABULARY}/self_evaluation.toml", '"承办事由", ', "\nproject_name = ["),),
        "form = (root / 'fixtures/dianjiang-citrus-2022-self-evaluation/input.html').read_text().replace('项目名称', '承办事由')\n"
        "said = [form.project_name for form in normalize(read(form.encode(), 'page.html')).projects]",
        [None], ["柑橘黄龙病航空巡查"],
    ),
    Addition(
        "a title, head or row of a standard table",
        (Edit(f"{VOCABULARY}/tables.toml", '\n[kinds.night_market]\nzh = "夜市摊位收费表"\ntitles = ["夜市摊位收费"]\ncolumns = ["stalls"]\ndefault = "total"\n\n[columns.stalls]\nstalls = ["摊位费"]\n'),),
        "found = table('夜市摊位收费表', ['项目', '摊位费'], ['东街', '12.50'], ['西街', '7.25'])\n"
        "said = [(line.table_kind, line.item_label, line.column, line.raw, line.unit) for line in found]",
        [], [["night_market", "东街", "stalls", "12.50", "万元"], ["night_market", "西街", "stalls", "7.25", "万元"]],
    ),
    Addition(
        "a title, head or row of a standard table",
        (Edit(f"{VOCABULARY}/tables.toml", '"夜市摊位", ', '[kinds.gpb_expenditure]\nzh = "一般公共预算支出表"\ntitles = ['), Edit(f"{VOCABULARY}/tables.toml", '"摆摊支出", ', '\nproject = ["项目支出.*", ')),
        "found = table('夜市摊位表', ['功能分类科目编码', '科目名称', '合计', '摆摊支出'], ['201', '一般公共服务支出', '12.50', '7.25'])\n"
        "said = [(line.table_kind, line.column, line.raw) for line in found]",
        [], [["gpb_expenditure", "total", "12.50"], ["gpb_expenditure", "project", "7.25"]],
    ),
    Addition(
        "a subject code",
        (Edit(f"{VOCABULARY}/codes_functional.csv", "functional,20196,夜市管理事务,款,201,2007,,recalled\n"),),
        "found = page('三、一般公共预算财政拨款支出决算情况', '1.一般公共服务支出（类）夜市管理事务（款）行政运行（项）支出决算为3.20万元。')\n"
        "said = [line.function_code for line in found.budget_lines if line.raw == '3.20万元']",
        [None], ["2019601"],
    ),
    Addition(
        "a renamed subject",
        (
            Edit(f"{VOCABULARY}/renamed_subjects.csv", "20195,夜市事务,20196,夜市管理事务,2021,moved,recalled,\n"),
            Edit(f"{VOCABULARY}/concepts.csv", "stall_fees,摊位费,stall fees,,,\n"),
            Edit(f"{VOCABULARY}/reformed_bodies.csv", "夜市管理所,夜市服务中心,2021,recalled\n"),
            Edit(f"{VOCABULARY}/renaming.toml", '\n    "{old}后称为{new}",', "says = ["),
            Edit(f"{VOCABULARY}/renaming.toml", '"后称", ', "\nsigns = ["),
        ),
        "from normalize.concepts import concepts, subject_of\n"
        "from normalize.renaming import Named, reforms, says_renamed\n"
        "place = ('白榆县', '县')\n"
        "words = says_renamed('白榆县夜市管理所后称为白榆县夜市服务中心。', Named(None, '夜市管理所', place), Named(None, '夜市服务中心', place))\n"
        "said = [subject_of('20195', 2020), 'stall_fees' in concepts(), any(reform.before == '夜市管理所' for reform in reforms()), words is not None]",
        ["20195", False, False, False], ["20196", True, True, True],
    ),
    Addition(
        "a form of export",
        (Edit("gongkai/export/names.py", INVENTED_FORM), Edit("gongkai/export/__init__.py", '    "names": Form("表名", "the names of the tables", "export/names.txt"),\n', "FORMS = {\n")),
        "code = quietly('export', dataset, '--to', 'names', '--out', folder / 'names.txt')\n"
        "said = [code, (folder / 'names.txt').is_file() and 'budget_lines' in (folder / 'names.txt').read_text().split()]",
        [2, False], [0, True],
    ),
    Addition(
        "a place, a renamed district",
        (Edit(f"{VOCABULARY}/divisions.csv", "500298,夜市县,,\n"),),
        "found = normalize(read(text.replace('青岚省白榆市云杉县', '重庆市夜市县').encode(), 'page.txt'))\n"
        "said = [found.identity.region_code, found.identity.county]",
        ["500000", None], ["500298", "夜市县"],
    ),
    Addition(
        "an irregular table",
        (
            Edit("normalize/tables/watch.py", INVENTED_TABLE),
            Edit("normalize/tables/__init__.py", '    "watch": watch.read,\n', '    "agency_operation": agency_operation.read,\n'),
            Edit("normalize/tables/__init__.py", "\nfrom normalize.tables import watch", "from normalize.tables import agency_operation, cells"),
            Edit(f"{VOCABULARY}/tables.toml", '\n[kinds.watch]\nzh = "守望登记表"\ntitles = ["守望登记"]\nirregular = true\ndefault = "amount"\n'),
        ),
        "found = table('守望登记表', ['守望点', '开支'], ['东街', '灯油=12.50'], ['西街', '灯油=7.25'])\n"
        "said = [(line.table_kind, line.item_label, line.raw) for line in found]",
        [], [["watch", "灯油", "12.50"], ["watch", "灯油", "7.25"]],
    ),
    Addition(
        "a file format",
        (
            Edit("extract/invented.py", INVENTED_READER),
            Edit("extract/reading.py", '    (b"\\x00INV", "application/x-invented"),\n', "SIGNATURES = (\n"),
            Edit("extract/reading.py", '    "application/x-invented": _invented,\n', "READERS: dict[str, Reader] = {\n"),
            Edit(
                "extract/reading.py",
                "def _invented(data: bytes, source: Source, declared_encoding: str | None) -> Document:\n    from extract.invented import read_invented\n\n    return read_invented(data, source)\n\n\n",
                "CONTROLS = bytes({*range(9), 11, *range(14, 27), *range(28, 32), 127})\n\n\n",
            ),
        ),
        "(folder / 'page.inv').write_bytes(b'\\0INV\\n' + text.encode())\n"
        "quietly('run', folder / 'page.inv', '--output', folder / 'out', '--progress', 'none')\n"
        "said = [row['media_type'] for row in pq.read_table(folder / 'out/data/documents.parquet').to_pylist() if row['status'] == 'ok']",
        ["text/plain"], ["application/x-invented"],
    ),
    Addition(
        "a check",
        (Edit("normalize/checks/structure.py", INVENTED_CHECK, "    return (DIGITS.get(tens, 1) if tens else 1) * 10 + (DIGITS.get(ones, 0) if ones else 0)\n\n\n"), Edit("normalize/checks/structure.py", "an_invented_check, ", "CHECKS = (")),
        "quietly('run', root / 'fixtures/yunshan-bamboo-2023-final', '--output', folder / 'out', '--progress', 'none')\n"
        "said = [row['status'] for row in pq.read_table(folder / 'out/data/findings.parquet').to_pylist() if row['check_id'] == 'an_invented_check']",
        [], ["pass"],
    ),
    Addition(
        "a column",
        (
            Edit("normalize/records.py", INVENTED_PROPERTY, '    term: str\n    definition: str\n    ordinal: int\n    span: Span\n    row_id: str = ""\n'),
            Edit("gongkai/columns.csv", "glossary,length,int32,false,,0..,,长度,length,释义的字数,characters of the definition\n", "\nglossary,ordinal,int32,false,,1..,,序号,ordinal,文内次序,place in the document\n"),
            Edit("gongkai/schema.py", "1 + ", "\nVERSION = "),
            Edit("gongkai/migration.py", INVENTED_STEP, "    return rows if version == schema.VERSION or rows.schema.names != target.names else rows.cast(target)\n\n\n"),
            Edit("gongkai/migration.py", "schema.VERSION - 1: _with_length, ", "\nSTEPS: dict[int, Callable[[str, pa.Table], pa.Table]] = {"),
        ),
        "codes = quietly('run', root / 'fixtures/yunshan-bamboo-2023-final', '--output', dataset, '--progress', 'none'), quietly('validate', dataset)\n"
        "lengths = [row.get('length') == len(row['definition']) for row in pq.read_table(dataset / 'data/glossary.parquet').to_pylist()]\n"
        "said = [codes, len(lengths) > 0 and all(lengths), '| length |' in Path('output/README.md').read_text()]",
        [[0, 0], False, False], [[0, 0], True, True],
        then="dictionary",
    ),
    Addition(
        "what names a row",
        (Edit("gongkai/row_keys.csv", " definition", "\nglossary,term"),),
        "from gongkai.overrides import key_columns\nsaid = key_columns('glossary')",
        ["term"], ["term", "definition"],
    ),
    Addition(
        "a group of measures",
        (Edit("gongkai/measure_groups.csv", "stall_,stalls\n"),),
        "from gongkai.sample import group_of\nsaid = group_of('stall_fees')",
        "other", "stalls",
    ),
    Addition(
        "a command",
        (
            Edit("gongkai/invented.py", INVENTED_COMMAND),
            Edit("gongkai/cli.py", '        case "invented":\n            from gongkai.invented import invented\n\n            print(invented(asked.dataset))\n            return 0\n', "    match asked.command:\n"),
            Edit("gongkai/cli.py", '    commands.add_parser("invented", allow_abbrev=False).add_argument("dataset", type=Path)\n', 'metavar="COMMAND", parser_class=Parser)\n'),
            Edit("README.md", "| `gongkai invented DATASET` | how many tables it has |\n", "| `gongkai doctor` | is this installation whole? |\n"),
        ),
        "said = quietly('invented', dataset)",
        2, 0,
    ),
)
PROCESS = """
import json, sys
from pathlib import Path
root, place = Path(sys.argv[1]), Path(sys.argv[2])
for name in ("extract", "normalize", "gongkai"):
    assert Path(__import__(name).__file__).parents[1] == Path.cwd(), "not the copy"
answers = []
for at, probe in enumerate(json.load(sys.stdin)):
    folder = place / str(at)
    folder.mkdir()
    dataset = folder / "dataset"
    if (place / "dataset").exists():
        __import__("shutil").copytree(place / "dataset", dataset)
    held = {"root": root, "folder": folder, "dataset": dataset}
    exec(probe, held)
    answers.append(held["said"])
print("\\n" + json.dumps(answers))
"""


def copied(place: Path) -> Path:
    """The project, as far as the table speaks of it, without what Python made of it."""
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, place / floor, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("README.md", "output/README.md", "justfile"):
        (place / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, place / file)
    return place


def ran(project: Path, *arguments: str, given: str = "") -> str:
    """What a process of the project says: it imports the copy and nothing of this checkout."""
    done = subprocess.run([sys.executable, *arguments], cwd=project, env={**os.environ, "PYTHONPATH": str(project), "PYTHONUTF8": "1"}, input=given, capture_output=True, text=True, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def asked(project: Path, place: Path, probes: list[str]) -> list[object]:
    """What the project answers to each probe."""
    answers: list[object] = json.loads(ran(project, "-c", PROCESS, str(ROOT), str(place), given=json.dumps([SETTING + probe for probe in probes])).splitlines()[-1])
    return answers


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset that the project wrote before anything was added."""
    place = tmp_path_factory.mktemp("before")
    ran(copied(place / "project"), "-m", "gongkai", "run", str(ROOT / "fixtures" / "tongliang-dragon-2022-final-txt"), "--output", str(place / "dataset"), "--progress", "none")
    return place / "dataset"


@pytest.fixture(scope="module")
def before(dataset: Path) -> list[object]:
    """What the project says to every probe before its addition."""
    return asked(dataset.parent / "project", dataset.parent, [addition.probe for addition in ADDITIONS])


def put(project: Path, edit: Edit) -> None:
    file = project / edit.file
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    assert not edit.after or text.count(edit.after) == 1, (edit.file, edit.after)
    file.write_text(text.replace(edit.after, edit.after + edit.text) if edit.after else text + edit.text, encoding="utf-8")


@pytest.mark.parametrize("at", range(len(ADDITIONS)), ids=[re.sub(r"\W+", "-", addition.line) for addition in ADDITIONS])
def test_whoever_does_what_a_line_says_gets_it(at: int, before: list[object], dataset: Path, tmp_path: Path) -> None:
    addition = ADDITIONS[at]
    assert before[at] == addition.before
    project = copied(tmp_path / "project")
    for edit in addition.edits:
        put(project, edit)
    shutil.copytree(dataset, tmp_path / "dataset")
    if addition.then:
        recipe = re.search(rf"^{addition.then}:\n    \.venv/bin/python (.*)$", (project / "justfile").read_text(encoding="utf-8"), re.MULTILINE)
        assert recipe
        ran(project, *shlex.split(recipe[1]))
    assert asked(project, tmp_path, [addition.probe]) == [addition.after]


@pytest.mark.parametrize("addition", ADDITIONS, ids=lambda addition: re.sub(r"\W+", "-", addition.line))
def test_nothing_is_touched_but_what_the_line_names(addition: Addition) -> None:
    line = line_of(addition.line)
    for edit in addition.edits:
        assert any(fnmatch(edit.file, f"{pattern}*" if pattern.endswith("/") else pattern) for pattern in patterns(line.touch)), edit.file
        assert not any(fnmatch(edit.file, f"{pattern}*" if pattern.endswith("/") else pattern) for pattern in patterns(line.never)), edit.file
    assert not addition.then or f"`just {addition.then}`" in line.touch
