"""What the linear algebra ops share: their dtypes, shape rules, and the precision they compute in."""

from __future__ import annotations

from typing import Any, Callable

import numpy as np

from pyflow.core import dtypes
from pyflow.core.errors import InvalidArgumentError
from pyflow.core.registry import ShapeError
from pyflow.core.tensor import StaticShape
from pyflow.ops.shape_rules import merge, merge_dim, with_rank_at_least

# The dtypes of matrices that are factored, in the order in which TensorFlow's OpDefs list them.
FACTORED = (dtypes.float64, dtypes.float32, dtypes.float16, dtypes.complex64, dtypes.complex128)

NOT_INVERTIBLE = "Input is not invertible."
MATRIX_NOT_INVERTIBLE = "Input matrix is not invertible."
CHOLESKY_FAILED = "Cholesky decomposition was not successful. The input might not be valid."


def factor(function: Callable[..., np.ndarray], *matrices: np.ndarray) -> np.ndarray:
    """What a function of np.linalg gives.

    Raises:
      LinAlgError: it failed. numpy learns so from the processor's flags, and WebAssembly has none: there the result
        is NaN, which finite matrices lead to in no other way.
    """
    result = function(*matrices)
    if np.isnan(result).any() and all(np.isfinite(matrix).all() for matrix in matrices):
        raise np.linalg.LinAlgError("singular or not positive definite")
    return result


def square_shape(shape: StaticShape) -> StaticShape:
    """The shape of a batch of square matrices, its last two dimensions made known by each other.

    Raises:
      ShapeError: the rank is below 2, or the matrices are not square.
    """
    try:
        shape = with_rank_at_least(shape, 2)
        if shape is None:
            return None
        size = merge_dim(shape[-2], shape[-1])
        return (*shape[:-2], size, size)
    except ShapeError as error:
        raise ShapeError(str(error), _why_not_square(shape)) from None  # type: ignore[arg-type]


def square(input: StaticShape) -> StaticShape:
    """Shape rule of ops from square matrices `input` to matrices of that shape."""
    return square_shape(input)


def solution_shape(matrix: StaticShape, rhs: StaticShape, is_square: bool) -> StaticShape:
    """The shape of x in matrix [..., m, n] x [..., n, k] = rhs [..., m, k].

    Raises:
      ShapeError: batches or numbers of rows differ, or a matrix has to be square and isn't.
    """
    try:
        matrix, rhs = with_rank_at_least(matrix, 2), with_rank_at_least(rhs, 2)
        rows, columns = (None, None) if matrix is None else matrix[-2:]
        if is_square:
            rows = columns = merge_dim(rows, columns)
        batch = merge(None if matrix is None else matrix[:-2], None if rhs is None else rhs[:-2])
        rows = merge_dim(rows, None if rhs is None else rhs[-2])
        if batch is None:
            return None
        return (*batch, rows if is_square else columns, None if rhs is None else rhs[-1])
    except ShapeError as error:
        raise ShapeError(str(error), _why_no_system(matrix, rhs, is_square)) from None


def solution(matrix: StaticShape, rhs: StaticShape) -> StaticShape:
    """Shape rule of ops that solve systems of as many equations as unknowns."""
    return solution_shape(matrix, rhs, is_square=True)


def _why_not_square(shape: tuple) -> str:
    if len(shape) < 2:
        return f"Input tensor 0 must have rank >= 2, got {len(shape)}"
    return "Input matrix must be square." if shape[-1] != shape[-2] else ""


def _why_no_system(matrix: Any, rhs: Any, is_square: bool) -> str:
    if matrix is None or rhs is None:
        return ""
    for i, shape in enumerate((matrix, rhs)):
        if i and len(shape) != len(matrix):
            return "All input tensors must have the same rank."
        if len(shape) < 2:
            return f"Input tensor {i} must have rank >= 2, got {len(shape)}"
    if matrix[:-2] != rhs[:-2]:
        return "All input tensors must have the same outer dimensions."
    if is_square and matrix[-1] != matrix[-2]:
        return "First input (lhs) must be a square matrix."
    return "Input matrix and rhs are incompatible." if matrix[-2] != rhs[-2] else ""


def invalid(words: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, words)


def check_square(matrix: np.ndarray) -> None:
    """Raises InvalidArgumentError unless the array holds square matrices, of any number of batch dimensions."""
    words = _why_not_square(matrix.shape)
    if words:
        raise invalid(words)


def check_system(matrix: np.ndarray, rhs: np.ndarray, is_square: bool) -> None:
    """Raises InvalidArgumentError unless `matrix` x = `rhs` is a system of equations."""
    words = _why_no_system(matrix.shape, rhs.shape, is_square)
    if words:
        raise invalid(words)


def computable(matrix: np.ndarray) -> np.ndarray:
    """The array in a precision that LAPACK knows: half becomes single."""
    return matrix.astype(np.float32) if matrix.dtype == np.float16 else matrix


def adjoint_of(matrix: np.ndarray) -> np.ndarray:
    """The matrices [..., m, n] transposed and conjugated."""
    matrix = np.swapaxes(matrix, -1, -2)
    return np.conj(matrix) if matrix.dtype.kind == "c" else matrix


def as_dtype_of(result: Any, matrix: np.ndarray) -> np.ndarray:
    """A computed array in the dtype of the op's input."""
    return np.asarray(result).astype(matrix.dtype, copy=False)
