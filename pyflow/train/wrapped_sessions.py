"""The layers of a monitored session: one calls the hooks, one minds the threads, one starts anew after a preemption."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.platform import logging
from pyflow.protos.config_pb2 import RunMetadata, RunOptions
from pyflow.train.session_run_hook import SessionRunArgs, SessionRunContext, SessionRunValues

# What goes away when a session is opened anew: a task of the cluster was restarted.
_PREEMPTION_ERRORS = (errors.AbortedError, errors.UnavailableError)

_CLOSE_FAILED = (
    "An error occurred when attempting to close the session. This may be due to a preemption in a connected worker or "
    "parameter server. Error: %s"
)
_MANY_ERRORS = (
    "This error may also occur due to a gRPC failure caused by high memory or network bandwidth usage in the parameter "
    "servers. If this error occurs repeatedly, try increasing the number of parameter servers assigned to the job. "
    "Error: %s"
)
_CREATION_FAILED = (
    "An error was raised while a session was being created. This may be due to a preemption of a connected worker or "
    f"parameter server. A new session will be created. {_MANY_ERRORS}"
)
_STARTING_ANEW = (
    "This may be due to a preemption in a connected worker or parameter server. The current session will be closed and "
    f"a new session will be created. {_MANY_ERRORS}"
)
_CHECK_FAILED = f"An error was raised while considering whether the session is complete. {_STARTING_ANEW}"
_RUN_FAILED = f"An error was raised. {_STARTING_ANEW}"


class StepContext:
    """What a step function gets.

    Args:
      session: the session beneath, without hooks.
      run_with_hooks_fn: runs with hooks.
    """

    def __init__(self, session: Any, run_with_hooks_fn: Callable):
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    session: Any = property(lambda self: self._session, doc="The session beneath, without hooks.")

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """As `MonitoredSession.run`, with the hooks."""
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """Leaves the step function, and stops the session.

        Raises:
          StopIteration: always; it is how that is done.
        """
        raise StopIteration("step_fn has requested the iterations to stop.")


class _WrappedSession:
    """A session around another, or around None once it is closed."""

    def __init__(self, sess: Any):
        self._sess: Any = sess
        self._wrapped_is_stoppable = isinstance(sess, _WrappedSession)

    graph: Any = property(lambda self: self._sess.graph, doc="The graph of the session beneath.")
    sess_str: Any = property(lambda self: self._sess.sess_str, doc="The target of the session beneath.")

    def should_stop(self) -> bool:
        """Whether this session or one beneath is to stop."""
        if self._check_stop() or not self._sess:
            return True
        return self._wrapped_is_stoppable and self._sess.should_stop()

    def _check_stop(self) -> bool:
        return False

    def close(self) -> None:
        """Closes the session beneath; a preemption is no error then."""
        if self._sess:
            try:
                self._sess.close()
            except _PREEMPTION_ERRORS as error:
                logging.warning(_CLOSE_FAILED, error)
            finally:
                self._sess = None

    def run(self, *args: Any, **kwargs: Any) -> Any:
        return self._sess.run(*args, **kwargs)

    def run_step_fn(self, step_fn: Callable, raw_session: Any, run_with_hooks: Callable | None) -> Any:
        """Calls the step function with a `StepContext`."""
        return step_fn(StepContext(raw_session, run_with_hooks or self.run))


class _RecoverableSession(_WrappedSession):
    """Opens a new session when the one beneath fails of a preemption, and runs again.

    Args:
      sess_creator: a `SessionCreator`.
    """

    def __init__(self, sess_creator: Any):
        self._sess_creator = sess_creator
        super().__init__(self._create_session())

    def _create_session(self) -> Any:
        while True:
            try:
                return self._sess_creator.create_session()
            except _PREEMPTION_ERRORS as error:
                logging.info(_CREATION_FAILED, error)

    def _check_stop(self) -> bool:
        try:
            return self._sess._check_stop() if self._sess else True
        except _PREEMPTION_ERRORS as error:
            logging.info(_CHECK_FAILED, error)
            self.close()
            self._sess = self._create_session()
            return False
        except Exception:
            # Reported by `close`, when the threads are joined.
            return True

    def _run_again(self, call: Callable) -> Any:
        while True:
            try:
                if not self._sess:
                    self._sess = self._create_session()
                return call()
            except _PREEMPTION_ERRORS as error:
                logging.info(_RUN_FAILED, error)
                self.close()
                self._sess = None

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        return self._run_again(
            lambda: self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)
        )

    def run_step_fn(self, step_fn: Callable, raw_session: Any, run_with_hooks: Callable | None) -> Any:
        return self._run_again(lambda: self._sess.run_step_fn(step_fn, raw_session, self._sess.run))


class _CoordinatedSession(_WrappedSession):
    """Stops with its threads: an error in one of them ends the session, and closing it ends them.

    Args:
      coord: the threads' `Coordinator`.
      stop_grace_period_secs: how long the threads may take to end, in seconds.
    """

    def __init__(self, sess: Any, coord: Any, stop_grace_period_secs: float = 120):
        super().__init__(sess)
        self._coord = coord
        self._stop_grace_period_secs = stop_grace_period_secs

    def _check_stop(self) -> bool:
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def close(self) -> None:
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._stop_grace_period_secs, ignore_live_threads=True)
        finally:
            # An error from the threads says more than one from closing after it.
            with contextlib.suppress(Exception):
                super().close()

    def run(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._sess.run(*args, **kwargs)
        except _PREEMPTION_ERRORS:
            raise
        except Exception as error:
            # A thread's preemption can be why this run failed, of a closed queue for example: that one can be mended.
            try:
                self._coord.raise_requested_exception()
            except _PREEMPTION_ERRORS:
                raise
            except Exception:
                raise error from None
            raise


class _HookedSession(_WrappedSession):
    """Calls hooks before and after each run.

    Args:
      hooks: `SessionRunHook`s.
    """

    def __init__(self, sess: Any, hooks: list[Any]):
        super().__init__(sess)
        self._hooks = hooks
        self._should_stop = False

    def _check_stop(self) -> bool:
        return self._should_stop

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Runs what the program and the hooks ask for; gives what the program asked for."""
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        wanted = {"caller": fetches}
        context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self._sess)
        options = options or RunOptions()
        feed_dict = self._call_hook_before_run(context, wanted, feed_dict, options)
        if run_metadata is None and not options.ListFields():
            # The way without profiling; the metadata stay empty as they would with it.
            run_metadata = RunMetadata()
            values = self._sess.run(wanted, feed_dict)
        else:
            run_metadata = run_metadata if run_metadata is not None else RunMetadata()
            values = self._sess.run(wanted, feed_dict, options, run_metadata)
        for hook in self._hooks:
            hook.after_run(context, SessionRunValues(values.get(hook), options, run_metadata))
        self._should_stop = self._should_stop or context.stop_requested
        return values["caller"]

    def _call_hook_before_run(self, run_context: Any, fetch_dict: dict, user_feed_dict: Any, options: Any) -> Any:
        """Adds what the hooks ask for to the fetches and options; gives all feeds."""
        hook_feeds: dict = {}
        for hook in self._hooks:
            request = hook.before_run(run_context)
            if request is None:
                continue
            if request.fetches is not None:
                fetch_dict[hook] = request.fetches
            if request.feed_dict:
                _check_disjoint(hook_feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                hook_feeds.update(request.feed_dict)
            if request.options:
                _merge_run_options(options, request.options)
        if not hook_feeds:
            return user_feed_dict
        if not user_feed_dict:
            return hook_feeds
        _check_disjoint(user_feed_dict, hook_feeds, "Same tensor is fed by a SessionRunHook and user.")
        return {**hook_feeds, **user_feed_dict}


def _check_disjoint(feeds: dict, others: dict, message: str) -> None:
    both = set(feeds) & set(others)
    if both:
        raise RuntimeError(f"{message} Conflict(s): {list(both)}")


def _merge_run_options(options: Any, others: Any) -> None:
    """Has the first options ask for all that either asks for."""
    for field in ("trace_level", "timeout_in_ms", "inter_op_thread_pool", "output_partition_graphs"):
        setattr(options, field, max(getattr(options, field), getattr(others, field)))
    options.report_tensor_allocations_upon_oom |= others.report_tensor_allocations_upon_oom
    if others.HasField("debug_options"):
        options.debug_options.debug_tensor_watch_opts.extend(others.debug_options.debug_tensor_watch_opts)
        options.debug_options.reset_disk_byte_usage |= others.debug_options.reset_disk_byte_usage
