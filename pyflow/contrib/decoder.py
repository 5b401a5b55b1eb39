"""tf.contrib.seq2seq: what a decoder is, and the loop that runs one until all of its sequences have ended."""

from __future__ import annotations

import abc
from typing import Any

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.scopes import get_default_graph
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.nn.cell_sizes import _zero_state_tensors
from pyflow.nn.rnn_steps import _transpose_batch_time
from pyflow.ops.array_filling import fill, zeros_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.comparison import LogicalNot as logical_not
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.constant import constant
from pyflow.ops.reduce_functions import reduce_all
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.variable_scope import variable_scope
from pyflow.ops.while_loop import while_loop


@export("contrib.seq2seq.Decoder")
class Decoder(abc.ABC):
    """Something that makes sequences step by step, for `dynamic_decode`.

    Subclasses define `batch_size`, `output_size`, `output_dtype` (the latter in the same structure), `initialize` and
    `step`, and may define `finalize`.
    """

    @property
    def batch_size(self) -> Any:
        """The number of sequences."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The shapes of the outputs of one step for one sequence."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The dtypes of the outputs."""
        raise NotImplementedError

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> tuple:
        """(finished, inputs, state) before the first step."""
        raise NotImplementedError

    @abc.abstractmethod
    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple:
        """(outputs, next state, next inputs, finished) of a step."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple:
        """(outputs, final state) made of those of all steps."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether a sequence that has ended may be unfinished again, as where beams change places."""
        return False


@export("contrib.seq2seq.dynamic_decode")
def dynamic_decode(
    decoder: Any,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
    **kwargs: Any,
) -> tuple[Any, Any, Any]:
    """Runs a decoder until all of its sequences have ended.

    Args:
      decoder: a `Decoder`.
      output_time_major: whether the outputs are [time, batch, ...], not [batch, time, ...].
      impute_finished: whether the state of a sequence that has ended stays, and its outputs are zeros.
      maximum_iterations: int32 scalar, after how many steps to stop in any case.
      parallel_iterations, swap_memory: taken over into the loop.
      scope: the variable scope, "decoder" by default.

    Returns:
      (outputs, final state, lengths of the sequences).

    Raises:
      TypeError: the decoder is none.
      ValueError: `maximum_iterations` is no scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder") as varscope:
        if varscope.caching_device is None and not _inside_loop():
            varscope.set_caching_device(lambda op: op.device)
        if maximum_iterations is not None:
            maximum_iterations = convert_to_tensor(maximum_iterations, dtype=int32, name="maximum_iterations")
            if maximum_iterations.get_shape().ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        finished, inputs, state = decoder.initialize()
        loop = _Loop(decoder, impute_finished)
        if maximum_iterations is not None:
            finished = logical_or(finished, 0 >= maximum_iterations)
        lengths = zeros_like(finished, dtype=int32)
        time = constant(0, dtype=int32)
        arrays = nest.map_structure(loop.array, decoder.output_size, decoder.output_dtype)
        result = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: logical_not(reduce_all(finished)),
            loop.body,
            loop_vars=(time, arrays, state, inputs, finished, lengths),
            parallel_iterations=parallel_iterations,
            maximum_iterations=maximum_iterations,
            swap_memory=swap_memory,
        )
        final_state, lengths = result[2], result[5]
        outputs = nest.map_structure(lambda array: array.stack(), result[1])
        try:
            outputs, final_state = decoder.finalize(outputs, final_state, lengths)
        except NotImplementedError:
            pass
        if not output_time_major:
            outputs = nest.map_structure(_transpose_batch_time, outputs)
    return outputs, final_state, lengths


def _inside_loop() -> bool:
    graph: Any = get_default_graph()
    while graph.building_function:
        if graph.kind == "while loop":
            return True
        graph = graph.outer_graph
    return False


class _Loop:
    """What the loop of `dynamic_decode` needs in each step."""

    def __init__(self, decoder: Decoder, impute_finished: bool):
        self._decoder = decoder
        self._impute_finished = impute_finished
        self._zeros = nest.map_structure(
            lambda size, dtype: _zero_state_tensors(size, decoder.batch_size, dtype),
            decoder.output_size,
            decoder.output_dtype,
        )

    def array(self, size: Any, dtype: Any) -> TensorArray:
        """The array for an output of all steps."""
        known = None
        if isinstance(size, TensorShape) and size.ndims != 0:
            batch_size = constant_value(convert_to_tensor(self._decoder.batch_size, name="batch_size"))
            known = TensorShape([batch_size]).concatenate(size)
        return TensorArray(dtype, size=0, dynamic_size=True, element_shape=known)

    def body(self, time: Tensor, arrays: Any, state: Any, inputs: Any, finished: Tensor, lengths: Tensor) -> tuple:
        """One step, from the loop's variables to the next ones."""
        outputs, next_state, next_inputs, now_finished = self._decoder.step(time, inputs, state)
        if not self._decoder.tracks_own_finished:
            now_finished = logical_or(now_finished, finished)
        next_lengths = where(logical_not(finished), fill(shape(lengths), time + 1), lengths)
        nest.assert_same_structure(state, next_state)
        nest.assert_same_structure(arrays, outputs)
        nest.assert_same_structure(inputs, next_inputs)
        if self._impute_finished:
            outputs = nest.map_structure(lambda out, zero: where(finished, zero, out), outputs, self._zeros)
            next_state = nest.map_structure(lambda new, old: _kept(finished, new, old), next_state, state)
        arrays = nest.map_structure(lambda array, out: array.write(time, out), arrays, outputs)
        return time + 1, arrays, next_state, next_inputs, now_finished, next_lengths


def _kept(finished: Tensor, new: Any, old: Any) -> Any:
    """A part of the state, as it was for sequences that have ended; what is there once for all goes on."""
    if isinstance(old, TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else where(finished, old, new)
