"""tf.contrib.seq2seq.BeamSearchDecoder: keeps the best few sequences of each batch row."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from pyflow.contrib.basic_decoder import check_output_layer, layered_output_size
from pyflow.contrib.beam_reordering import check_ndims, reordered_array
from pyflow.contrib.beam_search_step import BeamSearchDecoderOutput, BeamSearchDecoderState, attention_of, beam_step
from pyflow.contrib.decoder import Decoder
from pyflow.contrib.decoder_inputs import embedding_function
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape, as_shape
from pyflow.core.tensor import Tensor
from pyflow.nn.cell_base import assert_like_rnncell
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.cond import cond
from pyflow.ops.gather_tree import GatherTree
from pyflow.ops.reduce_functions import reduce_all, reduce_max
from pyflow.ops.tensor_array import TensorArray


@export("contrib.seq2seq.FinalBeamSearchDecoderOutput")
class FinalBeamSearchDecoderOutput(
    collections.namedtuple("FinalBeamDecoderOutput", ["predicted_ids", "beam_search_decoder_output"])
):
    """The sequences found, [batch, time, beam], the best first; and the outputs of the steps."""


@export("contrib.seq2seq.tile_batch")
def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """A tensor, or each of a structure, with each row repeated `multiplier` times: [batch · multiplier, ...].

    Raises:
      ValueError: the rank of a tensor is 0, or not known.
    """
    flat = nest.flatten(t)
    with name_scope(name, "tile_batch", [*flat, multiplier]):
        return nest.map_structure(lambda part: _tiled(part, multiplier), t)


def _tiled(t: Any, multiplier: int) -> Tensor:
    t = convert_to_tensor(t, name="t")
    sizes = shape(t)
    if t.shape.ndims is None or t.shape.ndims < 1:
        raise ValueError("t must have statically known rank")
    rows = t.shape.as_list()[0]
    tiled = tile(expand_dims(t, 1), [1, multiplier] + [1] * (t.shape.ndims - 1))
    tiled = reshape(tiled, concat(([sizes[0] * multiplier], sizes[1:]), 0))
    tiled.set_shape(TensorShape([rows * multiplier if rows is not None else None]).concatenate(t.shape[1:]))
    return tiled


@export("contrib.seq2seq.BeamSearchDecoder")
class BeamSearchDecoder(Decoder):
    """In each step, the `beam_width` best continuations of all beams go on.

    What the cell has seen before (its initial state, the memory of its attention mechanism) has to be repeated
    `beam_width` times; see `tile_batch`.

    Args:
      cell: an `RNNCell`.
      embedding: a tensor or variable [tokens, size], or a function from tokens to inputs.
      start_tokens: int32 [batch].
      end_token: int32 scalar.
      initial_state: the cell's, of batch size batch · beam_width.
      beam_width: how many sequences to keep.
      output_layer: a layer from the cell's outputs to logits.
      length_penalty_weight: how much long sequences are preferred (https://arxiv.org/abs/1609.08144); 0 for none.
      coverage_penalty_weight: how much it costs to leave parts of the memory unseen; 0 for none.
      reorder_tensor_arrays: whether `TensorArray`s in the cell's state, such as a history of alignments, are sorted as
        the beams are in the end; they are tensors then.

    Raises:
      TypeError: the cell or layer is none.
      ValueError: the tokens are of other shapes.
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: float = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ):
        assert_like_rnncell("cell", cell)
        check_output_layer(output_layer)
        self._cell, self._output_layer = cell, output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._beam_width = beam_width
        self._length_penalty_weight, self._coverage_penalty_weight = length_penalty_weight, coverage_penalty_weight
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert_to_tensor(start_tokens, dtype=dtypes.int32, name="start_tokens")
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._end_token = convert_to_tensor(end_token, dtype=dtypes.int32, name="end_token")
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._batch_size = size(start_tokens)
        self._initial_cell_state = nest.map_structure(self._split_state, initial_state, cell.state_size)
        self._start_tokens = tile(expand_dims(self._start_tokens, 1), [1, beam_width])
        self._start_inputs = self._embedding_fn(self._start_tokens)
        # All beams are alike at first: only one of them may go on.
        self._finished = one_hot(
            zeros([self._batch_size], dtype=dtypes.int32),
            depth=beam_width,
            on_value=False,
            off_value=True,
            dtype=dtypes.bool,
        )

    batch_size: Any = property(lambda self: self._batch_size, doc="The number of batch rows, not of beams.")
    tracks_own_finished: Any = property(lambda self: True, doc="True: beams change places.")

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        width = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(scores=width, predicted_ids=width, parent_ids=width)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        sizes = layered_output_size(self._cell, self._output_layer)
        scores = nest.map_structure(lambda _: dtype, sizes)
        return BeamSearchDecoderOutput(scores=scores, predicted_ids=dtypes.int32, parent_ids=dtypes.int32)

    def initialize(self, name: str | None = None) -> tuple:
        """(finished, inputs, `BeamSearchDecoderState`)."""
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        log_probs = one_hot(
            zeros([self._batch_size], dtype=dtypes.int32),
            depth=self._beam_width,
            on_value=convert_to_tensor(0.0, dtype=dtype),
            off_value=convert_to_tensor(-np.inf, dtype=dtype),
            dtype=dtype,
        )
        seen = attention_of(self._initial_cell_state, self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=log_probs,
            finished=self._finished,
            lengths=zeros([self._batch_size, self._beam_width], dtype=dtypes.int64),
            accumulated_attention_probs=() if seen is None else seen,
        )
        return self._finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> tuple:
        """(`BeamSearchDecoderOutput`, next `BeamSearchDecoderState`, next inputs, finished)."""
        with name_scope(name, "BeamSearchDecoderStep", [time, inputs, state]):
            inputs = nest.map_structure(lambda x: self._merged(x, x.shape[2:]), inputs)
            cell_state = nest.map_structure(self._merge_state, state.cell_state, self._cell.state_size)
            outputs, next_cell_state = self._cell(inputs, cell_state)
            outputs = nest.map_structure(lambda x: self._split(x, x.shape[1:]), outputs)
            next_cell_state = nest.map_structure(self._split_state, next_cell_state, self._cell.state_size)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            output, next_state = beam_step(
                time,
                outputs,
                next_cell_state,
                state,
                batch_size=self._batch_size,
                beam_width=self._beam_width,
                end_token=self._end_token,
                length_penalty_weight=self._length_penalty_weight,
                coverage_penalty_weight=self._coverage_penalty_weight,
            )
            finished, tokens = next_state.finished, output.predicted_ids
            next_inputs = cond(reduce_all(finished), lambda: self._start_inputs, lambda: self._embedding_fn(tokens))
        return output, next_state, next_inputs, finished

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple:
        """(`FinalBeamSearchDecoderOutput`, final state)."""
        lengths = cast(reduce_max(final_state.lengths, axis=1), dtypes.int32)
        predicted_ids = GatherTree(outputs.predicted_ids, outputs.parent_ids, lengths, self._end_token)
        if self._reorder_tensor_arrays:
            batch_size, width = self._batch_size, self._beam_width
            cell_state = nest.map_structure(
                lambda t: reordered_array(t, outputs.parent_ids, final_state.lengths, batch_size, width),
                final_state.cell_state,
            )
            final_state = final_state._replace(cell_state=cell_state)
        return FinalBeamSearchDecoderOutput(predicted_ids, outputs), final_state

    # ---------------------------------------------------------------- [batch · beam, ...] and [batch, beam, ...]

    def _merged(self, t: Tensor, inner: Any) -> Tensor:
        inner = as_shape(constant_value(inner)) if isinstance(inner, Tensor) else TensorShape(inner)
        sizes, known = shape(t), constant_value(self._batch_size)
        rows = None if known is None else int(known) * self._beam_width
        merged = reshape(t, concat(([self._batch_size * self._beam_width], sizes[2:]), 0))
        merged.set_shape(TensorShape([rows]).concatenate(inner))
        return merged

    def _split(self, t: Tensor, inner: Any) -> Tensor:
        inner = TensorShape(constant_value(inner)) if isinstance(inner, Tensor) else TensorShape(inner)
        split = reshape(t, concat(([self._batch_size, self._beam_width], shape(t)[1:]), 0))
        known = constant_value(self._batch_size)
        expected = TensorShape([None if known is None else int(known), self._beam_width]).concatenate(inner)
        if not split.shape.is_compatible_with(expected):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size.  The reshaped tensor has shape: "
                f"{split.shape}.  We expected it to have shape (batch_size, beam_width, depth) == {expected}.  Perhaps "
                "you forgot to create a zero_state with batch_size=encoder_batch_size * beam_width?"
            )
        split.set_shape(expected)
        return split

    def _split_state(self, t: Any, inner: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        check_ndims(t)
        return self._split(t, inner) if t.shape.ndims >= 1 else t

    def _merge_state(self, t: Any, inner: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        check_ndims(t)
        return self._merged(t, inner) if t.shape.ndims >= 2 else t
