"""Lifetimes of intermediates, and the buffers they share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from pyflow.runtime.program import Program, Step, Value, written_cells

# A result no larger than this is cheaper to allocate at each run than to write into a buffer.
SMALL_BYTES = 64
_ALIGNMENT = 64
# How many arrays of a loop are allocated at a time, and how many bytes one of them has at most.
_AT_A_TIME, _LARGEST_OF_PIECE = 8, 1 << 16


class Plan:
    """For each step's output that is planned, the number of its slot; and the size of each slot in bytes."""

    def __init__(self) -> None:
        self.slot_of: dict[Value, int] = {}
        self.slot_bytes: list[int] = []

    def arrays(self) -> dict[Value, np.ndarray]:
        """Fresh arrays for one frame: values in the same slot share memory."""
        slots = [aligned((size,), np.uint8, zeroed=True) for size in self.slot_bytes]
        return {value: _array_in(slots[slot], value) for value, slot in self.slot_of.items()}


def _array_in(slot: np.ndarray, value: Value) -> np.ndarray:
    dtype: Any = np.dtype(value.dtype.as_numpy_dtype)
    shape: Any = value.shape
    if dtype.hasobject:
        return np.empty(shape, dtype)  # references to strings don't lie in bytes
    return slot[: value.nbytes].view(dtype).reshape(shape)


def aligned(shape: tuple[int, ...], dtype: Any, zeroed: bool = False) -> np.ndarray:
    """An array that begins where a line of the cache does: its rows of numbers are not read across two lines."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    raw = (np.zeros if zeroed else np.empty)(size + _ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % _ALIGNMENT
    return raw[start : start + size].view(dtype).reshape(shape)


def fresh(shape: tuple[int, ...], dtype: Any) -> Iterator[np.ndarray]:
    """One array after the other for a loop that keeps what its rounds compute: some at a time lie in one piece."""
    while True:
        yield from aligned((_AT_A_TIME, *shape), dtype)


def is_worth_a_piece(value: Value) -> bool:
    """Whether `fresh` makes arrays for a value of known shape faster than numpy does."""
    return (
        value.shape != () and not np.dtype(value.dtype.as_numpy_dtype).hasobject and value.nbytes <= _LARGEST_OF_PIECE
    )


def roots(program: Program) -> dict[Value, Value]:
    """For each value that is a view, the value whose memory it shares."""
    root: dict[Value, Value] = {}
    for step in program.steps:
        if is_view(step):
            root[step.outputs[0]] = root.get(step.inputs[0], step.inputs[0])
    return root


def is_view(step: Step) -> bool:
    return step.definition is not None and step.definition.view


def plan_buffers(program: Program, wants_buffer: Any) -> Plan:
    """Assigns slots by lifetime: a slot is free again after the last use of its value and of the views on it.

    Args:
      wants_buffer: tells whether a value's kernel writes into a given array.
    """
    plan = Plan()
    root = roots(program)
    last_use: dict[Value, int] = {}
    for i, step in enumerate(program.steps):
        for value in step.inputs:
            last_use[root.get(value, value)] = i
    kept = {root.get(v, v) for v in [*program.fetches, *program.kept]}
    expiring: dict[int, list[Value]] = {}
    for value, i in last_use.items():
        expiring.setdefault(i, []).append(value)
    free: list[int] = []
    for i, step in enumerate(program.steps):
        dying = [v for v in expiring.get(i, ()) if v in plan.slot_of and v not in kept]
        for value in step.outputs:
            if value in kept or not wants_buffer(value):
                continue
            slot = _in_place_slot(plan, step, value, dying)
            if slot is None:
                slot = _take(plan, free, value.nbytes)
            plan.slot_of[value] = slot
            if value not in last_use:
                dying.append(value)
        for value in dying:
            slot = plan.slot_of[value]
            taken_over = any(plan.slot_of.get(v) == slot for v in step.outputs if v is not value)
            if slot not in free and not taken_over:
                free.append(slot)
    return plan


def _in_place_slot(plan: Plan, step: Step, value: Value, dying: list[Value]) -> int | None:
    if step.definition is None or not step.definition.inplace:
        return None
    for v in step.inputs:
        if v in dying and v.shape == value.shape and v.nbytes == value.nbytes and v in plan.slot_of:
            dying.remove(v)
            return plan.slot_of[v]
    return None


def _take(plan: Plan, free: list[int], size: int) -> int:
    """The free slot that fits best, grown if it must be; a new one where growing would waste more."""
    fitting = [s for s in free if plan.slot_bytes[s] >= size]
    if fitting:
        slot = min(fitting, key=lambda s: plan.slot_bytes[s])
    elif free:
        slot = max(free, key=lambda s: plan.slot_bytes[s])
        plan.slot_bytes[slot] = size
    else:
        plan.slot_bytes.append(size)
        return len(plan.slot_bytes) - 1
    free.remove(slot)
    return slot


def copy_overwritten_reads(program: Program) -> None:
    """Makes a read of a resource variable a copy where the variable is changed while the value is still needed."""
    root = roots(program)
    end = len(program.steps)
    last_use: dict[Value, int] = {}
    writes: dict[int, list[int]] = {}
    for i, step in enumerate(program.steps):
        for value in step.inputs:
            last_use[root.get(value, value)] = i
        for cell in written_cells(step):
            writes.setdefault(id(cell), []).append(i)
    last_use.update((root.get(v, v), end) for v in program.fetches)
    for i, step in enumerate(program.steps):
        if step.type == "ReadCell":
            value = step.outputs[0]
            copy = any(i < w <= last_use.get(value, 0) for w in writes.get(id(value.cell), ()))
            step.attrs = {**step.attrs, "copy": copy}
