"""tf.contrib.rnn: LSTM with layer normalisation, coupled gates, groups, normalised weights."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.rnn_core import _Linear, _linear
from pyflow.contrib.rnn_gated_cells import input_size_of
from pyflow.contrib.rnn_shards import get_concat_variable
from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import float32
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.lstm_cells import LSTMStateTuple, warn_of_concatenated_state
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.array_slicing import slice_
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.clip import clip_by_value
from pyflow.ops.initializers import Constant, Zeros
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_dropout import dropout
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope
from pyflow.platform.logging import warn

tanh = PUBLIC["tanh"]


def layer_norm_of(inputs: Any, gain: float, shift: float, scope: str, dtype: Any = float32) -> Any:
    """Layer normalisation in a scope of its own, whose gamma and beta begin as `gain` and `shift`."""
    width = inputs.get_shape()[-1:]
    gamma_initializer, beta_initializer = Constant(gain), Constant(shift)
    with variable_scope(scope):
        get_variable("gamma", shape=width, initializer=gamma_initializer, dtype=dtype)
        get_variable("beta", shape=width, initializer=beta_initializer, dtype=dtype)
    return PUBLIC["contrib.layers.layer_norm"](inputs, reuse=True, scope=scope)


class _ProjectedCell(RNNCell):
    """A cell whose state is a pair of memory [batch, num_units] and output, which may be projected."""

    _num_units: int
    _num_proj: int | None

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> int:
        return self._num_proj or self._num_units


@export("contrib.rnn.LayerNormBasicLSTMCell")
class LayerNormBasicLSTMCell(RNNCell):
    """LSTM with layer normalisation (https://arxiv.org/abs/1607.06450) and dropout of what enters the memory
    (https://arxiv.org/abs/1603.05118).

    Args:
      num_units: the size of the memory and of the output.
      forget_bias: added to the forget gate's input.
      input_size: ignored.
      activation: of the new input and of the memory.
      layer_norm: whether to normalise.
      norm_gain, norm_shift: where the normalisations' gammas and betas begin.
      dropout_keep_prob: the probability of keeping an element, a number or a scalar tensor.
      dropout_prob_seed: makes the choice the same in each run of the program.
      reuse: True, when the variables shall be those made before in the same scope.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Callable = tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        if input_size is not None:
            warn("%s: The input_size parameter is deprecated.", self)
        self._num_units, self._activation, self._forget_bias = num_units, activation, forget_bias
        self._keep_prob, self._seed = dropout_keep_prob, dropout_prob_seed
        self._layer_norm, self._norm_gain, self._norm_shift = layer_norm, norm_gain, norm_shift

    @property
    def state_size(self) -> LSTMStateTuple:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> int:
        return self._num_units

    def _norm(self, inputs: Any, scope: str, dtype: Any = float32) -> Any:
        return layer_norm_of(inputs, self._norm_gain, self._norm_shift, scope, dtype)

    def _linear(self, args: Any) -> Any:
        width = 4 * self._num_units
        kernel = get_variable("kernel", [args.get_shape()[-1], width], dtype=args.dtype)
        sums = matmul(args, kernel)
        return sums if self._layer_norm else bias_add(sums, get_variable("bias", [width], dtype=args.dtype))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        c, h = state
        args = concat([inputs, h], 1)
        parts = split(value=self._linear(args), num_or_size_splits=4, axis=1)
        if self._layer_norm:
            scopes = "input", "transform", "forget", "output"
            parts = [self._norm(part, scope, dtype=args.dtype) for part, scope in zip(parts, scopes)]
        i, j, f, o = parts
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            g = dropout(g, self._keep_prob, seed=self._seed)
        new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * g
        if self._layer_norm:
            new_c = self._norm(new_c, "state", dtype=args.dtype)
        new_h = self._activation(new_c) * sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


class LayerNormLSTMCell(_ProjectedCell):
    """`LSTMCell` with layer normalisation, if wanted.

    Args:
      num_units, use_peepholes, cell_clip, initializer, num_proj, proj_clip, forget_bias, activation, reuse: see
        `LSTMCell`.
      layer_norm, norm_gain, norm_shift: see `LayerNormBasicLSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        activation: Callable | None = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        self._num_units, self._use_peepholes, self._cell_clip = num_units, use_peepholes, cell_clip
        self._initializer, self._num_proj, self._proj_clip = initializer, num_proj, proj_clip
        self._forget_bias, self._activation = forget_bias, activation or tanh
        self._layer_norm, self._norm_gain, self._norm_shift = layer_norm, norm_gain, norm_shift

    def _norm(self, inputs: Any, scope: str) -> Any:
        return layer_norm_of(inputs, self._norm_gain, self._norm_shift, scope)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        c_prev, m_prev = state
        input_size_of(inputs)
        units = self._num_units
        with variable_scope(get_variable_scope(), initializer=self._initializer) as scope:
            # With normalisation there is a bias too, which nothing uses: checkpoints have it.
            sums = _linear([inputs, m_prev], 4 * units, True, add_bias=not self._layer_norm)
            parts = split(value=sums, num_or_size_splits=4, axis=1)
            if self._layer_norm:
                scopes = "input", "transform", "forget", "output"
                parts = [self._norm(part, name) for part, name in zip(parts, scopes)]
            i, j, f, o = parts
            if self._use_peepholes:
                with variable_scope(scope):
                    names = "w_f_diag", "w_i_diag", "w_o_diag"
                    w_f, w_i, w_o = (get_variable(name, shape=[units], dtype=inputs.dtype) for name in names)
                forget = sigmoid(f + self._forget_bias + w_f * c_prev)
                c = forget * c_prev + sigmoid(i + w_i * c_prev) * self._activation(j)
            else:
                w_o = None
                c = sigmoid(f + self._forget_bias) * c_prev + sigmoid(i) * self._activation(j)
            if self._layer_norm:
                c = self._norm(c, "state")
            if self._cell_clip is not None:
                c = clip_by_value(c, -self._cell_clip, self._cell_clip)
            m = sigmoid(o if w_o is None else o + w_o * c) * self._activation(c)
            if self._num_proj is not None:
                with variable_scope("projection"):
                    m = _linear(m, self._num_proj, False)
                if self._proj_clip is not None:
                    m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m)


@export("contrib.rnn.CoupledInputForgetGateLSTMCell")
class CoupledInputForgetGateLSTMCell(_ProjectedCell):
    """LSTM whose input gate is 1 - forget gate (https://arxiv.org/abs/1503.04069).

    Args:
      num_units, use_peepholes, initializer, num_proj, proj_clip, num_unit_shards, num_proj_shards, forget_bias,
        state_is_tuple, activation, reuse: see `LSTMCell`; the initializer is not used.
      layer_norm, norm_gain, norm_shift: see `LayerNormBasicLSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int = 1,
        num_proj_shards: int = 1,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Callable = tanh,
        reuse: Any = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
    ):
        super().__init__(_reuse=reuse)
        if not state_is_tuple:
            warn_of_concatenated_state(self)
        self._num_units, self._use_peepholes, self._initializer = num_units, use_peepholes, initializer
        self._num_proj, self._proj_clip, self._forget_bias = num_proj, proj_clip, forget_bias
        self._num_unit_shards, self._num_proj_shards = num_unit_shards, num_proj_shards
        self._state_is_tuple, self._activation = state_is_tuple, activation
        self._layer_norm, self._norm_gain, self._norm_shift = layer_norm, norm_gain, norm_shift

    @property
    def state_size(self) -> Any:
        sizes = super().state_size
        return sizes if self._state_is_tuple else sum(sizes)

    def _norm(self, inputs: Any, scope: str) -> Any:
        return layer_norm_of(inputs, self._norm_gain, self._norm_shift, scope)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output), or both joined along columns."""
        units, dtype = self._num_units, inputs.dtype
        num_proj = units if self._num_proj is None else self._num_proj
        if self._state_is_tuple:
            c_prev, m_prev = state
        else:
            c_prev = slice_(state, [0, 0], [-1, units])
            m_prev = slice_(state, [0, units], [-1, num_proj])
        rows = input_size_of(inputs) + num_proj
        kernel = get_concat_variable("W", [rows, 3 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", shape=[3 * units], initializer=Zeros(), dtype=dtype)
        sums = matmul(concat([inputs, m_prev], 1), kernel)
        if not self._layer_norm:
            sums = bias_add(sums, bias)
        parts = split(value=sums, num_or_size_splits=3, axis=1)
        if self._layer_norm:
            parts = [self._norm(part, scope) for part, scope in zip(parts, ("transform", "forget", "output"))]
        j, f, o = parts
        w_f = w_o = None
        if self._use_peepholes:
            w_f = get_variable("W_F_diag", shape=[units], dtype=dtype)
            w_o = get_variable("W_O_diag", shape=[units], dtype=dtype)
        forget_sum = f + self._forget_bias
        forget = sigmoid(forget_sum if w_f is None else forget_sum + w_f * c_prev)
        c = forget * c_prev + (1 - forget) * self._activation(j)
        if self._layer_norm:
            c = self._norm(c, "state")
        m = sigmoid(o if w_o is None else o + w_o * c) * self._activation(c)
        if self._num_proj is not None:
            m = matmul(m, get_concat_variable("W_P", [units, self._num_proj], dtype, self._num_proj_shards))
            if self._proj_clip is not None:
                m = clip_by_value(m, -self._proj_clip, self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else concat([c, m], 1)


@export("contrib.rnn.GLSTMCell")
class GLSTMCell(_ProjectedCell):
    """LSTM in groups that don't see each other within a step (https://arxiv.org/abs/1703.10722).

    Args:
      num_units, initializer, num_proj, forget_bias, activation, reuse: see `LSTMCell`.
      number_of_groups: divides the sizes of inputs, memory and output.

    Raises:
      ValueError: it doesn't.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        num_proj: int | None = None,
        number_of_groups: int = 1,
        forget_bias: float = 1.0,
        activation: Callable = tanh,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        self._num_units, self._initializer, self._num_proj = num_units, initializer, num_proj
        self._forget_bias, self._activation, self._number_of_groups = forget_bias, activation, number_of_groups
        if num_units % number_of_groups != 0:
            raise ValueError("num_units must be divisible by number_of_groups")
        if num_proj and num_proj % number_of_groups != 0:
            raise ValueError("num_proj must be divisible by number_of_groups")
        self._group_shape = [self.output_size // number_of_groups, num_units // number_of_groups]
        self._linear1: list[_Linear | None] = [None] * number_of_groups
        self._linear2: _Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        c_prev, m_prev = state
        batch_size, input_size = inputs.shape.as_list()
        batch_size = batch_size or shape(inputs)[0]
        groups = self._number_of_groups
        if input_size is None:
            raise ValueError("input size must be statically known")
        if input_size % groups != 0:
            raise ValueError(f"input size ({input_size}) must be divisible by number_of_groups ({groups})")

        def part(tensor: Any, group: int, size: int) -> Any:
            name = f"GLSTM_group{group}_input_generation"
            return slice_(input_=tensor, begin=[0, group * size], size=[batch_size, size], name=name)

        with variable_scope(get_variable_scope(), initializer=self._initializer):
            parts: list[list] = [[], [], [], []]
            for group in range(groups):
                with variable_scope(f"group{group}"):
                    own = [part(inputs, group, input_size // groups), part(m_prev, group, self._group_shape[0])]
                    joined = concat(own, axis=1)
                    linear = self._linear1[group]
                    if linear is None:
                        linear = self._linear1[group] = _Linear(joined, 4 * self._group_shape[1], False)
                    for gate, piece in zip(parts, split(linear(joined), 4, 1)):
                        gate.append(piece)
            dtype = inputs.dtype
            biases = [
                get_variable(
                    name=f"bias_{gate}", shape=[self._num_units], dtype=dtype, initializer=Constant(0.0, dtype=dtype)
                )
                for gate in "ijfo"
            ]
            i, j, f, o = (bias_add(concat(pieces, axis=1), bias) for pieces, bias in zip(parts, biases))
        c = sigmoid(f + self._forget_bias) * c_prev + sigmoid(i) * tanh(j)
        m = sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            with variable_scope("projection"):
                if self._linear2 is None:
                    self._linear2 = _Linear(m, self._num_proj, False)
                m = self._linear2(m)
        return m, LSTMStateTuple(c, m)
