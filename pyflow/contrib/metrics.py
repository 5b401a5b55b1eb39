"""tf.contrib.metrics: the metrics under their names of that time, with the predictions before the labels; some more.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/metrics
"""

from __future__ import annotations

import inspect
from typing import Any, Callable

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import bool as boolean
from pyflow.core.dtypes import float32, int32
from pyflow.core.scopes import add_to_collections, control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.metrics import classes, counts, curves, means, ranking
from pyflow.metrics.streaming import matched, metric_variable, published, read, value_of
from pyflow.ops import confusion_matrix as confusion
from pyflow.ops import sets
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater, less_equal
from pyflow.ops.division import div, div_no_nan, truediv
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_unary import sqrt
from pyflow.ops.nn_top_k import in_top_k
from pyflow.ops.reduce_functions import reduce_max, reduce_mean, reduce_sum
from pyflow.ops.state import assign_add
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.weights_broadcasting import broadcast_weights

_COLLECTIONS = "metrics_collections=None updates_collections=None"
_USUAL = f"predictions labels weights=None {_COLLECTIONS} name=None"


def _reordered(name: str, metric: Callable, parameters: str, **renamed: str) -> None:
    """Exports a metric under another name, with its parameters in another order, or other names for some."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    specs = [text.partition("=") for text in parameters.split()]
    literals = {"None": None, "200": 200, "ROC": "ROC"}
    signature = inspect.Signature(
        [
            inspect.Parameter(own, kind, default=literals[default] if mark else inspect.Parameter.empty)
            for own, mark, default in specs
        ]
    )

    def function(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        return metric(**{renamed.get(key, key): value for key, value in bound.arguments.items()})

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{metric.__name__}` under its older name."
    function.__signature__ = signature  # type: ignore[attr-defined]
    export(f"contrib.metrics.{name}")(function)


for _name in (
    "accuracy", "true_positives", "false_positives", "true_negatives", "false_negatives", "precision", "recall",
    "mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
):  # fmt: skip
    _reordered(f"streaming_{_name}", getattr(means, _name, None) or getattr(counts, _name), _USUAL)
for _name in ("mean", "mean_tensor"):
    _reordered(f"streaming_{_name}", getattr(means, _name), f"values weights=None {_COLLECTIONS} name=None")
_reordered(
    "streaming_percentage_less", means.percentage_below, f"values threshold weights=None {_COLLECTIONS} name=None"
)
for _function, _argument in (
    (means.mean_cosine_distance, "dim"),
    (means.mean_relative_error, "normalizer"),
    (classes.mean_iou, "num_classes"),
    (curves.precision_at_thresholds, "thresholds"),
    (curves.recall_at_thresholds, "thresholds"),
):
    _reordered(
        f"streaming_{_function.__name__}", _function,
        f"predictions labels {_argument} weights=None {_COLLECTIONS} name=None",
    )  # fmt: skip
_reordered(
    "streaming_auc", curves.auc,
    f"predictions labels weights=None num_thresholds=200 {_COLLECTIONS} curve=ROC name=None",
)  # fmt: skip
for _function, _argument in (
    (curves.sensitivity_at_specificity, "specificity"),
    (curves.specificity_at_sensitivity, "sensitivity"),
):
    _reordered(
        f"streaming_{_function.__name__}", _function,
        f"predictions labels {_argument} weights=None num_thresholds=200 {_COLLECTIONS} name=None",
    )  # fmt: skip
for _what in ("precision", "recall"):
    _reordered(
        f"streaming_sparse_{_what}_at_k", getattr(ranking, f"{_what}_at_k"),
        f"predictions labels k class_id=None weights=None {_COLLECTIONS} name=None",
    )  # fmt: skip
_TOP_K = f"class_id=None weights=None {_COLLECTIONS} name=None"
_reordered(
    "streaming_sparse_precision_at_top_k", ranking.precision_at_top_k, f"top_k_predictions labels {_TOP_K}",
    top_k_predictions="predictions_idx",
)  # fmt: skip
_reordered(
    "sparse_recall_at_top_k", ranking.recall_at_top_k, f"labels top_k_predictions {_TOP_K}",
    top_k_predictions="predictions_idx",
)  # fmt: skip
_reordered(
    "streaming_sparse_average_precision_at_k", ranking.average_precision_at_k,
    f"predictions labels k weights=None {_COLLECTIONS} name=None",
)  # fmt: skip
_reordered(
    "streaming_sparse_average_precision_at_top_k", ranking.average_precision_at_top_k,
    f"top_k_predictions labels weights=None {_COLLECTIONS} name=None", top_k_predictions="predictions_idx",
)  # fmt: skip
for _name in ("set_difference", "set_intersection", "set_size", "set_union"):
    export(f"contrib.metrics.{_name}")(getattr(sets, _name))


def _define_counts(key: str, name: str) -> None:
    def function(predictions: Any, labels: Any, thresholds: Any, weights: Any = None) -> tuple[Any, Any]:
        values, updates = counts.counts_at_thresholds(labels, predictions, thresholds, weights, includes=(key,))
        return values[key], updates[key]

    function.__name__ = function.__qualname__ = f"streaming_{name}_at_thresholds"
    function.__doc__ = f"The variable with the {name.replace('_', ' ')} at each threshold, and what adds a batch."
    export(f"contrib.metrics.streaming_{name}_at_thresholds")(function)


for _key, _name in (
    ("tp", "true_positives"), ("fp", "false_positives"), ("tn", "true_negatives"), ("fn", "false_negatives"),
):  # fmt: skip
    _define_counts(_key, _name)


def _define_rate(name: str, wrong: Callable, right: Callable) -> None:
    def rate(wrongs: Any, rights: Any, name: str) -> Any:
        return where(greater(wrongs + rights, 0), div(wrongs, wrongs + rights), 0, name)

    def function(
        predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
        updates_collections: Any = None, name: str | None = None,
    ) -> tuple[Any, Any]:  # fmt: skip
        with variable_scope(name, scope_name, (predictions, labels, weights)):
            predictions, labels, weights = matched(cast(predictions, boolean), cast(labels, boolean), weights)
            wrongs, add_wrongs = wrong(labels, predictions, weights)
            rights, add_rights = right(labels, predictions, weights)
            value, update = rate(wrongs, rights, "value"), rate(add_wrongs, add_rights, "update_op")
            if metrics_collections:
                add_to_collections(metrics_collections, value)
            return published(value, update, updates_collections)

    scope_name = name
    function.__name__ = function.__qualname__ = f"streaming_{name}"
    function.__doc__ = f"The {name.replace('_', ' ')} over all batches."
    export(f"contrib.metrics.streaming_{name}")(function)


_define_rate("false_positive_rate", counts.false_positives, counts.true_negatives)
_define_rate("false_negative_rate", counts.false_negatives, counts.true_positives)


@export("contrib.metrics.streaming_recall_at_k")
def streaming_recall_at_k(
    predictions: Any, labels: Any, k: int, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The part of the examples whose one label is among the k classes with the highest predictions."""
    hits = cast(in_top_k(predictions, labels, k), float32)
    return means.mean(hits, weights, metrics_collections, updates_collections, name or f"recall_at_{k}")


@export("contrib.metrics.streaming_covariance")
def streaming_covariance(
    predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The unbiased covariance of predictions and labels over all batches; NaN before the second element.

    See T. Chan, G. Golub and R. LeVeque, "Algorithms for computing the sample variance" (1983).
    """
    with variable_scope(name, "covariance", (predictions, labels, weights)):
        predictions, labels, weights = matched(predictions, labels, weights)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total, mean_prediction, mean_label, comoment = (
            metric_variable([], float32, name=name) for name in ("count", "mean_prediction", "mean_label", "comoment")
        )
        if weights is None:
            batch_count = cast(size(labels), float32)
            weighted = predictions, labels
        else:
            weights = broadcast_weights(weights, labels)
            batch_count = reduce_sum(weights)
            weighted = multiply(predictions, weights), multiply(labels, weights)
        new_count = assign_add(total, batch_count)
        batch_means, previous_means = [], []
        for values, mean in zip(weighted, (mean_prediction, mean_label)):
            batch_mean = div_no_nan(reduce_sum(values), batch_count)
            change = div_no_nan((batch_mean - mean) * batch_count, new_count)
            batch_means.append(batch_mean)
            previous_means.append(assign_add(mean, change) - change)
        residuals = (predictions - batch_means[0]) * (labels - batch_means[1])
        batch_comoment = reduce_sum(residuals if weights is None else residuals * weights)
        between = (previous_means[0] - batch_means[0]) * (previous_means[1] - batch_means[1])
        add = assign_add(
            comoment, batch_comoment + between * ((new_count - batch_count) * batch_count / new_count)
        )

        def covariance(name: str) -> Tensor:
            return where(less_equal(total, 1.0), float("nan"), truediv(comoment, total - 1), name=name)

        value = covariance("covariance")
        with control_dependencies([add]):
            update = covariance("update_op")
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    return published(value, update, updates_collections)


@export("contrib.metrics.streaming_pearson_correlation")
def streaming_pearson_correlation(
    predictions: Any, labels: Any, weights: Any = None, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Pearson's correlation of predictions and labels over all batches."""
    with variable_scope(name, "pearson_r", (predictions, labels, weights)):
        predictions, labels, weights = matched(predictions, labels, weights)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        if weights is not None:
            weights = broadcast_weights(weights, labels)
        both = streaming_covariance(predictions, labels, weights, name="covariance")
        first = streaming_covariance(predictions, predictions, weights, name="variance_predictions")
        second = streaming_covariance(labels, labels, weights, name="variance_labels")
        value, update = (
            truediv(both[i], multiply(sqrt(first[i]), sqrt(second[i])), name=name)
            for i, name in enumerate(("pearson_r", "update_op"))
        )
    if metrics_collections:
        add_to_collections(metrics_collections, value)
    return published(value, update, updates_collections)


@export("contrib.metrics.count")
def count(
    values: Any, weights: Any = None, metrics_collections: Any = None, updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The number, or total weight, of all values seen."""
    with variable_scope(name, "count", (values, weights)):
        total = metric_variable([], float32, name="count")
        if weights is None:
            number = cast(size(values), float32)
        else:
            values, _, weights = matched(cast(values, float32), None, weights)
            number = reduce_sum(broadcast_weights(cast(weights, float32), values))
        with control_dependencies([values]):
            update = assign_add(total, number)
        return published(value_of(metrics_collections, read, total), update, updates_collections)


@export("contrib.metrics.accuracy")
def accuracy(predictions: Any, labels: Any, weights: Any = None, name: str | None = None) -> Tensor:
    """The part of the predictions of this batch that equal their labels.

    Raises:
      ValueError: the dtypes are neither bools, ints nor strings, or differ.
    """
    if not (labels.dtype.is_integer or labels.dtype.name in ("bool", "string")):
        raise ValueError(f"Labels should have bool, integer, or string dtype, not {labels.dtype!r}")
    if not labels.dtype.is_compatible_with(predictions.dtype):
        raise ValueError(
            "Dtypes of predictions and labels should match. Given: predictions "
            f"({predictions.dtype!r}) and labels ({labels.dtype!r})"
        )
    with name_scope(name, "accuracy", values=[predictions, labels]):
        hits = cast(equal(predictions, labels), float32)
        if weights is None:
            return reduce_mean(hits)
        hits = multiply(hits, weights)
        return div(reduce_sum(hits), reduce_sum(multiply(weights, ones_like(hits))))


@export("contrib.metrics.f1_score")
def f1_score(
    labels: Any, predictions: Any, weights: Any = None, num_thresholds: int = 200, metrics_collections: Any = None,
    updates_collections: Any = None, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """The best harmonic mean of precision and recall at any threshold; predictions are in [0, 1]."""
    with variable_scope(name, "f1", (labels, predictions, weights)):
        predictions, labels, weights = matched(predictions, labels, weights)
        tiny = 1e-7
        inner = [(i + 1) * 1.0 / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        values, updates = counts.counts_at_thresholds(
            labels, predictions, [0.0 - tiny, *inner, 1.0 + tiny], weights, includes=("tp", "fp", "fn")
        )

        def best(of: dict[str, Any], name: str) -> Tensor:
            precision = div(of["tp"], tiny + of["tp"] + of["fp"], name=f"precision_{name}")
            recall = div(of["tp"], tiny + of["tp"] + of["fn"], name=f"recall_{name}")
            return reduce_max(2.0 * precision * recall / (precision + recall + tiny))

        value = value_of(metrics_collections, best, values, "value")
        return published(value, best(updates, "update"), updates_collections)


@export("contrib.metrics.confusion_matrix")
def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, dtype: Any = int32, name: str | None = None,
    weights: Any = None,
) -> Tensor:  # fmt: skip
    """`tf.confusion_matrix`, with its arguments in another order."""
    return confusion.confusion_matrix(
        convert_to_tensor(labels), convert_to_tensor(predictions), num_classes, dtype=dtype, name=name, weights=weights
    )


@export("contrib.metrics.aggregate_metrics")
def aggregate_metrics(*value_update_tuples: tuple[Any, Any]) -> tuple[list, list]:
    """The values and the updates of metrics, each as a list."""
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples)
    return list(values), list(updates)


@export("contrib.metrics.aggregate_metric_map")
def aggregate_metric_map(names_to_tuples: dict[str, tuple[Any, Any]]) -> tuple[dict, dict]:
    """The values and the updates of metrics by their names."""
    values, updates = zip(*names_to_tuples.values())
    return dict(zip(names_to_tuples, values)), dict(zip(names_to_tuples, updates))
