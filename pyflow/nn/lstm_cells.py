"""Long short-term memory: the basic cell, and the one with peepholes, clipping and projection."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.core.api import export
from pyflow.core.dtypes import int32
from pyflow.layers.input_spec import InputSpec
from pyflow.nn.basic_cells import known_depth
from pyflow.nn.cell_activations import activation as activation_of
from pyflow.nn.cell_activations import activation_name, initializer_config
from pyflow.nn.cell_activations import initializer as initializer_of
from pyflow.nn.cell_base import _BIAS_VARIABLE_NAME, _WEIGHTS_VARIABLE_NAME, LayerRNNCell
from pyflow.nn.cell_sizes import _check_rnn_cell_input_dtypes, _check_supported_dtypes, shape_type_conversion
from pyflow.ops.array_joining import concat
from pyflow.ops.array_slicing import slice_
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.clip import clip_by_value
from pyflow.ops.constant import constant
from pyflow.ops.initializers import Zeros
from pyflow.ops.math_binary import Add as add
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul
from pyflow.ops.variable_partitions import fixed_size_partitioner
from pyflow.platform.logging import warn


@export("nn.rnn_cell.LSTMStateTuple")
class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM cell: `c` is its memory, `h` its last output."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The dtype of both tensors.

        Raises:
          TypeError: they differ.
        """
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(f"Inconsistent internal state: {c.dtype} vs {h.dtype}")
        return c.dtype


def warn_of_concatenated_state(cell: Any) -> None:
    warn("%s: Using a concatenated state is slower and will soon be deprecated.  Use state_is_tuple=True.", cell)


@export("nn.rnn_cell.BasicLSTMCell")
class BasicLSTMCell(LayerRNNCell):
    """The LSTM cell of http://arxiv.org/abs/1409.2329: no clipping, projection or peepholes.

    The columns of the kernel [depth + num_units, 4 · num_units] are input gate, new input, forget gate, output gate.

    Args:
      num_units: the size of the memory and of the output.
      forget_bias: added to the forget gate's input, so that the cell remembers in the beginning; 0 for weights that
        were trained with CudnnLSTM.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or else both tensors joined along columns.
      activation: of the new input and of the memory; tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope.
      dtype: that of the variables; by default the first input's.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        _check_supported_dtypes(self.dtype)
        if not state_is_tuple:
            warn_of_concatenated_state(self)
        self.input_spec = InputSpec(ndim=2)
        self._num_units, self._forget_bias, self._state_is_tuple = num_units, forget_bias, state_is_tuple
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units) if self._state_is_tuple else 2 * self._num_units

    @property
    def output_size(self) -> int:
        return self._num_units

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        _check_supported_dtypes(self.dtype)
        units = self._num_units
        self._kernel = self.add_variable(_WEIGHTS_VARIABLE_NAME, shape=[depth + units, 4 * units])
        self._bias = self.add_variable(_BIAS_VARIABLE_NAME, shape=[4 * units], initializer=Zeros(dtype=self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth]; the state is an LSTMStateTuple, or [batch, 2 · num_units]."""
        _check_rnn_cell_input_dtypes([inputs, state])
        one = constant(1, dtype=int32)
        c, h = state if self._state_is_tuple else split(value=state, num_or_size_splits=2, axis=one)
        gate_inputs = bias_add(matmul(concat([inputs, h], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gate_inputs, num_or_size_splits=4, axis=one)
        forget_bias = constant(self._forget_bias, dtype=f.dtype)
        new_c = add(
            multiply(c, sigmoid(add(f, forget_bias))),
            multiply(sigmoid(i), self._activation(j)),
        )
        new_h = multiply(self._activation(new_c), sigmoid(o))
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else concat([new_c, new_h], 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_units": self._num_units,
            "forget_bias": self._forget_bias,
            "state_is_tuple": self._state_is_tuple,
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }


@export("nn.rnn_cell.LSTMCell")
class LSTMCell(LayerRNNCell):
    """LSTM with peepholes, clipping and a projected output, each if wanted.

    https://research.google.com/pubs/archive/43905.pdf; the gates stand in the kernel as in `BasicLSTMCell`.

    Args:
      num_units: the size of the memory.
      use_peepholes: whether the gates see the memory, through diagonal weights.
      cell_clip: the memory is clipped to [-cell_clip, cell_clip].
      initializer: of kernels and peepholes; without, the scope's.
      num_proj: the size of the output, which is then projected; `num_units` without.
      proj_clip: the projected output is clipped to [-proj_clip, proj_clip].
      num_unit_shards, num_proj_shards: into how many pieces the kernels are cut; a partitioner in the variable scope is
        the newer way.
      forget_bias: added to the forget gate's input.
      state_is_tuple: whether the state is an `LSTMStateTuple`, or else both tensors joined along columns.
      activation: of the new input and of the memory; tanh by default.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope.
      dtype: that of the variables; by default the first input's.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        _check_supported_dtypes(self.dtype)
        if not state_is_tuple:
            warn_of_concatenated_state(self)
        if num_unit_shards is not None or num_proj_shards is not None:
            warn(
                "%s: The num_unit_shards and proj_unit_shards parameters are deprecated and will be removed in Jan "
                "2017.  Use a variable scope with a partitioner instead.",
                self,
            )
        self.input_spec = InputSpec(ndim=2)
        self._num_units, self._use_peepholes, self._cell_clip = num_units, use_peepholes, cell_clip
        self._initializer = initializer_of(initializer)
        self._num_proj, self._proj_clip = num_proj, proj_clip
        self._num_unit_shards, self._num_proj_shards = num_unit_shards, num_proj_shards
        self._forget_bias, self._state_is_tuple = forget_bias, state_is_tuple
        self._activation = activation_of(activation)
        self._output_size = num_proj or num_units
        self._state_size = (
            LSTMStateTuple(num_units, self._output_size) if state_is_tuple else num_units + self._output_size
        )

    @property
    def state_size(self) -> Any:
        return self._state_size

    @property
    def output_size(self) -> int:
        return self._output_size

    @shape_type_conversion
    def build(self, inputs_shape: Any) -> None:
        depth = known_depth(inputs_shape)
        _check_supported_dtypes(self.dtype)
        units = self._num_units

        def weights(name: str, shape: list[int], shards: int | None = None) -> Any:
            partitioner = None if shards is None else fixed_size_partitioner(shards)
            return self.add_variable(name, shape=shape, initializer=self._initializer, partitioner=partitioner)

        rows = depth + (units if self._num_proj is None else self._num_proj)
        self._kernel = weights(_WEIGHTS_VARIABLE_NAME, [rows, 4 * units], self._num_unit_shards)
        self._bias = self.add_variable(_BIAS_VARIABLE_NAME, shape=[4 * units], initializer=Zeros(dtype=self.dtype))
        if self._use_peepholes:
            self._w_f_diag = weights("w_f_diag", [units])
            self._w_i_diag = weights("w_i_diag", [units])
            self._w_o_diag = weights("w_o_diag", [units])
        if self._num_proj is not None:
            name = f"projection/{_WEIGHTS_VARIABLE_NAME}"
            self._proj_kernel = weights(name, [units, self._num_proj], self._num_proj_shards)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth]; the state is an LSTMStateTuple, or both tensors joined along columns."""
        _check_rnn_cell_input_dtypes([inputs, state])
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev = slice_(state, [0, 0], [-1, self._num_units])
            m_prev = slice_(state, [0, self._num_units], [-1, self._output_size])
        if inputs.get_shape().with_rank(2).as_list()[1] is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        gate_inputs = bias_add(matmul(concat([inputs, m_prev], 1), self._kernel), self._bias)
        i, j, f, o = split(value=gate_inputs, num_or_size_splits=4, axis=1)
        if self._use_peepholes:
            forget = sigmoid(f + self._forget_bias + self._w_f_diag * c_prev)
            c = forget * c_prev + sigmoid(i + self._w_i_diag * c_prev) * self._activation(j)
        else:
            c = sigmoid(f + self._forget_bias) * c_prev + sigmoid(i) * self._activation(j)
        if self._cell_clip is not None:
            c = clip_by_value(c, -self._cell_clip, self._cell_clip)
        m = sigmoid(o + self._w_o_diag * c if self._use_peepholes else o) * self._activation(c)
        if self._num_proj is not None:
            m = matmul(m, self._proj_kernel)
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_units": self._num_units,
            "use_peepholes": self._use_peepholes,
            "cell_clip": self._cell_clip,
            "initializer": initializer_config(self._initializer),
            "num_proj": self._num_proj,
            "proj_clip": self._proj_clip,
            "num_unit_shards": self._num_unit_shards,
            "num_proj_shards": self._num_proj_shards,
            "forget_bias": self._forget_bias,
            "state_is_tuple": self._state_is_tuple,
            "activation": activation_name(self._activation),
            "reuse": self._reuse,
        }
