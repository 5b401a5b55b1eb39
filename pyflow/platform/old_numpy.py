"""numpy as it was for TensorFlow 1.15: names that are gone since, and how scalars print.

Programs of that time use both: `x.astype(np.float)`, and `print(sess.run([loss, accuracy]))`, which numpy 2 would
answer with `[np.float32(0.5), np.float32(0.9)]`. Nothing that numpy still has is replaced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# The last one that knows the form of both scalars and arrays of numpy 1.16 to 1.21.
_PRINTING = "1.21"


def _asscalar(a: Any) -> Any:
    """The Python number in an array of one element."""
    return a.item()


def _asfarray(a: Any, dtype: Any = np.float64) -> np.ndarray:
    """`a` as an array of floating numbers; an integral `dtype` means float64."""
    return np.asarray(a, dtype if np.issubdtype(dtype, np.inexact) else np.float64)


def _msort(a: Any) -> np.ndarray:
    """A copy of `a`, sorted along the first axis."""
    return np.sort(a, axis=0)


_TYPES = {
    "int": int, "float": float, "complex": complex, "object": object, "str": str, "unicode": str,
    "bool8": np.bool_, "int0": np.intp, "uint0": np.uintp, "float_": np.float64, "complex_": np.complex128,
    "cfloat": np.complex128, "singlecomplex": np.complex64, "longfloat": np.longdouble, "longcomplex": np.clongdouble,
    "unicode_": np.str_, "string_": np.bytes_, "str0": np.str_, "bytes0": np.bytes_, "object0": np.object_,
}  # fmt: skip
_NUMBERS = {
    "NaN": np.nan, "NAN": np.nan, "Inf": np.inf, "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf,
    "PZERO": 0.0, "NZERO": -0.0,
}  # fmt: skip
_FUNCTIONS = {
    "alltrue": np.all, "sometrue": np.any, "product": np.prod, "cumproduct": np.cumprod, "round_": np.round,
    "mat": np.asmatrix, "row_stack": np.vstack, "trapz": getattr(np, "trapezoid", None) or getattr(np, "trapz", None),
    "asscalar": _asscalar, "asfarray": _asfarray, "msort": _msort,
    "in1d": lambda ar1, ar2, assume_unique=False, invert=False: np.isin(ar1, ar2, assume_unique, invert).ravel(),
    "find_common_type": lambda array_types, scalar_types: np.result_type(*array_types, *scalar_types),
}  # fmt: skip


def restore() -> None:
    """Gives numpy, in this process, the names it has lost, and has scalars print as numbers inside containers too."""
    for name, thing in {**_TYPES, **_NUMBERS, **_FUNCTIONS}.items():
        if name not in vars(np):
            setattr(np, name, thing)
    np.set_printoptions(legacy=_PRINTING)
