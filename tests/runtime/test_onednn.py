"""Convolutions by oneDNN: chosen where it is installed, and given up without a word where it cannot be used."""

from __future__ import annotations

import sysconfig

import numpy as np
import pytest

from pyflow.ops import conv_kernels, pool_kernels
from pyflow.ops.primitives import Primitives
from pyflow.ops.windows import Windows, make_windows
from pyflow.runtime.cpu import onednn

RANDOM = np.random.RandomState(0)
CASES = [
    make_windows((14, 14), (5, 5), (1, 1), "SAME"),
    make_windows((9, 7), (3, 2), (2, 1), "VALID", (1, 2)),
    make_windows((8, 8), (3, 3), (2, 2), "SAME"),
    make_windows((6, 6), (1, 1), (2, 2), "SAME"),
    make_windows((4, 5), (3, 2), (2, 1), "EXPLICIT", None, (2, 1, 0, 3)),
]


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def plain() -> Primitives:
    table = Primitives()
    table.convolve = conv_kernels.convolve
    table.convolve_to_input = conv_kernels.convolve_to_input
    table.convolve_to_filter = conv_kernels.convolve_to_filter
    table.max_pool_to_input = pool_kernels.max_pool_gradient
    return table


def results(table: Primitives, windows: Windows, x: np.ndarray, filter: np.ndarray, dy: np.ndarray) -> list:
    y, dx, dw = np.empty_like(dy), np.empty_like(x), np.empty_like(filter)
    table.convolve(x, filter, windows, y)
    table.convolve_to_input(filter, dy, windows, dx)
    table.convolve_to_filter(x, dy, windows, dw)
    return [y, dx, dw]


def inputs(windows: Windows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return floats(3, *windows.sizes, 5), floats(*windows.window, 5, 8), floats(3, *windows.counts, 8)


@pytest.mark.native
@pytest.mark.skipif(onednn.find() is None, reason="the extra onednn is not installed")
@pytest.mark.parametrize("windows", CASES)
def test_same_as_numpy(windows):
    path = onednn.find()
    assert path is not None
    assert onednn.Library(path).engine
    table = plain()
    onednn.install(table, path)
    arrays = inputs(windows)
    for one, other in zip(results(table, windows, *arrays), results(plain(), windows, *arrays)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.native
@pytest.mark.skipif(onednn.find() is None, reason="the extra onednn is not installed")
@pytest.mark.parametrize(
    "window, strides, padding", [((2, 2), (2, 2), "SAME"), ((3, 2), (1, 2), "SAME"), ((3, 3), (2, 2), "VALID")]
)
@pytest.mark.parametrize("channels", [1, 5, 32])
def test_gradient_of_pooling_goes_to_the_first_of_equals(window, strides, padding, channels):
    path = onednn.find()
    assert path is not None
    table = plain()
    onednn.install(table, path)
    windows = make_windows((9, 7), window, strides, padding)
    x = RANDOM.randint(0, 3, (2, 9, 7, channels)).astype(np.float32)
    dy = RANDOM.randint(1, 9, (2, *windows.counts, channels)).astype(np.float32)
    y, given, expected = np.empty_like(dy), np.empty_like(x), np.empty_like(x)
    pool_kernels.max_pool(x, windows, y)
    table.max_pool_to_input(x, y, dy, windows, given)
    plain().max_pool_to_input(x, y, dy, windows, expected)
    np.testing.assert_array_equal(given, expected)


def test_what_is_no_library_is_given_up(tmp_path):
    path = tmp_path / "libdnnl.so.3"
    path.write_bytes(b"no library")
    table = plain()
    onednn.install(table, str(path))
    arrays = inputs(CASES[0])
    for one, other in zip(results(table, CASES[0], *arrays), results(plain(), CASES[0], *arrays)):
        np.testing.assert_array_equal(one, other)


def test_found_where_pip_puts_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(onednn.site, "getuserbase", lambda: str(tmp_path / "user"))
    assert onednn.find() is None
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "libdnnl.so.3").touch()
    assert onednn.find() == str(tmp_path / "lib" / "libdnnl.so.3")
