"""Tridiagonal matrices: products and systems of equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import complex64, complex128, float32, float64
from pyflow.core.registry import ShapeError, op, raw, sample
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, matrix_transpose, squeeze, transpose
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_rules import invalid
from pyflow.ops.reduce_functions import reduce_sum
from pyflow.ops.shape_rules import merge, merge_dim, with_rank_at_least

_DTYPES = (float64, float32, complex64, complex128)


def _tridiagonal_solution(diagonals, rhs):
    diagonals, rhs = with_rank_at_least(diagonals, 2), with_rank_at_least(rhs, 2)
    batch = merge(None if diagonals is None else diagonals[:-2], None if rhs is None else rhs[:-2])
    if diagonals is not None:
        if diagonals[-2] not in (None, 3):
            raise ShapeError(
                f"Dimension must be 3 but is {diagonals[-2]}",
                f"Expected diagonals to be provided as a matrix with 3 rows, got {diagonals[-2]} rows.",
            )
    rows = None if diagonals is None else diagonals[-1]
    if rhs is not None:
        try:
            rows = merge_dim(rows, rhs[-2])
        except ShapeError as error:
            words = f"Expected the same number of left-hand sides and right-hand sides, got {rows} and {rhs[-2]}."
            raise ShapeError(str(error), words) from None
    return None if batch is None else (*batch, rows, None if rhs is None else rhs[-1])


def _eliminate(diagonals: np.ndarray, rhs: np.ndarray, pivoting: bool) -> np.ndarray:
    """Gaussian elimination on all systems at once: diagonals [count, 3, m], rhs [count, m, k]."""
    size = diagonals.shape[-1]
    # Row i of the upper factor has its diagonal element and, after exchanges of rows, two elements right of it.
    upper = np.zeros((len(diagonals), size + 2, 3), diagonals.dtype)
    upper[:, :size, 0], upper[:, :size, 1] = diagonals[:, 1], diagonals[:, 0]
    upper[:, max(size - 1, 0) : size, 1] = 0
    x = rhs.copy()
    for i in range(size - 1):
        below = diagonals[:, 2, i + 1]
        row, row_x = upper[:, i].copy(), x[:, i].copy()
        next_row, next_x = upper[:, i + 1].copy(), x[:, i + 1].copy()
        # As it stands, the next row begins with `below` in the column of this row's diagonal element.
        lower_row = np.stack([below, next_row[:, 0], next_row[:, 1]], axis=-1)
        if pivoting:
            exchanged = (np.abs(below) > np.abs(row[:, 0]))[:, None]
            row, lower_row = np.where(exchanged, lower_row, row), np.where(exchanged, row, lower_row)
            row_x, next_x = np.where(exchanged, next_x, row_x), np.where(exchanged, row_x, next_x)
        if not row[:, 0].all():
            raise invalid(_not_invertible(pivoting))
        factor = (lower_row[:, 0] / row[:, 0])[:, None]
        upper[:, i], x[:, i] = row, row_x
        upper[:, i + 1, :2] = lower_row[:, 1:] - factor * row[:, 1:]
        x[:, i + 1] = next_x - factor * row_x
    if size and not upper[:, size - 1, 0].all():
        raise invalid(_not_invertible(pivoting))
    for i in range(size - 1, -1, -1):
        for offset in (1, 2):
            if i + offset < size:
                x[:, i] -= upper[:, i, offset, None] * x[:, i + offset]
        x[:, i] /= upper[:, i, 0, None]
    return x


def _not_invertible(pivoting: bool) -> str:
    if pivoting:
        return "The matrix is not invertible."
    return "The matrix is either not invertible, or requires pivoting. Try setting partial_pivoting = True."


@op("TridiagonalSolve(diagonals: T, rhs: T) -> (output: T)", partial_pivoting=True, T=_DTYPES)
class TridiagonalSolve:
    """The x [..., m, k] of tridiagonal systems.

    The rows of diagonals [..., 3, m] are the diagonal above the main one, that itself, and the one below. The last
    element of the first row and the first element of the third are not looked at.
    """

    shape = _tridiagonal_solution

    def cpu(diagonals, rhs, partial_pivoting):
        size = diagonals.shape[-1]
        if size == 1 and not diagonals[..., 1, :].all():
            raise invalid("The matrix is not invertible: it is a scalar with value zero.")
        count = int(np.prod(diagonals.shape[:-2]))
        flat = rhs.reshape(count, size, rhs.shape[-1])
        return _eliminate(diagonals.reshape(count, 3, size), flat, partial_pivoting).reshape(rhs.shape)

    def grad(op, dy):
        diagonals, x = op.inputs[0], op.outputs[0]
        transposed = _transposed(diagonals)
        d_rhs = TridiagonalSolve(transposed, dy, partial_pivoting=op.attrs["partial_pivoting"])
        return -_diagonals_of_product(d_rhs, x), d_rhs

    samples = [
        sample([[1.0, -2.0, 0.0], [4.0, 3.0, 5.0], [0.0, 1.0, 2.0]], [[1.0], [2.0], [3.0]]),
        sample([[1.0, -2.0, 0.0], [0.5, 3.0, 5.0], [0.0, 4.0, 2.0]], [[1.0], [2.0], [3.0]]),
    ]


def _shifted(x: Tensor, axis: int, ahead: bool) -> Tensor:
    """The tensor moved by one along `axis` (-1 or -2), towards its start if `ahead`, with zeros in the gap."""
    if axis == -1:
        gap = zeros_like(x[..., :1])
        return concat([x[..., 1:], gap] if ahead else [gap, x[..., :-1]], -1)
    gap = zeros_like(x[..., :1, :])
    return concat([x[..., 1:, :], gap] if ahead else [gap, x[..., :-1, :]], -2)


def _transposed(diagonals: Tensor) -> Tensor:
    above, main, below = diagonals[..., 0, :], diagonals[..., 1, :], diagonals[..., 2, :]
    return stack([_shifted(below, -1, True), main, _shifted(above, -1, False)], axis=-2)


def _diagonals_of_product(x: Tensor, y: Tensor) -> Tensor:
    """The three diagonals of x y^T, for x and y [..., m, k]."""
    above = reduce_sum(x * _shifted(y, -2, True), axis=-1)
    below = reduce_sum(x * _shifted(y, -2, False), axis=-1)
    return stack([above, reduce_sum(x * y, axis=-1), below], axis=-2)


def _tridiagonal_product(superdiag, maindiag, subdiag, rhs):
    superdiag, maindiag = with_rank_at_least(superdiag, 2), with_rank_at_least(maindiag, 2)
    subdiag, rhs = with_rank_at_least(subdiag, 2), with_rank_at_least(rhs, 2)
    batch = None
    for shape in (superdiag, maindiag, subdiag, rhs):
        batch = merge(batch, None if shape is None else shape[:-2])
    diagonal = merge(merge(superdiag, maindiag), subdiag)
    if diagonal is not None:
        if diagonal[-2] not in (None, 1):
            raise ShapeError(f"Dimension must be 1 but is {diagonal[-2]}", "Invalid superdiagonal shape.")
        if rhs is not None:
            merge_dim(diagonal[-1], rhs[-2])
    return rhs


@op("TridiagonalMatMul(superdiag: T, maindiag: T, subdiag: T, rhs: T) -> (output: T)", T=_DTYPES)
class TridiagonalMatMul:
    """The product of tridiagonal matrices, given by diagonals [..., 1, m], with rhs [..., m, k]."""

    shape = _tridiagonal_product

    def cpu(superdiag, maindiag, subdiag, rhs, out):
        np.multiply(maindiag[..., 0, :, None], rhs, out=out)
        out[..., :-1, :] += superdiag[..., 0, :-1, None] * rhs[..., 1:, :]
        out[..., 1:, :] += subdiag[..., 0, 1:, None] * rhs[..., :-1, :]

    def grad(op, dy):
        above, main, below = (matrix_transpose(x, conjugate=True) for x in op.inputs[:3])
        rhs = conj(op.inputs[3])
        gradients = [
            expand_dims(reduce_sum(_shifted(rhs, -2, True) * dy, axis=-1), -2),
            expand_dims(reduce_sum(rhs * dy, axis=-1), -2),
            expand_dims(reduce_sum(_shifted(rhs, -2, False) * dy, axis=-1), -2),
        ]
        return [*gradients, _shifted(above * dy, -2, False) + main * dy + _shifted(below * dy, -2, True)]

    samples = [sample([[1.0, -2.0, 0.0]], [[4.0, 3.0, 5.0]], [[0.0, 1.0, 2.0]], [[1.0, 0.5], [2.0, -1.0], [3.0, 2.0]])]


def _static_order(diagonals: Tensor) -> int:
    """The static size of the matrices that hold the diagonals.

    Raises:
      ValueError: it isn't known, or they are not square.
    """
    rows, columns = diagonals.shape[-2].value, diagonals.shape[-1].value
    if rows and columns and rows != columns:
        raise ValueError(f"Expected last two dimensions of diagonals to be same, got {columns} and {rows}")
    if not rows and not columns:
        raise ValueError('The size of the matrix needs to be known for diagonals_format="matrix"')
    return rows or columns


def _gathered_diagonals(matrix: Tensor, size: int) -> Tensor:
    """The three diagonals [..., 3, m] of matrices [..., m, m]."""
    # Where a diagonal has no element stands the first element of the matrix, which is not looked at.
    indices = [[[i + 1, i] if i + 1 < size else [0, 0], [i, i], [i - 1, i] if i else [0, 0]] for i in range(size)]
    return transpose(raw.GatherNd(transpose(matrix), indices))


@export("linalg.tridiagonal_solve")
def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
) -> Tensor:
    """The solutions of tridiagonal systems.

    Args:
      diagonals: "compact": [..., 3, m], the diagonals above, on and below the main one; the last element of the first
        and the first of the third are not looked at. "sequence": a list of these three, [..., m] each; the outer ones
        may be one shorter. "matrix": [..., m, m], of which the three diagonals are taken.
      rhs: [..., m], or [..., m, k] for k right-hand sides.
      transpose_rhs: use `rhs` transposed, [..., k, m], and give the result like that.
      conjugate_rhs: use it conjugated.
      partial_pivoting: exchange rows where that is needed for stability.

    Raises:
      ValueError: shapes or format are not as described.
      InvalidArgumentError: a matrix turns out not to be invertible.
    """
    rhs = convert_to_tensor(rhs)
    if diagonals_format == "sequence":
        diagonals = _compact_from_sequence(diagonals)
    elif diagonals_format == "matrix":
        diagonals = convert_to_tensor(diagonals)
        diagonals = _gathered_diagonals(diagonals, _static_order(diagonals))
    elif diagonals_format != "compact":
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    else:
        diagonals = convert_to_tensor(diagonals)
    rank, rhs_rank = len(diagonals.shape), len(rhs.shape)
    _check_compact(diagonals, rhs, rank, rhs_rank)
    if rhs_rank == rank - 1:
        columns = expand_dims(conj(rhs) if conjugate_rhs else rhs, -1)
        _check_rows(diagonals, columns)
        return squeeze(TridiagonalSolve(diagonals, columns, partial_pivoting=partial_pivoting, name=name), -1)
    if transpose_rhs:
        rhs = matrix_transpose(rhs, conjugate=conjugate_rhs)
    elif conjugate_rhs:
        rhs = conj(rhs)
    _check_rows(diagonals, rhs)
    result = TridiagonalSolve(diagonals, rhs, partial_pivoting=partial_pivoting, name=name)
    return matrix_transpose(result) if transpose_rhs else result


def _compact_from_sequence(diagonals: Any) -> Tensor:
    if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
        raise ValueError("Expected diagonals to be a sequence of length 3.")
    above, main, below = map(convert_to_tensor, diagonals)
    for x in (below, above):
        if not x.shape[:-1].is_compatible_with(main.shape[:-1]):
            raise ValueError(
                "Tensors representing the three diagonals must have the same shape,except for the last dimension, got "
                f"{below.shape}, {main.shape}, {above.shape}"
            )
    size = main.shape[-1].value

    def padded(x: Tensor, which: str, ends: list[int]) -> Tensor:
        length = x.shape[-1].value
        if not length or length == size:
            return x
        if length == size - 1:
            return raw.Pad(x, [[0, 0]] * (len(x.shape) - 1) + [ends])
        raise ValueError(f"Expected {which} to be have length {size} or {size - 1}, got {length}.")

    below = padded(below, "subdiagonal", [1, 0])
    above = padded(above, "superdiagonal", [0, 1])
    return stack((above, main, below), axis=-2)


def _check_compact(diagonals: Tensor, rhs: Tensor, rank: int, rhs_rank: int) -> None:
    if rank < 2:
        raise ValueError(f"Expected diagonals to have rank at least 2, got {rank}")
    if rhs_rank not in (rank, rank - 1):
        raise ValueError(f"Expected the rank of rhs to be {rank - 1} or {rank}, got {rhs_rank}")
    if diagonals.shape[-2].value not in (None, 0, 3):
        raise ValueError(f"Expected 3 diagonals got {diagonals.shape[-2]}")
    if not diagonals.shape[:-2].is_compatible_with(rhs.shape[: rank - 2]):
        raise ValueError(f"Batch shapes {diagonals.shape[:-2]} and {rhs.shape[: rank - 2]} are incompatible")


def _check_rows(diagonals: Tensor, rhs: Tensor) -> None:
    left, right = diagonals.shape[-1].value, rhs.shape[-2].value
    if left and right and left != right:
        raise ValueError(f"Expected number of left-hand sided and right-hand sides to be equal, got {left} and {right}")


@export("linalg.tridiagonal_matmul")
def tridiagonal_matmul(diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None) -> Tensor:
    """The product of tridiagonal matrices with matrices rhs [..., m, k].

    Args:
      diagonals: as for `tridiagonal_solve`; in a sequence all are of one length.

    Raises:
      ValueError: the format is none of these, or the size of matrices that hold the diagonals isn't known.
    """
    if diagonals_format == "sequence":
        above, main, below = diagonals
    elif diagonals_format in ("compact", "matrix"):
        diagonals = convert_to_tensor(diagonals)
        if diagonals_format == "matrix":
            diagonals = _gathered_diagonals(diagonals, _static_order(diagonals))
        above, main, below = diagonals[..., 0, :], diagonals[..., 1, :], diagonals[..., 2, :]
    else:
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    above, main, below = (expand_dims(x, -2) for x in (above, main, below))
    return TridiagonalMatMul(above, main, below, rhs, name=name)
