"""Transposed convolution layers, also called deconvolutions."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.convolution import Conv
from pyflow.layers.layer_function import layer_function
from pyflow.layers.named_functions import ZEROS
from pyflow.layers.window_arguments import around, convert_data_format, deconv_output_length
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.bias import bias_add
from pyflow.ops.conv3d import conv3d_transpose as nn_conv3d_transpose
from pyflow.ops.nn_conv import conv2d_transpose as nn_conv2d_transpose


class ConvTranspose(Conv):
    """What the transposed convolution layers have in common.

    The variables are `kernel` [window, filters, in] and `bias` [filters]; for the arguments see `Conv`.
    """

    _config_names = (*Conv._config_names, "output_padding")

    # Of Keras's layers: which of several lengths is meant, for each spatial axis.
    output_padding: Any = None

    def build(self, input_shape: Any) -> None:
        shape = TensorShape(input_shape)
        if len(shape) != self.rank + 2:
            message = f"Inputs should have rank {self.rank + 2}. Received input shape: {shape}"
            raise ValueError(message)
        channels = self._channels(shape)
        self.kernel = self._add_kernel((*self.kernel_size, self.filters, channels))
        self._add_bias()
        self.built = True

    def _sizes(self, sizes: Any) -> list[Any]:
        """Of the spatial axes of the outputs, for those of the inputs; ints, None or tensors."""
        extra = self.output_padding or [None] * self.rank
        return [
            deconv_output_length(size, self.kernel_size[i], self.padding, extra[i], self.strides[i])
            for i, size in enumerate(sizes)
        ]

    def _transposed(self, inputs: Tensor, sizes: Tensor) -> Tensor:
        raise NotImplementedError

    def call(self, inputs: Tensor) -> Tensor:
        shape = shape_of(inputs)
        batch_size = shape[0]
        first = 2 if self.data_format == "channels_first" else 1
        spatial = self._sizes([shape[first + i] for i in range(self.rank)])
        if self.data_format == "channels_first":
            sizes = stack((batch_size, self.filters, *spatial))
        else:
            sizes = stack((batch_size, *spatial, self.filters))
        outputs = self._transposed(inputs, sizes)
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=convert_data_format(self.data_format, 4))
        return self._activated(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        batch, *sizes = TensorShape(input_shape).as_list()
        if self.data_format == "channels_first":
            return TensorShape([batch, self.filters, *self._sizes(sizes[1:])])
        return TensorShape([batch, *self._sizes(sizes[:-1]), self.filters])


@export("layers.Conv2DTranspose")
class Conv2DTranspose(ConvTranspose):
    """activation(transposed convolution of images + bias); see `Conv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
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
            2, filters, kernel_size, strides, padding, data_format, 1, activation, use_bias, kernel_initializer,
            bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
            bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip

    def _transposed(self, inputs: Tensor, sizes: Tensor) -> Tensor:
        _ = sizes[0]  # nobody uses this node, but TensorFlow makes it too, and seeds come from the number of nodes
        return nn_conv2d_transpose(
            inputs,
            self.kernel,
            sizes,
            list(around(self.data_format, self.strides)),
            padding=self.padding.upper(),
            data_format=convert_data_format(self.data_format, 4),
        )


@export("layers.Conv3DTranspose")
class Conv3DTranspose(ConvTranspose):
    """activation(transposed convolution of volumes + bias); see `Conv` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: Any = "valid",
        data_format: str = "channels_last",
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
            3, filters, kernel_size, strides, padding, data_format, 1, activation, use_bias, kernel_initializer,
            bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint,
            bias_constraint, trainable, name, **kwargs,
        )  # fmt: skip

    def _transposed(self, inputs: Tensor, sizes: Tensor) -> Tensor:
        return nn_conv3d_transpose(
            inputs,
            self.kernel,
            sizes,
            list(around(self.data_format, self.strides)),
            data_format=convert_data_format(self.data_format, 5),
            padding=self.padding.upper(),
        )


conv2d_transpose = layer_function(Conv2DTranspose, "conv2d_transpose")
conv3d_transpose = layer_function(Conv3DTranspose, "conv3d_transpose")
Convolution2DTranspose, Convolution3DTranspose = Conv2DTranspose, Conv3DTranspose
