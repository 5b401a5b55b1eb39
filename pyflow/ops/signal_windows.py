"""tf.signal: the windows that frames are multiplied by."""

from __future__ import annotations

import math
from typing import Any

from pyflow.core import dtypes
from pyflow.core.api import export
from pyflow.core.constants import constant_value
from pyflow.core.convert import convert_to_tensor
from pyflow.core.scopes import name_scope
from pyflow.core.tensor import Tensor
from pyflow.ops.array_filling import ones
from pyflow.ops.cast import cast
from pyflow.ops.comparison import equal
from pyflow.ops.cond import cond
from pyflow.ops.math_trigonometry import cos
from pyflow.ops.ranges import range as index_range


@export("signal.hann_window", "contrib.signal.hann_window")
def hann_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """Hann's raised cosine, shape [window_length].

    Args:
      periodic: one period of `window_length` samples, rather than a symmetric window (of an even length only).

    Raises:
      ValueError: `dtype` is not of floats, or the length has a shape.
    """
    return _raised_cosine(name, "hann_window", window_length, periodic, dtype, 0.5, 0.5)


@export("signal.hamming_window", "contrib.signal.hamming_window")
def hamming_window(
    window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """Hamming's raised cosine, which does not fall to 0; see `hann_window`."""
    return _raised_cosine(name, "hamming_window", window_length, periodic, dtype, 0.54, 0.46)


def _raised_cosine(
    name: str | None, default_name: str, window_length: Any, periodic: Any, dtype: Any, a: float, b: float
) -> Tensor:
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {dtype}")
    with name_scope(name, default_name, [window_length, periodic]):
        length = convert_to_tensor(window_length, dtype=dtypes.int32, name="window_length")
        length.shape.assert_has_rank(0)
        is_periodic = cast(convert_to_tensor(periodic, dtype=dtypes.bool, name="periodic"), dtypes.int32)

        def window() -> Tensor:
            period = cast(length + is_periodic * (1 - length % 2) - 1, dtype)
            return a - b * cos(2 * math.pi * cast(index_range(length), dtype) / period)

        def single() -> Tensor:
            return ones([length], dtype)

        number = constant_value(length)
        if number is not None:
            return single() if number == 1 else window()
        return cond(equal(length, 1), single, window)
