"""tf.contrib.layers' separable convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.dense_layers import XAVIER
from pyflow.contrib.layer_collections import channel_dimension, get_variable_collections, two_element_tuple
from pyflow.contrib.layer_variables import check_data_format, collect_variable, completed, model_variable_getter
from pyflow.contrib.variables import model_variable
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.tensor import Tensor
from pyflow.layers.named_functions import ZEROS
from pyflow.layers.separable_convolution import SeparableConv2D
from pyflow.ops.bias import bias_add
from pyflow.ops.nn_convolution import depthwise_conv2d
from pyflow.ops.nn_relu import relu
from pyflow.ops.variable_scope import variable_scope

_NAMES = {"bias": "biases", "depthwise_kernel": "depthwise_weights", "pointwise_kernel": "pointwise_weights"}


@export("contrib.layers.separable_convolution2d", "contrib.layers.separable_conv2d")
@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Any = 1,
    activation_fn: Callable | None = relu,
    normalizer_fn: Callable | None = None,
    normalizer_params: dict | None = None,
    weights_initializer: Any = XAVIER,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """activation_fn(separable convolution of images + biases).

    The variables are `depthwise_weights`, `pointwise_weights` and `biases`.

    Args:
      num_outputs: None leaves out the second, pointwise convolution.
      depth_multiplier: how many channels each input channel becomes first.
      pointwise_initializer: None for `weights_initializer`.
      others: as in `convolution`.
    """
    df = check_data_format(data_format)
    getter = model_variable_getter(_NAMES)
    with variable_scope(scope, "SeparableConv2d", [inputs], reuse=reuse, custom_getter=getter) as sc:
        inputs = convert_to_tensor(inputs)
        if num_outputs is not None:
            layer = SeparableConv2D(
                num_outputs,
                kernel_size,
                stride,
                padding,
                df,
                two_element_tuple(rate),
                depth_multiplier,
                use_bias=not normalizer_fn and biases_initializer,  # type: ignore[arg-type]
                depthwise_initializer=weights_initializer,
                pointwise_initializer=pointwise_initializer or weights_initializer,
                bias_initializer=biases_initializer,
                depthwise_regularizer=weights_regularizer,
                pointwise_regularizer=weights_regularizer,
                bias_regularizer=biases_regularizer,
                trainable=trainable,
                name=sc.name,
                dtype=inputs.dtype.base_dtype,
                _scope=sc,
                _reuse=reuse,
            )
            outputs = layer.apply(inputs)
            collect_variable(layer.depthwise_kernel, variables_collections, "weights")
            collect_variable(layer.pointwise_kernel, variables_collections, "weights")
            collect_variable(layer.bias, variables_collections, "biases")
        else:

            def variable(name: str, kind: str, shape: list[int], initializer: Any, regularizer: Any) -> Any:
                return model_variable(
                    name,
                    shape=shape,
                    dtype=inputs.dtype.base_dtype,
                    initializer=initializer,
                    regularizer=regularizer,
                    trainable=trainable,
                    collections=get_variable_collections(variables_collections, kind),
                )

            channels = channel_dimension(inputs.get_shape(), df, min_rank=4)
            shape = [*two_element_tuple(kernel_size), channels, depth_multiplier]
            weights = variable("depthwise_weights", "weights", shape, weights_initializer, weights_regularizer)
            steps = two_element_tuple(stride)
            strides = [1, 1, *steps] if df == "channels_first" else [1, *steps, 1]
            outputs = depthwise_conv2d(
                inputs, weights, strides, padding, rate=two_element_tuple(rate), data_format=data_format
            )
            if normalizer_fn is None and biases_initializer is not None:
                count = depth_multiplier * channels
                biases = variable("biases", "biases", [count], biases_initializer, biases_regularizer)
                outputs = bias_add(outputs, biases, data_format=data_format)
        return completed(outputs, sc.name, outputs_collections, activation_fn, normalizer_fn, normalizer_params)


separable_conv2d = separable_convolution2d
