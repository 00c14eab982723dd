"""Columns that are economic subjects (支出明细表): functional subjects down the page, 工资福利支出 and its kin across it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalize.codes import economic_code

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WHOLE = frozenset({"小计", "合计"})
FEWEST_CLASSES = 2  # header words that name a class; one alone may be anything (其他支出)


def classification(words: Iterable[str]) -> str | None:
    """Which list the header words of a table name classes of: department | government; None where they name none to speak of.

    >>> classification(["合计", "工资福利支出", "商品和服务支出"]), classification(["合计", "基本支出", "其他支出"])
    ('department', None)
    """
    texts = set(words)
    named = {government: sum(economic_code(text, government=government) is not None for text in texts) for government in (False, True)}
    if max(named.values()) < FEWEST_CLASSES:
        return None
    return "government" if named[True] > named[False] else "department"


def economic_column(words: Sequence[str], listed: str) -> tuple[tuple[str, ...], str] | None:
    """The words above an economic subject and its code, where a header path ends in one; 小计 under a class is the class.

    >>> economic_column(("基本支出", "工资福利支出", "小计"), "department"), economic_column(("工资福利支出", "奖金"), "department")
    ((('基本支出',), '301'), ((), '30103'))
    """
    government = listed == "government"
    for at, text in enumerate(words):
        parent = economic_code(text, government=government)
        if parent is None:
            continue
        below = [word for word in words[at + 1 :] if word not in WHOLE]
        code = parent if not below else economic_code("".join(below), parent, government=government)
        return (tuple(words[:at]), code) if code else None
    return None
