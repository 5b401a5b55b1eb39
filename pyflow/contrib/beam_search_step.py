"""One step of a beam search: the scores of all continuations of all beams, and the best of them."""

from __future__ import annotations

import collections
from typing import Any

from pyflow.contrib.attention_wrapper import AttentionWrapperState
from pyflow.contrib.beam_reordering import check_ndims
from pyflow.core import dtypes, nest
from pyflow.core.api import export
from pyflow.core.convert import constant_value, convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import fill, ones_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import one_hot
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import LogicalNot as logical_not
from pyflow.ops.comparison import LogicalOr as logical_or
from pyflow.ops.comparison import equal
from pyflow.ops.division import FloorMod as mod
from pyflow.ops.division import div
from pyflow.ops.math_binary import Minimum as minimum
from pyflow.ops.math_unary import Log as log
from pyflow.ops.nn_softmax import log_softmax
from pyflow.ops.nn_top_k import top_k
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_mean, reduce_sum
from pyflow.ops.tensor_array import TensorArray


@export("contrib.seq2seq.BeamSearchDecoderState")
class BeamSearchDecoderState(
    collections.namedtuple(
        "BeamSearchDecoderState", ("cell_state", "log_probs", "finished", "lengths", "accumulated_attention_probs")
    )
):
    """The state of a beam search: for each beam the cell's state, its probability, and whether it has ended."""


@export("contrib.seq2seq.BeamSearchDecoderOutput")
class BeamSearchDecoderOutput(
    collections.namedtuple("BeamSearchDecoderOutput", ("scores", "predicted_ids", "parent_ids"))
):
    """What a step gives for each beam, [batch, beam]: its score, its token, and the beam that it goes on from."""


def beam_step(
    time: Any,
    logits: Tensor,
    next_cell_state: Any,
    beam_state: BeamSearchDecoderState,
    batch_size: Any,
    beam_width: int,
    end_token: Any,
    length_penalty_weight: Any,
    coverage_penalty_weight: Any,
) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
    """The best `beam_width` continuations, for logits [batch, beam, tokens]."""
    known_batch = constant_value(batch_size)
    known_batch = None if known_batch is None else int(known_batch)
    finished, unfinished = beam_state.finished, logical_not(beam_state.finished)
    log_probs = _only_end(log_softmax(logits), end_token, finished)
    total_probs = expand_dims(beam_state.log_probs, 2) + log_probs
    tokens = logits.shape.as_list()[-1] or shape(logits)[-1]
    longer = one_hot(
        indices=fill([batch_size, beam_width], end_token),
        depth=tokens,
        on_value=cast(0, dtypes.int64),
        off_value=cast(1, dtypes.int64),
        dtype=dtypes.int64,
    )
    longer *= expand_dims(cast(unfinished, dtypes.int64), 2)
    lengths = longer + expand_dims(beam_state.lengths, 2)
    seen = attention_of(next_cell_state, coverage_penalty_weight)
    if seen is not None:
        seen *= expand_dims(cast(unfinished, dtypes.float32), 2)
        seen = beam_state.accumulated_attention_probs + seen
    scores = _scores(total_probs, lengths, length_penalty_weight, coverage_penalty_weight, finished, seen)

    convert_to_tensor(time, name="time")
    width = convert_to_tensor(beam_width, dtype=dtypes.int32, name="beam_width")
    best, places = top_k(reshape(scores, [batch_size, -1]), k=width)
    for tensor in (best, places):
        tensor.set_shape([known_batch, beam_width])
    beams = _Beams(batch_size, known_batch, beam_width)
    best_probs = beams.gathered(places, total_probs, beam_width * tokens, [-1], "next_beam_probs")
    token_ids = cast(mod(places, tokens, name="next_beam_word_ids"), dtypes.int32)
    parents = cast(places / tokens, dtypes.int32, name="next_beam_parent_ids")
    had_finished = beams.gathered(parents, finished, beam_width, [-1])
    now_finished = logical_or(had_finished, equal(token_ids, end_token), name="next_beam_finished")
    added = cast(logical_not(had_finished), dtypes.int64)
    next_lengths = beams.gathered(parents, beam_state.lengths, beam_width, [-1]) + added
    next_seen: Any = ()
    if seen is not None:
        next_seen = beams.gathered(parents, seen, beam_width, beams.rows(), "next_accumulated_attention_probs")
    next_cell_state = nest.map_structure(lambda t: beams.gathered_state(parents, t), next_cell_state)
    state = BeamSearchDecoderState(
        cell_state=next_cell_state,
        log_probs=best_probs,
        lengths=next_lengths,
        finished=now_finished,
        accumulated_attention_probs=next_seen,
    )
    return BeamSearchDecoderOutput(scores=best, predicted_ids=token_ids, parent_ids=parents), state


def attention_of(cell_state: Any, coverage_penalty_weight: Any) -> Any:
    """The mean alignments in the state of attentional cells; None where they are not needed.

    Raises:
      ValueError: they are needed, and no cell has them.
    """
    if coverage_penalty_weight == 0.0:
        return None
    states = [cell_state] if isinstance(cell_state, AttentionWrapperState) else cell_state
    alignments = [
        _mean(state.alignments) if isinstance(state.alignments, tuple) else state.alignments
        for state in (states if isinstance(states, (tuple, list)) else ())
        if isinstance(state, AttentionWrapperState)
    ]
    if not alignments:
        raise ValueError("coverage_penalty_weight must be 0.0 if no cell is attentional.")
    return alignments[0] if len(alignments) == 1 else _mean(alignments)


def _mean(parts: Any) -> Tensor:
    return reduce_mean(concat([expand_dims(part, -1) for part in parts], -1), -1)


def _only_end(log_probs: Tensor, end_token: Any, finished: Tensor) -> Tensor:
    """The logarithms of probabilities, where a beam that has ended can only go on with the end token."""
    tokens, dtype = shape(log_probs)[2], log_probs.dtype
    row = one_hot(end_token, tokens, dtype=dtype, on_value=convert_to_tensor(0.0, dtype=dtype), off_value=dtype.min)
    rows = tile(reshape(row, [1, 1, -1]), concat([shape(finished), [1]], 0))
    return where(tile(expand_dims(finished, 2), [1, 1, tokens]), rows, log_probs)


def _scores(
    log_probs: Tensor, lengths: Tensor, length_weight: Any, coverage_weight: Any, finished: Tensor, seen: Any
) -> Tensor:
    """The logarithms of probabilities, less penalties."""
    penalty = cast(_length_penalty(lengths, length_weight), dtype=log_probs.dtype)
    scores = log_probs / penalty
    coverage_weight = convert_to_tensor(coverage_weight, name="coverage_penalty_weight")
    if coverage_weight.shape.ndims != 0:
        raise ValueError(f"coverage_penalty_weight should be a scalar, but saw shape: {coverage_weight.shape}")
    if constant_value(coverage_weight) == 0.0:
        return scores
    if seen is None:
        raise ValueError("accumulated_attention_probs can be None only if coverage penalty is disabled.")
    # The logarithm of 0 would be infinite; what is padding has none.
    seen = where(equal(seen, 0.0), ones_like(seen), seen)
    coverage = reduce_sum(log(minimum(seen, 1.0)), 2)
    coverage *= cast(finished, dtypes.float32)
    return scores + expand_dims(coverage * coverage_weight, 2)


def _length_penalty(lengths: Tensor, weight: Any) -> Any:
    weight = convert_to_tensor(weight, name="penalty_factor")
    weight.set_shape(())
    known = constant_value(weight)
    if known is not None and known == 0:
        return 1.0
    return div((5.0 + cast(lengths, dtypes.float32)) ** weight, (5.0 + 1.0) ** weight)


class _Beams:
    """Takes parts of tensors [batch, beam, ...] along their beams."""

    def __init__(self, batch_size: Any, known_batch: int | None, beam_width: int):
        self._batch_size, self._known_batch, self._beam_width = batch_size, known_batch, beam_width

    def rows(self) -> list:
        """The shape of a tensor with all beams along one dimension."""
        return [self._batch_size * self._beam_width, -1]

    def gathered_state(self, beams: Tensor, t: Any) -> Any:
        """A part of the cell's state; arrays and what is there once for all are left as they are."""
        rows = self.rows()
        if isinstance(t, TensorArray):
            return t
        check_ndims(t)
        return self.gathered(beams, t, self._beam_width, rows) if t.shape.ndims >= len(rows) else t

    def gathered(self, places: Tensor, t: Tensor, count: Any, rows: list, name: str | None = None) -> Tensor:
        """The places [batch, beam] of each batch row, which has `count` of them; `rows`: the shape to gather from."""
        with name_scope(name, "tensor_gather_helper"):
            starts = expand_dims(range_of(self._batch_size) * count, 1)
            places = reshape(places + starts, [-1])
            output = gather(reshape(t, rows), places)
            output = reshape(output, shape(t)[: 1 + len(rows)], name="output")
            output.set_shape(TensorShape([self._known_batch]).concatenate(t.shape[1 : 1 + len(rows)]))
            return output
