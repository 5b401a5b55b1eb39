"""Accumulators: gradients that are collected until there are enough to take their mean or sum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, op
from pyflow.core.resources import private_name
from pyflow.core.tensor import StaticShape, brackets
from pyflow.ops.queue_attempts import COMPLETE, NO_PROGRESS, Attempt, BlockingResource

_PUTS, _TAKES = 0, 1
_CANCELLED = "TakeGrad operation was cancelled"


class Accumulator(BlockingResource):
    """What both kinds share: the count, and the time step that gradients have to be up to date with.

    Args:
      shape: what is known of the gradients' shape.
      is_mean: whether the mean is taken, else the sum.
    """

    kind = "ConditionalAccumulator"

    def __init__(self, name: str, shape: StaticShape, is_mean: bool):
        super().__init__(name)
        self._shape, self._is_mean = shape, is_mean
        self._count = self._step = 0

    def count(self) -> int:
        with self._lock:
            return self._count

    def set_global_step(self, step: int) -> None:
        with self._lock:
            self._step = step

    def _apply(self, step: int, check: Callable[[], None], add: Callable[[], None]) -> None:
        """Adds a gradient, unless it was computed before the accumulator's time step."""
        with self._lock:
            if step < self._step:
                return
            check()
            add()
            self._count += 1
            self._advance_all()

    def _take(self, required: int, collect: Callable[[], Any], ctx: Any) -> Any:
        """What was collected, once it is made of `required` gradients; then it starts anew."""
        if required <= 0:
            _refuse(f"Argument num_required must be positive, but was {required}")

        def take(attempt: Attempt) -> int:
            if self._count < required:
                return NO_PROGRESS
            attempt.taken.append(collect())
            self._count = 0
            self._step += 1
            return COMPLETE

        return self._perform(_TAKES, Attempt(take, _CANCELLED), ctx).taken[0]


def _refuse(words: str) -> None:
    raise errors.InvalidArgumentError(None, None, words)


def _agree(known: StaticShape, given: tuple[int, ...]) -> bool:
    return known is None or (len(known) == len(given) and all(a in (None, b) for a, b in zip(known, given)))


class DenseAccumulator(Accumulator):
    """Collects gradients of one shape."""

    _sum: Any = None

    def apply(self, step: int, gradient: Any) -> None:
        shape = np.shape(gradient)

        def check() -> None:
            for known in (self._shape, self._sum.shape if self._count else None):
                if not _agree(known, shape):
                    _refuse(f"Shape mismatch: expected {brackets(known)}, got {brackets(shape)}")

        def add() -> None:
            # The sum of scalars has to stay an array, too.
            self._sum = np.asarray(self._sum + gradient) if self._count else np.array(gradient)

        self._apply(step, check, add)

    def take(self, required: int, ctx: Any) -> Any:
        def collect() -> Any:
            total: Any = self._sum
            return _divided(total, self._count) if self._is_mean else total

        return self._take(required, collect, ctx)


def _divided(total: np.ndarray, count: Any) -> np.ndarray:
    if total.dtype.kind in "iu":
        return (total // count).astype(total.dtype)
    return (total / np.asarray(count, total.dtype)).astype(total.dtype)


def _merged(ours: list[int], theirs: list[int]) -> tuple[np.ndarray, list[int], list[int]]:
    """Two lists of rows merged into one, and where the items of each went.

    As in TensorFlow, heads that are equal become one row; a row that comes twice in one list stays two.
    """
    every: list[int] = []
    at: tuple[list[int], list[int]] = ([], [])
    i = j = 0
    while i < len(ours) or j < len(theirs):
        from_ours = j == len(theirs) or (i < len(ours) and ours[i] <= theirs[j])
        from_theirs = i == len(ours) or (j < len(theirs) and theirs[j] <= ours[i])
        if from_ours:
            at[0].append(len(every))
        if from_theirs:
            at[1].append(len(every))
        every.append(ours[i] if from_ours else theirs[j])
        i, j = i + from_ours, j + from_theirs
    return np.array(every, np.int64), at[0], at[1]


class SparseAccumulator(Accumulator):
    """Collects rows of gradients; the mean of a row counts those gradients that have it."""

    kind = "SparseConditionalAccumulator"

    def __init__(self, name: str, shape: StaticShape, is_mean: bool):
        super().__init__(name, shape, is_mean)
        # Which rows, their sums, and how many gradients have them.
        self._indices: Any = None
        self._sums: Any = None
        self._counts: Any = None

    def apply(self, step: int, indices: Any, values: Any, shape: Any) -> None:
        def check() -> None:
            if np.ndim(indices) != 1:
                _refuse(f"Input indices should be vector but received shape: {brackets(np.shape(indices))}")
            if np.ndim(values) == 0:
                _refuse("Values cannot be 0-dimensional.")
            if len(indices) != len(values):
                _refuse(f"Expected {len(indices)} non-empty input values, got {len(values)}")
            rank = max(np.ndim(values), np.size(shape))
            known = (*(self._shape or ()), *(None,) * rank)  # a declared shape may be too short: () is for any
            for i in range(1, np.ndim(values)):
                expected = self._sums.shape[i] if self._count else known[i]
                if expected is not None and expected != values.shape[i]:
                    _refuse(f"Shape mismatch: expected values dim {i} to be {expected}, got {values.shape[i]}")
            for i, size in enumerate(shape.tolist()):
                if i < len(known) and known[i] not in (None, size):
                    _refuse(f"Shape mismatch: expected shape dim {i} to be {known[i]}, got {size}")

        def add() -> None:
            ones = np.ones(len(indices), np.int64)
            if not self._count:
                self._indices, self._sums, self._counts = np.array(indices), np.array(values), ones
                return
            every, ours, theirs = _merged(self._indices.tolist(), indices.tolist())
            sums, counts = np.zeros((len(every), *values.shape[1:]), values.dtype), np.zeros(len(every), np.int64)
            sums[ours], counts[ours] = self._sums, self._counts
            sums[theirs] += values
            counts[theirs] += ones
            self._indices, self._sums, self._counts = every, sums, counts

        self._apply(step, check, add)

    def take(self, required: int, ctx: Any) -> tuple:
        """Indices, values and shape of what was collected."""

        def collect() -> tuple:
            values = self._sums
            if self._is_mean:
                values = _divided(values, self._counts.reshape(-1, *[1] * (values.ndim - 1)))
            first = self._shape[0] if self._shape else None
            shape = [-1 if first is None else first, *values.shape[1:]]
            return self._indices, values, np.array(shape, np.int64)

        return self._take(required, collect, ctx)


def _kind(kind: Any) -> Callable:
    """The kernel that makes an accumulator of that kind, or finds it."""

    def cpu(ctx, shape, container, shared_name, reduction_type):
        def make() -> Any:
            name = shared_name or private_name(ctx.op_name)
            return kind(name, shape.as_tuple(), reduction_type == "MEAN")

        return ctx.resources.get_or_create(kind, container, shared_name, make) if shared_name else ctx.state(make)

    return cpu


class _DenseBody:
    """Collects gradients of one shape."""

    stateful = True

    def shape():
        return ()

    cpu = _kind(DenseAccumulator)
    grad = NOT_DIFFERENTIABLE


class _SparseBody:
    """Collects rows of gradients."""

    stateful = True

    def shape():
        return ()

    cpu = _kind(SparseAccumulator)
    grad = NOT_DIFFERENTIABLE


class _CountBody:
    """How many gradients have been collected."""

    stateful = True

    def shape():
        return ()

    def cpu(handle):
        return np.int32(handle.count())

    grad = NOT_DIFFERENTIABLE


class _SetStepBody:
    """Sets the time step that gradients have to be up to date with."""

    stateful = True

    def shape():
        return []

    def cpu(handle, new_global_step):
        handle.set_global_step(int(new_global_step))

    grad = NOT_DIFFERENTIABLE


class _ApplyBody:
    """Adds a gradient computed at a time step, unless that lies before the accumulator's."""

    stateful = True

    def shape():
        return []

    def cpu(handle, local_step, gradient):
        handle.apply(int(local_step), gradient)

    grad = NOT_DIFFERENTIABLE


class _TakeBody:
    """The mean or sum of the gradients, once there are enough."""

    stateful = True

    def shape():
        return None

    def cpu(handle, num_required, ctx):
        return handle.take(int(num_required), ctx)

    grad = NOT_DIFFERENTIABLE


def _number() -> Attr:
    return attr("type", allowed=dtypes.NUMERIC)


def _made() -> dict[str, Any]:
    reduction = attr("string", default="MEAN", allowed=("MEAN", "SUM"))
    return {"dtype": _number(), "shape": attr("shape"), "container": "", "shared_name": "", "reduction_type": reduction}


for _prefix, _handle in (("", "Ref(string)"), ("Resource", "resource")):
    op(f"{_prefix}ConditionalAccumulator() -> (handle: {_handle})", **_made())(_DenseBody)
    op(f"{_prefix}AccumulatorNumAccumulated(handle: {_handle}) -> (num_accumulated: int32)")(_CountBody)
    op(f"{_prefix}AccumulatorSetGlobalStep(handle: {_handle}, new_global_step: int64) -> ()")(_SetStepBody)
    op(
        f"{_prefix}AccumulatorApplyGradient(handle: {_handle}, local_step: int64, gradient: dtype) -> ()",
        dtype=_number(),
    )(_ApplyBody)
    op(
        f"{_prefix}AccumulatorTakeGradient(handle: {_handle}, num_required: int32) -> (average: dtype)",
        dtype=_number(),
    )(_TakeBody)
op("SparseConditionalAccumulator() -> (handle: Ref(string))", **_made())(_SparseBody)


@op(
    "SparseAccumulatorApplyGradient(handle: Ref(string), local_step: int64, gradient_indices: int64, "
    "gradient_values: dtype, gradient_shape: int64) -> ()",
    dtype=_number(),
    has_known_shape=attr("bool"),
)
class SparseAccumulatorApplyGradient:
    """Adds rows of a gradient computed at a time step, unless that lies before the accumulator's."""

    stateful = True

    def shape():
        return []

    def cpu(handle, local_step, gradient_indices, gradient_values, gradient_shape):
        handle.apply(int(local_step), gradient_indices, gradient_values, gradient_shape)

    grad = NOT_DIFFERENTIABLE


@op(
    "SparseAccumulatorTakeGradient(handle: Ref(string), num_required: int32) "
    "-> (indices: int64, values: dtype, shape: int64)",
    dtype=_number(),
)
class SparseAccumulatorTakeGradient:
    """The means or sums of the rows, once there are enough gradients."""

    stateful = True

    def shape():
        return [(None,), None, (None,)]

    def cpu(handle, num_required, ctx):
        return handle.take(int(num_required), ctx)

    grad = NOT_DIFFERENTIABLE
