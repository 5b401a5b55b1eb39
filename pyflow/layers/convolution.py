"""Convolution layers over one to three axes."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.layers.layer_function import layer_function
from pyflow.layers.named_functions import ZEROS, get_activation, get_initializer
from pyflow.layers.window_arguments import (
    around,
    channel_axis,
    conv_output_length,
    convert_data_format,
    normalize_data_format,
    normalize_padding,
    normalize_tuple,
)
from pyflow.ops.array import reshape
from pyflow.ops.array_padding import pad
from pyflow.ops.bias import bias_add
from pyflow.ops.conv import Conv2D as Conv2DOp
from pyflow.ops.conv3d import Conv3D as Conv3DOp
from pyflow.ops.nn_convolution import conv1d as nn_conv1d
from pyflow.ops.nn_dilated import moves, over_interleaved_parts


class Conv(Layer):
    """What the convolution layers have in common.

    The variables are `kernel` [window, in, filters] and `bias` [filters].

    Args:
      rank: the number of spatial axes.
      filters: the number of output channels.
      kernel_size, strides, dilation_rate: an int, or one for each spatial axis; not both strides and rates above 1.
      padding: "valid" or "same"; "causal" for one axis: as much before as needed that no output sees what comes later.
      data_format: "channels_last", or "channels_first" for channels in dimension 1.
      activation: function, or its name; None leaves the sum as it is.
      others: as in `tf.layers.Dense`.
    """

    _config_names = (
        "filters",
        "kernel_size",
        "strides",
        "padding",
        "data_format",
        "dilation_rate",
        "activation",
        "use_bias",
        "kernel_initializer",
        "bias_initializer",
        "kernel_regularizer",
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
    )

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.rank, self.filters = rank, filters
        self.kernel_size = normalize_tuple(kernel_size, rank, "kernel_size")
        self.strides = normalize_tuple(strides, rank, "strides")
        self.padding = normalize_padding(padding)
        if self.padding == "causal" and rank != 1:
            raise ValueError("Causal padding is only supported for `Conv1D`and ``SeparableConv1D`.")
        self.data_format = normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, rank, "dilation_rate")
        self.activation = get_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.bias: Any = None
        self.input_spec = InputSpec(ndim=rank + 2)

    def _channels(self, input_shape: Any) -> int:
        """The number of input channels; from now on it is checked.

        Raises:
          ValueError: it is not known.
        """
        axis = channel_axis(self.data_format)
        channels = TensorShape(input_shape).as_list()[axis]
        if channels is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_kernel(self, shape: tuple, kind: str = "kernel") -> Any:
        return self.add_weight(
            name=kind,
            shape=shape,
            initializer=getattr(self, f"{kind.removesuffix('_kernel')}_initializer"),
            regularizer=getattr(self, f"{kind.removesuffix('_kernel')}_regularizer"),
            constraint=getattr(self, f"{kind.removesuffix('_kernel')}_constraint"),
            trainable=True,
            dtype=self.dtype,
        )

    def _add_bias(self) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                trainable=True,
                dtype=self.dtype,
            )

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self._add_kernel((*self.kernel_size, channels, self.filters))
        self._add_bias()
        steps, rates = moves(self.rank, self.strides, self.dilation_rate)
        self._steps = [int(step) for step in steps]
        self._rate = convert_to_tensor(rates, dtypes.int32, name="dilation_rate")
        self.built = True

    def _convolved(self, inputs: Tensor) -> Tensor:
        data_format = convert_data_format(self.data_format, self.rank + 2)

        def operation(parts: Tensor, way: Any) -> Tensor:
            if self.rank == 1:
                return nn_conv1d(parts, self.kernel, self._steps[0], way, data_format=data_format)
            op = Conv2DOp if self.rank == 2 else Conv3DOp
            steps = around(self.data_format, tuple(self._steps))
            return op(parts, self.kernel, list(steps), padding=way, data_format=data_format)

        first = 2 if self.data_format == "channels_first" else 1
        padding = "valid" if self.padding == "causal" else self.padding
        return over_interleaved_parts(
            inputs,
            self._rate,
            padding.upper() if isinstance(padding, str) else padding,
            operation,
            self.kernel.shape,
            range(first, first + self.rank),
            data_format,
            self.filters,
        )

    def _causal(self, inputs: Tensor) -> Tensor:
        """The inputs of a layer over one axis, padded in front where its padding is causal."""
        if self.padding != "causal":
            return inputs
        before = [self.dilation_rate[0] * (self.kernel_size[0] - 1), 0]
        paddings = [[0, 0], before, [0, 0]] if self.data_format == "channels_last" else [[0, 0], [0, 0], before]
        return pad(inputs, paddings)

    def call(self, inputs: Tensor) -> Tensor:
        outputs = self._convolved(self._causal(inputs) if self.rank == 1 else inputs)
        if self.use_bias:
            if self.data_format == "channels_last":
                outputs = bias_add(outputs, self.bias, data_format="NHWC")
            elif self.rank == 1:
                outputs += reshape(self.bias, (1, self.filters, 1))
            else:
                outputs = bias_add(outputs, self.bias, data_format="NCHW")
        return self._activated(outputs)

    def _activated(self, outputs: Tensor) -> Tensor:
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        batch, *sizes = TensorShape(input_shape).as_list()
        spatial = sizes[1:] if self.data_format == "channels_first" else sizes[:-1]
        padding = "same" if self.padding == "causal" else self.padding
        spatial = [
            conv_output_length(size, self.kernel_size[i], padding, self.strides[i], self.dilation_rate[i])
            for i, size in enumerate(spatial)
        ]
        if self.data_format == "channels_first":
            return TensorShape([batch, self.filters, *spatial])
        return TensorShape([batch, *spatial, self.filters])


@export("layers.Conv1D")
class Conv1D(Conv):
    """activation(convolution of sequences + bias); see `Conv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            1, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip


@export("layers.Conv2D")
class Conv2D(Conv):
    """activation(convolution of images + bias); see `Conv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            2, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip


@export("layers.Conv3D")
class Conv3D(Conv):
    """activation(convolution of volumes + bias); see `Conv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            3, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip


conv1d = layer_function(Conv1D, "conv1d")
conv2d = layer_function(Conv2D, "conv2d")
conv3d = layer_function(Conv3D, "conv3d")
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
convolution1d, convolution2d, convolution3d = conv1d, conv2d, conv3d
