"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import ShapeError, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.ops.shape_rules import broadcast_shapes, merge_dim, with_rank, with_rank_at_least

MATRIX_TYPES = (
    dtypes.bfloat16,
    dtypes.float16,
    dtypes.float32,
    dtypes.float64,
    dtypes.int32,
    dtypes.int64,
    dtypes.complex64,
    dtypes.complex128,
)


@op(
    "MatMul(a: T, b: T) -> (product: T)",
    transpose_a=False,
    transpose_b=False,
    T=MATRIX_TYPES,
)
class MatMul:
    """The product of two matrices, each transposed first if so asked."""

    def shape(a, b, transpose_a, transpose_b):
        a, b = with_rank(a, 2), with_rank(b, 2)
        merge_dim(a[0 if transpose_a else 1], b[1 if transpose_b else 0])
        return (a[1 if transpose_a else 0], b[0 if transpose_b else 1])

    def cpu(a, b, transpose_a, transpose_b, out):
        np.matmul(a.T if transpose_a else a, b.T if transpose_b else b, out=out)

    def grad(op, dy):
        a, b = op.inputs
        ta, tb = op.attrs["transpose_a"], op.attrs["transpose_b"]
        if not ta and not tb:
            return MatMul(dy, b, transpose_b=True, name="MatMul"), MatMul(a, dy, transpose_a=True, name="MatMul_1")
        if not ta:
            return MatMul(dy, b, name="MatMul"), MatMul(dy, a, transpose_a=True, name="MatMul_1")
        if not tb:
            return MatMul(b, dy, transpose_b=True, name="MatMul"), MatMul(a, dy, name="MatMul_1")
        return (
            MatMul(b, dy, transpose_a=True, transpose_b=True, name="MatMul"),
            MatMul(dy, a, transpose_a=True, transpose_b=True, name="MatMul_1"),
        )

    samples = [
        sample([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]], [[2.0], [-1.0], [0.5]]),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_a=True),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_b=True),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_a=True, transpose_b=True),
    ]


def _batch_shape(x, y, adj_x, adj_y):
    x, y = with_rank_at_least(x, 2), with_rank_at_least(y, 2)
    if x is None or y is None:
        return None
    merge_dim(x[-2 if adj_x else -1], y[-1 if adj_y else -2])
    batch = broadcast_shapes(x[:-2], y[:-2])
    return (*batch, x[-1 if adj_x else -2], y[-2 if adj_y else -1])


def _adjoint(x: np.ndarray) -> np.ndarray:
    x = np.swapaxes(x, -1, -2)
    return np.conj(x) if x.dtype.kind == "c" else x


def _batch_product(x, y, adj_x, adj_y, out):
    np.matmul(_adjoint(x) if adj_x else x, _adjoint(y) if adj_y else y, out=out)


def _product_gradients(product: Any, op: Any, dy: Any) -> tuple:
    """The two products that make the gradients of `op`, by whether its arguments were transposed."""
    x, y = op.inputs
    adj_x, adj_y = op.attrs["adj_x"], op.attrs["adj_y"]
    if not adj_x:
        if not adj_y:
            return product(dy, y, adj_x=False, adj_y=True), product(x, dy, adj_x=True, adj_y=False)
        return product(dy, y, adj_x=False, adj_y=False), product(dy, x, adj_x=True, adj_y=False)
    if not adj_y:
        return product(y, dy, adj_x=False, adj_y=True), product(x, dy, adj_x=False, adj_y=False)
    return product(y, dy, adj_x=True, adj_y=True), product(dy, x, adj_x=True, adj_y=True)


@op("BatchMatMul(x: T, y: T) -> (output: T)", T=MATRIX_TYPES, adj_x=False, adj_y=False)
class BatchMatMul:
    """Products of matrices in batches of equal shape."""

    shape = _batch_shape
    cpu = _batch_product

    def grad(op, dy):
        return _product_gradients(BatchMatMul, op, dy)

    samples = [sample([[[1.0, -2.0], [0.5, 3.0]]], [[[2.0, 1.0], [-1.0, 0.5]]], adj_y=True)]


@op("BatchMatMulV2(x: T, y: T) -> (output: T)", T=MATRIX_TYPES, adj_x=False, adj_y=False)
class BatchMatMulV2:
    """Products of matrices in batches whose shapes broadcast."""

    shape = _batch_shape
    cpu = _batch_product

    def grad(op, dy):
        dx, dy_ = _product_gradients(BatchMatMulV2, op, dy)
        x, y = op.inputs
        shape_x, shape_y = raw.Shape(x), raw.Shape(y)
        batch_x = raw.StridedSlice(shape_x, [0], [-2], [1], begin_mask=1)
        batch_y = raw.StridedSlice(shape_y, [0], [-2], [1], begin_mask=1)
        rx, ry = raw.BroadcastGradientArgs(batch_x, batch_y)
        return (
            raw.Reshape(raw.Sum(dx, rx), shape_x),
            raw.Reshape(raw.Sum(dy_, ry), shape_y),
        )

    samples = [
        sample([[[1.0, -2.0], [0.5, 3.0]], [[0.1, 0.2], [0.3, 0.4]]], [[2.0, 1.0], [-1.0, 0.5]]),
        sample([[[1.0, -2.0], [0.5, 3.0]]], [[[2.0, 1.0], [-1.0, 0.5]]], adj_x=True, adj_y=True),
    ]


@export("matmul", "linalg.matmul")
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The matrix product of the last two dimensions.

    Args:
      a: shape [..., n, m]; of one dtype with `b`.
      b: shape [..., m, k].
      transpose_a, transpose_b: use the argument transposed.
      adjoint_a, adjoint_b: use it transposed and conjugated.
      a_is_sparse, b_is_sparse: a hint, which has no effect.

    Returns:
      A tensor of shape [..., n, k].

    Raises:
      ValueError: an argument is to be both transposed and adjoint, or the inner dimensions differ.
    """
    with name_scope(name, "MatMul", [a, b]) as name:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, name="b")
        if (a._rank is None or a._rank > 2) or (b._rank is None or b._rank > 2):
            if transpose_a:
                a, adjoint_a = raw.Conj(a) if a.dtype.is_complex else a, True
            if transpose_b:
                b, adjoint_b = raw.Conj(b) if b.dtype.is_complex else b, True
            return BatchMatMulV2(a, b, adj_x=adjoint_a, adj_y=adjoint_b, name=name)
        if adjoint_a:
            a, transpose_a = raw.Conj(a) if a.dtype.is_complex else a, True
        if adjoint_b:
            b, transpose_b = raw.Conj(b) if b.dtype.is_complex else b, True
        return MatMul(a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=name)
