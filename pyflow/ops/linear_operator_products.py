"""`tf.linalg.LinearOperator`s that are made of others: adjoints, inverses, products."""

from __future__ import annotations

from typing import Any

from pyflow.core.api import export
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from pyflow.ops.array_joining import concat
from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_kinds import Hint


class _OfAnother(LinearOperator):
    """Made of one square or rectangular operator, which promises what is not said."""

    def __init__(self, operator: LinearOperator, hints: tuple[Hint, ...], suffix: str, name: str | None):
        self._operator = operator
        promised = (
            operator.is_non_singular,
            operator.is_self_adjoint,
            operator.is_positive_definite,
            operator.is_square,
        )
        for hint, known, what in zip(hints, promised, ("non-singular", "self-adjoint", "positive-definite", "square")):
            if hint is False and known:
                raise ValueError(f"The {suffix} of a {what} operator is always {what}.")
        merged = [known if hint is None else hint for hint, known in zip(hints, promised)]
        super().__init__(operator.dtype, operator.graph_parents, *merged, name=name or f"{operator.name}_{suffix}")

    operator = property(lambda self: self._operator)

    def _assert_non_singular(self) -> Any:
        return self._operator.assert_non_singular()

    def _assert_positive_definite(self) -> Any:
        return self._operator.assert_positive_definite()

    def _assert_self_adjoint(self) -> Any:
        return self._operator.assert_self_adjoint()


@export("linalg.LinearOperatorAdjoint")
class LinearOperatorAdjoint(_OfAnother):
    """The adjoint of an operator."""

    def __init__(
        self,
        operator: LinearOperator,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str | None = None,
    ):
        super().__init__(operator, (is_non_singular, is_self_adjoint, is_positive_definite, is_square), "adjoint", name)

    def _shape(self) -> TensorShape:
        sizes = self._operator.shape
        return sizes[:-2].concatenate([sizes[-1], sizes[-2]])

    def _shape_tensor(self) -> Tensor:
        sizes = self._operator.shape_tensor()
        return concat([sizes[:-2], sizes[-1:], sizes[-2:-1]], axis=0)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._operator.matmul(x, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._operator.solve(rhs, adjoint=not adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Tensor:
        return conj(self._operator.determinant())

    def _log_abs_determinant(self) -> Tensor:
        return self._operator.log_abs_determinant()

    def _to_dense(self) -> Tensor:
        return adjoint_of(self._operator.to_dense())


@export("linalg.LinearOperatorInversion")
class LinearOperatorInversion(_OfAnother):
    """The inverse of an operator."""

    def __init__(
        self,
        operator: LinearOperator,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str | None = None,
    ):
        if operator.is_square is False or is_square is False:
            raise ValueError("operator must be square")
        if operator.is_non_singular is False or is_non_singular is False:
            raise ValueError("operator and supplied hints must have is_non_singular=True or None")
        super().__init__(operator, (is_non_singular, is_self_adjoint, is_positive_definite, True), "inv", name)

    def _shape(self) -> TensorShape:
        return self._operator.shape

    def _shape_tensor(self) -> Tensor:
        return self._operator.shape_tensor()

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._operator.solve(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._operator.matmul(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _determinant(self) -> Tensor:
        return 1.0 / self._operator.determinant()

    def _log_abs_determinant(self) -> Tensor:
        return -1.0 * self._operator.log_abs_determinant()


@export("linalg.LinearOperatorComposition")
class LinearOperatorComposition(LinearOperator):
    """The product of operators, the last of which comes first to a vector.

    Raises:
      ValueError: none are given, or dimensions do not fit.
      TypeError: their dtypes differ.
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
        self._operators = operators = list(operators)
        if not operators:
            raise ValueError(f"Expected a non-empty list of operators. Found: {operators}")
        if any(o.dtype != operators[0].dtype for o in operators):
            shown = "   ".join(str((o.name, o.dtype)) for o in operators)
            raise TypeError(f"Expected all operators to have the same dtype.  Found {shown}")
        for left, right in zip(operators, operators[1:]):
            left.domain_dimension.assert_is_compatible_with(right.range_dimension)
        if all(o.is_non_singular for o in operators):
            if is_non_singular is False:
                raise ValueError("The composition of non-singular operators is always non-singular.")
            is_non_singular = True
        parents = [parent for o in operators for parent in o.graph_parents]
        name = "_o_".join(o.name for o in operators) if name is None else name
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
        super().__init__(operators[0].dtype, parents, *hints, name=name)

    operators = property(lambda self: self._operators)

    def _shape(self) -> TensorShape:
        first, *others = self._operators
        batch = first.batch_shape
        for other in others:
            batch = broadcast_static_shape(batch, other.batch_shape)
        return batch.concatenate([first.range_dimension, self._operators[-1].domain_dimension])

    def _shape_tensor(self) -> Tensor:
        first, *others = self._operators
        batch = first.batch_shape_tensor()
        for other in others:
            batch = broadcast_dynamic_shape(batch, other.batch_shape_tensor())
        ends = [first.shape_tensor()[-2:-1], self._operators[-1].shape_tensor()[-1:]]
        return concat([batch, *ends], 0)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        order = self._operators if adjoint else self._operators[::-1]
        result = order[0].matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for operator in order[1:]:
            result = operator.matmul(result, adjoint=adjoint)
        return result

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        order = self._operators[::-1] if adjoint else self._operators
        result = order[0].solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)
        for operator in order[1:]:
            result = operator.solve(result, adjoint=adjoint)
        return result

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
