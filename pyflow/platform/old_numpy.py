"""numpy as it was for TensorFlow 1.15: names that are gone since, and how scalars print.

Programs of that time use both: `x.astype(np.float)`, and `print(sess.run([loss, accuracy]))`, which numpy 2 would
answer with `[np.float32(0.5), np.float32(0.9)]`. Nothing that numpy still does is done differently.
"""

from __future__ import annotations

import gc
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


def _fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "", like: Any = None) -> np.ndarray:
    """An array of the numbers written in a text with separators; without separator: of the bytes, which are copied."""
    if sep:
        return _parse_numbers(string, dtype, count, sep=sep, like=like)
    buffer = string.encode("latin-1") if isinstance(string, str) else string
    return np.frombuffer(buffer, dtype, count).copy()


_parse_numbers = np.fromstring


def _tostring(a: Any, order: Any = "C") -> bytes:
    """The bytes of the elements."""
    return a.tobytes(order)


def _itemset(a: np.ndarray, *index_and_value: Any) -> None:
    """Assigns the last argument to the element that the others choose: a flat index, an index per axis, or nothing."""
    *index, value = index_and_value
    if not index and a.size != 1:
        raise ValueError("can only convert an array of size 1 to a Python scalar")
    chosen = index[0] if len(index) == 1 else tuple(index)
    if isinstance(chosen, tuple):
        a[chosen or (0,) * a.ndim] = value
    else:
        a.flat[chosen] = value


def _newbyteorder(a: Any, new_order: str = "S") -> Any:
    """The same bytes, read in the other order."""
    return a.view(a.dtype.newbyteorder(new_order))


def _ptp(a: Any, axis: Any = None, out: Any = None, **keepdims: Any) -> Any:
    """The largest element less the smallest."""
    return np.ptp(a, axis, out, **keepdims)


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
_METHODS = {"tostring": _tostring, "itemset": _itemset, "newbyteorder": _newbyteorder, "ptp": _ptp}


def restore() -> None:
    """Gives numpy, in this process, the names and the methods of arrays that it has lost, and `fromstring` its reading
    of bytes; has scalars print as numbers inside containers too."""
    for name, thing in {**_TYPES, **_NUMBERS, **_FUNCTIONS}.items():
        if name not in vars(np):
            setattr(np, name, thing)
    np.set_printoptions(legacy=_PRINTING)
    np.fromstring = _fromstring
    for kind in (np.ndarray, np.generic):
        # Types written in C take no attributes by assignment; the dictionary behind their read-only view does.
        (methods,) = (held for held in gc.get_referents(vars(kind)) if isinstance(held, dict))
        for name, method in _METHODS.items():
            if not (kind is np.generic and name == "itemset"):
                methods.setdefault(name, method)
