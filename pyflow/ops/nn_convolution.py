"""Convolutions over one to three axes, dilated ones, and those made of depthwise ones."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.conv import Conv2D, Conv2DBackpropInput
from pyflow.ops.conv3d import Conv3D, conv3d_transpose
from pyflow.ops.conv_depthwise import DepthwiseConv2dNative
from pyflow.ops.nn_conv import conv2d, conv2d_transpose
from pyflow.ops.nn_dilated import moves, over_interleaved_parts
from pyflow.ops.window_arguments import channel_index, numbers_for


@export("nn.convolution")
def convolution(
    input: Any,
    filter: Any,
    padding: Any,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution over one, two or three axes.

    Args:
      input: [n, sizes, in], or [n, in, sizes] if `data_format` begins with "NC".
      filter: [window, in, out] (`filters` is its newer name).
      padding: "SAME" or "VALID".
      strides, dilation_rate: an int, or one for each axis; not both above 1. `dilations` is a newer name.

    Raises:
      ValueError: ranks or channels do not fit.
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    rates = renamed_argument("dilations", dilations, "dilation_rate", dilation_rate)
    input_shape = TensorShape(input.shape)
    filter_shape = TensorShape(filter.shape)
    rank = input_shape.ndims if input_shape.ndims is not None else filter_shape.ndims
    if rank is None:
        raise ValueError("rank of input or filter must be known")
    axes = rank - 2
    if not 1 <= axes <= 3:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")
    channel = channel_index(data_format, axes)
    strides = numbers_for(strides, axes, channel, "strides")
    rates = numbers_for(rates, axes, channel, "dilations")
    with name_scope(name, "convolution", [input, filter]) as name:
        if all(rate == 1 for rate in rates):
            if axes == 1:
                return conv1d(input, filter, strides, padding, data_format=data_format, name=name, dilations=rates)
            op = Conv2D if axes == 2 else Conv3D
            return op(input, filter, strides, padding=padding, data_format=data_format, dilations=rates, name=name)
        inner = slice(2, None) if channel == 1 else slice(1, -1)
        return _dilated(input, filter, padding, strides[inner], rates[inner], name, data_format)


def _dilated(
    input: Any, filter: Any, padding: str, strides: list, rates: list, name: str, data_format: str | None
) -> Tensor:
    input_shape, filter_shape = TensorShape(input.shape), TensorShape(filter.shape)
    rank = filter_shape.ndims if filter_shape.ndims is not None else input_shape.ndims
    assert rank is not None
    axes = rank - 2
    for word, static in (("input", input_shape), ("filter", filter_shape)):
        if static.ndims not in (None, rank):
            raise ValueError(f"{word} tensor must have rank {rank}")
    channel = channel_index(data_format, axes)
    known = input_shape.as_list() if input_shape.ndims is not None else [None] * rank
    depth = filter_shape.as_list()[axes] if filter_shape.ndims is not None else None
    if known[channel] is not None and depth is not None and known[channel] != depth:
        raise ValueError(
            f"number of input channels does not match corresponding dimension of filter, {known[channel]} != {depth}"
        )
    steps, rates = moves(axes, strides, rates)  # type: ignore[assignment]
    everywhere = [1, 1, *map(int, steps)] if channel == 1 else [1, *map(int, steps), 1]

    def operation(parts: Tensor, way: str) -> Tensor:
        if axes == 1:
            return conv1d(parts, filter, int(steps[0]), way, data_format=data_format, name=name)
        op = Conv2D if axes == 2 else Conv3D
        return op(parts, filter, everywhere, padding=way, data_format=data_format, name=name)

    spatial_dims = range(2, axes + 2) if channel == 1 else range(1, axes + 1)
    out_channels = filter_shape.as_list()[-1] if filter_shape.ndims is not None else None
    return over_interleaved_parts(
        convert_to_tensor(input, name="input"), rates, padding, operation, filter_shape, spatial_dims, data_format,
        out_channels,
    )  # fmt: skip


@export("nn.atrous_conv2d")
def atrous_conv2d(value: Any, filters: Any, rate: Any, padding: str, name: str | None = None) -> Tensor:
    """The convolution of images [n, height, width, in] with filters whose elements stand `rate` pixels apart.

    Source: L.-C. Chen et al., Semantic Image Segmentation with Deep Convolutional Nets, 2015.
    """
    return convolution(value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name)


def _one_axis(data_format: str | None, old_names: bool) -> tuple[str, int, int]:
    """The format of the images that stand for sequences, the axis of their height, and numbers_for's channel index."""
    if data_format in (None, "NWC") or old_names and data_format == "NHWC":
        return "NHWC", 1, 2
    if data_format == "NCW" or old_names and data_format == "NCHW":
        return "NCHW", 2, 1
    raise ValueError('data_format must be "NWC" or "NCW".')


@export("nn.conv1d")
def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution of sequences.

    Args:
      value: [n, width, in], or [n, in, width] for "NCW" (`input` is its newer name).
      filters: [window, in, out].
      stride, dilations: an int, or a list with one.
      padding: "SAME" or "VALID".

    Raises:
      ValueError: `data_format` is neither.
    """
    value = renamed_argument("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as name:
        data_format, axis, channel = _one_axis(data_format, old_names=True)
        strides = [1, *numbers_for(stride, 1, channel, "stride")]
        rates = [1, *numbers_for(dilations, 1, channel, "dilations")]
        result = Conv2D(
            expand_dims(value, axis),
            expand_dims(filters, 0),
            strides,
            padding=padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format=data_format,
            dilations=rates,
            name=name,
        )
        return squeeze(result, [axis])


@export("nn.conv1d_transpose")
def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of a convolution of sequences; see `conv2d_transpose`.

    Args:
      input: [n, width, in], or [n, in, width] for "NCW".
      filters: [window, out, in].
      output_shape: the shape of the result, three ints or an int32 tensor.
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as name:
        data_format, axis, channel = _one_axis(data_format, old_names=False)
        strides = [1, *numbers_for(strides, 1, channel, "stride")]
        rates = [1, *numbers_for(dilations, 1, channel, "dilations")]
        gradient, filters = expand_dims(input, axis), expand_dims(filters, 0)
        sizes = output_shape if isinstance(output_shape, Tensor) else list(output_shape)
        sizes = concat([sizes[:axis], [1], sizes[axis:]], 0)
        result = Conv2DBackpropInput(
            sizes, filters, gradient, strides, padding=padding, data_format=data_format, dilations=rates, name=name
        )
        return squeeze(result, axis)


@export("nn.conv_transpose")
def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The transpose of a convolution over one, two or three axes: as many as `output_shape` has but two."""
    with name_scope(name, "conv_transpose", [input, filters, output_shape]) as name:
        if isinstance(output_shape, Tensor):
            axes = int(output_shape.shape[0]) - 2
        elif isinstance(output_shape, Sized):
            axes = len(output_shape) - 2
        else:
            raise ValueError("output_shape must be a tensor or sized collection.")
        if not 1 <= axes <= 3:
            raise ValueError(f"output_shape must be of length 3, 4 or 5 but was {axes + 2}.")
        op: Any = (conv1d_transpose, conv2d_transpose, conv3d_transpose)[axes - 1]
        return op(
            input, filters, output_shape, strides, padding=padding, data_format=data_format,
            dilations=dilations, name=name,
        )  # fmt: skip


@export("nn.depthwise_conv2d")
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution of each channel of images by itself.

    Args:
      input: [n, height, width, in], or [n, in, height, width] for "NCHW".
      filter: [rows, columns, in, multiplier].
      strides: four ints in the order of the data format, those of the rows and of the columns equal.
      rate: the dilation of rows and columns, two ints (`dilations` is its newer name).

    Returns:
      [n, rows, columns, in · multiplier], or [n, in · multiplier, rows, columns].
    """
    rate = renamed_argument("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as name:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, name="filter_in")

        def operation(parts: Tensor, way: str) -> Tensor:
            return DepthwiseConv2dNative(parts, filter, strides, way, data_format=data_format, name=name)

        rate = [1, 1] if rate is None else rate
        return over_interleaved_parts(input, rate, padding, operation, shape(filter), None, data_format)


@export("nn.separable_conv2d")
def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """A depthwise convolution, and then a convolution with windows of one pixel.

    Source: F. Chollet, Xception: Deep Learning with Depthwise Separable Convolutions, 2017.

    Args:
      depthwise_filter: [rows, columns, in, multiplier].
      pointwise_filter: [1, 1, in · multiplier, out].
      For the others see `depthwise_conv2d`.
    """
    rate = renamed_argument("dilations", dilations, "rate", rate)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as name:
        input = convert_to_tensor(input, name="tensor_in")
        depthwise_filter = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        pointwise_filter = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        window = pointwise_filter.get_shape().with_rank(4)
        for dim in window.dims[:2]:
            dim.assert_is_compatible_with(1)

        def operation(parts: Tensor, way: str) -> Tensor:
            return DepthwiseConv2dNative(
                parts, depthwise_filter, strides, way, data_format=data_format, name="depthwise"
            )

        rate = [1, 1] if rate is None else rate
        depthwise = over_interleaved_parts(input, rate, padding, operation, shape(depthwise_filter), None, data_format)
        return conv2d(depthwise, pointwise_filter, [1, 1, 1, 1], "VALID", data_format=data_format, name=name)
