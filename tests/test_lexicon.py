"""The vocabulary as one pattern: every word of it is found where it stands."""

from __future__ import annotations

import pytest

from normalize.lexicon import lexicon
from normalize.vocabulary import load_toml

WORDING = load_toml("wording.toml")


@pytest.mark.parametrize("kind", ["reason", "purpose", "lists", "paired", "flat", "zero"])
def test_every_word_round_a_figure_opens_a_token(kind: str) -> None:
    assert [word for word in WORDING[kind]["words"] if lexicon().pattern_for(word).match(word) is None] == []


@pytest.mark.parametrize("text", ["完成预算", "为年初预算的", "占全年预算的", "达到调整预算的", "是年度预算的", "预算执行率为", "完成率为", "完成比例"])
def test_a_rate_of_completion_is_found_by_any_of_its_beginnings(text: str) -> None:
    token = lexicon().pattern_for(text).match(text)
    assert token is not None
    assert (token.lastgroup, token.group()) == ("completion", text)


def test_every_phrase_of_a_measure_and_every_class_opens_a_token() -> None:
    words = lexicon()
    assert [phrase for phrase in (*words.phrases, *words.classes) if words.pattern_for(phrase).match(phrase) is None] == []


@pytest.mark.parametrize("word", [*WORDING["verbs"]["up"], *WORDING["verbs"]["down"], *(word for words in WORDING["level"].values() for word in words), "同比"])
def test_every_verb_and_level_opens_a_token(word: str) -> None:
    assert lexicon().pattern_for(word).match(word) is not None
