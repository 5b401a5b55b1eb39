"""Operations that wait for each other: an attempt stands in a line until what it needs is there.

Each change of a resource lets the attempts in its lines try again, in the thread that made the change; the thread of an
attempt only sleeps until somebody has completed it. So the order in which waiting operations are served is the order
in which they came, and an operation that takes many elements takes those that are there while it waits for the rest.
"""

from __future__ import annotations

import collections
import threading
from typing import Any, Callable

from pyflow.core import errors
from pyflow.core.waiting import threads_available, time_left

# What a try of an attempt comes to.
NO_PROGRESS, PROGRESS, COMPLETE = range(3)


class Attempt:
    """An operation on a resource, from its first try to its completion.

    Attributes:
      try_once: called with the resource's lock held; gives one of the outcomes above.
      taken: the elements that it has taken so far.
      missing: how many elements it still wants to put or take.
      error: what it failed with.
    """

    __slots__ = ("try_once", "cancelled", "give_back", "taken", "missing", "done", "error", "_gate")

    def __init__(
        self,
        try_once: Callable[[Attempt], int],
        cancelled: str,
        missing: int = 1,
        give_back: Callable[[Attempt], None] | None = None,
    ):
        self.try_once = try_once
        self.cancelled = cancelled
        self.give_back = give_back
        self.taken: list[Any] = []
        self.missing = missing
        self.done = False
        self.error: errors.OpError | None = None
        self._gate: Any = None

    def fail(self, kind: Any, words: str) -> int:
        """Sets the error; the outcome is that the attempt is complete."""
        self.error = kind(None, None, words)
        return COMPLETE

    def finish(self) -> None:
        self.done = True
        if self._gate is not None:
            self._gate.release()

    def close_gate(self) -> None:
        """Has the attempt's thread wait in `pass_gate` until the attempt is finished."""
        self._gate = threading.Lock()
        self._gate.acquire()

    def pass_gate(self) -> bool:
        """Waits; whether the attempt was finished before the thread's time was up."""
        return self._gate.acquire(timeout=time_left())


Line = collections.deque  # of attempts


class BlockingResource:
    """What queues, staging areas and accumulators share: lines of attempts under one lock.

    Args:
      name: the resource's name in messages.
    """

    kind = ""
    # Whether only the first attempt of a line is tried; else whichever can go on.
    in_order = True
    # Whether only so much can be put in until something is taken out.
    is_bounded = True

    def __init__(self, name: str, lines: int = 2):
        self.name = name
        self._lock = threading.Lock()
        self._lines: tuple[collections.deque[Attempt], ...] = tuple(collections.deque() for _ in range(lines))
        self._session_closed = False

    def _perform(self, line: int, attempt: Attempt, ctx: Any, is_put: bool = False) -> Attempt:
        """Completes an attempt, however long that takes.

        Args:
          is_put: whether it puts something in. Without threads, it stays in line on behalf of the queue runner that it
            belongs to.

        Raises:
          OpError: the attempt failed, was cancelled, or took too long.
          FailedPreconditionError: it would wait forever.
        """
        attempts = self._lines[line]
        with self._lock:
            if self._session_closed:
                raise errors.CancelledError(None, None, attempt.cancelled)
            attempts.append(attempt)
            self._advance_all()
            threads = attempt.done or threads_available()
            if not attempt.done and threads:
                attempt.close_gate()
        if is_put:
            ctx.resources.producers.put_into(self)
        if not attempt.done:
            try:
                if threads:
                    if not attempt.pass_gate():
                        raise errors.DeadlineExceededError(None, None, "Timed out waiting for notification")
                elif not (is_put and ctx.resources.producers.leave(attempt)):
                    self._have_others_work(attempt, ctx.resources.producers, is_put)
            except BaseException:
                self._withdraw(attempts, attempt)
                raise
        if attempt.error is not None:
            raise attempt.error
        return attempt

    def _have_others_work(self, attempt: Attempt, producers: Any, is_put: bool) -> None:
        if not producers.work_for(attempt, self, is_put):
            state = "full and nothing empties it" if is_put else "empty and nothing fills it"
            raise errors.FailedPreconditionError(
                None,
                None,
                f"{self.kind} '{self.name}' is {state}: there are no threads here, so that this operation would wait "
                "forever. Queue runners have to be started in this session before (tf.train.start_queue_runners).",
            )

    def _withdraw(self, attempts: collections.deque[Attempt], attempt: Attempt) -> None:
        with self._lock:
            if not attempt.done:
                attempts.remove(attempt)
                if attempt.give_back is not None:
                    attempt.give_back(attempt)
                self._advance_all()

    def _advance_all(self) -> None:
        """Lets attempts go on until none can."""
        changed = True
        while changed:
            changed = False
            for attempts in self._lines:
                if attempts and (self._advance(attempts) if self.in_order else self._advance_any(attempts)):
                    changed = True

    def _advance(self, attempts: collections.deque[Attempt]) -> bool:
        progress = False
        while attempts:
            attempt = attempts[0]
            outcome = attempt.try_once(attempt)
            if outcome != COMPLETE:
                return progress or outcome == PROGRESS
            attempts.popleft()
            attempt.finish()
            progress = True
        return progress

    def _advance_any(self, attempts: collections.deque[Attempt]) -> bool:
        progress = False
        for attempt in list(attempts):
            if attempt.try_once(attempt) == COMPLETE:
                attempts.remove(attempt)
                attempt.finish()
                progress = True
        return progress

    def _cancel(self, attempts: collections.deque[Attempt]) -> None:
        """Fails all attempts of a line."""
        while attempts:
            attempt = attempts.popleft()
            attempt.fail(errors.CancelledError, attempt.cancelled)
            attempt.finish()

    def close_resource(self) -> None:
        """Called when the session is closed: whatever waits is cancelled."""
        with self._lock:
            self._session_closed = True
            for attempts in self._lines:
                self._cancel(attempts)
