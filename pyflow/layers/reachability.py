"""Whether what a node computes depends on given tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor


def depends_on(target: Any, inputs: Iterable[Any]) -> bool:
    """Whether a tensor or operation is one of `inputs` or is computed from, or after, one of them."""
    sources = [x if isinstance(x, (Tensor, Operation)) else x.op for x in inputs if hasattr(x, "graph")]
    if not sources:
        return False
    found = {id(x) for x in sources}
    # A node made before all of them is none of their consumers: it isn't walked back from.
    earliest = min(_op(x)._id_value for x in sources)
    seen: set[int] = set()
    stack = [target]
    while stack:
        element = stack.pop()
        if id(element) in found:
            return True
        op = _op(element)
        if id(op) in found:
            return True
        if id(op) in seen or op._id_value < earliest:
            continue
        seen.add(id(op))
        stack += [*op.inputs, *op.control_inputs]
    return False


def _op(element: Any) -> Operation:
    return element if isinstance(element, Operation) else element.op
