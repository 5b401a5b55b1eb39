"""A second thread for large products in the browser, where the page allows one.

It is a worker with the kernels of `wasm.py` in memory of its own (web/src/engine/second-thread.ts): what it works on is
copied there and back. So each of these does one half of a product here, the other there, if the work is worth the
copies. A result does not depend on it, to the last bit: halves are of rows or columns, each computed as it is alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# Multiplications that take as long as to wake the other thread, and as to copy a byte there.
WAKING, COPYING = 2_000_000, 15


def find() -> Any:
    """The page's side of it; None where there is none."""
    try:
        from pyflow_second_thread import thread  # type: ignore[import-not-found]
    except ImportError:
        return None
    return thread


class Halves:
    """Products of which the other thread does a half.

    All methods return whether they did the product; if not, nothing has changed.
    """

    def __init__(self, thread: Any, exports: Any):
        self._thread, self._exports = thread, exports

    def product(
        self, alpha: float, a: np.ndarray, ta: bool, b: np.ndarray, tb: bool, beta: float, c: np.ndarray
    ) -> bool:
        """c = alpha · a · b + beta · c for matrices."""
        half = len(c) // 12 * 6  # blocks of registers have six rows
        copied = (c.nbytes if beta else c.nbytes // 2) + a.nbytes // 2 + b.nbytes
        if c.dtype.kind != "f" or not _is_worth(half * b.size, copied):
            return False
        upper, lower = (a[:, :half], a[:, half:]) if ta else (a[:half], a[half:])
        first, second = c[:half], c[half:]
        if not self._thread.product(alpha, id(lower), ta, id(b), tb, beta, id(second)):
            return False
        call = self._exports.product
        done = call(alpha, id(upper), ta, id(b), tb, beta, id(first))
        return self._finish(done, lambda: call(alpha, id(lower), ta, id(b), tb, beta, id(second)))

    def convolve(self, x: np.ndarray, filter: np.ndarray, out: np.ndarray, windows: np.ndarray) -> bool:
        """Images [n, height, width, in] into out [n, down, across, out]; the windows as the module wants them."""
        half = len(x) // 2
        if not _is_worth(out.size // 2 * filter[..., 0].size, x.nbytes // 2 + filter.nbytes + out.nbytes // 2):
            return False
        upper, lower, first, second = x[:half], x[half:], out[:half], out[half:]
        if not self._thread.convolution("convolve", id(lower), id(filter), id(second), id(windows)):
            return False
        call = self._exports.convolve
        done = call(id(upper), id(filter), id(first), id(windows))
        return self._finish(done, lambda: call(id(lower), id(filter), id(second), id(windows)))

    def convolve_to_filter(self, x: np.ndarray, dy: np.ndarray, out: np.ndarray, windows: np.ndarray) -> bool:
        """The gradient to a filter [tall, wide, in, out]; the windows as the module wants them."""
        half = out.shape[-1] // 16 * 8  # blocks of registers have eight columns
        if not _is_worth(out[..., :half].size * dy[..., 0].size, x.nbytes + dy.nbytes):
            return False
        upper, lower, first, second = map(np.ascontiguousarray, (*_cut(dy, half), *_cut(out, half)))
        if not self._thread.convolution("convolveToFilter", id(x), id(lower), id(second), id(windows)):
            return False
        call = self._exports.convolveToFilter
        done = call(id(x), id(upper), id(first), id(windows))
        if not self._finish(done, lambda: call(id(x), id(lower), id(second), id(windows))):
            return False
        np.concatenate((first, second), -1, out)
        return True

    def _finish(self, done: int, otherwise: Any) -> bool:
        """Takes the other half, if this one was `done`; does it here if the thread could not."""
        answered = self._thread.finish(bool(done))
        return bool(done and (answered or otherwise()))


def _cut(array: np.ndarray, column: int) -> tuple[np.ndarray, np.ndarray]:
    return array[..., :column], array[..., column:]


def _is_worth(multiplications: int, copied: int) -> bool:
    return multiplications > WAKING + COPYING * copied
