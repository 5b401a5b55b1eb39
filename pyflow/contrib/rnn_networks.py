"""tf.contrib.rnn: stacks of bidirectional networks, and cells that take whole sequences."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.nn.bidirectional_rnn import bidirectional_dynamic_rnn, static_bidirectional_rnn
from pyflow.nn.dynamic_rnn import dynamic_rnn
from pyflow.nn.rnn_steps import _best_effort_input_batch_size, _transpose_batch_time
from pyflow.nn.static_rnn import static_rnn, static_state_saving_rnn
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_reversing import ReverseV2, reverse_sequence
from pyflow.ops.array_splitting import unstack
from pyflow.ops.variable_scope import variable_scope

for _function in (static_bidirectional_rnn, static_rnn, static_state_saving_rnn):
    export(f"contrib.rnn.{_function.__name__}")(_function)
transpose_batch_time = export("contrib.rnn.transpose_batch_time")(_transpose_batch_time)
best_effort_input_batch_size = export("contrib.rnn.best_effort_input_batch_size")(_best_effort_input_batch_size)


def _check_layers(cells_fw: Any, cells_bw: Any, initial_states_fw: Any, initial_states_bw: Any) -> None:
    if not cells_fw:
        raise ValueError("Must specify at least one fw cell for BidirectionalRNN.")
    if not cells_bw:
        raise ValueError("Must specify at least one bw cell for BidirectionalRNN.")
    if not isinstance(cells_fw, list):
        raise ValueError("cells_fw must be a list of RNNCells (one per layer).")
    if not isinstance(cells_bw, list):
        raise ValueError("cells_bw must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for way, states in (("fw", initial_states_fw), ("bw", initial_states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(f"initial_states_{way} must be a list of state tensors (one per layer).")


@export("contrib.rnn.stack_bidirectional_rnn")
def stack_bidirectional_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[Any, tuple, tuple]:
    """Layers of `static_bidirectional_rnn`: each sees both directions of the one below.

    Args:
      cells_fw, cells_bw: lists of a cell for each layer.
      inputs: one [batch, input size] for each step.
      initial_states_fw, initial_states_bw: lists of a state for each layer.
      dtype, sequence_length: see `static_bidirectional_rnn`.
      scope: the variable scope, "stack_bidirectional_rnn" by default; the layers' are "cell_0" ... in it.

    Returns:
      the outputs of the last layer, and tuples of both directions' final states, one for each layer.

    Raises:
      ValueError: the lists are none, empty or of different lengths.
    """
    _check_layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw)):
            with variable_scope(f"cell_{i}") as cell_scope:
                inputs, state_fw, state_bw = static_bidirectional_rnn(
                    cell_fw,
                    cell_bw,
                    inputs,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    dtype=dtype,
                    scope=cell_scope,
                )
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


@export("contrib.rnn.stack_bidirectional_dynamic_rnn")
def stack_bidirectional_dynamic_rnn(
    cells_fw: Any,
    cells_bw: Any,
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple, tuple]:
    """Layers of `bidirectional_dynamic_rnn`: each sees both directions of the one below.

    Args:
      cells_fw, cells_bw, initial_states_fw, initial_states_bw, scope: see `stack_bidirectional_rnn`.
      inputs: [batch, time, input size], or [time, batch, input size] if `time_major`.
      dtype, sequence_length, parallel_iterations, time_major, swap_memory: see `bidirectional_dynamic_rnn`.

    Returns:
      the outputs of the last layer, both directions joined, and tuples of both directions' final states.

    Raises:
      ValueError: the lists are none, empty or of different lengths.
    """
    _check_layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for i, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw)):
            with variable_scope(f"cell_{i}"):
                outputs, (state_fw, state_bw) = bidirectional_dynamic_rnn(
                    cell_fw,
                    cell_bw,
                    inputs,
                    initial_state_fw=initial_states_fw[i] if initial_states_fw else None,
                    initial_state_bw=initial_states_bw[i] if initial_states_bw else None,
                    sequence_length=sequence_length,
                    parallel_iterations=parallel_iterations,
                    dtype=dtype,
                    swap_memory=swap_memory,
                    time_major=time_major,
                )
                inputs = concat(outputs, 2)
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


@export("contrib.rnn.FusedRNNCell")
class FusedRNNCell:
    """What takes a whole sequence: `outputs, final_state = cell(inputs, initial_state, dtype, sequence_length, scope)`,
    with inputs and outputs [time, batch, size] or lists of [batch, size]."""

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        raise NotImplementedError("FusedRNNCell.__call__ is abstract")


@export("contrib.rnn.FusedRNNCellAdaptor")
class FusedRNNCellAdaptor(FusedRNNCell):
    """An `RNNCell` run over a whole sequence.

    Args:
      cell: the cell.
      use_dynamic_rnn: whether in a loop, or unrolled.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False):
        self._cell, self._use_dynamic_rnn = cell, use_dynamic_rnn

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        """Outputs, a list if the inputs are one, and the final state."""
        is_list = isinstance(inputs, list)
        options = {"sequence_length": sequence_length, "initial_state": initial_state, "dtype": dtype, "scope": scope}
        if self._use_dynamic_rnn:
            steps = stack(inputs) if is_list else inputs
            outputs, state = dynamic_rnn(self._cell, steps, time_major=True, **options)
            return unstack(outputs) if is_list else outputs, state
        outputs, state = static_rnn(self._cell, inputs if is_list else unstack(inputs), **options)
        return outputs if is_list else stack(outputs), state


@export("contrib.rnn.TimeReversedFusedRNN")
class TimeReversedFusedRNN(FusedRNNCell):
    """A `FusedRNNCell` that goes from the end to the beginning.

    Args:
      cell: the `FusedRNNCell`.
    """

    def __init__(self, cell: Any):
        self._cell = cell

    def _reverse(self, t: Any, lengths: Any) -> Any:
        if isinstance(t, list):
            return list(reversed(t))
        return ReverseV2(t, [0]) if lengths is None else reverse_sequence(t, lengths, 0, 1)

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> Any:
        """Outputs, in the order of the inputs, and the final state."""
        inputs = self._reverse(inputs, sequence_length)
        outputs, state = self._cell(
            inputs, initial_state=initial_state, dtype=dtype, sequence_length=sequence_length, scope=scope
        )
        return self._reverse(outputs, sequence_length), state
