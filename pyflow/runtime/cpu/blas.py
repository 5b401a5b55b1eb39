"""numpy's own BLAS, called directly: products that accumulate into their result, which numpy does not offer.

Where numpy brings no OpenBLAS of its own (Pyodide, distributions' packages), `available` is False.
"""

from __future__ import annotations

import ctypes
import glob
import os
from typing import Any

import numpy as np

_ROW_MAJOR, _PLAIN, _TRANSPOSED = 101, 111, 112


def _load() -> tuple[Any, str, str] | None:
    """The library, and the prefix and suffix of its symbols."""
    root = os.path.dirname(os.path.abspath(np.__file__))
    for pattern in ("../numpy.libs/*openblas*", ".dylibs/*openblas*"):
        for path in sorted(glob.glob(os.path.join(root, pattern))):
            try:
                library = ctypes.CDLL(path)
            except OSError:
                continue
            for prefix in ("scipy_", ""):
                if hasattr(library, f"{prefix}cblas_sgemm64_"):
                    return library, prefix, "64_"
    return None


_found = _load()
available = _found is not None

_INT, _POINTER, _ENUM = ctypes.c_int64, ctypes.c_void_p, ctypes.c_int


def _function(name: str, arguments: list) -> Any:
    assert _found is not None
    library, prefix, suffix = _found
    function = library[f"{prefix}cblas_{name}{suffix}"]
    function.argtypes = arguments
    function.restype = None
    return function


if available:
    _gemm, _axpby = {}, {}
    for _letter, _dtype, _real in (("s", np.float32, ctypes.c_float), ("d", np.float64, ctypes.c_double)):
        _matrix = [_POINTER, _INT]
        _gemm[np.dtype(_dtype)] = _function(
            f"{_letter}gemm", [_ENUM, _ENUM, _ENUM, _INT, _INT, _INT, _real, *_matrix, *_matrix, _real, *_matrix]
        )
        _axpby[np.dtype(_dtype)] = _function(f"{_letter}axpby", [_INT, _real, _POINTER, _INT, _real, _POINTER, _INT])


def gemm(alpha: float, a: np.ndarray, ta: bool, b: np.ndarray, tb: bool, beta: float, c: np.ndarray) -> None:
    """c = alpha · op(a) · op(b) + beta · c for C-contiguous matrices of one dtype, float32 or float64."""
    m, n = c.shape
    k = a.shape[0] if ta else a.shape[1]
    _gemm[c.dtype](
        _ROW_MAJOR,
        _TRANSPOSED if ta else _PLAIN,
        _TRANSPOSED if tb else _PLAIN,
        m,
        n,
        k,
        alpha,
        a.ctypes.data,
        a.shape[1],
        b.ctypes.data,
        b.shape[1],
        beta,
        c.ctypes.data,
        n,
    )


def axpby(alpha: float, x: np.ndarray, beta: float, y: np.ndarray) -> None:
    """y = alpha · x + beta · y for C-contiguous arrays of one dtype, float32 or float64."""
    _axpby[y.dtype](y.size, alpha, x.ctypes.data, 1, beta, y.ctypes.data, 1)
