"""Dilated windows as dense ones over a batch of interleaved parts: `tf.nn.with_space_to_batch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.tensor import Tensor
from pyflow.ops.array_blocks import BatchToSpaceND, SpaceToBatchND, required_space_to_batch_paddings
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape


def _checked_axes(spatial_dims: Any, count: int, channels_first: bool) -> list[int]:
    first = 2 if channels_first else 1
    given = list(range(first, count + first)) if spatial_dims is None else list(spatial_dims)
    axes = sorted({int(axis) for axis in given})
    if axes != given or any(axis < 1 for axis in axes):
        raise ValueError("spatial_dims must be a montonically increasing sequence of positive integers")
    return axes


def _base_paddings(filter_shape: Any, count: int, rate: Any) -> Tensor:
    """What SAME pads at most, before and after: [count, 2]."""
    window = filter_shape[:count]
    extra = window + (window - 1) * (rate - 1) - 1
    before = extra // 2
    after = extra - before
    return stack([[before[i], after[i]] for i in range(count)])


def _for_all_axes(values: Any, fill: int, axes: Sequence[int]) -> Any:
    """Numbers for the given axes, with `fill` for the axes 1 and following that are none of them."""
    known = constant_value(values)
    rows = values if known is None else known
    tail = values.get_shape().as_list()[1:]
    parts, done = [], 0
    for start, axis in enumerate(axes):
        if start and axes[start - 1] == axis - 1:
            continue  # it went with the one before
        stop = start + 1
        while stop < len(axes) and axes[stop] == axes[stop - 1] + 1:
            stop += 1
        if axis > 1:
            parts.append(np.full([axis - 1 - done, *tail], fill, values.dtype.as_numpy_dtype))
        parts.append(rows[start:stop])
        done = axes[stop - 1]
    return concat(parts, 0) if known is None else np.concatenate(parts)


def over_interleaved_parts(
    input: Tensor,
    rate: Any,
    padding: str,
    operation: Callable[[Tensor, str], Tensor],
    filter_shape: Any,
    spatial_dims: Any,
    data_format: str | None,
    out_channels: Any = None,
) -> Tensor:
    """See `with_space_to_batch`; `operation` takes the tensor and the padding."""
    rate = convert_to_tensor(rate, int32, name="dilation_rate")
    if rate.get_shape().ndims not in (None, 1):
        raise ValueError("rate must be rank 1")
    if not rate.get_shape().is_fully_defined():
        raise ValueError("rate must have known shape")
    count = int(rate.get_shape()[0])
    channels_first = data_format is not None and data_format.startswith("NC")
    axes = _checked_axes(spatial_dims, count, channels_first)
    static = input.get_shape()
    rank = axes[-1] if channels_first else axes[-1] + 1
    if static.ndims is not None and static.ndims < rank:
        raise ValueError(f"input tensor must have rank {rank} at least")
    known_rate = constant_value(rate)
    if known_rate is not None:
        if np.any(known_rate < 1):
            raise ValueError("dilation_rate must be positive")
        if np.all(known_rate == 1):
            return operation(input, padding)
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("filter_shape must be specified for SAME padding")
        filter_shape = convert_to_tensor(filter_shape, name="filter_shape")
        known_filter = constant_value(filter_shape)
        window = filter_shape if known_filter is None else known_filter
        base: Any = _base_paddings(window, count, rate if known_rate is None else known_rate)
    elif padding == "VALID":
        base = np.zeros([count, 2], np.int32)
    else:
        raise ValueError(f"Invalid padding method {padding!r}")
    sizes: Any = None if static.ndims is None else [static.as_list()[axis] for axis in axes]
    if sizes is None or None in sizes:
        whole = shape(input)
        sizes = stack([whole[axis] for axis in axes])
    paddings, crops = required_space_to_batch_paddings(input_shape=sizes, base_paddings=base, block_shape=rate)
    block = _for_all_axes(rate, 1, axes)
    paddings, crops = _for_all_axes(paddings, 0, axes), _for_all_axes(crops, 0, axes)
    parts = SpaceToBatchND(input=input, block_shape=block, paddings=paddings)
    result = BatchToSpaceND(input=operation(parts, "VALID"), block_shape=block, crops=crops)
    if channels_first and out_channels is not None and not result.shape.as_list()[1]:
        dims = result.shape.as_list()
        dims[1] = out_channels
        result.set_shape(dims)
    return result


@export("nn.with_space_to_batch")
def with_space_to_batch(
    input: Any,
    dilation_rate: Any,
    padding: str,
    op: Callable[[Tensor, int, str], Tensor],
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Applies an op with windows so as if these were dilated.

    Source: F. Yu and V. Koltun, Multi-Scale Context Aggregation by Dilated Convolutions, 2016.

    Args:
      input: a tensor with a batch and spatial axes.
      dilation_rate: int32 [axes]; where all are 1, the op is applied as it is.
      padding: "SAME" or "VALID", for the whole.
      op: takes the tensor of parts, the number of spatial axes and the padding.
      filter_shape: the sizes of the windows come first in it; needed for "SAME".
      spatial_dims: the axes, by default those after the first, or after the second for "NC...".

    Raises:
      ValueError: an argument is of another form.
    """
    input = convert_to_tensor(input, name="input")
    rate = convert_to_tensor(dilation_rate, int32, name="dilation_rate")
    ndims = rate.get_shape().ndims
    count = int(rate.get_shape()[0]) if ndims == 1 and rate.get_shape().is_fully_defined() else 0
    return over_interleaved_parts(
        input, rate, padding, lambda parts, way: op(parts, count, way), filter_shape, spatial_dims, data_format
    )


def moves(count: int, strides: Any, rates: Any) -> tuple[np.ndarray, np.ndarray]:
    """Strides and dilation rates of windows over `count` axes, int32.

    Raises:
      ValueError: they are too few or too many, not positive, or both are above 1.
    """
    checked = []
    for word, values in (("dilation_rate", rates), ("strides", strides)):
        values = [1] * count if values is None else values
        if len(values) != count:
            raise ValueError(f"len({word})={len(values)} but should be {count}")
        numbers = np.array(values, np.int32)
        if np.any(numbers < 1):
            raise ValueError(f"all values of {word} must be positive")
        checked.append(numbers)
    rates, strides = checked
    if np.any(strides > 1) and np.any(rates > 1):
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
    return strides, rates
