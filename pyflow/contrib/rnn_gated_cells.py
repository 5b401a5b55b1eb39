"""tf.contrib.rnn: gated cells beside LSTM and GRU."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.rnn_core import _Linear
from pyflow.core.api import PUBLIC, export
from pyflow.layers.input_spec import InputSpec
from pyflow.nn.basic_cells import known_depth
from pyflow.nn.cell_activations import activation as activation_of
from pyflow.nn.cell_activations import initializer as initializer_of
from pyflow.nn.cell_base import LayerRNNCell, RNNCell
from pyflow.nn.cell_sizes import shape_type_conversion
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array_joining import concat
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.initializers import Zeros
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_relu import Relu as relu
from pyflow.ops.variable_scope import get_variable_scope, variable_scope

tanh = PUBLIC["tanh"]


def input_size_of(inputs: Any) -> int:
    """The columns of inputs [batch, columns].

    Raises:
      ValueError: they aren't known.
    """
    size = inputs.get_shape().with_rank(2).as_list()[1]
    if size is None:
        raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
    return size


class UnitsCell(RNNCell):
    """A cell whose state and output are [batch, num_units]."""

    _num_units: int

    @property
    def state_size(self) -> int:
        return self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units


@export("contrib.rnn.UGRNNCell")
class UGRNNCell(UnitsCell):
    """The update gate network of https://arxiv.org/abs/1611.09913: one gate, state = output.

    Args:
      num_units: the size of the state.
      initializer: of the weights; the scope's by default.
      forget_bias: added to the gate's input.
      activation: of the candidate.
      reuse: True, when the variables shall be those made before in the same scope.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Callable = tanh,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        self._num_units, self._initializer, self._forget_bias = num_units, initializer, forget_bias
        self._activation = activation
        self._linear: _Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        input_size_of(inputs)
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            cell_inputs = concat([inputs, state], 1)
            if self._linear is None:
                self._linear = _Linear(cell_inputs, 2 * self._num_units, True)
            g_act, c_act = split(axis=1, num_or_size_splits=2, value=self._linear(cell_inputs))
            c = self._activation(c_act)
            g = sigmoid(g_act + self._forget_bias)
            new_state = g * state + (1.0 - g) * c
        return new_state, new_state


@export("contrib.rnn.IntersectionRNNCell")
class IntersectionRNNCell(UnitsCell):
    """The intersection network of https://arxiv.org/abs/1611.09913: gates in depth and in time. Inputs have the size of
    the outputs, or are projected.

    Args:
      num_units: the size of state and output.
      num_in_proj: whether to project inputs of another size.
      initializer: of the weights; the scope's by default.
      forget_bias: added to the gates' inputs.
      y_activation: of the candidate output.
      reuse: True, when the variables shall be those made before in the same scope.
    """

    def __init__(
        self,
        num_units: int,
        num_in_proj: int | None = None,
        initializer: Any = None,
        forget_bias: float = 1.0,
        y_activation: Callable = relu,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        self._num_units, self._initializer, self._forget_bias = num_units, initializer, forget_bias
        self._num_input_proj, self._y_activation = num_in_proj, y_activation
        self._linear1: _Linear | None = None
        self._linear2: _Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        size, n = input_size_of(inputs), self._num_units
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            if size != n:
                if not self._num_input_proj:
                    raise ValueError(
                        "Must have input size == output size for Intersection RNN. To fix, num_in_proj should be set "
                        "to num_units at cell init."
                    )
                with variable_scope("in_projection"):
                    if self._linear1 is None:
                        self._linear1 = _Linear(inputs, n, True)
                    inputs = self._linear1(inputs)
            cell_inputs = concat([inputs, state], 1)
            if self._linear2 is None:
                self._linear2 = _Linear(cell_inputs, 4 * n, True)
            sums = self._linear2(cell_inputs)
            gh_act, h_act, gy_act, y_act = (sums[:, k * n : (k + 1) * n] for k in range(4))
            h, y = tanh(h_act), self._y_activation(y_act)
            gh = sigmoid(gh_act + self._forget_bias)
            gy = sigmoid(gy_act + self._forget_bias)
            new_state = gh * state + (1.0 - gh) * h
            new_y = gy * inputs + (1.0 - gy) * y
        return new_y, new_state


@export("contrib.rnn.SRUCell")
class SRUCell(LayerRNNCell, UnitsCell):
    """The simple recurrent unit of https://arxiv.org/abs/1709.02755: inputs have the size of the outputs.

    Args:
      num_units: the size of state and output.
      activation: of the state; tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope.
    """

    def __init__(
        self, num_units: int, activation: Callable | None = None, reuse: Any = None, name: Any = None, **kwargs: Any
    ):
        super().__init__(_reuse=reuse, name=name, **kwargs)
        self._num_units, self._activation = num_units, activation or tanh
        self.input_spec = InputSpec(ndim=2)

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        self._kernel = self.add_variable("kernel", shape=[depth, 4 * self._num_units])
        self._bias = self.add_variable("bias", shape=[2 * self._num_units], initializer=Zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, num_units]."""
        x_bar, f_sum, r_sum, x_tx = split(value=matmul(inputs, self._kernel), num_or_size_splits=4, axis=1)
        f_r = sigmoid(bias_add(concat([f_sum, r_sum], 1), self._bias))
        f, r = split(value=f_r, num_or_size_splits=2, axis=1)
        c = f * state + (1.0 - f) * x_bar
        h = r * self._activation(c) + (1.0 - r) * x_tx
        return h, c


class _KerasStyleCell(LayerRNNCell):
    """A cell whose arguments are called as Keras calls them."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "ones",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self.units, self.activation = units, activation_of(activation)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.bias_initializer = initializer_of(bias_initializer)

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units


class MinimalRNNCell(_KerasStyleCell):
    """The minimal network of https://arxiv.org/abs/1711.06788.

    Args:
      units: the size of state and output.
      activation, kernel_initializer, bias_initializer: functions and objects, or their names.
      name: the name of the variable scope.
      dtype: that of the variables; by default the first input's.
    """

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth, units = known_depth(inputs_shape), self.units
        self.kernel = self.add_weight(
            name="kernel", shape=[depth + 2 * units, units], initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=[units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, units]."""
        sizes = [input_size_of(inputs), 2 * self.units]
        feedforward_weight, gate_weight = split(value=self.kernel, num_or_size_splits=sizes, axis=0)
        feedforward = self.activation(matmul(inputs, feedforward_weight))
        u = sigmoid(bias_add(matmul(concat([feedforward, state], 1), gate_weight), self.bias))
        new_h = u * state + (1 - u) * feedforward
        return new_h, new_h


class CFNCell(_KerasStyleCell):
    """The chaos free network of https://arxiv.org/abs/1612.06212.

    Args: see `MinimalRNNCell`.
    """

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth, units = known_depth(inputs_shape), self.units
        self.kernel = self.add_weight(name="kernel", shape=[depth, 3 * units], initializer=self.kernel_initializer)
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=[units, 2 * units], initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=[2 * units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], state [batch, units]."""
        input_size_of(inputs)
        v, w = split(value=self.kernel, num_or_size_splits=[2 * self.units, self.units], axis=1)
        gates = matmul(state, self.recurrent_kernel) + matmul(inputs, v)
        theta, eta = split(value=sigmoid(bias_add(gates, self.bias)), num_or_size_splits=2, axis=1)
        new_input = matmul(inputs, w)
        new_h = theta * self.activation(state) + (1 - eta) * self.activation(new_input)
        return new_h, new_h


@export("contrib.rnn.NASCell")
class NASCell(LayerRNNCell):
    """The cell that neural architecture search found for language (https://arxiv.org/abs/1611.01578).

    Args:
      num_units: the size of the memory.
      num_proj: the size of the output, which is then projected.
      use_bias: whether there are biases.
      reuse: True, when the variables shall be those made before in the same scope.
    """

    _NAS_BASE = 8

    def __init__(
        self, num_units: int, num_proj: int | None = None, use_bias: bool = False, reuse: Any = None, **kwargs: Any
    ):
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units, self._num_proj, self._use_bias = num_units, num_proj, use_bias

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> int:
        return self._num_units if self._num_proj is None else self._num_proj

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth, units = inputs_shape[1], self._num_units
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        self.recurrent_kernel = self.add_variable("recurrent_kernel", [self.output_size, self._NAS_BASE * units])
        self.kernel = self.add_variable("kernel", [depth, self._NAS_BASE * units])
        if self._use_bias:
            self.bias = self.add_variable("bias", shape=[self._NAS_BASE * units], initializer=Zeros)
        if self._num_proj is not None:
            self.projection_weights = self.add_variable("projection_weights", [units, self._num_proj])
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        c_prev, m_prev = state
        m_sums = matmul(m_prev, self.recurrent_kernel)
        x_sums = matmul(inputs, self.kernel)
        if self._use_bias:
            m_sums = bias_add(m_sums, self.bias)
        m = split(axis=1, num_or_size_splits=self._NAS_BASE, value=m_sums)
        x = split(axis=1, num_or_size_splits=self._NAS_BASE, value=x_sums)
        a0 = sigmoid(x[0] + m[0])
        a1 = relu(x[1] + m[1])
        a2 = sigmoid(x[2] + m[2])
        a3 = relu(x[3] * m[3])
        a4 = tanh(x[4] + m[4])
        a5 = sigmoid(x[5] + m[5])
        a6 = tanh(x[6] + m[6])
        a7 = sigmoid(x[7] + m[7])
        b0 = tanh(a0 * a1)
        b1 = tanh(a2 + a3)
        b2 = tanh(a4 * a5)
        b3 = sigmoid(a6 + a7)
        b0 = tanh(b0 + c_prev)
        new_c = b0 * b1
        new_m = tanh(new_c * tanh(b2 + b3))
        if self._num_proj is not None:
            new_m = matmul(new_m, self.projection_weights)
        return new_m, LSTMStateTuple(new_c, new_m)
