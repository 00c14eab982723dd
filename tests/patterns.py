"""Every regular expression the readers use, and texts made to be slow for it, from its own structure."""

from __future__ import annotations

import ast
import json
import re
import re._parser as parser  # type: ignore[import-not-found]  # the only way to see what a pattern repeats
import subprocess
import sys
from pathlib import Path
from time import thread_time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
SOURCES = "\n".join(file.read_text(encoding="utf-8") for floor in ("extract", "normalize", "gongkai") for file in sorted((ROOT / floor).rglob("*.py")))
WAYS = frozenset({"search", "match", "fullmatch", "finditer", "findall", "sub", "subn", "split"})
UNNAMED = {"normalize/tables/kinds.py": {"fullmatch"}}
PLAIN = ("a", "一", " ", "1", "1,", "<", "(", "（", "元", "的", "|", "\n", "- ", "<a ", "支出", "年度")
LISTED = """
import importlib, json, pkgutil, re, sys
from pathlib import Path
seen, compile_one = {}, re._compile
def noted(pattern, flags):
    made, frame = compile_one(pattern, flags), sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.endswith(("/re/__init__.py", "<string>")):
        frame = frame.f_back
    if frame is not None and isinstance(made.pattern, (str, bytes)):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(Path.cwd()) and file.relative_to(Path.cwd()).parts[0] in {"extract", "normalize"}:
            text = made.pattern if isinstance(made.pattern, str) else made.pattern.decode("latin-1")
            seen[text, made.flags, isinstance(made.pattern, bytes)] = f"{file.relative_to(Path.cwd())}:{frame.f_lineno}"
    return made
re._compile = noted
for floor in ("extract", "normalize"):
    for module in pkgutil.walk_packages(importlib.import_module(floor).__path__, floor + "."):
        importlib.import_module(module.name)
from extract.document import DocumentError
from extract.reading import read
from normalize.disclosure import normalize
for file in sorted(Path("fixtures").rglob("input.*")):
    if file.suffix != ".pdf" or file.stat().st_size < 70_000:
        normalize(read(file.read_bytes(), file.name))
print(json.dumps([[where, *key] for key, where in seen.items()]))
"""


class Known(NamedTuple):
    """A pattern as it is compiled, and where."""

    where: str
    pattern: re.Pattern[Any]


def patterns() -> list[Known]:
    """What `re` compiles for extract/ and normalize/ while they are loaded and read the shipped examples."""
    listed = subprocess.run([sys.executable, "-W", "ignore", "-c", LISTED], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    made = [(where, text.encode("latin-1") if raw else text, flags) for where, text, flags, raw in json.loads(listed)]
    return [Known(where, re.compile(text, flags)) for where, text, flags in made]


def attacks(pattern: re.Pattern[Any], size: int) -> Iterator[str]:
    """Texts of about `size` characters: what each repeated part of the pattern matches, again and again, and then something it does not."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    units = {*PLAIN}
    heads = {("", "a")}
    for before, body in _repeats(list(parser.parse(text, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)), ""):
        units.add(body)
        heads.add((before[:200], body))
        units.add((before + body)[:200])
    for unit in sorted(unit for unit in units if unit):
        yield (unit * (size // len(unit) + 1))[:size] + "\x01"
    for before, body in sorted(heads):
        if before and body:
            yield before + (body * (size // len(body) + 1))[:size] + "\x01"


def _repeats(nodes: list[Any], before: str) -> Iterator[tuple[str, str]]:
    """What stands before each repeated part of a parsed pattern, and what one turn of it matches."""
    for kind, value in nodes:
        name = str(kind)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, inner = value
            body = list(inner)
            if most > 3:
                yield before, _sample(body)
            yield from _repeats(body, before)
        elif name == "SUBPATTERN":
            yield from _repeats(list(value[-1]), before)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(list(value), before)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repeats(list(branch), before)
        before += _sample([(kind, value)])


def _sample(nodes: list[Any]) -> str:
    """A text that a parsed pattern matches, looking round itself left aside."""
    out = []
    for kind, value in nodes:
        match str(kind):
            case "LITERAL":
                out.append(chr(value))
            case "NOT_LITERAL":
                out.append("一" if value != ord("一") else "a")
            case "ANY":
                out.append("一")
            case "IN":
                out.append(_of_class(value))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                out.append(_sample(list(value[2])) * max(value[0], 1))
            case "SUBPATTERN":
                out.append(_sample(list(value[-1])))
            case "ATOMIC_GROUP":
                out.append(_sample(list(value)))
            case "BRANCH":
                out.append(_sample(list(value[1][0])))
    return "".join(out)


def _of_class(members: list[Any]) -> str:
    """A character of a class; of a negated one the first of some that is not named."""
    if str(members[0][0]) == "NEGATE":
        left = [character for character in "一a1 <" if not any(_holds(member, character) for member in members[1:])]
        return left[0] if left else "\u9f98"
    kind, value = members[0]
    match str(kind):
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
    return {"CATEGORY_DIGIT": "1", "CATEGORY_SPACE": " ", "CATEGORY_WORD": "a", "CATEGORY_NOT_SPACE": "一", "CATEGORY_NOT_DIGIT": "一", "CATEGORY_NOT_WORD": "("}[str(value)]


def _holds(member: Any, character: str) -> bool:
    kind, value = member
    match str(kind):
        case "LITERAL":
            return bool(chr(value) == character)
        case "RANGE":
            return bool(value[0] <= ord(character) <= value[1])
    return bool({"CATEGORY_DIGIT": character.isdigit(), "CATEGORY_SPACE": character.isspace(), "CATEGORY_WORD": character.isalnum()}.get(str(value), False))


def asked(known: Known) -> set[str]:
    """The ways in which the source asks a pattern; searching where it has no name."""
    file, line = known.where.rsplit(":", 1)
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    names = [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and node.lineno <= int(line) <= (node.end_lineno or 0)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    if not names:
        return UNNAMED.get(file, {"search"})
    own = re.findall(rf"\b{names[0]}\)?\.(\w+)", SOURCES if not names[0].startswith("_") else (ROOT / file).read_text(encoding="utf-8"))
    return {"search" if way not in ("match", "fullmatch") else way for way in own if way in WAYS} or {"search"}


def seconds(pattern: re.Pattern[Any], way: str, text: str) -> float:
    """How long a pattern computes over a text, asked for every place where it is searched; what others do meanwhile is not counted."""
    given = text.encode("utf-8", "replace") if isinstance(pattern.pattern, bytes) else text
    begun = thread_time()
    if way == "search":
        for _ in pattern.finditer(given):
            pass
    else:
        getattr(pattern, way)(given)
    return thread_time() - begun
