"""Relu and the other activations made of straight lines: relu6, leaky relu, crelu."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import FLOATING, REAL, float32, qint8
from pyflow.core.registry import ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import StaticShape, Tensor
from pyflow.ops.gpu import FLOAT32, elementwise
from pyflow.ops.shape_rules import merge, same_as, text

_BLOCK = 1 << 15
_zeros: dict[np.dtype, np.ndarray] = {}


def with_zero(extreme: Any, features: Any, out: np.ndarray) -> np.ndarray:
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


def gradient_shape(gradients: Any, features: Any) -> Any:
    return same_shapes(gradients, features)


def same_shapes(first: StaticShape, second: StaticShape) -> StaticShape:
    try:
        return merge(first, second)
    except ShapeError as error:
        words = f"Inputs must have the same size and shape.  Input 0: {text(first)} != input 1: {text(second)}"
        raise ShapeError(str(error), at_run=words) from None


def _zeros_of(x: Tensor) -> Tensor:
    """Zeros of the shape of `x`, which is all that the second derivative of a piecewise linear function is."""
    from pyflow.ops.array_filling import zeros
    from pyflow.ops.array_shape import shape

    return zeros(shape(x), dtype=x.dtype)


@op("ReluGrad(gradients: T, features: T) -> (backprops: T)", T=REAL)
class ReluGrad:
    """The gradients where the features are positive, else 0."""

    shape = gradient_shape

    def cpu(gradients, features, out):
        _pass_where(np.greater(features, 0), gradients, out)

    def grad(op, grad):
        x = op.inputs[1]
        return ReluGrad(grad, x), _zeros_of(x)

    gpu = elementwise("gradients * select(T(0), T(1), features > T(0))")
    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 2.0], reference=lambda g, x: g * (x > 0))]


@op("Relu(features: T) -> (activations: T)", T=(*REAL, qint8))
class Relu:
    """max(features, 0), element by element."""

    shape = same_as("features")
    inplace = True

    def cpu(features, out):
        with_zero(np.maximum, features, out)

    def grad(op, grad):
        return ReluGrad(grad, op.outputs[0])

    gpu = elementwise("select(features, T(0), features < T(0))")
    samples = [
        sample([[-1.0, 0.5, 2.0], [3.0, -2.0, -0.1]], reference=lambda x: np.where(x > 0, x, 0)),
        sample([-3, 0, 4], reference=lambda x: np.where(x > 0, x, 0)),
    ]


@op("Relu6Grad(gradients: T, features: T) -> (backprops: T)", T=REAL)
class Relu6Grad:
    """The gradients where the features lie between 0 and 6, else 0."""

    shape = gradient_shape

    def cpu(gradients, features, out):
        _pass_where(np.greater(features, 0) & np.less(features, 6), gradients, out)

    def grad(op, grad):
        x = op.inputs[1]
        return Relu6Grad(grad, x), _zeros_of(x)

    gpu = elementwise("gradients * select(T(0), T(1), features > T(0) && features < T(6))")
    samples = [sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], reference=lambda g, x: g * (x > 0) * (x < 6))]


@op("Relu6(features: T) -> (activations: T)", T=REAL)
class Relu6:
    """min(max(features, 0), 6), element by element."""

    shape = same_as("features")
    inplace = True

    def cpu(features, out):
        np.minimum(with_zero(np.maximum, features, out), 6, out=out)

    def grad(op, grad):
        return Relu6Grad(grad, op.outputs[0])

    gpu = elementwise("select(select(features, T(0), features < T(0)), T(6), features > T(6))")
    samples = [sample([-1.0, 0.5, 2.0, 7.0], reference=lambda x: np.clip(x, 0, 6))]


@op("LeakyReluGrad(gradients: T, features: T) -> (backprops: T)", alpha=0.2, T=one_of(FLOATING, default=float32))
class LeakyReluGrad:
    """The gradients where the features are positive, `alpha` times the gradients elsewhere."""

    shape = gradient_shape

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

    gpu = elementwise("gradients * select(alpha, 1.0, features > 0.0)", types=FLOAT32)
    samples = [
        sample([1.0, 2.0, 3.0], [-1.0, 0.5, 7.0], alpha=0.25, reference=lambda g, x: np.where(x > 0, g, 0.25 * g))
    ]


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

    gpu = elementwise("select(features * alpha, features, features > 0.0)", types=FLOAT32)
    samples = [sample([-1.0, 0.5, 2.0], alpha=0.25, reference=lambda x: np.where(x > 0, x, 0.25 * x))]


def _as_attr(value: float, like: np.ndarray) -> Any:
    """A float attr, which is stored in 32 bits, in the dtype of `like`."""
    return like.dtype.type(np.float32(value))


relu = export("nn.relu")(Relu)


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
