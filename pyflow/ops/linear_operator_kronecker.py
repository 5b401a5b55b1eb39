"""The Kronecker product of linear operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core import errors
from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import matrix_transpose, reshape
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_batches import dynamic_batch, static_batch
from pyflow.ops.linear_operator_factors import OfSeveral
from pyflow.ops.reduce_functions import reduce_sum

Hint = bool | None


@export("linalg.LinearOperatorKronecker")
class LinearOperatorKronecker(OfSeveral):
    """A1 ⊗ A2 ⊗ ..., [batch..., m1 m2 ..., n1 n2 ...]; its products take those of the factors only.

    Args:
      operators: the factors, [batch..., mi, ni]; their batches broadcast.
      name: by default the factors' names with `_x_` in between.

    Raises:
      TypeError: their dtypes differ.
      ValueError: there are none, or a hint contradicts theirs.
    """

    def __init__(
        self,
        operators: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str | None = None,
    ):
        self._operators = self._checked(operators, "Expected a list of >=1 operators.")
        hints = self._kept(
            "The Kronecker product of {0} operators is always {0}.",
            (("is_non_singular", "non-singular"), is_non_singular),
            (("is_self_adjoint", "self-adjoint"), is_self_adjoint),
            (("is_positive_definite", "positive-definite"), is_positive_definite),
        )
        parents = [parent for operator in self._operators for parent in operator.graph_parents]
        name = "_x_".join(operator.name for operator in self._operators) if name is None else name
        with name_scope(name, values=parents):
            super().__init__(self._operators[0].dtype, parents, *hints, is_square, name=name)

    def _shape(self) -> TensorShape:
        rows, columns = self._operators[0].range_dimension, self._operators[0].domain_dimension
        for operator in self._operators[1:]:
            rows, columns = rows * operator.range_dimension, columns * operator.domain_dimension
        return static_batch(self._operators).concatenate([rows, columns])

    def _shape_tensor(self) -> Tensor:
        rows, columns = self._operators[0].range_dimension_tensor(), self._operators[0].domain_dimension_tensor()
        for operator in self._operators[1:]:
            rows, columns = rows * operator.range_dimension_tensor(), columns * operator.domain_dimension_tensor()
        return concat([dynamic_batch(self._operators), stack([rows, columns])], 0)

    def _with_each(self, x: Tensor, wanted: str, apply: Callable[[Any, Tensor], Tensor], rows: Any) -> Tensor:
        """`x`, [batch..., product of sizes, columns], to which each factor has been applied.

        The factor's index is brought to the front of what is one long row otherwise, and goes to its end afterwards:
        [n1, n2 n3 c] → [m1, n2 n3 c] → [n2, n3 c m1] → [m2, n3 c m1] → ... → [c, m1 m2 m3].

        Args:
          wanted: "domain" or "range": which of the factors' dimensions `x` has.
          apply: the factor times (or into) a tensor.
          rows: how many the result has, if that is known.
        """
        columns = x.shape[-1].value if x.shape.ndims is not None else None
        count = shape(x)[-1] if columns is None else columns
        for operator in self._operators:
            size = getattr(operator, f"{wanted}_dimension").value
            if size is None:
                size = getattr(operator, f"{wanted}_dimension_tensor")()
            x = matrix_transpose(apply(operator, _with_last(x, size, -1)))
        x = matrix_transpose(_with_last(x, count, -1))
        if x.shape.ndims is not None:
            x.set_shape(x.shape[:-2].concatenate([rows, columns]))
        return x

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        x = adjoint_of(x) if adjoint_arg else x
        rows = self.domain_dimension if adjoint else self.range_dimension
        side = "range" if adjoint else "domain"
        return self._with_each(x, side, lambda operator, part: operator.matmul(part, adjoint=adjoint), rows)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        rows = self.range_dimension if adjoint else self.domain_dimension
        side = "domain" if adjoint else "range"
        return self._with_each(rhs, side, lambda operator, part: operator.solve(part, adjoint=adjoint), rows)

    def _determinant(self) -> Tensor:
        """The product of the factors' determinants, each to the power of the other factors' sizes."""
        total = self.domain_dimension_tensor()
        result: Any = 1.0
        for operator in self._operators:
            determinant = operator.determinant()
            result *= determinant ** cast(total / operator.domain_dimension_tensor(), determinant.dtype)
        return result

    def _log_abs_determinant(self) -> Tensor:
        total = self.domain_dimension_tensor()
        result: Any = 0.0
        for operator in self._operators:
            logarithm = operator.log_abs_determinant()
            result += logarithm * cast(total / operator.domain_dimension_tensor(), logarithm.dtype)
        return result

    def _are_square(self) -> bool:
        return all(operator.is_square for operator in self._operators)

    def _trace(self) -> Tensor:
        if not self._are_square():  # only then it is the product of traces
            return reduce_sum(self._diag_part(), axis=-1)
        result: Any = 1.0
        for operator in self._operators:
            result *= operator.trace()
        return result

    def _diag_part(self) -> Tensor:
        if not self._are_square():
            return super()._diag_part()
        result = self._operators[0].diag_part()
        for operator in self._operators[1:]:
            entries = result[..., None] * operator.diag_part()[..., None, :]
            result = reshape(entries, concat([shape(entries)[:-2], [-1]], 0))
        result.set_shape(self.shape[:-1])
        return result

    def _to_dense(self) -> Tensor:
        result = self._operators[0].to_dense()
        for operator in self._operators[1:]:
            entries = result[..., :, None, :, None] * operator.to_dense()[..., None, :, None, :]
            sizes = shape(entries)
            sides = [sizes[-4] * sizes[-3], sizes[-2] * sizes[-1]]
            result = reshape(entries, concat([sizes[:-4], sides], 0))
        result.set_shape(self.shape)
        return result

    def _assert_non_singular(self) -> Any:
        self._require_square_factors("invertible")
        return self._all(LinearOperator.assert_non_singular)

    def _assert_self_adjoint(self) -> Any:
        self._require_square_factors("self adjoint")
        return self._all(LinearOperator.assert_self_adjoint)

    def _require_square_factors(self, what: str) -> None:
        if not self._are_square():
            words = f"All Kronecker factors must be square for the product to be {what}."
            raise errors.InvalidArgumentError(None, None, words)


def _with_last(x: Tensor, rows: Any, columns: Any) -> Tensor:
    """`x` as matrices [batch..., rows, columns]."""
    batch = x.shape[:-2]
    known = x.shape.ndims is not None and batch.is_fully_defined()
    return reshape(x, [*batch.as_list(), rows, columns] if known else concat([shape(x)[:-2], [rows, columns]], 0))
