"""FusedBatchNorm in its three versions, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import bfloat16, float16, float32
from pyflow.core.registry import Attr, ShapeError, attr, op, raw, sample
from pyflow.core.tensor import Tensor
from pyflow.ops import batch_norm_kernels as kernels
from pyflow.ops.array import transpose
from pyflow.ops.batch_norm_gradient import second_gradients
from pyflow.ops.constant import constant
from pyflow.ops.gpu import FLOAT32, dispatches
from pyflow.ops.gpu_batch_norm import normalization, normalization_gradient
from pyflow.ops.gpu_layout import in_either_layout
from pyflow.ops.shape_rules import merge_dim, text, with_rank
from pyflow.ops.windows import channels_last

_HALVES = (float16, bfloat16, float32)


def _attrs(narrow: bool) -> dict[str, Attr]:
    types = {"T": attr("type", allowed=_HALVES), "U": attr("type", allowed=(float32,))}
    return {
        **(types if narrow else {"T": attr("type", allowed=(float32,))}),
        "epsilon": attr("float", default=1e-4),
        "data_format": attr("string", default="NHWC", allowed=("NHWC", "NCHW")),
        "is_training": attr("bool", default=True),
    }


def _ranked(x: Any, rank: int, at_run: str) -> tuple:
    try:
        return with_rank(x, rank)
    except ShapeError as error:
        raise ShapeError(str(error), at_run + text(x)) from None


def _shapes(x: Any, vectors: tuple, data_format: str) -> tuple[tuple, tuple]:
    """The shapes of the images and of what has a number per channel."""
    x = _ranked(x, 4, "input must be 4-dimensional")
    axis = 1 if data_format == "NCHW" else 3
    channels = x[axis]
    for vector in vectors:
        channels = merge_dim(channels, _ranked(vector, 1, "scale must be 1-dimensional")[0])
    return (*x[:axis], channels, *x[axis + 1 :]), (channels,)


def _rows(x: np.ndarray, data_format: str) -> np.ndarray:
    """A row of channels for each pixel, in single precision."""
    x = channels_last(x, data_format)
    return np.ascontiguousarray(x, np.float32).reshape(-1, x.shape[-1])


def _store(rows: np.ndarray, out: np.ndarray, data_format: str) -> None:
    target = channels_last(out, data_format)
    target[...] = rows.reshape(target.shape)


def _direct(out: np.ndarray, data_format: str) -> np.ndarray | None:
    """Rows in the memory of `out`, if it has the form for that."""
    if out.dtype != np.float32 or data_format == "NCHW" or not out.flags.c_contiguous:
        return None
    return out.reshape(-1, out.shape[-1])


def _forward_shape(x, scale, offset, mean, variance, data_format, is_training):
    vectors = (scale, offset) if is_training else (scale, offset, mean, variance)
    images, channels = _shapes(x, vectors, data_format)
    return images, channels, channels, channels, channels


def _forward(x, scale, offset, mean, variance, epsilon, data_format, is_training, out):
    y, batch_mean, batch_variance, saved_mean, saved_variance = out[:5]
    rows = _rows(x, data_format)
    if is_training:
        mean, variance = kernels.moments(rows)
        # What moving averages are fed with is the unbiased estimate.
        batch_variance[...] = variance * np.float32(len(rows) / max(len(rows) - 1, 1))
    else:
        batch_variance[...] = variance
    batch_mean[...] = saved_mean[...] = mean
    saved_variance[...] = variance
    direct = _direct(y, data_format)
    result = np.empty_like(rows) if direct is None else direct
    kernels.normalize(rows, mean, variance, scale, offset, epsilon, result)
    if direct is None:
        _store(result, y, data_format)
    for reserved in out[5:]:
        reserved[...] = 0


def _backward_shape(y_backprop, x, scale, reserve_space_1, reserve_space_2, data_format, is_training):
    images, channels = _shapes(x, (scale, reserve_space_1, reserve_space_2), data_format)
    reserved = (0,) if is_training else channels
    return images, channels, channels, reserved, reserved


def _backward(y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format, is_training, out):
    to_x, to_scale, to_offset, *reserved = out
    for nothing in reserved:
        nothing[...] = 0
    direct = _direct(to_x, data_format)
    rows = _rows(x, data_format)
    result = np.empty_like(rows) if direct is None else direct
    to_scale[...], to_offset[...] = kernels.gradients(
        _rows(y_backprop, data_format), rows, scale, reserve_space_1, reserve_space_2, epsilon, is_training, result
    )
    if direct is None:
        _store(result, to_x, data_format)


def _gradients(op: Any, dy: Tensor, gradient_op: Any) -> tuple:
    x, scale, _, mean, variance = op.inputs
    data_format = op.get_attr("data_format")
    rest = tuple(op.outputs[5:])
    attrs = {name: op.get_attr(name) for name in ("epsilon", "is_training")}
    if attrs["is_training"]:
        reserved = (op.outputs[3], op.outputs[4], *rest)
        return tuple(gradient_op(dy, x, scale, *reserved, data_format=data_format, **attrs)[:5])
    channels_first = data_format in ("NCHW", b"NCHW")
    if channels_first:
        x, dy = transpose(x, [0, 2, 3, 1]), transpose(dy, [0, 2, 3, 1])
    dx, dscale, doffset, *_ = gradient_op(dy, x, scale, mean, variance, *rest, data_format="NHWC", **attrs)
    return transpose(dx, [0, 3, 1, 2]) if channels_first else dx, dscale, doffset, None, None


_X = (np.arange(12, dtype=np.float32) * 5 % 12 / 4 - 1).reshape(1, 2, 3, 2)
_DY = (np.arange(12, dtype=np.float32) * 7 % 12 / 4 - 1).reshape(1, 2, 3, 2)
_SCALE, _OFFSET = np.array([1.5, 0.5], np.float32), np.array([0.25, -1.0], np.float32)
_MEAN, _VARIANCE = np.array([0.5, -0.25], np.float32), np.array([0.75, 1.25], np.float32)
_NONE = np.zeros(0, np.float32)
_TRAINED = (_X, _SCALE, _OFFSET, _NONE, _NONE)
_FIXED = (_X, _SCALE, _OFFSET, _MEAN, _VARIANCE)


def _inference(x, scale, offset, mean, variance):
    y = (x - mean) * scale / np.sqrt(variance + 1e-4) + offset
    return y, mean, variance, mean, variance


def _training(x, scale, offset, mean, variance):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    y = (x - mean) * scale / np.sqrt(variance + 1e-4) + offset
    return y, mean, variance * 6 / 5, mean, variance


def _samples(extra: tuple = ()) -> list:
    return [
        sample(*_TRAINED, grad=False, reference=lambda *inputs: (*_training(*inputs), *extra)),
        sample(*_FIXED, grad=False, is_training=False, reference=lambda *inputs: (*_inference(*inputs), *extra)),
    ]


def _backward_samples(extra: tuple = ()) -> list:
    return [
        sample(_DY, _X, _SCALE, _MEAN, _VARIANCE, *extra, grad=False),
        sample(_DY, _X, _SCALE, _MEAN, _VARIANCE, *extra, grad=False, is_training=False),
    ]


@op(
    "FusedBatchNorm(x: T, scale: T, offset: T, mean: T, variance: T) -> "
    "(y: T, batch_mean: T, batch_variance: T, reserve_space_1: T, reserve_space_2: T)",
    **_attrs(narrow=False),
)
class FusedBatchNorm:
    """Batch normalization of images of floats; see `fused_batch_norm`."""

    shape = _forward_shape
    cpu = _forward

    def grad(op, dy, *_):
        return _gradients(op, dy, FusedBatchNormGrad)

    gpu = dispatches(in_either_layout(normalization), types=FLOAT32, widened=True)
    samples = _samples()


@op(
    "FusedBatchNormV2(x: T, scale: U, offset: U, mean: U, variance: U) -> "
    "(y: T, batch_mean: U, batch_variance: U, reserve_space_1: U, reserve_space_2: U)",
    **_attrs(narrow=True),
)
class FusedBatchNormV2:
    """Batch normalization of images; see `fused_batch_norm`."""

    shape = _forward_shape
    cpu = _forward

    def grad(op, dy, *_):
        return _gradients(op, dy, FusedBatchNormGradV2)

    gpu = dispatches(in_either_layout(normalization), types=FLOAT32, widened=True)
    samples = _samples()


@op(
    "FusedBatchNormV3(x: T, scale: U, offset: U, mean: U, variance: U) -> (y: T, batch_mean: U, batch_variance: U, "
    "reserve_space_1: U, reserve_space_2: U, reserve_space_3: U)",
    **_attrs(narrow=True),
)
class FusedBatchNormV3:
    """Batch normalization of images; see `fused_batch_norm`. The third reserve has a use on GPUs only."""

    def shape(x, scale, offset, mean, variance, data_format, is_training):
        return (*_forward_shape(x, scale, offset, mean, variance, data_format, is_training), ())

    cpu = _forward

    def grad(op, dy, *_):
        return _gradients(op, dy, FusedBatchNormGradV3)

    gpu = dispatches(in_either_layout(normalization), types=FLOAT32, widened=True)
    samples = _samples((0,))


@op(
    "FusedBatchNormGrad(y_backprop: T, x: T, scale: T, reserve_space_1: T, reserve_space_2: T) -> "
    "(x_backprop: T, scale_backprop: T, offset_backprop: T, reserve_space_3: T, reserve_space_4: T)",
    **_attrs(narrow=False),
)
class FusedBatchNormGrad:
    """The gradient of `FusedBatchNorm`; the reserves are mean and variance."""

    shape = _backward_shape
    cpu = _backward
    grad = second_gradients
    gpu = dispatches(in_either_layout(normalization_gradient, [0, 1]), types=FLOAT32, widened=True)
    samples = _backward_samples()


@op(
    "FusedBatchNormGradV2(y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U) -> "
    "(x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_3: U, reserve_space_4: U)",
    **_attrs(narrow=True),
)
class FusedBatchNormGradV2:
    """The gradient of `FusedBatchNormV2`; the reserves are mean and variance."""

    shape = _backward_shape
    cpu = _backward
    grad = second_gradients
    gpu = dispatches(in_either_layout(normalization_gradient, [0, 1]), types=FLOAT32, widened=True)
    samples = _backward_samples()


@op(
    "FusedBatchNormGradV3(y_backprop: T, x: T, scale: float32, reserve_space_1: U, reserve_space_2: U, "
    "reserve_space_3: U) -> (x_backprop: T, scale_backprop: U, offset_backprop: U, reserve_space_4: U, "
    "reserve_space_5: U)",
    **_attrs(narrow=True),
)
class FusedBatchNormGradV3:
    """The gradient of `FusedBatchNormV3`; the first two reserves are mean and variance."""

    shape = _backward_shape
    cpu = _backward

    def grad(op, *gradients):
        return (*second_gradients(op, *gradients), None)

    gpu = dispatches(in_either_layout(normalization_gradient, [0, 1]), types=FLOAT32, widened=True)
    samples = _backward_samples((np.float32(0),))


@export("nn.fused_batch_norm")
def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalizes each channel to mean 0 and variance 1, then scales and shifts it.

    Source: S. Ioffe and C. Szegedy, Batch Normalization, 2015.

    Args:
      x: [n, height, width, channels], or [n, channels, height, width] for "NCHW".
      scale, offset: [channels], float32.
      mean, variance: [channels]; None in training, where they are taken from `x`.
      epsilon: is added to the variance; at least 1.001e-5.

    Returns:
      The normalized images, the mean and the variance (in training the unbiased estimate).

    Raises:
      ValueError: mean or variance are given in training.
    """
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    if is_training and (mean is not None or variance is not None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    mean = constant([]) if mean is None else mean
    variance = constant([]) if variance is None else variance
    result = raw.FusedBatchNormV3(
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=max(epsilon, 1.001e-5),
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return result[0], result[1], result[2]
