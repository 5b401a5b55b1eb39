"""`tensor[...]`: Python's index expressions as strided slices.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/Tensor#__getitem__
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dimension import Dimension
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_joining import stack
from pyflow.ops.array_selection import boolean_mask
from pyflow.ops.array_slicing import strided_slice
from pyflow.ops.constant import constant

_SLICE_TYPE_ERROR = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
    "indices"
)


def slice_tensor(tensor: Any, key: Any, var: Any = None) -> Tensor:
    """`tensor[key]`, as numpy's basic indexing; a bool mask selects as `tf.boolean_mask`.

    Args:
      var: the variable that `tensor` is the value of, for assignment to the slice.

    Raises:
      TypeError: something in `key` is no index.
      ValueError: an index is out of range or there are too many.
    """
    if isinstance(key, bool) or _is_mask(key):
        return boolean_mask(tensor, key)
    entries = list(key) if isinstance(key, (list, tuple)) else [key]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for i, entry in enumerate(entries):
        start, stop, step = 0, 0, 1
        if isinstance(entry, slice):
            start, stop = _bound(entry.start, "begin_mask", i, masks), _bound(entry.stop, "end_mask", i, masks)
            if entry.step is not None:
                _check_index(entry.step)
                step = entry.step
        elif entry is Ellipsis:
            masks["ellipsis_mask"] |= 1 << i
        elif entry is None:
            masks["new_axis_mask"] |= 1 << i
        else:
            _check_index(entry)
            start, stop = entry, entry + 1
            masks["shrink_axis_mask"] |= 1 << i
        begin.append(start)
        end.append(stop)
        strides.append(step)
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        if begin:
            bounds = _same_dtype([stack(begin), stack(end), stack(strides)])
        else:
            bounds = [constant([], dtype=dtypes.int32)] * 3
        return strided_slice(tensor, *bounds, **masks, var=var, name=scope)


def _is_mask(key: Any) -> bool:
    if isinstance(key, Tensor):
        return key.dtype.base_dtype == dtypes.bool
    return isinstance(key, np.ndarray) and key.dtype == np.bool_


def _bound(value: Any, mask: str, i: int, masks: dict[str, int]) -> Any:
    # sys.maxsize is what Python 2 put for an open end.
    if value is None or (not isinstance(value, Tensor) and value == sys.maxsize):
        masks[mask] |= 1 << i
        return 0
    _check_index(value)
    return value


def _check_index(index: Any) -> None:
    if isinstance(index, (int, Dimension)):
        return
    dtype = getattr(index, "dtype", None)
    known = getattr(index, "shape", None)
    is_vector = bool(known) and len(known) == 1  # type: ignore[arg-type]
    if dtype is None or dtypes.as_dtype(dtype).base_dtype not in dtypes.INDEX or is_vector:
        raise TypeError(f"{_SLICE_TYPE_ERROR}, got {index!r}")


def _same_dtype(bounds: list[Tensor]) -> list[Tensor]:
    if all(bound.dtype == dtypes.int32 for bound in bounds):
        return bounds
    return [bound if bound.dtype == dtypes.int64 else raw.Cast(bound, dtypes.int64) for bound in bounds]


Tensor._override_operator("__getitem__", slice_tensor)
