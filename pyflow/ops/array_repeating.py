"""`tf.repeat`: elements repeated in place."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import dimension_at_index
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_broadcasting import broadcast_to
from pyflow.ops.array_filling import ones
from pyflow.ops.array_grid import _all_axes, sequence_mask
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_selection import boolean_mask
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.array_tiling import tile


@export("repeat")
def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Every element along `axis` so many times in a row.

    Args:
      repeats: an int, or an int vector with a number for each position of the axis.
      axis: the axis; None flattens the input first.

    Raises:
      TypeError: `axis` is no int, or `repeats` isn't of an integer dtype.
      ValueError: `axis` is out of range, or `repeats` has another length.
    """
    if axis is None:
        input, axis = reshape(input, [-1]), 0
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    with name_scope(name, "Repeat", [input, repeats]):
        data = convert_to_tensor(input, name="data")
        repeats = convert_to_tensor(repeats, name="repeats", preferred_dtype=dtypes.int32)
        if not repeats.dtype.is_integer:
            raise TypeError(f"repeats must be an integer tensor; dtype={repeats.dtype}")
        repeats = raw.Cast(repeats, dtypes.int32)
        repeats.shape.with_rank_at_most(1)
        data = _at_least_a_vector(data)
        data_shape = shape(data)
        return _repeated(data, data_shape, repeats, _axis_from_front(axis, data.shape.ndims))


def _repeated(data: Tensor, data_shape: Tensor, repeats: Tensor, axis: int) -> Tensor:
    if repeats.shape.ndims == 1:
        dimension_at_index(data.shape, axis).assert_is_compatible_with(repeats.shape[0])
    if repeats.shape.ndims == 0:
        tiled = _tiled_along(expand_dims(data, axis + 1), axis + 1, repeats)
        return reshape(tiled, concat([data_shape[:axis], [-1], data_shape[axis + 1 :]], axis=0))
    if repeats.shape.ndims != axis + 1:
        repeats_shape = shape(repeats)
        leading = data_shape[: axis + 1 - rank(repeats)]
        repeats = broadcast_to(repeats, concat([leading, repeats_shape], axis=0))
        repeats.set_shape([None] * (axis + 1))
    # Each element is tiled to the largest number, and a mask keeps as many as it shall have.
    most = PUBLIC["maximum"](0, raw.Max(repeats, _all_axes(repeats)))
    mask = sequence_mask(repeats, most)
    result = boolean_mask(_tiled_along(expand_dims(data, axis + 1), axis + 1, most), mask)
    if axis:
        result = reshape(result, concat([data_shape[:axis], [-1], data_shape[axis + 1 :]], axis=0))
    if data.shape.ndims is not None:
        count = 0 if repeats.shape[0] == 0 else None
        result.set_shape(data.shape[:axis].concatenate([count]).concatenate(data.shape[axis + 1 :]))
    return result


def _at_least_a_vector(data: Tensor) -> Tensor:
    if data.shape.ndims is None:
        data_shape, ndims = shape(data), rank(data)
        return reshape(data, concat([[1], data_shape], axis=0)[-ndims:])
    return stack([data]) if data.shape.ndims == 0 else data


def _axis_from_front(axis: int, ndims: int | None) -> int:
    if ndims is None:
        if axis < 0:
            raise ValueError("axis may only be negative if ndims is statically known.")
        return axis
    if not -ndims <= axis < ndims:
        raise ValueError(f"axis={axis} out of bounds: expected {-ndims}<=axis<{ndims}")
    return axis % ndims


def _tiled_along(data: Tensor, axis: int, times: Any) -> Tensor:
    if data.shape.ndims is not None:
        multiples: Any = [1] * data.shape.ndims
        multiples[axis] = times
    else:
        once = ones(rank(data), dtypes.int32)
        multiples = concat([once[:axis], [times], once[axis + 1 :]], axis=0)
    return tile(data, multiples)
