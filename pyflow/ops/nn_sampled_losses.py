"""Losses over a sample of the classes, for training where there are too many of them: NCE and sampled softmax."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import PUBLIC, export
from pyflow.core.dtypes import int32, int64
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, reshape
from pyflow.ops.array_filling import ones, ones_like, zeros_like
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.math_binary import multiply
from pyflow.ops.math_unary import log
from pyflow.ops.matmul import matmul
from pyflow.ops.nn_cross_entropy import softmax_cross_entropy_with_logits_v2
from pyflow.ops.nn_embedding import embedding_lookup, partitions_of
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits


def _row_sums(x: Tensor) -> Tensor:
    """The sums of a matrix's rows as a product, whose gradient is cheaper than that of a reduction."""
    column = ones(stack([shape(x)[1], 1]), x.dtype)
    return reshape(matmul(x, column), [-1])


def _accidental_hits(labels: Tensor, sampled: Tensor, logits: Tensor, num_true: int, num_sampled: Any) -> Tensor:
    """Large negative numbers where a sampled class is a true one, else 0; shape [batch, num_sampled]."""
    rows, columns, weights = PUBLIC["nn.compute_accidental_hits"](labels, sampled, num_true=num_true)
    columns = reshape(cast(columns, int32), [-1, 1])
    indices = concat([reshape(rows, [-1, 1]), columns], 1, "sparse_indices")
    sizes = concat([shape(labels)[:1], expand_dims(num_sampled, 0)], 0)
    if logits.dtype != weights.dtype:
        weights = cast(weights, logits.dtype)
    return raw.SparseToDense(indices, sizes, weights, default_value=0.0, validate_indices=False)


def _compute_sampled_logits(
    weights: Any,
    biases: Any,
    labels: Tensor,
    inputs: Tensor,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    subtract_log_q: bool = True,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str | None = None,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits and labels, both [batch, num_true + num_sampled], of the true classes and the sampled ones."""
    weights = partitions_of(weights)
    with name_scope(name, "compute_sampled_logits", weights + [biases, inputs, labels]):
        if labels.dtype != int64:
            labels = cast(labels, int64)
        flat_labels = reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = PUBLIC["nn.log_uniform_candidate_sampler"](
                true_classes=labels,
                num_true=num_true,
                num_sampled=num_sampled,
                unique=True,
                range_max=num_classes,
                seed=seed,
            )
        sampled, true_expected, sampled_expected = (stop_gradient(s) for s in sampled_values)
        sampled = cast(sampled, int64)
        ids = concat([flat_labels, sampled], 0)
        # One lookup for true and sampled classes.
        rows = embedding_lookup(weights, ids, partition_strategy=partition_strategy)
        if rows.dtype != inputs.dtype:
            rows = cast(rows, inputs.dtype)
        true_rows = raw.Slice(rows, [0, 0], stack([shape(flat_labels)[0], -1]))
        sampled_rows = raw.Slice(rows, stack([shape(flat_labels)[0], 0]), [-1, -1])
        sampled_logits = matmul(inputs, sampled_rows, transpose_b=True)
        offsets = embedding_lookup(biases, ids, partition_strategy=partition_strategy)
        if offsets.dtype != inputs.dtype:
            offsets = cast(offsets, inputs.dtype)
        true_offsets = raw.Slice(offsets, [0], shape(flat_labels))
        sampled_offsets = raw.Slice(offsets, shape(flat_labels), [-1])

        width = shape(true_rows)[1:2]
        by_example = concat([[-1, num_true], width], 0)
        products = multiply(expand_dims(inputs, 1), reshape(true_rows, by_example))
        products = reshape(products, concat([[-1], width], 0))
        true_logits = reshape(_row_sums(products), [-1, num_true])
        true_logits += reshape(true_offsets, [-1, num_true])
        sampled_logits += sampled_offsets
        if remove_accidental_hits:
            sampled_logits += _accidental_hits(labels, sampled, sampled_logits, num_true, num_sampled)
        if subtract_log_q:
            true_logits -= log(true_expected)
            sampled_logits -= log(sampled_expected)
        out_logits = concat([true_logits, sampled_logits], 1)
        # The labels of one example sum to 1.
        out_labels = concat([ones_like(true_logits) / num_true, zeros_like(sampled_logits)], 1)
        return out_logits, out_labels


@export("nn.nce_loss")
def nce_loss(
    weights: Any,
    biases: Any,
    labels: Tensor,
    inputs: Tensor,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation (M. Gutmann and A. Hyvärinen, 2010): is a class the true one or a sample of noise?

    Args:
      weights: shape [num_classes, dim], or its partitions.
      biases: shape [num_classes].
      labels: the true classes, int64 of shape [batch, num_true].
      inputs: shape [batch, dim].
      num_sampled: how many classes to sample for the batch.
      sampled_values: what a candidate sampler returned; None for `log_uniform_candidate_sampler`.
      remove_accidental_hits: leave samples out that are true classes.

    Returns:
      Losses of shape [batch].
    """
    logits, targets = _compute_sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        subtract_log_q=True,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
    )
    return _row_sums(sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses"))


@export("nn.sampled_softmax_loss")
def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Tensor,
    inputs: Tensor,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """Cross entropy of a softmax over the true and the sampled classes only (S. Jean et al., 2014); for training.

    Args:
      weights: shape [num_classes, dim], or its partitions.
      biases: shape [num_classes].
      labels: the true classes, int64 of shape [batch, num_true].
      inputs: shape [batch, dim].
      num_sampled: how many classes to sample for the batch.
      sampled_values: what a candidate sampler returned; None for `log_uniform_candidate_sampler`.
      remove_accidental_hits: leave samples out that are true classes.

    Returns:
      Losses of shape [batch].
    """
    logits, targets = _compute_sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        subtract_log_q=True,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
        seed=seed,
    )
    targets = stop_gradient(targets, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)
