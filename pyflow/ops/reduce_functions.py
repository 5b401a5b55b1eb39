"""`tf.reduce_sum` and its like: axes may be None, and the older argument names still work."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import int32, int64
from pyflow.core.registry import OpDef, raw
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops import reduce
from pyflow.ops.array import reshape
from pyflow.ops.array_filling import zeros, zeros_like
from pyflow.ops.array_identity import stop_gradient
from pyflow.ops.array_shape import rank as rank_of
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.constant import constant
from pyflow.ops.ranges import range


def reduction_dims(x: Any, axis: Any) -> Any:
    """`axis`, or all axes of `x` when it is None."""
    if axis is not None:
        return axis
    rank = None
    if isinstance(x, Tensor):
        rank = x._rank
    elif isinstance(x, SparseTensor):
        rank = x.dense_shape.shape.as_list()[0]
    if rank is not None:
        return constant(np.arange(rank), dtype=int32)
    return range(0, rank_of(x))


def _reduction(definition: OpDef, x: Any, axis: Any, keepdims: Any, name: str | None) -> Tensor:
    output = definition(x, reduction_dims(x, axis), bool(keepdims), name=name)
    return may_reduce_to_scalar(keepdims, axis, output)


def may_reduce_to_scalar(keepdims: Any, axis: Any, output: Tensor) -> Tensor:
    """`output` with the shape of a scalar set where all axes of an input of unknown rank are reduced."""
    if axis is None and not keepdims and not output.shape.is_fully_defined():
        output.set_shape(())
    return output


def _public(symbol: str, definition: OpDef, what: str) -> Any:
    def reduction(
        input_tensor: Any,
        axis: Any = None,
        keepdims: Any = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
        keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
        return _reduction(definition, input_tensor, axis, keepdims, name)

    reduction.__name__ = reduction.__qualname__ = symbol
    reduction.__doc__ = f"""{what}

    Args:
      input_tensor: the tensor to reduce.
      axis: an int or a list of them, negative ones counted from the end; None for all.
      keepdims: whether the reduced dimensions stay, with size 1.
      reduction_indices, keep_dims: older names of `axis` and `keepdims`.

    Raises:
      ValueError: an axis does not exist, or an argument is given under both its names.
    """
    return export(symbol, f"math.{symbol}")(reduction)


reduce_sum = _public("reduce_sum", reduce.Sum, "The sum of the elements along `axis`.")
reduce_mean = _public("reduce_mean", reduce.Mean, "The mean of the elements along `axis`; of integers, rounded to 0.")
reduce_prod = _public("reduce_prod", reduce.Prod, "The product of the elements along `axis`.")
reduce_max = _public("reduce_max", reduce.Max, "The largest element along `axis`.")
reduce_min = _public("reduce_min", reduce.Min, "The smallest element along `axis`.")
reduce_all = _public("reduce_all", reduce.All, "Whether all elements along `axis` are true.")
reduce_any = _public("reduce_any", reduce.Any_, "Whether some element along `axis` is true.")


@export("math.reduce_euclidean_norm")
def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the sum of squares along `axis`; it has no gradient."""
    return _reduction(reduce.EuclideanNorm, input_tensor, axis, keepdims, name)


@export("count_nonzero", "math.count_nonzero")
def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """The number of elements along `axis` that are not zero (or the empty string), as `dtype`."""
    keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
    input_tensor = renamed_argument("input", input, "input_tensor", input_tensor)
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(name, "count_nonzero", [input_tensor]):
        tensor = convert_to_tensor(input_tensor, name="input")
        zero = zeros([], dtype=tensor.dtype)
        return cast(reduce_sum(cast(raw.NotEqual(tensor, zero), int64), axis=axis, keepdims=keepdims), dtype=dtype)


@export("math.reduce_variance")
def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The mean squared distance from the mean along `axis`."""
    with name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis=axis, keepdims=True)
        return reduce_mean(raw.Square(input_tensor - means), axis=axis, keepdims=keepdims)


@export("math.reduce_std")
def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """The standard deviation along `axis`: the root of `reduce_variance`."""
    with name_scope(name or "reduce_std"):
        return raw.Sqrt(reduce_variance(input_tensor, axis=axis, keepdims=keepdims))


@export("reduce_logsumexp", "math.reduce_logsumexp")
def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """log(sum(exp(x))) along `axis`, without overflow: the maximum is taken out of the sum first."""
    axis = renamed_argument("axis", axis, "reduction_indices", reduction_indices)
    keepdims = bool(renamed_argument("keepdims", keepdims, "keep_dims", keep_dims))
    x = convert_to_tensor(input_tensor)
    with name_scope(name, "ReduceLogSumExp", [x]):
        raw_max = reduce_max(x, axis=axis, keepdims=True)
        my_max = stop_gradient(raw.Select(raw.IsFinite(raw_max), raw_max, zeros_like(raw_max)))
        result = raw.Log(reduce_sum(raw.Exp(raw.Sub(x, my_max)), axis, keepdims=keepdims))
        if not keepdims:
            my_max = reshape(my_max, shape(result))
        return may_reduce_to_scalar(keepdims, axis, raw.Add(result, my_max))
