"""Diagonals and bands of matrices on the GPU, as expressions of an element's row and column."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.ops.gpu_indices import constant, coordinates, element, flat


def band_part(node: Any) -> str | None:
    """`MatrixBandPart`."""
    shape = node.outputs[0].shape
    limits = [constant(v) for v in node.inputs[1:]]
    if any(n is not None and n > extent for n, extent in zip(limits, shape[-2:])):
        return None
    row, column = (f"i32({c})" for c in coordinates(shape)[-2:])
    below = f"num_lower < 0 || {row} - {column} <= num_lower"
    above = f"num_upper < 0 || {column} - {row} <= num_upper"
    return f"select(T(0), input, ({below}) && ({above}))"


def _band(node: Any, place: int | None) -> tuple[int, int] | None:
    """The lowest and highest diagonal, which an input may hold."""
    if place is None:
        return 0, 0
    k = constant(node.inputs[place])
    if k is None:
        return None
    numbers = np.reshape(k, -1).tolist()
    return (numbers[0], numbers[-1]) if len(numbers) in (1, 2) and numbers[0] <= numbers[-1] else None


def of_band(otherwise: str, k: int | None = None, diagonal: int = 0) -> Any:
    """A rule for matrices with given diagonals: `MatrixDiag`, `MatrixSetDiag` and their second versions.

    Args:
      otherwise: what stands elsewhere.
      k: the place of the input that says which diagonals, None for the main one.
      diagonal: the place of the input with the diagonals.
    """

    def rule(node: Any) -> str | None:
        band, shape, source = _band(node, k), node.outputs[0].shape, node.inputs[diagonal]
        if band is None:
            return None
        (low, high), longest = band, source.shape[-1]
        batch, row, column = coordinates((math.prod(shape[:-2]), *shape[-2:]))
        distance = f"(i32({column}) - i32({row}))"
        which = f"u32({high} - {distance})" if low != high else "0u"
        at = flat((math.prod(shape[:-2]), high - low + 1, longest), [batch, which, f"min({row}, {column})"])
        is_on = f"{distance} == {low}" if low == high else f"{distance} >= {low} && {distance} <= {high}"
        return f"select({otherwise}, {element(source, 'diagonal', at)}, {is_on})"

    return rule


def part(node: Any) -> str | None:
    """`MatrixDiagPart` and its second version."""
    band, source, shape = _band(node, 1 if len(node.inputs) > 1 else None), node.inputs[0], node.outputs[0].shape
    if band is None:
        return None
    (low, high), (rows, columns), longest = band, source.shape[-2:], shape[-1]
    batches = math.prod(source.shape[:-2])
    batch, which, place = coordinates((batches, high - low + 1, longest))
    distance = f"({high} - i32({which}))"
    row, column = f"({place} + u32(max(-{distance}, 0)))", f"({place} + u32(max({distance}, 0)))"
    taken = element(source, "input", flat((batches, rows, columns), [batch, row, column]))
    if low == high:
        return taken
    return f"select(padding_value, {taken}, {row} < {rows}u && {column} < {columns}u)"


def spread(node: Any) -> str:
    """`Diag`: a tensor of twice the rank."""
    source = node.inputs[0]
    count = math.prod(source.shape)
    row, column = coordinates((count, count))
    return f"select(T(0), {element(source, 'diagonal', column)}, {row} == {column})"


def gathered(node: Any) -> str:
    """`DiagPart`."""
    source = node.inputs[0]
    return element(source, "input", f"i * {math.isqrt(math.prod(source.shape)) + 1}u")
