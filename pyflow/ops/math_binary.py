"""Arithmetic of two tensors with broadcasting: sums, differences, products, powers and extremes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import COMPLEX, bfloat16, float16, float32, float64, int32, int64, string
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.indexed_slices import IndexedSlices
from pyflow.core.registry import one_of, op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones, ones_like, zeros, zeros_like
from pyflow.ops.array_shape import shape
from pyflow.ops.broadcast_gradients import BroadcastGradient, dynamic_axes, same_static_shape, sum_to
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import conj
from pyflow.ops.gpu import FLOAT32, by_type, elementwise
from pyflow.ops.number_types import DIVISIBLE, FLOATS, NO_NAN, SIGNED, SUMMABLE
from pyflow.ops.shape_rules import broadcast

MATRIX_AND_ROW = sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -2.0, 1.5])


def _sum_gradient(op: Any, grad: Any) -> tuple:
    x, y = op.inputs
    if same_static_shape(x, y, grad):
        return grad, grad
    back = BroadcastGradient(x, y, grad)
    return back.to_x(grad), back.to_y(grad)


@op("Add(x: T, y: T) -> (z: T)", T=(*SUMMABLE, string))
class Add:
    """x + y; of strings, one after the other."""

    shape = broadcast("x", "y")
    cpu = np.add
    grad = _sum_gradient
    gpu = elementwise("x + y")
    samples = [MATRIX_AND_ROW, sample([1, 2], [3, 4])]


@op("AddV2(x: T, y: T) -> (z: T)", T=SUMMABLE)
class AddV2:
    """x + y."""

    shape = broadcast("x", "y")
    cpu = np.add
    grad = _sum_gradient
    gpu = elementwise("x + y")
    samples = [MATRIX_AND_ROW, sample([1, 2], [3, 4])]


@op("Sub(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class Sub:
    """x - y."""

    shape = broadcast("x", "y")
    cpu = np.subtract

    def grad(op, grad):
        x, y = op.inputs
        if same_static_shape(x, y, grad):
            return grad, -grad
        back = BroadcastGradient(x, y, grad)
        return back.to_x(grad), back.to_y(-grad)

    gpu = elementwise("x - y")
    samples = [MATRIX_AND_ROW, sample([1, 2], [3, 4])]


@op("Mul(x: T, y: T) -> (z: T)", T=DIVISIBLE)
class Mul:
    """x * y."""

    shape = broadcast("x", "y")
    cpu = np.multiply

    def grad(op, grad):
        x, y = op.inputs
        if same_static_shape(x, y, grad) and grad.dtype in (int32, float32):
            return Mul(grad, y), Mul(grad, x)
        back = BroadcastGradient(x, y, grad)
        x, y = conj(x), conj(y)
        return back.to_x(Mul(grad, y)), back.to_y(Mul(x, grad))

    gpu = elementwise("x * y")
    samples = [MATRIX_AND_ROW, sample([1, 2], [3, 4])]


@op("MulNoNan(x: T, y: T) -> (z: T)", T=NO_NAN)
class MulNoNan:
    """x * y, and 0 wherever y is 0, even if x is infinite or NaN."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.multiply(x, y, out=out)
        np.copyto(out, 0, where=np.equal(y, 0))

    def grad(op, grad):
        x, y = op.inputs
        if same_static_shape(x, y, grad):
            return MulNoNan(grad, y), MulNoNan(x, grad)
        sx, rx, sy, ry = dynamic_axes(x, y)
        return sum_to(MulNoNan(grad, y), rx, sx), sum_to(MulNoNan(x, grad), ry, sy)

    gpu = elementwise("select(x * y, 0.0, y == 0.0)", types=FLOAT32)
    samples = [MATRIX_AND_ROW]


def _extreme_gradient(op: Any, grad: Tensor, chooses_x: Any) -> tuple:
    x, y = op.inputs
    sx, sy = shape(x), shape(y)
    nothing = zeros(shape(grad), grad.dtype)
    mask = chooses_x(x, y)
    rx, ry = raw.BroadcastGradientArgs(sx, sy)
    gx = sum_to(raw.Select(mask, grad, nothing), rx, sx)
    return gx, sum_to(raw.Select(mask, nothing, grad), ry, sy)


@op("Maximum(x: T, y: T) -> (z: T)", T=(*FLOATS, int32, int64))
class Maximum:
    """The larger of x and y; where they are equal, all of the gradient goes to x."""

    shape = broadcast("x", "y")
    cpu = np.maximum

    def grad(op, grad):
        return _extreme_gradient(op, grad, raw.GreaterEqual)

    gpu = elementwise(by_type("larger(x, y)", "max(x, y)"))
    samples = [MATRIX_AND_ROW, sample([1, 5], [3, 4])]


@op("Minimum(x: T, y: T) -> (z: T)", T=(*FLOATS, int32, int64))
class Minimum:
    """The smaller of x and y; where they are equal, all of the gradient goes to x."""

    shape = broadcast("x", "y")
    cpu = np.minimum

    def grad(op, grad):
        return _extreme_gradient(op, grad, raw.LessEqual)

    gpu = elementwise(by_type("smaller(x, y)", "min(x, y)"))
    samples = [MATRIX_AND_ROW, sample([1, 5], [3, 4])]


add = export("add", "math.add")(Add)
maximum = export("maximum", "math.maximum")(Maximum)
minimum = export("minimum", "math.minimum")(Minimum)


@export("multiply", "math.multiply")
def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x * y, element by element, with broadcasting."""
    return Mul(x, y, name=name)


@export("subtract", "math.subtract")
def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x - y, element by element, with broadcasting."""
    return Sub(x, y, name=name)


@export("scalar_mul", "math.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A tensor or `IndexedSlices` times a number.

    Raises:
      ValueError: `scalar` is not known to be a scalar.
    """
    scalar = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if scalar.shape.ndims != 0:
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(Mul(scalar, x.values, name=name), x.indices, x.dense_shape)
    return Mul(scalar, x, name=name)




@op("SquaredDifference(x: T, y: T) -> (z: T)", T=SIGNED)
class SquaredDifference:
    """(x - y)², of complex numbers |x - y|²."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.subtract(x, y, out=out)
        np.multiply(out, np.conjugate(out) if out.dtype.kind == "c" else out, out=out)

    inplace = True

    def grad(op, grad):
        x, y = op.inputs
        with control_dependencies([grad]):
            x_grad = scalar_mul(2.0, grad) * (x - y)
        if same_static_shape(x, y, grad):
            return x_grad, -x_grad
        back = BroadcastGradient(x, y, grad)
        return back.to_x(x_grad), -back.to_y(x_grad)

    gpu = elementwise("(x - y) * (x - y)")
    samples = [MATRIX_AND_ROW, sample([1, 5], [3, 4])]


def _power(node: Any) -> str | None:
    """Where integers may have negative exponents, the CPU has the error."""
    if node.outputs[0].dtype.is_floating:
        return "power(x, y)"
    exponents = node.inputs[1].constant
    return "integer_power(x, y)" if exponents is not None and np.all(exponents >= 0) else None


@op("Pow(x: T, y: T) -> (z: T)", T=(bfloat16, float32, float16, float64, int32, int64, *COMPLEX))
class Pow:
    """x to the power of y."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        if out.dtype.kind not in "fc" and np.any(np.less(y, 0)):
            raise InvalidArgumentError(None, None, "Integers to negative integer powers are not allowed")
        np.power(x, y, out=out)

    def grad(op, grad):
        x, y = op.inputs
        back = BroadcastGradient(x, y, grad)
        x, y = conj(x), conj(y)
        gx = back.to_x(grad * y * pow(x, y - 1))
        z = conj(op.outputs[0])
        # The logarithm is taken of positive numbers only (of complex ones, not of 0); elsewhere y gets no gradient.
        mask = raw.NotEqual(x, 0) if x.dtype.is_complex else x > 0
        safe_x = raw.Select(mask, x, ones_like(x))
        log_x = raw.Select(mask, raw.Log(safe_x), zeros_like(x))
        return gx, back.to_y(grad * z * log_x)

    gpu = elementwise(_power)
    samples = [sample([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [0.5, -2.0, 1.5]), sample([2, 3], [3, 4])]


@export("pow", "math.pow")
def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x to the power of y.

    Raises:
      InvalidArgumentError: (when run) x and y are integers, and one in y is negative.
    """
    with name_scope(name, "Pow", [x]) as scope:
        return Pow(x, y, name=scope)


def _zero_where_x_is(x: Any, out: np.ndarray) -> None:
    np.copyto(out, 0, where=np.equal(x, 0))


def _not_zero(x: Tensor) -> Tensor:
    return cast(raw.NotEqual(x, cast(0.0, x.dtype)), x.dtype)


@op("Xdivy(x: T, y: T) -> (z: T)", T=NO_NAN)
class Xdivy:
    """x / y, and 0 wherever x is 0, even if y is 0."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.divide(x, y, out=out)
        _zero_where_x_is(x, out)

    def grad(op, grad):
        x, y = op.inputs
        sx, rx, sy, ry = dynamic_axes(x, y)
        with control_dependencies([grad]):
            partial_x = Xdivy(_not_zero(x), y)
            partial_y = Xdivy(raw.Neg(x), y**2)
            gx = sum_to(partial_x * grad, rx, sx)
            return gx, sum_to(partial_y * grad, ry, sy)

    gpu = elementwise("select(x / y, 0.0, x == 0.0)", types=FLOAT32)
    samples = [MATRIX_AND_ROW, sample([0.0, 2.0], [0.0, 4.0], grad=False)]


@op("Xlogy(x: T, y: T) -> (z: T)", T=NO_NAN)
class Xlogy:
    """x log(y), and 0 wherever x is 0, even if y is 0."""

    shape = broadcast("x", "y")

    def cpu(x, y, out):
        np.multiply(x, np.log(y), out=out)
        _zero_where_x_is(x, out)

    def grad(op, grad):
        x, y = op.inputs
        sx, rx, sy, ry = dynamic_axes(x, y)
        with control_dependencies([grad]):
            partial_x = Xlogy(_not_zero(x), y)
            partial_y = Xdivy(x, y)
            gx = sum_to(partial_x * grad, rx, sx)
            return gx, sum_to(partial_y * grad, ry, sy)

    gpu = elementwise("select(x * natural_log(y), 0.0, x == 0.0)", types=FLOAT32)
    samples = [sample([[1.0, 2.0], [-4.0, 5.0]], [0.5, 2.0]), sample([0.0, 2.0], [0.0, 4.0], grad=False)]


@op("Atan2(y: T, x: T) -> (z: T)", T=FLOATS)
class Atan2:
    """The angle of the point (x, y) with the positive x axis, in radians from -pi to pi."""

    shape = broadcast("y", "x")
    cpu = np.arctan2

    def grad(op, grad):
        y, x = op.inputs
        with control_dependencies([grad]):
            inverse = grad / (raw.Square(x) + raw.Square(y))
            return x * inverse, -y * inverse

    gpu = elementwise("arctan2(y, x)", types=FLOAT32)
    samples = [sample([[1.0, 2.0], [-4.0, 5.0]], [[0.5, 2.0], [-1.0, -2.0]])]


@op("NextAfter(x1: T, x2: T) -> (output: T)", T=one_of((float64, float32), default=float32))
class NextAfter:
    """The number next to x1 in the direction of x2."""

    shape = broadcast("x1", "x2")
    cpu = np.nextafter

    def grad(op, grad):
        x1, x2 = op.inputs
        s1, r1, s2, r2 = dynamic_axes(x1, x2)
        with control_dependencies([grad]):
            one, zero = ones(s1, dtype=x1.dtype), zeros(s2, dtype=x2.dtype)
            g1 = sum_to(one * grad, r1, s1)
            return g1, sum_to(zero * grad, r2, s2)

    gpu = elementwise("next_after(x1, x2)", types=FLOAT32)
    samples = [sample([1.0, 2.0], [3.0, -4.0], grad=False)]


squared_difference = export("squared_difference", "math.squared_difference")(SquaredDifference)
xdivy = export("math.xdivy")(Xdivy)
xlogy = export("math.xlogy")(Xlogy)
atan2 = export("atan2", "math.atan2")(Atan2)
nextafter = export("math.nextafter")(NextAfter)
