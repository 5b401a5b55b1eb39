"""`tf.train.SessionManager`: opens sessions whose variables have values, from a checkpoint or by initialising them.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/SessionManager
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.graph import Graph
from pyflow.core.scopes import get_default_graph
from pyflow.platform import logging
from pyflow.runtime.session import Session
from pyflow.train import checkpoint_management


def _name(op: Any) -> str:
    """How messages call an operation or function."""
    if op is None:
        return "None"
    return op.name if hasattr(op, "name") else f"<no name for {type(op)}>"


@export("train.SessionManager")
class SessionManager:
    """Opens sessions that are ready for training or evaluation.

    Args:
      local_init_op: an operation to run in every new session.
      ready_op: a tensor that says whether the model is ready: the names of what is not yet initialized, empty or None
        when it is ready.
      ready_for_local_init_op: the same before `local_init_op` is run.
      graph: the graph of the sessions; None takes the default graph.
      recovery_wait_secs: seconds between two looks at whether a checkpoint, or the model, is there.
      local_init_run_options: `RunOptions` for `local_init_op`.

    Raises:
      ValueError: there is a `ready_for_local_init_op` without `local_init_op`.
    """

    def __init__(
        self,
        local_init_op: Any = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        graph: Graph | None = None,
        recovery_wait_secs: float = 30,
        local_init_run_options: Any = None,
    ):
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , ready_for_local_init_op "
                f"[{ready_for_local_init_op}]"
            )
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = graph if graph is not None else get_default_graph()
        self._recovery_wait_secs = recovery_wait_secs
        self._local_init_run_options = local_init_run_options
        self._target: Any = None

    def prepare_session(
        self,
        master: Any,
        init_op: Any = None,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable | None = None,
    ) -> Session:
        """A session whose variables come from a checkpoint if there is one, else from `init_op` and `init_fn`.

        Args:
          master: the session's target.
          init_op: an operation to run, with `init_feed_dict` fed.
          saver: a `Saver` to restore with.
          checkpoint_dir: the folder whose newest checkpoint is restored, or
          checkpoint_filename_with_path: the checkpoint's path.
          wait_for_checkpoint: whether to wait for the folder's first checkpoint, up to `max_wait_secs` seconds.
          config: a `ConfigProto` for the session.
          init_fn: called with the session after `init_op`.

        Raises:
          RuntimeError: the model is not ready, or there is nothing to initialise it with.
          ValueError: both `checkpoint_dir` and `checkpoint_filename_with_path` are given.
        """
        sess, restored = self._restore_checkpoint(
            master,
            saver,
            checkpoint_dir,
            checkpoint_filename_with_path,
            wait_for_checkpoint,
            max_wait_secs,
            config,
        )
        if not restored:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given")
            if init_op is not None:
                sess.run(init_op, feed_dict=init_feed_dict)
            if init_fn:
                init_fn(sess)
        initialised, message = self._try_run_local_init_op(sess)
        if not initialised:
            raise RuntimeError(
                f"Init operations did not make model ready for local_init.  Init op: {_name(init_op)}, init fn: "
                f"{init_fn}, error: {message}"
            )
        is_ready, message = self._model_ready(sess)
        if not is_ready:
            raise RuntimeError(
                f"Init operations did not make model ready.  Init op: {_name(init_op)}, init fn: {init_fn}, "
                f"local_init_op: {_name(self._local_init_op)}, error: {message}"
            )
        return sess

    def recover_session(
        self,
        master: Any,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """A session, and whether its variables could be restored so that the model is ready.

        Args: as those of `prepare_session`.

        Raises:
          ValueError: both `checkpoint_dir` and `checkpoint_filename_with_path` are given.
        """
        sess, restored = self._restore_checkpoint(
            master,
            saver,
            checkpoint_dir,
            checkpoint_filename_with_path,
            wait_for_checkpoint,
            max_wait_secs,
            config,
        )
        initialised, message = self._try_run_local_init_op(sess)
        if not restored:
            return sess, False
        source = checkpoint_dir or checkpoint_filename_with_path
        if not initialised:
            logging.info("Restoring model from %s did not make model ready for local init: %s", source, message)
            return sess, False
        is_ready, message = self._model_ready(sess)
        if not is_ready:
            logging.info("Restoring model from %s did not make model ready: %s", source, message)
            return sess, False
        logging.info("Restored model from %s", source)
        return sess, True

    def wait_for_session(
        self, master: Any, config: Any = None, max_wait_secs: float | None = float("Inf")
    ) -> Session | None:
        """A session in which the model is ready, once another process has made it so.

        Args:
          max_wait_secs: how long to wait at most, in seconds; None waits for ever.

        Raises:
          DeadlineExceededError: it took longer.
        """
        self._target = master
        deadline = time.monotonic() + (float("Inf") if max_wait_secs is None else max_wait_secs)
        while True:
            sess = Session(self._target, graph=self._graph, config=config)
            message = None
            initialised, local_message = self._try_run_local_init_op(sess)
            if initialised:
                is_ready, message = self._model_ready(sess)
                if is_ready:
                    return sess
            with contextlib.suppress(Exception):
                sess.close()
            if deadline - time.monotonic() < self._recovery_wait_secs:
                raise errors.DeadlineExceededError(
                    None, None, f"Session was not ready after waiting {max_wait_secs:.0f} secs."
                )
            logging.info(
                "Waiting for model to be ready.  Ready_for_local_init_op:  %s, ready: %s", local_message, message
            )
            time.sleep(self._recovery_wait_secs)

    def _restore_checkpoint(
        self,
        master: Any,
        saver: Any = None,
        checkpoint_dir: str | None = None,
        checkpoint_filename_with_path: str | None = None,
        wait_for_checkpoint: bool = False,
        max_wait_secs: float = 7200,
        config: Any = None,
    ) -> tuple[Session, bool]:
        """A session, and whether a checkpoint was restored into it."""
        self._target = master
        sess = Session(self._target, graph=self._graph, config=config)
        if checkpoint_dir and checkpoint_filename_with_path:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        if not saver or not (checkpoint_dir or checkpoint_filename_with_path):
            return sess, False
        if checkpoint_filename_with_path:
            saver.restore(sess, checkpoint_filename_with_path)
            return sess, True
        folder = str(checkpoint_dir)
        waited = 0.0
        checkpoint = checkpoint_management.get_checkpoint_state(folder)
        while not checkpoint or not checkpoint.model_checkpoint_path:
            if not wait_for_checkpoint or waited >= max_wait_secs:
                return sess, False
            logging.info("Waiting for checkpoint to be available.")
            time.sleep(self._recovery_wait_secs)
            waited += self._recovery_wait_secs
            checkpoint = checkpoint_management.get_checkpoint_state(folder)
        saver.restore(sess, checkpoint.model_checkpoint_path)
        saver.recover_last_checkpoints(checkpoint.all_model_checkpoint_paths)
        return sess, True

    def _model_ready(self, sess: Session) -> tuple[bool, str | None]:
        return _ready(self._ready_op, sess, "Model not ready")

    def _model_ready_for_local_init(self, sess: Session) -> tuple[bool, str | None]:
        return _ready(self._ready_for_local_init_op, sess, "Model not ready for local init")

    def _try_run_local_init_op(self, sess: Session) -> tuple[bool, str | None]:
        """Runs the local_init_op if the model is ready for it; whether that is so, and why not."""
        if self._local_init_op is None:
            return True, None
        is_ready, message = self._model_ready_for_local_init(sess)
        if not is_ready:
            return False, message
        logging.info("Running local_init_op.")
        sess.run(self._local_init_op, options=self._local_init_run_options)
        logging.info("Done running local_init_op.")
        return True, None


def _ready(op: Any, sess: Session, msg: str) -> tuple[bool, str | None]:
    """Whether a ready_op says so, and why not.

    An operation that doesn't fail, an int32 (as older programs have it) and an empty tensor of names say so.
    """
    if op is None:
        return True, None
    try:
        value = sess.run(op)
    except errors.FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            logging.warning("%s : error [%s]", msg, str(error))
            raise
        return False, str(error)
    if value is None or value.dtype == np.int32 or value.size == 0:
        return True, None
    return False, "Variables not initialized: " + ", ".join(name.decode("utf-8") for name in value)
