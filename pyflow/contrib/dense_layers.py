"""tf.contrib.layers.fully_connected and its relatives."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.initializers import xavier_initializer
from pyflow.contrib.layer_variables import WEIGHTS_AND_BIASES, collect_variable, completed, model_variable_getter
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import add_to_collections
from pyflow.core.tensor import Tensor
from pyflow.layers.dense_layer import Dense
from pyflow.layers.named_functions import ZEROS
from pyflow.ops.array import reshape
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_splitting import unstack
from pyflow.ops.bias import bias_add
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_activations import elu as nn_elu
from pyflow.ops.nn_relu import relu as nn_relu
from pyflow.ops.nn_relu import relu6 as nn_relu6
from pyflow.ops.variable_scope import get_variable, variable_scope

XAVIER = xavier_initializer()


@export("contrib.layers.fully_connected")
@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Callable | None = nn_relu,
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
    """activation_fn(inputs · weights + biases), along the last dimension.

    Args:
      inputs: of rank 2 or more, the last dimension known.
      activation_fn: None leaves the sum as it is.
      normalizer_fn: applied, with `normalizer_params`, in the place of biases.
      biases_initializer: None for no biases.
      variables_collections: collections for all variables, or a dict of such by "weights" and "biases".
      outputs_collections: where the outputs are added under the scope's name.
      scope: the variable scope; by default "fully_connected", unique.

    Raises:
      ValueError: `num_outputs` is no int, or the inputs' shape isn't as said.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(f"num_outputs type should be one of {[int]}, got {type(num_outputs)}.")
    getter = model_variable_getter(WEIGHTS_AND_BIASES)
    with variable_scope(scope, "fully_connected", [inputs], reuse=reuse, custom_getter=getter) as sc:
        inputs = convert_to_tensor(inputs)
        layer = Dense(
            num_outputs,
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


@export("contrib.layers.legacy_fully_connected")
def legacy_fully_connected(
    x: Any,
    num_output_units: int,
    activation_fn: Callable | None = None,
    weight_init: Any = XAVIER,
    bias_init: Any = ZEROS,
    name: str | None = None,
    weight_collections: Any = (GraphKeys.WEIGHTS,),
    bias_collections: Any = (GraphKeys.BIASES,),
    output_collections: Any = (GraphKeys.ACTIVATIONS,),
    trainable: bool = True,
    weight_regularizer: Any = None,
    bias_regularizer: Any = None,
) -> Tensor:
    """activation_fn(x · weights + bias), along the last dimension: `fully_connected` as it was before TensorFlow 1.

    Raises:
      ValueError: the rank of `x` is below 2, or its last dimension not known.
    """
    with variable_scope(name, "fully_connected", [x]):
        x = convert_to_tensor(x)
        if x.get_shape().dims is None:
            raise ValueError("dims of x must be known but is None")
        dims = x.get_shape().as_list()
        if len(dims) < 2:
            raise ValueError(f"rank of x must be at least 2 not: {len(dims)}")
        if dims[-1] is None:
            raise ValueError("last dimension of x must be known but is None")

        def variable(kind: str, shape: list[int], initializer: Any, collections: Any, regularizer: Any) -> Any:
            return get_variable(
                kind,
                shape=shape,
                dtype=x.dtype.base_dtype,
                initializer=initializer,
                collections=list(dict.fromkeys([*(collections or ()), GraphKeys.GLOBAL_VARIABLES])),
                regularizer=regularizer,
                trainable=trainable,
            )

        weights = variable("weights", [dims[-1], num_output_units], weight_init, weight_collections, weight_regularizer)
        y = matmul(x if len(dims) == 2 else reshape(x, [-1, dims[-1]]), weights)
        if bias_init is not None:
            y = bias_add(y, variable("bias", [num_output_units], bias_init, bias_collections, bias_regularizer))
        if len(dims) > 2:
            y = reshape(y, stack([*unstack(shape_of(x))[:-1], num_output_units]))
            y.set_shape([*dims[:-1], num_output_units])
        if activation_fn is not None:
            y = activation_fn(y)
        add_to_collections([*(output_collections or ()), GraphKeys.ACTIVATIONS], y)
        return y


elu = export("contrib.layers.elu")(functools.partial(fully_connected, activation_fn=nn_elu))
relu = export("contrib.layers.relu")(functools.partial(fully_connected, activation_fn=nn_relu))
relu6 = export("contrib.layers.relu6")(functools.partial(fully_connected, activation_fn=nn_relu6))
linear = export("contrib.layers.linear")(functools.partial(fully_connected, activation_fn=None))
legacy_relu = export("contrib.layers.legacy_relu")(functools.partial(legacy_fully_connected, activation_fn=nn_relu))
legacy_linear = export("contrib.layers.legacy_linear")(functools.partial(legacy_fully_connected, activation_fn=None))
