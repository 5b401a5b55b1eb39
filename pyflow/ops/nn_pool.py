"""Pooling by its public names."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.pool import AvgPool, MaxPool
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
