"""Pruning: which operations a run needs, and in which order they run."""

from __future__ import annotations

import heapq
from typing import Iterable

from pyflow.core import errors
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor

# In a run that does both, what is put into queues comes before what waits for it, if neither needs the other.
_PUTTING = ("QueueEnqueue", "Stage", "MapStage", "OrderedMapStage")
_TAKING = ("QueueDequeue", "Unstage", "MapUnstage", "OrderedMapUnstage")


def needed_ops(fetches: Iterable[Tensor], targets: Iterable[Operation], fed: Iterable[Tensor]) -> list[Operation]:
    """The operations that must run, in an order that respects data and control edges, ties by creation."""
    fed = set(fed)
    needed: set[Operation] = set()
    pending = [t.op for t in fetches if t not in fed] + list(targets)
    while pending:
        op = pending.pop()
        if op not in needed:
            needed.add(op)
            pending += [t.op for t in op.inputs if t not in fed]
            pending += op._control_inputs
    ordered = sorted(needed, key=lambda op: op._id)
    takes = any(op.type.startswith(_TAKING) for op in ordered)
    late = takes and any(op.type.startswith(_PUTTING) for op in ordered)
    if not late and all(d._id < op._id for op in ordered for d in _dependencies(op, fed)):
        return ordered
    return _topological(ordered, fed, late)


def _dependencies(op: Operation, fed: set[Tensor]) -> list[Operation]:
    return [t.op for t in op.inputs if t not in fed] + op._control_inputs


def _topological(ops: list[Operation], fed: set[Tensor], takes_late: bool) -> list[Operation]:
    def rank(op: Operation) -> tuple[bool, float]:
        return takes_late and op.type.startswith(_TAKING), op._id

    waiting = {op: set(_dependencies(op, fed)) for op in ops}
    followers: dict[Operation, list[Operation]] = {}
    for op, dependencies in waiting.items():
        for d in dependencies:
            followers.setdefault(d, []).append(op)
    ready = [(rank(op), op) for op, dependencies in waiting.items() if not dependencies]
    heapq.heapify(ready)
    order = []
    while ready:
        op = heapq.heappop(ready)[1]
        order.append(op)
        for follower in followers.get(op, ()):
            waiting[follower].discard(op)
            if not waiting[follower]:
                heapq.heappush(ready, (rank(follower), follower))
    if len(order) < len(ops):
        stuck = next(op for op in ops if op not in set(order))
        raise errors.InvalidArgumentError(None, stuck, "Graph is invalid, contains a cycle with no loop construct")
    return order
