"""tf.contrib.rnn: cells whose units are independent: each sees only itself of the former step.

https://arxiv.org/abs/1803.04831
"""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import int32
from pyflow.layers.input_spec import InputSpec
from pyflow.nn.basic_cells import known_depth
from pyflow.nn.cell_base import LayerRNNCell
from pyflow.nn.cell_sizes import shape_type_conversion
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array_splitting import split
from pyflow.ops.array_tiling import Tile
from pyflow.ops.bias import bias_add
from pyflow.ops.constant import constant
from pyflow.ops.initializers import Constant, RandomUniform, Zeros
from pyflow.ops.math_binary import Add as add
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul


class _IndependentCell(LayerRNNCell):
    """Weights [depth, ...] for the inputs, [1, ...] for the state.

    Args:
      num_units: the size of state and output.
      activation: tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      kernel_initializer, bias_initializer: of the inputs' weights and of the biases.
      name: the name of the variable scope.
      dtype: that of the variables; by default the first input's.
    """

    def __init__(
        self,
        num_units: int,
        activation: Callable | None = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units, self._activation = num_units, activation or PUBLIC["tanh"]
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    def _weights(
        self, prefix: str, depth: int, width: int, bias: Any, kernel_name: str = "kernel_w"
    ) -> tuple[Any, Any, Any]:
        kernel_w = self.add_variable(prefix + kernel_name, shape=[depth, width], initializer=self._kernel_initializer)
        kernel_u = self.add_variable(
            f"{prefix}kernel_u",
            shape=[1, width],
            initializer=RandomUniform(minval=-1, maxval=1, dtype=self.dtype),
        )
        initial = bias if self._bias_initializer is None else self._bias_initializer
        return kernel_w, kernel_u, self.add_variable(f"{prefix}bias", shape=[width], initializer=initial)


@export("contrib.rnn.IndRNNCell")
class IndRNNCell(_IndependentCell):
    """output = new state = activation(inputs · kernel_w + state · kernel_u (element by element) + bias).

    Args: num_units, activation, reuse, name, dtype as of `BasicRNNCell`.
    """

    def __init__(
        self,
        num_units: int,
        activation: Callable | None = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(num_units, activation, reuse, name=name, dtype=dtype)

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        zeros = Zeros(dtype=self.dtype)
        self._kernel_w, self._kernel_u, self._bias = self._weights("", depth, self._num_units, zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        sums = matmul(inputs, self._kernel_w) + state * self._kernel_u
        output = self._activation(bias_add(sums, self._bias))
        return output, output


@export("contrib.rnn.IndyGRUCell")
class IndyGRUCell(_IndependentCell):
    """`GRUCell` of independent units.

    Args: as of `GRUCell`.
    """

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth, units = known_depth(inputs_shape), self._num_units
        ones, zeros = Constant(1.0, dtype=self.dtype), Zeros(dtype=self.dtype)
        self._gate_kernel_w, self._gate_kernel_u, self._gate_bias = self._weights("gates/", depth, 2 * units, ones)
        weights = self._weights("candidate/", depth, units, zeros, kernel_name="kernel")
        self._candidate_kernel_w, self._candidate_kernel_u, self._candidate_bias = weights
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        sums = matmul(inputs, self._gate_kernel_w) + Tile(state, [1, 2]) * self._gate_kernel_u
        r, u = split(value=sigmoid(bias_add(sums, self._gate_bias)), num_or_size_splits=2, axis=1)
        r_state = r * state
        candidate = matmul(inputs, self._candidate_kernel_w) + r_state * self._candidate_kernel_u
        c = self._activation(bias_add(candidate, self._candidate_bias))
        new_h = u * state + (1 - u) * c
        return new_h, new_h


@export("contrib.rnn.IndyLSTMCell")
class IndyLSTMCell(_IndependentCell):
    """`BasicLSTMCell` of independent units (https://arxiv.org/abs/1903.08023).

    Args: as of `BasicLSTMCell`, and the initializers of `GRUCell`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        activation: Callable | None = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(num_units, activation, reuse, kernel_initializer, bias_initializer, name, dtype)
        self._forget_bias = forget_bias

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self._num_units)

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        zeros = Zeros(dtype=self.dtype)
        self._kernel_w, self._kernel_u, self._bias = self._weights("", depth, 4 * self._num_units, zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        one = constant(1, dtype=int32)
        c, h = state
        sums = matmul(inputs, self._kernel_w)
        sums += Tile(h, [1, 4]) * self._kernel_u
        i, j, f, o = split(value=bias_add(sums, self._bias), num_or_size_splits=4, axis=one)
        forget_bias = constant(self._forget_bias, dtype=f.dtype)
        new_c = add(multiply(c, sigmoid(add(f, forget_bias))), multiply(sigmoid(i), self._activation(j)))
        new_h = multiply(self._activation(new_c), sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h)
