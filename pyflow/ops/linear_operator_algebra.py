"""Products, quotients, inverses and factors of linear operators that are again of a simple kind."""

from __future__ import annotations

from typing import Any

from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_cholesky import cholesky as cholesky_of
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_block_diag import LinearOperatorBlockDiag
from pyflow.ops.linear_operator_circulant import LinearOperatorCirculant
from pyflow.ops.linear_operator_householder import LinearOperatorHouseholder
from pyflow.ops.linear_operator_kinds import (
    LinearOperatorDiag,
    LinearOperatorIdentity,
    LinearOperatorLowerTriangular,
    LinearOperatorScaledIdentity,
    LinearOperatorZeros,
)
from pyflow.ops.linear_operator_kronecker import LinearOperatorKronecker
from pyflow.ops.linear_operator_products import (
    LinearOperatorAdjoint,
    LinearOperatorComposition,
    LinearOperatorInversion,
)
from pyflow.ops.math_unary import sqrt

# Made of parts that adjoints, inverses and factors are taken of one by one.
_OF_SEVERAL = LinearOperatorBlockDiag, LinearOperatorKronecker


def product(left: LinearOperator, right: LinearOperator) -> LinearOperator:
    """left · right, as the simplest operator that it is known to be.

    Raises:
      ValueError: one is zero, and one not square.
    """
    if isinstance(left, LinearOperatorIdentity):
        return right
    if isinstance(right, LinearOperatorIdentity):
        return left
    for zero in (left, right):
        if isinstance(zero, LinearOperatorZeros):
            if not left.is_square or not right.is_square:
                words = "Matmul with non-square `LinearOperator`s or non-square `LinearOperatorZeros` not supported at"
                raise ValueError(f"{words} this time.")
            return zero
    if _are_diagonal(left, right):
        return LinearOperatorDiag(_diagonal(left) * _diagonal(right), **_hints(left, right))
    if isinstance(left, LinearOperatorDiag) and isinstance(right, LinearOperatorLowerTriangular):
        return _triangle(left.diag[..., None] * right.to_dense(), left, right)
    if isinstance(left, LinearOperatorLowerTriangular) and isinstance(right, LinearOperatorDiag):
        return _triangle(left.to_dense() * right.diag[..., None, :], left, right)
    if isinstance(left, LinearOperatorCirculant) and isinstance(right, LinearOperatorCirculant):
        return LinearOperatorCirculant(left.spectrum * right.spectrum, **_hints(left, right))
    return LinearOperatorComposition([left, right], is_non_singular=_non_singular(left, right))


def quotient(left: LinearOperator, right: LinearOperator) -> LinearOperator:
    """The inverse of left · right, as the simplest operator that it is known to be."""
    if isinstance(left, LinearOperatorIdentity):
        return right
    if isinstance(left, LinearOperatorInversion):
        return product(left.operator, right)
    if _are_diagonal(left, right):
        return LinearOperatorDiag(_diagonal(right) / _diagonal(left), **_hints(left, right))
    if isinstance(left, LinearOperatorDiag) and isinstance(right, LinearOperatorLowerTriangular):
        return _triangle(right.to_dense() / left.diag[..., None], left, right)
    if isinstance(left, LinearOperatorCirculant) and isinstance(right, LinearOperatorCirculant):
        return LinearOperatorCirculant(right.spectrum / left.spectrum, **_hints(left, right))
    inverted = LinearOperatorInversion(left)
    return LinearOperatorComposition([inverted, right], is_non_singular=_non_singular(left, right))


def inverse(operator: LinearOperator) -> LinearOperator:
    """Raises ValueError for operators that have none."""
    if operator.is_square is False:
        raise ValueError("Cannot take the Inverse: This operator represents a non square matrix.")
    if operator.is_non_singular is False:
        raise ValueError("Cannot take the Inverse: This operator represents a singular matrix.")
    if isinstance(operator, (LinearOperatorIdentity, LinearOperatorHouseholder)):
        return operator
    promises = _promises(operator)
    if isinstance(operator, LinearOperatorDiag):
        return LinearOperatorDiag(1.0 / operator.diag, **promises)
    if isinstance(operator, LinearOperatorScaledIdentity):
        return LinearOperatorScaledIdentity(operator.num_rows, 1.0 / operator.multiplier, **promises)
    if isinstance(operator, LinearOperatorCirculant):
        return LinearOperatorCirculant(1.0 / operator.spectrum, **promises)
    if isinstance(operator, _OF_SEVERAL):
        return type(operator)([part.inverse() for part in operator.operators], **promises)
    return operator.operator if isinstance(operator, LinearOperatorInversion) else LinearOperatorInversion(operator)


def adjoint(operator: LinearOperator) -> LinearOperator:
    if operator.is_self_adjoint:
        return operator
    if isinstance(operator, LinearOperatorDiag):
        return LinearOperatorDiag(conj(operator.diag), **_promises(operator))
    if isinstance(operator, LinearOperatorScaledIdentity):
        return LinearOperatorScaledIdentity(operator.num_rows, conj(operator.multiplier), **_promises(operator))
    if isinstance(operator, LinearOperatorCirculant):
        return LinearOperatorCirculant(conj(operator.spectrum), **_promises(operator))
    if isinstance(operator, _OF_SEVERAL):
        return type(operator)([part.adjoint() for part in operator.operators], **_promises(operator))
    return operator.operator if isinstance(operator, LinearOperatorAdjoint) else LinearOperatorAdjoint(operator)


def cholesky(operator: LinearOperator) -> LinearOperator:
    """The factor L of L L^H, of an operator that is promised to have one."""
    promises = {"is_non_singular": True, "is_self_adjoint": True, "is_positive_definite": True, "is_square": True}
    if isinstance(operator, LinearOperatorIdentity):
        return operator
    if isinstance(operator, LinearOperatorDiag):
        return LinearOperatorDiag(sqrt(operator.diag), **promises)
    if isinstance(operator, LinearOperatorScaledIdentity):
        return LinearOperatorScaledIdentity(operator.num_rows, sqrt(operator.multiplier), **promises)
    if isinstance(operator, _OF_SEVERAL):
        factors = [part.cholesky() for part in operator.operators]
        self_adjoint = None if all(factor.is_self_adjoint for factor in factors) else False
        return type(operator)(factors, is_non_singular=True, is_self_adjoint=self_adjoint, is_square=True)
    factor = cholesky_of(operator.to_dense())
    return LinearOperatorLowerTriangular(factor, is_non_singular=True, is_self_adjoint=False, is_square=True)


def _are_diagonal(left: LinearOperator, right: LinearOperator) -> bool:
    """Whether both are diagonal, and not both multiples of the identity: the product of those is a composition."""
    kinds = LinearOperatorDiag, LinearOperatorScaledIdentity
    return (
        isinstance(left, kinds)
        and isinstance(right, kinds)
        and (isinstance(left, LinearOperatorDiag) or isinstance(right, LinearOperatorDiag))
    )


def _diagonal(operator: Any) -> Any:
    return operator.diag if isinstance(operator, LinearOperatorDiag) else operator.multiplier[..., None]


def _triangle(entries: Any, left: LinearOperator, right: LinearOperator) -> LinearOperator:
    return LinearOperatorLowerTriangular(entries, is_non_singular=_non_singular(left, right), is_square=True)


def _promises(operator: LinearOperator) -> dict[str, bool | None]:
    return {
        "is_non_singular": operator.is_non_singular,
        "is_self_adjoint": operator.is_self_adjoint,
        "is_positive_definite": operator.is_positive_definite,
        "is_square": True,
    }


def _non_singular(left: LinearOperator, right: LinearOperator) -> bool | None:
    both = (left.is_non_singular, right.is_non_singular)
    return False if False in both else True if all(both) else None


def _hints(left: LinearOperator, right: LinearOperator) -> dict[str, bool | None]:
    """What is promised of the product of operators that commute."""
    adjoint = {left.is_self_adjoint, right.is_self_adjoint}
    definite = adjoint == {True} and left.is_positive_definite and right.is_positive_definite
    return {
        "is_non_singular": _non_singular(left, right),
        "is_self_adjoint": True if adjoint == {True} else False if adjoint == {True, False} else None,
        "is_positive_definite": True if definite else None,
        "is_square": True,
    }
