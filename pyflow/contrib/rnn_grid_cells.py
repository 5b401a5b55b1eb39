"""tf.contrib.rnn: LSTM over time and over frequencies, whose weights all windows of the input share.

https://arxiv.org/abs/1604.02529, https://www.microsoft.com/en-us/research/publication/lstm-time-and-frequency-recurrence
"""

from __future__ import annotations

import collections
from typing import Any

from pyflow.contrib.rnn_shards import get_concat_variable
from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import int32
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.lstm_cells import warn_of_concatenated_state
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.array_slicing import slice_
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.clip import clip_by_value
from pyflow.ops.constant import constant
from pyflow.ops.initializers import Zeros
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import variable_scope

tanh = PUBLIC["tanh"]


def _window_count(size: int, feature_size: int, frequency_skip: int) -> int:
    return int((size - feature_size) / frequency_skip) + 1


def _input_size(input_feat: Any) -> int:
    size = input_feat.get_shape().with_rank(2).as_list()[-1]
    if size is None:
        raise ValueError("Cannot infer input_size from static shape inference.")
    return size


@export("contrib.rnn.TimeFreqLSTMCell")
class TimeFreqLSTMCell(RNNCell):
    """LSTM over windows of frequencies, from the lowest to the highest, in each step of time.

    The state has a memory and an output for each window, joined along columns.

    Args:
      num_units: the size of the memory.
      use_peepholes, cell_clip, num_unit_shards, forget_bias, reuse: see `LSTMCell`.
      initializer: ignored.
      feature_size: the size of a window.
      frequency_skip: how far the next window lies.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int = 1,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        self._num_units, self._use_peepholes, self._cell_clip = num_units, use_peepholes, cell_clip
        self._num_unit_shards, self._forget_bias = num_unit_shards, forget_bias
        self._feature_size: Any = feature_size
        self._frequency_skip = frequency_skip

    @property
    def output_size(self) -> int:
        return self._num_units

    @property
    def state_size(self) -> int:
        return 2 * self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, frequencies]."""
        units, dtype = self._num_units, inputs.dtype
        windows = self._make_tf_features(inputs)
        rows = windows[0].get_shape().as_list()[1] + 2 * units
        kernel = get_concat_variable("W", [rows, 4 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", shape=[4 * units], initializer=Zeros(), dtype=dtype)
        w_f = w_i = w_o = None
        if self._use_peepholes:
            w_f, w_i, w_o = (get_variable(f"W_{gate}_diag", shape=[units], dtype=dtype) for gate in "FIO")
        m_prev_freq = zeros([inputs.shape.as_list()[0] or shape(inputs)[0], units], dtype)
        states, outputs = [], []
        for k, window in enumerate(windows):
            c_prev = slice_(state, [0, 2 * k * units], [-1, units])
            m_prev = slice_(state, [0, (2 * k + 1) * units], [-1, units])
            sums = bias_add(matmul(concat([window, m_prev, m_prev_freq], 1), kernel), bias)
            i, j, f, o = split(value=sums, num_or_size_splits=4, axis=1)
            forget = sigmoid(f + self._forget_bias if w_f is None else f + self._forget_bias + w_f * c_prev)
            c = forget * c_prev + sigmoid(i if w_i is None else i + w_i * c_prev) * tanh(j)
            if self._cell_clip is not None:
                c = clip_by_value(c, -self._cell_clip, self._cell_clip)
            m_prev_freq = m = sigmoid(o if w_o is None else o + w_o * c) * tanh(c)
            states += [c, m]
            outputs.append(m)
        return outputs[0] if len(outputs) == 1 else concat(outputs, 1), concat(states, 1)

    def _make_tf_features(self, input_feat: Any) -> list:
        """The windows of an input."""
        count = _window_count(_input_size(input_feat), self._feature_size, self._frequency_skip)
        return [slice_(input_feat, [0, f * self._frequency_skip], [-1, self._feature_size]) for f in range(count)]


@export("contrib.rnn.GridLSTMCell")
class GridLSTMCell(RNNCell):
    """LSTM that goes through time and through frequencies, with a memory for each.

    Args:
      num_units: the size of the memories.
      use_peepholes, cell_clip, num_unit_shards, forget_bias, state_is_tuple, reuse: see `LSTMCell`.
      share_time_frequency_weights: whether both directions have the same weights.
      initializer: ignored.
      feature_size: the size of a window.
      frequency_skip: how far the next window lies.
      num_frequency_blocks: for each block of frequencies, its number of windows.
      start_freqindex_list, end_freqindex_list: where the blocks begin and end; without, there is one.
      couple_input_forget_gates: whether forget gate = 1 - input gate.

    Raises:
      ValueError: `num_frequency_blocks` is missing.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Any = None,
        start_freqindex_list: Any = None,
        end_freqindex_list: Any = None,
        couple_input_forget_gates: bool = False,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        if not state_is_tuple:
            warn_of_concatenated_state(self)
        self._num_units, self._use_peepholes, self._cell_clip = num_units, use_peepholes, cell_clip
        self._share_time_frequency_weights = share_time_frequency_weights
        self._couple_input_forget_gates, self._state_is_tuple = couple_input_forget_gates, state_is_tuple
        self._num_unit_shards, self._forget_bias = num_unit_shards, forget_bias
        self._feature_size: Any = feature_size
        self._frequency_skip: Any = frequency_skip
        self._start_freqindex_list, self._end_freqindex_list = start_freqindex_list, end_freqindex_list
        if num_frequency_blocks is None:
            raise ValueError("Must specify num_frequency_blocks")
        self._num_frequency_blocks = num_frequency_blocks
        self._total_blocks = sum(int(count) for count in num_frequency_blocks)
        self._state_tuple_type: Any = self._tuple_type("GridLSTMStateTuple", ["state"]) if state_is_tuple else None

    def _tuple_type(self, name: str, prefixes: list[str]) -> Any:
        """A named tuple of memory and output for each window."""
        fields = [
            f"{prefix}_f{window:02d}_b{block:02d}_{part}"
            for prefix in prefixes
            for block, count in enumerate(self._num_frequency_blocks)
            for window in range(count)
            for part in "cm"
        ]
        return collections.namedtuple(name, fields)

    @property
    def output_size(self) -> int:
        return self._num_units * self._total_blocks * 2

    @property
    def state_size(self) -> Any:
        if self._state_tuple_type is None:
            return self._num_units * self._total_blocks * 2
        return self._state_tuple_type(*[self._num_units] * len(self._state_tuple_type._fields))

    @property
    def state_tuple_type(self) -> Any:
        """The class of the state, or None."""
        return self._state_tuple_type

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, frequencies]."""
        batch_size = inputs.shape.as_list()[0] or shape(inputs)[0]
        outputs, states = [], []
        for block, windows in enumerate(self._make_tf_features(inputs)):
            block_outputs, block_states = self._compute(
                windows, block, state, batch_size, state_is_tuple=self._state_is_tuple
            )
            outputs += block_outputs
            states += block_states
        state_out = self._state_tuple_type(*states) if self._state_is_tuple else concat(states, 1)
        return concat(outputs, 1), state_out

    def _weights(self, block: int, depth: int, dtype: Any) -> dict[str, Any]:
        """Kernels and biases for both directions, and peepholes `gate + from what + to what`."""
        units = self._num_units
        width = (3 if self._couple_input_forget_gates else 4) * units
        weights: dict[str, Any] = {}
        for direction in "f" if self._share_time_frequency_weights else "ft":
            weights[f"W_{direction}"] = get_concat_variable(
                f"W_{direction}_{block}", [depth + 2 * units, width], dtype, self._num_unit_shards
            )
            weights[f"B_{direction}"] = get_variable(
                f"B_{direction}_{block}", shape=[width], initializer=Zeros(), dtype=dtype
            )
        if self._use_peepholes:
            for direction in ("freq",) if self._share_time_frequency_weights else ("freq", "time"):
                for gate in "IO" if self._couple_input_forget_gates else "FIO":
                    for source in "ft":
                        name = f"W_{gate}_diag_{direction}{source}"
                        weights[name] = get_variable(f"{name}_{block}", shape=[units], dtype=dtype)
        return weights

    def _compute(
        self,
        freq_inputs: list,
        block: int,
        state: Any,
        batch_size: Any,
        state_prefix: str = "state",
        state_is_tuple: bool = True,
    ) -> tuple[list, list]:
        """Outputs and states of the windows of a block."""
        units, coupled = self._num_units, self._couple_input_forget_gates
        dtype = freq_inputs[0].dtype
        weights = self._weights(block, freq_inputs[0].get_shape().as_list()[1], dtype)
        times = "freq" if self._share_time_frequency_weights else "time"
        m_freq, c_freq = zeros([batch_size, units], dtype), zeros([batch_size, units], dtype)
        outputs, states = [], []

        def gates(sums: Any) -> list:
            parts = split(value=sums, num_or_size_splits=3 if coupled else 4, axis=1)
            return [parts[0], parts[1], None, parts[2]] if coupled else parts

        def seen(gate: str, direction: str, total: Any, c_f: Any, c_t: Any) -> Any:
            if not self._use_peepholes:
                return sigmoid(total)
            name = f"W_{gate}_diag_{direction}"
            return sigmoid(total + weights[f"{name}f"] * c_f + weights[f"{name}t"] * c_t)

        def memory(direction: str, parts: list, own: Any, c_f: Any, c_t: Any) -> Any:
            i = seen("I", direction, parts[0], c_f, c_t)
            f = 1.0 - i if coupled else seen("F", direction, parts[2] + self._forget_bias, c_f, c_t)
            c = f * own + i * tanh(parts[1])
            return c if self._cell_clip is None else clip_by_value(c, -self._cell_clip, self._cell_clip)

        for k, window in enumerate(freq_inputs):
            if state_is_tuple:
                prefix = f"{state_prefix}_f{k:02d}_b{block:02d}"
                c_time, m_time = getattr(state, f"{prefix}_c"), getattr(state, f"{prefix}_m")
            else:
                c_time = slice_(state, [0, 2 * k * units], [-1, units])
                m_time = slice_(state, [0, (2 * k + 1) * units], [-1, units])
            joined = concat([window, m_time, m_freq], 1)
            by_freq = by_time = gates(bias_add(matmul(joined, weights["W_f"]), weights["B_f"]))
            if not self._share_time_frequency_weights:
                by_time = gates(bias_add(matmul(joined, weights["W_t"]), weights["B_t"]))
            before = c_freq, c_time
            c_freq = memory("freq", by_freq, before[0], *before)
            c_time = memory(times, by_time, before[1], *before)
            m_freq = seen("O", "freq", by_freq[3], c_freq, c_time) * tanh(c_freq)
            m_time = seen("O", times, by_time[3], c_freq, c_time) * tanh(c_time)
            states += [c_time, m_time]
            outputs += [m_time, m_freq]
        return outputs, states

    def _make_tf_features(self, input_feat: Any, slice_offset: int = 0) -> list[list]:
        """The windows of an input, by blocks; `slice_offset` shifts them, into padding of zeros."""
        input_size = _input_size(input_feat)
        if slice_offset:
            paddings = constant([0, 0, max(-slice_offset, 0), max(slice_offset, 0)], shape=[2, 2], dtype=int32)
            input_feat = PUBLIC["pad"](input_feat, paddings, "CONSTANT")
            slice_offset = max(slice_offset, 0)
        counts, starts, ends = self._num_frequency_blocks, self._start_freqindex_list, self._end_freqindex_list
        if not starts:
            if len(counts) != 1:
                raise ValueError(f"Length of num_frequency_blocks is not 1, but instead is {len(counts)}")
            starts, ends = [0], [input_size]
        elif len(starts) != len(ends):
            raise ValueError("Length of start and end freqindex_list does not match %d %d", len(starts), len(ends))
        elif len(counts) != len(starts):
            raise ValueError(
                "Length of num_frequency_blocks is not equal to start_freqindex_list %d %d", len(counts), len(starts)
            )
        blocks = []
        for wanted, start, end in zip(counts, starts, ends):
            found = _window_count(end - start, self._feature_size, self._frequency_skip)
            if found != wanted:
                raise ValueError(
                    f"Invalid num_frequency_blocks, requires {wanted} but gets {found}, please check the input size "
                    "and filter config are correct."
                )
            offsets = [start + slice_offset + f * self._frequency_skip for f in range(found)]
            blocks.append([slice_(input_feat, [0, offset], [-1, self._feature_size]) for offset in offsets])
        return blocks


@export("contrib.rnn.BidirectionalGridLSTMCell")
class BidirectionalGridLSTMCell(GridLSTMCell):
    """`GridLSTMCell` through the frequencies upwards and downwards.

    Args:
      backward_slice_offset: how far the windows of the way down are shifted.
      others: see `GridLSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Any = None,
        start_freqindex_list: Any = None,
        end_freqindex_list: Any = None,
        couple_input_forget_gates: bool = False,
        backward_slice_offset: int = 0,
        reuse: Any = None,
    ):
        super().__init__(
            num_units,
            use_peepholes,
            share_time_frequency_weights,
            cell_clip,
            initializer,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
            num_frequency_blocks,
            start_freqindex_list,
            end_freqindex_list,
            couple_input_forget_gates,
            True,
            reuse,
        )
        self._backward_slice_offset = int(backward_slice_offset)
        self._state_tuple_type = self._tuple_type("BidirectionalGridLSTMStateTuple", ["fwd_state", "bwd_state"])

    @property
    def output_size(self) -> int:
        return 2 * super().output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, frequencies]."""
        batch_size = inputs.shape.as_list()[0] or shape(inputs)[0]
        upwards = downwards = self._make_tf_features(inputs)
        if self._backward_slice_offset:
            downwards = self._make_tf_features(inputs, self._backward_slice_offset)
        outputs, states = [], []
        for direction, blocks, step in (("fwd", upwards, 1), ("bwd", downwards, -1)):
            with variable_scope(direction):
                for block, windows in enumerate(blocks):
                    block_outputs, block_states = self._compute(
                        windows[::step], block, state, batch_size, state_prefix=f"{direction}_state"
                    )
                    outputs += block_outputs
                    states += block_states
        return concat(outputs, 1), self._state_tuple_type(*states)
