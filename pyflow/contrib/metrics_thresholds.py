"""tf.contrib.metrics: rates, curves, precision and recall at many thresholds; Cohen's kappa."""

from __future__ import annotations

import collections
from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import add_to_collections, control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.metrics.counts import counts_at_thresholds
from pyflow.metrics.streaming import matched, metric_variable, published
from pyflow.ops.arg_extremes import argmax, argmin
from pyflow.ops.array import reshape, squeeze
from pyflow.ops.array_diagonals import diag_part
from pyflow.ops.array_joining import stack
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal, assert_less_equal
from pyflow.ops.comparison import greater_equal
from pyflow.ops.cond import cond
from pyflow.ops.confusion_matrix import confusion_matrix
from pyflow.ops.control_flow import group
from pyflow.ops.cumulative import cumsum
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import maximum
from pyflow.ops.math_rounding import floor
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.ranges import linspace
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.state import assign_add
from pyflow.ops.variable_scope import variable_scope

assert_type, scatter_add = PUBLIC["assert_type"], PUBLIC["scatter_add"]
_TINY = 1e-7


def _thresholds(count: int) -> list[float]:
    """`count` thresholds over [0, 1], the first and last just outside."""
    return [0.0 - _TINY, *[(i + 1) * 1.0 / (count - 1) for i in range(count - 2)], 1.0 + _TINY]


def _finished(value: Any, update: Any, metrics_collections: Any, updates_collections: Any) -> tuple[Any, Any]:
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    return published(value, update, updates_collections)


def _define_rate(name: str, short: str, wrong: str, right: str) -> None:
    def function(
        predictions: Any, labels: Any, thresholds: Any, weights: Any = None, metrics_collections: Any = None,
        updates_collections: Any = None, name: str | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        with variable_scope(name, scope_name, (predictions, labels, weights)):
            values, updates = counts_at_thresholds(
                labels, predictions, thresholds, weights, includes=(wrong, right), checked=False
            )
            rates = [
                div(counts[wrong], _TINY + counts[wrong] + counts[right], name=f"{short}_{part}")
                for counts, part in ((values, "value"), (updates, "update_op"))
            ]
            return _finished(rates[0], rates[1], metrics_collections, updates_collections)

    scope_name = name
    function.__name__ = function.__qualname__ = f"streaming_{name}"
    function.__doc__ = f"The {name.replace('_', ' ')}, [thresholds], over all batches."
    export(f"contrib.metrics.streaming_{name}")(function)


_define_rate("false_positive_rate_at_thresholds", "fpr", "fp", "tn")
_define_rate("false_negative_rate_at_thresholds", "fnr", "fn", "tp")


@export("contrib.metrics.streaming_curve_points")
def streaming_curve_points(
    labels: Any = None, predictions: Any = None, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Any = None, updates_collections: Any = None, curve: str = "ROC", name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The points of a curve, [thresholds, 2]: "ROC" (true over false positive rate) or "PR" (precision over recall).

    Raises:
      ValueError: there is no such curve.
    """
    with variable_scope(name, "curve_points", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        thresholds, epsilon = _thresholds(num_thresholds), 1.0e-6
        values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, checked=False)
        tp, fn, tn, fp = (values[key] for key in ("tp", "fn", "tn", "fp"))
        recall = div(tp + epsilon, tp + fn + epsilon)
        if curve == "ROC":
            points = [div(fp, fp + tn + epsilon), recall]
        else:
            points = [recall, div(tp + epsilon, tp + fp + epsilon)]
        return _finished(stack(points, axis=1), group(*updates.values()), metrics_collections, updates_collections)


def _at_best(
    part: Callable, labels: Any, predictions: Any, weights: Any, thresholds: list[float], collected: tuple
) -> tuple[Any, Any]:
    """Value and update of a metric computed from the counts "tp", "fp" and "fn" at thresholds."""
    values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, checked=False)
    value, update = (
        part(counts["tp"], counts["fp"], counts["fn"], name)
        for counts, name in ((values, "value"), (updates, "update_op"))
    )
    return _finished(value, update, *collected)


@export("contrib.metrics.recall_at_precision")
def recall_at_precision(
    labels: Any, predictions: Any, precision: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
    strict_mode: bool = False,
) -> tuple[Any, Any]:  # fmt: skip
    """The recall at the threshold where the precision is nearest to the one given.

    Args:
      strict_mode: whether the precision must not be less; 0 if it is everywhere.

    Raises:
      ValueError: the precision is not in [0, 1].
    """
    if not 0 <= precision <= 1:
        raise ValueError("`precision` must be in the range [0, 1].")

    def recall(tp: Any, fp: Any, fn: Any, name: str) -> Any:
        precisions = div(tp, tp + fp + _TINY)
        if not strict_mode:
            i = argmin(absolute(precisions - precision), 0, output_type=dtypes.int32)
            return div(tp[i], tp[i] + fn[i] + _TINY, name)
        i = argmax(div(1.0, precisions - precision + _TINY), 0, output_type=dtypes.int32)
        return cond(precisions[i] >= precision, lambda: div(tp[i], tp[i] + fn[i] + _TINY, name), lambda: 0.0)

    with variable_scope(name, "recall_at_precision", (predictions, labels, weights)):
        collected = (metrics_collections, updates_collections)
        return _at_best(recall, labels, predictions, weights, _thresholds(num_thresholds), collected)


@export("contrib.metrics.precision_at_recall")
def precision_at_recall(
    labels: Any, predictions: Any, target_recall: float, weights: Any = None, num_thresholds: int = 200,
    metrics_collections: Any = None, updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The precision at the last threshold where the recall is at least the one given.

    Raises:
      ValueError: the recall is not in [0, 1].
    """
    if target_recall < 0 or target_recall > 1:
        raise ValueError("`target_recall` must be in the range [0, 1].")

    def precision(tp: Any, fp: Any, fn: Any, name: str) -> Any:
        recalls = div(tp, tp + fn + _TINY)
        i = reduce_sum(cast(greater_equal(recalls, target_recall), dtypes.int64)) - 1
        return div(tp[i] + _TINY, tp[i] + fp[i] + _TINY, name)

    with variable_scope(name, "precision_at_recall", (predictions, labels, weights)):
        collected = (metrics_collections, updates_collections)
        return _at_best(precision, labels, predictions, weights, _thresholds(num_thresholds), collected)


PrecisionRecallData = collections.namedtuple(
    "PrecisionRecallData", ["tp", "fp", "tn", "fn", "precision", "recall", "thresholds"]
)


@export("contrib.metrics.precision_recall_at_equal_thresholds")
def precision_recall_at_equal_thresholds(
    labels: Any, predictions: Any, weights: Any = None, num_thresholds: int | None = None,
    use_locking: bool | None = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Counts, precision and recall at evenly spaced thresholds (201 by default), from a histogram of the predictions.

    Args:
      labels: bools.
      predictions: in [0, 1].

    Returns:
      (`PrecisionRecallData` of tensors [thresholds], update).
    """
    count = 201 if num_thresholds is None else num_thresholds
    weights = 1.0 if weights is None else weights
    locking = True if use_locking is None else use_locking
    assert_type(labels, dtypes.bool)
    with variable_scope(name, "precision_recall_at_equal_thresholds", (labels, predictions, weights)):
        words = "predictions must be in [0, 1]"
        in_range = [
            assert_greater_equal(predictions, cast(0.0, predictions.dtype), message=words),
            assert_less_equal(predictions, cast(1.0, predictions.dtype), message=words),
        ]
        with control_dependencies(in_range):
            predictions, labels, weights = matched(predictions, labels, weights)
        wide = dtypes.float64
        true, weights = cast(labels, wide), cast(weights, wide)
        true_labels, false_labels = true * weights, (1.0 - true) * weights
        predictions = reshape(predictions, [-1])
        true_labels, false_labels = reshape(true_labels, [-1]), reshape(false_labels, [-1])
        buckets = cast(floor(predictions * (count - 1)), dtypes.int32)
        with name_scope("variables"):
            tp_buckets = metric_variable([count], wide, name="tp_buckets")
            fp_buckets = metric_variable([count], wide, name="fp_buckets")
        with name_scope("update_op"):
            add_tp = scatter_add(tp_buckets, buckets, true_labels, use_locking=locking)
            add_fp = scatter_add(fp_buckets, buckets, false_labels, use_locking=locking)
        tp, fp = cumsum(tp_buckets, reverse=True, name="tp"), cumsum(fp_buckets, reverse=True, name="fp")
        tn, fn = fp[0] - fp, tp[0] - tp
        least = convert_to_tensor(_TINY, dtype=wide)
        parts = [tp, fp, tn, fn, tp / maximum(least, tp + fp), tp / maximum(least, tp + fn)]
        parts.append(linspace(0.0, 1.0, count))
        return PrecisionRecallData(*[cast(part, predictions.dtype) for part in parts]), group(add_tp, add_fp)


@export("contrib.metrics.cohen_kappa")
def cohen_kappa(
    labels: Any, predictions_idx: Any, num_classes: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Cohen's kappa: how far labels and predicted classes agree, more than by chance (float64).

    Raises:
      ValueError: there are fewer than two classes.
    """
    if num_classes < 2:
        raise ValueError(f"`num_classes` must be >= 2.Found: {num_classes}")
    with variable_scope(name, "cohen_kappa", (labels, predictions_idx, weights)):
        labels.get_shape().with_rank_at_most(2)
        if labels.get_shape().ndims == 2:
            labels = squeeze(labels, axis=[-1])
        predictions_idx, labels, weights = matched(predictions_idx, labels, weights)
        dtype = dtypes.int64 if weights is None or weights.dtype.is_integer else dtypes.float32
        sums = [metric_variable((num_classes,), dtype, name=part) for part in ("po", "pe_row", "pe_col")]
        table = confusion_matrix(
            labels, predictions_idx, num_classes=num_classes, weights=weights, dtype=dtype, name="counts_in_table"
        )
        terms = [diag_part(table), reduce_sum(table, axis=0), reduce_sum(table, axis=1)]
        updates = [assign_add(variable, term) for variable, term in zip(sums, terms)]
        value, update = _kappa(*sums, name="value"), _kappa(*updates, name="update_op")
        return _finished(value, update, metrics_collections, updates_collections)


def _kappa(agreed: Any, rows: Any, columns: Any, name: str) -> Tensor:
    wide = dtypes.float64
    agreeing, total = cast(reduce_sum(agreed), wide), cast(reduce_sum(rows), wide)
    by_chance = reduce_sum(div_no_nan(cast(rows * columns, wide), total))
    return div_no_nan(agreeing - by_chance, total - by_chance, name=name)
