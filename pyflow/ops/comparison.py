"""Comparisons and logic: ops whose results are bool."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import NUMERIC, REAL
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import INDEXED, PLAIN, elementwise
from pyflow.ops.number_types import EQUATABLE
from pyflow.ops.shape_rules import broadcast, merge, same_as

_NUMBERS = sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [1.0, 5.5, 3.0])
_BOOLS = sample(np.array([[True, False], [True, True]]), np.array([True, False]))


@op("Less(x: T, y: T) -> (z: bool)", T=REAL)
class Less:
    """x < y."""

    shape = broadcast("x", "y")
    cpu = np.less
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x < y", types=INDEXED)
    samples = [_NUMBERS]


@op("LessEqual(x: T, y: T) -> (z: bool)", T=REAL)
class LessEqual:
    """x <= y."""

    shape = broadcast("x", "y")
    cpu = np.less_equal
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x <= y", types=INDEXED)
    samples = [_NUMBERS]


@op("Greater(x: T, y: T) -> (z: bool)", T=REAL)
class Greater:
    """x > y."""

    shape = broadcast("x", "y")
    cpu = np.greater
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x > y", types=INDEXED)
    samples = [_NUMBERS]


@op("GreaterEqual(x: T, y: T) -> (z: bool)", T=REAL)
class GreaterEqual:
    """x >= y."""

    shape = broadcast("x", "y")
    cpu = np.greater_equal
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x >= y", types=INDEXED)
    samples = [_NUMBERS]


@op("Equal(x: T, y: T) -> (z: bool)", T=EQUATABLE, incompatible_shape_error=True)
class Equal:
    """x == y."""

    shape = broadcast("x", "y")
    cpu = np.equal
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x == y", types=INDEXED)
    samples = [_NUMBERS, sample(np.array([b"a", b"b"], object), np.array([b"a", b"c"], object))]


@op("NotEqual(x: T, y: T) -> (z: bool)", T=EQUATABLE, incompatible_shape_error=True)
class NotEqual:
    """x != y."""

    shape = broadcast("x", "y")
    cpu = np.not_equal
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("!(x == y)", types=INDEXED)  # `!=` is false of NaN on some drivers
    samples = [_NUMBERS, sample(np.array([b"a", b"b"], object), np.array([b"a", b"c"], object))]


@op("ApproximateEqual(x: T, y: T) -> (z: bool)", T=NUMERIC, tolerance=1e-05)
class ApproximateEqual:
    """Whether x and y, of one shape, differ by less than `tolerance`."""

    def shape(x, y):
        return merge(x, y)

    def cpu(x, y, tolerance, out):
        np.less(np.abs(np.subtract(x, y)), tolerance, out=out)

    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("abs(x - y) < T(tolerance)", types=PLAIN)
    samples = [sample([1.0, 2.0], [1.000001, 2.1])]


@op("LogicalAnd(x: bool, y: bool) -> (z: bool)")
class LogicalAnd:
    """x and y."""

    shape = broadcast("x", "y")
    cpu = np.logical_and
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x && y", types=PLAIN)
    samples = [_BOOLS]


@op("LogicalOr(x: bool, y: bool) -> (z: bool)")
class LogicalOr:
    """x or y."""

    shape = broadcast("x", "y")
    cpu = np.logical_or
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("x || y", types=PLAIN)
    samples = [_BOOLS]


@op("LogicalNot(x: bool) -> (y: bool)")
class LogicalNot:
    """not x."""

    shape = same_as("x")
    cpu = np.logical_not
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("!x", types=PLAIN)
    samples = [sample(np.array([True, False]))]


less = export("less", "math.less")(Less)
less_equal = export("less_equal", "math.less_equal")(LessEqual)
greater = export("greater", "math.greater")(Greater)
greater_equal = export("greater_equal", "math.greater_equal")(GreaterEqual)
logical_and = export("logical_and", "math.logical_and")(LogicalAnd)
logical_or = export("logical_or", "math.logical_or")(LogicalOr)
logical_not = export("logical_not", "math.logical_not")(LogicalNot)


@export("equal", "math.equal")
def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x == y, element by element, with broadcasting."""
    return Equal(x, y, name=name)


@export("not_equal", "math.not_equal")
def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x != y, element by element, with broadcasting."""
    return NotEqual(x, y, name=name)


@export("logical_xor", "math.logical_xor")
def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Exactly one of x and y."""
    return LogicalAnd(LogicalOr(x, y), LogicalNot(LogicalAnd(x, y)), name=name)
