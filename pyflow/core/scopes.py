"""The default graph and session, and the functions that act on the default graph (`tf.name_scope`, `tf.device` ...)."""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Generic, Iterator, TypeVar

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

Item = TypeVar("Item")


class DefaultStack(threading.local, Generic[Item]):
    """The stack of defaults of one thread."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.enforce_nesting = True

    def top(self) -> Item | None:
        return self.items[-1] if self.items else None

    @contextlib.contextmanager
    def pushed(self, item: Item) -> Iterator[Any]:
        self.items.append(item)
        try:
            yield item
        finally:
            if not self.enforce_nesting:
                if item in self.items:
                    self.items.remove(item)
            elif not self.items or self.items[-1] is not item:
                raise AssertionError(f"Nesting violated for default stack of {type(item)} objects")
            else:
                self.items.pop()


class DefaultGraphStack(DefaultStack[Graph]):
    """As `DefaultStack`, above one graph that all threads share."""

    shared: Graph | None = None

    def get(self) -> Graph:
        if self.items:
            return self.items[-1]
        if DefaultGraphStack.shared is None:
            DefaultGraphStack.shared = Graph()
        return DefaultGraphStack.shared

    def reset(self) -> None:
        self.items.clear()
        DefaultGraphStack.shared = Graph()


default_graph_stack = DefaultGraphStack()
default_session_stack: DefaultStack[Any] = DefaultStack()


def default_session(session: Any) -> Any:
    """Makes a session the default one inside a `with` block."""
    return default_session_stack.pushed(session)


@export("get_default_graph")
def get_default_graph() -> Graph:
    """The innermost `Graph.as_default()`, or the graph that all of the process shares."""
    return default_graph_stack.get()


@export("reset_default_graph")
def reset_default_graph() -> None:
    """Replaces the shared default graph by an empty one.

    Raises:
      AssertionError: called inside `with graph.as_default()`.
    """
    if default_graph_stack.items:
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit the "
            "nesting and "
            "create a new graph."
        )
    default_graph_stack.reset()


@export("get_default_session")
def get_default_session() -> Any:
    """The innermost session made default in this thread, or None."""
    return default_session_stack.top()


def session_for(element: Any, session: Any, action: str) -> Any:
    """The session for `element.eval()` or `element.run()`.

    Raises:
      ValueError: there is none, or it runs another graph.
    """
    if session is None:
        session = get_default_session()
        if session is None:
            raise ValueError(
                f"Cannot {action}: No default session is registered. Use `with sess.as_default()"
                f"{':' if 'run()' in action else ''}` or pass an explicit "
                f"session to `{action.split('`')[1].split('(')[0]}(session=sess)`"
            )
        if session.graph is not element.graph:
            raise ValueError(
                f"Cannot use the default session to {action.split(' using')[0]}: the {action.split()[1]}'s graph is "
                "different from the session's graph. Pass an explicit session to "
                f"`{action.split('`')[1].split('(')[0]}(session=sess)`."
            )
    elif session.graph is not element.graph:
        raise ValueError(
            f"Cannot use the given session to {action.split(' using')[0]}: the {action.split()[1]}'s graph is "
            "different "
            "from the session's graph."
        )
    return session


def graph_of(values: Any, graph: Graph | None = None) -> Graph:
    """The graph of the first tensor or operation among `values`, else the default graph.

    Raises:
      ValueError: two of them belong to different graphs.
    """
    default = get_default_graph()
    if graph is None and default.building_function:
        return default  # what comes from a graph around the function is captured
    original = None
    for value in values or ():
        element = value
        if not isinstance(value, (Tensor, Operation)):
            element = getattr(value, "_as_graph_element", lambda: None)()
            if element is None:
                element = value if isinstance(getattr(value, "graph", None), Graph) else None
        if element is None or element.graph.building_function:  # a function that is made takes no more nodes
            continue
        if graph is None:
            original, graph = value, element.graph
        elif element.graph is not graph:
            if original is None:
                raise ValueError(f"{value} is not from the passed-in graph.")
            raise ValueError(f"{value} must be from the same graph as {original}.")
    return graph or default


@export("name_scope")
class name_scope:
    """`with tf.name_scope(name, default_name, values) as scope:` names what is made inside `scope + ...`.

    Args:
      name: the scope's name; None takes `default_name`.
      default_name: what to call it when `name` is None.
      values: the tensors the block works on; their graph becomes the default one.

    Raises:
      ValueError: neither name is given although `values` are; or `values` come from several graphs.
    """

    def __init__(self, name: str | None, default_name: str | None = None, values: Any = None):
        self._name = default_name if name is None else name
        self._default_name = default_name
        self._given = name
        self._values = values
        self._stack = contextlib.ExitStack()

    @property
    def name(self) -> str | None:
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            raise ValueError(
                f"At least one of name ({self._given}) and default_name ({self._default_name}) must be provided."
            )
        graph = graph_of(self._values)
        self._stack = contextlib.ExitStack()
        if graph is not get_default_graph():
            self._stack.enter_context(graph.as_default())
        return self._stack.enter_context(graph.name_scope(self._name))

    def __exit__(self, *exc: Any) -> Any:
        return self._stack.__exit__(*exc)


def name_scope_v2(name: str) -> name_scope:
    """`name_scope` as it came to be: with a name and nothing else.

    Raises:
      ValueError: `name` is no string.
    """
    if not isinstance(name, str):
        raise ValueError("name for name_scope must be a string.")
    return name_scope(name)


@export("op_scope")
@contextlib.contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Iterator[str]:
    """The older spelling of `name_scope(name, default_name, values)`."""
    with name_scope(name, default_name=default_name, values=values) as scope:
        yield scope


@export("control_dependencies")
def control_dependencies(control_inputs: Any) -> Any:
    """`Graph.control_dependencies` of the default graph."""
    return get_default_graph().control_dependencies(control_inputs)


@export("device")
def device(device_name_or_function: Any) -> Any:
    """`Graph.device` of the default graph."""
    return get_default_graph().device(device_name_or_function)


@export("colocate_with")
def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """`Graph.colocate_with` of the default graph."""
    return get_default_graph().colocate_with(op, ignore_existing)


@export("container")
def container(container_name: str) -> Any:
    """`Graph.container` of the default graph."""
    return get_default_graph().container(container_name)


@export("add_to_collection")
def add_to_collection(name: Any, value: Any) -> None:
    """`Graph.add_to_collection` of the default graph."""
    get_default_graph().add_to_collection(name, value)


@export("add_to_collections")
def add_to_collections(names: Any, value: Any) -> None:
    """`Graph.add_to_collections` of the default graph."""
    get_default_graph().add_to_collections(names, value)


@export("get_collection")
def get_collection(key: Any, scope: str | None = None) -> list:
    """`Graph.get_collection` of the default graph."""
    return get_default_graph().get_collection(key, scope)


@export("get_collection_ref")
def get_collection_ref(key: Any) -> list:
    """`Graph.get_collection_ref` of the default graph."""
    return get_default_graph().get_collection_ref(key)


def get_all_collection_keys() -> list[str]:
    return get_default_graph().get_all_collection_keys()
