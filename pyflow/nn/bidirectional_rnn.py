"""Two recurrent networks over one sequence, the second from its end to its beginning."""

from __future__ import annotations

from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.nn.cell_base import assert_like_rnncell
from pyflow.nn.dynamic_rnn import dynamic_rnn
from pyflow.nn.static_rnn import check_steps, static_rnn
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_reversing import ReverseV2, reverse_sequence
from pyflow.ops.array_splitting import unstack
from pyflow.ops.variable_scope import variable_scope


def _reverse_seq(input_seq: Any, lengths: Any) -> list[Any]:
    """The steps [batch, ...] from last to first; with `lengths`, each example's own steps."""
    if lengths is None:
        return list(reversed(input_seq))
    flat_results: list[list[Any]] = [[] for _ in input_seq]
    for sequence in zip(*(nest.flatten(step) for step in input_seq)):
        static = TensorShape([None] * sequence[0].get_shape().ndims) if sequence[0].get_shape().ndims else None
        for step in sequence:
            if static is not None:
                static.merge_with(step.get_shape())
            step.set_shape(static)
        for step, flat in zip(unstack(reverse_sequence(stack(sequence), lengths, 0, 1)), flat_results):
            step.set_shape(static)
            flat.append(step)
    return [nest.pack_sequence_as(step, flat) for step, flat in zip(input_seq, flat_results)]


@export("nn.static_bidirectional_rnn")
def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """Two unrolled networks, one of them backwards; their outputs are joined along columns.

    Args:
      cell_fw, cell_bw: the cells that go forwards and backwards.
      inputs: one [batch, input size] for each step, or structures of such.
      initial_state_fw, initial_state_bw: as in `static_rnn`.
      dtype: that of the states.
      sequence_length: [batch], how many steps count in each sequence.
      scope: the variable scope, "bidirectional_rnn" by default; the cells' are "fw" and "bw" in it.

    Returns:
      the outputs of each step, and both final states.

    Raises:
      TypeError: a cell is none, or `inputs` no sequence.
      ValueError: there are no inputs.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    check_steps(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            output_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, fw_scope)
        with variable_scope("bw") as bw_scope:
            reversed_inputs = _reverse_seq(inputs, sequence_length)
            backwards, state_bw = static_rnn(
                cell_bw, reversed_inputs, initial_state_bw, dtype, sequence_length, bw_scope
            )
    output_bw = _reverse_seq(backwards, sequence_length)
    joined = [concat(pair, 1) for pair in zip(nest.flatten(output_fw), nest.flatten(output_bw))]
    return nest.pack_sequence_as(output_fw, joined), state_fw, state_bw


@export("nn.bidirectional_dynamic_rnn")
def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Two networks in loops, one of them backwards.

    Args:
      cell_fw, cell_bw: the cells that go forwards and backwards.
      inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major: as in `dynamic_rnn`.
      initial_state_fw, initial_state_bw: the states before the first (and the last) step.
      scope: the variable scope, "bidirectional_rnn" by default; the cells' are "fw" and "bw" in it.

    Returns:
      (outputs forwards, outputs backwards), both in the order of the inputs, and (final state forwards, backwards).

    Raises:
      TypeError: a cell is none.
      ValueError: as `dynamic_rnn`.
    """
    assert_like_rnncell("cell_fw", cell_fw)
    assert_like_rnncell("cell_bw", cell_bw)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def reverse(given: Any) -> Any:
        if sequence_length is None:
            return ReverseV2(given, axis=[time_axis])
        return reverse_sequence(input=given, seq_lengths=sequence_length, seq_axis=time_axis, batch_axis=batch_axis)

    common: dict[str, Any] = {
        "sequence_length": sequence_length,
        "dtype": dtype,
        "parallel_iterations": parallel_iterations,
        "swap_memory": swap_memory,
        "time_major": time_major,
    }
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as fw_scope:
            output_fw, state_fw = dynamic_rnn(cell_fw, inputs, initial_state=initial_state_fw, scope=fw_scope, **common)
        with variable_scope("bw") as bw_scope:
            reversed_inputs = nest.map_structure(reverse, inputs)
            backwards, state_bw = dynamic_rnn(
                cell_bw, reversed_inputs, initial_state=initial_state_bw, scope=bw_scope, **common
            )
    return (output_fw, reverse(backwards)), (state_fw, state_bw)
