"""The complex Schur form of a matrix, on which functions of matrices are computed. numpy has none.

Sources: G. Golub, C. Van Loan, "Matrix Computations", chapter 7 (Hessenberg form, QR iterations with shifts);
N. Higham, "Functions of Matrices", 2008, algorithms 6.3 (square root), 11.9 (logarithm).
"""

from __future__ import annotations

from typing import Callable

import numpy as np

_EPSILON = np.finfo(np.float64).eps
_ITERATIONS_PER_VALUE = 60
# The logarithm near the identity is the integral of x / (1 + t x) over t from 0 to 1.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_NEAR_IDENTITY = 0.25


def schur_form(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(t, q) with matrix = q t q^H, t upper triangular and q unitary, as complex128.

    Raises:
      LinAlgError: the matrix holds NaN or infinity, or the iterations don't converge.
    """
    if not np.isfinite(matrix).all():
        raise np.linalg.LinAlgError("not finite")
    t, q = _hessenberg(matrix.astype(np.complex128))
    last, iterations = len(t) - 1, 0
    while last > 0:
        first = _start_of_block(t, last)
        if first == last:
            last, iterations = last - 1, 0
            continue
        iterations += 1
        if iterations > _ITERATIONS_PER_VALUE:
            raise np.linalg.LinAlgError("QR iterations did not converge")
        # Now and then a shift out of the blue gets iterations out of a cycle.
        shift = (
            abs(t[last, last - 1]) + abs(t[first + 1, first]) if iterations % 10 == 0 else _nearest_eigenvalue(t, last)
        )
        _qr_step(t, q, first, last, shift)
    return np.triu(t), q


def _hessenberg(h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix brought to zeros below the first subdiagonal by reflections, and their product."""
    q = np.eye(len(h), dtype=h.dtype)
    for k in range(len(h) - 2):
        v = h[k + 1 :, k].copy()
        length = np.linalg.norm(v)
        if length == 0:
            continue
        v[0] += length * (v[0] / abs(v[0]) if v[0] else 1)
        v /= np.linalg.norm(v)
        h[k + 1 :] -= 2 * np.outer(v, v.conj() @ h[k + 1 :])
        h[:, k + 1 :] -= 2 * np.outer(h[:, k + 1 :] @ v, v.conj())
        q[:, k + 1 :] -= 2 * np.outer(q[:, k + 1 :] @ v, v.conj())
    return h, q


def _start_of_block(t: np.ndarray, last: int) -> int:
    """The first row of the block that ends at `last` and is not parted by a negligible subdiagonal element."""
    for i in range(last, 0, -1):
        if abs(t[i, i - 1]) <= _EPSILON * (abs(t[i - 1, i - 1]) + abs(t[i, i])):
            t[i, i - 1] = 0
            return i
    return 0


def _nearest_eigenvalue(t: np.ndarray, last: int) -> complex:
    """Of the eigenvalues of the last two rows and columns, the one nearer to the last diagonal element."""
    (a, b), (c, d) = t[last - 1 : last + 1, last - 1 : last + 1]
    half = (a - d) / 2
    root = np.sqrt(half * half + b * c)
    return d + min(half + root, half - root, key=abs)


def _qr_step(t: np.ndarray, q: np.ndarray, first: int, last: int, shift: complex) -> None:
    """One step on the block from `first` to `last`: factor t - shift as QR by rotations, and form RQ + shift."""
    diagonal = np.arange(first, last + 1)
    t[diagonal, diagonal] -= shift
    rotations = []
    for i in range(first, last):
        x, y = t[i, i], t[i + 1, i]
        length = np.hypot(abs(x), abs(y))
        c, s = (x / length, y / length) if length else (1.0 + 0j, 0j)
        rotation = np.array([[c.conjugate(), s.conjugate()], [-s, c]])
        t[i : i + 2, i:] = rotation @ t[i : i + 2, i:]
        rotations.append(rotation.conj().T)
    for i, rotation in zip(range(first, last), rotations):
        t[: i + 2, i : i + 2] = t[: i + 2, i : i + 2] @ rotation
        q[:, i : i + 2] = q[:, i : i + 2] @ rotation
    t[diagonal, diagonal] += shift


def triangular_square_root(t: np.ndarray) -> np.ndarray:
    """The principal square root of an upper triangular matrix; not finite where there is none."""
    r = np.diag(np.sqrt(t.diagonal()))
    for j in range(1, len(t)):
        for i in range(j - 1, -1, -1):
            r[i, j] = (t[i, j] - r[i, i + 1 : j] @ r[i + 1 : j, j]) / (r[i, i] + r[j, j])
    return r


def triangular_logarithm(t: np.ndarray) -> np.ndarray:
    """The principal logarithm of an upper triangular matrix; NaN where there is none.

    Square roots bring the matrix near the identity, where the logarithm is a sum of few rational terms.
    """
    if not t.diagonal().all():
        return np.full_like(t, np.nan)
    identity, scale = np.eye(len(t)), 1.0
    while np.abs(t - identity).sum(axis=0).max(initial=0) > _NEAR_IDENTITY:
        t, scale = triangular_square_root(t), scale * 2
        if not np.isfinite(t).all():
            return np.full_like(t, np.nan)
    x = t - identity
    terms = [w * np.linalg.solve(identity + node * x, x) for node, w in zip(_NODES, _WEIGHTS)]
    return scale * np.sum(terms, axis=0)


def principal_function(matrix: np.ndarray, of_triangle: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A function of matrices [..., m, m], given for upper triangular ones; NaN where it is not defined."""
    result = np.empty(matrix.shape, np.complex128)
    for i in np.ndindex(matrix.shape[:-2]):
        try:
            t, q = schur_form(matrix[i])
            result[i] = q @ of_triangle(t) @ q.conj().T
        except np.linalg.LinAlgError:
            result[i] = np.nan
    return result
