"""`tf.contrib.learn.Experiment`: an estimator with the inputs that it is trained and evaluated on.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/learn/Experiment
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from pyflow.contrib.learn_estimator import BaseEstimator, as_hooks
from pyflow.contrib.learn_monitors import ValidationMonitor
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.estimator.estimator import Estimator
from pyflow.platform import logging
from pyflow.platform.code.callables import fn_args
from pyflow.train.checkpoint_management import latest_checkpoint
from pyflow.train.server_lib import Server
from pyflow.train.step_hooks import GlobalStepWaiterHook


@export("contrib.learn.Experiment")
class Experiment:
    """An estimator with the inputs that it is trained and evaluated on.

    Args:
      estimator: an `Estimator`, of tf.estimator or tf.contrib.learn.
      train_input_fn, eval_input_fn: make the inputs.
      eval_metrics: further metrics, for estimators of tf.contrib.learn.
      train_steps: the global step to stop at; None: never.
      eval_steps: how many batches are evaluated; None: all.
      train_monitors, eval_hooks: hooks.
      eval_delay_secs: how long `evaluate` waits first, in seconds.
      continuous_eval_throttle_secs: seconds from one of continuous evaluations to the next at least.
      min_eval_frequency: after how many steps `train_and_evaluate` evaluates, if there is a new checkpoint; 0 for only
        at the end.
      delay_workers_by_global_step: whether workers wait for a step, instead of some seconds.
      train_steps_per_iteration: how many steps `continuous_train_and_eval` trains at once.
      saving_listeners: `CheckpointSaverListener`s, for estimators of tf.estimator.
      check_interval_secs: seconds from one look for a checkpoint to the next at least.

    Raises:
      ValueError: something doesn't go with the estimator.
      NotImplementedError: there are `export_strategies`.
    """

    def __init__(
        self,
        estimator: Any,
        train_input_fn: Callable,
        eval_input_fn: Callable,
        eval_metrics: Any = None,
        train_steps: int | None = None,
        eval_steps: int | None = 100,
        train_monitors: Any = None,
        eval_hooks: Any = None,
        local_eval_frequency: int | None = None,
        eval_delay_secs: float = 120,
        continuous_eval_throttle_secs: float = 60,
        min_eval_frequency: int | None = None,
        delay_workers_by_global_step: bool = False,
        export_strategies: Any = None,
        train_steps_per_iteration: int | None = None,
        checkpoint_and_export: bool = False,
        saving_listeners: Any = None,
        check_interval_secs: float = 5,
    ):
        self._core_estimator_used = isinstance(estimator, Estimator)
        if self._core_estimator_used:
            if eval_metrics is not None:
                raise ValueError(
                    "`eval_metrics` must be `None` with `tf.estimator.Estimator`. Use `eval_metric_ops` in "
                    "`tf.estimator.EstimatorSpec` instead."
                )
        else:
            if not isinstance(estimator, BaseEstimator):
                raise ValueError("`estimator` must implement `tf.contrib.learn.Evaluable` or `tf.estimator.Estimator`.")
            if saving_listeners is not None:
                raise ValueError("`saving_listeners` must be `None` with `tf.contrib.learn.Estimator`.")
        if export_strategies:
            raise NotImplementedError("tf.contrib.learn.Experiment(export_strategies)")
        self._estimator: Any = estimator
        self._train_input_fn, self._eval_input_fn = train_input_fn, eval_input_fn
        self._eval_metrics = eval_metrics
        self._train_steps, self._eval_steps = train_steps, eval_steps
        self._local_eval_frequency = local_eval_frequency
        self._eval_delay_secs = eval_delay_secs
        self._continuous_eval_throttle_secs = continuous_eval_throttle_secs
        self._saving_listeners = saving_listeners
        self._min_eval_frequency = 1 if min_eval_frequency is None else min_eval_frequency
        self._check_interval_secs = check_interval_secs
        self._delay_workers_by_global_step = delay_workers_by_global_step
        self._train_monitors = list(train_monitors or [])
        self._eval_hooks = list(eval_hooks or [])
        self._train_steps_per_iteration = train_steps_per_iteration
        if train_steps_per_iteration is not None and not isinstance(train_steps_per_iteration, int):
            raise ValueError("`train_steps_per_iteration` must be an integer.")

    estimator: Any = property(lambda self: self._estimator)
    eval_metrics: Any = property(lambda self: self._eval_metrics)
    train_steps: Any = property(lambda self: self._train_steps)
    eval_steps: Any = property(lambda self: self._eval_steps)

    def extend_train_hooks(self, additional_hooks: Any) -> None:
        """Adds hooks for training."""
        self._train_monitors.extend(additional_hooks)

    def train(self, delay_secs: float | None = None) -> Any:
        """Trains; workers wait first, so that they start one after the other."""
        hooks = []
        delay: Any = delay_secs
        if delay is None:
            number = self._estimator.config.task_id or 0
            delay = 0 if self._delay_workers_by_global_step else min(60, number * 5)
            if self._delay_workers_by_global_step:
                hooks.append(GlobalStepWaiterHook(int(8000.0 * math.log(number + 1))))
        if delay > 0:
            logging.info("Waiting %d secs before starting training.", delay)
            time.sleep(delay)
        return self._call_train(max_steps=self._train_steps, hooks=self._train_monitors + hooks)

    def evaluate(self, delay_secs: float | None = None, name: str | None = None) -> Any:
        """Evaluates once, after `delay_secs` seconds."""
        delay = self._eval_delay_secs if delay_secs is None else delay_secs
        if delay:
            logging.info("Waiting %d secs before starting eval.", delay)
            time.sleep(delay)
        return self._call_evaluate(name=name or "one_pass")

    def train_and_evaluate(self) -> tuple[Any, list]:
        """Trains, evaluating in between and at the end; gives the last metrics, and an empty list of exports."""
        monitors = list(self._train_monitors)
        if self._min_eval_frequency:
            self._train_monitors = [
                *monitors,
                ValidationMonitor(
                    input_fn=self._eval_input_fn,
                    eval_steps=self._eval_steps,
                    metrics=self._eval_metrics,
                    every_n_steps=self._min_eval_frequency,
                    check_interval_secs=self._check_interval_secs,
                    hooks=self._eval_hooks or None,
                ),
            ]
        try:
            self.train(delay_secs=0)
        finally:
            self._train_monitors = monitors
        return self._call_evaluate(name=None), []

    def local_run(self) -> Any:
        """As `train_and_evaluate`, evaluating each `local_eval_frequency` steps."""
        before, self._min_eval_frequency = self._min_eval_frequency, self._local_eval_frequency or 0
        try:
            return self.train_and_evaluate()
        finally:
            self._min_eval_frequency = before

    def run_std_server(self) -> None:
        """Serves variables as a task of a cluster, without end.

        Raises:
          ValueError: the configuration doesn't say which task this is.
        """
        config = self._estimator.config
        if not config.cluster_spec or not config.task_type or not config.master or config.task_id is None:
            raise ValueError(
                "Could not start server; be sure to specify cluster_spec, task_type, master, and task in RunConfig or "
                "set the TF_CONFIG environment variable."
            )
        Server(config.cluster_spec, job_name=config.task_type, task_index=config.task_id).join()

    def test(self) -> Any:
        """Trains and evaluates one step each."""
        self._call_train(steps=1, hooks=self._train_monitors)
        return self._call_evaluate(name="one_pass", steps=1)

    def continuous_eval(
        self,
        delay_secs: float | None = None,
        throttle_delay_secs: float | None = None,
        evaluate_checkpoint_only_once: bool = True,
        continuous_eval_predicate_fn: Callable | None = None,
        name: str = "continuous",
    ) -> None:
        """Evaluates new checkpoints until the last step, or until `continuous_eval_predicate_fn(results)` is False."""
        goes_on = _as_predicate(continuous_eval_predicate_fn)
        delay = self._eval_delay_secs if delay_secs is None else delay_secs
        throttle = self._continuous_eval_throttle_secs if throttle_delay_secs is None else throttle_delay_secs
        if delay:
            logging.info("Waiting %f secs before starting eval.", delay)
            time.sleep(delay)
        previous: Any = None
        results: Any = None
        while goes_on(results, previous):
            if self._has_training_stopped(results):
                step = results[GraphKeys.GLOBAL_STEP]
                logging.info("Exiting continuous eval, global_step=%s >= train_step=%s", step, self._train_steps)
                return
            start = time.time()
            path = latest_checkpoint(self._estimator.model_dir)
            if not path or (evaluate_checkpoint_only_once and path == previous):
                results = {}
            else:
                results = self._call_evaluate(name=name, checkpoint_path=path) or {}
                previous = path
            left = throttle - (time.time() - start)
            if left > 0:
                logging.info("Waiting %f secs before starting next eval run.", left)
                time.sleep(left)

    def continuous_train_and_eval(self, continuous_eval_predicate_fn: Callable | None = None) -> tuple[Any, Any]:
        """Trains and evaluates by turns, until the last step or until the predicate of the results is False."""
        goes_on = _as_predicate(continuous_eval_predicate_fn)
        steps = self._train_steps_per_iteration or (int(self._train_steps / 10) if self._train_steps else 1000)
        path, results = None, None
        while goes_on(results, path if results else None):
            if self._has_training_stopped(results):
                logging.info("Stop training model as max steps reached")
                break
            logging.info("Training model for %s steps", steps)
            self._call_train(steps=steps, hooks=self._train_monitors)
            logging.info("Evaluating model now.")
            path = latest_checkpoint(self._estimator.model_dir)
            results = self._call_evaluate(name="one_pass", checkpoint_path=path)
        return results, []

    def _has_training_stopped(self, results: Any) -> bool:
        step = (results or {}).get(GraphKeys.GLOBAL_STEP)
        return bool(step and self._train_steps and step >= self._train_steps)

    def _call_train(self, hooks: Any, steps: int | None = None, max_steps: int | None = None) -> Any:
        hooks = as_hooks(hooks, self._estimator)
        given: dict[str, Any] = {"input_fn": self._train_input_fn, "steps": steps, "max_steps": max_steps}
        if self._core_estimator_used:
            return self._estimator.train(hooks=hooks, saving_listeners=self._saving_listeners, **given)
        return self._estimator.fit(monitors=hooks, **given)

    def _call_evaluate(self, name: str | None, steps: Any = None, checkpoint_path: str | None = None) -> Any:
        given: dict[str, Any] = {"metrics": self._eval_metrics} if not self._core_estimator_used else {}
        return self._estimator.evaluate(
            input_fn=self._eval_input_fn,
            steps=steps or self._eval_steps,
            name=name,
            checkpoint_path=checkpoint_path,
            hooks=self._eval_hooks,
            **given,
        )


def _as_predicate(function: Any) -> Callable:
    """A function of results and a checkpoint's path."""
    if function is None:
        return lambda results, path: True
    if not callable(function):
        raise ValueError("`continuous_eval_predicate_fn` must be a callable, or None.")
    if "checkpoint_path" in fn_args(function):
        return lambda results, path: function(results, checkpoint_path=path)
    return lambda results, path: function(results)
