"""Heads of tf.contrib.estimator, for models of one's own.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/estimator/multi_label_head
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.estimator import early_stopping, evaluator_hooks, extenders, input_receivers, model_fn
from pyflow.estimator.class_heads import (
    _binary_logistic_head_with_sigmoid_cross_entropy_loss,
    _multi_class_head_with_softmax_cross_entropy_loss,
)
from pyflow.estimator.export_outputs import PredictOutput
from pyflow.estimator.head import LossSpec, _Head, _LossHead, classification_output
from pyflow.estimator.head_checks import (
    call_loss_fn,
    check_dense_labels_match_logits_and_reshape,
    check_label_range,
    check_logits_final_dim,
    get_weights_and_check_match_logits,
    validate_loss_fn_args,
    validate_loss_reduction,
)
from pyflow.estimator.head_keys import (
    CLASSIFY_SERVING_KEY,
    DEFAULT_SERVING_KEY,
    PREDICT_SERVING_KEY,
    MetricKeys,
    PredictionKeys,
    summary_key,
)
from pyflow.estimator.head_metrics import accuracy_at, area, precision_at, predictions_mean, recall_at
from pyflow.estimator.regression_heads import _regression_head
from pyflow.losses.cross_entropies import sigmoid_cross_entropy
from pyflow.losses.weighted_loss import Reduction, compute_weighted_loss
from pyflow.metrics.curves import auc
from pyflow.metrics.means import mean
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import rank
from pyflow.ops.array_slicing import slice_ as slice_of
from pyflow.ops.cast import to_int64
from pyflow.ops.checks import assert_integer, assert_less, assert_non_negative
from pyflow.ops.lookup_vocabulary import index_table_from_tensor
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.math_unary import exp
from pyflow.ops.nn_losses import log_poisson_loss, sigmoid_cross_entropy_with_logits
from pyflow.ops.reduce_functions import reduce_mean
from pyflow.ops.sparse_to_dense import sparse_to_indicator

__all__ = ["early_stopping", "evaluator_hooks", "extenders"]

export("contrib.estimator.call_logit_fn")(model_fn.call_logit_fn)
for _name in ("build_raw_supervised_input_receiver_fn", "build_supervised_input_receiver_fn_from_input_fn"):
    export(f"contrib.estimator.{_name}")(getattr(input_receivers, _name))


@export("contrib.estimator.multi_class_head")
def multi_class_head(
    n_classes: Any,
    weight_column: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    """A head for one of `n_classes` classes, trained by softmax cross entropy.

    Args:
      n_classes: how many classes, 3 at least.
      weight_column: a key of the features, or a numeric column, of the examples' weights.
      label_vocabulary: the names of the classes, if labels are strings.
      loss_reduction: how the loss of a batch is made of those of its examples.
      loss_fn: a function of `labels`, `logits` and perhaps `features` that gives the losses, [batch, 1].
      name: the head's name, part of the names of metrics.

    Raises:
      ValueError: one of these cannot be.
    """
    return _multi_class_head_with_softmax_cross_entropy_loss(
        n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name
    )


@export("contrib.estimator.binary_classification_head")
def binary_classification_head(
    weight_column: Any = None,
    thresholds: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    """A head for yes or no, trained by sigmoid cross entropy; with metrics at each of the `thresholds`."""
    return _binary_logistic_head_with_sigmoid_cross_entropy_loss(
        weight_column, thresholds, label_vocabulary, loss_reduction, loss_fn, name
    )


@export("contrib.estimator.regression_head")
def regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Callable | None = None,
    inverse_link_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    """A head for `label_dimension` numbers, by default trained by squared errors.

    Args:
      inverse_link_fn: makes the predictions of the logits.
      others: as those of `multi_class_head`.
    """
    return _regression_head(weight_column, label_dimension, loss_reduction, loss_fn, inverse_link_fn, name)


@export("contrib.estimator.poisson_regression_head")
def poisson_regression_head(
    weight_column: Any = None,
    label_dimension: int = 1,
    loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
    compute_full_loss: bool = True,
    name: str | None = None,
) -> _Head:
    """A head for counts, whose logarithms the logits are.

    Args:
      compute_full_loss: whether the loss has Stirling's approximation of the last term.
      others: as those of `regression_head`.
    """

    def _poisson_loss(labels: Any, logits: Any) -> Any:
        return log_poisson_loss(targets=labels, log_input=logits, compute_full_loss=compute_full_loss)

    return _regression_head(weight_column, label_dimension, loss_reduction, _poisson_loss, exp, name)


@export("contrib.estimator.logistic_regression_head")
def logistic_regression_head(
    weight_column: Any = None, loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE, name: str | None = None
) -> _Head:
    """A head for a probability. Arguments as those of `regression_head`."""

    def _logistic_loss(labels: Any, logits: Any) -> Any:
        labels = check_label_range(labels, n_classes=2, message="Labels must be in range [0, 1]")
        return sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)

    return _regression_head(weight_column, 1, loss_reduction, _logistic_loss, sigmoid, name)


@export("contrib.estimator.multi_label_head")
def multi_label_head(
    n_classes: int,
    weight_column: Any = None,
    thresholds: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Callable | None = None,
    classes_for_class_based_metrics: Any = None,
    name: str | None = None,
) -> _Head:
    """A head for any number of `n_classes` classes at once, trained by sigmoid cross entropy.

    Labels are 0 and 1 for each class, or a sparse tensor of ids or names.

    Args:
      classes_for_class_based_metrics: the classes, by id or name, that have metrics of their own.
      others: as those of `binary_classification_head`.

    Raises:
      ValueError: one of these cannot be.
    """
    thresholds = tuple(thresholds) if thresholds else ()
    if n_classes is None or n_classes < 2:
        raise ValueError(f"n_classes must be > 1 for multi-class classification. Given: {n_classes}")
    for threshold in thresholds:
        if threshold <= 0.0 or threshold >= 1.0:
            raise ValueError(f"thresholds must be in (0, 1) range. Given: {threshold}")
    if label_vocabulary is not None:
        if not isinstance(label_vocabulary, (list, tuple)):
            raise ValueError(f"label_vocabulary must be a list or tuple. Given type: {type(label_vocabulary)}")
        if len(label_vocabulary) != n_classes:
            raise ValueError(
                f"Length of label_vocabulary must be n_classes ({n_classes}). Given: {len(label_vocabulary)}"
            )
    if loss_fn:
        validate_loss_fn_args(loss_fn)
    validate_loss_reduction(loss_reduction)
    measured: tuple[Any, ...] = tuple(classes_for_class_based_metrics or ())
    if measured and isinstance(measured[0], str):
        if not label_vocabulary:
            raise ValueError("label_vocabulary must be provided when classes_for_class_based_metrics are sting.")
        measured = tuple(label_vocabulary.index(each) for each in measured)
    for class_id in measured:
        if class_id < 0 or class_id >= n_classes:
            raise ValueError(
                f"All classes_for_class_based_metrics must be in range [0, {n_classes - 1}]. Given: {class_id}"
            )
    return _MultiLabelHead(
        n_classes, weight_column, thresholds, label_vocabulary, loss_reduction, loss_fn, measured, name
    )


class _MultiLabelHead(_LossHead):
    """Any number of classes; see `multi_label_head`."""

    def __init__(
        self,
        n_classes: int,
        weight_column: Any = None,
        thresholds: Any = (),
        label_vocabulary: Any = None,
        loss_reduction: Any = Reduction.SUM_OVER_BATCH_SIZE,
        loss_fn: Callable | None = None,
        classes_for_class_based_metrics: Any = (),
        name: str | None = None,
    ):
        self._n_classes = n_classes
        self._weight_column = weight_column
        self._thresholds = thresholds
        self._label_vocabulary = label_vocabulary
        self._loss_reduction = loss_reduction
        self._loss_fn = loss_fn
        self._classes_for_class_based_metrics = classes_for_class_based_metrics
        self._name = name

    logits_dimension = property(lambda self: self._n_classes)

    def _process_labels(self, labels: Any) -> Any:
        """Labels as 0 and 1 for each class."""
        if labels is None:
            raise ValueError(
                "You must provide a labels Tensor. Given: None. Suggested troubleshooting steps: Check that your data "
                "contain your label feature. Check that your input_fn properly parses and returns labels."
            )
        if not isinstance(labels, SparseTensor):
            message = "labels must be an integer indicator Tensor with values in [0, 1]"
            return check_label_range(labels, 2, message=message)
        if labels.dtype == dtypes.string:
            vocabulary = tuple(self._label_vocabulary)
            ids = index_table_from_tensor(vocabulary_list=vocabulary, name="class_id_lookup").lookup(labels.values)
            labels = SparseTensor(indices=labels.indices, values=ids, dense_shape=labels.dense_shape)
            return to_int64(sparse_to_indicator(labels, self._n_classes))
        message = f"labels must be an integer SparseTensor with values in [0, {self._n_classes})"
        checks = [
            assert_integer(labels.values, message=message),
            assert_less(labels.values, convert_to_tensor(self._n_classes, dtype=labels.dtype), message=message),
            assert_non_negative(labels.values, message=message),
        ]
        with control_dependencies(checks):
            return to_int64(sparse_to_indicator(labels, self._n_classes))

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        logits = convert_to_tensor(logits)
        labels = check_dense_labels_match_logits_and_reshape(
            self._process_labels(labels), logits, expected_labels_dimension=self.logits_dimension
        )
        if self._loss_fn:
            loss = call_loss_fn(self._loss_fn, labels=labels, logits=logits, features=features, expected_loss_dim=1)
        else:
            loss = sigmoid_cross_entropy(multi_class_labels=labels, logits=logits, reduction=Reduction.NONE)
            loss = reduce_mean(loss, axis=-1, keepdims=True)
        weights = get_weights_and_check_match_logits(
            features=features, weight_column=self._weight_column, logits=logits
        )
        total = compute_weighted_loss(loss, weights=weights, reduction=self._loss_reduction)
        return LossSpec(total, loss, weights, labels)

    def _predict(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        logits = check_logits_final_dim(logits, self.logits_dimension)
        with name_scope(None, "predictions", (logits,)):
            probabilities = sigmoid(logits, name=PredictionKeys.PROBABILITIES)
        return logits, {PredictionKeys.LOGITS: logits, PredictionKeys.PROBABILITIES: probabilities}

    def _export_outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        scores = predictions[PredictionKeys.PROBABILITIES]
        output = classification_output(scores, self._n_classes, self._label_vocabulary)
        return {
            DEFAULT_SERVING_KEY: output,
            CLASSIFY_SERVING_KEY: output,
            PREDICT_SERVING_KEY: PredictOutput(predictions),
        }

    def _measured(self, predictions: dict[str, Any], logits: Any, labels: Any, loss: Any) -> dict[str, Any]:
        return {"labels": loss.processed_labels, "probabilities": predictions[PredictionKeys.PROBABILITIES]}

    def _eval_metric_ops(  # type: ignore[override]
        self, labels: Any, probabilities: Any, weights: Any, unreduced_loss: Any, regularization_loss: Any
    ) -> dict[str, Any]:
        keys = MetricKeys
        given: dict[str, Any] = {"labels": labels, "predictions": probabilities, "weights": weights}
        with name_scope(None, "metrics", [labels, probabilities, weights, unreduced_loss, regularization_loss]):
            metrics = {
                keys.LOSS_MEAN: mean(values=unreduced_loss, weights=weights, name=keys.LOSS_MEAN),
                keys.AUC: auc(name=keys.AUC, **given),
                keys.AUC_PR: auc(curve="PR", name=keys.AUC_PR, **given),
            }
            if regularization_loss is not None:
                metrics[keys.LOSS_REGULARIZATION] = mean(values=regularization_loss, name=keys.LOSS_REGULARIZATION)
            for threshold in self._thresholds:
                for pattern, metric in (
                    (keys.ACCURACY_AT_THRESHOLD, accuracy_at),
                    (keys.PRECISION_AT_THRESHOLD, precision_at),
                    (keys.RECALL_AT_THRESHOLD, recall_at),
                ):
                    name = pattern % threshold
                    metrics[name] = metric(threshold=threshold, name=name, **given)
            for class_id in self._classes_for_class_based_metrics:
                metrics.update(self._metrics_of_class(class_id, labels, probabilities, weights))
        return {summary_key(self._name, name): metric for name, metric in metrics.items()}

    def _metrics_of_class(self, class_id: int, labels: Any, probabilities: Any, weights: Any) -> dict[str, Any]:
        keys = MetricKeys
        before = rank(probabilities) - 1
        begin = concat([zeros([before], dtype=dtypes.int32), [class_id]], axis=0)
        size = concat([-1 * ones([before], dtype=dtypes.int32), [1]], axis=0)
        own: dict[str, Any] = {"predictions": slice_of(probabilities, begin=begin, size=size)}
        own_labels = slice_of(labels, begin=begin, size=size)
        if self._label_vocabulary is None:
            names = keys.PROBABILITY_MEAN_AT_CLASS, keys.AUC_AT_CLASS, keys.AUC_PR_AT_CLASS
            mean_key, auc_key, auc_pr_key = (name % class_id for name in names)
        else:
            names = keys.PROBABILITY_MEAN_AT_NAME, keys.AUC_AT_NAME, keys.AUC_PR_AT_NAME
            mean_key, auc_key, auc_pr_key = (name % self._label_vocabulary[class_id] for name in names)
        return {
            mean_key: predictions_mean(weights=weights, name=mean_key, **own),
            auc_key: area(labels=own_labels, weights=weights, name=auc_key, **own),
            auc_pr_key: area(labels=own_labels, weights=weights, curve="PR", name=auc_pr_key, **own),
        }
