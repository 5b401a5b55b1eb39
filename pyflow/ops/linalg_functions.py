"""The exponential, the logarithm and the square root of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core.api import export
from pyflow.core.convert import convert_to_tensor
from pyflow.core.dtypes import COMPLEX, complex64, complex128, float16, float32, float64
from pyflow.core.registry import NOT_DIFFERENTIABLE, op, sample
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array import expand_dims, matrix_transpose, reshape, shape
from pyflow.ops.array_filling import zeros_like
from pyflow.ops.array_joining import concat
from pyflow.ops.complex_numbers import conj
from pyflow.ops.linalg_basics import adjoint, eye
from pyflow.ops.linalg_rules import FACTORED, MATRIX_NOT_INVERTIBLE, as_dtype_of, check_square, factor, invalid, square
from pyflow.ops.linalg_solve import MatrixSolve
from pyflow.ops.schur import principal_function, triangular_logarithm, triangular_square_root

# Numerator of the diagonal Pade approximant of degree 13 to exp, and the 1-norm up to which it is exact in float64.
_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_LIMIT = 5.371920351148152


def exponential(matrix: np.ndarray) -> np.ndarray:
    """exp of square matrices [..., m, m] of float64 or complex128, by scaling and squaring.

    Source: N. Higham, "The scaling and squaring method for the matrix exponential revisited", 2005.

    Raises:
      LinAlgError: a matrix holds NaN or infinity.
    """
    if not np.isfinite(matrix).all():
        raise np.linalg.LinAlgError("not finite")
    norms = np.abs(matrix).sum(axis=-2).max(axis=-1, initial=0)
    squarings = np.maximum(np.ceil(np.log2(np.maximum(norms, 1) / _PADE_LIMIT)), 0)[..., None, None]
    a = matrix / 2.0**squarings
    identity = np.eye(matrix.shape[-1])
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    b = _PADE
    odd = a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * identity
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * identity
    odd = a @ odd
    result = factor(np.linalg.solve, even - odd, even + odd)
    for i in range(int(squarings.max(initial=0))):
        result = np.where(i < squarings, result @ result, result)
    return result


def _wide(matrix: np.ndarray) -> np.ndarray:
    return matrix.astype(np.complex128 if matrix.dtype.kind == "c" else np.float64)


@op("MatrixExponential(input: T) -> (output: T)", T=FACTORED)
class MatrixExponential:
    """The exponential of square matrices [..., m, m]."""

    shape = square

    def cpu(input):
        check_square(input)
        try:
            return as_dtype_of(exponential(_wide(input)), input)
        except np.linalg.LinAlgError:
            raise invalid(MATRIX_NOT_INVERTIBLE) from None

    def grad(op, dy):
        # exp([[a, e], [0, a]]) has the derivative of exp at a in the direction e as its upper right block
        # (Higham, "Functions of Matrices", theorem 3.6); the gradient is that at the adjoint of a.
        a = adjoint(op.inputs[0])
        upper = concat([a, dy], -1)
        lower = concat([zeros_like(a), a], -1)
        size = shape(a)[-1]
        return MatrixExponential(concat([upper, lower], -2))[..., :size, size:]

    samples = [sample([[0.5, 1.0], [-0.25, 0.3]]), sample([[[2.0, 8.0], [-1.0, 4.0]]], grad=False)]


@export("linalg.expm")
def matrix_exponential(input: Any, name: str | None = None) -> Tensor:
    """The exponential of square matrices [..., m, m] of a floating or complex dtype.

    Raises:
      ValueError: the dtype is another, or the matrices are not square.
      InvalidArgumentError: a matrix holds NaN or infinity.
    """
    with name_scope(name, "matrix_exponential", [input]) as name:
        matrix = convert_to_tensor(input, name="input")
        if matrix.dtype.base_dtype not in (float16, float32, float64, complex64, complex128):
            raise ValueError(f"tf.linalg.expm does not support matrices of type {matrix.dtype}")
        return MatrixExponential(matrix, name=name)


@op("MatrixLogarithm(input: T) -> (output: T)", T=COMPLEX)
class MatrixLogarithm:
    """The principal logarithm of complex matrices [..., m, m]; NaN for those that have none."""

    shape = square

    def cpu(input):
        check_square(input)
        return as_dtype_of(principal_function(input, triangular_logarithm), input)

    grad = NOT_DIFFERENTIABLE
    samples = [sample(np.array([[1.0, 2.0], [0.5, 3.0 + 1.0j]]), grad=False)]


@op("MatrixSquareRoot(input: T) -> (output: T)", T=FACTORED)
class MatrixSquareRoot:
    """The principal square root of matrices [..., m, m]; NaN for those that have none of their dtype."""

    shape = square

    def cpu(input):
        check_square(input)
        root = principal_function(input, triangular_square_root)
        if input.dtype.kind != "c":
            # A real matrix with a negative eigenvalue has no real principal root.
            size = np.abs(root).max((-1, -2), initial=0, keepdims=True)
            not_real = np.abs(root.imag).max((-1, -2), initial=0, keepdims=True) > 1e-6 * size
            root = np.where(not_real, np.nan, root.real)
        return as_dtype_of(root, input)

    def grad(op, dy):
        # r r = a gives the Sylvester equation r dr + dr r = da, here for the transposes as one linear system.
        root = op.outputs[0]
        sizes = shape(root)
        order, batch = sizes[-1], sizes[:-2]
        identity = eye(order, batch_shape=batch, dtype=root.dtype)
        system = _kronecker(identity, adjoint(root)) + _kronecker(conj(root), identity)
        columns = reshape(matrix_transpose(dy), concat([batch, [order * order], [1]], 0))
        solution = MatrixSolve(system, columns)
        return matrix_transpose(reshape(solution, sizes))

    samples = [sample([[2.0, 1.0], [0.5, 3.0]]), sample([[[2.0, 1.0], [-0.5, 3.0]], [[4.0, 0.0], [0.0, 9.0]]])]


def _kronecker(x: Tensor, y: Tensor) -> Tensor:
    """The Kronecker products of square matrices [..., m, m] and [..., n, n]."""
    sizes, other = shape(x), shape(y)
    order = sizes[-1] * other[-1]
    product = expand_dims(expand_dims(x, -1), -3) * expand_dims(expand_dims(y, -2), -4)
    return reshape(product, concat([sizes[:-2], [order], [order]], 0))


matrix_logarithm = export("linalg.logm")(MatrixLogarithm)
matrix_square_root = export("linalg.sqrtm", "matrix_square_root")(MatrixSquareRoot)
