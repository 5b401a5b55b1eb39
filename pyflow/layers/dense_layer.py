"""Fully connected layers."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.layers.layer_function import layer_function
from pyflow.layers.named_functions import ZEROS, get_activation, get_initializer
from pyflow.ops.bias import bias_add
from pyflow.ops.cast import cast
from pyflow.ops.matmul import MatMul
from pyflow.ops.sparse_matmul import sparse_tensor_dense_matmul
from pyflow.ops.tensordot import tensordot


@export("layers.Dense")
class Dense(Layer):
    """activation(inputs · kernel + bias), along the last dimension of the inputs.

    Inputs have rank 2 or more and a known last dimension; a sparse tensor does too. The variables are `kernel`
    [inputs, units] and `bias` [units].

    Args:
      units: the size of the last dimension of the outputs.
      activation: function, or its name; None leaves the sum as it is.
      use_bias: whether there is a bias.
      kernel_initializer: by default the variable scope's.
      kernel_regularizer, bias_regularizer, activity_regularizer: functions from a tensor to a loss.
      kernel_constraint, bias_constraint: functions applied to the variable after an optimiser's update.
      trainable: whether the variables are to be trained.
    """

    _config_names = (
        "units",
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
        units: int,
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
        if "input_dim" in kwargs and "input_shape" not in kwargs:
            kwargs["input_shape"] = (kwargs.pop("input_dim"),)
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units)
        self.activation = get_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        dtype = dtypes.as_dtype(self.dtype or dtypes.float32)
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype}")
        size = TensorShape(input_shape).as_list()[-1]
        if size is None:
            raise ValueError("The last dimension of the inputs to `Dense` should be defined. Found `None`.")
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel",
            shape=[size, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            dtype=self.dtype,
            trainable=True,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                shape=[self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                dtype=self.dtype,
                trainable=True,
            )
        self.built = True

    def call(self, inputs: Any) -> Tensor:
        rank = inputs.shape.ndims
        if rank is not None and rank > 2:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        else:
            inputs = cast(inputs, self._compute_dtype)
            if isinstance(inputs, SparseTensor):
                outputs = sparse_tensor_dense_matmul(inputs, self.kernel)
            else:
                outputs = MatMul(inputs, self.kernel)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        shape = TensorShape(input_shape).with_rank_at_least(2)
        if shape.as_list()[-1] is None:
            raise ValueError(f"The innermost dimension of input_shape must be defined, but saw: {shape}")
        return shape[:-1].concatenate(self.units)


dense = layer_function(Dense, "dense")
FullyConnected, fully_connected = Dense, dense
