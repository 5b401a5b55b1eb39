"""`tf.train.basic_train_loop`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export


@export("train.basic_train_loop")
def basic_train_loop(
    supervisor: Any, train_step_fn: Callable, args: Any = None, kwargs: Any = None, master: Any = ""
) -> None:
    """Calls `train_step_fn(session, *args, **kwargs)` until the supervisor stops, in a new session after a preemption.

    Args:
      master: the sessions' target.
    """
    while True:
        try:
            # Starting over is what the loop is for; there is no need to close a writer that goes on.
            with supervisor.managed_session(master, close_summary_writer=False) as sess:
                while not supervisor.should_stop():
                    train_step_fn(sess, *(args or []), **(kwargs or {}))
            return
        except errors.AbortedError:
            continue
