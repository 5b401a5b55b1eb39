"""The Cholesky factorisation, and what is solved and computed with it.

Gradient: I. Murray, "Differentiation of the Cholesky decomposition", 2016, https://arxiv.org/abs/1602.07527
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import op, raw, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import shape
from pyflow.ops.array_diagonals import matrix_band_part, matrix_diag_part, matrix_set_diag
from pyflow.ops.complex_numbers import real
from pyflow.ops.linalg_basics import adjoint, eye
from pyflow.ops.linalg_rules import (
    CHOLESKY_FAILED,
    FACTORED,
    adjoint_of,
    as_dtype_of,
    check_square,
    computable,
    factor,
    invalid,
    square,
)
from pyflow.ops.linalg_solve import MatrixTriangularSolve
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import same_as


def cholesky_factor(matrix: np.ndarray) -> np.ndarray:
    """The lower factors of positive definite matrices; the triangle above the diagonal is not looked at.

    Raises:
      LinAlgError: a matrix is not positive definite. One that holds NaN gives NaN.
    """
    bad = np.isnan(np.tril(matrix)).any((-1, -2))
    if not bad.any():
        return factor(np.linalg.cholesky, matrix)
    lower = np.empty_like(matrix)
    lower[bad] = np.tril(np.full(matrix.shape[-2:], np.nan, matrix.dtype))
    lower[~bad] = factor(np.linalg.cholesky, matrix[~bad])
    return lower


@op("Cholesky(input: T) -> (output: T)", T=FACTORED)
class Cholesky:
    """The lower triangular l with l l^H = input, for positive definite matrices [..., m, m]."""

    shape = square

    def cpu(input):
        check_square(input)
        try:
            return as_dtype_of(cholesky_factor(computable(input)), input)
        except np.linalg.LinAlgError:
            raise invalid(CHOLESKY_FAILED) from None

    def grad(op, dy):
        lower = op.outputs[0]
        rows = shape(lower)[-1]
        batch = shape(lower)[:-2]
        inverse = MatrixTriangularSolve(lower, eye(rows, batch_shape=batch, dtype=lower.dtype))
        middle = matmul(lower, dy, adjoint_a=True)
        middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
        middle = matrix_band_part(middle, -1, 0)
        dx = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
        dx += adjoint(dx)
        return dx * 0.5

    # The result depends on the lower triangle only, so its gradient cannot be checked entry by entry.
    samples = [sample([[4.0, 1.0], [1.0, 3.0]], grad=False)]


@op("CholeskyGrad(l: T, grad: T) -> (output: T)", T=(dtypes.float16, dtypes.float32, dtypes.float64))
class CholeskyGrad:
    """The symmetric gradient of a matrix whose Cholesky factor is `l`, from that of the factor."""

    shape = same_as("grad")

    def cpu(l, grad):
        check_square(l)
        lower = np.tril(computable(l))
        middle = np.tril(adjoint_of(lower) @ np.tril(computable(grad)))
        diagonal = np.arange(lower.shape[-1])
        middle[..., diagonal, diagonal] /= 2
        try:
            inverse = factor(np.linalg.inv, lower)
        except np.linalg.LinAlgError:
            raise invalid(CHOLESKY_FAILED) from None
        result = adjoint_of(inverse) @ middle @ inverse
        return as_dtype_of((result + adjoint_of(result)) / 2, l)

    samples = [sample([[2.0, 0.0], [0.5, 1.5]], [[1.0, 0.0], [2.0, 3.0]], grad=False)]


cholesky = export("linalg.cholesky", "cholesky")(Cholesky)


@export("linalg.cholesky_solve", "cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """The x [..., m, k] with A x = rhs, given the Cholesky factors of A.

    Args:
      chol: lower triangular matrices [..., m, m]; what stands above the diagonal is not looked at.
      rhs: the right-hand sides [..., m, k].

    Raises:
      InvalidArgumentError: a factor has a zero on its diagonal.
    """
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = MatrixTriangularSolve(chol, rhs, adjoint=False, lower=True)
        return MatrixTriangularSolve(chol, y, adjoint=True, lower=True)


@export("linalg.logdet")
def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithm of the determinant of Hermitian positive definite matrices [..., m, m], as [...].

    Raises:
      InvalidArgumentError: a matrix is not positive definite.
    """
    with name_scope(name, "logdet", [matrix]):
        factor = Cholesky(matrix)
        return 2.0 * reduce_sum(raw.Log(real(matrix_diag_part(factor))), axis=[-1])
