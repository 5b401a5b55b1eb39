"""`tf.train.MonitoredSession` and `tf.train.MonitoredTrainingSession`: sessions that initialise, save and stop.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/MonitoredTrainingSession
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.scopes import get_collection, get_default_graph
from pyflow.train.coordinator import Coordinator
from pyflow.train.queue_runner import start_queue_runners
from pyflow.train.saving_hooks import CheckpointSaverHook, SummarySaverHook
from pyflow.train.scaffold import USE_DEFAULT, Scaffold
from pyflow.train.session_creators import ChiefSessionCreator, SessionCreator, WorkerSessionCreator
from pyflow.train.step_hooks import StepCounterHook
from pyflow.train.wrapped_sessions import (
    StepContext,
    _CoordinatedSession,
    _HookedSession,
    _RecoverableSession,
    _WrappedSession,
)

__all__ = ["_MonitoredSession", "_WrappedSession"]


class _CoordinatedSessionCreator(SessionCreator):
    """Opens a session with hooks and with the threads of the graph's queue runners."""

    def __init__(self, session_creator: Any, hooks: list[Any], stop_grace_period_secs: float):
        self._session_creator = session_creator
        self._hooks = hooks
        self.coord: Any = None
        self.tf_sess: Any = None
        self._stop_grace_period_secs = stop_grace_period_secs

    def create_session(self) -> Any:
        self.tf_sess = self._session_creator.create_session()
        # An error of a thread must come out of `run` or `close`, the end of the input too.
        self.coord = Coordinator(clean_stop_exception_types=[])
        if get_collection(GraphKeys.QUEUE_RUNNERS):
            start_queue_runners(sess=self.tf_sess, coord=self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.tf_sess, self.coord)
        return _CoordinatedSession(_HookedSession(self.tf_sess, self._hooks), self.coord, self._stop_grace_period_secs)


class _MonitoredSession:
    """What monitored sessions share.

    Args:
      session_creator: a `SessionCreator`; None takes a `ChiefSessionCreator`.
      hooks: `SessionRunHook`s.
      should_recover: whether a session lost by preemption is replaced.
      stop_grace_period_secs: how long threads may take to end when the session is closed, in seconds.
    """

    StepContext = StepContext
    _CoordinatedSessionCreator = _CoordinatedSessionCreator

    def __init__(self, session_creator: Any, hooks: Any, should_recover: bool, stop_grace_period_secs: float = 120):
        self._graph_was_finalized = get_default_graph().finalized
        self._hooks = hooks or []
        for hook in self._hooks:
            hook.begin()
        self._coordinated_creator = _CoordinatedSessionCreator(
            session_creator or ChiefSessionCreator(), self._hooks, stop_grace_period_secs
        )
        self._sess: Any
        if should_recover:
            self._sess = _RecoverableSession(self._coordinated_creator)
        else:
            self._sess = self._coordinated_creator.create_session()

    @property
    def graph(self) -> Any:
        """The graph, or None once the session is closed."""
        return None if self._is_closed() else self._tf_sess().graph

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """As `Session.run`, with the hooks before and after.

        Raises:
          RuntimeError: the session has been asked to stop, or two feed the same tensor.
        """
        return self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)

    def run_step_fn(self, step_fn: Callable) -> Any:
        """Calls `step_fn(step_context)` and gives what it returns; see `StepContext`.

        Raises:
          ValueError: the function's argument is not called `step_context`.
        """
        names = tuple(inspect.signature(step_fn).parameters)
        if names not in (("step_context",), ("self", "step_context")):
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or `self` and `step_context` arguments if it's "
                f"an instance method. Got {names} instead."
            )
        return self._sess.run_step_fn(step_fn, self._tf_sess(), run_with_hooks=None)

    def should_stop(self) -> bool:
        """Whether a hook or a thread asks to stop, or the session is closed."""
        return self._sess is None or self._sess.should_stop()

    def close(self) -> None:
        """Has the hooks end, stops the threads, and closes the session."""
        self._close_internal()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, exception_type: Any, exception_value: Any, traceback: Any) -> bool:
        # The end of the input ends the session as it should.
        if exception_type in (errors.OutOfRangeError, StopIteration):
            exception_type = None
        self._close_internal(exception_type)
        return exception_type is None

    def _close_internal(self, exception_type: Any = None) -> None:
        try:
            if not exception_type:
                for hook in self._hooks:
                    hook.end(self._coordinated_creator.tf_sess)
        finally:
            try:
                if self._sess is None:
                    raise RuntimeError("Session is already closed.")
                self._sess.close()
            finally:
                self._sess = None
                self._coordinated_creator.tf_sess = None
                self._coordinated_creator.coord = None
                if not self._graph_was_finalized:
                    get_default_graph()._unsafe_unfinalize()

    def _is_closed(self) -> bool:
        return self._coordinated_creator.tf_sess is None

    def _tf_sess(self) -> Any:
        return self._coordinated_creator.tf_sess


@export("train.MonitoredSession")
class MonitoredSession(_MonitoredSession):
    """A session that initialises the model, starts queue runners, calls hooks, and recovers from preemptions.

    As a context manager it is closed at the end; the end of the input (`OutOfRangeError`) is no error.

    Args:
      session_creator: a `SessionCreator`; None takes a `ChiefSessionCreator`.
      hooks: `SessionRunHook`s.
      stop_grace_period_secs: how long threads may take to end when the session is closed, in seconds.
    """

    def __init__(self, session_creator: Any = None, hooks: Any = None, stop_grace_period_secs: float = 120):
        super().__init__(session_creator, hooks, should_recover=True, stop_grace_period_secs=stop_grace_period_secs)


@export("train.SingularMonitoredSession")
class SingularMonitoredSession(_MonitoredSession):
    """A `MonitoredSession` that does not recover: one session, which `raw_session` gives.

    Args:
      hooks: `SessionRunHook`s.
      scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path: as those of `ChiefSessionCreator`.
      stop_grace_period_secs: how long threads may take to end when the session is closed, in seconds.
    """

    def __init__(
        self,
        hooks: Any = None,
        scaffold: Any = None,
        master: Any = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        stop_grace_period_secs: float = 120,
        checkpoint_filename_with_path: str | None = None,
    ):
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
        super().__init__(creator, hooks, should_recover=False, stop_grace_period_secs=stop_grace_period_secs)

    def raw_session(self) -> Any:
        """The session beneath, without hooks."""
        return self._tf_sess()


def _intervals(first: Any, second: Any, first_default: Any, second_default: Any) -> tuple[Any, Any]:
    """Two intervals of which one is given, or none."""
    if first is USE_DEFAULT and second is USE_DEFAULT:
        return first_default, second_default
    return (None if first is USE_DEFAULT else first), (None if second is USE_DEFAULT else second)


@export("train.MonitoredTrainingSession")
def MonitoredTrainingSession(
    master: Any = "",
    is_chief: bool = True,
    checkpoint_dir: str | None = None,
    scaffold: Any = None,
    hooks: Any = None,
    chief_only_hooks: Any = None,
    save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT,
    save_summaries_secs: Any = USE_DEFAULT,
    config: Any = None,
    stop_grace_period_secs: float = 120,
    log_step_count_steps: int | None = 100,
    max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT,
    summary_dir: str | None = None,
) -> MonitoredSession:
    """A `MonitoredSession` for training.

    Args:
      master: the session's target.
      is_chief: whether this worker initialises the model and saves; others wait for that, and have `hooks` only.
      checkpoint_dir: the folder to restore from and save to; None for neither.
      scaffold: a `Scaffold`; None takes one of defaults.
      hooks: `SessionRunHook`s; `chief_only_hooks` are called only if this is the chief.
      save_checkpoint_secs, save_checkpoint_steps: how often a checkpoint is saved: every 600 seconds if neither is
        given; None for never.
      save_summaries_steps, save_summaries_secs: how often summaries are written: every 100 steps if neither is given;
        None for never.
      config: a `ConfigProto`.
      stop_grace_period_secs: how long threads may take to end when the session is closed, in seconds.
      log_step_count_steps: how often steps per second are logged; None for never.
      max_wait_secs: how long to wait for the chief at most, in seconds.
      summary_dir: the folder of the event file; by default `checkpoint_dir`.
    """
    save_summaries_steps, save_summaries_secs = _intervals(save_summaries_steps, save_summaries_secs, 100, None)
    save_checkpoint_steps, save_checkpoint_secs = _intervals(save_checkpoint_steps, save_checkpoint_secs, None, 600)
    scaffold = scaffold or Scaffold()
    if not is_chief:
        creator: Any = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(creator, hooks or [], stop_grace_period_secs)
    all_hooks = list(chief_only_hooks or [])
    creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir:
        if log_step_count_steps and log_step_count_steps > 0:
            all_hooks.append(StepCounterHook(every_n_steps=log_step_count_steps, output_dir=summary_dir))
        if (save_summaries_steps or 0) > 0 or (save_summaries_secs or 0) > 0:
            all_hooks.append(
                SummarySaverHook(save_summaries_steps, save_summaries_secs, summary_dir, scaffold=scaffold)
            )
    if checkpoint_dir and ((save_checkpoint_secs or 0) > 0 or (save_checkpoint_steps or 0) > 0):
        all_hooks.append(
            CheckpointSaverHook(checkpoint_dir, save_checkpoint_secs, save_checkpoint_steps, scaffold=scaffold)
        )
    all_hooks += hooks or []
    return MonitoredSession(creator, all_hooks, stop_grace_period_secs)
