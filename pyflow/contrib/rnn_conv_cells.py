"""tf.contrib.rnn: LSTM of convolutions (https://arxiv.org/abs/1506.04214), and LSTM with an oscillation."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.rnn_core import _Linear
from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import float32
from pyflow.core.shapes import TensorShape
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where
from pyflow.ops.array_splitting import split
from pyflow.ops.cast import cast
from pyflow.ops.initializers import Constant, RandomUniform
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.random import random_uniform
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import variable_scope

tanh = PUBLIC["tanh"]


@export("contrib.rnn.ConvLSTMCell")
class ConvLSTMCell(RNNCell):
    """LSTM whose state is a picture: products with weights are convolutions.

    Args:
      conv_ndims: 1, 2 or 3, the number of dimensions.
      input_shape: the shape of one input, channels last.
      output_channels: those of memory and output.
      kernel_shape: that of the convolution.
      use_bias: whether there are biases.
      skip_connection: whether the inputs' channels are appended to the outputs'.
      forget_bias: added to the forget gate's input.
      initializers: ignored.
      name: the name of the variable scope.

    Raises:
      ValueError: `input_shape` does not have `conv_ndims` + 1 dimensions.
    """

    def __init__(
        self,
        conv_ndims: int,
        input_shape: list[int],
        output_channels: int,
        kernel_shape: Any,
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: str = "conv_lstm_cell",
    ):
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims, self._kernel_shape = conv_ndims, list(kernel_shape)
        self._output_channels, self._use_bias = output_channels, use_bias
        self._skip_connection, self._forget_bias = skip_connection, forget_bias
        size = list(input_shape[:-1])
        channels = output_channels + (input_shape[-1] if skip_connection else 0)
        state_size = TensorShape([*size, output_channels])
        self._state_size = LSTMStateTuple(state_size, state_size)
        self._output_size = TensorShape([*size, channels])

    @property
    def output_size(self) -> TensorShape:
        return self._output_size

    @property
    def state_size(self) -> LSTMStateTuple:
        return self._state_size

    def call(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step: inputs [batch, *input_shape], the state is a pair of memory and output."""
        cell, hidden = state
        sums = _conv([inputs, hidden], self._kernel_shape, 4 * self._output_channels, self._use_bias)
        gates = split(value=sums, num_or_size_splits=4, axis=self._conv_ndims + 1)
        input_gate, new_input, forget_gate, output_gate = gates
        new_cell = sigmoid(forget_gate + self._forget_bias) * cell
        new_cell += sigmoid(input_gate) * tanh(new_input)
        output = tanh(new_cell) * sigmoid(output_gate)
        if self._skip_connection:
            output = concat([output, inputs], axis=-1)
        return output, LSTMStateTuple(new_cell, output)


def _of_rank(dimensions: int) -> type:
    class Cell(ConvLSTMCell):
        def __init__(self, name: str = f"conv_{dimensions}d_lstm_cell", **kwargs: Any):
            super().__init__(conv_ndims=dimensions, name=name, **kwargs)

    Cell.__name__ = Cell.__qualname__ = f"Conv{dimensions}DLSTMCell"
    Cell.__doc__ = f"`ConvLSTMCell` of {dimensions} dimension(s); the other arguments by keyword."
    return export(f"contrib.rnn.{Cell.__name__}")(Cell)


Conv1DLSTMCell, Conv2DLSTMCell, Conv3DLSTMCell = (_of_rank(n) for n in (1, 2, 3))


def _conv(args: list, filter_size: list[int], num_features: int, bias: bool, bias_start: float = 0.0) -> Any:
    """The convolution of all args, joined along channels, with variables of the current scope."""
    shapes = [a.get_shape().as_list() for a in args]
    rank = len(shapes[0])
    for shape in shapes:
        if len(shape) not in (3, 4, 5):
            raise ValueError(f"Conv Linear expects 3D, 4D or 5D arguments: {shapes}")
        if len(shape) != rank:
            raise ValueError(f"Conv Linear expects all args to be of same Dimension: {shapes}")
    dtype = args[0].dtype
    depth = sum(shape[-1] for shape in shapes)
    kernel = get_variable("kernel", [*filter_size, depth, num_features], dtype=dtype)
    convolve = PUBLIC[f"nn.conv{rank - 2}d"]
    joined = args[0] if len(args) == 1 else concat(axis=rank - 1, values=args)
    result = convolve(joined, kernel, 1 if rank == 3 else rank * [1], padding="SAME")
    if not bias:
        return result
    return result + get_variable("biases", [num_features], dtype=dtype, initializer=Constant(bias_start, dtype=dtype))


def _random_exp_initializer(minval: float, maxval: float, seed: int | None = None, dtype: Any = float32) -> Callable:
    """Numbers whose logarithms are uniform between those of `minval` and `maxval`."""

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Any:
        log = PUBLIC["log"]
        return PUBLIC["exp"](random_uniform(shape, log(minval), log(maxval), dtype, seed=seed))

    return initializer


@export("contrib.rnn.PhasedLSTMCell")
class PhasedLSTMCell(RNNCell):
    """LSTM whose units are open for a part of a period of their own (https://arxiv.org/abs/1610.09513).

    Inputs are pairs: time stamps [batch, 1], and features [batch, depth].

    Args:
      num_units: the size of the memory and of the output.
      use_peepholes: whether the gates see the memory.
      leak: how much a closed unit changes.
      ratio_on: the part of the period in which a unit is open.
      trainable_ratio_on: whether it is trained.
      period_init_min, period_init_max: the bounds of the periods in the beginning.
      reuse: True, when the variables shall be those made before in the same scope.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        leak: float = 0.001,
        ratio_on: float = 0.1,
        trainable_ratio_on: bool = True,
        period_init_min: float = 1.0,
        period_init_max: float = 1000.0,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse, autocast=False)
        self._num_units, self._use_peepholes, self._leak = num_units, use_peepholes, leak
        self._ratio_on, self._trainable_ratio_on = ratio_on, trainable_ratio_on
        self._period_init_min, self._period_init_max = period_init_min, period_init_max
        self._linears: dict[str, _Linear] = {}

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        return self._num_units

    def _mod(self, x: Any, y: Any) -> Any:
        """x mod y, with the gradient 1 for x and none for y."""
        return PUBLIC["stop_gradient"](PUBLIC["mod"](x, y) - x) + x

    def _get_cycle_ratio(self, time: Any, phase: Any, period: Any) -> Any:
        shifted = time - cast(phase, dtype=time.dtype)
        period = cast(period, dtype=time.dtype)
        return cast(self._mod(shifted, period) / period, dtype=float32)

    def _sum(self, name: str, args: list, width: int) -> Any:
        if name not in self._linears:
            self._linears[name] = _Linear(args, width, True)
        return self._linears[name](args)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs are (times, features), the state is a pair (memory, output)."""
        c_prev, h_prev = state
        time, x = inputs
        units = self._num_units
        seen = [x, h_prev]
        with variable_scope("mask_gates"):
            masks = sigmoid(self._sum("mask", [*seen, c_prev] if self._use_peepholes else seen, 2 * units))
            input_gate, forget_gate = split(axis=1, num_or_size_splits=2, value=masks)
        with variable_scope("new_input"):
            new_input = tanh(self._sum("input", seen, units))
        new_c = c_prev * forget_gate + input_gate * new_input
        with variable_scope("output_gate"):
            output_gate = sigmoid(self._sum("output", [*seen, new_c] if self._use_peepholes else seen, units))
        new_h = tanh(new_c) * output_gate

        period_initializer = _random_exp_initializer(self._period_init_min, self._period_init_max)
        period = get_variable("period", [units], initializer=period_initializer)
        phase = get_variable("phase", [units], initializer=RandomUniform(0.0, period.initial_value))
        ratio_on = get_variable(
            "ratio_on", [units], initializer=Constant(self._ratio_on), trainable=self._trainable_ratio_on
        )
        cycle_ratio = self._get_cycle_ratio(time, phase, period)
        k_up = 2 * cycle_ratio / ratio_on
        k_down = 2 - k_up
        k_closed = self._leak * cycle_ratio
        k = where(cycle_ratio < ratio_on, k_down, k_closed)
        k = where(cycle_ratio < 0.5 * ratio_on, k_up, k)
        new_c = k * new_c + (1 - k) * c_prev
        new_h = k * new_h + (1 - k) * h_prev
        return new_h, LSTMStateTuple(new_c, new_h)
