"""Waiting for others: whether there are threads that could end it, and how long it may last."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

_threads: bool | None = None


def threads_available() -> bool:
    """Whether threads can be started here; in a browser tab they cannot."""
    global _threads
    if _threads is None:
        trial = threading.Thread(target=bool)
        try:
            trial.start()
        except RuntimeError:
            _threads = False
        else:
            trial.join()
            _threads = True
    return _threads


@contextlib.contextmanager
def without_threads() -> Iterator[None]:
    """In the block everything that asks `threads_available` behaves as in a browser tab."""
    global _threads
    before, _threads = _threads, False
    try:
        yield
    finally:
        _threads = before


class _Limit(threading.local):
    end: float | None = None


_limit = _Limit()


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """In the block this thread waits no longer than until `seconds` from now."""
    before = _limit.end
    _limit.end = time.monotonic() + seconds
    try:
        yield
    finally:
        _limit.end = before


def time_left() -> float:
    """How long this thread may wait, in seconds; -1 for as long as it takes."""
    return -1 if _limit.end is None else max(0.0, _limit.end - time.monotonic())
