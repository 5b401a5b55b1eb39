"""Pooling of images: MaxPool, AvgPool and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.dtypes import FLOATING, REAL, float32
from pyflow.core.registry import attr, one_of, op, sample
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import shape
from pyflow.ops.conv_rules import given_shape
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_conv import pooling
from pyflow.ops.pool_kernels import (
    avg_pool,
    avg_pool_gradient,
    max_pool_second_gradient,
)
from pyflow.ops.pool_rules import (
    IMAGE_FORMAT,
    check_spatial,
    pool_windows,
    pooled_shape,
    pools_depth,
    refuse,
    window_attrs,
)
from pyflow.ops.primitives import primitives
from pyflow.ops.shape_rules import merge, with_rank
from pyflow.ops.windows import batch_and_depth, channels_last, spatial

# MaxPool takes channels in groups of four too, on a GPU.
_MAX_POOL_FORMAT = attr("string", default="NHWC", allowed=("NHWC", "NCHW", "NCHW_VECT_C"))
MAX_POOL_TYPES = tuple(
    dtypes.as_dtype(name)
    for name in "float16 bfloat16 float32 float64 int32 int64 uint8 int16 int8 uint16 qint8".split()
)
IMAGE = ((np.arange(30, dtype=float) * 7 % 30).reshape(1, 5, 3, 2) / 4 - 3).tolist()
_OVERLAPPING: dict[str, Any] = {"ksize": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "padding": "SAME"}
_APART: dict[str, Any] = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}


def windows_of(op: Any) -> dict[str, Any]:
    """The attrs that pooling shares with its gradients."""
    return {name: op.get_attr(name) for name in ("ksize", "strides", "padding", "data_format")}


def max_pool_in_format(
    x: np.ndarray, ksize: Any, strides: Any, padding: str, data_format: str, out: np.ndarray
) -> None:
    """`max_pool` of arrays in a data format, or the greatest of neighbouring channels."""
    if data_format == "NCHW_VECT_C":
        raise NotImplementedError("MaxPool with data_format NCHW_VECT_C")
    depth = pools_depth(x, ksize, strides, data_format)
    result = channels_last(out, data_format)
    x = channels_last(x, data_format)
    if depth > 1:
        np.maximum.reduce(x.reshape(*result.shape, depth), -1, out=result)
    else:
        windows = pool_windows(x.shape, _last(ksize, data_format), _last(strides, data_format), padding, "NHWC")
        primitives.max_pool(x, windows, result)


def _last(values: Any, data_format: str) -> list[int]:
    """Numbers for all axes with that of the channels behind."""
    return [1, *(int(v) for v in spatial(values, data_format)), 1]


def max_pool_gradient_in_format(kernel: Any, x, y, grad, ksize, strides, padding, data_format, out):
    """One of the kernels of max pooling's gradients, with arrays in a data format."""
    check_spatial(ksize, strides, data_format, gradient=True)
    arrays = [channels_last(a, data_format) for a in (x, y, grad, out)]
    windows = pool_windows(arrays[0].shape, _last(ksize, data_format), _last(strides, data_format), padding, "NHWC")
    kernel(*arrays[:3], windows, arrays[3])


@op("MaxPool(input: T) -> (output: T)", T=one_of(MAX_POOL_TYPES, default=float32), **window_attrs(4, _MAX_POOL_FORMAT))
class MaxPool:
    """The greatest element of each window of images."""

    def shape(input, ksize, strides, padding, data_format):
        return pooled_shape("MaxPool", input, ksize, strides, padding, data_format)

    def cpu(input, ksize, strides, padding, data_format, out):
        max_pool_in_format(input, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        return MaxPoolGrad(op.inputs[0], op.outputs[0], dy, **windows_of(op))

    gpu = dispatches(pooling("max"), types=FLOATS)
    samples = [
        sample(IMAGE, **_OVERLAPPING),
        sample(IMAGE, **_APART),
        sample(IMAGE, ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID", grad=False),
    ]


def _two_zeros(op: Any) -> tuple:
    x, y = op.inputs[:2]
    return zeros(shape(x), x.dtype), zeros(shape(y), y.dtype)


@op(
    "MaxPoolGrad(orig_input: T, orig_output: T, grad: T) -> (output: T)",
    **window_attrs(4, IMAGE_FORMAT),
    T=one_of(REAL, default=float32),
)
class MaxPoolGrad:
    """The gradient of `MaxPool`: a window's gradient goes to its first greatest element."""

    def shape(orig_input, orig_output, grad):
        return with_rank(orig_input, 4)

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        max_pool_gradient_in_format(
            primitives.max_pool_to_input, orig_input, orig_output, grad, ksize, strides, padding, data_format, out
        )

    def grad(op, dy):
        return (*_two_zeros(op), MaxPoolGradGrad(op.inputs[0], op.inputs[1], dy, **windows_of(op)))

    gpu = dispatches(pooling("max_gradient"), types=FLOATS)
    samples = [
        sample([[[[1.0], [2.0]], [[4.0], [4.0]]]], [[[[4.0]]]], [[[[3.0]]]], **_APART, grad=False,
               reference=lambda x, y, g: [[[[[0], [0]], [[3], [0]]]]])
    ]  # fmt: skip


@op(
    "MaxPoolGradGrad(orig_input: T, orig_output: T, grad: T) -> (output: T)",
    **window_attrs(4, IMAGE_FORMAT),
    T=REAL,
)
class MaxPoolGradGrad:
    """The gradient of `MaxPoolGrad` to its gradient: what stands at each window's first greatest element."""

    def shape(orig_input, orig_output, grad, ksize, strides, padding, data_format):
        return merge(pooled_shape("MaxPoolGradGrad", orig_input, ksize, strides, padding, data_format), orig_output)

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        max_pool_gradient_in_format(
            max_pool_second_gradient, orig_input, orig_output, grad, ksize, strides, padding, data_format, out
        )

    def grad(op, dy):
        return (*_two_zeros(op), MaxPoolGrad(op.inputs[0], op.inputs[1], dy, **windows_of(op)))

    samples = [
        sample([[[[1.0], [2.0]], [[4.0], [4.0]]]], [[[[4.0]]]], [[[[3.0], [5.0]], [[6.0], [7.0]]]], **_APART,
               grad=False, reference=lambda x, y, g: [[[[[6]]]]])
    ]  # fmt: skip


def _check_avg(x: Any, ksize: Any, strides: Any, data_format: str) -> None:
    pools_depth(x, ksize, strides, data_format)
    if batch_and_depth(ksize, data_format) != (1, 1) or batch_and_depth(strides, data_format) != (1, 1):
        refuse("Non-spatial pooling is not yet supported. Volunteers? :)")


@op("AvgPool(value: T) -> (output: T)", **window_attrs(4, IMAGE_FORMAT), T=FLOATING)
class AvgPool:
    """The mean of each window of images, of what lies within the image."""

    def shape(value, ksize, strides, padding, data_format):
        return pooled_shape("AvgPool", value, ksize, strides, padding, data_format)

    def cpu(value, ksize, strides, padding, data_format, out):
        _check_avg(value, ksize, strides, data_format)
        avg_pool_in_format(value, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        return AvgPoolGrad(shape(op.inputs[0]), dy, **windows_of(op))

    gpu = dispatches(pooling("average"), types=FLOATS)
    samples = [sample(IMAGE, **_OVERLAPPING), sample(IMAGE, **_APART)]


def avg_pool_in_format(value: Any, ksize: Any, strides: Any, padding: str, data_format: str, out: np.ndarray) -> None:
    """`avg_pool` of arrays in a data format; halves are summed in single precision."""
    x, result = channels_last(value, data_format), channels_last(out, data_format)
    windows = pool_windows(value.shape, ksize, strides, padding, data_format)
    if out.dtype == np.float16:
        wide = np.empty(result.shape, np.float32)
        avg_pool(x.astype(np.float32), windows, wide)
        result[...] = wide
    else:
        avg_pool(x, windows, result)


@op("AvgPoolGrad(orig_input_shape: int32, grad: T) -> (output: T)", **window_attrs(4, IMAGE_FORMAT), T=FLOATING)
class AvgPoolGrad:
    """The gradient of `AvgPool`."""

    def shape(orig_input_shape, orig_input_shape_dims, grad):
        return given_shape(orig_input_shape, orig_input_shape_dims, 4)

    def cpu(orig_input_shape, grad, ksize, strides, padding, data_format, out):
        _check_avg(out, ksize, strides, data_format)
        avg_pool_gradient_in_format(grad, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        return stop_gradient(op.inputs[0]), AvgPool(dy, **windows_of(op))

    gpu = dispatches(pooling("average_gradient"), types=FLOATS)
    samples = [sample([1, 3, 3, 1], np.arange(6.0).reshape(1, 2, 3, 1).tolist(), **_OVERLAPPING)]


def avg_pool_gradient_in_format(
    grad: Any, ksize: Any, strides: Any, padding: str, data_format: str, out: np.ndarray
) -> None:
    """`avg_pool_gradient` of arrays in a data format."""
    windows = pool_windows(out.shape, ksize, strides, padding, data_format)
    avg_pool_gradient(channels_last(grad, data_format), windows, channels_last(out, data_format))
