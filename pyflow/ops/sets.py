"""The last dimension of tensors as sets: their sizes, unions, intersections and differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import int8, int16, int32, int64, string, uint8, uint16
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, ShapeError, attr, op, sample
from pyflow.core.sparse_tensor import SparseTensor, convert_to_tensor_or_sparse_tensor
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.shape_rules import element_count, merge, text, with_rank, with_rank_at_least
from pyflow.ops.sparse_coordinates import check_row_major, check_rows, check_sparse, check_within, invalid

_ELEMENTS = (int8, int16, int32, int64, uint8, uint16, string)
_ATTRS = {"set_operation": attr("string"), "validate_indices": True, "T": _ELEMENTS}
_RESULT = "(result_indices: int64, result_values: T, result_shape: int64)"
_SPARSE = "set{0}_indices: int64, set{0}_values: T, set{0}_shape: int64"

_OPERATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "a-b": lambda a, b: a[~np.isin(a, b)],
    "b-a": lambda a, b: b[~np.isin(b, a)],
    "intersection": lambda a, b: a[np.isin(a, b)],
    "union": lambda a, b: np.unique(np.concatenate((a, b))),
}

Sets = dict[tuple[int, ...], np.ndarray]


def _sets_of_sparse(indices: Any, values: Any, shape: Any, validate: bool) -> tuple[Sets, tuple[int, ...]]:
    """(the distinct values of each row, sorted, by the coordinates of the row; how many rows there are)."""
    check_sparse(indices, values, shape)
    check_rows(indices, values)
    if len(shape) < 2:
        raise invalid(f"Invalid rank {len(shape)}.")
    check_within(indices, shape)
    if validate:
        check_row_major(indices)
    groups: dict[tuple[int, ...], list] = {}
    for place, value in zip(indices[:, :-1].tolist(), values):
        groups.setdefault(tuple(place), []).append(value)
    sets = {place: np.unique(np.array(group, values.dtype)) for place, group in groups.items()}
    return sets, tuple(shape.tolist()[:-1])


def _sets_of_dense(values: Any) -> tuple[Sets, tuple[int, ...]]:
    if np.ndim(values) < 2:
        raise invalid(f"Shape {text(np.shape(values))} has rank {np.ndim(values)} < 2")
    rows = values.shape[:-1]
    return {place: np.unique(values[place]) for place in np.ndindex(rows)}, rows


def _combined(
    a: tuple[Sets, tuple[int, ...]], b: tuple[Sets, tuple[int, ...]], operation: str, dtype: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sparse tensor of the sets that an operation makes."""
    combine = _OPERATIONS.get(operation.lower())
    if combine is None:
        raise invalid(f"Invalid set_operation {operation}.")
    (ours, rows), (theirs, other_rows) = a, b
    if rows != other_rows:
        raise invalid(f"Mismatched shapes {text(rows)} vs {text(other_rows)}")
    empty = np.empty(0, dtype)
    indices, values, largest = [], [empty], 0
    for place in sorted(ours.keys() | theirs.keys()):
        elements = combine(ours.get(place, empty), theirs.get(place, empty))
        indices += [(*place, i) for i in range(len(elements))]
        values.append(elements)
        largest = max(largest, len(elements))
    coordinates = np.array(indices, np.int64).reshape(-1, len(rows) + 1)
    return coordinates, np.concatenate(values), np.array((*rows, largest), np.int64)


def _result_shapes(rank: int | None) -> list[StaticShape]:
    return [(None, rank), (None,), (rank,)]


def _rank_of_sparse(indices: StaticShape, values: StaticShape, shape: StaticShape) -> int | None:
    """The rank of a sparse tensor of these static shapes."""
    columns = with_rank(indices, 2)[1]
    with_rank(values, 1)
    rank = element_count(with_rank(shape, 1))
    return columns if rank is None else rank


def _same_rank(rank: int | None, other: int | None, words: str) -> int | None:
    if rank is not None and other is not None and rank != other:
        raise ShapeError(f"Dimension must be {rank} but is {other}", words)
    return other if rank is None else rank


def _mismatch(a: StaticShape, b: StaticShape) -> str:
    for shape in (a, b):
        if shape is not None and len(shape) < 2:
            return f"Shape {text(shape)} has rank {len(shape)} < 2"
    return f"Mismatched shapes {text(None if a is None else a[:-1])} vs {text(None if b is None else b[:-1])}"


@op(
    "SetSize(set_indices: int64, set_values: T, set_shape: int64) -> (size: int32)",
    validate_indices=True,
    T=_ELEMENTS,
)
class SetSize:
    """How many distinct values there are in each row of the last dimension."""

    def shape():
        return None

    def cpu(set_indices, set_values, set_shape, validate_indices):
        # TensorFlow checks the order even when it is told not to.
        sets, rows = _sets_of_sparse(set_indices, set_values, set_shape, True)
        sizes = np.zeros(rows, np.int32)
        for place, elements in sets.items():
            sizes[place] = len(elements)
        return sizes

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([[0, 0], [0, 1], [2, 0]]), [5, 5, 7], [3, 2])]


@op(f"DenseToDenseSetOperation(set1: T, set2: T) -> {_RESULT}", **_ATTRS)
class DenseToDenseSetOperation:
    """A sparse tensor of what "union", "intersection", "a-b" or "b-a" makes of the sets in two dense ones."""

    def shape(set1, set2):
        with kernel_words(lambda: _mismatch(set1, set2)):
            with_rank_at_least(set1, 2)
            if set1 is None:
                with_rank_at_least(set2, 2)
            elif set2 is not None:
                with_rank(set2, len(set1))
                merge(set1[:-1], set2[:-1])
        known = set2 if set1 is None else set1
        return _result_shapes(None if known is None else len(known))

    def cpu(set1, set2, set_operation):
        return _combined(_sets_of_dense(set1), _sets_of_dense(set2), set_operation, set1.dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample([[1, 2, 2], [5, 4, 3]], [[2, 7], [3, 3]], set_operation=operation)
        for operation in ("union", "intersection", "a-b", "b-a")
    ]


@op(f"DenseToSparseSetOperation(set1: T, {_SPARSE.format(2)}) -> {_RESULT}", **_ATTRS)
class DenseToSparseSetOperation:
    """A sparse tensor of what an operation makes of the sets in a dense and a sparse one."""

    def shape(set1, set2_indices, set2_values, set2_shape):
        with kernel_words(lambda: _mismatch(set1, None)):
            with_rank_at_least(set1, 2)
        other = _rank_of_sparse(set2_indices, set2_values, set2_shape)
        return _result_shapes(_same_rank(None if set1 is None else len(set1), other, f"Invalid rank {other}."))

    def cpu(set1, set2_indices, set2_values, set2_shape, set_operation, validate_indices):
        theirs = _sets_of_sparse(set2_indices, set2_values, set2_shape, validate_indices)
        return _combined(_sets_of_dense(set1), theirs, set_operation, set1.dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[1, 2], [5, 4]], np.array([[0, 0], [1, 0]]), [2, 9], [2, 2], set_operation="union")]


@op(f"SparseToSparseSetOperation({_SPARSE.format(1)}, {_SPARSE.format(2)}) -> {_RESULT}", **_ATTRS)
class SparseToSparseSetOperation:
    """A sparse tensor of what an operation makes of the sets in two sparse ones."""

    def shape(set1_indices, set1_values, set1_shape, set2_indices, set2_values, set2_shape):
        ours = _rank_of_sparse(set1_indices, set1_values, set1_shape)
        theirs = _rank_of_sparse(set2_indices, set2_values, set2_shape)
        return _result_shapes(_same_rank(ours, theirs, f"Mismatched ranks {ours} vs {theirs}"))

    def cpu(
        set1_indices,
        set1_values,
        set1_shape,
        set2_indices,
        set2_values,
        set2_shape,
        set_operation,
        validate_indices,
    ):
        ours = _sets_of_sparse(set1_indices, set1_values, set1_shape, validate_indices)
        theirs = _sets_of_sparse(set2_indices, set2_values, set2_shape, validate_indices)
        return _combined(ours, theirs, set_operation, set1_values.dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([[0, 0], [0, 3], [1, 1]]),
            [2, 5, 8],
            [2, 4],
            np.array([[0, 0], [1, 0]]),
            [2, 9],
            [2, 2],
            set_operation="a-b",
        )
    ]


@export("sets.size", "sets.set_size")
def set_size(a: Any, validate_indices: bool = True) -> Tensor:
    """How many distinct values there are in each row of the last dimension of a sparse tensor: int32, dense.

    Args:
      validate_indices: check that coordinates are in row-major order.

    Raises:
      TypeError: `a` is no sparse tensor, or not one of ints or strings.
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a}.")
    if a.values.dtype.base_dtype not in _ELEMENTS:
        raise TypeError(f"Invalid dtype {a.values.dtype}.")
    return SetSize(a.indices, a.values, a.dense_shape, validate_indices)


def _operands(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """The operands as tensors, and whether they were exchanged to have the dense one first."""
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if a.dtype.base_dtype not in _ELEMENTS:
        raise TypeError(f"'a' invalid dtype {a.dtype}.")
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if b.dtype.base_dtype != a.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype} vs {b.dtype}.")
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        return b, a, True
    return a, b, False


def _operate(a: Any, b: Any, operation: str, validate_indices: bool) -> SparseTensor:
    sides = [(x.indices, x.values, x.dense_shape) if isinstance(x, SparseTensor) else (x,) for x in (a, b)]
    kinds: dict[int, OpDef] = {2: DenseToDenseSetOperation, 4: DenseToSparseSetOperation, 6: SparseToSparseSetOperation}
    arguments = [*sides[0], *sides[1]]
    return SparseTensor(*kinds[len(arguments)](*arguments, operation, validate_indices))


@export("sets.intersection", "sets.set_intersection")
def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The values that are in both rows of the last dimension, sorted, row by row.

    Args:
      a, b: dense or sparse tensors of ints or strings; all dimensions but the last have one size.
      validate_indices: check that coordinates are in row-major order.

    Raises:
      TypeError: the dtypes differ, or are others.
    """
    a, b, _ = _operands(a, b)
    return _operate(a, b, "intersection", validate_indices)


@export("sets.difference", "sets.set_difference")
def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """The values that are in the row of `a` and not in that of `b` (the reverse, unless `aminusb`), row by row.

    Other arguments and errors as in `set_intersection`.
    """
    a, b, is_flipped = _operands(a, b)
    return _operate(a, b, "a-b" if aminusb != is_flipped else "b-a", validate_indices)


@export("sets.union", "sets.set_union")
def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The values that are in either row; arguments and errors as in `set_intersection`."""
    a, b, _ = _operands(a, b)
    return _operate(a, b, "union", validate_indices)
