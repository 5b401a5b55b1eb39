"""Smooth activations: elu, selu, softplus, softsign, swish."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import FLOATING
from pyflow.core.registry import op, sample
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.custom_gradient import custom_gradient
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.nn_relu import gradient_shape, same_shapes, with_zero
from pyflow.ops.shape_rules import same_as

# Activations keep mean 0 and variance 1 with these constants (Klambauer et al., Self-Normalizing Networks, 2017).
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_SCALE_ALPHA = 1.7580993408473768599402175208123


def _select_negative(x: Tensor, grad: Tensor, gradients: Tensor, bound: Any) -> Tensor:
    from pyflow.ops.array_filling import zeros_like
    from pyflow.ops.array_selection import where

    return where(x < bound, grad * gradients, zeros_like(x))


@op("EluGrad(gradients: T, outputs: T) -> (backprops: T)", T=FLOATING)
class EluGrad:
    """The gradient of `Elu`, from its outputs."""

    def shape(gradients, outputs):
        return same_shapes(gradients, outputs)

    def cpu(gradients, outputs, out):
        with_zero(np.minimum, outputs, out)
        np.add(out, 1, out=out)
        np.multiply(out, gradients, out=out)

    def grad(op, grad):
        x = op.inputs[1]
        return EluGrad(grad, x), _select_negative(x, grad, op.inputs[0], 0)

    gpu = elementwise("gradients * select(1.0, outputs + 1.0, outputs < 0.0)", types=FLOAT32)
    samples = [sample([1.0, 2.0, 3.0], [-0.5, 0.5, -0.25], reference=lambda g, y: np.where(y < 0, g * (y + 1), g))]


@op("Elu(features: T) -> (activations: T)", T=FLOATING)
class Elu:
    """exp(features) - 1 where they are negative, else the features (Clevert et al., 2016)."""

    shape = same_as("features")

    def cpu(features, out):
        np.expm1(with_zero(np.minimum, features, out), out=out)
        np.add(out, with_zero(np.maximum, features, np.empty_like(out)), out=out)

    def grad(op, grad):
        return EluGrad(grad, op.outputs[0])

    gpu = elementwise("select(features, expm1(features), features < 0.0)", types=FLOAT32)
    samples = [sample([-1.0, 0.5, 2.0, -0.25], reference=lambda x: np.where(x < 0, np.exp(x) - 1, x))]


@op("SeluGrad(gradients: T, outputs: T) -> (backprops: T)", T=FLOATING)
class SeluGrad:
    """The gradient of `Selu`, from its outputs."""

    def shape(gradients, outputs):
        return same_shapes(gradients, outputs)

    def cpu(gradients, outputs, out):
        slopes = np.where(np.less(outputs, 0), out.dtype.type(_SELU_SCALE_ALPHA), out.dtype.type(_SELU_SCALE))
        np.add(slopes, with_zero(np.minimum, outputs, out), out=out)
        np.multiply(out, gradients, out=out)

    def grad(op, grad):
        x = op.inputs[1]
        return SeluGrad(grad, x), _select_negative(x, grad, op.inputs[0], 0.0)

    gpu = elementwise(f"gradients * select({_SELU_SCALE}, outputs + {_SELU_SCALE_ALPHA}, outputs < 0.0)", types=FLOAT32)
    samples = [
        sample(
            [1.0, 2.0, 3.0],
            [-0.5, 0.5, -0.25],
            reference=lambda g, y: np.where(y < 0, g * (y + _SELU_SCALE_ALPHA), g * _SELU_SCALE),
        )
    ]


@op("Selu(features: T) -> (activations: T)", T=FLOATING)
class Selu:
    """scale · features, and scale · alpha · (exp(features) - 1) where they are negative (Klambauer et al., 2017)."""

    shape = same_as("features")

    def cpu(features, out):
        np.expm1(with_zero(np.minimum, features, out), out=out)
        np.multiply(out, _SELU_SCALE_ALPHA, out=out)
        positive = with_zero(np.maximum, features, np.empty_like(out))
        np.multiply(positive, _SELU_SCALE, out=positive)
        np.add(out, positive, out=out)

    def grad(op, grad):
        return SeluGrad(grad, op.outputs[0])

    gpu = elementwise(
        f"select({_SELU_SCALE} * features, {_SELU_SCALE_ALPHA} * expm1(features), features < 0.0)", types=FLOAT32
    )
    samples = [
        sample(
            [-1.0, 0.5, 2.0, -0.25],
            reference=lambda x: np.where(x < 0, _SELU_SCALE_ALPHA * (np.exp(x) - 1), _SELU_SCALE * x),
        )
    ]


@op("SoftplusGrad(gradients: T, features: T) -> (backprops: T)", T=FLOATING)
class SoftplusGrad:
    """gradients / (1 + exp(-features))."""

    shape = gradient_shape

    def cpu(gradients, features, out):
        np.negative(features, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.divide(gradients, out, out=out)

    def grad(op, grad):
        from pyflow.ops.math_unary import exp

        dy, x = op.inputs
        with control_dependencies([grad]):
            return SoftplusGrad(grad, x), grad * dy / (exp(-x) + 2.0 + exp(x))

    gpu = elementwise("gradients / (1.0 + exponential(-features))", types=FLOAT32)
    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], reference=lambda g, x: g / (1 + np.exp(-x)))]


@op("Softplus(features: T) -> (activations: T)", T=FLOATING)
class Softplus:
    """log(exp(features) + 1), without overflow."""

    shape = same_as("features")

    def cpu(features, out):
        # max(x, 0) + log1p(exp(-|x|)), which is exact at both ends.
        np.abs(features, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.log1p(out, out=out)
        np.add(out, with_zero(np.maximum, features, np.empty_like(out)), out=out)

    def grad(op, grad):
        from pyflow.ops.math_sigmoid import sigmoid

        return grad * sigmoid(op.inputs[0])

    gpu = elementwise("larger(features, 0.0) + log1p(exponential(-abs(features)))", types=FLOAT32)
    samples = [sample([-1.0, 0.5, 2.0], reference=lambda x: np.log(np.exp(x) + 1))]


@op("SoftsignGrad(gradients: T, features: T) -> (backprops: T)", T=FLOATING)
class SoftsignGrad:
    """gradients / (1 + |features|)²."""

    shape = gradient_shape

    def cpu(gradients, features, out):
        np.abs(features, out=out)
        np.add(out, 1, out=out)
        np.multiply(out, out, out=out)
        np.divide(gradients, out, out=out)

    def grad(op, grad):
        from pyflow.ops.math_unary import abs, sign

        gradients, x = op.inputs
        return SoftsignGrad(grad, x), -2.0 * grad * op.outputs[0] * sign(x) / (1.0 + abs(x))

    gpu = elementwise("gradients / ((1.0 + abs(features)) * (1.0 + abs(features)))", types=FLOAT32)
    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], reference=lambda g, x: g / (1 + np.abs(x)) ** 2)]


@op("Softsign(features: T) -> (activations: T)", T=FLOATING)
class Softsign:
    """features / (|features| + 1)."""

    shape = same_as("features")

    def cpu(features, out):
        np.abs(features, out=out)
        np.add(out, 1, out=out)
        np.divide(features, out, out=out)

    def grad(op, grad):
        return SoftsignGrad(grad, op.inputs[0])

    gpu = elementwise("features / (1.0 + abs(features))", types=FLOAT32)
    samples = [sample([-1.0, 0.5, 2.0], reference=lambda x: x / (np.abs(x) + 1))]


elu = export("nn.elu")(Elu)
selu = export("nn.selu")(Selu)
softplus = export("nn.softplus", "math.softplus")(Softplus)
softsign = export("nn.softsign", "math.softsign")(Softsign)


def _swish(features: Any) -> tuple[Tensor, Callable]:
    from pyflow.ops.math_sigmoid import sigmoid

    features = convert_to_tensor(features, name="features")

    def grad(dy: Any) -> Tensor:
        # The sigmoid is computed again, so that only the features are kept from the forward pass.
        with control_dependencies([dy]):
            slope = sigmoid(features)
        return dy * (slope * (1.0 + features * (1.0 - slope)))

    return features * sigmoid(features), grad


_swish_with_gradient = custom_gradient(_swish)


@export("nn.swish")
def swish(features: Any) -> Tensor:
    """features · sigmoid(features) (P. Ramachandran et al., Searching for Activation Functions, 2017)."""
    return _swish_with_gradient(features)
