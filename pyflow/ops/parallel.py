"""Work that is cut into parts and shared among threads, where there are any: numpy lets go of the lock while it works.

What a part computes must not depend on who computes it, so results are the same for every number of threads.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pyflow.ops.denormals import Flushed
from pyflow.ops.primitives import primitives


def _thread_count() -> int:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        if os.environ.get(name, "").isdigit():
            return max(int(os.environ[name]), 1)
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


class _Team:
    """Helper threads, started when first needed; the thread that has the work does its share as well."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._process = 0
        self.helpers = 0

    def start(self) -> None:
        """Starts the helpers that this process is to have; a child after a fork has to start its own."""
        with self._lock:
            if self._process == os.getpid():
                return
            self._process, self.helpers, self._jobs = os.getpid(), 0, queue.SimpleQueue()
            for _ in range(_thread_count() - 1):
                try:
                    threading.Thread(target=self._serve, args=(self._jobs,), name="pyflow", daemon=True).start()
                except RuntimeError:  # there are no threads in Pyodide
                    return
                self.helpers += 1

    def ask(self, job: Callable[[], None], helpers: int) -> None:
        for _ in range(helpers):
            self._jobs.put(job)

    @staticmethod
    def _serve(jobs: queue.SimpleQueue[Callable[[], None]]) -> None:
        with Flushed():
            while True:
                jobs.get()()


_team = _Team()


class _Job:
    """A task with the parts that nobody has taken yet."""

    def __init__(self, task: Callable[[Any], Any], parts: Iterable[Any]):
        self._task = task
        self.parts = list(parts)[::-1]
        self._left = len(self.parts)
        self._lock = threading.Lock()
        self._done = threading.Event()
        if not self.parts:
            self._done.set()
        self.error: BaseException | None = None

    def work(self) -> None:
        with np.errstate(all="ignore"):  # numpy keeps this per thread
            while True:
                try:
                    part = self.parts.pop()
                except IndexError:
                    return
                try:
                    self._task(part)
                except BaseException as error:
                    self.error = error
                with self._lock:
                    self._left -= 1
                    if not self._left:
                        self._done.set()

    def finish(self) -> None:
        """Does what nobody has taken yet, and waits for the rest. Raises the error of a part."""
        self.work()
        self._done.wait()
        if self.error is not None:
            raise self.error


def run(task: Callable[[Any], Any], parts: Iterable[Any]) -> None:
    """Calls `task` with each part, in any order, on several threads if that is possible.

    Products inside it are done on one thread each. An error of a part is raised when all have ended.
    """
    parts = list(parts)
    if len(parts) > 1:
        _team.start()
    helpers = min(_team.helpers, len(parts) - 1)
    if helpers <= 0:
        for part in parts:
            task(part)
        return
    with primitives.serial():
        job = _Job(task, parts)
        _team.ask(job.work, helpers)
        job.finish()


def begin(task: Callable[[Any], Any], parts: Iterable[Any]) -> _Job:
    """As `run`, but other threads do it meanwhile; `finish()` of what this gives does what they have not begun."""
    job = _Job(task, parts)
    _team.start()
    _team.ask(job.work, min(_team.helpers, len(job.parts)))
    return job


_local = threading.local()


def scratch(shape: tuple[int, ...], dtype: Any, purpose: str = "") -> np.ndarray:
    """Memory for the thread that asks, with anything in it, until the thread asks again for the same purpose."""
    views: dict[Any, np.ndarray] | None = getattr(_local, "views", None)
    if views is None:
        views, _local.arrays = {}, {}
        _local.views = views
    key = purpose, shape, dtype
    view = views.get(key)
    if view is not None:
        return view
    dtype = np.dtype(dtype)
    needed = math.prod(shape) * dtype.itemsize
    kept: dict[str, np.ndarray] = _local.arrays
    array = kept.get(purpose)
    if array is None or array.nbytes < needed:
        array = np.empty(needed + 64, np.uint8)
        start = -array.ctypes.data % 64
        array = array[start : start + needed]
        if needed > _LARGEST_KEPT:
            return array.view(dtype).reshape(shape)
        kept[purpose] = array
        views.clear()  # some of them are of the array that was there before
    view = array[:needed].view(dtype).reshape(shape)
    if len(views) >= _MOST_VIEWS:
        views.clear()
    views[key] = view
    return view


# In bytes; and how many arrays on that memory are.
_LARGEST_KEPT = 1 << 24
_MOST_VIEWS = 256
