"""Pooling by its public names."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import int64
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.nn_dilated import moves, over_interleaved_parts
from pyflow.ops.pool import AvgPool, MaxPool
from pyflow.ops.pool3d import AvgPool3D, MaxPool3D
from pyflow.ops.pool_argmax import MaxPoolWithArgmax
from pyflow.ops.window_arguments import channel_index, numbers_for


def _images(op: Any, value: Any, ksize: Any, strides: Any, padding: str, data_format: str | None, name: str) -> Tensor:
    data_format = data_format or "NHWC"
    channel = channel_index(data_format, 2)
    ksize = numbers_for(ksize, 2, channel, "ksize")
    strides = numbers_for(strides, 2, channel, "strides")
    return op(value, ksize=ksize, strides=strides, padding=padding, data_format=data_format, name=name)


@export("nn.max_pool")
def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The greatest element of each window of images.

    Args:
      value: [n, height, width, channels], or [n, channels, height, width] for "NCHW"; real numbers.
      ksize, strides: an int, two of them, or four in the order of the data format.
      padding: "SAME" or "VALID"; padding is never the greatest.
      input: the newer name of `value`.

    Raises:
      ValueError: `ksize` has a 0.
    """
    value = renamed_argument("input", input, "value", value)
    with name_scope(name, "MaxPool", [value]) as name:
        if any(size == 0 for size in numbers_for(ksize, 2, channel_index(data_format, 2), "ksize")):
            raise ValueError("ksize cannot be zero.")
        return _images(MaxPool, value, ksize, strides, padding, data_format, name)


@export("nn.avg_pool", "nn.avg_pool2d")
def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean of each window of images; see `max_pool`. Padding does not count."""
    with name_scope(name, "AvgPool", [value]) as name:
        value = renamed_argument("input", input, "value", value)
        return _images(AvgPool, value, ksize, strides, padding, data_format, name)


@export("nn.max_pool2d")
def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NHWC", name: str | None = None
) -> Tensor:
    """`max_pool` with the newer argument names."""
    with name_scope(name, "MaxPool2d", [input]) as name:
        return _images(MaxPool, input, ksize, strides, padding, data_format, name)


def _sequences(op: Any, input: Any, ksize: Any, strides: Any, padding: str, data_format: Any, name: str) -> Tensor:
    data_format = data_format or "NWC"
    channel = channel_index(data_format, 1)
    ksize = [1, *numbers_for(ksize, 1, channel, "ksize")]
    strides = [1, *numbers_for(strides, 1, channel, "strides")]
    axis, data_format = (1, "NHWC") if data_format == "NWC" else (2, "NCHW")
    images = expand_dims(input, axis)
    pooled = op(images, ksize=ksize, strides=strides, padding=padding, data_format=data_format, name=name)
    return squeeze(pooled, axis)


@export("nn.max_pool1d")
def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """The greatest element of each window of sequences [n, width, channels], or [n, channels, width] for "NCW"."""
    with name_scope(name, "MaxPool1d", [input]) as name:
        return _sequences(MaxPool, input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool1d")
def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """The mean of each window of sequences [n, width, channels], or [n, channels, width] for "NCW"."""
    with name_scope(name, "AvgPool1D", [input]) as name:
        return _sequences(AvgPool, input, ksize, strides, padding, data_format, name)


def _volumes(op: Any, input: Any, ksize: Any, strides: Any, padding: str, data_format: Any, name: str) -> Tensor:
    data_format = data_format or "NDHWC"
    channel = channel_index(data_format, 3)
    ksize = numbers_for(ksize, 3, channel, "ksize")
    strides = numbers_for(strides, 3, channel, "strides")
    return op(input, ksize=ksize, strides=strides, padding=padding, data_format=data_format, name=name)


@export("nn.max_pool3d")
def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """The greatest element of each window of volumes [n, planes, height, width, channels], or "NCDHW"; floats."""
    with name_scope(name, "MaxPool3D", [input]) as name:
        return _volumes(MaxPool3D, input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool3d")
def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """The mean of each window of volumes [n, planes, height, width, channels], or "NCDHW"; floats."""
    with name_scope(name, "AvgPool3D", [input]) as name:
        return _volumes(AvgPool3D, input, ksize, strides, padding, data_format, name)


def _of_any_rank(ops: tuple, input: Any, ksize: Any, strides: Any, padding: str, data_format: Any, name: Any) -> Tensor:
    if input.shape is not None:
        axes = len(input.shape) - 2
    elif data_format is not None:
        axes = len(data_format) - 2
    else:
        raise ValueError("The input must have a rank or a data format must be given.")
    if not 1 <= axes <= 3:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {axes + 2}.")
    channel = channel_index(data_format, axes)
    ksize = numbers_for(ksize, axes, channel, "ksize")
    strides = numbers_for(strides, axes, channel, "strides")
    return ops[axes - 1](input, ksize=ksize, strides=strides, padding=padding, data_format=data_format, name=name)


@export("nn.max_pool_v2")
def max_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """The greatest element of each window of sequences, images or volumes."""
    ops = (max_pool1d, MaxPool, MaxPool3D)
    return _of_any_rank(ops, input, ksize, strides, padding, data_format, name)


@export("nn.avg_pool_v2")
def avg_pool_v2(
    input: Any, ksize: Any, strides: Any, padding: str, data_format: str | None = None, name: str | None = None
) -> Tensor:
    """The mean of each window of sequences, images or volumes."""
    ops = (avg_pool1d, AvgPool, AvgPool3D)
    return _of_any_rank(ops, input, ksize, strides, padding, data_format, name)


@export("nn.max_pool_with_argmax")
def max_pool_with_argmax(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: str,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> Any:
    """The greatest element of each window of images [n, height, width, channels], and where it is.

    Args:
      Targmax: int64 or int32 (`output_dtype` is its newer name).
      include_batch_in_index: whether the index is that in the whole batch and not in the image.

    Returns:
      The elements, and their indices (row · width + column) · channels + channel.

    Raises:
      ValueError: `data_format` is another.
    """
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    dtype = renamed_argument("output_dtype", output_dtype, "Targmax", Targmax)
    return MaxPoolWithArgmax(
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=int64 if dtype is None else dtype,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )


_OPS: dict[tuple[str, int], Any] = {
    ("MAX", 1): max_pool,
    ("MAX", 2): max_pool,
    ("MAX", 3): max_pool3d,
    ("AVG", 1): avg_pool,
    ("AVG", 2): avg_pool,
    ("AVG", 3): avg_pool3d,
}


@export("nn.pool")
def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Pooling over one, two or three axes.

    Args:
      input: [n, sizes, channels], or [n, channels, sizes] if `data_format` begins with "NC".
      window_shape: an int for each axis.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      strides, dilation_rate: an int for each axis; not both above 1. `dilations` is a newer name.

    Raises:
      ValueError: what TensorFlow does not do either.
    """
    rates = renamed_argument("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        axes = len(window_shape)
        if not 1 <= axes <= 3:
            raise ValueError("It is required that 1 <= num_spatial_dims <= 3.")
        input.get_shape().with_rank(axes + 2)
        steps, rates = moves(axes, strides, rates)
        if padding == "SAME" and np.any(rates > 1):
            raise ValueError("pooling with SAME padding is not implemented for dilation_rate > 1")
        if np.any(steps > window_shape):
            raise ValueError(
                "strides > window_shape not supported due to inconsistency between CPU and GPU implementations"
            )
        if (pooling_type, axes) not in _OPS:
            raise ValueError(f"{axes}-D {pooling_type} pooling is not supported.")
        op = _OPS[pooling_type, axes]
        channels_first = data_format is not None and data_format.startswith("NC")
        first = 2 if channels_first else 1
        if axes == 1 and data_format not in (None, "NWC", "NCW"):
            raise ValueError('data_format must be either "NWC" or "NCW".')
        form = data_format if axes > 1 else "NCHW" if channels_first else "NHWC"

        def everywhere(numbers: Any) -> list[int]:
            inner = [int(n) for n in numbers]
            whole = [1, 1, *inner] if channels_first else [1, *inner, 1]
            return [1, *whole] if axes == 1 else whole

        def operation(parts: Tensor, way: str) -> Tensor:
            if axes == 1:
                parts = expand_dims(parts, first)
            result = op(parts, everywhere(window_shape), everywhere(steps), way, data_format=form, name=scope)
            return squeeze(result, [first]) if axes == 1 else result

        spatial_dims = range(first, axes + first)
        return over_interleaved_parts(input, rates, padding, operation, window_shape, spatial_dims, None)
