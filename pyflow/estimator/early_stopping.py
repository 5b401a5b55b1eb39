"""Hooks that end a training early, because of what evaluations say.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/estimator/experimental/make_early_stopping_hook
"""

from __future__ import annotations

import operator
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.estimator.estimator import Estimator
from pyflow.ops.initializers import constant_initializer
from pyflow.ops.state import assign
from pyflow.ops.variable_scope import AUTO_REUSE, get_variable, variable_scope
from pyflow.platform import file_io, logging
from pyflow.summary.writer import summary_iterator
from pyflow.train.global_step import get_global_step
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook
from pyflow.train.step_hooks import SecondOrStepTimer


@export("estimator.experimental.make_early_stopping_hook", "contrib.estimator.make_early_stopping_hook")
def make_early_stopping_hook(
    estimator: Any,
    should_stop_fn: Callable[[], bool],
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks to stop when a function says so.

    Args:
      estimator: the `Estimator` that is trained.
      should_stop_fn: the function, without arguments.
      run_every_secs, run_every_steps: how often it is called; one of them.

    Raises:
      TypeError: one of the first arguments is of another type.
      ValueError: both intervals are given.
    """
    if not isinstance(estimator, Estimator):
        raise TypeError(f"`estimator` must have type `tf.estimator.Estimator`. Got: {type(estimator)}")
    if run_every_secs is not None and run_every_steps is not None:
        raise ValueError("Only one of `run_every_secs` and `run_every_steps` must be set.")
    if estimator.config.is_chief:
        return _StopOnPredicateHook(should_stop_fn, run_every_secs, run_every_steps)
    return _CheckForStoppingHook()


@export("estimator.experimental.stop_if_higher_hook", "contrib.estimator.stop_if_higher_hook")
def stop_if_higher_hook(
    estimator: Any,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks to stop when a metric is higher than `threshold` in an evaluation from step `min_steps` on."""
    test = _crosses(estimator, metric_name, threshold, True, eval_dir, min_steps)
    return make_early_stopping_hook(estimator, test, run_every_secs, run_every_steps)


@export("estimator.experimental.stop_if_lower_hook", "contrib.estimator.stop_if_lower_hook")
def stop_if_lower_hook(
    estimator: Any,
    metric_name: str,
    threshold: float,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks to stop when a metric is lower than `threshold` in an evaluation from step `min_steps` on."""
    test = _crosses(estimator, metric_name, threshold, False, eval_dir, min_steps)
    return make_early_stopping_hook(estimator, test, run_every_secs, run_every_steps)


@export("estimator.experimental.stop_if_no_increase_hook", "contrib.estimator.stop_if_no_increase_hook")
def stop_if_no_increase_hook(
    estimator: Any,
    metric_name: str,
    max_steps_without_increase: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks to stop when a metric has not become higher in so many steps, counted from `min_steps` on."""
    test = _stands_still(estimator, metric_name, max_steps_without_increase, True, eval_dir, min_steps)
    return make_early_stopping_hook(estimator, test, run_every_secs, run_every_steps)


@export("estimator.experimental.stop_if_no_decrease_hook", "contrib.estimator.stop_if_no_decrease_hook")
def stop_if_no_decrease_hook(
    estimator: Any,
    metric_name: str,
    max_steps_without_decrease: int,
    eval_dir: str | None = None,
    min_steps: int = 0,
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks to stop when a metric has not become lower in so many steps, counted from `min_steps` on."""
    test = _stands_still(estimator, metric_name, max_steps_without_decrease, False, eval_dir, min_steps)
    return make_early_stopping_hook(estimator, test, run_every_secs, run_every_steps)


@export("contrib.estimator.read_eval_metrics")
def read_eval_metrics(eval_dir: str) -> OrderedDict[int, dict[str, float]]:
    """The numbers in the event files of a folder: by step, in order, and by name."""
    by_step: dict[int, dict[str, float]] = {}
    for event in _events(eval_dir):
        values = event.summary.value if event.HasField("summary") else ()
        metrics = {value.tag: value.simple_value for value in values if value.HasField("simple_value")}
        if metrics:
            by_step.setdefault(event.step, {}).update(metrics)
    return OrderedDict(sorted(by_step.items()))


def _events(eval_dir: str) -> Iterator[Any]:
    if file_io.file_exists(eval_dir):
        for path in file_io.get_matching_files(os.path.join(eval_dir, "events.out.tfevents.*")):
            yield from summary_iterator(path)


def _crosses(
    estimator: Any, name: str, threshold: float, higher_is_better: bool, eval_dir: str | None, min_steps: int
) -> Callable[[], bool]:
    folder = estimator.eval_dir() if eval_dir is None else eval_dir
    is_better, words = (operator.gt, "greater than") if higher_is_better else (operator.lt, "less than")

    def should_stop() -> bool:
        for step, metrics in read_eval_metrics(folder).items():
            if step >= min_steps and is_better(metrics[name], threshold):
                logging.info(
                    'At step %s, metric "%s" has value %s which is %s the configured threshold (%s) for early '
                    "stopping.",
                    step,
                    name,
                    metrics[name],
                    words,
                    threshold,
                )
                return True
        return False

    return should_stop


def _stands_still(
    estimator: Any, name: str, max_steps: int, higher_is_better: bool, eval_dir: str | None, min_steps: int
) -> Callable[[], bool]:
    folder = estimator.eval_dir() if eval_dir is None else eval_dir
    is_better, words = (operator.gt, "increase") if higher_is_better else (operator.lt, "decrease")

    def should_stop() -> bool:
        best = None
        best_step = 0
        for step, metrics in read_eval_metrics(folder).items():
            if step < min_steps:
                continue
            if best is None or is_better(metrics[name], best):
                best, best_step = metrics[name], step
            if step - best_step >= max_steps:
                logging.info(
                    'No %s in metric "%s" for %s steps, which is greater than or equal to max steps (%s) configured '
                    "for early stopping.",
                    words,
                    name,
                    step - best_step,
                    max_steps,
                )
                return True
        return False

    return should_stop


def _get_or_create_stop_var() -> Any:
    """The variable by which the chief tells the other workers to stop."""
    with variable_scope("signal_early_stopping", values=[], reuse=AUTO_REUSE):
        return get_variable(
            "STOP",
            shape=[],
            dtype=dtypes.bool,
            initializer=constant_initializer(False),
            collections=[GraphKeys.GLOBAL_VARIABLES],
            trainable=False,
        )


class _StopOnPredicateHook(SessionRunHook):
    """Asks to stop when a function says so, and has the other workers stop."""

    def __init__(self, should_stop_fn: Any, run_every_secs: float | None = 60, run_every_steps: int | None = None):
        if not callable(should_stop_fn):
            raise TypeError("`should_stop_fn` must be callable.")
        self._should_stop_fn = should_stop_fn
        self._timer = SecondOrStepTimer(every_secs=run_every_secs, every_steps=run_every_steps)
        self._global_step_tensor: Any = None
        self._stop_var: Any = None
        self._stop_op: Any = None

    def begin(self) -> None:
        self._global_step_tensor = get_global_step()
        self._stop_var = _get_or_create_stop_var()
        self._stop_op = assign(self._stop_var, True)

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = run_values.results
        if self._timer.should_trigger_for_step(step):
            self._timer.update_last_triggered_step(step)
            if self._should_stop_fn():
                logging.info("Requesting early stopping at global step %d", step)
                run_context.session.run(self._stop_op)
                run_context.request_stop()


class _CheckForStoppingHook(SessionRunHook):
    """Asks to stop when the chief has said so."""

    def __init__(self) -> None:
        self._stop_var: Any = None

    def begin(self) -> None:
        self._stop_var = _get_or_create_stop_var()

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._stop_var)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if run_values.results:
            logging.info("Early stopping requested, suspending run.")
            run_context.request_stop()
