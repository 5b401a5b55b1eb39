"""Optionals: values of dtype variant that hold tensors, or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op, raw
from pyflow.ops.shape_rules import scalar


class OptionalValue:
    """The tensors of an optional, or None."""

    __slots__ = ("components",)

    def __init__(self, components: list | None):
        self.components = components

    def zeros_like(self) -> OptionalValue:
        return OptionalValue(None if self.components is None else [_zeros(x) for x in self.components])

    def __add__(self, other: OptionalValue) -> OptionalValue:
        if self.components is None or other.components is None:
            return other if self.components is None else self
        return OptionalValue([a + b for a, b in zip(self.components, other.components)])


def _zeros(value: Any) -> Any:
    return value.zeros_like() if hasattr(value, "zeros_like") else np.zeros_like(value)


@op("OptionalFromValue(components: Toutput_types) -> (optional: variant)", Toutput_types=attr("list(type)", minimum=1))
class OptionalFromValue:
    """An optional that holds tensors."""

    shape = scalar

    def cpu(components):
        copies = [np.array(x) if isinstance(x, (np.ndarray, np.generic)) else x for x in components]
        return OptionalValue(copies)

    def grad(op, d_optional):
        shapes = [t.shape for t in op.inputs]
        types = [t.dtype.base_dtype for t in op.inputs]
        return OptionalGetValue(d_optional, output_types=types, output_shapes=shapes)


@op("OptionalNone() -> (optional: variant)")
class OptionalNone:
    """An optional that holds nothing."""

    stateful = True  # a constant is an array, and this is none
    shape = scalar

    def cpu():
        return OptionalValue(None)

    grad = NOT_DIFFERENTIABLE


@op("OptionalHasValue(optional: variant) -> (has_value: bool)")
class OptionalHasValue:
    """Whether an optional holds something."""

    shape = scalar

    def cpu(optional):
        return np.bool_(optional.components is not None)

    grad = NOT_DIFFERENTIABLE


@op(
    "OptionalGetValue(optional: variant) -> (components: output_types)",
    output_types=attr("list(type)", minimum=1),
    output_shapes=attr("list(shape)", minimum=1),
)
class OptionalGetValue:
    """What an optional holds."""

    def shape(output_shapes):
        return [s.as_tuple() for s in output_shapes]

    def cpu(optional):
        if optional.components is None:
            raise errors.InvalidArgumentError(None, None, "The given optional does not have a value.")
        return list(optional.components)

    def grad(op, *dys):
        dys = [raw.ZerosLike(y) if dy is None else dy for y, dy in zip(op.outputs, dys)]
        return OptionalFromValue(dys)
