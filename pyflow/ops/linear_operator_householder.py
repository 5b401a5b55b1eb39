"""Reflections at a hyperplane as linear operators."""

from __future__ import annotations

from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_diagonals import matrix_diag_part, matrix_set_diag
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linalg_norm import norm
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.matmul import matmul

Hint = bool | None


@export("linalg.LinearOperatorHouseholder")
class LinearOperatorHouseholder(LinearOperator):
    """I - 2 v v^H / v^H v: what is orthogonal to v stays, and v becomes -v.

    Args:
      reflection_axis: v, [batch..., n], floating or complex.

    Raises:
      ValueError: v is a scalar, or a hint says that this isn't self-adjoint or square, or that it is positive definite.
    """

    def __init__(
        self,
        reflection_axis: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorHouseholder",
    ):
        with name_scope(name, values=[reflection_axis]):
            self._reflection_axis = axis = convert_to_tensor(reflection_axis, name="reflection_axis")
            if axis.shape.ndims == 0:
                raise ValueError(f"Argument reflection_axis must have at least 1 dimension.  Found: {axis}")
            for wrong, what in (
                (is_self_adjoint is False, "self adjoint"),
                (is_positive_definite is True, "non-positive definite"),
                (is_square is False, "square"),
            ):
                if wrong:
                    raise ValueError(f"A Householder operator is always {what}.")
            super().__init__(axis.dtype, [axis], is_non_singular, True, False, True, name=name)

    reflection_axis = property(lambda self: self._reflection_axis, doc="v.")

    def _shape(self) -> TensorShape:
        sizes = self._reflection_axis.shape
        return sizes.concatenate(sizes[-1:])

    def _shape_tensor(self) -> Tensor:
        sizes = shape(self._reflection_axis)
        return concat([sizes, sizes[-1:]], 0)

    def _unit(self) -> Tensor:
        """v, of length 1."""
        return self._reflection_axis / norm(self._reflection_axis, axis=-1, keepdims=True)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = adjoint_of(x) if adjoint_arg else x
        unit = self._unit()[..., None]
        return x - 2 * unit * matmul(unit, x, adjoint_a=True)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._matmul(rhs, adjoint, adjoint_arg)  # a reflection undoes itself

    def _determinant(self) -> Tensor:
        return -ones(self.batch_shape_tensor(), dtype=self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return zeros(self.batch_shape_tensor(), dtype=self.dtype)

    def _trace(self) -> Tensor:
        """n - 2: the eigenvalues are -1 once, and 1."""
        once = cast(self.domain_dimension_tensor() - 2, self.dtype)
        return once * ones(self.batch_shape_tensor(), dtype=self.dtype)

    def _diag_part(self) -> Tensor:
        unit = self._unit()
        return 1.0 - 2 * unit * conj(unit)

    def _to_dense(self) -> Tensor:
        unit = self._unit()[..., None]
        projected = -2 * matmul(unit, unit, adjoint_b=True)
        return matrix_set_diag(projected, 1.0 + matrix_diag_part(projected))

    def _assert_non_singular(self) -> Any:
        return raw.NoOp(name="assert_non_singular")

    def _assert_self_adjoint(self) -> Any:
        return raw.NoOp(name="assert_self_adjoint")

    def _assert_positive_definite(self) -> Any:
        raise errors.InvalidArgumentError(None, None, "Householder operators are always non-positive definite.")
