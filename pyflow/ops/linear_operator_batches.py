"""Batches of matrices brought to the same shape, for ops that do not broadcast."""

from __future__ import annotations

from pyflow.core import dtypes
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape, broadcast_to
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.constant import constant


def match_batches(matrix: Tensor, rhs: Tensor) -> tuple[Tensor, Tensor]:
    """[batch..., n, m] and [batch..., n, k] with the batch that the two broadcast to; as they are where it is one."""
    left, right = matrix.shape[:-2], rhs.shape[:-2]
    if left.is_fully_defined() and right.is_fully_defined():
        if left.as_list() == right.as_list():
            return matrix, rhs
        batch = constant(broadcast_static_shape(left, right).as_list(), dtypes.int32)
    else:
        batch = broadcast_dynamic_shape(shape(matrix)[:-2], shape(rhs)[:-2])
    return tuple(_with_batch(x, batch) for x in (matrix, rhs))  # type: ignore[return-value]


def _with_batch(x: Tensor, batch: Tensor) -> Tensor:
    return broadcast_to(x, concat([batch, shape(x)[-2:]], 0))
