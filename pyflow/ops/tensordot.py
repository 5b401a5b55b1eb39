"""`tf.tensordot`: contraction of two tensors over given axes, as one matrix product."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import int32
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape, shape, transpose
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import rank
from pyflow.ops.matmul import matmul


@export("tensordot", "linalg.tensordot")
def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products of `a` and `b` over pairs of axes.

    Args:
      a, b: tensors of one dtype.
      axes: a number n, for the last n axes of `a` and the first n of `b` (0 gives the outer product); or two lists of
        axes, as Python lists or an int32 tensor [2, n].

    Returns:
      A tensor with the remaining axes of `a`, then those of `b`.

    Raises:
      ValueError: the axes are not as described, or the sizes along them differ.
      IndexError: an axis does not exist.
    """
    with name_scope(name, "Tensordot", [a, b, axes]) as name:
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        a_axes, b_axes = _contracted_axes(a, axes)
        a_matrix, a_free, a_static = _as_matrix(a, a_axes, contracted_first=False)
        b_matrix, b_free, b_static = _as_matrix(b, b_axes, contracted_first=True)
        product = matmul(a_matrix, b_matrix)
        if isinstance(a_free, list) and isinstance(b_free, list):
            # An empty list says nothing about its dtype.
            return reshape(product, a_free + b_free or np.zeros(0, np.int32), name=name)
        a_free = convert_to_tensor(a_free, dtype=int32)
        b_free = convert_to_tensor(b_free, dtype=int32)
        result = reshape(product, concat([a_free, b_free], 0), name=name)
        if a_static is not None and b_static is not None:
            result.set_shape(a_static + b_static)
        return result


def _contracted_axes(a: Tensor, axes: Any) -> tuple[Any, Any]:
    if isinstance(axes, numbers.Integral):
        count = int(axes)
        if count < 0:
            raise ValueError("'axes' must be at least 0.")
        if a._rank is None:
            from pyflow.ops.ranges import range as range_op

            a_rank = rank(a)
            return range_op(a_rank - count, a_rank, dtype=int32), range_op(count, dtype=int32)
        if count > a._rank:
            raise ValueError(f"'axes' must not be larger than the number of dimensions of tensor {a}.")
        return list(range(a._rank - count, a._rank)), list(range(count))
    if isinstance(axes, (list, tuple)):
        if len(axes) != 2:
            raise ValueError("'axes' must be an integer or have length 2.")
        a_axes, b_axes = axes
        if isinstance(a_axes, numbers.Integral) and isinstance(b_axes, numbers.Integral):
            a_axes, b_axes = [a_axes], [b_axes]
        if len(a_axes) != len(b_axes):
            raise ValueError(f"Different number of contraction axes 'a' and 'b', {len(a_axes)} != {len(b_axes)}.")
        return a_axes, b_axes
    axes = convert_to_tensor(axes, name="axes", dtype=int32)
    return axes[0], axes[1]


def _as_matrix(x: Tensor, axes: Any, contracted_first: bool) -> tuple[Tensor, Any, list | None]:
    """The tensor as a matrix of free by contracted elements (or the other way round), and its free dimensions.

    Returns:
      (matrix, free dimensions as a list of ints or a tensor, free dimensions as far as they are known or None)
    """
    sizes = x._shape_tuple()
    if isinstance(axes, (list, tuple)) and sizes is not None:
        axes = [i if i >= 0 else i + len(sizes) for i in axes]
        free = [i for i in range(len(sizes)) if i not in axes]
        free_static = [sizes[i] for i in free]
        if None not in sizes:
            order = axes + free if contracted_first else free + axes
            counts = [int(np.prod([sizes[i] for i in part], dtype=np.int64)) for part in (free, axes)]
            matrix = reshape(transpose(x, order), counts[::-1] if contracted_first else counts)
            return matrix, free_static, free_static
        [sizes[i] for i in axes]  # raises IndexError for an axis that does not exist
        axes = convert_to_tensor(axes, dtype=int32, name="axes")
        free = convert_to_tensor(free, dtype=int32, name="free")
        dynamic = shape(x)
    else:
        from pyflow.ops.array_search import setdiff1d
        from pyflow.ops.array_selection import where
        from pyflow.ops.ranges import range as range_op

        free_static = None
        dynamic, x_rank = shape(x), rank(x)
        axes = convert_to_tensor(axes, dtype=int32, name="axes")
        axes = where(axes >= 0, axes, axes + x_rank)
        free, _ = setdiff1d(range_op(x_rank), axes)
    from pyflow.ops.array_gather import gather
    from pyflow.ops.reduce_functions import reduce_prod

    free_dims, axes_dims = gather(dynamic, free), gather(dynamic, axes)
    free_count, axes_count = reduce_prod(free_dims), reduce_prod(axes_dims)
    if contracted_first:
        order, counts = concat([axes, free], 0), stack([axes_count, free_count])
    else:
        order, counts = concat([free, axes], 0), stack([free_count, axes_count])
    return reshape(transpose(x, order), counts), free_dims, free_static
