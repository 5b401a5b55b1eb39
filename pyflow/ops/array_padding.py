"""Margins around a tensor: pad with a constant or with its mirror image."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import constant_value
from pyflow.core.registry import ShapeError, attr, one_of, op, raw, sample
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_dimensions import add, kernel_words, unknown_of_rank, with_value
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import mirrored, mirrored_gradient, padded
from pyflow.ops.shape_rules import text, with_rank

_PADDINGS_T = one_of(dtypes.INDEX, default=dtypes.int32)


def _padded_shape(input: StaticShape, paddings: StaticShape, paddings_value: Any) -> StaticShape:
    with kernel_words(lambda: f"paddings must be a matrix with 2 columns: {text(paddings)}"):
        rows, columns = with_rank(paddings, 2)
        with_value(columns, 2)
    if rows is not None:
        words = "The first dimension of paddings must be the rank of inputs"
        with kernel_words(lambda: f"{words}{text(paddings)}, {text(input)}"):
            input = with_rank(input, rows)
    elif input is not None:
        rows = len(input)
    if paddings_value is None:
        return unknown_of_rank(rows)
    if (paddings_value < 0).any():
        before, after = paddings_value[(paddings_value < 0).any(1)][0]
        raise ShapeError("Paddings must be non-negative", f"Paddings must be non-negative: {before} {after}")
    return tuple(add(d, int(p.sum())) for d, p in zip(with_rank(input, len(paddings_value)), paddings_value))


def _check(input: Any, paddings: Any) -> list[list[int]]:
    """The paddings as lists.

    Raises:
      InvalidArgumentError: there isn't one pair for each axis, or one is negative.
    """
    if paddings.shape != (np.ndim(input), 2):
        words = (
            f"The first dimension of paddings must be the rank of inputs{text(paddings.shape)}, {text(np.shape(input))}"
            if paddings.ndim == 2 and paddings.shape[1] == 2
            else f"paddings must be a matrix with 2 columns: {text(paddings.shape)}"
        )
        raise errors.InvalidArgumentError(None, None, words)
    pairs = paddings.tolist()
    for before, after in pairs:
        if before < 0 or after < 0:
            words = f"Paddings must be non-negative: {before} {after}"
            raise errors.InvalidArgumentError(None, None, words)
    return pairs


def _pad(input: Any, paddings: Any, value: Any, out: Any) -> None:
    out.fill(value)
    out[(*[slice(b, b + n) for b, n in zip(paddings[:, 0].tolist(), np.shape(input))], ...)] = input


def _unpad(op: Any, dy: Any) -> Tensor:
    """The part of the gradient that belongs to the input."""
    input, paddings = op.inputs[0], op.inputs[1]
    before = raw.Slice(paddings, [0, 0], stack([rank(input), 1]))
    return raw.Slice(dy, reshape(before, [-1]), shape(input))


@op("Pad(input: T, paddings: Tpaddings) -> (output: T)", T=dtypes.ANY, Tpaddings=_PADDINGS_T)
class Pad:
    """The input with paddings[i] = (before, after) zeros along axis i."""

    def shape(input, paddings, paddings_value):
        return _padded_shape(input, paddings, paddings_value)

    def cpu(input, paddings, out):
        _pad(input, paddings, b"" if input.dtype == object else 0, out)

    def grad(op, dy):
        return _unpad(op, dy), None

    gpu = elementwise(padded, types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]], [[1, 0], [0, 2]])]


@op("PadV2(input: T, paddings: Tpaddings, constant_values: T) -> (output: T)", T=dtypes.ANY, Tpaddings=_PADDINGS_T)
class PadV2:
    """The input with paddings[i] = (before, after) times `constant_values` along axis i."""

    def shape(input, paddings, paddings_value):
        return _padded_shape(input, paddings, paddings_value)

    def cpu(input, paddings, constant_values, out):
        if np.ndim(constant_values):
            words = f"constant_values must be a scalar. Found: {text(np.shape(constant_values))}"
            raise errors.InvalidArgumentError(None, None, words)
        _pad(input, paddings, constant_values[()], out)

    def grad(op, dy):
        return _unpad(op, dy), None, None

    gpu = elementwise(padded, types=INDEXED)
    samples = [sample([[1.0, 2.0], [3.0, 4.0]], [[1, 0], [0, 2]], 5.0, grad=False)]


_MODE = attr("string", allowed=("REFLECT", "SYMMETRIC"))


def _check_mirror(input: Any, paddings: Any, mode: str, sizes: Any) -> None:
    for (before, after), size in zip(paddings, sizes):
        if mode == "REFLECT" and (before >= size or after >= size):
            words = f"paddings must be less than the dimension size: {before}, {after} not less than {size}"
            raise errors.InvalidArgumentError(None, None, words)
        if mode == "SYMMETRIC" and (before > size or after > size):
            words = f"paddings must be no greater than the dimension size: {before}, {after} greater than {size}"
            raise errors.InvalidArgumentError(None, None, words)


@op("MirrorPad(input: T, paddings: Tpaddings) -> (output: T)", T=dtypes.ANY, Tpaddings=_PADDINGS_T, mode=_MODE)
class MirrorPad:
    """The input continued by its mirror image; REFLECT leaves out the border itself, SYMMETRIC repeats it."""

    def shape(input, paddings, paddings_value):
        return _padded_shape(input, paddings, paddings_value)

    def cpu(input, paddings, mode):
        pairs = _check(input, paddings)
        _check_mirror(input, pairs, mode, np.shape(input))
        return np.pad(input, pairs, mode.lower()) if pairs else np.array(input)  # type: ignore[call-overload]

    def grad(op, dy):
        return MirrorPadGrad(dy, op.inputs[1], mode=op.get_attr("mode")), None

    gpu = elementwise(mirrored, types=INDEXED)
    samples = [
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1, 0], [2, 1]], mode="REFLECT"),
        sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[1, 2], [0, 3]], mode="SYMMETRIC"),
    ]


@op("MirrorPadGrad(input: T, paddings: Tpaddings) -> (output: T)", T=dtypes.ANY, Tpaddings=_PADDINGS_T, mode=_MODE)
class MirrorPadGrad:
    """The gradient of `MirrorPad`: every element takes the sum over its images."""

    def shape(input, paddings, paddings_value):
        rows, columns = with_rank(paddings, 2)
        if rows is None:
            return None
        input = with_rank(input, rows)
        with_value(columns, 2)
        if paddings_value is None:
            return (None,) * rows
        return tuple(None if d is None else d - int(p.sum()) for d, p in zip(input, paddings_value))

    def cpu(input, paddings, mode):
        pairs = _check(input, paddings)
        sizes = [n - b - a for (b, a), n in zip(pairs, input.shape)]
        _check_mirror(input, pairs, mode, sizes)
        inner = 1 if mode == "REFLECT" else 0
        result = np.array(input)
        for axis, ((before, after), size) in enumerate(zip(pairs, sizes)):
            result = np.moveaxis(result, axis, 0)
            kept = np.array(result[before : before + size])
            # Position before - 1 - j of the margin mirrors position inner + j, and likewise from the far end.
            kept[inner : inner + before] += result[:before][::-1]
            kept[size - inner - after : size - inner] += result[before + size :][::-1]
            result = np.moveaxis(kept, 0, axis)
        return np.ascontiguousarray(result).reshape(sizes)

    def grad(op, dy):
        return MirrorPad(dy, op.inputs[1], mode=op.get_attr("mode")), None

    gpu = elementwise(mirrored_gradient)
    samples = [
        sample([[1.0, 2.0, 3.0, 4.0], [4.0, 5.0, 6.0, 7.0]], [[0, 0], [1, 1]], mode="REFLECT"),
        sample([1.0, 2.0, 3.0, 4.0, 5.0], [[1, 2]], mode="SYMMETRIC"),
    ]


@export("pad")
def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0
) -> Tensor:
    """`tensor` with a margin.

    Args:
      paddings: int [rank, 2]: how much goes before and after along each axis.
      mode: "CONSTANT" fills with `constant_values`; "REFLECT" mirrors without repeating the border, "SYMMETRIC" with.

    Raises:
      ValueError: `mode` is something else, or the paddings don't fit.
    """
    mode = mode.upper()
    if mode not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ValueError(f"Unknown padding mode: {mode}")
    if mode != "CONSTANT":
        result = MirrorPad(tensor, paddings, mode=mode, name=name)
    elif isinstance(constant_values, Tensor) or hasattr(constant_values, "_as_graph_element") or constant_values != 0:
        result = PadV2(tensor, paddings, constant_values, name=name)
    else:
        result = Pad(tensor, paddings, name=name)
    _refine_shape(result)
    return result


def _refine_shape(result: Tensor) -> None:
    """Uses the paddings that are known although not all of them are."""
    known = result.op.inputs[0]._shape_tuple()
    pairs = constant_value(result.op.inputs[1], partial=True)
    if known is None or pairs is None or result.shape.is_fully_defined():
        return
    sizes = []
    for pair, size in zip(pairs, known):
        complete = pair is not None and size is not None and all(x is not None for x in pair)
        sizes.append(int(sum(pair)) + size if complete else None)
    result.set_shape(sizes)
