"""tf.contrib.rnn: LSTM and GRU whose steps are one op each, and LSTM as one op for all steps."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, int64
from pyflow.core.shapes import as_shape
from pyflow.layers.input_spec import InputSpec
from pyflow.layers.layer import Layer
from pyflow.nn.cell_base import LayerRNNCell
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array import expand_dims, transpose
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_grid import sequence_mask
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.array_tiling import Tile
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.gru_block import GRUBlockCell as gru_block_cell
from pyflow.ops.initializers import Constant
from pyflow.ops.lstm_blocks import BlockLSTM
from pyflow.ops.lstm_blocks import LSTMBlockCell as lstm_block_cell
from pyflow.ops.ranges import range as range_
from pyflow.ops.reduce_functions import reduce_max


def _lstm_block_cell(
    x: Any,
    cs_prev: Any,
    h_prev: Any,
    w: Any,
    b: Any,
    wci: Any = None,
    wcf: Any = None,
    wco: Any = None,
    forget_bias: Any = None,
    cell_clip: Any = None,
    use_peephole: Any = None,
    name: str | None = None,
) -> Any:
    """The outputs (i, cs, f, o, ci, co, h) of one LSTM step; None stands for the op's default.

    Raises:
      ValueError: the number of columns of `cs_prev` isn't known.
    """
    if wci is None:
        cell_size = cs_prev.get_shape().with_rank(2).as_list()[1]
        if cell_size is None:
            raise ValueError("cell_size from `cs_prev` should not be None.")
        wci = wcf = wco = constant(0, dtype=float32, shape=[cell_size])
    given = {"forget_bias": forget_bias, "use_peephole": use_peephole}
    return lstm_block_cell(
        x=x,
        cs_prev=cs_prev,
        h_prev=h_prev,
        w=w,
        wci=wci,
        wcf=wcf,
        wco=wco,
        b=b,
        cell_clip=-1 if cell_clip is None else cell_clip,
        name=name,
        **{key: value for key, value in given.items() if value is not None},
    )


def _block_lstm(
    seq_len_max: Any,
    x: list,
    w: Any,
    b: Any,
    cs_prev: Any = None,
    h_prev: Any = None,
    wci: Any = None,
    wcf: Any = None,
    wco: Any = None,
    forget_bias: Any = None,
    cell_clip: Any = None,
    use_peephole: Any = None,
    name: str | None = None,
) -> list[list]:
    """The outputs (i, cs, f, o, ci, co, h) of an LSTM over a list of inputs, a list for each.

    Raises:
      ValueError: the number of columns of `w` isn't known.
    """
    dtype, batch_size = x[0].dtype, x[0].get_shape().with_rank(2).as_list()[0]
    columns = w.get_shape().with_rank(2).as_list()[1]
    if columns is None:
        raise ValueError("`w` shape must not be None.")
    cell_size = columns // 4
    if cs_prev is None or h_prev is None:
        start = constant(0, dtype=dtype, shape=[batch_size, cell_size])
        cs_prev, h_prev = start if cs_prev is None else cs_prev, start if h_prev is None else h_prev
    if wci is None:
        wci = wcf = wco = constant(0, dtype=dtype, shape=[cell_size])
    given = {"forget_bias": forget_bias, "use_peephole": use_peephole}
    outputs = BlockLSTM(
        seq_len_max=seq_len_max,
        x=stack(x),
        cs_prev=cs_prev,
        h_prev=h_prev,
        w=w,
        wci=wci,
        wcf=wcf,
        wco=wco,
        b=b,
        cell_clip=-1 if cell_clip is None else cell_clip,
        name=name,
        **{key: value for key, value in given.items() if value is not None},
    )
    return [unstack(output) for output in outputs]


class _LSTMWeights:
    """The variables of an LSTM layer: kernel, bias, and peepholes if wanted."""

    _num_units: int
    _use_peephole: bool
    add_variable: Any

    def _make_weights(self, input_size: Any) -> None:
        units = self._num_units
        self._kernel = self.add_variable("kernel", [input_size + units, units * 4])
        self._bias = self.add_variable("bias", [units * 4], initializer=Constant(0.0))
        if self._use_peephole:
            self._w_i_diag = self.add_variable("w_i_diag", [units])
            self._w_f_diag = self.add_variable("w_f_diag", [units])
            self._w_o_diag = self.add_variable("w_o_diag", [units])
        self.built = True

    def _peepholes(self, dtype: Any) -> tuple[Any, Any, Any]:
        if self._use_peephole:
            return self._w_i_diag, self._w_f_diag, self._w_o_diag
        none = zeros([self._num_units], dtype=dtype)
        return none, none, none


@export("contrib.rnn.LSTMBlockCell")
class LSTMBlockCell(_LSTMWeights, LayerRNNCell):
    """`BasicLSTMCell` as one op; with peepholes, `LSTMCell`. Weights agree with theirs.

    Args:
      num_units: the size of the memory and of the output.
      forget_bias: added to the forget gate's input.
      cell_clip: the memory is clipped to [-cell_clip, cell_clip].
      use_peephole: whether the gates see the memory.
      dtype: that of the variables; by default the first input's.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: Any = None,
        name: str = "lstm_cell",
    ):
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units, self._forget_bias, self._use_peephole = num_units, forget_bias, use_peephole
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        input_size = as_shape(inputs_shape).as_list()[1]
        if not input_size:
            raise ValueError(f"Expecting inputs_shape[1] to be set: {inputs_shape}")
        self._make_weights(input_size)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        if len(state) != 2:
            raise ValueError("Expecting state to be a tuple with length 2.")
        cs_prev, h_prev = state
        _, cs, _, _, _, _, h = _lstm_block_cell(
            inputs,
            cs_prev,
            h_prev,
            self._kernel,
            self._bias,
            *self._peepholes(self.dtype),
            forget_bias=self._forget_bias,
            cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return h, LSTMStateTuple(cs, h)


@export("contrib.rnn.LSTMBlockWrapper")
class LSTMBlockWrapper(Layer):
    """An LSTM over a whole sequence: subclasses have `num_units` and `_call_cell`."""

    @property
    def num_units(self) -> int:
        """The size of the memory."""
        raise NotImplementedError("LSTMBlockWrapper.num_units is abstract")

    def _call_cell(
        self, inputs: Any, initial_cell_state: Any, initial_output: Any, dtype: Any, sequence_length: Any
    ) -> tuple[Any, Any]:
        """Memories and outputs [time, batch, num_units]."""
        raise NotImplementedError("LSTMBlockWrapper._call_cell is abstract")

    def call(self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None) -> Any:
        """Outputs [time, batch, num_units] (a list if `inputs` are one) and the final state.

        Args:
          inputs: [time, batch, input size], or a list of [batch, input size].
          initial_state: a pair (memory, output) [batch, num_units]; zeros by default.
          dtype: that of the initial state; needed without one.
          sequence_length: [batch], how many steps count in each sequence.

        Raises:
          ValueError: the input size isn't known, or neither `initial_state` nor `dtype` is given.
        """
        is_list = isinstance(inputs, list)
        if is_list:
            inputs = stack(inputs)
        time_len, batch_size, input_size = inputs.get_shape().with_rank(3).as_list()
        if not input_size:
            raise ValueError(f"Expecting inputs_shape[2] to be set: {inputs.get_shape()}")
        batch_size = shape(inputs)[1] if batch_size is None else batch_size
        time_len = shape(inputs)[0] if time_len is None else time_len
        if initial_state is None:
            if dtype is None:
                raise ValueError("Either initial_state or dtype needs to be specified")
            start = zeros(stack([batch_size, self.num_units]), dtype=dtype)
            initial_state = start, start
        elif len(initial_state) != 2:
            raise ValueError("Expecting initial_state to be a tuple with length 2 or None")
        dtype = initial_state[0].dtype if dtype is None else dtype
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length)
        cell_states, outputs = self._call_cell(inputs, initial_state[0], initial_state[1], dtype, sequence_length)
        if sequence_length is None:
            final_state = LSTMStateTuple(cell_states[-1], outputs[-1])
        else:
            mask = transpose(sequence_mask(sequence_length, time_len, dtype=dtype), [1, 0])
            outputs *= Tile(expand_dims(mask, [-1]), [1, 1, self.num_units])
            # Row 0 is the state before the first step: the final state of a sequence of no steps.
            ends = [
                concat([expand_dims(start, [0]), steps], 0)
                for start, steps in zip(initial_state, (cell_states, outputs))
            ]
            final_state = LSTMStateTuple(*(self._gather_states(end, sequence_length, batch_size) for end in ends))
        return unstack(outputs) if is_list else outputs, final_state

    def _gather_states(self, data: Any, indices: Any, batch_size: Any) -> Any:
        return gather_nd(data, stack([indices, range_(batch_size)], axis=1))


@export("contrib.rnn.LSTMBlockFusedCell")
class LSTMBlockFusedCell(_LSTMWeights, LSTMBlockWrapper):
    """An LSTM over a whole sequence as one op. Weights agree with `LSTMBlockCell`'s.

    Args: see `LSTMBlockCell`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: Any = None,
        dtype: Any = None,
        name: str = "lstm_fused_cell",
    ):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self._num_units, self._forget_bias, self._use_peephole = num_units, forget_bias, use_peephole
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self.input_spec = InputSpec(ndim=3)

    @property
    def num_units(self) -> int:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        self._make_weights(as_shape(input_shape).as_list()[2])

    def _call_cell(
        self,
        inputs: Any,
        initial_cell_state: Any = None,
        initial_output: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
    ) -> tuple[Any, Any]:
        time_len = inputs.get_shape().with_rank(3).as_list()[0]
        time_len = shape(inputs)[0] if time_len is None else time_len
        wci, wcf, wco = self._peepholes(dtype)
        steps = cast(time_len if sequence_length is None else reduce_max(sequence_length), int64)
        _, cs, _, _, _, _, h = BlockLSTM(
            seq_len_max=steps,
            x=inputs,
            cs_prev=initial_cell_state,
            h_prev=initial_output,
            w=self._kernel,
            wci=wci,
            wcf=wcf,
            wco=wco,
            b=self._bias,
            forget_bias=self._forget_bias,
            cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return cs, h


@export("contrib.rnn.GRUBlockCell")
class GRUBlockCell(LayerRNNCell):
    """`GRUCell` as one op; its variables have other names than `GRUCell`'s.

    Args:
      num_units: the size of the state and of the output.
      cell_size: the older name of `num_units`.
      reuse: True, when the variables shall be those made before in the same scope.
      name: the name of the variable scope.

    Raises:
      ValueError: both sizes are given, or none.
    """

    _NAMES = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(
        self, num_units: int | None = None, cell_size: int | None = None, reuse: Any = None, name: str = "gru_cell"
    ):
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._cell_size: Any = cell_size if num_units is None else num_units
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> int:
        return self._cell_size

    @property
    def output_size(self) -> int:
        return self._cell_size

    def build(self, input_shape: Any) -> None:
        input_size = as_shape(input_shape).as_list()[1]
        if input_size is None:
            raise ValueError("Expecting input_size to be set.")
        cells = self._cell_size
        gate_kernel, gate_bias, candidate_kernel, candidate_bias = self._NAMES
        self._gate_kernel = self.add_variable(gate_kernel, [input_size + cells, cells * 2])
        self._gate_bias = self.add_variable(gate_bias, [cells * 2], initializer=Constant(1.0))
        self._candidate_kernel = self.add_variable(candidate_kernel, [input_size + cells, cells])
        self._candidate_bias = self.add_variable(candidate_bias, [cells], initializer=Constant(0.0))
        self.built = True

    def call(self, inputs: Any, h_prev: Any) -> Any:
        """One step: inputs [batch, depth], h_prev [batch, num_units]."""
        cell_size = h_prev.get_shape().with_rank(2).as_list()[1]
        if cell_size != self._cell_size:
            raise ValueError(f"Shape of h_prev[1] incorrect: cell_size {self._cell_size} vs {cell_size}")
        *_, h = gru_block_cell(
            x=inputs,
            h_prev=h_prev,
            w_ru=self._gate_kernel,
            w_c=self._candidate_kernel,
            b_ru=self._gate_bias,
            b_c=self._candidate_bias,
        )
        return h, h


@export("contrib.rnn.GRUBlockCellV2")
class GRUBlockCellV2(GRUBlockCell):
    """`GRUBlockCell` with `GRUCell`'s names of variables."""

    _NAMES = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
