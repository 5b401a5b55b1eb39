"""Systems of as many linear equations as unknowns."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.registry import op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.linalg_rules import (
    FACTORED,
    MATRIX_NOT_INVERTIBLE,
    adjoint_of,
    as_dtype_of,
    check_system,
    computable,
    factor,
    invalid,
    solution,
)
from pyflow.ops.matmul import matmul

# Triangular systems are halved until they are no larger than this; LAPACK does the rest.
_SMALL_SYSTEM = 96


def _solution_gradients(op: Any, d_rhs: Tensor) -> Tensor:
    """The gradient of the matrix of a system, from that of its right-hand side."""
    x = op.outputs[0]
    if op.attrs["adjoint"]:
        return -matmul(x, d_rhs, adjoint_b=True)
    return -matmul(d_rhs, x, adjoint_b=True)


@op("MatrixSolve(matrix: T, rhs: T) -> (output: T)", adjoint=False, T=FACTORED)
class MatrixSolve:
    """The x [..., m, k] with matrix x = rhs, or adjoint(matrix) x = rhs."""

    shape = solution

    def cpu(matrix, rhs, adjoint):
        check_system(matrix, rhs, is_square=True)
        if rhs.size == 0:
            return np.zeros(rhs.shape, rhs.dtype)
        system = computable(matrix)
        if np.isnan(system).any():
            raise invalid(MATRIX_NOT_INVERTIBLE)
        try:
            system = adjoint_of(system) if adjoint else system
            return as_dtype_of(factor(np.linalg.solve, system, computable(rhs)), rhs)
        except np.linalg.LinAlgError:
            raise invalid(MATRIX_NOT_INVERTIBLE) from None

    def grad(op, dy):
        d_rhs = MatrixSolve(op.inputs[0], dy, adjoint=not op.attrs["adjoint"])
        return _solution_gradients(op, d_rhs), d_rhs

    samples = [
        sample([[2.0, 1.0], [0.5, 3.0]], [[1.0], [-2.0]]),
        sample([[[2.0, 1.0], [0.5, 3.0]]], [[[1.0, 0.5], [-2.0, 4.0]]], adjoint=True),
    ]


def _substitute(upper: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    """Solves systems with upper triangular matrices by back substitution."""
    size = upper.shape[-1]
    if size <= _SMALL_SYSTEM:
        # The LU factorisation of an upper triangular matrix is that matrix: what follows is the substitution alone.
        return np.linalg.solve(upper, rhs)
    half = size // 2
    last = _substitute(upper[..., half:, half:], rhs[..., half:, :])
    first = _substitute(upper[..., :half, :half], rhs[..., :half, :] - upper[..., :half, half:] @ last)
    return np.concatenate([first, last], axis=-2)


def solve_triangular(matrix: np.ndarray, rhs: np.ndarray, lower: bool, adjoint: bool) -> np.ndarray:
    """The x with matrix x = rhs, of which only the lower or upper triangle is looked at."""
    triangle = np.tril(matrix) if lower else np.triu(matrix)
    if adjoint:
        triangle, lower = adjoint_of(triangle), not lower
    if lower:
        # Counting rows and columns from the end turns a lower triangular matrix into an upper one.
        return _substitute(triangle[..., ::-1, ::-1], rhs[..., ::-1, :])[..., ::-1, :]
    return _substitute(triangle, rhs)


@op("MatrixTriangularSolve(matrix: T, rhs: T) -> (output: T)", lower=True, adjoint=False, T=FACTORED)
class MatrixTriangularSolve:
    """The x [..., m, k] with matrix x = rhs, for triangular matrices; the other triangle is not looked at."""

    shape = solution

    def cpu(matrix, rhs, lower, adjoint):
        check_system(matrix, rhs, is_square=True)
        if rhs.size == 0:
            return np.zeros(rhs.shape, rhs.dtype)
        diagonal = np.diagonal(matrix, axis1=-2, axis2=-1)
        if not (np.abs(diagonal) > 0).all():
            raise invalid(MATRIX_NOT_INVERTIBLE)
        return as_dtype_of(solve_triangular(computable(matrix), computable(rhs), lower, adjoint), rhs)

    def grad(op, dy):
        from pyflow.ops.array_diagonals import matrix_band_part

        lower = op.attrs["lower"]
        d_rhs = MatrixTriangularSolve(op.inputs[0], dy, lower=lower, adjoint=not op.attrs["adjoint"])
        d_matrix = _solution_gradients(op, d_rhs)
        d_matrix = matrix_band_part(d_matrix, -1, 0) if lower else matrix_band_part(d_matrix, 0, -1)
        return d_matrix, d_rhs

    samples = [
        sample([[2.0, 0.0], [0.5, 3.0]], [[1.0], [-2.0]]),
        sample([[[2.0, 1.5], [0.0, 3.0]]], [[[1.0, 0.5], [-2.0, 4.0]]], lower=False),
        sample([[2.0, 0.0], [0.5, 3.0]], [[1.0], [-2.0]], adjoint=True),
    ]


matrix_solve = export("linalg.solve", "matrix_solve")(MatrixSolve)
matrix_triangular_solve = export("linalg.triangular_solve", "matrix_triangular_solve")(MatrixTriangularSolve)
