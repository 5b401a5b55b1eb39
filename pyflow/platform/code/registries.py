"""Registries of things by name, and of functions that tell statistics of nodes."""

from __future__ import annotations

import sys
from typing import Any, Callable


class Registry:
    """Things by name; a name is given once."""

    def __init__(self, name: str):
        self._name = name
        self._registry: dict[str, tuple[Any, str]] = {}

    def register(self, candidate: Any, name: str | None = None) -> None:
        """Adds a thing under a name, by default its own.

        Raises:
          KeyError: the name is taken.
        """
        key: str = name or candidate.__name__
        if key in self._registry:
            raise KeyError(
                f"Registering two {self._name} with name '{key}'! "
                f"(Previous registration was in {self._registry[key][1]})"
            )
        frame = sys._getframe(1)
        place = f"{frame.f_code.co_name} {frame.f_code.co_filename}:{frame.f_lineno}"
        self._registry[key] = candidate, place

    def list(self) -> Any:
        """The names."""
        return self._registry.keys()

    def lookup(self, name: str) -> Any:
        """The thing of a name.

        Raises:
          LookupError: there is none.
        """
        if name not in self._registry:
            raise LookupError(f"{self._name} registry has no entry for: {name}")
        return self._registry[name][0]


class OpStats:
    """A statistic of a node, such as "flops"; its value is None where it is not known."""

    def __init__(self, statistic_type: str, value: Any = None):
        self.statistic_type, self.value = statistic_type, value

    def __iadd__(self, other: OpStats) -> OpStats:
        if other.statistic_type != self.statistic_type:
            raise ValueError(f"Can't add an OpStat of type {self.statistic_type} to one of {other.statistic_type}.")
        if self.value is None:
            self.value = other.value
        elif other.value is not None:
            self.value += other.value
        return self


_statistics = Registry("statistical functions")


class RegisterStatistics:
    """Decorator that registers `f(graph, node_def)`, which gives an `OpStats`, for an op type.

    Raises:
      TypeError: a name is no string, or has a comma.
      KeyError: there is such a function already.
    """

    def __init__(self, op_type: str, statistic_type: str):
        for name, value in (("op_type", op_type), ("statistic_type", statistic_type)):
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a string.")
            if "," in value:
                raise TypeError(f"{name} must not contain a comma.")
        self._key = f"{op_type},{statistic_type}"

    def __call__(self, f: Callable) -> Callable:
        _statistics.register(f, self._key)
        return f


def get_stats_for_node_def(graph: Any, node: Any, statistic_type: str) -> OpStats:
    """The statistic of a node of a graph, without a value where nobody tells it."""
    try:
        function = _statistics.lookup(f"{node.op},{statistic_type}")
    except LookupError:
        return OpStats(statistic_type)
    return function(graph, node)
