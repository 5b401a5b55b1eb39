"""Recurrent networks unrolled into the graph: one copy of the cell's ops for each step."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.scopes import control_dependencies
from pyflow.nn.cell_base import assert_like_rnncell
from pyflow.nn.rnn_steps import (
    _infer_state_dtype,
    _is_keras_rnn_cell,
    _rnn_step,
    cache_variables,
    initial_state_of,
    zero_outputs,
)
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.reduce_functions import reduce_max, reduce_min
from pyflow.ops.variable_scope import variable_scope


def check_steps(inputs: Any) -> None:
    if not nest.is_sequence(inputs):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")


def _static_batch_size(inputs: Any, first_input: Any) -> int | None:
    """The first dimension of all inputs, as far as it is known.

    Raises:
      ValueError: the inputs disagree, or another dimension isn't known.
    """
    if first_input.get_shape().ndims == 1:
        return first_input.get_shape().as_list()[0]
    batch = first_input.get_shape().with_rank_at_least(2).dims[0]
    for given in nest.flatten(inputs):
        static = given.get_shape().with_rank_at_least(2)
        batch.merge_with(static.dims[0])  # only the first input's counts from here on, as in TensorFlow
        for i, size in enumerate(static[1:].as_list()):
            if size is None:
                raise ValueError(
                    f"Input size (dimension {i} of inputs) must be accessible via shape inference, but saw value None."
                )
    return batch.value


@export("nn.static_rnn")
def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Runs a cell over a list of inputs.

    Args:
      cell: an `RNNCell`.
      inputs: one [batch, input size] for each step, or structures of such.
      initial_state: the state before the first step; by default the cell's zero state.
      dtype: that of the state; needed without `initial_state`.
      sequence_length: [batch], how many steps count in each sequence: after them come outputs of zeros, and the state
        stays.
      scope: the variable scope, "rnn" by default.

    Returns:
      the outputs, one for each step, and the final state.

    Raises:
      TypeError: the cell is none, or `inputs` no sequence.
      ValueError: there are no inputs, or an input's size is not known.
    """
    assert_like_rnncell("cell", cell)
    check_steps(inputs)
    with variable_scope(scope or "rnn") as varscope:
        cache_variables(varscope)
        first_input = inputs
        while nest.is_sequence(first_input):
            first_input = first_input[0]
        static_batch_size = _static_batch_size(inputs, first_input)
        batch_size = static_batch_size or shape(first_input)[0]
        state = initial_state
        if state is None:
            if not dtype:
                raise ValueError("If no initial_state is provided, dtype must be specified")
            state = initial_state_of(cell, batch_size, dtype)
        ends: dict[str, Any] = {}
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if sequence_length.get_shape().ndims not in (None, 1):
                raise ValueError("sequence_length must be a vector of length batch_size")
            zero_output = zero_outputs(cell, batch_size, _infer_state_dtype(dtype, state), (static_batch_size,))
            sequence_length = cast(sequence_length, int32)
            ends = {"sequence_length": sequence_length, "zero_output": zero_output}
            ends["min_sequence_length"] = reduce_min(sequence_length)
            ends["max_sequence_length"] = reduce_max(sequence_length)
        of_keras = _is_keras_rnn_cell(cell)
        if of_keras and not nest.is_sequence(state):
            state = [state]
        outputs = []
        for time, given in enumerate(inputs):
            if time > 0:
                varscope.reuse_variables()

            def call_cell(given: Any = given, state: Any = state) -> Any:
                return cell(given, state)

            if ends:
                output, state = _rnn_step(time, state=state, call_cell=call_cell, state_size=cell.state_size, **ends)
            else:
                output, state = call_cell()
            outputs.append(output)
        if of_keras and len(state) == 1:
            state = state[0]
        return outputs, state


@export("nn.static_state_saving_rnn")
def static_state_saving_rnn(
    cell: Any,
    inputs: Any,
    state_saver: Any,
    state_name: Any,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`static_rnn` that begins where the last run ended.

    Args:
      cell, inputs, sequence_length, scope: see `static_rnn`.
      state_saver: has `state(name)`, the state to begin with, and `save_state(name, state)`, an op that keeps it.
      state_name: the name of the state, or a structure of names like `cell.state_size`.

    Returns:
      the outputs and the final state; the last output and the state are there when the state has been saved.

    Raises:
      TypeError, ValueError: as `static_rnn`, or the names don't fit the state.
    """
    state_size = cell.state_size
    is_tuple = nest.is_sequence(state_size)
    if is_tuple != nest.is_sequence(state_name):
        raise ValueError(
            f"state_name should be the same type as cell.state_size.  state_name: {state_name}, cell.state_size: "
            f"{state_size}"
        )
    names, sizes = nest.flatten(state_name), nest.flatten(state_size)
    if len(names) != len(sizes):
        raise ValueError(f"#elems(state_name) != #elems(state_size): {len(names)} vs. {len(sizes)}")
    initial_state = nest.pack_sequence_as(state_size, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, initial_state=initial_state, sequence_length=sequence_length, scope=scope)
    flat_state = nest.flatten(state)
    saved = [state_saver.save_state(name, substate) for name, substate in zip(names, flat_state)]
    with control_dependencies(saved):
        outputs[-1] = nest.map_structure(identity, outputs[-1])
        state = nest.pack_sequence_as(state, [identity(substate) for substate in flat_state])
    return outputs, state
