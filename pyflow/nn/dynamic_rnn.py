"""Recurrent networks as a loop: the number of steps is that of the inputs in each run."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.nn.cell_base import assert_like_rnncell
from pyflow.nn.cell_sizes import join_static_sizes
from pyflow.nn.rnn_steps import (
    _best_effort_input_batch_size,
    _infer_state_dtype,
    _is_keras_rnn_cell,
    _maybe_tensor_shape_from_tensor,
    _rnn_step,
    _transpose_batch_time,
    cache_variables,
    initial_state_of,
    zero_outputs,
)
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import stack
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.constant import constant
from pyflow.ops.math_binary import Maximum as maximum
from pyflow.ops.math_binary import Minimum as minimum
from pyflow.ops.messages import Assert
from pyflow.ops.reduce_functions import reduce_all, reduce_max, reduce_min
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.while_loop import while_loop


def _assert_has_shape(x: Tensor, dims: list[Any]) -> Any:
    found, wanted = shape(x), stack(dims)
    words = [f"Expected shape for Tensor {x.name} is ", wanted, " but saw shape: ", found]
    return Assert(reduce_all(equal(found, wanted)), words)


@export("nn.dynamic_rnn")
def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """Runs a cell over the steps of the inputs, in a loop.

    Args:
      cell: an `RNNCell`.
      inputs: [batch, time, ...], or [time, batch, ...] if `time_major`; or a structure of such.
      sequence_length: [batch], how many steps count in each sequence: after them come outputs of zeros, and the state
        stays.
      initial_state: the state before the first step; by default the cell's zero state.
      dtype: that of state and outputs; needed without `initial_state`.
      parallel_iterations, swap_memory: taken over into the loop.
      time_major: whether time stands before batch, in inputs and outputs; saves transpositions.
      scope: the variable scope, "rnn" by default.

    Returns:
      outputs [batch, time, output size] (or [time, batch, ...]) in the structure of `cell.output_size`, and the final
      state.

    Raises:
      TypeError: the cell is none.
      ValueError: neither `initial_state` nor `dtype` is given, or an input's size is not known, or the inputs disagree.
    """
    assert_like_rnncell("cell", cell)
    with variable_scope(scope or "rnn") as varscope:
        cache_variables(varscope)
        flat_input = nest.flatten(inputs)
        if not time_major:
            flat_input = [convert_to_tensor(given) for given in flat_input]
            flat_input = [_transpose_batch_time(given) for given in flat_input]
        if sequence_length is not None:
            sequence_length = cast(sequence_length, int32)
            if sequence_length.get_shape().ndims not in (None, 1):
                raise ValueError(
                    "sequence_length must be a vector of length batch_size, but saw shape: "
                    f"{sequence_length.get_shape()}"
                )
            sequence_length = identity(sequence_length, name="sequence_length")
        batch_size = _best_effort_input_batch_size(flat_input)
        state = initial_state
        if state is None:
            if not dtype:
                raise ValueError("If there is no initial_state, you must give a dtype.")
            state = initial_state_of(cell, batch_size, dtype)
        if sequence_length is not None:
            with control_dependencies([_assert_has_shape(sequence_length, [batch_size])]):
                sequence_length = identity(sequence_length, name="CheckSeqLen")
        outputs, final_state = _dynamic_rnn_loop(
            cell,
            nest.pack_sequence_as(inputs, flat_input),
            state,
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
            sequence_length=sequence_length,
            dtype=dtype,
        )
        if not time_major:
            outputs = nest.map_structure(_transpose_batch_time, outputs)
        return outputs, final_state


def _common_sizes(flat_input: list[Any]) -> tuple[int | None, int | None]:
    """The static numbers of steps and of examples, having checked that the inputs agree and have known sizes."""
    shapes = [given.get_shape().with_rank_at_least(3) for given in flat_input]
    time_steps, batch_size = shapes[0].as_list()[:2]
    for static in shapes:
        if not static[2:].is_fully_defined():
            raise ValueError("Input size (depth of inputs) must be accessible via shape inference, but saw value None.")
        if static.as_list()[0] != time_steps:
            raise ValueError("Time steps is not the same for all the elements in the input in a batch.")
        if static.as_list()[1] != batch_size:
            raise ValueError("Batch_size is not the same for all the elements in the input.")
    return time_steps, batch_size


def _dynamic_rnn_loop(
    cell: Any,
    inputs: Any,
    initial_state: Any,
    parallel_iterations: int,
    swap_memory: bool,
    sequence_length: Any = None,
    dtype: Any = None,
) -> tuple[Any, Any]:
    """The loop of `dynamic_rnn`, on inputs [time, batch, ...]."""
    assert isinstance(parallel_iterations, int), "parallel_iterations must be int"
    flat_input = nest.flatten(inputs)
    flat_output_size = nest.flatten(cell.output_size)
    time_steps = shape(flat_input[0])[0]
    batch_size = _best_effort_input_batch_size(flat_input)
    const_time_steps, const_batch_size = _common_sizes(flat_input)
    output_dtype = _infer_state_dtype(dtype, initial_state)
    zero_output = zero_outputs(cell, batch_size, output_dtype)
    ends: dict[str, Any] = {}
    last_step = time_steps
    if sequence_length is not None:
        ends = {"sequence_length": sequence_length, "zero_output": zero_output}
        ends["min_sequence_length"] = reduce_min(sequence_length)
        ends["max_sequence_length"] = last_step = reduce_max(sequence_length)
    time = constant(0, dtype=int32, name="time")
    with name_scope("dynamic_rnn") as base_name:
        pass

    def array(name: str, element_shape: Any, element_dtype: Any) -> TensorArray:
        return TensorArray(
            dtype=element_dtype, size=time_steps, element_shape=element_shape, tensor_array_name=base_name + name
        )

    batch = TensorShape([const_batch_size])
    output_arrays = tuple(
        array(f"output_{i}", batch.concatenate(_maybe_tensor_shape_from_tensor(size)), output_dtype)
        for i, size in enumerate(flat_output_size)
    )
    input_arrays = [array(f"input_{i}", given.shape[1:], given.dtype) for i, given in enumerate(flat_input)]
    input_arrays = [ta.unstack(given) for ta, given in zip(input_arrays, flat_input)]
    of_keras = _is_keras_rnn_cell(cell)

    def step(time: Tensor, arrays: Any, state: Any) -> tuple[Any, Any, Any]:
        flat_now = [ta.read(time) for ta in input_arrays]
        for now, given in zip(flat_now, flat_input):
            now.set_shape(given.get_shape()[1:])
        now = nest.pack_sequence_as(inputs, flat_now)
        if of_keras and not nest.is_sequence(state):
            state = [state]
        if ends:
            output, new_state = _rnn_step(
                time,
                state=state,
                call_cell=lambda: cell(now, state),
                state_size=cell.state_size,
                skip_conditionals=True,
                **ends,
            )
        else:
            output, new_state = cell(now, state)
        if of_keras and len(new_state) == 1:
            new_state = new_state[0]
        arrays = tuple(ta.write(time, out) for ta, out in zip(arrays, nest.flatten(output)))
        return time + 1, arrays, new_state

    loop_bound = minimum(time_steps, maximum(1, last_step))
    _, output_arrays, final_state = while_loop(
        cond=lambda time, *_: time < loop_bound,
        body=step,
        loop_vars=(time, output_arrays, initial_state),
        parallel_iterations=parallel_iterations,
        maximum_iterations=time_steps,
        swap_memory=swap_memory,
    )
    outputs = [ta.stack() for ta in output_arrays]
    for output, size in zip(outputs, flat_output_size):
        output.set_shape(join_static_sizes([const_time_steps, const_batch_size], size))
    return nest.pack_sequence_as(cell.output_size, outputs), final_state
