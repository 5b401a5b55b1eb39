"""Elementary functions of one tensor: sign, powers, exponentials and logarithms."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int8, int16, int32, int64
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.complex_numbers import ComplexAbs, conj
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.number_types import ANALYTIC, FLOATS, SIGNED
from pyflow.ops.shape_rules import same_as
from pyflow.ops.sparse_values import maps_sparse_values

_ANY_SIGN = sample([-2.0, -0.5, 0.25, 1.5])
_POSITIVE = sample([0.25, 0.5, 1.0, 4.0])
_GRADIENT = sample([0.25, 0.5, 0.75], [1.0, -2.0, 0.5])


@op("Neg(x: T) -> (y: T)", T=SIGNED)
class Neg:
    """-x."""

    shape = same_as("x")
    cpu = np.negative

    def grad(op, grad):
        return -grad

    gpu = elementwise("-x")
    samples = [_ANY_SIGN, sample([1, -2])]


@op("Abs(x: T) -> (y: T)", T=(*FLOATS, int8, int16, int32, int64))
class Abs:
    """|x|."""

    shape = same_as("x")
    cpu = np.absolute

    def grad(op, grad):
        return grad * raw.Sign(op.inputs[0])

    gpu = elementwise("abs(x)")
    samples = [_ANY_SIGN, sample([1, -2])]


@op("Sign(x: T) -> (y: T)", T=SIGNED)
class Sign:
    """-1, 0 or 1; of complex numbers x / |x|, and 0 of 0. The sign of NaN is 0."""

    shape = same_as("x")

    def cpu(x, out):
        if out.dtype.kind == "c":
            size = np.abs(x)
            np.divide(x, size, out=out)
            np.copyto(out, 0, where=size == 0)
        else:
            np.subtract(np.greater(x, 0), np.less(x, 0), out=out, dtype=out.dtype, casting="unsafe")

    def grad(op, grad):
        x = op.inputs[0]
        return zeros(shape_of(x), dtype=x.dtype)

    gpu = elementwise("select(T(0), T(1), x > T(0)) - select(T(0), T(1), x < T(0))")
    samples = [_ANY_SIGN, sample([1, -2, 0])]


@op("Square(x: T) -> (y: T)", T=SIGNED)
class Square:
    """x²."""

    shape = same_as("x")
    cpu = np.square

    def grad(op, grad):
        x = op.inputs[0]
        with control_dependencies([grad]):
            x = conj(x)
            two = constant(2.0, dtype=x.dtype)
            return raw.Mul(grad, raw.Mul(x, two))

    gpu = elementwise("x * x")
    samples = [_ANY_SIGN, sample([1, -2])]


@op("Sqrt(x: T) -> (y: T)", T=ANALYTIC)
class Sqrt:
    """The square root."""

    shape = same_as("x")
    cpu = np.sqrt

    def grad(op, grad):
        return SqrtGrad(op.outputs[0], grad)

    gpu = elementwise("sqrt(x)", types=FLOAT32)
    samples = [_POSITIVE]


@op("SqrtGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class SqrtGrad:
    """dy / (2 y), where y is a square root."""

    shape = same_as("y")

    def cpu(y, dy, out):
        np.divide(dy, np.conjugate(y) if out.dtype.kind == "c" else y, out=out)
        np.multiply(out, 0.5, out=out)

    def grad(op, grad):
        a, y = op.inputs[0], op.outputs[0]
        with control_dependencies([grad]):
            ga = grad / a
            return -conj(ga) * y, 0.5 * ga

    gpu = elementwise("dy / y * 0.5", types=FLOAT32)
    samples = [_GRADIENT]


@op("Rsqrt(x: T) -> (y: T)", T=ANALYTIC)
class Rsqrt:
    """1 / the square root."""

    shape = same_as("x")

    def cpu(x, out):
        np.sqrt(x, out=out)
        np.divide(1, out, out=out)

    def grad(op, grad):
        return RsqrtGrad(op.outputs[0], grad)

    inplace = True
    gpu = elementwise("inverseSqrt(x)", types=FLOAT32)
    samples = [_POSITIVE]


@op("RsqrtGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class RsqrtGrad:
    """-dy y³ / 2, where y is the inverse of a square root."""

    shape = same_as("y")

    def cpu(y, dy, out):
        if out.dtype.kind == "c":
            y = np.conjugate(y)
        np.multiply(y, y, out=out)
        np.multiply(out, y, out=out)
        np.multiply(out, dy, out=out)
        np.multiply(out, -0.5, out=out)

    def grad(op, grad):
        a, b = op.inputs
        with control_dependencies([grad]):
            ca, cg = conj(a), conj(grad)
            grad_a = -1.5 * cg * b * raw.Square(ca)
            return grad_a, RsqrtGrad(ca, grad)

    gpu = elementwise("-0.5 * dy * y * y * y", types=FLOAT32)
    samples = [_GRADIENT]


def _inverse_gradient(op: Any, grad: Any) -> Tensor:
    return ReciprocalGrad(op.outputs[0], grad)


def _inverse_gradient_kernel(y: Any, dy: Any, out: np.ndarray) -> None:
    if out.dtype.kind == "c":
        y = np.conjugate(y)
    np.multiply(y, y, out=out)
    np.multiply(out, dy, out=out)
    np.negative(out, out=out)


def _inverse_second_gradient(op: Any, grad: Any) -> tuple:
    b = op.inputs[1]
    with control_dependencies([grad]):
        ca, cg = conj(op.inputs[0]), conj(grad)
        return cg * -2.0 * b * ca, ReciprocalGrad(ca, grad)


@op("Reciprocal(x: T) -> (y: T)", T=SIGNED)
class Reciprocal:
    """1 / x."""

    shape = same_as("x")
    cpu = np.reciprocal
    grad = _inverse_gradient
    gpu = elementwise("1.0 / x", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("Inv(x: T) -> (y: T)", T=SIGNED)
class Inv:
    """1 / x: the older name of Reciprocal."""

    shape = same_as("x")
    cpu = np.reciprocal
    grad = _inverse_gradient
    gpu = elementwise("1.0 / x", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("ReciprocalGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class ReciprocalGrad:
    """-dy y², where y is an inverse."""

    shape = same_as("y")
    cpu = _inverse_gradient_kernel
    grad = _inverse_second_gradient
    gpu = elementwise("-dy * y * y", types=FLOAT32)
    samples = [_GRADIENT]


@op("InvGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class InvGrad:
    """-dy y²: the older name of ReciprocalGrad."""

    shape = same_as("y")
    cpu = _inverse_gradient_kernel
    grad = _inverse_second_gradient
    gpu = elementwise("-dy * y * y", types=FLOAT32)
    samples = [_GRADIENT]


@op("Exp(x: T) -> (y: T)", T=ANALYTIC)
class Exp:
    """e to the power of x."""

    shape = same_as("x")
    cpu = np.exp

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * conj(op.outputs[0])

    gpu = elementwise("exponential(x)", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("Expm1(x: T) -> (y: T)", T=ANALYTIC)
class Expm1:
    """exp(x) - 1, exact for small x too."""

    shape = same_as("x")
    cpu = np.expm1

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Exp(conj(op.inputs[0]))

    gpu = elementwise("expm1(x)", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("Log(x: T) -> (y: T)", T=ANALYTIC)
class Log:
    """The natural logarithm."""

    shape = same_as("x")
    cpu = np.log

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Reciprocal(conj(op.inputs[0]))

    gpu = elementwise("natural_log(x)", types=FLOAT32)
    samples = [_POSITIVE]


@op("Log1p(x: T) -> (y: T)", T=ANALYTIC)
class Log1p:
    """log(1 + x), exact for small x too."""

    shape = same_as("x")
    cpu = np.log1p

    def grad(op, grad):
        with control_dependencies([grad]):
            x = conj(op.inputs[0])
            return grad * Reciprocal(1 + x)

    gpu = elementwise("log1p(x)", types=FLOAT32)
    samples = [_POSITIVE]


negative = export("negative", "math.negative")(maps_sparse_values(Neg))
sign = export("sign", "math.sign")(maps_sparse_values(Sign))
square = export("square", "math.square")(maps_sparse_values(Square))
sqrt = export("sqrt", "math.sqrt")(maps_sparse_values(Sqrt))
rsqrt = export("rsqrt", "math.rsqrt")(Rsqrt)
reciprocal = export("reciprocal", "math.reciprocal")(Reciprocal)
exp = export("exp", "math.exp")(Exp)
expm1 = export("expm1", "math.expm1")(Expm1)
log = export("log", "math.log")(Log)
log1p = export("log1p", "math.log1p")(Log1p)


def _abs(x: Any, name: str | None = None) -> Tensor:
    """|x|; of complex numbers, a real number."""
    with name_scope(name, "Abs", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            return ComplexAbs(x, Tout=x.dtype.real_dtype, name=scope)
        return Abs(x, name=scope)


abs = export("abs", "math.abs")(maps_sparse_values(_abs))
