"""What all networks over time have in common: shapes of inputs, and a step of sequences that end early."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import nest
from pyflow.core.convert import constant_value
from pyflow.core.scopes import colocate_with, get_default_graph
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.layers.layer import Layer
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.cell_sizes import join_sizes, join_static_sizes
from pyflow.ops.array import transpose
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cond import cond
from pyflow.ops.ranges import range as range_
from pyflow.ops.tensor_array import TensorArray


def _transpose_batch_time(x: Tensor) -> Tensor:
    """x [a, b, ...] as [b, a, ...]; tensors of fewer dimensions stay as they are."""
    static = x.get_shape()
    if static.ndims is not None and static.ndims < 2:
        return x
    result = transpose(x, concat(([1, 0], range_(2, rank(x))), axis=0))
    if static.ndims is not None:
        first, second, *others = static.as_list()
        result.set_shape([second, first, *others])
    return result


def _best_effort_input_batch_size(flat_input: Any) -> Any:
    """The second dimension of the inputs [time, batch, ...]: an int if any of them tells, else a tensor.

    Raises:
      ValueError: an input has fewer than two dimensions.
    """
    for given in flat_input:
        if given.shape.ndims is None:
            continue
        if given.shape.ndims < 2:
            raise ValueError(f"Expected input tensor {given} to have rank at least 2")
        if (batch_size := given.shape.as_list()[1]) is not None:
            return batch_size
    return shape(flat_input[0])[1]


def _infer_state_dtype(explicit_dtype: Any, state: Any) -> Any:
    """The dtype given, or else that of all of the state.

    Raises:
      ValueError: the state is empty, or of several dtypes.
    """
    if explicit_dtype is not None:
        return explicit_dtype
    if not nest.is_sequence(state):
        return state.dtype
    found = [element.dtype for element in nest.flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(dtype != found[0] for dtype in found):
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single representative dtype."
        )
    return found[0]


def _maybe_tensor_shape_from_tensor(size: Any) -> Any:
    return as_shape(constant_value(size)) if isinstance(size, Tensor) else size


def _should_cache() -> bool:
    """Whether variables may be read once for all steps: not inside a loop, whose body may change them."""
    return not get_default_graph().building_function


def cache_variables(varscope: Any) -> None:
    """Lets the variables made in this scope be read once, on the device of who reads them."""
    if _should_cache() and varscope.caching_device is None:
        varscope.set_caching_device(lambda op: op.device)


def _is_keras_rnn_cell(rnn_cell: Any) -> bool:
    return not isinstance(rnn_cell, RNNCell) and isinstance(rnn_cell, Layer) and not hasattr(rnn_cell, "zero_state")


def initial_state_of(cell: Any, batch_size: Any, dtype: Any) -> Any:
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def zero_outputs(cell: Any, batch_size: Any, dtype: Any, static_batch_size: tuple[int | None] | None = None) -> Any:
    """Zeros [batch, output size] for each of a cell's outputs, with a static shape if `static_batch_size` has one."""

    def zero_output(size: Any) -> Tensor:
        output = zeros(stack(join_sizes(batch_size, size)), dtype)
        if static_batch_size is not None:
            output.set_shape(TensorShape(join_static_sizes(static_batch_size[0], size)))
        return output

    flat = [zero_output(size) for size in nest.flatten(cell.output_size)]
    return nest.pack_sequence_as(cell.output_size, flat)


def keep_ended(ended: Any, old: Any, new: Any) -> Any:
    """`old` in the examples (rows) whose sequence has ended, `new` in the others."""
    if isinstance(old, TensorArray) or old.shape.ndims == 0:
        return new
    with colocate_with(new):
        return where(ended, old, new)


def _rnn_step(
    time: Any,
    sequence_length: Tensor,
    min_sequence_length: Tensor,
    max_sequence_length: Tensor,
    zero_output: Any,
    state: Any,
    call_cell: Callable,
    state_size: Any,
    skip_conditionals: bool = False,
) -> tuple[Any, Any]:
    """One step for sequences of several lengths: those that have ended give zeros and keep their state.

    Args:
      time: the step, a scalar int32.
      sequence_length: [batch], int32, with its minimum and maximum.
      zero_output, state: the output to give for an ended sequence, and the state before the step.
      call_cell: gives output and new state.
      skip_conditionals: whether the cell is called in every step: then time is always less than the maximum.

    Returns:
      the output and the new state.
    """
    flat_state, flat_zero_output = nest.flatten(state), nest.flatten(zero_output)
    ended = time >= sequence_length

    def step() -> list[Any]:
        new_output, new_state = call_cell()
        nest.assert_same_structure(zero_output, new_output)
        nest.assert_same_structure(state, new_state)
        return nest.flatten(new_output) + nest.flatten(new_state)

    def keep(new: list[Any]) -> list[Any]:
        return [keep_ended(ended, *pair) for pair in zip(flat_zero_output + flat_state, new)]

    def step_and_keep() -> Any:
        new = step()
        return cond(time < min_sequence_length, lambda: new, lambda: keep(new))

    if skip_conditionals:
        result = keep(step())
    else:
        result = cond(time >= max_sequence_length, lambda: flat_zero_output + flat_state, step_and_keep)
    if len(result) != len(flat_zero_output) + len(flat_state):
        raise ValueError("Internal error: state and output were not concatenated correctly.")
    for new, old in zip(result, flat_zero_output + flat_state):
        if not isinstance(new, TensorArray):
            new.set_shape(old.get_shape())
    count = len(flat_zero_output)
    return nest.pack_sequence_as(zero_output, result[:count]), nest.pack_sequence_as(state, result[count:])
