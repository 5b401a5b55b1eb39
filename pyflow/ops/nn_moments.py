"""Means and variances, of all elements alike or weighted."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import float16, float32
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import squeeze
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import add, multiply, squared_difference, subtract
from pyflow.ops.math_unary import reciprocal, square
from pyflow.ops.reduce_functions import reduce_mean, reduce_prod, reduce_sum


def _kept(keepdims: Any, keep_dims: Any) -> bool:
    return bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))


@export("nn.sufficient_statistics")
def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None, keepdims: Any = None
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """What is needed for mean and variance in one pass over the data.

    Args:
      x: numbers.
      axes: the axes to sum over, a list of ints.
      shift: a number near the mean, which keeps precision; None for 0.
      keepdims: whether the dimensions stay, with size 1; `keep_dims` is the older name.

    Returns:
      The number of elements, their (shifted) sum, the sum of their (shifted) squares, and the shift.
    """
    axes = list(set(axes))
    kept = _kept(keepdims, keep_dims)
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        sizes = None if x._shape_tuple() is None else [x._shape_tuple()[axis] for axis in axes]  # type: ignore[index]
        if sizes is not None and None not in sizes:
            count = 1
            for size in sizes:
                count *= size
            counts = constant(count, dtype=x.dtype)
        else:
            from pyflow.ops.array_gather import gather

            counts = reduce_prod(gather(cast(shape(x), x.dtype), axes), name="count")
        if shift is not None:
            shift = convert_to_tensor(shift, name="shift")
            values, squares = subtract(x, shift), squared_difference(x, shift)
        else:
            values, squares = x, square(x)
        mean_ss = reduce_sum(values, axes, keepdims=kept, name="mean_ss")
        variance_ss = reduce_sum(squares, axes, keepdims=kept, name="var_ss")
    return counts, mean_ss, variance_ss, shift


@export("nn.normalize_moments")
def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance from what `sufficient_statistics` returns."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is not None:
            shifted_mean = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted_mean, shift, name="mean")
        else:
            mean = shifted_mean = multiply(mean_ss, divisor, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted_mean), name="variance")
    return mean, variance


@export("nn.moments")
def moments(
    x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance (not the unbiased estimate) along axes; of halves, computed in float32.

    Args:
      x: a tensor of numbers.
      axes: the axes to reduce, a list of ints.
      shift: has no effect.
      keepdims: whether the dimensions stay, with size 1; `keep_dims` is the older name.
    """
    kept = _kept(keepdims, keep_dims)
    with name_scope(name, "moments", [x, axes]):
        half = x.dtype == float16
        y = cast(x, float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        # What the gradient through this mean would add is zero.
        variance = reduce_mean(squared_difference(y, stop_gradient(mean)), axes, keepdims=True, name="variance")
        if not kept:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if half:
            return cast(mean, float16), cast(variance, float16)
        return mean, variance


@export("nn.weighted_moments")
def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance along axes of elements that count `frequency_weights` times.

    Args:
      x: numbers.
      axes: the axes to reduce, a list of ints.
      frequency_weights: weights, which are broadcast to the shape of `x`.
      keepdims: whether the dimensions stay, with size 1; `keep_dims` is the older name.
    """
    kept = _kept(keepdims, keep_dims)
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        half = x.dtype == float16
        if half:
            x = cast(x, float32)
        if weights.dtype != x.dtype:
            weights = cast(weights, x.dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        broadcast_weights = weights + zeros_like(x)
        weight_sum = reduce_sum(broadcast_weights, axes, name="sum_of_weights", keepdims=True)
        divisor = reciprocal(weight_sum, name="inv_weight_sum")
        mean = multiply(total, divisor)
        squares = reduce_sum(weights * squared_difference(x, mean), axes, name="weighted_distsq", keepdims=True)
        variance = multiply(squares, divisor)
        if not kept:
            mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
        if half:
            return cast(mean, float16), cast(variance, float16)
        return mean, variance
