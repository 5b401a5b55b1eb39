"""From sparse tensors to dense ones, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import ANY, INDEX, int64
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims
from pyflow.ops.array_dimensions import check_sizes
from pyflow.ops.array_filling import fill, zeros, zeros_like
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.comparison import not_equal
from pyflow.ops.constant import constant
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import text
from pyflow.ops.sparse_coordinates import ONE, SHAPE, as_sparse, check_row_major, check_within, invalid, ranked
from pyflow.ops.sparse_merging import merged


@op(
    "SparseToDense(sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T) -> (dense: T)",
    validate_indices=True,
    T=ANY,
    Tindices=INDEX,
)
class SparseToDense:
    """A tensor of `default_value` with values at coordinates [n, rank] ([n] for a vector, or one number).

    One value may stand for all. Of equal coordinates the last counts, if they are not validated.
    """

    def shape(output_shape, output_shape_value, output_shape_dims):
        ranked(output_shape, 1, "output_shape should be a vector, got shape {}")
        check_sizes(output_shape_value)
        return output_shape_dims

    def cpu(sparse_indices, output_shape, sparse_values, default_value, validate_indices):
        sizes = _checked(sparse_indices, output_shape, sparse_values, default_value)
        count = len(sparse_indices) if np.ndim(sparse_indices) else 1
        indices = np.reshape(sparse_indices, (count, len(sizes)))
        if validate_indices:
            check_within(indices, sizes)
            check_row_major(indices)
        elif np.any(indices < 0) or np.any(indices >= sizes):
            raise invalid(f"Indices are not valid (out of bounds).  Shape: {text(sizes)}")
        dense = np.empty(sizes, np.asarray(sparse_values).dtype)
        dense[...] = default_value
        dense[tuple(indices.T)] = sparse_values
        return dense

    def grad(op, dy):
        indices, sizes = op.inputs[:2]
        values = raw.GatherNd(dy, indices)
        rest = reduce_sum(dy) - reduce_sum(values)
        return zeros_like(indices), zeros_like(sizes), values, rest

    samples = [
        sample(ONE, SHAPE, [2.0, -4.0], 0.5),
        sample(ONE, SHAPE, 2.0, 0.5, grad=False),
        sample([3, 1, 1], [4], [1.0, 2.0, 3.0], 0.0, validate_indices=False, grad=False),
    ]


def _checked(indices: Any, shape: Any, values: Any, default: Any) -> list[int]:
    """The sizes of the dense tensor.

    Raises:
      InvalidArgumentError: the arguments don't fit each other.
    """
    if np.ndim(indices) > 2:
        raise invalid(f"sparse_indices should be a scalar, vector, or matrix, got shape {text(np.shape(indices))}")
    count = len(indices) if np.ndim(indices) else 1
    rank = indices.shape[1] if np.ndim(indices) > 1 else 1
    if np.ndim(shape) != 1:
        raise invalid(f"output_shape should be a vector, got shape {text(np.shape(shape))}")
    if len(shape) != rank:
        raise invalid(f"output_shape has incorrect number of elements: {len(shape)} should be: {rank}")
    if np.shape(values) not in ((), (count,)):
        raise invalid(f"sparse_values has incorrect shape {text(np.shape(values))}, should be [] or [{count}]")
    if np.ndim(default):
        raise invalid("default_value should be a scalar.")
    sizes = shape.tolist()
    for size in sizes:
        if size < 0:
            raise invalid(f"Dimension {size} must be >= 0")
    return sizes


@export("sparse_to_dense")
def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A dense tensor of `default_value`, with values at some coordinates; deprecated.

    Args:
      sparse_indices: ints, shape [n, rank], or [n] for a vector, or [] for one element of a vector.
      output_shape: the dense shape, an int vector.
      sparse_values: shape [n], or a scalar for all.
      validate_indices: check that coordinates are in row-major order without repetition.

    Raises:
      InvalidArgumentError: coordinates are out of bounds, or invalid and were to be validated.
    """
    return SparseToDense(
        sparse_indices,
        output_shape,
        sparse_values,
        default_value=default_value,
        validate_indices=validate_indices,
        name=name,
    )


@export("sparse.to_dense", "sparse_tensor_to_dense")
def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The dense tensor with the elements of `sp_input`, and `default_value` (zero if None) everywhere else.

    Args:
      validate_indices: check that coordinates are in row-major order without repetition.

    Raises:
      InvalidArgumentError: coordinates are out of bounds, or invalid and were to be validated.
    """
    sp_input = as_sparse(sp_input)
    if default_value is None:
        default_value = zeros([], dtype=sp_input.dtype)
    return sparse_to_dense(
        sp_input.indices,
        sp_input.dense_shape,
        sp_input.values,
        default_value=default_value,
        validate_indices=validate_indices,
        name=name,
    )


@export("sparse.to_indicator", "sparse_to_indicator")
def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """The bool tensor [d0, ..., dn, vocab_size] that is true at the ids in the rows of `sp_input` [d0, ..., dn, any].

    Raises:
      InvalidArgumentError: an id is not in [0, vocab_size).
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", [sp_input]) as name:
        count = shape_of(sp_input.indices)[0]
        values = fill(expand_dims(count, 0), True)
        ids = merged(sp_input, SparseTensor(sp_input.indices, values, sp_input.dense_shape), vocab_size, name)
        # An id may occur twice in a row.
        return sparse_tensor_to_dense(ids, default_value=False, validate_indices=False, name=name)


@export("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a dense tensor that are not 0."""
    with name_scope(name, "dense_to_sparse"):
        tensor = convert_to_tensor(tensor)
        indices = where_v2(not_equal(tensor, constant(0, tensor.dtype)))
        values = raw.GatherNd(tensor, indices)
        return SparseTensor(indices, values, shape_of(tensor, out_type=int64))
