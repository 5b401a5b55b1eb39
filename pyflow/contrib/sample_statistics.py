"""tf.contrib.distributions: functions of samples, and forms of numbers that distributions use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import colocate_with, control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, squeeze, transpose
from pyflow.ops.array_diagonals import matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import ones, ones_like, zeros, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_reversing import reverse
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal, assert_less_equal
from pyflow.ops.clip import clip_by_value
from pyflow.ops.comparison import greater, less, logical_or
from pyflow.ops.complex_numbers import complex as complex_
from pyflow.ops.complex_numbers import conj, real
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.fft import fft, ifft
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.math_rounding import ceil, floor, is_inf
from pyflow.ops.math_rounding import round as round_
from pyflow.ops.math_sums import add_n
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, expm1, log, sign, sqrt, square
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.rank_checks import assert_rank
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_max, reduce_mean, reduce_sum
from pyflow.ops.state import assign_add, assign_sub
from pyflow.ops.variable_scope import get_variable, variable_scope

_SPACE = "contrib.distributions."


@export(_SPACE + "softplus_inverse")
def softplus_inverse(x: Any, name: str | None = None) -> Tensor:
    """The y with log(1 + exp(y)) = x, exact for very small and very large x too."""
    with name_scope(name, "softplus_inverse", values=[x]):
        x = convert_to_tensor(x, name="x")
        threshold = np.log(np.finfo(x.dtype.as_numpy_dtype).eps) + 2.0
        small, large = less(x, np.exp(threshold)), greater(x, -threshold)
        between = where_v2(logical_or(small, large), ones_like(x), x)
        y = between + log(-expm1(-between))
        return where_v2(small, log(x), where_v2(large, x, y))


@export(_SPACE + "fill_triangular")
def fill_triangular(x: Any, upper: bool = False, name: str | None = None) -> Tensor:
    """Triangles [..., n, n] of [..., n (n + 1) / 2] numbers, which are laid in clockwise.

    Raises:
      ValueError: there is no such n.
    """
    with name_scope(name, "fill_triangular", values=[x]):
        x = convert_to_tensor(x, name="x")
        count = dimension_value(x.shape.with_rank_at_least(1)[-1])
        if count is not None:
            side: Any = (math.isqrt(1 + 8 * count) - 1) // 2
            if side * (side + 1) // 2 != count:
                raise ValueError(f"Input right-most shape ({count}) does not correspond to a triangular matrix.")
            static = x.shape[:-1].concatenate([side, side])
        else:
            side = cast(sqrt(0.25 + cast(2 * shape(x)[-1], dtypes.float32)) - 0.5, dtypes.int32)
            static = x.shape.with_rank_at_least(1)[:-1].concatenate([None, None])
        parts = [x, reverse(x[..., side:], axis=[-1])] if upper else [x[..., side:], reverse(x, axis=[-1])]
        sizes = static.as_list() if static.is_fully_defined() else concat([shape(x)[:-1], [side, side]], axis=0)
        square_ = reshape(concat(parts, axis=-1), sizes)
        filled = matrix_band_part(square_, 0 if upper else -1, -1 if upper else 0)
        filled.set_shape(static)
        return filled


@export(_SPACE + "fill_triangular_inverse")
def fill_triangular_inverse(x: Any, upper: bool = False, name: str | None = None) -> Tensor:
    """The numbers [..., n (n + 1) / 2] that `fill_triangular` makes the triangles [..., n, n] of."""
    with name_scope(name, "fill_triangular_inverse", values=[x]):
        x = convert_to_tensor(x, name="x")
        known = dimension_value(x.shape.with_rank_at_least(2)[-1])
        side: Any = shape(x)[-1] if known is None else known
        count = (side * (side + 1)) // 2
        static = x.shape[:-2].concatenate([None if known is None else count])
        first = x[..., 0, :] if upper else x[..., -1, ::-1]
        rest = x[..., 1:, :] if upper else x[..., :-1, :]
        # Turned by half, the triangle lies where the zeros are.
        folded = rest + rest[..., ::-1, ::-1]
        batch = shape(x)[:-2]
        flat = reshape(folded, concat([batch, [side * (side - 1)]], axis=0))
        y = concat([first, flat[..., : count - side]], axis=-1)
        y.set_shape(static)
        return y


@export(_SPACE + "matrix_diag_transform")
def matrix_diag_transform(matrix: Any, transform: Any = None, name: str | None = None) -> Tensor:
    """Matrices whose diagonal is passed through a function; None leaves it."""
    with name_scope(name, "matrix_diag_transform", [matrix]):
        matrix = convert_to_tensor(matrix, name="matrix")
        return matrix if transform is None else matrix_set_diag(matrix, transform(matrix_diag_part(matrix)))


@export(_SPACE + "tridiag")
def tridiag(below: Any = None, diag: Any = None, above: Any = None, name: str | None = None) -> Tensor:
    """Matrices [..., n, n] of what is on the diagonal [..., n], below and above it [..., n - 1].

    Raises:
      ValueError: nothing is given.
    """

    def padded(x: Tensor) -> Tensor:
        sizes = concat([shape(x)[:-1], [1]], axis=0)
        zero = zeros(sizes, dtype=x.dtype)
        return concat([zero, x, zero], axis=-1)

    def shifted(x: Any, rows: slice, columns: slice) -> Tensor:
        return matrix_diag(padded(convert_to_tensor(x)))[..., rows, columns]

    with name_scope(name, "tridiag", [below, diag, above]):
        terms = [] if below is None else [shifted(below, slice(None, -1), slice(1, None))]
        terms += [] if diag is None else [matrix_diag(convert_to_tensor(diag, name="diag"))]
        terms += [] if above is None else [shifted(above, slice(1, None), slice(None, -1))]
        if not terms:
            raise ValueError("Must specify at least one of {below, diag, above}.")
        return add_n(terms)


@export(_SPACE + "reduce_weighted_logsumexp")
def reduce_weighted_logsumexp(
    logx: Any,
    w: Any = None,
    axis: Any = None,
    keep_dims: bool = False,
    return_sign: bool = False,
    name: str | None = None,
) -> Any:
    """log |sum of w exp(logx)|, and with `return_sign` the sign of the sum."""
    with name_scope(name, "reduce_weighted_logsumexp", [logx, w]):
        logx = convert_to_tensor(logx, name="logx")
        if w is None:
            total = reduce_logsumexp(logx, axis=axis, keepdims=keep_dims)
            return (total, ones_like(total)) if return_sign else total
        w = convert_to_tensor(w, dtype=logx.dtype, name="w")
        largest = reduce_max(logx + log(absolute(w)), axis=axis, keepdims=True)
        finite = where_v2(is_inf(largest), zeros_like(largest), largest)
        weighted = sign(w) * exp(logx + log(absolute(w)) - finite)
        total = reduce_sum(weighted, axis=axis, keepdims=keep_dims)
        if not keep_dims:
            finite = squeeze(finite, axis)
        logarithm = finite + log(absolute(total))
        return (logarithm, sign(total)) if return_sign else logarithm


@export(_SPACE + "percentile")
def percentile(
    x: Any,
    q: Any,
    axis: Any = None,
    interpolation: str | None = None,
    keep_dims: bool = False,
    validate_args: bool = False,
    name: str | None = None,
) -> Tensor:
    """The number that `q` percent of x are at most.

    Args:
      q: a scalar within [0, 100].
      axis: the dimensions that are taken together; by default all.
      interpolation: "nearest", "lower" or "higher", where it lies between two numbers.

    Raises:
      ValueError: another interpolation, or an axis that is not there or not known.
    """
    allowed = {"lower", "higher", "nearest"}
    if interpolation is not None and interpolation not in allowed:
        raise ValueError(f"Argument 'interpolation' must be in {allowed}.  Found {interpolation}")
    with name_scope(name or "percentile", values=[x, q]):
        x = convert_to_tensor(x, name="x")
        q = cast(q, dtypes.float64, name="q")
        if q.shape.ndims not in (None, 0):
            raise ValueError(f"Expected argument 'x' to have ndims 0.  Found tensor {q}")
        if validate_args:
            low, high = constant(0.0, dtypes.float64), constant(100.0, dtypes.float64)
            q = with_dependencies([assert_rank(q, 0), assert_greater_equal(q, low), assert_less_equal(q, high)], q)
        axes: list[int] = []
        if axis is None:
            y = reshape(x, [-1])
        else:
            known = constant_value(convert_to_tensor(axis, name="axis"))
            if known is None:
                raise ValueError(f"Expected argument 'axis' to be statically available.  Found: {axis}")
            if x.shape.ndims is None:
                raise ValueError(f"Expected argument 'x' to have statically defined 'ndims'.  Found: {x}")
            axes = [_non_negative(int(a), x.shape.ndims) for a in np.ravel(known)]
            y = _flat_end(x, axes, x.shape.ndims)
        place = (cast(shape(y)[-1], dtypes.float64) - 1) * (1.0 - q / 100.0)
        rounded = {"lower": ceil, "higher": floor, "nearest": round_, None: round_}[interpolation](place)
        count = shape(y)[-1]
        index = clip_by_value(cast(rounded, dtypes.int32), 0, count - 1)
        result = top_k(y, k=count)[0][..., index]
        result.set_shape(y.get_shape()[:-1])
        if keep_dims:
            if axis is None:
                rank_ = rank(x) if x.shape.ndims is None else x.shape.ndims
                return result * ones(ones([rank_], dtype=dtypes.int32), dtype=x.dtype)
            for a in sorted(axes):
                result = expand_dims(result, axis=a)
        return result


def _non_negative(axis: int, count: int) -> int:
    if axis >= count:
        raise ValueError(f"dim {axis} not in the interval [0, {count - 1}].")
    if axis < -count:
        raise ValueError(f"Negatively indexed dim {axis} not in the interval [-{count}, -1]")
    return axis % count


def _flat_end(x: Tensor, axes: list[int], count: int) -> Tensor:
    """The given dimensions together as the last."""
    front = [i for i in range(count) if i not in axes]
    moved = transpose(x, perm=front + axes)
    if x.shape.is_fully_defined():
        sizes: Any = x.shape.as_list()
        return reshape(moved, [*(sizes[i] for i in front), int(np.prod([sizes[i] for i in axes]))])
    return reshape(moved, concat([shape(moved)[: count - len(axes)], [-1]], axis=0))


@export(_SPACE + "auto_correlation")
def auto_correlation(
    x: Any,
    axis: int = -1,
    max_lags: Any = None,
    center: bool = True,
    normalize: bool = True,
    name: str = "auto_correlation",
) -> Tensor:
    """How x goes with itself some steps later along an axis, for 0 to `max_lags` steps; by Fourier transforms."""
    with name_scope(name, values=[x]):
        x = convert_to_tensor(x, name="x")
        count = x.shape.ndims
        if count is None:
            raise NotImplementedError("auto_correlation: of unknown rank")
        axis = axis % count
        order = [i for i in range(count) if i != axis] + [axis]
        moved = transpose(x, perm=order)
        if center:
            moved -= reduce_mean(moved, axis=-1, keepdims=True)
        length = dimension_value(moved.shape[-1])
        if length is None:
            raise NotImplementedError("auto_correlation: of an unknown number of steps")
        whole = 2 ** math.ceil(math.log2(length * 2))
        padded = concat([moved, zeros(concat([shape(moved)[:-1], [whole - length]], 0), x.dtype)], -1)
        if not x.dtype.is_complex:
            if not x.dtype.is_floating:
                raise TypeError(f"Argument x must have either float or complex dtype found: {x.dtype}")
            padded = complex_(padded, zeros_like(padded))
        spectrum = fft(padded)
        product = ifft(spectrum * conj(spectrum))
        product = product if x.dtype.is_complex else real(product)
        lags = length - 1 if max_lags is None else min(length - 1, int(max_lags))
        means = product[..., : lags + 1] / cast(length - np.arange(lags + 1.0), x.dtype)
        if normalize:
            means /= means[..., :1]
        return transpose(means, perm=np.argsort(order))


@export(_SPACE + "assign_moving_mean_variance")
def assign_moving_mean_variance(
    mean_var: Any, variance_var: Any, value: Any, decay: Any, name: str | None = None
) -> tuple[Any, Any]:
    """Takes a value into moving averages of the mean and the variance, and returns both.

    Raises:
      TypeError: the variables are no floats, or of two dtypes.
    """
    with name_scope(name, "assign_moving_mean_variance", [variance_var, mean_var, value, decay]):
        with colocate_with(variance_var), colocate_with(mean_var):
            dtype = mean_var.dtype.base_dtype
            if not dtype.is_floating:
                raise TypeError(f"mean_var.base_dtype({dtype.name}) does not have float type `dtype`.")
            if dtype != variance_var.dtype.base_dtype:
                other = variance_var.dtype.base_dtype.name
                raise TypeError(f"mean_var.base_dtype({dtype.name}) != variance_var.base_dtype({other})")
            value = convert_to_tensor(value, dtype=dtype, name="value")
            decay = convert_to_tensor(decay, dtype=dtype, name="decay")
            delta = value - mean_var
            with control_dependencies([delta]):
                mean = assign_add(mean_var, (1.0 - decay) * delta)
                change = (1.0 - decay) * (variance_var - decay * square(delta))
                return mean, assign_sub(variance_var, change)


@export(_SPACE + "moving_mean_variance")
def moving_mean_variance(value: Any, decay: Any, collections: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """Moving averages of the mean and the variance of a value, in variables of their own; running them updates."""
    with variable_scope(name, "moving_mean_variance", [value, decay]):
        value = convert_to_tensor(value, name="value")
        dtype = value.dtype.base_dtype
        if not dtype.is_floating:
            raise TypeError(f"value.base_dtype({dtype.name}) does not have float type `dtype`.")
        decay = convert_to_tensor(decay, dtype=dtype, name="decay")
        options = {
            "shape": value.shape,
            "dtype": value.dtype,
            "initializer": zeros_initializer(),
            "trainable": False,
            "collections": [GraphKeys.GLOBAL_VARIABLES] if collections is None else collections,
        }
        variance = get_variable("moving_variance", **options)
        mean = get_variable("moving_mean", **options)
        return assign_moving_mean_variance(mean, variance, value, decay)
