"""The queues of a session: first in first out, in random order, with padding, by priority."""

from __future__ import annotations

import collections
import heapq
import itertools
from collections.abc import Sequence
from typing import Any

from pyflow.core import errors
from pyflow.core.dtypes import DType
from pyflow.core.tensor import StaticShape, brackets
from pyflow.ops.philox import PhiloxState
from pyflow.ops.queue_attempts import COMPLETE, NO_PROGRESS, PROGRESS, Attempt, BlockingResource
from pyflow.ops.queue_elements import (
    Element,
    check_element,
    check_many,
    many_elements,
    one_element,
    padded,
    single,
    stacked,
)

_ENQUEUES, _DEQUEUES = 0, 1
_ENQUEUE_CANCELLED, _DEQUEUE_CANCELLED = "Enqueue operation was cancelled", "Dequeue operation was cancelled"


class Queue(BlockingResource):
    """Elements that wait between those who put them in and those who take them out.

    Args:
      name: the name in messages.
      capacity: how many elements it holds at most; None for any number.
      dtypes, shapes: of the components of an element; `shapes` is None where they are not restricted.
    """

    kind = "Queue"
    op_types: tuple[str, ...] = ()
    # Whether `dequeue_up_to` gives what is left of a closed queue.
    gives_small_batch = True

    def __init__(self, name: str, capacity: int | None, dtypes: list[DType], shapes: list[StaticShape] | None):
        super().__init__(name)
        self.capacity = float("inf") if capacity is None else capacity
        self.is_bounded = capacity is not None
        self.dtypes = list(dtypes)
        self.shapes = shapes
        # What the planner may rely on; it makes nothing of elements of unknown shapes.
        self.shapes_of_elements = shapes
        self.closed = False
        self._items: Any = collections.deque()

    # What the kinds differ in; all called with the lock held.

    def _push(self, element: Element) -> None:
        self._items.append(element)

    def _pop(self) -> Element:
        return self._items.popleft()

    def _push_back(self, elements: list[Element]) -> None:
        """Puts elements back that were taken for an operation that failed."""
        self._items.extendleft(reversed(elements))

    def _available(self) -> int:
        """How many elements may be taken now."""
        return len(self._items)

    def _batch(self, elements: list[Element]) -> Element:
        return stacked(elements, self.dtypes, self.shapes or ())

    # ---------------------------------------------------------------- putting in

    def enqueue(self, components: Sequence[Any], ctx: Any) -> None:
        """Puts one element in, waiting for room.

        Raises:
          InvalidArgumentError: a component has a wrong shape.
          CancelledError: the queue is closed, or the session, or it is while the operation waits.
        """
        check_element(components, self.shapes)
        element = one_element(components)

        def put(attempt: Attempt) -> int:
            if self.closed:
                return attempt.fail(errors.CancelledError, f"{self.kind} '{self.name}' is closed.")
            if len(self._items) >= self.capacity:
                return NO_PROGRESS
            self._push(element)
            return COMPLETE

        self._perform(_ENQUEUES, Attempt(put, _ENQUEUE_CANCELLED), ctx, is_put=True)

    def enqueue_many(self, components: Sequence[Any], ctx: Any) -> None:
        """Puts the rows of the components in, one by one as there is room."""
        check_many(components, self.shapes)
        elements = many_elements(components)
        if not elements:
            return
        waiting = iter(elements)

        def put(attempt: Attempt) -> int:
            if self.closed:
                return attempt.fail(errors.CancelledError, f"{self.kind} '{self.name}' is closed.")
            room = int(min(attempt.missing, self.capacity - len(self._items)))
            if room <= 0:
                return NO_PROGRESS
            for element in itertools.islice(waiting, room):
                self._push(element)
            attempt.missing -= room
            return PROGRESS if attempt.missing else COMPLETE

        self._perform(_ENQUEUES, Attempt(put, _ENQUEUE_CANCELLED, len(elements)), ctx, is_put=True)

    # ---------------------------------------------------------------- taking out

    def dequeue(self, ctx: Any) -> Element:
        """Takes one element out, waiting for it.

        Raises:
          OutOfRangeError: the queue is closed and empty.
          CancelledError: the session is closed.
        """

        def take(attempt: Attempt) -> int:
            if self._available() > 0:
                attempt.taken.append(self._pop())
                return COMPLETE
            return self._exhausted(attempt, len(self._items)) if self.closed else NO_PROGRESS

        attempt = Attempt(take, _DEQUEUE_CANCELLED)
        return single(self._perform(_DEQUEUES, attempt, ctx).taken[0])

    def dequeue_many(self, count: int, ctx: Any, allow_small_batch: bool = False) -> Element:
        """Takes elements out and gives them component by component, [count, *shape] each.

        Args:
          allow_small_batch: whether fewer will do if the queue is closed, and not empty.

        Raises:
          InvalidArgumentError: the shapes of the elements are not known.
          OutOfRangeError: the queue is closed and has too few elements.
        """
        if self.shapes is None:
            self._refuse_batches()
        if count == 0:
            return self._batch([])

        def take(attempt: Attempt) -> int:
            size = len(self._items)
            if self.closed and size < attempt.missing:
                return self._take_the_rest(attempt, size, allow_small_batch)
            ready = min(self._available(), attempt.missing)
            if ready <= 0:
                return NO_PROGRESS
            attempt.taken += [self._pop() for _ in range(ready)]
            attempt.missing -= ready
            return PROGRESS if attempt.missing else COMPLETE

        attempt = Attempt(take, _DEQUEUE_CANCELLED, count, give_back=lambda attempt: self._push_back(attempt.taken))
        return self._batch(self._perform(_DEQUEUES, attempt, ctx).taken)

    def _take_the_rest(self, attempt: Attempt, size: int, allow_small_batch: bool) -> int:
        self._push_back(attempt.taken)
        taken, attempt.taken = len(attempt.taken), []
        if allow_small_batch and self._items and self.gives_small_batch:
            attempt.taken = [self._pop() for _ in range(len(self._items))]
            return COMPLETE
        if allow_small_batch and self._lines[_ENQUEUES]:
            attempt.missing += taken
            return NO_PROGRESS
        return self._exhausted(attempt, size)

    def _refuse_batches(self) -> None:
        words = f"{self.kind}'s DequeueMany and DequeueUpTo require the components to have specified shapes."
        raise errors.InvalidArgumentError(None, None, words)

    def _exhausted(self, attempt: Attempt, size: int) -> int:
        return attempt.fail(
            errors.OutOfRangeError,
            f"{self.kind} '{self.name}' is closed and has insufficient elements "
            f"(requested {attempt.missing}, current size {size})",
        )

    # ---------------------------------------------------------------- the rest

    def size(self) -> int:
        """How many elements it holds."""
        with self._lock:
            return len(self._items)

    def close(self, cancel_pending_enqueues: bool, ctx: Any) -> None:
        """Lets nothing in any more.

        Args:
          cancel_pending_enqueues: whether those that are waiting fail; else they are waited for.

        Raises:
          CancelledError: it is closed already, and nothing is to be cancelled.
        """
        if cancel_pending_enqueues:
            with self._lock:
                self.closed = True
                self._cancel(self._lines[_ENQUEUES])
                self._advance_all()
            return

        def close(attempt: Attempt) -> int:
            if self.closed:
                return attempt.fail(errors.CancelledError, f"Queue '{self.name}' is already closed.")
            self.closed = True
            return COMPLETE

        self._perform(_ENQUEUES, Attempt(close, _ENQUEUE_CANCELLED), ctx, is_put=True)

    def differences(self, other: Queue, op_type: str) -> str:
        """Why a node that asks for `other` cannot share this queue, in words; empty if it can.

        Args:
          op_type: the type of that node.
        """
        if op_type not in self.op_types:
            return f"Expected {self.kind}, found {op_type}"
        for what, mine, theirs in (
            ("capacity", _number(self.capacity), _number(other.capacity)),
            ("component types", type_names(self.dtypes), type_names(other.dtypes)),
            ("component shapes", _shapes(self.shapes), _shapes(other.shapes)),
        ):
            if mine != theirs:
                verb = "was" if what == "capacity" else "were"
                return f"Shared queue '{self.name}' has {what} {mine} but requested {what} {verb} {theirs}"
        return ""


def _number(capacity: float) -> int:
    return 2**31 - 1 if capacity == float("inf") else int(capacity)


def type_names(dtypes: list[DType]) -> str:
    """Types as messages list them."""
    names = {"float16": "half", "float32": "float", "float64": "double"}
    return ", ".join(names.get(d.name, d.name) for d in dtypes)


def _shapes(shapes: list[StaticShape] | None) -> str:
    return "[" + ",".join(brackets(s) for s in shapes or ()) + "]"


class FifoQueue(Queue):
    """First in, first out."""

    kind = "FIFOQueue"
    op_types = ("FIFOQueue", "FIFOQueueV2")


class PaddingFifoQueue(Queue):
    """First in, first out; elements of different shapes are padded to a batch."""

    kind = "PaddingFIFOQueue"
    op_types = ("PaddingFIFOQueue", "PaddingFIFOQueueV2")

    def _batch(self, elements: list[Element]) -> Element:
        return padded(elements, self.dtypes, self.shapes or ())


class RandomShuffleQueue(Queue):
    """Gives any of its elements, with equal probabilities.

    Args:
      min_after_dequeue: how many elements stay, so that there is something to choose from, until it is closed.
      seed, seed2: seeds; when both are 0, the order differs from run to run.
    """

    kind = "RandomShuffleQueue"
    op_types = ("RandomShuffleQueue", "RandomShuffleQueueV2")

    def __init__(self, name: str, capacity: int | None, dtypes: Any, shapes: Any, least: int, seed: int, seed2: int):
        super().__init__(name, capacity, dtypes, shapes)
        self._items = []
        self.min_after_dequeue = least
        self.seeds = seed, seed2
        self._random = PhiloxState(seed, seed2)
        self._words: list[int] = []

    def _available(self) -> int:
        return len(self._items) - (0 if self.closed else self.min_after_dequeue)

    def _pop(self) -> Element:
        items = self._items
        if not self._words:
            self._words = self._random.reserve(64).words(256).tolist()[::-1]
        index = self._words.pop() % len(items)
        element = items[index]
        items[index] = items[-1]
        items.pop()
        return element

    def _push_back(self, elements: list[Element]) -> None:
        self._items += elements

    def differences(self, other: Queue, op_type: str) -> str:
        words = super().differences(other, op_type)
        if words or not isinstance(other, RandomShuffleQueue):
            return words
        least, theirs = self.min_after_dequeue, other.min_after_dequeue
        asks = f"Shared queue '{self.name}' has %s {least} but requested %s was {theirs}."
        if least != theirs:
            return asks.replace("%s", "min_after_dequeue")
        if self.seeds != other.seeds:
            mine, asked = (f"({a}, {b})" for a, b in (self.seeds, other.seeds))
            return f"Shared queue '{self.name}' has random seeds {mine} but requested seeds are {asked}."
        return ""


class PriorityQueue(Queue):
    """Gives the elements with the smallest first component first; among equal ones, the one that came first."""

    kind = "PriorityQueue"
    op_types = ("PriorityQueue", "PriorityQueueV2")
    gives_small_batch = False

    def __init__(self, name: str, capacity: int | None, dtypes: Any, shapes: Any):
        super().__init__(name, capacity, dtypes, shapes)
        self._items: list[tuple[int, int, Element]] = []
        self._arrivals = itertools.count()

    def _push(self, element: Element) -> None:
        heapq.heappush(self._items, (int(element[0]), next(self._arrivals), element))

    def _pop(self) -> Element:
        return heapq.heappop(self._items)[2]

    def _push_back(self, elements: list[Element]) -> None:
        for element in elements:
            self._push(element)
