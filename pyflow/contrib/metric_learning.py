"""tf.contrib.losses.metric_learning: losses that bring embeddings of the same label together."""

from __future__ import annotations

from typing import Any, Callable

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, transpose
from pyflow.ops.array_diagonals import diag
from pyflow.ops.array_filling import ones, ones_like
from pyflow.ops.array_joining import stack
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import shape, size
from pyflow.ops.array_tiling import tile
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal, greater, less_equal, logical_and, logical_not
from pyflow.ops.division import truediv
from pyflow.ops.math_binary import maximum, multiply, squared_difference
from pyflow.ops.math_unary import exp, log, sqrt, square
from pyflow.ops.matmul import matmul
from pyflow.ops.messages import Print
from pyflow.ops.nn_cross_entropy import softmax_cross_entropy_with_logits
from pyflow.ops.reduce_functions import reduce_max, reduce_mean, reduce_min, reduce_sum
from pyflow.ops.sparse_reduce import sparse_reduce_sum
from pyflow.ops.sparse_sums import sparse_minimum

_SPACE = "contrib.losses.metric_learning."


def pairwise_distance(feature: Any, squared: bool = False) -> Tensor:
    """[n, n]: the Euclidean distances (or their squares) between rows [n, d]; exactly 0 on the diagonal."""
    rows = reduce_sum(square(feature), axis=[1], keepdims=True)
    columns = reduce_sum(square(transpose(feature)), axis=[0], keepdims=True)
    distances = maximum(rows + columns - 2.0 * matmul(feature, transpose(feature)), 0.0)
    nothing = less_equal(distances, 0.0)
    if not squared:
        # The root of 0 has no gradient: it is taken of something else, and left out below.
        distances = sqrt(distances + cast(nothing, dtypes.float32) * 1e-16)
    distances = distances * cast(logical_not(nothing), dtypes.float32)
    return distances * (ones_like(distances) - diag(ones([shape(feature)[0]])))


def masked_maximum(data: Any, mask: Any, dim: int = 1) -> Tensor:
    """The largest of what the mask (of ones and zeros) keeps, along a dimension that stays."""
    least = reduce_min(data, dim, keepdims=True)
    return reduce_max((data - least) * mask, dim, keepdims=True) + least


def masked_minimum(data: Any, mask: Any, dim: int = 1) -> Tensor:
    """The least of what the mask (of ones and zeros) keeps, along a dimension that stays."""
    largest = reduce_max(data, dim, keepdims=True)
    return reduce_min((data - largest) * mask, dim, keepdims=True) + largest


def _column(labels: Any) -> tuple[Tensor, Tensor]:
    """Labels [n] as [n, 1], and which of them are equal, bool[n, n]."""
    sizes = shape(labels)
    assert sizes.shape.as_list() == [1]
    labels = reshape(labels, [sizes[0], 1])
    return labels, equal(labels, transpose(labels))


@export(_SPACE + "contrastive_loss")
def contrastive_loss(labels: Any, embeddings_anchor: Any, embeddings_positive: Any, margin: float = 1.0) -> Tensor:
    """Squared distances of pairs [n, d] whose label is 1, and how far others come within the margin, squared."""
    distances = sqrt(reduce_sum(squared_difference(embeddings_anchor, embeddings_positive), 1))
    labels = cast(labels, distances.dtype)
    apart = square(maximum(margin - distances, 0.0))
    return reduce_mean(labels * square(distances) + (1.0 - labels) * apart, name="contrastive_loss")


@export(_SPACE + "triplet_semihard_loss")
def triplet_semihard_loss(labels: Any, embeddings: Any, margin: float = 1.0) -> Tensor:
    """How much nearer negatives are than positives plus the margin, for the nearest negative that is farther away.

    Where no negative is farther than the positive, the farthest counts (Schroff et al., 2015).

    Args:
      labels: int32[n].
      embeddings: float32[n, d], of length 1.
    """
    labels, same = _column(labels)
    distances = pairwise_distance(embeddings, squared=True)
    different = logical_not(same)
    count = size(labels)
    tiled = tile(distances, [count, 1])
    farther = greater(tiled, reshape(transpose(distances), [-1, 1]))
    mask = logical_and(tile(different, [count, 1]), farther)
    some = greater(reduce_sum(cast(mask, dtypes.float32), 1, keepdims=True), 0.0)
    some = transpose(reshape(some, [count, count]))
    outside = transpose(reshape(masked_minimum(tiled, cast(mask, dtypes.float32)), [count, count]))
    inside = tile(masked_maximum(distances, cast(different, dtypes.float32)), [1, count])
    loss = margin + (distances - where(some, outside, inside))
    positives = cast(same, dtypes.float32) - diag(ones([count]))
    total = reduce_sum(maximum(loss * positives, 0.0))
    return truediv(total, reduce_sum(positives), name="triplet_semihard_loss")


def _npairs(reg_lambda: float, anchor: Any, positive: Any, targets: Callable, print_losses: bool) -> Tensor:
    lengths = reduce_mean(reduce_sum(square(anchor), 1)) + reduce_mean(reduce_sum(square(positive), 1))
    l2loss = multiply(0.25 * reg_lambda, lengths, name="l2loss")
    similarity = matmul(anchor, positive, transpose_a=False, transpose_b=True)
    wanted = targets()
    wanted /= reduce_sum(wanted, 1, keepdims=True)
    loss = reduce_mean(softmax_cross_entropy_with_logits(logits=similarity, labels=wanted), name="xentropy")
    if print_losses:
        loss = Print(loss, ["cross entropy:", loss, "l2loss:", l2loss])
    return l2loss + loss


@export(_SPACE + "npairs_loss")
def npairs_loss(
    labels: Any,
    embeddings_anchor: Any,
    embeddings_positive: Any,
    reg_lambda: float = 0.002,
    print_losses: bool = False,
) -> Tensor:
    """Cross entropy of the similarities [n, n] of pairs against which labels are equal (Sohn, 2016)."""

    def targets() -> Tensor:
        return cast(_column(labels)[1], dtypes.float32)

    return _npairs(reg_lambda, embeddings_anchor, embeddings_positive, targets, print_losses)


@export(_SPACE + "npairs_loss_multilabel")
def npairs_loss_multilabel(
    sparse_labels: Any,
    embeddings_anchor: Any,
    embeddings_positive: Any,
    reg_lambda: float = 0.002,
    print_losses: bool = False,
) -> Tensor:
    """As `npairs_loss`, of pairs with several labels, each a SparseTensor of ones.

    Raises:
      TypeError: `sparse_labels` is no list of SparseTensors.
    """
    if not all(isinstance(one, SparseTensor) for one in sparse_labels):
        raise TypeError(f"sparse_labels must be a list of SparseTensors, but got {sparse_labels}")

    def common(a: Any, b: Any) -> Tensor:
        return cast(sparse_reduce_sum(sparse_minimum(a, b)), dtypes.float32)

    def targets() -> Tensor:
        return stack([stack([common(a, b) for b in sparse_labels]) for a in sparse_labels])

    with name_scope("NpairsLossMultiLabel"):
        return _npairs(reg_lambda, embeddings_anchor, embeddings_positive, targets, print_losses)


@export(_SPACE + "lifted_struct_loss")
def lifted_struct_loss(labels: Any, embeddings: Any, margin: float = 1.0) -> Tensor:
    """Of each positive pair, its distance against those of all negatives of both (Song et al., 2015)."""
    labels, same = _column(labels)
    distances = pairwise_distance(embeddings)
    count = size(labels)
    gaps = margin - distances
    mask = cast(logical_not(same), dtypes.float32)
    least = reduce_min(gaps, 1, keepdims=True)
    of_rows = reduce_max((gaps - least) * mask, 1, keepdims=True) + least
    largest = maximum(of_rows, transpose(of_rows))
    tiled, mask_tiled = tile(gaps, [count, 1]), tile(mask, [count, 1])
    weighted = exp(tiled - reshape(transpose(largest), [-1, 1])) * mask_tiled
    sums = reshape(reduce_sum(weighted, 1, keepdims=True), [count, count])
    loss = largest + log(sums + transpose(sums)) + distances
    positives = cast(same, dtypes.float32) - diag(ones([count]))
    total = 0.25 * reduce_sum(square(maximum(loss * positives, 0.0)))
    return truediv(total, reduce_sum(positives) / 2.0, name="liftedstruct_loss")


@export(_SPACE + "cluster_loss")
def cluster_loss(
    labels: Any,
    embeddings: Any,
    margin_multiplier: float,
    enable_pam_finetuning: bool = True,
    margin_type: str = "nmi",
    print_losses: bool = False,
) -> Tensor:
    """Raises NotImplementedError: the scores of clusterings are scikit-learn's."""
    raise NotImplementedError("contrib.losses.metric_learning.cluster_loss: needs scikit-learn's scores of clusterings")
