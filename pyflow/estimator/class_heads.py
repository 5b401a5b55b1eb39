"""Heads for classification: one of several classes, or yes and no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.estimator.export_outputs import PredictOutput, RegressionOutput
from pyflow.estimator.head import LossSpec, _Head, _LossHead, all_class_ids, all_classes, classification_output
from pyflow.estimator.head_checks import (
    call_loss_fn,
    check_dense_labels_match_logits_and_reshape,
    check_label_range,
    check_logits_final_dim,
    get_weights_and_check_match_logits,
    validate_loss_fn_args,
    validate_loss_reduction,
    validate_n_classes,
)
from pyflow.estimator.head_keys import (
    CLASSIFY_SERVING_KEY,
    DEFAULT_SERVING_KEY,
    PREDICT_SERVING_KEY,
    REGRESS_SERVING_KEY,
    MetricKeys,
    PredictionKeys,
    summary_key,
)
from pyflow.estimator.head_metrics import (
    accuracy_at,
    accuracy_baseline,
    area,
    indicator_labels_mean,
    precision_at,
    predictions_mean,
    recall_at,
)
from pyflow.losses.cross_entropies import sparse_softmax_cross_entropy
from pyflow.losses.weighted_loss import Reduction, compute_weighted_loss
from pyflow.metrics.counts import precision, recall
from pyflow.metrics.means import accuracy, mean
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.cast import to_float
from pyflow.ops.lookup_vocabulary import index_table_from_tensor, index_to_string_table_from_tensor
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.string_formatting import as_string


class _ClassHead(_LossHead):
    """What both heads share."""

    def __init__(
        self, weight_column: Any, label_vocabulary: Any, loss_reduction: Any, loss_fn: Callable | None, name: str | None
    ):
        self._weight_column = weight_column
        self._label_vocabulary = label_vocabulary
        self._loss_reduction = loss_reduction
        self._loss_fn = loss_fn
        self._name = name

    def _looked_up(self, labels: Any) -> Any:
        vocabulary = tuple(self._label_vocabulary)
        return index_table_from_tensor(vocabulary_list=vocabulary, name="class_id_lookup").lookup(labels)

    def _names(self, class_ids: Any) -> Any:
        if not self._label_vocabulary:
            return as_string(class_ids, name="str_classes")
        table = index_to_string_table_from_tensor(vocabulary_list=self._label_vocabulary, name="class_string_lookup")
        return table.lookup(class_ids)

    def _loss_spec(self, unweighted: Any, logits: Any, features: Any, labels: Any) -> LossSpec:
        weights = get_weights_and_check_match_logits(
            features=features, weight_column=self._weight_column, logits=logits
        )
        loss = compute_weighted_loss(unweighted, weights=weights, reduction=self._loss_reduction)
        return LossSpec(loss, unweighted, weights, labels)

    def _key(self, key: str) -> str:
        return summary_key(self._name, key)


class _MultiClassHeadWithSoftmaxCrossEntropyLoss(_ClassHead):
    """One of `n_classes` classes; see `multi_class_head`."""

    def __init__(
        self,
        n_classes: Any,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        loss_reduction: Any = Reduction.SUM,
        loss_fn: Callable | None = None,
        name: str | None = None,
    ):
        if n_classes is None:
            raise ValueError("n_classes cannot be None")
        self._n_classes = validate_n_classes(n_classes)
        super().__init__(weight_column, label_vocabulary, loss_reduction, loss_fn, name)

    logits_dimension = property(lambda self: self._n_classes)

    def _label_ids(self, labels: Any) -> Any:
        if self._label_vocabulary is None:
            if not labels.dtype.is_integer:
                raise ValueError(f"Labels dtype should be integer. Instead got {labels.dtype}.")
        else:
            if labels.dtype != dtypes.string:
                raise ValueError(f"Labels dtype should be string if there is a vocabulary. Instead got {labels.dtype}")
            labels = self._looked_up(labels)
        return check_label_range(labels, self._n_classes)

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        logits = convert_to_tensor(logits)
        labels = check_dense_labels_match_logits_and_reshape(labels, logits, expected_labels_dimension=1)
        ids = self._label_ids(labels)
        if self._loss_fn:
            loss = call_loss_fn(self._loss_fn, labels=ids, logits=logits, features=features, expected_loss_dim=1)
        else:
            loss = sparse_softmax_cross_entropy(labels=ids, logits=logits, reduction=Reduction.NONE)
            loss = expand_dims(loss, axis=-1)
        return self._loss_spec(loss, logits, features, ids)

    def _predict(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        logits = check_logits_final_dim(logits, self.logits_dimension)
        keys = PredictionKeys
        with name_scope(None, "predictions", (logits,)):
            ids = all_class_ids(logits, self._n_classes)
            names = all_classes(logits, self._n_classes, label_vocabulary=self._label_vocabulary)
            class_ids = expand_dims(argmax(logits, axis=-1, name=keys.CLASS_IDS), axis=-1)
            classes = self._names(class_ids)
            return logits, {
                keys.LOGITS: logits,
                keys.PROBABILITIES: softmax(logits, name=keys.PROBABILITIES),
                keys.CLASS_IDS: class_ids,
                keys.CLASSES: classes,
                keys.ALL_CLASS_IDS: ids,
                keys.ALL_CLASSES: names,
            }

    def _export_outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        scores = predictions[PredictionKeys.PROBABILITIES]
        output = classification_output(scores, self._n_classes, self._label_vocabulary)
        return {
            DEFAULT_SERVING_KEY: output,
            CLASSIFY_SERVING_KEY: output,
            PREDICT_SERVING_KEY: PredictOutput(predictions),
        }

    def _measured(self, predictions: dict[str, Any], logits: Any, labels: Any, loss: Any) -> dict[str, Any]:
        return {"labels": loss.processed_labels, "class_ids": predictions[PredictionKeys.CLASS_IDS]}

    def _eval_metric_ops(  # type: ignore[override]
        self, labels: Any, class_ids: Any, weights: Any, unreduced_loss: Any, regularization_loss: Any
    ) -> dict[str, Any]:
        keys = MetricKeys
        with name_scope(None, "metrics", (labels, class_ids, weights, unreduced_loss, regularization_loss)):
            metrics = {
                self._key(keys.LOSS_MEAN): mean(values=unreduced_loss, weights=weights, name=keys.LOSS_MEAN),
                self._key(keys.ACCURACY): accuracy(
                    labels=labels, predictions=class_ids, weights=weights, name=keys.ACCURACY
                ),
            }
            if regularization_loss is not None:
                metrics[self._key(keys.LOSS_REGULARIZATION)] = mean(
                    values=regularization_loss, name=keys.LOSS_REGULARIZATION
                )
        return metrics


class _BinaryLogisticHeadWithSigmoidCrossEntropyLoss(_ClassHead):
    """Yes or no; see `binary_classification_head`."""

    def __init__(
        self,
        weight_column: Any = None,
        thresholds: Any = None,
        label_vocabulary: Any = None,
        loss_reduction: Any = Reduction.SUM,
        loss_fn: Callable | None = None,
        name: str | None = None,
    ):
        self._thresholds = tuple(thresholds) if thresholds else ()
        super().__init__(weight_column, label_vocabulary, loss_reduction, loss_fn, name)

    logits_dimension = property(lambda self: 1)

    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> LossSpec:
        logits = convert_to_tensor(logits)
        labels = check_dense_labels_match_logits_and_reshape(labels, logits, expected_labels_dimension=1)
        if self._label_vocabulary is not None:
            labels = self._looked_up(labels)
        labels = check_label_range(to_float(labels), n_classes=2)
        if self._loss_fn:
            loss = call_loss_fn(self._loss_fn, labels=labels, logits=logits, features=features, expected_loss_dim=1)
        else:
            loss = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
        return self._loss_spec(loss, logits, features, labels)

    def _predict(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        keys = PredictionKeys
        with name_scope(None, "predictions", (logits,)):
            logits = check_logits_final_dim(logits, self.logits_dimension)
            logistic = sigmoid(logits, name=keys.LOGISTIC)
            both = concat((zeros_like(logits), logits), axis=-1, name="two_class_logits")
            probabilities = softmax(both, name=keys.PROBABILITIES)
            class_ids = expand_dims(argmax(both, axis=-1, name=keys.CLASS_IDS), axis=-1)
            ids = all_class_ids(logits, n_classes=2)
            names = all_classes(logits, n_classes=2, label_vocabulary=self._label_vocabulary)
            return logits, {
                keys.LOGITS: logits,
                keys.LOGISTIC: logistic,
                keys.PROBABILITIES: probabilities,
                keys.CLASS_IDS: class_ids,
                keys.CLASSES: self._names(class_ids),
                keys.ALL_CLASS_IDS: ids,
                keys.ALL_CLASSES: names,
            }

    def _export_outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        output = classification_output(predictions[PredictionKeys.PROBABILITIES], 2, self._label_vocabulary)
        return {
            DEFAULT_SERVING_KEY: output,
            CLASSIFY_SERVING_KEY: output,
            REGRESS_SERVING_KEY: RegressionOutput(value=predictions[PredictionKeys.LOGISTIC]),
            PREDICT_SERVING_KEY: PredictOutput(predictions),
        }

    def _measured(self, predictions: dict[str, Any], logits: Any, labels: Any, loss: Any) -> dict[str, Any]:
        return {
            "labels": loss.processed_labels,
            "logits": logits,
            "logistic": predictions[PredictionKeys.LOGISTIC],
            "class_ids": predictions[PredictionKeys.CLASS_IDS],
        }

    def _eval_metric_ops(  # type: ignore[override]
        self,
        labels: Any,
        logits: Any,
        logistic: Any,
        class_ids: Any,
        weights: Any,
        unreduced_loss: Any,
        regularization_loss: Any,
    ) -> dict[str, Any]:
        keys = MetricKeys
        values = (labels, logits, logistic, class_ids, weights, unreduced_loss, regularization_loss)
        with name_scope(None, "metrics", values):
            label_mean = indicator_labels_mean(labels=labels, weights=weights, name=keys.LABEL_MEAN)
            of_classes: dict[str, Any] = {"labels": labels, "predictions": class_ids, "weights": weights}
            of_logistic: dict[str, Any] = {"labels": labels, "predictions": logistic, "weights": weights}
            metrics = {
                keys.LOSS_MEAN: mean(values=unreduced_loss, weights=weights, name=keys.LOSS_MEAN),
                keys.ACCURACY: accuracy(name=keys.ACCURACY, **of_classes),
                keys.PRECISION: precision(name=keys.PRECISION, **of_classes),
                keys.RECALL: recall(name=keys.RECALL, **of_classes),
                keys.PREDICTION_MEAN: predictions_mean(
                    predictions=logistic, weights=weights, name=keys.PREDICTION_MEAN
                ),
                keys.LABEL_MEAN: label_mean,
                keys.ACCURACY_BASELINE: accuracy_baseline(label_mean),
                keys.AUC: area(name=keys.AUC, **of_logistic),
                keys.AUC_PR: area(curve="PR", name=keys.AUC_PR, **of_logistic),
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
                    metrics[name] = metric(threshold=threshold, name=name, **of_logistic)
            return {self._key(name): metric for name, metric in metrics.items()}


def _multi_class_head_with_softmax_cross_entropy_loss(
    n_classes: Any,
    weight_column: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = Reduction.SUM,
    loss_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    if label_vocabulary is not None and not isinstance(label_vocabulary, (list, tuple)):
        raise ValueError(f"label_vocabulary should be a list or a tuple. Given type: {type(label_vocabulary)}")
    validate_loss_reduction(loss_reduction)
    if loss_fn:
        validate_loss_fn_args(loss_fn)
    return _MultiClassHeadWithSoftmaxCrossEntropyLoss(
        n_classes, weight_column, label_vocabulary, loss_reduction, loss_fn, name
    )


def _binary_logistic_head_with_sigmoid_cross_entropy_loss(
    weight_column: Any = None,
    thresholds: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = Reduction.SUM,
    loss_fn: Callable | None = None,
    name: str | None = None,
) -> _Head:
    thresholds = tuple(thresholds) if thresholds else ()
    if label_vocabulary is not None and not isinstance(label_vocabulary, (list, tuple)):
        raise TypeError(f"label_vocabulary should be a list or tuple. Given type: {type(label_vocabulary)}")
    for threshold in thresholds:
        if threshold <= 0.0 or threshold >= 1.0:
            raise ValueError(f"thresholds not in (0, 1): {(thresholds,)}.")
    validate_loss_reduction(loss_reduction)
    if loss_fn:
        validate_loss_fn_args(loss_fn)
    return _BinaryLogisticHeadWithSigmoidCrossEntropyLoss(
        weight_column, thresholds, label_vocabulary, loss_reduction, loss_fn, name
    )


def _binary_logistic_or_multi_class_head(
    n_classes: Any, weight_column: Any, label_vocabulary: Any, loss_reduction: Any
) -> _Head:
    arguments = {
        "weight_column": weight_column,
        "label_vocabulary": label_vocabulary,
        "loss_reduction": loss_reduction,
    }
    if n_classes == 2:
        return _binary_logistic_head_with_sigmoid_cross_entropy_loss(**arguments)
    return _multi_class_head_with_softmax_cross_entropy_loss(n_classes, **arguments)
