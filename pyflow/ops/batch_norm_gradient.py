"""The gradient of batch normalization, written out in simple ops so that it can be differentiated."""

from __future__ import annotations

from typing import Any

from pyflow.autodiff import gradients
from pyflow.core.dtypes import float16, float32
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, squeeze
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.math_binary import squared_difference
from pyflow.ops.math_unary import reciprocal, rsqrt
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum


def _in_training(dy: Tensor, x: Tensor, scale: Tensor, epsilon: float, channels_first: bool) -> tuple:
    axes = [0, 2, 3] if channels_first else [0, 1, 2]
    if channels_first:
        scale = reshape(scale, [1, size(scale), 1, 1])

    def mean(values: Tensor) -> Tensor:
        return reduce_mean(values, axes, keepdims=channels_first)

    mean_x = mean(x)
    variance = mean(squared_difference(x, stop_gradient(mean_x)))
    deviation = x - mean_x
    shared = mean(dy * deviation)
    inverse = rsqrt(variance + epsilon)
    dx = scale * inverse * ((dy - mean(dy)) - reciprocal(variance + epsilon) * shared * deviation)
    dscale = inverse * reduce_sum(dy * deviation, axes, keepdims=channels_first)
    return dx, squeeze(dscale, [0, 2, 3]) if channels_first else dscale, reduce_sum(dy, axes)


def _with_fixed_moments(
    dy: Tensor, x: Tensor, scale: Tensor, mean: Tensor, variance: Tensor, epsilon: float, channels_first: bool
) -> tuple:
    axes = [0, 2, 3] if channels_first else [0, 1, 2]
    if channels_first:
        scale, mean, variance = (reshape(v, [1, size(v), 1, 1]) for v in (scale, mean, variance))
    inverse = rsqrt(variance + epsilon)
    dscale = reduce_sum(dy * (x - mean) * inverse, axes)
    return dy * scale * inverse, dscale, reduce_sum(dy, axes)


def second_gradients(op: Any, *given: Tensor) -> tuple:
    """The gradients of a FusedBatchNormGrad to the gradient, the images and the scale."""
    dy, x, scale, mean, variance = op.inputs[:5]
    epsilon = op.get_attr("epsilon")
    channels_first = op.get_attr("data_format") in ("NCHW", b"NCHW")
    sources = [dy, x, scale]
    half = x.dtype == float16
    if half:
        dy, x = cast(dy, float32), cast(x, float32)
    if op.get_attr("is_training"):
        results = _in_training(dy, x, scale, epsilon, channels_first)
    else:
        results = _with_fixed_moments(dy, x, scale, mean, variance, epsilon, channels_first)
    if half:
        results = (cast(results[0], float16), *results[1:])
    # What the sources depend on is differentiated by whoever asked for this gradient.
    found = gradients(list(results), sources, list(given[:3]), stop_gradients=sources)
    return (*found, None, None)
