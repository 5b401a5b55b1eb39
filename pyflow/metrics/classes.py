"""Means over classes: of how well each is hit."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import float32, float64, int64
from pyflow.metrics.streaming import metric_variable, published, value_of
from pyflow.ops.array import reshape
from pyflow.ops.array_diagonals import diag_part
from pyflow.ops.array_filling import ones, ones_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater, not_equal
from pyflow.ops.confusion_matrix import confusion_matrix
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import maximum
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum
from pyflow.ops.state import assign_add
from pyflow.ops.state_scatter import scatter_add
from pyflow.ops.variable_scope import variable_scope


def _flat(tensor: Any) -> Any:
    return reshape(tensor, [-1]) if tensor is not None and tensor.get_shape().ndims > 1 else tensor


def add_to_confusion_matrix(labels: Any, predictions: Any, num_classes: Any, weights: Any = None) -> tuple[Any, Any]:
    """A variable with the confusion matrix of all batches, float64 [classes, classes], and the operation that adds."""
    total = metric_variable([num_classes, num_classes], float64, name="total_confusion_matrix")
    predictions, labels, num_classes = cast(predictions, int64), cast(labels, int64), cast(num_classes, int64)
    predictions, labels, weights = _flat(predictions), _flat(labels), _flat(weights)
    current = confusion_matrix(labels, predictions, num_classes, weights=weights, dtype=float64)
    return total, assign_add(total, current)


@export("metrics.mean_iou")
def mean_iou(
    labels: Any, predictions: Any, num_classes: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean over classes of intersection over union: hits / (labels + predictions - hits).

    Args:
      labels, predictions: numbers of classes, of the same shape.
      weights: of that shape, or None.

    Returns:
      (value, update): the mean, and the operation that adds a batch and gives the confusion matrix with it.
    """
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total, update = add_to_confusion_matrix(labels, predictions, num_classes, weights)

        def mean(matrix: Any) -> Any:
            predicted, labelled = cast(reduce_sum(matrix, 0), float32), cast(reduce_sum(matrix, 1), float32)
            hits = cast(diag_part(matrix), float32)
            unions = predicted + labelled - hits
            present = reduce_sum(cast(not_equal(unions, 0), float32))
            unions = where(greater(unions, 0), unions, ones_like(unions))
            overlaps = div(hits, unions)
            return where(greater(present, 0), reduce_sum(overlaps, name="mean_iou") / present, 0)

        return published(value_of(metrics_collections, mean, total), update, updates_collections)


@export("metrics.mean_per_class_accuracy")
def mean_per_class_accuracy(
    labels: Any, predictions: Any, num_classes: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean over classes of the part of their labels that are predicted.

    Returns:
      (value, update): the mean, and the operation that adds a batch and gives the parts, [classes].
    """
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        labels = _flat(cast(labels, int64))
        predictions = _flat(predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total = metric_variable([num_classes], float32, name="total")
        count = metric_variable([num_classes], float32, name="count")
        number = ones([size(labels)], float32)
        if labels.dtype != predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        hits = cast(equal(predictions, labels), float32)
        if weights is not None:
            weights = cast(_flat(weights), float32)
            hits *= weights
            number *= weights
        add_total, add_count = scatter_add(total, labels, number), scatter_add(count, labels, hits)

        def mean(count: Any, total: Any) -> Any:
            return reduce_mean(div_no_nan(count, maximum(total, 0)), name="mean_accuracy")

        value = value_of(metrics_collections, mean, count, total)
        update = div_no_nan(add_count, maximum(add_total, 0), name="update_op")
        return published(value, update, updates_collections)
