"""Stacks: what loops of TensorFlow 1's graphs remember for their gradients. A stack lasts as long as the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.ops.shape_rules import no_outputs, unknown


class StackStorage:
    """The elements, the last on top."""

    def __init__(self, name: str, max_size: int):
        self._name, self._max_size = name, max_size
        self._elements: list[Any] = []

    def push(self, value: Any) -> None:
        if 0 <= self._max_size <= len(self._elements):
            raise errors.InvalidArgumentError(
                None, None, f"Stack[{self._name}] overflowed its max_size ({self._max_size})"
            )
        self._elements.append(np.array(value) if isinstance(value, (np.ndarray, np.generic)) else value)

    def pop(self) -> Any:
        if not self._elements:
            raise errors.InvalidArgumentError(None, None, f"Stack[{self._name}] is empty when calling Pop().")
        return self._elements.pop()

    def close(self) -> None:
        self._elements.clear()


@op("StackV2(max_size: int32) -> (handle: resource)", elem_type=attr("type"), stack_name="")
class StackV2:
    """An empty stack; with a `max_size` of -1, for any number of elements."""

    stateful = True

    def shape():
        return (2,)

    def cpu(max_size, stack_name, ctx):
        return StackStorage(stack_name or ctx.op_name, int(max_size))

    grad = NOT_DIFFERENTIABLE


@op("StackPushV2(handle: resource, elem: T) -> (output: T)", T=dtypes.ANY, swap_memory=False)
class StackPushV2:
    """Pushes a tensor, and gives it on."""

    stateful = True

    def shape(elem):
        return elem

    def cpu(handle, elem):
        handle.push(elem)
        return elem

    grad = NOT_DIFFERENTIABLE


@op("StackPopV2(handle: resource) -> (elem: elem_type)", elem_type=attr("type"))
class StackPopV2:
    """Takes the tensor from the top."""

    stateful = True
    shape = unknown

    def cpu(handle):
        return handle.pop()

    grad = NOT_DIFFERENTIABLE


@op("StackCloseV2(handle: resource) -> ()")
class StackCloseV2:
    """Lets go of the elements."""

    stateful = True
    shape = no_outputs

    def cpu(handle):
        handle.close()

    grad = NOT_DIFFERENTIABLE


@op("ControlTrigger() -> ()")
class ControlTrigger:
    """Does nothing; in a loop's gradient it orders others."""

    stateful = True
    shape = no_outputs

    def cpu():
        return None

    grad = NOT_DIFFERENTIABLE
