"""Linear operators with the same entry along each diagonal."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from pyflow.ops.array_filling import ones, zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.array_reversing import reverse
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_equal
from pyflow.ops.fft import fft
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_circulant import LinearOperatorCirculant, to_complex

Hint = bool | None


@export("linalg.LinearOperatorToeplitz")
class LinearOperatorToeplitz(LinearOperator):
    """Toeplitz matrices, [batch..., n, n]; their products take Fourier transforms of twice the size.

    Args:
      col: the first column, [batch..., n].
      row: the first row, of the same shape; its first entry is taken to be that of `col`.

    Raises:
      ValueError: one of them is a scalar, their sizes differ, or `is_square` is False.
    """

    def __init__(
        self,
        col: Any,
        row: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorToeplitz",
    ):
        with name_scope(name, values=[row, col]):
            self._row = convert_to_tensor(row, name="row")
            self._col = convert_to_tensor(col, name="col")
            for what, tensor in (("row", self._row), ("col", self._col)):
                if tensor.shape.ndims == 0:
                    raise ValueError(f"Argument {what} must have at least 1 dimension.  Found: {tensor}")
            if None not in (self._row.shape.ndims, self._col.shape.ndims):
                sides = self._row.shape[-1], self._col.shape[-1]
                if not sides[0].is_compatible_with(sides[1]):
                    raise ValueError("Expected square matrix, got row and col with mismatched dimensions.")
            # The upper left quarter of a circulant matrix of twice the size is this one.
            above = reverse(self._row[..., 1:], axis=[-1])
            first_column = concat([self._col, zeros_like(self._col[..., :1]), above], axis=-1)
            spectrum = fft(to_complex(first_column))
            self._circulant = LinearOperatorCirculant(spectrum, input_output_dtype=self._row.dtype)
            if is_square is False:
                raise ValueError("Only square Toeplitz operators currently supported.")
            hints = (is_non_singular, is_self_adjoint, is_positive_definite, True)
            super().__init__(self._row.dtype, [self._row, self._col], *hints, name=name)

    col = property(lambda self: self._col, doc="The first column.")
    row = property(lambda self: self._row, doc="The first row.")

    def _shape(self) -> TensorShape:
        sizes = broadcast_static_shape(self._row.shape, self._col.shape)
        return sizes.concatenate(sizes[-1:])

    def _shape_tensor(self) -> Tensor:
        sizes = broadcast_dynamic_shape(shape(self._row), shape(self._col))
        return concat([sizes, sizes[-1:]], 0)

    def _side(self) -> Any:
        side = self.domain_dimension.value
        return self.domain_dimension_tensor() if side is None else side

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = adjoint_of(x) if adjoint_arg else x
        result = self._circulant.matmul(concat([x, zeros_like(x)], axis=-2), adjoint=adjoint)
        return cast(result[..., : self._side(), :], self.dtype)

    def _trace(self) -> Tensor:
        return cast(self.domain_dimension_tensor(), self.dtype) * self._col[..., 0]

    def _diag_part(self) -> Tensor:
        return self._col[..., :1] * ones([self._side()], dtype=self.dtype)

    def _assert_self_adjoint(self) -> Any:
        words = "row and col are not the same, and so this operator is not self-adjoint."
        return assert_equal(self._row, self._col, message=words)
