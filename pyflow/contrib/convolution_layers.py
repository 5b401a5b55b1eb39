"""tf.contrib.layers' convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.dense_layers import XAVIER
from pyflow.contrib.layer_collections import get_variable_collections, last_dimension, two_element_tuple
from pyflow.contrib.layer_variables import (
    WEIGHTS_AND_BIASES,
    check_data_format,
    collect_variable,
    completed,
    model_variable_getter,
)
from pyflow.contrib.variables import model_variable
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.tensor import Tensor
from pyflow.layers.convolution import Conv1D, Conv2D, Conv3D
from pyflow.layers.named_functions import ZEROS
from pyflow.layers.transposed_convolution import Conv2DTranspose, Conv3DTranspose
from pyflow.ops.array_tiling import tile
from pyflow.ops.bias import bias_add
from pyflow.ops.nn_convolution import depthwise_conv2d
from pyflow.ops.nn_relu import relu
from pyflow.ops.variable_scope import variable_scope

_FORMATS = (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")
_CLASSES: dict[Any, Any] = {3: Conv1D, 4: Conv2D, 5: Conv3D}


@export("contrib.layers.convolution")
@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Callable | None = relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    conv_dims: int | None = None,
) -> Tensor:
    """activation_fn(convolution + biases) over the one, two or three axes between batch and channels.

    Args:
      inputs: [batch_size, spatial axes, channels]; channels in dimension 1 if `data_format` begins with "NC".
      kernel_size, stride, rate: an int, or one for each spatial axis; not both strides and rates above 1.
      padding: "SAME" or "VALID".
      conv_dims: how many spatial axes there have to be.
      others: as in `fully_connected`. The variables are `weights` [window, in, num_outputs] and `biases`.

    Raises:
      ValueError: the rank doesn't fit, or the format is unknown.
    """
    if data_format not in _FORMATS:
        raise ValueError(f"Invalid data_format: {data_format!r}")
    getter = model_variable_getter(WEIGHTS_AND_BIASES)
    with variable_scope(scope, "Conv", [inputs], reuse=reuse, custom_getter=getter) as sc:
        inputs = convert_to_tensor(inputs)
        rank = inputs.get_shape().ndims
        if conv_dims is not None and conv_dims + 2 != rank:
            shown = "None" if rank is None else rank
            raise ValueError(f"Convolution expects input with rank {conv_dims + 2}, got {shown}")
        if rank not in _CLASSES:
            raise ValueError("Convolution not supported for input with rank", rank)
        layer = _CLASSES[rank](
            filters=num_outputs,
            kernel_size=kernel_size,
            strides=stride,
            padding=padding,
            data_format="channels_first" if data_format and data_format.startswith("NC") else "channels_last",
            dilation_rate=rate,
            use_bias=not normalizer_fn and biases_initializer,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=sc.name,
            dtype=inputs.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        collect_variable(layer.bias, variables_collections, "biases")
        return completed(outputs, sc.name, outputs_collections, activation_fn, normalizer_fn, normalizer_params)


def _over(conv_dims: int) -> Callable[..., Tensor]:
    def convolve(
        inputs: Any,
        num_outputs: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        rate: Any = 1,
        activation_fn: Callable | None = relu,
        normalizer_fn: Callable | None = None,
        normalizer_params: dict | None = None,
        weights_initializer: Any = XAVIER,
        weights_regularizer: Any = None,
        biases_initializer: Any = ZEROS,
        biases_regularizer: Any = None,
        reuse: bool | None = None,
        variables_collections: Any = None,
        outputs_collections: Any = None,
        trainable: bool = True,
        scope: Any = None,
    ) -> Tensor:
        return convolution(**dict(locals(), conv_dims=conv_dims))

    name = f"convolution{conv_dims}d"
    # Before it is decorated: by its printed name a function is known to argument scopes.
    convolve.__name__ = convolve.__qualname__ = name
    convolve.__doc__ = f"""`convolution` over {conv_dims} axes."""
    return export(f"contrib.layers.{name}", f"contrib.layers.conv{conv_dims}d")(add_arg_scope(convolve))


convolution1d = conv1d = _over(1)
convolution2d = conv2d = _over(2)
convolution3d = conv3d = _over(3)


def _transposed(layer_class: Any, default: str, formats: tuple[str, ...], arguments: dict[str, Any]) -> Tensor:
    scope, reuse, inputs = arguments["scope"], arguments["reuse"], arguments["inputs"]
    getter = model_variable_getter(WEIGHTS_AND_BIASES)
    with variable_scope(scope, default, [inputs], reuse=reuse, custom_getter=getter) as sc:
        data_format = check_data_format(arguments["data_format"], formats)
        inputs = convert_to_tensor(inputs)
        normalizer_fn, biases_initializer = arguments["normalizer_fn"], arguments["biases_initializer"]
        layer = layer_class(
            filters=arguments["num_outputs"],
            kernel_size=arguments["kernel_size"],
            strides=arguments["stride"],
            padding=arguments["padding"],
            data_format=data_format,
            use_bias=not normalizer_fn and biases_initializer,
            kernel_initializer=arguments["weights_initializer"],
            bias_initializer=biases_initializer,
            kernel_regularizer=arguments["weights_regularizer"],
            bias_regularizer=arguments["biases_regularizer"],
            trainable=arguments["trainable"],
            name=sc.name,
            dtype=inputs.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        collect_variable(layer.kernel, arguments["variables_collections"], "weights")
        collect_variable(layer.bias, arguments["variables_collections"], "biases")
        return completed(
            outputs,
            sc.name,
            arguments["outputs_collections"],
            arguments["activation_fn"],
            normalizer_fn,
            arguments["normalizer_params"],
        )


@export("contrib.layers.convolution2d_transpose", "contrib.layers.conv2d_transpose")
@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Callable | None = relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """activation_fn(transposed convolution of images + biases); see `convolution` for the arguments."""
    return _transposed(Conv2DTranspose, "Conv2d_transpose", ("NCHW", "NHWC"), locals())


@export("contrib.layers.convolution3d_transpose", "contrib.layers.conv3d_transpose")
@add_arg_scope
def convolution3d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    activation_fn: Callable | None = relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """activation_fn(transposed convolution of volumes + biases); see `convolution` for the arguments."""
    return _transposed(Conv3DTranspose, "Conv3d_transpose", ("NCDHW", "NDHWC"), locals())


@export("contrib.layers.convolution2d_in_plane", "contrib.layers.conv2d_in_plane")
@add_arg_scope
def convolution2d_in_plane(
    inputs: Tensor,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    activation_fn: Callable | None = relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """The same convolution, with `weights` [height, width, 1, 1], of every channel of images by itself.

    Args:
      inputs: [batch_size, height, width, channels].
      others: as in `convolution`.
    """
    with variable_scope(scope, "ConvInPlane", [inputs], reuse=reuse) as sc:
        channels = last_dimension(inputs.get_shape(), min_rank=4)

        def variable(name: str, shape: list[int], initializer: Any, regularizer: Any) -> Any:
            return model_variable(
                name,
                shape=shape,
                dtype=inputs.dtype.base_dtype,
                initializer=initializer,
                regularizer=regularizer,
                collections=get_variable_collections(variables_collections, name),
                trainable=trainable,
            )

        height, width = two_element_tuple(kernel_size)
        weights = variable("weights", [height, width, 1, 1], weights_initializer, weights_regularizer)
        depthwise = tile(weights, [1, 1, channels, 1])
        outputs = depthwise_conv2d(inputs, depthwise, [1, *two_element_tuple(stride), 1], padding)
        if normalizer_fn is None and biases_initializer is not None:
            outputs = bias_add(outputs, variable("biases", [channels], biases_initializer, biases_regularizer))
        return completed(outputs, sc.name, outputs_collections, activation_fn, normalizer_fn, normalizer_params)
