"""LSTM whose weights have a length of their own (https://arxiv.org/abs/1602.07868)."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.contrib.rnn_core import _total_size
from pyflow.contrib.rnn_gated_cells import input_size_of
from pyflow.contrib.rnn_lstm_variants import _ProjectedCell
from pyflow.core import nest
from pyflow.core.api import PUBLIC
from pyflow.core.scopes import control_dependencies
from pyflow.nn.lstm_cells import LSTMStateTuple
from pyflow.ops.array_joining import concat
from pyflow.ops.array_splitting import split
from pyflow.ops.bias import bias_add
from pyflow.ops.clip import clip_by_value
from pyflow.ops.initializers import Constant
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.matmul import matmul
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import get_variable_scope, variable_scope


class WeightNormLSTMCell(_ProjectedCell):
    """`LSTMCell` whose kernels are their directions times trained lengths, for inputs and outputs apart.

    Args:
      norm: whether they are.
      others: see `LSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        norm: bool = True,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1,
        activation: Callable | None = None,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        # TensorFlow's cell takes its scope's place by a name: its variables stand in that scope twice.
        self._scope: Any = "wn_lstm_cell"
        self._num_units, self._norm, self._initializer = num_units, norm, initializer
        self._use_peepholes, self._cell_clip = use_peepholes, cell_clip
        self._num_proj, self._proj_clip = num_proj, proj_clip
        self._activation, self._forget_bias = activation or PUBLIC["tanh"], forget_bias

    def _normalize(self, weight: Any, name: str) -> Any:
        length = get_variable(name, [weight.get_shape().as_list()[1]], dtype=weight.dtype)
        return PUBLIC["nn.l2_normalize"](weight, axis=0) * length

    def _linear(self, args: Any, output_size: int, bias: bool) -> Any:
        rows = _total_size(args)
        args = args if nest.is_sequence(args) else [args]
        dtype = args[0].dtype
        with variable_scope(get_variable_scope()) as outer_scope:
            weights = get_variable("kernel", [rows, output_size], dtype=dtype)
            if self._norm:
                normalized, start = [], 0
                with control_dependencies(None):
                    for i, arg in enumerate(args):
                        end = start + arg.get_shape().as_list()[1]
                        normalized.append(self._normalize(weights[start:end, :], name=f"norm_{i}"))
                        start = end
                    weights = concat(normalized, axis=0)
            result = matmul(args[0] if len(args) == 1 else concat(args, 1), weights)
            if not bias:
                return result
            with variable_scope(outer_scope) as inner_scope:
                inner_scope.set_partitioner(None)
                biases = get_variable("bias", [output_size], dtype=dtype, initializer=Constant(0.0, dtype=dtype))
            return bias_add(result, biases)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth], the state is a pair (memory, output)."""
        units = self._num_units
        c, h = state
        input_size_of(inputs)
        with variable_scope(self._scope, initializer=self._initializer):
            sums = self._linear([inputs, h], 4 * units, bias=True)
            i, j, f, o = split(value=sums, num_or_size_splits=4, axis=1)
            w_o = None
            if self._use_peepholes:
                names = "w_f_diag", "w_i_diag", "w_o_diag"
                w_f, w_i, w_o = (get_variable(name, shape=[units], dtype=inputs.dtype) for name in names)
                new_c = c * sigmoid(f + self._forget_bias + w_f * c) + sigmoid(i + w_i * c) * self._activation(j)
            else:
                new_c = c * sigmoid(f + self._forget_bias) + sigmoid(i) * self._activation(j)
            if self._cell_clip is not None:
                new_c = clip_by_value(new_c, -self._cell_clip, self._cell_clip)
            new_h = sigmoid(o if w_o is None else o + w_o * new_c) * self._activation(new_c)
            if self._num_proj is not None:
                with variable_scope("projection"):
                    new_h = self._linear(new_h, self._num_proj, bias=False)
                if self._proj_clip is not None:
                    new_h = clip_by_value(new_h, -self._proj_clip, self._proj_clip)
        return new_h, LSTMStateTuple(new_c, new_h)
