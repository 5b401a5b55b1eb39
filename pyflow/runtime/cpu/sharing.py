"""Products shared among our own threads rather than BLAS's.

BLAS's threads wait for each other, and go on spinning for a while after a product: where something else wants the
processor too, be it another program or the threads that our other kernels run on, a product takes a hundred times as
long. So in programs with products that BLAS would share it keeps to one thread, and large products are cut into parts
by their shapes alone, of which our threads take what they can: the result does not depend on the number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import blas
from pyflow.runtime.program import Program, Step

_CONVOLUTIONS = ("Conv", "DepthwiseConv")
_BATCHED = ("BatchMatMul", "BatchMatMulV2")
# Multiplications that a part should have at least, as each lays out one of the matrices anew; and from how many on per
# part there may be more than a few.
_PART, _LONG_PART = 1 << 24, 1 << 27
_FEW, _MOST = 4, 32
# From so many multiplications on BLAS shares a product among its threads; from so many on that is of use.
_SHARED_BY_BLAS, _LARGE = 1 << 18, 1 << 23


def uses_own_threads(program: Program) -> bool:
    if any(step.type.startswith(_CONVOLUTIONS) for step in program.steps):
        return True
    return blas.available and _greatest_cost(program) > _SHARED_BY_BLAS


def is_better_alone(program: Program) -> bool:
    """Whether BLAS's threads would rather be in the way; functions that a program calls may have any products."""
    return uses_own_threads(program) or any(s.definition is not None and s.definition.calls for s in program.steps)


def has_large_products(program: Program) -> bool:
    """Whether a matrix product is worth more than one thread."""
    return _greatest_cost(program) > _LARGE


def _greatest_cost(program: Program) -> int:
    return max((_cost(step) for step in program.steps if _is_product(step)), default=0)


def _is_product(step: Step) -> bool:
    if step.type != "MatMul" and step.type not in _BATCHED:
        return False
    return step.inputs[0].known_shape and step.outputs[0].known_shape


def _cost(step: Step) -> int:
    """The multiplications of a step's product, or of one of its products."""
    transposed = step.attrs["transpose_a" if step.type == "MatMul" else "adj_x"]
    rows, columns = step.outputs[0].shape[-2:]  # type: ignore[index]
    return rows * columns * step.inputs[0].shape[-2 if transposed else -1]  # type: ignore[index, operator]


def share_products(program: Program) -> None:
    """Gives the large products of such a program kernels that share them, as the last that is done to it."""
    if not uses_own_threads(program):
        return
    for i, step in enumerate(program.steps):
        if _is_product(step) and step.outputs[0].dtype in (dtypes.float32, dtypes.float64):
            kernel = _kernel(step)
            if kernel is not None:
                program.steps[i] = Step(step.op, None, {}, step.inputs, step.outputs)
                program.steps[i].kernel = kernel


def _kernel(step: Step) -> Any:
    """What does the step in parts, if it is large enough."""
    shape: Any = step.outputs[0].shape
    if step.type == "MatMul":
        shares = len(parts_of(max(shape), _cost(step) // max(*shape, 1))) > 1
        return product(step.attrs["transpose_a"], step.attrs["transpose_b"]) if shares else None
    batch = shape[:-2]
    if not batch or any(v.shape is None or v.shape[:-2] != batch for v in step.inputs):
        return None
    axis = batch.index(max(batch))
    parts = parts_of(batch[axis], _cost(step) * math.prod(batch) // max(batch[axis], 1), 1)
    return _products(step.attrs["adj_x"], step.attrs["adj_y"], axis, parts) if len(parts) > 1 else None


def parts_of(size: int, each: int, step: int = 16) -> list[slice]:
    """Parts of an axis, of whose elements each costs that many multiplications; they begin at multiples of `step`."""
    cost = size * each
    count = min(cost // _PART, max(_FEW, min(cost // _LONG_PART, _MOST)), size // step)
    if count < 2:
        return [slice(0, size)]
    bounds = [size * i // count // step * step for i in range(count)] + [size]
    return [slice(start, stop) for start, stop in zip(bounds, bounds[1:])]


def product(transpose_a: bool, transpose_b: bool) -> Any:
    """A kernel for a product of which our own threads each do a part."""
    multiply = primitives.multiply

    def kernel(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        a, b = a.T if transpose_a else a, b.T if transpose_b else b
        rows, columns = out.shape
        each = min(rows, columns) * a.shape[1]
        if columns >= rows:
            parallel.run(lambda part: multiply(a, b[:, part], out[:, part]), parts_of(columns, each))
        else:
            parallel.run(lambda part: multiply(a[part], b, out[part]), parts_of(rows, each))

    return kernel


def _products(transpose_a: bool, transpose_b: bool, axis: int, parts: list[slice]) -> Any:
    """The same for products of batches, cut along an axis of these."""
    multiply, before = primitives.multiply, (slice(None),) * axis

    def kernel(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        a, b = a.swapaxes(-1, -2) if transpose_a else a, b.swapaxes(-1, -2) if transpose_b else b

        def part(images: slice) -> None:
            index = (*before, images)
            multiply(a[index], b[index], out[index])

        parallel.run(part, parts)

    return kernel
