"""Rounding, and telling finite numbers from others."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.gpu import FLOAT32, PLAIN, by_type, elementwise
from pyflow.ops.number_types import FLOATS, SIGNED
from pyflow.ops.shape_rules import same_as

_FRACTIONS = sample([-1.75, -0.5, 0.25, 1.5, 2.5], grad=False)
_NOT_ALL_FINITE = sample([1.0, float("nan"), float("inf"), -float("inf")])


def _no_gradient(op: Any, grad: Any) -> list:
    return [None]


@op("Floor(x: T) -> (y: T)", T=FLOATS)
class Floor:
    """The largest whole number up to x."""

    shape = same_as("x")
    cpu = np.floor
    grad = _no_gradient
    gpu = elementwise("floor(x)", types=FLOAT32)
    samples = [_FRACTIONS]


@op("Ceil(x: T) -> (y: T)", T=FLOATS)
class Ceil:
    """The smallest whole number from x on."""

    shape = same_as("x")
    cpu = np.ceil
    grad = _no_gradient
    gpu = elementwise("ceil(x)", types=FLOAT32)
    samples = [_FRACTIONS]


@op("Round(x: T) -> (y: T)", T=SIGNED)
class Round:
    """The nearest whole number; of two, the even one."""

    shape = same_as("x")

    def cpu(x, out):
        np.rint(x, out=out) if out.dtype.kind in "fc" else np.copyto(out, x)

    inplace = True
    grad = _no_gradient
    gpu = elementwise(by_type("round(x)", "x"))
    samples = [_FRACTIONS, sample([1, -2], grad=False)]


@op("Rint(x: T) -> (y: T)", T=FLOATS)
class Rint:
    """The nearest whole number; of two, the even one."""

    shape = same_as("x")
    cpu = np.rint
    grad = _no_gradient
    gpu = elementwise("round(x)", types=FLOAT32)
    samples = [_FRACTIONS]


@op("IsNan(x: T) -> (y: bool)", T=FLOATS)
class IsNan:
    """Whether x is not a number."""

    shape = same_as("x")
    cpu = np.isnan
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("is_nan(x)", types=PLAIN)
    samples = [_NOT_ALL_FINITE]


@op("IsInf(x: T) -> (y: bool)", T=FLOATS)
class IsInf:
    """Whether x is infinite."""

    shape = same_as("x")
    cpu = np.isinf
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("is_infinite(x)", types=PLAIN)
    samples = [_NOT_ALL_FINITE]


@op("IsFinite(x: T) -> (y: bool)", T=FLOATS)
class IsFinite:
    """Whether x is a number and not infinite."""

    shape = same_as("x")
    cpu = np.isfinite
    grad = NOT_DIFFERENTIABLE
    gpu = elementwise("!is_nan(x) && !is_infinite(x)", types=PLAIN)
    samples = [_NOT_ALL_FINITE]


floor = export("floor", "math.floor")(Floor)
ceil = export("ceil", "math.ceil")(Ceil)
rint = export("rint", "math.rint")(Rint)
is_nan = export("is_nan", "math.is_nan", "debugging.is_nan")(IsNan)
is_inf = export("is_inf", "math.is_inf", "debugging.is_inf")(IsInf)
is_finite = export("is_finite", "math.is_finite", "debugging.is_finite")(IsFinite)


@export("round", "math.round")
def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole numbers; of two equally near, the even one. Integers are returned as they are."""
    x = convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else Round(x, name=name)
