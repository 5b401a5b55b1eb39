"""The ops on queues. A queue is a resource of the session, found by its shared name or its node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import DType
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, op
from pyflow.core.resources import private_name
from pyflow.ops.queue_kinds import FifoQueue, PaddingFifoQueue, PriorityQueue, Queue, RandomShuffleQueue, type_names


def _as_queue(handle: Any) -> Queue:
    """The queue behind a handle, which is the queue itself, or lies in an array."""
    return handle.item() if isinstance(handle, np.ndarray) else handle


def _session_queue(ctx: Any, container: str, shared_name: str, make: Callable[[str], Queue]) -> Queue:
    """The node's queue in the session; made the first time.

    Raises:
      InvalidArgumentError: there is one of that name, and it is of another kind.
    """
    if not shared_name:
        return ctx.state(lambda: make(private_name(ctx.op_name)))
    queue = ctx.resources.get_or_create(Queue, container, shared_name, lambda: make(shared_name))
    words = queue.differences(make(shared_name), ctx.op.type)
    if words:
        raise InvalidArgumentError(ctx.op.node_def, ctx.op, words)
    return queue


def _capacity(capacity: int) -> int | None:
    return None if capacity < 0 else capacity


def _shapes(shapes: list) -> list | None:
    return [s.as_tuple() for s in shapes] or None


class _FifoBody:
    """A queue that gives first what came first."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, component_types, shapes, capacity, container, shared_name):
        return _session_queue(
            ctx, container, shared_name, lambda n: FifoQueue(n, _capacity(capacity), component_types, _shapes(shapes))
        )

    grad = NOT_DIFFERENTIABLE


class _PaddingBody:
    """As `FIFOQueue`, of elements whose shapes may vary where they are declared unknown."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, component_types, shapes, capacity, container, shared_name):
        return _session_queue(
            ctx,
            container,
            shared_name,
            lambda n: PaddingFifoQueue(n, _capacity(capacity), component_types, _shapes(shapes)),
        )

    grad = NOT_DIFFERENTIABLE


class _ShuffleBody:
    """A queue that gives its elements in random order."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, component_types, shapes, capacity, min_after_dequeue, seed, seed2, container, shared_name):
        words = ""
        if min_after_dequeue < 0:
            words = f"min_after_dequeue {min_after_dequeue} must be >= 0"
        elif 0 <= capacity <= min_after_dequeue:
            words = f"min_after_dequeue {min_after_dequeue} must be < capacity {capacity}"
        if words:
            raise InvalidArgumentError(ctx.op.node_def, ctx.op, words)
        return _session_queue(
            ctx,
            container,
            shared_name,
            lambda n: RandomShuffleQueue(
                n, _capacity(capacity), component_types, _shapes(shapes), min_after_dequeue, seed, seed2
            ),
        )

    grad = NOT_DIFFERENTIABLE


class _PriorityBody:
    """A queue that gives the element of the least priority first; the priority is a component before the others."""

    stateful = True

    def shape():
        return ()

    def cpu(ctx, component_types, shapes, capacity, container, shared_name):
        types, known = [dtypes.int64, *component_types], _shapes(shapes)
        if known is not None or not component_types:
            known = [(), *(known or ())]
        return _session_queue(
            ctx, container, shared_name, lambda n: PriorityQueue(n, _capacity(capacity), types, known)
        )

    grad = NOT_DIFFERENTIABLE


def _fitting(handle: Any, given: list[DType]) -> Queue:
    """The queue behind a handle.

    Raises:
      InvalidArgumentError: it holds components of other types.
    """
    queue = _as_queue(handle)
    if given != queue.dtypes:
        have, wanted = type_names(given), type_names(queue.dtypes)
        words = f"Signature mismatch, have: resource, {have}-> expected: resource, {wanted}->"
        raise InvalidArgumentError(None, None, words)
    return queue


class _EnqueueBody:
    """Puts an element in, waiting for room."""

    stateful = True

    def shape(handle):
        return []

    def cpu(handle, components, Tcomponents, ctx):
        _fitting(handle, Tcomponents).enqueue(components, ctx)

    grad = NOT_DIFFERENTIABLE


class _EnqueueManyBody:
    """Puts the rows of the components in as elements, waiting for room."""

    stateful = True

    def shape(handle):
        return []

    def cpu(handle, components, Tcomponents, ctx):
        _fitting(handle, Tcomponents).enqueue_many(components, ctx)

    grad = NOT_DIFFERENTIABLE


class _DequeueBody:
    """Takes an element out, waiting for it."""

    stateful = True

    def shape(component_types, handle_handle):
        return handle_handle or [None] * len(component_types)

    def cpu(handle, ctx):
        return _as_queue(handle).dequeue(ctx)

    grad = NOT_DIFFERENTIABLE


def _many_shapes(component_types, handle_handle, n_value):
    if n_value is not None and n_value < 0:
        raise ShapeError(f"Input 'n' must be >= 0, but is {n_value}")
    if handle_handle is None:
        return [None] * len(component_types)
    count = None if n_value is None or n_value < 0 else int(n_value)
    return [None if s is None else (count, *s) for s in handle_handle]


class _DequeueManyBody:
    """Takes n elements out, waiting for them; components [n, ...]."""

    stateful = True
    shape = _many_shapes

    def cpu(handle, n, ctx):
        if n < 0:
            raise InvalidArgumentError(None, None, f"DequeueManyOp requested {n} < 0 elements")
        return _as_queue(handle).dequeue_many(int(n), ctx)

    grad = NOT_DIFFERENTIABLE


class _DequeueUpToBody:
    """Takes n elements out, or what is left when the queue is closed; components [<= n, ...]."""

    stateful = True

    def shape(component_types, handle_handle):
        return _many_shapes(component_types, handle_handle, None)

    def cpu(handle, n, ctx):
        if n < 0:
            raise InvalidArgumentError(None, None, f"DequeueUpToOp requested {n} < 0 elements")
        return _as_queue(handle).dequeue_many(int(n), ctx, allow_small_batch=True)

    grad = NOT_DIFFERENTIABLE


class _CloseBody:
    """Closes a queue: nothing more goes in."""

    stateful = True

    def shape():
        return []

    def cpu(handle, cancel_pending_enqueues, ctx):
        _as_queue(handle).close(cancel_pending_enqueues, ctx)

    grad = NOT_DIFFERENTIABLE


class _IsClosedBody:
    """Whether a queue is closed."""

    stateful = True

    def shape():
        return ()

    def cpu(handle):
        return np.bool_(_as_queue(handle).closed)

    grad = NOT_DIFFERENTIABLE


class _SizeBody:
    """How many elements a queue holds."""

    stateful = True

    def shape():
        return ()

    def cpu(handle):
        return np.int32(_as_queue(handle).size())

    grad = NOT_DIFFERENTIABLE


def _define(name: str, signature: str, body: type, **attrs: Any) -> Any:
    """The op in both forms: `name`, with queues by reference, and `nameV2`, with handles; gives the second."""
    op(name + signature.replace("HANDLE", "Ref(string)"), **attrs)(body)
    return op(name + "V2" + signature.replace("HANDLE", "resource"), **attrs)(body)


_MAKES = "() -> (handle: HANDLE)"
_SHARING: dict[str, Any] = {"container": "", "shared_name": ""}
_ELEMENTS: dict[str, Any] = {
    "component_types": attr("list(type)", minimum=1),
    "shapes": attr("list(shape)", default=[], minimum=0),
    "capacity": -1,
}
_TAKES: dict[str, Any] = {"component_types": attr("list(type)", minimum=1), "timeout_ms": -1}
_PUTS: dict[str, Any] = {"Tcomponents": attr("list(type)", minimum=1), "timeout_ms": -1}

FIFOQueueV2 = _define("FIFOQueue", _MAKES, _FifoBody, **_ELEMENTS, **_SHARING)
PaddingFIFOQueueV2 = _define("PaddingFIFOQueue", _MAKES, _PaddingBody, **_ELEMENTS, **_SHARING)
RandomShuffleQueueV2 = _define(
    "RandomShuffleQueue",
    _MAKES,
    _ShuffleBody,
    **_ELEMENTS,
    min_after_dequeue=0,
    seed=0,
    seed2=0,
    **_SHARING,
)
PriorityQueueV2 = _define(
    "PriorityQueue",
    _MAKES,
    _PriorityBody,
    component_types=attr("list(type)", default=[], minimum=0),
    shapes=attr("list(shape)", minimum=0),
    capacity=-1,
    **_SHARING,
)
QueueEnqueueV2 = _define("QueueEnqueue", "(handle: HANDLE, components: Tcomponents) -> ()", _EnqueueBody, **_PUTS)
QueueEnqueueManyV2 = _define(
    "QueueEnqueueMany", "(handle: HANDLE, components: Tcomponents) -> ()", _EnqueueManyBody, **_PUTS
)
QueueDequeueV2 = _define("QueueDequeue", "(handle: HANDLE) -> (components: component_types)", _DequeueBody, **_TAKES)
QueueDequeueManyV2 = _define(
    "QueueDequeueMany", "(handle: HANDLE, n: int32) -> (components: component_types)", _DequeueManyBody, **_TAKES
)
QueueDequeueUpToV2 = _define(
    "QueueDequeueUpTo", "(handle: HANDLE, n: int32) -> (components: component_types)", _DequeueUpToBody, **_TAKES
)
QueueCloseV2 = _define("QueueClose", "(handle: HANDLE) -> ()", _CloseBody, cancel_pending_enqueues=False)
QueueIsClosedV2 = _define("QueueIsClosed", "(handle: HANDLE) -> (is_closed: bool)", _IsClosedBody)
QueueSizeV2 = _define("QueueSize", "(handle: HANDLE) -> (size: int32)", _SizeBody)
