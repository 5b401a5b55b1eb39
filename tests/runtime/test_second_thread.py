"""Halves of products for a second thread: what it is asked, and what is done when it cannot."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

from pyflow.ops import conv_kernels
from pyflow.ops.windows import make_windows
from pyflow.runtime.cpu.second_thread import Halves

RANDOM = np.random.RandomState(0)
WINDOWS = make_windows((20, 20), (5, 5), (1, 1), "SAME")


def at(address: int) -> Any:
    return ctypes.cast(address, ctypes.py_object).value


class Kernels:
    """The module's functions, by numpy."""

    def product(self, alpha: float, a: int, ta: bool, b: int, tb: bool, beta: float, c: int) -> int:
        left, right = (at(x).T if transposed else at(x) for x, transposed in ((a, ta), (b, tb)))
        at(c)[...] = alpha * left @ right + beta * at(c)
        return 1

    def convolve(self, x: int, filter: int, out: int, windows: int) -> int:
        conv_kernels.convolve(at(x), at(filter), WINDOWS, at(out))
        return 1

    def convolveToFilter(self, x: int, dy: int, out: int, windows: int) -> int:
        conv_kernels.convolve_to_filter(at(x), at(dy), WINDOWS, at(out))
        return 1


class Thread:
    """A thread that begins what it is asked, and does it when it is waited for."""

    def __init__(self, begins: bool = True, succeeds: bool = True):
        self.begins, self.succeeds, self.rows, self.columns = begins, succeeds, 0, 0

    def product(self, *arguments: Any) -> bool:
        self.rows, self._do = len(at(arguments[-1])), lambda: Kernels().product(*arguments)
        return self.begins

    def convolution(self, call: str, *arguments: Any) -> bool:
        self.rows, *_, self.columns = at(arguments[2]).shape
        self._do = lambda: getattr(Kernels(), call)(*arguments)
        return self.begins

    def finish(self, wanted: bool) -> bool:
        return self.succeeds and wanted and bool(self._do())


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("succeeds", [True, False])
@pytest.mark.parametrize("ta, tb", [(False, False), (True, False), (False, True)])
def test_a_large_product_is_done_by_halves(ta, tb, succeeds):
    a, b, c = floats(500, 503), floats(503, 507), floats(500, 507)
    expected = 2 * a @ b - c
    thread = Thread(succeeds=succeeds)
    given = np.ascontiguousarray(a.T) if ta else a, np.ascontiguousarray(b.T) if tb else b
    assert Halves(thread, Kernels()).product(2.0, given[0], ta, given[1], tb, -1.0, c)
    np.testing.assert_allclose(c, expected, rtol=1e-3, atol=1e-3)
    assert 240 < thread.rows < 260


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_large_convolution_is_done_by_halves(succeeds):
    x, filter, out, expected = floats(8, 20, 20, 8), floats(5, 5, 8, 32), floats(8, 20, 20, 32), floats(8, 20, 20, 32)
    thread = Thread(succeeds=succeeds)
    assert Halves(thread, Kernels()).convolve(x, filter, out, np.empty(12))
    conv_kernels.convolve(x, filter, WINDOWS, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-3)
    assert thread.rows == 4


@pytest.mark.parametrize("succeeds", [True, False])
def test_a_large_gradient_to_a_filter_is_done_by_halves(succeeds):
    x, dy, out, expected = floats(8, 20, 20, 32), floats(8, 20, 20, 40), floats(5, 5, 32, 40), floats(5, 5, 32, 40)
    thread = Thread(succeeds=succeeds)
    assert Halves(thread, Kernels()).convolve_to_filter(x, dy, out, np.empty(12))
    conv_kernels.convolve_to_filter(x, dy, WINDOWS, expected)
    np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-3)
    assert thread.columns == 24


def test_what_is_small_or_cannot_be_begun_is_left_as_it_was():
    for size, thread in ((40, Thread()), (500, Thread(begins=False))):
        a, c = floats(size, size), np.zeros((size, size), np.float32)
        assert not Halves(thread, Kernels()).product(1.0, a, False, a, False, 0.0, c)
        assert not c.any()
    numbers = np.ones((500, 500), np.int32)
    assert not Halves(Thread(), Kernels()).product(1.0, numbers, False, numbers, False, 0.0, numbers.copy())
