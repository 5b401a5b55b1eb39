"""Where an element of an output comes from, as WGSL: flat indices into inputs, computed from that into the output.

In expressions of element-wise ops `i` is the flat index of the output's element, and `x[...]` the element of an input
anywhere. All of it is u32, which wraps around: a step backwards is a stride of 2**32 - stride.
"""

from __future__ import annotations

import math
from typing import Any, Iterable, Sequence

from pyflow.core import dtypes

Shape = tuple[int, ...]


def strides_of(shape: Sequence[int]) -> list[int]:
    """How far apart neighbours along each axis are in a contiguous array."""
    strides, step = [], 1
    for extent in reversed(shape):
        strides.append(step)
        step *= extent
    return strides[::-1]


def strided(shape: Sequence[int], strides: Sequence[int], offset: int = 0, index: str = "i") -> str:
    """offset + the sum of coordinate · stride over the axes of `shape`, where `index` is the flat index.

    Axes that are walked through as one are taken as one: where nothing moves, the answer is `index` itself.
    """
    runs: list[tuple[int, int, int]] = []  # (elements inside, stride, extent), from the innermost
    inside = 1
    for extent, stride in zip(reversed(shape), reversed(strides)):
        if extent > 1 and stride:
            if runs and runs[-1][0] * runs[-1][2] == inside and stride == runs[-1][1] * runs[-1][2]:
                runs[-1] = (*runs[-1][:2], runs[-1][2] * extent)
            else:
                runs.append((inside, stride, extent))
        inside *= extent
    terms = [_times(_part(index, around, extent, inside), stride) for around, stride, extent in runs]
    return total([*terms, *([number(offset)] if offset else [])])


def coordinates(shape: Sequence[int], index: str = "i") -> list[str]:
    """The coordinate along each axis of `shape`, from the flat index."""
    count = math.prod(shape)
    return [_part(index, inside, extent, count) for inside, extent in zip(strides_of(shape), shape)]


def flat(shape: Sequence[int], at: Iterable[str]) -> str:
    """The flat index of coordinates in a contiguous array."""
    return total([_times(c, s) for c, s, extent in zip(at, strides_of(shape), shape) if extent > 1 and c != "0u"])


def total(terms: Sequence[str]) -> str:
    return " + ".join(terms) or "0u"


def number(value: int) -> str:
    """A number of either sign, modulo 2**32."""
    return f"{value % 2**32}u"


def _part(index: str, inside: int, extent: int, count: int) -> str:
    if extent == 1:
        return "0u"
    part = index if inside == 1 else f"{index} / {inside}u"
    if inside * extent < count:
        part = f"{part} % {extent}u"
    return part if part == index else f"({part})"


def _times(part: str, factor: int) -> str:
    return part if factor == 1 else f"{part} * {number(factor)}"


def element(value: Any, name: str, index: str) -> str:
    """The element of an input at a flat index, as expressions take it."""
    return f"({name}[{index}] != 0u)" if value.dtype is dtypes.bool else f"{name}[{index}]"


def constant(value: Any) -> Any:
    """The numbers of an input that is known when a program is planned, or None."""
    return value.constant if value.cell is None else None
