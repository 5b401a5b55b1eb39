"""What model functions of tf.contrib.learn return: `tf.contrib.learn.ModelFnOps`, and metrics: `MetricSpec`.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/learn/ModelFnOps
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.contrib.learn_datasets import ModeKeys
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.operation import Operation
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import convert_to_tensor_or_sparse_tensor
from pyflow.estimator.mode_keys import LOSS_METRIC_KEY
from pyflow.estimator.model_fn import EstimatorSpec
from pyflow.ops.array import reshape
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.session_run_hook import SessionRunHook


@export("contrib.learn.ProblemType")
class ProblemType:
    """The kinds of problems, which decide the signatures of exported models."""

    UNSPECIFIED = 0
    CLASSIFICATION = 1
    LINEAR_REGRESSION = 2
    LOGISTIC_REGRESSION = 3


_FIELDS = (
    "predictions",
    "loss",
    "train_op",
    "eval_metric_ops",
    "output_alternatives",
    "training_chief_hooks",
    "training_hooks",
    "scaffold",
    "mode",
)


@export("contrib.learn.ModelFnOps")
class ModelFnOps(namedtuple("ModelFnOps", _FIELDS)):
    """What a model function returns: the parts of the graph that an estimator runs.

    Args:
      mode: of `tf.contrib.learn.ModeKeys`.
      predictions: a tensor or a dict of tensors.
      loss: a scalar tensor.
      train_op: the operation of a training step.
      eval_metric_ops: metrics by name, pairs (value, update operation).
      output_alternatives: pairs (problem type, tensors) by name, for exporting.
      training_chief_hooks, training_hooks: lists of `SessionRunHook`s.
      scaffold: a `tf.train.Scaffold`.

    Raises:
      ValueError: something is missing, or cannot be.
      TypeError: something is no hook.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Any = None,
        output_alternatives: Any = None,
        training_chief_hooks: Any = None,
        training_hooks: Any = None,
        scaffold: Any = None,
    ) -> ModelFnOps:
        if mode not in (ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.INFER):
            raise ValueError(f"Invalid mode {mode}.")
        if train_op is None:
            if mode == ModeKeys.TRAIN:
                raise ValueError("Missing train_op.")
        elif not isinstance(train_op, Operation):
            train_op = convert_to_tensor(train_op).op
        if loss is None:
            if mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
                raise ValueError("Missing loss.")
        else:
            loss = convert_to_tensor(loss)
            if loss.get_shape().num_elements() not in (None, 1):
                raise ValueError(f"Loss must be scalar: {loss}.")
            if not loss.get_shape().is_compatible_with(TensorShape([])):
                loss = reshape(loss, [])
        if predictions is None:
            if mode in (ModeKeys.INFER, ModeKeys.EVAL):
                raise ValueError("Missing predictions.")
        elif isinstance(predictions, dict):
            predictions = {key: convert_to_tensor_or_sparse_tensor(value) for key, value in predictions.items()}
        else:
            predictions = convert_to_tensor_or_sparse_tensor(predictions)
        if eval_metric_ops is None:
            eval_metric_ops = {}
        elif not isinstance(eval_metric_ops, dict):
            raise ValueError("eval_metric_ops must be a dict.")
        chief_hooks, hooks = training_chief_hooks or [], training_hooks or []
        for hook in hooks + chief_hooks:
            if not isinstance(hook, SessionRunHook):
                raise TypeError(
                    "All hooks returned from model_fn must be SessionRunHook instances, got instance of "
                    f"{type(hook)}: {hook}"
                )
        return super().__new__(
            cls, predictions, loss, train_op, eval_metric_ops, output_alternatives, chief_hooks, hooks, scaffold, mode
        )

    def estimator_spec(self, default_serving_output_alternative_key: str | None = None) -> EstimatorSpec:
        """The same for `tf.estimator`; exported are the predictions.

        Raises:
          NotImplementedError: there are `output_alternatives`.
        """
        if self.output_alternatives:
            raise NotImplementedError("ModelFnOps.estimator_spec with output_alternatives")
        return EstimatorSpec(
            mode=self.mode,
            predictions=self.predictions,
            loss=self.loss,
            train_op=self.train_op,
            eval_metric_ops={key: value for key, value in self.eval_metric_ops.items() if key != LOSS_METRIC_KEY},
            training_chief_hooks=self.training_chief_hooks,
            training_hooks=self.training_hooks,
            scaffold=self.scaffold,
        )


@export("contrib.learn.MetricSpec")
class MetricSpec:
    """A metric, and what it is computed from.

    Args:
      metric_fn: a function of predictions, labels and weights, under one of the names usual for them.
      prediction_key, label_key, weight_key: which of several predictions, labels, features these are.
    """

    def __init__(
        self,
        metric_fn: Callable,
        prediction_key: str | None = None,
        label_key: str | None = None,
        weight_key: str | None = None,
    ):
        self._metric_fn = metric_fn
        self._prediction_key = prediction_key
        self._label_key = label_key
        self._weight_key = weight_key

    prediction_key = property(lambda self: self._prediction_key)
    label_key = property(lambda self: self._label_key)
    weight_key = property(lambda self: self._weight_key)
    metric_fn = property(lambda self: self._metric_fn)

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """The metric: a pair (value, update operation).

        Raises:
          ValueError: a key is missing where there are several tensors, or names none.
        """

        def chosen(given: Any, key: str | None, name: str) -> Any:
            if not isinstance(given, dict):
                return given
            if key is None:
                if len(given) != 1:
                    raise ValueError(
                        f"MetricSpec without specified {name}_key requires {name}s tensor or single element dict, got "
                        f"{given}"
                    )
                return next(iter(given.values()))
            if key not in given:
                raise ValueError(f"MetricSpec with {name}_key {key} requires {name}s dict with that key, got {given}")
            return given[key]

        arguments = {"predictions": chosen(predictions, self._prediction_key, "prediction")}
        if labels is not None:
            arguments["labels"] = chosen(labels, self._label_key, "label")
        if self._weight_key is not None:
            arguments["weights"] = chosen(inputs, self._weight_key, "weight")
        names = fn_args(self._metric_fn)
        usual = {"labels": ("labels", "label", "targets", "target"), "weights": ("weights", "weight")}
        given = {}
        for name, value in arguments.items():
            own = next((each for each in usual.get(name, ("predictions", "prediction")) if each in names), name)
            given[own] = value
        return self._metric_fn(**given)


def make_metrics_ops(metrics: Any, features: Any, labels: Any, predictions: Any) -> dict[str, Any]:
    """Metrics by name: of `MetricSpec`s, or, as it was in TensorFlow 0.x, of functions of predictions and labels.

    Raises:
      ValueError: keys and predictions don't go together.
    """
    single = next(iter(labels.values())) if isinstance(labels, dict) and len(labels) == 1 else labels
    made: dict[str, Any] = {}
    for name, metric in sorted((metrics or {}).items()):
        if isinstance(metric, MetricSpec):
            made[name] = metric.create_metric_ops(features, labels, predictions)
            continue
        logging.warning(
            "Please specify metrics using MetricSpec. Using bare functions or (key, fn) tuples is deprecated and "
            "support for it will be removed on Oct 1, 2016."
        )
        if not isinstance(name, tuple):
            if isinstance(predictions, dict):
                raise ValueError(
                    "Metrics passed provide only name, no prediction, but predictions are dict. Metrics: "
                    f"{metrics}, Labels: {single}."
                )
            made[name] = metric(predictions, single)
            continue
        if len(name) != 2:
            raise ValueError(f"Invalid metric for {name}. It returned a tuple with len {len(name)}, expected 2.")
        if not isinstance(predictions, dict):
            raise ValueError(
                "Metrics passed provide (name, prediction), but predictions are not dict. Metrics: "
                f"{metrics}, Predictions: {predictions}."
            )
        own = labels[name[1]] if isinstance(labels, dict) and name[1] in labels else single
        made[name[0]] = metric(predictions[name[1]], own)
    return made
