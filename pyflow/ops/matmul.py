"""Matrix products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import bfloat16, float32
from pyflow.core.registry import ShapeError, one_of, op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.complex_numbers import conj
from pyflow.ops.gpu import REALS, dispatches
from pyflow.ops.gpu_matmul import batched_products, matrix_products
from pyflow.ops.primitives import primitives
from pyflow.ops.shape_rules import broadcast_shapes, merge, merge_dim, text, with_rank, with_rank_at_least

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
_SPARSE_TYPE = one_of((float32, bfloat16), default=float32)


# Products up to this size are summed as TensorFlow sums them, so that small programs print its digits on any machine.
_FEW_TERMS = 16
_FEW_ELEMENTS = 256


def _multiply_few(a: np.ndarray, b: np.ndarray, out: np.ndarray, rounds_products: bool) -> None:
    """Adds term by term, rounding after each; in what order BLAS adds, and when it rounds, depends on the machine."""
    products = np.multiply(a.T[:, :, None], b[:, None, :], dtype=np.float32 if rounds_products else np.float64)
    if rounds_products:
        out[...] = np.add.accumulate(products)[-1]
        return
    out[...] = products[0]
    for product in products[1:]:
        np.add(out, product, out=out, casting="same_kind")


def _multiply(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    if out.dtype == np.float16:
        # BLAS has no half precision; sums in single precision are exacter as well.
        out[...] = np.matmul(x.astype(np.float32), y.astype(np.float32))
    else:
        primitives.multiply(x, y, out)


def sums_few_terms(dtype: Any, terms: int, shape: tuple[int, ...]) -> bool:
    """Whether a product of two matrices is so small that it is computed digit by digit as TensorFlow does."""
    return dtype == np.float32 and 0 < terms <= _FEW_TERMS and math.prod(shape) <= _FEW_ELEMENTS


def _matrix_product_shape(a, b, transpose_a, transpose_b):
    try:
        return _product_shape(a, b, transpose_a, transpose_b)
    except ShapeError as error:
        words = f"Matrix size-incompatible: In[0]: {text(a)}, In[1]: {text(b)}"
        for i, shape in ((1, b), (0, a)):
            if shape is not None and len(shape) != 2:
                words = f"In[{i}] is not a matrix. Instead it has shape {text(shape)}"
        raise ShapeError(str(error), words) from None


def _sparse_product_shape(a, b, transpose_a, transpose_b):
    try:
        return _product_shape(a, b, transpose_a, transpose_b)
    except ShapeError as error:
        words = f"Matrix size incompatible: a: {text(a)}, b: {text(b)}"
        for name, shape in (("b", b), ("a", a)):
            if shape is not None and len(shape) != 2:
                words = f"{name} is not a matrix"
        raise ShapeError(str(error), words) from None


def _product_shape(a: Any, b: Any, transpose_a: bool, transpose_b: bool) -> tuple:
    a, b = with_rank(a, 2), with_rank(b, 2)
    merge_dim(a[0 if transpose_a else 1], b[1 if transpose_b else 0])
    return (a[1 if transpose_a else 0], b[0 if transpose_b else 1])


@op("MatMul(a: T, b: T) -> (product: T)", transpose_a=False, transpose_b=False, T=MATRIX_TYPES)
class MatMul:
    """The product of two matrices, each transposed first if so asked."""

    shape = _matrix_product_shape

    def cpu(a, b, transpose_a, transpose_b, out):
        a, b = a.T if transpose_a else a, b.T if transpose_b else b
        if sums_few_terms(a.dtype, a.shape[1], out.shape):
            # What TensorFlow was seen to print: 1.15 rounds each product throughout, 2.21 where a constant is folded or
            # the right side is a column, and else not. With this rule both give the digits of books' small programs.
            _multiply_few(a, b, out, rounds_products=1 in out.shape and not transpose_a and not transpose_b)
        else:
            _multiply(a, b, out)

    def grad(op, dy):
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        ta, tb = op.attrs["transpose_a"], op.attrs["transpose_b"]
        if not ta and not tb:
            return MatMul(dy, b, transpose_b=True), MatMul(a, dy, transpose_a=True)
        if not ta:
            return MatMul(dy, b), MatMul(dy, a, transpose_a=True)
        if not tb:
            return MatMul(b, dy, transpose_b=True), MatMul(a, dy)
        return MatMul(b, dy, transpose_a=True, transpose_b=True), MatMul(dy, a, transpose_a=True, transpose_b=True)

    gpu = dispatches(matrix_products, types=REALS)
    samples = [
        sample([[1.0, -2.0, 0.5], [0.25, 3.0, 1.5]], [[2.0], [-1.0], [0.5]]),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_a=True),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_b=True),
        sample([[1.0, -2.0], [0.25, 3.0]], [[2.0, 1.0], [-1.0, 4.0]], transpose_a=True, transpose_b=True),
    ]


@op(
    "SparseMatMul(a: Ta, b: Tb) -> (product: float32)",
    transpose_a=False,
    transpose_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    Ta=_SPARSE_TYPE,
    Tb=_SPARSE_TYPE,
)
class SparseMatMul:
    """The product of two matrices of which one is said to be mostly zeros; they are multiplied like any others."""

    shape = _sparse_product_shape

    def cpu(a, b, transpose_a, transpose_b, out):
        primitives.multiply(a.T if transpose_a else a, b.T if transpose_b else b, out)

    def grad(op, dy):
        a, b = op.inputs
        ta, tb = op.attrs["transpose_a"], op.attrs["transpose_b"]
        # A gradient that has come through a relu is likely to be sparse too.
        sparse = {a: op.attrs["a_is_sparse"], b: op.attrs["b_is_sparse"], dy: dy.op.type == "ReluGrad"}

        def product(x: Tensor, y: Tensor, of: Tensor, transpose_x: bool = False, transpose_y: bool = False) -> Tensor:
            from pyflow.ops.array import transpose
            from pyflow.ops.cast import cast

            x_sparse, y_sparse = sparse[x], sparse[y]
            result = matmul(
                x,
                transpose(y) if transpose_y else y,
                transpose_a=transpose_x,
                a_is_sparse=x_sparse,
                b_is_sparse=y_sparse,
            )
            return result if result.dtype == of.dtype.base_dtype else cast(result, of.dtype.base_dtype)

        if not ta and not tb:
            return product(dy, b, a, transpose_y=True), product(a, dy, b, transpose_x=True)
        if not ta:
            return product(dy, b, a), product(dy, a, b, transpose_x=True)
        if not tb:
            return product(b, dy, a, transpose_y=True), product(a, dy, b)
        return product(b, dy, a, True, True), product(dy, a, b, True, True)

    samples = [sample(np.eye(2, dtype=np.float32), np.ones((2, 3), np.float32), a_is_sparse=True, grad=False)]


sparse_matmul = export("sparse_matmul")(SparseMatMul)


def _same_batch_shape(x, y, adj_x, adj_y):
    try:
        x, y = with_rank_at_least(x, 2), with_rank_at_least(y, 2)
        batch = merge(None if x is None else x[:-2], None if y is None else y[:-2])
        return _inner_shape(batch, x, y, adj_x, adj_y)
    except ShapeError as error:
        words = ""
        if x is not None and y is not None and len(x) != len(y):
            words = f"In[0] and In[1] has different ndims: {text(x)} vs. {text(y)}"
        elif x is not None and y is not None and x[:-2] != y[:-2]:
            axis = next(i for i, (a, b) in enumerate(zip(x, y)) if a != b)
            words = f"In[0].dim({axis}) and In[1].dim({axis}) must be the same: {text(x)} vs {text(y)}"
        raise ShapeError(str(error), words or _why_no_product(x, y, adj_x, adj_y)) from None


def _broadcast_batch_shape(x, y, adj_x, adj_y):
    try:
        x, y = with_rank_at_least(x, 2), with_rank_at_least(y, 2)
        if x is None or y is None:
            return None
        inner = _inner_shape((), x, y, adj_x, adj_y)
    except ShapeError as error:
        raise ShapeError(str(error), _why_no_product(x, y, adj_x, adj_y)) from None
    try:
        return (*broadcast_shapes(x[:-2], y[:-2]), *inner)  # type: ignore[misc]
    except ShapeError as error:
        words = f"In[0] and In[1] must have compatible batch dimensions: {text(x)} vs. {text(y)}"
        raise ShapeError(str(error), words) from None


def _inner_shape(batch: Any, x: Any, y: Any, adj_x: bool, adj_y: bool) -> Any:
    rows, inner_x = (None, None) if x is None else (x[-1 if adj_x else -2], x[-2 if adj_x else -1])
    inner_y, columns = (None, None) if y is None else (y[-1 if adj_y else -2], y[-2 if adj_y else -1])
    merge_dim(inner_x, inner_y)
    return None if batch is None else (*batch, rows, columns)


def _why_no_product(x: Any, y: Any, adj_x: bool, adj_y: bool) -> str:
    for i, shape in enumerate((x, y)):
        if shape is not None and len(shape) < 2:
            return f"In[{i}] ndims must be >= 2: {len(shape)}"
    if x is None or y is None:
        return ""
    inner = f"{x[-2 if adj_x else -1]} vs. {y[-1 if adj_y else -2]}"
    return f"In[0] mismatch In[1] shape: {inner}: {text(x)} {text(y)} {adj_x:d} {adj_y:d}"


def _adjoint(x: np.ndarray) -> np.ndarray:
    x = np.swapaxes(x, -1, -2)
    return np.conj(x) if x.dtype.kind == "c" else x


def _batch_product(x, y, adj_x, adj_y, out):
    _multiply(_adjoint(x) if adj_x else x, _adjoint(y) if adj_y else y, out)


def _batch_gradients(op: Any, dy: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of a batch product, before what was broadcast is summed."""
    x, y = op.inputs
    adj_x, adj_y = op.attrs["adj_x"], op.attrs["adj_y"]
    if not adj_x and not adj_y:
        return matmul(dy, y, adjoint_b=True), matmul(x, dy, adjoint_a=True)
    if not adj_x:
        return matmul(dy, y), matmul(dy, x, adjoint_a=True)
    if not adj_y:
        return matmul(y, dy, adjoint_b=True), matmul(x, dy)
    return matmul(y, dy, adjoint_a=True, adjoint_b=True), matmul(dy, x, adjoint_a=True, adjoint_b=True)


@op("BatchMatMul(x: T, y: T) -> (output: T)", T=MATRIX_TYPES, adj_x=False, adj_y=False)
class BatchMatMul:
    """Products of matrices in batches of equal shape."""

    shape = _same_batch_shape

    cpu = _batch_product
    grad = _batch_gradients

    gpu = dispatches(batched_products, types=REALS)
    samples = [sample([[[1.0, -2.0], [0.5, 3.0]]], [[[2.0, 1.0], [-1.0, 0.5]]], adj_y=True)]


@op("BatchMatMulV2(x: T, y: T) -> (output: T)", T=MATRIX_TYPES, adj_x=False, adj_y=False)
class BatchMatMulV2:
    """Products of matrices in batches whose shapes broadcast."""

    shape = _broadcast_batch_shape
    cpu = _batch_product

    def grad(op, dy):
        from pyflow.ops.array import reshape, shape
        from pyflow.ops.reduce_functions import reduce_sum

        x, y = op.inputs
        dx, dy_ = _batch_gradients(op, dy)
        static = x._shape_tuple()
        if static is not None and None not in static and static == y._shape_tuple():
            return dx, dy_
        shape_x, shape_y = shape(x), shape(y)
        rx, ry = raw.BroadcastGradientArgs(shape_x[:-2], shape_y[:-2])
        dx = reshape(reduce_sum(dx, rx), shape_x)
        return dx, reshape(reduce_sum(dy_, ry), shape_y)

    gpu = dispatches(batched_products, types=REALS)
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
) -> Tensor:
    """The matrix product of the last two dimensions.

    Args:
      a: shape [..., n, m]; floating, complex, int32 or int64, of one dtype with `b`.
      b: shape [..., m, k]; the batch dimensions of the two broadcast.
      transpose_a, transpose_b: use the argument transposed.
      adjoint_a, adjoint_b: use it transposed and conjugated.
      a_is_sparse, b_is_sparse: a hint that float32 or bfloat16 matrices are mostly zeros. The result is the same.

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
        is_batch = a._rank is None or a._rank > 2 or b._rank is None or b._rank > 2
        if is_batch and not a_is_sparse and not b_is_sparse:
            # Batch products know adjoints only, the others transposition only; each takes a conjugate for the other.
            if transpose_a:
                a, adjoint_a = conj(a), True
            if transpose_b:
                b, adjoint_b = conj(b), True
            return BatchMatMulV2(a, b, adj_x=adjoint_a, adj_y=adjoint_b, name=name)
        if adjoint_a:
            a, transpose_a = conj(a), True
        if adjoint_b:
            b, transpose_b = conj(b), True
        both = {a.dtype.base_dtype, b.dtype.base_dtype}
        if (a_is_sparse or b_is_sparse) and both <= {float32, bfloat16} or bfloat16 in both and len(both) == 2:
            product = SparseMatMul(a, b, transpose_a, transpose_b, a_is_sparse, b_is_sparse, name=name)
            if both != {bfloat16}:
                return product
            from pyflow.ops.cast import cast

            return cast(product, bfloat16)
        return MatMul(a, b, transpose_a=transpose_a, transpose_b=transpose_b, name=name)


@export("linalg.matvec")
def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of matrices [..., n, m] with vectors [..., m]: vectors [..., n].

    Args:
      transpose_a, adjoint_a: use `a` transposed, or transposed and conjugated.
      a_is_sparse, b_is_sparse: as for `matmul`.

    Raises:
      ValueError: `a` is to be both transposed and adjoint, or the inner dimensions differ.
    """
    from pyflow.ops.array import expand_dims, squeeze

    with name_scope(name, "MatVec", [a, b]):
        columns = expand_dims(b, axis=-1)
        product = matmul(
            a,
            columns,
            transpose_a=transpose_a,
            adjoint_a=adjoint_a,
            a_is_sparse=a_is_sparse,
            b_is_sparse=b_is_sparse,
        )
        return squeeze(product, axis=-1)
