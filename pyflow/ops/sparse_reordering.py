"""Sparse tensors in another order or shape: sorted, transposed, reshaped, with new or larger dimensions."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.constants import constant_value, constant_value_as_shape
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import ANY, int32, int64
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import transpose
from pyflow.ops.array_filling import ones_like, zeros
from pyflow.ops.array_gather import gather
from pyflow.ops.array_identity import identity
from pyflow.ops.array_joining import concat
from pyflow.ops.array_selection import where_v2
from pyflow.ops.array_shape import rank as rank_of
from pyflow.ops.array_shape import shape as shape_of
from pyflow.ops.array_slicing import slice_
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal, assert_less_equal
from pyflow.ops.constant import constant
from pyflow.ops.control_flow import with_dependencies
from pyflow.ops.math_binary import add, maximum
from pyflow.ops.ranges import range
from pyflow.ops.reduce_functions import reduce_max
from pyflow.ops.shape_rules import text
from pyflow.ops.sparse_coordinates import (
    ONE,
    SHAPE,
    as_sparse,
    check_rank,
    check_rows,
    check_sparse,
    invalid,
    ranked,
    row_major_order,
)

_INDICES = "Input indices should be a matrix but received shape {}"
_SHAPE = "Input shape should be a vector but received shape {}"


@op(
    "SparseReorder(input_indices: int64, input_values: T, input_shape: int64) "
    "-> (output_indices: int64, output_values: T)",
    T=ANY,
)
class SparseReorder:
    """Coordinates and values in row-major order."""

    def shape(input_indices, input_values, input_shape):
        indices = ranked(input_indices, 2, _INDICES)
        values = ranked(input_values, 1, "Input values should be a vector but received shape {}")
        ranked(input_shape, 1, _SHAPE)
        return [indices, values]

    def cpu(input_indices, input_values, input_shape):
        check_sparse(input_indices, input_values, input_shape)
        check_rows(input_indices, input_values)
        if input_shape.size != input_indices.shape[1]:
            raise invalid("Order length must be SparseTensor rank.")
        order = row_major_order(input_indices)
        if order is None:
            return input_indices.copy(), input_values.copy()
        return input_indices[order], input_values[order]

    def grad(op, indices_grad, values_grad):
        indices, sizes = op.inputs[0], op.inputs[2]
        entries = SparseTensor(indices, range(shape_of(indices)[0]), sizes)
        inverse = raw.InvertPermutation(sparse_reorder(entries).values)
        return None, gather(values_grad, inverse), None

    samples = [sample(ONE[::-1], [2.0, -4.0], SHAPE), sample(ONE, [2.0, -4.0], SHAPE)]


@op(
    "SparseReshape(input_indices: int64, input_shape: int64, new_shape: int64) "
    "-> (output_indices: int64, output_shape: int64)"
)
class SparseReshape:
    """The coordinates [n, rank] of the same elements in another dense shape, in which one size may be -1."""

    def shape(input_indices, input_shape, new_shape):
        count = ranked(input_indices, 2, _INDICES)[0]
        ranked(input_shape, 1, _SHAPE)
        sizes = ranked(new_shape, 1, "Target shape should be a vector but received shape {}")
        return [(count, sizes[0]), sizes]

    def cpu(input_indices, input_shape, new_shape):
        check_rank(input_indices, 2, _INDICES)
        check_rank(input_shape, 1, _SHAPE)
        check_rank(new_shape, 1, "Target shape should be a vector but received shape {}")
        old, new = input_shape.tolist(), _inferred(input_shape.tolist(), new_shape.tolist())
        shape = np.array(new, np.int64)
        if old == new or not len(input_indices):
            indices = input_indices.copy() if old == new else np.empty((len(input_indices), len(new)), np.int64)
            return indices, shape
        if input_indices.shape[1] != len(old):
            raise invalid("Input tensor rank must match input shape length")
        flat = input_indices @ _strides(old)
        indices = np.empty((len(flat), len(new)), np.int64)
        for i, stride in enumerate(_strides(new).tolist()):
            indices[:, i], flat = np.divmod(flat, stride)
        return indices, shape

    grad = NOT_DIFFERENTIABLE
    samples = [sample(ONE, SHAPE, [2, -1]), sample(ONE, SHAPE, [6]), sample(ONE, SHAPE, [3, 2])]


def _strides(shape: list[int]) -> np.ndarray:
    return np.array([math.prod(shape[i + 1 :]) for i in np.arange(len(shape))], np.int64)


def _inferred(old: list[int], new: list[int]) -> list[int]:
    """The new shape, with the size that makes the number of elements equal in the place of a -1."""
    for i, size in enumerate(new):
        if size == -1 and new.index(-1) < i:
            raise invalid(f"only one output dimension may be -1, not both {new.index(-1)} and {i}")
        if size < -1:
            raise invalid(f"size {i} must be non-negative, not {size}")
    count, given = math.prod(old), math.prod(size for size in new if size != -1)
    result = list(new)
    if -1 in new:
        if given == 0:
            words = "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes"
            raise invalid(f"{words} are non-zero")
        result[new.index(-1)] = count // given
    if math.prod(result) != count:
        shapes = f"input_shape={text(tuple(old))} output_shape={text(tuple(result))}"
        if -1 in new:
            words = f"Input to reshape is a SparseTensor with {count} dense values, but the requested shape requires"
            raise invalid(f"{words} a multiple of {given}. {shapes}")
        words = f"Input to reshape is a tensor with {count} dense values, but the requested shape has {given}."
        raise invalid(f"{words} {shapes}")
    return result


@export("sparse.reorder", "sparse_reorder")
def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The same sparse tensor with its coordinates in row-major order, as most ops want them."""
    sp_input = as_sparse(sp_input)
    indices, values = SparseReorder(sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    static = sp_input.get_shape()
    dense_shape = static.as_list() if static.is_fully_defined() else identity(sp_input.dense_shape)
    return SparseTensor(indices, values, dense_shape)


@export("sparse.reshape", "sparse_reshape")
def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements, in row-major order, in another dense shape.

    Args:
      shape: an int vector; one size may be -1.

    Raises:
      ValueError: the number of elements would differ, or two sizes are -1, if that is known now.
      InvalidArgumentError: the same, when it turns out in a run.
    """
    sp_input = as_sparse(sp_input)
    shape = cast(shape, int64)
    with name_scope(name, "SparseReshape", [sp_input]) as name:
        indices, new_shape = SparseReshape(sp_input.indices, sp_input.dense_shape, shape, name=name)
        if sp_input.shape.is_fully_defined():
            known = _known_shape(sp_input.shape, shape)
            if known is not None:
                new_shape = constant(known, int64)
        return SparseTensor(indices, identity(sp_input.values), new_shape)


def _known_shape(old: TensorShape, shape: Tensor) -> list[int] | None:
    given = constant_value(shape)
    if given is not None and np.sum(given == -1) > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {given}")
    wanted, count = _wanted_sizes(shape), math.prod(old.as_list())
    if wanted is None or wanted.count(None) > 1:
        return None
    sizes: list[int | None] = wanted
    if None in sizes and 0 in sizes:
        if not count:
            return None
        raise ValueError(f"Cannot reshape a tensor with {count} elements to shape {sizes} (0 elements).")
    result = [size if size is not None else count // math.prod(s for s in sizes if s is not None) for size in sizes]
    if math.prod(result) != count:
        words = f"Cannot reshape a tensor with {count} elements to shape {sizes} ({math.prod(result)} elements)."
        raise ValueError(words)
    return result


def _wanted_sizes(shape: Tensor) -> list[int | None] | None:
    """What TensorFlow sees of the shape, which is less than can be told: it decides which nodes there are."""
    if shape.op.type == "Cast" and constant_value(shape) is None:
        return None
    if shape.op.type == "Pack":
        sizes = [constant_value(size) for size in shape.op.inputs]
        return [None if size is None or size < 0 else int(size) for size in sizes]
    wanted = constant_value_as_shape(shape)
    return None if wanted.ndims is None else wanted.as_list()


@export("sparse.transpose", "sparse_transpose")
def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """The sparse tensor with dimension i being dimension `perm[i]` of `sp_input`, in row-major order.

    Args:
      perm: a permutation of the dimensions; None reverses them.
    """
    with name_scope(name, "SparseTranspose", [sp_input]):
        is_given = perm is not None
        if not is_given:
            rank = rank_of(sp_input)
            perm = (rank - 1) - range(0, rank, 1)
        indices = transpose(gather(transpose(sp_input.indices), perm))
        order = constant_value(convert_to_tensor(perm)) if is_given else None
        static = sp_input.get_shape()
        if order is not None and static.is_fully_defined():
            sizes = static.as_list()
            dense_shape: Any = [sizes[axis] for axis in order.tolist()]
        else:
            dense_shape = gather(sp_input.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp_input.values, dense_shape))


@export("sparse.expand_dims")
def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """The sparse tensor with a dimension of size 1 put in at `axis` (the last, if None).

    Raises:
      TypeError: `axis` is neither an int nor a tensor.
    """
    rank = sp_input.dense_shape.get_shape()[0]
    axis = -1 if axis is None else axis
    with name_scope(name, "expand_dims", [sp_input]):
        if isinstance(axis, Integral):
            axis = convert_to_tensor(axis, name="axis", dtype=int32)
        elif not isinstance(axis, Tensor):
            raise TypeError("axis must be an integer value in range [-rank(sp_input) - 1, rank(sp_input)]")
        axis = where_v2(axis >= 0, axis, axis + rank + 1)
        column = zeros([shape_of(sp_input.indices)[0], 1], dtype=int64)
        before = slice_(sp_input.indices, [0, 0], [-1, axis])
        after = slice_(sp_input.indices, [0, axis], [-1, -1])
        indices = concat([before, column, after], axis=1)
        sizes_before = slice_(sp_input.dense_shape, [0], [axis])
        sizes_after = slice_(sp_input.dense_shape, [axis], [-1])
        size = convert_to_tensor([1], name="new_shape", dtype=int64)
        return SparseTensor(indices, sp_input.values, concat([sizes_before, size, sizes_after], axis=0))


@export("sparse.reset_shape", "sparse_reset_shape")
def sparse_reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """The same elements in another dense shape of the same rank.

    Args:
      new_shape: an int vector, nowhere smaller than the shape now; None for the smallest that holds the elements.

    Raises:
      ValueError: `new_shape` is known to have another rank or to be smaller somewhere.
      InvalidArgumentError: the same, when it turns out in a run.
    """
    sp_input = as_sparse(sp_input)
    indices, values = identity(sp_input.indices), identity(sp_input.values)
    old = identity(sp_input.dense_shape)
    if new_shape is None:
        largest = reduce_max(indices, axis=0)
        return SparseTensor(indices, values, maximum(constant(0, dtype=int64), add(largest, ones_like(old))))
    sizes: Any = convert_to_tensor(new_shape)
    sizes.get_shape().assert_has_rank(1)
    sizes = cast(sizes, int64)
    dims, old_dims = sizes.get_shape().dims, old.get_shape().dims
    if dims is not None and old_dims is not None:
        dims[0].merge_with(old_dims[0])
    known, static = constant_value(sizes), sp_input.get_shape()
    if known is not None and static.is_fully_defined():
        now = np.array(static.as_list())
        if not np.all(now <= known):
            words = "Requested new_shape should have dimension sizes >= sp_input.shape."
            raise ValueError(f"{words}  Found new_shape ({now}), sp_input.shape ({known}).")
        return SparseTensor(indices, values, known)
    sizes = with_dependencies([assert_equal(shape_of(old), shape_of(sizes))], sizes)
    return SparseTensor(indices, values, with_dependencies([assert_less_equal(old, sizes)], sizes))
