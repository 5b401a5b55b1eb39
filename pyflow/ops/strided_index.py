"""The meaning of a strided slice: begin, end and strides with their bit masks.

Bit i of a mask speaks of entry i of the three vectors: `begin_mask` and `end_mask` leave that bound open,
`ellipsis_mask` marks the entry that stands for all axes not mentioned, `new_axis_mask` one that inserts an axis,
`shrink_axis_mask` one that picks a single position and drops the axis.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape


class Masks(NamedTuple):
    """The five bit masks, in the order of the op's attrs."""

    begin: int
    end: int
    ellipsis: int
    new_axis: int
    shrink: int


def _wrong(words: str) -> ShapeError:
    """The same words whether the shape is known at graph building or in a run."""
    return ShapeError(words, at_run=words)


def numpy_index(begin: Any, end: Any, strides: Any, masks: Masks) -> tuple:
    """The tuple that gives the same elements when it indexes a numpy array; always a view."""
    index: list[Any] = []
    entries = zip(begin.tolist(), end.tolist(), strides.tolist())
    if not any(masks):
        return (*[slice(b, e, s) for b, e, s in entries], ...)
    begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask = masks
    bit = 1
    for b, e, s in entries:
        if bit & ellipsis_mask:
            index.append(...)
        elif bit & new_axis_mask:
            index.append(None)
        elif bit & shrink_mask:
            index.append(b)
        else:
            index.append(slice(None if bit & begin_mask else b, None if bit & end_mask else e, s))
        bit <<= 1
    if not ellipsis_mask:
        # Also keeps the result an array where every axis is dropped.
        index.append(...)
    return tuple(index)


def apply_index(array: Any, begin: Any, end: Any, strides: Any, masks: Masks) -> Any:
    """The sliced view of an array.

    Raises:
      InvalidArgumentError: an index is out of bounds, a stride is zero or the vectors don't fit the array.
    """
    try:
        return array[numpy_index(begin, end, strides, masks)]
    except (IndexError, ValueError, TypeError):
        try:
            sliced_shape(np.shape(array), begin, end, strides, len(strides), masks)
        except ShapeError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None
        raise


def sliced_shape(
    given: StaticShape, begin: Any, end: Any, strides: Any, entries: int | None, masks: Masks
) -> StaticShape:
    """The shape of the slice; `begin` and `end` may be unknown (None).

    Args:
      entries: the length of the three vectors.

    Raises:
      ShapeError: the slice cannot be taken of a tensor of that shape.
    """
    if given is None or entries is None or strides is None:
        return None
    if masks.ellipsis & (masks.ellipsis - 1):
        raise _wrong("Multiple ellipses in slice spec not allowed")
    result: list[int | None] = []
    axis = 0
    for i in range(entries):
        bit = 1 << i
        if bit & masks.ellipsis:
            following = sum(not masks.new_axis >> j & 1 for j in range(i + 1, entries))
            upto = max(axis, len(given) - following)
            result += given[axis:upto]
            axis = upto
        elif bit & masks.new_axis:
            result.append(1)
        else:
            if axis >= len(given):
                raise _wrong(f"Index out of range using input dim {axis}; input has only {len(given)} dims")
            size = _entry_size(given[axis], axis, i, begin, end, int(strides[i]), masks)
            if not bit & masks.shrink:
                result.append(size)
            axis += 1
    return (*result, *given[axis:])


def _entry_size(size: int | None, axis: int, i: int, begin: Any, end: Any, stride: int, masks: Masks) -> int | None:
    """How many positions entry `i` takes of an axis of that size."""
    bit = 1 << i
    if stride == 0:
        raise _wrong(f"strides[{axis}] must be non-zero")
    if size is None:
        return None
    if bit & masks.shrink:
        if stride < 0:
            raise _wrong("only stride 1 allowed on non-range indexing.")
        if begin is not None and not -size <= begin[i] < size:
            position = int(begin[i]) + (size if begin[i] < 0 else 0)
            raise _wrong(f"slice index {position} of dimension {axis} out of bounds.")
        return 1
    if bit & masks.begin and bit & masks.end:
        return len(range(0, size, abs(stride)))
    if begin is None or end is None:
        return None
    bounds = slice(None if bit & masks.begin else int(begin[i]), None if bit & masks.end else int(end[i]), stride)
    return len(range(*bounds.indices(size)))
