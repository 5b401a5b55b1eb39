"""Ops that graphs from before TensorFlow 1.0 have: newer ones under their former names, and batch normalisation.

`pyflow/core/graph_versions.py` says up to which version of a GraphDef each of them may be used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pyflow.core import dtypes
from pyflow.core.registry import NOT_DIFFERENTIABLE, OpDef, ShapeError, attr, op, sample
from pyflow.ops import array_diagonals, fft, linalg_cholesky, linalg_inverse, linalg_least_squares, linalg_solve
from pyflow.ops import linalg_spectral as spectral

_FLOAT = (dtypes.float64, dtypes.float32)
_REAL = (dtypes.float32, dtypes.float64)
_COMPLEX = (dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128)


def _former(signature: str, successor: OpDef, samples: Any = None, **attrs: Any) -> OpDef:
    """Registers a former name of an op: its shape rule, kernel and gradient are the successor's."""
    body = {
        "__doc__": f"The former name of {successor.name}.",
        "__module__": __name__,
        "shape": successor.shape,
        "cpu": successor.cpu,
        "grad": successor.grad,
        "samples": successor.samples if samples is None else samples,
    }
    return op(signature, **attrs)(type(signature.partition("(")[0], (), body))


for _name in ("FFT", "FFT2D", "FFT3D", "IFFT", "IFFT2D", "IFFT3D"):
    _former(f"Batch{_name}(input: complex64) -> (output: complex64)", getattr(fft, _name))

_former("BatchCholesky(input: T) -> (output: T)", linalg_cholesky.Cholesky, T=_FLOAT)
_former("BatchCholeskyGrad(l: T, grad: T) -> (output: T)", linalg_cholesky.CholeskyGrad, T=_REAL)
_former("BatchMatrixDeterminant(input: T) -> (output: T)", linalg_inverse.MatrixDeterminant, T=_COMPLEX)
_former("BatchMatrixInverse(input: T) -> (output: T)", linalg_inverse.MatrixInverse, adjoint=False, T=_FLOAT)
_former("BatchMatrixSolve(matrix: T, rhs: T) -> (output: T)", linalg_solve.MatrixSolve, adjoint=False, T=_FLOAT)
_former(
    "BatchMatrixTriangularSolve(matrix: T, rhs: T) -> (output: T)",
    linalg_solve.MatrixTriangularSolve,
    lower=True,
    adjoint=False,
    T=_FLOAT,
)
_former(
    "BatchMatrixSolveLs(matrix: T, rhs: T, l2_regularizer: float64) -> (output: T)",
    linalg_least_squares.MatrixSolveLs,
    T=_FLOAT,
    fast=True,
)
_former("BatchSelfAdjointEigV2(input: T) -> (e: T, v: T)", spectral.SelfAdjointEigV2, compute_v=True, T=_FLOAT)
_former(
    "BatchSvd(input: T) -> (s: T, u: T, v: T)",
    spectral.Svd,
    compute_uv=True,
    full_matrices=False,
    T=(*_FLOAT, dtypes.complex64, dtypes.complex128),
)
_former("BatchMatrixDiag(diagonal: T) -> (output: T)", array_diagonals.MatrixDiag, T=dtypes.ANY)
_former("BatchMatrixDiagPart(input: T) -> (diagonal: T)", array_diagonals.MatrixDiagPart, T=dtypes.ANY)
_former("BatchMatrixSetDiag(input: T, diagonal: T) -> (output: T)", array_diagonals.MatrixSetDiag, T=dtypes.ANY)
_former(
    "BatchMatrixBandPart(input: T, num_lower: int64, num_upper: int64) -> (band: T)",
    array_diagonals.MatrixBandPart,
    T=dtypes.ANY,
)


def _depth_of(t, *vectors):
    """The shape of `t`, whose last axis the vectors lie along."""
    if t is not None and len(t) != 4:
        raise ShapeError(f"Shape must be rank 4 but is rank {len(t)}")
    for vector in vectors:
        if vector is not None and len(vector) != 1:
            raise ShapeError(f"Shape must be rank 1 but is rank {len(vector)}")
        if t is not None and vector is not None and None not in (t[3], vector[0]) and t[3] != vector[0]:
            raise ShapeError(f"Dimensions must be equal, but are {t[3]} and {vector[0]}")
    return (None,) * 4 if t is None else t


_T = (np.arange(24.0).reshape(2, 2, 2, 3) % 7).tolist()
_BACKPROP = (np.arange(24.0).reshape(2, 2, 2, 3) % 5 - 2).tolist()
_M, _V, _B, _G = [1.0, 2.0, 3.0], [0.5, 1.0, 2.0], [0.1, 0.2, 0.3], [1.5, 0.5, 2.0]


@op(
    "BatchNormWithGlobalNormalizationGrad(t: T, m: T, v: T, gamma: T, backprop: T) "
    "-> (dx: T, dm: T, dv: T, db: T, dg: T)",
    T=dtypes.NUMERIC,
    variance_epsilon=attr("float"),
    scale_after_normalization=attr("bool"),
)
class BatchNormWithGlobalNormalizationGrad:
    """The gradients of BatchNormWithGlobalNormalization's inputs."""

    grad = NOT_DIFFERENTIABLE
    samples = [sample(_T, _M, _V, _G, _BACKPROP, variance_epsilon=0.1, scale_after_normalization=True)]

    def shape(t, m, v, gamma, backprop):
        whole = _depth_of(t, m, v, gamma)
        return [whole, *[(whole[3],)] * 4]

    def cpu(t, m, v, gamma, backprop, variance_epsilon, scale_after_normalization):
        axes = (0, 1, 2)
        inverse = 1 / np.sqrt(v + v.dtype.type(variance_epsilon))
        scaled = backprop * gamma if scale_after_normalization else backprop
        centred = t - m
        dv = (scaled * centred).sum(axes) * (-0.5 * inverse**3)
        dg = (backprop * centred * inverse).sum(axes) if scale_after_normalization else np.zeros_like(gamma)
        found = scaled * inverse, -scaled.sum(axes) * inverse, dv, backprop.sum(axes), dg
        return tuple(np.asarray(value, t.dtype) for value in found)


@op(
    "BatchNormWithGlobalNormalization(t: T, m: T, v: T, beta: T, gamma: T) -> (result: T)",
    T=dtypes.NUMERIC,
    variance_epsilon=attr("float"),
    scale_after_normalization=attr("bool"),
)
class BatchNormWithGlobalNormalization:
    """(t - m) / sqrt(v + variance_epsilon) [* gamma] + beta for images t [n, h, w, d] and vectors [d]."""

    samples = [
        sample(_T, _M, _V, _B, _G, variance_epsilon=0.1, scale_after_normalization=scale) for scale in (False, True)
    ]

    def shape(t, m, v, beta, gamma):
        return _depth_of(t, m, v, beta, gamma)

    def cpu(t, m, v, beta, gamma, variance_epsilon, scale_after_normalization):
        inverse = 1 / np.sqrt(v + v.dtype.type(variance_epsilon))
        factor = inverse * gamma if scale_after_normalization else inverse
        return np.asarray((t - m) * factor + beta, t.dtype)

    def grad(op, dy):
        t, m, v, _, gamma = op.inputs
        dx, dm, dv, db, dg = BatchNormWithGlobalNormalizationGrad(
            t,
            m,
            v,
            gamma,
            dy,
            variance_epsilon=op.attrs["variance_epsilon"],
            scale_after_normalization=op.attrs["scale_after_normalization"],
        )
        return dx, dm, dv, db, dg
