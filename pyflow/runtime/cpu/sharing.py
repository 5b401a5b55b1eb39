"""Products shared among our own threads in programs that have convolutions.

BLAS's threads go on spinning for a while after a product, and so take the processor from the threads that the kernels
of convolutions run on. In such programs BLAS keeps to one thread, and large products are cut into parts by their
shapes alone: the result does not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.ops import parallel
from pyflow.ops.primitives import primitives
from pyflow.runtime.program import Program, Step

_CONVOLUTIONS = ("Conv", "DepthwiseConv")
# Multiplications that a part should have at least, and how many parts there are at most.
_PART = 1 << 23
_MOST = 4
# From so many multiplications on BLAS shares a product among its threads.
_SHARED_BY_BLAS = 1 << 18


def uses_own_threads(program: Program) -> bool:
    return any(step.type.startswith(_CONVOLUTIONS) for step in program.steps)


def is_better_alone(program: Program) -> bool:
    """Whether BLAS's threads would rather be in the way: of our own, or of one small product after the other."""
    return uses_own_threads(program) or (
        program.has_rounds and not program.has_large_products and _greatest_cost(program) > _SHARED_BY_BLAS
    )


def has_large_products(program: Program) -> bool:
    """Whether a matrix product is worth more than one of BLAS's threads: waking them takes as long as a small one."""
    return _greatest_cost(program) > _PART


def _greatest_cost(program: Program) -> int:
    products = (s for s in program.steps if s.type == "MatMul" and s.inputs[0].known_shape and s.outputs[0].known_shape)
    return max(map(_cost, products), default=0)


def _cost(step: Step) -> int:
    rows, columns = step.outputs[0].shape  # type: ignore[misc]
    return rows * columns * step.inputs[0].shape[0 if step.attrs["transpose_a"] else 1]  # type: ignore[index, operator]


def share_products(program: Program) -> None:
    """Gives the large products of such a program kernels that share them."""
    for i, step in enumerate(program.steps):
        if step.type == "MatMul" and step.outputs[0].dtype in (dtypes.float32, dtypes.float64):
            left, out = step.inputs[0], step.outputs[0]
            if left.known_shape and out.known_shape:
                inner = left.shape[0 if step.attrs["transpose_a"] else 1]  # type: ignore[index]
                rows, columns = out.shape  # type: ignore[misc]
                if len(parts_of(max(rows, columns), min(rows, columns) * inner)) > 1:  # type: ignore[operator, arg-type]
                    fused = Step(step.op, None, {}, step.inputs, step.outputs)
                    fused.kernel = product(step.attrs["transpose_a"], step.attrs["transpose_b"])
                    program.steps[i] = fused


def parts_of(size: int, each: int, step: int = 16) -> list[slice]:
    """Parts of an axis, of whose elements each costs that many multiplications; they begin at multiples of `step`."""
    count = min(_MOST, size * each // _PART, size // step)
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
