"""Label sequences from a network's output of connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.dtypes import float32
from pyflow.core.errors import FailedPreconditionError
from pyflow.core.registry import NOT_DIFFERENTIABLE, ShapeError, attr, one_of, op, sample
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.ctc import FLOATS, likelihoods, of_other_batch
from pyflow.ops.ctc_beam_search import BeamSearch
from pyflow.ops.shape_rules import merge_dim, with_rank
from pyflow.ops.sparse_coordinates import invalid, places_in_rows

_EXAMPLE = np.array(
    [[[3, 1, 0], [0, 0, 2]], [[3, 1, 0], [0, 0.5, 2]], [[0, 1, 3], [0, 1, 0.2]], [[3, 1, 0], [0, 1, 0.3]]], np.float32
)
_LENGTHS = np.array([4, 3], np.int32)


def _batch(inputs: Any, sequence_length: Any) -> int | None:
    with kernel_words(lambda: "inputs is not a 3-Tensor"):
        batch = with_rank(inputs, 3)[1]
    with kernel_words(lambda: "sequence_length is not a vector"):
        (lengths,) = with_rank(sequence_length, 1)
    try:
        return merge_dim(batch, lengths)
    except ShapeError as error:
        raise ShapeError(str(error), of_other_batch(lengths, batch), FailedPreconditionError) from None


def _check(inputs: np.ndarray, lengths: np.ndarray) -> None:
    time = len(inputs)
    if not time:
        raise invalid("max_time is 0")
    if np.any(lengths > time):
        words = f"sequence_length({int(np.argmax(lengths > time))}) <= {time}"
        raise FailedPreconditionError(None, None, words)


def _as_sparse(sequences: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices, values and shape of the sparse matrix that has these rows."""
    counts = np.array([len(sequence) for sequence in sequences], np.int64)
    values = np.concatenate([np.asarray(sequence, np.int64) for sequence in sequences] or [np.zeros(0, np.int64)])
    return places_in_rows(counts), values, np.array([len(sequences), counts.max(initial=0)], np.int64)


@op(
    "CTCGreedyDecoder(inputs: T, sequence_length: int32)"
    " -> (decoded_indices: int64, decoded_values: int64, decoded_shape: int64, log_probability: T)",
    merge_repeated=False,
    T=one_of(FLOATS, default=float32),
)
class CTCGreedyDecoder:
    """The largest class of each step, without blanks; and minus the sum of its logits, [batch, 1].

    `inputs` are logits [time, batch, classes]; the last class is the blank. With `merge_repeated`, a class that is the
    largest in several steps one after another is given once.
    """

    def shape(inputs, sequence_length):
        return [(None, 2), (None,), (2,), (_batch(inputs, sequence_length), 1)]

    def cpu(inputs, sequence_length, merge_repeated):
        _check(inputs, sequence_length)
        time, _, classes = inputs.shape
        best = inputs.argmax(axis=2)
        in_time = np.arange(time)[:, None] < sequence_length
        score = np.where(in_time, 0 - inputs.max(axis=2), 0).sum(axis=0, dtype=inputs.dtype)[:, None]
        kept = in_time & (best != classes - 1)
        if merge_repeated:
            kept[1:] &= best[1:] != best[:-1]
        return *_as_sparse([best[kept[:, b], b] for b in range(inputs.shape[1])]), score

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            _EXAMPLE,
            _LENGTHS,
            merge_repeated=True,
            grad=False,
            reference=lambda *_: ([[0, 0], [0, 1], [1, 0]], [0, 0, 1], [2, 2], [[-12.0], [-5.0]]),
        )
    ]


@op(
    "CTCBeamSearchDecoder(inputs: T, sequence_length: int32) -> (decoded_indices: top_paths*int64,"
    " decoded_values: top_paths*int64, decoded_shape: top_paths*int64, log_probability: T)",
    beam_width=attr("int", minimum=1),
    top_paths=attr("int", minimum=1),
    merge_repeated=True,
    T=one_of(FLOATS, default=float32),
)
class CTCBeamSearchDecoder:
    """The `top_paths` most likely label sequences, and their log probabilities, [batch, top_paths].

    `inputs` are logits [time, batch, classes]; the last class is the blank. `merge_repeated` makes one of equal labels
    that follow each other in what has been found, although there was a blank between them.
    """

    def shape(inputs, sequence_length, top_paths):
        parts = [(None, 2)] * top_paths, [(None,)] * top_paths, [(2,)] * top_paths
        return [*parts[0], *parts[1], *parts[2], (_batch(inputs, sequence_length), top_paths)]

    def cpu(inputs, sequence_length, beam_width, top_paths, merge_repeated):
        _check(inputs, sequence_length)
        batch, classes = inputs.shape[1:]
        scores = np.zeros((batch, top_paths), inputs.dtype)
        paths: list[list[Any]] = [[] for _ in range(top_paths)]
        for b, length in enumerate(sequence_length.tolist()):
            search = BeamSearch(classes, beam_width)
            for logits in inputs[: max(length, 0), b]:
                search.step(logits)
            if top_paths > beam_width:
                raise invalid("requested more paths than the beam width.")
            if top_paths > len(search.nodes):
                raise invalid("Less leaves in the beam search than requested.")
            scores[b] = search.total[:top_paths]
            for place in range(top_paths):
                paths[place].append(search.path(place, merge_repeated))
        indices, values, shapes = zip(*map(_as_sparse, paths))
        return *indices, *values, *shapes, scores

    grad = NOT_DIFFERENTIABLE
    samples = [
        sample(
            _EXAMPLE,
            _LENGTHS,
            beam_width=31,
            top_paths=1,
            merge_repeated=False,
            grad=False,
            reference=lambda x, lengths: _most_likely(x, lengths),
        )
    ]


def _most_likely(inputs: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of all label sequences, the most likely ones."""
    pairs = [max((p, labels) for labels, p in likelihoods(inputs[:n, b]).items()) for b, n in enumerate(lengths)]
    return *_as_sparse([labels for _, labels in pairs]), np.log([[p] for p, _ in pairs])


@export("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(inputs: Any, sequence_length: Any, merge_repeated: bool = True) -> tuple[list, Tensor]:
    """The label sequence that the most likely class of each step makes, without blanks.

    Args:
      inputs: logits [time, batch, classes]; the last class is the blank.
      sequence_length: int32 [batch], how many steps of each example count.
      merge_repeated: whether a class in several steps one after another is given once.

    Returns:
      A list with one int64 `SparseTensor` [batch, longest]; and minus the sum of the largest logits, [batch, 1].
    """
    *decoded, score = CTCGreedyDecoder(inputs, sequence_length, merge_repeated=merge_repeated)
    return [SparseTensor(*decoded)], score


@export("nn.ctc_beam_search_decoder")
def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list, Tensor]:
    """The most likely label sequences, by a beam search.

    Args:
      inputs: logits [time, batch, classes]; the last class is the blank.
      sequence_length: int32 [batch], how many steps of each example count.
      beam_width: how many beginnings are gone on with after each step.
      top_paths: how many sequences are wanted, no more than `beam_width`.
      merge_repeated: whether equal labels that follow each other in what is found are made one.

    Returns:
      A list of int64 `SparseTensor`s [batch, longest], the most likely first; and their log probabilities,
      [batch, top_paths].

    Raises:
      InvalidArgumentError: there are fewer sequences than wanted.
    """
    indices, values, shapes, scores = CTCBeamSearchDecoder(
        inputs, sequence_length, beam_width=beam_width, top_paths=top_paths, merge_repeated=merge_repeated
    )
    return [SparseTensor(*parts) for parts in zip(indices, values, shapes)], scores


@export("nn.ctc_beam_search_decoder_v2")
def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list, Tensor]:
    """`ctc_beam_search_decoder` that leaves repeated labels as they are."""
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, merge_repeated=False)
