"""Counting: how often values occur, or fall between limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import INDEX, float32, float64, int32, int64
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.clip import clip_by_value
from pyflow.ops.constant import constant
from pyflow.ops.division import truediv
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_rounding import floor
from pyflow.ops.reduce_functions import reduce_max, reduce_prod
from pyflow.ops.shape_rules import same_as, with_rank

_COUNTABLE = (int32, int64, float32, float64)


@op("Bincount(arr: int32, size: int32, weights: T) -> (bins: T)", T=_COUNTABLE)
class Bincount:
    """How often 0 ... size - 1 occur in `arr`, or the sums of their `weights` if those are not empty."""

    def shape(arr, size, weights, size_value) -> StaticShape:
        with_rank(size, 0)
        if size_value is None:
            return (None,)
        if size_value < 0:
            words = f"size ({int(size_value)}) must be non-negative"
            raise ShapeError(words, at_run=words)
        return (int(size_value),)

    def cpu(arr, size, weights, out):
        values = np.reshape(arr, -1)
        if values.size and values.min() < 0:
            raise InvalidArgumentError(None, None, "Input arr must be non-negative!")
        out.fill(0)
        inside = values < len(out)
        np.add.at(out, values[inside], np.reshape(weights, -1)[inside] if np.size(weights) else 1)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([1, 1, 2, 5], 4, [0.5, 1.0, 2.0, 4.0]), sample([1, 1, 2, 5], 4, np.zeros(0, np.int32))]


@op("Bucketize(input: T) -> (output: int32)", T=_COUNTABLE, boundaries=attr("list(float)"))
class Bucketize:
    """The number of `boundaries`, given in ascending order, up to and with each value."""

    shape = same_as("input")

    def cpu(input, boundaries, out):
        if any(a > b for a, b in zip(boundaries, boundaries[1:])):
            raise InvalidArgumentError(None, None, "Expected sorted boundaries")
        # The boundaries are float32 in TensorFlow.
        out[...] = np.searchsorted(np.array(boundaries, np.float32), input, "right")

    grad = NOT_DIFFERENTIABLE
    samples = [sample([-5.0, 0.0, 3.0, 10.0, 20.0], boundaries=[0.0, 10.0])]


@op(
    "HistogramFixedWidth(values: T, value_range: T, nbins: int32) -> (out: dtype)",
    T=_COUNTABLE,
    dtype=one_of(INDEX, default=int32),
)
class HistogramFixedWidth:
    """How many values fall into each of `nbins` bins of one width; those outside of the range into the outer ones."""

    def shape(values, value_range, nbins, nbins_value) -> StaticShape:
        range_shape = with_rank(value_range, 1)
        if range_shape[0] not in (None, 2):
            raise ShapeError(f"Dimension must be 2 but is {range_shape[0]}")
        with_rank(nbins, 0)
        if nbins_value is None:
            return (None,)
        if nbins_value <= 0:
            count = int(nbins_value)
            raise ShapeError(f"Requires nbins > 0: {count}", f"nbins should be a positive number, but got '{count}'")
        return (int(nbins_value),)

    def cpu(values, value_range, nbins, out):
        low, high = value_range
        if not low < high:
            words = f"value_range should satisfy value_range[0] < value_range[1], but got '[{low:g}, {high:g}]'"
            raise InvalidArgumentError(None, None, words)
        width = float(high - low) / len(out)
        steps = (np.maximum(values, low) - low).astype(np.float64) / width
        places = np.minimum(steps, len(out) - 1).astype(np.intp)
        out[...] = np.bincount(places.reshape(-1), minlength=len(out))

    grad = NOT_DIFFERENTIABLE
    samples = [sample([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5)]


@export("histogram_fixed_width")
def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """How many values fall into each of `nbins` bins of one width.

    Args:
      value_range: [low, high]; values outside of it count in the first and the last bin.
      dtype: int32 or int64.

    Raises:
      InvalidArgumentError: (when run) low is not below high.
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return HistogramFixedWidth(values, value_range, nbins, dtype=dtype, name=scope)


@export("histogram_fixed_width_bins")
def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """The bin of each value, int32 in the shape of `values`; see `histogram_fixed_width`."""
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert_to_tensor(values, name="values")
        shape = shape_of(values)
        values = reshape(values, [-1])
        value_range = convert_to_tensor(value_range, name="value_range")
        nbins = convert_to_tensor(nbins, dtype=int32, name="nbins")
        nbins_float = cast(nbins, values.dtype)
        scaled = truediv(values - value_range[0], value_range[1] - value_range[0], name="scaled_values")
        indices = floor(nbins_float * scaled, name="indices")
        indices = cast(clip_by_value(indices, 0, nbins_float - 1), int32)
        return reshape(indices, shape)


@export("bincount", "math.bincount")
def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = dtypes.int32
) -> Tensor:
    """How often 0, 1, 2 ... occur in `arr`.

    Args:
      arr: int32, not negative.
      weights: as many numbers, which are added up in the place of counting.
      minlength: the least length of the result.
      maxlength: its greatest length; larger values are left out.
      dtype: that of the counts, without `weights`.

    Returns:
      A vector of the length of the largest value plus 1, within the limits given.

    Raises:
      InvalidArgumentError: (when run) a value is negative.
    """
    with name_scope("bincount"):
        arr = convert_to_tensor(arr, name="arr", dtype=int32)
        not_empty = reduce_prod(shape_of(arr)) > 0
        size = cast(not_empty, int32) * (reduce_max(arr) + 1)
        if minlength is not None:
            size = maximum(convert_to_tensor(minlength, name="minlength", dtype=int32), size)
        if maxlength is not None:
            size = minimum(convert_to_tensor(maxlength, name="maxlength", dtype=int32), size)
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            return raw.UnsortedSegmentSum(weights, arr, size)
        return Bincount(arr, size, constant([], dtype))
