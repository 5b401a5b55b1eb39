"""`tf.train.Coordinator`: stops a group of threads together, and hands on what went wrong in one of them.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/Coordinator
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.platform import compat, logging

_ERROR = "Coordinator stopped with threads still running: %s"


@export("train.Coordinator")
class Coordinator:
    """Lets any thread ask all threads of a group to stop, and waits for them.

    Args:
      clean_stop_exception_types: exception classes that stop the threads without counting as errors; None means
        `OutOfRangeError`, the end of the input.
    """

    def __init__(self, clean_stop_exception_types: Any = None):
        if clean_stop_exception_types is None:
            clean_stop_exception_types = (errors.OutOfRangeError,)
        self._clean_stop_exception_types = tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop_event = threading.Event()
        self._exc_info_to_raise: Any = None
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()
        self._loops_without_thread: list[LooperThread] = []

    def request_stop(self, ex: Any = None) -> None:
        """Asks the threads to stop.

        Args:
          ex: an exception, or what `sys.exc_info()` gives, that `join` will raise; only the first one counts. Once
            the threads are joined, it is raised here.
        """
        with self._lock:
            ex = self._unless_clean(ex)
            if self._joined:
                # There will be no `join` to raise it.
                if isinstance(ex, tuple):
                    _reraise(ex)
                elif ex is not None:
                    raise ex
            if not self._stop_event.is_set():
                if ex and self._exc_info_to_raise is None:
                    self._exc_info_to_raise = _described(ex)
                self._stop_event.set()

    def _unless_clean(self, ex: Any) -> Any:
        exception = ex[1] if isinstance(ex, tuple) else ex
        return None if isinstance(exception, self._clean_stop_exception_types) else ex

    def clear_stop(self) -> None:
        """Starts anew: nothing is asked, nothing went wrong, nothing was joined."""
        with self._lock:
            self._joined = False
            self._exc_info_to_raise = None
            self._stop_event.clear()

    def should_stop(self) -> bool:
        """Whether the threads have been asked to stop.

        Where no threads can be started, this is when loops that are due run.
        """
        if self._loops_without_thread:
            self._run_loops_without_thread()
        return self._stop_event.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """Turns an exception of the block into a request to stop; the exception goes to `join`."""
        try:
            yield
        except:  # noqa: E722  (KeyboardInterrupt and SystemExit too)
            self.request_stop(ex=sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Waits until the threads are asked to stop, or for `timeout` seconds; whether they are."""
        return self._stop_event.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Adds a thread to those that `join` waits for."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(
        self,
        threads: Iterable[threading.Thread] | None = None,
        stop_grace_period_secs: float = 120,
        ignore_live_threads: bool = False,
    ) -> None:
        """Waits for the threads given and registered, until they have ended.

        Args:
          stop_grace_period_secs: how long they may take once they have been asked to stop, in seconds.
          ignore_live_threads: whether it is no error when some are running after that.

        Raises:
          RuntimeError: some are running after that.
          Exception: the one that a thread stopped with.
        """
        with self._lock:
            waited_for = list(self._registered_threads.union(threads or ()))
        while _running(waited_for) and not self.wait_for_stop(1.0):
            pass
        pause = 0.001
        while _running(waited_for) and stop_grace_period_secs >= 0:
            time.sleep(pause)
            stop_grace_period_secs -= pause
            # Longer pauses, though never beyond the time that is left.
            pause = max(min(2 * pause, stop_grace_period_secs), 0.001)
        self._stop_loops_without_thread()
        stragglers = [thread.name for thread in _running(waited_for)]
        with self._lock:
            self._joined = True
            # Whoever holds the coordinator must not keep dead threads alive.
            self._registered_threads = set()
            if self._exc_info_to_raise:
                _reraise(self._exc_info_to_raise)
            elif stragglers and ignore_live_threads:
                logging.info(_ERROR, " ".join(stragglers))
            elif stragglers:
                raise RuntimeError(_ERROR % " ".join(stragglers))

    @property
    def joined(self) -> bool:
        """Whether `join` is over."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raises the exception that a thread stopped with, if there is one."""
        with self._lock:
            if self._exc_info_to_raise:
                _reraise(self._exc_info_to_raise)

    def _run_loops_without_thread(self) -> None:
        for loop in self._loops_without_thread:
            if not self._stop_event.is_set():
                loop.run_if_due()

    def _stop_loops_without_thread(self) -> None:
        loops, self._loops_without_thread = self._loops_without_thread, []
        for loop in loops:
            with self.stop_on_exception():
                loop.stop_loop()


def _running(threads: list[threading.Thread]) -> list[threading.Thread]:
    return [thread for thread in threads if thread.is_alive()]


def _described(ex: Any) -> tuple:
    """The exc_info that is kept for an exception that was reported, after logging it."""
    if isinstance(ex, tuple):
        logging.info("Error reported to Coordinator: %s", compat.as_str_any(ex[1]))
        info = ex
    else:
        logging.info("Error reported to Coordinator: %s, %s", type(ex), compat.as_str_any(ex))
        info = sys.exc_info()
    if len(info) == 3 and info[0] and info[1]:
        return info
    error = ValueError(f"ex must be a tuple or sys.exc_info must return the current exception: {info}")
    return ValueError, error, None


def _reraise(info: tuple) -> None:
    try:
        raise info[1].with_traceback(info[2])
    finally:
        del info  # the traceback refers to this frame


@export("train.LooperThread")
class LooperThread(threading.Thread):
    """A daemon thread that calls `run_loop` again and again until its coordinator stops it.

    Where no threads can be started, the coordinator's `should_stop` calls it when it is due.

    Args:
      coord: a `Coordinator`; it is also asked to stop when the loop raises.
      timer_interval_secs: seconds from call to call; None calls without pause.
      target: what `run_loop` calls, with `args` and `kwargs`.

    Raises:
      ValueError: `coord` is no Coordinator, or there are arguments without target.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable | None = None,
        args: Any = None,
        kwargs: Any = None,
    ):
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        super().__init__()
        self.daemon = True
        self._coord = coord
        self._timer_interval_secs = timer_interval_secs
        if not target and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        self._target, self._args, self._kwargs = target, args or (), kwargs or {}
        self._next_time = 0.0
        coord.register_thread(self)

    @staticmethod
    def loop(
        coord: Coordinator, timer_interval_secs: float | None, target: Callable, args: Any = None, kwargs: Any = None
    ) -> LooperThread:
        """Starts a thread that calls a function again and again; see the constructor."""
        looper = LooperThread(coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        looper.start()
        return looper

    def start(self) -> None:
        """Starts the thread."""
        try:
            super().start()
        except RuntimeError:
            if sys.platform != "emscripten":
                raise
            # A browser tab has no threads.
            self._next_time = time.time()
            self._coord._loops_without_thread.append(self)
            with self._coord.stop_on_exception():
                self.start_loop()

    def run(self) -> None:
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._timer_interval_secs is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                next_time = time.time()
                while not self._coord.wait_for_stop(next_time - time.time()):
                    next_time += self._timer_interval_secs
                    self.run_loop()
            self.stop_loop()

    def run_if_due(self) -> None:
        """One call of the loop if its time has come."""
        if time.time() >= self._next_time:
            self._next_time += self._timer_interval_secs or 0
            with self._coord.stop_on_exception():
                self.run_loop()

    def start_loop(self) -> None:
        """Called first, in the thread."""

    def stop_loop(self) -> None:
        """Called last, in the thread."""

    def run_loop(self) -> None:
        """Called again and again, in the thread."""
        if self._target:
            self._target(*self._args, **self._kwargs)
