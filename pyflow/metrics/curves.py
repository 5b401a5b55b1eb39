"""What follows from the counts at many thresholds: areas under curves, precision and recall, sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import int32, int64
from pyflow.metrics.counts import counts_at_thresholds
from pyflow.metrics.streaming import published, value_of
from pyflow.ops.arg_extremes import argmax, argmin
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_selection import where
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, logical_and
from pyflow.ops.cumulative import cumsum
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import maximum, minimum, multiply
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log
from pyflow.ops.reduce_functions import reduce_min, reduce_sum
from pyflow.ops.variable_scope import variable_scope

_TINY = 1e-7  # as much as float32 may be off at the ends of [0, 1]
_EPSILON = 1.0e-6


def _spread(count: int) -> list[float]:
    """`count` - 2 thresholds within (0, 1), evenly."""
    return [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]


@export("metrics.auc")
def auc(
    labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200, metrics_collections: Any = None,
    updates_collections: Any = None, curve: str = "ROC", name: str | None = None,
    summation_method: str = "trapezoidal", thresholds: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The area under a curve, by its points at thresholds.

    Args:
      labels: bools, or what can be cast to them.
      predictions: numbers in [0, 1].
      num_thresholds: how many points there are.
      curve: "ROC" (true over false positive rate) or "PR" (precision over recall).
      summation_method: "trapezoidal", "careful_interpolation" (for "PR"), "minoring" or "majoring".
      thresholds: those to use, in [0, 1], besides 0 and 1.

    Returns:
      (value, update), as of `mean`.

    Raises:
      ValueError: no such curve or method.
      InvalidArgumentError: a prediction is not in [0, 1].
    """
    with variable_scope(name, "auc", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        inner = _spread(num_thresholds) if thresholds is None else sorted(thresholds)
        points = [0.0 - _TINY, *inner, 1.0 + _TINY]
        last = len(points) - 1
        values, updates = counts_at_thresholds(labels, predictions, points, weights)

        def area(counts: dict[str, Any], name: str) -> Any:
            tp, fn, tn, fp = (counts[key] for key in ("tp", "fn", "tn", "fp"))
            if curve == "PR" and summation_method == "careful_interpolation":
                return _interpolated_area(tp, fp, fn, last)
            recall = div(tp + _EPSILON, tp + fn + _EPSILON)
            if curve == "ROC":
                x, y = div(fp, fp + tn + _EPSILON), recall
            else:
                x, y = recall, div(tp + _EPSILON, tp + fp + _EPSILON)
            return _area(x, y, last, summation_method, name)

        value = value_of(metrics_collections, area, values, "value")
        return published(value, area(updates, "update_op"), updates_collections)


def _area(x: Any, y: Any, last: int, method: str, name: str) -> Any:
    widths = x[:last] - x[1:]
    if method in ("trapezoidal", "careful_interpolation"):
        heights = (y[:last] + y[1:]) / 2.0
    elif method == "minoring":
        heights = minimum(y[:last], y[1:])
    elif method == "majoring":
        heights = maximum(y[:last], y[1:])
    else:
        raise ValueError(f"Invalid summation_method: {method}")
    return reduce_sum(multiply(widths, heights), name=name)


def _interpolated_area(tp: Any, fp: Any, fn: Any, last: int) -> Any:
    """The area under the curve of precision over recall, between whose points the counts change linearly.

    See J. Davis and M. Goadrich, "The relationship between precision-recall and ROC curves" (2006).
    """
    hits = tp[:last] - tp[1:]
    p = tp + fp
    slope = div_no_nan(hits, maximum(p[:last] - p[1:], 0), name="prec_slope")
    intercept = tp[1:] - multiply(slope, p[1:])
    ratio = where(
        logical_and(p[:last] > 0, p[1:] > 0),
        div_no_nan(p[:last], maximum(p[1:], 0), name="recall_relative_ratio"),
        ones_like(p[1:]),
    )
    increments = div_no_nan(
        slope * (hits + intercept * log(ratio)), maximum(tp[1:] + fn[1:], 0), name="pr_auc_increment"
    )
    return reduce_sum(increments, name="interpolate_pr_auc")


def _part_at_thresholds(
    what: str, other: str, labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any,
    metrics_collections: Any, updates_collections: Any, name: str | None,
) -> tuple[Any, Any]:  # fmt: skip
    with variable_scope(name, f"{what}_at_thresholds", (predictions, labels, weights)):
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, includes=("tp", other))

        def part(counts: dict[str, Any], name: str) -> Any:
            return div(counts["tp"], _TINY + counts["tp"] + counts[other], name=f"{what}_{name}")

        value = value_of(metrics_collections, part, values, "value")
        return published(value, part(updates, "update_op"), updates_collections)


@export("metrics.precision_at_thresholds")
def precision_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the positive predictions that are right, [thresholds]; predictions are in [0, 1]. As `mean`."""
    return _part_at_thresholds(
        "precision", "fp", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@export("metrics.recall_at_thresholds")
def recall_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the positive labels that are predicted, [thresholds]; predictions are in [0, 1]. As `mean`."""
    return _part_at_thresholds(
        "recall", "fn", labels, predictions, thresholds, weights, metrics_collections, updates_collections, name
    )


@export("metrics.sensitivity_at_specificity")
def sensitivity_at_specificity(
    labels: Any, predictions: Any, specificity: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the positive labels that are predicted at the threshold nearest to a specificity in [0, 1]."""
    if not 0 <= specificity <= 1:
        raise ValueError("`specificity` must be in the range [0, 1].")
    with variable_scope(name, "sensitivity_at_specificity", (predictions, labels, weights)):
        points = [0.0 - _TINY, *_spread(num_thresholds), 1.0 + _TINY]
        values, updates = counts_at_thresholds(labels, predictions, points, weights)

        def sensitivity(counts: dict[str, Any], name: str) -> Any:
            tp, fn, tn, fp = (counts[key] for key in ("tp", "fn", "tn", "fp"))
            nearest = cast(argmin(absolute(div(tn, tn + fp + _TINY) - specificity), 0), int32)
            return div(tp[nearest], tp[nearest] + fn[nearest] + _TINY, name)

        value = value_of(metrics_collections, sensitivity, values, "value")
        return published(value, sensitivity(updates, "update_op"), updates_collections)


@export("metrics.specificity_at_sensitivity")
def specificity_at_sensitivity(
    labels: Any, predictions: Any, sensitivity: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the negative labels that are predicted at the last threshold nearest to a sensitivity in [0, 1]."""
    if not 0 <= sensitivity <= 1:
        raise ValueError("`sensitivity` must be in the range [0, 1].")
    with variable_scope(name, "specificity_at_sensitivity", (predictions, labels, weights)):
        points = [0.0 - _TINY, *_spread(num_thresholds), 1.0 - _TINY]
        values, updates = counts_at_thresholds(labels, predictions, points, weights)

        def specificity(counts: dict[str, Any], name: str) -> Any:
            tp, fn, tn, fp = (counts[key] for key in ("tp", "fn", "tn", "fp"))
            sensitivities = div(tp, tp + fn + _TINY)
            least = reduce_min(absolute(sensitivities - sensitivity))
            nearest = cast(equal(absolute(sensitivities - sensitivity), least), int64)
            last = cast(argmax(cumsum(nearest), 0), int32)
            return div(tn[last], tn[last] + fp[last] + _TINY, name)

        value = value_of(metrics_collections, specificity, values, "value")
        return published(value, specificity(updates, "update_op"), updates_collections)
