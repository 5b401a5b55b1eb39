"""Sums, means and the like over the dimensions of ragged tensors, and over segments of them."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops import reduce_functions, segment
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_joining import concat
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.cumulative import cumsum
from pyflow.ops.division import truediv
from pyflow.ops.ragged_rows import RaggedRange
from pyflow.ops.ragged_tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    match_row_splits_dtypes,
    positive_axis,
)

Segments = Callable[..., Any]


@export("ragged.range")
def ragged_range(
    starts: Any, limits: Any = None, deltas: Any = 1, dtype: Any = None, name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> RaggedTensor:  # fmt: skip
    """Rows of evenly spaced numbers, `range(starts[i], limits[i], deltas[i])`; `ragged.range(limits)` starts at 0."""
    splits_dtype = dtypes.as_dtype(row_splits_dtype)
    if limits is None:
        starts, limits = 0, starts
    with name_scope(name, "RaggedRange", [starts, limits, deltas]) as scope:
        parts = [
            convert_to_tensor(value, dtype=dtype, name=word)
            for value, word in ((starts, "starts"), (limits, "limits"), (deltas, "deltas"))
        ]
        if dtype is None:
            order = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]
            wanted = max((part.dtype for part in parts), key=order.index)
            parts = [cast(part, wanted) for part in parts]
        splits, values = RaggedRange(*parts, Tsplits=splits_dtype, name=scope)
        return RaggedTensor.from_row_splits(values, splits, validate=False)  # type: ignore[attr-defined]


def segment_aggregate(function: Segments, data: Any, segment_ids: Any, num_segments: Any) -> Any:
    """What `function` (an unsorted segment op) gives for segments of tensors that may be ragged.

    Raises:
      ValueError: the segments are ragged and the data is not, or they are no int32 or int64.
    """
    if not isinstance(data, RaggedTensor) and not isinstance(segment_ids, RaggedTensor):
        return function(data, segment_ids, num_segments)
    data = convert_to_tensor_or_ragged_tensor(data, name="data")
    segment_ids = convert_to_tensor_or_ragged_tensor(segment_ids, name="segment_ids")
    data, segment_ids = match_row_splits_dtypes(data, segment_ids)
    if segment_ids.dtype not in dtypes.INDEX:
        raise ValueError("segment_ids must have dtype int32 or int64.")
    if isinstance(segment_ids, RaggedTensor):
        if not isinstance(data, RaggedTensor):
            raise ValueError(
                "segment_ids.shape must be a prefix of data.shape, but segment_ids is ragged and data is not."
            )
        message = "segment_ids.shape must be a prefix of data.shape"
        check = assert_equal(segment_ids.row_splits, data.row_splits, message=message)
        with control_dependencies([check] if check is not None else []):
            return segment_aggregate(function, data.values, segment_ids.values, num_segments)
    # A row of the result is as long as the longest of its segment; there what stands at one place is taken together.
    dtype = data.row_splits.dtype
    lengths = data.row_lengths()
    longest = raw.Maximum(segment.UnsortedSegmentMax(lengths, segment_ids, num_segments), cast(0, dtype))
    splits = concat([[0], cumsum(longest)], axis=0)
    starts = gather(splits, segment_ids)
    places = ragged_range(starts, starts + lengths, row_splits_dtype=dtype).values
    values = segment_aggregate(function, data.values, places, splits[-1])
    return RaggedTensor.from_row_splits(values, splits, validate=False)  # type: ignore[attr-defined]


def _axes(axis: Any, rank: int | None) -> Any:
    if isinstance(axis, Tensor):
        axis = constant_value(axis)
        if axis is None:
            raise ValueError("axis must be known at graph construction time.")
    if isinstance(axis, (np.ndarray, np.generic)):
        axis = axis.tolist()
    if isinstance(axis, (list, tuple)):
        axes = sorted(positive_axis(a, rank) for a in axis)
        if len(set(axes)) < len(axes):
            raise ValueError("axis contains duplicates")
        return axes[0] if len(axes) == 1 else axes
    return axis


def reduced(dense: Any, segments: Segments, x: Any, axis: Any, keepdims: Any) -> Any:
    if not isinstance(x, RaggedTensor):
        return dense(x, axis)
    if keepdims:
        raise ValueError("keepdims=True is not supported for RaggedTensors.")
    axis = _axes(axis, x.shape.ndims)
    if axis is None:
        return dense(x.flat_values, None)
    if isinstance(axis, list):
        if not axis:
            return x
        return reduced(dense, segments, reduced(dense, segments, x, axis[-1], None), axis[:-1], None)
    axis = positive_axis(axis, x.shape.ndims)
    if axis == 0:
        # The values that stand at one place of their rows.
        lengths = x.row_splits[1:] - x.row_splits[:-1]
        longest = raw.Maximum(reduce_functions.reduce_max(lengths), cast(0, lengths.dtype))
        places = ragged_range(lengths, row_splits_dtype=lengths.dtype).values
        return segment_aggregate(segments, x.values, places, longest)
    if axis == 1:
        return segment_aggregate(segments, x.values, x.value_rowids(), x.nrows())
    inner = reduced(dense, segments, x.values, axis - 1, None)
    return x.with_values(inner)


def _reduction(name: str, dense: Any, segments: Segments) -> Any:
    def reduction(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
        x = convert_to_tensor_or_ragged_tensor(input_tensor, name="rt_input")
        with name_scope(name, scope_name, [x, axis]):
            return reduced(dense, segments, x, axis, keepdims)

    scope_name = f"Ragged{name}"
    return reduction


reduce_sum = _reduction("ReduceSum", reduce_functions.reduce_sum, segment.UnsortedSegmentSum)
reduce_prod = _reduction("ReduceProd", reduce_functions.reduce_prod, segment.UnsortedSegmentProd)
reduce_min = _reduction("ReduceMin", reduce_functions.reduce_min, segment.UnsortedSegmentMin)
reduce_max = _reduction("ReduceMax", reduce_functions.reduce_max, segment.UnsortedSegmentMax)


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The mean over dimensions of a ragged tensor; of nothing, nan."""
    x = convert_to_tensor_or_ragged_tensor(input_tensor)
    with name_scope(name, "RaggedReduceMean", [x, axis]):
        total = reduce_sum(x, axis, keepdims)
        ones = x.with_flat_values(ones_like(x.flat_values)) if isinstance(x, RaggedTensor) else ones_like(x)
        count = reduce_sum(ones, axis, keepdims)
        if isinstance(total, RaggedTensor):
            return total.with_flat_values(truediv(total.flat_values, count.flat_values))
        return truediv(total, count)


def _as_numbers(function: Any, scope_name: str) -> Any:
    def reduction(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
        x = convert_to_tensor_or_ragged_tensor(input_tensor)
        with name_scope(name, scope_name, [x, axis]):
            numbers = x.with_flat_values(cast(x.flat_values, dtypes.int32)) if isinstance(x, RaggedTensor) else x
            result = function(numbers, axis, keepdims)
            if isinstance(result, RaggedTensor):
                return result.with_flat_values(cast(result.flat_values, dtypes.bool))
            return cast(result, dtypes.bool)

    return reduction


reduce_any = _as_numbers(reduce_sum, "RaggedReduceAny")
reduce_all = _as_numbers(reduce_prod, "RaggedReduceAll")


def _segments(function: Segments, scope_name: str) -> Any:
    def aggregate(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
        with name_scope(name, scope_name, [data, segment_ids, num_segments]):
            return segment_aggregate(function, data, segment_ids, num_segments)

    return aggregate


def _scaled(power: Any, scope_name: str) -> Any:
    """Sums of segments, divided by what `power` makes of their number of values."""

    def aggregate(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
        with name_scope(name, scope_name, [data, segment_ids, num_segments]):
            total = segment_sum(data, segment_ids, num_segments)
            data = convert_to_tensor_or_ragged_tensor(data)
            ones = data.with_flat_values(ones_like(data.flat_values))
            count = segment_sum(ones, segment_ids, num_segments)
            if isinstance(total, RaggedTensor):
                return total.with_flat_values(power(total.flat_values, count.flat_values))
            return power(total, count)

    return aggregate


segment_sum = _segments(segment.UnsortedSegmentSum, "RaggedSegmentSum")
segment_prod = _segments(segment.UnsortedSegmentProd, "RaggedSegmentProd")
segment_min = _segments(segment.UnsortedSegmentMin, "RaggedSegmentMin")
segment_max = _segments(segment.UnsortedSegmentMax, "RaggedSegmentMax")
segment_mean = _scaled(truediv, "RaggedSegmentMean")
segment_sqrt_n = _scaled(lambda total, count: total / raw.Sqrt(count), "RaggedSegmentSqrtN")

