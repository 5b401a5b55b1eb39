"""Ragged tensors of nested lists, and placeholders for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.ops.constant import constant
from pyflow.ops.placeholder import placeholder
from pyflow.ops.ragged_rows import splits_of
from pyflow.ops.ragged_tensor import RaggedTensor, is_ragged
from pyflow.ops.ragged_tensor_value import RaggedTensorValue


@export("ragged.constant")
def ragged_constant(
    pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None, name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> Any:  # fmt: skip
    """A constant RaggedTensor of nested lists; a tensor if `ragged_rank` is 0.

    Args:
      ragged_rank: the number of ragged dimensions; by default all but the innermost, or what `inner_shape` leaves.
      inner_shape: the shape of the values.
      row_splits_dtype: int32 or int64.

    Raises:
      ValueError: scalars are nested in different depths, or not as deeply as asked for.
    """
    splits_dtype = dtypes.as_dtype(row_splits_dtype)
    with name_scope(name, "RaggedConstant", []):
        return _assembled(
            pylist, dtype, ragged_rank, inner_shape,
            lambda values, splits: RaggedTensor.from_row_splits(  # type: ignore[attr-defined]
                values, constant(splits, dtype=splits_dtype), validate=False
            ),
            lambda values, dtype, shape, name: constant(values, dtype=dtype, shape=shape, name=name),
            splits_dtype.as_numpy_dtype,
        )  # fmt: skip


@export("ragged.constant_value")
def ragged_constant_value(
    pylist: Any, dtype: Any = None, ragged_rank: int | None = None, inner_shape: Any = None,
    row_splits_dtype: Any = "int64",
) -> Any:  # fmt: skip
    """A RaggedTensorValue of nested lists, see `ragged.constant`; a numpy array if `ragged_rank` is 0."""
    if dtype is not None and isinstance(dtype, dtypes.DType):
        dtype = dtype.as_numpy_dtype
    splits_dtype = dtypes.as_dtype(row_splits_dtype).as_numpy_dtype

    def array(values: Any, dtype: Any, shape: Any, name: str) -> np.ndarray:
        result = np.array(values, dtype=dtype)
        return result if shape is None else np.reshape(result, shape)

    return _assembled(pylist, dtype, ragged_rank, inner_shape, RaggedTensorValue, array, splits_dtype)


def _is_list(item: Any) -> bool:
    return isinstance(item, (list, tuple)) or (isinstance(item, np.ndarray) and item.ndim > 0)


def _assembled(
    pylist: Any, dtype: Any, ragged_rank: int | None, inner_shape: Any, ragged: Any, dense: Any, splits_dtype: Any
) -> Any:
    if is_ragged(pylist):
        raise TypeError("pylist may not be a RaggedTensor or RaggedTensorValue.")
    if not _is_list(pylist) and np.ndim(pylist) == 0:
        if ragged_rank is not None and ragged_rank != 0:
            raise ValueError(f"Invalid pylist={pylist!r}: incompatible with ragged_rank={ragged_rank}")
        if inner_shape is not None and len(inner_shape):
            raise ValueError(f"Invalid pylist={pylist!r}: incompatible with dim(inner_shape)={len(inner_shape)}")
        return dense(pylist, dtype, (), "Const")
    if ragged_rank is not None and ragged_rank < 0:
        raise ValueError(f"Invalid ragged_rank={ragged_rank!r}: must be nonnegative")
    depth, deepest = _depths(pylist)
    if depth is not None:
        if deepest > depth:
            raise ValueError(f"Invalid pylist={pylist!r}: empty list nesting is greater than scalar value nesting")
        deepest = depth
    if inner_shape is not None and ragged_rank is not None:
        wanted = ragged_rank + len(inner_shape) + 1
        if depth is not None and depth != wanted or depth is None and deepest > wanted:
            raise ValueError(
                f"Invalid pylist={pylist!r}: incompatible with ragged_rank={ragged_rank} and "
                f"dim(inner_shape)={len(inner_shape)}"
            )
    if ragged_rank is None:
        ragged_rank = max(0, deepest - 1) if inner_shape is None else max(0, deepest - 1 - len(inner_shape))
    if inner_shape is None:
        inner_shape = _inner_shape(pylist, ragged_rank)
    if ragged_rank == 0:
        return dense(pylist, dtype, None if depth is not None else (len(pylist), *inner_shape), "Const")
    nested, values = [], list(pylist)
    for level in range(ragged_rank):
        for row in values:
            if not _is_list(row):
                raise ValueError(
                    f"pylist has scalar values depth {level + 1}, but ragged_rank={ragged_rank} requires scalar value "
                    f"depth greater than {ragged_rank}"
                )
        nested.append(splits_of(np.array([len(row) for row in values], np.int64), splits_dtype))
        values = [item for row in values for item in row]
    if depth is not None and depth <= ragged_rank:
        raise ValueError(
            f"pylist has scalar values depth {depth}, but ragged_rank={ragged_rank} requires scalar value depth "
            f"greater than {ragged_rank}"
        )
    result = dense(values, dtype, (len(values), *inner_shape), "values")
    for splits in reversed(nested):
        result = ragged(result, splits)
    return result


def _depths(item: Any) -> tuple[int | None, int]:
    """How deeply scalars are nested (None if there are none), and lists."""
    if not _is_list(item):
        return 0, 0
    found, deepest = None, 1
    for child in item:
        depth, deep = _depths(child)
        if depth is not None:
            if found is not None and found != depth + 1:
                raise ValueError("all scalar values must have the same nesting depth")
            found = depth + 1
        deepest = max(deepest, deep + 1)
    return found, deepest


def _inner_shape(pylist: Any, ragged_rank: int) -> tuple:
    """The shape of the values below the ragged dimensions: that of the first.

    Raises:
      ValueError: others differ.
    """
    values = list(pylist)
    for _ in range(ragged_rank):
        values = [item for row in values if _is_list(row) for item in row]
    sizes: tuple = ()
    first = values[0] if values else None
    while first is not None and _is_list(first):
        sizes += (len(first),)
        first = first[0] if len(first) else None
    for value in values:
        _check_shape(value, sizes)
    return sizes


def _check_shape(item: Any, sizes: tuple) -> None:
    if _is_list(item) != bool(sizes) or (sizes and len(item) != sizes[0]):
        raise ValueError("inner values have inconsistent shape")
    for child in item if sizes else ():
        _check_shape(child, sizes[1:])


@export("ragged.placeholder")
def ragged_placeholder(dtype: Any, ragged_rank: int, value_shape: Any = None, name: str | None = None) -> Any:
    """A ragged tensor to be fed with a `RaggedTensorValue`.

    Args:
      ragged_rank: the number of ragged dimensions.
      value_shape: the shape of the innermost values.
    """
    if ragged_rank == 0:
        return placeholder(dtype, value_shape, name)
    with name_scope(name, "RaggedPlaceholder", []):
        flat_shape = TensorShape([None]).concatenate(TensorShape(value_shape))
        result = placeholder(dtype, flat_shape, "flat_values")
        for i in reversed(range(ragged_rank)):
            splits = placeholder(dtypes.int64, [None], f"row_splits_{i}")
            result = RaggedTensor.from_row_splits(result, splits, validate=False)  # type: ignore[attr-defined]
        return result
