"""Metrics of heads whose weights are broadcast to what is weighted."""

from __future__ import annotations

from typing import Any

from pyflow.core.scopes import name_scope
from pyflow.metrics.curves import auc, precision_at_thresholds, recall_at_thresholds
from pyflow.metrics.means import accuracy, mean
from pyflow.ops.array import squeeze
from pyflow.ops.cast import to_float
from pyflow.ops.comparison import greater_equal
from pyflow.ops.math_binary import maximum
from pyflow.ops.weights_broadcasting import broadcast_weights


def _broadcast(weights: Any, values: Any) -> Any:
    return None if weights is None else broadcast_weights(weights, values)


def indicator_labels_mean(labels: Any, weights: Any = None, name: str | None = None) -> Any:
    """The mean of labels 0 and 1."""
    with name_scope(name, "labels_mean", (labels, weights)) as scope:
        labels = to_float(labels, name="labels")
        return mean(labels, weights=_broadcast(weights, labels), name=scope)


def predictions_mean(predictions: Any, weights: Any = None, name: str | None = None) -> Any:
    """The mean of predictions."""
    with name_scope(name, "predictions_mean", (predictions, weights)) as scope:
        predictions = to_float(predictions, name="predictions")
        return mean(predictions, weights=_broadcast(weights, predictions), name=scope)


def accuracy_baseline(labels_mean: Any) -> Any:
    """The accuracy of always the same answer, from the mean of the labels."""
    with name_scope(None, "accuracy_baseline", labels_mean):
        value, update_op = labels_mean
        return (
            maximum(value, 1.0 - value, name="value"),
            maximum(update_op, 1 - update_op, name="update_op"),
        )


def area(labels: Any, predictions: Any, weights: Any = None, curve: str = "ROC", name: str | None = None) -> Any:
    """The area under a curve."""
    with name_scope(name, "auc", (predictions, labels, weights)) as scope:
        predictions = to_float(predictions, name="predictions")
        return auc(
            labels=labels,
            predictions=predictions,
            weights=_broadcast(weights, predictions),
            curve=curve,
            name=scope,
        )


def accuracy_at(labels: Any, predictions: Any, weights: Any, threshold: float, name: str | None = None) -> Any:
    """The accuracy if predictions from `threshold` on are a yes."""
    with name_scope(name, f"accuracy_at_{threshold}", (predictions, labels, weights, threshold)) as scope:
        yes = to_float(greater_equal(predictions, threshold))
        return accuracy(labels=labels, predictions=yes, weights=weights, name=scope)


def _at(metric: Any, what: str, labels: Any, predictions: Any, weights: Any, threshold: float, name: str | None) -> Any:
    with name_scope(name, f"{what}_at_{threshold}", (predictions, labels, weights, threshold)) as scope:
        value, update_op = metric(
            labels=labels, predictions=predictions, thresholds=(threshold,), weights=weights, name=scope
        )
        return squeeze(value), squeeze(update_op)


def precision_at(labels: Any, predictions: Any, weights: Any, threshold: float, name: str | None = None) -> Any:
    """The precision if predictions from `threshold` on are a yes."""
    return _at(precision_at_thresholds, "precision", labels, predictions, weights, threshold, name)


def recall_at(labels: Any, predictions: Any, weights: Any, threshold: float, name: str | None = None) -> Any:
    """The recall if predictions from `threshold` on are a yes."""
    return _at(recall_at_thresholds, "recall", labels, predictions, weights, threshold, name)
