"""Heads: what comes after the logits of a model: loss, predictions, metrics, training."""

from __future__ import annotations

import abc
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection, name_scope
from pyflow.estimator.export_outputs import ClassificationOutput
from pyflow.estimator.head_keys import MetricKeys, summary_key
from pyflow.estimator.mode_keys import ModeKeys
from pyflow.estimator.model_fn import EstimatorSpec, _TPUEstimatorSpec
from pyflow.losses.weighted_loss import Reduction
from pyflow.ops.array import expand_dims
from pyflow.ops.array_filling import ones_like
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.checks import is_tensor
from pyflow.ops.control_flow import group
from pyflow.ops.math_sums import add_n
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.string_formatting import as_string
from pyflow.summary.functions import scalar
from pyflow.train.global_step import get_global_step

LossSpec = namedtuple("LossSpec", ("training_loss", "unreduced_loss", "weights", "processed_labels"))


class _Head(abc.ABC):
    """What makes an `EstimatorSpec` of logits and labels."""

    @property
    @abc.abstractmethod
    def name(self) -> Any:
        """The head's name, or None; part of the names of metrics."""

    @property
    @abc.abstractmethod
    def logits_dimension(self) -> Any:
        """The size of the last dimension of the logits."""

    @abc.abstractmethod
    def create_loss(self, features: Any, mode: str, logits: Any, labels: Any) -> Any:
        """A `LossSpec`: the loss to train, that of each example, weights, labels as they are used."""

    def create_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable | None = None,
        regularization_losses: Any = None,
    ) -> EstimatorSpec:
        """The `EstimatorSpec` of a model.

        Args:
          features: tensors by name.
          mode: of `ModeKeys`.
          logits: what the model gives, [D0, D1, ... DN, logits_dimension].
          labels: the labels; not needed for prediction.
          optimizer: minimises the loss, or
          train_op_fn: makes the operation of a training step from the loss.
          regularization_losses: scalars that are added to the loss.

        Raises:
          ValueError: both or neither of `optimizer` and `train_op_fn` are given for training.
        """
        try:
            spec = self._create_tpu_estimator_spec(
                features, mode, logits, labels, optimizer, train_op_fn, regularization_losses
            )
            return spec.as_estimator_spec()
        except NotImplementedError:
            raise NotImplementedError(
                "Subclasses of _Head must implement `create_estimator_spec()` or _create_tpu_estimator_spec()."
            ) from None

    def _create_tpu_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable | None = None,
        regularization_losses: Any = None,
    ) -> _TPUEstimatorSpec:
        raise NotImplementedError("TPUEstimatorSpec not available for this model head.")


class _LossHead(_Head):
    """A head with one loss; a subclass says what it predicts, exports and measures."""

    _name: str | None
    _loss_reduction: Any
    name = property(lambda self: self._name)

    def _predict(self, logits: Any) -> tuple[Any, dict[str, Any]]:
        """The logits, checked, and the predictions by name."""
        raise NotImplementedError

    def _export_outputs(self, predictions: dict[str, Any]) -> dict[str, Any]:
        """The `ExportOutput`s by name."""
        raise NotImplementedError

    def _eval_metric_ops(self, **arguments: Any) -> dict[str, Any]:
        """The metrics by name, from what `_measured` gives, weights and losses."""
        raise NotImplementedError

    def _measured(self, predictions: dict[str, Any], logits: Any, labels: Any, loss: Any) -> dict[str, Any]:
        """What the metrics are computed from."""
        raise NotImplementedError

    def _create_tpu_estimator_spec(
        self,
        features: Any,
        mode: str,
        logits: Any,
        labels: Any = None,
        optimizer: Any = None,
        train_op_fn: Callable | None = None,
        regularization_losses: Any = None,
    ) -> _TPUEstimatorSpec:
        with name_scope(self._name, "head"):
            logits, predictions = self._predict(logits)
            if mode == ModeKeys.PREDICT:
                outputs = self._export_outputs(predictions)
                return _TPUEstimatorSpec(mode, predictions=predictions, export_outputs=outputs)
            spec = self.create_loss(features=features, mode=mode, logits=logits, labels=labels)
            loss, regularization_loss = spec.training_loss, None
            if regularization_losses:
                regularization_loss = add_n(regularization_losses)
                loss = add_n([loss, regularization_loss])
            if mode == ModeKeys.EVAL:
                measured = self._measured(predictions, logits, labels, spec)
                measured.update(
                    weights=spec.weights, unreduced_loss=spec.unreduced_loss, regularization_loss=regularization_loss
                )
                metrics = _create_eval_metrics_tuple(self._eval_metric_ops, measured)
                return _TPUEstimatorSpec(mode, predictions=predictions, loss=loss, eval_metrics=metrics)
            train_op = append_update_ops(_train_op(optimizer, train_op_fn, loss))
            mean_loss = None
            if self._loss_reduction == Reduction.SUM:
                mean_loss = spec.training_loss / reduce_sum(spec.weights * ones_like(spec.unreduced_loss))
        with name_scope(""):
            scalar(summary_key(self._name, MetricKeys.LOSS), loss)
            if mean_loss is not None:
                scalar(summary_key(self._name, MetricKeys.LOSS_MEAN), mean_loss)
            if regularization_loss is not None:
                scalar(summary_key(self._name, MetricKeys.LOSS_REGULARIZATION), regularization_loss)
        return _TPUEstimatorSpec(ModeKeys.TRAIN, predictions=predictions, loss=loss, train_op=train_op)


def _train_op(optimizer: Any, train_op_fn: Callable | None, loss: Any) -> Any:
    if optimizer is not None:
        if train_op_fn is not None:
            raise ValueError("train_op_fn and optimizer cannot both be set.")
        return optimizer.minimize(loss, global_step=get_global_step())
    if train_op_fn is None:
        raise ValueError("train_op_fn and optimizer cannot both be None.")
    return train_op_fn(loss)


def append_update_ops(train_op: Any) -> Any:
    """The operation and what has to be run with it, as the updates of batch normalization."""
    updates = get_collection(GraphKeys.UPDATE_OPS)
    return group(train_op, *updates) if updates else train_op


def _create_eval_metrics_tuple(fn: Callable, kwargs: dict[str, Any]) -> tuple[Callable, dict[str, Any]]:
    """A function of tensors only, and these tensors: what isn't one is given to the function already."""
    tensors = {key: value for key, value in kwargs.items() if is_tensor(value)}
    others = {key: value for key, value in kwargs.items() if not is_tensor(value)}
    return (lambda **given: fn(**others, **given)), tensors


def all_class_ids(logits: Any, n_classes: int) -> Any:
    """The numbers of all classes for each example, [batch, n_classes]."""
    batch_size = shape_of(logits)[0]
    return tile(input=expand_dims(input=range_of(n_classes), axis=0), multiples=[batch_size, 1])


def all_classes(logits: Any, n_classes: int, label_vocabulary: Any = None) -> Any:
    """The names of all classes for each example, [batch, n_classes]."""
    batch_size = shape_of(logits)[0]
    classes = label_vocabulary if label_vocabulary else as_string(range_of(n_classes))
    return tile(input=expand_dims(input=classes, axis=0), multiples=[batch_size, 1])


def classification_output(scores: Any, n_classes: int, label_vocabulary: Any = None) -> ClassificationOutput:
    """The scores of all classes, with their names."""
    return ClassificationOutput(scores=scores, classes=all_classes(scores, n_classes, label_vocabulary))
