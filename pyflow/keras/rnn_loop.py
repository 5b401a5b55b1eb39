"""tf.keras.backend.rnn: a function applied step after step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.ops.array import expand_dims as tf_expand_dims
from pyflow.ops.array import transpose
from pyflow.ops.array_filling import zeros_like as tf_zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_joining import stack as tf_stack
from pyflow.ops.array_reversing import ReverseV2 as tf_reverse
from pyflow.ops.array_selection import where as tf_where
from pyflow.ops.array_shape import shape as tf_shape
from pyflow.ops.array_splitting import unstack
from pyflow.ops.array_tiling import Tile as tile
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant_v1 as tf_constant
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.while_loop import while_loop


def _time_first(x: Any) -> Any:
    return transpose(x, [1, 0, *range(2, x.shape.ndims)])


def _chosen(mask: Any, new: Any, old: Any) -> Any:
    """`new` for the examples of which the mask [batch_size, 1] says so, else `old`."""
    while mask.shape.ndims < new.shape.ndims:
        mask = tf_expand_dims(mask, -1)
    sizes = concat([[1], tf_shape(new)[1:]], 0)
    return tf_where(tile(mask, sizes), new, old)


@export("keras.backend.rnn")
def rnn(
    step_function: Any,
    inputs: Any,
    initial_states: Any,
    go_backwards: bool = False,
    mask: Any = None,
    constants: Any = None,
    unroll: bool = False,
    input_length: Any = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
) -> tuple[Any, Any, list]:
    """Applies a function to each step of sequences.

    Args:
      step_function: from (the inputs of a step, states + constants) to (output, new states).
      inputs: [batch_size, time, ...], or time first with `time_major`.
      mask: [batch_size, time]: at steps where it is False the states stay, and the output is the one before (or 0).
      unroll: a part of the graph for every step in the place of a loop.

    Returns:
      The last output, all outputs [batch_size, time, ...], and the last states.
    """
    constants = list(constants or [])
    flat_inputs = [x if time_major else _time_first(x) for x in nest.flatten(inputs)]
    if mask is not None:
        if mask.dtype.base_dtype != dtypes.bool:
            mask = cast(mask, "bool")
        if mask.shape.ndims == 2:
            mask = tf_expand_dims(mask, -1)
        mask = mask if time_major else _time_first(mask)
    if go_backwards:
        flat_inputs = [tf_reverse(x, [0]) for x in flat_inputs]
        mask = None if mask is None else tf_reverse(mask, [0])
    length = flat_inputs[0].shape.as_list()[0]
    states = list(initial_states)

    def step(now: list, masked: Any, states: list, before: Any) -> tuple[Any, list]:
        output, new = step_function(nest.pack_sequence_as(inputs, now), states + constants)
        new = list(new)
        if masked is not None:
            before = tf_zeros_like(output) if before is None or zero_output_for_mask else before
            output = _chosen(masked, output, before)
            new = [_chosen(masked, a, b) for a, b in zip(new, states)]
        return output, new

    if unroll:
        if not length:
            raise ValueError("Unrolling requires a fixed number of timesteps.")
        outputs, output = [], None
        parts = [unstack(x, length) for x in flat_inputs]
        masks = [None] * length if mask is None else unstack(mask, length)
        for t in range(length):
            output, states = step([p[t] for p in parts], masks[t], states, output)
            outputs.append(output)
        last, every = outputs[-1], tf_stack(outputs)
    else:
        last, every, states = _loop(step, flat_inputs, mask, states)
    every.set_shape([length, *every.shape.as_list()[1:]])
    return last, every if time_major else _time_first(every), states


def _loop(step: Callable, inputs: list, mask: Any, states: list) -> tuple[Any, Any, list]:
    steps = tf_shape(inputs[0])[0]
    sources = [
        TensorArray(x.dtype, size=steps, tensor_array_name=f"input_ta_{i}").unstack(x) for i, x in enumerate(inputs)
    ]
    masks = None if mask is None else TensorArray(dtypes.bool, size=steps, tensor_array_name="mask_ta").unstack(mask)
    # What a step gives, to know its dtype and shape; nothing of this is run.
    sample, _ = step([x[0] for x in inputs], None, states, None)
    target = TensorArray(sample.dtype, size=steps, tensor_array_name="output_ta")
    shapes = [s.shape for s in states]

    def body(t: Any, target: Any, before: Any, *states: Any) -> tuple:
        masked = None if masks is None else masks.read(t)
        if masked is not None:
            masked.set_shape(mask.shape[1:])  # type: ignore[misc]
        now = [s.read(t) for s in sources]
        for x, whole in zip(now, inputs):
            x.set_shape(whole.shape[1:])
        output, new = step(now, masked, list(states), before)
        for s, shape in zip(new, shapes):
            s.set_shape(shape)
        return (t + 1, target.write(t, output), output if masks is not None else before, *new)

    before: Any = tf_zeros_like(sample) if masks is not None else tf_constant(0)
    found = while_loop(
        lambda t, *_: t < steps, body, (tf_constant(0, "int32"), target, before, *states), parallel_iterations=32,
        swap_memory=True,
    )  # fmt: skip
    every = found[1].stack()
    every.set_shape([None, *sample.shape.as_list()])
    last = found[1].read(steps - 1)
    last.set_shape(sample.shape)
    return last, every, list(found[3:])
