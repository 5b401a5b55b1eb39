"""Random numbers on the GPU: those of the CPU's kernels, from the same places in the same streams.

Uniform numbers and integers are equal to the last bit. Normal ones may differ in the last; where one is that near to a
bound of `TruncatedNormal` (which happens once in tens of millions), a group of four numbers may be others.
"""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.ops.gpu import NUMBERS, Dispatch, Dispatches, dispatches, groups, size

UNIFORM, NORMAL, TRUNCATED, INTEGERS = range(4)


def drawn(kind: int, stream: Callable[[Any, int, int], Any]) -> Dispatches:
    """The numbers of an op whose place in `stream(ctx, seed, seed2)` moves on with each run."""

    def rule(node: Any) -> list[Dispatch] | None:
        count = size(node.outputs[0])
        seeds = node.attrs["seed"], node.attrs["seed2"]

        def reserved(ctx: Any) -> np.ndarray:
            place = stream(ctx, *seeds).reserve_outputs(count)
            words = [place.key >> shift & 0xFFFFFFFF for shift in (0, 32)]
            words += [place.counter >> shift & 0xFFFFFFFF for shift in (0, 32, 64, 96)]
            return np.array(words, np.uint32).view(np.int32)

        return _numbers(node, kind, lambda: node.each_run(reserved, (6,), dtypes.int32), 1, SEEDED=False)

    return dispatches(rule, types=NUMBERS)


def stateless(kind: int) -> Dispatches:
    """The numbers of an op that is given its two seeds."""

    def rule(node: Any) -> list[Dispatch] | None:
        seed = node.inputs[1]
        if seed.dtype is not dtypes.int32:  # seeds of 64 bits would not fit
            return None
        return _numbers(node, kind, lambda: seed, 2, SEEDED=True)

    return dispatches(rule, types=NUMBERS)


def _numbers(node: Any, kind: int, place: Callable[[], Any], bounds_at: int, **constants: Any) -> list[Dispatch] | None:
    """`bounds_at` is where the inputs of an op for integers have their two bounds."""
    if kind == INTEGERS:
        low, high = (v.constant for v in node.inputs[bounds_at : bounds_at + 2])
        if low is None or high is None or not low < high:  # the CPU has the error
            return None
        constants |= {"LOW": int(low), "SPAN": int(high) - int(low)}
    count = size(node.outputs[0])
    grid = groups(-(-count // 4))
    return [Dispatch("random/philox.wgsl", [place()], node.outputs, grid, KIND=kind, COUNT=count, **constants)]
