"""Reductions: sums, means, products and extremes along axes, as ops. Their public functions are in reduce_functions."""

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any

import numpy as np

from pyflow.core.convert import constant_value
from pyflow.core.dtypes import INDEX, NUMERIC, int32
from pyflow.core.node_count import NodeCount
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, one_of, op, raw, sample
from pyflow.core.scopes import colocate_with, device, get_default_graph
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_filling import fill
from pyflow.ops.array_shape import rank, size
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import conj
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOATS, PLAIN, REALS, dispatches
from pyflow.ops.gpu_reductions import reduction
from pyflow.ops.primitives import primitives
from pyflow.ops.ranges import range

_AXES = one_of(INDEX, default=int32)
_ONE_AXIS = sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0])


def _reduced(input, reduction_indices, reduction_indices_value, keep_dims) -> StaticShape:
    if reduction_indices is not None and len(reduction_indices) > 1:
        raise ShapeError(f"Shape must be at most rank 1 but is rank {len(reduction_indices)}")
    if input is None:
        return None
    rank = len(input)
    if reduction_indices_value is None:
        if keep_dims:
            return (None,) * rank
        # As many axes as indices, if none is given twice; only "all" and "none" are sure.
        return tuple(input) if reduction_indices == (0,) else None
    axes = set()
    for axis in np.asarray(reduction_indices_value).reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise ShapeError(
                f"Invalid reduction dimension {axis} for input with {rank} dimensions.",
                f"Invalid reduction dimension ({axis} for input with {rank} dimension(s)",
            )
        axes.add(axis % rank)
    if keep_dims:
        return tuple(1 if i in axes else d for i, d in enumerate(input))
    return tuple(d for i, d in enumerate(input) if i not in axes)


def _axes_of(input: Any, indices: Any) -> Any:
    """The axes as numpy wants them: one int, or a tuple in which none occurs twice."""
    axes = indices.tolist()
    if type(axes) is int:
        return axes
    if len(axes) > 1:
        rank = input.ndim
        return tuple(sorted({axis % rank for axis in axes}))
    return tuple(axes)


# Columns of small matrices are added up fastest by BLAS, as a product with a row of ones. The browser's numpy has none.
_COLUMN_ROWS, _COLUMN_ELEMENTS = (2048, 2**20) if sys.platform != "emscripten" else (0, 0)
_FEWEST_SUMMED = 1024


@functools.lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> np.ndarray:
    return np.ones(count, dtype)


def _sum(input: Any, axes: Any, keep_dims: bool, out: np.ndarray) -> None:
    if (
        (axes == 0 or axes == (0,))
        and input.ndim == 2
        and len(input) <= _COLUMN_ROWS
        and 0 < input.size <= _COLUMN_ELEMENTS
        and out.dtype.char in "fd"
        and input.flags.c_contiguous
    ):
        np.dot(_ones(len(input), out.dtype), input, out[0] if keep_dims else out)
        return
    if (
        primitives.column_sums is not None
        and (axes == 0 or axes == (0,))
        and input.ndim == 2
        and input.size >= _FEWEST_SUMMED
        and input.dtype == np.float32
    ):
        primitives.column_sums(input, out[0] if keep_dims else out)
        return
    # Halves have 11 bits: a running sum in them would stop growing at 2048.
    np.add.reduce(input, axes, np.float32 if out.dtype == np.float16 else None, out, keep_dims)


@op("Sum(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class Sum:
    """The sum along axes."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        _sum(input, _axes_of(input, reduction_indices), keep_dims, out)

    def grad(op, grad):
        return _spread(op, grad), None

    gpu = dispatches(reduction("Sum"), types=REALS)
    samples = [_ONE_AXIS, sample([[1.0, 2.0], [4.0, 5.0]], [0, 1], keep_dims=True)]


def _spread(op: Any, grad: Tensor) -> Tensor:
    """`grad`, the gradient of a reduction's output, repeated along the axes that were reduced."""
    x, indices = op.inputs
    static = x._shape_tuple()
    axes = None if static is None else constant_value(indices)
    if static is not None and axes is not None:
        if np.array_equal(axes, np.arange(len(static))):
            grad = raw.Reshape(grad, [1] * len(static) if static else np.zeros(0, np.int32))
            multiples = shape_of(x) if None in static else constant(static, dtype=int32)
            return raw.Tile(grad, multiples)
        if None not in static:
            kept, scaling = _static_spread(static, tuple(np.reshape(axes, -1).tolist()))  # type: ignore[arg-type]
            return raw.Tile(raw.Reshape(grad, kept), scaling)
    input_shape = shape_of(x)
    with colocate_with(input_shape):
        kept = reduced_shape(input_shape, indices)
        scaling = _quotient(input_shape, kept)
    return raw.Tile(raw.Reshape(grad, kept), scaling)


# For each graph with its loops, how gradients are spread over static shapes; TensorFlow makes that once for each.
_static_spreads: weakref.WeakKeyDictionary[NodeCount, dict] = weakref.WeakKeyDictionary()


def _static_spread(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(`shape` with its reduced dimensions as 1; how often each dimension of that is repeated to make `shape`)."""
    known = _static_spreads.setdefault(get_default_graph()._node_count, {})
    if (shape, axes) not in known:
        kept: Any = _reduced(shape, None, axes, True)
        reduced_shape(shape, axes)
        _quotient(shape, kept)
        known[shape, axes] = kept, tuple(d // max(k, 1) for d, k in zip(shape, kept))
    return known[shape, axes]


def reduced_shape(input_shape: Any, axes: Any) -> Tensor:
    """`input_shape` with 1 in the place of the dimensions that `axes` names."""
    input_shape = cast(input_shape, int32)
    axes = cast(axes, int32)
    rank = size(input_shape)
    axes = (axes + rank) % rank
    axes_shape = shape_of(axes)
    return raw.DynamicStitch([range(rank), axes], [input_shape, fill(axes_shape, 1)])


def _quotient(x: Any, y: Any) -> Tensor:
    """x / y of sizes, where 0 / 0 is 0."""
    from pyflow.ops.math_binary import maximum

    return x // maximum(y, 1)


@op("Mean(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class Mean:
    """The mean along axes; of integers, rounded towards zero."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        axes = _axes_of(input, reduction_indices)
        if out.dtype == np.float16:
            total = np.add.reduce(input, axes, np.float32, None, keep_dims)
            np.divide(total, input.size / (total.size or 1), out=out, casting="same_kind")
            return
        _sum(input, axes, keep_dims, out)
        count = input.size // (out.size or 1)
        if out.dtype.kind in "fc":
            np.divide(out, count, out=out)
        elif count:
            negative = out < 0
            np.floor_divide(np.abs(out), count, out=out, casting="unsafe")
            np.negative(out, out=out, where=negative)
        else:
            out.fill(0)

    def grad(op, grad):
        from pyflow.ops.division import truediv
        from pyflow.ops.reduce_functions import reduce_prod

        spread = _spread(op, grad)
        before, after = op.inputs[0]._shape_tuple(), op.outputs[0]._shape_tuple()
        if before is not None and after is not None and None not in before and None not in after:
            factor = constant(int(np.prod(before)) // max(int(np.prod(after)), 1), dtype=spread.dtype)
        else:
            input_shape, output_shape = shape_of(op.inputs[0]), shape_of(op.outputs[0])
            factor = _quotient(reduce_prod(input_shape), reduce_prod(output_shape))
        return truediv(spread, cast(factor, spread.dtype)), None

    gpu = dispatches(reduction("Mean"), types=REALS)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1]), sample([[1.0, 2.0], [4.0, 5.0]], [0, 1])]


@op("Prod(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class Prod:
    """The product along axes."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        accumulator = np.float32 if out.dtype == np.float16 else None
        np.multiply.reduce(input, _axes_of(input, reduction_indices), accumulator, out, keep_dims)

    def grad(op, grad):
        """The product of all others, by running products from both sides: division would fail at zeros."""
        from pyflow.ops.array_gather import gather
        from pyflow.ops.array_joining import concat
        from pyflow.ops.array_search import invert_permutation, setdiff1d
        from pyflow.ops.cumulative import cumprod
        from pyflow.ops.reduce_functions import reduce_prod

        x, indices = op.inputs
        input_shape = shape_of(x)
        indices = reshape(indices, [-1])
        kept = reduced_shape(input_shape, op.inputs[1])
        scaling = _quotient(input_shape, kept)
        grad = raw.Tile(reshape(grad, kept), scaling)
        with device("/cpu:0"):
            ndims = rank(x)
            indices = (indices + ndims) % ndims
            reduced = cast(indices, int32)
            axes = range(0, ndims)
            other, _ = setdiff1d(axes, reduced)
            perm = concat([reduced, other], 0)
            reduced_num = reduce_prod(gather(input_shape, reduced))
            other_num = reduce_prod(gather(input_shape, other))
        permuted = transpose(x, perm)
        permuted_shape = shape_of(permuted)
        matrix = reshape(permuted, (reduced_num, other_num))
        left = cumprod(matrix, axis=0, exclusive=True)
        right = cumprod(matrix, axis=0, exclusive=True, reverse=True)
        y = reshape(conj(left) * conj(right), permuted_shape)
        product = grad * transpose(y, invert_permutation(perm))
        return reshape(product, input_shape), None

    gpu = dispatches(reduction("Prod"), types=REALS)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0]), sample([[1.0, 0.0], [4.0, 5.0]], [0, 1])]


def _extreme_gradient(op: Any, grad: Tensor) -> tuple:
    """Shared in equal parts among all elements that have the extreme value."""
    from pyflow.ops.comparison import equal
    from pyflow.ops.division import divide

    x, indices = op.inputs
    input_shape = shape_of(x)
    kept = reduced_shape(input_shape, indices)
    y = reshape(op.outputs[0], kept)
    grad = reshape(grad, kept)
    indicators = cast(equal(y, x), grad.dtype)
    selected = reshape(Sum(indicators, indices), kept)
    return divide(indicators, selected) * grad, None


def _lowest(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def _highest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind == "f" else np.iinfo(dtype).max


@op("Max(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class Max:
    """The largest element along axes; the lowest value of the dtype where there is none."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        if input.size:
            np.maximum.reduce(input, _axes_of(input, reduction_indices), None, out, keep_dims)
        else:
            out.fill(_lowest(out.dtype))

    grad = _extreme_gradient
    gpu = dispatches(reduction("Max"), types=REALS)
    samples = [sample([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]], [1]), sample([[1.0, 2.0], [4.0, 5.0]], [0, 1])]


@op("Min(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class Min:
    """The smallest element along axes; the highest value of the dtype where there is none."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        if input.size:
            np.minimum.reduce(input, _axes_of(input, reduction_indices), None, out, keep_dims)
        else:
            out.fill(_highest(out.dtype))

    grad = _extreme_gradient
    gpu = dispatches(reduction("Min"), types=REALS)
    samples = [sample([[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]], [1]), sample([[1.0, 2.0], [4.0, 5.0]], [0, 1])]


@op("EuclideanNorm(input: T, reduction_indices: Tidx) -> (output: T)", keep_dims=False, T=NUMERIC, Tidx=_AXES)
class EuclideanNorm:
    """The root of the sum of squares along axes."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        accumulator = np.float32 if out.dtype == np.float16 else out.dtype
        values = np.asarray(input, accumulator)
        squares = values * np.conjugate(values)
        total = np.add.reduce(squares, _axes_of(input, reduction_indices), accumulator, None, keep_dims)
        np.sqrt(total, out=out, casting="unsafe")

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(reduction("EuclideanNorm"), types=FLOATS)
    samples = [sample([[3.0, 4.0], [5.0, 12.0]], [1])]


@op("All(input: bool, reduction_indices: Tidx) -> (output: bool)", keep_dims=False, Tidx=_AXES)
class All:
    """Whether every element along axes is true."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        np.logical_and.reduce(input, _axes_of(input, reduction_indices), None, out, keep_dims)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(reduction("All"), types=PLAIN)
    samples = [sample(np.array([[True, False], [True, True]]), [1])]


@op("Any(input: bool, reduction_indices: Tidx) -> (output: bool)", keep_dims=False, Tidx=_AXES)
class Any_:
    """Whether some element along axes is true."""

    shape = _reduced

    def cpu(input, reduction_indices, keep_dims, out):
        np.logical_or.reduce(input, _axes_of(input, reduction_indices), None, out, keep_dims)

    grad = NOT_DIFFERENTIABLE
    gpu = dispatches(reduction("Any"), types=PLAIN)
    samples = [sample(np.array([[True, False], [False, False]]), [1])]
