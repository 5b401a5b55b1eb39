"""The ops on barriers: tuples under string keys that are filled component by component, and taken when complete."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, attr, op
from pyflow.core.resources import private_name
from pyflow.core.tensor import StaticShape
from pyflow.ops.queue_attempts import COMPLETE, NO_PROGRESS, Attempt, BlockingResource
from pyflow.ops.queue_elements import many_elements, stacked

_INSERTS, _TAKES = 0, 1
_FIRST_INDEX = -(2**63)


class Barrier(BlockingResource):
    """Tuples under keys, complete and incomplete ones.

    Args:
      dtypes, shapes: of the components; the shapes may be None.
    """

    kind = "Barrier"

    def __init__(self, name: str, dtypes: list, shapes: list[StaticShape] | None):
        super().__init__(name)
        self._dtypes, self._shapes = dtypes, shapes
        self._closed = self._cancelled = False
        self._insertions = 0
        # By key, the number of the insertion that began it, and its components so far.
        self._incomplete: dict[bytes, tuple[int, list]] = {}
        # In the order in which they were begun: that number, the order of completion, key and components.
        self._ready: list[tuple[int, int, bytes, list]] = []
        self._completed = 0

    def insert(self, component: int, keys: Any, values: Any) -> None:
        """Gives a component of the tuples under these keys their values."""
        count = len(self._dtypes)
        if component >= count:
            _refuse(f"The component ID is out of range {component} > num_components (= {count})")
        shape = self._shapes[component] if self._shapes is not None else None
        if np.shape(keys)[:1] != np.shape(values)[:1]:
            _refuse(f"Shape mismatch in tuple component {component}. Expected {len(keys)} rows, got {np.shape(values)}")
        if shape is not None and any(a not in (None, b) for a, b in zip(shape, np.shape(values)[1:])):
            _refuse(f"Shape mismatch in tuple component {component}. Expected {shape}, got {np.shape(values)[1:]}")
        rows = [row for (row,) in many_elements([values])]
        with self._lock:
            is_new = self._check_keys(keys.tolist())
            for key, value in zip(keys.tolist(), rows):
                self._insert(component, key, value)
            self._insertions += is_new
            self._advance_all()

    def _check_keys(self, keys: list[bytes]) -> bool:
        """Whether there are new keys among these."""
        new = [key for key in keys if key not in self._incomplete]
        if self._cancelled or self._closed and new:
            prefix, state = f"Barrier {self.name} is closed", f"Pending enqueues cancelled: {int(self._cancelled)}.  "
            rest = f"Number of incomplete keys: {len(self._incomplete)}."
            if self._cancelled:
                words = f"{prefix}.  {state}Number of new insertions: {len(new)}.  {rest}"
            else:
                key = new[0].decode(errors="replace")
                words = f"{prefix}, but attempted to insert a brand new key: {key}.  {state}Insertion index: 0.  {rest}"
            raise errors.CancelledError(None, None, words)
        return bool(new)

    def _insert(self, component: int, key: bytes, value: Any) -> None:
        number, parts = self._incomplete.setdefault(key, (self._insertions, [None] * len(self._dtypes)))
        if parts[component] is not None:
            text = key.decode(errors="replace")
            _refuse(f"Key {text} already has a value for component {component} in barrier {self.name}")
        parts[component] = value
        if all(part is not None for part in parts):
            del self._incomplete[key]
            heapq.heappush(self._ready, (number, self._completed, key, parts))
            self._completed += 1

    def take(self, count: int, allow_small_batch: bool, ctx: Any) -> tuple:
        """Indices, keys and components of complete tuples, those that were begun first; waits for them."""

        def take(attempt: Attempt) -> int:
            wanted, ready = count, len(self._ready)
            if self._closed:
                total = ready + len(self._incomplete)
                if allow_small_batch:
                    wanted = min(count, ready)
                if wanted == 0 or wanted > total:
                    words = (
                        f"Barrier '{self.name}' is closed and has insufficient elements "
                        f"(requested {wanted}, total size {total})"
                    )
                    return attempt.fail(errors.OutOfRangeError, words)
            if ready < wanted:
                return NO_PROGRESS
            attempt.taken = [heapq.heappop(self._ready) for _ in range(wanted)]
            return COMPLETE

        attempt = Attempt(take, "Dequeue operation was cancelled")
        taken = self._perform(_TAKES, attempt, ctx).taken
        keys = np.empty(len(taken), object)
        keys[:] = [key for _, _, key, _ in taken]
        shapes = self._shapes or [np.shape(part) for part in (taken[0][3] if taken else ())]
        parts = stacked([tuple(parts) for _, _, _, parts in taken], self._dtypes, shapes)
        return np.array([_FIRST_INDEX + number for number, _, _, _ in taken], np.int64), keys, *parts

    def close(self, cancel_pending_enqueues: bool) -> None:
        """Takes no new keys any more; and if pending ones are cancelled, completes none."""
        with self._lock:
            if self._closed and not cancel_pending_enqueues:
                raise errors.CancelledError(None, None, f"Barrier '{self.name}' is already closed.")
            self._closed = True
            if cancel_pending_enqueues:
                self._cancelled = True
                self._incomplete.clear()
            self._advance_all()

    def sizes(self) -> tuple[int, int]:
        """How many tuples are complete, and how many are not."""
        with self._lock:
            return len(self._ready), len(self._incomplete)


def _refuse(words: str) -> None:
    raise errors.InvalidArgumentError(None, None, words)


@op(
    "Barrier() -> (handle: Ref(string))",
    component_types=attr("list(type)", minimum=1),
    shapes=attr("list(shape)", default=[], minimum=0),
    capacity=-1,
    container="",
    shared_name="",
)
class BarrierOp:
    """Tuples under string keys, which are taken once they are complete."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, component_types, shapes, container, shared_name):
        known = [s.as_tuple() for s in shapes]

        def make() -> Barrier:
            name = shared_name or private_name(ctx.op_name)
            return Barrier(name, component_types, known if known and None not in known else None)

        return ctx.resources.get_or_create(Barrier, container, shared_name, make) if shared_name else ctx.state(make)

    grad = NOT_DIFFERENTIABLE


@op(
    "BarrierInsertMany(handle: Ref(string), keys: string, values: T) -> ()", T=attr("type"), component_index=attr("int")
)
class BarrierInsertMany:
    """Gives a component of the tuples under `keys`, [n], the rows of `values`, [n, ...]."""

    stateful = True

    def shape():
        return []

    def cpu(handle, keys, values, component_index):
        handle.insert(component_index, keys, values)

    grad = NOT_DIFFERENTIABLE


@op(
    "BarrierTakeMany(handle: Ref(string), num_elements: int32) "
    "-> (indices: int64, keys: string, values: component_types)",
    component_types=attr("list(type)", minimum=1),
    allow_small_batch=False,
    wait_for_incomplete=False,
    timeout_ms=-1,
)
class BarrierTakeMany:
    """Takes complete tuples, those that were begun first, waiting for them."""

    stateful = True

    def shape(component_types):
        return [(None,), (None,), *[None] * len(component_types)]

    def cpu(handle, num_elements, allow_small_batch, ctx):
        return handle.take(int(num_elements), allow_small_batch, ctx)

    grad = NOT_DIFFERENTIABLE


@op("BarrierClose(handle: Ref(string)) -> ()", cancel_pending_enqueues=False)
class BarrierClose:
    """Takes no new keys any more."""

    stateful = True

    def shape():
        return []

    def cpu(handle, cancel_pending_enqueues):
        handle.close(cancel_pending_enqueues)

    grad = NOT_DIFFERENTIABLE


@op("BarrierReadySize(handle: Ref(string)) -> (size: int32)")
class BarrierReadySize:
    """How many tuples are complete."""

    stateful = True

    def shape():
        return ()

    def cpu(handle):
        return np.int32(handle.sizes()[0])

    grad = NOT_DIFFERENTIABLE


@op("BarrierIncompleteSize(handle: Ref(string)) -> (size: int32)")
class BarrierIncompleteSize:
    """How many tuples are not complete."""

    stateful = True

    def shape():
        return ()

    def cpu(handle):
        return np.int32(handle.sizes()[1])

    grad = NOT_DIFFERENTIABLE
