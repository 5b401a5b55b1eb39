"""The arithmetic that decides how fast a network is, in one table.

The kernels of the ops call `primitives.convolve` and so on. What stands there at first is numpy; an accelerator (a
native library, a WebAssembly module) puts its own function in the place of one, and calls the one that was there for
whatever it cannot do. All arrays are channels-last, of one dtype; those of convolutions
float32 or float64.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any


class Primitives:
    """The functions in use.

    Attributes:
      convolve: (input [n, sizes, in], filter [window, in, out], windows, out [n, counts, out]) fills `out`.
      convolve_to_input: (filter, gradient [n, counts, out], windows, out [n, sizes, in]), the gradient to the input.
      convolve_to_filter: (input, gradient, windows, out [window, in, out]), the gradient to the filter.
      max_pool: (input [n, sizes, channels], windows, out [n, counts, channels]), the greatest of each window.
      max_pool_to_input: (input, result, gradient, windows, out), the gradient: to the first greatest of each window.
      serial: gives a context in which matrix products of numpy stay on the thread that does them.

    `windows` is a `pyflow.ops.windows.Windows`.
    """

    convolve: Callable[..., None]
    convolve_to_input: Callable[..., None]
    convolve_to_filter: Callable[..., None]
    max_pool: Callable[..., None]
    max_pool_to_input: Callable[..., None]
    serial: Callable[[], Any] = staticmethod(contextlib.nullcontext)


primitives = Primitives()
