"""What native code does faster than numpy, put into the table of primitives where it is found."""

from __future__ import annotations

import math

from pyflow.core import dtypes
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import blas, memory, onednn, wasm
from pyflow.runtime.program import Program, Step, Value

# Arrays with fewer numbers than this are not worth a call out of Python into something else than numpy.
_LARGE = 64


def install() -> None:
    """Takes what is there; without it numpy goes on doing everything."""
    memory.keep_freed()
    if blas.available:
        primitives.serial = blas.serial
        primitives.accumulate, primitives.average = blas.gemm, blas.axpby
    path = onednn.find()
    if path is not None:
        onednn.install(primitives, path)
    kernels = wasm.find()
    if kernels is not None:
        wasm.install(primitives, kernels)


def use_elementwise(program: Program) -> None:
    """Gives large steps the kernels of `primitives.elementwise`."""
    if not primitives.elementwise:
        return
    for i, step in enumerate(program.steps):
        kernel = primitives.elementwise.get(step.type)
        if kernel is not None and all(map(_is_float, step.inputs)) and _is_large(step.outputs[0]):
            program.steps[i] = Step(step.op, None, {}, step.inputs, step.outputs)
            program.steps[i].kernel = kernel


def _is_float(value: Value) -> bool:
    return value.dtype is dtypes.float32 and value.known_shape


def _is_large(value: Value) -> bool:
    return _is_float(value) and math.prod(value.shape or ()) >= _LARGE  # type: ignore[arg-type]
