"""Depthwise convolutions and their gradients: DepthwiseConv2dNative and its Backprop ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.registry import Attr, attr, op, sample
from pyflow.ops import conv_depthwise_kernels as kernels
from pyflow.ops.array_shape import shape
from pyflow.ops.conv import TYPES
from pyflow.ops.conv_rules import check_gradient, check_moves, four_numbers, given_shape, windows_of
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_conv import depthwise, depthwise_to_filter, depthwise_to_input
from pyflow.ops.gpu_layout import in_either_layout
from pyflow.ops.shape_rules import merge_dim, with_rank
from pyflow.ops.windows import (
    Windows,
    batch_and_depth,
    channels_last,
    count_windows,
    in_format,
    spatial,
)


def _attrs() -> dict[str, Attr]:
    return {
        "T": attr("type", allowed=TYPES),
        "strides": attr("list(int)"),
        "padding": attr("string", allowed=("SAME", "VALID")),
        "data_format": attr("string", default="NHWC", allowed=("NHWC", "NCHW")),
        "dilations": attr("list(int)", default=[1, 1, 1, 1]),
    }


_check_numbers = four_numbers("DepthwiseConv2D")


def _windows(x: Any, filter: Any, strides: Any, padding: str, data_format: str, dilations: Any) -> Windows:
    check_moves(strides, dilations, data_format)
    rows, columns = spatial(strides, data_format)
    if rows != columns:
        message = "Current implementation only supports equal length strides in the row and column dimensions."
        raise errors.InvalidArgumentError(None, None, message)
    return windows_of(x, filter, strides, padding, (), data_format, dilations)


def _check(kernel: str, x: tuple, filter: tuple, gradient: tuple, windows: Windows, data_format: str) -> None:
    batch, depth = batch_and_depth(x, data_format)
    if depth != filter[2]:
        words = f"{kernel}: input and filter must have the same in_depth"
        raise errors.InvalidArgumentError(None, None, words)
    check_gradient(kernel, x, (*filter[:2], depth, filter[2] * filter[3]), gradient, windows, data_format)


def _dense(array: np.ndarray, data_format: str) -> np.ndarray:
    """Channels-last, contiguous, and of at least single precision."""
    array = channels_last(array, data_format)
    return np.ascontiguousarray(array, np.float32 if array.dtype == np.float16 else array.dtype)


def _filled(out: np.ndarray, data_format: str, fill: Callable[[np.ndarray], None]) -> None:
    target = channels_last(out, data_format)
    if target.flags.c_contiguous and out.dtype != np.float16:
        fill(target)
        return
    dense = np.empty(target.shape, np.float32 if out.dtype == np.float16 else out.dtype)
    fill(dense)
    target[...] = dense


def _attrs_of(op: Any) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("strides", "padding", "data_format", "dilations")}


_IMAGE = (np.arange(24, dtype=float).reshape(1, 4, 3, 2) % 7 - 3).tolist()
_FILTER = (np.arange(12, dtype=float).reshape(2, 3, 2, 1) % 5 - 2).tolist()
_TWICE = (np.arange(16, dtype=float).reshape(2, 2, 2, 2) % 5 - 2).tolist()
_DY = (np.arange(24, dtype=float).reshape(1, 4, 3, 2) % 5 - 1).tolist()


@op("DepthwiseConv2dNative(input: T, filter: T) -> (output: T)", **_attrs())
class DepthwiseConv2dNative:
    """The convolution of each channel by itself: [n, height, width, in] with [rows, columns, in, multiplier].

    Channel k of the input gives the channels k · multiplier and following.
    """

    def shape(input, filter, strides, padding, data_format, dilations):
        _check_numbers(strides, dilations)
        input, filter = with_rank(input, 4), with_rank(filter, 4)
        batch, depth = batch_and_depth(input, data_format)
        depth = merge_dim(depth, filter[2])
        counts = [
            count_windows(size, k, stride, padding, dilation)
            for size, k, stride, dilation in zip(
                spatial(input, data_format), filter, spatial(strides, data_format), spatial(dilations, data_format)
            )
        ]
        out_depth = None if depth is None or filter[3] is None else depth * filter[3]
        return in_format(batch, counts, out_depth, data_format)

    def cpu(input, filter, strides, padding, data_format, dilations, out):
        windows = _windows(input.shape, filter.shape, strides, padding, data_format, dilations)
        x, weights = _dense(input, data_format), _dense(filter, "")
        _filled(out, data_format, lambda dense: kernels.convolve(x, weights, windows, dense))

    def grad(op, dy):
        x, filter = op.inputs
        attrs = _attrs_of(op)
        return (
            DepthwiseConv2dNativeBackpropInput(shape(x), filter, dy, **attrs),
            DepthwiseConv2dNativeBackpropFilter(x, shape(filter), dy, **attrs),
        )

    gpu = dispatches(in_either_layout(depthwise), types=FLOATS)
    samples = [
        sample(_IMAGE, _FILTER, strides=[1, 1, 1, 1], padding="SAME"),
        sample(_IMAGE, _TWICE, strides=[1, 2, 2, 1], padding="VALID"),
        sample(_IMAGE, _TWICE, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 1, 1]),
    ]


@op("DepthwiseConv2dNativeBackpropInput(input_sizes: int32, filter: T, out_backprop: T) -> (output: T)", **_attrs())
class DepthwiseConv2dNativeBackpropInput:
    """The gradient of `DepthwiseConv2dNative` to its input, which has the shape `input_sizes`."""

    def shape(input_sizes, input_sizes_dims, filter, out_backprop):
        return given_shape(input_sizes, input_sizes_dims, 4)

    def cpu(input_sizes, filter, out_backprop, strides, padding, data_format, dilations, out):
        windows = _windows(out.shape, filter.shape, strides, padding, data_format, dilations)
        kernel = "Conv2DCustomBackpropInput"
        _check(kernel, out.shape, filter.shape, out_backprop.shape, windows, data_format)
        weights, dy = _dense(filter, ""), _dense(out_backprop, data_format)
        _filled(out, data_format, lambda dense: kernels.convolve_to_input(weights, dy, windows, dense))

    def grad(op, dy):
        _, filter, gradient = op.inputs
        attrs = _attrs_of(op)
        return (
            None,
            DepthwiseConv2dNativeBackpropFilter(dy, shape(filter), gradient, **attrs),
            DepthwiseConv2dNative(dy, filter, **attrs),
        )

    gpu = dispatches(in_either_layout(depthwise_to_input, inputs=[2]), types=FLOATS)
    samples = [sample([1, 4, 3, 2], _FILTER, _DY, strides=[1, 1, 1, 1], padding="SAME")]


@op("DepthwiseConv2dNativeBackpropFilter(input: T, filter_sizes: int32, out_backprop: T) -> (output: T)", **_attrs())
class DepthwiseConv2dNativeBackpropFilter:
    """The gradient of `DepthwiseConv2dNative` to its filter, which has the shape `filter_sizes`."""

    def shape(input, filter_sizes, filter_sizes_dims, out_backprop):
        return given_shape(filter_sizes, filter_sizes_dims, 4)

    def cpu(input, filter_sizes, out_backprop, strides, padding, data_format, dilations, out):
        windows = _windows(input.shape, out.shape, strides, padding, data_format, dilations)
        kernel = "Conv2DCustomBackpropFilter"
        _check(kernel, input.shape, out.shape, out_backprop.shape, windows, data_format)
        x, dy = _dense(input, data_format), _dense(out_backprop, data_format)
        _filled(out, "", lambda dense: kernels.convolve_to_filter(x, dy, windows, dense))

    def grad(op, dy):
        x, _, gradient = op.inputs
        attrs = _attrs_of(op)
        return (
            DepthwiseConv2dNativeBackpropInput(shape(x), dy, gradient, **attrs),
            None,
            DepthwiseConv2dNative(x, dy, **attrs),
        )

    gpu = dispatches(in_either_layout(depthwise_to_filter, [0, 2], []), types=FLOATS)
    samples = [sample(_IMAGE, [2, 3, 2, 1], _DY, strides=[1, 1, 1, 1], padding="SAME")]


export("nn.depthwise_conv2d_native")(DepthwiseConv2dNative)
export("nn.depthwise_conv2d_native_backprop_input", "nn.depthwise_conv2d_backprop_input")(
    DepthwiseConv2dNativeBackpropInput
)
export("nn.depthwise_conv2d_native_backprop_filter", "nn.depthwise_conv2d_backprop_filter")(
    DepthwiseConv2dNativeBackpropFilter
)
