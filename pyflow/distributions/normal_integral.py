"""The integral of the standard normal density, and its logarithm, exact in the tails."""

from __future__ import annotations

import math

from pyflow.core import dtypes
from pyflow.core.tensor import Tensor
from pyflow.ops.array_selection import where_v2
from pyflow.ops.comparison import greater, less
from pyflow.ops.math_binary import maximum, minimum
from pyflow.ops.math_special import erf, erfc
from pyflow.ops.math_unary import abs as absolute
from pyflow.ops.math_unary import log, square

# Below the first, an asymptotic series; above the second, what is missing to 1.
_BOUNDS = {dtypes.float64: (-20.0, 8.0), dtypes.float32: (-10.0, 5.0)}
_SERIES_ORDER = 3


def ndtr(x: Tensor) -> Tensor:
    """The probability of a standard normal variable that is at most x; float32 or float64."""
    _check(x)
    w = x * (0.5 * math.sqrt(2.0))
    z = absolute(w)
    tails = where_v2(greater(w, 0.0), 2.0 - erfc(z), erfc(z))
    return 0.5 * where_v2(less(z, 0.5 * math.sqrt(2.0)), 1.0 + erf(w), tails)


def log_ndtr(x: Tensor) -> Tensor:
    """The logarithm of `ndtr`."""
    _check(x)
    lower, upper = _BOUNDS[x.dtype.base_dtype]
    middle = log(ndtr(maximum(x, lower)))
    low = _log_of_tail(minimum(x, lower))
    return where_v2(greater(x, upper), -ndtr(-x), where_v2(greater(x, lower), middle, low))


def _log_of_tail(x: Tensor) -> Tensor:
    """By the series 1 - 1/x^2 + 3/x^4 - 15/x^6 of the ratio to density / -x (Abramowitz and Stegun, 26.2.12)."""
    total, odd_product = 1.0, 1.0
    power = 1.0
    for n in range(1, _SERIES_ORDER + 1):
        odd_product *= 2 * n - 1
        power = power * square(x)
        total = total + (-1.0) ** n * odd_product / power
    return -0.5 * square(x) - log(-x) - 0.5 * math.log(2.0 * math.pi) + log(total)


def _check(x: Tensor) -> None:
    if x.dtype.base_dtype not in _BOUNDS:
        raise TypeError(f"x.dtype={x.dtype} is not handled, see docstring for supported types.")
