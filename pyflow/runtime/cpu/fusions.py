"""Patterns of steps that one BLAS call does: products that accumulate into a variable, and moving averages.

Each pattern matches intermediates that nothing else uses, so no value that a program can see goes missing; only the
rounding of intermediate results differs. The call stands where the variable is updated, later than the steps it stands
for, so none of the variables that they read may have changed in between.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.resources import VariableCell
from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import sharing
from pyflow.runtime.cpu.buffers import roots
from pyflow.runtime.program import Program, Step, Value

# Below this many elements the calls cost more than the arithmetic.
_SMALLEST = 2048
_REAL = (dtypes.float32, dtypes.float64)


def fuse(program: Program) -> None:
    """Rewrites the program's steps in place."""
    if primitives.accumulate is None or primitives.average is None:
        return
    uses = _Uses(program)
    uses.shared = sharing.uses_own_threads(program)
    for i, step in enumerate(program.steps):
        for pattern in (_gradient_descent, _moving_average):
            fused = pattern(step, uses)
            if fused is not None:
                program.steps[i] = fused
                break


class _Uses:
    """How often each value is used (fetching counts), and where variables are written."""

    shared = False  # whether large products are shared among our own threads

    def __init__(self, program: Program):
        self._count: dict[Value, int] = {}
        for step in program.steps:
            for value in step.inputs:
                self._count[value] = self._count.get(value, 0) + 1
        for value in program.fetches:
            self._count[value] = self._count.get(value, 0) + 1
        self._position = {step: i for i, step in enumerate(program.steps)}
        self._root = roots(program)
        self._writes = [
            (i, value.cell)
            for i, step in enumerate(program.steps)
            for value in step.inputs
            if value.cell is not None and step.type != "ReadCell" and not _is_read(value)
        ]

    def written(self, cell: VariableCell, after: Step, before: Step) -> bool:
        """Whether a step between the two writes the variable."""
        start, end = self._position[after], self._position[before]
        return any(start < i < end and written is cell for i, written in self._writes)

    def may_wait(self, values: list[Value], computed: Step, update: Step, updated: VariableCell) -> bool:
        """Whether values that a step works on are the same at the update, which writes into `updated`."""
        cells = [self._root.get(v, v).cell for v in values]
        return not any(c is not None and (c is updated or self.written(c, computed, update)) for c in cells)

    def none(self, step: Step) -> bool:
        return not any(v in self._count for v in step.outputs)

    def only(self, value: Value, op_type: str) -> Step | None:
        """The step of that type that computes the value, if the value is used once."""
        step = value.step
        return step if step is not None and step.type == op_type and self._count.get(value) == 1 else None


def _fused(step: Step, kernel: Any, inputs: list[Value]) -> Step:
    fused = Step(step.op, None, {}, inputs, [])
    fused.kernel = kernel
    return fused


def _is_read(value: Value) -> bool:
    return value.step is not None and value.step.type == "ReadCell"


def _reads(value: Value, cell: VariableCell) -> bool:
    return _is_read(value) and value.cell is cell


def _is_large(value: Value) -> bool:
    return value.known_shape and value.dtype in _REAL and int(np.prod(value.shape)) >= _SMALLEST  # type: ignore


def _gradient_descent(step: Step, uses: _Uses) -> Step | None:
    """W -= rate · (op(A) · op(B) + decay · W), as W = (1 − rate · decay) · W − rate · op(A) · op(B)."""
    if step.type != "ApplyGradientDescent" or not uses.none(step) or not _is_large(step.inputs[2]):
        return None
    reference, rate, delta = step.inputs
    if not isinstance(reference.cell, VariableCell):
        return None
    total = uses.only(delta, "AddN")
    product, decay = None, 0.0
    for term in total.inputs if total else [delta]:
        if product is None and (product := uses.only(term, "MatMul")) is not None:
            continue
        factor = _multiple_of(term, reference.cell, uses, step)
        if factor is None:
            return None
        decay += factor
    if product is None or not uses.may_wait(product.inputs, product, step, reference.cell):
        return None
    kernel = _accumulate(product.attrs["transpose_a"], product.attrs["transpose_b"], decay, uses.shared)
    return _fused(step, kernel, [reference, rate, *product.inputs])


def _multiple_of(value: Value, cell: VariableCell, uses: _Uses, update: Step) -> float | None:
    """The constant c if the value is c · (what the variable holds at the update)."""
    step = uses.only(value, "Mul")
    if step is None or uses.written(cell, step, update):
        return None
    for content, factor in (step.inputs, step.inputs[::-1]):
        if _reads(content, cell) and factor.constant is not None and factor.constant.ndim == 0:
            return float(factor.constant)
    return None


def _accumulate(ta: bool, tb: bool, decay: float, shared: bool) -> Any:
    accumulate = primitives.accumulate
    assert accumulate is not None

    def kernel(cell: VariableCell, rate: Any, a: np.ndarray, b: np.ndarray) -> None:
        rate = float(rate)
        w = cell.changing()
        a, b = np.ascontiguousarray(a), np.ascontiguousarray(b)
        if not shared:
            accumulate(-rate, a, ta, b, tb, 1.0 - rate * decay, w)
            return

        def part(rows: slice) -> None:
            accumulate(-rate, a[:, rows] if ta else a[rows], ta, b, tb, 1.0 - rate * decay, w[rows])

        parallel.run(part, sharing.parts_of(len(w), w.shape[1] * a.shape[0 if ta else 1]))

    return kernel


def _moving_average(step: Step, uses: _Uses) -> Step | None:
    """E -= (E − X) · d, as E = (1 − d) · E + d · X."""
    if step.type != "AssignSub" or not uses.none(step) or not _is_large(step.inputs[1]):
        return None
    reference, delta = step.inputs
    if not isinstance(reference.cell, VariableCell):
        return None
    scaled = uses.only(delta, "Mul")
    if scaled is None:
        return None
    for difference_value, factor in (scaled.inputs, scaled.inputs[::-1]):
        difference = uses.only(difference_value, "Sub")
        if difference is None or factor.shape != ():
            continue
        old, new = difference.inputs
        if not _reads(old, reference.cell) or uses.written(reference.cell, difference, step):
            continue
        if new.shape == delta.shape and uses.may_wait([new], difference, step, reference.cell):
            return _fused(step, _average, [reference, factor, new])
    return None


def _average(cell: VariableCell, factor: Any, new: np.ndarray) -> None:
    factor = float(factor)
    assert primitives.average is not None
    primitives.average(factor, np.ascontiguousarray(new), 1.0 - factor, cell.changing())
