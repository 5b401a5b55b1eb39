"""Convolutions of images and their transposes by their public names."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
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
