"""Groups of dtypes in the order in which the mathematical ops list them, and so their error messages."""

from __future__ import annotations

from pyflow.core.dtypes import (
    COMPLEX,
    bfloat16,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint32,
    quint8,
    string,
    uint8,
    uint16,
)
from pyflow.core.dtypes import bool as bool_

FLOATS = (bfloat16, float16, float32, float64)
ANALYTIC = (*FLOATS, *COMPLEX)
SIGNED = (*FLOATS, int32, int64, *COMPLEX)
SUMMABLE = (*FLOATS, uint8, int8, int16, int32, int64, *COMPLEX)
DIVISIBLE = (*FLOATS, uint8, int8, uint16, int16, int32, int64, *COMPLEX)
NO_NAN = (float16, float32, float64, *COMPLEX)
EQUATABLE = (*FLOATS, uint8, int8, int16, int32, int64, COMPLEX[0], quint8, qint8, qint32, string, bool_, COMPLEX[1])
