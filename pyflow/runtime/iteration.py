"""The private side of a session that one iterator's functions run in."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.runtime.executable import failed_step, kind_and_message
from pyflow.runtime.functions import Functions


class _Resources:
    """The session's resources, with node states that belong to the iterator."""

    def __init__(self, shared: Any):
        self._shared = shared
        self._node_state: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shared, name)

    def state(self, node: str, make: Callable[[], Any]) -> Any:
        """The state of a node within this iterator, made at its first run."""
        thing = self._node_state.get(node)
        if thing is not None:
            return thing
        with self._shared._lock:
            if node not in self._node_state:
                self._node_state[node] = make()
            return self._node_state[node]


class Surroundings:
    """A session as the functions of an iterator see it: its variables, queues and tables, and states of their own.

    So the random numbers that a mapped function draws from given seeds start anew with the iterator, as in TensorFlow,
    while the functions are planned only once.
    """

    def __init__(self, session: Any):
        self._session = session
        self.resources = _Resources(session.resources)
        self.functions = Functions(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def function(self, node: Any, name: Any) -> Callable[[list], Any]:
        """The function that an attr of a node names. Its errors name the node in it that they come from."""
        function = self.functions.function(node, name)

        def call(arguments: list) -> Any:
            try:
                return function(arguments)
            except NotImplementedError:
                raise
            except Exception as error:
                raise _with_node(error) from error.__cause__

        return call

    def forget(self) -> None:
        """Lets the states of nodes start anew."""
        self.resources._node_state.clear()


def _with_node(error: Exception) -> Exception:
    step = failed_step(error)
    if step is None:
        return error
    kind, message = kind_and_message(error)
    return kind(None, None, f"{message}\n\t [[{{{{node {step.op.name}}}}}]]")
