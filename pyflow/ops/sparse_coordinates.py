"""What the sparse ops share: checks of coordinates and values, row-major order, equal rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.errors import InvalidArgumentError
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import StaticShape
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.shape_rules import text, with_rank

ONE, TWO = np.array([[0, 1], [2, 0]], np.int64), np.array([[0, 0], [0, 1], [1, 1]], np.int64)
SHAPE = np.array([3, 2], np.int64)


def as_sparse(value: Any) -> SparseTensor:
    """The argument of a function of sparse tensors; what a run gave is taken too.

    Raises:
      TypeError: it is no sparse tensor.
    """
    if isinstance(value, SparseTensorValue):
        return SparseTensor.from_value(value)
    if not isinstance(value, SparseTensor):
        raise TypeError("Input must be a SparseTensor.")
    return value


def invalid(words: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, words)


def ranked(shape: StaticShape, rank: int, words: str) -> tuple[int | None, ...]:
    """`with_rank` of a shape rule; in a run the error has these words, with the shape in the place of `{}`."""
    with kernel_words(lambda: words.format(text(shape))):
        return with_rank(shape, rank)


def check_rank(array: Any, rank: int, words: str) -> None:
    """Raises InvalidArgumentError with these words, the shape in the place of `{}`, if `array` has another rank."""
    if np.ndim(array) != rank:
        raise invalid(words.format(text(np.shape(array))))


def check_sparse(indices: Any, values: Any, shape: Any) -> None:
    """Checks the ranks of the three arrays that make a sparse tensor.

    Raises:
      InvalidArgumentError: one has another.
    """
    check_rank(indices, 2, "Input indices should be a matrix but received shape {}")
    check_rank(values, 1, "Input values should be a vector but received shape {}")
    check_rank(shape, 1, "Input shape should be a vector but received shape {}")


def check_rows(indices: Any, values: Any) -> None:
    """Raises InvalidArgumentError unless there are as many coordinates as values."""
    if len(indices) != len(values):
        raise invalid(uneven_rows(len(indices), len(values)))


def uneven_rows(indices: int | None, values: int | None) -> str:
    """The words for coordinates and values that differ in number."""
    return f"indices and values rows (indexing dimension) must match. (indices = {indices}, values = {values})"


def row_major_order(indices: np.ndarray) -> np.ndarray | None:
    """The stable permutation that sorts coordinates [n, rank] row by row; None where they are sorted."""
    if not indices.size or _is_sorted(indices):
        return None
    return np.lexsort(indices.T[::-1])


def _is_sorted(indices: np.ndarray) -> bool:
    earlier, later = indices[:-1], indices[1:]
    undecided = np.ones(len(later), bool)
    for a, b in zip(earlier.T, later.T):
        if np.any(undecided & (a > b)):
            return False
        undecided &= a == b
    return True


def starts_of_rows(indices: np.ndarray) -> np.ndarray:
    """For sorted coordinates [n, rank], n > 0: the positions at which another row begins."""
    changes = np.any(indices[1:] != indices[:-1], axis=1)
    return np.flatnonzero(np.concatenate(([True], changes)))


def numbered(*lists: np.ndarray) -> list[np.ndarray]:
    """A number for each row of the coordinates [n_i, rank], in row-major order over all lists.

    Rows get one number when they are equal and stand equally often before them in their own list, so that within a
    list no number occurs twice.
    """
    occurrences = np.concatenate([_occurrences(rows) for rows in lists])
    everything = np.column_stack((np.concatenate(lists), occurrences))
    order = np.lexsort(everything.T[::-1])
    ordered = everything[order]
    numbers = np.empty(len(order), np.intp)
    if len(order):
        numbers[order] = np.cumsum(np.concatenate(([False], np.any(ordered[1:] != ordered[:-1], axis=1))))
    return np.split(numbers, np.cumsum([len(rows) for rows in lists])[:-1])


def _occurrences(indices: np.ndarray) -> np.ndarray:
    """How many equal rows stand before each."""
    if not len(indices):
        return np.zeros(0, np.int64)
    order = row_major_order(indices)
    starts = starts_of_rows(indices if order is None else indices[order])
    counts = np.arange(len(indices)) - np.repeat(starts, np.diff(starts, append=len(indices)))
    if order is not None:
        counts[order] = counts.copy()
    return counts


def check_within(indices: np.ndarray, shape: Any) -> None:
    """Raises InvalidArgumentError for the first coordinates [n, rank] that are outside `shape`."""
    outside = np.any((indices < 0) | (indices >= shape), axis=1)
    if outside.any():
        i = int(np.argmax(outside))
        words = f"indices[{i}] = {text(indices[i].tolist())} is out of bounds: need 0 <= index < "
        raise invalid(words + text(np.asarray(shape).tolist()))


def check_row_major(indices: np.ndarray) -> None:
    """Raises InvalidArgumentError for the first coordinates [n, rank] that are not after those before them."""
    earlier, later = indices[:-1], indices[1:]
    undecided, wrong = np.ones(len(later), bool), np.zeros(len(later), bool)
    for a, b in zip(earlier.T, later.T):
        wrong |= undecided & (a > b)
        undecided &= a == b
    if np.any(wrong | undecided):
        i = int(np.argmax(wrong | undecided))
        trouble = "repeated"
        if wrong[i]:
            trouble = "out of order. Many sparse ops require sorted indices.\n"
            trouble += "    Use `tf.sparse.reorder` to create a correctly ordered copy.\n\n"
        raise invalid(f"indices[{i + 1}] = {text(indices[i + 1].tolist())} is {trouble}")


def places_in_rows(counts: np.ndarray) -> np.ndarray:
    """Row and place in the row, int64 [n, 2], of values of which each row has so many."""
    sizes = counts.astype(np.intp)  # numpy repeats by no wider type, and has 32 bits for it in a browser
    indices = np.empty((int(sizes.sum()), 2), np.int64)
    indices[:, 0] = np.repeat(np.arange(len(sizes)), sizes)
    indices[:, 1] = np.arange(len(indices)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return indices
