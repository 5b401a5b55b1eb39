"""Ragged tensors joined, repeated, and with other dimensions: concat, stack, tile, expand_dims, squeeze."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.ops import array, array_joining
from pyflow.ops.array_grid import one_hot as dense_one_hot
from pyflow.ops.array_shape import rank as dense_rank
from pyflow.ops.array_shape import size as dense_size
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.ragged_rows import RaggedGather
from pyflow.ops.ragged_tensor import (
    RaggedTensor,
    convert_to_tensor_or_ragged_tensor,
    match_row_splits_dtypes,
    positive_axis,
)
from pyflow.ops.ranges import range as number_range


def ragged_concat(values: Any, axis: int, name: str | None = None) -> Any:
    """Ragged (and dense) tensors along an axis."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    with name_scope(name, "RaggedConcat", list(values)):
        return _joined(list(values), axis, stacked=False)


@export("ragged.stack")
def ragged_stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Ragged (and dense) tensors along a new axis; dense ones may differ in shape."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    with name_scope(name, "RaggedConcat", list(values)):
        return _joined(list(values), axis, stacked=True)


def _joined(tensors: list, axis: Any, stacked: bool) -> Any:
    if not tensors:
        raise ValueError("rt_inputs may not be empty.")
    tensors = match_row_splits_dtypes(
        *(convert_to_tensor_or_ragged_tensor(t, name="rt_input") for t in tensors)
    )
    dtype = next((t.row_splits.dtype for t in tensors if isinstance(t, RaggedTensor)), dtypes.int64)
    if len(tensors) == 1:
        return ragged_expand_dims(tensors[0], axis) if stacked else tensors[0]
    ranks = {t.shape.ndims for t in tensors}
    if len(ranks) > 1:
        for tensor in tensors[1:]:
            tensors[0].shape.assert_same_rank(tensor.shape)
    rank = ranks.pop()
    axis = positive_axis(axis, None if rank is None else rank + stacked)
    innermost = rank is not None and axis in (rank - 1 + stacked, rank - 1)
    if innermost and all(not isinstance(t, RaggedTensor) for t in tensors):
        return array_joining.stack(tensors, axis) if stacked else array_joining.concat(tensors, axis)
    if axis == 0:
        return _on_top(_all_ragged(tensors, dtype), stacked)
    if axis == 1:
        return _side_by_side(_all_ragged(tensors, dtype), stacked)
    tensors = _all_ragged(tensors, dtype)
    checks = [assert_equal(t.row_splits, tensors[0].row_splits, message="Input tensors must have identical splits")
              for t in tensors[1:]]  # fmt: skip
    with control_dependencies([check for check in checks if check is not None]):
        return tensors[0].with_values(_joined([t.values for t in tensors], axis - 1, stacked))


def _all_ragged(tensors: list, dtype: Any) -> list:
    """All of the same ragged rank, at least 1."""
    deepest = max([1, *(t.ragged_rank for t in tensors if isinstance(t, RaggedTensor))])
    result = []
    for tensor in tensors:
        if not isinstance(tensor, RaggedTensor):
            tensor = RaggedTensor.from_tensor(tensor, ragged_rank=deepest, row_splits_dtype=dtype)  # type: ignore
        elif tensor.ragged_rank < deepest:
            more = deepest - tensor.ragged_rank
            inner = RaggedTensor.from_tensor(tensor.flat_values, ragged_rank=more, row_splits_dtype=dtype)  # type: ignore
            tensor = tensor.with_flat_values(inner)
        result.append(tensor)
    return result


def _on_top(tensors: list, stacked: bool) -> RaggedTensor:
    """The rows of one after those of the other."""
    values = [t.values for t in tensors]
    if isinstance(values[0], RaggedTensor):
        values = _on_top(values, stacked=False)  # type: ignore[assignment]
    else:
        values = array_joining.concat(values, 0)
    splits, offset = [tensors[0].row_splits], tensors[0].row_splits[-1]
    for tensor in tensors[1:]:
        splits.append(tensor.row_splits[1:] + offset)
        offset = offset + tensor.row_splits[-1]
    result = RaggedTensor.from_row_splits(  # type: ignore[attr-defined]
        values, array_joining.concat(splits, 0), validate=False
    )
    if not stacked:
        return result
    lengths = array_joining.stack([t.nrows() for t in tensors])
    return RaggedTensor.from_row_lengths(result, lengths, validate=False)  # type: ignore[attr-defined]


def _side_by_side(tensors: list, stacked: bool) -> RaggedTensor:
    """In each row what stands in that row of each."""
    count, rows = len(tensors), tensors[0].nrows()
    checks = [assert_equal(t.nrows(), rows, message="Input tensors must have the same number of rows")
              for t in tensors[1:]]  # fmt: skip
    with control_dependencies([check for check in checks if check is not None]):
        together = _on_top(tensors, stacked=False)
        order = array.reshape(array.transpose(array.reshape(number_range(rows * count), [count, -1])), [-1])
        permuted = gathered_rows(together, order)
        splits = number_range(rows + 1) * count
        if stacked:
            return RaggedTensor.from_row_splits(permuted, splits, validate=False)  # type: ignore[attr-defined]
        every = permuted.row_splits[::count]
        every.set_shape(tensors[0].row_splits.shape)
        return RaggedTensor.from_row_splits(permuted.values, every, validate=False)  # type: ignore[attr-defined]


def gathered_rows(params: RaggedTensor, indices: Any) -> RaggedTensor:
    """Rows of a ragged tensor by a dense tensor of indices of a known rank."""
    nested = list(params.nested_row_splits)
    rank = len(nested) + indices.shape.ndims - 1
    outputs = RaggedGather(nested, params.flat_values, indices, OUTPUT_RAGGED_RANK=rank)
    splits, values = outputs[0], outputs[1]
    if not isinstance(splits, (list, tuple)):
        splits = [splits]
    if not splits:
        return values
    values.set_shape([None, *([] if params.flat_values.shape.ndims is None else params.flat_values.shape[1:])])
    return RaggedTensor.from_nested_row_splits(values, splits, validate=False)  # type: ignore[attr-defined]


def ragged_tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """A ragged tensor repeated along each dimension."""
    with name_scope(name, "RaggedTile", [input, multiples]):
        ragged = convert_to_tensor_or_ragged_tensor(input, name="input")
        if not isinstance(ragged, RaggedTensor):
            return raw.Tile(ragged, multiples)
        multiples = convert_to_tensor(multiples, dtype=None, preferred_dtype=ragged.row_splits.dtype, name="multiples")
        multiples = cast(multiples, ragged.row_splits.dtype)
        multiples.shape.assert_has_rank(1)
        return _tiled(ragged, multiples)


def _tiled(ragged: Any, multiples: Any) -> Any:
    if not isinstance(ragged, RaggedTensor):
        return raw.Tile(ragged, cast(multiples, dtypes.int32))
    # First what is inside the rows, then each row so many times on end, then all rows.
    known = constant_value(multiples)
    inner = ragged.values
    rest = array_joining.concat([[1], multiples[2:]], 0)
    if isinstance(inner, RaggedTensor) or inner.shape.ndims != 1:
        inner = _tiled(inner, rest)
    result = ragged.with_values(inner)
    if known is None or known[1] != 1:
        rows = number_range(result.nrows())
        each = array.reshape(raw.Tile(array.expand_dims(rows, 1), [1, cast(multiples[1], dtypes.int32)]), [-1])
        repeated = gathered_rows(result, each)
        splits = array_joining.concat([[0], repeated.row_splits[1:]], 0)
        ends = number_range(result.nrows() + 1) * multiples[1]
        every = raw.GatherV2(splits, ends, 0)
        every.set_shape(result.row_splits.shape)
        result = RaggedTensor.from_row_splits(repeated.values, every, validate=False)  # type: ignore[attr-defined]
    if known is None or known[0] != 1:
        rows = raw.Tile(number_range(result.nrows()), array.reshape(cast(multiples[0], dtypes.int32), [1]))
        count = result.shape.as_list()[0]
        result = gathered_rows(result, rows)
        if known is not None and count is not None:
            result.row_splits.set_shape([count * int(known[0]) + 1])
    return result


def ragged_expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """A ragged tensor with a dimension of 1 more."""
    with name_scope(name, "RaggedExpandDims", [input]):
        ragged = convert_to_tensor_or_ragged_tensor(input, name="input")
        if not isinstance(ragged, RaggedTensor):
            return array.expand_dims(ragged, axis)
        rank = ragged.shape.ndims
        axis = positive_axis(axis, None if rank is None else rank + 1)
        if axis == 0:
            splits = array_joining.stack([cast(0, ragged.row_splits.dtype), ragged.nrows()])
            return RaggedTensor.from_row_splits(ragged, splits, validate=False)  # type: ignore[attr-defined]
        if axis == 1:
            splits = number_range(ragged.nrows() + 1)
            return RaggedTensor.from_row_splits(ragged, splits, validate=False)  # type: ignore[attr-defined]
        return ragged.with_values(ragged_expand_dims(ragged.values, axis - 1))


def ragged_squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """A ragged tensor without dimensions of 1.

    Raises:
      ValueError: no axis is given.
      TypeError: it is no list of ints.
    """
    with name_scope(name, "RaggedSqueeze", [input]):
        ragged = convert_to_tensor_or_ragged_tensor(input)
        if not isinstance(ragged, RaggedTensor):
            return array.squeeze(ragged, axis)
        if axis is None:
            raise ValueError("Ragged.squeeze must have an axis argument.")
        axes = [axis] if isinstance(axis, int) else axis
        if not isinstance(axes, (list, tuple)) or not all(isinstance(a, int) for a in axes):
            raise TypeError("Axis must be a list or tuple of integers.")
        for one in sorted((positive_axis(a, ragged.shape.ndims) for a in axes), reverse=True):
            ragged = _squeezed(ragged, one)
        return ragged


def _squeezed(ragged: Any, axis: int) -> Any:
    if not isinstance(ragged, RaggedTensor):
        return array.squeeze(ragged, [axis])
    one = cast(1, ragged.row_splits.dtype)
    if axis == 0:
        check = assert_equal(ragged.nrows(), one, message="the given axis (axis = 0) is not squeezable!")
        with control_dependencies([check] if check is not None else []):
            values = ragged.values
            return values if isinstance(values, RaggedTensor) else raw.Identity(values)
    if axis == 1:
        lengths = ragged.row_splits[1:] - ragged.row_splits[:-1]
        check = assert_equal(lengths, one, message="the given axis (axis = 1) is not squeezable!")
        with control_dependencies([check] if check is not None else []):
            values = ragged.values
            return values if isinstance(values, RaggedTensor) else raw.Identity(values)
    return ragged.with_values(_squeezed(ragged.values, axis - 1))


def ragged_size(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """The number of values."""
    ragged = convert_to_tensor_or_ragged_tensor(input, name="input")
    flat = ragged.flat_values if isinstance(ragged, RaggedTensor) else ragged
    return dense_size(flat, out_type=out_type, name=name)


def ragged_rank(input: Any, name: str | None = None) -> Any:
    """The number of dimensions."""
    with name_scope(name, "RaggedRank", [input]):
        ragged = convert_to_tensor_or_ragged_tensor(input, name="input")
        if not isinstance(ragged, RaggedTensor):
            return dense_rank(ragged)
        return ragged.ragged_rank + dense_rank(ragged.flat_values)


def ragged_one_hot(
    indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: Any = None, dtype: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """One-hot vectors of a ragged tensor of indices.

    Raises:
      ValueError: the new axis isn't behind the ragged ones.
    """
    with name_scope(name, "RaggedOneHot", [indices]):
        ragged = convert_to_tensor_or_ragged_tensor(indices, name="indices")
        if axis is not None:
            rank = ragged.shape.ndims
            axis = positive_axis(axis, None if rank is None else rank + 1)
            if axis < ragged.ragged_rank:
                raise ValueError("axis may not be less than indices.ragged_rank.")
            axis -= ragged.ragged_rank
        return ragged.with_flat_values(
            dense_one_hot(ragged.flat_values, depth, on_value, off_value, axis, dtype)
        )

