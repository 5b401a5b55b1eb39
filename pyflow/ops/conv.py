"""Convolutions of images and their gradients: Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import Attr, attr, op, sample
from pyflow.ops.array_shape import shape, shape_n
from pyflow.ops.conv_rules import (
    check_gradient,
    check_moves,
    convolved_shape,
    four_numbers,
    given_shape,
    windows_of,
)
from pyflow.ops.gpu import FLOATS, dispatches
from pyflow.ops.gpu_conv import convolution, convolution_to_filter, convolution_to_input
from pyflow.ops.gpu_layout import in_either_layout
from pyflow.ops.primitives import primitives
from pyflow.ops.windows import Windows, channels_last

TYPES = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
SAME_OR_VALID = attr("string", allowed=("SAME", "VALID"))


def _attrs() -> dict[str, Attr]:
    return {
        "T": attr("type", allowed=TYPES),
        "strides": attr("list(int)"),
        "use_cudnn_on_gpu": attr("bool", default=True),
        "padding": attr("string", allowed=("SAME", "VALID", "EXPLICIT")),
        "explicit_paddings": attr("list(int)", default=[]),
        "data_format": attr("string", default="NHWC", allowed=("NHWC", "NCHW")),
        "dilations": attr("list(int)", default=[1, 1, 1, 1]),
    }


_check_numbers = four_numbers("Conv2D")


def _wide(array: np.ndarray) -> np.ndarray:
    """Halves in single precision, in which they are computed."""
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _filled(out: np.ndarray, data_format: str, fill: Callable[[np.ndarray], None]) -> None:
    """Has a channels-last array of full precision filled, and brings it into the form of `out`."""
    target = channels_last(out, data_format)
    if out.dtype == np.float16 or not target.flags.c_contiguous:
        dense = np.empty(target.shape, np.float32 if out.dtype == np.float16 else out.dtype)
        fill(dense)
        target[...] = dense
    else:
        fill(target)


def _groups(depth: int, filter: np.ndarray | tuple) -> list[tuple[slice, slice]]:
    """For each group the input channels and the output channels that it connects; nearly always there is one."""
    shape = filter if isinstance(filter, tuple) else filter.shape
    inputs, outputs = shape[-2:]
    count = depth // inputs if inputs else 1
    each = outputs // max(count, 1)
    return [(slice(i * inputs, (i + 1) * inputs), slice(i * each, (i + 1) * each)) for i in range(count)]


def convolve(x: np.ndarray, filter: np.ndarray, windows: Windows, data_format: str, out: np.ndarray) -> None:
    """Fills `out` with the convolution; x and out are in the data format."""
    x, filter = channels_last(_wide(x), data_format), _wide(filter)
    groups = _groups(x.shape[-1], filter)

    def fill(dense: np.ndarray) -> None:
        if len(groups) == 1:
            primitives.convolve(x, filter, windows, dense)
            return
        for inputs, outputs in groups:
            primitives.convolve(x[..., inputs], filter[..., outputs], windows, dense[..., outputs])

    _filled(out, data_format, fill)


def convolve_to_input(
    filter: np.ndarray, gradient: np.ndarray, windows: Windows, data_format: str, out: np.ndarray
) -> None:
    """Fills `out` with the gradient of a convolution to its input."""
    gradient, filter = channels_last(_wide(gradient), data_format), _wide(filter)
    groups = _groups(channels_last(out, data_format).shape[-1], filter)

    def fill(dense: np.ndarray) -> None:
        if len(groups) == 1:
            primitives.convolve_to_input(filter, gradient, windows, dense)
            return
        for inputs, outputs in groups:
            part = np.empty((*dense.shape[:-1], filter.shape[-2]), dense.dtype)
            primitives.convolve_to_input(
                np.ascontiguousarray(filter[..., outputs]), np.ascontiguousarray(gradient[..., outputs]), windows, part
            )
            dense[..., inputs] = part

    _filled(out, data_format, fill)


def convolve_to_filter(
    x: np.ndarray, gradient: np.ndarray, windows: Windows, data_format: str, out: np.ndarray
) -> None:
    """Fills `out` with the gradient of a convolution to its filter."""
    x, gradient = channels_last(_wide(x), data_format), channels_last(_wide(gradient), data_format)
    groups = _groups(x.shape[-1], out)

    def fill(dense: np.ndarray) -> None:
        if len(groups) == 1:
            primitives.convolve_to_filter(x, np.ascontiguousarray(gradient), windows, dense)
            return
        for inputs, outputs in groups:
            part = np.empty((*dense.shape[:-1], outputs.stop - outputs.start), dense.dtype)
            primitives.convolve_to_filter(x[..., inputs], np.ascontiguousarray(gradient[..., outputs]), windows, part)
            dense[..., outputs] = part

    _filled(out, "NHWC", fill)


def attrs_of(op: Any) -> dict[str, Any]:
    """The attrs that a convolution shares with its gradients."""
    names = ("strides", "padding", "use_cudnn_on_gpu", "explicit_paddings", "data_format", "dilations")
    return {name: op.get_attr(name) for name in names}


_IMAGE = (np.arange(24, dtype=float).reshape(1, 4, 3, 2) % 7 - 3).tolist()
_IMAGE_OF_ONE = np.arange(12.0).reshape(1, 4, 3, 1).tolist()
_FILTER = (np.arange(12, dtype=float).reshape(2, 3, 2, 1) % 5 - 2).tolist()


@op("Conv2D(input: T, filter: T) -> (output: T)", **_attrs())
class Conv2D:
    """The convolution of images [n, height, width, in] with filters [rows, columns, in, out]."""

    def shape(input, filter, strides, padding, explicit_paddings, data_format, dilations):
        _check_numbers(strides, dilations)
        return convolved_shape(input, filter, strides, padding, explicit_paddings, data_format, dilations)

    def cpu(input, filter, strides, padding, explicit_paddings, data_format, dilations, out):
        check_moves(strides, dilations, data_format)
        windows = windows_of(input.shape, filter.shape, strides, padding, explicit_paddings, data_format, dilations)
        convolve(input, filter, windows, data_format, out)

    def grad(op, dy):
        x, filter = op.inputs
        x_shape, filter_shape = shape_n([x, filter])
        attrs = attrs_of(op)
        return (
            Conv2DBackpropInput(x_shape, filter, dy, **attrs),
            Conv2DBackpropFilter(x, filter_shape, dy, **attrs),
        )

    gpu = dispatches(in_either_layout(convolution), types=FLOATS)
    samples = [
        sample(_IMAGE, _FILTER, strides=[1, 1, 1, 1], padding="SAME"),
        sample(_IMAGE, _FILTER, strides=[1, 2, 2, 1], padding="VALID"),
        sample(_IMAGE, _FILTER, strides=[1, 2, 1, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 2, 1, 0, 1, 0, 0]),
        sample(_IMAGE, _FILTER, strides=[1, 1, 1, 1], padding="SAME", dilations=[1, 2, 1, 1]),
    ]


@op("Conv2DBackpropInput(input_sizes: int32, filter: T, out_backprop: T) -> (output: T)", **_attrs())
class Conv2DBackpropInput:
    """The gradient of `Conv2D` to its input, which has the shape `input_sizes`."""

    def shape(input_sizes, input_sizes_dims, filter, out_backprop):
        return given_shape(input_sizes, input_sizes_dims, 4)

    def cpu(input_sizes, filter, out_backprop, strides, padding, explicit_paddings, data_format, dilations, out):
        check_moves(strides, dilations, data_format)
        windows = windows_of(out.shape, filter.shape, strides, padding, explicit_paddings, data_format, dilations)
        check_gradient("Conv2DCustomBackpropInput", out.shape, filter.shape, out_backprop.shape, windows, data_format)
        convolve_to_input(filter, out_backprop, windows, data_format, out)

    def grad(op, dy):
        attrs = attrs_of(op)
        return (
            None,
            Conv2DBackpropFilter(dy, shape(op.inputs[1]), op.inputs[2], **attrs),
            Conv2D(dy, op.inputs[1], **attrs),
        )

    gpu = dispatches(in_either_layout(convolution_to_input, inputs=[2]), types=FLOATS)
    samples = [
        sample([1, 3, 4, 1], [[[[1.0, 2.0]], [[-1.0, 0.5]]]], np.arange(24.0).reshape(1, 3, 4, 2).tolist(),
               strides=[1, 1, 1, 1], padding="SAME"),
        sample([1, 3, 4, 1], [[[[1.0, 2.0]], [[-1.0, 0.5]]]], np.arange(8.0).reshape(1, 2, 2, 2).tolist(),
               strides=[1, 2, 2, 1], padding="SAME"),
    ]  # fmt: skip


@op("Conv2DBackpropFilter(input: T, filter_sizes: int32, out_backprop: T) -> (output: T)", **_attrs())
class Conv2DBackpropFilter:
    """The gradient of `Conv2D` to its filter, which has the shape `filter_sizes`."""

    def shape(filter_sizes, filter_sizes_dims, input, out_backprop):
        return given_shape(filter_sizes, filter_sizes_dims, 4)

    def cpu(input, filter_sizes, out_backprop, strides, padding, explicit_paddings, data_format, dilations, out):
        check_moves(strides, dilations, data_format)
        windows = windows_of(input.shape, out.shape, strides, padding, explicit_paddings, data_format, dilations)
        check_gradient("Conv2DCustomBackpropFilter", input.shape, out.shape, out_backprop.shape, windows, data_format)
        convolve_to_filter(input, out_backprop, windows, data_format, out)

    def grad(op, dy):
        attrs = attrs_of(op)
        return (
            Conv2DBackpropInput(shape(op.inputs[0]), dy, op.inputs[2], **attrs),
            None,
            Conv2D(op.inputs[0], dy, **attrs),
        )

    gpu = dispatches(in_either_layout(convolution_to_filter, [0, 2], []), types=FLOATS)
    samples = [
        sample(_IMAGE, [2, 3, 2, 1], _IMAGE_OF_ONE, strides=[1, 1, 1, 1], padding="SAME"),
    ]
