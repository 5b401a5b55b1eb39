"""Trigonometric and hyperbolic functions and their inverses. Angles are in radians."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.registry import op, sample
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.complex_numbers import conj
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.math_binary import add, subtract
from pyflow.ops.math_unary import reciprocal, sqrt, square
from pyflow.ops.number_types import ANALYTIC, SIGNED
from pyflow.ops.shape_rules import same_as

_ANY = sample([-2.0, -0.5, 0.25, 1.25])
_UNIT = sample([-0.75, -0.25, 0.125, 0.5])
_ABOVE_ONE = sample([1.25, 2.0, 3.5])


@op("Sin(x: T) -> (y: T)", T=ANALYTIC)
class Sin:
    """The sine."""

    shape = same_as("x")
    cpu = np.sin

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Cos(conj(op.inputs[0]))

    gpu = elementwise("sine_cosine(x).x", types=FLOAT32)
    samples = [_ANY]


@op("Cos(x: T) -> (y: T)", T=ANALYTIC)
class Cos:
    """The cosine."""

    shape = same_as("x")
    cpu = np.cos

    def grad(op, grad):
        with control_dependencies([grad]):
            x = conj(op.inputs[0])
            return -grad * Sin(x)

    gpu = elementwise("sine_cosine(x).y", types=FLOAT32)
    samples = [_ANY]


@op("Tan(x: T) -> (y: T)", T=SIGNED)
class Tan:
    """The tangent."""

    shape = same_as("x")
    cpu = np.tan

    def grad(op, grad):
        with control_dependencies([grad]):
            secant = reciprocal(Cos(conj(op.inputs[0])))
            return square(secant) * grad

    gpu = elementwise("tangent(x)", types=FLOAT32)
    samples = [_ANY]


def _one_over_root(x: Tensor, dtype: Any) -> Tensor:
    """1 / sqrt(1 - x²)."""
    x2 = square(x)
    one = constant(1, dtype=dtype)
    return reciprocal(sqrt(subtract(one, x2)))


@op("Asin(x: T) -> (y: T)", T=SIGNED)
class Asin:
    """The inverse of the sine, from -pi/2 to pi/2."""

    shape = same_as("x")
    cpu = np.arcsin

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * _one_over_root(conj(op.inputs[0]), grad.dtype)

    gpu = elementwise("arcsin(x)", types=FLOAT32)
    samples = [_UNIT]


@op("Acos(x: T) -> (y: T)", T=SIGNED)
class Acos:
    """The inverse of the cosine, from 0 to pi."""

    shape = same_as("x")
    cpu = np.arccos

    def grad(op, grad):
        with control_dependencies([grad]):
            inverse = _one_over_root(conj(op.inputs[0]), grad.dtype)
            return -grad * inverse

    gpu = elementwise("arccos(x)", types=FLOAT32)
    samples = [_UNIT]


@op("Atan(x: T) -> (y: T)", T=SIGNED)
class Atan:
    """The inverse of the tangent, from -pi/2 to pi/2."""

    shape = same_as("x")
    cpu = np.arctan

    def grad(op, grad):
        with control_dependencies([grad]):
            x2 = square(conj(op.inputs[0]))
            one = constant(1, dtype=grad.dtype)
            return grad * reciprocal(add(one, x2))

    gpu = elementwise("arctan(x)", types=FLOAT32)
    samples = [_ANY]


@op("Sinh(x: T) -> (y: T)", T=ANALYTIC)
class Sinh:
    """The hyperbolic sine."""

    shape = same_as("x")
    cpu = np.sinh

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Cosh(conj(op.inputs[0]))

    gpu = elementwise("hyperbolic_sine(x)", types=FLOAT32)
    samples = [_ANY]


@op("Cosh(x: T) -> (y: T)", T=ANALYTIC)
class Cosh:
    """The hyperbolic cosine."""

    shape = same_as("x")
    cpu = np.cosh

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad * Sinh(conj(op.inputs[0]))

    gpu = elementwise("hyperbolic_cosine(x)", types=FLOAT32)
    samples = [_ANY]


@op("Asinh(x: T) -> (y: T)", T=ANALYTIC)
class Asinh:
    """The inverse of the hyperbolic sine."""

    shape = same_as("x")
    cpu = np.arcsinh

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad / Cosh(conj(op.outputs[0]))

    gpu = elementwise("arcsinh(x)", types=FLOAT32)
    samples = [_ANY]


@op("Acosh(x: T) -> (y: T)", T=ANALYTIC)
class Acosh:
    """The inverse of the hyperbolic cosine, for x from 1 on."""

    shape = same_as("x")
    cpu = np.arccosh

    def grad(op, grad):
        with control_dependencies([grad]):
            return grad / Sinh(conj(op.outputs[0]))

    gpu = elementwise("arccosh(x)", types=FLOAT32)
    samples = [_ABOVE_ONE]


@op("Atanh(x: T) -> (y: T)", T=ANALYTIC)
class Atanh:
    """The inverse of the hyperbolic tangent, for x between -1 and 1."""

    shape = same_as("x")
    cpu = np.arctanh

    def grad(op, grad):
        with control_dependencies([grad]):
            x2 = square(conj(op.inputs[0]))
            one = constant(1, dtype=grad.dtype)
            return grad * reciprocal(subtract(one, x2))

    gpu = elementwise("arctanh(x)", types=FLOAT32)
    samples = [_UNIT]


sin = export("sin", "math.sin")(Sin)
cos = export("cos", "math.cos")(Cos)
tan = export("tan", "math.tan")(Tan)
asin = export("asin", "math.asin")(Asin)
acos = export("acos", "math.acos")(Acos)
atan = export("atan", "math.atan")(Atan)
sinh = export("sinh", "math.sinh")(Sinh)
cosh = export("cosh", "math.cosh")(Cosh)
asinh = export("asinh", "math.asinh")(Asinh)
acosh = export("acosh", "math.acosh")(Acosh)
atanh = export("atanh", "math.atanh")(Atanh)
