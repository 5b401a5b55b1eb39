"""What staging areas hold: values that are put down for a later run, in order or under keys."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core import errors
from pyflow.ops.queue_attempts import COMPLETE, NO_PROGRESS, Attempt, BlockingResource
from pyflow.ops.queue_elements import Element, one_element, single

_PUTS, _GETS = 0, 1
_CANCELLED = "Step was cancelled"


def _nbytes(element: Any) -> int:
    return sum(getattr(x, "nbytes", None) or len(x) for x in element if x is not None)


class _Area(BlockingResource):
    """What both kinds share: limits.

    Args:
      capacity: how many elements fit, 0 for any number.
      memory_limit: how many bytes fit, 0 for any number.
    """

    kind = "StagingArea"
    in_order = False

    def __init__(self, name: str, capacity: int, memory_limit: int):
        super().__init__(name)
        self._capacity, self._memory_limit, self._bytes = capacity, memory_limit, 0
        self.is_bounded = bool(capacity or memory_limit)

    def _has_room(self, count: int, nbytes: int) -> bool:
        if self._capacity and count + 1 > self._capacity:
            return False
        return not self._memory_limit or self._bytes + nbytes <= self._memory_limit

    def _check_fits(self, nbytes: int) -> None:
        if self._memory_limit and nbytes > self._memory_limit:
            raise errors.ResourceExhaustedError(
                None,
                None,
                f"Attempted to insert tensors with combined size of '{nbytes}' bytes into Staging Area with a memory "
                f"limit of '{self._memory_limit}'.",
            )


class StagedElements(_Area):
    """Elements in the order in which they were put."""

    def __init__(self, name: str, capacity: int, memory_limit: int):
        super().__init__(name, capacity, memory_limit)
        self._items: collections.deque[Element] = collections.deque()

    def put(self, values: Any, ctx: Any) -> None:
        element = one_element(values)
        nbytes = _nbytes(element)
        self._check_fits(nbytes)

        def put(attempt: Attempt) -> int:
            if not self._has_room(len(self._items), nbytes):
                return NO_PROGRESS
            self._items.append(element)
            self._bytes += nbytes
            return COMPLETE

        self._perform(_PUTS, Attempt(put, _CANCELLED), ctx, is_put=True)

    def get(self, ctx: Any) -> Element:
        def get(attempt: Attempt) -> int:
            if not self._items:
                return NO_PROGRESS
            attempt.taken.append(self._items.popleft())
            self._bytes -= _nbytes(attempt.taken[0])
            return COMPLETE

        return single(self._perform(_GETS, Attempt(get, _CANCELLED), ctx).taken[0])

    def peek(self, index: int, ctx: Any) -> Element:
        def peek(attempt: Attempt) -> int:
            if index >= len(self._items):
                return NO_PROGRESS
            attempt.taken.append(self._items[index])
            return COMPLETE

        return single(self._perform(_GETS, Attempt(peek, _CANCELLED), ctx).taken[0])

    def size(self) -> int:
        with self._lock:
            return len(self._items)

    def clear(self) -> None:
        with self._lock:
            self._items.clear()
            self._bytes = 0
            self._advance_all()


class StagedMap(_Area):
    """Elements under int64 keys; they may be put, and taken, component by component."""

    def __init__(self, name: str, capacity: int, memory_limit: int, components: int, is_ordered: bool):
        super().__init__(name, capacity, memory_limit)
        self._components, self._is_ordered = components, is_ordered
        self._complete: dict[int, list] = {}
        self._incomplete: dict[int, list] = {}

    def put(self, key: int, indices: Any, values: Any, ctx: Any) -> None:
        element, places = one_element(values), [int(i) for i in indices]
        nbytes = _nbytes(element)
        self._check_fits(nbytes)
        for i in places:
            if i >= self._components:
                self._refuse(f"Index '{i}' for key '{key}' was out of bounds '{self._components}'.")

        def put(attempt: Attempt) -> int:
            known = self._incomplete.get(key) or [None] * self._components
            for i in places:
                if known[i] is not None:
                    words = f"The tensor for index '{i}' for key '{key}' was already initialized '{self._components}'."
                    return attempt.fail(errors.InvalidArgumentError, words)
            completes = sum(x is not None for x in known) + len(places) == self._components
            if not self._has_room(len(self._complete) if completes else -1, nbytes):
                return NO_PROGRESS
            for i, value in zip(places, element):
                known[i] = value
            self._bytes += nbytes
            if completes:
                self._incomplete.pop(key, None)
                self._complete[key] = known
            else:
                self._incomplete[key] = known
            return COMPLETE

        self._perform(_PUTS, Attempt(put, _CANCELLED), ctx, is_put=True)

    def take(self, key: int | None, indices: Any, ctx: Any, keep: bool = False) -> tuple[int, Element]:
        """The components of an element, which are taken out unless `keep`; without a key, of any element."""
        places = [int(i) for i in indices]

        def take(attempt: Attempt) -> int:
            if key is None:
                chosen = min(self._complete, default=None) if self._is_ordered else next(iter(self._complete), None)
            else:
                chosen = key if key in self._complete else None
            if chosen is None:
                return NO_PROGRESS
            known = self._complete[chosen]
            for i in places:
                if i >= len(known) or known[i] is None:
                    words = (
                        f"Tensor at index '{i}' for key '{chosen}' has already been removed."
                        if i < len(known)
                        else f"Index '{i}' for key '{chosen}' was out of bounds '{len(known)}'."
                    )
                    return attempt.fail(errors.InvalidArgumentError, words)
            attempt.taken = [chosen, tuple(known[i] for i in places)]
            if not keep:
                for i in places:
                    known[i] = None
                self._bytes -= _nbytes(attempt.taken[1])
                if all(x is None for x in known):
                    del self._complete[chosen]
            return COMPLETE

        chosen, element = self._perform(_GETS, Attempt(take, _CANCELLED), ctx).taken
        return chosen, single(element)

    def _refuse(self, words: str) -> None:
        raise errors.InvalidArgumentError(None, None, words)

    def size(self) -> int:
        with self._lock:
            return len(self._complete)

    def incomplete_size(self) -> int:
        with self._lock:
            return len(self._incomplete)

    def clear(self) -> None:
        with self._lock:
            self._complete.clear()
            self._incomplete.clear()
            self._bytes = 0
            self._advance_all()
