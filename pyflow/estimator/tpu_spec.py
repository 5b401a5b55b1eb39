"""`tf.estimator.tpu.TPUEstimatorSpec`: what model functions for TPUs return."""

from __future__ import annotations

import inspect
from typing import Any

from pyflow.core.api import export
from pyflow.estimator.model_fn import EstimatorSpec, _TPUEstimatorSpec
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook


def _check_host_calls(calls: dict[str, Any]) -> None:
    """Raises ValueError, TypeError or RuntimeError unless each is a function and its tensors."""
    for name, call in calls.items():
        if not isinstance(call, (tuple, list)):
            raise ValueError(f"{name} should be tuple or list")
        if len(call) != 2:
            raise ValueError(f"{name} should have two elements.")
        function, tensors = call
        if not callable(function):
            raise TypeError(f"{name}[0] should be callable.")
        if not isinstance(tensors, (tuple, list, dict)):
            raise ValueError(f"{name}[1] should be tuple or list, or dict.")
        if isinstance(tensors, (tuple, list)):
            names = fn_args(function)
            if inspect.getfullargspec(function).varargs is None and len(tensors) != len(names):
                raise RuntimeError(
                    f"In TPUEstimatorSpec.{name}, length of tensors {len(tensors)} does not match method args of the "
                    f"function, which takes {len(names)}."
                )


def _call_on_host(name: str, call: Any) -> Any:
    function, tensors = call
    if isinstance(tensors, (tuple, list)):
        return function(*tensors)
    try:
        return function(**tensors)
    except TypeError as error:
        logging.warning(
            "Exception while calling %s: %s. It is likely the tensors (%s[1]) do not match the function's arguments",
            name,
            error,
            name,
        )
        raise


@export("estimator.tpu.TPUEstimatorSpec", "contrib.tpu.TPUEstimatorSpec")
class TPUEstimatorSpec(_TPUEstimatorSpec):
    """What a model function for `TPUEstimator` returns.

    Args:
      eval_metrics: a function that makes metrics by name, and its arguments, a list or dict of tensors.
      scaffold_fn: makes the `Scaffold`.
      host_call: a function and its arguments, whose result is run in each step.
      others: as those of `EstimatorSpec`.

    Raises:
      ValueError, TypeError, RuntimeError: something is missing or of another type.
    """

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
    ) -> TPUEstimatorSpec:
        calls = {"eval_metrics": eval_metrics, "host_call": host_call}
        _check_host_calls({name: call for name, call in calls.items() if call is not None})
        return super().__new__(  # type: ignore[return-value]
            cls,
            mode,
            predictions,
            loss,
            train_op,
            eval_metrics,
            export_outputs,
            scaffold_fn,
            host_call,
            training_hooks,
            evaluation_hooks,
            prediction_hooks,
        )

    def as_estimator_spec(self) -> EstimatorSpec:
        """The same as an `EstimatorSpec`: the functions are called."""
        metrics, hooks = None, ()
        if self.eval_metrics is not None:
            metrics = _call_on_host("eval_metrics", self.eval_metrics)
        if self.host_call is not None:
            hooks = (_OutfeedHostCallHook(_call_on_host("host_call", self.host_call)),)
        return EstimatorSpec(
            mode=self.mode,
            predictions=self.predictions,
            loss=self.loss,
            train_op=self.train_op,
            eval_metric_ops=metrics,
            export_outputs=self.export_outputs,
            scaffold=self.scaffold_fn() if self.scaffold_fn else None,
            training_hooks=self.training_hooks + hooks,
            evaluation_hooks=self.evaluation_hooks + hooks,
            prediction_hooks=self.prediction_hooks + hooks,
        )


class _OutfeedHostCallHook(SessionRunHook):
    """Runs tensors in each step."""

    def __init__(self, tensors: Any):
        self._tensors = tensors

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._tensors)
