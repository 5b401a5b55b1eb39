"""Hooks that look at tensors of each run, feed some, or fetch some at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph
from pyflow.platform import logging
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook
from pyflow.train.step_hooks import NeverTriggerTimer, SecondOrStepTimer


def _as_graph_element(obj: Any) -> Any:
    """The element of the default graph that is given itself or by name: of an operation, its only output.

    Raises:
      ValueError: it is of another graph, or an operation has several outputs.
    """
    graph = get_default_graph()
    if not isinstance(obj, str):
        if getattr(obj, "graph", None) is not graph:
            raise ValueError(f"Passed {obj} should have graph attribute that is equal to current graph {graph}.")
        return obj
    if ":" in obj:
        return graph.as_graph_element(obj)
    element = graph.as_graph_element(f"{obj}:0")
    if len(element.op.outputs) > 1:
        raise ValueError(f"Name {obj} is ambiguous, as this `Operation` has multiple outputs (at least 2).")
    return element


@export("train.LoggingTensorHook", "estimator.LoggingTensorHook")
class LoggingTensorHook(SessionRunHook):
    """Logs values of tensors.

    Args:
      tensors: tensors or names, as a list or as a dict from what to call them in the log, whose keys are sorted.
      every_n_iter: how many runs lie between two lines, or
      every_n_secs: how many seconds.
      at_end: whether to log at the end, too.
      formatter: a function from the dict of values to the line.

    Raises:
      ValueError: not exactly one of the intervals is given (with `at_end`, at most one), or it isn't positive.
    """

    def __init__(
        self,
        tensors: Any,
        every_n_iter: int | None = None,
        every_n_secs: float | None = None,
        at_end: bool = False,
        formatter: Callable | None = None,
    ):
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError("either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.")
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        if isinstance(tensors, dict):
            self._tag_order = sorted(tensors)
        else:
            self._tag_order = tensors
            tensors = {item: item for item in tensors}
        self._tensors = tensors
        self._formatter = formatter
        self._timer: Any = (
            NeverTriggerTimer() if only_at_end else SecondOrStepTimer(every_secs=every_n_secs, every_steps=every_n_iter)
        )
        self._log_at_end = at_end

    def begin(self) -> None:
        self._timer.reset()
        self._iter_count = 0
        self._current_tensors = {tag: _as_graph_element(tensor) for tag, tensor in self._tensors.items()}

    def before_run(self, run_context: Any) -> Any:
        self._should_trigger = self._timer.should_trigger_for_step(self._iter_count)
        return SessionRunArgs(self._current_tensors) if self._should_trigger else None

    def _log_tensors(self, tensor_values: dict[Any, Any]) -> None:
        with np.printoptions(suppress=True):
            elapsed_secs, _ = self._timer.update_last_triggered_step(self._iter_count)
            if self._formatter:
                logging.info(self._formatter(tensor_values))
                return
            line = ", ".join(f"{tag!s} = {tensor_values[tag]!s}" for tag in self._tag_order)
            if elapsed_secs is None:
                logging.info("%s", line)
            else:
                logging.info("%s (%.3f sec)", line, elapsed_secs)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self._should_trigger:
            self._log_tensors(run_values.results)
        self._iter_count += 1

    def end(self, session: Any) -> None:
        if self._log_at_end:
            self._log_tensors(session.run(self._current_tensors))


@export("train.NanLossDuringTrainingError", "estimator.NanLossDuringTrainingError")
class NanLossDuringTrainingError(RuntimeError):
    """The loss became NaN."""

    def __str__(self) -> str:
        return "NaN loss during training."


@export("train.NanTensorHook", "estimator.NanTensorHook")
class NanTensorHook(SessionRunHook):
    """Raises `NanLossDuringTrainingError` when a tensor has a NaN; or, without `fail_on_nan_loss`, asks to stop."""

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True):
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if np.isnan(run_values.results):
            message = "Model diverged with loss = NaN."
            if self._fail_on_nan_loss:
                logging.error(message)
                raise NanLossDuringTrainingError
            logging.warning(message)
            # No error: the session ends as it would at the last step.
            run_context.request_stop()


_INPUT_AT_END = """An OutOfRangeError or StopIteration exception is raised by the code in FinalOpsHook. This typically \
means the Ops running by the FinalOpsHook have a dependency back to some input source, which should not happen. For \
example, for metrics in tf.estimator.Estimator, all metrics functions return two Ops: `value_op` and  `update_op`. \
Estimator.evaluate calls the `update_op` for each batch of the data in input source and, once it is exhausted, it call \
the `value_op` to get the metric values. The `value_op` here should have dependency back to variables reading only, \
rather than reading another batch from input. Otherwise, the `value_op`, executed by `FinalOpsHook`, triggers another \
data reading, which ends OutOfRangeError/StopIteration. Please fix that."""


@export("train.FinalOpsHook", "estimator.FinalOpsHook")
class FinalOpsHook(SessionRunHook):
    """Runs `final_ops` at the end of the session, feeding `final_ops_feed_dict`."""

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None):
        self._final_ops = final_ops
        self._final_ops_feed_dict = final_ops_feed_dict
        self._final_ops_values: Any = None

    final_ops_values: Any = property(lambda self: self._final_ops_values, doc="What they gave, once they have run.")

    def end(self, session: Any) -> None:
        if self._final_ops is not None:
            try:
                self._final_ops_values = session.run(self._final_ops, feed_dict=self._final_ops_feed_dict)
            except (errors.OutOfRangeError, StopIteration):
                logging.error(_INPUT_AT_END)
                raise


@export("train.FeedFnHook", "estimator.FeedFnHook")
class FeedFnHook(SessionRunHook):
    """Feeds each run with what `feed_fn()` returns, a feed_dict."""

    def __init__(self, feed_fn: Callable):
        self.feed_fn = feed_fn

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(fetches=None, feed_dict=self.feed_fn())
