"""What stops a command, as opposed to what is odd about a document (that is a finding, or a status in `documents`).

    GongkaiError              exit 1   something unexpected, said in two languages
    ├── UsageError            exit 2   a path, row id or option that cannot be meant
    ├── OutputError           exit 4   the dataset on disk is not one we wrote, or is damaged
    │   └── BusyError         exit 4   another run is writing it
    ├── DependencyError       exit 5   an optional dependency is not installed
    └── InputError            exit 6   the given places hold no file

Exit 3 (finished, with failed documents), 7 (`check --fail-on` found what it looks for) and 130 (interrupted) are outcomes, not errors.
"""

from __future__ import annotations


class GongkaiError(Exception):
    """A reason to stop, for people: Chinese first, English after it.

    >>> str(InputError(zh="没有输入文件", en="there is no input file"))
    '没有输入文件 / there is no input file'
    """

    exit_code = 1

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")


class UsageError(GongkaiError):
    """A path, row id or option that cannot be meant."""

    exit_code = 2


class OutputError(GongkaiError):
    """The dataset on disk is not one we wrote, or is damaged."""

    exit_code = 4


class BusyError(OutputError):
    """Another run is writing the dataset."""


class DependencyError(GongkaiError):
    """An optional dependency is not installed."""

    exit_code = 5


class InputError(GongkaiError):
    """The given places hold no file."""

    exit_code = 6
