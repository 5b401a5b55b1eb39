"""Queue runners where there are no threads: an operation that would wait has them work until it can go on."""

from __future__ import annotations

from typing import Any, Protocol


class Producer(Protocol):
    """One enqueue op of a queue runner; see `pyflow.train.queue_runner`."""

    fills: set[Any]  # the queues that it was seen to fill
    pending: Any  # its attempt to fill a full queue

    def ready(self) -> bool:
        """Whether it can be run: it has not ended, and its last attempt has come through."""
        ...

    def run(self) -> None:
        """Runs its op once."""
        ...


class Interrupted(BaseException):
    """Ends the run of a producer that can't go on, while what it was run for can: another producer has helped."""


class Producers:
    """The producers of a session, which run one within another where one waits for what another makes."""

    def __init__(self) -> None:
        self._all: list[Producer] = []
        self._running: list[Producer] = []
        self._attempts: list[Any] = []

    def add(self, producer: Producer) -> None:
        self._all.append(producer)

    def put_into(self, queue: Any) -> None:
        """Notes that the op that is running fills the queue."""
        if self._running:
            self._running[-1].fills.add(queue)

    def leave(self, attempt: Any) -> bool:
        """Leaves an attempt to put something into a full queue with the producer whose op is running, if one is."""
        if not self._running:
            return False
        self._running[-1].pending = attempt
        return True

    def work_for(self, attempt: Any, queue: Any, is_put: bool) -> bool:
        """Runs producers until an attempt to take from the queue, or to put into it, has come through.

        Returns:
          False when there is none left that could help.
        """
        self._attempts.append(attempt)
        try:
            while not attempt.done:
                producer = self._choose(queue, is_put)
                if producer is None:
                    if any(outer.done for outer in self._attempts):
                        raise Interrupted
                    return False
                try:
                    self._run(producer)
                except Interrupted:
                    if not attempt.done:
                        raise
            return True
        finally:
            self._attempts.pop()

    def _choose(self, queue: Any, is_put: bool) -> Producer | None:
        """Of those that can help, the one most likely to; among equals the one that was run longest ago."""
        ready = [p for p in self._all if p not in self._running and p.ready()]
        if is_put:
            ready = [p for p in ready if queue not in p.fills]
        # What only fills queues without limit would never come to an end.
        helpful = [p for p in ready if queue in p.fills or not p.fills or any(q.is_bounded for q in p.fills)]
        return min(helpful, key=lambda p: 0 if queue in p.fills else 1 if not p.fills else 2, default=None)

    def _run(self, producer: Producer) -> None:
        self._all.remove(producer)
        self._all.append(producer)
        self._running.append(producer)
        try:
            producer.run()
        finally:
            self._running.pop()

    def clear(self) -> None:
        self._all.clear()
