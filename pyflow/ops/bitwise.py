"""Operations on the bits of integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import INTEGRAL, int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.ops.gpu import elementwise
from pyflow.ops.shape_rules import broadcast, same_as

_INTEGERS = sample([[12, 10], [-3, 255]], [10, 7])
_SHIFTS = sample([[12, 10], [-3, 255]], [1, 4])


@op("BitwiseAnd(x: T, y: T) -> (z: T)", T=INTEGRAL)
class BitwiseAnd:
    """The bits that are set in x and in y."""

    shape = broadcast("x", "y")
    cpu = np.bitwise_and
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x & y", types=(int32, int64))
    samples = [_INTEGERS]


@op("BitwiseOr(x: T, y: T) -> (z: T)", T=INTEGRAL)
class BitwiseOr:
    """The bits that are set in x or in y."""

    shape = broadcast("x", "y")
    cpu = np.bitwise_or
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x | y", types=(int32, int64))
    samples = [_INTEGERS]


@op("BitwiseXor(x: T, y: T) -> (z: T)", T=INTEGRAL)
class BitwiseXor:
    """The bits in which x and y differ."""

    shape = broadcast("x", "y")
    cpu = np.bitwise_xor
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x ^ y", types=(int32, int64))
    samples = [_INTEGERS]


@op("Invert(x: T) -> (y: T)", T=INTEGRAL)
class Invert:
    """All bits turned over."""

    shape = same_as("x")
    cpu = np.invert
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("~x", types=(int32, int64))
    samples = [sample([0, -1, 5])]


def _places(y: Any, out: np.ndarray) -> Any:
    """A shift by fewer than 0 bits is one by 0, and by more than the number has, one by all but one."""
    return np.clip(y, 0, out.dtype.itemsize * 8 - 1)


@op("LeftShift(x: T, y: T) -> (z: T)", T=INTEGRAL)
class LeftShift:
    """x shifted by y bits to the left."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.left_shift(x, _places(y, out), out=out)

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x << u32(clamp(y, 0, 31))", types=(int32,))
    samples = [_SHIFTS]


@op("RightShift(x: T, y: T) -> (z: T)", T=INTEGRAL)
class RightShift:
    """x shifted by y bits to the right; signed numbers keep their sign."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.right_shift(x, _places(y, out), out=out)

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x >> u32(clamp(y, 0, 31))", types=(int32,))
    samples = [_SHIFTS]


@op("PopulationCount(x: T) -> (y: uint8)", T=INTEGRAL)
class PopulationCount:
    """The number of bits that are set."""

    shape = same_as("x")

    def cpu(x, out):
        octets = np.ascontiguousarray(x).reshape(-1).view(np.uint8)
        counts = np.unpackbits(octets).reshape(out.size, -1).sum(axis=1)
        out[...] = counts.reshape(out.shape)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([0, -1, 5])]


bitwise_and = export("bitwise.bitwise_and")(BitwiseAnd)
bitwise_or = export("bitwise.bitwise_or")(BitwiseOr)
bitwise_xor = export("bitwise.bitwise_xor")(BitwiseXor)
invert = export("bitwise.invert")(Invert)
left_shift = export("bitwise.left_shift")(LeftShift)
right_shift = export("bitwise.right_shift")(RightShift)
