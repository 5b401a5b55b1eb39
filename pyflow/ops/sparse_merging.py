"""Sparse tensors made of ids and values; sparse unit matrices."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, int64
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import ones
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.cast import cast
from pyflow.ops.math_binary import minimum
from pyflow.ops.ranges import range
from pyflow.ops.sparse_coordinates import as_sparse
from pyflow.ops.sparse_reordering import sparse_reorder


def _is_size(value: Any) -> bool:
    return isinstance(value, (Tensor, Integral))


def merged(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """What `sparse_merge` gives."""
    if isinstance(sp_ids, (SparseTensor, SparseTensorValue)):
        sp_ids = [sp_ids]
        if not _is_size(vocab_size):
            raise TypeError(f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}")
        vocab_size = [vocab_size]
    else:
        if not isinstance(sp_ids, Iterable):
            raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
        if not isinstance(vocab_size, Iterable):
            raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}")
        vocab_size = list(vocab_size)
        for size in vocab_size:
            if not _is_size(size):
                raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(size)}")
        sp_ids = list(sp_ids)
    if len(sp_ids) != len(vocab_size):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    with name_scope(name, "SparseMerge", [sp_ids, sp_values]):
        sp_ids = [as_sparse(ids) for ids in sp_ids]
        sp_values = as_sparse(sp_values)
        columns = [expand_dims(ids.values if ids.dtype == int64 else cast(ids.values, int64), axis=1) for ids in sp_ids]
        vocab_size = [cast(size, int64) for size in vocab_size]
        indices = concat([sp_ids[0].indices[:, :-1], *columns], 1)
        dense_shape = concat([sp_ids[0].dense_shape[:-1], vocab_size], 0)
        result = SparseTensor(indices, sp_values.values, dense_shape)
        if already_sorted:
            return result
        ordered = sparse_reorder(result)
        return SparseTensor(ordered.indices, ordered.values, dense_shape)


@export("sparse.merge", "sparse_merge")
def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """A sparse tensor [d0, ..., vocab_size] that has at each id in a row of `sp_ids` the value at the same place.

    Args:
      sp_ids: ids, shape [d0, ..., any]; or a list of such, for one dimension each.
      sp_values: values at the same coordinates.
      vocab_size: the number of ids, or a list of them.
      already_sorted: don't sort the result; the ids are in order.

    Raises:
      TypeError: arguments are no sparse tensors or sizes.
      ValueError: the lists have different lengths.
    """
    return merged(sp_ids, sp_values, vocab_size, name, already_sorted)


@export("sparse.eye")
def sparse_eye(num_rows: Any, num_columns: Any = None, dtype: Any = float32, name: str | None = None) -> SparseTensor:
    """A matrix with ones on its diagonal; it is square if `num_columns` is None.

    Raises:
      TypeError: a size is neither an int nor a tensor.
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _as_int64(num_rows, "num_rows")
        columns = rows if num_columns is None else _as_int64(num_columns, "num_columns")
        size = minimum(rows, columns)
        places = range(size, dtype=int64)
        return SparseTensor(stack([places, places], axis=1), ones(size, dtype=dtype), [rows, columns])


def _as_int64(value: Any, name: str) -> Tensor:
    if isinstance(value, Integral):
        return convert_to_tensor(value, name=name, dtype=int64)
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be an integer value")
    return value if value.dtype == int64 else cast(value, int64)
