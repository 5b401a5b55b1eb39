"""Cross entropies of sequences: of tensors (tf.contrib.seq2seq) and of lists of steps (tf.contrib.legacy_seq2seq)."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core.api import PUBLIC, export
from pyflow.core.scopes import name_scope
from pyflow.ops.array import reshape
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.math_sums import add_n
from pyflow.ops.nn_cross_entropy import sparse_softmax_cross_entropy_with_logits
from pyflow.ops.reduce_functions import reduce_sum

div_no_nan = PUBLIC["math.divide_no_nan"]
count_nonzero = PUBLIC["count_nonzero"]


@export("contrib.seq2seq.sequence_loss")
def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Callable | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of sequences.

    Args:
      logits: [batch, time, classes].
      targets: the right classes [batch, time], ints.
      weights: [batch, time]; 0 for what doesn't count.
      average_across_timesteps, average_across_batch: whether to sum over that dimension and divide by the weights' sum.
      sum_over_timesteps, sum_over_batch: whether to sum over that dimension and divide by the number of weights not 0.
      softmax_loss_function: takes `labels` and `logits`, in the place of the sparse softmax cross entropy.

    Returns:
      a scalar, or [batch] or [time] or both for what is neither averaged nor summed.

    Raises:
      ValueError: the inputs have other ranks, or a dimension is both averaged and summed.
    """
    for what, tensor, rank, words in (
        ("Logits", logits, 3, "[batch_size x sequence_length x logits]"),
        ("Targets", targets, 2, "[batch_size x sequence_length]"),
        ("Weights", weights, 2, "[batch_size x sequence_length]"),
    ):
        if len(tensor.get_shape()) != rank:
            raise ValueError(f"{what} must be a {words} tensor")
    if average_across_timesteps and sum_over_timesteps:
        raise ValueError("average_across_timesteps and sum_over_timesteps cannot be set to True at same time.")
    if average_across_batch and sum_over_batch:
        raise ValueError("average_across_batch and sum_over_batch cannot be set to True at same time.")
    with name_scope(name, "sequence_loss", [logits, targets, weights]):
        num_classes = shape(logits)[2]
        logits_flat = reshape(logits, [-1, num_classes])
        targets = reshape(targets, [-1])
        loss = softmax_loss_function or sparse_softmax_cross_entropy_with_logits
        crossent = loss(labels=targets, logits=logits_flat)
        crossent *= reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            crossent = reduce_sum(crossent)
            return div_no_nan(crossent, reduce_sum(weights))
        if sum_over_timesteps and sum_over_batch:
            crossent = reduce_sum(crossent)
            return div_no_nan(crossent, cast(count_nonzero(weights), crossent.dtype))
        crossent = reshape(crossent, shape(logits)[0:2])
        if average_across_timesteps or average_across_batch:
            axis = [0] if average_across_batch else [1]
            crossent = reduce_sum(crossent, axis=axis)
            return div_no_nan(crossent, reduce_sum(weights, axis=axis))
        if sum_over_timesteps or sum_over_batch:
            axis = [0] if sum_over_batch else [1]
            crossent = reduce_sum(crossent, axis=axis)
            return div_no_nan(crossent, cast(count_nonzero(weights, axis=axis), dtype=crossent.dtype))
        return crossent


@export("contrib.legacy_seq2seq.sequence_loss_by_example")
def sequence_loss_by_example(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable | None = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of each sequence: the logarithm of its perplexity.

    Args:
      logits: one [batch, classes] for each step.
      targets: one [batch], ints, for each step.
      weights: one [batch] for each step.
      average_across_timesteps: whether to divide the sum by the sum of the weights.
      softmax_loss_function: takes `labels` and `logits`, in the place of the sparse softmax cross entropy.

    Returns:
      [batch].

    Raises:
      ValueError: the lists differ in length.
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError(
            f"Lengths of logits, weights, and targets must be the same {len(logits)}, {len(weights)}, {len(targets)}."
        )
    with name_scope(name, "sequence_loss_by_example", logits + targets + weights):
        losses = []
        for logit, target, weight in zip(logits, targets, weights):
            if softmax_loss_function is None:
                crossent = sparse_softmax_cross_entropy_with_logits(labels=reshape(target, [-1]), logits=logit)
            else:
                crossent = softmax_loss_function(labels=target, logits=logit)
            losses.append(crossent * weight)
        total = add_n(losses)
        if average_across_timesteps:
            size = add_n(weights)
            size += 1e-12  # so that no weight at all gives no NaN
            total /= size
    return total


@export("contrib.legacy_seq2seq.sequence_loss")
def sequence_loss_of_steps(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable | None = None,
    name: str | None = None,
) -> Any:
    """The sum of `sequence_loss_by_example` over the batch, or its mean.

    Args:
      logits, targets, weights, average_across_timesteps, softmax_loss_function: see `sequence_loss_by_example`.
      average_across_batch: whether to divide by the size of the batch.

    Returns:
      a scalar.
    """
    with name_scope(name, "sequence_loss", logits + targets + weights):
        cost = reduce_sum(
            sequence_loss_by_example(
                logits,
                targets,
                weights,
                average_across_timesteps=average_across_timesteps,
                softmax_loss_function=softmax_loss_function,
            )
        )
        if not average_across_batch:
            return cost
        return cost / cast(shape(targets[0])[0], cost.dtype)


@export("contrib.legacy_seq2seq.model_with_buckets")
def model_with_buckets(
    encoder_inputs: list,
    decoder_inputs: list,
    targets: list,
    weights: list,
    buckets: list,
    seq2seq: Callable,
    softmax_loss_function: Callable | None = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list, list]:
    """One model for each pair of lengths, all with the same variables.

    Args:
      encoder_inputs, decoder_inputs, targets, weights: lists of a tensor for each step.
      buckets: pairs (number of encoder steps, number of decoder steps), the longest last.
      seq2seq: takes the encoder's and the decoder's inputs, returns outputs and state.
      softmax_loss_function: see `sequence_loss_by_example`.
      per_example_loss: whether losses are [batch].

    Returns:
      the outputs and the losses, a list each, with one item for each bucket.

    Raises:
      ValueError: there are fewer steps than the last bucket needs.
    """
    for what, given, needed in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]),
        ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):
        if len(given) < needed:
            raise ValueError(f"Length of {what} ({len(given)}) must be at least that of last bucket ({needed}).")
    from pyflow.ops.variable_scope import get_variable_scope, variable_scope

    loss = sequence_loss_by_example if per_example_loss else sequence_loss_of_steps
    losses, outputs = [], []
    with name_scope(name, "model_with_buckets", encoder_inputs + decoder_inputs + targets + weights):
        for j, (encoder_steps, decoder_steps) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if j > 0 else None):
                bucket_outputs, _ = seq2seq(encoder_inputs[:encoder_steps], decoder_inputs[:decoder_steps])
                outputs.append(bucket_outputs)
                losses.append(
                    loss(
                        bucket_outputs,
                        targets[:decoder_steps],
                        weights[:decoder_steps],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses
