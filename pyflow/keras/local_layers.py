"""Convolutions with a kernel of its own for each place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.keras import backend_layers
from pyflow.keras.backend import image_data_format
from pyflow.keras.base_layer import Layer
from pyflow.keras.rnn_cells import REQUIRED, takes
from pyflow.keras.shared_layers import resolved
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.window_arguments import conv_output_length, normalize_data_format, normalize_tuple
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_joining import stack as tf_stack
from pyflow.ops.matmul import matmul


def _local(x: Any, kernel: Any, kernel_size: Any, strides: Any, output_sizes: Any, data_format: Any) -> Any:
    """For each place the window there, flattened, times the place's kernel."""
    rank = len(kernel_size)
    if data_format == "channels_first":
        x = transpose(x, [0, *range(2, rank + 2), 1])
    features = kernel.shape.as_list()[1]
    windows = []
    for place in np.ndindex(*output_sizes):
        where = [slice(p * s, p * s + k) for p, s, k in zip(place, strides, kernel_size)]
        windows.append(reshape(x[(slice(None), *where)], [-1, features]))
    products = matmul(tf_stack(windows), kernel)
    filters = kernel.shape.as_list()[-1]
    result = reshape(transpose(products, [1, 0, 2]), [-1, *output_sizes, filters])
    return transpose(result, [0, rank + 1, *range(1, rank + 1)]) if data_format == "channels_first" else result


@export("keras.backend.local_conv1d")
def local_conv1d(inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: Any = None) -> Any:
    """A convolution of sequences with a kernel [steps, window · in, filters] of its own for each step."""
    steps = kernel.shape.as_list()[0]
    return _local(inputs, kernel, kernel_size, strides, (steps,), data_format or image_data_format())


@export("keras.backend.local_conv2d")
def local_conv2d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_shape: Any, data_format: Any = None
) -> Any:
    """A convolution of images with a kernel [places, window · in, filters] of its own for each place."""
    return _local(inputs, kernel, kernel_size, strides, tuple(output_shape), data_format or image_data_format())


_ARGUMENTS: dict[str, Any] = {
    "filters": REQUIRED, "kernel_size": REQUIRED, "strides": 1, "padding": "valid", "data_format": None,
    "activation": None, "use_bias": True, "kernel_initializer": "glorot_uniform", "bias_initializer": "zeros",
    "kernel_regularizer": None, "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
    "bias_constraint": None, "implementation": 1,
}  # fmt: skip


class _LocallyConnected(Layer):
    _config_names = tuple(_ARGUMENTS)
    _rank = 1

    def _begin(self, given: dict[str, Any], rest: dict[str, Any]) -> None:
        Layer.__init__(self, activity_regularizer=given.pop("activity_regularizer"), **rest)
        for name, value in given.items():
            setattr(self, name, resolved(name, value))
        self.kernel_size = normalize_tuple(given["kernel_size"], self._rank, "kernel_size")
        self.strides = normalize_tuple(given["strides"], self._rank, "strides")
        if self.padding.lower() != "valid" and self.implementation == 1:
            raise ValueError(
                f'Invalid border mode for LocallyConnected{self._rank}D (only "valid" is supported if implementation '
                f"is 1): {self.padding}"
            )
        if self.padding.lower() != "valid":
            raise NotImplementedError(f"LocallyConnected{self._rank}D(padding={self.padding!r})")
        self.data_format = normalize_data_format(given["data_format"] or image_data_format())
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def build(self, input_shape: Any) -> None:
        sizes = TensorShape(input_shape).as_list()
        first = self.data_format == "channels_first"
        spatial, channels = (sizes[2:], sizes[1]) if first else (sizes[1:-1], sizes[-1])
        if None in spatial or channels is None:
            raise ValueError(f"The spatial dimensions of the inputs to  a LocallyConnected{self._rank}D layer should "
                             f"be fully-defined, but layer received the inputs shape {input_shape}")  # fmt: skip
        self.output_sizes: tuple[Any, ...] = tuple(
            conv_output_length(n, k, "valid", s) for n, k, s in zip(spatial, self.kernel_size, self.strides)
        )
        shape = (math.prod(self.output_sizes), math.prod(self.kernel_size) * channels, self.filters)
        self.kernel = self.add_weight(
            "kernel",
            shape,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                (*self.output_sizes, self.filters),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs: Any) -> Any:
        outputs = _local(inputs, self.kernel, self.kernel_size, self.strides, self.output_sizes, self.data_format)
        if self.use_bias:
            outputs = backend_layers.bias_add(outputs, self.bias, data_format=self.data_format)
        return outputs if self.activation is None else self.activation(outputs)


@export("keras.layers.LocallyConnected1D")
class LocallyConnected1D(_LocallyConnected):
    """As `Conv1D`, with a kernel of its own for each step."""

    @takes(_ARGUMENTS)
    def __init__(self, given: dict[str, Any], rest: dict[str, Any]):
        self._begin(given, rest)


@export("keras.layers.LocallyConnected2D")
class LocallyConnected2D(_LocallyConnected):
    """As `Conv2D`, with a kernel of its own for each place."""

    _rank = 2

    @takes({**_ARGUMENTS, "strides": (1, 1)})
    def __init__(self, given: dict[str, Any], rest: dict[str, Any]):
        self._begin(given, rest)
