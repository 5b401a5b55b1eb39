"""tf.contrib.losses and slim.losses: the losses of before TensorFlow 1, with predictions before labels.

Weights are one number or one for each of the first dimensions; all losses join `GraphKeys.LOSSES`.
"""

from __future__ import annotations

from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import float32
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.losses import collected
from pyflow.ops.array import reshape, squeeze
from pyflow.ops.array_filling import ones, ones_like, zeros_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, not_equal
from pyflow.ops.division import div, div_no_nan
from pyflow.ops.math_binary import multiply, squared_difference, subtract
from pyflow.ops.math_sums import add_n
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log, square
from pyflow.ops.nn_cross_entropy import (
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from pyflow.ops.nn_losses import sigmoid_cross_entropy_with_logits
from pyflow.ops.nn_relu import relu
from pyflow.ops.reduce_functions import reduce_prod, reduce_sum


def _published(function: Any) -> Any:
    name = function.__name__
    return export(f"contrib.losses.{name}", f"contrib.slim.losses.{name}")(function)


def _total(losses: Tensor, weights: Tensor) -> Tensor:
    """The sum of the losses, each part multiplied by its weight."""
    rank, weights_rank = losses.get_shape().ndims or 0, weights.get_shape().ndims or 0
    return reduce_sum(multiply(reduce_sum(losses, axis=list(range(weights_rank, rank))), weights))


def _num_present(losses: Tensor, weights: Tensor, per_batch: bool = False) -> Tensor:
    """How many losses have a weight other than 0: in all, or of each entry of the batch."""
    rank = weights.get_shape().ndims or 0
    if rank == 0:
        batch_size = reshape(raw.Slice(shape_of(losses), [0], [1]), [])
        count = div(cast(size(losses), float32), cast(batch_size, float32))
        count = where(equal(weights, 0), 0.0, count)
        count = multiply(ones(reshape(batch_size, [1])), count)
    else:
        nonzero = reduce_sum(cast(not_equal(weights, 0), float32), axis=list(range(1, rank)))
        rest = raw.Slice(shape_of(losses), [rank], [-1])
        count = multiply(nonzero, cast(reduce_prod(rest), float32))
    return count if per_batch else reduce_sum(count)


@_published
def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """The weighted mean of losses, over those whose weight isn't 0.

    Raises:
      ValueError: a rank is not known.
    """
    with name_scope(scope, "weighted_loss", [losses, weights]):
        losses = convert_to_tensor(losses)
        input_dtype = losses.dtype
        losses = cast(losses, float32)
        weights = cast(convert_to_tensor(weights), float32)
        if losses.get_shape().ndims is None:
            raise ValueError("losses.get_shape().ndims cannot be None")
        shape = weights.get_shape()
        if shape.ndims is None:
            raise ValueError("weights.get_shape().ndims cannot be None")
        if shape.ndims > 1 and shape.as_list()[-1] in (1, None):
            weights = squeeze(weights, [-1])
        total, present = _total(losses, weights), _num_present(losses, weights)
        mean = div_no_nan(reduce_sum(total), present, name="value")
        mean = cast(mean, input_dtype)
        add_loss(mean)
        return mean


@_published
@add_arg_scope
def add_loss(loss: Any, loss_collection: Any = GraphKeys.LOSSES) -> None:
    """Adds a loss to a collection, unless that is None."""
    collected.add_loss(loss, loss_collection)


@_published
def get_losses(scope: str | None = None, loss_collection: Any = GraphKeys.LOSSES) -> list:
    """The losses of a collection whose names begin with `scope`."""
    return collected.get_losses(scope, loss_collection)


@_published
def get_regularization_losses(scope: str | None = None) -> list:
    """The regularizers' losses whose names begin with `scope`."""
    return collected.get_regularization_losses(scope)


@_published
def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss") -> Tensor:
    """The sum of all losses, with or without those of regularizers."""
    return add_n(get_losses() + (get_regularization_losses() if add_regularization_losses else []), name=name)


def _floats(predictions: Tensor, labels: Any) -> tuple[Tensor, Tensor]:
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    return cast(predictions, float32), cast(labels, float32)


@_published
def absolute_difference(
    predictions: Tensor, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """|predictions - labels|; see `compute_weighted_loss`."""
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        return compute_weighted_loss(absolute(subtract(predictions, labels)), weights, scope=scope)


@_published
def sigmoid_cross_entropy(
    logits: Tensor, multi_class_labels: Tensor, weights: Any = 1.0, label_smoothing: Any = 0, scope: str | None = None
) -> Tensor:
    """The cross entropy of independent classes; see `tf.losses.sigmoid_cross_entropy`."""
    with name_scope(scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]) as scope:
        logits.get_shape().assert_is_compatible_with(multi_class_labels.get_shape())
        labels = cast(multi_class_labels, logits.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


@_published
def softmax_cross_entropy(
    logits: Tensor, onehot_labels: Tensor, weights: Any = 1.0, label_smoothing: Any = 0, scope: str | None = None
) -> Tensor:
    """The cross entropy of classes of which one is right; see `tf.losses.softmax_cross_entropy`."""
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as scope:
        logits.get_shape().assert_is_compatible_with(onehot_labels.get_shape())
        labels = cast(onehot_labels, logits.dtype)
        if label_smoothing > 0:
            num_classes = cast(shape_of(labels)[1], logits.dtype)
            rest = label_smoothing / num_classes
            labels = labels * (1.0 - label_smoothing) + rest
        losses = softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


@_published
def sparse_softmax_cross_entropy(
    logits: Tensor, labels: Tensor, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """The cross entropy for the right class's number; see `tf.losses.sparse_softmax_cross_entropy`."""
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as scope:
        labels = reshape(labels, shape=[shape_of(labels)[0]])
        losses = sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, scope=scope)


@_published
def log_loss(
    predictions: Tensor, labels: Any = None, weights: Any = 1.0, epsilon: Any = 1e-7, scope: str | None = None
) -> Tensor:
    """-labels · log(predictions + ε) - (1 - labels) · log(1 - predictions + ε); see `compute_weighted_loss`."""
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        of_ones = -multiply(labels, log(predictions + epsilon))
        losses = of_ones - multiply((1 - labels), log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, scope=scope)


@_published
def hinge_loss(logits: Tensor, labels: Any = None, scope: str | None = None) -> Tensor:
    """max(0, 1 - logits · (2 · labels - 1)), element by element: neither reduced nor collected."""
    with name_scope(scope, "hinge_loss", [logits, labels]) as scope:
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        labels = cast(labels, float32)
        all_ones = ones_like(labels)
        labels = subtract(2 * labels, all_ones)
        return relu(subtract(all_ones, multiply(labels, logits)))


@_published
def mean_squared_error(predictions: Tensor, labels: Any = None, weights: Any = 1.0, scope: str | None = None) -> Tensor:
    """(predictions - labels)²; see `compute_weighted_loss`."""
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        return compute_weighted_loss(squared_difference(predictions, labels), weights, scope=scope)


@_published
def mean_pairwise_squared_error(
    predictions: Tensor, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Tensor:
    """How the differences between pairs of predictions differ from those of labels, squared; summed over the batch."""
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        weights = cast(convert_to_tensor(weights), float32)
        errors = subtract(predictions, labels)
        rank = errors.get_shape().ndims
        if rank is None:
            raise ValueError("diffs.get_shape().ndims cannot be None")
        if weights.get_shape().ndims is None:
            raise ValueError("weights.get_shape().ndims cannot be None")
        axis = list(range(1, rank))
        squares = reduce_sum(square(errors), axis=axis)
        count = _num_present(errors, weights, per_batch=True)
        term1 = 2.0 * div_no_nan(squares, count, name="value")
        total = reduce_sum(errors, axis=axis)
        term2 = 2.0 * div_no_nan(square(total), square(count), name="value")
        loss = _total(term1 - term2, weights)
        loss = where(reduce_sum(count) > 0, loss, zeros_like(loss), name="value")
        add_loss(loss)
        return loss


@_published
def cosine_distance(
    predictions: Tensor,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    dim: int | None = None,
) -> Tensor:
    """1 - Σ predictions · labels along `axis` (`dim` is its older name), for vectors of length 1.

    Raises:
      ValueError: no axis is given.
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = 1 - reduce_sum(multiply(predictions, labels), axis=[axis])
        return compute_weighted_loss(losses, weights, scope=scope)
