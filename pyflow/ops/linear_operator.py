"""tf.linalg.LinearOperator: batches of matrices with a structure, as what they do to vectors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dimension import Dimension
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, squeeze
from pyflow.ops.array_diagonals import matrix_diag_part
from pyflow.ops.array_shape import rank
from pyflow.ops.checks import assert_equal, assert_positive
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linalg_basics import eye
from pyflow.ops.linalg_cholesky import cholesky
from pyflow.ops.linalg_inverse import matrix_determinant
from pyflow.ops.linalg_solve import matrix_solve
from pyflow.ops.linear_operator_batches import match_batches
from pyflow.ops.linear_operator_checks import is_well_conditioned
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log
from pyflow.ops.reduce_functions import reduce_sum


@export("linalg.LinearOperator")
class LinearOperator:
    """A batch of matrices, [batch..., rows, columns]; kinds define `_shape`, `_shape_tensor` and `_matmul`.

    Args:
      dtype: of the elements.
      graph_parents: tensors that it is made of.
      is_non_singular, is_self_adjoint, is_positive_definite, is_square: promises, or None; nothing checks them unless
        `assert_...` is run.

    Raises:
      ValueError: promises that cannot all hold.
    """

    def __init__(
        self,
        dtype: Any,
        graph_parents: list[Any] | None = None,
        is_non_singular: bool | None = None,
        is_self_adjoint: bool | None = None,
        is_positive_definite: bool | None = None,
        is_square: bool | None = None,
        name: str | None = None,
    ):
        if is_positive_definite:
            if is_non_singular is False:
                raise ValueError("A positive definite matrix is always non-singular.")
            is_non_singular = True
        for holds, what in ((is_non_singular, "non-singular"), (is_self_adjoint, "self-adjoint")):
            if holds:
                if is_square is False:
                    raise ValueError(f"A {what} matrix is always square.")
                is_square = True
        graph_parents = [] if graph_parents is None else graph_parents
        for i, parent in enumerate(graph_parents):
            if parent is None or not hasattr(parent, "graph"):
                raise ValueError(f"Graph parent item {i} is not a Tensor; {parent}.")
        self._dtype = dtypes.as_dtype(dtype).base_dtype if dtype else dtype
        self._graph_parents = graph_parents
        self._is_non_singular, self._is_self_adjoint = is_non_singular, is_self_adjoint
        self._is_positive_definite, self._is_square = is_positive_definite, is_square
        self._name = name or type(self).__name__

    @contextlib.contextmanager
    def _name_scope(self, name: str, values: list[Any] | None = None) -> Iterator[str]:
        full_name = f"{self.name}/{name}" if name is not None else self.name
        with name_scope(full_name, values=[*(values or []), *self._graph_parents]) as scope:
            yield scope

    name = property(lambda self: self._name)
    dtype = property(lambda self: self._dtype)
    graph_parents = property(lambda self: self._graph_parents)
    is_non_singular = property(lambda self: self._is_non_singular)
    is_self_adjoint = property(lambda self: self._is_self_adjoint)
    is_positive_definite = property(lambda self: self._is_positive_definite)

    @property
    def is_square(self) -> bool | None:
        """Whether it has as many rows as columns, if that is known or promised."""
        rows, columns = self.range_dimension.value, self.domain_dimension.value
        if rows is None or columns is None:
            return self._is_square
        if self._is_square is False and rows == columns:
            raise ValueError("User set is_square hint to False, but the operator was square.")
        return rows == columns if self._is_square is None else self._is_square

    # ---------------------------------------------------------------- shapes

    def _shape(self) -> TensorShape:
        raise NotImplementedError("_shape is not implemented.")

    def _shape_tensor(self) -> Tensor:
        raise NotImplementedError("_shape_tensor is not implemented.")

    shape = property(lambda self: self._shape(), doc="[batch..., rows, columns].")
    batch_shape = property(lambda self: self.shape[:-2])
    tensor_rank = property(lambda self: self.shape.ndims)

    def _dimension(self, axis: int) -> Any:
        dims = self.shape.dims
        return Dimension(None) if dims is None else dims[axis]

    domain_dimension = property(lambda self: self._dimension(-1), doc="How many columns.")
    range_dimension = property(lambda self: self._dimension(-2), doc="How many rows.")

    def shape_tensor(self, name: str = "shape_tensor") -> Tensor:
        with self._name_scope(name):
            if self.shape.is_fully_defined():
                return convert_to_tensor(self.shape.as_list(), dtype=dtypes.int32)
            return self._shape_tensor()

    def batch_shape_tensor(self, name: str = "batch_shape_tensor") -> Tensor:
        with self._name_scope(name):
            if self.batch_shape.is_fully_defined():
                return convert_to_tensor(self.batch_shape.as_list(), dtype=dtypes.int32, name="batch_shape")
            return self.shape_tensor()[:-2]

    def domain_dimension_tensor(self, name: str = "domain_dimension_tensor") -> Tensor:
        with self._name_scope(name):
            columns = self.domain_dimension.value
            return self.shape_tensor()[-1] if columns is None else convert_to_tensor(columns)

    def range_dimension_tensor(self, name: str = "range_dimension_tensor") -> Tensor:
        with self._name_scope(name):
            rows = self.range_dimension.value
            return self.shape_tensor()[-2] if rows is None else convert_to_tensor(rows)

    def tensor_rank_tensor(self, name: str = "tensor_rank_tensor") -> Tensor:
        with self._name_scope(name):
            return rank(self.to_dense()) if self.tensor_rank is None else convert_to_tensor(self.tensor_rank)

    # ---------------------------------------------------------------- products

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        raise NotImplementedError("_matmul is not implemented.")

    def matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "matmul") -> Any:
        """A x, for matrices x [batch..., columns, n] or another operator.

        Args:
          adjoint, adjoint_arg: take the adjoint of this operator, or of x.

        Raises:
          ValueError: the sizes do not fit.
        """
        if isinstance(x, LinearOperator):
            left, right = self._operands(x, adjoint, adjoint_arg)
            _check_dimensions("x", left.domain_dimension, right.range_dimension)
            from pyflow.ops.linear_operator_algebra import product  # which needs this module

            with self._name_scope(name):
                return product(left, right)
        with self._name_scope(name, [x]):
            x = convert_to_tensor(x, name="x")
            self._check(x, -1 if adjoint_arg else -2, self.range_dimension if adjoint else self.domain_dimension)
            return self._matmul(x, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def _operands(self, other: LinearOperator, adjoint: bool, adjoint_arg: bool) -> tuple[Any, Any]:
        return self.adjoint() if adjoint else self, other.adjoint() if adjoint_arg else other

    def matvec(self, x: Any, adjoint: bool = False, name: str = "matvec") -> Tensor:
        """A x, for vectors x [batch..., columns]."""
        with self._name_scope(name, [x]):
            x = convert_to_tensor(x, name="x")
            self._check(x, -1, self.range_dimension if adjoint else self.domain_dimension)
            return squeeze(self._matmul(expand_dims(x, -1), adjoint=adjoint), axis=-1)

    @staticmethod
    def _check(x: Tensor, axis: int, size: Any) -> None:
        dims = x.shape.dims
        if dims is not None:
            size.assert_is_compatible_with(dims[axis])

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other)

    # ---------------------------------------------------------------- solutions

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        matrix, rhs = match_batches(self._to_dense(), adjoint_of(rhs) if adjoint_arg else rhs)
        return matrix_solve(matrix, rhs, adjoint=adjoint)

    def _require_solvable(self) -> None:
        for holds, what in ((self.is_non_singular, "be singular"), (self.is_square, "not be square")):
            if holds is False:
                raise NotImplementedError(f"Exact solve not implemented for an operator that is expected to {what}.")

    def solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False, name: str = "solve") -> Any:
        """The x with A x = rhs, for matrices [batch..., rows, n] or another operator.

        Raises:
          NotImplementedError: it is known not to be square, or promised to be singular.
        """
        self._require_solvable()
        if isinstance(rhs, LinearOperator):
            left, right = self._operands(rhs, adjoint, adjoint_arg)
            _check_dimensions("rhs", left.range_dimension, right.range_dimension)
            from pyflow.ops.linear_operator_algebra import quotient  # which needs this module

            with self._name_scope(name):
                return quotient(left, right)
        with self._name_scope(name, [rhs]):
            rhs = convert_to_tensor(rhs, name="rhs")
            self._check(rhs, -1 if adjoint_arg else -2, self.domain_dimension if adjoint else self.range_dimension)
            return self._solve(rhs, adjoint=adjoint, adjoint_arg=adjoint_arg)

    def solvevec(self, rhs: Any, adjoint: bool = False, name: str = "solve") -> Tensor:
        """The x with A x = rhs, for vectors [batch..., rows]; see `solve`."""
        self._require_solvable()
        with self._name_scope(name, [rhs]):
            rhs = convert_to_tensor(rhs, name="rhs")
            self._check(rhs, -1, self.domain_dimension if adjoint else self.range_dimension)
            return squeeze(self._solve(expand_dims(rhs, -1), adjoint=adjoint), axis=-1)

    # ---------------------------------------------------------------- other forms

    def _to_dense(self) -> Tensor:
        columns, batch = self.domain_dimension.value, self.batch_shape
        if columns is None:
            columns = self.domain_dimension_tensor()
        batch_shape = batch.as_list() if batch.is_fully_defined() else self.batch_shape_tensor()
        return self.matmul(eye(columns, batch_shape=batch_shape, dtype=self.dtype))

    def to_dense(self, name: str = "to_dense") -> Tensor:
        """The matrices, [batch..., rows, columns]."""
        with self._name_scope(name):
            return self._to_dense()

    def _diag_part(self) -> Tensor:
        return matrix_diag_part(self._to_dense())

    def diag_part(self, name: str = "diag_part") -> Tensor:
        """The diagonals, [batch..., min(rows, columns)]."""
        with self._name_scope(name):
            return self._diag_part()

    def trace(self, name: str = "trace") -> Tensor:
        """The sums of the diagonals, [batch...]."""
        with self._name_scope(name):
            return self._trace()

    def _trace(self) -> Tensor:
        return reduce_sum(self._diag_part(), axis=-1)

    def add_to_tensor(self, x: Any, name: str = "add_to_tensor") -> Tensor:
        """The matrices plus x."""
        with self._name_scope(name, [x]):
            return convert_to_tensor(x, name="x") + self._to_dense()

    def _determinant(self) -> Tensor:
        return matrix_determinant(self._to_dense())

    def _log_abs_determinant(self) -> Tensor:
        return log(absolute(self._determinant()))

    def _require_square(self) -> None:
        if self.is_square is False:
            raise NotImplementedError("Determinant not implemented for an operator that is expected to not be square.")

    def determinant(self, name: str = "det") -> Tensor:
        """[batch...]."""
        self._require_square()
        with self._name_scope(name):
            return self._determinant()

    def log_abs_determinant(self, name: str = "log_abs_det") -> Tensor:
        """[batch...]."""
        self._require_square()
        with self._name_scope(name):
            return self._log_abs_determinant()

    def adjoint(self, name: str = "adjoint") -> Any:
        """The adjoint, an operator; itself if it is promised to be self-adjoint."""
        if self.is_self_adjoint:
            return self
        from pyflow.ops import linear_operator_algebra  # which needs this module

        with self._name_scope(name):
            return linear_operator_algebra.adjoint(self)

    H = property(lambda self: self.adjoint(), doc="The adjoint.")

    def inverse(self, name: str = "inverse") -> Any:
        """The inverse, an operator.

        Raises:
          ValueError: it is not square, or singular.
        """
        from pyflow.ops import linear_operator_algebra  # which needs this module

        with self._name_scope(name):
            return linear_operator_algebra.inverse(self)

    def cholesky(self, name: str = "cholesky") -> Any:
        """The factor L with L L^H = A, an operator.

        Raises:
          ValueError: it is not promised to be positive definite and self-adjoint.
        """
        if not (self.is_positive_definite and self.is_self_adjoint):
            raise ValueError("Cannot take the Cholesky decomposition: Not a positive definite self adjoint matrix.")
        from pyflow.ops import linear_operator_algebra  # which needs this module

        with self._name_scope(name):
            return linear_operator_algebra.cholesky(self)

    # ---------------------------------------------------------------- checks

    def assert_non_singular(self, name: str = "assert_non_singular") -> Any:
        """An operation that fails where the matrices are singular, up to the precision of their dtype."""
        with self._name_scope(name):
            return self._assert_non_singular()

    def _assert_non_singular(self) -> Any:
        if self.is_positive_definite and self.is_self_adjoint:
            return self.assert_positive_definite()
        return is_well_conditioned(self)

    def assert_positive_definite(self, name: str = "assert_positive_definite") -> Any:
        """An operation that fails where the matrices have no Cholesky decomposition.

        Raises:
          NotImplementedError: for operators that are not promised to be self-adjoint there is no general check.
        """
        with self._name_scope(name):
            return self._assert_positive_definite()

    def _assert_positive_definite(self) -> Any:
        if not self.is_self_adjoint:
            raise NotImplementedError("assert_positive_definite is not implemented.")
        diagonals = matrix_diag_part(cholesky(self.to_dense()))
        return assert_positive(diagonals, message="Matrix was not positive definite.")

    def assert_self_adjoint(self, name: str = "assert_self_adjoint") -> Any:
        """An operation that fails where the matrices differ from their adjoints."""
        with self._name_scope(name):
            return self._assert_self_adjoint()

    def _assert_self_adjoint(self) -> Any:
        dense = self.to_dense()
        return assert_equal(dense, adjoint_of(dense), message="Matrix was not equal to its adjoint.")


def _check_dimensions(name: str, wanted: Dimension, given: Dimension) -> None:
    if not wanted.is_compatible_with(given):
        raise ValueError(
            f"Operators are incompatible. Expected `{name}` to have dimension {wanted} but got {given}."
        )
