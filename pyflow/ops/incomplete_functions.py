"""The incomplete gamma and beta functions and the scaled Bessel functions I0 and I1, in numpy.

Formulas: NIST Digital Library of Mathematical Functions, chapters 8 (incomplete gamma and beta) and 10 (Bessel),
https://dlmf.nist.gov/
"""

from __future__ import annotations

import math
from typing import Callable

import numpy as np

from pyflow.ops.gamma_function import digamma, log_gamma

_PRECISION = float(np.finfo(np.float64).eps)
_MOST_STEPS = 5000
# A continued fraction's numerators and denominators are scaled down when they pass this.
_BIG = 2.0**52


def _iterate(step: Callable[[int], np.ndarray]) -> None:
    """Calls `step(1)`, `step(2)` ... until it returns no True: the elements that still change."""
    for n in range(1, _MOST_STEPS):
        if not step(n).any():
            return


def _log_power_over_gamma(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """log(x**a exp(-x) / gamma(a))."""
    return a * np.log(x) - x - log_gamma(a)


def _gamma_series(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """P(a, x), the regularised lower function, and its derivative by a; for x up to about a (DLMF 8.11.4)."""
    term, total = np.ones_like(a), np.ones_like(a)
    term_by_a, total_by_a = np.zeros_like(a), np.zeros_like(a)

    def step(n: int) -> np.ndarray:
        nonlocal term, term_by_a, total, total_by_a
        term_by_a = (term_by_a - term / (a + n)) * (x / (a + n))
        term = term * (x / (a + n))
        total, total_by_a = total + term, total_by_a + term_by_a
        return (term > total * _PRECISION) | (np.abs(term_by_a) > np.abs(total_by_a) * _PRECISION)

    _iterate(step)
    factor = np.exp(_log_power_over_gamma(a, x)) / a
    by_a = factor * (total_by_a + total * (np.log(x) - digamma(a + 1)))
    return factor * total, by_a


def _gamma_fraction(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Q(a, x), the regularised upper function, and its derivative by a; for x above 1 and a (DLMF 8.9.2)."""
    p = [np.ones_like(a), x + 1]
    b = x + 2 - a
    q = [x, b * x]
    p_by_a, q_by_a = [np.zeros_like(a), np.zeros_like(a)], [np.zeros_like(a), -x]
    value = p[1] / q[1]
    by_a = (p_by_a[1] - value * q_by_a[1]) / q[1]

    def step(n: int) -> np.ndarray:
        nonlocal value, by_a
        coefficient = n * (n + 1 - a)
        middle = b + 2 * n
        for sequence, derivative in ((p, p_by_a), (q, q_by_a)):
            following = sequence[1] * middle - sequence[0] * coefficient
            slope = derivative[1] * middle - sequence[1] - derivative[0] * coefficient + sequence[0] * n
            sequence[:] = [sequence[1], following]
            derivative[:] = [derivative[1], slope]
        fresh = p[1] / q[1]
        fresh_by_a = (p_by_a[1] - fresh * q_by_a[1]) / q[1]
        change = np.abs(fresh - value) > np.abs(fresh) * _PRECISION
        change |= np.abs(fresh_by_a - by_a) > np.abs(fresh_by_a) * _PRECISION
        value, by_a = fresh, fresh_by_a
        scale = np.where(np.abs(p[1]) > _BIG, 1 / _BIG, 1.0)
        for sequence in (p, q, p_by_a, q_by_a):
            sequence[:] = [sequence[0] * scale, sequence[1] * scale]
        return change

    _iterate(step)
    factor = np.exp(_log_power_over_gamma(a, x))
    return factor * value, factor * (by_a + value * (np.log(x) - digamma(a)))


def _incomplete_gamma(a: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P, Q, the derivative of P by a); P is 0 at x = 0 and NaN outside of a > 0, x >= 0."""
    a, x = (np.array(v, np.float64) for v in np.broadcast_arrays(a, x))
    undefined = ~((a > 0) & (x >= 0) & np.isfinite(a))
    p, q, by_a = np.zeros_like(a), np.ones_like(a), np.zeros_like(a)
    inside = ~undefined & (x > 0) & np.isfinite(x)
    by_fraction = inside & (x > 1) & (x > a)
    by_series = inside & ~by_fraction
    p[by_series], by_a[by_series] = _gamma_series(a[by_series], x[by_series])
    q[by_series] = 1 - p[by_series]
    q[by_fraction], upper_by_a = _gamma_fraction(a[by_fraction], x[by_fraction])
    p[by_fraction], by_a[by_fraction] = 1 - q[by_fraction], -upper_by_a
    at_end = ~undefined & np.isinf(x)
    p[at_end], q[at_end] = 1, 0
    for result in (p, q, by_a):
        result[undefined] = np.nan
    return p, q, by_a


def lower_gamma(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The regularised lower incomplete gamma function P(a, x), as float64."""
    return _incomplete_gamma(a, x)[0]


def upper_gamma(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The regularised upper incomplete gamma function Q(a, x) = 1 - P(a, x), as float64."""
    return _incomplete_gamma(a, x)[1]


def lower_gamma_by_a(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The derivative of P(a, x) by a, as float64."""
    return _incomplete_gamma(a, x)[2]


def _beta_fraction(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The regularised incomplete beta function for x < (a + 1) / (a + b + 2), by DLMF 8.17.22 in Lentz' way."""
    tiny = 1e-300
    c = np.ones_like(x)
    d = 1 - (a + b) * x / (a + 1)
    d = 1 / np.where(np.abs(d) < tiny, tiny, d)
    value = d

    def step(n: int) -> np.ndarray:
        nonlocal c, d, value
        even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n))
        odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1))
        for coefficient in (even, odd):
            d = 1 + coefficient * d
            d = 1 / np.where(np.abs(d) < tiny, tiny, d)
            c = 1 + coefficient / c
            c = np.where(np.abs(c) < tiny, tiny, c)
            value = value * d * c
        return np.abs(d * c - 1) > _PRECISION

    _iterate(step)
    log_beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b)
    return np.exp(a * np.log(x) + b * np.log1p(-x) - log_beta) * value / a


def incomplete_beta(a: np.ndarray, b: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The regularised incomplete beta function I_x(a, b) as float64; NaN outside of a, b > 0 and 0 <= x <= 1."""
    a, b, x = (np.array(v, np.float64) for v in np.broadcast_arrays(a, b, x))
    undefined = ~((a > 0) & (b > 0) & (x >= 0) & (x <= 1))
    inside = ~undefined & (x > 0) & (x < 1)
    direct = inside & (x < (a + 1) / (a + b + 2))
    mirrored = inside & ~direct
    result = np.where(x >= 1, 1.0, 0.0)
    result[direct] = _beta_fraction(a[direct], b[direct], x[direct])
    result[mirrored] = 1 - _beta_fraction(b[mirrored], a[mirrored], 1 - x[mirrored])
    result[undefined] = np.nan
    return result


# Up to here the power series is used, which then needs about 60 terms; beyond, the asymptotic one.
_BESSEL_FAR = 20.0


def scaled_bessel(order: int, x: np.ndarray) -> np.ndarray:
    """exp(-|x|) times the modified Bessel function of the first kind of order 0 or 1, as float64."""
    x = np.asarray(x, np.float64)
    size = np.abs(x)
    near = np.minimum(size, _BESSEL_FAR)
    quarter = near * near / 4
    term = np.ones_like(x) if order == 0 else near / 2
    series = term
    for k in range(1, 65):
        term = term * quarter / (k * (k + order))
        series = series + term
    far = np.maximum(size, _BESSEL_FAR)
    term = tail = np.ones_like(x)
    for k in range(1, 25):
        term = term * ((2 * k - 1) ** 2 - 4 * order * order) / (8 * k * far)
        tail = tail + term
    result = np.where(size <= _BESSEL_FAR, np.exp(-near) * series, tail / np.sqrt(2 * math.pi * far))
    return np.copysign(result, x) if order == 1 else result
