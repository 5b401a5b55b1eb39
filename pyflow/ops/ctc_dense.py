"""The CTC loss of dense labels, made of ops: sums forward and backward over the states of the labels, by logarithms.

The states are, for label sequences of the length L: the start, the labels, and L + 1 blanks: before, between and after
them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.core import nest
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import as_dtype, float32, int32, int64
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import dimension_value
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape, squeeze, transpose
from pyflow.ops.array_filling import fill, ones, ones_like, zeros, zeros_like
from pyflow.ops.array_gather import gather
from pyflow.ops.array_grid import one_hot, sequence_mask
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_padding import pad
from pyflow.ops.array_scatter import scatter_nd
from pyflow.ops.array_search import unique as unique_of
from pyflow.ops.array_selection import boolean_mask, where
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, logical_and, not_equal
from pyflow.ops.ctc import ctc_loss
from pyflow.ops.custom_gradient import custom_gradient
from pyflow.ops.linalg_basics import eye
from pyflow.ops.math_unary import exp, log
from pyflow.ops.nn_softmax import log_softmax
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_logsumexp, reduce_max, reduce_sum
from pyflow.ops.sequence_loops import map_fn
from pyflow.ops.tensor_array import TensorArray
from pyflow.ops.while_loop import while_loop

# The logarithm that stands for nothing at the start and the end: a finite one, so that an impossible loss is, too.
_LOG_ALMOST_ZERO = np.float32(np.log(1e-307))


def _get_dim(tensor: Any, i: int) -> Any:
    """The size of a dimension: a number where it is known."""
    return dimension_value(tensor.shape[i]) or shape_of(tensor)[i]


@export("nn.ctc_loss_v2")
def ctc_loss_v2(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: Any = None,
    name: str | None = None,
) -> Tensor:
    """The negative log probability of label sequences, whichever way they lie in time.

    Args:
      labels: [batch, longest], or a `SparseTensor`.
      logits: [time, batch, classes].
      label_length: [batch], how many labels of each example count; None for sparse labels.
      logit_length: [batch], how many steps of each example count.
      logits_time_major: whether `logits` are so; else they are [batch, time, classes].
      unique: what `ctc_unique_labels` gives for the labels, which makes the gradient less work.
      blank_index: the class that is the blank, from the end if negative; 0 by default, and to be given for sparse
        labels.

    Returns:
      float32 [batch].

    Raises:
      ValueError: `labels` are sparse and there is no `blank_index`.
    """
    if not isinstance(labels, SparseTensor):
        return ctc_loss_dense(
            labels, logits, label_length, logit_length, logits_time_major, unique, blank_index or 0, name
        )
    if blank_index is None:
        raise ValueError("blank_index must be given when using SparseTensor labels.")
    logits = convert_to_tensor(logits)
    classes = _get_dim(logits, 2)
    if blank_index < 0:
        blank_index += classes
    if blank_index != classes - 1:
        parts = [
            logits[:, :, :blank_index],
            logits[:, :, blank_index + 1 :],
            logits[:, :, blank_index : blank_index + 1],
        ]
        logits = concat(parts, axis=2)
        values = where(labels.values < blank_index, labels.values, labels.values - 1)
        labels = SparseTensor(labels.indices, values, labels.dense_shape)
    return ctc_loss(labels=labels, inputs=logits, sequence_length=logit_length, time_major=logits_time_major)


def ctc_loss_dense(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int = 0,
    name: str | None = None,
) -> Tensor:
    """`ctc_loss_v2` of dense labels."""
    with name_scope(name, "ctc_loss_dense", [logits, labels, label_length, logit_length]):
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        label_length = convert_to_tensor(label_length, name="label_length")
        logit_length = convert_to_tensor(logit_length, name="logit_length")
        if not logits_time_major:
            logits = transpose(logits, perm=[1, 0, 2])
        if blank_index != 0:
            if blank_index < 0:
                blank_index += _get_dim(logits, 2)
            blank = logits[:, :, blank_index : blank_index + 1]
            logits = concat([blank, logits[:, :, :blank_index], logits[:, :, blank_index + 1 :]], axis=2)
            labels = where(labels < blank_index, labels + 1, labels)
        arguments = [logits, labels, label_length, logit_length, *(unique or ())]
        shapes = [argument.shape for argument in arguments[:4]]

        @custom_gradient
        def compute_ctc_loss(*given: Any) -> Any:
            for tensor, shape in zip(given, shapes):
                tensor.set_shape(shape)
            loss, gradient = ctc_loss_and_grad(*given[:4], unique=given[4:])

            def grad(dloss: Any) -> list:
                return [reshape(dloss, [1, -1, 1]) * gradient] + [None] * (len(arguments) - 1)

            return loss, grad

        return compute_ctc_loss(*arguments)


def ctc_loss_and_grad(logits: Any, labels: Any, label_length: Any, logit_length: Any, unique: Any = None) -> tuple:
    """The loss [batch], and its gradient [time, batch, classes], of which class 0 is the blank."""
    classes, longest = _get_dim(logits, 2), _get_dim(labels, 1)
    log_probs = log_softmax(logits)
    observed = _ilabel_to_state(labels, classes, log_probs)
    ways = _ctc_state_trans(labels)
    initial, final = ctc_state_log_probs(label_length, longest)
    states, log_likelihood = _forward_backward_log(log(ways), initial, final, observed, logit_length)
    if unique:
        of_labels = _state_to_olabel_unique(labels, classes, states, unique)
    else:
        of_labels = _state_to_olabel(labels, classes, states)
    return -log_likelihood, exp(log_probs) - exp(of_labels)


def _ctc_state_trans(label_seq: Any) -> Tensor:
    """Whether there is a way from each state to each other, [batch, to, from]; each state stays for the next step."""
    with name_scope("ctc_state_trans"):
        label_seq = convert_to_tensor(label_seq, name="label_seq")
        batch, count = _get_dim(label_seq, 0), _get_dim(label_seq, 1) + 1
        label = range_of(count)
        blank = label + count
        to_label = stack([label[1:], blank[:-1]], 1)
        to_blank = stack([blank, label], 1)
        indices = concat([[[1, 0]], to_label, to_blank], 0)
        ways = scatter_nd(indices, ones([_get_dim(indices, 0)]), [2 * count, 2 * count]) + eye(2 * count)
        # From a label to the next one, unless that is the same: each example has its own.
        indices = stack([zeros_like(label[2:]), label[2:], label[1:-1]], 1)
        indices = tile(expand_dims(indices, 0), [batch, 1, 1])
        indices += expand_dims(expand_dims(range_of(batch), 1) * [1, 0, 0], 1)
        differs = 1.0 - cast(equal(label_seq[:, :-1], label_seq[:, 1:]), float32)
        return expand_dims(ways, 0) + scatter_nd(indices, differs, [batch, 2 * count, 2 * count])


def ctc_state_log_probs(seq_lengths: Any, max_seq_length: Any) -> tuple[Tensor, Tensor]:
    """The log probabilities of the states before the first step, and in the end; [batch, states] each."""
    batch, count = _get_dim(seq_lengths, 0), max_seq_length + 1
    start = zeros([batch], dtype=int32)
    initial = one_hot(start, depth=2 * count, on_value=0.0, off_value=_LOG_ALMOST_ZERO, axis=1)
    is_last = one_hot(seq_lengths, depth=count, axis=0)  # the last label, or the blank behind it
    final = (1.0 - ones([2, 1, batch]) * is_last) * _LOG_ALMOST_ZERO
    return initial, transpose(reshape(final, [2 * count, batch]))


def _ilabel_to_state(labels: Any, num_labels: Any, ilabel_log_probs: Tensor) -> Tensor:
    """What each state has of the log probabilities of the classes; [time, batch, states]."""
    count = _get_dim(labels, 1)
    blank = tile(ilabel_log_probs[:, :, :1], [1, 1, count + 1])
    chosen = expand_dims(one_hot(labels, depth=num_labels), axis=0)
    of_labels = reduce_sum(expand_dims(ilabel_log_probs, axis=2) * chosen, axis=3)
    return pad(concat([of_labels, blank], axis=2), [[0, 0], [0, 0], [1, 0]], constant_values=log(0.0))


def _state_to_olabel(labels: Any, num_labels: Any, states: Tensor) -> Tensor:
    """The log probabilities of the classes from those of the states; [time, batch, classes]."""
    count = _get_dim(labels, 1) + 1
    off = log(0.0)
    chosen = expand_dims(one_hot(labels - 1, depth=num_labels - 1, on_value=0.0, off_value=off), axis=0)
    of_labels = reduce_logsumexp(expand_dims(states[:, :, 1:count], axis=3) + chosen, axis=2)
    return concat([reduce_logsumexp(states[:, :, count:], axis=2, keepdims=True), of_labels], axis=-1)


def _state_to_olabel_unique(labels: Any, num_labels: Any, states: Tensor, unique: Any) -> Tensor:
    """`_state_to_olabel` that puts together what is of the same label, instead of looking at all classes.

    As in TensorFlow, a log probability of exactly 0 is taken for one that nothing was put to.
    """
    count = _get_dim(labels, 1) + 1
    values, places = unique
    of_unique = transpose(_sum_states(places, states[:, :, 1:count]), perm=[1, 2, 0])
    frames, batch = states.shape[0], states.shape[1]
    of_unique = reshape(of_unique, [batch * (count - 1), frames])
    offset = range_of(batch, dtype=values.dtype) * num_labels
    indices = reshape(values + expand_dims(offset, axis=-1), [-1, 1])
    put = scatter_nd(indices, of_unique, shape=[batch * num_labels, frames])
    put = reshape(put, [batch, num_labels, frames])
    put = where(equal(put, 0.0), fill(shape_of(put), log(0.0)), put)
    of_labels = transpose(put, [2, 0, 1])[:, :, 1:]
    return concat([reduce_logsumexp(states[:, :, count:], axis=2, keepdims=True), of_labels], axis=-1)


def _sum_states(idx: Any, states: Any) -> Tensor:
    """The log of the sum of the states that have the same number in `idx`; [time, batch, numbers]."""
    with name_scope("sum_states"):
        idx = convert_to_tensor(idx, name="idx")
        count = _get_dim(states, 2)
        chosen = one_hot(idx, depth=count, on_value=0.0, off_value=log(0.0), axis=1)
        return reduce_logsumexp(expand_dims(states, axis=2) + chosen, axis=-1)


def _forward_backward_log(
    state_trans_log_probs: Any,
    initial_state_log_probs: Any,
    final_state_log_probs: Any,
    observed_log_probs: Any,
    sequence_length: Any,
) -> tuple[Tensor, Tensor]:
    """How likely each state is in each step, given all that is observed; and how likely all that is.

    Args:
      state_trans_log_probs: from state to state, [to, from], or [batch, to, from].
      initial_state_log_probs: [batch, states].
      final_state_log_probs: [batch, states].
      observed_log_probs: what each state gives for what is observed, [time, batch, states].
      sequence_length: [batch].

    Returns:
      Log probabilities [time, batch, states], and [batch].

    Raises:
      ValueError: the ways have neither two nor three dimensions.
    """
    rank = state_trans_log_probs.shape.ndims
    if rank not in (2, 3):
        raise ValueError(f"state_trans_log_probs rank must be known and == 2 or 3, is: {rank}")
    backwards = transpose(state_trans_log_probs, [1, 0] if rank == 2 else [0, 2, 1])

    def normalized(x: Tensor) -> tuple[Tensor, Tensor]:
        total = reduce_logsumexp(x, axis=-1, keepdims=True)
        return x - total, total

    def forward(state: Any, observed: Any) -> Tensor:
        state = reduce_logsumexp(expand_dims(state, axis=1) + state_trans_log_probs, axis=-1)
        return normalized(state + observed)[0]

    def backward(before: Any, now: Any) -> tuple[Tensor, Tensor]:
        (state, likelihood), (observed, mask) = before, now
        state, total = normalized(reduce_logsumexp(expand_dims(state + observed, axis=1) + backwards, axis=-1))
        is_step = expand_dims(mask, axis=1)
        return state * is_step + final_state_log_probs * (1.0 - is_step), likelihood + squeeze(total, axis=1) * mask

    ahead = _scan(forward, observed_log_probs, initial_state_log_probs, inclusive=True)
    mask = transpose(sequence_mask(sequence_length, _get_dim(observed_log_probs, 0), float32), perm=[1, 0])
    start = final_state_log_probs, zeros([_get_dim(observed_log_probs, 1)])
    behind, likelihood = _scan(backward, (observed_log_probs, mask), start, reverse=True, inclusive=True)
    both = normalized(ahead[1:] + behind[1:])[0] + log(expand_dims(mask, axis=2))
    return both, behind[0, :, 0] + likelihood[0]


def _scan(
    fn: Callable,
    elems: Any,
    initial: Any,
    reverse: bool = False,
    inclusive: bool = False,
    final_only: bool = False,
) -> Any:
    """`fn(accumulated, element)` over the first dimension of `elems`, beginning with `initial`.

    Args:
      elems: a structure of tensors.
      initial: a structure of tensors, as what `fn` gives.
      reverse: whether it goes from the last to the first.
      inclusive: whether `initial` is part of the result: the first of it, or the last if `reverse`.
      final_only: whether only what was accumulated in the end is given.

    Returns:
      A structure like `initial`, with what was accumulated at each element.
    """
    flat = [convert_to_tensor(x) for x in nest.flatten(elems)]
    start = [convert_to_tensor(x) for x in nest.flatten(initial)]
    count = shape_of(flat[0])[0]
    size = 0 if final_only else count + inclusive
    arrays = [TensorArray(x.dtype, size=size, element_shape=x.shape) for x in start]
    shift = 1 if inclusive and not reverse else 0
    if inclusive and not final_only:
        arrays = [array.write(count if reverse else 0, x) for array, x in zip(arrays, start)]

    def body(i: Any, arrays: Any, accumulated: Any) -> tuple:
        at = count - 1 - i if reverse else i
        elements = nest.pack_sequence_as(elems, [gather(x, at) for x in flat])
        new = nest.flatten(fn(nest.pack_sequence_as(initial, accumulated), elements))
        if not final_only:
            arrays = [array.write(at + shift, x) for array, x in zip(arrays, new)]
        return i + 1, arrays, new

    _, arrays, last = while_loop(lambda i, *_: i < count, body, (0, arrays, start), back_prop=False)
    return nest.pack_sequence_as(initial, last if final_only else [array.stack() for array in arrays])


@export("nn.collapse_repeated")
def collapse_repeated(labels: Any, seq_length: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Label sequences with equal labels one after another made one.

    Args:
      labels: [batch, longest].
      seq_length: [batch].

    Returns:
      The labels [batch, longest of the new], with zeros behind them; and their number, [batch].
    """
    with name_scope(name, "collapse_repeated_labels", [labels, seq_length]):
        labels = convert_to_tensor(labels, name="labels")
        seq_length = convert_to_tensor(seq_length, name="seq_length")
        is_new = concat([ones_like(labels[:, :1], as_dtype(bool)), not_equal(labels[:, 1:], labels[:, :-1])], axis=1)
        is_kept = logical_and(is_new, sequence_mask(seq_length, maxlen=_get_dim(labels, 1)))
        lengths = reduce_sum(cast(is_kept, int32), axis=1)
        longest = reduce_max(lengths)
        is_place = reshape(sequence_mask(lengths, maxlen=longest), [-1])
        places = boolean_mask(range_of(_get_dim(is_place, 0)), is_place)
        kept = boolean_mask(reshape(labels, [-1]), reshape(is_kept, [-1]))
        flat = scatter_nd(expand_dims(places, axis=1), kept, shape_of(is_place))
        return reshape(flat, [_get_dim(labels, 0), longest]), cast(lengths, seq_length.dtype)


def dense_labels_to_sparse(dense: Any, length: Any) -> SparseTensor:
    """Labels [batch, longest], of which `length` count, as an int32 sparse tensor."""
    flat = reshape(dense, [-1])
    count = shape_of(flat, out_type=int64)
    is_label = reshape(sequence_mask(length, maxlen=shape_of(dense)[1]), [-1])
    places = boolean_mask(range_of(count[0]), is_label)
    columns = shape_of(dense, out_type=int64)[1]
    indices = stack([places // columns, places % columns], axis=1)
    values = cast(boolean_mask(flat, is_label), int32)
    shape = [shape_of(dense, out_type=int64)[0], cast(reduce_max(length), int64)]
    return SparseTensor(indices, values, shape)


@export("nn.ctc_unique_labels")
def ctc_unique_labels(labels: Any, name: str | None = None) -> list[Tensor]:
    """The labels that occur in each sequence, and which of them each label is; for `ctc_loss_v2`.

    Args:
      labels: [batch, longest].

    Returns:
      int64 [batch, longest], with zeros behind the labels that occur, and int32 [batch, longest].
    """
    with name_scope(name, "ctc_unique_labels", [labels]):
        labels = convert_to_tensor(labels, name="labels")

        def of_sequence(x: Tensor) -> list[Tensor]:
            found = unique_of(x)
            missing = _get_dim(found.idx, 0) - _get_dim(found.y, 0)
            return [cast(pad(found.y, [[0, missing]]), int64), found.idx]

        return map_fn(of_sequence, labels, dtype=[int64, int32])
