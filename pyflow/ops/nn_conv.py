"""Convolutions of images and their transposes by their public names."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_blocks import batch_to_space, space_to_batch
from pyflow.ops.array_shape import shape
from pyflow.ops.conv import Conv2D, Conv2DBackpropFilter, Conv2DBackpropInput
from pyflow.ops.window_arguments import channel_index, numbers_for, padding_attrs

_ONES = [1, 1, 1, 1]


@export("nn.conv2d")
def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str | None = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The convolution of images with filters (the filter is not turned round).

    Args:
      input: [n, height, width, in], or [n, in, height, width] for "NCHW"; halves, float32 or float64.
      filter: [rows, columns, in, out] (`filters` is its newer name); `in` may divide the input's: the channels then
        fall into groups, each of which has its share of the outputs.
      strides, dilations: an int, two of them, or four in the order of the data format.
      padding: "SAME", "VALID", or (before, after) for each of the four axes.
      use_cudnn_on_gpu: has no effect.

    Returns:
      [n, rows, columns, out], or [n, out, rows, columns].
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    padded = padding_attrs(padding)
    data_format = data_format or "NHWC"
    channel = channel_index(data_format, 2)
    return Conv2D(
        input,
        filter,
        strides=numbers_for(strides, 2, channel, "strides"),
        **padded,
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        dilations=numbers_for(dilations, 2, channel, "dilations"),
        name=name,
    )


@export("nn.conv2d_backprop_filter")
def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` to its filter, which has the shape `filter_sizes`."""
    return Conv2DBackpropFilter(
        input,
        filter_sizes,
        out_backprop,
        strides=strides,
        **padding_attrs(padding),
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        dilations=dilations,
        name=name,
    )


@export("nn.conv2d_backprop_input")
def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The gradient of `conv2d` to its input, which has the shape `input_sizes`."""
    filter = renamed_argument("filters", filters, "filter", filter)
    return Conv2DBackpropInput(
        input_sizes,
        filter,
        out_backprop,
        strides=strides,
        **padding_attrs(padding),
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        dilations=dilations,
        name=name,
    )


@export("nn.conv2d_transpose")
def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of a convolution: what is its gradient to the input, taken as a function of the gradient.

    Source: M. Zeiler et al., Deconvolutional Networks, 2010.

    Args:
      value: [n, height, width, in], or [n, in, height, width] (`input` is its newer name).
      filter: [rows, columns, out, in] (`filters` is its newer name).
      output_shape: the shape of the result, a list or an int32 tensor.
      strides, dilations: an int, two of them, or four in the order of the data format.
    """
    value = renamed_argument("input", input, "value", value)
    filter = renamed_argument("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as name:
        data_format = data_format or "NHWC"
        channel = channel_index(data_format, 2)
        return Conv2DBackpropInput(
            output_shape,
            filter,
            value,
            strides=numbers_for(strides, 2, channel, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=numbers_for(dilations, 2, channel, "dilations"),
            name=name,
        )


@export("nn.atrous_conv2d_transpose")
def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: str, name: str | None = None
) -> Tensor:
    """The transpose of `atrous_conv2d`.

    Args:
      value: [n, height, width, in].
      filters: [rows, columns, out, in].
      output_shape: the shape of the result, four ints or an int32 tensor.
      rate: how many pixels the elements of the filter stand apart.
      padding: "SAME" or "VALID".

    Raises:
      ValueError: an argument does not fit.
    """
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as name:
        value = convert_to_tensor(value, name="value")
        filters = convert_to_tensor(filters, name="filters")
        depth, out_depth = value.get_shape()[3], filters.get_shape()[3]
        if not depth.is_compatible_with(out_depth):
            raise ValueError(f"value's input channels does not match filters' input channels, {depth} != {out_depth}")
        if rate < 1:
            raise ValueError(f"rate {rate} cannot be less than one")
        if rate == 1:
            return conv2d_transpose(value, filters, output_shape, [1, 1, 1, 1], padding)
        given = convert_to_tensor(output_shape, name="output_shape").get_shape()
        if not given.is_compatible_with([4]):
            raise ValueError(f"output_shape must have shape (4,), got {given}")
        output_shape = list(output_shape) if isinstance(output_shape, tuple) else output_shape
        if isinstance(output_shape, (list, np.ndarray)):
            in_depth = filters.get_shape()[2]
            if not in_depth.is_compatible_with(output_shape[3]):
                raise ValueError(
                    f"output_shape does not match filter's output channels, {output_shape[3]} != {in_depth}"
                )
        if padding not in ("SAME", "VALID"):
            raise ValueError(f"padding must be either VALID or SAME: {padding}")
        margins: list[tuple] = [(0, 0), (0, 0)]
        if padding == "SAME":
            static = filters.get_shape()
            window: Any = static.as_list() if static.is_fully_defined() else shape(filters)
            extras = [window[i] + (window[i] - 1) * (rate - 1) - 1 for i in range(2)]
            margins = [(extra // 2, extra - extra // 2) for extra in extras]
        sizes = [output_shape[i + 1] + margins[i][0] + margins[i][1] for i in range(2)]
        rests = [(rate - size % rate) % rate for size in sizes]
        parts = space_to_batch(input=value, paddings=[[0, rests[0]], [0, rests[1]]], block_size=rate)
        part_sizes = [(size + rest) // rate for size, rest in zip(sizes, rests)]
        parts = Conv2DBackpropInput(
            [rate * rate * output_shape[0], *part_sizes, output_shape[3]],
            filters,
            parts,
            strides=[1, 1, 1, 1],
            padding="VALID",
            data_format="NHWC",
        )
        crops = [[before, after + rest] for (before, after), rest in zip(margins, rests)]
        return batch_to_space(input=parts, crops=crops, block_size=rate)
