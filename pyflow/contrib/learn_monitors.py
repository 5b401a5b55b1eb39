"""tf.contrib.learn.monitors: evaluation while a model is trained."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pyflow.contrib.learn_estimator import as_hooks
from pyflow.core.api import export
from pyflow.platform import logging
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.global_step import get_global_step
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook

replace_monitors_with_hooks = export("contrib.learn.monitors.replace_monitors_with_hooks")(as_hooks)


@export("contrib.learn.monitors.ValidationMonitor")
class ValidationMonitor(SessionRunHook):
    """Evaluates new checkpoints of a training, and may end it early.

    Args:
      x, y, batch_size, input_fn, eval_steps, metrics, hooks, name: as for the estimator's `evaluate`.
      every_n_steps: after how many steps to look for a new checkpoint.
      early_stopping_rounds: if a metric has not become better for so many steps the training ends.
      early_stopping_metric: that metric.
      early_stopping_metric_minimize: whether smaller is better.
      check_interval_secs: seconds from one look for a checkpoint to the next at least.

    Raises:
      ValueError: neither `x` nor `input_fn` is given.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Callable | None = None,
        batch_size: int | None = None,
        eval_steps: int | None = None,
        every_n_steps: int = 100,
        metrics: Any = None,
        hooks: Any = None,
        early_stopping_rounds: int | None = None,
        early_stopping_metric: str = "loss",
        early_stopping_metric_minimize: bool = True,
        name: str | None = None,
        check_interval_secs: float | None = 5,
    ):
        if x is None and input_fn is None:
            raise ValueError("Either x or input_fn should be provided.")
        self._estimator: Any = None
        self._given = {"input_fn": input_fn, "steps": eval_steps, "metrics": metrics, "name": name, "hooks": hooks}
        if x is not None:
            self._given.update(x=x, y=y, batch_size=batch_size)
        self._every_n_steps = every_n_steps
        self._rounds = early_stopping_rounds
        self._metric, self._minimize = early_stopping_metric, early_stopping_metric_minimize
        self._interval = check_interval_secs
        self._last_look: float | None = None
        self._last_step: int | None = None
        self._latest_path: str | None = None
        self._best_value: Any = None
        self._best_value_step: int | None = None
        self._best_metrics: Any = None
        self._early_stopped = False

    early_stopped = property(lambda self: self._early_stopped, doc="Whether the training was ended early.")
    best_step = property(lambda self: self._best_value_step, doc="The step of the best evaluation.")
    best_value = property(lambda self: self._best_value, doc="The metric's best value.")
    best_metrics = property(lambda self: self._best_metrics, doc="All metrics of the best evaluation.")

    def set_estimator(self, estimator: Any) -> None:
        """The estimator that is trained."""
        self._estimator = estimator

    def begin(self) -> None:
        self._step = get_global_step()

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._step)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = int(run_values.results)
        if self._last_step is not None and step < self._last_step + self._every_n_steps:
            return
        self._last_step = step
        if self._evaluate(step):
            run_context.request_stop()

    def _evaluate(self, step: int) -> bool:
        """Evaluates the newest checkpoint unless that's done; whether the training is to end."""
        now = time.time()
        if self._interval is not None and self._last_look is not None and now - self._last_look < self._interval:
            return False
        self._last_look = now
        path = latest_checkpoint(self._estimator.model_dir)
        if path is None:
            logging.debug("Skipping evaluation since model has not been saved yet at step %d.", step)
            return False
        if path == self._latest_path:
            logging.debug("Skipping evaluation due to same checkpoint %s for step %d as for step %s.", path, step, step)
            return False
        self._latest_path = path
        given = {key: value for key, value in self._given.items() if value is not None}
        results = (
            self._estimator.evaluate(checkpoint_path=path, **given)
            if "x" not in given
            else (self._estimator.evaluate(**given))
        )
        shown = ", ".join(f"{key} = {value}" for key, value in sorted(results.items()))
        logging.info("Validation (step %d): %s", step, shown)
        if self._rounds is None:
            return False
        if self._metric not in results:
            raise ValueError(f"Metric {self._metric} missing from outputs {set(results)}.")
        value = results[self._metric]
        is_better = self._best_value is None or (
            value < self._best_value if self._minimize else value > self._best_value
        )
        if is_better:
            self._best_value, self._best_value_step, self._best_metrics = value, step, dict(results)
        self._early_stopped = step - (self._best_value_step or 0) >= self._rounds
        if self._early_stopped:
            logging.info("Stopping. Best step: %d with %s = %s.", self._best_value_step, self._metric, self._best_value)
        return self._early_stopped
