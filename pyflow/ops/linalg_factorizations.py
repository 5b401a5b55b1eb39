"""The QR and LU factorisations."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import NOT_DIFFERENTIABLE, one_of, op, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.linalg_basics import adjoint
from pyflow.ops.linalg_rules import (
    FACTORED,
    NOT_INVERTIBLE,
    as_dtype_of,
    check_square,
    computable,
    invalid,
    square_shape,
)
from pyflow.ops.linalg_solve import MatrixTriangularSolve
from pyflow.ops.matmul import matmul
from pyflow.ops.shape_rules import with_rank_at_least


def smaller(a: int | None, b: int | None) -> int | None:
    """The smaller of two dimensions, as far as they are known."""
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


@op("Qr(input: T) -> (q: T, r: T)", full_matrices=False, T=FACTORED)
class Qr:
    """Matrices [..., m, n] as products of q with orthonormal columns and an upper triangular r.

    With p = min(m, n), q is [..., m, p] and r [..., p, n], or [..., m, m] and [..., m, n] with `full_matrices`.
    """

    def shape(input, full_matrices):
        input = with_rank_at_least(input, 2)
        if input is None:
            return [None, None]
        batch, (rows, columns) = input[:-2], input[-2:]
        inner = rows if full_matrices else smaller(rows, columns)
        return [(*batch, rows, inner), (*batch, inner, columns)]

    def cpu(input, full_matrices):
        q, r = np.linalg.qr(computable(input), mode="complete" if full_matrices else "reduced")
        return as_dtype_of(q, input), as_dtype_of(r, input)

    def grad(op, dq, dr):
        from pyflow.ops.array_diagonals import matrix_band_part

        q, r = op.outputs
        if q.dtype.is_complex:
            raise NotImplementedError(f"QrGrad not implemented for dtype: {q.dtype}")
        sizes = r._shape_tuple()
        if sizes is None or None in sizes[-2:]:
            raise NotImplementedError("QrGrad not implemented with dynamic shapes.")
        if sizes[-2] != sizes[-1]:
            raise NotImplementedError(
                "QrGrad not implemented when ncols > nrows or full_matrices is true and ncols != nrows."
            )
        q_dq = matmul(q, dq, adjoint_a=True)
        q_part = q_dq - adjoint(q_dq)
        r_dr = matmul(r, dr, adjoint_b=True)
        r_part = r_dr - adjoint(r_dr)
        lower = matrix_band_part(q_part + r_part, -1, 0)
        first = matmul(q, dr + _times_adjoint_inverse(lower, r))
        second = _times_adjoint_inverse(dq - matmul(q, q_dq), r)
        return first + second

    samples = [sample([[2.0, 1.0], [0.5, 3.0], [1.0, -1.0]]), sample([[2.0, 1.0], [0.5, 3.0]], full_matrices=True)]


def _times_adjoint_inverse(x: Tensor, upper: Tensor) -> Tensor:
    """x upper^-H."""
    return adjoint(MatrixTriangularSolve(upper, adjoint(x), lower=False, adjoint=False))


qr = export("linalg.qr", "qr")(Qr)


@op(
    "Lu(input: T) -> (lu: T, p: output_idx_type)",
    output_idx_type=one_of(dtypes.INDEX, default=dtypes.int32),
    T=FACTORED,
)
class Lu:
    """The LU factorisation of square matrices [..., m, m] with partial pivoting.

    `lu` holds the upper factor, and below its diagonal the lower one, whose diagonal is ones; their product is the
    input with its rows in the order `p` [..., m].
    """

    def shape(input):
        input = square_shape(input)
        return [None, None] if input is None else [input, input[:-1]]

    def cpu(input, output_idx_type):
        check_square(input)
        lu, order = factor_lu(computable(input))
        return as_dtype_of(lu, input), order.astype(output_idx_type.as_numpy_dtype)

    grad = NOT_DIFFERENTIABLE
    samples = [sample([[2.0, 1.0], [0.5, 3.0]], grad=False), sample([[[0.0, 1.0], [2.0, 1.0]]], grad=False)]


def factor_lu(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The factors of all matrices at once, column by column, and the order of their rows.

    Raises:
      InvalidArgumentError: a matrix is not invertible.
    """
    size = matrix.shape[-1]
    lu = matrix.reshape(int(np.prod(matrix.shape[:-2])), size, size).copy()
    order = np.tile(np.arange(size), (len(lu), 1))
    each = np.arange(len(lu))
    for i in range(size):
        pivot = i + np.abs(lu[:, i:, i]).argmax(axis=1)
        _swap_rows(lu, each, i, pivot)
        _swap_rows(order, each, i, pivot)
        lu[:, i + 1 :, i] /= lu[:, i, i, None]
        lu[:, i + 1 :, i + 1 :] -= lu[:, i + 1 :, i, None] * lu[:, i, None, i + 1 :]
    if not (np.abs(np.diagonal(lu, axis1=1, axis2=2)) > 0).all():
        raise invalid(NOT_INVERTIBLE)
    return lu.reshape(matrix.shape), order.reshape(matrix.shape[:-1])


def _swap_rows(x: np.ndarray, each: np.ndarray, i: int, other: np.ndarray) -> None:
    row = x[:, i].copy()
    x[:, i] = x[each, other]
    x[each, other] = row


@export("linalg.lu")
def lu(input: Any, output_idx_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """The factors of square matrices [..., m, m] with partial pivoting, in one matrix each, and the order of rows.

    Args:
      output_idx_type: int32 or int64, the dtype of the order.

    Returns:
      (lu, p): the upper factor and below its diagonal the lower one; the row of the input that came to each place.

    Raises:
      InvalidArgumentError: a matrix is not invertible.
    """
    return Lu(input, output_idx_type=output_idx_type, name=name)
