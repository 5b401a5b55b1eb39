"""The confusion matrix of a classification."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32, int64
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, squeeze
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import rank
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_less, assert_non_negative
from pyflow.ops.comparison import equal
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_binary import maximum
from pyflow.ops.reduce_functions import reduce_max


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Squeezes the last dimension of the one whose rank is one too high.

    Args:
      expected_rank_diff: the rank of `predictions` less that of `labels`.

    Returns:
      (labels, predictions).
    """
    with name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        predictions_rank, labels_rank = predictions.shape.ndims, labels.shape.ndims
        if predictions_rank is not None and labels_rank is not None:
            excess = predictions_rank - labels_rank - expected_rank_diff
            if excess == 1:
                predictions = squeeze(predictions, [-1])
            elif excess == -1:
                labels = squeeze(labels, [-1])
            return labels, predictions
        difference = rank(predictions) - rank(labels)
        predictions = _squeeze_if(predictions, expected_rank_diff + 1, difference)
        return _squeeze_if(labels, expected_rank_diff - 1, difference), predictions


def _squeeze_if(tensor: Tensor, excess: int, difference: Tensor) -> Tensor:
    """`tensor`, squeezed when run if the ranks differ by `excess` then, and if it can be."""
    if tensor.shape.ndims is not None and not tensor.shape.dims[-1].is_compatible_with(1):  # type: ignore[index]
        return tensor
    kept = rank(tensor) - cast(equal(excess, difference), int32)
    return reshape(tensor, shape_of(tensor)[:kept])


@export("confusion_matrix", "math.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """How often each class was taken for each: the rows are the labels, the columns the predictions.

    Args:
      labels: [n], classes from 0 on.
      predictions: [n].
      num_classes: how many classes there are; None goes by the largest one that occurs.
      dtype: that of the result.
      weights: [n], added up in the place of counting.

    Returns:
      [num_classes, num_classes].

    Raises:
      ValueError: labels, predictions and weights don't have one shape.
      InvalidArgumentError: (when run) a class is negative, or not below `num_classes`.
    """
    with name_scope(name, "confusion_matrix", (predictions, labels, num_classes, weights)):
        labels, predictions = remove_squeezable_dimensions(
            convert_to_tensor(labels, name="labels"), convert_to_tensor(predictions, name="predictions")
        )
        predictions, labels = cast(predictions, int64), cast(labels, int64)
        labels = _check(labels, assert_non_negative, message="`labels` contains negative values")
        predictions = _check(predictions, assert_non_negative, message="`predictions` contains negative values")
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            count = cast(num_classes, int64)
            labels = _check(labels, assert_less, count, message="`labels` out of bound")
            predictions = _check(predictions, assert_less, count, message="`predictions` out of bound")
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            predictions.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        shape = stack([num_classes, num_classes])
        indices = stack([labels, predictions], axis=1)
        values = ones_like(predictions, dtype) if weights is None else weights
        counts = SparseTensor(indices, values, cast(shape, int64))
        nothing = zeros(cast(shape, int32), dtype)
        return raw.SparseTensorDenseAdd(counts.indices, counts.values, counts.dense_shape, nothing)


def _check(tensor: Tensor, assertion: Any, *arguments: Any, message: str) -> Tensor:
    return with_dependencies([assertion(tensor, *arguments, message=message)], tensor)
