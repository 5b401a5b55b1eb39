"""Kernels in WebAssembly: the same as float64 numpy, in either build, and numpy itself where they do not apply."""

from __future__ import annotations

import itertools
import os
import sys
from typing import Any

import numpy as np
import pytest

from pyflow.ops import conv_kernels, pool_kernels
from pyflow.ops.primitives import Primitives, primitives
from pyflow.ops.windows import make_windows
from pyflow.runtime.cpu import gates, wasm

if sys.platform != "emscripten":
    pytest.skip("WebAssembly is loaded in Pyodide alone", allow_module_level=True)

RANDOM = np.random.RandomState(0)
float32, float64 = np.float32, np.float64


def plain() -> Primitives:
    table = Primitives()
    table.convolve = conv_kernels.convolve
    table.convolve_to_input = conv_kernels.convolve_to_input
    table.convolve_to_filter = conv_kernels.convolve_to_filter
    table.max_pool = pool_kernels.max_pool
    table.max_pool_to_input = pool_kernels.max_pool_gradient
    return table


@pytest.fixture(params=wasm.BUILDS, ids=os.path.basename)
def table(request) -> Primitives:
    assert wasm.is_valid(request.param)
    found = plain()
    wasm.install(found, request.param)
    assert found.elementwise
    return found


def floats(*shape: int, dtype: Any = float32) -> np.ndarray:
    """Of double precision whole numbers, whose sums are exact: numpy has nothing more exact to compare them with."""
    numbers = RANDOM.standard_normal(shape) if dtype == float32 else RANDOM.randint(-8, 9, shape)
    return np.asarray(numbers, dtype)


def garbage(*shape: int, dtype: Any = float32) -> np.ndarray:
    return np.full(shape, np.nan, dtype)


def assert_close(found: np.ndarray, expected: np.ndarray, terms: int = 1) -> None:
    """To what rounding makes of a sum of so many terms of about 1."""
    bound = np.finfo(found.dtype).eps * 4 * np.sqrt(terms) * 4
    np.testing.assert_allclose(found.astype(float64), expected, rtol=bound, atol=bound)


def test_loaded_unless_forbidden():
    assert bool(primitives.elementwise) is (os.environ.get("PYFLOW_WASM") != "0")


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize(
    "rows, columns, inner",
    [(1, 1, 1), (1, 9, 4), (6, 8, 5), (5, 1, 7), (7, 9, 2), (13, 17, 70), (33, 10, 2100), (4100, 3, 2), (3, 700, 1030)],
)
def test_products(table, dtype, rows, columns, inner):
    for ta, tb in itertools.product((False, True), repeat=2):
        a = floats(*((inner, rows) if ta else (rows, inner)), dtype=dtype)
        b = floats(*((columns, inner) if tb else (inner, columns)), dtype=dtype)
        exact = (a.T if ta else a).astype(float64) @ (b.T if tb else b).astype(float64)
        out, start = garbage(rows, columns, dtype=dtype), floats(rows, columns, dtype=dtype)
        assert table.accumulate is not None
        table.accumulate(1.0, a, ta, b, tb, 0.0, out)
        assert_close(out, exact, inner)
        out[...] = start
        table.accumulate(-0.5, a, ta, b, tb, 0.25, out)
        assert_close(out, 0.25 * start.astype(float64) - 0.5 * exact, inner)


@pytest.mark.parametrize("dtype", [float32, float64, np.float16, np.int32, np.complex64])
def test_products_of_matrices_that_are_parts_of_others(table, dtype):
    a, b = RANDOM.randint(-3, 4, (40, 30)).astype(dtype), RANDOM.randint(-3, 4, (30, 50)).astype(dtype)
    parts_of_a = [a[:, :12], a[::2, 3:15], a[::-1, 12:24], a[:12].T[:, :12], a[:, ::2][:, :12], a[:7, ::-1][:, :12]]
    parts_of_b = [b[:12], b[12:0:-1, ::3], b[::2, 5:9][:12], b.T[:12, :17]]
    whole = np.zeros((60, 60), dtype)
    for left, right in itertools.product(parts_of_a, parts_of_b):
        expected = left.astype(float64 if dtype != np.complex64 else dtype) @ right
        rows, columns = expected.shape
        for out in (whole[:rows, :columns], whole[1 : 1 + rows, 2 : 2 + columns], whole[:columns, :rows].T):
            out[...] = 1
            table.multiply(left, right, out)
            np.testing.assert_array_equal(out, expected)


def test_products_without_terms_rows_or_columns(table):
    for rows, columns, inner in itertools.product((0, 3), (0, 4), (0, 5)):
        out = garbage(rows, columns)
        table.multiply(floats(rows, inner) * 0, floats(inner, columns), out)
        np.testing.assert_array_equal(out, np.zeros((rows, columns)))


@pytest.mark.parametrize(
    "left, right", [((3,), (3,)), ((2, 3), (3,)), ((1, 3), (2, 1)), ((), (2, 3)), ((2, 1, 3), (4, 1)), ((0,), (1,))]
)
def test_products_of_batches(table, left, right):
    for a, b in (
        (floats(*left, 4, 5), floats(*right, 5, 6)),
        (floats(*left, 5, 4).swapaxes(-1, -2), floats(*right, 6, 5).swapaxes(-1, -2)),
    ):
        exact = a.astype(float64) @ b.astype(float64)
        out = garbage(*exact.shape)
        table.multiply(a, b, out)
        assert_close(out, exact, 5)


def test_products_with_what_is_no_number(table):
    a, b, out = floats(7, 9), floats(9, 11), garbage(7, 11)
    a[2, 3], a[5, 0], b[4, 10] = np.nan, np.inf, np.nan
    table.multiply(a, b, out)
    np.testing.assert_array_equal(np.isnan(out), np.isnan(a.astype(float64) @ b))
    np.testing.assert_array_equal(np.isinf(out), np.isinf(a.astype(float64) @ b))


@pytest.mark.parametrize("size", [0, 1, 7, 1001])
def test_averages(table, size):
    x, y = floats(size), floats(size)
    expected = 0.3 * x.astype(float64) + 0.7 * y.astype(float64)
    table.average(0.3, x, 0.7, y)
    assert_close(y, expected)


@pytest.mark.parametrize("rows, columns", [(0, 3), (1, 1), (7, 8), (1000, 13)])
def test_sums_of_columns(table, rows, columns):
    x, out = floats(rows, columns + 1), garbage(columns)
    for part in (x[:, 1:], x[:, 1:].copy()):
        table.column_sums(part, out)
        assert_close(out, part.sum(0, dtype=float64), rows or 1)


@pytest.mark.parametrize("shape", [(0,), (1,), (15,), (16,), (33, 7), (4096,), (100, 1001)])
def test_half_the_sum_of_squares(table, shape):
    x, out = floats(*shape), garbage()
    table.elementwise["L2Loss"](x, out)
    assert_close(out, (x.astype(float64) ** 2).sum() / 2)
    table.elementwise["L2Loss"](x.T, out)
    assert_close(out, (x.astype(float64) ** 2).sum() / 2, x.size or 1)


WINDOWS = [
    make_windows((14, 14), (5, 5), (1, 1), "SAME"),
    make_windows((9, 7), (3, 2), (2, 1), "VALID", (1, 2)),
    make_windows((8, 9), (3, 3), (2, 2), "SAME"),
    make_windows((6, 6), (1, 1), (2, 2), "SAME"),
    make_windows((6, 8), (2, 2), (2, 2), "SAME"),
    make_windows((7, 5), (2, 2), (2, 2), "SAME"),
    make_windows((5, 6), (1, 1), (1, 1), "VALID"),
    make_windows((4, 5), (3, 2), (2, 1), "EXPLICIT", None, (2, 1, 0, 3)),
    make_windows((3, 3), (2, 2), (3, 3), "EXPLICIT", None, (4, 4, 4, 4)),  # windows of padding alone
    make_windows((70, 80), (3, 3), (1, 1), "SAME", (2, 2)),  # larger than what is done at once
]


@pytest.mark.parametrize("dtype", [float32, float64])
@pytest.mark.parametrize("depth, out_depth", [(1, 1), (3, 10), (8, 33)])
@pytest.mark.parametrize("windows", WINDOWS)
def test_convolutions(table, dtype, depth, out_depth, windows):
    x = floats(3, *windows.sizes, depth, dtype=dtype)
    filter = floats(*windows.window, depth, out_depth, dtype=dtype)
    dy = floats(3, *windows.counts, out_depth, dtype=dtype)
    y, exact_y = garbage(*dy.shape, dtype=dtype), np.empty(dy.shape)
    table.convolve(x, filter, windows, y)
    conv_kernels.convolve(x.astype(float64), filter.astype(float64), windows, exact_y)
    assert_close(y, exact_y, filter[..., 0].size)
    dw, exact_dw = garbage(*filter.shape, dtype=dtype), np.empty(filter.shape)
    table.convolve_to_filter(x, dy, windows, dw)
    conv_kernels.convolve_to_filter(x.astype(float64), dy.astype(float64), windows, exact_dw)
    assert_close(dw, exact_dw, dy[..., 0].size)


@pytest.mark.parametrize("windows", WINDOWS)
def test_gradients_of_convolutions_to_the_input(table, windows):
    filter, dy = floats(*windows.window, 8, 33), floats(3, *windows.counts, 33)
    dx, exact_dx = garbage(3, *windows.sizes, 8), np.empty((3, *windows.sizes, 8))
    table.convolve_to_input(filter, dy, windows, dx)  # made of convolutions and products
    conv_kernels.convolve_to_input(filter.astype(float64), dy.astype(float64), windows, exact_dx)
    assert_close(dx, exact_dx, 25 * 33)


def test_convolutions_of_nothing_and_into_parts_of_arrays(table):
    windows = WINDOWS[0]
    table.convolve(floats(0, 14, 14, 2), floats(5, 5, 2, 3), windows, garbage(0, 14, 14, 3))
    y, dw = garbage(2, 14, 14, 3), garbage(5, 5, 0, 3)
    table.convolve(floats(2, 14, 14, 0), floats(5, 5, 0, 3), windows, y)
    np.testing.assert_array_equal(y, np.zeros_like(y))
    table.convolve_to_filter(floats(2, 14, 14, 0), floats(2, 14, 14, 3), windows, dw)
    x, filter, wide = floats(2, 14, 14, 4), floats(5, 5, 2, 6), garbage(2, 14, 14, 6)
    table.convolve(x[..., 1:3], filter[..., ::2], windows, wide[..., 3:])
    expected = np.empty((2, 14, 14, 3))
    conv_kernels.convolve(x[..., 1:3].astype(float64), filter[..., ::2].astype(float64), windows, expected)
    assert_close(wide[..., 3:], expected, 50)
    assert np.isnan(wide[..., :3]).all()


@pytest.mark.parametrize("channels", [1, 5, 32])
@pytest.mark.parametrize("windows", WINDOWS)
def test_max_pooling_and_its_gradient_to_the_first_of_equals(table, channels, windows):
    x = RANDOM.randint(0, 3, (2, *windows.sizes, channels)).astype(float32)
    dy = RANDOM.randint(1, 9, (2, *windows.counts, channels)).astype(float32)
    y, expected = garbage(*dy.shape), garbage(*dy.shape)
    table.max_pool(x, windows, y)
    pool_kernels.max_pool(x, windows, expected)
    np.testing.assert_array_equal(y, expected)
    dx, expected = garbage(*x.shape), garbage(*x.shape)
    table.max_pool_to_input(x, y, dy, windows, dx)
    pool_kernels.max_pool_gradient(x, y, dy, windows, expected)
    np.testing.assert_array_equal(dx, expected)


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 88.7, 88.8, -87.3, -103.0, -104.5, 300.0, -300.0]


def exact(name: str, x: np.ndarray) -> np.ndarray:
    x = x.astype(float64)
    with np.errstate(over="ignore"):
        if name == "Log":
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.log(x)
        return {"Exp": np.exp(x), "Sigmoid": 1 / (1 + np.exp(-x)), "Tanh": np.tanh(x)}[name]


@pytest.mark.parametrize("name", ["Exp", "Sigmoid", "Tanh"])
def test_functions_are_exact_to_a_few_ulps(table, name):
    x = np.concatenate([np.linspace(-104, 89, 20001), np.linspace(-1.5, 1.5, 10001), SPECIAL]).astype(float32)
    out = garbage(*x.shape)
    table.elementwise[name](x, out)
    with np.errstate(over="ignore"):
        expected = exact(name, x).astype(float32)
    usual = np.isfinite(expected) & ((x == 0) | (np.abs(expected) >= np.finfo(float32).tiny))
    np.testing.assert_array_max_ulp(out[usual], expected[usual], maxulp=3)
    np.testing.assert_array_equal(np.signbit(out[usual]), np.signbit(expected[usual]))
    np.testing.assert_allclose(out[~usual], expected[~usual], rtol=0, atol=np.finfo(float32).tiny)


def test_logarithms_are_exact_to_a_few_ulps(table):
    x = np.concatenate([np.geomspace(1e-44, 3e38, 20001), np.linspace(0.5, 2, 10001), SPECIAL]).astype(float32)
    out = garbage(*x.shape)
    table.log(x, out)
    expected = exact("Log", x).astype(float32)
    usual = np.isfinite(expected)
    np.testing.assert_array_equal(out[~usual], expected[~usual])
    np.testing.assert_array_max_ulp(out[usual], expected[usual], maxulp=3)


@pytest.mark.parametrize("name", ["Exp", "Log", "Sigmoid", "Tanh"])
def test_functions_of_parts_of_arrays_and_in_place(table, name):
    whole = np.abs(floats(6, 21)) + 0.1
    for x in (whole[:, 3:10], whole[::2, :5], whole.T, whole[:, ::2], whole[:0], whole.reshape(3, 2, 21)[:, :, 1:]):
        expected, out = exact(name, x), garbage(*x.shape)
        table.elementwise[name](x, out)
        assert_close(out, expected)
        kept = x.copy()
        table.elementwise[name](x, x)
        assert_close(x, expected)
        x[...] = kept


def test_relu_and_its_gradient_keep_what_is_no_number(table):
    x = np.array([*SPECIAL, *floats(1000)], float32)
    out = garbage(*x.shape)
    table.elementwise["Relu"](x, out)
    np.testing.assert_array_equal(out, np.maximum(x, 0))
    rows, bias = x[: 12 * 83].reshape(12, 83), floats(83)
    expected = np.maximum(rows + bias, 0)
    for given in (rows, np.asfortranarray(rows)):
        out = garbage(12, 83)
        table.biased_relu(given, bias, out)
        np.testing.assert_array_equal(out, expected)
    out = garbage(*x.shape)
    dy = x[::-1].copy()
    table.elementwise["ReluGrad"](dy, x, out)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(out, dy * (x > 0))
    table.elementwise["ReluGrad"](dy[::2], x[::2], out[: len(x) // 2])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(out[: len(x) // 2], dy[::2] * (x[::2] > 0))


@pytest.mark.parametrize("batch, size", [(1, 1), (3, 4), (2, 7), (32, 30)])
def test_gates_are_what_numpy_makes_of_them(table, monkeypatch, batch, size):
    is_sigmoid, shifts = [True, False, True, True], [0.0, 0.0, 1.0, 0.0]
    sums, bias = floats(batch, 4 * size), floats(4 * size)
    values = [floats(batch, size) for _ in range(12)]
    dy = [np.empty((batch, size)) for _ in range(2)]
    monkeypatch.setattr(gates, "primitives", plain())
    expected = gates._activation(batch, size, is_sigmoid, shifts, float64)(sums, bias)
    without_bias = gates._activation(batch, size, is_sigmoid, shifts, float64)(sums)
    gradient = np.empty((batch, 4 * size))
    gates._block_gradients(is_sigmoid, size, float64)(*(v.astype(float64) for v in values), gradient, *dy)
    monkeypatch.setattr(gates, "primitives", table)
    kernel = gates._activation(batch, size, is_sigmoid, shifts, float32)
    assert_close(kernel(sums, bias), expected)
    assert_close(kernel(sums), without_bias)
    assert_close(kernel(np.asfortranarray(sums), bias), expected)
    for arrays in (values, [np.asfortranarray(v) for v in values]):
        out = garbage(batch, 4 * size)
        gates._block_gradients(is_sigmoid, size, float32)(*arrays, out, None, None)
        assert_close(out, gradient)


@pytest.mark.parametrize("path", wasm.BUILDS, ids=os.path.basename)
def test_numpy_is_not_asked_for_what_the_kernels_are_for(path):
    def refuse(*arguments: Any) -> None:
        raise AssertionError

    table = Primitives()
    convolutions = "convolve", "convolve_to_input", "convolve_to_filter"
    for name in ("multiply", *convolutions, "max_pool", "max_pool_to_input", "tanh", "sigmoid"):
        setattr(table, name, refuse)
    wasm.install(table, path)
    a, b, windows = floats(20, 30), floats(30, 40), WINDOWS[0]
    table.multiply(a, b, floats(20, 40))
    table.multiply(b.T, a.T, floats(40, 20))
    table.multiply(a[:, 5:10], b[3:8, ::1], floats(20, 50)[:, 2:42])
    table.tanh(a, a)
    table.sigmoid(a[:, 3:], a[:, 3:])
    x, filter, y = floats(2, 14, 14, 3), floats(5, 5, 3, 4), floats(2, 14, 14, 4)
    table.convolve(x, filter, windows, y)
    table.convolve_to_input(filter, y, windows, x)
    table.convolve_to_filter(x, y, windows, filter)
    table.max_pool(x, windows, floats(2, 14, 14, 3))
    table.max_pool_to_input(x, x, x, windows, floats(2, 14, 14, 3))


def test_a_module_that_does_not_know_the_arrays_is_given_up(monkeypatch):
    monkeypatch.setattr(wasm.Library, "_knows_arrays", lambda self: False)
    table = plain()
    wasm.install(table, wasm.BUILDS[1])
    assert table.convolve is conv_kernels.convolve and not table.elementwise
