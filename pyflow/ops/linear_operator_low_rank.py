"""A linear operator plus one of low rank."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import dimension_value
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from pyflow.ops.array_diagonals import matrix_diag_part
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.linalg_cholesky import cholesky, cholesky_solve
from pyflow.ops.linalg_inverse import matrix_determinant
from pyflow.ops.linalg_solve import matrix_solve
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_batches import match_batches
from pyflow.ops.linear_operator_kinds import LinearOperatorDiag, LinearOperatorIdentity
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import exp, log
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_sum

Hint = bool | None


@export("linalg.LinearOperatorLowRankUpdate")
class LinearOperatorLowRankUpdate(LinearOperator):
    """L + U D V^H, where L is an operator [batch..., m, n], U and V are tall, D is diagonal.

    Determinants and solutions take those of L and of a small matrix (Woodbury's formula).

    Args:
      base_operator: L.
      u, v: [batch..., m, k] and [batch..., n, k]; V is U by default.
      diag_update: the diagonal of D, [batch..., k]; ones by default.
      is_diag_update_positive: a promise that it is.

    Raises:
      TypeError: the dtypes differ.
      ValueError: the shapes do not fit, or promises contradict each other.
    """

    def __init__(
        self,
        base_operator: Any,
        u: Any,
        diag_update: Any = None,
        v: Any = None,
        is_diag_update_positive: Hint = None,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorLowRankUpdate",
    ):
        dtype = base_operator.dtype
        if diag_update is None:
            if is_diag_update_positive is False:
                raise ValueError("Default diagonal is the identity, which is positive.  However, user set "
                                 "'is_diag_update_positive' to False.")  # fmt: skip
            is_diag_update_positive = True
        self._use_cholesky = bool(
            base_operator.is_positive_definite
            and base_operator.is_self_adjoint
            and is_diag_update_positive
            and v is None
        )
        if base_operator.is_self_adjoint and v is None and not dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A = L + UDU^H, with L self-adjoint and D real diagonal.  Since UDU^H is self-adjoint,"
                                 " this must be a self-adjoint operator.")  # fmt: skip
            is_self_adjoint = True
        if self._use_cholesky:
            if is_positive_definite is False or is_self_adjoint is False or is_non_singular is False:
                raise ValueError("Arguments imply this is self-adjoint positive-definite operator.")
            is_positive_definite = is_self_adjoint = True
        with name_scope(name):
            self._u = convert_to_tensor(u, name="u")
            self._v = self._u if v is None else convert_to_tensor(v, name="v")
            given = diag_update is not None
            self._diag_update = convert_to_tensor(diag_update, name="diag_update") if given else None
            for tensor in (self._u, self._v, self._diag_update):
                if tensor is not None and tensor.dtype.base_dtype != dtype:
                    raise TypeError(f"Expected dtype {dtype}, found {tensor.dtype} for {tensor.name}")
            parents = [*base_operator.graph_parents, self._u]
            parents += ([self._diag_update] if self._diag_update is not None else []) + ([] if v is None else [self._v])
            hints = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
            super().__init__(dtype, parents, *hints, name=name)
            self._base_operator = base_operator
            rank = dimension_value(self._u.shape[-1])
            if self._diag_update is None:
                count = shape(self._u)[-1] if rank is None else rank
                self._diag_operator: Any = LinearOperatorIdentity(count, dtype=dtype)
            else:
                self._diag_operator = LinearOperatorDiag(
                    self._diag_update, is_positive_definite=is_diag_update_positive
                )
            base_operator.range_dimension.assert_is_compatible_with(self._u.shape[-2])
            base_operator.domain_dimension.assert_is_compatible_with(self._v.shape[-2])
            self._u.shape[-1:].assert_is_compatible_with(self._v.shape[-1:])
            if self._diag_update is not None:
                self._diag_update.shape[-1:].assert_is_compatible_with(self._u.shape[-1:])
        self._is_diag_update_positive = is_diag_update_positive

    base_operator = property(lambda self: self._base_operator, doc="L.")
    u = property(lambda self: self._u, doc="U.")
    v = property(lambda self: self._v, doc="V.")
    diag_update = property(lambda self: self._diag_update, doc="The diagonal of D, or None.")
    diag_operator = property(lambda self: self._diag_operator, doc="D.")
    is_diag_update_positive = property(lambda self: self._is_diag_update_positive)

    def _shape(self) -> TensorShape:
        batch = broadcast_static_shape(self.base_operator.batch_shape, self.diag_operator.batch_shape)
        for factor in (self.u, self.v):
            batch = broadcast_static_shape(batch, factor.shape[:-2])
        return batch.concatenate(self.base_operator.shape[-2:])

    def _shape_tensor(self) -> Tensor:
        batch = broadcast_dynamic_shape(
            self.base_operator.batch_shape_tensor(), self.diag_operator.batch_shape_tensor()
        )
        for factor in (self.u, self.v):
            batch = broadcast_dynamic_shape(batch, shape(factor)[:-2])
        return concat([batch, self.base_operator.shape_tensor()[-2:]], axis=0)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        left, right = (self.v, self.u) if adjoint else (self.u, self.v)
        through = matmul(right, x, adjoint_a=True, adjoint_b=adjoint_arg)
        through = matmul(left, self.diag_operator.matmul(through, adjoint=adjoint))
        return self.base_operator.matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg) + through

    def _capacitance(self) -> Tensor:
        """D^-1 + V^H L^-1 U, [batch..., k, k]."""
        inner = matmul(self.v, self.base_operator.solve(self.u), adjoint_a=True)
        return self.diag_operator.inverse().add_to_tensor(inner)

    def _determinant(self) -> Tensor:
        if self.is_positive_definite:
            return exp(self.log_abs_determinant())
        small = matrix_determinant(self._capacitance())
        return small * self.diag_operator.determinant() * self.base_operator.determinant()

    def _log_abs_determinant(self) -> Tensor:
        rest = self.diag_operator.log_abs_determinant() + self.base_operator.log_abs_determinant()
        if self._use_cholesky:
            entries = matrix_diag_part(cholesky(self._capacitance()))
            return 2 * reduce_sum(log(entries), axis=-1) + rest
        return log(absolute(matrix_determinant(self._capacitance()))) + rest

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        if self.base_operator.is_non_singular is False:
            raise ValueError("Solve not implemented unless this is a perturbation of a non-singular LinearOperator.")
        left, right = (self.v, self.u) if adjoint else (self.u, self.v)
        plain = self.base_operator.solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        small, wanted = match_batches(self._capacitance(), matmul(right, plain, adjoint_a=True))
        if self._use_cholesky:
            through = cholesky_solve(cholesky(small), wanted)
        else:
            through = matrix_solve(small, wanted, adjoint=adjoint)
        return plain - self.base_operator.solve(matmul(left, through), adjoint=adjoint)
