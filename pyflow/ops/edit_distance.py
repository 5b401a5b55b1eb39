"""How many insertions, deletions and replacements make one sequence of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import ANY
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, op, sample
from pyflow.core.sparse_tensor import SparseTensor, SparseTensorValue
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.shape_rules import element_count, text
from pyflow.ops.sparse_coordinates import check_rank, check_rows, invalid, ranked, row_major_order, uneven_rows

_ARGUMENTS = "{0}_indices: int64, {0}_values: T, {0}_shape: int64"


@op(
    f"EditDistance({_ARGUMENTS.format('hypothesis')}, {_ARGUMENTS.format('truth')}) -> (output: float32)",
    normalize=True,
    T=ANY,
)
class EditDistance:
    """The Levenshtein distance of the sequences along the last dimension; `normalize` divides it by the true length.

    An empty true sequence makes a normalized distance infinite, unless the other one is empty too.
    """

    def shape(
        hypothesis_indices,
        hypothesis_values,
        hypothesis_shape,
        truth_indices,
        truth_values,
        truth_shape,
        hypothesis_shape_value,
        truth_shape_value,
    ):
        _check_static("hypothesis", hypothesis_indices, hypothesis_values, hypothesis_shape)
        _check_static("truth", truth_indices, truth_values, truth_shape)
        if hypothesis_shape_value is None or truth_shape_value is None:
            return None
        a, b = hypothesis_shape_value.tolist(), truth_shape_value.tolist()
        if len(a) != len(b):
            words = f"Num elements of hypothesis_shape does not match truth_shape: {len(a)} vs. {len(b)}"
            raise ShapeError(words, _other_rank(b, a))
        return tuple(max(pair) for pair in zip(a[:-1], b[:-1]))

    def cpu(
        hypothesis_indices, hypothesis_values, hypothesis_shape, truth_indices, truth_values, truth_shape, normalize
    ):
        _check("hypothesis", hypothesis_indices, hypothesis_values, hypothesis_shape)
        _check("truth", truth_indices, truth_values, truth_shape)
        if len(truth_shape) < 2:
            words = f"Input SparseTensors must have rank at least 2, but truth_shape rank is: {len(truth_shape)}"
            raise invalid(words)
        if len(hypothesis_shape) != len(truth_shape):
            raise invalid(_other_rank(truth_shape, hypothesis_shape))
        check_rows(truth_indices, truth_values)
        check_rows(hypothesis_indices, hypothesis_values)
        result = np.zeros(np.maximum(hypothesis_shape, truth_shape)[:-1], np.float32)
        ours, theirs = _sequences(hypothesis_indices, hypothesis_values), _sequences(truth_indices, truth_values)
        for place in ours.keys() | theirs.keys():
            if any(not 0 <= i < size for i, size in zip(place, result.shape)):
                words = f"Got indices {text(place)} of a sequence outside of the shape {text(result.shape)}"
                raise invalid(words)
            truth = theirs.get(place, [])
            distance = _distance(truth, ours.get(place, []))
            result[place] = distance if not normalize else distance / len(truth) if truth else np.inf
        return result

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            np.array([[0, 0], [0, 1], [1, 0]]),
            [1, 2, 3],
            [2, 2],
            np.array([[0, 0], [1, 0], [1, 1]]),
            [2, 3, 3],
            [2, 3],
            grad=False,
        )
    ]


def _other_rank(truth: Any, hypothesis: Any) -> str:
    shapes = f"[{len(truth)}] and [{len(hypothesis)}]"
    return f"Expected truth and hypothesis to have matching ranks, but their shapes are: {shapes}"


def _check_static(name: str, indices: StaticShape, values: StaticShape, shape: StaticShape) -> None:
    rows, columns = ranked(indices, 2, f"{name}_indices should be a matrix, but got shape: {{}}")
    (count,) = ranked(values, 1, f"{name}_values should be a vector, but got shape: {{}}")
    rank = element_count(ranked(shape, 1, f"{name}_shape should be a vector, but got shape: {{}}"))
    if rows is not None and count is not None and rows != count:
        words = f"Number of elements in index ({rows}) and values ({count}) do not match."
        raise ShapeError(words, uneven_rows(rows, count))
    if columns is not None and rank is not None and columns != rank:
        words = f"Expected {name}_shape.NumElements == #cols({name}_indices), their shapes are: "
        at_run = f"{words}{text(shape)} and {text(indices)}"
        raise ShapeError(f"Index rank ({columns}) and shape rank ({rank}) do not match.", at_run)


def _check(name: str, indices: Any, values: Any, shape: Any) -> None:
    check_rank(indices, 2, f"{name}_indices should be a matrix, but got shape: {{}}")
    check_rank(values, 1, f"{name}_values should be a vector, but got shape: {{}}")
    check_rank(shape, 1, f"{name}_shape should be a vector, but got shape: {{}}")
    if len(shape) != indices.shape[1]:
        words = f"Expected {name}_shape.NumElements == #cols({name}_indices), their shapes are: "
        raise invalid(f"{words}{text(np.shape(shape))} and {text(np.shape(indices))}")


def _sequences(indices: np.ndarray, values: np.ndarray) -> dict[tuple[int, ...], list]:
    """The values of each sequence in order, by its coordinates."""
    order = row_major_order(indices)
    if order is not None:
        indices, values = indices[order], values[order]
    result: dict[tuple[int, ...], list] = {}
    for place, value in zip(indices[:, :-1].tolist(), values.tolist()):
        result.setdefault(tuple(place), []).append(value)
    return result


def _distance(a: list, b: list) -> int:
    """The Levenshtein distance, row by row of the table of distances of all beginnings."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        diagonal, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            diagonal, row[j + 1] = row[j + 1], min(diagonal + (x != y), row[j] + 1, row[j + 1] + 1)
    return row[-1]


@export("edit_distance")
def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance") -> Tensor:
    """The Levenshtein distances of two sparse tensors' sequences along their last dimension.

    Args:
      hypothesis, truth: sparse tensors of one rank and dtype, with values packed to the left.
      normalize: divide each distance by the length of the true sequence; if that is empty and the other is not, the
        result is infinite.

    Returns:
      float32, a dense tensor of the rank of the arguments less 1.

    Raises:
      TypeError: an argument is no sparse tensor.
    """
    kinds = SparseTensor, SparseTensorValue
    if not isinstance(hypothesis, kinds):
        raise TypeError("Hypothesis must be a SparseTensor.")
    if not isinstance(truth, kinds):
        raise TypeError("Truth must be a SparseTensor.")
    return EditDistance(
        hypothesis.indices,
        hypothesis.values,
        hypothesis.dense_shape,
        truth.indices,
        truth.values,
        truth.dense_shape,
        normalize=normalize,
        name=name,
    )
