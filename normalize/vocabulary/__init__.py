"""Wording is data: the TOML and CSV files beside this module, loaded and checked once."""

from __future__ import annotations

import csv
import tomllib
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any


class VocabularyError(Exception):
    """A vocabulary file contradicts itself; names the file and both entries."""


@cache
def load_toml(name: str) -> dict[str, Any]:
    """The parsed TOML file `name`, relative to this package; callers turn it into records at import."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


@cache
def load_csv(name: str) -> tuple[dict[str, str], ...]:
    """The rows of the CSV file `name`, relative to this package, all values as text."""
    return tuple(csv.DictReader(StringIO(files(__package__).joinpath(name).read_text(encoding="utf-8"), newline="")))
