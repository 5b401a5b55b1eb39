"""Connectionist temporal classification: the loss of label sequences that have no places in time."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import float32, float64
from pyflow.core.registry import one_of, op, raw, sample
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, transpose
from pyflow.ops.array_dimensions import kernel_words
from pyflow.ops.ctc_alignment import States, align
from pyflow.ops.ctc_labels import label_rows
from pyflow.ops.shape_rules import merge_dim, text, with_rank
from pyflow.ops.sparse_coordinates import invalid

FLOATS = (float32, float64)


@op(
    "CTCLoss(inputs: T, labels_indices: int64, labels_values: int32, sequence_length: int32) -> (loss: T, gradient: T)",
    preprocess_collapse_repeated=False,
    ctc_merge_repeated=True,
    ignore_longer_outputs_than_inputs=False,
    T=one_of(FLOATS, default=float32),
)
class CTCLoss:
    """The negative log probability of each example's labels, [batch], and its gradient, [time, batch, classes].

    `inputs` are logits [time, batch, classes], of which the last class is the blank. Label i of example b has a row
    [b, i] in `labels_indices`. Examples that `ignore_longer_outputs_than_inputs` leaves out have zeros; the loss of
    labels that are impossible is infinite.
    """

    def shape(inputs, labels_indices, labels_values, sequence_length):
        with kernel_words(lambda: "inputs is not a 3-Tensor"):
            time, batch, classes = with_rank(inputs, 3)
        with kernel_words(lambda: "sequence_length is not a vector"):
            (lengths,) = with_rank(sequence_length, 1)
        with kernel_words(lambda: "labels_indices is not a matrix"):
            rows = with_rank(labels_indices, 2)[0]
        with kernel_words(lambda: "labels_values is not a vector"):
            (values,) = with_rank(labels_values, 1)
        with kernel_words(lambda: _uneven(labels_indices, labels_values)):
            merge_dim(rows, values)
        with kernel_words(lambda: of_other_batch(lengths, batch)):
            batch = merge_dim(batch, lengths)
        return [(batch,), (time, batch, classes)]

    def cpu(
        inputs,
        labels_indices,
        labels_values,
        sequence_length,
        preprocess_collapse_repeated,
        ctc_merge_repeated,
        ignore_longer_outputs_than_inputs,
        out,
    ):
        loss, gradient = out
        time, _, classes = inputs.shape
        if not time:
            raise invalid("Max time or first dimension of input cannot be 0.")
        _check_lengths(sequence_length, time)
        labels = label_rows(
            labels_indices,
            labels_values,
            sequence_length,
            classes,
            preprocess_collapse_repeated,
            ignore_longer_outputs_than_inputs,
        )
        rows = np.array([i for i, label in enumerate(labels) if label is not None and sequence_length[i]], np.intp)
        loss[...] = 0
        if len(rows) < len(labels):
            gradient[...] = 0
        if not len(rows):
            return
        inputs = inputs if len(rows) == len(labels) else inputs[:, rows]
        probabilities = inputs - inputs.max(axis=2, keepdims=True)
        np.exp(probabilities, out=probabilities)
        probabilities /= probabilities.sum(axis=2, keepdims=True)
        lengths = sequence_length[rows]
        states = States([labels[i] for i in rows], lengths, classes - 1, ctc_merge_repeated)
        log_likelihood, shares = align(probabilities, states)
        loss[rows] = -log_likelihood
        _subtract(probabilities, shares, states)
        probabilities *= (np.arange(time)[:, None] < lengths)[:, :, None]
        gradient[:, rows] = probabilities

    def grad(op, dloss, _):
        words = (
            "Currently there is no way to take the second  derivative of ctc_loss due to the fused implementation's "
            "interaction  with tf.gradients()"
        )
        gradient = raw.PreventGradient(op.outputs[1], message=words)
        return expand_dims(dloss, -1) * gradient, None, None, None

    samples = [
        sample(
            np.sin(np.arange(24, dtype=np.float32) * 1.7).reshape(4, 2, 3),
            np.array([[0, 0], [0, 1], [1, 0]], np.int64),
            np.array([0, 1, 1], np.int32),
            np.array([4, 3], np.int32),
            grad=False,
            reference=lambda x, *_: _by_enumeration(x, [[0, 1], [1]], [4, 3]),
        )
    ]


def _subtract(probabilities: np.ndarray, shares: np.ndarray, states: States) -> None:
    """Takes from each class, in each step, how likely the labels are at it then."""
    examples = np.arange(states.batch)
    probabilities[:, :, states.blank] -= shares[:, :, 0::2].sum(axis=2)
    for place in range(1, states.width, 2):
        has = states.exists[:, place]
        rows, classes = (examples[has], states.classes[has, place])
        probabilities[:, rows, classes] -= shares[:, has, place]


def _by_enumeration(x: np.ndarray, labels: list[list[int]], lengths: list[int]) -> list[np.ndarray]:
    """The loss by all paths, and its gradient by differences of these."""

    def loss(x: np.ndarray) -> np.ndarray:
        return np.array([-np.log(likelihoods(x[:n, b])[tuple(y)]) for b, (y, n) in enumerate(zip(labels, lengths))])

    gradient, step = np.zeros_like(x), 1e-5
    for place in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[place] = step
        gradient[place] = (loss(x + moved) - loss(x - moved)).sum() / (2 * step)
    return [loss(x), gradient]


def likelihoods(logits: np.ndarray) -> dict[tuple[int, ...], float]:
    """How likely each label sequence is, by all paths through the output [time, classes]; for a few steps."""
    log_y = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    blank = logits.shape[1] - 1
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(blank + 1), repeat=len(logits)):
        labels = tuple(c for i, c in enumerate(path) if c != blank and (not i or c != path[i - 1]))
        found[labels] = found.get(labels, 0.0) + np.exp(sum(log_y[t, c] for t, c in enumerate(path)))
    return found


def _uneven(indices: Any, values: Any) -> str:
    return (
        "labels_indices and labels_values must contain the same number of rows, but saw shapes: "
        f"{text(indices)} vs. {text(values)}"
    )


def of_other_batch(lengths: Any, batch: Any) -> str:
    """The words for lengths of another number of examples."""
    return f"len(sequence_length) != batch_size.  len(sequence_length):  {lengths} batch_size: {batch}"


def _check_lengths(lengths: np.ndarray, time: int) -> None:
    for i in np.flatnonzero(lengths > time)[:1]:
        raise invalid(f"sequence_length({i}) <= {time}")
    for i in np.flatnonzero(lengths < 0)[:1]:
        raise invalid(f"seq_len({i}) < 0")


@export("nn.ctc_loss")
def ctc_loss(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Tensor:
    """The negative log probability of label sequences, whichever way they lie in time.

    Graves, Fernández, Gomez, Schmidhuber: Connectionist Temporal Classification, 2006.

    Args:
      labels: int32 `SparseTensor` [batch, any], each below the number of classes less one.
      inputs: logits [time, batch, classes], float32 or float64; the last class is the blank.
      sequence_length: int32 [batch], how many steps of each example count.
      preprocess_collapse_repeated: whether equal labels one after another are made one first.
      ctc_merge_repeated: whether a label that lasts several steps is one; if not, each step of it is a label.
      ignore_longer_outputs_than_inputs: whether examples with more labels than steps have no loss, instead of
        raising an error.
      time_major: whether `inputs` are so; else they are [batch, time, classes].
      logits: another name of `inputs`.

    Returns:
      [batch], of the dtype of `inputs`.

    Raises:
      TypeError: `labels` is no `SparseTensor`.
      InvalidArgumentError: an example has no labels, more labels than steps, or labels that are none.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError("Expected labels (first argument) to be a SparseTensor")
    inputs = renamed_argument("logits", logits, "inputs", inputs)
    if not time_major:
        inputs = transpose(inputs, [1, 0, 2])
    return CTCLoss(
        inputs,
        labels.indices,
        labels.values,
        sequence_length,
        preprocess_collapse_repeated=preprocess_collapse_repeated,
        ctc_merge_repeated=ctc_merge_repeated,
        ignore_longer_outputs_than_inputs=ignore_longer_outputs_than_inputs,
    )[0]
