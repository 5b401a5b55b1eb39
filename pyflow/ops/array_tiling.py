"""Repetition of a tensor along its axes: tile, repeat."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import PUBLIC, export
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import ShapeError, one_of, op, raw, sample
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_dimensions import length, multiply
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape, size
from pyflow.ops.gpu import INDEXED, elementwise
from pyflow.ops.gpu_movement import tiled
from pyflow.ops.shape_rules import with_rank


@op(
    "Tile(input: T, multiples: Tmultiples) -> (output: T)",
    T=dtypes.ANY,
    Tmultiples=one_of(dtypes.INDEX, default=dtypes.int32),
)
class Tile:
    """The input repeated multiples[i] times along axis i."""

    def shape(input, multiples, multiples_dims, multiples_value):
        count = length(multiples)
        if input is not None and count is not None and len(input) != count:
            words = f"Expected multiples argument to be a vector of length {len(input)} but got length {count}"
            raise ShapeError(f"Shape must be rank {len(input)} but is rank {count}", words)
        if multiples_value is not None and (multiples_value < 0).any():
            i = int(np.argmax(multiples_value < 0))
            words = f"Expected multiples[{i}] >= 0, but got {multiples_value[i]}"
            raise ShapeError(words, words)
        if multiples_dims is None:
            return None if input is None else (None,) * len(input)
        return tuple(map(multiply, with_rank(input, len(multiples_dims)), multiples_dims))

    def cpu(input, multiples, out):
        times, sizes = multiples.tolist(), np.shape(input)
        # Every axis becomes a pair (repetition, position), so that one broadcast copy fills the output.
        pairs = [d for pair in zip(times, sizes) for d in pair]
        out.reshape(pairs)[...] = np.reshape(input, [d for n in sizes for d in (1, n)])
        return out

    def grad(op, dy):
        return _tile_gradient(op, dy), None

    gpu = elementwise(tiled, types=INDEXED)
    samples = [sample([[1.0, 2.0]], [2, 3]), sample([1.0], [0])]


tile = export("tile", "manip.tile")(Tile)


def _tile_gradient(op: Any, dy: Any) -> Any:
    """The sum over the repetitions: with pairs of axes (repetition, position), over every first one."""
    times = op.inputs[1]
    input_shape = shape(op.inputs[0], out_type=times.dtype)
    pairs = reshape(transpose(stack([times, input_shape])), [-1])
    axes = PUBLIC["range"](0, size(pairs), 2)
    if isinstance(dy, IndexedSlices):
        rows = raw.Cast(input_shape[0], dy.indices.dtype)
        dy = raw.UnsortedSegmentSum(dy.values, raw.FloorMod(dy.indices, rows), rows)
        pairs = concat([[1], pairs[1:]], axis=0)
    result = PUBLIC["reduce_sum"](reshape(dy, pairs), axes)
    result.set_shape(op.inputs[0].get_shape())
    return result
