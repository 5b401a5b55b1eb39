"""Elements made ahead of time by threads; where there are none, at the moment they are asked for."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.waiting import threads_available, time_left
from pyflow.ops.dataset_values import Elements, Run

AUTOTUNE = -1
_READY_BY_DEFAULT = 4
_THREADS_BY_DEFAULT = 2


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


class _Pool:
    """Threads that call functions; they end with the run."""

    def __init__(self, size: int, run: Run):
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="pyflow_data")
        run.ends(self)

    def submit(self, function: Callable, argument: Any) -> Future:
        return self._executor.submit(_quietly, function, argument)

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _quietly(function: Callable, argument: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(argument)


class _MappedInParallel(Elements):
    """Results in the order of their arguments, up to `calls` of them in the making."""

    def __init__(self, elements: Elements, function: Callable, calls: int, run: Run):
        self._elements, self._function, self._calls = elements, function, calls
        self._pending: collections.deque[Any] = collections.deque()
        self._run = run
        self._pool: _Pool | None = None
        self._complete = False

    def __next__(self) -> list:
        if self._pool is None:
            self._pool = _Pool(self._calls, self._run)
        while len(self._pending) < self._calls and not self._complete:
            self._begin()
        if not self._pending:
            raise StopIteration
        first = self._pending.popleft()
        if isinstance(first, Exception):
            raise first
        try:
            return first.result()
        except errors.OutOfRangeError:
            self._complete = True
            self._pending.clear()
            raise StopIteration from None

    def _begin(self) -> None:
        try:
            element = next(self._elements)
        except StopIteration:
            self._complete = True
            return
        except Exception as error:
            self._pending.append(error)
            return
        assert self._pool is not None
        self._pending.append(self._pool.submit(self._function, element))


def mapped(elements: Elements, function: Callable[[list], list], calls: int, run: Run) -> Elements:
    """The function's results for each element; several calls at once if `calls` says so and there are threads."""
    if calls == AUTOTUNE:
        calls = _THREADS_BY_DEFAULT
    if calls <= 1 or not threads_available():
        return Mapped(elements, function)
    return _MappedInParallel(elements, function, calls, run)


class Mapped(Elements):
    """A function's results for each element."""

    def __init__(self, elements: Elements, function: Callable[[list], list]):
        self._elements, self._function = elements, function

    def __next__(self) -> list:
        element = next(self._elements)
        try:
            return self._function(element)
        except errors.OutOfRangeError:
            raise StopIteration from None
