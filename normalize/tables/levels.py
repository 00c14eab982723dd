"""Names of first- and second-level indicators (一级指标、二级指标), with the weight that may stand behind them or the indicator that stands behind both."""

from __future__ import annotations

import re

from normalize.lexicon import trie_pattern
from normalize.vocabulary import load_toml

_NAMES: dict[str, list[str]] = load_toml("self_evaluation.toml")["levels"]
_LEVEL1, _LEVEL2 = frozenset(_NAMES["level1"]), frozenset(_NAMES["level2"])
_WEIGHT_BEHIND = re.compile(r"[(（]?\s{0,9}([\d.]{1,20})\s{0,9}分\s{0,9}[)）]?$|[(（]\s{0,9}([\d.]{1,20})\s{0,9}[)）]$|(?<=指标)\s{0,9}(\d{1,20})$")
LEVELS_IN_FRONT = re.compile("".join(rf"(?P<{level}>{trie_pattern([name.removesuffix('指标') for name in _NAMES[level]])}指标)" for level in ("level1", "level2")) + "(?=.)")  # 产出指标数量指标培训人次


def level_and_weight(text: str) -> tuple[str, str | None]:
    """A level's name without the weight that is printed behind it, and that weight.

    >>> level_and_weight("产出指标（50分）"), level_and_weight("满意度指标10"), level_and_weight("质量指标")
    (('产出指标', '50'), ('满意度指标', '10'), ('质量指标', None))
    """
    plain = "".join(text.split())
    behind = _WEIGHT_BEHIND.search(plain)
    return (plain, None) if behind is None else (plain[: behind.start()], next(filter(None, behind.groups())))


def stem(text: str) -> str:
    """A level's name without weight and 指标: what names are compared by."""
    return level_and_weight(text)[0].removesuffix("指标")


def is_level1(text: str) -> bool:
    """Whether a text is a first-level name."""
    return stem(text) in _LEVEL1 or level_and_weight(text)[0] in _LEVEL1


def is_level2(text: str) -> bool:
    """Whether a text is a second-level name that is known."""
    return stem(text) in _LEVEL2
