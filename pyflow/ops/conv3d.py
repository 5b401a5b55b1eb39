"""Convolutions of volumes and their gradients: Conv3D, Conv3DBackpropInputV2, Conv3DBackpropFilterV2."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import int32
from pyflow.core.registry import NOT_DIFFERENTIABLE, Attr, attr, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_shape import shape
from pyflow.ops.conv import TYPES, convolve, convolve_to_filter, convolve_to_input
from pyflow.ops.conv_rules import check_gradient, convolved_shape, given_shape, windows_of
from pyflow.ops.shape_rules import with_rank
from pyflow.ops.window_arguments import channel_index, numbers_for
from pyflow.ops.windows import Windows, batch_and_depth

_ONES = [1, 1, 1, 1, 1]
_OLD_TYPES = (dtypes.float16, dtypes.float32, dtypes.float64)


def _attrs(old: bool = False) -> dict[str, Attr]:
    attrs = {
        "T": attr("type", allowed=_OLD_TYPES if old else TYPES),
        "strides": attr("list(int)", minimum=5),
        "padding": attr("string", allowed=("SAME", "VALID")),
    }
    if not old:
        attrs["data_format"] = attr("string", default="NDHWC", allowed=("NDHWC", "NCDHW"))
    attrs["dilations"] = attr("list(int)", default=_ONES)
    return attrs


def _windows(x: Any, filter: Any, strides: Any, padding: str, dilations: Any, data_format: str) -> Windows:
    for word, values in (("strides", strides), ("dilation rates", dilations)):
        if batch_and_depth(values, data_format) != (1, 1):
            message = f"Current implementation does not yet support {word} in the batch and depth dimensions."
            raise errors.InvalidArgumentError(None, None, message)
    return windows_of(x, filter, strides, padding, (), data_format, dilations)


def _attrs_of(op: Any) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("strides", "padding", "data_format", "dilations")}


def _to_input(filter: Any, dy: Any, strides: Any, padding: str, dilations: Any, data_format: str, out: Any) -> None:
    windows = _windows(out.shape, filter.shape, strides, padding, dilations, data_format)
    check_gradient("Conv3DBackpropInputOp", out.shape, filter.shape, dy.shape, windows, data_format)
    convolve_to_input(filter, dy, windows, data_format, out)


def _to_filter(x: Any, dy: Any, strides: Any, padding: str, dilations: Any, data_format: str, out: Any) -> None:
    windows = _windows(x.shape, out.shape, strides, padding, dilations, data_format)
    check_gradient("Conv3DBackpropFilterOp", x.shape, out.shape, dy.shape, windows, data_format)
    convolve_to_filter(x, dy, windows, data_format, out)


_VOLUME = (np.arange(36, dtype=float).reshape(1, 3, 3, 2, 2) % 7 - 3).tolist()
_FILTER = (np.arange(16, dtype=float).reshape(2, 2, 2, 2, 1) % 5 - 2).tolist()
_DY = np.arange(18.0).reshape(1, 3, 3, 2, 1).tolist()


@op("Conv3D(input: T, filter: T) -> (output: T)", **_attrs())
class Conv3D:
    """The convolution of volumes [n, planes, height, width, in] with filters [planes, rows, columns, in, out]."""

    def shape(input, filter, strides, padding, data_format, dilations):
        return convolved_shape(input, filter, strides, padding, (), data_format, dilations)

    def cpu(input, filter, strides, padding, data_format, dilations, out):
        windows = _windows(input.shape, filter.shape, strides, padding, dilations, data_format)
        convolve(input, filter, windows, data_format, out)

    def grad(op, dy):
        x, filter = op.inputs
        attrs = _attrs_of(op)
        return (
            Conv3DBackpropInputV2(shape(x), filter, dy, **attrs),
            Conv3DBackpropFilterV2(x, shape(filter), dy, **attrs),
        )

    samples = [
        sample(_VOLUME, _FILTER, strides=_ONES, padding="SAME"),
        sample(_VOLUME, _FILTER, strides=[1, 2, 1, 1, 1], padding="VALID"),
        sample(_VOLUME, _FILTER, strides=[1, 2, 2, 2, 1], padding="SAME"),
        sample(_VOLUME, _FILTER, strides=_ONES, padding="SAME", dilations=[1, 2, 1, 1, 1]),
    ]


@op(
    "Conv3DBackpropInputV2(input_sizes: Tshape, filter: T, out_backprop: T) -> (output: T)",
    **_attrs(),
    Tshape=one_of(dtypes.INDEX, default=int32),
)
class Conv3DBackpropInputV2:
    """The gradient of `Conv3D` to its input, which has the shape `input_sizes`."""

    def shape(input_sizes, input_sizes_dims, filter, out_backprop):
        return given_shape(input_sizes, input_sizes_dims, 5)

    def cpu(input_sizes, filter, out_backprop, strides, padding, data_format, dilations, out):
        _to_input(filter, out_backprop, strides, padding, dilations, data_format, out)

    def grad(op, dy):
        _, filter, gradient = op.inputs
        attrs = _attrs_of(op)
        return None, Conv3DBackpropFilterV2(dy, shape(filter), gradient, **attrs), Conv3D(dy, filter, **attrs)

    samples = [sample([1, 3, 3, 2, 2], _FILTER, _DY, strides=_ONES, padding="SAME")]


@op("Conv3DBackpropFilterV2(input: T, filter_sizes: int32, out_backprop: T) -> (output: T)", **_attrs())
class Conv3DBackpropFilterV2:
    """The gradient of `Conv3D` to its filter, which has the shape `filter_sizes`."""

    def shape(input, filter_sizes, filter_sizes_dims, out_backprop):
        return given_shape(filter_sizes, filter_sizes_dims, 5)

    def cpu(input, filter_sizes, out_backprop, strides, padding, data_format, dilations, out):
        _to_filter(input, out_backprop, strides, padding, dilations, data_format, out)

    def grad(op, dy):
        x, _, gradient = op.inputs
        attrs = _attrs_of(op)
        return Conv3DBackpropInputV2(shape(x), dy, gradient, **attrs), None, Conv3D(x, dy, **attrs)

    samples = [sample(_VOLUME, [2, 2, 2, 2, 1], _DY, strides=_ONES, padding="SAME")]


@op("Conv3DBackpropInput(input: T, filter: T, out_backprop: T) -> (output: T)", **_attrs(old=True))
class Conv3DBackpropInput:
    """The gradient of `Conv3D` to its input; kept for graphs of old."""

    def shape(input, filter, out_backprop):
        return with_rank(input, 5)

    def cpu(input, filter, out_backprop, strides, padding, dilations, out):
        _to_input(filter, out_backprop, strides, padding, dilations, "NDHWC", out)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_VOLUME, _FILTER, _DY, strides=_ONES, padding="SAME")]


@op("Conv3DBackpropFilter(input: T, filter: T, out_backprop: T) -> (output: T)", **_attrs(old=True))
class Conv3DBackpropFilter:
    """The gradient of `Conv3D` to its filter; kept for graphs of old."""

    def shape(input, filter, out_backprop):
        return with_rank(filter, 5)

    def cpu(input, filter, out_backprop, strides, padding, dilations, out):
        _to_filter(input, out_backprop, strides, padding, dilations, "NDHWC", out)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_VOLUME, _FILTER, _DY, strides=_ONES, padding="SAME")]


@export("nn.conv3d")
def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = _ONES,
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The convolution of volumes with filters.

    Args:
      input: [n, planes, height, width, in], or [n, in, planes, height, width] for "NCDHW".
      filter: [planes, rows, columns, in, out] (`filters` is its newer name).
      strides, dilations: five ints in the order of the data format.
      padding: "SAME" or "VALID".
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    return Conv3D(input, filter, strides, padding, data_format=data_format, dilations=dilations, name=name)


@export("nn.conv3d_transpose")
def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: str = "SAME",
    data_format: str | None = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of a convolution of volumes; see `conv2d_transpose`.

    Args:
      value: [n, planes, height, width, in], or [n, in, planes, height, width] (`input` is its newer name).
      filter: [planes, rows, columns, out, in] (`filters` is its newer name).
      output_shape: the shape of the result, a list or an int tensor.
      strides, dilations: an int, three of them, or five in the order of the data format.
    """
    filter = renamed_argument("filters", filters, "filter", filter)
    value = renamed_argument("input", input, "value", value)
    with name_scope(name, "conv3d_transpose", [value, filter, output_shape]) as name:
        data_format = data_format or "NDHWC"
        channel = channel_index(data_format, 3)
        return Conv3DBackpropInputV2(
            output_shape,
            filter,
            value,
            strides=numbers_for(strides, 3, channel, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=numbers_for(dilations, 3, channel, "dilations"),
            name=name,
        )


export("nn.conv3d_backprop_filter", "nn.conv3d_backprop_filter_v2")(Conv3DBackpropFilterV2)
