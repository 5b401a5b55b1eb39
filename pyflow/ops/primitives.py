"""The arithmetic that decides how fast a network is, in one table.

The kernels of the ops call `primitives.convolve` and so on. What stands there at first is numpy; an accelerator (a
native library, a WebAssembly module) puts its own function in the place of one, and calls the one that was there for
whatever it cannot do. Arrays of images are channels-last; all arrays of a call are of one dtype, those of convolutions
float32 or float64.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np


def _sigmoid(x: np.ndarray, out: np.ndarray) -> None:
    np.multiply(x, 0.5, out=out)
    np.tanh(out, out=out)
    out *= 0.5
    out += 0.5


class Primitives:
    """The functions in use.

    Attributes:
      multiply: (a, b, out) fills `out` with the product of matrices or of batches of them, of any dtypes and strides.
      accumulate: (alpha, a, transposes a, b, transposes b, beta, c), c = alpha · a · b + beta · c for matrices of
        floats whose rows are contiguous; None where there is nothing faster than numpy.
      average: (alpha, x, beta, y), y = alpha · x + beta · y for contiguous arrays of floats; None likewise.
      convolve: (input [n, sizes, in], filter [window, in, out], windows, out [n, counts, out]) fills `out`.
      convolve_to_input: (filter, gradient [n, counts, out], windows, out [n, sizes, in]), the gradient to the input.
      convolve_to_filter: (input, gradient, windows, out [window, in, out]), the gradient to the filter.
      max_pool: (input [n, sizes, channels], windows, out [n, counts, channels]), the greatest of each window.
      max_pool_to_input: (input, result, gradient, windows, out), the gradient: to the first greatest of each window.
      elementwise: for types of ops with one output, what does those whose inputs are float32 arrays of known shapes,
        the first of them large: (inputs..., out).
      biased_relu: (x, bias [columns], out): max(x + bias, 0) in float32; None where there is nothing faster than numpy.
      column_sums: (matrix of float32, out [columns]); None where there is nothing faster than numpy.
      exp, log, tanh, sigmoid: (x, out), which may be the same array.
      gates: (sums [batch, count · size], bias or None, shifts [count], sigmoids, out [count, batch, size]): blocks of
        columns of sums, bias and shift, each through a sigmoid or, where its bit is not set, a hyperbolic tangent;
        None where there is nothing faster than numpy.
      gate_gradient: (is sigmoid, y, p, q, out, column): the columns of `out` from there on become p · q · y · (1 - y)
        or, of a tangent, p · q · (1 - y²), all of them float32 matrices; None likewise.
      small_product: up to so many multiplications a product of matrices is done without laying these out anew; 0 where
        nothing is known of that.
      serial: gives a context in which matrix products of numpy stay on the thread that does them.

    `windows` is a `pyflow.ops.windows.Windows`.
    """

    multiply: Callable[..., Any] = staticmethod(np.matmul)
    accumulate: Callable[..., None] | None = None
    average: Callable[..., None] | None = None
    biased_relu: Callable[..., None] | None = None
    column_sums: Callable[..., None] | None = None
    exp: Callable[..., Any] = staticmethod(np.exp)
    log: Callable[..., Any] = staticmethod(np.log)
    tanh: Callable[..., Any] = staticmethod(np.tanh)
    sigmoid: Callable[..., Any] = staticmethod(_sigmoid)
    gates: Callable[..., None] | None = None
    gate_gradient: Callable[..., None] | None = None
    convolve: Callable[..., None]
    convolve_to_input: Callable[..., None]
    convolve_to_filter: Callable[..., None]
    max_pool: Callable[..., None]
    max_pool_to_input: Callable[..., None]
    small_product: int = 0
    serial: Callable[[], Any] = staticmethod(contextlib.nullcontext)

    def __init__(self) -> None:
        self.elementwise: dict[str, Callable[..., None]] = {}


primitives = Primitives()


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product of two matrices, as an array of its own."""
    out = np.empty((len(a), b.shape[1]), a.dtype)
    primitives.multiply(a, b, out)
    return out
