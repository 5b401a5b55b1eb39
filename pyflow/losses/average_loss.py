"""The loss of a batch as the average over its examples, as loops over replicas need it; here there is one replica."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_shape import rank, shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_greater_equal
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.math_binary import multiply
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.weights_broadcasting import broadcast_weights

_REPLICAS = 1
_WORDS = "Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1"


@export("nn.compute_average_loss")
def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Tensor:
    """The sum of the losses, divided by the number of examples.

    Args:
      per_example_loss: [examples, ...].
      sample_weight: what the losses are multiplied with, of shape (), [examples] or theirs.
      global_batch_size: what is divided by instead.

    Raises:
      ValueError: the losses are known to be a scalar.
      InvalidArgumentError: the same, if it turns out in a run.
    """
    losses = convert_to_tensor(per_example_loss)
    kind, checks = losses.dtype, []
    if losses.shape.ndims == 0:
        raise ValueError(f"{_WORDS}, received: {losses}")
    if losses.shape.ndims is None:
        checks = [assert_greater_equal(rank(losses), cast(1, dtypes.int32), message=f"{_WORDS}.")]
    with control_dependencies(checks):
        if sample_weight is not None:
            losses = _weighted(losses, sample_weight)
        losses = cast(losses, kind)
        if global_batch_size is None:
            global_batch_size = cast(shape(losses)[0] * _REPLICAS, kind)
        return reduce_sum(losses) / global_batch_size


def _weighted(losses: Tensor, weights: Any) -> Tensor:
    losses, weights = cast(losses, dtypes.float32), cast(weights, dtypes.float32)
    weights = _with_rank_of(losses, weights)
    return multiply(losses, broadcast_weights(weights, losses))


def _with_rank_of(losses: Tensor, weights: Tensor) -> Tensor:
    """Weights with a last dimension more or less, if that gives them the rank of the losses."""
    have, wanted = weights.shape.ndims, losses.shape.ndims
    if have == 0:
        return weights
    if have is not None and wanted is not None:
        if have - wanted == 1:
            return squeeze(weights, [-1])
        return expand_dims(weights, [-1]) if wanted - have == 1 else weights
    found = rank(weights)
    more = found - rank(losses)

    def fewer() -> Tensor:
        return cond(equal(more, -1), lambda: expand_dims(weights, [-1]), same)

    def same() -> Tensor:
        return weights

    return cond(equal(found, 0), same, lambda: cond(equal(more, 1), lambda: squeeze(weights, [-1]), fewer))


@export("nn.scale_regularization_loss")
def scale_regularization_loss(regularization_loss: Any) -> Tensor:
    """The sum of the losses, divided by the number of replicas."""
    return reduce_sum(regularization_loss) / _REPLICAS
