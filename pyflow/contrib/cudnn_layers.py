"""tf.contrib.cudnn_rnn: layers and cells with the equations of cuDNN, made of ordinary ops, on any device."""

from __future__ import annotations

import math
from typing import Any, Callable

from pyflow.contrib.cudnn_parameters import (
    UNIDIRECTIONAL,
    CudnnGRUSaveable,
    CudnnLSTMSaveable,
    CudnnParamsFormatConverter,
    CudnnParamsFormatConverterGRU,
    CudnnParamsFormatConverterLSTM,
    CudnnParamsFormatConverterRelu,
    CudnnParamsFormatConverterTanh,
    CudnnRNNReluSaveable,
    CudnnRNNTanhSaveable,
    check_direction,
    check_input_mode,
)
from pyflow.contrib.rnn_block_cells import LSTMBlockCell
from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.registry import raw
from pyflow.core.scopes import add_to_collection
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.nn.basic_cells import GRUCell
from pyflow.ops.array import transpose
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_reversing import reverse
from pyflow.ops.array_shape import shape
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.cast import cast
from pyflow.ops.initializers import constant_initializer, glorot_uniform_initializer
from pyflow.ops.math_sigmoid import sigmoid, tanh
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_dropout import dropout
from pyflow.ops.nn_relu import relu
from pyflow.ops.sequence_loops import scan
from pyflow.ops.tensordot import tensordot
from pyflow.ops.variable_scope_object import get_variable_scope
from pyflow.ops.variables import global_variables

_SPACE = "contrib.cudnn_rnn."


@export(_SPACE + "CudnnCompatibleLSTMCell")
class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """The cell that computes what a layer of `CudnnLSTM` does, with its weights."""

    def __init__(self, num_units: int, reuse: bool | None = None):
        super().__init__(
            num_units,
            forget_bias=0,
            cell_clip=None,
            use_peephole=False,
            reuse=reuse,
            name="cudnn_compatible_lstm_cell",
        )


@export(_SPACE + "CudnnCompatibleGRUCell")
class CudnnCompatibleGRUCell(GRUCell):
    """The cell that computes what a layer of `CudnnGRU` does: the reset gate scales the state's product."""

    def __init__(self, num_units: int, reuse: bool | None = None, kernel_initializer: Any = None):
        super().__init__(num_units, activation=None, reuse=reuse, kernel_initializer=kernel_initializer)

    def build(self, inputs_shape: Any) -> None:
        depth = dimension_value(inputs_shape[1])
        if depth is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {inputs_shape}")
        n = self._num_units

        def kernel(name: str, sizes: list[int]) -> Any:
            return self.add_variable(f"{name}/kernel", shape=sizes, initializer=self._kernel_initializer)

        def bias(name: str, count: int, start: float) -> Any:
            initializer = self._bias_initializer
            if initializer is None:
                initializer = constant_initializer(start, dtype=self.dtype)
            return self.add_variable(f"{name}/bias", shape=[count], initializer=initializer)

        into, state = "candidate/input_projection", "candidate/hidden_projection"
        self._gate_kernel, self._gate_bias = kernel("gates", [depth + n, 2 * n]), bias("gates", 2 * n, 1.0)
        self._candidate_input_kernel = kernel(into, [depth, n])
        self._candidate_hidden_kernel = kernel(state, [n, n])
        self._candidate_input_bias, self._candidate_hidden_bias = bias(into, n, 0.0), bias(state, n, 0.0)
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Tensor, Tensor]:
        gates = bias_add(matmul(concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        r, u = split(value=sigmoid(gates), num_or_size_splits=2, axis=1)
        new = bias_add(matmul(inputs, self._candidate_input_kernel), self._candidate_input_bias)
        new += r * bias_add(matmul(state, self._candidate_hidden_kernel), self._candidate_hidden_bias)
        new_state = (1 - u) * self._activation(new) + u * state
        return new_state, new_state


def _lstm(x: Tensor, h: Tensor, c: Tensor, kernels: list, biases: list) -> tuple[Tensor, Tensor, Tensor]:
    """All steps of one layer in one direction: the outputs, and the last state and memory."""
    units = dimension_value(kernels[0].shape[1]) // 4
    none = zeros([units], dtype=x.dtype)
    steps = cast(shape(x)[0], dtypes.int64)
    result = raw.BlockLSTM(
        seq_len_max=steps,
        x=x,
        cs_prev=c,
        h_prev=h,
        w=kernels[0],
        wci=none,
        wcf=none,
        wco=none,
        b=biases[0],
        forget_bias=0.0,
        cell_clip=-1.0,
        use_peephole=False,
    )
    return result.h, result.h[-1], result.cs[-1]


def _gru(x: Tensor, h: Tensor, c: Any, kernels: list, biases: list) -> tuple[Tensor, Tensor, Any]:
    depth = dimension_value(x.shape[-1])
    of_gates = tensordot(x, kernels[0][:depth], 1) + biases[0]
    of_new = tensordot(x, kernels[1], 1) + biases[1]
    recurrent = kernels[0][depth:]

    def step(state: Tensor, inputs: Any) -> Tensor:
        r, u = split(sigmoid(inputs[0] + matmul(state, recurrent)), 2, axis=1)
        new = tanh(inputs[1] + r * (matmul(state, kernels[2]) + biases[2]))
        return (1 - u) * new + u * state

    outputs = scan(step, (of_gates, of_new), initializer=h)
    return outputs, outputs[-1], c


def _basic(activation: Callable) -> Callable:
    def run(x: Tensor, h: Tensor, c: Any, kernels: list, biases: list) -> tuple[Tensor, Tensor, Any]:
        depth = dimension_value(x.shape[-1])
        of_input = tensordot(x, kernels[0][:depth], 1) + biases[0]
        recurrent = kernels[0][depth:]
        outputs = scan(lambda state, given: activation(given + matmul(state, recurrent)), of_input, initializer=h)
        return outputs, outputs[-1], c

    return run


class _CudnnRNN(Layer):
    """A network of recurrent layers, whose parameters are one vector, `opaque_kernel`.

    Called with inputs [time, batch, depth] it returns outputs [time, batch, directions * num_units], and the states of
    all layers and directions, [layers * directions, batch, num_units] each.

    Args:
      num_layers, num_units: how many layers, and of what size.
      direction: "unidirectional" or "bidirectional".
      dropout: the share of a layer's outputs that the next does not get, in training.
      kernel_initializer, bias_initializer: of cuDNN's matrices and biases.
    """

    _rnn_mode = ""
    _converter: type[CudnnParamsFormatConverter] = CudnnParamsFormatConverter
    _saveable_cls: Any = None
    _run: Any = None

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_mode: str = "linear_input",
        direction: str = UNIDIRECTIONAL,
        dropout: float = 0.0,
        seed: int | None = None,
        dtype: Any = dtypes.float32,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
    ):
        super().__init__(dtype=dtype, name=name)
        check_direction(direction)
        check_input_mode(input_mode)
        if dtype not in [dtypes.float16, dtypes.float32, dtypes.float64]:
            raise ValueError(f"Only support float16, float32, float64, provided {dtype}")
        self._plain_dtype = dtype
        self._num_layers, self._num_units = num_layers, num_units
        self._input_mode, self._direction = input_mode, direction
        self._dropout, self._seed = dropout, seed
        self._kernel_initializer, self._bias_initializer = kernel_initializer, bias_initializer
        self._input_size: int | None = None
        self._saveable: Any = None

    num_layers = property(lambda self: self._num_layers)
    num_units = property(lambda self: self._num_units)
    input_mode = property(lambda self: self._input_mode)
    rnn_mode = property(lambda self: self._rnn_mode)
    direction = property(lambda self: self._direction)
    num_dirs = property(lambda self: 1 if self._direction == UNIDIRECTIONAL else 2)
    saveable = property(lambda self: self._saveable, doc="What savers save of it.")

    @property
    def input_size(self) -> int:
        if not self._input_size:
            raise ValueError("'input_size' is unknown since layer has not been built.")
        return self._input_size

    def _format(self) -> CudnnParamsFormatConverter:
        return self._converter(self._num_layers, self._num_units, self.input_size, direction=self._direction)

    @property
    def canonical_weight_shapes(self) -> list[tuple[int, int]]:
        """The shapes of cuDNN's matrices; RuntimeError before the layer is built."""
        if not self._input_size:
            raise RuntimeError(f"{type(self).__name__}.canonical_weight_shapes invoked before input shape is known")
        return self._format().weight_shapes()

    @property
    def canonical_bias_shapes(self) -> list[list[int]]:
        return self._converter(self._num_layers, self._num_units, 1, direction=self._direction).bias_shapes()

    def build(self, input_shape: Any) -> None:
        if self.built:
            return
        input_shape = TensorShape(input_shape)
        if input_shape.ndims != 3:
            raise ValueError(f"Expecting input_shape with 3 dims, got {input_shape.ndims}")
        self._input_size = dimension_value(input_shape[-1])
        if self._input_size is None:
            raise ValueError("The last dimension of the inputs to `CudnnRNN` should be defined. Found `None`.")
        self.input_spec = InputSpec(ndim=3, axes={-1: self._input_size})
        dtype = self._plain_dtype
        if self._kernel_initializer is None:
            self._kernel_initializer = glorot_uniform_initializer(seed=self._seed, dtype=dtype)
        if self._bias_initializer is None:
            self._bias_initializer = constant_initializer(0.0, dtype=dtype)

        def start(shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
            weights = [self._kernel_initializer(s, dtype=dtype) for s in self.canonical_weight_shapes]
            biases = [self._bias_initializer(s, dtype=dtype) for s in self.canonical_bias_shapes]
            return self._format().cu_canonical_to_opaque(weights, biases)

        size = sum(math.prod(s) for s in (*self.canonical_weight_shapes, *self.canonical_bias_shapes))
        before = len(global_variables())
        self.kernel = self.add_variable("opaque_kernel", shape=[size], dtype=dtype, initializer=start)
        if len(global_variables()) > before:  # the first with these variables saves them
            self._saveable = self._saveable_cls(
                opaque_params=self.kernel,
                num_layers=self.num_layers,
                num_units=self.num_units,
                input_size=self.input_size,
                input_mode=self.input_mode,
                direction=self.direction,
                scope=get_variable_scope(),
                name=f"{self.trainable_variables[0].name.split(':')[0]}_saveable",
            )
            add_to_collection(GraphKeys.SAVEABLE_OBJECTS, self._saveable)

        self.built = True

    def state_shape(self, batch_size: Any) -> tuple:
        """The shapes of the states."""
        one = [self.num_layers * self.num_dirs, batch_size, self.num_units]
        return (one, list(one)) if self._rnn_mode == "lstm" else (one,)

    def call(
        self,
        inputs: Any,
        initial_state: Any = None,
        sequence_lengths: Any = None,
        time_major: bool = True,
        training: Any = True,
    ) -> tuple[Tensor, tuple]:
        """The outputs and the last states.

        Args:
          initial_state: a tuple of states; zeros by default.
          time_major: whether inputs and outputs are [time, batch, ...], or [batch, time, ...] otherwise.
          training: whether there is dropout; a bool.
        """
        if initial_state is not None and not isinstance(initial_state, tuple):
            raise TypeError(f"Invalid initial_state type: {initial_state}, expecting tuple.")
        if sequence_lengths is not None:
            raise NotImplementedError("contrib.cudnn_rnn: sequence_lengths")
        x = convert_to_tensor(inputs, dtype=self.dtype)
        x = x if time_major else transpose(x, [1, 0, 2])
        if initial_state is None:
            initial_state = tuple(zeros(s, dtype=self.dtype) for s in self.state_shape(shape(x)[1]))
        states = [convert_to_tensor(state, dtype=self.dtype) for state in initial_state]
        kernels, biases = self._format().opaque_to_tf_canonical(self.kernel)
        cells = self.num_layers * self.num_dirs
        each = len(kernels) // cells
        last: list[list[Tensor]] = [[] for _ in states]
        for layer in range(self.num_layers):
            if layer and self._dropout and training:
                x = dropout(x, rate=self._dropout, seed=self._seed)
            outputs = []
            for way in range(self.num_dirs):
                i = layer * self.num_dirs + way
                own = slice(i * each, (i + 1) * each)
                given = reverse(x, [0]) if way else x
                memory = states[1][i] if len(states) > 1 else None
                y, *ends = type(self)._run(given, states[0][i], memory, kernels[own], biases[own])
                outputs.append(reverse(y, [0]) if way else y)
                for ended, end in zip(last, ends):
                    ended.append(end)
            x = concat(outputs, 2) if self.num_dirs == 2 else outputs[0]
        return (x if time_major else transpose(x, [1, 0, 2])), tuple(stack(ended) for ended in last)


@export(_SPACE + "CudnnLSTM")
class CudnnLSTM(_CudnnRNN):
    """LSTM layers; the states are (h, c)."""

    _rnn_mode, _converter, _saveable_cls = "lstm", CudnnParamsFormatConverterLSTM, CudnnLSTMSaveable
    _run = staticmethod(_lstm)


@export(_SPACE + "CudnnGRU")
class CudnnGRU(_CudnnRNN):
    """GRU layers, as `CudnnCompatibleGRUCell`; the state is (h,)."""

    _rnn_mode, _converter, _saveable_cls = "gru", CudnnParamsFormatConverterGRU, CudnnGRUSaveable
    _run = staticmethod(_gru)


@export(_SPACE + "CudnnRNNTanh")
class CudnnRNNTanh(_CudnnRNN):
    """Layers of tanh(W x + R h + b); the state is (h,)."""

    _rnn_mode, _converter, _saveable_cls = "rnn_tanh", CudnnParamsFormatConverterTanh, CudnnRNNTanhSaveable
    _run = staticmethod(_basic(tanh))


@export(_SPACE + "CudnnRNNRelu")
class CudnnRNNRelu(_CudnnRNN):
    """Layers of relu(W x + R h + b); the state is (h,)."""

    _rnn_mode, _converter, _saveable_cls = "rnn_relu", CudnnParamsFormatConverterRelu, CudnnRNNReluSaveable
    _run = staticmethod(_basic(relu))
