"""Identity matrices, traces and adjoints."""

from __future__ import annotations

import numbers
from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import float32, int32
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import matrix_transpose
from pyflow.ops.array_diagonals import matrix_diag, matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.math_binary import minimum
from pyflow.ops.reduce_functions import reduce_sum


@export("eye", "linalg.eye")
def eye(
    num_rows: Any, num_columns: Any = None, batch_shape: Any = None, dtype: Any = float32, name: str | None = None
) -> Tensor:
    """Identity matrices: ones on the diagonal, zeros elsewhere.

    Args:
      num_rows: an int or an int32 scalar.
      num_columns: the same; None for as many as rows.
      batch_shape: a list of ints or an int32 vector; None for a single matrix.

    Returns:
      A tensor [*batch_shape, num_rows, num_columns].

    Raises:
      TypeError: the numbers of rows and columns are neither ints nor tensors.
    """
    with name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        is_square = num_columns is None
        batch_shape = [] if batch_shape is None else batch_shape
        num_columns = num_rows if num_columns is None else num_columns
        if isinstance(num_rows, Tensor) or isinstance(num_columns, Tensor):
            diagonal: Any = minimum(num_rows, num_columns)
        elif isinstance(num_rows, numbers.Integral) and isinstance(num_columns, numbers.Integral):
            is_square = num_rows == num_columns
            diagonal = min(num_rows, num_columns)  # type: ignore[type-var]
        else:
            raise TypeError("num_rows and num_columns must be positive integer values.")
        if isinstance(batch_shape, Tensor) or isinstance(diagonal, Tensor):
            batch_shape = convert_to_tensor(batch_shape, name="shape", dtype=int32)
            diagonal_shape = concat((batch_shape, [diagonal]), axis=0)
            if not is_square:
                shape = concat((batch_shape, [num_rows, num_columns]), axis=0)
        else:
            batch_shape = list(batch_shape)
            diagonal_shape = [*batch_shape, diagonal]
            shape = [*batch_shape, num_rows, num_columns]
        diagonal_ones = ones(diagonal_shape, dtype=dtype)
        if is_square:
            return matrix_diag(diagonal_ones)
        return matrix_set_diag(zeros(shape, dtype=dtype), diagonal_ones)


@export("linalg.trace", "trace")
def trace(x: Any, name: str | None = None) -> Tensor:
    """The sum of the diagonal of each matrix in `x` [..., m, n], as [...]."""
    with name_scope(name, "Trace", [x]) as name:
        x = convert_to_tensor(x, name="x")
        return reduce_sum(matrix_diag_part(x), [-1], name=name)


@export("linalg.adjoint")
def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The matrices [..., m, n] transposed and conjugated."""
    with name_scope(name, "adjoint", [matrix]):
        matrix = convert_to_tensor(matrix, name="matrix")
        return matrix_transpose(matrix, conjugate=True)
