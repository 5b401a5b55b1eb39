"""What native code does faster than numpy, put into the table of primitives where it is found."""

from __future__ import annotations

import math
import sys

from pyflow.core import dtypes
from pyflow.ops import conv_kernels, pool_kernels  # noqa: F401  (what stands in the table before anything faster)
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu import blas, memory, wasm
from pyflow.runtime.program import Program, Step, Value

# Arrays with fewer numbers than this are not worth a call out of Python into something else than numpy.
_LARGE = 64


def install() -> None:
    """Takes what is there; without it numpy goes on doing everything."""
    memory.keep_freed()
    if blas.available:
        primitives.serial, primitives.small_product = blas.serial, blas.SMALL
        primitives.accumulate, primitives.average = blas.gemm, blas.axpby
    if (path := wasm.find()) is not None:
        wasm.install(primitives, path)
    elif sys.platform != "emscripten":
        from pyflow.runtime.cpu import onednn

        if (path := onednn.find()) is not None:
            onednn.install(primitives, path)


def use_elementwise(program: Program) -> None:
    """Gives large steps the kernels of `primitives.elementwise`."""
    if not primitives.elementwise:
        return
    if primitives.biased_relu is not None:
        _join_biases_with_relus(program)
    for step in program.steps:
        kernel = primitives.elementwise.get(step.type)
        if kernel is not None and all(map(_is_float, step.inputs)) and _is_large(step.inputs[0]):
            step.kernel = kernel


def _join_biases_with_relus(program: Program) -> None:
    """relu(x + bias) becomes one step, if nothing else uses the sum."""
    users: dict[Value, list[Step | None]] = {value: [None] for value in (*program.fetches, *program.wanted)}
    for step in program.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    joined: set[Step] = set()
    for i, step in enumerate(program.steps):
        if step.type not in ("BiasAdd", "Add", "AddV2") or not _is_large(step.outputs[0]):
            continue
        (x, bias), total = step.inputs, step.outputs[0]
        (relu, *others) = users.get(total, [None])
        if relu is None or relu.type != "Relu" or others or x.shape != total.shape or not _is_float(bias):
            continue
        if bias.shape == total.shape[-1:] and step.attrs.get("data_format", "NHWC") != "NCHW":  # type: ignore[index]
            program.steps[i] = Step(step.op, None, {}, [x, bias], relu.outputs)
            program.steps[i].kernel = primitives.biased_relu
            joined.add(relu)
    program.steps = [step for step in program.steps if step not in joined]


def _is_float(value: Value) -> bool:
    return value.dtype is dtypes.float32 and value.known_shape


def _is_large(value: Value) -> bool:
    return _is_float(value) and math.prod(value.shape or ()) >= _LARGE  # type: ignore[arg-type]
