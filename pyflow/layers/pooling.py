"""Pooling layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.layers.window_arguments import (
    around,
    conv_output_length,
    convert_data_format,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)
from pyflow.ops.array import expand_dims, squeeze, transpose
from pyflow.ops.nn_pool import avg_pool, avg_pool3d, max_pool, max_pool3d


class Pooling(Layer):
    """What the pooling layers have in common.

    Args:
      pool_size: size of the windows along each spatial axis, an int for all or a tuple.
      strides: how far the windows are from each other.
      padding: "valid" or "same".
      data_format: "channels_last", or "channels_first" for channels in dimension 1.

    Raises:
      ValueError: an argument is none of these.
    """

    _config_names = ("pool_size", "padding", "strides", "data_format")

    _rank: int
    _pool: Callable[..., Tensor]

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str | None = "channels_last",
        name: str | None = None,
        **kwargs: Any,
    ):
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        self.pool_size = normalize_tuple(pool_size, self._rank, "pool_size")
        self.strides = normalize_tuple(strides, self._rank, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _pooled(self, inputs: Tensor, size: tuple, strides: tuple) -> Tensor:
        """The images' windows, with the format's numbers around `size` and `strides`."""
        return type(self)._pool(
            inputs,
            ksize=around(self.data_format, size),
            strides=around(self.data_format, strides),
            padding=self.padding.upper(),
            data_format=convert_data_format(self.data_format, 4),
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        sizes = TensorShape(input_shape).as_list()
        first = 2 if self.data_format == "channels_first" else 1
        for i in range(self._rank):
            sizes[first + i] = conv_output_length(sizes[first + i], self.pool_size[i], self.padding, self.strides[i])
        return TensorShape(sizes)


class _Pooling1D(Pooling):
    _rank = 1

    def call(self, inputs: Tensor) -> Tensor:
        axis = 2 if self.data_format == "channels_last" else 3
        inputs = expand_dims(inputs, axis)
        return squeeze(self._pooled(inputs, (*self.pool_size, 1), (*self.strides, 1)), axis)


class _Pooling2D(Pooling):
    _rank = 2

    def call(self, inputs: Tensor) -> Tensor:
        return self._pooled(inputs, self.pool_size, self.strides)


class _Pooling3D(Pooling):
    _rank = 3

    def call(self, inputs: Tensor) -> Tensor:
        first = self.data_format == "channels_first"
        if first:
            inputs = transpose(inputs, (0, 2, 3, 4, 1))
        outputs = type(self)._pool(
            inputs, ksize=(1, *self.pool_size, 1), strides=(1, *self.strides, 1), padding=self.padding.upper()
        )
        return transpose(outputs, (0, 4, 1, 2, 3)) if first else outputs


@export("layers.MaxPooling1D")
class MaxPooling1D(_Pooling1D):
    """The largest of each window of sequences [batch_size, length, channels]."""

    _pool = max_pool


@export("layers.AveragePooling1D")
class AveragePooling1D(_Pooling1D):
    """The mean of each window of sequences [batch_size, length, channels]."""

    _pool = avg_pool


@export("layers.MaxPooling2D")
class MaxPooling2D(_Pooling2D):
    """The largest of each window of images [batch_size, height, width, channels]."""

    _pool = max_pool


@export("layers.AveragePooling2D")
class AveragePooling2D(_Pooling2D):
    """The mean of each window of images [batch_size, height, width, channels]."""

    _pool = avg_pool


@export("layers.MaxPooling3D")
class MaxPooling3D(_Pooling3D):
    """The largest of each window of volumes [batch_size, depth, height, width, channels]."""

    _pool = max_pool3d


@export("layers.AveragePooling3D")
class AveragePooling3D(_Pooling3D):
    """The mean of each window of volumes [batch_size, depth, height, width, channels]."""

    _pool = avg_pool3d


def _function(layer_class: type[Pooling], name: str) -> Callable[..., Tensor]:
    def pool(
        inputs: Any,
        pool_size: Any,
        strides: Any,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: str | None = None,
    ) -> Tensor:
        return layer_class(pool_size, strides, padding, data_format, name)(inputs)

    pool.__name__ = pool.__qualname__ = name
    pool.__doc__ = f"""Applies a new `tf.layers.{layer_class.__name__}` to `inputs`."""
    return export(f"layers.{name}")(pool)


max_pooling1d = _function(MaxPooling1D, "max_pooling1d")
max_pooling2d = _function(MaxPooling2D, "max_pooling2d")
max_pooling3d = _function(MaxPooling3D, "max_pooling3d")
average_pooling1d = _function(AveragePooling1D, "average_pooling1d")
average_pooling2d = _function(AveragePooling2D, "average_pooling2d")
average_pooling3d = _function(AveragePooling3D, "average_pooling3d")
