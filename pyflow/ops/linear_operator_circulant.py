"""Linear operators that Fourier transforms make diagonal: circulant matrices, of blocks and of blocks of blocks too."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.shapes import TensorShape
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, matrix_transpose, reshape
from pyflow.ops.array_filling import ones
from pyflow.ops.array_joining import concat, stack
from pyflow.ops.array_shape import shape
from pyflow.ops.cast import cast
from pyflow.ops.checks import assert_less, assert_positive
from pyflow.ops.complex_numbers import complex as complex_of
from pyflow.ops.complex_numbers import conj, imag, real
from pyflow.ops.fft import fft, fft2d, fft3d, ifft, ifft2d, ifft3d
from pyflow.ops.linalg_basics import adjoint as adjoint_of
from pyflow.ops.linear_operator import LinearOperator
from pyflow.ops.linear_operator_checks import has_no_zeros, is_real
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log
from pyflow.ops.reduce_functions import reduce_prod, reduce_sum

_FORWARD = {1: fft, 2: fft2d, 3: fft3d}
_BACKWARD = {1: ifft, 2: ifft2d, 3: ifft3d}
Hint = bool | None


def to_complex(x: Tensor) -> Tensor:
    """As complex128 if it has doubles, as complex64 otherwise."""
    wide = x.dtype.base_dtype in (dtypes.float64, dtypes.complex128)
    return cast(x, dtypes.complex128 if wide else dtypes.complex64)


class _Circulant(LinearOperator):
    """F^-1 diag(spectrum) F, where F transforms along the last `_depth` axes of the spectrum."""

    _depth: int

    def __init__(self, spectrum: Any, dtype: Any, hints: tuple[Hint, Hint, Hint], is_square: Hint, name: str):
        non_singular, self_adjoint, definite = hints
        with name_scope(name, values=[spectrum]):
            self._spectrum = convert_to_tensor(spectrum, name="spectrum")
            ndims = self._spectrum.shape.ndims
            if ndims is not None and ndims < self._depth:
                words = f"Argument spectrum must have at least {self._depth} dimensions."
                raise ValueError(f"{words}  Found: {self._spectrum}")
            if not self._spectrum.dtype.is_complex:
                if self_adjoint is False:
                    raise ValueError("A real spectrum always corresponds to a self-adjoint operator.")
                self_adjoint = True
            if is_square is False:
                raise ValueError("A [[nested] block] circulant operator is always square.")
            self._block_sizes = shape(self._spectrum)[-self._depth :]
            self._complex_spectrum = to_complex(self._spectrum)
            super().__init__(dtype, [self._spectrum], non_singular, self_adjoint, definite, True, name=name)

    spectrum = property(lambda self: self._spectrum, doc="The eigenvalues.")
    block_depth = property(lambda self: self._depth, doc="How many axes a block of the spectrum has.")
    block_shape = property(lambda self: self._spectrum.shape[-self._depth :], doc="The spectrum's, without the batch.")

    def block_shape_tensor(self) -> Tensor:
        return self._block_sizes

    def convolution_kernel(self, name: str = "convolution_kernel") -> Tensor:
        """What the operator convolves with: the first column, in the shape of the spectrum."""
        with self._name_scope(name):
            return cast(_BACKWARD[self._depth](self._complex_spectrum), self.dtype)

    def _shape(self) -> TensorShape:
        sizes = self._spectrum.shape
        side = sizes[-self._depth :].num_elements() if sizes.ndims is not None else None
        return sizes[: -self._depth].concatenate([side, side])

    def _shape_tensor(self) -> Tensor:
        sizes = shape(self._spectrum)
        side = reduce_prod(sizes[-self._depth :])
        return concat([sizes[: -self._depth], stack([side, side])], 0)

    def _transformed(self, x: Tensor, adjoint: bool, adjoint_arg: bool, divide: bool) -> Tensor:
        x = cast(adjoint_of(x) if adjoint_arg else x, self._complex_spectrum.dtype)
        spectrum = conj(self._complex_spectrum) if adjoint else self._complex_spectrum
        spectrum = expand_dims(spectrum, -1 - self._depth)  # the same for each column, which are rows for the transform
        rows = matrix_transpose(x)
        known = rows.shape.is_fully_defined() and self.block_shape.is_fully_defined()
        if known:
            blocks = reshape(rows, [*rows.shape.as_list()[:-1], *self.block_shape.as_list()])
        else:
            blocks = reshape(rows, concat([shape(rows)[:-1], self._block_sizes], 0))
        waves = _FORWARD[self._depth](blocks)
        result = _BACKWARD[self._depth](waves / spectrum if divide else waves * spectrum)
        if result.shape.is_fully_defined():
            sizes: Any = [*result.shape.as_list()[: -self._depth], int(np.prod(result.shape.as_list()[-self._depth :]))]
        else:
            sizes = shape(result)
            sizes = concat([sizes[: -self._depth], [reduce_prod(sizes[-self._depth :])]], 0)
        return cast(matrix_transpose(reshape(result, sizes)), self.dtype)

    def _matmul(self, x: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._transformed(x, adjoint, adjoint_arg, divide=False)

    def _solve(self, rhs: Any, adjoint: bool = False, adjoint_arg: bool = False) -> Tensor:
        return self._transformed(rhs, adjoint, adjoint_arg, divide=True)

    def _block_axes(self) -> list[int]:
        return list(range(-self._depth, 0))

    def _determinant(self) -> Tensor:
        return cast(reduce_prod(self._spectrum, axis=self._block_axes()), self.dtype)

    def _log_abs_determinant(self) -> Tensor:
        return cast(reduce_sum(log(absolute(self._spectrum)), axis=self._block_axes()), self.dtype)

    def _trace(self) -> Tensor:
        """The sum of the eigenvalues."""
        total = reduce_sum(real(self._spectrum), axis=self._block_axes())
        if self.dtype.is_complex and not self.is_self_adjoint:
            total = complex_of(total, reduce_sum(imag(self._spectrum), axis=self._block_axes()))
        return cast(total, self.dtype)

    def _diag_part(self) -> Tensor:
        known = self.shape.is_fully_defined()
        sizes = self.shape.as_list() if known else self.shape_tensor()
        side = cast(self.domain_dimension_tensor(), self.dtype)
        return (self.trace() / side)[..., None] * ones(sizes[:-1], dtype=self.dtype)

    def assert_hermitian_spectrum(self, name: str = "assert_hermitian_spectrum") -> Any:
        """An operation that fails where the matrices aren't real, up to the precision of their dtype."""
        with self._name_scope(name):
            precision = np.finfo(self.dtype.real_dtype.as_numpy_dtype).eps
            parts = absolute(imag(self.convolution_kernel()))
            bound = float(precision) * cast(self.domain_dimension_tensor(), parts.dtype)
            return assert_less(parts, bound, message="Spectrum was not Hermitian")

    def _assert_non_singular(self) -> Any:
        return has_no_zeros(self._spectrum, "Singular operator:  Spectrum contained zero values.")

    def _assert_positive_definite(self) -> Any:
        words = "Not positive definite:  Real part of spectrum was not all positive."
        return assert_positive(real(self._spectrum), message=words)

    def _assert_self_adjoint(self) -> Any:
        return is_real(self._spectrum, "Not self-adjoint:  The spectrum contained non-zero imaginary part.")


@export("linalg.LinearOperatorCirculant")
class LinearOperatorCirculant(_Circulant):
    """Circulant matrices, [batch..., n, n]: every column is the one before it, moved down by one.

    Args:
      spectrum: the eigenvalues, the Fourier transform of the first column; [batch..., n], real or complex. The matrix
        is real where the spectrum of -k is the conjugate of that of k.
      input_output_dtype: of arguments and results; imaginary parts are dropped if it is real.

    Raises:
      ValueError: the spectrum has too few dimensions, or a hint contradicts it.
    """

    _depth = 1

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = True,
        name: str = "LinearOperatorCirculant",
    ):
        hints = (is_non_singular, is_self_adjoint, is_positive_definite)
        super().__init__(spectrum, input_output_dtype, hints, is_square, name)


@export("linalg.LinearOperatorCirculant2D")
class LinearOperatorCirculant2D(_Circulant):
    """Circulant matrices of circulant blocks, [batch..., n0 n1, n0 n1]; see `LinearOperatorCirculant`.

    Args:
      spectrum: [batch..., n0, n1].
    """

    _depth = 2

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = True,
        name: str = "LinearOperatorCirculant2D",
    ):
        hints = (is_non_singular, is_self_adjoint, is_positive_definite)
        super().__init__(spectrum, input_output_dtype, hints, is_square, name)


@export("linalg.LinearOperatorCirculant3D")
class LinearOperatorCirculant3D(_Circulant):
    """Circulant matrices of blocks as in `LinearOperatorCirculant2D`, [batch..., n0 n1 n2, n0 n1 n2].

    Args:
      spectrum: [batch..., n0, n1, n2].
    """

    _depth = 3

    def __init__(
        self,
        spectrum: Any,
        input_output_dtype: Any = dtypes.complex64,
        is_non_singular: Hint = None,
        is_self_adjoint: Hint = None,
        is_positive_definite: Hint = None,
        is_square: Hint = True,
        name: str = "LinearOperatorCirculant3D",
    ):
        hints = (is_non_singular, is_self_adjoint, is_positive_definite)
        super().__init__(spectrum, input_output_dtype, hints, is_square, name)
