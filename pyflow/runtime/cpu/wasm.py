"""Kernels in WebAssembly, for Pyodide, whose numpy has neither a BLAS nor vectorised functions.

The module (source: web/wasm) works on Pyodide's own memory and copies nothing: it is given arrays by the addresses of
their Python objects and finds their data, shapes and strides there, which takes no time on this side. What it does
not do (other dtypes, strides it does not know) it leaves as it was, and numpy does it.

There are two builds. The faster one needs the browser to multiply and add in one instruction (relaxed SIMD).
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from pyflow.ops import conv_kernels
from pyflow.ops.primitives import Primitives
from pyflow.ops.windows import Windows
from pyflow.runtime.cpu import second_thread

_FOLDER = os.path.dirname(os.path.abspath(__file__))
BUILDS = os.path.join(_FOLDER, "kernels-fma.wasm"), os.path.join(_FOLDER, "kernels.wasm")
# That of web/wasm/assembly/index.ts, and of modules that were built from it.
INTERFACE = 2
_SCRATCH_BYTES = 1 << 22
_LEAST = 1 << 12  # numbers of results of which two threads are to do halves


def find() -> str | None:
    """The path of the build that this browser can run; None outside Pyodide, and where PYFLOW_WASM=0 forbids it."""
    if sys.platform != "emscripten" or os.environ.get("PYFLOW_WASM") == "0":
        return None
    return next((path for path in BUILDS if os.path.exists(path) and is_valid(path)), None)


def is_valid(path: str) -> bool:
    """Whether this browser can run it."""
    import js  # type: ignore[import-not-found]

    return js.WebAssembly.validate(_content(path))


def _content(path: str) -> Any:
    from pyodide.ffi import to_js  # type: ignore[import-not-found]

    with open(path, "rb") as file:
        return to_js(file.read())


class Unusable(Exception):
    """The module cannot do what it is for."""


class Library:
    """The module, instantiated with Pyodide's memory.

    Attributes:
      module: what it is an instance of.
      exports: its functions; see web/wasm/assembly/index.ts.

    Raises:
      Unusable: the module was built for another version, or for arrays that lie otherwise in memory.
    """

    def __init__(self, path: str):
        import js  # type: ignore[import-not-found]
        import pyodide_js  # type: ignore[import-not-found]
        from pyodide.ffi import to_js  # type: ignore[import-not-found]

        imports = to_js({"env": {"memory": pyodide_js._module.memory}}, dict_converter=js.Object.fromEntries)
        self.module = js.WebAssembly.Module.new(_content(path))
        self.exports = js.WebAssembly.Instance.new(self.module, imports).exports
        self._check_version(path)
        self._scratch = np.empty(_SCRATCH_BYTES, np.uint8)
        start = self._scratch.ctypes.data
        used = self.exports.setup(id(np.ndarray), start + -start % 64)
        assert used + 64 <= _SCRATCH_BYTES
        if not self._knows_arrays():
            raise Unusable

    def _check_version(self, path: str) -> None:
        version = getattr(self.exports, "INTERFACE", None)
        if version is None or version.value != INTERFACE:
            built = "before there were versions" if version is None else f"for version {version.value}"
            warnings.warn(
                f"{os.path.basename(path)} was built {built} of its interface, not for {INTERFACE}: "
                "numpy does its work until `make wasm` has built it anew",
                RuntimeWarning,
                stacklevel=2,
            )
            raise Unusable

    def _knows_arrays(self) -> bool:
        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        a, b, y = x[::-1], x.T, np.full((2, 2), -1, np.float32)
        multiply = self.exports.multiply
        for other in (x.astype(">f4"), x.astype(np.int32), x.astype(np.float64)):
            if multiply(id(other), id(b), id(y)):
                return False
        return bool(multiply(id(a), id(b), id(y))) and y.tolist() == [[14.0, 50.0], [5.0, 14.0]]


_loaded: list[Library] = []  # their memory is in use for good


@functools.lru_cache(maxsize=512)
def _geometry(windows: Windows) -> np.ndarray:
    """Windows over images as the module wants them."""
    fields = (
        windows.sizes,
        windows.window,
        windows.strides,
        windows.dilations,
        windows.before,
        windows.counts,
    )
    return np.array(fields, np.int32)


def _first_of(call: Any, otherwise: Callable[..., Any]) -> Callable[..., None]:
    """A function that does with numpy what the module leaves undone."""

    def function(*arrays: np.ndarray) -> None:
        if not call(*map(id, arrays)):
            otherwise(*arrays)

    return function


def _of_windows(call: Any, otherwise: Callable[..., None]) -> Callable[..., None]:
    """The same where the last but one argument are windows."""

    def function(*arguments: Any) -> None:
        *arrays, windows, out = arguments
        if len(windows.sizes) != 2 or not call(*map(id, arrays), id(out), id(_geometry(windows))):
            otherwise(*arguments)

    return function


def _to_input(otherwise: Callable[..., None]) -> Callable[..., None]:
    """Gradients to inputs are convolutions where they can be: no products are as fast."""

    def function(filter: np.ndarray, gradient: np.ndarray, windows: Windows, out: np.ndarray) -> None:
        if len(windows.sizes) == 2 and filter.size and gradient.size and conv_kernels.is_mirrorable(windows):
            conv_kernels.convolve_mirrored(filter, gradient, windows, out)
        else:
            otherwise(filter, gradient, windows, out)

    return function


def install(primitives: Primitives, path: str) -> None:
    """Has the module at that path do what it can do; if it is of no use here, everything stays as it was."""
    try:
        library = Library(path)
    except Unusable:
        return
    _loaded.append(library)
    exports = library.exports
    product, average = exports.product, exports.average
    primitives.multiply = _multiply(exports.multiply, primitives.multiply)
    primitives.accumulate = functools.partial(_accumulate, product)
    primitives.average = functools.partial(_average, average)
    primitives.convolve = _of_windows(exports.convolve, primitives.convolve)
    primitives.convolve_to_input = _to_input(primitives.convolve_to_input)
    primitives.convolve_to_filter = _of_windows(exports.convolveToFilter, primitives.convolve_to_filter)
    primitives.max_pool = _of_windows(exports.maxPool, primitives.max_pool)
    primitives.max_pool_to_input = _of_windows(exports.maxPoolToInput, primitives.max_pool_to_input)
    primitives.biased_relu = _first_of(exports.biasedRelu, _biased_relu)
    primitives.column_sums = _first_of(exports.columnSums, lambda matrix, out: np.add.reduce(matrix, 0, None, out))
    primitives.exp = _first_of(exports.exp, primitives.exp)
    primitives.log = _first_of(exports.log, primitives.log)
    primitives.tanh = _first_of(exports.tanh, primitives.tanh)
    primitives.sigmoid = _first_of(exports.logistic, primitives.sigmoid)
    primitives.gates = functools.partial(_gates, exports.gates)
    primitives.gate_gradient = functools.partial(_gate_gradient, exports.gateGradient)
    primitives.elementwise.update(
        Exp=primitives.exp,
        L2Loss=_first_of(exports.halfSquares, lambda x, out: np.multiply(np.vdot(x, x), 0.5, out=out)),
        Log=primitives.log,
        Relu=_first_of(exports.relu, lambda x, out: np.maximum(x, 0, out=out)),
        ReluGrad=_first_of(exports.reluGradient, lambda dy, y, out: np.multiply(dy, y > 0, out=out)),
        Sigmoid=primitives.sigmoid,
        Tanh=primitives.tanh,
    )
    thread = second_thread.find()
    if thread is not None:
        thread.start(library.module)
        _use(primitives, second_thread.Halves(thread, exports))


def _use(primitives: Primitives, halves: second_thread.Halves) -> None:
    """Has large products done by two threads."""
    multiply, accumulate = primitives.multiply, primitives.accumulate

    def multiply_by_halves(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if out.size < _LEAST or a.ndim != 2 or b.ndim != 2 or not halves.product(1.0, a, False, b, False, 0.0, out):
            multiply(a, b, out)

    def accumulate_halves(alpha: float, a: Any, ta: bool, b: Any, tb: bool, beta: float, c: Any) -> None:
        if c.size < _LEAST or not halves.product(alpha, a, ta, b, tb, beta, c):
            accumulate(alpha, a, ta, b, tb, beta, c)  # type: ignore[misc]

    def convolve_halves(name: str, otherwise: Callable[..., None]) -> Callable[..., None]:
        def function(x: np.ndarray, factor: np.ndarray, windows: Windows, out: np.ndarray) -> None:
            by_halves = out.size >= _LEAST and len(windows.sizes) == 2 and getattr(halves, name)
            if not by_halves or not by_halves(x, factor, out, _geometry(windows)):
                otherwise(x, factor, windows, out)

        return function

    primitives.multiply = multiply_by_halves
    primitives.accumulate = accumulate_halves
    primitives.convolve = convolve_halves("convolve", primitives.convolve)
    primitives.convolve_to_filter = convolve_halves("convolve_to_filter", primitives.convolve_to_filter)


def _multiply(call: Any, otherwise: Callable[..., Any]) -> Callable[..., None]:
    def multiply(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        if not call(id(a), id(b), id(out)):
            otherwise(a, b, out)

    return multiply


def _biased_relu(x: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    np.maximum(x + bias, 0, out=out)


def _accumulate(
    product: Any, alpha: float, a: np.ndarray, ta: bool, b: np.ndarray, tb: bool, beta: float, c: np.ndarray
) -> None:
    if not product(alpha, id(a), ta, id(b), tb, beta, id(c)):
        c *= beta
        c += alpha * np.matmul(a.T if ta else a, b.T if tb else b)


def _average(average: Any, alpha: float, x: np.ndarray, beta: float, y: np.ndarray) -> None:
    if not average(alpha, id(x), beta, id(y)):
        y *= beta
        y += alpha * x


def _gates(call: Any, sums: np.ndarray, bias: Any, shifts: np.ndarray, sigmoids: int, out: np.ndarray) -> None:
    if call(id(sums), 0 if bias is None else id(bias), id(shifts), sigmoids, id(out)):
        return
    count, batch, size = out.shape
    values = (sums if bias is None else sums + bias).reshape(batch, count, size)
    for k, block in enumerate(out):
        np.add(values[:, k], shifts[k], out=block)
        if sigmoids >> k & 1:
            np.divide(1, 1 + np.exp(-block), out=block)
        else:
            np.tanh(block, out=block)


def _gate_gradient(
    call: Any, is_sigmoid: bool, y: np.ndarray, p: np.ndarray, q: np.ndarray, out: np.ndarray, column: int
) -> None:
    if not call(is_sigmoid, id(y), id(p), id(q), id(out), column):
        slope = (y if is_sigmoid else 1) - y * y
        np.multiply(p * q, slope, out=out[:, column : column + y.shape[1]])
