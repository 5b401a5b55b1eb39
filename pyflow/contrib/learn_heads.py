"""What comes after the logits in canned models of tf.contrib.learn: loss, predictions, metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.learn_datasets import ModeKeys
from pyflow.contrib.learn_model_fn import ModelFnOps
from pyflow.core import dtypes
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.estimator.head_metrics import (
    accuracy_at,
    area,
    indicator_labels_mean,
    precision_at,
    predictions_mean,
    recall_at,
)
from pyflow.metrics.means import accuracy, mean
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import expand_dims, reshape, squeeze
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.cast import cast, to_float
from pyflow.ops.division import div
from pyflow.ops.math_binary import multiply, squared_difference
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.nn_cross_entropy import sparse_softmax_cross_entropy_with_logits
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum
from pyflow.ops.variable_scope import variable_scope
from pyflow.summary.functions import scalar


class Head:
    """Makes `ModelFnOps` of logits; a subclass says what the task is.

    Args:
      weight_column_name: the key of the examples' weights among the features, or None.
    """

    _scope = ""
    logits_dimension = 1

    def __init__(self, weight_column_name: str | None = None):
        self._weight_column_name = weight_column_name

    def create_model_fn_ops(
        self, features: Any, mode: str, labels: Any, train_op_fn: Callable, logits: Any
    ) -> ModelFnOps:
        """The model: predictions, and with labels also loss and metrics, in training a training step."""
        with variable_scope(None, default_name=self._scope, values=[*features.values(), labels, logits]):
            predictions = self.predictions(logits)
            if mode == ModeKeys.INFER or labels is None:
                return ModelFnOps(mode=mode, predictions=predictions)
            if isinstance(labels, dict):
                (labels,) = labels.values()
            weights = None
            if self._weight_column_name is not None:
                weights = to_float(features[self._weight_column_name])
                if weights.shape.ndims == 1:
                    weights = reshape(weights, [-1, 1])
            loss, reported = _weighted(self.losses(convert_to_tensor(labels), logits), weights)
            with name_scope(""):
                scalar("loss", identity(reported))
            train_op = None
            if mode == ModeKeys.TRAIN:
                with name_scope(None, "train_op", (loss, labels)):
                    train_op = train_op_fn(loss)
            with name_scope("metrics", values=[reported, labels, weights, *predictions.values()]):
                metrics = {"loss": mean(reported), **self.metrics(predictions, labels, weights)}
            return ModelFnOps(mode=mode, predictions=predictions, loss=loss, train_op=train_op, eval_metric_ops=metrics)

    def predictions(self, logits: Any) -> dict[str, Any]:
        """The predictions by name."""
        raise NotImplementedError

    def losses(self, labels: Any, logits: Any) -> Any:
        """The loss of each example."""
        raise NotImplementedError

    def metrics(self, predictions: dict[str, Any], labels: Any, weights: Any) -> dict[str, Any]:
        """The metrics besides the loss."""
        return {}


def _weighted(losses: Any, weights: Any) -> tuple[Any, Any]:
    """The loss to train: the mean of the weighted ones; and that to report: their sum by the sum of the weights."""
    with name_scope("loss", values=(losses, weights)) as scope:
        if weights is None:
            loss = reduce_mean(losses, name=scope)
            return loss, loss
        weighted = multiply(losses, weights, name="weighted_loss")
        average = div(reduce_sum(weighted), to_float(reduce_sum(weights)), name="weighted_average_loss")
        return reduce_mean(weighted, name=scope), average


class RegressionHead(Head):
    """For numbers, trained by squared errors."""

    _scope = "regression_head"

    def __init__(self, label_dimension: int = 1, weight_column_name: str | None = None):
        super().__init__(weight_column_name)
        self.logits_dimension = label_dimension

    def predictions(self, logits: Any) -> dict[str, Any]:
        with name_scope(None, "predictions", (logits,)):
            return {"scores": squeeze(logits, axis=(1,), name="scores") if self.logits_dimension == 1 else logits}

    def losses(self, labels: Any, logits: Any) -> Any:
        with name_scope(None, "mean_squared_loss", (logits, labels)) as scope:
            if labels.shape.ndims == 1:
                labels = expand_dims(labels, axis=1)
            logits.get_shape().assert_is_compatible_with(labels.get_shape())
            return squared_difference(logits, cast(labels, dtypes.float32), name=scope)


class BinaryHead(Head):
    """For yes and no."""

    _scope = "binary_logistic_head"

    def predictions(self, logits: Any) -> dict[str, Any]:
        with name_scope(None, "predictions", (logits,)):
            both = concat((zeros_like(logits), logits), 1)
            return {
                "logits": logits,
                "logistic": sigmoid(logits, name="logistic"),
                "probabilities": softmax(both, name="probabilities"),
                "classes": argmax(both, 1, name="classes"),
            }

    def losses(self, labels: Any, logits: Any) -> Any:
        with name_scope(None, "log_loss_with_two_classes", (logits, labels)) as scope:
            labels = cast(labels, dtypes.float32)
            if labels.shape.ndims == 1:
                labels = expand_dims(labels, axis=1)
            return sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name=scope)

    def metrics(self, predictions: dict[str, Any], labels: Any, weights: Any) -> dict[str, Any]:
        labels = to_float(reshape(labels, [-1, 1]))
        logistic = predictions["logistic"]
        classes = reshape(predictions["classes"], [-1, 1])
        given: dict[str, Any] = {"labels": labels, "predictions": logistic, "weights": weights}
        return {
            "accuracy": accuracy(labels, classes, weights),
            "labels/prediction_mean": predictions_mean(logistic, weights),
            "labels/actual_label_mean": indicator_labels_mean(labels, weights),
            "accuracy/baseline_label_mean": indicator_labels_mean(labels, weights),
            "auc": area(**given),
            "auc_precision_recall": area(curve="PR", **given),
            "accuracy/threshold_0.500000_mean": accuracy_at(threshold=0.5, **given),
            "precision/positive_threshold_0.500000_mean": precision_at(threshold=0.5, **given),
            "recall/positive_threshold_0.500000_mean": recall_at(threshold=0.5, **given),
        }


class MultiClassHead(Head):
    """For one of several classes."""

    _scope = "multi_class_head"

    def __init__(self, n_classes: int, weight_column_name: str | None = None):
        super().__init__(weight_column_name)
        self.logits_dimension = n_classes

    def predictions(self, logits: Any) -> dict[str, Any]:
        with name_scope(None, "predictions", (logits,)):
            return {
                "logits": logits,
                "probabilities": softmax(logits, name="probabilities"),
                "classes": argmax(logits, 1, name="classes"),
            }

    def losses(self, labels: Any, logits: Any) -> Any:
        with name_scope(None, "softmax_cross_entropy_loss", (logits, labels)) as scope:
            if not labels.dtype.is_integer:
                raise ValueError(f"Labels dtype should be integer Instead got {labels.dtype}.")
            if labels.shape.ndims != 2:
                return sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=scope)
            labels = squeeze(labels, axis=(1,))
            loss = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=scope)
            return expand_dims(loss, axis=1)

    def metrics(self, predictions: dict[str, Any], labels: Any, weights: Any) -> dict[str, Any]:
        return {"accuracy": accuracy(reshape(labels, [-1]), predictions["classes"], _flat(weights))}


def _flat(weights: Any) -> Any:
    return None if weights is None else reshape(weights, [-1])


def classification_head(n_classes: int, weight_column_name: str | None) -> Head:
    """The head for so many classes.

    Raises:
      ValueError: there are less than 2.
    """
    if n_classes is None or n_classes < 2:
        raise ValueError(f"n_classes must be > 1 for classification: {n_classes}.")
    return BinaryHead(weight_column_name) if n_classes == 2 else MultiClassHead(n_classes, weight_column_name)
