"""Reductions over segments: rows of a tensor that share an id.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/math#about_segmentation
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import INDEX, NUMERIC, REAL, int32
from pyflow.core.dtypes import bool as bool_
from pyflow.core.registry import ShapeError, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import fill, ones, ones_like, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank, shape_internal
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.division import divide
from pyflow.ops.gpu import INDEXED, dispatches
from pyflow.ops.gpu_scatter import HIGHEST, LARGER, LOWEST, SMALLER, segments
from pyflow.ops.math_binary import maximum
from pyflow.ops.segment_kernels import (
    check_ids,
    check_sorted,
    highest,
    invalid,
    lowest,
    reduce_sorted,
    reduce_unsorted,
    segment_sizes,
)
from pyflow.ops.shape_rules import text, with_rank, with_rank_at_least, without_prefix

_COUNT = one_of(INDEX, default=int32)
_ROWS = [[1.0, 2.0], [3.0, 5.0], [-4.0, 6.0], [7.0, 0.5]]
_SORTED = [sample(_ROWS, [0, 0, 1, 3])]
_UNSORTED = [sample(_ROWS, [2, 0, 2, -1], 3)]


def _segments(data, segment_ids) -> StaticShape:
    data = with_rank_at_least(data, 1)
    with_rank(segment_ids, 1)
    return None if data is None else (None, *data[1:])


def _reduce(ufunc: np.ufunc, default: Any, data: Any, ids: Any) -> tuple[np.ndarray, np.ndarray]:
    """(the reduced rows, `default` where there are none; the first row of each segment)."""
    if len(ids) != len(data):
        raise invalid("segment_ids should be the same size as dimension 0 of input.")
    rows = int(ids[-1]) + 1 if len(ids) else 0
    check_sorted(ids, rows)
    out = np.full((rows, *data.shape[1:]), default, data.dtype)
    return out, reduce_sorted(ufunc, data, ids, out)


@op("SegmentSum(data: T, segment_ids: Tindices) -> (output: T)", T=NUMERIC, Tindices=INDEX)
class SegmentSum:
    """The sum of each segment; ids are in ascending order, and an id left out gives 0."""

    shape = _segments

    def cpu(data, segment_ids):
        return _reduce(np.add, 0, data, segment_ids)[0]

    def grad(op, grad):
        return gather(grad, op.inputs[1]), None

    samples = _SORTED


@op("SegmentMean(data: T, segment_ids: Tindices) -> (output: T)", T=NUMERIC, Tindices=INDEX)
class SegmentMean:
    """The mean of each segment; ids are in ascending order, and an id left out gives 0."""

    shape = _segments

    def cpu(data, segment_ids):
        out, starts = _reduce(np.add, 0, data, segment_ids)
        sizes = segment_sizes(starts, len(segment_ids)).reshape(-1, *(1,) * (out.ndim - 1)).astype(out.dtype)
        present = segment_ids[starts]
        if out.dtype.kind in "fc":
            out[present] /= sizes
        else:
            total = out[present]
            out[present] = (total - np.fmod(total, sizes)) // sizes
        return out

    def grad(op, grad):
        data, ids = op.inputs
        ndims = rank(data)
        ones_shape = concat([shape_of(ids), fill(expand_dims(ndims - 1, 0), 1)], 0)
        one = fill(ones_shape, constant(1, dtype=grad.dtype))
        return gather(divide(grad, SegmentSum(one, ids)), ids), None

    samples = _SORTED


@op("SegmentProd(data: T, segment_ids: Tindices) -> (output: T)", T=NUMERIC, Tindices=INDEX)
class SegmentProd:
    """The product of each segment; ids are in ascending order, and an id left out gives 1."""

    shape = _segments

    def cpu(data, segment_ids):
        return _reduce(np.multiply, 1, data, segment_ids)[0]

    samples = [sample(_ROWS, [0, 0, 1, 3], grad=False)]


def _extreme_gradient(op: Any, grad: Tensor) -> tuple:
    """Shared in equal parts among the elements that have the extreme value of their segment."""
    data, ids = op.inputs
    zeros = zeros_like(data, dtype=data.dtype)
    selected = raw.Equal(data, gather(op.outputs[0], ids))
    count = SegmentSum(cast(selected, grad.dtype), ids)
    shares = gather(divide(grad, count), ids)
    return raw.Select(selected, shares, zeros), None


@op("SegmentMax(data: T, segment_ids: Tindices) -> (output: T)", T=REAL, Tindices=INDEX)
class SegmentMax:
    """The largest element of each segment; ids are in ascending order, and an id left out gives 0."""

    shape = _segments

    def cpu(data, segment_ids):
        return _reduce(np.maximum, 0, data, segment_ids)[0]

    grad = _extreme_gradient
    samples = _SORTED


@op("SegmentMin(data: T, segment_ids: Tindices) -> (output: T)", T=REAL, Tindices=INDEX)
class SegmentMin:
    """The smallest element of each segment; ids are in ascending order, and an id left out gives 0."""

    shape = _segments

    def cpu(data, segment_ids):
        return _reduce(np.minimum, 0, data, segment_ids)[0]

    grad = _extreme_gradient
    samples = _SORTED


def _unsorted_segments(data, segment_ids, num_segments, num_segments_value) -> StaticShape:
    with_rank(num_segments, 0)
    count = None if num_segments_value is None else int(num_segments_value)
    if count is not None and count < 0:
        raise ShapeError(f"Dimension size, given by scalar input 2, must be non-negative but is {count}")
    try:
        rest = without_prefix(data, segment_ids)
    except ShapeError as error:
        at_run = f"data.shape = {text(data)} does not start with segment_ids.shape = {text(segment_ids)}"
        raise ShapeError(str(error), at_run) from None
    return None if rest is None else (count, *rest)


def _reduce_into(ufunc: np.ufunc, default: Any, data: Any, ids: Any, out: np.ndarray) -> None:
    check_ids(ids, len(out))
    out.fill(default)
    reduce_unsorted(ufunc, np.reshape(data, (ids.size, *out.shape[1:])), np.reshape(ids, -1), out)


def _gather_drop_negatives(
    params: Tensor, ids: Any, clipped: Any = None, positive: Any = None
) -> tuple[Tensor, Tensor, Tensor]:
    """(the rows of `params` at `ids`, 0 for negative ids; the ids not below 0; which ids are not below 0)."""
    if clipped is None:
        clipped = maximum(ids, zeros_like(ids))
    gathered = gather(params, clipped)
    if positive is None:
        positive = raw.GreaterEqual(ids, 0)
        for _ in range(gathered.shape.ndims - positive.shape.ndims):
            positive = expand_dims(positive, -1)
        positive = positive & ones_like(gathered, dtype=bool_)
    return raw.Select(positive, gathered, zeros_like(gathered)), clipped, positive


def _unsorted_extreme_gradient(op: Any, grad: Tensor) -> tuple:
    data, ids, count = op.inputs
    gathered, clipped, positive = _gather_drop_negatives(op.outputs[0], ids)
    selected = raw.LogicalAnd(raw.Equal(data, gathered), positive)
    number = UnsortedSegmentSum(cast(selected, grad.dtype), ids, count)
    shares, _, _ = _gather_drop_negatives(divide(grad, number), None, clipped, positive)
    return raw.Select(selected, shares, zeros_like(shares)), None, None


_SIGNATURE = "(data: T, segment_ids: Tindices, num_segments: Tnumsegments) -> (output: T)"


@op("UnsortedSegmentSum" + _SIGNATURE, T=NUMERIC, Tindices=INDEX, Tnumsegments=_COUNT)
class UnsortedSegmentSum:
    """The sum of each segment; rows with a negative id are left out, and an id left out gives 0."""

    shape = _unsorted_segments

    def cpu(data, segment_ids, num_segments, out):
        _reduce_into(np.add, 0, data, segment_ids, out)

    def grad(op, grad):
        return _gather_drop_negatives(grad, op.inputs[1])[0], None, None

    gpu = dispatches(segments("a + b", "T(0)", check_ids), types=INDEXED)
    samples = _UNSORTED


@op("UnsortedSegmentProd" + _SIGNATURE, T=NUMERIC, Tindices=INDEX, Tnumsegments=_COUNT)
class UnsortedSegmentProd:
    """The product of each segment; rows with a negative id are left out, and an id left out gives 1."""

    shape = _unsorted_segments

    def cpu(data, segment_ids, num_segments, out):
        _reduce_into(np.multiply, 1, data, segment_ids, out)

    def grad(op, grad):
        """The segment's product by the element. Where that is 0, the product of the others; nothing if two are 0."""
        data, ids, count = op.inputs
        is_zero = raw.Equal(data, 0)
        zeros = UnsortedSegmentSum(cast(is_zero, dtype=int32), ids, count)
        grad = raw.Select(raw.Greater(zeros, 1), zeros_like(grad), grad)
        others = UnsortedSegmentProd(raw.Select(is_zero, ones_like(data), data), ids, count)
        clipped = maximum(ids, zeros_like(ids))
        product = gather(op.outputs[0], clipped)
        product_of_others = gather(others, clipped)
        partial = raw.Select(is_zero, product_of_others, product / data)
        return _gather_drop_negatives(grad, ids, clipped)[0] * partial, None, None

    gpu = dispatches(segments("a * b", "T(1)", check_ids), types=INDEXED)
    samples = _UNSORTED


@op("UnsortedSegmentMax" + _SIGNATURE, T=REAL, Tindices=INDEX, Tnumsegments=_COUNT)
class UnsortedSegmentMax:
    """The largest element of each segment; an id left out gives the lowest value of the dtype."""

    shape = _unsorted_segments

    def cpu(data, segment_ids, num_segments, out):
        _reduce_into(np.maximum, lowest(out.dtype), data, segment_ids, out)

    grad = _unsorted_extreme_gradient
    gpu = dispatches(segments(LARGER, LOWEST, check_ids), types=INDEXED)
    samples = [sample(_ROWS, [2, 0, 2, -1], 3, grad=False), sample(_ROWS, [1, 0, 1, 2], 3)]


@op("UnsortedSegmentMin" + _SIGNATURE, T=REAL, Tindices=INDEX, Tnumsegments=_COUNT)
class UnsortedSegmentMin:
    """The smallest element of each segment; an id left out gives the highest value of the dtype."""

    shape = _unsorted_segments

    def cpu(data, segment_ids, num_segments, out):
        _reduce_into(np.minimum, highest(out.dtype), data, segment_ids, out)

    grad = _unsorted_extreme_gradient
    gpu = dispatches(segments(SMALLER, HIGHEST, check_ids), types=INDEXED)
    samples = [sample(_ROWS, [2, 0, 2, -1], 3, grad=False), sample(_ROWS, [1, 0, 1, 2], 3)]


segment_sum = export("segment_sum", "math.segment_sum")(SegmentSum)
segment_mean = export("segment_mean", "math.segment_mean")(SegmentMean)
segment_prod = export("segment_prod", "math.segment_prod")(SegmentProd)
segment_max = export("segment_max", "math.segment_max")(SegmentMax)
segment_min = export("segment_min", "math.segment_min")(SegmentMin)
unsorted_segment_sum = export("unsorted_segment_sum", "math.unsorted_segment_sum")(UnsortedSegmentSum)
unsorted_segment_prod = export("unsorted_segment_prod", "math.unsorted_segment_prod")(UnsortedSegmentProd)
unsorted_segment_max = export("unsorted_segment_max", "math.unsorted_segment_max")(UnsortedSegmentMax)
unsorted_segment_min = export("unsorted_segment_min", "math.unsorted_segment_min")(UnsortedSegmentMin)


def _sizes(data: Tensor, segment_ids: Tensor, num_segments: Any) -> Tensor:
    """How many rows each segment has, at least 1, in a shape that broadcasts against the segments."""
    one = ones(shape_internal(segment_ids), dtype=data.dtype)
    sizes = UnsortedSegmentSum(one, segment_ids, num_segments)
    extra = data.shape.ndims - segment_ids.shape.ndims
    return maximum(reshape(sizes, [num_segments] + [1] * extra), 1)


@export("unsorted_segment_mean", "math.unsorted_segment_mean")
def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The mean of each segment; rows with a negative id are left out, and an id left out gives 0."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, segment_ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _sizes(data, segment_ids, num_segments)
        return UnsortedSegmentSum(data, segment_ids, num_segments) / sizes


@export("unsorted_segment_sqrt_n", "math.unsorted_segment_sqrt_n")
def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The sum of each segment by the root of its size; rows with a negative id are left out."""
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, segment_ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _sizes(data, segment_ids, num_segments)
        return UnsortedSegmentSum(data, segment_ids, num_segments) / raw.Sqrt(sizes)
