"""tf.contrib.layers without weights, or with biases only: dropout, flatten, one-hot codes, softmax, repeat, stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import collect_named_outputs, get_variable_collections, last_dimension
from pyflow.contrib.layer_variables import check_data_format, completed, model_variable_getter
from pyflow.contrib.variables import model_variable
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.layers import plain_layers as core_layers
from pyflow.layers.named_functions import ZEROS
from pyflow.ops.array import reshape
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.bias import bias_add as nn_bias_add
from pyflow.ops.cast import to_int64
from pyflow.ops.comparison import not_equal
from pyflow.ops.constant import constant
from pyflow.ops.nn_softmax import softmax as nn_softmax
from pyflow.ops.reduce_functions import reduce_max
from pyflow.ops.variable_scope import variable_scope


@export("contrib.layers.bias_add")
@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Callable | None = None,
    initializer: Any = ZEROS,
    regularizer: Any = None,
    reuse: bool | None = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Tensor:
    """activation_fn(inputs + biases), with a variable `biases` for the channels.

    Args:
      data_format: "NHWC" for channels in the last dimension, "NCHW" in dimension 1 of inputs of rank 4.

    Raises:
      ValueError: the number of channels isn't known.
    """
    check_data_format(data_format)
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as sc:
        inputs = convert_to_tensor(inputs)
        shape = inputs.get_shape()
        if shape.ndims is None:
            raise ValueError("Dims of shape must be known but is None")
        if shape.ndims != 4 and data_format == "NCHW":
            raise ValueError("Data format NCHW only supports 4D Tensor")
        count = shape.as_list()[1 if data_format == "NCHW" else -1]
        if count is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_variable(
            "biases",
            shape=[count],
            dtype=inputs.dtype.base_dtype,
            initializer=initializer,
            regularizer=regularizer,
            collections=get_variable_collections(variables_collections, "biases"),
            trainable=trainable,
        )
        outputs = nn_bias_add(inputs, biases, data_format=data_format)
        return completed(outputs, sc.name, outputs_collections, activation_fn)


@export("contrib.layers.dropout")
@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Keeps each element with probability `keep_prob`, divided by it, and sets the others to 0, in training only."""
    with variable_scope(scope, "Dropout", [inputs], custom_getter=model_variable_getter()) as sc:
        inputs = convert_to_tensor(inputs)
        layer = core_layers.Dropout(1 - keep_prob, noise_shape, seed, name=sc.name, _scope=sc)
        outputs = layer.apply(inputs, training=is_training)
        return collect_named_outputs(outputs_collections, sc.name, outputs)


@export("contrib.layers.flatten")
@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: str | None = None) -> Tensor:
    """The inputs as [batch_size, n]."""
    with name_scope(scope, "Flatten", [inputs]) as sc:
        outputs = core_layers.flatten(convert_to_tensor(inputs))
        return collect_named_outputs(outputs_collections, sc, outputs)


@export("contrib.layers.one_hot_encoding")
@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: Any = 1.0,
    off_value: Any = 0.0,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """`tf.one_hot` of class numbers: [batch_size] gives [batch_size, num_classes]."""
    with name_scope(scope, "OneHotEncoding", [labels, num_classes]) as sc:
        labels = convert_to_tensor(labels)
        if labels.dtype == dtypes.int32:
            labels = to_int64(labels)
        outputs = one_hot(labels, num_classes, on_value=on_value, off_value=off_value)
        return collect_named_outputs(outputs_collections, sc, outputs)


@export("contrib.layers.softmax")
@add_arg_scope
def softmax(logits: Tensor, scope: Any = None) -> Tensor:
    """`tf.nn.softmax` along the last dimension, which has to be known."""
    with variable_scope(scope, "softmax", [logits]):
        count = last_dimension(logits.get_shape(), min_rank=2)
        predictions = nn_softmax(reshape(logits, [-1, count]))
        predictions = reshape(predictions, shape_of(logits))
        predictions.set_shape(logits.get_shape())
        return predictions


@export("contrib.layers.maxout")
@add_arg_scope
def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Tensor:
    """The largest of each of `num_units` groups of features along an axis (Goodfellow et al., 2013).

    https://arxiv.org/abs/1302.4389.

    Raises:
      ValueError: the number of features is no multiple of `num_units`.
    """
    with variable_scope(scope, "MaxOut", [inputs]):
        inputs = convert_to_tensor(inputs)
        shape: list[Any] = inputs.get_shape().as_list()
        channels = shape[axis]
        if channels % num_units:
            raise ValueError(f"number of features({channels}) is not a multiple of num_units({num_units})")
        shape[axis] = num_units
        shape.append(channels // num_units)
        shape = [shape_of(inputs)[i] if size is None else size for i, size in enumerate(shape)]
        return reduce_max(reshape(inputs, shape), -1, keepdims=False)


@export("contrib.layers.dense_to_sparse")
@add_arg_scope
def dense_to_sparse(tensor: Any, eos_token: Any = 0, outputs_collections: Any = None, scope: Any = None) -> Any:
    """The elements that are not `eos_token`, as a sparse tensor."""
    with variable_scope(scope, "dense_to_sparse", [tensor]) as sc:
        tensor = convert_to_tensor(tensor)
        indices = where(not_equal(tensor, constant(eos_token, tensor.dtype)))
        values = gather_nd(tensor, indices)
        outputs = SparseTensor(indices, values, shape_of(tensor, out_type=dtypes.int64))
        return collect_named_outputs(outputs_collections, sc.name, outputs)


def _name_of(layer: Any, default: str) -> str:
    """A function's name, also inside functools.partial."""
    own = getattr(layer, "__name__", None)
    return own or getattr(getattr(layer, "func", None), "__name__", default)


@export("contrib.layers.repeat")
def repeat(inputs: Any, repetitions: int, layer: Callable, *args: Any, **kwargs: Any) -> Tensor:
    """Applies a layer several times, one after the other, in the scopes `<scope>/<scope>_1`, ...

    Args:
      layer: called as `layer(outputs, *args, scope=..., **kwargs)`.
      scope (keyword): by default "Repeat" around scopes of the function's name.
    """
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        outputs = convert_to_tensor(inputs)
        scope = _name_of(layer, "repeat") if scope is None else scope
        for i in range(repetitions):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{scope}_{i + 1}"})
        return outputs


@export("contrib.layers.stack")
def stack(inputs: Any, layer: Callable, stack_args: Any, **kwargs: Any) -> Tensor:
    """Applies a layer once for each item of `stack_args`, one after the other, in the scopes `<scope>/<scope>_1`, ...

    Args:
      stack_args: list of arguments, each a value or a list of several.
      scope (keyword): by default "Stack" around scopes of the function's name.

    Raises:
      ValueError: `stack_args` is no list.
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, (list, tuple)):
        raise ValueError("stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        outputs = convert_to_tensor(inputs)
        scope = _name_of(layer, "stack") if scope is None else scope
        for i, arguments in enumerate(stack_args):
            arguments = arguments if isinstance(arguments, (list, tuple)) else [arguments]
            outputs = layer(outputs, *arguments, **{**kwargs, "scope": f"{scope}_{i + 1}"})
        return outputs
