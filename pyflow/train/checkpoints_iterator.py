"""Waiting for the checkpoints that another process, or this one, saves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pyflow.core.api import export
from pyflow.platform import logging
from pyflow.train.checkpoint_management import latest_checkpoint


def wait_for_new_checkpoint(
    checkpoint_dir: str,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """The path of the newest checkpoint in a folder, once it is another than `last_checkpoint`.

    Args:
      seconds_to_sleep: between two looks.
      timeout: after how many seconds to give up, and return None; None waits for ever.
    """
    logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    stop = None if timeout is None else time.time() + timeout
    while True:
        path = latest_checkpoint(checkpoint_dir)
        if path is not None and path != last_checkpoint:
            logging.info("Found new checkpoint at %s", path)
            return path
        if stop is not None and time.time() + seconds_to_sleep > stop:
            return None
        time.sleep(seconds_to_sleep)


@export("train.checkpoints_iterator")
def checkpoints_iterator(
    checkpoint_dir: str,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """The paths of the checkpoints in a folder as they come; one that is replaced before it is asked for is left out.

    Args:
      min_interval_secs: seconds that lie at least between two.
      timeout: seconds to wait for the next; None waits for ever.
      timeout_fn: called after that time; the iterator ends if it returns True, and goes on waiting otherwise.
    """
    path = None
    while True:
        found = wait_for_new_checkpoint(checkpoint_dir, path, timeout=timeout)
        if found is None:
            if timeout_fn is None:
                logging.info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        start, path = time.time(), found
        yield path
        rest = start + min_interval_secs - time.time()
        if rest > 0:
            time.sleep(rest)
