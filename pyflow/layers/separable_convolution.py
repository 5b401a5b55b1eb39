"""Separable convolution layers: a convolution of each channel by itself, then one of windows of size 1."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.tensor import Tensor
from pyflow.layers.convolution import Conv
from pyflow.layers.layer_function import layer_function
from pyflow.layers.named_functions import ZEROS, get_initializer
from pyflow.layers.window_arguments import around, convert_data_format
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.bias import bias_add
from pyflow.ops.nn_convolution import separable_conv2d as nn_separable_conv2d


class SeparableConv(Conv):
    """What the separable convolution layers have in common.

    The variables are `depthwise_kernel` [window, in, depth_multiplier], `pointwise_kernel` [1, ..., in ·
    depth_multiplier, filters] and `bias` [filters].

    Args:
      depth_multiplier: how many channels each input channel becomes in between.
      others: as in `Conv`, with the arguments of both kernels.
    """

    _config_names = (
        *Conv._config_names,
        "depth_multiplier",
        "depthwise_initializer",
        "pointwise_initializer",
        "depthwise_regularizer",
        "pointwise_regularizer",
        "depthwise_constraint",
        "pointwise_constraint",
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
        depth_multiplier: int,
        activation: Any,
        use_bias: bool,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        bias_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        bias_constraint: Any,
        trainable: bool,
        name: str | None,
        **kwargs: Any,
    ):
        super().__init__(
            rank, filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, trainable=trainable, name=name,
            **kwargs,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = get_initializer(depthwise_initializer)
        self.pointwise_initializer = get_initializer(pointwise_initializer)
        self.depthwise_regularizer, self.pointwise_regularizer = depthwise_regularizer, pointwise_regularizer
        self.depthwise_constraint, self.pointwise_constraint = depthwise_constraint, pointwise_constraint

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        between = self.depth_multiplier * channels
        self.depthwise_kernel = self._add_kernel(
            (*self.kernel_size, channels, self.depth_multiplier), "depthwise_kernel"
        )
        self.pointwise_kernel = self._add_kernel((*[1] * self.rank, between, self.filters), "pointwise_kernel")
        self._add_bias()
        self.built = True

    def _separated(self, inputs: Tensor, depthwise: Any, pointwise: Any, strides: tuple, rate: tuple) -> Tensor:
        """The convolution of images, with its bias."""
        data_format = convert_data_format(self.data_format, 4)
        outputs = nn_separable_conv2d(
            inputs,
            depthwise,
            pointwise,
            strides=around(self.data_format, strides),
            padding="VALID" if self.padding == "causal" else self.padding.upper(),
            rate=rate,
            data_format=data_format,
        )
        return bias_add(outputs, self.bias, data_format=data_format) if self.use_bias else outputs


@export("layers.SeparableConv1D")
class SeparableConv1D(SeparableConv):
    """activation(separable convolution of sequences + bias); see `SeparableConv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            1, filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation,
            use_bias, depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer,
            pointwise_regularizer, bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint,
            bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        axis = 1 if self.data_format == "channels_last" else 2
        inputs = expand_dims(self._causal(inputs), axis)
        kernels = expand_dims(self.depthwise_kernel, 0), expand_dims(self.pointwise_kernel, 0)
        outputs = self._separated(inputs, *kernels, self.strides * 2, (1, *self.dilation_rate))
        return self._activated(squeeze(outputs, [axis]))


@export("layers.SeparableConv2D")
class SeparableConv2D(SeparableConv):
    """activation(separable convolution of images + bias); see `SeparableConv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = ZEROS,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            2, filters, kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier, activation,
            use_bias, depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer,
            pointwise_regularizer, bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint,
            bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip

    def call(self, inputs: Tensor) -> Tensor:
        kernels = self.depthwise_kernel, self.pointwise_kernel
        return self._activated(self._separated(inputs, *kernels, self.strides, self.dilation_rate))


separable_conv1d = layer_function(SeparableConv1D, "separable_conv1d")
separable_conv2d = layer_function(SeparableConv2D, "separable_conv2d")
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
