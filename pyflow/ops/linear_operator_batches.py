"""Batches of matrices brought to the same shape, for ops that do not broadcast."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from pyflow.core import dtypes
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape, broadcast_to
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.constant import constant


def match_batches(*matrices: Tensor) -> tuple[Tensor, ...]:
    """Tensors [batch..., n, m] with the batch that all broadcast to; as they are where it is one."""
    batches = [matrix.shape[:-2] for matrix in matrices]
    if all(batch.is_fully_defined() for batch in batches):
        if all(batch.as_list() == batches[0].as_list() for batch in batches):
            return matrices
        batch = constant(functools.reduce(broadcast_static_shape, batches).as_list(), dtypes.int32)
    else:
        batch = functools.reduce(broadcast_dynamic_shape, [shape(matrix)[:-2] for matrix in matrices])
    return tuple(_with_batch(x, batch) for x in matrices)


def _with_batch(x: Tensor, batch: Tensor) -> Tensor:
    return broadcast_to(x, concat([batch, shape(x)[-2:]], 0))


def static_batch(operators: Sequence[Any]) -> TensorShape:
    """The batch that those of linear operators broadcast to."""
    return functools.reduce(broadcast_static_shape, [operator.batch_shape for operator in operators])


def dynamic_batch(operators: Sequence[Any]) -> Tensor:
    """The batch that those of linear operators broadcast to, as a tensor."""
    return functools.reduce(broadcast_dynamic_shape, [operator.batch_shape_tensor() for operator in operators])
