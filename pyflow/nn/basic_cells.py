"""The plain recurrent cell and the gated recurrent unit."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.layers.input_spec import InputSpec
from pyflow.nn.cell_activations import activation as activation_of
from pyflow.nn.cell_activations import activation_name, initializer, initializer_config
from pyflow.nn.cell_base import _BIAS_VARIABLE_NAME, _WEIGHTS_VARIABLE_NAME, LayerRNNCell
from pyflow.nn.cell_sizes import _check_rnn_cell_input_dtypes, _check_supported_dtypes, shape_type_conversion
from pyflow.ops.array_joining import concat
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.initializers import Constant, Zeros
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul


def known_depth(inputs_shape: Any) -> int:
    """The last dimension of the inputs.

    Raises:
      ValueError: it is not known.
    """
    if inputs_shape[-1] is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {inputs_shape}")
    return inputs_shape[-1]


@export("nn.rnn_cell.BasicRNNCell")
class BasicRNNCell(LayerRNNCell):
    """output = new state = activation([inputs, state] · kernel + bias).

    Args:
      num_units: the size of the state and of the output.
      activation: a function, or its name; tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope; layers of one name need `reuse=True`.
      dtype: that of the variables; by default the first input's.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        _check_supported_dtypes(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> int:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        _check_supported_dtypes(self.dtype)
        units = self._num_units
        self._kernel = self.add_variable(_WEIGHTS_VARIABLE_NAME, shape=[depth + units, units])
        self._bias = self.add_variable(_BIAS_VARIABLE_NAME, shape=[units], initializer=Zeros(dtype=self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        _check_rnn_cell_input_dtypes([inputs, state])
        gate_inputs = bias_add(matmul(concat([inputs, state], 1), self._kernel), self._bias)
        output = self._activation(gate_inputs)
        return output, output

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_units": self._num_units,
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }


@export("nn.rnn_cell.GRUCell")
class GRUCell(LayerRNNCell):
    """The gated recurrent unit of http://arxiv.org/abs/1406.1078; the reset gate acts before the product.

    Args:
      num_units: the size of the state and of the output.
      activation: of the candidate; tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      kernel_initializer, bias_initializer: for the weights and biases; without, the scope's, and 1 for the biases of
        the gates, 0 for the candidate's.
      name: the name of the variable scope.
      dtype: that of the variables; by default the first input's.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        _check_supported_dtypes(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)
        self._kernel_initializer = initializer(kernel_initializer)
        self._bias_initializer = initializer(bias_initializer)

    @property
    def state_size(self) -> int:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        _check_supported_dtypes(self.dtype)
        units = self._num_units

        def weights(part: str, width: int, bias: Any) -> tuple[Any, Any]:
            kernel = self.add_variable(
                f"{part}/{_WEIGHTS_VARIABLE_NAME}", shape=[depth + units, width], initializer=self._kernel_initializer
            )
            initial = bias if self._bias_initializer is None else self._bias_initializer
            return kernel, self.add_variable(f"{part}/{_BIAS_VARIABLE_NAME}", shape=[width], initializer=initial)

        self._gate_kernel, self._gate_bias = weights("gates", 2 * units, Constant(1.0, dtype=self.dtype))
        self._candidate_kernel, self._candidate_bias = weights("candidate", units, Zeros(dtype=self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        _check_rnn_cell_input_dtypes([inputs, state])
        gate_inputs = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        r, u = split(value=sigmoid(gate_inputs), num_or_size_splits=2, axis=1)
        r_state = r * state
        candidate = bias_add(matmul(concat([inputs, r_state], 1), self._candidate_kernel), self._candidate_bias)
        c = self._activation(candidate)
        new_h = u * state + (1 - u) * c
        return new_h, new_h

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_units": self._num_units,
            "kernel_initializer": initializer_config(self._kernel_initializer),
            "bias_initializer": initializer_config(self._bias_initializer),
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }
