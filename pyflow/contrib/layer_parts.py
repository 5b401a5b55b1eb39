"""Pieces that programs take from the inside of tf.contrib.layers: flattening of inner dimensions, scaled gradients."""

from __future__ import annotations

import math
from typing import Any

from pyflow.contrib.arg_scope import add_arg_scope
from pyflow.contrib.layer_collections import collect_named_outputs
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import control_dependencies, name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import strided_slice
from pyflow.ops.custom_gradient import custom_gradient
from pyflow.ops.math_binary import minimum, multiply
from pyflow.ops.math_unary import rsqrt, square
from pyflow.ops.rank_checks import assert_rank_at_least
from pyflow.ops.reduce_functions import reduce_prod, reduce_sum
from pyflow.ops.sparse_reordering import sparse_reshape


@export("contrib.layers.scale_gradient")
def scale_gradient(inputs: Any, gradient_multiplier: Any) -> Tensor:
    """The inputs, whose gradient is multiplied by `gradient_multiplier`, a scalar, on its way back."""

    @custom_gradient
    def scaled(x: Tensor, factor: Tensor) -> tuple:
        return identity(x), lambda gradient: (gradient * factor, None)

    return scaled(convert_to_tensor(inputs), convert_to_tensor(gradient_multiplier))


@add_arg_scope
def _inner_flatten(inputs: Any, new_rank: Any, output_collections: Any = None, scope: str | None = None) -> Any:
    """The inputs, dense or sparse, with their inner dimensions in one, so that `new_rank` dimensions are left.

    Raises:
      ValueError: their rank is lower.
    """
    with name_scope(scope, "InnerFlatten", [inputs, new_rank]) as sc:
        if isinstance(inputs, SparseTensor):
            flattened: Any = _sparse_inner_flatten(inputs, new_rank)
        else:
            flattened = _dense_inner_flatten(convert_to_tensor(inputs), new_rank)
    return collect_named_outputs(output_collections, sc, flattened)


def _sparse_inner_flatten(inputs: SparseTensor, new_rank: int) -> SparseTensor:
    rank = inputs.dense_shape.get_shape().as_list()[0]
    if rank is not None and rank < new_rank:
        raise ValueError(
            f"Inputs has rank less than new_rank. {inputs} must have rank at least {new_rank}. Received rank {rank}, "
            f"shape {inputs.get_shape()}"
        )
    outer, inner = inputs.dense_shape[: new_rank - 1], inputs.dense_shape[new_rank - 1 :]
    return sparse_reshape(inputs, concat((outer, [reduce_prod(inner)]), 0))


def _dense_inner_flatten(inputs: Tensor, new_rank: Any) -> Tensor:
    check = assert_rank_at_least(inputs, new_rank, message="inputs has rank less than new_rank")
    with control_dependencies([check]):
        outer = strided_slice(shape_of(inputs), [0], [new_rank - 1])
        flattened = reshape(inputs, concat((outer, [-1]), 0))
    if isinstance(new_rank, int) and inputs.get_shape().ndims is not None:
        sizes = inputs.get_shape().as_list()
        kept, merged = sizes[: new_rank - 1], sizes[new_rank - 1 :]
        flattened.set_shape([*kept, None if None in merged else math.prod(s for s in merged if s is not None)])
    return flattened


def poincare_normalize(x: Any, axis: int = 1, epsilon: float = 1e-5, name: str | None = None) -> Tensor:
    """Vectors along `axis`, those that are longer than 1 - epsilon shortened to that (Nickel and Kiela, 2017)."""
    with name_scope(name, "poincare_normalize", [x]) as name:
        x = convert_to_tensor(x, name="x")
        inverse = rsqrt(reduce_sum(square(x), axis, keepdims=True))
        return multiply(x, minimum((1.0 - epsilon) * inverse, 1.0), name=name)
