"""What opens the sessions of a `MonitoredSession`: the chief, which initialises the model, and other workers."""

from __future__ import annotations

import abc
from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import get_default_graph
from pyflow.train.scaffold import Scaffold
from pyflow.train.session_manager import SessionManager


@export("train.SessionCreator")
class SessionCreator(abc.ABC):
    """Opens sessions."""

    @abc.abstractmethod
    def create_session(self) -> Any:
        """A new session."""
        raise NotImplementedError(f"create_session is not implemented for {self}.")


class _ScaffoldSessionCreator(SessionCreator):
    def __init__(self, scaffold: Any, master: Any, config: Any):
        self._scaffold = scaffold or Scaffold()
        self._session_manager: Any = None
        self._master = master
        self._config = config

    def _get_session_manager(self) -> SessionManager:
        if self._session_manager is None:
            self._session_manager = SessionManager(
                local_init_op=self._scaffold.local_init_op,
                ready_op=self._scaffold.ready_op,
                ready_for_local_init_op=self._scaffold.ready_for_local_init_op,
                graph=get_default_graph(),
            )
        return self._session_manager


@export("train.ChiefSessionCreator")
class ChiefSessionCreator(_ScaffoldSessionCreator):
    """Opens sessions whose variables come from a checkpoint, or are initialised.

    Args:
      scaffold: a `Scaffold`; None takes one of defaults. It is finalized.
      master: the sessions' target.
      config: a `ConfigProto`.
      checkpoint_dir: the folder whose newest checkpoint is restored, if it has one, or
      checkpoint_filename_with_path: the checkpoint's path.
    """

    def __init__(
        self,
        scaffold: Any = None,
        master: Any = "",
        config: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
    ):
        super().__init__(scaffold, master, config)
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint_filename_with_path = checkpoint_filename_with_path

    def create_session(self) -> Any:
        self._scaffold.finalize()
        return self._get_session_manager().prepare_session(
            self._master,
            saver=self._scaffold.saver,
            checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint_filename_with_path,
            config=self._config,
            init_op=self._scaffold.init_op,
            init_feed_dict=self._scaffold.init_feed_dict,
            init_fn=self._scaffold.init_fn,
        )


@export("train.WorkerSessionCreator")
class WorkerSessionCreator(_ScaffoldSessionCreator):
    """Opens sessions once the chief has initialised the model; waits `max_wait_secs` seconds at most."""

    def __init__(self, scaffold: Any = None, master: Any = "", config: Any = None, max_wait_secs: float = 30 * 60):
        super().__init__(scaffold, master, config)
        self._max_wait_secs = max_wait_secs

    def create_session(self) -> Any:
        self._scaffold.finalize()
        return self._get_session_manager().wait_for_session(
            self._master, config=self._config, max_wait_secs=self._max_wait_secs
        )
