"""Ragged tensors from dense and sparse ones, and back."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue, convert_to_tensor_or_sparse_tensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import sequence_mask
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_selection import boolean_mask, where
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.cumulative import cumsum
from pyflow.ops.ragged_rows import RaggedTensorToSparse
from pyflow.ops.ragged_tensor import RaggedTensor
from pyflow.ops.ranges import range as number_range
from pyflow.ops.reduce_functions import reduce_all, reduce_max


def bounding_shape(ragged: RaggedTensor, axis: Any = None, name: str | None = None, out_type: Any = None) -> Tensor:
    """The shape that holds all rows, or its sizes along `axis`, an int or a vector."""
    out_type = ragged.row_splits.dtype if out_type is None else dtypes.as_dtype(out_type)
    with name_scope(name, "RaggedBoundingBox", [ragged, axis]):
        splits = ragged.nested_row_splits
        sizes = [ragged.nrows(out_type=out_type)]
        # The first number, so that a tensor without rows has a length: 0.
        sizes += [raw.Maximum(reduce_max(s[1:] - s[:-1], axis=0), cast(0, s.dtype)) for s in splits]
        inner = shape(ragged.flat_values, out_type=out_type)[1:]
        box = concat([stack([cast(size, out_type) for size in sizes]), inner], axis=0)
        return box if axis is None else gather(box, axis)


def to_tensor(ragged: RaggedTensor, default_value: Any = None, name: str | None = None) -> Tensor:
    """A dense tensor, see `RaggedTensor.to_tensor`."""
    with name_scope(name, "RaggedToTensor", [ragged, default_value]):
        if default_value is not None:
            default_value = convert_to_tensor(default_value, name="default_value", dtype=ragged.dtype)
        values = ragged.values
        if isinstance(values, RaggedTensor):
            values = to_tensor(values, default_value)
        splits = ragged.row_splits
        value_shape = shape(values)[1:]
        if default_value is None:
            default_value = zeros(value_shape, values.dtype)
        else:
            if values.shape.ndims is not None:
                default_value.shape.with_rank_at_most(values.shape.ndims - 1)
            default_value = raw.BroadcastTo(default_value, value_shape)
        count = shape(values, out_type=splits.dtype)[0]
        longest = raw.Maximum(reduce_max(splits[1:] - splits[:-1], axis=0), cast(0, splits.dtype))
        places = expand_dims(splits[:-1], 1) + expand_dims(number_range(longest), 0)
        inside = places < expand_dims(splits[1:], 1)
        places = where(inside, places, raw.Fill(shape(places), count))
        result = gather(concat([values, expand_dims(default_value, 0)], axis=0), places)
        rows = ragged.shape[:1].concatenate([None]).concatenate(values.shape[1:])
        result.set_shape(rows)
        return result


def to_sparse(ragged: RaggedTensor, name: str | None = None) -> SparseTensor:
    """A sparse tensor, see `RaggedTensor.to_sparse`."""
    with name_scope(name, "RaggedToSparse", [ragged]):
        return SparseTensor(*RaggedTensorToSparse(list(ragged.nested_row_splits), ragged.flat_values))


def from_tensor(
    cls: Any, tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1, name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> RaggedTensor:  # fmt: skip
    """The rows of a dense tensor, whole or without what pads them.

    Args:
      lengths: those of the rows, or a list of them for several ragged dimensions.
      padding: what stands behind short rows.
      ragged_rank: how many dimensions become ragged.

    Raises:
      ValueError: lengths and padding are given, or `ragged_rank` isn't positive.
    """
    dtype = dtypes.as_dtype(row_splits_dtype)
    if lengths is not None and padding is not None:
        raise ValueError("Specify lengths or padding, but not both")
    if not isinstance(ragged_rank, int):
        raise TypeError(f"ragged_rank expected int, got {ragged_rank!r}")
    if ragged_rank <= 0:
        raise ValueError(f"ragged_rank must be greater than 0; got {ragged_rank}")
    with name_scope(name, "RaggedFromTensor", [tensor, lengths, padding]):
        tensor = convert_to_tensor(tensor, name="tensor")
        tensor.shape.with_rank_at_least(ragged_rank + 1)
        whole = shape(tensor, out_type=dtype)
        columns = whole[1]
        if ragged_rank > 1:
            # The first two dimensions become one; the rest is divided first.
            together = reshape(tensor, concat([[whole[0] * columns], whole[2:]], axis=0))
            if tensor.shape.ndims is not None:
                together.set_shape([None, *tensor.shape[2:].as_list()])
            values = from_tensor(cls, together, lengths, padding, ragged_rank - 1, row_splits_dtype=dtype)
            return cls.from_row_splits(values, number_range(whole[0] + 1) * columns, validate=False)
        if padding is not None:
            padding = convert_to_tensor(padding, name="padding", dtype=tensor.dtype)
            padding.shape.assert_is_compatible_with(tensor.shape[2:])
            pads = equal(padding, tensor)
            count = rank(tensor)
            pads = cond(count > 2, lambda: reduce_all(pads, axis=number_range(2, count)), lambda: pads)
            pads.set_shape([None, None])
            pads.set_shape(tensor.shape[:2])
            ends = cast(raw.LogicalNot(pads), dtype) * expand_dims(number_range(1, columns + 1), 0)
            lengths = reduce_max(ends, axis=1)
        if isinstance(lengths, (list, tuple)) and lengths and not isinstance(lengths[0], (int, float)):
            tensor.shape.with_rank_at_least(len(lengths) + 1)
            flags = ones([raw.Sum(lengths[-1], [0])], dtype=dtypes.bool)
            kept = cls.from_nested_row_lengths(flags, lengths, validate=False).to_tensor(default_value=False)
            return cls.from_nested_row_lengths(boolean_mask(tensor, kept), lengths, validate=False)
        if lengths is not None:
            lengths = convert_to_tensor(lengths, name="lengths", preferred_dtype=dtype)
            lengths = cast(lengths, dtype)
            lengths.shape.assert_has_rank(1)
            lengths = raw.Maximum(raw.Minimum(lengths, columns), cast(0, dtype))
            splits = concat([zeros([1], dtype), cumsum(lengths)], axis=0)
            values = boolean_mask(tensor, sequence_mask(lengths, maxlen=columns))
            return cls.from_row_splits(values, splits, validate=False)
        values = reshape(tensor, concat([[whole[0] * columns], whole[2:]], axis=0))
        sizes = tensor.shape.as_list()
        values.set_shape([None if None in sizes[:2] else sizes[0] * sizes[1], *sizes[2:]])
        return cls.from_row_splits(values, number_range(whole[0] + 1) * columns, validate=False)


def from_sparse(
    cls: Any, st_input: Any, name: str | None = None, row_splits_dtype: Any = dtypes.int64
) -> RaggedTensor:
    """The rows of a sparse tensor [rows, columns] whose values stand at the left, without gaps.

    Raises:
      TypeError: it isn't sparse.
      ValueError: it has not two dimensions.
    """
    dtype = dtypes.as_dtype(row_splits_dtype)
    if not isinstance(st_input, (SparseTensor, SparseTensorValue)):
        raise TypeError(f"Expected SparseTensor, got {type(st_input).__name__}")
    with name_scope(name, "RaggedFromSparse", [st_input]):
        sparse = convert_to_tensor_or_sparse_tensor(st_input, name="st_input")
        known = [sparse.dense_shape.shape.num_elements(), sparse.indices.shape.as_list()[1]]
        if next((n for n in known if n is not None), 2) != 2:
            raise ValueError("rank(st_input) must be 2")
        with control_dependencies(_without_gaps(sparse.indices)):
            rows = cast(sparse.indices[:, 0], dtype)
            count = cast(identity(sparse.dense_shape[0]), dtype)
            return cls.from_value_rowids(sparse.values, rows, count, validate=False)


def _without_gaps(indices: Tensor) -> list:
    """That in each row the first column is 0, and each one more than that before it."""
    rows, columns = indices[:, :-1], indices[:, -1]
    same = reduce_all(equal(rows[1:], rows[:-1]), axis=1)
    wanted = where(same, columns[:-1] + 1, raw.ZerosLike(columns[1:]))
    message = "SparseTensor is not right-ragged"
    return [
        assert_equal(columns[:1], raw.ZerosLike(columns[:1]), message=message),
        assert_equal(columns[1:], wanted, message=message),
    ]


RaggedTensor.from_tensor = classmethod(from_tensor)  # type: ignore[attr-defined]
RaggedTensor.from_sparse = classmethod(from_sparse)  # type: ignore[attr-defined]
