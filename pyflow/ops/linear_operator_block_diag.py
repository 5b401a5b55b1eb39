"""A linear operator of smaller ones along its diagonal."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import squeeze
from pyflow.ops.array_filling import zeros
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.array_splitting import split
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_batches import dynamic_batch, match_batches, static_batch
from pyflow.ops.linear_operator_factors import OfSeveral

Hint = bool | None


@export("linalg.LinearOperatorBlockDiag")
class LinearOperatorBlockDiag(OfSeveral):
    """The direct sum of square operators, [batch..., n, n] where n is the sum of their sizes.

    Args:
      operators: the blocks from the upper left on; their batches broadcast.
      name: by default the blocks' names with `_ds_` in between.

    Raises:
      TypeError: their dtypes differ.
      ValueError: there are none, one isn't square, or a hint contradicts theirs.
    """

    def __init__(
        self,
        operators: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = True,
        name: str | None = None,
    ):
        self._operators = self._checked(operators, "Expected a non-empty list of operators.")
        hints = self._kept(
            "The direct sum of {0} operators is always {0}.",
            (("is_non_singular", "non-singular"), is_non_singular),
            (("is_self_adjoint", "self-adjoint"), is_self_adjoint),
            (("is_positive_definite", "positive definite"), is_positive_definite),
        )
        if not is_square or not all(operator.is_square for operator in self._operators):
            raise ValueError("Can only represent a block diagonal of square matrices.")
        parents = [parent for operator in self._operators for parent in operator.graph_parents]
        name = "_ds_".join(operator.name for operator in self._operators) if name is None else name
        with name_scope(name, values=parents):
            super().__init__(self._operators[0].dtype, parents, *hints, True, name=name)

    def _shape(self) -> TensorShape:
        side = sum((o.domain_dimension for o in self._operators[1:]), start=self._operators[0].domain_dimension)
        return static_batch(self._operators).concatenate([side, side])

    def _side(self) -> Tensor:
        sizes = [operator.domain_dimension_tensor() for operator in self._operators]
        return sum(sizes[1:], start=sizes[0])

    def _shape_tensor(self) -> Tensor:
        side = self._side()
        return concat([dynamic_batch(self._operators), stack([side, side])], 0)

    def _parts(self, x: Tensor, axis: int) -> list[Tensor]:
        """`x`, cut along an axis into what each block sees of it."""
        sizes: list[Any] = [operator.domain_dimension.value for operator in self._operators]
        if None in sizes:
            sizes = [operator.domain_dimension_tensor() for operator in self._operators]
        return split(x, sizes, axis=axis)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        parts = zip(self._operators, self._parts(x, -1 if adjoint_arg else -2))
        products = [o.matmul(part, adjoint=adjoint, adjoint_arg=adjoint_arg) for o, part in parts]
        return concat(match_batches(*products), axis=-2)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        parts = zip(self._operators, self._parts(rhs, -1 if adjoint_arg else -2))
        solutions = [o.solve(part, adjoint=adjoint, adjoint_arg=adjoint_arg) for o, part in parts]
        return concat(match_batches(*solutions), axis=-2)

    def _determinant(self) -> Tensor:
        result = self._operators[0].determinant()
        for operator in self._operators[1:]:
            result = result * operator.determinant()
        return result

    def _log_abs_determinant(self) -> Tensor:
        result = self._operators[0].log_abs_determinant()
        for operator in self._operators[1:]:
            result = result + operator.log_abs_determinant()
        return result

    def _trace(self) -> Tensor:
        result = self._operators[0].trace()
        for operator in self._operators[1:]:
            result = result + operator.trace()
        return result

    def _diag_part(self) -> Tensor:
        columns = match_batches(*(operator.diag_part()[..., None] for operator in self._operators))
        return squeeze(concat(columns, axis=-2), axis=-1)

    def _to_dense(self) -> Tensor:
        blocks = match_batches(*(operator.to_dense() for operator in self._operators))
        sizes = [operator.domain_dimension_tensor() for operator in self._operators]
        rows = []
        for i, block in enumerate(blocks):
            height = shape(block)[:-1]
            row = [zeros(concat([height, [size]], 0), dtype=block.dtype) for size in sizes]
            row[i] = block
            rows.append(concat(row, axis=-1))
        dense = concat(rows, axis=-2)
        dense.set_shape(self.shape)
        return dense

    def _assert_non_singular(self) -> Any:
        return self._all(LinearOperator.assert_non_singular)

    def _assert_self_adjoint(self) -> Any:
        return self._all(LinearOperator.assert_self_adjoint)

    def _assert_positive_definite(self) -> Any:
        return self._all(LinearOperator.assert_positive_definite)
