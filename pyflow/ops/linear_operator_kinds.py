"""Kinds of `tf.linalg.LinearOperator`: full, diagonal, triangular, identity and zero matrices."""

from __future__ import annotations

from typing import Any

from pyflow.core import dtypes, errors
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.registry import raw
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array_broadcasting import broadcast_dynamic_shape
from pyflow.ops.array_diagonals import matrix_band_part, matrix_diag, matrix_diag_part
from pyflow.ops.array_filling import ones, zeros
from pyflow.ops.array_joining import concat
from pyflow.ops.array_shape import shape
from pyflow.ops.checks import assert_positive
from pyflow.ops.complex_numbers import conj, real
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linalg_solve import matrix_triangular_solve
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_batches import match_batches
from pyflow.ops.linear_operator_checks import has_no_zeros, imaginary_part_is_zero, is_real
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log
from pyflow.ops.matmul import matmul
from pyflow.ops.reduce_functions import reduce_prod, reduce_sum

_FLOATS = (dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)
_ZEROS = "Singular operator:  Diagonal contained zero values."
Hint = bool | None


def _matrix(value: Any, name: str, least_rank: int = 2) -> Tensor:
    tensor = convert_to_tensor(value, name=name)
    if tensor.dtype.base_dtype not in _FLOATS:
        raise TypeError(f"Argument {name} must have dtype in {list(_FLOATS)}.  Found: {tensor.dtype}")
    if tensor.shape.ndims is not None and tensor.shape.ndims < least_rank:
        dimensions = "2 dimensions" if least_rank == 2 else "1 dimension"
        raise ValueError(f"Argument {name} must have at least {dimensions}.  Found: {tensor}")
    return tensor


@export("linalg.LinearOperatorFullMatrix")
class LinearOperatorFullMatrix(LinearOperator):
    """Any matrix, [batch..., rows, columns]."""

    def __init__(
        self,
        matrix: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorFullMatrix",
    ):
        with name_scope(name, values=[matrix]):
            self._matrix = _matrix(matrix, "matrix")
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
        super().__init__(self._matrix.dtype, [self._matrix], *hints, name=name)

    def _shape(self) -> TensorShape:
        return self._matrix.shape

    def _shape_tensor(self) -> Tensor:
        return shape(self._matrix)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return matmul(self._matrix, x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _to_dense(self) -> Tensor:
        return self._matrix


@export("linalg.LinearOperatorLowerTriangular")
class LinearOperatorLowerTriangular(LinearOperator):
    """The lower triangle of `tril` [batch..., n, n]; what is above the diagonal is ignored."""

    def __init__(
        self,
        tril: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorLowerTriangular",
    ):
        if is_square is False:
            raise ValueError("Only square lower triangular operators supported at this time.")
        with name_scope(name, values=[tril]):
            self._tril = _matrix(tril, "tril")
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, True)
        super().__init__(self._tril.dtype, [self._tril], *hints, name=name)

    def _triangle(self) -> Tensor:
        return matrix_band_part(self._tril, -1, 0)

    def _shape(self) -> TensorShape:
        return self._tril.shape

    def _shape_tensor(self) -> Tensor:
        return shape(self._tril)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return matmul(self._triangle(), x, adjoint_a=adjoint, adjoint_b=adjoint_arg)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        triangle, rhs = match_batches(self._triangle(), adjoint_of(rhs) if adjoint_arg else rhs)
        return matrix_triangular_solve(triangle, rhs, lower=True, adjoint=adjoint)

    def _determinant(self) -> Tensor:
        return reduce_prod(matrix_diag_part(self._tril), axis=-1)

    def _log_abs_determinant(self) -> Tensor:
        return reduce_sum(log(absolute(matrix_diag_part(self._tril))), axis=-1)

    def _to_dense(self) -> Tensor:
        return self._triangle()

    def _assert_non_singular(self) -> Any:
        return has_no_zeros(matrix_diag_part(self._tril), _ZEROS)


class _Diagonal(LinearOperator):
    """Kinds that say what is on their diagonal, [batch..., n] or something to broadcast to it."""

    def _entries(self) -> Tensor:
        raise NotImplementedError

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        entries = conj(self._entries()) if adjoint else self._entries()
        return entries[..., None] * (adjoint_of(x) if adjoint_arg else x)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        entries = conj(self._entries()) if adjoint else self._entries()
        return (adjoint_of(rhs) if adjoint_arg else rhs) * (1.0 / entries)[..., None]

    def _determinant(self) -> Tensor:
        return reduce_prod(self._diag_part(), axis=[-1])

    def _log_abs_determinant(self) -> Tensor:
        return reduce_sum(log(absolute(self._diag_part())), axis=[-1])

    def _to_dense(self) -> Tensor:
        return matrix_diag(self._diag_part())

    def _diag_part(self) -> Tensor:
        return self._entries()


@export("linalg.LinearOperatorDiag")
class LinearOperatorDiag(_Diagonal):
    """The diagonal matrices with `diag` [batch..., n] on their diagonals."""

    def __init__(
        self,
        diag: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = None,
        name: str = "LinearOperatorDiag",
    ):
        with name_scope(name, values=[diag]):
            self._diag = _matrix(diag, "diag", least_rank=1)
        if not self._diag.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real diagonal operator is always self adjoint.")
            is_self_adjoint = True
        if is_square is False:
            raise ValueError("Only square diagonal operators currently supported.")
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, True)
        super().__init__(self._diag.dtype, [self._diag], *hints, name=name)

    diag = property(lambda self: self._diag)

    def _entries(self) -> Tensor:
        return self._diag

    def _assert_non_singular(self) -> Any:
        return has_no_zeros(self._diag, _ZEROS)

    def _assert_positive_definite(self) -> Any:
        what = (
            "Diagonal operator had diagonal entries with non-positive real part"
            if self.dtype.is_complex
            else "Real diagonal operator had non-positive diagonal entries"
        )
        return assert_positive(real(self._diag), message=f"{what}, thus was not positive definite.")

    def _assert_self_adjoint(self) -> Any:
        words = "This diagonal operator contained non-zero imaginary values.   Thus it was not self-adjoint."
        return is_real(self._diag, words)

    def _shape(self) -> TensorShape:
        return self._diag.shape.concatenate(self._diag.shape[-1:])

    def _shape_tensor(self) -> Tensor:
        sizes = shape(self._diag)
        return concat([sizes, sizes[-1:]], axis=0)


@export("linalg.LinearOperatorIdentity")
class LinearOperatorIdentity(_Diagonal):
    """Identity matrices with `num_rows` rows, in a batch of the shape `batch_shape`; float32 by default."""

    def __init__(
        self,
        num_rows: Any,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: Hint = True,
        is_self_adjoint: Hint = True,
        is_positive_definite: Hint = True,
        is_square: Hint = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorIdentity",
    ):
        for holds, what in (
            (is_self_adjoint, "self adjoint"),
            (is_non_singular, "non-singular"),
            (is_positive_definite, "positive-definite"),
            (is_square, "square"),
        ):
            if not holds:
                raise ValueError(f"An identity operator is always {what}.")
        super().__init__(dtype or dtypes.float32, None, True, True, True, True, name=name)
        with name_scope(name):
            self._size = _Sizes(num_rows, num_rows, batch_shape)

    def _entries(self) -> Tensor:
        return ones(concat([self._size.dynamic()[:-2], self._size.dynamic()[-1:]], 0), dtype=self.dtype)

    def _assert_non_singular(self) -> Any:
        return raw.NoOp(name="assert_non_singular")

    def _assert_positive_definite(self) -> Any:
        return raw.NoOp(name="assert_positive_definite")

    def _assert_self_adjoint(self) -> Any:
        return raw.NoOp(name="assert_self_adjoint")

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:
        """The matrices plus `mat`."""
        return super().add_to_tensor(mat, name)

    def _shape(self) -> TensorShape:
        return self._size.static()

    def _shape_tensor(self) -> Tensor:
        return self._size.dynamic()


@export("linalg.LinearOperatorScaledIdentity")
class LinearOperatorScaledIdentity(_Diagonal):
    """Identity matrices with `num_rows` rows, times `multiplier` [batch...]."""

    def __init__(
        self,
        num_rows: Any,
        multiplier: Any,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorScaledIdentity",
    ):
        with name_scope(name, values=[multiplier, num_rows]):
            self._multiplier = convert_to_tensor(multiplier, name="multiplier")
            if not self._multiplier.dtype.is_complex:
                if is_self_adjoint is False:
                    raise ValueError("A real diagonal operator is always self adjoint.")
                is_self_adjoint = True
            if not is_square:
                raise ValueError("A ScaledIdentity operator is always square.")
            self._size = _Sizes(num_rows, num_rows, None)
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, True)
        super().__init__(self._multiplier.dtype, None, *hints, name=name)

    multiplier = property(lambda self: self._multiplier)
    num_rows = property(lambda self: self._size.rows, doc="As it was given.")

    def _entries(self) -> Tensor:
        return self._multiplier[..., None] * ones(self._size.dynamic()[-1:], dtype=self.dtype)

    def _assert_non_singular(self) -> Any:
        return assert_positive(absolute(self._multiplier), message="LinearOperator was singular")

    def _assert_positive_definite(self) -> Any:
        return assert_positive(real(self._multiplier), message="LinearOperator was not positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return imaginary_part_is_zero(self._multiplier, "LinearOperator was not self-adjoint")

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:
        """The matrices plus `mat`."""
        return super().add_to_tensor(mat, name)

    def _shape(self) -> TensorShape:
        return self._multiplier.shape.concatenate(self._size.static())

    def _shape_tensor(self) -> Tensor:
        return concat([shape(self._multiplier), self._size.dynamic()], axis=0)


class _Sizes:
    """Rows, columns and batch, given as numbers or tensors."""

    def __init__(self, rows: Any, columns: Any, batch_shape: Any):
        for name, value in (("num_rows", rows), ("num_columns", columns)):
            tensor = convert_to_tensor(value, name=name, dtype=dtypes.int32)
            if tensor.shape.ndims not in (None, 0):
                raise ValueError(f"Argument {name} must be a 0-D Tensor.  Found: {value}")
            if not isinstance(value, Tensor) and value < 0:
                raise ValueError(f"Argument {name} must be non-negative.  Found: {value}")
        self.rows = rows
        self._parts = (rows, columns)
        self._batch = [] if batch_shape is None else batch_shape

    def static(self) -> TensorShape:
        sizes = TensorShape([None if isinstance(part, Tensor) else part for part in self._parts])
        batch = TensorShape(None) if isinstance(self._batch, Tensor) else TensorShape(self._batch)
        return batch.concatenate(sizes)

    def dynamic(self) -> Tensor:
        return concat([convert_to_tensor(self._batch, dtype=dtypes.int32), convert_to_tensor(list(self._parts))], 0)


@export("linalg.LinearOperatorZeros")
class LinearOperatorZeros(LinearOperator):
    """Matrices of zeros; square unless `num_columns` is given; float32 by default."""

    def __init__(
        self,
        num_rows: Any,
        num_columns: Any = None,
        batch_shape: Any = None,
        dtype: Any = None,
        is_non_singular: Hint = False,
        is_self_adjoint: Hint = True,
        is_positive_definite: Hint = False,
        is_square: Hint = True,
        assert_proper_shapes: bool = False,
        name: str = "LinearOperatorZeros",
    ):
        if not is_self_adjoint and is_square:
            raise ValueError("A zero operator is always self adjoint.")
        if is_non_singular:
            raise ValueError("A zero operator is always singular.")
        if is_positive_definite:
            raise ValueError("A zero operator is always not positive-definite.")
        hints = (is_non_singular, is_self_adjoint, is_positive_definite, is_square)
        super().__init__(dtype or dtypes.float32, None, *hints, name=name)
        with name_scope(name):
            self._size = _Sizes(num_rows, num_rows if num_columns is None else num_columns, batch_shape)

    def add_to_tensor(self, mat: Any, name: str = "add_to_tensor") -> Tensor:
        """The matrices plus `mat`."""
        return super().add_to_tensor(mat, name)

    def _shape(self) -> TensorShape:
        return self._size.static()

    def _shape_tensor(self) -> Tensor:
        return self._size.dynamic()

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        sizes = self._size.dynamic()
        rows, batch = sizes[-1:] if adjoint else sizes[-2:-1], sizes[:-2]
        given = shape(adjoint_of(x) if adjoint_arg else x)
        return zeros(concat([broadcast_dynamic_shape(batch, given[:-2]), rows, given[-1:]], 0), dtype=self.dtype)

    def _to_dense(self) -> Tensor:
        return zeros(self._size.dynamic(), dtype=self.dtype)

    def _assert_non_singular(self) -> Any:
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-invertible.")

    def _assert_positive_definite(self) -> Any:
        raise errors.InvalidArgumentError(None, None, "Zero operators are always non-positive definite.")

    def _assert_self_adjoint(self) -> Any:
        return raw.NoOp(name="assert_self_adjoint")
