"""Losses of predicted classes: cross entropies of labels and logits."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.losses.distances import check_given
from pyflow.losses.weighted_loss import Reduction, compute_weighted_loss
from pyflow.ops.array import squeeze
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import rank
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.confusion_matrix import remove_squeezable_dimensions
from pyflow.ops.nn_cross_entropy import (
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
)
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits


@export("losses.sigmoid_cross_entropy")
def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: Any = 0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of independent classes, weighted and reduced; see `compute_weighted_loss`.

    Args:
      multi_class_labels: [batch_size, num_classes], each 0 or 1.
      logits: [batch_size, num_classes].
      label_smoothing: s > 0 moves the labels towards ½: label · (1 - s) + s / 2.
    """
    check_given(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", (logits, multi_class_labels, weights)) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


@export("losses.softmax_cross_entropy")
def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: Any = 0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of classes of which one is right, weighted and reduced; see `compute_weighted_loss`.

    Args:
      onehot_labels: [batch_size, num_classes], probabilities; they get no gradient.
      logits: [batch_size, num_classes].
      weights: a scalar, or [batch_size].
      label_smoothing: s > 0 moves the labels towards 1 / num_classes: label · (1 - s) + s / num_classes.
    """
    check_given(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", (logits, onehot_labels, weights)) as scope:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            num_classes = cast(shape_of(labels)[-1], logits.dtype)
            rest = label_smoothing / num_classes
            labels = labels * (1.0 - label_smoothing) + rest
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)


def _squeeze_weights(weights: Any, labels: Tensor) -> Tensor:
    """The weights without their last dimension, if that is 1 and one too many."""
    weights = convert_to_tensor(weights)
    shape, labels_rank = weights.get_shape(), labels.get_shape().ndims
    if labels_rank is not None and shape.ndims is not None:
        return squeeze(weights, [-1]) if shape.ndims - labels_rank == 1 else weights
    excess = rank(weights) - rank(labels)
    if shape.ndims is None or (shape.ndims > 0 and shape.dims[-1].is_compatible_with(1)):
        return cond(equal(1, excess), lambda: squeeze(weights, [-1]), lambda: weights)
    return weights


@export("losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy for the right class's number, weighted and reduced; see `compute_weighted_loss`.

    Args:
      labels: [batch_size], from 0 to num_classes - 1; [batch_size, 1] does too.
      logits: [batch_size, num_classes].
      weights: a scalar, or [batch_size].
    """
    check_given(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", (logits, labels, weights)) as scope:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        if weights is not None:
            weights = _squeeze_weights(weights, labels)
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)
