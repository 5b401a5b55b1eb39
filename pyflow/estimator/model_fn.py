"""`tf.estimator.EstimatorSpec`: what a model function returns, and what such a function looks like.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/EstimatorSpec
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.scopes import add_to_collection, get_collection, get_default_graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.estimator.export_outputs import get_export_outputs
from pyflow.estimator.mode_keys import AVERAGE_LOSS_METRIC_KEY, LOSS_METRIC_KEY, ModeKeys
from pyflow.ops.array import reshape
from pyflow.ops.variables import Variable
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.scaffold import Scaffold
from pyflow.train.session_run_hook import SessionRunHook

__all__ = ["AVERAGE_LOSS_METRIC_KEY", "LOSS_METRIC_KEY", "ModeKeys"]

_VALID_MODEL_FN_ARGS = {"features", "labels", "mode", "params", "self", "config"}

_FIELDS = (
    "mode",
    "predictions",
    "loss",
    "train_op",
    "eval_metric_ops",
    "export_outputs",
    "training_chief_hooks",
    "training_hooks",
    "scaffold",
    "evaluation_hooks",
    "prediction_hooks",
)


@export("estimator.EstimatorSpec")
class EstimatorSpec(namedtuple("EstimatorSpec", _FIELDS)):
    """What a model function returns: the parts of the graph that an estimator runs.

    Args:
      mode: of `ModeKeys`.
      predictions: a tensor or a dict of tensors; needed for prediction.
      loss: a scalar tensor, or one with a single element; needed for training and evaluation.
      train_op: the operation of a training step; needed for training.
      eval_metric_ops: metrics by name: pairs (value, update operation), or Keras metrics that have been updated.
      export_outputs: `ExportOutput`s by signature name; by default `predictions` under "serving_default".
      training_chief_hooks, training_hooks, evaluation_hooks, prediction_hooks: `SessionRunHook`s.
      scaffold: a `tf.train.Scaffold`.

    Raises:
      ValueError: something is missing, or belongs to another graph.
      TypeError: something is of another type.
    """

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metric_ops: Any = None,
        export_outputs: Any = None,
        training_chief_hooks: Any = None,
        training_hooks: Any = None,
        scaffold: Any = None,
        evaluation_hooks: Any = None,
        prediction_hooks: Any = None,
    ) -> EstimatorSpec:
        train_op = _validate_estimator_spec_train_op(train_op, mode)
        loss = _validate_estimator_spec_loss(loss, mode)
        predictions = _validate_estimator_spec_predictions(predictions, mode)
        export_outputs = _validate_estimator_spec_export_outputs(export_outputs, predictions, mode)
        training_hooks = _validate_estimator_spec_hooks(training_hooks)
        evaluation_hooks = _validate_estimator_spec_hooks(evaluation_hooks)
        prediction_hooks = _validate_estimator_spec_hooks(prediction_hooks)
        training_chief_hooks = _validate_estimator_spec_hooks(training_chief_hooks)
        eval_metric_ops = _validate_eval_metric_ops(eval_metric_ops)
        scaffold = scaffold or Scaffold()
        if not isinstance(scaffold, Scaffold):
            raise TypeError(f"scaffold must be tf.train.Scaffold. Given: {scaffold}")
        return super().__new__(
            cls,
            mode,
            predictions,
            loss,
            train_op,
            eval_metric_ops,
            export_outputs,
            training_chief_hooks,
            training_hooks,
            scaffold,
            evaluation_hooks,
            prediction_hooks,
        )

    def _replace(self, **kwds: Any) -> EstimatorSpec:  # type: ignore[override]
        """A copy with other fields.

        Raises:
          ValueError: the mode would change, or there is no such field.
        """
        if "mode" in kwds and self.mode != kwds["mode"]:
            raise ValueError("mode of EstimatorSpec cannot be changed.")
        return EstimatorSpec(*map(kwds.pop, self._fields, list(self)))


_TPU_FIELDS = (
    "mode",
    "predictions",
    "loss",
    "train_op",
    "eval_metrics",
    "export_outputs",
    "scaffold_fn",
    "host_call",
    "training_hooks",
    "evaluation_hooks",
    "prediction_hooks",
)


class _TPUEstimatorSpec(namedtuple("TPUEstimatorSpec", _TPU_FIELDS)):
    """What heads return for a TPU: metrics as a function and its tensors."""

    __slots__ = ()

    def __new__(
        cls,
        mode: str,
        predictions: Any = None,
        loss: Any = None,
        train_op: Any = None,
        eval_metrics: Any = None,
        export_outputs: Any = None,
        scaffold_fn: Any = None,
        host_call: Any = None,
        training_hooks: Any = None,
        evaluation_hooks: Any = None,
        prediction_hooks: Any = None,
    ) -> _TPUEstimatorSpec:
        train_op = _validate_estimator_spec_train_op(train_op, mode)
        loss = _validate_estimator_spec_loss(loss, mode)
        predictions = _validate_estimator_spec_predictions(predictions, mode)
        export_outputs = _validate_estimator_spec_export_outputs(export_outputs, predictions, mode)
        hooks = [_validate_estimator_spec_hooks(h) for h in (training_hooks, evaluation_hooks, prediction_hooks)]
        return super().__new__(
            cls, mode, predictions, loss, train_op, eval_metrics, export_outputs, scaffold_fn, host_call, *hooks
        )

    def as_estimator_spec(self) -> EstimatorSpec:
        """The same for other devices: the metrics are made."""
        metrics = None
        if self.eval_metrics:
            metric_fn, tensors = self.eval_metrics
            metrics = metric_fn(**tensors)
        return EstimatorSpec(
            mode=self.mode,
            predictions=self.predictions,
            loss=self.loss,
            train_op=self.train_op,
            eval_metric_ops=metrics,
            export_outputs=self.export_outputs,
            training_hooks=self.training_hooks,
            evaluation_hooks=self.evaluation_hooks,
            prediction_hooks=self.prediction_hooks,
        )


def _is_dense(x: Any) -> bool:
    return isinstance(x, (Tensor, Variable)) or getattr(x, "is_tensor_like", False)


def _check_is_tensor(x: Any, tensor_name: str) -> Any:
    if not _is_dense(x):
        raise TypeError(f"{tensor_name} must be Tensor, given: {x}")
    return x


def _require_default_graph(x: Any, what: str, name: Callable[[], str]) -> None:
    if x.graph is not get_default_graph():
        raise ValueError(
            f'{what} with "{name()}" must be from the default graph. Possible causes of this error include: \n\n'
            f"1) {what} was created outside the context of the default graph.\n\n"
            "2) The object passed through to EstimatorSpec was not created in the most recent call to "
            '"model_fn".'
        )


def _validate_estimator_spec_train_op(train_op: Any, mode: str) -> Any:
    if train_op is None:
        if mode == ModeKeys.TRAIN:
            raise ValueError("Missing train_op.")
        return None
    if not (isinstance(train_op, Operation) or _is_dense(train_op)):
        raise TypeError(f"train_op must be Operation or Tensor, given: {train_op}")
    if isinstance(train_op, Variable):
        train_op = train_op.op
    _require_default_graph(train_op, "train_op", lambda: train_op.name)
    return train_op


def _validate_estimator_spec_loss(loss: Any, mode: str) -> Any:
    if loss is None:
        if mode in (ModeKeys.TRAIN, ModeKeys.EVAL):
            raise ValueError("Missing loss.")
        return None
    loss = _check_is_tensor(loss, "loss")
    shape = loss.get_shape()
    if shape.num_elements() not in (None, 1):
        raise ValueError(f"Loss must be scalar, given: {loss}")
    if not shape.is_compatible_with(TensorShape([])):
        loss = reshape(loss, [])
    _require_default_graph(loss, "loss", lambda: loss.name)
    return loss


def _validate_estimator_spec_predictions(predictions: Any, mode: str) -> Any:
    if predictions is None:
        if mode == ModeKeys.PREDICT:
            raise ValueError("Missing predictions.")
        return {}
    if not isinstance(predictions, dict):
        predictions = _check_is_tensor(predictions, "predictions")
        _require_default_graph(predictions, "prediction values", lambda: predictions.name)
        return predictions
    predictions = {key: _check_is_tensor(value, f"predictions[{key}]") for key, value in predictions.items()}
    for key, value in predictions.items():
        _require_default_graph(value, "prediction values", lambda key=key, value=value: f"{key}: {value.name}")
    return predictions


def _validate_estimator_spec_export_outputs(export_outputs: Any, predictions: Any, mode: str) -> Any:
    return get_export_outputs(export_outputs, predictions) if mode == ModeKeys.PREDICT else export_outputs


def _validate_estimator_spec_hooks(hooks: Any) -> tuple:
    hooks = tuple(hooks or [])
    for hook in hooks:
        if not isinstance(hook, SessionRunHook):
            raise TypeError(f"All hooks must be SessionRunHook instances, given: {hook}")
    return hooks


def _is_keras_metric(value: Any) -> bool:
    return hasattr(value, "result") and hasattr(value, "updates") and hasattr(value, "update_state")


def _validate_eval_metric_ops(eval_metric_ops: Any) -> dict[str, Any]:
    """The metrics as pairs; those of Keras get into the collections of variables on the way."""
    if eval_metric_ops is None:
        return {}
    if not isinstance(eval_metric_ops, dict):
        raise TypeError(f"eval_metric_ops must be a dict, given: {eval_metric_ops}")
    for key, value in eval_metric_ops.items():
        if _is_keras_metric(value):
            if not value.updates:
                raise ValueError(f'Please call update_state(...) on the "{value.name}" metric')
        elif not isinstance(value, tuple) or len(value) != 2:
            raise TypeError(
                f"Values of eval_metric_ops must be (metric_value, update_op) tuples, given: {value} for key: {key}"
            )
    variables: list[Any] = []
    for key, value in eval_metric_ops.items():
        if _is_keras_metric(value):
            variables += value.variables
            eval_metric_ops[key] = value = (value.result(), value.updates[0])
        for part in nest.flatten(value):
            _require_default_graph(part, "eval_metric_ops", lambda key=key, part=part: f"{key}: {part.name}")
    for collection in (GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES):
        there = get_collection(collection)
        for variable in variables:
            if not any(variable is other for other in there):
                add_to_collection(collection, variable)
    return eval_metric_ops


def verify_model_fn_args(model_fn: Callable, params: Any) -> None:
    """Raises ValueError if a model function lacks an argument, or has one that it will not be given."""
    names = set(fn_args(model_fn))
    if "features" not in names:
        raise ValueError(f"model_fn ({model_fn}) must include features argument.")
    if params is not None and "params" not in names:
        raise ValueError(
            f"model_fn ({model_fn}) does not include params argument, but params ({params}) is passed to Estimator."
        )
    if params is None and "params" in names:
        logging.warning(
            "Estimator's model_fn (%s) includes params argument, but params are not passed to Estimator.", model_fn
        )
    unknown = list(names - _VALID_MODEL_FN_ARGS)
    if unknown:
        raise ValueError(f"model_fn ({model_fn}) has following not expected args: {unknown}")


@export("estimator.experimental.call_logit_fn")
def call_logit_fn(logit_fn: Callable, features: Any, mode: str, params: Any, config: Any) -> Any:
    """Calls a function that makes logits, with those of the arguments that it takes.

    Raises:
      ValueError: it returns neither a tensor nor a dict of tensors by name.
    """
    names = fn_args(logit_fn)
    given = {"mode": mode, "params": params, "config": config}
    logits = logit_fn(features=features, **{name: value for name, value in given.items() if name in names})
    is_dict = isinstance(logits, dict) and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in logits.items())
    if not is_dict and not isinstance(logits, Tensor):
        raise ValueError(
            f"logit_fn should return a Tensor or a dictionary mapping strings to Tensors.  logit_fn returned: {logits}"
        )
    return logits
