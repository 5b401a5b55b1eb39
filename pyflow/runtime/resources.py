"""What a session holds between runs: variables, and the state of stateful nodes."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Callable, TypeVar

from pyflow.core.resources import VariableCell
from pyflow.runtime.producers import Producers

__all__ = ["NodeContext", "Resources", "VariableCell"]

Thing = TypeVar("Thing")


class Resources:
    """The named resources of a session, by (container, name), and the private state of nodes."""

    def __init__(self, forget_plans: Callable[[], None] = lambda: None) -> None:
        # Called when a variable takes a shape that programs don't expect.
        self.forget_plans = forget_plans
        self.producers = Producers()
        self._lock = threading.RLock()
        self._named: dict[tuple[type, str, str], Any] = {}
        self._node_state: dict[str, Any] = {}

    def get_or_create(self, kind: type[Thing], container: str, name: str, make: Callable[[], Thing]) -> Thing:
        """The resource of that kind and name; `make()` is called the first time."""
        key = (kind, container, name)
        with self._lock:
            if key not in self._named:
                self._named[key] = make()
            return self._named[key]

    def of_kind(self, kind: type[Thing]) -> list[Thing]:
        """All resources of a kind, in the order of their making."""
        with self._lock:
            return [thing for (k, _, _), thing in self._named.items() if k is kind]

    def state(self, node: str, make: Callable[[], Thing]) -> Thing:
        """The private state of a node, made at its first run."""
        thing = self._node_state.get(node)
        if thing is not None:
            return thing
        with self._lock:
            if node not in self._node_state:
                self._node_state[node] = make()
            return self._node_state[node]

    def clear(self) -> None:
        """Lets go of everything; resources that can be closed are."""
        self.producers.clear()
        with self._lock:
            things = [*self._named.values(), *self._node_state.values()]
            self._named.clear()
            self._node_state.clear()
        # Without the lock: an iterator waits for its threads, which may be waiting for the lock to look up something.
        for thing in things:
            close = getattr(thing, "close_resource", None)
            if close is not None:
                close()


class NodeContext:
    """What a kernel that takes `ctx` gets: its node, the session and the session's resources.

    Attributes:
      destinations: for each output, the cell of the variable that it is assigned to, when the program does nothing else
        with either; otherwise None. Known only for nodes that restore.
    """

    __slots__ = ("op", "session", "resources", "destinations", "_bindings", "_unused")

    def __init__(
        self,
        op: Any,
        session: Any,
        attrs: Mapping[str, Any] = MappingProxyType({}),
        destinations: tuple[VariableCell | None, ...] = (),
    ):
        self.op = op
        self.destinations = destinations
        self.session = session
        self.resources: Resources = session.resources
        self._bindings, self._unused = attrs.get("_bindings", ()), attrs.get("unused", frozenset())

    @property
    def op_name(self) -> str:
        return self.op.name

    def state(self, make: Callable[[], Thing]) -> Thing:
        """This node's private state, kept from run to run of the session."""
        graph = self.op.graph
        name = f"{graph.name}/{self.op.name}" if graph.building_function else self.op.name
        return self.resources.state(name, make)

    def function(self, attr: Any, first: int = 0) -> Callable:
        """The function that an attr names, called with a list of values; its inputs are the node's from `first` on."""
        bindings = tuple([(i - first, c) for i, c in self._bindings if i >= first]) if first else self._bindings
        return self.session.functions.function(self.op, attr, bindings)

    def loop(self, cond: Any, body: Any) -> Callable:
        """The loop with that condition and body, called with the list of the initial values."""
        return self.session.functions.loop(self.op, cond, body, self._bindings, self._unused)

    def surroundings(self) -> Any:
        """The session as the functions of an iterator see it; see `pyflow.runtime.iteration`."""
        from pyflow.runtime.iteration import Surroundings

        return Surroundings(self.session)
