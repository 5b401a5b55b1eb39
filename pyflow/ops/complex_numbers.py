"""Complex numbers: their parts, their conjugates and how they are made."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import complex64, complex128, float32, float64, variant
from pyflow.core.registry import one_of, op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.constant import constant
from pyflow.ops.shape_rules import broadcast, same_as

_COMPLEX = one_of((complex64, complex128), default=complex64)
_PART = one_of((float32, float64), default=float32)
_VALUES = sample(np.array([1 + 2j, -3 + 0.5j, 2 - 2j], np.complex64), grad=False)


@op("Complex(real: T, imag: T) -> (out: Tout)", T=_PART, Tout=_COMPLEX)
class Complex:
    """real + i imag."""

    shape = broadcast("real", "imag")

    def cpu(real, imag, out):
        out.real = real
        out.imag = imag

    def grad(op, grad):
        from pyflow.ops.broadcast_gradients import dynamic_axes, sum_to

        sx, rx, sy, ry = dynamic_axes(*op.inputs)
        gx = sum_to(real(grad), rx, sx)
        return gx, sum_to(imag(grad), ry, sy)

    samples = [sample([1.0, 2.0], [3.0, -4.0], grad=False)]


@op("Real(input: T) -> (output: Tout)", T=_COMPLEX, Tout=_PART)
class Real:
    """The real part."""

    shape = same_as("input")

    def cpu(input, out):
        out[...] = input.real

    def grad(op, grad):
        zero = constant(0, dtype=grad.dtype)
        return complex(grad, zero)

    samples = [_VALUES]


@op("Imag(input: T) -> (output: Tout)", T=_COMPLEX, Tout=_PART)
class Imag:
    """The imaginary part."""

    shape = same_as("input")

    def cpu(input, out):
        out[...] = input.imag

    def grad(op, grad):
        zero = constant(0, dtype=grad.dtype)
        return complex(zero, grad)

    samples = [_VALUES]


@op("Angle(input: T) -> (output: Tout)", T=_COMPLEX, Tout=_PART)
class Angle:
    """The angle with the positive real axis, in radians from -pi to pi."""

    shape = same_as("input")

    def cpu(input, out):
        np.arctan2(input.imag, input.real, out=out)

    def grad(op, grad):
        x = op.inputs[0]
        with control_dependencies([grad]):
            re, im = real(x), imag(x)
            z = raw.Reciprocal(complex(im, re))
            zero = constant(0, dtype=grad.dtype)
            return -complex(grad, zero) * z

    samples = [_VALUES]


@op("ComplexAbs(x: T) -> (y: Tout)", T=_COMPLEX, Tout=_PART)
class ComplexAbs:
    """The absolute value of complex numbers."""

    shape = same_as("x")
    cpu = np.absolute

    def grad(op, grad):
        from pyflow.ops.division import div_no_nan

        x, y = op.inputs[0], op.outputs[0]
        return div_no_nan(complex(grad, zeros_like(grad)) * x, complex(y, zeros_like(y)))

    samples = [_VALUES]


@op("Conj(input: T) -> (output: T)", T=one_of((complex64, complex128, variant), default=complex64))
class Conj:
    """The complex conjugate."""

    shape = same_as("input")
    cpu = np.conjugate

    def grad(op, grad):
        return conj(grad)

    samples = [_VALUES]


@export("conj", "math.conj")
def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate; real numbers are returned as they are.

    Raises:
      TypeError: x is not numeric.
    """
    if isinstance(x, Tensor) and (x.dtype.is_floating or x.dtype.is_integer):
        return x
    with name_scope(name, "Conj", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex or x.dtype == variant:
            return Conj(x, name=scope)
        if x.dtype.is_floating or x.dtype.is_integer:
            return x
        raise TypeError(f"Expected numeric or variant tensor, got dtype {x.dtype!r}")


@export("complex", "dtypes.complex")
def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """real + i imag: complex64 from float32, complex128 from float64.

    Raises:
      TypeError: the parts are of other types, or of two different ones.
    """
    real = convert_to_tensor(real, name="real")
    imag = convert_to_tensor(imag, name="imag")
    with name_scope(name, "Complex", [real, imag]) as scope:
        parts = (real.dtype, imag.dtype)
        if parts == (dtypes.float64, dtypes.float64):
            result = complex128
        elif parts == (dtypes.float32, dtypes.float32):
            result = complex64
        else:
            raise TypeError(f"real and imag have incorrect types: {real.dtype.name} {imag.dtype.name}")
        return Complex(real, imag, Tout=result, name=scope)


@export("real", "math.real")
def real(input: Any, name: str | None = None) -> Tensor:
    """The real part; real numbers are returned as they are."""
    with name_scope(name, "Real", [input]) as scope:
        x = convert_to_tensor(input, name="input")
        return Real(x, Tout=x.dtype.real_dtype, name=scope) if x.dtype.is_complex else x


@export("imag", "math.imag")
def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part: zeros if the input is real."""
    with name_scope(name, "Imag", [input]) as scope:
        x = convert_to_tensor(input, name="input")
        return Imag(x, Tout=x.dtype.real_dtype, name=scope) if x.dtype.is_complex else zeros_like(x)


@export("angle", "math.angle")
def angle(input: Any, name: str | None = None) -> Tensor:
    """The angle with the positive real axis in radians: zeros if the input is real."""
    with name_scope(name, "Angle", [input]) as scope:
        x = convert_to_tensor(input, name="input")
        return Angle(x, Tout=x.dtype.real_dtype, name=scope) if x.dtype.is_complex else zeros_like(x)
