"""Loading in two stages, where modules are costly to have: in a browser's tab, which fetches them first.

Elsewhere all modules that publish something are imported at once, and a `Table` is a dictionary. In a tab those are
imported at once that most programs use; a table that has not what it is asked for has the rest loaded, and looks
again. So nobody sees a part of anything: either what is asked for is there, or everything is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

_tables: list[Table] = []
_load: Callable[[str], bool] | None = None


class Table(dict[str, Any]):
    """Things by their names, put here by modules as they are imported."""

    def __init__(self):
        super().__init__()
        _tables.append(self)

    def there(self) -> dict[str, Any]:
        """What is there already, without anything being loaded for it."""
        return dict(dict.items(self))


class _PartialTable(Table):
    """A table in which things of modules that are not loaded are missing."""

    def __missing__(self, name: str) -> Any:
        if name in self:
            return dict.get(self, name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or (complete(str(name)) and dict.__contains__(self, name))

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self, name) if name in self else default

    def __iter__(self) -> Iterator[str]:
        complete()
        return dict.__iter__(self)

    def __len__(self) -> int:
        complete()
        return dict.__len__(self)

    def keys(self) -> Any:
        complete()
        return dict.keys(self)

    def values(self) -> Any:
        complete()
        return dict.values(self)

    def items(self) -> Any:
        complete()
        return dict.items(self)


def begin(load: Callable[[str], bool]) -> None:
    """From now on calls `load` when something is asked for that is not there, until it has loaded everything.

    Args:
      load: given the name that was asked for, "" for all of them; gives whether everything is loaded now.
    """
    global _load
    _load = load
    _turn_tables_into(_PartialTable)


def complete(name: str = "") -> bool:
    """Loads what is not loaded yet, because of a name that is missing; gives whether there was anything to load.

    What `load` raises is raised, and the next who asks tries again.
    """
    global _load
    if _load is None:
        return False
    load, _load = _load, None  # whatever is asked for meanwhile is answered from what is there
    _turn_tables_into(Table)
    is_whole = False
    try:
        is_whole = load(name)
    finally:
        if not is_whole:
            begin(load)
    return True


def _turn_tables_into(kind: type[Table]) -> None:
    for table in _tables:
        table.__class__ = kind
