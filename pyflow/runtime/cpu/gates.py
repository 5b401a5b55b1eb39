"""The gates of recurrent cells: what comes between a matrix product and the products of gates, in one pass each way.

Forwards, a matrix is cut into blocks of columns, each of which goes through a sigmoid or a hyperbolic tangent. All of
them are one call of tanh, because sigmoid(x) = tanh(x / 2) / 2 + 1/2. Backwards, the gradients of the blocks are
written where they belong in the matrix.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.primitives import primitives
from pyflow.runtime.cpu.buffers import roots
from pyflow.runtime.program import Program, Step, Value

_REAL = (dtypes.float32, dtypes.float64)
_GRADIENTS = {"SigmoidGrad": True, "TanhGrad": False}


class Gates(NamedTuple):
    """For each block of columns: whether it goes through a sigmoid, and what is added to it before."""

    is_sigmoid: list[bool]
    shifts: list[float]


def fuse_gates(program: Program) -> None:
    """Rewrites the program's steps in place; the steps that are no longer needed stay, without users."""
    if not any(step.type in ("Sigmoid", "SigmoidGrad") for step in program.steps):
        return
    users: dict[Value, list[Step]] = {}
    for step in program.steps:
        for value in step.inputs:
            users.setdefault(value, []).append(step)
    for value in program.fetches:
        users.setdefault(value, []).append(None)  # type: ignore[arg-type]
    root = roots(program)
    for i, step in enumerate(program.steps):
        if step.type == "Split":
            fused = _activated(step, users, root)
        elif step.type == "ConcatV2":
            fused = _gradients(step, users, root)
        else:
            continue
        program.steps[i] = fused or step
    # What the fused steps compute now is computed nowhere else.
    program.steps = [s for s in program.steps if not s.outputs or s.outputs[0].step is s]


def _is_matrix(value: Value) -> bool:
    return value.dtype in _REAL and value.known_shape and len(value.shape) == 2 and 0 not in value.shape  # type: ignore


def _is_constant(value: Value, number: int) -> bool:
    return value.cell is None and value.constant is not None and int(value.constant) == number


def _is_still(value: Value, root: dict[Value, Value]) -> bool:
    """Whether it is the same whenever it is looked at: nothing that a variable holds."""
    return root.get(value, value).cell is None


def _activated(split: Step, users: dict[Value, list[Step]], root: dict[Value, Value]) -> Step | None:
    axis, matrix = split.inputs
    if not _is_matrix(matrix) or not _is_constant(axis, 1):
        return None
    size = split.outputs[0].shape[1]  # type: ignore[index]
    results, is_sigmoid, shifts = [], [], []
    for part in split.outputs:
        last, shift = part, 0.0
        user = _only(last, users)
        if user is not None and user.type in ("Add", "AddV2") and last is not user.inputs[1]:
            number = user.inputs[1]
            if number.constant is None or number.cell is not None or number.constant.shape != ():
                return None
            last, shift = user.outputs[0], float(number.constant)
            user = _only(last, users)
        if user is None or user.type not in ("Sigmoid", "Tanh"):
            return None
        results.append(user.outputs[0])
        is_sigmoid.append(user.type == "Sigmoid")
        shifts.append(shift)
    inputs = [matrix]
    added = matrix.step
    if added is not None and added.type == "BiasAdd" and len(users[matrix]) == 1:
        if all(_is_still(v, root) for v in added.inputs):
            inputs = list(added.inputs)
    if not all(_is_still(v, root) for v in inputs):
        return None
    attrs = {"returns": True, "gates": Gates(is_sigmoid, shifts)}
    fused = Step(split.op, None, attrs, inputs, results)
    fused.kernel = _activation(matrix.shape[0], size, is_sigmoid, shifts, matrix.dtype.as_numpy_dtype)  # type: ignore
    return fused


def _only(value: Value, users: dict[Value, list[Step]]) -> Step | None:
    found = users.get(value, [])
    return found[0] if len(found) == 1 else None


def _activation(batch: int, size: int, is_sigmoid: list[bool], shifts: list[float], dtype: Any) -> Any:
    """A kernel from the sums (and the bias) to the activated blocks, each contiguous."""
    count = len(shifts)
    shift = np.repeat(np.array(shifts, dtype), size)
    shifted, half = any(shifts), dtype(0.5)
    runs = [(k, k + 1) for k in range(count) if is_sigmoid[k]]
    for k in range(len(runs) - 1, 0, -1):
        if runs[k - 1][1] == runs[k][0]:
            runs[k - 1 : k + 1] = [(runs[k - 1][0], runs[k][1])]
    add, multiply, tanh, empty = np.add, np.multiply, np.tanh, np.empty
    gates = primitives.gates
    if gates is not None and dtype == np.float32 and count < 32:
        each, sigmoids = np.array(shifts, dtype), sum(s << k for k, s in enumerate(is_sigmoid))

        def fast_kernel(*arrays: np.ndarray) -> Any:
            blocks = empty((count, batch, size), dtype)
            gates(arrays[0], arrays[1] if len(arrays) == 2 else None, each, sigmoids, blocks)
            return blocks

        return fast_kernel

    def kernel(*arrays: np.ndarray) -> Any:
        blocks = empty((count, batch, size), dtype)
        sums = arrays[0].reshape(batch, count, size).transpose(1, 0, 2)
        if len(arrays) == 2:
            bias = arrays[1] + shift if shifted else arrays[1]
            add(sums, bias.reshape(count, 1, size), blocks)
        else:
            add(sums, shift.reshape(count, 1, size), blocks)
        sigmoids = [blocks[first:last] for first, last in runs]
        for block in sigmoids:
            multiply(block, half, block)
        tanh(blocks, blocks)
        for block in sigmoids:
            multiply(block, half, block)
            add(block, half, block)
        return blocks

    return kernel


def _gradients(concat: Step, users: dict[Value, list[Step]], root: dict[Value, Value]) -> Step | None:
    *parts, axis = concat.inputs
    if not _is_matrix(concat.outputs[0]) or not _is_constant(axis, 1):
        return None
    shape = parts[0].shape
    inputs: list[Value] = []
    is_sigmoid = []
    for part in parts:
        step = part.step
        if step is None or step.type not in _GRADIENTS or _only(part, users) is None or part.shape != shape:
            return None
        y, dy = step.inputs
        product = dy.step
        if product is None or product.type != "Mul" or _only(dy, users) is None:
            return None
        if any(v.shape != shape or not _is_still(v, root) for v in (y, *product.inputs)):
            return None
        inputs += [y, *product.inputs]
        is_sigmoid.append(_GRADIENTS[step.type])
    out = concat.outputs[0]
    fused = Step(concat.op, None, {"takes_rows": True}, inputs, [out])
    fused.kernel = _block_gradients(is_sigmoid, shape[1], out.dtype.as_numpy_dtype)  # type: ignore[index]
    fused.scratch = [(shape, out.dtype.as_numpy_dtype)] * 2  # type: ignore[list-item]
    return fused


def _block_gradients(is_sigmoid: list[bool], size: int, dtype: Any) -> Any:
    """A kernel that writes the gradients dy · y (1 - y) or, of tanh, dy · (1 - y²) side by side, where dy = p · q."""
    blocks = [(3 * k, s, (slice(None), slice(k * size, (k + 1) * size))) for k, s in enumerate(is_sigmoid)]
    multiply, subtract = np.multiply, np.subtract
    gradient = primitives.gate_gradient
    if gradient is not None and dtype == np.float32:

        def fast_kernel(*arrays: np.ndarray) -> None:
            out = arrays[-3]
            for first, sigmoid, columns in blocks:
                gradient(sigmoid, arrays[first], arrays[first + 1], arrays[first + 2], out, columns[1].start)

        return fast_kernel

    def kernel(*arrays: np.ndarray) -> None:
        out, slope, dy = arrays[-3:]
        for first, sigmoid, columns in blocks:
            y = arrays[first]
            multiply(y, y, slope)
            subtract(y if sigmoid else 1, slope, slope)
            multiply(arrays[first + 1], arrays[first + 2], dy)
            multiply(slope, dy, out[columns])

    return kernel
