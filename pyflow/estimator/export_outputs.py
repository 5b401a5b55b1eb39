"""What an exported model gives: `tf.estimator.export.PredictOutput` and its like, each a kind of signature."""

from __future__ import annotations

import abc
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.operation import Operation
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.constant import constant
from pyflow.train import saved_model_names as names
from pyflow.train.signature_defs import (
    build_signature_def,
    build_tensor_info,
    classification_signature_def,
    predict_signature_def,
    regression_signature_def,
)

SUPERVISED_TRAIN_METHOD_NAME = "tensorflow/supervised/training"
SUPERVISED_EVAL_METHOD_NAME = "tensorflow/supervised/eval"


@export("estimator.export.ExportOutput")
class ExportOutput(abc.ABC):
    """An output of an exported model."""

    _SEPARATOR_CHAR = "/"

    @abc.abstractmethod
    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        """The SignatureDef from the tensors that receive the input to this output."""

    def _check_output_key(self, key: Any, error_label: str) -> str:
        if isinstance(key, tuple):
            key = self._SEPARATOR_CHAR.join(key)
        if not isinstance(key, str):
            raise ValueError(f"{error_label} output key must be a string; got {key}.")
        return key

    def _wrap_and_check_outputs(self, outputs: Any, single_output_default_name: str, error_label: str = "") -> dict:
        label = error_label or single_output_default_name
        if not isinstance(outputs, dict):
            outputs = {single_output_default_name: outputs}
        checked = {}
        for key, value in outputs.items():
            key = self._check_output_key(key, label)
            if not isinstance(value, Tensor):
                raise ValueError(f"{label} output value must be a Tensor; got {value}.")
            checked[key] = value
        return checked


def _only_string(receiver_tensors: dict[str, Any], kind: str) -> Any:
    tensors = list(receiver_tensors.values())
    if len(tensors) != 1 or dtypes.as_dtype(tensors[0].dtype) != dtypes.string:
        raise ValueError(f"{kind} input must be a single string Tensor; got {receiver_tensors}")
    return tensors[0]


@export("estimator.export.ClassificationOutput")
class ClassificationOutput(ExportOutput):
    """Classes of each example, their scores, or both.

    Args:
      scores: a float tensor [batch, classes].
      classes: a string tensor [batch, classes], or of one dimension less.

    Raises:
      ValueError: one is of another type, or both are None.
    """

    def __init__(self, scores: Any = None, classes: Any = None):
        if scores is not None and not (isinstance(scores, Tensor) and scores.dtype.is_floating):
            raise ValueError(f"Classification scores must be a float32 Tensor; got {scores}")
        if classes is not None and not (isinstance(classes, Tensor) and classes.dtype == dtypes.string):
            raise ValueError(f"Classification classes must be a string Tensor; got {classes}")
        if scores is None and classes is None:
            raise ValueError("At least one of scores and classes must be set.")
        self._scores, self._classes = scores, classes

    scores = property(lambda self: self._scores)
    classes = property(lambda self: self._classes)

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        return classification_signature_def(_only_string(receiver_tensors, "Classification"), self.classes, self.scores)


@export("estimator.export.RegressionOutput")
class RegressionOutput(ExportOutput):
    """The value for each example: a float tensor [batch, values].

    Raises:
      ValueError: it is of another type.
    """

    def __init__(self, value: Any):
        if not (isinstance(value, Tensor) and value.dtype.is_floating):
            raise ValueError(f"Regression output value must be a float32 Tensor; got {value}")
        self._value = value

    value = property(lambda self: self._value)

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        return regression_signature_def(_only_string(receiver_tensors, "Regression"), self.value)


@export("estimator.export.PredictOutput")
class PredictOutput(ExportOutput):
    """Any tensors: one, which then is called "output", or a dict.

    Raises:
      ValueError: a name or a value is of another type.
    """

    _SINGLE_OUTPUT_DEFAULT_NAME = "output"

    def __init__(self, outputs: Any):
        self._outputs = self._wrap_and_check_outputs(outputs, self._SINGLE_OUTPUT_DEFAULT_NAME, "Prediction")

    outputs = property(lambda self: self._outputs)

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        return predict_signature_def(receiver_tensors, self.outputs)


class _SupervisedOutput(ExportOutput):
    """Loss, predictions and metrics of a model exported for training or evaluation; each a tensor or a dict."""

    LOSS_NAME = "loss"
    PREDICTIONS_NAME = "predictions"
    METRICS_NAME = "metrics"
    METRIC_VALUE_SUFFIX = "value"
    METRIC_UPDATE_SUFFIX = "update_op"
    METHOD_NAME = ""

    def __init__(self, loss: Any = None, predictions: Any = None, metrics: Any = None):
        self._loss = self._prefixed(loss, self.LOSS_NAME)
        self._predictions = self._prefixed(predictions, self.PREDICTIONS_NAME)
        self._metrics = None if metrics is None else self._wrap_and_check_metrics(metrics)

    loss = property(lambda self: self._loss)
    predictions = property(lambda self: self._predictions)
    metrics = property(lambda self: self._metrics)

    def _prefix_key(self, key: str, output_name: str) -> str:
        return key if key.startswith(output_name) else output_name + self._SEPARATOR_CHAR + key

    def _prefixed(self, outputs: Any, name: str) -> dict[str, Any] | None:
        if outputs is None:
            return None
        return {
            self._prefix_key(key, name): value for key, value in self._wrap_and_check_outputs(outputs, name).items()
        }

    def _wrap_and_check_metrics(self, metrics: Any) -> dict[str, Any]:
        if not isinstance(metrics, dict):
            metrics = {self.METRICS_NAME: metrics}
        outputs = {}
        for key, metric in metrics.items():
            value, update = metric if isinstance(metric, tuple) else (metric.result(), metric.updates[0])
            key = self._prefix_key(self._check_output_key(key, self.METRICS_NAME), self.METRICS_NAME)
            if not isinstance(value, Tensor):
                raise ValueError(f"{key} output value must be a Tensor; got {value}.")
            if not isinstance(update, (Tensor, Operation)):
                raise ValueError(f"{key} update_op must be a Tensor or Operation; got {update}.")
            if isinstance(update, Operation):
                with control_dependencies([update]):
                    update = constant([], name="metric_op_wrapper")
            outputs[key + self._SEPARATOR_CHAR + self.METRIC_VALUE_SUFFIX] = value
            outputs[key + self._SEPARATOR_CHAR + self.METRIC_UPDATE_SUFFIX] = update
        return outputs

    def as_signature_def(self, receiver_tensors: dict[str, Any]) -> Any:
        if not receiver_tensors:
            raise ValueError(f"{self.METHOD_NAME} inputs cannot be None or empty.")
        outputs = {**(self.loss or {}), **(self.predictions or {}), **(self.metrics or {})}
        return build_signature_def(
            {key: build_tensor_info(tensor) for key, tensor in receiver_tensors.items()},
            {key: build_tensor_info(tensor) for key, tensor in outputs.items()},
            self.METHOD_NAME,
        )


class TrainOutput(_SupervisedOutput):
    """Of a model exported for training."""

    METHOD_NAME = SUPERVISED_TRAIN_METHOD_NAME


class EvalOutput(_SupervisedOutput):
    """Of a model exported for evaluation."""

    METHOD_NAME = SUPERVISED_EVAL_METHOD_NAME


def get_export_outputs(export_outputs: Any, predictions: Any) -> dict[str, ExportOutput]:
    """The outputs of an exported model: those given, or else the predictions; one of them is the default.

    Raises:
      TypeError: they are no dict of `ExportOutput`s.
      ValueError: there are several and none is the default.
    """
    default = names.DEFAULT_SERVING_SIGNATURE_DEF_KEY
    if export_outputs is None:
        export_outputs = {default: PredictOutput(predictions)}
    if not isinstance(export_outputs, dict):
        raise TypeError(f"export_outputs must be dict, given: {export_outputs}")
    for output in export_outputs.values():
        if not isinstance(output, ExportOutput):
            raise TypeError(f"Values in export_outputs must be ExportOutput objects. Given: {export_outputs}")
    if len(export_outputs) == 1:
        export_outputs[default] = next(iter(export_outputs.values()))
    elif len(export_outputs) > 1 and default not in export_outputs:
        raise ValueError(
            "Multiple export_outputs were provided, but none of them is specified as the default.  Do this by naming "
            "one of them with signature_constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY."
        )
    return export_outputs
