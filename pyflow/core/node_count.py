"""How many nodes TensorFlow 1.15 would have made of a program so far: it seeds random ops by that number.

Where a construct is made of other nodes here (a conditional is one `If`, not `Switch`es and `Merge`s), the places that
make it say which nodes of TensorFlow's stand for it, and leave out their own: the same program draws the same numbers.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator


class NodeCount:
    """A number that a graph shares with the bodies of its conditionals and loops."""

    __slots__ = ("value", "__weakref__")

    def __init__(self) -> None:
        self.value = 0


def count_nodes(graph: Any, *types: str) -> None:
    """Counts nodes that TensorFlow makes at this place and PyFlow doesn't."""
    graph._node_count.value += len(types)


def count_named(graph: Any, *names: str) -> None:
    """As `count_nodes`, and takes their names, so that further nodes are named as in TensorFlow."""
    for name in names:
        graph.unique_name(name)
    count_nodes(graph, *names)


@contextlib.contextmanager
def uncounted(graph: Any) -> Iterator[None]:
    """Nodes made inside the block are not TensorFlow's, and don't count."""
    before = graph._node_count.value
    try:
        yield
    finally:
        graph._node_count.value = before


@contextlib.contextmanager
def counted_as(graph: Any, number: int) -> Iterator[None]:
    """What is made inside the block TensorFlow makes of that many nodes."""
    with uncounted(graph):
        yield
    graph._node_count.value += number


def count_repeated_constant(tensor: Any) -> None:
    """Counts the constant that TensorFlow puts in the place of one from a branch, in the branch's gradient."""
    from pyflow.core.scopes import get_default_graph

    graph = get_default_graph()
    if tensor.graph is not graph and tensor.op.type == "Const" and not getattr(graph, "repeats_constants", True):
        count_nodes(graph, "Const")
