"""Sequences of evenly spaced numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import INDEX, bfloat16, bfloat16_to_float32, float32, float64, int32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.cast import cast
from pyflow.ops.gpu import NUMBERS, elementwise
from pyflow.ops.shape_rules import text, with_rank


def _length(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers lie in the range.

    Raises:
      ValueError: the range has no direction, or leads away from the limit.
    """
    if delta == 0:
        raise ValueError("Requires delta != 0")
    if delta > 0 and start > limit:
        raise ValueError(f"Requires start <= limit when delta > 0: {start}/{limit}")
    if delta < 0 and start < limit:
        raise ValueError(f"Requires start >= limit when delta < 0: {start}/{limit}")
    if isinstance(start, np.integer):
        return -((int(start) - int(limit)) // int(delta))
    return math.ceil(abs((limit - start) / delta))


def _number(value: Any) -> Any:
    """The element of a constant scalar as a numpy number."""
    return bfloat16_to_float32(value)[()] if value.dtype.names else value[()]


def _at_run(error: ValueError, delta: Any) -> str:
    return str(error) if delta else f"{error}: {delta}"


def _check_scalars(**shapes: StaticShape) -> None:
    for name, shape in shapes.items():
        try:
            with_rank(shape, 0)
        except ShapeError as error:
            words = f"{name} must be a scalar, not shape {text(shape)}"
            raise ShapeError(f"{error}\n\t for '{name}'", words) from None


@op(
    "Range(start: Tidx, limit: Tidx, delta: Tidx) -> (output: Tidx)",
    Tidx=one_of((bfloat16, float32, float64, int32, int64), default=int32),
)
class Range:
    """start, start + delta, ... up to but without `limit`."""

    def shape(start, limit, delta, start_value, limit_value, delta_value) -> StaticShape:
        _check_scalars(start=start, limit=limit, delta=delta)
        if start_value is None or limit_value is None or delta_value is None:
            return (None,)
        first, last, step = (_number(value) for value in (start_value, limit_value, delta_value))
        try:
            return (_length(first, last, step),)
        except ValueError as error:
            raise ShapeError(str(error), at_run=_at_run(error, step)) from None

    def cpu(start, limit, delta):
        dtype = start.dtype
        try:
            count = _length(start[()], limit[()], delta[()])
        except ValueError as error:
            raise InvalidArgumentError(None, None, _at_run(error, delta)) from None
        if dtype.kind != "f":
            return np.arange(count, dtype=dtype) * delta + start
        # Added up step by step, as TensorFlow does: the rounding errors are the same.
        steps = np.full(count, delta, dtype)
        steps[:1] = start
        return np.add.accumulate(steps, out=steps)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.int32(2), np.int32(11), np.int32(3)), sample(np.float32(1), np.float32(0), np.float32(-0.25))]


def _spaced(node: Any) -> str:
    count = node.outputs[0].shape[0]
    return "start" if count == 1 else f"start + f32(i) * ((stop - start) / {float(count - 1)})"


@op(
    "LinSpace(start: T, stop: T, num: Tidx) -> (output: T)",
    T=(bfloat16, float32, float64),
    Tidx=one_of(INDEX, default=int32),
)
class LinSpace:
    """`num` numbers from `start` to `stop`."""

    def shape(start, stop, num, num_value) -> StaticShape:
        _check_scalars(start=start, stop=stop, num=num)
        if num_value is None:
            return (None,)
        if num_value <= 0:
            words = f"Requires num > 0: {int(num_value)}"
            raise ShapeError(words, at_run=words)
        return (int(num_value),)

    def cpu(start, stop, num):
        if num <= 0:
            raise InvalidArgumentError(None, None, f"Requires num > 0: {int(num)}")
        dtype = start.dtype
        if num == 1:
            return np.full(1, start, dtype)
        step = (stop - start) / dtype.type(num - 1)
        return (np.arange(num, dtype=dtype) * step + start).astype(dtype, copy=False)

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise(_spaced, types=NUMBERS)
    samples = [sample(np.float32(1), np.float32(2), np.int32(5))]


lin_space = linspace = export("lin_space", "linspace")(LinSpace)

_BY_WIDTH = (int32, int64, float32, float64)


@export("range")
def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Tensor:
    """The numbers from `start` up to but without `limit`, `delta` apart; `range(n)` counts from 0 to n - 1.

    Args:
      start, limit, delta: scalars, of one of int32, int64, float32 and float64 each.
      dtype: the element type; None takes the widest of the three.

    Raises:
      ValueError: `delta` is 0 or leads away from `limit`.
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        start = convert_to_tensor(start, dtype=dtype, name="start")
        limit = convert_to_tensor(limit, dtype=dtype, name="limit")
        delta = convert_to_tensor(delta, dtype=dtype, name="delta")
        if dtype is None:
            given = [t.dtype.base_dtype for t in (start, limit, delta)]
            assert all(d in _BY_WIDTH for d in given)
            widest = max(given, key=_BY_WIDTH.index)
            start, limit, delta = (cast(t, widest) for t in (start, limit, delta))
        return Range(start, limit, delta, name=scope)
