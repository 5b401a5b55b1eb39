"""Reductions over segments of chosen rows: `tf.sparse.segment_sum` and its like."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import INDEX, REAL, float32, float64, int32
from pyflow.core.registry import OpDef, ShapeError, one_of, op, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_gather import gather
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.segment import UnsortedSegmentSum
from pyflow.ops.segment_kernels import check_sorted, invalid, reduce_sorted, reduce_unsorted, segment_sizes
from pyflow.ops.shape_rules import merge, with_rank, with_rank_at_least

_INDEX = one_of(INDEX, default=int32)
_REAL = (float32, float64)
_ROWS = [[1.0, 2.0], [3.0, 5.0], [-4.0, 6.0]]
_INFERRED = "(data: T, indices: Tidx, segment_ids: int32) -> (output: T)"
_GIVEN = "(data: T, indices: Tidx, segment_ids: int32, num_segments: Tnumsegments) -> (output: T)"
_GRADIENT = "(grad: T, indices: Tidx, segment_ids: int32, output_dim0: int32) -> (output: T)"


def _inferred_shape(data, indices, segment_ids) -> StaticShape:
    data = with_rank_at_least(data, 1)
    merge(with_rank(indices, 1), with_rank(segment_ids, 1))
    return None if data is None else (None, *data[1:])


def _given_shape(data, indices, segment_ids, num_segments, num_segments_value) -> StaticShape:
    with_rank(num_segments, 0)
    rest = _inferred_shape(data, indices, segment_ids)
    if num_segments_value is not None and num_segments_value < 0:
        raise ShapeError("Cannot specify a negative value for num_segments", "segment ids must be >= 0")
    if rest is None:
        return None
    return (None if num_segments_value is None else int(num_segments_value), *rest[1:])


def _reduce(data: Any, indices: Any, ids: Any, rows: int | None, power: float) -> np.ndarray:
    """The sum of the rows `data[indices]` of each segment, divided by its size to the power of `power`."""
    if len(indices) != len(ids):
        raise invalid("segment_ids and indices should have same size.")
    last = int(ids[-1]) + 1 if len(ids) else 0
    if rows is None:
        rows = last
    elif len(ids) and ids[-1] >= rows:
        raise invalid("segment ids must be < num_segments")
    check_sorted(ids, rows)
    outside = (indices < 0) | (indices >= len(data))
    if outside.any():
        i = int(np.argmax(outside))
        raise invalid(f"Bad: indices[{i}] == {indices[i]} out of range [0, {len(data)})")
    out = np.zeros((rows, *data.shape[1:]), data.dtype)
    starts = reduce_sorted(np.add, data[indices], ids, out)
    if power:
        sizes = segment_sizes(starts, len(ids)).astype(out.dtype).reshape(-1, *(1,) * (out.ndim - 1))
        out[ids[starts]] /= sizes**power
    return out


def _gradient_shape(grad, indices, segment_ids, output_dim0, output_dim0_value) -> StaticShape:
    grad = with_rank_at_least(grad, 1)
    merge(with_rank(indices, 1), with_rank(segment_ids, 1))
    with_rank(output_dim0, 0)
    if grad is None:
        return None
    if output_dim0_value is not None and output_dim0_value < 0:
        raise ShapeError("Cannot specify a negative value for output_dim0")
    return (None if output_dim0_value is None else int(output_dim0_value), *grad[1:])


def _spread(grad: Any, indices: Any, ids: Any, rows: int, power: float) -> np.ndarray:
    """The transpose of `_reduce`: what each of `rows` rows gets from the gradient of the segments."""
    out = np.zeros((rows, *grad.shape[1:]), grad.dtype)
    if not len(ids):
        return out
    if ids[-1] + 1 > len(grad):
        raise invalid("Invalid number of segments")
    for name, values, end in (("Segment id", ids, len(grad)), ("Index", indices, rows)):
        outside = (values < 0) | (values >= end)
        if outside.any():
            raise invalid(f"{name} {values[int(np.argmax(outside))]} out of range [0, {end}).")
    sizes = np.maximum(np.bincount(ids, minlength=len(grad)), 1).astype(grad.dtype)
    scaled = grad / sizes.reshape(-1, *(1,) * (grad.ndim - 1)) ** power
    reduce_unsorted(np.add, scaled[ids], indices, out)
    return out


def _sum_gradient(op: Any, grad: Tensor) -> tuple:
    rows = shape_of(op.inputs[0])[0]
    spread = UnsortedSegmentSum(gather(grad, op.inputs[2]), op.inputs[1], rows)
    return (spread, *(None,) * (len(op.inputs) - 1))


@op("SparseSegmentSum" + _INFERRED, T=REAL, Tidx=_INDEX)
class SparseSegmentSum:
    """The sum of the rows `data[indices]` of each segment; an id left out gives 0."""

    shape = _inferred_shape

    def cpu(data, indices, segment_ids):
        return _reduce(data, indices, segment_ids, None, 0)

    grad = _sum_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2])]


@op("SparseSegmentSumWithNumSegments" + _GIVEN, T=REAL, Tidx=_INDEX, Tnumsegments=_INDEX)
class SparseSegmentSumWithNumSegments:
    """The sum of the rows `data[indices]` of each of `num_segments` segments; an id left out gives 0."""

    shape = _given_shape

    def cpu(data, indices, segment_ids, num_segments):
        return _reduce(data, indices, segment_ids, int(num_segments), 0)

    grad = _sum_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2], 4)]


def _mean_gradient(op: Any, grad: Tensor) -> tuple:
    rows = shape_of(op.inputs[0])[0]
    spread = SparseSegmentMeanGrad(grad, op.inputs[1], op.inputs[2], rows)
    return (spread, *(None,) * (len(op.inputs) - 1))


@op("SparseSegmentMean" + _INFERRED, T=_REAL, Tidx=_INDEX)
class SparseSegmentMean:
    """The mean of the rows `data[indices]` of each segment; an id left out gives 0."""

    shape = _inferred_shape

    def cpu(data, indices, segment_ids):
        return _reduce(data, indices, segment_ids, None, 1)

    grad = _mean_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2])]


@op("SparseSegmentMeanWithNumSegments" + _GIVEN, T=_REAL, Tidx=_INDEX, Tnumsegments=_INDEX)
class SparseSegmentMeanWithNumSegments:
    """The mean of the rows `data[indices]` of each of `num_segments` segments; an id left out gives 0."""

    shape = _given_shape

    def cpu(data, indices, segment_ids, num_segments):
        return _reduce(data, indices, segment_ids, int(num_segments), 1)

    grad = _mean_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2], 4)]


@op("SparseSegmentMeanGrad" + _GRADIENT, T=_REAL, Tidx=_INDEX)
class SparseSegmentMeanGrad:
    """The gradient of SparseSegmentMean, for data of `output_dim0` rows."""

    shape = _gradient_shape

    def cpu(grad, indices, segment_ids, output_dim0):
        return _spread(grad, indices, segment_ids, int(output_dim0), 1)

    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2], 4, grad=False)]


def _sqrt_n_gradient(op: Any, grad: Tensor) -> tuple:
    rows = shape_of(op.inputs[0])[0]
    spread = SparseSegmentSqrtNGrad(grad, op.inputs[1], op.inputs[2], rows)
    return (spread, *(None,) * (len(op.inputs) - 1))


@op("SparseSegmentSqrtN" + _INFERRED, T=_REAL, Tidx=_INDEX)
class SparseSegmentSqrtN:
    """The sum of the rows `data[indices]` of each segment by the root of its size."""

    shape = _inferred_shape

    def cpu(data, indices, segment_ids):
        return _reduce(data, indices, segment_ids, None, 0.5)

    grad = _sqrt_n_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2])]


@op("SparseSegmentSqrtNWithNumSegments" + _GIVEN, T=_REAL, Tidx=_INDEX, Tnumsegments=_INDEX)
class SparseSegmentSqrtNWithNumSegments:
    """The sum of the rows `data[indices]` of each of `num_segments` segments by the root of its size."""

    shape = _given_shape

    def cpu(data, indices, segment_ids, num_segments):
        return _reduce(data, indices, segment_ids, int(num_segments), 0.5)

    grad = _sqrt_n_gradient
    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2], 4)]


@op("SparseSegmentSqrtNGrad" + _GRADIENT, T=_REAL, Tidx=_INDEX)
class SparseSegmentSqrtNGrad:
    """The gradient of SparseSegmentSqrtN, for data of `output_dim0` rows."""

    shape = _gradient_shape

    def cpu(grad, indices, segment_ids, output_dim0):
        return _spread(grad, indices, segment_ids, int(output_dim0), 0.5)

    samples = [sample(_ROWS, [0, 2, 1], [0, 0, 2], 4, grad=False)]


def _public(symbol: str, inferred: OpDef, given: OpDef, what: str) -> Any:
    def reduction(
        data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
    ) -> Tensor:
        if num_segments is None:
            return inferred(data, indices, segment_ids, name=name)
        return given(data, indices, segment_ids, num_segments, name=name)

    reduction.__name__ = reduction.__qualname__ = f"sparse_{symbol}"
    reduction.__doc__ = inspect.cleandoc(f"""{what} of the rows `data[indices]` of each segment; an id left out gives 0.

    Args:
      data: [rows, ...].
      indices: [n], rows of `data`.
      segment_ids: [n], int32, in ascending order.
      num_segments: how many segments there are; None goes by the last id.

    Raises:
      InvalidArgumentError: (when run) an index or id is out of range, or the ids are not sorted.
    """)
    return export(f"sparse.{symbol}", f"sparse_{symbol}")(reduction)


sparse_segment_sum = _public("segment_sum", SparseSegmentSum, SparseSegmentSumWithNumSegments, "The sum")
sparse_segment_mean = _public("segment_mean", SparseSegmentMean, SparseSegmentMeanWithNumSegments, "The mean")
sparse_segment_sqrt_n = _public(
    "segment_sqrt_n", SparseSegmentSqrtN, SparseSegmentSqrtNWithNumSegments, "The sum by the root of the size"
)
