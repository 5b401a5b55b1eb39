"""Means over all batches: of values, of hits, of errors."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.scopes import add_to_collections, control_dependencies
from pyflow.metrics.streaming import matched, metric_variable, published, value_of
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, less
from pyflow.ops.confusion_matrix import remove_squeezable_dimensions
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import maximum, multiply, squared_difference, subtract
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import sqrt
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.state import assign_add
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.weights_broadcasting import broadcast_weights


def _ratio(total: Any, count: Any, name: str) -> Any:
    return div_no_nan(total, maximum(count, 0), name=name)


@export("metrics.mean")
def mean(
    values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The weighted mean of all values seen.

    Args:
      values: numbers of any shape.
      weights: broadcasts with `values`; 1 if None.
      metrics_collections, updates_collections: where the value and the update are put.

    Returns:
      (value, update): the mean so far, and the operation that adds a batch and gives the mean with it.
    """
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, float32)
        total, count = metric_variable([], float32, name="total"), metric_variable([], float32, name="count")
        if weights is None:
            number = cast(size(values), float32)
        else:
            values, _, weights = matched(values, None, weights)
            weights = broadcast_weights(cast(weights, float32), values)
            values = multiply(values, weights)
            number = reduce_sum(weights)
        add_total = assign_add(total, reduce_sum(values))
        with control_dependencies([values]):
            add_count = assign_add(count, number)
        value = value_of(metrics_collections, lambda: _ratio(total, count, "value"))
        return published(value, _ratio(add_total, add_count, "update_op"), updates_collections)


@export("metrics.mean_tensor")
def mean_tensor(
    values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The weighted mean of all values seen, element by element; the arguments are those of `mean`."""
    with variable_scope(name, "mean", (values, weights)):
        values = cast(values, float32)
        total = metric_variable(values.get_shape(), float32, name="total_tensor")
        count = metric_variable(values.get_shape(), float32, name="count_tensor")
        number = ones_like(values)
        if weights is not None:
            values, _, weights = matched(values, None, weights)
            weights = broadcast_weights(cast(weights, float32), values)
            values = multiply(values, weights)
            number = multiply(number, weights)
        add_total = assign_add(total, values)
        with control_dependencies([values]):
            add_count = assign_add(count, number)
        value = value_of(metrics_collections, lambda: _ratio(total, count, "value"))
        return published(value, _ratio(add_total, add_count, "update_op"), updates_collections)


@export("metrics.accuracy")
def accuracy(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the predictions that equal their labels; the further arguments are those of `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    hits = cast(equal(predictions, labels), float32)
    return mean(hits, weights, metrics_collections, updates_collections, name or "accuracy")


@export("metrics.mean_absolute_error")
def mean_absolute_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean of |predictions - labels|; the further arguments are those of `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    errors = absolute(predictions - labels)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


@export("metrics.mean_squared_error")
def mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean of (predictions - labels)^2; the further arguments are those of `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    errors = squared_difference(labels, predictions)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_squared_error")


@export("metrics.root_mean_squared_error")
def root_mean_squared_error(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The root of the mean of (predictions - labels)^2; the further arguments are those of `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    squared, add = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    value = value_of(metrics_collections, lambda: sqrt(squared))
    return published(value, sqrt(add), updates_collections)


@export("metrics.mean_relative_error")
def mean_relative_error(
    labels: Any, predictions: Any, normalizer: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The mean of |predictions - labels| / normalizer, and 0 where that is 0; as `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.get_shape().assert_is_compatible_with(normalizer.get_shape())
    errors = where(equal(normalizer, 0.0), zeros_like(labels), div(absolute(labels - predictions), normalizer))
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


@export("metrics.mean_cosine_distance")
def mean_cosine_distance(
    labels: Any, predictions: Any, dim: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """1 - the mean of the products of unit vectors along `dim`; the further arguments are those of `mean`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    products = reduce_sum(multiply(predictions, labels), axis=[dim], keepdims=True)
    similarity, add = mean(products, weights, None, None, name or "mean_cosine_distance")
    distance, update = subtract(1.0, similarity), subtract(1.0, add)
    if metrics_collections:
        add_to_collections(metrics_collections, distance)
    return published(distance, update, updates_collections)


@export("metrics.percentage_below")
def percentage_below(
    values: Any, threshold: float, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the values below a threshold; the further arguments are those of `mean`."""
    below = cast(less(values, threshold), float32)
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")
