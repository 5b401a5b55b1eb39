"""Where along an axis the extremes are: argmax and argmin."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import INDEX, NUMERIC, int32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import ShapeError, one_of, op, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.gpu import ANY, dispatches
from pyflow.ops.gpu_reductions import arg_extreme
from pyflow.ops.shape_rules import text, with_rank

_AXIS = one_of(INDEX, default=int32)
_POSITION = one_of(INDEX, default=int64)
_SAMPLES = [sample([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]], 1, grad=False), sample([3, 1, 2], 0)]


def _without_axis(input, dimension, dimension_value) -> StaticShape:
    with_rank(dimension, 0)
    if input is None:
        return None
    rank = len(input)
    if rank <= 1:
        return ()  # whatever the axis is; a wrong one is an error when it runs
    if dimension_value is None:
        return (None,) * (rank - 1)
    axis = int(dimension_value)
    if not -rank <= axis < rank:
        raise ShapeError(
            f"Dimension ({axis}) must be in the range [{-rank}, {rank}), where {rank} is the number of dimensions in "
            "the input.",
            _wrong_axis(axis, rank),
        )
    return tuple(d for i, d in enumerate(input) if i != axis % rank)


def _wrong_axis(axis: int, rank: int) -> str:
    return f"Expected dimension in the range [{-rank}, {rank}), but got {axis}"


def _axis(input: Any, dimension: Any) -> int:
    axis, rank = int(dimension), input.ndim
    if not -rank <= axis < rank:
        raise InvalidArgumentError(None, None, _wrong_axis(axis, rank))
    if not input.shape[axis]:
        words = f"Reduction axis {axis % rank} is empty in shape {text(input.shape)}"
        raise InvalidArgumentError(None, None, words)
    return axis


def _first_best(extreme: Any, input: Any, axis: int, worst: float) -> Any:
    """`extreme` (np.argmax or np.argmin) along an axis. A NaN is never the best, as it is to numpy."""
    if input.dtype.kind == "f":
        flat = input.reshape(-1)
        # Squares cannot cancel: their sum is NaN if an element is, and only then.
        squares = np.dot(flat, flat)
        if squares != squares:
            input = np.where(np.isnan(input), input.dtype.type(worst), input)
    return extreme(input, axis)


def _no_gradient(op: Any, grad: Any) -> tuple:
    return None, None


@op("ArgMax(input: T, dimension: Tidx) -> (output: output_type)", T=NUMERIC, Tidx=_AXIS, output_type=_POSITION)
class ArgMax:
    """The index of the largest element along an axis; of several, the first."""

    shape = _without_axis

    def cpu(input, dimension, output_type):
        positions = _first_best(np.argmax, input, _axis(input, dimension), -np.inf)
        return positions.astype(output_type.as_numpy_dtype, copy=False)

    grad = _no_gradient
    gpu = dispatches(arg_extreme(">"), types=ANY)
    samples = _SAMPLES


@op("ArgMin(input: T, dimension: Tidx) -> (output: output_type)", T=NUMERIC, Tidx=_AXIS, output_type=_POSITION)
class ArgMin:
    """The index of the smallest element along an axis; of several, the first."""

    shape = _without_axis

    def cpu(input, dimension, output_type):
        positions = _first_best(np.argmin, input, _axis(input, dimension), np.inf)
        return positions.astype(output_type.as_numpy_dtype, copy=False)

    grad = _no_gradient
    gpu = dispatches(arg_extreme("<"), types=ANY)
    samples = _SAMPLES


arg_max = export("arg_max")(ArgMax)
arg_min = export("arg_min")(ArgMin)


@export("argmax", "math.argmax")
def argmax(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = int64
) -> Tensor:
    """The index of the largest element along `axis` (0 when it is None); of several, the first.

    Args:
      dimension: the older name of `axis`.
      output_type: int32 or int64.
    """
    axis = renamed_argument("axis", axis, "dimension", dimension)
    return ArgMax(input, 0 if axis is None else axis, output_type=output_type, name=name)


@export("argmin", "math.argmin")
def argmin(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = int64
) -> Tensor:
    """The index of the smallest element along `axis` (0 when it is None); of several, the first.

    Args:
      dimension: the older name of `axis`.
      output_type: int32 or int64.
    """
    axis = renamed_argument("axis", axis, "dimension", dimension)
    return ArgMin(input, 0 if axis is None else axis, output_type=output_type, name=name)
