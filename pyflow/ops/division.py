"""Quotients and remainders of two tensors, with broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import COMPLEX, float32, float64, int8, int16, int32, int64, uint8, uint16
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.broadcast_gradients import dynamic_axes, sum_to
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import conj
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.math_binary import MATRIX_AND_ROW, MulNoNan
from pyflow.ops.number_types import DIVISIBLE, FLOATS, NO_NAN
from pyflow.ops.shape_rules import broadcast


def _quotient_gradient(op: Any, grad: Tensor, divide: Any) -> tuple:
    x, y = op.inputs
    sx, rx, sy, ry = dynamic_axes(x, y)
    x, y = conj(x), conj(y)
    gx = sum_to(divide(grad, y), rx, sx)
    return gx, sum_to(grad * divide(divide(-x, y), y), ry, sy)


def _refuse_zero(y: Any, out: np.ndarray) -> None:
    if out.size and not np.all(y):
        raise InvalidArgumentError(None, None, "Integer division by zero")


def _unless_by_zero(floats: str, integers: str) -> Any:
    """The expressions of a quotient or remainder; where integers may be divided by zero, the CPU has the error."""

    def expression(node: Any) -> str | None:
        if node.outputs[0].dtype.is_floating:
            return floats
        divisors = node.inputs[1].constant
        return integers if divisors is not None and np.all(divisors) else None

    return expression


def _truncating_quotient(x: Any, y: Any, out: np.ndarray) -> None:
    """x / y, of integers without their fraction."""
    if out.dtype.kind in "fc":
        np.divide(x, y, out=out)
        return
    _refuse_zero(y, out)
    np.floor_divide(x - np.fmod(x, y), y, out=out)


@op("RealDiv(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class RealDiv:
    """x / y of real or complex numbers."""

    shape = broadcast("x", "y")
    cpu = np.divide

    def grad(op, grad):
        return _quotient_gradient(op, grad, RealDiv)

    gpu = elementwise("x / y", types=FLOAT32)
    samples = [MATRIX_AND_ROW]


@op("Div(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class Div:
    """x / y, of integers without their fraction."""

    shape = broadcast("x", "y")
    cpu = _truncating_quotient

    def grad(op, grad):
        return _quotient_gradient(op, grad, divide)

    gpu = elementwise(_unless_by_zero("x / y", "x / y"))
    samples = [MATRIX_AND_ROW, sample([7, -7], [2, 2])]


@op("TruncateDiv(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class TruncateDiv:
    """x / y of integers, rounded towards zero."""

    shape = broadcast("x", "y")
    cpu = _truncating_quotient

    def grad(op, grad):
        return None, None

    gpu = elementwise(_unless_by_zero("x / y", "x / y"))
    samples = [sample([7, -7], [2, 2]), sample([[8, -9, 7]], [[2], [-4]])]


@op("FloorDiv(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class FloorDiv:
    """x / y rounded down."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        if out.dtype.kind in "fc":
            np.divide(x, y, out=out)
            np.floor(out, out=out)
            return
        _refuse_zero(y, out)
        np.floor_divide(x, y, out=out)

    inplace = True

    def grad(op, grad):
        return None, None

    gpu = elementwise(_unless_by_zero("floor_quotient(x, y)", "integer_floor_quotient(x, y)"))
    samples = [sample([7, -7], [2, 2]), sample([7.5, -7.5], [2.0, 2.0], grad=False)]


@op("DivNoNan(x: T, y: T) -> (z: T)", T=NO_NAN)
class DivNoNan:
    """x / y, and 0 wherever y is 0."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.divide(x, y, out=out)
        np.copyto(out, 0, where=np.equal(y, 0))

    def grad(op, grad):
        return _quotient_gradient(op, grad, div_no_nan)

    gpu = elementwise("select(x / y, 0.0, y == 0.0)", types=FLOAT32)
    samples = [MATRIX_AND_ROW, sample([1.0, 2.0], [0.0, 4.0], grad=False)]


@op("FloorMod(x: T, y: T) -> (z: T)", T=(int32, int64, *FLOATS))
class FloorMod:
    """What remains of x after division by y rounded down; it has the sign of y."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        if out.dtype.kind != "f":
            _refuse_zero(y, out)
        np.remainder(x, y, out=out)

    inplace = True

    def grad(op, grad):
        x, y = conj(op.inputs[0]), conj(op.inputs[1])
        sx, rx, sy, ry = dynamic_axes(x, y)
        quotient = FloorDiv(x, y)
        gx = sum_to(grad, rx, sx)
        return gx, sum_to(grad * raw.Neg(quotient), ry, sy)

    gpu = elementwise(_unless_by_zero("floor_modulo(x, y)", "integer_floor_modulo(x, y)"))
    samples = [sample([7, -7], [3, 3]), sample([7.5, -7.25], [2.0, 2.5])]


def _c_remainder(x: Any, y: Any, out: np.ndarray) -> None:
    if out.dtype.kind != "f":
        _refuse_zero(y, out)
    np.fmod(x, y, out=out)


@op("Mod(x: T, y: T) -> (z: T)", T=(int32, int64, *FLOATS))
class Mod:
    """What remains of x after division by y rounded towards zero."""

    shape = broadcast("x", "y")
    cpu = _c_remainder
    gpu = elementwise(_unless_by_zero("fmod(x, y)", "x % y"))
    samples = [sample([7, -7], [3, 3]), sample([7.5, -7.5], [2.0, 2.5], grad=False)]


@op("TruncateMod(x: T, y: T) -> (z: T)", T=(int32, int64, *FLOATS))
class TruncateMod:
    """What remains of x after division by y rounded towards zero; it has the sign of x."""

    shape = broadcast("x", "y")
    cpu = _c_remainder
    gpu = elementwise(_unless_by_zero("fmod(x, y)", "x % y"))
    samples = [sample([7, -7], [3, 3]), sample([7.5, -7.5], [2.0, 2.5], grad=False)]


realdiv = export("realdiv")(RealDiv)
truncatediv = export("truncatediv")(TruncateDiv)
floor_div = export("floor_div")(FloorDiv)
mod = floormod = export("mod", "math.mod", "floormod", "math.floormod")(FloorMod)
truncatemod = export("truncatemod")(TruncateMod)


def _same_dtype(x: Any, y: Any, y_dtype: bool = True) -> tuple[Tensor, Tensor]:
    x = convert_to_tensor(x, name="x")
    y = convert_to_tensor(y, name="y", dtype=x.dtype.base_dtype if y_dtype else None)
    a, b = x.dtype.base_dtype, y.dtype.base_dtype
    if a != b:
        raise TypeError(f"x and y must have the same dtype, got {a!r} != {b!r}")
    return x, y


# What integers become before they are divided; None says that a type is divided as it is.
TRUE_DIVISION_DTYPES = {
    **dict.fromkeys((uint8, int8, uint16, int16), float32),
    **dict.fromkeys((int32, int64), float64),
    **dict.fromkeys((*FLOATS, *COMPLEX)),
}


@export("truediv", "math.truediv")
def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 3 has it: integers of up to 16 bits are divided as float32, larger ones as float64.

    Raises:
      TypeError: x and y differ in dtype, or cannot be divided.
    """
    with name_scope(name, "truediv", [x, y]) as scope:
        x, y = _same_dtype(x, y, y_dtype=False)
        if x.dtype.base_dtype not in TRUE_DIVISION_DTYPES:
            raise TypeError(f"Invalid dtype {x.dtype.base_dtype!r} in __truediv__")
        dtype = TRUE_DIVISION_DTYPES[x.dtype.base_dtype]
        if dtype is not None:
            x, y = cast(x, dtype), cast(y, dtype)
        return RealDiv(x, y, name=scope)


@export("div")
def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as Python 2 has it: of integers, rounded down.

    Raises:
      TypeError: x and y differ in dtype.
    """
    with name_scope(name, "div", [x, y]) as scope:
        x, y = _same_dtype(x, y)
        dtype = x.dtype.base_dtype
        return (RealDiv if dtype.is_floating or dtype.is_complex else FloorDiv)(x, y, name=scope)


@export("divide", "math.divide")
def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y as Python 3 has it."""
    return x / y if name is None else truediv(x, y, name)


@export("floordiv", "math.floordiv")
def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y rounded down, in the dtype of x and y."""
    with name_scope(name, "floordiv", [x, y]) as scope:
        return FloorDiv(x, y, name=scope)


@export("div_no_nan", "math.divide_no_nan")
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, and 0 wherever y is 0."""
    with name_scope(name, "div_no_nan", [x, y]) as scope:
        return DivNoNan(*_same_dtype(x, y), name=scope)


@export("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y, and 0 wherever y is 0, even if x is infinite or NaN."""
    with name_scope(name, "multiply_no_nan", [x, y]) as scope:
        return MulNoNan(*_same_dtype(x, y), name=scope)


@export("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """1 / x, and 0 wherever x is 0."""
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return DivNoNan(constant(1, dtype=x.dtype.base_dtype, name="one"), x, name=scope)
