"""float32 log, sin and cos with the very bits of the C library (glibc since 2.28, musl), in numpy.

Random ops turn bits into numbers through logf and sincosf. Those are not correctly rounded, numpy's own float32
versions are less exact still, and rounding a float64 result differs from them in about 1 % of all cases. They are,
however, simple formulas in double precision, and the same formulas in numpy float64 give the same float32 for each of
the 2**23 values a random op can pass. So a seed means the same numbers on every platform.

Source of the formulas and coefficients: Arm Optimized Routines (MIT), functions logf and sincosf.
"""

from __future__ import annotations

import math

import numpy as np


def _hexadecimal(digits: str) -> list[float]:
    return [float.fromhex(number) for number in digits.split()]


# For each sixteenth of [0.7, 1.4) a number near the inverse of its middle; the logarithms are those of their inverses.
_INVERSES = np.array(
    _hexadecimal(
        "0x1.661ec79f8f3bep+0 0x1.571ed4aaf883dp+0 0x1.49539f0f010bp+0 0x1.3c995b0b80385p+0 "
        "0x1.30d190c8864a5p+0 0x1.25e227b0b8eap+0 0x1.1bb4a4a1a343fp+0 0x1.12358f08ae5bap+0 "
        "0x1.0953f419900a7p+0 0x1p+0 0x1.e608cfd9a47acp-1 0x1.ca4b31f026aap-1 "
        "0x1.b2036576afce6p-1 0x1.9c2d163a1aa2dp-1 0x1.886e6037841edp-1 0x1.767dcf5534862p-1"
    )
)
_LOGARITHMS = np.array([-math.log(inverse) for inverse in _INVERSES.tolist()])

# Coefficients of the powers in log(1 + r) = r + ..., sin(x) = x + ..., cos(x) = 1 + ...
_LOG_2, _LOG_3, _LOG_4 = _hexadecimal("-0x1.ffffef20a4123p-2 0x1.5575b0be00b6ap-2 -0x1.00ea348b88334p-2")
_SIN_3, _SIN_5, _SIN_7 = _hexadecimal("-0x1.555545995a603p-3 0x1.1107605230bc4p-7 -0x1.994eb3774cf24p-13")
_COS_2, _COS_4, _COS_6, _COS_8 = _hexadecimal(
    "-0x1.ffffffd0c621cp-2 0x1.55553e1068f19p-5 -0x1.6c087e89a359dp-10 0x1.99343027bf8c3p-16"
)

_TABLE_START = np.int32(0x3F330000)
_EXPONENT_BITS = np.int32(-(1 << 23))


def log_float32(x: np.ndarray) -> np.ndarray:
    """Natural logarithm of positive, normal, finite float32 values; float32 of the same shape."""
    bits = x.view(np.int32)
    place = bits - _TABLE_START
    z = (bits - (place & _EXPONENT_BITS)).view(np.float32)
    exponent = place >> 23
    part = place >> 19
    part &= 15
    r = z * _INVERSES.take(part)
    r -= 1.0
    y0 = exponent * math.log(2.0)
    y0 += _LOGARITHMS.take(part)
    y0 += r
    r2 = r * r
    y = r2 * _LOG_4
    r *= _LOG_3
    r += _LOG_2
    y += r
    y *= r2
    y += y0
    return y.astype(np.float32)


def sin_cos_float32(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sine and cosine of float32 angles in radians, magnitude below 120; two float32 arrays of the same shape."""
    x = x.astype(np.float64)
    quadrant = x * (2.0 / math.pi)
    np.rint(quadrant, out=quadrant)
    x -= quadrant * (math.pi / 2.0)
    q = quadrant.astype(np.int8)

    x2 = x * x
    x3 = x2 * x
    s = x2 * _SIN_7
    s += _SIN_5
    s *= x3 * x2
    x3 *= _SIN_3
    x += x3
    s += x
    x4 = x2 * x2
    c = x2 * _COS_8
    c += _COS_6
    c *= x4 * x2
    x2 *= _COS_2
    x2 += 1.0
    x4 *= _COS_4
    x2 += x4
    c += x2

    # Each quarter turn takes (sin, cos) to (cos, -sin).
    sine, cosine = s.astype(np.float32), c.astype(np.float32)
    turned = (q & 1).view(np.bool_)
    sine, cosine = np.where(turned, cosine, sine), np.where(turned, sine, cosine)
    np.negative(sine, out=sine, where=(q & 2).astype(np.bool_))
    np.negative(cosine, out=cosine, where=((q + 1) & 2).astype(np.bool_))
    return sine, cosine
