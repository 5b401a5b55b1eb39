"""Inverses and determinants of square matrices.

Gradients: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation", 2008.
"""

from __future__ import annotations

import numpy as np

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.registry import op, sample
from pyflow.ops.array import reshape, shape
from pyflow.ops.array_joining import concat
from pyflow.ops.linalg_rules import (
    FACTORED,
    NOT_INVERTIBLE,
    adjoint_of,
    as_dtype_of,
    check_square,
    computable,
    factor,
    invalid,
    square,
    square_shape,
)
from pyflow.ops.matmul import matmul

_DETERMINED = (dtypes.float16, dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


@op("MatrixInverse(input: T) -> (output: T)", adjoint=False, T=FACTORED)
class MatrixInverse:
    """The inverse of square matrices [..., m, m], or of their adjoints."""

    shape = square

    def cpu(input, adjoint):
        check_square(input)
        matrix = computable(input)
        if np.isnan(matrix).any():
            raise invalid(NOT_INVERTIBLE)
        try:
            inverse = factor(np.linalg.inv, matrix)
        except np.linalg.LinAlgError:
            raise invalid(NOT_INVERTIBLE) from None
        return as_dtype_of(adjoint_of(inverse) if adjoint else inverse, input)

    def grad(op, dy):
        inverse = op.outputs[0]
        if op.attrs["adjoint"]:
            return -matmul(inverse, matmul(dy, inverse, adjoint_a=True))
        return -matmul(inverse, matmul(dy, inverse, adjoint_b=True), adjoint_a=True)

    samples = [
        sample([[2.0, 1.0], [0.5, 3.0]]),
        sample([[2.0, 1.0], [0.5, 3.0]], adjoint=True),
        sample([[[2.0, 1.0], [0.5, 3.0]], [[0.0, 1.0], [2.0, 1.0]]]),
    ]


def _batch_of(input):
    # The dimensions are named in the other order when they differ.
    if input is not None and len(input) >= 2:
        input = (*input[:-2], input[-1], input[-2])
    input = square_shape(input)
    return None if input is None else input[:-2]


@op("MatrixDeterminant(input: T) -> (output: T)", T=_DETERMINED)
class MatrixDeterminant:
    """The determinants [...] of square matrices [..., m, m]."""

    shape = _batch_of

    def cpu(input):
        check_square(input)
        return as_dtype_of(np.linalg.det(computable(input)), input)

    def grad(op, dy):
        determinant = op.outputs[0]
        inverse = MatrixInverse(op.inputs[0], adjoint=True)
        return reshape(dy * determinant, concat([shape(determinant), [1, 1]], 0)) * inverse

    samples = [sample([[2.0, 1.0], [0.5, 3.0]]), sample([[[2.0, 1.0], [0.5, 3.0]], [[0.0, 1.0], [2.0, 1.0]]])]


@op("LogMatrixDeterminant(input: T) -> (sign: T, log_abs_determinant: T)", T=_DETERMINED)
class LogMatrixDeterminant:
    """The sign of the determinants (for complex matrices: a number of modulus 1) and the logarithm of their modulus."""

    def shape(input):
        batch = _batch_of(input)
        return [batch, batch]

    def cpu(input):
        check_square(input)
        sign, logarithm = np.linalg.slogdet(computable(input))
        return as_dtype_of(sign, input), as_dtype_of(logarithm, input)

    def grad(op, d_sign, d_logarithm):
        logarithm = op.outputs[1]
        inverse = MatrixInverse(op.inputs[0], adjoint=True)
        return reshape(d_logarithm, concat([shape(logarithm), [1, 1]], 0)) * inverse

    samples = [sample([[2.0, 1.0], [0.5, 3.0]]), sample([[[2.0, 1.0], [0.5, 3.0]], [[0.0, 1.0], [2.0, 1.0]]])]


matrix_inverse = export("linalg.inv", "matrix_inverse")(MatrixInverse)
matrix_determinant = export("linalg.det", "matrix_determinant")(MatrixDeterminant)
log_matrix_determinant = export("linalg.slogdet")(LogMatrixDeterminant)
