"""The gamma function's logarithm and its derivatives, and Hurwitz' zeta function, in numpy.

Formulas: NIST Digital Library of Mathematical Functions, chapters 5 (gamma) and 25 (zeta), https://dlmf.nist.gov/
"""

from __future__ import annotations

import math

import numpy as np

_EULER = 0.57721566490153286061
# B_2k, the Bernoulli numbers of even index, from k = 1 on.
_BERNOULLI = (
    1 / 6,
    -1 / 30,
    1 / 42,
    -1 / 30,
    5 / 66,
    -691 / 2730,
    7 / 6,
    -3617 / 510,
    43867 / 798,
    -174611 / 330,
    854513 / 138,
    -236364091 / 2730,
)
# Above this the asymptotic series are exact to the last digit.
_LARGE = 10.0


def _zeta_minus_one(s: int) -> float:
    """The sum of n**-s from n = 2 on."""
    count = 20
    head = math.fsum(n**-s for n in range(2, count))
    tail = count ** (1 - s) / (s - 1) + count**-s / 2
    power, factor = float(count) ** -(s + 1), float(s)
    for k, bernoulli in enumerate(_BERNOULLI[:6], 1):
        tail += bernoulli / math.factorial(2 * k) * factor * power
        factor *= (s + 2 * k - 1) * (s + 2 * k)
        power /= count**2
    return head + tail


# log(gamma(2 + z)) = z (1 - Euler's constant) + the sum of (-z)**k (zeta(k) - 1) / k; DLMF 5.7.3.
_NEAR_TWO = [(-1) ** k * _zeta_minus_one(k) / k for k in range(30, 1, -1)] + [1 - _EULER, 0.0]


def _sin_pi(x: np.ndarray) -> np.ndarray:
    """sin(pi x), exactly 0 at the integers."""
    whole = np.round(x)
    return np.where(whole % 2 == 0, 1.0, -1.0) * np.sin(np.pi * (x - whole))


def _log_gamma_of_positive(x: np.ndarray) -> np.ndarray:
    result = np.empty_like(x)
    large = x >= _LARGE
    v = x[large]
    inverse = 1 / v
    square = inverse * inverse
    coefficients = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI[:8], 1)]
    series = inverse * np.polyval(coefficients[::-1], square)
    # Written so that nothing overflows before the result does.
    result[large] = (v - 0.5) * (np.log(v) - 1) + (0.5 * math.log(2 * math.pi) - 0.5) + series
    v = x[~large]
    # Steps down to [1.5, 2.5), and what they contribute.
    steps = np.maximum(np.round(v - 2), 0)
    product = np.ones_like(v)
    for n in range(1, int(_LARGE)):
        product = np.where(steps >= n, product * (v - n), product)
    z = v - steps - 2
    small = z < -0.5
    z = np.where(small, z + 1, z)
    tiny = z < -0.5
    z = np.where(tiny, z + 1, z)
    near = np.polyval(_NEAR_TWO, z) + np.log(product)
    near = np.where(small & ~tiny, near - np.log1p(z), near)
    result[~large] = np.where(tiny, near - np.log(v) - np.log1p(z), near)
    return result


def log_gamma(x: np.ndarray) -> np.ndarray:
    """The logarithm of |gamma(x)| as float64; infinite at 0, -1, -2 ..."""
    x = np.asarray(x, np.float64)
    positive = x > 0
    result = np.empty_like(x)
    v = x[positive]
    result[positive] = np.where(np.isinf(v), np.inf, _log_gamma_of_positive(np.minimum(v, 1e306)))
    v = x[~positive]
    at_pole = (v == np.floor(v)) | np.isinf(v)
    # Reflection: gamma(x) gamma(1 - x) = pi / sin(pi x).
    safe = np.where(at_pole | np.isnan(v), -0.5, v)
    reflected = np.log(np.pi / np.abs(safe * _sin_pi(safe))) - _log_gamma_of_positive(-safe)
    result[~positive] = np.where(np.isnan(v), np.nan, np.where(at_pole, np.inf, reflected))
    return result


def digamma(x: np.ndarray) -> np.ndarray:
    """The derivative of log(gamma(x)) as float64; infinite at 0, -1, -2 ..."""
    x = np.asarray(x, np.float64)
    negative = x <= 0
    at_pole = negative & (x == np.floor(x))
    v = np.where(negative, 1 - x, x)
    shifted = np.zeros_like(v)
    for _ in range(int(_LARGE)):
        small = v < _LARGE
        shifted = np.where(small, shifted - 1 / v, shifted)
        v = np.where(small, v + 1, v)
    inverse = 1 / v
    square = inverse * inverse
    coefficients = [b / (2 * k) for k, b in enumerate(_BERNOULLI[:8], 1)]
    result = np.log(v) - 0.5 * inverse - square * np.polyval(coefficients[::-1], square) + shifted
    fraction = np.where(negative, x - np.round(x), 0.25)
    result = np.where(negative, result - np.pi / np.tan(np.pi * fraction), result)
    return np.where(at_pole, np.inf, result)


def zeta(x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Hurwitz' zeta function: the sum of (q + n)**-x from n = 0 on, as float64.

    It is infinite at x = 1 and at q = 0, -1, -2 ...; NaN for x < 1, and for negative q unless x is an integer.
    """
    x, q = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(q, np.float64))
    undefined = (x < 1) | ((q < 0) & (q != np.floor(q)) & (x != np.floor(x))) | np.isnan(x) | np.isnan(q)
    infinite = ~undefined & ((x == 1) | ((q <= 0) & (q == np.floor(q))))
    ordinary = ~undefined & ~infinite
    s, a = np.where(ordinary, x, 2.0), np.where(ordinary, q, 1.0)
    # The first terms one by one, at least ten and until a is large; the rest by Euler and Maclaurin (DLMF 25.11.28).
    total = np.zeros_like(s)
    end = np.maximum(a, 0) + _LARGE
    lowest = float(a.min()) if a.size else 0.0
    for _ in range(math.ceil(_LARGE - min(lowest, 0))):
        small = a < end
        total = np.where(small, total + np.power(a, -s), total)
        a = np.where(small, a + 1, a)
    power = np.power(a, -s)
    total = total + power * a / (s - 1) + 0.5 * power
    factor = s * power / a
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total + bernoulli / math.factorial(2 * k) * factor
        factor = factor * (s + 2 * k - 1) * (s + 2 * k) / (a * a)
    return np.where(undefined, np.nan, np.where(infinite, np.inf, total))


def polygamma(n: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The n-th derivative of digamma as float64; NaN unless n is 0, 1, 2 ..."""
    n, x = np.broadcast_arrays(np.asarray(n, np.float64), np.asarray(x, np.float64))
    whole = (n == np.floor(n)) & (n >= 0)
    order = np.where(whole, n, 1.0)
    sign = np.where(order % 2 == 0, -1.0, 1.0)
    higher = sign * np.exp(log_gamma(order + 1)) * zeta(order + 1, x)
    return np.where(whole, np.where(order == 0, digamma(x), higher), np.nan)
