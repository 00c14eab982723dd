"""The front door: command line, batch run, dataset writers; and for notebooks `gongkai.open(dataset)` and `gongkai.extract(file)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gongkai.api import Dataset as open  # noqa: A004, N813  gongkai.open(…) is what one says
    from gongkai.api import extract

__all__ = ["extract", "open"]


def __getattr__(name: str) -> object:
    """What notebooks use is imported when it is first asked for: the command line must not wait for it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gongkai import api  # noqa: PLC0415

    return api.Dataset if name == "open" else api.extract
