"""How often predictions of two classes were right and wrong: the four counts, precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import bool as boolean
from pyflow.core.dtypes import float32
from pyflow.core.scopes import control_dependencies
from pyflow.metrics.streaming import matched, metric_variable, published, read, value_of
from pyflow.ops.array import expand_dims, reshape, transpose
from pyflow.ops.array_joining import stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal, assert_less_equal, assert_type
from pyflow.ops.comparison import equal, greater, logical_and, logical_not
from pyflow.ops.constant import constant
from pyflow.ops.division import div
from pyflow.ops.math_binary import multiply
from pyflow.ops.rank_checks import assert_rank_in
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.state import assign_add
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.weights_broadcasting import broadcast_weights

# The names of the variables, in the order in which they are made, and which labels and predictions they count.
_COUNTED = {
    "tp": ("true_positives", True, True),
    "fn": ("false_negatives", True, False),
    "tn": ("true_negatives", False, False),
    "fp": ("false_positives", False, True),
}


def counts_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any = None,
    includes: Any = None,
    checked: bool = True,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The counts, [thresholds] each, of predictions in [0, 1] that are positive above a threshold.

    Args:
      includes: which of "tp", "fn", "tn", "fp"; all if None.
      checked: whether predictions are asserted to be in [0, 1].

    Returns:
      (values, updates) by these names.

    Raises:
      InvalidArgumentError: a prediction is not in [0, 1].
    """
    includes = tuple(_COUNTED) if includes is None else includes
    for include in includes:
        if include not in _COUNTED:
            raise ValueError(f"Invalid key: {include}.")
    words = "predictions must be in [0, 1]"
    in_range = checked and [
        assert_greater_equal(predictions, cast(0.0, predictions.dtype), message=words),
        assert_less_equal(predictions, cast(1.0, predictions.dtype), message=words),
    ]
    with control_dependencies(in_range or []):
        predictions, labels, weights = matched(cast(predictions, float32), cast(labels, boolean), weights)
    count = len(thresholds)
    column = reshape(predictions, [-1, 1])
    row = reshape(cast(labels, boolean), [1, -1])
    number = column.get_shape().as_list()[0]
    if number is None:
        number = shape_of(column)[0]
    tiled = tile(expand_dims(constant(thresholds), [1]), stack([1, number]))
    positive = greater(tile(transpose(column), [count, 1]), tiled)
    predicted = {True: positive}
    if "fn" in includes or "tn" in includes:
        predicted[False] = logical_not(positive)
    labelled = {True: tile(row, [count, 1])}
    if "fp" in includes or "tn" in includes:
        labelled[False] = logical_not(labelled[True])
    if weights is not None:
        weights = broadcast_weights(cast(weights, float32), predictions)
        weights = tile(reshape(weights, [1, -1]), [count, 1])
        tiled.get_shape().assert_is_compatible_with(weights.get_shape())
    values, updates = {}, {}
    for key, (name, label, prediction) in _COUNTED.items():
        if key in includes:
            values[key] = metric_variable([count], float32, name=name)
            hits = cast(logical_and(labelled[label], predicted[prediction]), float32)
            if weights is not None:
                hits *= weights
            updates[key] = assign_add(values[key], reduce_sum(hits, 1))
    return values, updates


def _count(hits: Any, weights: Any, metrics_collections: Any, updates_collections: Any) -> tuple[Any, Any]:
    assert_type(hits, boolean)
    count = metric_variable([], float32, name="count")
    hits = cast(hits, float32)
    if weights is not None:
        with control_dependencies([assert_rank_in(weights, (0, rank(hits)))]):
            weights = cast(weights, float32)
            hits = multiply(hits, weights)
    value = value_of(metrics_collections, read, count)
    return published(value, assign_add(count, reduce_sum(hits)), updates_collections)


def _define(key: str) -> tuple[Any, Any]:
    """The two metrics of one of the counts: of bools, and of numbers at thresholds."""
    name_of_count, label, prediction = _COUNTED[key]

    def count(
        labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
        updates_collections: Any = None, name: str | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        with variable_scope(name, name_of_count, (predictions, labels, weights)):
            predictions, labels, weights = matched(cast(predictions, boolean), cast(labels, boolean), weights)
            hits = logical_and(equal(labels, label), equal(predictions, prediction))
            return _count(hits, weights, metrics_collections, updates_collections)

    def count_at_thresholds(
        labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None,
        metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        with variable_scope(name, name_of_count, (predictions, labels, weights)):
            values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, includes=(key,))
            value = value_of(metrics_collections, read, values[key])
            return published(value, updates[key], updates_collections)

    kind = f"{'positive' if prediction else 'negative'} predictions with {'positive' if label else 'negative'} labels"
    count.__name__ = count.__qualname__ = name_of_count
    count.__doc__ = f"The weighted number of {kind}; the further arguments are those of `mean`."
    count_at_thresholds.__name__ = count_at_thresholds.__qualname__ = f"{name_of_count}_at_thresholds"
    count_at_thresholds.__doc__ = f"The number of {kind} at each threshold: above it, a prediction is positive."
    export(f"metrics.{name_of_count}")(count)
    export(f"metrics.{name_of_count}_at_thresholds")(count_at_thresholds)
    return count, count_at_thresholds


false_negatives, false_negatives_at_thresholds = _define("fn")
false_positives, false_positives_at_thresholds = _define("fp")
true_negatives, true_negatives_at_thresholds = _define("tn")
true_positives, true_positives_at_thresholds = _define("tp")


def _part(hits: Any, misses: Any, name: str) -> Any:
    return where(greater(hits + misses, 0), div(hits, hits + misses), 0, name)


@export("metrics.precision")
def precision(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the positive predictions that are right; 0 without any. As `mean`."""
    with variable_scope(name, "precision", (predictions, labels, weights)):
        predictions, labels, weights = matched(cast(predictions, boolean), cast(labels, boolean), weights)
        hits, add_hits = true_positives(labels, predictions, weights)
        wrong, add_wrong = false_positives(labels, predictions, weights)
        value = value_of(metrics_collections, _part, hits, wrong, "value")
        return published(value, _part(add_hits, add_wrong, "update_op"), updates_collections)


@export("metrics.recall")
def recall(
    labels: Any, predictions: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the positive labels that are predicted; 0 without any. As `mean`."""
    with variable_scope(name, "recall", (predictions, labels, weights)):
        predictions, labels, weights = matched(cast(predictions, boolean), cast(labels, boolean), weights)
        hits, add_hits = true_positives(labels, predictions, weights)
        missed, add_missed = false_negatives(labels, predictions, weights)
        value = value_of(metrics_collections, _part, hits, missed, "value")
        return published(value, _part(add_hits, add_missed, "update_op"), updates_collections)
