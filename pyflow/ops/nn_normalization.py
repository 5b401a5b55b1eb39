"""Normalization by given moments or by length; the fraction of zeros."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import float32, int32, int64
from pyflow.core.node_count import count_nodes, uncounted
from pyflow.core.scopes import get_default_graph, name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_identity import identity
from pyflow.ops.array_shape import size
from pyflow.ops.cast import cast
from pyflow.ops.comparison import not_equal
from pyflow.ops.math_binary import maximum, multiply
from pyflow.ops.math_unary import rsqrt, square
from pyflow.ops.reduce_functions import reduce_sum


@export("nn.batch_normalization")
def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: str | None = None
) -> Tensor:
    """scale · (x - mean) / sqrt(variance + variance_epsilon) + offset.

    Source: S. Ioffe and C. Szegedy, Batch Normalization, 2015.

    Args:
      x: numbers of any shape.
      mean, variance, offset, scale: broadcast to the shape of `x`; offset and scale may be None.
      variance_epsilon: a small number that keeps the divisor from being 0.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        factor = rsqrt(variance + variance_epsilon)
        if scale is not None:
            factor *= scale
        scaled = x * cast(factor, x.dtype)
        return scaled + cast(offset - mean * factor if offset is not None else -mean * factor, x.dtype)


@export("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """`batch_normalization` with the arguments it had at first; deprecated.

    Args:
      t, m, v: the tensor, its mean and variance; `input`, `mean` and `variance` are newer names.
      beta, gamma: offset and scale; the latter counts if `scale_after_normalization`.
    """
    t = renamed_argument("input", input, "t", t)
    m = renamed_argument("mean", mean, "m", m)
    v = renamed_argument("variance", variance, "v", v)
    return batch_normalization(t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name)


@export("nn.l2_normalize", "math.l2_normalize", "linalg.l2_normalize")
def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    """x / sqrt(max(sum(x²), epsilon)) along `axis`.

    Args:
      axis: an int or a list of them; None for all. `dim` is the older name.
      epsilon: the least sum of squares that is divided by.
    """
    axis = renamed_argument("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as name:
        x = convert_to_tensor(x, name="x")
        square_sum = reduce_sum(square(x), axis, keepdims=True)
        return multiply(x, rsqrt(maximum(square_sum, epsilon)), name=name)


def _count_nonzero(x: Tensor, dtype: Any) -> Tensor:
    with name_scope("count_nonzero", values=[x]):
        zero = zeros([], dtype=x.dtype)
        return reduce_sum(cast(not_equal(x, zero), dtype=dtype), name="nonzero_count")


@export("nn.zero_fraction", "math.zero_fraction")
def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The fraction of the elements that are 0, a float32 scalar; NaN of an empty tensor."""
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        count = size(value, out_type=int64)
        static, graph = value.get_shape().num_elements(), get_default_graph()
        with uncounted(graph), name_scope("cond"):
            if static is not None and static <= int32.max:
                nonzero = cast(_count_nonzero(value, int32), int64)
            else:
                nonzero = _count_nonzero(value, int64)
        # TensorFlow counts in int32 or int64, in the branches of a conditional.
        count_nodes(graph, *["Const", "LessEqual"], *["Switch"] * 6, *["Sum"] * 11, "Merge")
        if value.shape.ndims is None:  # the axes are counted, in both branches
            count_nodes(graph, *["Rank", "Const", "Range"] * 2)
        with name_scope("counts_to_fraction"):
            zero = count - nonzero
            fraction = cast(zero, float32) / cast(count, float32)
        return identity(fraction, "fraction")
