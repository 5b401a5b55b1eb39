"""erf and erfc in numpy, to about 1e-16.

Source of the approximations: W. J. Cody, Rational Chebyshev approximations for the error function,
Mathematics of Computation 23 (1969).
"""

from __future__ import annotations

import math

import numpy as np

# Highest power first. Near 0: erf(x) = x P(x²) / Q(x²).
_NEAR_P = (
    1.85777706184603153e-1,
    3.16112374387056560,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
_NEAR_Q = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)
# Up to 4: erfc(x) = exp(-x²) P(x) / Q(x).
_MIDDLE_P = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
_MIDDLE_Q = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)
# Beyond: erfc(x) = exp(-x²) / x (1 / sqrt(pi) - P(1/x²) / (x² Q(1/x²))).
_FAR_P = (
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4,
)
_FAR_Q = (
    1.0,
    2.56852019228982242,
    1.87295284992346725,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3,
)
_NEAR, _MIDDLE = 0.46875, 4.0
# Where erfc leaves the range of float64.
_END = 27.3


def _ratio(p: tuple[float, ...], q: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    return np.polyval(p, x) / np.polyval(q, x)


def _exp_minus_square(x: np.ndarray) -> np.ndarray:
    """exp(-x²): the square in two parts, so that its rounding error is not blown up."""
    coarse = np.trunc(x * 16) / 16
    return np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse))


def _erfc_of_large(x: np.ndarray) -> np.ndarray:
    """erfc of numbers above `_NEAR`."""
    result = np.empty_like(x)
    middle = x <= _MIDDLE
    m = x[middle]
    result[middle] = _exp_minus_square(m) * _ratio(_MIDDLE_P, _MIDDLE_Q, m)
    f = np.minimum(x[~middle], _END)
    inverse = 1 / (f * f)
    tail = 1 / math.sqrt(math.pi) - inverse * _ratio(_FAR_P, _FAR_Q, inverse)
    result[~middle] = np.where(f < _END, _exp_minus_square(f) * tail / f, 0)
    return result


def _split(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(x as float64, which are near 0, erf of those)."""
    x = np.asarray(x, np.float64)
    near = np.abs(x) <= _NEAR
    n = x[near]
    return x, near, n * _ratio(_NEAR_P, _NEAR_Q, n * n)


def erf(x: np.ndarray) -> np.ndarray:
    """2 / sqrt(pi) times the integral of exp(-t²) from 0 to x, as float64."""
    x, near, erf_near = _split(x)
    result = np.empty_like(x)
    result[near] = erf_near
    rest = x[~near]
    result[~near] = np.copysign(1 - _erfc_of_large(np.abs(rest)), rest)
    return np.where(np.isnan(x), np.nan, result)


def erfc(x: np.ndarray) -> np.ndarray:
    """1 - erf(x) as float64, exact for large x too."""
    x, near, erf_near = _split(x)
    result = np.empty_like(x)
    result[near] = 1 - erf_near
    rest = x[~near]
    far = _erfc_of_large(np.abs(rest))
    result[~near] = np.where(rest < 0, 2 - far, far)
    return np.where(np.isnan(x), np.nan, result)
