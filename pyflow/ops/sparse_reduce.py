"""Reductions of sparse tensors along axes, and the softmax of their rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.deprecation import renamed_argument
from pyflow.core.dtypes import NUMERIC, REAL, float32, float64, int64
from pyflow.core.registry import OpDef, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import StaticShape
from pyflow.ops.array import reshape
from pyflow.ops.cast import cast
from pyflow.ops.reduce import reduced_shape
from pyflow.ops.reduce_functions import reduction_dims
from pyflow.ops.shape_rules import text
from pyflow.ops.sparse_coordinates import (
    ONE,
    SHAPE,
    TWO,
    check_rank,
    check_rows,
    check_within,
    invalid,
    ranked,
    row_major_order,
    starts_of_rows,
)
from pyflow.ops.sparse_dense import SparseDenseCwiseAdd

_INPUTS = "(input_indices: int64, input_values: T, input_shape: int64, reduction_axes: int32)"
_DENSE, _SPARSE = "(output: T)", "(output_indices: int64, output_values: T, output_shape: int64)"


def _dense_shape(input_shape_dims, reduction_axes_value, keep_dims) -> StaticShape:
    if input_shape_dims is None or reduction_axes_value is None:
        return None
    rank, axes = len(input_shape_dims), np.reshape(reduction_axes_value, -1).tolist()
    if any(not -rank <= axis < rank for axis in axes):
        return None  # the run will say so
    reduced = {axis % rank for axis in axes}
    kept = [1 if i in reduced else size for i, size in enumerate(input_shape_dims)]
    return tuple(size for i, size in enumerate(kept) if keep_dims or i not in reduced)


def _sparse_shapes() -> list[StaticShape]:
    return [None, None, None]


def _groups(ufunc: np.ufunc, indices: Any, values: Any, shape: Any, axes: Any) -> tuple[Any, Any, list[int], list[int]]:
    """(coordinates left, in order; the reduced values there; sizes left; the axes that are left)."""
    check_rows(indices, values)
    check_rank(indices, 2, "Input indices should be a matrix but received shape {}")
    if np.ndim(axes) > 1:
        raise invalid(f"Expected reduction_axes to be a scalar or a vector; got shape: {text(np.shape(axes))}")
    rank = len(shape)
    axes = np.reshape(axes, -1).tolist()
    for axis in axes:
        if not -rank <= axis < rank:
            raise invalid(f"Invalid reduction dimension {axis}, for input with {rank} dimensions.")
    reduced = {axis % rank for axis in axes}
    left = [i for i in range(rank) if i not in reduced]
    kept, sizes = indices[:, left], [int(shape[i]) for i in left]
    check_within(kept, np.array(sizes, np.int64))
    order = row_major_order(kept)
    if order is not None:
        kept, values = kept[order], values[order]
    if not len(kept):
        return kept, values.copy(), sizes, left
    starts = starts_of_rows(kept)
    return kept[starts], ufunc.reduceat(values, starts, dtype=values.dtype), sizes, left


def _dense(ufunc: np.ufunc) -> Any:
    def kernel(input_indices, input_values, input_shape, reduction_axes, keep_dims):
        kept, values, sizes, left = _groups(ufunc, input_indices, input_values, input_shape, reduction_axes)
        result = np.zeros(sizes, input_values.dtype)
        if len(values):
            result[tuple(kept.T)] = values if sizes else values[0]
        return result.reshape([d if i in left else 1 for i, d in enumerate(input_shape)] if keep_dims else sizes)

    return kernel


def _sparse(ufunc: np.ufunc) -> Any:
    def kernel(input_indices, input_values, input_shape, reduction_axes, keep_dims):
        kept, values, sizes, left = _groups(ufunc, input_indices, input_values, input_shape, reduction_axes)
        if not keep_dims:
            return kept, values, np.array(sizes, np.int64)
        indices, shape = np.zeros((len(kept), len(input_shape)), np.int64), np.ones_like(input_shape)
        indices[:, left], shape[left] = kept, sizes
        return indices, values, shape

    return kernel


_SAMPLES = [
    sample(TWO, [2.0, -4.0, 5.0], SHAPE, [0], keep_dims=False),
    sample(TWO, [2.0, -4.0, 5.0], SHAPE, [-1], keep_dims=True),
    sample(ONE[::-1], [2.0, -4.0], SHAPE, [1, 0], keep_dims=False),
]


@op(f"SparseReduceSum{_INPUTS} -> {_DENSE}", keep_dims=False, T=NUMERIC)
class SparseReduceSum:
    """Dense sums along axes."""

    shape = _dense_shape
    cpu = _dense(np.add)

    def grad(op, dy):
        indices, shape = op.inputs[0], op.inputs[2]
        kept = reduced_shape(shape, op.inputs[3])
        dy = reshape(dy, kept)
        scale = shape // cast(kept, int64)
        return None, raw.GatherNd(dy, indices // scale), None, None

    samples = _SAMPLES


@op(f"SparseReduceSumSparse{_INPUTS} -> {_SPARSE}", keep_dims=False, T=NUMERIC)
class SparseReduceSumSparse:
    """Sums along axes, where there is something to add up."""

    shape = _sparse_shapes
    cpu = _sparse(np.add)
    samples = _SAMPLES


@op(f"SparseReduceMax{_INPUTS} -> {_DENSE}", keep_dims=False, T=REAL)
class SparseReduceMax:
    """The dense largest of the elements that are there, along axes; 0 where there is none."""

    shape = _dense_shape
    cpu = _dense(np.maximum)
    samples = _SAMPLES


@op(f"SparseReduceMaxSparse{_INPUTS} -> {_SPARSE}", keep_dims=False, T=REAL)
class SparseReduceMaxSparse:
    """The largest of the elements that are there, along axes."""

    shape = _sparse_shapes
    cpu = _sparse(np.maximum)
    samples = _SAMPLES


@op("SparseSoftmax(sp_indices: int64, sp_values: T, sp_shape: int64) -> (output: T)", T=(float32, float64))
class SparseSoftmax:
    """exp(x) / sum(exp(x)) over the elements that are there in each row of the last dimension."""

    def shape(sp_indices, sp_values, sp_shape):
        ranked(sp_indices, 2, "Input sp_indices should be a matrix but received shape: {}")
        words = "Inputs sp_values and sp_shape should be vectors but received shapes: "
        values = ranked(sp_values, 1, f"{words}{{}} and {text(sp_shape)}")
        ranked(sp_shape, 1, f"{words}{text(sp_values)} and {{}}")
        return values

    def cpu(sp_indices, sp_values, sp_shape):
        if len(sp_shape) < 2:
            raise invalid(f"Input should have rank >= 2, but received shape: {' '.join(map(str, sp_shape.tolist()))}")
        check_rows(sp_indices, sp_values)
        if not len(sp_values):
            return sp_values.copy()
        # Values that come in another order go out in this one, as TensorFlow's do.
        order = row_major_order(sp_indices)
        indices, values = (sp_indices, sp_values) if order is None else (sp_indices[order], sp_values[order])
        starts = starts_of_rows(indices[:, :-1])
        counts = np.diff(starts, append=len(values))
        powers = np.exp(values - np.repeat(np.maximum.reduceat(values, starts), counts))
        return powers / np.repeat(np.add.reduceat(powers, starts), counts)

    def grad(op, dy):
        indices, shape = op.inputs[0], op.inputs[2]
        y = op.outputs[0]
        with_gradient = SparseTensor(indices, dy, shape)
        product = SparseTensor(indices, y * dy, shape)
        sums = -sparse_reduce_sum(product, [-1], keepdims=True)
        total = SparseDenseCwiseAdd(indices, with_gradient.values, shape, sums)
        return None, total * y, None

    samples = [sample(TWO, [2.0, 1.0, 5.0], SHAPE), sample(ONE, [2.0, -4.0], SHAPE)]


def _define(symbol: str, definition: OpDef, what: str) -> Any:
    is_sparse = len(definition.outputs) > 1

    def reduction(
        sp_input: SparseTensor,
        axis: Any = None,
        keepdims: Any = None,
        reduction_axes: Any = None,
        keep_dims: Any = None,
    ) -> Any:
        keepdims = renamed_argument("keepdims", keepdims, "keep_dims", keep_dims)
        axis = reduction_dims(sp_input, renamed_argument("axis", axis, "reduction_axes", reduction_axes))
        result = definition(sp_input.indices, sp_input.values, sp_input.dense_shape, axis, bool(keepdims))
        return SparseTensor(*result) if is_sparse else result

    reduction.__name__ = reduction.__qualname__ = f"sparse_{symbol}"
    reduction.__doc__ = f"""{what}

    Args:
      axis: an int or a list of them, negative ones counted from the end; None for all.
      keepdims: whether the reduced dimensions stay, with size 1.
      reduction_axes, keep_dims: older names of `axis` and `keepdims`.

    Raises:
      ValueError: an argument is given under both its names.
      InvalidArgumentError: an axis does not exist.
    """
    return export(f"sparse.{symbol}", f"sparse_{symbol}")(reduction)


sparse_reduce_sum = _define("reduce_sum", SparseReduceSum, "The sum of the elements along `axis`, dense.")
sparse_reduce_sum_sparse = _define(
    "reduce_sum_sparse", SparseReduceSumSparse, "The sum of the elements along `axis`, sparse."
)
sparse_reduce_max = _define(
    "reduce_max", SparseReduceMax, "The largest of the elements that are there along `axis`, dense; 0 where none is."
)
sparse_reduce_max_sparse = _define(
    "reduce_max_sparse", SparseReduceMaxSparse, "The largest of the elements that are there along `axis`, sparse."
)


@export("sparse.softmax", "sparse_softmax")
def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """The softmax over the elements that are there in each row of the last dimension; elements in row-major order.

    Raises:
      InvalidArgumentError: the rank is less than 2.
    """
    with name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = SparseSoftmax(sp_input.indices, sp_input.values, sp_input.dense_shape)
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)
