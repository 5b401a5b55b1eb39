"""A sparse matrix times a dense one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import ANY, INDEX, complex64, complex128, int64
from pyflow.core.registry import ShapeError, one_of, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import transpose
from pyflow.ops.array_gather import gather
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.segment_kernels import reduce_unsorted
from pyflow.ops.shape_rules import merge_dim, text
from pyflow.ops.sparse_coordinates import ONE, SHAPE, as_sparse, check_rank, invalid, ranked

# How many products are formed at a time, so that they don't take more memory than the result is worth.
_CHUNK = 2**20


@op(
    "SparseTensorDenseMatMul(a_indices: Tindices, a_values: T, a_shape: int64, b: T) -> (product: T)",
    T=ANY,
    Tindices=one_of(INDEX, default=int64),
    adjoint_a=False,
    adjoint_b=False,
)
class SparseTensorDenseMatMul:
    """The product of a sparse matrix [m, k] and a dense one [k, n]; coordinates may occur in any order, and twice."""

    def shape(a_indices, a_values, a_shape, b, a_shape_dims, adjoint_a, adjoint_b):
        ranked(a_indices, 2, "Tensor 'a_indices' is not a matrix")
        ranked(a_values, 1, "Tensor 'a_values' is not a vector")
        rank = ranked(a_shape, 1, "Tensor 'a_shape' is not a vector")[0]
        if rank not in (None, 2):
            raise ShapeError(f"Shape must be rank 2 but is rank {rank}", "Tensor 'a_shape' must have 2 elements")
        a = (None, None) if a_shape_dims is None else a_shape_dims
        rows, inner = a[::-1] if adjoint_a else a
        right = ranked(b, 2, "Tensor 'b' is not a matrix")
        other, columns = right[::-1] if adjoint_b else right
        merge_dim(inner, other)
        return (rows, columns)

    def cpu(a_indices, a_values, a_shape, b, adjoint_a, adjoint_b):
        _check(a_indices, a_values, a_shape, b)
        rows, inner = a_shape.tolist()[::-1] if adjoint_a else a_shape.tolist()
        right = b.conj().T if adjoint_b else b
        if inner != len(right):
            sides = f"Dimensions of A: [{rows}, {inner}).  Dimensions of B: {text(right.shape)}"
            words = f"inner dimension does not match: {inner} vs. {len(right)}.  Did you forget a transpose?"
            raise invalid(f"Cannot multiply A and B because {words}  {sides}")
        targets, sources = a_indices.T[::-1] if adjoint_a else a_indices.T
        factors = a_values.conj() if adjoint_a else a_values
        _check_within("k", sources, inner, 0 if adjoint_a else 1)
        _check_within("m", targets, rows, 1 if adjoint_a else 0)
        return _product(targets, sources, factors, right, rows)

    def grad(op, dy):
        indices, values, a_shape, b = op.inputs
        adjoint_a, adjoint_b = op.attrs["adjoint_a"], op.attrs["adjoint_b"]
        if values.dtype.base_dtype in (complex64, complex128):
            raise NotImplementedError("SparseTensorDenseMatMul op does not support complex gradients.")
        db = SparseTensorDenseMatMul(indices, values, a_shape, dy, adjoint_a=not adjoint_a)
        if adjoint_b:
            db = transpose(db)
        rows, columns = indices[:, 0], indices[:, 1]
        outer = gather(dy, columns if adjoint_a else rows)
        inner = gather(transpose(b) if adjoint_b else b, rows if adjoint_a else columns)
        return None, reduce_sum(outer * inner, axis=1), None, db

    samples = [
        sample(ONE, [2.0, -4.0], SHAPE, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
        sample(ONE, [2.0, -4.0], SHAPE, [[1.0], [2.0], [3.0]], adjoint_a=True),
        sample(ONE, [2.0, -4.0], SHAPE, [[1.0, 2.0]], adjoint_b=True),
        sample(np.array([[1, 1], [0, 1], [1, 1]], np.int32), [1.0, 2.0, 3.0], np.array([2, 2]), [[1.0], [2.0]]),
    ]


def _check(indices: Any, values: Any, shape: Any, b: Any) -> None:
    for name, array, rank in (("b", b, 2), ("a_shape", shape, 1), ("a_values", values, 1), ("a_indices", indices, 2)):
        check_rank(array, rank, f"Tensor '{name}' is not a {'vector' if rank == 1 else 'matrix'}")
    if len(shape) != 2:
        raise invalid("Tensor 'a_shape' must have 2 elements")
    if len(values) != len(indices):
        raise invalid("Number of rows of a_indices does not match number of entries in a_values")
    if indices.shape[1] != 2:
        raise invalid("Number of columns of a_indices does not match number of entries in a_shape")


def _check_within(name: str, numbers: np.ndarray, size: int, column: int) -> None:
    wrong = (numbers < 0) | (numbers >= size)
    if wrong.any():
        i = int(np.argmax(wrong))
        raise invalid(f"{name} ({numbers[i]}) from index[{i},{column}] out of bounds (>={size})")


def _product(targets: Any, sources: Any, factors: np.ndarray, right: np.ndarray, rows: int) -> np.ndarray:
    product = np.zeros((rows, right.shape[1]), right.dtype)
    if np.any(targets[1:] < targets[:-1]):
        order = np.argsort(targets, kind="stable")
        targets, sources, factors = targets[order], sources[order], factors[order]
    step = max(_CHUNK // max(right.shape[1], 1), 1)
    for start in range(0, len(targets), step):
        part = slice(start, start + step)
        sums = np.zeros_like(product) if start else product
        terms = factors[part, np.newaxis] * right[sources[part]]
        reduce_unsorted(np.add, terms, targets[part], sums)
        if start:
            product += sums
    return product


@export("sparse.sparse_dense_matmul", "sparse.matmul", "sparse_tensor_dense_matmul")
def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The dense product of a sparse matrix [m, k] and a dense one [k, n].

    Args:
      adjoint_a, adjoint_b: take the conjugate transpose of that side.

    Raises:
      TypeError: `sp_a` is no sparse tensor.
      ValueError: the inner dimensions differ (InvalidArgumentError, when it turns out in a run).
    """
    sp_a = as_sparse(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp_a.indices, sp_a.values, b]):
        b = convert_to_tensor(b, name="b")
        return SparseTensorDenseMatMul(
            sp_a.indices, sp_a.values, sp_a.dense_shape, b, adjoint_a=adjoint_a, adjoint_b=adjoint_b
        )
