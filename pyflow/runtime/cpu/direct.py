"""Steps that a line of Python does without a call of the op's kernel, where arguments are known at planning."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.matmul import sums_few_terms
from pyflow.ops.primitives import primitives
from pyflow.ops.strided_index import Masks, numpy_index
from pyflow.runtime.program import Step, Value

_BLAS = (dtypes.float32, dtypes.float64)
_NUMBERS = "fiuc"
# Few rows times a large transposed matrix: BLAS is up to twice as fast when it need not transpose that.
_FEW_ROWS, _LARGE = 64, 1 << 14
# Beyond so many bytes kernels that go through memory in a better order are worth their call.
_CACHED = 1 << 15

# A line with `{0}` for the first input and `{out}` for the result, and what its other names stand for.
Line = tuple[str, dict[str, Any]]


def direct_line(step: Step) -> Line | None:
    """The line for a step, if there is one that does the very same as its kernel.

    The result of a step whose kernel takes `out` is an array that exists already.
    """
    rule = _RULES.get(step.type)
    return None if rule is None or not all(v.known_shape for v in step.inputs + step.outputs) else rule(step)


def _sum(step: Step) -> Line | None:
    if len(step.inputs) != 2 or np.dtype(step.outputs[0].dtype.as_numpy_dtype).kind not in _NUMBERS:
        return None
    return "add({0}, {1}, {out})", {"add": np.add}


def _product(step: Step) -> Line | None:
    a, out = step.inputs[0], step.outputs[0]
    inner = a.shape[0 if step.attrs["transpose_a"] else 1]  # type: ignore[index]
    if out.dtype not in _BLAS or sums_few_terms(out.dtype.as_numpy_dtype, inner, out.shape):  # type: ignore[arg-type]
        return None
    rows, columns = out.shape  # type: ignore[misc]
    large = rows <= _FEW_ROWS and inner * columns >= _LARGE  # type: ignore[operator]
    if step.attrs["transpose_b"] and not step.attrs["transpose_a"] and large and primitives.multiply is np.matmul:
        return "copyto({out}, matmul({1}, {0}.T).T)", {"matmul": primitives.multiply, "copyto": np.copyto}
    left, right = "{0}.T" if step.attrs["transpose_a"] else "{0}", "{1}.T" if step.attrs["transpose_b"] else "{1}"
    return f"matmul({left}, {right}, {{out}})", {"matmul": primitives.multiply}


def _joined(step: Step) -> Line | None:
    axis = _constant(step.inputs[-1])
    if axis is None:
        return None
    parts = ", ".join(f"{{{i}}}" for i in range(len(step.inputs) - 1))
    return f"concatenate(({parts},), {int(axis)}, {{out}})", {"concatenate": np.concatenate}


def _part(step: Step) -> Line | None:
    begin = _constant(step.inputs[1])
    if begin is None or not len(begin):
        return None
    sizes = step.outputs[0].shape
    bounds = ", ".join(f"{b}:{b + s}" for b, s in zip(begin.tolist(), sizes))  # type: ignore[arg-type]
    inside = all(0 <= b <= b + s <= n for b, s, n in zip(begin.tolist(), sizes, step.inputs[0].shape))  # type: ignore
    return (f"{{out}} = {{0}}[{bounds}]", {}) if inside else None


def _selected(step: Step) -> Line | None:
    begin, end, strides = map(_constant, step.inputs[1:])
    if begin is None or end is None or strides is None:
        return None
    masks = Masks(*(step.attrs[f"{name}_mask"] for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")))
    index = ", ".join(map(_written, numpy_index(begin, end, strides, masks)))
    return f"{{out}} = {{0}}[{index}]", {}


def _written(entry: Any) -> str:
    """An entry of an index as it is written in brackets."""
    if not isinstance(entry, slice):
        return "..." if entry is ... else str(entry)
    return ":".join("" if bound is None else str(bound) for bound in (entry.start, entry.stop, entry.step))


def _reshaped(step: Step) -> Line | None:
    return f"{{out}} = {{0}}.reshape({step.outputs[0].shape})", {}


def _transposed(step: Step) -> Line | None:
    axes = _constant(step.inputs[1])
    if axes is None or sorted(axes.tolist()) != list(range(len(axes))):
        return None
    return f"{{out}} = {{0}}.transpose({axes.tolist()})", {}


def _biased(step: Step) -> Line | None:
    value = step.inputs[0]
    if step.attrs["data_format"] == "NCHW" or value.nbytes > _CACHED or value.dtype not in _BLAS:
        return None
    return "add({0}, {1}, {out})", {"add": np.add}


def _channel_sums(step: Step) -> Line | None:
    value = step.inputs[0]
    if len(value.shape or ()) != 2 or 0 in value.shape or value.nbytes > _CACHED or value.dtype not in _BLAS:  # type: ignore
        return None
    return "total({0}, 0, None, {out})", {"total": np.add.reduce}


def _constant(value: Value) -> Any:
    return None if value.cell is not None else value.constant


_RULES: dict[str, Callable[[Step], Line | None]] = {
    "AddN": _sum,
    "MatMul": _product,
    "ConcatV2": _joined,
    "Slice": _part,
    "StridedSlice": _selected,
    "Reshape": _reshaped,
    "Transpose": _transposed,
    "BiasAdd": _biased,
    "BiasAddGrad": _channel_sums,
}
