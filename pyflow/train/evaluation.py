"""Evaluating checkpoints: waiting for new ones, and running a session over each.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/contrib/training/evaluate_repeatedly
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import control_dependencies, get_collection
from pyflow.ops.array_identity import identity
from pyflow.ops.cast import cast
from pyflow.ops.initializers import zeros_initializer
from pyflow.ops.state import assign_add
from pyflow.ops.variable_scope import get_variable
from pyflow.platform import logging
from pyflow.train import checkpoint_management
from pyflow.train.monitored_session import MonitoredSession
from pyflow.train.session_creators import ChiefSessionCreator
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunHook
from pyflow.train.step_hooks import get_or_create_steps_per_run_variable
from pyflow.train.tensor_hooks import FinalOpsHook


def wait_for_new_checkpoint(
    checkpoint_dir: str,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """The path of a folder's newest checkpoint, as soon as it is another than `last_checkpoint`.

    Args:
      seconds_to_sleep: seconds between two looks.
      timeout: how long to wait at most, in seconds; then the answer is None.
    """
    logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    last_look = math.inf if timeout is None else time.time() + timeout
    while True:
        path = checkpoint_management.latest_checkpoint(checkpoint_dir)
        if path is not None and path != last_checkpoint:
            logging.info("Found new checkpoint at %s", path)
            return path
        if time.time() + seconds_to_sleep > last_look:
            return None
        time.sleep(seconds_to_sleep)


@export("train.checkpoints_iterator")
def checkpoints_iterator(
    checkpoint_dir: str,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """The paths of a folder's checkpoints as they appear; those that are replaced meanwhile are left out.

    Args:
      min_interval_secs: seconds from one to the next at least.
      timeout: how long to wait for each at most, in seconds.
      timeout_fn: called then; True ends the iteration, which without it ends at once.
    """
    path = None
    while True:
        newer = wait_for_new_checkpoint(checkpoint_dir, path, timeout=timeout)
        if newer is None:
            if timeout_fn is None:
                logging.info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        start = time.time()
        path = newer
        yield path
        time.sleep(max(0.0, start + min_interval_secs - time.time()))


def get_or_create_eval_step() -> Any:
    """The local variable that counts the runs of an evaluation, made if there is none.

    Raises:
      ValueError: there are several.
    """
    steps = get_collection(GraphKeys.EVAL_STEP)
    if len(steps) > 1:
        raise ValueError("Multiple tensors added to tf.GraphKeys.EVAL_STEP")
    if steps:
        return steps[0]
    return get_variable(
        "eval_step",
        shape=[],
        dtype=dtypes.int64,
        initializer=zeros_initializer(),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.EVAL_STEP],
    )


_get_or_create_eval_step = get_or_create_eval_step


class StopAfterNEvalsHook(SessionRunHook):
    """Logs how many runs an evaluation has made, and asks to stop after `num_evals` (None: never)."""

    def __init__(self, num_evals: int | None, log_progress: bool = True):
        self._num_evals = num_evals
        self._evals_completed: Any = None
        self._log_progress = log_progress
        # About ten lines.
        self._log_frequency = 1 if num_evals is None or num_evals < 20 else num_evals // 10

    def _set_evals_completed_tensor(self, updated_eval_step: Any) -> None:
        self._evals_completed = updated_eval_step

    def before_run(self, run_context: Any) -> Any:
        return SessionRunArgs({"evals_completed": self._evals_completed})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        done = run_values.results["evals_completed"]
        if self._num_evals is None:
            if self._log_progress:
                logging.info("Evaluation [%d]", done)
            return
        if self._log_progress and (done % self._log_frequency == 0 or done == self._num_evals):
            logging.info("Evaluation [%d/%d]", done, self._num_evals)
        if done >= self._num_evals:
            run_context.request_stop()


_StopAfterNEvalsHook = StopAfterNEvalsHook


class _MultiStepStopAfterNEvalsHook(StopAfterNEvalsHook):
    """`StopAfterNEvalsHook` for runs of several evaluations: the last one makes fewer."""

    def __init__(self, num_evals: int | None, steps_per_run: int = 1):
        super().__init__(num_evals)
        self._log_frequency = 1
        self._steps_per_run_initial_value = steps_per_run

    def begin(self) -> None:
        self._steps_per_run_variable = get_or_create_steps_per_run_variable()

    def _load(self, done: int, session: Any) -> None:
        left = math.inf if self._num_evals is None else self._num_evals - done
        self._steps_per_run_variable.load(min(left, self._steps_per_run_initial_value), session=session)

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._load(0, session)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self._load(run_values.results["evals_completed"], run_context.session)
        super().after_run(run_context, run_values)


def with_counting(eval_ops: Any, count: Any) -> Any:
    """The eval_ops and one more: a dict (the same, extended) or a list."""
    if isinstance(eval_ops, dict):
        eval_ops["update_eval_step"] = count
        return eval_ops
    return [*(eval_ops if isinstance(eval_ops, (tuple, list)) else [eval_ops]), count]


def evaluate_once(
    checkpoint_path: str,
    master: Any = "",
    scaffold: Any = None,
    eval_ops: Any = None,
    feed_dict: Any = None,
    final_ops: Any = None,
    final_ops_feed_dict: Any = None,
    hooks: Any = None,
    config: Any = None,
) -> Any:
    """Evaluates a checkpoint; gives the values of `final_ops`.

    Args:
      checkpoint_path: the checkpoint's path.
      master: the session's target.
      scaffold: a `Scaffold`.
      eval_ops: run again and again until a hook asks to stop or the input ends, with `feed_dict` fed.
      final_ops: run at the end, with `final_ops_feed_dict` fed.
      hooks: `SessionRunHook`s, for example a `StopAfterNEvalsHook`.
      config: a `ConfigProto`.
    """
    step = get_or_create_eval_step()
    hooks = list(hooks or [])
    if eval_ops is not None:
        added: Any = 1
        if any(isinstance(hook, _MultiStepStopAfterNEvalsHook) for hook in hooks):
            added = cast(get_or_create_steps_per_run_variable(), dtype=step.dtype)
        eval_ops = with_counting(eval_ops, assign_add(step, added, use_locking=True))
        with control_dependencies(list(eval_ops.values()) if isinstance(eval_ops, dict) else eval_ops):
            counted = identity(step.read_value())
        for hook in hooks:
            if isinstance(hook, StopAfterNEvalsHook):
                hook._set_evals_completed_tensor(counted)
    logging.info("Starting evaluation at " + time.strftime("%Y-%m-%dT%H:%M:%SZ", time.localtime()))
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_filename_with_path=checkpoint_path)
    run_evaluation(creator, [*hooks, final], eval_ops, feed_dict)
    logging.info("Finished evaluation at " + time.strftime("%Y-%m-%d-%H:%M:%S", time.localtime()))
    return final.final_ops_values


_evaluate_once = evaluate_once


def run_evaluation(creator: Any, hooks: list, eval_ops: Any, feed_dict: Any) -> None:
    """Runs `eval_ops` until the session stops."""
    with MonitoredSession(session_creator=creator, hooks=hooks) as session:
        while eval_ops is not None and not session.should_stop():
            session.run(eval_ops, feed_dict)


def evaluate_repeatedly(
    checkpoint_dir: str,
    master: Any = "",
    scaffold: Any = None,
    eval_ops: Any = None,
    feed_dict: Any = None,
    final_ops: Any = None,
    final_ops_feed_dict: Any = None,
    eval_interval_secs: float = 60,
    hooks: Any = None,
    config: Any = None,
    max_number_of_evaluations: int | None = None,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Any:
    """Evaluates each new checkpoint of a folder; gives the last values of `final_ops`.

    Args:
      checkpoint_dir: the folder.
      eval_interval_secs: seconds from one evaluation to the next at least.
      max_number_of_evaluations: after how many to end; None goes on.
      timeout: how long to wait for a new checkpoint at most, in seconds.
      timeout_fn: called then; True ends.
      others: as those of `evaluate_once`.
    """
    step = get_or_create_eval_step()
    if eval_ops is not None:
        count = assign_add(step, 1)
        for hook in hooks or ():
            if isinstance(hook, StopAfterNEvalsHook):
                hook._set_evals_completed_tensor(count)
        eval_ops = with_counting(eval_ops, count)
    final = FinalOpsHook(final_ops, final_ops_feed_dict)
    paths = checkpoints_iterator(checkpoint_dir, eval_interval_secs, timeout, timeout_fn)
    for number, path in enumerate(paths, start=1):
        logging.info("Starting evaluation at " + time.strftime("%Y-%m-%d-%H:%M:%S", time.gmtime()))
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_filename_with_path=path)
        run_evaluation(creator, [*(hooks or []), final], eval_ops, feed_dict)
        logging.info("Finished evaluation at " + time.strftime("%Y-%m-%d-%H:%M:%S", time.gmtime()))
        if number == max_number_of_evaluations:
            break
    return final.final_ops_values
