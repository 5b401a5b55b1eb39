"""Looking for values: unique, setdiff1d, searchsorted, invert_permutation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.array_gather import gather
from pyflow.ops.array_shape import shape_internal
from pyflow.ops.shape_rules import with_rank

_VECTOR = "unique expects a 1D vector."
_OUT_IDX = one_of(dtypes.INDEX, default=dtypes.int32)


def _in_order_of_appearance(x: Any) -> tuple[Any, Any, Any]:
    """The rows' first positions in order, for each row the number of its first equal, and the counts."""
    if x.dtype == object or x.dtype.kind in "fc":
        return _by_hash(x)
    if x.ndim == 1:
        _, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    else:
        _, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=0)
    order = np.argsort(first, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return first[order], number[inverse.reshape(-1)], counts[order]


def _by_hash(x: Any) -> tuple[Any, Any, Any]:
    # A NaN equals nothing, not even itself, so each one is a value of its own.
    seen: dict[Any, int] = {}
    first: list[int] = []
    counts: list[int] = []
    numbers = np.empty(len(x), np.int64)
    for i, item in enumerate(x.tolist() if x.ndim == 1 else map(_hashable, x.tolist())):
        if item != item:
            item = object()
        number = seen.setdefault(item, len(first))
        if number == len(first):
            first.append(i)
            counts.append(0)
        counts[number] += 1
        numbers[i] = number
    return np.array(first, np.int64), numbers, np.array(counts, np.int64)


def _hashable(row: Any) -> Any:
    return tuple(map(_hashable, row)) if isinstance(row, list) else row


@op("Unique(x: T) -> (y: T, idx: out_idx)", T=dtypes.ANY, out_idx=_OUT_IDX)
class Unique:
    """The different elements of a vector in order of appearance, and for each element the number of its value."""

    def shape(x):
        with kernel_words(lambda: _VECTOR):
            with_rank(x, 1)
        return [(None,), x]

    def cpu(x, out_idx):
        if x.ndim != 1:
            raise errors.InvalidArgumentError(None, None, _VECTOR)
        first, numbers, _ = _in_order_of_appearance(x)
        return x[first], numbers.astype(out_idx.as_numpy_dtype)

    samples = [sample([1, 1, 2, 4, 4, 4, 7, 8, 8]), sample([b"b", b"a", b"b"])]


@op("UniqueWithCounts(x: T) -> (y: T, idx: out_idx, count: out_idx)", T=dtypes.ANY, out_idx=_OUT_IDX)
class UniqueWithCounts:
    """`Unique`, with the number of occurrences of each value."""

    def shape(x):
        return [(None,), x, (None,)]

    def cpu(x, out_idx):
        if x.ndim != 1:
            raise errors.InvalidArgumentError(None, None, _VECTOR)
        first, numbers, counts = _in_order_of_appearance(x)
        index = out_idx.as_numpy_dtype
        return x[first], numbers.astype(index), counts.astype(index)

    samples = [sample([1, 1, 2, 4, 4, 4, 7, 8, 8])]


def _along_axis(x: Any, axis: Any, index: Any) -> tuple[Any, Any, Any]:
    if np.size(axis) == 0:
        if x.ndim != 1:
            raise errors.InvalidArgumentError(None, None, _VECTOR)
        along = 0
    elif np.size(axis) == 1:
        along = int(np.reshape(axis, ()))
        if not -x.ndim <= along < x.ndim:
            words = f"axis has to be between [0, {x.ndim})"
            raise errors.InvalidArgumentError(None, None, words)
    else:
        raise errors.InvalidArgumentError(None, None, "axis does not support multiple dimensions")
    moved = np.moveaxis(x, along, 0)
    rows = moved if moved.ndim == 1 else moved.reshape(len(moved), -1)
    first, numbers, counts = _in_order_of_appearance(rows)
    return np.take(x, first, along), numbers.astype(index), counts.astype(index)


_AXIS = one_of(dtypes.INDEX, default=dtypes.int64)


def _unique_along_shape(x: Any) -> Any:
    return None if x is None else (None,) * len(x)


@op("UniqueV2(x: T, axis: Taxis) -> (y: T, idx: out_idx)", T=dtypes.ANY, Taxis=_AXIS, out_idx=_OUT_IDX)
class UniqueV2:
    """The different slices along an axis in order of appearance, and for each slice the number of its value."""

    def shape(x):
        return [_unique_along_shape(x), (None,)]

    def cpu(x, axis, out_idx):
        return _along_axis(x, axis, out_idx.as_numpy_dtype)[:2]

    samples = [sample([[1, 0], [1, 0], [2, 0]], np.array([0], np.int64))]


@op(
    "UniqueWithCountsV2(x: T, axis: Taxis) -> (y: T, idx: out_idx, count: out_idx)",
    T=dtypes.ANY,
    Taxis=_AXIS,
    out_idx=_OUT_IDX,
)
class UniqueWithCountsV2:
    """`UniqueV2`, with the number of occurrences of each slice."""

    def shape(x):
        return [_unique_along_shape(x), (None,), (None,)]

    def cpu(x, axis, out_idx):
        return _along_axis(x, axis, out_idx.as_numpy_dtype)

    samples = [sample([[1, 0], [1, 0], [2, 0]], np.array([0], np.int64))]


@export("unique")
def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The different elements of a vector.

    Returns:
      (y, idx): the elements in order of appearance, and idx with x[i] == y[idx[i]].
    """
    return Unique(x, out_idx, name=name)


@export("unique_with_counts")
def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """`unique`, and how often each element occurs.

    Returns:
      (y, idx, count).
    """
    return UniqueWithCounts(x, out_idx, name=name)


@op("ListDiff(x: T, y: T) -> (out: T, idx: out_idx)", T=dtypes.ANY, out_idx=_OUT_IDX)
class ListDiff:
    """The elements of `x` that `y` doesn't have, and their positions in `x`."""

    def shape(x, y):
        for name, vector in (("x", x), ("y", y)):
            with kernel_words(lambda name=name: f"{name} should be a 1D vector."):
                with_rank(vector, 1)
        return [(None,), (None,)]

    def cpu(x, y, out_idx):
        for name, vector in (("x", x), ("y", y)):
            if vector.ndim != 1:
                raise errors.InvalidArgumentError(None, None, f"{name} should be a 1D vector.")
        known = set(y.tolist())
        kept = [i for i, item in enumerate(x.tolist()) if item not in known]
        return x[kept], np.array(kept, out_idx.as_numpy_dtype)

    samples = [sample([1, 2, 3, 4, 5, 6], [1, 3, 5])]


@export("setdiff1d")
def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """The elements of vector `x` that are not in vector `y`.

    Returns:
      (out, idx): the elements, repetitions kept, and their positions.
    """
    return ListDiff(x, y, index_dtype, name=name)


def listdiff(x: Any, y: Any, out_idx: Any = None, name: str | None = None) -> Any:
    return ListDiff(x, y, out_idx, name=name)


@op("InvertPermutation(x: T) -> (y: T)", T=one_of(dtypes.INDEX, default=dtypes.int32))
class InvertPermutation:
    """y with y[x[i]] == i."""

    def shape(x):
        with kernel_words(lambda: "invert_permutation expects a 1D vector."):
            return with_rank(x, 1)

    def cpu(x, out):
        if x.ndim != 1:
            raise errors.InvalidArgumentError(None, None, "invert_permutation expects a 1D vector.")
        out.fill(-1)
        size = len(x)
        for i, target in enumerate(x.tolist()):
            if not 0 <= target < size:
                raise errors.InvalidArgumentError(None, None, f"{target} is not between 0 and {size}")
            if out[target] != -1:
                raise errors.InvalidArgumentError(None, None, f"{target} is duplicated in the input.")
            out[target] = i

    grad = NOT_DIFFERENTIABLE
    samples = [sample([3, 4, 0, 2, 1])]


invert_permutation = export("invert_permutation", "math.invert_permutation")(InvertPermutation)


def _bound_shape(sorted_inputs, values):
    with_rank(sorted_inputs, 2)
    return with_rank(values, 2)


def _bounds(sorted_inputs: Any, values: Any, out: Any, side: Any) -> None:
    if len(sorted_inputs) != len(values):
        words = "Leading dim_size of both tensors must match."
        raise errors.InvalidArgumentError(None, None, words)
    for row, wanted, target in zip(sorted_inputs, values, out):
        target[...] = np.searchsorted(row, wanted, side=side)


@op("LowerBound(sorted_inputs: T, values: T) -> (output: out_type)", T=dtypes.ANY, out_type=_OUT_IDX)
class LowerBound:
    """For each value, the first position in its sorted row that is not less."""

    shape = _bound_shape

    def cpu(sorted_inputs, values, out):
        _bounds(sorted_inputs, values, out, "left")

    samples = [sample([[0, 3, 9, 9, 10]], [[2, 9, 11]])]


@op("UpperBound(sorted_inputs: T, values: T) -> (output: out_type)", T=dtypes.ANY, out_type=_OUT_IDX)
class UpperBound:
    """For each value, the first position in its sorted row that is greater."""

    shape = _bound_shape

    def cpu(sorted_inputs, values, out):
        _bounds(sorted_inputs, values, out, "right")

    samples = [sample([[0, 3, 9, 9, 10]], [[2, 9, 11]])]


@export("searchsorted")
def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """For each value, where it would be put in its sorted sequence (the last axis) to keep it sorted.

    Args:
      side: "left" puts it before equal elements, "right" after them.
      out_type: int32 or int64.

    Raises:
      ValueError: `side` is something else.
    """
    sequence_size = shape_internal(sorted_sequence)[-1]
    values_size = shape_internal(values)[-1]
    rows = reshape(sorted_sequence, [-1, sequence_size])
    wanted = reshape(values, [-1, values_size])
    if side not in ("left", "right"):
        raise ValueError(f"side must be either 'right' or 'left'.  Saw: {side}.")
    bound = UpperBound if side == "right" else LowerBound
    return reshape(bound(rows, wanted, out_type, name=name), shape_internal(values))


@export("sparse.mask", "sparse_mask")
def sparse_mask(a: IndexedSlices, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """`a` without the rows of the given indices.

    Args:
      a: `IndexedSlices`.
      mask_indices: int vector of the indices to leave out.
    """
    with name_scope(name, "sparse_mask", [a, mask_indices]) as scope:
        kept, positions = ListDiff(a.indices, mask_indices)
        return IndexedSlices(gather(a.values, positions, name=scope), kept, a.dense_shape)
