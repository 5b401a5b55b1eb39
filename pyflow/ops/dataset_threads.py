"""Elements made ahead of time by threads; where there are none, at the moment they are asked for."""

from __future__ import annotations

import collections
import threading
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.waiting import threads_available, time_left
from pyflow.ops.dataset_values import Elements, Run

AUTOTUNE = -1
_READY_BY_DEFAULT = 4


class _Buffer:
    """What a thread has made ready and nobody has taken yet."""

    def __init__(self, size: int):
        self._size = size
        self._ready: collections.deque[tuple[Any, Exception | None]] = collections.deque()
        self._changed = threading.Condition()
        self._closed = self._complete = False
        self.thread: threading.Thread | None = None

    def put(self, item: Any, error: Exception | None = None) -> bool:
        """Waits for room; False when nothing more is wanted."""
        with self._changed:
            while len(self._ready) >= self._size and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._ready.append((item, error))
            self._changed.notify_all()
            return True

    def finish(self) -> None:
        with self._changed:
            self._complete = True
            self._changed.notify_all()

    def get(self) -> Any:
        with self._changed:
            while not self._ready:
                if self._closed:
                    raise errors.CancelledError(None, None, "Operation was cancelled")
                if self._complete:
                    raise StopIteration
                left = time_left()
                if not self._changed.wait(None if left < 0 else left) and left >= 0:
                    raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification")
            item, error = self._ready.popleft()
            self._changed.notify_all()
        if error is not None:
            raise error
        return item

    def cancel(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def close(self) -> None:
        """Ends the thread, and waits for that."""
        self.cancel()
        thread = self.thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()


def _make_ready(elements: Elements, buffer: _Buffer) -> None:
    with np.errstate(all="ignore"):
        while True:
            try:
                wanted = buffer.put(next(elements))
            except StopIteration:
                buffer.finish()
                return
            except Exception as error:
                wanted = buffer.put(None, error)
            if not wanted:
                return


class _Prefetched(Elements):
    """Elements that a thread gets while the one before is at work. The thread ends when this is let go of."""

    def __init__(self, elements: Elements, size: int, run: Run):
        self._elements, self._run = elements, run
        self._buffer = _Buffer(size)

    def __next__(self) -> list:
        buffer = self._buffer
        if buffer.thread is None:
            buffer.thread = threading.Thread(target=_make_ready, args=(self._elements, buffer), daemon=True)
            self._run.ends(buffer)
            buffer.thread.start()
        return buffer.get()

    def __del__(self) -> None:
        self._buffer.cancel()


def prefetched(elements: Elements, size: int, run: Run) -> Elements:
    """The elements, of which up to `size` are made ready by a thread if there can be one."""
    if size == 0 or not threads_available():
        return elements
    return _Prefetched(elements, _READY_BY_DEFAULT if size == AUTOTUNE else size, run)
