"""Rows of sparse tensors: filling the empty ones, keeping some of the values."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import ANY
from pyflow.core.registry import op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import dimension_at_index
from pyflow.core.sparse_tensor import SparseTensor
from pyflow.core.tensor import Tensor
from pyflow.ops.array import reshape
from pyflow.ops.array_gather import gather
from pyflow.ops.array_identity import identity
from pyflow.ops.array_selection import where_v2
from pyflow.ops.shape_rules import merge_dim
from pyflow.ops.sparse_coordinates import SHAPE, TWO, as_sparse, check_rank, check_rows, invalid, ranked

_WORDS = {
    "indices": "indices must be a matrix, saw: {}",
    "values": "values must be a vector, saw: {}",
    "dense_shape": "dense_shape must be a vector, saw: {}",
    "default_value": "default_value must be a scalar, saw: {}",
}


@op(
    "SparseFillEmptyRows(indices: int64, values: T, dense_shape: int64, default_value: T) -> (output_indices: int64, "
    "output_values: T, empty_row_indicator: bool, reverse_index_map: int64)",
    T=ANY,
)
class SparseFillEmptyRows:
    """Row by row, with `default_value` in column 0 of rows without values.

    Gives also which rows those are, and where each value of the input went.
    """

    def shape(indices, values, dense_shape, default_value, dense_shape_dims):
        count, columns = ranked(indices, 2, _WORDS["indices"])
        count = merge_dim(count, ranked(values, 1, _WORDS["values"])[0])
        rank = merge_dim(columns, ranked(dense_shape, 1, _WORDS["dense_shape"])[0])
        ranked(default_value, 0, _WORDS["default_value"])
        rows = dense_shape_dims[0] if dense_shape_dims else None
        return [(None, rank), (None,), (rows,), (count,)]

    def cpu(indices, values, dense_shape, default_value):
        for words, array, rank in zip(_WORDS.values(), (indices, values, dense_shape, default_value), (2, 1, 1, 0)):
            check_rank(array, rank, words)
        check_rows(indices, values)
        count, rows, columns = len(indices), int(dense_shape[0]), indices[:, 0]
        if rows == 0 and count:
            raise invalid(f"Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = {count}")
        wrong = (columns < 0) | (columns >= rows)
        if wrong.any():
            i = int(np.argmax(wrong))
            raise invalid(f"indices({i}, 0) is invalid: {columns[i]} >= {rows}")
        empty = np.bincount(columns, minlength=rows) == 0
        added = np.zeros((int(empty.sum()), indices.shape[1]), np.int64)
        added[:, 0] = np.flatnonzero(empty)
        everything = np.concatenate((indices, added))
        numbers = np.empty(len(everything), values.dtype)
        numbers[:count], numbers[count:] = values, default_value
        order = np.argsort(everything[:, 0], kind="stable")
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order))
        return everything[order], numbers[order], empty, places[:count]

    def grad(op, indices_grad, values_grad, indicator_grad, map_grad):
        values, default = SparseFillEmptyRowsGrad(op.outputs[3], values_grad)
        return None, values, None, default

    samples = [sample(TWO[::-1], [1.0, 2.0, 3.0], SHAPE, 9.0), sample(np.array([[2, 1]]), [1.0], SHAPE, 9.0)]


@op(
    "SparseFillEmptyRowsGrad(reverse_index_map: int64, grad_values: T) -> (d_values: T, d_default_value: T)",
    T=ANY,
)
class SparseFillEmptyRowsGrad:
    """The gradients of SparseFillEmptyRows to its values and to the value that fills."""

    def shape(reverse_index_map, grad_values):
        count = ranked(reverse_index_map, 1, "reverse_index_map must be a vector, saw: {}")
        ranked(grad_values, 1, "grad_values must be a vector, saw: {}")
        return [count, ()]

    def cpu(reverse_index_map, grad_values):
        check_rank(reverse_index_map, 1, "reverse_index_map must be a vector, saw: {}")
        check_rank(grad_values, 1, "grad_values must be a vector, saw: {}")
        count = len(grad_values)
        wrong = (reverse_index_map < 0) | (reverse_index_map >= count)
        if wrong.any():
            first = reverse_index_map[np.argmax(wrong)]
            raise invalid(f"Elements in reverse index must be in [0, {count}) but got {first}")
        added = np.ones(count, bool)
        added[reverse_index_map] = False
        return grad_values[reverse_index_map], grad_values[added].sum(dtype=grad_values.dtype)

    samples = [sample(np.array([2, 0]), [1.0, 2.0, 3.0], grad=False)]


@export("sparse.fill_empty_rows", "sparse_fill_empty_rows")
def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """A sparse tensor with `default_value` in column 0 of each row that has no value.

    Returns:
      The sparse tensor, row by row, and which rows were empty: bool [number of rows].

    Raises:
      TypeError: `sp_input` is no sparse tensor.
      InvalidArgumentError: a row number is outside the dense shape.
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sp_input]):
        default_value = convert_to_tensor(default_value, dtype=sp_input.values.dtype)
        indices, values, is_empty, _ = SparseFillEmptyRows(
            sp_input.indices, sp_input.values, sp_input.dense_shape, default_value
        )
        return SparseTensor(indices, values, sp_input.dense_shape), is_empty


@export("sparse.retain", "sparse_retain")
def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """The sparse tensor with only the values that `to_retain`, bool [n], says.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
      ValueError: `to_retain` is known to have another shape than the values.
    """
    sp_input = as_sparse(sp_input)
    to_retain = convert_to_tensor(to_retain)
    static = to_retain.get_shape()
    static.assert_has_rank(1)
    dims = sp_input.values.get_shape().dims
    if dims is not None:
        dims[0].merge_with(dimension_at_index(static, 0))
    kept = reshape(where_v2(to_retain), [-1])
    indices, values = gather(sp_input.indices, kept), gather(sp_input.values, kept)
    return SparseTensor(indices, values, identity(sp_input.dense_shape))
