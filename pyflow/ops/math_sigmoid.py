"""The sigmoid and the hyperbolic tangent."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.complex_numbers import conj
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.number_types import ANALYTIC
from pyflow.ops.shape_rules import same_as
from pyflow.ops.sparse_values import maps_sparse_values

_ANY_SIGN = sample([-2.0, -0.5, 0.25, 1.5])
_GRADIENT = sample([0.25, 0.5, 0.75], [1.0, -2.0, 0.5])


@op("Sigmoid(x: T) -> (y: T)", T=ANALYTIC)
class Sigmoid:
    """1 / (1 + exp(-x))."""

    shape = same_as("x")

    def cpu(x, out):
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(1, out, out=out)

    def grad(op, grad):
        with control_dependencies([grad]):
            return SigmoidGrad(conj(op.outputs[0]), grad)

    inplace = True
    gpu = elementwise("1.0 / (1.0 + exponential(-x))", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("SigmoidGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class SigmoidGrad:
    """dy y (1 - y), where y is a sigmoid."""

    shape = same_as("y")

    def cpu(y, dy, out):
        if out.dtype.kind == "c":
            y = np.conjugate(y)
        np.subtract(1, y, out=out)
        np.multiply(out, y, out=out)
        np.multiply(out, dy, out=out)

    def grad(op, grad):
        with control_dependencies([grad]):
            a, b = conj(op.inputs[0]), conj(op.inputs[1])
            gb = grad * b
            return gb - 2.0 * gb * a, SigmoidGrad(a, grad)

    gpu = elementwise("dy * y * (1.0 - y)", types=FLOAT32)
    samples = [_GRADIENT]


@op("Tanh(x: T) -> (y: T)", T=ANALYTIC)
class Tanh:
    """The hyperbolic tangent."""

    shape = same_as("x")
    cpu = np.tanh

    def grad(op, grad):
        with control_dependencies([grad]):
            return TanhGrad(conj(op.outputs[0]), grad)

    gpu = elementwise("hyperbolic_tangent(x)", types=FLOAT32)
    samples = [_ANY_SIGN]


@op("TanhGrad(y: T, dy: T) -> (z: T)", T=ANALYTIC)
class TanhGrad:
    """dy (1 - y²), where y is a hyperbolic tangent."""

    shape = same_as("y")

    def cpu(y, dy, out):
        if out.dtype.kind == "c":
            y = np.conjugate(y)
        np.multiply(y, y, out=out)
        np.subtract(1, out, out=out)
        np.multiply(out, dy, out=out)

    def grad(op, grad):
        with control_dependencies([grad]):
            a, b = conj(op.inputs[0]), conj(op.inputs[1])
            return grad * -2.0 * b * a, TanhGrad(a, grad)

    gpu = elementwise("dy * (1.0 - y * y)", types=FLOAT32)
    samples = [_GRADIENT]


tanh = export("tanh", "math.tanh", "nn.tanh")(maps_sparse_values(Tanh))


@export("sigmoid", "math.sigmoid", "nn.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """1 / (1 + exp(-x))."""
    with name_scope(name, "Sigmoid", [x]) as scope:
        return Sigmoid(convert_to_tensor(x, name="x"), name=scope)


@export("log_sigmoid", "math.log_sigmoid")
def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """log(sigmoid(x)), computed as -softplus(-x)."""
    with name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return raw.Neg(raw.Softplus(-x), name=scope)
