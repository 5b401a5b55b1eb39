"""init_scope: where variables are made, outside of whatever control flow surrounds their making."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator

from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.scopes import default_graph_stack, get_default_graph


@export("init_scope")
@contextlib.contextmanager
def init_scope() -> Iterator[None]:
    """Lifts what is made inside out of control-flow scopes, control dependencies and functions' bodies.

    Name scopes stay. See https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/init_scope.
    """
    current = get_default_graph()
    scope = current.get_name_scope()
    graph = _outermost_plain_graph(current)
    with contextlib.ExitStack() as stack:
        if graph is not current:
            stack.enter_context(graph.as_default())
        stack.enter_context(graph.name_scope(scope + "/" if scope else None))
        stack.enter_context(graph.control_dependencies(None))
        yield


def _outermost_plain_graph(current: Graph) -> Graph:
    """The innermost default graph that isn't the body of a function."""
    if not current.building_function:
        return current
    for graph in reversed(default_graph_stack.items):
        if not graph.building_function:
            return graph
    outer: Any = current
    while outer.building_function:
        outer = getattr(outer, "outer_graph", None) or default_graph_stack.get()
    return outer
