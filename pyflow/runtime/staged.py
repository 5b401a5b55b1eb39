"""Runs whose input comes from iterators or queues, in amounts that show only then: the rest is planned for those."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core import dtypes
from pyflow.core.operation import Operation
from pyflow.core.tensor import Tensor
from pyflow.runtime.executable import Executable, Timing
from pyflow.runtime.ordering import needed_ops
from pyflow.runtime.program import Step

_TAKES = frozenset(("IteratorGetNext", "IteratorGetNextSync", "QueueDequeueUpTo", "QueueDequeueUpToV2"))
_CACHED_PLANS = 64
# Below this many other nodes a plan gains less than a second program costs.
_WORTHWHILE = 4


def executable(session: Any, fetches: list[Tensor], targets: list[Operation], shapes: dict[Tensor, Any]) -> Any:
    """What computes the fetches and runs the targets, of feeds of those shapes."""
    first = _to_run_first(fetches, targets, shapes)
    if first:
        return Staged(session, fetches, targets, shapes, first)
    return Executable(session, fetches, targets, shapes, on_device=True)


def _to_run_first(fetches: list[Tensor], targets: list[Operation], shapes: dict[Tensor, Any]) -> list[Operation]:
    """The nodes that take elements of unknown shapes, if they wait for nothing and only their outputs are used."""
    ops = needed_ops(fetches, targets, shapes)
    first = [op for op in ops if op.type in _TAKES and _is_open(op) and not shapes.keys() & set(op.outputs)]
    if not first:
        return []
    taken = [t for op in first for t in op.outputs]
    before = needed_ops(taken, [], shapes)
    if any(op._control_inputs or (op.inputs and op not in first and not _finds_iterator(op)) for op in before):
        return []
    after = needed_ops(fetches, targets, [*shapes, *taken])
    if any(op.type == "Placeholder" and op.outputs[0] not in shapes for op in after):
        return []  # the error comes before an element is taken
    return first if len(after) >= _WORTHWHILE and not set(first) & set(after) else []


def _is_open(op: Operation) -> bool:
    known = [t._static_shape for t in op.outputs if t.dtype not in (dtypes.variant, dtypes.resource)]
    return any(shape is None or None in shape for shape in known)


def _finds_iterator(op: Operation) -> bool:
    return op.type.startswith("IteratorFromStringHandle")


class Staged:
    """As an `Executable`, with a plan for each of the shapes that are taken."""

    def __init__(
        self,
        session: Any,
        fetches: list[Tensor],
        targets: list[Operation],
        shapes: dict[Tensor, Any],
        first: list[Operation],
    ):
        self._session, self._fetches, self._targets, self._shapes = session, fetches, targets, shapes
        self._taken = [t for op in first for t in op.outputs]
        self._first = Executable(session, self._taken, [], shapes, lends=True)
        self._plans: collections.OrderedDict[Any, Executable] = collections.OrderedDict()

    def __call__(self, feeds: tuple) -> tuple:
        values = self._first(feeds)
        return self._plan(values)((*feeds, *values))

    def traced(self, feeds: tuple) -> tuple[tuple, list[Timing]]:
        """As a call, and when each step ran."""
        values, timings = self._first.traced(feeds)
        results, later = self._plan(values).traced((*feeds, *values))
        return results, timings + later

    def _plan(self, values: tuple) -> Executable:
        key = tuple([getattr(v, "shape", ()) for v in values])
        plan = self._plans.get(key)
        if plan is None:
            with self._session._planning:
                shapes = {**self._shapes, **dict(zip(self._taken, key))}
                plan = Executable(self._session, self._fetches, self._targets, shapes, on_device=True)
            self._plans[key] = plan
            if len(self._plans) > _CACHED_PLANS:
                self._plans.popitem(last=False)
        return plan

    def release(self) -> None:
        """Gives back what its plans hold on a device; it is not run again."""
        for plan in (self._first, *self._plans.values()):
            plan.release()

    @property
    def steps(self) -> list[Step]:
        """Those that take elements, and those of the newest plan."""
        plans = list(self._plans.values())
        return [*self._first.steps, *(plans[-1].steps if plans else ())]
