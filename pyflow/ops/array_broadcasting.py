"""Broadcasting as ops: which shape results, which axes a gradient is summed over, and the copy itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import PUBLIC, export
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import length
from pyflow.ops.array_shape import shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.shape_rules import broadcast_shapes, with_rank

_INDEX_T = one_of(dtypes.INDEX, default=dtypes.int32)


def _padded(a: list[int], b: list[int]) -> tuple[list[int], list[int]]:
    rank = max(len(a), len(b))
    return [1] * (rank - len(a)) + a, [1] * (rank - len(b)) + b


@op("BroadcastArgs(s0: T, s1: T) -> (r0: T)", T=_INDEX_T)
class BroadcastArgs:
    """The shape that tensors of two shapes broadcast to."""

    def shape(s0, s1):
        a, b = length(s0), length(s1)
        return (None,) if a is None or b is None else (max(a, b),)

    def cpu(s0, s1):
        a, b = _padded(s0.tolist(), s1.tolist())
        if any(x != y and x != 1 and y != 1 for x, y in zip(a, b)):
            words = f"Incompatible shapes: {_brackets(s0)} vs. {_brackets(s1)}"
            raise errors.InvalidArgumentError(None, None, words)
        return np.array([y if x == 1 else x for x, y in zip(a, b)], s0.dtype)

    samples = [sample([2, 1, 3], [4, 1])]


def _brackets(vector: Any) -> str:
    return "[" + ",".join(map(str, vector.tolist())) + "]"


@op("BroadcastGradientArgs(s0: T, s1: T) -> (r0: T, r1: T)", T=_INDEX_T)
class BroadcastGradientArgs:
    """For each of two shapes that are broadcast together, the axes its gradient must be summed over."""

    def shape(s0, s1):
        with_rank(s0, 1)
        with_rank(s1, 1)
        return [(None,), (None,)]

    def cpu(s0, s1):
        first, second = s0.tolist(), s1.tolist()
        if first == second:
            return np.empty(0, s0.dtype), np.empty(0, s0.dtype)
        a, b = _padded(first, second)
        for x, y in zip(a, b):
            if x != y and x != 1 and y != 1:
                words = f"Incompatible shapes: {_brackets(s0)} vs. {_brackets(s1)}"
                raise errors.InvalidArgumentError(None, None, words)
        return (
            np.array([i for i, x in enumerate(a) if x == 1], s0.dtype),
            np.array([i for i, y in enumerate(b) if y == 1], s0.dtype),
        )

    grad = NOT_DIFFERENTIABLE
    samples = [sample([2, 1, 3], [4, 1]), sample([2, 3], [2, 3])]


@export("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The broadcast of two shapes given as int vectors."""
    return BroadcastArgs(shape_x, shape_y)


@export("broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The broadcast of two `TensorShape`s.

    Raises:
      ValueError: they cannot be broadcast together.
    """
    try:
        return TensorShape(broadcast_shapes(as_shape(shape_x).as_tuple(), as_shape(shape_y).as_tuple()))
    except ShapeError:
        raise ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}") from None


broadcast_shape = broadcast_static_shape  # its name in tensorflow.python.framework.common_shapes


def is_broadcast_compatible(shape_x: TensorShape, shape_y: TensorShape) -> bool:
    """Whether shapes of known rank can be broadcast together."""
    if shape_x.ndims is None or shape_y.ndims is None:
        return False
    try:
        broadcast_shapes(shape_x.as_tuple(), shape_y.as_tuple())
    except ShapeError:
        return False
    return True


@op("BroadcastTo(input: T, shape: Tidx) -> (output: T)", T=dtypes.ANY, Tidx=_INDEX_T)
class BroadcastTo:
    """The input repeated along its axes of size 1 (and new leading ones) until it has the given shape."""

    def shape(input, shape, shape_dims):
        with_rank(shape, 1)
        if shape_dims is None or input is None:
            return shape_dims
        if len(input) > len(shape_dims):
            raise ShapeError(f"Shape must be at most rank {len(shape_dims)} but is rank {len(input)}")
        return _broadcast_to(input, shape_dims)

    def cpu(input, shape):
        wanted = shape.tolist()
        try:
            return np.array(np.broadcast_to(input, wanted))
        except ValueError:
            given = str(list(np.shape(input))).replace(" ", "")
            words = f"Incompatible shapes: {given} vs. {_brackets(shape)}"
            raise errors.InvalidArgumentError(None, None, words) from None

    def grad(op, dy):
        input_shape = shape(op.inputs[0])
        _, axes = BroadcastGradientArgs(op.inputs[1], input_shape)
        return reshape(PUBLIC["reduce_sum"](dy, axis=axes, keepdims=True), input_shape), None

    gpu = elementwise("input", types=INDEXED)
    samples = [sample([[1.0], [2.0]], [2, 2, 3])]


def _broadcast_to(given: tuple, wanted: tuple) -> tuple:
    front = len(wanted) - len(given)
    dims = list(wanted)
    for i, size in enumerate(given):
        target = wanted[front + i]
        if size is None or size == 1:
            continue
        if target is None:
            # A size above 1 can only stay what it is.
            dims[front + i] = size
        elif target != size:
            raise ShapeError(f"Dimensions must be equal, but are {size} and {target}")
    return tuple(dims)


broadcast_to = export("broadcast_to")(BroadcastTo)
