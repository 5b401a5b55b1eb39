"""Pooling of volumes: MaxPool3D, AvgPool3D and their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.dtypes import FLOATING, REAL, bfloat16, float16, float32
from pyflow.core.registry import attr, one_of, op, sample
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import shape
from pyflow.ops.conv_rules import given_shape
from pyflow.ops.pool import avg_pool_gradient_in_format, avg_pool_in_format, windows_of
from pyflow.ops.pool_kernels import max_pool, max_pool_gradient_to_all, max_pool_second_gradient
from pyflow.ops.pool_rules import VOLUME_FORMAT, check_spatial, pool_windows, pooled_shape, window_attrs
from pyflow.ops.shape_rules import merge, with_rank
from pyflow.ops.windows import channels_last

_TYPES = (float16, bfloat16, float32)
_X = ((np.arange(24, dtype=float) * 7 % 24).reshape(1, 3, 2, 2, 2) / 4 - 3).tolist()
_OVERLAPPING: dict[str, Any] = {"ksize": [1, 2, 2, 1, 1], "strides": [1, 1, 2, 1, 1], "padding": "SAME"}
_SMALL: dict[str, Any] = {"ksize": [1, 1, 2, 2, 1], "strides": [1, 1, 2, 2, 1], "padding": "VALID"}
_GIVEN = ([[[[[1.0], [2.0]], [[4.0], [4.0]]]]], [[[[[4.0]]]]])


def _max_gradient(kernel: Any, x, y, grad, ksize, strides, padding, data_format, out):
    check_spatial(ksize, strides, data_format)
    windows = pool_windows(x.shape, ksize, strides, padding, data_format)
    x, y, grad, out = (channels_last(a, data_format) for a in (x, y, grad, out))
    kernel(x, y, grad, windows, out)


def _zeros(op: Any) -> tuple:
    return zeros_like(op.inputs[0]), zeros_like(op.inputs[1])


@op("MaxPool3D(input: T) -> (output: T)", **window_attrs(5, VOLUME_FORMAT), T=_TYPES)
class MaxPool3D:
    """The greatest element of each window of volumes."""

    def shape(input, ksize, strides, padding, data_format):
        return pooled_shape("MaxPool3D", input, ksize, strides, padding, data_format)

    def cpu(input, ksize, strides, padding, data_format, out):
        check_spatial(ksize, strides, data_format)
        windows = pool_windows(input.shape, ksize, strides, padding, data_format)
        max_pool(channels_last(input, data_format), windows, channels_last(out, data_format))

    def grad(op, dy):
        return MaxPool3DGrad(op.inputs[0], op.outputs[0], dy, **windows_of(op))

    samples = [sample(_X, **_OVERLAPPING), sample(_X, **_SMALL)]


@op(
    "MaxPool3DGrad(orig_input: TInput, orig_output: TInput, grad: T) -> (output: T)",
    **window_attrs(5, VOLUME_FORMAT),
    T=one_of(_TYPES, default=float32),
    TInput=one_of(_TYPES, default=float32),
)
class MaxPool3DGrad:
    """The gradient of `MaxPool3D`: a window's gradient goes to each element that is its greatest."""

    def shape(orig_input, orig_output, grad):
        return with_rank(orig_input, 5)

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        _max_gradient(
            max_pool_gradient_to_all, orig_input, orig_output, grad, ksize, strides, padding, data_format, out
        )

    def grad(op, dy):
        return (*_zeros(op), MaxPool3DGradGrad(op.inputs[0], op.inputs[1], dy, **windows_of(op)))

    samples = [
        sample(*_GIVEN, [[[[[3.0]]]]], **_SMALL, grad=False,
               reference=lambda x, y, g: np.reshape([0, 0, 3, 3], (1, 1, 2, 2, 1)))
    ]  # fmt: skip


@op(
    "MaxPool3DGradGrad(orig_input: T, orig_output: T, grad: T) -> (output: T)",
    **window_attrs(5, VOLUME_FORMAT),
    T=attr("type", allowed=REAL),
)
class MaxPool3DGradGrad:
    """The gradient of `MaxPool3DGrad` to its gradient: what stands at each window's first greatest element."""

    def shape(orig_input, orig_output, grad, ksize, strides, padding, data_format):
        return merge(pooled_shape("MaxPool3DGradGrad", orig_input, ksize, strides, padding, data_format), orig_output)

    def cpu(orig_input, orig_output, grad, ksize, strides, padding, data_format, out):
        _max_gradient(
            max_pool_second_gradient, orig_input, orig_output, grad, ksize, strides, padding, data_format, out
        )

    def grad(op, dy):
        return (*_zeros(op), MaxPool3DGrad(op.inputs[0], op.inputs[1], dy, **windows_of(op)))

    samples = [
        sample(*_GIVEN, [[[[[3.0], [5.0]], [[6.0], [7.0]]]]], **_SMALL, grad=False,
               reference=lambda x, y, g: np.reshape([6], (1, 1, 1, 1, 1)))
    ]  # fmt: skip


@op("AvgPool3D(input: T) -> (output: T)", **window_attrs(5, VOLUME_FORMAT), T=FLOATING)
class AvgPool3D:
    """The mean of each window of volumes, of what lies within the volume."""

    def shape(input, ksize, strides, padding, data_format):
        return pooled_shape("AvgPool3D", input, ksize, strides, padding, data_format)

    def cpu(input, ksize, strides, padding, data_format, out):
        check_spatial(ksize, strides, data_format)
        avg_pool_in_format(input, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        return AvgPool3DGrad(shape(op.inputs[0]), dy, **windows_of(op))

    samples = [sample(_X, **_OVERLAPPING), sample(_X, **_SMALL)]


@op(
    "AvgPool3DGrad(orig_input_shape: int32, grad: T) -> (output: T)",
    **window_attrs(5, VOLUME_FORMAT),
    T=FLOATING,
)
class AvgPool3DGrad:
    """The gradient of `AvgPool3D`."""

    def shape(orig_input_shape, orig_input_shape_dims, grad):
        return given_shape(orig_input_shape, orig_input_shape_dims, 5)

    def cpu(orig_input_shape, grad, ksize, strides, padding, data_format, out):
        check_spatial(ksize, strides, data_format)
        avg_pool_gradient_in_format(grad, ksize, strides, padding, data_format, out)

    def grad(op, dy):
        return stop_gradient(op.inputs[0]), AvgPool3D(dy, **windows_of(op))

    samples = [
        sample([1, 3, 2, 2, 1], np.arange(6.0).reshape(1, 3, 1, 2, 1).tolist(), **_OVERLAPPING),
    ]
