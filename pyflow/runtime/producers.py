"""Queue runners where there are no threads: an operation that would wait has them work until it can go on."""

from __future__ import annotations

from typing import Any, Protocol


class Producer(Protocol):
    """One enqueue op of a queue runner; see `pyflow.train.queue_runner`."""

    fills: Any  # the queue that it was seen to fill
    pending: Any  # its attempt to fill a full queue

    def ready(self) -> bool:
        """Whether it can be run: it has not ended, and is neither running nor waiting."""
        ...

    def run(self) -> None:
        """Runs its op once."""
        ...


class Producers:
    """The producers of a session."""

    def __init__(self) -> None:
        self._waiting: list[Producer] = []
        self._running: list[Producer] = []

    def add(self, producer: Producer) -> None:
        self._waiting.append(producer)

    def put_into(self, queue: Any) -> None:
        """Notes that the op that is running fills the queue."""
        if self._running:
            self._running[-1].fills = queue

    def leave(self, attempt: Any) -> bool:
        """Leaves an attempt to put something into a full queue with the producer whose op is running, if one is."""
        if not self._running:
            return False
        self._running[-1].pending = attempt
        return True

    def run_one(self, queue: Any, is_full: bool) -> bool:
        """Runs a producer that may help an operation waiting for elements of the queue, or for room in it.

        Returns:
          False when there is none.
        """
        candidates = [p for p in self._waiting if p.ready() and p not in self._running]
        if is_full:
            candidates = [p for p in candidates if p.fills is not queue]
        else:
            candidates = [p for p in candidates if p.fills in (queue, None)]
        if not candidates:
            return False
        # Those that are known to help come first; among them the one that was run longest ago.
        producer = min(candidates, key=lambda p: p.fills is not queue)
        self._waiting.remove(producer)
        self._waiting.append(producer)
        self._running.append(producer)
        try:
            producer.run()
        finally:
            self._running.pop()
        return True

    def clear(self) -> None:
        self._waiting.clear()
