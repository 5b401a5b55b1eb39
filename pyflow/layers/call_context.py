"""The call of a layer that is going on: what its inputs are, and whether it is for training."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.ops.placeholder import placeholder_with_default


class _CallContext(threading.local):
    """Of each thread.

    Attributes:
      layers: the layers that are being called, the innermost last.
      inputs: the arguments of the innermost call.
      training: the `training` argument that layers called inside take over.
    """

    def __init__(self) -> None:
        self.layers: list[Any] = []
        self.inputs: Any = None
        self.training: Any = None

    @contextlib.contextmanager
    def entered(self, layer: Any, inputs: Any, training: Any) -> Iterator[None]:
        outer = self.inputs, self.training
        self.layers.append(layer)
        self.inputs, self.training = inputs, training
        try:
            yield
        finally:
            self.layers.pop()
            self.inputs, self.training = outer


call_context = _CallContext()


def learning_phase() -> Any:
    """A tensor of shape () and dtype bool, one for each graph: False unless it is fed."""
    graph = get_default_graph()
    phase = getattr(graph, "_keras_learning_phase", None)
    if phase is None:
        with name_scope(""):
            phase = placeholder_with_default(False, shape=(), name="keras_learning_phase")
        graph._keras_learning_phase = phase  # type: ignore[attr-defined]
    return phase


def set_learning_phase(value: Any) -> None:
    """Makes the graph's learning phase another tensor or number; None for the placeholder of `learning_phase`."""
    get_default_graph()._keras_learning_phase = value  # type: ignore[attr-defined]


def set_phase() -> Any:
    """The number that `set_learning_phase` has set, or None."""
    phase = getattr(get_default_graph(), "_keras_learning_phase", None)
    return phase if isinstance(phase, int) else None
