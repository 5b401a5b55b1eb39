"""numpy's own BLAS, called directly: products that accumulate into their result, which numpy does not offer.

Where numpy brings no OpenBLAS of its own (Pyodide, distributions' packages), `available` is False.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import threading
from typing import Any, Iterator

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


def _setting(name: str, arguments: list, result: Any) -> Any:
    assert _found is not None
    library, prefix, suffix = _found
    function = library[f"{prefix}openblas_{name}{suffix}"]
    function.argtypes, function.restype = arguments, result
    return function


# OpenBLAS does products of so few multiplications without laying out the matrices anew first.
SMALL = 1_000_000
# Then a block of the right matrix had better be so narrow, and so small that it stays in the cache.
_WIDTH_BYTES, _NARROWEST, _BLOCK_BYTES = 256, 32, 1 << 16


def block_width(rows: int, depth: int, columns: int, itemsize: int) -> int:
    """Into blocks of how many columns a matrix is best cut that few rows are multiplied with at a time; or 0."""
    if not available:
        return 0
    width = _WIDTH_BYTES // itemsize
    while width >= _NARROWEST:
        if columns % width == 0 and depth * width * itemsize <= _BLOCK_BYTES and rows * depth * width <= SMALL:
            return width
        width //= 2
    return 0


_lock = threading.Lock()
_serial_blocks = 0
_threads = 1


@contextlib.contextmanager
def serial() -> Iterator[None]:
    """A block in which products run on the thread that asks for them; blocks of several threads may overlap.

    The number of threads is one for the whole process: a large product that another session does meanwhile may be
    rounded otherwise in its last digit.
    """
    global _serial_blocks, _threads
    with _lock:
        if _serial_blocks == 0:
            _threads = _get_threads()
            if _threads > 1:
                _set_threads(1)
        _serial_blocks += 1
    try:
        yield
    finally:
        with _lock:
            _serial_blocks -= 1
            if _serial_blocks == 0 and _threads > 1:
                _set_threads(_threads)


if available:
    _get_threads = _setting("get_num_threads", [], ctypes.c_int)
    _set_threads = _setting("set_num_threads", [ctypes.c_int], None)
    _gemm, _axpby = {}, {}
    for _letter, _dtype, _real in (("s", np.float32, ctypes.c_float), ("d", np.float64, ctypes.c_double)):
        _matrix = [_POINTER, _INT]
        _gemm[np.dtype(_dtype)] = _function(
            f"{_letter}gemm", [_ENUM, _ENUM, _ENUM, _INT, _INT, _INT, _real, *_matrix, *_matrix, _real, *_matrix]
        )
        _axpby[np.dtype(_dtype)] = _function(f"{_letter}axpby", [_INT, _real, _POINTER, _INT, _real, _POINTER, _INT])


def gemm(alpha: float, a: np.ndarray, ta: bool, b: np.ndarray, tb: bool, beta: float, c: np.ndarray) -> None:
    """c = alpha · op(a) · op(b) + beta · c for matrices of one dtype, float32 or float64, whose rows are contiguous."""
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
        max(a.strides[0] // a.itemsize, a.shape[1]),
        b.ctypes.data,
        max(b.strides[0] // b.itemsize, b.shape[1]),
        beta,
        c.ctypes.data,
        max(c.strides[0] // c.itemsize, n),
    )


def axpby(alpha: float, x: np.ndarray, beta: float, y: np.ndarray) -> None:
    """y = alpha · x + beta · y for C-contiguous arrays of one dtype, float32 or float64."""
    _axpby[y.dtype](y.size, alpha, x.ctypes.data, 1, beta, y.ctypes.data, 1)
