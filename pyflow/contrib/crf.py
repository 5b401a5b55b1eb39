"""tf.contrib.crf: linear-chain conditional random fields (Lafferty et al., 2001)."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.node_count import count_nodes
from pyflow.core.scopes import get_default_graph
from pyflow.core.tensor import Tensor
from pyflow.nn.cell_base import RNNCell
from pyflow.nn.dynamic_rnn import dynamic_rnn
from pyflow.ops.arg_extremes import argmax
from pyflow.ops.array import expand_dims, reshape, squeeze
from pyflow.ops.array_batches import gather_nd
from pyflow.ops.array_filling import fill, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import sequence_mask
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_reversing import reverse_sequence
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape
from pyflow.ops.array_slicing import slice_
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, less_equal
from pyflow.ops.math_binary import maximum
from pyflow.ops.ranges import range as index_range
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_max, reduce_sum
from pyflow.ops.smart_cond import smart_cond
from pyflow.ops.variable_scope import get_variable


def _steps_are_one(inputs: Tensor) -> Any:
    steps = inputs.shape.as_list()[1]
    if steps is None:
        return equal(shape(inputs)[1], 1)
    count_nodes(get_default_graph(), "Const", "Const", "Equal")
    return steps == 1


def _by_steps(inputs: Tensor, single: Callable, several: Callable) -> Any:
    """What one function gives for sequences of one step and the other for longer ones."""
    return smart_cond(_steps_are_one(inputs), single, several)


def _transitions_left(sequence_lengths: Any) -> Tensor:
    lengths = convert_to_tensor(sequence_lengths)
    return maximum(convert_to_tensor(0, lengths.dtype), lengths - 1)


def _zero_if_empty(sequence_lengths: Any, values: Tensor) -> Tensor:
    return where(less_equal(sequence_lengths, zeros_like(sequence_lengths)), zeros_like(values), values)


@export("contrib.crf.crf_unary_score")
def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Tensor:
    """The sums of the scores that `inputs` [batch, steps, tags] give the tags [batch, steps]: [batch]."""
    inputs, indices = convert_to_tensor(inputs), convert_to_tensor(tag_indices)
    batch, steps, tags = [shape(inputs)[axis] for axis in range(3)]
    flat = reshape(inputs, [-1])
    starts = expand_dims(index_range(batch) * steps * tags, 1) + expand_dims(index_range(steps) * tags, 0)
    places = reshape(cast(starts, indices.dtype) + indices, [-1])
    scores = reshape(gather(flat, places), [batch, steps])
    masks = sequence_mask(sequence_lengths, maxlen=shape(indices)[1], dtype=inputs.dtype)
    return reduce_sum(scores * masks, 1)


@export("contrib.crf.crf_binary_score")
def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The sums of the scores [tags, tags] of going from tag to tag in tags [batch, steps]: [batch]."""
    params, tags = convert_to_tensor(transition_params), convert_to_tensor(tag_indices)
    count = params.shape.as_list()[0]
    transitions = shape(tags)[1] - 1
    before = slice_(tags, [0, 0], [-1, transitions])
    after = slice_(tags, [0, 1], [-1, transitions])
    places = before * (cast(shape(params)[0], tags.dtype) if count is None else count) + after
    scores = gather(reshape(params, [-1]), places)
    masks = sequence_mask(sequence_lengths, maxlen=shape(tags)[1], dtype=params.dtype)
    return reduce_sum(scores * slice_(masks, [0, 1], [-1, -1]), 1)


@export("contrib.crf.crf_sequence_score")
def crf_sequence_score(inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The unnormalised scores of tags.

    Args:
      inputs: [batch, steps, tags]; the scores of each tag at each step.
      tag_indices: int [batch, steps].
      sequence_lengths: int [batch].
      transition_params: [tags, tags]; the scores of a tag (column) after another (row).

    Returns:
      [batch].
    """
    inputs, tags = convert_to_tensor(inputs), convert_to_tensor(tag_indices)

    def single() -> Tensor:
        rows = cast(index_range(shape(inputs)[0]), tags.dtype)
        scores = gather_nd(squeeze(inputs, [1]), concat([expand_dims(rows, -1), tags], -1))
        return _zero_if_empty(sequence_lengths, scores)

    def several() -> Tensor:
        unary = crf_unary_score(tags, sequence_lengths, inputs)
        return unary + crf_binary_score(tags, sequence_lengths, transition_params)

    return _by_steps(inputs, single, several)


@export("contrib.crf.crf_multitag_sequence_score")
def crf_multitag_sequence_score(inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The logarithm of the sum of exp(score) of all sequences of allowed tags, bool [batch, steps, tags]: [batch]."""
    inputs = convert_to_tensor(inputs)
    allowed = where(tag_bitmap, inputs, fill(shape(inputs), np.array(-np.inf, inputs.dtype.as_numpy_dtype)))

    def single() -> Tensor:
        return reduce_logsumexp(allowed, axis=[1, 2])

    def several() -> Tensor:
        return crf_log_norm(allowed, sequence_lengths, transition_params)

    return _by_steps(inputs, single, several)


@export("contrib.crf.crf_log_norm")
def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """The logarithm of the sum of exp(score) of all sequences of tags: [batch]; see `crf_sequence_score`."""
    inputs = convert_to_tensor(inputs)
    first = squeeze(slice_(inputs, [0, 0, 0], [-1, 1, -1]), [1])

    def single() -> Tensor:
        return _zero_if_empty(sequence_lengths, reduce_logsumexp(first, [1]))

    def several() -> Tensor:
        _, alphas = dynamic_rnn(
            cell=CrfForwardRnnCell(transition_params),
            inputs=slice_(inputs, [0, 1, 0], [-1, -1, -1]),
            sequence_length=_transitions_left(sequence_lengths),
            initial_state=first,
            dtype=dtypes.float32,
        )
        return _zero_if_empty(sequence_lengths, reduce_logsumexp(alphas, [1]))

    return _by_steps(inputs, single, several)


@export("contrib.crf.crf_log_likelihood")
def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Tensor, Any]:
    """The logarithms of the probabilities of tags, and the scores of transitions; see `crf_sequence_score`.

    Without `transition_params` these are a new variable "transitions".
    """
    inputs = convert_to_tensor(inputs)
    if transition_params is None:
        tags = inputs.shape.as_list()[2]
        transition_params = get_variable("transitions", [tags, tags])
    scores = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return scores - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


class _CrfCell(RNNCell):
    def __init__(self, transition_params: Any):
        super().__init__()
        self._transition_params = expand_dims(transition_params, 0)
        self._num_tags = self._transition_params.shape.as_list()[-1]

    @property
    def state_size(self) -> Any:
        return self._num_tags

    @property
    def output_size(self) -> Any:
        return self._num_tags

    def _step(self, state: Any) -> Tensor:
        """The scores of each tag (last) after each tag: [batch, tags, tags]."""
        return expand_dims(state, 2) + self._transition_params


@export("contrib.crf.CrfForwardRnnCell")
class CrfForwardRnnCell(_CrfCell):
    """The step of the forward algorithm: `state` [batch, tags] are log sums of exp(score) of all ways to a tag."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Tensor, Tensor]:
        alphas = inputs + reduce_logsumexp(self._step(state), [1])
        return alphas, alphas


@export("contrib.crf.CrfDecodeForwardRnnCell")
class CrfDecodeForwardRnnCell(_CrfCell):
    """The step of Viterbi's algorithm: `state` [batch, tags] are the best scores; outputs the tags they come from."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Tensor, Tensor]:
        scores = self._step(state)
        return cast(argmax(scores, 1), dtypes.int32), inputs + reduce_max(scores, [1])


@export("contrib.crf.CrfDecodeBackwardRnnCell")
class CrfDecodeBackwardRnnCell(RNNCell):
    """The step back: `state` int32 [batch, 1] are tags, `inputs` int32 [batch, tags] where they come from."""

    def __init__(self, num_tags: int):
        super().__init__()
        self._num_tags = num_tags

    @property
    def state_size(self) -> Any:
        return 1

    @property
    def output_size(self) -> Any:
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Tensor, Tensor]:
        tags = squeeze(state, axis=[1])
        rows = index_range(shape(inputs)[0])
        before = expand_dims(gather_nd(inputs, stack([rows, tags], axis=1)), axis=-1)
        return before, before


@export("contrib.crf.viterbi_decode")
def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[Any], Any]:
    """The best tags of one sequence, in numpy.

    Args:
      score: [steps, tags].
      transition_params: [tags, tags].

    Returns:
      The tags and their score.
    """
    best = np.array(score[0])
    origins = np.zeros(np.shape(score), np.int64)
    for step in range(1, len(score)):
        ways = np.expand_dims(best, 1) + transition_params
        origins[step] = np.argmax(ways, 0)
        best = score[step] + np.max(ways, 0)
    tags = [np.argmax(best)]
    for origin in reversed(origins[1:]):
        tags.append(origin[tags[-1]])
    return [*reversed(tags)], np.max(best)


@export("contrib.crf.crf_decode")
def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[Tensor, Tensor]:
    """The best tags of sequences.

    Args:
      potentials: [batch, steps, tags].
      transition_params: [tags, tags].
      sequence_length: int [batch].

    Returns:
      The tags, int32 [batch, steps], and their scores, [batch].
    """
    potentials = convert_to_tensor(potentials)

    def single() -> tuple[Tensor, Tensor]:
        scores = squeeze(potentials, [1])
        return cast(expand_dims(argmax(scores, axis=1), 1), dtypes.int32), reduce_max(scores, axis=1)

    def several() -> tuple[Tensor, Tensor]:
        tags = potentials.shape.as_list()[2]
        steps_left = _transitions_left(sequence_length)
        origins, last = dynamic_rnn(
            CrfDecodeForwardRnnCell(transition_params),
            inputs=slice_(potentials, [0, 1, 0], [-1, -1, -1]),
            sequence_length=steps_left,
            initial_state=squeeze(slice_(potentials, [0, 0, 0], [-1, 1, -1]), [1]),
            time_major=False,
            dtype=dtypes.int32,
        )
        final = expand_dims(cast(argmax(last, axis=1), dtypes.int32), axis=-1)
        before, _ = dynamic_rnn(
            CrfDecodeBackwardRnnCell(tags),
            inputs=reverse_sequence(origins, steps_left, seq_axis=1),
            sequence_length=steps_left,
            initial_state=final,
            time_major=False,
            dtype=dtypes.int32,
        )
        backwards = concat([final, squeeze(before, axis=[2])], axis=1)
        return reverse_sequence(backwards, sequence_length, seq_axis=1), reduce_max(last, axis=1)

    return _by_steps(potentials, single, several)
