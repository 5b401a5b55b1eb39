"""The largest elements of rows on the GPU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.ops.gpu import Dispatch, groups, size, word_of
from pyflow.ops.gpu_reductions import by_lanes

# Each of the k is found by another look at the whole row.
_MOST = 256
_INTEGER_RANK = "fn rank(v: T) -> u32 { return bitcast<u32>(v) ^ 0x80000000u; }"


def top_k(node: Any) -> list | None:
    """`TopK` and `TopKV2`."""
    x, (values, places) = node.inputs[0], node.outputs
    k, count = values.shape[-1], x.shape[-1]
    if k > _MOST or x.dtype.name == "int64":
        return None
    rows, word = math.prod(x.shape[:-1]), word_of(x)
    functions = {} if word == "f32" else {"rank": _INTEGER_RANK}
    constants = {"ROWS": rows, "COUNT": count, "K": k, "work": 4 * k * size(x)}

    def shared(lanes: int, grid: tuple[int, int]) -> Dispatch:
        outputs, types = [values, places], {"T": word}
        return Dispatch("search/top_k.wgsl", [x], outputs, grid, types, functions, LANES=lanes, **constants)

    return by_lanes(f"top {k}", rows, count, shared)


def in_top_k(node: Any) -> list[Dispatch]:
    """`InTopK` and `InTopKV2`."""
    predictions, targets = node.inputs[:2]
    k = node.inputs[2] if len(node.inputs) > 2 else node.fixed(np.array([node.attrs["k"]], np.int32))
    rows, count = predictions.shape
    constants = {"ROWS": rows, "COUNT": count, "work": rows * count}
    return [Dispatch("search/in_top_k.wgsl", [predictions, targets, k], node.outputs, groups(rows), **constants)]
