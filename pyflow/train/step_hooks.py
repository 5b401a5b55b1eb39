"""Hooks that watch the global step: when to act, when to stop or to begin, how fast it goes."""

from __future__ import annotations

import time
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.dtypes import int32
from pyflow.core.scopes import get_collection
from pyflow.ops.initializers import ones_initializer
from pyflow.ops.variable_scope import AUTO_REUSE, get_variable, variable_scope
from pyflow.platform import logging
from pyflow.summary.writer import FileWriterCache
from pyflow.train.global_step import _get_or_create_global_step_read, get_global_step
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook

_STEPS_PER_RUN_VAR = "steps_per_run"


def require_global_step(hook: str) -> Any:
    """The tensor to read the graph's global step by.

    Raises:
      RuntimeError: there is none; it names the hook.
    """
    step = _get_or_create_global_step_read()
    if step is None:
        raise RuntimeError(f"Global step should be created to use {hook}.")
    return step


def get_or_create_steps_per_run_variable() -> Any:
    """The variable that says how many steps one run makes; used by devices that loop by themselves."""
    key = f"hooks_{_STEPS_PER_RUN_VAR}"
    found = get_collection(key)
    if len(found) == 1:
        return found[0]
    if found:
        raise RuntimeError("Multiple steps_per_run_var in collection.")
    with variable_scope("hooks", reuse=AUTO_REUSE):
        return get_variable(
            _STEPS_PER_RUN_VAR,
            shape=[],
            dtype=int32,
            initializer=ones_initializer(),
            trainable=False,
            collections=[key, GraphKeys.LOCAL_VARIABLES],
            use_resource=True,
        )


class _HookTimer:
    """Says at which steps a hook is to act."""

    def __init__(self) -> None:
        pass

    def reset(self) -> None:
        """Forgets when it last acted."""

    def should_trigger_for_step(self, step: Any) -> bool:
        """Whether it is to act at that step."""
        raise NotImplementedError

    def update_last_triggered_step(self, step: Any) -> tuple[Any, Any]:
        """Notes that it acts at that step; gives the seconds and steps since the time before, or None and None."""
        raise NotImplementedError

    def last_triggered_step(self) -> Any:
        """The step at which it last acted, or None."""
        raise NotImplementedError


@export("train.SecondOrStepTimer", "estimator.SecondOrStepTimer")
class SecondOrStepTimer(_HookTimer):
    """Has a hook act every so many seconds, or every so many steps; always at the first step.

    Raises:
      ValueError: none or both of the arguments are given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None):
        self.reset()
        self._every_secs = every_secs
        self._every_steps = every_steps
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        super().__init__()

    def reset(self) -> None:
        self._last_triggered_step: Any = None
        self._last_triggered_time: Any = None

    def should_trigger_for_step(self, step: Any) -> bool:
        if self._last_triggered_step is None:
            return True
        if self._last_triggered_step == step:
            return False
        if self._every_secs is not None and time.time() >= self._last_triggered_time + self._every_secs:
            return True
        return self._every_steps is not None and step >= self._last_triggered_step + self._every_steps

    def update_last_triggered_step(self, step: Any) -> tuple[Any, Any]:
        now = time.time()
        seconds = steps = None
        if self._last_triggered_time is not None:
            seconds = now - self._last_triggered_time
            steps = step - self._last_triggered_step
        self._last_triggered_time = now
        self._last_triggered_step = step
        return seconds, steps

    def last_triggered_step(self) -> Any:
        return self._last_triggered_step


class NeverTriggerTimer(_HookTimer):
    """Has a hook never act."""

    def should_trigger_for_step(self, step: Any) -> bool:
        return False

    def update_last_triggered_step(self, step: Any) -> tuple[Any, Any]:
        return None, None

    def last_triggered_step(self) -> Any:
        return None


@export("train.StopAtStepHook", "estimator.StopAtStepHook")
class StopAtStepHook(SessionRunHook):
    """Asks to stop at a step.

    Args:
      num_steps: how many steps to make from where the session starts, or
      last_step: the global step to stop at.

    Raises:
      ValueError: none or both are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None):
        if num_steps is None and last_step is None:
            raise ValueError("One of num_steps or last_step must be specified.")
        if num_steps is not None and last_step is not None:
            raise ValueError("Only one of num_steps or last_step can be specified.")
        self._num_steps = num_steps
        self._last_step: Any = last_step

    def begin(self) -> None:
        self._global_step_tensor = require_global_step("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        if self._last_step is None:
            self._last_step = session.run(self._global_step_tensor) + self._num_steps

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if run_values.results + 1 >= self._last_step:
            # What was fetched may be the step before this run or after it; this is the one after.
            if run_context.session.run(self._global_step_tensor) >= self._last_step:
                run_context.request_stop()


class _MultiStepStopAtStepHook(StopAtStepHook):
    """`StopAtStepHook` for runs of several steps: the last one makes fewer.

    Args:
      steps_per_run: how many steps a run makes; it is told by `get_or_create_steps_per_run_variable`.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None, steps_per_run: int = 1):
        super().__init__(num_steps, last_step)
        if steps_per_run < 1:
            raise ValueError("steps_per_run should be greater than 0")
        self._steps_per_run_initial_value = steps_per_run

    def begin(self) -> None:
        super().begin()
        self._steps_per_run_variable = get_or_create_steps_per_run_variable()

    def _update_steps_per_run_variable(self, global_step: Any, session: Any) -> None:
        steps = min(self._last_step - global_step, self._steps_per_run_initial_value)
        self._steps_per_run_variable.load(steps, session=session)

    def after_create_session(self, session: Any, coord: Any) -> None:
        super().after_create_session(session, coord)
        self._update_steps_per_run_variable(session.run(self._global_step_tensor), session)

    def before_run(self, run_context: Any) -> Any:
        return None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = run_context.session.run(self._global_step_tensor)
        if step >= self._last_step:
            run_context.request_stop()
        else:
            self._update_steps_per_run_variable(step, run_context.session)


@export("train.GlobalStepWaiterHook", "estimator.GlobalStepWaiterHook")
class GlobalStepWaiterHook(SessionRunHook):
    """Holds the first run back until the global step has come to `wait_until_step`, by the work of others."""

    def __init__(self, wait_until_step: int):
        self._wait_until_step = wait_until_step
        self._worker_is_started = False

    def begin(self) -> None:
        self._worker_is_started = False
        self._global_step_tensor = require_global_step("_GlobalStepWaiterHook")

    def before_run(self, run_context: Any) -> Any:
        if self._worker_is_started:
            return None
        if self._wait_until_step <= 0:
            self._worker_is_started = True
            return None
        logging.info("Waiting for global step %d before starting training.", self._wait_until_step)
        last_logged = 0
        while True:
            step = run_context.session.run(self._global_step_tensor)
            if step >= self._wait_until_step:
                self._worker_is_started = True
                return None
            if step - last_logged > 1000:
                logging.info(
                    "Waiting for global step %d before starting training. Current step is %d.",
                    self._wait_until_step,
                    step,
                )
                last_logged = step
            time.sleep(0.5)


@export("train.StepCounterHook", "estimator.StepCounterHook")
class StepCounterHook(SessionRunHook):
    """Logs steps per second, and writes them as a summary.

    Args:
      every_n_steps: how many steps lie between two lines, or
      every_n_secs: how many seconds.
      output_dir: the folder of the summaries, or
      summary_writer: what writes them; with neither none are written.

    Raises:
      ValueError: none or both of the intervals are given.
    """

    def __init__(
        self,
        every_n_steps: int | None = 100,
        every_n_secs: float | None = None,
        output_dir: str | None = None,
        summary_writer: Any = None,
    ):
        if (every_n_steps is None) == (every_n_secs is None):
            raise ValueError("exactly one of every_n_steps and every_n_secs should be provided.")
        self._timer = SecondOrStepTimer(every_steps=every_n_steps, every_secs=every_n_secs)
        self._summary_writer = summary_writer
        self._output_dir = output_dir
        self._last_global_step: Any = None
        self._steps_per_run = 1

    def _set_steps_per_run(self, steps_per_run: int) -> None:
        self._steps_per_run = steps_per_run

    def begin(self) -> None:
        if self._summary_writer is None and self._output_dir:
            self._summary_writer = FileWriterCache.get(self._output_dir)
        self._global_step_tensor = require_global_step("StepCounterHook")
        self._summary_tag = f"{get_global_step().op.name}/sec"

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs(self._global_step_tensor)

    def _log_and_record(self, elapsed_steps: Any, elapsed_time: float, global_step: Any) -> None:
        from pyflow.protos.event_pb2 import Summary

        steps_per_sec = elapsed_steps / elapsed_time
        if self._summary_writer is not None:
            value = Summary.Value(tag=self._summary_tag, simple_value=steps_per_sec)
            self._summary_writer.add_summary(Summary(value=[value]), global_step)
        logging.info("%s: %g", self._summary_tag, steps_per_sec)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        before = run_values.results
        if self._timer.should_trigger_for_step(before + self._steps_per_run):
            step = run_context.session.run(self._global_step_tensor)
            if self._timer.should_trigger_for_step(step):
                elapsed_time, elapsed_steps = self._timer.update_last_triggered_step(step)
                if elapsed_time is not None:
                    self._log_and_record(elapsed_steps, elapsed_time, step)
        if before == self._last_global_step:
            logging.log_first_n(
                logging.WARN,
                "It seems that global step (tf.train.get_global_step) has not been increased. Current value (could be "
                "stable): %s vs previous value: %s. You could increase the global step by passing "
                "tf.train.get_global_step() to Optimizer.apply_gradients or Optimizer.minimize.",
                5,
                before,
                self._last_global_step,
            )
        self._last_global_step = before
