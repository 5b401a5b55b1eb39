"""The loss of a batch from the losses of its elements: weighted, and reduced in one of several ways."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32
from pyflow.core.scopes import control_dependencies, get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.losses.collected import add_loss
from pyflow.ops.array_filling import ones_like, zeros_like
from pyflow.ops.array_selection import where
from pyflow.ops.array_shape import rank, size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.division import div_no_nan
from pyflow.ops.math_binary import multiply
from pyflow.ops.ranges import range as range_of
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.weights_broadcasting import assert_broadcastable, broadcast_weights


@export("losses.Reduction")
class Reduction:
    """How the weighted losses of the elements become one number.

    NONE leaves them as they are, SUM adds them up, MEAN divides by the sum of the weights, SUM_OVER_BATCH_SIZE by the
    number of elements, SUM_BY_NONZERO_WEIGHTS by the number of those whose weight is not 0.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """The ways there are; the last one has two names."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: Any) -> None:
        """Raises ValueError when `key` is none of them."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


def _mean(losses: Tensor, count: Tensor) -> Tensor:
    """The sum over a number, 0 when that is 0."""
    return div_no_nan(reduce_sum(losses), count, name="value")


def _num_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)


def num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """How many elements have a weight other than 0: in all, or of each entry of the batch ([batch_size, 1, ...])."""
    if isinstance(weights, float) and weights != 0.0:
        return _num_elements(losses)
    with name_scope(None, "num_present", (losses, weights)) as scope:
        weights = cast(weights, float32)
        present = where(equal(weights, 0.0), zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            return reduce_sum(present, axis=range_of(1, rank(present)), keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


@export("losses.compute_weighted_loss")
def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Weighs losses, reduces them, and adds the result to a collection.

    Args:
      losses: [batch_size, d1, ... dN].
      weights: a scalar, or of the rank of `losses` with each dimension 1 or that of `losses`.
      scope: the name scope.
      loss_collection: None adds it to none.
      reduction: one of `Reduction`.

    Returns:
      A scalar of the dtype of `losses`; of their shape for `Reduction.NONE`.

    Raises:
      ValueError: the weights cannot be broadcast, or there is no such reduction.
    """
    Reduction.validate(reduction)
    with name_scope(scope, "weighted_loss", (losses, weights)):
        get_default_graph()._last_loss_reduction = reduction  # type: ignore[attr-defined]
        with control_dependencies((assert_broadcastable(weights, losses),)):
            losses = convert_to_tensor(losses)
            input_dtype = losses.dtype
            losses = cast(losses, float32)
            weights = cast(weights, float32)
            loss = multiply(losses, weights)
            if reduction != Reduction.NONE:
                loss = reduce_sum(loss)
            if reduction == Reduction.MEAN:
                loss = _mean(loss, reduce_sum(ones_like(losses) * weights))
            elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                loss = _mean(loss, num_present(losses, weights))
            elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                loss = _mean(loss, _num_elements(losses))
            loss = cast(loss, input_dtype)
            add_loss(loss, loss_collection)
            return loss
