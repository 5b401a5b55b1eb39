"""Activation functions: relu and its relatives, softplus, softsign."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import FLOATING, REAL, float32, qint8
from pyflow.core.registry import one_of, op, sample
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.custom_gradient import custom_gradient
from pyflow.ops.shape_rules import merge, same_as

_BLOCK = 1 << 15
_zeros: dict[np.dtype, np.ndarray] = {}

# The constants for which activations keep mean 0 and variance 1 (Klambauer et al., Self-Normalizing Neural Networks, 2017).
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_SCALE_ALPHA = 1.7580993408473768599402175208123


def _with_zero(extreme: Any, features: Any, out: np.ndarray) -> np.ndarray:
    """The maximum or minimum of the features and 0, in `out`.

    numpy compares two arrays four times as fast as an array and a number, so the zeros come in blocks.
    """
    size = out.size
    if size < 2048 or not (features.flags.c_contiguous and out.flags.c_contiguous):
        return extreme(features, 0, out=out)
    zeros = _zeros.get(out.dtype)
    if zeros is None:
        zeros = _zeros[out.dtype] = np.zeros(_BLOCK, out.dtype)
    flat, result = features.reshape(-1), out.reshape(-1)
    for start in range(0, size, _BLOCK):
        stop = min(start + _BLOCK, size)
        extreme(flat[start:stop], zeros[: stop - start], out=result[start:stop])
    return out


def _pass_where(mask: Any, gradients: Any, out: np.ndarray) -> None:
    """The gradients where the mask holds, 0 elsewhere: NaN and infinity times 0 stay NaN, as in TensorFlow."""
    np.copyto(out, mask, casting="unsafe")
    np.multiply(out, gradients, out=out)


def _gradient_shape(gradients: Any, features: Any) -> Any:
    return merge(gradients, features)


def _zeros_of(x: Tensor) -> Tensor:
    """Zeros of the shape of `x`, which is all that the second derivative of a piecewise linear function is."""
    from pyflow.ops.array_filling import zeros
    from pyflow.ops.array_shape import shape

    return zeros(shape(x), dtype=x.dtype)


def _select_negative(x: Tensor, grad: Tensor, gradients: Tensor, bound: Any) -> Tensor:
    from pyflow.ops.array_filling import zeros_like
    from pyflow.ops.array_selection import where

    return where(x < bound, grad * gradients, zeros_like(x))


@op("ReluGrad(gradients: T, features: T) -> (backprops: T)", T=REAL)
class ReluGrad:
    """The gradients where the features are positive, else 0."""

    shape = _gradient_shape

    def cpu(gradients, features, out):
        _pass_where(np.greater(features, 0), gradients, out)

    def grad(op, grad):
        x = op.inputs[1]
        return ReluGrad(grad, x), _zeros_of(x)

    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], reference=lambda g, x: g * (x > 0))]


@op("Relu(features: T) -> (activations: T)", T=(*REAL, qint8))
class Relu:
    """max(features, 0), element by element."""

    shape = same_as("features")
    inplace = True

    def cpu(features, out):
        _with_zero(np.maximum, features, out)

    def grad(op, grad):
        return ReluGrad(grad, op.outputs[0])

    samples = [
        sample([[-1.0, 0.5, 2.0], [3.0, -2.0, -0.1]], reference=lambda x: np.where(x > 0, x, 0)),
        sample([-3, 0, 4], reference=lambda x: np.where(x > 0, x, 0)),
    ]


@op("Relu6Grad(gradients: T, features: T) -> (backprops: T)", T=REAL)
class Relu6Grad:
    """The gradients where the features lie between 0 and 6, else 0."""

    shape = _gradient_shape

    def cpu(gradients, features, out):
        _pass_where(np.greater(features, 0) & np.less(features, 6), gradients, out)

    def grad(op, grad):
        x = op.inputs[1]
        return Relu6Grad(grad, x), _zeros_of(x)

    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], reference=lambda g, x: g * (x > 0) * (x < 6))]


@op("Relu6(features: T) -> (activations: T)", T=REAL)
class Relu6:
    """min(max(features, 0), 6), element by element."""

    shape = same_as("features")
    inplace = True

    def cpu(features, out):
        np.minimum(_with_zero(np.maximum, features, out), 6, out=out)

    def grad(op, grad):
        return Relu6Grad(grad, op.outputs[0])

    samples = [sample([-1.0, 0.5, 2.0, 7.0], reference=lambda x: np.clip(x, 0, 6))]


@op("LeakyReluGrad(gradients: T, features: T) -> (backprops: T)", alpha=0.2, T=one_of(FLOATING, default=float32))
class LeakyReluGrad:
    """The gradients where the features are positive, `alpha` times the gradients elsewhere."""

    shape = _gradient_shape

    def cpu(gradients, features, alpha, out):
        slope = _as_attr(alpha, out)
        np.copyto(out, np.greater(features, 0), casting="unsafe")
        if 0 <= slope <= 1:
            np.maximum(out, slope, out=out)
        else:
            out[out == 0] = slope
        np.multiply(out, gradients, out=out)

    def grad(op, grad):
        x = op.inputs[1]
        return LeakyReluGrad(grad, x, alpha=op.get_attr("alpha")), _zeros_of(x)

    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], alpha=0.25, reference=lambda g, x: np.where(x > 0, g, 0.25 * g))]


@op("LeakyRelu(features: T) -> (activations: T)", alpha=0.2, T=one_of(FLOATING, default=float32))
class LeakyRelu:
    """The features where they are positive, `alpha` times the features elsewhere."""

    shape = same_as("features")

    def cpu(features, alpha, out):
        slope = _as_attr(alpha, out)
        np.multiply(features, slope, out=out)
        if 0 < slope <= 1:
            np.maximum(out, features, out=out)
        else:
            np.copyto(out, features, where=np.greater(features, 0))

    def grad(op, grad):
        return LeakyReluGrad(grad, op.inputs[0], alpha=op.get_attr("alpha"))

    samples = [sample([-1.0, 0.5, 2.0], alpha=0.25, reference=lambda x: np.where(x > 0, x, 0.25 * x))]


def _as_attr(value: float, like: np.ndarray) -> Any:
    """A float attr, which is stored in 32 bits, in the dtype of `like`."""
    return like.dtype.type(np.float32(value))


@op("EluGrad(gradients: T, outputs: T) -> (backprops: T)", T=FLOATING)
class EluGrad:
    """The gradient of `Elu`, from its outputs."""

    def shape(gradients, outputs):
        return merge(gradients, outputs)

    def cpu(gradients, outputs, out):
        _with_zero(np.minimum, outputs, out)
        np.add(out, 1, out=out)
        np.multiply(out, gradients, out=out)

    def grad(op, grad):
        x = op.inputs[1]
        return EluGrad(grad, x), _select_negative(x, grad, op.inputs[0], 0)

    samples = [sample([1.0, 2.0, 3.0], [-0.5, 0.5, -0.25], reference=lambda g, y: np.where(y < 0, g * (y + 1), g))]


@op("Elu(features: T) -> (activations: T)", T=FLOATING)
class Elu:
    """exp(features) - 1 where they are negative, else the features (Clevert et al., 2016)."""

    shape = same_as("features")

    def cpu(features, out):
        np.expm1(_with_zero(np.minimum, features, out), out=out)
        np.add(out, _with_zero(np.maximum, features, np.empty_like(out)), out=out)

    def grad(op, grad):
        return EluGrad(grad, op.outputs[0])

    samples = [sample([-1.0, 0.5, 2.0, -0.25], reference=lambda x: np.where(x < 0, np.exp(x) - 1, x))]


@op("SeluGrad(gradients: T, outputs: T) -> (backprops: T)", T=FLOATING)
class SeluGrad:
    """The gradient of `Selu`, from its outputs."""

    def shape(gradients, outputs):
        return merge(gradients, outputs)

    def cpu(gradients, outputs, out):
        slopes = np.where(np.less(outputs, 0), out.dtype.type(_SELU_SCALE_ALPHA), out.dtype.type(_SELU_SCALE))
        np.add(slopes, _with_zero(np.minimum, outputs, out), out=out)
        np.multiply(out, gradients, out=out)

    def grad(op, grad):
        x = op.inputs[1]
        return SeluGrad(grad, x), _select_negative(x, grad, op.inputs[0], 0.0)

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
        np.expm1(_with_zero(np.minimum, features, out), out=out)
        np.multiply(out, _SELU_SCALE_ALPHA, out=out)
        positive = _with_zero(np.maximum, features, np.empty_like(out))
        np.multiply(positive, _SELU_SCALE, out=positive)
        np.add(out, positive, out=out)

    def grad(op, grad):
        return SeluGrad(grad, op.outputs[0])

    samples = [
        sample(
            [-1.0, 0.5, 2.0, -0.25],
            reference=lambda x: np.where(x < 0, _SELU_SCALE_ALPHA * (np.exp(x) - 1), _SELU_SCALE * x),
        )
    ]


@op("SoftplusGrad(gradients: T, features: T) -> (backprops: T)", T=FLOATING)
class SoftplusGrad:
    """gradients / (1 + exp(-features))."""

    shape = _gradient_shape

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
        np.add(out, _with_zero(np.maximum, features, np.empty_like(out)), out=out)

    def grad(op, grad):
        from pyflow.ops.math_unary import sigmoid

        return grad * sigmoid(op.inputs[0])

    samples = [sample([-1.0, 0.5, 2.0], reference=lambda x: np.log(np.exp(x) + 1))]


@op("SoftsignGrad(gradients: T, features: T) -> (backprops: T)", T=FLOATING)
class SoftsignGrad:
    """gradients / (1 + |features|)²."""

    shape = _gradient_shape

    def cpu(gradients, features, out):
        np.abs(features, out=out)
        np.add(out, 1, out=out)
        np.multiply(out, out, out=out)
        np.divide(gradients, out, out=out)

    def grad(op, grad):
        from pyflow.ops.math_unary import abs, sign

        gradients, x = op.inputs
        return SoftsignGrad(grad, x), -2.0 * grad * op.outputs[0] * sign(x) / (1.0 + abs(x))

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

    samples = [sample([-1.0, 0.5, 2.0], reference=lambda x: x / (np.abs(x) + 1))]


relu = export("nn.relu")(Relu)
elu = export("nn.elu")(Elu)
selu = export("nn.selu")(Selu)
softplus = export("nn.softplus", "math.softplus")(Softplus)
softsign = export("nn.softsign", "math.softsign")(Softsign)


@export("nn.relu6")
def relu6(features: Any, name: str | None = None) -> Tensor:
    """min(max(features, 0), 6), element by element."""
    with name_scope(name, "Relu6", [features]) as name:
        return Relu6(convert_to_tensor(features, name="features"), name=name)


@export("nn.leaky_relu")
def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """The features where they are positive, `alpha` times the features elsewhere; integers become float32.

    Source: A. Maas et al., Rectifier Nonlinearities Improve Neural Network Acoustic Models, 2013.
    """
    from pyflow.ops.cast import cast

    with name_scope(name, "LeakyRelu", [features, alpha]) as name:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = cast(features, float32)
        return LeakyRelu(features, alpha=float(alpha), name=name)


@export("nn.crelu")
def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """relu of the features and of their negatives, side by side along `axis`, which becomes twice as long.

    Source: W. Shang et al., Understanding and Improving Convolutional Neural Networks via CReLU, 2016.
    """
    from pyflow.ops.array_joining import concat

    with name_scope(name, "CRelu", [features]) as name:
        features = convert_to_tensor(features, name="features")
        return Relu(concat([features, -features], axis, name=name))


def _swish(features: Any) -> tuple[Tensor, Callable]:
    from pyflow.ops.math_unary import sigmoid

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
