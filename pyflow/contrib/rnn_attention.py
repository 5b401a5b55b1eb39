"""tf.contrib.rnn: attention over the last outputs of a cell, and highway connections around it."""

from __future__ import annotations

from typing import Any

from pyflow.contrib.rnn_core import CellWrapper, _Linear
from pyflow.core import nest
from pyflow.core.api import PUBLIC, export
from pyflow.nn.cell_base import RNNCell, assert_like_rnncell
from pyflow.nn.lstm_cells import warn_of_concatenated_state
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_joining import concat
from pyflow.ops.array_slicing import slice_
from pyflow.ops.initializers import Constant
from pyflow.ops.math_sigmoid import sigmoid
from pyflow.ops.nn_softmax import softmax
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.variable_getters import get_variable
from pyflow.ops.variable_scope import variable_scope


@export("contrib.rnn.AttentionCellWrapper")
class AttentionCellWrapper(RNNCell):
    """A cell that looks at its last `attn_length` outputs (https://arxiv.org/abs/1409.0473).

    The state is (the cell's, the last look [batch, attn_size], the outputs [batch, attn_size · attn_length]).

    Args:
      cell: the cell.
      attn_length: how many outputs it sees.
      attn_size: the size of the outputs; the cell's by default.
      attn_vec_size: the size of what queries and outputs are compared in; `attn_size` by default.
      input_size: the size of the cell's inputs, made of inputs and the last look; the inputs' by default.
      state_is_tuple: whether the state is a tuple, or else joined along columns.
      reuse: True, when the variables shall be those made before in the same scope.

    Raises:
      TypeError: the cell is none.
      ValueError: `attn_length` is not positive, or a state that is a tuple shall be joined.
    """

    def __init__(
        self,
        cell: Any,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ):
        super().__init__(_reuse=reuse)
        assert_like_rnncell("cell", cell)
        if nest.is_sequence(cell.state_size) and not state_is_tuple:
            raise ValueError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. State size is: "
                f"{cell.state_size}"
            )
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        if not state_is_tuple:
            warn_of_concatenated_state(self)
        self._cell, self._state_is_tuple, self._input_size = cell, state_is_tuple, input_size
        self._attn_length = attn_length
        self._attn_size: int = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size: int = self._attn_size if attn_vec_size is None else attn_vec_size
        self._linear1: _Linear | None = None
        self._linear2: _Linear | None = None
        self._linear3: _Linear | None = None

    @property
    def state_size(self) -> Any:
        sizes = self._cell.state_size, self._attn_size, self._attn_size * self._attn_length
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        return self._attn_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step: inputs [batch, depth]."""
        size, length = self._attn_size, self._attn_length
        if self._state_is_tuple:
            state, attns, attn_states = state
        else:
            joined, own = state, self._cell.state_size
            state = slice_(joined, [0, 0], [-1, own])
            attns = slice_(joined, [0, own], [-1, size])
            attn_states = slice_(joined, [0, own + size], [-1, size * length])
        attn_states = reshape(attn_states, [-1, length, size])
        if self._linear1 is None:
            input_size = inputs.get_shape().as_list()[1] if self._input_size is None else self._input_size
            self._linear1 = _Linear([inputs, attns], input_size, True)
        cell_output, new_state = self._cell(self._linear1([inputs, attns]), state)
        query = concat(nest.flatten(new_state), 1) if self._state_is_tuple else new_state
        new_attns, new_attn_states = self._attention(query, attn_states)
        with variable_scope("attn_output_projection"):
            if self._linear2 is None:
                self._linear2 = _Linear([cell_output, new_attns], size, True)
            output = self._linear2([cell_output, new_attns])
        new_attn_states = concat([new_attn_states, expand_dims(output, 1)], 1)
        new_attn_states = reshape(new_attn_states, [-1, length * size])
        whole = new_state, new_attns, new_attn_states
        return output, whole if self._state_is_tuple else concat(list(whole), 1)

    def _attention(self, query: Any, attn_states: Any) -> tuple[Any, Any]:
        """The outputs' mean, weighted by how they fit the query, and the outputs without the oldest."""
        size, length, width = self._attn_size, self._attn_length, self._attn_vec_size
        with variable_scope("attention"):
            k = get_variable("attn_w", [1, 1, size, width])
            v = get_variable("attn_v", [width])
            hidden = reshape(attn_states, [-1, length, 1, size])
            features = PUBLIC["nn.conv2d"](hidden, k, [1, 1, 1, 1], "SAME")
            if self._linear3 is None:
                self._linear3 = _Linear(query, width, True)
            y = reshape(self._linear3(query), [-1, 1, 1, width])
            weights = softmax(reduce_sum(v * PUBLIC["tanh"](features + y), [2, 3]))
            mean = reduce_sum(reshape(weights, [-1, length, 1, 1]) * hidden, [1, 2])
            return reshape(mean, [-1, size]), slice_(attn_states, [0, 1, 0], [-1, -1, -1])


@export("contrib.rnn.HighwayWrapper")
class HighwayWrapper(CellWrapper):
    """inputs · carry + outputs · transform, with gates that see the inputs (https://arxiv.org/abs/1505.00387).

    Args:
      cell: the cell, whose outputs have the size of its inputs.
      couple_carry_transform_gates: whether transform = 1 - carry.
      carry_bias_init: where the carry gate's bias begins.
    """

    def __init__(self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0):
        super().__init__()
        self._cell = cell
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def _highway(self, given: Any, output: Any) -> Any:
        size = given.get_shape().with_rank(2).as_list()[1]

        def gate(name: str, start: float) -> Any:
            weights = get_variable(f"{name}_w", [size, size])
            bias = get_variable(f"{name}_b", [size], initializer=Constant(start))
            return sigmoid(PUBLIC["nn.xw_plus_b"](given, weights, bias))

        carry = gate("carry", self._carry_bias_init)
        coupled = self._couple_carry_transform_gates
        transform = 1 - carry if coupled else gate("transform", -self._carry_bias_init)
        return given * carry + output * transform

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        outputs, new_state = self._cell(inputs, state, scope=scope)
        nest.assert_same_structure(inputs, outputs)

        def check(given: Any, output: Any) -> None:
            given.get_shape().assert_is_compatible_with(output.get_shape())

        nest.map_structure(check, inputs, outputs)
        return nest.map_structure(self._highway, inputs, outputs), new_state
