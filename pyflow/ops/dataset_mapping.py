"""Functions' results for the elements of a dataset: one after the other, or several in the making by threads.

A thread takes an element, calls the function, and moves what it gives to its place in a batch, if there will be one:
then it takes the next element. So none of them waits for whoever asks for the results, unless it is too far ahead.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.waiting import threads_available, time_left
from pyflow.ops.dataset_stacking import Batch, stack
from pyflow.ops.dataset_values import Elements, Run
from pyflow.ops.denormals import Flushed

AUTOTUNE = -1
_THREADS_BY_DEFAULT = 2


def mapped(elements: Elements, function: Callable[[list], list], calls: int, run: Run) -> Elements:
    """The function's results for each element; several calls at once if `calls` says so and there are threads."""
    if calls == AUTOTUNE:
        calls = _THREADS_BY_DEFAULT
    if calls <= 1 or not threads_available():
        return Mapped(elements, function)
    return _MappedInParallel(_Line(elements, function, calls), run)


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


class _Result:
    """What the function makes of an element, or the error that there was; and the row of the batch that it is for."""

    __slots__ = ("batch", "row", "value", "error", "done")

    def __init__(self, batch: Batch | None, row: int):
        self.batch, self.row = batch, row
        self.value: Any = None
        self.error: Exception | None = None
        self.done = False


class _Line:
    """Results in the order of their elements, which threads work on.

    Args:
      calls: how many threads there are; also how many results there may be that nobody has asked for.
    """

    def __init__(self, elements: Elements, function: Callable[[list], list], calls: int):
        self._elements, self._function, self._calls = elements, function, calls
        self._results: collections.deque[_Result] = collections.deque()
        self._lock = threading.Lock()
        self._room, self._ready = threading.Condition(self._lock), threading.Condition(self._lock)
        # How many results from the first on are done (up to an error), and how many are asked for.
        self._done = self._wanted = 0
        self._failed = False
        self._taking = self._complete = self._closed = False
        self._idle = 0
        self.threads: list[threading.Thread] = []
        # Batches are of so many elements, 0 for none; the one that the next element belongs to, and its row there.
        self._batch_size = self._row = 0
        self._batch: Batch | None = None

    # ---------------------------------------------------------------- what the threads do

    def _work(self) -> None:
        result = None
        with np.errstate(all="ignore"), Flushed():
            while (result := self._next(result)) is not None:
                try:
                    argument = next(self._elements)
                except StopIteration:
                    self._end(result)
                    return
                except Exception as error:
                    self._taken()
                    result.error = error
                    continue
                self._taken()
                try:
                    result.value = self._function(argument)
                    if result.batch is not None:
                        result.value = result.batch.placed(result.row, result.value)
                except Exception as error:
                    result.error = error
                argument = None

    def _next(self, last: _Result | None) -> _Result | None:
        """Says that the last result is there, and waits for room for another one; None if nothing more is wanted."""
        with self._lock:
            if last is not None:
                last.done = True
                self._count_done()
            while not (self._closed or self._complete):
                if not self._taking and len(self._results) < self._calls + self._wanted:
                    self._taking = True
                    result = self._placed()
                    self._results.append(result)
                    return result
                self._idle += 1
                self._room.wait()
                self._idle -= 1
            return None

    def _placed(self) -> _Result:
        if not self._batch_size:
            return _Result(None, 0)
        if self._batch is None:
            self._batch, self._row = Batch(self._batch_size), 0
        result = _Result(self._batch, self._row)
        self._row += 1
        if self._row == self._batch_size:
            self._batch = None
        return result

    def _taken(self) -> None:
        """Lets another thread take the next element."""
        with self._lock:
            self._taking = False
            self._call_for_help()

    def _end(self, result: _Result) -> None:
        """There was no element for the last result."""
        with self._lock:
            self._taking, self._complete = False, True
            if self._results and self._results[-1] is result:
                self._results.pop()
            self._room.notify_all()
            self._ready.notify_all()

    def _count_done(self) -> None:
        results = self._results
        while not self._failed and self._done < len(results) and results[self._done].done:
            self._failed = results[self._done].error is not None
            self._done += 1
        if self._failed or self._done >= self._wanted or self._is_over():
            self._ready.notify_all()

    def _call_for_help(self) -> None:
        """Wakes or starts a thread if there is something to do for it."""
        if self._taking or self._complete or self._closed or len(self._results) >= self._calls + self._wanted:
            return
        if self._idle:
            self._room.notify()
        elif len(self.threads) < self._calls:
            thread = threading.Thread(target=self._work, name="pyflow_data", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # there can be no more
                if not self.threads:
                    raise
            else:
                self.threads.append(thread)

    # ---------------------------------------------------------------- for whoever wants the results

    def take(self, count: int, batch_size: int) -> list[_Result]:
        """The next `count` results, or fewer at the end.

        Args:
          batch_size: of how many results the batches are that will be made; 0 for none.

        Raises:
          CancelledError, DeadlineExceededError: when it is closed, or the time is over.
          Exception: the function's, or the elements'. What was made before it is lost.
        """
        with self._lock:
            if batch_size != self._batch_size:
                self._batch_size, self._batch = batch_size, None
            self._wanted = count
            try:
                self._call_for_help()
                while self._done < count and not self._failed and not self._is_over():
                    if self._closed:
                        raise errors.CancelledError(None, None, "Operation was cancelled")
                    left = time_left()
                    if not self._ready.wait(None if left < 0 else left) and left >= 0:
                        raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification")
            finally:
                self._wanted = 0
            found = [self._results.popleft() for _ in range(min(count, self._done))]
            self._done -= len(found)
            last = found[-1].error if found else None
            if last is not None:
                self._failed, self._batch = False, None
                if isinstance(last, errors.OutOfRangeError):
                    found.pop()
                    self._complete, self._done = True, 0
                    self._results.clear()
                    self._room.notify_all()
                    return found
            self._count_done()
            self._call_for_help()
        if last is not None:
            raise last
        return found

    def _is_over(self) -> bool:
        return self._complete and self._done == len(self._results)

    def cancel(self) -> None:
        """Lets the threads end."""
        with self._lock:
            self._closed = True
            self._room.notify_all()
            self._ready.notify_all()

    def close(self) -> None:
        """Ends the threads, and waits for that."""
        self.cancel()
        for thread in self.threads:
            if thread is not threading.current_thread():
                thread.join()


class _MappedInParallel(Elements):
    """The results of a line. Its threads end when this is let go of."""

    def __init__(self, line: _Line, run: Run):
        self._line = line
        run.ends(line)

    def __next__(self) -> list:
        found = self._line.take(1, 0)
        if not found:
            raise StopIteration
        return found[0].value

    def rows(self, count: int) -> tuple[list, int]:
        found = self._line.take(count, count)
        if not found:
            return [], 0
        batch, rows = found[0].batch, [result.row for result in found]
        in_place = rows == list(range(len(found))) and all(result.batch is batch for result in found)
        values = [result.value for result in found]
        for result in found:  # a thread may still hold it, but the batch is to be nobody else's
            result.value = result.batch = None
        if batch is None or not in_place:
            return stack(values), len(values)
        batch.extend(values)
        return batch.components(), len(values)

    def __del__(self) -> None:
        self._line.cancel()
