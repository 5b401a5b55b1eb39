"""What takes part in each call of a monitored session's `run`: hooks, what they ask for and what they get.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/SessionRunHook
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pyflow.core.api import export


@export("train.SessionRunArgs", "estimator.SessionRunArgs")
class SessionRunArgs(
    NamedTuple("SessionRunArgs", [("fetches", Any), ("feed_dict", Any), ("options", Any)]),
):
    """What a hook wants of the next run: more fetches, feeds and `RunOptions`."""

    __slots__ = ()

    def __new__(cls, fetches: Any, feed_dict: Any = None, options: Any = None) -> SessionRunArgs:
        return super().__new__(cls, fetches, feed_dict, options)


@export("train.SessionRunValues", "estimator.SessionRunValues")
class SessionRunValues(
    NamedTuple("SessionRunValues", [("results", Any), ("options", Any), ("run_metadata", Any)]),
):
    """What a run gave a hook: values of its fetches, the `RunOptions` used, and the `RunMetadata`."""

    __slots__ = ()


@export("train.SessionRunContext", "estimator.SessionRunContext")
class SessionRunContext:
    """The run that a hook is called for.

    Args:
      original_args: the `SessionRunArgs` of the program's own call.
      session: the session beneath, without hooks.
    """

    def __init__(self, original_args: Any, session: Any):
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    original_args: Any = property(lambda self: self._original_args, doc="The `SessionRunArgs` of the program's call.")
    session: Any = property(lambda self: self._session, doc="The session beneath, without hooks.")
    stop_requested: bool = property(lambda self: self._stop_requested, doc="Whether a hook asked to stop.")  # type: ignore

    def request_stop(self) -> None:
        """Has the session's `should_stop` say True from now on."""
        self._stop_requested = True


@export("train.SessionRunHook", "estimator.SessionRunHook")
class SessionRunHook:
    """Extends the runs of a `MonitoredSession`; subclasses override what they need."""

    def begin(self) -> None:
        """Called once before the session is made; may add to the graph, which is finalized after."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called when a session has been made or recovered, with variables initialised."""

    def before_run(self, run_context: Any) -> Any:
        """Called before each run; returns `SessionRunArgs`, or None."""
        return None

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Called after each run that didn't fail, with the `SessionRunValues` of what `before_run` asked for."""

    def end(self, session: Any) -> None:
        """Called at the end, unless a run failed with something other than the end of the input."""
