"""The loop in which the caller decides on each step's input, state, output and end."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.shapes import TensorShape
from pyflow.nn.cell_base import assert_like_rnncell
from pyflow.nn.cell_sizes import join_sizes
from pyflow.nn.rnn_steps import _maybe_tensor_shape_from_tensor, cache_variables, keep_ended
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_shape import shape
from pyflow.ops.comparison import LogicalNot as logical_not
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.constant import constant
from pyflow.ops.reduce_functions import reduce_all
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.while_loop import while_loop


def _sizes_and_dtypes(emit_structure: Any, cell: Any, flat_state: list[Any]) -> tuple[Any, list[Any], list[Any]]:
    """What is emitted in each step: its structure, sizes without the batch, and dtypes."""
    if emit_structure is None:
        sizes = nest.flatten(cell.output_size)
        return cell.output_size, sizes, [flat_state[0].dtype] * len(sizes)
    emitted = nest.flatten(emit_structure)
    sizes = [e.shape if e.shape.is_fully_defined() else shape(e) for e in emitted]
    return emit_structure, sizes, [e.dtype for e in emitted]


@export("nn.raw_rnn")
def raw_rnn(
    cell: Any, loop_fn: Callable, parallel_iterations: int | None = None, swap_memory: bool = False, scope: Any = None
) -> tuple[Any, Any, Any]:
    """Runs a cell in a loop whose steps `loop_fn` puts together.

    Args:
      cell: an `RNNCell`.
      loop_fn: takes (time, cell_output, cell_state, loop_state), returns (elements_finished, next_input,
        next_cell_state, emit_output, next_loop_state). The first call has time 0 and None for the others; it gives the
        initial state, and for `emit_output` an example of what one row emits (None: the cell's output).
        `elements_finished` are bools [batch]: a finished row emits zeros and keeps its state; all finished, the
        loop ends.
      parallel_iterations, swap_memory: taken over into the loop.
      scope: the variable scope, "rnn" by default.

    Returns:
      the TensorArrays [time] of what was emitted, the final state, the final loop state.

    Raises:
      TypeError: the cell is none, or `loop_fn` no function.
    """
    assert_like_rnncell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with variable_scope(scope or "rnn") as varscope:
        cache_variables(varscope)
        time = constant(0, dtype=int32)
        elements_finished, next_input, state, emit_structure, init_loop_state = loop_fn(time, None, None, None)
        flat_input = nest.flatten(next_input)
        loop_state = constant(0, dtype=int32) if init_loop_state is None else init_loop_state
        batch = TensorShape([None])
        for given in flat_input:
            batch = batch.merge_with(given.get_shape()[:1])
        static_batch_size = flat_input[0].get_shape().as_list()[0]
        batch_size = shape(flat_input[0])[0] if static_batch_size is None else static_batch_size

        nest.assert_same_structure(state, cell.state_size)
        flat_state = [convert_to_tensor(substate) for substate in nest.flatten(state)]
        state = nest.pack_sequence_as(state, flat_state)
        emit_structure, sizes, emitted_dtypes = _sizes_and_dtypes(emit_structure, cell, flat_state)
        rows = TensorShape([static_batch_size])
        flat_arrays = [
            TensorArray(
                dtype=dtype,
                dynamic_size=True,
                element_shape=rows.concatenate(_maybe_tensor_shape_from_tensor(size)),
                size=0,
                name=f"rnn_output_{i}",
            )
            for i, (dtype, size) in enumerate(zip(emitted_dtypes, sizes))
        ]
        zero_emit = [zeros(join_sizes(batch_size, size), dtype) for size, dtype in zip(sizes, emitted_dtypes)]
        zero_emit = nest.pack_sequence_as(emit_structure, zero_emit)

        def unfinished(_: Any, elements_finished: Any, *others: Any) -> Any:
            return logical_not(reduce_all(elements_finished))

        def step(time: Any, finished: Any, given: Any, arrays: Any, state: Any, loop_state: Any) -> tuple:
            output, cell_state = cell(given, state)
            nest.assert_same_structure(state, cell_state)
            nest.assert_same_structure(cell.output_size, output)
            next_time = time + 1
            next_finished, next_input, next_state, emitted, next_loop_state = loop_fn(
                next_time, output, cell_state, loop_state
            )
            nest.assert_same_structure(state, next_state)
            nest.assert_same_structure(given, next_input)
            nest.assert_same_structure(arrays, emitted)
            emitted = nest.map_structure(lambda old, new: keep_ended(finished, old, new), zero_emit, emitted)
            next_state = nest.map_structure(lambda old, new: keep_ended(finished, old, new), state, next_state)
            arrays = nest.map_structure(lambda array, emit: array.write(time, emit), arrays, emitted)
            finished = logical_or(finished, next_finished)
            next_loop_state = loop_state if next_loop_state is None else next_loop_state
            return next_time, finished, next_input, arrays, next_state, next_loop_state

        arrays = nest.pack_sequence_as(emit_structure, flat_arrays)
        *_, arrays, state, loop_state = while_loop(
            unfinished,
            step,
            loop_vars=[time, elements_finished, next_input, arrays, state, loop_state],
            parallel_iterations=parallel_iterations or 32,
            swap_memory=swap_memory,
        )
        return arrays, state, None if init_loop_state is None else loop_state
