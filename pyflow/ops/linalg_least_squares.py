"""Linear least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import complex128
from pyflow.core.registry import op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import matrix_transpose, shape
from pyflow.ops.cast import cast
from pyflow.ops.linalg_basics import eye
from pyflow.ops.linalg_cholesky import Cholesky, cholesky_factor, cholesky_solve
from pyflow.ops.linalg_rules import (
    FACTORED,
    adjoint_of,
    as_dtype_of,
    check_system,
    computable,
    invalid,
    solution_shape,
)
from pyflow.ops.linalg_solve import solve_triangular
from pyflow.ops.matmul import matmul

# Matrices that take more bytes than this don't fit a cache, and go to the op that reads each but once.
_CACHE_BYTES = 256000


def _solve_normal_equations(matrix: np.ndarray, rhs: np.ndarray, regularizer: float) -> np.ndarray:
    rows, columns = matrix.shape[-2:]
    is_tall = rows >= columns
    adjoint = adjoint_of(matrix)
    gramian = adjoint @ matrix if is_tall else matrix @ adjoint
    gramian += regularizer * np.eye(min(rows, columns), dtype=matrix.dtype)
    try:
        lower = cholesky_factor(gramian)
    except np.linalg.LinAlgError:
        larger = "a larger" if is_tall else "an"
        raise invalid(
            "Input matrix was rank deficient or ill-conditioned. "
            f"Try setting fast=False or provide {larger} l2_regularizer > 0."
        ) from None
    right = adjoint @ rhs if is_tall else rhs
    x = solve_triangular(lower, solve_triangular(lower, right, lower=True, adjoint=False), lower=True, adjoint=True)
    return x if is_tall else adjoint @ x


def _solve_orthogonally(matrix: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """The solutions of least norm, whatever the ranks of the matrices."""
    x = np.empty((*matrix.shape[:-2], matrix.shape[-1], rhs.shape[-1]), matrix.dtype)
    for i in np.ndindex(matrix.shape[:-2]):
        x[i] = np.linalg.lstsq(matrix[i], rhs[i], rcond=None)[0]
    return x


@op("MatrixSolveLs(matrix: T, rhs: T, l2_regularizer: float64) -> (output: T)", T=FACTORED, fast=True)
class MatrixSolveLs:
    """The x [..., n, k] that minimises |matrix x - rhs|^2 + l2_regularizer |x|^2 for matrices [..., m, n].

    `fast` solves the normal equations; otherwise the regularizer is not used, and the rank may be deficient.
    """

    def shape(matrix, rhs, l2_regularizer):
        return solution_shape(matrix, rhs, is_square=False)

    def cpu(matrix, rhs, l2_regularizer, fast):
        check_system(matrix, rhs, is_square=False)
        if np.ndim(l2_regularizer):
            raise invalid(f"Regularizer must be scalar, got shape {list(np.shape(l2_regularizer))}")
        regularizer = float(l2_regularizer)
        if regularizer < 0:
            raise invalid("Regularizer must be >= 0.")
        if matrix.size == 0 or rhs.size == 0:
            return np.zeros((*matrix.shape[:-2], matrix.shape[-1], rhs.shape[-1]), rhs.dtype)
        a, b = computable(matrix), computable(rhs)
        x = _solve_normal_equations(a, b, regularizer) if fast else _solve_orthogonally(a, b)
        return as_dtype_of(x, rhs)

    def grad(op, dy):
        a = op.inputs[0]
        if not op.attrs["fast"]:
            raise ValueError("Gradient not defined for fast=False")

        def overdetermined() -> tuple:
            b, x = op.inputs[1], op.outputs[0]
            regularizer = cast(op.inputs[2], a.dtype.base_dtype)
            factor = _regularized_gramian_cholesky(a, regularizer, of_columns=True)
            z = cholesky_solve(factor, dy)
            xz = matmul(x, z, adjoint_b=True)
            symmetric = xz + matrix_transpose(xz)
            da = -matmul(a, symmetric) + matmul(b, z, adjoint_b=True)
            return da, matmul(a, z)

        def underdetermined() -> tuple:
            b = op.inputs[1]
            regularizer = cast(op.inputs[2], a.dtype.base_dtype)
            factor = _regularized_gramian_cholesky(a, regularizer, of_columns=False)
            db = cholesky_solve(factor, matmul(a, dy))
            y = cholesky_solve(factor, b)
            first = -matmul(db, matmul(y, a, adjoint_a=True))
            second = matmul(y, dy - matmul(a, db, adjoint_a=True), adjoint_b=True)
            return first + second, db

        return (*_by_shape(a, overdetermined, underdetermined), None)

    samples = [
        sample([[2.0, 1.0], [0.5, 3.0], [1.0, -1.0]], [[1.0], [2.0], [-1.0]], np.float64(0.1)),
        sample([[2.0, 1.0, 0.5], [0.5, 3.0, -1.0]], [[1.0], [2.0]], np.float64(0.0)),
        sample([[2.0, 4.0], [1.0, 2.0]], [[1.0], [2.0]], np.float64(0.0), fast=False, grad=False),
    ]


def _by_shape(matrix: Tensor, tall: Any, wide: Any) -> Any:
    """What `tall` or `wide` builds, whichever the matrices are.

    Raises:
      NotImplementedError: that isn't known before the run.
    """
    if not _has_known_sides(matrix):
        raise NotImplementedError("The gradient of MatrixSolveLs for matrices whose sides are known in the run only")
    rows, columns = matrix.shape.as_list()[-2:]
    return tall() if rows >= columns else wide()


def _has_known_sides(matrix: Tensor) -> bool:
    sizes = matrix._shape_tuple()
    return sizes is not None and None not in sizes[-2:]


def _regularized_gramian_cholesky(matrix: Tensor, regularizer: Any, of_columns: bool) -> Tensor:
    """The Cholesky factor of a^H a (`of_columns`) or a a^H, with `regularizer` added to the diagonal."""
    gramian = matmul(matrix, matrix, adjoint_a=of_columns, adjoint_b=not of_columns)
    if isinstance(regularizer, Tensor) or regularizer != 0:
        sizes, axis = shape(matrix), -1 if of_columns else -2
        batch = sizes[:-2]
        identity = eye(sizes[axis], batch_shape=batch, dtype=matrix.dtype)
        static = matrix._shape_tuple()
        if static is not None:
            identity.set_shape((*static[:-2], static[axis], static[axis]))
        gramian += regularizer * identity
    return Cholesky(gramian)


@export("linalg.lstsq", "matrix_solve_ls")
def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """The x [..., n, k] that minimises |matrix x - rhs|^2 + l2_regularizer |x|^2 (of least norm, where n > m).

    Args:
      matrix: shape [..., m, n].
      rhs: shape [..., m, k].
      fast: solve the normal equations, which needs matrices of full rank and a condition below 1 / sqrt(epsilon).
        Otherwise an orthogonal decomposition is used, which needs neither and takes no regularizer.

    Raises:
      InvalidArgumentError: a matrix is rank deficient and `fast` is on.
      NotImplementedError: complex128 matrices with a regularizer.
    """
    matrix = convert_to_tensor(matrix, name="matrix")
    if matrix.dtype.base_dtype == complex128 and l2_regularizer != 0:
        raise NotImplementedError(
            "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to poor accuracy."
        )
    if not fast or _is_large(matrix) or not _has_known_sides(matrix):
        return MatrixSolveLs(matrix, rhs, l2_regularizer, fast=fast, name=name)

    def overdetermined() -> Tensor:
        factor = _regularized_gramian_cholesky(matrix, l2_regularizer, of_columns=True)
        return cholesky_solve(factor, matmul(matrix, rhs, adjoint_a=True))

    def underdetermined() -> Tensor:
        factor = _regularized_gramian_cholesky(matrix, l2_regularizer, of_columns=False)
        return matmul(matrix, cholesky_solve(factor, rhs), adjoint_a=True)

    with name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        return _by_shape(matrix, overdetermined, underdetermined)


def _is_large(matrix: Tensor) -> bool:
    """Whether there are many small matrices, and in all more than a cache holds."""
    sizes = matrix._shape_tuple()
    if sizes is None or None in sizes:
        return False
    count = int(np.prod(sizes[:-2], dtype=np.int64))  # type: ignore[arg-type]
    size = int(np.prod(sizes, dtype=np.int64)) * matrix.dtype.size  # type: ignore[arg-type]
    return size > _CACHE_BYTES and count > min(sizes[-2:])  # type: ignore[type-var,operator]
