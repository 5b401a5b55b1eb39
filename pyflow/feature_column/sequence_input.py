"""Context and sequence as one input of a recurrent network."""

from __future__ import annotations

from typing import Any

from pyflow.core.dtypes import float32
from pyflow.core.scopes import control_dependencies
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_tiling import tile
from pyflow.ops.checks import assert_type
from pyflow.ops.rank_checks import assert_rank


def concatenate_context_input(context_input: Any, sequence_input: Any) -> Tensor:
    """The context beside each step of the sequence.

    Args:
      context_input: float32 [batch, d1].
      sequence_input: float32 [batch, steps, d0].

    Returns:
      [batch, steps, d0 + d1].

    Raises:
      ValueError: a rank is another.
      TypeError: a dtype is another.
    """
    checks = []
    for tensor, rank, name in ((sequence_input, 3, "sequence_input"), (context_input, 2, "context_input")):
        checks.append(assert_rank(tensor, rank, message=f"{name} must have rank {rank}", data=[shape_of(tensor)]))
        words = f"{name} must have dtype float32; got {tensor.dtype}."
        checks.append(assert_type(tensor, float32, message=words))
    with control_dependencies(checks):
        steps = shape_of(sequence_input)[1]
        repeated = tile(expand_dims(context_input, 1), concat([[1], [steps], [1]], 0))
    return concat([sequence_input, repeated], 2)
